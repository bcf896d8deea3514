/* SPDX-License-Identifier: BSD-2-Clause */
/* At a glance: the share of its limit that every case reached, over the sizes. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"

enum { SIZES_MAX = 32, LINES_SHOWN = 60 };

/* Rows that are one case but for size and regime. */
struct line {
	const struct page_row *first;
};

static bool is_held(const struct page_row *r)
{
	return page_main(r)->limit_name != NULL;
}

static int compare_sizes(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static unsigned find_sizes(const struct page_view *v, const struct page_section *s, double *size)
{
	unsigned n = 0;

	for (size_t i = s->begin; i < s->end; i++) {
		double mine = run_param_number(v->row[i].first, "size");
		unsigned k = 0;

		if (!is_held(&v->row[i]) || !isfinite(mine))
			continue;
		while (k < n && size[k] != mine)
			k++;
		if (k == n && n < SIZES_MAX)
			size[n++] = mine;
	}
	qsort(size, n, sizeof(*size), compare_sizes);
	return n;
}

/* The lines in the order of the tables. */
static size_t find_lines(const struct page_view *v, const struct page_section *s, struct line *line,
			 size_t max)
{
	size_t n = 0;

	for (size_t i = s->begin; i < s->end; i++) {
		size_t k = 0;

		if (!is_held(&v->row[i]))
			continue;
		while (k < n && k < max && !page_same_line(line[k].first, &v->row[i]))
			k++;
		if (k == n && n < max)
			line[n++].first = &v->row[i];
	}
	return n;
}

/* The row of a line that says most at a size (NAN: without one); NULL: none. */
static const struct page_row *row_at(const struct page_view *v, const struct page_section *s,
				     const struct page_row *line, double size)
{
	for (size_t i = s->begin; i < s->end; i++) {
		const struct page_row *r = &v->row[i];
		double mine = run_param_number(r->first, "size");

		if (r->best && (isfinite(size) ? mine == size : !isfinite(mine)) &&
		    page_same_line(line, r))
			return r;
	}
	return NULL;
}

static bool is_disturbed(const struct page_row *r)
{
	return page_main(r)->disturbed == page_main(r)->files;
}

static void put_cell(const struct page_row *r, bool regimes, bool all_disturbed, struct html *h)
{
	const struct page_figure *f = r ? page_main(r) : NULL;
	char buf[HUMAN_MAX];

	if (!f) {
		html_cell(h, "dim", "\xe2\x80\x93");
		return;
	}
	html_cell_open(h, f->exceeded ? "glance bad" : "glance");
	if (f->ratio > 0)
		html_put(h, "b", NULL, "%s", page_share(f->first, f->ratio, buf, sizeof(buf)));
	else
		html_put(h, "b", "dim", "no limit");
	if (f->ratio > 0 && f->first->more_is_better)
		page_bar(h, f->ratio, f->exceeded);
	html_open(h, "small");
	html_text(h, page_value(f->s.median, f->first->unit, buf, sizeof(buf)));
	if (regimes)
		html_textf(h, ", %s", r->first->regime);
	html_close(h);
	if (f->exceeded)
		html_put(h, "span", "tag bad", "impossible");
	else if (!all_disturbed && is_disturbed(r))
		html_put(h, "span", "tag warn", "disturbed");
	html_close(h);
}

static bool several_regimes(const struct page_view *v)
{
	unsigned n = 0;

	for (unsigned g = 0; g <= REGIMES; g++)
		n += v->by_regime[g] > 0;
	return n > 1;
}

static void put_lines(const struct page_view *v, const struct page_section *s,
		      struct page_identity *id, const struct line *line, size_t lines,
		      const double *size, unsigned sizes, struct html *h)
{
	char title[SIZES_MAX][32];
	struct page_columns c = {0};
	bool regimes = several_regimes(v), all_disturbed = true, groups = false;

	for (size_t i = s->begin; i < s->end; i++)
		if (is_held(&v->row[i]) && v->row[i].best)
			all_disturbed &= is_disturbed(&v->row[i]);

	for (size_t i = 1; i < lines; i++)
		groups |= line[i].first->table == line[i - 1].first->table;
	c.column[c.n++] = (struct html_column){.title = s->workload};
	page_identity_columns(id, false, &c);
	for (unsigned k = 0; k < (sizes ? sizes : 1) && c.n < PAGE_COLUMNS_MAX; k++) {
		if (sizes)
			snprintf(title[k], sizeof(title[k]), "%.0f B", size[k]);
		c.column[c.n++] =
			(struct html_column){.title = sizes ? title[k] : "share", .number = true};
	}
	html_table(h, "Share of the limit, by size", c.column, c.n);
	for (size_t i = 0; i < lines; i++) {
		const struct page_row *r = line[i].first;

		html_row(h, groups && i && r->table != line[i - 1].first->table ? "first" : NULL);
		html_head_cell(h, "%s", page_name_text(r->first->name));
		page_identity_cells(id, false, r, false, h);
		for (unsigned k = 0; k < sizes; k++)
			put_cell(row_at(v, s, r, size[k]), regimes, all_disturbed, h);
		if (!sizes)
			put_cell(row_at(v, s, r, NAN), regimes, all_disturbed, h);
	}
	html_table_end(h);
	if (all_disturbed)
		html_put(h, "p", "dim", "All of these rest on disturbed rounds alone.");
}

void page_glance(const struct page_view *v, const struct page_section *s, struct html *h)
{
	struct line line[LINES_SHOWN];
	struct page_identity id;
	double size[SIZES_MAX];
	unsigned sizes = find_sizes(v, s, size);
	size_t lines = find_lines(v, s, line, LINES_SHOWN);

	if (lines == 0)
		return;
	html_heading(h, 3, NULL, "Share of the limit");
	if (page_identity_of(v, s, &id)) {
		h->error = h->error ? h->error : -ENOMEM;
		return;
	}
	put_lines(v, s, &id, line, lines, size, sizes, h);
	page_identity_free(&id);
}
