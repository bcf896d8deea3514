/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/junit.h"
#include "report/place.h"

enum outcome { PASSED, FAILURE, ERROR, SKIPPED, OUTCOMES };

struct junit_one {
	char *group, *name, *type, *message, *text, *output; /* NULL: none */
	double seconds;
	enum outcome outcome;
	unsigned suite;
};

struct junit {
	char **suite;
	unsigned suites;
	struct junit_one *one;
	size_t n, room;
	bool lost; /* something did not fit into memory */
};

/* --- gathering --- */

static char *copy(struct junit *j, const char *text)
{
	char *s = strdup(text ? text : "");

	j->lost |= !s;
	return s;
}

void junit_suite(struct junit *j, const char *suite)
{
	char **more = j ? reallocarray(j->suite, j->suites + 1, sizeof(*more)) : NULL;

	if (!j)
		return;
	if (!more) {
		j->lost = true;
		return;
	}
	j->suite = more;
	j->suite[j->suites++] = copy(j, suite);
}

struct junit *junit_new(const char *suite)
{
	struct junit *j = calloc(1, sizeof(*j));

	junit_suite(j, suite);
	if (j && j->lost) {
		junit_free(j);
		return NULL;
	}
	return j;
}

void junit_free(struct junit *j)
{
	size_t i;

	if (!j)
		return;
	for (i = 0; i < j->n; i++) {
		free(j->one[i].group);
		free(j->one[i].name);
		free(j->one[i].type);
		free(j->one[i].message);
		free(j->one[i].text);
		free(j->one[i].output);
	}
	for (i = 0; i < j->suites; i++)
		free(j->suite[i]);
	free(j->suite);
	free(j->one);
	free(j);
}

void junit_case(struct junit *j, const char *group, const char *name, double seconds)
{
	struct junit_one *more;

	if (!j)
		return;
	if (j->n == j->room) {
		more = reallocarray(j->one, j->room * 2 + 16, sizeof(*more));
		if (!more) {
			j->lost = true;
			return;
		}
		j->one = more;
		j->room = j->room * 2 + 16;
	}
	j->one[j->n++] = (struct junit_one){.group = copy(j, group),
					    .name = copy(j, name),
					    .seconds = seconds,
					    .suite = j->suites - 1};
}

static void settle(struct junit *j, enum outcome o, const char *type, const char *message,
		   const char *text)
{
	struct junit_one *c = j && j->n ? &j->one[j->n - 1] : NULL;

	if (!c || c->outcome != PASSED)
		return;
	c->outcome = o;
	c->type = copy(j, type);
	c->message = copy(j, message);
	c->text = copy(j, text);
}

void junit_failure(struct junit *j, const char *type, const char *message, const char *text)
{
	settle(j, FAILURE, type, message, text);
}

void junit_error(struct junit *j, const char *type, const char *message, const char *text)
{
	settle(j, ERROR, type, message, text);
}

void junit_skipped(struct junit *j, const char *reason)
{
	settle(j, SKIPPED, NULL, reason, NULL);
}

void junit_output(struct junit *j, const char *text)
{
	struct junit_one *c = j && j->n ? &j->one[j->n - 1] : NULL;

	if (c && !c->output)
		c->output = copy(j, text);
}

/* --- writing --- */

/* Length of the character at s that XML can hold; 0: there is none. */
static unsigned character_at(const unsigned char *s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4, i;
	uint32_t c = s[0];

	if (n == 1)
		return c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
	if (n == 0 || s[0] >= 0xf8)
		return 0;
	for (i = 1, c &= 0x7fu >> n; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c == 0xfffe ||
	    c == 0xffff)
		return 0;
	return n;
}

/* Inside quotes a reader takes line breaks for blanks, unless they are written as numbers. */
static void put_text(FILE *out, const char *text, bool quoted)
{
	const unsigned char *s = (const unsigned char *)(text ? text : "");
	unsigned n;

	for (; *s; s += n ? n : 1) {
		n = character_at(s);
		if (!n)
			fputs("\xef\xbf\xbd", out);
		else if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else if (*s == '"' && quoted)
			fputs("&quot;", out);
		else if (*s == '\r' || (quoted && (*s == '\n' || *s == '\t')))
			fprintf(out, "&#%u;", *s);
		else
			fwrite(s, 1, n, out);
	}
}

static void put_attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	put_text(out, text, true);
	fputc('"', out);
}

/* Milliseconds, with a point whatever the locale says. */
static void put_time(FILE *out, double seconds)
{
	uint64_t ms = seconds > 0 && seconds < 1e12 ? (uint64_t)(seconds * 1e3 + 0.5) : 0;

	fprintf(out, " time=\"%llu.%03u\"", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));
}

static void put_counts(const struct junit *j, FILE *out, bool all, unsigned suite)
{
	size_t count[OUTCOMES] = {0}, n = 0, i;
	double seconds = 0;

	for (i = 0; i < j->n; i++) {
		if (!all && j->one[i].suite != suite)
			continue;
		n++;
		count[j->one[i].outcome]++;
		if (j->one[i].seconds > 0)
			seconds += j->one[i].seconds;
	}
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", n,
		count[FAILURE], count[ERROR], count[SKIPPED]);
	put_time(out, seconds);
	fputs(">\n", out);
}

static void put_outcome(const struct junit_one *c, FILE *out)
{
	static const char *const word[OUTCOMES] = {
		[FAILURE] = "failure", [ERROR] = "error", [SKIPPED] = "skipped"};

	if (c->outcome == PASSED)
		return;
	fprintf(out, "   <%s", word[c->outcome]);
	if (c->type && *c->type)
		put_attribute(out, "type", c->type);
	put_attribute(out, "message", c->message);
	if (!c->text || !*c->text) {
		fputs("/>\n", out);
		return;
	}
	fputc('>', out);
	put_text(out, c->text, false);
	fprintf(out, "</%s>\n", word[c->outcome]);
}

static void put_case(const struct junit_one *c, FILE *out)
{
	fputs("  <testcase", out);
	put_attribute(out, "classname", c->group);
	put_attribute(out, "name", c->name);
	put_time(out, c->seconds);
	if (c->outcome == PASSED && !c->output) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n", out);
	put_outcome(c, out);
	if (c->output) {
		fputs("   <system-out>", out);
		put_text(out, c->output, false);
		fputs("</system-out>\n", out);
	}
	fputs("  </testcase>\n", out);
}

int junit_write(const struct junit *j, FILE *out)
{
	unsigned s;
	size_t i;

	if (!j || j->lost)
		return -ENOMEM;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
	put_counts(j, out, true, 0);
	for (s = 0; s < j->suites; s++) {
		fputs(" <testsuite", out);
		put_attribute(out, "name", j->suite[s]);
		put_counts(j, out, false, s);
		for (i = 0; i < j->n; i++)
			if (j->one[i].suite == s)
				put_case(&j->one[i], out);
		fputs(" </testsuite>\n", out);
	}
	fputs("</testsuites>\n", out);
	return 0;
}

int junit_write_file(const struct junit *j, const char *path)
{
	struct place p;
	int err = place_open(&p, path, false);

	if (err)
		return err;
	err = junit_write(j, p.out);
	if (err) {
		place_abort(&p);
		return err;
	}
	return place_commit(&p);
}
