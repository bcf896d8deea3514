/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.8.5 to 2.8.7, 2.8.17, 2.8.18: scatter-gather lists of a packed ring, linked by NEXT. */
#include "conformance/packed_hand.h"
#include "conformance/sections.h"

#define RING 11u /* no power of two, and no multiple of what is put in */

/* Lists of one length, until one has begun at every slot. */
static void lists_of(struct conf *c, unsigned pieces)
{
	unsigned i;

	phand_least(c, pieces);
	for (i = 0; i < 2 * RING; i++)
		phand_one(c, pieces);
}

static void lengths(struct conf *c)
{
	unsigned n, least = phand_least(c, RING);

	for (n = least; n < RING; n++) {
		conf_start(c, RING);
		lists_of(c, n);
	}
}

/* As long as the ring, beginning at every slot. */
static void whole_ring(struct conf *c)
{
	unsigned i, least = phand_least(c, 5);

	conf_start(c, 5);
	for (i = 0; i < 6; i++)
		phand_one(c, 5);
	for (i = 0; i < 5; i++) {
		phand_one(c, least);
		phand_one(c, 5);
	}
}

/* A list ends exactly with the ring; the next one begins the next lap. */
static void ends_with_ring(struct conf *c)
{
	unsigned i, least = phand_least(c, 3);

	conf_start(c, 6);
	for (i = 0; i < 4; i++) {
		phand_one(c, 3);
		phand_one(c, 3);
		phand_one(c, 6 - least);
		phand_one(c, least);
	}
}

/* Lists before, across and behind the end at once. */
static void across_in_batch(struct conf *c)
{
	static const unsigned pieces[] = {3, 4, 2};
	unsigned i;

	phand_least(c, 2);
	conf_start(c, RING);
	for (i = 0; i < 2 * RING; i++)
		phand_batch(c, pieces, VOP_ARRAY_SIZE(pieces));
}

/* One piece a byte, as far as the ring goes: contents go by the order of the list. */
static void small_pieces(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	for (i = 0; i < 6; i++)
		phand_one(c, 64);
}

static void any_cut(struct conf *c)
{
	unsigned i, least = phand_least(c, 16);

	conf_start(c, 0);
	for (i = 0; i < 60; i++)
		phand_one(c, least + conf_below(c, conf_ring(c)->size - least + 1));
}

/* What the ids of the descriptors but the last one are does not matter. */
static void ids_of(struct conf *c, bool same)
{
	unsigned i, j;

	conf_start(c, RING);
	phand_least(c, 4);
	for (i = 0; i < 2 * RING; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b = conf_probe(c, 4);
		struct phand p = phand_next(r);

		cring_add(r, b);
		for (j = 0; j < 3; j++, p = phand_step(r, p, 1))
			cmem_put16(c, &r->pdesc[p.at].id,
				   same ? b->id : (uint16_t)((b->id + 1 + j) % RING));
		cring_publish(r);
		cring_kick(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		conf_finish(c, b);
	}
}

static void ids_other(struct conf *c)
{
	ids_of(c, false);
}

static void ids_same(struct conf *c)
{
	ids_of(c, true);
}

/* One used descriptor for the list, in its first slot; the others stay as the driver wrote them. */
static void one_used(struct conf *c)
{
	struct vop_packed_desc was[4];
	struct phand from, p;
	unsigned i, j;

	conf_start(c, RING);
	phand_least(c, 4);
	for (i = 0; i < RING; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b = conf_probe(c, 4);

		from = phand_next(r);
		cring_add(r, b);
		for (j = 0, p = from; j < 4; j++, p = phand_step(r, p, 1))
			was[j] = r->pdesc[p.at];
		cring_publish(r);
		cring_kick(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		conf_finish(c, b);
		CONF_EXPECT(c,
			    (le16toh(r->pdesc[from.at].flags) & VOP_DESC_F_PHASE) ==
				    phand_used(from.wrap),
			    "the list of buffer %u began at slot %u, whose flags are %#06x", b->id,
			    from.at, le16toh(r->pdesc[from.at].flags));
		for (j = 1, p = phand_step(r, from, 1); j < 4; j++, p = phand_step(r, p, 1))
			CONF_EXPECT(c,
				    was[j].flags == r->pdesc[p.at].flags &&
					    was[j].id == r->pdesc[p.at].id &&
					    was[j].len == r->pdesc[p.at].len,
				    "descriptor %u of a list of 4 at slot %u was written by the "
				    "device",
				    j, p.at);
	}
}

/* Slots of a list that was used keep flags that said available a lap ago, and two laps ago too. */
static void stale_slots(struct conf *c)
{
	unsigned i, j, least;

	conf_start(c, RING);
	least = phand_least(c, RING);
	for (i = 0; i < 3; i++) {
		struct cring *r = conf_ring(c);

		phand_one(c, RING);
		for (j = 0; j < RING / least; j++) {
			phand_one(c, least);
			cring_called(r);
			cring_kick_always(r);
			conf_settle(c);
			cmem_verify(c, "when only slots of earlier laps were left");
		}
		phand_one(c, RING - least * (RING / least)
				     ? RING - least * (RING / least) + least * (least > 1)
				     : least);
	}
}

/* The first descriptor of a list is withheld, the rest has all flags: nothing may happen. */
static void head_last(struct conf *c)
{
	unsigned i;

	phand_least(c, 4);
	conf_start(c, RING);
	for (i = 0; i < RING; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b = conf_probe(c, 4);

		cring_add(r, b);
		cring_called(r);
		cring_kick_always(r);
		conf_settle(c);
		CONF_EXPECT(c, !cring_take(r),
			    "a list was used before its first descriptor was available");
		cmem_verify(c, "while the first descriptor of a list was withheld");
		cring_publish(r);
		cring_kick_always(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		conf_finish(c, b);
	}
}

/* Readable bytes are read, and no page beside them. */
static void reads_inside(struct conf *c)
{
	uint8_t out[LANE_OUT_MAX];
	uint32_t out_len = 0, in_len = 0;
	struct cring *r;
	struct cbuf *b;
	uint64_t bus;
	uint8_t *page;
	int n;

	if (!conf_lane(c)->reads || conf_lane(c)->writes)
		conf_skip(c, "requests of this device are not all readable");
	conf_start(c, 8);
	conf_serve(c, 1);
	b = conf_probe(c, 1);
	conf_lane(c)->request(c, b->number, out, &out_len, &in_len);
	page = cmem_untouched(c, 3, &bus);
	/* It ends where the middle page ends. */
	cmem_put(c, page + 2 * 4096 - out_len, out, out_len);
	b->seg[0].p = page + 2 * 4096 - out_len;
	b->seg[0].bus = bus + 2 * 4096 - out_len;
	r = conf_ring(c);
	conf_submit(c, b);
	conf_finish(c, b);
	conf_settle(c);
	n = cmem_touched(c, page, 3);
	if (n < 0)
		conf_skip(c, "the system does not say which pages exist");
	CONF_EXPECT(c, n == 1, "a buffer lies in one page, and %d of three were read", n);
	(void)r;
}

/* A long writable buffer that is prefilled shows what the device writes; the same one in pages that
 * do not exist shows what it reads. */
static void reads_writable(struct conf *c)
{
	enum { PAGES = 6, BYTES = PAGES * 4096 };
	unsigned round, i, j;
	bool written[PAGES];
	uint64_t bus;
	uint8_t *page;
	int n, want = 0;

	if (conf_lane(c)->reads || !conf_lane(c)->writes)
		conf_skip(c, "requests of this device are not all writable");
	conf_start(c, 8);
	conf_serve(c, 1);
	for (round = 0; round < 2; round++) {
		struct cbuf *b = conf_probe(c, 1);

		if (round == 0) {
			page = cmem_alloc(c, BYTES, 4096, &bus, "a writable buffer of pages");
			cmem_fill(c, page, 0x5a, BYTES);
		} else {
			page = cmem_untouched(c, PAGES, &bus);
		}
		b->seg[0].p = page;
		b->seg[0].bus = bus;
		b->seg[0].len = b->in_len = BYTES;
		conf_submit(c, b);
		cring_wait(conf_ring(c), b);
		conf_settle(c);
		if (round == 0) {
			for (i = 0; i < PAGES; i++)
				for (j = 0, written[i] = false; j < 4096; j++)
					written[i] |= page[4096 * i + j] != 0x5a;
			for (i = 0; i < PAGES; i++)
				want += written[i];
		} else {
			n = cmem_touched(c, page, PAGES);
			if (n < 0)
				conf_skip(c, "the system does not say which pages exist");
			CONF_EXPECT(c, n <= want,
				    "the device writes %d of %u pages of such a buffer, and %d "
				    "were touched",
				    want, PAGES, n);
		}
		conf_lane(c)->verify(c, b);
	}
}

/* The ring fills a page: no page behind it is looked at. */
static void ring_inside(struct conf *c)
{
	struct cring *r;
	uint64_t bus;
	uint8_t *page;
	unsigned i, least;
	int n;

	if (conf_queue_size_max(c, conf_lane(c)->queue) < 256)
		conf_skip(c, "this needs a ring that fills a page");
	conf_negotiate(c);
	if (conf_lane(c)->prepare)
		conf_lane(c)->prepare(c);
	r = cring_new(c, conf_lane(c)->queue, 256);
	page = cmem_untouched(c, 3, &bus);
	r->pdesc = (void *)(page + 4096);
	r->cfg.desc_bus = bus + 4096;
	cring_setup(r);
	conf_set_ring(c, r);
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
	least = phand_least(c, 2);
	/* In and across the last slots. */
	for (i = 0; i + 7 < 256; i += 7)
		phand_one(c, 7);
	for (i = 0; i < 3; i++)
		phand_one(c, 3);
	phand_one(c, least);
	n = cmem_touched(c, page, 3);
	if (n < 0)
		conf_skip(c, "the system does not say which pages exist");
	CONF_EXPECT(c, n == 1, "the ring lies in one page, and %d of three were touched", n);
}

/* --- a request in several buffers: merged receive buffers (5.1.9.3.2) --- */

#define NET_ID	      1
#define NET_MRG_RXBUF 15
#define NUM_BUFFERS   10 /* where it stands in the header */

static bool first_used(struct conf *c, void *arg)
{
	const struct cring *r = arg;
	const struct vop_packed_desc *d = &r->pdesc[r->used_at];

	(void)c;
	return (le16toh(__atomic_load_n(&d->flags, __ATOMIC_ACQUIRE)) & VOP_DESC_F_PHASE) ==
	       phand_used(r->used_wrap);
}

/* The moment the first buffer of a frame is used, all the others are. */
static void multi_buffer(struct conf *c)
{
	unsigned i, j, n;

	conf_start(c, 13);
	for (i = 0; i < 24; i++) {
		struct cring *r = conf_ring(c);
		struct phand p = {r->used_at, r->used_wrap};
		struct cbuf trigger = {.number = i};
		uint8_t num[2];
		uint16_t id;

		while (r->room) {
			struct cbuf *b = cbuf_new(c);

			cbuf_in(c, b, 40);
			cring_add(r, b);
		}
		cring_publish(r);
		cring_kick(r);
		conf_lane(c)->trigger(c, &trigger);
		if (!conf_wait(c, first_used, r))
			conf_fail(c, "a frame was sent and did not come back");
		id = le16toh(r->pdesc[p.at].id);
		CONF_EXPECT(c, id < r->size && r->out[id], "slot %u has id %u, which is not there",
			    p.at, id);
		cbuf_read(r->out[id], NUM_BUFFERS, num, 2);
		n = num[0] | num[1] << 8;
		CONF_EXPECT(c, n >= 1 && n <= 8, "a frame of few bytes takes %u buffers", n);
		for (j = 1; j < n; j++) {
			p = phand_step(r, p, 1);
			CONF_EXPECT(c,
				    (le16toh(r->pdesc[p.at].flags) & VOP_DESC_F_PHASE) ==
					    phand_used(p.wrap),
				    "buffer 1 of %u of a frame is used, and buffer %u is not", n,
				    j + 1);
		}
		for (j = 0; j < n; j++)
			if (!cring_take(r))
				conf_fail(c, "buffer %u of %u of a frame is not used", j + 1, n);
	}
}

static const struct conf_check checks[] = {
	{"packed/list/lengths", "lists of every length, at every slot, take as many slots",
	 "2.8.18:dev:1 text:packed-ring.tex:203 text:packed-ring.tex:225", CONF_MUST,
	 CONF_CONFORMANCE, CONF_PACKED, .run = lengths},
	{"packed/list/whole-ring", "a list may be as long as the ring",
	 "text:packed-ring.tex:196 text:packed-ring.tex:88", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = whole_ring},
	{"packed/list/ends-with-ring", "a list ends with the ring and the next lap begins",
	 "text:packed-ring.tex:89 text:packed-ring.tex:225", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = ends_with_ring},
	{"packed/list/across-end", "batches of lists go across the end",
	 "text:packed-ring.tex:49 text:packed-ring.tex:230", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = across_in_batch},
	{"packed/list/small-pieces", "many small pieces are used in the order of the list",
	 "2.8.18:dev:1 text:packed-ring.tex:164", CONF_MUST, CONF_CONFORMANCE, CONF_PACKED,
	 .run = small_pieces},
	{"packed/list/any-cut", "however a request is cut, it is the same request",
	 "2.8.18:dev:1 text:packed-ring.tex:32 text:packed-ring.tex:178", CONF_MUST,
	 CONF_CONFORMANCE, CONF_PACKED, .run = any_cut},
	{"packed/list/id-last", "the id of a list is that of its last descriptor",
	 "text:packed-ring.tex:213", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, .since = "1.1",
	 .run = ids_other},
	{"packed/list/id-all", "all descriptors of a list may have its id",
	 "text:packed-ring.tex:213", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, .since = "1.1",
	 .run = ids_same},
	{"packed/list/one-used", "one used descriptor stands for a list, in its first slot",
	 "text:packed-ring.tex:192 text:packed-ring.tex:224 text:packed-ring.tex:230", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_PACKED, .since = "1.1", .run = one_used},
	{"packed/list/stale-slots", "what a used list left in its slots is not taken again",
	 "2.8.15:dev:3 text:packed-ring.tex:225", CONF_MUST, CONF_CONFORMANCE, CONF_PACKED,
	 .run = stale_slots},
	{"packed/list/head-last", "a list waits until its first descriptor is available",
	 "2.8.15:dev:3 text:packed-ring.tex:215", CONF_MUST, CONF_CONFORMANCE, CONF_PACKED,
	 .run = head_last},
	{"packed/list/reads-inside", "a page beside a readable buffer is not read",
	 "text:packed-ring.tex:164", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, .since = "1.1",
	 .run = reads_inside},
	{"packed/list/reads-writable", "what the device is to write it does not read",
	 "2.8.15:dev:2", CONF_SHOULD, CONF_CONFORMANCE, CONF_PACKED, .run = reads_writable},
	{"packed/list/ring-inside", "no page beside the ring is looked at",
	 "text:packed-ring.tex:372", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, .since = "1.1",
	 .run = ring_inside},
	{"packed/multi-buffer", "the first buffer of a request is marked used last",
	 "text:packed-ring.tex:303", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, NET_ID, "net/rx",
	 .needs = {CONF_F(NET_MRG_RXBUF)}, .since = "1.1", .run = multi_buffer},
};
CONF_SECTION(conf_section_packed_list, "2.8", "Packed virtqueues: lists", checks);
