/* SPDX-License-Identifier: BSD-2-Clause */
/* What is compared with what, and what is said of the rest. */
#include "compare_rig.h"

/* --- what is not told, and why --- */

static size_t rows_with(struct both *b, const char *metric)
{
	struct comparison c;
	size_t n;

	give_second(&b->old, "net.tx", metric);
	give_second(&b->now, "net.tx", metric);
	c = compared(b, &compare_defaults);
	n = c.rows;
	CU_ASSERT(c.refusals == 0);
	compare_free(&c);
	return n;
}

/* The same figure in other words is no second witness. */
static void test_derived(void)
{
	struct both *b = both_new();

	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	CU_ASSERT_EQUAL(rows_with(b, "goodput"), 1);
	CU_ASSERT_EQUAL(rows_with(b, "latency_p50"), 2);
	/* A side that sleeps has CPU time of its own; one that polls burns all there is. */
	CU_ASSERT_EQUAL(rows_with(b, "cpu_per_frame_driver"), 2);
	for (unsigned s = 0; s < 2; s++)
		for (size_t r = 0; r < 2; r++) {
			struct side *side = s ? &b->now : &b->old;

			side->param[0][r][2] = (struct run_param){"notify", "poll", false, 0};
			side->result[0][r].params = 3;
		}
	CU_ASSERT_EQUAL(rows_with(b, "cpu_per_frame_driver"), 1);
	CU_ASSERT_EQUAL(rows_with(b, "cpu_per_frame_device"), 1);
	CU_ASSERT_EQUAL(rows_with(b, "latency_p50"), 2);
	b->old.param[0][0][2].text = b->old.param[0][1][2].text = "event";
	b->now.param[0][0][2].text = b->now.param[0][1][2].text = "event";
	CU_ASSERT_EQUAL(rows_with(b, "cpu_per_frame_driver"), 2);
	/* Without the rate it is all there is. */
	b->old.result[0][0].metric = b->now.result[0][0].metric = "loss";
	CU_ASSERT_EQUAL(rows_with(b, "goodput"), 2);
	both_free(b);
}

/* Only the files of the other machine are left out. */
static void test_machines(void)
{
	struct compare_options any = compare_defaults;
	struct both *b = both_new();
	struct comparison c;

	any.any_machine = true;
	side_make(b, &b->old, 6, 1, 1e6, 0.01, 0);
	side_make(b, &b->now, 6, 1, 1e6, 0.01, 0);
	b->old.file[2].cpu_model = b->now.file[0].cpu_model = "another CPU";
	b->now.file[1].cpu_model = "";
	c = compared(b, &compare_defaults);
	CU_ASSERT_EQUAL_FATAL(c.rows, 1);
	CU_ASSERT(c.row[0].old_units == 5 && c.row[0].new_units == 4);
	CU_ASSERT_EQUAL_FATAL(c.refusals, 2);
	CU_ASSERT(c.refusal[0].count == 2 && c.refusal[1].count == 1);
	CU_ASSERT(strstr(c.refusal[0].reason, "another CPU, not one CPU") != NULL);
	CU_ASSERT(strstr(c.refusal[1].reason, "unknown, not one CPU") != NULL);
	compare_free(&c);
	c = compared(b, &any);
	CU_ASSERT(c.rows == 1 && c.row[0].old_units == 6 && c.row[0].new_units == 6);
	CU_ASSERT_EQUAL(c.refusals, 0);
	compare_free(&c);
	both_free(b);
}

static struct comparison renamed(struct both *b, const char *name, const char *metric)
{
	struct comparison c;

	b->now.result[0][0].name = name;
	b->now.result[0][0].metric = metric;
	c = compared(b, &compare_defaults);
	b->now.result[0][0].name = "net.tx";
	b->now.result[0][0].metric = "rate";
	return c;
}

/* Each thing alone makes two results unlike. */
static void test_like(void)
{
	struct both *b = both_new();
	struct comparison c;

	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	c = renamed(b, "net.tx", "rate");
	CU_ASSERT_EQUAL(c.rows, 1);
	compare_free(&c);
	c = renamed(b, "net.rx", "rate");
	CU_ASSERT(c.rows == 0 && c.refusals == 2);
	CU_ASSERT_STRING_EQUAL(c.refusal[0].reason, "only in NEW");
	CU_ASSERT_STRING_EQUAL(c.refusal[0].what, "net.rx rate 64 B packed, near");
	CU_ASSERT_STRING_EQUAL(c.refusal[1].reason, "only in OLD");
	compare_free(&c);
	c = renamed(b, "net.tx", "ndr");
	CU_ASSERT_EQUAL(c.rows, 0);
	compare_free(&c);
	both_free(b);
}

/* What is refused for one reason is told once, with how many there are. */
static void test_refusals_summed(void)
{
	struct both *b = both_new();
	struct comparison c;

	side_make(b, &b->old, 3, 2, 1e6, 0.01, 0);
	side_make(b, &b->now, 3, 2, 1e6, 0.01, 0);
	give_second(&b->now, "net.rx", "rate");
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 1 && c.refusals == 1);
	CU_ASSERT(c.refusal[0].count == 3 && !strcmp(c.refusal[0].reason, "only in NEW"));
	compare_free(&c);
	both_free(b);
}

/* Of several the nearest explains best. */
static void test_nearest_reason(void)
{
	struct both *b = both_new();
	struct comparison c;

	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	give_second(&b->now, "net.tx", "rate");
	b->now.param[0][0][0].text = "1518";
	b->now.param[0][0][1].text = "split";
	b->now.param[0][1][1].text = "split";
	expect_refusal(b, &compare_defaults,
		       "ring differs: split in NEW, packed in OLD (--ignore ring compares");
	/* A size that only one side has is no mistake of configuration. */
	b->now.param[0][0][1].text = "packed";
	b->now.param[0][1][1].text = "packed";
	c = compared(b, &compare_defaults);
	CU_ASSERT_EQUAL(c.rows, 1);
	CU_ASSERT(c.refusals == 1 && !strcmp(c.refusal[0].reason, "size only in NEW"));
	compare_free(&c);
	both_free(b);
}

/* --- parameters --- */

/* Another build names them in another order, and knows more of them. */
static void test_parameters_of_builds(void)
{
	struct compare_options differing = compare_defaults;
	struct both *b = both_new();
	struct comparison c;

	differing.ignore_differing = true;
	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	b->now.param[0][0][0] = (struct run_param){"ring", "packed", false, 0};
	b->now.param[0][0][1] = (struct run_param){"size", "64", true, 64};
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_UNKNOWN);
	b->now.param[0][0][2] = (struct run_param){"copies", "2", true, 2};
	b->now.result[0][0].params = 3;
	expect_refusal(b, &compare_defaults, "copies differs");
	c = compared(b, &differing);
	CU_ASSERT_EQUAL(c.rows, 1);
	CU_ASSERT_STRING_EQUAL(c.ignored, "copies none | 2");
	compare_free(&c);
	/* And in some results only. */
	give_second(&b->now, "net.rx", "rate");
	give_second(&b->old, "net.rx", "rate");
	c = compared(b, &differing);
	CU_ASSERT_EQUAL(c.rows, 2);
	compare_free(&c);
	/* The first result need not be the one that has it. */
	b->now.result[0][0].params = 2;
	b->now.param[0][1][2] = (struct run_param){"copies", "2", true, 2};
	b->now.result[0][1].params = 3;
	c = compared(b, &differing);
	CU_ASSERT_EQUAL(c.rows, 2);
	CU_ASSERT_STRING_EQUAL(c.ignored, "copies none | 2");
	compare_free(&c);
	both_free(b);
}

/* What varies within a side is no difference between the two as wholes. */
static void test_differing_as_wholes(void)
{
	struct compare_options differing = compare_defaults;
	static const char *const ignore[] = {"ring", "size", NULL};
	struct both *b = both_new();
	struct comparison c;

	differing.ignore_differing = true;
	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	give_second(&b->old, "net.tx", "rate");
	give_second(&b->now, "net.tx", "rate");
	b->old.param[0][1][0].text = "1518";
	b->now.param[0][0][0].text = "256";
	b->now.param[0][1][0].text = "9000";
	c = compared(b, &differing);
	CU_ASSERT(c.rows == 0 && !strcmp(c.ignored, ""));
	compare_free(&c);
	/* The same on both sides is not told as ignored; what varies is told as several. */
	differing.ignore = ignore;
	c = compared(b, &differing);
	CU_ASSERT_EQUAL(c.rows, 1);
	CU_ASSERT_STRING_EQUAL(c.ignored, "size several | several");
	compare_free(&c);
	both_free(b);
}

/* Parameters of any length are compared to their ends. */
static void test_long_parameters(void)
{
	struct both *b = both_new();
	struct comparison c;
	char a[6000], z[6000];

	memset(a, 'x', sizeof(a));
	a[sizeof(a) - 1] = '\0';
	memcpy(z, a, sizeof(a));
	z[sizeof(z) - 2] = 'z';
	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	b->old.param[0][0][1].text = b->now.param[0][0][1].text = a;
	CU_ASSERT_EQUAL(verdict(b, &compare_defaults), COMPARE_UNKNOWN);
	b->now.param[0][0][1].text = z;
	c = compared(b, &compare_defaults);
	CU_ASSERT_EQUAL(c.rows, 0);
	compare_free(&c);
	both_free(b);
}

/* Rows stand as results stand in the file, whatever they are called. */
static void test_order(void)
{
	struct both *b = both_new();
	struct comparison c;

	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 2e6, 0.01, 0);
	give_second(&b->old, "net.both", "rate");
	give_second(&b->now, "net.both", "rate");
	c = compared(b, &compare_defaults);
	CU_ASSERT_EQUAL_FATAL(c.rows, 2);
	CU_ASSERT_STRING_EQUAL(c.row[0].old->name, "net.tx");
	CU_ASSERT_STRING_EQUAL(c.row[1].old->name, "net.both");
	/* Old is old. */
	CU_ASSERT(c.row[0].old == &b->old.result[0][0] && c.row[0].now == &b->now.result[0][0]);
	CU_ASSERT_DOUBLE_EQUAL(c.row[0].ratio, 2, 0.1);
	compare_free(&c);
	both_free(b);
}

static void test_row_names(void)
{
	struct both *b = both_new();
	struct comparison c;

	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	give_second(&b->old, "net.tx", "rate");
	give_second(&b->now, "net.tx", "rate");
	for (unsigned s = 0; s < 2; s++)
		for (size_t r = 0; r < 2; r++) {
			struct side *side = s ? &b->now : &b->old;

			side->param[0][r][1].text = r ? "split" : "packed";
			side->param[0][r][2] =
				(struct run_param){"queues", r ? "2" : "1", true, (double)r + 1};
			side->result[0][r].params = 3;
		}
	c = compared(b, &compare_defaults);
	CU_ASSERT_EQUAL_FATAL(c.rows, 2);
	CU_ASSERT_STRING_EQUAL(c.row[0].params, "packed queues 1");
	CU_ASSERT_STRING_EQUAL(c.row[1].params, "split queues 2");
	CU_ASSERT_STRING_EQUAL(c.shared, "size 64");
	CU_ASSERT_STRING_EQUAL(c.row[0].regime, "near");
	compare_free(&c);
	both_free(b);
}

/* A file may hold a result many times over: no room is taken for granted. */
static void test_many_likes(void)
{
	enum { MANY = 300 };
	struct run_result *r = calloc(MANY, sizeof(*r));
	struct both *b = both_new();
	struct comparison c;

	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	in_turn(b);
	b->old.result[0][0].regime = "none";
	for (unsigned i = 0; i < MANY; i++)
		r[i] = b->now.result[0][0];
	b->now.file[0].result = r;
	b->now.file[0].results = MANY;
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows <= 1);
	compare_free(&c);
	free(r);
	both_free(b);
}

static void test_nothing(void)
{
	struct both *b = both_new();
	struct comparison c;

	side_make(b, &b->old, 1, 8, 1e6, 0.01, 0);
	side_make(b, &b->now, 1, 8, 1e6, 0.01, 0);
	b->old.file[0].results = 0;
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 0 && c.refusals == 1 && !strcmp(c.refusal[0].reason, "only in NEW"));
	compare_free(&c);
	b->now.file[0].results = 0;
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 0 && c.refusals == 0);
	compare_free(&c);
	b->old.runs.n = b->now.runs.n = 0;
	c = compared(b, &compare_defaults);
	CU_ASSERT(c.rows == 0 && c.refusals == 0);
	compare_free(&c);
	CU_ASSERT_STRING_EQUAL(compare_verdict_word(COMPARE_UNKNOWN), "cannot tell");
	CU_ASSERT_STRING_EQUAL(compare_verdict_word((enum compare_verdict)99), "unknown");
	both_free(b);
}

int suite_compare_like(void)
{
	CU_pSuite s = CU_add_suite("like with like", NULL, NULL);

	if (!s || !CU_add_test(s, "figures told once", test_derived) ||
	    !CU_add_test(s, "machines", test_machines) ||
	    !CU_add_test(s, "what is like what", test_like) ||
	    !CU_add_test(s, "refusals summed up", test_refusals_summed) ||
	    !CU_add_test(s, "the nearest reason", test_nearest_reason) ||
	    !CU_add_test(s, "parameters of builds", test_parameters_of_builds) ||
	    !CU_add_test(s, "differing as wholes", test_differing_as_wholes) ||
	    !CU_add_test(s, "long parameters", test_long_parameters) ||
	    !CU_add_test(s, "order of rows", test_order) ||
	    !CU_add_test(s, "names of parameters", test_row_names) ||
	    !CU_add_test(s, "many likes", test_many_likes) ||
	    !CU_add_test(s, "nothing to compare", test_nothing))
		return CU_get_error();
	return 0;
}
