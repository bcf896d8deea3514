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
#include "bench/against_words.h"
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
#define WIDTH 0.7

struct against {
	const struct against_opts *o;
	const struct against_job *job;
	struct side side[RUNS];
	struct against_with with;
	bool temporary; /* the results are not kept */
	struct compare_output out;
	struct progress progress;
	struct enough *enough;
	bool stops; /* when enough is known; else after as many rounds as the user said */
	bool apart; /* the two do not measure the same */
};

/* --- places --- */

/* results/WORKLOAD-YYYYmmdd-HHMMSS[-n], the first n that is free for both. */
static int default_place(const struct against *g, char *base, size_t size)
{
	char stamp[32], more[16] = "", a[PATH_MAX], b[PATH_MAX];
	time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm) || (mkdir("results", 0777) && errno != EEXIST))
		return cmd_could_not("cannot make the directory results: %s; name a place "
				     "with --json FILE, or none with --no-save",
				     strerror(errno));
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	for (unsigned n = 2; n < 1000; n++) {
		snprintf(base, size, "results/%s-%s%s", g->job->workload, stamp, more);
		snprintf(a, sizeof(a), "%.500s-a.json", base);
		snprintf(b, sizeof(b), "%.500s-b.json", base);
		if (access(a, F_OK) && access(b, F_OK))
			break;
		snprintf(more, sizeof(more), "-%u", n);
	}
	return 0;
}

/* --json NAME[.json] stands for two files. */
static int named_place(const char *json, char *base, size_t size)
{
	size_t len = strlen(json);
	struct stat st;

	if (strcmp(json, "-") == 0 || (stat(json, &st) == 0 && !S_ISREG(st.st_mode)))
		return cmd_could_not("--json %s: with --against two files are written, NAME-a.json "
				     "and NAME-b.json; name a file",
				     json);
	if (len >= size)
		return cmd_could_not("--json: the name is too long");
	if (len > 5 && strcmp(json + len - 5, ".json") == 0)
		len -= 5;
	snprintf(base, size, "%.*s", (int)len, json);
	return 0;
}

/*
 * A name nobody can guess, and nothing there yet: the runs write at their end, so that a conductor
 * that is killed leaves nothing.
 */
static void temporary_place(struct against *g, char *base, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(base, size, "%.400s/vop-bench-%s", tmp && tmp[0] == '/' ? tmp : "/tmp",
		 g->side[SIDE_A].turns + 2);
	g->temporary = true;
}

/* Where the two results go: kept beside one another, or away. And what is written about both. */
static int make_places(struct against *g)
{
	char base[PATH_MAX - 16];
	int status = 0;

	if (g->job->json)
		status = named_place(g->job->json, base, sizeof(base));
	else if (g->job->save)
		status = default_place(g, base, sizeof(base));
	else
		temporary_place(g, base, sizeof(base));
	for (unsigned i = 0; i < RUNS && !status; i++) {
		snprintf(g->side[i].file, sizeof(g->side[i].file), "%s-%c.json", base, 'a' + i);
		status = result_check_place(g->side[i].file, stderr) ? CMD_COULD_NOT : 0;
	}
	return status;
}

static void make_id(struct against *g)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		id = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	for (unsigned i = 0; i < RUNS; i++)
		snprintf(g->side[i].turns, sizeof(g->side[i].turns), "%c:%016llx", 'a' + i,
			 (unsigned long long)id);
}

/* --- running --- */

/* What the pair just measured adds to what is known of its case. */
static void note_pair(struct against *g)
{
	const struct turns_question *a = &g->side[SIDE_A].q, *b = &g->side[SIDE_B].q;
	double far = fmax(a->rtt_ns, b->rtt_ns), near = fmin(a->rtt_ns, b->rtt_ns);

	if (a->last && b->last && a->fit && b->fit && a->value > 0 && b->value > 0 &&
	    far <= COMPARE_RTT_ALIKE * near)
		enough_add(g->enough, a->last, b->value / a->value, (far + near) / 2);
}

static void show(struct against *g, unsigned round)
{
	unsigned cases = 0, done = 0;

	enough_sum(g->enough, &cases, &done);
	if (!g->stops)
		done = 0;
	progress_update(&g->progress, done, g->stops ? cases : 0,
			g->stops ? "A and B in turn, %u rounds; cases measured well enough: %u of "
				   "%u"
				 : "A and B in turn, %u rounds",
			round, done, cases);
}

/* Nothing of it can be compared any more. */
static bool lost(const struct side *s)
{
	return s->fd < 0 && (s->status || s->put_down);
}

/* All is over when every case is known well enough; which there are, the first pass has shown. */
static enum turns_answer choose(const struct against *g)
{
	const struct side *a = &g->side[SIDE_A], *b = &g->side[SIDE_B];
	unsigned cases, done;

	if (a->fd < 0 || b->fd < 0)
		return TURNS_OVER; /* nobody is left to take turns with */
	if (!g->stops || !enough_of(g->enough, a->q.next))
		return TURNS_GO;
	enough_sum(g->enough, &cases, &done);
	return done == cases && a->q.pass && b->q.pass ? TURNS_OVER : TURNS_SKIP;
}

/* A B B A: what drifts along falls on both alike, case by case. */
static void take_turns(struct against *g)
{
	struct side *a = &g->side[SIDE_A], *b = &g->side[SIDE_B];
	unsigned round = 0;

	while (a->fd >= 0 || b->fd >= 0) {
		enum turns_answer said = choose(g);
		bool turned = said == TURNS_GO && enough_count(g->enough, a->q.next) & 1;

		g->apart = a->fd >= 0 && b->fd >= 0 && a->q.pass != b->q.pass;
		if (g->apart)
			break;
		/* One that failed leaves nothing to compare the other with. */
		side_answer(turned ? b : a, (char)said);
		if (lost(turned ? b : a))
			break;
		side_answer(turned ? a : b, (char)said);
		if (lost(turned ? a : b))
			break;
		if (said == TURNS_GO) {
			note_pair(g);
			show(g, ++round);
		}
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

static int say_failed(const struct side *s, bool second)
{
	int status = WIFEXITED(s->status) ? WEXITSTATUS(s->status) : CMD_FAILED;
	char words[512];

	side_last_words(s, words, sizeof(words));
	if (second && strstr(words, "unknown option"))
		return cmd_could_not("B cannot be run in turn with this build (%s): it is too old, "
				     "or the option is wrong",
				     words);
	fprintf(stderr, "vop-bench: the run of %s failed: %s\n", s->what, words);
	return status == CMD_FAILED ? CMD_FAILED : CMD_COULD_NOT;
}

/* One line on who failed and how. 0: both are well. */
static int judge(const struct against *g)
{
	if (coord_interrupted())
		return cmd_could_not("interrupted");
	/* Who ended by himself comes before whom that put an end to. */
	for (unsigned i = 0; i < RUNS; i++)
		if (side_failed(&g->side[i]))
			return say_failed(&g->side[i], i == SIDE_B);
	for (unsigned i = 0; i < RUNS; i++) {
		const struct side *s = &g->side[i];

		if (s->late)
			return cmd_could_not("the run of %s kept its turn for more than %.3g s and "
					     "was ended; --patience gives it longer",
					     s->what, (double)s->patience_ns / 1e9);
		if (s->foreign)
			return cmd_could_not("%s takes turns in another way than this build; "
					     "compare builds of about the same age, or run both "
					     "apart",
					     s->what);
		if (s->said && !s->asked)
			return cmd_could_not("%s ended without taking a turn: it is no vop-bench "
					     "that can, or was not asked to measure",
					     s->what);
	}
	if (g->apart)
		return cmd_could_not("A and B do not measure the same cases, so they cannot take "
				     "turns: give --size and --dir to both alike");
	return 0;
}

static int compare_both(const struct against *g)
{
	const char *a = g->side[SIDE_A].file, *b = g->side[SIDE_B].file;
	struct compare_options o = compare_defaults;

	o.gate = g->o->gate >= 0 ? g->o->gate / 100 : -1;
	o.ignore_differing = true;
	return compare_files(&a, 1, &b, 1, &o, &g->out);
}

static void clean_up(struct against *g)
{
	for (unsigned i = 0; i < RUNS; i++) {
		if (g->side[i].said)
			fclose(g->side[i].said);
		if (g->temporary)
			unlink(g->side[i].file);
	}
	enough_free(g->enough);
	against_with_free(&g->with);
	free(g);
}

static int prepare(struct against *g)
{
	int status = against_with_parse(&g->with, g->o->with, g->job);

	g->out = (struct compare_output){.json = g->o->verdict,
					 .junit = g->o->junit,
					 .old_name = g->side[SIDE_A].what,
					 .new_name = g->side[SIDE_B].what};
	status = status ? status : compare_check_places(&g->out);
	status = status ? status : make_places(g);
	if (status)
		return status;
	for (unsigned i = 0; i < RUNS; i++) {
		struct side *s = &g->side[i];

		s->program = i == SIDE_B && g->with.build[0] ? g->with.build : "/proc/self/exe";
		s->patience_ns = g->o->patience;
		against_words(s, g->job, &g->with, i == SIDE_B);
		if (s->words_lost)
			return cmd_could_not("too many words for two runs");
	}
	/* Passes that the user chose are passes that the user gets. */
	g->stops = against_knows(g->job, "passes") &&
		   !opt_given(g->job->table, g->job->args, "passes");
	g->enough = enough_new(compare_defaults.margin * WIDTH, PAIRS_LEAST);
	return g->enough ? 0 : cmd_could_not("out of memory");
}

int against_run(const struct against_opts *o, const struct against_job *job)
{
	static const char *const names[RUNS] = {"A", "B"};
	struct against *g = calloc(1, sizeof(*g));
	int status, e;

	if (!g)
		return cmd_could_not("out of memory");
	g->o = o;
	g->job = job;
	for (unsigned i = 0; i < RUNS; i++) {
		g->side[i].what = names[i];
		g->side[i].fd = g->side[i].pidfd = -1;
	}
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
		side_pass_on(&g->side[SIDE_A], stderr);
		printf("A: %s\nB: %s, with %s\n", "as given", "the same", o->with);
		status = compare_both(g);
		if (!g->temporary)
			printf("results: %s %s\n", g->side[SIDE_A].file, g->side[SIDE_B].file);
	}
	clean_up(g);
	return status;
}
