/* SPDX-License-Identifier: BSD-2-Clause */
/* What device types call, handed on to the device's front. */
#include "vop/device_front.h"

int vop_device_serve(struct vop_device *d, const struct vop_device_offer *offer)
{
	return vop_device_front(d)->serve(d, offer);
}

int vop_device_config_set(struct vop_device *d, uint32_t offset, const void *data, uint32_t len)
{
	return vop_device_front(d)->config_set(d, offset, data, len);
}

void vop_device_violation(struct vop_device *d, unsigned q, uint32_t why)
{
	vop_device_front(d)->violation(d, q, why);
}

uint8_t vop_device_status(const struct vop_device *d)
{
	return vop_device_front(d)->status(d);
}

const uint64_t *vop_device_features(const struct vop_device *d)
{
	return vop_device_front(d)->features(d);
}

bool vop_device_enables_queues(const struct vop_device *d)
{
	return vop_device_front(d)->enables_queues;
}
