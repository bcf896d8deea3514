/* SPDX-License-Identifier: BSD-2-Clause */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "target/vhost_user_conn.h"

#define RETRY_MS 20
/* What a back-end may say unasked in one go before we do something else. */
#define REQUESTS_PER_SERVICE 64u

/* Protocol features that we can do something with. */
static const uint8_t wanted[] = {
	VOP_VU_PF_MQ,
	VOP_VU_PF_REPLY_ACK,
	VOP_VU_PF_BACKEND_REQ,
	VOP_VU_PF_CONFIG,
	VOP_VU_PF_INFLIGHT_SHMFD,
	VOP_VU_PF_RESET_DEVICE,
	VOP_VU_PF_CONFIGURE_MEM_SLOTS,
	VOP_VU_PF_STATUS,
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* For the one line of an error; never over the reason of a loss. */
__attribute__((format(printf, 2, 3))) static void note(struct vu_conn *c, const char *fmt, ...)
{
	va_list ap;

	if (c->lost)
		return;
	va_start(ap, fmt);
	vsnprintf(c->reason, sizeof(c->reason), fmt, ap);
	va_end(ap);
}

int vu_conn_lose(struct vu_conn *c, const char *fmt, ...)
{
	va_list ap;

	if (c->lost)
		return -EPIPE;
	c->lost = true;
	va_start(ap, fmt);
	vsnprintf(c->reason, sizeof(c->reason), fmt, ap);
	va_end(ap);
	return -EPIPE;
}

bool vu_agreed(const struct vu_conn *c, enum vop_vu_protocol_feature f)
{
	return c->agreed >> f & 1;
}

/* --- asking --- */

static const char *name_of(uint32_t request)
{
	const char *s = vop_vu_name(request, VOP_VU_FROM_FRONT);

	return s ? s : "a request";
}

int vu_tell(struct vu_conn *c, const struct vop_vu_msg *m)
{
	int r = c->lost ? -EPIPE : vop_vu_send(c->sock, m, c->timeout_ms);

	if (r == -EPIPE)
		return vu_conn_lose(c, "the back-end closed the connection");
	/* A message that went out by half cannot be followed by another. */
	if (r == -ETIMEDOUT)
		vu_conn_lose(c, "the back-end takes no messages");
	return r;
}

static void service_back(struct vu_conn *c);

/* Until the next whole answer: 0, -ETIMEDOUT, or the connection is lost. */
static int next_answer(struct vu_conn *c, uint32_t request, struct vop_vu_msg *answer)
{
	int64_t end = now_ms() + c->timeout_ms;
	int r;

	for (;;) {
		struct pollfd p[2] = {{.fd = c->sock, .events = POLLIN}};
		int64_t left;

		if (c->lost)
			return -EPIPE;
		r = vop_vu_recv(&c->answers, answer);
		if (r != -EAGAIN)
			break;
		left = end - now_ms();
		if (left <= 0) {
			note(c, "the back-end does not answer %s", name_of(request));
			return -ETIMEDOUT;
		}
		p[1] = (struct pollfd){.fd = c->back[0], .events = POLLIN};
		if (poll(p, 2, (int)left) > 0 && p[1].revents)
			service_back(c);
	}
	if (r == -EPIPE)
		return vu_conn_lose(c, "the back-end closed the connection after %s",
				    name_of(request));
	if (r)
		return vu_conn_lose(c, "the back-end answers %s with %s", name_of(request),
				    c->answers.why);
	return 0;
}

int vu_answer(struct vu_conn *c, uint32_t request, struct vop_vu_msg *answer)
{
	int r = next_answer(c, request, answer);

	if (r || answer->h.request == request)
		return r;
	vop_vu_close_fds(answer);
	return vu_conn_lose(c, "the back-end answers %s with an answer to request %u",
			    name_of(request), answer->h.request);
}

int vu_settle(struct vu_conn *c)
{
	struct vop_vu_msg late;
	int r = c->owed ? vu_answer(c, c->owed, &late) : 0;

	if (c->owed && !r) {
		vop_vu_close_fds(&late);
		c->owed = 0;
	}
	return r;
}

int vu_ask(struct vu_conn *c, struct vop_vu_msg *m, struct vop_vu_msg *answer)
{
	bool answered = vop_vu_has_answer(m->h.request);
	struct vop_vu_msg ack;
	int r = vu_settle(c);

	if (r)
		return r;
	m->h.flags = VOP_VU_VERSION;
	if (!answered && vu_agreed(c, VOP_VU_PF_REPLY_ACK))
		m->h.flags |= VOP_VU_NEED_REPLY;
	r = vu_tell(c, m);
	if (r || !(answered || m->h.flags & VOP_VU_NEED_REPLY))
		return r;
	r = vu_answer(c, m->h.request, answered ? answer : &ack);
	if (r == -ETIMEDOUT)
		c->owed = m->h.request;
	if (r || answered)
		return r;
	if (!ack.u64)
		return 0;
	note(c, "the back-end refuses %s", name_of(m->h.request));
	return -EINVAL;
}

int vu_ask_u64(struct vu_conn *c, uint32_t request, uint64_t v)
{
	struct vop_vu_msg m = {.h = {.request = request, .size = sizeof(v)}, .u64 = v};

	return vu_ask(c, &m, NULL);
}

int vu_get_u64(struct vu_conn *c, uint32_t request, uint64_t *v)
{
	struct vop_vu_msg m = {.h = {.request = request}}, a;
	int r = vu_ask(c, &m, &a);

	if (!r)
		*v = a.u64;
	return r;
}

int vu_ask_state(struct vu_conn *c, uint32_t request, uint32_t index, uint32_t num)
{
	struct vop_vu_msg m = {
		.h = {.request = request, .size = sizeof(m.state)},
		.state = {.index = index, .num = num},
	};

	return vu_ask(c, &m, NULL);
}

int vu_ask_ring_fd(struct vu_conn *c, uint32_t request, uint32_t index, int fd)
{
	struct vop_vu_msg m = {.h = {.request = request, .size = sizeof(m.u64)},
			       .u64 = index | (fd < 0 ? VOP_VU_RING_NOFD : 0),
			       .fd = {fd},
			       .fds = fd >= 0};

	return vu_ask(c, &m, NULL);
}

/* --- the back-end's own requests --- */

/* What it wants to know is whether we took it. A back-end that does not read our answers must not
 * stop us: its channel is closed instead. */
static int acknowledge(struct vu_conn *c, const struct vop_vu_msg *m, uint64_t result)
{
	struct vop_vu_msg a = {
		.h = {.request = m->h.request,
		      .flags = VOP_VU_VERSION | VOP_VU_REPLY,
		      .size = sizeof(a.u64)},
		.u64 = result,
	};

	return m->h.flags & VOP_VU_NEED_REPLY ? vop_vu_send(c->back[0], &a, 0) : 0;
}

static int take_request(struct vu_conn *c, struct vop_vu_msg *m)
{
	bool known = m->h.request == VOP_VU_BACKEND_CONFIG_CHANGE;

	if (known)
		c->events |= TARGET_EVENT_CONFIG;
	vop_vu_close_fds(m);
	return acknowledge(c, m, !known);
}

/* A channel that the back-end gave up, or speaks nonsense on, is no use; the device may go on. */
static void close_back(struct vu_conn *c)
{
	if (c->back[0] < 0)
		return;
	vop_vu_stream_fini(&c->requests);
	close(c->back[0]);
	c->back[0] = -1;
}

static void service_back(struct vu_conn *c)
{
	struct vop_vu_msg m;
	unsigned i;
	int r = 0;

	for (i = 0; i < REQUESTS_PER_SERVICE && c->back[0] >= 0 && !r; i++) {
		r = vop_vu_recv(&c->requests, &m);
		if (!r)
			r = take_request(c, &m);
	}
	if (r && r != -EAGAIN)
		close_back(c);
}

int vu_service(struct vu_conn *c)
{
	struct vop_vu_msg m;
	int r;

	if (c->lost)
		return -EPIPE;
	if (vop_fault_broken(&c->mem.fault))
		return vu_conn_lose(c, "the memory shared with the back-end is gone");
	service_back(c);
	r = vop_vu_recv(&c->answers, &m);
	if (r == -EAGAIN)
		return 0;
	if (!r && c->owed && m.h.request == c->owed) {
		vop_vu_close_fds(&m);
		c->owed = 0;
		return 0;
	}
	if (r == -EPIPE)
		return vu_conn_lose(c, "the back-end closed the connection");
	if (r)
		return vu_conn_lose(c, "the back-end sent %s", c->answers.why);
	vop_vu_close_fds(&m);
	return vu_conn_lose(c, "the back-end answers what it was not asked (request %u)",
			    m.h.request);
}

/* --- memory --- */

uint64_t vu_user(const struct vu_conn *c, uint64_t guest)
{
	return guest - VU_GUEST_BASE + (uintptr_t)c->mem.map;
}

static struct vop_vu_region region_of(const struct vu_conn *c)
{
	return (struct vop_vu_region){
		.guest = VU_GUEST_BASE,
		.size = c->mem.size,
		.user = (uintptr_t)c->mem.map,
	};
}

static int hand_over_memory(struct vu_conn *c)
{
	struct vop_vu_msg m = {.fd = {c->mem.fd}, .fds = 1};

	if (vu_agreed(c, VOP_VU_PF_CONFIGURE_MEM_SLOTS)) {
		m.h = (struct vop_vu_header){.request = VOP_VU_ADD_MEM_REG, .size = sizeof(m.one)};
		m.one.region = region_of(c);
		return vu_ask(c, &m, NULL);
	}
	m.h = (struct vop_vu_header){
		.request = VOP_VU_SET_MEM_TABLE,
		.size = offsetof(struct vop_vu_mem_table, region) + sizeof(m.mem.region[0]),
	};
	m.mem.n = 1;
	m.mem.region[0] = region_of(c);
	return vu_ask(c, &m, NULL);
}

/* --- beginning --- */

static int agree(struct vu_conn *c)
{
	unsigned i;
	int r = vu_get_u64(c, VOP_VU_GET_FEATURES, &c->features);

	if (r || !(c->features >> VOP_VU_F_PROTOCOL_FEATURES & 1))
		return r;
	r = vu_get_u64(c, VOP_VU_GET_PROTOCOL_FEATURES, &c->protocol);
	if (r)
		return r;
	for (i = 0; i < VOP_ARRAY_SIZE(wanted); i++)
		c->agreed |= c->protocol & 1ull << wanted[i];
	/* Its answers come over REPLY_ACK's way only once this has been said. */
	return vu_tell(c, &(struct vop_vu_msg){.h = {.request = VOP_VU_SET_PROTOCOL_FEATURES,
						     .flags = VOP_VU_VERSION,
						     .size = sizeof(uint64_t)},
					       .u64 = c->agreed});
}

static int open_back(struct vu_conn *c)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_SET_BACKEND_REQ_FD}, .fds = 1};
	int r;

	if (!vu_agreed(c, VOP_VU_PF_BACKEND_REQ))
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->back)) {
		c->back[0] = c->back[1] = -1;
		return -errno;
	}
	vop_vu_stream_init(&c->requests, c->back[0], VOP_VU_FROM_BACK);
	m.fd[0] = c->back[1];
	r = vu_ask(c, &m, NULL);
	close(c->back[1]);
	c->back[1] = -1;
	return r;
}

static int greet(struct vu_conn *c)
{
	struct vop_vu_msg owner = {.h = {.request = VOP_VU_SET_OWNER}};
	uint64_t n = 0;
	int r = agree(c);

	if (!r)
		r = vu_ask(c, &owner, NULL);
	if (!r && vu_agreed(c, VOP_VU_PF_MQ))
		r = vu_get_u64(c, VOP_VU_GET_QUEUE_NUM, &n);
	c->queues = (unsigned)VOP_MIN(n, (uint64_t)UINT16_MAX);
	if (!r)
		r = open_back(c);
	return r ? r : hand_over_memory(c);
}

static int dial(struct vu_conn *c, const char *path, int timeout_ms)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int64_t end = now_ms() + timeout_ms;
	int e;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	/* Not blocking: with a full backlog connect() would wait as long as the back-end likes. */
	c->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->sock < 0)
		return -errno;
	while (connect(c->sock, (struct sockaddr *)&a, sizeof(a))) {
		e = errno;
		if (e != ENOENT && e != ECONNREFUSED && e != EINTR && e != EAGAIN)
			return -e;
		if (timeout_ms >= 0 && now_ms() >= end)
			return -e;
		poll(NULL, 0, RETRY_MS);
	}
	return 0;
}

int vu_wait_of(int ms)
{
	return ms < 0 ? INT32_MAX : ms;
}

int vu_conn_open(struct vu_conn *c, const struct target_config *cfg, const char *path,
		 struct vop_error *err)
{
	const size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	uint64_t size =
		vop_align_up(cfg->window_size ? cfg->window_size : 64u << 20, VOP_WINDOW_ALIGN);
	int r;

	*c = (struct vu_conn){.sock = -1, .back = {-1, -1}, .mem = VOP_WINDOW_INIT};
	c->timeout_ms = vu_wait_of(cfg->timeout_ms);
	if (strlen(path) > max || path[0] == '\0')
		return target_error(err, path[0] ? -ENAMETOOLONG : -EINVAL,
				    "the path of a vhost-user: target has 1 to %zu bytes, not %zu",
				    max, strlen(path));
	r = vop_window_create(&c->mem, size, cfg->no_huge);
	if (r)
		return target_error(err, r,
				    "no memory of %llu bytes to share with the back-end: %s",
				    (unsigned long long)size, strerror(-r));
	r = dial(c, path, cfg->timeout_ms);
	if (r) {
		target_error(err, r, "no back-end at %s: %s; start one, or wait longer (--timeout)",
			     path, strerror(-r));
		vu_conn_close(c);
		return r == -ENOENT || r == -ECONNREFUSED || r == -EAGAIN || r == -EINTR
			       ? -ETIMEDOUT
			       : r;
	}
	vop_vu_stream_init(&c->answers, c->sock, VOP_VU_ANSWERS);
	if (cfg->request_ms)
		c->timeout_ms = vu_wait_of(cfg->request_ms);
	r = greet(c);
	if (r) {
		target_error(err, r, "the back-end at %s does not come to terms: %s", path,
			     c->reason[0] ? c->reason : strerror(-r));
		vu_conn_close(c);
		return r;
	}
	return 0;
}

void vu_conn_close(struct vu_conn *c)
{
	vop_vu_stream_fini(&c->answers);
	close_back(c);
	if (c->sock >= 0)
		close(c->sock);
	c->sock = -1;
	vop_window_destroy(&c->mem);
}
