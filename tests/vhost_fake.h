/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vhost-user back-end for tests of the front-end, in a thread of its own: it serves every queue
 * it is given (buffers come back, their writable part filled with FAKE_FILL), keeps a log of what
 * it was told, and goes wrong where it is asked to.
 */
#ifndef TESTS_VHOST_FAKE_H
#define TESTS_VHOST_FAKE_H

#include <pthread.h>
#include <stdatomic.h>

#include <vop/features.h>
#include <vop/vq.h>
#include "vop/node.h"
#include "vop/vhost_user.h"

#define FAKE_FILL   0x5a
#define FAKE_LOG    512u
#define FAKE_CONFIG 64u

enum fake_fault {
	FAKE_SOUND,
	FAKE_REFUSE,	  /* REPLY_ACK says no */
	FAKE_SILENT,	  /* takes what comes, from here on, and answers nothing */
	FAKE_LATE,	  /* answers when vhost_fake_release() is called */
	FAKE_CLOSE_AFTER, /* answers, then closes */
	/* From here on whoever waits for an answer cannot go on. */
	FAKE_CLOSE,
	FAKE_OTHER,	/* an answer to another request */
	FAKE_TWICE,	/* every answer comes a second time */
	FAKE_EMPTY,	/* without a payload */
	FAKE_SHORT,	/* one byte short of what it needs */
	FAKE_LONG,	/* 513 bytes */
	FAKE_HUGE,	/* a size of 4 GiB */
	FAKE_VERSION,	/* version 2 */
	FAKE_REQUEST,	/* not marked as an answer */
	FAKE_FDS,	/* two descriptors along */
	FAKE_FDS_MANY,	/* sixty */
	FAKE_CUT,	/* half of it, then closes */
	FAKE_OTHER_RING /* GET_VRING_BASE: of another ring */
};
#define FAKE_FAULTS 18u

enum fake_inflight { FAKE_BOOKS, FAKE_NO_BOOKS, FAKE_ODD_BOOKS };

struct vhost_fake_config {
	const char *path;
	uint64_t features, protocol, queues;
	uint32_t config_size;
	uint8_t config[FAKE_CONFIG];
	enum fake_fault fault;
	unsigned at;	  /* the message that it happens at, from 1; 0: by request */
	uint32_t request; /* ... at every one of these */
	enum fake_inflight inflight;
	bool call_blocks;  /* makes call descriptors block for whoever reads them */
	bool config_other; /* GET_CONFIG answers with another size than asked for */
	/* Before its answer to `request`: asks the front-end something, and waits for that. */
	bool asks_first;
};

struct fake_queue {
	struct vop_devq vq;
	struct vop_queue_config cfg;
	struct vop_vu_vring_addr addr;
	uint32_t num, base;
	int kick_fd, call_fd, err_fd;
	bool started, enabled, running;
	struct vop_doorbell kick, call;
	uint64_t served;
};

struct vhost_fake {
	struct vhost_fake_config cfg;
	pthread_t thread;
	int listener, event_fd, conn, back;
	atomic_bool stop;
	struct vop_vu_stream in, acks;
	struct vop_vu_msg log[FAKE_LOG]; /* fd[] are closed; fds says how many there were */
	unsigned logged, accepted, messages;
	uint64_t features, agreed;
	uint8_t status;
	bool dead;
	struct vop_vu_msg held;
	bool holds;
	int ack; /* of its own request: result, or negative errno */
	/* Memory as mapped. */
	struct vop_vu_region region;
	void *map;
	struct vop_regions regions;
	struct fake_queue q[VOP_QUEUES_MAX];
	/* vhost_fake_call() */
	void (*call)(struct vhost_fake *f, void *arg);
	void *call_arg;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool called;
};

/* Listens when this returns. 0 or -errno. */
int vhost_fake_start(struct vhost_fake *f, const struct vhost_fake_config *cfg);
/* Run fn on its thread, after everything that was sent to it so far, and wait for that. fn NULL: do
 * just that; the log may be read until the next message. */
void vhost_fake_call(struct vhost_fake *f, void (*fn)(struct vhost_fake *f, void *arg), void *arg);
/* Hang up, and end; the socket's name is removed. */
void vhost_fake_stop(struct vhost_fake *f);

/* For vhost_fake_call(): */
/* Send the answer that was held back (FAKE_LATE). */
void vhost_fake_release(struct vhost_fake *f, void *unused);
/* A request of the back-end's own, as it is (struct vop_vu_msg), without waiting. */
void vhost_fake_tell(struct vhost_fake *f, void *msg);

#endif
