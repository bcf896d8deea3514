/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/env.h"
#include "bench/worker.h"

static void futex_wait(_Atomic uint32_t *word, uint32_t seen, long timeout_ms)
{
	struct timespec t = {timeout_ms / 1000, (timeout_ms % 1000) * 1000000};

	syscall(SYS_futex, word, FUTEX_WAIT, seen, &t, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 2, NULL, NULL, 0);
}

int worker_barrier(struct worker *w)
{
	struct shared *sh = w->sh;
	_Atomic uint32_t *other = &sh->side[!w->side].at;

	w->turn++;
	/* Release: all this side did before is visible to the other once it has met us. */
	atomic_store_explicit(&sh->side[w->side].at, w->turn, memory_order_release);
	if (sh->sides < SIDES)
		return atomic_load(&sh->abort) ? -ECANCELED : 0;
	while ((int32_t)(atomic_load_explicit(other, memory_order_acquire) - w->turn) < 0) {
		if (atomic_load_explicit(&sh->abort, memory_order_relaxed))
			return -ECANCELED;
		worker_relax(w);
	}
	return 0;
}

void window_begin(struct worker *w, const struct job *j, bool keeper, uint64_t frames,
		  uint64_t bytes)
{
	w->job = j;
	w->keeper = keeper;
	w->opened = false;
	w->t_begin = clock_ns();
	w->n_open = frames;
	w->b_open = bytes;
	w->t_burnt = w->t_begin;
	w->n_burnt = frames;
}

/*
 * A slower implementation for tests: whenever frames have moved, spin for a part of the time since
 * the last such moment. A side that only waits wastes nothing.
 */
static void window_burn(struct worker *w, uint64_t frames)
{
	uint64_t now = clock_ns(), until = now + (now - w->t_burnt) * w->job->burn / 100;

	/* A round trip passes both sides one after the other: once is enough. */
	if (frames == w->n_burnt || (w->job->kind == JOB_ECHO && w->side != SIDE_DRIVER))
		return;
	while (now < until)
		now = clock_ns();
	w->t_burnt = now;
	w->n_burnt = frames;
}

static void window_open(struct worker *w, uint64_t now, uint64_t frames, uint64_t bytes)
{
	w->opened = true;
	w->t_open = w->t_slice = now;
	w->n_open = w->n_slice = frames;
	w->b_open = bytes;
	w->cpu_open = clock_thread_cpu_ns();
}

static void window_close(struct worker *w, struct job_result *r, uint64_t now, uint64_t frames,
			 uint64_t bytes)
{
	r->cpu_ns = clock_thread_cpu_ns() - w->cpu_open;
	r->window_ns = now - w->t_open;
	r->frames = frames - w->n_open;
	r->bytes = bytes - w->b_open;
}

bool window_tick(struct worker *w, struct job_result *r, uint64_t frames, uint64_t bytes)
{
	struct shared *sh = w->sh;
	uint64_t now, state;

	if (vop_unlikely(atomic_load_explicit(&sh->abort, memory_order_relaxed)))
		return false;
	if (vop_unlikely(w->job->burn))
		window_burn(w, frames);
	if (!w->keeper) {
		state = atomic_load_explicit(&sh->window.v, memory_order_acquire);
		if (vop_likely(state == (uint64_t)w->opened))
			return true;
		now = clock_ns();
		if (!w->opened)
			window_open(w, now, frames, bytes);
		if (state != WINDOW_CLOSED)
			return true;
		window_close(w, r, now, frames, bytes);
		return false;
	}
	now = clock_ns();
	if (!w->opened) {
		if (now - w->t_begin < w->job->warm_ns)
			return true;
		window_open(w, now, frames, bytes);
		atomic_store_explicit(&sh->window.v, WINDOW_OPEN, memory_order_release);
		return true;
	}
	if (now - w->t_slice >= w->job->slice_ns && w->job->slice_ns) {
		if (r->slices < JOB_SLICES)
			r->slice[r->slices++] =
				(double)(frames - w->n_slice) * 1e9 / (double)(now - w->t_slice);
		w->t_slice = now;
		w->n_slice = frames;
	}
	if (now - w->t_open < w->job->run_ns)
		return true;
	window_close(w, r, now, frames, bytes);
	atomic_store_explicit(&sh->window.v, WINDOW_CLOSED, memory_order_release);
	return false;
}

static int run_job(struct worker *w, const struct job *j, struct job_result *r)
{
	struct env_thread before, after, delta;
	int e;

	memset(r, 0, sizeof(*r));
	if (w->side == SIDE_DRIVER) {
		/*
		 * Between two barriers: the other side looks at neither before it has passed
		 * the second.
		 */
		atomic_store(&w->sh->window.v, WINDOW_WARM);
		atomic_store(&w->sh->ping.v, 0);
		atomic_store(&w->sh->pong.v, 0);
		for (unsigned i = 0; i < SIDES; i++) {
			atomic_store(&w->sh->head[i].v, 0);
			atomic_store(&w->sh->tail[i].v, 0);
		}
	}
	env_thread_sample(&before);
	e = worker_barrier(w);
	if (e)
		return e;
	switch (j->kind) {
	case JOB_PROBE:
	case JOB_LINE:
	case JOB_DUPLEX:
	case JOB_WAKE:
	case JOB_COPY:
		e = limit_run(w, j, r);
		break;
	case JOB_RING:
		e = ring_load_run(w, j, r);
		break;
	default:
		e = w->traffic ? w->traffic(w, j, r) : -ENOTCONN;
	}
	env_thread_sample(&after);
	env_thread_delta(&before, &after, &delta);
	r->migrations = delta.migrations;
	r->switches = delta.involuntary;
	return e;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct shared *sh = w->sh;
	struct shared_side *me = &sh->side[w->side];
	uint32_t done = 0;

	if (w->cpu >= 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(w->cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
	atomic_store(&me->pid, (uint32_t)getpid());
	while (!atomic_load(&w->quit)) {
		uint32_t plan = atomic_load_explicit(&sh->plan, memory_order_acquire);

		if (plan == done) {
			if (w->idle == NULL || !w->idle(w))
				futex_wait(&sh->plan, plan, 20);
			continue;
		}
		w->turn = plan << 8; /* barriers count up within a plan */
		for (unsigned i = 0; i < sh->jobs && i < PLAN_JOBS; i++) {
			int e = worker_barrier(w);

			if (e == 0)
				e = run_job(w, &sh->job[i], &me->result[i]);
			me->result[i].error = e;
			if (e == -ECANCELED)
				break;
		}
		done = plan;
		atomic_store_explicit(&me->done, done, memory_order_release);
		futex_wake(&me->done);
	}
	return NULL;
}

int worker_start(struct worker *w)
{
	atomic_store(&w->quit, false);
	return -pthread_create(&w->thread, NULL, worker_main, w);
}

void worker_stop(struct worker *w)
{
	atomic_store(&w->quit, true);
	futex_wake(&w->sh->plan);
	pthread_join(w->thread, NULL);
}
