/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split ring: each violation, made by hand in ring memory, is reported with its own reason, and
 * from then on the half takes and gives nothing.
 */
#include <vop/plain.h>

#include "ring_rig.h"

#define N	8u
#define NEXT	VOP_DESC_F_NEXT
#define WRITE	VOP_DESC_F_WRITE
#define IND	VOP_DESC_F_INDIRECT
#define NOWHERE RIG_NOWHERE

struct raw {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/* ---- a hostile driver ---------------------------------------------------------------------- */

struct bad_chain {
	const char *what;
	uint32_t why;
	unsigned features; /* 1 INDIRECT, 4 IN_ORDER */
	uint16_t head;
	struct raw desc[N];  /* the table */
	struct raw table[4]; /* the indirect table, at RIG_IND */
	unsigned iov_max;
};

static const struct bad_chain chains[] = {
	{"head = size", VOP_V_DESC_RANGE, 0, N, {{0}}, {{0}}, 0},
	{"head = 65535", VOP_V_DESC_RANGE, 0, 0xffff, {{0}}, {{0}}, 0},
	{"next = size", VOP_V_DESC_RANGE, 0, 0, {{RIG_LOW, 8, NEXT, N}}, {{0}}, 0},
	{"next = 65535", VOP_V_DESC_RANGE, 0, 0, {{RIG_LOW, 8, NEXT, 0xffff}}, {{0}}, 0},
	{"next to itself", VOP_V_CHAIN_LOOP, 0, 0, {{RIG_LOW, 8, NEXT, 0}}, {{0}}, 0},
	{"loop of two",
	 VOP_V_CHAIN_LOOP,
	 0,
	 0,
	 {{RIG_LOW, 8, NEXT, 1}, {RIG_LOW, 8, NEXT, 0}},
	 {{0}},
	 0},
	{"loop of nothing",
	 VOP_V_CHAIN_LOOP,
	 0,
	 0,
	 {{RIG_LOW, 0, NEXT, 1}, {0, 0, NEXT, 0}},
	 {{0}},
	 0},
	{"readable after writable",
	 VOP_V_CHAIN_ORDER,
	 0,
	 0,
	 {{RIG_LOW, 8, NEXT | WRITE, 1}, {RIG_LOW, 8, 0, 0}},
	 {{0}},
	 0},
	{"no region", VOP_V_ADDR, 0, 0, {{NOWHERE, 8, 0, 0}}, {{0}}, 0},
	{"no region, writable", VOP_V_ADDR, 0, 0, {{NOWHERE, 8, WRITE, 0}}, {{0}}, 0},
	{"below the first region", VOP_V_ADDR, 0, 0, {{RIG_LOW - 1, 8, 0, 0}}, {{0}}, 0},
	{"beyond a region", VOP_V_ADDR, 0, 0, {{RIG_NEXT + RIG_REGION - 7, 8, 0, 0}}, {{0}}, 0},
	{"behind a region", VOP_V_ADDR, 0, 0, {{RIG_NEXT + RIG_REGION, 1, 0, 0}}, {{0}}, 0},
	{"beyond 2^64", VOP_V_ADDR, 0, 0, {{UINT64_MAX, 2, 0, 0}}, {{0}}, 0},
	{"4 GiB", VOP_V_ADDR, 0, 0, {{RIG_LOW, UINT32_MAX, 0, 0}}, {{0}}, 0},
	{"second of a chain",
	 VOP_V_ADDR,
	 0,
	 0,
	 {{RIG_LOW, 8, NEXT, 1}, {NOWHERE, 8, 0, 0}},
	 {{0}},
	 0},
	{"indirect, not negotiated",
	 VOP_V_INDIRECT_FLAG,
	 0,
	 0,
	 {{RIG_IND, 16, IND, 0}},
	 {{RIG_LOW, 8, 0, 0}},
	 0},
	{"indirect with next",
	 VOP_V_INDIRECT_FLAG,
	 1,
	 0,
	 {{RIG_IND, 16, IND | NEXT, 1}},
	 {{RIG_LOW, 8, 0, 0}},
	 0},
	{"table in a table",
	 VOP_V_INDIRECT_FLAG,
	 1,
	 0,
	 {{RIG_IND, 16, IND, 0}},
	 {{RIG_LOW, 16, IND, 0}},
	 0},
	{"empty table", VOP_V_INDIRECT_LEN, 1, 0, {{RIG_IND, 0, IND, 0}}, {{0}}, 0},
	{"table of 17 bytes", VOP_V_INDIRECT_LEN, 1, 0, {{RIG_IND, 17, IND, 0}}, {{0}}, 0},
	{"table of 15 bytes", VOP_V_INDIRECT_LEN, 1, 0, {{RIG_IND, 15, IND, 0}}, {{0}}, 0},
	{"table nowhere", VOP_V_ADDR, 1, 0, {{NOWHERE, 16, IND, 0}}, {{0}}, 0},
	{"table beyond its region",
	 VOP_V_ADDR,
	 1,
	 0,
	 {{RIG_NEXT + RIG_REGION - 8, 16, IND, 0}},
	 {{0}},
	 0},
	{"table beyond 2^64", VOP_V_ADDR, 1, 0, {{0ull - 16, 32, IND, 0}}, {{0}}, 0},
	{"next beyond the table",
	 VOP_V_DESC_RANGE,
	 1,
	 0,
	 {{RIG_IND, 32, IND, 0}},
	 {{RIG_LOW, 8, NEXT, 2}},
	 0},
	{"loop in a table",
	 VOP_V_CHAIN_LOOP,
	 1,
	 0,
	 {{RIG_IND, 32, IND, 0}},
	 {{RIG_LOW, 8, NEXT, 1}, {RIG_LOW, 8, NEXT, 0}},
	 0},
	{"order in a table",
	 VOP_V_CHAIN_ORDER,
	 1,
	 0,
	 {{RIG_IND, 32, IND, 0}},
	 {{RIG_LOW, 8, NEXT | WRITE, 1}, {RIG_LOW, 8, 0, 0}},
	 0},
	{"order across table and chain",
	 VOP_V_CHAIN_ORDER,
	 1,
	 0,
	 {{RIG_LOW, 8, NEXT | WRITE, 1}, {RIG_IND, 16, IND, 0}},
	 {{RIG_LOW, 8, 0, 0}},
	 0},
	{"address in a table", VOP_V_ADDR, 1, 0, {{RIG_IND, 16, IND, 0}}, {{NOWHERE, 8, 0, 0}}, 0},
	{"more pieces than taken",
	 VOP_V_TOO_LONG,
	 0,
	 0,
	 {{RIG_LOW, 8, NEXT, 1}, {RIG_LOW, 8, NEXT, 2}, {RIG_LOW, 8, 0, 0}},
	 {{0}},
	 2},
	{"more entries than taken",
	 VOP_V_TOO_LONG,
	 1,
	 0,
	 {{RIG_IND, 64, IND, 0}},
	 {{0, 0, NEXT, 1}, {0, 0, NEXT, 2}, {0, 0, NEXT, 3}},
	 2},
	{"in order, jump in a chain", VOP_V_NEXT_LINK, 4, 0, {{RIG_LOW, 8, NEXT, 2}}, {{0}}, 0},
	{"in order, jump in a table",
	 VOP_V_NEXT_LINK,
	 5,
	 0,
	 {{RIG_IND, 64, IND, 0}},
	 {{RIG_LOW, 8, NEXT, 2}, {0}, {RIG_LOW, 8, 0, 0}},
	 0},
};

static void put(void *table, unsigned n, const struct raw *d)
{
	for (unsigned i = 0; i < n; i++)
		rig_desc(table, i, d[i].addr, d[i].len, d[i].flags, d[i].next);
}

static void offer(struct rig *r, uint16_t at, uint16_t head)
{
	rig_put16((uint8_t *)r->cfg.driver + 4 + 2 * (at % N), head);
	rig_put16((uint8_t *)r->cfg.driver + 2, (uint16_t)(at + 1));
}

/* Broken: whatever is in the ring, nothing goes in or out, and ring memory is left alone. */
static void dev_is_dead(struct rig *r, uint32_t why)
{
	struct vop_plain v[N] = {{0}};
	uint8_t ring[6 + 8 * N];
	uint32_t len[1] = {3};

	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), why);
	CU_ASSERT(vop_devq_arm(&r->dev)); /* nobody sleeps on it */
	rig_desc(r->cfg.desc, 0, RIG_LOW, 8, 0, 0);
	offer(r, 0, 0);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 1), 0);
	memcpy(ring, r->cfg.device, sizeof(ring));
	r->b.elem[0] = (struct vop_elem){.id = 6, .ndesc = 1};
	vop_devq_push(&r->dev, r->b.elem, len, 1);
	v[0].id = 6;
	CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v + 1, 1, false, 0), 0);
	vop_devq_push_read(&r->dev, v, 1);
	vop_devq_push_written(&r->dev, v, len, 1);
	CU_ASSERT_FALSE(vop_devq_publish(&r->dev));
	CU_ASSERT_EQUAL(memcmp(ring, r->cfg.device, sizeof(ring)), 0);
	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), why);
}

/* The short way leaves what is wrong to the long one, and says nothing about it. */
static void leaves_alone(struct rig *r)
{
	struct vop_plain v[N];

	CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, false, 0), 0);
	CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, true, 0), 0);
	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), VOP_V_NONE);
}

static void dev_chains(void)
{
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(chains); i++) {
		const struct bad_chain *c = &chains[i];
		struct rig *r = rig_new(false, N, rig_features(c->features), c->iov_max);

		put(r->cfg.desc, N, c->desc);
		put(r->ind, 4, c->table);
		offer(r, 0, c->head);
		leaves_alone(r);
		CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), 0);
		if (vop_devq_broken(&r->dev) != c->why)
			printf("\n    %s: %s\n", c->what,
			       vop_violation_str(vop_devq_broken(&r->dev)));
		dev_is_dead(r, c->why);
		rig_free(r);
	}
}

/* What came before the bad one in the same batch is given; nothing behind it. */
static void dev_after_good_ones(void)
{
	struct rig *r = rig_new(false, N, rig_features(0), 0);

	for (uint16_t i = 0; i < N; i++) {
		rig_desc(r->cfg.desc, i, i == 3 ? NOWHERE : RIG_LOW, 8, 0, 0);
		offer(r, i, i);
	}
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), 3);
	dev_is_dead(r, VOP_V_ADDR);
	rig_free(r);
}

/* The same the short way: the good ones are given, the bad one is the long way's. */
static void dev_plain_after_good_ones(void)
{
	struct rig *r = rig_new(false, N, rig_features(0), 0);
	struct vop_plain v[N];

	for (uint16_t i = 0; i < N; i++) {
		rig_desc(r->cfg.desc, i, i == 3 ? NOWHERE : RIG_LOW + 8 * i, 8, 0, 0);
		offer(r, i, i);
	}
	CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, false, 3), 3);
	for (uint16_t i = 0; i < 3; i++) {
		CU_ASSERT_PTR_EQUAL(v[i].ptr, r->mem[0] + 8 * i + 3);
		CU_ASSERT_EQUAL(v[i].len, 5);
		CU_ASSERT_EQUAL(v[i].id, i);
	}
	leaves_alone(r);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), 0);
	dev_is_dead(r, VOP_V_ADDR);
	rig_free(r);
}

/* What was pushed before the break is not published after it. */
static void dev_staged(void)
{
	struct rig *r = rig_new(false, N, rig_features(0), 0);
	uint32_t len = 0;

	rig_desc(r->cfg.desc, 0, RIG_LOW, 8, 0, 0);
	rig_desc(r->cfg.desc, 1, NOWHERE, 8, 0, 0);
	offer(r, 0, 0);
	offer(r, 1, 1);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 1), 1);
	vop_devq_push(&r->dev, r->b.elem, &len, 1);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 1), 0);
	dev_is_dead(r, VOP_V_ADDR);
	rig_free(r);
}

/* Armed while broken: do not sleep, although the ring itself looks empty again. */
static void nobody_sleeps(void)
{
	struct rig *r = rig_new(false, N, rig_features(0), 0);
	struct vop_done out[N];

	rig_put16((uint8_t *)r->cfg.driver + 2, N + 1);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 1), 0);
	rig_put16((uint8_t *)r->cfg.driver + 2, 0);
	CU_ASSERT_FALSE(vop_devq_pending(&r->dev));
	CU_ASSERT(vop_devq_arm(&r->dev));
	rig_put16((uint8_t *)r->cfg.device + 2, 1);
	CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 0);
	rig_put16((uint8_t *)r->cfg.device + 2, 0);
	CU_ASSERT_FALSE(vop_drvq_pending(&r->drv));
	CU_ASSERT(vop_drvq_arm(&r->drv));
	rig_free(r);
}

static void dev_index(void)
{
	static const struct {
		uint16_t take, idx;
		uint32_t why;
	} t[] = {
		{0, N, VOP_V_NONE},
		{0, N + 1, VOP_V_AVAIL_JUMP},
		{0, 0xffff, VOP_V_AVAIL_JUMP},
		{0, 0x8000, VOP_V_AVAIL_JUMP},
		{3, N, VOP_V_NONE}, /* 3 held, 5 more fit */
		{3, N + 1, VOP_V_AVAIL_JUMP},
		{3, 2, VOP_V_AVAIL_JUMP}, /* backwards */
	};

	struct vop_plain v[N];

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(t); i++) {
		struct rig *r = rig_new(false, N, rig_features(0), 0);

		for (uint16_t j = 0; j < N; j++) {
			rig_desc(r->cfg.desc, j, RIG_LOW, 8, 0, 0);
			rig_put16((uint8_t *)r->cfg.driver + 4 + 2 * j, j);
		}
		rig_put16((uint8_t *)r->cfg.driver + 2, t[i].take);
		CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), t[i].take);
		rig_put16((uint8_t *)r->cfg.driver + 2, t[i].idx);
		CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N),
				t[i].why ? 0 : (uint32_t)t[i].idx - t[i].take);
		if (t[i].why)
			dev_is_dead(r, t[i].why);
		rig_free(r);

		/* The same the short way. */
		r = rig_new(false, N, rig_features(0), 0);
		for (uint16_t j = 0; j < N; j++) {
			rig_desc(r->cfg.desc, j, RIG_LOW, 8, 0, 0);
			rig_put16((uint8_t *)r->cfg.driver + 4 + 2 * j, j);
		}
		rig_put16((uint8_t *)r->cfg.driver + 2, t[i].take);
		CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, false, 0), t[i].take);
		rig_put16((uint8_t *)r->cfg.driver + 2, t[i].idx);
		CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, false, 0),
				t[i].why ? 0 : (uint32_t)t[i].idx - t[i].take);
		if (t[i].why)
			dev_is_dead(r, t[i].why);
		rig_free(r);
	}
}

/* Held and given back the short way: as many can come again, and no more. */
static void dev_plain_inflight(void)
{
	for (unsigned back = 0; back < 3; back++) {
		struct rig *r = rig_new(false, N, rig_features(back == 2 ? 4 : 0), 0);
		uint32_t len[N] = {1, 1, 1, 1, 1, 1, 1, 1};
		struct vop_plain v[N];

		for (uint16_t j = 0; j < N; j++) {
			rig_desc(r->cfg.desc, j, RIG_LOW, 8, back == 1 ? WRITE : 0, 0);
			offer(r, j, j);
		}
		CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, back == 1, 0), N);
		if (back == 1)
			vop_devq_push_written(&r->dev, v, len, 3);
		else
			vop_devq_push_read(&r->dev, v, 3);
		rig_put16((uint8_t *)r->cfg.driver + 2, N + 3);
		CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, back == 1, 0), 3);
		rig_put16((uint8_t *)r->cfg.driver + 2, N + 4);
		CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, back == 1, 0), 0);
		dev_is_dead(r, VOP_V_AVAIL_JUMP);
		rig_free(r);
	}
}

/* Chains that share descriptors cannot make one pop walk more than the queue size. */
static void dev_shared_chains(void)
{
	struct rig *r = rig_new(false, N, rig_features(0), 0);

	for (uint16_t i = 0; i < N; i++)
		rig_desc(r->cfg.desc, i, 0, 0, i + 1u < N ? NEXT : 0, (uint16_t)(i + 1));
	offer(r, 0, 0);
	offer(r, 1, 0);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), 1);
	dev_is_dead(r, VOP_V_CHAIN_LOOP);
	rig_free(r);
}

/* The sum of writable lengths would not fit used.len. */
static void dev_sum_of_lengths(void)
{
	struct rig *r = rig_new(false, 2, rig_features(0), 0);

	r->rt.n = 0;
	CU_ASSERT_EQUAL(vop_regions_add(&r->rt, 0, 1ull << 33, r->mem[0]), 0);
	rig_desc(r->cfg.desc, 0, 0, UINT32_MAX, WRITE | NEXT, 1);
	rig_desc(r->cfg.desc, 1, 0, 1, WRITE, 0);
	rig_put16((uint8_t *)r->cfg.driver + 2, 1);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 2), 0);
	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), VOP_V_TOO_LONG);
	rig_free(r);
}

/* ---- a hostile device ---------------------------------------------------------------------- */

static void drv_is_dead(struct rig *r, uint32_t why)
{
	struct vop_buf b = rig_buf(0);
	struct vop_done out[N];
	uint32_t cookie = 0;
	uint16_t idx = rig_get16((uint8_t *)r->cfg.driver + 2);

	CU_ASSERT_EQUAL(vop_drvq_broken(&r->drv), why);
	CU_ASSERT(vop_drvq_arm(&r->drv));
	CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 0);
	CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, &b, &cookie, 1, true), 0);
	CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, &b, 0, 1, 1), -EIO);
	CU_ASSERT_FALSE(vop_drvq_publish(&r->drv));
	CU_ASSERT_EQUAL(rig_get16((uint8_t *)r->cfg.driver + 2), idx);
	CU_ASSERT_EQUAL(vop_drvq_broken(&r->drv), why);
}

static void used(struct rig *r, uint16_t at, uint32_t id, uint32_t len)
{
	uint8_t *u = r->cfg.device;

	rig_put32(u + 4 + 8 * (at % N), id);
	rig_put32(u + 8 + 8 * (at % N), len);
}

/* Four buffers of RIG_BUF_SIZE writable, the last of them two descriptors; ids 0 1 2 3(4). */
static struct rig *four(bool in_order)
{
	struct rig *r = rig_new(false, N, rig_features(in_order ? 4 : 0), 0);
	struct vop_buf b[3] = {rig_buf(0), rig_buf(1), rig_buf(2)};
	uint32_t cookie[3] = {0, 1, 2};

	CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, 3, true), 3);
	CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, b, 1, 1, 3), 0);
	vop_drvq_publish(&r->drv);
	return r;
}

static void drv_used(void)
{
	static const struct {
		uint16_t idx;
		uint32_t id, len, why;
		unsigned got; /* what comes before */
		bool in_order;
	} t[] = {
		{5, 0, 0, VOP_V_USED_JUMP, 0, false},
		{0xffff, 0, 0, VOP_V_USED_JUMP, 0, false},
		{0x8000, 0, 0, VOP_V_USED_JUMP, 0, true},
		{1, 5, 0, VOP_V_USED_ID, 0, false},	  /* never outstanding */
		{1, N, 0, VOP_V_USED_ID, 0, false},	  /* no such descriptor */
		{1, 0x10000, 0, VOP_V_USED_ID, 0, false}, /* 32 bits, not 16 */
		{1, UINT32_MAX, 0, VOP_V_USED_ID, 0, false},
		{1, 4, 0, VOP_V_USED_ID, 0, false}, /* in the middle of a chain */
		{1, 4, 0, VOP_V_USED_ID, 0, true},
		{1, 1, RIG_BUF_SIZE + 1, VOP_V_USED_LEN, 0, false},
		{1, 3, 2 * RIG_BUF_SIZE, VOP_V_USED_LEN, 0, false}, /* the readable part is not */
		{1, 0, UINT32_MAX, VOP_V_USED_LEN, 0, true},
		{1, 1, 0, VOP_V_USED_ID, 0, true},  /* a batch of 2, the index says 1 */
		{2, 3, 0, VOP_V_USED_ID, 0, true},  /* a batch of 4, the index says 2 */
		{2, 0, 0, VOP_V_USED_ID, 1, true},  /* the entry of the next batch is old */
		{2, 0, 0, VOP_V_USED_ID, 1, false}, /* twice the same */
	};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(t); i++) {
		struct rig *r = four(t[i].in_order);
		struct vop_done out[N];

		used(r, 0, t[i].id, t[i].len);
		used(r, 1, t[i].got ? t[i].id : 1, 0);
		rig_put16((uint8_t *)r->cfg.device + 2, t[i].idx);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), t[i].got);
		drv_is_dead(r, t[i].why);
		/* A device that comes round is not believed. */
		used(r, t[i].got, t[i].got, 0);
		rig_put16((uint8_t *)r->cfg.device + 2, (uint16_t)(t[i].got + 1));
		drv_is_dead(r, t[i].why);
		rig_free(r);
	}
}

/* The index moves on behind a part that was got: jumps count from where the driver is. */
static void drv_jump_later(void)
{
	struct rig *r = four(false);
	struct vop_done out[N];

	used(r, 0, 2, 0);
	used(r, 1, 0, 0);
	rig_put16((uint8_t *)r->cfg.device + 2, 2);
	CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 2);
	rig_put16((uint8_t *)r->cfg.device + 2, 5);
	CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 0);
	drv_is_dead(r, VOP_V_USED_JUMP);
	rig_free(r);
}

/* What was added before the break is not published after it. */
static void drv_staged(void)
{
	struct rig *r = four(false);
	struct vop_buf b = rig_buf(0);
	struct vop_done out[N];
	uint32_t cookie = 9;

	CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, &b, &cookie, 1, true), 1);
	used(r, 0, 7, 0);
	rig_put16((uint8_t *)r->cfg.device + 2, 1);
	CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 0);
	drv_is_dead(r, VOP_V_USED_ID);
	rig_free(r);
}

int suite_hostile_split(void)
{
	CU_pSuite s = CU_add_suite(RIG_SUITE("split ring, hostile peer"), NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, dev_chains);
	CU_ADD_TEST(s, dev_after_good_ones);
	CU_ADD_TEST(s, dev_plain_after_good_ones);
	CU_ADD_TEST(s, dev_plain_inflight);
	CU_ADD_TEST(s, dev_staged);
	CU_ADD_TEST(s, nobody_sleeps);
	CU_ADD_TEST(s, dev_index);
	CU_ADD_TEST(s, dev_shared_chains);
	CU_ADD_TEST(s, dev_sum_of_lengths);
	CU_ADD_TEST(s, drv_used);
	CU_ADD_TEST(s, drv_jump_later);
	CU_ADD_TEST(s, drv_staged);
	return 0;
}
