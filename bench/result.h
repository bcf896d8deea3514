/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of a run: gathered entry by entry, shown as a table, written as one JSON file of
 * schema "vop-bench/1" (docs/results.md documents every field).
 *
 * One thread. Everything handed in is copied, unless a comment says otherwise.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>

#include "bench/env.h"
#include "bench/hist.h"
#include "bench/opt.h"
#include "bench/stats.h"

#define RESULT_SCHEMA "vop-bench/1"

/*
 * Stable metric words: X(symbol, word, unit, direction, what it is). Direction: UP more is better,
 * DOWN less is better. A word never changes its meaning or its unit; a new meaning is a new word.
 */
#define RESULT_METRICS(X)                                                                          \
	X(RATE, "rate", "frame/s", UP,                                                             \
	  "frames, or requests, the receiver verified in its own window")                          \
	X(GOODPUT, "goodput", "bit/s", UP, "payload bits of those frames, headers not counted")    \
	X(LATENCY_P50, "latency_p50", "ns", DOWN, "round trip, median")                            \
	X(LATENCY_P90, "latency_p90", "ns", DOWN, "round trip, 90th percentile")                   \
	X(LATENCY_P99, "latency_p99", "ns", DOWN, "round trip, 99th percentile")                   \
	X(LATENCY_P999, "latency_p999", "ns", DOWN, "round trip, 99.9th percentile")               \
	X(LATENCY_MAX, "latency_max", "ns", DOWN, "longest round trip seen")                       \
	X(CPU_DRIVER, "cpu_per_frame_driver", "ns", DOWN, "CPU time per frame, driver side")       \
	X(CPU_DEVICE, "cpu_per_frame_device", "ns", DOWN, "CPU time per frame, device side")       \
	X(CPU_SHARE_DRIVER, "cpu_share_driver", "ratio", DOWN, "busy share of a CPU, driver side") \
	X(CPU_SHARE_DEVICE, "cpu_share_device", "ratio", DOWN, "busy share of a CPU, device side") \
	X(NDR, "ndr", "frame/s", UP, "highest offered rate without a lost frame (RFC 2544 style)") \
	X(LOSS, "loss", "ratio", DOWN, "frames sent but not delivered, of those sent")             \
	X(RING_RATE, "ring_rate", "buffer/s", UP, "buffers through a bare virtqueue")              \
	X(RING_RTT, "ring_rtt", "ns", DOWN, "one buffer there and back, bare virtqueue")           \
	X(LINE_RTT, "line_rtt", "ns", DOWN, "a cache line there and back between two CPUs")        \
	X(LINE_RATE, "line_rate", "frame/s", UP, "one producer, one consumer, no protocol")        \
	X(COPY_RATE, "copy_rate", "B/s", UP, "memory copy bandwidth")                              \
	X(WAKE_RTT, "wake_rtt", "ns", DOWN, "eventfd there and back between two processes")        \
	X(VIOLATIONS, "violations", "count", DOWN, "protocol violations counted during the run")   \
	X(RESIDENT, "resident", "B", DOWN, "largest resident memory of one process")

enum result_metric {
#define RESULT_METRIC_ENUM(sym, word, unit, dir, text) METRIC_##sym,
	RESULT_METRICS(RESULT_METRIC_ENUM)
#undef RESULT_METRIC_ENUM
		METRIC_COUNT
};

/* Word, unit, explanation of a metric; more_is_better: which way it improves. Never NULL. */
const char *result_metric_word(enum result_metric m);
const char *result_metric_unit(enum result_metric m);
const char *result_metric_text(enum result_metric m);
bool result_metric_more_is_better(enum result_metric m);
/* A rate counts frames, or requests: both units are right for it. Others have one unit. */
bool result_metric_unit_ok(enum result_metric m, const char *unit);

/* A share of its limit above this is an error: the limit or the figure was measured wrongly. */
#define RESULT_LIMIT_SLACK 0.01

/* What distinguishes one entry from others of the same name: "size": 64. */
struct result_param {
	const char *key;  /* a list ends with NULL */
	const char *text; /* the value when not NULL */
	double number;	  /* otherwise */
};

/*
 * One figure with its rounds. An entry that saw several regimes becomes one result per regime,
 * since only like may be compared with like.
 */
struct result_entry {
	const char *name; /* "net.tx"; the same over all runs, for compare */
	enum result_metric metric;
	bool pace;	  /* the limit is one side's pace at its best; it may be passed a little */
	const char *unit; /* one that result_metric_unit_ok(); NULL: result_metric_unit() */
	const struct result_param *params; /* NULL: none */
	struct round *rounds;		   /* judged here, in place */
	unsigned rounds_n;
	/*
	 * The bound this figure is held against, same unit. Either each round has its own
	 * (round.limit: then the median of those counts), or there is one per regime here; 0: none
	 * was measured in that regime. limit_name NULL: the figure has no limit.
	 */
	const char *limit_name;
	double limit[REGIMES];
	/* Latencies: the whole distribution, apart for each regime of the rounds; NULL: none.
	 * Record a round into a histogram of its own, then merge it here by round.regime. */
	const struct hist *hist[REGIMES];
	bool unverified;  /* a foreign sink took the frames: nobody checked them */
	const char *note; /* one sentence worth keeping; NULL: none */
};

struct result;

struct result_config {
	const char *workload; /* "net"; also the default file's name: letters, digits, '-' */
	int argc;	      /* command line as given */
	char **argv;
	const char *target;	/* URI */
	const struct opt *opts; /* table whose targets hold the effective values; NULL: none */
	const struct env *env;	/* NULL: collected here */
};

/*
 * Begin, before anything is measured: `started` and `duration_s` of the file count from here, and
 * the environment is collected here. NULL when memory ran out. Freed with result_free().
 */
struct result *result_new(const struct result_config *cfg);
void result_free(struct result *r);

/* Add an entry. 0; -EINVAL: no rounds, a value that is not finite, or an empty name; -ENOMEM. */
int result_add(struct result *r, const struct result_entry *e);

/* Put a fact of your own into the "run" object; takes the reference, also on failure. */
int result_run_fact(struct result *r, const char *key, json_t *value);

/* A figure stood above its limit, a run is not to be trusted: the command ends with CMD_FAILED. */
bool result_limit_exceeded(const struct result *r);

/* The document; borrowed. For tests and for commands that print it. */
json_t *result_json(const struct result *r);

/* Put env into an object as "environment" of a result file; 0 or -ENOMEM. */
int result_put_environment(json_t *run, const struct env *e);

/* Show it: one line per result and regime, shares of limits, marks, errors. colour: see table.h. */
void result_print(const struct result *r, FILE *out);
/* The same from a document read from a file: tolerates what it does not know. */
void result_print_json(const json_t *doc, FILE *out);

/*
 * Could result_write(path) succeed? Asked before a long measurement. 0; one line on err and a
 * negative errno when it could not. A disk that fills up meanwhile is seen by result_write() only.
 */
int result_check_place(const char *path, FILE *err);

/*
 * Write the file. path NULL: results/WORKLOAD-YYYYmmdd-HHMMSS[-n].json, directory made when
 * missing, never overwriting; otherwise path is replaced. Written beside, synced, then put in
 * place, so no half a file is ever seen. On success the name is copied to written (may be NULL). On
 * failure: one line on err, a negative errno, nothing left behind.
 */
int result_write(struct result *r, const char *path, char *written, size_t size, FILE *err);

#endif
