/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the suites of suites.h: unit [PATTERN] runs those whose name matches the shell pattern.
 * One line per test, printed before the test and finished after it, so that a crash or a hang
 * leaves its name as the last word.  The last line is "N passed, N failed".
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>

#ifdef VOP_CROSS
#define SUITE_HARNESS(name)
#else
#define SUITE_HARNESS(name) SUITE(name)
#endif

#define SUITE(name) int suite_##name(void);
#include "suites.h"
#undef SUITE

struct suite {
	const char *name;
	int (*add)(void);
};

#define SUITE(name) {#name, suite_##name},
static const struct suite suites[] = {
#include "suites.h"
	{NULL, NULL},
};
#undef SUITE

static void on_start(const CU_pTest test, const CU_pSuite suite)
{
	printf("%s / %s ... ", suite->pName, test->pName);
	fflush(stdout);
}

static void on_complete(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord first)
{
	(void)test;
	(void)suite;
	printf("%s\n", first ? "not ok" : "ok");
	for (CU_pFailureRecord f = first; f; f = f->pNext)
		printf("    %s:%u: %s\n", f->strFileName ? f->strFileName : "?", f->uiLineNumber,
		       f->strCondition ? f->strCondition : "?");
	fflush(stdout);
}

static void on_init_failure(const CU_pSuite suite)
{
	printf("%s / initialisation ... not ok\n", suite->pName);
}

static void on_cleanup_failure(const CU_pSuite suite)
{
	printf("%s / clean-up ... not ok\n", suite->pName);
}

int main(int argc, char **argv)
{
	const char *pattern = argc > 1 ? argv[1] : "*";
	unsigned int failed, run, matched = 0;

	if (argc > 2) {
		fprintf(stderr, "usage: unit [PATTERN]\n");
		return 2;
	}
	if (CU_initialize_registry() != CUE_SUCCESS) {
		fprintf(stderr, "unit: no memory for the tests\n");
		return 2;
	}
	for (const struct suite *s = suites; s->name; s++) {
		if (fnmatch(pattern, s->name, 0))
			continue;
		if (s->add() != CUE_SUCCESS) {
			fprintf(stderr, "unit: suite %s cannot be set up: %s\n", s->name,
				CU_get_error_msg());
			return 2;
		}
		matched++;
	}
	if (!matched && argc > 1) {
		fprintf(stderr, "unit: no suite matches %s\n", pattern);
		return 2;
	}
	CU_set_test_start_handler(on_start);
	CU_set_test_complete_handler(on_complete);
	CU_set_suite_init_failure_handler(on_init_failure);
	CU_set_suite_cleanup_failure_handler(on_cleanup_failure);
	if (matched)
		CU_run_all_tests();
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed();
	/* A suite that cannot start or tidy up counts as one more test, which failed. */
	run += CU_get_number_of_suites_failed();
	failed += CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	printf("%u passed, %u failed\n", run - failed, failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
