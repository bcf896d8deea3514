/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each kind of picture draws: from results to a page. Used by plot.c only, which knows how a
 * page becomes bytes.
 *
 * Each fills a page made by plot_page_init(). 0; -ENODATA: the data have nothing of this kind;
 * -ENOMEM.
 */
#ifndef BENCH_PLOT_KINDS_H
#define BENCH_PLOT_KINDS_H

#include "bench/plot_page.h"
#include "bench/plot_pick.h"

/* A rate over a parameter: SIZE to QUEUE_SIZE. */
int plot_over(struct plot_page *p, const struct runs *r, enum plot_kind kind);
bool plot_over_has(const struct runs *r, enum plot_kind kind);

/* Distributions: LATENCY and CDF. */
int plot_latency(struct plot_page *p, const struct runs *r, enum plot_kind kind);
bool plot_latency_has(const struct runs *r);

int plot_rounds(struct plot_page *p, const struct runs *r);
bool plot_rounds_has(const struct runs *r);

int plot_ratios(struct plot_page *p, const struct comparison *c);

/* What all of them say of a choice of results: title, what is common, what was left out. */
void plot_head(struct plot_page *p, const struct pick *k, const char *what);

/* Rate of the frames that were sent on purpose: not that of a round trip's own traffic. */
bool plot_is_flood(const struct run_result *r);

#endif
