/* SPDX-License-Identifier: BSD-2-Clause */
/* 3.1 Device initialization, 3.3 Device cleanup. */
#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

/* With the queues populated before DRIVER_OK (step 7), and told of after it. */
static void populated(struct conf *c)
{
	struct cring *r;
	struct cbuf *b[3];
	unsigned i;

	conf_prepare(c, 0);
	r = conf_ring(c);
	/* A device that polls does not wait for a kick, and frames without a buffer are lost. */
	if (conf_lane(c)->fill)
		conf_lane(c)->fill(c);
	for (i = 0; i < VOP_ARRAY_SIZE(b); i++) {
		b[i] = conf_probe(c, 0);
		cring_add(r, b[i]);
		cring_publish(r);
	}
	conf_settle(c);
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
	cring_kick_always(r);
	for (i = 0; i < VOP_ARRAY_SIZE(b); i++) {
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b[i]);
		conf_finish(c, b[i]);
	}
	conf_serve(c, 5);
}

/* As long between the steps as a driver likes. */
static void slowly(struct conf *c)
{
	conf_reset(c);
	conf_settle(c);
	conf_set_status(c, STEP_ACK);
	conf_settle(c);
	conf_set_status(c, STEP_DRIVER);
	conf_settle(c);
	conf_negotiate_on(c);
	conf_settle(c);
	CONF_EXPECT(c, conf_status(c) == STEP_FEATURES_OK,
		    "the status became %#x while the driver waited", conf_status(c));
	conf_start_on(c, 0);
	conf_settle(c);
	conf_serve(c, 3);
}

/* Many lives, each a whole one. */
static void many_lives(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 20; i++) {
		conf_start(c, i % 2 ? 0 : 8);
		conf_serve(c, 1 + i % 3);
	}
}

/* Lives that end at any step, and whole ones between them. */
static void unfinished(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 16; i++) {
		switch (conf_below(c, 4)) {
		case 0:
			conf_reset(c);
			conf_set_status(c, STEP_ACK);
			conf_set_status(c, STEP_ACK | VOP_STATUS_FAILED);
			break;
		case 1:
			conf_negotiate(c);
			conf_set_status(c, STEP_FEATURES_OK | VOP_STATUS_FAILED);
			break;
		case 2:
			conf_prepare(c, 0);
			break;
		default:
			conf_start(c, 0);
			conf_serve(c, 1);
		}
	}
	conf_start(c, 0);
	conf_serve(c, 3);
}

/* 3.3: not live after the reset, so buffers that were exposed can be taken back and used anew. */
static void taken_back(struct conf *c)
{
	struct cbuf *b[4];
	unsigned i, k;

	conf_start(c, 0);
	conf_serve(c, 2);
	for (i = 0; i < VOP_ARRAY_SIZE(b); i++) {
		b[i] = conf_probe(c, 0);
		conf_submit(c, b[i]);
	}
	conf_reset(c);
	/* The driver's again: whatever it writes there, it reads. */
	cmem_freeze(c);
	for (i = 0; i < VOP_ARRAY_SIZE(b); i++)
		for (k = 0; k < b[i]->n; k++)
			cmem_fill(c, b[i]->seg[k].p, 0x77, b[i]->seg[k].len);
	conf_settle(c);
	cmem_verify(c, "after the reset, in buffers the driver took back");
}

/* --- a driver that breaks rules --- */

static void queues_early(struct conf *c)
{
	struct cring *r;
	unsigned step;

	for (step = 0; step < 3; step++) {
		conf_reset(c);
		if (step)
			conf_set_status(c, step == 1 ? STEP_ACK : STEP_DRIVER);
		r = cring_new(c, conf_lane(c)->queue, 8);
		conf_set_ring(c, r);
		if (cring_try_setup(r) == 0) {
			conf_try_status(c, STEP_FEATURES_OK);
			conf_try_status(c, STEP_DRIVER_OK);
			cring_kick_always(r);
		}
		conf_settle(c);
	}
	conf_expect_idle(c);
}

/* A queue set up while the device runs, which was not set up before. */
static void queues_late(struct conf *c)
{
	struct cring *r;

	conf_prepare_others(c);
	conf_driver_ok(c);
	r = cring_new(c, conf_lane(c)->queue, 8);
	conf_set_ring(c, r);
	if (cring_try_setup(r) == 0) {
		steps_push(c);
		conf_settle(c);
	}
	conf_expect_idle(c);
}

/* DRIVER_OK with no queue at all, and kicks for rings nobody told of. */
static void no_queues(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		conf_negotiate(c);
		conf_driver_ok(c);
		conf_settle(c);
	}
	conf_expect_idle(c);
}

static void any_order(struct conf *c)
{
	struct cring *r = NULL;
	uint64_t f[2];
	unsigned i;

	for (i = 0; i < 200; i++) {
		switch (conf_below(c, 8)) {
		case 0:
			conf_reset(c);
			r = NULL;
			break;
		case 1:
			conf_wanted(c, f);
			conf_try_features(c, f);
			break;
		case 2:
			if (r)
				break;
			r = cring_new(c, conf_lane(c)->queue, 8);
			if (cring_try_setup(r))
				r->cfg.kick = r->cfg.call = NULL;
			break;
		case 3:
			if (r && r->cfg.kick)
				cring_kick_always(r);
			break;
		case 4:
			conf_try_status(c, STEP_DRIVER_OK);
			break;
		case 5:
			conf_try_status(c, STEP_FEATURES_OK);
			break;
		case 6:
			conf_try_status(c, STEP_DRIVER);
			break;
		default:
			conf_try_queue_reset(c, conf_lane(c)->queue);
		}
	}
	conf_expect_idle(c);
}

static const struct conf_check checks[] = {
	{"init/populated", "queues filled before DRIVER_OK are served after it",
	 "text:content.tex:549", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = populated},
	{"init/slowly", "the device waits for each step", "text:content.tex:33", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = slowly},
	{"init/many-lives", "one whole life after another", "text:content.tex:521", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, .run = many_lives},
	{"init/unfinished", "initialisations given up at any step are forgotten",
	 "text:content.tex:557 2.4.1:dev:1", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH,
	 .run = unfinished},
	{"init/taken-back", "buffers taken back after a reset are the driver's",
	 "text:content.tex:625 2.4.1:dev:2", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH,
	 .run = taken_back},
	{"init/queues-early", "queues set up before FEATURES_OK harm nobody",
	 "text:content.tex:521", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE,
	 .run = queues_early},
	{"init/queues-late", "a queue set up after DRIVER_OK harms nobody", "text:content.tex:521",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .run = queues_late},
	{"init/no-queues", "DRIVER_OK without queues harms nobody", "text:content.tex:549",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = no_queues},
	{"init/any-order", "no order of steps harms anybody", "text:content.tex:521", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = any_order},
};
CONF_SECTION(conf_section_init, "3.1", "Device initialization and cleanup", checks);
