/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every device type has in common: the life of its queues between the control thread and the
 * poller, violations, the offer's failure in words. A type embeds a struct vop_core, gives it
 * three functions, and calls the rest from its struct vop_dev_ops.
 *
 * Threads: a queue belongs to the poller while it is live and the poller is not paused, to the
 * control thread otherwise. The exceptions are atomic: violation, and the counts of them.
 */
#ifndef VOP_DEV_CORE_H
#define VOP_DEV_CORE_H

#include <vop/vq.h>
#include "vop/node.h"
#include "vop/poller.h"

/* Pieces of one buffer, at most; longer chains are refused (TOO_LONG). As the C library's IOV_MAX.
 */
#define VOP_CORE_PIECES 1024u

struct vop_core_queue {
	struct vop_devq vq;
	const struct vop_queue_config *cfg; /* NULL: not set up */
	bool live;			    /* open, DRIVER_OK, no violation met */
	bool opened;			    /* vq stands somewhere, and was not told of yet */
	bool parked;	    /* it was live when the device was suspended, and will be again */
	bool ring_owed;	    /* the driver must be called and could not be */
	uint32_t violation; /* atomic: met by the poller, not yet told to the node */
};

struct vop_core {
	struct vop_device *d;
	struct vop_poller *poller;
	void *dev;	     /* handed to the functions below */
	unsigned queues_max; /* no queue has this number or a higher one */
	/* The queue with this number; NULL: it does not exist with what was negotiated. */
	struct vop_core_queue *(*queue)(void *dev, unsigned index);
	/* The queue starts anew: forget what was in hand. The poller is paused. May be NULL. */
	void (*forget)(void *dev, unsigned index);
	/*
	 * Give the job that serves the queue to the poller, for the queues of it that are live now,
	 * or take it away when none is. The poller is paused.
	 */
	int (*update)(void *dev, unsigned index);

	bool running; /* DRIVER_OK */
	uint64_t violations;
	uint32_t last_violation;
};

/* --- control thread: to be called by the function of struct vop_dev_ops of the same name --- */

/* As vop_dev_ops. -EINVAL also for a ring that is no good. */
int vop_core_queue_start(struct vop_core *c, const struct vop_queue_config *cfg);
void vop_core_queue_stop(struct vop_core *c, unsigned index);
int vop_core_driver_ok(struct vop_core *c);
/* Every queue was stopped before: no job of the device runs. */
void vop_core_reset(struct vop_core *c);

/* --- control thread: helpers --- */

/*
 * Put a job to the poller in place of the one with its ctx and poll that is there when *have; take
 * that away only when `want` is false. 0, or what vop_poller_add() says: there is no job then.
 */
int vop_core_job(struct vop_poller *p, const struct vop_poller_job *job, bool want, bool *have);
/* Its kick, for struct vop_poller_job; NULL when the queue is not live. */
struct vop_doorbell *vop_core_kick(const struct vop_core_queue *q);
/* How a job of these queues (b may be NULL) is waited for: `notify`, unless one of them is live and
 * has no doorbell that could wake it. */
enum vop_notify vop_core_notify(enum vop_notify notify, const struct vop_core_queue *a,
				const struct vop_core_queue *b);
/* The poller asked for attention: turn violations into NEEDS_RESET. */
void vop_core_attend(struct vop_core *c);
/*
 * Offer c->d, with what core does by itself: the device can be suspended (3.4), its queues keep
 * their places meanwhile. type: for the words in *err (which may be NULL), "net device". 0, or as
 * vop_device_serve().
 */
int vop_core_offer(struct vop_core *c, const struct vop_device_offer *o, const char *type,
		   struct vop_error *err);
/* Fill *err, which may be NULL. */
__attribute__((format(printf, 2, 3))) void vop_core_error(struct vop_error *err, const char *fmt,
							  ...);

/* --- counters: one writer, the poller; any thread reads, each word atomic by itself --- */

VOP_INLINE void vop_core_count(uint64_t *word, uint64_t by)
{
	__atomic_store_n(word, *word + by, __ATOMIC_RELAXED);
}
VOP_INLINE uint64_t vop_core_load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* --- poller --- */

/* The driver broke the rules on q (enum vop_violation). Nothing of it is used any more until it is
 * reset. */
void vop_core_violate(struct vop_core *c, struct vop_core_queue *q, uint32_t why);

VOP_INLINE void vop_core_ring(struct vop_core_queue *q)
{
	VOP_MEM_FLUSH();
	/* No memory for the ring is the only failure after which it is owed (doorbell.h); a peer
	 * that is gone is the control thread's affair. */
	q->ring_owed = vop_doorbell_ring(q->cfg->call) == -ENOBUFS;
}
/* Publish what was pushed, call the driver if it asked. */
VOP_INLINE void vop_core_publish(struct vop_core_queue *q)
{
	if (vop_unlikely(vop_devq_publish(&q->vq) || q->ring_owed))
		vop_core_ring(q);
}
/* Take up to max buffers into b; none from a queue that is not live or is found broken. */
VOP_INLINE unsigned vop_core_pop(struct vop_core *c, struct vop_core_queue *q, struct vop_batch *b,
				 unsigned max)
{
	unsigned n;

	if (vop_unlikely(!q->live))
		return 0;
	n = vop_devq_pop(&q->vq, q->cfg->regions, b, max);
	if (vop_likely(!vop_devq_broken(&q->vq)))
		return n;
	vop_core_violate(c, q, vop_devq_broken(&q->vq));
	return 0;
}
/* For arm(): ask for kicks; true: there is work already, or a call is owed. */
VOP_INLINE bool vop_core_arm(struct vop_core_queue *q)
{
	return q->live && (vop_devq_arm(&q->vq) || q->ring_owed);
}
VOP_INLINE void vop_core_disarm(struct vop_core_queue *q)
{
	if (q->live)
		vop_devq_disarm(&q->vq);
}
/* A call that could not be made is owed until it can; for turns that found nothing. */
VOP_INLINE void vop_core_retry_ring(struct vop_core_queue *q)
{
	if (vop_unlikely(q->live && q->ring_owed))
		vop_core_ring(q);
}

/*
 * Pieces from a place on: a walk over the readable or the writable part of a buffer, whose pieces
 * may be cut anywhere (2.7.4).
 */
struct vop_core_walk {
	const struct vop_iov *v;
	uint32_t n;  /* pieces from *v on */
	uint32_t at; /* bytes of *v that are behind us */
};

/* Bytes of pieces; fewer than 2^16 of less than 2^32 each. */
uint64_t vop_core_total(const struct vop_iov *v, unsigned n);
/* Bytes that are still before us. */
VOP_INLINE uint64_t vop_core_left(const struct vop_core_walk *w)
{
	return vop_core_total(w->v, w->n) - w->at;
}
/*
 * The next contiguous bytes, at most max: where they are, *len of them; NULL when there are none
 * left. They are then behind us.
 */
VOP_INLINE uint8_t *vop_core_next(struct vop_core_walk *w, uint64_t max, uint32_t *len)
{
	uint8_t *p;

	if (!w->n || !max)
		return NULL;
	p = w->v->ptr + w->at;
	*len = (uint32_t)VOP_MIN((uint64_t)(w->v->len - w->at), max);
	w->at += *len;
	if (w->at == w->v->len) {
		w->v++;
		w->n--;
		w->at = 0;
	}
	return p;
}
/* Copy up to len bytes out of the walk or into it, each byte of shared memory once; how many. */
uint64_t vop_core_copy_out(struct vop_core_walk *w, void *to, uint64_t len);
uint64_t vop_core_copy_in(struct vop_core_walk *w, const void *from, uint64_t len);
/* Fill up to len bytes with zeroes, or only pass over them; how many. */
uint64_t vop_core_zero(struct vop_core_walk *w, uint64_t len);
uint64_t vop_core_skip(struct vop_core_walk *w, uint64_t len);

#endif
