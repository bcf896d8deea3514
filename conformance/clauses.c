/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "conformance/clauses.h"

/* Files of this directory in the program's constant data, with a 0 behind them. */
#define EMBED(symbol, path)                                                                        \
	__asm__(".pushsection .rodata\n"                                                           \
		".global " #symbol "\n" #symbol ":\n"                                              \
		".incbin \"" path "\"\n"                                                           \
		".byte 0\n"                                                                        \
		".popsection\n");                                                                  \
	extern const char symbol[]

EMBED(conf_clauses_tsv, "conformance/clauses.tsv");
EMBED(conf_observability_tsv, "conformance/observability.tsv");

/* Cut a line into its fields; how many. */
static unsigned fields(char *line, char **f, unsigned max)
{
	unsigned n = 0;

	while (n < max && line) {
		f[n++] = strsep(&line, "\t");
	}
	return n;
}

static char *next_line(char **rest)
{
	char *line;

	while ((line = strsep(rest, "\n")) != NULL)
		if (line[0] && line[0] != '#')
			return line;
	return NULL;
}

static size_t lines(const char *s)
{
	size_t n = 0;

	for (; (s = strchr(s, '\n')) != NULL; s++)
		n++;
	return n;
}

static void read_clauses(struct clauses *c)
{
	char *rest = c->text[0], *line, *f[8];

	while ((line = next_line(&rest)) != NULL) {
		if (fields(line, f, 8) < 8 || strcmp(f[0], "id") == 0)
			continue;
		c->v[c->n++] = (struct clause){
			.id = f[0],
			.section = f[1],
			.role = f[2],
			.level = f[3],
			.since = f[4],
			.title = f[5],
			.file = f[6],
			.line = (unsigned)atoi(f[7]),
			.vop = CLAUSE_NO_ROW,
			.vhost_user = CLAUSE_NO_ROW,
			.needs = "",
			.family = "",
			.reason = "",
		};
	}
}

static enum clause_seen seen(const char *word)
{
	if (strcmp(word, "observable") == 0)
		return CLAUSE_OBSERVABLE;
	return strcmp(word, "internal") == 0 ? CLAUSE_INTERNAL : CLAUSE_NOT_OFFERED;
}

static void read_observability(struct clauses *c)
{
	char *rest = c->text[1], *line, *f[6];

	while ((line = next_line(&rest)) != NULL) {
		struct clause *k;

		if (fields(line, f, 6) < 6)
			continue;
		k = (struct clause *)(void *)(size_t)clauses_find(c, f[0], strlen(f[0]));
		if (!k)
			continue;
		k->vop = seen(f[1]);
		k->vhost_user = seen(f[2]);
		k->needs = f[3];
		k->family = f[4];
		k->reason = f[5];
	}
}

struct clauses *clauses_new(void)
{
	struct clauses *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->text[0] = strdup(conf_clauses_tsv);
	c->text[1] = strdup(conf_observability_tsv);
	c->v = calloc(lines(conf_clauses_tsv) + 1, sizeof(*c->v));
	if (!c->text[0] || !c->text[1] || !c->v) {
		clauses_free(c);
		return NULL;
	}
	read_clauses(c);
	read_observability(c);
	return c;
}

void clauses_free(struct clauses *c)
{
	if (!c)
		return;
	free(c->text[0]);
	free(c->text[1]);
	free(c->v);
	free(c);
}

const struct clause *clauses_find(const struct clauses *c, const char *id, size_t len)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (strncmp(c->v[i].id, id, len) == 0 && c->v[i].id[len] == 0)
			return &c->v[i];
	return NULL;
}

bool clause_is_must(const struct clause *k)
{
	return strncmp(k->level, "MUST", 4) == 0 || strncmp(k->level, "SHALL", 5) == 0;
}

unsigned spec_version(const char *word)
{
	if (word[0] != '1' || word[1] != '.' || word[2] < '0' || word[2] > '4' || word[3])
		return 0;
	return 10u + (unsigned)(word[2] - '0');
}

bool clause_words(const char *list, const char **at, size_t *len)
{
	const char *p = *at ? *at + *len : list;

	p += strspn(p, " ");
	*at = p;
	*len = strcspn(p, " ");
	return *len != 0;
}
