/* SPDX-License-Identifier: BSD-2-Clause */
/* What `run blk` says: the table on the terminal and the result file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/blk_run.h"
#include "bench/cmd.h"
#include "bench/run_report.h"
#include "target/feature_names.h"

enum figure { RATE, GOODPUT, P50, P99, P999, CPU_DRIVER, CPU_DEVICE, FIGURES };

static const enum result_metric metric_of[FIGURES] = {
	[RATE] = METRIC_RATE,
	[GOODPUT] = METRIC_GOODPUT,
	[P50] = METRIC_LATENCY_P50,
	[P99] = METRIC_LATENCY_P99,
	[P999] = METRIC_LATENCY_P999,
	[CPU_DRIVER] = METRIC_CPU_DRIVER,
	[CPU_DEVICE] = METRIC_CPU_DEVICE,
};

/* Which bound is the lower one for a case. */
enum bound { BOUND_NONE, BOUND_COPY, BOUND_RTT };
static const char *const bound_names[] = {NULL, "copy_rate", "line_rtt"};
static const char *const bound_words[] = {"-", "copy", "rtt"};

int blk_case_hist(struct blk_case *k, enum regime r, const struct hist *h)
{
	if (k->hist[r] == NULL) {
		k->hist[r] = malloc(sizeof(*k->hist[r]));
		if (k->hist[r] == NULL)
			return -ENOMEM;
		hist_init(k->hist[r]);
	}
	hist_merge(k->hist[r], h);
	return 0;
}

void blk_case_free(struct blk_case *k)
{
	for (unsigned r = 0; r < REGIMES; r++)
		free(k->hist[r]);
	free(k->m);
}

static double per(double v, uint64_t n)
{
	return n ? v / (double)n : 0;
}

static double figure(const struct blk_case *k, const struct measured *m, enum figure f)
{
	const struct job_result *driver = &m->result[SIDE_DRIVER];

	switch (f) {
	case GOODPUT:
		return m->round.value * 8.0 * k->size;
	case P50:
	case P99:
	case P999:
		return m->p[f - P50];
	case CPU_DRIVER:
		return per((double)driver->cpu_ns, driver->frames);
	case CPU_DEVICE:
		/* Of a process that was started the time of the whole job is known. */
		return driver->other_cpu_ns
			       ? per((double)driver->other_cpu_ns, driver->frames_all)
			       : per((double)m->result[SIDE_DEVICE].cpu_ns, driver->frames);
	default:
		return m->round.value;
	}
}

/* Requests a second that the round trip allows: each of those in flight takes one at least. */
static double by_rtt(const struct blk_run *n, const struct blk_case *k, const struct measured *m)
{
	double rtt = (m->round.rtt_before_ns + m->round.rtt_after_ns) / 2;

	return rtt > 0 && !n->o.no_limit ? (double)(k->depth * n->o.queues) * 1e9 / rtt : 0;
}

/* One bound for all rounds of a case: the one that is the lower one in most of them. */
static enum bound bound_of(const struct blk_run *n, const struct blk_case *k)
{
	unsigned rtt = 0, copy = 0;

	for (unsigned i = 0; i < k->rounds; i++) {
		double a = by_rtt(n, k, &k->m[i]), b = k->m[i].round.limit;

		rtt += a > 0 && (b <= 0 || a < b);
		copy += b > 0 && (a <= 0 || b <= a);
	}
	return rtt + copy == 0 ? BOUND_NONE : rtt > copy ? BOUND_RTT : BOUND_COPY;
}

static double limit_of(const struct blk_run *n, const struct blk_case *k, const struct measured *m,
		       enum bound b)
{
	return b == BOUND_RTT ? by_rtt(n, k, m) : b == BOUND_COPY ? m->round.limit : 0;
}

/* The rounds with this figure as their value; *count of them. NULL without memory. */
static struct round *rounds_of(const struct blk_run *n, const struct blk_case *k, enum figure f,
			       enum bound b, unsigned *count)
{
	struct round *r = calloc(k->rounds ? k->rounds : 1, sizeof(*r));

	for (unsigned i = 0; r && i < k->rounds; i++) {
		r[i] = k->m[i].round;
		r[i].value = figure(k, &k->m[i], f);
		r[i].limit = f == RATE ? limit_of(n, k, &k->m[i], b) : 0;
		if (f != RATE) {
			r[i].slices = NULL;
			r[i].slices_n = 0;
		}
	}
	*count = r ? report_keep_known(k->hist, metric_of[f], r, k->rounds) : 0;
	return r;
}

static bool shown(const struct blk_run *n, const struct blk_case *k, enum figure f)
{
	if (f == GOODPUT)
		return k->size > 0;
	if (f == CPU_DEVICE)
		return !n->p.foreign || (k->rounds && k->m[0].result[SIDE_DRIVER].other_cpu_ns);
	return true;
}

/* --- the table --- */

enum { WIDE = 122 };

static void columns(struct table *t, bool narrow)
{
	table_column(t, "pattern", NULL, TABLE_LEFT);
	table_column(t, "size", "B", TABLE_RIGHT);
	table_column(t, "depth", NULL, TABLE_RIGHT);
	table_column(t, "regime", NULL, TABLE_LEFT);
	table_column(t, "rate", NULL, TABLE_RIGHT);
	table_column(t, "of limit", "%", TABLE_RIGHT);
	table_column(t, "which", NULL, TABLE_LEFT);
	if (!narrow)
		table_column(t, "goodput", NULL, TABLE_RIGHT);
	table_column(t, "median", NULL, TABLE_RIGHT);
	table_column(t, "99 %", NULL, TABLE_RIGHT);
	if (!narrow)
		table_column(t, "99.9 %", NULL, TABLE_RIGHT);
	table_column(t, "CPU driver", "ns/request", TABLE_RIGHT);
	table_column(t, "device", "ns/request", TABLE_RIGHT);
	table_column(t, "rounds", "(marked)", TABLE_RIGHT);
}

static int rows(struct table *t, const struct blk_run *n, const struct blk_case *k, bool narrow)
{
	struct regime_summary sum[FIGURES][REGIMES] = {0};
	enum bound b = bound_of(n, k);
	int e = 0;

	for (enum figure f = 0; f < FIGURES && !e; f++) {
		unsigned count;
		struct round *r = rounds_of(n, k, f, b, &count);

		e = r ? regime_summaries(r, count, sum[f]) : -ENOMEM;
		free(r);
	}
	for (enum regime g = 0; g < REGIMES && !e; g++) {
		const struct regime_summary *s = &sum[RATE][g];
		double share = s->limit > 0 ? s->s.median / s->limit : 0;
		char a[HUMAN_MAX];

		if (s->rounds == 0)
			continue;
		table_row(t);
		table_cell(t, TABLE_PLAIN, "%s", blk_pattern_words[k->pattern]);
		table_cell(t, TABLE_PLAIN, k->size ? "%u" : "-", k->size);
		table_cell(t, TABLE_PLAIN, "%u", k->depth);
		table_cell(t, TABLE_PLAIN, "%s", regime_name(g));
		table_cell(t, TABLE_PLAIN, "%s", human_si(a, sizeof(a), s->s.median, "/s"));
		table_cell(t, share > 1.0 + RESULT_LIMIT_SLACK ? TABLE_BAD : TABLE_PLAIN,
			   share > 0 ? "%.0f" : "-", share * 100);
		table_cell(t, TABLE_PLAIN, "%s", bound_words[share > 0 ? b : BOUND_NONE]);
		if (!narrow)
			table_cell(t, TABLE_PLAIN, k->size ? "%s" : "-",
				   human_si(a, sizeof(a), sum[GOODPUT][g].s.median, "bit/s"));
		for (enum figure f = P50; f <= (narrow ? P99 : P999); f++)
			table_cell(t, TABLE_PLAIN, sum[f][g].rounds ? "%s" : "-",
				   human_ns(a, sizeof(a), sum[f][g].s.median));
		for (enum figure f = CPU_DRIVER; f <= CPU_DEVICE; f++)
			table_cell(t, TABLE_PLAIN, shown(n, k, f) ? "%.0f" : "-",
				   sum[f][g].s.median);
		table_cell(t, s->marked ? TABLE_WARN : TABLE_PLAIN, s->marked ? "%u (%u)" : "%u",
			   s->rounds, s->marked);
	}
	return e;
}

static void print_head(const struct blk_run *n)
{
	static const char *const verified[] = {
		"every byte is made, copied in and out, and compared with what was written last",
		"read only: what is read is compared with what was read first",
		"UNVERIFIED: data is neither made nor compared",
	};
	char a[HUMAN_MAX], b[HUMAN_MAX];

	printf("blk over %s, %s ring of %u, %llu queue%s, %s\nfeatures", n->o.target,
	       n->p.packed ? "packed" : "split", n->disk.queue_size,
	       (unsigned long long)n->o.queues, n->o.queues == 1 ? "" : "s",
	       blk_notify_words[n->o.notify]);
	for (const char *const *w = feature_words(VOP_BLK_ID); *w; w++)
		if (vop_feature_has(n->features, (unsigned)feature_bit(VOP_BLK_ID, *w, strlen(*w))))
			printf(" %s", *w);
	printf("\n%s of a disk of %s%s; %s\n\n", human_bytes(a, sizeof(a), (double)n->disk.span),
	       human_bytes(b, sizeof(b), (double)n->disk.capacity),
	       n->disk.read_only ? ", read-only" : "", verified[n->disk.verify]);
}

static int print_table(const struct blk_run *n)
{
	struct table *t = table_new();
	bool narrow = report_narrow(WIDE);
	int e = t ? 0 : -ENOMEM;

	columns(t, narrow);
	for (unsigned i = 0; i < n->cases_n && !e; i++)
		e = rows(t, n, &n->cases[i], narrow);
	if (!e)
		table_print(t, stdout, table_colour(stdout));
	table_free(t);
	return e;
}

/* Why rounds were marked, in words. */
static void print_marks(const struct blk_run *n)
{
	struct report_marks seen = {0};

	for (unsigned i = 0; i < n->cases_n; i++)
		for (unsigned r = 0; r < n->cases[i].rounds; r++)
			report_mark(&seen, n->cases[i].m[r].round.marks);
	report_marks_print(&seen);
}

static void print_foot(const struct blk_run *n)
{
	char a[HUMAN_MAX], b[HUMAN_MAX];
	bool limits = false;

	for (unsigned i = 0; i < n->cases_n; i++)
		limits |= bound_of(n, &n->cases[i]) != BOUND_NONE;
	if (limits)
		printf("\nlimit: the lower of copy: plain copies of the same bytes, and rtt: one "
		       "round trip of a\ncache line for each request in flight; both measured "
		       "around each round.\n");
	print_marks(n);
	printf("%llu requests, all accounted for; %s written, %s compared\n",
	       (unsigned long long)n->submitted, human_bytes(a, sizeof(a), (double)n->written),
	       human_bytes(b, sizeof(b), (double)n->compared));
}

/* --- the result file --- */

static int add(struct blk_run *n, const struct blk_case *k, enum figure f)
{
	char features[512], name[32];
	const struct result_param params[] = {
		{"size", NULL, k->size},
		{"depth", NULL, k->depth},
		{"ring", n->p.packed ? "packed" : "split", 0},
		{"queues", NULL, (double)n->o.queues},
		{"queue_size", NULL, n->disk.queue_size},
		{"notify", blk_notify_words[n->o.notify], 0},
		{"batch", NULL, (double)n->o.batch},
		{"span", NULL, (double)n->disk.span},
		{"offered", NULL, (double)n->o.rate},
		{"verify", blk_verify_words[n->disk.verify], 0},
		{"features", feature_text(VOP_BLK_ID, n->features, features, sizeof(features)), 0},
		{NULL, NULL, 0},
	};
	enum bound b = bound_of(n, k);
	struct result_entry e = {
		.name = name,
		.metric = metric_of[f],
		.unit = f == RATE ? "request/s" : NULL,
		.params = params,
		.limit_name = f == RATE ? bound_names[b] : NULL,
		.unverified = n->disk.verify == BLK_VERIFY_NONE,
		.note = n->disk.verify == BLK_VERIFY_STABLE
				? "compared with what was read first: the disk was not written"
				: NULL,
	};
	int err;

	if (!shown(n, k, f))
		return 0;
	snprintf(name, sizeof(name), "blk.%s", blk_pattern_words[k->pattern]);
	e.rounds = rounds_of(n, k, f, b, &e.rounds_n);
	if (e.rounds == NULL)
		return -ENOMEM;
	for (unsigned g = 0; g < REGIMES; g++)
		e.hist[g] = f == P50 ? k->hist[g] : NULL;
	err = e.rounds_n ? result_add(n->res, &e) : 0;
	free(e.rounds);
	return err;
}

static void facts(struct blk_run *n)
{
	json_t *device = json_object(), *cpus = json_array();

	json_object_set_new(device, "implementation",
			    json_string(!n->p.foreign ? "the VOP of this build"
					: n->o.spawn  ? "started"
						      : "attached"));
	json_object_set_new(device, "device_id", json_integer(VOP_BLK_ID));
	json_object_set_new(device, "queues", json_integer(n->device_queues));
	json_object_set_new(device, "capacity", json_integer((json_int_t)n->disk.capacity));
	json_object_set_new(device, "block_size", json_integer(n->disk.block_size));
	json_object_set_new(device, "read_only", json_boolean(n->disk.read_only));
	json_object_set_new(device, "features_offered", report_features(VOP_BLK_ID, n->offered));
	result_run_fact(n->res, "device", device);
	for (unsigned s = 0; s < SIDES; s++)
		json_array_append_new(cpus, n->p.cpu[s] < 0 || (s == SIDE_DEVICE && n->p.foreign)
						    ? json_null()
						    : json_integer(n->p.cpu[s]));
	result_run_fact(n->res, "cpus_used", cpus);
	result_run_fact(n->res, "features_negotiated", report_features(VOP_BLK_ID, n->features));
	result_run_fact(n->res, "requests", json_integer((json_int_t)n->submitted));
	result_run_fact(n->res, "bytes_written", json_integer((json_int_t)n->written));
	result_run_fact(n->res, "bytes_compared", json_integer((json_int_t)n->compared));
	result_run_fact(n->res, "resident_driver", json_integer((json_int_t)n->resident[0]));
	result_run_fact(n->res, "resident_device", json_integer((json_int_t)n->resident[1]));
}

static int write_result(struct blk_run *n)
{
	int e = 0;

	for (unsigned i = 0; i < n->cases_n && !e; i++)
		for (enum figure f = 0; f < FIGURES && !e; f++)
			e = add(n, &n->cases[i], f);
	if (e)
		return cmd_could_not("cannot put the result together: %s", strerror(-e));
	facts(n);
	return report_finish(n->res, n->o.pair.json, n->o.pair.no_save);
}

int blk_report(struct blk_run *n)
{
	print_head(n);
	if (print_table(n))
		return cmd_could_not("out of memory");
	print_foot(n);
	return write_result(n);
}
