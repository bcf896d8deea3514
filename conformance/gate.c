/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/gate.h"

struct entry {
	char *id, *reason;
	unsigned line, until; /* YYYYMMDD; 0: for ever */
	bool ran, failed, sometimes;
};

struct gate {
	struct entry *v;
	unsigned n, today;
};

static bool known(const char *glob)
{
	const struct conf_section *const *s;
	unsigned i;

	for (s = conf_sections; *s; s++)
		for (i = 0; i < (*s)->n; i++)
			if (fnmatch(glob, (*s)->checks[i].id, 0) == 0)
				return true;
	return false;
}

/* YYYY-MM-DD; 0: it is none. */
static unsigned date(const char *s)
{
	unsigned y, m, d;
	int end = 0;

	if (sscanf(s, "%4u-%2u-%2u%n", &y, &m, &d, &end) != 3 || end != 10 || s[10] || y < 2000 ||
	    m < 1 || m > 12 || d < 1 || d > 31)
		return 0;
	return y * 10000 + m * 100 + d;
}

static int wrong(struct vop_error *err, const char *path, unsigned line, const char *what,
		 const char *word)
{
	snprintf(err->text, sizeof(err->text), "%.100s:%u: %s%s%.60s%s", path, line, what,
		 word ? " '" : "", word ? word : "", word ? "'" : "");
	return -EINVAL;
}

static int parse(char *text, const char *path, unsigned line, struct entry *e,
		 struct vop_error *err)
{
	char *word, *rest = text;

	*e = (struct entry){.line = line};
	word = strsep(&rest, " \t");
	if (!known(word))
		return wrong(err, path, line, "no check has the id", word);
	e->id = strdup(word);
	while (rest && (*rest == ' ' || *rest == '\t'))
		rest++;
	if (rest && strncmp(rest, "until ", 6) == 0) {
		rest += 6 + strspn(rest + 6, " \t");
		word = strsep(&rest, " \t");
		e->until = date(word);
		if (!e->until)
			return wrong(err, path, line, "no date such as 2027-01-31:", word);
		while (rest && (*rest == ' ' || *rest == '\t'))
			rest++;
	}
	if (rest && strncmp(rest, "sometimes ", 10) == 0) {
		rest += 10 + strspn(rest + 10, " \t");
		e->sometimes = true;
	}
	if (!rest || !*rest)
		return wrong(err, path, line, "say why it is expected to fail, behind", e->id);
	e->reason = strdup(rest);
	return e->id && e->reason ? 0 : -ENOMEM;
}

/* Comments and blanks at both ends go. */
static char *strip(char *line)
{
	size_t n;

	line[strcspn(line, "\r\n")] = 0;
	line += strspn(line, " \t");
	if (*line == '#')
		*line = 0;
	for (n = strlen(line); n && (line[n - 1] == ' ' || line[n - 1] == '\t'); n--)
		line[n - 1] = 0;
	return line;
}

static int read_lines(struct gate *g, FILE *f, const char *path, struct vop_error *err)
{
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;
	int e = 0;

	while (!e && getline(&line, &size, f) >= 0) {
		char *text = strip(line);
		struct entry *v;

		number++;
		if (!*text)
			continue;
		v = realloc(g->v, (g->n + 1) * sizeof(*v));
		if (!v) {
			e = -ENOMEM;
			break;
		}
		g->v = v;
		e = parse(text, path, number, &g->v[g->n++], err);
	}
	free(line);
	if (!e && ferror(f))
		e = wrong(err, path, number, "cannot be read further", NULL);
	if (e == -ENOMEM)
		snprintf(err->text, sizeof(err->text), "out of memory");
	return e;
}

struct gate *gate_read(const char *path, unsigned today, struct vop_error *err)
{
	struct gate *g = calloc(1, sizeof(*g));
	FILE *f = fopen(path, "r");

	if (!f)
		snprintf(err->text, sizeof(err->text), "cannot read the gate %.150s: %s", path,
			 strerror(errno));
	if (!g)
		snprintf(err->text, sizeof(err->text), "out of memory");
	if (g && f) {
		g->today = today;
		if (read_lines(g, f, path, err)) {
			gate_free(g);
			g = NULL;
		}
	} else {
		gate_free(g);
		g = NULL;
	}
	if (f)
		fclose(f);
	return g;
}

void gate_free(struct gate *g)
{
	unsigned i;

	for (i = 0; g && i < g->n; i++) {
		free(g->v[i].id);
		free(g->v[i].reason);
	}
	if (g)
		free(g->v);
	free(g);
}

enum gate_word gate_judge(struct gate *g, const struct suite_verdict *v, const char **reason)
{
	bool bad = conf_outcome_bad(v->outcome);
	struct entry *found = NULL;
	bool expired = false;
	unsigned i;

	for (i = 0; i < g->n; i++) {
		struct entry *e = &g->v[i];

		if (fnmatch(e->id, v->check->id, 0))
			continue;
		if (v->outcome != CONF_SKIP)
			e->ran = true;
		e->failed |= bad;
		if (e->until && e->until < g->today)
			expired = true;
		else if (!found)
			found = e;
	}
	if (reason)
		*reason = found ? found->reason : NULL;
	if (bad)
		return found ? GATE_EXPECTED : expired ? GATE_EXPIRED : GATE_UNEXPECTED;
	/* Of a glob, one failure justifies the entry; see gate_surprise(). */
	return found && !found->sometimes && v->outcome != CONF_SKIP ? GATE_SURPRISE : GATE_FINE;
}

const char *gate_expects(const struct gate *g, const struct conf_check *c)
{
	unsigned i;

	for (i = 0; i < g->n; i++)
		if (fnmatch(g->v[i].id, c->id, 0) == 0 &&
		    !(g->v[i].until && g->v[i].until < g->today))
			return g->v[i].reason;
	return NULL;
}

const char *gate_surprise(const struct gate *g, unsigned *i, unsigned *line)
{
	for (; *i < g->n; (*i)++) {
		const struct entry *e = &g->v[*i];

		/* One that has expired has no say, and no business in the file either. */
		if (!e->ran || e->failed || e->sometimes)
			continue;
		(*i)++;
		*line = e->line;
		return e->id;
	}
	return NULL;
}
