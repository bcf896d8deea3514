/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of vop-bench. main.c holds the table and hands over; each command lives in its own
 * file and parses its own options with bench/opt.h.
 *
 * A command gets argv[0] = its own name, answers --help on standard output, and returns an exit
 * status. Commands run on the main thread.
 */
#ifndef BENCH_CMD_H
#define BENCH_CMD_H

#include <stdio.h>

/* What the process tells its caller. */
enum cmd_status {
	CMD_DONE = 0, /* done, or passed */
	CMD_FAILED =
		1, /* it ran, and the answer is no: frames lost, a check failed, a gate closed */
	CMD_COULD_NOT = 2, /* it could not run: bad usage, missing target; one line said why */
};

struct cmd {
	const char *name;
	const char *help; /* one line for the list of commands */
	int (*fn)(int argc, char **argv);
	int hidden; /* works, but stays out of the list: for our own processes */
};

int cmd_run(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_conformance(int argc, char **argv);
int cmd_node(int argc, char **argv);
int cmd_agent(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_version(int argc, char **argv);

/*
 * Workloads of `vop-bench run`: X(word, what it measures). cmd_run() expands this into its dispatch
 * table, `list workloads` into its text: one line here per workload. run_WORD() gets argv[0] = word
 * and returns a cmd_status.
 */
#define BENCH_WORKLOADS(X)                                                                         \
	X(net, "virtio-net frames between two processes: transmit, receive, both, round trip")     \
	X(blk, "requests to a virtio block device: read, write, flush; every byte verified")       \
	X(fs, "a FUSE session over virtio-fs: files and directories; every byte verified")         \
	X(ring, "the virtqueues alone, no payload: cost of a descriptor in both formats")          \
	X(limits, "what this machine can do at all: round trip, lines, copies, wake-ups")

#define BENCH_WORKLOAD_DECLARE(word, help) int run_##word(int argc, char **argv);
BENCH_WORKLOADS(BENCH_WORKLOAD_DECLARE)
#undef BENCH_WORKLOAD_DECLARE

/*
 * Say in one line on standard error what is wrong and what to do about it, prefixed with the
 * program's name; returns CMD_COULD_NOT so that `return cmd_could_not(...)` reads well.
 */
int cmd_could_not(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
