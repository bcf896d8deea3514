/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sectors whose every byte is known: made from the sector's number, the number of the write that
 * put them there, and the run's seed; and the memory of which write was the last.
 *
 * A sector is eight 64-byte blocks of eight 64-bit words. Words 0 and 1 of the first block say in
 * clear which sector, write and seed it is, so that a stale or misplaced one is told from a damaged
 * one; all others are a pattern of the three and of their place. Machine byte order: who wrote them
 * reads them.
 *
 * One thread for each struct blk_map.
 */
#ifndef BENCH_BLK_DATA_H
#define BENCH_BLK_DATA_H

#include <string.h>

#include "bench/frame.h"

#define BLK_SECTOR 512u
#define BLK_CHUNK  4096u /* worked on at a time: stays in the first-level cache */

enum blk_verify {
	BLK_VERIFY_FULL,   /* against what was written */
	BLK_VERIFY_STABLE, /* against what was read first: nobody may write */
	BLK_VERIFY_NONE,
};

/* What each sector of the span holds. */
struct blk_map {
	enum blk_verify verify;
	uint64_t sectors; /* in the span */
	uint64_t seed;
	uint32_t *write; /* FULL: number of the last write; 0: not known */
	uint64_t *sum;	 /* STABLE: of what was read first; 0: not read yet */
	uint32_t writes; /* number of the write that was given out last */
};

/* Tables for so many sectors. 0; -ENOMEM. */
int blk_map_open(struct blk_map *m, enum blk_verify verify, uint64_t sectors, uint64_t seed);
void blk_map_close(struct blk_map *m);

/* A number for the next write; never 0. */
VOP_INLINE uint32_t blk_map_next(struct blk_map *m)
{
	if (++m->writes == 0)
		m->writes = 1;
	return m->writes;
}

/* Block 0 of a sector, and what the others continue. */
VOP_INLINE uint64_t blk_first(frame_block *b, uint64_t sector, uint32_t write, uint64_t seed)
{
	const frame_block lane = FRAME_LANES;
	uint64_t m = (sector + 1) * FRAME_MIX ^ (uint64_t)write * FRAME_STEP ^ seed;

	m = (m ^ m >> 32) * FRAME_MIX;
	m ^= m >> 29;
	*b = lane ^ m;
	(*b)[0] = sector;
	(*b)[1] = (uint64_t)write << 32 | (uint32_t)seed;
	return m;
}

/* Make n sectors of one write. */
VOP_INLINE void blk_fill(uint8_t *dst, uint64_t sector, uint32_t n, uint32_t write, uint64_t seed)
{
	const frame_block lane = FRAME_LANES;

	for (; n; n--, sector++, dst += BLK_SECTOR) {
		frame_block b, mix = {0};

		mix += blk_first(&b, sector, write, seed);
		memcpy(dst, &b, 64);
		for (unsigned i = 64; i < BLK_SECTOR; i += 64) {
			mix += FRAME_STEP;
			b = lane ^ mix;
			memcpy(dst + i, &b, 64);
		}
	}
}

/* Gather into *odd every bit in which one sector differs from what that write put there. */
VOP_INLINE void blk_differ(frame_block *odd, const uint8_t *src, uint64_t sector, uint32_t write,
			   uint64_t seed)
{
	const frame_block lane = FRAME_LANES;
	frame_block b, got, mix = {0};

	mix += blk_first(&b, sector, write, seed);
	memcpy(&got, src, 64);
	*odd |= got ^ b;
	for (unsigned i = 64; i < BLK_SECTOR; i += 64) {
		mix += FRAME_STEP;
		b = lane ^ mix;
		memcpy(&got, src + i, 64);
		*odd |= got ^ b;
	}
}

/* A number for what a sector holds, every bit of it counting; never 0. */
uint64_t blk_sum(const uint8_t *src);

/*
 * Are these n sectors what they should be? Learns those it does not know when verify says so. src
 * is private memory. *bytes grows by what was compared.
 */
VOP_INLINE bool blk_same(struct blk_map *m, const uint8_t *src, uint64_t sector, uint32_t n,
			 uint64_t *bytes)
{
	frame_block odd = {0};
	bool same = true;

	if (m->verify == BLK_VERIFY_STABLE) {
		for (uint32_t i = 0; i < n; i++) {
			uint64_t sum = blk_sum(src + i * BLK_SECTOR), *known = &m->sum[sector + i];

			if (*known) {
				same &= *known == sum;
				*bytes += BLK_SECTOR;
			} else {
				*known = sum;
			}
		}
		return same;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t write = m->write[sector + i];

		if (vop_unlikely(write == 0))
			continue;
		blk_differ(&odd, src + i * BLK_SECTOR, sector + i, write, m->seed);
		*bytes += BLK_SECTOR;
	}
	return !frame_odd(&odd);
}

/* n sectors hold this write now; 0: nobody knows. */
VOP_INLINE void blk_map_wrote(struct blk_map *m, uint64_t sector, uint32_t n, uint32_t write)
{
	for (uint32_t i = 0; m->write && i < n; i++)
		m->write[sector + i] = write;
}

/* What is wrong with one sector that is not what it should be. */
struct blk_odd {
	uint32_t offset; /* of the first wrong byte */
	bool holds;	 /* it is whole and of this seed, but another sector or write: */
	uint64_t sector;
	uint32_t write;
};
/* Look closer at a sector; false when it is as it should be. FULL only. */
bool blk_odd_sector(const struct blk_map *m, const uint8_t *src, uint64_t sector,
		    struct blk_odd *out);

#endif
