/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands behind <vop/vop.h>: api.c (node, devices), api_driver.c, api_device.c.
 *
 * One epoll set is vop_fd(): the node's descriptor, the doorbells of all queues, and an eventfd for
 * work that nothing else announces.
 */
#ifndef VOP_API_INTERNAL_H
#define VOP_API_INTERNAL_H

#include <vop/vop.h>
#include <vop/vq.h>
#include "vop/node.h"
#include "vop/vq_open.h"

#define API_BATCH  64u	/* buffers handed to a vop_serve_fn at a time */
#define API_PIECES 512u /* pieces of them; a longer chain is a violation */

/* A doorbell in the epoll set. */
struct api_bell {
	struct vop_doorbell *db; /* NULL: not in the set */
	bool rang;		 /* drained, not looked at yet */
};

struct vop_queue {
	struct vop_dev *dev;
	struct vop_drvq vq;
	struct vop_queue_config cfg;
	struct api_bell call;
	bool open;
};

struct vop_bufs {
	unsigned n; /* elem[from ..) are handed out; used[] goes with elem[] */
	unsigned from;
	struct vop_elem elem[API_BATCH];
	uint32_t used[API_BATCH];
	struct vop_iov iov[API_PIECES];
};

/* A queue of a device this node plays. */
struct api_served {
	struct vop_devq vq;
	const struct vop_queue_config *cfg; /* NULL: not set up */
	struct api_bell kick;
	bool live;	/* open, DRIVER_OK, no violation met */
	bool ring_owed; /* the driver must be called and could not be */
	struct vop_bufs bufs;
};

struct vop_dev {
	struct vop *v;
	struct vop_device *d;
	struct vop_device_info info;
	struct vop_dev *next;
	bool announced, gone;
	bool changed; /* driver: tell of it */
	void *priv;
	/* driver */
	bool started;
	uint64_t features[2];
	struct vop_queue *q;
	unsigned nq;
	/* device */
	struct vop_dev_ops ops;
	vop_serve_fn *fn;
	void *ctx;
	bool running; /* DRIVER_OK */
	struct api_served *sq;
	unsigned nsq;
};

struct vop {
	struct vop_node *n;
	int epfd, poke;
	bool serving; /* vop_service() is on the stack */
	char why[160];
	struct vop_dev *devs;
	void (*added)(void *ctx, struct vop_dev *d);
	void (*removed)(void *ctx, struct vop_dev *d);
	void (*changed)(void *ctx, struct vop_dev *d);
	void *ctx;
};

/* Make vop_fd() readable: the next service has work. */
void api_poke(struct vop *v);
/* Watch a doorbell (kind NONE: nothing happens) / watch it no longer; before it is closed. */
int api_watch(struct vop *v, struct api_bell *b, struct vop_doorbell *db);
void api_unwatch(struct vop *v, struct api_bell *b);

/* --- api_driver.c --- */
/* The device is gone: private state of its queues goes. */
void api_driver_drop(struct vop_dev *d);

/* --- api_device.c --- */
/* Serve queues that have something. */
void api_device_run(struct vop_dev *d);

#endif
