/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The requests are sent by this very thread; the two workers of the coordinator only probe the
 * round trip between the CPUs, and copy, before and after.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/env.h"
#include "bench/fs_round.h"
#include "bench/turns.h"

#define COPY_WAYS 3u
#define COPY_WARM 1000000ull
#define COPY_RUN  5000000ull

/* Copies of so many bytes in caches of all levels and beyond: the best of them bounds what a device
 * can do that copies every byte once. */
static unsigned add_copies(const struct fs_run *n, uint32_t size, struct job *jobs)
{
	static const uint64_t working_set[COPY_WAYS] = {32u << 10, 1u << 20, 16u << 20};
	unsigned count = 0;

	if (size == 0 || n->o.no_limit)
		return 0;
	for (unsigned i = 0; i < COPY_WAYS; i++) {
		struct limit_way way = {
			.slots = (uint32_t)VOP_MAX(working_set[i] / (2ull * size), 1u)};

		jobs[count++] =
			limit_job(JOB_COPY, SIDE_DRIVER, size, 0, &way, COPY_WARM, COPY_RUN);
	}
	return count;
}

/* Probe and copies; the probe is next to the round. */
static int surround(struct fs_run *n, uint32_t size, bool before, double *rtt, double *copy)
{
	struct job jobs[COPY_WAYS + 1];
	unsigned copies = add_copies(n, size, jobs + !before), at = before ? copies : 0;
	int e;

	jobs[at] = (struct job){.kind = JOB_PROBE};
	e = coord_plan(&n->c, jobs, copies + 1, &n->err);
	if (e)
		return e;
	*rtt = n->c.sh->side[SIDE_DRIVER].result[at].ns_per_op;
	for (unsigned i = 0; i <= copies; i++) {
		double rate =
			i == at ? 0 : result_rate(&n->c.sh->side[SIDE_DRIVER].result[i]) * size;

		*copy = VOP_MAX(*copy, rate);
	}
	return 0;
}

static double steal_s(const struct fs_run *n)
{
	double s = env_steal_s(n->p.cpu[0]);

	return n->p.yield ? s : s + env_steal_s(n->p.cpu[1]);
}

static bool device_cpu(struct fs_run *n, uint64_t *ns)
{
	struct sut *s = n->link.sut;

	return n->o.spawn && s->ops->cpu && s->ops->cpu(s, ns);
}

/* The job, and what happened to this thread and the device meanwhile. */
static int work(struct fs_run *n, const struct fs_job *j, struct fs_job_result *r,
		struct fs_round *m)
{
	struct env_thread before, after, delta = {0};
	const struct fs_books *books = fs_conn_books(n->link.conn);
	uint64_t cpu0 = 0, cpu1 = 0, all = books->answered;
	double steal = steal_s(n);
	int e;

	m->round.at_s = (double)clock_ns() / 1e9;
	env_thread_sample(&before);
	device_cpu(n, &cpu0);
	e = fs_load_run(n->link.conn, &n->tree, j, r);
	if (e)
		return e;
	if (device_cpu(n, &cpu1) && cpu0 && books->answered > all)
		m->cpu_device = (double)(cpu1 - cpu0) / (double)(books->answered - all);
	env_thread_sample(&after);
	env_thread_delta(&before, &after, &delta);
	m->round.steal_s = steal_s(n) - steal;
	m->round.migrations = delta.migrations;
	m->round.switches = delta.involuntary;
	if (r->window_ns == 0)
		return fs_conn_fail(n->link.conn, -ETIMEDOUT,
				    "not one answer in a round; try a longer --duration");
	m->round.value = (double)r->requests * 1e9 / (double)r->window_ns;
	m->round.duration_s = (double)r->window_ns / 1e9;
	memcpy(m->slices, r->slice, sizeof(m->slices));
	m->round.slices = m->slices;
	m->round.slices_n = r->slices;
	return 0;
}

static int keep_hist(struct fs_case *k, enum regime g, const struct hist *h)
{
	if (!k->hist[g]) {
		k->hist[g] = malloc(sizeof(*k->hist[g]));
		if (!k->hist[g])
			return -ENOMEM;
		hist_init(k->hist[g]);
	}
	hist_merge(k->hist[g], h);
	return 0;
}

int fs_round(struct fs_run *n, struct fs_case *k, unsigned number)
{
	struct fs_round *m = &k->m[k->rounds];
	struct fs_job_result *r = malloc(sizeof(*r));
	/* What distinguishes this case from others, for runs in turn. */
	struct job what = {
		.kind = JOB_IDLE, .bytes = k->size, .slots = k->depth, .batch = k->pattern};
	struct fs_job j = {
		.pattern = k->pattern,
		.depth = k->depth,
		.warm_ns = VOP_MIN(n->o.pair.duration / 10, 20000000u),
		.run_ns = n->o.pair.duration,
		.random = n->o.seed + number,
		.stop = coord_interrupted,
	};
	int e;

	if (!r)
		return -ENOMEM;
	*m = (struct fs_round){0};
	e = turns_wait(&n->c, &what, &n->err);
	if (e) {
		free(r);
		return e < 0 ? e : MEASURE_SKIPPED;
	}
	e = surround(n, k->size, true, &m->round.rtt_before_ns, &m->copy);
	e = e ? e : work(n, &j, r, m);
	e = e ? e : surround(n, k->size, false, &m->round.rtt_after_ns, &m->copy);
	if (!e) {
		m->round.number = number;
		round_judge(&m->round);
		m->p[0] = (double)hist_percentile(&r->latency, 50);
		m->p[1] = (double)hist_percentile(&r->latency, 99);
		m->p[2] = (double)hist_percentile(&r->latency, 99.9);
		e = keep_hist(k, m->round.regime, &r->latency);
		turns_measured(&n->c, &what, m->round.value,
			       (m->round.rtt_before_ns + m->round.rtt_after_ns) / 2,
			       m->round.marks == 0);
		k->rounds++;
	}
	free(r);
	return e;
}
