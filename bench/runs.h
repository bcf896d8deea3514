/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Result files (docs/results.md), read and checked: what compare, plot, report and export work on.
 *
 * A file is read once, checked, turned into these plain structures, and its JSON dropped but for
 * the "run" object; a thousand files stay small. What a file says is not believed: a wrong type, a
 * number that is not finite, a median its own rounds do not give are refused with one line that
 * names the place. Fields and words of a later day are let pass.
 *
 * Everything belongs to the set: pointers live until runs_free(). Reading uses threads of its own;
 * a loaded set is only read, by any number of threads.
 */
#ifndef BENCH_RUNS_H
#define BENCH_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>

#include "bench/stats.h"

/* One round. What the file does not know (null, or absent) is 0. */
struct run_round {
	double value;			    /* in the result's unit */
	double rtt_before_ns, rtt_after_ns; /* 0: not probed */
	double limit;			    /* around this very round; 0: none */
	double duration_s, steal_s;
	double at_s; /* since the run started; negative: unknown (older files) */
	uint64_t migrations, switches;
	uint32_t marks;	 /* enum round_mark; RUN_MARK_OTHER: a mark this program does not know */
	uint32_t pass;	 /* pass it belongs to, from 0: processes are started anew for each */
	uint32_t number; /* within pass and case, from 0; pairs rounds of two runs taken in turn */
};
#define RUN_MARK_OTHER (1u << 31)

/* One parameter. Numbers have text too ("64"), so that text alone tells two values apart. */
struct run_param {
	const char *key, *text;
	bool is_number;
	double number;
};

/* A step of a latency distribution. */
struct run_step {
	double ns;
	uint64_t count;
};

struct run_hist {
	uint64_t count; /* 0: the result has no distribution */
	double min, max, mean;
	size_t steps;
	const struct run_step *step; /* ascending */
};

/* One figure in one regime. Strings are never NULL unless said so. */
struct run_result {
	const char *name, *metric, *unit;
	bool more_is_better;
	const char *regime;
	size_t params;
	const struct run_param *param; /* in the file's order */
	struct stats s;		       /* as the file says; s.n: rounds that counted */
	unsigned marked;	       /* rounds of this regime that are marked */
	bool disturbed;		       /* only marked rounds were seen, they were summarised */
	bool verified;
	const char *note;	   /* NULL: none */
	const char *limit_name;	   /* NULL: the figure has no limit */
	double limit, limit_ratio; /* 0: none was seen */
	bool limit_exceeded;
	size_t rounds;
	const struct run_round *round;
	struct run_hist hist;
};

struct run_file {
	const char *path;
	const char *label; /* for legends: unique within the set, as short as that allows */
	const char *workload, *target, *started, *revision, *cpu_model, *kernel; /* "" unknown */
	const char *command_line; /* "vop-bench run net --size 64", quoted as a shell wants it */
	double duration_s;
	json_t *run; /* the whole "run" object, borrowed */
	size_t results;
	const struct run_result *result;
};

struct runs {
	size_t n;
	struct run_file *file;
	void *own; /* private */
};

/*
 * Read files paths[0..n), in that order. 0; negative errno after one line on err that names the
 * file, the place in it and what to do (the first bad file in the order given; nothing is kept).
 */
int runs_load(struct runs *r, const char *const *paths, size_t n, FILE *err);
void runs_free(struct runs *r);

/* The text of a parameter; NULL when the result has none of that key. */
const char *run_param_text(const struct run_result *r, const char *key);
/* Its number; NAN when there is none or it is no number. */
double run_param_number(const struct run_result *r, const char *key);
/* Write a word of a command line as a shell reads it back: quoted where it must be, on one line. */
void runs_quote(FILE *out, const char *word);
/* Does this round count in its result's summary? */
bool run_round_counts(const struct run_result *r, const struct run_round *d);

#endif
