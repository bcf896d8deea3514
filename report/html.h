/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small writer of HTML: elements that are closed in the order they were opened, text and
 * attributes escaped, tables with headers that say what they head.
 *
 * Whatever goes through html_text(), html_attr() and their like appears on the page as text, never
 * as markup: foreign text needs no care. Bytes that are no UTF-8, control characters and characters
 * that turn the direction of the text around them become U+FFFD. Only html_markup() writes as is.
 *
 * Knows nothing of what it shows. One thread per writer; writes to the FILE as it goes, which the
 * caller owns, and whose own errors (a full disk) the caller sees there.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define HTML_DEPTH 32u /* elements open at a time */

/* A column of a table. Strings live as long as the table is open. */
struct html_column {
	const char *title;
	const char *unit; /* under the title; NULL: none */
	bool number;	  /* right-aligned, in figures of equal width: class "n" */
};

struct html {
	FILE *out;
	int error; /* the first: -ENOMEM, -EINVAL (nested too deep, closed too often) */
	unsigned depth;
	const char *element[HTML_DEPTH];
	bool tag;			   /* a start tag is open: attributes may follow */
	const struct html_column *columns; /* of the table that is open */
	unsigned columns_n, column;
};

/*
 * Begin a page: doctype, head with title and style sheet (ours, written as it is), body. lang as
 * HTML names it: "en".
 */
void html_begin(struct html *h, FILE *out, const char *lang, const char *title, const char *css);
/* Begin a fragment, for tests and for parts made apart. */
void html_fragment(struct html *h, FILE *out);
/* Close what is open. 0, or the first error; that of the FILE is the caller's to ask for. */
int html_finish(struct html *h);

/* Open an element; name is kept, so a literal. Attributes first, then what is in it. */
void html_open(struct html *h, const char *element);
void html_attr(struct html *h, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void html_text(struct html *h, const char *text);
void html_textf(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html_close(struct html *h);

/* A whole element: opened with a class (NULL: none), its text, closed. */
void html_put(struct html *h, const char *element, const char *klass, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A heading of level 1 to 6; id (NULL: none) for links to it. */
void html_heading(struct html *h, unsigned level, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Markup as it is, in place of text: only what this program made itself. */
void html_markup(struct html *h, const char *markup, size_t n);
/* Open an element with a class. */
void html_open_class(struct html *h, const char *element, const char *klass);

/* --- tables --- */

/*
 * Open a table in a box of its own that scrolls sideways when it is too narrow. caption says what
 * it holds (class "unseen": for those who hear the page and where style sheets are taken away).
 */
void html_table(struct html *h, const char *caption, const struct html_column *columns, unsigned n);
/* The next row; closes the one before. klass may be NULL. */
void html_row(struct html *h, const char *klass);
/* Cells, left to right; the first may be a head, which names its row. klass may be NULL. */
void html_head_cell(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html_cell(struct html *h, const char *klass, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Cells with more than text in them: open, fill, html_close(). */
void html_head_cell_open(struct html *h);
void html_cell_open(struct html *h, const char *klass);
void html_table_end(struct html *h);

/* --- figures --- */

/* A picture given as markup, with a caption under it. */
void html_figure(struct html *h, const char *markup, size_t n, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
