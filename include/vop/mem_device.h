/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory class `device`: the peer's window is a PCI window, mapped uncached or write-combining.
 * Included by <vop/mem.h> when VOP_MEM is VOP_MEM_CLASS_DEVICE; the names are documented there.
 *
 *  - Control words are aligned volatile accesses of 8, 16 or 32 bits, never a read-modify-write:
 *    wider ones may be torn by a bridge, and exclusives and atomics do not cross PCIe.
 *  - Payload goes by aligned stores of at most 64 bits. No memcpy: the C library may use unaligned
 *    accesses or cache-line zeroing, and both fault on Device memory of an Arm core.
 *  - x86: uncached stores are ordered, write-combining ones are not before sfence; loads from a
 *    write-combining window may be reordered before lfence.
 *  - AArch64: a BAR is in the outer shareable domain, so barriers name it (osh). stlr and ldar
 *    order the inner domain only and are undefined for some Device memory: not used.
 */
#ifndef VOP_MEM_DEVICE_H
#define VOP_MEM_DEVICE_H

#include <vop/base.h>

#if defined(__x86_64__) || defined(__i386__)
/* Also a compiler barrier, each. The core itself keeps loads before later stores. */
#define VOP_DEV_BEFORE_STORE() __asm__ volatile("sfence" ::: "memory")
#define VOP_DEV_AFTER_LOAD()   __asm__ volatile("lfence" ::: "memory")
#define VOP_DEV_FULL()	       __asm__ volatile("mfence" ::: "memory")
#define VOP_DEV_COMPLETE()     __asm__ volatile("lfence" ::: "memory")
#define VOP_DEV_DRAIN()	       __asm__ volatile("sfence" ::: "memory")
#elif defined(__aarch64__)
/* Two, because a release also comes after loads: a buffer is read before it is given back. */
#define VOP_DEV_BEFORE_STORE() __asm__ volatile("dmb oshld\n\tdmb oshst" ::: "memory")
#define VOP_DEV_AFTER_LOAD()   __asm__ volatile("dmb oshld" ::: "memory")
#define VOP_DEV_FULL()	       __asm__ volatile("dmb osh" ::: "memory")
/* The read-back must have returned, not only be ordered, before own memory is looked at. */
#define VOP_DEV_COMPLETE()     __asm__ volatile("dsb oshld" ::: "memory")
/* Gathering buffers are empty before the doorbell's own store starts. */
#define VOP_DEV_DRAIN()	       __asm__ volatile("dsb oshst" ::: "memory")
#else
#define VOP_DEV_BEFORE_STORE() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define VOP_DEV_AFTER_LOAD()   __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define VOP_DEV_FULL()	       __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define VOP_DEV_COMPLETE()     __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define VOP_DEV_DRAIN()	       __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

#define VOP_DEV_NARROW(p)                                                                          \
	_Static_assert(sizeof(*(p)) <= 4, "a control word of a window has at most 32 bits")

#define VOP_MEM_WIDE 0

#define VOP_MEM_LD(p)                                                                              \
	({                                                                                         \
		VOP_DEV_NARROW(p);                                                                 \
		*(const volatile __typeof__(*(p)) *)(p);                                           \
	})
#define VOP_MEM_ST(p, v)                                                                           \
	do {                                                                                       \
		VOP_DEV_NARROW(p);                                                                 \
		*(volatile __typeof__(*(p)) *)(p) = (v);                                           \
	} while (0)
#define VOP_MEM_LD_ACQ(p)                                                                          \
	({                                                                                         \
		VOP_DEV_NARROW(p);                                                                 \
		__typeof__(*(p)) dev_word_ = *(const volatile __typeof__(*(p)) *)(p);              \
		VOP_DEV_AFTER_LOAD();                                                              \
		dev_word_;                                                                         \
	})
#define VOP_MEM_ST_REL(p, v)                                                                       \
	do {                                                                                       \
		VOP_DEV_BEFORE_STORE();                                                            \
		VOP_MEM_ST((p), (v));                                                              \
	} while (0)
#define VOP_MEM_FULL()		 VOP_DEV_FULL()
#define VOP_MEM_READ_BACK(word)	 vop_dev_read_back(word)
#define VOP_MEM_COPY_TO(d, s, n) vop_dev_copy_to((d), (s), (n))
/* Both ends may be a window as far as the reader knows; the private side takes any store. */
#define VOP_MEM_COPY_FROM(d, s, n) vop_dev_copy_from((d), (s), (n))
#define VOP_MEM_FLUSH()		   VOP_DEV_DRAIN()

/*
 * Own stores first, then a real load over the link: its completion pushes what the peer posted
 * before. NULL: the peer has no window that we reach, and the fence is all there is.
 */
VOP_INLINE void vop_dev_read_back(const volatile void *word)
{
	VOP_DEV_FULL();
	if (word)
		(void)*(const volatile uint8_t *)word;
	VOP_DEV_COMPLETE();
}

/* Private memory to window: bytes up to the first boundary, then whole words. */
VOP_INLINE void vop_dev_copy_to(void *dst, const void *src, size_t len)
{
	volatile uint8_t *d = dst;
	const uint8_t *s = src;

	for (; len && ((uintptr_t)d & 7); len--)
		*d++ = *s++;
	for (; len >= 8; len -= 8, d += 8, s += 8) {
		uint64_t w;

		__builtin_memcpy(&w, s, 8);
		*(volatile vop_wide *)(volatile void *)d = w;
	}
	for (; len; len--)
		*d++ = *s++;
}

/* Window to private memory. */
VOP_INLINE void vop_dev_copy_from(void *dst, const void *src, size_t len)
{
	uint8_t *d = dst;
	const volatile uint8_t *s = src;

	for (; len && ((uintptr_t)s & 7); len--)
		*d++ = *s++;
	for (; len >= 8; len -= 8, d += 8, s += 8) {
		uint64_t w = *(const volatile vop_wide *)(const volatile void *)s;

		__builtin_memcpy(d, &w, 8);
	}
	for (; len; len--)
		*d++ = *s++;
}

#endif
