/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A histogram of nanoseconds with a bounded relative error: 128 linear steps in every power of two.
 *
 * Covers 0 to 137 s; what lies beyond is counted in the last step and in `beyond`, min and max stay
 * exact. Below 256 ns every value has its own step; above, a step is at most 1/128 of its value and
 * stands for its middle, so a reported value is at most 0.4 % off.
 *
 * Plain memory without pointers (about 31 KiB): it may lie in a shared block. One writer; read it
 * after the writer has stopped. The caller decides what it records: with a set rate, the time since
 * the *intended* send, so that a stall is not omitted.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdbool.h>
#include <stdint.h>

#define HIST_SUB_BITS 7u
#define HIST_SUB      (1u << HIST_SUB_BITS)
#define HIST_TOP_BITS 37u /* values below 2^37 ns have a step of their own */
#define HIST_STEPS    ((HIST_TOP_BITS - HIST_SUB_BITS + 1u) * HIST_SUB)
#define HIST_TOP      ((UINT64_C(1) << HIST_TOP_BITS) - 1)

struct hist {
	uint64_t count;
	uint64_t sum; /* ns; holds 584 years */
	uint64_t min; /* UINT64_MAX while empty */
	uint64_t max;
	uint64_t beyond; /* values above HIST_TOP */
	uint64_t step[HIST_STEPS];
};

/* Empty it; must be called once before the first record. */
void hist_init(struct hist *h);

/* Step a value of at most HIST_TOP falls into. */
static inline unsigned hist_index(uint64_t ns)
{
	/* The bit set here makes everything below 2 * HIST_SUB share shift 0: no branch for small
	 * values. */
	unsigned shift = 63u - HIST_SUB_BITS - (unsigned)__builtin_clzll(ns | HIST_SUB);

	return shift * HIST_SUB + (unsigned)(ns >> shift);
}

/* Count n times the same value: a batch that arrived together. */
static inline void hist_record_n(struct hist *h, uint64_t ns, uint64_t n)
{
	uint64_t v = ns;

	if (__builtin_expect(ns > HIST_TOP, 0)) {
		v = HIST_TOP;
		h->beyond += n;
	}
	h->step[hist_index(v)] += n;
	h->count += n;
	h->sum += ns * n;
	if (ns < h->min)
		h->min = ns;
	if (ns > h->max)
		h->max = ns;
}

/* Count one value, in nanoseconds. */
static inline void hist_record(struct hist *h, uint64_t ns)
{
	hist_record_n(h, ns, 1);
}

/* Lowest and highest value of a step; i < HIST_STEPS. */
uint64_t hist_step_low(unsigned i);
uint64_t hist_step_high(unsigned i);

/* Add what src counted to dst. */
void hist_merge(struct hist *dst, const struct hist *src);

/*
 * The value at or below which p percent (0 to 100) of all values lie, in ns: the middle of its
 * step, never outside min..max; p = 0 is min, p = 100 is max, both exact. 0 when empty.
 */
uint64_t hist_percentile(const struct hist *h, double p);

/* Exact mean in ns; 0 when empty. */
double hist_mean(const struct hist *h);

/*
 * Walk the steps that hold something, upwards: start with *at = 0, ends with false. *ns is the
 * value the step stands for (its middle), *count how many.
 */
bool hist_next(const struct hist *h, unsigned *at, uint64_t *ns, uint64_t *count);

#endif
