/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.6 Virtqueues: their sizes, places and numbers. Resets of single queues are in queue_reset.c. */
#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

static void use_size(struct conf *c, uint16_t size)
{
	if (size < steps_least(c))
		return;
	conf_start(c, size);
	steps_serve(c, VOP_MIN(2u * size + 3, 30u));
}

/* 2.7: powers of two. 2.8: anything. */
static void every_size(struct conf *c)
{
	static const uint16_t packed[] = {1, 2, 3, 5, 7, 11, 17, 100, 127, 255};
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue);
	unsigned i;

	for (i = 0; !conf_packed(c) && i < 12; i++)
		if (1u << i <= max)
			use_size(c, (uint16_t)(1u << i));
	for (i = 0; conf_packed(c) && i < VOP_ARRAY_SIZE(packed); i++)
		if (packed[i] <= max)
			use_size(c, packed[i]);
}

static void largest(struct conf *c)
{
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue);

	CONF_EXPECT(c, max <= 32768, "the largest size of the queue is %u, above 32768", max);
	/* One that only packed rings can have is cut down to what a split ring can. */
	while (!conf_packed(c) && max & (max - 1))
		max &= (uint16_t)(max - 1);
	use_size(c, max);
}

static void exist(struct conf *c)
{
	unsigned n = conf_queue_count(c), q;

	CONF_EXPECT(c, n >= 1, "the device has no queues");
	CONF_EXPECT(c, n <= 65536, "the device has %u queues", n);
	for (q = 0; q < n; q++) {
		uint16_t size = conf_queue_size_max(c, q);

		CONF_EXPECT(c, size <= 32768, "queue %u has a size of %u at most, above 32768", q,
			    size);
	}
	CONF_EXPECT(c, conf_queue_size_max(c, conf_lane(c)->queue) > 0,
		    "queue %u, which every device of the type has, does not exist",
		    conf_lane(c)->queue);
}

/* The three parts lie wherever their alignment lets them, in any order, and no better aligned. */
static void least_aligned(struct conf *c)
{
	uint64_t bus;
	struct cring *r;
	uint8_t *m;

	conf_prepare_others(c);
	r = cring_new(c, conf_lane(c)->queue, 8);
	m = cmem_alloc(c, 1024, 64, &bus, "a ring with its parts as little aligned as may be");
	steps_place(r, m + 512 + 16, bus + 512 + 16, m + 256 + (conf_packed(c) ? 4 : 2),
		    bus + 256 + (conf_packed(c) ? 4 : 2), m + 4, bus + 4);
	cring_setup(r);
	conf_set_ring(c, r);
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
	conf_serve(c, 20);
}

/* --- a driver that breaks rules --- */

/* Set up as it is; if the device takes it, let it work on it. */
static void try_odd(struct conf *c, struct cring *r)
{
	if (cring_try_setup(r) == 0) {
		/* Where the device believes its part is, it may write. */
		conf_try_status(c, STEP_DRIVER_OK);
		if (r->cfg.kick)
			cring_kick_always(r);
	}
	conf_settle(c);
}

static struct cring *fresh(struct conf *c)
{
	conf_negotiate(c);
	return cring_new(c, conf_lane(c)->queue, 8);
}

static void sizes(struct conf *c)
{
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue);
	uint16_t odd[] = {0, 3, 6, 0x8000, 0x8001, 0xffff, 0, 0, 0};
	unsigned i;

	odd[6] = (uint16_t)(max + 1);
	odd[7] = (uint16_t)(2 * max);
	odd[8] = (uint16_t)(max | 1);
	for (i = 0; i < VOP_ARRAY_SIZE(odd); i++) {
		struct cring *r = fresh(c);

		r->cfg.size = odd[i];
		/* The rings of those that are taken after all reach beyond ours: nothing is handed
		 * over in them. */
		if (cring_try_setup(r) == 0)
			conf_settle(c);
	}
	conf_expect_idle(c);
}

static void misaligned(struct conf *c)
{
	static const uint8_t by[] = {1, 2, 4, 8};
	unsigned part, i;

	for (part = 0; part < 3; part++)
		for (i = 0; i < VOP_ARRAY_SIZE(by); i++) {
			struct cring *r = fresh(c);
			uint64_t bus;
			uint8_t *m = cmem_alloc(c, 1024, 64, &bus, "a misaligned ring");

			steps_place(r, m + 16, bus + 16, m + 256, bus + 256, m + 512, bus + 512);
			if (part == 0)
				r->cfg.desc_bus += by[i];
			else if (part == 1)
				r->cfg.driver_bus += by[i];
			else
				r->cfg.device_bus += by[i];
			cmem_open(c, m + 512, 256);
			try_odd(c, r);
		}
	conf_expect_idle(c);
}

static void unreachable(struct conf *c)
{
	static const uint64_t at[] = {0,
				      16,
				      0xfff0,
				      STEP_NOWHERE,
				      0x8000000000000000ull,
				      0xffffffffffffff80ull, /* ends at 2^64 */
				      0xfffffffffffffff0ull, /* goes beyond it */
				      0xfffffffffffff000ull};
	unsigned part, i;

	for (part = 0; part < 4; part++)
		for (i = 0; i < VOP_ARRAY_SIZE(at); i++) {
			struct cring *r = fresh(c);

			if (part == 0 || part == 3)
				r->cfg.desc_bus = at[i];
			if (part == 1 || part == 3)
				r->cfg.driver_bus = at[i];
			if (part == 2 || part == 3)
				r->cfg.device_bus = at[i];
			try_odd(c, r);
		}
	conf_expect_idle(c);
}

/* All parts in one place. */
static void overlapping(struct conf *c)
{
	struct cring *r = fresh(c);

	r->cfg.driver_bus = r->cfg.device_bus = r->cfg.desc_bus;
	cmem_open(c, conf_packed(c) ? (void *)r->pdesc : (void *)r->desc, 16 * (size_t)r->size);
	try_odd(c, r);
	conf_expect_idle(c);
}

static void twice(struct conf *c)
{
	struct cring *r, *other;

	conf_prepare(c, 8);
	r = conf_ring(c);
	other = cring_new(c, conf_lane(c)->queue, 16);
	cring_try_setup(other);
	conf_try_status(c, STEP_DRIVER_OK);
	steps_push(c);
	conf_settle(c);
	/* And on a queue that is in use. */
	other = cring_new(c, conf_lane(c)->queue, 4);
	cring_try_setup(other);
	if (r->cfg.kick)
		cring_kick_always(r);
	conf_settle(c);
	conf_expect_idle(c);
}

static void beyond(struct conf *c)
{
	unsigned n = conf_queue_count(c), i;
	unsigned odd[] = {n, n + 1, 32, 33, 34, 63, 64, 255, 256, 1024, 32767, 32768, 65535};

	for (i = 0; i < VOP_ARRAY_SIZE(odd); i++) {
		struct cring *r;

		if (odd[i] < n)
			continue;
		r = fresh(c);
		r->cfg.index = (uint16_t)odd[i];
		try_odd(c, r);
		conf_try_queue_reset(c, odd[i]);
	}
	conf_expect_idle(c);
}

/* Any address, size and number. */
static void anything(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 30; i++) {
		struct cring *r = fresh(c);
		uint64_t v = conf_random(c);

		if (v & 1)
			r->cfg.desc_bus = conf_random(c);
		if (v & 2)
			r->cfg.driver_bus = conf_random(c);
		if (v & 4)
			r->cfg.device_bus = conf_random(c);
		if (v & 8)
			r->cfg.desc_bus += (uint64_t)conf_below(c, 64) << 58;
		if ((v & 7) == 7)
			r->cfg.size = (uint16_t)conf_random(c);
		if ((v & 0x70) == 0)
			r->cfg.index = (uint16_t)conf_random(c);
		if (v & 7)
			try_odd(c, r);
	}
	conf_expect_idle(c);
}

/* Where a readable piece ends a writable one begins: they are two all the same. */
static void adjoining(struct conf *c)
{
	uint8_t out[LANE_OUT_MAX];
	uint32_t out_len, in_len;
	struct cbuf *b;
	unsigned i;

	if (!conf_lane(c)->reads || !conf_lane(c)->writes)
		conf_skip(c, "requests of this queue have parts of one kind only");
	conf_start(c, 0);
	for (i = 0; i < 12; i++) {
		uint64_t number = conf_request(c, out, &out_len, &in_len);

		b = cbuf_joined(c, out, out_len, in_len);
		b->number = number;
		conf_submit(c, b);
		conf_finish(c, b);
	}
}

static const struct conf_check checks[] = {
	{"queues/exist", "there are queues, of sizes that can be", "text:content.tex:348",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = exist},
	{"queues/every-size", "a queue works in every size it may have", "text:content.tex:404",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = every_size},
	{"queues/largest", "a queue works in the largest size the device names",
	 "text:content.tex:404", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = largest},
	{"queues/least-aligned", "the parts of a queue lie anywhere, just aligned",
	 "text:content.tex:380", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = least_aligned},
	{"queues/sizes", "sizes a queue cannot have harm nobody", "text:content.tex:342", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = sizes},
	{"queues/misaligned", "misaligned parts harm nobody", "text:content.tex:380", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = misaligned},
	{"queues/unreachable", "parts where there is no memory harm nobody", "text:content.tex:380",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = unreachable},
	{"queues/overlapping", "parts that overlap harm nobody", "text:content.tex:380", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = overlapping},
	{"queues/twice", "setting up a queue twice harms nobody", "text:content.tex:342", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, .run = twice},
	{"queues/beyond", "queues that do not exist harm nobody", "text:content.tex:346", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = beyond},
	{"queues/anything", "no set-up of a queue harms anybody", "text:content.tex:342", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = anything},
	{"queues/adjoining", "pieces of both kinds that adjoin in memory stay apart",
	 "text:split-ring.tex:176", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = adjoining},
};
CONF_SECTION(conf_section_queues, "2.6", "Virtqueues", checks);
