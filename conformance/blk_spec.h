/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers and layouts of the block device (VIRTIO 1.4, 5.2), written down once more for the suite:
 * a slip in the product's header must not hide itself. All little-endian. */
#ifndef CONFORMANCE_BLK_SPEC_H
#define CONFORMANCE_BLK_SPEC_H

#include <stdint.h>

#define BLK_ID	   2
#define BLK_SECTOR 512u

enum blk_feature {
	BLK_F_SIZE_MAX = 1,
	BLK_F_SEG_MAX = 2,
	BLK_F_GEOMETRY = 4,
	BLK_F_RO = 5,
	BLK_F_BLK_SIZE = 6,
	BLK_F_FLUSH = 9,
	BLK_F_TOPOLOGY = 10,
	BLK_F_CONFIG_WCE = 11,
	BLK_F_MQ = 12,
	BLK_F_DISCARD = 13,
	BLK_F_WRITE_ZEROES = 14,
	BLK_F_LIFETIME = 15,
	BLK_F_SECURE_ERASE = 16,
	BLK_F_ZONED = 17,
};

enum blk_type {
	BLK_T_IN = 0,
	BLK_T_OUT = 1,
	BLK_T_FLUSH = 4,
	BLK_T_GET_ID = 8,
	BLK_T_GET_LIFETIME = 10,
	BLK_T_DISCARD = 11,
	BLK_T_WRITE_ZEROES = 13,
	BLK_T_SECURE_ERASE = 14,
	BLK_T_ZONE_APPEND = 15,
	BLK_T_ZONE_REPORT = 16,
	BLK_T_ZONE_OPEN = 18,
	BLK_T_ZONE_CLOSE = 20,
	BLK_T_ZONE_FINISH = 22,
	BLK_T_ZONE_RESET = 24,
	BLK_T_ZONE_RESET_ALL = 26,
};

enum blk_status {
	BLK_S_OK = 0,
	BLK_S_IOERR = 1,
	BLK_S_UNSUPP = 2,
	BLK_S_ZONE_INVALID_CMD = 3,
	BLK_S_ZONE_UNALIGNED_WP = 4,
	BLK_S_ZONE_OPEN_RESOURCE = 5,
	BLK_S_ZONE_ACTIVE_RESOURCE = 6,
};

enum { BLK_Z_NONE = 0, BLK_Z_HM = 1, BLK_Z_HA = 2 };
enum { BLK_ZT_CONV = 1, BLK_ZT_SWR = 2, BLK_ZT_SWP = 3 };
enum {
	BLK_ZS_NOT_WP = 0,
	BLK_ZS_EMPTY = 1,
	BLK_ZS_IOPEN = 2,
	BLK_ZS_EOPEN = 3,
	BLK_ZS_CLOSED = 4,
	BLK_ZS_RDONLY = 13,
	BLK_ZS_FULL = 14,
	BLK_ZS_OFFLINE = 15,
};

/* Where the fields of the configuration are (5.2.4). */
enum {
	BLK_C_CAPACITY = 0,
	BLK_C_SIZE_MAX = 8,
	BLK_C_SEG_MAX = 12,
	BLK_C_GEOMETRY = 16,
	BLK_C_BLK_SIZE = 20,
	BLK_C_TOPOLOGY = 24,
	BLK_C_WRITEBACK = 32,
	BLK_C_UNUSED0 = 33,
	BLK_C_NUM_QUEUES = 34,
	BLK_C_MAX_DISCARD_SECTORS = 36,
	BLK_C_MAX_DISCARD_SEG = 40,
	BLK_C_DISCARD_ALIGNMENT = 44,
	BLK_C_MAX_ZEROES_SECTORS = 48,
	BLK_C_MAX_ZEROES_SEG = 52,
	BLK_C_ZEROES_MAY_UNMAP = 56,
	BLK_C_UNUSED1 = 57,
	BLK_C_MAX_ERASE_SECTORS = 60,
	BLK_C_MAX_ERASE_SEG = 64,
	BLK_C_ERASE_ALIGNMENT = 68,
	BLK_C_ZONED = 72,
	BLK_C_ZONE_SECTORS = 72,
	BLK_C_MAX_OPEN = 76,
	BLK_C_MAX_ACTIVE = 80,
	BLK_C_MAX_APPEND = 84,
	BLK_C_GRANULARITY = 88,
	BLK_C_MODEL = 92,
	BLK_C_UNUSED2 = 93,
	BLK_C_SIZE = 96,
};

#define BLK_HDR	      16u /* type, reserved, sector */
#define BLK_RANGE     16u /* a segment of discard and the like */
#define BLK_UNMAP     1u
#define BLK_ID_LEN    20u
#define BLK_LIFETIME  6u
#define BLK_REPORT    64u /* header of a zone report, and one zone in it */
#define BLK_ZONE_DESC 64u

static inline void blk_put(uint8_t *p, unsigned bytes, uint64_t v)
{
	unsigned i;

	for (i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint64_t blk_get(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;
	unsigned i;

	for (i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

#endif
