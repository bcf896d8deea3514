/* SPDX-License-Identifier: BSD-2-Clause */
/* A device under test; dev_rig.h says how. */
#include <string.h>
#include <time.h>

#include <CUnit/CUnit.h>

#include "tests/dev_rig.h"
#include "vop/vq_open.h"

#define INDIRECT 20u

void dev_rig_open(struct dev_rig *r, const struct dev_rig_config *cfg)
{
	struct vop_link_pair_config link = {.window_size = 32 << 20, .doorbells = 64};
	struct vop_poller_config p = {
		.cpu = -1, .spin_ns = 20000, .yield = true, .own_thread = cfg->thread};
	struct vop_device_create c = {
		.device_id = cfg->device_id,
		.device = VOP_ENDPOINT,
		.queues_max = cfg->queues,
		.queue_size_max = 1024,
	};

	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	if (!r->cfg.size)
		r->cfg.size = 16;
	if (!r->cfg.buffer)
		r->cfg.buffer = 4096;
	if (!r->cfg.queues_open)
		r->cfg.queues_open = 1;
	r->poller = vop_poller_new(&p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->poller);
	world_join(&r->w, &link);
	r->w.s[VOP_ENDPOINT].no_serve = true;
	world_start(&r->w, VOP_HOST);
	world_start(&r->w, VOP_ENDPOINT);
	world_pump(&r->w);
	CU_ASSERT_FATAL(vop_node_create(r->w.s[VOP_HOST].n, &c) >= 0);
	world_pump(&r->w);
	r->dev = r->w.s[VOP_ENDPOINT].d;
	r->drv = r->w.s[VOP_HOST].d;
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->dev);
}

static void free_queues(struct dev_rig *r)
{
	unsigned i;

	for (i = 0; i < DEV_RIG_QUEUES; i++) {
		if (r->q[i].open)
			vop_drvq_close(&r->q[i].vq);
		r->q[i].open = false;
	}
}

void dev_rig_close(struct dev_rig *r)
{
	free_queues(r);
	world_close(&r->w);
	if (r->type)
		r->close(r->type);
	vop_poller_free(r->poller);
}

int dev_rig_queue(struct dev_rig *r, unsigned q)
{
	struct dev_rig_queue *rq = &r->q[q];
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
	rq->mem = vop_drv_alloc(r->drv, VOP_AT_DRIVER, (size_t)DEV_RIG_BUFFERS * r->cfg.buffer, 64,
				&rq->bus);
	CU_ASSERT_FATAL(ind && rq->mem);
	e = vop_drvq_open(&rq->vq, &rq->cfg, f, ind, ind_bus, INDIRECT);
	rq->open = e == 0;
	return e;
}

void dev_rig_queue_reset(struct dev_rig *r, unsigned q)
{
	CU_ASSERT_EQUAL_FATAL(vop_drv_queue_reset(r->drv, q, WAIT_MS), 0);
	vop_drvq_close(&r->q[q].vq);
	r->q[q].open = false;
}

void dev_rig_start(struct dev_rig *r)
{
	uint64_t want = r->cfg.want | FULL_FEATURES | (r->cfg.packed ? F(VOP_F_RING_PACKED) : 0);
	uint8_t got = 0;
	unsigned i;

	CU_ASSERT_EQUAL_FATAL(drv_negotiate(r->drv, want), 0);
	for (i = 0; i < DEV_RIG_QUEUES; i++)
		if (r->cfg.queues_open >> i & 1)
			CU_ASSERT_EQUAL_FATAL(dev_rig_queue(r, i), 0);
	CU_ASSERT_EQUAL_FATAL(drv_status(r->drv, 15, &got), 0);
	CU_ASSERT_EQUAL_FATAL(got, 15);
}

void dev_rig_stop(struct dev_rig *r)
{
	uint8_t got = 1;

	CU_ASSERT_EQUAL_FATAL(drv_status(r->drv, 0, &got), 0);
	CU_ASSERT_EQUAL(got, 0);
	free_queues(r);
}

void dev_rig_turn(struct dev_rig *r)
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
	r->attend(r->type);
	world_pump(&r->w);
}

void dev_rig_settle(struct dev_rig *r)
{
	for (unsigned i = 0; i < 40; i++)
		dev_rig_turn(r);
}

bool dev_rig_get(struct dev_rig *r, unsigned q, struct vop_done *done)
{
	time_t end = time(NULL) + WAIT_MS / 1000;

	while (!vop_drvq_get(&r->q[q].vq, done, 1)) {
		if (time(NULL) > end || vop_drvq_broken(&r->q[q].vq))
			return false;
		dev_rig_turn(r);
	}
	return true;
}

bool dev_rig_none(struct dev_rig *r, unsigned q)
{
	struct vop_done done;

	dev_rig_settle(r);
	return !vop_drvq_get(&r->q[q].vq, &done, 1);
}

bool dev_rig_violated(struct dev_rig *r, unsigned q, uint32_t why)
{
	time_t end = time(NULL) + WAIT_MS / 1000;
	uint32_t count, said = VOP_V_NONE;

	while (!(vop_drv_get_status(r->drv) & VOP_STATUS_NEEDS_RESET)) {
		if (time(NULL) > end)
			return false;
		dev_rig_turn(r);
	}
	vop_drv_queue_violations(r->drv, q, &count, &said);
	return count == 1 && said == why;
}

void dev_rig_kick(struct dev_rig *r, unsigned q)
{
	if (vop_drvq_publish(&r->q[q].vq))
		vop_doorbell_ring(r->q[q].cfg.kick);
}

void dev_rig_give(struct dev_rig *r, unsigned q, unsigned i, uint32_t len, bool write)
{
	struct vop_buf b = {dev_rig_bus(r, q, i), len};

	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r->q[q].vq, &b, !write, write, i), 0);
	dev_rig_kick(r, q);
}
