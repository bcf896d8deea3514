/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vop:PATH - a device on a VOP link, this process being its driver.
 *
 * A hub is one link with its node; every target on it is one device. The hub lives as long as one
 * of its targets.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "target/vop.h"
#include <vop/features.h>
#include "vop/link_shm.h"

struct vop_target;

struct vop_hub {
	struct vop_node *node;
	struct vop_target *targets;
	bool down;
	char reason[160];
	/* by creator and slot: devices that this node is the driver of */
	struct vop_device *dev[2][VOP_SLOTS];
	/* of the configuration of the first target */
	enum vop_node_id self;
	bool create;
	uint16_t device_id, queues_max, queue_size_max;
	int timeout_ms, request_ms;
};

struct vop_target {
	struct target base;
	struct vop_hub *hub;
	struct vop_target *next;
	struct vop_device *dev; /* NULL: lost, or not found yet */
	struct vop_device_info info;
	unsigned ordinal;
	uint32_t events;
	const char *lost;
	void (*on_lost)(void *ctx);
	void *on_lost_ctx;
};

static struct vop_target *vop(struct target *t)
{
	return (struct vop_target *)(void *)t;
}

/* --- what the node says --- */

static void device_added(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct vop_hub *h = ctx;
	struct vop_device_info i;

	(void)n;
	vop_device_info(d, &i);
	if (i.driver == h->self)
		h->dev[i.creator][i.slot] = d;
}

static void device_removed(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct vop_target *t = vop_device_private(d);
	struct vop_hub *h = ctx;
	struct vop_device_info i;

	(void)n;
	vop_device_info(d, &i);
	if (i.driver != h->self)
		return;
	h->dev[i.creator][i.slot] = NULL;
	if (!t)
		return;
	/* Lost first: fn may call us and must get -EPIPE. */
	t->dev = NULL;
	t->lost = "the device was removed";
	if (t->on_lost)
		t->on_lost(t->on_lost_ctx);
}

/* Every device was removed before: what is left is to say it better. */
static void link_down(void *ctx, struct vop_node *n, const char *reason)
{
	struct vop_hub *h = ctx;
	struct vop_target *t;

	(void)n;
	h->down = true;
	snprintf(h->reason, sizeof(h->reason), "%s", reason);
	for (t = h->targets; t; t = t->next)
		t->lost = h->reason;
}

static void config_changed(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct vop_target *t = vop_device_private(d);

	(void)ctx;
	(void)n;
	if (!t)
		return;
	t->events |= TARGET_EVENT_CONFIG;
	if (vop_drv_get_status(d) & VOP_STATUS_NEEDS_RESET)
		t->events |= TARGET_EVENT_NEEDS_RESET;
}

static const struct vop_node_events node_events = {
	.link_down = link_down,
	.device_added = device_added,
	.device_removed = device_removed,
	.config_changed = config_changed,
};

/* --- the hub --- */

static struct vop_hub *hub_open(const struct target_config *cfg, const char *path,
				struct vop_error *err, int *code)
{
	struct vop_shm_config shm = {
		.path = path,
		.self = cfg->self,
		.window_size = cfg->window_size,
		.no_huge = cfg->no_huge,
		.timeout_ms = cfg->timeout_ms,
		.cancel_fd = -1,
	};
	struct vop_node_config node = {.self = cfg->self, .events = &node_events};
	struct vop_hub *h = calloc(1, sizeof(*h));
	struct vop_link *link;

	if (!h) {
		*code = target_error(err, -ENOMEM, "out of memory");
		return NULL;
	}
	h->self = cfg->self;
	h->create = cfg->create;
	h->device_id = cfg->device_id;
	h->queues_max = cfg->queues_max;
	h->queue_size_max = cfg->queue_size_max;
	h->timeout_ms = cfg->timeout_ms < 0 ? INT_MAX : cfg->timeout_ms;
	h->request_ms = cfg->request_ms ? cfg->request_ms : h->timeout_ms;
	link = vop_link_shm_open(&shm, err, code);
	if (!link) {
		free(h);
		return NULL;
	}
	node.ctx = h;
	h->node = vop_node_open(link, &node, err);
	if (!h->node) {
		*code = -EPROTO;
		free(h);
		return NULL;
	}
	return h;
}

static void hub_release(struct vop_hub *h)
{
	if (h->targets)
		return;
	vop_node_close(h->node);
	free(h);
}

/* --- choosing a device --- */

static bool matches(const struct vop_hub *h, const struct vop_device *d)
{
	struct vop_device_info i;

	vop_device_info(d, &i);
	return (h->device_id == 0 || i.device_id == h->device_id) &&
	       (!h->create || i.creator == h->self);
}

/*
 * The device number n among those that match. Devices that are open count at the number they were
 * opened as, the free ones fill the numbers between: so a slot that shows itself late does not
 * renumber what is open already. NULL when there are not enough; *left: how many are missing.
 */
static struct vop_device *pick(struct vop_hub *h, unsigned n, unsigned *left)
{
	unsigned c, s, rank = n;
	const struct vop_target *t;

	for (t = h->targets; t; t = t->next)
		if (t->dev && t->ordinal < n)
			rank--;
	for (c = 0; c < 2; c++)
		for (s = 0; s < VOP_SLOTS; s++) {
			struct vop_device *d = h->dev[c][s];

			if (!d || vop_device_private(d) || !matches(h, d))
				continue;
			if (rank == 0)
				return d;
			rank--;
		}
	*left = rank + 1;
	return NULL;
}

struct device_wait {
	struct vop_hub *h;
	unsigned n;
	struct vop_device *found;
	unsigned left;
};

static bool device_there(void *arg)
{
	struct device_wait *w = arg;

	w->found = pick(w->h, w->n, &w->left);
	return w->found != NULL;
}

static int create_devices(struct vop_hub *h, unsigned n, struct vop_error *err)
{
	struct vop_device_create c = {
		.device_id = h->device_id,
		.device = h->self == VOP_HOST ? VOP_ENDPOINT : VOP_HOST,
		.queues_max = h->queues_max,
		.queue_size_max = h->queue_size_max,
	};
	unsigned left;

	while (!pick(h, n, &left)) {
		int r = vop_node_create(h->node, &c);

		if (r < 0)
			return target_error(
				err, r, "cannot create device %u (type %u, %u queues of %u): %s", n,
				h->device_id, h->queues_max, h->queue_size_max, strerror(-r));
	}
	return 0;
}

/* Wait for device n and claim it for t. */
static int claim(struct vop_target *t, unsigned n, struct vop_error *err)
{
	struct vop_hub *h = t->hub;
	struct device_wait w = {.h = h, .n = n};
	int r = h->create ? create_devices(h, n, err) : 0;

	if (r)
		return r;
	r = vop_node_wait(h->node, device_there, &w, h->timeout_ms);
	if (r == -ETIMEDOUT)
		return target_error(err, r,
				    "the peer has no device number %u of type %u for us to drive "
				    "(waited %d ms, %u missing)",
				    n, h->device_id, h->timeout_ms, w.left);
	if (r)
		return target_error(err, -EPIPE, "link lost: %s", h->reason);
	t->dev = w.found;
	t->ordinal = n;
	vop_device_info(t->dev, &t->info);
	t->base.device_id = t->info.device_id;
	vop_device_set_private(t->dev, t);
	r = vop_drv_wait_ready(t->dev, h->timeout_ms);
	if (r == -ETIMEDOUT)
		return target_error(err, r, "the peer does not serve device '%s' (waited %d ms)",
				    t->info.name, h->timeout_ms);
	if (t->lost)
		return target_error(err, -EPIPE, "device '%s': %s", t->info.name, t->lost);
	if (r)
		return target_error(err, r, "device '%s': its offer makes no sense", t->info.name);
	return 0;
}

/* --- open and close --- */

static void vop_close(struct target *base)
{
	struct vop_target *t = vop(base), **p;
	struct vop_hub *h = t->hub;
	struct vop_device *d = t->dev;

	for (p = &h->targets; *p != t; p = &(*p)->next)
		;
	*p = t->next;
	if (d) {
		vop_device_set_private(d, NULL); /* our own doing is no loss */
		/* The last one takes the link along, which says all. Before: memory comes back. */
		if (h->targets && !h->down && t->info.creator == h->self)
			vop_node_destroy(h->node, t->info.slot, h->timeout_ms);
		else if (h->targets && !h->down)
			vop_drv_set_status(d, 0, NULL, h->timeout_ms);
	}
	free(t);
	hub_release(h);
}

static int open_on(struct vop_hub *h, unsigned n, struct target **out, struct vop_error *err)
{
	struct vop_target *t = calloc(1, sizeof(*t));
	int r;

	if (!t) {
		hub_release(h);
		return target_error(err, -ENOMEM, "out of memory");
	}
	t->hub = h;
	t->next = h->targets;
	h->targets = t;
	t->base.ops = &target_vop_ops;
	t->base.device_id = h->device_id;
	t->base.caps.missing = TARGET_LACKS_RESPAWN;
	t->base.caps.mem_class = vop_node_link(h->node)->caps.mem_class;
	r = claim(t, n, err);
	if (r) {
		vop_close(&t->base);
		return r;
	}
	if (!vop_drv_ring_placement_ok(t->dev, VOP_RING_DEVICE))
		t->base.caps.missing |= TARGET_LACKS_PLACEMENT;
	h->timeout_ms = h->request_ms;
	*out = &t->base;
	return 0;
}

static int vop_open(const struct target_config *cfg, struct target **out, struct vop_error *err)
{
	const char *path = strchr(cfg->uri, ':') + 1;
	const size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	struct vop_hub *h;
	int code = 0;

	if (strlen(path) > max)
		return target_error(err, -ENAMETOOLONG,
				    "the path of a vop: target has at most %zu bytes, not %zu: "
				    "'%.64s...'",
				    max, strlen(path), path);
	h = hub_open(cfg, path, err, &code);
	return h ? open_on(h, 0, out, err) : code;
}

int target_vop_share(struct target *t, unsigned n, struct target **out, struct vop_error *err)
{
	const struct vop_target *o;
	struct vop_hub *h;

	*out = NULL;
	if (t->ops != &target_vop_ops)
		return target_error(err, -ENOTSUP, "a %s: target has one device", t->ops->scheme);
	h = vop(t)->hub;
	if (h->down)
		return target_error(err, -EPIPE, "link lost: %s", h->reason);
	for (o = h->targets; o; o = o->next)
		if (o->dev && o->ordinal == n)
			return target_error(err, -EBUSY, "device number %u is open already", n);
	return open_on(h, n, out, err);
}

struct vop_node *target_vop_node(struct target *t)
{
	return t->ops == &target_vop_ops ? vop(t)->hub->node : NULL;
}

/* --- primitives --- */

/* What a call on the device said, in the words of target.h. */
static int said(const struct vop_target *t, int r)
{
	return r && (t->lost || r == -ENODEV) ? -EPIPE : r;
}

static int vop_get_features(struct target *b, uint64_t f[2])
{
	struct vop_target *t = vop(b);

	return t->dev ? said(t, vop_drv_offered(t->dev, f)) : -EPIPE;
}

static int vop_set_features(struct target *b, const uint64_t f[2])
{
	struct vop_target *t = vop(b);

	return t->dev ? said(t, vop_drv_set_features(t->dev, f, t->hub->timeout_ms)) : -EPIPE;
}

static int vop_get_status(struct target *b, uint8_t *status)
{
	struct vop_target *t = vop(b);

	if (!t->dev)
		return -EPIPE;
	*status = vop_drv_get_status(t->dev);
	return 0;
}

static int vop_set_status(struct target *b, uint8_t status)
{
	struct vop_target *t = vop(b);

	if (!t->dev)
		return -EPIPE;
	if (status == 0)
		t->events = 0; /* of the life that ends here */
	return said(t, vop_drv_set_status(t->dev, status, NULL, t->hub->timeout_ms));
}

static int vop_config_read(struct target *b, uint32_t off, void *dst, uint32_t len,
			   uint32_t *generation)
{
	struct vop_target *t = vop(b);

	return t->dev ? said(t, vop_drv_config_read(t->dev, off, dst, len, generation)) : -EPIPE;
}

static int vop_config_write(struct target *b, uint32_t off, const void *src, uint32_t len)
{
	struct vop_target *t = vop(b);

	if (!t->dev)
		return -EPIPE;
	return said(t, vop_drv_config_write(t->dev, off, src, len, t->hub->timeout_ms));
}

static int vop_queue_count(struct target *b, unsigned *n)
{
	struct vop_target *t = vop(b);

	if (!t->dev)
		return -EPIPE;
	*n = vop_drv_queue_count(t->dev);
	return 0;
}

static int vop_queue_size_max(struct target *b, unsigned q, uint16_t *size)
{
	struct vop_target *t = vop(b);

	if (!t->dev)
		return -EPIPE;
	*size = vop_drv_queue_size_max(t->dev, q);
	return 0;
}

static int vop_queue_setup(struct target *b, struct vop_queue_config *cfg, enum vop_notify notify)
{
	struct vop_target *t = vop(b);

	if (!t->dev)
		return -EPIPE;
	return said(t, vop_drv_queue_setup(t->dev, cfg, notify, t->hub->timeout_ms));
}

static int vop_queue_reset(struct target *b, unsigned q)
{
	struct vop_target *t = vop(b);

	return t->dev ? said(t, vop_drv_queue_reset(t->dev, q, t->hub->timeout_ms)) : -EPIPE;
}

static bool vop_placement_ok(struct target *b, unsigned ring, unsigned payload)
{
	struct vop_target *t = vop(b);

	return t->dev && vop_drv_ring_placement_ok(t->dev, ring) &&
	       vop_drv_payload_placement_ok(t->dev, payload);
}

static void *vop_alloc(struct target *b, enum vop_where where, size_t size, size_t align,
		       uint64_t *bus)
{
	struct vop_target *t = vop(b);

	return t->dev ? vop_drv_alloc(t->dev, where, size, align, bus) : NULL;
}

static const struct vop_regions *vop_target_regions(struct target *b)
{
	struct vop_target *t = vop(b);

	return t->dev ? vop_node_regions(t->hub->node) : NULL;
}

static int vop_service(struct target *b)
{
	struct vop_target *t = vop(b);

	if (!t->hub->down)
		vop_node_service(t->hub->node); /* a loss comes back through link_down() */
	return t->dev ? 0 : -EPIPE;
}

static int vop_event_fd(struct target *b)
{
	return vop_node_fd(vop(b)->hub->node);
}

static uint32_t vop_events(struct target *b)
{
	struct vop_target *t = vop(b);
	uint32_t e = t->events;

	t->events = 0;
	return e;
}

static int vop_violations(struct target *b, unsigned q, uint32_t *count, uint32_t *why)
{
	struct vop_target *t = vop(b);

	if (!t->dev)
		return -EPIPE;
	vop_drv_queue_violations(t->dev, q, count, why);
	return 0;
}

static void vop_on_lost(struct target *b, void (*fn)(void *ctx), void *ctx)
{
	vop(b)->on_lost = fn;
	vop(b)->on_lost_ctx = ctx;
}

static const char *vop_lost_reason(struct target *b)
{
	return vop(b)->lost;
}

const struct target_ops target_vop_ops = {
	.scheme = "vop",
	.help = "vop:PATH joins the VOP link at the socket PATH",
	.open = vop_open,
	.close = vop_close,
	.get_features = vop_get_features,
	.set_features = vop_set_features,
	.get_status = vop_get_status,
	.set_status = vop_set_status,
	.config_read = vop_config_read,
	.config_write = vop_config_write,
	.queue_count = vop_queue_count,
	.queue_size_max = vop_queue_size_max,
	.queue_setup = vop_queue_setup,
	.queue_reset = vop_queue_reset,
	.placement_ok = vop_placement_ok,
	.alloc = vop_alloc,
	.regions = vop_target_regions,
	.service = vop_service,
	.event_fd = vop_event_fd,
	.events = vop_events,
	.violations = vop_violations,
	.on_lost = vop_on_lost,
	.lost_reason = vop_lost_reason,
};
