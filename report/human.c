/* SPDX-License-Identifier: BSD-2-Clause */
/* Human numbers and the width of text, declared in report/table.h. */
#include <math.h>
#include <string.h>

#include "report/table.h"

/* --- width --- */

/* The next code point; a byte that starts no valid sequence counts as one odd character. */
static const unsigned char *decode(const unsigned char *s, uint32_t *cp)
{
	unsigned more = *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : *s >= 0xc2 ? 1 : 0, i;

	*cp = more == 3 ? *s & 7u : more == 2 ? *s & 15u : more == 1 ? *s & 31u : *s;
	for (i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			*cp = *s;
			return s + 1;
		}
		*cp = *cp << 6 | (s[i] & 63u);
	}
	return s + 1 + more;
}

static unsigned columns_of(uint32_t cp)
{
	/* Combining marks, joiners, variation selectors take no column of their own. */
	if ((cp >= 0x300 && cp <= 0x36f) || (cp >= 0x200b && cp <= 0x200f) ||
	    (cp >= 0x20d0 && cp <= 0x20ff) || (cp >= 0xfe00 && cp <= 0xfe0f))
		return 0;
	/* Scripts and pictures terminals draw two columns wide. */
	if ((cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) ||
	    (cp >= 0xac00 && cp <= 0xd7a3) || (cp >= 0xf900 && cp <= 0xfaff) ||
	    (cp >= 0xfe30 && cp <= 0xfe6f) || (cp >= 0xff00 && cp <= 0xff60) ||
	    (cp >= 0x1f300 && cp <= 0x1faff) || (cp >= 0x20000 && cp <= 0x3fffd))
		return 2;
	return cp >= 0x20;
}

unsigned table_width(const char *utf8)
{
	const unsigned char *s = (const unsigned char *)utf8;
	unsigned w = 0;
	uint32_t cp;

	while (*s) {
		s = decode(s, &cp);
		w += columns_of(cp);
	}
	return w;
}

/* --- numbers --- */

struct scale {
	const char *prefix;
	double factor;
};

/* v in three digits: 1.24, 58.3, 138; trailing zeroes behind the point say nothing and go. */
static void three_digits(char *buf, size_t size, double v)
{
	double a = fabs(v);
	int places = a < 9.995 ? 2 : a < 99.95 ? 1 : 0;
	char *end;

	snprintf(buf, size, "%.*f", places, v);
	if (!strchr(buf, '.'))
		return;
	for (end = buf + strlen(buf); end[-1] == '0'; end--)
		end[-1] = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
}

/* scales ascend and end with factor 0. A value that would round to 1000 goes one step up. */
static char *scaled(char *buf, size_t size, double v, const struct scale *scales, double step,
		    const char *unit)
{
	const struct scale *s = scales;
	char number[HUMAN_MAX];
	bool space;

	if (!isfinite(v)) {
		snprintf(buf, size, "-");
		return buf;
	}
	while (s[1].factor > 0 && fabs(v) / s->factor >= step - 0.5)
		s++;
	three_digits(number, sizeof(number), v / s->factor);
	space = *s->prefix || (*unit && *unit != '/');
	snprintf(buf, size, "%s%s%s%s", number, space ? " " : "", s->prefix, unit);
	return buf;
}

char *human_si(char *buf, size_t size, double v, const char *unit)
{
	static const struct scale si[] = {{"", 1},     {"k", 1e3},  {"M", 1e6}, {"G", 1e9},
					  {"T", 1e12}, {"P", 1e15}, {"", 0}};
	/* Below one there is nothing to scale to here: rates and counts do not have milli. */
	return scaled(buf, size, v, si, 1000, unit);
}

char *human_ns(char *buf, size_t size, double ns)
{
	static const struct scale time[] = {
		{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"", 0}};

	return scaled(buf, size, ns, time, 1000, "");
}

char *human_bytes(char *buf, size_t size, double bytes)
{
	static const struct scale binary[] = {{"B", 1},
					      {"KiB", 1024},
					      {"MiB", 1048576},
					      {"GiB", 1073741824},
					      {"TiB", 1099511627776},
					      {"", 0}};

	return scaled(buf, size, bytes, binary, 1024, "");
}

char *human_value(char *buf, size_t size, double v, const char *unit)
{
	if (strcmp(unit, "ns") == 0)
		return human_ns(buf, size, v);
	if (strcmp(unit, "B") == 0)
		return human_bytes(buf, size, v);
	if (strcmp(unit, "count") == 0)
		return human_si(buf, size, v, "");
	if (strcmp(unit, "ratio") == 0) {
		char number[HUMAN_MAX];

		/* A loss of 0.004 % is not none: small shares keep their digits. */
		if (v != 0 && fabs(v) < 0.001)
			snprintf(buf, size, "%.2g %%", 100 * v);
		else {
			three_digits(number, sizeof(number), 100 * v);
			snprintf(buf, size, "%s %%", number);
		}
		return buf;
	}
	/* "frame/s" and its like read as "58.3 M/s": the column's title says of what. */
	if (strcmp(unit, "frame/s") == 0 || strcmp(unit, "buffer/s") == 0 ||
	    strcmp(unit, "request/s") == 0)
		return human_si(buf, size, v, "/s");
	return human_si(buf, size, v, unit);
}
