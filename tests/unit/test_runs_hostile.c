/* SPDX-License-Identifier: BSD-2-Clause */
/* What a result file may say that is not so: every fault told in one line, nothing crashes. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "bench/runs_file.h"
#include "runs_sample.h"

static struct runs_fault why;

/* Touch all that was read, for the sanitizers. */
static double walk(const struct run_file *f)
{
	double sum = f->duration_s + (double)strlen(f->command_line) + (double)strlen(f->started);
	size_t i, k;

	for (i = 0; i < f->results; i++) {
		const struct run_result *r = &f->result[i];

		sum += r->s.median + (double)strlen(r->name) + (double)strlen(r->regime);
		for (k = 0; k < r->params; k++)
			sum += (double)strlen(r->param[k].key) + (double)strlen(r->param[k].text);
		for (k = 0; k < r->rounds; k++)
			sum += r->round[k].value;
		for (k = 0; k < r->hist.steps; k++)
			sum += r->hist.step[k].ns;
	}
	return sum;
}

/* Blanks left out, a document is as good or as bad as before. */
static bool skims(const char *buf, size_t n)
{
	char *brief = malloc(RUNS_SKIM_ROOM(n));
	json_t *whole = json_loadb(buf, n, JSON_REJECT_DUPLICATES, NULL), *part;
	size_t brief_n;
	bool same;

	if (!brief)
		abort();
	brief_n = runs_skim(buf, n, brief);
	part = brief_n ? json_loadb(brief, brief_n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	same = brief_n <= RUNS_SKIM_ROOM(n) && (brief_n == 0 || !part == !whole);
	json_decref(whole);
	json_decref(part);
	free(brief);
	return same;
}

/* Parse bytes of their own, so that a read beyond them is seen. The code; the words in `why`. */
static int parse(const char *text, size_t n)
{
	char *buf = malloc(n ? n : 1);
	struct arena a = {0};
	struct run_file f;
	int err;

	if (!buf)
		abort();
	memcpy(buf, text, n);
	memset(&why, 0, sizeof(why));
	err = runs_parse(buf, n, &a, &f, &why);
	CU_ASSERT(skims(buf, n));
	free(buf);
	if (err) {
		CU_ASSERT(err == -EINVAL && why.text[0] && !strchr(why.text, '\n'));
		CU_ASSERT(!f.run && !f.result);
	} else {
		CU_ASSERT(isfinite(walk(&f)) && json_is_object(f.run));
		json_decref(f.run);
	}
	arena_free(&a);
	return err;
}

/* The sample with the first `from` behind `after` made `to`. */
static char *bent(const char *after, const char *from, const char *to)
{
	const char *at = strstr(runs_sample, after);
	char *text;

	at = at ? strstr(at, from) : NULL;
	if (!at || asprintf(&text, "%.*s%s%s", (int)(at - runs_sample), runs_sample, to,
			    at + strlen(from)) < 0) {
		printf("\n    no '%s' behind '%s'\n", from, after);
		abort();
	}
	return text;
}

struct bend {
	const char *after, *from, *to;
	const char *says; /* part of the line; NULL: it is taken */
};

static void try(const struct bend *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char *text = bent(b[i].after, b[i].from, b[i].to);
		int err = parse(text, strlen(text));
		bool ok = b[i].says ? err == -EINVAL && strstr(why.text, b[i].says) : err == 0;

		if (!ok)
			printf("\n    %s -> %s: %d %s\n", b[i].from, b[i].to, err, why.text);
		CU_ASSERT(ok);
		free(text);
	}
}

#define TRY(list) try(list, sizeof(list) / sizeof((list)[0]))

static void test_foreign(void)
{
	static const struct bend list[] = {
		{"", "\"schema\"", "\"scheme\"",
		 "is JSON, but no result file: it has no \"schema\""},
		{"", "\"vop-bench/1\"", "1", "it has no \"schema\""},
		{"", "vop-bench/1", "vop-bench/2",
		 "was made by a newer vop-bench: schema vop-bench/2"},
		{"", "vop-bench/1", "vop-bench/99999999999999999999", "newer vop-bench"},
		{"", "vop-bench/1", "vop-bench/0", "its schema is 'vop-bench/0'"},
		{"", "vop-bench/1", "fio/3", "its schema is 'fio/3', not vop-bench/1; name a file"},
		{"", "vop-bench/1", "\\n\\u001b[2J", "its schema is '??[2J'"},
	};

	TRY(list);
	CU_ASSERT(parse("[1, 2]", 6) && strstr(why.text, "is JSON, but no result file"));
	CU_ASSERT(parse("hello", 5) && strstr(why.text, "is not JSON: line 1"));
	CU_ASSERT(parse("\x7f"
			"ELF\0\1\2",
			7) &&
		  strstr(why.text, "is not JSON: line 1"));
	CU_ASSERT(parse("", 0) && strstr(why.text, "is empty"));
	CU_ASSERT(parse(" \n\t", 3) && strstr(why.text, "is empty"));
}

static void test_no_sound_json(void)
{
	static const struct bend list[] = {
		{"", "\"run\"", "\"run\" 1", "is no sound JSON: line 3"},
		{"", "\"median\": 15", "\"median\": 15, \"median\": 15", "duplicate object key"},
		{"", "\"median\": 15", "\"median\": 15e999", "real number overflow"},
		{"", "\"median\": 15", "\"median\": 99999999999999999999", "too big integer"},
		{"", "\"median\": 15", "\"median\": 1 5", "is no sound JSON"},
		{"", "\"median\": 15", "\"median\": NaN", "is no sound JSON"},
		{"", "\"median\": 15", "\"median\": 015", "is no sound JSON"},
		{"", "a sentence", "a \xc3( sentence", "unable to decode byte"},
		{"", "a sentence", "a \n sentence", "is no sound JSON"},
		{"", "a sentence", "a \\u0000 sentence", "is no sound JSON"},
		{"", "9.5, 10.5", "9.5 10.5", "is no sound JSON"},
		{"", "9.5, 10.5", "9.5, 1e999", "real number overflow"},
		{"", "9.5, 10.5", "9.5, 010", "is no sound JSON"},
		{"", "9.5, 10.5", "9.5, 1.", "is no sound JSON"},
		{"", "9.5, 10.5", "9.5, .1", "is no sound JSON"},
		{"", "9.5, 10.5", "9.5,", "is no sound JSON"},
		{"", "9.5, 10.5", "9.5, 1e", "is no sound JSON"},
		{"", "[[150, 3]", "[[150 3]", "is no sound JSON"},
		{"", "[[150, 3]", "[[1 50, 3]", "is no sound JSON"},
		{"", "[[150, 3]", "[[150, 3],", "is no sound JSON"},
		{"", "[[150, 3]", "[[150, 03]", "is no sound JSON"},
	};
	char *deep = malloc(200000);
	const char *nul = strchr(runs_sample, '4');
	char *text;

	TRY(list);
	CU_ASSERT_PTR_NOT_NULL_FATAL(deep);
	memset(deep, '[', 200000);
	CU_ASSERT(parse(deep, 200000) && strstr(why.text, "maximum parsing depth"));
	memcpy(deep, "{\"values\":", 10);
	CU_ASSERT(parse(deep, 200000) && strstr(why.text, "maximum parsing depth"));
	free(deep);
	text = strdup(runs_sample);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	text[nul - runs_sample] = '\0';
	CU_ASSERT(parse(text, sizeof(runs_sample) - 1) && strstr(why.text, "is no sound JSON"));
	free(text);
}

/* Wherever it is cut off; what is left of the last line break does not matter. */
static void test_truncated(void)
{
	size_t n = sizeof(runs_sample) - 1, i;

	CU_ASSERT_EQUAL(parse(runs_sample, n), 0);
	CU_ASSERT_EQUAL(parse(runs_sample, n - 1), 0);
	for (i = 1; i < n - 1; i++) {
		bool ok = parse(runs_sample, i) &&
			  strcmp(why.text, "ends in the middle; was it copied whole?") == 0;

		if (!ok)
			printf("\n    at %zu: %s\n", i, why.text);
		CU_ASSERT(ok);
	}
}

static void test_wrong_members(void)
{
	static const struct bend list[] = {
		{"", "\"run\"", "\"ran\"", "run is missing; was it edited?"},
		{"", "\"workload\"", "\"work\"", "run.workload is missing"},
		{"", "\"net\"", "7", "run.workload is not text"},
		{"", "\"duration_s\": 1.5", "\"duration_s\": -1", "run.duration_s is negative"},
		{"", "[\"net\"", "[7", "run.command_line holds something that is not text"},
		{"", "\"Linux 1\"", "[]", "run.environment.kernel is not text"},
		{"", "\"below_ns\": 200", "\"below_ns\": \"x\"",
		 "run.regimes.below_ns is not a number"},
		{"", "\"results\": [\n  {", "\"results\": [7, {", "results[0] is not an object"},
		{"", "\"net.tx\"", "null", "results[0].name is not text"},
		{"", "\"more\"", "\"most\"", "results[0].better is neither 'more' nor 'less'"},
		{"", "\"params\": {", "\"params\": 7, \"x\": {",
		 "results[0].params is not an object"},
		{"", "\"params\": {", "\"params\": true, \"x\": {",
		 "results[0].params is not an object"},
		{"net.latency", "\"params\": {", "\"params\": true, \"x\": {",
		 "results[1].params is not an object"},
		{"net.latency", "\"params\": {", "\"par\\u0061ms\": 7, \"x\": {",
		 "results[1].params is not an object"},
		{"", "\"size\": 64,", "\"size\": {}, ", "results[0].params.size is neither"},
		{"", "\"median\": 15", "\"median\": \"15\"", "results[0].median is not a number"},
		{"", "\"median\"", "\"mean\"", "results[0].median is missing"},
		{"", "\"rounds_counted\": 2", "\"rounds_counted\": 2.0",
		 "results[0].rounds_counted is not a whole"},
		{"", "\"rounds_marked\": 1", "\"rounds_marked\": 4294967297",
		 "results[0].rounds_marked is too large"},
		{"", "\"disturbed\": false", "\"disturbed\": 0",
		 "results[0].disturbed is neither true nor false"},
		{"", "\"limit_name\"", "\"limit_nam\"", "results[0].limit_name is missing"},
		{"", "\"verified\": true", "\"verified\": null", "results[0].verified is neither"},
		{"", "\"rounds\": [", "\"rounds\": [7, ", "results[0].rounds[0] is not an object"},
		{"\"far\",\n", "\"rounds\": [", "\"rounds\": [], \"x\": [",
		 "results[1].rounds is empty"},
		{"\"slices\"", "\"value\": 99", "\"value\": true",
		 "results[0].rounds[1].value is not a number"},
		{"\"slices\"", "\"value\"", "\"val\"", "results[0].rounds[1].value is missing"},
		{"", "\"pass\": 1", "\"pass\": -1",
		 "results[0].rounds[0].pass is not a whole number"},
		{"", "\"number\": 4", "\"number\": 4294967296",
		 "results[0].rounds[0].number is too large"},
		{"", "\"at_s\": 0.25", "\"at_s\": []", "results[0].rounds[0].at_s is not a number"},
		{"", "\"rtt_before_ns\": 120", "\"rtt_before_ns\": -1",
		 "results[0].rounds[0].rtt_before_ns is negative"},
		{"", "\"marked\": []", "\"marked\": {}",
		 "results[0].rounds[0].marked is not a list"},
		{"", "\"moonlight\"", "7", "results[0].rounds[1].marked holds something"},
		{"", "[[150, 3]", "[[150, 3, 4]",
		 "results[1].histogram.values holds no pair of value and count at [0]"},
		{"", "[200, 1]", "[200, 0]",
		 "results[1].histogram.values holds no pair of value and count at [1]"},
		{"", "[[150, 3]", "[[150, 3.5]",
		 "results[1].histogram.values holds no pair of value and count at [0]"},
		{"", "[[150, 3]", "[[-150, 3]",
		 "results[1].histogram.values holds no pair of value and count at [0]"},
		{"", "\"values\": [[150", "\"values\": \"x\", \"v\": [[150",
		 "results[1].histogram.values is not a list"},
		{"", "\"values\": [[150", "\"val\\u0075es\": \"\", \"v\": [[150",
		 "results[1].histogram.values"},
		{"", "\"values\": [[150", "\"val\\u0075es\": \"[[1,\", \"v\": [[150",
		 "results[1].histogram.values"},
		{"", "\"unit\": \"ns\", \"count\"", "\"unit\": \"us\", \"count\"",
		 "results[1].histogram.unit is not 'ns'"},
	};

	TRY(list);
}

static void test_edited(void)
{
	static const struct bend list[] = {
		{"", "\"median\": 15", "\"median\": 15.0001",
		 "results[0].median is 15.0001, but its rounds give 15"},
		{"", "\"min\": 10", "\"min\": 9", "results[0].min is 9, but"},
		{"", "\"max\": 20", "\"max\": 99", "results[0].max is 99, but"},
		{"", "\"q1\": 12.5", "\"q1\": 12", "results[0].q1 is"},
		{"", "\"q3\": 17.5", "\"q3\": 17", "results[0].q3 is"},
		{"", "\"mad\": 5", "\"mad\": 4", "results[0].mad is 4, but its rounds give 5"},
		{"", "\"value\": 10", "\"value\": 11",
		 "results[0].median is 15, but its rounds give 15.5"},
		{"", "\"rounds_counted\": 2", "\"rounds_counted\": 3",
		 "results[0].rounds_counted is 3, but of its rounds 2 count"},
		{"", "\"rounds_marked\": 1", "\"rounds_marked\": 0",
		 "results[0].rounds_marked is 0, but 1 of"},
		{"", "\"disturbed\": false", "\"disturbed\": true",
		 "results[0].disturbed is true, but 1 of its 3"},
		{"", "\"disturbed\": true", "\"disturbed\": false",
		 "results[1].disturbed is false, but 1 of its 1"},
		{"", "\"limit\": 40", "\"limit\": 41",
		 "results[0].limit is 41, but its rounds give 40"},
		{"", "\"limit_ratio\": 0.375", "\"limit_ratio\": 0.9",
		 "results[0].limit_ratio is 0.9, but median / limit is 0.375"},
		{"", "\"limit_ratio\": 0.375", "\"limit_ratio\": null",
		 "results[0].limit_ratio is 0,"},
		{"", "\"limit_exceeded\": false", "\"limit_exceeded\": true",
		 "results[0].limit_exceeded does not fit"},
		{"", "\"frame/s\"", "\"bit/s\"",
		 "results[0].unit is 'bit/s', but 'rate' is in frame/s"},
		{"", "\"more\"", "\"less\"", "results[0].better is the wrong way round"},
		{"\"metric\"", "\"regime\": \"near\"", "\"regime\": \"far\"",
		 "results[0].rounds[0].regime is 'near' in a result of 'far'"},
		{"", "\"rtt_after_ns\": 130", "\"rtt_after_ns\": 900",
		 "results[0].rounds[0].regime is 'near', but its round trips of 120 and 900 ns "
		 "make it 'far'"},
		{"", "\"rtt_before_ns\": null, \"rtt_after_ns\": 130",
		 "\"rtt_before_ns\": null, \"rtt_after_ns\": null", "make it 'none'"},
		{"", "\"marked\": []", "\"marked\": [\"steal\"]",
		 "results[0].rounds[0].marked has 'steal' without a reason"},
		{"", "\"marked\": []", "\"marked\": [\"migrated\"]",
		 "marked has 'migrated' without a reason"},
		{"", "\"marked\": []", "\"marked\": [\"regime_changed\"]",
		 "marked has 'regime_changed' without a reason"},
		{"0.0005", "\"migrations\": 0", "\"migrations\": 1",
		 "results[0].rounds[2].marked lacks 'migrated'"},
		{"", "[\"regime_changed\", ", "[",
		 "results[0].rounds[1].marked lacks 'regime_changed'"},
		{"", "[\"migrated\"]", "[]", "results[1].rounds[0].marked lacks 'migrated'"},
		{"", "\"count\": 4", "\"count\": 5",
		 "results[1].histogram.count is 5, but its values give 4"},
		{"", "\"min\": 150, \"max\": 201", "\"min\": 151, \"max\": 201",
		 "results[1].histogram.min lies above"},
		{"", "\"max\": 201", "\"max\": 199", "results[1].histogram.max lies below"},
		{"", "[200, 1]", "[150, 1]", "results[1].histogram.values does not ascend at [1]"},
		{"", "\"p90\": 200", "\"p90\": 150",
		 "results[1].histogram.p90 is 150, but its values give 200"},
		{"", "[[150, 3]",
		 "[[150, 9223372036854775807], [151, 9223372036854775807], [152, 9]",
		 "too large at [2]"},
	};

	TRY(list);
}

/* Files of a later day, and what a careful hand may do to one of today. */
static void test_accepted(void)
{
	static const struct bend list[] = {
		{"", "\"run\"", "\"new\": {\"x\": [1]}, \"run\"", NULL},
		{"", "\"workload\"", "\"new\": [1], \"workload\"", NULL},
		{"", "\"target\": \"vop:\"", "\"target\": null", NULL},
		{"", "\"kernel\"", "\"new\": 1, \"kernel\"", NULL},
		{"", "\"environment\"", "\"surroundings\"", NULL},
		{"", "\"regimes\"", "\"bins\"", NULL},
		{"", "\"name\": \"net.tx\"", "\"new\": null, \"name\": \"net.new\"", NULL},
		{"", "\"metric\": \"rate\", \"unit\": \"frame/s\"",
		 "\"metric\": \"beauty\", \"unit\": \"Helen\"", NULL},
		{"", "\"size\": 64", "\"size\": true, \"new\": null", NULL},
		{"", "\"pass\": 1, \"number\": 4, \"at_s\": 0.25, ", "\"new\": 1, \"at_s\": null, ",
		 NULL},
		{"", "\"migrations\": 0, \"involuntary_switches\": 3,", "", NULL},
		{"", "\"slices\": [9.5, 10.5]", "\"slices\": {}", NULL},
		{"", "\"beyond\": 0, \"p50\": 150, ", "\"new\": 0, ", NULL},
		{"", "[[150, 3]", "[[150.0, 3]", NULL},
		/* As precise as it was written. */
		{"", "\"median\": 15", "\"median\": 15.000000001", NULL},
		/* Where the bound is not clear from the digits, nobody is blamed. */
		{"", "\"rtt_before_ns\": 120,", "\"rtt_before_ns\": 200,", NULL},
	};
	char *text, *other, *p;
	json_t *doc;

	TRY(list);
	/* A regime this program has not heard of. */
	text = strdup(runs_sample);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (p = strstr(text, "results"); (p = strstr(p, "\"near\"")); p++)
		memcpy(p, "\"here\"", 6);
	CU_ASSERT_EQUAL(parse(text, strlen(text)), 0);
	free(text);
	/* Members in another order, as other tools write them: what explains results comes last. */
	doc = json_loads(runs_sample, 0, NULL);
	other = json_dumps(doc, JSON_SORT_KEYS | JSON_INDENT(4));
	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	CU_ASSERT_EQUAL(parse(other, strlen(other)), 0);
	free(other);
	json_decref(doc);
}

/* Nothing that was read can move a terminal's cursor, or break a line. */
static void test_controls(void)
{
	static const char from[] = "\"--size\", \"64\"", to[] = "\"a\\n'b\\\\\", \"\\u009b1m\"";
	char *text = bent("", from, to), *again;
	struct arena a = {0};
	struct run_file f;

	CU_ASSERT_EQUAL_FATAL(runs_parse(text, strlen(text), &a, &f, &why), 0);
	CU_ASSERT_STRING_EQUAL(f.command_line,
			       "vop-bench run net $'a\\012\\'b\\\\' '?\?1m' --target "
			       "'vop:/my place' ''");
	json_decref(f.run);
	arena_free(&a);
	free(text);
	again = bent("", "a sentence", "\\u001b[2J\\tB\xc3\xa4r");
	CU_ASSERT_EQUAL_FATAL(runs_parse(again, strlen(again), &a, &f, &why), 0);
	CU_ASSERT_STRING_EQUAL(f.result[0].note, "?[2J?B\xc3\xa4r");
	json_decref(f.run);
	arena_free(&a);
	free(again);
}

/* --- everything wrong in turn --- */

static const char *const others[] = {"null",  "true", "-1", "7",      "1e300",
				     "\"x\"", "[]",   "{}", "[[1,2]]"};
enum { OTHERS = sizeof(others) / sizeof(others[0]) };

static void try_document(const json_t *doc)
{
	char *text = json_dumps(doc, JSON_INDENT(1));

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	parse(text, strlen(text));
	free(text);
}

/* Replace what is under key, or at index i of a list, by everything else, and leave it out. */
static void mutate_one(json_t *doc, json_t *v, const char *key, size_t i)
{
	json_t *kept = json_incref(key ? json_object_get(v, key) : json_array_get(v, i));
	size_t k;

	for (k = 0; k < OTHERS; k++) {
		json_t *other = json_loads(others[k], JSON_DECODE_ANY, NULL);

		CU_ASSERT_EQUAL_FATAL(key ? json_object_set_new(v, key, other)
					  : json_array_set_new(v, i, other),
				      0);
		try_document(doc);
	}
	if (key)
		json_object_del(v, key);
	else
		json_array_remove(v, i);
	try_document(doc);
	if (key)
		json_object_set_new(v, key, kept);
	else
		json_array_insert_new(v, i, kept);
}

/* All below v. Members put back stand at the end, so the names are listed first. */
static void mutate(json_t *doc, json_t *v)
{
	json_t *inner, *names = json_array();
	const char *key;
	size_t i;

	json_object_foreach(v, key, inner) json_array_append_new(names, json_string(key));
	for (i = 0; i < json_array_size(names); i++) {
		key = json_string_value(json_array_get(names, i));
		mutate_one(doc, v, key, 0);
		mutate(doc, json_object_get(v, key));
	}
	for (i = 0; i < json_array_size(v); i++) {
		mutate_one(doc, v, NULL, i);
		mutate(doc, json_array_get(v, i));
	}
	json_decref(names);
}

static void test_every_member(void)
{
	json_t *doc = json_loads(runs_sample, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	mutate(doc, doc);
	/* All of it was put back. */
	try_document(doc);
	CU_ASSERT_STRING_EQUAL(why.text, "");
	json_decref(doc);
}

static void test_every_byte(void)
{
	static const char put[] = "\"\\{}[],:0-e \n\x80\0u";
	size_t n = sizeof(runs_sample) - 1, i, k;
	char *text = strdup(runs_sample);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (i = 0; i < n; i++) {
		for (k = 0; k < 3; k++) {
			text[i] = put[(i * 3 + k) % (sizeof(put) - 1)];
			parse(text, n);
		}
		text[i] = runs_sample[i];
	}
	free(text);
}

int suite_runs_hostile(void)
{
	CU_pSuite s = CU_add_suite("runs_hostile", NULL, NULL);

	if (!s || !CU_add_test(s, "files of others", test_foreign) ||
	    !CU_add_test(s, "no sound JSON", test_no_sound_json) ||
	    !CU_add_test(s, "cut off at every byte", test_truncated) ||
	    !CU_add_test(s, "wrong and missing members", test_wrong_members) ||
	    !CU_add_test(s, "edited by hand", test_edited) ||
	    !CU_add_test(s, "a later day's file", test_accepted) ||
	    !CU_add_test(s, "control characters", test_controls) ||
	    !CU_add_test(s, "every member something else", test_every_member) ||
	    !CU_add_test(s, "every byte something else", test_every_byte))
		return CU_get_error();
	return 0;
}
