/* SPDX-License-Identifier: BSD-2-Clause */
/* Text of pictures: what may stand in it, how wide it is. The interface is in plot_page.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot_page.h"
#include "report/table.h"

/* Decode one character; bytes that are no UTF-8 become '?', one for each. */
static const char *next(const char *s, uint32_t *cp)
{
	const unsigned char *u = (const unsigned char *)s;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned n = u[0] < 0x80   ? 1
		     : u[0] < 0xc2 ? 0
		     : u[0] < 0xe0 ? 2
		     : u[0] < 0xf0 ? 3
		     : u[0] < 0xf5 ? 4
				   : 0;
	uint32_t v = n == 1 ? u[0] : n ? u[0] & (0x7fu >> n) : '?';

	for (unsigned i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80) {
			n = 0;
			break;
		}
		v = v << 6 | (u[i] & 0x3f);
	}
	if (n > 1 && (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000)))
		n = 0;
	*cp = n ? v : '?';
	return s + (n ? n : 1);
}

/*
 * Characters that are no part of a name anybody could read: control characters, which end a
 * command or are not allowed in XML, and those that turn the direction of what follows.
 */
static bool unfit(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	       (cp & 0xfffe) == 0xfffe;
}

/* Text with every unfit character made a blank and every wrong byte a '?'. */
static const char *fit(struct plot_pool *pool, const char *text)
{
	char *copy = plot_pool_get(pool, strlen(text) + 1, 1), *to = copy;
	uint32_t cp;

	if (!copy)
		return "";
	while (*text) {
		const char *end = next(text, &cp);

		if (unfit(cp) || (cp == '?' && *text != '?')) {
			*to++ = unfit(cp) ? ' ' : '?';
		} else {
			memcpy(to, text, (size_t)(end - text));
			to += end - text;
		}
		text = end;
	}
	*to = '\0';
	return copy;
}

/* The place in s behind so many columns of it. */
static const char *behind(const char *s, unsigned columns)
{
	while (*s && columns) {
		uint32_t cp;
		unsigned wide;

		s = next(s, &cp);
		wide = cp >= 0x1100 ? 2 : 1;
		columns -= wide < columns ? wide : columns;
	}
	return s;
}

const char *plot_shorten(struct plot_pool *pool, const char *text, unsigned most)
{
	const char *s = fit(pool, text), *head, *tail;
	unsigned width = table_width(s), half = most > 3 ? (most - 3) / 2 : 0;

	if (width <= most)
		return s;
	/* The end of a name says as much as its beginning: net-20261122-100636.json. */
	head = behind(s, half);
	tail = behind(s, width - half);
	return plot_pool_text(pool, "%.*s...%s", (int)(head - s), s, tail);
}

/*
 * In a constant in single quotes backslashes, backquotes and macros mean nothing, and control
 * characters do not get this far. The quote itself could be doubled, but gnuplot 5.4 takes one that
 * begins a label for an empty constant and reads on behind it: a typographic one stands for it.
 */
void plot_quote(FILE *out, const char *text, unsigned most)
{
	struct plot_pool pool = {0};
	const char *s = plot_shorten(&pool, text, most);

	fputc('\'', out);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("\xe2\x80\x99", out);
		else
			fputc(*s, out);
	}
	fputc('\'', out);
	plot_pool_free(&pool);
}

/* Shares of a letter's height, for DejaVu Sans, which is wider than most. */
static double advance(uint32_t cp)
{
	if (cp >= 0x1100)
		return 1.0;
	if (cp >= 0x80)
		return 0.65;
	if (strchr("ijlI|'.,:;!", (int)cp) || cp == ' ')
		return 0.32;
	if (strchr("frt()[]{}-/\\", (int)cp))
		return 0.40;
	if (strchr("mwMW@%", (int)cp))
		return 0.98;
	if ((cp >= 'A' && cp <= 'Z') || strchr("+=<>~_#&", (int)cp))
		return 0.72;
	return 0.63;
}

double plot_text_width(const char *text, double size)
{
	double w = 0;
	uint32_t cp;

	while (*text) {
		text = next(text, &cp);
		w += advance(cp);
	}
	return w * size;
}

const char *plot_fit(struct plot_pool *pool, const char *text, double size, double width)
{
	double w = plot_text_width(text, size);

	if (w <= width)
		return text;
	return plot_shorten(pool, text, (unsigned)(table_width(text) * width / w));
}
