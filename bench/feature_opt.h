/* SPDX-License-Identifier: BSD-2-Clause */
/* What --features asks for. */
#ifndef BENCH_FEATURE_OPT_H
#define BENCH_FEATURE_OPT_H

#include <stdint.h>

#include "bench/opt.h"

/*
 * Add to want[] the standard[0..n) bits and to both what the user's words add; words without signs
 * replace the standard ones, -word takes away. The words are those of feature_words(device_id).
 */
void feature_opt(uint16_t device_id, const struct opt_words *words, const unsigned *standard,
		 unsigned n, uint64_t want[2], uint64_t need[2]);

#endif
