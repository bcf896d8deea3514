/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block device (VIRTIO 1.4, 5.2): read, write, flush, identity, discard, write zeroes and
 * secure erase on up to VOP_BLK_QUEUES_MAX queues. Where the sectors are is a backend's affair:
 * memory is in blk_memory.c, a file in blk_file.c, others can be given by the caller. Zoned devices
 * (ZONED) and lifetime (LIFETIME) are not offered: no backend has zones or wear to tell of.
 *
 * Threads: open, close and struct vop_dev_ops on the control thread; requests and the backend on
 * the poller, which a slow backend therefore holds up.
 */
#ifndef VOP_DEV_BLK_H
#define VOP_DEV_BLK_H

#include "vop/dev/core.h"

#define VOP_BLK_ID	   2
#define VOP_BLK_SECTOR	   512u
#define VOP_BLK_QUEUES_MAX 16u
#define VOP_BLK_NAME_MAX   20u /* of the answer to GET_ID; no NUL when it is full */
/* Segments of one discard, write zeroes or secure erase, and sectors of one segment. */
#define VOP_BLK_RANGES_MAX  16u
#define VOP_BLK_RANGE_LIMIT 32768u

enum vop_blk_feature {
	VOP_BLK_F_SIZE_MAX = 1,
	VOP_BLK_F_SEG_MAX = 2,
	VOP_BLK_F_GEOMETRY = 4,
	VOP_BLK_F_RO = 5,
	VOP_BLK_F_BLK_SIZE = 6,
	VOP_BLK_F_FLUSH = 9,
	VOP_BLK_F_TOPOLOGY = 10,
	VOP_BLK_F_CONFIG_WCE = 11,
	VOP_BLK_F_MQ = 12,
	VOP_BLK_F_DISCARD = 13,
	VOP_BLK_F_WRITE_ZEROES = 14,
	VOP_BLK_F_SECURE_ERASE = 16,
};

/* 5.2.6 */
enum vop_blk_type {
	VOP_BLK_T_IN = 0,
	VOP_BLK_T_OUT = 1,
	VOP_BLK_T_FLUSH = 4,
	VOP_BLK_T_GET_ID = 8,
	VOP_BLK_T_DISCARD = 11,
	VOP_BLK_T_WRITE_ZEROES = 13,
	VOP_BLK_T_SECURE_ERASE = 14,
};

enum vop_blk_status {
	VOP_BLK_S_OK = 0,
	VOP_BLK_S_IOERR = 1,
	VOP_BLK_S_UNSUPP = 2,
};

/* What a request starts with. */
struct vop_blk_header {
	vop_le32 type;
	vop_le32 reserved;
	vop_le64 sector;
};

/* A segment of discard, write zeroes and secure erase. */
struct vop_blk_range {
	vop_le64 sector;
	vop_le32 sectors;
	vop_le32 flags; /* VOP_BLK_RANGE_UNMAP */
};
#define VOP_BLK_RANGE_UNMAP 1u

/*
 * 5.2.4, up to the last field of a feature that is offered.
 */
struct vop_blk_space {
	vop_le64 capacity; /* sectors */
	vop_le32 size_max;
	vop_le32 seg_max;
	vop_le16 cylinders;
	uint8_t heads;
	uint8_t sectors;
	vop_le32 blk_size;
	uint8_t physical_block_exp;
	uint8_t alignment_offset;
	vop_le16 min_io_size;
	vop_le32 opt_io_size;
	uint8_t writeback;
	uint8_t unused0;
	vop_le16 num_queues;
	vop_le32 max_discard_sectors;
	vop_le32 max_discard_seg;
	vop_le32 discard_sector_alignment;
	vop_le32 max_write_zeroes_sectors;
	vop_le32 max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap;
	uint8_t unused1[3];
	vop_le32 max_secure_erase_sectors;
	vop_le32 max_secure_erase_seg;
	vop_le32 secure_erase_sector_alignment;
};

/*
 * A backend. All calls on the poller, one at a time, whatever the queue; offset and len are bytes,
 * multiples of VOP_BLK_SECTOR, and lie inside of size. 0 or a negative errno, which the driver sees
 * as IOERR.
 */
struct vop_blk_backend {
	const char *name;
	void *ctx;
	uint64_t size; /* bytes, a multiple of VOP_BLK_SECTOR */
	/* Put len bytes into the walk, or take them from it; after a failure it stands anywhere. */
	int (*read)(void *ctx, uint64_t offset, struct vop_core_walk *to, uint64_t len);
	int (*write)(void *ctx, uint64_t offset, struct vop_core_walk *from, uint64_t len);
	/* Everything written before survives a loss of power after it. NULL: nothing can be lost
	 * that is not lost anyway. */
	int (*flush)(void *ctx);
	/* Give back the storage of a range; what it holds afterwards does not matter. NULL: not
	 * offered. */
	int (*discard)(void *ctx, uint64_t offset, uint64_t len);
	/* The range reads as zeroes afterwards; unmap: its storage may be given back, too. NULL:
	 * not offered. */
	int (*zero)(void *ctx, uint64_t offset, uint64_t len, bool unmap);
	bool zero_unmaps; /* zero() may give storage back */
	/* What the range held can be found nowhere any more. NULL: not offered. */
	int (*erase)(void *ctx, uint64_t offset, uint64_t len);
	uint32_t align;		 /* of discard and erase: best at multiples of so many bytes */
	void (*free)(void *ctx); /* may be NULL */
};

struct vop_blk_config {
	uint32_t block_size; /* 512 or 4096: what the driver is told; requests count in sectors */
	bool read_only;
	bool write_through;	   /* how CONFIG_WCE starts */
	uint16_t queues;	   /* 1..VOP_BLK_QUEUES_MAX */
	uint16_t queue_size_max;   /* at least 2: a request has parts of both kinds */
	uint64_t features_off[2];  /* features not to offer */
	char id[VOP_BLK_NAME_MAX]; /* padded with NUL */
	uint64_t pool_size;	   /* for placement at the device */
	enum vop_notify notify;
	struct vop_blk_backend backend; /* freed by vop_blk_close */
	struct vop_poller *poller;
};

struct vop_blk;

struct vop_blk_stats {
	uint64_t reads, read_bytes, writes, written_bytes; /* that succeeded */
	uint64_t others;				   /* of another type, that succeeded */
	uint64_t failed;				   /* answered IOERR or UNSUPP */
	uint64_t violations;
	uint32_t last_violation;
};

/* Serve d as a block device. NULL with *err; the backend then stays the caller's. */
struct vop_blk *vop_blk_open(struct vop_device *d, const struct vop_blk_config *cfg,
			     struct vop_error *err);
/* In device_removed(), or after it: its queues are stopped then. */
void vop_blk_close(struct vop_blk *b);
/* The poller asked for attention: turn violations into NEEDS_RESET. Control thread. */
void vop_blk_attend(struct vop_blk *b);
/* Counters as of now; any thread, each word atomic by itself. */
void vop_blk_get_stats(const struct vop_blk *b, struct vop_blk_stats *out);

/*
 * Backends of the product. 0 with *b filled; negative errno with *err.
 *
 * Memory: zeroes at first, only what was written takes room; gone when it is closed. Erased memory
 * is overwritten before it is given back.
 */
int vop_blk_backend_memory(struct vop_blk_backend *b, uint64_t size, struct vop_error *err);
/*
 * File: the regular file or block device at path, which is locked against others who lock it
 * (flock). size 0: as large as it is. Otherwise a file that is not there or is empty gets that size
 * (sparse), and one of another size is refused. Discard is offered where the file system can punch
 * holes. Secure erase is not: a file system keeps copies that nobody reaches.
 */
int vop_blk_backend_file(struct vop_blk_backend *b, const char *path, uint64_t size, bool read_only,
			 struct vop_error *err);

#endif
