/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device of ours offered to vhost-user front-ends (QEMU, docs/interop/vhost-user.rst): any type
 * that a node serves (service_type.h), one front-end at a time. The life of a device here is longer
 * than that of a connection: a front-end that goes leaves it reset, the next one finds it new.
 *
 * What is offered: split and packed rings, INDIRECT_DESC, EVENT_IDX, IN_ORDER, VERSION_1 and what
 * the device type has; protocol features MQ, REPLY_ACK, BACKEND_REQ, CONFIG, RESET_DEVICE,
 * CONFIGURE_MEM_SLOTS, STATUS. Drivers without VERSION_1 are refused.
 *
 * The front-end is not trusted. What it says wrongly is refused with one line, and with an answer
 * where it asked for one (REPLY_ACK); without, the connection ends. Its memory may vanish at any
 * time (fault.h): then the connection ends, not the process. Its call descriptors may block: they
 * are written under a guard (doorbell.h).
 *
 * Threads: everything here on one control thread; the queues run on the poller, which changes are
 * kept away from by pausing it.
 *
 * Files: vhost_user.c (connection, requests), vhost_user_device.c (the device: features, status,
 * configuration), vhost_user_mem.c (memory table), vhost_user_ring.c (rings), vhost_user_service.c
 * (a process that listens).
 */
#ifndef VOP_FRONT_VHOST_USER_H
#define VOP_FRONT_VHOST_USER_H

#include "vop/poller.h"
#include "vop/service.h"

/* Regions of memory at a time: what GET_MAX_MEM_SLOTS answers. */
#define VOP_VU_SLOTS 32u

struct vop_vu_front;

struct vop_vu_front_config {
	/*
	 * Type and values; copied, its texts are the caller's. queue_size: the longest queue that
	 * is accepted; 0: as long as the format allows.
	 */
	const struct vop_service_device *device;
	struct vop_poller *poller; /* outlives the front */
	/* One sentence for people about each event; may be NULL. */
	void (*say)(void *ctx, enum vop_service_event event, const char *text);
	void *ctx;
};

/* Open the device. NULL with *err. */
struct vop_vu_front *vop_vu_front_open(const struct vop_vu_front_config *cfg,
				       struct vop_error *err);
/* Ends the connection first. NULL is allowed. */
void vop_vu_front_close(struct vop_vu_front *f);

/* A front-end has come: fd, a connected UNIX stream socket, is the front's from now on, also when
 * this fails. 0, -EBUSY: one is there already, or negative errno. */
int vop_vu_front_attach(struct vop_vu_front *f, int fd);
bool vop_vu_front_attached(const struct vop_vu_front *f);
/* End the connection: queues stop, the device is reset, nothing of the front-end's is kept. */
void vop_vu_front_detach(struct vop_vu_front *f);

/* Descriptor to poll; readable: call vop_vu_front_service(). The same for the front's whole life.
 */
int vop_vu_front_fd(const struct vop_vu_front *f);
/* Do what there is to do; never blocks, but for what the device's own callbacks wait for. 0, or
 * -EPIPE: the connection has ended (what was to say was said), or there is none. */
int vop_vu_front_service(struct vop_vu_front *f);
/* The poller asked for attention (vop_poller_attention_fd()). */
void vop_vu_front_attend(struct vop_vu_front *f);
/* One line of counters, as vop_service_config.stats; ms: since the last. */
void vop_vu_front_stats(struct vop_vu_front *f, int ms, char *text, size_t size);

/* --- a process that offers one device --- */

struct vop_vu_serve_config {
	const char *path; /* of the socket */
	/* Connect to a front-end that listens there, and again when it has gone; false: listen,
	 * take one front-end after the other, others wait. A socket that a dead process left is
	 * replaced. */
	bool client;
	const struct vop_service_device *device; /* as vop_vu_front_config */
	int cancel_fd;				 /* readable: end in good order; -1: never */
	int poller_cpu;				 /* -1: anywhere */
	bool yield;				 /* the poller shares its CPU */
	int reconnect_ms; /* how long to wait for the next front-end when one has gone; 0: not at
			     all; < 0: for ever */
	int timeout_ms;	  /* how long to wait for the first; < 0: for ever */
	void (*say)(void *ctx, enum vop_service_event event, const char *text);
	/* A line of counters every stats_ms while there is a front-end; may be NULL. */
	void (*stats)(void *ctx, const char *text);
	int stats_ms;
	void *ctx;
};

/* Run until cancel_fd says so (0), or nobody comes (-ETIMEDOUT), or the front-end is gone and
 * nobody is waited for (-EPIPE), or another negative errno. *err says what in one line. */
int vop_vu_serve(const struct vop_vu_serve_config *cfg, struct vop_error *err);

#endif
