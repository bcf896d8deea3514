/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many lines may be said: a peer that misbehaves is worth a line, and not a disk full of them.
 * So many at once, and so many a second from then on; what is left out is counted and told of.
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
	uint64_t left_out; /* lines, since the last one that was said */
};

/*
 * May a line be said now? now_ns: any clock that does not go back. *left_out: the lines that were
 * left out before this one, to be told of first; 0 as a rule, and whenever the answer is no. One
 * thread at a time. Never fails.
 */
bool line_budget_take(struct line_budget *b, uint64_t now_ns, uint64_t *left_out);

#endif
