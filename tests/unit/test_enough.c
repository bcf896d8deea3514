/* SPDX-License-Identifier: BSD-2-Clause */
/* When to stop: the width alone decides, never where it lies. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "bench/enough.h"
#include "bench/rank.h"

enum { LEAST = 16, NEVER = 100000, NEAR = 130, FAR = 560 };

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double noise(uint64_t *s)
{
	*s = *s * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(*s >> 11) / 9007199254740992.0 - 0.5;
}

/* After how many pairs it is enough; their logarithms lie around centre, up to spread off. */
static unsigned stops_at(double centre, double spread, unsigned least, unsigned most)
{
	struct enough *e = enough_new(0.04, least);
	unsigned n = 0;
	uint64_t s = 42;

	CU_ASSERT_FATAL(e != NULL);
	while (n < most && !enough_of(e, 7)) {
		enough_add(e, 7, exp(centre + 2 * spread * noise(&s)), NEAR);
		n++;
	}
	n = enough_of(e, 7) ? n : NEVER;
	enough_free(e);
	return n;
}

static void test_least(void)
{
	CU_ASSERT_EQUAL(stops_at(0, 0, 1, 100), 1);
	CU_ASSERT_EQUAL(stops_at(0, 0, LEAST, 100), LEAST);
	CU_ASSERT_EQUAL(stops_at(0, 0.001, LEAST, 100), LEAST);
	CU_ASSERT_EQUAL(stops_at(0, 0.001, 33, 100), 33);
}

/* To stop when a difference shows would be to find one in the end. */
static void test_width_not_place(void)
{
	unsigned n = stops_at(0, 0.1, LEAST, 500);

	CU_ASSERT(n > LEAST && n < 500);
	CU_ASSERT_EQUAL(stops_at(0.05, 0.1, LEAST, 500), n);
	CU_ASSERT_EQUAL(stops_at(-0.3, 0.1, LEAST, 500), n);
	CU_ASSERT_EQUAL(stops_at(2, 0.1, LEAST, 500), n);
	/* Four times the pairs for twice the spread, about. */
	CU_ASSERT(stops_at(0, 0.2, LEAST, 500) > 2 * n);
	CU_ASSERT(stops_at(0, 0.05, LEAST, 500) < n);
	CU_ASSERT_EQUAL(stops_at(0, 2, LEAST, 500), NEVER);
	/* As many pairs as a long run has are kept. */
	n = stops_at(0, 0.5, LEAST, 5000);
	CU_ASSERT(n > 256 && n <= 512);
	CU_ASSERT_EQUAL(stops_at(0, 0.7, LEAST, 5000), NEVER);
}

/* Just as wide as asked: the interval that a comparison of these pairs reports. */
static void test_the_width(void)
{
	struct enough *e = enough_new(0.04, LEAST);
	struct rank_interval i = {.high = 1};
	double log[500];
	unsigned n = 0;
	uint64_t s = 4711;

	while (n < 500 && !enough_of(e, 1)) {
		double v = 0.3 + 0.2 * noise(&s);

		enough_add(e, 1, exp(v), NEAR);
		log[n++] = v;
		qsort(log, n, sizeof(*log), by_value);
		CU_ASSERT_EQUAL_FATAL(rank_centre(log, n, 0.99, &i), 0);
		if (n >= LEAST)
			CU_ASSERT_EQUAL(enough_of(e, 1), (i.high - i.low) / 2 <= log1p(0.04));
	}
	CU_ASSERT(n > LEAST && n < 500);
	enough_free(e);
}

static void test_regimes_apart(void)
{
	struct enough *e = enough_new(0.04, LEAST);
	uint64_t s = 3;

	/* Neither has enough, although both together have. */
	for (unsigned i = 0; i < LEAST - 1; i++) {
		enough_add(e, 1, 1, NEAR);
		enough_add(e, 1, 1, FAR);
		enough_add(e, 1, 1, 0);
	}
	CU_ASSERT_FALSE(enough_of(e, 1));
	enough_add(e, 1, 1, FAR);
	CU_ASSERT_TRUE(enough_of(e, 1));
	enough_free(e);

	/* What is wide in one says nothing of the other. */
	e = enough_new(0.04, LEAST);
	for (unsigned i = 0; i < 3 * LEAST; i++)
		enough_add(e, 1, exp(4 * noise(&s)), FAR);
	CU_ASSERT_FALSE(enough_of(e, 1));
	for (unsigned i = 0; i < LEAST; i++)
		enough_add(e, 1, 1, NEAR);
	CU_ASSERT_TRUE(enough_of(e, 1));
	enough_free(e);
}

static void test_cases_apart(void)
{
	struct enough *e = enough_new(0.04, LEAST);
	unsigned cases, done;

	enough_sum(e, &cases, &done);
	CU_ASSERT(cases == 0 && done == 0);
	CU_ASSERT_FALSE(enough_of(e, 5));
	for (unsigned i = 0; i < LEAST; i++) {
		enough_add(e, 5, 1, NEAR);
		if (i + 1 < LEAST)
			enough_add(e, 6, 1, NEAR);
	}
	enough_sum(e, &cases, &done);
	CU_ASSERT(cases == 2 && done == 1);
	CU_ASSERT(enough_of(e, 5) && !enough_of(e, 6) && !enough_of(e, 7));
	/* Once enough, enough: what comes after does not take it back. */
	for (unsigned i = 0; i < 2 * LEAST; i++)
		enough_add(e, 5, i % 2 ? 3 : 0.1 * (i + 1), NEAR);
	CU_ASSERT(enough_of(e, 5));
	enough_free(e);
}

static void test_counts(void)
{
	struct enough *e = enough_new(0.04, LEAST);
	unsigned cases, done;

	CU_ASSERT_EQUAL(enough_count(e, 1), 0);
	CU_ASSERT_EQUAL(enough_count(e, 1), 1);
	CU_ASSERT_EQUAL(enough_count(e, 2), 0);
	CU_ASSERT_EQUAL(enough_count(e, 1), 2);
	/* A case that was asked for is one, before anything is known of it. */
	enough_sum(e, &cases, &done);
	CU_ASSERT(cases == 2 && done == 0);
	enough_free(e);
	enough_free(NULL);
}

/* Nothing that is no ratio counts, and there is an end to what is kept. */
static void test_limits(void)
{
	struct enough *e = enough_new(0.04, 1);
	unsigned cases, done;
	uint64_t s = 3;

	enough_add(e, 1, 0, NEAR);
	enough_add(e, 1, -1, NEAR);
	enough_add(e, 1, NAN, NEAR);
	enough_add(e, 1, INFINITY, NEAR);
	CU_ASSERT_FALSE(enough_of(e, 1));
	enough_add(e, 1, 1, NEAR);
	CU_ASSERT(enough_of(e, 1));
	for (uint32_t which = 2; which < 5000; which++)
		enough_add(e, which, 1, NEAR);
	enough_sum(e, &cases, &done);
	CU_ASSERT(cases < 5000 && done == cases);
	/* One beyond what is kept is never known: it is measured as long as there are passes. */
	CU_ASSERT_FALSE(enough_of(e, 4999));
	CU_ASSERT_EQUAL(enough_count(e, 4999), 0);
	CU_ASSERT_EQUAL(enough_count(e, 4999), 0);
	enough_free(e);
	e = enough_new(0.0004, 2);
	for (unsigned i = 0; i < 5000; i++)
		enough_add(e, 1, exp(4 * noise(&s)), FAR);
	CU_ASSERT_FALSE(enough_of(e, 1));
	enough_free(e);
}

int suite_enough(void)
{
	CU_pSuite s = CU_add_suite("enough", NULL, NULL);

	if (!s || !CU_add_test(s, "not before the least number", test_least) ||
	    !CU_add_test(s, "the width decides, not the place", test_width_not_place) ||
	    !CU_add_test(s, "as wide as asked", test_the_width) ||
	    !CU_add_test(s, "regimes apart", test_regimes_apart) ||
	    !CU_add_test(s, "cases apart", test_cases_apart) ||
	    !CU_add_test(s, "rounds are counted", test_counts) ||
	    !CU_add_test(s, "limits", test_limits))
		return CU_get_error();
	return 0;
}
