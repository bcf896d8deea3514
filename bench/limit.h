/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits: what the two CPUs can do at all, without virtio. A limit is the best over a published set
 * of strides, batches, slots and prefetch habits for the same bytes in the same direction.
 */
#ifndef BENCH_LIMIT_H
#define BENCH_LIMIT_H

#include "bench/shared.h"

/* One way to move the bytes. */
struct limit_way {
	uint32_t stride, batch, slots, prefetch;
};

#define LIMIT_WAYS_MAX 64u

/*
 * dense: frames may share cache lines, which moves fewer lines; only a fair bound for traffic whose
 * buffers do so too. The published set for frames of `bytes`: fills way[], returns how many (at
 * most LIMIT_WAYS_MAX). */
unsigned limit_ways(uint32_t bytes, bool dense, struct limit_way *way);

/* The job that measures one way. kind JOB_LINE or JOB_DUPLEX; back_bytes as in struct job. */
struct job limit_job(enum job_kind kind, enum bench_side from, uint32_t bytes, uint32_t back_bytes,
		     const struct limit_way *way, uint64_t warm_ns, uint64_t run_ns);

#endif
