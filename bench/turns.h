/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two runs that measure in turn. The one that conducts them (against.c) gives each a socket of
 * whole messages; a run measures only between being given the turn and asking for it again.
 *
 * A run asks before each round, saying what it would measure next and what the last round gave; the
 * answer is a byte: measure it, leave it out, or leave out all that is still to come. A run has the
 * turn from its start to its first question, for all that lies before its first round; and keeps it
 * from one round to the next, so that everything between two rounds happens in its own time. While
 * it waits its workers are stopped: a poller would own a CPU that the other is measured on.
 */
#ifndef BENCH_TURNS_H
#define BENCH_TURNS_H

#include "bench/coord.h"

#define TURNS_FD 9 /* descriptor the conductor hands to a run */

enum turns_answer { TURNS_GO = 'g', TURNS_SKIP = 's', TURNS_OVER = 'e' };

/* What a run says; the layout is between builds: a new one is a new version. */
#define TURNS_VERSION 2u
struct turns_question {
	uint32_t version;
	uint32_t next; /* which case: rounds of one case share a number that is not 0 */
	uint32_t pass; /* it belongs to, from 0: by the second the cases are known */
	uint32_t last; /* case of the round before this question; 0: there was none */
	uint32_t fit;  /* it was undisturbed */
	uint32_t zero;
	double value;  /* its figure, whatever that is: for how much it varies, not for results */
	double rtt_ns; /* around it */
};

/*
 * Give the turn away and wait for the next; at once 0 when c takes no turns. 0: measure; 1: leave
 * this round out. -ECANCELED when the conductor has gone, -EINTR when the user wants out, with
 * *err. c->turns.over: no more rounds will come, passes need not be begun.
 */
int turns_wait(struct coord *c, const struct job *next, struct vop_error *err);
/*
 * coord_start() in a run that takes turns (id: --turns; NULL: it does not): what is to be said of
 * the round before outlives the processes it was measured with.
 */
int turns_start(struct coord *c, const char *id, unsigned pass, unsigned sides,
		const int cpu[SIDES], bool yield, struct vop_error *err);
/* The round just measured, for the next question. */
void turns_measured(struct coord *c, const struct job *j, double value, double rtt_ns, bool fit);

#endif
