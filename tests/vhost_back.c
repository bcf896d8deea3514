/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vhost_back FAULT TYPE: a vhost-user back-end with a fault, at the socket $VOP_SOCKET. What serves
 * is the shipped front in this process; between it and the front-end stands a relay that spoils
 * messages. vhost_back --list: the faults; the checks of the section vhost-user that must see each.
 *
 * Everything happens in the order of the front-end's messages: one is passed on, acted on, and
 * answered before the next one is read.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <vop/features.h>
#include "tests/vhost_back.h"

#define SPIN_NS 50000u

/* --- messages --- */

static bool asked(const struct relay *r, const struct vop_vu_msg *m)
{
	return m->h.flags & VOP_VU_NEED_REPLY && r->protocol >> VOP_VU_PF_REPLY_ACK & 1;
}

void relay_answer(struct relay *r, struct vop_vu_msg *m)
{
	m->h.flags = VOP_VU_VERSION | VOP_VU_REPLY;
	vop_vu_send(r->front.fd, m, 1000);
}

static void acknowledge(struct relay *r, const struct vop_vu_msg *m, uint64_t result)
{
	struct vop_vu_msg a = {.h = {.request = m->h.request, .size = sizeof(a.u64)},
			       .u64 = result};

	if (asked(r, m))
		relay_answer(r, &a);
}

/* Whatever a fault left of the connection ends here. */
static int forward(struct relay *r, const struct vop_vu_msg *m)
{
	if (vop_vu_send(r->back.fd, m, 1000))
		return -EPIPE;
	return vop_vu_front_service(r->device);
}

/* What the device has to say goes on, but for answers that are kept from the front-end. */
static int answers(struct relay *r, bool keep)
{
	struct vop_vu_msg a;
	int e;

	while ((e = vop_vu_recv(&r->back, &a)) == 0) {
		bool drop = keep;

		if (r->fault->answer && (!r->fault->request || r->fault->request == a.h.request))
			drop |= r->fault->answer(r, &a);
		if (!drop)
			relay_answer(r, &a);
		vop_vu_close_fds(&a);
	}
	return e == -EAGAIN ? 0 : -EPIPE;
}

/* --- what the relay remembers of a connection --- */

static void remember(struct relay *r, const struct vop_vu_msg *m)
{
	struct relay_ring *q = &r->ring[m->state.index % RELAY_RINGS];
	unsigned i;

	switch (m->h.request) {
	case VOP_VU_SET_FEATURES:
		r->packed = m->u64 >> VOP_F_RING_PACKED & 1;
		r->features_set = true;
		break;
	case VOP_VU_SET_PROTOCOL_FEATURES:
		r->protocol = m->u64;
		break;
	case VOP_VU_SET_MEM_TABLE:
		for (i = 0; i < m->mem.n && i < VOP_VU_REGIONS; i++)
			r->region[i] = m->mem.region[i];
		r->regions = i;
		break;
	case VOP_VU_ADD_MEM_REG:
		if (r->regions < VOP_VU_REGIONS)
			r->region[r->regions++] = m->one.region;
		break;
	case VOP_VU_SET_VRING_NUM:
		q->sized = m->state.num > 0;
		break;
	case VOP_VU_SET_VRING_KICK:
		r->ring[m->u64 % RELAY_RINGS].kicked = true;
		break;
	case VOP_VU_GET_VRING_BASE:
		q->kicked = q->disabled = false;
		q->ran = true;
		break;
	case VOP_VU_SET_VRING_ENABLE:
		q->enabled = m->state.num;
		q->disabled |= !m->state.num;
		break;
	case VOP_VU_SET_STATUS:
		if (m->u64 == 0)
			memset(r->ring, 0, sizeof(r->ring));
		break;
	}
}

/* --- one connection --- */

_Noreturn static void die(const struct relay *r)
{
	while (r->fault->sticks)
		pause();
	_exit(70);
}

/* Act on m as the fault has it. 0, or -EPIPE: the connection ends. */
static int handle(struct relay *r, struct vop_vu_msg *m)
{
	const struct fault *f = r->fault;
	bool hit = f->act != PASS && (!f->request || f->request == m->h.request) &&
		   (!f->when || f->when(r, m));
	bool own = vop_vu_has_answer(m->h.request);
	struct vop_vu_msg get;
	int e;

	remember(r, m);
	switch (hit ? f->act : PASS) {
	case DIE:
		die(r);
	case HANG_UP:
		return -EPIPE;
	case SILENT:
		return 0;
	case SWALLOW:
	case REFUSE:
		if (own)
			relay_answer(r, m);
		else
			acknowledge(r, m, f->act == REFUSE);
		return 0;
	case STOP_RING:
		get = (struct vop_vu_msg){
			.h = {.request = VOP_VU_GET_VRING_BASE, .flags = VOP_VU_VERSION, .size = 8},
			.state = {.index = (uint32_t)(m->u64 & VOP_VU_RING_MASK)}};
		e = forward(r, &get);
		e = answers(r, true) || e ? -EPIPE : 0;
		acknowledge(r, m, 0);
		return e;
	case SPOIL:
		f->spoil(r, m);
		break;
	case ANSWER_UNASKED:
		if (!asked(r, m)) {
			struct vop_vu_msg a = {.h = {.request = m->h.request, .size = 8}};

			relay_answer(r, &a);
		}
		break;
	case PASS:
		break;
	}
	/* That bit is the fault's, not the device's. */
	if (m->h.request == VOP_VU_SET_PROTOCOL_FEATURES && f->books)
		m->u64 &= ~(1ull << VOP_VU_PF_INFLIGHT_SHMFD);
	if (f->books && f->books(r, m))
		return 0;
	e = forward(r, m);
	return answers(r, false) || e ? -EPIPE : 0;
}

static bool at_work(const struct relay *r)
{
	unsigned i = 0;

	while (i < RELAY_RINGS && !r->ring[i].kicked)
		i++;
	return i < RELAY_RINGS;
}

static int one_message(struct relay *r)
{
	struct vop_vu_msg m;
	int e = vop_vu_recv(&r->front, &m);

	if (e == -EAGAIN)
		return 0;
	if (e == -EPROTO && r->fault->dies_of && strstr(r->front.why, r->fault->dies_of))
		die(r);
	if (e) {
		/* Gone while a ring was at work. */
		if (e == -EPIPE && r->fault->dies_left && at_work(r))
			die(r);
		return -EPIPE;
	}
	e = handle(r, &m);
	vop_vu_close_fds(&m);
	return e;
}

static void attend(struct relay *r)
{
	vop_poller_attention_clear(r->poller);
	vop_vu_front_attend(r->device);
}

static void live(struct relay *r)
{
	int e = 0;

	while (!e) {
		struct pollfd p[3] = {
			{.fd = r->front.fd, .events = POLLIN},
			{.fd = vop_poller_attention_fd(r->poller), .events = POLLIN},
			{.fd = vop_vu_front_fd(r->device), .events = POLLIN},
		};

		poll(p, 3, -1);
		if (p[1].revents)
			attend(r);
		if (p[2].revents)
			e = vop_vu_front_service(r->device);
		if (!e && p[0].revents)
			e = one_message(r);
	}
}

static int serve_one(struct relay *r, int fd)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	if (vop_vu_front_attach(r->device, pair[1]))
		return -EBUSY;
	vop_vu_stream_init(&r->front, fd, VOP_VU_FROM_FRONT);
	vop_vu_stream_init(&r->back, pair[0], VOP_VU_ANSWERS);
	r->regions = 0;
	r->protocol = 0;
	r->packed = r->features_set = false;
	memset(r->ring, 0, sizeof(r->ring));
	live(r);
	vop_vu_front_detach(r->device);
	vop_vu_stream_fini(&r->front);
	vop_vu_stream_fini(&r->back);
	close(pair[0]);
	close(fd);
	return 0;
}

/* --- the process --- */

static int listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	/* Of one of us that died. */
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 16)) {
		perror(path);
		return -1;
	}
	return fd;
}

static void hear(void *ctx, enum vop_service_event event, const char *text)
{
	(void)ctx;
	(void)event;
	fprintf(stderr, "%s\n", text);
}

static int open_device(struct relay *r, const char *type)
{
	const struct vop_service_type *t = vop_service_type_named(type);
	struct vop_poller_config pc = {
		.cpu = -1, .spin_ns = SPIN_NS, .yield = true, .own_thread = true};
	struct vop_error err = {{0}};
	struct vop_service_device as;

	if (!t) {
		fprintf(stderr, "vhost_back: no type %s\n", type);
		return -EINVAL;
	}
	as = vop_service_default(t, VOP_ENDPOINT);
	if (strcmp(type, "net") == 0) {
		int key = vop_service_key_index(t, "backend");
		const char *const *w = t->keys[key].words;

		for (as.v[key].number = 0; strcmp(w[as.v[key].number], "echo");)
			as.v[key].number++;
	}
	r->poller = vop_poller_new(&pc);
	r->device = vop_vu_front_open(
		&(struct vop_vu_front_config){.device = &as, .poller = r->poller, .say = hear},
		&err);
	if (!r->device) {
		fprintf(stderr, "vhost_back: %s\n", err.text);
		return -EINVAL;
	}
	return 0;
}

static int list(void)
{
	const struct fault *f;

	for (f = faults; f->name; f++)
		printf("%s %s\n", f->name, f->fails ? f->fails : "-");
	return 0;
}

int main(int argc, char **argv)
{
	const char *path = getenv("VOP_SOCKET");
	struct relay r = {.fault = faults};
	unsigned n;
	int fd;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	while (argc == 3 && r.fault->name && strcmp(r.fault->name, argv[1]))
		r.fault++;
	if (argc != 3 || !r.fault->name || !path) {
		fprintf(stderr,
			"usage: VOP_SOCKET=PATH vhost_back FAULT TYPE | vhost_back --list\n");
		return 2;
	}
	if (open_device(&r, argv[2]))
		return 2;
	fd = listen_at(path);
	for (n = 1; fd >= 0; n++) {
		int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (conn < 0 || serve_one(&r, conn))
			break;
		if (n == r.fault->connections)
			die(&r);
	}
	return 1;
}
