/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames whose every byte is known: made from a sequence number, checked against it.
 *
 * Layout, in 64-byte blocks of eight 64-bit words: words 0 and 1 are an Ethernet header (local
 * experimental ethertype 0x88b5) and two bytes of padding, word 2 is the sequence number, all
 * others a pattern of sequence number, block and word, so that a frame, a block or a word in the
 * wrong place is noticed. Frames are at least FRAME_MIN bytes. Machine byte order: both ends are
 * this program.
 */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <vop/base.h>
#include <string.h>

#define FRAME_MIN   24u
#define FRAME_MAX   65550u
#define FRAME_CHUNK 4096u /* work unit that stays in the first-level cache; a multiple of 64 */

typedef uint64_t frame_block __attribute__((vector_size(64)));

#define FRAME_MIX  0x9e3779b97f4a7c15u
#define FRAME_STEP 0xd6e8feb86659fd93u
/* 02:00:00:00:02:00 and so on: two addresses, locally administered, and a type. */
#define FRAME_WORD_0 0x0002000000000002u
#define FRAME_WORD_1 0x0000b58801000000u
#define FRAME_LANES                                                                                \
	{                                                                                          \
		0x0102030405060708, 0x1f2e3d4c5b6a7988, 0x8091a2b3c4d5e6f7, 0x7766554433221100,    \
			0x00ff11ee22dd33cc, 0x9f8e7d6c5b4a3928, 0x5a5a5a5aa5a5a5a5,                \
			0xc3d2e1f00f1e2d3c                                                         \
	}

/* First block of a frame. Through a pointer: returning a vector by value would depend on the
 * machine flags of the caller. */
VOP_INLINE void frame_first(frame_block *b, uint64_t seq)
{
	const frame_block lane = FRAME_LANES;

	*b = lane ^ (seq * FRAME_MIX);
	(*b)[0] = FRAME_WORD_0;
	(*b)[1] = FRAME_WORD_1;
	(*b)[2] = seq;
}

/*
 * The same, put together by masks and not word by word: words are stored one by one, and a load of
 * the whole then waits until all stores before it are out, those to a device's lines included. For
 * a block that is stored to such a line right away; elsewhere words are cheaper.
 */
VOP_INLINE void frame_first_at_once(frame_block *b, uint64_t seq)
{
	const frame_block lane = FRAME_LANES, all = {0};
	const frame_block fixed = {FRAME_WORD_0, FRAME_WORD_1}, number = {0, 0, ~0ull};
	const frame_block filling = {0, 0, 0, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull};

	*b = ((lane ^ (seq * FRAME_MIX)) & filling) | ((all + seq) & number) | fixed;
}

/*
 * Write bytes [off, off + len) of frame `seq`; off is a multiple of 64. dst has room for len
 * rounded up to 64: whole blocks are written, since a tail of variable length costs more than all
 * of a small frame.
 */
VOP_INLINE void frame_fill(uint8_t *dst, uint32_t off, uint32_t len, uint64_t seq)
{
	const frame_block lane = FRAME_LANES;
	uint64_t m = seq * FRAME_MIX + off / 64 * (uint64_t)FRAME_STEP;
	frame_block mix = (frame_block){0} + m, b;
	uint32_t at = 0;

	if (off == 0) {
		frame_first(&b, seq);
		memcpy(dst, &b, 64);
		mix += FRAME_STEP;
		at = 64;
	}
	for (; at < len; at += 64, mix += FRAME_STEP) {
		b = lane ^ mix;
		memcpy(dst + at, &b, 64);
	}
}

/* len bytes of ones, then zeroes: the last block of a frame; 1 <= len <= 64. */
VOP_INLINE void frame_mask(frame_block *m, uint32_t len)
{
	static const uint8_t ones[128] = {[0 ... 63] = 0xff};

	memcpy(m, ones + 64 - len, 64);
}

/*
 * Gather into *odd every bit in which bytes [off, off + len) differ from frame `seq`. src is
 * readable for len rounded up to 64. For many pieces and frames at once.
 */
VOP_INLINE void frame_differ(frame_block *odd, const uint8_t *src, uint32_t off, uint32_t len,
			     uint64_t seq)
{
	const frame_block lane = FRAME_LANES;
	uint64_t m = seq * FRAME_MIX + off / 64 * (uint64_t)FRAME_STEP;
	frame_block mix = (frame_block){0} + m, b, got, mask;
	uint32_t at = 0;

	if (off == 0 && len >= 64) {
		frame_first(&b, seq);
		memcpy(&got, src, 64);
		*odd |= got ^ b;
		mix += FRAME_STEP;
		at = 64;
	}
	for (; at + 64 <= len; at += 64, mix += FRAME_STEP) {
		b = lane ^ mix;
		memcpy(&got, src + at, 64);
		*odd |= got ^ b;
	}
	if (at < len) {
		b = lane ^ mix;
		if (off == 0 && at == 0)
			frame_first(&b, seq);
		memcpy(&got, src + at, 64);
		frame_mask(&mask, len - at);
		*odd |= (got ^ b) & mask;
	}
}

VOP_INLINE bool frame_odd(const frame_block *odd)
{
	const frame_block d = *odd;

	return d[0] | d[1] | d[2] | d[3] | d[4] | d[5] | d[6] | d[7];
}

/* True when bytes [off, off + len) of a frame are those of `seq`; as frame_differ(). */
VOP_INLINE bool frame_check(const uint8_t *src, uint32_t off, uint32_t len, uint64_t seq)
{
	frame_block odd = {0};

	frame_differ(&odd, src, off, len, seq);
	return !frame_odd(&odd);
}

/* The sequence number a frame claims. */
VOP_INLINE uint64_t frame_seq(const uint8_t *src)
{
	uint64_t seq;

	memcpy(&seq, src + 16, 8);
	return seq;
}

#endif
