/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vop/dev/core.h"
#include "vop/vq_open.h"

/* --- queues --- */

/* The first touch of the ring: only after DRIVER_OK (3.1.1). A queue that is no good is a
 * violation. */
static void open_queue(struct vop_core *c, struct vop_core_queue *q)
{
	const uint64_t *f = vop_device_features(c->d);
	bool peer_polls = q->cfg->call->kind == VOP_DB_NONE;

	q->ring_owed = q->parked = false;
	q->violation = VOP_V_NONE;
	q->live = vop_devq_open(&q->vq, q->cfg, vop_ring_features(f, peer_polls)) == 0;
	q->opened = q->live;
}

static int go_live(struct vop_core *c, unsigned index, struct vop_core_queue *q)
{
	int r;

	vop_poller_pause(c->poller);
	if (c->forget)
		c->forget(c->dev, index);
	open_queue(c, q);
	r = q->live ? c->update(c->dev, index) : -EINVAL;
	if (r)
		q->live = false;
	vop_poller_resume(c->poller);
	return r;
}

int vop_core_queue_start(struct vop_core *c, const struct vop_queue_config *cfg)
{
	struct vop_core_queue *q = c->queue(c->dev, cfg->index);
	int r = 0;

	if (!q)
		return -EINVAL;
	q->cfg = cfg;
	if (c->running)
		r = go_live(c, cfg->index, q);
	if (r)
		q->cfg = NULL;
	return r;
}

static void go_quiet(struct vop_core *c, unsigned index, struct vop_core_queue *q)
{
	vop_poller_pause(c->poller);
	q->live = q->parked = false;
	/* The job goes, or goes on with other queues of its own. It cannot fail for want of memory
	 * in a way that leaves somebody polling: the old job is gone by then. */
	c->update(c->dev, index);
	__atomic_store_n(&q->violation, VOP_V_NONE, __ATOMIC_RELAXED);
	vop_poller_resume(c->poller);
}

void vop_core_queue_stop(struct vop_core *c, unsigned index)
{
	struct vop_core_queue *q = c->queue(c->dev, index);

	if (!q)
		return;
	go_quiet(c, index, q);
	if (q->opened && q->cfg->left)
		*q->cfg->left = vop_devq_place(&q->vq);
	q->opened = false;
	q->cfg = NULL;
}

int vop_core_driver_ok(struct vop_core *c)
{
	unsigned i;
	int r = 0;

	/* All of it or nothing: no queue is polled before each of them could be opened. */
	vop_poller_pause(c->poller);
	c->running = true;
	for (i = 0; i < c->queues_max && !r; i++) {
		struct vop_core_queue *q = c->queue(c->dev, i);

		if (q && q->cfg)
			r = go_live(c, i, q);
	}
	if (!r) {
		vop_poller_resume(c->poller);
		return 0;
	}
	/* DRIVER_OK is refused, so no ring may be touched (VOP-44). */
	c->running = false;
	while (i--) {
		struct vop_core_queue *q = c->queue(c->dev, i);

		if (q && q->cfg)
			go_quiet(c, i, q);
	}
	vop_poller_resume(c->poller);
	return r;
}

void vop_core_reset(struct vop_core *c)
{
	c->running = false;
}

struct vop_doorbell *vop_core_kick(const struct vop_core_queue *q)
{
	return q->live ? q->cfg->kick : NULL;
}

static bool is_polled(const struct vop_core_queue *q)
{
	return q && q->live && q->cfg->kick->kind == VOP_DB_NONE;
}

enum vop_notify vop_core_notify(enum vop_notify notify, const struct vop_core_queue *a,
				const struct vop_core_queue *b)
{
	return is_polled(a) || is_polled(b) ? VOP_NOTIFY_POLL : notify;
}

int vop_core_job(struct vop_poller *p, const struct vop_poller_job *job, bool want, bool *have)
{
	int r = 0;

	if (*have)
		vop_poller_remove(p, job->poll, job->ctx);
	*have = false;
	if (want) {
		r = vop_poller_add(p, job);
		*have = r == 0;
	}
	return r;
}

/* --- violations --- */

void VOP_NOINLINE vop_core_violate(struct vop_core *c, struct vop_core_queue *q, uint32_t why)
{
	q->live = false;
	/* Pairs with the exchange in vop_core_attend(): the eventfd wakes it, the word says why. */
	__atomic_store_n(&q->violation, why, __ATOMIC_RELEASE);
	vop_poller_attention(c->poller);
}

void vop_core_attend(struct vop_core *c)
{
	unsigned i;

	for (i = 0; i < c->queues_max; i++) {
		struct vop_core_queue *q = c->queue(c->dev, i);
		uint32_t why;

		if (!q || !q->cfg)
			continue;
		/* Pairs with the release in vop_core_violate(). */
		why = __atomic_exchange_n(&q->violation, VOP_V_NONE, __ATOMIC_ACQUIRE);
		if (!why)
			continue;
		__atomic_store_n(&c->violations, c->violations + 1, __ATOMIC_RELAXED);
		__atomic_store_n(&c->last_violation, why, __ATOMIC_RELAXED);
		vop_device_violation(c->d, i, why);
	}
}

/* --- suspend (VIRTIO 1.4, 3.4) --- */

/*
 * The poller finishes the turn it is in, so what was begun is used and called for. Buffers that
 * were taken and not begun stay in hand, as the ring's place does.
 */
static int suspend(void *ctx)
{
	struct vop_core *c = ctx;
	unsigned i;

	vop_poller_pause(c->poller);
	vop_core_attend(c);
	for (i = 0; i < c->queues_max; i++) {
		struct vop_core_queue *q = c->queue(c->dev, i);

		if (!q || !q->live)
			continue;
		vop_core_retry_ring(q);
		q->live = false;
		q->parked = true;
		c->update(c->dev, i);
	}
	vop_poller_resume(c->poller);
	return 0;
}

static int resume(void *ctx)
{
	struct vop_core *c = ctx;
	int r = 0;
	unsigned i;

	vop_poller_pause(c->poller);
	for (i = 0; i < c->queues_max && !r; i++) {
		struct vop_core_queue *q = c->queue(c->dev, i);

		if (!q || !q->parked)
			continue;
		q->live = true;
		/* The job is polled before it sleeps: what came meanwhile is found. */
		r = c->update(c->dev, i);
		q->live = r == 0;
		q->parked = r != 0;
	}
	vop_poller_resume(c->poller);
	return r;
}

/* --- the offer --- */

void vop_core_error(struct vop_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

int vop_core_offer(struct vop_core *c, const struct vop_device_offer *o, const char *type,
		   struct vop_error *err)
{
	struct vop_device_offer full = *o;
	int r;

	full.suspend = suspend;
	full.resume = resume;
	full.suspend_ctx = c;
	r = vop_device_serve(c->d, &full);
	if (r == -EBUSY)
		vop_core_error(err, "the device is being served already");
	else if (r == -ENOSPC)
		vop_core_error(err, "the window has no room for a pool of %llu bytes",
			       (unsigned long long)o->pool_size);
	else if (r == -EINVAL)
		vop_core_error(err, "the slot was not made for a %s with %u queues of %u", type,
			       o->queues, o->queue_size_max);
	else if (r)
		vop_core_error(err, "%s", strerror(-r));
	return r;
}

/* --- pieces --- */

uint64_t vop_core_total(const struct vop_iov *v, unsigned n)
{
	uint64_t sum = 0;

	while (n--)
		sum += (v++)->len;
	return sum;
}

uint64_t vop_core_copy_out(struct vop_core_walk *w, void *to, uint64_t len)
{
	uint64_t done = 0;
	const uint8_t *p;
	uint32_t l;

	for (; (p = vop_core_next(w, len - done, &l)) != NULL; done += l)
		VOP_MEM_COPY_FROM((uint8_t *)to + done, p, l);
	/* The driver may write on: what was checked must be what is used, so no second load. */
	__asm__ volatile("" : : "r"(to) : "memory");
	return done;
}

uint64_t vop_core_copy_in(struct vop_core_walk *w, const void *from, uint64_t len)
{
	uint64_t done = 0;
	uint8_t *p;
	uint32_t l;

	for (; (p = vop_core_next(w, len - done, &l)) != NULL; done += l)
		VOP_MEM_COPY_TO(p, (const uint8_t *)from + done, l);
	return done;
}

uint64_t vop_core_zero(struct vop_core_walk *w, uint64_t len)
{
	static const uint8_t zeroes[4096];
	uint64_t done = 0;

	while (done < len) {
		uint64_t l = vop_core_copy_in(w, zeroes, VOP_MIN(len - done, sizeof(zeroes)));

		if (!l)
			break;
		done += l;
	}
	return done;
}

uint64_t vop_core_skip(struct vop_core_walk *w, uint64_t len)
{
	uint64_t done = 0;
	uint32_t l;

	for (; vop_core_next(w, len - done, &l) != NULL; done += l)
		;
	return done;
}
