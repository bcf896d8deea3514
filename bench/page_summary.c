/* SPDX-License-Identifier: BSD-2-Clause */
/* The first paragraph: what ran, where, when, how well, in words; and the runs in a list. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"

#define DASH "\xe2\x80\x93"

/* "a", "b" and "c": what goes before item i of n. */
static const char *join(size_t i, size_t n)
{
	return i == 0 ? "" : i + 1 == n ? " and " : ", ";
}

/* --- what, where, when --- */

static void put_sizes(const struct page_view *v, const struct page_section *s, struct html *h)
{
	double low = INFINITY, high = 0;

	for (size_t i = s->begin; i < s->end; i++) {
		double size = run_param_number(v->row[i].first, "size");

		if (isfinite(size)) {
			low = fmin(low, size);
			high = fmax(high, size);
		}
	}
	if (high > low)
		html_textf(h, ", sizes from %.0f to %.0f B,", low, high);
	else if (high > 0)
		html_textf(h, ", size %.0f B,", high);
}

/* The target, when all runs had the same. */
static void put_target(const struct page_view *v, struct html *h)
{
	const char *target = v->files ? v->file[0].f->target : "";

	for (size_t i = 1; i < v->files; i++)
		if (strcmp(v->file[i].f->target, target) != 0)
			return;
	if (*target) {
		html_text(h, " against ");
		html_put(h, "code", NULL, "%s", target);
	}
}

static void put_when(const struct page_view *v, struct html *h)
{
	const char *first = "", *last = "";
	char a[PAGE_TEXT], b[PAGE_TEXT];

	/* The form of the dates makes their order that of the text. */
	for (size_t i = 0; i < v->files; i++) {
		const char *at = v->file[i].f->started;

		if (!*at)
			continue;
		if (!*first || strcmp(at, first) < 0)
			first = at;
		if (strcmp(at, last) > 0)
			last = at;
	}
	page_date(first, a, sizeof(a));
	page_date(last, b, sizeof(b));
	if (!*first)
		return;
	if (strcmp(a, b) == 0)
		html_textf(h, " on %s", a);
	else if (strlen(first) > 16 && strlen(last) > 16 && strncmp(first, last, 11) == 0)
		html_textf(h, " on %.*s between %.5s and %.5s UTC", (int)strcspn(a, ","), a,
			   first + 11, last + 11);
	else
		html_textf(h, " between %s and %s", a, b);
}

/* The revision, when all runs had the same; else how many there were. */
static void put_revision(const struct page_view *v, struct html *h)
{
	for (size_t i = 1; i < v->files; i++)
		if (strcmp(v->file[i].f->revision, v->file[0].f->revision) != 0) {
			html_text(h, ", by more than one revision");
			return;
		}
	if (v->files && *v->file[0].f->revision) {
		html_text(h, ", by revision ");
		html_put(h, "code", NULL, "%s", v->file[0].f->revision);
	}
}

static void put_what(const struct page_view *v, struct html *h)
{
	char text[PAGE_TEXT * 3];

	if (v->files > 1)
		html_textf(h, "%zu files: ", v->files);
	for (size_t s = 0; s < v->sections; s++) {
		html_text(h, join(s, v->sections));
		html_put(h, "code", NULL, "run %s", v->section[s].workload);
		if (v->sections > 1 && v->section[s].files > 1)
			html_textf(h, " (%zu)", v->section[s].files);
	}
	put_target(v, h);
	if (v->sections == 1)
		put_sizes(v, &v->section[0], h);
	if (v->machines == 1)
		html_textf(h, " on %s,", page_machine_text(&v->machine[0], text, sizeof(text)));
	else
		html_textf(h, " on %zu machines,", v->machines);
	put_when(v, h);
	put_revision(v, h);
	html_text(h, ".");
}

/* --- how: rounds and regimes --- */

static void put_how(const struct page_view *v, struct html *h)
{
	static const char *const where[REGIMES + 1] = {"near", "mid", "far", NULL, NULL};
	char count[PAGE_TEXT];
	size_t kinds = 0, said = 0;

	html_textf(h, " %s measured",
		   page_count(v->rounds, "round was", "rounds were", count, sizeof(count)));
	if (v->marked == 0)
		html_text(h, ", none of them disturbed.");
	else if (v->marked == v->rounds)
		html_text(h, ", all of them marked as disturbed.");
	else
		html_textf(h, ", %zu of them marked as disturbed.", v->marked);
	for (unsigned g = 0; g < REGIMES; g++)
		kinds += where[g] && v->by_regime[g];
	for (unsigned g = 0; g < REGIMES; g++) {
		if (!where[g] || !v->by_regime[g])
			continue;
		html_textf(h, "%s%s", said ? join(said, kinds) : " The two CPUs were ", where[g]);
		if (kinds > 1)
			html_textf(h, " in %zu", v->by_regime[g]);
		said++;
	}
	if (said)
		html_text(h, kinds > 1 ? "." : " throughout.");
}

/* --- how well: the headline figures --- */

struct span {
	const struct page_row *low, *high; /* by share of the limit */
	double least, most;
};

/* The range of shares within the rows of one name, of the regimes that say most. */
static struct span find_span(const struct page_view *v, const struct page_section *s,
			     const struct page_row *name)
{
	struct span x = {.least = INFINITY};

	for (size_t i = s->begin; i < s->end; i++) {
		const struct page_row *r = &v->row[i];
		const struct page_figure *f = page_main(r);

		if (r->table != name->table || r->order != name->order || !(f->ratio > 0) ||
		    f->exceeded || !r->best)
			continue;
		if (f->ratio < x.least) {
			x.least = f->ratio;
			x.low = r;
		}
		if (f->ratio > x.most) {
			x.most = f->ratio;
			x.high = r;
		}
	}
	return x;
}

static void put_span(const struct span *x, bool first, struct html *h)
{
	const struct page_figure *low = page_main(x->low), *high = page_main(x->high);
	const char *name = page_name_text(low->first->name);
	bool up = low->first->more_is_better, one = x->low == x->high;
	char a[HUMAN_MAX], b[HUMAN_MAX], value[HUMAN_MAX];

	page_share(low->first, x->least, a, sizeof(a));
	page_share(high->first, x->most, b, sizeof(b));
	if (first)
		html_textf(h, " %c%s %s ", toupper((unsigned char)*name), name + 1,
			   up ? "reached" : "took");
	else
		html_textf(h, "; %s ", name);
	html_open(h, "b");
	html_text(h, a);
	if (!one && strcmp(a, b) != 0)
		html_textf(h, " to %s", b);
	html_close(h);
	if (!up)
		html_textf(h, " the bare one (from %s)",
			   page_value(low->s.median, low->first->unit, value, sizeof(value)));
	else if (first)
		html_text(h, " of what the machine can do");
}

/* "transmit reached 23 % to 47 % of what the machine can do; receive 34 % to 94 %; ..." */
static void put_headline(const struct page_view *v, struct html *h)
{
	bool first = true;

	for (size_t k = 0; k < v->sections; k++) {
		const struct page_section *s = &v->section[k];

		for (size_t i = s->begin; i < s->end; i++) {
			const struct page_row *r = &v->row[i];
			struct span x;

			/* Once for each name: where it begins. */
			if (i > s->begin && r->table == r[-1].table && r->order == r[-1].order)
				continue;
			x = find_span(v, s, r);
			if (!x.low)
				continue;
			put_span(&x, first, h);
			first = false;
		}
	}
	if (!first)
		html_text(h, ".");
}

/* --- the runs, where there are a few --- */

static size_t marked_of(const struct page_view *v, const struct page_file *f, size_t *rounds)
{
	size_t marked = 0;

	*rounds = 0;
	for (size_t i = 0; i < v->rows; i++)
		if (v->row[i].file == f) {
			*rounds += page_main(&v->row[i])->rounds;
			marked += page_main(&v->row[i])->marked;
		}
	return marked;
}

static void put_runs(const struct page_view *v, struct html *h)
{
	struct page_columns c = {0};
	char buf[PAGE_TEXT];

	c.column[c.n++] = (struct html_column){.title = "run"};
	if (v->page->now)
		c.column[c.n++] = (struct html_column){.title = "side"};
	c.column[c.n++] = (struct html_column){.title = "workload"};
	c.column[c.n++] = (struct html_column){.title = "target"};
	c.column[c.n++] = (struct html_column){.title = "started"};
	c.column[c.n++] = (struct html_column){.title = "took", .number = true};
	c.column[c.n++] = (struct html_column){.title = "revision"};
	if (v->machines > 1)
		c.column[c.n++] = (struct html_column){.title = "machine", .number = true};
	c.column[c.n++] =
		(struct html_column){.title = "rounds", .unit = "(marked)", .number = true};
	html_table(h, "The runs of this report", c.column, c.n);
	for (size_t i = 0; i < v->files; i++) {
		const struct run_file *f = v->file[i].f;
		size_t rounds, marked = marked_of(v, &v->file[i], &rounds);

		html_row(h, NULL);
		html_head_cell(h, "%s", f->label);
		if (v->page->now)
			html_cell(h, NULL, "%s", page_side(v, &v->file[i]));
		html_cell(h, NULL, "%s", f->workload);
		html_cell(h, NULL, "%s", *f->target ? f->target : DASH);
		html_cell(h, NULL, "%s", page_date(f->started, buf, sizeof(buf)));
		html_cell(h, NULL, "%s", page_value(f->duration_s * 1e9, "ns", buf, sizeof(buf)));
		html_cell(h, NULL, "%s", *f->revision ? f->revision : DASH);
		if (v->machines > 1)
			html_cell(h, NULL, "%u", v->file[i].machine + 1);
		if (marked)
			html_cell(h, "warn", "%zu (%zu)", rounds, marked);
		else
			html_cell(h, NULL, "%zu", rounds);
	}
	html_table_end(h);
}

/* --- verdicts and warnings, so that nobody has to scroll to learn of them --- */

static void put_verdicts(const struct page_view *v, struct html *h)
{
	const struct comparison *c = v->page->comparison;
	bool any = false;

	if (!c)
		return;
	html_open(h, "p");
	html_textf(h, "New against old: of %zu figures compared, ", c->rows);
	for (unsigned k = 0; k < COMPARE_VERDICTS; k++) {
		static const enum compare_verdict order[] = {COMPARE_WORSE, COMPARE_BETTER,
							     COMPARE_SAME, COMPARE_UNKNOWN};

		if (!c->verdicts[order[k]])
			continue;
		html_text(h, any ? ", " : "");
		html_put(h, "b", order[k] == COMPARE_WORSE ? "bad" : NULL, "%zu %s",
			 c->verdicts[order[k]], compare_verdict_word(order[k]));
		any = true;
	}
	html_text(h, any ? "." : "none.");
	html_close(h);
}

static void put_warning_line(const struct page_warnings *w, struct html *h)
{
	static const char *const one[] = {"error", "warning", "note"}, *const many[] = {"errors",
											"warnings",
											"notes"};
	char count[PAGE_TEXT];
	size_t kinds = 0, said = 0;

	for (unsigned k = 0; k < PAGE_SEVERITIES; k++)
		kinds += w->by[k] > 0;
	if (kinds == 0)
		return;
	html_open_class(h, "p",
			w->by[PAGE_ERROR]     ? "flag error"
			: w->by[PAGE_WARNING] ? "flag warning"
					      : "flag note");
	html_open(h, "a");
	html_attr(h, "href", "#warnings");
	for (unsigned k = 0; k < PAGE_SEVERITIES; k++)
		if (w->by[k])
			html_textf(h, "%s%s", join(said++, kinds),
				   page_count(w->by[k], one[k], many[k], count, sizeof(count)));
	html_close(h);
	for (size_t i = 0; i < w->n && i < 3; i++)
		html_textf(h, "%s%s", i ? "; " : ": ", w->w[i].title);
	html_text(h, w->n > 3 ? "; and more." : ".");
	html_close(h);
}

void page_summary(const struct page_view *v, const struct page_warnings *w, struct html *h)
{
	html_open_class(h, "p", "lead");
	put_what(v, h);
	put_headline(v, h);
	put_how(v, h);
	html_close(h);
	put_verdicts(v, h);
	put_warning_line(w, h);
	if (v->files > 1 && !v->pooled)
		put_runs(v, h);
	/* A comparison is what one came for; then they stand with the results. */
	for (size_t s = 0; s < v->sections && !v->page->comparison; s++)
		page_glance(v, &v->section[s], h);
}
