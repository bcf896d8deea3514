/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The traffic of `run fs`: actors, one request each in flight, over all request queues. An actor
 * goes on with its next request as soon as its answer is there and was checked.
 *
 * One thread, the connection's.
 */
#ifndef BENCH_FS_LOAD_H
#define BENCH_FS_LOAD_H

#include "bench/fs_tree.h"
#include "bench/hist.h"

/* X(symbol, word, moves data, writes, what it is) */
#define FS_PATTERNS(X)                                                                             \
	X(GETATTR, "getattr", 0, 0, "GETATTR of the files in turn")                                \
	X(LOOKUP, "lookup", 0, 0, "LOOKUP of the files' names in turn")                            \
	X(OPEN, "open", 0, 0, "OPEN and RELEASE of the files in turn")                             \
	X(CHURN, "churn", 0, 0,                                                                    \
	  "CREATE, LOOKUP, GETATTR, RELEASE, UNLINK, LOOKUP (in vain), FORGET of a new file")      \
	X(SEQREAD, "seqread", 1, 0, "READ of the files from end to end")                           \
	X(RANDREAD, "randread", 1, 0, "READ of blocks at random")                                  \
	X(SEQWRITE, "seqwrite", 1, 1, "WRITE of the files from end to end")                        \
	X(RANDWRITE, "randwrite", 1, 1, "WRITE of blocks at random")

enum fs_pattern {
#define FS_PATTERN_ENUM(sym, word, data, writes, text) FS_##sym,
	FS_PATTERNS(FS_PATTERN_ENUM)
#undef FS_PATTERN_ENUM
		FS_PATTERNS_N,
	FS_FILL = FS_PATTERNS_N, /* every block once, written */
	FS_CHECK,		 /* every block once, read */
};
extern const char *const fs_pattern_words[FS_PATTERNS_N + 1];
bool fs_pattern_data(enum fs_pattern p);
bool fs_pattern_writes(enum fs_pattern p);

#define FS_SLICES 20u

struct fs_job {
	enum fs_pattern pattern;
	unsigned depth; /* on each request queue */
	/* FS_FILL and FS_CHECK end by themselves; others after warm-up and run. */
	uint64_t warm_ns, run_ns;
	uint64_t random; /* seed of the order of blocks */
	bool (*stop)(void);
};

struct fs_job_result {
	uint64_t window_ns;
	uint64_t requests;	 /* answered in the window, FORGET not counted */
	uint64_t bytes;		 /* of data in them */
	double slice[FS_SLICES]; /* requests a second */
	unsigned slices;
	struct hist latency; /* of each request in the window */
};

/*
 * Run a job; nothing is out before and after. 0; -EINTR when stop() says so (nothing is wrong
 * then); -EINVAL: depth needs more slots or blocks than there are; else the connection's failure.
 */
int fs_load_run(struct fs_conn *c, struct fs_tree *t, const struct fs_job *j,
		struct fs_job_result *r);

#endif
