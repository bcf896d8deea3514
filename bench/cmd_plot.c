/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench plot RESULT... -o FILE: a picture of results. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/cmd.h"
#include "bench/opt.h"
#include "bench/plot.h"
#include "report/place.h"

struct plot_opts {
	const char *output, *title;
	unsigned kind; /* into kind_words */
	uint64_t timeout;
};

/* "auto" first, then enum plot_kind. */
static const char *const kind_words[] = {
	"auto",
#define PLOT_KIND_WORD(sym, word, text) word,
	PLOT_KINDS(PLOT_KIND_WORD)
#undef PLOT_KIND_WORD
		NULL,
};

static void opts_table(struct plot_opts *o, struct opt *table)
{
	const struct opt t[] = {
		{.name = "output",
		 .kind = OPT_STRING,
		 .to = &o->output,
		 .value = "FILE",
		 .help = "write the picture there; its ending says what it is: .svg, .png or .pdf"},
		{.name = "o",
		 .kind = OPT_STRING,
		 .to = &o->output,
		 .value = "FILE",
		 .help = "the same"},
		{.name = "kind",
		 .kind = OPT_ENUM,
		 .to = &o->kind,
		 .words = kind_words,
		 .def = "auto",
		 .help = "what to draw; auto: the first that the results can give"},
		{.name = "title",
		 .kind = OPT_STRING,
		 .to = &o->title,
		 .value = "TEXT",
		 .help = "title of the picture, instead of one made from the results"},
		{.name = "timeout",
		 .kind = OPT_DURATION,
		 .to = &o->timeout,
		 .def = "60s",
		 .min = 1000000,
		 .max = UINT64_C(3600000000000),
		 .help = "longest wait for gnuplot"},
		{.name = NULL},
	};

	*o = (struct plot_opts){0};
	memcpy(table, t, sizeof(t));
}

static void usage(const struct opt *table)
{
	printf("usage: vop-bench plot RESULT... -o FILE [options]\n"
	       "       vop-bench plot OLD... --vs NEW... -o FILE [options]\n\n"
	       "A picture of result files, drawn by gnuplot. Several are drawn over one another;\n"
	       "with --vs, one set is held against the other.\n\n"
	       "kinds:\n");
	for (unsigned k = 0; k < PLOT_KIND_COUNT; k++)
		printf("  %-10s  %s\n", plot_kind_word((enum plot_kind)k),
		       plot_kind_text((enum plot_kind)k));
	printf("\noptions:\n");
	opt_help(table, stdout);
}

/* 0, or CMD_COULD_NOT after a line. */
static int format_of(const char *path, enum plot_format *format)
{
	static const struct {
		const char *ending;
		enum plot_format format;
	} known[] = {{".svg", PLOT_SVG}, {".png", PLOT_PNG}, {".pdf", PLOT_PDF}};
	size_t n = strlen(path);

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (n > 4 && strcasecmp(path + n - 4, known[i].ending) == 0) {
			*format = known[i].format;
			return 0;
		}
	}
	return cmd_could_not("plot: the ending of '%s' says no kind of picture; use .svg, .png or "
			     ".pdf",
			     path);
}

/* Whole, or not there: what was drawn is complete before a file is begun. */
static int write_picture(const char *path, const char *bytes, size_t n)
{
	struct place place;
	int err = place_open(&place, path, false);

	if (!err && fwrite(bytes, 1, n, place.out) != n)
		err = -(errno ? errno : EIO);
	if (!err)
		err = place_commit(&place);
	if (!err)
		return CMD_DONE;
	place_abort(&place);
	return cmd_could_not("cannot write the picture to %s: %s; name another place with -o FILE",
			     path, strerror(-err));
}

/* "new against old", by the names of the files where there are two. NULL: no memory. */
static char *name_sides(const struct runs *old, const struct runs *now)
{
	const char *a = old->file[0].label, *b = now->file[0].label;
	bool two = old->n == 1 && now->n == 1 && strcmp(a, b);
	char *title;

	if (asprintf(&title, "%s against %s: ratio of medians", two ? b : "new", two ? a : "old") <
	    0)
		return NULL;
	return title;
}

static int draw_comparison(const struct runs *old, const struct runs *now, struct plot_look *look,
			   char **bytes, size_t *n)
{
	char *title = name_sides(old, now);
	struct comparison c;
	int err = compare_runs(old, now, &compare_defaults, &c);

	if (err) {
		cmd_could_not("cannot compare: %s", strerror(-err));
		free(title);
		return err;
	}
	look->title = look->title ? look->title : title;
	err = plot_comparison(&c, look, bytes, n, stderr);
	compare_free(&c);
	free(title);
	return err;
}

/* now NULL: one set only. */
static int draw(const struct plot_opts *o, const struct runs *old, const struct runs *now)
{
	struct plot_look look = {.title = o->title, .timeout_s = (double)o->timeout * 1e-9};
	char *bytes = NULL;
	size_t n = 0;
	int status = format_of(o->output, &look.format), err;

	if (status)
		return status;
	if (now) {
		err = draw_comparison(old, now, &look, &bytes, &n);
	} else {
		uint32_t has = o->kind ? 0 : plot_kinds_of(old);
		enum plot_kind kind = o->kind ? (enum plot_kind)(o->kind - 1)
				      : has   ? (enum plot_kind)__builtin_ctz(has)
					      : PLOT_ROUNDS;

		err = plot_runs(old, kind, &look, &bytes, &n, stderr);
	}
	status = err ? CMD_COULD_NOT : write_picture(o->output, bytes, n);
	free(bytes);
	return status;
}

static int load_and_draw(const struct plot_opts *o, const char *const *files, size_t n, size_t at)
{
	struct runs old = {0}, now = {0};
	int status = CMD_COULD_NOT;

	if (runs_load(&old, files, at < n ? at : n, stderr))
		return CMD_COULD_NOT;
	if (at == SIZE_MAX)
		status = draw(o, &old, NULL);
	else if (runs_load(&now, files + at, n - at, stderr) == 0)
		status = draw(o, &old, &now);
	runs_free(&now);
	runs_free(&old);
	return status;
}

/* What must be right before anything is read. */
static int check(const struct plot_opts *o, size_t n, size_t at)
{
	bool vs = at != SIZE_MAX;
	enum plot_format format;

	if (n == 0 || at == 0 || (vs && at == n))
		return cmd_could_not("plot what? vop-bench plot RESULT... -o FILE, or: plot OLD... "
				     "--vs NEW... -o FILE");
	if (!o->output)
		return cmd_could_not("plot: say where to: -o FILE.svg, .png or .pdf");
	if (vs && o->kind && o->kind - 1 != PLOT_COMPARE)
		return cmd_could_not("plot: --vs draws a comparison, not --kind %s",
				     kind_words[o->kind]);
	if (!vs && o->kind - 1 == PLOT_COMPARE)
		return cmd_could_not("plot: --kind compare needs two sets: plot OLD... --vs NEW... "
				     "-o FILE");
	return format_of(o->output, &format);
}

static int plot(int argc, char **argv, char **options, const char **files)
{
	struct opt table[OPT_MAX];
	struct plot_opts o;
	struct opt_args args;
	int n_options = 0;
	size_t n, at;

	opts_table(&o, table);
	if (opt_split(table, "--vs", argc, argv, options, &n_options, files, &n, &at, stderr) ||
	    opt_parse(table, 0, n_options, options, &args, stderr))
		return CMD_COULD_NOT;
	if (args.help) {
		usage(table);
		return CMD_DONE;
	}
	if (check(&o, n, at))
		return CMD_COULD_NOT;
	return load_and_draw(&o, files, n, at);
}

int cmd_plot(int argc, char **argv)
{
	char **options = calloc((size_t)argc + 1, sizeof(*options));
	const char **files = calloc((size_t)argc + 1, sizeof(*files));
	int status;

	if (options && files)
		status = plot(argc, argv, options, files);
	else
		status = cmd_could_not("out of memory");
	free(options);
	free(files);
	return status;
}
