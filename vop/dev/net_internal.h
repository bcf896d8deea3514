/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the net device share: net.c (control thread), net_poll.c (frames), net_ctrl.c
 * (control queue). Who may touch what: core.h; what belongs to a queue goes with it.
 */
#ifndef VOP_DEV_NET_INTERNAL_H
#define VOP_DEV_NET_INTERNAL_H

#include "vop/dev/core.h"
#include "vop/dev/net.h"

/* Receive buffers held at a time: a 64 KiB frame in buffers of 256 bytes, or a batch of small ones.
 */
#define NET_HELD 320u
/* Control requests in one turn. */
#define NET_CTRL_BATCH 4u

/* Counters: one writer, the poller; read by any thread, each word atomic by itself. */
struct net_count {
	uint64_t frames, bytes, starved;
};

struct net_tx {
	struct vop_core_queue q;
	unsigned from,
		n;	/* frame[from..n) and elem[from..n) were popped and wait for the backend */
	uint64_t bytes; /* of the whole batch */
	struct net_count count;
	struct vop_plain plain[VOP_NET_BATCH];
	struct vop_elem elem[VOP_NET_BATCH];
	struct vop_net_frame frame[VOP_NET_BATCH];
	struct vop_iov iov[VOP_CORE_PIECES];
};

struct net_rx {
	struct vop_core_queue q;
	unsigned from, n; /* elem[from..n) are held: popped, not used */
	unsigned niov;	  /* pieces of them, iov[..niov) */
	bool starving;	  /* frames wait for buffers */
	uint32_t buf_len; /* mergeable: what a buffer held lately */
	unsigned least;	  /* mergeable: so many buffers at least for the next frame */
	struct net_count count;
	struct vop_plain plain[VOP_NET_BATCH];
	uint32_t len[VOP_NET_BATCH];
	struct vop_net_frame frame[VOP_NET_BATCH];
	struct vop_elem elem[NET_HELD];
	uint32_t used[NET_HELD];
	struct vop_iov iov[2 * VOP_CORE_PIECES];
};

struct net_pair {
	struct vop_net *net;
	unsigned index;
	bool used; /* as the backend was told */
	bool job;  /* the poller has it */
	struct net_tx tx;
	struct net_rx rx;
};

struct vop_net {
	struct vop_net_backend backend;
	struct vop_core core;
	bool mergeable;

	uint32_t frame_max; /* longest frame the driver may receive; UINT32_MAX without MTU */
	unsigned active;    /* pairs in use; changed by the control queue on the poller, and while
			    paused */
	unsigned pairs;	    /* that exist */

	/* Control thread. */
	enum vop_notify notify;
	unsigned ctrl_index; /* queue number of the control queue, UINT_MAX: none */
	bool mq;
	uint16_t mtu;

	struct vop_core_queue ctrl;
	bool ctrl_job;
	struct vop_elem ctrl_elem[NET_CTRL_BATCH];
	struct vop_iov ctrl_iov[VOP_CORE_PIECES];
	struct net_pair *pair[VOP_NET_PAIRS_MAX];
};

/* Tell the backend which pairs are in use; where they change. */
void vop_net_tell_use(struct vop_net *n);
/* Poller: one turn of a pair (struct net_pair), of the control queue (struct vop_net); see
 * poller.h. */
unsigned vop_net_pair_poll(void *ctx);
bool vop_net_pair_arm(void *ctx);
void vop_net_pair_disarm(void *ctx);
unsigned vop_net_ctrl_poll(void *ctx);
bool vop_net_ctrl_arm(void *ctx);
void vop_net_ctrl_disarm(void *ctx);

#endif
