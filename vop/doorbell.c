/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ringing, draining and waiting; <vop/doorbell.h> tells what and for whom. The guard of foreign
 * eventfds is doorbell_guard.c.
 *
 * Why a dropped ring loses nothing. The sender publishes (store D) and finds the doorbell full
 * (load F); the receiver takes the last ring out (store F') and looks at the ring (load D'). Were
 * the sender's D not visible at D' although F did not see F' yet, the wake-up would be lost. The
 * full fences, between D and F in vop_doorbell_ring() and between F' and D' in
 * vop_doorbell_drain(), forbid exactly that outcome on every architecture; the kernel's own locks
 * are not enough, since the "is it full" test of a socket is made outside of them.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <vop/doorbell.h>

#include "vop/doorbell_guard.h"

/* One system call takes that many rings; two of them are the most a drain does. */
#define DRAIN_BATCH 16
#define DRAIN_CALLS 2
/* Doorbells that one wait looks at without asking for memory: a device with all its queues. */
#define WAIT_ON_STACK 72

static int ring_socket(struct vop_doorbell *db)
{
	static const uint64_t ring = 1;
	size_t len = db->kind == VOP_DB_STREAM ? sizeof(ring) : 1;

	for (unsigned tries = 0; tries < 4; tries++) {
		if (send(db->fd, &ring, len, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
			db->rings++;
			return 0;
		}
		if (errno == EAGAIN) {
			db->dropped++;
			return 0;
		}
		if (errno != ENOBUFS && errno != ENOMEM && errno != EINTR)
			return -EPIPE;
		sched_yield();
	}
	return -ENOBUFS;
}

/* 1 there is room in the counter, 0 it is full, or -EPIPE. */
static int eventfd_has_room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	while (poll(&p, 1, 0) < 0)
		if (errno != EINTR)
			return -EPIPE;
	if (p.revents & POLLNVAL)
		return -EPIPE;
	return !!(p.revents & POLLOUT);
}

int vop_doorbell_write(struct vop_doorbell *db)
{
	static const uint64_t one = 1;

	/*
	 * A second time when the guard had to empty the counter. A peer that makes it necessary
	 * again is hostile beyond doubt, and the ring it may then miss is its own.
	 */
	for (unsigned tries = 0; tries < 2; tries++) {
		int err = 0;

		vop_doorbell_watch_enter(db->watch);
		while (write(db->fd, &one, sizeof(one)) < 0) {
			err = errno;
			if (err != EINTR)
				break;
			err = 0;
		}
		if (!vop_doorbell_watch_leave(db->watch)) {
			db->rings += !err;
			db->dropped += err == EAGAIN;
			return err && err != EAGAIN ? -EPIPE : 0;
		}
		if (!eventfd_has_room(db->fd))
			break;
	}
	db->rings++;
	return 0;
}

static int ring_eventfd(struct vop_doorbell *db)
{
	int room = eventfd_has_room(db->fd);

	/* From here to the return of write() the peer may fill the counter and clear O_NONBLOCK. */
	if (room > 0)
		return vop_doorbell_write(db);
	db->dropped += !room;
	return room;
}

int vop_doorbell_ring(struct vop_doorbell *db)
{
	if (db->kind == VOP_DB_NONE)
		return 0;
	/* Pairs with the fence in vop_doorbell_drain(); see the top of this file. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return db->kind == VOP_DB_EVENTFD ? ring_eventfd(db) : ring_socket(db);
}

static int drain_socket(int fd)
{
	struct mmsghdr m[DRAIN_BATCH];
	struct iovec v[DRAIN_BATCH];
	char byte[DRAIN_BATCH];
	int rang = 0;

	for (unsigned i = 0; i < DRAIN_BATCH; i++) {
		v[i] = (struct iovec){.iov_base = &byte[i], .iov_len = 1};
		/* No room for descriptors: a peer that attaches some gets them dropped unseen. */
		m[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &v[i], .msg_iovlen = 1}};
	}
	for (unsigned c = 0; c < DRAIN_CALLS; c++) {
		int n = recvmmsg(fd, m, DRAIN_BATCH, MSG_DONTWAIT, NULL);

		if (n < 0 && errno == EINTR)
			continue;
		/* A peer that re-connects its end leaves an error instead of a ring; that call took
		 * it, and it counts: the rings before it were thrown away. */
		if (n < 0 && errno != EAGAIN)
			rang = 1;
		if (n <= 0)
			break;
		rang = 1;
		if (n < DRAIN_BATCH)
			break;
	}
	return rang;
}

static int drain_eventfd(int fd)
{
	uint64_t count = 0;
	struct iovec v = {.iov_base = &count, .iov_len = sizeof(count)};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	/* Non-blocking by its own flag, whatever the peer did to the shared status flags. */
	n = preadv2(fd, &v, 1, -1, RWF_NOWAIT);
	if (n == (ssize_t)sizeof(count))
		return 1;
	if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != ESPIPE)
		return 0;
	/* Kernels before 5.8 and emulators: look, then read. */
	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLIN))
		return 0;
	return read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

int vop_doorbell_drain(struct vop_doorbell *db)
{
	int rang;

	if (db->kind == VOP_DB_NONE)
		return 0;
	rang = db->kind == VOP_DB_EVENTFD ? drain_eventfd(db->fd) : drain_socket(db->fd);
	db->rings += (uint64_t)rang;
	/* Pairs with the fence in vop_doorbell_ring(); see the top of this file. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return rang;
}

static int wait_on(struct pollfd *p, struct vop_doorbell *const *db, unsigned n, int64_t timeout_us)
{
	struct timespec ts = {.tv_sec = (time_t)(timeout_us / 1000000),
			      .tv_nsec = (long)(timeout_us % 1000000) * 1000};
	unsigned used = 0;
	int ready;

	for (unsigned i = 0; i < n; i++)
		if (db[i] && db[i]->kind != VOP_DB_NONE)
			p[used++] = (struct pollfd){.fd = db[i]->fd, .events = POLLIN};
	if (!used && timeout_us < 0)
		return -EINVAL;
	ready = ppoll(p, used, timeout_us < 0 ? NULL : &ts, NULL);
	if (ready < 0)
		return errno == EINTR ? 0 : -errno;
	for (unsigned i = 0; i < used; i++)
		if (p[i].revents & POLLNVAL)
			return -EBADF;
	return ready;
}

int vop_doorbell_wait(struct vop_doorbell *const *db, unsigned n, int64_t timeout_us)
{
	struct pollfd few[WAIT_ON_STACK], *p = few;
	int ready;

	if (n > WAIT_ON_STACK) {
		p = calloc(n, sizeof(*p));
		if (!p)
			return -ENOMEM;
	}
	ready = wait_on(p, db, n, timeout_us);
	if (p != few)
		free(p);
	return ready;
}
