/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.7.5.3 Indirect descriptors, by a driver that keeps the rules. */
#include <string.h>

#include "conformance/sections.h"
#include "conformance/split_raw.h"

#define ENTRIES_MAX 64u

static uint16_t head_flags(const struct cring *r, const struct cbuf *b)
{
	return le16toh(r->desc[b->id].flags);
}

static void hand_over(struct conf *c, struct cbuf *b)
{
	if (conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, b);
	cring_publish(conf_ring(c));
	cring_kick(conf_ring(c));
	conf_finish(c, b);
}

/*
 * Add b by a table of `entries`, `shift` bytes behind the start of a page, its pieces in the
 * entries at[]; the other entries lead into the trap if there is one.
 */
static void add_table(struct conf *c, struct cbuf *b, const uint16_t *at, unsigned entries,
		      unsigned shift, const struct raw_trap *trap)
{
	struct cring *r = conf_ring(c);
	struct vop_split_desc *t;
	uint8_t *p;
	unsigned i;

	p = cmem_alloc(c, 16 * (size_t)entries + shift, 4096, &b->table_bus, "an indirect table");
	b->indirect = true;
	b->table = p + shift;
	b->table_bus += shift;
	cring_add(r, b);
	t = b->table;
	for (i = 0; i < entries; i++)
		raw_desc(c, &t[i], trap ? trap->bus : 0, 64, i % 2 ? VOP_DESC_F_WRITE : 0,
			 (uint16_t)(i + 1));
	for (i = 0; i < b->n; i++) {
		const struct cseg *s = &b->seg[i];
		bool last = i + 1 == b->n;

		raw_desc(c, &t[at[i]], s->bus, s->len,
			 (uint16_t)((s->write ? VOP_DESC_F_WRITE : 0) |
				    (last ? 0 : VOP_DESC_F_NEXT)),
			 last ? 0xffff : at[i + 1]);
	}
	cmem_put32(c, &r->desc[b->id].len, 16 * entries);
}

static void serves(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 0; i < 20; i++)
		raw_batch(c, 1, 1 + i % 6, true);
}

static void one_entry(struct conf *c)
{
	unsigned i;

	conf_start(c, 4);
	for (i = 0; i < 10; i++)
		raw_batch(c, 1, 1, true);
}

static void lengths(struct conf *c)
{
	unsigned n;

	conf_start(c, 32);
	for (n = 1; n <= 32; n++)
		raw_batch(c, 1, n, true);
}

/* Every descriptor of the ring leads to a table. */
static void capacity(struct conf *c)
{
	unsigned i, n;

	conf_start(c, 16);
	for (i = 0; i < 4; i++) {
		n = raw_batch(c, 16, 4, true);
		CONF_EXPECT(c, n == 16, "only %u of 16 requests could be outstanding", n);
	}
}

static void mixed(struct conf *c)
{
	struct cring *r;
	struct cbuf *b[8];
	unsigned turn, i;

	conf_start(c, 32);
	r = conf_ring(c);
	for (turn = 0; turn < 8; turn++) {
		for (i = 0; i < 8; i++) {
			b[i] = conf_probe(c, 1 + (turn + i) % 4);
			b[i]->indirect = (turn + i) % 2;
			raw_add(c, b[i]);
		}
		cring_publish(r);
		cring_kick(r);
		cring_wait_all(r);
		for (i = 0; i < 8; i++)
			conf_finish(c, b[i]);
	}
}

static void write_flag(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	for (i = 0; i < 8; i++) {
		struct cbuf *b = conf_probe(c, 1 + i % 4);

		b->indirect = true;
		cring_add(r, b);
		cmem_put16(c, &r->desc[b->id].flags,
			   (uint16_t)(head_flags(r, b) | VOP_DESC_F_WRITE));
		hand_over(c, b);
	}
}

/* The first k pieces direct, the others in a table that the next descriptor refers to. */
static void behind_direct(struct conf *c, unsigned k, unsigned pieces)
{
	struct cring *r = conf_ring(c);
	struct cbuf *b = conf_probe(c, pieces);
	struct vop_split_desc *t;
	uint16_t at;
	uint64_t bus;
	unsigned i;

	if (b->n <= k)
		conf_skip(c, "requests of this device cannot be cut into %u pieces", k + 1);
	cring_add(r, b);
	for (at = b->id, i = 0; i < k; i++)
		at = le16toh(r->desc[at].next);
	t = cmem_alloc(c, 16 * (size_t)(b->n - k), 16, &bus, "an indirect table");
	for (i = k; i < b->n; i++)
		raw_desc(c, &t[i - k], b->seg[i].bus, b->seg[i].len,
			 (uint16_t)((b->seg[i].write ? VOP_DESC_F_WRITE : 0) |
				    (i + 1 < b->n ? VOP_DESC_F_NEXT : 0)),
			 (uint16_t)(i + 1 < b->n ? i + 1 - k : 0));
	/* next stays: that is how the driver finds the descriptors it has taken in vain. */
	raw_desc(c, &r->desc[at], bus, 16 * (b->n - k), VOP_DESC_F_INDIRECT,
		 le16toh(r->desc[at].next));
	hand_over(c, b);
}

static void after_one(struct conf *c)
{
	unsigned i;

	conf_start(c, 16);
	for (i = 0; i < 6; i++)
		behind_direct(c, 1, 3 + i % 3);
}

static void after_several(struct conf *c)
{
	unsigned k;

	conf_start(c, 16);
	for (k = 2; k <= 7; k++)
		behind_direct(c, k, k + 1 + k % 3);
}

/* Entries in a mixed order; the first one is entry 0. */
static void shuffled(struct conf *c)
{
	unsigned turn, i;

	conf_start(c, 16);
	for (turn = 0; turn < 8; turn++) {
		struct cbuf *b = conf_probe(c, 8);
		uint16_t at[16];

		for (i = 0; i < b->n; i++)
			at[i] = (uint16_t)i;
		for (i = b->n - 1; i > 1; i--) {
			unsigned j = 1 + conf_below(c, i);
			uint16_t v = at[i];

			at[i] = at[j];
			at[j] = v;
		}
		add_table(c, b, at, b->n, 0, NULL);
		hand_over(c, b);
	}
}

/* The chain ends where NEXT is missing, whatever the table has room for. */
static void ends_early(struct conf *c)
{
	struct raw_trap trap;
	unsigned turn, i;

	/* No table is longer than the queue, whatever of it is used (2.7.5.3.1). */
	conf_start(c, 32);
	raw_trap_set(c, &trap);
	for (turn = 0; turn < 6; turn++) {
		struct cbuf *b = conf_probe(c, 1 + turn);
		uint16_t at[16];

		for (i = 0; i < b->n; i++)
			at[i] = (uint16_t)i;
		add_table(c, b, at, b->n + 1 + 3 * turn, 0, &trap);
		hand_over(c, b);
	}
	raw_trap_check(c, &trap, "entries behind the end of a chain");
}

static void holes(struct conf *c)
{
	struct raw_trap trap;
	unsigned turn, i;

	/* No table is longer than the queue, whatever of it is used (2.7.5.3.1). */
	conf_start(c, 32);
	raw_trap_set(c, &trap);
	for (turn = 0; turn < 6; turn++) {
		struct cbuf *b = conf_probe(c, 2 + turn);
		uint16_t at[16];

		for (i = 0; i < b->n; i++)
			at[i] = (uint16_t)(i * (2 + turn % 3));
		add_table(c, b, at, at[b->n - 1] + 1u + turn % 2, 0, &trap);
		hand_over(c, b);
	}
	raw_trap_check(c, &trap, "entries between those of a chain");
}

/* Tables at so many bytes behind the start of a page. */
static void anywhere(struct conf *c, unsigned first, int step)
{
	unsigned turn, i;

	conf_start(c, 16);
	for (turn = 0; turn < 8; turn++, first += (unsigned)step) {
		struct cbuf *b = conf_probe(c, 1 + turn);
		uint16_t at[16];

		for (i = 0; i < b->n; i++)
			at[i] = (uint16_t)i;
		add_table(c, b, at, b->n, first, NULL);
		hand_over(c, b);
	}
}

static void page_edges(struct conf *c)
{
	anywhere(c, 4096 - 8, -8);
}

static void unaligned(struct conf *c)
{
	anywhere(c, 2, 2);
}

/* 2.7.5.1: no entry of any table is written. */
static void table_unchanged(struct conf *c)
{
	struct vop_split_desc before[ENTRIES_MAX];
	struct cring *r;
	unsigned i;

	conf_start(c, 16);
	r = conf_ring(c);
	for (i = 0; i < 10; i++) {
		struct cbuf *b = conf_probe(c, 1 + i);

		b->indirect = true;
		cring_add(r, b);
		memcpy(before, b->table, 16 * (size_t)b->n);
		hand_over(c, b);
		CONF_EXPECT(c, memcmp(before, b->table, 16 * (size_t)b->n) == 0,
			    "an indirect table was changed");
	}
}

/* The id is the head in the ring, whatever the table looks like; next of the head is nothing. */
static void head_next(struct conf *c)
{
	static const uint16_t next[] = {0, 1, 15, 16, 0x8000, 0xffff};
	struct cring *r;
	unsigned i;

	conf_start(c, 16);
	r = conf_ring(c);
	for (i = 0; i < VOP_ARRAY_SIZE(next); i++) {
		struct cbuf *b = conf_probe(c, 2);

		b->indirect = true;
		cring_add(r, b);
		cmem_put16(c, &r->desc[b->id].next, next[i]);
		hand_over(c, b);
	}
}

static void small_ring(struct conf *c)
{
	const struct lane *l = conf_lane(c);
	unsigned i;

	/* No chain is longer than its ring, in a table or not (2.7.5.3.1). */
	conf_start(c, l->reads && l->writes ? 2 : 1);
	for (i = 0; i < 6; i++)
		raw_batch(c, 1, 1, true);
}

static void same_table(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;
	unsigned i;

	conf_start(c, 4);
	r = conf_ring(c);
	b = conf_probe(c, 3);
	b->indirect = true;
	for (i = 0; i < 20; i++) {
		cring_add(r, b);
		hand_over(c, b);
	}
}

#define INDIRECT                                                                                   \
	{                                                                                          \
		CONF_F(VOP_F_INDIRECT_DESC)                                                        \
	}

static const struct conf_check checks[] = {
	{"split/indirect/serves", "requests in indirect tables are served",
	 "text:split-ring.tex:236", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = serves},
	{"split/indirect/one-entry", "a table may have as few entries as a request has pieces",
	 "text:split-ring.tex:255", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = one_entry},
	{"split/indirect/lengths", "tables as long as the queue hold a chain each",
	 "text:split-ring.tex:239 text:split-ring.tex:255", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .needs = INDIRECT, .run = lengths},
	{"split/indirect/capacity",
	 "tables make room for more pieces than the ring has descriptors",
	 "text:split-ring.tex:235", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = capacity},
	{"split/indirect/mixed", "buffers with and without tables follow each other",
	 "text:split-ring.tex:236", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = mixed},
	{"split/indirect/small-ring", "one descriptor is enough for a request of several pieces",
	 "text:split-ring.tex:235", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = small_ring},
	{"split/indirect/write-flag", "WRITE means nothing where a table is referred to",
	 "2.7.5.3.2:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = write_flag},
	{"split/indirect/after-one", "a table may follow a direct descriptor", "2.7.5.3.2:dev:2",
	 CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT, .run = after_one},
	{"split/indirect/after-several", "a table may follow several direct descriptors",
	 "2.7.5.3.2:dev:2", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = after_several},
	{"split/indirect/shuffled", "entries follow each other by next", "text:split-ring.tex:255",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT, .run = shuffled},
	{"split/indirect/ends-early", "a chain ends at an entry without NEXT",
	 "text:split-ring.tex:256", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = ends_early},
	{"split/indirect/holes", "entries that no chain leads to are not used",
	 "text:split-ring.tex:255", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = holes},
	{"split/indirect/page-edges", "a table may lie across the edge of a page",
	 "text:split-ring.tex:237", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = page_edges},
	{"split/indirect/unaligned", "a table may lie anywhere in memory",
	 "text:split-ring.tex:237", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = unaligned},
	{"split/indirect/table-unchanged", "no entry of a table is written", "2.7.5.1:dev:4",
	 CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT, .run = table_unchanged},
	{"split/indirect/head-next", "next of the descriptor that refers to a table means nothing",
	 "text:split-ring.tex:199", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT,
	 .run = head_next},
	{"split/indirect/same-table", "a table may be used again", "text:split-ring.tex:416",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = INDIRECT, .run = same_table},
};
CONF_SECTION(conf_section_split_indirect, "2.7.5.3", "Split virtqueues: indirect descriptors",
	     checks);
