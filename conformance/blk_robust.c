/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.2.6 Block device: drivers that break the rules. It lives on, and stays inside the memory and
 * the sectors it was given; nothing ends well that cannot be done. */
#include <string.h>

#include "conformance/blk_req.h"
#include "conformance/sections.h"

#define KEPT 8u /* sectors at the start that must keep what they hold */

/* Requests until one is not answered any more: the device may stop at the first. */
struct dare {
	struct conf *c;
	bool stopped;
};

static unsigned dare(struct dare *d, uint32_t type, uint64_t sector, const void *out,
		     uint32_t out_len, uint32_t in_len)
{
	unsigned s;

	if (d->stopped)
		return BLK_NO_ANSWER;
	s = blk_dare(d->c, type, sector, out, out_len, NULL, in_len);
	d->stopped = conf_status(d->c) & VOP_STATUS_NEEDS_RESET;
	return s;
}

static unsigned dare_buffer(struct dare *d, struct cbuf *b)
{
	unsigned s;

	if (d->stopped)
		return BLK_NO_ANSWER;
	s = blk_dare_buffer(d->c, b);
	d->stopped = conf_status(d->c) & VOP_STATUS_NEEDS_RESET;
	return s;
}

/* Sectors at the start, written; and whether they are as they were, after a reset if need be. */
static void keep(struct conf *c, uint16_t size)
{
	blk_start(c, size, KEPT);
	blk_write(c, 0, KEPT, 800);
}

static void kept(struct conf *c)
{
	blk_start(c, 0, KEPT);
	blk_holds(c, 0, KEPT, 800);
}

static void not_ok(struct conf *c, unsigned s, const char *what, uint64_t sector)
{
	CONF_EXPECT(c, s != BLK_S_OK, "%s at sector %#llx of %llu ended well", what,
		    (unsigned long long)sector, (unsigned long long)blk_capacity(c));
}

static void beyond(struct conf *c, uint32_t type)
{
	const char *what = type == BLK_T_IN ? "a read" : "a write";
	uint8_t data[8 * BLK_SECTOR];
	struct dare d = {.c = c};
	uint64_t at[12], end;
	unsigned i;

	keep(c, 0);
	end = blk_capacity(c);
	blk_pattern(data, sizeof(data), 801);
	/* From beyond the end, across it, and where sums and products wrap. */
	at[0] = end;
	at[1] = end - 1;
	at[2] = end + 1;
	at[3] = 2 * end;
	at[4] = UINT64_C(1) << 32;
	at[5] = (UINT64_C(1) << 32) + 3;
	at[6] = UINT64_C(1) << 55;
	at[7] = (UINT64_C(1) << 55) + 2;
	at[8] = UINT64_C(1) << 63;
	at[9] = UINT64_MAX;
	at[10] = UINT64_MAX - 7;
	at[11] = UINT64_MAX - 3;
	for (i = 0; i < VOP_ARRAY_SIZE(at); i++) {
		if (at[i] <= end && end - at[i] >= 8)
			continue;
		not_ok(c,
		       type == BLK_T_IN ? dare(&d, type, at[i], NULL, 0, sizeof(data))
					: dare(&d, type, at[i], data, sizeof(data), 0),
		       what, at[i]);
	}
	kept(c);
}

static void read_beyond(struct conf *c)
{
	beyond(c, BLK_T_IN);
}

static void write_beyond(struct conf *c)
{
	beyond(c, BLK_T_OUT);
}

/* A write across the end: what it covers may be written or not, the rest is not touched. */
static void write_across_end(struct conf *c)
{
	uint8_t data[4 * BLK_SECTOR];
	struct dare d = {.c = c};
	uint64_t end;

	keep(c, 0);
	end = blk_capacity(c);
	if (conf_has(c, BLK_F_ZONED) || end < KEPT + 8)
		conf_skip(c, "this is judged on a plain disk");
	blk_write(c, end - 4, 2, 802);
	blk_pattern(data, sizeof(data), 803);
	not_ok(c, dare(&d, BLK_T_OUT, end - 2, data, sizeof(data), 0), "a write", end - 2);
	kept(c);
	blk_holds(c, end - 4, 2, 802);
}

/* Lengths that are no whole sectors. */
static void part_of_sector(struct conf *c)
{
	static const uint32_t len[] = {0, 1, 100, 511, 513, 1000};
	uint8_t data[2 * BLK_SECTOR];
	struct dare d = {.c = c};
	unsigned i;

	blk_start(c, 0, KEPT + 4);
	blk_write(c, 0, KEPT, 800);
	blk_pattern(data, sizeof(data), 804);
	for (i = 0; i < VOP_ARRAY_SIZE(len); i++) {
		dare(&d, BLK_T_IN, KEPT, NULL, 0, len[i]);
		dare(&d, BLK_T_OUT, KEPT, data, len[i], 0);
	}
	kept(c);
}

/* --- requests that are none --- */

/* Hand over a buffer of these pieces: a header of this type cut to `header` bytes, and so on. */
static void strange(struct conf *c, uint32_t type, uint32_t header, uint32_t out, uint32_t in)
{
	uint8_t bytes[BLK_HDR + 2 * BLK_SECTOR] = {0};
	struct dare d = {.c = c};
	struct cbuf *b;

	keep(c, 0);
	blk_header(bytes, type, 0);
	blk_pattern(bytes + BLK_HDR, 2 * BLK_SECTOR, 805);
	b = cbuf_new(c);
	if (header)
		cbuf_out(c, b, bytes, header);
	if (out)
		cbuf_out(c, b, bytes + BLK_HDR, out);
	if (in)
		cbuf_in(c, b, in);
	dare_buffer(&d, b);
	/* The device took it for something, or it needs a reset; it did not write. */
	if (out < BLK_SECTOR || header < BLK_HDR)
		kept(c);
}

static void no_status(struct conf *c)
{
	strange(c, BLK_T_OUT, BLK_HDR, 2 * BLK_SECTOR, 0);
	strange(c, BLK_T_FLUSH, BLK_HDR, 0, 0);
	strange(c, BLK_T_IN, BLK_HDR, 0, 0);
}

static void short_header(struct conf *c)
{
	strange(c, BLK_T_IN, 8, 0, BLK_SECTOR + 1);
	strange(c, BLK_T_OUT, 15, 0, 1);
	strange(c, BLK_T_IN, 1, 0, 1);
}

static void no_header(struct conf *c)
{
	strange(c, BLK_T_IN, 0, 0, 1);
	strange(c, BLK_T_IN, 0, 0, BLK_SECTOR + 1);
}

/* Data where the device may not write, or may not read. */
static void wrong_direction(struct conf *c)
{
	uint8_t data[2 * BLK_SECTOR];
	struct dare d = {.c = c};

	keep(c, 0);
	blk_pattern(data, sizeof(data), 806);
	dare(&d, BLK_T_IN, 0, data, sizeof(data), 0);
	dare(&d, BLK_T_OUT, 0, NULL, 0, sizeof(data));
	dare(&d, BLK_T_GET_ID, 0, data, BLK_ID_LEN, 0);
	dare(&d, BLK_T_GET_LIFETIME, 0, data, BLK_LIFETIME, 0);
	kept(c);
}

/* Both kinds of data at once: what the type has no use for harms nobody. */
static void both_directions(struct conf *c)
{
	uint8_t data[2 * BLK_SECTOR];
	struct dare d = {.c = c};

	blk_start(c, 0, KEPT + 4);
	blk_write(c, 0, KEPT, 800);
	blk_pattern(data, sizeof(data), 807);
	dare(&d, BLK_T_IN, 0, data, sizeof(data), sizeof(data));
	dare(&d, BLK_T_OUT, KEPT, data, sizeof(data), sizeof(data));
	dare(&d, BLK_T_FLUSH, 0, data, sizeof(data), sizeof(data));
	dare(&d, BLK_T_FLUSH, 7, NULL, 0, 0);
	kept(c);
}

static void odd_answers(struct conf *c)
{
	static const uint32_t len[] = {0, 1, 5, 6, 7, 19, 20, 21, 512};
	struct dare d = {.c = c};
	unsigned i;

	conf_want_if_offered(c, BLK_F_LIFETIME);
	conf_start(c, 0);
	for (i = 0; i < VOP_ARRAY_SIZE(len); i++) {
		dare(&d, BLK_T_GET_ID, 0, NULL, 0, len[i]);
		dare(&d, BLK_T_GET_LIFETIME, 0, NULL, 0, len[i]);
	}
}

/* More pieces than anybody needs. */
static void many_pieces(struct conf *c)
{
	uint8_t data[BLK_SECTOR];
	struct dare d = {.c = c};
	struct cbuf *b;
	uint16_t size = conf_queue_size_max(c, 0);

	size = size >= 256 ? 256 : size >= 128 ? 128 : 64;
	keep(c, size);
	blk_pattern(data, sizeof(data), 808);
	b = blk_make(c, BLK_T_IN, 0, NULL, 0, BLK_SECTOR, size);
	if (dare_buffer(&d, b) == BLK_S_OK) {
		cbuf_read(b, 0, data, sizeof(data));
		blk_compare(c, data, sizeof(data), 800, 0);
	}
	kept(c);
}

/* Descriptors that claim more than there is. */
static void huge_length(struct conf *c)
{
	static const uint32_t len[] = {0x10000000, 0x7fffffff, 0x80000000, UINT32_MAX};
	uint8_t h[BLK_HDR], data[BLK_SECTOR];
	unsigned i, j;

	blk_pattern(data, sizeof(data), 809);
	for (i = 0; i < VOP_ARRAY_SIZE(len); i++) {
		struct dare d = {.c = c};
		struct cbuf *b;

		keep(c, 0);
		b = cbuf_new(c);
		blk_header(h, BLK_T_OUT, 0);
		cbuf_out(c, b, h, BLK_HDR);
		for (j = 0; j < 4; j++)
			cbuf_out(c, b, data, sizeof(data));
		cbuf_in(c, b, 1);
		/* Several together are more than 32 bits. */
		for (j = 1; j <= 1 + i; j++)
			cbuf_seg(b, j)->len = len[i];
		CONF_EXPECT(c, dare_buffer(&d, b) != BLK_S_OK,
			    "a write of %#x bytes, more memory than there is, ended well", len[i]);
		kept(c);
	}
}

/* --- segments --- */

static const struct {
	unsigned bit;
	uint32_t type;
	unsigned max_seg;
	const char *name;
} range[] = {
	{BLK_F_DISCARD, BLK_T_DISCARD, BLK_C_MAX_DISCARD_SEG, "a discard"},
	{BLK_F_WRITE_ZEROES, BLK_T_WRITE_ZEROES, BLK_C_MAX_ZEROES_SEG, "write zeroes"},
	{BLK_F_SECURE_ERASE, BLK_T_SECURE_ERASE, BLK_C_MAX_ERASE_SEG, "a secure erase"},
};

static void want_ranges(struct conf *c)
{
	unsigned i, n = 0;

	for (i = 0; i < VOP_ARRAY_SIZE(range); i++)
		n += conf_want_if_offered(c, range[i].bit);
	if (!n)
		conf_skip(c, "the device has no discard, write zeroes or secure erase");
}

static void segments_beyond(struct conf *c)
{
	static const uint32_t lengths[] = {1, 2, 8, 0x7fffffff, UINT32_MAX};
	uint8_t s[BLK_RANGE];
	uint64_t at[8], end;
	unsigned i, j, k;

	want_ranges(c);
	for (k = 0; k < VOP_ARRAY_SIZE(range); k++) {
		struct dare d = {.c = c};

		keep(c, 0);
		if (!conf_has(c, range[k].bit))
			continue;
		end = blk_capacity(c);
		at[0] = end;
		at[1] = end + 7;
		at[2] = (UINT64_C(1) << 32) + 1;
		at[3] = UINT64_C(1) << 55;
		at[4] = UINT64_MAX;
		at[5] = UINT64_MAX - 1;
		at[6] = UINT64_MAX - 6;
		at[7] = UINT64_C(1) << 63;
		for (i = 0; i < VOP_ARRAY_SIZE(at); i++)
			for (j = 0; j < VOP_ARRAY_SIZE(lengths); j++) {
				unsigned r;

				if (at[i] < end)
					continue;
				blk_segment(s, at[i], lengths[j], 0);
				r = dare(&d, range[k].type, 0, s, sizeof(s), 0);
				/* A discard promises nothing. */
				if (range[k].type != BLK_T_DISCARD)
					not_ok(c, r, range[k].name, at[i]);
			}
		kept(c);
	}
}

static void too_many_segments(struct conf *c)
{
	uint8_t s[512 * BLK_RANGE];
	unsigned i, k;

	want_ranges(c);
	for (k = 0; k < VOP_ARRAY_SIZE(range); k++) {
		struct dare d = {.c = c};
		uint64_t max;

		blk_start(c, 0, KEPT + 8);
		blk_write(c, 0, KEPT, 800);
		if (!conf_has(c, range[k].bit))
			continue;
		max = blk_config(c, range[k].max_seg, 4);
		for (i = 0; i < 512; i++)
			blk_segment(s + i * BLK_RANGE, KEPT, 1, 0);
		if (max < 512)
			dare(&d, range[k].type, 0, s, (uint32_t)(max + 1) * BLK_RANGE, 0);
		dare(&d, range[k].type, 0, s, sizeof(s), 0);
		kept(c);
	}
}

static void odd_segments(struct conf *c)
{
	static const uint32_t len[] = {0, 1, 8, 15, 17, 24, 31};
	uint8_t s[2 * BLK_RANGE];
	unsigned i, k;

	want_ranges(c);
	for (k = 0; k < VOP_ARRAY_SIZE(range); k++) {
		struct dare d = {.c = c};

		blk_start(c, 0, KEPT + 8);
		blk_write(c, 0, KEPT, 800);
		for (i = 0; i < VOP_ARRAY_SIZE(len); i++) {
			blk_segment(s, KEPT, 1, 0);
			blk_segment(s + BLK_RANGE, KEPT + 1, 1, 0);
			dare(&d, range[k].type, 0, s, len[i], 0);
		}
		/* No sectors at all; data the wrong way. */
		blk_segment(s, KEPT, 0, 0);
		dare(&d, range[k].type, 0, s, BLK_RANGE, 0);
		dare(&d, range[k].type, 0, NULL, 0, BLK_RANGE);
		kept(c);
	}
}

/* --- configuration --- */

/* Wherever a driver writes: requests are served as before. */
static void config_writes(struct conf *c)
{
	uint8_t junk[8], value;
	uint64_t capacity;
	unsigned at;

	conf_want_if_offered(c, BLK_F_CONFIG_WCE);
	conf_want_if_offered(c, BLK_F_FLUSH);
	conf_start(c, 0);
	capacity = blk_capacity(c);
	memset(junk, 0xff, sizeof(junk));
	for (at = 0; at < BLK_C_SIZE; at += 4)
		conf_try_config_write(c, at, junk, at % 8 ? 4 : 8);
	conf_try_config_write(c, BLK_C_WRITEBACK, junk, 1);
	conf_try_config_write(c, BLK_C_WRITEBACK, junk, 2);
	for (value = 2; value < 5; value++)
		conf_try_config_write(c, BLK_C_WRITEBACK, &value, 1);
	if (!(conf_status(c) & VOP_STATUS_NEEDS_RESET))
		conf_serve(c, 4);
	conf_start(c, 0);
	CONF_EXPECT(c, blk_capacity(c) == capacity, "the driver wrote to capacity and changed it");
}

#define ROW(id, what, rings, fn)                                                                   \
	{                                                                                          \
		id, what, "text:device-types/blk/description.tex:534", CONF_TEXT, CONF_ROBUSTNESS, \
			rings, .device = BLK_ID, .run = fn                                         \
	}
static const struct conf_check checks[] = {
	ROW("blk/robust/read-beyond", "no read beyond the end ends well", CONF_BOTH, read_beyond),
	ROW("blk/robust/write-beyond", "no write beyond the end ends well or goes elsewhere",
	    CONF_BOTH, write_beyond),
	ROW("blk/robust/write-across-end", "a write across the end stays before it", CONF_ANY,
	    write_across_end),
	ROW("blk/robust/part-of-sector", "lengths that are no sectors harm nobody", CONF_ANY,
	    part_of_sector),
	ROW("blk/robust/no-status", "a request without room for a status harms nobody", CONF_BOTH,
	    no_status),
	ROW("blk/robust/short-header", "half a header harms nobody", CONF_BOTH, short_header),
	ROW("blk/robust/no-header", "a request without a header harms nobody", CONF_BOTH,
	    no_header),
	ROW("blk/robust/wrong-direction", "data in the wrong direction harms nobody", CONF_BOTH,
	    wrong_direction),
	ROW("blk/robust/both-directions", "data in both directions harms nobody", CONF_BOTH,
	    both_directions),
	ROW("blk/robust/odd-answers", "answers of odd lengths stay in their buffer", CONF_BOTH,
	    odd_answers),
	ROW("blk/robust/many-pieces", "a request as long as the ring harms nobody", CONF_BOTH,
	    many_pieces),
	ROW("blk/robust/huge-length", "lengths beyond all memory harm nobody", CONF_BOTH,
	    huge_length),
	ROW("blk/robust/segments-beyond", "segments beyond the end harm nobody", CONF_ANY,
	    segments_beyond),
	ROW("blk/robust/too-many-segments", "more segments than it takes harm nobody", CONF_ANY,
	    too_many_segments),
	ROW("blk/robust/odd-segments", "segments that are none harm nobody", CONF_ANY,
	    odd_segments),
	ROW("blk/robust/config-writes", "writes to the configuration harm nobody", CONF_ANY,
	    config_writes),
};
CONF_SECTION(conf_section_blk_robust, "5.2.6", "Block device: drivers that break the rules",
	     checks);
