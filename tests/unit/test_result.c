/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "bench/result.h"

static char home[4096], place[64], message[1024];

/* Each test runs in a directory of its own and leaves nothing behind. */
static void enter(void)
{
	snprintf(place, sizeof(place), "/tmp/vop-test-result-XXXXXX");
	if (!getcwd(home, sizeof(home)) || !mkdtemp(place) || chdir(place))
		abort();
}

/* Files in a directory, hidden ones too: a forgotten temporary file counts. */
static int files_in(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	while (d && (e = readdir(d)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	if (d)
		closedir(d);
	return n;
}

static void clear(const char *dir)
{
	char path[512];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static void leave(void)
{
	clear("results");
	if (chdir(home))
		abort();
	clear(place);
}

static struct env env = {.time_utc = "2024-05-06T07:08:09Z", .cpus_usable = 2, .huge_total = -1};

static struct result *new_result(void)
{
	static char *argv[] = {(char *)"vop-bench", (char *)"run", (char *)"b\xff\xff"};
	static uint64_t duration = 100000000;
	static struct opt_sizes sizes = {2, {64, 1518}};
	static const struct opt opts[] = {
		{.name = "duration", .kind = OPT_DURATION, .to = &duration, .help = "x"},
		{.name = "size", .kind = OPT_SIZES, .to = &sizes, .help = "y"},
		/* Between processes of ours: no part of a configuration. */
		{.name = "hidden", .kind = OPT_DURATION, .to = &duration},
		{.name = NULL},
	};
	struct result_config cfg = {.workload = "net",
				    .argc = 3,
				    .argv = argv,
				    .target = "vop:",
				    .opts = opts,
				    .env = &env};
	struct result *r = result_new(&cfg);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	return r;
}

static struct round a_round(double value, double rtt)
{
	return (struct round){
		.value = value, .rtt_before_ns = rtt, .rtt_after_ns = rtt, .duration_s = 0.1};
}

static double number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

static const char *word(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void test_run_object(void)
{
	struct result *r = new_result();
	const json_t *run = json_object_get(result_json(r), "run"), *c, *e;

	c = json_object_get(run, "configuration");
	e = json_object_get(run, "environment");
	CU_ASSERT_STRING_EQUAL(word(result_json(r), "schema"), "vop-bench/1");
	CU_ASSERT_STRING_EQUAL(word(run, "started"), "2024-05-06T07:08:09Z");
	CU_ASSERT_STRING_EQUAL(word(run, "target"), "vop:");
	CU_ASSERT_EQUAL(number(c, "duration_ns"), 100000000);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(c, "size")), 2);
	CU_ASSERT_PTR_NULL(json_object_get(c, "hidden_ns"));
	CU_ASSERT_EQUAL(number(e, "cpus_usable"), 2);
	CU_ASSERT(json_is_null(json_object_get(e, "huge_pages_total")));
	CU_ASSERT(json_is_null(json_object_get(e, "virtualised")));
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_array_get(json_object_get(run, "command_line"), 2)),
		"b\?\?");
	CU_ASSERT_EQUAL(result_run_fact(r, "resident", json_integer(7)), 0);
	CU_ASSERT_EQUAL(number(run, "resident"), 7);
	result_free(r);
}

/* Rounds of two regimes become two results, each held against its own limit. */
static void test_regimes_apart(void)
{
	double slices[] = {49, 51};
	struct round rounds[] = {a_round(50, 130), a_round(14, 540), a_round(60, 130)};
	struct result_param params[] = {{"size", NULL, 64}, {"ring", "packed", 0}, {0}};
	struct result_entry e = {.name = "net.tx",
				 .metric = METRIC_RATE,
				 .params = params,
				 .rounds = rounds,
				 .rounds_n = 3,
				 .limit_name = "line_rate"};
	struct result *r = new_result();
	const json_t *all = json_object_get(result_json(r), "results"), *near, *far, *round;

	e.limit[REGIME_NEAR] = 100;
	rounds[0].slices = slices;
	rounds[0].slices_n = 2;
	rounds[2].migrations = 1;
	CU_ASSERT_EQUAL_FATAL(result_add(r, &e), 0);
	CU_ASSERT_EQUAL_FATAL(json_array_size(all), 2);
	near = json_array_get(all, 0);
	far = json_array_get(all, 1);
	CU_ASSERT_STRING_EQUAL(word(near, "metric"), "rate");
	CU_ASSERT_STRING_EQUAL(word(near, "unit"), "frame/s");
	CU_ASSERT_STRING_EQUAL(word(near, "regime"), "near");
	CU_ASSERT_EQUAL(number(near, "median"), 50);
	CU_ASSERT_EQUAL(number(near, "limit_ratio"), 0.5);
	CU_ASSERT_EQUAL(number(near, "rounds_marked"), 1);
	CU_ASSERT_EQUAL(number(json_object_get(near, "params"), "size"), 64);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(near, "rounds")), 2);
	round = json_array_get(json_object_get(near, "rounds"), 0);
	CU_ASSERT_EQUAL(number(round, "rtt_before_ns"), 130);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(round, "slices")), 2);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(round, "marked")), 0);
	round = json_array_get(json_object_get(near, "rounds"), 1);
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_array_get(json_object_get(round, "marked"), 0)), "migrated");
	CU_ASSERT_STRING_EQUAL(word(far, "regime"), "far");
	CU_ASSERT(json_is_null(json_object_get(far, "limit")));
	CU_ASSERT(json_is_null(json_object_get(far, "limit_ratio")));
	CU_ASSERT_FALSE(result_limit_exceeded(r));
	result_free(r);
}

/* Add one round of a metric against a limit; was it flagged, and does the table say so? */
static bool flagged(enum result_metric m, double value, double limit)
{
	struct round round = a_round(value, 130);
	struct result_entry e = {
		.name = "x", .metric = m, .rounds = &round, .rounds_n = 1, .limit_name = "l"};
	struct result *r = new_result();
	char text[2048] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");
	bool yes;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	round.limit = limit;
	CU_ASSERT_EQUAL(result_add(r, &e), 0);
	yes = json_is_true(json_object_get(
		json_array_get(json_object_get(result_json(r), "results"), 0), "limit_exceeded"));
	CU_ASSERT_EQUAL(result_limit_exceeded(r), yes);
	result_print(r, f);
	fclose(f);
	CU_ASSERT_EQUAL(strstr(text, "ERROR") != NULL, yes);
	result_free(r);
	return yes;
}

static void test_beyond_the_limit(void)
{
	CU_ASSERT_FALSE(flagged(METRIC_RATE, 99, 100));
	CU_ASSERT_FALSE(flagged(METRIC_RATE, 100.9, 100));
	CU_ASSERT_TRUE(flagged(METRIC_RATE, 101.1, 100));
	CU_ASSERT_FALSE(flagged(METRIC_LATENCY_P50, 300, 130));
	CU_ASSERT_FALSE(flagged(METRIC_LATENCY_P50, 129, 130));
	CU_ASSERT_TRUE(flagged(METRIC_LATENCY_P50, 120, 130));
	CU_ASSERT_FALSE(flagged(METRIC_RATE, 100, 0));
}

static void test_histogram(void)
{
	struct hist *h = malloc(sizeof(*h));
	struct round round = a_round(150, 130);
	struct result_entry e = {.name = "net.rtt",
				 .metric = METRIC_LATENCY_P50,
				 .rounds = &round,
				 .rounds_n = 1,
				 .unverified = true};
	struct result *r = new_result();
	const json_t *entry, *j, *values;

	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	hist_init(h);
	hist_record_n(h, 150, 3);
	hist_record(h, 200);
	e.hist[REGIME_NEAR] = h;
	CU_ASSERT_EQUAL_FATAL(result_add(r, &e), 0);
	entry = json_array_get(json_object_get(result_json(r), "results"), 0);
	j = json_object_get(entry, "histogram");
	values = json_object_get(j, "values");
	CU_ASSERT(json_is_false(json_object_get(entry, "verified")));
	CU_ASSERT(number(j, "count") == 4 && number(j, "p50") == 150 && number(j, "max") == 200);
	CU_ASSERT_EQUAL(json_array_size(values), 2);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_array_get(values, 0), 1)), 3);
	CU_ASSERT_PTR_NULL(json_object_get(entry, "limit"));
	result_free(r);
	free(h);
}

static void test_nonsense_is_refused(void)
{
	struct round round = a_round(NAN, 130);
	struct result_entry e = {
		.name = "x", .metric = METRIC_RATE, .rounds = &round, .rounds_n = 1};
	struct result *r = new_result();

	CU_ASSERT_EQUAL(result_add(r, &e), -EINVAL);
	round.value = 1;
	e.rounds_n = 0;
	CU_ASSERT_EQUAL(result_add(r, &e), -EINVAL);
	e.rounds_n = 1;
	e.limit[0] = INFINITY;
	CU_ASSERT_EQUAL(result_add(r, &e), -EINVAL);
	e.limit[0] = 0;
	e.name = "";
	CU_ASSERT_EQUAL(result_add(r, &e), -EINVAL);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(result_json(r), "results")), 0);
	result_free(r);
}

/* Write, and return the code; the line lands in `message`. */
static int write_to(struct result *r, const char *path, char *written, size_t size)
{
	FILE *err = fmemopen(message, sizeof(message), "w");
	int code;

	if (!err)
		abort();
	memset(message, 0, sizeof(message));
	code = result_write(r, path, written, size, err);
	fclose(err);
	return code;
}

static void test_write(void)
{
	struct result *r = new_result();
	char a[128], b[128], c[128];
	struct stat st;
	json_t *back;

	enter();
	CU_ASSERT_EQUAL(write_to(r, NULL, a, sizeof(a)), 0);
	CU_ASSERT_EQUAL(write_to(r, NULL, b, sizeof(b)), 0);
	CU_ASSERT_EQUAL(write_to(r, NULL, c, sizeof(c)), 0);
	CU_ASSERT(strcmp(a, b) && strcmp(b, c) && strcmp(a, c));
	CU_ASSERT_EQUAL(strncmp(a, "results/net-", 12), 0);
	CU_ASSERT_EQUAL(files_in("results"), 3);
	back = json_load_file(a, 0, NULL);
	CU_ASSERT(back != NULL && strcmp(word(back, "schema"), RESULT_SCHEMA) == 0);
	json_decref(back);
	/* A named file is replaced, a link to it followed, and a device not replaced. */
	CU_ASSERT_EQUAL(write_to(r, "mine.json", NULL, 0), 0);
	CU_ASSERT_EQUAL(symlink("mine.json", "link.json"), 0);
	CU_ASSERT_EQUAL(write_to(r, "link.json", NULL, 0), 0);
	CU_ASSERT(lstat("link.json", &st) == 0 && S_ISLNK(st.st_mode));
	CU_ASSERT_EQUAL(write_to(r, "/dev/null", NULL, 0), 0);
	CU_ASSERT(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
	CU_ASSERT_EQUAL(files_in("."), 3);
	leave();
	result_free(r);
}

static bool refused(struct result *r, const char *path, int code)
{
	bool ok = write_to(r, path, NULL, 0) == code;
	const char *end = strchr(message, '\n');

	return ok && strstr(message, path) && strstr(message, strerror(-code)) && end &&
	       end[1] == '\0';
}

static void test_write_fails(void)
{
	struct result *r = new_result();
	struct rlimit old, small;
	void (*handler)(int);
	json_t *back;

	enter();
	CU_ASSERT(refused(r, "nowhere/x.json", -ENOENT));
	CU_ASSERT(refused(r, ".", -EISDIR));
	CU_ASSERT(refused(r, "/dev/full", -ENOSPC));
	CU_ASSERT_EQUAL(files_in("."), 0);
	/* A file that may not grow stands for the full disk: what was there before stays whole. */
	CU_ASSERT_EQUAL(write_to(r, "old.json", NULL, 0), 0);
	handler = signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &small);
	CU_ASSERT(refused(r, "old.json", -EFBIG));
	CU_ASSERT(refused(r, "new.json", -EFBIG));
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, handler);
	CU_ASSERT_EQUAL(files_in("."), 1);
	back = json_load_file("old.json", 0, NULL);
	CU_ASSERT_PTR_NOT_NULL(back);
	json_decref(back);
	leave();
	result_free(r);
}

/* A document from anywhere must not upset the printer. */
static void test_print_strange(void)
{
	static const char *const docs[] = {
		"{}",
		"{\"results\":{}}",
		"{\"results\":[1,null,{}]}",
		("{\"results\":[{\"name\":1,\"params\":[2],\"median\":\"x\",\"rounds\":[3],"
		 "\"limit_ratio\":null}]}"),
	};
	char text[2048];
	size_t i;

	for (i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
		json_t *doc = json_loads(docs[i], 0, NULL);
		FILE *f = fmemopen(text, sizeof(text), "w");

		CU_ASSERT_FATAL(doc != NULL && f != NULL);
		result_print_json(doc, f);
		fclose(f);
		CU_ASSERT(strlen(text) > 0);
		json_decref(doc);
	}
}

int suite_result(void)
{
	CU_pSuite s = CU_add_suite("result", NULL, NULL);

	if (!s || !CU_add_test(s, "the run object", test_run_object) ||
	    !CU_add_test(s, "regimes stay apart", test_regimes_apart) ||
	    !CU_add_test(s, "beyond the limit is an error", test_beyond_the_limit) ||
	    !CU_add_test(s, "histogram", test_histogram) ||
	    !CU_add_test(s, "nonsense is refused", test_nonsense_is_refused) ||
	    !CU_add_test(s, "files are new or replaced", test_write) ||
	    !CU_add_test(s, "a failed write leaves nothing", test_write_fails) ||
	    !CU_add_test(s, "strange documents print", test_print_strange))
		return CU_get_error();
	return 0;
}
