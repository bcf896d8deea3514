/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The primitives of a target over vhost-user. The connection is in vhost_user_conn.c, the queues
 * are in vhost_user_queue.c, the raw escape is in vhost_user_raw.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <vop/features.h>
#include "target/vhost_user_internal.h"

#define QUEUE_SIZE_USUAL 1024u /* the back-end does not say; all public ones take this */

int vu_said(struct vu_target *t, int r)
{
	if (!t->conn.lost)
		return r;
	if (!t->told && t->on_lost) {
		t->told = true;
		t->on_lost(t->on_lost_ctx);
	}
	return -EPIPE;
}

/* --- features --- */

/* Bits that are not the device's to offer on this transport (vhost_user.h). */
static uint64_t not_the_devices(uint16_t device_id)
{
	/* Control queue, and what is commanded over it (VIRTIO 1.4, 5.1.3): offloads, receive
	 * modes, VLANs, announcements, MAC address, statistics, coalescing, hashes, RSS. */
	static const uint64_t net = BIT(2) | BIT(17) | BIT(18) | BIT(19) | BIT(20) | BIT(21) |
				    BIT(23) | BIT(50) | BIT(51) | BIT(52) | BIT(53) | BIT(57) |
				    BIT(60);
	/* SR_IOV, NOTIFICATION_DATA, NOTIF_CONFIG_DATA, ADMIN_VQ: things of a bus (6). */
	static const uint64_t bus = BIT(37) | BIT(38) | BIT(39) | BIT(41);
	uint64_t f = BIT(VOP_VU_F_PROTOCOL_FEATURES) | BIT(VOP_VU_F_LOG_ALL) | BIT(24) |
		     BIT(VOP_F_ACCESS_PLATFORM) | BIT(VOP_F_RING_RESET) | bus;

	return device_id == 1 ? f | net : f;
}

static int vu_get_features(struct target *b, uint64_t f[2])
{
	struct vu_target *t = vu(b);

	b->withheld[0] = t->conn.features & not_the_devices(b->device_id);
	f[0] = t->conn.features & ~b->withheld[0];
	f[1] = 0;
	return vu_said(t, 0);
}

static int vu_set_features(struct target *b, const uint64_t f[2])
{
	struct vu_target *t = vu(b);
	int r;

	if (f[1])
		return vu_said(t, -EINVAL);
	/* Without this bit rings would begin enabled, and protocol features be off. */
	t->features = f[0] | (t->conn.features & BIT(VOP_VU_F_PROTOCOL_FEATURES));
	r = vu_ask_u64(&t->conn, VOP_VU_SET_FEATURES, t->features);
	return vu_said(t, r);
}

/* --- status --- */

static int reset(struct vu_target *t)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_RESET_DEVICE}};
	int r = vu_queues_stop(t), e;

	/* Memory comes back only when nobody can use it any more. */
	if (r)
		return r;
	vop_heap_fini(&t->heap);
	r = vop_heap_init(&t->heap, VU_GUEST_BASE, t->conn.mem.size);
	e = 0;
	if (vu_agreed(&t->conn, VOP_VU_PF_STATUS))
		e = vu_ask_u64(&t->conn, VOP_VU_SET_STATUS, 0);
	else if (vu_agreed(&t->conn, VOP_VU_PF_RESET_DEVICE))
		e = vu_ask(&t->conn, &m, NULL);
	t->status = 0;
	t->features = 0;
	t->broken = false;
	t->conn.events = 0;
	return r ? r : e;
}

static int vu_set_status(struct target *b, uint8_t status)
{
	struct vu_target *t = vu(b);
	int r = 0;

	if (t->conn.lost)
		return vu_said(t, -EPIPE);
	if (status == 0)
		return vu_said(t, reset(t));
	/* A driver that gives up starts nothing any more. */
	if ((status & VOP_STATUS_DRIVER_OK) && !(status & VOP_STATUS_FAILED) &&
	    !(t->status & VOP_STATUS_DRIVER_OK))
		r = vu_queues_start(t);
	if (!r && vu_agreed(&t->conn, VOP_VU_PF_STATUS))
		r = vu_ask_u64(&t->conn, VOP_VU_SET_STATUS, status);
	if (!r)
		t->status = status;
	return vu_said(t, r);
}

static int vu_get_status(struct target *b, uint8_t *status)
{
	struct vu_target *t = vu(b);
	uint64_t v = t->status;
	int r = 0;

	if (vu_agreed(&t->conn, VOP_VU_PF_STATUS))
		r = vu_get_u64(&t->conn, VOP_VU_GET_STATUS, &v);
	vu_queues_look_for_errors(t);
	*status = (uint8_t)v | (t->broken ? VOP_STATUS_NEEDS_RESET : 0);
	return vu_said(t, r);
}

/* --- configuration space --- */

static int config_message(struct vu_target *t, uint32_t request, uint32_t off, const void *src,
			  uint32_t len, struct vop_vu_msg *a)
{
	struct vop_vu_msg m = {
		.h = {.request = request,
		      .size = (uint32_t)offsetof(struct vop_vu_config, data) + len},
		.config = {.offset = off, .size = len},
	};

	if (!vu_agreed(&t->conn, VOP_VU_PF_CONFIG))
		return -ENOTSUP;
	if (len == 0 || len > VOP_VU_CONFIG_MAX)
		return -EINVAL;
	if (src)
		memcpy(m.config.data, src, len);
	return vu_ask(&t->conn, &m, a);
}

static int vu_config_read(struct target *b, uint32_t off, void *dst, uint32_t len,
			  uint32_t *generation)
{
	struct vu_target *t = vu(b);
	struct vop_vu_msg a;
	int r;

	if (len == 0 || off > VOP_VU_CONFIG_MAX || len > VOP_VU_CONFIG_MAX - off)
		return vu_said(t, vu_agreed(&t->conn, VOP_VU_PF_CONFIG) ? -EINVAL : -ENOTSUP);
	/* From the start, as the front-ends in use do: there are back-ends that mind no offset. */
	r = config_message(t, VOP_VU_GET_CONFIG, 0, NULL, off + len, &a);
	if (r)
		return vu_said(t, r);
	vop_vu_close_fds(&a);
	/* That is how a range is refused. */
	if (a.h.size == 0 || a.config.size != off + len)
		return vu_said(t, -EINVAL);
	memcpy(dst, a.config.data + off, len);
	if (generation)
		*generation = 0;
	return vu_said(t, 0);
}

static int vu_config_write(struct target *b, uint32_t off, const void *src, uint32_t len)
{
	struct vu_target *t = vu(b);

	return vu_said(t, config_message(t, VOP_VU_SET_CONFIG, off, src, len, NULL));
}

/* --- memory, events --- */

static bool vu_placement_ok(struct target *b, unsigned ring, unsigned payload)
{
	(void)b;
	return ring == VOP_RING_DRIVER && payload == VOP_PAYLOAD_PULL;
}

static void *vu_alloc(struct target *b, enum vop_where where, size_t size, size_t align,
		      uint64_t *bus)
{
	struct vu_target *t = vu(b);
	uint8_t *p;

	if (where != VOP_AT_DRIVER || t->conn.lost || vop_heap_alloc(&t->heap, size, align, bus))
		return NULL;
	p = t->conn.mem.map + (*bus - VU_GUEST_BASE);
	memset(p, 0, size);
	return p;
}

static const struct vop_regions *vu_regions(struct target *b)
{
	return vu(b)->conn.lost ? NULL : &vu(b)->regions;
}

static int vu_target_service(struct target *b)
{
	struct vu_target *t = vu(b);

	vu_queues_look_for_errors(t);
	return vu_said(t, vu_service(&t->conn));
}

static int vu_event_fd(struct target *b)
{
	return vu(b)->epoll;
}

static uint32_t vu_events(struct target *b)
{
	struct vu_target *t = vu(b);
	uint32_t e;

	vu_queues_look_for_errors(t);
	e = t->conn.events;
	t->conn.events = 0;
	return e;
}

static int vu_violations(struct target *b, unsigned q, uint32_t *count, uint32_t *why)
{
	(void)q;
	(void)count;
	(void)why;
	return vu_said(vu(b), -ENOTSUP);
}

static void vu_on_lost(struct target *b, void (*fn)(void *ctx), void *ctx)
{
	vu(b)->on_lost = fn;
	vu(b)->on_lost_ctx = ctx;
}

static const char *vu_lost_reason(struct target *b)
{
	return vu(b)->conn.lost ? vu(b)->conn.reason : NULL;
}

/* --- open and close --- */

static void vu_close(struct target *b)
{
	struct vu_target *t = vu(b);
	unsigned i;

	/* The end of the connection stops its rings; asking first does it in good order. */
	vu_queues_stop(t);
	for (i = 0; i < VOP_QUEUES_MAX; i++)
		vu_queue_close(t, &t->q[i]);
	vu_conn_close(&t->conn);
	vop_doorbell_guard_stop(t->guard);
	if (t->epoll >= 0)
		close(t->epoll);
	vop_heap_fini(&t->heap);
	free(t);
}

static uint32_t lacks(const struct vu_conn *c)
{
	uint32_t m = TARGET_LACKS_CONFIG_GENERATION | TARGET_LACKS_QUEUE_RESET |
		     TARGET_LACKS_FEATURES_HIGH | TARGET_LACKS_PLACEMENT | TARGET_LACKS_RESPAWN |
		     TARGET_LACKS_CTRL_QUEUE;

	if (!vu_agreed(c, VOP_VU_PF_STATUS))
		m |= TARGET_LACKS_STATUS;
	if (!vu_agreed(c, VOP_VU_PF_CONFIG))
		m |= TARGET_LACKS_CONFIG | TARGET_LACKS_CONFIG_WRITE;
	return m;
}

static int watch(struct vu_target *t)
{
	struct epoll_event ev = {.events = EPOLLIN};

	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (t->epoll < 0 || epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->conn.sock, &ev))
		return -errno;
	if (t->conn.back[0] >= 0 && epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->conn.back[0], &ev))
		return -errno;
	return 0;
}

static int vu_open(const struct target_config *cfg, struct target **out, struct vop_error *err)
{
	struct vu_target *t = calloc(1, sizeof(*t));
	unsigned i;
	int r;

	if (!t)
		return target_error(err, -ENOMEM, "out of memory");
	t->epoll = -1;
	for (i = 0; i < VOP_QUEUES_MAX; i++)
		vu_queue_clear(&t->q[i]);
	t->base.ops = &target_vhost_user_ops;
	t->base.device_id = cfg->device_id;
	t->base.caps.split_address_spaces = true;
	t->kickless = cfg->device_polls;
	t->size_max = (uint16_t)VOP_MAX(cfg->queue_size_max, QUEUE_SIZE_USUAL);
	if (cfg->device_id == 0)
		r = target_error(err, -EINVAL,
				 "vhost-user does not tell what kind of device it is: name it "
				 "(--device)");
	else
		r = vu_conn_open(&t->conn, cfg, strchr(cfg->uri, ':') + 1, err);
	if (r) {
		free(t);
		return r;
	}
	t->base.caps.missing = lacks(&t->conn);
	t->base.caps.mem_class = VOP_MEM_COHERENT;
	r = watch(t);
	if (!r)
		r = vop_doorbell_guard_start(&t->guard);
	if (!r)
		r = vop_heap_init(&t->heap, VU_GUEST_BASE, t->conn.mem.size);
	if (!r)
		r = vop_regions_add(&t->regions, VU_GUEST_BASE, t->conn.mem.size, t->conn.mem.map);
	if (r) {
		vu_close(&t->base);
		return target_error(err, r, "cannot watch the back-end: %s", strerror(-r));
	}
	*out = &t->base;
	return 0;
}

const struct target_ops target_vhost_user_ops = {
	.scheme = "vhost-user",
	.help = "vhost-user:PATH drives the vhost-user back-end that listens at the socket PATH",
	.open = vu_open,
	.close = vu_close,
	.get_features = vu_get_features,
	.set_features = vu_set_features,
	.get_status = vu_get_status,
	.set_status = vu_set_status,
	.config_read = vu_config_read,
	.config_write = vu_config_write,
	.queue_count = vu_queue_count,
	.queue_size_max = vu_queue_size_max,
	.queue_setup = vu_queue_setup,
	.queue_reset = vu_queue_reset,
	.placement_ok = vu_placement_ok,
	.alloc = vu_alloc,
	.regions = vu_regions,
	.service = vu_target_service,
	.event_fd = vu_event_fd,
	.events = vu_events,
	.violations = vu_violations,
	.on_lost = vu_on_lost,
	.lost_reason = vu_lost_reason,
};
