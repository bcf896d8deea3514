/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines beyond the budget are counted, and none is lost from the count. */
#include <CUnit/CUnit.h>

#include "bench/line_budget.h"

enum { AT_ONCE = 5 };
#define EACH 1000u
#define SEC  1000000000u

struct seen {
	uint64_t said, gaps,
		told; /* lines; notices that there will be gaps; lines told to be left out */
};

/* n lines at a time. */
static void lines(struct line_budget *b, struct seen *s, uint64_t now, unsigned n)
{
	for (; n; n--) {
		uint64_t left_out = 99;
		enum line_budget_verdict v = line_budget_take(b, now, &left_out);

		s->said += v == LINE_SAY;
		s->gaps += v == LINE_LEAVE_FIRST;
		s->told += left_out;
	}
}

#define SEEN(s, a, b, c) CU_ASSERT_TRUE((s).said == (a) && (s).gaps == (b) && (s).told == (c))

static void burst(void)
{
	struct line_budget b = {.at_once = AT_ONCE, .each_ns = EACH};
	const uint64_t t = 7000000; /* whatever the clock says at first */
	struct seen s = {0};

	lines(&b, &s, t, AT_ONCE);
	SEEN(s, AT_ONCE, 0, 0);
	lines(&b, &s, t, 100);
	SEEN(s, AT_ONCE, 1, 0);
	lines(&b, &s, t + EACH - 1, 1);
	SEEN(s, AT_ONCE, 1, 0);
	lines(&b, &s, t + EACH, 3);
	SEEN(s, AT_ONCE + 1, 1, 0);
	/* A clock that stands, or goes back, pays for nothing. */
	lines(&b, &s, t, 1);
	lines(&b, &s, 0, 1);
	SEEN(s, AT_ONCE + 1, 1, 0);
	/* Time without lines pays for a burst, not for more; what was left out is told once. */
	lines(&b, &s, t + SEC, 100);
	SEEN(s, 2 * AT_ONCE + 1, 2, 105);
	CU_ASSERT_EQUAL(b.left_out, 95);
}

static void steady(void)
{
	struct line_budget b = {.at_once = AT_ONCE, .each_ns = SEC / 10};
	struct seen s = {0};

	/* Ten lines for each that is paid for, over ten seconds. */
	for (unsigned i = 0; i < 1000; i++)
		lines(&b, &s, 1 + i * (uint64_t)(SEC / 100), 1);
	CU_ASSERT_EQUAL(s.said + s.told + b.left_out, 1000);
	CU_ASSERT_TRUE(s.said >= 100 && s.said <= 100 + AT_ONCE);
	CU_ASSERT_TRUE(s.gaps <= 10);
	/* As many as are paid for: none is left out, for ever. */
	b = (struct line_budget){.at_once = 1, .each_ns = EACH};
	s = (struct seen){0};
	for (uint64_t t = 1; t <= 100000; t += EACH)
		lines(&b, &s, t, 1);
	SEEN(s, 100, 0, 0);
}

int suite_line_budget(void)
{
	CU_pSuite s = CU_add_suite("line_budget", NULL, NULL);

	if (!s || !CU_add_test(s, "a burst", burst) || !CU_add_test(s, "a steady flow", steady))
		return CU_get_error();
	return 0;
}
