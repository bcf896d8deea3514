/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/vhost_fake.h"
#include "vop/vq_open.h"

#define BATCH	8u
#define WAIT_MS 60000 /* against hangs only */

static bool has(const struct vhost_fake *f, enum vop_vu_protocol_feature p)
{
	return f->agreed >> p & 1;
}

/* --- queues --- */

static void turn(struct fake_queue *q)
{
	struct vop_elem elem[BATCH];
	struct vop_iov iov[4 * BATCH];
	struct vop_batch b = {.iov_max = 4 * BATCH, .elem = elem, .iov = iov};
	uint32_t len[BATCH];
	unsigned i, k, n;

	vop_doorbell_drain(&q->kick);
	n = vop_devq_pop(&q->vq, q->cfg.regions, &b, BATCH);
	for (i = 0; i < n; i++) {
		for (k = 0; k < elem[i].nin; k++) {
			struct vop_iov *v = &iov[elem[i].first + elem[i].nout + k];

			memset(v->ptr, FAKE_FILL, v->len);
		}
		len[i] = elem[i].in_len;
	}
	q->served += n;
	vop_devq_push(&q->vq, elem, len, n);
	if (vop_devq_publish(&q->vq))
		vop_doorbell_ring(&q->call);
	vop_devq_arm(&q->vq);
}

static void *at_user(struct vhost_fake *f, uint64_t user)
{
	return f->map && user - f->region.user < f->region.size
		       ? (uint8_t *)f->map + (user - f->region.user)
		       : NULL;
}

static int start_queue(struct vhost_fake *f, struct fake_queue *q)
{
	uint64_t features[2] = {f->features, 0};
	int r;

	q->cfg = (struct vop_queue_config){
		.index = (uint16_t)(q - f->q),
		.size = (uint16_t)q->num,
		.packed = f->features >> VOP_F_RING_PACKED & 1,
		.desc = at_user(f, q->addr.descriptor),
		.driver = at_user(f, q->addr.available),
		.device = at_user(f, q->addr.used),
		.regions = &f->regions,
		.kick = &q->kick,
		.call = &q->call,
	};
	if (!q->cfg.desc || !q->cfg.driver || !q->cfg.device)
		return -EINVAL;
	q->kick = q->call = VOP_DOORBELL_INIT;
	if (q->kick_fd >= 0)
		vop_doorbell_from_eventfd(&q->kick, q->kick_fd, NULL);
	if (q->call_fd >= 0)
		vop_doorbell_from_eventfd(&q->call, q->call_fd, NULL);
	r = vop_devq_open(&q->vq, &q->cfg, vop_ring_features(features, q->call_fd < 0));
	q->running = r == 0;
	return r;
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void stop_queue(struct fake_queue *q)
{
	q->running = q->started = q->enabled = false;
	vop_doorbell_release(&q->kick);
	vop_doorbell_release(&q->call);
	drop(&q->kick_fd);
	drop(&q->call_fd);
	drop(&q->err_fd);
}

/* Started by the kick, enabled at once where protocol features are off. */
static int consider(struct vhost_fake *f, struct fake_queue *q)
{
	bool enabled = q->enabled || !(f->features >> VOP_VU_F_PROTOCOL_FEATURES & 1);

	return q->started && enabled && !q->running ? start_queue(f, q) : 0;
}

/* --- messages --- */

static int take_memory(struct vhost_fake *f, const struct vop_vu_region *r, int fd)
{
	void *p;

	if (f->map)
		return -EEXIST;
	p = mmap(NULL, r->size + r->offset, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return -errno;
	f->map = p;
	f->region = *r;
	return vop_regions_add(&f->regions, r->guest, r->size, p);
}

static int with_ring(struct vhost_fake *f, struct vop_vu_msg *m, struct vop_vu_msg *a)
{
	bool by_fd = m->h.request >= VOP_VU_SET_VRING_KICK && m->h.request <= VOP_VU_SET_VRING_ERR;
	uint32_t index = by_fd ? m->u64 & VOP_VU_RING_MASK : m->state.index;
	struct fake_queue *q;

	if (index >= VOP_QUEUES_MAX)
		return -EINVAL;
	q = &f->q[index];
	switch (m->h.request) {
	case VOP_VU_SET_VRING_NUM:
		q->num = m->state.num;
		return 0;
	case VOP_VU_SET_VRING_BASE:
		q->base = m->state.num;
		return 0;
	case VOP_VU_SET_VRING_ADDR:
		q->addr = m->addr;
		return at_user(f, m->addr.descriptor) ? 0 : -EINVAL;
	case VOP_VU_SET_VRING_CALL:
		drop(&q->call_fd);
		q->call_fd = vop_vu_take_fd(m, 0);
		if (f->cfg.call_blocks)
			fcntl(q->call_fd, F_SETFL, 0);
		return 0;
	case VOP_VU_SET_VRING_ERR:
		drop(&q->err_fd);
		q->err_fd = vop_vu_take_fd(m, 0);
		return 0;
	case VOP_VU_SET_VRING_KICK:
		drop(&q->kick_fd);
		q->kick_fd = vop_vu_take_fd(m, 0);
		q->started = true;
		return consider(f, q);
	case VOP_VU_SET_VRING_ENABLE:
		q->enabled = m->state.num;
		return consider(f, q);
	default: /* GET_VRING_BASE */
		stop_queue(q);
		a->state = (struct vop_vu_vring_state){index, q->base};
		return 0;
	}
}

static void get_config(struct vhost_fake *f, const struct vop_vu_msg *m, struct vop_vu_msg *a)
{
	uint32_t off = m->config.offset, n = m->config.size;

	if (off > f->cfg.config_size || n > f->cfg.config_size - off) {
		a->h.size = 0;
		return;
	}
	a->config.offset = off;
	a->config.size = f->cfg.config_other ? n - 1 : n;
	memcpy(a->config.data, f->cfg.config + off, n);
	a->h.size = (uint32_t)offsetof(struct vop_vu_config, data) + n;
}

static void get_inflight(struct vhost_fake *f, struct vop_vu_msg *a)
{
	a->h.size = 24;
	if (f->cfg.inflight == FAKE_NO_BOOKS)
		return;
	a->inflight = (struct vop_vu_inflight){.mmap_size = 4096, .num_queues = 2, .queue_size = 8};
	if (f->cfg.inflight == FAKE_ODD_BOOKS)
		a->inflight = (struct vop_vu_inflight){
			.mmap_size = UINT64_MAX, .mmap_offset = UINT64_MAX, .num_queues = 0xffff};
	a->fd[0] = memfd_create("books", MFD_CLOEXEC);
	a->fds = 1;
}

/* What the request is about; *a is its answer when it has one. */
static int handle(struct vhost_fake *f, struct vop_vu_msg *m, struct vop_vu_msg *a)
{
	switch (m->h.request) {
	case VOP_VU_GET_FEATURES:
		a->u64 = f->cfg.features;
		return 0;
	case VOP_VU_SET_FEATURES:
		f->features = m->u64;
		return 0;
	case VOP_VU_GET_PROTOCOL_FEATURES:
		a->u64 = f->cfg.protocol;
		return 0;
	case VOP_VU_SET_PROTOCOL_FEATURES:
		f->agreed = m->u64;
		return 0;
	case VOP_VU_GET_QUEUE_NUM:
		a->u64 = f->cfg.queues;
		return 0;
	case VOP_VU_SET_BACKEND_REQ_FD:
		drop(&f->back);
		f->back = vop_vu_take_fd(m, 0);
		vop_vu_stream_init(&f->acks, f->back, VOP_VU_ANSWERS);
		return 0;
	case VOP_VU_SET_MEM_TABLE:
		return take_memory(f, &m->mem.region[0], vop_vu_take_fd(m, 0));
	case VOP_VU_ADD_MEM_REG:
		return take_memory(f, &m->one.region, vop_vu_take_fd(m, 0));
	case VOP_VU_SET_STATUS:
		f->status = (uint8_t)m->u64;
		return 0;
	case VOP_VU_GET_STATUS:
		a->u64 = f->status;
		return 0;
	case VOP_VU_GET_CONFIG:
		get_config(f, m, a);
		return 0;
	case VOP_VU_SET_CONFIG:
		if (m->config.offset > FAKE_CONFIG ||
		    m->config.size > FAKE_CONFIG - m->config.offset)
			return -EINVAL;
		memcpy(f->cfg.config + m->config.offset, m->config.data, m->config.size);
		return 0;
	case VOP_VU_GET_INFLIGHT_FD:
		get_inflight(f, a);
		return 0;
	case VOP_VU_SET_VRING_NUM:
	case VOP_VU_SET_VRING_BASE:
	case VOP_VU_SET_VRING_ADDR:
	case VOP_VU_SET_VRING_CALL:
	case VOP_VU_SET_VRING_ERR:
	case VOP_VU_SET_VRING_KICK:
	case VOP_VU_SET_VRING_ENABLE:
	case VOP_VU_GET_VRING_BASE:
		return with_ring(f, m, a);
	default:
		return 0;
	}
}

/* --- going wrong --- */

static void hang_up(struct vhost_fake *f)
{
	unsigned i;

	if (f->conn < 0)
		return;
	vop_vu_stream_fini(&f->in);
	if (f->holds)
		vop_vu_close_fds(&f->held);
	drop(&f->conn);
	drop(&f->back);
	for (i = 0; i < VOP_QUEUES_MAX; i++)
		stop_queue(&f->q[i]);
	if (f->map)
		munmap(f->map, f->region.size + f->region.offset);
	f->map = NULL;
	f->regions.n = 0;
	f->features = f->agreed = 0;
	f->status = 0;
	f->dead = f->holds = false;
}

static void spoil(enum fake_fault fault, struct vop_vu_msg *a)
{
	switch (fault) {
	case FAKE_OTHER:
		a->h.request = a->h.request == 1 ? 15 : 1;
		break;
	case FAKE_EMPTY:
		a->h.size = 0;
		break;
	case FAKE_SHORT:
		a->h.size = 7;
		break;
	case FAKE_HUGE:
		a->h.size = UINT32_MAX;
		break;
	case FAKE_LONG:
		a->h.size = VOP_VU_PAYLOAD + 1;
		break;
	case FAKE_VERSION:
		a->h.flags = 2 | VOP_VU_REPLY;
		break;
	case FAKE_REQUEST:
		a->h.flags = VOP_VU_VERSION;
		break;
	case FAKE_OTHER_RING:
		a->state.index ^= 1;
		break;
	default:
		break;
	}
}

/* Past the codec, which would not send such things. */
static void send_raw(int to, const struct vop_vu_msg *a, size_t payload, unsigned fds)
{
	int fd[64];
	union {
		char room[CMSG_SPACE(sizeof(fd))];
		struct cmsghdr align;
	} control = {0};
	uint8_t bytes[sizeof(a->h) + VOP_VU_PAYLOAD + 1] = {0};
	struct iovec v = {bytes, sizeof(a->h) + payload};
	struct msghdr mh = {.msg_iov = &v, .msg_iovlen = 1};
	unsigned i;

	memcpy(bytes, &a->h, sizeof(a->h));
	memcpy(bytes + sizeof(a->h), a->bytes, VOP_MIN(payload, sizeof(a->bytes)));
	for (i = 0; i < fds; i++)
		fd[i] = to;
	if (fds) {
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(fds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fd, fds * sizeof(int));
		mh.msg_control = control.room;
		mh.msg_controllen = CMSG_SPACE(fds * sizeof(int));
	}
	sendmsg(to, &mh, MSG_NOSIGNAL);
}

/* Send a where the request has an answer; what is wrong is sent in any case. */
static void answer(struct vhost_fake *f, enum fake_fault fault, struct vop_vu_msg *a, bool due)
{
	spoil(fault, a);
	switch (fault) {
	case FAKE_SILENT:
		f->dead = true;
		break;
	case FAKE_LATE:
		f->held = *a;
		f->holds = due;
		return;
	case FAKE_CLOSE:
		hang_up(f);
		break;
	case FAKE_CUT:
		send_raw(f->conn, a, 3, 0);
		hang_up(f);
		break;
	case FAKE_LONG:
	case FAKE_HUGE:
		send_raw(f->conn, a, VOP_VU_PAYLOAD + 1, 0);
		break;
	case FAKE_FDS:
	case FAKE_FDS_MANY:
		send_raw(f->conn, a, a->h.size, fault == FAKE_FDS ? 2 : 60);
		break;
	case FAKE_SOUND:
	case FAKE_REFUSE:
	case FAKE_CLOSE_AFTER:
	case FAKE_OTHER_RING:
		if (due)
			vop_vu_send(f->conn, a, WAIT_MS);
		if (fault == FAKE_CLOSE_AFTER)
			hang_up(f);
		break;
	default:
		vop_vu_send(f->conn, a, WAIT_MS);
		if (fault == FAKE_TWICE && due)
			vop_vu_send(f->conn, a, WAIT_MS);
	}
	vop_vu_close_fds(a);
}

void vhost_fake_release(struct vhost_fake *f, void *unused)
{
	(void)unused;
	if (f->holds)
		vop_vu_send(f->conn, &f->held, WAIT_MS);
	vop_vu_close_fds(&f->held);
	f->holds = false;
}

void vhost_fake_tell(struct vhost_fake *f, void *msg)
{
	if (f->back >= 0)
		vop_vu_send(f->back, msg, 0);
}

/* A question of its own, and until that is answered it answers nothing. */
static void ask_first(struct vhost_fake *f)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_BACKEND_CONFIG_CHANGE,
				     .flags = VOP_VU_VERSION | VOP_VU_NEED_REPLY}},
			  a;
	struct pollfd p = {.fd = f->back, .events = POLLIN};

	f->ack = vop_vu_send(f->back, &m, WAIT_MS);
	while (!f->ack && (f->ack = vop_vu_recv(&f->acks, &a)) == -EAGAIN) {
		poll(&p, 1, WAIT_MS);
		f->ack = 0;
	}
}

static void one_message(struct vhost_fake *f, struct vop_vu_msg *m)
{
	struct vop_vu_msg a = {
		.h = {.request = m->h.request, .flags = VOP_VU_VERSION | VOP_VU_REPLY, .size = 8}};
	bool has_answer = vop_vu_has_answer(m->h.request);
	bool hit = f->cfg.at ? ++f->messages == f->cfg.at : m->h.request == f->cfg.request;
	enum fake_fault fault = hit ? f->cfg.fault : FAKE_SOUND;
	int r;

	if (f->logged < FAKE_LOG)
		f->log[f->logged++] = *m;
	if (f->dead) {
		vop_vu_close_fds(m);
		return;
	}
	r = handle(f, m, &a);
	vop_vu_close_fds(m);
	if (hit && f->cfg.asks_first)
		ask_first(f);
	if (!has_answer)
		a.u64 = fault == FAKE_REFUSE || r != 0;
	answer(f, fault, &a,
	       has_answer || ((m->h.flags & VOP_VU_NEED_REPLY) && has(f, VOP_VU_PF_REPLY_ACK)));
}

/* --- the thread --- */

static void drain(struct vhost_fake *f)
{
	struct vop_vu_msg m;
	int r = -EAGAIN;

	if (f->conn < 0) {
		f->conn = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
		if (f->conn < 0)
			return;
		f->accepted++;
		vop_vu_stream_init(&f->in, f->conn, VOP_VU_FROM_FRONT);
	}
	while (f->conn >= 0 && (r = vop_vu_recv(&f->in, &m)) == 0)
		one_message(f, &m);
	if (r != -EAGAIN)
		hang_up(f);
}

static void take_call(struct vhost_fake *f)
{
	eventfd_t count;

	eventfd_read(f->event_fd, &count);
	pthread_mutex_lock(&f->lock);
	if (f->called) {
		drain(f);
		if (f->call)
			f->call(f, f->call_arg);
		f->called = false;
		pthread_cond_signal(&f->answered);
	}
	pthread_mutex_unlock(&f->lock);
}

static void *fake_main(void *arg)
{
	struct vhost_fake *f = arg;
	unsigned i;

	while (!atomic_load(&f->stop)) {
		struct pollfd fd[2] = {
			{.fd = f->event_fd, .events = POLLIN},
			{.fd = f->conn < 0 ? f->listener : f->conn, .events = POLLIN},
		};
		bool any = false;

		for (i = 0; i < VOP_QUEUES_MAX; i++)
			any |= f->q[i].running;
		poll(fd, 2, any ? 1 : -1); /* the queues are looked at in between */
		if (fd[0].revents)
			take_call(f);
		drain(f);
		for (i = 0; i < VOP_QUEUES_MAX; i++)
			if (f->q[i].running)
				turn(&f->q[i]);
	}
	hang_up(f);
	return NULL;
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return -errno;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (!bind(fd, (struct sockaddr *)&a, sizeof(a)) && !listen(fd, 4))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int vhost_fake_start(struct vhost_fake *f, const struct vhost_fake_config *cfg)
{
	unsigned i;

	memset(f, 0, sizeof(*f));
	f->cfg = *cfg;
	f->conn = f->back = -1;
	for (i = 0; i < VOP_QUEUES_MAX; i++) {
		f->q[i].kick_fd = f->q[i].call_fd = f->q[i].err_fd = -1;
		f->q[i].kick = f->q[i].call = VOP_DOORBELL_INIT;
	}
	f->listener = listen_at(cfg->path);
	if (f->listener < 0)
		return f->listener;
	f->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->event_fd < 0)
		return -errno;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->answered, NULL);
	return -pthread_create(&f->thread, NULL, fake_main, f);
}

void vhost_fake_call(struct vhost_fake *f, void (*fn)(struct vhost_fake *f, void *arg), void *arg)
{
	pthread_mutex_lock(&f->lock);
	f->call = fn;
	f->call_arg = arg;
	f->called = true;
	eventfd_write(f->event_fd, 1);
	while (f->called)
		pthread_cond_wait(&f->answered, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

void vhost_fake_stop(struct vhost_fake *f)
{
	atomic_store(&f->stop, true);
	eventfd_write(f->event_fd, 1);
	pthread_join(f->thread, NULL);
	close(f->event_fd);
	close(f->listener);
	unlink(f->cfg.path);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->answered);
}
