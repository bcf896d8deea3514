/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What files hold: every 8 bytes follow from the run's seed, the file, the place in the file and
 * how often the block was written, so that a byte that is altered, displaced, left over from an
 * earlier write or from another file shows.
 *
 * Pure functions.
 */
#ifndef BENCH_FS_DATA_H
#define BENCH_FS_DATA_H

#include <stdbool.h>
#include <stdint.h>

struct fs_stamp {
	uint64_t seed;
	uint32_t file;
	uint32_t generation; /* of the block */
};

/* Fill len bytes that will lie at byte off of the file. */
void fs_data_fill(uint8_t *dst, uint32_t len, const struct fs_stamp *s, uint64_t off);
/* Index of the first byte that is not as fs_data_fill() makes it; len: all are. */
uint32_t fs_data_check(const uint8_t *src, uint32_t len, const struct fs_stamp *s, uint64_t off);

#endif
