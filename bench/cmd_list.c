/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench list: what there is, from the tables the program itself works with. */
#include <stdio.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/opt.h"
#include "bench/result.h"
#include "report/table.h"
#include "target/feature_names.h"
#include "target/target.h"
#include "vop/dev/net.h"

struct line {
	const char *word, *text;
};

static const struct line workloads[] = {
#define WORKLOAD_LINE(word, text) {#word, text},
	BENCH_WORKLOADS(WORKLOAD_LINE)
#undef WORKLOAD_LINE
		{NULL, NULL},
};

static int list_targets(void)
{
	const struct target_ops *const *s;
	struct table *t = table_new();
	int err;

	table_column(t, "scheme", NULL, TABLE_LEFT);
	table_column(t, "what it is", NULL, TABLE_LEFT);
	for (s = target_schemes(); *s; s++) {
		table_row(t);
		table_cell(t, TABLE_PLAIN, "%s:", (*s)->scheme);
		table_cell(t, TABLE_PLAIN, "%s", (*s)->help);
	}
	err = table_print(t, stdout, table_colour(stdout));
	table_free(t);
	printf("\nvop: without a path, the default: the run starts both nodes itself, as two "
	       "processes.\n");
	return err ? cmd_could_not("out of memory") : CMD_DONE;
}

static int list_workloads(void)
{
	const struct line *l;
	struct table *t = table_new();
	int err;

	table_column(t, "word", NULL, TABLE_LEFT);
	table_column(t, "what it is", NULL, TABLE_LEFT);
	for (l = workloads; l->word; l++) {
		table_row(t);
		table_cell(t, TABLE_PLAIN, "%s", l->word);
		table_cell(t, TABLE_PLAIN, "%s", l->text);
	}
	err = table_print(t, stdout, table_colour(stdout));
	table_free(t);
	return err ? cmd_could_not("out of memory") : CMD_DONE;
}

static int list_features(void)
{
	const char *const *word;
	struct table *t = table_new();
	int err;

	table_column(t, "word", NULL, TABLE_LEFT);
	table_column(t, "bit", NULL, TABLE_RIGHT);
	table_column(t, "what it is", NULL, TABLE_LEFT);
	for (word = feature_words(VOP_NET_ID); *word; word++) {
		int bit = feature_bit(VOP_NET_ID, *word, strlen(*word));

		table_row(t);
		table_cell(t, TABLE_PLAIN, "%s", *word);
		table_cell(t, TABLE_PLAIN, "%d", bit);
		table_cell(t, TABLE_PLAIN, "%s", feature_about(VOP_NET_ID, (unsigned)bit));
	}
	err = table_print(t, stdout, table_colour(stdout));
	table_free(t);
	return err ? cmd_could_not("out of memory") : CMD_DONE;
}

static int list_metrics(void)
{
	struct table *t = table_new();
	unsigned i;
	int err;

	table_column(t, "word", NULL, TABLE_LEFT);
	table_column(t, "unit", NULL, TABLE_LEFT);
	table_column(t, "better", NULL, TABLE_LEFT);
	table_column(t, "what it is", NULL, TABLE_LEFT);
	for (i = 0; i < METRIC_COUNT; i++) {
		enum result_metric m = (enum result_metric)i;

		table_row(t);
		table_cell(t, TABLE_PLAIN, "%s", result_metric_word(m));
		table_cell(t, TABLE_PLAIN, "%s", result_metric_unit(m));
		table_cell(t, TABLE_PLAIN, "%s", result_metric_more_is_better(m) ? "more" : "less");
		table_cell(t, TABLE_PLAIN, "%s", result_metric_text(m));
	}
	err = table_print(t, stdout, table_colour(stdout));
	table_free(t);
	return err ? cmd_could_not("out of memory") : CMD_DONE;
}

/* Each workload prints its own table of options: the one it parses with. */
static int list_options(void)
{
	static char run[] = "run", help[] = "--help";
	const struct line *w;
	int status = CMD_DONE;

	for (w = workloads; w->word && status == CMD_DONE; w++) {
		char *argv[] = {run, (char *)w->word, help, NULL};

		if (w != workloads)
			printf("\n");
		status = cmd_run(3, argv);
	}
	return status;
}

static const struct {
	const char *word, *text;
	int (*fn)(void);
} topics[] = {
	{"targets", "implementations that can be measured, by URI", list_targets},
	{"workloads", "what `run` can do", list_workloads},
	{"features", "words for --features", list_features},
	{"metrics", "words and units of result files", list_metrics},
	{"options", "options of every workload", list_options},
};
enum { TOPICS = sizeof(topics) / sizeof(topics[0]) };

static void usage(FILE *out)
{
	int i;

	fprintf(out, "usage: vop-bench list [TOPIC]\n\ntopics:\n");
	for (i = 0; i < TOPICS; i++)
		fprintf(out, "  %-10s %s\n", topics[i].word, topics[i].text);
}

int cmd_list(int argc, char **argv)
{
	static const struct opt none[] = {{.name = NULL}};
	const char *words[TOPICS + 1] = {NULL}, *near;
	struct opt_args args;
	int i;

	if (opt_parse(none, 1, argc, argv, &args, stderr))
		return CMD_COULD_NOT;
	if (args.help || args.n == 0) {
		usage(stdout);
		return CMD_DONE;
	}
	for (i = 0; i < TOPICS; i++) {
		if (strcmp(topics[i].word, args.v[0]) == 0)
			return topics[i].fn();
		words[i] = topics[i].word;
	}
	near = opt_nearest(args.v[0], words);
	if (near)
		return cmd_could_not("unknown topic '%s'; did you mean '%s'?", args.v[0], near);
	return cmd_could_not("unknown topic '%s'; 'vop-bench list' shows the topics", args.v[0]);
}
