/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed ring: each violation, made by hand in ring memory, is reported with its own reason, and
 * from then on the half takes and gives nothing. Event structures: test_notify.c.
 */
#include <vop/plain.h>

#include "ring_rig.h"

#define N	5u
#define NEXT	VOP_DESC_F_NEXT
#define WRITE	VOP_DESC_F_WRITE
#define IND	VOP_DESC_F_INDIRECT
#define AV	VOP_DESC_F_AVAIL /* available in the first lap */
#define NOWHERE RIG_NOWHERE

struct raw {
	uint64_t addr;
	uint32_t len;
	uint16_t id, flags;
};

/* ---- a hostile driver ---------------------------------------------------------------------- */

struct bad_list {
	const char *what;
	uint32_t why;
	bool indirect;
	struct raw desc[N];
	struct raw table[4]; /* at RIG_IND */
	unsigned iov_max;
};

static const struct bad_list lists[] = {
	{"id = size", VOP_V_BUFFER_ID, false, {{RIG_LOW, 8, N, AV}}, {{0}}, 0},
	{"id = 65535", VOP_V_BUFFER_ID, false, {{RIG_LOW, 8, 0xffff, AV}}, {{0}}, 0},
	{"id of a list",
	 VOP_V_BUFFER_ID,
	 false,
	 {{RIG_LOW, 8, 0, AV | NEXT}, {RIG_LOW, 8, N, AV}},
	 {{0}},
	 0},
	{"id, nothing in it", VOP_V_BUFFER_ID, false, {{0, 0, N, AV}}, {{0}}, 0},
	{"next all around",
	 VOP_V_CHAIN_LOOP,
	 false,
	 {{RIG_LOW, 8, 0, AV | NEXT},
	  {RIG_LOW, 8, 0, AV | NEXT},
	  {RIG_LOW, 8, 0, AV | NEXT},
	  {RIG_LOW, 8, 0, AV | NEXT},
	  {RIG_LOW, 8, 0, AV | NEXT}},
	 {{0}},
	 0},
	{"rest not available", VOP_V_DESC_FLAGS, false, {{RIG_LOW, 8, 0, AV | NEXT}}, {{0}}, 0},
	{"rest of the other lap",
	 VOP_V_DESC_FLAGS,
	 false,
	 {{RIG_LOW, 8, 0, AV | NEXT}, {RIG_LOW, 8, 0, VOP_DESC_F_USED}},
	 {{0}},
	 0},
	{"rest used",
	 VOP_V_DESC_FLAGS,
	 false,
	 {{RIG_LOW, 8, 0, AV | NEXT}, {RIG_LOW, 8, 0, VOP_DESC_F_PHASE}},
	 {{0}},
	 0},
	{"readable after writable",
	 VOP_V_CHAIN_ORDER,
	 false,
	 {{RIG_LOW, 8, 0, AV | NEXT | WRITE}, {RIG_LOW, 8, 0, AV}},
	 {{0}},
	 0},
	{"no region", VOP_V_ADDR, false, {{NOWHERE, 8, 0, AV}}, {{0}}, 0},
	{"no region, writable", VOP_V_ADDR, false, {{NOWHERE, 8, 0, AV | WRITE}}, {{0}}, 0},
	{"below the first region", VOP_V_ADDR, false, {{RIG_LOW - 1, 8, 0, AV}}, {{0}}, 0},
	{"beyond a region", VOP_V_ADDR, false, {{RIG_NEXT + RIG_REGION - 7, 8, 0, AV}}, {{0}}, 0},
	{"behind a region", VOP_V_ADDR, false, {{RIG_NEXT + RIG_REGION, 1, 0, AV}}, {{0}}, 0},
	{"beyond 2^64", VOP_V_ADDR, false, {{UINT64_MAX, 2, 0, AV}}, {{0}}, 0},
	{"4 GiB", VOP_V_ADDR, false, {{RIG_LOW, UINT32_MAX, 0, AV}}, {{0}}, 0},
	{"second of a list",
	 VOP_V_ADDR,
	 false,
	 {{RIG_LOW, 8, 0, AV | NEXT}, {NOWHERE, 8, 0, AV}},
	 {{0}},
	 0},
	{"indirect, not negotiated",
	 VOP_V_INDIRECT_FLAG,
	 false,
	 {{RIG_IND, 16, 0, AV | IND}},
	 {{RIG_LOW, 8, 0, 0}},
	 0},
	{"indirect with next",
	 VOP_V_INDIRECT_FLAG,
	 true,
	 {{RIG_IND, 16, 0, AV | IND | NEXT}},
	 {{RIG_LOW, 8, 0, 0}},
	 0},
	{"indirect in a list",
	 VOP_V_INDIRECT_FLAG,
	 true,
	 {{RIG_LOW, 8, 0, AV | NEXT}, {RIG_IND, 16, 0, AV | IND}},
	 {{RIG_LOW, 8, 0, 0}},
	 0},
	{"empty table", VOP_V_INDIRECT_LEN, true, {{RIG_IND, 0, 0, AV | IND}}, {{0}}, 0},
	{"table of 17 bytes", VOP_V_INDIRECT_LEN, true, {{RIG_IND, 17, 0, AV | IND}}, {{0}}, 0},
	{"table of 15 bytes", VOP_V_INDIRECT_LEN, true, {{RIG_IND, 15, 0, AV | IND}}, {{0}}, 0},
	{"table nowhere", VOP_V_ADDR, true, {{NOWHERE, 16, 0, AV | IND}}, {{0}}, 0},
	{"table beyond its region",
	 VOP_V_ADDR,
	 true,
	 {{RIG_NEXT + RIG_REGION - 8, 16, 0, AV | IND}},
	 {{0}},
	 0},
	{"table beyond 2^64", VOP_V_ADDR, true, {{0ull - 16, 32, 0, AV | IND}}, {{0}}, 0},
	{"order in a table",
	 VOP_V_CHAIN_ORDER,
	 true,
	 {{RIG_IND, 32, 0, AV | IND}},
	 {{RIG_LOW, 8, 0, WRITE}, {RIG_LOW, 8, 0, 0}},
	 0},
	{"address in a table",
	 VOP_V_ADDR,
	 true,
	 {{RIG_IND, 16, 0, AV | IND}},
	 {{NOWHERE, 8, 0, 0}},
	 0},
	{"more pieces than taken",
	 VOP_V_TOO_LONG,
	 false,
	 {{RIG_LOW, 8, 0, AV | NEXT}, {RIG_LOW, 8, 0, AV | NEXT}, {RIG_LOW, 8, 0, AV}},
	 {{0}},
	 2},
	{"more entries than taken", VOP_V_TOO_LONG, true, {{RIG_IND, 48, 0, AV | IND}}, {{0}}, 2},
};

static void put(void *table, unsigned n, const struct raw *d)
{
	for (unsigned i = 0; i < n; i++)
		rig_desc(table, i, d[i].addr, d[i].len, d[i].id, d[i].flags);
}

/* Broken: whatever is in the ring, nothing goes in or out, and ring memory is left alone. */
static void dev_is_dead(struct rig *r, uint32_t why)
{
	struct vop_plain v[N] = {{0}};
	uint8_t before[16 * N];
	uint32_t len[2] = {0};

	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), why);
	memset(r->cfg.desc, 0, sizeof(before));
	CU_ASSERT_FALSE(vop_devq_pending(&r->dev));
	CU_ASSERT(vop_devq_arm(&r->dev)); /* nobody sleeps on it */
	for (unsigned i = 0; i < N; i++)
		rig_desc(r->cfg.desc, i, RIG_LOW, 8, 0, AV);
	memcpy(before, r->cfg.desc, sizeof(before));
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 1), 0);
	/* Two: the first would only be staged. */
	r->b.elem[0] = r->b.elem[1] = (struct vop_elem){.ndesc = 1};
	vop_devq_push(&r->dev, r->b.elem, len, 2);
	CU_ASSERT_FALSE(vop_devq_publish(&r->dev));
	CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, false, 0), 0);
	vop_devq_push_read(&r->dev, v, 2);
	vop_devq_push_written(&r->dev, v, len, 2);
	CU_ASSERT_FALSE(vop_devq_publish(&r->dev));
	CU_ASSERT_EQUAL(memcmp(before, r->cfg.desc, sizeof(before)), 0);
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

static void dev_lists(void)
{
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(lists); i++) {
		const struct bad_list *c = &lists[i];
		struct rig *r = rig_new(true, N, rig_features(c->indirect), c->iov_max);

		put(r->cfg.desc, N, c->desc);
		put(r->ind, 4, c->table);
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
	struct rig *r = rig_new(true, N, rig_features(0), 0);

	for (uint16_t i = 0; i < N; i++)
		rig_desc(r->cfg.desc, i, i == 3 ? NOWHERE : RIG_LOW, 8, i, AV);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), 3);
	dev_is_dead(r, VOP_V_ADDR);
	rig_free(r);
}

/* The same the short way: the good ones are given, the bad one is the long way's. */
static void dev_plain_after_good_ones(void)
{
	struct rig *r = rig_new(true, N, rig_features(0), 0);
	struct vop_plain v[N];

	for (uint16_t i = 0; i < N; i++)
		rig_desc(r->cfg.desc, i, i == 3 ? NOWHERE : RIG_LOW + 8 * i, 8, i, AV);
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

/* To the last byte of a region, and not beyond: with the region known from the buffer before, and
 * without. */
static void dev_plain_bounds(void)
{
	static const struct {
		uint64_t addr;
		uint32_t len;
		bool good;
	} t[] = {
		{RIG_NEXT + RIG_REGION - 8, 8, true},
		{RIG_NEXT + RIG_REGION - 8, 9, false},
		{RIG_NEXT + RIG_REGION - 1, 1, true},
		{RIG_NEXT + RIG_REGION, 1, false},
		{RIG_NEXT, RIG_REGION, true},
		{RIG_NEXT, RIG_REGION + 1, false},
		{RIG_NEXT - 1, 2, false}, /* two regions */
		{RIG_LOW - 1, 8, false},
		{RIG_HIGH + RIG_REGION - 1, 1, true},
		{RIG_HIGH + RIG_REGION - 1, 2, false}, /* behind the last address */
		{UINT64_MAX, UINT32_MAX, false},
		{RIG_LOW, 0, false},
		{0, 1, false},
	};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(t); i++) {
		for (unsigned known = 0; known < 2; known++) {
			struct rig *r = rig_new(true, N, rig_features(0), 0);
			uint64_t near = t[i].addr >= RIG_HIGH	? RIG_HIGH
					: t[i].addr >= RIG_NEXT ? RIG_NEXT
								: RIG_LOW;
			struct vop_plain v[N];

			if (known)
				rig_desc(r->cfg.desc, 0, near, 8, 0, AV);
			rig_desc(r->cfg.desc, known, t[i].addr, t[i].len, 1, AV);
			CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, false, 0),
					known + t[i].good);
			CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), VOP_V_NONE);
			rig_free(r);
		}
	}
}

/* What was pushed before the break is not published after it. */
static void dev_staged(void)
{
	struct rig *r = rig_new(true, N, rig_features(0), 0);
	uint32_t len = 0;

	rig_desc(r->cfg.desc, 0, RIG_LOW, 8, 0, AV);
	rig_desc(r->cfg.desc, 1, NOWHERE, 8, 1, AV);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 1), 1);
	vop_devq_push(&r->dev, r->b.elem, &len, 1);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 1), 0);
	dev_is_dead(r, VOP_V_ADDR);
	rig_free(r);
}

/* A table does not go on at address 0, even where there is memory. */
static void dev_table_wraps(void)
{
	struct rig *r = rig_new(true, N, rig_features(1), 0);
	uint8_t zero[64] = {0};

	CU_ASSERT_EQUAL(vop_regions_add(&r->rt, 0, sizeof(zero), zero), 0);
	rig_desc(r->cfg.desc, 0, 0ull - 16, 32, 0, AV | IND);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 1), 0);
	dev_is_dead(r, VOP_V_ADDR);
	rig_free(r);
}

/* A driver that makes everything available again while the device holds it all. */
static void dev_more_than_all(void)
{
	struct rig *r = rig_new(true, N, rig_features(0), 0);

	for (uint16_t i = 0; i < N; i++)
		rig_desc(r->cfg.desc, i, RIG_LOW, 8, i, AV);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), N);
	for (uint16_t i = 0; i < N; i++)
		rig_desc(r->cfg.desc, i, RIG_LOW, 8, i, VOP_DESC_F_USED);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), 0);
	leaves_alone(r);
	CU_ASSERT_FALSE(vop_devq_pending(&r->dev));
	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), VOP_V_NONE);
	rig_free(r);
}

/* The same the short way, and what was given back can be taken again. */
static void dev_plain_more_than_all(void)
{
	for (unsigned back = 0; back < 3; back++) {
		struct rig *r = rig_new(true, N, rig_features(back == 2 ? 4 : 0), 0);
		uint32_t len[N] = {1, 1, 1, 1, 1};
		struct vop_plain v[N];

		for (uint16_t i = 0; i < N; i++)
			rig_desc(r->cfg.desc, i, RIG_LOW, 8, i, AV | (back == 1 ? WRITE : 0));
		CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, back == 1, 0), N);
		if (back == 1)
			vop_devq_push_written(&r->dev, v, len, 3);
		else
			vop_devq_push_read(&r->dev, v, 3);
		vop_devq_publish(&r->dev);
		for (uint16_t i = 0; i < N; i++)
			rig_desc(r->cfg.desc, i, RIG_LOW, 8, i, VOP_DESC_F_USED);
		CU_ASSERT_EQUAL(vop_devq_pop_plain(&r->dev, &r->rt, v, N, false, 0), 3);
		leaves_alone(r);
		CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), 0);
		rig_free(r);
	}
}

/* A list that runs on into descriptors the device holds. */
static void dev_list_into_held(void)
{
	struct rig *r = rig_new(true, N, rig_features(0), 0);

	rig_desc(r->cfg.desc, 0, RIG_LOW, 8, 0, AV);
	rig_desc(r->cfg.desc, 1, RIG_LOW, 8, 1, AV);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), 2);
	for (uint16_t i = 2; i < N; i++)
		rig_desc(r->cfg.desc, i, RIG_LOW, 8, i, AV | NEXT);
	rig_desc(r->cfg.desc, 0, RIG_LOW, 8, 0, VOP_DESC_F_USED);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, N), 0);
	dev_is_dead(r, VOP_V_CHAIN_LOOP);
	rig_free(r);
}

/* The sum of writable lengths would not fit the length of a used descriptor. */
static void dev_sum_of_lengths(void)
{
	struct rig *r = rig_new(true, 2, rig_features(0), 0);

	r->rt.n = 0;
	CU_ASSERT_EQUAL(vop_regions_add(&r->rt, 0, 1ull << 33, r->mem[0]), 0);
	rig_desc(r->cfg.desc, 0, 0, UINT32_MAX, 0, AV | WRITE | NEXT);
	rig_desc(r->cfg.desc, 1, 0, 1, 0, AV | WRITE);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 2), 0);
	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), VOP_V_TOO_LONG);
	rig_free(r);
}

/* More pieces than an element counts (16 bits), for a device that takes as many as it gets. */
static void dev_too_many_pieces(void)
{
	const uint32_t n = 70000;
	struct rig *r = rig_new(true, 2, rig_features(1), 100000);
	uint8_t *table = rig_alloc(16ull * n);

	CU_ASSERT_EQUAL(vop_regions_add(&r->rt, 1ull << 50, 16ull * n, table), 0);
	for (uint32_t i = 0; i < n; i++)
		rig_desc(table, i, RIG_LOW, 1, 0, WRITE);
	rig_desc(r->cfg.desc, 0, 1ull << 50, 16 * n, 0, AV | IND);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 2), 0);
	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), VOP_V_TOO_LONG);
	rig_free(r);
	free(table);
}

/* ---- a hostile device ---------------------------------------------------------------------- */

static void drv_is_dead(struct rig *r, uint32_t why)
{
	struct vop_buf b = rig_buf(0);
	struct vop_done out[N];
	uint8_t before[16 * N] = {0};
	uint32_t cookie = 0;

	CU_ASSERT_EQUAL(vop_drvq_broken(&r->drv), why);
	memset(r->cfg.desc, 0, sizeof(before));
	CU_ASSERT_FALSE(vop_drvq_pending(&r->drv));
	CU_ASSERT(vop_drvq_arm(&r->drv));
	CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 0);
	CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, &b, &cookie, 1, true), 0);
	CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, &b, 0, 1, 1), -EIO);
	CU_ASSERT_FALSE(vop_drvq_publish(&r->drv));
	CU_ASSERT_EQUAL(memcmp(before, r->cfg.desc, sizeof(before)), 0);
	CU_ASSERT_EQUAL(vop_drvq_broken(&r->drv), why);
}

/* Three buffers of RIG_BUF_SIZE writable, the last of them two descriptors. id[]: their ids. */
static struct rig *three(bool in_order, uint16_t id[3])
{
	struct rig *r = rig_new(true, N, rig_features(in_order ? 4 : 0), 0);
	struct vop_buf b[2] = {rig_buf(0), rig_buf(1)};
	uint32_t cookie[2] = {0, 1};

	CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, 2, true), 2);
	CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, b, 1, 1, 2), 0);
	vop_drvq_publish(&r->drv);
	for (unsigned i = 0; i < 3; i++)
		id[i] = rig_get16((uint8_t *)r->cfg.desc + 16 * (i < 2 ? i : 3) + 12);
	return r;
}

static void drv_used(void)
{
	static const struct {
		int who; /* >= 0: id of that buffer; else -who - 1 is the id itself */
		uint32_t len;
		uint32_t why;
		bool in_order;
	} t[] = {
		{-1 - (int)N, 0, VOP_V_USED_ID, false},
		{-1 - 0xffff, 0, VOP_V_USED_ID, false},
		{-1 - 3, 0, VOP_V_USED_ID, true}, /* ids of IN_ORDER: 0 1 2 */
		{-1 - (int)N, 0, VOP_V_USED_ID, true},
		{0, RIG_BUF_SIZE + 1, VOP_V_USED_LEN, false},
		{2, 2 * RIG_BUF_SIZE, VOP_V_USED_LEN, false},
		{2, UINT32_MAX, VOP_V_USED_LEN, true},
		{0, RIG_BUF_SIZE + 1, VOP_V_USED_LEN, true},
		{0, UINT32_MAX, VOP_V_USED_LEN, true},
	};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(t); i++) {
		uint16_t id[3];
		struct rig *r = three(t[i].in_order, id);
		struct vop_done out[N];

		rig_desc(r->cfg.desc, 0, 0, t[i].len,
			 t[i].who >= 0 ? id[t[i].who] : (uint16_t)(-t[i].who - 1),
			 VOP_DESC_F_PHASE | WRITE);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 0);
		drv_is_dead(r, t[i].why);
		rig_free(r);
	}
}

/* Used twice: the second time it is not outstanding. In order: nor is an id behind the oldest. */
static void drv_twice(void)
{
	for (unsigned in_order = 0; in_order < 2; in_order++) {
		uint16_t id[3];
		struct rig *r = three(in_order, id);
		struct vop_done out[N];

		rig_desc(r->cfg.desc, 0, 0, 1, id[0], VOP_DESC_F_PHASE | WRITE);
		rig_desc(r->cfg.desc, 1, 0, 1, id[0], VOP_DESC_F_PHASE | WRITE);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 1);
		drv_is_dead(r, VOP_V_USED_ID);
		rig_free(r);
	}
}

/* With nothing outstanding, used descriptors mean nothing. */
static void drv_nothing_outstanding(void)
{
	struct rig *r = rig_new(true, N, rig_features(0), 0);
	struct vop_done out[N];

	for (unsigned i = 0; i < N; i++)
		rig_desc(r->cfg.desc, i, 0, 0, 0, VOP_DESC_F_PHASE);
	CU_ASSERT_FALSE(vop_drvq_pending(&r->drv));
	CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 0);
	CU_ASSERT_EQUAL(vop_drvq_broken(&r->drv), VOP_V_NONE);
	rig_free(r);
}

/* What was staged before the break is not published after it. */
static void drv_staged(void)
{
	uint16_t id[3];
	struct rig *r = three(false, id);
	struct vop_buf b = rig_buf(0);
	struct vop_done out[N];
	uint32_t cookie = 9;

	CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, &b, &cookie, 1, true), 1);
	rig_desc(r->cfg.desc, 0, 0, 0, 0xffff, VOP_DESC_F_PHASE);
	CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, N), 0);
	drv_is_dead(r, VOP_V_USED_ID);
	rig_free(r);
}

/* IN_ORDER, buffers of an earlier lap: a device that says all are used gives back no more than it
 * has. */
static void drv_more_than_outstanding(void)
{
	for (unsigned left = 1; left < N; left++) {
		struct rig *r = rig_new(true, N, rig_features(4), 0);
		struct vop_buf b[N];
		uint32_t cookie[N] = {0, 1, 2, 3, 4}, i;
		struct vop_done out[2 * N];

		for (i = 0; i < N; i++)
			b[i] = rig_buf(i);
		CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, N, true), N);
		vop_drvq_publish(&r->drv);
		for (i = 0; i < N; i++)
			rig_desc(r->cfg.desc, i, 0, 8, (uint16_t)i, VOP_DESC_F_PHASE | WRITE);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 2 * N), N);
		CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, left, true), left);
		vop_drvq_publish(&r->drv);
		for (i = 0; i < N; i++)
			rig_desc(r->cfg.desc, i, 0, 8, (uint16_t)i, WRITE);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 2 * N), left);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 2 * N), 0);
		CU_ASSERT_EQUAL(vop_drvq_outstanding(&r->drv), 0);
		CU_ASSERT_EQUAL(vop_drvq_room(&r->drv), N);
		CU_ASSERT_EQUAL(vop_drvq_broken(&r->drv), VOP_V_NONE);
		rig_free(r);
	}
}

int suite_hostile_packed(void)
{
	CU_pSuite s = CU_add_suite(RIG_SUITE("packed ring, hostile peer"), NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, dev_lists);
	CU_ADD_TEST(s, dev_after_good_ones);
	CU_ADD_TEST(s, dev_plain_after_good_ones);
	CU_ADD_TEST(s, dev_plain_bounds);
	CU_ADD_TEST(s, dev_plain_more_than_all);
	CU_ADD_TEST(s, dev_staged);
	CU_ADD_TEST(s, dev_table_wraps);
	CU_ADD_TEST(s, dev_more_than_all);
	CU_ADD_TEST(s, dev_list_into_held);
	CU_ADD_TEST(s, dev_sum_of_lengths);
	CU_ADD_TEST(s, dev_too_many_pieces);
	CU_ADD_TEST(s, drv_used);
	CU_ADD_TEST(s, drv_more_than_outstanding);
	CU_ADD_TEST(s, drv_twice);
	CU_ADD_TEST(s, drv_nothing_outstanding);
	CU_ADD_TEST(s, drv_staged);
	return 0;
}
