/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.7 Split virtqueues: message framing (2.7.4), ids and lengths of used elements (2.7.8), and what
 * the device leaves alone (2.7.5.1). */
#include <string.h>

#include "conformance/sections.h"
#include "conformance/split_raw.h"

/* --- framing --- */

static void one(struct conf *c, struct cbuf *b)
{
	raw_fits(c, b);
	conf_submit(c, b);
	conf_finish(c, b);
}

static void framing_single(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 0; i < 5; i++)
		one(c, conf_probe(c, 1));
}

/* The cut goes through every place of the first bytes, where headers end. */
static void framing_every_cut(struct conf *c)
{
	uint32_t cut;

	conf_start(c, 0);
	for (cut = 1; cut <= 40; cut++)
		one(c, raw_cut(c, &cut, 1));
}

static void framing_bytes(struct conf *c)
{
	uint32_t cut[20], i;

	conf_start(c, 32);
	for (i = 0; i < VOP_ARRAY_SIZE(cut); i++)
		cut[i] = i + 1;
	one(c, raw_cut(c, cut, VOP_ARRAY_SIZE(cut)));
	one(c, raw_cut(c, cut, 3));
	one(c, raw_cut(c, cut, VOP_ARRAY_SIZE(cut)));
}

/* The last bytes by themselves, where status bytes lie. */
static void framing_tail(struct conf *c)
{
	uint8_t out[LANE_OUT_MAX];
	uint32_t out_len = 0, in_len = 0, total, back;

	conf_start(c, 0);
	conf_request(c, out, &out_len, &in_len);
	total = out_len + in_len;
	for (back = 1; back <= 8 && back < total; back++) {
		uint32_t cut[2];

		/* Requests may differ in length: the cut is at least near the end. */
		cut[0] = total - back;
		cut[1] = total - back + 1;
		one(c, raw_cut(c, cut, 2));
	}
}

static void framing_random(struct conf *c)
{
	unsigned i, j, n;

	conf_start(c, 16);
	for (i = 0; i < 60; i++) {
		uint32_t cut[10], at = 0;

		n = conf_below(c, VOP_ARRAY_SIZE(cut) + 1);
		for (j = 0; j < n; j++)
			cut[j] = at += 1 + conf_below(c, 60);
		one(c, raw_cut(c, cut, n));
	}
}

/* --- ids --- */

static void id_each(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 8);
	r = conf_ring(c);
	for (i = 0; i < 2 * r->size; i++) {
		struct cbuf *b = conf_probe(c, 0);
		unsigned j;

		raw_fits(c, b);
		/* The head is i, what follows lies behind it. */
		for (j = 0; j < r->size; j++)
			r->free_id[r->size - 1 - j] = (uint16_t)((i + j) % r->size);
		conf_submit(c, b);
		CONF_EXPECT(c, b->id == i % r->size, "the harness chose another head");
		conf_finish(c, b);
	}
}

/* The same head again as soon as it came back, while others are under way. */
static void id_again(struct conf *c)
{
	struct cring *r;
	struct cbuf *a, *b;
	unsigned i;

	conf_start(c, 32);
	r = conf_ring(c);
	a = conf_probe(c, 0);
	conf_submit(c, a);
	for (i = 0; i < 20; i++) {
		b = conf_probe(c, 0);
		conf_submit(c, b);
		conf_finish(c, a);
		a = b;
	}
	conf_finish(c, a);
	CONF_EXPECT(c, r->outstanding == 0, "%u buffers are missing", r->outstanding);
}

/* Of long chains too it is the head, and each buffer has one element. */
static void id_of_chains(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 32);
	r = conf_ring(c);
	for (i = 0; i < 6; i++) {
		uint16_t before = cring_used_idx(r);
		unsigned n = raw_batch(c, 4, 2 + i, false);

		CONF_EXPECT(c, (uint16_t)(cring_used_idx(r) - before) == n,
			    "the used index moved by %u for %u buffers",
			    (uint16_t)(cring_used_idx(r) - before), n);
	}
}

/* --- lengths --- */

static void len_read_only(struct conf *c)
{
	unsigned i;

	if (!conf_lane(c)->reads || conf_lane(c)->writes)
		conf_skip(c, "the buffers of this queue have writable parts");
	conf_start(c, 0);
	for (i = 0; i < 10; i++) {
		struct cbuf *b = conf_probe(c, 1 + i);

		conf_submit(c, b);
		conf_finish(c, b);
		CONF_EXPECT(c, b->used_len == 0, "a buffer without writable parts has length %u",
			    b->used_len);
	}
}

/* How many bytes from the front (or back) of the first len still are what was there before. */
static uint32_t untouched(const struct cbuf *b, uint32_t len, bool back, uint8_t fill)
{
	uint32_t i;

	for (i = 0; i < len; i++) {
		uint8_t x;

		cbuf_read(b, back ? len - 1 - i : i, &x, 1);
		if (x != fill)
			break;
	}
	return i;
}

/* `len` bytes from the first writable one on were written: twice, over two patterns, so that what
 * the device wrote cannot look like what was there. */
static void len_written(struct conf *c)
{
	static const uint8_t fill[] = {0x5a, 0xa7};
	unsigned i, j, k;

	if (!conf_lane(c)->writes)
		conf_skip(c, "the buffers of this queue have no writable part");
	conf_start(c, 0);
	for (i = 0; i < 8; i++) {
		struct cbuf *b = conf_probe(c, 1 + i);

		k = i % 2;
		for (j = 0; j < b->n; j++)
			if (b->seg[j].write)
				cmem_fill(c, b->seg[j].p, fill[k], b->seg[j].len);
		conf_submit(c, b);
		conf_finish(c, b);
		if (b->used_len == 0)
			continue;
		/* A few bytes may be the pattern by chance. */
		CONF_EXPECT(c, untouched(b, b->used_len, false, fill[k]) < VOP_MIN(b->used_len, 9u),
			    "length %u, and the first bytes are as they were", b->used_len);
		CONF_EXPECT(c, untouched(b, b->used_len, true, fill[k]) < VOP_MIN(b->used_len, 9u),
			    "length %u, and the last of these bytes are as they were", b->used_len);
	}
}

/* --- what is left alone --- */

static void desc_unchanged(struct conf *c)
{
	struct vop_split_desc before[16];
	struct cring *r;
	unsigned i;

	conf_start(c, 16);
	r = conf_ring(c);
	for (i = 0; i < 12; i++) {
		struct cbuf *b = conf_probe(c, 1 + i);

		raw_add(c, b);
		memcpy(before, r->desc, sizeof(before));
		cring_publish(r);
		cring_kick(r);
		conf_finish(c, b);
		CONF_EXPECT(c, memcmp(before, r->desc, sizeof(before)) == 0,
			    "the descriptor table was changed");
	}
}

static void avail_unchanged(struct conf *c)
{
	uint8_t before[6 + 2 * 8];
	struct cring *r;
	unsigned i;

	conf_start(c, 8);
	r = conf_ring(c);
	for (i = 0; i < 20; i++) {
		struct cbuf *b = conf_probe(c, 0);

		raw_add(c, b);
		cring_publish(r);
		memcpy(before, r->avail, sizeof(before));
		cring_kick(r);
		cring_wait(r, b);
		CONF_EXPECT(c,
			    memcmp(before, r->avail, 4) == 0 &&
				    memcmp(before + 4, r->avail->ring, 16) == 0,
			    "the available ring was changed");
		conf_finish(c, b);
	}
}

static void readable_unchanged(struct conf *c)
{
	unsigned i, j;

	if (!conf_lane(c)->reads)
		conf_skip(c, "the buffers of this queue have no readable part");
	conf_start(c, 0);
	for (i = 0; i < 10; i++) {
		struct cbuf *b = conf_probe(c, 1 + i);
		uint8_t sum = 0, now = 0;
		uint32_t k;

		for (j = 0; j < b->n; j++)
			for (k = 0; !b->seg[j].write && k < b->seg[j].len; k++)
				sum = (uint8_t)(sum * 31 + b->seg[j].p[k]);
		conf_submit(c, b);
		conf_finish(c, b);
		for (j = 0; j < b->n; j++)
			for (k = 0; !b->seg[j].write && k < b->seg[j].len; k++)
				now = (uint8_t)(now * 31 + b->seg[j].p[k]);
		CONF_EXPECT(c, sum == now, "a readable buffer was changed");
	}
}

/*
 * A buffer with more room than its request needs, and the surplus on pages of its own. First they
 * are filled: a device that writes there too may do so. If it did not, they are left untouched the
 * second time, and a page that exists afterwards was read.
 */
static void writable_not_read(struct conf *c)
{
	struct cbuf *b;
	struct cseg *s;
	uint32_t i, len;
	struct raw_trap t;

	if (!conf_lane(c)->writes)
		conf_skip(c, "the buffers of this queue have no writable part");
	conf_start(c, 0);
	b = conf_probe(c, 1);
	if (b->seg[b->n - 1].len < 512)
		conf_skip(c, "the buffers of this queue leave nothing over");
	cbuf_in(c, b, 4096);
	s = cbuf_seg(b, b->n - 1);
	conf_submit(c, b);
	cring_wait(conf_ring(c), b);
	len = b->in_len - 4096;
	if (b->used_len > len)
		conf_skip(c, "the device fills whatever it is given");
	for (i = 0; i < 4096; i++)
		if (s->p[i] != 0x5a)
			conf_skip(c, "the device writes beyond the length it tells");
	conf_finish(c, b);
	raw_trap_set(c, &t);
	b = conf_probe(c, 1);
	len = b->in_len;
	raw_add_behind(c, b, t.bus, 4096);
	cring_publish(conf_ring(c));
	cring_kick(conf_ring(c));
	conf_finish(c, b);
	CONF_EXPECT(c, b->used_len <= len, "the device writes more this time");
	CONF_EXPECT(c, cmem_touched(c, t.p, 1) == 0,
		    "a writable buffer was read: its last page was not written and exists");
}

/* Buffers that lie across the edges of pages, at every odd place. */
static void page_edges(struct conf *c)
{
	unsigned i, j, k;

	conf_start(c, 0);
	for (i = 0; i < 6; i++) {
		struct cbuf *b = conf_probe(c, 2);

		for (j = 0; j < b->n; j++) {
			struct cseg *s = cbuf_seg(b, j);
			uint64_t bus;
			uint8_t *p = cmem_alloc(c, 8192 + LANE_OUT_MAX, 4096, &bus,
						"a buffer across a page edge");
			uint32_t at = 4096 - 1 - (i * 13 + j) % VOP_MAX(s->len, 1u) % 4095;

			for (k = 0; k < s->len; k++)
				cmem_put(c, p + at + k, s->p + k, 1);
			s->p = p + at;
			s->bus = bus + at;
		}
		one(c, b);
	}
}

static const struct conf_check checks[] = {
	{"split/framing/single", "a request in as few descriptors as can be is served",
	 "2.7.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = framing_single},
	{"split/framing/every-cut", "a request may be cut anywhere near its front", "2.7.4.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = framing_every_cut},
	{"split/framing/bytes", "descriptors of one byte each hold a header as well",
	 "2.7.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = framing_bytes},
	{"split/framing/tail", "a request may be cut anywhere near its end", "2.7.4.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = framing_tail},
	{"split/framing/random", "requests cut at random are served", "2.7.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = framing_random},
	{"split/framing/page-edges", "buffers may lie across the edges of pages",
	 "text:split-ring.tex:174", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = page_edges},
	{"split/id/each", "every descriptor can be a head, and is told as such",
	 "text:split-ring.tex:416", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = id_each},
	{"split/id/again", "a head may be used again at once", "text:split-ring.tex:416", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = id_again},
	{"split/id/chains", "the id of a chain is its head, and the index moves by one",
	 "text:split-ring.tex:416 text:split-ring.tex:433", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = id_of_chains},
	{"split/len/read-only", "a buffer that cannot be written has length 0",
	 "text:split-ring.tex:418", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = len_read_only},
	{"split/len/written",
	 "as many bytes as the length says were written, from the first one on", "2.7.8.2:dev:2",
	 CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = len_written},
	{"split/alone/descriptors", "the descriptor table is never written", "2.7.5.1:dev:4",
	 CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = desc_unchanged},
	{"split/alone/available-ring", "the available ring is never written",
	 "text:split-ring.tex:308", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = avail_unchanged},
	{"split/alone/readable", "a readable buffer is not written", "2.7.5.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = readable_unchanged},
	{"split/alone/writable-not-read", "a writable buffer is not read", "2.7.5.1:dev:2",
	 CONF_SHOULD, CONF_CONFORMANCE, CONF_SPLIT, .run = writable_not_read},
};
CONF_SECTION(conf_section_split_frame, "2.7", "Split virtqueues: buffers", checks);
