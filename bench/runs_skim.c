/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same document with fewer bytes and fewer values in it.
 *
 * A third of a result file is blanks, and half of what stands in it are the pairs of its latency
 * distributions. A JSON reader takes its time, and memory, over each of them.
 */
#include <string.h>

#include "bench/runs_file.h"

/* Where it reads and where it writes. */
struct skim {
	const char *in, *end;
	char *out;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Part of a number or of a word such as true: two of them need something between them. */
static bool is_wordy(char c)
{
	switch (c) {
	case ',':
	case ':':
	case '[':
	case ']':
	case '{':
	case '}':
	case '"':
		return false;
	default:
		return !is_blank(c);
	}
}

static void skip_blanks(struct skim *s)
{
	while (s->in < s->end && is_blank(*s->in))
		s->in++;
}

/* Is c what comes next, after blanks? Then take it. */
static bool take(struct skim *s, char c)
{
	skip_blanks(s);
	if (s->in == s->end || *s->in != c)
		return false;
	*s->out++ = *s->in++;
	return true;
}

/* A whole number from 0 of a length that fits 64 bits. */
static bool take_number(struct skim *s)
{
	const char *first;

	skip_blanks(s);
	first = s->in;
	while (s->in < s->end && is_digit(*s->in) && s->in - first < 18)
		*s->out++ = *s->in++;
	return s->in > first && (*first != '0' || s->in - first == 1);
}

/* The list of a distribution, behind its name, as text; nothing is taken of any other. */
static bool take_values(struct skim *s)
{
	struct skim t = *s;
	bool first = true;

	if (!take(&t, ':'))
		return false;
	*t.out++ = '"';
	if (!take(&t, '['))
		return false;
	while (!take(&t, ']')) {
		if ((!first && !take(&t, ',')) || !take(&t, '[') || !take_number(&t) ||
		    !take(&t, ',') || !take_number(&t) || !take(&t, ']'))
			return false;
		first = false;
	}
	*t.out++ = '"';
	*s = t;
	return true;
}

/* A text of its own could not be told from one made here. */
static bool text_follows(struct skim s)
{
	return take(&s, ':') && take(&s, '"');
}

/* Take the text that begins here; is it `name`? */
static bool take_text(struct skim *s, const char *name)
{
	const char *first = s->in++;
	size_t n;

	while (s->in < s->end && *s->in != '"')
		s->in += *s->in == '\\' && s->in + 1 < s->end ? 2 : 1;
	if (s->in < s->end)
		s->in++;
	n = (size_t)(s->in - first);
	memcpy(s->out, first, n);
	s->out += n;
	return n == strlen(name) && memcmp(first, name, n) == 0;
}

size_t runs_skim(const char *in, size_t n, char *out)
{
	struct skim s = {in, in + n, out};
	bool results = false; /* within them */
	size_t depth = 0;

	while (s.in < s.end) {
		if (is_blank(*s.in)) {
			skip_blanks(&s);
			if (s.out > out && s.in < s.end && is_wordy(s.out[-1]) && is_wordy(*s.in))
				*s.out++ = ' ';
		} else if (*s.in != '"') {
			depth += *s.in == '{' || *s.in == '[';
			depth -= *s.in == '}' || *s.in == ']';
			*s.out++ = *s.in++;
		} else if (depth == 1) {
			results = take_text(&s, "\"results\"");
		} else if (take_text(&s, "\"values\"") && results && !take_values(&s) &&
			   text_follows(s)) {
			return 0;
		}
	}
	return (size_t)(s.out - out);
}
