/* SPDX-License-Identifier: BSD-2-Clause */
/* The results, workload by workload and direction by direction. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bench/page_part.h"

#define DASH "\xe2\x80\x93"

enum { ROWS_SHOWN = 400, NOTES_SHOWN = 8 };

/* --- cells --- */

void page_bar(struct html *h, double ratio, bool bad)
{
	enum { WIDTH = 60, HEIGHT = 8 };
	double part = ratio < 0 ? 0 : ratio > 1 ? 1 : ratio;

	/* Sizes and colours are attributes, so that it is a bar without the style sheet, too. */
	html_open_class(h, "svg", bad ? "bar bad" : "bar");
	html_attr(h, "width", "%d", WIDTH);
	html_attr(h, "height", "%d", HEIGHT);
	html_attr(h, "aria-hidden", "true");
	html_open_class(h, "rect", "track");
	html_attr(h, "width", "%d", WIDTH);
	html_attr(h, "height", "%d", HEIGHT);
	html_attr(h, "fill", "#d0d7de");
	html_close(h);
	html_open_class(h, "rect", "fill");
	html_attr(h, "width", "%.1f", WIDTH * part);
	html_attr(h, "height", "%d", HEIGHT);
	html_attr(h, "fill", "#0b5cad");
	html_close(h);
	html_close(h);
}

static void put_value(const struct page_figure *f, struct html *h)
{
	char buf[HUMAN_MAX];

	if (f)
		html_cell(h, NULL, "%s", page_value(f->s.median, f->first->unit, buf, sizeof(buf)));
	else
		html_cell(h, "dim", DASH);
}

static void put_spread(const struct page_figure *f, struct html *h)
{
	char buf[PAGE_TEXT];

	if (f->s.n > 1)
		html_cell(h, "dim", "%s",
			  page_range(f->s.q1, f->s.q3, f->first->unit, buf, sizeof(buf)));
	else
		html_cell(h, "dim", DASH);
}

static void put_limit(const struct page_figure *f, struct html *h)
{
	char buf[HUMAN_MAX];

	if (f->limit > 0)
		html_cell(h, NULL, "%s", page_value(f->limit, f->first->unit, buf, sizeof(buf)));
	else if (f->limit_name)
		html_cell(h, "dim", "none seen");
	else
		html_cell(h, "dim", DASH);
}

static void put_share(const struct page_figure *f, struct html *h)
{
	char buf[HUMAN_MAX];

	if (!(f->ratio > 0)) {
		html_cell(h, "dim", DASH);
		return;
	}
	html_cell_open(h, f->exceeded ? "bad share" : "share");
	if (f->exceeded)
		html_put(h, "span", "tag bad", "impossible");
	if (f->first->more_is_better)
		page_bar(h, f->ratio, f->exceeded);
	html_put(h, "span", "part", "%s", page_share(f->first, f->ratio, buf, sizeof(buf)));
	html_close(h);
}

static void put_rounds(const struct page_figure *f, struct html *h)
{
	if (f->marked)
		html_cell(h, "warn", "%zu (%zu)", f->rounds, f->marked);
	else
		html_cell(h, NULL, "%zu", f->rounds);
}

static void put_regime(const struct page_row *r, bool head, struct html *h)
{
	const struct page_figure *f = page_main(r);

	if (head)
		html_head_cell_open(h);
	else
		html_cell_open(h, NULL);
	html_text(h, r->first->regime);
	if (f->disturbed)
		html_put(h, "span", "tag warn",
			 f->disturbed < f->files ? "partly disturbed" : "disturbed");
	if (f->unverified)
		html_put(h, "span", "tag warn", "unverified");
	html_close(h);
}

/* --- a table of one direction --- */

/* Further figures of a row, in the order of their columns. */
static const struct {
	enum page_metric metric;
	const char *title, *unit;
} further[] = {
	{PAGE_GOODPUT, "goodput", NULL},
	{PAGE_P90, "90 %", NULL},
	{PAGE_P99, "99 %", NULL},
	{PAGE_P999, "99.9 %", NULL},
	{PAGE_MAX, "longest", NULL},
	{PAGE_RATE, "rate", NULL},
	{PAGE_CPU_DRIVER, "CPU driver", "per frame"},
	{PAGE_CPU_DEVICE, "CPU device", "per frame"},
};
enum { FURTHER = sizeof(further) / sizeof(further[0]) };

static bool any_has(const struct page_row *r, size_t n, enum page_metric m)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].figure[m] && r[i].main != m)
			return true;
	return false;
}

static bool any_limit(const struct page_row *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (unsigned m = 0; m < PAGE_METRICS; m++)
			if (r[i].figure[m] && r[i].figure[m]->limit_name)
				return true;
	return false;
}

static void add(struct page_columns *c, const char *title, const char *unit, bool number)
{
	if (c->n < PAGE_COLUMNS_MAX)
		c->column[c->n++] =
			(struct html_column){.title = title, .unit = unit, .number = number};
}

/* Columns of what was measured: the main figure, its limit, and how many rounds. */
static void main_columns(struct page_columns *c, const char *title, const char *unit, bool latency,
			 bool limit)
{
	add(c, title, unit, true);
	add(c, "middle half", NULL, true);
	if (limit) {
		add(c, latency ? "bare" : "limit", latency ? "round trip" : NULL, true);
		add(c, latency ? "times" : "share", latency ? "the bare" : "of limit", true);
	}
}

static void tail_columns(struct page_columns *c, bool files)
{
	add(c, "rounds", "(marked)", true);
	if (files)
		add(c, "files", NULL, true);
}

static void main_cells(const struct page_figure *f, bool limit, struct html *h)
{
	html_cell_open(h, "main");
	{
		char buf[HUMAN_MAX];

		html_text(h, page_value(f->s.median, f->first->unit, buf, sizeof(buf)));
	}
	html_close(h);
	put_spread(f, h);
	if (limit) {
		put_limit(f, h);
		put_share(f, h);
	}
}

static void tail_cells(const struct page_figure *f, bool files, struct html *h)
{
	put_rounds(f, h);
	if (files)
		html_cell(h, NULL, "%u", f->files);
}

static bool same_size(const struct page_row *a, const struct page_row *b)
{
	const char *x = run_param_text(a->first, "size"), *y = run_param_text(b->first, "size");

	return x == y || (x && y && strcmp(x, y) == 0);
}

static void put_table(const struct page_view *v, struct page_identity *id, const struct page_row *r,
		      size_t n, struct html *h)
{
	bool limit = any_limit(r, n), latency = r->main == PAGE_P50;
	bool some[FURTHER];
	struct page_columns c = {0};
	size_t shown = n < ROWS_SHOWN ? n : ROWS_SHOWN;
	bool head, groups = false;

	for (size_t i = 1; i < n; i++)
		groups |= same_size(&r[i - 1], &r[i]);
	page_identity_columns(id, true, &c);
	head = c.n > 0;
	add(&c, "regime", NULL, false);
	main_columns(&c, latency ? "median" : "rate", latency ? NULL : "frames", latency, limit);
	for (unsigned k = 0; k < FURTHER; k++) {
		some[k] = any_has(r, n, further[k].metric);
		if (some[k])
			add(&c, further[k].title, further[k].unit, true);
	}
	tail_columns(&c, v->pooled);
	html_table(h, page_name_text(r->first->name), c.column, c.n);
	for (size_t i = 0; i < shown; i++) {
		html_row(h, groups && i && !same_size(&r[i - 1], &r[i]) ? "first" : NULL);
		page_identity_cells(id, true, &r[i], true, h);
		put_regime(&r[i], !head, h);
		main_cells(page_main(&r[i]), limit, h);
		for (unsigned k = 0; k < FURTHER; k++)
			if (some[k])
				put_value(r[i].main == further[k].metric
						  ? NULL
						  : r[i].figure[further[k].metric],
					  h);
		tail_cells(page_main(&r[i]), v->pooled, h);
	}
	html_table_end(h);
	if (shown < n)
		html_put(h, "p", NULL, "%zu more rows are not shown; --csv writes them all.",
			 n - shown);
}

/* --- the list of single figures --- */

static void put_list(const struct page_view *v, struct page_identity *id, const struct page_row *r,
		     size_t n, struct html *h)
{
	bool limit = any_limit(r, n);
	struct page_columns c = {0};
	size_t lines = 0;

	add(&c, "figure", NULL, false);
	add(&c, "what it is", NULL, false);
	page_identity_columns(id, true, &c);
	add(&c, "regime", NULL, false);
	main_columns(&c, "median", NULL, false, limit);
	tail_columns(&c, v->pooled);
	html_table(h, "Single figures", c.column, c.n);
	for (size_t i = 0; i < n; i++)
		for (unsigned m = 0; m < PAGE_METRICS; m++) {
			const struct page_figure *f = r[i].figure[m];

			if (!f || ++lines > ROWS_SHOWN)
				continue;
			html_row(h, i && r[i - 1].order != r[i].order ? "first" : NULL);
			html_head_cell(h, "%s", f->first->name);
			html_cell(h, "text", "%s", page_metric_text(f->first->metric));
			page_identity_cells(id, true, &r[i], false, h);
			put_regime(&r[i], false, h);
			main_cells(f, limit, h);
			tail_cells(f, v->pooled, h);
		}
	html_table_end(h);
	if (lines > ROWS_SHOWN)
		html_put(h, "p", NULL, "%zu more rows are not shown; --csv writes them all.",
			 lines - ROWS_SHOWN);
}

/* --- below a table --- */

/* What the share is a share of, once for each limit. */
static void put_limits(const struct page_row *r, size_t n, struct html *h)
{
	const char *said[4];
	unsigned count = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = page_main(&r[i])->limit_name;
		unsigned k = 0;

		while (name && k < count && strcmp(said[k], name) != 0)
			k++;
		if (!name || k < count || count == 4)
			continue;
		said[count++] = name;
		html_put(h, "p", "dim small", "Limit %s: %s, measured in the same run.", name,
			 page_limit_text(name));
	}
}

static void put_notes(const struct page_row *r, size_t n, struct html *h)
{
	const char *said[NOTES_SHOWN];
	unsigned count = 0;

	for (size_t i = 0; i < n; i++)
		for (unsigned m = 0; m < PAGE_METRICS; m++) {
			const char *note = r[i].figure[m] ? r[i].figure[m]->first->note : NULL;
			unsigned k = 0;

			while (note && k < count && strcmp(said[k], note) != 0)
				k++;
			if (!note || k < count || count == NOTES_SHOWN)
				continue;
			said[count++] = note;
			html_put(h, "p", "dim small", "Note: %s", note);
		}
}

static size_t table_end(const struct page_view *v, const struct page_section *s, size_t begin)
{
	size_t end = begin;

	while (end < s->end && v->row[end].table == v->row[begin].table)
		end++;
	return end;
}

static void put_heading(const struct page_row *r, bool only, struct html *h)
{
	if (r->table == PAGE_LIST && only)
		return;
	if (r->table == PAGE_LIST)
		html_heading(h, 3, NULL, "Single figures");
	else if (strcmp(page_name_text(r->first->name), r->first->name) == 0)
		html_heading(h, 3, NULL, "%s", r->first->name);
	else {
		const char *text = page_name_text(r->first->name);

		html_open(h, "h3");
		html_textf(h, "%c%s ", toupper((unsigned char)*text), text + 1);
		html_put(h, "code", NULL, "%s", r->first->name);
		html_close(h);
	}
}

void page_tables(const struct page_view *v, const struct page_section *s, struct html *h)
{
	struct page_identity id;

	if (page_identity_of(v, s, &id)) {
		h->error = h->error ? h->error : -ENOMEM;
		return;
	}
	page_identity_shared(&id, h);
	for (size_t begin = s->begin, end; begin < s->end; begin = end) {
		const struct page_row *r = &v->row[begin];

		end = table_end(v, s, begin);
		put_heading(r, begin == s->begin && end == s->end, h);
		if (r->table == PAGE_LIST)
			put_list(v, &id, r, end - begin, h);
		else
			put_table(v, &id, r, end - begin, h);
		put_limits(r, end - begin, h);
		put_notes(r, end - begin, h);
	}
	page_identity_free(&id);
}
