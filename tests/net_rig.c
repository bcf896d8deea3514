/* SPDX-License-Identifier: BSD-2-Clause */
/* A net device under test; net_rig.h says how. */
#include <string.h>
#include <time.h>

#include <CUnit/CUnit.h>

#include "tests/net_rig.h"
#include "vop/vq_open.h"

#define INDIRECT 20u

static struct vop_net_backend make_backend(const struct rig_config *cfg)
{
	struct vop_net_backend b = cfg->own;
	int r = 0;

	if (cfg->kind == RIG_NULL)
		r = vop_net_backend_null(&b);
	else if (cfg->kind == RIG_SOURCE)
		r = vop_net_backend_source(&b, cfg->frame_size);
	else if (cfg->kind == RIG_ECHO)
		r = vop_net_backend_echo(&b, cfg->pairs);
	CU_ASSERT_EQUAL_FATAL(r, 0);
	return b;
}

static void add_device(struct rig *r)
{
	struct vop_device_create c = {
		.device_id = VOP_NET_ID,
		.device = VOP_ENDPOINT,
		.queues_max = (uint16_t)(2 * r->cfg.pairs + 1),
		.queue_size_max = 1024,
	};
	struct vop_net_config n = {
		.mac = {2, 0, 0, 0, 0, 9},
		.mtu = 9000,
		.pairs = r->cfg.pairs,
		.queue_size_max = 1024,
		.features_off = {r->cfg.off, 0},
		.pool_size = 1 << 20,
		.notify = r->cfg.notify,
		.backend = make_backend(&r->cfg),
		.poller = r->poller,
	};
	struct vop_error err = {{0}};

	CU_ASSERT_FATAL(vop_node_create(r->w.s[VOP_HOST].n, &c) >= 0);
	world_pump(&r->w);
	r->dev = r->w.s[VOP_ENDPOINT].d;
	r->drv = r->w.s[VOP_HOST].d;
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->dev);
	r->net = vop_net_open(r->dev, &n, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->net);
	world_pump(&r->w);
}

void rig_open(struct rig *r, const struct rig_config *cfg)
{
	struct vop_link_pair_config link = {.window_size = 32 << 20, .doorbells = 64};
	struct vop_poller_config p = {
		.cpu = -1, .spin_ns = 20000, .yield = true, .own_thread = cfg->thread};

	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	if (!r->cfg.pairs)
		r->cfg.pairs = 1;
	if (!r->cfg.size)
		r->cfg.size = 64;
	if (!r->cfg.queues_open)
		r->cfg.queues_open = 2;
	r->poller = vop_poller_new(&p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->poller);
	world_join(&r->w, &link);
	r->w.s[VOP_ENDPOINT].no_serve = true;
	world_start(&r->w, VOP_HOST);
	world_start(&r->w, VOP_ENDPOINT);
	world_pump(&r->w);
	add_device(r);
}

static void free_queues(struct rig *r)
{
	unsigned i;

	for (i = 0; i < RIG_QUEUES; i++) {
		if (r->q[i].open)
			vop_drvq_close(&r->q[i].vq);
		r->q[i].open = false;
	}
}

void rig_close(struct rig *r)
{
	free_queues(r);
	world_close(&r->w);
	vop_net_close(r->net);
	vop_poller_free(r->poller);
}

int rig_queue(struct rig *r, unsigned q)
{
	struct rig_queue *rq = &r->q[q];
	uint16_t size = r->cfg.size;
	uint64_t offered[2], ind_bus;
	struct vop_ring_features f;
	void *ind;
	int e;

	e = drv_queue(r->drv, q, size, r->cfg.packed, r->cfg.placement, r->cfg.notify, &rq->cfg);
	if (e)
		return e;
	vop_drv_offered(r->drv, offered);
	offered[0] &= r->cfg.want;
	f = vop_ring_features(offered, rq->cfg.kick->kind == VOP_DB_NONE);
	ind = vop_drv_alloc(r->drv, VOP_AT_DRIVER, (size_t)size * INDIRECT * 16, 64, &ind_bus);
	rq->mem = vop_drv_alloc(r->drv, VOP_AT_DRIVER, (size_t)RIG_BUFFERS * RIG_BUFFER, 64,
				&rq->bus);
	CU_ASSERT_FATAL(ind && rq->mem);
	e = vop_drvq_open(&rq->vq, &rq->cfg, f, ind, ind_bus, INDIRECT);
	rq->open = e == 0;
	return e;
}

void rig_start(struct rig *r)
{
	uint64_t want = r->cfg.want | FULL_FEATURES | (r->cfg.packed ? F(VOP_F_RING_PACKED) : 0);
	uint8_t got = 0;
	unsigned i;

	CU_ASSERT_EQUAL_FATAL(drv_negotiate(r->drv, want), 0);
	for (i = 0; i < r->cfg.queues_open; i++)
		CU_ASSERT_EQUAL_FATAL(rig_queue(r, i), 0);
	CU_ASSERT_EQUAL_FATAL(drv_status(r->drv, 15, &got), 0);
	CU_ASSERT_EQUAL_FATAL(got, 15);
}

void rig_stop(struct rig *r)
{
	uint8_t got = 1;

	CU_ASSERT_EQUAL_FATAL(drv_status(r->drv, 0, &got), 0);
	CU_ASSERT_EQUAL(got, 0);
	free_queues(r);
}

void rig_turn(struct rig *r)
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
	vop_net_attend(r->net);
	world_pump(&r->w);
}

bool rig_until(struct rig *r, bool (*cond)(struct rig *r, void *arg), void *arg)
{
	time_t end = time(NULL) + WAIT_MS / 1000;

	while (!cond(r, arg)) {
		if (time(NULL) > end)
			return false;
		rig_turn(r);
	}
	return true;
}

void rig_kick(struct rig *r, unsigned q)
{
	if (vop_drvq_publish(&r->q[q].vq))
		vop_doorbell_ring(r->q[q].cfg.kick);
}
