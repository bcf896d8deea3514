/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.2.6 Block device: flush, identity, lifetime, what is not supported, read-only devices. */
#include <string.h>

#include "conformance/blk_req.h"
#include "conformance/sections.h"

static void flush(struct conf *c)
{
	struct cbuf *b[5];
	uint8_t data[BLK_SECTOR];
	unsigned i;

	blk_start(c, 32, 8);
	blk_want(c, blk_do(c, BLK_T_FLUSH, 0, NULL, 0, NULL, 0), BLK_S_OK, "a flush");
	/* Among writes: none of them is disturbed. */
	for (i = 0; i < 5; i++) {
		blk_pattern(data, sizeof(data), 40 + i);
		b[i] = i % 2 ? blk_make(c, BLK_T_FLUSH, 0, NULL, 0, 0, 0)
			     : blk_make(c, BLK_T_OUT, i, data, sizeof(data), 0, 0);
		cring_add(conf_ring(c), b[i]);
	}
	cring_publish(conf_ring(c));
	cring_kick(conf_ring(c));
	cring_wait_all(conf_ring(c));
	for (i = 0; i < 5; i++)
		blk_want(c, blk_status(c, b[i]), BLK_S_OK, i % 2 ? "a flush" : "a write");
	for (i = 0; i < 5; i += 2)
		blk_holds(c, i, 1, 40 + i);
}

/* A read-only device has nothing to flush, and says so. */
static void flush_any(struct conf *c)
{
	conf_start(c, 0);
	blk_want(c, blk_do(c, BLK_T_FLUSH, 0, NULL, 0, NULL, 0), BLK_S_OK, "a flush");
}

/* Not negotiated: it may do it, or not know it. */
static void flush_not_negotiated(struct conf *c)
{
	unsigned s;

	conf_start(c, 0);
	s = blk_do(c, BLK_T_FLUSH, 0, NULL, 0, NULL, 0);
	CONF_EXPECT(c, s == BLK_S_OK || s == BLK_S_UNSUPP,
		    "a flush without FLUSH ended with status %u, neither OK nor UNSUPP", s);
}

/* The identity: ASCII up to a NUL, and NULs from there on; all 20 bytes are written. */
static void identity(struct conf *c)
{
	uint8_t id[BLK_ID_LEN], again[BLK_ID_LEN];
	struct cbuf *b;
	unsigned i, end;

	conf_start(c, 0);
	b = blk_make(c, BLK_T_GET_ID, 0, NULL, 0, BLK_ID_LEN, 0);
	cmem_fill(c, cbuf_seg(b, 1)->p, 0xa5, BLK_ID_LEN);
	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	if (blk_status(c, b) == BLK_S_UNSUPP)
		conf_skip(c, "the device has no identity");
	blk_want(c, blk_status(c, b), BLK_S_OK, "GET_ID");
	cbuf_read(b, 0, id, sizeof(id));
	for (end = 0; end < BLK_ID_LEN && id[end]; end++)
		CONF_EXPECT(c, id[end] < 0x80, "byte %u of the identity is 0x%02x, no ASCII", end,
			    id[end]);
	for (i = end; i < BLK_ID_LEN; i++)
		CONF_EXPECT(c, id[i] == 0,
			    "byte %u of the identity, after its end at %u, is 0x%02x and not NUL",
			    i, end, id[i]);
	for (i = 0; i < 4; i++) {
		blk_want(c, blk_do(c, BLK_T_GET_ID, 0, NULL, 0, again, BLK_ID_LEN), BLK_S_OK,
			 "GET_ID");
		CONF_EXPECT(c, memcmp(id, again, BLK_ID_LEN) == 0, "the identity changes");
	}
}

static void lifetime(struct conf *c)
{
	uint8_t v[BLK_LIFETIME];
	unsigned i;

	conf_start(c, 0);
	for (i = 0; i < 4; i++) {
		blk_want(c, blk_do(c, BLK_T_GET_LIFETIME, 0, NULL, 0, v, sizeof(v)), BLK_S_OK,
			 "GET_LIFETIME");
		CONF_EXPECT(c, blk_get(v, 2) <= 3, "pre_eol_info is %u, a reserved value",
			    (unsigned)blk_get(v, 2));
		CONF_EXPECT(c, blk_get(v + 2, 2) <= 11,
			    "device_lifetime_est_typ_a is %u, a reserved value",
			    (unsigned)blk_get(v + 2, 2));
		CONF_EXPECT(c, blk_get(v + 4, 2) <= 11,
			    "device_lifetime_est_typ_b is %u, a reserved value",
			    (unsigned)blk_get(v + 4, 2));
	}
}

/* Types that nobody has defined, nor would have without the bit that once meant "out" or the one
 * that meant "barrier". */
static void unknown_type(struct conf *c)
{
	static const uint32_t types[] = {6, 7, 12, 0x80, 0x1234, 0x7fffffff, UINT32_MAX};
	uint8_t data[BLK_SECTOR];
	unsigned i;

	blk_start(c, 0, 4);
	blk_write(c, 0, 1, 71);
	for (i = 0; i < VOP_ARRAY_SIZE(types); i++) {
		blk_pattern(data, sizeof(data), 72);
		blk_want(c, blk_do(c, types[i], 0, NULL, 0, NULL, 0), BLK_S_UNSUPP,
			 "a request of a type there is not");
		blk_want(c, blk_do(c, types[i], 0, data, sizeof(data), NULL, 0), BLK_S_UNSUPP,
			 "a request of a type there is not, with data");
		blk_want(c, blk_do(c, types[i], 0, NULL, 0, data, sizeof(data)), BLK_S_UNSUPP,
			 "a request of a type there is not, for data");
	}
	blk_holds(c, 0, 1, 71);
}

static void zone_requests_without(struct conf *c)
{
	static const uint32_t types[] = {BLK_T_ZONE_REPORT,   BLK_T_ZONE_OPEN,	 BLK_T_ZONE_CLOSE,
					 BLK_T_ZONE_FINISH,   BLK_T_ZONE_APPEND, BLK_T_ZONE_RESET,
					 BLK_T_ZONE_RESET_ALL};
	uint8_t data[BLK_SECTOR] = {0};
	unsigned i;

	if (vop_feature_has(conf_offered(c), BLK_F_ZONED)) {
		/* A host-managed one is never used so. */
		conf_negotiate(c);
		if (blk_config(c, BLK_C_MODEL, 1) == BLK_Z_HM)
			conf_skip(c, "the device cannot be driven without ZONED");
		conf_leave(c, BLK_F_ZONED);
	}
	conf_start(c, 0);
	for (i = 0; i < VOP_ARRAY_SIZE(types); i++) {
		unsigned s;

		if (types[i] == BLK_T_ZONE_REPORT)
			s = blk_do(c, types[i], 0, NULL, 0, data, sizeof(data));
		else if (types[i] == BLK_T_ZONE_APPEND)
			s = blk_do(c, types[i], 0, data, sizeof(data), data, 8);
		else
			s = blk_do(c, types[i], 0, NULL, 0, NULL, 0);
		CONF_EXPECT(c, s == BLK_S_UNSUPP,
			    "a zone request of type %u without ZONED ended with status %u, not "
			    "with UNSUPP",
			    types[i], s);
	}
}

/* --- read-only devices --- */

static void read_only(struct conf *c, uint64_t sector)
{
	uint8_t before[2 * BLK_SECTOR], after[2 * BLK_SECTOR], data[2 * BLK_SECTOR];

	blk_want(c, blk_do(c, BLK_T_IN, sector, NULL, 0, before, sizeof(before)), BLK_S_OK,
		 "a read");
	blk_pattern(data, sizeof(data), 12345);
	blk_want(c, blk_do(c, BLK_T_OUT, sector, data, sizeof(data), NULL, 0), BLK_S_IOERR,
		 "a write to a read-only device");
	blk_want(c, blk_do(c, BLK_T_IN, sector, NULL, 0, after, sizeof(after)), BLK_S_OK, "a read");
	CONF_EXPECT(c, memcmp(before, after, sizeof(before)) == 0,
		    "a write to a read-only device was refused and changed its sectors");
}

static void ro_write(struct conf *c)
{
	uint64_t capacity;

	conf_start(c, 0);
	capacity = blk_capacity(c);
	read_only(c, 0);
	read_only(c, capacity / 2);
	read_only(c, capacity - 2);
}

static void ro_not_accepted(struct conf *c)
{
	if (!vop_feature_has(conf_offered(c), BLK_F_RO))
		conf_skip(c, "the device is not read-only");
	conf_leave(c, BLK_F_RO);
	conf_start(c, 0);
	read_only(c, 0);
}

/* By whatever name: nothing is written. */
static void ro_zeroes(struct conf *c)
{
	static const struct {
		unsigned bit;
		uint32_t type;
	} by[] = {{BLK_F_WRITE_ZEROES, BLK_T_WRITE_ZEROES},
		  {BLK_F_SECURE_ERASE, BLK_T_SECURE_ERASE},
		  {BLK_F_DISCARD, BLK_T_DISCARD}};
	uint8_t before[8 * BLK_SECTOR], after[8 * BLK_SECTOR], segment[BLK_RANGE];
	unsigned i, n = 0;

	for (i = 0; i < VOP_ARRAY_SIZE(by); i++)
		n += conf_want_if_offered(c, by[i].bit);
	if (!n)
		conf_skip(c, "the device has only reads and writes");
	conf_start(c, 0);
	blk_want(c, blk_do(c, BLK_T_IN, 0, NULL, 0, before, sizeof(before)), BLK_S_OK, "a read");
	for (i = 0; i < VOP_ARRAY_SIZE(by); i++) {
		blk_segment(segment, 0, 8, 0);
		blk_ranges(c, by[i].type, segment, 1);
	}
	blk_want(c, blk_do(c, BLK_T_IN, 0, NULL, 0, after, sizeof(after)), BLK_S_OK, "a read");
	CONF_EXPECT(c, memcmp(before, after, sizeof(before)) == 0,
		    "discard, write zeroes or secure erase changed sectors of a read-only device");
}

#define SPEC(line) "text:device-types/blk/description.tex:" #line
#define ROW(id, what, clauses, level, fn)                                                          \
	id, what, clauses, level, CONF_CONFORMANCE, CONF_ANY, .device = BLK_ID, .run = fn
static const struct conf_check checks[] = {
	{ROW("blk/flush/served", "a flush ends well among writes", SPEC(444), CONF_TEXT, flush),
	 .needs = {CONF_F(BLK_F_FLUSH)}},
	{ROW("blk/flush/alone", "a flush ends well", SPEC(444), CONF_TEXT, flush_any),
	 .needs = {CONF_F(BLK_F_FLUSH)}},
	{ROW("blk/flush/not-negotiated", "a flush without FLUSH is done or not supported",
	     SPEC(535), CONF_TEXT, flush_not_negotiated)},
	{ROW("blk/id/text", "the identity is ASCII, padded with NULs to 20 bytes", SPEC(496),
	     CONF_TEXT, identity)},
	{ROW("blk/lifetime/values", "GET_LIFETIME gives no reserved value", "5.2.6.2:dev:17",
	     CONF_MUST, lifetime),
	 .needs = {CONF_F(BLK_F_LIFETIME)}},
	{ROW("blk/type/unknown", "a type there is not is not supported", SPEC(535), CONF_TEXT,
	     unknown_type)},
	{ROW("blk/type/zone-without-zoned", "zone requests without ZONED are not supported",
	     "5.2.6.2:dev:18", CONF_MUST, zone_requests_without)},
	{ROW("blk/ro/write", "a read-only device refuses writes and keeps its sectors",
	     "5.2.6.2:dev:3 5.2.6.2:dev:4", CONF_MUST, ro_write),
	 .needs = {CONF_F(BLK_F_RO)}},
	{ROW("blk/ro/not-accepted", "it does so for a driver that did not accept RO",
	     "5.2.6.2:dev:3 5.2.6.2:dev:4", CONF_MUST, ro_not_accepted)},
	{ROW("blk/ro/zeroes", "nothing else changes its sectors", "5.2.6.2:dev:4", CONF_MUST,
	     ro_zeroes),
	 .needs = {CONF_F(BLK_F_RO)}},
};
CONF_SECTION(conf_section_blk_ask, "5.2.6", "Block device: other requests, read-only devices",
	     checks);
