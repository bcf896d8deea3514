/* SPDX-License-Identifier: BSD-2-Clause */
/* What must not be overlooked when the figures are read: the list and how it looks. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"

enum { LINES_SHOWN = 6 };

void page_warn(struct page_warnings *w, enum page_severity severity, const char *fmt, ...)
{
	struct page_warning *more = realloc(w->w, (w->n + 1) * sizeof(*more));
	va_list ap;
	int n;

	if (!more) {
		w->lost = true;
		return;
	}
	w->w = more;
	more += w->n;
	memset(more, 0, sizeof(*more));
	more->severity = severity;
	va_start(ap, fmt);
	n = vasprintf(&more->title, fmt, ap);
	va_end(ap);
	if (n < 0) {
		more->title = NULL;
		w->lost = true;
		return;
	}
	w->n++;
	w->by[severity]++;
	return;
}

void page_warn_text(struct page_warnings *w, const char *text)
{
	if (w->n)
		w->w[w->n - 1].text = text;
}

void page_warn_line(struct page_warnings *w, const char *fmt, ...)
{
	struct page_warning *x = w->n ? &w->w[w->n - 1] : NULL;
	va_list ap;
	int n;

	if (!x)
		return;
	if (x->lines == LINES_SHOWN) {
		x->further++;
		return;
	}
	if (!x->line)
		x->line = calloc(LINES_SHOWN, sizeof(*x->line));
	if (!x->line) {
		w->lost = true;
		return;
	}
	va_start(ap, fmt);
	n = vasprintf(&x->line[x->lines], fmt, ap);
	va_end(ap);
	if (n < 0)
		w->lost = true;
	else
		x->lines++;
}

/* Worst first; otherwise as they came. */
void page_warnings_sort(struct page_warnings *w)
{
	for (size_t i = 1; i < w->n; i++) {
		struct page_warning x = w->w[i];
		size_t k = i;

		for (; k > 0 && w->w[k - 1].severity > x.severity; k--)
			w->w[k] = w->w[k - 1];
		w->w[k] = x;
	}
}

void page_warnings_free(struct page_warnings *w)
{
	for (size_t i = 0; i < w->n; i++) {
		for (size_t k = 0; k < w->w[i].lines; k++)
			free(w->w[i].line[k]);
		free(w->w[i].line);
		free(w->w[i].title);
	}
	free(w->w);
	memset(w, 0, sizeof(*w));
}

static void put(const struct page_warning *w, struct html *h)
{
	static const char *const word[] = {"Error", "Warning", "Note"}, *const klass[] = {"error",
											  "warning",
											  "note"};

	html_open_class(h, "li", klass[w->severity]);
	html_open(h, "p");
	html_put(h, "strong", "word", "%s", word[w->severity]);
	html_text(h, " ");
	html_put(h, "strong", NULL, "%s.", w->title);
	if (w->text) {
		html_text(h, " ");
		html_text(h, w->text);
	}
	html_close(h);
	if (w->lines) {
		html_open(h, "ul");
		for (size_t i = 0; i < w->lines; i++)
			html_put(h, "li", NULL, "%s", w->line[i]);
		if (w->further)
			html_put(h, "li", "dim", "and %zu more", w->further);
		html_close(h);
	}
	html_close(h);
}

void page_warnings_put(const struct page_warnings *w, struct html *h)
{
	if (w->n == 0) {
		html_put(h, "p", NULL,
			 "None: no round was disturbed, one regime was seen, and every figure that "
			 "has a limit lies below it.");
		return;
	}
	html_open_class(h, "ul", "warnings");
	for (size_t i = 0; i < w->n; i++)
		put(&w->w[i], h);
	html_close(h);
}
