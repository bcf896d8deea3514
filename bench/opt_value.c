/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/opt_value.h"

struct unit {
	const char *word;
	uint64_t factor;
};

/* Ascending, the plain unit first. Later spellings of one factor are read, never written. */
static const struct unit plain_units[] = {{"", 1}, {NULL, 0}};
static const struct unit rate_units[] = {
	{"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {"K", 1000}, {NULL, 0},
};
static const struct unit size_units[] = {
	{"", 1},	   {"K", 1u << 10},   {"M", 1u << 20},	 {"G", 1u << 30}, {"k", 1u << 10},
	{"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}, {"B", 1},	  {NULL, 0},
};
static const struct unit time_units[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", 1000000},
	{"s", 1000000000},
	{"min", UINT64_C(60000000000)},
	{"µs", 1000},
	{NULL, 0},
};

static const struct unit *units_of(enum opt_kind kind)
{
	switch (kind) {
	case OPT_RATE:
		return rate_units;
	case OPT_SIZE:
	case OPT_SIZES:
		return size_units;
	case OPT_DURATION:
		return time_units;
	default:
		return plain_units;
	}
}

static int why_not(char *why, const char *text)
{
	snprintf(why, OPT_WHY_MAX, "%s", text);
	return -EINVAL;
}

/* --- numbers --- */

/* Digits into *v; returns behind them. *overflow is set when they do not fit. */
static const char *digits(const char *s, uint64_t *v, bool *overflow)
{
	for (*v = 0; isdigit((unsigned char)*s); s++)
		if (__builtin_mul_overflow(*v, UINT64_C(10), v) ||
		    __builtin_add_overflow(*v, (uint64_t)(*s - '0'), v))
			*overflow = true;
	return s;
}

static int bad_unit(const struct unit *units, const char *rest, char *why)
{
	size_t at;

	if (units == plain_units)
		return why_not(why, "is not a whole number");
	at = (size_t)snprintf(why, OPT_WHY_MAX, "has %s%s%s; use",
			      *rest ? "unknown unit '" : "no unit", rest, *rest ? "'" : "");
	for (; units->word && at < OPT_WHY_MAX; units++)
		if (units->word[0])
			at += (size_t)snprintf(why + at, OPT_WHY_MAX - at, " %s", units->word);
	return -EINVAL;
}

static int out_of_range(const struct opt *o, char *why)
{
	char range[128];

	opt_value_allowed(o, range, sizeof(range));
	snprintf(why, OPT_WHY_MAX, "is out of range (%s)", range);
	return -EINVAL;
}

/* Read a number with an optional fraction and unit; it must come out whole and in o's range. */
static int parse_number(const struct opt *o, const char *text, uint64_t *out, char *why)
{
	const struct unit *u, *units = units_of(o->kind);
	uint64_t whole, part = 0, power = 1, v;
	bool overflow = false;
	const char *s;

	if (text[0] == '\0')
		return why_not(why, "is empty; a number is needed");
	if (text[0] == '-')
		return why_not(why, "is negative or not a number");
	if (!isdigit((unsigned char)text[0]))
		return why_not(why, "is not a number");
	s = digits(text, &whole, &overflow);
	if (*s == '.' && units != plain_units) {
		const char *point = s;
		size_t n;

		s = digits(point + 1, &part, &overflow);
		n = (size_t)(s - point - 1);
		if (n == 0 || n > 6)
			return why_not(why, "needs one to six digits after the point");
		while (n--)
			power *= 10;
	}
	for (u = units; u->word; u++)
		if (strcmp(u->word, s) == 0)
			break;
	/* Nothing is nothing in any unit. */
	if (!u->word && !(*s == '\0' && whole == 0 && part == 0))
		return bad_unit(units, s, why);
	if (!u->word)
		u = units;
	if (overflow || __builtin_mul_overflow(whole, u->factor, &v) ||
	    __builtin_add_overflow(v, part * u->factor / power, &v))
		return out_of_range(o, why);
	if (part * u->factor % power)
		return why_not(why, "does not come out as a whole number");
	if (v < o->min || (o->max && v > o->max))
		return out_of_range(o, why);
	*out = v;
	return 0;
}

static int parse_double(const struct opt *o, const char *text, char *why)
{
	char *end;
	double v;

	/* strtod skips blanks and reads hexadecimal, "inf" and "nan": none of them was meant. */
	if (!isdigit((unsigned char)text[text[0] == '-' || text[0] == '.']) ||
	    strpbrk(text, "xXnN"))
		return why_not(why, "is not a number");
	v = strtod(text, &end);
	if (*end)
		return why_not(why, "is not a number");
	if (!isfinite(v) || ((o->fmin != 0 || o->fmax != 0) && (v < o->fmin || v > o->fmax)))
		return out_of_range(o, why);
	*(double *)o->to = v;
	return 0;
}

/* --- words and lists --- */

/* Index of text[0..len) in words, or -1 with why set. */
static int parse_word(const struct opt *o, const char *text, size_t len, char *why)
{
	char typed[64], list[OPT_WHY_MAX - 128];
	const char *near;
	int i;

	for (i = 0; o->words[i]; i++)
		if (strlen(o->words[i]) == len && memcmp(o->words[i], text, len) == 0)
			return i;
	snprintf(typed, sizeof(typed), "%.*s", (int)len, text);
	near = opt_nearest(typed, o->words);
	opt_value_allowed(o, list, sizeof(list));
	if (near && o->kind == OPT_WORDS)
		snprintf(why, OPT_WHY_MAX, "holds '%s', which is unknown; did you mean '%s'?",
			 typed, near);
	else if (o->kind == OPT_WORDS)
		snprintf(why, OPT_WHY_MAX, "holds '%s', which is unknown; known are: %s", typed,
			 list);
	else
		snprintf(why, OPT_WHY_MAX, "is none of: %s", list);
	return -1;
}

/* The next element of a comma-separated list into buf; false when it does not fit. */
static bool next_element(const char **text, char *buf, size_t size)
{
	size_t len = strcspn(*text, ",");

	if (len >= size)
		return false;
	memcpy(buf, *text, len);
	buf[len] = '\0';
	*text += len + ((*text)[len] == ',');
	return true;
}

static int parse_sizes(const struct opt *o, const char *text, char *why)
{
	struct opt_sizes list = {0};
	char one[48];

	if (text[0] == '\0')
		return why_not(why, "is an empty list");
	if (text[strlen(text) - 1] == ',')
		return why_not(why, "ends with a comma: an element is missing");
	while (*text) {
		if (list.n >= OPT_LIST_MAX) {
			snprintf(why, OPT_WHY_MAX, "has more than %u elements", OPT_LIST_MAX);
			return -EINVAL;
		}
		if (!next_element(&text, one, sizeof(one)))
			return why_not(why, "has an element that is not a number");
		if (one[0] == '\0')
			return why_not(why, "has an empty element");
		if (parse_number(o, one, &list.v[list.n++], why)) {
			char element_why[OPT_WHY_MAX];

			/* Of a list of one the whole text was named already. */
			if (list.n == 1 && *text == '\0')
				return -EINVAL;
			memcpy(element_why, why, sizeof(element_why));
			snprintf(why, OPT_WHY_MAX, "holds '%s', which %.400s", one, element_why);
			return -EINVAL;
		}
	}
	*(struct opt_sizes *)o->to = list;
	return 0;
}

static int parse_words(const struct opt *o, const char *text, char *why)
{
	struct opt_words list = {0};
	char one[64];

	if (text[0] == '\0')
		return why_not(why, "is an empty list");
	if (text[strlen(text) - 1] == ',')
		return why_not(why, "ends with a comma: an element is missing");
	while (*text) {
		struct opt_word w = {0};
		unsigned i;
		int at;

		if (!next_element(&text, one, sizeof(one)))
			return why_not(why, "has an element that is no known word");
		if (one[0] == '+' || one[0] == '-')
			w.sign = one[0];
		if (one[w.sign != 0] == '\0')
			return why_not(why, "has an empty element");
		at = parse_word(o, one + (w.sign != 0), strlen(one) - (w.sign != 0), why);
		if (at < 0)
			return -EINVAL;
		w.index = (unsigned)at;
		for (i = 0; i < list.n; i++) {
			if (list.v[i].index == w.index) {
				snprintf(why, OPT_WHY_MAX, "names '%s' twice", o->words[at]);
				return -EINVAL;
			}
			if (!list.v[i].sign != !w.sign)
				return why_not(why, "mixes words with and without + or -");
		}
		if (list.n >= OPT_LIST_MAX)
			return why_not(why, "has too many elements");
		list.v[list.n++] = w;
	}
	*(struct opt_words *)o->to = list;
	return 0;
}

static int parse_another(struct opt_strings *l, const char *text, char why[OPT_WHY_MAX])
{
	if (text[0] == '\0')
		return why_not(why, "is empty");
	if (l->n >= OPT_LIST_MAX)
		return why_not(why, "is one too many of this option");
	l->v[l->n++] = text;
	return 0;
}

int opt_value_parse(const struct opt *o, const char *text, char why[OPT_WHY_MAX])
{
	int at;

	switch (o->kind) {
	case OPT_FLAG:
		return why_not(why, "is a value for a flag");
	case OPT_U64:
	case OPT_RATE:
	case OPT_SIZE:
	case OPT_DURATION:
		return parse_number(o, text, o->to, why);
	case OPT_DOUBLE:
		return parse_double(o, text, why);
	case OPT_ENUM:
		at = parse_word(o, text, strlen(text), why);
		if (at < 0)
			return -EINVAL;
		*(unsigned *)o->to = (unsigned)at;
		return 0;
	case OPT_SIZES:
		return parse_sizes(o, text, why);
	case OPT_WORDS:
		return parse_words(o, text, why);
	case OPT_STRING:
		if (text[0] == '\0')
			return why_not(why, "is empty");
		*(const char **)o->to = text;
		return 0;
	case OPT_STRINGS:
		return parse_another(o->to, text, why);
	}
	return why_not(why, "belongs to an option of no known kind");
}

/* --- and back --- */

/* v in the largest unit that divides it. */
static int number_text(enum opt_kind kind, uint64_t v, char *buf, size_t size)
{
	const struct unit *u = units_of(kind), *best = u;

	for (; u->word; u++)
		if (v && v % u->factor == 0 && u->factor > best->factor)
			best = u;
	return snprintf(buf, size, "%" PRIu64 "%s", v / best->factor, best->word);
}

/* Append to a text of `size` bytes that holds *at; what does not fit is cut. */
static void append(char *buf, size_t size, size_t *at, const char *a, const char *b)
{
	int n = *at < size ? snprintf(buf + *at, size - *at, "%s%s", a, b) : 0;

	*at += n > 0 ? (size_t)n : 0;
}

static void sizes_text(const struct opt_sizes *l, char *buf, size_t size)
{
	char one[32];
	size_t at = 0;
	unsigned i;

	for (i = 0; i < l->n; i++) {
		number_text(OPT_SIZE, l->v[i], one, sizeof(one));
		append(buf, size, &at, i ? "," : "", one);
	}
}

static void words_text(const struct opt *o, const struct opt_words *l, char *buf, size_t size)
{
	size_t at = 0;
	unsigned i;

	for (i = 0; i < l->n; i++) {
		char lead[3] = {0};
		unsigned n = 0;

		if (i)
			lead[n++] = ',';
		if (l->v[i].sign)
			lead[n++] = l->v[i].sign;
		append(buf, size, &at, lead, o->words[l->v[i].index]);
	}
}

static void strings_text(const struct opt_strings *l, char *buf, size_t size)
{
	size_t at = 0;
	unsigned i;

	for (i = 0; i < l->n; i++)
		append(buf, size, &at, i ? " " : "", l->v[i]);
}

char *opt_text(const struct opt *o, char *buf, size_t size)
{
	const char *s;

	buf[0] = '\0';
	switch (o->kind) {
	case OPT_FLAG:
		snprintf(buf, size, "%s", *(const bool *)o->to ? "yes" : "no");
		break;
	case OPT_U64:
	case OPT_RATE:
	case OPT_SIZE:
	case OPT_DURATION:
		number_text(o->kind, *(const uint64_t *)o->to, buf, size);
		break;
	case OPT_DOUBLE:
		snprintf(buf, size, "%.15g", *(const double *)o->to);
		break;
	case OPT_ENUM:
		snprintf(buf, size, "%s", o->words[*(const unsigned *)o->to]);
		break;
	case OPT_SIZES:
		sizes_text(o->to, buf, size);
		break;
	case OPT_WORDS:
		words_text(o, o->to, buf, size);
		break;
	case OPT_STRING:
		s = *(const char *const *)o->to;
		snprintf(buf, size, "%s", s ? s : "");
		break;
	case OPT_STRINGS:
		strings_text(o->to, buf, size);
		break;
	}
	return buf;
}

const char *opt_value_name(const struct opt *o)
{
	static const char *const usual[] = {
		[OPT_FLAG] = "",       [OPT_U64] = "N",		[OPT_RATE] = "RATE",
		[OPT_SIZE] = "BYTES",  [OPT_DURATION] = "TIME", [OPT_DOUBLE] = "X",
		[OPT_ENUM] = "WORD",   [OPT_SIZES] = "LIST",	[OPT_WORDS] = "[+-]WORD,...",
		[OPT_STRING] = "TEXT", [OPT_STRINGS] = "TEXT",
	};

	return o->value ? o->value : usual[o->kind];
}

static void words_allowed(const struct opt *o, char *buf, size_t size)
{
	const char *between = o->kind == OPT_ENUM ? " | " : ", ";
	size_t at = 0;
	unsigned i;

	for (i = 0; o->words[i]; i++)
		append(buf, size, &at, i ? between : "", o->words[i]);
}

static void numbers_allowed(const struct opt *o, char *buf, size_t size)
{
	char low[32], high[32];

	number_text(o->kind, o->min, low, sizeof(low));
	number_text(o->kind, o->max ? o->max : UINT64_MAX, high, sizeof(high));
	if (o->max)
		snprintf(buf, size, "%s to %s", low, high);
	else if (o->min)
		snprintf(buf, size, "%s or more", low);
	else
		snprintf(buf, size, "at most %s", high);
}

void opt_value_allowed(const struct opt *o, char *buf, size_t size)
{
	buf[0] = '\0';
	if (o->words)
		words_allowed(o, buf, size);
	else if (o->kind == OPT_DOUBLE && (o->fmin != 0 || o->fmax != 0))
		snprintf(buf, size, "%g to %g", o->fmin, o->fmax);
	else if (o->kind == OPT_DOUBLE)
		snprintf(buf, size, "any finite number");
	else if (o->kind == OPT_U64 || o->kind == OPT_RATE || o->kind == OPT_SIZE ||
		 o->kind == OPT_DURATION || o->kind == OPT_SIZES)
		numbers_allowed(o, buf, size);
}

bool opt_value_bounded(const struct opt *o)
{
	return o->words || o->min || o->max || o->fmin != 0 || o->fmax != 0;
}
