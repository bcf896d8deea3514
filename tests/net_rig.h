/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A net device at the endpoint and its driver at the host, both nodes in the test's thread, the
 * poller either turned by the test or on a thread of its own.
 */
#ifndef TESTS_NET_RIG_H
#define TESTS_NET_RIG_H

#include <vop/vq.h>
#include "tests/node_pair.h"
#include "vop/dev/net.h"

#define RIG_QUEUES  9u	   /* four pairs and a control queue */
#define RIG_BUFFERS 64u	   /* of each queue */
#define RIG_BUFFER  16384u /* bytes of each */

#define F(bit) (1ull << (bit))

enum rig_backend { RIG_NULL, RIG_SOURCE, RIG_ECHO, RIG_OWN };

struct rig_config {
	bool packed;
	uint64_t want; /* features beside VERSION_1, ACCESS_PLATFORM and RING_PACKED */
	uint16_t pairs;
	enum vop_notify notify; /* both sides */
	bool thread;		/* the poller has one */
	enum rig_backend kind;
	uint32_t frame_size;	    /* RIG_SOURCE */
	struct vop_net_backend own; /* RIG_OWN */
	uint16_t size;		    /* of every queue; 0: 64 */
	uint16_t queues_open;	    /* how many to set up; 0: the first pair */
	uint64_t off;		    /* features the device does not offer */
	unsigned placement;	    /* enum vop_ring_placement */
};

struct rig_queue {
	struct vop_queue_config cfg;
	struct vop_drvq vq;
	bool open;
	uint8_t *mem;
	uint64_t bus;
};

struct rig {
	struct rig_config cfg;
	struct world w;
	struct vop_device *dev, *drv;
	struct vop_poller *poller;
	struct vop_net *net;
	struct rig_queue q[RIG_QUEUES];
};

void rig_open(struct rig *r, const struct rig_config *cfg);
void rig_close(struct rig *r);
/* Negotiate, set up the queues, DRIVER_OK. */
void rig_start(struct rig *r);
/* Reset, free the driver's private state. */
void rig_stop(struct rig *r);
/* Set up one queue between FEATURES_OK and DRIVER_OK. */
int rig_queue(struct rig *r, unsigned q);

/* The device's turn: a few polls, or a moment for its thread; then the control thread's work. */
void rig_turn(struct rig *r);
/* rig_turn() until cond() is true or a long time has passed. */
bool rig_until(struct rig *r, bool (*cond)(struct rig *r, void *arg), void *arg);

VOP_INLINE uint8_t *rig_buf(struct rig *r, unsigned q, unsigned i)
{
	return r->q[q].mem + (size_t)i * RIG_BUFFER;
}
VOP_INLINE uint64_t rig_bus(struct rig *r, unsigned q, unsigned i)
{
	return r->q[q].bus + (uint64_t)i * RIG_BUFFER;
}
/* Publish, and ring when asked to. */
void rig_kick(struct rig *r, unsigned q);

#endif
