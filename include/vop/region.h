/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Region table: which bus addresses a peer may name, and where this process sees them.
 *
 * Addresses come from a peer that is not trusted: every translation is checked with comparisons
 * that cannot overflow. Regions are sorted by base and do not overlap; two may touch, and a buffer
 * that crosses from one into the next is legal and becomes two pieces.
 *
 * Threads: translation only reads. A table changes only while no thread translates through it (the
 * owner of the queues pauses its pollers first).
 */
#ifndef VOP_REGION_H
#define VOP_REGION_H

#include <vop/base.h>

#define VOP_REGIONS_MAX 512u

struct vop_region {
	uint64_t base; /* bus address */
	uint64_t size; /* bytes, > 0 */
	uint8_t *map;  /* where this process sees the first byte */
};

struct vop_regions {
	unsigned n;
	struct vop_region r[VOP_REGIONS_MAX];
};

/*
 * Insert a region. 0; -EINVAL: empty, or base + size beyond 2^64, or map is NULL; -EEXIST: overlaps
 * another; -ENOSPC: table full.
 */
static inline int vop_regions_add(struct vop_regions *t, uint64_t base, uint64_t size, void *map)
{
	unsigned i, at = 0;

	if (size == 0 || map == NULL || size - 1 > UINT64_MAX - base)
		return -EINVAL;
	if (t->n >= VOP_REGIONS_MAX)
		return -ENOSPC;
	for (i = 0; i < t->n; i++) {
		const struct vop_region *o = &t->r[i];

		if (base <= o->base + (o->size - 1) && o->base <= base + (size - 1))
			return -EEXIST;
		if (o->base < base)
			at = i + 1;
	}
	for (i = t->n; i > at; i--)
		t->r[i] = t->r[i - 1];
	t->r[at] = (struct vop_region){.base = base, .size = size, .map = map};
	t->n++;
	return 0;
}

/* Remove the region that starts at base. 0 or -ENOENT. */
static inline int vop_regions_del(struct vop_regions *t, uint64_t base)
{
	unsigned i;

	for (i = 0; i < t->n; i++) {
		if (t->r[i].base != base)
			continue;
		for (t->n--; i < t->n; i++)
			t->r[i] = t->r[i + 1];
		return 0;
	}
	return -ENOENT;
}

/*
 * Translate the start of [addr, addr + len): returns where it is mapped and in *got how many bytes
 * from there on are contiguous (1..len), or NULL when addr lies in no region or len is 0. The
 * caller goes on with addr + *got until len is used up; with regions that touch this yields one
 * piece per region.
 */
VOP_INLINE uint8_t *vop_xlate(const struct vop_regions *t, uint64_t addr, uint64_t len,
			      uint64_t *got)
{
	unsigned i;

	for (i = 0; i < t->n; i++) {
		const struct vop_region *r = &t->r[i];
		uint64_t off = addr - r->base; /* wraps to a huge value below base */

		if (vop_likely(off < r->size)) {
			uint64_t room = r->size - off;

			*got = VOP_MIN(room, len);
			return vop_likely(len != 0) ? r->map + off : NULL;
		}
	}
	*got = 0;
	return NULL;
}

/* Translate a range that must lie in one region, whole. NULL otherwise. */
VOP_INLINE void *vop_xlate_whole(const struct vop_regions *t, uint64_t addr, uint64_t len)
{
	uint64_t got;
	uint8_t *p = vop_xlate(t, addr, len, &got);

	return p && got == len ? p : NULL;
}

#endif
