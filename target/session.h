/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session: the legal initialisation of a device (VIRTIO 1.4, 3.1.1), once, and per-queue handles for the hot path.
 * Knows targets only through target.h.
 */
#ifndef TARGET_SESSION_H
#define TARGET_SESSION_H

#include <vop/vq.h>
#include "target/target.h"

struct session_queue {
	struct vop_drvq vq;	     /* inlined ring, for the worker */
	struct vop_queue_config cfg; /* doorbells: cfg.kick to ring, cfg.call to wait on */
	enum vop_notify notify;	     /* how calls are taken */
	bool open;
};

struct session_config {
	uint64_t want
		[2]; /* features to accept where offered; the session adds VERSION_1 and ACCESS_PLATFORM */
	uint64_t need[2]; /* features without which opening fails */
	unsigned queues;  /* queues 0..queues-1 are set up; queue_use says which */
	bool queue_use[VOP_QUEUES_MAX];
	uint16_t size[VOP_QUEUES_MAX]; /* ring size of each; 0: the device's maximum */
	enum vop_notify notify[VOP_QUEUES_MAX];
	enum vop_ring_placement ring_placement;
	enum vop_payload_placement payload_placement;
	uint32_t indirect_max; /* segments of an indirect table; 0: none */
};

struct session {
	struct target *t;
	uint64_t features[2]; /* negotiated */
	uint64_t offered[2];
	unsigned queues;
	struct session_queue q[VOP_QUEUES_MAX];
};

/* Reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK read back, queues, DRIVER_OK. 0; negative errno with *err; the device is reset (FAILED set) on failure. */
int session_open(struct session *s, struct target *t, const struct session_config *cfg,
		 struct vop_error *err);
/* Reset the device and free private state. Also after the target was lost. */
void session_close(struct session *s);
/* A queue half is broken: FAILED, reset (protocol: violations). */
void session_fail(struct session *s);

#endif
