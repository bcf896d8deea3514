/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entropy device (VIRTIO 1.4, 5.4): one queue of writable buffers that it fills with random
 * bytes, the kernel's or those of a source of the caller's.
 *
 * Threads: open, close and struct vop_dev_ops on the control thread; the source on the poller.
 */
#ifndef VOP_DEV_RNG_H
#define VOP_DEV_RNG_H

#include "vop/node.h"
#include "vop/poller.h"

#define VOP_RNG_ID     4
#define VOP_RNG_QUEUES 1u
/* A buffer is filled whole up to so many bytes; the driver sees in the used length how far (5.4.6).
 */
#define VOP_RNG_FILL_MAX 65536u

/* Where the bytes come from. fill NULL: getrandom(2). */
struct vop_rng_source {
	void *ctx;
	/* Write up to len (1 or more) bytes to private memory; how many. 0: none now, it is asked
	 * again. Never blocks. On the poller. */
	size_t (*fill)(void *ctx, void *to, size_t len);
	void (*free)(void *ctx); /* may be NULL */
};

struct vop_rng_config {
	uint16_t queue_size_max;
	uint64_t features_off[2]; /* features not to offer (ring features: there are no others) */
	uint64_t pool_size;	  /* bytes, for placement at the device */
	enum vop_notify notify;
	struct vop_rng_source source; /* freed by vop_rng_close */
	struct vop_poller *poller;
};

struct vop_rng;

struct vop_rng_stats {
	uint64_t buffers, bytes; /* used */
	uint64_t dry;		 /* a buffer was there, the source had nothing */
	uint64_t violations;
	uint32_t last_violation;
};

/* Serve d as an entropy device. NULL with *err; the source then stays the caller's. */
struct vop_rng *vop_rng_open(struct vop_device *d, const struct vop_rng_config *cfg,
			     struct vop_error *err);
/* In device_removed(), or after it: its queue is stopped then. NULL does nothing. */
void vop_rng_close(struct vop_rng *r);
/* The poller asked for attention: turn a violation into NEEDS_RESET. Control thread. */
void vop_rng_attend(struct vop_rng *r);
/* Counters as of now; any thread, each word atomic by itself. */
void vop_rng_get_stats(const struct vop_rng *r, struct vop_rng_stats *out);

#endif
