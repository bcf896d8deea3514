/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/opt.h"
#include "bench/opt_value.h"

static int fail(FILE *err, const char *prefix, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(FILE *err, const char *prefix, const char *fmt, ...)
{
	va_list ap;

	if (prefix && *prefix)
		fprintf(err, "%s: ", prefix);
	va_start(ap, fmt);
	vfprintf(err, fmt, ap);
	va_end(ap);
	fputc('\n', err);
	return -EINVAL;
}

/* --- nearest word --- */

#define NEAR_MAX 48u

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edit distance with neighbours swapped counted as one; texts beyond NEAR_MAX count as far. */
static size_t distance(const char *a, const char *b)
{
	size_t row[3][NEAR_MAX + 1], la = strlen(a), lb = strlen(b), i, j;

	if (la > NEAR_MAX || lb > NEAR_MAX)
		return NEAR_MAX;
	for (j = 0; j <= lb; j++)
		row[0][j] = j;
	for (i = 1; i <= la; i++) {
		size_t *now = row[i % 3], *up = row[(i - 1) % 3], *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (j = 1; j <= lb; j++) {
			now[j] =
				min3(now[j - 1] + 1, up[j] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < now[j])
				now[j] = up2[j - 2] + 1;
		}
	}
	return row[la % 3][lb];
}

/* Keep `word` when it is nearer than what was found so far, and near enough to be meant at all. */
static void consider(const char *typed, const char *word, const char **best, size_t *best_d)
{
	size_t d = distance(typed, word), len = strlen(typed);
	size_t bound = len <= 3 ? 1 : len / 3 + 1;

	/* A word cut short is meant, too: "dur" for "duration". */
	if (len >= 3 && strncmp(typed, word, len) == 0)
		d = 1;
	if (d <= bound && d < *best_d) {
		*best = word;
		*best_d = d;
	}
}

const char *opt_nearest(const char *typed, const char *const *words)
{
	const char *best = NULL;
	size_t best_d = NEAR_MAX;

	for (; *words; words++)
		consider(typed, *words, &best, &best_d);
	return best;
}

/* --- one value --- */

int opt_set(const struct opt *o, const char *text, const char *prefix, FILE *err)
{
	char why[OPT_WHY_MAX];

	if (opt_value_parse(o, text, why) == 0)
		return 0;
	return fail(err, prefix, "--%s: '%s' %s", o->name, text, why);
}

int opt_defaults(const struct opt *table, FILE *err)
{
	const struct opt *o;

	for (o = table; o->name; o++) {
		if (o->kind == OPT_FLAG)
			*(bool *)o->to = false;
		else if (o->kind == OPT_STRINGS)
			*(struct opt_strings *)o->to = (struct opt_strings){0};
		else if (o->def && opt_set(o, o->def, "default", err))
			return -EINVAL;
	}
	return 0;
}

/* --- the command line --- */

/* Index of the option named text[0..len), or -1. */
static int find(const struct opt *table, const char *text, size_t len)
{
	int i;

	for (i = 0; table[i].name; i++)
		if (strlen(table[i].name) == len && memcmp(table[i].name, text, len) == 0)
			return i;
	return -1;
}

static int unknown(const struct opt *table, const char *text, size_t len, const char *prefix,
		   FILE *err)
{
	char typed[NEAR_MAX + 1];
	const char *best = NULL;
	size_t best_d = NEAR_MAX;

	snprintf(typed, sizeof(typed), "%.*s", (int)(len < NEAR_MAX ? len : NEAR_MAX), text);
	consider(typed, "help", &best, &best_d);
	for (; table->name; table++)
		consider(typed, table->name, &best, &best_d);
	if (best)
		return fail(err, prefix, "unknown option --%s; did you mean --%s?", typed, best);
	return fail(err, prefix, "unknown option --%s; --help lists the options", typed);
}

/* argv[*i] starts with "--" and has a name: read it and, where it takes one, its value. */
static int parse_long(const struct opt *table, int argc, char **argv, int *i, struct opt_args *args,
		      const char *prefix, FILE *err)
{
	const char *name = argv[*i] + 2;
	const char *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	int at = find(table, name, len);
	const struct opt *o = &table[at < 0 ? 0 : at];

	if (at < 0 && len == strlen("help") && memcmp(name, "help", len) == 0)
		return fail(err, prefix, "--help takes no value, got '%s'", eq ? eq + 1 : "");
	if (at < 0)
		return unknown(table, name, len, prefix, err);
	if (at < (int)OPT_MAX)
		args->given |= UINT64_C(1) << at;
	if (o->kind == OPT_FLAG) {
		if (eq)
			return fail(err, prefix, "--%s takes no value, got '%s'", o->name, eq + 1);
		*(bool *)o->to = true;
		return 0;
	}
	if (eq)
		return opt_set(o, eq + 1, prefix, err);
	/* "--size --ring packed": the value was forgotten; taking "--ring" for it would only
	 * complain about the wrong thing. A value that begins so can be given with '='. */
	if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
		return fail(err, prefix, "--%s needs a value: %s", o->name, opt_value_name(o));
	(*i)++;
	return opt_set(o, argv[*i], prefix, err);
}

/* argv[*i] is "-x...": -o FILE, -oFILE, or a flag. */
static int parse_letter(const struct opt *table, int argc, char **argv, int *i,
			struct opt_args *args, const char *prefix, FILE *err)
{
	const char *a = argv[*i];
	int at = find(table, a + 1, 1);
	const struct opt *o = &table[at < 0 ? 0 : at];

	if (at < 0)
		return fail(err, prefix, "unknown option %s; options are spelt with two dashes", a);
	if (at < (int)OPT_MAX)
		args->given |= UINT64_C(1) << at;
	if (o->kind == OPT_FLAG) {
		if (a[2])
			return fail(err, prefix, "-%c takes no value, got '%s'", o->name[0], a + 2);
		*(bool *)o->to = true;
		return 0;
	}
	if (a[2])
		return opt_set(o, a + 2, prefix, err);
	if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
		return fail(err, prefix, "-%c needs a value: %s", o->name[0], opt_value_name(o));
	(*i)++;
	return opt_set(o, argv[*i], prefix, err);
}

int opt_parse(const struct opt *table, unsigned max_args, int argc, char **argv,
	      struct opt_args *args, FILE *err)
{
	bool only_args = false;
	char prefix[64];
	int i;

	snprintf(prefix, sizeof(prefix), "vop-bench %s", argc > 0 ? argv[0] : "");
	memset(args, 0, sizeof(*args));
	if (opt_defaults(table, err))
		return -EINVAL;
	for (i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (only_args || a[0] != '-' || a[1] == '\0') {
			if (args->n >= max_args || args->n >= OPT_ARGS_MAX)
				return fail(err, prefix, "unexpected '%s'; --help shows the usage",
					    a);
			args->v[args->n++] = a;
		} else if (strcmp(a, "--") == 0) {
			only_args = true;
		} else if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
			args->help = true;
			return 0;
		} else if (a[1] != '-') {
			if (parse_letter(table, argc, argv, &i, args, prefix, err))
				return -EINVAL;
		} else if (parse_long(table, argc, argv, &i, args, prefix, err)) {
			return -EINVAL;
		}
	}
	return 0;
}

/* Does the word after this one belong to it? */
static bool takes_next(const struct opt *table, const char *a)
{
	int at = a[1] == '-' ? find(table, a + 2, strlen(a + 2))
		 : a[2]	     ? -1
			     : find(table, a + 1, 1);

	return at >= 0 && table[at].kind != OPT_FLAG;
}

int opt_split(const struct opt *table, const char *divider, int argc, char **argv, char **options,
	      int *n_options, const char **words, size_t *n_words, size_t *at, FILE *err)
{
	bool only_words = false, divided = false;
	char prefix[64];
	int i;

	snprintf(prefix, sizeof(prefix), "vop-bench %s", argc > 0 ? argv[0] : "");
	*n_options = 0;
	*n_words = *at = 0;
	if (argc > 0)
		options[(*n_options)++] = argv[0];
	for (i = 1; i < argc; i++) {
		char *a = argv[i];

		if (only_words || a[0] != '-' || a[1] == '\0') {
			words[(*n_words)++] = a;
		} else if (divider && strcmp(a, divider) == 0) {
			if (divided)
				return fail(err, prefix,
					    "%s stands once, between two lists of files", divider);
			divided = true;
			*at = *n_words;
		} else if (strcmp(a, "--") == 0) {
			only_words = true;
		} else {
			options[(*n_options)++] = a;
			if (takes_next(table, a) && i + 1 < argc)
				options[(*n_options)++] = argv[++i];
		}
	}
	if (!divided)
		*at = SIZE_MAX;
	options[*n_options] = NULL;
	words[*n_words] = NULL;
	return 0;
}

bool opt_given(const struct opt *table, const struct opt_args *args, const char *name)
{
	int at = find(table, name, strlen(name));

	return at >= 0 && at < (int)OPT_MAX && (args->given >> at & 1);
}

/* --- help --- */

/* What may follow the explanation: words, range, default. */
static void help_tail(const struct opt *o, char *buf, size_t size)
{
	char range[OPT_WHY_MAX];
	size_t at = 0;

	buf[0] = '\0';
	opt_value_allowed(o, range, sizeof(range));
	if (range[0] && opt_value_bounded(o))
		at += (size_t)snprintf(buf + at, size - at, "%s", range);
	if (o->def && at < size)
		snprintf(buf + at, size - at, "%sdefault %s", at ? "; " : "", o->def);
}

/* Print one option's text in the right column: lines break at '\n' and at the terminal's edge. */
static void help_text(FILE *out, const char *text, unsigned column)
{
	enum { WIDTH = 80 };
	unsigned at = column;

	while (*text) {
		size_t len = strcspn(text, " \n");

		if (at > column && at + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", (int)column, "");
			at = column;
		}
		if (at > column) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, len, out);
		at += (unsigned)len;
		text += len;
		if (*text == '\n') {
			fprintf(out, "\n%*s", (int)column, "");
			at = column;
		}
		text += *text != '\0';
	}
	fputc('\n', out);
}

/* "--rounds N", "-o FILE"; its width. */
static unsigned help_left(const struct opt *o, char *buf, size_t size)
{
	return (unsigned)snprintf(buf, size, "%s%s %s", o->name[1] ? "--" : "-", o->name,
				  opt_value_name(o));
}

void opt_help(const struct opt *table, FILE *out)
{
	const struct opt *o;
	unsigned column = (unsigned)strlen("--help");
	char left[80], tail[OPT_WHY_MAX + 80], text[1024];

	for (o = table; o->name; o++) {
		unsigned w = help_left(o, left, sizeof(left));

		if (o->help && w > column && w <= 30)
			column = w;
	}
	for (o = table; o->name; o++) {
		if (!o->help)
			continue;
		help_left(o, left, sizeof(left));
		help_tail(o, tail, sizeof(tail));
		snprintf(text, sizeof(text), "%s%s%s%s", o->help ? o->help : "",
			 tail[0] ? " (" : "", tail, tail[0] ? ")" : "");
		fprintf(out, "  %-*s  ", (int)column, left);
		if (strlen(left) > column)
			fprintf(out, "\n%*s", (int)column + 4, "");
		help_text(out, text, column + 4);
	}
	fprintf(out, "  %-*s  show this help\n", (int)column, "--help");
}
