/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.1 Device status field. */
#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

/* --- a correct driver --- */

static void initial_zero(struct conf *c)
{
	uint8_t s = conf_status(c);

	CONF_EXPECT(c, s == 0, "the status of a device nobody initialised is %#x, not 0", s);
	conf_start(c, 0);
	conf_serve(c, 2);
	conf_reset(c);
}

static void steps(struct conf *c)
{
	/* Each step is read back by the calls behind these. */
	conf_start(c, 0);
	CONF_EXPECT(c, conf_status(c) == STEP_DRIVER_OK,
		    "the status after the last step is %#x, not %#x", conf_status(c),
		    STEP_DRIVER_OK);
	conf_serve(c, 3);
	CONF_EXPECT(c, conf_status(c) == STEP_DRIVER_OK, "traffic changed the status to %#x",
		    conf_status(c));
}

/* Writing once more what is set is no step: nothing starts over. */
static void rewritten(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 0; i < 4; i++) {
		conf_serve(c, 3);
		conf_set_status(c, STEP_DRIVER_OK);
	}
	conf_serve(c, 3);
}

/* Whatever the driver hands over, the device waits for DRIVER_OK. */
static void idle_before_driver_ok(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;

	conf_prepare(c, 0);
	r = conf_ring(c);
	b = conf_probe(c, 0);
	cring_add(r, b);
	cring_publish(r);
	cring_kick_always(r);
	/* The buffer stays as it is. (That flags and event indexes are written is no use of it.) */
	steps_close(c, b);
	conf_settle(c);
	steps_expect_unused(c, r, "before DRIVER_OK");
}

/* A ring the device cannot go on with: it says so, unless it goes on all the same. */
static void error_state(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 2);
	steps_break_ring(c);
	CONF_EXPECT(c, steps_state(c) != STEPS_SILENT,
		    "after a buffer nobody has memory at the device serves no more, and does not "
		    "set NEEDS_RESET");
}

static void broken_first(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 2);
	conf_events(c);
	steps_break_ring(c);
	if (!conf_wait_needs_reset(c))
		conf_skip(c, "a buffer nobody has memory at does not make it set NEEDS_RESET");
}

static bool told(struct conf *c, void *arg)
{
	uint32_t *seen = arg;

	*seen |= conf_events(c);
	return *seen & TARGET_EVENT_CONFIG;
}

static void error_told(struct conf *c)
{
	uint32_t seen = 0;

	broken_first(c);
	CONF_EXPECT(c, conf_wait(c, told, &seen),
		    "NEEDS_RESET was set with DRIVER_OK set, and no configuration change "
		    "notification came");
}

static void error_mended(struct conf *c)
{
	broken_first(c);
	conf_reset(c);
	conf_settle(c);
	CONF_EXPECT(c, conf_status(c) == 0, "the status is %#x after the reset", conf_status(c));
	conf_serve_again(c);
	CONF_EXPECT(c, conf_status(c) == STEP_DRIVER_OK, "the status is %#x once it serves again",
		    conf_status(c));
}

/* NEEDS_RESET stays until the reset, whatever the driver writes. */
static void error_stays(struct conf *c)
{
	unsigned i;

	broken_first(c);
	for (i = 0; i < 3; i++) {
		conf_try_status(c, STEP_DRIVER_OK);
		CONF_EXPECT(c, conf_status(c) & VOP_STATUS_NEEDS_RESET,
			    "NEEDS_RESET went away without a reset");
	}
}

/* --- a driver that breaks rules --- */

static void clears(struct conf *c)
{
	static const uint8_t missing[] = {VOP_STATUS_ACKNOWLEDGE, VOP_STATUS_DRIVER,
					  VOP_STATUS_FEATURES_OK, VOP_STATUS_DRIVER_OK};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(missing); i++) {
		conf_start(c, 0);
		conf_serve(c, 1);
		conf_try_status(c, (uint8_t)(STEP_DRIVER_OK & ~missing[i]));
		conf_status(c);
		/* A device that takes it has stopped, perhaps. */
		steps_push(c);
		conf_settle(c);
	}
}

static void out_of_order(struct conf *c)
{
	static const uint8_t first[] = {
		VOP_STATUS_DRIVER_OK,
		VOP_STATUS_FEATURES_OK,
		STEP_FEATURES_OK,
		STEP_DRIVER_OK,
		STEP_DRIVER | VOP_STATUS_DRIVER_OK,
		VOP_STATUS_FEATURES_OK | VOP_STATUS_DRIVER_OK,
	};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(first); i++) {
		conf_reset(c);
		conf_try_status(c, first[i]);
		conf_status(c);
		conf_try_status(c, STEP_DRIVER_OK);
		conf_settle(c);
	}
	conf_expect_idle(c);
}

static void reserved_bits(struct conf *c)
{
	static const uint8_t odd[] = {32, VOP_STATUS_NEEDS_RESET, VOP_STATUS_SUSPEND, 0xff};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(odd); i++) {
		conf_reset(c);
		conf_try_status(c, odd[i]);
		conf_status(c);
		conf_start(c, 0);
		conf_serve(c, 1);
		conf_try_status(c, (uint8_t)(STEP_DRIVER_OK | odd[i]));
		conf_status(c);
		steps_push(c);
		conf_settle(c);
	}
}

static void every_byte(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 512; i++)
		conf_try_status(c, (uint8_t)conf_random(c));
}

static void failed(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 3);
	steps_push(c);
	conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_FAILED);
	conf_settle(c);
	steps_push(c);
	conf_settle(c);
	conf_expect_idle(c);
}

static const struct conf_check checks[] = {
	{"status/initial-zero", "the status starts out as 0, and is 0 after a reset",
	 "text:content.tex:56 2.4.1:dev:1", CONF_TEXT, CONF_CONFORMANCE, CONF_ANY,
	 .lacks = TARGET_LACKS_STATUS, .run = initial_zero},
	{"status/steps", "each step of the initialisation shows in the status",
	 "text:content.tex:23", CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, .run = steps},
	{"status/rewritten", "writing the same status once more starts nothing over",
	 "text:content.tex:23", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = rewritten},
	{"status/idle-before-driver-ok", "nothing is used or called for before DRIVER_OK",
	 "2.1.2:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, .run = idle_before_driver_ok},
	{"status/error-state", "a device that cannot go on sets NEEDS_RESET", "2.1.2:dev:2",
	 CONF_SHOULD, CONF_ROBUSTNESS, CONF_BOTH, .lacks = TARGET_LACKS_STATUS, .run = error_state},
	{"status/error-told", "NEEDS_RESET comes with a configuration change notification",
	 "2.1.2:dev:3", CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, .lacks = TARGET_LACKS_STATUS,
	 .run = error_told},
	{"status/error-mended", "a reset clears NEEDS_RESET, and the device serves again",
	 "2.4.1:dev:1", CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, .lacks = TARGET_LACKS_STATUS,
	 .run = error_mended},
	{"status/error-stays", "NEEDS_RESET stays until the reset", "text:content.tex:48",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, .lacks = TARGET_LACKS_STATUS, .run = error_stays},
	{"status/clears", "a driver that clears bits harms nobody", "text:content.tex:66",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = clears},
	{"status/out-of-order", "steps in the wrong order harm nobody", "text:content.tex:61",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = out_of_order},
	{"status/reserved-bits", "bits that mean nothing harm nobody", "text:content.tex:27",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .lane = CONF_FIRST_LANE, .run = reserved_bits},
	{"status/every-byte", "no series of status bytes harms anybody", "text:content.tex:61",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, .run = every_byte},
	{"status/failed", "a driver that gives up in the middle harms nobody",
	 "text:content.tex:51", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .run = failed},
};
CONF_SECTION(conf_section_status, "2.1", "Device status field", checks);
