/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "bench/blk_data.h"

int blk_map_open(struct blk_map *m, enum blk_verify verify, uint64_t sectors, uint64_t seed)
{
	*m = (struct blk_map){.verify = verify, .sectors = sectors, .seed = seed};
	if (verify == BLK_VERIFY_FULL)
		m->write = calloc(sectors, sizeof(*m->write));
	if (verify == BLK_VERIFY_STABLE)
		m->sum = calloc(sectors, sizeof(*m->sum));
	return verify == BLK_VERIFY_NONE || m->write || m->sum ? 0 : -ENOMEM;
}

void blk_map_close(struct blk_map *m)
{
	free(m->write);
	free(m->sum);
	m->write = NULL;
	m->sum = NULL;
}

uint64_t blk_sum(const uint8_t *src)
{
	const frame_block lane = FRAME_LANES;
	frame_block h = lane, b;
	uint64_t sum = 0;

	/* Each step can be undone, so two sectors that differ in one block end apart. */
	for (unsigned i = 0; i < BLK_SECTOR; i += 64) {
		memcpy(&b, src + i, 64);
		h ^= b;
		h ^= h << 13;
		h ^= h >> 7;
		h ^= h << 17;
		h += lane;
	}
	for (unsigned i = 0; i < 8; i++) {
		sum = (sum ^ h[i]) * FRAME_MIX;
		sum ^= sum >> 32;
	}
	return sum ? sum : 1;
}

bool blk_odd_sector(const struct blk_map *m, const uint8_t *src, uint64_t sector,
		    struct blk_odd *out)
{
	uint8_t want[BLK_SECTOR] __attribute__((aligned(64)));
	uint64_t word[2];

	*out = (struct blk_odd){0};
	if (m->write[sector] == 0)
		return false;
	blk_fill(want, sector, 1, m->write[sector], m->seed);
	while (out->offset < BLK_SECTOR && want[out->offset] == src[out->offset])
		out->offset++;
	if (out->offset == BLK_SECTOR)
		return false;
	memcpy(word, src, sizeof(word));
	out->sector = word[0];
	out->write = (uint32_t)(word[1] >> 32);
	blk_fill(want, out->sector, 1, out->write, m->seed);
	out->holds = memcmp(want, src, BLK_SECTOR) == 0;
	return true;
}
