/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "conformance/blk_req.h"

#define DATA_MAX (512u << 10)

void blk_header(uint8_t *out, uint32_t type, uint64_t sector)
{
	blk_put(out, 4, type);
	blk_put(out + 4, 4, 0);
	blk_put(out + 8, 8, sector);
}

static uint8_t byte_of(uint64_t seed, uint32_t at)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ull + at / BLK_SECTOR * 0x632be59bd9b4e019ull + at;
	uint8_t v = (uint8_t)(x >> 56 ^ x);

	return v == 0 || v == 0x5a ? 0x77 : v;
}

void blk_pattern(uint8_t *to, uint32_t len, uint64_t seed)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		to[i] = byte_of(seed, i);
}

void blk_compare(struct conf *c, const uint8_t *got, uint32_t len, uint64_t seed, uint64_t sector)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		CONF_EXPECT(c, got[i] == byte_of(seed, i),
			    "byte %u of sector %llu reads 0x%02x and was written as 0x%02x",
			    i % BLK_SECTOR, (unsigned long long)sector + i / BLK_SECTOR, got[i],
			    byte_of(seed, i));
}

void blk_out_bytes(const struct cbuf *b, uint32_t from, void *dst, uint32_t len)
{
	uint8_t *to = dst;
	unsigned i;

	for (i = 0; i < b->n && len; i++) {
		const struct cseg *s = &b->seg[i];
		uint32_t take;

		if (s->write)
			break;
		if (from >= s->len) {
			from -= s->len;
			continue;
		}
		take = VOP_MIN(len, s->len - from);
		memcpy(to, s->p + from, take);
		to += take;
		len -= take;
		from = 0;
	}
}

struct cbuf *blk_make(struct conf *c, uint32_t type, uint64_t sector, const void *out,
		      uint32_t out_len, uint32_t in_len, unsigned pieces)
{
	uint8_t bytes[BLK_HDR + DATA_MAX];
	struct cbuf *b;

	if (out_len > DATA_MAX)
		conf_error(c, "a request of %u bytes is too long for this", out_len);
	blk_header(bytes, type, sector);
	if (out_len)
		memcpy(bytes + BLK_HDR, out, out_len);
	if (pieces)
		return cbuf_cut(c, bytes, BLK_HDR + out_len, in_len + 1, pieces);
	b = cbuf_new(c);
	cbuf_out(c, b, bytes, BLK_HDR);
	if (out_len)
		cbuf_out(c, b, bytes + BLK_HDR, out_len);
	if (in_len)
		cbuf_in(c, b, in_len);
	cbuf_in(c, b, 1);
	return b;
}

static unsigned status_max(const struct conf *c)
{
	return conf_has(c, BLK_F_ZONED) ? BLK_S_ZONE_ACTIVE_RESOURCE : BLK_S_UNSUPP;
}

unsigned blk_status(struct conf *c, const struct cbuf *b)
{
	uint8_t s;

	cbuf_read(b, b->in_len - 1, &s, 1);
	conf_note(c, "status %u", s);
	/* 5.2.6 */
	CONF_EXPECT(c, s <= status_max(c), "a request ended with status %u, which there is not%s",
		    s, s == 0x5a ? " (nothing was written there)" : "");
	/* The length counts from the start of what is written, and the status is its end. */
	CONF_EXPECT(c, s != BLK_S_OK || b->batched || b->used_len == b->in_len,
		    "a request that ended well has %u bytes to be written and was used with length "
		    "%u, which leaves out its status",
		    b->in_len, b->used_len);
	return s;
}

static unsigned handed(struct conf *c, struct cbuf *b, void *in)
{
	unsigned s;

	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	s = blk_status(c, b);
	if (in)
		cbuf_read(b, 0, in, b->in_len - 1);
	return s;
}

unsigned blk_do(struct conf *c, uint32_t type, uint64_t sector, const void *out, uint32_t out_len,
		void *in, uint32_t in_len)
{
	return handed(c, blk_make(c, type, sector, out, out_len, in_len, 0), in);
}

static bool answered(struct conf *c, void *arg)
{
	struct cbuf *b = arg;

	return b->used || (cring_take(conf_ring(c)), b->used) ||
	       conf_status(c) & VOP_STATUS_NEEDS_RESET;
}

unsigned blk_dare_buffer(struct conf *c, struct cbuf *b)
{
	uint8_t s;

	cring_submit(conf_ring(c), b);
	conf_wait(c, answered, b);
	if (!b->used) {
		/* It may stop, but then it says so where it can. */
		CONF_EXPECT(c,
			    conf_target(c)->caps.missing & TARGET_LACKS_STATUS ||
				    conf_status(c) & VOP_STATUS_NEEDS_RESET,
			    "a request did not come back, and the device needs no reset");
		return BLK_NO_ANSWER;
	}
	if (b->in_len == 0 || b->used_len < b->in_len)
		return BLK_NO_ANSWER;
	cbuf_read(b, b->in_len - 1, &s, 1);
	CONF_EXPECT(c, s <= status_max(c), "a request ended with status %u, which there is not", s);
	return s;
}

unsigned blk_dare(struct conf *c, uint32_t type, uint64_t sector, const void *out, uint32_t out_len,
		  void *in, uint32_t in_len)
{
	struct cbuf *b = blk_make(c, type, sector, out, out_len, in_len, 0);
	unsigned s = blk_dare_buffer(c, b);

	if (in && s != BLK_NO_ANSWER)
		cbuf_read(b, 0, in, in_len);
	return s;
}

void blk_want(struct conf *c, unsigned status, unsigned want, const char *what)
{
	static const char *const word[] = {"OK",
					   "IOERR",
					   "UNSUPP",
					   "ZONE_INVALID_CMD",
					   "ZONE_UNALIGNED_WP",
					   "ZONE_OPEN_RESOURCE",
					   "ZONE_ACTIVE_RESOURCE"};

	if (status != want)
		conf_fail(c, "%s ended with status %u (%s), not with %s", what, status,
			  status < VOP_ARRAY_SIZE(word) ? word[status] : "no answer", word[want]);
}

void blk_write(struct conf *c, uint64_t sector, uint32_t n, uint64_t seed)
{
	uint8_t data[DATA_MAX];

	blk_pattern(data, n * BLK_SECTOR, seed);
	blk_want(c, blk_do(c, BLK_T_OUT, sector, data, n * BLK_SECTOR, NULL, 0), BLK_S_OK,
		 "a write");
}

void blk_holds(struct conf *c, uint64_t sector, uint32_t n, uint64_t seed)
{
	uint8_t data[DATA_MAX];

	blk_want(c, blk_do(c, BLK_T_IN, sector, NULL, 0, data, n * BLK_SECTOR), BLK_S_OK, "a read");
	blk_compare(c, data, n * BLK_SECTOR, seed, sector);
}

void blk_zeroes(struct conf *c, uint64_t sector, uint32_t n)
{
	uint8_t data[DATA_MAX];
	uint32_t i;

	blk_want(c, blk_do(c, BLK_T_IN, sector, NULL, 0, data, n * BLK_SECTOR), BLK_S_OK, "a read");
	for (i = 0; i < n * BLK_SECTOR; i++)
		CONF_EXPECT(c, data[i] == 0, "byte %u of sector %llu reads 0x%02x and not 0",
			    i % BLK_SECTOR, (unsigned long long)sector + i / BLK_SECTOR, data[i]);
}

void blk_segment(uint8_t *p, uint64_t sector, uint32_t n, uint32_t flags)
{
	blk_put(p, 8, sector);
	blk_put(p + 8, 4, n);
	blk_put(p + 12, 4, flags);
}

unsigned blk_ranges(struct conf *c, uint32_t type, const uint8_t *segments, unsigned n)
{
	return blk_do(c, type, 0, segments, n * BLK_RANGE, NULL, 0);
}

uint64_t blk_config(struct conf *c, unsigned at, unsigned bytes)
{
	uint8_t v[8];

	conf_config(c, at, v, bytes);
	return blk_get(v, bytes);
}

uint64_t blk_capacity(struct conf *c)
{
	return blk_config(c, BLK_C_CAPACITY, 8);
}

void blk_start(struct conf *c, uint16_t size, uint32_t n)
{
	uint8_t report[2 * BLK_REPORT];
	uint64_t sectors;

	if (vop_feature_has(conf_offered(c), BLK_F_RO))
		conf_skip(c, "the device is read-only");
	conf_start(c, size);
	sectors = blk_capacity(c);
	if (conf_has(c, BLK_F_ZONED) && blk_config(c, BLK_C_MODEL, 1) != BLK_Z_NONE) {
		blk_want(c, blk_do(c, BLK_T_ZONE_REPORT, 0, NULL, 0, report, sizeof(report)),
			 BLK_S_OK, "a zone report");
		if (report[BLK_REPORT + 24] == BLK_ZT_SWR)
			conf_skip(c, "the first zone of this device is written in order");
		sectors = VOP_MIN(sectors, blk_config(c, BLK_C_ZONE_SECTORS, 4));
	}
	if (sectors < n)
		conf_skip(c,
			  "%u sectors are needed that can be written in any order, there are %llu",
			  n, (unsigned long long)sectors);
}
