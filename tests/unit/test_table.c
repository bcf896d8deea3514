/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "report/table.h"

static char text[2048];

static void print(const struct table *t, bool colour)
{
	FILE *f = fmemopen(text, sizeof(text), "w");

	if (!f)
		abort();
	CU_ASSERT_EQUAL(table_print(t, f, colour), 0);
	fclose(f);
}

static struct table *sample(void)
{
	struct table *t = table_new();
	unsigned i;

	table_column(t, "name", NULL, TABLE_LEFT);
	table_column(t, "rate", "M/s", TABLE_RIGHT);
	table_column(t, "", NULL, TABLE_LEFT);
	table_row(t);
	table_cell(t, TABLE_PLAIN, "tx");
	table_cell(t, TABLE_BAD, "%d", 58);
	table_row(t);
	table_cell(t, TABLE_PLAIN, "größer");
	table_cell(t, TABLE_PLAIN, "%d", 12345);
	table_cell(t, TABLE_PLAIN, "note");
	for (i = 0; i < 100; i++)
		table_cell(t, TABLE_PLAIN, "one too many");
	table_note(t, TABLE_DIM, "the end, which is longer than any column");
	return t;
}

static void test_alignment(void)
{
	struct table *t = sample();

	print(t, false);
	CU_ASSERT_STRING_EQUAL(text, "name     rate\n"
				     "          M/s\n"
				     "tx         58\n"
				     "größer  12345  note\n"
				     "the end, which is longer than any column\n");
	table_free(t);
}

/* Colour adds sequences and nothing else: without them the text is the same. */
static void test_colour(void)
{
	struct table *t = sample();
	char plain[2048], *to = plain;
	const char *s;

	print(t, true);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\033[1;31m58\033[0m"));
	for (s = text; *s; s++) {
		if (*s == '\033')
			s = strchr(s, 'm');
		else
			*to++ = *s;
	}
	*to = '\0';
	print(t, false);
	CU_ASSERT_STRING_EQUAL(plain, text);
	table_free(t);
}

static void test_no_terminal(void)
{
	struct progress p;
	FILE *f = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_FALSE(table_colour(f));
	progress_begin(&p, f);
	progress_update(&p, 1, 2, "half");
	progress_end(&p);
	progress_end(&p);
	CU_ASSERT_EQUAL(ftell(f), 0);
	fclose(f);
}

static void test_no_memory_object(void)
{
	table_column(NULL, "a", NULL, TABLE_LEFT);
	table_row(NULL);
	table_cell(NULL, TABLE_PLAIN, "a");
	table_note(NULL, TABLE_PLAIN, "a");
	CU_ASSERT(table_print(NULL, stdout, false) < 0);
	table_free(NULL);
}

static void test_width(void)
{
	CU_ASSERT_EQUAL(table_width(""), 0);
	CU_ASSERT_EQUAL(table_width("abc"), 3);
	CU_ASSERT_EQUAL(table_width("µs"), 2);
	CU_ASSERT_EQUAL(table_width("日本"), 4);
	CU_ASSERT_EQUAL(table_width("e\xcc\x81"), 1);
	CU_ASSERT_EQUAL(table_width("\xff\xc3"), 2); /* broken bytes neither hang nor overrun */
}

static void human_is(char *buf, const char *want)
{
	CU_ASSERT_STRING_EQUAL(buf, want);
	if (strcmp(buf, want))
		printf("\n    '%s' instead of '%s'\n", buf, want);
}

static void test_human(void)
{
	char b[HUMAN_MAX];

	human_is(human_si(b, sizeof(b), 58300000, "/s"), "58.3 M/s");
	human_is(human_si(b, sizeof(b), 4.7e9, "bit/s"), "4.7 Gbit/s");
	human_is(human_si(b, sizeof(b), 999.7e3, "/s"), "1 M/s");
	human_is(human_si(b, sizeof(b), 0, "/s"), "0/s");
	human_is(human_si(b, sizeof(b), 12, ""), "12");
	human_is(human_ns(b, sizeof(b), 138), "138 ns");
	human_is(human_ns(b, sizeof(b), 1240), "1.24 us");
	human_is(human_ns(b, sizeof(b), 2e9), "2 s");
	human_is(human_ns(b, sizeof(b), 0.5), "0.5 ns");
	human_is(human_bytes(b, sizeof(b), 65536), "64 KiB");
	human_is(human_bytes(b, sizeof(b), 1000), "1000 B");
	human_is(human_value(b, sizeof(b), 0.873, "ratio"), "87.3 %");
	human_is(human_value(b, sizeof(b), 0.00004, "ratio"), "0.004 %");
	human_is(human_value(b, sizeof(b), 21e6, "frame/s"), "21 M/s");
}

int suite_table(void)
{
	CU_pSuite s = CU_add_suite("table", NULL, NULL);

	if (!s || !CU_add_test(s, "alignment", test_alignment) ||
	    !CU_add_test(s, "colour adds nothing else", test_colour) ||
	    !CU_add_test(s, "silent without a terminal", test_no_terminal) ||
	    !CU_add_test(s, "without memory", test_no_memory_object) ||
	    !CU_add_test(s, "width of text", test_width) ||
	    !CU_add_test(s, "human numbers", test_human))
		return CU_get_error();
	return 0;
}
