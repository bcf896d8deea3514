/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When have two runs in turn been compared long enough? For each case the pairs so far tell how
 * wide its interval is: the same rank interval that is reported in the end. Only the *width*
 * decides, never where the interval lies: to stop when a difference shows would be to find one in
 * the end.
 *
 * Not thread-safe; one conductor.
 */
#ifndef BENCH_ENOUGH_H
#define BENCH_ENOUGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct enough;

/* Until the interval is `width` to each side (relative), but at least `least` pairs and at most as
 * many rounds as are asked for. NULL without memory. */
struct enough *enough_new(double width, unsigned least);
void enough_free(struct enough *e);

/* One pair of rounds of a case: the ratio of their figures, and the round trip they saw. */
void enough_add(struct enough *e, uint32_t which, double ratio, double rtt_ns);
/* Rounds of this case were measured, whatever came of them; returns how many times before. */
unsigned enough_count(struct enough *e, uint32_t which);
/* Are more rounds of this case of no use? */
bool enough_of(const struct enough *e, uint32_t which);
/* Cases seen, and how many of them are done. */
void enough_sum(const struct enough *e, unsigned *cases, unsigned *done);

#endif
