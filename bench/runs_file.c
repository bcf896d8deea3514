/* SPDX-License-Identifier: BSD-2-Clause */
/* One result file: its bytes into JSON, the "run" object into plain structures; see runs_file.h. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result.h"
#include "bench/runs_file.h"

#define OUR_FILE "; name a file that 'vop-bench run' wrote"

/* --- the run object --- */

/* A word as a shell reads it back; what would break the line as $'...' writes it. */
void runs_quote(FILE *out, const char *s)
{
	const char *c;

	if (*s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "_@%+=:,./-") == strlen(s)) {
		fputs(s, out);
		return;
	}
	for (c = s; *c && !iscntrl((unsigned char)*c); c++)
		;
	fputs(*c ? "$'" : "'", out);
	for (; *s; s++) {
		if (*c && iscntrl((unsigned char)*s))
			fprintf(out, "\\%03o", (unsigned char)*s);
		else if (*c && (*s == '\'' || *s == '\\'))
			fprintf(out, "\\%c", *s);
		else if (*s == '\'')
			fputs("'\\''", out);
		else
			fputc(*s, out);
	}
	fputc('\'', out);
}

static int read_command_line(const struct runs_reader *rd, const json_t *run, struct run_file *f)
{
	const json_t *words, *word;
	char *text = NULL;
	size_t n = 0, i;
	FILE *out;
	int err = runs_array(rd, run, "command_line", RUNS_MUST, &words);

	if (err)
		return err;
	out = open_memstream(&text, &n);
	if (!out)
		return runs_no_memory(rd);
	fputs("vop-bench run", out);
	json_array_foreach(words, i, word)
	{
		/* An empty word is written as null. */
		if (!json_is_string(word) && !json_is_null(word))
			err = runs_wrong(rd, "command_line", "holds something that is not text");
		fputc(' ', out);
		runs_quote(out, json_is_string(word) ? json_string_value(word) : "");
	}
	if (fclose(out) && !err)
		err = runs_no_memory(rd);
	if (!err) {
		f->command_line = runs_keep(rd, text, n);
		err = f->command_line ? 0 : runs_no_memory(rd);
	}
	free(text);
	return err;
}

/* The bins the file was made with; a later program may have others. */
static int read_bins(struct runs_reader *rd, const json_t *run)
{
	const json_t *bins, *bin;
	size_t i;
	int err = runs_array(rd, run, "regimes", RUNS_MAY, &bins);

	if (err)
		return err;
	rd->at.in = "run.regimes.";
	json_array_foreach(bins, i, bin)
	{
		double below = INFINITY;

		if (i == sizeof(rd->bin) / sizeof(rd->bin[0]))
			break;
		err = runs_text(rd, bin, "name", RUNS_MUST, &rd->bin[i].name);
		if (!err)
			err = runs_amount(rd, bin, "below_ns", RUNS_MAY, &below);
		if (err)
			return err;
		rd->bin[i].below_ns = below;
		rd->bins = (unsigned)i + 1;
	}
	return 0;
}

static int read_environment(struct runs_reader *rd, const json_t *run, struct run_file *f)
{
	const json_t *env;
	int err = runs_object(rd, run, "environment", RUNS_MAY, &env);

	rd->at.in = "run.environment.";
	if (!err)
		err = runs_text(rd, env, "git_revision", RUNS_MAY, &f->revision);
	if (!err)
		err = runs_text(rd, env, "cpu_model", RUNS_MAY, &f->cpu_model);
	if (!err)
		err = runs_text(rd, env, "kernel", RUNS_MAY, &f->kernel);
	return err;
}

static int read_run(struct runs_reader *rd, const json_t *run, struct run_file *f)
{
	int err;

	f->target = f->started = f->revision = f->cpu_model = f->kernel = "";
	rd->at.in = "run.";
	err = runs_text(rd, run, "workload", RUNS_MUST, &f->workload);
	if (!err)
		err = runs_text(rd, run, "target", RUNS_MAY, &f->target);
	if (!err)
		err = runs_text(rd, run, "started", RUNS_MAY, &f->started);
	if (!err)
		err = runs_amount(rd, run, "duration_s", RUNS_MUST, &f->duration_s);
	if (!err)
		err = read_command_line(rd, run, f);
	if (!err)
		err = read_environment(rd, run, f);
	rd->at.in = "run.";
	if (!err)
		err = read_bins(rd, run);
	return err;
}

/* --- the whole --- */

/* Is it ours, and of a schema we know? */
static int check_schema(const json_t *doc, struct runs_fault *why)
{
	const char *schema = json_string_value(json_object_get(doc, "schema"));
	const char *slash = strrchr(RESULT_SCHEMA, '/');
	size_t stem = (size_t)(slash - RESULT_SCHEMA) + 1;

	if (!schema)
		return runs_refuse(why, -EINVAL,
				   "is JSON, but no result file: it has no \"schema\"%s", OUR_FILE);
	if (strcmp(schema, RESULT_SCHEMA) == 0)
		return 0;
	if (strncmp(schema, RESULT_SCHEMA, stem) == 0 &&
	    strtol(schema + stem, NULL, 10) > strtol(slash + 1, NULL, 10))
		return runs_refuse(
			why, -EINVAL,
			"was made by a newer vop-bench: schema %.40s, this program knows %s; "
			"read it with that one",
			schema, RESULT_SCHEMA);
	return runs_refuse(why, -EINVAL, "is no result file: its schema is '%.40s', not %s%s",
			   schema, RESULT_SCHEMA, OUR_FILE);
}

/* Why jansson would not take it. */
static int not_json(const char *buf, size_t n, const json_error_t *e, struct runs_fault *why)
{
	size_t start = 0;
	bool to_the_end = e->position >= 0 && (size_t)e->position >= n;

	while (start < n && isspace((unsigned char)buf[start]))
		start++;
	if (start == n)
		return runs_refuse(why, -EINVAL, "is empty; was it copied whole?");
	switch (json_error_code(e)) {
	case json_error_out_of_memory:
		return runs_refuse(why, -ENOMEM, "%s", strerror(ENOMEM));
	case json_error_premature_end_of_input:
		to_the_end = true;
		break;
	case json_error_end_of_input_expected:
	case json_error_duplicate_key:
		to_the_end = false;
		break;
	default:
		break;
	}
	if (buf[start] == '{' && to_the_end)
		return runs_refuse(why, -EINVAL, "ends in the middle; was it copied whole?");
	if (buf[start] == '{')
		return runs_refuse(why, -EINVAL,
				   "is no sound JSON: line %d, column %d: %s; was it edited? Take "
				   "the file as vop-bench wrote it",
				   e->line, e->column, e->text);
	return runs_refuse(why, -EINVAL, "is not JSON: line %d, column %d: %s%s", e->line,
			   e->column, e->text, OUR_FILE);
}

/*
 * The document; *skimmed: with its distributions as texts. NULL after filling *e, from the bytes as
 * they are in the file.
 */
static json_t *parse(const char *buf, size_t n, bool *skimmed, json_error_t *e)
{
	char *brief = malloc(RUNS_SKIM_ROOM(n));
	size_t brief_n = brief ? runs_skim(buf, n, brief) : 0;
	json_t *doc = brief_n ? json_loadb(brief, brief_n, JSON_REJECT_DUPLICATES, e) : NULL;

	free(brief);
	*skimmed = doc != NULL;
	return doc ? doc : json_loadb(buf, n, JSON_REJECT_DUPLICATES, e);
}

int runs_parse(const char *buf, size_t n, struct arena *a, struct run_file *f,
	       struct runs_fault *why)
{
	struct runs_reader rd = {.a = a, .why = why, .at = {RUNS_NONE, RUNS_NONE, ""}};
	const json_t *run;
	json_error_t e;
	json_t *doc;
	int err;

	memset(f, 0, sizeof(*f));
	doc = parse(buf, n, &rd.skimmed, &e);
	if (!doc)
		return not_json(buf, n, &e, why);
	err = check_schema(doc, why);
	if (!err)
		err = runs_object(&rd, doc, "run", RUNS_MUST, &run);
	if (!err)
		err = read_run(&rd, run, f);
	if (!err)
		err = runs_results(&rd, doc, f);
	if (err)
		memset(f, 0, sizeof(*f));
	else
		f->run = json_incref((json_t *)run);
	json_decref(doc);
	return err;
}
