/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA: one interface for copies that may be done now or later, by the CPU or by an engine.
 *
 * A job shorter than the threshold is copied by the caller's CPU inside submit, where handing it
 * over would cost more than copying. A longer one goes to the engine, a thread of its own (later:
 * hardware). Completions come in the order of submission, whoever copied.
 *
 * Publish after completion. What a job wrote may be named to the peer (used index, descriptor
 * flags) only after vop_dma_poll() or vop_dma_drain() said that the job is complete. The engine
 * stores its count of finished jobs with release after the copies, poll loads it with acquire, and
 * the caller publishes with release: the three hand-overs chain, so a peer that acquires the
 * publication sees the copied bytes on any architecture with multi-copy-atomic stores (x86,
 * AArch64). Over PCIe that is not enough, since the engine's writes and the publication may come
 * from different requesters; then `flush` makes the engine push its writes out before it counts
 * them as finished. Jobs copied in submit are stores of the caller and need what these need.
 *
 * Drain before you acknowledge: reset, queue reset and removal of a device call vop_dma_drain()
 * first, and only then give the buffers back.
 *
 * Jobs that are under way at the same time must not overlap: a small one overtakes a large one.
 * The addresses are translated and checked by the caller and stay mapped until completion.
 *
 * Threads: submit, poll, drain and close belong to one thread at a time (the queue's owner); the
 * engine is the only other one.
 */
#ifndef VOP_DMA_H
#define VOP_DMA_H

#include <vop/base.h>
#include <vop/copy.h>

#define VOP_DMA_ENTRIES_MAX 65536u
/* Nothing goes to an engine; none is started. */
#define VOP_DMA_CPU_ONLY SIZE_MAX
/* A threshold to start from, bytes: where copying takes longer than handing over and fetching the
 * completion (some cache-line round trips). Measure on the machine at hand. */
#define VOP_DMA_THRESHOLD ((size_t)16384)

struct vop_dma_job {
	void *dst;
	const void *src;
	size_t len;	 /* bytes; 0 is legal */
	uint64_t cookie; /* handed back by vop_dma_poll() */
};

struct vop_dma_config {
	uint32_t entries; /* jobs not yet polled, at most; a power of two */
	size_t threshold; /* bytes; from this length on the engine copies */
	int cpu;	  /* the engine's CPU, or -1: anywhere */
	uint32_t spin_us; /* the engine looks that long for more work before it sleeps */
	/* Called by the engine between copying and counting, or NULL: memory is coherent. */
	void (*flush)(void *ctx);
	void *ctx;
};

struct vop_dma_done {
	uint64_t cookie;
	uint32_t seq; /* complete when the engine has finished that many */
};

struct vop_dma {
	/* The caller's. */
	struct vop_dma_done *done; /* submitted, not yet polled; ring of mask + 1 */
	size_t threshold;
	uint32_t mask;
	uint32_t submitted; /* all jobs ever, wraps */
	uint32_t polled;    /* of these */
	uint32_t given;	    /* jobs given to the engine, as published in `tail` or about to be */
	struct vop_dma_engine *engine;
	struct vop_dma_job *ring; /* engine's jobs; written by the caller, read by the engine */

	/* Written by the caller, read by the engine. */
	uint32_t tail VOP_ALIGNED;
	uint32_t stop;
	/* Set by whoever goes to sleep on it, cleared by whoever wakes him. */
	uint32_t engine_sleeps;
	uint32_t caller_sleeps;

	/* Written by the engine, read by the caller. */
	uint32_t finished VOP_ALIGNED;
};

/*
 * Start. -EINVAL: entries or CPU; -ENOMEM; -EAGAIN: no thread. *d stays where it is until close.
 */
int vop_dma_open(struct vop_dma *d, const struct vop_dma_config *cfg);
/* Finish every job, stop and join the engine, free. Cookies not polled are forgotten. A structure
 * that is all zero may be closed. */
void vop_dma_close(struct vop_dma *d);
/*
 * Sleep until every job submitted is complete. Their cookies wait for vop_dma_poll().
 */
void vop_dma_drain(struct vop_dma *d);

/* Behind the inline path. */
void vop_dma_wake_engine(struct vop_dma *d);

/* Room for that many jobs. */
VOP_INLINE uint32_t vop_dma_room(const struct vop_dma *d)
{
	return d->mask + 1 - (d->submitted - d->polled);
}

/* Jobs submitted and not yet polled. */
VOP_INLINE uint32_t vop_dma_pending(const struct vop_dma *d)
{
	return d->submitted - d->polled;
}

/* Submit n jobs; returns how many were taken (fewer when there is no room: poll, then retry). */
VOP_INLINE uint32_t vop_dma_submit(struct vop_dma *d, const struct vop_dma_job *jobs, uint32_t n)
{
	uint32_t given = d->given;

	n = VOP_MIN(n, vop_dma_room(d));
	for (uint32_t i = 0; i < n; i++) {
		if (jobs[i].len < d->threshold)
			vop_copy(jobs[i].dst, jobs[i].src, jobs[i].len);
		else
			d->ring[given++ & d->mask] = jobs[i];
		d->done[d->submitted++ & d->mask] =
			(struct vop_dma_done){.cookie = jobs[i].cookie, .seq = given};
	}
	if (given != d->given) {
		d->given = given;
		/*
		 * Release: the engine's acquire of tail sees the jobs. Sequentially consistent
		 * with the look at engine_sleeps: either the engine sees this tail before it
		 * sleeps, or we see that it sleeps.
		 */
		__atomic_store_n(&d->tail, given, __ATOMIC_SEQ_CST);
		if (vop_unlikely(__atomic_load_n(&d->engine_sleeps, __ATOMIC_SEQ_CST)))
			vop_dma_wake_engine(d);
	}
	return n;
}

/* Cookies of complete jobs, in order of submission; returns how many, at most max. Never blocks. */
VOP_INLINE uint32_t vop_dma_poll(struct vop_dma *d, uint64_t *cookies, uint32_t max)
{
	uint32_t finished, n = 0;

	if (d->polled == d->submitted)
		return 0;
	/* Acquire: pairs with the engine's store after its copies and its flush. */
	finished = __atomic_load_n(&d->finished, __ATOMIC_ACQUIRE);
	while (n < max && d->polled != d->submitted) {
		const struct vop_dma_done *e = &d->done[d->polled & d->mask];

		if ((int32_t)(finished - e->seq) < 0)
			break;
		cookies[n++] = e->cookie;
		d->polled++;
	}
	return n;
}

#endif
