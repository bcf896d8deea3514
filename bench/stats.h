/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said about a set of rounds: median and spread, regimes, marks.
 *
 * On a shared virtual machine the cache-line round trip between two CPUs jumps, and every rate that
 * crosses cores jumps with it. So every round carries the round trip probed right before and right
 * after it, falls into a regime by it, and is only ever compared with rounds of the same regime. A
 * round that was disturbed is marked with the reasons, and kept.
 *
 * Pure functions; no state.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

/* --- a set of numbers --- */

struct stats {
	unsigned n;
	double median, min, max;
	double q1, q3; /* quartiles, interpolated linearly between order statistics */
	double mad;    /* median absolute deviation from the median, not scaled */
};

/*
 * Describe v[0..n), which stays as it is. 0; -EINVAL: a value is not finite; -ENOMEM. n = 0 gives
 * zeroes and 0.
 */
int stats_of(const double *v, size_t n, struct stats *out);

/* --- regimes --- */

/*
 * By the round trip of a cache line between the two CPUs in use. REGIME_NONE: none was probed,
 * since both sides share one CPU.
 */
enum regime { REGIME_NEAR, REGIME_MID, REGIME_FAR, REGIME_NONE };
#define REGIMES 4u

struct regime_bin {
	const char *name;
	double below_ns; /* first bin whose bound lies above the round trip takes it */
};
extern const struct regime_bin regime_bins[REGIMES];

/* rtt_ns that is not above 0 (or not a number) is REGIME_NONE. */
enum regime regime_of(double rtt_ns);
const char *regime_name(enum regime r);

/* --- rounds --- */

/* Reasons a round is marked: X(symbol, bit, word in result files, words for people) */
#define ROUND_MARKS(X)                                                                             \
	X(REGIME, 0, "regime_changed", "the round trip before and after lie in different regimes") \
	X(RTT, 1, "rtt_drift", "the round trip before and after differ by more than 30 %")         \
	X(STEAL, 2, "steal", "the hypervisor took CPU time away")                                  \
	X(MIGRATED, 3, "migrated", "a worker changed its CPU")                                     \
	X(SWITCHED, 4, "switched", "a worker was pushed off its CPU too often")                    \
	X(DISPLACED, 5, "displaced", "a polling worker had less than 97 % of its CPU")

enum round_mark {
#define ROUND_MARK_ENUM(sym, bit, word, text) ROUND_MARK_##sym = 1u << (bit),
	ROUND_MARKS(ROUND_MARK_ENUM)
#undef ROUND_MARK_ENUM
};
#define ROUND_MARK_BITS 6u

/* Word of one bit (0 .. ROUND_MARK_BITS - 1); NULL beyond. */
const char *round_mark_word(unsigned bit);
const char *round_mark_text(unsigned bit);

#define ROUND_RTT_DRIFT	  0.30 /* of the smaller of the two */
#define ROUND_STEAL_SHARE 0.01 /* of the round's length, summed over the CPUs in use */
/*
 * Involuntary, all workers, the limits around the round included, held against the counted time;
 * two are always forgiven. An otherwise idle machine shows about 10 for a round of 100 ms with its
 * limits, some microseconds each: the kernel's own threads. A competitor brings many more.
 */
#define ROUND_SWITCHES_PER_S 200.0
/* In a round of 20 ms a competitor that takes a third of it needs two switches only. */
#define ROUND_BUSY 0.97

struct round {
	double value;	      /* in the unit of the result */
	double rtt_before_ns; /* 0: not probed */
	double rtt_after_ns;  /* 0: not probed */
	double limit;	      /* bound measured around this very round; 0: none */
	double duration_s;    /* counted time, without warm-up */
	double steal_s;	      /* summed over the CPUs in use */
	uint64_t migrations;  /* all workers */
	uint64_t switches;    /* involuntary, all workers */
	double busy; /* CPU time in the window, of the worker that got least; 0: it may sleep */
	const double *slices; /* finer values inside the round, same unit; may be NULL */
	unsigned slices_n;
	double at_s;	    /* when it began, CLOCK_MONOTONIC; 0: unknown */
	unsigned pass;	    /* from 0: processes are started anew for each pass */
	unsigned number;    /* within its pass and case, from 0 */
	enum regime regime; /* filled by round_judge() */
	uint32_t marks;	    /* filled by round_judge(): enum round_mark, 0 when undisturbed */
};

/*
 * Fill regime and marks from the rest. The regime follows the mean of both probes (of the one there
 * is, when only one was taken).
 */
void round_judge(struct round *r);

/*
 * A result in one regime. Undisturbed rounds count; only when a regime has none of them its marked
 * rounds are summarised instead, and `disturbed` says so.
 */
struct regime_summary {
	enum regime regime;
	unsigned rounds; /* rounds of this regime, marked ones included */
	unsigned marked; /* of them marked */
	int disturbed;	 /* s describes marked rounds, for want of others */
	struct stats s;	 /* s.n: rounds that counted */
	double limit;	 /* median of the rounds' own limits among those that counted; 0: none */
};

/* Group judged rounds. out[i] is regime i; rounds = 0 where it was never seen. 0, -EINVAL, -ENOMEM.
 */
int regime_summaries(const struct round *rounds, size_t n, struct regime_summary out[REGIMES]);

#endif
