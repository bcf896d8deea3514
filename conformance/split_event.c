/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.7 Split virtqueues: who is notified when. Used buffers (2.7.7): by the driver's flag and by its
 * event index; available buffers (2.7.10): by the device's. */
#include "conformance/sections.h"
#include "conformance/split_raw.h"

/* n requests published at once, used, and looked at. Returns whether a notification was seen on the
 * way: whether one is owed is the caller's to judge. */
static bool use(struct conf *c, unsigned n)
{
	struct cring *r = conf_ring(c);
	struct cbuf *b[16];
	uint64_t calls = r->calls;
	unsigned i;

	for (i = 0; i < n; i++) {
		b[i] = conf_probe(c, 0);
		raw_add(c, b[i]);
	}
	cring_publish(r);
	cring_kick(r);
	r->may_be_quiet = true;
	cring_wait_all(r);
	for (i = 0; i < n; i++)
		conf_finish(c, b[i]);
	return r->calls != calls;
}

static void must_call(struct conf *c, unsigned n, const char *why)
{
	if (!use(c, n) && !cring_wait_call(conf_ring(c)))
		conf_fail(c, "%u buffers were used and no notification came: %s", n, why);
	conf_ring(c)->called = false;
}

static void no_call(struct conf *c, unsigned n, const char *why)
{
	bool came = use(c, n);

	conf_settle(c);
	if (cring_called(conf_ring(c)) || came)
		conf_fail(c, "a notification came for %u buffers: %s", n, why);
}

/* What may still be on its way from before is let in. */
static void quiet_now(struct conf *c)
{
	conf_settle(c);
	cring_called(conf_ring(c));
}

static void set_flag(struct conf *c, uint16_t flags)
{
	cmem_put16(c, &conf_ring(c)->avail->flags, flags);
	/* Seen by the device before anything that is published from here on. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void set_event(struct conf *c, uint16_t event)
{
	struct cring *r = conf_ring(c);

	cmem_put16(c, &r->avail->ring[r->size], event);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* --- used buffers, by the flag --- */

static void flag_0(struct conf *c)
{
	unsigned i;

	conf_start(c, 32);
	for (i = 0; i < 12; i++)
		must_call(c, 1, "flags is 0");
}

static void flag_0_batch(struct conf *c)
{
	unsigned n;

	conf_start(c, 64);
	for (n = 1; n <= 12; n++)
		must_call(c, n, "flags is 0");
}

static void flag_1(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	use(c, 1);
	set_flag(c, 1);
	quiet_now(c);
	for (i = 0; i < 10; i++)
		no_call(c, 1 + i % 3, "flags is 1");
}

/* Off and on again: what was used while it was off is past. */
static void flag_toggled(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	for (i = 0; i < 8; i++) {
		set_flag(c, 1);
		quiet_now(c);
		use(c, 1 + i % 3);
		quiet_now(c);
		set_flag(c, 0);
		must_call(c, 1 + i % 4, "flags is 0 again");
	}
}

/* Where used_event would lie there may be anything. */
static void event_not_negotiated(struct conf *c)
{
	static const int off[] = {-1, 1, 2, 5, 100, 0x7fff, -0x8000, 0};
	struct cring *r;
	unsigned i;

	conf_start(c, 32);
	r = conf_ring(c);
	for (i = 0; i < VOP_ARRAY_SIZE(off); i++) {
		set_event(c, (uint16_t)(r->used_idx + off[i]));
		must_call(c, 1, "flags is 0, and there is no event index");
	}
}

static void event_not_negotiated_off(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 32);
	r = conf_ring(c);
	use(c, 1);
	set_flag(c, 1);
	quiet_now(c);
	for (i = 0; i < 6; i++) {
		set_event(c, (uint16_t)(r->used_idx + i % 2));
		no_call(c, 2, "flags is 1, and there is no event index");
	}
}

/* --- used buffers, by the event index --- */

static void event_first(struct conf *c)
{
	conf_start(c, 0);
	/* As the ring was zeroed: used_event is 0. */
	must_call(c, 1, "used_event is 0, and it is the first buffer");
}

static void event_next(struct conf *c)
{
	unsigned i;

	conf_start(c, 32);
	for (i = 0; i < 40; i++) {
		cring_calls_at(conf_ring(c), 0);
		must_call(c, 1, "used_event is the entry that was written");
	}
}

/* First, middle and last of a batch. */
static void event_in_batch(struct conf *c)
{
	unsigned n, ahead;

	conf_start(c, 64);
	for (n = 1; n <= 8; n++)
		for (ahead = 0; ahead < n; ahead++) {
			cring_calls_at(conf_ring(c), (uint16_t)ahead);
			must_call(c, n, "used_event lies among the entries written");
		}
}

static void event_behind_batch(struct conf *c)
{
	unsigned n, more;

	conf_start(c, 64);
	use(c, 1);
	for (n = 1; n <= 6; n++)
		for (more = 0; more < 3; more++) {
			quiet_now(c);
			cring_calls_at(conf_ring(c), (uint16_t)(n + more));
			no_call(c, n, "used_event lies beyond the entries written");
		}
}

/* Not yet, not yet, now. */
static void event_reached_later(struct conf *c)
{
	unsigned ahead, i;

	conf_start(c, 64);
	for (ahead = 1; ahead <= 9; ahead += 2) {
		cring_calls_at(conf_ring(c), (uint16_t)ahead);
		for (i = 0; i < ahead; i++)
			use(c, 1);
		quiet_now(c);
		must_call(c, 1, "the used index passes used_event at last");
	}
}

/* An index that was passed long ago. */
static void event_passed(struct conf *c)
{
	static const uint16_t back[] = {1, 2, 16, 33, 0x7fff, 0x8000, 0x9000};
	unsigned i;

	conf_start(c, 64);
	use(c, 3);
	for (i = 0; i < VOP_ARRAY_SIZE(back); i++) {
		quiet_now(c);
		cring_calls_at(conf_ring(c), (uint16_t)-back[i]);
		no_call(c, 3, "used_event lies behind");
	}
}

/* One crossing, one call; the index stays where it is. */
static void event_once(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	for (i = 0; i < 4; i++) {
		quiet_now(c);
		cring_calls_at(conf_ring(c), 1);
		use(c, 3);
		quiet_now(c);
		no_call(c, 2, "used_event was crossed before");
		no_call(c, 1, "used_event was crossed before");
	}
}

static void event_flag_ignored(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	for (i = 0; i < 12; i++) {
		set_flag(c, 1);
		cring_calls_at(conf_ring(c), (uint16_t)(i % 4));
		must_call(c, 1 + i % 4, "used_event was crossed, flags does not count");
	}
}

/* Around the place where the index goes from 65535 to 0, each distance from each side. */
static void event_wraps(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 64);
	r = conf_ring(c);
	cring_calls_at(r, 0xffff);
	raw_forward(c, 65536 - 20);
	for (i = 0; i < 12; i++) {
		quiet_now(c);
		cring_calls_at(r, (uint16_t)(i % 4));
		must_call(c, 1 + i % 4, "used_event lies among the entries written");
	}
	CONF_EXPECT(c, r->used_idx < 64, "the harness lost count");
}

static void event_wraps_none(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 64);
	r = conf_ring(c);
	cring_calls_at(r, 0xffff);
	raw_forward(c, 65536 - 16);
	for (i = 0; i < 12; i++) {
		quiet_now(c);
		cring_calls_at(r, (uint16_t)(3 + i % 2));
		no_call(c, 3, "used_event lies beyond the entries written");
	}
}

/* More than half of all indexes away. */
static void event_far(struct conf *c)
{
	struct cring *r;

	conf_start(c, 64);
	r = conf_ring(c);
	use(c, 5);
	quiet_now(c);
	cring_calls_at(r, 40000);
	no_call(c, 3, "used_event lies 40000 entries ahead");
	r->calls = 0;
	raw_forward(c, 40000 - 3 - 8);
	conf_settle(c);
	/* 2.7.7.2: superfluous, and no more than that. */
	if (cring_called(r) || r->calls)
		conf_warn(c, "%llu notifications came before used_event was reached",
			  (unsigned long long)r->calls);
	must_call(c, 12, "the used index passes used_event after 40000 entries");
}

/* --- available buffers: what the device asks for --- */

static void flags_up_to(struct conf *c, uint16_t max)
{
	uint16_t f = cring_used_flags(conf_ring(c));

	CONF_EXPECT(c, f <= max, "flags of the used ring is %u", f);
}

/* Looked at from the first buffer to the last, and while the device has nothing to do. */
static void watch_flags(struct conf *c, uint16_t max)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 64);
	r = conf_ring(c);
	for (i = 0; i < 16; i++) {
		struct cbuf *b;

		use(c, 1 + i % 5);
		flags_up_to(c, max);
		conf_settle(c);
		flags_up_to(c, max);
		b = conf_probe(c, 0);
		raw_add(c, b);
		cring_publish(r);
		flags_up_to(c, max);
		cring_kick(r);
		flags_up_to(c, max);
		conf_finish(c, b);
		flags_up_to(c, max);
	}
}

static void flags_0_or_1(struct conf *c)
{
	watch_flags(c, 1);
}

static void flags_0(struct conf *c)
{
	watch_flags(c, 0);
}

/* No kick the device did not ask for, and it misses nothing. */
static void kicks_as_asked(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	for (i = 0; i < 40; i++) {
		if (conf_below(c, 3) == 0)
			conf_settle(c);
		use(c, 1 + conf_below(c, 6));
	}
}

static void kicks_wrap(struct conf *c)
{
	unsigned i;

	conf_start(c, 64);
	raw_forward(c, 65536 - 15);
	for (i = 0; i < 15; i++) {
		conf_settle(c);
		use(c, 1 + i % 3);
	}
	CONF_EXPECT(c, conf_ring(c)->used_idx < 64, "the harness lost count");
}

/* More is published while the device may still be at work: the kick that it asked for then is all
 * it gets. */
static void kicks_overlap(struct conf *c)
{
	struct cring *r;
	struct cbuf *b[4];
	unsigned turn, i;

	conf_start(c, 64);
	r = conf_ring(c);
	for (turn = 0; turn < 12; turn++) {
		for (i = 0; i < 4; i++) {
			b[i] = conf_probe(c, 0);
			raw_add(c, b[i]);
			cring_publish(r);
			cring_kick(r);
			if (turn % 3 == 1)
				conf_settle(c);
		}
		for (i = 0; i < 4; i++)
			conf_finish(c, b[i]);
	}
}

/* --- kicks nobody asked for --- */

static void spurious(struct conf *c)
{
	struct cring *r;
	unsigned turn, i;
	uint16_t idx;

	conf_start(c, 0);
	r = conf_ring(c);
	for (turn = 0; turn < 6; turn++) {
		quiet_now(c);
		idx = cring_used_idx(r);
		for (i = 0; i <= turn; i++) {
			cring_kick_always(r);
			conf_settle(c);
		}
		CONF_EXPECT(c, cring_used_idx(r) == idx,
			    "a kick with nothing available moved the used index");
		CONF_EXPECT(c, !(conf_status(c) & VOP_STATUS_NEEDS_RESET),
			    "a kick with nothing available set NEEDS_RESET");
		conf_serve(c, 2);
	}
}

static void spurious_busy(struct conf *c)
{
	struct cring *r;
	struct cbuf *b[5];
	unsigned turn, i;

	conf_start(c, 64);
	r = conf_ring(c);
	for (turn = 0; turn < 8; turn++) {
		for (i = 0; i < 5; i++) {
			b[i] = conf_probe(c, 0);
			raw_add(c, b[i]);
			cring_kick_always(r);
			cring_publish(r);
			cring_kick_always(r);
			cring_kick_always(r);
		}
		for (i = 0; i < 5; i++)
			conf_finish(c, b[i]);
		cring_kick_always(r);
	}
	CONF_EXPECT(c, !(conf_status(c) & VOP_STATUS_NEEDS_RESET), "kicks set NEEDS_RESET");
}

/* The driver that knows nothing of suppression. */
static void kicks_always(struct conf *c)
{
	unsigned i;

	conf_start(c, 32);
	for (i = 0; i < 20; i++) {
		struct cbuf *b = conf_probe(c, 0);

		raw_add(c, b);
		cring_publish(conf_ring(c));
		cring_kick_always(conf_ring(c));
		conf_finish(c, b);
	}
}

#define EVENT                                                                                      \
	{                                                                                          \
		CONF_F(VOP_F_EVENT_IDX)                                                            \
	}

static const struct conf_check checks[] = {
	{"split/call/flag-0", "with flags 0 every used buffer is told", "2.7.7.2:dev:3", CONF_MUST,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = flag_0},
	{"split/call/flag-0-batch", "with flags 0 the last buffer of every batch is told",
	 "2.7.7.2:dev:3", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = flag_0_batch},
	{"split/call/flag-1", "with flags 1 no used buffer is told", "2.7.7.2:dev:2", CONF_SHOULD,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = flag_1},
	{"split/call/flag-toggled", "flags may be set and cleared between buffers", "2.7.7.2:dev:3",
	 CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = flag_toggled},
	{"split/call/no-event-index", "without EVENT_IDX used_event hides no notification",
	 "2.7.7.2:dev:1 2.7.7.2:dev:3", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = event_not_negotiated},
	{"split/call/no-event-index-off", "without EVENT_IDX used_event makes no notification",
	 "2.7.7.2:dev:1 2.7.7.2:dev:2", CONF_SHOULD, CONF_CONFORMANCE, CONF_SPLIT,
	 .run = event_not_negotiated_off},
	{"split/event/first", "used_event 0 is the first buffer of all", "text:split-ring.tex:381",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT, .run = event_first},
	{"split/event/next", "the buffer used_event names is told", "2.7.7.2:dev:5", CONF_MUST,
	 CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT, .run = event_next},
	{"split/event/in-batch", "a batch over used_event is told, wherever it lies",
	 "2.7.7.2:dev:5", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT,
	 .run = event_in_batch},
	{"split/event/beyond-batch", "a batch that ends before used_event is not told",
	 "2.7.7.2:dev:6", CONF_SHOULD, CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT,
	 .run = event_behind_batch},
	{"split/event/reached-later", "used_event stays in force until it is passed",
	 "2.7.7.2:dev:5", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT,
	 .run = event_reached_later},
	{"split/event/passed", "a used_event that lies behind tells nothing", "2.7.7.2:dev:6",
	 CONF_SHOULD, CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT, .run = event_passed},
	{"split/event/once", "one crossing is told once", "2.7.7.2:dev:6", CONF_SHOULD,
	 CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT, .run = event_once},
	{"split/event/flag-ignored", "with EVENT_IDX flags does not hide a notification",
	 "2.7.7.2:dev:4 2.7.7.2:dev:5", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT,
	 .run = event_flag_ignored},
	{"split/event/wraps", "used_event is crossed over 65535 as well",
	 "2.7.7.2:dev:5 text:split-ring.tex:381", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT,
	 .lane = CONF_FIRST_LANE, .needs = EVENT, .slow = true, .run = event_wraps},
	{"split/event/wraps-none", "nothing is told at 65535 that is not asked for",
	 "2.7.7.2:dev:6", CONF_SHOULD, CONF_CONFORMANCE, CONF_SPLIT, .lane = CONF_FIRST_LANE,
	 .needs = EVENT, .slow = true, .run = event_wraps_none},
	{"split/event/far", "used_event may lie more than half of all indexes ahead",
	 "2.7.7.2:dev:5 text:split-ring.tex:350", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT,
	 .lane = CONF_FIRST_LANE, .needs = EVENT, .slow = true, .run = event_far},
	{"split/kick/flags-0-or-1", "flags of the used ring is 0 or 1", "2.7.10.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = flags_0_or_1},
	{"split/kick/flags-0", "flags of the used ring is 0 with EVENT_IDX", "2.7.10.2:dev:3",
	 CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT, .run = flags_0},
	{"split/kick/as-asked", "kicks that flags asks for are enough", "text:split-ring.tex:510",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = kicks_as_asked},
	{"split/kick/as-asked-event", "kicks that avail_event asks for are enough",
	 "text:split-ring.tex:510", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT,
	 .run = kicks_as_asked},
	{"split/kick/overlap", "a buffer that comes while the device works is not missed",
	 "text:split-ring.tex:510", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .run = kicks_overlap},
	{"split/kick/overlap-event", "the same with avail_event", "text:split-ring.tex:510",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT, .run = kicks_overlap},
	{"split/kick/event-wraps", "avail_event wraps with the available index",
	 "text:split-ring.tex:510", CONF_TEXT, CONF_CONFORMANCE, CONF_SPLIT,
	 .lane = CONF_FIRST_LANE, .needs = EVENT, .slow = true, .run = kicks_wrap},
	{"split/kick/spurious", "kicks with nothing available do nothing", "2.7.10.2:dev:5",
	 CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = spurious},
	{"split/kick/spurious-event", "the same with avail_event", "2.7.10.2:dev:5", CONF_MUST,
	 CONF_CONFORMANCE, CONF_SPLIT, .needs = EVENT, .run = spurious},
	{"split/kick/spurious-busy", "kicks before and after buffers are published do no harm",
	 "2.7.10.2:dev:5", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, .run = spurious_busy},
	{"split/kick/always", "a driver that always kicks is served", "2.7.10.2:dev:5", CONF_MUST,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = kicks_always},
};
CONF_SECTION(conf_section_split_event, "2.7", "Split virtqueues: notifications", checks);
