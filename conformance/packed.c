/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 2.8 Packed virtqueues: when a descriptor is available (2.8.1), what a used descriptor says
 * (2.8.3, 2.8.4), sizes and layout (2.8.10). Lists, tables, events, batches in order and broken
 * rules have files of their own.
 */
#include "conformance/packed_hand.h"
#include "conformance/sections.h"

static void serves(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 40);
}

static void batch(struct conf *c)
{
	static const unsigned pieces[8] = {1, 2, 3, 4, 1, 2, 3, 4};
	unsigned turn;

	conf_start(c, 32);
	for (turn = 0; turn < 6; turn++)
		phand_batch(c, pieces, 8);
}

/* --- sizes --- */

/* Four laps (of a large ring two) and some with requests of different lengths, so that every slot
 * begins, ends and lies within one, and the wrap counters turn in between. */
static void laps_of(struct conf *c, uint16_t size)
{
	unsigned least, most, total, i;

	conf_start(c, size);
	size = conf_ring(c)->size;
	least = phand_least(c, size);
	most = VOP_MIN((unsigned)size, 7u);
	for (i = total = 0; total < (size > 64 ? 2u : 4u) * size + 3 && i < 900; i++) {
		unsigned n = least + i % (most - least + 1);

		phand_one(c, n);
		total += n;
	}
}

static void size_1(struct conf *c)
{
	laps_of(c, 1);
}

static void size_2(struct conf *c)
{
	laps_of(c, 2);
}

static void size_3(struct conf *c)
{
	laps_of(c, 3);
}

static void size_13(struct conf *c)
{
	laps_of(c, 13);
}

static void size_24(struct conf *c)
{
	laps_of(c, 24);
}

static void size_max(struct conf *c)
{
	laps_of(c, conf_queue_size_max(c, conf_lane(c)->queue));
}

static void size_max_less_1(struct conf *c)
{
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue);

	if (max < 2)
		conf_skip(c, "queues of this device have one descriptor at most");
	laps_of(c, (uint16_t)(max - 1));
}

/* The ring is full of buffers, all come back, and again. */
static void full_of(struct conf *c, uint16_t size)
{
	unsigned pieces[64], least, n, i, turn;

	conf_start(c, size);
	size = conf_ring(c)->size;
	least = phand_least(c, size);
	n = size / least;
	for (i = 0; i < n; i++)
		pieces[i] = least;
	for (turn = 0; turn < 5; turn++)
		phand_batch(c, pieces, n);
}

static void full(struct conf *c)
{
	full_of(c, 0);
}

static void full_odd(struct conf *c)
{
	full_of(c, 7);
}

static void size_1_batch(struct conf *c)
{
	full_of(c, 1);
}

/* --- layout --- */

/* Each part at its least alignment and no better, the event structures side by side: a device that
 * writes more than the 4 bytes that are its own, or reads the driver's as part of its own, shows.
 */
static void layout(struct conf *c, bool device_first)
{
	struct cring *r;
	uint64_t bus;
	uint8_t *p;

	conf_negotiate(c);
	if (conf_lane(c)->prepare)
		conf_lane(c)->prepare(c);
	r = cring_new(c, conf_lane(c)->queue, 11);
	p = cmem_alloc(c, 32 + 16 * (size_t)r->size, 64, &bus, "a ring at its least alignment");
	r->pdesc = (void *)(p + 16);
	r->cfg.desc_bus = bus + 16;
	p = cmem_alloc(c, 16, 64, &bus, "two event structures side by side");
	r->device_event = (void *)(p + (device_first ? 4 : 8));
	r->driver_event = (void *)(p + (device_first ? 8 : 4));
	r->cfg.device_bus = bus + (device_first ? 4 : 8);
	r->cfg.driver_bus = bus + (device_first ? 8 : 4);
	cmem_open(c, r->device_event, 4);
	cring_setup(r);
	conf_set_ring(c, r);
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
	conf_serve(c, 30);
}

static void layout_device_first(struct conf *c)
{
	layout(c, true);
}

static void layout_driver_first(struct conf *c)
{
	layout(c, false);
}

/* The driver reads the device's event structure and never needs it to be what the device wrote. */
static void device_event_write_only(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 5);
	r = conf_ring(c);
	for (i = 0; i < 20; i++) {
		struct cbuf *b = conf_probe(c, phand_least(c, 5));

		cmem_put32(c, r->device_event, i % 2 ? 0xffffffffu : 0x00010003u);
		cring_add(r, b);
		cring_publish(r);
		cring_kick_always(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		conf_finish(c, b);
	}
}

/* --- available --- */

/* The flags of b's first descriptor, with these two as they are and not as they should be. */
static void put_head(struct cring *r, const struct cbuf *b, uint16_t two)
{
	cmem_put16(r->c, &r->pdesc[b->at].flags,
		   (uint16_t)(two | (b->n > 1 ? VOP_DESC_F_NEXT : 0) |
			      (b->seg[0].write ? VOP_DESC_F_WRITE : 0)));
}

static void close_pieces(struct conf *c, const struct cbuf *b)
{
	unsigned i;

	for (i = 0; i < b->n; i++)
		if (b->seg[i].write)
			cmem_close(c, b->seg[i].p, b->seg[i].len);
}

/* A buffer with everything but the flags of an available one, `before` buffers after the start in a
 * ring that holds four. */
static void not_available(struct conf *c, unsigned before, uint16_t two)
{
	struct cring *r;
	struct cbuf *b;
	unsigned i, least = phand_least(c, 16);

	conf_start(c, (uint16_t)(4 * least));
	for (i = 0; i < before; i++)
		phand_one(c, least);
	r = conf_ring(c);
	b = conf_probe(c, least);
	cring_add(r, b);
	/* Neither the slots nor the buffer are the device's. */
	put_head(r, b, two);
	close_pieces(c, b);
	cring_called(r);
	cring_kick_always(r);
	if (conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, b);
	conf_settle(c);
	cmem_verify(c, "while a descriptor was not available");
	if (cring_called(r))
		conf_warn(c, "a notification of used buffers came, and there are none");
	phand_open(c, b);
	cring_publish(r);
	cring_kick_always(r);
	conf_finish(c, b);
}

static void avail_zero(struct conf *c)
{
	not_available(c, 0, 0);
}

static void avail_both(struct conf *c)
{
	not_available(c, 0, VOP_DESC_F_PHASE);
}

static void avail_inverse(struct conf *c)
{
	not_available(c, 0, VOP_DESC_F_USED);
}

static void avail_next_lap_zero(struct conf *c)
{
	not_available(c, 5, 0);
}

static void avail_next_lap_both(struct conf *c)
{
	not_available(c, 5, VOP_DESC_F_PHASE);
}

static void avail_next_lap_old(struct conf *c)
{
	not_available(c, 5, VOP_DESC_F_AVAIL);
}

static void avail_third_lap_old(struct conf *c)
{
	not_available(c, 10, VOP_DESC_F_USED);
}

/* Two buffers, the second one is made available first: the device waits for the slot that is next.
 */
static void in_ring_order(struct conf *c, unsigned before)
{
	struct cring *r;
	struct cbuf *b[2];
	unsigned i, least;

	conf_start(c, 8);
	least = phand_least(c, 4);
	for (i = 0; i < before; i++)
		phand_one(c, least);
	r = conf_ring(c);
	for (i = 0; i < 2; i++) {
		b[i] = conf_probe(c, least);
		cring_add(r, b[i]);
	}
	put_head(r, b[1], phand_avail(b[1]->wrap));
	close_pieces(c, b[1]);
	cring_called(r);
	cring_kick_always(r);
	for (i = 0; i < 2; i++)
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b[i]);
	conf_settle(c);
	cmem_verify(c, "while the first of two descriptors was withheld");
	CONF_EXPECT(c, !cring_take(r), "a buffer was used while the one before it is withheld");
	if (cring_called(r))
		conf_warn(c, "a notification of used buffers came, and there are none");
	phand_open(c, b[1]);
	cring_publish(r);
	cring_kick_always(r);
	for (i = 0; i < 2; i++)
		conf_finish(c, b[i]);
}

static void order_withheld(struct conf *c)
{
	in_ring_order(c, 0);
}

static void order_withheld_wrapped(struct conf *c)
{
	in_ring_order(c, 7);
}

/* --- used --- */

/* Flags and length of used descriptors as they stand in the ring; the ring's own reader trusts
 * WRITE. */
static void used_write_flag(struct conf *c)
{
	unsigned i;

	conf_start(c, 6);
	phand_least(c, 6);
	for (i = 0; i < 20; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b = conf_probe(c, 0);
		uint16_t at = r->used_at, flags;

		conf_submit(c, b);
		conf_finish(c, b);
		flags = le16toh(r->pdesc[at].flags);
		if (b->in_len == 0)
			CONF_EXPECT(c, !(flags & VOP_DESC_F_WRITE),
				    "slot %u: nothing can have been written into buffer %u, and "
				    "WRITE is set",
				    at, b->id);
		else
			CONF_EXPECT(c, flags & VOP_DESC_F_WRITE,
				    "slot %u: buffer %u was written, and WRITE is not set", at,
				    b->id);
	}
}

/* Where the used descriptor goes and what its flags are, in every slot, for three laps. */
static void used_slot(struct conf *c)
{
	struct phand p = {0, true};
	unsigned i, least;

	conf_start(c, 5);
	least = phand_least(c, 5);
	for (i = 0; i < 15; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b = conf_probe(c, least);
		uint16_t flags;

		conf_submit(c, b);
		conf_finish(c, b);
		flags = le16toh(r->pdesc[p.at].flags) & VOP_DESC_F_PHASE;
		CONF_EXPECT(c, flags == phand_used(p.wrap) && le16toh(r->pdesc[p.at].id) == b->id,
			    "slot %u of lap %u has flags %#06x and id %u after buffer %u was used",
			    p.at, i / 5, flags, le16toh(r->pdesc[p.at].id), b->id);
		p = phand_step(r, p, least);
	}
}

/* What was used stays as it is, whatever is done with the slots behind it. */
static void used_final(struct conf *c)
{
	unsigned i, least;

	conf_start(c, 16);
	least = phand_least(c, 16);
	for (i = 0; i < 9; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b = conf_probe(c, least);
		struct vop_packed_desc before, *d = &r->pdesc[r->used_at];

		conf_submit(c, b);
		cring_wait(r, b);
		before = *d;
		conf_settle(c);
		CONF_EXPECT(
			c, d->id == before.id && d->flags == before.flags && d->len == before.len,
			"the used descriptor of buffer %u changed after it was marked used", b->id);
		conf_finish(c, b);
	}
	cmem_verify(c, "long after the descriptors were used");
}

/* Ids are names, not places: every id at every place. */
static void ids(struct conf *c)
{
	unsigned i, j, least;

	conf_start(c, 7);
	least = phand_least(c, 7);
	for (i = 0; i < 7; i++)
		for (j = 0; j < 8; j++) {
			struct cring *r = conf_ring(c);
			unsigned k;

			for (k = 0; r->free_id[k] != i; k++)
				;
			r->free_id[k] = r->free_id[r->free_n - 1];
			r->free_id[r->free_n - 1] = (uint16_t)i;
			phand_one(c, least);
		}
}

static const struct conf_check checks[] = {
	{"packed/serves", "buffers come back in turn",
	 "2.8.12:dev:1 2.8.15:dev:1 text:packed-ring.tex:36 text:packed-ring.tex:42 "
	 "text:packed-ring.tex:66",
	 CONF_MUST, CONF_CONFORMANCE, CONF_PACKED, .run = serves},
	{"packed/batch", "buffers come back in batches",
	 "2.8.12:dev:1 text:packed-ring.tex:56 text:packed-ring.tex:559", CONF_MUST,
	 CONF_CONFORMANCE, CONF_PACKED, .run = batch},
	{"packed/size/1", "a ring of one descriptor works",
	 "text:packed-ring.tex:83 text:packed-ring.tex:386", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = size_1},
	{"packed/size/2", "a ring of two descriptors works",
	 "text:packed-ring.tex:48 text:packed-ring.tex:386", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = size_2},
	{"packed/size/3", "a ring of three descriptors works",
	 "text:packed-ring.tex:82 text:packed-ring.tex:388", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = size_3},
	{"packed/size/prime", "a ring of a prime number of descriptors works",
	 "text:packed-ring.tex:87 text:packed-ring.tex:388", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = size_13},
	{"packed/size/even", "an even size that is no power of two works",
	 "text:packed-ring.tex:88 text:packed-ring.tex:388", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = size_24},
	{"packed/size/max", "the largest ring that is offered works",
	 "text:packed-ring.tex:10 text:packed-ring.tex:386", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = size_max},
	{"packed/size/max-less-1", "one descriptor less than the largest ring works",
	 "text:packed-ring.tex:89 text:packed-ring.tex:388", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = size_max_less_1},
	{"packed/full/even", "a full ring comes back whole, time and again",
	 "text:packed-ring.tex:50 text:packed-ring.tex:92", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = full},
	{"packed/full/odd", "a full ring of odd size comes back whole, time and again",
	 "text:packed-ring.tex:50 text:packed-ring.tex:388", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = full_odd},
	{"packed/full/1", "the only descriptor there is goes to and fro",
	 "text:packed-ring.tex:50 text:packed-ring.tex:92", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = size_1_batch},
	{"packed/layout/device-first",
	 "the parts at their least alignment, the device's event structure first: 4 bytes are its",
	 "text:packed-ring.tex:66 text:packed-ring.tex:71 text:packed-ring.tex:374", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_PACKED, .since = "1.1", .run = layout_device_first},
	{"packed/layout/driver-first",
	 "the parts at their least alignment, the driver's event structure first: it is only read",
	 "text:packed-ring.tex:71 text:packed-ring.tex:319 text:packed-ring.tex:376", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_PACKED, .since = "1.1", .run = layout_driver_first},
	{"packed/layout/write-only", "the device never goes by what its event structure holds",
	 "text:packed-ring.tex:66", CONF_TEXT, CONF_ROBUSTNESS, CONF_PACKED, .since = "1.1",
	 .run = device_event_write_only},
	{"packed/avail/zero", "zero flags in the first lap: not available",
	 "2.8.15:dev:3 text:packed-ring.tex:117 text:packed-ring.tex:424", CONF_MUST,
	 CONF_CONFORMANCE, CONF_PACKED, .run = avail_zero},
	{"packed/avail/both", "AVAIL and USED in the first lap: not available",
	 "2.8.15:dev:3 text:packed-ring.tex:103 text:packed-ring.tex:114", CONF_MUST,
	 CONF_CONFORMANCE, CONF_PACKED, .run = avail_both},
	{"packed/avail/inverse", "the flags of the second lap in the first: not available",
	 "2.8.15:dev:3 text:packed-ring.tex:79 text:packed-ring.tex:103", CONF_MUST,
	 CONF_CONFORMANCE, CONF_PACKED, .run = avail_inverse},
	{"packed/avail/second-zero", "zero flags in the second lap: not available",
	 "2.8.15:dev:3 text:packed-ring.tex:105", CONF_MUST, CONF_CONFORMANCE, CONF_PACKED,
	 .run = avail_next_lap_zero},
	{"packed/avail/second-both", "AVAIL and USED in the second lap: not available",
	 "2.8.15:dev:3 text:packed-ring.tex:103", CONF_MUST, CONF_CONFORMANCE, CONF_PACKED,
	 .run = avail_next_lap_both},
	{"packed/avail/second-old", "the flags of the first lap in the second: not available",
	 "2.8.15:dev:3 text:packed-ring.tex:103", CONF_MUST, CONF_CONFORMANCE, CONF_PACKED,
	 .run = avail_next_lap_old},
	{"packed/avail/third-old", "the flags of the second lap in the third: not available",
	 "2.8.15:dev:3 text:packed-ring.tex:103", CONF_MUST, CONF_CONFORMANCE, CONF_PACKED,
	 .run = avail_third_lap_old},
	{"packed/order/withheld", "a buffer waits for the slot before it",
	 "2.8.12:dev:1 text:packed-ring.tex:56 text:packed-ring.tex:131", CONF_MUST,
	 CONF_CONFORMANCE, CONF_PACKED, .run = order_withheld},
	{"packed/order/withheld-end",
	 "a buffer at the start of the ring waits for the slot at its end",
	 "2.8.12:dev:1 text:packed-ring.tex:131", CONF_MUST, CONF_CONFORMANCE, CONF_PACKED,
	 .run = order_withheld_wrapped},
	{"packed/used/write-flag", "WRITE says whether something was written",
	 "text:packed-ring.tex:157 text:packed-ring.tex:168", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = used_write_flag},
	{"packed/used/slot", "used descriptors follow one another, with the flags of their lap",
	 "text:packed-ring.tex:88 text:packed-ring.tex:109 text:packed-ring.tex:58", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_PACKED, .since = "1.1", .run = used_slot},
	{"packed/used/final", "a used descriptor does not change any more", "2.8.15:dev:4",
	 CONF_MUST, CONF_CONFORMANCE, CONF_PACKED, .run = used_final},
	{"packed/ids", "every id comes back from every place",
	 "text:packed-ring.tex:38 text:packed-ring.tex:43", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = ids},
};
CONF_SECTION(conf_section_packed, "2.8", "Packed virtqueues", checks);
