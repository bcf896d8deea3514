/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files behind vhost_user.h share (it lists them). Control thread only; memory and rings
 * are read by the poller and change while it is paused.
 */
#ifndef VOP_FRONT_VHOST_USER_INTERNAL_H
#define VOP_FRONT_VHOST_USER_INTERNAL_H

#include <sys/types.h>

#include <vop/features.h>
#include "vop/device_front.h"
#include "vop/fault.h"
#include "vop/front/vhost_user.h"
#include "vop/service_watch.h"
#include "vop/vhost_user.h"

/* A piece of the front-end's memory, mapped. Allocated one by one: a guard must not move. */
struct vu_region {
	struct vop_vu_region is; /* as the front-end said */
	unsigned times;		 /* it was added */
	dev_t dev;		 /* the file */
	ino_t ino;
	uint8_t *at; /* its first byte */
	void *base;  /* of the mapping, whole pages */
	size_t len;
	struct vop_fault_guard guard;
};

struct vu_memory {
	struct vu_region *region[VOP_VU_SLOTS];
	unsigned n;
	struct vop_regions user;  /* by the front-end's own addresses: ring parts */
	struct vop_regions guest; /* by the driver's: buffers */
};

struct vu_ring {
	/* As the front-end said. */
	uint32_t size; /* 0: not yet */
	bool have_addr;
	struct vop_vu_vring_addr addr;
	/* Where it stands: as SET_VRING_BASE has it, updated when it stops; without, its start. */
	bool have_base;
	bool exact; /* it stopped here under us: `left` says where */
	uint32_t base;
	bool kicked; /* a kick was given: it may start */
	bool enabled;
	int kick_fd, call_fd, err_fd; /* ours; -1: none */

	bool running; /* queue_stop is owed */
	bool ran;     /* since the last reset of the device */
	bool broken;  /* a violation was met */
	bool refused; /* it could not be started as it is set up now */
	struct vop_queue_config cfg;
	struct vop_devq_place left;
	struct vop_doorbell kick, call;
};

struct vop_vu_front {
	struct vop_device_head head; /* so this is a struct vop_device */
	struct vop_vu_front_config cfg;
	struct vop_service_device as;
	uint32_t size_max; /* of a queue */
	struct vop_device_offer offer;
	bool served;
	uint64_t offered;	     /* device features, word 0 */
	char who[VOP_NAME_MAX + 16]; /* "device blk" */
	struct vop_service_watch watch;
	struct vop_doorbell_guard *guard;
	int epfd, fault_fd;

	/* The connection. */
	int conn; /* -1: none */
	int backend_req;
	struct vop_vu_stream stream;
	uint64_t protocol; /* protocol features in force */
	uint64_t features; /* word 0 as accepted, with PROTOCOL_FEATURES */
	uint64_t accepted[2];
	bool features_set;
	char why[200];	   /* of the last refusal */
	unsigned refusals; /* told of */

	/* The device. */
	bool negotiated; /* features_ok was called */
	bool running;	 /* driver_ok was called */
	bool needs_reset;
	bool status_used; /* the front-end tells the driver's status */
	uint8_t status;

	struct vu_memory mem;
	struct vu_ring ring[VOP_QUEUES_MAX];
};

VOP_INLINE struct vop_device *vu_device(struct vop_vu_front *f)
{
	return (struct vop_device *)(void *)f;
}
VOP_INLINE bool vu_packed(const struct vop_vu_front *f)
{
	return vop_feature_has(f->accepted, VOP_F_RING_PACKED);
}
VOP_INLINE bool vu_has_protocol(const struct vop_vu_front *f, unsigned bit)
{
	return f->protocol >> bit & 1;
}

/* Remember why; returns err, which is negative. */
__attribute__((format(printf, 3, 4))) int vop_front_refuse(struct vop_vu_front *f, int err,
							   const char *fmt, ...);
__attribute__((format(printf, 3, 4))) void
vop_front_say(struct vop_vu_front *f, enum vop_service_event event, const char *fmt, ...);

/* --- vhost_user_device.c --- */
extern const struct vop_device_front vop_vu_device_front;
uint64_t vop_front_offered(const struct vop_vu_front *f);
int vop_front_set_features(struct vop_vu_front *f, uint64_t features);
int vop_front_set_status(struct vop_vu_front *f, uint64_t status);
uint8_t vop_front_status(const struct vop_vu_front *f);
/* Features are fixed and the driver is ready; before the first ring starts. */
int vop_front_device_run(struct vop_vu_front *f);
/* As new; every ring is stopped. */
void vop_front_device_reset(struct vop_vu_front *f);
/* Fill m with the answer to itself; -EINVAL. */
int vop_front_get_config(struct vop_vu_front *f, struct vop_vu_msg *m);
int vop_front_set_config(struct vop_vu_front *f, const struct vop_vu_msg *m);

/* --- vhost_user_mem.c; descriptors stay the caller's --- */
int vop_front_mem_set(struct vop_vu_front *f, const struct vop_vu_region *r, const int *fd,
		      unsigned n);
int vop_front_mem_add(struct vop_vu_front *f, const struct vop_vu_region *r, int fd);
int vop_front_mem_remove(struct vop_vu_front *f, const struct vop_vu_region *r);
void vop_front_mem_clear(struct vop_vu_front *f);
/* Has some of it vanished under an access? Asked once: the connection is to be ended then. */
bool vop_front_mem_broken(const struct vop_vu_front *f);

/* --- vhost_user_ring.c --- */
void vop_front_rings_init(struct vop_vu_front *f);
/* Stop those that run; they start again where they stood once vop_front_rings_settle() finds
 * nothing missing. */
void vop_front_rings_stop(struct vop_vu_front *f);
/* Memory has changed: rings that could not start may now. */
void vop_front_rings_retry(struct vop_vu_front *f);
/* Start what can start. The first failure, and why. */
int vop_front_rings_settle(struct vop_vu_front *f);
/* As vop_front_rings_init(), of those that were stopped; closes their descriptors. */
void vop_front_rings_clear(struct vop_vu_front *f);
/* The driver was reset: none starts before it is kicked off again. */
void vop_front_rings_unkick(struct vop_vu_front *f);
/* RESET_DEVICE: set-up is forgotten, call and error descriptors stay. */
void vop_front_rings_reset(struct vop_vu_front *f);
int vop_front_ring_num(struct vop_vu_front *f, const struct vop_vu_vring_state *s);
int vop_front_ring_base(struct vop_vu_front *f, const struct vop_vu_vring_state *s);
int vop_front_ring_get_base(struct vop_vu_front *f, struct vop_vu_vring_state *s);
int vop_front_ring_addr(struct vop_vu_front *f, const struct vop_vu_vring_addr *a);
int vop_front_ring_enable(struct vop_vu_front *f, const struct vop_vu_vring_state *s);
/* SET_VRING_KICK, CALL, ERR: takes the descriptor out of m. */
int vop_front_ring_fd(struct vop_vu_front *f, struct vop_vu_msg *m);
void vop_front_ring_violation(struct vop_vu_front *f, unsigned q);
/* The one kind of socket that is written into: in others (TCP) somebody who sends at the same time
 * can hold a lock that no flag of ours helps against. */
bool vop_front_is_unix_socket(int fd);

#endif
