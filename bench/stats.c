/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats.h"

/*
 * The bins are a convention, not a property of a machine. On the virtual machine they were drawn
 * for, the round trip was bimodal: around 125 to 145 ns (at times 70 to 100) while both CPUs shared
 * a last-level cache, and 520 to 600 ns while they did not, with next to nothing between 200 and
 * 350. Bounds in the empty stretches keep a round from flickering between two bins by noise alone.
 * They stay fixed, so that files of different days compare.
 */
const struct regime_bin regime_bins[REGIMES] = {
	[REGIME_NEAR] = {"near", 200},
	[REGIME_MID] = {"mid", 350},
	[REGIME_FAR] = {"far", INFINITY},
	[REGIME_NONE] = {"none", 0},
};

enum regime regime_of(double rtt_ns)
{
	unsigned i;

	if (!(rtt_ns > 0))
		return REGIME_NONE;
	for (i = 0; i < REGIME_FAR; i++)
		if (rtt_ns < regime_bins[i].below_ns)
			break;
	return (enum regime)i;
}

const char *regime_name(enum regime r)
{
	return (unsigned)r < REGIMES ? regime_bins[r].name : "unknown";
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Quantile q of sorted values, linear between order statistics (the method most tools default to).
 */
static double quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t low = (size_t)at;
	double part = at - (double)low;

	if (low + 1 >= n || part == 0)
		return sorted[low];
	return sorted[low] + part * (sorted[low + 1] - sorted[low]);
}

int stats_of(const double *v, size_t n, struct stats *out)
{
	double *s;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return -EINVAL;
	if (n == 0)
		return 0;
	s = malloc(n * sizeof(*s));
	if (!s)
		return -ENOMEM;
	memcpy(s, v, n * sizeof(*s));
	qsort(s, n, sizeof(*s), by_value);
	out->n = (unsigned)n;
	out->min = s[0];
	out->max = s[n - 1];
	out->median = quantile(s, n, 0.5);
	out->q1 = quantile(s, n, 0.25);
	out->q3 = quantile(s, n, 0.75);
	for (i = 0; i < n; i++)
		s[i] = fabs(v[i] - out->median);
	qsort(s, n, sizeof(*s), by_value);
	out->mad = quantile(s, n, 0.5);
	free(s);
	return 0;
}

static const struct {
	const char *word, *text;
} mark_names[ROUND_MARK_BITS] = {
#define ROUND_MARK_NAME(sym, bit, word, text) [bit] = {word, text},
	ROUND_MARKS(ROUND_MARK_NAME)
#undef ROUND_MARK_NAME
};

const char *round_mark_word(unsigned bit)
{
	return bit < ROUND_MARK_BITS ? mark_names[bit].word : NULL;
}

const char *round_mark_text(unsigned bit)
{
	return bit < ROUND_MARK_BITS ? mark_names[bit].text : NULL;
}

void round_judge(struct round *r)
{
	double before = r->rtt_before_ns, after = r->rtt_after_ns;
	int have_before = before > 0, have_after = after > 0;

	r->marks = 0;
	if (have_before && have_after) {
		r->regime = regime_of((before + after) / 2);
		if (regime_of(before) != regime_of(after))
			r->marks |= ROUND_MARK_REGIME;
		if (fabs(before - after) > ROUND_RTT_DRIFT * fmin(before, after))
			r->marks |= ROUND_MARK_RTT;
	} else {
		r->regime = regime_of(have_before ? before : after);
	}
	if (r->steal_s > ROUND_STEAL_SHARE * r->duration_s)
		r->marks |= ROUND_MARK_STEAL;
	if (r->migrations)
		r->marks |= ROUND_MARK_MIGRATED;
	/* How often is a guess at how much; where that is known it counts alone. */
	if (!(r->busy > 0) && (double)r->switches > fmax(2, ROUND_SWITCHES_PER_S * r->duration_s))
		r->marks |= ROUND_MARK_SWITCHED;
	if (r->busy > 0 && r->busy < ROUND_BUSY)
		r->marks |= ROUND_MARK_DISPLACED;
}

/* Summarise the rounds of one regime that are marked, or that are not. v is scratch for n values.
 */
static int summarise(const struct round *rounds, size_t n, enum regime regime, int marked,
		     double *v, struct regime_summary *out)
{
	struct stats limits;
	size_t i, taken = 0;
	int err;

	for (i = 0; i < n; i++)
		if (rounds[i].regime == regime && !rounds[i].marks == !marked)
			v[taken++] = rounds[i].value;
	err = stats_of(v, taken, &out->s);
	if (err)
		return err;
	for (taken = 0, i = 0; i < n; i++)
		if (rounds[i].regime == regime && !rounds[i].marks == !marked &&
		    rounds[i].limit > 0)
			v[taken++] = rounds[i].limit;
	err = stats_of(v, taken, &limits);
	out->limit = limits.median;
	return err;
}

int regime_summaries(const struct round *rounds, size_t n, struct regime_summary out[REGIMES])
{
	double *v;
	size_t i;
	unsigned g;
	int err = 0;

	memset(out, 0, REGIMES * sizeof(*out));
	for (g = 0; g < REGIMES; g++)
		out[g].regime = (enum regime)g;
	for (i = 0; i < n; i++) {
		if ((unsigned)rounds[i].regime >= REGIMES)
			return -EINVAL;
		out[rounds[i].regime].rounds++;
		out[rounds[i].regime].marked += rounds[i].marks != 0;
	}
	v = calloc(n ? n : 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (g = 0; g < REGIMES && !err; g++) {
		out[g].disturbed = out[g].rounds && out[g].marked == out[g].rounds;
		err = summarise(rounds, n, (enum regime)g, out[g].disturbed, v, &out[g]);
	}
	free(v);
	return err;
}
