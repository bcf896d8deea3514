/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/coverage.h"
#include "report/json.h"
#include "report/table.h"

/* What is counted together. */
static const struct group {
	const char *name;
	const char *family; /* of observability.tsv, with everything behind a ':' */
	bool apart;	    /* not in the headline */
} groups[] = {
	{"2, 3, 6 every device", "core", false},
	{"5.1 net", "net", false},
	{"5.2 block", "blk", false},
	{"5.2 block, zoned", "blk-zoned", false},
	{"5.3 console", "console", false},
	{"5.4 entropy", "entropy", false},
	{"5.11 file system", "fs", false},
	{"5.1 net, optional parts", "net-optional", true},
	{"2.12, 2.13 administration", "admin", true},
};

struct count {
	unsigned all, seen, judged, here;
};

/* Of one statement. */
struct cover {
	const struct clause *k;
	const struct conf_check *by[8];
	unsigned checks; /* all of them; by[] has the first */
	bool here;	 /* and one of them was judged on the target */
};

static bool in_group(const struct group *g, const struct clause *k)
{
	size_t n = strlen(g->family);

	return strncmp(k->family, g->family, n) == 0 && (k->family[n] == 0 || k->family[n] == ':');
}

static bool ran(const struct suite *su, const struct conf_check *c)
{
	size_t i;

	for (i = 0; su && i < su->n; i++)
		if (su->v[i].check == c && su->v[i].done && su->v[i].result.outcome != CONF_SKIP &&
		    su->v[i].result.outcome != CONF_ERROR)
			return true;
	return false;
}

static void cover_check(struct cover *v, const struct clauses *k, const struct conf_check *c,
			bool here)
{
	const char *at = NULL;
	size_t len;

	while (clause_words(c->clauses, &at, &len)) {
		const struct clause *one = clauses_find(k, at, len);
		struct cover *x = one ? &v[one - k->v] : NULL;

		if (!x)
			continue;
		if (x->checks < VOP_ARRAY_SIZE(x->by))
			x->by[x->checks] = c;
		x->checks++;
		x->here |= here;
	}
}

/* One entry for each statement, judged by the checks that o takes. */
static struct cover *cover(const struct clauses *k, const struct suite_options *o,
			   const struct suite *su)
{
	struct cover *v = calloc(k->n, sizeof(*v));
	const struct conf_section *const *s;
	unsigned i;

	for (i = 0; v && i < k->n; i++)
		v[i].k = &k->v[i];
	for (s = conf_sections; v && *s; s++)
		for (i = 0; i < (*s)->n; i++)
			if (suite_takes(o, k, *s, &(*s)->checks[i]))
				cover_check(v, k, &(*s)->checks[i], ran(su, &(*s)->checks[i]));
	return v;
}

static bool in_scope(const struct suite_options *o, const struct clause *k)
{
	return k->vop != CLAUSE_NO_ROW && spec_version(k->since) <= o->version &&
	       strcmp(k->level, "MAY") != 0;
}

static struct count count(const struct cover *v, const struct clauses *k,
			  const struct suite_options *o, const struct group *g, bool must)
{
	struct count n = {0};
	size_t i;

	for (i = 0; i < k->n; i++) {
		if (!in_scope(o, v[i].k) || !in_group(g, v[i].k) || clause_is_must(v[i].k) != must)
			continue;
		n.all++;
		if (v[i].k->vop != CLAUSE_OBSERVABLE)
			continue;
		n.seen++;
		n.judged += v[i].checks != 0;
		n.here += v[i].here;
	}
	return n;
}

static void share(struct table *t, unsigned part, unsigned whole)
{
	if (whole)
		table_cell(t, part == whole ? TABLE_GOOD : TABLE_PLAIN, "%.0f %%",
			   100.0 * part / whole);
	else
		table_cell(t, TABLE_DIM, "-");
}

static void group_row(struct table *t, const struct group *g, const char *level, struct count n,
		      bool with_run)
{
	table_row(t);
	table_cell(t, g->apart ? TABLE_DIM : TABLE_PLAIN, "%s", g->name);
	table_cell(t, TABLE_PLAIN, "%s", level);
	table_cell(t, TABLE_PLAIN, "%u", n.all);
	table_cell(t, TABLE_PLAIN, "%u", n.seen);
	share(t, n.seen, n.all);
	table_cell(t, TABLE_PLAIN, "%u", n.judged);
	share(t, n.judged, n.seen);
	if (with_run) {
		table_cell(t, TABLE_PLAIN, "%u", n.here);
		share(t, n.here, n.seen);
	}
}

static int print_groups(const struct cover *v, const struct clauses *k,
			const struct suite_options *o, bool with_run, FILE *out, bool colour)
{
	struct table *t = table_new();
	unsigned i;
	int e;

	if (!t)
		return -ENOMEM;
	table_column(t, "section", "", TABLE_LEFT);
	table_column(t, "level", "", TABLE_LEFT);
	table_column(t, "statements", "", TABLE_RIGHT);
	table_column(t, "observable", "", TABLE_RIGHT);
	table_column(t, "share", "", TABLE_RIGHT);
	table_column(t, "judged", "", TABLE_RIGHT);
	table_column(t, "share", "", TABLE_RIGHT);
	if (with_run) {
		table_column(t, "on this target", "", TABLE_RIGHT);
		table_column(t, "share", "", TABLE_RIGHT);
	}
	for (i = 0; i < VOP_ARRAY_SIZE(groups); i++) {
		group_row(t, &groups[i], "MUST", count(v, k, o, &groups[i], true), with_run);
		group_row(t, &groups[i], "SHOULD", count(v, k, o, &groups[i], false), with_run);
	}
	table_note(t, TABLE_DIM,
		   "observable: a driver over the VOP's transport can see a violation; judged: of "
		   "these, by a check");
	e = table_print(t, out, colour);
	table_free(t);
	return e;
}

static const char *state_of(const struct cover *v)
{
	switch (v->k->vop) {
	case CLAUSE_INTERNAL:
		return "internal";
	case CLAUSE_NOT_OFFERED:
		return "not offered here";
	default:
		return v->checks ? "judged" : "judgeable, missing";
	}
}

static void print_statement(const struct cover *v, FILE *out)
{
	unsigned i;

	fprintf(out, "%-18s %-10s %-18s ", v->k->id, v->k->level, state_of(v));
	if (v->k->vop != CLAUSE_OBSERVABLE || !v->checks)
		fprintf(out, "%s", v->k->reason);
	for (i = 0; v->k->vop == CLAUSE_OBSERVABLE && i < v->checks && i < VOP_ARRAY_SIZE(v->by);
	     i++)
		fprintf(out, "%s%s", i ? ", " : "", v->by[i]->id);
	if (v->checks > VOP_ARRAY_SIZE(v->by))
		fprintf(out, " and %zu more", (size_t)v->checks - VOP_ARRAY_SIZE(v->by));
	fputc('\n', out);
}

/* Descriptive rules that checks cite: no row of the table, but judged all the same. */
static unsigned texts(const struct suite_options *o, const struct clauses *k)
{
	const struct conf_section *const *s;
	unsigned n = 0, i;

	for (s = conf_sections; *s; s++)
		for (i = 0; i < (*s)->n; i++) {
			const char *at = NULL;
			size_t len;

			if (!suite_takes(o, k, *s, &(*s)->checks[i]))
				continue;
			while (clause_words((*s)->checks[i].clauses, &at, &len))
				n += strncmp(at, "text:", 5) == 0;
		}
	return n;
}

int coverage_print(const struct clauses *k, const struct suite_options *o, const struct suite *su,
		   bool all, FILE *out, bool colour)
{
	struct cover *v = cover(k, o, su);
	int e = v ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; !e && all && i < k->n; i++)
		if (in_scope(o, v[i].k))
			print_statement(&v[i], out);
	if (!e && all)
		fputc('\n', out);
	if (!e)
		e = print_groups(v, k, o, su != NULL, out, colour);
	if (!e)
		fprintf(out, "%u citations of descriptive text besides\n", texts(o, k));
	free(v);
	return e;
}

static json_t *statement_json(const struct cover *v)
{
	json_t *o = json_object(), *by;
	unsigned i;

	json_put_text(o, "clause", v->k->id);
	json_put_text(o, "level", v->k->level);
	json_put_text(o, "family", v->k->family);
	json_put_text(o, "state", state_of(v));
	json_put_text(o, "reason", v->k->reason);
	json_put_bool(o, "on_target", v->here);
	by = json_put_array(o, "checks");
	for (i = 0; i < v->checks && i < VOP_ARRAY_SIZE(v->by); i++)
		json_array_append_new(by, json_text(v->by[i]->id));
	return o;
}

json_t *coverage_json(const struct clauses *k, const struct suite_options *o,
		      const struct suite *su)
{
	struct cover *v = cover(k, o, su);
	json_t *a = v ? json_array() : NULL;
	size_t i;

	for (i = 0; a && i < k->n; i++)
		if (in_scope(o, v[i].k))
			json_array_append_new(a, statement_json(&v[i]));
	free(v);
	return a;
}
