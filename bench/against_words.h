/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command lines of two runs in turn: what --against says of the second one, and what both have
 * in common. Private to against*.c; one thread.
 */
#ifndef BENCH_AGAINST_WORDS_H
#define BENCH_AGAINST_WORDS_H

#include "bench/against.h"
#include "bench/against_side.h"

/* --against taken apart. */
struct against_with {
	char build[PATH_MAX]; /* the other program; "" is this one */
	const char *target;   /* NULL: as given */
	char *text;	      /* its words, cut up */
	char *word[SIDE_WORDS];
	unsigned words; /* options of the second run alone */
};

/* 0; a cmd_status after one line: no such program, no such option. Freed by against_with_free(). */
int against_with_parse(struct against_with *w, const char *text, const struct against_job *job);
void against_with_free(struct against_with *w);

/*
 * The words both get: what the user typed but for what is the conductor's, and what is set for runs
 * in turn where the user said nothing; then the result's place and the turns (s->file, s->turns).
 * second: it is the one that gets what --against says besides.
 */
void against_words(struct side *s, const struct against_job *job, const struct against_with *with,
		   bool second);

/* Is this option in the workload's table? */
bool against_knows(const struct against_job *job, const char *name);

#endif
