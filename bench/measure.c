/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/env.h"
#include "bench/measure.h"
#include "bench/turns.h"

#define LIMIT_WARM 1000000ull  /* ns */
#define LIMIT_RUN  8000000ull  /* ns, each way around a round */
#define DRAIN_RUN  30000000ull /* ns, for draining rings: a large one takes milliseconds */
#define SWEEP_RUN  5000000ull  /* ns, each way in a sweep */

double result_rate(const struct job_result *r)
{
	return r->window_ns ? (double)r->frames * 1e9 / (double)r->window_ns : 0;
}

double measured_busy(const struct coord *c, const struct measured *m)
{
	double least = 1;

	/* Two on one CPU have half of it each, and are not probed either. */
	if (c->sh->yield)
		return 0;
	for (unsigned s = 0; s < c->sh->sides; s++) {
		const struct job_result *r = &m->result[s];
		double share = r->window_ns ? (double)r->cpu_ns / (double)r->window_ns : 1;

		least = share < least ? share : least;
	}
	return least > 0 ? least : 0;
}

/* The consumer's own window counts; with a duplex the slower direction bounds what both can have.
 */
static double limit_rate(const struct shared *sh, unsigned i, enum job_kind kind,
			 enum bench_side from)
{
	double driver = result_rate(&sh->side[SIDE_DRIVER].result[i]),
	       device = result_rate(&sh->side[SIDE_DEVICE].result[i]);

	if (kind == JOB_DUPLEX)
		return driver > device ? driver : device;
	/* The driver has the clock when it is the device's own time that is taken. */
	return from == SIDE_DRIVER && kind != JOB_DRAIN ? device : driver;
}

int limit_sweep(struct coord *c, enum job_kind kind, enum bench_side from, uint32_t bytes,
		uint32_t back_bytes, bool dense, struct limit_set *set, struct limit_seen *seen,
		unsigned *seen_n, struct vop_error *err)
{
	struct limit_way way[LIMIT_WAYS_MAX];
	unsigned n = limit_ways(bytes, dense, way), done, i;
	double best[LIMIT_WAYS_MAX] = {0};

	*set = (struct limit_set){
		.kind = kind, .from = from, .bytes = bytes, .back_bytes = back_bytes};
	/* Twice over, so that a way is not judged by one moment of a machine that moves. */
	for (unsigned pass = 0; pass < 2; pass++) {
		for (done = 0; done < n; done += i) {
			struct job jobs[PLAN_JOBS];
			int e;

			for (i = 0; i < PLAN_JOBS && done + i < n; i++)
				jobs[i] = limit_job(kind, from, bytes, back_bytes, &way[done + i],
						    LIMIT_WARM, SWEEP_RUN);
			e = coord_plan(c, jobs, i, err);
			if (e)
				return e;
			for (unsigned k = 0; k < i; k++) {
				double r = limit_rate(c->sh, k, kind, from);

				if (r > best[done + k])
					best[done + k] = r;
			}
		}
	}
	if (seen) {
		for (i = 0; i < n; i++)
			seen[i] = (struct limit_seen){way[i], best[i]};
		*seen_n = n;
	}
	for (set->n = 0; set->n < LIMIT_BEST && set->n < n; set->n++) {
		unsigned top = 0;

		for (i = 1; i < n; i++)
			if (best[i] > best[top])
				top = i;
		set->way[set->n] = way[top];
		best[top] = -1;
	}
	return 0;
}

static unsigned add_limits(const struct limit_set *set, struct job *jobs, unsigned n)
{
	unsigned duties = set && set->duty ? VOP_MIN(set->n, 2u) : 0;

	if (set && set->kind == JOB_DRAIN) {
		jobs[n++] = (struct job){.kind = JOB_DRAIN,
					 .bytes = set->bytes,
					 .batch = set->batch,
					 .warm_ns = LIMIT_WARM,
					 .run_ns = DRAIN_RUN};
		return n;
	}
	for (unsigned i = 0; set && i < set->n + duties; i++) {
		const struct limit_way *way = &set->way[i < set->n ? i : i - set->n];

		jobs[n] = limit_job(set->kind, set->from, set->bytes, set->back_bytes, way,
				    LIMIT_WARM, LIMIT_RUN);
		jobs[n++].duty = i >= set->n;
	}
	return n;
}

static double steal_s(const struct coord *c)
{
	double s = 0;

	for (unsigned i = 0; i < c->sh->sides; i++)
		s += c->cpu[i] >= 0 ? env_steal_s(c->cpu[i]) : 0;
	return s;
}

int measure_round(struct coord *c, const struct job *work, enum bench_side keeper,
		  const struct limit_set *set, struct measured *m, struct vop_error *err)
{
	static const struct job probe = {.kind = JOB_PROBE};
	struct job jobs[PLAN_JOBS];
	unsigned n = 0, before, at, after;
	struct round said;
	double steal;
	int e;

	memset(m, 0, sizeof(*m));
	n = add_limits(set, jobs, n);
	before = n;
	jobs[n++] = probe;
	at = n;
	jobs[n++] = *work;
	after = n;
	jobs[n++] = probe;
	n = add_limits(set, jobs, n);
	e = turns_wait(c, work, err);
	if (e)
		return e < 0 ? e : MEASURE_SKIPPED;
	m->round.at_s = (double)clock_ns() / 1e9;
	steal = steal_s(c);
	e = coord_plan(c, jobs, n, err);
	if (e)
		return e;
	m->round.steal_s = steal_s(c) - steal;
	for (unsigned s = 0; s < SIDES; s++)
		m->result[s] = c->sh->side[s].result[at];
	if (c->sh->sides < SIDES)
		/* Nothing but its CPU time is known of a foreign device. */
		m->result[SIDE_DEVICE] = (struct job_result){
			.cpu_ns = m->result[SIDE_DRIVER].peer_cpu_ns,
			.frames = m->result[SIDE_DRIVER].frames,
			.window_ns = m->result[SIDE_DRIVER].window_ns,
		};
	m->keeper = keeper;
	m->round.rtt_before_ns = c->sh->side[SIDE_DRIVER].result[before].ns_per_op;
	m->round.rtt_after_ns = c->sh->side[SIDE_DRIVER].result[after].ns_per_op;
	for (unsigned i = 0; set && i < n; i++) {
		double r = i == before || i == at || i == after
				   ? 0
				   : limit_rate(c->sh, i, set->kind, set->from);

		if (jobs[i].duty)
			m->work_limit = VOP_MAX(m->work_limit, r);
		m->round.limit = VOP_MAX(m->round.limit, r);
	}
	m->round.duration_s = (double)m->result[keeper].window_ns / 1e9;
	/* The limits too: a figure is not worth more than what it is held against. */
	for (unsigned i = 0; i < n; i++) {
		for (unsigned s = 0; s < SIDES; s++) {
			m->round.migrations += c->sh->side[s].result[i].migrations;
			m->round.switches += c->sh->side[s].result[i].switches;
		}
	}
	memcpy(m->slices, m->result[keeper].slice, sizeof(m->slices));
	m->round.slices = m->slices;
	m->round.slices_n = m->result[keeper].slices;
	said = m->round;
	round_judge(&said);
	/* A limit is measured around a round that only probes. */
	if (work->kind == JOB_PROBE && set)
		said.value = m->round.limit;
	else if (result_rate(&m->result[keeper]) > 0)
		said.value = result_rate(&m->result[keeper]);
	else
		said.value = m->result[keeper].ns_per_op;
	turns_measured(c, work, said.value, (said.rtt_before_ns + said.rtt_after_ns) / 2,
		       said.marks == 0);
	return 0;
}
