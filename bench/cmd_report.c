/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench report RESULT...: result files as one page of HTML, and as a table for other tools. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/cmd.h"
#include "bench/compare.h"
#include "bench/csv.h"
#include "bench/opt.h"
#include "bench/page.h"
#include "bench/runs.h"
#include "report/place.h"

enum { NAMED_APART = 24 }; /* files named one by one in the command line on the page */

struct report_opts {
	const char *output, *csv, *title;
	struct opt_strings ignore;
	bool no_plots, any_machine;
};

/* Names of files, in the order given: those before --vs and those after it. */
struct names {
	const char *const *v;
	size_t n;
};

static void options(struct report_opts *o, struct opt *table)
{
	const struct opt lines[] = {
		{.name = "output",
		 .kind = OPT_STRING,
		 .to = &o->output,
		 .value = "FILE",
		 .help = "write the page there; - is standard output"},
		{.name = "o",
		 .kind = OPT_STRING,
		 .to = &o->output,
		 .value = "FILE",
		 .help = "the same"},
		{.name = "csv",
		 .kind = OPT_STRING,
		 .to = &o->csv,
		 .value = "FILE",
		 .help = "every round of every result as comma-separated values"},
		{.name = "title", .kind = OPT_STRING, .to = &o->title, .help = "title of the page"},
		{.name = "no-plots", .kind = OPT_FLAG, .to = &o->no_plots, .help = "draw nothing"},
		{.name = "ignore",
		 .kind = OPT_STRINGS,
		 .to = &o->ignore,
		 .value = "PARAM",
		 .help = "with --vs: compare although this parameter differs; may be repeated"},
		{.name = "any-machine",
		 .kind = OPT_FLAG,
		 .to = &o->any_machine,
		 .help = "with --vs: compare runs of different machines all the same"},
		{.name = NULL},
	};

	memcpy(table, lines, sizeof(lines));
}

static void usage(const struct opt *table)
{
	printf("usage: vop-bench report RESULT... -o FILE.html [--vs NEW...] [options]\n\n"
	       "One page of HTML that needs nothing else: what ran where, what it reached of the\n"
	       "machine's own limits, what is doubtful, how to run it again. With --vs, the "
	       "results\n"
	       "after it are held against those before it.\n\noptions:\n");
	opt_help(table, stdout);
}

/* --- the page's own command line --- */

static void put_names(FILE *out, const struct names *files)
{
	for (size_t i = 0; i < files->n && i < NAMED_APART; i++) {
		fputc(' ', out);
		runs_quote(out, files->v[i]);
	}
	if (files->n > NAMED_APART)
		fprintf(out, " ... # and %zu more files, listed below\n ", files->n - NAMED_APART);
}

/* NULL without memory. */
static char *command_line(const struct report_opts *o, const struct names sides[2])
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("./vop-bench report", out);
	put_names(out, &sides[0]);
	if (sides[1].n) {
		fputs(" --vs", out);
		put_names(out, &sides[1]);
	}
	for (unsigned i = 0; i < o->ignore.n; i++) {
		fputs(" --ignore ", out);
		runs_quote(out, o->ignore.v[i]);
	}
	if (o->any_machine)
		fputs(" --any-machine", out);
	if (o->no_plots)
		fputs(" --no-plots", out);
	if (o->title) {
		fputs(" --title ", out);
		runs_quote(out, o->title);
	}
	fputs(" -o ", out);
	runs_quote(out, o->output);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* --- files --- */

/* The table has both sides in it. */
static int write_table(const struct page *page, FILE *out)
{
	size_t olds = page->old->n, news = page->now ? page->now->n : 0;
	struct runs both = {.n = olds + news};
	int err;

	both.file = calloc(both.n + 1, sizeof(*both.file));
	if (!both.file)
		return -ENOMEM;
	memcpy(both.file, page->old->file, olds * sizeof(*both.file));
	if (news)
		memcpy(both.file + olds, page->now->file, news * sizeof(*both.file));
	err = csv_write(&both, out);
	free(both.file);
	return err;
}

/* Both files or none: neither is put in place before both are whole. */
static int write_files(const struct report_opts *o, const struct page *page)
{
	struct place html = {0}, csv = {0};
	const char *path = o->csv;
	int err = 0;

	if (o->csv)
		err = place_open(&csv, o->csv, false);
	if (!err && o->output) {
		path = o->output;
		err = place_open(&html, o->output, false);
	}
	if (!err && o->output)
		err = page_write(page, html.out, stderr);
	if (!err && o->csv) {
		path = o->csv;
		err = write_table(page, csv.out);
	}
	if (!err && o->csv)
		err = place_commit(&csv);
	if (!err && o->output) {
		path = o->output;
		err = place_commit(&html);
	}
	place_abort(&html);
	place_abort(&csv);
	return err ? cmd_could_not("cannot write the report to %s: %s; name another place", path,
				   strerror(-err))
		   : CMD_DONE;
}

static int report(const struct report_opts *o, const struct names sides[2], const struct runs *old,
		  const struct runs *now)
{
	const char *ignore[OPT_LIST_MAX + 1] = {NULL};
	struct compare_options how = compare_defaults;
	struct comparison c;
	char *line = o->output ? command_line(o, sides) : NULL;
	struct page page = {
		.old = old,
		.now = now,
		.title = o->title,
		.command_line = line,
		.plots = !o->no_plots,
	};
	int status, err = o->output && !line ? -ENOMEM : 0;

	how.any_machine = o->any_machine;
	how.ignore = ignore;
	for (unsigned i = 0; i < o->ignore.n; i++)
		ignore[i] = o->ignore.v[i];
	if (!err && o->output && now) {
		err = compare_runs(old, now, &how, &c);
		page.comparison = err ? NULL : &c;
	}
	status = err ? cmd_could_not("out of memory; report fewer files at once")
		     : write_files(o, &page);
	if (page.comparison)
		compare_free(&c);
	free(line);
	return status;
}

static int run(const struct report_opts *o, const struct names sides[2])
{
	struct runs old = {0}, now = {0};
	int status = CMD_COULD_NOT;

	/* Each line of runs_load() is its own. */
	if (runs_load(&old, sides[0].v, sides[0].n, stderr))
		return CMD_COULD_NOT;
	if (sides[1].n == 0 || runs_load(&now, sides[1].v, sides[1].n, stderr) == 0)
		status = report(o, sides, &old, sides[1].n ? &now : NULL);
	runs_free(&now);
	runs_free(&old);
	return status;
}

/* Would writing to path replace one of the results? Its name; NULL: no. */
static const char *replaced(const char *path, const struct names sides[2])
{
	struct stat to, from;

	if (!path || stat(path, &to) || !S_ISREG(to.st_mode))
		return NULL;
	for (unsigned s = 0; s < 2; s++)
		for (size_t i = 0; i < sides[s].n; i++)
			if (stat(sides[s].v[i], &from) == 0 && from.st_dev == to.st_dev &&
			    from.st_ino == to.st_ino)
				return sides[s].v[i];
	return NULL;
}

static int check(const struct report_opts *o, const struct names sides[2], bool vs)
{
	const char *lost = replaced(o->output, sides);

	lost = lost ? lost : replaced(o->csv, sides);
	if (lost)
		return cmd_could_not("report: that would replace %s, one of the results; write to "
				     "another place",
				     lost);
	if (sides[0].n == 0)
		return cmd_could_not("report of what? Name result files: vop-bench report "
				     "RESULT... -o FILE.html");
	if (vs && sides[1].n == 0)
		return cmd_could_not("report: --vs needs result files after it");
	if (!o->output && !o->csv)
		return cmd_could_not("report: where to? Name a page with -o FILE.html, or a table "
				     "with --csv FILE");
	if (o->output && o->csv && strcmp(o->output, o->csv) == 0)
		return cmd_could_not("report: the page and the table cannot both go to %s",
				     o->output);
	return CMD_DONE;
}

int cmd_report(int argc, char **argv)
{
	const char **words = calloc((size_t)argc + 1, sizeof(*words));
	char **rest = calloc((size_t)argc + 1, sizeof(*rest));
	struct names sides[2] = {{0}};
	struct report_opts o = {0};
	int status = CMD_COULD_NOT, n;
	struct opt table[OPT_MAX];
	struct opt_args args;
	size_t files, at;

	options(&o, table);
	if (!words || !rest)
		cmd_could_not("out of memory");
	else if (opt_split(table, "--vs", argc, argv, rest, &n, words, &files, &at, stderr) == 0 &&
		 opt_parse(table, 0, n, rest, &args, stderr) == 0) {
		sides[0] = (struct names){words, at < files ? at : files};
		sides[1] = (struct names){words + sides[0].n, files - sides[0].n};
		if (args.help)
			usage(table);
		status = args.help ? CMD_DONE : check(&o, sides, at != SIZE_MAX);
		if (!args.help && status == CMD_DONE)
			status = run(&o, sides);
	}
	free(words);
	free(rest);
	return status;
}
