/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session: the legal initialisation of a device (VIRTIO 1.4, 3.1.1), once, and per-queue handles
 * for the hot path. Knows targets only through target.h.
 *
 * Threads: the calls here on the control thread of the target. Between open and close each queue's
 * ring belongs to one worker, which is off it before session_close(), session_fail(), and when the
 * target's on_lost() returns.
 */
#ifndef TARGET_SESSION_H
#define TARGET_SESSION_H

#include <vop/features.h>
#include <vop/vq.h>
#include "target/target.h"

struct session_queue {
	struct vop_drvq vq; /* inlined ring, for the worker */
	/*
	 * Doorbells: cfg.kick to ring, cfg.call to wait on; both are the target's and gone with
	 * the reset or the loss of it.
	 */
	struct vop_queue_config cfg;
	enum vop_notify notify; /* how calls are taken */
	bool open;
};

struct session_config {
	uint64_t want
		/*
		 * features to accept where offered; the session adds VERSION_1, ACCESS_PLATFORM
		 * and ORDER_PLATFORM
		 */
		[2];
	uint64_t need[2]; /* features without which opening fails */
	unsigned queues;  /* queues 0..queues-1 are set up; queue_use says which */
	bool queue_use[VOP_QUEUES_MAX];
	/* Ring size of each; 0: the device's maximum (split: the power of two below). */
	uint16_t size[VOP_QUEUES_MAX];
	enum vop_notify notify[VOP_QUEUES_MAX];
	enum vop_ring_placement ring_placement;
	enum vop_payload_placement payload_placement;
	uint32_t
		/* segments of an indirect table, at most the queue size counts; 0 or 1: none */
		indirect_max;
};

struct session {
	struct target *t;
	uint64_t features[2]; /* negotiated */
	uint64_t offered[2];
	unsigned queues;
	uint8_t status; /* as written last */
	struct session_queue q[VOP_QUEUES_MAX];
};

/*
 * Reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK read back, queues, DRIVER_OK (VIRTIO 1.4,
 * 3.1.1). s is overwritten; a session that is open is closed first by the caller. The rings are the
 * split or packed ones that RING_PACKED in the negotiated features says; calls of a queue with
 * VOP_NOTIFY_POLL are disarmed.
 *
 * 0; or with *err in words, and the device reset (FAILED set before): -EINVAL: the configuration
 * makes no sense for this device; -ENOTSUP: a needed feature is not offered, the device refused the
 * features, a placement it has not; -ENOMEM: the rings do not fit; -EPROTO, -ETIMEDOUT, -EPIPE as
 * the target says.
 */
int session_open(struct session *s, struct target *t, const struct session_config *cfg,
		 struct vop_error *err);
/*
 * Reset the device and free private state: ring memory goes back to the target. Also after the
 * target was lost, and twice.
 */
void session_close(struct session *s);
/*
 * A queue half is broken: FAILED, reset (protocol: violations). The session is closed then;
 * session_open() starts anew.
 */
void session_fail(struct session *s);

#endif
