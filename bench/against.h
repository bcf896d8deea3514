/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run WORKLOAD --against WHAT: two runs in turn, A B B A, and what differs between them.
 *
 * Both are whole runs of vop-bench, in processes of their own; this program only passes the turn
 * back and forth (turns.h) and compares what they wrote. So the other side can be another target,
 * another build, or the same one with other options.
 */
#ifndef BENCH_AGAINST_H
#define BENCH_AGAINST_H

#include "bench/opt.h"

struct against_opts {
	const char *with;    /* --against; NULL: an ordinary run */
	const char *junit;   /* --junit */
	const char *verdict; /* --verdict */
	double gate;	     /* --gate in per cent; negative: none */
	uint64_t patience;   /* --patience, ns */
	const char *turns;   /* this run is a side of two: "a:ID" or "b:ID"; NULL: it is not */
};

/* The lines of a workload's table, into table[0..); returns how many. */
unsigned against_opts_table(struct against_opts *o, struct opt *table);

/* Do the options go together? alone: something is asked for that is no figure to compare. 0, or
 * -EINVAL after one line. */
int against_check(const struct against_opts *o, bool alone);

/* Which side of which two this run is, into its result. */
struct result;
void against_mark(const struct against_opts *o, struct result *r);

struct against_job {
	const char *workload;
	const struct opt *table; /* the workload's, and what the user gave of it */
	const struct opt_args *args;
	int argc;
	char **argv;
	const char *json; /* --json; NULL: under results/ */
	bool save, quiet;
};

/* Run, compare, print. A cmd_status. Main thread only: it waits for the two. */
int against_run(const struct against_opts *o, const struct against_job *job);

#endif
