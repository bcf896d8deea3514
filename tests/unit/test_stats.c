/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "bench/stats.h"

static void test_order_statistics(void)
{
	const double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 2}, one[] = {7};
	const double spread[] = {1, 1, 2, 2, 4, 6, 9};
	struct stats s;

	CU_ASSERT_EQUAL(stats_of(odd, 3, &s), 0);
	CU_ASSERT(s.n == 3 && s.median == 5 && s.min == 1 && s.max == 9);
	CU_ASSERT(s.q1 == 3 && s.q3 == 7);
	CU_ASSERT_EQUAL(odd[0], 9);
	CU_ASSERT_EQUAL(stats_of(even, 4, &s), 0);
	CU_ASSERT_EQUAL(s.median, 2.5);
	CU_ASSERT(s.q1 == 1.75 && s.q3 == 3.25);
	CU_ASSERT_EQUAL(stats_of(one, 1, &s), 0);
	CU_ASSERT(s.median == 7 && s.q1 == 7 && s.q3 == 7 && s.mad == 0);
	CU_ASSERT_EQUAL(stats_of(spread, 7, &s), 0);
	CU_ASSERT(s.median == 2 && s.mad == 1);
}

static void test_bad_numbers(void)
{
	const double nan_in[] = {1, NAN}, inf_in[] = {INFINITY};
	struct stats s;

	CU_ASSERT_EQUAL(stats_of(nan_in, 2, &s), -EINVAL);
	CU_ASSERT_EQUAL(stats_of(inf_in, 1, &s), -EINVAL);
	CU_ASSERT_EQUAL(stats_of(NULL, 0, &s), 0);
	CU_ASSERT_EQUAL(s.n, 0);
}

static void test_regimes(void)
{
	CU_ASSERT_EQUAL(regime_of(70), REGIME_NEAR);
	CU_ASSERT_EQUAL(regime_of(199.9), REGIME_NEAR);
	CU_ASSERT_EQUAL(regime_of(200), REGIME_MID);
	CU_ASSERT_EQUAL(regime_of(349.9), REGIME_MID);
	CU_ASSERT_EQUAL(regime_of(350), REGIME_FAR);
	CU_ASSERT_EQUAL(regime_of(1e6), REGIME_FAR);
	CU_ASSERT_EQUAL(regime_of(0), REGIME_NONE);
	CU_ASSERT_EQUAL(regime_of(-1), REGIME_NONE);
	CU_ASSERT_EQUAL(regime_of(NAN), REGIME_NONE);
	CU_ASSERT_STRING_EQUAL(regime_name(REGIME_FAR), "far");
}

static uint32_t marks_of(struct round r)
{
	r.duration_s = 0.1;
	round_judge(&r);
	return r.marks;
}

static void test_marks(void)
{
	struct round one = {.rtt_after_ns = 540};
	struct round brief = {.duration_s = 0.01, .switches = 2};
	unsigned bit;

	CU_ASSERT_EQUAL(marks_of((struct round){.rtt_before_ns = 130, .rtt_after_ns = 140}), 0);
	CU_ASSERT_EQUAL(marks_of((struct round){.rtt_before_ns = 100, .rtt_after_ns = 131}),
			ROUND_MARK_RTT);
	CU_ASSERT_EQUAL(marks_of((struct round){.rtt_before_ns = 131, .rtt_after_ns = 100}),
			ROUND_MARK_RTT);
	CU_ASSERT_EQUAL(marks_of((struct round){.rtt_before_ns = 100, .rtt_after_ns = 130}), 0);
	CU_ASSERT_EQUAL(marks_of((struct round){.rtt_before_ns = 195, .rtt_after_ns = 205}),
			ROUND_MARK_REGIME);
	CU_ASSERT_EQUAL(marks_of((struct round){.rtt_before_ns = 130, .rtt_after_ns = 560}),
			ROUND_MARK_REGIME | ROUND_MARK_RTT);
	CU_ASSERT_EQUAL(marks_of((struct round){.steal_s = 0.01}), ROUND_MARK_STEAL);
	CU_ASSERT_EQUAL(marks_of((struct round){.steal_s = 0.0005}), 0);
	CU_ASSERT_EQUAL(marks_of((struct round){.migrations = 1}), ROUND_MARK_MIGRATED);
	CU_ASSERT_EQUAL(marks_of((struct round){.switches = 20}), 0);
	CU_ASSERT_EQUAL(marks_of((struct round){.switches = 21}), ROUND_MARK_SWITCHED);
	round_judge(&brief); /* two are forgiven however short the round */
	CU_ASSERT_EQUAL(brief.marks, 0);
	/* Only one probe: it decides the regime, and nothing can disagree. */
	round_judge(&one);
	CU_ASSERT(one.regime == REGIME_FAR && one.marks == 0);
	for (bit = 0; bit < ROUND_MARK_BITS; bit++)
		CU_ASSERT(round_mark_word(bit) != NULL && round_mark_text(bit) != NULL);
	CU_ASSERT_PTR_NULL(round_mark_word(ROUND_MARK_BITS));
}

static struct round a_round(double value, double rtt, double limit)
{
	return (struct round){.value = value,
			      .rtt_before_ns = rtt,
			      .rtt_after_ns = rtt,
			      .limit = limit,
			      .duration_s = 0.1};
}

static void test_summaries(void)
{
	struct round r[6] = {a_round(50, 130, 100), a_round(14, 540, 30), a_round(60, 140, 110),
			     a_round(1, 130, 1),    a_round(16, 560, 40), a_round(33, 250, 0)};
	struct regime_summary s[REGIMES];
	unsigned i;

	r[3].migrations = 1; /* does not count among the near */
	r[5].migrations = 1; /* the only one of mid: counts, and says so */
	for (i = 0; i < 6; i++)
		round_judge(&r[i]);
	CU_ASSERT_EQUAL_FATAL(regime_summaries(r, 6, s), 0);
	CU_ASSERT(s[REGIME_NEAR].rounds == 3 && s[REGIME_NEAR].marked == 1);
	CU_ASSERT(s[REGIME_NEAR].s.n == 2 && !s[REGIME_NEAR].disturbed);
	CU_ASSERT(s[REGIME_NEAR].s.median == 55 && s[REGIME_NEAR].limit == 105);
	CU_ASSERT(s[REGIME_FAR].s.median == 15 && s[REGIME_FAR].limit == 35);
	CU_ASSERT(s[REGIME_MID].disturbed && s[REGIME_MID].s.median == 33);
	CU_ASSERT(s[REGIME_MID].limit == 0);
	CU_ASSERT(s[REGIME_NONE].rounds == 0 && s[REGIME_NONE].s.n == 0);
	r[0].value = NAN;
	CU_ASSERT_EQUAL(regime_summaries(r, 6, s), -EINVAL);
}

int suite_stats(void)
{
	CU_pSuite s = CU_add_suite("stats", NULL, NULL);

	if (!s || !CU_add_test(s, "median, quartiles, deviation", test_order_statistics) ||
	    !CU_add_test(s, "numbers that are none", test_bad_numbers) ||
	    !CU_add_test(s, "regimes", test_regimes) ||
	    !CU_add_test(s, "marks of a round", test_marks) ||
	    !CU_add_test(s, "summaries by regime", test_summaries))
		return CU_get_error();
	return 0;
}
