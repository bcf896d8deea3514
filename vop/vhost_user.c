/* SPDX-License-Identifier: BSD-2-Clause */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "vop/vhost_user.h"

enum fds { NONE, ONE, RING, REGIONS, MAYBE };
enum answer { NEVER, ALWAYS };

struct form {
	uint32_t request;
	const char *name;
	uint32_t size;
	enum fds fds;
	enum answer answer;
};

#define FORM(sym, number, bytes, how, back)                                                        \
	{.request = (number), .name = #sym, .size = (bytes), .fds = (how), .answer = (back)},

static const struct form front[] = {VOP_VU_REQUESTS(FORM)};
static const struct form back[] = {VOP_VU_BACKEND_REQUESTS(FORM)};

static const struct form *form_of(uint32_t request, enum vop_vu_side side)
{
	const struct form *f = side == VOP_VU_FROM_BACK ? back : front;
	size_t n = side == VOP_VU_FROM_BACK ? VOP_ARRAY_SIZE(back) : VOP_ARRAY_SIZE(front), i;

	for (i = 0; i < n; i++)
		if (f[i].request == request)
			return &f[i];
	return NULL;
}

const char *vop_vu_name(uint32_t request, enum vop_vu_side side)
{
	const struct form *f = form_of(request, side);

	return f ? f->name : NULL;
}

bool vop_vu_has_answer(uint32_t request)
{
	const struct form *f = form_of(request, VOP_VU_FROM_FRONT);

	return f && f->answer == ALWAYS;
}

/* --- the form of a message --- */

static int wrong(const char **why, const char *what)
{
	*why = what;
	return -EPROTO;
}

static int check_header(const struct vop_vu_header *h, enum vop_vu_side side, const char **why)
{
	if ((h->flags & VOP_VU_VERSION_MASK) != VOP_VU_VERSION)
		return wrong(why, "a message of another version of the protocol");
	if (!(h->flags & VOP_VU_REPLY) != (side != VOP_VU_ANSWERS))
		return wrong(why, side == VOP_VU_ANSWERS ? "a request where an answer was due"
							 : "an answer to nothing");
	if (h->size > VOP_VU_PAYLOAD)
		return wrong(why, "a payload longer than any message has");
	return 0;
}

static int check_regions(const struct vop_vu_msg *m, const char **why)
{
	uint32_t n = m->mem.n;

	if (n > VOP_VU_REGIONS)
		return wrong(why, "a memory table with more than 8 regions");
	/* Front-ends are known to send more room than they use. */
	if (m->h.size < offsetof(struct vop_vu_mem_table, region) + n * sizeof(m->mem.region[0]))
		return wrong(why, "a memory table shorter than its regions");
	if (m->fds != n)
		return wrong(why, "a memory table with more or fewer descriptors than regions");
	return 0;
}

static int check_fds(const struct vop_vu_msg *m, enum fds how, const char **why)
{
	unsigned want = how == ONE ? 1 : 0;

	if (how == REGIONS)
		return check_regions(m, why);
	if (how == RING)
		want = m->u64 & VOP_VU_RING_NOFD ? 0 : 1;
	if (how == MAYBE)
		want = VOP_MIN(m->fds, 1u);
	if (m->fds > want)
		return wrong(why, "a message with descriptors that do not belong to it");
	if (m->fds < want)
		return wrong(why, "a message without the descriptor that belongs to it");
	return 0;
}

/* The part of GET_CONFIG and SET_CONFIG that has a length of its own. */
static int check_config(const struct vop_vu_msg *m, const char **why)
{
	if (m->h.request != VOP_VU_GET_CONFIG && m->h.request != VOP_VU_SET_CONFIG)
		return 0;
	if (m->config.size > VOP_VU_CONFIG_MAX)
		return wrong(why, "a configuration range longer than 256 bytes");
	if (m->h.size < offsetof(struct vop_vu_config, data) + m->config.size)
		return wrong(why, "a configuration message shorter than its range");
	return 0;
}

/* What an answer must have at least; those of REPLY_ACK are one number. */
static int check_answer(const struct vop_vu_msg *m, const char **why)
{
	bool books = m->h.request == VOP_VU_GET_INFLIGHT_FD;

	/* An answer to SET_LOG_BASE or a postcopy message may bring one; we send neither. */
	if (m->fds > (books ? 1 : 0))
		return wrong(why, "an answer with descriptors that do not belong to it");
	/* An empty payload is how a back-end refuses GET_CONFIG. */
	if (m->h.request == VOP_VU_GET_CONFIG)
		return m->h.size == 0 ? 0 : check_config(m, why);
	if (m->h.size < (books ? 20 : 8))
		return wrong(why, "an answer that is too short");
	return 0;
}

int vop_vu_check(const struct vop_vu_msg *m, enum vop_vu_side side, const char **why)
{
	const struct form *f = form_of(m->h.request, side);
	int r = check_header(&m->h, side, why);

	if (r || !f)
		return r;
	if (side == VOP_VU_ANSWERS)
		return check_answer(m, why);
	if (m->h.size < f->size)
		return wrong(why, "a payload shorter than its message needs");
	r = check_fds(m, f->fds, why);
	return r || side == VOP_VU_FROM_BACK ? r : check_config(m, why);
}

/* --- receiving --- */

void vop_vu_stream_init(struct vop_vu_stream *s, int fd, enum vop_vu_side side)
{
	*s = (struct vop_vu_stream){.fd = fd, .side = side};
}

void vop_vu_stream_fini(struct vop_vu_stream *s)
{
	vop_vu_close_fds(&s->in);
	s->have = 0;
}

void vop_vu_close_fds(struct vop_vu_msg *m)
{
	unsigned i;

	for (i = 0; i < m->fds; i++)
		if (m->fd[i] >= 0)
			close(m->fd[i]);
	m->fds = 0;
}

int vop_vu_take_fd(struct vop_vu_msg *m, unsigned i)
{
	int fd;

	if (i >= m->fds)
		return -1;
	fd = m->fd[i];
	m->fd[i] = -1;
	return fd;
}

/* Keep what fits of the descriptors that came along, close the rest. */
static int keep_fds(struct vop_vu_stream *s, struct msghdr *mh)
{
	struct cmsghdr *c;
	/* Too many for the room we gave, or for what this process may have open. */
	int r = mh->msg_flags & MSG_CTRUNC ? wrong(&s->why, "more descriptors than can be taken")
					   : 0;

	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t n, i;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (s->in.fds < VOP_VU_FDS) {
				s->in.fd[s->in.fds++] = fd;
				continue;
			}
			close(fd);
			r = wrong(&s->why, "more descriptors than a message can have");
		}
	}
	return r;
}

/* Read up to `upto` bytes of the message in all: 0 when they are there. */
static int fill(struct vop_vu_stream *s, size_t upto)
{
	while (s->have < upto) {
		/* One more than allowed, so that too many are told from enough. */
		union {
			char room[CMSG_SPACE((VOP_VU_FDS + 1) * sizeof(int))];
			struct cmsghdr align;
		} control;
		struct iovec v = {(uint8_t *)&s->in.h + s->have, upto - s->have};
		struct msghdr mh = {.msg_iov = &v,
				    .msg_iovlen = 1,
				    .msg_control = control.room,
				    .msg_controllen = sizeof(control.room)};
		ssize_t n;
		int r;

		/* The payload begins at a multiple of eight, the header has twelve bytes. */
		if (s->have >= sizeof(s->in.h))
			v.iov_base = s->in.bytes + (s->have - sizeof(s->in.h));
		n = recvmsg(s->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? -EAGAIN : -EPIPE;
		r = keep_fds(s, &mh);
		if (r)
			return r;
		if (n == 0)
			return s->have ? wrong(&s->why, "a message that breaks off") : -EPIPE;
		s->have += (size_t)n;
	}
	return 0;
}

int vop_vu_recv(struct vop_vu_stream *s, struct vop_vu_msg *out)
{
	int r;

	if (s->why)
		return -EPROTO;
	if (s->have == 0)
		memset(&s->in, 0, sizeof(s->in)); /* what is not sent reads as zero */
	r = fill(s, sizeof(s->in.h));
	if (!r)
		r = check_header(&s->in.h, s->side, &s->why);
	if (!r)
		r = fill(s, sizeof(s->in.h) + s->in.h.size);
	if (!r)
		r = vop_vu_check(&s->in, s->side, &s->why);
	if (r) {
		if (r != -EAGAIN)
			vop_vu_stream_fini(s);
		return r;
	}
	*out = s->in;
	s->in.fds = 0;
	s->have = 0;
	return 0;
}

/* --- sending --- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* end negative: for ever */
static int wait_for_room(int fd, int64_t end)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int64_t left = end < 0 ? -1 : end - now_ms();

	if (end >= 0 && left <= 0)
		return -ETIMEDOUT;
	poll(&p, 1, (int)left);
	return 0;
}

int vop_vu_send(int fd, const struct vop_vu_msg *m, int timeout_ms)
{
	union {
		char room[CMSG_SPACE(VOP_VU_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	size_t sent = 0, whole = sizeof(m->h) + m->h.size;
	int64_t end = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	int r = 0;

	if (m->h.size > VOP_VU_PAYLOAD || m->fds > VOP_VU_FDS)
		return -EMSGSIZE;
	while (sent < whole && !r) {
		struct iovec v[2] = {{(void *)(uintptr_t)&m->h, sizeof(m->h)},
				     {(void *)(uintptr_t)m->bytes, m->h.size}};
		struct msghdr mh = {.msg_iov = v, .msg_iovlen = 2};
		size_t of_head = VOP_MIN(sent, sizeof(m->h));
		ssize_t n;

		v[0].iov_base = (uint8_t *)v[0].iov_base + of_head;
		v[0].iov_len -= of_head;
		v[1].iov_base = (uint8_t *)v[1].iov_base + (sent - of_head);
		v[1].iov_len -= sent - of_head;
		/* They go with the first byte, once. */
		if (sent == 0 && m->fds) {
			struct cmsghdr *c = &control.align;

			c->cmsg_level = SOL_SOCKET;
			c->cmsg_type = SCM_RIGHTS;
			c->cmsg_len = CMSG_LEN(m->fds * sizeof(int));
			memcpy(CMSG_DATA(c), m->fd, m->fds * sizeof(int));
			mh.msg_control = control.room;
			mh.msg_controllen = CMSG_SPACE(m->fds * sizeof(int));
		}
		n = sendmsg(fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			r = wait_for_room(fd, end);
		else if (errno != EINTR)
			r = sent == 0 && (errno == EBADF || errno == ETOOMANYREFS) ? -errno
										   : -EPIPE;
	}
	return r;
}
