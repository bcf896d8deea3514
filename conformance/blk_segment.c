/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.2.6 Block device: discard, write zeroes, secure erase. */
#include <string.h>

#include "conformance/blk_req.h"
#include "conformance/sections.h"

#define SEGMENTS 4u /* that these checks use; fewer where the device has fewer */

/* One of the three kinds, and what is read about it. */
struct kind {
	uint32_t type;
	const char *name;
	unsigned max_sectors, max_seg, align; /* where they are configured; 0 none */
};

static const struct kind discard = {BLK_T_DISCARD, "a discard", BLK_C_MAX_DISCARD_SECTORS,
				    BLK_C_MAX_DISCARD_SEG, 0};
static const struct kind zeroes = {BLK_T_WRITE_ZEROES, "write zeroes", BLK_C_MAX_ZEROES_SECTORS,
				   BLK_C_MAX_ZEROES_SEG, 0};
static const struct kind erase = {BLK_T_SECURE_ERASE, "a secure erase", BLK_C_MAX_ERASE_SECTORS,
				  BLK_C_MAX_ERASE_SEG, BLK_C_ERASE_ALIGNMENT};

/* Sectors that one segment takes here: as small as it may be, at most 4. */
static uint32_t length(struct conf *c, const struct kind *k)
{
	uint64_t max = blk_config(c, k->max_sectors, 4);
	uint64_t align = k->align ? blk_config(c, k->align, 4) : 0;
	uint64_t n = align > 4 ? align : align ? align * (4 / align) : 4;

	CONF_EXPECT(c, max > 0, "%s is offered, with segments of at most 0 sectors", k->name);
	return (uint32_t)VOP_MIN(n, VOP_MIN(max, 256u));
}

static unsigned segments(struct conf *c, const struct kind *k)
{
	uint64_t max = blk_config(c, k->max_seg, 4);

	CONF_EXPECT(c, max > 0, "%s is offered, with at most 0 segments", k->name);
	return (unsigned)VOP_MIN(max, (uint64_t)SEGMENTS);
}

/* Start, with `n` ranges of the usual length, written, each with one of them in between. */
static uint32_t prepare(struct conf *c, const struct kind *k, unsigned n)
{
	uint32_t len;
	unsigned i;

	blk_start(c, 0, 1);
	len = length(c, k);
	blk_start(c, 0, (2 * n + 1) * len);
	for (i = 0; i < 2 * n + 1; i++)
		blk_write(c, i * len, len, 600 + i);
	return len;
}

/* Every second range, from the one at 1 on. */
static unsigned run(struct conf *c, const struct kind *k, uint32_t len, unsigned n, uint32_t flags)
{
	uint8_t s[SEGMENTS * BLK_RANGE];
	unsigned i;

	for (i = 0; i < n; i++)
		blk_segment(s + i * BLK_RANGE, (2 * i + 1) * len, len, flags);
	return blk_ranges(c, k->type, s, n);
}

static void neighbours(struct conf *c, uint32_t len, unsigned n)
{
	unsigned i;

	for (i = 0; i < n + 1; i++)
		blk_holds(c, 2 * i * len, len, 600 + 2 * i);
}

static void zero(struct conf *c, unsigned n, uint32_t flags)
{
	uint32_t len = prepare(c, &zeroes, n);
	unsigned i, turn;

	for (turn = 0; turn < 3; turn++) {
		blk_want(c, run(c, &zeroes, len, n, flags), BLK_S_OK, "write zeroes");
		for (i = 0; i < n; i++)
			blk_zeroes(c, (2 * i + 1) * len, len);
		neighbours(c, len, n);
		for (i = 0; i < n; i++)
			blk_write(c, (2 * i + 1) * len, len, 601 + 2 * i);
	}
}

static void zero_one(struct conf *c)
{
	zero(c, 1, 0);
}

static void zero_unmap(struct conf *c)
{
	zero(c, 1, BLK_UNMAP);
}

static void zero_many(struct conf *c)
{
	unsigned n;

	blk_start(c, 0, 1);
	n = segments(c, &zeroes);
	zero(c, n, 0);
	zero(c, n, BLK_UNMAP);
}

static void zero_single_sector(struct conf *c)
{
	uint8_t s[BLK_RANGE];

	blk_start(c, 0, 3);
	blk_write(c, 0, 3, 9);
	blk_segment(s, 1, 1, 0);
	blk_want(c, blk_ranges(c, BLK_T_WRITE_ZEROES, s, 1), BLK_S_OK, "write zeroes");
	blk_zeroes(c, 1, 1);
	blk_holds(c, 0, 1, 9);
}

/* The segments lie across pieces. */
static void zero_cut(struct conf *c)
{
	uint32_t len = prepare(c, &zeroes, 1);
	uint8_t s[BLK_RANGE];
	struct cbuf *b;
	unsigned pieces;

	blk_segment(s, len, len, 0);
	for (pieces = 2; pieces < 14; pieces += 3) {
		blk_write(c, len, len, 601);
		b = blk_make(c, BLK_T_WRITE_ZEROES, 0, s, sizeof(s), 0, pieces);
		cring_submit(conf_ring(c), b);
		cring_wait(conf_ring(c), b);
		blk_want(c, blk_status(c, b), BLK_S_OK, "write zeroes");
		blk_zeroes(c, len, len);
		neighbours(c, len, 1);
	}
}

/* Zeroes, written over, are gone. */
static void zero_then_write(struct conf *c)
{
	uint32_t len = prepare(c, &zeroes, 1);

	blk_want(c, run(c, &zeroes, len, 1, BLK_UNMAP), BLK_S_OK, "write zeroes");
	blk_write(c, len, len, 77);
	blk_holds(c, len, len, 77);
	neighbours(c, len, 1);
}

/* Whatever becomes of the range, what lies beside it stays (5.2.6). */
static void beside(struct conf *c, const struct kind *k)
{
	uint32_t len;
	unsigned n;

	blk_start(c, 0, 1);
	n = segments(c, k);
	len = prepare(c, k, n);
	blk_want(c, run(c, k, len, n, 0), BLK_S_OK, k->name);
	neighbours(c, len, n);
	blk_write(c, len, len, 78);
	blk_holds(c, len, len, 78);
}

static void discard_served(struct conf *c)
{
	beside(c, &discard);
}

static void erase_served(struct conf *c)
{
	beside(c, &erase);
}

/* Each bit that means nothing, alone and beside unmap. */
static void unknown_flag(struct conf *c, const struct kind *k)
{
	uint32_t len = prepare(c, k, 1);
	unsigned bit;

	for (bit = 1; bit < 32; bit += 5) {
		unsigned s = run(c, k, len, 1, 1u << bit);

		CONF_EXPECT(c, s == BLK_S_UNSUPP,
			    "%s with flag %u set ended with status %u, not with UNSUPP", k->name,
			    bit, s);
	}
	blk_want(c, run(c, k, len, 1, 0x80000001), BLK_S_UNSUPP, k->name);
	blk_want(c, run(c, k, len, 1, 0), BLK_S_OK, k->name);
}

/* Only in the last of several segments. */
static void unknown_flag_later(struct conf *c, const struct kind *k)
{
	uint8_t s[SEGMENTS * BLK_RANGE];
	uint32_t len;
	unsigned n, i;

	blk_start(c, 0, 1);
	n = segments(c, k);
	if (n < 2)
		conf_skip(c, "the device takes one segment at a time");
	len = prepare(c, k, n);
	for (i = 0; i < n; i++)
		blk_segment(s + i * BLK_RANGE, (2 * i + 1) * len, len, i == n - 1 ? 2 : 0);
	blk_want(c, blk_ranges(c, k->type, s, n), BLK_S_UNSUPP, k->name);
}

static void zero_flag(struct conf *c)
{
	unknown_flag(c, &zeroes);
}

static void zero_flag_later(struct conf *c)
{
	unknown_flag_later(c, &zeroes);
}

static void discard_flag(struct conf *c)
{
	unknown_flag(c, &discard);
}

static void discard_flag_later(struct conf *c)
{
	unknown_flag_later(c, &discard);
}

static void erase_flag(struct conf *c)
{
	unknown_flag(c, &erase);
}

static void erase_flag_later(struct conf *c)
{
	unknown_flag_later(c, &erase);
}

static void discard_unmap(struct conf *c)
{
	uint32_t len = prepare(c, &discard, 1);

	blk_want(c, run(c, &discard, len, 1, BLK_UNMAP), BLK_S_UNSUPP, "a discard with unmap");
	blk_want(c, run(c, &discard, len, 1, 0), BLK_S_OK, "a discard");
}

#define SPEC(line) "text:device-types/blk/description.tex:" #line
#define ROW(id, what, clauses, level, bit, fn)                                                     \
	{                                                                                          \
		id, what, clauses, level, CONF_CONFORMANCE, CONF_ANY,                              \
			.device = BLK_ID, .needs = {CONF_F(bit)}, .run = fn                        \
	}
/* The limit is one of each segment: several may have it. */
static void zero_largest(struct conf *c)
{
	uint8_t s[2 * BLK_RANGE];
	uint64_t max, capacity;

	blk_start(c, 0, 1);
	max = blk_config(c, zeroes.max_sectors, 4);
	capacity = blk_capacity(c);
	if (segments(c, &zeroes) < 2 || capacity < 2 * max)
		conf_skip(c, "two segments of %llu sectors are too many for the disk",
			  (unsigned long long)max);
	blk_segment(s, 0, (uint32_t)max, 0);
	blk_segment(s + BLK_RANGE, max, (uint32_t)max, 0);
	blk_want(c, blk_ranges(c, zeroes.type, s, 2), BLK_S_OK,
		 "write zeroes of two segments of the largest length");
}

static const struct conf_check checks[] = {
	ROW("blk/zeroes/largest", "the limit of sectors is one of each segment", SPEC(466),
	    CONF_TEXT, BLK_F_WRITE_ZEROES, zero_largest),
	ROW("blk/zeroes/one", "the range reads as zeroes, nothing beside it does", "5.2.6.2:dev:9",
	    CONF_MUST, BLK_F_WRITE_ZEROES, zero_one),
	ROW("blk/zeroes/unmap", "so it does with unmap", "5.2.6.2:dev:9", CONF_MUST,
	    BLK_F_WRITE_ZEROES, zero_unmap),
	ROW("blk/zeroes/many", "so do all segments", "5.2.6.2:dev:9", CONF_MUST, BLK_F_WRITE_ZEROES,
	    zero_many),
	ROW("blk/zeroes/single-sector", "a single sector becomes zeroes", "5.2.6.2:dev:9",
	    CONF_MUST, BLK_F_WRITE_ZEROES, zero_single_sector),
	ROW("blk/zeroes/cut", "the segments may be cut anywhere", "2.7.4.1:dev:1 5.2.6.2:dev:9",
	    CONF_MUST, BLK_F_WRITE_ZEROES, zero_cut),
	ROW("blk/zeroes/then-write", "what is written into zeroes is read", SPEC(466), CONF_TEXT,
	    BLK_F_WRITE_ZEROES, zero_then_write),
	ROW("blk/zeroes/unknown-flag", "an unknown flag is not supported", "5.2.6.2:dev:5",
	    CONF_MUST, BLK_F_WRITE_ZEROES, zero_flag),
	ROW("blk/zeroes/unknown-flag-later", "nor is it in the last segment", "5.2.6.2:dev:5",
	    CONF_MUST, BLK_F_WRITE_ZEROES, zero_flag_later),
	ROW("blk/discard/served", "a discard ends well and changes nothing beside its range",
	    SPEC(489), CONF_TEXT, BLK_F_DISCARD, discard_served),
	ROW("blk/discard/unmap", "a discard with unmap is not supported", "5.2.6.2:dev:6",
	    CONF_MUST, BLK_F_DISCARD, discard_unmap),
	ROW("blk/discard/unknown-flag", "an unknown flag is not supported", "5.2.6.2:dev:5",
	    CONF_MUST, BLK_F_DISCARD, discard_flag),
	ROW("blk/discard/unknown-flag-later", "nor is it in the last segment", "5.2.6.2:dev:5",
	    CONF_MUST, BLK_F_DISCARD, discard_flag_later),
	ROW("blk/erase/served", "a secure erase ends well and changes nothing beside its range",
	    SPEC(489), CONF_TEXT, BLK_F_SECURE_ERASE, erase_served),
	ROW("blk/erase/unknown-flag", "an unknown flag is not supported", "5.2.6.2:dev:5",
	    CONF_MUST, BLK_F_SECURE_ERASE, erase_flag),
	ROW("blk/erase/unknown-flag-later", "nor is it in the last segment", "5.2.6.2:dev:5",
	    CONF_MUST, BLK_F_SECURE_ERASE, erase_flag_later),
};
CONF_SECTION(conf_section_blk_segment, "5.2.6", "Block device: discard, write zeroes, erase",
	     checks);
