/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of the block device (VIRTIO 1.4, 5.2.6). A request is a header and data that the device
 * reads, then data and one byte of status that it writes; how they are cut into descriptors means
 * nothing (2.7.4). Each is executed at once and answered in order.
 *
 * The used length is always all of the writable part: what a request does not fill is filled with
 * zeroes, since the length counts from the start (2.7.8.2) and the status is at the end.
 */
#include <string.h>

#include <vop/features.h>
#include "vop/dev/blk_internal.h"

_Static_assert(sizeof(struct vop_blk_header) == 16, "layout");
_Static_assert(sizeof(struct vop_blk_range) == 16, "layout");

/* A request in private memory, its data still the driver's. */
struct request {
	uint32_t type;
	uint64_t sector;
	struct vop_core_walk out, in;
	uint64_t out_len, in_len; /* bytes of data, without header and status */
	uint64_t cost;		  /* bytes' worth of work that is not data */
};

/* No sum is formed that could overflow. */
static bool inside(const struct vop_blk *b, uint64_t sector, uint64_t sectors)
{
	return sector <= b->capacity && sectors <= b->capacity - sector;
}

static bool has(const struct vop_blk *b, unsigned feature)
{
	return b->features >> feature & 1;
}

static uint8_t answer(int r)
{
	return r ? VOP_BLK_S_IOERR : VOP_BLK_S_OK;
}

/* It may wait for a disk: one is a turn's work. */
static int flush(const struct vop_blk *b, struct request *r)
{
	r->cost += BLK_TURN_BYTES;
	return b->backend.flush ? b->backend.flush(b->backend.ctx) : 0;
}

static uint8_t do_read(struct blk_queue *q, struct request *r)
{
	struct vop_blk *b = q->blk;

	if (r->in_len % VOP_BLK_SECTOR || !inside(b, r->sector, r->in_len / VOP_BLK_SECTOR) ||
	    b->backend.read(b->backend.ctx, r->sector * VOP_BLK_SECTOR, &r->in, r->in_len))
		return VOP_BLK_S_IOERR;
	vop_core_count(&q->count.reads, 1);
	vop_core_count(&q->count.read_bytes, r->in_len);
	return VOP_BLK_S_OK;
}

static uint8_t do_write(struct blk_queue *q, struct request *r)
{
	struct vop_blk *b = q->blk;

	/* 5.2.6.2: whether the driver accepted RO or not. */
	if (b->read_only || r->out_len % VOP_BLK_SECTOR ||
	    !inside(b, r->sector, r->out_len / VOP_BLK_SECTOR) ||
	    b->backend.write(b->backend.ctx, r->sector * VOP_BLK_SECTOR, &r->out, r->out_len))
		return VOP_BLK_S_IOERR;
	if (b->write_through && flush(b, r))
		return VOP_BLK_S_IOERR;
	vop_core_count(&q->count.writes, 1);
	vop_core_count(&q->count.written_bytes, r->out_len);
	return VOP_BLK_S_OK;
}

static uint8_t do_id(struct blk_queue *q, struct request *r)
{
	if (r->in_len < VOP_BLK_NAME_MAX)
		return VOP_BLK_S_IOERR;
	vop_core_copy_in(&r->in, q->blk->id, VOP_BLK_NAME_MAX);
	return VOP_BLK_S_OK;
}

/* --- ranges --- */

/* Which of the three it is. */
struct range_op {
	unsigned feature;
	uint32_t flags; /* known ones (5.2.6.2) */
	int (*run)(const struct vop_blk *b, uint64_t offset, uint64_t len, bool unmap);
};

static int run_discard(const struct vop_blk *b, uint64_t offset, uint64_t len, bool unmap)
{
	(void)unmap;
	return b->backend.discard(b->backend.ctx, offset, len);
}

static int run_zero(const struct vop_blk *b, uint64_t offset, uint64_t len, bool unmap)
{
	return b->backend.zero(b->backend.ctx, offset, len, unmap);
}

static int run_erase(const struct vop_blk *b, uint64_t offset, uint64_t len, bool unmap)
{
	(void)unmap;
	return b->backend.erase(b->backend.ctx, offset, len);
}

static const struct range_op discard_op = {VOP_BLK_F_DISCARD, 0, run_discard};
static const struct range_op zero_op = {VOP_BLK_F_WRITE_ZEROES, VOP_BLK_RANGE_UNMAP, run_zero};
static const struct range_op erase_op = {VOP_BLK_F_SECURE_ERASE, 0, run_erase};

static uint8_t check_ranges(const struct vop_blk *b, const struct range_op *op,
			    const struct vop_blk_range *range, unsigned n)
{
	unsigned i;

	/* An unknown flag anywhere comes first: the request is one we do not know. */
	for (i = 0; i < n; i++)
		if (le32toh(range[i].flags) & ~op->flags)
			return VOP_BLK_S_UNSUPP;
	for (i = 0; i < n; i++)
		if (le32toh(range[i].sectors) > VOP_BLK_RANGE_LIMIT ||
		    !inside(b, le64toh(range[i].sector), le32toh(range[i].sectors)))
			return VOP_BLK_S_IOERR;
	return VOP_BLK_S_OK;
}

static uint8_t do_ranges(struct blk_queue *q, struct request *r, const struct range_op *op)
{
	struct vop_blk_range range[VOP_BLK_RANGES_MAX];
	const struct vop_blk *b = q->blk;
	unsigned n = (unsigned)(r->out_len / sizeof(range[0])), i;
	uint8_t status;

	if (!has(b, op->feature))
		return VOP_BLK_S_UNSUPP;
	if (r->out_len % sizeof(range[0]) || r->out_len < sizeof(range[0]) ||
	    r->out_len > sizeof(range))
		return VOP_BLK_S_IOERR;
	vop_core_copy_out(&r->out, range, r->out_len);
	/* All of them before any is acted upon. */
	status = check_ranges(b, op, range, n);
	for (i = 0; i < n && status == VOP_BLK_S_OK; i++) {
		uint64_t len = (uint64_t)le32toh(range[i].sectors) * VOP_BLK_SECTOR;

		r->cost += len;
		if (len)
			status = answer(op->run(b, le64toh(range[i].sector) * VOP_BLK_SECTOR, len,
						le32toh(range[i].flags) & VOP_BLK_RANGE_UNMAP));
	}
	/* Zeroes are written as data is. */
	if (status == VOP_BLK_S_OK && b->write_through)
		status = answer(flush(b, r));
	return status;
}

/* --- a request --- */

static uint8_t execute(struct blk_queue *q, struct request *r)
{
	uint8_t status;

	switch (r->type) {
	case VOP_BLK_T_IN:
		return do_read(q, r);
	case VOP_BLK_T_OUT:
		return do_write(q, r);
	case VOP_BLK_T_FLUSH:
		status = has(q->blk, VOP_BLK_F_FLUSH) ? answer(flush(q->blk, r)) : VOP_BLK_S_UNSUPP;
		break;
	case VOP_BLK_T_GET_ID:
		status = do_id(q, r);
		break;
	case VOP_BLK_T_DISCARD:
		status = do_ranges(q, r, &discard_op);
		break;
	case VOP_BLK_T_WRITE_ZEROES:
		status = do_ranges(q, r, &zero_op);
		break;
	case VOP_BLK_T_SECURE_ERASE:
		status = do_ranges(q, r, &erase_op);
		break;
	default:
		return VOP_BLK_S_UNSUPP;
	}
	if (status == VOP_BLK_S_OK)
		vop_core_count(&q->count.others, 1);
	return status;
}

/* What it cost, as bytes moved or filled; 0: it is none, a violation was met. */
static uint64_t serve(struct blk_queue *q, const struct vop_elem *e)
{
	const struct vop_iov *v = &q->iov[e->first];
	struct request r = {
		.out = {.v = v, .n = e->nout},
		.in = {.v = v + e->nout, .n = e->nin},
		.out_len = vop_core_total(v, e->nout),
	};
	struct vop_blk_header h;
	uint8_t status;

	if (r.out_len < sizeof(h) || e->in_len < 1 || r.out_len > BLK_REQUEST_MAX ||
	    e->in_len > BLK_REQUEST_MAX) {
		vop_core_violate(&q->blk->core, &q->q, VOP_V_BLK_REQUEST);
		return 0;
	}
	vop_core_copy_out(&r.out, &h, sizeof(h));
	r.type = le32toh(h.type);
	r.sector = le64toh(h.sector);
	r.out_len -= sizeof(h);
	r.in_len = e->in_len - 1u;
	status = execute(q, &r);
	if (status != VOP_BLK_S_OK)
		vop_core_count(&q->count.failed, 1);
	vop_core_zero(&r.in, vop_core_left(&r.in) - 1);
	vop_core_copy_in(&r.in, &status, 1);
	return sizeof(h) + r.out_len + e->in_len + r.cost;
}

/* Take the next batch. How many there are. */
static unsigned take(struct blk_queue *q)
{
	struct vop_batch b = {.elem = q->elem, .iov = q->iov, .iov_max = VOP_CORE_PIECES};

	q->from = 0;
	q->n = vop_devq_pop(&q->q.vq, q->q.cfg->regions, &b, BLK_BATCH);
	if (vop_unlikely(vop_devq_broken(&q->q.vq))) {
		vop_core_violate(&q->blk->core, &q->q, vop_devq_broken(&q->q.vq));
		q->n = 0;
	}
	return q->n;
}

unsigned vop_blk_poll(void *ctx)
{
	struct blk_queue *q = ctx;
	uint64_t bytes = 0;
	unsigned i, done;

	if (!q->q.live)
		return 0;
	if (q->from == q->n && !take(q)) {
		vop_core_retry_ring(&q->q);
		return 0;
	}
	for (i = q->from; i < q->n && bytes < BLK_TURN_BYTES; i++) {
		uint64_t moved = serve(q, &q->elem[i]);

		if (!moved)
			break;
		q->used[i] = q->elem[i].in_len;
		bytes += moved;
	}
	done = i - q->from;
	/* Before a violation, too: what was executed is answered. */
	if (done) {
		vop_devq_push(&q->q.vq, q->elem + q->from, q->used + q->from, done);
		vop_core_publish(&q->q);
	}
	q->from = i;
	return done;
}

bool vop_blk_arm(void *ctx)
{
	struct blk_queue *q = ctx;

	return q->q.live && (q->q.ring_owed || q->from != q->n || vop_devq_arm(&q->q.vq));
}

void vop_blk_disarm(void *ctx)
{
	struct blk_queue *q = ctx;

	if (q->q.live)
		vop_devq_disarm(&q->q.vq);
}
