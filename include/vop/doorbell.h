/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doorbells: a numbered event one node rings at the other.
 *
 * A queue that is polled has no doorbell at all (kind VOP_DB_NONE): the ring itself is the memory
 * that is polled, and the producer then owes no store-load fence either. Otherwise a doorbell is a
 * descriptor the receiver can sleep on:
 *
 *  VOP_DB_SOCKET   one end of a datagram socket pair that the receiver made. Ringing is
 * send(MSG_DONTWAIT): the call is non-blocking by its own flag, so no peer can make it block by
 * playing with file status flags. A full socket means that the receiver has rings to read already,
 * so a dropped ring loses nothing. VOP_DB_EVENTFD  where a foreign protocol imposes an eventfd. Its
 * status flags and its counter are shared with the peer; a ring that would block is noticed,
 * counted and skipped (the counter is then non-zero, which is all a ring can achieve); see
 * vop_doorbell_ring() for the race that remains and how it is survived.
 *
 * Adaptive (spin, then sleep) is a way of waiting, not a kind of doorbell: vop_doorbell_wait().
 *
 * Threads: ring from any thread; wait and drain from one thread.
 */
#ifndef VOP_DOORBELL_H
#define VOP_DOORBELL_H

#include <vop/base.h>

enum vop_doorbell_kind {
	VOP_DB_NONE = 0,
	VOP_DB_SOCKET = 1,
	VOP_DB_EVENTFD = 2,
};

/* Doorbell number meaning "none: I poll". */
#define VOP_DB_NUM_NONE 0xffffffffu

struct vop_doorbell {
	enum vop_doorbell_kind kind;
	int fd;		 /* -1 when kind is VOP_DB_NONE */
	uint32_t number; /* as the receiver numbers it */
	/* Counted by the one thread that rings or waits; not for the peer. */
	uint64_t rings;	  /* rings sent, or wake-ups taken */
	uint64_t dropped; /* rings that found the peer's doorbell full */
};

/*
 * Ring: 0, -EPIPE when the receiver is gone. Never blocks for longer than 100 ms whatever the peer
 * does to a shared descriptor (VOP_DB_EVENTFD); VOP_DB_SOCKET never blocks. Ordering: every store
 * of the caller before the call is visible to the receiver when it has taken the ring (a system
 * call that passes through kernel locks on both sides orders normal cacheable memory).
 */
int vop_doorbell_ring(struct vop_doorbell *db);

/* Take all pending rings without blocking; bounded work even when the peer floods. Returns 1 if
 * there were any, else 0. */
int vop_doorbell_drain(struct vop_doorbell *db);

/*
 * Sleep until one of n doorbells rings, or timeout_us microseconds have passed (0: only look;
 * negative: for ever). VOP_DB_NONE entries are ignored. Returns the number that are ready (not yet
 * drained), 0 on time-out, negative errno.
 */
int vop_doorbell_wait(struct vop_doorbell *const *db, unsigned n, int64_t timeout_us);

/* Make an eventfd doorbell from a descriptor that stays the caller's. */
void vop_doorbell_from_eventfd(struct vop_doorbell *db, int fd);

#endif
