/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole cache lines written to memory past the caches. An ordinary store first fetches the line
 * from the processor that read it last; where that is far away, not fetching it is worth more than
 * leaving the line in a cache.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <string.h>
#include <vop/base.h>

#if defined(__SSE2__)
#include <immintrin.h>
#define STREAM_HERE 1
#else
#define STREAM_HERE 0
#endif

/* Copy `lines` lines of 64 bytes; both ends start at one. Not ordered with anything before
 * stream_end(). */
VOP_INLINE void stream_lines(void *dst, const void *src, uint32_t lines)
{
#if defined(__AVX512F__)
	for (uint32_t i = 0; i < lines; i++)
		_mm512_stream_si512((__m512i *)dst + i, ((const __m512i *)src)[i]);
#elif defined(__SSE2__)
	for (uint32_t i = 0; i < 4 * lines; i++)
		_mm_stream_si128((__m128i *)dst + i, ((const __m128i *)src)[i]);
#else
	memcpy(dst, src, (size_t)lines * 64);
#endif
}

/* What was streamed comes before any store behind this. */
VOP_INLINE void stream_end(void)
{
#if STREAM_HERE
	_mm_sfence();
#endif
}

#endif
