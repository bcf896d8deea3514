/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "report/html.h"

static char *text;
static size_t text_n;
static FILE *out;

static struct html begin(void)
{
	struct html h;

	out = open_memstream(&text, &text_n);
	if (!out)
		abort();
	html_fragment(&h, out);
	return h;
}

/* What was written, and what html_finish() said of it. */
static void ends(struct html *h, int error, const char *want)
{
	CU_ASSERT_EQUAL(html_finish(h), error);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, want);
	if (strcmp(text, want))
		printf("\n    '%s' instead of '%s'\n", text, want);
	free(text);
}

static void test_text(void)
{
	struct html h = begin();

	html_open(&h, "span");
	html_text(&h, "<script>alert(\"1\" & '2')</script>\n\ttab");
	html_textf(&h, " %d%% %s", 5, "größer");
	ends(&h, 0,
	     "<span>&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;\n\ttab"
	     " 5% größer</span>\n");
}

static void test_attributes(void)
{
	struct html h = begin();

	html_open(&h, "a");
	html_attr(&h, "href", "#%s", "\" onclick=\"evil()\" x='");
	html_attr(&h, "title", "<b>");
	html_text(&h, "go");
	ends(&h, 0,
	     "<a href=\"#&quot; onclick=&quot;evil()&quot; x=&#39;\" title=\"&lt;b&gt;\">go</a>\n");
}

#define BAD "\xef\xbf\xbd"

static void test_unfit(void)
{
	struct html h = begin();

	html_text(&h, "a\x01\x1b[31mb\x7f");	  /* control characters */
	html_text(&h, "|\xc2\x85|\xef\xbb\xbf|"); /* C1, a byte order mark in the middle */
	html_text(&h, "\xe2\x80\xae"
		      "gpj.exe"); /* turns the direction round */
	ends(&h, 0, "a" BAD BAD "[31mb" BAD "|" BAD "|" BAD "|" BAD "gpj.exe\n");
}

static void test_not_utf8(void)
{
	struct html h = begin();

	html_text(&h, "\xff|\xc3|\xc0\xaf|\xe0\x80\xaf|\xed\xa0\x80|\xf5\x80\x80\x80|\xe2\x82");
	ends(&h, 0,
	     BAD "|" BAD "|" BAD BAD "|" BAD BAD BAD "|" BAD BAD BAD "|" BAD BAD BAD BAD "|" BAD BAD
		 "\n");
	h = begin();
	html_text(&h, "\xf0\x9f\x90\xa7 \xe2\x82\xac \xf4\x8f\xbf\xbd");
	ends(&h, 0, "\xf0\x9f\x90\xa7 \xe2\x82\xac \xf4\x8f\xbf\xbd\n");
}

static void test_elements(void)
{
	struct html h = begin();

	html_open(&h, "p");
	html_put(&h, "b", "big", "%s", "<");
	html_open(&h, "br");
	html_close(&h);
	html_markup(&h, "<i>as is</i>", 12);
	html_close(&h);
	html_heading(&h, 2, "here", "Title & %d", 1);
	html_open(&h, "ul");
	html_put(&h, "li", NULL, "left open");
	ends(&h, 0,
	     "\n<p><b class=\"big\">&lt;</b><br><i>as is</i></p>"
	     "\n<h2 id=\"here\">Title &amp; 1</h2>\n<ul>\n<li>left open</li></ul>\n");
}

static void test_mistakes(void)
{
	struct html h = begin();

	html_text(&h, "text");
	html_attr(&h, "class", "x");
	ends(&h, -EINVAL, "text\n");
	h = begin();
	html_close(&h);
	ends(&h, -EINVAL, "\n");
	h = begin();
	html_heading(&h, 7, NULL, "too small");
	ends(&h, -EINVAL, "\n");
	h = begin();
	for (unsigned i = 0; i < HTML_DEPTH + 1; i++)
		html_open(&h, "b");
	CU_ASSERT_EQUAL(h.error, -EINVAL);
	CU_ASSERT_EQUAL(html_finish(&h), -EINVAL);
	fclose(out);
	free(text);
}

static void test_table(void)
{
	static const struct html_column columns[] = {{"size", "B", true},
						     {"<regime>", NULL, false}};
	struct html h = begin();

	html_table(&h, "What \"it\" holds", columns, 2);
	html_row(&h, NULL);
	html_head_cell(&h, "%d", 64);
	html_cell(&h, "dim", "%s", "near & far");
	html_row(&h, "first");
	html_cell(&h, "warn", "%d", 256);
	html_cell_open(&h, NULL);
	html_put(&h, "b", NULL, "far");
	html_close(&h);
	html_cell(&h, NULL, "one too many");
	html_table_end(&h);
	ends(&h, 0,
	     "\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
	     "aria-label=\"What &quot;it&quot; holds\">\n<table>\n<caption class=\"unseen\">What "
	     "&quot;it&quot; holds</caption>\n<thead>\n<tr><th class=\"n\" scope=\"col\">size "
	     "<small>B</small></th><th scope=\"col\">&lt;regime&gt;</th></tr></thead>\n<tbody>"
	     "\n<tr><th class=\"n\" scope=\"row\">64</th><td class=\"dim\">near &amp; far</td></tr>"
	     "\n<tr class=\"first\"><td class=\"n warn\">256</td><td><b>far</b></td>"
	     "<td>one too many</td></tr></tbody></table></div>\n");
}

static void test_empty_table(void)
{
	static const struct html_column columns[] = {{"a", NULL, false}};
	struct html h = begin();

	html_table(&h, "t", columns, 1);
	html_table_end(&h);
	html_text(&h, "after");
	CU_ASSERT_EQUAL(h.depth, 0);
	CU_ASSERT_EQUAL(html_finish(&h), 0);
	fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "<tbody></tbody></table></div>after"));
	free(text);
}

static void test_figure(void)
{
	struct html h = begin();

	html_figure(&h, "<svg></svg>", 11, "%s", "a < b");
	ends(&h, 0, "\n<figure><svg></svg>\n<figcaption>a &lt; b</figcaption></figure>\n");
}

static void test_document(void)
{
	struct html h;

	out = open_memstream(&text, &text_n);
	if (!out)
		abort();
	html_begin(&h, out, "en", "</title><script>", "p{}\n");
	html_put(&h, "p", NULL, "hello");
	ends(&h, 0,
	     "<!DOCTYPE html>\n<html lang=\"en\"><head>\n<meta charset=\"utf-8\">\n"
	     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	     "<meta name=\"color-scheme\" content=\"light dark\">\n"
	     "<title>&lt;/title&gt;&lt;script&gt;</title>\n<style>\np{}\n</style>\n</head>\n"
	     "<body>\n<p>hello</p></body></html>\n");
}

int suite_html(void)
{
	CU_pSuite s = CU_add_suite("html", NULL, NULL);

	if (!s || !CU_add_test(s, "text is escaped", test_text) ||
	    !CU_add_test(s, "attributes are escaped", test_attributes) ||
	    !CU_add_test(s, "characters that are no text", test_unfit) ||
	    !CU_add_test(s, "bytes that are no UTF-8", test_not_utf8) ||
	    !CU_add_test(s, "elements close in order", test_elements) ||
	    !CU_add_test(s, "mistakes are told", test_mistakes) ||
	    !CU_add_test(s, "a table", test_table) ||
	    !CU_add_test(s, "a table without rows", test_empty_table) ||
	    !CU_add_test(s, "a figure", test_figure) ||
	    !CU_add_test(s, "a document", test_document))
		return CU_get_error();
	return CUE_SUCCESS;
}
