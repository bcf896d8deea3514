/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames: each byte that is wrong is noticed, and so is a frame, block or word in the wrong place.
 */
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "bench/frame.h"

#define MANY 512u

static const uint64_t seqs[] = {0, 1, 77, 1ull << 40, UINT64_MAX};

static bool differs(const uint8_t *frame, uint32_t len, uint64_t seq)
{
	frame_block odd = {0};

	frame_differ(&odd, frame, 0, len, seq);
	return frame_odd(&odd);
}

/* Every `step`th byte flipped, one bit of it at a time in turn, and put right again. */
static void flip(uint32_t len, uint64_t seq, uint32_t step)
{
	uint8_t *f = malloc((len + 63) & ~63u); /* whole blocks and no byte more, for a sanitizer */
	unsigned missed = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	frame_fill(f, 0, len, seq);
	/* What stands behind a frame is no part of it. */
	for (uint32_t i = len; i % 64; i++)
		f[i] ^= 0x55;
	CU_ASSERT_TRUE(frame_check(f, 0, len, seq));
	CU_ASSERT_FALSE(differs(f, len, seq));
	CU_ASSERT_EQUAL(frame_seq(f), seq);
	for (uint32_t i = 0; i < len; i += step) {
		f[i] ^= (uint8_t)(1u << i % 8);
		missed += frame_check(f, 0, len, seq);
		missed += !differs(f, len, seq);
		f[i] ^= (uint8_t)(1u << i % 8);
	}
	/* The last byte, whatever the step. */
	f[len - 1] ^= 0x80;
	missed += frame_check(f, 0, len, seq);
	missed += !differs(f, len, seq);
	CU_ASSERT_EQUAL(missed, 0);
	free(f);
}

static void small_ones(void)
{
	for (uint32_t len = FRAME_MIN; len <= 300; len++)
		flip(len, seqs[len % VOP_ARRAY_SIZE(seqs)], 1);
}

static void large_ones(void)
{
	flip(1518, 5, 1);
	flip(9000, 6, 7);
	flip(FRAME_MAX, 7, 61); /* neither factor of a block */
}

/* In one go or in chunks: the same bytes. */
static void chunks(void)
{
	static const uint32_t lens[] = {64, 100, 4096, 4097, 9000, FRAME_MAX};
	uint8_t *whole = malloc(FRAME_MAX + 64), *parts = malloc(FRAME_MAX + 64);

	for (unsigned k = 0; k < VOP_ARRAY_SIZE(lens); k++) {
		uint32_t at, n;
		bool good = true;

		frame_fill(whole, 0, lens[k], 3);
		for (at = 0; at < lens[k]; at += n) {
			n = VOP_MIN(lens[k] - at, FRAME_CHUNK);
			frame_fill(parts + at, at, n, 3);
			good &= frame_check(whole + at, at, n, 3);
		}
		CU_ASSERT_TRUE(good);
		CU_ASSERT_EQUAL(memcmp(whole, parts, lens[k]), 0);
	}
	free(whole);
	free(parts);
}

/* Neighbours in sequence, and blocks that changed places. */
static void misplaced(void)
{
	uint8_t f[MANY + 64], g[64]; /* one block more, for a compiler that sees reads there */

	for (uint64_t seq = 0; seq < 200; seq++) {
		frame_fill(f, 0, MANY, seq);
		CU_ASSERT_FALSE(frame_check(f, 0, MANY, seq + 1));
		CU_ASSERT_TRUE(differs(f, MANY, seq + 1));
		/* Apart from the number itself, too. */
		CU_ASSERT_FALSE(frame_check(f + 64, 64, MANY - 64, seq + 1));
	}
	frame_fill(f, 0, MANY, 9);
	memcpy(g, f + 64, 64);
	memcpy(f + 64, f + 128, 64);
	memcpy(f + 128, g, 64);
	CU_ASSERT_FALSE(frame_check(f, 0, MANY, 9));
	frame_fill(f, 0, MANY, 9);
	memcpy(g, f + 64, 8);
	memcpy(f + 64, f + 72, 8);
	memcpy(f + 72, g, 8);
	CU_ASSERT_FALSE(frame_check(f, 0, MANY, 9));
}

/* frame_differ() keeps what earlier frames left in it. */
static void gathers(void)
{
	uint8_t f[2][64];
	frame_block odd = {0};

	frame_fill(f[0], 0, 64, 1);
	frame_fill(f[1], 0, 64, 2);
	f[0][63] ^= 1;
	frame_differ(&odd, f[0], 0, 64, 1);
	frame_differ(&odd, f[1], 0, 64, 2);
	CU_ASSERT_TRUE(frame_odd(&odd));
}

/* Both ways of making the first block make the same one. */
static void at_once(void)
{
	for (uint64_t seq = 0; seq < UINT64_MAX / 2; seq = seq * 3 + 1) {
		frame_block a, b;

		frame_first(&a, seq);
		frame_first_at_once(&b, seq);
		CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
	}
}

/* What a network analyser sees: locally administered addresses, the experimental ethertype. */
static void ethernet(void)
{
	uint8_t f[64];

	frame_fill(f, 0, 64, 1);
	CU_ASSERT_EQUAL(f[0] & 3, 2);
	CU_ASSERT_EQUAL(f[6] & 3, 2);
	CU_ASSERT_EQUAL(f[12], 0x88);
	CU_ASSERT_EQUAL(f[13], 0xb5);
}

int suite_frame(void)
{
	CU_pSuite s = CU_add_suite("frame", NULL, NULL);

	if (!s || !CU_add_test(s, "small", small_ones) || !CU_add_test(s, "large", large_ones) ||
	    !CU_add_test(s, "chunks", chunks) || !CU_add_test(s, "misplaced", misplaced) ||
	    !CU_add_test(s, "gathers", gathers) || !CU_add_test(s, "at once", at_once) ||
	    !CU_add_test(s, "ethernet", ethernet))
		return CU_get_error();
	return 0;
}
