/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is compared with what: results brought together by what they measured, and a reason for
 * each that has no like. The figures are compare_row.c's.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare_row.h"

const struct compare_options compare_defaults = {
	.confidence = 0.99, .margin = 0.05, .drift = 0.10, .gate = -1};

const char *compare_verdict_word(enum compare_verdict v)
{
	static const char *const words[COMPARE_VERDICTS] = {
		[COMPARE_BETTER] = "better",
		[COMPARE_WORSE] = "worse",
		[COMPARE_SAME] = "same",
		[COMPARE_UNKNOWN] = "cannot tell",
	};

	return (unsigned)v < COMPARE_VERDICTS ? words[v] : "unknown";
}

/* --- memory of a comparison --- */

struct kept {
	struct kept *next;
	char text[];
};

char *compare_text(struct comparison *c, const char *fmt, ...)
{
	va_list ap, again;
	struct kept *k;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	k = n < 0 ? NULL : malloc(sizeof(*k) + (size_t)n + 1);
	if (k) {
		vsnprintf(k->text, (size_t)n + 1, fmt, again);
		k->next = c->own;
		c->own = k;
	}
	va_end(again);
	return k ? k->text : NULL;
}

void compare_free(struct comparison *c)
{
	for (struct kept *k = c->own, *next; k; k = next) {
		next = k->next;
		free(k);
	}
	free(c->row);
	free(c->refusal);
	*c = (struct comparison){0};
}

/* --- what is like what --- */

static bool in_list(const char *const *list, const char *word)
{
	for (; list && *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* One result of one file, with what it is compared by. */
struct item {
	char *key;  /* everything: equal keys are like */
	char *kind; /* without parameters and regime */
	const struct run_file *file;
	const struct run_result *r;
	bool now; /* of the new side */
	size_t order;
};

struct match {
	const struct compare_options *o;
	struct comparison *c;
	struct item *item;
	size_t n, room;
	const char **ignore; /* ended by NULL, or NULL: the options' and those found to differ */
};

static int by_key_of_param(const void *a, const void *b)
{
	const struct run_param *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

/* Another build may name its parameters in another order. */
static int key_of(struct match *m, struct item *it, const char *regime)
{
	const struct run_result *r = it->r;
	const struct run_param **param = malloc((r->params + 1) * sizeof(*param));
	size_t n = 0, size = 0;
	char *text = NULL;
	FILE *f = param ? open_memstream(&text, &size) : NULL;
	int e = f ? 0 : -ENOMEM;

	it->kind = compare_text(m->c, "%s|%s|%s", it->file->workload, r->name, r->metric);
	for (size_t i = 0; i < r->params && !e; i++)
		if (!in_list(m->ignore, r->param[i].key))
			param[n++] = &r->param[i];
	if (!e) {
		qsort(param, n, sizeof(*param), by_key_of_param);
		fprintf(f, "%s|%s", it->kind ? it->kind : "", regime);
		for (size_t i = 0; i < n; i++)
			fprintf(f, "|%s=%s", param[i]->key, param[i]->text);
		e = fclose(f) ? -ENOMEM : 0;
	}
	it->key = e ? NULL : compare_text(m->c, "%s", text);
	free(text);
	free(param);
	return it->kind && it->key ? 0 : -ENOMEM;
}

static const char *value_of(const struct run_result *r, const char *key)
{
	const char *v = run_param_text(r, key);

	return v ? v : "";
}

/*
 * The same figures in other words are told once: goodput is the rate times the size; and a side
 * that polls burns its CPU whatever it does, so that its CPU time per frame is the rate's
 * reciprocal.
 */
static bool derived(const struct run_file *f, const struct run_result *r)
{
	bool goodput = strcmp(r->metric, "goodput") == 0,
	     cpu = strncmp(r->metric, "cpu_per_frame", strlen("cpu_per_frame")) == 0 &&
		   strcmp(value_of(r, "notify"), "poll") == 0;

	for (size_t i = 0; (goodput || cpu) && i < f->results; i++)
		if (strcmp(f->result[i].metric, "rate") == 0 &&
		    strcmp(f->result[i].name, r->name) == 0)
			return true;
	return false;
}

int compare_refuse(struct comparison *c, const char *what, const char *reason, size_t count)
{
	struct compare_refusal *more;

	if (!what || !reason)
		return -ENOMEM;
	for (size_t i = 0; i < c->refusals; i++) {
		if (strcmp(c->refusal[i].reason, reason) == 0) {
			c->refusal[i].count += count;
			return 0;
		}
	}
	more = realloc(c->refusal, (c->refusals + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	c->refusal = more;
	c->refusal[c->refusals++] = (struct compare_refusal){what, reason, count};
	return 0;
}

/* Files of another machine are left out as wholes. */
static bool same_machine(struct match *m, const struct runs *old, const struct run_file *f, int *e)
{
	const struct run_file *first = &old->file[0];

	if (!old->n || m->o->any_machine || strcmp(first->cpu_model, f->cpu_model) == 0)
		return true;
	*e = compare_refuse(m->c, f->path,
			    compare_text(m->c,
					 "measured on another machine: %s, not %s "
					 "(--any-machine compares all the same)",
					 f->cpu_model[0] ? f->cpu_model : "unknown",
					 first->cpu_model[0] ? first->cpu_model : "unknown"),
			    1);
	return false;
}

/* How many parameters differ; the first of them in *key. */
static size_t distance(const struct match *m, const struct run_result *a,
		       const struct run_result *b, const char **key)
{
	size_t n = 0;

	for (size_t pass = 0; pass < 2; pass++) {
		const struct run_result *x = pass ? b : a, *y = pass ? a : b;

		for (size_t i = 0; i < x->params; i++) {
			const char *v = run_param_text(y, x->param[i].key);

			if (in_list(m->ignore, x->param[i].key) ||
			    (v && (pass || strcmp(v, x->param[i].text) == 0)))
				continue;
			if (n++ == 0)
				*key = x->param[i].key;
		}
	}
	return n;
}

static int add_item(struct match *m, const struct run_file *file, const struct run_result *r,
		    bool now, const char *regime)
{
	struct item *it;

	if (m->n == m->room) {
		size_t room = m->room * 2 + 64;

		it = realloc(m->item, room * sizeof(*it));
		if (!it)
			return -ENOMEM;
		m->item = it;
		m->room = room;
	}
	it = &m->item[m->n];
	*it = (struct item){.file = file, .r = r, .now = now, .order = m->n};
	m->n++;
	return key_of(m, it, regime);
}

/* The file of the other side that was measured in turn with this one. */
static const struct run_file *in_turn_with(const struct run_file *f, const struct runs *other)
{
	for (size_t i = 0; i < other->n; i++)
		if (compare_turns_id(f)[0] &&
		    strcmp(compare_turns_id(f), compare_turns_id(&other->file[i])) == 0)
			return &other->file[i];
	return NULL;
}

/*
 * A target of somebody else's cannot be probed: its rounds have no regime. Measured in turn with
 * ours they saw the same ground, a few milliseconds apart, and go by the regimes of the other run.
 */
static int add_unprobed(struct match *m, const struct run_file *file, const struct run_result *r,
			const struct run_file *other, bool now, bool *added)
{
	int e = 0;

	for (size_t i = 0; i < other->results && !e; i++) {
		const struct run_result *o = &other->result[i];
		const char *key;

		if (strcmp(o->name, r->name) || strcmp(o->metric, r->metric) ||
		    strcmp(o->regime, COMPARE_NO_REGIME) == 0 || distance(m, r, o, &key))
			continue;
		e = add_item(m, file, r, now, o->regime);
		*added = true;
	}
	return e;
}

static int gather(struct match *m, const struct runs *old, const struct runs *side,
		  const struct runs *opposite, bool now)
{
	int e = 0;

	for (size_t f = 0; f < side->n && !e; f++) {
		const struct run_file *file = &side->file[f], *other = in_turn_with(file, opposite);

		if (!same_machine(m, old, file, &e))
			continue;
		for (size_t i = 0; i < file->results && !e; i++) {
			const struct run_result *r = &file->result[i];
			bool added = false;

			if (derived(file, r))
				continue;
			if (other && strcmp(r->regime, COMPARE_NO_REGIME) == 0)
				e = add_unprobed(m, file, r, other, now, &added);
			if (!e && !added)
				e = add_item(m, file, r, now, r->regime);
		}
	}
	return e;
}

/* --- parameters that differ between the sides as wholes --- */

/* The one value a side has for a key wherever it has it; "": nowhere; NULL: it varies. */
static const char *only_value(const struct runs *side, const char *key)
{
	const char *v = NULL;

	for (size_t f = 0; f < side->n; f++) {
		for (size_t i = 0; i < side->file[f].results; i++) {
			const char *w = run_param_text(&side->file[f].result[i], key);

			if (v && w && strcmp(v, w))
				return NULL;
			v = w ? w : v;
		}
	}
	return v ? v : "";
}

/* Words, ended by NULL. */
static int add_word(const char ***list, const char *word)
{
	const char **more;
	size_t n = 0;

	while (*list && (*list)[n])
		n++;
	more = realloc(*list, (n + 2) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[n] = word;
	more[n + 1] = NULL;
	*list = more;
	return 0;
}

static bool differs(const struct runs *old, const struct runs *now, const char *key)
{
	const char *a = only_value(old, key), *b = only_value(now, key);

	return a && b && strcmp(a, b);
}

/* Any result of either side may be the one that has a key: another build may have more of them. */
static int ignore_differing(struct match *m, const struct runs *old, const struct runs *now)
{
	const struct runs *const side[] = {old, now};
	const char **seen = NULL;
	int e = 0;

	for (size_t s = 0; s < 2; s++) {
		for (size_t f = 0; f < side[s]->n; f++) {
			for (size_t i = 0; i < side[s]->file[f].results && !e; i++) {
				const struct run_result *r = &side[s]->file[f].result[i];

				for (size_t k = 0; k < r->params && !e; k++) {
					const char *key = r->param[k].key;

					if (in_list(seen, key))
						continue;
					e = add_word(&seen, key);
					if (!e && differs(old, now, key))
						e = add_word(&m->ignore, key);
				}
			}
		}
	}
	free(seen);
	return e;
}

static int choose_ignored(struct match *m, const struct runs *old, const struct runs *now)
{
	int e = 0;

	for (size_t i = 0; m->o->ignore && m->o->ignore[i] && !e; i++)
		e = add_word(&m->ignore, m->o->ignore[i]);
	if (!e && m->o->ignore_differing)
		e = ignore_differing(m, old, now);
	for (size_t i = 0; !e && m->ignore && m->ignore[i]; i++) {
		const char *a = only_value(old, m->ignore[i]), *b = only_value(now, m->ignore[i]);

		if (a && b && strcmp(a, b) == 0)
			continue;
		m->c->ignored = compare_text(m->c, "%s%s%s %s | %s", m->c->ignored,
					     m->c->ignored[0] ? "; " : "", m->ignore[i],
					     !a	    ? "several"
					     : a[0] ? a
						    : "none",
					     !b	    ? "several"
					     : b[0] ? b
						    : "none");
		e = m->c->ignored ? 0 : -ENOMEM;
	}
	return e;
}

/* --- reasons --- */

static const char *label(struct comparison *c, const struct run_result *r)
{
	const char *size = run_param_text(r, "size"), *ring = run_param_text(r, "ring");

	return compare_text(c, "%s %s%s%s%s%s%s, %s", r->name, r->metric, size ? " " : "",
			    size ? size : "", size ? " B" : "", ring ? " " : "", ring ? ring : "",
			    r->regime);
}

/* Why has this one no like on the other side? */
static int refuse(struct match *m, const struct item *it, size_t count)
{
	const struct run_result *near = NULL;
	const char *key = NULL, *why, *side = it->now ? "NEW" : "OLD",
		   *other = it->now ? "OLD" : "NEW";
	size_t least = SIZE_MAX;
	bool regime = false;

	for (size_t i = 0; i < m->n && !regime; i++) {
		const struct item *o = &m->item[i];
		const char *k = NULL;
		size_t d;

		if (o->now == it->now || strcmp(o->kind, it->kind))
			continue;
		d = distance(m, it->r, o->r, &k);
		regime = d == 0;
		if (d < least) {
			least = d;
			near = o->r;
			key = k;
		}
	}
	if (regime)
		why = compare_text(m->c, "%s has it in regime %s, %s only in others: no like", side,
				   it->r->regime, other);
	else if (near && key && strcmp(key, "size") == 0 && least == 1)
		why = compare_text(m->c, "size only in %s", side);
	else if (near && key)
		why = compare_text(m->c,
				   "%s differs: %s in %s, %s in %s (--ignore %s compares all "
				   "the same)",
				   key, value_of(it->r, key)[0] ? value_of(it->r, key) : "none",
				   side, value_of(near, key)[0] ? value_of(near, key) : "none",
				   other, key);
	else
		why = compare_text(m->c, "only in %s", side);
	return compare_refuse(m->c, label(m->c, it->r), why, count);
}

/* --- rows --- */

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int d = strcmp(x->key, y->key);

	return d ? d : (x->order > y->order) - (x->order < y->order);
}

static int group_rows(struct match *m)
{
	struct compare_side *side = calloc(m->n ? m->n : 1, sizeof(*side));
	int e = side ? 0 : -ENOMEM;

	m->c->row = calloc(m->n ? m->n : 1, sizeof(*m->c->row));
	if (!m->c->row)
		e = -ENOMEM;
	for (size_t i = 0, end; i < m->n && !e; i = end) {
		size_t olds = 0, news = 0;

		for (end = i; end < m->n && strcmp(m->item[end].key, m->item[i].key) == 0; end++)
			news += m->item[end].now;
		olds = end - i - news;
		if (!olds || !news) {
			e = refuse(m, &m->item[i], end - i);
			continue;
		}
		/* By order, the old ones come first. */
		for (size_t k = i; k < end; k++)
			side[k - i] = (struct compare_side){m->item[k].file, m->item[k].r};
		e = compare_row_fill(m->c, m->o, side, olds, side + olds, news);
		if (!e && m->c->row[m->c->rows].old)
			m->c->row[m->c->rows++].order = m->item[i].order;
	}
	free(side);
	return e;
}

static int by_order(const void *a, const void *b)
{
	const struct compare_row *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* Parameters that vary among the rows tell them apart; those that do not are said once. */
static int name_params(struct match *m)
{
	struct comparison *c = m->c;
	const struct run_result *first = c->rows ? c->row[0].old : NULL;

	c->shared = "";
	for (size_t i = 0; i < c->rows; i++)
		c->row[i].params = "";
	for (size_t k = 0; first && k < first->params; k++) {
		const char *key = first->param[k].key;
		bool number = first->param[k].is_number, varies = false;

		if (in_list(m->ignore, key))
			continue;
		for (size_t i = 1; i < c->rows; i++)
			varies |= strcmp(value_of(c->row[i].old, key), first->param[k].text) != 0;
		for (size_t i = 0; varies && i < c->rows; i++) {
			const char *v = value_of(c->row[i].old, key),
				   *fmt = strcmp(key, "size") == 0 ? "%s%s%.0s%s B"
					  : number		   ? "%s%s%s %s"
								   : "%s%s%.0s%s";

			if (!v[0])
				continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			c->row[i].params = compare_text(c, fmt, c->row[i].params,
							c->row[i].params[0] ? " " : "", key, v);
#pragma GCC diagnostic pop
			if (!c->row[i].params)
				return -ENOMEM;
		}
		if (!varies)
			c->shared =
				compare_text(c, "%s%s%s %s", c->shared, c->shared[0] ? "; " : "",
					     key, first->param[k].text);
		if (!c->shared)
			return -ENOMEM;
	}
	return 0;
}

/* Passes of the regime in which this row's figure was seen most. */
static size_t most_units(const struct comparison *c, const struct compare_row *w)
{
	size_t most = 0;

	for (size_t i = 0; i < c->rows; i++) {
		const struct compare_row *o = &c->row[i];

		if (o->old_units > most && strcmp(o->old->name, w->old->name) == 0 &&
		    strcmp(o->old->metric, w->old->metric) == 0 &&
		    strcmp(o->params, w->params) == 0)
			most = o->old_units;
	}
	return most;
}

/*
 * Runs in turn end when *a* regime is known well enough. One that the machine was seldom in is not:
 * it gets no verdict, but a line that says so.
 */
static int refuse_rare(struct comparison *c)
{
	size_t kept = 0;
	int e = 0;

	for (size_t i = 0; i < c->rows; i++)
		c->row[i].rare = c->paired && c->row[i].old_units * 2 < most_units(c, &c->row[i]);
	for (size_t i = 0; i < c->rows && !e; i++) {
		struct compare_row *w = &c->row[i];

		if (!w->rare) {
			c->row[kept++] = *w;
			continue;
		}
		e = compare_refuse(
			c,
			compare_text(c, "%s %s %s, %s", w->old->name, w->old->metric, w->params,
				     w->regime),
			compare_text(c,
				     "regime %s in too few passes to tell; another regime "
				     "was seen more than twice as often",
				     w->regime),
			1);
	}
	c->rows = kept;
	return e;
}

int compare_runs(const struct runs *old, const struct runs *now, const struct compare_options *o,
		 struct comparison *c)
{
	struct match m = {.o = o, .c = c};
	int e;

	*c = (struct comparison){.shared = "", .ignored = "", .method = ""};
	e = choose_ignored(&m, old, now);
	e = e ? e : gather(&m, old, old, now, false);
	e = e ? e : gather(&m, old, now, old, true);
	if (!e) {
		if (m.n)
			qsort(m.item, m.n, sizeof(*m.item), by_key);
		e = group_rows(&m);
	}
	if (!e) {
		qsort(c->row, c->rows, sizeof(*c->row), by_order);
		e = name_params(&m);
	}
	e = e ? e : refuse_rare(c);
	e = e ? e : compare_rows_judge(c, o);
	free(m.item);
	free(m.ignore);
	if (e)
		compare_free(c);
	return e;
}
