/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 2.8.10, 2.8.14: the two event suppression structures. What the driver asks for in its own, the
 * device must send; what the device asks for in its own is all that it gets.
 */
#include "conformance/packed_hand.h"
#include "conformance/sections.h"

/* A request that is used, the ring's own judgement of notifications left aside. */
static void quietly(struct conf *c, unsigned pieces)
{
	struct cbuf *b = conf_probe(c, pieces);

	conf_submit(c, b);
	cring_wait(conf_ring(c), b);
	conf_finish(c, b);
}

/* Calls that came so far and nobody asked about. */
static uint64_t calls(struct conf *c)
{
	conf_settle(c);
	cring_called(conf_ring(c));
	return conf_ring(c)->calls;
}

static void must_call(struct conf *c, uint64_t before, const char *why)
{
	struct cring *r = conf_ring(c);

	if (r->calls == before && !cring_wait_call(r))
		conf_fail(c, "no notification came: %s", why);
}

/* One too many is not wrong, only a pity. */
static void need_not_call(struct conf *c, uint64_t before, const char *why)
{
	if (calls(c) != before)
		conf_warn(c, "a notification came that nobody asked for: %s", why);
}

/* The driver's structure, by hand. */
static void ask(struct conf *c, struct phand p, unsigned flags)
{
	struct cring *r = conf_ring(c);

	r->may_be_quiet = true;
	r->quiet = false;
	cmem_put32(c, r->driver_event, VOP_EVENT_WORD(p.at, p.wrap, flags));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	conf_note(c, "events asked for: offset %u wrap %u flags %u", p.at, p.wrap, flags);
}

static struct phand used_at(struct conf *c)
{
	struct cring *r = conf_ring(c);

	return (struct phand){r->used_at, r->used_wrap};
}

/* --- enable and disable --- */

static void from_start(struct conf *c)
{
	uint64_t before;

	conf_start(c, 0);
	conf_ring(c)->may_be_quiet = true;
	before = conf_ring(c)->calls;
	quietly(c, 0);
	must_call(c, before, "the driver's event structure is zero, events are enabled");
}

static void enabled_each(struct conf *c)
{
	unsigned i, least = phand_least(c, 3);

	conf_start(c, 3);
	for (i = 0; i < 12; i++) {
		uint64_t before;

		ask(c, (struct phand){0, false}, VOP_EVENT_ENABLE);
		before = calls(c);
		quietly(c, least);
		must_call(c, before, "events are enabled and a buffer was used");
	}
}

static void disabled(struct conf *c)
{
	uint64_t before;
	unsigned i;

	conf_start(c, 7);
	phand_least(c, 7);
	conf_serve(c, 2);
	ask(c, (struct phand){0, false}, VOP_EVENT_DISABLE);
	before = calls(c);
	for (i = 0; i < 10; i++)
		quietly(c, 0);
	need_not_call(c, before, "events are disabled");
	ask(c, (struct phand){0, false}, VOP_EVENT_ENABLE);
	before = calls(c);
	quietly(c, 0);
	must_call(c, before, "events are enabled again");
}

static void toggled(struct conf *c)
{
	unsigned i, least = phand_least(c, 5);

	conf_start(c, 5);
	for (i = 0; i < 20; i++) {
		bool on = i / 3 % 2;
		uint64_t before;

		ask(c, (struct phand){0, false}, on ? VOP_EVENT_ENABLE : VOP_EVENT_DISABLE);
		before = calls(c);
		quietly(c, least);
		if (on)
			must_call(c, before, "events are enabled");
		else
			need_not_call(c, before, "events are disabled");
	}
}

/* The offset means nothing while all events are enabled or disabled. */
static void offset_ignored(struct conf *c)
{
	unsigned i, least = phand_least(c, 5);

	conf_start(c, 5);
	for (i = 0; i < 24; i++) {
		/* Within the ring: before, at, behind the slot that is used next. */
		struct phand p = phand_step(conf_ring(c), used_at(c), i % 5);
		bool on = i % 4 != 3;
		uint64_t before;

		p.wrap = p.wrap != (i % 3 == 0);
		ask(c, p, on ? VOP_EVENT_ENABLE : VOP_EVENT_DISABLE);
		before = calls(c);
		quietly(c, least);
		if (on)
			must_call(c, before, "events are enabled, whatever the offset is");
		else
			need_not_call(c, before, "events are disabled, whatever the offset is");
	}
}

/* --- one descriptor's event --- */

/* Ask for the slot `ahead` of the next used one and use buffers of n descriptors until it is
 * crossed. */
static void cross(struct conf *c, unsigned ahead, unsigned n)
{
	struct cring *r = conf_ring(c);
	uint64_t before;
	unsigned at;

	ask(c, phand_step(r, used_at(c), ahead), VOP_EVENT_DESC);
	before = calls(c);
	for (at = 0; at + n <= ahead; at += n)
		quietly(c, n);
	need_not_call(c, before, "the descriptor that was asked for is not used yet");
	before = calls(c);
	quietly(c, n);
	must_call(c, before, "the descriptor that was asked for was used");
	before = calls(c);
	quietly(c, n);
	need_not_call(c, before, "the descriptor that was asked for was used long ago");
}

static void desc_next(struct conf *c)
{
	unsigned i, n = phand_least(c, 5);

	conf_start(c, 5);
	for (i = 0; i < 13; i++)
		cross(c, 0, n);
}

/* Every distance up to a lap less one, from every slot. */
static void distances(struct conf *c, uint16_t size)
{
	unsigned i, n = phand_least(c, size);

	conf_start(c, size);
	for (i = 0; i < 3u * size; i++)
		cross(c, i % size, n);
}

static void desc_ahead(struct conf *c)
{
	distances(c, 8);
}

static void desc_ahead_odd(struct conf *c)
{
	distances(c, 7);
}

static void desc_size_1(struct conf *c)
{
	unsigned i;

	conf_start(c, 1);
	phand_least(c, 1);
	for (i = 0; i < 6; i++)
		cross(c, 0, 1);
}

static void desc_lists(struct conf *c)
{
	unsigned i;

	conf_start(c, 11);
	phand_least(c, 3);
	/* At the first, within, and at the last slot of a list. */
	for (i = 0; i < 33; i++)
		cross(c, i % 9, 3);
}

/* The last slot of the ring, and the first one of the next lap. */
static void at_end(struct conf *c, bool behind)
{
	unsigned lap, i, n = phand_least(c, 6);

	conf_start(c, (uint16_t)(6 * n));
	for (lap = 0; lap < 5; lap++) {
		struct cring *r = conf_ring(c);
		struct phand p = {(uint16_t)(r->size - 1), r->used_wrap};
		uint64_t before;

		if (behind)
			p = phand_step(r, p, 1);
		ask(c, p, VOP_EVENT_DESC);
		before = calls(c);
		for (i = 0; i < 5; i++)
			quietly(c, n);
		need_not_call(c, before, "the last slot of the ring is not used yet");
		before = calls(c);
		quietly(c, n);
		if (!behind) {
			must_call(c, before, "the last slot of the ring was used");
			continue;
		}
		need_not_call(c, before, "the first slot of the next lap is not used yet");
		before = calls(c);
		quietly(c, n);
		must_call(c, before, "the first slot of a lap was used");
		for (i = 0; i < 5; i++)
			quietly(c, n);
	}
}

static void desc_last(struct conf *c)
{
	at_end(c, false);
}

static void desc_first(struct conf *c)
{
	at_end(c, true);
}

/* The slot that is used next, one lap later: the counter tells the two apart. */
static void desc_lap_later(struct conf *c)
{
	unsigned round, i, n = phand_least(c, 4);

	conf_start(c, (uint16_t)(4 * n));
	for (round = 0; round < 5; round++) {
		struct cring *r = conf_ring(c);
		uint64_t before;

		ask(c, phand_step(r, used_at(c), r->size), VOP_EVENT_DESC);
		before = calls(c);
		for (i = 0; i < 4; i++)
			quietly(c, n);
		need_not_call(c, before, "the slot was asked for in the next lap");
		before = calls(c);
		quietly(c, n);
		must_call(c, before, "the slot was used in the lap that was asked for");
	}
}

/* Buffers that are used at once: wherever among them the event lies, a notification comes. */
static void batches(struct conf *c, uint16_t size, unsigned per)
{
	unsigned pieces[8], i, k, n = phand_least(c, 2);

	if (n > 1 && per == 1)
		per = n;
	for (i = 0; i < 8; i++)
		pieces[i] = per;
	conf_start(c, size);
	for (k = 0; k < 3 * 4 * per + 7; k++) {
		struct cring *r = conf_ring(c);
		uint64_t before;

		ask(c, phand_step(r, used_at(c), k % (4 * per)), VOP_EVENT_DESC);
		before = calls(c);
		phand_batch(c, pieces, 4);
		must_call(c, before, "a batch went over the descriptor that was asked for");
		/* So that it begins elsewhere the next time. */
		if (k % 3 == 0)
			quietly(c, per);
	}
}

static void desc_batch(struct conf *c)
{
	batches(c, 16, 1);
}

static void desc_batch_odd(struct conf *c)
{
	batches(c, 11, 1);
}

static void desc_batch_lists(struct conf *c)
{
	batches(c, 13, 3);
}

/* What lies behind was used before it was asked for: nothing comes until the next lap, and nothing
 * stops. */
static void desc_behind(struct conf *c)
{
	unsigned i, n = phand_least(c, 2);

	conf_start(c, (uint16_t)(7 * n));
	for (i = 0; i < 3; i++)
		quietly(c, n);
	for (i = 0; i < 15; i++) {
		struct cring *r = conf_ring(c);
		struct phand p = used_at(c);
		uint64_t before;

		/* 1 to 3 buffers back. */
		p = phand_step(r, p, (unsigned)r->size - n * (1 + i % 3));
		p.wrap = !p.wrap;
		ask(c, p, VOP_EVENT_DESC);
		before = calls(c);
		quietly(c, n);
		need_not_call(c, before, "what was asked for had been used before");
		cross(c, 0, n);
	}
}

/* As a driver does it: after each buffer the next one is asked for; then no event, then all. */
static void desc_moves(struct conf *c)
{
	static const unsigned way[] = {VOP_EVENT_DESC, VOP_EVENT_DESC, VOP_EVENT_DISABLE,
				       VOP_EVENT_DESC, VOP_EVENT_ENABLE};
	unsigned i, n = phand_least(c, 2);

	conf_start(c, 9);
	for (i = 0; i < 50; i++) {
		unsigned flags = way[i % VOP_ARRAY_SIZE(way)];
		uint64_t before;

		ask(c, used_at(c), flags);
		before = calls(c);
		quietly(c, n);
		if (flags == VOP_EVENT_DISABLE)
			need_not_call(c, before, "events are disabled");
		else
			must_call(c, before, "the next used descriptor was asked for");
	}
}

/* Enabled while buffers are in flight, as a driver does before it sleeps. */
static void enabled_late(struct conf *c)
{
	unsigned i, n = phand_least(c, 4);

	conf_start(c, 8);
	for (i = 0; i < 12; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b = conf_probe(c, n);
		uint64_t before;

		ask(c, (struct phand){0, false}, VOP_EVENT_DISABLE);
		before = calls(c);
		cring_add(r, b);
		cring_publish(r);
		ask(c, (struct phand){0, false}, VOP_EVENT_ENABLE);
		cring_kick(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		cring_wait(r, b);
		must_call(c, before, "events were enabled before the device was kicked");
		conf_finish(c, b);
	}
}

/* --- the device's structure --- */

/* Whatever it asks for, it asks in words that mean something, and gets no more kicks than that. */
static void device_asks(struct conf *c, uint16_t size, bool event_idx)
{
	unsigned i, least = phand_least(c, size);

	conf_start(c, size);
	for (i = 0; i < 4u * size + 5; i++) {
		struct cring *r = conf_ring(c);
		uint32_t e;

		phand_one(c, least + i % (VOP_MIN((unsigned)size, 3u) - least + 1));
		conf_settle(c);
		e = cring_device_event(r);
		CONF_EXPECT(c, (e >> 16 & 3) != 3, "the device's event flags are the reserved 3");
		CONF_EXPECT(c, e >> 18 == 0, "reserved bits in the device's event flags: %#x",
			    e >> 16);
		CONF_EXPECT(c, event_idx || (e >> 16) != VOP_EVENT_DESC,
			    "the device asks for the event of a descriptor without EVENT_IDX");
		CONF_EXPECT(c, (e >> 16) != VOP_EVENT_DESC || (e & 0x7fff) < r->size,
			    "the device's event offset is %u, the ring has %u", e & 0x7fff,
			    r->size);
	}
}

static void device_plain(struct conf *c)
{
	device_asks(c, 7, false);
}

static void device_event_idx(struct conf *c)
{
	device_asks(c, 8, true);
}

static void device_event_idx_odd(struct conf *c)
{
	device_asks(c, 7, true);
}

static void device_event_idx_1(struct conf *c)
{
	device_asks(c, 1, true);
}

static void device_event_idx_max(struct conf *c)
{
	unsigned i, least = phand_least(c, 2);

	conf_start(c, conf_queue_size_max(c, conf_lane(c)->queue));
	for (i = 0; i < 800 && i < 2u * conf_ring(c)->size / least + 3; i++)
		phand_one(c, least);
}

/* Batches that lie before, over and behind the slot the device asks for. */
static void device_batches(struct conf *c)
{
	static const unsigned pieces[6] = {1, 2, 1, 3, 2, 1};
	unsigned i, p[6], least = phand_least(c, 2);

	for (i = 0; i < 6; i++)
		p[i] = VOP_MAX(least, pieces[i]);
	conf_start(c, 23);
	for (i = 0; i < 60; i++)
		phand_batch(c, p + i % 3, 1 + i % 4);
}

/* Published in two steps, kicked after the second: the event lies in the first. */
static void device_late_kick(struct conf *c)
{
	unsigned i, j, least = phand_least(c, 3);

	conf_start(c, 10);
	for (i = 0; i < 25; i++) {
		struct cring *r = conf_ring(c);
		struct cbuf *b[3];

		conf_settle(c);
		for (j = 0; j < 3; j++) {
			b[j] = conf_probe(c, least);
			cring_add(r, b[j]);
			cring_publish(r);
		}
		cring_kick(r);
		for (j = 0; j < 3; j++)
			if (conf_lane(c)->trigger)
				conf_lane(c)->trigger(c, b[j]);
		cring_wait_all(r);
		for (j = 0; j < 3; j++)
			conf_finish(c, b[j]);
	}
}

/* 2.8.16: notifications without new descriptors are the driver's right. */
static void superfluous_kicks(struct conf *c)
{
	unsigned i;

	conf_start(c, 6);
	phand_least(c, 6);
	for (i = 0; i < 30; i++) {
		cring_kick_always(conf_ring(c));
		if (i % 3 == 0)
			conf_settle(c);
		conf_serve(c, 1);
		cring_kick_always(conf_ring(c));
	}
}

#define EVENT .needs = {CONF_F(VOP_F_EVENT_IDX)}, .since = "1.1"

static const struct conf_check checks[] = {
	{"packed/event/from-start", "a structure of zeroes means that events are enabled",
	 "text:packed-ring.tex:333 text:packed-ring.tex:657", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = from_start},
	{"packed/event/enabled", "each buffer is told of while events are enabled",
	 "text:packed-ring.tex:332 text:packed-ring.tex:45", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = enabled_each},
	{"packed/event/disabled", "buffers are used without events, and told of once enabled",
	 "text:packed-ring.tex:335 text:packed-ring.tex:355", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, .since = "1.1", .run = disabled},
	{"packed/event/toggled", "events are enabled and disabled time and again",
	 "text:packed-ring.tex:355", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, .since = "1.1",
	 .run = toggled},
	{"packed/event/offset-ignored", "the offset counts for the event of a descriptor alone",
	 "text:packed-ring.tex:344", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, .since = "1.1",
	 .run = offset_ignored},
	{"packed/event/enabled-late", "events enabled before the kick count",
	 "text:packed-ring.tex:355", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, .since = "1.1",
	 .run = enabled_late},
	{"packed/event/desc-next", "the event of the descriptor that is used next",
	 "text:packed-ring.tex:337 text:packed-ring.tex:344", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = desc_next},
	{"packed/event/desc-ahead", "the event of every slot, seen from every slot",
	 "text:packed-ring.tex:346 text:packed-ring.tex:350", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = desc_ahead},
	{"packed/event/desc-ahead-odd", "the event of every slot in a ring of odd size",
	 "text:packed-ring.tex:346 text:packed-ring.tex:388", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = desc_ahead_odd},
	{"packed/event/desc-size-1", "the event of the only slot there is",
	 "text:packed-ring.tex:346", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, EVENT,
	 .run = desc_size_1},
	{"packed/event/desc-lists", "the event of any slot of a list comes when the list is used",
	 "text:packed-ring.tex:346 text:packed-ring.tex:225", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = desc_lists},
	{"packed/event/desc-last", "the event of the last slot of the ring",
	 "text:packed-ring.tex:346 text:packed-ring.tex:87", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = desc_last},
	{"packed/event/desc-first", "the event of the first slot of the next lap",
	 "text:packed-ring.tex:348", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, EVENT,
	 .run = desc_first},
	{"packed/event/desc-lap-later", "the event of the next slot a lap later",
	 "text:packed-ring.tex:350", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, EVENT,
	 .run = desc_lap_later},
	{"packed/event/desc-batch", "the event anywhere in a batch",
	 "text:packed-ring.tex:346 text:packed-ring.tex:355", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = desc_batch},
	{"packed/event/desc-batch-odd", "the event anywhere in a batch across the end",
	 "text:packed-ring.tex:346 text:packed-ring.tex:388", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = desc_batch_odd},
	{"packed/event/desc-batch-lists", "the event anywhere in a batch of lists",
	 "text:packed-ring.tex:346 text:packed-ring.tex:355", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = desc_batch_lists},
	{"packed/event/desc-behind", "the event of a slot that was used before stops nothing",
	 "text:packed-ring.tex:346 text:packed-ring.tex:350", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = desc_behind},
	{"packed/event/desc-moves",
	 "the event moves on with each buffer, with all and none between",
	 "text:packed-ring.tex:355", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, EVENT,
	 .run = desc_moves},
	{"packed/event/device",
	 "the device asks for all kicks or none, in words that mean something",
	 "text:packed-ring.tex:340 text:packed-ring.tex:342 text:packed-ring.tex:441", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_PACKED, .since = "1.1", .run = device_plain},
	{"packed/event/device-desc", "the device gets the kicks it asks for, and no others",
	 "text:packed-ring.tex:342 text:packed-ring.tex:441 text:packed-ring.tex:580", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_PACKED, EVENT, .run = device_event_idx},
	{"packed/event/device-desc-odd", "the device asks right in a ring of odd size",
	 "text:packed-ring.tex:346 text:packed-ring.tex:350", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = device_event_idx_odd},
	{"packed/event/device-desc-1", "the device asks right in a ring of one descriptor",
	 "text:packed-ring.tex:346 text:packed-ring.tex:350", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = device_event_idx_1},
	{"packed/event/device-desc-max", "the device asks right in the largest ring",
	 "text:packed-ring.tex:346", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, EVENT,
	 .run = device_event_idx_max},
	{"packed/event/device-batches", "batches around the slot the device asks for are served",
	 "text:packed-ring.tex:355 text:packed-ring.tex:580", CONF_TEXT, CONF_CONFORMANCE,
	 CONF_PACKED, EVENT, .run = device_batches},
	{"packed/event/late-kick", "one kick speaks for all that was made available before",
	 "text:packed-ring.tex:566", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, EVENT,
	 .run = device_late_kick},
	{"packed/event/superfluous-kicks", "kicks without new buffers change nothing",
	 "text:packed-ring.tex:464", CONF_TEXT, CONF_CONFORMANCE, CONF_PACKED, .since = "1.1",
	 .run = superfluous_kicks},
};
CONF_SECTION(conf_section_packed_event, "2.8.10", "Packed virtqueues: event suppression", checks);
