/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/result.h"
#include "report/json.h"
#include "report/place.h"

struct result {
	json_t *doc;
	json_t *run, *results; /* borrowed from doc */
	char workload[64];
	double started; /* CLOCK_MONOTONIC, s */
	bool exceeded;
};

/* --- metrics --- */

enum direction { DOWN, UP };

static const struct {
	const char *word, *unit, *text;
	enum direction better;
} metrics[METRIC_COUNT] = {
#define RESULT_METRIC_LINE(sym, word, unit, dir, text) [METRIC_##sym] = {word, unit, text, dir},
	RESULT_METRICS(RESULT_METRIC_LINE)
#undef RESULT_METRIC_LINE
};

const char *result_metric_word(enum result_metric m)
{
	return (unsigned)m < METRIC_COUNT ? metrics[m].word : "unknown";
}

const char *result_metric_unit(enum result_metric m)
{
	return (unsigned)m < METRIC_COUNT ? metrics[m].unit : "";
}

bool result_metric_unit_ok(enum result_metric m, const char *unit)
{
	return strcmp(unit, result_metric_unit(m)) == 0 ||
	       (m == METRIC_RATE && strcmp(unit, "request/s") == 0);
}

const char *result_metric_text(enum result_metric m)
{
	return (unsigned)m < METRIC_COUNT ? metrics[m].text : "";
}

bool result_metric_more_is_better(enum result_metric m)
{
	return (unsigned)m < METRIC_COUNT && metrics[m].better == UP;
}

/* --- the run object --- */

static json_t *sizes_json(const struct opt_sizes *l)
{
	json_t *a = json_array();
	unsigned i;

	for (i = 0; i < l->n; i++)
		json_array_append_new(a, json_integer((json_int_t)l->v[i]));
	return a;
}

static json_t *words_json(const struct opt *o, const struct opt_words *l)
{
	json_t *a = json_array();
	unsigned i;

	for (i = 0; i < l->n; i++) {
		const char *word = o->words[l->v[i].index];

		json_array_append_new(a, l->v[i].sign ? json_sprintf("%c%s", l->v[i].sign, word)
						      : json_string(word));
	}
	return a;
}

static json_t *strings_json(const struct opt_strings *l)
{
	json_t *a = json_array();
	unsigned i;

	for (i = 0; i < l->n; i++)
		json_array_append_new(a, json_text(l->v[i]));
	return a;
}

/* The effective value of an option; new reference. Durations are in ns, sizes in bytes. */
static json_t *option_json(const struct opt *o)
{
	switch (o->kind) {
	case OPT_FLAG:
		return json_boolean(*(const bool *)o->to);
	case OPT_U64:
	case OPT_RATE:
	case OPT_SIZE:
	case OPT_DURATION:
		return json_integer((json_int_t) * (const uint64_t *)o->to);
	case OPT_DOUBLE:
		return json_number(*(const double *)o->to);
	case OPT_ENUM:
		return json_string(o->words[*(const unsigned *)o->to]);
	case OPT_SIZES:
		return sizes_json(o->to);
	case OPT_WORDS:
		return words_json(o, o->to);
	case OPT_STRING:
		return json_text(*(const char *const *)o->to);
	case OPT_STRINGS:
		return strings_json(o->to);
	}
	return json_null();
}

static int put_configuration(json_t *run, const struct opt *o)
{
	json_t *c = json_put_object(run, "configuration");
	char key[64];

	for (; c && o && o->name; o++) {
		if (!o->help)
			continue; /* between our own processes */
		snprintf(key, sizeof(key), "%s%s", o->name, o->kind == OPT_DURATION ? "_ns" : "");
		if (json_object_set_new(c, key, option_json(o)))
			return -ENOMEM;
	}
	return c ? 0 : -ENOMEM;
}

static int put_command_line(json_t *run, const struct result_config *cfg)
{
	json_t *a = json_put_array(run, "command_line");
	int i;

	for (i = 0; a && i < cfg->argc; i++)
		if (json_array_append_new(a, json_text(cfg->argv[i])))
			return -ENOMEM;
	return a ? 0 : -ENOMEM;
}

/* The bins in force, so that a file explains itself. */
static int put_regimes(json_t *run)
{
	json_t *a = json_put_array(run, "regimes");
	unsigned i;

	for (i = 0; a && i < REGIMES; i++) {
		json_t *o = json_object();

		if (json_put_text(o, "name", regime_bins[i].name) ||
		    json_put_number(o, "below_ns",
				    i == REGIME_NONE ? NAN : regime_bins[i].below_ns) ||
		    json_array_append(a, o)) {
			json_decref(o);
			return -ENOMEM;
		}
		json_decref(o);
	}
	return a ? 0 : -ENOMEM;
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int fill_run(struct result *r, const struct result_config *cfg)
{
	struct env *own = NULL;
	const struct env *e = cfg->env;
	int err;

	if (!e) {
		own = malloc(sizeof(*own));
		if (!own)
			return -ENOMEM;
		env_collect(own, NULL, 0);
		e = own;
	}
	err = json_put_text(r->run, "workload", cfg->workload) ||
	      json_put_text(r->run, "target", cfg->target) || put_command_line(r->run, cfg) ||
	      json_put_text(r->run, "started", e->time_utc) ||
	      json_put_number(r->run, "duration_s", 0) || put_configuration(r->run, cfg->opts) ||
	      put_regimes(r->run) || result_put_environment(r->run, e);
	free(own);
	return err ? -ENOMEM : 0;
}

struct result *result_new(const struct result_config *cfg)
{
	struct result *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->started = now_s();
	snprintf(r->workload, sizeof(r->workload), "%s", cfg->workload ? cfg->workload : "run");
	r->doc = json_object();
	if (json_put_text(r->doc, "schema", RESULT_SCHEMA) == 0) {
		r->run = json_put_object(r->doc, "run");
		r->results = json_put_array(r->doc, "results");
	}
	if (!r->run || !r->results || fill_run(r, cfg)) {
		result_free(r);
		return NULL;
	}
	return r;
}

void result_free(struct result *r)
{
	if (!r)
		return;
	json_decref(r->doc);
	free(r);
}

int result_run_fact(struct result *r, const char *key, json_t *value)
{
	return json_object_set_new(r->run, key, value) ? -ENOMEM : 0;
}

bool result_limit_exceeded(const struct result *r)
{
	return r->exceeded;
}

json_t *result_json(const struct result *r)
{
	return r->doc;
}

/* --- entries --- */

static int put_marks(json_t *o, uint32_t marks)
{
	json_t *a = json_put_array(o, "marked");
	unsigned bit;

	for (bit = 0; a && bit < ROUND_MARK_BITS; bit++)
		if (marks >> bit & 1 && json_array_append_new(a, json_string(round_mark_word(bit))))
			return -ENOMEM;
	return a ? 0 : -ENOMEM;
}

static int put_slices(json_t *o, const struct round *r)
{
	json_t *a = json_put_array(o, "slices");
	unsigned i;

	for (i = 0; a && i < r->slices_n; i++)
		if (json_array_append_new(a, json_number(r->slices[i])))
			return -ENOMEM;
	return a ? 0 : -ENOMEM;
}

/* Zero stands for "not probed" and "no limit" in struct round, null in the file. */
static double or_null(double v)
{
	return v > 0 ? v : NAN;
}

static int put_round(json_t *rounds, const struct round *r, double started)
{
	json_t *o = json_object();
	int err = json_array_append_new(rounds, o);

	if (err)
		return -ENOMEM;
	err = json_put_int(o, "pass", r->pass) || json_put_int(o, "number", r->number) ||
	      json_put_number(o, "at_s", r->at_s > 0 ? r->at_s - started : NAN) ||
	      json_put_number(o, "value", r->value) ||
	      json_put_number(o, "rtt_before_ns", or_null(r->rtt_before_ns)) ||
	      json_put_number(o, "rtt_after_ns", or_null(r->rtt_after_ns)) ||
	      json_put_text(o, "regime", regime_name(r->regime)) || put_marks(o, r->marks) ||
	      json_put_number(o, "limit", or_null(r->limit)) ||
	      json_put_number(o, "duration_s", or_null(r->duration_s)) ||
	      json_put_number(o, "steal_s", r->steal_s) ||
	      json_put_int(o, "migrations", (int64_t)r->migrations) ||
	      json_put_int(o, "involuntary_switches", (int64_t)r->switches) ||
	      json_put_number(o, "cpu_share", or_null(r->busy)) || (r->slices && put_slices(o, r));
	return err ? -ENOMEM : 0;
}

static int put_rounds(json_t *o, const struct result_entry *e, enum regime regime, double started)
{
	json_t *a = json_put_array(o, "rounds");
	unsigned i;

	for (i = 0; a && i < e->rounds_n; i++)
		if (e->rounds[i].regime == regime && put_round(a, &e->rounds[i], started))
			return -ENOMEM;
	return a ? 0 : -ENOMEM;
}

static int put_params(json_t *o, const struct result_param *p)
{
	json_t *params = json_put_object(o, "params");

	for (; params && p && p->key; p++)
		if (p->text ? json_put_text(params, p->key, p->text)
			    : json_put_number(params, p->key, p->number))
			return -ENOMEM;
	return params ? 0 : -ENOMEM;
}

static int put_histogram(json_t *o, const struct hist *h)
{
	static const struct {
		const char *key;
		double p;
	} points[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p999", 99.9}, {"p9999", 99.99}};
	json_t *j = json_put_object(o, "histogram"), *values;
	uint64_t ns, count;
	unsigned at = 0;
	size_t i;

	if (!j || json_put_text(j, "unit", "ns") || json_put_int(j, "count", (int64_t)h->count) ||
	    json_put_int(j, "min", h->count ? (int64_t)h->min : 0) ||
	    json_put_int(j, "max", (int64_t)h->max) || json_put_number(j, "mean", hist_mean(h)) ||
	    json_put_int(j, "beyond", (int64_t)h->beyond))
		return -ENOMEM;
	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		if (json_put_int(j, points[i].key, (int64_t)hist_percentile(h, points[i].p)))
			return -ENOMEM;
	values = json_put_array(j, "values");
	while (values && hist_next(h, &at, &ns, &count))
		if (json_array_append_new(values,
					  json_pack("[I,I]", (json_int_t)ns, (json_int_t)count)))
			return -ENOMEM;
	return values ? 0 : -ENOMEM;
}

/* Hold the median against its limit; *exceeded when it stands on the impossible side of it. */
static int put_limit(json_t *o, const struct result_entry *e, const struct regime_summary *s,
		     bool *exceeded)
{
	double limit = s->limit > 0 ? s->limit : e->limit[s->regime];
	double ratio = limit > 0 ? s->s.median / limit : NAN;
	bool up = result_metric_more_is_better(e->metric);
	bool above = up ? ratio > 1 + RESULT_LIMIT_SLACK : ratio < 1 - RESULT_LIMIT_SLACK;

	if (!e->limit_name)
		return 0;
	*exceeded |= above && !s->disturbed && !e->pace;
	if (json_put_text(o, "limit_name", e->limit_name) ||
	    json_put_number(o, "limit", or_null(limit)) ||
	    json_put_number(o, "limit_ratio", ratio) || json_put_bool(o, "limit_exceeded", above))
		return -ENOMEM;
	return 0;
}

static int put_summary(json_t *o, const struct regime_summary *s)
{
	return json_put_text(o, "regime", regime_name(s->regime)) ||
			       json_put_number(o, "median", s->s.median) ||
			       json_put_number(o, "min", s->s.min) ||
			       json_put_number(o, "max", s->s.max) ||
			       json_put_number(o, "q1", s->s.q1) ||
			       json_put_number(o, "q3", s->s.q3) ||
			       json_put_number(o, "mad", s->s.mad) ||
			       json_put_int(o, "rounds_counted", s->s.n) ||
			       json_put_int(o, "rounds_marked", s->marked) ||
			       json_put_bool(o, "disturbed", s->disturbed)
		       ? -ENOMEM
		       : 0;
}

static int add_regime(struct result *r, const struct result_entry *e,
		      const struct regime_summary *s)
{
	const struct hist *h = e->hist[s->regime];
	json_t *o = json_object();
	bool exceeded = false;
	int err;

	err = json_put_text(o, "name", e->name) ||
	      json_put_text(o, "metric", result_metric_word(e->metric)) ||
	      json_put_text(o, "unit", e->unit ? e->unit : result_metric_unit(e->metric)) ||
	      json_put_text(o, "better",
			    result_metric_more_is_better(e->metric) ? "more" : "less") ||
	      put_params(o, e->params) || put_summary(o, s) || put_limit(o, e, s, &exceeded) ||
	      json_put_bool(o, "verified", !e->unverified) ||
	      (e->note && json_put_text(o, "note", e->note)) || (h && put_histogram(o, h)) ||
	      put_rounds(o, e, s->regime, r->started) || json_array_append(r->results, o);
	json_decref(o);
	if (!err)
		r->exceeded |= exceeded;
	return err ? -ENOMEM : 0;
}

/* Everything that would make the file say something that is not so. */
static bool entry_sound(const struct result_entry *e)
{
	unsigned i, g;

	if (!e->name || !*e->name || (unsigned)e->metric >= METRIC_COUNT || !e->rounds_n)
		return false;
	for (i = 0; i < e->rounds_n; i++)
		if (!isfinite(e->rounds[i].value) || !isfinite(e->rounds[i].limit) ||
		    e->rounds[i].limit < 0)
			return false;
	for (g = 0; g < REGIMES; g++)
		if (!isfinite(e->limit[g]) || e->limit[g] < 0)
			return false;
	return true;
}

int result_add(struct result *r, const struct result_entry *e)
{
	struct regime_summary s[REGIMES];
	size_t before = json_array_size(r->results);
	unsigned i;
	int err;

	if (!entry_sound(e))
		return -EINVAL;
	for (i = 0; i < e->rounds_n; i++)
		round_judge(&e->rounds[i]);
	err = regime_summaries(e->rounds, e->rounds_n, s);
	for (i = 0; i < REGIMES && !err; i++)
		if (s[i].rounds)
			err = add_regime(r, e, &s[i]);
	/* All of an entry or nothing of it. */
	while (err && json_array_size(r->results) > before)
		json_array_remove(r->results, before);
	return err;
}

/* --- the file --- */

static int could_not(FILE *err, const char *path, int code)
{
	fprintf(err,
		"vop-bench: cannot write the result to %s: %s; name another place with --json "
		"FILE, or none with --no-save\n",
		path, strerror(-code));
	return code;
}

/* results/WORKLOAD-YYYYmmdd-HHMMSS[-n].json, the first n that is free. */
static int write_default(struct result *r, char *path, size_t size)
{
	time_t now = time(NULL);
	char stamp[32], more[16] = "";
	struct tm tm;
	int n, err;

	if (!gmtime_r(&now, &tm))
		return -errno;
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(path, size, "results");
	if (mkdir("results", 0777) && errno != EEXIST)
		return -errno;
	for (n = 2; n < 1000; n++) {
		snprintf(path, size, "results/%s-%s%s.json", r->workload, stamp, more);
		err = json_write_file(r->doc, path, 1);
		if (err != -EEXIST)
			return err;
		snprintf(more, sizeof(more), "-%d", n);
	}
	return -EEXIST;
}

int result_check_place(const char *path, FILE *err)
{
	int code = path ? place_check(path) : 0;
	struct stat st;

	if (path)
		return code ? could_not(err, path, code) : 0;
	if (stat("results", &st))
		return access(".", W_OK | X_OK) ? could_not(err, "results", -errno) : 0;
	if (!S_ISDIR(st.st_mode))
		return could_not(err, "results", -ENOTDIR);
	return access("results", W_OK | X_OK) ? could_not(err, "results", -errno) : 0;
}

int result_write(struct result *r, const char *path, char *written, size_t size, FILE *err)
{
	char own[160];
	int code;

	json_put_number(r->run, "duration_s", now_s() - r->started);
	if (path) {
		code = json_write_file(r->doc, path, 0);
	} else {
		code = write_default(r, own, sizeof(own));
		path = own;
	}
	if (code)
		return could_not(err, path, code);
	if (written)
		snprintf(written, size, "%s", path);
	return 0;
}
