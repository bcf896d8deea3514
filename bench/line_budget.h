/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many lines may be said: a peer that misbehaves is worth a line, and not a disk full of them.
 * So many at once, and so many a second from then on; what is left out is counted, and told of at
 * most once a second.
 */
#ifndef BENCH_LINE_BUDGET_H
#define BENCH_LINE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct line_budget {
	/* set by the owner; neither is 0 */
	uint32_t at_once; /* lines that may follow one another */
	uint32_t each_ns; /* after so long there may be one more */
	/* the budget's own; 0 at first */
	uint64_t spent;	   /* lines of the last at_once that are not paid for yet */
	uint64_t paid_at;  /* ns */
	uint64_t told_at;  /* ns */
	uint64_t left_out; /* lines not told of yet; the owner tells of them at the end */
};

/* What to do with a line. */
enum line_budget_verdict {
	LINE_SAY,
	LINE_LEAVE,	  /* out */
	LINE_LEAVE_FIRST, /* out, and it is the first: say that there will be gaps */
};

/*
 * May a line be said now? now_ns: any clock that does not go back. *left_out: with LINE_SAY, the
 * lines that were left out before and are to be told of now; 0 as a rule, and with the other
 * verdicts. One thread at a time. Never fails.
 */
enum line_budget_verdict line_budget_take(struct line_budget *b, uint64_t now_ns,
					  uint64_t *left_out);

#endif
