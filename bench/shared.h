/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block the coordinator shares with its two workers, one in each process. It outlives them:
 * what a worker counted as delivered stays counted when it is killed.
 *
 * The coordinator writes a plan (a few jobs) and a number; both workers go through the jobs in
 * lockstep, meeting at a barrier before each, and report per job. Nothing but the workers runs
 * meanwhile: on a machine with two CPUs the coordinator sleeps until both have answered.
 *
 * Every line has one writer. A job's window is the time in which things count: the *keeper* of the
 * job (the receiver of frames, where there is one) opens it after the warm-up and closes it.
 */
#ifndef BENCH_SHARED_H
#define BENCH_SHARED_H

#include <stdatomic.h>
#include <vop/base.h>
#include "bench/hist.h"

enum bench_side {
	SIDE_DRIVER = 0,
	SIDE_DEVICE = 1,
	SIDES = 2,
};

enum job_kind {
	JOB_NONE = 0,
	JOB_PROBE,     /* cache-line round trip */
	JOB_LINE,      /* limit: one producer, one consumer; `from` produces */
	JOB_DUPLEX,    /* limit: both produce and consume */
	JOB_WAKE,      /* limit: eventfd there and back */
	JOB_COPY,      /* limit: plain memory copy on one side, the other idle */
	JOB_TX,	       /* frames driver to device */
	JOB_RX,	       /* frames device to driver */
	JOB_BOTH,      /* both at once */
	JOB_ECHO,      /* round trips */
	JOB_RING,      /* the bare ring, no payload */
	JOB_IDLE,      /* queues set up, nothing to do: CPU time */
	JOB_BLK,       /* requests to a disk */
	JOB_BLK_FILL,  /* write the whole span once (or learn what it holds); ends by itself */
	JOB_BLK_CHECK, /* read and compare the whole span once; ends by itself */
	JOB_DRAIN,     /* limit: how fast the device empties rings that were filled beforehand */
};

#define PLAN_JOBS   24u
#define JOB_SLICES  64u
#define JOB_LANES   1024u
#define ARENA_BYTES (40ull << 20)

struct job {
	uint32_t kind; /* enum job_kind */
	uint32_t from; /* limits: enum bench_side that produces */
	uint64_t warm_ns, run_ns, slice_ns;
	uint64_t rate; /* frames a second, all lanes together; 0: as fast as it goes */
	/* limits and bare ring */
	uint32_t bytes, stride, slots, batch;
	uint32_t back_bytes; /* of each frame's descriptor, returned to the producer; 0: only a
				counter goes back */
	uint32_t prefetch;   /* bit 0: the consumer asks for a batch's lines first; bit 1: the
				producer for the next batch's */
	bool duty;     /* limits: frames are made before and verified after, as the traffic does */
	uint32_t burn; /* test only: per cent of its time each side of the traffic wastes */
	bool packed, in_order, event_idx;
	uint32_t pattern; /* JOB_BLK: enum blk_pattern; slots is the depth then */
	bool drop; /* with a rate: a frame that finds no room is dropped, as on a wire (no-drop
		      rate) */
};

/* What one side says of one job. */
struct job_result {
	uint64_t window_ns; /* length of its window */
	uint64_t frames;    /* receiver: verified in the window; sender: given to the ring in the
			       window */
	uint64_t bytes;
	uint64_t cpu_ns;      /* thread CPU time in the window */
	uint64_t peer_cpu_ns; /* a foreign device's process, all its threads; 0: not known */
	uint64_t dropped;     /* with job.drop */
	uint64_t migrations, switches; /* whole job */
	double ns_per_op;	       /* probe, wake, copy */
	double slice[JOB_SLICES];      /* frames a second */
	uint32_t slices;
	int32_t error;	       /* negative errno; 0 */
	uint64_t other_cpu_ns; /* CPU time of the target's process in the whole job; 0: not known */
	uint64_t frames_all;   /* moved in the whole job, warm-up and drain included */
	uint64_t copies_x100;  /* copies per frame on this side, times 100 */
	uint64_t remote_reads, remote_writes, remote_read_bytes,
		remote_write_bytes; /* instrumented build */
};

/* Books of one lane and direction: sums since the session opened, never reset by jobs. */
struct lane_count {
	_Atomic uint64_t sent;	    /* sender: published to the ring */
	_Atomic uint64_t completed; /* sender: buffers that came back used */
	uint64_t pad0[6];
	_Atomic uint64_t
		delivered; /* receiver: moved after verification, before the buffer goes back */
	_Atomic uint64_t lost, doubled, altered;
	uint64_t pad1[4];
} VOP_ALIGNED;

/*
 * Books of a disk: sums since the session opened, of all its queues; the driver's worker writes.
 * What was submitted is ok, or one of the others, or still out.
 */
struct blk_count {
	_Atomic uint64_t submitted, ok;
	_Atomic uint64_t status;   /* answered with another status than OK */
	_Atomic uint64_t length;   /* OK, but of the wrong used length */
	_Atomic uint64_t altered;  /* read, and not what was written */
	_Atomic uint64_t stray;	   /* completions of what was not outstanding; not submitted */
	_Atomic uint64_t compared; /* bytes read and found right */
	_Atomic uint64_t written;  /* bytes */
	/* The first that went wrong; valid once `wrong` is not 0. */
	_Atomic uint32_t wrong; /* enum blk_wrong */
	uint32_t type;		/* of the request */
	uint64_t sector, bytes; /* of the request */
	uint64_t value;		/* status, length, or offset of the first wrong byte */
	uint64_t expected;	/* length */
	uint64_t holds_sector, holds_write, want_write; /* altered: as the data says of itself */
	bool holds; /* altered: what came is a sector of this run, but another or an older one */
} VOP_ALIGNED;

struct shared_side {
	_Atomic uint32_t at;   /* barrier */
	_Atomic uint32_t done; /* number of the last plan this side finished; futex */
	_Atomic uint32_t pid;
	uint32_t pad[13];
	struct job_result result[PLAN_JOBS];
} VOP_ALIGNED;

/* A word with a line pair of its own, so that no neighbour is prefetched along. */
struct lone_word {
	_Atomic uint64_t v;
} __attribute__((aligned(256)));

struct shared {
	/* coordinator */
	_Atomic uint32_t plan;	/* number of the plan to run; futex */
	_Atomic uint32_t abort; /* leave barriers and windows, now */
	uint32_t jobs;
	uint32_t sides; /* workers that take part: 2, or 1 with a foreign target */
	uint32_t yield; /* workers share a CPU: yield instead of spinning */
	uint32_t pad0[11];
	struct job job[PLAN_JOBS];

	struct shared_side side[SIDES];

	/* the job's keeper: 0 warm-up, 1 open, 2 closed */
	struct lone_word window;
	struct lone_word ping, pong;
	struct lone_word head[SIDES],
		tail[SIDES]; /* limits: written by producer / consumer of that direction */

	struct hist latency; /* echo: driver */
	struct blk_count blk;
	struct lane_count lane[3][JOB_LANES]; /* [0] transmit, [1] receive, [2] echoed */

	uint8_t arena[ARENA_BYTES] __attribute__((aligned(4096))); /* limits and bare ring */
};

enum window_state { WINDOW_WARM = 0, WINDOW_OPEN = 1, WINDOW_CLOSED = 2 };

#endif
