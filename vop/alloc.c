/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a window: first fit over bus addresses. The bookkeeping is private (the peer can write
 * into the memory itself), and what is handed out is zeroed: it may hold what the peer left there.
 */
#include <stdlib.h>
#include <string.h>

#include "vop/node_internal.h"

/* Every block is whole cache lines, so that two owners never share one. */
static bool round_size(uint64_t size, uint64_t *rounded)
{
	if (size == 0 || size > UINT64_MAX - (VOP_CACHELINE - 1))
		return false;
	*rounded = vop_align_up(size, VOP_CACHELINE);
	return true;
}

static int reserve(struct vop_heap *h, unsigned need)
{
	struct vop_extent *grown;
	unsigned cap = h->cap ? h->cap : 16;

	while (cap < need)
		cap *= 2;
	if (cap == h->cap)
		return 0;
	grown = realloc(h->free, cap * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	h->free = grown;
	h->cap = cap;
	return 0;
}

static void remove_at(struct vop_heap *h, unsigned i)
{
	memmove(&h->free[i], &h->free[i + 1], (h->n - i - 1) * sizeof(h->free[0]));
	h->n--;
}

static void insert_at(struct vop_heap *h, unsigned i, uint64_t base, uint64_t size)
{
	memmove(&h->free[i + 1], &h->free[i], (h->n - i) * sizeof(h->free[0]));
	h->free[i] = (struct vop_extent){.base = base, .size = size};
	h->n++;
}

int vop_heap_init(struct vop_heap *h, uint64_t base, uint64_t size)
{
	*h = (struct vop_heap){.base = base, .size = size};
	if (size == 0)
		return 0;
	/* The last byte of the address space is never given out: base + size is then a number. */
	if (size > UINT64_MAX - base)
		return -EINVAL;
	if (reserve(h, 16))
		return -ENOMEM;
	insert_at(h, 0, base, size);
	return 0;
}

void vop_heap_fini(struct vop_heap *h)
{
	free(h->free);
	*h = (struct vop_heap){0};
}

int vop_heap_alloc(struct vop_heap *h, uint64_t size, uint64_t align, uint64_t *addr)
{
	unsigned i;

	if (align < VOP_CACHELINE)
		align = align & (align - 1) ? 0 : VOP_CACHELINE;
	if (align == 0 || (align & (align - 1)) || !round_size(size, &size))
		return -EINVAL;
	/* A block taken out of the middle leaves two extents. */
	if (reserve(h, h->n + 1))
		return -ENOMEM;
	for (i = 0; i < h->n; i++) {
		struct vop_extent *e = &h->free[i];
		uint64_t end = e->base + e->size, at, left;

		if (e->base > UINT64_MAX - (align - 1))
			continue;
		at = vop_align_up(e->base, align);
		if (at >= end || end - at < size)
			continue;
		left = at - e->base;
		if (end - at > size && left > 0) {
			e->size = left;
			insert_at(h, i + 1, at + size, end - at - size);
		} else if (left > 0) {
			e->size = left;
		} else if (end - at > size) {
			e->base = at + size;
			e->size = end - at - size;
		} else {
			remove_at(h, i);
		}
		*addr = at;
		return 0;
	}
	return -ENOSPC;
}

int vop_heap_free(struct vop_heap *h, uint64_t addr, uint64_t size)
{
	unsigned i;

	if (!round_size(size, &size) || addr < h->base || size > h->size ||
	    addr - h->base > h->size - size)
		return -EINVAL;
	/* The first extent that ends at or behind the block. */
	for (i = 0; i < h->n && h->free[i].base + h->free[i].size < addr; i++)
		;
	if (i < h->n && h->free[i].base + h->free[i].size == addr) {
		struct vop_extent *e = &h->free[i];
		bool last = i + 1 == h->n;

		if (!last && e[1].base < addr + size)
			return -EINVAL;
		e->size += size;
		if (!last && e[1].base == addr + size) {
			e->size += e[1].size;
			remove_at(h, i + 1);
		}
		return 0;
	}
	if (i < h->n && h->free[i].base < addr + size)
		return -EINVAL;
	if (i < h->n && h->free[i].base == addr + size) {
		h->free[i].base = addr;
		h->free[i].size += size;
		return 0;
	}
	/* Without memory for the note the block is lost until the link goes: safe, and said. */
	if (reserve(h, h->n + 1))
		return -ENOMEM;
	insert_at(h, i, addr, size);
	return 0;
}

void *vop_node_alloc(struct vop_node *n, size_t size, size_t align, uint64_t *bus)
{
	uint64_t at;
	void *p;

	if (n->state == VOP_NODE_DOWN || vop_heap_alloc(&n->heap, size, align, &at))
		return NULL;
	p = n->link->own.map + (at - n->link->own.base);
	memset(p, 0, size);
	*bus = at;
	return p;
}

void vop_node_free(struct vop_node *n, uint64_t bus, size_t size)
{
	vop_heap_free(&n->heap, bus, size);
}
