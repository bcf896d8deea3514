/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/table.h"

enum { COLUMNS_MAX = 24, GAP = 2 };

struct column {
	char *title, *unit;
	enum table_align align;
};

struct cell {
	char *text; /* NULL: empty */
	enum table_style style;
};

struct row {
	struct cell cells[COLUMNS_MAX];
	unsigned n;
	bool note; /* cells[0] spans the table */
};

struct table {
	struct column columns[COLUMNS_MAX];
	unsigned columns_n;
	struct row *rows;
	size_t rows_n, rows_room;
	bool lost; /* something was not stored for want of memory */
};

struct table *table_new(void)
{
	return calloc(1, sizeof(struct table));
}

void table_free(struct table *t)
{
	size_t i;
	unsigned c;

	if (!t)
		return;
	for (i = 0; i < t->rows_n; i++)
		for (c = 0; c < t->rows[i].n; c++)
			free(t->rows[i].cells[c].text);
	for (c = 0; c < t->columns_n; c++) {
		free(t->columns[c].title);
		free(t->columns[c].unit);
	}
	free(t->rows);
	free(t);
}

static char *keep(struct table *t, const char *text)
{
	char *copy;

	if (!text)
		return NULL;
	copy = strdup(text);
	if (!copy)
		t->lost = true;
	return copy;
}

void table_column(struct table *t, const char *title, const char *unit, enum table_align align)
{
	struct column *c;

	if (!t || t->columns_n >= COLUMNS_MAX)
		return;
	c = &t->columns[t->columns_n++];
	c->title = keep(t, title);
	c->unit = keep(t, unit);
	c->align = align;
}

static struct row *add_row(struct table *t)
{
	if (t->rows_n == t->rows_room) {
		size_t room = t->rows_room ? 2 * t->rows_room : 16;
		struct row *rows = realloc(t->rows, room * sizeof(*rows));

		if (!rows) {
			t->lost = true;
			return NULL;
		}
		t->rows = rows;
		t->rows_room = room;
	}
	memset(&t->rows[t->rows_n], 0, sizeof(*t->rows));
	return &t->rows[t->rows_n++];
}

void table_row(struct table *t)
{
	if (t)
		add_row(t);
}

static void set_cell(struct table *t, struct row *r, enum table_style style, const char *fmt,
		     va_list ap)
{
	struct cell *c = &r->cells[r->n];

	c->style = style;
	if (vasprintf(&c->text, fmt, ap) < 0) {
		c->text = NULL;
		t->lost = true;
	}
	r->n++;
}

void table_cell(struct table *t, enum table_style style, const char *fmt, ...)
{
	struct row *r = t && t->rows_n ? &t->rows[t->rows_n - 1] : NULL;
	va_list ap;

	if (!r || r->note || r->n >= t->columns_n)
		return;
	va_start(ap, fmt);
	set_cell(t, r, style, fmt, ap);
	va_end(ap);
}

void table_note(struct table *t, enum table_style style, const char *fmt, ...)
{
	struct row *r = t ? add_row(t) : NULL;
	va_list ap;

	if (!r)
		return;
	r->note = true;
	va_start(ap, fmt);
	set_cell(t, r, style, fmt, ap);
	va_end(ap);
}

/* --- printing --- */

static unsigned wider(unsigned w, const char *text)
{
	unsigned v = text ? table_width(text) : 0;

	return v > w ? v : w;
}

static unsigned column_width(const struct table *t, unsigned c)
{
	unsigned w = wider(wider(0, t->columns[c].title), t->columns[c].unit);
	size_t i;

	for (i = 0; i < t->rows_n; i++)
		if (!t->rows[i].note && c < t->rows[i].n)
			w = wider(w, t->rows[i].cells[c].text);
	return w;
}

/* One cell; nothing is padded behind the last text of a line's last column: no trailing blanks. */
static void print_cell(const struct table *t, unsigned c, unsigned width, const char *text,
		       enum table_style style, FILE *out, bool colour)
{
	unsigned used = text ? table_width(text) : 0;
	int pad = (int)(width - used);
	bool last = c + 1 == t->columns_n;

	if (last && used == 0 && t->columns[c].align == TABLE_LEFT)
		return;
	if (c)
		fprintf(out, "%*s", GAP, "");
	if (t->columns[c].align == TABLE_RIGHT)
		fprintf(out, "%*s", pad, "");
	if (text)
		fprintf(out, "%s%s%s", table_style_begin(style, colour), text,
			table_style_end(style, colour));
	if (t->columns[c].align == TABLE_LEFT && !last)
		fprintf(out, "%*s", pad, "");
}

static bool any_unit(const struct table *t)
{
	unsigned c;

	for (c = 0; c < t->columns_n; c++)
		if (t->columns[c].unit)
			return true;
	return false;
}

static void print_header(const struct table *t, const unsigned *width, FILE *out, bool colour)
{
	unsigned c;

	for (c = 0; c < t->columns_n; c++)
		print_cell(t, c, width[c], t->columns[c].title, TABLE_PLAIN, out, colour);
	fputc('\n', out);
	if (!any_unit(t))
		return;
	for (c = 0; c < t->columns_n; c++)
		print_cell(t, c, width[c], t->columns[c].unit, TABLE_DIM, out, colour);
	fputc('\n', out);
}

int table_print(const struct table *t, FILE *out, bool colour)
{
	unsigned width[COLUMNS_MAX], c;
	size_t i;

	if (!t)
		return -ENOMEM;
	for (c = 0; c < t->columns_n; c++)
		width[c] = column_width(t, c);
	if (t->columns_n)
		print_header(t, width, out, colour);
	for (i = 0; i < t->rows_n; i++) {
		const struct row *r = &t->rows[i];

		if (r->note && r->n)
			fprintf(out, "%s%s%s", table_style_begin(r->cells[0].style, colour),
				r->cells[0].text ? r->cells[0].text : "",
				table_style_end(r->cells[0].style, colour));
		for (c = 0; !r->note && c < t->columns_n; c++)
			print_cell(t, c, width[c], c < r->n ? r->cells[c].text : NULL,
				   r->cells[c].style, out, colour);
		fputc('\n', out);
	}
	return t->lost ? -ENOMEM : 0;
}

/* --- colour --- */

bool table_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	/* NO_COLOR counts when it is set and not empty, whatever its value. */
	if (no && *no)
		return false;
	if (!term || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fileno(out)) == 1;
}

const char *table_style_begin(enum table_style style, bool colour)
{
	if (!colour)
		return "";
	switch (style) {
	case TABLE_GOOD:
		return "\033[32m";
	case TABLE_WARN:
		return "\033[33m";
	case TABLE_BAD:
		return "\033[1;31m";
	case TABLE_DIM:
		return "\033[2m";
	case TABLE_PLAIN:
		break;
	}
	return "";
}

const char *table_style_end(enum table_style style, bool colour)
{
	return colour && style != TABLE_PLAIN ? "\033[0m" : "";
}
