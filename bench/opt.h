/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of a command as a table: parse, defaults, help and the effective configuration all come
 * from the same lines.
 *
 * Accepts `--name value` and `--name=value`, `-o value` and `-ovalue` where the name
 * is a single letter; flags take no value; `--` ends the options; the last of several wins
 * (OPT_STRINGS keeps them all). `--help` and `-h` stop the parse. Nothing here exits or prints
 * anywhere but to the FILE it was given, so that a test can read what a user would.
 *
 * Not thread-safe on the same targets; no state of its own.
 */
#ifndef BENCH_OPT_H
#define BENCH_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OPT_LIST_MAX 32u /* elements of a list of sizes or words */
#define OPT_ARGS_MAX 16u /* positional arguments */
#define OPT_MAX	     64u /* options in one table: `given` is one bit each */

enum opt_kind {
	OPT_FLAG,     /* bool: present or not */
	OPT_U64,      /* uint64_t: digits */
	OPT_RATE,     /* uint64_t: digits with an optional k, M, G (powers of 1000): 1.5M */
	OPT_SIZE,     /* uint64_t bytes: digits with an optional K, M, G (powers of 1024) */
	OPT_DURATION, /* uint64_t nanoseconds: digits with ns, us, ms, s, min; 0 needs no unit */
	OPT_DOUBLE,   /* double */
	OPT_ENUM,     /* unsigned: index into .words */
	OPT_SIZES,    /* struct opt_sizes: "64,256,1518,64K" */
	OPT_WORDS,    /* struct opt_words: "a,b" or "+a,-b", never both ways at once */
	OPT_STRING,   /* const char *: points into argv, or to the default's text */
	OPT_STRINGS,  /* struct opt_strings: the option may be repeated; its default is none */
};

struct opt_sizes {
	unsigned n;
	uint64_t v[OPT_LIST_MAX]; /* bytes, in the order given */
};

struct opt_word {
	char sign;	/* '+', '-', or 0 when the list carries no signs */
	unsigned index; /* into .words */
};

struct opt_words {
	unsigned n;
	struct opt_word v[OPT_LIST_MAX];
};

struct opt_strings {
	unsigned n;
	const char *v[OPT_LIST_MAX]; /* in the order given; as OPT_STRING */
};

/* One option. A table ends with a line whose name is NULL. */
struct opt {
	const char *name; /* without the dashes: two, or one before a single letter */
	enum opt_kind kind;
	void *to; /* where the value goes; its type follows from kind */
	const char
		*value; /* placeholder in the help: "N", "BYTES"; NULL: a usual one for the kind */
	const char
		*help; /* one line or more ('\n' breaks); NULL: for our own processes, not shown */
	/*
	 * Default as a user would type it, parsed into *to before the command line is, and shown in
	 * the help. NULL: *to keeps what it held (a flag becomes false).
	 */
	const char *def;
	/* Allowed range of U64, RATE, SIZE, DURATION (ns) and of each of SIZES; max 0: no bound. */
	uint64_t min, max;
	/* Allowed range of DOUBLE; both 0: any finite number. */
	double fmin, fmax;
	/* Words of ENUM and WORDS, ended by NULL. */
	const char *const *words;
};

/* What else stood on the command line. */
struct opt_args {
	unsigned n;
	const char *v[OPT_ARGS_MAX]; /* into argv */
	bool help;		     /* --help or -h: print opt_help() and stop */
	uint64_t given;		     /* bit i: line i of the table was named by the user */
};

/*
 * Set defaults, then read argv[1..]. Up to max_args positional arguments are taken. 0; -EINVAL
 * after one line on err that names option, value and what is allowed (the targets then hold a
 * mixture). argv[0] is the command's name, for the line's prefix.
 */
int opt_parse(const struct opt *table, unsigned max_args, int argc, char **argv,
	      struct opt_args *args, FILE *err);

/*
 * For commands that take more words than OPT_ARGS_MAX, thousands of files: the words that are no
 * options, and the rest, for opt_parse() with max_args 0. Both arrays have room for argc + 1.
 * divider (NULL: none): a word like "--vs"; *at is how many words stand before it, SIZE_MAX when it
 * is not there. 0; -EINVAL after one line on err: it stands there twice.
 */
int opt_split(const struct opt *table, const char *divider, int argc, char **argv, char **options,
	      int *n_options, const char **words, size_t *n_words, size_t *at, FILE *err);

/* Set every default. 0; -EINVAL (after a line on err) when the table itself is wrong: a bug. */
int opt_defaults(const struct opt *table, FILE *err);

/* Parse one value into o->to. 0; -EINVAL after one line on err, prefixed with prefix. */
int opt_set(const struct opt *o, const char *text, const char *prefix, FILE *err);

/* Did the user name the option? false for a name that is not in the table. */
bool opt_given(const struct opt *table, const struct opt_args *args, const char *name);

/* Print the options, aligned, with ranges, words and defaults. */
void opt_help(const struct opt *table, FILE *out);

/*
 * The value an option holds now, as a user would type it (durations and sizes in the largest unit
 * that is exact). Returns buf, always terminated; a value that does not fit is cut.
 */
char *opt_text(const struct opt *o, char *buf, size_t size);

/*
 * The word of a list nearest to what was typed, or NULL when none is near enough to be meant.
 * words: ended by NULL. For commands and topics as much as for options.
 */
const char *opt_nearest(const char *typed, const char *const *words);

#endif
