/* SPDX-License-Identifier: BSD-2-Clause */
/* A vhost-user connection: its life, and the requests; vhost_user.h lists the other files. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vop/front/vhost_user_internal.h"

#define MESSAGES_PER_SERVICE 64u
#define ANSWER_MS	     1000 /* a front-end that asks and does not read is gone */
#define REFUSALS_SAID	     100u /* of one connection: nobody's log is to be filled */
/* What types are told when nobody limits queues: enough for the longest request of a front-end's
 * usual queue (SEG_MAX of a disk). */
#define SIZE_TOLD 128u

#define PROTOCOL_FEATURES                                                                          \
	(1ull << VOP_VU_PF_MQ | 1ull << VOP_VU_PF_REPLY_ACK | 1ull << VOP_VU_PF_BACKEND_REQ |      \
	 1ull << VOP_VU_PF_CONFIG | 1ull << VOP_VU_PF_RESET_DEVICE |                               \
	 1ull << VOP_VU_PF_CONFIGURE_MEM_SLOTS | 1ull << VOP_VU_PF_STATUS)

int vop_front_refuse(struct vop_vu_front *f, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
	return err;
}

void vop_front_say(struct vop_vu_front *f, enum vop_service_event event, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (!f->cfg.say || (event == VOP_SERVICE_REFUSED && f->refusals > REFUSALS_SAID))
		return;
	if (event == VOP_SERVICE_REFUSED && ++f->refusals > REFUSALS_SAID)
		fmt = "too much is refused: no more of it is told until the front-end is gone";
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->cfg.say(f->cfg.ctx, event, text);
}

/* --- requests --- */

static int set_protocol_features(struct vop_vu_front *f, uint64_t bits)
{
	if (bits & ~PROTOCOL_FEATURES)
		return vop_front_refuse(f, -EOPNOTSUPP, "protocol features 0x%llx were not offered",
					(unsigned long long)(bits & ~PROTOCOL_FEATURES));
	f->protocol = bits;
	return 0;
}

static int set_backend_req(struct vop_vu_front *f, struct vop_vu_msg *m)
{
	if (!vu_has_protocol(f, VOP_VU_PF_BACKEND_REQ))
		return vop_front_refuse(f, -EPERM, "BACKEND_REQ was not negotiated");
	if (!vop_front_is_unix_socket(m->fd[0]))
		return vop_front_refuse(f, -EINVAL, "its descriptor is no UNIX socket");
	if (f->backend_req >= 0)
		close(f->backend_req);
	f->backend_req = vop_vu_take_fd(m, 0);
	return 0;
}

/* Deprecated; what is recommended for it is to disable the rings. */
static void reset_owner(struct vop_vu_front *f)
{
	unsigned q;

	vop_front_rings_stop(f);
	for (q = 0; q < f->offer.queues; q++)
		f->ring[q].enabled = f->ring[q].kicked = false;
}

static int mem_table(struct vop_vu_front *f, const struct vop_vu_msg *m)
{
	return vop_front_mem_set(f, m->mem.region, m->fd, m->mem.n);
}

static int answer_u64(struct vop_vu_msg *m, uint64_t value)
{
	m->u64 = value;
	m->h.size = sizeof(m->u64);
	return 0;
}

/* Front-ends count the queues of a net device in pairs. */
static uint64_t queue_num(const struct vop_vu_front *f)
{
	return f->offer.ops->device_id == 1 ? f->offer.queues / 2u : f->offer.queues;
}

/*
 * Act on m. 0: done, and where the request has an answer of its own, m is that. Otherwise it was
 * refused.
 */
static int act(struct vop_vu_front *f, struct vop_vu_msg *m)
{
	switch (m->h.request) {
	case VOP_VU_GET_FEATURES:
		return answer_u64(m, f->offered | 1ull << VOP_VU_F_PROTOCOL_FEATURES);
	case VOP_VU_SET_FEATURES:
		return vop_front_set_features(f, m->u64);
	case VOP_VU_GET_PROTOCOL_FEATURES:
		return answer_u64(m, PROTOCOL_FEATURES);
	case VOP_VU_SET_PROTOCOL_FEATURES:
		return set_protocol_features(f, m->u64);
	case VOP_VU_SET_OWNER:
		return 0;
	case VOP_VU_RESET_OWNER:
		reset_owner(f);
		return 0;
	case VOP_VU_RESET_DEVICE:
		vop_front_device_reset(f);
		vop_front_rings_reset(f);
		return 0;
	case VOP_VU_SET_MEM_TABLE:
		return mem_table(f, m);
	case VOP_VU_GET_MAX_MEM_SLOTS:
		return answer_u64(m, VOP_VU_SLOTS);
	case VOP_VU_ADD_MEM_REG:
		return vop_front_mem_add(f, &m->one.region, m->fd[0]);
	case VOP_VU_REM_MEM_REG:
		return vop_front_mem_remove(f, &m->one.region);
	case VOP_VU_SET_VRING_NUM:
		return vop_front_ring_num(f, &m->state);
	case VOP_VU_SET_VRING_ADDR:
		return vop_front_ring_addr(f, &m->addr);
	case VOP_VU_SET_VRING_BASE:
		return vop_front_ring_base(f, &m->state);
	case VOP_VU_GET_VRING_BASE:
		m->h.size = sizeof(m->state);
		return vop_front_ring_get_base(f, &m->state);
	case VOP_VU_SET_VRING_KICK:
	case VOP_VU_SET_VRING_CALL:
	case VOP_VU_SET_VRING_ERR:
		return vop_front_ring_fd(f, m);
	case VOP_VU_SET_VRING_ENABLE:
		return vop_front_ring_enable(f, &m->state);
	case VOP_VU_GET_QUEUE_NUM:
		return answer_u64(m, queue_num(f));
	case VOP_VU_SET_BACKEND_REQ_FD:
		return set_backend_req(f, m);
	case VOP_VU_GET_CONFIG:
		return vop_front_get_config(f, m);
	case VOP_VU_SET_CONFIG:
		return vop_front_set_config(f, m);
	case VOP_VU_SET_STATUS:
		return vop_front_set_status(f, m->u64);
	case VOP_VU_GET_STATUS:
		return answer_u64(m, vop_front_status(f));
	default:
		return vop_front_refuse(f, -ENOSYS, "it belongs to nothing that was offered");
	}
}

static const char *name_of(const struct vop_vu_msg *m, char *buf, size_t size)
{
	const char *name = vop_vu_name(m->h.request, VOP_VU_FROM_FRONT);

	if (!name) {
		snprintf(buf, size, "request %u", m->h.request);
		name = buf;
	}
	return name;
}

/*
 * One request: 0, or -EPIPE when the connection cannot go on: the answer could not be sent, or what
 * was refused had no answer to say so in.
 */
static int handle(struct vop_vu_front *f, struct vop_vu_msg *m)
{
	uint32_t request = m->h.request, flags = m->h.flags;
	bool own = vop_vu_has_answer(request), asked;
	char buf[40];
	int r = act(f, m), started = vop_front_rings_settle(f);

	vop_vu_close_fds(m);
	m->fds = 0;
	if (!r)
		r = started;
	if (r)
		vop_front_say(f, VOP_SERVICE_REFUSED, "%s is refused: %s",
			      name_of(m, buf, sizeof(buf)), f->why);
	asked = (flags & VOP_VU_NEED_REPLY) && vu_has_protocol(f, VOP_VU_PF_REPLY_ACK);
	/* An empty answer is how GET_CONFIG fails; the others of their own cannot. */
	if (r && request == VOP_VU_GET_CONFIG)
		m->h.size = 0;
	else if (own && r)
		return -EPIPE;
	else if (!own && !asked)
		/* Requests we never heard of are let pass: they were not offered. */
		return r && r != -ENOSYS ? -EPIPE : 0;
	else if (!own)
		answer_u64(m, r != 0);
	m->h.flags = VOP_VU_VERSION | VOP_VU_REPLY;
	if (vop_vu_send(f->conn, m, ANSWER_MS) == 0)
		return 0;
	vop_front_say(f, VOP_SERVICE_REFUSED, "%s could not be answered",
		      name_of(m, buf, sizeof(buf)));
	return -EPIPE;
}

/* Say what came of it. */
static void look(struct vop_vu_front *f)
{
	vop_service_watch_look(&f->watch, f->who, f->cfg.say, f->cfg.ctx);
}

/* --- the connection --- */

bool vop_vu_front_attached(const struct vop_vu_front *f)
{
	return f->conn >= 0;
}

int vop_vu_front_fd(const struct vop_vu_front *f)
{
	return f->epfd;
}

static int listen_to(struct vop_vu_front *f, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN};

	return epoll_ctl(f->epfd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

int vop_vu_front_attach(struct vop_vu_front *f, int fd)
{
	int r = f->conn >= 0 ? -EBUSY : listen_to(f, fd);

	if (r) {
		close(fd);
		return r;
	}
	f->conn = fd;
	f->refusals = 0;
	vop_vu_stream_init(&f->stream, fd, VOP_VU_FROM_FRONT);
	vop_front_say(f, VOP_SERVICE_UP, "front-end connected");
	return 0;
}

void vop_vu_front_detach(struct vop_vu_front *f)
{
	eventfd_t v;

	if (f->conn < 0)
		return;
	vop_front_device_reset(f);
	look(f);
	vop_front_rings_clear(f);
	vop_front_mem_clear(f);
	vop_vu_stream_fini(&f->stream);
	close(f->conn);
	if (f->backend_req >= 0)
		close(f->backend_req);
	f->conn = f->backend_req = -1;
	f->protocol = f->features = f->accepted[0] = 0;
	f->features_set = f->status_used = false;
	eventfd_read(f->fault_fd, &v);
}

/* Why the connection ends, in words; then end it. */
static int end(struct vop_vu_front *f, const char *why)
{
	vop_vu_front_detach(f);
	vop_front_say(f, VOP_SERVICE_DOWN, "front-end gone: %s", why);
	return -EPIPE;
}

int vop_vu_front_service(struct vop_vu_front *f)
{
	struct vop_vu_msg m;
	unsigned i;
	int r = 0;

	if (f->conn < 0)
		return -EPIPE;
	for (i = 0; i < MESSAGES_PER_SERVICE; i++) {
		if (vop_front_mem_broken(f))
			return end(f, "its memory vanished under an access");
		r = vop_vu_recv(&f->stream, &m);
		if (r)
			break;
		if (handle(f, &m))
			return end(f, "the connection was ended");
		look(f);
	}
	if (r == -EPROTO)
		return end(f, f->stream.why);
	if (r && r != -EAGAIN)
		return end(f, "it closed the connection");
	return 0;
}

void vop_vu_front_attend(struct vop_vu_front *f)
{
	f->watch.type->attend(f->watch.dev);
	look(f);
}

void vop_vu_front_stats(struct vop_vu_front *f, int ms, char *text, size_t size)
{
	vop_service_watch_report(&f->watch, f->who, ms, text, size);
}

/* --- the front --- */

static void *open_device(struct vop_vu_front *f, struct vop_error *err)
{
	struct vop_device_info info = {
		.creator = VOP_ENDPOINT,
		.device = VOP_ENDPOINT,
		.driver = VOP_HOST,
		.device_id = f->as.type->device_id,
		.queues_max = f->as.type->queues(&f->as),
		.queue_size_max = f->as.queue_size,
	};
	struct vop_service_open o = {
		.device = vu_device(f), .info = &info, .as = &f->as, .poller = f->cfg.poller};

	snprintf(info.name, sizeof(info.name), "%s", f->as.name ? f->as.name : f->as.type->name);
	snprintf(f->who, sizeof(f->who), "device %s", info.name);
	return f->as.type->open(&o, err);
}

static void release(struct vop_vu_front *f)
{
	vop_doorbell_guard_stop(f->guard);
	if (f->epfd >= 0)
		close(f->epfd);
	if (f->fault_fd >= 0)
		close(f->fault_fd);
	free(f);
}

static int open_parts(struct vop_vu_front *f)
{
	f->epfd = epoll_create1(EPOLL_CLOEXEC);
	f->fault_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->epfd < 0 || f->fault_fd < 0)
		return -errno;
	if (listen_to(f, f->fault_fd))
		return -errno;
	return vop_doorbell_guard_start(&f->guard);
}

struct vop_vu_front *vop_vu_front_open(const struct vop_vu_front_config *cfg, struct vop_error *err)
{
	struct vop_vu_front *f = calloc(1, sizeof(*f));
	void *dev;
	int r;

	if (!f) {
		snprintf(err->text, sizeof(err->text), "out of memory");
		return NULL;
	}
	f->head.front = &vop_vu_device_front;
	f->cfg = *cfg;
	f->as = *cfg->device;
	f->size_max = f->as.queue_size ? f->as.queue_size : VOP_QUEUE_SIZE_MAX;
	if (!f->as.queue_size)
		f->as.queue_size = SIZE_TOLD;
	f->conn = f->backend_req = -1;
	vop_front_rings_init(f);
	r = open_parts(f);
	if (r) {
		snprintf(err->text, sizeof(err->text), "%s", strerror(-r));
		release(f);
		return NULL;
	}
	dev = open_device(f, err);
	if (!dev) {
		release(f);
		return NULL;
	}
	vop_service_watch_start(&f->watch, vu_device(f), f->as.type, dev);
	return f;
}

void vop_vu_front_close(struct vop_vu_front *f)
{
	if (!f)
		return;
	vop_vu_front_detach(f);
	f->as.type->close(f->watch.dev);
	release(f);
}
