/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.3 Notifications in general. What suppresses them is 2.7's and 2.8's. */
#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

#define MANY 6u

/* One at a time: each used buffer has its notification. */
static void used_buffer(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 25);
}

/* The first one as well, and after silence. */
static void after_silence(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 0; i < 4; i++) {
		conf_settle(c);
		cring_called(conf_ring(c));
		conf_serve(c, 1);
	}
}

static void nothing_used(struct conf *c)
{
	struct cring *r;

	conf_start(c, 0);
	r = conf_ring(c);
	conf_settle(c);
	cring_called(r);
	conf_settle(c);
	if (cring_called(r))
		conf_warn(c, "a notification came though no buffer was used");
	conf_serve(c, 3);
	conf_settle(c);
	cring_called(r);
	conf_settle(c);
	if (cring_called(r))
		conf_warn(c, "a notification came though no buffer was used since the last one");
}

/* "May have been made available": a notification without a buffer means nothing. */
static void idle_kicks(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	conf_settle(c);
	cring_called(conf_ring(c));
	for (i = 0; i < 100; i++)
		cring_kick_always(conf_ring(c));
	conf_settle(c);
	if (cring_called(conf_ring(c)))
		conf_warn(c, "a notification came for a kick without a buffer");
	conf_serve(c, 3);
	for (i = 0; i < 100; i++)
		cring_kick_always(conf_ring(c));
	conf_settle(c);
	conf_expect_idle(c);
	conf_serve(c, 3);
}

static void extra_kicks(struct conf *c)
{
	struct cring *r;
	unsigned i, k;

	conf_start(c, 0);
	r = conf_ring(c);
	for (i = 0; i < 12; i++) {
		struct cbuf *b = conf_probe(c, 0);

		cring_add(r, b);
		cring_kick_always(r); /* too early: not published */
		cring_publish(r);
		for (k = 0; k < i % 4 + 1; k++)
			cring_kick_always(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		conf_finish(c, b);
		conf_settle(c);
		CONF_EXPECT(c, !cring_take(r), "a buffer was used twice");
	}
}

/* One notification for many buffers. */
static void one_kick(struct conf *c)
{
	unsigned i, turn, pieces = conf_lane(c)->pieces;
	struct cbuf *b[MANY];
	struct cring *r;

	conf_start(c, 0);
	r = conf_ring(c);
	for (turn = 0; turn < 8; turn++) {
		for (i = 0; i < MANY && r->room >= pieces; i++) {
			b[i] = conf_probe(c, 0);
			cring_add(r, b[i]);
			cring_publish(r);
		}
		cring_kick(r);
		for (unsigned k = 0; k < i; k++)
			if (conf_lane(c)->trigger)
				conf_lane(c)->trigger(c, b[k]);
		cring_wait_all(r);
		for (unsigned k = 0; k < i; k++)
			conf_finish(c, b[k]);
	}
}

/*
 * Buffers wait at the device, handed over while the driver wanted no notifications. Now it wants
 * them, and there is no reason for another kick: what counts is what it says when they are used.
 */
static void wanted_later(struct conf *c)
{
	unsigned i, turn, pieces = conf_lane(c)->pieces;
	struct cbuf *b[4];
	struct cring *r;

	if (!conf_lane(c)->trigger)
		conf_skip(c, "this queue uses buffers as they come");
	conf_start(c, 0);
	r = conf_ring(c);
	for (turn = 0; turn < 4; turn++) {
		cring_calls_off(r);
		for (i = 0; i < VOP_ARRAY_SIZE(b) && r->room >= pieces; i++) {
			b[i] = conf_probe(c, 0);
			cring_add(r, b[i]);
		}
		cring_publish(r);
		cring_kick(r);
		conf_settle(c);
		cring_called(r);
		cring_calls_on(r);
		for (unsigned k = 0; k < i; k++) {
			conf_lane(c)->trigger(c, b[k]);
			conf_finish(c, b[k]);
		}
	}
}

/* The notification comes long after the buffer, which may be used before it or not. */
static void late_kick(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	for (i = 0; i < 5; i++) {
		struct cbuf *b = conf_probe(c, 0);

		cring_add(r, b);
		cring_publish(r);
		conf_settle(c);
		conf_settle(c);
		cring_kick(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		conf_finish(c, b);
	}
}

/* Traffic alone changes no configuration. */
static void no_config_change(struct conf *c)
{
	uint32_t e;

	conf_start(c, 0);
	conf_events(c);
	conf_serve(c, 10);
	conf_settle(c);
	e = conf_events(c);
	CONF_EXPECT(c,
		    !(e & TARGET_EVENT_NEEDS_RESET) && !(conf_status(c) & VOP_STATUS_NEEDS_RESET),
		    "traffic made the device set NEEDS_RESET");
	if (e & TARGET_EVENT_CONFIG)
		conf_warn(c, "configuration changes were told during plain traffic");
}

static void kick_storm(struct conf *c)
{
	struct cring *r;
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	for (i = 0; i < 3000; i++) {
		cring_kick_always(r);
		if (i % 500 == 0)
			conf_serve(c, 1);
	}
	conf_settle(c);
	conf_expect_idle(c);
	conf_serve(c, 2);
}

/* 3.1.1: not before DRIVER_OK. */
static void early_kick(struct conf *c)
{
	unsigned i;

	conf_prepare(c, 0);
	for (i = 0; i < 20; i++)
		cring_kick_always(conf_ring(c));
	conf_settle(c);
	conf_expect_idle(c);
	conf_driver_ok(c);
	conf_settle(c);
	conf_expect_idle(c);
}

static const struct conf_check checks[] = {
	{"notify/used-buffer", "a notification comes for every buffer used alone",
	 "text:content.tex:225", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = used_buffer},
	{"notify/after-silence", "notifications come after any length of silence",
	 "text:content.tex:225", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = after_silence},
	{"notify/nothing-used", "none comes when nothing was used", "text:content.tex:227",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = nothing_used},
	{"notify/idle-kicks", "notifications without a buffer are passed over",
	 "text:content.tex:231", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = idle_kicks},
	{"notify/extra-kicks", "more notifications than buffers use nothing twice",
	 "text:content.tex:231", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = extra_kicks},
	{"notify/one-kick", "one notification serves for many buffers", "text:content.tex:231",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = one_kick},
	{"notify/wanted-later", "notifications may be asked for after the buffers were given",
	 "text:content.tex:225", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = wanted_later},
	{"notify/wanted-later-event", "the same with an event index", "text:content.tex:225",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .needs = {CONF_F(VOP_F_EVENT_IDX)},
	 .run = wanted_later},
	{"notify/late-kick", "a buffer is used though its notification comes late",
	 "text:content.tex:231", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = late_kick},
	{"notify/no-config-change", "plain traffic changes no configuration",
	 "text:content.tex:223", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = no_config_change},
	{"notify/kick-storm", "thousands of notifications keep nobody from working",
	 "text:content.tex:231", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .run = kick_storm},
	{"notify/early-kick", "notifications before DRIVER_OK harm nobody", "text:content.tex:555",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .run = early_kick},
};
CONF_SECTION(conf_section_notify, "2.3", "Notifications", checks);
