/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench: the table of commands, and the two that say what there is. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/env.h"
#include "bench/opt.h"
#include "bench/result.h"

static const struct cmd commands[] = {
	{"run", "measure: run net | blk | fs | ring | limits [OPTIONS]", cmd_run, 0},
	{"conformance", "judge a device, statement by statement: conformance [OPTIONS]",
	 cmd_conformance, 0},
	{"compare", "say what changed between result files: compare OLD NEW [--gate PCT]",
	 cmd_compare, 0},
	{"plot", "draw results: plot RESULT... -o FILE.svg|.png|.pdf", cmd_plot, 0},
	{"report", "tell of results on one page of HTML: report RESULT... -o FILE", cmd_report, 0},
	{"node", "be one end of a link, or a vhost-user device: node host | endpoint | --serve",
	 cmd_node, 0},
	{"doctor", "check whether this machine is fit to measure on", cmd_doctor, 0},
	{"list", "say what there is: targets, workloads, features, metrics, options", cmd_list, 0},
	{"help", "show this list, or the help of one command", cmd_help, 0},
	{"version", "show revision, compiler and the schema of result files", cmd_version, 0},
	{"agent", "worker of a run; started by run itself", cmd_agent, 1},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct cmd *find(const char *name)
{
	int i;

	for (i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *words[COMMANDS + 1], *near;
	int i, n = 0;

	for (i = 0; i < COMMANDS; i++)
		if (!commands[i].hidden)
			words[n++] = commands[i].name;
	words[n] = NULL;
	near = opt_nearest(name, words);
	if (near)
		return cmd_could_not("unknown command '%s'; did you mean '%s'?", name, near);
	return cmd_could_not("unknown command '%s'; 'vop-bench help' lists them", name);
}

static void usage(FILE *out)
{
	int i;

	fprintf(out,
		"usage: vop-bench COMMAND [ARGUMENTS]\n\n"
		"Measures and judges virtio devices: those of its own link between two processes,\n"
		"and those of others over vhost-user. Every rate is held against what the "
		"machine,\n"
		"or the device, can do at all.\n\ncommands:\n");
	for (i = 0; i < COMMANDS; i++)
		if (!commands[i].hidden)
			fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\n'vop-bench COMMAND --help' shows the options of a command.\n"
		     "Exit status: 0 done, 1 failed, 2 could not run.\n");
}

int cmd_help(int argc, char **argv)
{
	static const struct opt none[] = {{.name = NULL}};
	static char help_option[] = "--help";
	const struct cmd *c;
	struct opt_args args;
	char *forward[3];

	if (opt_parse(none, 2, argc, argv, &args, stderr))
		return CMD_COULD_NOT;
	if (args.help || args.n == 0) {
		usage(stdout);
		return CMD_DONE;
	}
	c = find(args.v[0]);
	if (!c)
		return unknown(args.v[0]);
	if (c->fn == cmd_help) {
		usage(stdout);
		return CMD_DONE;
	}
	/* "help run net" is "run net --help". */
	forward[0] = (char *)c->name;
	forward[1] = args.n > 1 ? (char *)args.v[1] : help_option;
	forward[2] = help_option;
	return c->fn(args.n > 1 ? 3 : 2, forward);
}

int cmd_version(int argc, char **argv)
{
	static const struct opt none[] = {{.name = NULL}};
	struct opt_args args;

	if (opt_parse(none, 0, argc, argv, &args, stderr))
		return CMD_COULD_NOT;
	if (args.help)
		printf("usage: vop-bench version\n");
	else
		printf("vop-bench, revision %s, %s, results %s\n", env_git_revision(),
		       env_compiler(), RESULT_SCHEMA);
	return CMD_DONE;
}

int main(int argc, char **argv)
{
	const struct cmd *c;
	int status;

	/* A peer that dies or a full file must come back as an error, not end the process. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? CMD_COULD_NOT : CMD_DONE;
	}
	if (strcmp(argv[1], "--version") == 0)
		return cmd_version(1, argv + 1);
	c = find(argv[1]);
	if (!c)
		return unknown(argv[1]);
	status = c->fn(argc - 1, argv + 1);
	/* What was printed but could not be written was not done: a full disk, a closed pipe. */
	if (fflush(stdout) || ferror(stdout)) {
		cmd_could_not("cannot write to standard output");
		return status == CMD_DONE ? CMD_COULD_NOT : status;
	}
	return status;
}
