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
	bool words_lost;		   /* there were more than fit */
	char own[SIDE_OWN][PATH_MAX + 16]; /* words made here */
	unsigned owns;
	pid_t pid;
	int pidfd;	      /* readable when it has ended; -1: the kernel has none */
	int fd;		      /* the turn; -1: it has none left to take */
	FILE *said;	      /* its standard error; NULL: never started */
	int status;	      /* when pid is 0 */
	uint64_t patience_ns; /* longest wait for a question */
	/* How it came to its end. */
	bool asked;		 /* it took turns at all */
	bool foreign;		 /* it speaks another version of turns.h */
	bool late;		 /* it had the turn for longer than that */
	bool put_down;		 /* it was ended, and did not end by itself */
	struct turns_question q; /* what it last asked; zero when it asks no more */
};

/* Words of its command line: as given (kept by the caller), or "option=value" made here. */
void side_word(struct side *s, const char *word);
void side_own_word(struct side *s, const char *option, const char *value);

/* Start it; it has the turn. 0 or a negative errno. */
int side_start(struct side *s);
/*
 * Until it asks for the next turn (true; s->q), or asks no more (false; it has ended then, by
 * itself or, when the user wants out or it is late, by force).
 */
bool side_question(struct side *s);
/* Answer (enum turns_answer), and wait for what it says next. */
void side_answer(struct side *s, char a);
/* End it, gently, if it still runs. */
void side_end(struct side *s);
/* It ended by itself, and not well. */
bool side_failed(const struct side *s);
/* The last line it said on standard error, without the program's name; how it ended when it said
 * nothing. */
void side_last_words(const struct side *s, char *buf, size_t size);
/* All of it, to the user. */
void side_pass_on(const struct side *s, FILE *out);

#endif
