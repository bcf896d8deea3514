/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker: the one measuring thread of a process. Runs plans in lockstep with the worker of the
 * other process.
 */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <pthread.h>
#include "bench/clock.h"
#include "bench/shared.h"

struct worker;

/*
 * Run one job on this side: fill *r. Returns 0 or a negative errno. Called on the worker thread
 * with both sides past the barrier. job_window() says when to stop.
 */
typedef int (*worker_fn)(struct worker *w, const struct job *j, struct job_result *r);

struct worker {
	struct shared *sh;
	enum bench_side side;
	int cpu;	   /* to pin to; -1: none */
	void *load;	   /* the agent's traffic state */
	worker_fn traffic; /* JOB_TX .. JOB_ECHO, JOB_IDLE; NULL: -ENOTCONN */
	/*
	 * Between plans, over and over, each call at most a few milliseconds: serve what must be
	 * served all the time (a device's control queue). False: nothing to serve, sleep. NULL:
	 * sleep.
	 */
	bool (*idle)(struct worker *w);
	pthread_t thread;
	_Atomic bool quit;
	uint32_t turn; /* barrier count */

	/* window keeping of the present job */
	const struct job *job;
	uint64_t t_begin, t_open, t_slice, cpu_open;
	uint64_t n_open, n_slice, b_open;
	uint64_t t_burnt, n_burnt; /* with job.burn */
	bool keeper, opened;
};

int worker_start(struct worker *w);
void worker_stop(struct worker *w);

/* Both sides meet; -ECANCELED when the coordinator aborts. */
int worker_barrier(struct worker *w);
/* Spin politely: yields when both workers share one CPU. */
VOP_INLINE void worker_relax(const struct worker *w)
{
	if (vop_unlikely(w->sh->yield))
		sched_yield();
	else
		vop_relax();
}

/* ---- the window of a job; `frames` and `bytes` are running sums of this side ---- */
void window_begin(struct worker *w, const struct job *j, bool keeper, uint64_t frames,
		  uint64_t bytes);
/* The slow part of window_more, about every microsecond or few. */
bool window_tick(struct worker *w, struct job_result *r, uint64_t frames, uint64_t bytes);
/* True while the job goes on. Call it every few batches: reads the clock on the keeper's side. */
VOP_INLINE bool window_more(struct worker *w, struct job_result *r, uint64_t frames, uint64_t bytes)
{
	return window_tick(w, r, frames, bytes);
}

/* Limits (limit.c) and the bare ring (ring_load.c). */
int limit_run(struct worker *w, const struct job *j, struct job_result *r);
int ring_load_run(struct worker *w, const struct job *j, struct job_result *r);

#endif
