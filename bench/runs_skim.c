/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A document that says the same with fewer bytes and fewer values in it.
 *
 * Of a result file a third is blanks, half of what stands in it are the pairs of its latency
 * distributions, and the parameters of a case are told once for each of its metrics. A JSON reader
 * takes its time, and memory, over all of them.
 */
#include <string.h>

#include "bench/runs_file.h"

#define IN_RESULT 3u /* depth of a result's members */

/* Where it reads and where it writes. */
struct skim {
	const char *in, *end;
	char *out;
	const char *params; /* of the result before; NULL: none yet */
	size_t params_n;
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

/* Is c what stands here? Then go past it. */
static bool pass(struct skim *s, char c)
{
	bool here = s->in < s->end && *s->in == c;

	s->in += here;
	return here;
}

static size_t pass_digits(struct skim *s)
{
	const char *first = s->in;

	while (s->in < s->end && is_digit(*s->in))
		s->in++;
	return (size_t)(s->in - first);
}

/* Is c what comes next, after blanks? Then take it. */
static bool take(struct skim *s, char c)
{
	skip_blanks(s);
	if (!pass(s, c))
		return false;
	*s->out++ = c;
	return true;
}

static void put(struct skim *s, const char *text)
{
	size_t n = strlen(text);

	memcpy(s->out, text, n);
	s->out += n;
}

/* Is c what the member's value begins with? */
static bool follows(struct skim s, char c)
{
	return take(&s, ':') && take(&s, c);
}

/* --- members of results; each takes nothing of what it does not know --- */

/* A whole number from 0 of a length that fits 64 bits. */
static bool take_number(struct skim *s)
{
	const char *first;
	size_t n;

	skip_blanks(s);
	first = s->in;
	n = pass_digits(s);
	if (n == 0 || n > 18 || (*first == '0' && n > 1))
		return false;
	memcpy(s->out, first, n);
	s->out += n;
	return true;
}

/* The list of a distribution, as text. */
static bool take_values(struct skim *s)
{
	struct skim t = *s;
	bool first = true;

	if (!take(&t, ':'))
		return false;
	put(&t, "\"");
	if (!take(&t, '['))
		return false;
	for (; !take(&t, ']'); first = false)
		if ((!first && !take(&t, ',')) || !take(&t, '[') || !take_number(&t) ||
		    !take(&t, ',') || !take_number(&t) || !take(&t, ']'))
			return false;
	put(&t, "\"");
	*s = t;
	return true;
}

/* Any number as JSON has them, of a size that is beyond doubt. */
static bool pass_real(struct skim *s)
{
	size_t whole, part = 1, power = 1;

	pass(s, '-');
	whole = pass(s, '0') ? 1 : pass_digits(s);
	if (pass(s, '.'))
		part = pass_digits(s);
	if (pass(s, 'e') || pass(s, 'E')) {
		if (!pass(s, '-'))
			pass(s, '+');
		power = pass_digits(s);
	}
	return whole && whole < 16 && part && power && power < 3;
}

/* A list of numbers nobody asks for here: null. */
static void take_slices(struct skim *s)
{
	struct skim t = *s;
	bool first = true;

	if (!take(&t, ':') || !take(&t, '['))
		return;
	for (; !take(&t, ']'); first = false) {
		if (!first && !take(&t, ','))
			return;
		skip_blanks(&t);
		if (!pass_real(&t))
			return;
	}
	put(s, ":null");
	s->in = t.in;
}

/* Behind the text at in. */
static const char *text_end(const char *in, const char *end)
{
	for (in++; in < end && *in != '"'; in++)
		if (*in == '\\' && in + 1 < end)
			in++;
	return in < end ? in + 1 : end;
}

/* Behind the object at in; NULL: it has no end. */
static const char *object_end(const char *in, const char *end)
{
	size_t depth = 0;

	while (in < end) {
		if (*in == '"') {
			in = text_end(in, end);
			continue;
		}
		depth += *in == '{';
		depth -= *in == '}';
		in++;
		if (depth == 0)
			return in;
	}
	return NULL;
}

/* Parameters that equal those of the result before to the byte: true. */
static bool take_params(struct skim *s)
{
	struct skim t = *s;
	const char *end;
	size_t n;
	bool same;

	if (!take(&t, ':'))
		return false;
	skip_blanks(&t);
	end = t.in < t.end && *t.in == '{' ? object_end(t.in, t.end) : NULL;
	if (!end)
		return false;
	n = (size_t)(end - t.in);
	same = s->params && n == s->params_n && memcmp(t.in, s->params, n) == 0;
	s->params = t.in;
	s->params_n = n;
	if (!same)
		return false;
	put(s, ":true");
	s->in = end;
	return true;
}

static bool is(const char *text, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(text, word, n) == 0;
}

/* The member's name has been taken. false: its value could not be told from one made here. */
static bool shorten(struct skim *s, const char *name, size_t n, size_t depth)
{
	if (is(name, n, "\"slices\""))
		take_slices(s);
	else if (is(name, n, "\"values\"") && !take_values(s))
		return !follows(*s, '"');
	else if (depth == IN_RESULT && is(name, n, "\"params\"") && !take_params(s))
		return !follows(*s, 't');
	return true;
}

size_t runs_skim(const char *in, size_t n, char *out)
{
	struct skim s = {in, in + n, out, NULL, 0};
	bool results = false; /* within them */
	size_t depth = 0, length;
	const char *text;

	while (s.in < s.end) {
		if (is_blank(*s.in)) {
			skip_blanks(&s);
			if (s.out > out && s.in < s.end && is_wordy(s.out[-1]) && is_wordy(*s.in))
				*s.out++ = ' ';
		} else if (*s.in != '"') {
			depth += *s.in == '{' || *s.in == '[';
			depth -= *s.in == '}' || *s.in == ']';
			*s.out++ = *s.in++;
		} else {
			text = s.in;
			s.in = text_end(text, s.end);
			length = (size_t)(s.in - text);
			memcpy(s.out, text, length);
			s.out += length;
			if (depth == 1)
				results = is(text, length, "\"results\"");
			else if (results && !shorten(&s, text, length, depth))
				return 0;
		}
	}
	return (size_t)(s.out - out);
}
