/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/html.h"

static bool in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* Elements that stand on a line of their own, so that the source can be read and compared. */
static bool is_block(const char *element)
{
	static const char *const block[] = {
		"body", "header", "nav",    "main",	  "footer",  "section", "div",	 "h1",
		"h2",	"h3",	  "h4",	    "h5",	  "h6",	     "p",	"ul",	 "ol",
		"li",	"dl",	  "dt",	    "dd",	  "table",   "caption", "thead", "tbody",
		"tr",	"pre",	  "figure", "figcaption", "details", "summary", NULL};

	return in(element, block);
}

/* Elements without an end. */
static bool is_void(const char *element)
{
	static const char *const empty[] = {"br", "hr", "wbr", "meta", "link", "col", NULL};

	return in(element, empty);
}

static void fail(struct html *h, int error)
{
	if (!h->error)
		h->error = error;
}

/* --- text --- */

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The code point at s and its length; length 0 when what stands there is no UTF-8. */
static unsigned decode(const unsigned char *s, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned n = *s < 0x80	 ? 1
		     : *s < 0xc2 ? 0
		     : *s < 0xe0 ? 2
		     : *s < 0xf0 ? 3
		     : *s < 0xf5 ? 4
				 : 0;

	if (n <= 1) {
		*cp = *s;
		return n;
	}
	*cp = *s & (0x7fu >> n);
	for (unsigned i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3fu);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return n;
}

/* Characters that are no text: HTML forbids them, or they hide and reorder what stands around. */
static bool is_unfit(uint32_t cp)
{
	if (cp < 0x20)
		return cp != '\t' && cp != '\n';
	return (cp >= 0x7f && cp <= 0x9f) || cp == 0x061c || cp == 0x200e || cp == 0x200f ||
	       (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff ||
	       (cp >= 0xfdd0 && cp <= 0xfdef) || (cp & 0xfffe) == 0xfffe;
}

static void escape(struct html *h, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t cp;

	while (*s) {
		unsigned n = decode(s, &cp);

		if (n == 0 || is_unfit(cp))
			fputs(REPLACEMENT, h->out);
		else if (cp == '&')
			fputs("&amp;", h->out);
		else if (cp == '<')
			fputs("&lt;", h->out);
		else if (cp == '>')
			fputs("&gt;", h->out);
		else if (cp == '"')
			fputs("&quot;", h->out);
		else if (cp == '\'')
			fputs("&#39;", h->out);
		else
			fwrite(s, 1, n, h->out);
		s += n ? n : 1;
	}
}

static void escape_va(struct html *h, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0) {
		fail(h, -ENOMEM);
		return;
	}
	escape(h, text);
	free(text);
}

/* What follows is content: the start tag ends here. */
static void end_tag(struct html *h)
{
	if (h->tag)
		fputc('>', h->out);
	h->tag = false;
}

void html_text(struct html *h, const char *text)
{
	end_tag(h);
	escape(h, text);
}

void html_textf(struct html *h, const char *fmt, ...)
{
	va_list ap;

	end_tag(h);
	va_start(ap, fmt);
	escape_va(h, fmt, ap);
	va_end(ap);
}

void html_markup(struct html *h, const char *markup, size_t n)
{
	end_tag(h);
	fwrite(markup, 1, n, h->out);
}

/* --- elements --- */

void html_fragment(struct html *h, FILE *out)
{
	memset(h, 0, sizeof(*h));
	h->out = out;
}

void html_begin(struct html *h, FILE *out, const char *lang, const char *title, const char *css)
{
	html_fragment(h, out);
	fputs("<!DOCTYPE html>\n", out);
	html_open(h, "html");
	html_attr(h, "lang", "%s", lang);
	html_open(h, "head");
	end_tag(h);
	fputs("\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n",
	      out);
	html_put(h, "title", NULL, "%s", title);
	fprintf(out, "\n<style>\n%s</style>\n", css);
	html_close(h);
	html_open(h, "body");
}

int html_finish(struct html *h)
{
	while (h->depth)
		html_close(h);
	fputc('\n', h->out);
	return h->error;
}

void html_open(struct html *h, const char *element)
{
	end_tag(h);
	if (h->depth == HTML_DEPTH) {
		fail(h, -EINVAL);
		return;
	}
	if (is_block(element))
		fputc('\n', h->out);
	fprintf(h->out, "<%s", element);
	h->element[h->depth++] = element;
	h->tag = true;
}

void html_open_class(struct html *h, const char *element, const char *klass)
{
	html_open(h, element);
	if (klass)
		html_attr(h, "class", "%s", klass);
}

void html_attr(struct html *h, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (!h->tag) {
		fail(h, -EINVAL);
		return;
	}
	fprintf(h->out, " %s=\"", name);
	va_start(ap, fmt);
	escape_va(h, fmt, ap);
	va_end(ap);
	fputc('"', h->out);
}

void html_close(struct html *h)
{
	end_tag(h);
	if (h->depth == 0) {
		fail(h, -EINVAL);
		return;
	}
	h->depth--;
	if (!is_void(h->element[h->depth]))
		fprintf(h->out, "</%s>", h->element[h->depth]);
}

void html_put(struct html *h, const char *element, const char *klass, const char *fmt, ...)
{
	va_list ap;

	html_open_class(h, element, klass);
	end_tag(h);
	va_start(ap, fmt);
	escape_va(h, fmt, ap);
	va_end(ap);
	html_close(h);
}

void html_heading(struct html *h, unsigned level, const char *id, const char *fmt, ...)
{
	static const char *const element[] = {"h1", "h2", "h3", "h4", "h5", "h6"};
	va_list ap;

	if (level < 1 || level > 6) {
		fail(h, -EINVAL);
		return;
	}
	html_open(h, element[level - 1]);
	if (id)
		html_attr(h, "id", "%s", id);
	end_tag(h);
	va_start(ap, fmt);
	escape_va(h, fmt, ap);
	va_end(ap);
	html_close(h);
}

/* --- tables --- */

void html_table(struct html *h, const char *caption, const struct html_column *columns, unsigned n)
{
	/* A box that scrolls must be reached by the keyboard, and say what it is. */
	html_open_class(h, "div", "scroll");
	html_attr(h, "role", "region");
	html_attr(h, "tabindex", "0");
	html_attr(h, "aria-label", "%s", caption);
	html_open(h, "table");
	html_put(h, "caption", "unseen", "%s", caption);
	html_open(h, "thead");
	html_open(h, "tr");
	for (unsigned i = 0; i < n; i++) {
		html_open_class(h, "th", columns[i].number ? "n" : NULL);
		html_attr(h, "scope", "col");
		html_text(h, columns[i].title);
		if (columns[i].unit) {
			html_text(h, " ");
			html_put(h, "small", NULL, "%s", columns[i].unit);
		}
		html_close(h);
	}
	html_close(h);
	html_close(h);
	html_open(h, "tbody");
	h->columns = columns;
	h->columns_n = n;
	h->column = 0;
}

static bool in_row(const struct html *h)
{
	return h->depth && strcmp(h->element[h->depth - 1], "tr") == 0;
}

void html_row(struct html *h, const char *klass)
{
	if (in_row(h))
		html_close(h);
	html_open_class(h, "tr", klass);
	h->column = 0;
}

/* Open a cell of the next column with its classes: that of the column and one more. */
static void cell(struct html *h, const char *element, const char *klass)
{
	bool number = h->column < h->columns_n && h->columns[h->column].number;

	h->column++;
	html_open(h, element);
	if (number && klass)
		html_attr(h, "class", "n %s", klass);
	else if (number || klass)
		html_attr(h, "class", "%s", number ? "n" : klass);
}

void html_head_cell_open(struct html *h)
{
	cell(h, "th", NULL);
	html_attr(h, "scope", "row");
}

void html_head_cell(struct html *h, const char *fmt, ...)
{
	va_list ap;

	html_head_cell_open(h);
	end_tag(h);
	va_start(ap, fmt);
	escape_va(h, fmt, ap);
	va_end(ap);
	html_close(h);
}

void html_cell_open(struct html *h, const char *klass)
{
	cell(h, "td", klass);
}

void html_cell(struct html *h, const char *klass, const char *fmt, ...)
{
	va_list ap;

	cell(h, "td", klass);
	end_tag(h);
	va_start(ap, fmt);
	escape_va(h, fmt, ap);
	va_end(ap);
	html_close(h);
}

void html_table_end(struct html *h)
{
	if (in_row(h))
		html_close(h);
	html_close(h); /* tbody */
	html_close(h); /* table */
	html_close(h); /* its box */
	h->columns = NULL;
	h->columns_n = 0;
}

/* --- figures --- */

void html_figure(struct html *h, const char *markup, size_t n, const char *fmt, ...)
{
	va_list ap;

	html_open(h, "figure");
	html_markup(h, markup, n);
	html_open(h, "figcaption");
	end_tag(h);
	va_start(ap, fmt);
	escape_va(h, fmt, ap);
	va_end(ap);
	html_close(h);
	html_close(h);
}
