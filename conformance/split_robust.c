/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 2.7 Split virtqueues: a driver that breaks the rules of chains. What the device does with them is
 * its own affair, as long as it stays alive and inside the memory it was given, does not burn its
 * CPU for ever, and serves again after a reset; the runner sees to the last.
 */
#include "conformance/sections.h"
#include "conformance/split_raw.h"

#define SIZE 16u

static void start(struct conf *c)
{
	conf_start(c, SIZE);
	conf_serve(c, 2);
}

static uint16_t direction(const struct conf *c)
{
	return conf_lane(c)->writes && !conf_lane(c)->reads ? VOP_DESC_F_WRITE : 0;
}

/* The chain that begins at head, seen by a device that has reason to use it. */
static void offer(struct conf *c, uint16_t head, struct cbuf *b, const char *what)
{
	raw_offer(conf_ring(c), head);
	if (b && conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, b);
	raw_harmless(c, what);
}

/* A request of so many pieces as a chain from descriptor 0 on. */
static struct cbuf *chain(struct conf *c, unsigned pieces)
{
	struct cbuf *b = conf_probe(c, pieces);

	raw_fits(c, b);
	raw_chain(conf_ring(c), b, 0);
	return b;
}

/* --- heads and next --- */

/* A ring whose table has as many descriptors again behind it: they lead into the trap. */
static void start_planted(struct conf *c, struct raw_trap *trap)
{
	struct cring *r;
	unsigned i;

	conf_prepare_others(c);
	r = cring_new(c, conf_lane(c)->queue, SIZE);
	r->desc = cmem_alloc(c, 2 * vop_split_desc_size(SIZE), 16, &r->cfg.desc_bus,
			     "the descriptor table and what lies behind it");
	raw_trap_set(c, trap);
	for (i = SIZE; i < 2 * SIZE; i++)
		raw_desc(c, &r->desc[i], trap->bus, 4096, direction(c), 0);
	cring_setup(r);
	conf_set_ring(c, r);
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
	conf_serve(c, 2);
}

static void head_beyond(struct conf *c, uint16_t head)
{
	struct raw_trap trap;

	start_planted(c, &trap);
	offer(c, head, conf_probe(c, 1), "a head beyond the table");
	raw_trap_check(c, &trap, "a head beyond the table");
}

static void head_size(struct conf *c)
{
	head_beyond(c, SIZE);
}

static void head_far(struct conf *c)
{
	head_beyond(c, 0x8000);
}

static void head_last(struct conf *c)
{
	head_beyond(c, 0xffff);
}

static void next_beyond(struct conf *c, uint16_t next)
{
	struct raw_trap trap;
	struct cbuf *b;

	start_planted(c, &trap);
	b = chain(c, 2);
	cmem_put16(c, &conf_ring(c)->desc[0].next, next);
	cmem_put16(c, &conf_ring(c)->desc[0].flags,
		   (uint16_t)((b->seg[0].write ? VOP_DESC_F_WRITE : 0) | VOP_DESC_F_NEXT));
	offer(c, 0, b, "a next beyond the table");
	raw_trap_check(c, &trap, "a next beyond the table");
}

static void next_size(struct conf *c)
{
	next_beyond(c, SIZE);
}

static void next_far(struct conf *c)
{
	next_beyond(c, 0x7ff0);
}

static void next_last(struct conf *c)
{
	next_beyond(c, 0xffff);
}

/* --- loops --- */

/* n descriptors, the last of which leads back to number `back`. */
static void loop(struct conf *c, unsigned n, unsigned back)
{
	struct cring *r;
	struct cbuf *b;
	unsigned i;

	start(c);
	r = conf_ring(c);
	b = chain(c, 1);
	for (i = 0; i < n; i++) {
		const struct cseg *s = &b->seg[VOP_MIN(i, b->n - 1)];

		raw_desc(c, &r->desc[i], s->bus, s->len,
			 (uint16_t)((s->write ? VOP_DESC_F_WRITE : 0) | VOP_DESC_F_NEXT),
			 (uint16_t)(i + 1 < n ? i + 1 : back));
	}
	offer(c, 0, b, "a loop");
}

static void loop_self(struct conf *c)
{
	loop(c, 1, 0);
}

static void loop_two(struct conf *c)
{
	loop(c, 2, 0);
}

static void loop_whole(struct conf *c)
{
	loop(c, SIZE, 0);
}

static void loop_tail(struct conf *c)
{
	loop(c, SIZE, SIZE - 1);
}

static void loop_middle(struct conf *c)
{
	loop(c, 7, 3);
}

/* Pieces without a byte: a device that counts bytes, not descriptors, never ends. */
static void loop_empty(struct conf *c)
{
	struct cbuf *b;

	start(c);
	b = chain(c, 1);
	raw_desc(c, &conf_ring(c)->desc[0], b->seg[0].bus, 0,
		 (uint16_t)(direction(c) | VOP_DESC_F_NEXT), 0);
	offer(c, 0, b, "a loop of empty pieces");
}

/* --- lengths and addresses --- */

/* One descriptor as given; the rest of a request follows it if `rest`. */
static void piece(struct conf *c, uint64_t addr, uint32_t len, const char *what)
{
	struct cbuf *b = chain(c, 1);
	struct vop_split_desc *d = &conf_ring(c)->desc[b->n - 1];

	raw_desc(c, d, addr, len, (uint16_t)((b->seg[b->n - 1].write ? VOP_DESC_F_WRITE : 0)), 0);
	offer(c, 0, b, what);
}

static void empty_piece(struct conf *c)
{
	struct cbuf *b;
	unsigned i;

	/* In front, in the middle, at the end; forbidden nowhere, so it may be served. */
	start(c);
	for (i = 0; i < 3; i++) {
		b = chain(c, 3);
		cmem_put32(c, &conf_ring(c)->desc[i].len, 0);
		offer(c, 0, b, "an empty piece");
	}
}

static void empty_buffer(struct conf *c)
{
	start(c);
	piece(c, conf_ring(c)->cfg.desc_bus, 0, "an empty buffer");
}

static void empty_all(struct conf *c)
{
	struct cbuf *b;
	unsigned i;

	start(c);
	b = chain(c, 6);
	for (i = 0; i < b->n; i++)
		cmem_put32(c, &conf_ring(c)->desc[i].len, 0);
	offer(c, 0, b, "a chain of empty pieces");
}

static void zeroes(struct conf *c)
{
	start(c);
	raw_desc(c, &conf_ring(c)->desc[3], 0, 0, 0, 0);
	offer(c, 3, conf_probe(c, 1), "a descriptor of zeroes");
}

/* The region of memory the target's buffers lie in, and an address behind it that is in none. */
static const struct vop_region *region(struct conf *c)
{
	struct target *t = conf_target(c);
	const struct vop_regions *all = t->ops->regions(t);
	uint64_t at = conf_ring(c)->cfg.desc_bus, end;
	unsigned i, j;

	for (i = 0; all && i < all->n; i++) {
		if (at - all->r[i].base >= all->r[i].size)
			continue;
		end = all->r[i].base + all->r[i].size;
		for (j = 0; j < all->n; j++)
			if (end - all->r[j].base < all->r[j].size)
				conf_skip(c, "memory of the driver's goes on behind its end");
		return &all->r[i];
	}
	conf_skip(c, "the target does not say where its memory ends");
}

static void addr_zero(struct conf *c)
{
	start(c);
	if (region(c)->base < 8192)
		conf_skip(c, "there is memory at address 0");
	piece(c, 0, 2048, "an address of 0");
}

static void addr_far(struct conf *c)
{
	start(c);
	piece(c, 0xffff000000000000ull, 2048, "an address far away");
}

static void addr_before(struct conf *c)
{
	start(c);
	if (region(c)->base < 8192)
		conf_skip(c, "memory begins at address 0");
	piece(c, region(c)->base - 16, 1024, "a buffer that begins before memory does");
}

static void addr_end(struct conf *c)
{
	const struct vop_region *m;

	start(c);
	m = region(c);
	piece(c, m->base + m->size, 1024, "a buffer behind the end of memory");
}

static void addr_across(struct conf *c)
{
	const struct vop_region *m;

	start(c);
	m = region(c);
	piece(c, m->base + m->size - 16, 1024, "a buffer across the end of memory");
}

static void addr_one_over(struct conf *c)
{
	const struct vop_region *m;

	start(c);
	m = region(c);
	piece(c, m->base + m->size - 1023, 1024, "a buffer whose last byte is outside of memory");
}

/* Address and length together pass 2^64 and end up in memory again. */
static void addr_wraps(struct conf *c)
{
	const struct vop_region *m;

	start(c);
	m = region(c);
	if (m->base + m->size > 0x7fffffff || m->base < 0x2000)
		conf_skip(c, "memory lies too high for a length of 32 bits");
	piece(c, (uint64_t)-4096, (uint32_t)m->base + 4096 + 4096,
	      "a buffer whose end wraps into memory");
}

static void addr_wraps_short(struct conf *c)
{
	start(c);
	piece(c, (uint64_t)-512, 1024, "a buffer whose end wraps");
}

/* An honest start, and 4 GiB. */
static void len_huge(struct conf *c)
{
	struct cbuf *b;

	start(c);
	b = chain(c, 1);
	cmem_put32(c, &conf_ring(c)->desc[b->n - 1].len, 0xffffffffu);
	offer(c, 0, b, "a length of 4 GiB");
}

/* Several of them: their sum passes 32 bits. */
static void len_sum(struct conf *c)
{
	struct cbuf *b;
	unsigned i;

	start(c);
	b = chain(c, 6);
	for (i = 0; i < b->n; i++)
		cmem_put32(c, &conf_ring(c)->desc[i].len, 0xfffffff0u);
	offer(c, 0, b, "lengths whose sum passes 32 bits");
}

/* --- shapes --- */

static void readable_behind(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;
	uint8_t bytes[512] = {7};

	start(c);
	r = conf_ring(c);
	b = cbuf_new(c);
	/* Too little for anything: what is written goes on behind it. */
	cbuf_in(c, b, 16);
	cbuf_out(c, b, bytes, sizeof(bytes));
	cbuf_in(c, b, 1024);
	raw_chain(r, b, 0);
	offer(c, 0, conf_probe(c, 1), "a readable piece behind a writable one");
}

/* Of the wrong kind all together: writable where the device reads, readable where it writes. */
static void wrong_way(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;
	unsigned i;

	start(c);
	r = conf_ring(c);
	b = chain(c, 4);
	for (i = 0; i < b->n; i++) {
		uint16_t f = le16toh(r->desc[i].flags);

		/* What was to be read may be written now, and the other way round. */
		if (b->seg[i].write)
			cmem_close(c, b->seg[i].p, b->seg[i].len);
		else
			cmem_open(c, b->seg[i].p, b->seg[i].len);
		cmem_put16(c, &r->desc[i].flags, f ^ VOP_DESC_F_WRITE);
	}
	offer(c, 0, b, "pieces of the wrong direction");
}

static void reserved_flags(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;
	unsigned i, bit;

	start(c);
	r = conf_ring(c);
	for (bit = 3; bit < 16; bit++) {
		b = chain(c, 2);
		for (i = 0; i < b->n; i++)
			cmem_put16(c, &r->desc[i].flags,
				   (uint16_t)(le16toh(r->desc[i].flags) | 1u << bit));
		offer(c, 0, b, "reserved flags");
	}
}

/* Everything at random, but for addresses of writable pieces: those are given. */
static void nonsense(struct conf *c)
{
	struct cring *r;
	uint64_t bus;
	uint8_t *p;
	unsigned i, turn;

	start(c);
	r = conf_ring(c);
	p = cmem_alloc(c, 65536, 4096, &bus, "memory for nonsense");
	cmem_open(c, p, 65536);
	for (turn = 0; turn < 30; turn++) {
		for (i = 0; i < r->size; i++)
			raw_desc(c, &r->desc[i],
				 conf_below(c, 4) ? bus + conf_below(c, 60000)
						  : conf_random(c) << 40,
				 conf_below(c, 5) ? conf_below(c, 5000)
						  : 0x80000000u | (uint32_t)conf_random(c),
				 (uint16_t)(conf_random(c) & 3), (uint16_t)conf_below(c, SIZE + 4));
		raw_head(r, (uint16_t)conf_below(c, SIZE + 2));
		raw_offer(r, (uint16_t)conf_below(c, SIZE + 2));
		conf_settle(c);
	}
	raw_harmless(c, "nonsense");
}

#define ROBUST(name, text, line, fn)                                                               \
	{                                                                                          \
		"split/robust/" name, text, "text:split-ring.tex:" line, CONF_TEXT,                \
			CONF_ROBUSTNESS, CONF_SPLIT, .run = fn                                     \
	}

static const struct conf_check checks[] = {
	ROBUST("head-size", "a head just beyond the table leads nowhere", "308", head_size),
	ROBUST("head-far", "a head far beyond the table leads nowhere", "308", head_far),
	ROBUST("head-65535", "the highest of heads leads nowhere", "308", head_last),
	ROBUST("next-size", "a next just beyond the table leads nowhere", "204", next_size),
	ROBUST("next-far", "a next far beyond the table leads nowhere", "204", next_far),
	ROBUST("next-65535", "the highest next leads nowhere", "204", next_last),
	ROBUST("loop-self", "a descriptor that is its own next ends", "224", loop_self),
	ROBUST("loop-two", "two descriptors that lead to each other end", "224", loop_two),
	ROBUST("loop-whole", "a loop through the whole table ends", "224", loop_whole),
	ROBUST("loop-tail", "a chain whose last descriptor loops ends", "224", loop_tail),
	ROBUST("loop-middle", "a chain that goes back into its middle ends", "224", loop_middle),
	ROBUST("loop-empty", "a loop of empty pieces ends", "224", loop_empty),
	ROBUST("empty-piece", "pieces of length 0 harm nobody", "625", empty_piece),
	ROBUST("empty-buffer", "a buffer of length 0 harms nobody", "625", empty_buffer),
	ROBUST("empty-all", "a chain of nothing but empty pieces harms nobody", "625", empty_all),
	ROBUST("zeroes", "a descriptor of zeroes harms nobody", "174", zeroes),
	ROBUST("addr-zero", "a buffer at address 0 harms nobody", "174", addr_zero),
	ROBUST("addr-far", "a buffer outside of all memory harms nobody", "174", addr_far),
	ROBUST("addr-before", "a buffer that begins before memory harms nobody", "174",
	       addr_before),
	ROBUST("addr-end", "a buffer behind the end of memory harms nobody", "174", addr_end),
	ROBUST("addr-across", "a buffer across the end of memory harms nobody", "174", addr_across),
	ROBUST("addr-one-over", "a buffer one byte too long for memory harms nobody", "174",
	       addr_one_over),
	ROBUST("addr-wraps", "address and length that wrap into memory harm nobody", "174",
	       addr_wraps),
	ROBUST("addr-wraps-short", "address and length that wrap harm nobody", "174",
	       addr_wraps_short),
	ROBUST("len-huge", "a length beyond memory harms nobody", "223", len_huge),
	ROBUST("len-sum", "lengths whose sum passes 2^32 harm nobody", "223", len_sum),
	ROBUST("readable-behind", "a readable piece behind a writable one is not written", "151",
	       readable_behind),
	ROBUST("wrong-way", "what is not writable is not written, whatever the queue is for", "177",
	       wrong_way),
	ROBUST("reserved-flags", "reserved flags harm nobody", "198", reserved_flags),
	ROBUST("nonsense", "descriptors at random harm nobody", "174", nonsense),
};
CONF_SECTION(conf_section_split_robust, "2.7", "Split virtqueues: chains that break the rules",
	     checks);
