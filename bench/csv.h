/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loaded runs as one table of comma-separated values (RFC 4180), a line for each round, for people
 * with tools of their own. docs/results.md names the columns.
 *
 * Reads the set, keeps no state; any number of threads, each with a stream of its own.
 */
#ifndef BENCH_CSV_H
#define BENCH_CSV_H

#include <stdio.h>

#include "bench/runs.h"

/* 0; -ENOMEM. Errors of out are the caller's to see. */
int csv_write(const struct runs *r, FILE *out);

#endif
