/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One of two runs that are measured in turn, as their conductor sees it: a command line, a process,
 * a socket, its last words. Private to against*.c; one thread.
 */
#ifndef BENCH_AGAINST_SIDE_H
#define BENCH_AGAINST_SIDE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "bench/turns.h"

enum { SIDE_WORDS = 160, SIDE_OWN = 4 };

struct side {
	const char *program; /* path to start */
	const char *what;    /* in words, for the user */
	char file[PATH_MAX]; /* its result */
	char turns[40];
	char *word[SIDE_WORDS + 1];
	unsigned words;
	char own[SIDE_OWN][PATH_MAX + 16]; /* words made here */
	unsigned owns;
	pid_t pid;
	int fd;			 /* the turn; -1: it has none left to take */
	FILE *said;		 /* its standard error */
	int status;		 /* when pid is 0 */
	struct turns_question q; /* what it last asked */
};

/* Words of its command line: as given (kept by the caller), or "option=value" made here. */
void side_word(struct side *s, const char *word);
void side_own_word(struct side *s, const char *option, const char *value);

/* Start it; it has the turn. 0 or a negative errno. */
int side_start(struct side *s);
/* Until it asks for the next turn (true; s->q), or has no more to do (false; it has ended then). */
bool side_question(struct side *s);
/* Answer (enum turns_answer), and wait for what it says next. */
void side_answer(struct side *s, char a);
/* End it, gently, if it still runs. */
void side_end(struct side *s);
/* The last line it said on standard error, without the program's name; "" when it said nothing. */
void side_last_words(struct side *s, char *buf, size_t size);

#endif
