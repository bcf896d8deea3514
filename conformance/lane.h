/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lane: one queue of one device type and requests for it, so that checks of rings need not know
 * what device they are talking to. net has two, tx and rx.
 */
#ifndef CONFORMANCE_LANE_H
#define CONFORMANCE_LANE_H

#include "conformance/conf.h"
#include "conformance/ring.h"

struct lane {
	const char *name; /* "net/tx" */
	uint16_t device;  /* VIRTIO device id */
	unsigned queue;	  /* the ring under test */
	bool writes;	  /* the device writes into its buffers */
	bool reads;	  /* the device reads from its buffers */
	bool ordered;	  /* with IN_ORDER requests end in the order in which they were made
			     available; without it nothing may rely on an order */
	/* After the features were accepted: set up the other queues it needs, ring under test
	 * excluded. May be NULL. State of its own: conf_lane_state(). */
	void (*prepare)(struct conf *c);
	/* Give the other queues their buffers before DRIVER_OK, without a kick; begin() does it
	 * otherwise. May be NULL. */
	void (*fill)(struct conf *c);
	/* After DRIVER_OK. May be NULL. */
	void (*begin)(struct conf *c);
	/* Request number i: its bytes, and how many the device may write. out has room for
	 * LANE_OUT_MAX. */
	void (*request)(struct conf *c, uint64_t i, uint8_t *out, uint32_t *out_len,
			uint32_t *in_len);
	/* The buffer was handed over: do what makes the device use it. May be NULL. */
	void (*trigger)(struct conf *c, struct cbuf *b);
	/* Buffers of the ring under test were published. May be NULL. */
	void (*published)(struct conf *c);
	/* It came back: length and contents. */
	void (*verify)(struct conf *c, struct cbuf *b);
	unsigned pieces; /* natural number of them */
	/* CONF_F(bit), ended by 0: negotiated by every check when they are offered, because such a
	 * device is not driven without them. Unless a check says conf_leave(). */
	uint8_t accepts[4];
};
#define LANE_OUT_MAX 2048u

extern const struct lane conf_lane_net_tx, conf_lane_net_rx;
extern const struct lane conf_lane_blk;
extern const struct lane conf_lane_console_tx, conf_lane_console_rx;
extern const struct lane conf_lane_rng;
extern const struct lane conf_lane_fs;

/* All of them, ended by NULL; of each device the first one is for checks that need no special one.
 */
extern const struct lane *const conf_lanes[];

/* Of the lane, per check; zeroed; LANE_STATE bytes. */
#define LANE_STATE 8448u
void *conf_lane_state(struct conf *c);

#endif
