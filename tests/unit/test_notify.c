/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a notification due? Every combination of positions for small sizes against a walk, the words
 * on the wire, and what hostile ones do. The sequences are in ring_model.h.
 */
#include "ring_rig.h"

/* VIRTIO 1.4, 2.7.7.2: 16-bit indices; every distance, around the wrap. */
static void split_every(void)
{
	static const uint16_t start[] = {0, 1, 100, 0x7fff, 0x8000, 0xfff0, 0xffff};
	bool ok = true;

	for (unsigned s = 0; s < VOP_ARRAY_SIZE(start); s++)
		for (uint16_t moved = 0; moved <= 40; moved++)
			for (int e = -50; e <= 50; e++) {
				uint16_t event = (uint16_t)(start[s] + e);
				bool want = false;

				for (uint16_t i = 0; i < moved; i++)
					want |= (uint16_t)(start[s] + i) == event;
				ok &= vop_need_event(event, (uint16_t)(start[s] + moved),
						     start[s]) == want;
			}
	CU_ASSERT(ok);
	/* A whole queue of the largest size at once. */
	CU_ASSERT(vop_need_event(0xffff, 0x7fff, 0xffff));
	CU_ASSERT(vop_need_event(0x7ffe, 0x7fff, 0xffff));
	CU_ASSERT_FALSE(vop_need_event(0x7fff, 0x7fff, 0xffff));
	CU_ASSERT_FALSE(vop_need_event(0xfffe, 0x7fff, 0xffff));
}

/* Every old, every distance, every event, for sizes 1 to 9, through the word on the wire. */
static void packed_every(void)
{
	bool ok = true;

	for (uint32_t size = 1; size <= 9; size++)
		for (uint32_t old = 0; old < 2 * size; old++)
			for (uint32_t moved = 1; moved <= size; moved++)
				for (uint32_t e = 0; e < 2 * size; e++) {
					struct vop_packed_pos from = {(uint16_t)(old % size),
								      old < size};
					struct vop_packed_pos to = from;
					uint32_t bad = 0, word;
					bool want = false, got;

					for (uint32_t i = 0; i < moved; i++)
						want |= (old + i) % (2 * size) == e;
					vop_packed_advance(&to, moved, size);
					word = VOP_EVENT_WORD(e % size, e < size, VOP_EVENT_DESC);
					got = vop_packed_event_wanted(word, true, size, from, to,
								      &bad);
					ok &= got == want && bad == 0;
				}
	CU_ASSERT(ok);
}

/* On the wire: le16 offset and wrap, le16 flags (2.8.14). */
static void packed_wire(void)
{
	struct rig *r = rig_new(true, 5, rig_features(2), 0);
	struct vop_buf b[5];
	uint32_t cookie[5] = {0};
	const uint8_t *w = r->cfg.device;

	for (unsigned i = 0; i < 5; i++)
		b[i] = rig_buf(i);
	CU_ASSERT_EQUAL(rig_get16(w + 2), VOP_EVENT_DISABLE);
	vop_drvq_add(&r->drv, b, cookie, 3, false);
	vop_drvq_publish(&r->drv);
	vop_devq_pop(&r->dev, &r->rt, &r->b, 5);
	CU_ASSERT_FALSE(vop_devq_arm(&r->dev));
	CU_ASSERT_EQUAL(rig_get16(w), 0x8000 | 3);
	CU_ASSERT_EQUAL(rig_get16(w + 2), VOP_EVENT_DESC);
	vop_devq_disarm(&r->dev);
	CU_ASSERT_EQUAL(rig_get16(w + 2), VOP_EVENT_DISABLE);
	w = r->cfg.driver;
	CU_ASSERT_EQUAL(rig_get16(w + 2), VOP_EVENT_DISABLE);
	CU_ASSERT_FALSE(vop_drvq_arm(&r->drv));
	CU_ASSERT_EQUAL(rig_get16(w), 0x8000);
	CU_ASSERT_EQUAL(rig_get16(w + 2), VOP_EVENT_DESC);
	vop_drvq_disarm(&r->drv);
	CU_ASSERT_EQUAL(rig_get16(w + 2), VOP_EVENT_DISABLE);
	rig_free(r);
}

static void split_wire(void)
{
	for (unsigned ev = 0; ev < 2; ev++) {
		struct rig *r = rig_new(false, 8, rig_features(ev ? 2 : 0), 0);
		struct vop_buf b[3] = {rig_buf(0), rig_buf(1), rig_buf(2)};
		uint32_t cookie[3] = {0};
		const uint8_t *avail = r->cfg.driver, *used = r->cfg.device;
		struct vop_done out[3];

		/* With EVENT_IDX flags stay 0, always (2.7.7.1, 2.7.10.1). */
		CU_ASSERT_EQUAL(rig_get16(avail), !ev);
		CU_ASSERT_EQUAL(rig_get16(used), !ev);
		vop_drvq_add(&r->drv, b, cookie, 3, false);
		/* Event index 0 from the start: the first buffer rings; flags start as no. */
		CU_ASSERT_EQUAL(vop_drvq_publish(&r->drv), ev);
		vop_devq_pop(&r->dev, &r->rt, &r->b, 8);
		CU_ASSERT_FALSE(vop_devq_arm(&r->dev));
		CU_ASSERT_EQUAL(rig_get16(used), 0);
		CU_ASSERT_EQUAL(rig_get16(used + 4 + 8 * 8), ev ? 3 : 0);
		vop_devq_push(&r->dev, r->b.elem, NULL, 3);
		CU_ASSERT_EQUAL(vop_devq_publish(&r->dev), ev);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 3), 3);
		CU_ASSERT_FALSE(vop_drvq_arm(&r->drv));
		CU_ASSERT_EQUAL(rig_get16(avail), 0);
		CU_ASSERT_EQUAL(rig_get16(avail + 4 + 2 * 8), ev ? 3 : 0);
		vop_devq_disarm(&r->dev);
		CU_ASSERT_EQUAL(rig_get16(used), !ev);
		vop_drvq_disarm(&r->drv);
		CU_ASSERT_EQUAL(rig_get16(avail), !ev);
		rig_free(r);
	}
}

/* Event structures that no peer may write: reported once, by the half that read them. */
static void packed_hostile(void)
{
	static const struct {
		uint32_t word;
		bool event_idx;
		uint32_t why;
	} t[] = {
		{VOP_EVENT_WORD(0, 1, 3), true, VOP_V_EVENT_OFFSET}, /* reserved */
		{VOP_EVENT_WORD(0, 1, 3), false, VOP_V_EVENT_OFFSET},
		{VOP_EVENT_WORD(0, 1, 2), false, VOP_V_EVENT_OFFSET}, /* without EVENT_IDX */
		{VOP_EVENT_WORD(5, 1, 2), true, VOP_V_EVENT_OFFSET},  /* offset = size */
		{VOP_EVENT_WORD(0x7fff, 1, 2), true, VOP_V_EVENT_OFFSET},
		{VOP_EVENT_WORD(4, 1, 2), true, VOP_V_NONE},
		{VOP_EVENT_WORD(0x7fff, 1, 0), true, VOP_V_NONE}, /* offset does not count */
		{VOP_EVENT_WORD(0x7fff, 1, 1), true, VOP_V_NONE},
	};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(t); i++) {
		struct rig *r = rig_new(true, 5, rig_features(t[i].event_idx ? 2 : 0), 0);
		struct vop_buf b = rig_buf(0);
		struct vop_done out = {0};
		uint32_t cookie = 0;

		rig_put32(r->cfg.device, t[i].word);
		vop_drvq_add(&r->drv, &b, &cookie, 1, false);
		vop_drvq_publish(&r->drv);
		CU_ASSERT_EQUAL(vop_drvq_broken(&r->drv), t[i].why);
		CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 1), 1);
		rig_put32(r->cfg.driver, t[i].word);
		vop_devq_push(&r->dev, r->b.elem, NULL, 1);
		vop_devq_publish(&r->dev);
		CU_ASSERT_EQUAL(vop_devq_broken(&r->dev), t[i].why);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, &out, 1), t[i].why ? 0 : 1);
		CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, &b, &cookie, 1, false), t[i].why ? 0 : 1);
		rig_free(r);
	}
}

int suite_notify(void)
{
	CU_pSuite s = CU_add_suite(RIG_SUITE("notification decision"), NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, split_every);
	CU_ADD_TEST(s, packed_every);
	CU_ADD_TEST(s, packed_wire);
	CU_ADD_TEST(s, split_wire);
	CU_ADD_TEST(s, packed_hostile);
	return 0;
}
