/* SPDX-License-Identifier: BSD-2-Clause */
/* What `run net` says: the table on the terminal and the result file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/net_run.h"
#include "bench/remote.h"
#include "bench/run_report.h"
#include "target/feature_names.h"
#include "vop/dev/net.h"

/* A foreign device's own pace (net_drain.c). */
#define CEILING "device_ceiling"

int net_case_hist(struct net_case *k, enum regime r, const struct hist *h)
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

void net_case_free(struct net_case *k)
{
	for (unsigned r = 0; r < REGIMES; r++)
		free(k->hist[r]);
	free(k->m);
}

/* The rounds of a case with another value put in. */
static struct round *rounds_with(const struct net_case *k,
				 double (*value)(const struct net_case *, const struct measured *),
				 bool limits)
{
	struct round *r = calloc(k->rounds ? k->rounds : 1, sizeof(*r));

	for (unsigned i = 0; r && i < k->rounds; i++) {
		r[i] = k->m[i].round;
		r[i].value = value(k, &k->m[i]);
		if (!limits)
			r[i].limit = 0;
		if (value != NULL && !limits) {
			r[i].slices = NULL;
			r[i].slices_n = 0;
		}
	}
	return r;
}

static double value_rate(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return m->round.value;
}

static double value_goodput(const struct net_case *k, const struct measured *m)
{
	return m->round.value * 8.0 * k->size;
}

static double cpu(const struct measured *m, enum bench_side s)
{
	return m->result[s].frames ? (double)m->result[s].cpu_ns / (double)m->result[s].frames : 0;
}

static double value_cpu_driver(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return cpu(m, SIDE_DRIVER);
}

static double value_cpu_device(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return cpu(m, SIDE_DEVICE);
}

/* Of a foreign device: does the kernel tell? */
static bool cpu_known(const struct net_case *k)
{
	return k->rounds && k->m[0].result[SIDE_DEVICE].cpu_ns > 0;
}

static double value_p50(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return m->p[0];
}

static double value_p99(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return m->p[1];
}

static double value_p999(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return m->p[2];
}

static double value_samples(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return (double)m->result[SIDE_DRIVER].frames;
}

static double value_rtt(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return (m->round.rtt_before_ns + m->round.rtt_after_ns) / 2;
}

static double median_of(const struct net_case *k, enum regime g,
			double (*value)(const struct net_case *, const struct measured *), bool all)
{
	double *v = calloc(k->rounds ? k->rounds : 1, sizeof(*v));
	struct stats s = {0};
	size_t c = 0;

	for (unsigned i = 0; v && i < k->rounds; i++)
		if (k->m[i].round.regime == g && (all || !k->m[i].round.marks))
			v[c++] = value(k, &k->m[i]);
	if (v)
		stats_of(v, c, &s);
	free(v);
	return s.median;
}

/* Does a regime's typical round have enough round trips for this percentile? */
static bool percentile_known(const struct net_case *k, enum regime g, enum result_metric metric)
{
	return median_of(k, g, value_samples, true) >= report_samples_needed(metric);
}

/* Leave out regimes of which a percentile would be a few outliers; returns how many rounds stay. */
static unsigned keep_known(const struct net_case *k, enum result_metric metric, struct round *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < k->rounds; i++)
		if (percentile_known(k, k->m[i].round.regime, metric))
			r[n++] = r[i];
	return n;
}

/* Copies per frame, in short and in full. */
static const char *const *copies_words(const struct net_run *n)
{
	static const char *const words[][2] = {
		{"one in, one out", "driver 1, device 1; made from and verified in private memory"},
		{"one at the driver", "driver 1; the device is not ours"},
		{"none at the driver",
		 "driver 0, the first 64 bytes of each are written; the device is not ours"},
	};

	return words[!n->p.foreign ? 0 : n->o.payload ? 2 : 1];
}

static int add(struct result *res, const struct net_run *n, const struct net_case *k,
	       const char *name, enum result_metric metric,
	       double (*value)(const struct net_case *, const struct measured *),
	       const char *limit_name)
{
	char features[512];
	const struct result_param params[] = {
		{"size", NULL, k->size},
		{"ring", n->p.packed ? "packed" : "split", 0},
		{"queues", NULL, (double)n->o.queues},
		{"devices", NULL, (double)n->o.devices},
		{"queue_size", NULL, (double)n->o.queue_size},
		{"placement", net_placement_words[n->o.placement], 0},
		{"notify", net_notify_words[n->o.notify], 0},
		{"batch", NULL, (double)n->o.batch},
		{"depth", NULL, (double)n->o.depth},
		{"features", feature_text(VOP_NET_ID, n->features, features, sizeof(features)), 0},
		{"copies", copies_words(n)[0], 0},
		{NULL, NULL, 0},
	};
	bool latency = k->dir == NET_LATENCY;
	struct round *r = rounds_with(k, value, limit_name && !latency);
	struct result_entry e = {
		.name = name,
		.metric = metric,
		.params = params,
		.rounds = r,
		.rounds_n = k->rounds,
		.limit_name = limit_name,
		.unverified = n->p.foreign && (k->dir == NET_TX || n->o.no_verify),
		.pace = limit_name && strcmp(limit_name, CEILING) == 0,
	};
	int err;

	if (r == NULL)
		return -ENOMEM;
	for (unsigned i = 0; latency && i < k->rounds; i++)
		if (limit_name)
			r[i].limit = value_rtt(k, &k->m[i]);
	e.rounds_n = keep_known(k, metric, r);
	for (unsigned g = 0; g < REGIMES; g++)
		e.hist[g] = metric == METRIC_LATENCY_P50 ? k->hist[g] : NULL;
	err = e.rounds_n ? result_add(res, &e) : 0;
	free(r);
	return err;
}

/* What a rate is held against. */
static const char *limit_of(const struct net_run *n, const struct net_case *k)
{
	if (n->p.yield || n->o.no_limit || (n->p.foreign && k->dir != NET_TX))
		return NULL;
	return n->p.foreign ? CEILING : "line_rate";
}

static int add_case(struct result *res, const struct net_run *n, const struct net_case *k)
{
	static const char *const names[NET_DIRS] = {"net.tx", "net.rx", "net.both", "net.latency"};
	const char *name = names[k->dir];
	int e;

	if (k->ndr > 0)
		return add(res, n, k, name, METRIC_NDR, value_rate, NULL);
	if (k->dir == NET_LATENCY) {
		e = add(res, n, k, name, METRIC_LATENCY_P50, value_p50,
			n->p.foreign || n->p.yield || n->o.no_limit ? NULL : "line_rtt");
		e = e ? e : add(res, n, k, name, METRIC_LATENCY_P99, value_p99, NULL);
		e = e ? e : add(res, n, k, name, METRIC_LATENCY_P999, value_p999, NULL);
		return e ? e : add(res, n, k, name, METRIC_RATE, value_rate, NULL);
	}
	e = add(res, n, k, name, METRIC_RATE, value_rate, limit_of(n, k));
	e = e ? e : add(res, n, k, name, METRIC_GOODPUT, value_goodput, NULL);
	e = e ? e : add(res, n, k, name, METRIC_CPU_DRIVER, value_cpu_driver, NULL);
	if (!n->p.foreign || cpu_known(k))
		e = e ? e : add(res, n, k, name, METRIC_CPU_DEVICE, value_cpu_device, NULL);
	return e;
}

static double value_work(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return m->work_limit;
}

static double value_limit(const struct net_case *k, const struct measured *m)
{
	(void)k;
	return m->round.limit;
}

static double value_rtts(const struct net_case *k, const struct measured *m)
{
	double rtt = value_rtt(k, m);

	return rtt > 0 ? m->p[0] / rtt : 0;
}

/* As result files give it: the median of the rates held against the median of the bounds. */
static double share_of(const struct net_case *k, enum regime g,
		       double (*bound)(const struct net_case *, const struct measured *), bool all)
{
	double of = median_of(k, g, bound, all);

	return of > 0 ? median_of(k, g, value_rate, all) / of : 0;
}

/* The rate table with all its columns; a narrower terminal gets fewer, not broken lines. */
enum { WIDE = 112 };

static void columns(struct table *t, bool latency, bool narrow)
{
	table_column(t, "dir", NULL, TABLE_LEFT);
	table_column(t, "size", "B", TABLE_RIGHT);
	table_column(t, "regime", NULL, TABLE_LEFT);
	if (latency) {
		table_column(t, "median", NULL, TABLE_RIGHT);
		table_column(t, "times", "bare rtt", TABLE_RIGHT);
		table_column(t, "99 %", NULL, TABLE_RIGHT);
		table_column(t, "99.9 %", NULL, TABLE_RIGHT);
		table_column(t, "rate", NULL, TABLE_RIGHT);
	} else if (narrow) {
		table_column(t, "rate", NULL, TABLE_RIGHT);
		table_column(t, "of limit", "%", TABLE_RIGHT);
		table_column(t, "same work", "%", TABLE_RIGHT);
		table_column(t, "driver", "CPU ns", TABLE_RIGHT);
		table_column(t, "device", "/frame", TABLE_RIGHT);
	} else {
		table_column(t, "rate", NULL, TABLE_RIGHT);
		table_column(t, "of limit", "%", TABLE_RIGHT);
		table_column(t, "limit", NULL, TABLE_RIGHT);
		table_column(t, "of same work", "%", TABLE_RIGHT);
		table_column(t, "goodput", NULL, TABLE_RIGHT);
		table_column(t, "CPU driver", "ns/frame", TABLE_RIGHT);
		table_column(t, "CPU device", "ns/frame", TABLE_RIGHT);
	}
	table_column(t, "rounds", "(marked)", TABLE_RIGHT);
}

static void rows(struct table *t, const struct net_run *n, const struct net_case *k, bool narrow)
{
	for (enum regime g = 0; g < REGIMES; g++) {
		unsigned seen = 0, marked = 0;
		char a[HUMAN_MAX], b[HUMAN_MAX], c[HUMAN_MAX];
		double share;
		bool all;

		for (unsigned i = 0; i < k->rounds; i++) {
			seen += k->m[i].round.regime == g;
			marked += k->m[i].round.regime == g && k->m[i].round.marks;
		}
		if (!seen)
			continue;
		all = marked == seen;
		table_row(t);
		table_cell(t, TABLE_PLAIN, "%s",
			   k->ndr > 0 ? "tx, no drop" : net_dir_words[k->dir]);
		table_cell(t, TABLE_PLAIN, "%u", k->size);
		table_cell(t, TABLE_PLAIN, "%s", regime_name(g));
		if (k->dir == NET_LATENCY) {
			share = median_of(k, g, value_rtts, all);
			table_cell(t, TABLE_PLAIN, "%s",
				   human_ns(a, sizeof(a), median_of(k, g, value_p50, all)));
			table_cell(t, TABLE_PLAIN, share > 0 ? "%.2f" : "-", share);
			table_cell(t, TABLE_PLAIN,
				   percentile_known(k, g, METRIC_LATENCY_P99) ? "%s" : "-",
				   human_ns(a, sizeof(a), median_of(k, g, value_p99, all)));
			table_cell(t, TABLE_PLAIN,
				   percentile_known(k, g, METRIC_LATENCY_P999) ? "%s" : "-",
				   human_ns(a, sizeof(a), median_of(k, g, value_p999, all)));
			table_cell(t, TABLE_PLAIN, "%s",
				   human_si(a, sizeof(a), median_of(k, g, value_rate, all), "/s"));
		} else {
			double cd = median_of(k, g, value_cpu_driver, all),
			       cv = median_of(k, g, value_cpu_device, all);

			share = share_of(k, g, value_limit, all);
			table_cell(t, TABLE_PLAIN, "%s",
				   human_si(a, sizeof(a), median_of(k, g, value_rate, all), "/s"));
			table_cell(t, share > 1.0 + RESULT_LIMIT_SLACK ? TABLE_BAD : TABLE_PLAIN,
				   share > 0 ? "%.0f" : "-", share * 100);
			if (!narrow)
				table_cell(t, TABLE_PLAIN, share > 0 ? "%s" : "-",
					   human_si(b, sizeof(b), median_of(k, g, value_limit, all),
						    "/s"));
			share = share_of(k, g, value_work, all);
			table_cell(t, TABLE_PLAIN, share > 0 ? "%.0f" : "-", share * 100);
			if (!narrow)
				table_cell(t, TABLE_PLAIN, "%s",
					   human_si(c, sizeof(c),
						    median_of(k, g, value_goodput, all), "bit/s"));
			table_cell(t, TABLE_PLAIN, "%.1f", cd);
			table_cell(t, TABLE_PLAIN, n->p.foreign && !cpu_known(k) ? "-" : "%.1f",
				   cv);
		}
		table_cell(t, marked ? TABLE_WARN : TABLE_PLAIN, marked ? "%u (%u)" : "%u", seen,
			   marked);
	}
}

/* Why rounds were marked, in words. */
static void print_marks(const struct net_run *n)
{
	struct report_marks seen = {0};

	for (unsigned i = 0; i < n->cases_n; i++)
		for (unsigned r = 0; r < n->cases[i].rounds; r++)
			report_mark(&seen, n->cases[i].m[r].round.marks);
	report_marks_print(&seen);
}

/* What the shares are shares of, where there are any. */
static void print_legend(const struct net_run *n)
{
	bool any = false, tx = false;

	for (unsigned i = 0; i < n->cases_n; i++)
		tx |= n->cases[i].dir == NET_TX;
	if (tx && n->p.foreign && !n->o.no_limit)
		printf("limit: the device's own pace, emptying rings that were filled beforehand, "
		       "measured\naround each round.\n");
	for (unsigned i = 0; i < n->cases_n; i++)
		any |= n->cases[i].dir != NET_LATENCY && !n->cases[i].ndr;
	if (any && !n->p.foreign && !n->p.yield && !n->o.no_limit)
		printf("limit: the same bytes from one producer to one consumer, no protocol, "
		       "measured\n"
		       "around each round; same work: frames made and verified as well.\n");
}

static void print_tables(const struct net_run *n)
{
	bool narrow = report_narrow(WIDE);

	for (unsigned latency = 0; latency < 2; latency++) {
		struct table *t = table_new();
		bool any = false;

		columns(t, latency, narrow);
		for (unsigned i = 0; i < n->cases_n; i++) {
			if ((n->cases[i].dir == NET_LATENCY) != (bool)latency)
				continue;
			rows(t, n, &n->cases[i], narrow);
			any = true;
		}
		if (any) {
			table_print(t, stdout, table_colour(stdout));
			printf("\n");
		}
		table_free(t);
	}
}

static void print_head(const struct net_run *n)
{
	static const char *const notify[] = {"poll", "event", "adaptive"};
	static const char *const ring[] = {"rings at driver", "rings at device", "rings posted"};

	printf("net over %s, %s ring of %llu, %llu queue pair%s, %llu device%s, %s%s, %s\n"
	       "features",
	       n->o.target, n->p.packed ? "packed" : "split", (unsigned long long)n->o.queue_size,
	       (unsigned long long)n->o.queues, n->o.queues == 1 ? "" : "s",
	       (unsigned long long)n->o.devices, n->o.devices == 1 ? "" : "s",
	       ring[n->p.ring_placement],
	       n->p.payload_placement == VOP_PAYLOAD_PUSH ? ", payload pushed" : "",
	       notify[n->o.notify]);
	for (const char *const *w = feature_words(VOP_NET_ID); *w; w++)
		if (vop_feature_has(n->features, (unsigned)feature_bit(VOP_NET_ID, *w, strlen(*w))))
			printf(" %s", *w);
	printf("\n%s\n\n",
	       n->o.no_verify ? "frames of the target are counted, not verified"
	       : n->p.foreign ? "the target is not ours: what it takes is not verified, what it "
				"sends is"
			      : "every frame is copied in and out and verified to the byte");
}

#if REMOTE_COUNTED
/* The instrumented build: what crosses the link for a frame, as seen from each side. */
static void print_remote(const struct net_run *n)
{
	static const char *const side[SIDES] = {"driver", "device"};
	struct table *t = table_new();

	table_column(t, "dir", NULL, TABLE_LEFT);
	table_column(t, "size", "B", TABLE_RIGHT);
	table_column(t, "side", NULL, TABLE_LEFT);
	table_column(t, "remote reads", "/frame", TABLE_RIGHT);
	table_column(t, "bytes", "/frame", TABLE_RIGHT);
	table_column(t, "remote writes", "/frame", TABLE_RIGHT);
	table_column(t, "bytes", "/frame", TABLE_RIGHT);
	for (unsigned i = 0; i < n->cases_n; i++) {
		for (unsigned s = 0; s < SIDES; s++) {
			const struct job_result *r = &n->cases[i].m[0].result[s];
			double f = (double)r->frames_all;

			if (r->frames_all == 0)
				continue;
			table_row(t);
			table_cell(t, TABLE_PLAIN, "%s", net_dir_words[n->cases[i].dir]);
			table_cell(t, TABLE_PLAIN, "%u", n->cases[i].size);
			table_cell(t, TABLE_PLAIN, "%s", side[s]);
			table_cell(t, TABLE_PLAIN, "%.3f", (double)r->remote_reads / f);
			table_cell(t, TABLE_PLAIN, "%.1f", (double)r->remote_read_bytes / f);
			table_cell(t, TABLE_PLAIN, "%.3f", (double)r->remote_writes / f);
			table_cell(t, TABLE_PLAIN, "%.1f", (double)r->remote_write_bytes / f);
		}
	}
	table_print(t, stdout, table_colour(stdout));
	table_free(t);
	printf("\n");
}
#endif

static void print_foot(const struct net_run *n)
{
	char a[HUMAN_MAX], b[HUMAN_MAX];

#if REMOTE_COUNTED
	print_remote(n);
#endif
	if (n->idle_known)
		printf("idle: driver %.2f %% CPU, device %.2f %% CPU\n", n->idle_share[0] * 100,
		       n->idle_share[1] * 100);
	print_legend(n);
	print_marks(n);
	printf("resident at most: driver %s, device %s; %s\n",
	       human_bytes(a, sizeof(a), (double)n->resident[0]),
	       n->p.foreign ? "-" : human_bytes(b, sizeof(b), (double)n->resident[1]),
	       n->huge ? "huge pages" : "no huge pages");
}

/* The implementation under test, as the driver met it. */
static json_t *device_json(const struct net_run *n)
{
	json_t *o = json_object();

	json_object_set_new(o, "implementation",
			    json_string(n->p.foreign ? "attached" : "the VOP of this build"));
	json_object_set_new(o, "device_id", json_integer(VOP_NET_ID));
	json_object_set_new(o, "queues", json_integer(n->queues));
	json_object_set_new(o, "queue_size_max", json_integer(n->queue_size_max));
	json_object_set_new(o, "features_offered", report_features(VOP_NET_ID, n->offered));
	return o;
}

/* What the options left open. */
static json_t *cpus_json(const struct net_run *n)
{
	json_t *a = json_array();

	for (unsigned s = 0; s < SIDES; s++)
		json_array_append_new(a, n->p.cpu[s] < 0 ? json_null() : json_integer(n->p.cpu[s]));
	return a;
}

static int write_result(struct net_run *n)
{
	struct result *res = n->res;
	int e = 0;

	for (unsigned i = 0; i < n->cases_n && !e; i++)
		e = add_case(res, n, &n->cases[i]);
	if (e)
		return cmd_could_not("cannot put the result together: %s", strerror(-e));
	result_run_fact(res, "resident_driver", json_integer((json_int_t)n->resident[0]));
	result_run_fact(res, "resident_device", json_integer((json_int_t)n->resident[1]));
	result_run_fact(res, "device", device_json(n));
	result_run_fact(res, "cpus_used", cpus_json(n));
	result_run_fact(res, "features_negotiated", report_features(VOP_NET_ID, n->features));
	result_run_fact(res, "frames_verified", json_integer((json_int_t)n->frames_checked));
	result_run_fact(res, "copies_per_frame", json_string(copies_words(n)[1]));
	if (n->idle_known) {
		result_run_fact(res, "idle_cpu_driver", json_real(n->idle_share[0]));
		result_run_fact(res, "idle_cpu_device", json_real(n->idle_share[1]));
	}
	return report_finish(res, n->o.json, n->o.no_save);
}

int net_report(struct net_run *n)
{
	print_head(n);
	print_tables(n);
	print_foot(n);
	return write_result(n);
}
