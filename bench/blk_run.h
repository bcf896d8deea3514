/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and state of one `run blk`. Shared by run_blk.c, blk_opts.c and blk_report.c only. */
#ifndef BENCH_BLK_RUN_H
#define BENCH_BLK_RUN_H

#include "bench/blk_load.h"
#include "bench/measure.h"
#include "bench/pair_opts.h"
#include "bench/result.h"
#include "report/table.h"

extern const char *const blk_pattern_words[BLK_PATTERNS + 1];
extern const char *const blk_notify_words[];
extern const char *const blk_verify_words[];

struct blk_opts {
	struct pair_opts pair;
	struct opt_words pattern, features;
	struct opt_sizes size, depth;
	unsigned ring, notify;
	uint64_t queues, queue_size, batch, span, seed, mix, rate, spin, timeout, passes;
	const char *target, *spawn, *disk;
	bool destroy, no_verify, no_limit, no_huge;
};

/* The table over o; lives as long as o. OPT_MAX lines. */
void blk_opts_table(struct blk_opts *o, struct opt *table);

/* Derived values. */
struct blk_plan {
	bool foreign;  /* the target is not ours: one agent */
	bool defaults; /* nobody named the patterns: those a disk cannot do are left out */
	bool packed, may_write;
	unsigned patterns;
	enum blk_pattern pattern[BLK_PATTERNS];
	uint32_t size_max, size_unit, depth_max;
	uint16_t queue_size;
	uint64_t want[2], need[2], window;
	int cpu[SIDES];
	bool yield;
};

/* Check the options against one another and derive the plan. 0; -EINVAL with *err. */
int blk_plan_make(const struct blk_opts *o, const struct opt *table, const struct opt_args *args,
		  struct blk_plan *p, struct vop_error *err);

/* One pattern at one size and depth; over all passes. */
struct blk_case {
	enum blk_pattern pattern;
	uint32_t size, depth; /* size 0: flush */
	unsigned rounds, room;
	struct measured *m;
	struct hist *hist[REGIMES]; /* NULL where none was seen */
};

struct blk_run {
	struct blk_opts o;
	struct blk_plan p;
	struct coord c;
	struct result *res; /* begun before the first round */
	struct vop_error err;
	struct progress progress;
	unsigned done, total, pass;
	struct blk_case *cases;
	unsigned cases_n;
	uint64_t features[2], offered[2];
	uint32_t device_queues;
	struct agent_disk disk;
	bool opened; /* the device was reached: what goes wrong now is a failure */
	/* all sessions so far; the books of the present one are in the shared block */
	uint64_t submitted, compared, written;
	uint64_t resident[SIDES];
	bool huge, known[SIDES];
};

int blk_case_hist(struct blk_case *k, enum regime r, const struct hist *h);
void blk_case_free(struct blk_case *k);
/* Table, result file; returns a cmd_status. */
int blk_report(struct blk_run *n);

#endif
