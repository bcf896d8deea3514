/* SPDX-License-Identifier: BSD-2-Clause */
/* <vop/vop.h>: the device's side of a device. */
#include <stdlib.h>
#include <string.h>

#include "vop/api_internal.h"

/* Batches in one service; the rest in the next, so that one busy queue does not starve the node. */
#define TURNS 16u

/* --- what the node asks of a device type --- */

static void open_served(struct vop_dev *d, struct api_served *s)
{
	bool peer_polls = s->cfg->call->kind == VOP_DB_NONE;

	s->bufs.n = s->bufs.from = 0;
	s->ring_owed = false;
	s->live = !vop_devq_open(&s->vq, s->cfg,
				 vop_ring_features(vop_device_features(d->d), peer_polls));
	s->kick.rang = true; /* buffers may be there already */
	api_poke(d->v);
}

static int on_queue_start(void *dev, const struct vop_queue_config *cfg)
{
	struct vop_dev *d = dev;
	struct api_served *s = &d->sq[cfg->index];
	int r = api_watch(d->v, &s->kick, cfg->kick);

	if (r)
		return r;
	s->cfg = cfg;
	if (d->running)
		open_served(d, s);
	return 0;
}

static void on_queue_stop(void *dev, unsigned q)
{
	struct vop_dev *d = dev;
	struct api_served *s = &d->sq[q];

	api_unwatch(d->v, &s->kick);
	s->live = false;
	s->cfg = NULL;
}

static int on_driver_ok(void *dev)
{
	struct vop_dev *d = dev;
	unsigned i;

	d->running = true;
	for (i = 0; i < d->nsq; i++)
		if (d->sq[i].cfg)
			open_served(d, &d->sq[i]);
	return 0;
}

static void on_reset(void *dev)
{
	struct vop_dev *d = dev;

	d->running = false;
}

/* --- batches --- */

static void give_back(struct api_served *s, unsigned n)
{
	struct vop_bufs *b = &s->bufs;

	vop_devq_push(&s->vq, &b->elem[b->from], &b->used[b->from], n);
	b->from += n;
	if (!vop_devq_publish(&s->vq) && !s->ring_owed)
		return;
	VOP_MEM_FLUSH();
	/* No memory for the ring is the only failure after which one is owed (doorbell.h). */
	s->ring_owed = vop_doorbell_ring(s->cfg->call) == -ENOBUFS;
}

/* Take the next batch when the last one is used up. False: there is none. */
static bool refill(struct vop_dev *d, struct api_served *s)
{
	struct vop_bufs *b = &s->bufs;
	struct vop_batch batch = {.elem = b->elem, .iov = b->iov, .iov_max = API_PIECES};
	uint32_t why;

	b->from = 0;
	b->n = vop_devq_pop(&s->vq, s->cfg->regions, &batch, API_BATCH);
	memset(b->used, 0, sizeof(b->used));
	why = vop_devq_broken(&s->vq);
	if (!why)
		return b->n > 0;
	/* NEEDS_RESET; stops the queue. */
	b->n = 0;
	s->live = false;
	vop_device_violation(d->d, (unsigned)(s - d->sq), why);
	return false;
}

/*
 * Hand out batches until there are none or the callee wants no more; `offered`: what it left last
 * time is handed out first. On return the queue is armed, or comes up in the next service.
 */
static void run_queue(struct vop_dev *d, struct api_served *s, bool offered)
{
	struct vop_bufs *b = &s->bufs;
	unsigned turn, taken;

	s->kick.rang = false;
	for (turn = 0; turn < TURNS && s->live; turn++) {
		if (b->from == b->n) {
			if (!refill(d, s)) {
				/* Armed first, looked at last: a buffer that comes later kicks. */
				if (!s->live || !vop_devq_arm(&s->vq))
					break;
				continue;
			}
		} else if (!offered) {
			break; /* vop_dev_run() goes on */
		}
		offered = true;
		taken = d->fn(d->ctx, d, (unsigned)(s - d->sq), b);
		/* The callee may have waited for something else, and the queue may be gone. */
		if (!s->live)
			return;
		give_back(s, VOP_MIN(taken, b->n - b->from));
		if (b->from < b->n)
			break;
	}
	if (s->live && (turn == TURNS || s->ring_owed)) {
		s->kick.rang = true;
		api_poke(d->v);
	}
}

void api_device_run(struct vop_dev *d)
{
	unsigned i;

	for (i = 0; i < d->nsq && !d->gone; i++) {
		struct api_served *s = &d->sq[i];

		if (!s->live || !s->kick.rang)
			continue;
		if (s->ring_owed)
			give_back(s, 0);
		run_queue(d, s, false);
	}
}

int vop_dev_run(struct vop_dev *d, unsigned queue)
{
	struct api_served *s;

	if (d->gone)
		return -ENODEV;
	if (queue >= d->nsq)
		return -EINVAL;
	s = &d->sq[queue];
	if (!s->live)
		return -ENOTCONN;
	run_queue(d, s, true);
	return 0;
}

unsigned vop_bufs_count(const struct vop_bufs *b)
{
	return b->n - b->from;
}

static const struct vop_elem *elem_of(const struct vop_bufs *b, unsigned i)
{
	return i < b->n - b->from ? &b->elem[b->from + i] : NULL;
}

static size_t total(const struct vop_iov *v, unsigned n)
{
	size_t sum = 0;

	while (n--)
		sum += v++->len;
	return sum;
}

size_t vop_bufs_out_size(const struct vop_bufs *b, unsigned i)
{
	const struct vop_elem *e = elem_of(b, i);

	return e ? total(&b->iov[e->first], e->nout) : 0;
}

size_t vop_bufs_in_size(const struct vop_bufs *b, unsigned i)
{
	const struct vop_elem *e = elem_of(b, i);

	return e ? e->in_len : 0;
}

size_t vop_bufs_read(const struct vop_bufs *b, unsigned i, size_t offset, void *dst, size_t len)
{
	const struct vop_elem *e = elem_of(b, i);
	const struct vop_iov *v = e ? &b->iov[e->first] : NULL;
	size_t done = 0, k;
	unsigned n;

	for (n = e ? e->nout : 0; n && done < len; n--, v++) {
		if (offset >= v->len) {
			offset -= v->len;
			continue;
		}
		k = VOP_MIN(v->len - offset, len - done);
		VOP_MEM_COPY_FROM((uint8_t *)dst + done, v->ptr + offset, k);
		done += k;
		offset = 0;
	}
	return done;
}

size_t vop_bufs_write(struct vop_bufs *b, unsigned i, size_t offset, const void *src, size_t len)
{
	const struct vop_elem *e = elem_of(b, i);
	const struct vop_iov *v = e ? &b->iov[e->first + e->nout] : NULL;
	size_t done = 0, k;
	unsigned n;

	for (n = e ? e->nin : 0; n && done < len; n--, v++) {
		if (offset >= v->len) {
			offset -= v->len;
			continue;
		}
		k = VOP_MIN(v->len - offset, len - done);
		VOP_MEM_COPY_TO(v->ptr + offset, (const uint8_t *)src + done, k);
		done += k;
		offset = 0;
	}
	return done;
}

void vop_bufs_used(struct vop_bufs *b, unsigned i, size_t written)
{
	const struct vop_elem *e = elem_of(b, i);

	/* More than there is room for would be a violation by us. */
	if (e)
		b->used[b->from + i] = (uint32_t)VOP_MIN(written, (size_t)e->in_len);
}

/* --- the offer --- */

int vop_dev_serve(struct vop_dev *d, const uint64_t features[2], unsigned queues,
		  unsigned queue_size_max, const void *config, uint32_t config_size,
		  vop_serve_fn *fn, void *ctx)
{
	struct vop_device_offer o = {
		.ops = &d->ops,
		.dev = d,
		.features = {features[0], features[1]},
		.queues = (uint16_t)queues,
		.queue_size_max = (uint16_t)queue_size_max,
		.config_size = config_size,
		.notify = VOP_NOTIFY_EVENT,
	};
	int r;

	if (d->gone)
		return -ENODEV;
	if (!vop_dev_is_ours(d))
		return -EPERM;
	if (d->sq)
		return -EBUSY;
	if (queues > d->info.queues_max || queue_size_max > d->info.queue_size_max ||
	    config_size > sizeof(o.config) || !fn)
		return -EINVAL;
	memcpy(o.config, config, config_size);
	d->ops = (struct vop_dev_ops){
		.device_id = d->info.device_id,
		.type = "api",
		.queue_start = on_queue_start,
		.queue_stop = on_queue_stop,
		.driver_ok = on_driver_ok,
		.reset = on_reset,
	};
	d->fn = fn;
	d->ctx = ctx;
	d->sq = calloc(VOP_MAX(queues, 1u), sizeof(*d->sq));
	if (!d->sq)
		return -ENOMEM;
	d->nsq = queues;
	r = vop_device_serve(d->d, &o);
	if (r) {
		free(d->sq);
		d->sq = NULL;
		d->nsq = 0;
	}
	return r;
}

int vop_dev_config_set(struct vop_dev *d, uint32_t offset, const void *data, uint32_t len)
{
	return d->gone ? -ENODEV : vop_device_config_set(d->d, offset, data, len);
}
