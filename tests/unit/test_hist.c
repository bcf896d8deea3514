/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "bench/hist.h"

static struct hist *new_hist(void)
{
	struct hist *h = malloc(sizeof(*h));

	if (!h)
		abort();
	hist_init(h);
	return h;
}

/* Steps join without gap or overlap, every value lies in its own, and none is too wide. */
static void test_steps(void)
{
	unsigned i;

	CU_ASSERT_EQUAL(hist_step_low(0), 0);
	CU_ASSERT_EQUAL(hist_step_high(HIST_STEPS - 1), HIST_TOP);
	for (i = 0; i < HIST_STEPS; i++) {
		uint64_t low = hist_step_low(i), high = hist_step_high(i);

		CU_ASSERT_FATAL(hist_index(low) == i && hist_index(high) == i);
		if (i + 1 < HIST_STEPS)
			CU_ASSERT_FATAL(hist_step_low(i + 1) == high + 1);
		CU_ASSERT_FATAL((high - low) * HIST_SUB <= low);
	}
}

static void test_relative_error(void)
{
	struct hist *h = new_hist();
	uint64_t v;

	for (v = 1; v < UINT64_C(100000000000); v = v * 9 / 8 + 1) {
		uint64_t low, high, got;

		hist_init(h);
		/* Neighbours, so that min and max do not make the answer exact. */
		low = v > 1000 ? v - v / 100 : 0;
		high = v + v / 100 + 1;
		hist_record(h, low);
		hist_record(h, v);
		hist_record(h, high);
		got = hist_percentile(h, 50);
		CU_ASSERT_FATAL((got > v ? got - v : v - got) * 100 <= v);
	}
	free(h);
}

static void test_percentiles(void)
{
	struct hist *h = new_hist();
	unsigned i;

	CU_ASSERT_EQUAL(hist_percentile(h, 50), 0);
	CU_ASSERT_EQUAL(hist_mean(h), 0);
	for (i = 1; i <= 100; i++)
		hist_record(h, i);
	CU_ASSERT_EQUAL(hist_percentile(h, 0), 1);
	CU_ASSERT_EQUAL(hist_percentile(h, 1), 1);
	CU_ASSERT_EQUAL(hist_percentile(h, 50), 50);
	CU_ASSERT_EQUAL(hist_percentile(h, 99), 99);
	CU_ASSERT_EQUAL(hist_percentile(h, 99.5), 100);
	CU_ASSERT_EQUAL(hist_percentile(h, 100), 100);
	CU_ASSERT_DOUBLE_EQUAL(hist_mean(h), 50.5, 1e-9);
	/* 999 of 1,000 lie at or below the 999th: 99.9 is not exact in binary. */
	hist_init(h);
	hist_record_n(h, 10, 999);
	hist_record_n(h, 200, 1);
	CU_ASSERT_EQUAL(hist_percentile(h, 99.9), 10);
	CU_ASSERT_EQUAL(hist_percentile(h, 99.95), 200);
	free(h);
}

static void test_extremes(void)
{
	struct hist *h = new_hist();

	hist_record(h, 0);
	hist_record(h, HIST_TOP);
	CU_ASSERT_EQUAL(h->beyond, 0);
	hist_record(h, HIST_TOP + 1);
	hist_record(h, UINT64_C(1) << 50);
	CU_ASSERT_EQUAL(h->beyond, 2);
	CU_ASSERT_EQUAL(h->count, 4);
	CU_ASSERT_EQUAL(h->min, 0);
	CU_ASSERT_EQUAL(h->max, UINT64_C(1) << 50);
	CU_ASSERT_EQUAL(hist_percentile(h, 100), UINT64_C(1) << 50);
	free(h);
}

static void test_merge_and_walk(void)
{
	struct hist *a = new_hist(), *b = new_hist(), *all = new_hist();
	uint64_t ns, count, before = 0, total = 0;
	unsigned i, at = 0, at_a = 0;

	for (i = 0; i < 5000; i++) {
		uint64_t v = (uint64_t)i * i * 37 % 1000003;

		hist_record(i % 3 ? a : b, v);
		hist_record(all, v);
	}
	hist_merge(a, b);
	hist_init(b);
	hist_merge(a, b); /* an empty one changes nothing, its min least of all */
	CU_ASSERT_EQUAL(a->count, all->count);
	CU_ASSERT_EQUAL(a->sum, all->sum);
	CU_ASSERT_EQUAL(a->min, all->min);
	CU_ASSERT_EQUAL(a->max, all->max);
	while (hist_next(all, &at, &ns, &count)) {
		uint64_t ns_a, count_a;

		CU_ASSERT_FATAL(hist_next(a, &at_a, &ns_a, &count_a));
		CU_ASSERT(ns_a == ns && count_a == count && count > 0);
		CU_ASSERT(total == 0 || ns > before);
		before = ns;
		total += count;
	}
	CU_ASSERT_FALSE(hist_next(a, &at_a, &ns, &count));
	CU_ASSERT_EQUAL(total, 5000);
	free(a);
	free(b);
	free(all);
}

int suite_hist(void)
{
	CU_pSuite s = CU_add_suite("hist", NULL, NULL);

	if (!s || !CU_add_test(s, "steps join and are narrow", test_steps) ||
	    !CU_add_test(s, "values are at most 1 % off", test_relative_error) ||
	    !CU_add_test(s, "percentiles", test_percentiles) ||
	    !CU_add_test(s, "zero and beyond the top", test_extremes) ||
	    !CU_add_test(s, "merge and walk", test_merge_and_walk))
		return CU_get_error();
	return 0;
}
