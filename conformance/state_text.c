/* SPDX-License-Identifier: BSD-2-Clause */
/* Random cases as text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/state.h"

static const struct op_text {
	const char *word, *operands;
} ops[] = {
#define STATE_OP_TEXT(sym, word, operands) {word, operands},
	STATE_OPS(STATE_OP_TEXT)
#undef STATE_OP_TEXT
};

static const char *const wheres[] = {
#define STATE_WHERE_TEXT(sym, word) word,
	STATE_WHERES(STATE_WHERE_TEXT)
#undef STATE_WHERE_TEXT
};

static void print_action(const struct state_action *a, FILE *to)
{
	const char *o;

	fputs(ops[a->op].word, to);
	for (o = ops[a->op].operands; *o; o++)
		if (*o == 'w')
			fprintf(to, " %s", wheres[a->where]);
		else if (*o == 'v')
			fprintf(to, " %#llx", (unsigned long long)a->v);
		else
			fprintf(to, " %u", *o == 'a' ? a->a : *o == 'b' ? a->b : a->c);
	fputc('\n', to);
}

void state_print(const struct state_case *s, FILE *to)
{
	unsigned i;

	fprintf(to, "%s %u seed %#llx%s%s%s%s\n", s->packed ? "packed" : "split", s->size,
		(unsigned long long)s->seed, s->indirect ? " indirect" : "",
		s->event ? " event" : "", s->in_order ? " in-order" : "", s->reset ? " reset" : "");
	for (i = 0; i < s->n; i++)
		print_action(&s->act[i], to);
}

static bool number(const char *word, uint64_t most, uint64_t *v)
{
	char *end;

	if (!word || *word < '0' || *word > '9')
		return false;
	errno = 0;
	*v = strtoull(word, &end, 0);
	return errno == 0 && *end == 0 && *v <= most;
}

static bool read_head(struct state_case *s, char *text)
{
	char *save, *w = strtok_r(text, " \n", &save);
	uint64_t v = 0;

	if (!w || (strcmp(w, "split") != 0 && strcmp(w, "packed") != 0))
		return false;
	s->packed = *w == 'p';
	if (!number(strtok_r(NULL, " \n", &save), 32768, &v) || v == 0)
		return false;
	s->size = (uint16_t)v;
	while ((w = strtok_r(NULL, " \n", &save)) != NULL) {
		if (strcmp(w, "indirect") == 0)
			s->indirect = true;
		else if (strcmp(w, "event") == 0)
			s->event = true;
		else if (strcmp(w, "in-order") == 0)
			s->in_order = true;
		else if (strcmp(w, "reset") == 0)
			s->reset = true;
		else if (strcmp(w, "seed") != 0 ||
			 !number(strtok_r(NULL, " \n", &save), UINT64_MAX, &s->seed))
			return false;
	}
	return true;
}

static bool read_where(const char *w, struct state_action *a)
{
	for (a->where = 0; a->where < STATE_WHERE_COUNT; a->where++)
		if (w && strcmp(w, wheres[a->where]) == 0)
			return true;
	return false;
}

static bool read_action(struct state_action *a, char *text)
{
	char *save, *w = strtok_r(text, " \n", &save);
	const char *o;
	uint64_t v;

	memset(a, 0, sizeof(*a));
	while (a->op < STATE_OP_COUNT && (!w || strcmp(w, ops[a->op].word) != 0))
		a->op++;
	if (a->op == STATE_OP_COUNT)
		return false;
	for (o = ops[a->op].operands; *o; o++) {
		w = strtok_r(NULL, " \n", &save);
		if (*o == 'w') {
			if (!read_where(w, a))
				return false;
			continue;
		}
		if (!number(w, *o == 'v' ? UINT64_MAX : UINT16_MAX, &v))
			return false;
		if (*o == 'v')
			a->v = v;
		else
			*(*o == 'a' ? &a->a : *o == 'b' ? &a->b : &a->c) = (uint16_t)v;
	}
	return strtok_r(NULL, " \n", &save) == NULL;
}

int state_read(struct state_case *s, FILE *from, unsigned *line)
{
	bool head = false;
	char text[256];

	memset(s, 0, sizeof(*s));
	for (*line = 1; fgets(text, sizeof(text), from); ++*line) {
		if (text[0] == '#' || text[0] == '\n')
			continue;
		if (!head)
			head = read_head(s, text);
		else if (s->n == STATE_ACTIONS || !read_action(&s->act[s->n++], text))
			return -EINVAL;
		if (!head)
			return -EINVAL;
	}
	return head ? 0 : -EINVAL;
}
