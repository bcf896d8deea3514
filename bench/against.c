/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/against.h"
#include "bench/against_side.h"
#include "bench/cmd.h"
#include "bench/compare_print.h"
#include "bench/coord.h"
#include "bench/enough.h"
#include "bench/result.h"
#include "bench/turns.h"
#include "report/table.h"

enum { SIDE_A, SIDE_B, RUNS };
/* Of each case: so many pairs at least, and until its interval is this part of the margin wide. */
enum { PAIRS_LEAST = 32 };
#define WIDTH 0.5

/*
 * Short rounds: neighbours in time see the same ground. Many passes of one round rather than few of
 * many: what a layout of memory happens to cost is drawn anew for each, and varies more than rounds
 * of one layout do. docs/compare.md shows what these numbers buy.
 */
static const struct {
	const char *name, *word;
} defaults[] = {
	{"passes", "--passes=128"}, /* at most: it ends when no more is needed */
	{"rounds", "--rounds=1"},
	{"duration", "--duration=10ms"},
	{"no-limit", "--no-limit"},
};

struct against {
	const struct against_opts *o;
	const struct against_job *job;
	struct side side[RUNS];
	char build[PATH_MAX]; /* the other program */
	char *extra;	      /* words of --against, cut up */
	char dir[64];	      /* of files that are not kept; "" when they are */
	struct progress progress;
	struct enough *enough; /* NULL: as many rounds as the user said */
};

/* --- what to run --- */

static bool in_table(const struct opt *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

static bool executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* A program, or the checkout it was built in. */
static int find_build(const char *word, char *path, size_t size)
{
	struct stat st;

	if (stat(word, &st))
		return cmd_could_not(
			"--against %s: no such program, checkout or target (vop:PATH); "
			"options start with --",
			word);
	if (!S_ISDIR(st.st_mode)) {
		snprintf(path, size, "%s%s", strchr(word, '/') ? "" : "./", word);
		return executable(path) ? 0
					: cmd_could_not("--against %s: not a program; name the "
							"built one, like build/vop-bench",
							word);
	}
	snprintf(path, size, "%s/build/vop-bench", word);
	return executable(path) ? 0
				: cmd_could_not("--against %s: there is no build/vop-bench in it; "
						"build it first: %s/vop-bench version",
						word, word);
}

/*
 * Of a target that may not be ours only transmit is measured unless more is asked for. Rounds pair
 * when both runs go the same way.
 */
static void same_directions(struct against *g)
{
	if (!in_table(g->job->table, "dir") || opt_given(g->job->table, g->job->args, "dir"))
		return;
	for (unsigned i = 0; i < RUNS; i++)
		side_word(&g->side[i], "--dir=tx");
}

/* The words of --against: where B differs. They land at the end of its command line. */
static int parse_with(struct against *g)
{
	struct side *b = &g->side[SIDE_B];
	char *save = NULL, *word;

	g->extra = strdup(g->o->with);
	if (!g->extra)
		return cmd_could_not("out of memory");
	word = strtok_r(g->extra, " \t", &save);
	if (!word)
		return cmd_could_not("--against needs a target, a build or options; see: vop-bench "
				     "run %s --help",
				     g->job->workload);
	if (strcmp(word, ".") == 0) {
		word = strtok_r(NULL, " \t", &save);
	} else if (word[0] != '-' && strchr(word, ':') &&
		   !strchr(word, '/') == !strstr(word, ":/") && access(word, F_OK)) {
		side_own_word(b, "--target", word);
		same_directions(g);
		word = strtok_r(NULL, " \t", &save);
	} else if (word[0] != '-') {
		int status = find_build(word, g->build, sizeof(g->build));

		if (status)
			return status;
		b->program = g->build;
		word = strtok_r(NULL, " \t", &save);
	}
	for (; word; word = strtok_r(NULL, " \t", &save))
		side_word(b, word);
	return 0;
}

/* Options that are the conductor's own; flags have no value to skip. */
static bool conducts(const char *name, size_t len)
{
	static const char *const own[] = {"against", "gate",	"verdict", "junit",
					  "json",    "no-save", "quiet"};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(own); i++)
		if (strlen(own[i]) == len && memcmp(own[i], name, len) == 0)
			return true;
	return false;
}

static bool is_flag(const struct opt *table, const char *name, size_t len)
{
	for (; table->name; table++)
		if (strlen(table->name) == len && memcmp(table->name, name, len) == 0)
			return table->kind == OPT_FLAG;
	return false;
}

/* What the user typed, without what is ours. The parser has accepted it. */
static void copy_words(struct side *s, const struct against_job *job)
{
	for (int i = 1; i < job->argc; i++) {
		const char *name = job->argv[i] + 2, *eq = strchr(name, '=');
		size_t len = eq ? (size_t)(eq - name) : strlen(name);
		bool ours = conducts(name, len), two = !eq && !is_flag(job->table, name, len);

		if (!ours)
			side_word(s, job->argv[i]);
		if (two && ++i < job->argc && !ours)
			side_word(s, job->argv[i]);
	}
}

static void make_words(struct against *g, struct side *s, unsigned index)
{
	side_word(s, "vop-bench");
	side_word(s, "run");
	side_word(s, g->job->workload);
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(defaults); i++)
		if (in_table(g->job->table, defaults[i].name) &&
		    !opt_given(g->job->table, g->job->args, defaults[i].name))
			side_word(s, defaults[i].word);
	side_word(s, "--quiet");
	copy_words(s, g->job);
	side_own_word(s, "--json", s->file);
	snprintf(s->turns, sizeof(s->turns), "%c:%s", index == SIDE_A ? 'a' : 'b',
		 g->side[SIDE_A].turns + 2);
	side_own_word(s, "--turns", s->turns);
}

/* Where the two results go: kept beside one another, or away. */
static int make_places(struct against *g)
{
	const char *json = g->job->json, *tmp = getenv("TMPDIR");
	size_t len = json ? strlen(json) : 0;
	char base[PATH_MAX - 16], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	if (!json && !g->job->save) {
		snprintf(g->dir, sizeof(g->dir), "%.40s/vop-bench-XXXXXX",
			 tmp && tmp[0] == '/' && strlen(tmp) < 40 ? tmp : "/tmp");
		if (!mkdtemp(g->dir)) {
			g->dir[0] = '\0';
			return cmd_could_not("cannot make a directory for the two results: %s",
					     strerror(errno));
		}
		snprintf(base, sizeof(base), "%s/run", g->dir);
	} else if (json) {
		if (len > 5 && strcmp(json + len - 5, ".json") == 0)
			len -= 5;
		snprintf(base, sizeof(base), "%.*s", (int)len, json);
	} else {
		if (!gmtime_r(&now, &tm) || (mkdir("results", 0777) && errno != EEXIST))
			return cmd_could_not("cannot make the directory results: %s; name a place "
					     "with --json FILE, or none with --no-save",
					     strerror(errno));
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
		snprintf(base, sizeof(base), "results/%s-%s", g->job->workload, stamp);
	}
	for (unsigned i = 0; i < RUNS; i++) {
		snprintf(g->side[i].file, sizeof(g->side[i].file), "%s-%c.json", base, 'a' + i);
		if (result_check_place(g->side[i].file, stderr))
			return CMD_COULD_NOT;
	}
	return 0;
}

static void make_id(struct against *g)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		id = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	snprintf(g->side[SIDE_A].turns, sizeof(g->side[SIDE_A].turns), "a:%016llx",
		 (unsigned long long)id);
}

/* --- running --- */

/* What the pair just measured adds to what is known of its case. */
static void note_pair(struct against *g)
{
	const struct turns_question *a = &g->side[SIDE_A].q, *b = &g->side[SIDE_B].q;
	double far = fmax(a->rtt_ns, b->rtt_ns), near = fmin(a->rtt_ns, b->rtt_ns);

	if (g->enough && a->last && b->last && a->fit && b->fit && a->value > 0 && b->value > 0 &&
	    far <= COMPARE_RTT_ALIKE * near)
		enough_add(g->enough, a->last, b->value / a->value, (far + near) / 2);
}

static void show(struct against *g, unsigned round)
{
	unsigned cases = 0, done = 0;

	if (g->enough)
		enough_sum(g->enough, &cases, &done);
	progress_update(&g->progress, done, cases,
			g->enough ? "A and B in turn, %u rounds; cases measured well enough: %u of "
				    "%u"
				  : "A and B in turn, %u rounds",
			round, done, cases);
}

/*
 * A B B A: what drifts along falls on both alike, case by case. All is over when every case of two
 * rounds of questions is known well enough.
 */
static void take_turns(struct against *g)
{
	struct side *a = &g->side[SIDE_A], *b = &g->side[SIDE_B];
	unsigned round = 0, cases, done;

	while (a->fd >= 0 || b->fd >= 0) {
		uint32_t which = a->q.next;
		char said = TURNS_GO;
		bool turned;

		if (g->enough) {
			enough_sum(g->enough, &cases, &done);
			if (enough_of(g->enough, which))
				said = done == cases ? TURNS_OVER : TURNS_SKIP;
		}
		turned = g->enough && said == TURNS_GO ? enough_count(g->enough, which) & 1
						       : round & 1;
		side_answer(turned ? b : a, said);
		side_answer(turned ? a : b, said);
		if (said == TURNS_GO) {
			note_pair(g);
			show(g, ++round);
		}
		/* One that failed leaves nothing to compare the other with. */
		if ((a->fd < 0 && a->status) || (b->fd < 0 && b->status))
			break;
	}
}

static int run_both(struct against *g)
{
	int e = side_start(&g->side[SIDE_A]);

	/* One after the other: what comes before the first round is not to be disturbed either. */
	if (!e && side_question(&g->side[SIDE_A])) {
		e = side_start(&g->side[SIDE_B]);
		if (!e && side_question(&g->side[SIDE_B]))
			take_turns(g);
	}
	for (unsigned i = 0; i < RUNS; i++)
		side_end(&g->side[i]);
	return e;
}

/* --- afterwards --- */

/* One line on who failed and how. 0: both are well. */
static int judge(struct against *g)
{
	for (unsigned i = 0; i < RUNS; i++) {
		struct side *s = &g->side[i];
		int status = WIFEXITED(s->status) ? WEXITSTATUS(s->status) : CMD_FAILED;
		char words[512];

		if (s->status == 0 || !s->said)
			continue;
		side_last_words(s, words, sizeof(words));
		if (coord_interrupted())
			return cmd_could_not("interrupted");
		/* The other was ended because of this one, or is still to be blamed itself. */
		if (WIFSIGNALED(s->status) && WTERMSIG(s->status) == SIGTERM)
			continue;
		if (i == SIDE_B && strstr(words, "unknown option"))
			return cmd_could_not("%s cannot be run in turn with this build (%s): it is "
					     "too old, or the option is wrong",
					     s->what, words);
		fprintf(stderr, "vop-bench: the run of %s failed: %s\n", s->what,
			words[0] ? words : "it said nothing");
		return status == CMD_COULD_NOT || status > 2 ? CMD_COULD_NOT : CMD_FAILED;
	}
	return 0;
}

static int compare_both(struct against *g)
{
	const char *a = g->side[SIDE_A].file, *b = g->side[SIDE_B].file;
	struct compare_options o = compare_defaults;
	struct compare_output out = {.json = g->o->verdict,
				     .junit = g->o->junit,
				     .old_name = g->side[SIDE_A].what,
				     .new_name = g->side[SIDE_B].what};

	o.gate = g->o->gate >= 0 ? g->o->gate / 100 : -1;
	o.ignore_differing = true;
	return compare_files(&a, 1, &b, 1, &o, &out);
}

static void clean_up(struct against *g)
{
	for (unsigned i = 0; i < RUNS; i++) {
		if (g->side[i].said)
			fclose(g->side[i].said);
		if (g->dir[0])
			unlink(g->side[i].file);
	}
	if (g->dir[0])
		rmdir(g->dir);
	enough_free(g->enough);
	free(g->extra);
	free(g);
}

static int prepare(struct against *g)
{
	int status = make_places(g);

	if (status)
		return status;
	for (unsigned i = 0; i < RUNS; i++) {
		g->side[i].program = "/proc/self/exe";
		g->side[i].fd = -1;
		make_words(g, &g->side[i], i);
	}
	/* Passes that the user chose are passes that the user gets. */
	if (in_table(g->job->table, "passes") &&
	    !opt_given(g->job->table, g->job->args, "passes")) {
		g->enough = enough_new(compare_defaults.margin * WIDTH, PAIRS_LEAST);
		if (!g->enough)
			return cmd_could_not("out of memory");
	}
	g->side[SIDE_A].what = "A";
	g->side[SIDE_B].what = "B";
	return parse_with(g);
}

int against_run(const struct against_opts *o, const struct against_job *job)
{
	struct against *g = calloc(1, sizeof(*g));
	int status, e;

	if (!g)
		return cmd_could_not("out of memory");
	g->o = o;
	g->job = job;
	make_id(g);
	status = prepare(g);
	if (!status) {
		coord_catch_signals();
		if (!job->quiet)
			progress_begin(&g->progress, stderr);
		e = run_both(g);
		progress_end(&g->progress);
		status =
			e ? cmd_could_not("cannot start the two runs: %s", strerror(-e)) : judge(g);
	}
	if (!status) {
		printf("A: %s\nB: %s, with %s\n", "as given", "the same", o->with);
		status = compare_both(g);
		if (!g->dir[0])
			printf("results: %s %s\n", g->side[SIDE_A].file, g->side[SIDE_B].file);
	}
	clean_up(g);
	return status;
}
