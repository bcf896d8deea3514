/* SPDX-License-Identifier: BSD-2-Clause */
/* Passes dealt anew: equals stay equals, a planted loss is found, whatever the files look like. */
#include "bench/compare_deal.h"
#include "compare_rig.h"

enum { DEALS = 400 };

static struct deal_counts dealt_by(struct both *b, const struct compare_options *o, uint64_t seed,
				   double slower)
{
	struct deal_counts c;

	CU_ASSERT_EQUAL_FATAL(compare_deal(&b->old.runs, &b->now.runs, o, DEALS, seed, slower, &c),
			      0);
	CU_ASSERT_EQUAL(c.deals, DEALS);
	return c;
}

static struct deal_counts dealt(struct both *b, double slower)
{
	return dealt_by(b, &compare_defaults, 1, slower);
}

static size_t rows_of(const struct deal_counts *c)
{
	return c->verdicts[COMPARE_BETTER] + c->verdicts[COMPARE_WORSE] +
	       c->verdicts[COMPARE_SAME] + c->verdicts[COMPARE_UNKNOWN];
}

/* One in a hundred is what is promised; twice that is luck. */
static void expect_equals(const struct deal_counts *c)
{
	size_t found = c->verdicts[COMPARE_BETTER] + c->verdicts[COMPARE_WORSE];

	CU_ASSERT(found * 50 <= rows_of(c));
	CU_ASSERT(c->false_deals <= found);
	CU_ASSERT(!found == !c->false_deals);
}

static void expect_found(const struct deal_counts *c)
{
	CU_ASSERT(c->verdicts[COMPARE_WORSE] * 10 >= rows_of(c) * 9);
	CU_ASSERT_EQUAL(c->verdicts[COMPARE_BETTER], 0);
	CU_ASSERT(c->false_deals >= c->verdicts[COMPARE_WORSE]);
}

static void test_apart(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	side_make(b, &b->old, 12, 1, 1e6, 0.03, 0.02);
	side_make(b, &b->now, 12, 1, 1e6, 0.03, 0.02);
	c = dealt(b, 0);
	CU_ASSERT_EQUAL(rows_of(&c), DEALS);
	expect_equals(&c);
	CU_ASSERT(c.verdicts[COMPARE_SAME] * 10 >= DEALS * 9);
	c = dealt(b, 0.12);
	expect_found(&c);
	both_free(b);
}

/* Whatever the two really differ by is dealt away. */
static void test_apart_and_different(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	side_make(b, &b->old, 12, 1, 1e6, 0.03, 0.02);
	side_make(b, &b->now, 12, 1, 0.8e6, 0.03, 0.02);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_WORSE);
	c = dealt(b, 0);
	expect_equals(&c);
	both_free(b);
}

static void test_in_turn(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	side_make(b, &b->old, 1, PASSES, 1e6, 0.03, 0);
	side_make(b, &b->now, 1, PASSES, 0.8e6, 0.03, 0);
	in_turn(b);
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_WORSE);
	c = dealt(b, 0);
	CU_ASSERT_EQUAL(rows_of(&c), DEALS);
	expect_equals(&c);
	side_free(&b->now);
	side_make(b, &b->now, 1, PASSES, 1e6, 0.03, 0);
	in_turn(b);
	c = dealt(b, 0.1);
	expect_found(&c);
	both_free(b);
}

/* Rounds taken in turn stay in turn: what the ground does to a pass, it does to both. */
static void test_turns_stay(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	side_make(b, &b->old, 1, PASSES, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, PASSES, 1e6, 0.01, 0);
	in_turn(b);
	for (unsigned i = 0; i < ROUNDS; i++) {
		double ground = 1 + (double)(i / PER_PASS) / 4;

		b->old.round[0][0][i].value *= ground;
		b->now.round[0][0][i].value *= ground;
	}
	c = dealt(b, 0);
	CU_ASSERT_EQUAL(c.verdicts[COMPARE_SAME], DEALS);
	both_free(b);
}

static void test_less_is_better(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	side_make(b, &b->old, 12, 1, 1000, 0.02, 0.02);
	side_make(b, &b->now, 12, 1, 1000, 0.02, 0.02);
	for (size_t f = 0; f < FILES; f++)
		b->old.result[f][0].more_is_better = b->now.result[f][0].more_is_better = false;
	c = dealt(b, 0.12);
	expect_found(&c);
	both_free(b);
}

static bool same_counts(const struct deal_counts *a, const struct deal_counts *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void test_seed(void)
{
	struct both *b = both_new();
	struct deal_counts a, again, other;
	bool differs = false;

	/* So noisy that it is a matter of luck what is said. */
	side_make(b, &b->old, 12, 1, 1e6, 0.05, 0.04);
	side_make(b, &b->now, 12, 1, 1e6, 0.05, 0.04);
	a = dealt_by(b, &compare_defaults, 3, 0);
	again = dealt_by(b, &compare_defaults, 3, 0);
	CU_ASSERT(same_counts(&a, &again));
	for (uint64_t seed = 4; seed < 8; seed++) {
		other = dealt_by(b, &compare_defaults, seed, 0);
		differs |= !same_counts(&a, &other);
	}
	CU_ASSERT(differs);
	CU_ASSERT_EQUAL(compare_deal(&b->old.runs, &b->now.runs, &compare_defaults, 0, 1, 0, &a),
			0);
	CU_ASSERT(a.deals == 0 && rows_of(&a) == 0);
	both_free(b);
}

/* Few long runs on one side, many short ones on the other. */
static void test_shapes(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	for (int turn = 0; turn < 2; turn++) {
		struct side *few = turn ? &b->now : &b->old, *many = turn ? &b->old : &b->now;

		side_make(b, few, 1, PASSES, 1e6, 0.03, 0);
		side_make(b, many, 7, 2, 1e6, 0.03, 0);
		many->result[3][0].rounds = PER_PASS + 1; /* one in its second pass */
		c = dealt(b, 0);
		CU_ASSERT_EQUAL(rows_of(&c), DEALS);
		expect_equals(&c);
		side_free(few);
		side_free(many);
		memset(few, 0, sizeof(*few));
		memset(many, 0, sizeof(*many));
	}
	both_free(b);
}

/* In turn, but one of the two ended early. */
static void test_turns_of_two_lengths(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	for (int turn = 0; turn < 2; turn++) {
		side_make(b, &b->old, 1, turn ? PASSES : 9, 1e6, 0.02, 0);
		side_make(b, &b->now, 1, turn ? 9 : PASSES, 1e6, 0.02, 0);
		in_turn(b);
		c = dealt(b, 0);
		CU_ASSERT_EQUAL(rows_of(&c), DEALS);
		expect_equals(&c);
		side_free(&b->old);
		side_free(&b->now);
	}
	memset(&b->old, 0, sizeof(b->old));
	memset(&b->now, 0, sizeof(b->now));
	both_free(b);
}

/* A second result, in a regime the other side never saw. */
static void test_regime_of_one(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	side_make(b, &b->old, 6, 2, 1e6, 0.03, 0.02);
	side_make(b, &b->now, 6, 2, 1e6, 0.03, 0.02);
	for (size_t f = 0; f < 3; f++) {
		b->old.file[f].results = 2;
		b->old.result[f][1].regime = "far";
		for (unsigned i = 0; i < b->old.result[f][1].rounds; i++) {
			b->old.round[f][1][i].value = 2e5;
			b->old.round[f][1][i].rtt_before_ns = b->old.round[f][1][i].rtt_after_ns =
				560;
		}
	}
	c = dealt(b, 0);
	CU_ASSERT_EQUAL(rows_of(&c), DEALS);
	expect_equals(&c);
	both_free(b);
}

/* A file is not believed: passes of any number, in any order. */
static void test_hostile_passes(void)
{
	struct both *b = both_new();
	struct deal_counts c, plain;

	side_make(b, &b->old, 6, 4, 1e6, 0.03, 0.02);
	side_make(b, &b->now, 6, 4, 1e6, 0.03, 0.02);
	for (unsigned i = 0; i < 4 * PER_PASS; i++) {
		/* 0, 1, 2, 3, 0, 1, ... and as far from 0 as can be. */
		b->old.round[0][0][i].pass = i % 4;
		b->now.round[1][0][i].pass = UINT32_MAX - i / PER_PASS;
	}
	c = dealt(b, 0);
	CU_ASSERT_EQUAL(rows_of(&c), DEALS);
	expect_equals(&c);
	for (unsigned i = 0; i < 4 * PER_PASS; i++)
		b->now.round[0][0][i].pass = UINT32_MAX - i % 2;
	b->old.runs.n = b->now.runs.n = 1;
	in_turn(b);
	compare_deal(&b->old.runs, &b->now.runs, &compare_defaults, DEALS, 1, 0, &plain);
	CU_ASSERT_EQUAL(plain.deals, DEALS);
	b->old.runs.n = b->now.runs.n = 6;
	both_free(b);
}

/* Without any result, or any round: nothing is said, and nothing falls over. */
static void test_nothing(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	side_make(b, &b->old, 2, 1, 1e6, 0.03, 0.02);
	side_make(b, &b->now, 2, 1, 1e6, 0.03, 0.02);
	for (size_t f = 0; f < 2; f++)
		b->now.file[f].results = 0;
	c = dealt(b, 0);
	CU_ASSERT_EQUAL(rows_of(&c), 0);
	for (size_t f = 0; f < 2; f++) {
		b->now.file[f].results = 1;
		b->now.result[f][0].rounds = 0;
	}
	c = dealt(b, 0);
	CU_ASSERT(rows_of(&c) <= DEALS);
	both_free(b);
}

/* What may differ may be dealt to the other side. */
static void test_ignored(void)
{
	static const char *const ignore[] = {"ring", NULL};
	struct compare_options ring = compare_defaults;
	struct both *b = both_new();
	struct deal_counts c;

	ring.ignore = ignore;
	side_make(b, &b->old, 1, PASSES, 1e6, 0.02, 0);
	side_make(b, &b->now, 1, PASSES, 0.8e6, 0.02, 0);
	in_turn(b);
	b->now.param[0][0][1].text = "split";
	c = dealt_by(b, &compare_defaults, 1, 0);
	CU_ASSERT_EQUAL(rows_of(&c), 0);
	CU_ASSERT_EQUAL(verdict(b, &ring), COMPARE_WORSE);
	c = dealt_by(b, &ring, 1, 0);
	CU_ASSERT_EQUAL(rows_of(&c), DEALS);
	expect_equals(&c);
	both_free(b);
}

/* Marked rounds count where there are no others, also of the side they were dealt to. */
static void test_disturbed(void)
{
	struct both *b = both_new();
	struct deal_counts c;

	side_make(b, &b->old, 12, 1, 0.5e6, 0.02, 0.02);
	side_make(b, &b->now, 12, 1, 1e6, 0.02, 0.02);
	for (size_t f = 0; f < 12; f++) {
		b->old.result[f][0].disturbed = true;
		for (unsigned i = 0; i < PER_PASS; i++)
			b->old.round[f][0][i].marks = ROUND_MARK_STEAL;
	}
	c = dealt(b, 0);
	CU_ASSERT_EQUAL(rows_of(&c), DEALS);
	expect_equals(&c);
	both_free(b);
}

int suite_compare_deal(void)
{
	CU_pSuite s = CU_add_suite("passes dealt anew", NULL, NULL);

	if (!s || !CU_add_test(s, "runs apart", test_apart) ||
	    !CU_add_test(s, "runs apart that differ", test_apart_and_different) ||
	    !CU_add_test(s, "runs in turn", test_in_turn) ||
	    !CU_add_test(s, "turns stay together", test_turns_stay) ||
	    !CU_add_test(s, "less is better", test_less_is_better) ||
	    !CU_add_test(s, "the same seed, the same deals", test_seed) ||
	    !CU_add_test(s, "files of different shapes", test_shapes) ||
	    !CU_add_test(s, "turns of two lengths", test_turns_of_two_lengths) ||
	    !CU_add_test(s, "a regime of one side", test_regime_of_one) ||
	    !CU_add_test(s, "passes of any number", test_hostile_passes) ||
	    !CU_add_test(s, "nothing to deal", test_nothing) ||
	    !CU_add_test(s, "parameters that may differ", test_ignored) ||
	    !CU_add_test(s, "disturbed rounds", test_disturbed))
		return CU_get_error();
	return 0;
}
