/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-alone node: joins a link at a path, creates the devices it was told to, plays the device
 * for all net devices that fall to it, and, when the peer goes away, waits for it to come back.
 * Devices whose driver this node would be are left alone: a driver is somebody else's program.
 *
 * Threads: everything on the caller's thread but the polling, which has a thread of its own.
 */
#ifndef VOP_SERVICE_H
#define VOP_SERVICE_H

#include "vop/dev/net.h"
#include "vop/node.h"

enum vop_service_backend {
	VOP_SERVICE_NULL = 0,
	VOP_SERVICE_SOURCE = 1,
	VOP_SERVICE_ECHO = 2,
};

/* A device: how it is created, and how it is served when this node plays it. */
struct vop_service_net {
	enum vop_node_id device; /* who plays it */
	enum vop_service_backend backend;
	uint32_t frame_size; /* of VOP_SERVICE_SOURCE, bytes */
	uint16_t pairs;
	uint16_t mtu;
	uint16_t queue_size;
	uint8_t mac[6]; /* all zero: made from the slot number */
	enum vop_notify notify;
	const char *name; /* NULL: the type and the slot number */
};

enum vop_service_event {
	VOP_SERVICE_WAITING, /* for the peer */
	VOP_SERVICE_UP,
	VOP_SERVICE_DEVICE,    /* a device appeared, and is served if this node plays it */
	VOP_SERVICE_REFUSED,   /* a device this node plays is not served; text says why */
	VOP_SERVICE_DRIVER_OK, /* the driver is ready */
	VOP_SERVICE_RESET,     /* the driver reset the device */
	VOP_SERVICE_VIOLATION, /* the driver broke the rules: the device needs a reset */
	VOP_SERVICE_GONE,      /* a device was removed */
	VOP_SERVICE_DOWN,      /* the peer went away */
};

#define VOP_SERVICE_FOREVER (-1)

struct vop_service_config {
	const char *path;
	enum vop_node_id self;
	uint64_t window_size;
	bool no_huge;
	int timeout_ms;	  /* how long to wait for the peer at first; < 0: for ever */
	int reconnect_ms; /* how long to wait for its return; 0: not at all; < 0: for ever */
	int cancel_fd;	  /* readable: end in good order; -1: never */
	int poller_cpu;	  /* -1: anywhere */
	bool yield;	  /* the poller shares its CPU */
	/* Devices to create whenever a link comes up; the caller's. */
	const struct vop_service_net *create;
	unsigned creates;
	/* Devices of the peer that this node plays are served like this one; pairs and queue size
	 * are what their creator allows. */
	struct vop_service_net serve;
	/* One sentence for people about each event; may be NULL. */
	void (*say)(void *ctx, enum vop_service_event event, const char *text);
	/* Counters of every device that is served, every stats_ms while the link is up; may be
	 * NULL. */
	void (*stats)(void *ctx, const struct vop_device_info *info,
		      const struct vop_net_stats *st);
	int stats_ms;
	void *ctx;
};

/*
 * Run until cancel_fd says so (0), or the peer does not come (-ETIMEDOUT) or has gone for good
 * (-EPIPE), or nothing can be done about the link, or a device cannot be created: another negative
 * errno. *err says what went wrong in one line.
 */
int vop_service_run(const struct vop_service_config *cfg, struct vop_error *err);

#endif
