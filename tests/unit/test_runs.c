/* SPDX-License-Identifier: BSD-2-Clause */
/* Result files as a set: what is read, how files are called, which fault is told. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "bench/runs.h"
#include "runs_sample.h"
#include "scratch.h"

static struct scratch dir;
static char message[1024];

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

/* Load, the line into `message`. */
static int load(struct runs *r, const char *const *paths, size_t n)
{
	FILE *err = fmemopen(message, sizeof(message), "w");
	int code;

	if (!err)
		abort();
	memset(message, 0, sizeof(message));
	code = runs_load(r, paths, n, err);
	fclose(err);
	return code;
}

/* Refused with this code, in one line that names the file and says `what`; nothing is kept. */
static bool refused(const char *const *paths, size_t n, int code, const char *file,
		    const char *what)
{
	struct runs r;
	int got = load(&r, paths, n);
	const char *end = strchr(message, '\n');
	char start[64];
	bool ok;

	snprintf(start, sizeof(start), "vop-bench: %s: ", file);
	ok = got == code && end && !end[1] && strncmp(message, start, strlen(start)) == 0 &&
	     strstr(message, what) && r.n == 0 && !r.file;
	if (!ok)
		printf("\n    got %d: %s", got, message);
	if (!got)
		runs_free(&r);
	return ok;
}

/* --- what is read --- */

static void test_run(void)
{
	static const char *const path[] = {"a.json"};
	struct runs r;
	const struct run_file *f;

	scratch_enter(&dir);
	write_file("a.json", runs_sample);
	CU_ASSERT_EQUAL_FATAL(load(&r, path, 1), 0);
	CU_ASSERT_EQUAL_FATAL(r.n, 1);
	f = r.file;
	CU_ASSERT_STRING_EQUAL(f->path, "a.json");
	CU_ASSERT_STRING_EQUAL(f->label, "a");
	CU_ASSERT_STRING_EQUAL(f->workload, "net");
	CU_ASSERT_STRING_EQUAL(f->target, "vop:");
	CU_ASSERT_STRING_EQUAL(f->started, "2024-05-06T07:08:09Z");
	CU_ASSERT_STRING_EQUAL(f->revision, "0123abc");
	CU_ASSERT_STRING_EQUAL(f->cpu_model, "a CPU");
	CU_ASSERT_STRING_EQUAL(f->kernel, "Linux 1");
	CU_ASSERT_EQUAL(f->duration_s, 1.5);
	CU_ASSERT_STRING_EQUAL(f->command_line,
			       "vop-bench run net --size 64 --target 'vop:/my place' ''");
	CU_ASSERT(json_is_array(json_object_get(json_object_get(f->run, "configuration"), "size")));
	CU_ASSERT_EQUAL(f->results, 2);
	runs_free(&r);
	scratch_leave(&dir);
}

static void test_result(void)
{
	static const char *const path[] = {"a.json"};
	const struct run_result *t;
	const struct run_round *d;
	struct runs r;

	scratch_enter(&dir);
	write_file("a.json", runs_sample);
	CU_ASSERT_EQUAL_FATAL(load(&r, path, 1), 0);
	t = &r.file[0].result[0];
	d = t->round;
	CU_ASSERT(strcmp(t->name, "net.tx") == 0 && strcmp(t->metric, "rate") == 0);
	CU_ASSERT(strcmp(t->unit, "frame/s") == 0 && t->more_is_better);
	CU_ASSERT(strcmp(t->regime, "near") == 0 && t->verified && !t->disturbed);
	CU_ASSERT(t->s.n == 2 && t->s.median == 15 && t->s.min == 10 && t->s.max == 20);
	CU_ASSERT(t->s.q1 == 12.5 && t->s.q3 == 17.5 && t->s.mad == 5 && t->marked == 1);
	CU_ASSERT_STRING_EQUAL(t->limit_name, "line_rate");
	CU_ASSERT(t->limit == 40 && t->limit_ratio == 0.375 && !t->limit_exceeded);
	CU_ASSERT_STRING_EQUAL(t->note, "a sentence");
	CU_ASSERT(t->params == 3 && strcmp(t->param[1].key, "ring") == 0);
	CU_ASSERT_STRING_EQUAL(run_param_text(t, "size"), "64");
	CU_ASSERT_STRING_EQUAL(run_param_text(t, "ring"), "packed");
	CU_ASSERT_STRING_EQUAL(run_param_text(t, "share"), "0.5");
	CU_ASSERT_PTR_NULL(run_param_text(t, "siz"));
	CU_ASSERT_EQUAL(run_param_number(t, "size"), 64);
	CU_ASSERT(isnan(run_param_number(t, "ring")) && isnan(run_param_number(t, "siz")));
	CU_ASSERT_EQUAL_FATAL(t->rounds, 3);
	CU_ASSERT(d[0].pass == 1 && d[0].number == 4 && d[0].at_s == 0.25);
	CU_ASSERT(d[0].value == 10 && d[0].rtt_before_ns == 120 && d[0].rtt_after_ns == 130);
	CU_ASSERT(d[0].limit == 30 && d[0].duration_s == 0.1 && d[0].switches == 3);
	CU_ASSERT(d[2].rtt_before_ns == 0 && d[2].steal_s == 0.0005);
	/* Older files know no passes. */
	CU_ASSERT(d[2].pass == 0 && d[2].number == 2 && d[2].at_s < 0);
	CU_ASSERT(d[0].marks == 0 && run_round_counts(t, &d[0]));
	CU_ASSERT_EQUAL(d[1].marks, ROUND_MARK_REGIME | ROUND_MARK_RTT | RUN_MARK_OTHER);
	CU_ASSERT_FALSE(run_round_counts(t, &d[1]));
	CU_ASSERT_EQUAL(t->hist.count, 0);

	CU_ASSERT_PTR_EQUAL(t[1].param, t[0].param);
	CU_ASSERT(!t[1].more_is_better && !t[1].verified && t[1].disturbed);
	CU_ASSERT(!t[1].limit_name && !t[1].note && t[1].limit == 0);
	CU_ASSERT(t[1].round[0].migrations == 2 && run_round_counts(&t[1], t[1].round));
	CU_ASSERT(t[1].hist.count == 4 && t[1].hist.min == 150 && t[1].hist.max == 201);
	CU_ASSERT_EQUAL_FATAL(t[1].hist.steps, 2);
	CU_ASSERT(t[1].hist.mean == 162.5 && t[1].hist.step[0].ns == 150);
	CU_ASSERT(t[1].hist.step[0].count == 3 && t[1].hist.step[1].count == 1);
	runs_free(&r);
	scratch_leave(&dir);
}

/* A file of the first day the schema had, kept for ever: whoever reads later files reads it, too.
 */
static void test_kept_file(void)
{
	static const char *const path[] = {"tests/data/net-schema1.json"};
	const struct run_file *f;
	const struct run_result *t;
	size_t i, regimes[3] = {0};
	struct runs r;

	CU_ASSERT_EQUAL_FATAL(load(&r, path, 1), 0);
	f = r.file;
	CU_ASSERT_STRING_EQUAL(f->workload, "net");
	CU_ASSERT_STRING_EQUAL(f->started, "2026-11-22T11:29:34Z");
	CU_ASSERT_STRING_EQUAL(f->revision, "d5f4be0");
	CU_ASSERT_EQUAL_FATAL(f->results, 44);
	for (i = 0; i < f->results; i++) {
		regimes[0] += strcmp(f->result[i].regime, "near") == 0;
		regimes[1] += strcmp(f->result[i].regime, "mid") == 0;
		regimes[2] += strcmp(f->result[i].regime, "far") == 0;
	}
	CU_ASSERT(regimes[0] == 12 && regimes[1] == 4 && regimes[2] == 28);
	t = f->result;
	CU_ASSERT_STRING_EQUAL(t->name, "net.tx");
	CU_ASSERT_EQUAL(t->s.median, 11104904.833);
	CU_ASSERT_EQUAL(run_param_number(t, "queue_size"), 256);
	CU_ASSERT_STRING_EQUAL(run_param_text(t, "copies"), "one in, one out");
	CU_ASSERT(t->rounds == 3 && t->round[2].number == 2 && t->round[2].at_s < 0);
	for (i = 0; i < f->results && !f->result[i].hist.count; i++)
		;
	CU_ASSERT_FATAL(i < f->results);
	CU_ASSERT(f->result[i].hist.steps > 10);
	runs_free(&r);
}

/* --- many files --- */

enum { MANY = 60 };

static char many_path[MANY][32];
static const char *many[MANY];

static void make_many(void)
{
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(many_path[i], sizeof(many_path[i]), "%03d.json", i);
		many[i] = many_path[i];
		write_file(many[i], runs_sample);
	}
}

static void test_many(void)
{
	struct runs r;
	size_t i;

	scratch_enter(&dir);
	make_many();
	CU_ASSERT_EQUAL_FATAL(load(&r, many, MANY), 0);
	CU_ASSERT_EQUAL_FATAL(r.n, MANY);
	for (i = 0; i < MANY; i++) {
		CU_ASSERT_STRING_EQUAL(r.file[i].path, many[i]);
		CU_ASSERT(r.file[i].results == 2 && r.file[i].result[1].hist.steps == 2);
		CU_ASSERT(json_is_object(r.file[i].run));
	}
	runs_free(&r);
	CU_ASSERT_EQUAL(load(&r, many, 0), 0);
	CU_ASSERT_EQUAL(r.n, 0);
	runs_free(&r);
	scratch_leave(&dir);
}

/* The first bad one is told, whichever thread was faster. */
static void test_first_fault(void)
{
	int i;

	scratch_enter(&dir);
	make_many();
	write_file(many[1], "{\"schema\": \"vop-bench/9\"}");
	for (i = 2; i < MANY; i++)
		write_file(many[i], i % 2 ? "[]" : "");
	for (i = 0; i < 50; i++)
		CU_ASSERT_FATAL(refused(many, MANY, -EINVAL, "001.json", "newer vop-bench"));
	/* A file named again counts as a fault of where it is named again. */
	make_many();
	many[4] = "./002.json";
	write_file(many[9], "");
	CU_ASSERT(refused(many, MANY, -EINVAL, "./002.json", "the same file as 002.json"));
	write_file(many[3], "");
	CU_ASSERT(refused(many, MANY, -EINVAL, "003.json", "empty"));
	scratch_leave(&dir);
}

static void test_same_file(void)
{
	static const char *const linked[] = {"a.json", "b.json"}, *const twice[] = {"p", "p"},
				 *const three[] = {"c.json", "b.json", "b.json"};

	scratch_enter(&dir);
	write_file("a.json", runs_sample);
	write_file("c.json", runs_sample);
	CU_ASSERT_EQUAL(symlink("a.json", "b.json"), 0);
	CU_ASSERT(
		refused(linked, 2, -EINVAL, "b.json", "is the same file as a.json; name it once"));
	CU_ASSERT(refused(three, 3, -EINVAL, "b.json", "is the same file as b.json; name it once"));
	CU_ASSERT(refused(twice, 2, -ENOENT, "p", "No such file"));
	scratch_leave(&dir);
}

/* Labels of two paths; both are made, with what stands before the last '/' as a directory. */
static bool labels(const char *a, const char *as, const char *b, const char *bs)
{
	const char *path[] = {a, b};
	struct runs r;
	bool ok;

	write_file(a, runs_sample);
	write_file(b, runs_sample);
	if (load(&r, path, 2)) {
		printf("\n    %s", message);
		return false;
	}
	ok = strcmp(r.file[0].label, as) == 0 && strcmp(r.file[1].label, bs) == 0;
	if (!ok)
		printf("\n    %s %s\n", r.file[0].label, r.file[1].label);
	runs_free(&r);
	unlink(a);
	unlink(b);
	return ok;
}

static void test_labels(void)
{
	scratch_enter(&dir);
	CU_ASSERT_EQUAL(mkdir("x", 0700) || mkdir("y", 0700) || mkdir("x/z", 0700) ||
				mkdir("y/z", 0700),
			0);
	CU_ASSERT(labels("a.json", "a", "b.json", "b"));
	CU_ASSERT(labels("x/a.json", "a", "y/b.json", "b"));
	CU_ASSERT(labels("x/a.json", "x/a", "y/a.json", "y/a"));
	CU_ASSERT(labels("x/z/a.json", "x/z/a", "y/z/a.json", "y/z/a"));
	CU_ASSERT(labels("a.json", "a.json", "x/a.json", "x/a"));
	CU_ASSERT(labels("a.json", "a.json", "a", "a"));
	CU_ASSERT(labels("a.json", "a", "./a.json.json", "a.json"));
	CU_ASSERT(labels(".json", ".json", "x/.json", "x/.json"));
	rmdir("x/z");
	rmdir("y/z");
	rmdir("x");
	rmdir("y");
	scratch_leave(&dir);
}

/* --- no files at all --- */

static void test_unreadable(void)
{
	static const char *const a[] = {"a"}, *const here[] = {"."}, *const null[] = {"/dev/null"},
				 *const zero[] = {"/dev/zero"}, *const odd[] = {"a\n\033b"};
	int ignored;

	scratch_enter(&dir);
	CU_ASSERT(refused(a, 1, -ENOENT, "a", "No such file or directory; name files that"));
	CU_ASSERT(refused(odd, 1, -ENOENT, "a?\?b", "No such file"));
	CU_ASSERT(refused(here, 1, -EISDIR, ".", "is a directory"));
	CU_ASSERT(refused(null, 1, -EINVAL, "/dev/null", "is empty"));
	CU_ASSERT(refused(zero, 1, -EFBIG, "/dev/zero", "larger than any result file"));
	write_file("a", "");
	CU_ASSERT(refused(a, 1, -EINVAL, "a", "is empty; was it copied whole?"));
	ignored = truncate("a", (off_t)65 << 20);
	(void)ignored;
	CU_ASSERT(refused(a, 1, -EFBIG, "a", "larger than any result file"));
	CU_ASSERT_EQUAL(chmod("a", 0), 0);
	if (geteuid())
		CU_ASSERT(refused(a, 1, -EACCES, "a", "Permission denied"));
	scratch_leave(&dir);
}

static void test_pipe(void)
{
	char path[32];
	const char *const paths[] = {path};
	struct runs r;
	int fd[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd[0]);
	CU_ASSERT_EQUAL(write(fd[1], runs_sample, strlen(runs_sample)),
			(ssize_t)strlen(runs_sample));
	close(fd[1]);
	CU_ASSERT_EQUAL(load(&r, paths, 1), 0);
	CU_ASSERT_EQUAL(r.file[0].results, 2);
	runs_free(&r);
	close(fd[0]);
}

int suite_runs(void)
{
	CU_pSuite s = CU_add_suite("runs", NULL, NULL);

	if (!s || !CU_add_test(s, "the run", test_run) ||
	    !CU_add_test(s, "a result", test_result) ||
	    !CU_add_test(s, "a file of an earlier day", test_kept_file) ||
	    !CU_add_test(s, "many files", test_many) ||
	    !CU_add_test(s, "the first fault in order", test_first_fault) ||
	    !CU_add_test(s, "a file named twice", test_same_file) ||
	    !CU_add_test(s, "labels are short and unique", test_labels) ||
	    !CU_add_test(s, "what cannot be read", test_unreadable) ||
	    !CU_add_test(s, "a pipe", test_pipe))
		return CU_get_error();
	return 0;
}
