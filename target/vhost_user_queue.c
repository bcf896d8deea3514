/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues of a target over vhost-user: set up, started, stopped, and what is said of them. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vop/features.h>
#include "target/vhost_user_internal.h"

#define BASE_SPLIT 0u
/* Both indexes 0, both wrap counters 1 (VIRTIO 1.4, 2.8.1). */
#define BASE_PACKED 0x80008000u

void vu_queue_clear(struct vu_queue *q)
{
	*q = (struct vu_queue){.kick_fd = -1, .call_fd = -1, .err_fd = -1};
	q->kick = q->call = VOP_DOORBELL_INIT;
}

void vu_queue_close(struct vu_target *t, struct vu_queue *q)
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
	vu_queue_clear(q);
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

/* Some back-ends write a call descriptor when it is set (libvhost-user): that says nothing. Taken
 * out once, without blocking: the back-end holds it too, with its flags. */
static int forget_calls(struct vu_conn *c, const struct vu_queue *q)
{
	struct vop_doorbell call = {.kind = VOP_DB_EVENTFD, .fd = q->call_fd};
	uint64_t n;
	int r = 0;

	/* What comes before the answer was done before it. */
	if (!vu_agreed(c, VOP_VU_PF_REPLY_ACK))
		r = vu_get_u64(c, VOP_VU_GET_FEATURES, &n);
	if (!r)
		vop_doorbell_drain(&call);
	return r;
}

int vu_queue_describe(struct vu_target *t, const struct vu_queue *q, uint32_t base)
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

int vu_queue_start(struct vu_target *t, struct vu_queue *q)
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
		vu_queue_close(t, q);
	return r;
}

/* The translated view of a part; NULL where no memory is: conformance may say nonsense. */
static void *view(const struct vu_target *t, uint64_t bus)
{
	return vop_xlate_whole(&t->regions, bus, 1);
}

int vu_queue_setup(struct target *b, struct vop_queue_config *cfg, enum vop_notify notify)
{
	struct vu_target *t = vu(b);
	struct vu_queue *q;
	int r;

	if (cfg->index >= VOP_QUEUES_MAX)
		return vu_said(t, -EINVAL);
	q = &t->q[cfg->index];
	if (q->set_up)
		return vu_said(t, -EPERM);
	cfg->desc = view(t, cfg->desc_bus);
	cfg->driver = view(t, cfg->driver_bus);
	cfg->device = view(t, cfg->device_bus);
	cfg->regions = &t->regions;
	cfg->read_back = NULL;
	q->cfg = *cfg;
	r = open_queue(t, q, notify);
	if (!r) {
		q->set_up = true;
		r = vu_queue_describe(t, q, cfg->packed ? BASE_PACKED : BASE_SPLIT);
	}
	if (!r && (t->status & VOP_STATUS_DRIVER_OK))
		r = vu_queue_start(t, q);
	if (r) {
		/* A half that the back-end took is stopped by the reset. */
		if (!q->set_up)
			vu_queue_close(t, q);
		return vu_said(t, r);
	}
	cfg->kick = q->cfg.kick = &q->kick;
	cfg->call = q->cfg.call = &q->call;
	return vu_said(t, 0);
}

int vu_queue_reset(struct target *b, unsigned q)
{
	(void)q;
	return vu_said(vu(b), -ENOTSUP);
}

int vu_queue_count(struct target *b, unsigned *n)
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
	return vu_said(t, 0);
}

int vu_queue_size_max(struct target *b, unsigned q, uint16_t *size)
{
	struct vu_target *t = vu(b);
	unsigned n;
	int r = vu_queue_count(b, &n);

	*size = q < n ? t->size_max : 0;
	return r;
}

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

int vu_queues_start(struct vu_target *t)
{
	unsigned i;
	int r = hand_over_inflight(t);

	for (i = 0; i < VOP_QUEUES_MAX && !r; i++)
		if (t->q[i].set_up && !t->q[i].started)
			r = vu_queue_start(t, &t->q[i]);
	return r;
}

int vu_queues_stop(struct vu_target *t)
{
	unsigned i;
	int r = 0;

	/* What is silent once is not asked for each queue again: the caller waits long enough. */
	for (i = 0; i < VOP_QUEUES_MAX && !r; i++)
		r = stop_queue(t, &t->q[i]);
	return r;
}

/*
 * Looked at, never read: the back-end holds the descriptor too and may make a read block. Once is
 * enough, the ring is no good until the reset.
 */
void vu_queues_look_for_errors(struct vu_target *t)
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
