/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "bench/rank.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A generator of our own: the same values everywhere. */
static double noise(uint64_t *s)
{
	*s = *s * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(*s >> 11) / 9007199254740992.0;
}

/* Skewed, with a long tail: nothing here may depend on a bell. */
static double skewed(uint64_t *s)
{
	double u = noise(s);

	return -log(1 - u * 0.999);
}

/* Every arrangement of two small samples, counted by hand: the published tables. */
static void test_small_samples(void)
{
	const double x[] = {1, 2, 3, 4, 5}, y[] = {6, 7, 8, 9, 10};
	struct rank_interval i;
	double p;

	CU_ASSERT_EQUAL(rank_shift_p(x, 5, y, 5, 0, &p), 0);
	CU_ASSERT_DOUBLE_EQUAL(p, 2.0 / 252, 1e-12);
	CU_ASSERT_EQUAL(rank_shift(x, 5, y, 5, 0.99, &i), 0);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2.0 / 252, 1e-12);
	CU_ASSERT(i.low == 1 && i.high == 9 && fabs(i.estimate - 5) < 1e-9);
	/* 95 % with 5 and 5: two differences are left out at each end (critical value 2). */
	CU_ASSERT_EQUAL(rank_shift(x, 5, y, 5, 0.95, &i), 0);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2 * 4.0 / 252, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(i.low, 2, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(i.high, 8, 1e-9);
}

static void test_small_differences(void)
{
	const double d[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct rank_interval i;
	double p;

	CU_ASSERT_EQUAL(rank_centre_p(d, 8, 0, &p), 0);
	CU_ASSERT_DOUBLE_EQUAL(p, 2.0 / 256, 1e-12);
	CU_ASSERT_EQUAL(rank_centre(d, 8, 0.99, &i), 0);
	CU_ASSERT(i.low == 1 && i.high == 8 && fabs(i.estimate - 4.5) < 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2.0 / 256, 1e-12);
	/* Seven do not suffice for 99 %: it says what it has. */
	CU_ASSERT_EQUAL(rank_centre(d, 7, 0.99, &i), 0);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2.0 / 128, 1e-12);
	CU_ASSERT(i.low == 1 && i.high == 7);
	/* 95 % of eight: critical value 3, so the fourth of the means 1, 1.5, 2, 2, ... */
	CU_ASSERT_EQUAL(rank_centre(d, 8, 0.95, &i), 0);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2 * 5.0 / 256, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(i.low, 2, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(i.high, 7, 1e-9);
}

static void test_p_follows_the_hypothesis(void)
{
	const double d[] = {4, 5, 5, 6, 6, 7, 7, 8, 8, 9};
	double p0, p6, p_far;

	rank_centre_p(d, 10, 0, &p0);
	rank_centre_p(d, 10, 6.5, &p6);
	rank_centre_p(d, 10, 20, &p_far);
	CU_ASSERT_DOUBLE_EQUAL(p0, 2.0 / 1024, 1e-12);
	CU_ASSERT(p6 > 0.9);
	CU_ASSERT_DOUBLE_EQUAL(p_far, p0, 1e-12);
}

static void test_ties_and_one(void)
{
	const double same[] = {3, 3, 3, 3, 3, 3, 3, 3}, one[] = {2};
	struct rank_interval i;
	double p;

	CU_ASSERT_EQUAL(rank_shift(same, 8, same, 8, 0.99, &i), 0);
	CU_ASSERT(i.low == 0 && i.high == 0 && i.estimate == 0);
	rank_shift_p(same, 8, same, 8, 0, &p);
	CU_ASSERT(p > 0.9);
	CU_ASSERT_EQUAL(rank_centre(one, 1, 0.99, &i), 0);
	CU_ASSERT(i.low == 2 && i.high == 2 && i.confidence < 0.5);
	CU_ASSERT_EQUAL(rank_shift(one, 1, same, 8, 0.99, &i), 0);
	CU_ASSERT(i.low == 1 && i.high == 1);
}

/* The counted and the approximated distribution must meet where one gives way to the other. */
static void test_approximation_meets_exact(void)
{
	double x[31], y[31];
	struct rank_interval exact, beyond;
	double p_exact, p_beyond;
	uint64_t s = 7;

	for (unsigned i = 0; i < 31; i++) {
		x[i] = noise(&s);
		y[i] = noise(&s) + 0.25;
	}
	qsort(x, 31, sizeof(*x), by_value);
	qsort(y, 31, sizeof(*y), by_value);
	rank_shift(x, 30, y, 30, 0.99, &exact);
	rank_shift(x, 31, y, 31, 0.99, &beyond);
	CU_ASSERT_DOUBLE_EQUAL(exact.high - exact.low, beyond.high - beyond.low, 0.05);
	rank_shift_p(x, 30, y, 30, 0, &p_exact);
	rank_shift_p(x, 31, y, 31, 0, &p_beyond);
	CU_ASSERT(p_exact > 0 && p_beyond > 0 && p_exact < 50 * p_beyond &&
		  p_beyond < 50 * p_exact);
}

/* What the interval promises: with equals, it misses the truth at most so often. */
static void coverage(unsigned m, unsigned n, double factor_allowed)
{
	enum { TRIALS = 4000 };
	double x[80], y[80];
	unsigned missed = 0, rejected = 0;
	uint64_t s = 12345 + m * 1000 + n;

	for (unsigned t = 0; t < TRIALS; t++) {
		struct rank_interval i;
		double p;

		for (unsigned k = 0; k < m; k++)
			x[k] = skewed(&s);
		for (unsigned k = 0; k < n; k++)
			y[k] = skewed(&s) + 0.5;
		qsort(x, m, sizeof(*x), by_value);
		qsort(y, n, sizeof(*y), by_value);
		rank_shift(x, m, y, n, 0.95, &i);
		missed += i.low > 0.5 || i.high < 0.5;
		rank_shift_p(x, m, y, n, 0.5, &p);
		rejected += p <= 0.05;
	}
	CU_ASSERT(missed <= TRIALS * 0.05 * factor_allowed);
	CU_ASSERT(rejected <= TRIALS * 0.05 * factor_allowed);
	/* And is not wide for nothing. */
	CU_ASSERT(missed >= TRIALS * 0.05 / 3);
	CU_ASSERT(rejected >= TRIALS * 0.05 / 3);
}

static void test_coverage(void)
{
	coverage(8, 8, 1.25);
	coverage(5, 20, 1.25);
	coverage(40, 40, 1.25);
}

static void centre_coverage(unsigned n)
{
	enum { TRIALS = 4000 };
	double d[80];
	unsigned missed = 0, rejected = 0;
	uint64_t s = 99 + n;

	for (unsigned t = 0; t < TRIALS; t++) {
		struct rank_interval i;
		double p;

		/* Differences of equals are symmetric, whatever the equals look like. */
		for (unsigned k = 0; k < n; k++)
			d[k] = skewed(&s) - skewed(&s);
		qsort(d, n, sizeof(*d), by_value);
		rank_centre(d, n, 0.95, &i);
		missed += i.low > 0 || i.high < 0;
		rank_centre_p(d, n, 0, &p);
		rejected += p <= 0.05;
	}
	CU_ASSERT(missed <= TRIALS * 0.05 * 1.25 && missed >= TRIALS * 0.05 / 3);
	CU_ASSERT(rejected <= TRIALS * 0.05 * 1.25 && rejected >= TRIALS * 0.05 / 3);
}

static void test_centre_coverage(void)
{
	centre_coverage(8);
	centre_coverage(32);
	centre_coverage(70);
}

static void test_many_at_once(void)
{
	double p[] = {0.04, 0.001, 0.03, 0.5}, alone[] = {0.02}, equal[] = {0.002, 0.002, 0.002};

	CU_ASSERT_EQUAL(rank_adjust(p, 4), 0);
	CU_ASSERT_DOUBLE_EQUAL(p[1], 0.004, 1e-12);
	/* 0.03 * 4 / 2 = 0.06, but no more than the next one's 0.04 * 4 / 3. */
	CU_ASSERT_DOUBLE_EQUAL(p[2], 0.04 * 4 / 3, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(p[0], 0.04 * 4 / 3, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(p[3], 0.5, 1e-12);
	rank_adjust(alone, 1);
	CU_ASSERT_EQUAL(alone[0], 0.02);
	/* What all say together needs no more of each. */
	rank_adjust(equal, 3);
	CU_ASSERT_DOUBLE_EQUAL(equal[0], 0.002, 1e-12);
	CU_ASSERT_EQUAL(rank_adjust(NULL, 0), 0);
}

int suite_rank(void)
{
	CU_pSuite s = CU_add_suite("rank statistics", NULL, NULL);

	if (!s || !CU_add_test(s, "two small samples, counted out", test_small_samples) ||
	    !CU_add_test(s, "a few differences, counted out", test_small_differences) ||
	    !CU_add_test(s, "the chance follows the hypothesis", test_p_follows_the_hypothesis) ||
	    !CU_add_test(s, "ties, and samples of one", test_ties_and_one) ||
	    !CU_add_test(s, "approximation meets the exact", test_approximation_meets_exact) ||
	    !CU_add_test(s, "intervals of a shift keep their promise", test_coverage) ||
	    !CU_add_test(s, "intervals of a centre keep their promise", test_centre_coverage) ||
	    !CU_add_test(s, "many tests at once", test_many_at_once))
		return CU_get_error();
	return 0;
}
