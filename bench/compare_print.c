/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/compare_deal.h"
#include "bench/compare_print.h"
#include "bench/result.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/place.h"
#include "report/table.h"

#define DISTURBED 0.3 /* of the rounds: worth a word */

static enum table_style style_of(enum compare_verdict v)
{
	switch (v) {
	case COMPARE_BETTER:
		return TABLE_GOOD;
	case COMPARE_WORSE:
		return TABLE_BAD;
	case COMPARE_UNKNOWN:
		return TABLE_WARN;
	default:
		return TABLE_PLAIN;
	}
}

/* "-4.1 %", "+0.3 %"; far ratios as factors. */
static char *change(char *buf, size_t size, double ratio)
{
	if (ratio >= 3 || ratio < 0.34)
		snprintf(buf, size, "x %.2f", ratio);
	else
		snprintf(buf, size, "%+.1f %%", (ratio - 1) * 100);
	return buf;
}

static void print_row(struct table *t, const struct compare_row *w)
{
	char a[HUMAN_MAX], b[HUMAN_MAX];

	table_row(t);
	table_cell(t, TABLE_PLAIN, "%s", w->old->name);
	table_cell(t, TABLE_PLAIN, "%s", w->old->metric);
	table_cell(t, TABLE_PLAIN, "%s", w->params);
	table_cell(t, TABLE_PLAIN, "%s", w->regime);
	table_cell(t, TABLE_PLAIN, "%s", human_value(a, sizeof(a), w->old_median, w->old->unit));
	table_cell(t, TABLE_PLAIN, "%s", human_value(a, sizeof(a), w->new_median, w->old->unit));
	table_cell(t, TABLE_PLAIN, "%s", change(a, sizeof(a), w->ratio));
	table_cell(t, TABLE_PLAIN, "%s .. %s", change(a, sizeof(a), w->low),
		   change(b, sizeof(b), w->high));
	table_cell(t, style_of(w->verdict), "%s%s", compare_verdict_word(w->verdict),
		   w->gate_broken ? ", gate" : "");
	table_cell(t, TABLE_DIM, "%s", w->remark ? w->remark : "");
}

static void print_rows(const struct comparison *c, const struct compare_options *o,
		       const struct compare_output *out)
{
	bool colour = table_colour(stdout);
	struct table *t = table_new();
	char interval[32];

	snprintf(interval, sizeof(interval), "%.3g %% interval", o->confidence * 100);
	table_column(t, "result", NULL, TABLE_LEFT);
	table_column(t, "metric", NULL, TABLE_LEFT);
	table_column(t, "", NULL, TABLE_LEFT);
	table_column(t, "regime", NULL, TABLE_LEFT);
	table_column(t, out->old_name, NULL, TABLE_RIGHT);
	table_column(t, out->new_name, NULL, TABLE_RIGHT);
	table_column(t, "change", NULL, TABLE_RIGHT);
	table_column(t, interval, NULL, TABLE_RIGHT);
	table_column(t, "verdict", NULL, TABLE_LEFT);
	table_column(t, "", NULL, TABLE_LEFT);
	for (size_t i = 0; i < c->rows; i++)
		if (out->all || c->row[i].verdict != COMPARE_SAME)
			print_row(t, &c->row[i]);
	if (out->all || c->verdicts[COMPARE_SAME] < c->rows) {
		table_print(t, stdout, colour);
		printf("\n");
	}
	table_free(t);
}

static void print_refusals(const struct comparison *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->refusals; i++)
		n += c->refusal[i].count;
	if (!n)
		return;
	printf("%zu result%s not compared:\n", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < c->refusals; i++) {
		const struct compare_refusal *r = &c->refusal[i];

		printf("  %s%s: %s\n", r->what, r->count > 1 ? " and others" : "", r->reason);
	}
}

static void print_sum(const struct comparison *c, const struct compare_options *o,
		      const struct compare_output *out)
{
	bool colour = table_colour(stdout), first = true;

	for (unsigned i = 0; i < COMPARE_VERDICTS; i++) {
		enum compare_verdict v = (enum compare_verdict)i;

		printf("%s%s%zu %s%s", first ? "" : ", ",
		       table_style_begin(c->verdicts[v] ? style_of(v) : TABLE_PLAIN, colour),
		       c->verdicts[v], compare_verdict_word(v),
		       table_style_end(c->verdicts[v] ? style_of(v) : TABLE_PLAIN, colour));
		first = false;
	}
	printf(" (same: the whole interval within %.3g %%, more for tails%s)\n", o->margin * 100,
	       out->all ? "" : "; --all lists those too");
	if (o->gate >= 0)
		printf("%sgate at %.3g %%: %s%s\n",
		       table_style_begin(c->gate_broken ? TABLE_BAD : TABLE_GOOD, colour),
		       o->gate * 100, c->gate_broken ? "broken" : "kept",
		       table_style_end(c->gate_broken ? TABLE_BAD : TABLE_GOOD, colour));
}

/* Of how many rounds is this? A machine that was busy leaves few. */
static void print_disturbed(const struct runs *old, const struct runs *now)
{
	const struct runs *const side[] = {old, now};
	size_t rounds = 0, marked = 0, by[ROUND_MARK_BITS] = {0};

	for (size_t s = 0; s < 2; s++) {
		for (size_t f = 0; f < side[s]->n; f++) {
			for (size_t i = 0; i < side[s]->file[f].results; i++) {
				const struct run_result *r = &side[s]->file[f].result[i];

				rounds += r->rounds;
				for (size_t k = 0; k < r->rounds; k++) {
					marked += r->round[k].marks != 0;
					for (unsigned b = 0; b < ROUND_MARK_BITS; b++)
						by[b] += r->round[k].marks >> b & 1;
				}
			}
		}
	}
	if (!rounds || (double)marked < DISTURBED * (double)rounds)
		return;
	printf("%s%.0f %% of the rounds were disturbed%s and left out, so intervals are wide:",
	       table_style_begin(TABLE_WARN, table_colour(stdout)),
	       100 * (double)marked / (double)rounds,
	       table_style_end(TABLE_WARN, table_colour(stdout)));
	for (unsigned b = 0, n = 0; b < ROUND_MARK_BITS; b++)
		if ((double)by[b] > 0.1 * (double)marked)
			printf("%s %s", n++ ? ";" : "", round_mark_text(b));
	printf("\n");
}

static void print_all(const struct comparison *c, const struct compare_options *o,
		      const struct compare_output *out, const struct runs *old,
		      const struct runs *now)
{
	if (c->ignored[0])
		printf("differs on purpose: %s\n", c->ignored);
	if (c->shared[0])
		printf("%s\n", c->shared);
	printf("%s\n\n", c->method);
	print_rows(c, o, out);
	print_refusals(c);
	print_disturbed(old, now);
	print_sum(c, o, out);
}

/* --- JSON --- */

static int put_row(json_t *rows, const struct compare_row *w)
{
	json_t *o = json_object(), *params;
	int e = json_array_append_new(rows, o);

	if (e)
		return -ENOMEM;
	params = json_put_object(o, "params");
	for (size_t i = 0; params && i < w->old->params; i++) {
		const struct run_param *p = &w->old->param[i];

		if (p->is_number ? json_put_number(params, p->key, p->number)
				 : json_put_text(params, p->key, p->text))
			return -ENOMEM;
	}
	return !params || json_put_text(o, "name", w->old->name) ||
			       json_put_text(o, "metric", w->old->metric) ||
			       json_put_text(o, "unit", w->old->unit) ||
			       json_put_text(o, "better",
					     w->old->more_is_better ? "more" : "less") ||
			       json_put_text(o, "regime", w->regime) ||
			       json_put_number(o, "old", w->old_median) ||
			       json_put_number(o, "new", w->new_median) ||
			       json_put_int(o, "old_rounds", (int64_t)w->old_rounds) ||
			       json_put_int(o, "new_rounds", (int64_t)w->new_rounds) ||
			       json_put_int(o, "old_units", (int64_t)w->old_units) ||
			       json_put_int(o, "new_units", (int64_t)w->new_units) ||
			       json_put_number(o, "ratio", w->ratio) ||
			       json_put_number(o, "low", w->low) ||
			       json_put_number(o, "high", w->high) ||
			       json_put_number(o, "confidence", w->confidence) ||
			       json_put_number(o, "p_adjusted", w->p) ||
			       json_put_number(o, "margin", w->margin) ||
			       json_put_text(o, "verdict", compare_verdict_word(w->verdict)) ||
			       json_put_bool(o, "gate_broken", w->gate_broken) ||
			       json_put_text(o, "remark", w->remark)
		       ? -ENOMEM
		       : 0;
}

static int put_files(json_t *doc, const char *key, const struct runs *r)
{
	json_t *a = json_put_array(doc, key);

	for (size_t i = 0; a && i < r->n; i++)
		if (json_array_append_new(a, json_text(r->file[i].path)))
			return -ENOMEM;
	return a ? 0 : -ENOMEM;
}

static int put_refusals(json_t *doc, const struct comparison *c)
{
	json_t *a = json_put_array(doc, "not_compared");

	for (size_t i = 0; a && i < c->refusals; i++) {
		json_t *o = json_object();

		if (json_array_append_new(a, o) || json_put_text(o, "what", c->refusal[i].what) ||
		    json_put_text(o, "reason", c->refusal[i].reason) ||
		    json_put_int(o, "count", (int64_t)c->refusal[i].count))
			return -ENOMEM;
	}
	return a ? 0 : -ENOMEM;
}

json_t *compare_json(const struct comparison *c, const struct compare_options *o,
		     const struct compare_output *out, const struct runs *old,
		     const struct runs *now)
{
	json_t *doc = json_object(), *rows, *sums;
	int e = json_put_text(doc, "schema", "vop-bench-compare/1") ||
		json_put_text(doc, "old_name", out->old_name) ||
		json_put_text(doc, "new_name", out->new_name) || put_files(doc, "old", old) ||
		put_files(doc, "new", now) || json_put_bool(doc, "paired", c->paired) ||
		json_put_text(doc, "method", c->method) ||
		json_put_text(doc, "shared", c->shared) ||
		json_put_text(doc, "ignored", c->ignored) ||
		json_put_number(doc, "confidence", o->confidence) ||
		json_put_number(doc, "margin", o->margin) ||
		json_put_number(doc, "drift", o->drift) ||
		json_put_number(doc, "gate", o->gate >= 0 ? o->gate : NAN) ||
		json_put_bool(doc, "gate_broken", c->gate_broken > 0);

	sums = e ? NULL : json_put_object(doc, "verdicts");
	for (unsigned i = 0; sums && i < COMPARE_VERDICTS; i++)
		e |= json_put_int(sums, compare_verdict_word((enum compare_verdict)i),
				  (int64_t)c->verdicts[i]);
	rows = sums ? json_put_array(doc, "rows") : NULL;
	for (size_t i = 0; rows && i < c->rows && !e; i++)
		e = put_row(rows, &c->row[i]);
	e = e || !rows || put_refusals(doc, c);
	if (e) {
		json_decref(doc);
		return NULL;
	}
	return doc;
}

static int not_written(const char *path, int e)
{
	return cmd_could_not("cannot write the comparison to %s: %s; name another place", path,
			     strerror(-e));
}

int compare_check_places(const struct compare_output *out)
{
	const char *const all[] = {out->json, out->junit};

	for (unsigned i = 0; i < 2; i++) {
		int e = all[i] ? place_check(all[i]) : 0;

		if (e)
			return not_written(all[i], e);
	}
	return 0;
}

static int write_json(const struct comparison *c, const struct compare_options *o,
		      const struct compare_output *out, const struct runs *old,
		      const struct runs *now)
{
	json_t *doc = compare_json(c, o, out, old, now);
	int e = doc ? json_write_file(doc, out->json, 0) : -ENOMEM;

	json_decref(doc);
	return e ? not_written(out->json, e) : CMD_DONE;
}

/* --- JUnit: a case for each row; a broken gate (without one: a loss) is a failure --- */

static void junit_row(struct junit *j, const struct compare_row *w, const struct compare_options *o)
{
	bool bad = o->gate >= 0 ? w->gate_broken : w->verdict == COMPARE_WORSE;
	char name[512], words[512], a[HUMAN_MAX], b[HUMAN_MAX], c[HUMAN_MAX], d[HUMAN_MAX],
		e[HUMAN_MAX];

	snprintf(name, sizeof(name), "%s %s%s%s", w->old->metric, w->params,
		 w->params[0] ? " " : "", w->regime);
	snprintf(words, sizeof(words), "%s: %s to %s, %s (%s .. %s)",
		 compare_verdict_word(w->verdict),
		 human_value(a, sizeof(a), w->old_median, w->old->unit),
		 human_value(b, sizeof(b), w->new_median, w->old->unit),
		 change(c, sizeof(c), w->ratio), change(d, sizeof(d), w->low),
		 change(e, sizeof(e), w->high));
	junit_case(j, w->old->name, name, 0);
	if (bad)
		junit_failure(j, o->gate >= 0 ? "gate" : "worse", words, "");
	else if (w->verdict == COMPARE_UNKNOWN)
		junit_skipped(j, words);
	else
		junit_output(j, words);
}

static int write_junit(const struct comparison *c, const struct compare_options *o,
		       const struct compare_output *out)
{
	struct junit *j = junit_new("vop-bench compare");
	int e;

	for (size_t i = 0; i < c->rows; i++)
		junit_row(j, &c->row[i], o);
	for (size_t i = 0; i < c->refusals; i++) {
		junit_case(j, "not compared", c->refusal[i].what, 0);
		junit_skipped(j, c->refusal[i].reason);
	}
	e = junit_write_file(j, out->junit);
	junit_free(j);
	return e ? not_written(out->junit, e) : CMD_DONE;
}

/* --- all of it --- */

/* How much is a verdict worth here? Tried on the same rounds, dealt anew. */
static int print_deals(const struct compare_options *o, const struct compare_output *out,
		       const struct runs *old, const struct runs *now)
{
	for (int slower = 0; slower < (out->slower > 0 ? 2 : 1); slower++) {
		struct deal_counts d;
		size_t rows = 0;

		if (compare_deal(old, now, o, out->deals, out->seed, slower ? out->slower : 0, &d))
			return cmd_could_not("out of memory");
		for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
			rows += d.verdicts[v];
		printf("\n%zu deals of the same rounds%s: %zu verdicts:", d.deals,
		       slower ? ", one side made slower" : " to both sides at random", rows);
		for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
			printf(" %s %.1f %%%s", compare_verdict_word((enum compare_verdict)v),
			       rows ? 100.0 * (double)d.verdicts[v] / (double)rows : 0,
			       v + 1 < COMPARE_VERDICTS ? "," : "");
		printf("; %zu deals with any better or worse\n", d.false_deals);
	}
	return CMD_DONE;
}

/* A machine reads it: nothing else is to stand there. */
static bool to_stdout(const struct compare_output *out)
{
	return (out->json && strcmp(out->json, "-") == 0) ||
	       (out->junit && strcmp(out->junit, "-") == 0);
}

static int outcome(const struct comparison *c, const struct compare_options *o,
		   const struct compare_output *out, const struct runs *old, const struct runs *now)
{
	int status = CMD_DONE;

	if (c->rows == 0)
		return cmd_could_not("nothing to compare: %s",
				     c->refusals ? c->refusal[0].reason
						 : "there are no results in these files");
	if (!to_stdout(out))
		print_all(c, o, out, old, now);
	if (out->deals && !to_stdout(out))
		status = print_deals(o, out, old, now);
	if (out->json && !status)
		status = write_json(c, o, out, old, now);
	if (out->junit && !status)
		status = write_junit(c, o, out);
	return status ? status : c->gate_broken ? CMD_FAILED : CMD_DONE;
}

int compare_files(const char *const *old, size_t olds, const char *const *now, size_t nows,
		  const struct compare_options *o, const struct compare_output *out)
{
	struct runs a, b;
	struct comparison c;
	int status;

	if (compare_check_places(out))
		return CMD_COULD_NOT;
	if (runs_load(&a, old, olds, stderr))
		return CMD_COULD_NOT;
	if (runs_load(&b, now, nows, stderr)) {
		runs_free(&a);
		return CMD_COULD_NOT;
	}
	if (compare_runs(&a, &b, o, &c)) {
		status = cmd_could_not("out of memory");
	} else {
		status = outcome(&c, o, out, &a, &b);
		compare_free(&c);
	}
	runs_free(&a);
	runs_free(&b);
	return status;
}
