/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A poller: the thread (its own, or the caller's) that serves the queues of one or many devices.
 *
 * Jobs are added and removed by the control thread only; the poller closes its gate meanwhile. How
 * a job is waited for (poll, event, adaptive) is the job's; as long as one job polls, the thread
 * never sleeps.
 */
#ifndef VOP_POLLER_H
#define VOP_POLLER_H

#include "vop/gate.h"
#include "vop/node.h"

struct vop_poller_job {
	/* One turn; returns how much was done (0: nothing). Bounded. */
	unsigned (*poll)(void *ctx);
	/* Ask for a doorbell; true: there is work, do not sleep. NULL for jobs that are only
	 * polled. */
	bool (*arm)(void *ctx);
	void (*disarm)(void *ctx);
	void *ctx;
	struct vop_doorbell *doorbell;	/* NULL or kind NONE when polled */
	struct vop_doorbell *doorbell2; /* a second one that wakes the job too, or NULL */
	/* Wakes the job, too, each time it becomes readable: poll() reads it until nothing is
	 * left. */
	bool has_fd;
	int fd;
	enum vop_notify notify;
};

struct vop_poller_config {
	int cpu;	  /* pin to this CPU; -1: do not */
	uint64_t spin_ns; /* adaptive: sleep after so long without work */
	bool yield;	  /* give up the CPU when a turn found nothing: pollers share one */
	bool own_thread;  /* false: the caller calls vop_poller_turn() itself */
};

struct vop_poller;

/* NULL: no memory or no thread. */
struct vop_poller *vop_poller_new(const struct vop_poller_config *cfg);
/* Stops and joins an own thread; jobs must be gone. */
void vop_poller_free(struct vop_poller *p);

/* Control thread. 0, -ENOMEM, -ENOSPC (too many doorbells). The job is copied, its doorbells must
 * outlive it; it is identified by ctx and poll. */
int vop_poller_add(struct vop_poller *p, const struct vop_poller_job *job);
void vop_poller_remove(struct vop_poller *p, unsigned (*poll)(void *ctx), void *ctx);
/* Close / open the gate around changes of what jobs use; nests. */
void vop_poller_pause(struct vop_poller *p);
void vop_poller_resume(struct vop_poller *p);

/*
 * One turn over all jobs, for pollers without a thread of their own; sleeps at most timeout_us when
 * every job is idle and none polls. The caller brackets a series of turns with enter and leave.
 * Returns how much was done.
 */
void vop_poller_enter(struct vop_poller *p);
unsigned vop_poller_turn(struct vop_poller *p, int64_t timeout_us);
void vop_poller_leave(struct vop_poller *p);
/*
 * Look at every job in the next turn, parked ones too: something changed that no doorbell told of
 * (a backend has frames now). On the polling thread, between enter and leave.
 */
void vop_poller_look(struct vop_poller *p);

/*
 * Another job of this poller has work although its doorbell did not ring: poll it again. From the
 * poller, from within a job, or from the control thread while the poller is paused; a job that does
 * not sleep, or does not exist, is no error.
 */
void vop_poller_wake(struct vop_poller *p, unsigned (*poll)(void *ctx), void *ctx);

/*
 * A job found something for the control thread (a violation): make the attention descriptor
 * readable. From the poller.
 */
void vop_poller_attention(struct vop_poller *p);
int vop_poller_attention_fd(const struct vop_poller *p);
void vop_poller_attention_clear(struct vop_poller *p);

#endif
