/* SPDX-License-Identifier: BSD-2-Clause */
/* The primitives of a target over vhost-user; the connection is in vhost_user_conn.c. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vop/features.h>
#include "target/vhost_user.h"
#include "target/vhost_user_conn.h"
#include "vop/alloc.h"

#define QUEUE_SIZE_USUAL 1024u /* the back-end does not say; all public ones take this */
#define BASE_SPLIT	 0u
/* Both indexes 0, both wrap counters 1 (VIRTIO 1.4, 2.8.1). */
#define BASE_PACKED 0x80008000u

struct vu_queue {
	struct vop_queue_config cfg;  /* as set up */
	bool set_up, started, bad;    /* bad: the back-end rang err */
	int kick_fd, call_fd, err_fd; /* -1: none */
	struct vop_doorbell kick, call;
};

struct vu_target {
	struct target base;
	struct vu_conn conn;
	struct vop_heap heap;
	struct vop_regions regions;
	struct vop_doorbell_guard *guard;
	int epoll;
	uint64_t features; /* as set last */
	uint8_t status;	   /* as written last */
	bool broken;	   /* the back-end said that a ring is no good */
	bool kickless;	   /* the back-end is asked to poll */
	uint16_t size_max;
	struct vu_queue q[VOP_QUEUES_MAX];
	void (*on_lost)(void *ctx);
	void *on_lost_ctx;
	bool told; /* on_lost was called */
};

static struct vu_target *vu(struct target *t)
{
	return (struct vu_target *)(void *)t;
}

/* Every way out of a primitive: the loss is told once, to whoever uses the memory. */
static int said(struct vu_target *t, int r)
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

#define BIT(n) (1ull << (n))

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
	return said(t, 0);
}

static int vu_set_features(struct target *b, const uint64_t f[2])
{
	struct vu_target *t = vu(b);
	int r;

	if (f[1])
		return said(t, -EINVAL);
	/* Without this bit rings would begin enabled, and protocol features be off. */
	t->features = f[0] | (t->conn.features & BIT(VOP_VU_F_PROTOCOL_FEATURES));
	r = vu_ask_u64(&t->conn, VOP_VU_SET_FEATURES, t->features);
	return said(t, r);
}

/* --- queues --- */

static void clear_queue(struct vu_queue *q)
{
	*q = (struct vu_queue){.kick_fd = -1, .call_fd = -1, .err_fd = -1};
	q->kick = q->call = VOP_DOORBELL_INIT;
}

static void close_queue(struct vu_target *t, struct vu_queue *q)
{
	/* The back-end holds it too, so closing it would not end its place here. */
	if (q->err_fd >= 0)
		epoll_ctl(t->epoll, EPOLL_CTL_DEL, q->err_fd, NULL);
	vop_doorbell_release(&q->kick);
	vop_doorbell_release(&q->call);
	if (q->kick_fd >= 0)
		close(q->kick_fd);
	if (q->call_fd >= 0)
		close(q->call_fd);
	if (q->err_fd >= 0)
		close(q->err_fd);
	clear_queue(q);
}

static int open_queue(struct vu_target *t, struct vu_queue *q, enum vop_notify notify)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = -1};
	int r = 0;

	if (!t->kickless)
		q->kick_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	q->call_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	q->err_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if ((q->kick_fd < 0 && !t->kickless) || q->call_fd < 0 || q->err_fd < 0)
		return -errno;
	/* A back-end may fill the counter and make us block: hence the guard. */
	if (!t->kickless)
		r = vop_doorbell_from_eventfd(&q->kick, q->kick_fd, t->guard);
	/* Given in any case, since not every back-end starts a ring without; listened to only when
	 * somebody sleeps. */
	if (!r && notify != VOP_NOTIFY_POLL)
		r = vop_doorbell_from_eventfd(&q->call, q->call_fd, NULL);
	if (!r && epoll_ctl(t->epoll, EPOLL_CTL_ADD, q->err_fd, &ev))
		r = -errno;
	return r;
}

/* Some back-ends write a call descriptor when it is set (libvhost-user): that says nothing. */
static int forget_calls(struct vu_conn *c, const struct vu_queue *q)
{
	uint64_t n;
	int r = 0;

	/* What comes before the answer was done before it. */
	if (!vu_agreed(c, VOP_VU_PF_REPLY_ACK))
		r = vu_get_u64(c, VOP_VU_GET_FEATURES, &n);
	while (!r && read(q->call_fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
		;
	return r;
}

static int describe(struct vu_target *t, const struct vu_queue *q, uint32_t base)
{
	const struct vop_queue_config *c = &q->cfg;
	struct vu_conn *n = &t->conn;
	struct vop_vu_msg addr = {
		.h = {.request = VOP_VU_SET_VRING_ADDR, .size = sizeof(addr.addr)},
		.addr = {.index = c->index,
			 .descriptor = vu_user(n, c->desc_bus),
			 .available = vu_user(n, c->driver_bus),
			 .used = vu_user(n, c->device_bus)},
	};
	int r = vu_ask_state(n, VOP_VU_SET_VRING_NUM, c->index, c->size);

	if (!r)
		r = vu_ask_state(n, VOP_VU_SET_VRING_BASE, c->index, base);
	if (!r)
		r = vu_ask(n, &addr, NULL);
	if (!r)
		r = vu_ask_ring_fd(n, VOP_VU_SET_VRING_CALL, c->index, q->call_fd);
	if (!r)
		r = vu_ask_ring_fd(n, VOP_VU_SET_VRING_ERR, c->index, q->err_fd);
	return r ? r : forget_calls(n, q);
}

static int start_queue(struct vu_target *t, struct vu_queue *q)
{
	int r = vu_ask_ring_fd(&t->conn, VOP_VU_SET_VRING_KICK, q->cfg.index, q->kick_fd);

	/* From here on it is the back-end's, whatever it answers. */
	q->started = true;
	if (!r && (t->features & BIT(VOP_VU_F_PROTOCOL_FEATURES)))
		r = vu_ask_state(&t->conn, VOP_VU_SET_VRING_ENABLE, q->cfg.index, 1);
	return r;
}

/*
 * After 0 the back-end does not touch the ring: the answer to GET_VRING_BASE says so. Without that
 * answer the queue stays what it is, and its memory the back-end's.
 */
static int stop_queue(struct vu_target *t, struct vu_queue *q)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_GET_VRING_BASE, .size = sizeof(m.state)},
			       .state = {.index = q->cfg.index}},
			  a;
	int r;

	if (!q->set_up)
		return 0;
	/* One that never ran has nothing to stop, and not every back-end lives to be asked. */
	r = q->started ? vu_ask(&t->conn, &m, &a) : 0;
	if (!r && q->started && a.state.index != q->cfg.index)
		r = vu_conn_lose(&t->conn, "the back-end stops ring %u where %u was asked for",
				 a.state.index, q->cfg.index);
	if (!r)
		close_queue(t, q);
	return r;
}

/* The translated view of a part; NULL where no memory is: conformance may say nonsense. */
static void *view(const struct vu_target *t, uint64_t bus)
{
	return vop_xlate_whole(&t->regions, bus, 1);
}

static int vu_queue_setup(struct target *b, struct vop_queue_config *cfg, enum vop_notify notify)
{
	struct vu_target *t = vu(b);
	struct vu_queue *q;
	int r;

	if (cfg->index >= VOP_QUEUES_MAX)
		return said(t, -EINVAL);
	q = &t->q[cfg->index];
	if (q->set_up)
		return said(t, -EPERM);
	cfg->desc = view(t, cfg->desc_bus);
	cfg->driver = view(t, cfg->driver_bus);
	cfg->device = view(t, cfg->device_bus);
	cfg->regions = &t->regions;
	cfg->read_back = NULL;
	q->cfg = *cfg;
	r = open_queue(t, q, notify);
	if (!r) {
		q->set_up = true;
		r = describe(t, q, cfg->packed ? BASE_PACKED : BASE_SPLIT);
	}
	if (!r && (t->status & VOP_STATUS_DRIVER_OK))
		r = start_queue(t, q);
	if (r) {
		/* A half that the back-end took is stopped by the reset. */
		if (!q->set_up)
			close_queue(t, q);
		return said(t, r);
	}
	cfg->kick = q->cfg.kick = &q->kick;
	cfg->call = q->cfg.call = &q->call;
	return said(t, 0);
}

static int vu_queue_reset(struct target *b, unsigned q)
{
	(void)q;
	return said(vu(b), -ENOTSUP);
}

static int vu_queue_count(struct target *b, unsigned *n)
{
	struct vu_target *t = vu(b);
	unsigned said_n = t->conn.queues;

	/* What drivers may rely on, when it does not say (VIRTIO 1.4, chapter 5). */
	switch (b->device_id) {
	case 1: /* counts pairs */
		*n = said_n ? 2 * said_n : 2;
		break;
	case 3:	 /* receive and transmit */
	case 26: /* high priority, one for requests */
		*n = VOP_MAX(said_n, 2u);
		break;
	default:
		*n = VOP_MAX(said_n, 1u);
	}
	*n = VOP_MIN(*n, VOP_QUEUES_MAX);
	return said(t, 0);
}

static int vu_queue_size_max(struct target *b, unsigned q, uint16_t *size)
{
	struct vu_target *t = vu(b);
	unsigned n;
	int r = vu_queue_count(b, &n);

	*size = q < n ? t->size_max : 0;
	return r;
}

static bool vu_placement_ok(struct target *b, unsigned ring, unsigned payload)
{
	(void)b;
	return ring == VOP_RING_DRIVER && payload == VOP_PAYLOAD_PULL;
}

/* --- status --- */

static int hand_over_inflight(struct vu_target *t)
{
	/* Nobody packs this structure: 24 bytes, and DPDK takes no other size. */
	struct vop_vu_msg m = {.h = {.request = VOP_VU_GET_INFLIGHT_FD,
				     .size = sizeof(m.inflight)}},
			  a;
	unsigned i;
	int r;

	if (!vu_agreed(&t->conn, VOP_VU_PF_INFLIGHT_SHMFD))
		return 0;
	for (i = 0; i < VOP_QUEUES_MAX; i++)
		if (t->q[i].set_up) {
			m.inflight.num_queues = (uint16_t)(i + 1);
			m.inflight.queue_size = VOP_MAX(m.inflight.queue_size, t->q[i].cfg.size);
		}
	if (!m.inflight.num_queues)
		return 0;
	r = vu_ask(&t->conn, &m, &a);
	/* No descriptor: it keeps no books for these queues. */
	if (r || a.fds == 0)
		return r;
	a.h = (struct vop_vu_header){.request = VOP_VU_SET_INFLIGHT_FD, .size = sizeof(a.inflight)};
	r = vu_ask(&t->conn, &a, NULL);
	vop_vu_close_fds(&a);
	return r;
}

static int start_all(struct vu_target *t)
{
	unsigned i;
	int r = hand_over_inflight(t);

	for (i = 0; i < VOP_QUEUES_MAX && !r; i++)
		if (t->q[i].set_up && !t->q[i].started)
			r = start_queue(t, &t->q[i]);
	return r;
}

static int stop_all(struct vu_target *t)
{
	unsigned i;
	int r = 0;

	/* What is silent once is not asked for each queue again: the caller waits long enough. */
	for (i = 0; i < VOP_QUEUES_MAX && !r; i++)
		r = stop_queue(t, &t->q[i]);
	return r;
}

static int reset(struct vu_target *t)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_RESET_DEVICE}};
	int r = stop_all(t), e;

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
		return said(t, -EPIPE);
	if (status == 0)
		return said(t, reset(t));
	/* A driver that gives up starts nothing any more. */
	if ((status & VOP_STATUS_DRIVER_OK) && !(status & VOP_STATUS_FAILED) &&
	    !(t->status & VOP_STATUS_DRIVER_OK))
		r = start_all(t);
	if (!r && vu_agreed(&t->conn, VOP_VU_PF_STATUS))
		r = vu_ask_u64(&t->conn, VOP_VU_SET_STATUS, status);
	if (!r)
		t->status = status;
	return said(t, r);
}

/*
 * Looked at, never read: the back-end holds the descriptor too and may make a read block. Once is
 * enough, the ring is no good until the reset.
 */
static void look_for_errors(struct vu_target *t)
{
	unsigned i;

	for (i = 0; i < VOP_QUEUES_MAX; i++) {
		struct vu_queue *q = &t->q[i];
		struct pollfd p = {.fd = q->err_fd, .events = POLLIN};

		if (q->err_fd < 0 || q->bad || poll(&p, 1, 0) != 1)
			continue;
		epoll_ctl(t->epoll, EPOLL_CTL_DEL, q->err_fd, NULL);
		q->bad = t->broken = true;
		t->conn.events |= TARGET_EVENT_NEEDS_RESET;
	}
}

static int vu_get_status(struct target *b, uint8_t *status)
{
	struct vu_target *t = vu(b);
	uint64_t v = t->status;
	int r = 0;

	if (vu_agreed(&t->conn, VOP_VU_PF_STATUS))
		r = vu_get_u64(&t->conn, VOP_VU_GET_STATUS, &v);
	look_for_errors(t);
	*status = (uint8_t)v | (t->broken ? VOP_STATUS_NEEDS_RESET : 0);
	return said(t, r);
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
		return said(t, vu_agreed(&t->conn, VOP_VU_PF_CONFIG) ? -EINVAL : -ENOTSUP);
	/* From the start, as the front-ends in use do: there are back-ends that mind no offset. */
	r = config_message(t, VOP_VU_GET_CONFIG, 0, NULL, off + len, &a);
	if (r)
		return said(t, r);
	vop_vu_close_fds(&a);
	/* That is how a range is refused. */
	if (a.h.size == 0 || a.config.size != off + len)
		return said(t, -EINVAL);
	memcpy(dst, a.config.data + off, len);
	if (generation)
		*generation = 0;
	return said(t, 0);
}

static int vu_config_write(struct target *b, uint32_t off, const void *src, uint32_t len)
{
	struct vu_target *t = vu(b);

	return said(t, config_message(t, VOP_VU_SET_CONFIG, off, src, len, NULL));
}

/* --- memory, events --- */

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

	look_for_errors(t);
	return said(t, vu_service(&t->conn));
}

static int vu_event_fd(struct target *b)
{
	return vu(b)->epoll;
}

static uint32_t vu_events(struct target *b)
{
	struct vu_target *t = vu(b);
	uint32_t e;

	look_for_errors(t);
	e = t->conn.events;
	t->conn.events = 0;
	return e;
}

static int vu_violations(struct target *b, unsigned q, uint32_t *count, uint32_t *why)
{
	(void)q;
	(void)count;
	(void)why;
	return said(vu(b), -ENOTSUP);
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
	stop_all(t);
	for (i = 0; i < VOP_QUEUES_MAX; i++)
		close_queue(t, &t->q[i]);
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
		clear_queue(&t->q[i]);
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

/* --- raw --- */

static struct vu_target *is_ours(struct target *t)
{
	return t->ops == &target_vhost_user_ops ? vu(t) : NULL;
}

int target_vhost_user_call(struct target *b, const struct vop_vu_msg *m, struct vop_vu_msg *answer)
{
	struct vu_target *t = is_ours(b);
	int r;

	if (!t)
		return -ENOTSUP;
	r = vu_settle(&t->conn);
	if (!r)
		r = vu_tell(&t->conn, m);
	if (!r && answer)
		r = vu_answer(&t->conn, m->h.request, answer);
	return said(t, r);
}

int target_vhost_user_wait(struct target *b, int timeout_ms)
{
	struct vu_target *t = is_ours(b);

	if (!t)
		return -ENOTSUP;
	t->conn.timeout_ms = vu_wait_of(timeout_ms);
	return said(t, 0);
}

int target_vhost_user_features(struct target *b, uint64_t *features, uint64_t *protocol,
			       uint64_t *agreed)
{
	struct vu_target *t = is_ours(b);

	if (!t)
		return -ENOTSUP;
	*features = t->conn.features;
	*protocol = t->conn.protocol;
	*agreed = t->conn.agreed;
	return said(t, 0);
}

int target_vhost_user_memory(struct target *b, struct vop_vu_region *region, int *fd)
{
	struct vu_target *t = is_ours(b);

	if (!t)
		return -ENOTSUP;
	*region = (struct vop_vu_region){
		.guest = VU_GUEST_BASE,
		.size = t->conn.mem.size,
		.user = (uintptr_t)t->conn.mem.map,
	};
	*fd = t->conn.mem.fd;
	return said(t, 0);
}

int target_vhost_user_pid(struct target *b, pid_t *pid)
{
	struct vu_target *t = is_ours(b);
	struct ucred who;
	socklen_t len = sizeof(who);

	if (!t)
		return -ENOTSUP;
	if (t->conn.lost || getsockopt(t->conn.sock, SOL_SOCKET, SO_PEERCRED, &who, &len))
		return said(t, -ESRCH);
	*pid = who.pid;
	return said(t, who.pid > 0 ? 0 : -ESRCH);
}

int target_vhost_user_bytes(struct target *b, const void *bytes, size_t len)
{
	struct vu_target *t = is_ours(b);

	if (!t)
		return -ENOTSUP;
	if (t->conn.lost)
		return said(t, -EPIPE);
	return send(t->conn.sock, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len ? 0
											   : -EIO;
}

int target_vhost_user_again(struct target *b, unsigned q, uint32_t base)
{
	struct vu_target *t = is_ours(b);
	int r;

	if (!t)
		return -ENOTSUP;
	if (q >= VOP_QUEUES_MAX || !t->q[q].set_up)
		return said(t, -EINVAL);
	r = describe(t, &t->q[q], base);
	return said(t, r ? r : start_queue(t, &t->q[q]));
}
