/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the console device share: console.c (control thread), console_poll.c (bytes),
 * console_ctrl.c (control queues). Ports' states belong to the poller while it is not paused, to
 * the control thread while it is. Counters are atomic.
 */
#ifndef VOP_DEV_CONSOLE_INTERNAL_H
#define VOP_DEV_CONSOLE_INTERNAL_H

#include "vop/dev/console.h"
#include "vop/dev/core.h"

/* Messages for the driver about one port, in the order they are sent; each at most once. */
enum con_owed {
	CON_OWED_REMOVE = 1,
	CON_OWED_ADD = 2,
	CON_OWED_CONSOLE = 4,
	CON_OWED_RESIZE = 8,
	CON_OWED_NAME = 16,
	CON_OWED_OPEN = 32,
};

/* One writer each; tx, rx, starved: the poller. */
struct con_count {
	uint64_t tx_bytes, rx_bytes, starved;
};

struct con_port {
	struct vop_console *con;
	unsigned index;
	bool job; /* the poller has it */
	struct vop_core_queue rx, tx;

	/* A transmitted buffer in the backend's hands: pieces [at..nout) of it are left. */
	bool held;
	unsigned at;
	struct vop_elem elem;
	struct vop_iov iov[VOP_CORE_PIECES];

	bool starving; /* bytes wait for receive buffers */

	bool present;  /* plugged in */
	bool added;    /* the driver was told of it, and not of its removal */
	bool ready;    /* the driver is ready for it */
	bool open;     /* the driver has it open */
	unsigned owed; /* enum con_owed */

	struct con_count count;
};

struct vop_console {
	struct vop_core core;
	enum vop_notify notify;
	struct vop_console_backend backend;
	bool multiport; /* negotiated */
	bool ready;	/* the driver takes control messages */
	bool has_size;	/* offered */
	bool has_emergency;
	unsigned ports_max;
	uint16_t cols, rows;
	char tag[VOP_CONSOLE_TAG_MAX]; /* empty: no names */

	bool ctrl_job;
	struct vop_core_queue ctrl_rx, ctrl_tx;
	bool ctrl_held; /* a buffer of ctrl_rx waits for a message */
	bool ctrl_starving;
	struct vop_elem ctrl_elem;
	struct vop_iov ctrl_iov[VOP_CORE_PIECES];

	uint64_t emergency; /* atomic; control thread */
	uint64_t ignored;   /* atomic; poller */

	struct vop_iov iov[VOP_CORE_PIECES]; /* of one buffer that is used before the next */
	struct con_port *port[VOP_CONSOLE_PORTS_MAX];
};

/* Poller: one turn of a port (struct con_port), of the control queues (struct vop_console); see
 * poller.h. */
unsigned vop_console_port_poll(void *ctx);
bool vop_console_port_arm(void *ctx);
void vop_console_port_disarm(void *ctx);
unsigned vop_console_ctrl_poll(void *ctx);
bool vop_console_ctrl_arm(void *ctx);
void vop_console_ctrl_disarm(void *ctx);

/* Does the port exist for the driver? Without control queues there is port 0, always. */
VOP_INLINE bool con_port_exists(const struct con_port *p)
{
	/* Pulled out and plugged in again: not before the driver heard of both. */
	return !p->con->multiport || (p->present && p->added && !(p->owed & CON_OWED_REMOVE));
}
/* May bytes go to the driver? */
VOP_INLINE bool con_port_open(const struct con_port *p)
{
	return con_port_exists(p) && (!p->con->multiport || p->open);
}

/*
 * Take one buffer of a queue that goes one way: into the driver when `write`. False: there is none,
 * or it went the wrong way or had no room (5.3.6.1), which is a violation.
 */
VOP_INLINE bool con_take(struct vop_console *c, struct vop_core_queue *q, struct vop_elem *e,
			 struct vop_iov *iov, bool write)
{
	struct vop_batch b = {.elem = e, .iov = iov, .iov_max = VOP_CORE_PIECES};

	if (!vop_core_pop(&c->core, q, &b, 1))
		return false;
	if (vop_unlikely(write ? e->nout : e->nin))
		vop_core_violate(&c->core, q, VOP_V_DIRECTION);
	else if (vop_unlikely(write && e->in_len == 0))
		vop_core_violate(&c->core, q, VOP_V_ZERO_LEN);
	return q->live;
}

/*
 * Descriptors walked in a turn, about: buffers are taken one by one here, and each may be a chain
 * as long as the queue, the same one over and over.
 */
#define TURN_WALK 2048u
VOP_INLINE unsigned con_walked(const struct vop_elem *e)
{
	return (unsigned)e->ndesc + e->nout + e->nin;
}

#endif
