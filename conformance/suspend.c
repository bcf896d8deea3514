/* SPDX-License-Identifier: BSD-2-Clause */
/* 3.4 Device suspend. A device may answer a suspend or a resume with NEEDS_RESET: that is told, and
 * skips what would come after it. */
#include <string.h>

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

#define NEEDS .needs = {CONF_F(VOP_F_SUSPEND)}, .lacks = TARGET_LACKS_STATUS
#define NEEDS_EVT                                                                                  \
	.needs = {CONF_F(VOP_F_SUSPEND), CONF_F(VOP_F_EVENT_IDX)}, .lacks = TARGET_LACKS_STATUS
#define SUSPENDED (STEP_FEATURES_OK | VOP_STATUS_SUSPEND)
#define SPACE_MAX 512u
#define FLIGHT	  5u

/* 3.4.1: a driver looks until the bits are as they should be. */
static bool is_suspended(struct conf *c, void *arg)
{
	uint8_t s = conf_status(c);

	(void)arg;
	return (s & VOP_STATUS_NEEDS_RESET) ||
	       ((s & VOP_STATUS_SUSPEND) && !(s & VOP_STATUS_DRIVER_OK));
}

static bool is_running(struct conf *c, void *arg)
{
	uint8_t s = conf_status(c);

	(void)arg;
	return (s & VOP_STATUS_NEEDS_RESET) ||
	       (!(s & VOP_STATUS_SUSPEND) && (s & VOP_STATUS_DRIVER_OK));
}

static void no_reset_needed(struct conf *c)
{
	if (conf_status(c) & VOP_STATUS_NEEDS_RESET)
		conf_skip(c, "the device answers with NEEDS_RESET, as it may");
}

static void suspend(struct conf *c)
{
	conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_SUSPEND);
	CONF_EXPECT(c, conf_wait(c, is_suspended, NULL),
		    "SUSPEND was set, and the status stays %#x", conf_status(c));
	no_reset_needed(c);
}

static void resume(struct conf *c)
{
	conf_try_status(c, SUSPENDED | VOP_STATUS_DRIVER_OK);
	CONF_EXPECT(c, conf_wait(c, is_running, NULL),
		    "DRIVER_OK was set on a suspended device, and the status stays %#x",
		    conf_status(c));
	no_reset_needed(c);
	CONF_EXPECT(c, conf_status(c) == STEP_DRIVER_OK, "once it runs again the status is %#x",
		    conf_status(c));
}

static void suspends(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 3);
	suspend(c);
	CONF_EXPECT(c, conf_status(c) == SUSPENDED, "the status of the suspended device is %#x",
		    conf_status(c));
	conf_settle(c);
	CONF_EXPECT(c, conf_status(c) == SUSPENDED, "the device resumed by itself: %#x",
		    conf_status(c));
}

static void resumes(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 5);
	suspend(c);
	conf_settle(c);
	resume(c);
	conf_serve(c, 20);
}

/* Rings that are in the middle go on there, wrap counters and all. */
static void over_and_over(struct conf *c)
{
	unsigned i;

	conf_start(c, 8);
	for (i = 0; i < 20; i++) {
		conf_serve(c, 1 + i % 4);
		suspend(c);
		if (i % 3 == 0)
			conf_settle(c);
		resume(c);
	}
	conf_serve(c, 10);
}

static void with_events(struct conf *c)
{
	over_and_over(c);
}

/* Handed over before, used or not: afterwards each comes back once. */
static void in_flight(struct conf *c)
{
	struct cbuf *b[FLIGHT];
	unsigned turn, i, n, pieces = conf_lane(c)->pieces;

	conf_start(c, 32);
	for (turn = 0; turn < 8; turn++) {
		for (n = 0; n < FLIGHT && conf_ring(c)->room >= pieces; n++) {
			b[n] = conf_probe(c, 0);
			conf_submit(c, b[n]);
		}
		suspend(c);
		if (turn % 2)
			conf_settle(c);
		resume(c);
		for (i = 0; i < n; i++)
			conf_finish(c, b[i]);
	}
}

/* Buffers that wait for something else (a frame, say) wait through it. */
static void waiting(struct conf *c)
{
	struct cbuf *b[FLIGHT];
	struct cring *r;
	unsigned i;

	if (!conf_lane(c)->trigger)
		conf_skip(c, "the device uses every buffer of this lane at once");
	conf_start(c, 32);
	r = conf_ring(c);
	conf_serve(c, 2);
	for (i = 0; i < FLIGHT; i++) {
		b[i] = conf_probe(c, 0);
		cring_submit(r, b[i]);
	}
	conf_settle(c);
	suspend(c);
	conf_settle(c);
	resume(c);
	for (i = 0; i < FLIGHT; i++) {
		conf_lane(c)->trigger(c, b[i]);
		conf_finish(c, b[i]);
	}
}

/* Once the status says so, nothing moves: rings, buffers, calls. */
static void still(struct conf *c)
{
	struct cbuf *more[3];
	struct cring *r;
	unsigned i;

	conf_start(c, 32);
	r = conf_ring(c);
	conf_serve(c, 3);
	for (i = 0; i < VOP_ARRAY_SIZE(more); i++)
		more[i] = conf_probe(c, 0);
	for (i = 0; i < 4 && r->room >= conf_lane(c)->pieces; i++)
		conf_submit(c, conf_probe(c, 0));
	suspend(c);
	steps_take_all(r);
	cring_called(r);
	cmem_freeze(c);
	conf_settle(c);
	cmem_verify(c, "while suspended");
	CONF_EXPECT(c, !cring_called(r), "a notification came from a suspended device");
	/* Nor for a driver that hands over more, as it may not. */
	for (i = 0; i < VOP_ARRAY_SIZE(more); i++) {
		cring_add(r, more[i]);
		cring_publish(r);
		cmem_freeze(c);
		cring_kick_always(r);
		conf_settle(c);
	}
	steps_expect_unused(c, r, "while suspended");
}

/* SHOULD: calls are not kept for later, and what was begun is used. */
static void done_first(struct conf *c)
{
	struct cring *r;
	unsigned turn, i, n;

	conf_start(c, 32);
	r = conf_ring(c);
	for (turn = 0; turn < 6; turn++) {
		struct cbuf *b[FLIGHT];
		unsigned used = 0;

		for (n = 0; n < FLIGHT && r->room >= conf_lane(c)->pieces; n++) {
			b[n] = conf_probe(c, 0);
			conf_submit(c, b[n]);
		}
		suspend(c);
		/* The shown status is the end of it. */
		cring_called(r);
		steps_take_all(r);
		for (i = 0; i < n; i++)
			used += b[i]->used;
		conf_settle(c);
		CONF_EXPECT(c, !cring_called(r),
			    "a call came after the device was shown to be suspended");
		steps_take_all(r);
		for (i = 0; i < n; i++)
			used -= b[i]->used;
		CONF_EXPECT(c, used == 0,
			    "%u buffers were used after the device was shown to be suspended",
			    -used);
		resume(c);
		for (i = 0; i < n; i++)
			conf_finish(c, b[i]);
	}
}

/* The call for a buffer that is used when the status shows SUSPEND has come by then. */
static void called_first(struct conf *c)
{
	struct cring *r;
	unsigned turn;

	conf_start(c, 16);
	r = conf_ring(c);
	for (turn = 0; turn < 10; turn++) {
		struct cbuf *b = conf_probe(c, 0);

		cring_called(r);
		conf_submit(c, b);
		if (turn % 2)
			conf_settle(c);
		suspend(c);
		steps_take_all(r);
		if (b->used)
			CONF_EXPECT(c, cring_called(r),
				    "a buffer was used, the device is suspended, and the call for "
				    "the buffer has not come");
		resume(c);
		conf_finish(c, b);
	}
}

static void config_still(struct conf *c)
{
	uint8_t was[SPACE_MAX], is[SPACE_MAX];
	uint32_t size, e;

	conf_start(c, 0);
	conf_serve(c, 2);
	size = steps_config(c, was, SPACE_MAX);
	conf_settle(c);
	conf_events(c);
	suspend(c);
	conf_settle(c);
	steps_config(c, is, size);
	CONF_EXPECT(c, memcmp(was, is, size) == 0,
		    "the configuration of the device changed when it was suspended");
	e = conf_events(c);
	CONF_EXPECT(c, !(e & TARGET_EVENT_CONFIG),
		    "a suspended device told of a change of its configuration");
	resume(c);
	conf_settle(c);
	steps_config(c, is, size);
	e = conf_events(c);
	CONF_EXPECT(c, (e & TARGET_EVENT_CONFIG) || memcmp(was, is, size) == 0,
		    "the configuration is another one after the suspend, and nobody was told");
}

/* Every byte is written with another value, one bit flipped: a field that can be written would take
 * some of them. */
static void config_written(struct conf *c)
{
	uint8_t was[SPACE_MAX], is[SPACE_MAX], byte;
	uint32_t size, i;

	if (conf_target(c)->device_id == 2)
		conf_want_if_offered(c, 11); /* CONFIG_WCE: writeback can be written (5.2.6.1) */
	conf_start(c, 0);
	size = steps_config(c, was, SPACE_MAX);
	if (size == 0)
		conf_skip(c, "the device has no configuration space that can be read");
	suspend(c);
	for (i = 0; i < size; i++) {
		byte = was[i] ^ 1;
		conf_try_config_write(c, i, &byte, 1);
	}
	steps_config(c, is, size);
	for (i = 0; i < size; i++)
		CONF_EXPECT(c, was[i] == is[i],
			    "byte %u of the configuration was %#x, and a write while suspended "
			    "made it %#x",
			    i, was[i], is[i]);
	resume(c);
	conf_serve(c, 2);
	steps_config(c, is, size);
	CONF_EXPECT(c, memcmp(was, is, size) == 0,
		    "a write while suspended shows in the configuration afterwards");
}

/* Before DRIVER_OK the bit means nothing, at any step. */
static void too_early(struct conf *c)
{
	uint8_t s;

	conf_reset(c);
	conf_try_status(c, STEP_DRIVER | VOP_STATUS_SUSPEND);
	s = conf_status(c);
	CONF_EXPECT(c, !(s & VOP_STATUS_SUSPEND), "SUSPEND before FEATURES_OK shows: status %#x",
		    s);
	conf_prepare(c, 0);
	conf_try_status(c, STEP_FEATURES_OK | VOP_STATUS_SUSPEND);
	s = conf_status(c);
	CONF_EXPECT(c, s == STEP_FEATURES_OK, "SUSPEND before DRIVER_OK made the status %#x", s);
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
	s = conf_status(c);
	CONF_EXPECT(c, s == STEP_DRIVER_OK,
		    "after SUSPEND at a time when it means nothing, DRIVER_OK made the status %#x",
		    s);
	conf_serve(c, 5);
}

static void reset_ends_it(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		conf_start(c, 0);
		conf_serve(c, 2);
		if (i % 2)
			conf_submit(c, conf_probe(c, 0));
		suspend(c);
		conf_reset(c);
	}
	conf_start(c, 0);
	CONF_EXPECT(c, conf_status(c) == STEP_DRIVER_OK,
		    "after a reset of the suspended device and a start the status is %#x",
		    conf_status(c));
	conf_serve(c, 4);
}

/* --- a driver that breaks rules --- */

static void not_negotiated(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 2);
	conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_SUSPEND);
	conf_settle(c);
	conf_status(c);
	steps_push(c);
	conf_settle(c);
	conf_expect_idle(c);
}

/* Buffers and kicks while it is suspended: used afterwards, each once, or the device has given up.
 */
static void handed_over(struct conf *c)
{
	struct cbuf *b[FLIGHT];
	unsigned i;

	conf_start(c, 32);
	conf_serve(c, 2);
	suspend(c);
	for (i = 0; i < FLIGHT; i++)
		b[i] = steps_push(c);
	conf_settle(c);
	resume(c);
	cring_kick_always(conf_ring(c));
	for (i = 0; i < FLIGHT; i++) {
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b[i]);
		conf_finish(c, b[i]);
	}
}

static void queues_meanwhile(struct conf *c)
{
	struct cring *r;
	unsigned n = conf_queue_count(c), q;

	conf_want_if_offered(c, VOP_F_RING_RESET);
	conf_start(c, 0);
	conf_serve(c, 2);
	suspend(c);
	for (q = 0; q <= n; q++)
		conf_try_queue_reset(c, q);
	r = cring_new(c, conf_lane(c)->queue, 8);
	cring_try_setup(r);
	cring_kick_always(r);
	conf_settle(c);
	conf_try_status(c, SUSPENDED | VOP_STATUS_DRIVER_OK);
	conf_settle(c);
	conf_expect_idle(c);
}

static void any_status(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	conf_serve(c, 2);
	for (i = 0; i < 150; i++) {
		uint8_t s = STEP_FEATURES_OK;

		if (conf_below(c, 4))
			s |= VOP_STATUS_DRIVER_OK;
		if (conf_below(c, 2))
			s |= VOP_STATUS_SUSPEND;
		if (conf_below(c, 16) == 0)
			s |= VOP_STATUS_FAILED | 32 | VOP_STATUS_NEEDS_RESET;
		conf_try_status(c, s);
		if (i % 8 == 0)
			conf_settle(c);
	}
	conf_expect_idle(c);
}

/* Nonsense in the ring is looked at no earlier than the device runs. */
static void nonsense_meanwhile(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 2);
	suspend(c);
	cring_submit(conf_ring(c), steps_bad_buffer(c));
	cring_kick_always(conf_ring(c));
	conf_settle(c);
	CONF_EXPECT(c, !(conf_status(c) & VOP_STATUS_NEEDS_RESET),
		    "a suspended device looked into its ring");
	conf_try_status(c, SUSPENDED | VOP_STATUS_DRIVER_OK);
	conf_settle(c);
	conf_expect_idle(c);
}

static void twice(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	conf_serve(c, 2);
	suspend(c);
	for (i = 0; i < 3; i++)
		conf_try_status(c, SUSPENDED);
	conf_settle(c);
	resume(c);
	conf_try_status(c, STEP_DRIVER_OK);
	conf_serve(c, 3);
}

static const struct conf_check checks[] = {
	{"suspend/suspends", "SUSPEND is answered by SUSPEND without DRIVER_OK", "3.4.2:dev:6",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = suspends},
	{"suspend/resumes", "DRIVER_OK makes a suspended device run again", "3.4.2:dev:7",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = resumes},
	{"suspend/over-and-over", "rings go on where they were, suspend after suspend",
	 "3.4.2:dev:7", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = over_and_over},
	{"suspend/with-events", "event indexes go on where they were", "3.4.2:dev:7", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NEEDS_EVT, .run = with_events},
	{"suspend/in-flight", "buffers in flight come back once, before or after", "3.4.2:dev:7",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = in_flight},
	{"suspend/waiting", "buffers the device holds are held through it", "3.4.2:dev:7",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = waiting},
	{"suspend/still", "a suspended device touches nothing and calls nobody", "3.4.2:dev:3",
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, NEEDS, .run = still},
	{"suspend/done-first", "what was begun is done before the status shows SUSPEND",
	 "3.4.2:dev:8 3.4.2:dev:3", CONF_SHOULD, CONF_CONFORMANCE, CONF_BOTH, NEEDS,
	 .run = done_first},
	{"suspend/called-first", "calls that are due come before the status shows SUSPEND",
	 "3.4.2:dev:8", CONF_SHOULD, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = called_first},
	{"suspend/config-still", "the configuration does not change, and no change is told",
	 "3.4.2:dev:3 3.4.2:dev:4 3.4.2:dev:5", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH,
	 .lane = CONF_FIRST_LANE, NEEDS, .run = config_still},
	{"suspend/config-written", "writes to the configuration are ignored", "3.4.2:dev:2",
	 CONF_SHOULD, CONF_ROBUSTNESS, CONF_ANY, .needs = {CONF_F(VOP_F_SUSPEND)},
	 .lacks = TARGET_LACKS_STATUS | TARGET_LACKS_CONFIG_WRITE, .run = config_written},
	{"suspend/too-early", "SUSPEND before DRIVER_OK is ignored", "3.4.2:dev:1", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, NEEDS, .run = too_early},
	{"suspend/reset-ends-it", "a suspended device can be reset", "2.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = reset_ends_it},
	{"suspend/not-negotiated", "SUSPEND without the feature harms nobody",
	 "text:content.tex:644", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .run = not_negotiated},
	{"suspend/handed-over", "buffers handed over meanwhile are used afterwards",
	 "text:content.tex:649", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NEEDS, .run = handed_over},
	{"suspend/queues-meanwhile", "queues reset and set up meanwhile harm nobody",
	 "text:content.tex:647", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NEEDS,
	 .run = queues_meanwhile},
	{"suspend/any-status", "no series of suspends and resumes harms anybody",
	 "text:content.tex:647", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE,
	 NEEDS, .run = any_status},
	{"suspend/nonsense-meanwhile", "nonsense in a ring is not looked at meanwhile",
	 "3.4.2:dev:3", CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, NEEDS, .run = nonsense_meanwhile},
	{"suspend/twice", "a suspended device stays so when it is told again",
	 "text:content.tex:638", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = twice},
};
CONF_SECTION_SINCE(conf_section_suspend, "3.4", "Device suspend", checks, "1.4");
