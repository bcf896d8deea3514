/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 2.8.9: in-order use of a packed ring, where one used descriptor may stand for a batch. Whether it
 * does is the device's choice; the ring's reader (ring_packed.c) follows either way.
 */
#include "conformance/packed_hand.h"
#include "conformance/sections.h"

static void fill(unsigned *pieces, unsigned n, unsigned value)
{
	while (n)
		pieces[--n] = value;
}

static void serves(struct conf *c)
{
	unsigned i, least = phand_least(c, 7);

	conf_start(c, 7);
	for (i = 0; i < 30; i++)
		phand_one(c, least);
}

static void batches_of(struct conf *c, uint16_t size, unsigned pieces)
{
	unsigned p[32], n, i;

	pieces = VOP_MAX(pieces, phand_least(c, size));
	fill(p, 32, pieces);
	conf_start(c, size);
	for (i = 0; i < 40; i++) {
		n = 1 + i % VOP_MIN(size / pieces, 32u);
		phand_batch(c, p, n);
	}
}

static void batches(struct conf *c)
{
	batches_of(c, 8, 1);
}

static void batches_odd(struct conf *c)
{
	batches_of(c, 13, 1);
}

static void lists(struct conf *c)
{
	batches_of(c, 16, 3);
}

static void lists_odd(struct conf *c)
{
	batches_of(c, 11, 2);
}

static void size_1(struct conf *c)
{
	batches_of(c, 1, 1);
}

static void full_ring(struct conf *c)
{
	unsigned p[16], i, least = phand_least(c, 16);

	fill(p, 16, least);
	conf_start(c, 16);
	for (i = 0; i < 8; i++)
		phand_batch(c, p, 16 / least);
}

/* Lists of every length in one batch: it takes the slots of all of them. */
static void unlike(struct conf *c)
{
	unsigned p[5], i, j, least = phand_least(c, 5);

	conf_start(c, 19);
	for (i = 0; i < 40; i++) {
		for (j = 0; j < 5; j++)
			p[j] = VOP_MAX(least, 1 + (i + j * 2) % 5);
		phand_batch(c, p, 2 + i % 3);
	}
}

/* Ids may be any: the batch is known by the order in which buffers were made available. */
static void any_ids(struct conf *c)
{
	unsigned p[6], i, least = phand_least(c, 13);
	struct cring *r;

	fill(p, 6, least);
	conf_start(c, 13);
	r = conf_ring(c);
	for (i = 0; i < r->size; i++)
		r->free_id[i] = (uint16_t)(i * 5 % r->size);
	for (i = 0; i < 30; i++)
		phand_batch(c, p, 1 + i % VOP_MIN(6u, 13 / least));
}

/* The used descriptor of a batch lies in the first slot of the batch, all others are as they were.
 */
static void first_slot(struct conf *c)
{
	unsigned i, j, least = phand_least(c, 12), n = 12 / least / 2;
	struct cbuf *b[6];

	n = VOP_MIN(n, 6u);
	conf_start(c, 13);
	for (i = 0; i < 15; i++) {
		struct cring *r = conf_ring(c);
		struct phand from = phand_next(r), p;
		uint16_t flags;

		for (j = 0; j < n; j++) {
			b[j] = conf_probe(c, least);
			cring_add(r, b[j]);
		}
		cring_publish(r);
		cring_kick(r);
		for (j = 0; j < n; j++)
			if (conf_lane(c)->trigger)
				conf_lane(c)->trigger(c, b[j]);
		cring_wait_all(r);
		for (j = 0; j < n; j++)
			conf_finish(c, b[j]);
		for (j = 0, p = from; j < n; j++, p = phand_step(r, p, least)) {
			flags = le16toh(r->pdesc[p.at].flags) & VOP_DESC_F_PHASE;
			/* After one that stands for a batch come slots that are skipped. */
			if (j == 0 || !b[j - 1]->batched)
				CONF_EXPECT(c, flags == phand_used(p.wrap),
					    "a batch or buffer began at slot %u, whose flags are "
					    "%#06x",
					    p.at, flags);
			else
				CONF_EXPECT(c, flags == phand_avail(p.wrap),
					    "slot %u was skipped by a batch, and its flags are "
					    "%#06x",
					    p.at, flags);
		}
	}
}

/* Pieces in tables: one slot each. */
static void tables(struct conf *c)
{
	unsigned i, j, least = phand_least(c, 4);
	struct cbuf *b[4];

	conf_start(c, 7);
	for (i = 0; i < 25; i++) {
		struct cring *r = conf_ring(c);
		unsigned n = 1 + i % 4;

		for (j = 0; j < n; j++) {
			b[j] = conf_probe(c, VOP_MAX(least, 1 + (i + j) % 4));
			b[j]->indirect = (i + j) % 3 != 0 || b[j]->n > 1;
			cring_add(r, b[j]);
		}
		cring_publish(r);
		cring_kick(r);
		for (j = 0; j < n; j++)
			if (conf_lane(c)->trigger)
				conf_lane(c)->trigger(c, b[j]);
		cring_wait_all(r);
		for (j = 0; j < n; j++)
			conf_finish(c, b[j]);
	}
}

/* The event of a slot that a batch skips comes as if it were used by itself. */
static void events(struct conf *c)
{
	unsigned p[5], i, least = phand_least(c, 2);

	fill(p, 5, least);
	conf_start(c, 13);
	for (i = 0; i < 20; i++) {
		struct cring *r = conf_ring(c);
		unsigned n = VOP_MIN(5u, 13 / least);
		uint64_t before;

		cring_calls_at(r, (uint16_t)(i % (n * least)));
		conf_settle(c);
		cring_called(r);
		before = r->calls;
		phand_batch(c, p, n);
		if (r->calls == before && !cring_wait_call(r))
			conf_fail(c,
				  "a batch of %u was used, slot %u of it was asked for, and no "
				  "notification came",
				  n, i % (n * least));
	}
}

/*
 * Buffers that the device fills wholly and buffers that it fills in part by turns: a skipped one
 * counts as filled, so that only those which are may be skipped.
 */
static void skipped_are_full(struct conf *c)
{
	enum { TURNS = 12, EACH = 6 };
	uint32_t len[TURNS * EACH];
	unsigned turn, i;

	if (conf_lane(c)->reads || !conf_lane(c)->writes)
		conf_skip(c, "requests of this device are not all writable");
	/* How much it writes into a long one, request by request. */
	conf_start(c, 16);
	for (i = 0; i < TURNS * EACH; i++) {
		struct cbuf *b = conf_probe(c, 1);

		conf_submit(c, b);
		conf_finish(c, b);
		len[i] = b->used_len;
	}
	conf_start(c, 16);
	for (turn = 0; turn < TURNS; turn++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b[EACH];

		for (i = 0; i < EACH; i++) {
			b[i] = conf_probe(c, 1);
			if ((turn + i) % 3 && len[turn * EACH + i])
				b[i]->seg[0].len = b[i]->in_len = len[turn * EACH + i];
			cring_add(r, b[i]);
		}
		cring_publish(r);
		cring_kick(r);
		for (i = 0; i < EACH; i++)
			if (conf_lane(c)->trigger)
				conf_lane(c)->trigger(c, b[i]);
		cring_wait_all(r);
		for (i = 0; i < EACH; i++)
			conf_finish(c, b[i]);
	}
}

#define ORDER	     .needs = {CONF_F(VOP_F_IN_ORDER)}, .since = "1.1"
#define ORDER_AND(x) .needs = {CONF_F(VOP_F_IN_ORDER), CONF_F(x)}, .since = "1.1"

static const struct conf_check checks[] = {
	{"packed/in-order/serves", "buffers come back in order, one by one",
	 "text:packed-ring.tex:280", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, ORDER,
	 .run = serves},
	{"packed/in-order/batches", "the used descriptor of a batch has the id of its last buffer",
	 "text:packed-ring.tex:283 text:packed-ring.tex:138", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, ORDER, .run = batches},
	{"packed/in-order/batches-odd", "batches across the end of a ring of prime size",
	 "text:packed-ring.tex:287 text:packed-ring.tex:88", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, ORDER, .run = batches_odd},
	{"packed/in-order/lists", "a batch of lists takes the slots of all of them",
	 "text:packed-ring.tex:141 text:packed-ring.tex:287", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, ORDER, .run = lists},
	{"packed/in-order/lists-odd", "batches of lists across the end of a ring of prime size",
	 "text:packed-ring.tex:141 text:packed-ring.tex:287", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, ORDER, .run = lists_odd},
	{"packed/in-order/unlike", "a batch of lists of different lengths",
	 "text:packed-ring.tex:287", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, ORDER,
	 .run = unlike},
	{"packed/in-order/size-1", "a ring of one descriptor, in order", "text:packed-ring.tex:283",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, ORDER, .run = size_1},
	{"packed/in-order/full-ring", "a batch as long as the ring", "text:packed-ring.tex:287",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, ORDER, .run = full_ring},
	{"packed/in-order/any-ids", "order has nothing to do with ids", "text:packed-ring.tex:284",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, ORDER, .run = any_ids},
	{"packed/in-order/first-slot",
	 "a batch's used descriptor lies in its first slot, the others are skipped",
	 "text:packed-ring.tex:134 text:packed-ring.tex:292", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, ORDER, .run = first_slot},
	{"packed/in-order/skipped-full", "a buffer that is not filled is not skipped",
	 "text:packed-ring.tex:297", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, ORDER,
	 .run = skipped_are_full},
	{"packed/in-order/tables", "batches of tables and plain buffers",
	 "text:packed-ring.tex:287 text:packed-ring.tex:244", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, ORDER_AND(VOP_F_INDIRECT_DESC), .run = tables},
	{"packed/in-order/events", "the event of a slot that a batch skips",
	 "text:packed-ring.tex:346 text:packed-ring.tex:355", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, ORDER_AND(VOP_F_EVENT_IDX), .run = events},
};
CONF_SECTION(conf_section_packed_order, "2.8.9", "Packed virtqueues: in-order use", checks);
