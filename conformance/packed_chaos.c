/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver that breaks the rules of 2.8 beside its descriptors: event structures, kicks, and memory
 * of the ring that changes under the device's hands. What is asked for is as in packed_robust.c.
 */
#include <string.h>

#include "conformance/packed_hand.h"
#include "conformance/sections.h"

#define RING 8u

static struct cring *begin(struct conf *c)
{
	conf_start(c, RING);
	phand_least(c, RING);
	conf_serve(c, 2);
	return conf_ring(c);
}

/* --- event structures --- */

/* A word that means nothing in the driver's event structure, while requests go on. Whether they are
 * served or the device gives up is its choice. */
static void event_word(struct conf *c, const uint32_t *word, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct cring *r = begin(c);
		struct cbuf *b = conf_probe(c, 0);

		r->may_be_quiet = true;
		cmem_put32(c, r->driver_event, word[i]);
		conf_note(c, "the driver's event structure is %#010x", word[i]);
		conf_submit(c, b);
		phand_harmless(c, "after nonsense in the driver's event structure");
		while (cring_take(r))
			;
	}
}

static void event_offset(struct conf *c)
{
	static const uint32_t words[] = {
		VOP_EVENT_WORD(RING, 1, VOP_EVENT_DESC),
		VOP_EVENT_WORD(RING + 1, 0, VOP_EVENT_DESC),
		VOP_EVENT_WORD(0x7fff, 1, VOP_EVENT_DESC),
		VOP_EVENT_WORD(0x7fff, 0, VOP_EVENT_DESC),
	};

	event_word(c, words, VOP_ARRAY_SIZE(words));
}

static void event_reserved_value(struct conf *c)
{
	static const uint32_t words[] = {VOP_EVENT_WORD(0, 0, 3), VOP_EVENT_WORD(3, 1, 3)};

	event_word(c, words, VOP_ARRAY_SIZE(words));
}

static void event_reserved_bits(struct conf *c)
{
	static const uint32_t words[] = {
		VOP_EVENT_WORD(0, 0, VOP_EVENT_ENABLE | 4),
		VOP_EVENT_WORD(0, 0, VOP_EVENT_DISABLE | 0x8000),
		VOP_EVENT_WORD(0, 1, VOP_EVENT_ENABLE | 0xfffc),
	};

	event_word(c, words, VOP_ARRAY_SIZE(words));
}

static void event_not_negotiated(struct conf *c)
{
	static const uint32_t words[] = {
		VOP_EVENT_WORD(0, 1, VOP_EVENT_DESC),
		VOP_EVENT_WORD(RING - 1, 0, VOP_EVENT_DESC),
	};

	event_word(c, words, VOP_ARRAY_SIZE(words));
}

/* --- kicks --- */

/* A kick is a hint and no more: the device still serves. */
static void kick_idle(struct conf *c)
{
	struct cring *r = begin(c);
	unsigned i;

	for (i = 0; i < 5; i++) {
		cring_kick_always(r);
		phand_harmless(c, "after a kick without a buffer");
	}
	conf_serve(c, 3);
}

static void kick_storm(struct conf *c)
{
	struct cring *r = begin(c);
	unsigned i;

	for (i = 0; i < 400; i++) {
		cring_kick_always(r);
		/* A device in this process only works when it is told to. */
		if (i % 2 && conf_target(c)->ops->service(conf_target(c)))
			break;
		if (i % 2)
			conf_events(c);
	}
	phand_harmless(c, "after a storm of kicks");
	conf_serve(c, 3);
}

/* --- the ring changes --- */

/* Buffers the device holds for a while if it is one that waits, then their descriptors vanish. */
static void overwritten(struct conf *c, uint8_t with)
{
	struct cring *r = begin(c);
	unsigned i, least = phand_least(c, RING);
	struct cbuf *b[3];

	for (i = 0; i < 3; i++) {
		b[i] = conf_probe(c, least);
		if (r->room < b[i]->n)
			break;
		cring_add(r, b[i]);
	}
	cring_publish(r);
	cring_kick_always(r);
	conf_settle(c);
	cmem_fill(c, r->pdesc, with, 16 * RING);
	cmem_open(c, r->pdesc, 16 * RING);
	for (i = 0; i < 3 && b[i]->added; i++)
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b[i]);
	cring_kick_always(r);
	phand_harmless(c, "after the ring was overwritten while buffers were in flight");
}

static void overwritten_zero(struct conf *c)
{
	overwritten(c, 0);
}

static void overwritten_ones(struct conf *c)
{
	overwritten(c, 0xff);
}

/* Made available, taken back, made available. */
static void taken_back(struct conf *c)
{
	struct cring *r = begin(c);
	unsigned i;

	for (i = 0; i < 20; i++) {
		struct cbuf *b = conf_probe(c, 0);
		struct vop_packed_desc *d = &r->pdesc[r->next];

		cring_add(r, b);
		cring_publish(r);
		cring_kick_always(r);
		cmem_put16(c, &d->flags, 0);
		conf_settle(c);
		if (r->room < 3)
			break;
	}
	phand_harmless(c, "after descriptors were taken back");
}

/* Every slot is available in the next lap already, while this one's are at the device. */
static void lap_ahead(struct conf *c)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	uint64_t bus;
	bool write = conf_lane(c)->writes && !conf_lane(c)->reads;
	uint8_t *m = cmem_alloc(c, 256, 64, &bus, "a buffer of a broken request");
	struct cseg s = {.p = m, .bus = bus, .len = 256, .write = write};
	unsigned i, lap;

	if (write)
		cmem_open(c, m, 256);
	for (lap = 0; lap < 3; lap++) {
		for (i = 0; i < RING; i++, p = phand_step(r, p, 1))
			phand_piece(r, p, &s, (uint16_t)i, 0);
		cring_kick_always(r);
		conf_settle(c);
	}
	phand_harmless(c, "after more descriptors than the ring has were made available");
}

/* Used before the device did it. */
static void forged_used(struct conf *c)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	unsigned i;

	for (i = 0; i < RING; i++, p = phand_step(r, p, 1))
		phand_put(r, p.at, 0, 0, (uint16_t)i, phand_used(p.wrap));
	cring_kick_always(r);
	phand_harmless(c, "after slots were marked used by the driver");
}

/* The ring itself, or an event structure, as a buffer to write into. */
static void buffer_is(struct conf *c, bool ring)
{
	struct cring *r = begin(c);
	struct phand p = phand_next(r);
	struct cseg s = {.len = ring ? 16 * RING : 4, .write = true};
	unsigned i;

	s.bus = ring ? r->cfg.desc_bus : r->cfg.driver_bus;
	cmem_open(c, r->pdesc, 16 * RING);
	cmem_open(c, r->driver_event, 4);
	phand_piece(r, p, &s, 1, 0);
	cring_kick_always(r);
	conf_settle(c);
	for (i = 0; i < 2 && conf_lane(c)->trigger; i++) {
		struct cbuf dummy = {.number = i};

		conf_lane(c)->trigger(c, &dummy);
		conf_settle(c);
	}
	phand_harmless(c, "after a buffer that is a part of the ring");
}

static void buffer_is_ring(struct conf *c)
{
	buffer_is(c, true);
}

static void buffer_is_event(struct conf *c)
{
	buffer_is(c, false);
}

/* Slots of bytes by chance, most of them with flags that say available. All of the memory they can
 * reach is ours. */
static void random_ring(struct conf *c)
{
	unsigned round, i;

	for (round = 0; round < 6; round++) {
		struct cring *r = begin(c);
		struct phand p = phand_next(r);
		uint64_t bus;
		uint8_t *m = cmem_alloc(c, 4096, 64, &bus, "memory for broken requests");

		cmem_open(c, m, 4096);
		for (i = 0; i < RING; i++, p = phand_step(r, p, 1)) {
			uint64_t x = conf_random(c);
			uint64_t addr = x & 1 ? bus + (x >> 8 & 0x7ff) : conf_random(c);
			uint32_t len =
				x & 2 ? (uint32_t)(x >> 20 & 0x7ff) : (uint32_t)conf_random(c);
			uint16_t flags = (uint16_t)(x >> 32);

			/* What is in memory is so short that it ends there. */
			if (addr - bus < 4096)
				len = (uint32_t)(x >> 20 & 0x7ff);
			if (x & 4)
				flags = (uint16_t)((flags & 7) | phand_avail(p.wrap));
			phand_put(r, p.at, addr, len, (uint16_t)(x & 8 ? x >> 40 & 7 : x >> 40),
				  flags);
		}
		r->may_be_quiet = true;
		cmem_put32(c, r->driver_event, (uint32_t)conf_random(c));
		cring_kick_always(r);
		conf_settle(c);
		if (conf_lane(c)->trigger) {
			struct cbuf dummy = {.number = round};

			conf_lane(c)->trigger(c, &dummy);
		}
		phand_harmless(c, "after a ring of bytes by chance");
	}
}

#define CHAOS(name, does, text, fn)                                                                \
	{                                                                                          \
		"packed/robust/" name, does, text, CONF_TEXT, CONF_ROBUSTNESS, CONF_PACKED,        \
			.since = "1.1", .run = fn                                                  \
	}
#define CHAOS_EVENT(name, does, text, fn)                                                          \
	{                                                                                          \
		"packed/robust/" name, does, text, CONF_TEXT, CONF_ROBUSTNESS, CONF_PACKED,        \
			.needs = {CONF_F(VOP_F_EVENT_IDX)}, .since = "1.1", .run = fn              \
	}

static const struct conf_check checks[] = {
	CHAOS_EVENT("event-offset", "an event offset beyond the ring harms nobody",
		    "text:packed-ring.tex:344", event_offset),
	CHAOS_EVENT("event-flags-3", "the reserved value of the event flags harms nobody",
		    "text:packed-ring.tex:342", event_reserved_value),
	CHAOS("event-reserved-bits", "reserved bits of the event flags harm nobody",
	      "text:packed-ring.tex:441", event_reserved_bits),
	CHAOS("event-not-negotiated", "the event of a descriptor without EVENT_IDX harms nobody",
	      "text:packed-ring.tex:340", event_not_negotiated),
	CHAOS("kick-idle", "a kick without a buffer is no more than that",
	      "text:packed-ring.tex:464", kick_idle),
	CHAOS("kick-storm", "hundreds of kicks without a buffer are no more than that",
	      "text:packed-ring.tex:464", kick_storm),
	CHAOS("ring-zeroed", "a ring that is zeroed in flight harms nobody",
	      "text:packed-ring.tex:456", overwritten_zero),
	CHAOS("ring-ones", "a ring that is overwritten in flight harms nobody",
	      "text:packed-ring.tex:456", overwritten_ones),
	CHAOS("taken-back", "descriptors that are taken back harm nobody",
	      "text:packed-ring.tex:458", taken_back),
	CHAOS("lap-ahead", "more descriptors than the ring has harm nobody",
	      "text:packed-ring.tex:50", lap_ahead),
	CHAOS("forged-used", "slots that the driver marked used are not taken",
	      "2.8.15:dev:3 text:packed-ring.tex:109", forged_used),
	CHAOS("buffer-is-ring", "a buffer that is the ring harms nobody",
	      "text:packed-ring.tex:164", buffer_is_ring),
	CHAOS("buffer-is-event", "a buffer that is an event structure harms nobody",
	      "text:packed-ring.tex:164", buffer_is_event),
	CHAOS("random", "a ring of bytes by chance harms nobody", "text:packed-ring.tex:456",
	      random_ring),
};
CONF_SECTION(conf_section_packed_chaos, "2.8", "Packed virtqueues: rings that change", checks);
