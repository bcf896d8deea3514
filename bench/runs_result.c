/* SPDX-License-Identifier: BSD-2-Clause */
/* The "results" of a result file into plain structures; see runs_file.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/runs_file.h"

static uint32_t mark_bit(const char *word)
{
	unsigned bit;

	for (bit = 0; bit < ROUND_MARK_BITS; bit++)
		if (strcmp(word, round_mark_word(bit)) == 0)
			return 1u << bit;
	return RUN_MARK_OTHER;
}

static int read_marks(const struct runs_reader *rd, const json_t *o, struct run_round *d)
{
	const json_t *marks, *mark;
	size_t i;
	int err = runs_array(rd, o, "marked", RUNS_MUST, &marks);

	json_array_foreach(marks, i, mark)
	{
		if (!json_is_string(mark))
			return runs_wrong(rd, "marked", "holds something that is not text");
		d->marks |= mark_bit(json_string_value(mark));
	}
	return err;
}

static int read_round(const struct runs_reader *rd, const json_t *o, const char *regime,
		      struct run_round *d)
{
	const char *own;
	int err = runs_number(rd, o, "value", RUNS_MUST, &d->value);

	d->at_s = -1;
	if (!err)
		err = runs_text(rd, o, "regime", RUNS_MUST, &own);
	if (!err && own != regime)
		err = runs_wrong(rd, "regime", "is '%.40s' in a result of '%.40s'", own, regime);
	if (!err)
		err = read_marks(rd, o, d);
	if (!err)
		err = runs_amount(rd, o, "rtt_before_ns", RUNS_MAY, &d->rtt_before_ns);
	if (!err)
		err = runs_amount(rd, o, "rtt_after_ns", RUNS_MAY, &d->rtt_after_ns);
	if (!err)
		err = runs_amount(rd, o, "limit", RUNS_MAY, &d->limit);
	if (!err)
		err = runs_amount(rd, o, "duration_s", RUNS_MAY, &d->duration_s);
	if (!err)
		err = runs_amount(rd, o, "steal_s", RUNS_MAY, &d->steal_s);
	if (!err)
		err = runs_number(rd, o, "at_s", RUNS_MAY, &d->at_s);
	if (!err)
		err = runs_count(rd, o, "migrations", RUNS_MAY, &d->migrations);
	if (!err)
		err = runs_count(rd, o, "involuntary_switches", RUNS_MAY, &d->switches);
	if (!err)
		err = runs_unsigned(rd, o, "pass", RUNS_MAY, &d->pass);
	if (!err)
		err = runs_unsigned(rd, o, "number", RUNS_MAY, &d->number);
	return err;
}

static int read_rounds(struct runs_reader *rd, const json_t *o, struct run_result *r)
{
	const json_t *list, *round;
	struct run_round *d;
	size_t i;
	int err = runs_array(rd, o, "rounds", RUNS_MUST, &list);

	if (err)
		return err;
	r->rounds = json_array_size(list);
	if (r->rounds == 0)
		return runs_wrong(rd, "rounds", "is empty");
	d = arena_alloc(rd->a, r->rounds, sizeof(*d));
	if (!d)
		return runs_no_memory(rd);
	r->round = d;
	json_array_foreach(list, i, round)
	{
		rd->at.round = i;
		d[i].number = (uint32_t)i; /* in files older than the member */
		err = json_is_object(round) ? read_round(rd, round, r->regime, &d[i])
					    : runs_wrong(rd, "", "is not an object");
		if (err)
			break;
	}
	rd->at.round = RUNS_NONE;
	return err;
}

/* The value of a parameter; numbers get the text a table would show. */
static int read_param(const struct runs_reader *rd, const char *key, const json_t *v,
		      struct run_param *p)
{
	char text[32] = "";

	p->key = runs_keep(rd, key, strlen(key));
	if (json_is_string(v)) {
		p->text = runs_keep(rd, json_string_value(v), json_string_length(v));
		return p->key && p->text ? 0 : runs_no_memory(rd);
	}
	if (json_is_number(v)) {
		p->is_number = true;
		p->number = json_number_value(v);
	}
	if (json_is_integer(v))
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		snprintf(text, sizeof(text), "%.12g", p->number);
	else if (json_is_boolean(v))
		snprintf(text, sizeof(text), "%s", json_is_true(v) ? "true" : "false");
	else if (!json_is_null(v)) /* null: an empty text was written */
		return runs_wrong(rd, key, "is neither a number nor text");
	p->text = runs_keep(rd, text, strlen(text));
	return p->key && p->text ? 0 : runs_no_memory(rd);
}

/* Texts are kept once, so equal ones are the same pointer. */
static bool same_params(const struct run_param *a, const struct run_param *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (a[i].key != b[i].key || a[i].text != b[i].text ||
		    a[i].is_number != b[i].is_number)
			return false;
	return true;
}

/* Results of one case stand together and have the same parameters: share them. */
static int read_params(struct runs_reader *rd, const json_t *o, struct run_result *r,
		       const struct run_result *before)
{
	const json_t *params, *v;
	struct run_param *p;
	const char *key;
	size_t n = 0;
	int err;

	if (rd->skimmed && before && json_is_true(json_object_get(o, "params"))) {
		r->params = before->params;
		r->param = before->param;
		return 0;
	}
	err = runs_object(rd, o, "params", RUNS_MUST, &params);
	if (err)
		return err;
	r->params = json_object_size(params);
	p = calloc(r->params + 1, sizeof(*p));
	if (!p)
		return runs_no_memory(rd);
	rd->at.in = "params.";
	json_object_foreach((json_t *)params, key, v)
	{
		err = read_param(rd, key, v, &p[n++]);
		if (err)
			break;
	}
	rd->at.in = "";
	if (!err && before && before->params == n && same_params(before->param, p, n)) {
		r->param = before->param;
	} else if (!err) {
		struct run_param *own = arena_alloc(rd->a, n, sizeof(*p));

		r->param = own ? memcpy(own, p, n * sizeof(*p)) : NULL;
		err = own ? 0 : runs_no_memory(rd);
	}
	free(p);
	return err;
}

static int read_better(const struct runs_reader *rd, const json_t *o, struct run_result *r)
{
	const char *word;
	int err = runs_text(rd, o, "better", RUNS_MUST, &word);

	if (err)
		return err;
	r->more_is_better = strcmp(word, "more") == 0;
	if (!r->more_is_better && strcmp(word, "less"))
		return runs_wrong(rd, "better", "is neither 'more' nor 'less'");
	return 0;
}

static int read_summary(const struct runs_reader *rd, const json_t *o, struct run_result *r)
{
	const struct {
		const char *key;
		double *to;
	} numbers[] = {
		{"median", &r->s.median}, {"min", &r->s.min}, {"max", &r->s.max},
		{"q1", &r->s.q1},	  {"q3", &r->s.q3},   {"mad", &r->s.mad},
	};
	size_t i;
	int err;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		err = runs_number(rd, o, numbers[i].key, RUNS_MUST, numbers[i].to);
		if (err)
			return err;
	}
	err = runs_unsigned(rd, o, "rounds_counted", RUNS_MUST, &r->s.n);
	if (!err)
		err = runs_unsigned(rd, o, "rounds_marked", RUNS_MUST, &r->marked);
	if (!err)
		err = runs_flag(rd, o, "disturbed", &r->disturbed);
	return err;
}

/* All of them, or, for a figure without a limit, none. */
static int read_limit(const struct runs_reader *rd, const json_t *o, struct run_result *r)
{
	int err;

	if (!json_object_get(o, "limit_name")) {
		if (json_object_get(o, "limit"))
			return runs_wrong(rd, "limit_name", "is missing");
		return 0;
	}
	err = runs_text(rd, o, "limit_name", RUNS_MUST, &r->limit_name);
	if (!err)
		err = runs_amount(rd, o, "limit", RUNS_MAY, &r->limit);
	if (!err)
		err = runs_number(rd, o, "limit_ratio", RUNS_MAY, &r->limit_ratio);
	if (!err)
		err = runs_flag(rd, o, "limit_exceeded", &r->limit_exceeded);
	return err;
}

static int not_a_pair(const struct runs_reader *rd, size_t i)
{
	return runs_wrong(rd, "values", "holds no pair of value and count at [%zu]", i);
}

static int read_steps(struct runs_reader *rd, const json_t *list, struct run_hist *h)
{
	struct run_step *step;
	const json_t *pair;
	size_t i;

	h->steps = json_array_size(list);
	step = arena_alloc(rd->a, h->steps, sizeof(*step));
	if (!step)
		return runs_no_memory(rd);
	h->step = step;
	json_array_foreach(list, i, pair)
	{
		const json_t *ns = json_array_get(pair, 0), *count = json_array_get(pair, 1);

		if (json_array_size(pair) != 2 || !json_is_number(ns) || !json_is_integer(count) ||
		    json_number_value(ns) < 0 || json_integer_value(count) < 1)
			return not_a_pair(rd, i);
		step[i].ns = json_number_value(ns);
		step[i].count = (uint64_t)json_integer_value(count);
	}
	return 0;
}

/* "[[87,3],[88,1]]", as runs_skim() makes it; anybody's text, if the name was written oddly. */
static int read_pairs(struct runs_reader *rd, const char *s, struct run_hist *h)
{
	struct run_step *step;
	const char *c;
	char *end;
	size_t i;

	for (c = s; *c; c++)
		h->steps += *c == '[';
	if (*s++ != '[')
		return not_a_pair(rd, 0);
	step = arena_alloc(rd->a, --h->steps, sizeof(*step));
	if (!step)
		return runs_no_memory(rd);
	h->step = step;
	for (i = 0; i < h->steps; i++) {
		if ((i && *s++ != ',') || *s++ != '[')
			return not_a_pair(rd, i);
		step[i].ns = (double)strtoull(s, &end, 10);
		if (*end++ != ',')
			return not_a_pair(rd, i);
		step[i].count = strtoull(end, &end, 10);
		if (*end++ != ']' || step[i].count == 0)
			return not_a_pair(rd, i);
		s = end;
	}
	return 0;
}

static int read_values(struct runs_reader *rd, const json_t *o, struct run_hist *h)
{
	const json_t *list = json_object_get(o, "values");
	int err;

	if (rd->skimmed && json_is_string(list))
		return read_pairs(rd, json_string_value(list), h);
	err = runs_array(rd, o, "values", RUNS_MUST, &list);
	return err ? err : read_steps(rd, list, h);
}

static int read_hist(struct runs_reader *rd, const json_t *o, struct run_hist *h)
{
	const json_t *hist;
	const char *unit;
	int err = runs_object(rd, o, "histogram", RUNS_MAY, &hist);

	if (err || !hist)
		return err;
	rd->at.in = "histogram.";
	err = runs_text(rd, hist, "unit", RUNS_MUST, &unit);
	if (!err && strcmp(unit, "ns"))
		err = runs_wrong(rd, "unit", "is not 'ns'");
	if (!err)
		err = runs_count(rd, hist, "count", RUNS_MUST, &h->count);
	if (!err)
		err = runs_amount(rd, hist, "min", RUNS_MUST, &h->min);
	if (!err)
		err = runs_amount(rd, hist, "max", RUNS_MUST, &h->max);
	if (!err)
		err = runs_amount(rd, hist, "mean", RUNS_MUST, &h->mean);
	if (!err)
		err = read_values(rd, hist, h);
	if (!err)
		err = runs_check_hist(rd, hist, h);
	rd->at.in = "";
	return err;
}

static int read_result(struct runs_reader *rd, const json_t *o, struct run_result *r,
		       const struct run_result *before)
{
	int err = runs_text(rd, o, "name", RUNS_MUST, &r->name);

	if (!err)
		err = runs_text(rd, o, "metric", RUNS_MUST, &r->metric);
	if (!err)
		err = runs_text(rd, o, "unit", RUNS_MUST, &r->unit);
	if (!err)
		err = read_better(rd, o, r);
	if (!err)
		err = read_params(rd, o, r, before);
	if (!err)
		err = runs_text(rd, o, "regime", RUNS_MUST, &r->regime);
	if (!err)
		err = read_summary(rd, o, r);
	if (!err)
		err = read_limit(rd, o, r);
	if (!err)
		err = runs_flag(rd, o, "verified", &r->verified);
	if (!err)
		err = runs_text(rd, o, "note", RUNS_MAY, &r->note);
	if (!err)
		err = read_hist(rd, o, &r->hist);
	if (!err)
		err = read_rounds(rd, o, r);
	return err ? err : runs_check(rd, r);
}

int runs_results(struct runs_reader *rd, const json_t *doc, struct run_file *f)
{
	const json_t *list, *o;
	struct run_result *r;
	size_t i;
	int err;

	rd->at.in = "";
	err = runs_array(rd, doc, "results", RUNS_MUST, &list);
	if (err)
		return err;
	f->results = json_array_size(list);
	r = arena_alloc(rd->a, f->results, sizeof(*r));
	if (!r)
		return runs_no_memory(rd);
	f->result = r;
	json_array_foreach(list, i, o)
	{
		rd->at.result = i;
		if (!json_is_object(o))
			return runs_wrong(rd, "", "is not an object");
		err = read_result(rd, o, &r[i], i ? &r[i - 1] : NULL);
		if (err)
			return err;
	}
	return 0;
}
