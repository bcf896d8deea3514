/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-in for the part of CUnit 2.1 that our tests use, under the same header names, for cross
 * builds: CUnit is not packaged for them, and a foreign package architecture is too much to ask of
 * a machine that only wants to run tests.  Same names, same meaning; the sources do not know.
 */
#ifndef MINICU_H
#define MINICU_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int CU_BOOL;
#define CU_TRUE	 1
#define CU_FALSE 0

typedef enum {
	CUE_SUCCESS = 0,
	CUE_NOMEMORY = 1,
	CUE_NOREGISTRY = 10,
	CUE_NOSUITE = 20,
	CUE_NOTEST = 30,
} CU_ErrorCode;

typedef int (*CU_InitializeFunc)(void);
typedef int (*CU_CleanupFunc)(void);
typedef void (*CU_TestFunc)(void);
typedef void (*CU_SetUpFunc)(void);
typedef void (*CU_TearDownFunc)(void);

typedef struct CU_Test CU_Test, *CU_pTest;
typedef struct CU_Suite CU_Suite, *CU_pSuite;
typedef struct CU_FailureRecord CU_FailureRecord, *CU_pFailureRecord;

struct CU_Test {
	char *pName;
	CU_TestFunc pTestFunc;
	CU_pTest pNext;
};

struct CU_Suite {
	char *pName;
	CU_pTest pTest;
	CU_InitializeFunc pInitializeFunc;
	CU_CleanupFunc pCleanupFunc;
	CU_SetUpFunc pSetUpFunc;
	CU_TearDownFunc pTearDownFunc;
	CU_pSuite pNext;
};

struct CU_FailureRecord {
	unsigned int uiLineNumber;
	char *strFileName;
	char *strCondition;
	CU_pFailureRecord pNext;
};

typedef struct {
	const char *pName;
	CU_TestFunc pTestFunc;
} CU_TestInfo, *CU_pTestInfo;
#define CU_TEST_INFO_NULL                                                                          \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

typedef struct {
	const char *pName;
	CU_InitializeFunc pInitFunc;
	CU_CleanupFunc pCleanupFunc;
	CU_SetUpFunc pSetUpFunc;
	CU_TearDownFunc pTearDownFunc;
	CU_TestInfo *pTests;
} CU_SuiteInfo, *CU_pSuiteInfo;
#define CU_SUITE_INFO_NULL                                                                         \
	{                                                                                          \
		NULL, NULL, NULL, NULL, NULL, NULL                                                 \
	}

CU_ErrorCode CU_initialize_registry(void);
void CU_cleanup_registry(void);
CU_pSuite CU_add_suite(const char *name, CU_InitializeFunc init, CU_CleanupFunc clean);
CU_pSuite CU_add_suite_with_setup_and_teardown(const char *name, CU_InitializeFunc init,
					       CU_CleanupFunc clean, CU_SetUpFunc setup,
					       CU_TearDownFunc teardown);
CU_pTest CU_add_test(CU_pSuite suite, const char *name, CU_TestFunc func);
CU_ErrorCode CU_register_suites(CU_SuiteInfo suites[]);
CU_ErrorCode CU_get_error(void);
const char *CU_get_error_msg(void);

typedef void (*CU_TestStartMessageHandler)(const CU_pTest test, const CU_pSuite suite);
typedef void (*CU_TestCompleteMessageHandler)(const CU_pTest test, const CU_pSuite suite,
					      const CU_pFailureRecord failure);
typedef void (*CU_SuiteInitFailureMessageHandler)(const CU_pSuite suite);
typedef void (*CU_SuiteCleanupFailureMessageHandler)(const CU_pSuite suite);
void CU_set_test_start_handler(CU_TestStartMessageHandler handler);
void CU_set_test_complete_handler(CU_TestCompleteMessageHandler handler);
void CU_set_suite_init_failure_handler(CU_SuiteInitFailureMessageHandler handler);
void CU_set_suite_cleanup_failure_handler(CU_SuiteCleanupFailureMessageHandler handler);

CU_ErrorCode CU_run_all_tests(void);
unsigned int CU_get_number_of_tests_run(void);
unsigned int CU_get_number_of_tests_failed(void);
unsigned int CU_get_number_of_suites_failed(void);

/* Records the outcome; a fatal failure does not return but ends the running test. */
CU_BOOL CU_assertImplementation(CU_BOOL value, unsigned int line, const char *condition,
				const char *file, const char *function, CU_BOOL fatal);

#define MINICU_CHECK(value, text, fatal)                                                           \
	CU_assertImplementation((value) ? CU_TRUE : CU_FALSE, __LINE__, text, __FILE__, "", fatal)

#define CU_ADD_TEST(suite, test) (CU_add_test(suite, #test, (CU_TestFunc)(test)))

#define CU_PASS(msg)		 MINICU_CHECK(CU_TRUE, "CU_PASS(" #msg ")", CU_FALSE)
#define CU_FAIL(msg)		 MINICU_CHECK(CU_FALSE, "CU_FAIL(" #msg ")", CU_FALSE)
#define CU_FAIL_FATAL(msg)	 MINICU_CHECK(CU_FALSE, "CU_FAIL_FATAL(" #msg ")", CU_TRUE)
#define CU_ASSERT(v)		 MINICU_CHECK(v, #v, CU_FALSE)
#define CU_ASSERT_FATAL(v)	 MINICU_CHECK(v, #v, CU_TRUE)
#define CU_TEST(v)		 MINICU_CHECK(v, #v, CU_FALSE)
#define CU_TEST_FATAL(v)	 MINICU_CHECK(v, #v, CU_TRUE)
#define CU_ASSERT_TRUE(v)	 MINICU_CHECK(v, "CU_ASSERT_TRUE(" #v ")", CU_FALSE)
#define CU_ASSERT_FALSE(v)	 MINICU_CHECK(!(v), "CU_ASSERT_FALSE(" #v ")", CU_FALSE)
#define CU_ASSERT_TRUE_FATAL(v)	 MINICU_CHECK(v, "CU_ASSERT_TRUE_FATAL(" #v ")", CU_TRUE)
#define CU_ASSERT_FALSE_FATAL(v) MINICU_CHECK(!(v), "CU_ASSERT_FALSE_FATAL(" #v ")", CU_TRUE)

#define MINICU_EQ(a, b, what, fatal)	MINICU_CHECK((a) == (b), what "(" #a ", " #b ")", fatal)
#define MINICU_NE(a, b, what, fatal)	MINICU_CHECK((a) != (b), what "(" #a ", " #b ")", fatal)
#define CU_ASSERT_EQUAL(a, b)		MINICU_EQ(a, b, "CU_ASSERT_EQUAL", CU_FALSE)
#define CU_ASSERT_EQUAL_FATAL(a, b)	MINICU_EQ(a, b, "CU_ASSERT_EQUAL_FATAL", CU_TRUE)
#define CU_ASSERT_NOT_EQUAL(a, b)	MINICU_NE(a, b, "CU_ASSERT_NOT_EQUAL", CU_FALSE)
#define CU_ASSERT_NOT_EQUAL_FATAL(a, b) MINICU_NE(a, b, "CU_ASSERT_NOT_EQUAL_FATAL", CU_TRUE)
#define CU_ASSERT_PTR_EQUAL(a, b)                                                                  \
	MINICU_EQ((const void *)(a), (const void *)(b), "CU_ASSERT_PTR_EQUAL", CU_FALSE)
#define CU_ASSERT_PTR_EQUAL_FATAL(a, b)                                                            \
	MINICU_EQ((const void *)(a), (const void *)(b), "CU_ASSERT_PTR_EQUAL_FATAL", CU_TRUE)
#define CU_ASSERT_PTR_NOT_EQUAL(a, b)                                                              \
	MINICU_NE((const void *)(a), (const void *)(b), "CU_ASSERT_PTR_NOT_EQUAL", CU_FALSE)
#define CU_ASSERT_PTR_NOT_EQUAL_FATAL(a, b)                                                        \
	MINICU_NE((const void *)(a), (const void *)(b), "CU_ASSERT_PTR_NOT_EQUAL_FATAL", CU_TRUE)
#define CU_ASSERT_PTR_NULL(v)                                                                      \
	MINICU_CHECK((const void *)(v) == NULL, "CU_ASSERT_PTR_NULL(" #v ")", CU_FALSE)
#define CU_ASSERT_PTR_NULL_FATAL(v)                                                                \
	MINICU_CHECK((const void *)(v) == NULL, "CU_ASSERT_PTR_NULL_FATAL(" #v ")", CU_TRUE)
#define CU_ASSERT_PTR_NOT_NULL(v)                                                                  \
	MINICU_CHECK((const void *)(v) != NULL, "CU_ASSERT_PTR_NOT_NULL(" #v ")", CU_FALSE)
#define CU_ASSERT_PTR_NOT_NULL_FATAL(v)                                                            \
	MINICU_CHECK((const void *)(v) != NULL, "CU_ASSERT_PTR_NOT_NULL_FATAL(" #v ")", CU_TRUE)

#define MINICU_STR(a, b, what, is, fatal)                                                          \
	MINICU_CHECK((strcmp((const char *)(a), (const char *)(b)) == 0) == (is),                  \
		     what "(" #a ", " #b ")", fatal)
#define CU_ASSERT_STRING_EQUAL(a, b) MINICU_STR(a, b, "CU_ASSERT_STRING_EQUAL", 1, CU_FALSE)
#define CU_ASSERT_STRING_EQUAL_FATAL(a, b)                                                         \
	MINICU_STR(a, b, "CU_ASSERT_STRING_EQUAL_FATAL", 1, CU_TRUE)
#define CU_ASSERT_STRING_NOT_EQUAL(a, b) MINICU_STR(a, b, "CU_ASSERT_STRING_NOT_EQUAL", 0, CU_FALSE)
#define CU_ASSERT_STRING_NOT_EQUAL_FATAL(a, b)                                                     \
	MINICU_STR(a, b, "CU_ASSERT_STRING_NOT_EQUAL_FATAL", 0, CU_TRUE)

#define MINICU_NSTR(a, b, n, what, fatal)                                                          \
	MINICU_CHECK(strncmp((const char *)(a), (const char *)(b), (size_t)(n)) == 0,              \
		     what "(" #a ", " #b ", " #n ")", fatal)
#define CU_ASSERT_NSTRING_EQUAL(a, b, n) MINICU_NSTR(a, b, n, "CU_ASSERT_NSTRING_EQUAL", CU_FALSE)
#define CU_ASSERT_NSTRING_EQUAL_FATAL(a, b, n)                                                     \
	MINICU_NSTR(a, b, n, "CU_ASSERT_NSTRING_EQUAL_FATAL", CU_TRUE)

#define MINICU_DBL(a, b, g, what, fatal)                                                           \
	MINICU_CHECK(fabs((double)(a) - (double)(b)) <= fabs((double)(g)),                         \
		     what "(" #a ", " #b ", " #g ")", fatal)
#define CU_ASSERT_DOUBLE_EQUAL(a, b, g) MINICU_DBL(a, b, g, "CU_ASSERT_DOUBLE_EQUAL", CU_FALSE)
#define CU_ASSERT_DOUBLE_EQUAL_FATAL(a, b, g)                                                      \
	MINICU_DBL(a, b, g, "CU_ASSERT_DOUBLE_EQUAL_FATAL", CU_TRUE)

#endif
