/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a result agree with itself? A file edited by hand, or put together from two, seldom does.
 *
 * Only what cannot be otherwise is checked: how large a disturbance must be to be marked is for the
 * program that measured to say, and may change from one to the next; that a mark has no reason at
 * all, or a plain reason no mark, is wrong for all of them.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result.h"
#include "bench/runs_file.h"

#define CLOSE 1e-9 /* relative; numbers are written with 12 digits */

/* scale: of the largest value they come from, since a difference of two keeps its error. */
static bool close_to(double a, double b, double scale)
{
	return fabs(a - b) <= CLOSE * fmax(fabs(a), fabs(b)) + 1e-2 * CLOSE * scale;
}

static int check_numbers(const struct runs_reader *rd, const struct run_result *r,
			 const struct stats *s)
{
	const struct {
		const char *key;
		double says, is;
	} all[] = {
		{"median", r->s.median, s->median},
		{"min", r->s.min, s->min},
		{"max", r->s.max, s->max},
		{"q1", r->s.q1, s->q1},
		{"q3", r->s.q3, s->q3},
		{"mad", r->s.mad, s->mad},
	};
	double scale = fmax(fabs(s->min), fabs(s->max));
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!close_to(all[i].says, all[i].is, scale))
			return runs_wrong(rd, all[i].key, "is %.12g, but its rounds give %.12g",
					  all[i].says, all[i].is);
	return 0;
}

/* The share of the limit, and the limit itself where the rounds carry it. */
static int check_limit(const struct runs_reader *rd, const struct run_result *r,
		       const struct stats *limits)
{
	double ratio = r->limit > 0 ? r->s.median / r->limit : 0, beyond;

	if (!r->limit_name)
		return 0;
	if (limits->n && !close_to(r->limit, limits->median, limits->max))
		return runs_wrong(rd, "limit", "is %.12g, but its rounds give %.12g", r->limit,
				  limits->median);
	if (!close_to(r->limit_ratio, ratio, 0))
		return runs_wrong(rd, "limit_ratio", "is %.12g, but median / limit is %.12g",
				  r->limit_ratio, ratio);
	beyond = r->limit > 0 ? (r->more_is_better ? ratio - 1 : 1 - ratio) : 0;
	if (r->limit_exceeded ? beyond <= 0 : beyond > RESULT_LIMIT_SLACK + CLOSE)
		return runs_wrong(rd, "limit_exceeded", "does not fit the ratio of %.12g", ratio);
	return 0;
}

static int check_summary(const struct runs_reader *rd, const struct run_result *r)
{
	double *v = calloc(r->rounds * 2, sizeof(*v));
	struct stats s, limits;
	size_t i, n = 0, limits_n = 0;
	int err;

	if (!v)
		return runs_no_memory(rd);
	for (i = 0; i < r->rounds; i++) {
		if (!run_round_counts(r, &r->round[i]))
			continue;
		v[n++] = r->round[i].value;
		if (r->round[i].limit > 0)
			v[r->rounds + limits_n++] = r->round[i].limit;
	}
	err = stats_of(v, n, &s);
	if (!err)
		err = stats_of(v + r->rounds, limits_n, &limits);
	free(v);
	if (err)
		return runs_no_memory(rd);
	if (r->s.n != s.n)
		return runs_wrong(rd, "rounds_counted", "is %u, but of its rounds %u count", r->s.n,
				  s.n);
	err = check_numbers(rd, r, &s);
	return err ? err : check_limit(rd, r, &limits);
}

/* --- rounds --- */

/* Index of the bin a round trip falls into; rd->bins when none takes it. */
static unsigned bin_of(const struct runs_reader *rd, double rtt)
{
	unsigned i;

	for (i = 0; i < rd->bins && rtt >= rd->bin[i].below_ns; i++)
		;
	return i;
}

/* So near a bound that its digits in the file do not say which side it was measured on? */
static bool on_the_edge(const struct runs_reader *rd, double rtt)
{
	unsigned i;

	for (i = 0; i < rd->bins; i++)
		if (isfinite(rd->bin[i].below_ns) && close_to(rtt, rd->bin[i].below_ns, 0))
			return true;
	return false;
}

/* The regime is that of the mean round trip; without one, it is called "none". */
static int check_regime(const struct runs_reader *rd, const struct run_result *r,
			const struct run_round *d)
{
	double before = d->rtt_before_ns, after = d->rtt_after_ns;
	double rtt = before > 0 && after > 0 ? (before + after) / 2 : fmax(before, after);
	const char *expected;
	unsigned i, bin = bin_of(rd, rtt);

	for (i = 0; i < rd->bins && strcmp(rd->bin[i].name, r->regime); i++)
		;
	/* A word the file does not explain, or a boundary: nothing to hold it against. */
	if (i == rd->bins || bin == rd->bins || on_the_edge(rd, rtt))
		return 0;
	expected = rtt > 0 ? rd->bin[bin].name : regime_name(REGIME_NONE);
	if (strcmp(expected, r->regime))
		return runs_wrong(rd, "regime",
				  "is '%.40s', but its round trips of %.6g and %.6g ns make it "
				  "'%.40s'",
				  r->regime, before, after, expected);
	return 0;
}

static int check_marks(const struct runs_reader *rd, const struct run_round *d)
{
	double before = d->rtt_before_ns, after = d->rtt_after_ns;
	bool both = before > 0 && after > 0,
	     edge = on_the_edge(rd, before) || on_the_edge(rd, after);
	bool apart = both && bin_of(rd, before) != bin_of(rd, after);
	const struct {
		uint32_t mark;
		bool reason; /* there is something it can stand for */
		bool plain;  /* and it must stand for it */
	} all[] = {
		{ROUND_MARK_REGIME, apart || edge || !rd->bins, apart && !edge},
		{ROUND_MARK_RTT, both && before != after, false},
		{ROUND_MARK_STEAL, d->steal_s > 0, false},
		{ROUND_MARK_MIGRATED, d->migrations > 0, d->migrations > 0},
		{ROUND_MARK_SWITCHED, d->switches > 0, false},
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *word = round_mark_word((unsigned)__builtin_ctz(all[i].mark));

		if (d->marks & all[i].mark && !all[i].reason)
			return runs_wrong(rd, "marked", "has '%s' without a reason", word);
		if (!(d->marks & all[i].mark) && all[i].plain)
			return runs_wrong(rd, "marked", "lacks '%s'", word);
	}
	return 0;
}

static int check_rounds(struct runs_reader *rd, const struct run_result *r)
{
	size_t i;
	int err = 0;

	for (i = 0; i < r->rounds && !err; i++) {
		rd->at.round = i;
		err = check_regime(rd, r, &r->round[i]);
		if (!err)
			err = check_marks(rd, &r->round[i]);
	}
	rd->at.round = RUNS_NONE;
	return err;
}

/* --- a result --- */

/* A metric word we know means here what it means everywhere. */
static int check_metric(const struct runs_reader *rd, const struct run_result *r)
{
	unsigned i;

	for (i = 0; i < METRIC_COUNT; i++) {
		enum result_metric m = (enum result_metric)i;

		if (strcmp(r->metric, result_metric_word(m)))
			continue;
		if (!result_metric_unit_ok(m, r->unit))
			return runs_wrong(rd, "unit", "is '%.40s', but '%s' is in %s", r->unit,
					  r->metric, result_metric_unit(m));
		if (r->more_is_better != result_metric_more_is_better(m))
			return runs_wrong(rd, "better", "is the wrong way round for '%s'",
					  r->metric);
	}
	return 0;
}

int runs_check(struct runs_reader *rd, const struct run_result *r)
{
	unsigned marked = 0;
	size_t i;
	int err = check_metric(rd, r);

	if (!err)
		err = check_rounds(rd, r);
	if (err)
		return err;
	for (i = 0; i < r->rounds; i++)
		marked += r->round[i].marks != 0;
	if (r->marked != marked)
		return runs_wrong(rd, "rounds_marked", "is %u, but %u of its rounds are marked",
				  r->marked, marked);
	if (r->disturbed != (marked == r->rounds))
		return runs_wrong(rd, "disturbed", "is %s, but %u of its %zu rounds are marked",
				  r->disturbed ? "true" : "false", marked, r->rounds);
	return check_summary(rd, r);
}

/* --- a distribution --- */

static int check_steps(const struct runs_reader *rd, const struct run_hist *h)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < h->steps; i++) {
		if (i && h->step[i].ns <= h->step[i - 1].ns)
			return runs_wrong(rd, "values", "does not ascend at [%zu]", i);
		if (__builtin_add_overflow(sum, h->step[i].count, &sum))
			return runs_wrong(rd, "values", "is too large at [%zu]", i);
	}
	if (sum != h->count)
		return runs_wrong(rd, "count", "is %llu, but its values give %llu",
				  (unsigned long long)h->count, (unsigned long long)sum);
	if (h->steps && h->step[0].ns < h->min)
		return runs_wrong(rd, "min", "lies above the least of its values");
	if (h->steps && h->step[h->steps - 1].ns > h->max)
		return runs_wrong(rd, "max", "lies below the greatest of its values");
	return 0;
}

/* As hist_percentile() finds it. */
static double percentile(const struct run_hist *h, double p)
{
	double rank = ceil(p / 100 * (double)h->count * (1 - 1e-12));
	uint64_t want = rank < 1 ? 1 : (uint64_t)rank, seen = 0;
	size_t i;

	for (i = 0; i < h->steps; i++) {
		seen += h->step[i].count;
		if (seen >= want)
			return h->step[i].ns;
	}
	return h->max;
}

int runs_check_hist(const struct runs_reader *rd, const json_t *o, const struct run_hist *h)
{
	static const struct {
		const char *key;
		double p;
	} points[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p999", 99.9}, {"p9999", 99.99}};
	size_t i;
	int err = check_steps(rd, h);

	for (i = 0; i < sizeof(points) / sizeof(points[0]) && !err && h->count; i++) {
		double is = percentile(h, points[i].p), says = is;

		err = runs_number(rd, o, points[i].key, RUNS_MAY, &says);
		if (!err && !close_to(says, is, 0))
			err = runs_wrong(rd, points[i].key, "is %.12g, but its values give %.12g",
					 says, is);
	}
	return err;
}
