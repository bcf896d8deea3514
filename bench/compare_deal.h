/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What would comparisons say of equals? The recorded passes of two sides are dealt anew, at random,
 * to the two sides, over and over: whatever difference there was is then only luck, and a verdict
 * of better or worse is false.
 */
#ifndef BENCH_COMPARE_DEAL_H
#define BENCH_COMPARE_DEAL_H

#include "bench/compare.h"

struct deal_counts {
	size_t deals;			   /* comparisons made */
	size_t verdicts[COMPARE_VERDICTS]; /* rows of all of them */
	size_t false_deals;		   /* comparisons with at least one false verdict */
};

/*
 * Deal `deals` times from seed. Rounds taken in turn stay in turn: a pass's two runs change sides
 * or do not, and passes are drawn with replacement; otherwise all passes of all files go into one
 * heap and are dealt out. slower: values of the new side are made worse by this part, to see
 * whether *that* is found. 0 or -ENOMEM.
 */
int compare_deal(const struct runs *old, const struct runs *now, const struct compare_options *o,
		 size_t deals, uint64_t seed, double slower, struct deal_counts *out);

#endif
