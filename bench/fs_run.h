/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and state of one `run fs`. Shared by run_fs.c, fs_opts.c and fs_report.c only. */
#ifndef BENCH_FS_RUN_H
#define BENCH_FS_RUN_H

#include "bench/fs_link.h"
#include "bench/fs_load.h"
#include "bench/measure.h"
#include "bench/pair_opts.h"
#include "bench/result.h"
#include "report/table.h"

extern const char *const fs_notify_words[];
extern const char *const fs_ring_words[];

struct fs_opts {
	struct pair_opts pair;
	struct opt_words pattern;
	struct opt_sizes size, depth;
	unsigned ring, notify;
	uint64_t queues, queue_size, files, span, seed, spin, timeout;
	const char *target, *spawn;
	bool no_limit;
};

/* The table over o; lives as long as o. OPT_MAX lines. */
void fs_opts_table(struct fs_opts *o, struct opt *table);

/* Derived values. */
struct fs_plan {
	unsigned patterns;
	enum fs_pattern pattern[FS_PATTERNS_N];
	uint32_t size_max, depth_max;
	int cpu[SIDES];
	bool yield, data;
};

/* Check the options against one another and derive the plan. 0; -EINVAL with *err. */
int fs_plan_make(const struct fs_opts *o, struct fs_plan *p, struct vop_error *err);

struct fs_round {
	struct round round;
	double p[3]; /* latency: 50, 99, 99.9 %, ns */
	double slices[FS_SLICES];
	double copy; /* bytes a second that this machine copies, around this round; 0: not known */
	double cpu_device; /* ns a request; 0: not known */
};

/* One pattern at one size and depth. */
struct fs_case {
	enum fs_pattern pattern;
	uint32_t size, depth; /* size 0: no data */
	unsigned rounds;
	struct fs_round *m;
	struct hist *hist[REGIMES]; /* NULL where none was seen */
};

struct fs_run {
	struct fs_opts o;
	struct fs_plan p;
	struct coord c;
	struct result *res;
	struct vop_error err;
	struct progress progress;
	unsigned done, total;
	struct fs_case *cases;
	unsigned cases_n;
	struct fs_link_config lc;
	struct fs_link link;
	struct fs_terms terms;
	struct fs_tree tree;
	struct fs_books books; /* of the whole run */
	uint64_t features[2], offered[2];
	unsigned queues_there;
	uint16_t queue_size;
	unsigned checked;	 /* answers of the tour */
	bool opened;		 /* the device was reached: what goes wrong now is a failure */
	char left[FS_TREE_NAME]; /* a directory that could not be removed; "" */
};

/* Table, result file; returns a cmd_status. */
int fs_report(struct fs_run *n);

#endif
