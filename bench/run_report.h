/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the reports of `run net`, `run blk` and `run fs` have in common. One thread; nothing here
 * keeps state.
 */
#ifndef BENCH_RUN_REPORT_H
#define BENCH_RUN_REPORT_H

#include "bench/result.h"

/* How many rounds were disturbed, and by what. Zero is none yet. */
struct report_marks {
	unsigned rounds, marked, by[ROUND_MARK_BITS];
};

/* One round with these marks (enum round_mark). */
void report_mark(struct report_marks *s, uint32_t marks);
/* In words on standard output; nothing when no round was marked: a bracket in the table alone
 * would leave the reader guessing. */
void report_marks_print(const struct report_marks *s);

/* Is standard output a terminal of fewer columns than `wide`? It gets fewer columns of the table,
 * not broken lines. */
bool report_narrow(unsigned wide);

/* Round trips or requests of a round that a percentile needs, so that ten lie beyond it; 0 for any
 * other metric. */
double report_samples_needed(enum result_metric metric);
/*
 * Leave out rounds of regimes of which this percentile would be a few outliers: r[0..n) closes up,
 * returns how many stay. hist: by regime, NULL where none was seen.
 */
unsigned report_keep_known(struct hist *const hist[REGIMES], enum result_metric metric,
			   struct round *r, unsigned n);

/* Names of the bits of f that a user may ask for; the caller's, NULL without memory. */
json_t *report_features(uint16_t device_id, const uint64_t f[2]);

/*
 * The end of a report: write the file (json: its path, NULL for a new one in results/, where
 * no_save leaves it out) and say its name. A cmd_status after one line on standard error:
 * CMD_COULD_NOT when it cannot be written, CMD_FAILED when a figure stands above its limit.
 */
int report_finish(struct result *res, const char *json, bool no_save);

#endif
