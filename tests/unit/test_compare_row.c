/* SPDX-License-Identifier: BSD-2-Clause */
/* The numbers of a row, and what is made of them: units, allowances, margins, the gate. */
#include <math.h>

#include "compare_rig.h"

static struct compare_options with_drift(double drift)
{
	struct compare_options o = compare_defaults;

	o.drift = drift;
	return o;
}

static void set_metric(struct both *b, const char *metric, bool more)
{
	for (size_t f = 0; f < FILES; f++) {
		b->old.result[f][0].metric = b->now.result[f][0].metric = metric;
		b->old.result[f][0].more_is_better = b->now.result[f][0].more_is_better = more;
	}
}

static void set_rtt(struct side *s, double rtt)
{
	for (size_t f = 0; f < FILES; f++)
		for (unsigned i = 0; i < ROUNDS; i++)
			s->round[f][0][i].rtt_before_ns = s->round[f][0][i].rtt_after_ns = rtt;
}

static struct compare_row only_row(struct both *b, const struct compare_options *o)
{
	struct comparison c = compared(b, o);
	struct compare_row w = {0};

	CU_ASSERT_EQUAL_FATAL(c.rows, 1);
	w = c.row[0];
	w.remark = w.remark ? "some" : NULL; /* the text goes with the comparison */
	compare_free(&c);
	return w;
}

/* Runs a side, the second at `ratio` of the first, hardly any noise. */
static struct both *pair_of(size_t files, unsigned passes, double ratio)
{
	struct both *b = both_new();

	side_make(b, &b->old, files, passes, 1e6, 0.001, 0);
	side_make(b, &b->now, files, passes, 1e6 * ratio, 0.001, 0);
	return b;
}

static void expect_margin(const char *metric, double below, double beyond)
{
	for (int worse = 0; worse < 2; worse++) {
		struct both *b = pair_of(12, 1, worse ? beyond : below);
		struct compare_row w;

		set_metric(b, metric, false);
		w = only_row(b, &compare_defaults);
		CU_ASSERT_EQUAL(w.verdict, worse ? COMPARE_WORSE : COMPARE_SAME);
		CU_ASSERT(w.margin > below - 1 && w.margin < beyond - 1);
		both_free(b);
	}
}

static void test_margins(void)
{
	expect_margin("latency_p50", 1.04, 1.06);
	expect_margin("latency_p90", 1.04, 1.06);
	expect_margin("latency_p99", 1.09, 1.11);
	expect_margin("latency_p999", 1.49, 1.51);
	expect_margin("latency_max", 1.49, 1.51);
}

/* Downwards as much as upwards: a twentieth more is 1 / 1.05 less. */
static void test_margin_below(void)
{
	struct both *b = pair_of(12, 1, 0.958);

	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
	both_free(b);
	b = pair_of(12, 1, 0.9512);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_WORSE);
	both_free(b);
}

/* The whole interval must be within, not its middle. */
static void test_wide_is_not_same(void)
{
	struct both *b = both_new();
	struct compare_row w;

	side_make(b, &b->old, 12, 1, 1e6, 0.15, 0);
	side_make(b, &b->now, 12, 1, 1e6, 0.15, 0);
	w = only_row(b, &compare_defaults);
	CU_ASSERT(w.high > 1.05 || w.low < 1 / 1.05);
	CU_ASSERT_EQUAL(w.verdict, COMPARE_UNKNOWN);
	both_free(b);
}

/* Too few to be as sure as asked: neither same nor different. */
static void test_few_rounds(void)
{
	struct compare_options o = with_drift(0);
	struct both *b = pair_of(1, 1, 1);
	struct compare_row w;

	b->old.result[0][0].rounds = b->now.result[0][0].rounds = 3;
	w = only_row(b, &o);
	CU_ASSERT_DOUBLE_EQUAL(w.confidence, 0.9, 1e-9);
	CU_ASSERT_EQUAL(w.verdict, COMPARE_UNKNOWN);
	o.confidence = 0.9;
	CU_ASSERT_EQUAL(verdict(b, &o), COMPARE_SAME);
	both_free(b);
	b = pair_of(1, 1, 0.5);
	b->old.result[0][0].rounds = b->now.result[0][0].rounds = 3;
	o.confidence = 0.99;
	CU_ASSERT_EQUAL(verdict(b, &o), COMPARE_UNKNOWN);
	both_free(b);
}

/* Five passes a side are witnesses; of four the rounds are taken. */
static void test_units(void)
{
	struct compare_options o = with_drift(0);
	struct both *b = pair_of(1, 5, 1);
	struct compare_row w = only_row(b, &o);

	CU_ASSERT(w.old_units == 5 && w.new_units == 5 && w.old_rounds == 5 * PER_PASS);
	CU_ASSERT_DOUBLE_EQUAL(w.confidence, 1 - 2.0 / 252, 1e-9);
	/* One of the two has four: rounds of both. */
	b->now.result[0][0].rounds = 4 * PER_PASS;
	w = only_row(b, &o);
	CU_ASSERT(w.old_units == 5 && w.new_units == 4 && w.new_rounds == 4 * PER_PASS);
	CU_ASSERT(w.confidence >= 0.99 && w.confidence < 1 - 2.0 / 252);
	b->now.result[0][0].rounds = 5 * PER_PASS;
	b->old.result[0][0].rounds = 4 * PER_PASS;
	w = only_row(b, &o);
	CU_ASSERT(w.old_units == 4 && w.new_units == 5);
	CU_ASSERT(w.confidence >= 0.99 && w.confidence < 1 - 2.0 / 252);
	CU_ASSERT(w.low > 0.998 && w.high < 1.002 && w.p > 0.01);
	both_free(b);
	/* As good: runs of one pass. */
	b = pair_of(5, 1, 1);
	w = only_row(b, &o);
	CU_ASSERT(w.old_units == 5 && w.new_units == 5 && w.old_rounds == 5 * PER_PASS);
	CU_ASSERT_DOUBLE_EQUAL(w.confidence, 1 - 2.0 / 252, 1e-9);
	both_free(b);
}

/* One long pass weighs as much as a short one, but not in the medians: an interval without its own
 * figure would puzzle everyone, and witnesses that contradict one another tell nothing. */
static void test_ratio_within(void)
{
	for (int turn = 0; turn < 2; turn++) {
		struct both *b = pair_of(12, 1, turn ? 1.1 : 0.9);
		struct compare_row w;

		for (unsigned i = 0; i < ROUNDS; i++) {
			b->now.round[0][0][i] = b->now.round[0][0][0];
			b->now.round[0][0][i].value = turn ? 0.5e6 : 2e6;
		}
		b->now.result[0][0].rounds = ROUNDS;
		w = only_row(b, &compare_defaults);
		CU_ASSERT_DOUBLE_EQUAL(w.ratio, turn ? 0.5 : 2, 0.01);
		CU_ASSERT(w.low <= w.ratio && w.ratio <= w.high && w.p < 0.01);
		CU_ASSERT_EQUAL(w.verdict, COMPARE_UNKNOWN);
		both_free(b);
	}
}

/* A pass is its median: one wild round in each does not move it. */
static void test_median_of_pass(void)
{
	struct both *b = pair_of(1, 16, 1);

	for (unsigned i = 0; i < ROUNDS; i += PER_PASS)
		b->now.round[0][0][i].value *= 3;
	CU_ASSERT_EQUAL(
		only_row(b,
			 &(struct compare_options){.confidence = 0.99, .margin = 0.05, .gate = -1})
			.verdict,
		COMPARE_SAME);
	both_free(b);
}

/* What the next run would be is not known from one; from four half as little; from five it is. */
static void test_allowance(void)
{
	const struct {
		size_t files;
		double allow;
	} all[] = {{1, 0.1}, {4, 0.05}, {5, 0}};

	for (unsigned k = 0; k < 3; k++) {
		struct both *b = pair_of(all[k].files, 5, 1.03);
		struct compare_options none = with_drift(0);
		struct compare_row with = only_row(b, &compare_defaults), w = only_row(b, &none);

		CU_ASSERT_DOUBLE_EQUAL(with.high / w.high, 1 + all[k].allow, 1e-9);
		CU_ASSERT_DOUBLE_EQUAL(w.low / with.low, 1 + all[k].allow, 1e-9);
		CU_ASSERT_EQUAL(with.remark != NULL, all[k].allow > 0);
		CU_ASSERT(!w.remark && with.ratio == w.ratio);
		both_free(b);
	}
	/* The side with fewer runs decides. */
	for (int turn = 0; turn < 2; turn++) {
		struct both *b = both_new();

		side_make(b, &b->old, turn ? 6 : 1, 5, 1e6, 0.001, 0);
		side_make(b, &b->now, turn ? 1 : 6, 5, 1e6, 0.001, 0);
		CU_ASSERT(only_row(b, &compare_defaults).high > 1.09);
		both_free(b);
	}
}

/* The chance is that of so great a difference between runs that differ by what is allowed. */
static void test_chance_and_allowance(void)
{
	static const double ratio[] = {0.85, 0.93, 1.07, 1.16};
	static const enum compare_verdict say[] = {COMPARE_WORSE, COMPARE_UNKNOWN, COMPARE_UNKNOWN,
						   COMPARE_BETTER};

	for (unsigned k = 0; k < 4; k++) {
		struct both *b = pair_of(1, 16, ratio[k]);
		struct compare_row w = only_row(b, &compare_defaults);

		CU_ASSERT_EQUAL(w.verdict, say[k]);
		CU_ASSERT(say[k] == COMPARE_UNKNOWN ? w.p > 0.5 : w.p < 0.001);
		CU_ASSERT_DOUBLE_EQUAL(w.ratio, ratio[k], 0.002);
		CU_ASSERT_DOUBLE_EQUAL(w.old_median, 1e6, 2e3);
		CU_ASSERT_DOUBLE_EQUAL(w.new_median, 1e6 * ratio[k], 2e3);
		both_free(b);
	}
}

static void test_round_trips_alike(void)
{
	struct both *b = pair_of(12, 1, 1);
	struct comparison c;

	set_rtt(&b->now, 130 * 1.29);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
	set_rtt(&b->now, 130 / 1.29);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
	/* Not probed on one side: nothing is known against it. */
	set_rtt(&b->now, 0);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
	set_rtt(&b->now, 130 * 1.31);
	c = compared(b, &compare_defaults);
	CU_ASSERT_EQUAL(c.rows, 0);
	compare_free(&c);
	set_rtt(&b->now, 130 / 1.31);
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 0 && c.refusals == 1 && strstr(c.refusal[0].reason, "no like"));
	CU_ASSERT_STRING_EQUAL(c.refusal[0].what, "net.tx rate 64 B, near");
	compare_free(&c);
	/* One probe of two: that one; of both, their mean. */
	for (unsigned k = 0; k < 5; k++) {
		static const double before[] = {0, 0, 60, 90, 60}, after[] = {130, 60, 0, 170, 130};
		static const bool like[] = {true, false, false, true, false};

		for (size_t f = 0; f < FILES; f++) {
			for (unsigned i = 0; i < ROUNDS; i++) {
				b->now.round[f][0][i].rtt_before_ns = before[k];
				b->now.round[f][0][i].rtt_after_ns = after[k];
			}
		}
		c = compared(b, &compare_defaults);
		CU_ASSERT_EQUAL(c.rows, like[k]);
		compare_free(&c);
	}
	both_free(b);
}

/* Rounds that are marked do not count, but where there are no others. */
static void test_marks(void)
{
	struct both *b = pair_of(12, 1, 1);
	struct compare_row w;

	for (size_t f = 0; f < 12; f++) {
		b->now.round[f][0][1].marks = ROUND_MARK_STEAL;
		b->now.round[f][0][1].value *= 10;
		b->now.round[f][0][2].marks = RUN_MARK_OTHER;
		b->now.round[f][0][2].value *= 10;
		b->now.round[f][0][3].marks = ROUND_MARK_RTT;
		b->now.round[f][0][3].value *= 10;
	}
	w = only_row(b, &compare_defaults);
	CU_ASSERT(w.verdict == COMPARE_SAME && w.new_rounds == 12 && w.old_rounds == 12 * PER_PASS);
	for (size_t f = 0; f < 12; f++)
		b->now.result[f][0].disturbed = true;
	w = only_row(b, &compare_defaults);
	CU_ASSERT(w.verdict == COMPARE_BETTER && w.new_rounds == 12 * PER_PASS);
	both_free(b);
}

static void test_zeroes(void)
{
	struct compare_row w;

	for (int turn = 0; turn < 2; turn++) {
		struct both *b = pair_of(12, 1, 1);
		struct side *s = turn ? &b->old : &b->now;
		struct comparison c;

		/* Half of the rounds moved nothing. */
		for (size_t f = 0; f < 12; f++)
			for (unsigned i = 0; i < 2; i++)
				s->round[f][0][i].value = 0;
		c = compared(b, &compare_defaults);
		CU_ASSERT(c.rows == 0 && c.refusals == 1 && strstr(c.refusal[0].reason, "zero"));
		compare_free(&c);
		/* One of four, and one whole run: left out, but told. */
		for (size_t f = 0; f < 12; f++)
			s->round[f][0][1].value = 1e6;
		for (unsigned i = 0; i < PER_PASS; i++)
			s->round[3][0][i].value = 0;
		c = compared(b, &compare_defaults);
		CU_ASSERT_EQUAL_FATAL(c.rows, 1);
		CU_ASSERT_EQUAL(c.row[0].verdict, COMPARE_SAME);
		CU_ASSERT_EQUAL(turn ? c.row[0].old_units : c.row[0].new_units, 11);
		CU_ASSERT(c.row[0].remark && strstr(c.row[0].remark, "15 rounds at zero"));
		compare_free(&c);
		both_free(b);
		/* Of pairs in turn, too. */
		b = pair_of(1, PASSES, 1);
		s = turn ? &b->old : &b->now;
		in_turn(b);
		for (unsigned i = 0; i < PER_PASS; i++)
			s->round[0][0][i].value = 0;
		w = only_row(b, &compare_defaults);
		CU_ASSERT(w.verdict == COMPARE_SAME && w.old_units == PASSES - 1 && w.remark);
		both_free(b);
	}
}

/* --- in turn --- */

/* So different from round to round that only the right partner will do. */
static void roll(struct side *s)
{
	for (size_t f = 0; f < s->runs.n; f++)
		for (unsigned i = 0; i < ROUNDS; i++)
			s->round[f][0][i].value *= 1 + s->round[f][0][i].number +
						   10.0 * s->round[f][0][i].pass + 170 * f;
}

static void test_partners(void)
{
	struct both *b = pair_of(2, PASSES, 1);
	struct comparison c;

	in_turn(b);
	roll(&b->old);
	roll(&b->now);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
	/* In another order within the pass, and files in another order. */
	for (size_t f = 0; f < 2; f++) {
		for (unsigned i = 0; i < ROUNDS; i += PER_PASS) {
			struct run_round t = b->now.round[f][0][i];

			b->now.round[f][0][i] = b->now.round[f][0][i + 3];
			b->now.round[f][0][i + 3] = t;
		}
	}
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 1 && c.paired && c.row[0].verdict == COMPARE_SAME);
	CU_ASSERT_EQUAL(c.row[0].old_units, 2 * PASSES);
	CU_ASSERT(strstr(c.method, "Wilcoxon") != NULL);
	compare_free(&c);
	json_object_set_new(b->now.run[0], "turns", json_pack("{s:s}", "id", "1"));
	json_object_set_new(b->now.run[1], "turns", json_pack("{s:s}", "id", "0"));
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 1 && c.paired && c.row[0].verdict == COMPARE_UNKNOWN);
	compare_free(&c);
	both_free(b);
}

/* All files of both sides, or none, are taken as measured in turn. */
static void test_not_all_in_turn(void)
{
	struct both *b = pair_of(3, 4, 1);
	struct comparison c;

	in_turn(b);
	b->now.runs.n = 2;
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 1 && !c.paired && strstr(c.method, "Mann-Whitney"));
	compare_free(&c);
	b->now.runs.n = 3;
	b->old.runs.n = 2;
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 1 && !c.paired);
	compare_free(&c);
	b->old.runs.n = 3;
	json_object_set_new(b->now.run[2], "turns", json_pack("{s:s}", "id", "elsewhere"));
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 1 && !c.paired);
	compare_free(&c);
	both_free(b);
}

/* Eight passes are witnesses of their own; of fewer all pairs are, and something is allowed for. */
static void test_turns_allowance(void)
{
	for (unsigned passes = 4; passes <= 8; passes += 4) {
		struct both *b = pair_of(1, passes, 1.02);
		struct compare_options none = with_drift(0);
		struct compare_row with, w;
		double allow = passes == 8 ? 0 : 0.1 * 0.25 / 2;

		in_turn(b);
		with = only_row(b, &compare_defaults);
		w = only_row(b, &none);
		CU_ASSERT_EQUAL(w.old_units, passes);
		CU_ASSERT_DOUBLE_EQUAL(with.high / w.high, 1 + allow, 1e-9);
		CU_ASSERT_DOUBLE_EQUAL(w.low / with.low, 1 + allow, 1e-9);
		CU_ASSERT_EQUAL(with.remark != NULL, allow > 0);
		CU_ASSERT_DOUBLE_EQUAL(with.ratio, 1.02, 0.002);
		if (passes == 8)
			CU_ASSERT_DOUBLE_EQUAL(w.confidence, 1 - 2.0 / 256, 1e-9);
		both_free(b);
	}
}

/* Many passes, but few of them saw this regime on both sides: too few to speak of it. */
static void test_rare_regime(void)
{
	struct both *b = pair_of(1, PASSES, 1);
	struct comparison c;

	in_turn(b);
	for (unsigned i = 7 * PER_PASS; i < ROUNDS; i++)
		b->now.round[0][0][i].marks = ROUND_MARK_STEAL;
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 0 && c.refusals == 1 && strstr(c.refusal[0].reason, "rarely"));
	compare_free(&c);
	for (unsigned i = 7 * PER_PASS; i < 8 * PER_PASS; i++)
		b->now.round[0][0][i].marks = 0;
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
	both_free(b);
}

/* A pair that saw two grounds is none: the factor is that of whole comparisons. */
static void test_pairs_alike(void)
{
	static const double rtt[] = {130 * 1.29, 130 * 1.31, 130 / 1.29, 130 / 1.31};

	for (unsigned k = 0; k < 4; k++) {
		struct both *b = pair_of(1, PASSES, 0.7);

		in_turn(b);
		for (unsigned i = 0; i < ROUNDS; i++) {
			if (i % 2)
				continue;
			b->now.round[0][0][i].value = 2e6;
			b->now.round[0][0][i].rtt_before_ns = b->now.round[0][0][i].rtt_after_ns =
				rtt[k];
		}
		/* When they count, half of each pass is up and half is down. */
		CU_ASSERT_EQUAL(verdict(b, &compare_defaults) == COMPARE_WORSE, k % 2 == 1);
		both_free(b);
	}
}

/* A pair counts when both of it do. */
static void test_marks_in_turn(void)
{
	for (int turn = 0; turn < 2; turn++) {
		struct both *b = pair_of(1, PASSES, 1);
		struct side *s = turn ? &b->old : &b->now;

		in_turn(b);
		for (unsigned i = 0; i < ROUNDS; i++) {
			if (i % 4 == 0)
				continue;
			s->round[0][0][i].marks = ROUND_MARK_SWITCHED;
			s->round[0][0][i].value *= 0.5;
		}
		CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
		both_free(b);
	}
}

/* Two passes are few, and something is allowed for; none at all are no row. */
static void test_two_passes(void)
{
	struct both *b = pair_of(1, 2, 1);
	struct comparison c;

	in_turn(b);
	CU_ASSERT_EQUAL(only_row(b, &compare_defaults).old_units, 2);
	for (unsigned i = 0; i < ROUNDS; i++)
		b->now.round[0][0][i].marks = ROUND_MARK_STEAL;
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 0 && c.refusals == 1);
	compare_free(&c);
	both_free(b);
}

/* Eight passes in all are many, in one run or two: seven that count are then too few. */
static void test_eight_passes(void)
{
	for (size_t files = 1; files <= 2; files++) {
		struct both *b = pair_of(files, (unsigned)(8 / files), 1);
		struct comparison c;

		in_turn(b);
		for (unsigned i = 0; i < PER_PASS; i++)
			b->now.round[0][0][i].marks = ROUND_MARK_STEAL;
		c = compared(b, &compare_defaults);
		CU_ASSERT(c.rows == 0 && c.refusals == 1);
		compare_free(&c);
		b->old.runs.n = b->now.runs.n = files;
		for (unsigned i = 0; i < PER_PASS; i++)
			b->now.round[0][0][i].marks = 0;
		CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
		both_free(b);
	}
}

/* Each pair is looked at by itself, whatever the sides saw as wholes. */
static void test_turns_on_two_grounds(void)
{
	struct both *b = pair_of(1, PASSES, 1);

	in_turn(b);
	for (unsigned i = ROUNDS / 2; i < ROUNDS; i++) {
		b->old.round[0][0][i].rtt_before_ns = b->old.round[0][0][i].rtt_after_ns = 250;
		b->now.round[0][0][i].marks = ROUND_MARK_STEAL;
	}
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
	both_free(b);
}

/* A target that cannot be probed goes by the regimes of the run beside it. */
static void test_unprobed(void)
{
	for (int turn = 0; turn < 2; turn++) {
		struct both *b = pair_of(1, PASSES, 1);
		struct side *blind = turn ? &b->old : &b->now;
		struct comparison c;

		set_rtt(blind, 0);
		blind->result[0][0].regime = "none";
		c = compared(b, &compare_defaults);
		CU_ASSERT(c.rows == 0);
		compare_free(&c);
		in_turn(b);
		c = compared(b, &compare_defaults);
		CU_ASSERT_EQUAL_FATAL(c.rows, 1);
		CU_ASSERT_EQUAL(c.row[0].verdict, COMPARE_SAME);
		CU_ASSERT_STRING_EQUAL(c.row[0].regime, "near");
		compare_free(&c);
		both_free(b);
	}
}

/* --- all rows together --- */

/* Seven more rows by whose side nothing changed, or all as much as the first. */
static void add_rows(struct both *b, bool changed)
{
	static const char *const names[RESULTS] = {"", "1", "2", "3", "4", "5", "6", "7"};

	for (size_t f = 0; f < 5; f++) {
		b->old.file[f].results = b->now.file[f].results = RESULTS;
		for (size_t r = 1; r < RESULTS; r++) {
			b->old.result[f][r].name = b->now.result[f][r].name = names[r];
			for (unsigned i = 0; !changed && i < PER_PASS; i++)
				b->now.round[f][r][i].value =
					b->old.round[f][r][i].value * (f % 2 ? 0.9 : 1.1);
		}
	}
}

/* One chance in a hundred and twenty-six is rare once, not among eight. */
static void test_rows_together(void)
{
	for (int both = 0; both < 2; both++) {
		struct both *b = pair_of(5, 1, 0.8);
		struct comparison c;

		CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_WORSE);
		add_rows(b, both);
		c = compared(b, &compare_defaults);
		CU_ASSERT_EQUAL_FATAL(c.rows, RESULTS);
		CU_ASSERT_EQUAL(c.row[0].verdict, both ? COMPARE_WORSE : COMPARE_UNKNOWN);
		CU_ASSERT_DOUBLE_EQUAL(c.row[0].p, (both ? 2.0 : 2.0 * RESULTS) / 252, 1e-9);
		CU_ASSERT_EQUAL(c.verdicts[COMPARE_WORSE], both ? RESULTS : 0);
		compare_free(&c);
		both_free(b);
	}
}

static size_t broken(double ratio, double gate, bool more, enum compare_verdict *v)
{
	struct compare_options o = compare_defaults;
	struct both *b = pair_of(12, 1, ratio);
	struct comparison c;
	size_t n;

	o.gate = gate;
	set_metric(b, more ? "rate" : "latency_p50", more);
	c = compared(b, &o);
	CU_ASSERT_EQUAL_FATAL(c.rows, 1);
	CU_ASSERT_EQUAL(c.gate_broken, c.row[0].gate_broken);
	*v = c.row[0].verdict;
	n = c.gate_broken;
	compare_free(&c);
	both_free(b);
	return n;
}

static void test_gate_both_ways(void)
{
	enum compare_verdict v;

	CU_ASSERT_EQUAL(broken(0.92, 0.07, true, &v), 1);
	CU_ASSERT_EQUAL(broken(0.92, 0.09, true, &v), 0);
	CU_ASSERT_EQUAL(v, COMPARE_WORSE);
	CU_ASSERT_EQUAL(broken(1.08, 0.07, true, &v), 0);
	CU_ASSERT_EQUAL(v, COMPARE_BETTER);
	CU_ASSERT_EQUAL(broken(1.08, 0.07, false, &v), 1);
	CU_ASSERT_EQUAL(broken(1.08, 0.09, false, &v), 0);
	CU_ASSERT_EQUAL(v, COMPARE_WORSE);
	CU_ASSERT_EQUAL(broken(0.92, 0.07, false, &v), 0);
	CU_ASSERT_EQUAL(v, COMPARE_BETTER);
	/* A loss of the gate, not its inverse. */
	CU_ASSERT_EQUAL(broken(0.93, 0.073, true, &v), 0);
	CU_ASSERT_EQUAL(broken(0.5, -1, true, &v), 0);
}

/* A gate narrower than the margin is meant: what breaks it is not "the same". */
static void test_gate_within_margin(void)
{
	enum compare_verdict v;

	CU_ASSERT_EQUAL(broken(0.97, 0.02, true, &v), 1);
	CU_ASSERT_EQUAL(v, COMPARE_WORSE);
	CU_ASSERT_EQUAL(broken(0.97, 0.04, true, &v), 0);
	CU_ASSERT_EQUAL(v, COMPARE_SAME);
	CU_ASSERT_EQUAL(broken(1.03, 0.02, true, &v), 0);
	CU_ASSERT_EQUAL(v, COMPARE_SAME);
	CU_ASSERT_EQUAL(broken(0.999, 0, true, &v), 1);
	CU_ASSERT_EQUAL(broken(1, 0, true, &v), 0);
	CU_ASSERT_EQUAL(v, COMPARE_SAME);
}

/* Not rare enough among all rows: the gate holds. */
static void test_gate_is_certain(void)
{
	struct compare_options o = compare_defaults;
	struct both *b = pair_of(5, 1, 0.8);
	struct comparison c;

	o.gate = 0.05;
	add_rows(b, false);
	c = compared(b, &o);
	CU_ASSERT(c.rows == RESULTS && c.gate_broken == 0);
	compare_free(&c);
	both_free(b);
}

int suite_compare_row(void)
{
	CU_pSuite s = CU_add_suite("rows of comparisons", NULL, NULL);

	if (!s || !CU_add_test(s, "margins", test_margins) ||
	    !CU_add_test(s, "the margin downwards", test_margin_below) ||
	    !CU_add_test(s, "what is wide is not the same", test_wide_is_not_same) ||
	    !CU_add_test(s, "a few rounds", test_few_rounds) ||
	    !CU_add_test(s, "what a unit is", test_units) ||
	    !CU_add_test(s, "the ratio is within", test_ratio_within) ||
	    !CU_add_test(s, "a pass is its median", test_median_of_pass) ||
	    !CU_add_test(s, "what is allowed for", test_allowance) ||
	    !CU_add_test(s, "the chance, and what is allowed for", test_chance_and_allowance) ||
	    !CU_add_test(s, "round trips alike", test_round_trips_alike) ||
	    !CU_add_test(s, "marked rounds", test_marks) ||
	    !CU_add_test(s, "zeroes", test_zeroes) || !CU_add_test(s, "partners", test_partners) ||
	    !CU_add_test(s, "not all in turn", test_not_all_in_turn) ||
	    !CU_add_test(s, "what is allowed for in turn", test_turns_allowance) ||
	    !CU_add_test(s, "a rare regime", test_rare_regime) ||
	    !CU_add_test(s, "pairs on one ground", test_pairs_alike) ||
	    !CU_add_test(s, "marked rounds in turn", test_marks_in_turn) ||
	    !CU_add_test(s, "two passes", test_two_passes) ||
	    !CU_add_test(s, "eight passes", test_eight_passes) ||
	    !CU_add_test(s, "turns on two grounds", test_turns_on_two_grounds) ||
	    !CU_add_test(s, "a target that cannot be probed", test_unprobed) ||
	    !CU_add_test(s, "rows together", test_rows_together) ||
	    !CU_add_test(s, "the gate both ways", test_gate_both_ways) ||
	    !CU_add_test(s, "a gate within the margin", test_gate_within_margin) ||
	    !CU_add_test(s, "the gate is certain", test_gate_is_certain))
		return CU_get_error();
	return 0;
}
