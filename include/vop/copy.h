/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copying payload by the CPU, by size class, and prefetching what is about to be copied.
 * Small jobs are a few overlapping vector moves inline; large ones go to the C library, which knows
 * the machine. Not for a window of memory class `device`: see mem_device.h.
 */
#ifndef VOP_COPY_H
#define VOP_COPY_H

#include <string.h>
#include <vop/base.h>

/* Copy len bytes; the ranges do not overlap. Constant-size copies become plain vector loads and
 * stores. */
VOP_INLINE void vop_copy(void *dst, const void *src, size_t len)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if (len > 256) {
		memcpy(d, s, len);
	} else if (len > 128) {
		uint8_t a[64], b[64], c[64], e[64];

		/* 129..256: two blocks from the start, two from the end, overlapping in the middle.
		 */
		__builtin_memcpy(a, s, 64);
		__builtin_memcpy(b, s + 64, 64);
		__builtin_memcpy(c, s + len - 128, 64);
		__builtin_memcpy(e, s + len - 64, 64);
		__builtin_memcpy(d, a, 64);
		__builtin_memcpy(d + 64, b, 64);
		__builtin_memcpy(d + len - 128, c, 64);
		__builtin_memcpy(d + len - 64, e, 64);
	} else if (len > 64) {
		uint8_t a[64], b[64];

		__builtin_memcpy(a, s, 64);
		__builtin_memcpy(b, s + len - 64, 64);
		__builtin_memcpy(d, a, 64);
		__builtin_memcpy(d + len - 64, b, 64);
	} else if (len >= 32) {
		uint8_t a[32], b[32];

		__builtin_memcpy(a, s, 32);
		__builtin_memcpy(b, s + len - 32, 32);
		__builtin_memcpy(d, a, 32);
		__builtin_memcpy(d + len - 32, b, 32);
	} else if (len >= 16) {
		uint8_t a[16], b[16];

		__builtin_memcpy(a, s, 16);
		__builtin_memcpy(b, s + len - 16, 16);
		__builtin_memcpy(d, a, 16);
		__builtin_memcpy(d + len - 16, b, 16);
	} else if (len >= 8) {
		uint64_t a, b;

		__builtin_memcpy(&a, s, 8);
		__builtin_memcpy(&b, s + len - 8, 8);
		__builtin_memcpy(d, &a, 8);
		__builtin_memcpy(d + len - 8, &b, 8);
	} else {
		while (len--)
			*d++ = *s++;
	}
}

/* Ask for the first two lines of [p, p + len), for writing when write is set. A hint; never faults.
 */
VOP_INLINE void vop_prefetch_pair(const void *p, size_t len, bool write)
{
	const uint8_t *q = p;
	size_t second = VOP_MIN(len ? len - 1 : 0, 2u * VOP_CACHELINE - 1);

	if (write) {
		__builtin_prefetch(q, 1);
		__builtin_prefetch(q + second, 1);
	} else {
		__builtin_prefetch(q, 0);
		__builtin_prefetch(q + second, 0);
	}
}

/* Ask for one line, to read or to write it. Hints; never fault. */
VOP_INLINE void vop_prefetch_r(const void *p)
{
	__builtin_prefetch(p, 0);
}

VOP_INLINE void vop_prefetch_w(const void *p)
{
	__builtin_prefetch(p, 1);
}

/* Ask for all lines of [p, p + len), at most a page of them, while something else is worked on. */
VOP_INLINE void vop_prefetch_page(const void *p, size_t len, bool write)
{
	const uint8_t *q = p;
	size_t end = VOP_MIN(len, (size_t)4096);

	for (size_t i = 0; i < end; i += VOP_CACHELINE) {
		if (write)
			vop_prefetch_w(q + i);
		else
			vop_prefetch_r(q + i);
	}
}

/* Ask for the lines of [p, p + len), at most the first eight: the core has only so many misses in
 * flight, and beyond that its own prefetchers have understood. */
VOP_INLINE void vop_prefetch_range(const void *p, size_t len)
{
	const uint8_t *q = p;
	size_t end = VOP_MIN(len, (size_t)8 * VOP_CACHELINE);

	for (size_t i = 0; i < end; i += VOP_CACHELINE)
		vop_prefetch_r(q + i);
}

#endif
