/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First fit over a range of addresses that a peer can reach, its bookkeeping apart from the memory.
 * Threads: one at a time.
 */
#ifndef VOP_ALLOC_H
#define VOP_ALLOC_H

#include <vop/base.h>

struct vop_extent {
	uint64_t base, size;
};

struct vop_heap {
	uint64_t base, size;
	struct vop_extent *free; /* sorted, never touching */
	unsigned n, cap;
};

/* Everything in [base, base + size) is free; size 0 gives a heap that is always full. 0, -ENOMEM,
 * -EINVAL on overflow. */
int vop_heap_init(struct vop_heap *h, uint64_t base, uint64_t size);
void vop_heap_fini(struct vop_heap *h);
/* 0 with *addr, -ENOSPC, -EINVAL (size 0, align not a power of two). At least cache-line aligned.
 */
int vop_heap_alloc(struct vop_heap *h, uint64_t size, uint64_t align, uint64_t *addr);
/* Ranges that were not handed out are ignored: -EINVAL. */
int vop_heap_free(struct vop_heap *h, uint64_t addr, uint64_t size);

#endif
