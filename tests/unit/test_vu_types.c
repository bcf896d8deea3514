/* SPDX-License-Identifier: BSD-2-Clause */
/* Disk, entropy and console over vhost-user, and what configuration space says. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/vu_rig.h"
#include "vop/dev/blk.h"
#include "vop/dev/console.h"

#define F(bit)	  (1ull << (bit))
#define EVENT_IDX F(VOP_F_EVENT_IDX)
#define RING_ALL  (EVENT_IDX | F(VOP_F_INDIRECT_DESC) | F(VOP_F_IN_ORDER))

static void set_key(struct vop_service_device *d, const char *key, uint64_t value)
{
	d->v[vop_service_key_index(d->type, key)].number = value;
}
/* --- blk --- */

static void small_disk(struct vop_service_device *d)
{
	set_key(d, "size", 8 << 20);
	set_key(d, "queues", 2);
}

/* A request whose data lies across the border of the two regions. */
static uint8_t request(struct vu_rig *r, unsigned q, uint32_t type, uint64_t sector, uint32_t len)
{
	uint64_t border = VU_RIG_GUEST + VU_RIG_HALF, head = r->q[q].at, status = head + 64;
	struct vop_blk_header h = {.type = htole32(type), .sector = htole64(sector)};
	bool reads = type == VOP_BLK_T_IN;
	struct vop_buf b[3] = {{head, sizeof(h)}, {border - len / 2, len}, {status, 1}};
	struct vop_done done;

	memcpy(vu_rig_mem(r, head), &h, sizeof(h));
	*vu_rig_mem(r, status) = 0xee;
	CU_ASSERT_EQUAL(vop_drvq_add_chain(&r->q[q].vq, b, reads ? 1 : 2, reads ? 2 : 1, 7), 0);
	vu_rig_kick(r, q);
	CU_ASSERT_TRUE(vu_rig_done(r, q, &done));
	CU_ASSERT_EQUAL(done.len, reads ? len + 1 : 1);
	return *vu_rig_mem(r, status);
}

static void test_blk(void)
{
	struct vu_rig_config c = {
		.type = "blk", .as = small_disk, .want = F(VOP_BLK_F_MQ) | RING_ALL, .queues = 2};

	for (unsigned packed = 0; packed < 2; packed++) {
		struct vu_rig r;
		uint8_t *low, *high;
		unsigned i;

		c.packed = packed;
		vu_rig_open(&r, &c);
		vu_rig_start(&r);
		low = r.low + VU_RIG_HALF - 2048;
		high = r.high;
		for (i = 0; i < 40; i++) {
			memset(low, (int)i + 1, 2048);
			memset(high, (int)i + 101, 2048);
			CU_ASSERT_EQUAL(request(&r, i % 2, VOP_BLK_T_OUT, i * 8, 4096), 0);
			memset(low, 0, 2048);
			memset(high, 0, 2048);
			CU_ASSERT_EQUAL(request(&r, !(i % 2), VOP_BLK_T_IN, i * 8, 4096), 0);
			CU_ASSERT(low[0] == i + 1 && low[2047] == i + 1);
			CU_ASSERT(high[0] == i + 101 && high[2047] == i + 101);
		}
		CU_ASSERT_EQUAL(request(&r, 0, VOP_BLK_T_IN, 1 << 20, 4096), VOP_BLK_S_IOERR);
		vu_rig_close(&r);
	}
}

static void test_config(void)
{
	struct vu_rig_config c = {.type = "blk",
				  .as = small_disk,
				  .want = F(VOP_BLK_F_CONFIG_WCE) | F(VOP_BLK_F_FLUSH)};
	uint32_t at = offsetof(struct vop_blk_space, writeback);
	struct vop_vu_msg m = {.h = {.request = VOP_VU_GET_CONFIG, .size = 12 + 200},
			       .config = {.size = 200}};
	struct vop_blk_space s;
	struct vu_rig r;

	vu_rig_open(&r, &c);
	vu_rig_start(&r);
	/* All that is asked for, with zeroes behind what there is. */
	CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0);
	CU_ASSERT_EQUAL(m.h.size, 212);
	memcpy(&s, m.config.data, sizeof(s));
	CU_ASSERT_EQUAL(le64toh(s.capacity), (8 << 20) / 512);
	CU_ASSERT_EQUAL(s.writeback, 1);
	CU_ASSERT_EQUAL(m.config.data[199], 0);
	m = (struct vop_vu_msg){.h = {.request = VOP_VU_SET_CONFIG, .size = 13},
				.config = {.offset = at, .size = 1, .data = {0}}};
	CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0);
	m.config.offset = 0;
	CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 1); /* capacity is not the driver's */
	m = (struct vop_vu_msg){.h = {.request = VOP_VU_GET_CONFIG, .size = 13},
				.config = {.offset = at, .size = 1, .data = {9}}};
	CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0);
	CU_ASSERT_EQUAL(m.config.data[0], 0);
	m = (struct vop_vu_msg){.h = {.request = VOP_VU_GET_CONFIG, .size = 12 + 256},
				.config = {.offset = 1, .size = 256}};
	CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0);
	CU_ASSERT_EQUAL(m.h.size, 0); /* how it is refused */
	vu_rig_close(&r);
}

/* --- rng, console --- */

static void test_rng(void)
{
	struct vu_rig_config c = {.type = "rng", .want = EVENT_IDX, .queues = 1};
	static const uint8_t none[1024];

	for (unsigned packed = 0; packed < 2; packed++) {
		struct vop_done done;
		struct vu_rig r;

		c.packed = packed;
		vu_rig_open(&r, &c);
		vu_rig_start(&r);
		for (unsigned i = 0; i < 40; i++) {
			memset(vu_rig_buf(&r, 0, 0), 0, 1024);
			vu_rig_give(&r, 0, 0, 1024, true);
			CU_ASSERT_TRUE(vu_rig_done(&r, 0, &done));
			CU_ASSERT_EQUAL(done.len, 1024);
			CU_ASSERT_NOT_EQUAL(memcmp(vu_rig_buf(&r, 0, 0), none, 1024), 0);
		}
		vu_rig_close(&r);
	}
}

static void test_console(void)
{
	struct vu_rig_config c = {.type = "console", .want = RING_ALL, .queues = 2};

	for (unsigned packed = 0; packed < 2; packed++) {
		struct vop_done done;
		struct vu_rig r;

		c.packed = packed;
		vu_rig_open(&r, &c);
		vu_rig_start(&r);
		for (unsigned i = 0; i < 40; i++) {
			memcpy(vu_rig_buf(&r, 1, 0), "Who is there?", 13);
			vu_rig_buf(&r, 1, 0)[0] = (uint8_t)('A' + i % 26);
			vu_rig_give(&r, 0, 0, 100, true);
			vu_rig_give(&r, 1, 0, 13, false);
			CU_ASSERT_TRUE(vu_rig_done(&r, 1, &done));
			CU_ASSERT_TRUE(vu_rig_done(&r, 0, &done));
			CU_ASSERT_EQUAL(done.len, 13);
			CU_ASSERT_EQUAL(memcmp(vu_rig_buf(&r, 0, 0), vu_rig_buf(&r, 1, 0), 13), 0);
		}
		vu_rig_close(&r);
	}
}

int suite_vu_types(void)
{
	CU_pSuite s = CU_add_suite("vu_types", NULL, NULL);

	if (!s || !CU_add_test(s, "blk", test_blk) || !CU_add_test(s, "config", test_config) ||
	    !CU_add_test(s, "rng", test_rng) || !CU_add_test(s, "console", test_console))
		return CU_get_error();
	return 0;
}
