/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "report/junit.h"
#include "scratch.h"

/* What is written of j, which is freed; the caller's. */
static char *written(struct junit *j)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		abort();
	CU_ASSERT_EQUAL(junit_write(j, f), 0);
	fclose(f);
	junit_free(j);
	return text;
}

static bool is(char *text, const char *expected)
{
	bool same = strcmp(text, expected) == 0;

	if (!same)
		printf("\n%s", text);
	free(text);
	return same;
}

static void test_whole(void)
{
	struct junit *j = junit_new("one");

	junit_case(j, "a.b", "passes", 1.5);
	junit_case(j, "a.b", "fails", 0);
	junit_failure(j, "word", "message", "all of it\nin lines");
	junit_error(j, "late", "late", "late");
	junit_output(j, "said");
	junit_suite(j, "two");
	junit_case(j, "c", "breaks", 0.0004);
	junit_error(j, "", "message", "");
	junit_case(j, "c", "is left out", -1);
	junit_skipped(j, "no reason");
	CU_ASSERT(is(written(j),
		     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		     "<testsuites tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" "
		     "time=\"1.500\">\n"
		     " <testsuite name=\"one\" tests=\"2\" failures=\"1\" errors=\"0\" "
		     "skipped=\"0\" time=\"1.500\">\n"
		     "  <testcase classname=\"a.b\" name=\"passes\" time=\"1.500\"/>\n"
		     "  <testcase classname=\"a.b\" name=\"fails\" time=\"0.000\">\n"
		     "   <failure type=\"word\" message=\"message\">all of it\nin lines</failure>\n"
		     "   <system-out>said</system-out>\n"
		     "  </testcase>\n"
		     " </testsuite>\n"
		     " <testsuite name=\"two\" tests=\"2\" failures=\"0\" errors=\"1\" "
		     "skipped=\"1\" time=\"0.000\">\n"
		     "  <testcase classname=\"c\" name=\"breaks\" time=\"0.000\">\n"
		     "   <error message=\"message\"/>\n"
		     "  </testcase>\n"
		     "  <testcase classname=\"c\" name=\"is left out\" time=\"0.000\">\n"
		     "   <skipped message=\"no reason\"/>\n"
		     "  </testcase>\n"
		     " </testsuite>\n"
		     "</testsuites>\n"));
	CU_ASSERT(is(written(junit_new("none")),
		     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		     "<testsuites tests=\"0\" failures=\"0\" errors=\"0\" skipped=\"0\" "
		     "time=\"0.000\">\n"
		     " <testsuite name=\"none\" tests=\"0\" failures=\"0\" errors=\"0\" "
		     "skipped=\"0\" time=\"0.000\">\n"
		     " </testsuite>\n"
		     "</testsuites>\n"));
}

/* Does `raw` stand as `quoted` in an attribute and as `plain` in a text? */
static bool shown(const char *raw, const char *quoted, const char *plain)
{
	struct junit *j = junit_new("");
	char *text, expected[256];
	bool ok;

	junit_case(j, "", raw, 0);
	junit_output(j, raw);
	text = written(j);
	snprintf(expected, sizeof(expected),
		 " name=\"%s\" time=\"0.000\">\n   <system-out>%s</system-out>\n", quoted, plain);
	ok = strstr(text, expected) != NULL;
	if (!ok)
		printf("\n%s", text);
	free(text);
	return ok;
}

#define NO "\xef\xbf\xbd" /* U+FFFD */

static void test_escapes(void)
{
	CU_ASSERT(shown("<a & 'b' \"c\">", "&lt;a &amp; 'b' &quot;c&quot;&gt;",
			"&lt;a &amp; 'b' \"c\"&gt;"));
	CU_ASSERT(shown("a]]>b", "a]]&gt;b", "a]]&gt;b"));
	CU_ASSERT(shown("&amp;", "&amp;amp;", "&amp;amp;"));
	CU_ASSERT(shown("a\tb\nc\rd", "a&#9;b&#10;c&#13;d", "a\tb\nc&#13;d"));
	CU_ASSERT(shown("\033[1m\001\037\177", NO "[1m" NO NO "\177", NO "[1m" NO NO "\177"));
	CU_ASSERT(shown("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
			"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
			"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
	/* Broken off, bare, too long, too high, half a pair, no character at all. */
	CU_ASSERT(shown("a\xc3", "a" NO, "a" NO));
	CU_ASSERT(shown("\xc3<", NO "&lt;", NO "&lt;"));
	CU_ASSERT(shown("\xa4z\xff", NO "z" NO, NO "z" NO));
	CU_ASSERT(shown("\xc0\xaf", NO NO, NO NO));
	CU_ASSERT(shown("\xe0\x80\xaf", NO NO NO, NO NO NO));
	CU_ASSERT(shown("\xf4\x90\x80\x80", NO NO NO NO, NO NO NO NO));
	CU_ASSERT(shown("\xed\xa0\x80", NO NO NO, NO NO NO));
	CU_ASSERT(shown("\xef\xbf\xbe", NO NO NO, NO NO NO));
}

/* No memory for the object, calls in a wrong order: nothing happens, and it is told at the end. */
static void test_nothing(void)
{
	struct junit *j = NULL;

	junit_suite(j, "x");
	junit_case(j, "x", "x", 0);
	junit_failure(j, "x", "x", "x");
	junit_output(j, "x");
	CU_ASSERT_EQUAL(junit_write(j, stdout), -ENOMEM);
	junit_free(j);
	j = junit_new("x");
	junit_failure(j, "x", "x", "x");
	junit_output(j, "x");
	junit_free(j);
}

static void test_file(void)
{
	struct scratch dir;
	struct junit *j = junit_new("one");
	char line[64] = "";
	FILE *f;

	scratch_enter(&dir);
	CU_ASSERT_EQUAL(junit_write_file(j, "a.xml"), 0);
	f = fopen("a.xml", "r");
	CU_ASSERT(f && fgets(line, sizeof(line), f) && strncmp(line, "<?xml ", 6) == 0);
	if (f)
		fclose(f);
	CU_ASSERT_EQUAL(junit_write_file(j, "nowhere/a.xml"), -ENOENT);
	CU_ASSERT_EQUAL(junit_write_file(j, "/dev/full"), -ENOSPC);
	CU_ASSERT_EQUAL(junit_write_file(NULL, "b.xml"), -ENOMEM);
	CU_ASSERT_EQUAL(scratch_files("."), 1);
	junit_free(j);
	scratch_leave(&dir);
}

int suite_junit(void)
{
	CU_pSuite s = CU_add_suite("junit", NULL, NULL);

	if (!s || !CU_add_test(s, "all kinds of outcome", test_whole) ||
	    !CU_add_test(s, "what XML cannot hold", test_escapes) ||
	    !CU_add_test(s, "nothing to write to", test_nothing) ||
	    !CU_add_test(s, "a file", test_file))
		return CU_get_error();
	return 0;
}
