/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A gate between the control thread and one polling thread: the control thread closes it to change
 * what the poller uses (rings, regions, windows), the poller notices between two turns and waits.
 *
 * The poller calls vop_gate_enter() before it first touches anything, vop_gate_pass() once a turn
 * (one relaxed load when open), and vop_gate_leave() when it stops. vop_gate_close() returns when
 * the poller is outside or waits in pass(); it nests. A poller that sleeps on doorbells includes
 * vop_gate_fd() in what it waits for.
 */
#ifndef VOP_GATE_H
#define VOP_GATE_H

#include <stdatomic.h>
#include <vop/base.h>
#include <vop/doorbell.h>

struct vop_gate {
	_Atomic uint32_t closed; /* futex: how many closers */
	_Atomic uint32_t inside; /* 1: the poller may be using things */
	int wake;		 /* eventfd, readable while closed */
};

int vop_gate_init(struct vop_gate *g); /* 0 or negative errno */
void vop_gate_destroy(struct vop_gate *g);

/* Control thread. */
void vop_gate_close(struct vop_gate *g);
void vop_gate_open(struct vop_gate *g);

/* Polling thread. */
void vop_gate_enter(struct vop_gate *g); /* waits while closed */
void vop_gate_leave(struct vop_gate *g);
void vop_gate_wait(struct vop_gate *g); /* slow path of pass */
VOP_INLINE void vop_gate_pass(struct vop_gate *g)
{
	if (vop_unlikely(atomic_load_explicit(&g->closed, memory_order_relaxed)))
		vop_gate_wait(g);
}
/* Readable while the gate is closed. */
VOP_INLINE int vop_gate_fd(const struct vop_gate *g)
{
	return g->wake;
}

#endif
