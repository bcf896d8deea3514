/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the device half of a queue stands, so that it can be stopped and go on later, at another
 * place in memory or in another process. Buffers that were taken and not used count as not taken:
 * they are taken again. That is right for devices that use buffers in the order in which they took
 * them, as all of ours do.
 */
#ifndef VOP_PLACE_H
#define VOP_PLACE_H

#include <vop/base.h>

/* Split ring: the free-running indices (VIRTIO 1.4, 2.7.6 and 2.7.8). Packed ring: offset of a
 * descriptor, bit 15 the wrap counter (2.8.1). */
struct vop_devq_place {
	uint16_t avail; /* the next buffer to take */
	uint16_t used;	/* where the next used buffer is told of */
};

/* A ring nobody has used yet. */
VOP_INLINE struct vop_devq_place vop_devq_fresh(bool packed)
{
	return packed ? (struct vop_devq_place){0x8000, 0x8000} : (struct vop_devq_place){0, 0};
}

#endif
