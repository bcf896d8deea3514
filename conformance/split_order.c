/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 2.7.9 In-order use of descriptors, in split rings. That a used element lies where the first
 * buffer of its batch would have it, and names the last one, is judged at each by ring_split.c.
 */
#include "conformance/sections.h"
#include "conformance/split_raw.h"

#define IN_ORDER                                                                                   \
	{                                                                                          \
		CONF_F(VOP_F_IN_ORDER)                                                             \
	}

/* n buffers at once, of so many pieces each; they come back oldest first. */
static void in_turn(struct conf *c, unsigned n, unsigned pieces, bool indirect)
{
	struct cring *r = conf_ring(c);
	struct cbuf *b[16];
	unsigned i, k;

	for (k = 0; k < n; k++) {
		b[k] = conf_probe(c, pieces);
		b[k]->indirect = indirect;
		raw_fits(c, b[k]);
		if (r->room < (indirect ? 1 : b[k]->n))
			break;
		raw_add(c, b[k]);
	}
	cring_publish(r);
	cring_kick(r);
	for (i = 0; i < k; i++) {
		unsigned j;

		cring_wait(r, b[i]);
		for (j = 0; j < i; j++)
			CONF_EXPECT(c, b[j]->used, "buffer %u came back before buffer %u", b[i]->id,
				    b[j]->id);
	}
	for (i = 0; i < k; i++)
		conf_finish(c, b[i]);
}

static void one_by_one(struct conf *c)
{
	unsigned i;

	conf_start(c, 16);
	for (i = 0; i < 40; i++)
		in_turn(c, 1, 0, false);
}

static void batches(struct conf *c)
{
	unsigned n;

	conf_start(c, 64);
	for (n = 1; n <= 16; n++)
		in_turn(c, n, 0, false);
}

/* All descriptors in one batch: its last buffer is the one before its first. */
static void whole_ring(struct conf *c)
{
	unsigned i;

	conf_start(c, 8);
	for (i = 0; i < 6; i++)
		in_turn(c, 8, 1, false);
}

static void whole_ring_wide(struct conf *c)
{
	unsigned i;

	conf_start(c, 16);
	in_turn(c, 3, 1, false);
	for (i = 0; i < 6; i++)
		in_turn(c, 16, 1, false);
}

static void small(struct conf *c, uint16_t size)
{
	unsigned i;

	conf_start(c, size);
	for (i = 0; i < 10; i++)
		in_turn(c, size, 1, false);
}

static void size_1(struct conf *c)
{
	small(c, 1);
}

static void size_2(struct conf *c)
{
	small(c, 2);
}

/* Chains in ring order, over the end of the table as well, where next is 0. */
static void chains(struct conf *c)
{
	unsigned i;

	conf_start(c, 16);
	for (i = 0; i < 30; i++)
		in_turn(c, 1 + i % 3, 1 + i % 5, false);
}

static void chains_batch(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	for (i = 0; i < 20; i++)
		in_turn(c, 8, 1 + i % 7, false);
}

static void indirect(struct conf *c)
{
	unsigned i;

	conf_start(c, 16);
	for (i = 0; i < 20; i++)
		in_turn(c, 1 + i % 8, 1 + i % 6, i % 3 != 2);
}

/* Buffers that were not filled have an element of their own: a skipped one counts as used whole. */
static void partial(struct conf *c)
{
	struct cring *r;
	struct cbuf *b[6];
	unsigned turn, i;

	if (!conf_lane(c)->writes)
		conf_skip(c, "the buffers of this queue have no writable part");
	conf_start(c, 32);
	r = conf_ring(c);
	for (turn = 0; turn < 8; turn++) {
		for (i = 0; i < 6; i++) {
			b[i] = conf_probe(c, 1);
			if (r->room < b[i]->n)
				break;
			raw_add(c, b[i]);
		}
		cring_publish(r);
		cring_kick(r);
		cring_wait_all(r);
		while (i-- > 0)
			if (b[i]->batched)
				/* Its length is that of all its room: the lane knows better. */
				conf_lane(c)->verify(c, b[i]);
			else
				conf_finish(c, b[i]);
	}
}

/* One element moves the index by more than one: used_event inside the jump is crossed. */
static void event(struct conf *c)
{
	struct cring *r;
	unsigned n, ahead, i;

	conf_start(c, 64);
	r = conf_ring(c);
	for (n = 2; n <= 8; n += 2)
		for (ahead = 0; ahead < n; ahead++) {
			struct cbuf *b[8];
			uint64_t calls = r->calls;

			cring_calls_at(r, (uint16_t)ahead);
			for (i = 0; i < n; i++) {
				b[i] = conf_probe(c, 0);
				raw_add(c, b[i]);
			}
			cring_publish(r);
			cring_kick(r);
			cring_wait_all(r);
			CONF_EXPECT(c, r->calls != calls || cring_wait_call(r),
				    "used_event lies %u entries into a batch of %u, and no "
				    "notification came",
				    ahead, n);
			r->called = false;
			for (i = 0; i < n; i++)
				conf_finish(c, b[i]);
		}
}

static void wraps(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	raw_forward(c, 65536 - 40);
	for (i = 0; i < 12; i++)
		in_turn(c, 1 + i % 8, 1 + i % 2, false);
	CONF_EXPECT(c, conf_ring(c)->used_idx < 64, "the harness lost count");
}

/* More is handed over while earlier buffers are under way. */
static void staggered(struct conf *c)
{
	struct cring *r;
	struct cbuf *b[10];
	unsigned turn, i;

	conf_start(c, 64);
	r = conf_ring(c);
	for (turn = 0; turn < 6; turn++) {
		for (i = 0; i < VOP_ARRAY_SIZE(b); i++) {
			b[i] = conf_probe(c, 1 + (turn + i) % 3);
			raw_add(c, b[i]);
			if (i % 3 == 2) {
				cring_publish(r);
				cring_kick(r);
			}
		}
		cring_publish(r);
		cring_kick(r);
		for (i = 0; i < VOP_ARRAY_SIZE(b); i++)
			conf_finish(c, b[i]);
	}
}

/* Without the feature each buffer has an element of its own, whatever order they come in. */
static void not_negotiated(struct conf *c)
{
	struct cring *r;
	unsigned i, j;

	if (!vop_feature_has(conf_offered(c), VOP_F_IN_ORDER))
		conf_skip(c, "the device does not offer IN_ORDER");
	conf_start(c, 16);
	r = conf_ring(c);
	for (i = 0; i < 8; i++) {
		uint16_t from = r->used_idx, seen = 0;
		unsigned n;

		/* What stood there is no buffer's id. */
		for (j = 0; j < r->size; j++)
			cmem_put32(c, &r->used->ring[j].id, 0xffffffffu);
		n = raw_batch(c, 6, 1, false);
		for (j = 0; j < n; j++) {
			uint32_t id = le32toh(r->used->ring[(from + j) % r->size].id);

			CONF_EXPECT(c, id < r->size && !(seen >> id & 1),
				    "used element %u of %u has id %u", j, n, id);
			seen |= (uint16_t)(1u << id);
		}
	}
}

static const struct conf_check checks[] = {
	{"split/order/one-by-one", "buffers are used in the order of the ring",
	 "text:split-ring.tex:479 text:split-ring.tex:208", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .needs = IN_ORDER, .run = one_by_one},
	{"split/order/batches", "a batch moves the used index by its size, its last head is named",
	 "text:split-ring.tex:483 text:split-ring.tex:487", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .needs = IN_ORDER, .run = batches},
	{"split/order/whole-ring", "a batch may be all descriptors there are",
	 "text:split-ring.tex:487", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = IN_ORDER,
	 .run = whole_ring},
	{"split/order/whole-ring-shifted", "so it may from the middle of the ring on",
	 "text:split-ring.tex:495", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = IN_ORDER,
	 .run = whole_ring_wide},
	{"split/order/size-1", "a ring of one descriptor is in order", "text:split-ring.tex:208",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = IN_ORDER, .run = size_1},
	{"split/order/size-2", "so is one of two", "text:split-ring.tex:208", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .needs = IN_ORDER, .run = size_2},
	{"split/order/chains", "chains in ring order may pass the end of the table",
	 "text:split-ring.tex:208", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = IN_ORDER,
	 .run = chains},
	{"split/order/chains-batch", "a batch of chains moves the index by its buffers",
	 "text:split-ring.tex:483 text:split-ring.tex:495", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .needs = IN_ORDER, .run = chains_batch},
	{"split/order/indirect", "indirect tables and IN_ORDER go together",
	 "text:split-ring.tex:261", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .needs = {CONF_F(VOP_F_IN_ORDER), CONF_F(VOP_F_INDIRECT_DESC)}, .run = indirect},
	{"split/order/partial", "a buffer that is left out of the used ring was used wholly",
	 "text:split-ring.tex:500", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = IN_ORDER,
	 .run = partial},
	{"split/order/event", "used_event is crossed in the middle of a batch",
	 "2.7.7.2:dev:5 text:split-ring.tex:487", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT,
	 .needs = {CONF_F(VOP_F_IN_ORDER), CONF_F(VOP_F_EVENT_IDX)}, .run = event},
	{"split/order/wraps", "batches pass 65535", "text:split-ring.tex:487", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_SPLIT, .lane = CONF_FIRST_LANE, .needs = IN_ORDER, .slow = true,
	 .run = wraps},
	{"split/order/staggered", "buffers that come later stay behind those that came before",
	 "text:split-ring.tex:479", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = IN_ORDER,
	 .run = staggered},
	{"split/order/not-negotiated", "without IN_ORDER every buffer has its own used element",
	 "text:split-ring.tex:416 text:split-ring.tex:481", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = not_negotiated},
};
CONF_SECTION(conf_section_split_order, "2.7.9", "Split virtqueues: in-order use", checks);
