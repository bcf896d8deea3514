/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What device types share: the life of a virtqueue between the control thread and the poller, and
 * how violations travel from the one to the other (VIRTIO 1.4, 2.1.2, 2.6 and 3.1.1).
 *
 * Who may touch what: a queue belongs to the poller while it is live and the poller is not paused,
 * to the control thread otherwise. The exception is atomic: violation.
 */
#ifndef VOP_DEV_QUEUE_H
#define VOP_DEV_QUEUE_H

#include <vop/vq.h>
#include "vop/node.h"
#include "vop/poller.h"

/* Pieces of one buffer, at most; longer chains are refused (TOO_LONG). As the C library's IOV_MAX.
 */
#define VOP_DEV_PIECES 1024u

struct vop_dev_queue {
	struct vop_devq vq;
	const struct vop_queue_config *cfg; /* NULL: not set up */
	bool live;			    /* open, DRIVER_OK, no violation met */
	bool ring_owed;			    /* the driver must be called and could not be */
	uint32_t violation; /* atomic: met by the poller, not yet told to the node */
};

/* One or two queues that a job of the poller serves together. */
struct vop_dev_job {
	/* poll, arm, disarm, ctx and notify are the owner's, set once; the doorbells are set here.
	 */
	struct vop_poller_job job;
	struct vop_dev_queue *q[2]; /* q[1] may be NULL */
	bool added;		    /* the poller has it */
};

/* What every device has, for its control side. */
struct vop_dev_control {
	struct vop_device *d;
	struct vop_poller *poller;
	bool running; /* DRIVER_OK */
	/* One writer, the control thread; read by any thread. */
	uint64_t violations;
	uint32_t last_violation;
};

/* --- control thread --- */

/* vop_device_serve() of an offer made out of a caller's wishes, with words for what is wrong. */
int vop_dev_serve(struct vop_device *d, const struct vop_device_offer *o, struct vop_error *err);

/*
 * For vop_dev_ops.queue_start: q, one of j's, is set up. It goes live now if the device runs, else
 * in vop_dev_queue_live(). What the owner keeps for q is in its first state before this is called.
 * 0; -EINVAL: the ring is no good; -ENOMEM, -ENOSPC as vop_poller_add(). q is as before then.
 */
int vop_dev_queue_start(struct vop_dev_control *c, struct vop_dev_job *j, struct vop_dev_queue *q,
			const struct vop_queue_config *cfg);
/* For vop_dev_ops.driver_ok, after running was set: the first touch of the ring. Errors as above;
 * 0 for a queue that is not set up. */
int vop_dev_queue_live(struct vop_dev_control *c, struct vop_dev_job *j, struct vop_dev_queue *q);
/* For vop_dev_ops.queue_stop: on return no thread touches the ring or its buffers. */
void vop_dev_queue_stop(struct vop_dev_control *c, struct vop_dev_job *j, struct vop_dev_queue *q);
/* If the poller met a violation on queue number `index`: count it, turn it into NEEDS_RESET. */
void vop_dev_queue_attend(struct vop_dev_control *c, struct vop_dev_queue *q, unsigned index);

/* --- poller --- */

/* The driver broke the rules on q. Nothing of it is used any more until it is reset. */
void vop_dev_queue_violate(struct vop_poller *p, struct vop_dev_queue *q, uint32_t why);

/* Call the driver. No memory for the ring is the only failure after which it is owed (doorbell.h);
 * a peer that is gone is the control thread's affair. */
VOP_INLINE void vop_dev_queue_ring(struct vop_dev_queue *q)
{
	VOP_MEM_FLUSH();
	q->ring_owed = vop_doorbell_ring(q->cfg->call) == -ENOBUFS;
}
/* Publish what was pushed, call the driver if it asked; once a turn. */
VOP_INLINE void vop_dev_queue_publish(struct vop_dev_queue *q)
{
	if (vop_unlikely(vop_devq_publish(&q->vq) || q->ring_owed))
		vop_dev_queue_ring(q);
}
/* Take up to max buffers into b; 0 also for a queue that is not live or was found broken. */
VOP_INLINE unsigned vop_dev_queue_pop(struct vop_poller *p, struct vop_dev_queue *q,
				      struct vop_batch *b, unsigned max)
{
	unsigned n;

	if (!q->live)
		return 0;
	n = vop_devq_pop(&q->vq, q->cfg->regions, b, max);
	if (vop_likely(!vop_devq_broken(&q->vq)))
		return n;
	vop_dev_queue_violate(p, q, vop_devq_broken(&q->vq));
	return 0;
}
/* For arm(): ask for kicks; true: there is work already, or a call is owed. */
VOP_INLINE bool vop_dev_queue_arm(struct vop_dev_queue *q)
{
	return q->live && (vop_devq_arm(&q->vq) || q->ring_owed);
}
VOP_INLINE void vop_dev_queue_disarm(struct vop_dev_queue *q)
{
	if (q->live)
		vop_devq_disarm(&q->vq);
}
/* A turn that found nothing: make the call that could not be made. */
VOP_INLINE void vop_dev_queue_retry(struct vop_dev_queue *q)
{
	if (vop_unlikely(q->live && q->ring_owed))
		vop_dev_queue_ring(q);
}

#endif
