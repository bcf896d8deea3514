/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two nodes in one thread with a device type that writes down what happens to it: the bench of the
 * node's unit tests. Each node runs whenever the other one waits.
 */
#ifndef TESTS_NODE_PAIR_H
#define TESTS_NODE_PAIR_H

#include <vop/features.h>
#include "tests/link_pair.h"
#include "vop/node.h"

#define WAIT_MS 20000 /* against hangs only */

/* The device type of the tests. */
struct fake {
	int features_ok_answer, start_answer, driver_ok_answer, write_answer;
	unsigned starts, stops, resets, driver_oks, writes;
	bool running[VOP_QUEUES_MAX];
	struct vop_queue_config cfg[VOP_QUEUES_MAX];
	uint64_t features[2];
	uint8_t written[VOP_CONFIG_WRITE_MAX];
	uint32_t written_at, written_len;
	bool stopped_before_reset; /* no queue ran when reset() was called */
};

struct side {
	struct world *w;
	enum vop_node_id id;
	struct vop_node *n;
	unsigned ups, downs, added, removed, changed;
	char reason[160];
	struct vop_device *d; /* added last, NULL after its removal */
	struct vop_device_offer offer;
	bool no_serve; /* the offer is made by the test */
	int served;    /* what vop_device_serve() said */
	struct fake fake;
	bool running_at_removal; /* a queue ran when device_removed() was called */
	void (*on_added)(struct side *s, struct vop_device *d);
	void (*on_removed)(struct side *s, struct vop_device *d);
	void (*on_changed)(struct side *s, struct vop_device *d);
	void (*on_run)(struct side *s); /* once, when the node runs because the other one waits */
	int scratch;			/* for these */
};

struct world {
	struct vop_link_pair *pair;
	struct side s[2];
};

extern const struct vop_dev_ops fake_ops;

/* Both nodes are up. cfg may be NULL. */
void world_open(struct world *w, const struct vop_link_pair_config *cfg);
/* Only joins the links; node `id` is started by world_start(). */
void world_join(struct world *w, const struct vop_link_pair_config *cfg);
void world_start(struct world *w, enum vop_node_id id);
void world_close(struct world *w);
/* Service both nodes until neither has messages. */
void world_pump(struct world *w);

/* Create a device of the fake type; the two nodes' sides of it. Asserts that both saw it. */
struct device_pair {
	struct side *device, *driver, *creator;
	struct vop_device *dev, *drv;
	int slot;
};
void world_add(struct world *w, enum vop_node_id creator, enum vop_node_id device,
	       struct device_pair *out);
/* Reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK; what the device offers of `want`. */
int drv_negotiate(struct vop_device *drv, uint64_t want0);
/* Rings at the driver (or in the pool), of the right sizes. */
int drv_queue(struct vop_device *drv, unsigned q, uint16_t size, bool packed, unsigned placement,
	      enum vop_notify notify, struct vop_queue_config *cfg);
int drv_status(struct vop_device *drv, uint8_t status, uint8_t *got);

#define FULL_FEATURES                                                                              \
	((1ull << VOP_F_VERSION_1) | (1ull << VOP_F_ACCESS_PLATFORM) | (1ull << VOP_F_RING_RESET))

#endif
