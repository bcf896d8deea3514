/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name in the file system at which two nodes of an shm link meet: making it, connecting to it,
 * removing it, under a lock on its directory. Private to the rendezvous.
 */
#ifndef VOP_MEETING_H
#define VOP_MEETING_H

#include "vop/rendezvous.h"

/* CLOCK_MONOTONIC, milliseconds. */
int64_t vop_now_ms(void);

/*
 * Wait until fd has one of `events`, until deadline (vop_now_ms(), negative: for ever) or until
 * cancel_fd (or -1) becomes readable. 0, -ETIMEDOUT, -ECANCELED.
 */
int vop_wait_fd(int fd, short events, int64_t deadline, int cancel_fd);

/* Split the path and open its directory. -ENAMETOOLONG, -EINVAL, or errno of open(). */
int vop_meeting_open(struct vop_rdv *r, const char *path);

/*
 * Connect to the listener at the name, or listen there: sets r->sock or r->listen_fd. -EAGAIN: try
 * again in a moment. -EPROTOTYPE: another kind of socket listens. -ENOTSOCK: the name is taken by
 * something else. -ETIMEDOUT, -ECANCELED: while waiting for the lock. Or errno of bind(), ...
 */
int vop_meeting_enter(struct vop_rdv *r, int64_t deadline, int cancel_fd);

/* Is the name still the socket we listen on? */
bool vop_meeting_is_ours(const struct vop_rdv *r);

/* Remove the name: when it is ours, and otherwise (stale) when nobody listens there any more. */
void vop_meeting_remove(struct vop_rdv *r, bool stale);

#endif
