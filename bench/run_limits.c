/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench run limits: what the two CPUs can do at all. Also the probe other measurements are
 * bracketed with. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/cmd.h"
#include "bench/env.h"
#include "bench/measure.h"
#include "bench/pair_opts.h"
#include "bench/result.h"
#include "bench/turns.h"
#include "report/table.h"

enum limit_word { ONLY_RTT, ONLY_LINE, ONLY_COPY, ONLY_WAKE, ONLY_WORDS };
static const char *const only_words[ONLY_WORDS + 1] = {"rtt", "line", "copy", "wake", NULL};

struct limits_opts {
	struct pair_opts pair;
	struct opt_words only;
	struct opt_sizes size;
	uint64_t passes;
	bool ways, dense;
};

/* What one line of the table is about; over all passes. */
struct limit_case {
	const char *name;
	enum result_metric metric;
	uint32_t size; /* 0: it has none */
	struct job work;
	bool line; /* a limit itself, work only probes: the best ways of a sweep */
	struct limit_set set;
	struct limit_seen *seen; /* NULL: not swept yet */
	unsigned seen_n;
	struct round *r;
	unsigned n; /* rounds so far */
};

struct limits_run {
	struct limits_opts o;
	struct coord c;
	struct result *res;
	struct table *t;
	struct progress progress;
	struct limit_case cases[2 + 4 * OPT_LIST_MAX];
	unsigned cases_n, pass;
	unsigned done, total; /* limits */
	struct vop_error err;
};

/* Say what is measured now. */
static void begin(struct limits_run *l, const struct limit_case *k)
{
	if (k->size)
		progress_update(&l->progress, l->done++, l->total, "%s %u B",
				k->name + strlen("limit."), k->size);
	else
		progress_update(&l->progress, l->done++, l->total, "%s",
				k->name + strlen("limit."));
}

/* Put rounds into table and file. */
static int add(struct limits_run *l, const struct limit_case *k)
{
	const struct result_param params[] = {{"size", NULL, k->size}, {NULL, NULL, 0}};
	struct result_entry e = {.name = k->name,
				 .metric = k->metric,
				 .params = k->size ? params : NULL,
				 .rounds = k->r,
				 .rounds_n = k->n};
	struct regime_summary sum[REGIMES];
	int err = k->n ? result_add(l->res, &e) : 0;

	if (err || regime_summaries(k->r, k->n, sum))
		return err ? err : -ENOMEM;
	for (unsigned g = 0; g < REGIMES; g++) {
		char a[HUMAN_MAX], b[HUMAN_MAX], c[HUMAN_MAX];
		const char *unit = result_metric_unit(k->metric);

		if (sum[g].rounds == 0)
			continue;
		table_row(l->t);
		table_cell(l->t, TABLE_PLAIN, "%s: %s", k->name + strlen("limit."),
			   result_metric_text(k->metric));
		if (k->size)
			table_cell(l->t, TABLE_PLAIN, "%u", k->size);
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

static void print_ways(struct limits_run *l, const struct limit_case *k)
{
	char a[HUMAN_MAX];

	for (unsigned i = 0; i < k->seen_n; i++)
		table_note(l->t, TABLE_DIM,
			   "  %s %u B: stride %u, batch %u, %u slots, prefetch %u: %s", k->name,
			   k->size, k->seen[i].way.stride, k->seen[i].way.batch,
			   k->seen[i].way.slots, k->seen[i].way.prefetch,
			   human_si(a, sizeof(a), k->seen[i].best, "/s"));
}

/* The round trip is its own bracket. */
static int probe_round(struct limits_run *l, const struct job *probe, struct round *r)
{
	const struct job_result *got = &l->c.sh->side[SIDE_DRIVER].result[0];
	int e = turns_wait(&l->c, probe, &l->err);

	if (e)
		return e < 0 ? e : MEASURE_SKIPPED;
	r->at_s = (double)clock_ns() / 1e9;
	e = coord_plan(&l->c, probe, 1, &l->err);
	r->value = r->rtt_before_ns = r->rtt_after_ns = got->ns_per_op;
	r->duration_s = (double)got->window_ns / 1e9;
	turns_measured(&l->c, probe, r->value, r->value, true);
	return e;
}

static int measure(struct limits_run *l, struct limit_case *k, struct round *r)
{
	struct measured m;
	int e;

	if (k->metric == METRIC_LINE_RTT)
		return probe_round(l, &k->work, r);
	e = measure_round(&l->c, &k->work, SIDE_DRIVER, k->line ? &k->set : NULL, &m, &l->err);
	*r = m.round;
	if (k->line)
		r->value = m.round.limit;
	else if (k->metric == METRIC_COPY_RATE)
		r->value = result_rate(&m.result[SIDE_DRIVER]) * k->size;
	else
		r->value = m.result[SIDE_DRIVER].ns_per_op;
	r->limit = 0;
	r->slices = NULL;
	r->slices_n = 0;
	return e;
}

/* The best ways, sought once: later passes go by them. */
static int sweep(struct limits_run *l, struct limit_case *k)
{
	if (!k->line || k->seen)
		return 0;
	k->seen = calloc(LIMIT_WAYS_MAX, sizeof(*k->seen));
	if (!k->seen)
		return -ENOMEM;
	return limit_sweep(&l->c, k->set.kind, k->set.from, k->set.bytes, k->set.back_bytes,
			   l->o.dense, &k->set, k->seen, &k->seen_n, &l->err);
}

static int run_case(struct limits_run *l, struct limit_case *k)
{
	int e;

	begin(l, k);
	e = sweep(l, k);
	for (unsigned i = 0; i < l->o.pair.rounds && !e; i++) {
		struct round *r = &k->r[k->n];

		e = measure(l, k, r);
		if (e == MEASURE_SKIPPED) {
			e = 0;
			continue;
		}
		r->pass = l->pass;
		r->number = i;
		k->n += e == 0;
	}
	return e;
}

static int add_case(struct limits_run *l, struct limit_case k)
{
	k.r = calloc(l->o.pair.rounds * l->o.passes, sizeof(*k.r));
	if (!k.r)
		return -ENOMEM;
	l->cases[l->cases_n++] = k;
	return 0;
}

/* A line rate one way or both, of the caller's direction and descriptors. */
static int add_line(struct limits_run *l, const char *name, enum job_kind kind,
		    enum bench_side from, uint32_t size, uint32_t back)
{
	/* The round itself only probes; its other numbers tell one case from the other. */
	return add_case(
		l, (struct limit_case){
			   .name = name,
			   .metric = METRIC_LINE_RATE,
			   .size = size,
			   .line = true,
			   .work = {.kind = JOB_PROBE, .from = from, .bytes = size, .stride = kind},
			   .set = {.kind = kind,
				   .from = from,
				   .bytes = size + 12,
				   .back_bytes = back}});
}

static int make_cases(struct limits_run *l)
{
	bool all = l->o.only.n == 0, want[ONLY_WORDS] = {false};
	int e = 0;

	for (unsigned i = 0; i < l->o.only.n; i++)
		want[l->o.only.v[i].index] = true;
	if ((all || want[ONLY_RTT]) && !l->c.sh->yield)
		e = add_case(l, (struct limit_case){.name = "limit.rtt",
						    .metric = METRIC_LINE_RTT,
						    .work = {.kind = JOB_PROBE}});
	for (unsigned i = 0; i < l->o.size.n && !e && (all || want[ONLY_LINE]); i++) {
		uint32_t size = (uint32_t)l->o.size.v[i];

		e = add_line(l, "limit.tx", JOB_LINE, SIDE_DRIVER, size, 0);
		e = e ? e : add_line(l, "limit.rx", JOB_LINE, SIDE_DEVICE, size, 16);
		e = e ? e : add_line(l, "limit.both", JOB_DUPLEX, SIDE_DRIVER, size, 0);
	}
	for (unsigned i = 0; i < l->o.size.n && !e && (all || want[ONLY_COPY]); i++) {
		uint32_t size = (uint32_t)l->o.size.v[i];

		e = add_case(l,
			     (struct limit_case){.name = "limit.copy",
						 .metric = METRIC_COPY_RATE,
						 .size = size,
						 .work = {.kind = JOB_COPY,
							  .bytes = size,
							  .slots = VOP_MAX((1u << 20) / size, 2u),
							  .warm_ns = 1000000,
							  .run_ns = l->o.pair.duration}});
	}
	if (!e && (all || want[ONLY_WAKE]))
		e = add_case(l, (struct limit_case){.name = "limit.wake",
						    .metric = METRIC_WAKE_RTT,
						    .work = {.kind = JOB_WAKE,
							     .slots = AGENT_WAKE_FD,
							     .stride = AGENT_WAKE_FD + 1,
							     .batch = 200}});
	l->total = l->cases_n * (unsigned)l->o.passes;
	return e;
}

static int run_limit_set(struct limits_run *l)
{
	int e = make_cases(l);

	for (l->pass = 0; l->pass < l->o.passes && !e && !l->c.turns.over; l->pass++) {
		if (l->pass)
			e = pair_again(&l->o.pair, l->pass, &l->c, &l->err);
		for (unsigned i = 0; i < l->cases_n && !e; i++)
			e = run_case(l, &l->cases[i]);
	}
	for (unsigned i = 0; i < l->cases_n && !e; i++) {
		e = add(l, &l->cases[i]);
		if (!e && l->o.ways)
			print_ways(l, &l->cases[i]);
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
	table[n++] = (struct opt){"passes",
				  OPT_U64,
				  &o->passes,
				  "N",
				  "go through all limits so often, with new processes each time",
				  "1",
				  1,
				  1000,
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
	for (unsigned i = 0; i < l->cases_n; i++) {
		free(l->cases[i].r);
		free(l->cases[i].seen);
	}
	free(l);
	return status;
}
