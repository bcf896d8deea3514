/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doorbells: a numbered event one node rings at the other.
 *
 * A queue that is polled has no doorbell at all (kind VOP_DB_NONE): the ring itself is the memory
 * that is polled, and the producer then owes no store-load fence either. Otherwise a doorbell is a
 * descriptor the receiver can sleep on:
 *
 * VOP_DB_SOCKET: one end of a datagram socket pair that the receiver made. Ringing is
 * send(MSG_DONTWAIT): the call is non-blocking by its own flag, so no peer can make it block by
 * playing with file status flags. A full socket means that the receiver has rings to read already,
 * so a dropped ring loses nothing.
 *
 * VOP_DB_EVENTFD: where a foreign protocol imposes an eventfd. Its status flags and its counter are
 * shared with the peer; a ring that would block is noticed, counted and skipped (the counter is
 * then non-zero, which is all a ring can achieve). Between that look and the write the peer can
 * still fill the counter and clear O_NONBLOCK; a struct vop_doorbell_guard gets the writer out.
 *
 * VOP_DB_STREAM: where a foreign end has a stream socket in place of an eventfd (User Mode Linux).
 * As VOP_DB_SOCKET, but for eight bytes a ring. Only rung here, never drained.
 *
 * Adaptive (spin, then sleep) is a way of waiting, not a kind of doorbell: vop_doorbell_wait().
 *
 * Threads: a struct vop_doorbell is used by one thread at a time, which may be another one for each
 * call; several structures may name the same descriptor.
 */
#ifndef VOP_DOORBELL_H
#define VOP_DOORBELL_H

#include <vop/base.h>

enum vop_doorbell_kind {
	VOP_DB_NONE = 0,
	VOP_DB_SOCKET = 1,
	VOP_DB_EVENTFD = 2,
	VOP_DB_STREAM = 3,
};

/* Doorbell number meaning "none: I poll". */
#define VOP_DB_NUM_NONE 0xffffffffu

struct vop_doorbell_guard;
struct vop_doorbell_watch;

struct vop_doorbell {
	enum vop_doorbell_kind kind;
	int fd;		 /* -1 when kind is VOP_DB_NONE */
	uint32_t number; /* as the receiver numbers it */
	/* Counted by the one thread that rings or waits; not for the peer. */
	uint64_t rings;	  /* rings sent, or wake-ups taken */
	uint64_t dropped; /* rings that found the peer's doorbell full */
	/* The guard's record of this doorbell, or NULL; VOP_DB_EVENTFD only. */
	struct vop_doorbell_watch *watch;
};

/* A doorbell that is none: ringing and draining it do nothing. */
#define VOP_DOORBELL_INIT ((struct vop_doorbell){.fd = -1, .number = VOP_DB_NUM_NONE})

/*
 * Ring: 0; -EPIPE when the receiver is gone; -ENOBUFS when the system has no memory for the ring
 * (the only error after which a ring is owed; ring again). Sockets never block;
 * VOP_DB_EVENTFD under a guard is freed within about 100 ms whatever the peer does to the shared
 * descriptor.
 *
 * Ordering: every store of the caller before the call is visible to the receiver once it has
 * drained the doorbell, also when this very ring was dropped because the doorbell was full: the
 * full fence here and the one at the end of vop_doorbell_drain() form the store-load pair of that
 * case (see doorbell.c). Towards a PCI window the caller flushes first (VOP_MEM_FLUSH).
 */
int vop_doorbell_ring(struct vop_doorbell *db);

/*
 * Take all pending rings without blocking; bounded work even when the peer floods. Returns 1 if
 * there were any, else 0. Drain first, look at the ring after.
 */
int vop_doorbell_drain(struct vop_doorbell *db);

/*
 * Sleep until one of n doorbells rings, or timeout_us microseconds have passed (0: only look;
 * negative: for ever). VOP_DB_NONE entries are ignored. Returns the number that are ready (not yet
 * drained); 0 on time-out or when a signal came in between; -EINVAL for ever on nothing, -EBADF a
 * descriptor is closed, -ENOMEM.
 */
int vop_doorbell_wait(struct vop_doorbell *const *db, unsigned n, int64_t timeout_us);

/*
 * Watch over rings into foreign eventfds: one sleeping thread for any number of doorbells. A ring
 * that stays inside write() from one tick (25 ms) to the next is stuck on a full counter; the guard
 * empties the counter to let it out, and the ring is made once more. A counter that is not full is
 * never touched. While nobody rings the thread sleeps without ticking.
 *
 * Errors: -ENOMEM, -EAGAIN. Stop only after every watched doorbell was released or will not be used
 * again; a NULL guard may be stopped.
 */
int vop_doorbell_guard_start(struct vop_doorbell_guard **out);
void vop_doorbell_guard_stop(struct vop_doorbell_guard *g);
/* How many stuck rings were freed so far; any thread. */
uint64_t vop_doorbell_guard_freed(const struct vop_doorbell_guard *g);

/*
 * Make an eventfd doorbell from a descriptor that stays the caller's. guard may be NULL only when
 * whoever else holds the descriptor is trusted, or when this end never rings. -ENOMEM.
 */
int vop_doorbell_from_eventfd(struct vop_doorbell *db, int fd, struct vop_doorbell_guard *guard);
/*
 * End the guard's interest in an eventfd doorbell and make *db none; before its descriptor is
 * closed. No thread is ringing it any more. The descriptor stays open.
 */
void vop_doorbell_release(struct vop_doorbell *db);

#endif
