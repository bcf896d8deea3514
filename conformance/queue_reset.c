/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.6.1 Virtqueue reset. */
#include <string.h>

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

#define NEEDS  .needs = {CONF_F(VOP_F_RING_RESET)}, .lacks = TARGET_LACKS_QUEUE_RESET
#define FLIGHT 4u

static void must_reset(struct conf *c, unsigned q)
{
	int e = conf_try_queue_reset(c, q);

	CONF_EXPECT(c, e == 0, "queue %u is set up, and its reset is refused: %s", q, strerror(-e));
}

static void anew(struct conf *c, uint16_t size)
{
	conf_set_ring(c, cring_open(c, conf_lane(c)->queue, size));
}

/* Buffers that nothing is done for: the device takes them, or not yet. */
static unsigned leave_some(struct conf *c, struct cbuf **b, unsigned n)
{
	unsigned i;

	for (i = 0; i < n && conf_ring(c)->room >= conf_lane(c)->pieces; i++)
		b[i] = steps_push(c);
	return i;
}

/* What is in the ring stays there, and no call comes. */
static void stops(struct conf *c)
{
	struct cbuf *b[FLIGHT], *more[FLIGHT];
	struct cring *r;
	unsigned i, n;

	conf_start(c, 0);
	r = conf_ring(c);
	conf_serve(c, 3);
	for (i = 0; i < FLIGHT; i++)
		more[i] = conf_probe(c, 0);
	n = leave_some(c, b, conf_lane(c)->writes ? FLIGHT : 0);
	must_reset(c, r->index);
	steps_take_all(r);
	steps_close_ring(c, r);
	for (i = 0; i < n; i++)
		if (!b[i]->used)
			steps_close(c, b[i]);
	cring_called(r);
	for (i = 0; i < FLIGHT && r->room >= more[i]->n; i++) {
		cring_add(r, more[i]);
		cring_publish(r);
		steps_close_ring(c, r);
		steps_close(c, more[i]);
		cring_kick_always(r);
		conf_settle(c);
	}
	steps_expect_unused(c, r, "in a queue that was reset");
}

/* Set up at the same place, in the same size: from index 0, with wrap counters of the start. */
static void from_zero(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 8);
	r = conf_ring(c);
	for (i = 0; i < 7; i++) {
		conf_serve(c, 3 + 2 * i);
		must_reset(c, r->index);
		cring_restart(r);
		cring_setup(r);
	}
	conf_serve(c, 12);
}

/* EVENT_IDX: what the driver asked for before is forgotten too. */
static void events_from_zero(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 8);
	r = conf_ring(c);
	for (i = 0; i < 5; i++) {
		conf_serve(c, 5 + i);
		cring_calls_off(r);
		conf_settle(c);
		must_reset(c, r->index);
		cring_restart(r);
		cring_setup(r);
		cring_calls_on(r);
	}
	conf_serve(c, 20);
}

static void new_place(struct conf *c)
{
	static const uint16_t sizes[] = {4, 16, 2, 8, 32};
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue);
	unsigned i;

	conf_start(c, 8);
	for (i = 0; i < VOP_ARRAY_SIZE(sizes); i++) {
		struct cring *old = conf_ring(c);

		if (sizes[i] > max)
			continue;
		steps_serve(c, 5);
		must_reset(c, old->index);
		/* Rings of before are nobody's now. */
		steps_close_ring(c, old);
		anew(c, sizes[i]);
		steps_serve(c, 2 * sizes[i] + 1);
		cmem_verify(c, "in the ring of before the reset of the queue");
	}
}

/* EVENT_IDX: the event indexes lie behind the rings, so another size moves them. */
static void events_new_size(struct conf *c)
{
	static const uint16_t sizes[] = {16, 4, 32, 8};
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue);
	unsigned i;

	conf_start(c, 8);
	for (i = 0; i < VOP_ARRAY_SIZE(sizes); i++) {
		if (sizes[i] > max)
			continue;
		steps_serve(c, 3);
		must_reset(c, conf_ring(c)->index);
		steps_close_ring(c, conf_ring(c));
		anew(c, sizes[i]);
		steps_serve(c, 3u * sizes[i]);
	}
}

/* With buffers in the device's hands. */
static void in_flight(struct conf *c)
{
	struct cbuf *b[FLIGHT];
	unsigned turn, i, n;

	conf_start(c, 0);
	for (turn = 0; turn < 12; turn++) {
		struct cring *r = conf_ring(c);

		conf_serve(c, 2);
		n = leave_some(c, b, conf_lane(c)->writes ? FLIGHT : turn % 3);
		if (turn % 2)
			conf_settle(c);
		must_reset(c, r->index);
		steps_close_ring(c, r);
		for (i = 0; i < n; i++)
			steps_close(c, b[i]); /* used by now, or never */
		anew(c, turn % 3 ? 8 : 16);
		/* What was in flight for other queues comes to an end. */
		conf_settle(c);
	}
	conf_serve(c, 4);
}

/* The other queues know nothing of it: requests need them too. */
static void others(struct conf *c)
{
	unsigned n = conf_queue_count(c), i;

	conf_start(c, 0);
	for (i = 0; i < 3; i++) {
		conf_serve(c, 3);
		must_reset(c, conf_lane(c)->queue);
		conf_settle(c);
		CONF_EXPECT(c, conf_status(c) == STEP_DRIVER_OK,
			    "a reset of one queue of %u changed the status to %#x", n,
			    conf_status(c));
		anew(c, 0);
	}
	conf_serve(c, 3);
}

/* Between set-up and DRIVER_OK as well. */
static void early(struct conf *c)
{
	conf_prepare(c, 8);
	must_reset(c, conf_lane(c)->queue);
	anew(c, 16);
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
	conf_serve(c, 20);
}

/* "Can afterwards optionally re-enable it": it need not. */
static void left_off(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 2);
	must_reset(c, conf_lane(c)->queue);
	conf_settle(c);
	conf_reset(c);
	conf_start(c, 0);
	conf_serve(c, 4);
}

static void many(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 0; i < 40; i++) {
		must_reset(c, conf_lane(c)->queue);
		anew(c, 1u << (1 + i % 4));
		steps_serve(c, i % 3);
	}
	steps_serve(c, 3);
}

/* --- a driver that breaks rules --- */

static void twice(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	conf_serve(c, 1);
	for (i = 0; i < 5; i++)
		conf_try_queue_reset(c, conf_lane(c)->queue);
	conf_settle(c);
	/* However often: once set up again it works. */
	anew(c, 0);
	conf_serve(c, 3);
}

static void not_set_up(struct conf *c)
{
	unsigned n = conf_queue_count(c), q;

	conf_reset(c);
	for (q = 0; q <= n; q++)
		conf_try_queue_reset(c, q);
	conf_negotiate(c);
	for (q = 0; q <= n; q++)
		conf_try_queue_reset(c, q);
	conf_driver_ok(c);
	for (q = 0; q <= n; q++)
		conf_try_queue_reset(c, q);
	conf_expect_idle(c);
}

/* The feature was not accepted. */
static void not_negotiated(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 2);
	conf_try_queue_reset(c, conf_lane(c)->queue);
	conf_settle(c);
	steps_push(c);
	conf_settle(c);
	conf_expect_idle(c);
}

static void broken(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 2);
	steps_break_ring(c);
	conf_try_queue_reset(c, conf_lane(c)->queue);
	conf_settle(c);
	conf_expect_idle(c);
}

/* Set up with nonsense once it was reset. */
static void odd_again(struct conf *c)
{
	struct cring *r;
	unsigned i;

	for (i = 0; i < 6; i++) {
		conf_start(c, 0);
		conf_serve(c, 1);
		must_reset(c, conf_lane(c)->queue);
		r = cring_new(c, conf_lane(c)->queue, 8);
		if (i == 0)
			r->cfg.size = 0;
		else if (i == 1)
			r->cfg.size = 0xffff;
		else if (i == 2)
			r->cfg.desc_bus = STEP_NOWHERE;
		else if (i == 3)
			r->cfg.driver_bus = STEP_NOWHERE;
		else if (i == 4)
			r->cfg.device_bus = 0xfffffffffffffff0ull;
		else
			r->cfg.desc_bus += 1;
		/* What is taken after all is not used. */
		if (cring_try_setup(r)) {
			anew(c, 8);
			conf_serve(c, 2);
		}
	}
	conf_expect_idle(c);
}

static const struct conf_check checks[] = {
	{"queue-reset/stops", "requests left in a queue that was reset are not executed",
	 "2.6.1.1.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = stops},
	{"queue-reset/from-zero", "a queue set up again starts at index 0", "2.6.1.1.1:dev:2",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = from_zero},
	{"queue-reset/events-from-zero", "a queue set up again forgets event indexes",
	 "2.6.1.1.1:dev:2", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH,
	 .needs = {CONF_F(VOP_F_RING_RESET), CONF_F(VOP_F_EVENT_IDX)},
	 .lacks = TARGET_LACKS_QUEUE_RESET, .run = events_from_zero},
	{"queue-reset/events-new-size", "event indexes lie where the new size puts them",
	 "2.6.1.2.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH,
	 .needs = {CONF_F(VOP_F_RING_RESET), CONF_F(VOP_F_EVENT_IDX)},
	 .lacks = TARGET_LACKS_QUEUE_RESET, .run = events_new_size},
	{"queue-reset/new-place", "a queue set up again is served where and in the size it is now",
	 "2.6.1.2.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = new_place},
	{"queue-reset/in-flight", "buffers in flight are let go of", "2.6.1.1.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = in_flight},
	{"queue-reset/others", "the other queues go on", "text:content.tex:406", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = others},
	{"queue-reset/early", "a queue can be reset before DRIVER_OK", "2.6.1.2.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = early},
	{"queue-reset/left-off", "a queue need not be set up again", "text:content.tex:410",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = left_off},
	{"queue-reset/many", "resets of a queue, over and over", "2.6.1.1.1:dev:2", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NEEDS, .run = many},
	{"queue-reset/twice", "resets of a queue that was reset harm nobody",
	 "text:content.tex:406", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NEEDS, .run = twice},
	{"queue-reset/not-set-up", "resets of queues that are not there harm nobody",
	 "text:content.tex:406", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE,
	 NEEDS, .run = not_set_up},
	{"queue-reset/not-negotiated", "a reset without the feature harms nobody",
	 "text:content.tex:406", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH,
	 .lacks = TARGET_LACKS_QUEUE_RESET, .run = not_negotiated},
	{"queue-reset/broken", "a reset of a queue the device gave up harms nobody",
	 "text:content.tex:406", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NEEDS, .run = broken},
	{"queue-reset/odd-again", "nonsense instead of the new set-up harms nobody",
	 "text:content.tex:437", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE,
	 NEEDS, .run = odd_again},
};
CONF_SECTION_SINCE(conf_section_queue_reset, "2.6.1", "Virtqueue reset", checks, "1.2");
