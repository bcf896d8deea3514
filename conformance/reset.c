/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.4 Device reset. */
#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

#define FLIGHT 8u

/* Buffers made available; each may or may not be used by now. */
static void in_flight(struct conf *c)
{
	unsigned i;

	for (i = 0; i < FLIGHT && conf_ring(c)->room >= conf_lane(c)->pieces; i++)
		conf_submit(c, conf_probe(c, 0));
}

static void status_zero(struct conf *c)
{
	static const uint8_t step[] = {0, STEP_ACK, STEP_DRIVER};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(step); i++) {
		if (step[i])
			conf_set_status(c, step[i]);
		conf_reset(c);
	}
	conf_negotiate(c);
	conf_reset(c);
	conf_prepare(c, 0);
	conf_reset(c);
	conf_start(c, 0);
	conf_reset(c);
	conf_start(c, 0);
	conf_serve(c, 3);
	in_flight(c);
	conf_reset(c);
	conf_reset(c);
}

/* Buffers are there, and come: nobody takes them, nobody calls. */
static void silent(struct conf *c)
{
	struct cring *r;
	struct cbuf *b[4];
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	conf_serve(c, 3);
	for (i = 0; i < VOP_ARRAY_SIZE(b); i++)
		b[i] = conf_probe(c, 0);
	conf_submit(c, b[0]);
	conf_reset(c);
	steps_take_all(r); /* what was used before the reset was shown */
	cmem_freeze(c);
	cring_called(r);
	for (i = 1; i < VOP_ARRAY_SIZE(b); i++) {
		cring_add(r, b[i]);
		cring_publish(r);
		cmem_freeze(c);
		cring_kick_always(r);
		conf_settle(c);
	}
	steps_expect_unused(c, r, "after a reset");
}

/* Also when the device runs again, without that queue. */
static void queues_off(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;

	conf_start(c, 0);
	r = conf_ring(c);
	conf_serve(c, 3);
	b = conf_probe(c, 0);
	conf_negotiate(c);
	cmem_freeze(c);
	conf_driver_ok(c);
	cring_called(r);
	cring_add(r, b);
	cring_publish(r);
	cmem_freeze(c);
	cring_kick_always(r);
	conf_settle(c);
	steps_expect_unused(c, r, "when it ran again without the queue it had before the reset");
}

/* A notification that was on its way may arrive; then there is silence. */
static void no_events(struct conf *c)
{
	uint32_t e;

	conf_start(c, 0);
	conf_serve(c, 2);
	steps_break_ring(c);
	conf_reset(c);
	conf_settle(c);
	conf_events(c);
	conf_settle(c);
	e = conf_events(c);
	CONF_EXPECT(c, e == 0, "configuration changes were told after the reset");
	CONF_EXPECT(c, conf_status(c) == 0, "the status after the reset became %#x",
		    conf_status(c));
}

/* Rings of another size, at other places, from index 0. */
static void starts_over(struct conf *c)
{
	static const uint16_t sizes[] = {16, 4, 64, 2, 16};
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue);
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(sizes); i++) {
		if (sizes[i] > max)
			continue;
		conf_start(c, sizes[i]);
		steps_serve(c, 3 + 2 * sizes[i] / 3);
	}
}

/* What was negotiated before counts no more. */
static void other_features(struct conf *c)
{
	bool with = conf_want_if_offered(c, VOP_F_EVENT_IDX);

	if (!with)
		conf_skip(c, "the device does not offer EVENT_IDX, there is nothing to change");
	conf_start(c, 8);
	conf_serve(c, 12);
	conf_unwant(c, VOP_F_EVENT_IDX);
	conf_start(c, 8);
	conf_serve(c, 12);
	conf_want(c, VOP_F_EVENT_IDX);
	conf_start(c, 8);
	conf_serve(c, 12);
}

/* A driver may reset whenever it likes. */
static void in_traffic(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 15; i++) {
		conf_start(c, 0);
		conf_serve(c, conf_below(c, 4));
		in_flight(c);
		if (i % 3 == 1)
			conf_settle(c);
		conf_reset(c);
	}
	conf_serve_again(c);
}

static void storm(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 300; i++)
		conf_reset(c);
	conf_serve_again(c);
}

/* At any step of the initialisation. */
static void half_way(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 20; i++) {
		switch (conf_below(c, 5)) {
		case 0:
			conf_set_status(c, STEP_ACK);
			break;
		case 1:
			conf_negotiate(c);
			break;
		case 2:
			conf_prepare(c, 0);
			break;
		case 3:
			conf_prepare(c, 0);
			conf_driver_ok(c);
			break;
		default:
			conf_start(c, 0);
			conf_serve(c, 1);
		}
		conf_reset(c);
	}
	conf_serve_again(c);
}

static void after_broken(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 10; i++) {
		conf_start(c, 0);
		conf_serve(c, i % 3);
		conf_submit(c, steps_bad_buffer(c));
		if (i % 2)
			conf_settle(c);
		conf_reset(c);
	}
}

static const struct conf_check checks[] = {
	{"reset/status-zero", "the status is 0 after a reset, from every step", "2.4.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, .run = status_zero},
	{"reset/silent", "rings and buffers rest after a reset", "2.4.1:dev:2", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, .run = silent},
	{"reset/queues-off", "a queue of before the reset is not used once the device runs again",
	 "2.4.1:dev:2 text:content.tex:625", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH,
	 .run = queues_off},
	{"reset/no-events", "configuration changes are not told after a reset", "2.4.1:dev:2",
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, .run = no_events},
	{"reset/starts-over", "rings start at index 0 after a reset, in any size",
	 "text:content.tex:247", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = starts_over},
	{"reset/other-features", "features negotiated before the reset count no more",
	 "text:content.tex:92", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = other_features},
	{"reset/in-traffic", "resets in the middle of traffic, and traffic afterwards",
	 "2.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, .run = in_traffic},
	{"reset/half-way", "resets at every step of the initialisation", "2.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, .run = half_way},
	{"reset/storm", "hundreds of resets in a row", "2.4.1:dev:1", CONF_MUST, CONF_ROBUSTNESS,
	 CONF_ANY, .run = storm},
	{"reset/after-broken", "a reset mends rings the device could not go on with", "2.4.1:dev:1",
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, .run = after_broken},
};
CONF_SECTION(conf_section_reset, "2.4", "Device reset", checks);
