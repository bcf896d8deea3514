/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the block device share: blk.c (control thread), blk_poll.c (requests). Who may
 * touch what: core.h; what belongs to a queue goes with it. What is negotiated changes only while
 * no queue is live; write_through while the poller is paused.
 */
#ifndef VOP_DEV_BLK_INTERNAL_H
#define VOP_DEV_BLK_INTERNAL_H

#include "vop/dev/blk.h"

/* Requests taken at a time. */
#define BLK_BATCH 32u
/* A turn ends after so many bytes; what was taken beyond waits for the next one. */
#define BLK_TURN_BYTES (1u << 20)

/*
 * The largest request: what the queue's share of a turn may be exceeded by. Its poller serves other
 * devices too, and what a chain adds up to is the driver's choice: pieces may overlap.
 */
#define BLK_REQUEST_MAX (64u << 20)

/* One writer, the poller. */
struct blk_count {
	uint64_t reads, read_bytes, writes, written_bytes, others, failed;
};

struct blk_queue {
	struct vop_blk *blk;
	struct vop_core_queue q;
	bool job;	  /* the poller has it */
	unsigned from, n; /* elem[from..n) were taken and wait */
	struct blk_count count;
	struct vop_elem elem[BLK_BATCH];
	uint32_t used[BLK_BATCH];
	struct vop_iov iov[VOP_CORE_PIECES];
};

struct vop_blk {
	struct vop_blk_backend backend;
	struct vop_core core;
	uint64_t capacity; /* sectors */
	uint64_t features; /* negotiated */
	bool read_only;
	bool write_through; /* a write is stable before it is completed */
	char id[VOP_BLK_NAME_MAX];

	/* Control thread. */
	enum vop_notify notify;
	bool mq;
	bool starts_through; /* how CONFIG_WCE starts */
	uint8_t writeback;   /* what the configuration says */
	unsigned queues;     /* that exist */
	struct blk_queue *queue[VOP_BLK_QUEUES_MAX];
};

/* Poller: one turn of a queue (struct blk_queue); see poller.h. */
unsigned vop_blk_poll(void *ctx);
bool vop_blk_arm(void *ctx);
void vop_blk_disarm(void *ctx);

#endif
