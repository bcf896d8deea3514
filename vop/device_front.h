/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands between a device type and whoever brings it drivers: a front. The node is one (a
 * device of a link, vop/device.c), vhost-user another (vop/front/). A device type calls the
 * vop_device_*() of node.h and never learns which it is.
 *
 * Every struct vop_device begins with a struct vop_device_head; what follows is the front's own.
 *
 * Threads: everything here on the control thread.
 */
#ifndef VOP_DEVICE_FRONT_H
#define VOP_DEVICE_FRONT_H

#include "vop/node.h"

/* Each as the vop_device_*() of node.h with its name. */
struct vop_device_front {
	int (*serve)(struct vop_device *d, const struct vop_device_offer *offer);
	int (*config_set)(struct vop_device *d, uint32_t offset, const void *data, uint32_t len);
	void (*violation)(struct vop_device *d, unsigned q, uint32_t why);
	uint8_t (*status)(const struct vop_device *d);
	const uint64_t *(*features)(const struct vop_device *d);
	bool enables_queues;
};

struct vop_device_head {
	const struct vop_device_front *front;
};

VOP_INLINE const struct vop_device_front *vop_device_front(const struct vop_device *d)
{
	return ((const struct vop_device_head *)(const void *)d)->front;
}

/* Devices of a link; in device.c. */
extern const struct vop_device_front vop_node_front;

#endif
