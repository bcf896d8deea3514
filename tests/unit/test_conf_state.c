/* SPDX-License-Identifier: BSD-2-Clause */
/* Random ring states: made from a number, written and read back, made smaller. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "conformance/state.h"

#define SEEDS 500u

static char *text_of(const struct state_case *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	state_print(s, f);
	fclose(f);
	return text;
}

static int read_text(struct state_case *s, const char *text, unsigned *line)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int e;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	e = state_read(s, f, line);
	fclose(f);
	return e;
}

static void test_round_trip(void)
{
	for (unsigned i = 0; i < SEEDS; i++) {
		struct state_case s, again;
		unsigned line;
		char *a, *b;

		state_generate(&s, i * 0x9e3779b97f4a7c15ull, (enum state_mix)(i % STATE_MIXES),
			       i & 1, 256);
		CU_ASSERT_TRUE(s.n > 0 && s.n <= STATE_ACTIONS && s.size >= 4 && s.size <= 256);
		a = text_of(&s);
		CU_ASSERT_EQUAL(read_text(&again, a, &line), 0);
		b = text_of(&again);
		CU_ASSERT_STRING_EQUAL(a, b);
		free(a);
		free(b);
	}
}

static void test_seed(void)
{
	struct state_case a, b, c;

	for (unsigned i = 0; i < SEEDS; i++) {
		state_generate(&a, i, STATE_NEARLY, false, 256);
		state_generate(&b, i, STATE_NEARLY, false, 256);
		state_generate(&c, i + 1, STATE_NEARLY, false, 256);
		CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
		CU_ASSERT_NOT_EQUAL(memcmp(a.act, c.act, sizeof(a.act)), 0);
		state_generate(&a, i, STATE_LEGAL, i & 1, 256);
		CU_ASSERT_TRUE(state_legal(&a));
	}
	/* A ring is never larger than the queue. */
	state_generate(&a, 1, STATE_WILD, true, 3);
	CU_ASSERT_EQUAL(a.size, 3);
	CU_ASSERT_FALSE(state_legal(&a));
}

static void test_nonsense(void)
{
	static const struct {
		const char *text;
		unsigned line;
	} bad[] = {
		{"ring 4\n", 1},
		{"split\n", 1},
		{"split 0\n", 1},
		{"split 70000\n", 1},
		{"split 4 seed x\n", 1},
		{"split 4 often\n", 1},
		{"split 4\nrequest 1\n", 2},
		{"split 4\nrequest 1 2 3\n", 2},
		{"split 4\n\nrequests 1 2\n", 3},
		{"split 4\n# it\nhead 65536\n", 3},
		{"split 4\naddr 0 0 there 0\n", 2},
		{"split 4\nindex -1\n", 2},
		{"# nothing\n", 2},
	};
	struct state_case s;
	unsigned line;

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(bad); i++) {
		CU_ASSERT_EQUAL(read_text(&s, bad[i].text, &line), -EINVAL);
		CU_ASSERT_EQUAL(line, bad[i].line);
	}
	CU_ASSERT_EQUAL(read_text(&s, "packed 4 seed 0x7 event\nindex 0xffff\n", &line), 0);
	CU_ASSERT_TRUE(s.packed && s.event && !s.reset && s.seed == 7 && s.n == 1);
	CU_ASSERT_EQUAL(s.act[0].v, 0xffff);
}

/* Fails when the index jumps beyond the ring after a head that is beyond it. */
static bool jumps(void *ctx, const struct state_case *s)
{
	bool head = false;

	++*(unsigned *)ctx;
	for (unsigned i = 0; i < s->n; i++) {
		if (s->act[i].op == STATE_HEAD && s->act[i].a >= 4)
			head = true;
		if (head && s->act[i].op == STATE_INDEX && s->act[i].v > s->size)
			return true;
	}
	return false;
}

static void test_shrink(void)
{
	unsigned calls = 0, found = 0;

	for (unsigned i = 0; i < 8 * SEEDS; i++) {
		struct state_case s;
		unsigned tries;

		state_generate(&s, i, STATE_WILD, false, 256);
		if (!jumps(&calls, &s))
			continue;
		found++;
		calls = 0;
		tries = state_shrink(&s, jumps, &calls, 10000);
		CU_ASSERT_EQUAL(tries, calls);
		CU_ASSERT_TRUE(jumps(&calls, &s));
		CU_ASSERT_EQUAL_FATAL(s.n, 2);
		CU_ASSERT_EQUAL(s.act[0].op, STATE_HEAD);
		CU_ASSERT_EQUAL(s.act[0].a, 4);
		CU_ASSERT_EQUAL(s.act[1].op, STATE_INDEX);
		CU_ASSERT_EQUAL(s.size, 4);
		CU_ASSERT_FALSE(s.indirect || s.event || s.in_order || s.reset);
		calls = 0;
		state_generate(&s, i, STATE_WILD, false, 256);
		CU_ASSERT_EQUAL(state_shrink(&s, jumps, &calls, 3), 3);
		CU_ASSERT_TRUE(jumps(&calls, &s));
	}
	CU_ASSERT_TRUE(found > 10);
}

static void test_same(void)
{
	CU_ASSERT_TRUE(state_same("byte 12 of it is 0x06", "byte 7 of it is 0xfe"));
	CU_ASSERT_TRUE(state_same("", ""));
	CU_ASSERT_FALSE(state_same("byte 12", "byte"));
	CU_ASSERT_FALSE(state_same("byte 12", "byte 12 of it"));
	CU_ASSERT_FALSE(state_same("queue 1: gone", "queue 1: back"));
}

int suite_conf_state(void)
{
	CU_pSuite s = CU_add_suite("conf_state", NULL, NULL);

	if (!s || !CU_add_test(s, "written and read", test_round_trip) ||
	    !CU_add_test(s, "by seed", test_seed) || !CU_add_test(s, "nonsense", test_nonsense) ||
	    !CU_add_test(s, "shrunk", test_shrink) || !CU_add_test(s, "same reason", test_same))
		return CU_get_error();
	return 0;
}
