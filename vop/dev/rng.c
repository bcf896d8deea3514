/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entropy device. Random bytes pass through private memory, a piece at a time, so that sources
 * need not know of shared memory; they are wiped there, since what a driver got is its secret.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "vop/dev/core.h"
#include "vop/dev/rng.h"

#define RNG_BATCH 4u /* buffers in one turn: others share the poller */
#define RNG_CHUNK 4096u

/* Counters: one writer, the poller; read by any thread. */
struct rng_count {
	uint64_t buffers, bytes, dry;
};

struct vop_rng {
	struct vop_core core;
	enum vop_notify notify;
	bool job; /* the poller has it */
	struct vop_core_queue q;
	struct vop_rng_source source;
	struct rng_count count;
	unsigned from, n; /* elem[from..n) were popped and wait for the source */
	struct vop_elem elem[RNG_BATCH];
	struct vop_iov iov[VOP_CORE_PIECES];
	uint8_t chunk[RNG_CHUNK];
};

/* --- poller --- */

/* Not blocking: before the kernel has gathered enough there is nothing, and others share the
 * thread. */
static size_t fill_from_kernel(void *ctx, void *to, size_t len)
{
	ssize_t n = getrandom(to, len, GRND_NONBLOCK);

	(void)ctx;
	return n < 0 ? 0 : (size_t)n;
}

/* Fill one piece; fewer bytes than len when the source ran dry. */
static uint32_t fill_piece(struct vop_rng *r, uint8_t *to, uint32_t len)
{
	uint32_t at = 0;

	while (at < len) {
		size_t want = VOP_MIN(len - at, RNG_CHUNK);
		size_t got = r->source.fill(r->source.ctx, r->chunk, want);

		if (got == 0)
			break;
		got = VOP_MIN(got, want);
		VOP_MEM_COPY_TO(to + at, r->chunk, got);
		explicit_bzero(r->chunk, got);
		at += (uint32_t)got;
	}
	return at;
}

/* Bytes written, exactly; 0: the source has none. */
static uint32_t fill_buffer(struct vop_rng *r, const struct vop_elem *e)
{
	uint32_t left = VOP_MIN(e->in_len, VOP_RNG_FILL_MAX), done = 0;
	const struct vop_iov *v = &r->iov[e->first];

	for (; left; v++) {
		uint32_t len = VOP_MIN(left, v->len), got = fill_piece(r, v->ptr, len);

		done += got;
		left -= got;
		if (got < len)
			break;
	}
	return done;
}

/* Take buffers. Each has room for a byte at least, and nothing to read (5.4.6.1). */
static void take(struct vop_rng *r)
{
	struct vop_batch b = {.elem = r->elem, .iov = r->iov, .iov_max = VOP_CORE_PIECES};
	unsigned i, got = vop_core_pop(&r->core, &r->q, &b, RNG_BATCH);

	r->from = r->n = 0;
	for (i = 0; i < got; i++) {
		const struct vop_elem *e = &r->elem[i];

		if (e->nout || e->in_len == 0) {
			vop_core_violate(&r->core, &r->q,
					 e->nout ? VOP_V_DIRECTION : VOP_V_ZERO_LEN);
			return;
		}
	}
	r->n = got;
}

static unsigned rng_poll(void *ctx)
{
	struct vop_rng *r = ctx;
	unsigned done = 0;

	if (r->from == r->n)
		take(r);
	if (!r->q.live)
		return 0;
	for (; r->from < r->n; r->from++, done++) {
		const struct vop_elem *e = &r->elem[r->from];
		uint32_t len = fill_buffer(r, e);

		if (len == 0) {
			vop_core_count(&r->count.dry, 1);
			break;
		}
		vop_devq_push(&r->q.vq, e, &len, 1);
		vop_core_count(&r->count.bytes, len);
	}
	if (!done) {
		vop_core_retry_ring(&r->q);
		return 0;
	}
	vop_core_publish(&r->q);
	vop_core_count(&r->count.buffers, done);
	return done;
}

static bool rng_arm(void *ctx)
{
	struct vop_rng *r = ctx;

	/* Nobody rings when the source has bytes again. */
	if (r->q.live && r->from != r->n)
		return true;
	return vop_core_arm(&r->q);
}

static void rng_disarm(void *ctx)
{
	struct vop_rng *r = ctx;

	vop_core_disarm(&r->q);
}

/* --- control thread --- */

static struct vop_core_queue *queue_of(void *dev, unsigned index)
{
	struct vop_rng *r = dev;

	return index ? NULL : &r->q;
}

static void forget(void *dev, unsigned index)
{
	struct vop_rng *r = dev;

	(void)index;
	r->from = r->n = 0;
}

static int update(void *dev, unsigned index)
{
	struct vop_rng *r = dev;
	struct vop_poller_job job = {
		.poll = rng_poll,
		.arm = rng_arm,
		.disarm = rng_disarm,
		.ctx = r,
		.doorbell = vop_core_kick(&r->q),
		.notify = r->notify,
	};

	(void)index;
	return vop_core_job(r->core.poller, &job, r->q.live, &r->job);
}

static int rng_queue_start(void *dev, const struct vop_queue_config *cfg)
{
	struct vop_rng *r = dev;

	return vop_core_queue_start(&r->core, cfg);
}

static void rng_queue_stop(void *dev, unsigned index)
{
	struct vop_rng *r = dev;

	vop_core_queue_stop(&r->core, index);
}

static int rng_driver_ok(void *dev)
{
	struct vop_rng *r = dev;

	return vop_core_driver_ok(&r->core);
}

static void rng_reset(void *dev)
{
	struct vop_rng *r = dev;

	vop_core_reset(&r->core);
}

static const struct vop_dev_ops rng_ops = {
	.device_id = VOP_RNG_ID,
	.type = "rng",
	.queue_start = rng_queue_start,
	.queue_stop = rng_queue_stop,
	.driver_ok = rng_driver_ok,
	.reset = rng_reset,
};

void vop_rng_attend(struct vop_rng *r)
{
	vop_core_attend(&r->core);
}

struct vop_rng *vop_rng_open(struct vop_device *d, const struct vop_rng_config *cfg,
			     struct vop_error *err)
{
	struct vop_device_offer o = {
		.ops = &rng_ops,
		.features_off = {cfg->features_off[0], cfg->features_off[1]},
		.queues = VOP_RNG_QUEUES,
		.queue_size_max = cfg->queue_size_max,
		.pool_size = cfg->pool_size,
		.notify = cfg->notify,
	};
	struct vop_rng *r;

	if (cfg->queue_size_max < 1 || cfg->queue_size_max > VOP_QUEUE_SIZE_MAX) {
		vop_core_error(err, "queue size %u is not 1 to %u", cfg->queue_size_max,
			       VOP_QUEUE_SIZE_MAX);
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	if (!r) {
		vop_core_error(err, "out of memory");
		return NULL;
	}
	r->core = (struct vop_core){
		.d = d,
		.poller = cfg->poller,
		.dev = r,
		.queues_max = VOP_RNG_QUEUES,
		.queue = queue_of,
		.forget = forget,
		.update = update,
	};
	r->notify = cfg->notify;
	r->source = cfg->source;
	if (!r->source.fill)
		r->source.fill = fill_from_kernel;
	o.dev = r;
	if (vop_core_offer(&r->core, &o, "entropy device", err) == 0)
		return r;
	free(r);
	return NULL;
}

void vop_rng_close(struct vop_rng *r)
{
	if (!r)
		return;
	if (r->source.free)
		r->source.free(r->source.ctx);
	free(r);
}

void vop_rng_get_stats(const struct vop_rng *r, struct vop_rng_stats *out)
{
	*out = (struct vop_rng_stats){
		.buffers = vop_core_load(&r->count.buffers),
		.bytes = vop_core_load(&r->count.bytes),
		.dry = vop_core_load(&r->count.dry),
		.violations = vop_core_load(&r->core.violations),
		.last_violation = __atomic_load_n(&r->core.last_violation, __ATOMIC_RELAXED),
	};
}
