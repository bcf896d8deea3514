/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtqueue half of either format. The branch on the format is taken once a batch and is the same
 * every time; loops that want it gone call vop_packed_* / vop_split_* themselves.
 *
 * Memory for private state is made by vop_drvq_open() in vop/vq.c; the inline calls allocate
 * nothing.
 */
#ifndef VOP_VQ_H
#define VOP_VQ_H

#include <vop/packed.h>
#include <vop/split.h>

/* Driver half. */
struct vop_drvq {
	bool packed;
	union {
		struct vop_split_drv split;
		struct vop_packed_drv ring;
	};
	void *state; /* private memory behind it */
};

/* Device half. */
struct vop_devq {
	bool packed;
	union {
		struct vop_split_dev split;
		struct vop_packed_dev ring;
	};
};

#define VOP_DRVQ(q, call, ...)                                                                     \
	((q)->packed ? vop_packed_drv_##call(&(q)->ring, ##__VA_ARGS__)                            \
		     : vop_split_drv_##call(&(q)->split, ##__VA_ARGS__))
#define VOP_DEVQ(q, call, ...)                                                                     \
	((q)->packed ? vop_packed_dev_##call(&(q)->ring, ##__VA_ARGS__)                            \
		     : vop_split_dev_##call(&(q)->split, ##__VA_ARGS__))

/* Each as documented for the formats. */
VOP_INLINE unsigned vop_drvq_room(struct vop_drvq *q)
{
	return VOP_DRVQ(q, room);
}
VOP_INLINE unsigned vop_drvq_add(struct vop_drvq *q, const struct vop_buf *b,
				 const uint32_t *cookie, unsigned n, bool write)
{
	return VOP_DRVQ(q, add, b, cookie, n, write);
}
VOP_INLINE int vop_drvq_add_chain(struct vop_drvq *q, const struct vop_buf *b, unsigned nout,
				  unsigned nin, uint32_t cookie)
{
	return VOP_DRVQ(q, add_chain, b, nout, nin, cookie);
}
/*
 * Ask for the ring lines that the n descriptors `ahead` of the next one will be written to: a hint,
 * worth giving a batch ahead, since the lines lie in the device's cache. Split rings that are
 * filled in order keep their descriptors and need none.
 */
VOP_INLINE void vop_drvq_prefetch(const struct vop_drvq *q, uint32_t ahead, uint32_t n)
{
	if (!q->packed)
		return;
	for (uint32_t i = 0; i < n; i += 4) {
		uint32_t at = q->ring.next.at + ahead + i;

		__builtin_prefetch(&q->ring.ring[at >= q->ring.size ? at - q->ring.size : at], 1);
	}
}
VOP_INLINE bool vop_drvq_publish(struct vop_drvq *q)
{
	return VOP_DRVQ(q, publish);
}
VOP_INLINE unsigned vop_drvq_get(struct vop_drvq *q, struct vop_done *out, unsigned max)
{
	return VOP_DRVQ(q, get, out, max);
}
VOP_INLINE unsigned vop_drvq_reclaim(struct vop_drvq *q)
{
	return VOP_DRVQ(q, reclaim);
}
VOP_INLINE bool vop_drvq_in_order(const struct vop_drvq *q)
{
	return q->packed ? q->ring.f.in_order : q->split.f.in_order;
}
VOP_INLINE bool vop_drvq_pending(struct vop_drvq *q)
{
	return VOP_DRVQ(q, pending);
}
VOP_INLINE bool vop_drvq_arm(struct vop_drvq *q)
{
	return VOP_DRVQ(q, arm);
}
VOP_INLINE void vop_drvq_disarm(struct vop_drvq *q)
{
	if (q->packed)
		vop_packed_drv_disarm(&q->ring);
	else
		vop_split_drv_disarm(&q->split);
}
/* Buffers added and not got back. */
VOP_INLINE uint32_t vop_drvq_outstanding(const struct vop_drvq *q)
{
	return q->packed ? q->ring.outstanding : q->split.outstanding;
}
/* enum vop_violation, 0 when all is well. */
VOP_INLINE uint32_t vop_drvq_broken(const struct vop_drvq *q)
{
	return q->packed ? q->ring.broken : q->split.broken;
}

VOP_INLINE unsigned vop_devq_pop(struct vop_devq *q, const struct vop_regions *rt,
				 struct vop_batch *b, unsigned max)
{
	return VOP_DEVQ(q, pop, rt, b, max);
}
VOP_INLINE void vop_devq_push(struct vop_devq *q, const struct vop_elem *e, const uint32_t *len,
			      unsigned n)
{
	if (q->packed)
		vop_packed_dev_push(&q->ring, e, len, n);
	else
		vop_split_dev_push(&q->split, e, len, n);
}
VOP_INLINE bool vop_devq_publish(struct vop_devq *q)
{
	return VOP_DEVQ(q, publish);
}
VOP_INLINE bool vop_devq_pending(struct vop_devq *q)
{
	return VOP_DEVQ(q, pending);
}
VOP_INLINE bool vop_devq_arm(struct vop_devq *q)
{
	return VOP_DEVQ(q, arm);
}
VOP_INLINE void vop_devq_disarm(struct vop_devq *q)
{
	if (q->packed)
		vop_packed_dev_disarm(&q->ring);
	else
		vop_split_dev_disarm(&q->split);
}
/* Where it stands (place.h); nobody uses it meanwhile. */
VOP_INLINE struct vop_devq_place vop_devq_place(const struct vop_devq *q)
{
	return q->packed ? vop_packed_dev_place(&q->ring) : vop_split_dev_place(&q->split);
}
VOP_INLINE uint32_t vop_devq_broken(const struct vop_devq *q)
{
	return q->packed ? q->ring.broken : q->split.broken;
}

#endif
