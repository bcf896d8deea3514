/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.2.6 Block device: reads, writes, and how their buffers may be cut. */
#include <string.h>

#include "conformance/blk_req.h"
#include "conformance/sections.h"

/* What is written is read, to the byte, and nothing beside it changes. */
static void round_trip(struct conf *c)
{
	blk_start(c, 0, 24);
	blk_write(c, 0, 8, 1);
	blk_write(c, 16, 8, 2);
	blk_write(c, 8, 8, 3);
	blk_holds(c, 0, 8, 1);
	blk_holds(c, 8, 8, 3);
	blk_holds(c, 16, 8, 2);
	/* One sector in the middle. */
	blk_write(c, 9, 1, 4);
	blk_holds(c, 9, 1, 4);
	blk_holds(c, 0, 8, 1);
	blk_holds(c, 16, 8, 2);
}

/* Each sector by itself, then all in one. */
static void sector_by_sector(struct conf *c)
{
	uint8_t all[16 * BLK_SECTOR];
	unsigned i;

	blk_start(c, 0, 16);
	for (i = 0; i < 16; i++)
		blk_write(c, 15 - i, 1, 100 + 15 - i);
	blk_want(c, blk_do(c, BLK_T_IN, 0, NULL, 0, all, sizeof(all)), BLK_S_OK, "a read");
	for (i = 0; i < 16; i++)
		blk_compare(c, all + i * BLK_SECTOR, BLK_SECTOR, 100 + i, i);
}

static void overwrite(struct conf *c)
{
	unsigned i;

	blk_start(c, 0, 4);
	for (i = 0; i < 6; i++) {
		blk_write(c, 1, 2, 50 + i);
		blk_holds(c, 1, 2, 50 + i);
	}
}

/* The last sector is there; capacity counts sectors of 512 bytes whatever blk_size says. */
static void last_sector(struct conf *c)
{
	uint8_t data[BLK_SECTOR];
	uint64_t last;

	conf_start(c, 0);
	last = blk_capacity(c) - 1;
	if (conf_has(c, BLK_F_ZONED) && blk_config(c, BLK_C_MODEL, 1) != BLK_Z_NONE)
		conf_skip(c,
			  "the last sector is in a zone, and what that holds depends on its state");
	blk_want(c, blk_do(c, BLK_T_IN, last, NULL, 0, data, sizeof(data)), BLK_S_OK,
		 "a read of the last sector");
	if (vop_feature_has(conf_offered(c), BLK_F_RO))
		return;
	blk_write(c, last, 1, 7);
	blk_holds(c, last, 1, 7);
}

/* More than 64 KiB, in pieces that size_max allows. */
static void large(struct conf *c)
{
	enum { SECTORS = 300, BYTES = SECTORS * BLK_SECTOR };
	uint64_t piece = BYTES;
	static const uint32_t types[] = {BLK_T_OUT, BLK_T_IN};
	uint8_t data[BYTES];
	unsigned i, pieces;

	if (conf_want_if_offered(c, BLK_F_SIZE_MAX)) {
		conf_negotiate(c);
		piece = VOP_MIN(piece, blk_config(c, BLK_C_SIZE_MAX, 4));
	}
	/* A piece cut at random is at most twice as long as one of equal ones. */
	pieces = piece ? (unsigned)(2 * BYTES / piece + 6) : 0;
	if (pieces == 0 || pieces > 60)
		conf_skip(c, "size_max is %llu: the request has too many pieces",
			  (unsigned long long)piece);
	blk_start(c, 64, SECTORS + 4);
	blk_pattern(data, BYTES, 11);
	for (i = 0; i < 2; i++) {
		struct cbuf *b =
			blk_make(c, types[i], 3, data, i ? 0 : BYTES, i ? BYTES : 0, pieces);

		cring_submit(conf_ring(c), b);
		cring_wait(conf_ring(c), b);
		blk_want(c, blk_status(c, b), BLK_S_OK, i ? "a long read" : "a long write");
		if (i)
			cbuf_read(b, 0, data, BYTES);
	}
	blk_compare(c, data, BYTES, 11, 3);
	blk_holds(c, 3, 1, 11);
}

/* 2.7.4.1: where a request is cut says nothing. */
static void any_cut(struct conf *c)
{
	uint8_t data[4 * BLK_SECTOR], got[4 * BLK_SECTOR + 1];
	unsigned pieces;
	struct cbuf *b;

	blk_start(c, 64, 8);
	for (pieces = 2; pieces <= 40; pieces += pieces < 8 ? 1 : 8) {
		blk_pattern(data, sizeof(data), pieces);
		b = blk_make(c, BLK_T_OUT, 2, data, sizeof(data), 0, pieces);
		cring_submit(conf_ring(c), b);
		cring_wait(conf_ring(c), b);
		blk_want(c, blk_status(c, b), BLK_S_OK, "a write");
		b = blk_make(c, BLK_T_IN, 2, NULL, 0, sizeof(data), pieces);
		cring_submit(conf_ring(c), b);
		cring_wait(conf_ring(c), b);
		blk_want(c, blk_status(c, b), BLK_S_OK, "a read");
		cbuf_read(b, 0, got, sizeof(data));
		blk_compare(c, got, sizeof(data), pieces, 2);
	}
}

/* The header in crumbs; header and data in one; status at the end of the data. */
static void header_cut(struct conf *c)
{
	uint8_t bytes[BLK_HDR + BLK_SECTOR], got[BLK_SECTOR];
	struct cbuf *b;
	unsigned i;

	blk_start(c, 64, 8);
	blk_header(bytes, BLK_T_OUT, 5);
	blk_pattern(bytes + BLK_HDR, BLK_SECTOR, 21);
	b = cbuf_new(c);
	for (i = 0; i < BLK_HDR; i++)
		cbuf_out(c, b, bytes + i, 1);
	cbuf_out(c, b, bytes + BLK_HDR, BLK_SECTOR);
	cbuf_in(c, b, 1);
	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	blk_want(c, blk_status(c, b), BLK_S_OK, "a write whose header is in 16 pieces");
	blk_holds(c, 5, 1, 21);
	/* All in two pieces. */
	blk_pattern(bytes + BLK_HDR, BLK_SECTOR, 22);
	b = cbuf_new(c);
	cbuf_out(c, b, bytes, sizeof(bytes));
	cbuf_in(c, b, 1);
	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	blk_want(c, blk_status(c, b), BLK_S_OK, "a write with header and data in one piece");
	b = cbuf_new(c);
	blk_header(bytes, BLK_T_IN, 5);
	cbuf_out(c, b, bytes, BLK_HDR);
	cbuf_in(c, b, BLK_SECTOR + 1);
	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	blk_want(c, blk_status(c, b), BLK_S_OK, "a read with data and status in one piece");
	cbuf_read(b, 0, got, sizeof(got));
	blk_compare(c, got, sizeof(got), 22, 5);
}

/* Many under way; each knows its own sector. */
static void in_flight(struct conf *c)
{
	uint8_t data[BLK_SECTOR];
	struct cbuf *b[20];
	unsigned i, turn;

	blk_start(c, 64, 64);
	for (turn = 0; turn < 4; turn++) {
		for (i = 0; i < 20; i++) {
			blk_pattern(data, sizeof(data), 200 * turn + i);
			b[i] = blk_make(c, BLK_T_OUT, 3 * i, data, sizeof(data), 0, 0);
			cring_add(conf_ring(c), b[i]);
		}
		cring_publish(conf_ring(c));
		cring_kick(conf_ring(c));
		cring_wait_all(conf_ring(c));
		for (i = 0; i < 20; i++)
			blk_want(c, blk_status(c, b[i]), BLK_S_OK, "a write");
		for (i = 0; i < 20; i++) {
			b[i] = blk_make(c, BLK_T_IN, 3 * i, NULL, 0, BLK_SECTOR, 0);
			cring_add(conf_ring(c), b[i]);
		}
		cring_publish(conf_ring(c));
		cring_kick(conf_ring(c));
		cring_wait_all(conf_ring(c));
		for (i = 0; i < 20; i++) {
			blk_want(c, blk_status(c, b[i]), BLK_S_OK, "a read");
			cbuf_read(b[i], 0, data, sizeof(data));
			blk_compare(c, data, sizeof(data), 200 * turn + i, 3 * i);
		}
	}
}

/* The field that was once a priority means nothing. */
static void reserved_field(struct conf *c)
{
	uint8_t bytes[BLK_HDR];
	struct cbuf *b;

	blk_start(c, 0, 4);
	blk_write(c, 1, 1, 31);
	blk_header(bytes, BLK_T_IN, 1);
	blk_put(bytes + 4, 4, 0x80000001);
	b = cbuf_new(c);
	cbuf_out(c, b, bytes, BLK_HDR);
	cbuf_in(c, b, BLK_SECTOR);
	cbuf_in(c, b, 1);
	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	blk_want(c, blk_status(c, b), BLK_S_OK, "a read with a reserved field that is not 0");
}

/* Two writes of everything a mixture can be made of, used in whatever order. */
static void mixed(struct conf *c)
{
	uint8_t data[3 * BLK_SECTOR], got[3 * BLK_SECTOR];
	struct cbuf *b[12];
	unsigned i;

	blk_start(c, 64, 64);
	blk_write(c, 40, 3, 77);
	for (i = 0; i < 12; i++) {
		blk_pattern(data, sizeof(data), i);
		if (i % 3 == 0)
			b[i] = blk_make(c, BLK_T_IN, 40, NULL, 0, sizeof(got), i % 2 ? 5 : 0);
		else if (i % 3 == 1)
			b[i] = blk_make(c, BLK_T_OUT, 3 * i, data, sizeof(data), 0, i % 2 ? 5 : 0);
		else
			b[i] = blk_make(c, BLK_T_GET_ID, 0, NULL, 0, BLK_ID_LEN, 0);
		cring_add(conf_ring(c), b[i]);
	}
	cring_publish(conf_ring(c));
	cring_kick(conf_ring(c));
	cring_wait_all(conf_ring(c));
	for (i = 0; i < 12; i++) {
		unsigned s = blk_status(c, b[i]);

		if (i % 3 == 2 && s == BLK_S_UNSUPP)
			continue;
		blk_want(c, s, BLK_S_OK, "a request among others");
		if (i % 3 == 0) {
			cbuf_read(b[i], 0, got, sizeof(got));
			blk_compare(c, got, sizeof(got), 77, 40);
		}
	}
	for (i = 1; i < 12; i += 3)
		blk_holds(c, 3 * i, 3, i);
}

/* What completed before a reset is there after it. */
static void survives_reset(struct conf *c)
{
	blk_start(c, 0, 8);
	blk_write(c, 2, 4, 61);
	blk_start(c, 0, 8);
	blk_holds(c, 2, 4, 61);
}

/* Requests at the device when it is reset: none is touched afterwards (the runner looks). */
static void reset_in_flight(struct conf *c)
{
	unsigned i;

	blk_start(c, 64, 64);
	for (i = 0; i < 16; i++)
		cring_add(conf_ring(c), blk_make(c, BLK_T_IN, i, NULL, 0, 2 * BLK_SECTOR, 0));
	cring_publish(conf_ring(c));
	cring_kick_always(conf_ring(c));
	conf_reset(c);
	cmem_freeze(c);
	conf_settle(c);
	cmem_verify(c, "after a reset with requests under way");
	conf_serve_again(c);
}

#define REQ "text:device-types/blk/description.tex:466"
/* IN_ORDER holds whatever the requests are, those that take long among them. */
static void in_order(struct conf *c)
{
	uint8_t data[BLK_SECTOR];
	struct cbuf *b[6];
	unsigned turn, i;

	conf_want_if_offered(c, BLK_F_FLUSH);
	blk_start(c, 32, 8);
	for (turn = 0; turn < 3; turn++) {
		blk_pattern(data, sizeof(data), 70 + turn);
		b[0] = blk_make(c, BLK_T_FLUSH, 0, NULL, 0, 0, 0);
		b[1] = blk_make(c, BLK_T_OUT, turn, data, sizeof(data), 0, 0);
		b[2] = blk_make(c, BLK_T_GET_ID, 0, NULL, 0, BLK_ID_LEN, 0);
		b[3] = blk_make(c, BLK_T_FLUSH, 0, NULL, 0, 0, 0);
		b[4] = blk_make(c, BLK_T_IN, 7, NULL, 0, BLK_SECTOR, 0);
		b[5] = blk_make(c, BLK_T_GET_ID, 0, NULL, 0, BLK_ID_LEN, 0);
		for (i = 0; i < VOP_ARRAY_SIZE(b); i++)
			cring_add(conf_ring(c), b[i]);
		cring_publish(conf_ring(c));
		cring_kick(conf_ring(c));
		/* Judges the order of what comes back. */
		cring_wait_all(conf_ring(c));
		blk_holds(c, turn, 1, 70 + turn);
	}
}

static const struct conf_check checks[] = {
	{"blk/data/round-trip", "reads give what was written, to the byte", REQ, CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, .device = BLK_ID, .run = round_trip},
	{"blk/data/sector-by-sector", "each sector is its own", REQ, CONF_TEXT, CONF_CONFORMANCE,
	 CONF_ANY, .device = BLK_ID, .run = sector_by_sector},
	{"blk/data/overwrite", "the last write counts", REQ, CONF_TEXT, CONF_CONFORMANCE, CONF_ANY,
	 .device = BLK_ID, .run = overwrite},
	{"blk/data/last-sector", "all sectors up to capacity can be used", REQ, CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, .device = BLK_ID, .run = last_sector},
	{"blk/data/large", "a request may be longer than 64 KiB", REQ, CONF_TEXT, CONF_CONFORMANCE,
	 CONF_ANY, .device = BLK_ID, .run = large},
	{"blk/data/survives-reset", "completed writes outlive a reset", REQ, CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, .device = BLK_ID, .run = survives_reset},
	{"blk/layout/any-cut", "a request may be cut anywhere", "2.7.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, .device = BLK_ID, .run = any_cut},
	{"blk/layout/header", "header and status need no pieces of their own", "2.7.4.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, .device = BLK_ID, .run = header_cut},
	{"blk/order/in-flight", "requests do not mix up", REQ, CONF_TEXT, CONF_CONFORMANCE,
	 CONF_BOTH, .device = BLK_ID, .run = in_flight},
	{"blk/order/mixed", "requests of several types go together", REQ, CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, .device = BLK_ID, .run = mixed},
	{"blk/order/in-order", "with IN_ORDER requests of all types are used in order", "6.2:dev:5",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, BLK_ID, .needs = {CONF_F(VOP_F_IN_ORDER)},
	 .run = in_order},
	{"blk/header/reserved", "the reserved field means nothing", REQ, CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, .device = BLK_ID, .run = reserved_field},
	{"blk/reset/in-flight", "a reset ends requests that are under way", "2.4.1:dev:2",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, .device = BLK_ID, .run = reset_in_flight},
};
CONF_SECTION(conf_section_blk, "5.2.6", "Block device: reads and writes", checks);
