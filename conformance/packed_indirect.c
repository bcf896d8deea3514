/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.8.8: indirect tables in a packed ring. */
#include "conformance/packed_hand.h"
#include "conformance/sections.h"

#define RING 5u

static struct cbuf *table_of(struct conf *c, unsigned pieces)
{
	struct cbuf *b = conf_probe(c, pieces);

	b->indirect = true;
	return b;
}

static void tables(struct conf *c, unsigned n, unsigned least, unsigned most)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct cbuf *b = table_of(c, least + i % (most - least + 1));

		conf_submit(c, b);
		conf_finish(c, b);
	}
}

static void serves(struct conf *c)
{
	unsigned least = phand_least(c, RING);

	conf_start(c, RING);
	tables(c, 3 * RING, least, RING);
}

static void size_1(struct conf *c)
{
	conf_start(c, 1);
	/* 2.8.17: no list is longer than the ring, in a table neither. */
	phand_least(c, 1);
	tables(c, 6, 1, 1);
}

static void as_long_as_ring(struct conf *c)
{
	conf_start(c, 32);
	tables(c, 40, 32, 32);
}

/* A full ring of tables, so that each takes one slot and no more. */
static void full_ring(struct conf *c)
{
	unsigned i, turn, least = phand_least(c, RING);
	struct cbuf *b[RING];

	conf_start(c, RING);
	for (turn = 0; turn < 4; turn++) {
		struct cring *r = conf_ring(c);

		for (i = 0; i < RING; i++) {
			b[i] = table_of(c, VOP_MAX(least, i + 1));
			cring_add(r, b[i]);
		}
		cring_publish(r);
		cring_kick(r);
		for (i = 0; i < RING; i++)
			if (conf_lane(c)->trigger)
				conf_lane(c)->trigger(c, b[i]);
		cring_wait_all(r);
		for (i = 0; i < RING; i++)
			conf_finish(c, b[i]);
	}
}

/* Tables and lists by turns, one at a time and together. */
static void mixed(struct conf *c)
{
	unsigned i, turn, least = phand_least(c, 3);
	struct cbuf *b[4];

	conf_start(c, 13);
	for (turn = 0; turn < 20; turn++) {
		struct cring *r = conf_ring(c);

		for (i = 0; i < 4; i++) {
			b[i] = conf_probe(c, VOP_MAX(least, 1 + (i + turn) % 4));
			b[i]->indirect = (i ^ turn) & 1;
			cring_add(r, b[i]);
		}
		cring_publish(r);
		cring_kick(r);
		for (i = 0; i < 4; i++)
			if (conf_lane(c)->trigger)
				conf_lane(c)->trigger(c, b[i]);
		cring_wait_all(r);
		for (i = 0; i < 4; i++)
			conf_finish(c, b[i]);
	}
}

/*
 * A table with something in it that is to be ignored: flags and ids of its entries, flags in the
 * descriptor that refers to it.
 */
static void ignored(struct conf *c, uint16_t entry_flags, bool last_too, bool junk_ids,
		    uint16_t head_flags)
{
	unsigned i, j, least = phand_least(c, 4);

	conf_start(c, RING);
	for (i = 0; i < 2 * RING + 1; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b = table_of(c, VOP_MAX(least, 1 + i % 4));

		cring_add(r, b);
		for (j = 0; j < b->n; j++)
			phand_entry(c, b->table, j, b->seg[j].bus, b->seg[j].len,
				    junk_ids ? (uint16_t)((b->id + 1 + j) % RING) : 0,
				    (uint16_t)((b->seg[j].write ? VOP_DESC_F_WRITE : 0) |
					       (last_too || j + 1 < b->n ? entry_flags : 0)));
		cring_publish(r);
		if (head_flags)
			cmem_put16(c, &r->pdesc[b->at].flags,
				   (uint16_t)(phand_avail(b->wrap) | VOP_DESC_F_INDIRECT |
					      head_flags));
		cring_kick(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		conf_finish(c, b);
	}
}

static void ignored_ids(struct conf *c)
{
	ignored(c, 0, false, true, 0);
}

static void ignored_next(struct conf *c)
{
	ignored(c, VOP_DESC_F_NEXT, false, false, 0);
}

static void ignored_next_last(struct conf *c)
{
	ignored(c, VOP_DESC_F_NEXT, true, false, 0);
}

static void ignored_phase(struct conf *c)
{
	ignored(c, VOP_DESC_F_AVAIL, true, true, 0);
}

static void ignored_used(struct conf *c)
{
	ignored(c, VOP_DESC_F_USED, true, false, 0);
}

static void ignored_nested(struct conf *c)
{
	ignored(c, VOP_DESC_F_INDIRECT, true, false, 0);
}

static void ignored_others(struct conf *c)
{
	ignored(c, 0x7f78, true, true, 0);
}

static void ignored_write(struct conf *c)
{
	ignored(c, 0, false, false, VOP_DESC_F_WRITE);
}

/* A page ends within the table, and the table ends with a page that has nothing behind it. */
static void anywhere(struct conf *c)
{
	unsigned i, j;

	conf_start(c, RING);
	phand_least(c, 4);
	for (i = 0; i < 2 * RING; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b = table_of(c, 4);
		uint64_t bus;
		uint8_t *p = cmem_alloc(c, 2 * 4096, 4096, &bus, "an indirect table");

		cring_add(r, b);
		p += 4096 - 16 * (i % 5);
		bus += 4096 - 16 * (i % 5);
		for (j = 0; j < b->n; j++)
			phand_entry(c, p, j, b->seg[j].bus, b->seg[j].len, 0,
				    b->seg[j].write ? VOP_DESC_F_WRITE : 0);
		cmem_put64(c, &r->pdesc[b->at].addr, bus);
		cring_publish(r);
		cring_kick(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		conf_finish(c, b);
	}
}

/* The page behind a table is not read. */
static void reads_inside(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;
	uint64_t bus;
	uint8_t *page;
	unsigned j;
	int n;

	conf_start(c, RING);
	r = conf_ring(c);
	b = table_of(c, 4);
	cring_add(r, b);
	page = cmem_untouched(c, 3, &bus);
	for (j = 0; j < b->n; j++)
		phand_entry(c, page + 2 * 4096 - 16 * b->n, j, b->seg[j].bus, b->seg[j].len, 0,
			    b->seg[j].write ? VOP_DESC_F_WRITE : 0);
	cmem_put64(c, &r->pdesc[b->at].addr, bus + 2 * 4096 - 16 * b->n);
	cring_publish(r);
	cring_kick(r);
	if (conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, b);
	conf_finish(c, b);
	n = cmem_touched(c, page, 3);
	if (n < 0)
		conf_skip(c, "the system does not say which pages exist");
	CONF_EXPECT(c, n == 1, "a table lies in one page, and %d of three were read", n);
}

/* The device has read the table of a buffer that came back: the driver may do with it what it
 * wants, and the device leaves it as it is. */
static void table_reused(struct conf *c)
{
	unsigned i, j;
	uint64_t bus = 0;
	void *t = NULL;

	conf_start(c, RING);
	phand_least(c, 3);
	for (i = 0; i < 3 * RING; i++) {
		struct cbuf *b = table_of(c, 3);

		if (!t)
			t = cmem_alloc(c, 16 * 3, 16, &bus, "an indirect table");
		b->table = t;
		b->table_bus = bus;
		conf_submit(c, b);
		conf_finish(c, b);
		for (j = 0; j < 3; j++)
			phand_entry(c, t, j, ~0ull - j, ~0u, 0xffff, 0xffff);
		conf_settle(c);
		cmem_verify(c, "when a used buffer's table was overwritten");
	}
}

/* Writable pieces of a table are written in its order, and what is used is told. */
static void order(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	for (i = 0; i < 6; i++)
		tables(c, 1, 60 + i % 5, 60 + i % 5);
}

#define INDIRECT .needs = {CONF_F(VOP_F_INDIRECT_DESC)}, .since = "1.1"

static const struct conf_check checks[] = {
	{"packed/indirect/serves", "buffers in tables come back",
	 "text:packed-ring.tex:242 text:packed-ring.tex:260", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, INDIRECT, .run = serves},
	{"packed/indirect/size-1", "a table in a ring of one descriptor",
	 "text:packed-ring.tex:244", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT,
	 .run = size_1},
	{"packed/indirect/ring-size", "a table may be as long as the ring",
	 "text:packed-ring.tex:196 text:packed-ring.tex:257", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, INDIRECT, .run = as_long_as_ring},
	{"packed/indirect/full-ring", "each table takes one slot",
	 "text:packed-ring.tex:244 text:packed-ring.tex:193", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, INDIRECT, .run = full_ring},
	{"packed/indirect/mixed", "tables and lists may be mixed in a ring",
	 "text:packed-ring.tex:186", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT,
	 .run = mixed},
	{"packed/indirect/ignores-ids", "ids in a table are ignored", "text:packed-ring.tex:272",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT, .run = ignored_ids},
	{"packed/indirect/ignores-next", "NEXT between the entries of a table is ignored",
	 "text:packed-ring.tex:271", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT,
	 .run = ignored_next},
	{"packed/indirect/ignores-next-last", "NEXT in the last entry of a table is ignored",
	 "text:packed-ring.tex:271", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT,
	 .run = ignored_next_last},
	{"packed/indirect/ignores-avail", "AVAIL in a table is ignored", "text:packed-ring.tex:271",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT, .run = ignored_phase},
	{"packed/indirect/ignores-used", "USED in a table is ignored", "text:packed-ring.tex:271",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT, .run = ignored_used},
	{"packed/indirect/ignores-nested", "INDIRECT in a table is ignored",
	 "text:packed-ring.tex:271", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT,
	 .run = ignored_nested},
	{"packed/indirect/ignores-others", "flags without a meaning in a table are ignored",
	 "text:packed-ring.tex:271", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT,
	 .run = ignored_others},
	{"packed/indirect/ignores-write",
	 "WRITE in the descriptor that refers to a table is ignored", "text:packed-ring.tex:274",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT, .run = ignored_write},
	{"packed/indirect/anywhere", "a table may lie across pages",
	 "text:packed-ring.tex:245 text:packed-ring.tex:267", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, INDIRECT, .run = anywhere},
	{"packed/indirect/reads-inside", "nothing beyond the length of a table is read",
	 "text:packed-ring.tex:248", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT,
	 .run = reads_inside},
	{"packed/indirect/table-reused", "a table is the driver's again when its buffer was used",
	 "text:packed-ring.tex:244", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT,
	 .run = table_reused},
	{"packed/indirect/order", "the pieces of a table are used in its order",
	 "text:packed-ring.tex:267", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, INDIRECT,
	 .run = order},
};
CONF_SECTION(conf_section_packed_indirect, "2.8.8", "Packed virtqueues: indirect tables", checks);
