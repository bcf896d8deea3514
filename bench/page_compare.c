/* SPDX-License-Identifier: BSD-2-Clause */
/* New against old: the verdicts, what they rest on, and what was not compared. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"

enum { OPEN_ROWS = 24, ROWS_SHOWN = 400, REFUSALS_SHOWN = 50 };

#define MINUS "\xe2\x88\x92"
#define DASH  "\xe2\x80\x93"

/* A sign and a word, so that it is read without colours. */
static const struct {
	const char *sign, *klass;
	unsigned rank; /* in the table: what changed comes first */
} looks[COMPARE_VERDICTS] = {
	[COMPARE_BETTER] = {"\xe2\x96\xb2", "better", 1},
	[COMPARE_WORSE] = {"\xe2\x96\xbc", "worse", 0},
	[COMPARE_SAME] = {"=", "same", 3},
	[COMPARE_UNKNOWN] = {"?", "unknown", 2},
};

/* A ratio as a change, +3.2 %; far ones as a factor, as `compare` does. */
static const char *change_text(double ratio, char *buf, size_t size)
{
	double c = (ratio - 1) * 100;

	if (!isfinite(c))
		snprintf(buf, size, "open");
	else if (ratio >= 3 || ratio < 0.34)
		snprintf(buf, size, "\xc3\x97\xc2\xa0%.2f", ratio);
	else
		snprintf(buf, size, "%s%.*f\xc2\xa0%%",
			 c < -0.05  ? MINUS
			 : c > 0.05 ? "+"
				    : "\xc2\xb1",
			 fabs(c) < 9.95 ? 1 : 0, fabs(c));
	return buf;
}

static void put_verdict(const struct compare_row *r, struct html *h)
{
	html_cell_open(h, looks[r->verdict].klass);
	html_put(h, "span", "sign", "%s", looks[r->verdict].sign);
	html_textf(h, " %s", compare_verdict_word(r->verdict));
	if (r->gate_broken)
		html_put(h, "span", "tag bad", "breaks the gate");
	html_close(h);
}

static void put_row(const struct compare_row *r, bool remark, struct html *h)
{
	char a[PAGE_TEXT], b[PAGE_TEXT];

	html_row(h, NULL);
	html_head_cell(h, "%s %s", r->old->name, r->old->metric);
	html_cell(h, NULL, "%s", r->params);
	html_cell(h, NULL, "%s", r->old->regime);
	put_verdict(r, h);
	html_cell(h, "main", "%s", change_text(r->ratio, a, sizeof(a)));
	html_cell(h, "dim", "%s to %s", change_text(r->low, a, sizeof(a)),
		  change_text(r->high, b, sizeof(b)));
	html_cell(h, NULL, "%s", page_value(r->old_median, r->old->unit, a, sizeof(a)));
	html_cell(h, NULL, "%s", page_value(r->new_median, r->old->unit, a, sizeof(a)));
	html_cell(h, NULL, "%zu / %zu", r->old_rounds, r->new_rounds);
	if (remark)
		html_cell(h, "text dim", "%s", r->remark ? r->remark : "");
}

static int compare_rank(const void *left, const void *right)
{
	const struct compare_row *a = *(const struct compare_row *const *)left,
				 *b = *(const struct compare_row *const *)right;

	if (a->gate_broken != b->gate_broken)
		return a->gate_broken ? -1 : 1;
	if (looks[a->verdict].rank != looks[b->verdict].rank)
		return looks[a->verdict].rank < looks[b->verdict].rank ? -1 : 1;
	return (a > b) - (a < b);
}

static bool same_remark(const struct compare_row *a, const struct compare_row *b)
{
	return a->remark == b->remark ||
	       (a->remark && b->remark && strcmp(a->remark, b->remark) == 0);
}

static void put_rows(const struct compare_row *const *row, size_t n, const char *caption,
		     struct html *h)
{
	static const struct html_column columns[] = {
		{"figure", NULL, false},       {"parameters", NULL, false},
		{"regime", NULL, false},       {"verdict", NULL, false},
		{"change", NULL, true},	       {"interval", NULL, true},
		{"old", "median", true},       {"new", "median", true},
		{"rounds", "old / new", true}, {"remark", NULL, false},
	};
	size_t shown = n < ROWS_SHOWN ? n : ROWS_SHOWN;
	bool remark = false;

	/* What is said of all is said once. */
	for (size_t i = 1; i < n; i++)
		remark |= !same_remark(row[0], row[i]);
	html_table(h, caption, columns, sizeof(columns) / sizeof(columns[0]) - !remark);
	for (size_t i = 0; i < shown; i++)
		put_row(row[i], remark, h);
	html_table_end(h);
	if (!remark && row[0]->remark)
		html_put(h, "p", "dim small", n > 1 ? "Of each of these: %s." : "Of this: %s.",
			 row[0]->remark);
	if (shown < n)
		html_put(h, "p", NULL,
			 "%zu more are not shown; 'vop-bench compare --json' writes them all.",
			 n - shown);
}

static void put_refusals(const struct comparison *c, struct html *h)
{
	static const struct html_column columns[] = {
		{"what", NULL, false}, {"why not", NULL, false}, {"figures", NULL, true}};
	size_t figures = 0;

	for (size_t i = 0; i < c->refusals; i++)
		figures += c->refusal[i].count;
	if (!figures)
		return;
	html_open(h, "details");
	html_put(h, "summary", NULL, "Not compared: %zu", figures);
	html_table(h, "What was not compared, and why", columns, 3);
	for (size_t i = 0; i < c->refusals && i < REFUSALS_SHOWN; i++) {
		html_row(h, NULL);
		html_head_cell(h, "%s", c->refusal[i].what);
		html_cell(h, "text", "%s", c->refusal[i].reason);
		html_cell(h, NULL, "%zu", c->refusal[i].count);
	}
	html_table_end(h);
	if (c->refusals > REFUSALS_SHOWN)
		html_put(h, "p", NULL, "%zu more kinds are not shown.",
			 c->refusals - REFUSALS_SHOWN);
	html_close(h);
}

/* What did not change is folded when the list is long. */
static void put_all(const struct comparison *c, struct html *h)
{
	const struct compare_row **row = calloc(c->rows ? c->rows : 1, sizeof(*row));
	size_t open = 0;

	if (!row) {
		h->error = h->error ? h->error : -ENOMEM;
		return;
	}
	for (size_t i = 0; i < c->rows; i++)
		row[i] = &c->row[i];
	qsort(row, c->rows, sizeof(*row), compare_rank);
	while (open < c->rows && row[open]->verdict != COMPARE_SAME &&
	       row[open]->verdict != COMPARE_UNKNOWN)
		open++;
	if (c->rows <= OPEN_ROWS)
		open = c->rows;
	if (open)
		put_rows(row, open, "New against old", h);
	if (open < c->rows) {
		html_open(h, "details");
		html_put(h, "summary", NULL, "Same, or cannot tell: %zu", c->rows - open);
		put_rows(row + open, c->rows - open, "Same, or cannot tell", h);
		html_close(h);
	}
	free(row);
}

void page_comparison(const struct page_view *v, struct html *h)
{
	const struct comparison *c = v->page->comparison;

	if (*c->shared)
		html_put(h, "p", "dim small", "All figures: %s.", c->shared);
	if (*c->ignored)
		html_put(h, "p", "dim small", "Differ, and were let pass: %s.", c->ignored);
	if (c->rows && !c->verdicts[COMPARE_WORSE] && !c->verdicts[COMPARE_BETTER])
		html_put(h, "p", NULL, "No figure changed for certain.");
	if (c->rows)
		put_all(c, h);
	else
		html_put(h, "p", NULL, "Nothing could be compared.");
	put_refusals(c, h);
	html_put(h, "p", "dim small", "Method: %s.", c->method);
}
