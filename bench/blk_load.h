/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's end of requests to a disk: lanes (request queues) over a session, and the loop that
 * fills and empties them. Knows rings and doorbells; knows no target.
 */
#ifndef BENCH_BLK_LOAD_H
#define BENCH_BLK_LOAD_H

#include "bench/blk_books.h"
#include "bench/worker.h"
#include "target/session.h"

enum blk_pattern {
	BLK_READ,
	BLK_WRITE,
	BLK_RANDREAD,
	BLK_RANDWRITE,
	BLK_RANDRW,
	BLK_FLUSH,
	BLK_PATTERNS,
};

VOP_INLINE bool blk_pattern_writes(uint32_t p)
{
	return p == BLK_WRITE || p == BLK_RANDWRITE || p == BLK_RANDRW;
}

#define BLK_SEGMENTS_MAX 126u /* of data in a request */

struct blk_load_config {
	unsigned queues;
	uint32_t size_max;  /* bytes of the largest request */
	uint32_t depth_max; /* requests in flight on each queue, at most */
	uint32_t segment;   /* bytes of the largest data segment; 0: no bound */
	uint32_t segments;  /* of the largest request */
	uint64_t span;	    /* bytes, a multiple of size_max */
	uint64_t seed;
	unsigned mix; /* BLK_RANDRW: per cent of reads */
	enum blk_verify verify;
	enum vop_notify notify;
	uint64_t spin_ns;		 /* adaptive */
	uint64_t stall_ns;		 /* nothing comes back for so long: the device is stuck */
	const _Atomic bool *needs_reset; /* set by the control thread: give up; may be NULL */
	/* Called when there is nothing to do, instead of waiting: a device of the same thread works
	 * then. NULL: none. */
	void (*work)(void *ctx);
	void *work_ctx;
};

struct blk_load;

/* Buffers for queues 0 .. queues-1 of the session, which stays the caller's. NULL with *err. */
struct blk_load *blk_load_new(struct shared *sh, struct session *s,
			      const struct blk_load_config *cfg, struct vop_error *err);
void blk_load_free(struct blk_load *l);

/* Bytes of the driver's memory that so many buffers take. */
uint64_t blk_load_bytes(uint32_t size_max, uint32_t depth_max);
/* Descriptors of a request that are not in a table: with indirect ones, without. */
uint32_t blk_load_descriptors(uint32_t size, uint32_t segment, bool indirect);

/*
 * Run JOB_BLK, JOB_BLK_FILL, JOB_BLK_CHECK or JOB_IDLE on the worker. 0; -EBADMSG: the books are
 * wrong; -EPROTO: a queue broke (blk_load_broken()) or the device wants a reset; -ETIMEDOUT:
 * requests do not come back; -ECANCELED.
 */
int blk_load_run(struct blk_load *l, struct worker *w, const struct job *j, struct job_result *r);
/* enum vop_violation of the first broken queue; 0. */
uint32_t blk_load_broken(const struct blk_load *l);

#endif
