/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end for tests of the target layer: a node on a shm link, in a thread of its own, that
 * serves every device it is to play. Its device type is the least there can be: every buffer comes
 * back, its writable part filled with PEER_FILL.
 */
#ifndef TESTS_TARGET_PEER_H
#define TESTS_TARGET_PEER_H

#include <pthread.h>
#include <stdatomic.h>

#include <vop/features.h>
#include <vop/vq.h>
#include "vop/node.h"

#define PEER_WAIT_MS	 60000 /* against hangs only */
#define PEER_DEVICES_MAX 64u
#define PEER_FILL	 0x5a

struct peer;

struct peer_queue {
	struct vop_devq vq;
	struct vop_queue_config cfg;
	bool running;
};

struct peer_device {
	struct peer *p;
	struct vop_device *d; /* NULL once removed */
	struct peer_queue q[VOP_QUEUES_MAX];
	uint16_t q_size[VOP_QUEUES_MAX]; /* of the last set-up */
	bool go;			 /* DRIVER_OK */
	unsigned resets, failed;	 /* resets; resets that came with FAILED set */
	uint8_t status_at_reset;
};

struct peer_config {
	const char *path;
	enum vop_node_id self;
	uint64_t window_size;	       /* 0: 4 MiB */
	unsigned create;	       /* devices to create */
	uint16_t create_id;	       /* of this type */
	bool create_as_driver;	       /* ... which the peer wants to drive itself */
	struct vop_device_offer offer; /* ops, dev are the peer's */
	bool no_serve;
	int features_ok_answer, queue_start_answer, driver_ok_answer;
	bool leave_at_features_ok; /* close the link after the answer to it */
};

struct peer {
	struct peer_config cfg;
	pthread_t thread;
	int event_fd;
	atomic_bool stop;
	struct vop_node *n;
	struct peer_device dev[PEER_DEVICES_MAX];
	unsigned devices, links_down;
	bool leaving;
	/* peer_call() */
	void (*call)(struct peer *p, void *arg);
	void *call_arg;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool called, ended;
	struct vop_error err; /* why the link could not be opened; after peer_stop() */
};

/* Starts the thread; the link is joined there. 0 or -errno. */
int peer_start(struct peer *p, const struct peer_config *cfg);
/* Run fn on the peer's thread and wait for it. False when the peer has ended. */
bool peer_call(struct peer *p, void (*fn)(struct peer *p, void *arg), void *arg);
/* Close the link if it is open, and end. */
void peer_stop(struct peer *p);

#endif
