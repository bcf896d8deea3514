/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds: a measurement between two probes of the round trip, with its limit measured on both sides
 * of it, in one plan, so that a hundred milliseconds separate the figure from what it is held
 * against.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench/coord.h"
#include "bench/limit.h"
#include "bench/stats.h"

#define LIMIT_BEST 3u /* ways measured around every round */

/* The ways that were best in the sweep, and the job they are ways of. */
struct limit_set {
	/* JOB_LINE, JOB_DUPLEX, or JOB_DRAIN (which has no ways but `batch`); JOB_NONE: no limit */
	enum job_kind kind;
	enum bench_side from;
	uint32_t bytes, back_bytes, batch;
	bool duty; /* also measure the best way with the duties of the traffic: made before,
		      verified after */
	unsigned n;
	struct limit_way way[LIMIT_BEST];
};

/* What was seen of one way in a sweep. */
struct limit_seen {
	struct limit_way way;
	double best; /* frames a second */
};

/*
 * Try every published way for frames of `bytes`; the best LIMIT_BEST go into *set, all into seen[]
 * (LIMIT_WAYS_MAX; may be NULL, count in *seen_n).
 */
int limit_sweep(struct coord *c, enum job_kind kind, enum bench_side from, uint32_t bytes,
		uint32_t back_bytes, bool dense, struct limit_set *set, struct limit_seen *seen,
		unsigned *seen_n, struct vop_error *err);

/*
 * One round of `work` with its limit (set may be NULL). round.limit is the best of all ways, those
 * with duties included: a way that does more and is faster all the same bounds the plain ones too.
 */
struct measured {
	struct round round;		 /* value and duration are the caller's to fill */
	struct job_result result[SIDES]; /* of `work` */
	enum bench_side keeper;
	double slices[JOB_SLICES];
	double work_limit; /* frames a second with the same duties and no protocol; 0: not measured
			    */
	double p[3];	   /* latency: 50, 99, 99.9 %, ns; the caller's */
};
/*
 * 0; MEASURE_SKIPPED: this round is not wanted (turns.h), go on with the next, *m is void; a
 * negative errno with *err.
 */
#define MEASURE_SKIPPED 1
int measure_round(struct coord *c, const struct job *work, enum bench_side keeper,
		  const struct limit_set *set, struct measured *m, struct vop_error *err);

/* For round.busy, when both workers polled: what the one that had least had of its CPU. */
double measured_busy(const struct coord *c, const struct measured *m);

/* Frames a second out of a job's result; 0 when its window was empty. */
double result_rate(const struct job_result *r);

#endif
