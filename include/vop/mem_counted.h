/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory class `counted`: coherent memory, and every access that falls into the peer's window is
 * counted. For the figures "remote reads, remote writes and bytes per frame" of an instrumented
 * build; the hot path of other builds pays nothing. Included by <vop/mem.h> when VOP_MEM is
 * VOP_MEM_CLASS_COUNTED.
 *
 * A control word is one access. A payload copy is one access for each cache line it touches, which
 * is what a core sends over a link. A read-back counts as the one read it would be over a link.
 *
 * Threads: range and counters belong to the calling thread.
 */
#ifndef VOP_MEM_COUNTED_H
#define VOP_MEM_COUNTED_H

#include <vop/base.h>
#include <vop/copy.h>

struct vop_mem_counts {
	uint64_t reads, writes;		  /* accesses */
	uint64_t read_bytes, write_bytes; /* bytes */
};

/* The calling thread's view of the peer's window; size 0: none, nothing is counted. */
void vop_mem_counted_set_remote(const void *base, size_t size);
/* What the calling thread counted since the last call; starts again at 0. */
struct vop_mem_counts vop_mem_counted_take(void);

struct vop_mem_counted_state {
	uintptr_t base;
	size_t size;
	struct vop_mem_counts n;
};
/* In the program itself, never in a shared library: said so, since the linker of Debian 12 cannot
 * make the general way local where the compiler keeps the offset in a vector register. */
extern _Thread_local struct vop_mem_counted_state vop_mem_counted_state
	__attribute__((tls_model("local-exec")));

VOP_INLINE bool vop_mem_counted_remote(const volatile void *p)
{
	return (uintptr_t)p - vop_mem_counted_state.base < vop_mem_counted_state.size;
}
VOP_INLINE void vop_mem_counted_read(const volatile void *p, size_t len, size_t accesses)
{
	if (vop_mem_counted_remote(p)) {
		vop_mem_counted_state.n.reads += accesses;
		vop_mem_counted_state.n.read_bytes += len;
	}
}
VOP_INLINE void vop_mem_counted_write(const volatile void *p, size_t len, size_t accesses)
{
	if (vop_mem_counted_remote(p)) {
		vop_mem_counted_state.n.writes += accesses;
		vop_mem_counted_state.n.write_bytes += len;
	}
}
VOP_INLINE size_t vop_mem_counted_lines(const void *p, size_t len)
{
	uintptr_t first = (uintptr_t)p / VOP_CACHELINE;

	return len ? ((uintptr_t)p + len - 1) / VOP_CACHELINE - first + 1 : 0;
}
VOP_INLINE void vop_mem_counted_copy_to(void *dst, const void *src, size_t len)
{
	vop_mem_counted_write(dst, len, vop_mem_counted_lines(dst, len));
	vop_copy(dst, src, len);
}
VOP_INLINE void vop_mem_counted_copy_from(void *dst, const void *src, size_t len)
{
	vop_mem_counted_read(src, len, vop_mem_counted_lines(src, len));
	vop_copy(dst, src, len);
}

#define VOP_MEM_WIDE 1
#define VOP_MEM_LD(p)                                                                              \
	(vop_mem_counted_read((p), sizeof(*(p)), 1), __atomic_load_n((p), __ATOMIC_RELAXED))
#define VOP_MEM_ST(p, v)                                                                           \
	(vop_mem_counted_write((p), sizeof(*(p)), 1), __atomic_store_n((p), (v), __ATOMIC_RELAXED))
#define VOP_MEM_LD_ACQ(p)                                                                          \
	(vop_mem_counted_read((p), sizeof(*(p)), 1), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#define VOP_MEM_ST_REL(p, v)                                                                       \
	(vop_mem_counted_write((p), sizeof(*(p)), 1), __atomic_store_n((p), (v), __ATOMIC_RELEASE))
#define VOP_MEM_FULL() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define VOP_MEM_READ_BACK(word)                                                                    \
	do {                                                                                       \
		VOP_MEM_FULL();                                                                    \
		vop_mem_counted_read((word), 1, 1);                                                \
	} while (0)
#define VOP_MEM_COPY_TO(dst, src, len)	 vop_mem_counted_copy_to((dst), (src), (len))
#define VOP_MEM_COPY_FROM(dst, src, len) vop_mem_counted_copy_from((dst), (src), (len))
#define VOP_MEM_FLUSH()			 ((void)0)

#endif
