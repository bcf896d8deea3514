/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vop/features.h>
#include "target/target.h"
#include "tests/link_pair.h"
#include "tests/state_rig.h"

#define WAIT_MS 20000 /* against hangs only */
#define WINDOW	(4u << 20)
#define POOL	(1u << 20)
#define DISK	(4u << 20)
/* Rounds in which the device says that it did something: no ring has work for so many. */
#define ROUNDS 20000u
#define IDLE   2u /* rounds without work until it has none */

struct rig {
	struct sut base;
	struct target target;
	const struct vop_service_type *type;
	struct vop_service_device as;
	struct vop_link_pair *pair;
	struct vop_node *node[2];
	struct vop_device *dev, *drv;
	void *served;
	struct vop_poller *poller;
	uint32_t events;
	struct vop_error err;
	char gone[64];
};

static struct rig *of_sut(struct sut *s)
{
	return (struct rig *)(void *)s;
}

static struct rig *of_target(struct target *t)
{
	return (struct rig *)(void *)((char *)t - offsetof(struct rig, target));
}

/* --- the two nodes --- */

static void serve(struct rig *r, struct vop_device *d, const struct vop_device_info *info)
{
	struct vop_service_open o = {
		.device = d,
		.info = info,
		.as = &r->as,
		.pool_size = POOL,
		.poller = r->poller,
	};

	r->dev = d;
	r->served = r->type->open(&o, &r->err);
}

static void added(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct vop_device_info info;
	struct rig *r = ctx;

	vop_device_info(d, &info);
	if (n == r->node[VOP_HOST])
		r->drv = d;
	else
		serve(r, d, &info);
}

static void removed(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct rig *r = ctx;

	if (d == r->drv && n == r->node[VOP_HOST])
		r->drv = NULL;
	if (d != r->dev || !r->served || n == r->node[VOP_HOST])
		return;
	r->type->close(r->served);
	r->served = NULL;
	r->dev = NULL;
}

static void changed(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct rig *r = ctx;

	if (n != r->node[VOP_HOST])
		return;
	r->events |= TARGET_EVENT_CONFIG;
	if (vop_drv_get_status(d) & VOP_STATUS_NEEDS_RESET)
		r->events |= TARGET_EVENT_NEEDS_RESET;
}

static void down(void *ctx, struct vop_node *n, const char *reason)
{
	struct rig *r = ctx;

	(void)n;
	snprintf(r->gone, sizeof(r->gone), "link down: %s", reason);
}

static const struct vop_node_events events = {
	.link_down = down,
	.device_added = added,
	.device_removed = removed,
	.config_changed = changed,
};

static unsigned turn(struct rig *r)
{
	unsigned did, i;

	vop_poller_enter(r->poller);
	did = vop_poller_turn(r->poller, 0);
	vop_poller_leave(r->poller);
	vop_poller_attention_clear(r->poller);
	if (r->served)
		r->type->attend(r->served);
	for (i = 0; i < 2; i++)
		if (r->node[i])
			vop_node_service(r->node[i]);
	return did;
}

/* What one node does while the other one waits. */
static void host_idle(void *arg)
{
	struct rig *r = arg;

	if (r->node[VOP_ENDPOINT])
		vop_node_service(r->node[VOP_ENDPOINT]);
}

static void endpoint_idle(void *arg)
{
	struct rig *r = arg;

	if (r->node[VOP_HOST])
		vop_node_service(r->node[VOP_HOST]);
}

static void pump(struct rig *r)
{
	unsigned i;

	for (i = 0; i < 64; i++)
		turn(r);
}

/* --- the target --- */

static int get_features(struct target *t, uint64_t f[2])
{
	return vop_drv_offered(of_target(t)->drv, f);
}

static int set_features(struct target *t, const uint64_t f[2])
{
	return vop_drv_set_features(of_target(t)->drv, f, WAIT_MS);
}

static int get_status(struct target *t, uint8_t *status)
{
	*status = vop_drv_get_status(of_target(t)->drv);
	return 0;
}

static int set_status(struct target *t, uint8_t status)
{
	struct rig *r = of_target(t);

	if (status == 0)
		r->events = 0;
	return vop_drv_set_status(r->drv, status, NULL, WAIT_MS);
}

static int config_read(struct target *t, uint32_t off, void *dst, uint32_t len, uint32_t *gen)
{
	return vop_drv_config_read(of_target(t)->drv, off, dst, len, gen);
}

static int config_write(struct target *t, uint32_t off, const void *src, uint32_t len)
{
	return vop_drv_config_write(of_target(t)->drv, off, src, len, WAIT_MS);
}

static int queue_count(struct target *t, unsigned *n)
{
	*n = vop_drv_queue_count(of_target(t)->drv);
	return 0;
}

static int queue_size_max(struct target *t, unsigned q, uint16_t *size)
{
	*size = vop_drv_queue_size_max(of_target(t)->drv, q);
	return 0;
}

static int queue_setup(struct target *t, struct vop_queue_config *cfg, enum vop_notify notify)
{
	return vop_drv_queue_setup(of_target(t)->drv, cfg, notify, WAIT_MS);
}

static int queue_reset(struct target *t, unsigned q)
{
	return vop_drv_queue_reset(of_target(t)->drv, q, WAIT_MS);
}

static bool placement_ok(struct target *t, unsigned ring, unsigned payload)
{
	struct rig *r = of_target(t);

	return vop_drv_ring_placement_ok(r->drv, ring) &&
	       vop_drv_payload_placement_ok(r->drv, payload);
}

static void *alloc(struct target *t, enum vop_where where, size_t size, size_t align, uint64_t *bus)
{
	return vop_drv_alloc(of_target(t)->drv, where, size, align, bus);
}

static const struct vop_regions *regions(struct target *t)
{
	return vop_node_regions(of_target(t)->node[VOP_HOST]);
}

static int service(struct target *t)
{
	struct rig *r = of_target(t);

	if (r->gone[0])
		return -EPIPE;
	return vop_node_service(r->node[VOP_HOST]);
}

static int event_fd(struct target *t)
{
	return vop_node_fd(of_target(t)->node[VOP_HOST]);
}

static uint32_t take_events(struct target *t)
{
	struct rig *r = of_target(t);
	uint32_t e = r->events;

	r->events = 0;
	return e;
}

static int violations(struct target *t, unsigned q, uint32_t *count, uint32_t *why)
{
	vop_drv_queue_violations(of_target(t)->drv, q, count, why);
	return 0;
}

static void on_lost(struct target *t, void (*fn)(void *ctx), void *ctx)
{
	(void)t;
	(void)fn;
	(void)ctx;
}

static const char *lost_reason(struct target *t)
{
	struct rig *r = of_target(t);

	return r->gone[0] ? r->gone : NULL;
}

static void close_target(struct target *t)
{
	(void)t; /* the system's, and gone with it */
}

static const struct target_ops target_ops = {
	.scheme = "vop",
	.help = "a device of this process",
	.close = close_target,
	.get_features = get_features,
	.set_features = set_features,
	.get_status = get_status,
	.set_status = set_status,
	.config_read = config_read,
	.config_write = config_write,
	.queue_count = queue_count,
	.queue_size_max = queue_size_max,
	.queue_setup = queue_setup,
	.queue_reset = queue_reset,
	.placement_ok = placement_ok,
	.alloc = alloc,
	.regions = regions,
	.service = service,
	.event_fd = event_fd,
	.events = take_events,
	.violations = violations,
	.on_lost = on_lost,
	.lost_reason = lost_reason,
};

/* --- the system under test --- */

static void stop(struct sut *s)
{
	struct rig *r = of_sut(s);
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct vop_node *n = r->node[i];

		if (!n)
			continue;
		vop_node_close(n);
		r->node[i] = NULL;
	}
	if (r->pair)
		vop_link_pair_free(r->pair);
	r->pair = NULL;
	vop_poller_free(r->poller);
	r->poller = NULL;
	r->gone[0] = 0;
	s->target = NULL;
}

static int start(struct sut *s, struct vop_error *err)
{
	struct vop_link_pair_config link = {.window_size = WINDOW, .doorbells = 64};
	struct vop_poller_config p = {.cpu = -1, .spin_ns = 20000, .yield = false};
	struct vop_device_create c = {.device = VOP_ENDPOINT};
	struct rig *r = of_sut(s);
	unsigned i;

	r->poller = vop_poller_new(&p);
	r->pair = vop_link_pair_new(&link);
	vop_link_pair_on_idle(r->pair, VOP_HOST, host_idle, r);
	vop_link_pair_on_idle(r->pair, VOP_ENDPOINT, endpoint_idle, r);
	for (i = 0; i < 2 && r->poller; i++) {
		struct vop_node_config n = {
			.self = (enum vop_node_id)i, .events = &events, .ctx = r};

		r->node[i] = vop_node_start(vop_link_pair_end(r->pair, n.self), &n, err);
		if (!r->node[i])
			return -EIO;
	}
	if (!r->poller)
		return -ENOMEM;
	pump(r);
	c.device_id = r->type->device_id;
	c.queues_max = r->type->queues(&r->as);
	c.queue_size_max = r->as.queue_size;
	if (vop_node_create(r->node[VOP_HOST], &c) < 0)
		return -EIO;
	pump(r);
	if (!r->drv || !r->served) {
		*err = r->err;
		return -EIO;
	}
	s->target = &r->target;
	return vop_drv_wait_ready(r->drv, WAIT_MS);
}

/* A device that always finds something to do spins: no work is left for it after so many rounds. */
static void run(struct sut *s)
{
	struct rig *r = of_sut(s);
	unsigned idle = 0, i;

	for (i = 0; idle < IDLE && i < ROUNDS; i++)
		idle = turn(r) ? 0 : idle + 1;
	if (i == ROUNDS)
		snprintf(r->gone, sizeof(r->gone), "the device works and works, for nothing");
}

static void free_rig(struct sut *s)
{
	stop(s);
	free(of_sut(s));
}

static const struct sut_ops sut_ops = {
	.start = start,
	.stop = stop,
	.run = run,
	.free = free_rig,
};

static void set(struct rig *r, const char *key, uint64_t value)
{
	int i = vop_service_key_index(r->type, key);

	if (i >= 0)
		r->as.v[i].number = value;
}

struct sut *state_rig_new(const char *type, enum vop_notify notify)
{
	const struct vop_service_type *t = vop_service_type_named(type);
	struct rig *r = t ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return NULL;
	r->type = t;
	r->as = vop_service_default(t, VOP_ENDPOINT);
	r->as.notify = notify;
	r->as.queue_size = 256;
	/* Frames and characters come back: the default backend of both. */
	set(r, "size", t->device_id == 2 ? DISK : 64);
	r->base.ops = &sut_ops;
	r->base.device = t->device_id;
	r->base.can_restart = true;
	snprintf(r->base.name, sizeof(r->base.name), "%s", type);
	r->target.ops = &target_ops;
	r->target.device_id = t->device_id;
	r->target.caps.mem_class = VOP_MEM_COHERENT;
	return &r->base;
}

void state_rig_stats(struct sut *s, struct vop_service_stats *out)
{
	const struct rig *r = of_sut(s);

	memset(out, 0, sizeof(*out));
	if (r->served)
		r->type->stats(r->served, out);
}
