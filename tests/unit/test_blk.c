/* SPDX-License-Identifier: BSD-2-Clause */
/* The block device against a driver of its own: what it offers, and every request done right. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/blk_rig.h"

#define RING_ALL (F(VOP_F_INDIRECT_DESC) | F(VOP_F_EVENT_IDX))
#define SECTORS	 (BLK_RIG_DISK / 512u)
#define OK	 VOP_BLK_S_OK
#define IOERR	 VOP_BLK_S_IOERR
#define UNSUPP	 VOP_BLK_S_UNSUPP

static void pattern(uint8_t *p, uint32_t len, uint32_t seed)
{
	for (uint32_t i = 0; i < len; i++)
		p[i] = (uint8_t)(seed * 37 + i * 5 + (i >> 9) * 11 + 1);
}

static bool all(const uint8_t *p, uint32_t len, uint8_t value)
{
	while (len && p[len - 1] == value)
		len--;
	return len == 0;
}

/* --- the offer --- */

static uint64_t offered(struct blk_rig *r)
{
	uint64_t f[2] = {0, 0};

	CU_ASSERT_EQUAL_FATAL(vop_drv_wait_ready(r->drv, WAIT_MS), 0);
	CU_ASSERT_EQUAL_FATAL(vop_drv_offered(r->drv, f), 0);
	CU_ASSERT_EQUAL(f[1], 0);
	return f[0] & ~VOP_F_TRANSPORT_MASK & 0xffffff;
}

static struct vop_blk_space space_of(struct blk_rig *r)
{
	struct vop_blk_space s;
	uint32_t gen;

	memset(&s, 0xee, sizeof(s));
	CU_ASSERT_EQUAL_FATAL(vop_drv_config_read(r->drv, 0, &s, sizeof(s), &gen), 0);
	return s;
}

static void test_offer(void)
{
	struct blk_rig_config c = {.queues = 3, .block_size = 4096};
	struct vop_blk_space s;
	uint8_t more;
	struct blk_rig r;

	blk_rig_open(&r, &c);
	CU_ASSERT_EQUAL(offered(&r), BLK_ALL | F(VOP_BLK_F_MQ));
	s = space_of(&r);
	CU_ASSERT_EQUAL(le64toh(s.capacity), SECTORS);
	CU_ASSERT_EQUAL(s.size_max, 0);
	CU_ASSERT_EQUAL(le32toh(s.seg_max), 254);
	CU_ASSERT_EQUAL(le16toh(s.cylinders), SECTORS / (63 * 16));
	CU_ASSERT_EQUAL(s.heads, 16);
	CU_ASSERT_EQUAL(s.sectors, 63);
	CU_ASSERT_EQUAL(le32toh(s.blk_size), 4096);
	CU_ASSERT_EQUAL(s.physical_block_exp, 0);
	CU_ASSERT_EQUAL(s.alignment_offset, 0);
	CU_ASSERT_EQUAL(le16toh(s.min_io_size), 1);
	CU_ASSERT_EQUAL(le32toh(s.opt_io_size), 256);
	CU_ASSERT_EQUAL(s.writeback, 1);
	CU_ASSERT_EQUAL(s.unused0, 0);
	CU_ASSERT_EQUAL(le16toh(s.num_queues), 3);
	CU_ASSERT_EQUAL(le32toh(s.max_discard_sectors), VOP_BLK_RANGE_LIMIT);
	CU_ASSERT_EQUAL(le32toh(s.max_discard_seg), VOP_BLK_RANGES_MAX);
	CU_ASSERT(le32toh(s.discard_sector_alignment) >= 8);
	CU_ASSERT_EQUAL(le32toh(s.max_write_zeroes_sectors), VOP_BLK_RANGE_LIMIT);
	CU_ASSERT_EQUAL(le32toh(s.max_write_zeroes_seg), VOP_BLK_RANGES_MAX);
	CU_ASSERT_EQUAL(s.write_zeroes_may_unmap, 1);
	CU_ASSERT(all(s.unused1, 3, 0));
	CU_ASSERT_EQUAL(le32toh(s.max_secure_erase_sectors), VOP_BLK_RANGE_LIMIT);
	CU_ASSERT_EQUAL(le32toh(s.max_secure_erase_seg), VOP_BLK_RANGES_MAX);
	CU_ASSERT(le32toh(s.secure_erase_sector_alignment) >= 8);
	/* Zones are not there, nor the fields that tell of them. */
	CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, sizeof(s), &more, 1, NULL), -EINVAL);
	blk_rig_close(&r);
}

static uint64_t offered_with(const struct blk_rig_config *c)
{
	struct blk_rig r;
	uint64_t f;

	blk_rig_open(&r, c);
	f = offered(&r);
	blk_rig_close(&r);
	return f;
}

static void test_offer_less(void)
{
	struct blk_rig_config one = {.queues = 1}, ro = {.read_only = true};
	struct blk_rig_config no_flush = {.off = F(VOP_BLK_F_FLUSH)};
	struct blk_rig_config ro_off = {.read_only = true, .off = F(VOP_BLK_F_RO)};
	struct blk_rig_config bare = {.off = BLK_ALL};
	uint8_t byte;
	struct blk_rig r;

	CU_ASSERT_EQUAL(offered_with(&one), BLK_ALL);
	/* A driver that may not write has no use for what changes the disk. */
	CU_ASSERT_EQUAL(offered_with(&ro),
			F(VOP_BLK_F_RO) |
				(BLK_ALL & ~(F(VOP_BLK_F_DISCARD) | F(VOP_BLK_F_WRITE_ZEROES) |
					     F(VOP_BLK_F_SECURE_ERASE))));
	CU_ASSERT(offered_with(&ro_off) & F(VOP_BLK_F_RO));
	/* 5.2.5.2 */
	CU_ASSERT_EQUAL(offered_with(&no_flush) & F(VOP_BLK_F_CONFIG_WCE), 0);
	blk_rig_open(&r, &bare);
	CU_ASSERT_EQUAL(offered(&r), 0);
	CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, 7, &byte, 1, NULL), 0);
	CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, 8, &byte, 1, NULL), -EINVAL);
	blk_rig_close(&r);
}

/* Never more sectors than there are, and never a field of 0. */
static void test_geometry(void)
{
	static const uint64_t sectors[] = {1, 2, 62, 64, 1000, 1008, 1009, UINT64_C(1) << 30};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(sectors); i++) {
		struct blk_rig_config c = {.packed = i & 1};
		struct vop_blk_space s;
		struct blk_rig r;

		CU_ASSERT_EQUAL_FATAL(vop_blk_backend_memory(&c.own, sectors[i] * 512, NULL), 0);
		blk_rig_open(&r, &c);
		CU_ASSERT_EQUAL_FATAL(vop_drv_wait_ready(r.drv, WAIT_MS), 0);
		s = space_of(&r);
		CU_ASSERT_EQUAL(le64toh(s.capacity), sectors[i]);
		CU_ASSERT(le16toh(s.cylinders) >= 1 && s.heads >= 1 && s.sectors >= 1);
		CU_ASSERT((uint64_t)le16toh(s.cylinders) * s.heads * s.sectors <= sectors[i]);
		blk_rig_close(&r);
	}
}

/* --- read and write --- */

/* Every request as good as any other: sectors, lengths and cuts by chance, against a copy. */
static void shuffle(struct blk_rig *r, unsigned rounds, uint32_t seed)
{
	static uint8_t copy[BLK_RIG_DISK], data[BLK_RIG_DATA], got[BLK_RIG_DATA];
	unsigned i;

	memset(copy, 0, sizeof(copy));
	for (i = 0; i < rounds; i++) {
		uint32_t n = blk_rig_random(&seed) % (i % 16 ? 9 : 200);
		uint32_t at = blk_rig_random(&seed) % (SECTORS - n + 1), len = n * 512;
		struct blk_io io = {.sector = at,
				    .cuts = blk_rig_random(&seed) % 5 ? blk_rig_random(&seed) : 0};

		if (blk_rig_random(&seed) % 2) {
			io.type = VOP_BLK_T_OUT;
			io.out = data;
			io.out_len = len;
			/* What is writable beside the status is nobody's data. */
			io.in_len = blk_rig_random(&seed) % 4 ? 0 : 33;
			io.in = got;
			pattern(data, len, i);
			memcpy(copy + at * 512ull, data, len);
			blk_rig_io(r, 0, &io);
			CU_ASSERT(all(got, io.in_len, 0));
		} else {
			io.type = VOP_BLK_T_IN;
			io.in = got;
			io.in_len = len;
			/* So is what is readable beside the header. */
			io.out = data;
			io.out_len = blk_rig_random(&seed) % 4 ? 0 : 33;
			blk_rig_io(r, 0, &io);
			CU_ASSERT_EQUAL(memcmp(got, copy + at * 512ull, len), 0);
		}
		CU_ASSERT_FALSE_FATAL(io.violated);
		CU_ASSERT_EQUAL(io.status, OK);
	}
}

static void test_shuffle(void)
{
	for (unsigned i = 0; i < 16; i++) {
		struct blk_rig_config c = {
			.packed = i & 1,
			.want = BLK_ALL | (i & 2 ? F(VOP_F_IN_ORDER) : 0) | (i & 4 ? RING_ALL : 0),
			.placement = i & 8 ? VOP_RING_DEVICE : VOP_RING_DRIVER,
		};
		struct vop_blk_stats st;
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		shuffle(&r, 150, i + 1);
		vop_blk_get_stats(r.blk, &st);
		CU_ASSERT_EQUAL(st.reads + st.writes, 150);
		CU_ASSERT_EQUAL(st.failed + st.violations + st.others, 0);
		blk_rig_close(&r);
	}
}

/* A poller of its own that sleeps whenever it may: a wake-up that is lost hangs the test. */
static void test_threads(void)
{
	for (unsigned i = 0; i < 12; i++) {
		struct blk_rig_config c = {
			.packed = i & 1,
			.want = BLK_ALL | (i & 2 ? RING_ALL : 0),
			.thread = true,
			.notify = (enum vop_notify)(i / 4),
		};
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		shuffle(&r, 60, i + 100);
		blk_rig_close(&r);
	}
}

static void test_limits(void)
{
	static const struct {
		uint64_t sector;
		uint32_t len;
		int want;
	} at[] = {
		{SECTORS - 1, 512, OK},
		{0, 0, OK},
		{SECTORS, 0, OK},
		{SECTORS - 1, 1024, IOERR},
		{SECTORS, 512, IOERR},
		{SECTORS + 1, 0, IOERR},
		{UINT64_MAX, 512, IOERR},
		{UINT64_MAX / 512, 1024, IOERR},
		{UINT64_MAX / 512 + 1, 512, IOERR},
		{UINT64_MAX - 1, 1024, IOERR},
		{0, 511, IOERR},
		{0, 513, IOERR},
		{3, 1, IOERR},
	};
	static uint8_t disk[BLK_RIG_DATA], data[1024], got[1024];

	for (unsigned i = 0; i < 2 * VOP_ARRAY_SIZE(at); i++) {
		struct blk_rig_config c = {.packed = i & 1, .want = BLK_ALL};
		struct vop_blk_stats st;
		struct blk_rig r;
		int want = at[i / 2].want;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		pattern(data, 1024, 1);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_OUT, at[i / 2].sector, data, at[i / 2].len,
					   NULL, 0),
				want);
		if (want == IOERR) {
			CU_ASSERT_EQUAL(
				blk_rig_do(&r, VOP_BLK_T_IN, 0, NULL, 0, disk, sizeof(disk)), OK);
			CU_ASSERT(all(disk, sizeof(disk), 0));
		}
		pattern(got, 1024, 2);
		CU_ASSERT_EQUAL(
			blk_rig_do(&r, VOP_BLK_T_IN, at[i / 2].sector, NULL, 0, got, at[i / 2].len),
			want);
		/* What it could not read is nothing, and nobody else's memory. */
		if (want == OK) {
			CU_ASSERT_EQUAL(memcmp(got, data, at[i / 2].len), 0);
		} else {
			CU_ASSERT(all(got, at[i / 2].len, 0));
		}
		vop_blk_get_stats(r.blk, &st);
		CU_ASSERT_EQUAL(st.failed, want == OK ? 0 : 2);
		blk_rig_close(&r);
	}
}

static void test_read_only(void)
{
	for (unsigned i = 0; i < 4; i++) {
		/* Whether the driver accepts RO or not. */
		struct blk_rig_config c = {.packed = i & 1,
					   .want = BLK_ALL | (i & 2 ? F(VOP_BLK_F_RO) : 0),
					   .read_only = true};
		struct vop_blk_range range = {.sectors = htole32(1)};
		uint8_t data[512], got[512];
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		pattern(data, 512, 3);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_OUT, 0, data, 512, NULL, 0), IOERR);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_OUT, 0, NULL, 0, NULL, 0), IOERR);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_DISCARD, 0, &range, 16, NULL, 0), UNSUPP);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_WRITE_ZEROES, 0, &range, 16, NULL, 0),
				UNSUPP);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_FLUSH, 0, NULL, 0, NULL, 0), OK);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_IN, 0, NULL, 0, got, 512), OK);
		CU_ASSERT(all(got, 512, 0));
		blk_rig_close(&r);
	}
}

/* --- requests without sectors --- */

static void test_unknown(void)
{
	/* Lifetime, zones, SCSI and nonsense. */
	static const uint32_t type[] = {2,  3,	5,  6,	7,  9,		10,  12,	 15, 16,
					18, 20, 22, 24, 26, 0x80000000, 256, 0xffffffff, 17};

	for (unsigned i = 0; i < 2; i++) {
		struct blk_rig_config c = {.packed = i, .want = BLK_ALL};
		uint8_t got[100];
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		for (unsigned k = 0; k < VOP_ARRAY_SIZE(type); k++) {
			CU_ASSERT_EQUAL(blk_rig_do(&r, type[k], k, NULL, 0, NULL, 0), UNSUPP);
			CU_ASSERT_EQUAL(blk_rig_do(&r, type[k], k, "abcd", 4, got, 100), UNSUPP);
			CU_ASSERT(all(got, 100, 0));
		}
		blk_rig_close(&r);
	}
}

static void test_not_negotiated(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct blk_rig_config c = {.packed = i};
		struct vop_blk_range range = {.sectors = htole32(1)};
		uint8_t data[512], got[512];
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		pattern(data, 512, 1);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_OUT, 0, data, 512, NULL, 0), OK);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_DISCARD, 0, &range, 16, NULL, 0), UNSUPP);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_WRITE_ZEROES, 0, &range, 16, NULL, 0),
				UNSUPP);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_SECURE_ERASE, 0, &range, 16, NULL, 0),
				UNSUPP);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_FLUSH, 0, NULL, 0, NULL, 0), UNSUPP);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_IN, 0, NULL, 0, got, 512), OK);
		CU_ASSERT_EQUAL(memcmp(got, data, 512), 0);
		blk_rig_close(&r);
	}
}

static void test_id(void)
{
	static const char id[20] = "disk of the tests";

	for (unsigned i = 0; i < 2; i++) {
		struct blk_rig_config c = {.packed = i};
		uint8_t got[40];
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_GET_ID, 0, NULL, 0, got, 20), OK);
		CU_ASSERT_EQUAL(memcmp(got, id, 20), 0);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_GET_ID, 0, NULL, 0, got, 40), OK);
		CU_ASSERT_EQUAL(memcmp(got, id, 20), 0);
		CU_ASSERT(all(got + 20, 20, 0));
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_GET_ID, 0, NULL, 0, got, 19), IOERR);
		CU_ASSERT(all(got, 19, 0));
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_GET_ID, 0, NULL, 0, NULL, 0), IOERR);
		blk_rig_close(&r);
	}
}

/* --- ranges --- */

static struct vop_blk_range range(uint64_t sector, uint32_t sectors, uint32_t flags)
{
	return (struct vop_blk_range){htole64(sector), htole32(sectors), htole32(flags)};
}

/* What 64 KiB of ones look like after a request of that type, cut as struct blk_io says. */
static int apply(struct blk_rig *r, uint32_t type, const struct vop_blk_range *v, uint32_t len,
		 uint32_t cuts, uint8_t disk[65536])
{
	struct blk_io io = {.type = type, .out = v, .out_len = len, .cuts = cuts};
	static uint8_t ones[65536];

	memset(ones, 1, sizeof(ones));
	CU_ASSERT_EQUAL(blk_rig_do(r, VOP_BLK_T_OUT, 0, ones, sizeof(ones), NULL, 0), OK);
	blk_rig_io(r, 0, &io);
	CU_ASSERT_FALSE_FATAL(io.violated);
	CU_ASSERT_EQUAL(blk_rig_do(r, VOP_BLK_T_IN, 0, NULL, 0, disk, 65536), OK);
	return io.status;
}

static void test_ranges(void)
{
	static const uint32_t types[] = {VOP_BLK_T_DISCARD, VOP_BLK_T_WRITE_ZEROES,
					 VOP_BLK_T_SECURE_ERASE};
	static uint8_t disk[65536];

	for (unsigned i = 0; i < 8; i++) {
		struct blk_rig_config c = {.packed = i & 1, .want = BLK_ALL};
		uint32_t type = types[i / 2 % 3], flags = i >= 6 ? VOP_BLK_RANGE_UNMAP : 0;
		struct vop_blk_range v[17], one;
		struct blk_rig r;
		unsigned k;

		if (flags)
			type = VOP_BLK_T_WRITE_ZEROES;
		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		for (uint32_t cuts = 0; cuts < 20; cuts++) {
			/* Pages whole and in part. */
			v[0] = range(1, 1, flags);
			v[1] = range(15, 50, flags);
			v[2] = range(100, 0, flags);
			CU_ASSERT_EQUAL(apply(&r, type, v, 3 * 16, cuts, disk), OK);
			CU_ASSERT(all(disk, 512, 1));
			CU_ASSERT(all(disk + 2 * 512, 13 * 512, 1));
			CU_ASSERT(all(disk + 65 * 512, 63 * 512, 1));
			/* What was discarded may hold anything, but not be anywhere else. */
			if (type != VOP_BLK_T_DISCARD) {
				CU_ASSERT(all(disk + 512, 512, 0));
				CU_ASSERT(all(disk + 15 * 512, 50 * 512, 0));
			}
			for (k = 0; k < 17; k++)
				v[k] = range(k, 1, flags);
			CU_ASSERT_EQUAL(apply(&r, type, v, 16 * 16, cuts, disk), OK);
			CU_ASSERT(all(disk + 16 * 512, 112 * 512, 1));
		}
		for (k = 0; k < 17; k++)
			v[k] = range(k, 1, flags);
		/* One too many, a broken one, none. */
		CU_ASSERT_EQUAL(apply(&r, type, v, 17 * 16, 0, disk), IOERR);
		CU_ASSERT(all(disk, 65536, 1));
		CU_ASSERT_EQUAL(apply(&r, type, v, 40, 0, disk), IOERR);
		CU_ASSERT(all(disk, 65536, 1));
		CU_ASSERT_EQUAL(apply(&r, type, v, 0, 0, disk), IOERR);
		/* Beyond the end, or by more than the device takes at a time. */
		one = range(SECTORS, 1, flags);
		CU_ASSERT_EQUAL(apply(&r, type, &one, 16, 0, disk), IOERR);
		one = range(SECTORS - 1, 2, flags);
		CU_ASSERT_EQUAL(apply(&r, type, &one, 16, 0, disk), IOERR);
		one = range(UINT64_MAX, 2, flags);
		CU_ASSERT_EQUAL(apply(&r, type, &one, 16, 0, disk), IOERR);
		one = range(0, VOP_BLK_RANGE_LIMIT + 1, flags);
		CU_ASSERT_EQUAL(apply(&r, type, &one, 16, 0, disk), IOERR);
		one = range(0, UINT32_MAX, flags);
		CU_ASSERT_EQUAL(apply(&r, type, &one, 16, 0, disk), IOERR);
		CU_ASSERT(all(disk, 65536, 1));
		one = range(SECTORS - 1, 1, flags);
		CU_ASSERT_EQUAL(apply(&r, type, &one, 16, 0, disk), OK);
		blk_rig_close(&r);
	}
}

/* 5.2.6.2: an unknown flag in any segment, and nothing of the request is done. */
static void test_range_flags(void)
{
	static const uint32_t types[] = {VOP_BLK_T_DISCARD, VOP_BLK_T_WRITE_ZEROES,
					 VOP_BLK_T_SECURE_ERASE};
	static uint8_t disk[65536];

	for (unsigned i = 0; i < 6; i++) {
		struct blk_rig_config c = {.packed = i & 1, .want = BLK_ALL};
		uint32_t type = types[i / 2];
		struct vop_blk_range v[2];
		struct blk_rig r;
		unsigned bit;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		for (bit = 0; bit < 32; bit += bit < 3 ? 1 : 7) {
			int want = bit == 0 && type == VOP_BLK_T_WRITE_ZEROES ? OK : UNSUPP;

			v[0] = range(0, 8, 0);
			v[1] = range(8, 8, 1u << bit);
			CU_ASSERT_EQUAL(apply(&r, type, v, 32, 0, disk), want);
			CU_ASSERT(all(disk, 16 * 512, want == OK ? 0 : 1));
			CU_ASSERT(all(disk + 16 * 512, 65536 - 16 * 512, 1));
			/* It comes before what else is wrong. */
			v[0] = range(SECTORS, 8, 0);
			CU_ASSERT_EQUAL(apply(&r, type, v, 32, 0, disk),
					want == OK ? IOERR : UNSUPP);
		}
		blk_rig_close(&r);
	}
}

/* --- several queues --- */

static void test_queues(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct blk_rig_config c = {.packed = i & 1,
					   .want = BLK_ALL | F(VOP_BLK_F_MQ),
					   .queues = 4,
					   .queues_open = 4,
					   .thread = i & 2,
					   .notify = i & 2 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL};
		uint8_t data[4][512], got[512];
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		for (unsigned k = 0; k < 16; k++) {
			struct blk_io w = {.type = VOP_BLK_T_OUT,
					   .sector = k % 4,
					   .out = data[k % 4],
					   .out_len = 512};
			struct blk_io rd = {
				.type = VOP_BLK_T_IN, .sector = k % 4, .in = got, .in_len = 512};

			pattern(data[k % 4], 512, k);
			blk_rig_io(&r, k % 4, &w);
			blk_rig_io(&r, (k + 1) % 4, &rd);
			CU_ASSERT_EQUAL(w.status + rd.status, 0);
			CU_ASSERT_EQUAL(memcmp(got, data[k % 4], 512), 0);
		}
		blk_rig_close(&r);
		/* Without MQ there is one queue (5.2.2). */
		c.want = BLK_ALL;
		c.queues_open = 1;
		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_IN, 0, NULL, 0, got, 512), OK);
		blk_rig_stop(&r);
		blk_rig_negotiate(&r);
		CU_ASSERT_EQUAL(blk_rig_queue(&r, 1), -EINVAL);
		CU_ASSERT_EQUAL(blk_rig_queue(&r, 0), 0);
		blk_rig_close(&r);
	}
}

int suite_blk(void)
{
	CU_pSuite s = CU_add_suite("blk", NULL, NULL);

	if (!s || !CU_add_test(s, "offer", test_offer) ||
	    !CU_add_test(s, "features left out", test_offer_less) ||
	    !CU_add_test(s, "geometry", test_geometry) ||
	    !CU_add_test(s, "read and write, every ring and layout", test_shuffle) ||
	    !CU_add_test(s, "read and write, poller thread", test_threads) ||
	    !CU_add_test(s, "sectors and lengths", test_limits) ||
	    !CU_add_test(s, "read-only", test_read_only) ||
	    !CU_add_test(s, "unknown types", test_unknown) ||
	    !CU_add_test(s, "features not accepted", test_not_negotiated) ||
	    !CU_add_test(s, "identity", test_id) || !CU_add_test(s, "ranges", test_ranges) ||
	    !CU_add_test(s, "flags of ranges", test_range_flags) ||
	    !CU_add_test(s, "queues", test_queues))
		return CU_get_error();
	return 0;
}
