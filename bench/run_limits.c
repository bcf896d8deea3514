/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench run limits: what the two CPUs can do at all. Also the probe other measurements are
 * bracketed with. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/env.h"
#include "bench/measure.h"
#include "bench/pair_opts.h"
#include "bench/result.h"
#include "report/table.h"

enum limit_word { ONLY_RTT, ONLY_LINE, ONLY_COPY, ONLY_WAKE, ONLY_WORDS };
static const char *const only_words[ONLY_WORDS + 1] = {"rtt", "line", "copy", "wake", NULL};

struct limits_opts {
	struct pair_opts pair;
	struct opt_words only;
	struct opt_sizes size;
	bool ways, dense;
};

struct limits_run {
	struct limits_opts o;
	struct coord c;
	struct result *res;
	struct table *t;
	struct progress progress;
	unsigned done, total; /* limits */
	struct vop_error err;
};

/* Say what is measured now. */
static void begin(struct limits_run *l, const char *name, double size)
{
	if (size > 0)
		progress_update(&l->progress, l->done++, l->total, "%s %.0f B",
				name + strlen("limit."), size);
	else
		progress_update(&l->progress, l->done++, l->total, "%s", name + strlen("limit."));
}

/* Put rounds into table and file. */
static int add(struct limits_run *l, const char *name, enum result_metric metric, struct round *r,
	       unsigned n, double size)
{
	const struct result_param params[] = {{"size", NULL, size}, {NULL, NULL, 0}};
	struct result_entry e = {.name = name,
				 .metric = metric,
				 .params = size > 0 ? params : NULL,
				 .rounds = r,
				 .rounds_n = n};
	struct regime_summary sum[REGIMES];
	int err = result_add(l->res, &e);

	if (err || regime_summaries(r, n, sum))
		return err ? err : -ENOMEM;
	for (unsigned g = 0; g < REGIMES; g++) {
		char a[HUMAN_MAX], b[HUMAN_MAX], c[HUMAN_MAX];
		const char *unit = result_metric_unit(metric);

		if (sum[g].rounds == 0)
			continue;
		table_row(l->t);
		table_cell(l->t, TABLE_PLAIN, "%s: %s", name + strlen("limit."),
			   result_metric_text(metric));
		if (size > 0)
			table_cell(l->t, TABLE_PLAIN, "%.0f", size);
		else
			table_cell(l->t, TABLE_PLAIN, "%s", "");
		table_cell(l->t, TABLE_PLAIN, "%s", regime_name(g));
		table_cell(l->t, TABLE_PLAIN, "%s",
			   human_value(a, sizeof(a), sum[g].s.median, unit));
		table_cell(l->t, TABLE_PLAIN, "%s", human_value(b, sizeof(b), sum[g].s.min, unit));
		table_cell(l->t, TABLE_PLAIN, "%s", human_value(c, sizeof(c), sum[g].s.max, unit));
		table_cell(l->t, TABLE_PLAIN, sum[g].marked ? "%u (%u)" : "%u", sum[g].rounds,
			   sum[g].marked);
	}
	return 0;
}

static int run_rtt(struct limits_run *l)
{
	unsigned n = (unsigned)l->o.pair.rounds;
	struct round *r = calloc(n, sizeof(*r));
	int e = r ? 0 : -ENOMEM;

	begin(l, "limit.rtt", 0);
	for (unsigned i = 0; i < n && !e; i++) {
		struct job probe = {.kind = JOB_PROBE};

		e = coord_plan(&l->c, &probe, 1, &l->err);
		r[i].value = r[i].rtt_before_ns = r[i].rtt_after_ns =
			l->c.sh->side[SIDE_DRIVER].result[0].ns_per_op;
		r[i].duration_s = (double)l->c.sh->side[SIDE_DRIVER].result[0].window_ns / 1e9;
	}
	e = e ? e : add(l, "limit.rtt", METRIC_LINE_RTT, r, n, 0);
	free(r);
	return e;
}

static void print_ways(struct limits_run *l, const char *what, uint32_t size,
		       const struct limit_seen *seen, unsigned n)
{
	char a[HUMAN_MAX];

	for (unsigned i = 0; i < n; i++)
		table_note(l->t, TABLE_DIM,
			   "  %s %u B: stride %u, batch %u, %u slots, prefetch %u: %s", what, size,
			   seen[i].way.stride, seen[i].way.batch, seen[i].way.slots,
			   seen[i].way.prefetch, human_si(a, sizeof(a), seen[i].best, "/s"));
}

/* The best way of a sweep, then rounds of it: the caller's direction and descriptors. */
static int run_line(struct limits_run *l, const char *name, enum job_kind kind,
		    enum bench_side from, uint32_t size, uint32_t back)
{
	unsigned n = (unsigned)l->o.pair.rounds, seen_n = 0;
	struct limit_seen seen[LIMIT_WAYS_MAX];
	struct round *r = calloc(n, sizeof(*r));
	struct limit_set set;
	int e;

	begin(l, name, size);
	e = r ? limit_sweep(&l->c, kind, from, size + 12, back, l->o.dense, &set, seen, &seen_n,
			    &l->err)
	      : -ENOMEM;
	for (unsigned i = 0; i < n && !e; i++) {
		struct job rest = {.kind = JOB_PROBE};
		struct measured m;

		e = measure_round(&l->c, &rest, SIDE_DRIVER, &set, &m, &l->err);
		r[i] = m.round;
		r[i].value = m.round.limit;
		r[i].limit = 0;
		r[i].slices = NULL;
		r[i].slices_n = 0;
	}
	e = e ? e : add(l, name, METRIC_LINE_RATE, r, n, size);
	if (!e && l->o.ways)
		print_ways(l, name, size, seen, seen_n);
	free(r);
	return e;
}

static int run_one(struct limits_run *l, struct job work, const char *name,
		   enum result_metric metric, double size)
{
	unsigned n = (unsigned)l->o.pair.rounds;
	struct round *r = calloc(n, sizeof(*r));
	int e = r ? 0 : -ENOMEM;

	begin(l, name, size);
	for (unsigned i = 0; i < n && !e; i++) {
		struct measured m;

		e = measure_round(&l->c, &work, SIDE_DRIVER, NULL, &m, &l->err);
		r[i] = m.round;
		r[i].slices = NULL;
		r[i].slices_n = 0;
		r[i].value = metric == METRIC_COPY_RATE ? result_rate(&m.result[SIDE_DRIVER]) * size
							: m.result[SIDE_DRIVER].ns_per_op;
	}
	e = e ? e : add(l, name, metric, r, n, size);
	free(r);
	return e;
}

static int run_limit_set(struct limits_run *l)
{
	bool all = l->o.only.n == 0, want[ONLY_WORDS] = {false};
	bool two = !l->c.sh->yield;
	int e = 0;

	for (unsigned i = 0; i < l->o.only.n; i++)
		want[l->o.only.v[i].index] = true;
	l->total =
		((all || want[ONLY_RTT]) && two) + (all || want[ONLY_WAKE]) +
		(unsigned)l->o.size.n * (3u * (all || want[ONLY_LINE]) + (all || want[ONLY_COPY]));
	if ((all || want[ONLY_RTT]) && two)
		e = run_rtt(l);
	for (unsigned i = 0; i < l->o.size.n && !e; i++) {
		uint32_t size = (uint32_t)l->o.size.v[i];

		if (all || want[ONLY_LINE]) {
			e = run_line(l, "limit.tx", JOB_LINE, SIDE_DRIVER, size, 0);
			e = e ? e : run_line(l, "limit.rx", JOB_LINE, SIDE_DEVICE, size, 16);
			e = e ? e : run_line(l, "limit.both", JOB_DUPLEX, SIDE_DRIVER, size, 0);
		}
	}
	for (unsigned i = 0; i < l->o.size.n && !e; i++) {
		struct job copy = {.kind = JOB_COPY,
				   .bytes = (uint32_t)l->o.size.v[i],
				   .slots = VOP_MAX((1u << 20) / (uint32_t)l->o.size.v[i], 2u),
				   .warm_ns = 1000000,
				   .run_ns = l->o.pair.duration};

		if (all || want[ONLY_COPY])
			e = run_one(l, copy, "limit.copy", METRIC_COPY_RATE,
				    (double)l->o.size.v[i]);
	}
	if (!e && (all || want[ONLY_WAKE])) {
		struct job wake = {.kind = JOB_WAKE,
				   .slots = AGENT_WAKE_FD,
				   .stride = AGENT_WAKE_FD + 1,
				   .batch = 200};

		e = run_one(l, wake, "limit.wake", METRIC_WAKE_RTT, 0);
	}
	return e;
}

static void opts_table(struct limits_opts *o, struct opt *table)
{
	unsigned n = pair_opts_table(&o->pair, table);

	table[n++] =
		(struct opt){"only", OPT_WORDS, &o->only, "LIST",    "measure just these", NULL, 0,
			     0,	     0,		0,	  only_words};
	table[n++] = (struct opt){"size",
				  OPT_SIZES,
				  &o->size,
				  "LIST",
				  "frame sizes in bytes",
				  "64,256,1518,9000,65536",
				  16,
				  65550,
				  0,
				  0,
				  NULL};
	table[n++] = (struct opt){"dense",
				  OPT_FLAG,
				  &o->dense,
				  NULL,
				  "let frames share cache lines: fewer lines, a higher bound",
				  NULL,
				  0,
				  0,
				  0,
				  0,
				  NULL};
	table[n++] = (struct opt){"ways",
				  OPT_FLAG,
				  &o->ways,
				  NULL,
				  "show every stride, batch and number of slots that was tried",
				  NULL,
				  0,
				  0,
				  0,
				  0,
				  NULL};
	table[n] = (struct opt){0};
}

int run_limits(int argc, char **argv)
{
	struct limits_run *l = calloc(1, sizeof(*l));
	struct opt table[OPT_MAX];
	int status = CMD_DONE, e;

	if (l == NULL)
		return cmd_could_not("out of memory");
	opts_table(&l->o, table);
	e = pair_begin(table, argc, argv, "limits",
		       "What this machine can do at all, between two processes on two CPUs.",
		       &l->o.pair, &l->c, &l->res, &status);
	if (e == 0) {
		l->t = table_new();
		table_column(l->t, "limit", NULL, TABLE_LEFT);
		table_column(l->t, "size", "B", TABLE_RIGHT);
		table_column(l->t, "regime", NULL, TABLE_LEFT);
		table_column(l->t, "median", NULL, TABLE_RIGHT);
		table_column(l->t, "min", NULL, TABLE_RIGHT);
		table_column(l->t, "max", NULL, TABLE_RIGHT);
		table_column(l->t, "rounds", "(marked)", TABLE_RIGHT);
		if (!l->o.pair.quiet)
			progress_begin(&l->progress, stderr);
		e = run_limit_set(l);
		progress_end(&l->progress);
		if (e == 0)
			table_print(l->t, stdout, table_colour(stdout));
		table_free(l->t);
		status = pair_end(&l->o.pair, &l->c, l->res, e, &l->err);
	}
	free(l);
	return status;
}
