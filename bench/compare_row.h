/* SPDX-License-Identifier: BSD-2-Clause */
/* One row of a comparison: units, interval, verdict. Private to compare*.c. */
#ifndef BENCH_COMPARE_ROW_H
#define BENCH_COMPARE_ROW_H

#include "bench/compare.h"

#define COMPARE_NO_REGIME "none" /* as files name REGIME_NONE */

/* One of the results that are alike, and the file it is from. */
struct compare_side {
	const struct run_file *file;
	const struct run_result *r;
};

/*
 * Fill c->row[c->rows] (without params and verdict) from results that are all alike. When they are
 * not after all, a refusal is added and the row's `old` left NULL. 0 or -ENOMEM.
 */
int compare_row_fill(struct comparison *c, const struct compare_options *o,
		     const struct compare_side *old, size_t olds, const struct compare_side *now,
		     size_t nows);

/* Judge all rows together: a chance of one in a hundred is no rarity among two hundred rows. */
int compare_rows_judge(struct comparison *c, const struct compare_options *o);

/* What a run shares with the one it was measured in turn with; "": nothing. */
const char *compare_turns_id(const struct run_file *f);

/* count results are not compared, for a reason; what names one of them. Both texts the
 * comparison's. */
int compare_refuse(struct comparison *c, const char *what, const char *reason, size_t count);

/* Text that lives as long as the comparison; NULL without memory. */
char *compare_text(struct comparison *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
