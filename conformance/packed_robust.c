/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver that breaks the rules of 2.8: descriptors, lists and tables that must not be. The device
 * may do what it wants with them, as long as it lives, writes nowhere it may not, does not spin,
 * and serves again after a reset, for which the runner asks.
 */
#include <string.h>

#include "conformance/packed_hand.h"
#include "conformance/sections.h"

#define RING  8u
#define BYTES 256u

/* A ring in use, and the slot that is next. */
static struct cring *begin(struct conf *c)
{
	conf_start(c, RING);
	phand_least(c, RING);
	conf_serve(c, 2);
	return conf_ring(c);
}

/* Memory the device may use as the lane would: it reads a request from it, or writes into it. */
static struct cseg area(struct conf *c, uint32_t len)
{
	uint64_t bus;
	bool write = conf_lane(c)->writes && !conf_lane(c)->reads;
	uint8_t *p = cmem_alloc(c, len, 64, &bus, "a buffer of a broken request");

	cmem_fill(c, p, 0, len);
	if (write)
		cmem_open(c, p, len);
	return (struct cseg){.p = p, .bus = bus, .len = len, .write = write};
}

static uint16_t write_of(const struct cseg *s)
{
	return s->write ? VOP_DESC_F_WRITE : 0;
}

/* Make the device look, give lanes that need it something to write, and judge. */
static void look(struct conf *c, const char *after)
{
	unsigned i;

	cring_kick_always(conf_ring(c));
	conf_settle(c);
	for (i = 0; i < 2 && conf_lane(c)->trigger; i++) {
		struct cbuf dummy = {.number = i};

		conf_lane(c)->trigger(c, &dummy);
		conf_settle(c);
	}
	phand_harmless(c, after);
}

/* --- one descriptor --- */

/* One descriptor at the next slot, everything but its phase as told. */
static void one(struct conf *c, uint64_t addr, uint32_t len, uint16_t id, uint16_t flags,
		const char *after)
{
	struct cring *r = conf_ring(c);
	struct phand p = phand_next(r);

	phand_put(r, p.at, addr, len, id, (uint16_t)(phand_avail(p.wrap) | flags));
	look(c, after);
}

static void id_of(struct conf *c, uint16_t id)
{
	struct cseg s;

	begin(c);
	s = area(c, BYTES);
	one(c, s.bus, s.len, id, write_of(&s), "after an id beyond the queue");
}

static void id_size(struct conf *c)
{
	id_of(c, RING);
}

static void id_max(struct conf *c)
{
	id_of(c, 0xffff);
}

static void id_twice(struct conf *c)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r), second = phand_step(r, p, 1);
	struct cseg a = area(c, BYTES), b = area(c, BYTES);

	phand_piece(r, second, &b, 3, 0);
	phand_piece(r, p, &a, 3, 0);
	look(c, "after an id that was given twice");
}

/* Where nothing is: addresses as the driver's memory lies. */
static void addr_of(struct conf *c, uint64_t addr, uint32_t len)
{
	struct cseg s = area(c, 64);

	one(c, addr, len, 1, write_of(&s), "after an address outside all memory");
}

static void addr_zero(struct conf *c)
{
	begin(c);
	addr_of(c, 0, BYTES);
}

static void addr_high(struct conf *c)
{
	begin(c);
	addr_of(c, 0xdead000000000000ull, BYTES);
}

static void addr_overflow(struct conf *c)
{
	begin(c);
	addr_of(c, ~0ull - 15, BYTES);
}

/* From memory of the driver's on, as far as 32 bits of length go: beyond its end. */
static void addr_end(struct conf *c)
{
	struct cseg s;

	begin(c);
	s = area(c, BYTES);
	one(c, s.bus, 0xfffffff0u, 1, 0, "after a readable piece beyond the end of memory");
}

/* In front of all memory into it. */
static void addr_before(struct conf *c)
{
	struct cseg s;

	begin(c);
	s = area(c, BYTES);
	one(c, s.bus - 0xc0000000ull, 0xc0000010u, 1, 0,
	    "after a readable piece from before the start of memory");
}

static void addr_wraps_into(struct conf *c)
{
	struct cseg s;

	begin(c);
	s = area(c, BYTES);
	/* With 32 bits of carry lost it would end in our memory. */
	one(c, ~0ull - 0x7fffffffu, 0xffffffffu, 1, write_of(&s),
	    "after a piece whose end overflows");
}

static void len_zero(struct conf *c)
{
	struct cseg s;

	begin(c);
	s = area(c, BYTES);
	one(c, s.bus, 0, 1, write_of(&s), "after a descriptor of length 0");
}

static void all_zero(struct conf *c)
{
	begin(c);
	one(c, 0, 0, 0, 0, "after a descriptor of zeroes");
}

/* Flags that mean nothing in a packed ring, one by one. */
static void reserved_flags(struct conf *c)
{
	unsigned bit;

	for (bit = 3; bit < 15; bit++) {
		struct cring *r;
		struct phand p;
		struct cseg s;

		if (bit == 7)
			continue;
		r = begin(c);
		s = area(c, BYTES);
		p = phand_next(r);
		phand_piece(r, p, &s, 1, (uint16_t)(1u << bit));
		cring_kick_always(r);
		conf_settle(c);
		cmem_verify(c, "after a flag that means nothing");
	}
	look(c, "after flags that mean nothing");
}

/* The other way round: readable where the device writes, writable where it reads. */
static void wrong_way(struct conf *c)
{
	struct cseg s;

	begin(c);
	s = area(c, BYTES);
	if (s.write) {
		cmem_close(c, s.p, s.len);
		one(c, s.bus, s.len, 1, 0, "after a readable buffer where it writes");
	} else {
		cmem_open(c, s.p, s.len);
		one(c, s.bus, s.len, 1, VOP_DESC_F_WRITE, "after a writable buffer where it reads");
	}
}

/* --- lists --- */

/* A writable piece and a readable one behind it: what is readable stays as it is. */
static void readable_behind(struct conf *c, unsigned writable)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	struct cseg w[2], s;
	unsigned i;

	for (i = 0; i < writable; i++) {
		w[i] = area(c, 16);
		w[i].write = true;
		cmem_open(c, w[i].p, w[i].len);
	}
	s = area(c, BYTES);
	s.write = false;
	cmem_close(c, s.p, s.len);
	phand_piece(r, phand_step(r, p, writable), &s, 2, 0);
	for (i = writable; i--;)
		phand_piece(r, phand_step(r, p, i), &w[i], 0, VOP_DESC_F_NEXT);
	look(c, "after a readable piece behind a writable one");
}

static void order_one(struct conf *c)
{
	readable_behind(c, 1);
}

static void order_two(struct conf *c)
{
	readable_behind(c, 2);
}

/* All slots say NEXT. */
static void endless(struct conf *c)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	struct cseg s = area(c, BYTES);
	unsigned i;

	for (i = RING; i--;)
		phand_piece(r, phand_step(r, p, i), &s, 2, VOP_DESC_F_NEXT);
	look(c, "after a list without an end");
}

/* All slots say NEXT, and each is available in the lap that a device would be in when it goes
 * round.
 */
static void endless_laps(struct conf *c)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	struct cseg s = area(c, BYTES);
	unsigned i;

	for (i = RING; i--;) {
		struct phand at = phand_step(r, p, i);

		phand_put(r, at.at, s.bus, s.len, 2,
			  (uint16_t)((i ? VOP_DESC_F_PHASE : phand_avail(at.wrap)) | write_of(&s) |
				     VOP_DESC_F_NEXT));
	}
	look(c, "after a list without an end in flags of no lap");
}

/* Longer than what is free: it goes on over slots whose buffers are at the device. */
static void over_in_flight(struct conf *c)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	struct cseg s = area(c, BYTES);
	unsigned i;

	phand_piece(r, p, &s, 1, 0);
	look(c, "with one buffer in flight");
	for (i = RING; i--;)
		phand_piece(r, phand_step(r, p, 1 + i), &s, 2, i + 1 < RING ? VOP_DESC_F_NEXT : 0);
	look(c, "after a list over slots that are in flight");
}

/* The second descriptor of a list is not available, and never will be. */
static void mixed_phase(struct conf *c, uint16_t two)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	struct cseg s = area(c, BYTES);

	phand_put(r, phand_step(r, p, 1).at, s.bus, s.len, 2, (uint16_t)(two | write_of(&s)));
	phand_piece(r, p, &s, 2, VOP_DESC_F_NEXT);
	look(c, "after a list whose second descriptor is not available");
}

static void mixed_zero(struct conf *c)
{
	mixed_phase(c, 0);
}

static void mixed_used(struct conf *c)
{
	mixed_phase(c, VOP_DESC_F_PHASE);
}

static void mixed_lap(struct conf *c)
{
	mixed_phase(c, phand_avail(false));
}

/* A list whose middle lies outside memory: nothing is written behind the hole in it either. */
static void hole_in_list(struct conf *c)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	struct cseg s = area(c, BYTES), bad = s;

	bad.bus = 16;
	phand_piece(r, phand_step(r, p, 2), &s, 2, 0);
	phand_piece(r, phand_step(r, p, 1), &bad, 2, VOP_DESC_F_NEXT);
	phand_piece(r, p, &s, 2, VOP_DESC_F_NEXT);
	look(c, "after a list with a piece outside memory");
}

/* --- tables --- */

/* A table of n entries for s each. */
static uint64_t table(struct conf *c, const struct cseg *s, unsigned n, void **at)
{
	uint64_t bus;
	void *t = cmem_alloc(c, 16 * (size_t)n, 16, &bus, "an indirect table");
	unsigned i;

	for (i = 0; i < n; i++)
		phand_entry(c, t, i, s->bus, s->len, 0, write_of(s));
	if (at)
		*at = t;
	return bus;
}

static void table_not_negotiated(struct conf *c)
{
	struct cseg s;

	begin(c);
	s = area(c, BYTES);
	one(c, table(c, &s, 1, NULL), 16, 1, VOP_DESC_F_INDIRECT,
	    "after a table that was not negotiated");
}

static void table_next(struct conf *c)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	struct cseg s = area(c, BYTES), t = {.bus = table(c, &s, 1, NULL), .len = 16};

	phand_piece(r, phand_step(r, p, 1), &s, 1, 0);
	phand_piece(r, p, &t, 1, VOP_DESC_F_INDIRECT | VOP_DESC_F_NEXT);
	look(c, "after a table with NEXT");
}

static void table_in_list(struct conf *c)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	struct cseg s = area(c, BYTES), t = {.bus = table(c, &s, 1, NULL), .len = 16};

	phand_piece(r, phand_step(r, p, 1), &t, 1, VOP_DESC_F_INDIRECT);
	phand_piece(r, p, &s, 1, VOP_DESC_F_NEXT);
	look(c, "after a table at the end of a list");
}

/* The second entry is there, and not part of the table. */
static void table_len_of(struct conf *c, uint32_t len)
{
	struct cseg s, other;
	uint64_t bus;
	void *t;

	begin(c);
	s = area(c, 8);
	other = area(c, BYTES);
	if (other.write)
		cmem_close(c, other.p, other.len);
	bus = table(c, &s, 4, &t);
	phand_entry(c, t, 1, other.bus, other.len, 0, write_of(&s));
	phand_entry(c, t, 2, other.bus, other.len, 0, write_of(&s));
	one(c, bus, len, 1, VOP_DESC_F_INDIRECT, "after a table of a wrong length");
}

static void table_len_0(struct conf *c)
{
	table_len_of(c, 0);
}

static void table_len_8(struct conf *c)
{
	table_len_of(c, 8);
}

static void table_len_17(struct conf *c)
{
	table_len_of(c, 17);
}

static void table_len_31(struct conf *c)
{
	table_len_of(c, 31);
}

static void table_at(struct conf *c, uint64_t bus, uint32_t len, const char *after)
{
	one(c, bus, len, 1, VOP_DESC_F_INDIRECT, after);
}

static void table_outside(struct conf *c)
{
	begin(c);
	table_at(c, 0x1000, 32, "after a table outside all memory");
}

static void table_overflow(struct conf *c)
{
	begin(c);
	table_at(c, ~0ull - 15, 64, "after a table whose end overflows");
}

static void table_huge(struct conf *c)
{
	struct cseg s;

	begin(c);
	s = area(c, BYTES);
	table_at(c, table(c, &s, 4, NULL), 0xfffffff0u, "after a table beyond the end of memory");
}

/* Many times the queue size, all of it in memory. */
static void table_long(struct conf *c)
{
	enum { N = 6000 };
	struct cseg s;

	begin(c);
	s = area(c, 1);
	table_at(c, table(c, &s, N, NULL), 16 * N, "after a table of 6000 entries");
}

static void table_entry_outside(struct conf *c)
{
	struct cseg s;
	uint64_t bus;
	void *t;

	begin(c);
	s = area(c, 16);
	bus = table(c, &s, 3, &t);
	phand_entry(c, t, 1, ~0ull - 7, 64, 0, write_of(&s));
	table_at(c, bus, 48, "after a table with an entry outside memory");
}

static void table_entry_order(struct conf *c)
{
	struct cseg w, s;
	uint64_t bus;
	void *t;

	begin(c);
	w = area(c, 16);
	cmem_open(c, w.p, w.len);
	s = area(c, BYTES);
	cmem_close(c, s.p, s.len);
	bus = table(c, &w, 2, &t);
	phand_entry(c, t, 0, w.bus, w.len, 0, VOP_DESC_F_WRITE);
	phand_entry(c, t, 1, s.bus, s.len, 0, 0);
	table_at(c, bus, 32, "after a table with a readable entry behind a writable one");
}

/* The ring as a table: entries that are descriptors of the ring. */
static void table_is_ring(struct conf *c)
{
	struct cring *r = begin(c);

	cmem_open(c, r->pdesc, 16 * RING);
	table_at(c, r->cfg.desc_bus, 16 * RING, "after a table that is the ring itself");
}

/* A table that lies in a buffer the device is to write. */
static void table_in_buffer(struct conf *c)
{
	struct cseg s;
	uint64_t bus;
	void *t;

	begin(c);
	s = area(c, 16 * 4);
	bus = table(c, &s, 4, &t);
	phand_entry(c, t, 0, bus, 16 * 4, 0, write_of(&s));
	if (s.write)
		cmem_open(c, t, 16 * 4);
	table_at(c, bus, 16 * 4, "after a table that lies in its own buffer");
}

#define ROBUST(name, does, text, fn)                                                               \
	{                                                                                          \
		"packed/robust/" name, does, text, CONF_TEXT, CONF_ROBUSTNESS, CONF_PACKED,        \
			.since = "1.1", .run = fn                                                  \
	}
#define ROBUST_TABLE(name, does, text, fn)                                                         \
	{                                                                                          \
		"packed/robust/" name, does, text, CONF_TEXT, CONF_ROBUSTNESS, CONF_PACKED,        \
			.needs = {CONF_F(VOP_F_INDIRECT_DESC)}, .since = "1.1", .run = fn          \
	}

static const struct conf_check checks[] = {
	ROBUST("id-size", "an id as large as the queue harms nobody", "text:packed-ring.tex:719",
	       id_size),
	ROBUST("id-max", "the largest id there is harms nobody", "text:packed-ring.tex:719",
	       id_max),
	ROBUST("id-twice", "an id that is outstanding already harms nobody",
	       "text:packed-ring.tex:541", id_twice),
	ROBUST("addr-zero", "a buffer at address 0 harms nobody", "text:packed-ring.tex:164",
	       addr_zero),
	ROBUST("addr-high", "a buffer far beyond memory harms nobody", "text:packed-ring.tex:164",
	       addr_high),
	ROBUST("addr-overflow", "a buffer that ends beyond the last address harms nobody",
	       "text:packed-ring.tex:164", addr_overflow),
	ROBUST("addr-wraps", "a long buffer that ends beyond the last address harms nobody",
	       "text:packed-ring.tex:164", addr_wraps_into),
	ROBUST("addr-end", "a buffer that ends beyond memory harms nobody",
	       "text:packed-ring.tex:165", addr_end),
	ROBUST("addr-before", "a buffer that begins before memory harms nobody",
	       "text:packed-ring.tex:165", addr_before),
	ROBUST("len-zero", "a descriptor of length 0 harms nobody", "text:packed-ring.tex:166",
	       len_zero),
	ROBUST("all-zero", "an available descriptor of zeroes harms nobody",
	       "text:packed-ring.tex:424", all_zero),
	ROBUST("reserved-flags", "flags that mean nothing harm nobody", "text:packed-ring.tex:419",
	       reserved_flags),
	ROBUST("wrong-way", "a buffer for the other direction harms nobody",
	       "2.8.15:dev:1 text:packed-ring.tex:148", wrong_way),
	ROBUST("order", "a readable piece behind a writable one is not written",
	       "2.8.15:dev:1 text:packed-ring.tex:476", order_one),
	ROBUST("order-two", "a readable piece behind two writable ones is not written",
	       "2.8.15:dev:1 text:packed-ring.tex:476", order_two),
	ROBUST("endless", "a list without an end harms nobody", "text:packed-ring.tex:474",
	       endless),
	ROBUST("endless-laps", "a list without an end in flags of no lap harms nobody",
	       "text:packed-ring.tex:220", endless_laps),
	ROBUST("over-in-flight", "a list over slots in flight harms nobody",
	       "text:packed-ring.tex:481", over_in_flight),
	ROBUST("mixed-zero", "a list that goes on in a slot of zeroes harms nobody",
	       "text:packed-ring.tex:485", mixed_zero),
	ROBUST("mixed-used", "a list that goes on in a used slot harms nobody",
	       "text:packed-ring.tex:485", mixed_used),
	ROBUST("mixed-lap", "a list that goes on in flags of another lap harms nobody",
	       "text:packed-ring.tex:220", mixed_lap),
	ROBUST("hole-in-list", "a list with a piece outside memory harms nobody",
	       "text:packed-ring.tex:164", hole_in_list),
	ROBUST("table-not-negotiated", "a table without the feature harms nobody",
	       "text:packed-ring.tex:498", table_not_negotiated),
	ROBUST_TABLE("table-next", "a table with NEXT harms nobody", "text:packed-ring.tex:505",
		     table_next),
	ROBUST_TABLE("table-in-list", "a table at the end of a list harms nobody",
		     "text:packed-ring.tex:505", table_in_list),
	ROBUST_TABLE("table-len-0", "an empty table harms nobody", "text:packed-ring.tex:248",
		     table_len_0),
	ROBUST_TABLE("table-len-8", "a table of half an entry is not read beyond its length",
		     "text:packed-ring.tex:263", table_len_8),
	ROBUST_TABLE("table-len-17", "a table of an entry and a byte is one entry at most",
		     "text:packed-ring.tex:263", table_len_17),
	ROBUST_TABLE("table-len-31", "a table of two entries less a byte is one entry at most",
		     "text:packed-ring.tex:263", table_len_31),
	ROBUST_TABLE("table-outside", "a table outside memory harms nobody",
		     "text:packed-ring.tex:245", table_outside),
	ROBUST_TABLE("table-overflow", "a table that ends beyond the last address harms nobody",
		     "text:packed-ring.tex:248", table_overflow),
	ROBUST_TABLE("table-huge", "a table that ends beyond memory harms nobody",
		     "text:packed-ring.tex:248", table_huge),
	ROBUST_TABLE("table-long", "a table much longer than the queue harms nobody",
		     "text:packed-ring.tex:502", table_long),
	ROBUST_TABLE("table-entry-outside", "an entry outside memory harms nobody",
		     "text:packed-ring.tex:267", table_entry_outside),
	ROBUST_TABLE("table-entry-order", "a readable entry behind a writable one is not written",
		     "2.8.15:dev:1 text:packed-ring.tex:476", table_entry_order),
	ROBUST_TABLE("table-is-ring", "a table that is the ring harms nobody",
		     "text:packed-ring.tex:244", table_is_ring),
	ROBUST_TABLE("table-in-buffer", "a table that lies in its own buffer harms nobody",
		     "text:packed-ring.tex:244", table_in_buffer),
};
CONF_SECTION(conf_section_packed_robust, "2.8", "Packed virtqueues: broken rules", checks);
