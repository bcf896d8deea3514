/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparisons of runs made up here: what is like what, and what is said of it. */
#include <math.h>

#include "compare_rig.h"

static void test_many_runs(void)
{
	struct both *b = both_new();

	side_make(b, &b->old, 12, 1, 1e6, 0.02, 0.02);
	side_make(b, &b->now, 12, 1, 1e6, 0.02, 0.02);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
	side_free(&b->now);
	side_make(b, &b->now, 12, 1, 0.9e6, 0.02, 0.02);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_WORSE);
	side_free(&b->now);
	side_make(b, &b->now, 12, 1, 1.1e6, 0.02, 0.02);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_BETTER);
	side_free(&b->now);
	side_make(b, &b->now, 12, 1, 0.97e6, 0.2, 0.2);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_UNKNOWN);
	both_free(b);
}

static void test_less_is_better(void)
{
	struct both *b = both_new();

	side_make(b, &b->old, 12, 1, 1000, 0.02, 0.02);
	side_make(b, &b->now, 12, 1, 1100, 0.02, 0.02);
	for (size_t f = 0; f < FILES; f++) {
		b->old.result[f][0].metric = b->now.result[f][0].metric = "latency_p50";
		b->old.result[f][0].more_is_better = b->now.result[f][0].more_is_better = false;
	}
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_WORSE);
	both_free(b);
}

/* One run a side cannot know what the next would be: 8 % is within what is allowed for. */
static void test_single_run(void)
{
	struct compare_options believing = compare_defaults;
	struct both *b = both_new();
	struct comparison c;

	believing.drift = 0;
	side_make(b, &b->old, 1, 16, 1e6, 0.02, 0);
	side_make(b, &b->now, 1, 16, 0.92e6, 0.02, 0);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_UNKNOWN);
	CU_ASSERT_EQUAL(verdict(b, &believing), COMPARE_WORSE);
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.row[0].remark && strstr(c.row[0].remark, "1 run a side"));
	CU_ASSERT(c.row[0].low < 0.92 / 1.09 && c.row[0].high > 0.92 * 1.09);
	compare_free(&c);
	side_free(&b->now);
	side_make(b, &b->now, 1, 16, 0.7e6, 0.02, 0);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_WORSE);
	both_free(b);
}

/* What both see alike cancels when they were measured in turn. */
static void test_in_turn(void)
{
	struct both *b = both_new();
	struct comparison c;

	for (int slower = 0; slower < 2; slower++) {
		side_make(b, &b->old, 1, PASSES, 1e6, 0.02, 0);
		side_make(b, &b->now, 1, PASSES, slower ? 0.93e6 : 1e6, 0.02, 0);
		for (unsigned i = 0; i < ROUNDS; i++) {
			double ground = 1 + 0.5 * sin(i / 5.0);

			b->old.round[0][0][i].value *= ground;
			b->now.round[0][0][i].value *= ground;
		}
		CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_UNKNOWN);
		in_turn(b);
		CU_ASSERT_EQUAL(verdict(b, &compare_defaults),
				slower ? COMPARE_WORSE : COMPARE_SAME);
		c = compared(b, &compare_defaults);
		CU_ASSERT(c.paired);
		CU_ASSERT_DOUBLE_EQUAL(c.row[0].ratio, slower ? 0.93 : 1, 0.02);
		CU_ASSERT_EQUAL(c.row[0].old_units, PASSES);
		compare_free(&c);
		side_free(&b->old);
		side_free(&b->now);
	}
	memset(&b->old, 0, sizeof(b->old));
	memset(&b->now, 0, sizeof(b->now));
	both_free(b);
}

/* A pair counts when both rounds do, and both saw the same ground. */
static void test_pairs_that_count(void)
{
	struct both *b = both_new();
	struct comparison c;

	side_make(b, &b->old, 1, PASSES, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, PASSES, 1e6, 0.01, 0);
	in_turn(b);
	for (unsigned i = 0; i < ROUNDS; i += 2) {
		/* Marked on one side; elsewhere the ground moved within the regime. */
		b->now.round[0][0][i].value *= 0.5;
		if (i % 4)
			b->now.round[0][0][i].marks = ROUND_MARK_STEAL;
		else
			b->now.round[0][0][i].rtt_before_ns = b->now.round[0][0][i].rtt_after_ns =
				60;
	}
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_SAME);
	/* A number without a partner is no pair. */
	for (unsigned i = 0; i < ROUNDS; i++)
		b->now.round[0][0][i].number += 1;
	c = compared(b, &compare_defaults);
	CU_ASSERT_EQUAL(c.row[0].old_units, PASSES);
	compare_free(&c);
	for (unsigned i = 0; i < ROUNDS; i++)
		b->now.round[0][0][i].number += 100;
	c = compared(b, &compare_defaults);
	CU_ASSERT_EQUAL(c.rows, 0);
	CU_ASSERT(c.refusals == 1 && strstr(c.refusal[0].reason, "in turn"));
	compare_free(&c);
	both_free(b);
}

static void test_refusals(void)
{
	struct compare_options any = compare_defaults, ring = compare_defaults,
			       differing = compare_defaults;
	static const char *const ignore[] = {"ring", NULL};
	struct both *b = both_new();

	any.any_machine = true;
	ring.ignore = ignore;
	differing.ignore_differing = true;
	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);

	b->now.file[0].cpu_model = "another CPU";
	expect_refusal(b, &compare_defaults, "another machine: another CPU, not one CPU");
	CU_ASSERT_EQUAL(verdict(b, &any), COMPARE_UNKNOWN);
	b->now.file[0].cpu_model = "one CPU";

	b->now.result[0][0].regime = "far";
	expect_refusal(b, &compare_defaults, "OLD has it in regime near, NEW only in others");
	b->now.result[0][0].regime = "near";

	b->now.param[0][0][1].text = "split";
	expect_refusal(b, &compare_defaults, "ring differs: packed in OLD, split in NEW");
	CU_ASSERT_EQUAL(verdict(b, &ring), COMPARE_UNKNOWN);
	CU_ASSERT_EQUAL(verdict(b, &differing), COMPARE_UNKNOWN);
	b->now.param[0][0][1].text = "packed";

	b->now.param[0][0][0].text = "1518";
	expect_refusal(b, &compare_defaults, "size only in OLD");
	b->now.param[0][0][0].text = "64";

	b->now.file[0].workload = "ring";
	expect_refusal(b, &compare_defaults, "only in NEW");
	b->now.file[0].workload = "net";

	for (unsigned i = 0; i < ROUNDS; i++)
		b->now.round[0][0][i].rtt_before_ns = b->now.round[0][0][i].rtt_after_ns = 46;
	expect_refusal(b, &compare_defaults, "130 ns in OLD and 46 ns in NEW");
	for (unsigned i = 0; i < ROUNDS; i++)
		b->now.round[0][0][i].value = 0;
	expect_refusal(b, &compare_defaults, "zero on one side");
	both_free(b);
}

static void test_gate(void)
{
	struct compare_options o = compare_defaults;
	struct both *b = both_new();
	struct comparison c;

	o.gate = 0.05;
	side_make(b, &b->old, 12, 1, 1e6, 0.01, 0.01);
	side_make(b, &b->now, 12, 1, 0.93e6, 0.01, 0.01);
	c = compared(b, &o);
	CU_ASSERT(c.gate_broken == 1 && c.row[0].gate_broken);
	compare_free(&c);
	/* Worse for certain, by more than 5 % perhaps: the interval is not clear of the gate. */
	side_free(&b->now);
	side_make(b, &b->now, 12, 1, 0.947e6, 0.02, 0.02);
	c = compared(b, &o);
	CU_ASSERT_EQUAL(c.gate_broken, 0);
	compare_free(&c);
	/* Better by as much breaks nothing. */
	side_free(&b->now);
	side_make(b, &b->now, 12, 1, 1.2e6, 0.01, 0.01);
	c = compared(b, &o);
	CU_ASSERT(c.gate_broken == 0 && c.row[0].verdict == COMPARE_BETTER);
	compare_free(&c);
	both_free(b);
}

/* Equals, over and over: hardly ever anything else than "same" or "cannot tell". */
static void test_equals(void)
{
	unsigned found = 0;
	struct both *b = both_new();

	for (unsigned t = 0; t < 500; t++) {
		enum compare_verdict v;

		side_make(b, &b->old, 6 + t % 6, 1, 1e6, 0.05, 0.1);
		side_make(b, &b->now, 6 + t % 5, 1, 1e6, 0.05, 0.1);
		v = verdict(b, &compare_defaults);
		found += v == COMPARE_WORSE || v == COMPARE_BETTER;
		side_free(&b->old);
		side_free(&b->now);
	}
	memset(b, 0, sizeof(*b));
	CU_ASSERT(found <= 12);
	both_free(b);
}

static void test_names(void)
{
	struct both *b = both_new();
	struct comparison c;

	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	b->old.file[0].results = b->now.file[0].results = 2;
	b->old.param[0][1][0].text = b->now.param[0][1][0].text = "1518";
	c = compared(b, &compare_defaults);
	CU_ASSERT_EQUAL_FATAL(c.rows, 2);
	CU_ASSERT_STRING_EQUAL(c.row[0].params, "64 B");
	CU_ASSERT_STRING_EQUAL(c.row[1].params, "1518 B");
	CU_ASSERT_STRING_EQUAL(c.shared, "ring packed");
	compare_free(&c);
	both_free(b);
}

int suite_compare(void)
{
	CU_pSuite s = CU_add_suite("comparisons", NULL, NULL);

	if (!s || !CU_add_test(s, "many runs a side", test_many_runs) ||
	    !CU_add_test(s, "less is better", test_less_is_better) ||
	    !CU_add_test(s, "a single run a side", test_single_run) ||
	    !CU_add_test(s, "runs in turn", test_in_turn) ||
	    !CU_add_test(s, "pairs that count", test_pairs_that_count) ||
	    !CU_add_test(s, "refusals", test_refusals) || !CU_add_test(s, "the gate", test_gate) ||
	    !CU_add_test(s, "equals", test_equals) || !CU_add_test(s, "names of rows", test_names))
		return CU_get_error();
	return 0;
}
