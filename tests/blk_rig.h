/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block device at the endpoint and its driver at the host, both nodes in the test's thread, the
 * poller either turned by the test or on a thread of its own.
 */
#ifndef TESTS_BLK_RIG_H
#define TESTS_BLK_RIG_H

#include <vop/vq.h>
#include "tests/node_pair.h"
#include "vop/dev/blk.h"

#define BLK_RIG_QUEUES 4u
#define BLK_RIG_DISK   (1u << 20)   /* bytes, unless the backend is the test's */
#define BLK_RIG_DATA   (256u << 10) /* of one request, each way */
#define BLK_RIG_AREA   (BLK_RIG_DATA + 8192u)
#define BLK_RIG_GUARD  64u
#define BLK_RIG_FILL   0xa5u /* guards, and what is writable before a request */

#define F(bit) (1ull << (bit))
/* Every feature of the device but RO and MQ. */
#define BLK_ALL                                                                                    \
	(F(VOP_BLK_F_SEG_MAX) | F(VOP_BLK_F_GEOMETRY) | F(VOP_BLK_F_BLK_SIZE) |                    \
	 F(VOP_BLK_F_FLUSH) | F(VOP_BLK_F_TOPOLOGY) | F(VOP_BLK_F_CONFIG_WCE) |                    \
	 F(VOP_BLK_F_DISCARD) | F(VOP_BLK_F_WRITE_ZEROES) | F(VOP_BLK_F_SECURE_ERASE))

struct blk_rig_config {
	bool packed;
	uint64_t want; /* features beside VERSION_1, ACCESS_PLATFORM, RING_RESET and RING_PACKED */
	uint64_t off;  /* features the device does not offer */
	bool thread;   /* the poller has one */
	enum vop_notify notify;
	unsigned placement;   /* enum vop_ring_placement */
	uint16_t size;	      /* of every queue; 0: 64 */
	uint16_t queues;      /* of the device; 0: one */
	uint16_t queues_open; /* to set up; 0: one */
	uint32_t block_size;  /* 0: 512 */
	bool read_only, write_through;
	struct vop_blk_backend own; /* with a read(): in place of memory */
};

struct blk_rig_queue {
	struct vop_queue_config cfg;
	struct vop_drvq vq;
	bool open;
	uint8_t *out, *in; /* BLK_RIG_AREA each */
	uint64_t out_bus, in_bus;
};

struct blk_rig {
	struct blk_rig_config cfg;
	struct world w;
	struct vop_device *dev, *drv;
	struct vop_poller *poller;
	struct vop_blk *blk;
	struct blk_rig_queue q[BLK_RIG_QUEUES];
};

void blk_rig_open(struct blk_rig *r, const struct blk_rig_config *cfg);
void blk_rig_close(struct blk_rig *r);
/* Negotiate, set up the queues, DRIVER_OK; and only a part of it. */
void blk_rig_start(struct blk_rig *r);
void blk_rig_negotiate(struct blk_rig *r);
int blk_rig_queue(struct blk_rig *r, unsigned q);
void blk_rig_go(struct blk_rig *r);
/* Reset, free the driver's private state. */
void blk_rig_stop(struct blk_rig *r);

/* The device's turn: a few polls, or a moment for its thread; then the control thread's work. */
void blk_rig_turn(struct blk_rig *r);
/* blk_rig_turn() until cond() is true or a long time has passed. */
bool blk_rig_until(struct blk_rig *r, bool (*cond)(struct blk_rig *r, void *arg), void *arg);
void blk_rig_kick(struct blk_rig *r, unsigned q);
bool blk_rig_broken(struct blk_rig *r); /* the device needs a reset */

/* One request, alone on its queue. */
struct blk_io {
	uint32_t type;
	uint64_t sector;
	const void *out; /* data behind the header */
	uint32_t out_len;
	void *in; /* takes the data before the status; NULL: not wanted */
	uint32_t in_len;
	/* Where its parts are cut into descriptors: 0: header, data, data and status each on its
	 * own; else by chance, from this number. */
	uint32_t cuts;

	/* The outcome. */
	bool violated;
	uint8_t status;
	uint32_t used;
};

/*
 * Send it and wait. Asserts that nothing around the writable part and nothing of the readable part
 * was changed, and that the used length is all that is writable.
 */
void blk_rig_io(struct blk_rig *r, unsigned q, struct blk_io *io);
/* The same for short; the status, or -1 for a violation. */
int blk_rig_do(struct blk_rig *r, uint32_t type, uint64_t sector, const void *out, uint32_t out_len,
	       void *in, uint32_t in_len);

/* Numbers that look random; *state is not 0. */
uint32_t blk_rig_random(uint32_t *state);

#endif
