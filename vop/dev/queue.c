/* SPDX-License-Identifier: BSD-2-Clause */
/* The control thread's side of a device type's queues; whatever the poller also uses changes only
 * while it is paused. */
#include <stdio.h>
#include <string.h>

#include <vop/features.h>
#include "vop/dev/queue.h"
#include "vop/vq_open.h"

int vop_dev_serve(struct vop_device *d, const struct vop_device_offer *o, struct vop_error *err)
{
	struct vop_error none, *e = err ? err : &none;
	int r;

	if (o->queue_size_max < 1 || o->queue_size_max > VOP_QUEUE_SIZE_MAX) {
		snprintf(e->text, sizeof(e->text), "queue size %u is not 1 to %u",
			 o->queue_size_max, VOP_QUEUE_SIZE_MAX);
		return -EINVAL;
	}
	r = vop_device_serve(d, o);
	if (r == -EBUSY)
		snprintf(e->text, sizeof(e->text), "the device is being served already");
	else if (r == -ENOSPC)
		snprintf(e->text, sizeof(e->text),
			 "the window has no room for a pool of %llu bytes",
			 (unsigned long long)o->pool_size);
	else if (r == -EINVAL)
		snprintf(e->text, sizeof(e->text),
			 "the slot was not made for a device of type %s with %u queues of %u",
			 o->ops->type, o->queues, o->queue_size_max);
	else if (r)
		snprintf(e->text, sizeof(e->text), "%s", strerror(-r));
	return r;
}

static struct vop_doorbell *kick_of(const struct vop_dev_queue *q)
{
	return q && q->live ? q->cfg->kick : NULL;
}

/* Give the job's queues, as they are now, to the poller, or take them away. */
static int update(struct vop_dev_control *c, struct vop_dev_job *j)
{
	int r;

	if (j->added)
		vop_poller_remove(c->poller, j->job.poll, j->job.ctx);
	j->added = false;
	j->job.doorbell = kick_of(j->q[0]);
	j->job.doorbell2 = kick_of(j->q[1]);
	if (!j->job.doorbell && !j->job.doorbell2)
		return 0;
	r = vop_poller_add(c->poller, &j->job);
	j->added = r == 0;
	return r;
}

int vop_dev_queue_live(struct vop_dev_control *c, struct vop_dev_job *j, struct vop_dev_queue *q)
{
	const uint64_t *f = vop_device_features(c->d);
	bool peer_polls;
	int r;

	if (!q->cfg)
		return 0;
	peer_polls = q->cfg->call->kind == VOP_DB_NONE;
	vop_poller_pause(c->poller);
	q->ring_owed = false;
	q->violation = VOP_V_NONE;
	r = vop_devq_open(&q->vq, q->cfg, vop_ring_features(f, peer_polls));
	q->live = r == 0;
	if (!r)
		r = update(c, j);
	if (r) {
		q->live = false;
		update(c, j); /* the other queue goes on, if that can be */
	}
	vop_poller_resume(c->poller);
	return r;
}

int vop_dev_queue_start(struct vop_dev_control *c, struct vop_dev_job *j, struct vop_dev_queue *q,
			const struct vop_queue_config *cfg)
{
	int r = 0;

	q->cfg = cfg;
	if (c->running)
		r = vop_dev_queue_live(c, j, q);
	if (r)
		q->cfg = NULL;
	return r;
}

void vop_dev_queue_stop(struct vop_dev_control *c, struct vop_dev_job *j, struct vop_dev_queue *q)
{
	vop_poller_pause(c->poller);
	q->live = false;
	/* The job goes, or goes on with its other queue. It cannot fail for want of memory in a way
	 * that leaves somebody polling: the old job is gone by then. */
	update(c, j);
	q->cfg = NULL;
	__atomic_store_n(&q->violation, VOP_V_NONE, __ATOMIC_RELAXED);
	vop_poller_resume(c->poller);
}

void vop_dev_queue_attend(struct vop_dev_control *c, struct vop_dev_queue *q, unsigned index)
{
	uint32_t why;

	if (!q->cfg)
		return;
	/* Pairs with the release in vop_dev_queue_violate(). */
	why = __atomic_exchange_n(&q->violation, VOP_V_NONE, __ATOMIC_ACQUIRE);
	if (!why)
		return;
	__atomic_store_n(&c->violations, c->violations + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&c->last_violation, why, __ATOMIC_RELAXED);
	vop_device_violation(c->d, index, why);
}

void VOP_NOINLINE vop_dev_queue_violate(struct vop_poller *p, struct vop_dev_queue *q, uint32_t why)
{
	q->live = false;
	/* Pairs with the exchange in vop_dev_queue_attend(): the eventfd wakes it, the word says
	 * why. */
	__atomic_store_n(&q->violation, why, __ATOMIC_RELEASE);
	vop_poller_attention(p);
}
