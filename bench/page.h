/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a report says: loaded result files, and a comparison of two sets of them, as one HTML page
 * that needs nothing else (docs/report.md).
 *
 * One thread per page; the sets are only read.
 */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/compare.h"
#include "bench/runs.h"

/* More files than this are summed up: a row is the median of many, and nothing is drawn of each. */
#define PAGE_APART_MAX 8u

struct page {
	const struct runs *old;		     /* what is reported */
	const struct runs *now;		     /* with a comparison: the other side; else NULL */
	const struct comparison *comparison; /* of both; NULL: none */
	const char *title;		     /* NULL: one made from the data */
	const char *command_line;	     /* that made this page, as a shell takes it; NULL */
	bool plots;			     /* draw them; needs gnuplot */
};

/*
 * Write the page. 0; -ENOMEM. A full disk is out's to tell. When plots cannot be drawn the page
 * says so and why in their place, one line goes to err, and the rest is written all the same.
 */
int page_write(const struct page *p, FILE *out, FILE *err);

#endif
