/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's end of the traffic: lanes (queue pairs of one or several net devices) over sessions,
 * and the loops that fill and empty them. The loops know rings and doorbells; they know no target.
 */
#ifndef BENCH_NET_LOAD_H
#define BENCH_NET_LOAD_H

#include "bench/verify.h"
#include "bench/worker.h"
#include "target/session.h"

#define NET_LOAD_DEVICES 64u

struct net_load_config {
	uint32_t size;	 /* frame bytes, without the virtio header */
	uint32_t stride; /* bytes between transmit buffers; 0: chosen */
	uint32_t depth;	 /* buffers in flight per lane and direction; 0: chosen */
	uint32_t batch;	 /* frames made, and as a rule published, at a time */
	unsigned pairs;	 /* per device */
	bool mergeable;	 /* MRG_RXBUF was negotiated */
	bool small_rx;	 /* mergeable: receive buffers smaller than a frame */
	bool kept;	 /* of a frame sent only the first line is new */
	bool any;	 /* received frames of the right length count, whatever is in them */
	bool numbered;	 /* frames come from the product's source */
	enum vop_notify notify;
	uint64_t spin_ns; /* adaptive */
};

struct net_load;

/*
 * Buffers for every lane of the sessions, receive queues filled. The sessions stay the caller's.
 * NULL with *err.
 */
struct net_load *net_load_new(struct shared *sh, struct session *const *sessions, unsigned n,
			      const struct net_load_config *cfg, struct vop_error *err);
void net_load_free(struct net_load *l);

/* Run JOB_TX .. JOB_ECHO, JOB_IDLE on the worker. -EPROTO: a queue broke; net_load_broken() says
 * why. */
int net_load_run(struct net_load *l, struct worker *w, const struct job *j, struct job_result *r);
/* Frames sent and received in the last job. */
uint64_t net_load_moved(const struct net_load *l);
/* enum vop_violation of the first broken queue. */
uint32_t net_load_broken(const struct net_load *l);

/* Chosen when the configuration says 0. */
uint32_t net_load_stride(uint32_t size);
uint32_t net_load_depth(uint32_t size, uint32_t queue_size);

#endif
