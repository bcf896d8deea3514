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
void vop_doorbell_watch_leave(struct vop_doorbell_watch *w);

#endif
