/* SPDX-License-Identifier: BSD-2-Clause */
/* The gate: what its file says, and what it makes of a run. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "conformance/gate.h"
#include "tests/unit/scratch.h"

#define TODAY 20261122u

static struct scratch scratch;

static int enter(void)
{
	scratch_enter(&scratch);
	return 0;
}

static int leave(void)
{
	scratch_leave(&scratch);
	return 0;
}

static struct gate *gate(const char *text, struct vop_error *err)
{
	FILE *f = fopen("gate", "w");

	fputs(text, f);
	fclose(f);
	err->text[0] = 0;
	return gate_read("gate", TODAY, err);
}

static void refused(const char *text, const char *word)
{
	struct vop_error err;
	struct gate *g = gate(text, &err);

	CU_ASSERT_PTR_NULL(g);
	if (!strstr(err.text, word)) {
		printf("'%s' lacks '%s'\n", err.text, word);
		CU_ASSERT(false);
	}
	CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
	gate_free(g);
}

static void test_files(void)
{
	struct vop_error err;
	struct gate *g = gate("# nothing\n\n   \n", &err);

	CU_ASSERT_PTR_NOT_NULL(g);
	gate_free(g);
	g = gate("split/serves until 2027-01-31 a reason # and a comment\r\nsplit/* because", &err);
	CU_ASSERT_PTR_NOT_NULL(g);
	gate_free(g);
	refused("split/serves\n", "gate:1: say why");
	refused("\nsplit/serves until 2027-01-31\n", "gate:2: say why");
	refused("split/none x\n", "'split/none'");
	refused("nothing/* x\n", "no check");
	refused("split/serves until soon x\n", "'soon'");
	refused("split/serves until 2027-13-01 x\n", "'2027-13-01'");
	refused("split/serves until 2027-1-1 x\n", "'2027-1-1'");
	CU_ASSERT_PTR_NULL(gate_read("not-there", TODAY, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not-there"));
	CU_ASSERT_PTR_NULL(gate_read(".", TODAY, &err));
}

static const struct conf_check one = {.id = "split/serves"}, two = {.id = "packed/serves"};

static enum gate_word judge(struct gate *g, const struct conf_check *c, enum conf_outcome o)
{
	struct suite_verdict v = {.check = c, .outcome = o};
	const char *reason;
	enum gate_word w = gate_judge(g, &v, &reason);

	CU_ASSERT(w != GATE_EXPECTED || reason != NULL);
	return w;
}

static void test_words(void)
{
	struct vop_error err;
	struct gate *g = gate("split/serves off by one\n", &err);

	CU_ASSERT_EQUAL(judge(g, &one, CONF_FAIL), GATE_EXPECTED);
	CU_ASSERT_EQUAL(judge(g, &one, CONF_CRASH), GATE_EXPECTED);
	CU_ASSERT_EQUAL(judge(g, &one, CONF_PASS), GATE_SURPRISE);
	CU_ASSERT_EQUAL(judge(g, &one, CONF_SKIP), GATE_FINE);
	CU_ASSERT_EQUAL(judge(g, &two, CONF_PASS), GATE_FINE);
	CU_ASSERT_EQUAL(judge(g, &two, CONF_WARN), GATE_FINE);
	CU_ASSERT_EQUAL(judge(g, &two, CONF_HANG), GATE_UNEXPECTED);
	CU_ASSERT_EQUAL(judge(g, &two, CONF_ERROR), GATE_UNEXPECTED);
	gate_free(g);
	/* The day itself still counts. */
	g = gate("split/serves until 2026-11-22 x\npacked/serves until 2026-11-21 x\n", &err);
	CU_ASSERT_EQUAL(judge(g, &one, CONF_FAIL), GATE_EXPECTED);
	CU_ASSERT_EQUAL(judge(g, &two, CONF_FAIL), GATE_EXPIRED);
	CU_ASSERT_EQUAL(judge(g, &two, CONF_PASS), GATE_FINE);
	gate_free(g);
}

static void test_surprises(void)
{
	struct vop_error err;
	struct gate *g = gate("split/serves x\n*/serves y\n", &err);
	unsigned at = 0, line = 0;
	const char *id;

	judge(g, &one, CONF_PASS);
	judge(g, &two, CONF_FAIL);
	/* One failure justifies the pattern, not the line of the other. */
	id = gate_surprise(g, &at, &line);
	CU_ASSERT_PTR_NOT_NULL_FATAL(id);
	CU_ASSERT_STRING_EQUAL(id, "split/serves");
	CU_ASSERT_EQUAL(line, 1);
	CU_ASSERT_PTR_NULL(gate_surprise(g, &at, &line));
	gate_free(g);
	/* What was not run, or skipped, says nothing. */
	g = gate("split/serves x\npacked/serves y\n", &err);
	judge(g, &one, CONF_SKIP);
	at = 0;
	CU_ASSERT_PTR_NULL(gate_surprise(g, &at, &line));
	gate_free(g);
}

int suite_conf_gate(void);
int suite_conf_gate(void)
{
	CU_pSuite s = CU_add_suite("gate of conformance", enter, leave);

	if (!s || !CU_add_test(s, "files", test_files) || !CU_add_test(s, "words", test_words) ||
	    !CU_add_test(s, "surprises", test_surprises))
		return CU_get_error();
	return 0;
}
