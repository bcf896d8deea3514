/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 2.7 Split virtqueues: a driver that breaks the rules of the rings (indexes, entries, kicks, parts
 * that are not its own) and of indirect tables. As in split_robust.c the device may refuse or serve
 * as it likes; it stays alive and inside the memory it was given, and serves after a reset.
 */
#include "conformance/sections.h"
#include "conformance/split_raw.h"

#define SIZE 16u

static uint16_t direction(const struct conf *c)
{
	return conf_lane(c)->writes && !conf_lane(c)->reads ? VOP_DESC_F_WRITE : 0;
}

/* Whatever the device takes for available is a buffer it may use: every descriptor has memory of
 * its own, every entry of the available ring names one. */
static struct cring *start_filled(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, SIZE);
	conf_serve(c, 3);
	r = conf_ring(c);
	for (i = 0; i < r->size; i++) {
		uint64_t bus;
		uint8_t *p = cmem_alloc(c, 2048, 64, &bus, "a buffer");

		cmem_open(c, p, 2048);
		raw_desc(c, &r->desc[i], bus, 2048, direction(c), 0);
		cmem_put16(c, &r->avail->ring[i], (uint16_t)i);
	}
	return r;
}

static void trigger(struct conf *c)
{
	if (conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, conf_probe(c, 1));
}

/* --- the available index --- */

static void jump(struct conf *c, uint16_t by)
{
	struct cring *r = start_filled(c);

	raw_index(r, (uint16_t)(r->avail_idx + by));
	trigger(c);
	raw_harmless(c, "a jump of the available index");
}

static void jump_one(struct conf *c)
{
	jump(c, SIZE + 1);
}

static void jump_half(struct conf *c)
{
	jump(c, 0x8000);
}

static void jump_back(struct conf *c)
{
	jump(c, 0xffff);
}

static void jump_back_far(struct conf *c)
{
	jump(c, (uint16_t)-3);
}

/* There and back: buffers are exposed and taken away. */
static void unexposed(struct conf *c)
{
	struct cring *r = start_filled(c);
	unsigned i;

	for (i = 0; i < 10; i++) {
		cmem_put16(c, &r->avail->idx, (uint16_t)(r->avail_idx + 4));
		cmem_put16(c, &r->avail->idx, r->avail_idx);
		raw_index(r, (uint16_t)(r->avail_idx + i % 3));
		trigger(c);
		raw_index(r, r->avail_idx);
		conf_settle(c);
	}
	raw_harmless(c, "an available index that goes to and fro");
}

static void index_random(struct conf *c)
{
	struct cring *r = start_filled(c);
	unsigned i;

	for (i = 0; i < 20; i++) {
		raw_index(r, (uint16_t)conf_random(c));
		conf_settle(c);
	}
	trigger(c);
	raw_harmless(c, "available indexes at random");
}

/* --- entries --- */

static void twice(struct conf *c)
{
	struct cring *r = start_filled(c);

	raw_head(r, 5);
	raw_offer(r, 5);
	trigger(c);
	trigger(c);
	raw_harmless(c, "a head that is available twice");
}

static void all_the_same(struct conf *c)
{
	struct cring *r = start_filled(c);
	unsigned i;

	for (i = 0; i < SIZE - 1; i++)
		raw_head(r, 9);
	raw_offer(r, 9);
	trigger(c);
	trigger(c);
	raw_harmless(c, "a ring full of one head");
}

/* Two chains run into one. */
static void shared_tail(struct conf *c)
{
	struct cring *r = start_filled(c);

	cmem_put16(c, &r->desc[1].flags, (uint16_t)(direction(c) | VOP_DESC_F_NEXT));
	cmem_put16(c, &r->desc[1].next, 3);
	cmem_put16(c, &r->desc[2].flags, (uint16_t)(direction(c) | VOP_DESC_F_NEXT));
	cmem_put16(c, &r->desc[2].next, 3);
	raw_head(r, 1);
	raw_head(r, 2);
	raw_offer(r, 3);
	trigger(c);
	trigger(c);
	raw_harmless(c, "chains with a descriptor in common");
}

/* What is available changes under the device: entries and descriptors between several of its
 * memories. */
static void in_flight(struct conf *c)
{
	struct cring *r = start_filled(c);
	struct vop_split_desc keep[2];
	unsigned i, j;

	keep[0] = r->desc[4];
	keep[1] = r->desc[6];
	for (i = 0; i < 40; i++) {
		raw_offer(r, (uint16_t)(i % 2 ? 4 : 6));
		for (j = 0; j < 20; j++) {
			cmem_put(c, &r->desc[4], &keep[j % 2], sizeof(keep[0]));
			cmem_put32(c, &r->desc[6].len, j % 3 ? 2048 : 0xffffffffu);
			cmem_put16(
				c, &r->desc[6].flags,
				(uint16_t)(j % 4 ? direction(c) : direction(c) | VOP_DESC_F_NEXT));
			cmem_put16(c, &r->avail->ring[(r->avail_idx - 1u) % SIZE],
				   (uint16_t)(j % 5 ? 4 : SIZE));
		}
		cmem_put(c, &r->desc[4], &keep[0], sizeof(keep[0]));
		cmem_put(c, &r->desc[6], &keep[1], sizeof(keep[1]));
		cmem_put16(c, &r->avail->ring[(r->avail_idx - 1u) % SIZE], 4);
		if (i % 8 == 0)
			trigger(c);
		conf_settle(c);
	}
	raw_harmless(c, "descriptors that change in flight");
}

/* --- parts that belong to the other side, and reserved bits --- */

static void avail_flags(struct conf *c)
{
	static const uint16_t flags[] = {2, 0xfffe, 0xffff, 0x8000, 3};
	struct cring *r;
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	for (i = 0; i < VOP_ARRAY_SIZE(flags); i++) {
		struct cbuf *b = conf_probe(c, 0);

		cmem_put16(c, &r->avail->flags, flags[i]);
		/* What the reserved bits mean to it, nobody knows. */
		r->may_be_quiet = true;
		raw_add(c, b);
		cring_publish(r);
		cring_kick_always(r);
		cring_wait_maybe(r, b);
	}
	raw_harmless(c, "reserved flags of the available ring");
}

static void used_elements(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	for (i = 0; i < 10; i++) {
		cmem_fill(c, r->used->ring, 0xff, 8 * (size_t)r->size);
		conf_serve(c, 1);
	}
}

/* The device keeps its index where the driver cannot reach it, or lives with what it finds. */
static void used_index(struct conf *c)
{
	struct cring *r = start_filled(c);
	unsigned i;

	for (i = 0; i < 6; i++) {
		cmem_put16(c, &r->used->idx, (uint16_t)(0x7777 * (i + 1)));
		raw_offer(r, (uint16_t)i);
		trigger(c);
		conf_settle(c);
	}
	raw_harmless(c, "a used index that the driver wrote");
}

static void used_flags(struct conf *c)
{
	struct cring *r = start_filled(c);

	cmem_put16(c, &r->used->flags, 0xffff);
	cmem_fill(c, &r->used->ring[r->size], 0xff, 2);
	raw_offer(r, 2);
	trigger(c);
	raw_harmless(c, "flags of the used ring that the driver wrote");
}

/* --- kicks --- */

static void storm(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	for (i = 0; i < 3000; i++)
		cring_kick_always(r);
	conf_settle(c);
	conf_serve(c, 2);
	for (i = 0; i < 300; i++) {
		cring_kick_always(r);
		conf_settle(c);
	}
	conf_serve(c, 5);
	raw_harmless(c, "a storm of kicks");
}

static void kicks_when_broken(struct conf *c)
{
	struct cring *r = start_filled(c);
	unsigned i;

	raw_offer(r, 0x4000);
	conf_settle(c);
	for (i = 0; i < 200; i++)
		cring_kick_always(r);
	trigger(c);
	raw_offer(r, 1);
	raw_harmless(c, "kicks after a head beyond the table");
}

/* --- indirect tables --- */

/* A request in a table of its own, not offered yet: descriptor 0 refers to it. */
static struct cbuf *table(struct conf *c, unsigned pieces, struct vop_split_desc **t)
{
	struct cring *r;
	struct cbuf *b;
	unsigned i;

	conf_start(c, SIZE);
	conf_serve(c, 2);
	r = conf_ring(c);
	b = conf_probe(c, pieces);
	/* With as much again behind it. */
	*t = cmem_alloc(c, 16 * 2 * (size_t)b->n, 16, &b->table_bus, "an indirect table");
	for (i = 0; i < b->n; i++) {
		const struct cseg *s = &b->seg[i];

		if (s->write)
			cmem_open(c, s->p, s->len);
		raw_desc(c, &(*t)[i], s->bus, s->len,
			 (uint16_t)((s->write ? VOP_DESC_F_WRITE : 0) |
				    (i + 1 < b->n ? VOP_DESC_F_NEXT : 0)),
			 (uint16_t)(i + 1 < b->n ? i + 1 : 0));
	}
	raw_desc(c, &r->desc[0], b->table_bus, 16 * b->n, VOP_DESC_F_INDIRECT, 0);
	return b;
}

static void offer_table(struct conf *c, struct cbuf *b, const char *what)
{
	raw_offer(conf_ring(c), 0);
	if (conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, b);
	raw_harmless(c, what);
}

static void not_negotiated(struct conf *c)
{
	struct vop_split_desc *t;

	offer_table(c, table(c, 2, &t), "a table without the feature");
}

static void table_len(struct conf *c, uint32_t len)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 3, &t);

	cmem_put32(c, &conf_ring(c)->desc[0].len, len);
	offer_table(c, b, "a table of a wrong length");
}

static void table_empty(struct conf *c)
{
	table_len(c, 0);
}

static void table_short(struct conf *c)
{
	table_len(c, 15);
}

/* One entry and a half: the second one has no end. */
static void table_half(struct conf *c)
{
	struct vop_split_desc *t;
	struct raw_trap trap;
	struct cbuf *b = table(c, 2, &t);

	raw_trap_set(c, &trap);
	raw_desc(c, &t[0], b->seg[0].bus, b->seg[0].len,
		 (uint16_t)((b->seg[0].write ? VOP_DESC_F_WRITE : 0) | VOP_DESC_F_NEXT), 1);
	raw_desc(c, &t[1], trap.bus, 4096, direction(c), 0);
	cmem_put32(c, &conf_ring(c)->desc[0].len, 24);
	offer_table(c, b, "a table of one entry and a half");
	raw_trap_check(c, &trap, "the entry that is not all in the table");
}

static void table_huge(struct conf *c)
{
	table_len(c, 0xfffffff0u);
}

static void table_next(struct conf *c, uint16_t next)
{
	struct vop_split_desc *t;
	struct raw_trap trap;
	struct cbuf *b = table(c, 2, &t);
	unsigned i, n = b->n;

	raw_trap_set(c, &trap);
	for (i = n; i < 2 * n; i++)
		raw_desc(c, &t[i], trap.bus, 4096, direction(c), 0);
	raw_desc(c, &t[0], b->seg[0].bus, b->seg[0].len,
		 (uint16_t)((b->seg[0].write ? VOP_DESC_F_WRITE : 0) | VOP_DESC_F_NEXT),
		 next ? next : (uint16_t)n);
	offer_table(c, b, "a next beyond the table");
	raw_trap_check(c, &trap, "what lies behind an indirect table");
}

static void table_next_behind(struct conf *c)
{
	table_next(c, 0);
}

static void table_next_far(struct conf *c)
{
	table_next(c, 0xfff0);
}

static void table_loop(struct conf *c)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 4, &t);
	unsigned last = b->n - 1;

	raw_desc(c, &t[last], b->seg[last].bus, b->seg[last].len,
		 (uint16_t)((b->seg[last].write ? VOP_DESC_F_WRITE : 0) | VOP_DESC_F_NEXT),
		 (uint16_t)last);
	offer_table(c, b, "a loop in a table");
}

static void table_loop_empty(struct conf *c)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 2, &t);

	raw_desc(c, &t[0], b->seg[0].bus, 0, (uint16_t)(direction(c) | VOP_DESC_F_NEXT), 0);
	offer_table(c, b, "a loop of empty pieces in a table");
}

static void nested(struct conf *c)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 2, &t);

	raw_desc(c, &t[b->n], b->seg[0].bus, b->seg[0].len, direction(c), 0);
	raw_desc(c, &t[0], b->table_bus + 16 * b->n, 16, VOP_DESC_F_INDIRECT, 0);
	offer_table(c, b, "a table in a table");
}

static void nested_self(struct conf *c)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 2, &t);

	raw_desc(c, &t[0], b->table_bus, 16, VOP_DESC_F_INDIRECT, 0);
	offer_table(c, b, "a table in itself");
}

static void with_next(struct conf *c)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 2, &t);
	struct cring *r = conf_ring(c);

	cmem_put16(c, &r->desc[0].flags, VOP_DESC_F_INDIRECT | VOP_DESC_F_NEXT);
	cmem_put16(c, &r->desc[0].next, 1);
	raw_desc(c, &r->desc[1], b->seg[0].bus, b->seg[0].len, direction(c), 0);
	offer_table(c, b, "INDIRECT together with NEXT");
}

static void table_outside(struct conf *c)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 2, &t);

	cmem_put64(c, &conf_ring(c)->desc[0].addr, 0xffff000000000000ull);
	offer_table(c, b, "a table outside of all memory");
}

static void table_wraps(struct conf *c)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 2, &t);

	cmem_put64(c, &conf_ring(c)->desc[0].addr, (uint64_t)-16);
	cmem_put32(c, &conf_ring(c)->desc[0].len, 64);
	offer_table(c, b, "a table whose end wraps");
}

/* More entries than the ring has descriptors. */
static void table_long(struct conf *c)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 4 * SIZE, &t);

	offer_table(c, b, "a chain longer than the queue");
}

static void table_entry_outside(struct conf *c)
{
	struct vop_split_desc *t;
	struct cbuf *b = table(c, 3, &t);

	cmem_put64(c, &t[b->n - 1].addr, 0xffff000000000000ull);
	offer_table(c, b, "an entry that leads outside of all memory");
}

/* --- in order --- */

static void not_in_order(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;

	conf_start(c, SIZE);
	conf_serve(c, 2);
	r = conf_ring(c);
	b = conf_probe(c, 2);
	raw_chain(r, b, 3);
	raw_offer(r, 3);
	if (conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, b);
	raw_harmless(c, "a head out of order");
}

#define WILD(name, text, line, fn, ...)                                                            \
	{                                                                                          \
		"split/robust/" name, text, "text:split-ring.tex:" line, CONF_TEXT,                \
			CONF_ROBUSTNESS, CONF_SPLIT, .run = fn, __VA_ARGS__                        \
	}
#define TABLE .needs = {CONF_F(VOP_F_INDIRECT_DESC)}

static const struct conf_check checks[] = {
	WILD("index-jump", "an index that moves by one more than the queue harms nobody", "617",
	     jump_one, ),
	WILD("index-jump-half", "an index that moves by 32768 harms nobody", "617", jump_half, ),
	WILD("index-back", "an index that goes back by one harms nobody", "321", jump_back, ),
	WILD("index-back-far", "an index that goes back by three harms nobody", "321",
	     jump_back_far, ),
	WILD("unexposed", "buffers that are taken back harm nobody", "321", unexposed, ),
	WILD("index-random", "indexes at random harm nobody", "321", index_random, ),
	WILD("twice", "a head that is available twice harms nobody", "308", twice, ),
	WILD("all-the-same", "a ring full of one head harms nobody", "308", all_the_same, ),
	WILD("shared-tail", "chains that run into one harm nobody", "646", shared_tail, ),
	WILD("in-flight", "descriptors that change in flight harm nobody", "679", in_flight, ),
	WILD("avail-flags", "reserved flags of the available ring harm nobody", "341",
	     avail_flags, ),
	WILD("used-elements", "what stands in used elements before they are written is nothing",
	     "413", used_elements, ),
	WILD("used-index", "a used index that the driver wrote harms nobody", "413", used_index, ),
	WILD("used-flags", "flags of the used ring that the driver wrote harm nobody", "413",
	     used_flags, ),
	WILD("kick-storm", "thousands of kicks with nothing to do harm nobody", "555", storm, ),
	WILD("kicks-when-broken", "kicks after a violation harm nobody", "555",
	     kicks_when_broken, ),
	WILD("table-not-negotiated", "a table without the feature harms nobody", "266",
	     not_negotiated, ),
	WILD("table-empty", "a table of length 0 harms nobody", "244", table_empty, TABLE),
	WILD("table-short", "a table of 15 bytes harms nobody", "244", table_short, TABLE),
	WILD("table-half", "an entry that is half in its table leads nowhere", "244", table_half,
	     TABLE),
	WILD("table-huge", "a table of 4 GiB harms nobody", "244", table_huge, TABLE),
	WILD("table-next", "a next just behind the table leads nowhere", "257", table_next_behind,
	     TABLE),
	WILD("table-next-far", "a next far behind the table leads nowhere", "257", table_next_far,
	     TABLE),
	WILD("table-loop", "a loop in a table ends", "224", table_loop, TABLE),
	WILD("table-loop-empty", "a loop of empty pieces in a table ends", "224", table_loop_empty,
	     TABLE),
	WILD("table-nested", "a table in a table harms nobody", "267", nested, TABLE),
	WILD("table-nested-self", "a table in itself ends", "267", nested_self, TABLE),
	WILD("table-with-next", "INDIRECT together with NEXT harms nobody", "274", with_next,
	     TABLE),
	WILD("table-outside", "a table outside of all memory harms nobody", "237", table_outside,
	     TABLE),
	WILD("table-wraps", "a table whose end wraps harms nobody", "237", table_wraps, TABLE),
	WILD("table-long", "a table of more entries than the queue harms nobody", "271", table_long,
	     TABLE),
	WILD("table-entry-outside", "an entry outside of all memory harms nobody", "174",
	     table_entry_outside, TABLE),
	WILD("not-in-order", "heads out of order with IN_ORDER harm nobody", "208", not_in_order,
	     .needs = {CONF_F(VOP_F_IN_ORDER)}),
};
CONF_SECTION(conf_section_split_wild, "2.7", "Split virtqueues: rings that break the rules",
	     checks);
