/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench run ring: the two ring halves alone, between two processes, no payload. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/measure.h"
#include "bench/pair_opts.h"
#include "report/table.h"

enum { RING_SPLIT, RING_PACKED, RING_BOTH };
static const char *const ring_words[] = {"split", "packed", NULL};

struct ring_opts {
	struct pair_opts pair;
	struct opt_words ring;
	struct opt_sizes batch;
	uint64_t queue_size, passes;
	bool no_in_order;
};

/* One format with one batch; over all passes. */
struct ring_case {
	bool packed;
	unsigned batch; /* 0: one buffer there and back */
	unsigned rounds;
	struct measured *m;
};

struct ring_run {
	struct ring_opts o;
	struct coord c;
	struct result *res;
	struct table *t;
	struct progress progress;
	struct ring_case cases[2 * OPT_LIST_MAX];
	unsigned cases_n, pass;
	unsigned done, total; /* rounds */
	struct vop_error err;
};

static int run_case(struct ring_run *q, struct ring_case *k)
{
	unsigned n = (unsigned)q->o.pair.rounds;
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		struct measured *m = &k->m[k->rounds];
		struct job work = {.kind = JOB_RING,
				   .warm_ns = q->o.pair.duration / 10,
				   .run_ns = q->o.pair.duration,
				   .slice_ns = q->o.pair.duration / 10,
				   .slots = (uint32_t)q->o.queue_size,
				   .batch = k->batch,
				   .packed = k->packed,
				   .in_order = !q->o.no_in_order};

		progress_update(&q->progress, q->done++, q->total, "%s, batch %u: round %u of %u",
				ring_words[k->packed], k->batch ? k->batch : 1, i + 1, n);
		err = measure_round(&q->c, &work, SIDE_DRIVER, NULL, m, &q->err);
		if (err == MEASURE_SKIPPED) {
			err = 0;
			continue;
		}
		m->round.value = k->batch ? result_rate(&m->result[SIDE_DRIVER])
					  : m->result[SIDE_DRIVER].ns_per_op;
		m->round.busy = measured_busy(&q->c, m);
		m->round.slices = k->batch ? m->slices : NULL;
		m->round.slices_n = k->batch ? m->round.slices_n : 0;
		m->round.pass = q->pass;
		m->round.number = i;
		k->rounds++;
	}
	return err;
}

/* The result, and its rows of the table. */
static int add_case(struct ring_run *q, const struct ring_case *k)
{
	const struct result_param params[] = {{"ring", ring_words[k->packed], 0},
					      {"batch", NULL, k->batch ? k->batch : 1},
					      {"queue_size", NULL, (double)q->o.queue_size},
					      {"in_order", NULL, !q->o.no_in_order},
					      {NULL, NULL, 0}};
	struct round *r = calloc(k->rounds, sizeof(*r));
	struct result_entry e = {.name = "ring",
				 .metric = k->batch ? METRIC_RING_RATE : METRIC_RING_RTT,
				 .params = params,
				 .rounds = r,
				 .rounds_n = k->rounds};
	const char *unit = result_metric_unit(e.metric);
	struct regime_summary sum[REGIMES];
	int err = r ? 0 : -ENOMEM;

	for (unsigned i = 0; i < k->rounds && !err; i++)
		r[i] = k->m[i].round;
	err = err ? err : result_add(q->res, &e);
	err = err ? err : regime_summaries(r, k->rounds, sum);
	for (unsigned g = 0; g < REGIMES && !err; g++) {
		char a[HUMAN_MAX];

		if (sum[g].rounds == 0)
			continue;
		table_row(q->t);
		table_cell(q->t, TABLE_PLAIN, "%s", ring_words[k->packed]);
		table_cell(q->t, TABLE_PLAIN, k->batch ? "%u" : "round trip", k->batch);
		table_cell(q->t, TABLE_PLAIN, "%s", regime_name(g));
		table_cell(q->t, TABLE_PLAIN, "%s",
			   human_value(a, sizeof(a), sum[g].s.median, unit));
		table_cell(q->t, TABLE_PLAIN, "%s", human_value(a, sizeof(a), sum[g].s.min, unit));
		table_cell(q->t, TABLE_PLAIN, "%s", human_value(a, sizeof(a), sum[g].s.max, unit));
		table_cell(q->t, TABLE_PLAIN, sum[g].marked ? "%u (%u)" : "%u", sum[g].rounds,
			   sum[g].marked);
	}
	free(r);
	return err;
}

static int make_cases(struct ring_run *q)
{
	for (unsigned i = 0; i < q->o.ring.n; i++) {
		for (unsigned b = 0; b < q->o.batch.n; b++) {
			struct ring_case *k = &q->cases[q->cases_n];

			if (q->cases_n == VOP_ARRAY_SIZE(q->cases))
				return -E2BIG;
			*k = (struct ring_case){.packed = q->o.ring.v[i].index == RING_PACKED,
						.batch = (unsigned)q->o.batch.v[b]};
			k->m = calloc(q->o.pair.rounds * q->o.passes, sizeof(*k->m));
			if (k->m == NULL)
				return -ENOMEM;
			q->cases_n++;
		}
	}
	q->total = (unsigned)(q->cases_n * q->o.pair.rounds * q->o.passes);
	return 0;
}

static int run_cases(struct ring_run *q)
{
	int e = make_cases(q);

	for (q->pass = 0; q->pass < q->o.passes && !e && !q->c.turns.over; q->pass++) {
		if (q->pass)
			e = pair_again(&q->o.pair, q->pass, &q->c, &q->err);
		for (unsigned i = 0; i < q->cases_n && !e; i++)
			e = run_case(q, &q->cases[i]);
	}
	progress_end(&q->progress);
	for (unsigned i = 0; i < q->cases_n && !e; i++)
		e = q->cases[i].rounds ? add_case(q, &q->cases[i]) : 0;
	return e;
}

static void opts_table(struct ring_opts *o, struct opt *table)
{
	unsigned n = pair_opts_table(&o->pair, table);

	table[n++] = (struct opt){"ring", OPT_WORDS, &o->ring, "LIST", "formats", "split,packed",
				  0,	  0,	     0,	       0,      ring_words};
	table[n++] = (struct opt){"batch",
				  OPT_SIZES,
				  &o->batch,
				  "LIST",
				  "buffers made available at a time; 0: one buffer there and back",
				  "1,8,32,64,0",
				  0,
				  256,
				  0,
				  0,
				  NULL};
	table[n++] = (struct opt){"queue-size", OPT_U64, &o->queue_size,     "N", "descriptors",
				  "256",	1,	 VOP_QUEUE_SIZE_MAX, 0,	  0,
				  NULL};
	table[n++] = (struct opt){"passes",
				  OPT_U64,
				  &o->passes,
				  "N",
				  "go through all cases so often, with new processes each time",
				  "1",
				  1,
				  1000,
				  0,
				  0,
				  NULL};
	table[n++] = (struct opt){"no-in-order",
				  OPT_FLAG,
				  &o->no_in_order,
				  NULL,
				  "without IN_ORDER: one used entry for each buffer",
				  NULL,
				  0,
				  0,
				  0,
				  0,
				  NULL};
	table[n] = (struct opt){0};
}

static int check(const struct ring_opts *o)
{
	for (unsigned i = 0; i < o->ring.n; i++)
		if (o->ring.v[i].index == RING_SPLIT && (o->queue_size & (o->queue_size - 1)))
			return cmd_could_not("--queue-size %llu: a split ring's size is a power of "
					     "two; take one, or --ring packed",
					     (unsigned long long)o->queue_size);
	for (unsigned i = 0; i < o->batch.n; i++)
		if (o->batch.v[i] > o->queue_size)
			return cmd_could_not("--batch %llu is more than --queue-size %llu",
					     (unsigned long long)o->batch.v[i],
					     (unsigned long long)o->queue_size);
	return 0;
}

int run_ring(int argc, char **argv)
{
	struct ring_run *q = calloc(1, sizeof(*q));
	struct opt table[OPT_MAX];
	int status = CMD_DONE, e;

	if (q == NULL)
		return cmd_could_not("out of memory");
	opts_table(&q->o, table);
	e = pair_begin(table, argc, argv, "ring",
		       "The virtqueues alone, no payload: what a descriptor costs in both formats.",
		       &q->o.pair, &q->c, &q->res, &status);
	if (e == 0) {
		status = check(&q->o);
		e = status ? -EINVAL : 0;
		q->t = table_new();
		table_column(q->t, "ring", NULL, TABLE_LEFT);
		table_column(q->t, "batch", NULL, TABLE_RIGHT);
		table_column(q->t, "regime", NULL, TABLE_LEFT);
		table_column(q->t, "median", NULL, TABLE_RIGHT);
		table_column(q->t, "min", NULL, TABLE_RIGHT);
		table_column(q->t, "max", NULL, TABLE_RIGHT);
		table_column(q->t, "rounds", "(marked)", TABLE_RIGHT);
		if (!q->o.pair.quiet)
			progress_begin(&q->progress, stderr);
		e = e ? e : run_cases(q);
		if (e == 0)
			table_print(q->t, stdout, table_colour(stdout));
		table_free(q->t);
		if (status) {
			coord_stop(&q->c);
			result_free(q->res);
		} else {
			status = pair_end(&q->o.pair, &q->c, q->res, e, &q->err);
		}
	}
	for (unsigned i = 0; i < q->cases_n; i++)
		free(q->cases[i].m);
	free(q);
	return status;
}
