/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.7 Split virtqueues: layout, chains, ids, lengths, indexes, message framing. */
#include <string.h>

#include "conformance/sections.h"
#include "conformance/split_raw.h"

/* --- serving --- */

static void serves(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 40);
}

static void batch(struct conf *c)
{
	unsigned turn;

	conf_start(c, 32);
	for (turn = 0; turn < 6; turn++)
		raw_batch(c, 8, 1 + turn % 4, false);
}

/* As many buffers as there are descriptors. */
static void full(struct conf *c)
{
	struct cbuf *b;
	unsigned turn;

	conf_start(c, 16);
	b = conf_probe(c, 1);
	for (turn = 0; turn < 3; turn++)
		CONF_EXPECT(c, raw_batch(c, 16 / b->n, 1, false) == 16 / b->n, "no room");
}

/* Some are published, others written beside them: only the index says which are there. */
static void published_only(struct conf *c)
{
	struct cring *r;
	struct cbuf *b[4];
	unsigned i;

	conf_start(c, 32);
	conf_serve(c, 3);
	r = conf_ring(c);
	for (i = 0; i < 4; i++) {
		b[i] = conf_probe(c, 0);
		raw_add(c, b[i]);
		if (i == 1)
			cring_publish(r);
	}
	cring_kick_always(r);
	cring_wait(r, b[0]);
	cring_wait(r, b[1]);
	conf_settle(c);
	CONF_EXPECT(c, !cring_take(r), "a buffer was used that the index does not cover yet");
	cring_publish(r);
	cring_kick(r);
	for (i = 0; i < 4; i++)
		conf_finish(c, b[i]);
}

static void nothing_published(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;

	conf_start(c, 0);
	r = conf_ring(c);
	b = conf_probe(c, 0);
	raw_add(c, b);
	cring_kick_always(r);
	conf_settle(c);
	CONF_EXPECT(c, cring_used_idx(r) == 0, "a buffer was used before the index covered it");
	cring_publish(r);
	cring_kick_always(r);
	conf_finish(c, b);
}

/* --- sizes --- */

static void of_size(struct conf *c, uint16_t size)
{
	conf_start(c, size);
	raw_fits(c, conf_probe(c, 1));
	raw_batch(c, 1, 1, false);
	for (unsigned i = 0; i < 3u * size && i < 40; i++)
		raw_batch(c, 1 + i % 3, 1, false);
}

static void size_1(struct conf *c)
{
	of_size(c, 1);
}

static void size_2(struct conf *c)
{
	of_size(c, 2);
}

static void size_4(struct conf *c)
{
	of_size(c, 4);
}

static void size_8(struct conf *c)
{
	of_size(c, 8);
}

static void size_64(struct conf *c)
{
	of_size(c, 64);
}

/* The largest power of 2 the device takes; more than one lap of it. */
static void size_max(struct conf *c)
{
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue), size = 1;

	while (size <= max / 2)
		size = (uint16_t)(2 * size);
	conf_start(c, size);
	if (size > 1024)
		conf_serve(c, 30);
	else
		raw_forward(c, size + 20u);
	raw_batch(c, 8, 0, false);
}

/* --- layout --- */

/* The parts of the ring elsewhere: at `at` bytes behind a multiple of 64, in one row with nothing
 * between them if `tight`, else far apart and in the opposite order. */
static void place(struct conf *c, struct cring *r, bool tight)
{
	size_t desc = vop_split_desc_size(r->size), avail = vop_split_avail_size(r->size),
	       used = vop_split_used_size(r->size), at;
	uint8_t *p;
	uint64_t bus;

	if (tight) {
		p = cmem_alloc(c, desc + avail + used + 64, 64, &bus, "the ring in one row");
		at = vop_align_up(16 + desc + avail, 4);
		r->desc = (void *)(p + 16);
		r->cfg.desc_bus = bus + 16;
		r->avail = (void *)(p + 16 + desc);
		r->cfg.driver_bus = bus + 16 + desc;
		r->used = (void *)(p + at);
		r->cfg.device_bus = bus + at;
	} else {
		p = cmem_alloc(c, used + 8, 64, &bus, "the used ring");
		r->used = (void *)(p + 4);
		r->cfg.device_bus = bus + 4;
		p = cmem_alloc(c, avail + 4, 64, &bus, "the available ring");
		r->avail = (void *)(p + 2);
		r->cfg.driver_bus = bus + 2;
		p = cmem_alloc(c, desc + 16, 64, &bus, "the descriptor table");
		r->desc = (void *)(p + 16);
		r->cfg.desc_bus = bus + 16;
	}
	cmem_open(c, r->used, used);
}

static void start_placed(struct conf *c, uint16_t size, bool tight)
{
	struct cring *r;

	conf_prepare_others(c);
	r = cring_new(c, conf_lane(c)->queue, size);
	place(c, r, tight);
	cring_setup(r);
	conf_set_ring(c, r);
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
}

static void layout_least_alignment(struct conf *c)
{
	start_placed(c, 8, false);
	conf_serve(c, 20);
}

static void layout_tight(struct conf *c)
{
	start_placed(c, 8, true);
	conf_serve(c, 20);
}

static void layout_tight_event(struct conf *c)
{
	start_placed(c, 8, true);
	conf_serve(c, 20);
}

/* Only idx and flags need to be 0 when the queue is set up. */
static void used_prefilled(struct conf *c)
{
	struct cring *r;

	conf_prepare(c, 8);
	r = conf_ring(c);
	cmem_fill(c, r->used->ring, 0xff, 8 * r->size);
	cmem_open(c, r->used->ring, 8 * r->size);
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
	for (unsigned i = 0; i < 20; i++) {
		struct cbuf *b = conf_probe(c, 0);

		raw_fits(c, b);
		cmem_fill(c, &r->used->ring[r->used_idx % r->size], 0xff, 8);
		conf_submit(c, b);
		conf_finish(c, b);
	}
}

/* --- chains --- */

static void chain_lengths(struct conf *c)
{
	unsigned n;

	conf_start(c, 32);
	for (n = 1; n <= 24; n++)
		raw_batch(c, 1, n, false);
}

static void chain_whole_queue(struct conf *c)
{
	unsigned i;

	conf_start(c, 16);
	for (i = 0; i < 3; i++) {
		struct cbuf *b = conf_probe(c, 16);

		conf_submit(c, b);
		conf_finish(c, b);
		conf_serve(c, 1);
	}
}

/* Free descriptors in an order of the check's: the next ones lie before or far behind. */
static void chain_order(struct conf *c, unsigned step)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 16);
	r = conf_ring(c);
	for (i = 0; i < r->size; i++)
		r->free_id[i] = (uint16_t)(i * step % r->size);
	raw_batch(c, 3, 5, false);
	raw_batch(c, 2, 8, false);
	raw_batch(c, 4, 0, false);
}

static void chain_backwards(struct conf *c)
{
	/* The stack is taken from its top. */
	chain_order(c, 1);
}

static void chain_jumping(struct conf *c)
{
	chain_order(c, 7);
}

/* next counts only where NEXT is set. */
static void next_ignored(struct conf *c)
{
	static const uint16_t next[] = {1, 15, 16, 0x7fff, 0xffff};
	struct cring *r;
	unsigned i;

	conf_start(c, 16);
	r = conf_ring(c);
	for (i = 0; i < VOP_ARRAY_SIZE(next); i++) {
		struct cbuf *b = conf_probe(c, 0);
		uint16_t at;
		unsigned j;

		cring_add(r, b);
		for (at = b->id, j = 1; j < b->n; j++)
			at = le16toh(r->desc[at].next);
		cmem_put16(c, &r->desc[at].next, next[i]);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		cring_publish(r);
		cring_kick(r);
		conf_finish(c, b);
	}
}

/* Descriptors that belong to no chain hold anything. */
static void other_descriptors(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 32);
	r = conf_ring(c);
	for (i = 0; i < r->size; i++)
		raw_desc(c, &r->desc[i], conf_random(c), (uint32_t)conf_random(c),
			 (uint16_t)conf_random(c), (uint16_t)conf_random(c));
	for (i = 0; i < 10; i++)
		raw_batch(c, 3, 1 + i % 4, false);
}

/* --- the index --- */

/* Once around 65536 in a ring much smaller, and over the edge one by one. */
static void index_wraps(struct conf *c)
{
	conf_start(c, 64);
	raw_forward(c, 65536 - 12);
	conf_serve(c, 6);
	raw_batch(c, 9, 0, false);
	conf_serve(c, 6);
	CONF_EXPECT(c, conf_ring(c)->used_idx < 64, "the harness lost count");
}

static const struct conf_check checks[] = {
	{"split/serves", "buffers come back in turn", "text:split-ring.tex:56", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = serves},
	{"split/batch", "buffers published together all come back", "text:split-ring.tex:595",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = batch},
	{"split/full-ring", "as many buffers as the queue size may be outstanding",
	 "text:split-ring.tex:47", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = full},
	{"split/index/published-only", "entries are taken as far as the available index says",
	 "text:split-ring.tex:311 text:split-ring.tex:679", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = published_only},
	{"split/index/starts-at-0", "an entry without an index is not taken, kicked or not",
	 "text:split-ring.tex:311", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = nothing_published},
	{"split/index/wraps", "both indexes pass 65535", "text:split-ring.tex:672", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .lane = CONF_FIRST_LANE, .slow = true, .run = index_wraps},
	{"split/size/1", "a queue of one descriptor serves", "text:split-ring.tex:49", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = size_1},
	{"split/size/2", "a queue of two descriptors serves", "text:split-ring.tex:49", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = size_2},
	{"split/size/4", "a queue of four descriptors serves", "text:split-ring.tex:49", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = size_4},
	{"split/size/8", "a queue of eight descriptors serves", "text:split-ring.tex:49", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = size_8},
	{"split/size/64", "a queue of 64 descriptors serves", "text:split-ring.tex:49", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = size_64},
	{"split/size/max", "a queue of the largest size serves for more than a lap",
	 "text:split-ring.tex:49", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .lane = CONF_FIRST_LANE,
	 .run = size_max},
	{"split/layout/least-alignment",
	 "parts at addresses that are just aligned, in any order, will do",
	 "text:split-ring.tex:41", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = layout_least_alignment},
	{"split/layout/tight", "parts that touch each other do not disturb each other",
	 "text:split-ring.tex:44", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = layout_tight},
	{"split/layout/tight-event", "parts with event indexes may touch each other",
	 "text:split-ring.tex:44", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .needs = {CONF_F(VOP_F_EVENT_IDX)}, .run = layout_tight_event},
	{"split/used/element-first", "a used element is whole when the index covers it",
	 "2.7.8.2:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = used_prefilled},
	{"split/chain/lengths", "chains of 1 to 24 descriptors are one buffer each",
	 "text:split-ring.tex:175 2.7.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = chain_lengths},
	{"split/chain/whole-queue", "a chain may take every descriptor of the queue",
	 "text:split-ring.tex:204", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = chain_whole_queue},
	{"split/chain/backwards", "chains may run towards lower descriptors",
	 "text:split-ring.tex:175", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = chain_backwards},
	{"split/chain/jumping", "chains may jump about in the table", "text:split-ring.tex:175",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = chain_jumping},
	{"split/chain/next-ignored", "next means nothing without NEXT", "text:split-ring.tex:199",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = next_ignored},
	{"split/chain/other-descriptors", "descriptors outside all chains may hold anything",
	 "text:split-ring.tex:308", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = other_descriptors},
};
CONF_SECTION(conf_section_split, "2.7", "Split virtqueues", checks);
