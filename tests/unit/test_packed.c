/* SPDX-License-Identifier: BSD-2-Clause */
/* Packed ring: model against ring, and what the model cannot see. */
#include "ring_model.h"

static void run(uint32_t size, unsigned bits, bool reorder, unsigned iov_max, uint32_t steps,
		uint64_t seed)
{
	struct model *m = model_new(true, size, rig_features(bits), iov_max, seed);

	m->reorder = reorder && !m->r->f.in_order;
	model_run(m, steps);
	CU_ASSERT_FALSE(m->failed);
	model_free(m);
}

static void all_features(uint32_t size, uint32_t steps)
{
	for (unsigned bits = 0; bits < 8; bits++)
		for (unsigned reorder = 0; reorder < 2; reorder++)
			run(size, bits, reorder, 0, steps, 2000 + size + bits * 2 + reorder);
}

static void model_1(void)
{
	all_features(1, 4000);
}
static void model_2(void)
{
	all_features(2, 4000);
}
static void model_3(void)
{
	all_features(3, 4000);
}
static void model_5(void)
{
	all_features(5, 6000);
}
static void model_7(void)
{
	all_features(7, 6000);
}
static void model_8(void)
{
	all_features(8, 6000);
}
static void model_64(void)
{
	all_features(64, 6000);
}
static void model_255(void)
{
	all_features(255, 3000);
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
		run(61, bits, true, 10 + bits, 6000, 88 + bits);
}

/* Nothing but plain buffers, all one way: long runs of the short way, both ways, around every end.
 */
static void model_plain(void)
{
	static const uint32_t size[] = {1, 2, 3, 5, 7, 8, 64, 255, 256};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(size); i++) {
		for (unsigned bits = 0; bits < 16; bits++) {
			struct model *m = model_new(true, size[i], rig_features(bits & 7), 0,
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
		m = model_new(true, 13, f, 0, 400 + bits);
		model_run(m, 2000);
		CU_ASSERT_FALSE(m->failed);
		model_free(m);
	}
}

/* Nothing of a batch is visible before publish: the first descriptor keeps its old flags. */
static void withheld_head(void)
{
	struct rig *r = rig_new(true, 4, rig_features(0), 0);
	uint8_t *ring = r->cfg.desc;
	struct vop_buf b[3];
	uint32_t cookie[3] = {1, 2, 3};
	uint32_t len[3] = {0};

	for (unsigned i = 0; i < 3; i++)
		b[i] = rig_buf(i);
	CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, 3, false), 3);
	CU_ASSERT_EQUAL(rig_get16(ring + 14), 0);
	CU_ASSERT_FALSE(vop_devq_pending(&r->dev));
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 4), 0);
	vop_drvq_publish(&r->drv);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(rig_get16(ring + 16 * i + 14), VOP_DESC_F_AVAIL);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 4), 3);
	vop_devq_push(&r->dev, r->b.elem, len, 3);
	CU_ASSERT_EQUAL(rig_get16(ring + 14), VOP_DESC_F_AVAIL);
	CU_ASSERT_FALSE(vop_drvq_pending(&r->drv));
	vop_devq_publish(&r->dev);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(rig_get16(ring + 16 * i + 14), VOP_DESC_F_PHASE);
	CU_ASSERT_TRUE(vop_drvq_pending(&r->drv));
	rig_free(r);
}

/* With IN_ORDER one used descriptor stands for a run of completely used buffers, at its start. */
static void in_order_entries(void)
{
	struct rig *r = rig_new(true, 8, rig_features(4), 0);
	struct vop_buf b[6];
	uint32_t cookie[6] = {10, 11, 12, 13, 14, 15}, len[6], i;
	const uint8_t *ring = r->cfg.desc;
	struct vop_done out[8] = {{0}};

	for (i = 0; i < 6; i++) {
		b[i] = rig_buf(i);
		len[i] = b[i].len;
	}
	len[2] = 5; /* not used completely: a descriptor of its own */
	CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, 6, true), 6);
	vop_drvq_publish(&r->drv);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 8), 6);
	vop_devq_push(&r->dev, r->b.elem, len, 6);
	vop_devq_publish(&r->dev);
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(rig_get16(ring + 16 * i + 14) & VOP_DESC_F_PHASE,
				i == 0 || i == 3 ? VOP_DESC_F_PHASE : VOP_DESC_F_AVAIL);
	CU_ASSERT_EQUAL(rig_get32(ring + 8), 5);
	CU_ASSERT_EQUAL(rig_get16(ring + 12), r->b.elem[2].id);
	CU_ASSERT_EQUAL(rig_get32(ring + 16 * 3 + 8), RIG_BUF_SIZE);
	CU_ASSERT_EQUAL(rig_get16(ring + 16 * 3 + 12), r->b.elem[5].id);
	for (i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 1), 1);
		CU_ASSERT_EQUAL(out[0].cookie, 10 + i);
		CU_ASSERT_EQUAL(out[0].len, len[i]);
	}
	CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 8), 0);
	rig_free(r);
}

/* The length of a used descriptor counts only with WRITE (2.8.4). */
static void used_len_without_write(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct rig *r = rig_new(true, 4, rig_features(i & 1 ? 4 : 0), 0);
		struct vop_buf b = rig_buf(0);
		uint32_t cookie = 5;
		struct vop_done out = {0};

		CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, &b, &cookie, 1, true), 1);
		vop_drvq_publish(&r->drv);
		rig_desc(r->cfg.desc, 0, 0, i & 2 ? 5 : UINT32_MAX,
			 rig_get16((uint8_t *)r->cfg.desc + 12), VOP_DESC_F_PHASE);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, &out, 1), 1);
		CU_ASSERT_EQUAL(out.cookie, 5);
		CU_ASSERT_EQUAL(out.len, 0);
		rig_free(r);
	}
}

/* In a table only WRITE counts: other flags and the id are ignored (2.8.7). */
static void crooked_table(void)
{
	struct rig *r = rig_new(true, 5, rig_features(1), 0);
	uint64_t at = RIG_NEXT - 2 * 16 - 7;
	uint8_t table[3 * 16];
	uint32_t i;

	for (i = 0; i < 3; i++)
		rig_desc(table, i, RIG_HIGH + 64 * i, 10 + i, 0xffff,
			 i < 2 ? 0xffff & ~VOP_DESC_F_WRITE : 0xffff);
	memcpy(r->mem[0] + (at - RIG_LOW), table, 39);
	memcpy(r->mem[1], table + 39, sizeof(table) - 39);
	rig_desc(r->cfg.desc, 0, at, sizeof(table), 2,
		 VOP_DESC_F_INDIRECT | VOP_DESC_F_WRITE | VOP_DESC_F_AVAIL);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 5), 1);
	CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), VOP_V_NONE);
	CU_ASSERT_EQUAL(r->b.elem[0].id, 2);
	CU_ASSERT_EQUAL(r->b.elem[0].nout, 2);
	CU_ASSERT_EQUAL(r->b.elem[0].nin, 1);
	CU_ASSERT_EQUAL(r->b.elem[0].in_len, 12);
	for (i = 0; i < 3; i++)
		CU_ASSERT_PTR_EQUAL(r->b.iov[i].ptr, r->mem[2] + 64 * i);
	rig_free(r);
}

/* Only the id of the last descriptor of a list counts (2.8.6). */
static void id_of_the_last(void)
{
	struct rig *r = rig_new(true, 4, rig_features(0), 0);

	rig_desc(r->cfg.desc, 1, RIG_LOW, 8, 3, VOP_DESC_F_AVAIL);
	rig_desc(r->cfg.desc, 0, RIG_LOW, 8, 0xffff, VOP_DESC_F_AVAIL | VOP_DESC_F_NEXT);
	CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 4), 1);
	CU_ASSERT_EQUAL(r->b.elem[0].id, 3);
	CU_ASSERT_EQUAL(r->b.elem[0].ndesc, 2);
	rig_free(r);
}

/* Chains the driver must not make. */
static void refused_chains(void)
{
	for (unsigned packed = 0; packed < 2; packed++) {
		struct rig *r = rig_new(packed, 2, rig_features(1), 0);
		struct vop_buf b[3] = {rig_buf(0), rig_buf(1), rig_buf(2)};
		struct vop_buf huge[2] = {{RIG_LOW, 0x80000000}, {RIG_LOW, 0x80000000}};

		CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, b, 0, 0, 1), -EINVAL);
		CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, b, 2, 1, 1), -EINVAL);
		CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, huge, 0, 2, 1), -EINVAL);
		CU_ASSERT_EQUAL(vop_drvq_outstanding(&r->drv), 0);
		CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, b, 1, 1, 1), 0);
		CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, b, 1, 1, 1), 0);
		CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, b, 1, 1, 1), -ENOSPC);
		CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->drv, b, 1, 0, 1), -ENOSPC);
		rig_free(r);
	}
}

static void bad_sizes(void)
{
	static const uint16_t bad[] = {0, 32769, 65535};
	static uint64_t mem[8];
	struct vop_drvq drv;
	struct vop_devq dev;
	struct vop_queue_config cfg = {.packed = true, .desc = mem, .driver = mem, .device = mem};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(bad); i++) {
		cfg.size = bad[i];
		CU_ASSERT_EQUAL(vop_drvq_open(&drv, &cfg, rig_features(0), NULL, 0, 0), -EINVAL);
		CU_ASSERT_EQUAL(vop_devq_open(&dev, &cfg, rig_features(0)), -EINVAL);
	}
}

static void bad_alignment(void)
{
	struct rig *r = rig_new(true, 4, rig_features(0), 0);
	void *desc = r->cfg.desc, *driver = r->cfg.driver;
	struct vop_devq dev;

	r->cfg.desc = (uint8_t *)desc + 8;
	CU_ASSERT_EQUAL(vop_devq_open(&dev, &r->cfg, r->f), -EINVAL);
	r->cfg.desc = desc;
	r->cfg.driver = (uint8_t *)driver + 2;
	CU_ASSERT_EQUAL(vop_devq_open(&dev, &r->cfg, r->f), -EINVAL);
	r->cfg.driver = driver;
	CU_ASSERT_EQUAL(vop_devq_open(&dev, &r->cfg, r->f), 0);
	rig_free(r);
}

int suite_packed(void)
{
	CU_pSuite s = CU_add_suite(RIG_SUITE("packed ring"), NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, model_1);
	CU_ADD_TEST(s, model_2);
	CU_ADD_TEST(s, model_3);
	CU_ADD_TEST(s, model_5);
	CU_ADD_TEST(s, model_7);
	CU_ADD_TEST(s, model_8);
	CU_ADD_TEST(s, model_64);
	CU_ADD_TEST(s, model_255);
	CU_ADD_TEST(s, model_256);
	CU_ADD_TEST(s, model_32768);
	CU_ADD_TEST(s, model_little_room);
	CU_ADD_TEST(s, model_plain);
	CU_ADD_TEST(s, polling_peer);
	CU_ADD_TEST(s, withheld_head);
	CU_ADD_TEST(s, in_order_entries);
	CU_ADD_TEST(s, used_len_without_write);
	CU_ADD_TEST(s, crooked_table);
	CU_ADD_TEST(s, id_of_the_last);
	CU_ADD_TEST(s, refused_chains);
	CU_ADD_TEST(s, bad_sizes);
	CU_ADD_TEST(s, bad_alignment);
	return 0;
}
