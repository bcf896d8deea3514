/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two sets of runs held against one another: what changed, and how sure that is.
 *
 * Only like is compared with like: same workload, metric, parameters and regime, on the same
 * machine. Everything else is refused, with the reason. docs/compare.md explains the method.
 *
 * Pure: reads two loaded sets, prints nothing, keeps no state. One thread per comparison.
 */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "bench/runs.h"

/* Round trips further apart than by this factor are no like, in one regime or not. */
#define COMPARE_RTT_ALIKE 1.3

enum compare_verdict { COMPARE_BETTER, COMPARE_WORSE, COMPARE_SAME, COMPARE_UNKNOWN };
#define COMPARE_VERDICTS 4u
/* "better", "worse", "same", "cannot tell". */
const char *compare_verdict_word(enum compare_verdict v);

struct compare_options {
	double confidence; /* of each interval: 0.99 */
	double margin;	   /* relative difference too small to matter: 0.05; tails have their own */
	double drift;	   /* what may differ from run to run, where that was not measured: 0.1 */
	double gate;	   /* relative loss that breaks the gate; negative: no gate */
	bool any_machine;  /* do not refuse runs of different machines */
	const char *const *ignore; /* parameters that may differ, ended by NULL; NULL: none */
	bool ignore_differing;	   /* those that differ between the sides as wholes, as well */
};
extern const struct compare_options compare_defaults;

/* One metric of one case in one regime, on both sides. */
struct compare_row {
	const struct run_result *old, *now; /* the first of each side: name, metric, parameters */
	const char *regime; /* "near"; a target that cannot be probed goes by the other */
	const char *params; /* "64 B packed": the parameters that vary in the comparison; "" */
	double old_median, new_median; /* of the rounds that count */
	size_t old_rounds, new_rounds; /* how many those are */
	size_t old_units, new_units;   /* runs or passes they come from; paired: units of both */
	double ratio;		       /* new / old */
	double low, high;	       /* its interval */
	double confidence;	       /* of that interval */
	double p;      /* chance of so great a difference between equals, adjusted for
			  the number of rows */
	double margin; /* in force for this metric */
	enum compare_verdict verdict;
	bool gate_broken;
	bool rare;	    /* of a regime that was hardly seen: never in a finished comparison */
	size_t order;	    /* of appearance */
	const char *remark; /* why it cannot tell, what was allowed for; NULL: nothing to say */
};

/* What was not compared, and why. */
struct compare_refusal {
	const char *what;   /* "net.tx rate 64 B, far", or a file */
	const char *reason; /* "only in OLD", "features differ: ..." */
	size_t count;	    /* how many alike are summed up here */
};

struct comparison {
	size_t rows, refusals;
	struct compare_row *row;
	struct compare_refusal *refusal;
	size_t verdicts[COMPARE_VERDICTS];
	size_t gate_broken;
	const char *shared;  /* parameters all rows share: "packed, queues 1"; "" */
	const char *ignored; /* parameters that differ and were let pass; "" */
	bool paired;	     /* rounds were measured in turn (run --against), and so compared */
	const char *method;  /* one sentence: how the intervals were made */
	void *own;	     /* private */
};

/* 0; -ENOMEM. Both sets must outlive *c. Freed by compare_free(). */
int compare_runs(const struct runs *old, const struct runs *now, const struct compare_options *o,
		 struct comparison *c);
void compare_free(struct comparison *c);

#endif
