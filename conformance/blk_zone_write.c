/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.2.6 Zoned block device: writes, appends and reads of zones written in order. */
#include <string.h>

#include "conformance/blk_zone.h"
#include "conformance/sections.h"

/* Sectors that two writes take here: some granules. */
static uint32_t some(const struct zoned *z, const struct zone *v)
{
	return (uint32_t)VOP_MIN(VOP_MAX(4u / z->granule, 1u) * z->granule, v->cap / 4);
}

static void must_append(struct conf *c, const struct zoned *z)
{
	if (z->max_append == 0)
		conf_skip(c, "the device has no append");
}

/* Written one after another, read in any order; the write pointer goes along. */
static void in_order(struct conf *c)
{
	struct zoned z;
	struct zone v;
	unsigned i;
	uint32_t n;

	zone_start(c, &z);
	v = zone_swr(c, &z, 0);
	n = some(&z, &v);
	for (i = 0; i < 3; i++) {
		blk_want(c, zone_write(c, v.start + i * n, n, 10 + i), BLK_S_OK,
			 "a write at the write pointer");
		zone_is(c, &v, BLK_ZS_IOPEN, v.start + (i + 1) * n, "after a write");
	}
	for (i = 3; i-- > 0;)
		blk_holds(c, v.start + i * n, n, 10 + i);
}

static void not_at_wp(struct conf *c)
{
	struct zoned z;
	struct zone v;
	uint32_t n;

	zone_start(c, &z);
	v = zone_swr(c, &z, 0);
	n = some(&z, &v);
	blk_want(c, zone_write(c, v.start + n, n, 1), BLK_S_ZONE_UNALIGNED_WP,
		 "a write beyond the write pointer");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after a write that was refused");
	blk_want(c, zone_write(c, v.start, n, 2), BLK_S_OK, "a write at the write pointer");
	blk_want(c, zone_write(c, v.start, n, 3), BLK_S_ZONE_UNALIGNED_WP,
		 "a write before the write pointer");
	zone_is(c, &v, BLK_ZS_IOPEN, v.start + n, "after a write that was refused");
	blk_holds(c, v.start, n, 2);
}

/* Granules are written, less than one is not. */
static void granularity(struct conf *c)
{
	struct zoned z;
	struct zone v;
	unsigned s;

	zone_start(c, &z);
	v = zone_swr(c, &z, 0);
	CONF_EXPECT(c, z.granularity && z.granularity % BLK_SECTOR == 0,
		    "write_granularity is %u bytes", z.granularity);
	blk_want(c, zone_write(c, v.start, z.granule, 1), BLK_S_OK, "a write of one granule");
	if (z.granule > 1) {
		s = zone_write(c, v.start + z.granule, z.granule - 1, 2);
		CONF_EXPECT(c, s != BLK_S_OK,
			    "a write of %u sectors ended well, and a granule has %u", z.granule - 1,
			    z.granule);
		s = zone_write(c, v.start + z.granule, z.granule + 1, 3);
		CONF_EXPECT(c, s != BLK_S_OK,
			    "a write of %u sectors ended well, and a granule has %u", z.granule + 1,
			    z.granule);
	}
	blk_want(c, zone_write(c, v.start + z.granule, z.granule, 4), BLK_S_OK,
		 "a write of one granule");
	blk_holds(c, v.start, z.granule, 1);
	blk_holds(c, v.start + z.granule, z.granule, 4);
}

static void unaligned_status(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	if (z.granule < 2)
		conf_skip(c, "a granule is a sector");
	v = zone_swr(c, &z, 0);
	blk_want(c, zone_write(c, v.start, 1, 2), BLK_S_ZONE_UNALIGNED_WP,
		 "a write that ends within a granule");
}

/* Leave room for `left` granules, from the start of an empty zone on; where the pointer is then. */
static uint64_t nearly_full(struct conf *c, const struct zone *v, uint32_t left)
{
	struct zone part = *v;

	part.cap = v->cap > left ? v->cap - left : 0;
	zone_fill(c, &part);
	return v->start + part.cap;
}

static void write_over_capacity(struct conf *c)
{
	struct zoned z;
	struct zone v;
	uint64_t at;

	zone_start(c, &z);
	v = zone_swr(c, &z, 0);
	at = nearly_full(c, &v, z.granule);
	blk_want(c, zone_write(c, at, 2 * z.granule, 1), BLK_S_ZONE_INVALID_CMD,
		 "a write of more than is left of the zone");
	zone_is(c, &v, BLK_ZS_IOPEN, at, "after a write that was refused");
	blk_want(c, zone_write(c, at, z.granule, 2), BLK_S_OK, "a write of what is left");
	zone_is(c, &v, BLK_ZS_FULL, 0, "after its capacity was written");
	blk_holds(c, at, z.granule, 2);
}

static void write_full(struct conf *c)
{
	struct zoned z;
	struct zone v;
	unsigned s;

	zone_start(c, &z);
	v = zone_swr(c, &z, 0);
	zone_fill(c, &v);
	zone_is(c, &v, BLK_ZS_FULL, 0, "after its capacity was written");
	/* Beyond what is left, and beside a write pointer that is not valid. */
	s = zone_write(c, v.start, z.granule, 1);
	CONF_EXPECT(c, s == BLK_S_ZONE_INVALID_CMD || s == BLK_S_ZONE_UNALIGNED_WP,
		    "a write into a full zone ended with status %u", s);
	zone_is(c, &v, BLK_ZS_FULL, 0, "after a write that was refused");
	if (z.max_append) {
		blk_want(c, zone_append(c, v.start, z.granule, 1, NULL), BLK_S_ZONE_INVALID_CMD,
			 "an append to a full zone");
	}
}

static void crosses(struct conf *c)
{
	uint8_t data[4 * BLK_SECTOR];
	struct zoned z;
	struct zone v, next;
	uint32_t n;

	zone_start(c, &z);
	v = zone_swr(c, &z, 0);
	if (v.start + z.sectors >= blk_capacity(c))
		v = zone_swr(c, &z, 1);
	next = zone_at(c, v.start + z.sectors);
	n = z.sectors + z.granule;
	if (n <= 256) {
		blk_want(c, zone_write(c, v.start, n, 1), BLK_S_ZONE_INVALID_CMD,
			 "a write into two zones");
		zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after a write that was refused");
		if (next.state == BLK_ZS_EMPTY)
			zone_is(c, &next, BLK_ZS_EMPTY, next.start,
				"after a write that was refused");
	}
	blk_want(c, blk_do(c, BLK_T_IN, v.start + z.sectors - 2, NULL, 0, data, sizeof(data)),
		 BLK_S_ZONE_INVALID_CMD, "a read from two zones");
}

/* What is behind the write pointer was never written, whatever it held before (5.2.6.2). */
static void read_after_reset(struct conf *c, const struct zone *v, uint32_t n)
{
	uint8_t old[8 * BLK_SECTOR], got[2][8 * BLK_SECTOR];
	struct cbuf *b;
	unsigned i, s;

	blk_want(c, zone_write(c, v->start, n, 7), BLK_S_OK, "a write at the write pointer");
	blk_pattern(old, n * BLK_SECTOR, 7);
	zone_must(c, BLK_T_ZONE_RESET, v, BLK_S_OK, "a reset of a zone");
	for (i = 0; i < 2; i++) {
		b = blk_make(c, BLK_T_IN, v->start, NULL, 0, n * BLK_SECTOR, 0);
		/* What a device that writes nothing leaves behind: twice something else. */
		cmem_fill(c, cbuf_seg(b, 1)->p, i ? 0xa5 : 0x5a, n * BLK_SECTOR);
		cring_submit(conf_ring(c), b);
		cring_wait(conf_ring(c), b);
		s = blk_status(c, b);
		if (s != BLK_S_OK)
			return;
		cbuf_read(b, 0, got[i], n * BLK_SECTOR);
		CONF_EXPECT(c, memcmp(got[i], old, BLK_SECTOR) != 0,
			    "after a reset of its zone a sector reads as it was written before");
	}
	CONF_EXPECT(c, got[0][0] == got[1][0],
		    "a read of unwritten data ended well and left its buffer as it was");
}

static void unwritten(struct conf *c)
{
	struct zoned z;
	struct zone v;
	unsigned turn;

	zone_start(c, &z);
	v = zone_swr(c, &z, 0);
	for (turn = 0; turn < 5; turn++)
		read_after_reset(c, &v, VOP_MIN(some(&z, &v), 8u));
}

/* --- append --- */

static void append_where(struct conf *c)
{
	struct zoned z;
	struct zone v;
	uint64_t at, wp;
	uint32_t n;
	unsigned i;

	zone_start(c, &z);
	must_append(c, &z);
	v = zone_swr(c, &z, 0);
	n = VOP_MIN(some(&z, &v), z.max_append / z.granule * z.granule);
	wp = v.start;
	for (i = 0; i < 3; i++) {
		blk_want(c, zone_append(c, v.start, n, 20 + i, &at), BLK_S_OK, "an append");
		CONF_EXPECT(c, at == wp, "append_sector is %llu, and the write pointer was at %llu",
			    (unsigned long long)at, (unsigned long long)wp);
		blk_holds(c, at, n, 20 + i);
		wp += n;
		zone_is(c, &v, BLK_ZS_IOPEN, wp, "after an append");
	}
	/* A write goes on where appends ended. */
	blk_want(c, zone_write(c, wp, z.granule, 30), BLK_S_OK, "a write after appends");
	blk_holds(c, wp, z.granule, 30);
}

static void append_max(struct conf *c)
{
	struct zoned z;
	struct zone v;
	uint64_t at;
	uint32_t n;

	zone_start(c, &z);
	must_append(c, &z);
	v = zone_swr(c, &z, 0);
	n = z.max_append / z.granule * z.granule;
	if (n > v.cap)
		conf_skip(c, "an append may be longer than a zone");
	blk_want(c, zone_append(c, v.start, n, 8, &at), BLK_S_OK,
		 "an append of max_append_sectors");
	blk_holds(c, at, n, 8);
}

static void append_over_max(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	must_append(c, &z);
	v = zone_swr(c, &z, 0);
	blk_want(c, zone_append(c, v.start, (z.max_append / z.granule + 1) * z.granule, 9, NULL),
		 BLK_S_ZONE_INVALID_CMD, "an append of more than max_append_sectors");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after an append that was refused");
}

static void append_none(struct conf *c)
{
	struct zoned z;
	struct zone v;
	unsigned i;

	zone_start(c, &z);
	if (z.max_append)
		conf_skip(c, "the device has appends");
	v = zone_swr(c, &z, 0);
	for (i = 0; i < 4; i++)
		blk_want(c, zone_append(c, v.start, z.granule, 9, NULL), BLK_S_UNSUPP,
			 "an append with max_append_sectors 0");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after an append that is not supported");
}

static void append_not_swr(struct conf *c)
{
	static const uint8_t type[] = {BLK_ZT_CONV, BLK_ZT_SWP};
	struct zoned z;
	struct zone v;
	unsigned i, seen = 0;

	zone_start(c, &z);
	for (i = 0; i < 2; i++) {
		unsigned s;

		if (!zone_look(c, &z, type[i], i ? BLK_ZS_EMPTY : BLK_ZS_NOT_WP, 0, &v))
			continue;
		seen++;
		s = zone_append(c, v.start, z.granule, 9, NULL);
		/* Both are asked for where there is no append at all. */
		CONF_EXPECT(c, s == BLK_S_ZONE_INVALID_CMD || (!z.max_append && s == BLK_S_UNSUPP),
			    "an append to a zone of type %u ended with status %u, not with "
			    "ZONE_INVALID_CMD",
			    type[i], s);
	}
	if (!seen)
		conf_skip(c, "all zones of the device are SWR");
}

static void append_mid_zone(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	must_append(c, &z);
	v = zone_swr(c, &z, 0);
	blk_want(c, zone_append(c, v.start + z.granule, z.granule, 9, NULL), BLK_S_ZONE_INVALID_CMD,
		 "an append whose sector is not the first of a zone");
	blk_want(c, zone_append(c, v.start, z.granule, 9, NULL), BLK_S_OK, "an append");
	blk_want(c, zone_append(c, v.start + z.granule, z.granule, 9, NULL), BLK_S_ZONE_INVALID_CMD,
		 "an append whose sector is the write pointer");
	zone_is(c, &v, BLK_ZS_IOPEN, v.start + z.granule, "after an append that was refused");
}

static void append_over_capacity(struct conf *c)
{
	struct zoned z;
	struct zone v;
	uint64_t at, where;

	zone_start(c, &z);
	must_append(c, &z);
	if (z.max_append < 2 * z.granule)
		conf_skip(c, "an append is at most one granule");
	v = zone_swr(c, &z, 0);
	at = nearly_full(c, &v, z.granule);
	blk_want(c, zone_append(c, v.start, 2 * z.granule, 1, NULL), BLK_S_ZONE_INVALID_CMD,
		 "an append of more than is left of the zone");
	zone_is(c, &v, BLK_ZS_IOPEN, at, "after an append that was refused");
	blk_want(c, zone_append(c, v.start, z.granule, 2, &where), BLK_S_OK,
		 "an append of what is left");
	CONF_EXPECT(c, where == at, "append_sector is %llu, not %llu", (unsigned long long)where,
		    (unsigned long long)at);
	zone_is(c, &v, BLK_ZS_FULL, 0, "after its capacity was appended");
}

/* The pieces of an append, cut anywhere. */
static void append_cut(struct conf *c)
{
	uint8_t data[8 * BLK_SECTOR], where[8];
	struct zoned z;
	struct zone v;
	struct cbuf *b;
	unsigned pieces;
	uint64_t wp;
	uint32_t n;

	zone_start(c, &z);
	must_append(c, &z);
	v = zone_swr(c, &z, 0);
	n = z.granule;
	if (n > 8)
		conf_skip(c, "a granule is large");
	wp = v.start;
	for (pieces = 2; pieces < 12 && wp + n <= v.start + v.cap; pieces += 3, wp += n) {
		blk_pattern(data, n * BLK_SECTOR, pieces);
		b = blk_make(c, BLK_T_ZONE_APPEND, v.start, data, n * BLK_SECTOR, 8, pieces);
		cring_submit(conf_ring(c), b);
		cring_wait(conf_ring(c), b);
		blk_want(c, blk_status(c, b), BLK_S_OK, "an append");
		cbuf_read(b, 0, where, sizeof(where));
		CONF_EXPECT(c, blk_get(where, 8) == wp, "append_sector is %llu, not %llu",
			    (unsigned long long)blk_get(where, 8), (unsigned long long)wp);
		blk_holds(c, wp, n, pieces);
	}
}

/* --- drivers that break the rules --- */

static void odd_zone_requests(struct conf *c)
{
	static const uint32_t types[] = {BLK_T_ZONE_REPORT,   BLK_T_ZONE_OPEN,	 BLK_T_ZONE_CLOSE,
					 BLK_T_ZONE_FINISH,   BLK_T_ZONE_APPEND, BLK_T_ZONE_RESET,
					 BLK_T_ZONE_RESET_ALL};
	uint8_t data[3 * BLK_SECTOR] = {0};
	struct zoned z;
	uint64_t at[6];
	unsigned i, j;

	zone_start(c, &z);
	at[0] = blk_capacity(c);
	at[1] = at[0] + z.sectors;
	at[2] = UINT64_MAX;
	at[3] = UINT64_C(1) << 55;
	at[4] = UINT64_C(1) << 32;
	at[5] = zone_empty(c, &z, 0).start + 1;
	for (i = 0; i < VOP_ARRAY_SIZE(types); i++)
		for (j = 0; j < VOP_ARRAY_SIZE(at); j++) {
			unsigned s = blk_dare(c, types[i], at[j], NULL, 0, NULL, 0);

			CONF_EXPECT(c,
				    s != BLK_S_OK || types[i] == BLK_T_ZONE_RESET_ALL ||
					    types[i] == BLK_T_ZONE_REPORT,
				    "a zone request of type %u to sector %#llx, where no zone "
				    "starts, ended well",
				    types[i], (unsigned long long)at[j]);
			blk_dare(c, types[i], at[j], data, sizeof(data), NULL, 100);
			blk_dare(c, types[i], at[j], data, 7, NULL, 1);
			if (conf_status(c) & VOP_STATUS_NEEDS_RESET)
				zone_start(c, &z);
		}
}

#define SPEC(line) "text:device-types/blk/description.tex:" #line
#define ROW(id, what, clauses, level, fn)                                                          \
	{                                                                                          \
		id, what, clauses, level, CONF_CONFORMANCE, CONF_ANY,                              \
			.device = BLK_ID, .needs = {CONF_F(BLK_F_ZONED)}, .run = fn                \
	}
static const struct conf_check checks[] = {
	ROW("zoned/write/in-order", "writes at the write pointer move it", SPEC(669), CONF_TEXT,
	    in_order),
	ROW("zoned/write/not-at-wp", "a write beside it is unaligned", "5.2.6.2:dev:33", CONF_MUST,
	    not_at_wp),
	ROW("zoned/write/granularity", "whole granules are written, parts are not",
	    "5.2.5.2:dev:17", CONF_MUST, granularity),
	ROW("zoned/write/granularity-status", "a write that ends within a granule is unaligned",
	    SPEC(843), CONF_TEXT, unaligned_status),
	ROW("zoned/write/over-capacity", "a write beyond what is left is invalid", "5.2.6.2:dev:28",
	    CONF_MUST, write_over_capacity),
	ROW("zoned/write/full", "a full zone is not written", "5.2.6.2:dev:28", CONF_MUST,
	    write_full),
	ROW("zoned/write/crosses", "a request to two zones is invalid", "5.2.6.2:dev:32", CONF_MUST,
	    crosses),
	ROW("zoned/read/unwritten", "what is not written is not what was there before",
	    "5.2.6.2:dev:37 5.2.6.2:dev:38", CONF_MUST, unwritten),
	ROW("zoned/append/where", "appended data is at append_sector", "5.2.6.2:dev:29", CONF_MUST,
	    append_where),
	ROW("zoned/append/max", "an append may have max_append_sectors", "5.2.5.2:dev:14",
	    CONF_MUST, append_max),
	ROW("zoned/append/over-max", "a longer one is invalid", "5.2.6.2:dev:31 5.2.5.2:dev:14",
	    CONF_MUST, append_over_max),
	ROW("zoned/append/none", "with max_append_sectors 0 it is not supported", "5.2.6.2:dev:30",
	    CONF_MUST, append_none),
	ROW("zoned/append/not-swr", "an append to another zone is invalid", "5.2.6.2:dev:20",
	    CONF_MUST, append_not_swr),
	ROW("zoned/append/mid-zone", "an append to a sector within a zone is invalid",
	    "5.2.6.2:dev:27", CONF_MUST, append_mid_zone),
	ROW("zoned/append/over-capacity", "an append beyond what is left is invalid",
	    "5.2.6.2:dev:28", CONF_MUST, append_over_capacity),
	ROW("zoned/append/cut", "an append may be cut anywhere", "2.7.4.1:dev:1", CONF_MUST,
	    append_cut),
	{"zoned/robust/odd-requests", "zone requests that mean nothing harm nobody", SPEC(862),
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .device = BLK_ID, .needs = {CONF_F(BLK_F_ZONED)},
	 .run = odd_zone_requests},
};
CONF_SECTION(conf_section_blk_zone_write, "5.2.6", "Zoned block device: writes and appends",
	     checks);
