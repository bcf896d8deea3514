/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feature bits of the transport and the bits of the device status, by number.
 *
 * Features are 128 bits, an array of two 64-bit words, bit n in word n / 64 (VIRTIO 1.4, 2.2 and
 * chapter 6). The bits of a device type (0 to 23, 41, 42, 50 to 127) are in the header of that
 * type. The names carry our prefix so that they can stand beside <linux/virtio_config.h>.
 */
#ifndef VOP_FEATURES_H
#define VOP_FEATURES_H

#include <vop/base.h>

/* VIRTIO 1.4, 2.1 */
enum vop_status_bit {
	VOP_STATUS_ACKNOWLEDGE = 1,
	VOP_STATUS_DRIVER = 2,
	VOP_STATUS_DRIVER_OK = 4,
	VOP_STATUS_FEATURES_OK = 8,
	VOP_STATUS_SUSPEND = 16,
	VOP_STATUS_NEEDS_RESET = 64,
	VOP_STATUS_FAILED = 128,
};

/* VIRTIO 1.4, chapter 6: bit numbers, not masks. */
enum vop_feature {
	VOP_F_INDIRECT_DESC = 28,
	VOP_F_EVENT_IDX = 29,
	VOP_F_VERSION_1 = 32,
	VOP_F_ACCESS_PLATFORM = 33,
	VOP_F_RING_PACKED = 34,
	VOP_F_IN_ORDER = 35,
	VOP_F_ORDER_PLATFORM = 36,
	VOP_F_SR_IOV = 37,
	VOP_F_NOTIFICATION_DATA = 38,
	VOP_F_NOTIF_CONFIG_DATA = 39,
	VOP_F_RING_RESET = 40,
	VOP_F_ADMIN_VQ = 41,
	VOP_F_SUSPEND = 43,
};

#define VOP_FEATURE_BITS 128u

/* Bits 24 to 40 and 43 to 49 of word 0 belong to the transport, never to a device type. */
#define VOP_F_TRANSPORT_MASK ((((1ull << 17) - 1) << 24) | (((1ull << 7) - 1) << 43))

VOP_INLINE bool vop_feature_has(const uint64_t f[2], unsigned bit)
{
	return bit < VOP_FEATURE_BITS && (f[bit / 64] >> (bit % 64) & 1);
}

VOP_INLINE void vop_feature_set(uint64_t f[2], unsigned bit)
{
	if (bit < VOP_FEATURE_BITS)
		f[bit / 64] |= 1ull << (bit % 64);
}

VOP_INLINE void vop_feature_clear(uint64_t f[2], unsigned bit)
{
	if (bit < VOP_FEATURE_BITS)
		f[bit / 64] &= ~(1ull << (bit % 64));
}

/* Is every bit of a also in b? */
VOP_INLINE bool vop_feature_subset(const uint64_t a[2], const uint64_t b[2])
{
	return !(a[0] & ~b[0]) && !(a[1] & ~b[1]);
}

#endif
