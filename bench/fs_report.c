/* SPDX-License-Identifier: BSD-2-Clause */
/* What `run fs` says: the table on the terminal and the result file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/fs_run.h"
#include "bench/run_report.h"
#include "target/feature_names.h"

enum figure { RATE, GOODPUT, P50, P99, P999, CPU_DEVICE, FIGURES };

static const enum result_metric metric_of[FIGURES] = {
	[RATE] = METRIC_RATE,	    [GOODPUT] = METRIC_GOODPUT,	  [P50] = METRIC_LATENCY_P50,
	[P99] = METRIC_LATENCY_P99, [P999] = METRIC_LATENCY_P999, [CPU_DEVICE] = METRIC_CPU_DEVICE,
};

/* Which bound is the lower one for a case. */
enum bound { BOUND_NONE, BOUND_COPY, BOUND_RTT };
static const char *const bound_names[] = {NULL, "copy_rate", "line_rtt"};
static const char *const bound_words[] = {"-", "copy", "rtt"};

static double figure(const struct fs_case *k, const struct fs_round *m, enum figure f)
{
	switch (f) {
	case GOODPUT:
		return m->round.value * 8.0 * k->size;
	case P50:
	case P99:
	case P999:
		return m->p[f - P50];
	case CPU_DEVICE:
		return m->cpu_device;
	default:
		return m->round.value;
	}
}

/* Requests a second that the round trip allows: each of those in flight takes one at least. */
static double by_rtt(const struct fs_run *n, const struct fs_case *k, const struct fs_round *m)
{
	double rtt = (m->round.rtt_before_ns + m->round.rtt_after_ns) / 2;

	return rtt > 0 && !n->o.no_limit ? (double)(k->depth * n->o.queues) * 1e9 / rtt : 0;
}

/* Requests a second when every byte is copied once, by as many CPUs as there are: how many threads
 * the device has is not known. */
static double by_copy(const struct fs_run *n, const struct fs_case *k, const struct fs_round *m)
{
	(void)n;
	return k->size ? m->copy / k->size * env_usable_cpus(NULL, 0) : 0;
}

static enum bound bound_of(const struct fs_run *n, const struct fs_case *k)
{
	unsigned rtt = 0, copy = 0;

	for (unsigned i = 0; i < k->rounds; i++) {
		double a = by_rtt(n, k, &k->m[i]), b = by_copy(n, k, &k->m[i]);

		rtt += a > 0 && (b <= 0 || a < b);
		copy += b > 0 && (a <= 0 || b <= a);
	}
	return rtt + copy == 0 ? BOUND_NONE : rtt > copy ? BOUND_RTT : BOUND_COPY;
}

static double limit_of(const struct fs_run *n, const struct fs_case *k, const struct fs_round *m,
		       enum bound b)
{
	return b == BOUND_RTT ? by_rtt(n, k, m) : b == BOUND_COPY ? by_copy(n, k, m) : 0;
}

/* The rounds with this figure as their value; *count of them. NULL without memory. */
static struct round *rounds_of(const struct fs_run *n, const struct fs_case *k, enum figure f,
			       unsigned *count)
{
	struct round *r = calloc(k->rounds ? k->rounds : 1, sizeof(*r));
	enum bound b = bound_of(n, k);

	for (unsigned i = 0; r && i < k->rounds; i++) {
		r[i] = k->m[i].round;
		r[i].value = figure(k, &k->m[i], f);
		r[i].limit = f == RATE ? limit_of(n, k, &k->m[i], b) : 0;
		if (f == RATE)
			r[i].slices = k->m[i].slices;
		else
			r[i].slices_n = 0;
	}
	*count = r ? report_keep_known(k->hist, metric_of[f], r, k->rounds) : 0;
	return r;
}

static bool shown(const struct fs_case *k, enum figure f)
{
	if (f == GOODPUT)
		return k->size > 0;
	return f != CPU_DEVICE || (k->rounds && k->m[0].cpu_device > 0);
}

/* --- the table --- */

enum { WIDE = 112 };

static void columns(struct table *t, bool narrow)
{
	table_column(t, "pattern", NULL, TABLE_LEFT);
	table_column(t, "size", "B", TABLE_RIGHT);
	table_column(t, "depth", NULL, TABLE_RIGHT);
	table_column(t, "regime", NULL, TABLE_LEFT);
	table_column(t, "rate", NULL, TABLE_RIGHT);
	if (!narrow) {
		table_column(t, "of limit", "%", TABLE_RIGHT);
		table_column(t, "which", NULL, TABLE_LEFT);
	}
	table_column(t, "goodput", NULL, TABLE_RIGHT);
	table_column(t, "median", NULL, TABLE_RIGHT);
	table_column(t, "99 %", NULL, TABLE_RIGHT);
	table_column(t, "99.9 %", NULL, TABLE_RIGHT);
	if (!narrow)
		table_column(t, "CPU device", "ns/request", TABLE_RIGHT);
	table_column(t, "rounds", "(marked)", TABLE_RIGHT);
}

static void row(struct table *t, const struct fs_run *n, const struct fs_case *k,
		struct regime_summary sum[FIGURES][REGIMES], enum regime g, bool narrow)
{
	const struct regime_summary *s = &sum[RATE][g];
	double share = s->limit > 0 ? s->s.median / s->limit : 0;
	char a[HUMAN_MAX];

	table_row(t);
	table_cell(t, TABLE_PLAIN, "%s", fs_pattern_words[k->pattern]);
	table_cell(t, TABLE_PLAIN, k->size ? "%u" : "-", k->size);
	table_cell(t, TABLE_PLAIN, "%u", k->depth);
	table_cell(t, TABLE_PLAIN, "%s", regime_name(g));
	table_cell(t, TABLE_PLAIN, "%s", human_si(a, sizeof(a), s->s.median, "/s"));
	if (!narrow) {
		table_cell(t, share > 1.0 + RESULT_LIMIT_SLACK ? TABLE_BAD : TABLE_PLAIN,
			   share > 0 ? "%.1f" : "-", share * 100);
		table_cell(t, TABLE_PLAIN, "%s", bound_words[share > 0 ? bound_of(n, k) : 0]);
	}
	table_cell(t, TABLE_PLAIN, k->size ? "%s" : "-",
		   human_si(a, sizeof(a), sum[GOODPUT][g].s.median, "bit/s"));
	for (enum figure f = P50; f <= P999; f++)
		table_cell(t, TABLE_PLAIN, sum[f][g].rounds ? "%s" : "-",
			   human_ns(a, sizeof(a), sum[f][g].s.median));
	if (!narrow)
		table_cell(t, TABLE_PLAIN, shown(k, CPU_DEVICE) ? "%.0f" : "-",
			   sum[CPU_DEVICE][g].s.median);
	table_cell(t, s->marked ? TABLE_WARN : TABLE_PLAIN, s->marked ? "%u (%u)" : "%u", s->rounds,
		   s->marked);
}

static int rows(struct table *t, const struct fs_run *n, const struct fs_case *k, bool narrow)
{
	struct regime_summary sum[FIGURES][REGIMES] = {0};
	int e = 0;

	for (enum figure f = 0; f < FIGURES && !e; f++) {
		unsigned count;
		struct round *r = rounds_of(n, k, f, &count);

		e = r ? regime_summaries(r, count, sum[f]) : -ENOMEM;
		free(r);
	}
	for (enum regime g = 0; g < REGIMES && !e; g++)
		if (sum[RATE][g].rounds)
			row(t, n, k, sum, g, narrow);
	return e;
}

static void print_head(const struct fs_run *n)
{
	char a[HUMAN_MAX], features[512];

	printf("fs over %s, %s ring of %u, %llu request queue%s, %s\nfeatures %s\n",
	       n->o.target ? n->o.target : "a device that was started", fs_ring_words[n->o.ring],
	       n->queue_size, (unsigned long long)n->o.queues, n->o.queues == 1 ? "" : "s",
	       fs_notify_words[n->o.notify],
	       feature_text(FS_DEVICE_ID, n->features, features, sizeof(features)));
	printf("FUSE %u.%u, at most %s a request; %llu files; every answer is judged and every "
	       "byte read is compared\n\n",
	       n->terms.major, VOP_MIN(n->terms.minor, FS_MINOR),
	       human_bytes(a, sizeof(a), n->terms.max_write), (unsigned long long)n->o.files);
}

static int print_table(const struct fs_run *n)
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
static void print_marks(const struct fs_run *n)
{
	struct report_marks seen = {0};

	for (unsigned i = 0; i < n->cases_n; i++)
		for (unsigned r = 0; r < n->cases[i].rounds; r++)
			report_mark(&seen, n->cases[i].m[r].round.marks);
	report_marks_print(&seen);
}

static void print_foot(const struct fs_run *n)
{
	char a[HUMAN_MAX], b[HUMAN_MAX];

	if (!n->o.no_limit)
		printf("\nlimit: the lower of copy: plain copies of the same bytes on all CPUs, "
		       "and "
		       "rtt: one round\ntrip of a cache line for each request in flight; both "
		       "measured around each round.\n");
	print_marks(n);
	printf("%llu requests, each answered once; %s written, %s read and compared; %u answers of "
	       "a tour checked\n",
	       (unsigned long long)(n->books.asked + n->books.forgotten),
	       human_bytes(a, sizeof(a), (double)n->books.written),
	       human_bytes(b, sizeof(b), (double)n->books.read), n->checked);
}

/* --- the result file --- */

static int add(struct fs_run *n, const struct fs_case *k, enum figure f)
{
	char features[512], name[32];
	const struct result_param params[] = {
		{"size", NULL, k->size},
		{"depth", NULL, k->depth},
		{"ring", fs_ring_words[n->o.ring], 0},
		{"queues", NULL, (double)n->o.queues},
		{"queue_size", NULL, n->queue_size},
		{"notify", fs_notify_words[n->o.notify], 0},
		{"files", NULL, (double)n->o.files},
		{"span", NULL, (double)n->o.span},
		{"features", feature_text(FS_DEVICE_ID, n->features, features, sizeof(features)),
		 0},
		{NULL, NULL, 0},
	};
	struct result_entry e = {
		.name = name,
		.metric = metric_of[f],
		.unit = f == RATE ? "request/s" : NULL,
		.params = params,
		.limit_name = f == RATE ? bound_names[bound_of(n, k)] : NULL,
	};
	int err;

	if (!shown(k, f))
		return 0;
	snprintf(name, sizeof(name), "fs.%s", fs_pattern_words[k->pattern]);
	e.rounds = rounds_of(n, k, f, &e.rounds_n);
	if (!e.rounds)
		return -ENOMEM;
	for (unsigned g = 0; g < REGIMES; g++)
		e.hist[g] = f == P50 ? k->hist[g] : NULL;
	err = e.rounds_n ? result_add(n->res, &e) : 0;
	free(e.rounds);
	return err;
}

static void facts(struct fs_run *n)
{
	json_t *device = json_object(), *fuse = json_object(), *cpus = json_array();

	json_object_set_new(device, "implementation",
			    json_string(n->o.spawn ? "started" : "attached"));
	json_object_set_new(device, "device_id", json_integer(FS_DEVICE_ID));
	json_object_set_new(device, "queues", json_integer(n->queues_there + FS_LANE));
	json_object_set_new(device, "features_offered", report_features(FS_DEVICE_ID, n->offered));
	result_run_fact(n->res, "device", device);
	json_object_set_new(fuse, "major", json_integer(n->terms.major));
	json_object_set_new(fuse, "minor", json_integer(n->terms.minor));
	json_object_set_new(fuse, "flags", json_integer(n->terms.flags));
	json_object_set_new(fuse, "max_write", json_integer(n->terms.max_write));
	json_object_set_new(fuse, "max_pages", json_integer(n->terms.max_pages));
	result_run_fact(n->res, "fuse", fuse);
	json_array_append_new(cpus, n->p.cpu[0] < 0 ? json_null() : json_integer(n->p.cpu[0]));
	json_array_append_new(cpus, json_null());
	result_run_fact(n->res, "cpus_used", cpus);
	result_run_fact(n->res, "features_negotiated", report_features(FS_DEVICE_ID, n->features));
	result_run_fact(n->res, "requests",
			json_integer((json_int_t)(n->books.asked + n->books.forgotten)));
	result_run_fact(n->res, "bytes_written", json_integer((json_int_t)n->books.written));
	result_run_fact(n->res, "bytes_compared", json_integer((json_int_t)n->books.read));
	result_run_fact(n->res, "answers_checked", json_integer(n->checked));
}

static int write_result(struct fs_run *n)
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

int fs_report(struct fs_run *n)
{
	print_head(n);
	if (print_table(n))
		return cmd_could_not("out of memory");
	print_foot(n);
	return write_result(n);
}
