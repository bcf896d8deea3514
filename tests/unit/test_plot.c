/* SPDX-License-Identifier: BSD-2-Clause */
/* What pictures are made of: which results, under which names, as which script. */
#include <ctype.h>
#include <errno.h>
#include <math.h>

#include <CUnit/CUnit.h>

#include "bench/plot_kinds.h"
#include "plot_rig.h"

/* --- scripts --- */

static int fill(struct plot_page *p, const struct runs *r, enum plot_kind kind)
{
	if (kind <= PLOT_QUEUE_SIZE)
		return plot_over(p, r, kind);
	return kind == PLOT_ROUNDS ? plot_rounds(p, r) : plot_latency(p, r, kind);
}

/* To be freed; NULL: nothing to draw. */
static char *script_of(const struct runs *r, enum plot_kind kind)
{
	struct plot_page *p = malloc(sizeof(*p));
	char *text = NULL;
	size_t n;
	double height;
	int err;

	if (!p || plot_page_init(p, 0))
		abort();
	err = fill(p, r, kind);
	CU_ASSERT(err == 0 || err == -ENODATA);
	if (!err) {
		CU_ASSERT_EQUAL(plot_script(p, PLOT_SVG, &text, &n, &height), 0);
		CU_ASSERT(text && n == strlen(text) && height > 100 && height < 5000);
	}
	plot_page_free(p);
	free(p);
	return text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* Does the legend name this series? */
static bool labels(const char *script, const char *text)
{
	char label[128];

	snprintf(label, sizeof(label), "set label '%s' at screen", text);
	return script && strstr(script, label);
}

/*
 * Nothing but the commands pictures are drawn with, every quote closed on its line, and outside of
 * quotes nothing that makes gnuplot call somebody.
 */
static bool harmless(const char *script)
{
	static const char *const known[] = {"set ", "unset ", "plot ", " $d", "$d", "EOD", NULL};
	bool data = false;

	while (*script) {
		const char *end = strchr(script, '\n');
		bool quoted = false, ok = data;

		if (!end)
			return false;
		for (unsigned i = 0; known[i] && !ok; i++)
			ok = strncmp(script, known[i], strlen(known[i])) == 0;
		if (strncmp(script, "EOD\n", 4) == 0)
			data = false;
		else if (strncmp(script, "$d", 2) == 0)
			data = true;
		for (; script < end; script++) {
			if (*script == '\'')
				quoted = !quoted;
			else if ((unsigned char)*script < ' ' ||
				 (!quoted && strchr("`@!;|\"", *script)))
				ok = false;
		}
		if (!ok || quoted)
			return false;
		script = end + 1;
	}
	return !data;
}

static void test_quotes(void)
{
	static const struct {
		const char *text, *quoted;
	} cases[] = {
		{"plain", "'plain'"},
		{"it's", "'it\xe2\x80\x99s'"},
		{"'; system('id'); '",
		 "'\xe2\x80\x99; system(\xe2\x80\x99id\xe2\x80\x99); \xe2\x80\x99'"},
		{"a\nset output 'x'", "'a set output \xe2\x80\x99x\xe2\x80\x99'"},
		{"`id` @x $y \\", "'`id` @x $y \\'"},
		{"\xff\xc0\xaf\xed\xa0\x80", "'?"
					     "?"
					     "?"
					     "?"
					     "?"
					     "?'"},
		{"cut \xe2\x82", "'cut ?"
				 "?'"},
		{"\xe2\x80\xaeright\x1b[1m\x7f", "' right [1m '"},
		{"\xc2\x85"
		 "\xef\xbf\xbf",
		 "'  '"},
		{"\xc3\xa9\xe2\x82\xac", "'\xc3\xa9\xe2\x82\xac'"},
		{"", "''"},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = NULL;
		size_t n;
		FILE *f = open_memstream(&text, &n);

		plot_quote(f, cases[i].text, 100);
		fclose(f);
		CU_ASSERT_STRING_EQUAL(text, cases[i].quoted);
		free(text);
	}
}

static void test_shortens(void)
{
	struct plot_pool pool = {0};

	CU_ASSERT_STRING_EQUAL(plot_shorten(&pool, "0123456789", 10), "0123456789");
	CU_ASSERT_STRING_EQUAL(plot_shorten(&pool, "0123456789a", 9), "012...89a");
	CU_ASSERT_STRING_EQUAL(
		plot_shorten(&pool, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 7),
		"\xe6\xbc\xa2...\xe6\xbc\xa2");
	CU_ASSERT_STRING_EQUAL(plot_fit(&pool, "short", 10, 100), "short");
	CU_ASSERT(plot_text_width(plot_fit(&pool, "much too long for so little", 10, 90), 10) <=
		  95);
	plot_pool_free(&pool);
}

static void test_hostile_names(void)
{
	static const char bad[] = "'\n`touch x`;system('id')\"@a {/=50 b}\\";
	struct rig *r = rig_new();

	for (unsigned k = PLOT_SIZE; k < PLOT_COMPARE; k++) {
		static const struct run_step step[] = {{100, 90}, {200, 10}};
		struct run_result *s;
		char *script;

		memset(r, 0, sizeof(*r));
		r->runs.file = r->file;
		for (unsigned f = 0; f < 2; f++) {
			rig_file(r, f ? bad : "a");
			r->file[f].cpu_model = r->file[f].workload = bad;
			for (unsigned i = 0; i < 2; i++) {
				s = rig_result(r, bad, "rate", bad, 1e6 * (i + 1));
				s->hist = (struct run_hist){.count = 100,
							    .min = 100,
							    .max = 200,
							    .mean = 110,
							    .steps = 2,
							    .step = step};
				rig_param(r, "ring", bad);
				rig_param(r, bad, i ? bad : "b");
				rig_param(r,
					  k == PLOT_QUEUES	 ? "queues"
					  : k == PLOT_DEVICES	 ? "devices"
					  : k == PLOT_DEPTH	 ? "depth"
					  : k == PLOT_BATCH	 ? "batch"
					  : k == PLOT_QUEUE_SIZE ? "queue_size"
								 : "size",
					  i ? "64" : "128");
				r->param[f][i][1].text = "same";
			}
		}
		script = script_of(&r->runs, (enum plot_kind)k);
		CU_ASSERT(script && harmless(script));
		CU_ASSERT(script && strstr(script, "touch x"));
		free(script);
	}
	free(r);
	/* The check itself: */
	CU_ASSERT(harmless("set label 'a `id`'\n"));
	CU_ASSERT_FALSE(harmless("set label 'a' `id`\n"));
	CU_ASSERT_FALSE(harmless("system 'id'\n"));
	CU_ASSERT_FALSE(harmless("set label 'a\nb'\n"));
}

/* --- axes --- */

static void test_log_axes(void)
{
	static const double lows[] = {1e-3, 1, 7, 95, 3.3e5};

	for (unsigned i = 0; i < sizeof(lows) / sizeof(lows[0]); i++) {
		for (double span = 1; span < 1e12; span *= 1.7) {
			struct plot_axis a;
			unsigned named = 0;

			plot_axis_log(&a, lows[i], lows[i] * span, 7, plot_tick_si);
			for (unsigned t = 0; t < a.ticks; t++) {
				named += a.tick[t].text[0] != '\0';
				CU_ASSERT(t == 0 || a.tick[t].at > a.tick[t - 1].at);
				CU_ASSERT(a.tick[t].at >= a.lo * 0.999 &&
					  a.tick[t].at <= a.hi * 1.001);
			}
			CU_ASSERT(a.lo <= lows[i] && a.hi >= lows[i] * span);
			CU_ASSERT(named >= 2 && named <= 9);
			if (named < 2 || named > 9)
				printf("\n    %g to %g: %u\n", lows[i], lows[i] * span, named);
		}
	}
}

static void test_axes(void)
{
	static const double sizes[] = {64, 65, 256, 65536};
	struct plot_axis a;

	plot_axis_from_zero(&a, 235e9, 5, 1e9);
	CU_ASSERT(a.lo == 0 && a.hi > 235e9 && a.ticks >= 4 && a.ticks <= 7);
	CU_ASSERT_STRING_EQUAL(a.tick[1].text, "50");
	CU_ASSERT_EQUAL(a.tick[1].at, 50e9);
	plot_axis_at(&a, sizes, 4, true, 0.1);
	CU_ASSERT(a.ticks == 4 && a.lo < 64 && a.hi > 65536);
	CU_ASSERT_STRING_EQUAL(a.tick[0].text, "64");
	CU_ASSERT_STRING_EQUAL(a.tick[1].text, ""); /* too near */
	CU_ASSERT_STRING_EQUAL(a.tick[3].text, "65536");
	CU_ASSERT_DOUBLE_EQUAL(plot_axis_value(&a, plot_axis_place(&a, 256)), 256, 1e-9);
	/* Nothing a file may hold makes an axis that cannot be. */
	plot_axis_from_zero(&a, 1.7e308, 5, 1);
	CU_ASSERT(isfinite(a.hi) && a.ticks < 20);
	plot_axis_from_zero(&a, -1, 5, 1);
	CU_ASSERT(a.hi > 0);
	plot_axis_log(&a, 0, 1.7e308, 7, plot_tick_si);
	CU_ASSERT(a.lo > 0 && isfinite(a.hi) && a.ticks >= 2);
}

/* --- which results --- */

static bool is_rate(const struct run_result *r, const void *context)
{
	(void)context;
	return strcmp(r->metric, "rate") == 0;
}

static struct pick pick(struct plot_pool *pool, const struct rig *r, const char *x, bool by_regime)
{
	struct pick_how how = {.wanted = is_rate, .x = x, .by_regime = by_regime, .most = 8};
	struct pick k;

	CU_ASSERT_EQUAL_FATAL(pick_results(pool, &r->runs, &how, &k), 0);
	return k;
}

static void test_what_varies_makes_names(void)
{
	struct plot_pool pool = {0};
	struct rig *r = rig_new();
	struct pick k;

	for (unsigned f = 0; f < 2; f++) {
		rig_file(r, f ? "b" : "a");
		for (unsigned d = 0; d < 2; d++) {
			rig_rate(r, d ? "net.rx" : "net.tx", "near", "64", f ? "split" : "packed",
				 1e6);
			rig_rate(r, d ? "net.rx" : "net.tx", "near", "1518", f ? "split" : "packed",
				 1e5);
		}
	}
	k = pick(&pool, r, "size", true);
	CU_ASSERT(k.n == 4 && k.bases == 4 && k.dropped == 0 && k.pooled == 0);
	CU_ASSERT_STRING_EQUAL(k.group[0].label, "tx, packed");
	CU_ASSERT_STRING_EQUAL(k.group[3].label, "rx, split");
	CU_ASSERT(k.group[0].n == 2 && k.group[0].item[0].x == 64 && k.group[0].item[1].x == 1518);
	CU_ASSERT_PTR_NULL(k.group[0].regime);
	CU_ASSERT_STRING_EQUAL(k.common, "regime near");
	CU_ASSERT_STRING_EQUAL(k.where, "One CPU, 2024-05-06, revision 0123abc");
	CU_ASSERT_STRING_EQUAL(k.workload, "net");
	plot_pool_free(&pool);
	free(r);
}

static void test_files_that_clash_are_named(void)
{
	struct plot_pool pool = {0};
	struct rig *r = rig_new();
	struct pick k;

	for (unsigned f = 0; f < 2; f++) {
		rig_file(r, f ? "new" : "old");
		rig_rate(r, "net.tx", f ? "far" : "near", "64", "packed", 1e6);
		rig_rate(r, "net.tx", "near", "1518", "packed", 1e5);
	}
	k = pick(&pool, r, "size", true);
	CU_ASSERT(k.n == 3 && k.bases == 2);
	CU_ASSERT_STRING_EQUAL(k.group[0].label, "old, near");
	CU_ASSERT_STRING_EQUAL(k.group[1].label, "new, near");
	CU_ASSERT_STRING_EQUAL(k.group[2].label, "new, far");
	CU_ASSERT_EQUAL(k.group[1].base, k.group[2].base);
	CU_ASSERT_STRING_EQUAL(k.common, "packed");
	plot_pool_free(&pool);
	free(r);
}

/* What is varied from run to run spans the files; features that follow from it part nothing. */
static void test_files_that_continue_one_another(void)
{
	static const char *const queues[] = {"4", "1", "2"};
	struct plot_pool pool = {0};
	struct rig *r = rig_new();
	struct pick k;

	for (unsigned f = 0; f < 3; f++) {
		rig_file(r, queues[f]);
		rig_result(r, "net.tx", "rate", "near", 1e6);
		rig_param(r, "queues", queues[f]);
		rig_param(r, "features", f == 1 ? "mac" : "mac, mq");
	}
	k = pick(&pool, r, "queues", true);
	CU_ASSERT(k.n == 1 && k.group[0].n == 3);
	CU_ASSERT(k.group[0].item[0].x == 1 && k.group[0].item[2].x == 4);
	CU_ASSERT_STRING_EQUAL(k.group[0].label, "tx");
	CU_ASSERT(plot_kinds_of(&r->runs) & 1u << PLOT_QUEUES);
	/* The same once more: each place has two figures now, which no line of a file could join.
	 */
	rig_file(r, "again");
	rig_result(r, "net.tx", "rate", "near", 3e6);
	rig_param(r, "queues", "4");
	rig_param(r, "features", "mac, mq");
	k = pick(&pool, r, "queues", true);
	CU_ASSERT(k.n == 1 && k.group[0].n == 4 && k.pooled == 4);
	plot_pool_free(&pool);
	free(r);
}

static void test_features_part_what_nothing_else_does(void)
{
	struct plot_pool pool = {0};
	struct rig *r = rig_new();
	struct pick k;

	rig_file(r, "a");
	for (unsigned i = 0; i < 4; i++) {
		rig_result(r, "net.tx", "rate", "near", 1e6);
		rig_param(r, "size", i & 1 ? "64" : "128");
		rig_param(r, "features", i & 2 ? "mac" : "mtu");
	}
	k = pick(&pool, r, "size", true);
	CU_ASSERT(k.n == 2);
	CU_ASSERT_STRING_EQUAL(k.group[0].label, "features mtu");
	plot_pool_free(&pool);
	free(r);
}

static void test_too_many(void)
{
	struct plot_pool pool = {0};
	struct rig *r = rig_new();
	char name[16];
	struct pick k;

	/* Ten parameters of one file: eight of them. */
	rig_file(r, "a");
	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "%u", i);
		rig_rate(r, i < 5 ? "net.tx" : "net.rx", "near", "64", name, 1e6);
		rig_rate(r, i < 5 ? "net.tx" : "net.rx", "near", "128", name, 1e6);
	}
	/* And a regime that was hardly seen: not one of the eight. */
	rig_rate(r, "net.tx", "far", "64", "0", 1e5);
	k = pick(&pool, r, "size", true);
	CU_ASSERT(k.n == 8 && k.dropped == 3);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(strncmp(k.group[i].label, "tx", 2), 0);
	CU_ASSERT_STRING_EQUAL(k.common, "regime near");
	/* Nine files with the same figures: pooled. */
	memset(r, 0, sizeof(*r));
	r->runs.file = r->file;
	for (unsigned i = 0; i < 9; i++) {
		rig_file(r, "f");
		rig_rate(r, "net.tx", "near", "64", "packed", 1e6 + i);
		rig_rate(r, "net.tx", "near", "128", "packed", 1e6);
	}
	k = pick(&pool, r, "size", true);
	CU_ASSERT(k.n == 1 && k.pooled == 9 && k.group[0].n == 18);
	plot_pool_free(&pool);
	free(r);
}

static void test_words(void)
{
	struct plot_pool pool = {0};

	CU_ASSERT_STRING_EQUAL(pick_param_words(&pool, "size", "64"), "64 B");
	CU_ASSERT_STRING_EQUAL(pick_param_words(&pool, "queues", "1"), "1 queue pair");
	CU_ASSERT_STRING_EQUAL(pick_param_words(&pool, "queues", "2"), "2 queue pairs");
	CU_ASSERT_STRING_EQUAL(pick_param_words(&pool, "depth", "0"), "full depth");
	CU_ASSERT_STRING_EQUAL(pick_param_words(&pool, "in_order", "0"), "not in order");
	CU_ASSERT_STRING_EQUAL(pick_param_words(&pool, "of_tomorrow", "x"), "of_tomorrow x");
	CU_ASSERT_STRING_EQUAL(pick_short_name("net.tx"), "tx");
	CU_ASSERT_STRING_EQUAL(pick_short_name("ring"), "ring");
	plot_pool_free(&pool);
}

/* --- kinds --- */

static void test_kinds(void)
{
	static const struct run_step step[] = {{100, 1}};
	struct rig *r = rig_new();
	struct run_result *s;

	CU_ASSERT_EQUAL(plot_kinds_of(&r->runs), 0);
	rig_file(r, "a");
	rig_rate(r, "net.tx", "near", "64", "packed", 1e6);
	CU_ASSERT_EQUAL(plot_kinds_of(&r->runs), 1u << PLOT_ROUNDS);
	rig_rate(r, "net.tx", "near", "128", "packed", 1e6);
	CU_ASSERT_EQUAL(plot_kinds_of(&r->runs), 1u << PLOT_SIZE | 1u << PLOT_ROUNDS);
	s = rig_result(r, "net.latency", "latency_p50", "near", 100);
	s->hist = (struct run_hist){.count = 1, .min = 100, .max = 100, .steps = 1, .step = step};
	CU_ASSERT_EQUAL(plot_kinds_of(&r->runs),
			1u << PLOT_SIZE | 1u << PLOT_ROUNDS | 1u << PLOT_LATENCY | 1u << PLOT_CDF);
	/* Round trips have a rate too, which nobody asks for. */
	memset(r, 0, sizeof(*r));
	r->runs.file = r->file;
	rig_file(r, "a");
	rig_rate(r, "net.latency", "near", "64", "packed", 1e6);
	rig_rate(r, "net.latency", "near", "128", "packed", 1e6);
	CU_ASSERT_EQUAL(plot_kinds_of(&r->runs), 1u << PLOT_ROUNDS);
	/* Two places on two lines are no line. */
	memset(r, 0, sizeof(*r));
	r->runs.file = r->file;
	rig_file(r, "a");
	rig_rate(r, "net.tx", "near", "64", "packed", 1e6);
	rig_rate(r, "net.rx", "near", "128", "packed", 1e6);
	CU_ASSERT_EQUAL(plot_kinds_of(&r->runs), 1u << PLOT_ROUNDS);
	free(r);
}

static void test_size_script(void)
{
	struct rig *r = rig_new();
	char *script;

	rig_file(r, "a");
	rig_rate(r, "net.tx", "near", "64", "packed", 1e6);
	rig_rate(r, "net.tx", "near", "1518", "packed", 5e5);
	rig_rate(r, "net.tx", "far", "1518", "packed", 2e5);
	script = script_of(&r->runs, PLOT_SIZE);
	CU_ASSERT_FATAL(script && harmless(script));
	CU_ASSERT(labels(script, "net: rate and goodput over the frame size"));
	CU_ASSERT(labels(script, "packed"));
	CU_ASSERT(labels(script, "near"));
	CU_ASSERT(labels(script, "far"));
	CU_ASSERT(labels(script, "limit"));
	CU_ASSERT(labels(script, "rate, M frame/s"));
	CU_ASSERT(labels(script, "frame size, bytes"));
	/* Two panels; in each two lines, their points, their limits. */
	CU_ASSERT_EQUAL(count(script, "\nplot "), 2);
	CU_ASSERT_EQUAL(count(script, "with lines"), 8);
	CU_ASSERT_EQUAL(count(script, "with yerrorbars"), 4);
	/* Median and quartiles; the limit of goodput is that of the rate in bits. */
	CU_ASSERT_PTR_NOT_NULL(strstr(script, " 1000000 900000 1100000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, " 6.072e+09 5.4648e+09 6.6792e+09\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, " 1.2144e+10\n"));
	free(script);
	/* What was not measured is not drawn. */
	CU_ASSERT_PTR_NULL(script_of(&r->runs, PLOT_QUEUES));
	CU_ASSERT_PTR_NULL(script_of(&r->runs, PLOT_LATENCY));
	free(r);
}

static void test_pooled_points(void)
{
	struct rig *r = rig_new();
	char *script;

	for (unsigned i = 0; i < 9; i++) {
		rig_file(r, "f");
		rig_rate(r, "net.tx", "near", "64", "packed", 1000 * (i + 1));
		rig_rate(r, "net.tx", "near", "128", "packed", 1000);
	}
	script = script_of(&r->runs, PLOT_SIZE);
	/* The median of 1000 to 9000, from the least first quartile to the greatest third. */
	CU_ASSERT(script && strstr(script, " 5000 900 9900\n"));
	CU_ASSERT(script && strstr(script, "9 files pooled"));
	free(script);
	free(r);
}

static void test_depth_zero_is_the_queue(void)
{
	struct rig *r = rig_new();
	char *script;

	rig_file(r, "a");
	for (unsigned i = 0; i < 2; i++) {
		rig_result(r, "net.tx", "rate", "near", 1e6);
		rig_param(r, "depth", i ? "0" : "16");
		rig_param(r, "queue_size", "256");
	}
	script = script_of(&r->runs, PLOT_DEPTH);
	CU_ASSERT(script && strstr(script, "('16' 16 0, '256' 256 0)"));
	free(script);
	free(r);
}

static void test_latency_script(void)
{
	/* 1000 round trips: 900 took 100 ns, 90 took 200, 9 took 400, one took 5000. */
	static const struct run_step step[] = {{100, 900}, {200, 90}, {400, 9}, {5000, 1}};
	struct rig *r = rig_new();
	struct run_result *s;
	char *script;

	rig_file(r, "a");
	s = rig_result(r, "net.latency", "latency_p50", "near", 100);
	s->hist = (struct run_hist){
		.count = 1000, .min = 100, .max = 5000, .mean = 120, .steps = 4, .step = step};
	s->limit = 50;
	script = script_of(&r->runs, PLOT_LATENCY);
	CU_ASSERT_FATAL(script && harmless(script));
	/* At 90 % still 100 ns, then at once 200 until 99 %; the last at one in a thousand. */
	CU_ASSERT_PTR_NOT_NULL(
		strstr(script, "\n10 100\n10 200\n100 200\n100 400\n1000 400\n1000 5000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "\n2 100\n10 100\n100 200\n1000 400\nEOD"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "'99.9' 1000 0"));
	CU_ASSERT_PTR_NULL(strstr(script, "'99.99'"));
	CU_ASSERT(labels(script, "bare round trip of a cache line"));
	free(script);
	script = script_of(&r->runs, PLOT_CDF);
	CU_ASSERT_FATAL(script && harmless(script));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "\n100 0\n100 90\n200 90\n200 99\n"));
	/* 99 % end at 200 ns: what is far beyond is not in the picture. */
	CU_ASSERT_PTR_NULL(strstr(script, "\n5000 "));
	free(script);
	free(r);
}

static void test_rounds_script(void)
{
	struct rig *r = rig_new();
	struct run_round *d;
	char *script;

	rig_file(r, "a");
	rig_rate(r, "net.tx", "near", "64", "packed", 1e6);
	rig_rate(r, "net.tx", "far", "64", "packed", 1e5);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < RIG_ROUNDS; k++) {
			d = &r->round[0][i][k];
			d->at_s = k * 2 + (i >= 2);
			d->value = i >= 2 ? 1e5 + k : 1e6 + k;
			d->marks = k == 3;
		}
	script = script_of(&r->runs, PLOT_ROUNDS);
	CU_ASSERT_FATAL(script && harmless(script));
	/* In the order they were measured in, whatever their regime. */
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "\n0 1000000\n1 100000\n2 1000001\n3 100001\n"));
	CU_ASSERT(labels(script, "seconds since the run began"));
	CU_ASSERT(labels(script, "hollow: disturbed, does not count"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "pt 7")); /* near, filled */
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "pt 6")); /* and hollow */
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "pt 9")); /* far */
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "pt 8"));
	CU_ASSERT_EQUAL(count(script, "\nplot "), 2);
	free(script);
	/* Older files do not say when. */
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < RIG_ROUNDS; k++)
			r->round[0][i][k].at_s = -1;
	script = script_of(&r->runs, PLOT_ROUNDS);
	CU_ASSERT(script && strstr(script, "\n1 1000000\n2 1000001\n"));
	CU_ASSERT(labels(script, "round"));
	free(script);
	free(r);
}

/* More rounds than points: what sticks out is still there. */
static void test_many_rounds(void)
{
	enum { N = 20000 };
	struct run_round *d = calloc(N, sizeof(*d));
	struct rig *r = rig_new();
	struct run_result *s;
	char *script;

	rig_file(r, "a");
	s = rig_result(r, "net.tx", "rate", "near", 1000);
	for (unsigned i = 0; i < N; i++)
		d[i] = (struct run_round){.value = i == 7777   ? 1
						   : i == 8888 ? 1999
							       : 1000,
					  .at_s = i,
					  .number = i};
	d[9999].marks = 1;
	s->rounds = N;
	s->round = d;
	script = script_of(&r->runs, PLOT_ROUNDS);
	CU_ASSERT_FATAL(script != NULL);
	CU_ASSERT(strlen(script) < 60000);
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "\n7777 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "\n8888 1999\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "\n9999 1000\nNaN"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "the highest and the lowest"));
	free(script);
	free(r);
	free(d);
}

static void test_comparison_script(void)
{
	struct rig *r = rig_new();
	struct compare_row row[50] = {{0}};
	struct comparison c = {.rows = 4, .row = row, .shared = "packed", .ignored = ""};
	static const double low[] = {0.7, 1.1, 0.98, 0.5}, high[] = {0.8, 1.3, 1.02, INFINITY};
	struct plot_page *p = malloc(sizeof(*p));
	char *script;
	size_t n;
	double height;

	rig_file(r, "a");
	for (unsigned i = 0; i < 50; i++) {
		struct run_result *s = rig_result(r, "net.tx", "rate", "near", 1);

		if (i < 39)
			continue;
		r->file[0].results--;
		s->more_is_better = true;
	}
	for (unsigned i = 0; i < 50; i++)
		row[i] = (struct compare_row){
			.old = &r->result[0][i % 39],
			.now = &r->result[0][i % 39],
			.params = "it's 64 B",
			.ratio = i == 0	  ? 0.75
				 : i == 1 ? 1.2
					  : 1,
			.low = low[i % 4],
			.high = high[i % 4],
			.confidence = 0.99,
			.margin = 0.05,
			.verdict = (enum compare_verdict)(i == 0   ? COMPARE_WORSE
							  : i == 1 ? COMPARE_BETTER
							  : i == 2 ? COMPARE_SAME
								   : COMPARE_UNKNOWN),
			.gate_broken = i == 0};
	for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
		c.verdicts[v] = 1;
	r->result[0][1].more_is_better = false;
	CU_ASSERT_EQUAL_FATAL(plot_page_init(p, 0), 0);
	CU_ASSERT_EQUAL(plot_ratios(p, &c), 0);
	CU_ASSERT_EQUAL_FATAL(plot_script(p, PLOT_SVG, &script, &n, &height), 0);
	CU_ASSERT(harmless(script));
	CU_ASSERT_EQUAL(count(script, "\nplot "), 2); /* either direction */
	CU_ASSERT_EQUAL(count(script, "with xerrorbars"), 4);
	CU_ASSERT_EQUAL(count(script, "set label 'it\xe2\x80\x99s 64 B' at screen"), 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "set label '-25.0 % !'"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "0.75 1 0.7 0.8\n"));
	CU_ASSERT(labels(script, "1 worse") && labels(script, "1 cannot tell"));
	free(script);
	plot_page_free(p);
	/* More rows than fit: what says most stays. */
	c.rows = 50;
	CU_ASSERT_EQUAL_FATAL(plot_page_init(p, 0), 0);
	CU_ASSERT_EQUAL(plot_ratios(p, &c), 0);
	CU_ASSERT_EQUAL_FATAL(plot_script(p, PLOT_SVG, &script, &n, &height), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "36 of 50 rows"));
	CU_ASSERT_PTR_NOT_NULL(strstr(script, "0.75 1 0.7 0.8\n"));
	free(script);
	plot_page_free(p);
	c.rows = 0;
	CU_ASSERT_EQUAL_FATAL(plot_page_init(p, 0), 0);
	CU_ASSERT_EQUAL(plot_ratios(p, &c), -ENODATA);
	plot_page_free(p);
	free(p);
	free(r);
}

int suite_plot(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{"text in quotes", test_quotes},
		{"text cut short", test_shortens},
		{"hostile names", test_hostile_names},
		{"logarithmic axes", test_log_axes},
		{"axes", test_axes},
		{"what varies makes names", test_what_varies_makes_names},
		{"files that clash are named", test_files_that_clash_are_named},
		{"files that continue one another", test_files_that_continue_one_another},
		{"features part what nothing else does", test_features_part_what_nothing_else_does},
		{"more than can be told apart", test_too_many},
		{"words", test_words},
		{"kinds the data can give", test_kinds},
		{"size", test_size_script},
		{"pooled files", test_pooled_points},
		{"depth 0 is the queue's size", test_depth_zero_is_the_queue},
		{"percentiles and shares", test_latency_script},
		{"rounds", test_rounds_script},
		{"many rounds", test_many_rounds},
		{"comparison", test_comparison_script},
	};
	CU_pSuite s = CU_add_suite("plot", NULL, NULL);

	for (unsigned i = 0; s && i < sizeof(tests) / sizeof(tests[0]); i++)
		if (!CU_add_test(s, tests[i].name, tests[i].fn))
			return CU_get_error();
	return s ? 0 : CU_get_error();
}
