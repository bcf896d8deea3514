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

/* Through a pointer: returning a vector by value would depend on the machine flags of the caller.
 */
VOP_INLINE void frame_pattern(frame_block *b, uint64_t seq, uint64_t block)
{
	const frame_block lane = {0x0102030405060708, 0x1f2e3d4c5b6a7988, 0x8091a2b3c4d5e6f7,
				  0x7766554433221100, 0x00ff11ee22dd33cc, 0x9f8e7d6c5b4a3928,
				  0x5a5a5a5aa5a5a5a5, 0xc3d2e1f00f1e2d3c};
	uint64_t mix = seq * 0x9e3779b97f4a7c15 + block * 0xd6e8feb86659fd93;

	*b = lane ^ mix;
}

VOP_INLINE void frame_first(frame_block *b, uint64_t seq)
{
	frame_pattern(b, seq, 0);
	(*b)[0] = 0x0002000000000002; /* 02:00:00:00:02:00 and so on: locally administered */
	(*b)[1] = 0x0000b58801000000;
	(*b)[2] = seq;
}

VOP_INLINE void frame_block_of(frame_block *b, uint64_t seq, uint64_t block)
{
	if (block)
		frame_pattern(b, seq, block);
	else
		frame_first(b, seq);
}

/* Write bytes [off, off + len) of frame `seq`; off is a multiple of 64. */
VOP_INLINE void frame_fill(uint8_t *dst, uint32_t off, uint32_t len, uint64_t seq)
{
	uint64_t block = off / 64;
	frame_block b;

	for (; len >= 64; len -= 64, dst += 64, block++) {
		frame_block_of(&b, seq, block);
		memcpy(dst, &b, 64);
	}
	if (len) {
		frame_block_of(&b, seq, block);
		memcpy(dst, &b, len);
	}
}

/* True when bytes [off, off + len) of a frame are those of `seq`. */
VOP_INLINE bool frame_check(const uint8_t *src, uint32_t off, uint32_t len, uint64_t seq)
{
	uint64_t block = off / 64;
	frame_block b, got, diff = {0};

	for (; len >= 64; len -= 64, src += 64, block++) {
		frame_block_of(&b, seq, block);
		memcpy(&got, src, 64);
		diff |= got ^ b;
	}
	if (len) {
		frame_block_of(&b, seq, block);
		got = b;
		memcpy(&got, src, len);
		diff |= got ^ b;
	}
	return (diff[0] | diff[1] | diff[2] | diff[3] | diff[4] | diff[5] | diff[6] | diff[7]) == 0;
}

/* Gather into *odd every bit in which bytes [0, len) differ from frame `seq`; for many frames at
 * once. */
VOP_INLINE void frame_differ(frame_block *odd, const uint8_t *src, uint32_t len, uint64_t seq)
{
	uint64_t block = 0;
	frame_block b, got;

	for (; len >= 64; len -= 64, src += 64, block++) {
		frame_block_of(&b, seq, block);
		memcpy(&got, src, 64);
		*odd |= got ^ b;
	}
	if (len) {
		frame_block_of(&b, seq, block);
		got = b;
		memcpy(&got, src, len);
		*odd |= got ^ b;
	}
}

VOP_INLINE bool frame_odd(const frame_block *odd)
{
	const frame_block d = *odd;

	return d[0] | d[1] | d[2] | d[3] | d[4] | d[5] | d[6] | d[7];
}

/* The sequence number a frame claims. */
VOP_INLINE uint64_t frame_seq(const uint8_t *src)
{
	uint64_t seq;

	memcpy(&seq, src + 16, 8);
	return seq;
}

#endif
