/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "bench/csv.h"

/* Columns before and behind those of the parameters. */
static const char before[] = "file,started,revision,workload,target,name,metric,unit,regime";
static const char behind[] = "pass,number,at_s,value,limit,rtt_before_ns,rtt_after_ns,duration_s,"
			     "steal_s,migrations,involuntary_switches,marked,counts";

/* --- which parameters there are --- */

/* Keys of all results, each once, in the order they are first seen. */
struct keys {
	const char **key;
	size_t n, room;
};

static bool has_key(const struct keys *k, const char *key)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (k->key[i] == key || strcmp(k->key[i], key) == 0)
			return true;
	return false;
}

static int add_keys(struct keys *k, const struct run_result *r)
{
	const char **more;
	size_t i;

	for (i = 0; i < r->params; i++) {
		if (has_key(k, r->param[i].key))
			continue;
		if (k->n == k->room) {
			more = reallocarray(k->key, k->room * 2 + 16, sizeof(*more));
			if (!more)
				return -ENOMEM;
			k->key = more;
			k->room = k->room * 2 + 16;
		}
		k->key[k->n++] = r->param[i].key;
	}
	return 0;
}

static int collect_keys(struct keys *k, const struct runs *r)
{
	const struct run_param *last = NULL;
	size_t i, j;

	for (i = 0; i < r->n; i++)
		for (j = 0; j < r->file[i].results; j++) {
			/* Results of one case share their parameters. */
			if (last && r->file[i].result[j].param == last)
				continue;
			last = r->file[i].result[j].param;
			if (add_keys(k, &r->file[i].result[j]))
				return -ENOMEM;
		}
	return 0;
}

/* --- fields --- */

/* A field is quoted when it holds what would end it. */
static void put_text(FILE *out, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")] && *text != ' ' &&
	    (!*text || text[strlen(text) - 1] != ' ')) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void text_field(FILE *out, const char *text)
{
	put_text(out, text);
	fputc(',', out);
}

/* Twelve digits, as in the file. */
static void number_field(FILE *out, double v)
{
	fprintf(out, "%.12g,", v);
}

/* What the file does not know stays empty: zero would be a value. */
static void known_field(FILE *out, double v, bool known)
{
	if (known)
		number_field(out, v);
	else
		fputc(',', out);
}

static void marks_field(FILE *out, uint32_t marks)
{
	const char *space = "";
	unsigned bit;

	for (bit = 0; bit < ROUND_MARK_BITS; bit++)
		if (marks >> bit & 1) {
			fprintf(out, "%s%s", space, round_mark_word(bit));
			space = " ";
		}
	if (marks & RUN_MARK_OTHER)
		fprintf(out, "%sother", space);
	fputc(',', out);
}

/* --- lines --- */

/* Is the word one of a list between commas? */
static bool is_ours(const char *list, const char *word)
{
	size_t n = strlen(word), at;

	for (; *list; list += at + (list[at] == ',')) {
		at = strcspn(list, ",");
		if (at == n && memcmp(list, word, n) == 0)
			return true;
	}
	return false;
}

static void head_line(const struct keys *k, FILE *out)
{
	size_t i;

	fprintf(out, "%s,", before);
	for (i = 0; i < k->n; i++) {
		/* Two columns of one name would be read as one. */
		if (is_ours(before, k->key[i]) || is_ours(behind, k->key[i]))
			fputs("param_", out);
		text_field(out, k->key[i]);
	}
	fprintf(out, "%s\r\n", behind);
}

static void round_line(const struct run_file *f, const struct run_result *r,
		       const struct run_round *d, const struct keys *k, FILE *out)
{
	const char *text[] = {f->path, f->started, f->revision, f->workload, f->target,
			      r->name, r->metric,  r->unit,	r->regime};
	size_t i;

	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		text_field(out, text[i]);
	for (i = 0; i < k->n; i++) {
		const char *value = run_param_text(r, k->key[i]);

		text_field(out, value ? value : "");
	}
	fprintf(out, "%u,%u,", d->pass, d->number);
	known_field(out, d->at_s, d->at_s >= 0);
	number_field(out, d->value);
	known_field(out, d->limit, d->limit > 0);
	known_field(out, d->rtt_before_ns, d->rtt_before_ns > 0);
	known_field(out, d->rtt_after_ns, d->rtt_after_ns > 0);
	known_field(out, d->duration_s, d->duration_s > 0);
	number_field(out, d->steal_s);
	fprintf(out, "%llu,%llu,", (unsigned long long)d->migrations,
		(unsigned long long)d->switches);
	marks_field(out, d->marks);
	fprintf(out, "%d\r\n", run_round_counts(r, d));
}

static void lines(const struct runs *r, const struct keys *k, FILE *out)
{
	size_t i, j, n;

	for (i = 0; i < r->n; i++)
		for (j = 0; j < r->file[i].results; j++) {
			const struct run_result *t = &r->file[i].result[j];

			for (n = 0; n < t->rounds; n++)
				round_line(&r->file[i], t, &t->round[n], k, out);
		}
}

int csv_write(const struct runs *r, FILE *out)
{
	struct keys k = {NULL, 0, 0};
	/* Numbers have a point, whatever the user's language makes of it. */
	locale_t plain = newlocale(LC_NUMERIC_MASK, "C", NULL), users;
	int err = plain ? collect_keys(&k, r) : -ENOMEM;

	if (!err) {
		users = uselocale(plain);
		head_line(&k, out);
		lines(r, &k, out);
		uselocale(users);
	}
	if (plain)
		freelocale(plain);
	free(k.key);
	return err;
}
