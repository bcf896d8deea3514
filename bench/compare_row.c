/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One row of a comparison: from rounds to units, from units to an interval, from the interval and
 * its company to a verdict.
 *
 * Rounds of one process are no independent witnesses: they share its memory layout and its minute.
 * So where there are enough, the *unit* is a whole run or a pass of one (its median), and rounds
 * only where there are too few of those; what then goes unseen is allowed for by widening the
 * interval. All is done on logarithms: a ratio's interval does not care which side is divided.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare_row.h"
#include "bench/rank.h"

enum {
	UNITS_TWO = 5,	 /* of each of two sides: 2 in 252 arrangements are as extreme */
	UNITS_PAIRED = 8 /* of differences: 2 in 256 signs are */
};

/*
 * Of the allowance between runs, this part is left between passes that were measured in turn: what
 * the ground does falls on both alike, a layout of memory does not.
 */
#define DRIFT_IN_TURN 0.25
/* --- rounds --- */

static double rtt_of(const struct run_round *d)
{
	if (d->rtt_before_ns > 0 && d->rtt_after_ns > 0)
		return (d->rtt_before_ns + d->rtt_after_ns) / 2;
	return d->rtt_before_ns > 0 ? d->rtt_before_ns : d->rtt_after_ns;
}

static bool alike(double a, double b)
{
	return !(a > 0 && b > 0) || fmax(a, b) <= COMPARE_RTT_ALIKE * fmin(a, b);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double sorted_median(const double *v, size_t n)
{
	return n ? (v[(n - 1) / 2] + v[n / 2]) / 2 : 0;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return sorted_median(v, n);
}

/* Room for all rounds of some results. */
static double *room_for(const struct compare_side *s, size_t n)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most += s[i].r->rounds;
	return malloc((most ? most : 1) * sizeof(double));
}

/* --- two sides that were measured apart --- */

struct sample {
	double *value; /* logarithms, sorted, of units */
	double *round; /* of rounds */
	size_t units, rounds, files, zeroes;
	double median, rtt;
};

static void sample_free(struct sample *s)
{
	free(s->value);
	free(s->round);
}

/* Rounds of one file come pass by pass. */
static int sample_make(const struct compare_side *side, size_t n, struct sample *s)
{
	double *scratch = room_for(side, n), *rtt = room_for(side, n);
	size_t rtts = 0;

	*s = (struct sample){.value = room_for(side, n), .round = room_for(side, n), .files = n};
	if (!scratch || !rtt || !s->value || !s->round) {
		free(scratch);
		free(rtt);
		sample_free(s);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		const struct run_result *r = side[i].r;
		size_t in_pass = 0;

		for (size_t k = 0; k < r->rounds; k++) {
			const struct run_round *d = &r->round[k];

			if (run_round_counts(r, d)) {
				if (rtt_of(d) > 0)
					rtt[rtts++] = rtt_of(d);
				if (d->value > 0)
					scratch[in_pass++] = s->round[s->rounds++] = log(d->value);
				else
					s->zeroes++;
			}
			if (in_pass && (k + 1 == r->rounds || r->round[k + 1].pass != d->pass)) {
				s->value[s->units++] = median(scratch, in_pass);
				in_pass = 0;
			}
		}
	}
	qsort(s->value, s->units, sizeof(double), by_value);
	qsort(s->round, s->rounds, sizeof(double), by_value);
	s->rtt = rtts ? median(rtt, rtts) : 0;
	/* A side that was at zero has no ratio. */
	s->median = s->rounds > s->zeroes ? exp(sorted_median(s->round, s->rounds)) : 0;
	free(scratch);
	free(rtt);
	return 0;
}

/* The interval of a row out of one on logarithms, widened by what was not seen. */
static void set_interval(struct compare_row *w, double ratio, const struct rank_interval *i,
			 double allow)
{
	/* The ratio of medians may lie outside by a hair: an interval without its own figure would
	 * puzzle everyone. */
	w->ratio = ratio;
	w->low = fmin(exp(i->low - log1p(allow)), ratio);
	w->high = fmax(exp(i->high + log1p(allow)), ratio);
	w->confidence = i->confidence;
}

/* What equals would have to differ by, at the side the estimate lies on. */
static double from_of(double estimate, double allow)
{
	return estimate > 0 ? fmin(log1p(allow), estimate) : fmax(-log1p(allow), estimate);
}

static int fill_apart(struct comparison *c, const struct compare_options *o, struct compare_row *w,
		      const struct sample *a, const struct sample *b)
{
	bool units = a->units >= UNITS_TWO && b->units >= UNITS_TWO;
	size_t files = a->files < b->files ? a->files : b->files;
	double allow = files >= UNITS_TWO ? 0 : o->drift / sqrt((double)files);
	const double *x = units ? a->value : a->round, *y = units ? b->value : b->round;
	size_t m = units ? a->units : a->rounds, n = units ? b->units : b->rounds;
	struct rank_interval i;
	int e = rank_shift(x, m, y, n, o->confidence, &i);

	e = e ? e : rank_shift_p(x, m, y, n, from_of(i.estimate, allow), &w->p);
	if (e)
		return e;
	set_interval(w, b->median / a->median, &i, allow);
	w->old_units = a->units;
	w->new_units = b->units;
	if (allow > 0) {
		w->remark = compare_text(c,
					 "%zu run%s a side: %.0f %% allowed for what changes from "
					 "run to run",
					 files, files == 1 ? "" : "s", allow * 100);
		return w->remark ? 0 : -ENOMEM;
	}
	return 0;
}

/* --- rounds that were measured in turn --- */

const char *compare_turns_id(const struct run_file *f)
{
	const char *id = json_string_value(json_object_get(json_object_get(f->run, "turns"), "id"));

	return id ? id : "";
}

/* The result that took turns with this one; NULL: none. */
static const struct run_result *partner(const struct compare_side *a,
					const struct compare_side *now, size_t nows)
{
	for (size_t i = 0; i < nows; i++)
		if (compare_turns_id(a->file)[0] &&
		    strcmp(compare_turns_id(a->file), compare_turns_id(now[i].file)) == 0)
			return now[i].r;
	return NULL;
}

static bool in_turn(const struct compare_side *old, size_t olds, const struct compare_side *now,
		    size_t nows)
{
	for (size_t i = 0; i < olds; i++)
		if (!partner(&old[i], now, nows))
			return false;
	return olds == nows;
}

/* Rounds of both come in the same order: the next one sought is the next one, mostly. */
static const struct run_round *same_turn(const struct run_result *r, const struct run_round *d,
					 size_t *at)
{
	for (size_t i = 0; i < r->rounds; i++) {
		const struct run_round *t = &r->round[(*at + i) % r->rounds];

		if (t->pass == d->pass && t->number == d->number) {
			*at = (*at + i + 1) % r->rounds;
			return t;
		}
	}
	return NULL;
}

struct pairs {
	double *unit, *pair; /* logarithms of ratios */
	size_t units, pairs;
};

static void pairs_of(const struct run_result *a, const struct run_result *b, double *scratch,
		     struct pairs *p)
{
	size_t in_pass = 0, at = 0;

	for (size_t k = 0; k < a->rounds; k++) {
		const struct run_round *d = &a->round[k], *t = same_turn(b, d, &at);

		if (t && run_round_counts(a, d) && run_round_counts(b, t) && d->value > 0 &&
		    t->value > 0 && alike(rtt_of(d), rtt_of(t)))
			scratch[in_pass++] = p->pair[p->pairs++] = log(t->value / d->value);
		if (in_pass && (k + 1 == a->rounds || a->round[k + 1].pass != d->pass)) {
			p->unit[p->units++] = median(scratch, in_pass);
			in_pass = 0;
		}
	}
}

/* How many passes the runs had in all, of whatever regime. */
static size_t passes_of(const struct compare_side *s, size_t n)
{
	size_t sum = 0;

	for (size_t k = 0; k < n; k++) {
		uint32_t last = 0;

		for (size_t i = 0; i < s[k].file->results; i++) {
			const struct run_result *r = &s[k].file->result[i];

			if (r->rounds && r->round[r->rounds - 1].pass > last)
				last = r->round[r->rounds - 1].pass;
		}
		sum += last + 1;
	}
	return sum;
}

/* Fewer than these witnesses and there is no row: where runs had more, this regime was too rare. */
static size_t units_needed(const struct compare_side *old, size_t olds)
{
	return passes_of(old, olds) >= UNITS_PAIRED ? UNITS_PAIRED : 1;
}

static int fill_paired(struct comparison *c, const struct compare_options *o, struct compare_row *w,
		       const struct compare_side *old, size_t olds, const struct compare_side *now,
		       size_t nows)
{
	double *scratch = room_for(old, olds), allow;
	struct pairs p = {.unit = room_for(old, olds), .pair = room_for(old, olds)};
	struct rank_interval i;
	int e = scratch && p.unit && p.pair ? 0 : -ENOMEM;

	for (size_t k = 0; k < olds && !e; k++)
		pairs_of(old[k].r, partner(&old[k], now, nows), scratch, &p);
	w->old_units = w->new_units = p.units;
	if (!e && p.units >= units_needed(old, olds)) {
		bool units = p.units >= UNITS_PAIRED;
		const double *d = units ? p.unit : p.pair;
		size_t n = units ? p.units : p.pairs;

		qsort(p.unit, p.units, sizeof(double), by_value);
		qsort(p.pair, p.pairs, sizeof(double), by_value);
		allow = units ? 0 : o->drift * DRIFT_IN_TURN / sqrt((double)p.units);
		e = rank_centre(d, n, o->confidence, &i);
		e = e ? e : rank_centre_p(d, n, from_of(i.estimate, allow), &w->p);
		if (!e)
			set_interval(w, exp(sorted_median(d, n)), &i, allow);
		if (!e && !units)
			w->remark = compare_text(c,
						 "%zu pass%s only: %.1f %% allowed for what "
						 "changes from pass to pass",
						 p.units, p.units == 1 ? "" : "es", allow * 100);
		if (!e && !units && !w->remark)
			e = -ENOMEM;
	}
	free(scratch);
	free(p.unit);
	free(p.pair);
	return e;
}

/* --- the row --- */

/* Tails are coarse: a few rounds' worst moments move them. */
static double margin_of(const struct compare_options *o, const char *metric)
{
	if (strcmp(metric, "latency_p99") == 0)
		return o->margin * 2;
	if (strcmp(metric, "latency_p999") == 0 || strcmp(metric, "latency_max") == 0)
		return o->margin * 10;
	return o->margin;
}

static const char *row_name(struct comparison *c, const struct run_result *r)
{
	const char *size = run_param_text(r, "size");

	return compare_text(c, "%s %s%s%s%s, %s", r->name, r->metric, size ? " " : "",
			    size ? size : "", size ? " B" : "", r->regime);
}

/* What has no logarithm is not in the figures, but is told. */
static int tell_zeroes(struct comparison *c, struct compare_row *w, size_t zeroes)
{
	if (!zeroes)
		return 0;
	w->remark = compare_text(c, "%s%s%zu round%s at zero left out", w->remark ? w->remark : "",
				 w->remark ? "; " : "", zeroes, zeroes == 1 ? "" : "s");
	return w->remark ? 0 : -ENOMEM;
}

/* That of the side that was probed. */
static const char *regime_of_row(const struct compare_side *old, size_t olds,
				 const struct compare_side *now, size_t nows)
{
	const char *regime = old->r->regime;

	for (size_t i = 0; i < olds + nows && strcmp(regime, COMPARE_NO_REGIME) == 0; i++)
		regime = i < olds ? old[i].r->regime : now[i - olds].r->regime;
	return regime;
}

int compare_row_fill(struct comparison *c, const struct compare_options *o,
		     const struct compare_side *old, size_t olds, const struct compare_side *now,
		     size_t nows)
{
	struct compare_row *w = &c->row[c->rows];
	bool paired = in_turn(old, olds, now, nows);
	struct sample a, b;
	int e = sample_make(old, olds, &a);

	if (e)
		return e;
	e = sample_make(now, nows, &b);
	if (e) {
		sample_free(&a);
		return e;
	}
	*w = (struct compare_row){.p = 1, .confidence = 0};
	w->margin = margin_of(o, old->r->metric);
	w->old_median = a.median;
	w->new_median = b.median;
	w->old_rounds = a.rounds;
	w->new_rounds = b.rounds;
	if (!(a.median > 0) || !(b.median > 0)) {
		e = compare_refuse(c, row_name(c, old->r), "zero on one side: no ratio", 1);
	} else if (!paired && !alike(a.rtt, b.rtt)) {
		e = compare_refuse(
			c, row_name(c, old->r),
			compare_text(c,
				     "regime %s on both sides, but a round trip of %.0f ns in "
				     "OLD and %.0f ns in NEW: no like",
				     old->r->regime, a.rtt, b.rtt),
			1);
	} else {
		e = paired ? fill_paired(c, o, w, old, olds, now, nows)
			   : fill_apart(c, o, w, &a, &b);
		if (!e && paired && w->old_units < units_needed(old, olds))
			e = compare_refuse(
				c, row_name(c, old->r),
				"too rarely were two rounds in turn both undisturbed, of "
				"this regime, and alike",
				1);
		else if (!e) {
			w->old = old->r;
			w->now = now->r;
			w->regime = regime_of_row(old, olds, now, nows);
			e = tell_zeroes(c, w, a.zeroes + b.zeroes);
			c->paired |= paired;
		}
	}
	sample_free(&a);
	sample_free(&b);
	return e;
}

/* --- verdicts --- */

static bool worse(const struct compare_row *w)
{
	return w->old->more_is_better ? w->ratio < 1 : w->ratio > 1;
}

/* Is the interval what was asked for? Few units cannot have it. */
static bool full(const struct compare_row *w, const struct compare_options *o)
{
	return w->confidence >= o->confidence - 1e-9;
}

/*
 * Certain, also among all rows there are: its own interval is clear of 1, and of all rows called
 * different no more than this share is so by luck. Less than the interval's own chance would ask a
 * run of a few rounds for what it cannot give.
 */
#define FALSE_SHARE 5.0 /* times the chance an interval leaves */

static bool certain(const struct compare_row *w, const struct compare_options *o)
{
	return full(w, o) && (w->low > 1 || w->high < 1) &&
	       w->p <= FALSE_SHARE * (1 - o->confidence) + 1e-9;
}

/* Worse by more than the gate, the whole interval beyond it. */
static bool breaks_gate(const struct compare_row *w, const struct compare_options *o)
{
	if (o->gate < 0 || !certain(w, o) || !worse(w))
		return false;
	return w->old->more_is_better ? w->high < 1 - o->gate : w->low > 1 + o->gate;
}

/* What breaks the gate is not too small to matter, whatever the margin says. */
static enum compare_verdict verdict_of(const struct compare_row *w, const struct compare_options *o)
{
	if (full(w, o) && w->low >= 1 / (1 + w->margin) && w->high <= 1 + w->margin &&
	    !w->gate_broken)
		return COMPARE_SAME;
	if (certain(w, o))
		return worse(w) ? COMPARE_WORSE : COMPARE_BETTER;
	return COMPARE_UNKNOWN;
}

int compare_rows_judge(struct comparison *c, const struct compare_options *o)
{
	double *p = malloc((c->rows ? c->rows : 1) * sizeof(*p));
	int e = p ? 0 : -ENOMEM;

	for (size_t i = 0; i < c->rows && !e; i++)
		p[i] = c->row[i].p;
	e = e ? e : rank_adjust(p, c->rows);
	for (size_t i = 0; i < c->rows && !e; i++) {
		struct compare_row *w = &c->row[i];

		w->p = p[i];
		w->gate_broken = breaks_gate(w, o);
		w->verdict = verdict_of(w, o);
		c->verdicts[w->verdict]++;
		c->gate_broken += w->gate_broken;
	}
	free(p);
	c->method =
		c->paired ? "each ratio is the median over passes of what rounds measured in turn "
			    "differ by; intervals by Wilcoxon's signed ranks"
			  : "each ratio is that of the medians; intervals by Mann-Whitney's rank "
			    "sum (Hodges-Lehmann)";
	return e;
}
