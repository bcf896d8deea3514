/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shm link: control messages on a UNIX socket, copies through the mapped windows. How the two
 * processes meet is rendezvous.c, windows are window.c, doorbells doorbell_table.c.
 *
 * Sending never blocks and never loses. A nudge is a bit per device, a doorbell an entry of the
 * table: what does not fit into the socket stays there and goes out from later calls, doorbells
 * first, since a nudge may announce a block that names them.
 *
 * Ordering of a message after earlier stores into a window: send and receive of a socket take the
 * same kernel lock, so whatever the sender stored before is visible to the receiver after.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vop/copy.h>
#include <vop/doorbell.h>
#include <vop/page.h>

#include "vop/doorbell_table.h"
#include "vop/link_shm.h"
#include "vop/rendezvous.h"
#include "vop/window.h"

/* Third nodes answered in one recv(): a crowd of them must not keep the node from its work. */
#define TURN_AWAY_MAX 4

/* struct vop_msg as it crosses. */
struct wire_msg {
	vop_le16 type;
	uint8_t creator, reserved;
	vop_le16 slot, reserved2;
	vop_le32 arg, arg2;
};
_Static_assert(sizeof(struct wire_msg) == 16, "messages are 16 bytes");
_Static_assert(VOP_SLOTS <= 64, "a word holds one bit per slot");

struct shm_link {
	struct vop_link link; /* first: a struct vop_link * is one of these */
	struct vop_rdv rdv;
	struct vop_window own, peer;
	struct vop_db_table doorbells;
	uint64_t nudges[2]; /* by creator: slots of which the peer is still to be told */
	bool bye;	    /* the peer is still to be told BYE */
	bool want_out;	    /* epoll watches for room in the socket */
	int epoll_fd;
	int down; /* what every call says from now on; 0: the link is up */
};

static struct shm_link *of(struct vop_link *l)
{
	return (struct shm_link *)l;
}

static int go_down(struct shm_link *s, int err)
{
	if (!s->down) {
		s->down = err;
		shutdown(s->rdv.sock, SHUT_RDWR);
	}
	return s->down;
}

/* --- sending --- */

/* 0; -EAGAIN no room; -EPIPE. fd goes along when it is not -1. */
static int send_wire(struct shm_link *s, uint16_t type, unsigned creator, unsigned slot,
		     uint32_t arg, int fd)
{
	struct wire_msg m = {.type = htole16(type),
			     .creator = (uint8_t)creator,
			     .slot = htole16((uint16_t)slot),
			     .arg = htole32(arg)};
	struct iovec v = {.iov_base = &m, .iov_len = sizeof(m)};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} c = {0};
	struct msghdr mh = {.msg_iov = &v, .msg_iovlen = 1};

	if (fd >= 0) {
		mh.msg_control = c.bytes;
		mh.msg_controllen = sizeof(c.bytes);
		c.align.cmsg_level = SOL_SOCKET;
		c.align.cmsg_type = SCM_RIGHTS;
		c.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.align), &fd, sizeof(int));
	}
	if (sendmsg(s->rdv.sock, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ENOBUFS:
	case ENOMEM:
	case ETOOMANYREFS: /* too many descriptors under way that the peer has not taken */
		return -EAGAIN;
	default:
		return -EPIPE;
	}
}

static int flush_doorbells(struct shm_link *s)
{
	int64_t n;

	while ((n = vop_db_table_next_news(&s->doorbells)) >= 0) {
		const struct vop_db_own *o = &s->doorbells.own[n];
		bool listen = o->news == VOP_DB_NEWS_LISTEN;
		int err = send_wire(s, listen ? VOP_MSG_DOORBELL : VOP_MSG_UNLISTEN, 0, 0,
				    (uint32_t)n, listen ? o->tx : -1);

		if (err)
			return err;
		vop_db_table_told(&s->doorbells, (uint32_t)n);
	}
	return 0;
}

static int flush_nudges(struct shm_link *s)
{
	for (unsigned creator = 0; creator < 2; creator++) {
		while (s->nudges[creator]) {
			unsigned slot = (unsigned)__builtin_ctzll(s->nudges[creator]);
			int err = send_wire(s, VOP_MSG_NUDGE, creator, slot, 0, -1);

			if (err)
				return err;
			s->nudges[creator] &= s->nudges[creator] - 1;
		}
	}
	return 0;
}

static bool anything_to_say(const struct shm_link *s)
{
	return s->doorbells.news || s->nudges[0] || s->nudges[1] || s->bye;
}

/* Ask epoll for the moment there is room again, while something waits for it. */
static void watch_for_room(struct shm_link *s)
{
	bool want = anything_to_say(s);
	struct epoll_event e = {.events = EPOLLIN | (want ? EPOLLOUT : 0)};

	if (want != s->want_out && !epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, s->rdv.sock, &e))
		s->want_out = want;
}

/* 0, also when something has to wait; -EPIPE. */
static int flush(struct shm_link *s)
{
	int err = 0;

	if (!anything_to_say(s) && !s->want_out)
		return 0;
	err = flush_doorbells(s);
	if (!err)
		err = flush_nudges(s);
	if (!err && s->bye) {
		err = send_wire(s, VOP_MSG_BYE, 0, 0, 0, -1);
		s->bye = err != 0;
	}
	watch_for_room(s);
	return err == -EAGAIN ? 0 : err;
}

static int shm_send(struct vop_link *l, const struct vop_msg *m)
{
	struct shm_link *s = of(l);

	if (s->down)
		return s->down;
	switch (m->type) {
	case VOP_MSG_NUDGE:
		if (m->creator > VOP_ENDPOINT || m->slot >= VOP_SLOTS || m->arg || m->arg2)
			return -EINVAL;
		s->nudges[m->creator] |= (uint64_t)1 << m->slot;
		break;
	case VOP_MSG_BYE:
		s->bye = true;
		break;
	default:
		return -EINVAL;
	}
	return flush(s);
}

/* --- receiving --- */

/* Bytes of the message, 0 hung up, negative errno; *fd the first descriptor it carried or -1. */
static ssize_t recv_wire(struct shm_link *s, struct wire_msg *m, int *fd)
{
	/* One byte more than a message, so that a longer one shows. */
	char more;
	struct iovec v[2] = {{.iov_base = m, .iov_len = sizeof(*m)},
			     {.iov_base = &more, .iov_len = 1}};
	union {
		struct cmsghdr align;
		char bytes[VOP_RDV_CONTROL];
	} c;
	struct msghdr mh = {.msg_iov = v,
			    .msg_iovlen = 2,
			    .msg_control = c.bytes,
			    .msg_controllen = sizeof(c.bytes)};
	ssize_t n = recvmsg(s->rdv.sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (n < 0)
		return -errno;
	*fd = vop_rdv_take_fd(&mh);
	return n;
}

/* Judge one message and act on what is the link's own business. fd is consumed. */
static int take_message(struct shm_link *s, const struct wire_msg *w, int fd, struct vop_msg *m)
{
	*m = (struct vop_msg){.type = le16toh(w->type),
			      .creator = w->creator,
			      .slot = le16toh(w->slot),
			      .arg = le32toh(w->arg),
			      .arg2 = le32toh(w->arg2)};
	if (m->type == VOP_MSG_DOORBELL)
		return fd < 0 ? -EPROTO : vop_db_table_offered(&s->doorbells, m->arg, fd);
	if (fd >= 0)
		close(fd);
	switch (m->type) {
	case VOP_MSG_NUDGE:
		return m->creator > VOP_ENDPOINT || m->slot >= VOP_SLOTS ? -EPROTO : 0;
	case VOP_MSG_UNLISTEN:
		return vop_db_table_withdrawn(&s->doorbells, m->arg);
	case VOP_MSG_BYE:
		return 0;
	default:
		return -EPROTO;
	}
}

/* Nothing from the peer, who is alive: see to processes that come to a link of two. */
static void turn_others_away(struct shm_link *s)
{
	for (unsigned i = 0; i < TURN_AWAY_MAX && s->rdv.listen_fd >= 0; i++) {
		int n = vop_rdv_turn_away(&s->rdv);

		/* Out of descriptors: stop watching, or event_fd would never rest again. */
		if (n < 0)
			epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->rdv.listen_fd, NULL);
		if (n <= 0)
			return;
	}
}

static int shm_recv(struct vop_link *l, struct vop_msg *m)
{
	struct shm_link *s = of(l);
	struct wire_msg w;
	ssize_t n;
	int fd, err;

	if (s->down)
		return s->down;
	if (vop_fault_broken(&s->own.fault) || vop_fault_broken(&s->peer.fault))
		return go_down(s, -EPROTO);
	/* The peer may be gone already and still have left messages: read on. */
	flush(s);
	n = recv_wire(s, &w, &fd);
	/*
	 * The peer went with messages of ours unread: what it said before comes after this
	 * error.
	 */
	if (n == -ECONNRESET)
		n = recv_wire(s, &w, &fd);
	if (n == -EAGAIN || n == -EINTR) {
		turn_others_away(s);
		return -EAGAIN;
	}
	if (n == (ssize_t)sizeof(w)) {
		err = take_message(s, &w, fd, m);
		return err ? go_down(s, err) : 0;
	}
	if (fd >= 0)
		close(fd);
	/* An empty message looks like the end, and is taken for it. */
	return go_down(s, n <= 0 ? -EPIPE : -EPROTO);
}

static int shm_event_fd(struct vop_link *l)
{
	return of(l)->epoll_fd;
}

/* --- copies --- */

/* Where len bytes at a bus address of the peer's window are, or NULL. */
static uint8_t *peer_at(const struct shm_link *s, uint64_t bus, size_t len)
{
	uint64_t off = bus - s->link.peer.base; /* wraps to something large when below */

	if (off > s->link.peer.size || len > s->link.peer.size - off)
		return NULL;
	return s->link.peer.map + off;
}

static int shm_copy_to(struct vop_link *l, uint64_t bus, const void *src, size_t len)
{
	uint8_t *p = peer_at(of(l), bus, len);

	if (of(l)->down)
		return of(l)->down;
	if (!p)
		return -EFAULT;
	vop_copy(p, src, len);
	return 0;
}

static int shm_copy_from(struct vop_link *l, void *dst, uint64_t bus, size_t len)
{
	const uint8_t *p = peer_at(of(l), bus, len);

	if (of(l)->down)
		return of(l)->down;
	if (!p)
		return -EFAULT;
	vop_copy(dst, p, len);
	return 0;
}

/* --- doorbells --- */

static int shm_db_listen(struct vop_link *l, uint32_t n, struct vop_doorbell *db)
{
	struct shm_link *s = of(l);
	int err;

	*db = VOP_DOORBELL_INIT;
	if (s->down)
		return s->down;
	err = vop_db_table_listen(&s->doorbells, n, db);
	if (err)
		return err;
	err = flush(s);
	if (err)
		vop_db_table_release(&s->doorbells, db);
	return err;
}

static int shm_db_connect(struct vop_link *l, uint32_t n, struct vop_doorbell *db)
{
	*db = VOP_DOORBELL_INIT;
	if (of(l)->down)
		return of(l)->down;
	return vop_db_table_connect(&of(l)->doorbells, n, db);
}

static void shm_db_close(struct vop_link *l, struct vop_doorbell *db)
{
	vop_db_table_release(&of(l)->doorbells, db);
	if (!of(l)->down)
		flush(of(l));
}

/* --- life --- */

static bool peer_hung_up(const struct shm_link *s)
{
	struct pollfd p = {.fd = s->rdv.sock, .events = POLLRDHUP};

	return s->down || (poll(&p, 1, 0) > 0 && p.revents);
}

static void shm_close(struct vop_link *l)
{
	struct shm_link *s = of(l);

	if (!s->down)
		flush(s);
	vop_rdv_leave(&s->rdv, peer_hung_up(s));
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	vop_db_table_close(&s->doorbells);
	vop_window_destroy(&s->peer);
	vop_window_destroy(&s->own);
	free(s);
}

static const struct vop_link_ops shm_ops = {
	.send = shm_send,
	.recv = shm_recv,
	.event_fd = shm_event_fd,
	.copy_to = shm_copy_to,
	.copy_from = shm_copy_from,
	.db_listen = shm_db_listen,
	.db_connect = shm_db_connect,
	.db_close = shm_db_close,
	.close = shm_close,
};

static int watch(struct shm_link *s)
{
	struct epoll_event in = {.events = EPOLLIN};

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0 || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->rdv.sock, &in))
		return -errno;
	if (s->rdv.listen_fd >= 0 && epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->rdv.listen_fd, &in))
		return -errno;
	return 0;
}

/* Everything after the peer is found: nothing here waits. */
static int set_up(struct shm_link *s, const struct vop_peer *peer, uint32_t budget)
{
	uint32_t own_doorbells = VOP_MIN(peer->doorbells, VOP_SHM_DOORBELLS);

	s->link.caps = (struct vop_link_caps){
		.mem_class = VOP_MEM_COHERENT,
		.maps = true,
		.doorbells = own_doorbells,
		.copy_align = 1,
		.copy_max = UINT32_MAX,
	};
	s->link.own.base = VOP_WINDOW_BASE(s->link.self);
	s->link.own.size = s->own.size;
	s->link.own.map = s->own.map;
	s->link.own.huge = s->own.huge;
	s->link.peer.base = peer->window_base;
	s->link.peer.size = s->peer.size;
	s->link.peer.map = s->peer.map;
	s->link.peer.huge = s->peer.huge;
	return vop_db_table_open(&s->doorbells, own_doorbells, budget) ?: watch(s);
}

static struct vop_link *give_up(struct shm_link *s, struct vop_error *err, int *error_code,
				int code, const char *what)
{
	if (!err->text[0])
		snprintf(err->text, sizeof(err->text), "%s: %s", what, strerror(-code));
	*error_code = code;
	if (s)
		shm_close(&s->link);
	return NULL;
}

struct vop_link *vop_link_shm_open(const struct vop_shm_config *cfg, struct vop_error *err,
				   int *error_code)
{
	struct shm_link *s = calloc(1, sizeof(*s));
	uint32_t budget = vop_db_table_budget();
	struct vop_peer peer;
	int code;

	err->text[0] = 0;
	if (!s)
		return give_up(NULL, err, error_code, -ENOMEM, "link");
	s->link.ops = &shm_ops;
	s->link.self = cfg->self;
	s->epoll_fd = -1;
	s->own = VOP_WINDOW_INIT;
	s->peer = VOP_WINDOW_INIT;
	s->rdv = (struct vop_rdv){.sock = -1, .listen_fd = -1, .dir_fd = -1};
	if (!cfg->window_size || cfg->window_size > VOP_WINDOW_MAX)
		return give_up(s, err, error_code, -EINVAL, "window size");
	code = vop_window_create(&s->own, vop_align_up(cfg->window_size, VOP_WINDOW_ALIGN),
				 cfg->no_huge);
	if (code)
		return give_up(s, err, error_code, code, "window");
	code = vop_rdv_join(&s->rdv, cfg, &s->own, budget, &s->peer, &peer, err);
	if (code)
		return give_up(s, err, error_code, code, cfg->path);
	code = set_up(s, &peer, budget);
	if (code)
		return give_up(s, err, error_code, code, cfg->path);
	*error_code = 0;
	return &s->link;
}
