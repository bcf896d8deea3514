/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ringing an eventfd tells the guard. Private to vop/doorbell.c and vop/doorbell_guard.c.
 */
#ifndef VOP_DOORBELL_GUARD_H
#define VOP_DOORBELL_GUARD_H

#include <vop/doorbell.h>

/* Around the write() of one ring; the calling thread is the only one that rings this doorbell. NULL
 * does nothing. */
void vop_doorbell_watch_enter(struct vop_doorbell_watch *w);
/*
 * True when the guard read the counter meanwhile, and so may have taken this very ring with it: the
 * ring is owed again. The guard is done with it on return.
 */
bool vop_doorbell_watch_leave(struct vop_doorbell_watch *w);

/* One ring of an eventfd without the look before it. Blocks on a full counter until the guard comes
 * or somebody reads. As vop_doorbell_ring(). */
int vop_doorbell_write(struct vop_doorbell *db);

#endif
