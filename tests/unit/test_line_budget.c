/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines beyond the budget are counted, and none is lost from the count. */
#include <CUnit/CUnit.h>

#include "bench/line_budget.h"

enum { AT_ONCE = 5, EACH = 1000 };

/* Says n lines at a time; how many came through, and *told: how many were said to be left out. */
static unsigned lines(struct line_budget *b, uint64_t now, unsigned n, uint64_t *told)
{
	unsigned said = 0;

	for (; n; n--) {
		uint64_t left_out = 99;

		if (line_budget_take(b, now, &left_out))
			said++;
		else
			CU_ASSERT_EQUAL(left_out, 0);
		*told += left_out;
	}
	return said;
}

static void burst(void)
{
	struct line_budget b = {.at_once = AT_ONCE, .each_ns = EACH};
	uint64_t told = 0;

	/* Whatever the clock says at first. */
	CU_ASSERT_EQUAL(lines(&b, 7000000, AT_ONCE, &told), AT_ONCE);
	CU_ASSERT_EQUAL(lines(&b, 7000000, 100, &told), 0);
	CU_ASSERT_EQUAL(told, 0);
	CU_ASSERT_EQUAL(lines(&b, 7000000 + EACH - 1, 1, &told), 0);
	CU_ASSERT_EQUAL(lines(&b, 7000000 + EACH, 3, &told), 1);
	CU_ASSERT_EQUAL(told, 101);
	/* A clock that stands, or goes back, pays for nothing. */
	CU_ASSERT_EQUAL(lines(&b, 7000000, 1, &told), 0);
	CU_ASSERT_EQUAL(lines(&b, 0, 1, &told), 0);
	/* Time without lines pays for a burst, not for more. */
	CU_ASSERT_EQUAL(lines(&b, 90000000, 100, &told), AT_ONCE);
	CU_ASSERT_EQUAL(told, 101 + 4);
}

static void steady(void)
{
	struct line_budget b = {.at_once = AT_ONCE, .each_ns = EACH};
	uint64_t told = 0, said = 0;

	/* Ten lines for each that is paid for. */
	for (uint64_t t = 1; t <= 100000; t += EACH / 10)
		said += lines(&b, t, 1, &told);
	CU_ASSERT_EQUAL(said + told + b.left_out, 1000);
	CU_ASSERT_TRUE(said >= 100 && said <= 100 + AT_ONCE);
	/* As many as are paid for: none is left out, for ever. */
	b = (struct line_budget){.at_once = 1, .each_ns = EACH};
	said = told = 0;
	for (uint64_t t = 1; t <= 100000; t += EACH)
		said += lines(&b, t, 1, &told);
	CU_ASSERT_EQUAL(said, 100);
	CU_ASSERT_EQUAL(told, 0);
}

int suite_line_budget(void)
{
	CU_pSuite s = CU_add_suite("line_budget", NULL, NULL);

	if (!s || !CU_add_test(s, "a burst", burst) || !CU_add_test(s, "a steady flow", steady))
		return CU_get_error();
	return 0;
}
