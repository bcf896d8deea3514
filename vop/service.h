/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-alone node: joins a link at a path, creates the devices it was told to, plays the device
 * for all devices that fall to it and whose type it has (service_type.h), and, when the peer goes
 * away, waits for it to come back.
 * Devices whose driver this node would be are left alone: a driver is somebody else's program.
 *
 * Threads: everything on the caller's thread but the polling, which has a thread of its own.
 */
#ifndef VOP_SERVICE_H
#define VOP_SERVICE_H

#include "vop/node.h"
#include "vop/service_type.h"

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
	const struct vop_service_device *create;
	unsigned creates;
	/* Devices of the peer that this node plays are served like the one of their type among
	 * these, or by default; queues and their size are what their creator allows. */
	const struct vop_service_device *serve;
	unsigned serves;
	/* One sentence for people about each event; may be NULL. */
	void (*say)(void *ctx, enum vop_service_event event, const char *text);
	/* One line of counters of every device that is served, every stats_ms while the link is
	 * up; may be NULL. */
	void (*stats)(void *ctx, const char *text);
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
