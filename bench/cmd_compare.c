/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench compare OLD NEW, or OLD... --vs NEW... */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <vop/base.h>

#include "bench/cmd.h"
#include "bench/compare_print.h"
#include "bench/opt.h"

struct compare_opts {
	double gate, margin, drift, confidence, slower;
	uint64_t deals, seed;
	const char *junit, *json;
	struct opt_strings ignore;
	bool any_machine, all;
};

static void opts_table(struct compare_opts *o, struct opt *table)
{
	const struct opt t[] = {
		{"gate", OPT_DOUBLE, &o->gate, "PCT",
		 "status 1 when a metric is worse by more than this, its whole interval beyond it",
		 NULL, 0, 0, 0, 1000, NULL},
		{"margin", OPT_DOUBLE, &o->margin, "PCT",
		 "differences too small to matter; twice for p99, ten times for p99.9", "5", 0, 0,
		 0, 100, NULL},
		{"drift", OPT_DOUBLE, &o->drift, "PCT",
		 "allowed for what changes from run to run, with fewer than 5 runs a side (less "
		 "the more there are); 0: believe a single run",
		 "10", 0, 0, 0, 100, NULL},
		{"confidence", OPT_DOUBLE, &o->confidence, "PCT", "of the intervals", "99", 0, 0,
		 50, 99.99, NULL},
		{"ignore", OPT_STRINGS, &o->ignore, "PARAM",
		 "compare although this parameter differs, like ring or features; may be repeated",
		 NULL, 0, 0, 0, 0, NULL},
		{"any-machine", OPT_FLAG, &o->any_machine, NULL,
		 "compare runs of different machines too", NULL, 0, 0, 0, 0, NULL},
		{"all", OPT_FLAG, &o->all, NULL, "list what stayed the same, too", NULL, 0, 0, 0, 0,
		 NULL},
		{"deal", OPT_U64, &o->deals, "N",
		 "also deal the recorded passes anew to both sides, N times, and say how often "
		 "equals would be told apart",
		 "0", 0, 100000, 0, 0, NULL},
		{"deal-slower", OPT_DOUBLE, &o->slower, "PCT",
		 "with --deal: and how often one made slower by this would be found", "0", 0, 0, 0,
		 90, NULL},
		{"seed", OPT_U64, &o->seed, "N", "of --deal", "1", 0, 0, 0, 0, NULL},
		{"json", OPT_STRING, &o->json, "FILE", "write the comparison there", NULL, 0, 0, 0,
		 0, NULL},
		{"junit", OPT_STRING, &o->junit, "FILE",
		 "write it as JUnit XML: a case for each figure", NULL, 0, 0, 0, 0, NULL},
		{0},
	};

	*o = (struct compare_opts){.gate = -1};
	memcpy(table, t, sizeof(t));
}

static void usage(const struct opt *table)
{
	printf("usage: vop-bench compare OLD NEW [options]\n"
	       "       vop-bench compare OLD... --vs NEW... [options]\n\n"
	       "What changed between two sets of result files, and how sure that is. Only like is\n"
	       "compared with like; the rest is refused, with the reason. To compare on a noisy\n"
	       "machine, measure in turn: vop-bench run net --against OTHER\n\n");
	opt_help(table, stdout);
}

/*
 * Files and options apart: the table's parser takes few words that are no options, and a thousand
 * files are many. Returns how many files; *vs is where the new ones begin. -1 after a line.
 */
static int split_words(const struct opt *table, int argc, char **argv, char **options, int *n_opt,
		       const char **files, size_t *vs)
{
	bool seen = false, only_files = false;
	int n = 0;

	options[(*n_opt)++] = argv[0];
	for (int i = 1; i < argc; i++) {
		const struct opt *o;

		if (only_files || argv[i][0] != '-' || !argv[i][1]) {
			files[n++] = argv[i];
		} else if (strcmp(argv[i], "--vs") == 0) {
			if (seen) {
				cmd_could_not(
					"compare: --vs stands once, between OLD... and NEW...");
				return -1;
			}
			seen = true;
			*vs = (size_t)n;
		} else if (strcmp(argv[i], "--") == 0) {
			only_files = true;
		} else {
			options[(*n_opt)++] = argv[i];
			for (o = table; o->name && strcmp(o->name, argv[i] + 2); o++)
				;
			if (o->name && o->kind != OPT_FLAG && i + 1 < argc)
				options[(*n_opt)++] = argv[++i];
		}
	}
	/* Without it there is one of each. */
	if (!seen)
		*vs = n == 2 ? 1 : 0;
	return n;
}

/* A file by what it is, not by what it is called. */
struct known {
	dev_t dev;
	ino_t ino;
	const char *path;
	bool now;
};

static int by_file(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static bool know(struct known *k, const char *path, bool now)
{
	struct stat st;

	if (!path || stat(path, &st) || !S_ISREG(st.st_mode))
		return false; /* whoever reads or writes it says more */
	*k = (struct known){st.st_dev, st.st_ino, path, now};
	return true;
}

/* A run against itself is a slip of the hand, and so is a result that is written over. */
static int check_files(const struct compare_opts *o, const char *const *files, size_t n, size_t vs)
{
	struct known *k = calloc(n + 1, sizeof(*k)), out;
	const char *const outs[] = {o->json, o->junit};
	size_t known = 0;
	int status = k ? 0 : cmd_could_not("out of memory");

	for (size_t i = 0; i < n && !status; i++)
		known += know(&k[known], files[i], i >= vs);
	if (!status)
		qsort(k, known, sizeof(*k), by_file);
	for (size_t i = 1; i < known && !status; i++)
		if (by_file(&k[i - 1], &k[i]) == 0)
			status = cmd_could_not(
				k[i - 1].now != k[i].now
					? "compare: %s and %s are the same file, on both sides"
					: "compare: %s and %s are the same file; name it once",
				k[i - 1].path, k[i].path);
	for (size_t i = 0; i < VOP_ARRAY_SIZE(outs) && !status; i++)
		if (know(&out, outs[i], false) && bsearch(&out, k, known, sizeof(*k), by_file))
			status = cmd_could_not("compare: %s is one of the files to compare; write "
					       "the comparison elsewhere",
					       outs[i]);
	free(k);
	return status;
}

static int compare_words(const struct compare_opts *o, const char *const *files, size_t n,
			 size_t vs)
{
	const char *ignore[OPT_LIST_MAX + 1] = {NULL};
	struct compare_options how = {
		.confidence = o->confidence / 100,
		.margin = o->margin / 100,
		.drift = o->drift / 100,
		.gate = o->gate >= 0 ? o->gate / 100 : -1,
		.any_machine = o->any_machine,
		.ignore = ignore,
	};
	struct compare_output out = {.json = o->json,
				     .junit = o->junit,
				     .old_name = "old",
				     .new_name = "new",
				     .all = o->all,
				     .deals = o->deals,
				     .seed = o->seed,
				     .slower = o->slower / 100};

	for (unsigned i = 0; i < o->ignore.n; i++)
		ignore[i] = o->ignore.v[i];
	if (check_files(o, files, n, vs))
		return CMD_COULD_NOT;
	return compare_files(files, vs, files + vs, n - vs, &how, &out);
}

int cmd_compare(int argc, char **argv)
{
	char **options = calloc((size_t)argc + 1, sizeof(*options));
	const char **files = calloc((size_t)argc + 1, sizeof(*files));
	struct opt table[OPT_MAX];
	struct opt_args args;
	struct compare_opts o;
	int n_opt = 0, n = -1, status = CMD_COULD_NOT;
	size_t vs = 0;

	opts_table(&o, table);
	if (!options || !files)
		cmd_could_not("out of memory");
	else
		n = split_words(table, argc, argv, options, &n_opt, files, &vs);
	if (n >= 0 && opt_parse(table, 0, n_opt, options, &args, stderr) == 0) {
		if (args.help) {
			usage(table);
			status = CMD_DONE;
		} else if (vs == 0 || vs >= (size_t)n) {
			status = cmd_could_not(
				"compare what with what? vop-bench compare OLD NEW, or: "
				"compare OLD... --vs NEW...");
		} else {
			status = compare_words(&o, files, (size_t)n, vs);
		}
	}
	free(options);
	free(files);
	return status;
}
