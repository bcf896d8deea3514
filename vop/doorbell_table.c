/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doorbells of one shm link; doorbell_table.h tells what for.
 *
 * A connected doorbell's descriptor number never changes while somebody holds it: pollers ring it
 * from other threads, and a number that was closed could be another file a moment later. So a new
 * offer, and the loss of an old one, replace the file behind the number (dup3 does it atomically).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vop/doorbell_table.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

/* Descriptors left to everything that is not a doorbell. */
#define DESCRIPTORS_ELSEWHERE 256

uint32_t vop_db_table_budget(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return 64;
	if (r.rlim_cur < r.rlim_max) {
		rlim_t soft = r.rlim_cur;

		r.rlim_cur = r.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &r))
			r.rlim_cur = soft;
	}
	if (r.rlim_cur < DESCRIPTORS_ELSEWHERE + 128)
		return 64;
	return (uint32_t)VOP_MIN((r.rlim_cur - DESCRIPTORS_ELSEWHERE) / 2, VOP_SHM_DOORBELLS);
}

int vop_db_table_open(struct vop_db_table *t, uint32_t own_count, uint32_t peer_count)
{
	*t = (struct vop_db_table){0};
	t->own = calloc(own_count ? own_count : 1, sizeof(*t->own));
	t->peer = calloc(peer_count ? peer_count : 1, sizeof(*t->peer));
	if (!t->own || !t->peer) {
		free(t->own);
		free(t->peer);
		*t = (struct vop_db_table){0};
		return -ENOMEM;
	}
	t->own_count = own_count;
	t->peer_count = peer_count;
	for (uint32_t i = 0; i < own_count; i++)
		t->own[i] = (struct vop_db_own){.rx = -1, .tx = -1};
	for (uint32_t i = 0; i < peer_count; i++)
		t->peer[i] = (struct vop_db_peer){.fd = -1};
	return 0;
}

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vop_db_table_close(struct vop_db_table *t)
{
	for (uint32_t i = 0; i < t->own_count; i++) {
		close_if_open(&t->own[i].rx);
		close_if_open(&t->own[i].tx);
	}
	for (uint32_t i = 0; i < t->peer_count; i++)
		close_if_open(&t->peer[i].fd);
	free(t->own);
	free(t->peer);
	*t = (struct vop_db_table){0};
}

static void set_news(struct vop_db_table *t, uint32_t n, enum vop_db_news news)
{
	t->news += (news != VOP_DB_NEWS_NONE);
	t->news -= (t->own[n].news != VOP_DB_NEWS_NONE);
	t->own[n].news = (uint8_t)news;
}

int vop_db_table_listen(struct vop_db_table *t, uint32_t n, struct vop_doorbell *db)
{
	int pair[2], small = 1, off = 0;

	*db = VOP_DOORBELL_INIT;
	if (n >= t->own_count)
		return -EINVAL;
	if (t->own[n].rx >= 0)
		return -EEXIST;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return -errno;
	/* One pending ring says all; a short queue makes draining cheap. Only a hint. */
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	/* A ring that carries a TCP socket with SO_LINGER set and data that nobody takes would hold
	 * up the thread that drains it: dropping a descriptor unseen closes it. From Linux 6.16 on
	 * they can be refused to the sender; before, nothing helps. */
	setsockopt(pair[0], SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
	t->own[n].rx = pair[0];
	t->own[n].tx = pair[1];
	set_news(t, n, VOP_DB_NEWS_LISTEN);
	db->kind = VOP_DB_SOCKET;
	db->fd = pair[0];
	db->number = n;
	return 0;
}

int vop_db_table_connect(struct vop_db_table *t, uint32_t n, struct vop_doorbell *db)
{
	*db = VOP_DOORBELL_INIT;
	if (n >= t->peer_count || t->peer[n].fd < 0 || t->peer[n].gone)
		return -ENOENT;
	t->peer[n].refs++;
	db->kind = VOP_DB_SOCKET;
	db->fd = t->peer[n].fd;
	db->number = n;
	return 0;
}

static void unlisten(struct vop_db_table *t, uint32_t n)
{
	/* To hear of the end of a doorbell it never heard of does the peer no harm. */
	close_if_open(&t->own[n].rx);
	close_if_open(&t->own[n].tx);
	set_news(t, n, VOP_DB_NEWS_UNLISTEN);
}

static void disconnect(struct vop_db_table *t, uint32_t n)
{
	struct vop_db_peer *p = &t->peer[n];

	if (p->refs && !--p->refs && p->gone) {
		close_if_open(&p->fd);
		p->gone = false;
	}
}

void vop_db_table_release(struct vop_db_table *t, struct vop_doorbell *db)
{
	uint32_t n = db->number;

	if (db->kind == VOP_DB_SOCKET) {
		/* Descriptor numbers are unique in a process, so they tell which side this is. */
		if (n < t->own_count && t->own[n].rx == db->fd)
			unlisten(t, n);
		else if (n < t->peer_count && t->peer[n].fd == db->fd)
			disconnect(t, n);
	}
	*db = VOP_DOORBELL_INIT;
}

static bool is_unix_datagram(int fd)
{
	int domain = 0, type = 0;
	socklen_t dl = sizeof(domain), tl = sizeof(type);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &dl) && domain == AF_UNIX &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &tl) && type == SOCK_DGRAM;
}

int vop_db_table_offered(struct vop_db_table *t, uint32_t n, int fd)
{
	struct vop_db_peer *p = n < t->peer_count ? &t->peer[n] : NULL;
	int err = 0;

	if (!p || !is_unix_datagram(fd)) {
		close(fd);
		return -EPROTO;
	}
	if (p->fd < 0) {
		p->fd = fd;
		return 0;
	}
	if (dup3(fd, p->fd, O_CLOEXEC) < 0)
		err = -errno;
	else
		p->gone = false;
	close(fd);
	return err;
}

int vop_db_table_withdrawn(struct vop_db_table *t, uint32_t n)
{
	struct vop_db_peer *p = n < t->peer_count ? &t->peer[n] : NULL;
	int dead;

	if (!p)
		return -EPROTO;
	if (p->fd < 0 || p->gone)
		return 0;
	if (!p->refs) {
		close_if_open(&p->fd);
		return 0;
	}
	/* A socket that is connected to nobody: ringing it says -EPIPE. Without one the old socket
	 * stays, whose receiver is closed: the same answer. */
	dead = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (dead >= 0) {
		dup3(dead, p->fd, O_CLOEXEC);
		close(dead);
	}
	p->gone = true;
	return 0;
}

int64_t vop_db_table_next_news(struct vop_db_table *t)
{
	if (!t->news)
		return -1;
	while (t->own[t->cursor].news == VOP_DB_NEWS_NONE)
		t->cursor = t->cursor + 1 < t->own_count ? t->cursor + 1 : 0;
	return t->cursor;
}

void vop_db_table_told(struct vop_db_table *t, uint32_t n)
{
	close_if_open(&t->own[n].tx);
	set_news(t, n, VOP_DB_NEWS_NONE);
}
