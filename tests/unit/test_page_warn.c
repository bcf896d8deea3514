/* SPDX-License-Identifier: BSD-2-Clause */
/* What a report warns of, and what it says of two sides. */
#include "tests/unit/page_rig.h"

#define HAS(html, text)	  CU_ASSERT(rig_has(html, text))
#define LACKS(html, text) CU_ASSERT_PTR_NULL(strstr(html, text))

static const char *warnings(struct page_rig *g)
{
	return rig_section(rig_page(g), "warnings");
}

static json_t *environment(struct page_rig *g, size_t file)
{
	return json_object_get(g->file[file].run, "environment");
}

static json_t *configuration(struct page_rig *g, size_t file)
{
	return json_object_get(g->file[file].run, "configuration");
}

/* Nothing to be said against it: no warning, and it is said that there is none. */
static void test_none(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	html = warnings(g);
	HAS(html, "None: no round was disturbed");
	LACKS(html, "<li");
	LACKS(g->html, "href=\"#warnings\">1");
	rig_free(g);
}

static void test_figures(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	g->result[0][0].limit_exceeded = true;
	g->result[0][0].limit_ratio = 1.17;
	g->result[0][3].limit = g->result[0][3].limit_ratio = 0;
	g->result[0][4].verified = false;
	html = warnings(g);
	HAS(html, "<strong class=\"word\">Error</strong> <strong>1 figure lies above its limit.");
	HAS(html, "<li>net.tx rate 64 B, near: 117\xc2\xa0% of its limit</li>");
	HAS(html, "<strong>1 figure has no limit to be held against.");
	HAS(html, "<li>net.tx rate 1518 B, near</li>");
	HAS(html, "<strong>1 figure is unverified.");
	HAS(html, "<li>net.latency latency_p50 64 B, near</li>");
	/* Errors first, and the first line of the page tells of them. */
	CU_ASSERT(strstr(html, "class=\"error\"") < strstr(html, "class=\"warning\""));
	html = rig_section(g->html, "summary");
	HAS(html, "<p class=\"flag error\"><a href=\"#warnings\">1 error and 2 warnings</a>: 1 "
		  "figure lies above its limit; ");
	/* An impossible share is none to boast of. */
	HAS(html, "impossible");
	LACKS(html, "to 117");
	html = rig_section(g->html, "results1");
	HAS(html, "none seen");
	HAS(html, "unverified</span>");
	rig_free(g);
}

static void test_rounds(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	g->round[0][0][1].marks = ROUND_MARK_STEAL | ROUND_MARK_SWITCHED;
	g->round[0][0][2].marks = ROUND_MARK_STEAL;
	g->round[0][0][3].marks = RUN_MARK_OTHER;
	g->result[0][0].marked = 3;
	html = warnings(g);
	HAS(html, "<strong>3 of 12 rounds were disturbed.");
	HAS(html, "<li>2: the hypervisor took CPU time away</li>");
	HAS(html, "<li>1: a worker was pushed off its CPU too often</li>");
	HAS(html, "<li>1: for a reason this program does not know</li>");
	HAS(html, "1 figure rests on fewer than three undisturbed rounds");
	LACKS(html, "disturbed rounds alone");
	HAS(g->html, "3 of them marked as disturbed");
	HAS(rig_section(g->html, "results1"), "<td class=\"n warn\">4 (3)</td>");
	g->round[0][0][0].marks = ROUND_MARK_RTT;
	g->result[0][0].marked = 4;
	g->result[0][0].disturbed = true;
	html = warnings(g);
	HAS(html, "<strong>1 figure rests on disturbed rounds alone.");
	LACKS(html, "fewer than three");
	HAS(rig_section(g->html, "results1"), "disturbed</span>");
	rig_free(g);
}

static void test_regimes(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	g->result[0][3].regime = "far";
	html = warnings(g);
	HAS(html, "<strong>2 regimes were seen.");
	HAS(html, "<li>near: 8 rounds (below 200 ns)</li>");
	HAS(html, "<li>far: 4 rounds (from 350 ns)</li>");
	HAS(g->html, "The two CPUs were near in 8 and far in 4.");
	g->result[0][3].regime = "a regime of tomorrow";
	HAS(warnings(g), "4 rounds of regimes this program does not know");
	rig_free(g);
}

static void test_steal(void)
{
	struct page_rig *g = rig_new();

	rig_usual(g);
	g->round[0][0][0].steal_s = 0.0001;
	LACKS(warnings(g), "hypervisor");
	g->round[0][0][0].steal_s = 0.024;
	HAS(warnings(g), "<strong>The hypervisor took 1\xc2\xa0% of the time that was measured.");
	rig_free(g);
}

static void test_machine(void)
{
	struct page_rig *g = rig_new();
	json_t *cpu;
	const char *html;

	rig_usual(g);
	json_object_set_new(environment(g, 0), "smt", json_integer(1));
	json_object_set_new(environment(g, 0), "huge_pages_total", json_integer(0));
	cpu = json_array_get(json_object_get(environment(g, 0), "cpus"), 1);
	json_object_set_new(cpu, "governor", json_string("powersave"));
	html = warnings(g);
	HAS(html, "<strong>Threads share cores (SMT).");
	HAS(html, "<strong>No huge pages.");
	HAS(html, "<li>CPU 1: powersave</li>");
	LACKS(html, "threads of one core");
	json_object_set_new(cpu, "core", json_integer(0));
	html = warnings(g);
	HAS(html, "<strong>Both sides ran on threads of one core.");
	HAS(html, "<li>CPUs 0 and 1</li>");
	LACKS(html, "Threads share cores");
	rig_free(g);
}

static void test_machines_differ(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	rig_usual(g);
	LACKS(warnings(g), "machines");
	/* Free memory is not what makes a machine. */
	json_object_set_new(environment(g, 1), "memory_available", json_integer(4711));
	LACKS(warnings(g), "machines");
	json_object_set_new(environment(g, 1), "kernel", json_string("Linux 7"));
	g->file[1].kernel = "Linux 7";
	html = warnings(g);
	HAS(html, "<strong>The files come from 2 machines");
	HAS(html, "<li>machine 2 (run2): a CPU, 2 CPUs, not virtualised, Linux 7</li>");
	HAS(html, "<li>they differ in: kernel</li>");
	LACKS(html, "they differ in: cpus");
	rig_free(g);
}

static void test_asked_for(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	json_object_set_new(configuration(g, 0), "features",
			    json_pack("[s,s,s,s]", "+event_idx", "-mac", "+in_order", "-mtu"));
	html = warnings(g);
	HAS(html, "<strong>Features are not what was asked for.");
	HAS(html, "<li>run1: in_order was asked for, and not negotiated</li>");
	HAS(html, "<li>run1: mac was refused, and negotiated all the same</li>");
	LACKS(html, "event_idx was");
	LACKS(html, "mtu was");
	rig_free(g);
}

static void test_revisions(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_usual(g);
	rig_usual(g);
	g->file[1].revision = "7654321-dirty";
	html = warnings(g);
	HAS(html, "<strong>The files come from different revisions of vop-bench.");
	HAS(html, "not in any revision.");
	rig_free(g);
}

/* Not a list of thousands. */
static void test_many(void)
{
	struct page_rig *g = rig_new();
	const char *html;

	rig_file(g);
	for (unsigned i = 0; i < 10; i++) {
		static const char *const size[] = {"1", "2", "3", "4", "5",
						   "6", "7", "8", "9", "10"};

		rig_result(g, "net.tx", "rate", size[i], 1e6)->verified = false;
	}
	html = warnings(g);
	HAS(html, "<strong>10 figures are unverified.");
	HAS(html, "<li class=\"dim\">and 4 more</li>");
	CU_ASSERT_EQUAL(rig_count(html, "<li>net.tx"), 6);
	rig_free(g);
}

/* --- two sides --- */

static void test_comparison(void)
{
	struct page_rig *g = rig_new(), *now = rig_new();
	struct compare_row row[3];
	struct compare_refusal refusal = {"<what>", "only in OLD", 7};
	struct comparison c = {.rows = 3,
			       .row = row,
			       .refusals = 1,
			       .refusal = &refusal,
			       .shared = "packed",
			       .ignored = "",
			       .method = "by ranks"};
	struct page page = {.old = &g->runs, .now = &now->runs, .comparison = &c};
	const char *html;

	rig_usual(g);
	rig_usual(now);
	for (unsigned i = 0; i < 3; i++)
		row[i] = (struct compare_row){.old = &g->result[0][i],
					      .now = &now->result[0][i],
					      .params = "64 B",
					      .old_median = 40e6,
					      .new_median = 34e6,
					      .old_rounds = 4,
					      .new_rounds = 5,
					      .ratio = 0.85,
					      .low = 0.8,
					      .high = 0.9,
					      .verdict = COMPARE_SAME};
	row[1].verdict = COMPARE_WORSE;
	row[1].gate_broken = true;
	row[2].verdict = COMPARE_BETTER;
	row[2].ratio = row[2].high = 4;
	row[2].remark = "one run a side";
	c.verdicts[COMPARE_SAME] = c.verdicts[COMPARE_WORSE] = c.verdicts[COMPARE_BETTER] = 1;
	html = rig_write(g, &page);
	HAS(rig_section(html, "summary"), "of 3 figures compared, <b class=\"bad\">1 worse</b>, "
					  "<b>1 better</b>, <b>1 same</b>.");
	/* It comes before everything else, and in it what changed does. */
	CU_ASSERT(strstr(html, "id=\"comparison\"") < strstr(html, "id=\"warnings\""));
	CU_ASSERT(strstr(html, "id=\"comparison\"") < strstr(html, "Share of the limit"));
	html = rig_section(html, "comparison");
	CU_ASSERT(strstr(html, "worse<") < strstr(html, " better<"));
	CU_ASSERT(strstr(html, " better<") < strstr(html, " same<"));
	HAS(html, "breaks the gate");
	HAS(html, "<td class=\"n main\">\xe2\x88\x92"
		  "15\xc2\xa0%</td><td class=\"n dim\">\xe2\x88\x92"
		  "20\xc2\xa0% to \xe2\x88\x92"
		  "10\xc2\xa0%</td>");
	HAS(html, "\xc3\x97\xc2\xa0"
		  "4.00");
	HAS(html, "<td class=\"n\">4 / 5</td>");
	HAS(html, "one run a side");
	HAS(html, "<summary>Not compared: 7</summary>");
	HAS(html, "<th scope=\"row\">&lt;what&gt;</th><td class=\"text\">only in OLD</td>");
	HAS(html, "Method: by ranks.");
	/* Both sides have a column in what follows. */
	html = rig_section(g->html, "results1");
	HAS(html, "<th scope=\"col\">side</th>");
	HAS(html, "<td>old</td><td>run1</td>");
	HAS(html, "<td>new</td><td>run1</td>");
	rig_free(now);
	rig_free(g);
}

static void test_nothing_compared(void)
{
	struct page_rig *g = rig_new(), *now = rig_new();
	struct comparison c = {.shared = "", .ignored = "", .method = "by ranks"};

	rig_usual(g);
	rig_usual(now);
	rig_write(g, &(struct page){.old = &g->runs, .now = &now->runs, .comparison = &c});
	HAS(rig_section(g->html, "summary"), "of 0 figures compared, none.");
	HAS(rig_section(g->html, "comparison"), "Nothing could be compared.");
	rig_free(now);
	rig_free(g);
}

int suite_page_warn(void)
{
	CU_pSuite s = CU_add_suite("page_warn", NULL, NULL);

	if (!s || !CU_add_test(s, "nothing to warn of", test_none) ||
	    !CU_add_test(s, "figures", test_figures) || !CU_add_test(s, "rounds", test_rounds) ||
	    !CU_add_test(s, "regimes", test_regimes) || !CU_add_test(s, "steal", test_steal) ||
	    !CU_add_test(s, "a machine", test_machine) ||
	    !CU_add_test(s, "machines that differ", test_machines_differ) ||
	    !CU_add_test(s, "features asked for", test_asked_for) ||
	    !CU_add_test(s, "revisions", test_revisions) ||
	    !CU_add_test(s, "long lists are cut", test_many) ||
	    !CU_add_test(s, "new against old", test_comparison) ||
	    !CU_add_test(s, "nothing is alike", test_nothing_compared))
		return CU_get_error();
	return CUE_SUCCESS;
}
