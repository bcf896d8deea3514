/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words every VOP header needs: fixed widths, byte order, branch hints, sizes.
 *
 * Byte order: everything that crosses a link is little-endian (VIRTIO 1.4, 1.4; VOP-1).
 */
#ifndef VOP_BASE_H
#define VOP_BASE_H

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Little-endian words as they lie in shared memory; convert with htole / letoh at the edge. */
typedef uint16_t vop_le16;
typedef uint32_t vop_le32;
typedef uint64_t vop_le64;

/* Words that stand for several fields of a shared structure; they may alias those. */
typedef uint64_t __attribute__((may_alias)) vop_wide;
typedef uint32_t __attribute__((may_alias)) vop_narrow;

#define VOP_CACHELINE	  64
#define VOP_ALIGNED	  __attribute__((aligned(VOP_CACHELINE)))
#define VOP_INLINE	  static inline __attribute__((always_inline, unused))
#define VOP_NOINLINE	  __attribute__((noinline, cold))
#define vop_likely(x)	  __builtin_expect(!!(x), 1)
#define vop_unlikely(x)	  __builtin_expect(!!(x), 0)
#define VOP_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define VOP_MIN(a, b) ((a) < (b) ? (a) : (b))
#define VOP_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Largest virtqueue, split or packed (VIRTIO 1.4, 2.7 and 2.8). */
#define VOP_QUEUE_SIZE_MAX 32768u

/* Round x up to a multiple of a (a power of two); no overflow check, callers bound x. */
VOP_INLINE uint64_t vop_align_up(uint64_t x, uint64_t a)
{
	return (x + a - 1) & ~(a - 1);
}

/* Tell the core that this is a spin loop. */
VOP_INLINE void vop_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

#endif
