/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "bench/fs_data.h"

#define ODD 0x9e3779b97f4a7c15ull

/* The finaliser of SplitMix64: every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static uint64_t base(const struct fs_stamp *s)
{
	return mix(mix(s->seed + ODD) ^ ((uint64_t)s->file << 32 | s->generation));
}

/* Neighbours differ by an odd number: a loop over them needs no multiplication. */
static uint64_t word(uint64_t b, uint64_t index)
{
	return b + index * ODD;
}

static uint8_t byte(uint64_t b, uint64_t off)
{
	return (uint8_t)(word(b, off / 8) >> (8 * (off % 8)));
}

static uint64_t little(uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap64(v);
#else
	return v;
#endif
}

void fs_data_fill(uint8_t *dst, uint32_t len, const struct fs_stamp *s, uint64_t off)
{
	uint64_t b = base(s), v;
	uint32_t i = 0;

	for (; i < len && (off + i) % 8; i++)
		dst[i] = byte(b, off + i);
	for (; i + 8 <= len; i += 8) {
		v = little(word(b, (off + i) / 8));
		memcpy(dst + i, &v, 8);
	}
	for (; i < len; i++)
		dst[i] = byte(b, off + i);
}

uint32_t fs_data_check(const uint8_t *src, uint32_t len, const struct fs_stamp *s, uint64_t off)
{
	uint64_t b = base(s), v;
	uint32_t i = 0;

	for (; i < len && (off + i) % 8; i++)
		if (src[i] != byte(b, off + i))
			return i;
	for (; i + 8 <= len; i += 8) {
		memcpy(&v, src + i, 8);
		if (v != little(word(b, (off + i) / 8)))
			break;
	}
	for (; i < len; i++)
		if (src[i] != byte(b, off + i))
			return i;
	return len;
}
