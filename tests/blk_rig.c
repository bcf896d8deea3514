/* SPDX-License-Identifier: BSD-2-Clause */
/* A block device under test; blk_rig.h says how. */
#include <string.h>
#include <time.h>

#include <CUnit/CUnit.h>

#include "tests/blk_rig.h"
#include "vop/vq_open.h"

#define INDIRECT   20u
#define PIECES_MAX 8u /* of each part of a request */
#define HEADER	   ((uint32_t)sizeof(struct vop_blk_header))

static void add_device(struct blk_rig *r)
{
	struct vop_device_create c = {
		.device_id = VOP_BLK_ID,
		.device = VOP_ENDPOINT,
		.queues_max = r->cfg.queues,
		.queue_size_max = 256,
	};
	struct vop_blk_config b = {
		.block_size = r->cfg.block_size,
		.read_only = r->cfg.read_only,
		.write_through = r->cfg.write_through,
		.queues = r->cfg.queues,
		.queue_size_max = 256,
		.features_off = {r->cfg.off, 0},
		.id = "disk of the tests",
		.pool_size = 1 << 20,
		.notify = r->cfg.notify,
		.backend = r->cfg.own,
		.poller = r->poller,
	};
	struct vop_error err = {{0}};

	if (!b.backend.read)
		CU_ASSERT_EQUAL_FATAL(vop_blk_backend_memory(&b.backend, BLK_RIG_DISK, &err), 0);
	CU_ASSERT_FATAL(vop_node_create(r->w.s[VOP_HOST].n, &c) >= 0);
	world_pump(&r->w);
	r->dev = r->w.s[VOP_ENDPOINT].d;
	r->drv = r->w.s[VOP_HOST].d;
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->dev);
	r->blk = vop_blk_open(r->dev, &b, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->blk);
	world_pump(&r->w);
}

void blk_rig_open(struct blk_rig *r, const struct blk_rig_config *cfg)
{
	struct vop_link_pair_config link = {.window_size = 16 << 20, .doorbells = 64};
	struct vop_poller_config p = {
		.cpu = -1, .spin_ns = 20000, .yield = true, .own_thread = cfg->thread};

	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	r->cfg.size = cfg->size ? cfg->size : 64;
	r->cfg.queues = cfg->queues ? cfg->queues : 1;
	r->cfg.queues_open = cfg->queues_open ? cfg->queues_open : 1;
	r->cfg.block_size = cfg->block_size ? cfg->block_size : 512;
	r->poller = vop_poller_new(&p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->poller);
	world_join(&r->w, &link);
	r->w.s[VOP_ENDPOINT].no_serve = true;
	world_start(&r->w, VOP_HOST);
	world_start(&r->w, VOP_ENDPOINT);
	world_pump(&r->w);
	add_device(r);
}

static void free_queues(struct blk_rig *r)
{
	unsigned i;

	for (i = 0; i < BLK_RIG_QUEUES; i++) {
		if (r->q[i].open)
			vop_drvq_close(&r->q[i].vq);
		r->q[i].open = false;
	}
}

void blk_rig_close(struct blk_rig *r)
{
	free_queues(r);
	world_close(&r->w);
	vop_blk_close(r->blk);
	vop_poller_free(r->poller);
}

int blk_rig_queue(struct blk_rig *r, unsigned q)
{
	struct blk_rig_queue *rq = &r->q[q];
	struct vop_ring_features f;
	uint64_t ind_bus, have[2];
	uint16_t size = r->cfg.size;
	void *ind;
	int e;

	e = drv_queue(r->drv, q, size, r->cfg.packed, r->cfg.placement, r->cfg.notify, &rq->cfg);
	if (e)
		return e;
	vop_drv_offered(r->drv, have);
	have[0] &= r->cfg.want;
	f = vop_ring_features(have, rq->cfg.kick->kind == VOP_DB_NONE);
	ind = vop_drv_alloc(r->drv, VOP_AT_DRIVER, (size_t)size * INDIRECT * 16, 64, &ind_bus);
	rq->out = vop_drv_alloc(r->drv, VOP_AT_DRIVER, BLK_RIG_AREA, 64, &rq->out_bus);
	rq->in = vop_drv_alloc(r->drv, VOP_AT_DRIVER, BLK_RIG_AREA, 64, &rq->in_bus);
	CU_ASSERT_FATAL(ind && rq->out && rq->in);
	e = vop_drvq_open(&rq->vq, &rq->cfg, f, ind, ind_bus, INDIRECT);
	rq->open = e == 0;
	return e;
}

void blk_rig_negotiate(struct blk_rig *r)
{
	uint64_t want = r->cfg.want | FULL_FEATURES | (r->cfg.packed ? F(VOP_F_RING_PACKED) : 0);

	CU_ASSERT_EQUAL_FATAL(drv_negotiate(r->drv, want), 0);
}

void blk_rig_go(struct blk_rig *r)
{
	uint8_t got = 0;

	CU_ASSERT_EQUAL_FATAL(drv_status(r->drv, 15, &got), 0);
	CU_ASSERT_EQUAL_FATAL(got, 15);
}

void blk_rig_start(struct blk_rig *r)
{
	unsigned i;

	blk_rig_negotiate(r);
	for (i = 0; i < r->cfg.queues_open; i++)
		CU_ASSERT_EQUAL_FATAL(blk_rig_queue(r, i), 0);
	blk_rig_go(r);
}

void blk_rig_stop(struct blk_rig *r)
{
	uint8_t got = 1;

	CU_ASSERT_EQUAL_FATAL(drv_status(r->drv, 0, &got), 0);
	CU_ASSERT_EQUAL(got, 0);
	free_queues(r);
}

void blk_rig_turn(struct blk_rig *r)
{
	const struct timespec moment = {.tv_nsec = 20000};
	unsigned i;

	if (r->cfg.thread) {
		nanosleep(&moment, NULL);
	} else {
		vop_poller_enter(r->poller);
		for (i = 0; i < 4; i++)
			vop_poller_turn(r->poller, 0);
		vop_poller_leave(r->poller);
	}
	vop_poller_attention_clear(r->poller);
	vop_blk_attend(r->blk);
	world_pump(&r->w);
}

bool blk_rig_until(struct blk_rig *r, bool (*cond)(struct blk_rig *r, void *arg), void *arg)
{
	time_t end = time(NULL) + WAIT_MS / 1000;

	while (!cond(r, arg)) {
		if (time(NULL) > end)
			return false;
		blk_rig_turn(r);
	}
	return true;
}

void blk_rig_kick(struct blk_rig *r, unsigned q)
{
	if (vop_drvq_publish(&r->q[q].vq))
		vop_doorbell_ring(r->q[q].cfg.kick);
}

bool blk_rig_broken(struct blk_rig *r)
{
	return vop_drv_get_status(r->drv) & VOP_STATUS_NEEDS_RESET;
}

/* --- requests --- */

uint32_t blk_rig_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* A part of a request: a message in an area, cut into pieces with guards around each. */
struct part {
	uint8_t *area;
	uint64_t bus;
	uint32_t len; /* of the message */
	uint32_t piece[PIECES_MAX];
	unsigned n;
};

/* seed 0: cut at `plain`, unless that is an end; else into up to PIECES_MAX pieces by chance. */
static void cut(struct part *p, uint32_t plain, uint32_t *seed)
{
	uint32_t left = p->len;
	unsigned want = *seed ? blk_rig_random(seed) % PIECES_MAX : 1;

	for (p->n = 0; want-- && left > 1; left -= p->piece[p->n++]) {
		uint32_t l = plain;

		/* Crumbs as often as not. */
		if (*seed) {
			uint32_t most =
				blk_rig_random(seed) % 2 ? left - 1 : VOP_MIN(left - 1, 20u);

			l = 1 + blk_rig_random(seed) % most;
		}
		if (l == 0 || l >= left)
			break;
		p->piece[p->n] = l;
	}
	p->piece[p->n++] = left;
}

/* As the driver names them. */
static void name_pieces(const struct part *p, struct vop_buf *b)
{
	uint64_t at = p->bus + BLK_RIG_GUARD;

	for (unsigned i = 0; i < p->n; at += p->piece[i++] + BLK_RIG_GUARD)
		b[i] = (struct vop_buf){at, p->piece[i]};
}

static void scatter(const struct part *p, const uint8_t *message)
{
	uint8_t *at = p->area + BLK_RIG_GUARD;

	memset(p->area, BLK_RIG_FILL, p->len + (p->n + 1) * BLK_RIG_GUARD);
	for (unsigned i = 0; i < p->n; at += p->piece[i++] + BLK_RIG_GUARD) {
		if (message) {
			memcpy(at, message, p->piece[i]);
			message += p->piece[i];
		}
	}
}

static bool filled(const uint8_t *p, uint32_t len)
{
	while (len && p[len - 1] == BLK_RIG_FILL)
		len--;
	return len == 0;
}

/* Put the message together again; the guards are as they were. */
static void gather(const struct part *p, uint8_t *message)
{
	const uint8_t *at = p->area;

	for (unsigned i = 0; i < p->n; i++) {
		CU_ASSERT(filled(at, BLK_RIG_GUARD));
		at += BLK_RIG_GUARD;
		memcpy(message, at, p->piece[i]);
		message += p->piece[i];
		at += p->piece[i];
	}
	CU_ASSERT(filled(at, BLK_RIG_GUARD));
}

struct waiting {
	unsigned q;
	struct vop_done done;
	bool got;
};

static bool answered(struct blk_rig *r, void *arg)
{
	struct waiting *w = arg;

	w->got = vop_drvq_get(&r->q[w->q].vq, &w->done, 1) == 1;
	return w->got || blk_rig_broken(r);
}

void blk_rig_io(struct blk_rig *r, unsigned q, struct blk_io *io)
{
	static uint8_t sent[HEADER + BLK_RIG_DATA], message[HEADER + BLK_RIG_DATA];
	struct blk_rig_queue *rq = &r->q[q];
	struct vop_blk_header h = {.type = htole32(io->type), .sector = htole64(io->sector)};
	struct part out = {.area = rq->out, .bus = rq->out_bus, .len = HEADER + io->out_len};
	struct part in = {.area = rq->in, .bus = rq->in_bus, .len = io->in_len + 1};
	struct vop_buf b[2 * PIECES_MAX];
	struct waiting w = {.q = q};
	uint32_t seed = io->cuts;

	CU_ASSERT_FATAL(io->out_len <= BLK_RIG_DATA && io->in_len <= BLK_RIG_DATA);
	memcpy(sent, &h, HEADER);
	if (io->out_len)
		memcpy(sent + HEADER, io->out, io->out_len);
	cut(&out, HEADER, &seed);
	cut(&in, io->in_len, &seed);
	scatter(&out, sent);
	scatter(&in, NULL);
	name_pieces(&out, b);
	name_pieces(&in, b + out.n);
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&rq->vq, b, out.n, in.n, 0), 0);
	blk_rig_kick(r, q);
	CU_ASSERT_TRUE_FATAL(blk_rig_until(r, answered, &w));
	io->violated = !w.got;
	if (!w.got)
		return;
	io->used = w.done.len;
	CU_ASSERT_EQUAL(io->used, in.len);
	gather(&out, message);
	CU_ASSERT_EQUAL(memcmp(message, sent, out.len), 0);
	gather(&in, message);
	io->status = message[io->in_len];
	if (io->in)
		memcpy(io->in, message, io->in_len);
}

int blk_rig_do(struct blk_rig *r, uint32_t type, uint64_t sector, const void *out, uint32_t out_len,
	       void *in, uint32_t in_len)
{
	struct blk_io io = {.type = type,
			    .sector = sector,
			    .out = out,
			    .out_len = out_len,
			    .in = in,
			    .in_len = in_len};

	blk_rig_io(r, 0, &io);
	return io.violated ? -1 : io.status;
}
