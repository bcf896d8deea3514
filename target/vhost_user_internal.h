/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What target/vhost_user.c (the primitives), vhost_user_queue.c (its queues) and vhost_user_raw.c
 * (the raw escape) share. Threads: as target/target.h says, everything on one control thread.
 */
#ifndef TARGET_VHOST_USER_INTERNAL_H
#define TARGET_VHOST_USER_INTERNAL_H

#include "target/vhost_user.h"
#include "target/vhost_user_conn.h"
#include "vop/alloc.h"

#define BIT(n) (1ull << (n))

struct vu_queue {
	struct vop_queue_config cfg;  /* as set up */
	bool set_up, started, bad;    /* bad: the back-end rang err */
	int kick_fd, call_fd, err_fd; /* -1: none */
	struct vop_doorbell kick, call;
};

struct vu_target {
	struct target base;
	struct vu_conn conn;
	struct vop_heap heap;
	struct vop_regions regions;
	struct vop_doorbell_guard *guard;
	int epoll;
	uint64_t features; /* as set last */
	uint8_t status;	   /* as written last */
	bool broken;	   /* the back-end said that a ring is no good */
	bool kickless;	   /* the back-end is asked to poll */
	uint16_t size_max;
	struct vu_queue q[VOP_QUEUES_MAX];
	void (*on_lost)(void *ctx);
	void *on_lost_ctx;
	bool told; /* on_lost was called */
};

static inline struct vu_target *vu(struct target *t)
{
	return (struct vu_target *)(void *)t;
}

/* Every way out of a primitive, r as it comes unless the back-end is lost (-EPIPE): the loss is
 * told once, to whoever uses the memory. */
int vu_said(struct vu_target *t, int r);

/* Rings, split 2.7 and packed 2.8 of VIRTIO 1.4. What asks the back-end answers 0, -ETIMEDOUT,
 * -EPIPE, or -EINVAL where it refuses. */

/* No descriptors, not set up: how a queue begins. */
void vu_queue_clear(struct vu_queue *q);
/* Give its doorbells and descriptors back, without a word to the back-end. */
void vu_queue_close(struct vu_target *t, struct vu_queue *q);
/* Tell the back-end size, place, indexes (`base`, GET_VRING_BASE's form) and descriptors. */
int vu_queue_describe(struct vu_target *t, const struct vu_queue *q, uint32_t base);
/* Hand over the kick descriptor and enable; q->started from then on, whatever it answers. */
int vu_queue_start(struct vu_target *t, struct vu_queue *q);
/* All that are set up: with DRIVER_OK, the books of what is in flight first; before a reset. After
 * a stop that answers 0 the back-end uses no ring any more. */
int vu_queues_start(struct vu_target *t);
int vu_queues_stop(struct vu_target *t);
/* Rings that the back-end called bad since: t->broken, and an event. */
void vu_queues_look_for_errors(struct vu_target *t);

/* Primitives of struct target_ops. */
int vu_queue_setup(struct target *b, struct vop_queue_config *cfg, enum vop_notify notify);
int vu_queue_reset(struct target *b, unsigned q);
int vu_queue_count(struct target *b, unsigned *n);
int vu_queue_size_max(struct target *b, unsigned q, uint16_t *size);

#endif
