/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.2.3 to 5.2.5 Block device: features, configuration, queues. */
#include <string.h>

#include "conformance/blk_req.h"
#include "conformance/sections.h"

static bool offers(const struct conf *c, unsigned bit)
{
	return vop_feature_has(conf_offered(c), bit);
}

/* A byte of the configuration; false where it does not reach so far. */
static bool byte_at(struct conf *c, unsigned at, uint8_t *v)
{
	return conf_try_config_read(c, at, v, 1, NULL) == 0;
}

static void wce_needs_flush(struct conf *c)
{
	CONF_EXPECT(c, offers(c, BLK_F_FLUSH), "CONFIG_WCE is offered and FLUSH is not");
}

static void flush_offered(struct conf *c)
{
	CONF_EXPECT(c, offers(c, BLK_F_FLUSH), "FLUSH is not offered");
}

static void through_without_flush(struct conf *c)
{
	uint64_t v;

	conf_start(c, 0);
	v = blk_config(c, BLK_C_WRITEBACK, 1);
	CONF_EXPECT(c, v == 0,
		    "CONFIG_WCE was negotiated and FLUSH was not, and writeback is %llu, not 0",
		    (unsigned long long)v);
}

static void writeback_value(struct conf *c)
{
	uint64_t v;

	conf_start(c, 0);
	v = blk_config(c, BLK_C_WRITEBACK, 1);
	CONF_EXPECT(c, v <= 1, "writeback is %llu, neither 0 nor 1", (unsigned long long)v);
}

/* The driver chooses the mode, as often as it likes, and requests are served in both. */
static void writeback_switch(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 0; i < 6; i++) {
		uint8_t want = i % 2 == 0;
		uint64_t got;
		int r = conf_try_config_write(c, BLK_C_WRITEBACK, &want, 1);

		CONF_EXPECT(c, r == 0, "%u cannot be written to writeback: %s", want, strerror(-r));
		got = blk_config(c, BLK_C_WRITEBACK, 1);
		CONF_EXPECT(c, got == want, "%u was written to writeback, and it reads %llu", want,
			    (unsigned long long)got);
		conf_serve(c, 2);
	}
}

static void padding(struct conf *c)
{
	static const unsigned at[] = {BLK_C_UNUSED0, BLK_C_UNUSED1, BLK_C_UNUSED1 + 1,
				      BLK_C_UNUSED1 + 2};
	unsigned i, seen = 0;
	uint8_t v;

	conf_start(c, 0);
	for (i = 0; i < VOP_ARRAY_SIZE(at); i++) {
		if (!byte_at(c, at[i], &v))
			continue;
		seen++;
		CONF_EXPECT(c, v == 0, "%s, byte %u of the configuration, is 0x%02x and not 0",
			    i ? "unused1" : "unused0", at[i], v);
	}
	if (!seen)
		conf_skip(c, "the configuration ends before unused0");
}

/* All fields of features that are offered are there. */
static void fields_exist(struct conf *c)
{
	static const struct {
		unsigned bit, at, bytes;
		const char *name;
	} field[] = {
		{BLK_F_SIZE_MAX, BLK_C_SIZE_MAX, 4, "size_max"},
		{BLK_F_SEG_MAX, BLK_C_SEG_MAX, 4, "seg_max"},
		{BLK_F_GEOMETRY, BLK_C_GEOMETRY, 4, "geometry"},
		{BLK_F_BLK_SIZE, BLK_C_BLK_SIZE, 4, "blk_size"},
		{BLK_F_TOPOLOGY, BLK_C_TOPOLOGY, 8, "topology"},
		{BLK_F_CONFIG_WCE, BLK_C_WRITEBACK, 1, "writeback"},
		{BLK_F_MQ, BLK_C_NUM_QUEUES, 2, "num_queues"},
		{BLK_F_DISCARD, BLK_C_MAX_DISCARD_SECTORS, 4, "max_discard_sectors"},
		{BLK_F_DISCARD, BLK_C_DISCARD_ALIGNMENT, 4, "discard_sector_alignment"},
		{BLK_F_WRITE_ZEROES, BLK_C_MAX_ZEROES_SEG, 4, "max_write_zeroes_seg"},
		{BLK_F_WRITE_ZEROES, BLK_C_ZEROES_MAY_UNMAP, 1, "write_zeroes_may_unmap"},
		{BLK_F_SECURE_ERASE, BLK_C_MAX_ERASE_SEG, 4, "max_secure_erase_seg"},
		{BLK_F_SECURE_ERASE, BLK_C_ERASE_ALIGNMENT, 4, "secure_erase_sector_alignment"},
		{BLK_F_ZONED, BLK_C_MODEL, 1, "zoned.model"},
	};
	uint8_t v[8];
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(field); i++)
		conf_want_if_offered(c, field[i].bit);
	conf_start(c, 0);
	for (i = 0; i < VOP_ARRAY_SIZE(field); i++)
		CONF_EXPECT(c,
			    !offers(c, field[i].bit) ||
				    !conf_try_config_read(c, field[i].at, v, field[i].bytes, NULL),
			    "the feature of %s was negotiated, and it cannot be read",
			    field[i].name);
	/* With all of them the device still serves. */
	conf_serve(c, 4);
}

/* A queue serves: written there, read on the first one, and the other way round. */
static void serve_on(struct conf *c, struct cring *first, struct cring *other, unsigned n)
{
	conf_set_ring(c, other);
	blk_write(c, 2 * n, 2, 300 + n);
	conf_set_ring(c, first);
	blk_holds(c, 2 * n, 2, 300 + n);
	blk_write(c, 2 * n, 1, 400 + n);
	conf_set_ring(c, other);
	blk_holds(c, 2 * n, 1, 400 + n);
	conf_set_ring(c, first);
}

static void num_queues(struct conf *c)
{
	struct cring *q[16];
	unsigned n, i;

	if (offers(c, BLK_F_RO) || offers(c, BLK_F_ZONED))
		conf_skip(c, "this is judged on a plain disk");
	conf_prepare(c, 0);
	n = (unsigned)blk_config(c, BLK_C_NUM_QUEUES, 2);
	CONF_EXPECT(c, n > 0, "MQ was negotiated and num_queues is 0");
	n = VOP_MIN(n, (unsigned)VOP_ARRAY_SIZE(q));
	q[0] = conf_ring(c);
	for (i = 1; i < n; i++)
		q[i] = cring_open(c, i, 0);
	conf_driver_ok(c);
	if (blk_capacity(c) < 2 * n)
		conf_skip(c, "the disk is too small");
	for (i = 0; i < n; i++)
		serve_on(c, q[0], q[i], i);
}

/* All queues at work at once. */
static void all_queues(struct conf *c)
{
	uint8_t data[BLK_SECTOR];
	struct cring *q[4], *first;
	struct cbuf *b[4][4];
	unsigned n, i, j;

	if (offers(c, BLK_F_RO) || offers(c, BLK_F_ZONED))
		conf_skip(c, "this is judged on a plain disk");
	conf_prepare(c, 16);
	n = VOP_MIN((unsigned)blk_config(c, BLK_C_NUM_QUEUES, 2), 4u);
	first = q[0] = conf_ring(c);
	for (i = 1; i < n; i++)
		q[i] = cring_open(c, i, 16);
	conf_driver_ok(c);
	for (i = 0; i < n; i++) {
		for (j = 0; j < 4; j++) {
			blk_pattern(data, sizeof(data), 10 * i + j);
			b[i][j] = blk_make(c, BLK_T_OUT, 4 * i + j, data, sizeof(data), 0, 0);
			cring_add(q[i], b[i][j]);
		}
		cring_publish(q[i]);
	}
	for (i = n; i-- > 0;)
		cring_kick(q[i]);
	for (i = 0; i < n; i++) {
		cring_wait_all(q[i]);
		for (j = 0; j < 4; j++)
			blk_want(c, blk_status(c, b[i][j]), BLK_S_OK, "a write");
	}
	conf_set_ring(c, first);
	for (i = 0; i < n; i++)
		for (j = 0; j < 4; j++)
			blk_holds(c, 4 * i + j, 1, 10 * i + j);
}

/* A request of seg_max pieces of data; in a table where the ring is too short. */
static void seg_max(struct conf *c)
{
	uint64_t max;
	unsigned n, i;
	uint16_t ring;
	struct cbuf *b;
	uint8_t h[BLK_HDR], data[BLK_SECTOR];
	bool table;

	conf_negotiate(c);
	max = blk_config(c, BLK_C_SEG_MAX, 4);
	CONF_EXPECT(c, max > 0, "SEG_MAX was negotiated and seg_max is 0");
	/* No chain is longer than its ring (2.7.5.3.1), be it in a table or not. */
	ring = conf_queue_size_max(c, 0);
	/* Header, status, and one segment at least (2.7.5.3.1). */
	if (ring < 3)
		conf_skip(c, "a queue of %u descriptors holds no request with data", ring);
	n = (unsigned)VOP_MIN(max, (uint64_t)VOP_MIN(ring - 2u, CSEG_MAX - 8));
	for (i = 16; i < n + 2; i *= 2)
		;
	table = conf_want_if_offered(c, VOP_F_INDIRECT_DESC);
	blk_start(c, (uint16_t)VOP_MIN(i, (unsigned)ring), n);
	b = cbuf_new(c);
	blk_header(h, BLK_T_OUT, 0);
	cbuf_out(c, b, h, BLK_HDR);
	for (i = 0; i < n; i++) {
		blk_pattern(data, sizeof(data), 500 + i);
		cbuf_out(c, b, data, sizeof(data));
	}
	cbuf_in(c, b, 1);
	b->indirect = table;
	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	blk_want(c, blk_status(c, b), BLK_S_OK, "a write of seg_max segments");
	for (i = 0; i < n; i += 13)
		blk_holds(c, i, 1, 500 + i);
	blk_holds(c, n - 1, 1, 500 + n - 1);
	b = cbuf_new(c);
	blk_header(h, BLK_T_IN, 0);
	cbuf_out(c, b, h, BLK_HDR);
	for (i = 0; i < n; i++)
		cbuf_in(c, b, BLK_SECTOR);
	cbuf_in(c, b, 1);
	b->indirect = table;
	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	blk_want(c, blk_status(c, b), BLK_S_OK, "a read of seg_max segments");
	for (i = 0; i < n; i++) {
		cbuf_read(b, i * BLK_SECTOR, data, sizeof(data));
		blk_compare(c, data, sizeof(data), 500 + i, i);
	}
}

/* A single segment as large as one may be. */
static void size_max(struct conf *c)
{
	uint64_t max;
	uint32_t n;

	conf_negotiate(c);
	max = blk_config(c, BLK_C_SIZE_MAX, 4);
	CONF_EXPECT(c, max > 0, "SIZE_MAX was negotiated and size_max is 0");
	n = (uint32_t)VOP_MIN(max, (uint64_t)128 << 10) / BLK_SECTOR;
	if (n == 0)
		conf_skip(c, "size_max is %llu, less than a sector", (unsigned long long)max);
	blk_start(c, 0, n);
	blk_write(c, 0, n, 91);
	blk_holds(c, 0, n, 91);
}

#define SPEC(line) "text:device-types/blk/description.tex:" #line
#define ROW(id, what, clauses, level, fn)                                                          \
	id, what, clauses, level, CONF_CONFORMANCE, CONF_ANY, .device = BLK_ID, .run = fn
static const struct conf_check checks[] = {
	{ROW("blk/features/wce-needs-flush", "CONFIG_WCE comes with FLUSH", "5.2.5.2:dev:2",
	     CONF_MUST, wce_needs_flush),
	 .needs = {CONF_F(BLK_F_CONFIG_WCE)}},
	{ROW("blk/features/flush", "FLUSH is offered", "5.2.5.2:dev:1", CONF_SHOULD,
	     flush_offered)},
	{ROW("blk/config/through-without-flush", "a driver that cannot flush finds writeback 0",
	     "5.2.5.2:dev:3", CONF_MUST, through_without_flush),
	 .needs = {CONF_F(BLK_F_CONFIG_WCE)}},
	{ROW("blk/config/writeback-value", "writeback is 0 or 1", SPEC(245), CONF_TEXT,
	     writeback_value),
	 .needs = {CONF_F(BLK_F_CONFIG_WCE), CONF_F(BLK_F_FLUSH)}},
	{ROW("blk/config/writeback-switch", "the cache mode is what the driver writes", SPEC(245),
	     CONF_TEXT, writeback_switch),
	 .needs = {CONF_F(BLK_F_CONFIG_WCE), CONF_F(BLK_F_FLUSH)}},
	{ROW("blk/config/padding", "unused0 and unused1 are 0", "5.2.5.2:dev:4", CONF_MUST,
	     padding)},
	{ROW("blk/config/fields", "fields of negotiated features can be read", SPEC(135), CONF_TEXT,
	     fields_exist)},
	{ROW("blk/queues/num-queues", "each of num_queues serves the same disk", SPEC(148),
	     CONF_TEXT, num_queues),
	 .needs = {CONF_F(BLK_F_MQ)}},
	{"blk/queues/all-at-once", "queues do not mix up", SPEC(148), CONF_TEXT, CONF_CONFORMANCE,
	 CONF_BOTH, .device = BLK_ID, .needs = {CONF_F(BLK_F_MQ)}, .run = all_queues},
	{"blk/config/seg-max", "a request may have seg_max segments", SPEC(27), CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, .device = BLK_ID, .needs = {CONF_F(BLK_F_SEG_MAX)},
	 .run = seg_max},
	{ROW("blk/config/size-max", "a segment may have size_max bytes", SPEC(24), CONF_TEXT,
	     size_max),
	 .needs = {CONF_F(BLK_F_SIZE_MAX)}},
};
CONF_SECTION(conf_section_blk_config, "5.2.5", "Block device: features and configuration", checks);
