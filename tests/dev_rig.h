/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device of any type at the endpoint and its driver at the host, both nodes in the test's thread,
 * the poller either turned by the test or on a thread of its own. The test opens the device.
 */
#ifndef TESTS_DEV_RIG_H
#define TESTS_DEV_RIG_H

#include <vop/vq.h>
#include "tests/node_pair.h"
#include "vop/poller.h"

#define DEV_RIG_QUEUES	33u
#define DEV_RIG_BUFFERS 16u /* of each queue */

#define F(bit) (1ull << (bit))

struct dev_rig_config {
	uint16_t device_id;
	uint16_t queues; /* of the slot */
	bool packed;
	uint64_t want;		/* features beside VERSION_1, ACCESS_PLATFORM and RING_PACKED */
	enum vop_notify notify; /* both sides */
	bool thread;		/* the poller has one */
	uint16_t size;		/* of every queue; 0: 16 */
	uint32_t buffer;	/* bytes of a buffer; 0: 4096 */
	uint64_t queues_open;	/* bit n: set up queue n; 0: the first */
	unsigned placement;	/* enum vop_ring_placement */
};

struct dev_rig_queue {
	struct vop_queue_config cfg;
	struct vop_drvq vq;
	bool open;
	uint8_t *mem;
	uint64_t bus;
};

struct dev_rig {
	struct dev_rig_config cfg;
	struct world w;
	struct vop_device *dev, *drv;
	struct vop_poller *poller;
	/* The device, set by the test after dev_rig_open(); closed with the rig. */
	void *type;
	void (*attend)(void *type);
	void (*close)(void *type);
	struct dev_rig_queue q[DEV_RIG_QUEUES];
};

void dev_rig_open(struct dev_rig *r, const struct dev_rig_config *cfg);
void dev_rig_close(struct dev_rig *r);
/* Negotiate, set up the queues, DRIVER_OK. */
void dev_rig_start(struct dev_rig *r);
/* Reset, free the driver's private state. */
void dev_rig_stop(struct dev_rig *r);
/* Set up one queue between FEATURES_OK and DRIVER_OK, or after its reset. */
int dev_rig_queue(struct dev_rig *r, unsigned q);
/* Reset one queue; its buffers are the driver's again. */
void dev_rig_queue_reset(struct dev_rig *r, unsigned q);

/* The device's turn: a few polls, or a moment for its thread; then the control thread's work. */
void dev_rig_turn(struct dev_rig *r);
/* As often as it takes for everything that is going on to end; without a thread. */
void dev_rig_settle(struct dev_rig *r);
/* One buffer back, waited for; false: none came in a long time. */
bool dev_rig_get(struct dev_rig *r, unsigned q, struct vop_done *done);
/* None comes back however often the device has its turn. */
bool dev_rig_none(struct dev_rig *r, unsigned q);
/* The device says NEEDS_RESET, because of `why` on queue q, within a long time. */
bool dev_rig_violated(struct dev_rig *r, unsigned q, uint32_t why);

VOP_INLINE uint8_t *dev_rig_buf(struct dev_rig *r, unsigned q, unsigned i)
{
	return r->q[q].mem + (size_t)i * r->cfg.buffer;
}
VOP_INLINE uint64_t dev_rig_bus(struct dev_rig *r, unsigned q, unsigned i)
{
	return r->q[q].bus + (uint64_t)i * r->cfg.buffer;
}
/* Publish, and ring when asked to. */
void dev_rig_kick(struct dev_rig *r, unsigned q);
/* One buffer of one piece, published: buffer number i of the queue is its cookie. */
void dev_rig_give(struct dev_rig *r, unsigned q, unsigned i, uint32_t len, bool write);

#endif
