/* SPDX-License-Identifier: BSD-2-Clause */
/* A result document as a table; see result.h. What is read here may come from any file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result.h"
#include "report/table.h"

enum { KEYS_MAX = 8 };

/* Parameters that tell results apart become columns; those all results share are said once. */
struct keys {
	unsigned n;
	const char *key[KEYS_MAX];
	bool varies[KEYS_MAX];
};

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* A member that is a number, or NAN. */
static double number_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

static void find_keys(const json_t *results, struct keys *k)
{
	const json_t *first = json_object_get(json_array_get(results, 0), "params");
	const char *key;
	json_t *r, *v;
	size_t i;
	unsigned c;

	memset(k, 0, sizeof(*k));
	json_array_foreach(results, i, r)
	{
		json_object_foreach(json_object_get(r, "params"), key, v)
		{
			for (c = 0; c < k->n && strcmp(k->key[c], key); c++)
				;
			if (c == k->n && k->n < KEYS_MAX)
				k->key[k->n++] = key;
		}
	}
	for (c = 0; c < k->n; c++) {
		const json_t *same = json_object_get(first, k->key[c]);

		json_array_foreach(results, i, r)
		{
			v = json_object_get(json_object_get(r, "params"), k->key[c]);
			if (!same || !v || !json_equal(same, v))
				k->varies[c] = true;
		}
	}
}

static void param_text(const json_t *v, char *buf, size_t size)
{
	if (json_is_string(v))
		snprintf(buf, size, "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(buf, size, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, size, "%g", json_real_value(v));
	else
		buf[0] = '\0';
}

static void cell_value(struct table *t, const json_t *r, const char *key)
{
	double v = number_of(r, key);
	char buf[HUMAN_MAX];

	if (isfinite(v))
		table_cell(t, TABLE_PLAIN, "%s",
			   human_value(buf, sizeof(buf), v, text_of(r, "unit")));
	else
		table_cell(t, TABLE_DIM, "-");
}

/* Rates as a share of their limit, times and costs as a multiple. */
static void cell_share(struct table *t, const json_t *r)
{
	bool bad = json_is_true(json_object_get(r, "limit_exceeded"));
	double ratio = number_of(r, "limit_ratio");
	char buf[HUMAN_MAX];

	if (!isfinite(ratio))
		table_cell(t, TABLE_DIM, "-");
	else if (strcmp(text_of(r, "better"), "less") == 0)
		table_cell(t, bad ? TABLE_BAD : TABLE_PLAIN, "%.2f x", ratio);
	else
		table_cell(t, bad ? TABLE_BAD : TABLE_PLAIN, "%s",
			   human_value(buf, sizeof(buf), ratio, "ratio"));
}

static void add(char *buf, size_t size, const char *text)
{
	size_t at = strlen(buf);

	snprintf(buf + at, size - at, "%s%s", at ? "; " : "", text);
}

/* Why rounds of a result were marked: "3 of 10 marked (steal, switched)". */
static void add_marks(char *buf, size_t size, const json_t *r)
{
	const json_t *rounds = json_object_get(r, "rounds"), *round, *marked;
	unsigned count = 0, bit, seen = 0;
	char text[160];
	size_t i, j;

	json_array_foreach(rounds, i, round)
	{
		marked = json_object_get(round, "marked");
		count += json_array_size(marked) > 0;
		for (j = 0; j < json_array_size(marked); j++)
			for (bit = 0; bit < ROUND_MARK_BITS; bit++) {
				const char *w = json_string_value(json_array_get(marked, j));

				if (w && strcmp(w, round_mark_word(bit)) == 0)
					seen |= 1u << bit;
			}
	}
	if (!count)
		return;
	snprintf(text, sizeof(text), "%u of %zu marked:", count, json_array_size(rounds));
	for (bit = 0; bit < ROUND_MARK_BITS; bit++)
		if (seen >> bit & 1) {
			strncat(text, " ", sizeof(text) - strlen(text) - 1);
			strncat(text, round_mark_word(bit), sizeof(text) - strlen(text) - 1);
		}
	add(buf, size, text);
}

static void cell_remarks(struct table *t, const json_t *r)
{
	enum table_style style = TABLE_DIM;
	char buf[512] = "";

	if (json_is_true(json_object_get(r, "limit_exceeded"))) {
		add(buf, sizeof(buf), "ERROR: beyond its limit");
		style = TABLE_BAD;
	}
	if (json_is_false(json_object_get(r, "verified")))
		add(buf, sizeof(buf), "unverified");
	if (json_is_true(json_object_get(r, "disturbed")))
		add(buf, sizeof(buf), "only disturbed rounds");
	if (json_object_get(r, "limit_name") && !isfinite(number_of(r, "limit")))
		add(buf, sizeof(buf), "no limit seen in this regime");
	add_marks(buf, sizeof(buf), r);
	if (text_of(r, "note")[0])
		add(buf, sizeof(buf), text_of(r, "note"));
	table_cell(t, style, "%s", buf);
}

static void add_row(struct table *t, const json_t *r, const struct keys *k)
{
	const json_t *params = json_object_get(r, "params");
	char buf[96];
	unsigned c;

	table_row(t);
	table_cell(t, TABLE_PLAIN, "%s", text_of(r, "name"));
	table_cell(t, TABLE_PLAIN, "%s", text_of(r, "metric"));
	for (c = 0; c < k->n; c++) {
		if (!k->varies[c])
			continue;
		param_text(json_object_get(params, k->key[c]), buf, sizeof(buf));
		table_cell(t, TABLE_PLAIN, "%s", buf);
	}
	table_cell(t, TABLE_PLAIN, "%s", text_of(r, "regime"));
	cell_value(t, r, "median");
	cell_value(t, r, "min");
	cell_value(t, r, "max");
	cell_value(t, r, "limit");
	cell_share(t, r);
	table_cell(t, TABLE_PLAIN, "%zu", json_array_size(json_object_get(r, "rounds")));
	cell_remarks(t, r);
}

/* The line above the table: what all results have in common. */
static void print_shared(const json_t *results, const struct keys *k, FILE *out)
{
	const json_t *params = json_object_get(json_array_get(results, 0), "params");
	bool any = false;
	char buf[96];
	unsigned c;

	for (c = 0; c < k->n; c++) {
		if (k->varies[c])
			continue;
		param_text(json_object_get(params, k->key[c]), buf, sizeof(buf));
		fprintf(out, "%s%s %s", any ? ", " : "", k->key[c], buf);
		any = true;
	}
	if (any)
		fputc('\n', out);
}

/* Below it: what must not be overlooked. */
static void print_warnings(const json_t *results, FILE *out, bool colour)
{
	unsigned i, regimes = 0, exceeded = 0, n = 0;
	const json_t *r;
	size_t at;

	json_array_foreach(results, at, r)
	{
		for (i = 0; i < REGIMES; i++)
			if (strcmp(text_of(r, "regime"), regime_name((enum regime)i)) == 0)
				regimes |= 1u << i;
		exceeded += json_is_true(json_object_get(r, "limit_exceeded"));
	}
	for (i = 0; i < REGIMES; i++)
		n += regimes >> i & 1;
	if (n > 1)
		fprintf(out, "The round trip between the CPUs moved during the run: compare only "
			     "results of one regime.\n");
	if (exceeded)
		fprintf(out,
			"%serror:%s %u result%s beyond what this machine was measured to do: the "
			"limit or "
			"the figure is wrong, trust neither.\n",
			table_style_begin(TABLE_BAD, colour), table_style_end(TABLE_BAD, colour),
			exceeded, exceeded == 1 ? " is" : "s are");
}

void result_print_json(const json_t *doc, FILE *out)
{
	const json_t *results = json_object_get(doc, "results");
	bool colour = table_colour(out);
	struct table *t;
	const json_t *r;
	struct keys k;
	unsigned c;
	size_t i;

	if (json_array_size(results) == 0) {
		fprintf(out, "no results\n");
		return;
	}
	t = table_new();
	find_keys(results, &k);
	table_column(t, "result", NULL, TABLE_LEFT);
	table_column(t, "metric", NULL, TABLE_LEFT);
	for (c = 0; c < k.n; c++)
		if (k.varies[c])
			table_column(t, k.key[c], NULL, TABLE_RIGHT);
	table_column(t, "regime", NULL, TABLE_LEFT);
	table_column(t, "median", NULL, TABLE_RIGHT);
	table_column(t, "min", NULL, TABLE_RIGHT);
	table_column(t, "max", NULL, TABLE_RIGHT);
	table_column(t, "limit", NULL, TABLE_RIGHT);
	table_column(t, "share", NULL, TABLE_RIGHT);
	table_column(t, "rounds", NULL, TABLE_RIGHT);
	table_column(t, "", NULL, TABLE_LEFT);
	json_array_foreach(results, i, r) add_row(t, r, &k);
	print_shared(results, &k, out);
	if (table_print(t, out, colour))
		fprintf(out, "(memory ran out: the table is not complete)\n");
	table_free(t);
	print_warnings(results, out, colour);
}

void result_print(const struct result *r, FILE *out)
{
	result_print_json(result_json(r), out);
}
