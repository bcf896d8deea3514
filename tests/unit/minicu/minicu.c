/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stand-in for CUnit of CUnit/CUnit.h: one registry, tests run in the order they were added.
 * Assertions may come from several threads at once, as with CUnit only the fatal ones may not:
 * they jump out of the test and so belong to the thread that runs it.
 */
#include <CUnit/CUnit.h>

#include <pthread.h>
#include <setjmp.h>

/* CUnit's interface has no handle to pass, so the registry is the one thing that must be global. */
static struct {
	CU_pSuite first;
	CU_ErrorCode error;
	CU_TestStartMessageHandler on_start;
	CU_TestCompleteMessageHandler on_complete;
	CU_SuiteInitFailureMessageHandler on_init_failure;
	CU_SuiteCleanupFailureMessageHandler on_cleanup_failure;
	unsigned int tests_run, tests_failed, suites_failed;
	CU_pFailureRecord failures;
	CU_pFailureRecord *failures_tail;
	jmp_buf leave_test;
} reg;
static pthread_mutex_t failures_lock = PTHREAD_MUTEX_INITIALIZER;

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "minicu: out of memory\n");
		abort();
	}
	return p;
}

CU_ErrorCode CU_initialize_registry(void)
{
	CU_cleanup_registry();
	return CUE_SUCCESS;
}

void CU_cleanup_registry(void)
{
	while (reg.first) {
		CU_pSuite s = reg.first;

		reg.first = s->pNext;
		while (s->pTest) {
			CU_pTest t = s->pTest;

			s->pTest = t->pNext;
			free(t->pName);
			free(t);
		}
		free(s->pName);
		free(s);
	}
}

CU_pSuite CU_add_suite_with_setup_and_teardown(const char *name, CU_InitializeFunc init,
					       CU_CleanupFunc clean, CU_SetUpFunc setup,
					       CU_TearDownFunc teardown)
{
	CU_pSuite s = must(calloc(1, sizeof(*s)));
	CU_pSuite *tail = &reg.first;

	s->pName = must(strdup(name));
	s->pInitializeFunc = init;
	s->pCleanupFunc = clean;
	s->pSetUpFunc = setup;
	s->pTearDownFunc = teardown;
	while (*tail)
		tail = &(*tail)->pNext;
	*tail = s;
	return s;
}

CU_pSuite CU_add_suite(const char *name, CU_InitializeFunc init, CU_CleanupFunc clean)
{
	return CU_add_suite_with_setup_and_teardown(name, init, clean, NULL, NULL);
}

CU_pTest CU_add_test(CU_pSuite suite, const char *name, CU_TestFunc func)
{
	CU_pTest t, *tail;

	if (!suite || !func) {
		reg.error = suite ? CUE_NOTEST : CUE_NOSUITE;
		return NULL;
	}
	t = must(calloc(1, sizeof(*t)));
	t->pName = must(strdup(name));
	t->pTestFunc = func;
	for (tail = &suite->pTest; *tail;)
		tail = &(*tail)->pNext;
	*tail = t;
	return t;
}

CU_ErrorCode CU_register_suites(CU_SuiteInfo suites[])
{
	for (CU_SuiteInfo *i = suites; i->pName; i++) {
		CU_pSuite s = CU_add_suite_with_setup_and_teardown(
			i->pName, i->pInitFunc, i->pCleanupFunc, i->pSetUpFunc, i->pTearDownFunc);

		for (CU_TestInfo *t = i->pTests; t && t->pName; t++)
			if (!CU_add_test(s, t->pName, t->pTestFunc))
				return reg.error;
	}
	return CUE_SUCCESS;
}

CU_ErrorCode CU_get_error(void)
{
	return reg.error;
}

const char *CU_get_error_msg(void)
{
	return reg.error == CUE_SUCCESS ? "no error" : "a test or suite is missing";
}

void CU_set_test_start_handler(CU_TestStartMessageHandler handler)
{
	reg.on_start = handler;
}

void CU_set_test_complete_handler(CU_TestCompleteMessageHandler handler)
{
	reg.on_complete = handler;
}

void CU_set_suite_init_failure_handler(CU_SuiteInitFailureMessageHandler handler)
{
	reg.on_init_failure = handler;
}

void CU_set_suite_cleanup_failure_handler(CU_SuiteCleanupFailureMessageHandler handler)
{
	reg.on_cleanup_failure = handler;
}

unsigned int CU_get_number_of_tests_run(void)
{
	return reg.tests_run;
}

unsigned int CU_get_number_of_tests_failed(void)
{
	return reg.tests_failed;
}

unsigned int CU_get_number_of_suites_failed(void)
{
	return reg.suites_failed;
}

CU_BOOL CU_assertImplementation(CU_BOOL value, unsigned int line, const char *condition,
				const char *file, const char *function, CU_BOOL fatal)
{
	CU_pFailureRecord f;

	(void)function;
	if (value)
		return CU_TRUE;
	f = must(calloc(1, sizeof(*f)));
	f->uiLineNumber = line;
	f->strFileName = must(strdup(file));
	f->strCondition = must(strdup(condition));
	pthread_mutex_lock(&failures_lock);
	*reg.failures_tail = f;
	reg.failures_tail = &f->pNext;
	pthread_mutex_unlock(&failures_lock);
	if (fatal)
		longjmp(reg.leave_test, 1);
	return CU_FALSE;
}

static void run_test(CU_pSuite s, CU_pTest t)
{
	reg.failures = NULL;
	reg.failures_tail = &reg.failures;
	if (reg.on_start)
		reg.on_start(t, s);
	if (s->pSetUpFunc)
		s->pSetUpFunc();
	if (!setjmp(reg.leave_test))
		t->pTestFunc();
	if (s->pTearDownFunc)
		s->pTearDownFunc();
	reg.tests_run++;
	if (reg.failures)
		reg.tests_failed++;
	if (reg.on_complete)
		reg.on_complete(t, s, reg.failures);
	while (reg.failures) {
		CU_pFailureRecord f = reg.failures;

		reg.failures = f->pNext;
		free(f->strFileName);
		free(f->strCondition);
		free(f);
	}
}

CU_ErrorCode CU_run_all_tests(void)
{
	reg.tests_run = reg.tests_failed = reg.suites_failed = 0;
	for (CU_pSuite s = reg.first; s; s = s->pNext) {
		if (s->pInitializeFunc && s->pInitializeFunc()) {
			reg.suites_failed++;
			if (reg.on_init_failure)
				reg.on_init_failure(s);
			continue;
		}
		for (CU_pTest t = s->pTest; t; t = t->pNext)
			run_test(s, t);
		if (s->pCleanupFunc && s->pCleanupFunc()) {
			reg.suites_failed++;
			if (reg.on_cleanup_failure)
				reg.on_cleanup_failure(s);
		}
	}
	return CUE_SUCCESS;
}
