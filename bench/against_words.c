/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/against_words.h"
#include "bench/cmd.h"

/*
 * Short rounds: neighbours in time see the same ground. Many passes of one round rather than few of
 * many: what a layout of memory happens to cost is drawn anew for each, and varies more than rounds
 * of one layout do. docs/compare.md shows what these numbers buy.
 */
static const struct {
	const char *name, *word;
} defaults[] = {
	{"passes", "--passes=96"}, /* at most: it ends when no more is needed */
	{"rounds", "--rounds=1"},
	{"duration", "--duration=10ms"},
	{"no-limit", "--no-limit"},
};

/* --- options --- */

static const struct opt *find(const struct opt *table, const char *name, size_t len)
{
	for (; table->name; table++)
		if (strlen(table->name) == len && memcmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

bool against_knows(const struct against_job *job, const char *name)
{
	return find(job->table, name, strlen(name)) != NULL;
}

/* Length of the name in "--name" or "--name=value". */
static size_t name_length(const char *word)
{
	return strcspn(word + 2, "=");
}

/* Options that are the conductor's own. */
static bool conducts(const char *word)
{
	static const char *const own[] = {"against",  "gate", "verdict", "junit",
					  "patience", "json", "no-save", "quiet"};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(own); i++)
		if (strlen(own[i]) == name_length(word) &&
		    memcmp(own[i], word + 2, name_length(word)) == 0)
			return true;
	return false;
}

/* --- what to run --- */

static bool executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* A script may be the launcher of a checkout: it builds, and hands no descriptors on. */
static bool launcher(const char *path, char *built, size_t size)
{
	const char *slash = strrchr(path, '/');
	FILE *f = fopen(path, "re");
	bool script = f && getc(f) == '#' && getc(f) == '!';

	if (f)
		fclose(f);
	if (!script || strcmp(slash ? slash + 1 : path, "vop-bench"))
		return false;
	snprintf(built, size, "%.*sbuild/vop-bench", slash ? (int)(slash - path) + 1 : 0, path);
	return true;
}

static int not_built(const char *word)
{
	return cmd_could_not("--against %s: it has no build/vop-bench; build it first: %s version",
			     word, word);
}

/* A program, the checkout it was built in, or that one's launcher. */
static int find_build(const char *word, char *path, size_t size)
{
	struct stat st;

	if (stat(word, &st))
		return cmd_could_not(
			"--against %s: no such program, checkout or target (vop:PATH); "
			"options start with --",
			word);
	if (S_ISDIR(st.st_mode)) {
		snprintf(path, size, "%s/build/vop-bench", word);
		return executable(path)
			       ? 0
			       : cmd_could_not("--against %s: there is no build/vop-bench in it; "
					       "build it first: %s/vop-bench version",
					       word, word);
	}
	if (executable(word) && launcher(word, path, size))
		return executable(path) ? 0 : not_built(word);
	snprintf(path, size, "%s%s", strchr(word, '/') ? "" : "./", word);
	return executable(path) ? 0
				: cmd_could_not("--against %s: not a program; name the "
						"built one, like build/vop-bench",
						word);
}

/* "vop:PATH", "vfio:0000:01:00.0": a scheme before the first slash, and no such file. */
static bool is_target(const char *word)
{
	size_t n = strcspn(word, ":/");

	return n && word[n] == ':' && access(word, F_OK);
}

/* An option of the second run alone. */
static int take_option(struct against_with *w, char *word)
{
	if (w->words == SIDE_WORDS)
		return cmd_could_not("--against: too many words");
	if (strncmp(word, "--", 2) == 0 && word[2] && conducts(word))
		return cmd_could_not("--against: %.*s is for both runs together; give it outside",
				     (int)name_length(word) + 2, word);
	if (strncmp(word, "--turns", 7) == 0 && name_length(word) == strlen("turns"))
		return cmd_could_not("--against: --turns is between two runs of vop-bench");
	w->word[w->words++] = word;
	return 0;
}

int against_with_parse(struct against_with *w, const char *text, const struct against_job *job)
{
	char *save = NULL, *word;
	int status = 0;

	w->text = strdup(text);
	if (!w->text)
		return cmd_could_not("out of memory");
	word = strtok_r(w->text, " \t", &save);
	if (!word)
		return cmd_could_not("--against needs a target, a build or options; see: vop-bench "
				     "run %s --help",
				     job->workload);
	if (word[0] != '-') {
		if (strcmp(word, ".") == 0)
			;
		else if (!is_target(word))
			status = find_build(word, w->build, sizeof(w->build));
		else if (against_knows(job, "target"))
			w->target = word;
		else
			status = cmd_could_not("--against %s: run %s has no target; name a build, "
					       "or options",
					       word, job->workload);
		word = strtok_r(NULL, " \t", &save);
	}
	for (; word && !status; word = strtok_r(NULL, " \t", &save))
		status = take_option(w, word);
	return status;
}

void against_with_free(struct against_with *w)
{
	free(w->text);
}

/* --- command lines --- */

/* What the user typed, without what is ours. The parser has accepted it. */
static void copy_words(struct side *s, const struct against_job *job)
{
	for (int i = 1; i < job->argc; i++) {
		char *word = job->argv[i];
		const struct opt *o = find(job->table, word + 2, name_length(word));
		bool ours = conducts(word), two = !strchr(word, '=') && o && o->kind != OPT_FLAG;

		if (strcmp(word, "--") == 0)
			continue; /* nothing can follow it */
		if (!ours)
			side_word(s, word);
		if (two && ++i < job->argc && !ours)
			side_word(s, job->argv[i]);
	}
}

void against_words(struct side *s, const struct against_job *job, const struct against_with *with,
		   bool second)
{
	side_word(s, "vop-bench");
	side_word(s, "run");
	side_word(s, job->workload);
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(defaults); i++)
		if (against_knows(job, defaults[i].name) &&
		    !opt_given(job->table, job->args, defaults[i].name))
			side_word(s, defaults[i].word);
	/*
	 * Of a target that may not be ours only transmit is measured unless more is asked for;
	 * rounds pair when both runs go the same way.
	 */
	if (with->target && against_knows(job, "dir") && !opt_given(job->table, job->args, "dir"))
		side_word(s, "--dir=tx");
	side_word(s, "--quiet");
	copy_words(s, job);
	side_own_word(s, "--json", s->file);
	side_own_word(s, "--turns", s->turns);
	if (second && with->target)
		side_own_word(s, "--target", with->target);
	for (unsigned i = 0; second && i < with->words; i++)
		side_word(s, with->word[i]);
}
