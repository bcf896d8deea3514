/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handshake of the shm link; rendezvous.h tells who says what. The name is meeting.c's.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vop/page.h>

#include "vop/meeting.h"
#include "vop/rendezvous.h"

/* How long a listener lets a connected but silent process keep it from others, per message. */
#define LISTENER_PATIENCE_MS 1000
/* How long a connecter waits for an answer: others may be before it in the listener's queue. */
#define CONNECTER_PATIENCE_MS 5000
/* A listener that hangs up without a word is about to close, or is no node. */
#define HANGUPS_MAX 100
#define RETRY_MS    20
/* While waiting: how often to see whether somebody removed our name. */
#define NAME_CHECK_MS 1000

/* What one handshake needs; everything but `sock` belongs to the caller of vop_rdv_join(). */
struct handshake {
	const struct vop_shm_config *cfg;
	const struct vop_window *own;
	uint32_t doorbells;
	struct vop_window *peer_window;
	struct vop_peer *peer;
	struct vop_error *err;
	int64_t deadline; /* of the whole join; negative: none */
	int sock;
};

static const char *role_name(uint32_t role)
{
	return role == VOP_HOST	      ? "host"
	       : role == VOP_ENDPOINT ? "endpoint"
				      : "node of unknown role";
}

__attribute__((format(printf, 3, 4))) static int fail(const struct handshake *h, int code,
						      const char *fmt, ...)
{
	int n = snprintf(h->err->text, sizeof(h->err->text), "%s: ", h->cfg->path);
	va_list ap;

	if (n < 0 || (size_t)n >= sizeof(h->err->text))
		return code;
	va_start(ap, fmt);
	vsnprintf(h->err->text + n, sizeof(h->err->text) - (size_t)n, fmt, ap);
	va_end(ap);
	return code;
}

/* --- messages --- */

static int send_hello(const struct handshake *h, enum vop_hello_kind kind, unsigned reason)
{
	struct vop_hello m = {
		.magic = htole32(VOP_HELLO_MAGIC),
		.kind = htole16((uint16_t)kind),
		.reason = htole16((uint16_t)reason),
		.major = htole16(VOP_VERSION_MAJOR),
		.minor = htole16(VOP_VERSION_MINOR),
		.role = htole32(h->cfg->self),
		.window_base = htole64(VOP_WINDOW_BASE(h->cfg->self)),
		.window_size = htole64(h->own->size),
		.pid = htole32((uint32_t)getpid()),
		.doorbells = htole32(h->doorbells),
	};
	struct iovec v = {.iov_base = &m, .iov_len = sizeof(m)};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} c = {0};
	struct msghdr mh = {.msg_iov = &v, .msg_iovlen = 1};

	if (kind == VOP_HELLO) {
		mh.msg_control = c.bytes;
		mh.msg_controllen = sizeof(c.bytes);
		c.align.cmsg_level = SOL_SOCKET;
		c.align.cmsg_type = SCM_RIGHTS;
		c.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.align), &h->own->fd, sizeof(int));
	}
	return sendmsg(h->sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int vop_rdv_take_fd(struct msghdr *mh)
{
	static const struct linger off = {0};
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int got;

			memcpy(&got, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			/* Ours may be the last reference to a TCP socket whose owner told the
			 * kernel that close() waits for data to be taken; nobody would ever take
			 * it. */
			setsockopt(got, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
			if (fd < 0)
				fd = got;
			else
				close(got);
		}
	}
	return fd;
}

/*
 * Take one message within patience_ms. Its length (0: hung up), *fd the descriptor it carried or
 * -1; -ETIMEDOUT, -ECANCELED; a reset connection counts as hung up.
 */
static ssize_t recv_hello(const struct handshake *h, int patience_ms, struct vop_hello *m, int *fd)
{
	int64_t until = vop_now_ms() + patience_ms;
	struct iovec v = {.iov_base = m, .iov_len = sizeof(*m)};
	union {
		struct cmsghdr align;
		char bytes[VOP_RDV_CONTROL];
	} c;
	struct msghdr mh = {.msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = c.bytes,
			    .msg_controllen = sizeof(c.bytes)};
	ssize_t n;
	int err;

	*fd = -1;
	memset(m, 0, sizeof(*m));
	if (h->deadline >= 0)
		until = VOP_MIN(until, h->deadline);
	err = vop_wait_fd(h->sock, POLLIN, until, h->cfg->cancel_fd);
	if (err)
		return err;
	n = recvmsg(h->sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	/* Hanging up on unread bytes resets the connection; what was said before is still there. */
	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(h->sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return 0;
	*fd = vop_rdv_take_fd(&mh);
	if (n == 0 && *fd >= 0) {
		/* An empty message looks like the end, and is taken for it. */
		close(*fd);
		*fd = -1;
	}
	return n;
}

/* --- judging what the other node says --- */

/* Magic, version and length come first and alone: nothing else of a foreign message means anything.
 */
static int check_kind(const struct handshake *h, const struct vop_hello *m, ssize_t len)
{
	if (len < (ssize_t)offsetof(struct vop_hello, role))
		return fail(h, -EPROTO,
			    "the other side does not speak VOP (%zd bytes where HELLO is %zu)", len,
			    sizeof(*m));
	if (le32toh(m->magic) != VOP_HELLO_MAGIC)
		return fail(h, -EPROTO,
			    "the other side does not speak VOP (magic 0x%08x, not 0x%08x)",
			    le32toh(m->magic), VOP_HELLO_MAGIC);
	if (le16toh(m->major) != VOP_VERSION_MAJOR)
		return fail(h, -EPROTO, "the other node speaks VOP %u.%u, this one %u.%u",
			    le16toh(m->major), le16toh(m->minor), VOP_VERSION_MAJOR,
			    VOP_VERSION_MINOR);
	/* Later minor versions may append to a HELLO; what we know must be there. */
	if (len < (ssize_t)sizeof(*m))
		return fail(h, -EPROTO, "HELLO has %zd bytes, not %zu", len, sizeof(*m));
	return 0;
}

static int check_role(const struct handshake *h, const struct vop_hello *m)
{
	uint32_t role = le32toh(m->role);

	if (role == (uint32_t)h->cfg->self)
		return fail(h, -EEXIST, "the node that is here (pid %u) is a%s %s too",
			    le32toh(m->pid), role == VOP_ENDPOINT ? "n" : "", role_name(role));
	if (role > VOP_ENDPOINT)
		return fail(h, -EPROTO, "the other node has the unknown role %u", role);
	return 0;
}

/* Consumes fd. */
static int check_window(const struct handshake *h, const struct vop_hello *m, int fd)
{
	uint64_t base = le64toh(m->window_base), size = le64toh(m->window_size);
	uint64_t own = VOP_WINDOW_BASE(h->cfg->self);
	const char *why;
	int err;

	if (fd < 0)
		return fail(h, -EPROTO, "HELLO carries no window");
	/* Alignments are checked on bus addresses and must hold for the mapping too (VOP-102). */
	if (base % VOP_WINDOW_ALIGN) {
		close(fd);
		return fail(h, -EPROTO,
			    "the peer's window begins at 0x%llx, not at a multiple of 2 MiB",
			    (unsigned long long)base);
	}
	if (size > UINT64_MAX - base || (base < own + h->own->size && own < base + size)) {
		close(fd);
		return fail(
			h, -EPROTO,
			"the peer's window (0x%llx bytes at 0x%llx) wraps or overlaps this node's",
			(unsigned long long)size, (unsigned long long)base);
	}
	err = vop_window_adopt(h->peer_window, fd, size, &why);
	if (err)
		return fail(h, err, "%s (0x%llx bytes)", why, (unsigned long long)size);
	h->peer->window_base = base;
	h->peer->pid = le32toh(m->pid);
	h->peer->doorbells = le32toh(m->doorbells);
	return 0;
}

/* Why the other node refused, as our own error. */
static int refused(const struct handshake *h, const struct vop_hello *m)
{
	uint32_t role = le32toh(m->role);

	switch (le16toh(m->reason)) {
	case VOP_REFUSE_BUSY:
		return fail(h, -EADDRINUSE, "two nodes are joined here already (pid %u is one)",
			    le32toh(m->pid));
	case VOP_REFUSE_ROLE:
		return fail(h, -EEXIST, "the node that waits here (pid %u) is a%s %s too",
			    le32toh(m->pid), role == VOP_ENDPOINT ? "n" : "", role_name(role));
	case VOP_REFUSE_VERSION:
		return fail(h, -EPROTO,
			    "the other node (VOP %u.%u) does not accept magic 0x%08x, VOP %u.%u",
			    le16toh(m->major), le16toh(m->minor), VOP_HELLO_MAGIC,
			    VOP_VERSION_MAJOR, VOP_VERSION_MINOR);
	case VOP_REFUSE_WINDOW:
		return fail(h, -EPROTO, "the other node (pid %u) refuses this node's window",
			    le32toh(m->pid));
	default:
		return fail(h, -EPROTO, "the other node (pid %u) refuses, reason %u",
			    le32toh(m->pid), le16toh(m->reason));
	}
}

/* --- the listener --- */

/*
 * One connection: 0 joined; -EAGAIN go on listening (it was silent, left, or plays our own role);
 * else this node gives up.
 */
static int greet_connecter(const struct handshake *h)
{
	struct vop_hello m;
	ssize_t n;
	int fd, err;

	n = recv_hello(h, LISTENER_PATIENCE_MS, &m, &fd);
	if (n == -ECANCELED)
		return -ECANCELED;
	if (n <= 0)
		return -EAGAIN;
	err = check_kind(h, &m, n);
	if (!err && le16toh(m.kind) != VOP_HELLO)
		err = fail(h, -EPROTO, "message %u where HELLO was due", le16toh(m.kind));
	if (err) {
		send_hello(h, VOP_HELLO_REFUSE,
			   n < (ssize_t)sizeof(m) ? VOP_REFUSE_GARBAGE : VOP_REFUSE_VERSION);
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = check_role(h, &m);
	if (err) {
		send_hello(h, VOP_HELLO_REFUSE,
			   err == -EEXIST ? VOP_REFUSE_ROLE : VOP_REFUSE_GARBAGE);
		if (fd >= 0)
			close(fd);
		return err == -EEXIST ? -EAGAIN : err;
	}
	err = check_window(h, &m, fd);
	if (err) {
		send_hello(h, VOP_HELLO_REFUSE, VOP_REFUSE_WINDOW);
		return err;
	}
	if (send_hello(h, VOP_HELLO, 0))
		return -EAGAIN;
	n = recv_hello(h, LISTENER_PATIENCE_MS, &m, &fd);
	if (fd >= 0)
		close(fd);
	if (n == -ECANCELED)
		return -ECANCELED;
	if (n <= 0)
		return -EAGAIN;
	err = check_kind(h, &m, n);
	if (err)
		return err;
	if (le16toh(m.kind) == VOP_HELLO_REFUSE)
		return refused(h, &m);
	if (le16toh(m.kind) != VOP_HELLO_READY)
		return fail(h, -EPROTO, "message %u where READY was due", le16toh(m.kind));
	return 0;
}

/* Wait for the other node: 0 joined; -ESTALE our name was removed; -ETIMEDOUT, -ECANCELED, ... */
static int listen_for_peer(struct vop_rdv *r, struct handshake *h)
{
	for (;;) {
		int64_t until = vop_now_ms() + NAME_CHECK_MS;
		int err;

		if (h->deadline >= 0)
			until = VOP_MIN(until, h->deadline);
		err = vop_wait_fd(r->listen_fd, POLLIN, until, h->cfg->cancel_fd);
		if (err == -ETIMEDOUT && !(h->deadline >= 0 && vop_now_ms() >= h->deadline)) {
			if (!vop_meeting_is_ours(r))
				return -ESTALE;
			continue;
		}
		if (err)
			return err;
		h->sock = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (h->sock < 0) {
			if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
				continue;
			return fail(h, -errno, "cannot accept: %s", strerror(errno));
		}
		err = greet_connecter(h);
		if (!err) {
			r->sock = h->sock;
			return 0;
		}
		close(h->sock);
		vop_window_destroy(h->peer_window);
		if (err != -EAGAIN)
			return err;
		/* What was wrong with that one is not why we may end later. */
		h->err->text[0] = 0;
	}
}

/* --- the connecter --- */

/* 0 joined; -EAGAIN the listener hung up without a word; else this node gives up. */
static int greet_listener(struct vop_rdv *r, struct handshake *h)
{
	struct vop_hello m;
	ssize_t n;
	int fd, err;

	h->sock = r->sock;
	/* A listener that hung up already may have left a refusal: look at that either way. */
	send_hello(h, VOP_HELLO, 0);
	n = recv_hello(h, CONNECTER_PATIENCE_MS, &m, &fd);
	if (n == -ETIMEDOUT && !(h->deadline >= 0 && vop_now_ms() >= h->deadline))
		return fail(h, -EPROTO,
			    "the process that listens here does not answer as a VOP node");
	if (n < 0)
		return (int)n;
	if (n == 0)
		return -EAGAIN;
	err = check_kind(h, &m, n);
	if (!err && le16toh(m.kind) == VOP_HELLO_REFUSE)
		err = refused(h, &m);
	if (!err && le16toh(m.kind) != VOP_HELLO)
		err = fail(h, -EPROTO, "message %u where HELLO was due", le16toh(m.kind));
	if (!err)
		err = check_role(h, &m);
	if (err) {
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = check_window(h, &m, fd);
	if (err) {
		send_hello(h, VOP_HELLO_REFUSE, VOP_REFUSE_WINDOW);
		return err;
	}
	if (send_hello(h, VOP_HELLO_READY, 0)) {
		vop_window_destroy(h->peer_window);
		return -EAGAIN;
	}
	return 0;
}

/* --- both --- */

static void hang_up(struct vop_rdv *r)
{
	if (r->sock >= 0)
		close(r->sock);
	r->sock = -1;
}

static void stop_listening(struct vop_rdv *r)
{
	vop_meeting_remove(r, false);
	close(r->listen_fd);
	r->listen_fd = -1;
}

/* Connect or listen, whichever the name allows, until joined or sure of an error. */
static int meet(struct vop_rdv *r, struct handshake *h)
{
	unsigned hangups = 0;
	int err;

	for (;;) {
		err = vop_meeting_enter(r, h->deadline, h->cfg->cancel_fd);
		if (!err && r->listen_fd >= 0) {
			err = listen_for_peer(r, h);
			if (err)
				stop_listening(r);
			if (err != -ESTALE)
				return err;
			continue;
		}
		if (!err) {
			err = greet_listener(r, h);
			if (!err)
				return 0;
			hang_up(r);
			if (err == -EAGAIN && ++hangups > HANGUPS_MAX)
				return fail(
					h, -EPROTO,
					"the process that listens here hangs up without a word; "
					"is it a VOP node?");
		}
		if (err != -EAGAIN)
			return err;
		if (h->deadline >= 0 && vop_now_ms() >= h->deadline)
			return -ETIMEDOUT;
		err = vop_wait_fd(-1, 0, vop_now_ms() + RETRY_MS, h->cfg->cancel_fd);
		if (err != -ETIMEDOUT)
			return err;
	}
}

/* Words for errors that come without some. */
static int explain(const struct handshake *h, int err)
{
	if (h->err->text[0])
		return err;
	switch (err) {
	case -ETIMEDOUT:
		return fail(h, err, "no %s came within %d ms",
			    role_name(h->cfg->self == VOP_HOST ? VOP_ENDPOINT : VOP_HOST),
			    h->cfg->timeout_ms);
	case -ECANCELED:
		return fail(h, err, "cancelled");
	case -ENAMETOOLONG:
		return fail(h, err, "the path of a socket has at most 107 bytes");
	case -EPROTOTYPE:
		return fail(h, -EPROTO, "another program's socket listens here, no VOP node's");
	case -ENOTSOCK:
		return fail(h, -EADDRINUSE, "there is something else of that name, not a socket");
	default:
		return fail(h, err, "%s", strerror(-err));
	}
}

int vop_rdv_join(struct vop_rdv *r, const struct vop_shm_config *cfg, const struct vop_window *own,
		 uint32_t doorbells, struct vop_window *peer_window, struct vop_peer *peer,
		 struct vop_error *err)
{
	struct handshake h = {
		.cfg = cfg,
		.own = own,
		.doorbells = doorbells,
		.peer_window = peer_window,
		.peer = peer,
		.err = err,
		.deadline = cfg->timeout_ms < 0 ? -1 : vop_now_ms() + cfg->timeout_ms,
		.sock = -1,
	};
	int code;

	*r = (struct vop_rdv){.sock = -1, .listen_fd = -1, .dir_fd = -1};
	*peer_window = VOP_WINDOW_INIT;
	err->text[0] = 0;
	code = vop_meeting_open(r, cfg->path);
	if (!code)
		code = meet(r, &h);
	if (!code)
		return 0;
	code = explain(&h, code);
	hang_up(r);
	if (r->dir_fd >= 0)
		close(r->dir_fd);
	r->dir_fd = -1;
	return code;
}

int vop_rdv_turn_away(struct vop_rdv *r)
{
	struct vop_hello m = {
		.magic = htole32(VOP_HELLO_MAGIC),
		.kind = htole16(VOP_HELLO_REFUSE),
		.reason = htole16(VOP_REFUSE_BUSY),
		.major = htole16(VOP_VERSION_MAJOR),
		.minor = htole16(VOP_VERSION_MINOR),
		.pid = htole32((uint32_t)getpid()),
	};
	int s = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (s < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -errno;
	send(s, &m, sizeof(m), MSG_NOSIGNAL | MSG_DONTWAIT);
	/*
	 * Take its HELLO out, or closing would reset the connection; its window falls away
	 * unseen.
	 */
	recv(s, &m, sizeof(m), MSG_DONTWAIT);
	close(s);
	return 1;
}

void vop_rdv_leave(struct vop_rdv *r, bool peer_lost)
{
	if (r->dir_fd < 0)
		return;
	/* The name goes first: whoever finds it gone makes a new one, instead of knocking at a
	 * socket that is about to close. */
	vop_meeting_remove(r, peer_lost);
	hang_up(r);
	if (r->listen_fd >= 0)
		close(r->listen_fd);
	close(r->dir_fd);
	*r = (struct vop_rdv){.sock = -1, .listen_fd = -1, .dir_fd = -1};
}
