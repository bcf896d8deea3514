/* SPDX-License-Identifier: BSD-2-Clause */
/* What a report says of results made up here. */
#include "tests/unit/page_rig.h"

#define NBSP		  "\xc2\xa0"
#define TIMES		  "\xc3\x97"
#define HAS(html, text)	  CU_ASSERT(rig_has(html, text))
#define LACKS(html, text) CU_ASSERT_PTR_NULL(strstr(html, text))

/* --- what is said first --- */

static void test_summary(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	html = rig_section(rig_page(g), "summary");
	HAS(html, "<code>run net</code> against <code>vop:</code>, sizes from 64 to 1518 B, on a "
		  "CPU, 2 CPUs, not virtualised, Linux 6.1, on 6 May 2024, 07:08 UTC, by revision "
		  "<code>0123abc</code>.");
	HAS(html, "Transmit reached <b>40" NBSP "% to 50" NBSP "%</b> of what the machine can do;");
	HAS(html, "round trip <b>2.00" NBSP TIMES "</b> the bare one (from 250" NBSP "ns)");
	HAS(html, "12 rounds were measured, none of them disturbed. The two CPUs were near "
		  "throughout.");
	/* Share first, value below, in a cell of its size. */
	HAS(html, "<th class=\"n\" scope=\"col\">64 B</th>");
	HAS(html, "<b>40" NBSP "%</b>");
	HAS(html, "<small>40" NBSP "M/s</small>");
	LACKS(html, "disturbed</span>");
	rig_free(g);
}

static void test_tables(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	html = rig_section(rig_page(g), "results1");
	HAS(html, "<h3>Transmit <code>net.tx</code></h3>");
	HAS(html, "<h3>Round trip <code>net.latency</code></h3>");
	/* Size, regime, median, middle half, limit, share, goodput, CPU, rounds. */
	HAS(html, "<th class=\"n\" scope=\"row\">64</th><td>near</td><td class=\"n main\">40" NBSP
		  "M/s</td><td class=\"n dim\">39.4 \xe2\x80\x93 40.6" NBSP
		  "M/s</td><td class=\"n\">100" NBSP "M/s</td><td class=\"n share\">");
	HAS(html, "<span class=\"part\">40" NBSP "%</span></td><td class=\"n\">20" NBSP
		  "Gbit/s</td><td class=\"n\">25" NBSP "ns</td><td class=\"n\">4</td></tr>");
	HAS(html, "<rect class=\"fill\" width=\"24.0\"");
	HAS(html, "<span class=\"part\">2.00" NBSP TIMES "</span></td><td class=\"n\">500" NBSP
		  "ns</td>");
	/* What all rows share is said once, and is no column. */
	HAS(html, "<dt>ring</dt>\n<dd>packed</dd>");
	LACKS(html, "<th scope=\"col\">ring</th>");
	HAS(html, "Limit line_rate: the same bytes from one producer to one consumer");
	rig_free(g);
}

static void test_single_figures(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_file(g)->workload = "limits";
	rig_result(g, "limit.wake", "wake_rtt", "64", 9000);
	rig_result(g, "limit.new", "a_word_of_tomorrow", "64", 7);
	rig_result(g, "limit.wake", "wake_rtt", "9000", 5000);
	html = rig_section(rig_page(g), "results1");
	HAS(html, "<th scope=\"row\">limit.wake</th><td class=\"text\">eventfd there and back "
		  "between two processes</td><td class=\"n\">64</td>");
	HAS(html, "<th scope=\"row\">limit.new</th><td class=\"text\">a_word_of_tomorrow</td>");
	CU_ASSERT(strstr(html, "9000</td>") < strstr(html, "a_word_of_tomorrow"));
	LACKS(html, "share");
	LACKS(g->html, "Share of the limit");
	rig_free(g);
}

/* --- several files --- */

static void test_several(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	rig_usual(g);
	g->param[1][0][1].text = "split";
	g->param[1][0][2].text = "mac";
	html = rig_page(g);
	HAS(html, "2 files: <code>run net</code>");
	HAS(rig_section(html, "summary"), "<th scope=\"row\">run2</th>");
	html = rig_section(html, "results1");
	HAS(html, "<th scope=\"col\">run</th><th scope=\"col\">ring</th>");
	/* The list of features differs in nothing but the ring. */
	LACKS(html, "<th scope=\"col\">features</th>");
	HAS(html, "<td>run1</td><td>packed</td>");
	HAS(html, "<td>run2</td><td>split</td>");
	g->param[1][0][2].text = "mac, event_idx";
	html = rig_section(rig_page(g), "results1");
	HAS(html, "<th scope=\"col\">features</th>");
	HAS(html, "<td>run2</td><td>split</td><td>event_idx</td>");
	HAS(html, "<td>run1</td><td>packed</td><td></td>");
	rig_free(g);
}

/* Nine files and more: rows over files, nothing of single ones but a list. */
static void test_pooled(void)
{
	struct page_rig *g = rig_new();
	const char *html, *results;

	for (unsigned i = 0; i < 9; i++) {
		rig_file(g);
		rig_limit(rig_result(g, "net.tx", "rate", "64", 10e6 * (i + 1)), "line_rate",
			  100e6);
	}
	g->result[3][0].limit = g->result[3][0].limit_ratio = 0;
	html = rig_page(g);
	results = rig_section(html, "results1");
	CU_ASSERT_EQUAL(rig_count(results, "scope=\"row\""), 1);
	HAS(results, "<td class=\"n main\">50" NBSP "M/s</td>");
	HAS(results, "<td class=\"n dim\">30 \xe2\x80\x93 70" NBSP "M/s</td>");
	/* The share: median of those that have one. */
	HAS(results, "<span class=\"part\">55" NBSP "%</span>");
	HAS(results, "<td class=\"n\">36</td><td class=\"n\">9</td>");
	HAS(html, "<summary>All 9 files</summary>");
	HAS(html, "More than 8 files");
	LACKS(html, "What the run says of itself");
	rig_free(g);
}

/* Not summed up: other machines, targets, regimes. */
static void test_pooled_apart(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	for (unsigned i = 0; i < 9; i++) {
		rig_file(g);
		rig_result(g, "net.tx", "rate", "64", 10e6);
	}
	json_object_set_new(json_object_get(g->file[4].run, "environment"), "kernel",
			    json_string("Linux 7"));
	g->file[5].target = "vop:/elsewhere";
	g->result[6][0].regime = "far";
	html = rig_section(rig_page(g), "results1");
	CU_ASSERT_EQUAL(rig_count(html, "scope=\"row\""), 4);
	HAS(html, "<th class=\"n\" scope=\"row\">2</th><td>vop:</td><td>near</td>");
	HAS(html, "<th class=\"n\" scope=\"row\">1</th><td>vop:/elsewhere</td>");
	HAS(html, "<td>far</td>");
	rig_free(g);
}

/* --- foreign text --- */

static void test_hostile(void)
{
	static const char evil[] = "</td><script>alert('1')</script>\" onload=\"x";
	struct page_rig *g = rig_new();
	struct run_file *f;
	const char *html;

	rig_usual(g);
	rig_usual(g);
	f = &g->file[0];
	f->path = f->label = f->target = f->started = f->revision = f->cpu_model = f->kernel =
		f->command_line = f->workload = evil;
	g->result[0][0].name = g->result[0][0].note = g->result[0][0].limit_name =
		g->result[0][1].unit = g->result[0][1].regime = evil;
	g->param[0][0][1].text = g->param[0][0][0].key = evil;
	g->result[0][4].metric = evil;
	json_object_set_new(json_object_get(f->run, "environment"), evil, json_string(evil));
	json_object_set_new(json_object_get(f->run, "configuration"), evil, json_string(evil));
	json_object_set_new(f->run, evil, json_pack("[{s:s}]", evil, evil));
	json_object_set_new(f->run, "features_negotiated", json_array());
	json_object_set_new(json_object_get(f->run, "configuration"), "features",
			    json_pack("[s]", evil));
	html = rig_write(g, &(struct page){.old = &g->runs, .title = evil, .command_line = evil});
	LACKS(html, "<script");
	LACKS(html, "\" onload");
	CU_ASSERT(rig_count(html, "&lt;script&gt;") > 20);
	HAS(html, "<h1>&lt;/td&gt;&lt;script&gt;alert(&#39;1&#39;)");
	rig_free(g);
}

/* Nothing is fetched, nothing runs, the page stands alone. */
static void test_alone(void)
{
	static const char *const never[] = {"<script", "src=",	  "@import",  "url(",	"<link",
					    "<iframe", "http://", "https://", "onload", NULL};
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	html = rig_page(g);
	for (const char *const *n = never; *n; n++)
		LACKS(html, *n);
	CU_ASSERT_EQUAL(strncmp(html, "<!DOCTYPE html>\n<html lang=\"en\">", 32), 0);
	HAS(html, "prefers-color-scheme:dark");
	HAS(html, "@media print");
	CU_ASSERT_EQUAL(rig_count(html, "<h1>"), 1);
	CU_ASSERT_EQUAL(rig_count(html, "<section"), rig_count(html, "</section>"));
	CU_ASSERT_EQUAL(rig_count(html, "<table"), rig_count(html, "</table>"));
	rig_free(g);
}

/* --- how to get it again --- */

static void test_again(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	html = rig_section(rig_write(g, &(struct page){.old = &g->runs, .command_line = "REPORT"}),
			   "again");
	HAS(html, "<pre><code>git checkout 0123abc\n./vop-bench run net --size 64</code></pre>");
	HAS(html, "<code>REPORT</code>");
	g->file[0].revision = "v1.2-3-gd5f4be0";
	HAS(rig_section(rig_page(g), "again"), "git checkout d5f4be0\n");
	/* Whatever is no commit is shown and not handed to git. */
	g->file[0].revision = "d5f4be0-dirty";
	html = rig_section(rig_page(g), "again");
	LACKS(html, "git checkout");
	HAS(html, "Revision: d5f4be0-dirty.");
	g->file[0].revision = "abcdef0; rm -rf .";
	LACKS(rig_section(rig_page(g), "again"), "git checkout");
	g->file[0].revision = "";
	HAS(rig_section(rig_page(g), "again"), "Revision: not known.");
	rig_free(g);
}

static void test_environment(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	html = rig_section(rig_page(g), "environment");
	HAS(html, "<summary>a CPU, 2 CPUs, not virtualised, Linux 6.1</summary>");
	HAS(html, "<th scope=\"row\">memory</th><td>8" NBSP "GiB</td>");
	HAS(html, "cpu 0, core 0, package 0, governor performance<br>cpu 1,");
	HAS(html, "<th scope=\"row\">--size</th><td>64, 1518</td>");
	HAS(html, "<th scope=\"row\">--duration</th><td>100" NBSP "ms</td>");
	HAS(html, "<th scope=\"row\">--features</th><td>\xe2\x80\x93</td>");
	HAS(html, "<th scope=\"row\">features negotiated</th><td>event_idx, mac</td>");
	rig_usual(g);
	json_object_set_new(json_object_get(g->file[1].run, "configuration"), "duration_ns",
			    json_integer(5000000));
	html = rig_section(rig_page(g), "environment");
	HAS(html, "<th scope=\"row\">--duration (differs)</th><td>100" NBSP "ms</td><td>5" NBSP
		  "ms</td>");
	HAS(html, "<th scope=\"row\">--size</th>");
	rig_free(g);
}

int suite_page(void)
{
	CU_pSuite s = CU_add_suite("page", NULL, NULL);

	if (!s || !CU_add_test(s, "summary", test_summary) ||
	    !CU_add_test(s, "tables", test_tables) ||
	    !CU_add_test(s, "single figures", test_single_figures) ||
	    !CU_add_test(s, "several files", test_several) ||
	    !CU_add_test(s, "many files are summed up", test_pooled) ||
	    !CU_add_test(s, "what is not alike is not", test_pooled_apart) ||
	    !CU_add_test(s, "foreign text stays text", test_hostile) ||
	    !CU_add_test(s, "the page stands alone", test_alone) ||
	    !CU_add_test(s, "how to run it again", test_again) ||
	    !CU_add_test(s, "environment and options", test_environment))
		return CU_get_error();
	return CUE_SUCCESS;
}
