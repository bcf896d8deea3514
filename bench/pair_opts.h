/* SPDX-License-Identifier: BSD-2-Clause */
/* What workloads without a device (limits, ring) have in common: options, two workers, a result. */
#ifndef BENCH_PAIR_OPTS_H
#define BENCH_PAIR_OPTS_H

#include "bench/against.h"
#include "bench/coord.h"
#include "bench/opt.h"
#include "bench/result.h"

struct pair_opts {
	uint64_t rounds, duration;
	struct opt_sizes cpus;
	const char *json;
	bool no_save, quiet;
	struct against_opts against;
};

/*
 * Common lines into table[0..); returns how many. With --against the run is two runs, and the
 * comparison's status what pair_begin() says.
 */
unsigned pair_opts_table(struct pair_opts *o, struct opt *table);

/*
 * Parse, start the workers, begin the result. 0: go on, and call pair_end(). Otherwise *status is
 * what the command returns (help, bad usage).
 */
int pair_begin(const struct opt *table, int argc, char **argv, const char *workload,
	       const char *about, struct pair_opts *o, struct coord *c, struct result **res,
	       int *status);
/* The CPUs of both sides, equal when there is one. 0; a cmd_status after one line. */
int pair_cpus(const struct pair_opts *o, int cpu[SIDES]);
/* Once more with new workers, for another pass. 0 or a negative errno with *err. */
int pair_again(const struct pair_opts *o, unsigned pass, struct coord *c, struct vop_error *err);
/* Stop, say what failed when e is not 0, else write the result file; returns the command's status.
 */
int pair_end(const struct pair_opts *o, struct coord *c, struct result *res, int e,
	     const struct vop_error *err);

#endif
