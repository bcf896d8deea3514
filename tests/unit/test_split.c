/* SPDX-License-Identifier: BSD-2-Clause */
/* Split ring: model against ring, and what the model cannot see. */
#include "ring_model.h"

static void run(uint32_t size, unsigned bits, bool reorder, unsigned iov_max, uint32_t steps,
		uint64_t seed)
{
	struct model *m = model_new(false, size, rig_features(bits), iov_max, seed);

	m->reorder = reorder && !m->r->f.in_order;
	model_run(m, steps);
	CU_ASSERT_FALSE(m->failed);
	model_free(m);
}

static void all_features(uint32_t size, uint32_t steps)
{
	for (unsigned bits = 0; bits < 8; bits++)
		for (unsigned reorder = 0; reorder < 2; reorder++)
			run(size, bits, reorder, 0, steps, 1000 + size + bits * 2 + reorder);
}

static void model_1(void)
{
	all_features(1, 4000);
}
static void model_2(void)
{
	all_features(2, 4000);
}
static void model_8(void)
{
	all_features(8, 8000);
}
static void model_64(void)
{
	all_features(64, 6000);
}
static void model_256(void)
{
	all_features(256, 3000);
}
static void model_32768(void)
{
	all_features(32768, 120);
}

/* A batch with little room for pieces stops in time and goes on with the next. */
static void model_little_room(void)
{
	for (unsigned bits = 0; bits < 8; bits++)
		run(64, bits, true, 10 + bits, 6000, 77 + bits);
}

/* Free-running indices wrap at 65,536, whatever the size. */
static void index_wrap(void)
{
	for (unsigned bits = 0; bits < 8; bits++) {
		struct model *m = model_new(false, 256, rig_features(bits), 0, 5000 + bits);

		while (m->added < 3 * 65536 && !m->failed)
			model_run(m, 64);
		CU_ASSERT_FALSE(m->failed);
		model_free(m);
	}
}

/* Nothing but plain buffers, all one way: long runs of the short way, both ways, around every end.
 */
static void model_plain(void)
{
	static const uint32_t size[] = {1, 2, 8, 64, 256};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(size); i++) {
		for (unsigned bits = 0; bits < 16; bits++) {
			struct model *m = model_new(false, size[i], rig_features(bits & 7), 0,
						    600 + 2 * i + (bits >> 3));

			m->plain = true;
			m->reorder = i % 2 && !m->r->f.in_order;
			model_run(m, 4000);
			CU_ASSERT_FALSE(m->failed);
			CU_ASSERT(m->got > 2 * size[i]);
			model_free(m);
		}
	}
}

static void polling_peer(void)
{
	for (unsigned bits = 0; bits < 8; bits++) {
		struct vop_ring_features f = rig_features(bits);
		struct model *m;

		f.peer_polls = true;
		m = model_new(false, 16, f, 0, 300 + bits);
		model_run(m, 2000);
		CU_ASSERT_FALSE(m->failed);
		model_free(m);
	}
}

/* With IN_ORDER one used entry stands for a run of completely used buffers, and only for those. */
static void in_order_entries(void)
{
	struct rig *r = rig_new(false, 8, rig_features(4), 0);
	struct vop_buf b[6];
	uint32_t cookie[6] = {10, 11, 12, 13, 14, 15}, len[6], i;
	const uint8_t *used = r->cfg.device;
	struct vop_done out[8] = {{0}};

	for (i = 0; i < 6; i++) {
		b[i] = rig_buf(i);
		len[i] = b[i].len;
	}
	len[2] = 5; /* not used completely: an entry of its own */
	CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, 6, true), 6);
	vop_drvq_publish(&r->drv);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 8), 6);
	vop_devq_push(&r->dev, r->b.elem, len, 6);
	vop_devq_publish(&r->dev);
	CU_ASSERT_EQUAL(rig_get16(used + 2), 6);
	/* Entries stand where their run begins: 0 for 0..2, 3 for 3..5; the rest is untouched. */
	CU_ASSERT_EQUAL(rig_get32(used + 4), r->b.elem[2].id);
	CU_ASSERT_EQUAL(rig_get32(used + 8), 5);
	CU_ASSERT_EQUAL(rig_get32(used + 4 + 8 * 3), r->b.elem[5].id);
	CU_ASSERT_EQUAL(rig_get32(used + 8 + 8 * 3), RIG_BUF_SIZE);
	for (i = 0; i < 6; i++)
		if (i != 0 && i != 3)
			CU_ASSERT_EQUAL(rig_get32(used + 8 + 8 * i), 0);
	/* Handed out one at a time: a run is not lost between calls. */
	for (i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 1), 1);
		CU_ASSERT_EQUAL(out[0].cookie, 10 + i);
		CU_ASSERT_EQUAL(out[0].len, len[i]);
	}
	rig_free(r);
}

/* Available entries and descriptors that do not change are not stored again (split.h). */
static void table_is_left_alone(void)
{
	struct rig *r = rig_new(false, 4, rig_features(4), 0);
	struct vop_buf b[4];
	uint32_t cookie[4] = {0}, i;
	struct vop_done out[4];

	for (i = 0; i < 4; i++)
		b[i] = rig_buf(i);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, 4, false), 4);
		vop_drvq_publish(&r->drv);
		if (i == 0) {
			CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 4), 4);
			/* Scribble: what the driver does not store again stays scribbled. */
			rig_put32((uint8_t *)r->cfg.desc + 8, 99);
		} else {
			CU_ASSERT_EQUAL(rig_get32((uint8_t *)r->cfg.desc + 8), 99);
			CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 4), 4);
		}
		vop_devq_push(&r->dev, r->b.elem, NULL, 4);
		vop_devq_publish(&r->dev);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 4), 4);
	}
	rig_free(r);
}

/* A table of 16-byte entries at an odd address, whose third entry lies in two regions. */
static void crooked_table(void)
{
	struct rig *r = rig_new(false, 8, rig_features(1), 0);
	uint64_t at = RIG_NEXT - 2 * 16 - 7;
	uint8_t table[3 * 16], *desc = r->cfg.desc, *avail = r->cfg.driver;
	uint32_t i;

	for (i = 0; i < 3; i++)
		rig_desc(table, i, RIG_HIGH + 64 * i, 10 + i, (uint16_t)(i < 2 ? 1 : 2),
			 (uint16_t)(i + 1));
	memcpy(r->mem[0] + (at - RIG_LOW), table, 39);
	memcpy(r->mem[1], table + 39, sizeof(table) - 39);
	rig_desc(desc, 0, at, sizeof(table), VOP_DESC_F_INDIRECT, 0);
	rig_put16(avail + 2, 1);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 8), 1);
	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), VOP_V_NONE);
	CU_ASSERT_EQUAL(r->b.elem[0].nout, 2);
	CU_ASSERT_EQUAL(r->b.elem[0].nin, 1);
	CU_ASSERT_EQUAL(r->b.elem[0].in_len, 12);
	for (i = 0; i < 3; i++)
		CU_ASSERT_PTR_EQUAL(r->b.iov[i].ptr, r->mem[2] + 64 * i);
	rig_free(r);
}

/* Direct descriptors, then one table (2.7.5.3.2); WRITE beside INDIRECT is ignored. */
static void direct_then_table(void)
{
	struct rig *r = rig_new(false, 8, rig_features(1), 0);
	uint8_t *desc = r->cfg.desc;

	rig_desc(desc, 3, RIG_LOW, 1, VOP_DESC_F_NEXT, 5);
	rig_desc(desc, 5, RIG_LOW + 64, 2, VOP_DESC_F_NEXT, 0);
	rig_desc(desc, 0, RIG_IND, 32, VOP_DESC_F_INDIRECT | VOP_DESC_F_WRITE, 0);
	rig_desc(r->ind, 0, RIG_LOW + 128, 3, VOP_DESC_F_NEXT, 1);
	rig_desc(r->ind, 1, RIG_LOW + 192, 4, VOP_DESC_F_WRITE, 0);
	rig_put16((uint8_t *)r->cfg.driver + 4, 3);
	rig_put16((uint8_t *)r->cfg.driver + 2, 1);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 8), 1);
	CU_ASSERT_EQUAL(r->b.elem[0].id, 3);
	CU_ASSERT_EQUAL(r->b.elem[0].ndesc, 3);
	CU_ASSERT_EQUAL(r->b.elem[0].nout, 3);
	CU_ASSERT_EQUAL(r->b.elem[0].nin, 1);
	CU_ASSERT_EQUAL(r->b.elem[0].in_len, 4);
	rig_free(r);
}

static void bad_sizes(void)
{
	static const uint16_t bad[] = {0, 3, 5, 255, 32767, 32769, 65535};
	static uint64_t mem[8];
	struct vop_drvq drv;
	struct vop_devq dev;
	struct vop_queue_config cfg = {.desc = mem, .driver = mem, .device = mem};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(bad); i++) {
		cfg.size = bad[i];
		CU_ASSERT_EQUAL(vop_drvq_open(&drv, &cfg, rig_features(0), NULL, 0, 0), -EINVAL);
		CU_ASSERT_EQUAL(vop_devq_open(&dev, &cfg, rig_features(0)), -EINVAL);
	}
}

/* A misaligned part would become misaligned atomics. */
static void bad_alignment(void)
{
	struct rig *r = rig_new(false, 4, rig_features(0), 0);
	void *desc = r->cfg.desc, *driver = r->cfg.driver, *device = r->cfg.device;
	struct vop_devq dev;

	r->cfg.desc = (uint8_t *)desc + 8;
	CU_ASSERT_EQUAL(vop_devq_open(&dev, &r->cfg, r->f), -EINVAL);
	r->cfg.desc = desc;
	r->cfg.driver = (uint8_t *)driver + 1;
	CU_ASSERT_EQUAL(vop_devq_open(&dev, &r->cfg, r->f), -EINVAL);
	r->cfg.driver = driver;
	r->cfg.device = (uint8_t *)device + 2;
	CU_ASSERT_EQUAL(vop_devq_open(&dev, &r->cfg, r->f), -EINVAL);
	r->cfg.device = NULL;
	CU_ASSERT_EQUAL(vop_devq_open(&dev, &r->cfg, r->f), -EINVAL);
	r->cfg.device = device;
	CU_ASSERT_EQUAL(vop_devq_open(&dev, &r->cfg, r->f), 0);
	rig_free(r);
}

int suite_split(void)
{
	CU_pSuite s = CU_add_suite(RIG_SUITE("split ring"), NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, model_1);
	CU_ADD_TEST(s, model_2);
	CU_ADD_TEST(s, model_8);
	CU_ADD_TEST(s, model_64);
	CU_ADD_TEST(s, model_256);
	CU_ADD_TEST(s, model_32768);
	CU_ADD_TEST(s, model_little_room);
	CU_ADD_TEST(s, index_wrap);
	CU_ADD_TEST(s, model_plain);
	CU_ADD_TEST(s, polling_peer);
	CU_ADD_TEST(s, in_order_entries);
	CU_ADD_TEST(s, table_is_left_alone);
	CU_ADD_TEST(s, crooked_table);
	CU_ADD_TEST(s, direct_then_table);
	CU_ADD_TEST(s, bad_sizes);
	CU_ADD_TEST(s, bad_alignment);
	return 0;
}
