/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent: one of the two measuring processes. The coordinator starts it with a control socket
 * (descriptor 3) and the shared block (descriptor 4), both apart from the link that is measured.
 * Requests and answers are single messages of fixed size; between them the plans in the shared
 * block run.
 */
#ifndef BENCH_AGENT_H
#define BENCH_AGENT_H

#include "bench/shared.h"
#include "vop/node.h"

#define AGENT_CTL_FD	3
#define AGENT_SHARED_FD 4
#define AGENT_WAKE_FD	5 /* two eventfds for JOB_WAKE: 5 and 6 */

enum agent_op {
	AGENT_OPEN = 1, /* join the link, find or make the devices */
	AGENT_SESSION,	/* driver: initialise the devices, make the buffers; device: nothing */
	AGENT_END,	/* driver: reset the devices */
	AGENT_STATS,	/* fill the answer's statistics */
	AGENT_CLOSE,	/* leave the link */
	AGENT_QUIT,
	AGENT_LOST, /* unasked, from the agent: the link went down; text says why */
};

/* The same for every case of a run. */
struct agent_open {
	char uri[128]; /* target: "vop:PATH"; the device's agent takes the path behind the scheme */
	uint8_t self;  /* enum vop_node_id of this agent */
	uint8_t creates; /* this agent's node creates the devices */
	uint8_t foreign; /* driver: the target is somebody else's; take what is there */
	uint8_t no_huge;
	uint8_t device_polls; /* vhost-user: ask the back-end to poll */
	uint8_t notify;	      /* device: how kicks are taken */
	uint16_t devices;
	uint16_t pairs; /* per device */
	uint16_t queue_size_max;
	uint64_t window; /* bytes of this node's window */
	uint64_t pool;	 /* device: bytes lent to the driver, per device */
	uint64_t spin_ns;
	int32_t timeout_ms;
	/* blk */
	uint64_t disk_size;  /* device: bytes of the disk it serves */
	char disk_file[512]; /* device: where; "" in memory */
	char spawn[1024];    /* driver: command that serves a foreign target; "" none */
};

struct agent_session {
	uint64_t want[2];
	uint64_t need[2];
	uint32_t size, stride, depth, batch;
	uint16_t queue_size;
	uint16_t pairs;
	uint8_t ring_placement, payload_placement, notify;
	uint8_t numbered; /* frames of the product's source */
	uint8_t small_rx;
	uint8_t kept; /* of a frame sent only the first line is new */
	uint8_t any;  /* received frames are counted, not looked at */
	uint32_t indirect_max;
	uint64_t spin_ns;
	/* blk; size and depth are the largest of any job then, pairs the queues */
	uint64_t span, seed;
	uint32_t size_unit;	 /* every job's size is a multiple of it */
	bool queue_size_default; /* nobody asked for that size */
	uint8_t verify;		 /* enum blk_verify wanted */
	uint8_t mix;		 /* randrw: per cent of reads */
	bool may_write;
};

/* A disk as its driver met it. */
struct agent_disk {
	uint64_t capacity; /* bytes */
	uint64_t span;	   /* bytes in use, from the start */
	uint32_t block_size;
	uint8_t read_only, flush, verify;
	uint32_t segments; /* of data in the largest request */
	uint32_t queues;   /* in use */
	uint32_t queue_size;
};

struct agent_request {
	uint32_t op;
	union {
		struct agent_open open;
		struct agent_session session;
	};
};

struct agent_answer {
	uint32_t op;
	int32_t error; /* 0 or negative errno; text then says why */
	char text[256];
	uint64_t features[2];		 /* session: negotiated */
	uint64_t offered[2];		 /* session: by the device */
	uint32_t queues, queue_size_max; /* session: the device's, of its first queue */
	uint64_t violations;
	uint64_t resident; /* bytes, peak */
	uint32_t huge;	   /* windows lie on huge pages */
	struct agent_disk disk;
};

#endif
