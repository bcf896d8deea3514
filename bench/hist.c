/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <string.h>

#include "bench/hist.h"

void hist_init(struct hist *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

/* The first 2 * HIST_SUB steps are one value wide; from there on each row of HIST_SUB doubles. */
static unsigned step_shift(unsigned i)
{
	return i < 2 * HIST_SUB ? 0 : i / HIST_SUB - 1;
}

uint64_t hist_step_low(unsigned i)
{
	unsigned shift = step_shift(i);

	return (uint64_t)(i - shift * HIST_SUB) << shift;
}

uint64_t hist_step_high(unsigned i)
{
	return hist_step_low(i) + ((UINT64_C(1) << step_shift(i)) - 1);
}

/* What a step stands for: its middle, but never a value beyond what was really seen. */
static uint64_t step_value(const struct hist *h, unsigned i)
{
	uint64_t low = hist_step_low(i);
	uint64_t v = low + (hist_step_high(i) - low) / 2;

	if (i == HIST_STEPS - 1 && h->beyond)
		return h->max;
	if (v < h->min)
		return h->min;
	return v > h->max ? h->max : v;
}

void hist_merge(struct hist *dst, const struct hist *src)
{
	unsigned i;

	if (src->count == 0)
		return;
	for (i = 0; i < HIST_STEPS; i++)
		dst->step[i] += src->step[i];
	dst->count += src->count;
	dst->sum += src->sum;
	dst->beyond += src->beyond;
	if (src->min < dst->min)
		dst->min = src->min;
	if (src->max > dst->max)
		dst->max = src->max;
}

uint64_t hist_percentile(const struct hist *h, double p)
{
	double rank;
	uint64_t want, seen = 0;
	unsigned i;

	if (h->count == 0)
		return 0;
	if (!(p > 0))
		return h->min;
	if (p >= 100)
		return h->max;
	/* p such as 99.9 is not exact in binary: without the slack 999 of 1,000 would ask for the
	 * 1,000th. */
	rank = ceil(p / 100 * (double)h->count * (1 - 1e-12));
	want = rank < 1 ? 1 : (uint64_t)rank;
	for (i = 0; i < HIST_STEPS; i++) {
		seen += h->step[i];
		if (seen >= want)
			return step_value(h, i);
	}
	return h->max;
}

double hist_mean(const struct hist *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}

bool hist_next(const struct hist *h, unsigned *at, uint64_t *ns, uint64_t *count)
{
	for (; *at < HIST_STEPS; (*at)++) {
		if (h->step[*at] == 0)
			continue;
		*ns = step_value(h, *at);
		*count = h->step[*at];
		(*at)++;
		return true;
	}
	return false;
}
