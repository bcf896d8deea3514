/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * docs/vop.md: what it asks of a device beyond VIRTIO 1.4, as far as a driver sees it. Mostly the
 * answer to a request that is out of order or out of range, and that it changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

#define ANY_LANE .lane = CONF_FIRST_LANE, .vop = true
#define INVALID	 (-EINVAL)
#define STATE	 (-EPERM)
#define UNSUPP	 (-EOPNOTSUPP)
#define ADDRESS	 5 /* the reason of VOP-80 */

static const char *word(int e)
{
	return e == 0	      ? "OK"
	       : e == INVALID ? "INVALID"
	       : e == STATE   ? "STATE"
	       : e == UNSUPP  ? "UNSUPPORTED"
	       : e == -ENOMEM ? "NOMEM"
			      : "something else";
}

static void answer(struct conf *c, int got, int want, const char *what)
{
	CONF_EXPECT(c, got == want, "%s is answered %s, not %s", what, word(got), word(want));
}

static void status_is(struct conf *c, uint8_t want)
{
	uint8_t s = conf_status(c);

	CONF_EXPECT(c, s == want, "the status is %#x, not %#x", s, want);
}

/* --- VOP-39: the offer --- */

static void offer(struct conf *c)
{
	unsigned bit;

	CONF_EXPECT(c, conf_has_offer(c, VOP_F_VERSION_1), "VERSION_1 is not offered");
	CONF_EXPECT(c, conf_has_offer(c, VOP_F_ACCESS_PLATFORM), "ACCESS_PLATFORM is not offered");
	for (bit = 24; bit < 50; bit++) {
		if (bit == VOP_F_INDIRECT_DESC || bit == VOP_F_EVENT_IDX ||
		    (bit >= VOP_F_VERSION_1 && bit <= VOP_F_ORDER_PLATFORM) ||
		    bit == VOP_F_RING_RESET || bit == VOP_F_SUSPEND || bit == 41 || bit == 42)
			continue;
		CONF_EXPECT(c, !conf_has_offer(c, bit), "transport bit %u is offered", bit);
	}
}

/* VOP-60: rings and buffers at the driver are always taken. */
static void placement(struct conf *c)
{
	struct target *t = conf_target(c);

	CONF_EXPECT(c, t->ops->placement_ok(t, VOP_RING_DRIVER, VOP_PAYLOAD_PULL),
		    "rings and buffers in the driver's window are not offered");
}

/* --- VOP-40 to 43: status and features --- */

static void bits_kept(struct conf *c)
{
	static const uint8_t bits[] = {VOP_STATUS_ACKNOWLEDGE, VOP_STATUS_DRIVER,
				       VOP_STATUS_FEATURES_OK, VOP_STATUS_DRIVER_OK};
	unsigned i;

	conf_start(c, 0);
	conf_serve(c, 1);
	for (i = 0; i < VOP_ARRAY_SIZE(bits); i++) {
		answer(c, conf_try_status(c, (uint8_t)(STEP_DRIVER_OK & ~bits[i])), STATE,
		       "a status with a bit missing");
		status_is(c, STEP_DRIVER_OK);
	}
	conf_serve(c, 3);
}

static void bits_ignored(struct conf *c)
{
	conf_start(c, 0);
	answer(c, conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_NEEDS_RESET | 32), 0,
	       "a status with bits that are not the driver's");
	status_is(c, STEP_DRIVER_OK);
	/* Not negotiated: conf_start() does not ask for it. */
	answer(c, conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_SUSPEND), 0,
	       "SUSPEND that was not negotiated");
	status_is(c, STEP_DRIVER_OK);
	conf_serve(c, 3);
}

static void features_fixed(struct conf *c)
{
	static const uint64_t none[2];
	bool events = conf_want_if_offered(c, VOP_F_EVENT_IDX);

	conf_start(c, 8);
	answer(c, conf_try_features(c, none), STATE, "FEATURES after FEATURES_OK");
	conf_serve(c, 12);
	if (!events)
		conf_note(c, "EVENT_IDX is not offered: features were the smallest set");
}

static void refuse_features(struct conf *c, const uint64_t f[2], const char *without)
{
	conf_reset(c);
	conf_set_status(c, STEP_ACK);
	answer(c, conf_try_features(c, f), 0, "FEATURES");
	/* DRIVER is a new bit of the same request, and is accepted. */
	answer(c, conf_try_status(c, STEP_FEATURES_OK), UNSUPP, without);
	status_is(c, STEP_DRIVER);
}

static void features_refused(struct conf *c)
{
	static const uint64_t none[2];
	uint64_t f[2];
	unsigned bit;

	conf_wanted(c, f);
	vop_feature_clear(f, VOP_F_VERSION_1);
	refuse_features(c, f, "FEATURES_OK without VERSION_1");
	conf_wanted(c, f);
	vop_feature_clear(f, VOP_F_ACCESS_PLATFORM);
	refuse_features(c, f, "FEATURES_OK without ACCESS_PLATFORM");
	refuse_features(c, none, "FEATURES_OK without any feature");
	for (bit = 49; conf_has_offer(c, bit); bit--)
		;
	conf_wanted(c, f);
	vop_feature_set(f, bit);
	refuse_features(c, f, "FEATURES_OK with a bit that was not offered");
	conf_start(c, 0);
	conf_serve(c, 2);
}

static void driver_ok_refused(struct conf *c)
{
	uint64_t f[2];

	/* In one request with FEATURES_OK. */
	conf_wanted(c, f);
	conf_reset(c);
	conf_set_status(c, STEP_DRIVER);
	answer(c, conf_try_features(c, f), 0, "FEATURES");
	answer(c, conf_try_status(c, STEP_DRIVER_OK), STATE,
	       "DRIVER_OK in the request of FEATURES_OK");
	status_is(c, STEP_FEATURES_OK);
	/* Before it. */
	conf_reset(c);
	answer(c, conf_try_status(c, STEP_DRIVER | VOP_STATUS_DRIVER_OK), STATE,
	       "DRIVER_OK before FEATURES_OK");
	status_is(c, STEP_DRIVER);
	/* With FAILED. */
	conf_negotiate(c);
	conf_set_status(c, STEP_FEATURES_OK | VOP_STATUS_FAILED);
	answer(c, conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_FAILED), STATE,
	       "DRIVER_OK after FAILED");
	status_is(c, STEP_FEATURES_OK | VOP_STATUS_FAILED);
}

/* VOP-45: accepted features are forgotten. */
static void reset_forgets(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		conf_start(c, 0);
		conf_serve(c, 1);
		conf_reset(c);
		answer(c, conf_try_status(c, STEP_FEATURES_OK), UNSUPP,
		       "FEATURES_OK after a reset, no features given");
		status_is(c, STEP_DRIVER);
	}
}

/* --- VOP-47: queue reset --- */

static void queue_reset(struct conf *c)
{
	unsigned q = conf_lane(c)->queue, n = conf_queue_count(c);
	bool has = conf_has_offer(c, VOP_F_RING_RESET);

	conf_reset(c);
	answer(c, conf_try_queue_reset(c, q), UNSUPP, "QUEUE_RESET before FEATURES_OK");
	conf_start(c, 0);
	answer(c, conf_try_queue_reset(c, q), UNSUPP, "QUEUE_RESET without RING_RESET");
	conf_serve(c, 2);
	if (!has)
		return;
	conf_want(c, VOP_F_RING_RESET);
	conf_start(c, 0);
	answer(c, conf_try_queue_reset(c, n), INVALID, "QUEUE_RESET of a queue beyond the last");
	answer(c, conf_try_queue_reset(c, 65535), INVALID, "QUEUE_RESET of queue 65535");
	conf_serve(c, 1);
	answer(c, conf_try_queue_reset(c, q), 0, "QUEUE_RESET");
	answer(c, conf_try_queue_reset(c, q), STATE, "QUEUE_RESET of a queue that was reset");
	conf_set_ring(c, cring_open(c, q, 8));
	conf_serve(c, 3);
	conf_negotiate(c);
	answer(c, conf_try_queue_reset(c, q), STATE, "QUEUE_RESET of a queue never set up");
}

/* --- VOP-50 to 52: set-up of a queue --- */

static struct cring *fresh(struct conf *c)
{
	return cring_new(c, conf_lane(c)->queue, 8);
}

static void setup_state(struct conf *c)
{
	struct cring *r;

	conf_reset(c);
	conf_set_status(c, STEP_DRIVER);
	answer(c, cring_try_setup(fresh(c)), STATE, "QUEUE_SETUP before FEATURES_OK");
	conf_prepare(c, 0);
	answer(c, cring_try_setup(fresh(c)), STATE, "QUEUE_SETUP of a queue that is set up");
	conf_driver_ok(c);
	if (conf_lane(c)->begin)
		conf_lane(c)->begin(c);
	answer(c, cring_try_setup(fresh(c)), STATE, "QUEUE_SETUP of a queue that runs");
	/* Nothing of it was changed. */
	conf_serve(c, 5);
	conf_negotiate(c);
	conf_driver_ok(c);
	answer(c, cring_try_setup(fresh(c)), STATE, "QUEUE_SETUP after DRIVER_OK");
	r = fresh(c);
	r->cfg.index = (uint16_t)conf_queue_count(c);
	conf_negotiate(c);
	answer(c, cring_try_setup(r), INVALID, "QUEUE_SETUP of a queue beyond the last");
}

static void setup_sizes(struct conf *c)
{
	uint16_t max = conf_queue_size_max(c, conf_lane(c)->queue);
	struct cring *r;
	uint16_t odd;

	conf_negotiate(c);
	r = fresh(c);
	r->cfg.size = 0;
	answer(c, cring_try_setup(r), INVALID, "QUEUE_SETUP with size 0");
	r->cfg.size = (uint16_t)(max + 1);
	answer(c, cring_try_setup(r), INVALID, "QUEUE_SETUP with a size above size_max");
	r->cfg.size = 0x8000;
	if (max < 0x8000)
		answer(c, cring_try_setup(r), INVALID, "QUEUE_SETUP with size 32768");
	for (odd = 3; !conf_packed(c) && odd < 8; odd++) {
		if ((odd & (odd - 1)) == 0)
			continue;
		r->cfg.size = odd;
		answer(c, cring_try_setup(r), INVALID,
		       "QUEUE_SETUP of a split queue of a size that is no power of two");
	}
	/* After all these it can be set up. */
	conf_start_on(c, 8);
	conf_serve(c, 5);
}

static void setup_alignment(struct conf *c)
{
	uint64_t part[3];
	struct cring *r;
	unsigned i, by;
	/* 2.7, 2.8 */
	unsigned align[] = {16, conf_packed(c) ? 4 : 2, 4};

	conf_negotiate(c);
	r = fresh(c);
	part[0] = r->cfg.desc_bus;
	part[1] = r->cfg.driver_bus;
	part[2] = r->cfg.device_bus;
	for (i = 0; i < 3; i++)
		for (by = 1; by < align[i]; by *= 2) {
			r->cfg.desc_bus = part[0] + (i == 0 ? by : 0);
			r->cfg.driver_bus = part[1] + (i == 1 ? by : 0);
			r->cfg.device_bus = part[2] + (i == 2 ? by : 0);
			answer(c, cring_try_setup(r), INVALID,
			       i == 0	? "QUEUE_SETUP with misaligned descriptors"
			       : i == 1 ? "QUEUE_SETUP with a misaligned driver area"
					: "QUEUE_SETUP with a misaligned device area");
		}
	conf_start_on(c, 8);
	conf_serve(c, 5);
}

static void setup_addresses(struct conf *c)
{
	static const uint64_t at[] = {0, STEP_NOWHERE, 0x8000000000000000ull, 0xffffffffffffff80ull,
				      0xfffffffffffffff0ull};
	struct cring *r;
	unsigned part, i;

	conf_negotiate(c);
	r = fresh(c);
	for (part = 0; part < 3; part++)
		for (i = 0; i < VOP_ARRAY_SIZE(at); i++) {
			struct vop_queue_config keep = r->cfg;

			if (part == 0)
				r->cfg.desc_bus = at[i];
			else if (part == 1)
				r->cfg.driver_bus = at[i];
			else
				r->cfg.device_bus = at[i];
			answer(c, cring_try_setup(r), INVALID,
			       "QUEUE_SETUP with a part where no memory is");
			r->cfg = keep;
		}
	conf_start_on(c, 8);
	conf_serve(c, 5);
}

static void setup_placement(struct conf *c)
{
	struct cring *r;

	conf_negotiate(c);
	r = fresh(c);
	r->cfg.ring_placement = 3;
	answer(c, cring_try_setup(r), UNSUPP, "QUEUE_SETUP with an unknown ring placement");
	r->cfg.ring_placement = VOP_RING_DRIVER;
	r->cfg.payload_placement = 2;
	answer(c, cring_try_setup(r), UNSUPP, "QUEUE_SETUP with an unknown payload placement");
	if (conf_packed(c)) {
		/* VOP-62 */
		r->cfg.payload_placement = VOP_PAYLOAD_PULL;
		r->cfg.ring_placement = VOP_RING_POSTED;
		answer(c, cring_try_setup(r), UNSUPP, "QUEUE_SETUP of a packed queue as `posted`");
	}
	conf_start_on(c, 8);
	conf_serve(c, 5);
}

/* --- VOP-53, VOP-80: violations --- */

static void violated(struct conf *c)
{
	uint32_t before = 0, after = 0, why = 0;
	struct target *t = conf_target(c);
	struct cring *r;

	conf_start(c, 0);
	r = conf_ring(c);
	conf_serve(c, 2);
	t->ops->violations(t, r->index, &before, &why);
	conf_submit(c, steps_bad_buffer(c));
	CONF_EXPECT(c, conf_wait_needs_reset(c),
		    "a buffer outside of every region does not make the device set needs_reset");
	CONF_EXPECT(c, t->ops->violations(t, r->index, &after, &why) == 0,
		    "violations cannot be read");
	CONF_EXPECT(c, after == before + 1, "%u violations were counted, not one", after - before);
	CONF_EXPECT(c, why == ADDRESS || why == 0, "the reason is %u, not %u", why, ADDRESS);
	/* VOP-40, 47, 50: what is refused from now on. */
	answer(c, conf_try_queue_reset(c, r->index), conf_has(c, VOP_F_RING_RESET) ? STATE : UNSUPP,
	       "QUEUE_RESET after a violation");
	conf_reset(c);
	/* VOP-45: the counts stay, the bit goes. */
	CONF_EXPECT(c,
		    t->ops->violations(t, conf_lane(c)->queue, &before, &why) == 0 &&
			    before == after,
		    "violations counted were %u, and are %u after the reset", after, before);
	status_is(c, 0);
}

/* The queue stops: what is behind the violation is not looked at. */
static void violated_stops(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;

	conf_start(c, 32);
	r = conf_ring(c);
	conf_serve(c, 2);
	conf_submit(c, steps_bad_buffer(c));
	CONF_EXPECT(c, conf_wait_needs_reset(c),
		    "a buffer outside of every region does not make the device set needs_reset");
	conf_settle(c);
	b = conf_probe(c, 0);
	cring_add(r, b);
	cring_publish(r);
	cring_kick_always(r);
	conf_settle(c);
	CONF_EXPECT(c, !cring_take(r), "a queue goes on after a violation");
	answer(c, conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_NEEDS_RESET), 0,
	       "a status written back as it was read");
	CONF_EXPECT(c, conf_status(c) & VOP_STATUS_NEEDS_RESET, "NEEDS_RESET went away");
}

/* VOP-50: nothing is set up on a device that needs a reset. */
static void violated_setup(struct conf *c)
{
	unsigned n = conf_queue_count(c), x;
	struct cring *r;

	conf_want(c, VOP_F_RING_RESET);
	conf_start(c, 0);
	conf_serve(c, 2);
	/* Another queue of the lane's, so that only needs_reset speaks against it. */
	for (x = 0; x < n && (x == conf_lane(c)->queue || conf_try_queue_reset(c, x)); x++)
		;
	if (x == n)
		conf_skip(c, "requests of this lane need no second queue");
	r = cring_new(c, x, 8);
	cring_submit(conf_ring(c), steps_bad_buffer(c));
	CONF_EXPECT(c, conf_wait_needs_reset(c),
		    "a buffer outside of every region does not make the device set needs_reset");
	answer(c, conf_try_queue_reset(c, conf_lane(c)->queue), STATE,
	       "QUEUE_RESET on a device that needs a reset");
	answer(c, cring_try_setup(r), STATE, "QUEUE_SETUP on a device that needs a reset");
}

/* --- VOP-56 to 59: configuration --- */

static void config_requests(struct conf *c)
{
	uint8_t bytes[65] = {0};
	uint32_t size;
	int e;

	conf_reset(c);
	size = steps_config(c, NULL, 256);
	conf_set_status(c, STEP_DRIVER);
	/* A console's emergency write may come at any time; that field is its third. */
	if (size && conf_target(c)->device_id != 3)
		answer(c, conf_try_config_write(c, 0, bytes, 1), STATE,
		       "CONFIG_WRITE before FEATURES_OK");
	conf_negotiate(c);
	e = conf_try_config_write(c, size, bytes, 1);
	answer(c, e, INVALID, "CONFIG_WRITE behind the configuration space");
	e = conf_try_config_write(c, 0xffffffffu, bytes, 1);
	answer(c, e, INVALID, "CONFIG_WRITE at 2^32 - 1");
	e = conf_try_config_write(c, 0, bytes, sizeof(bytes));
	answer(c, e, INVALID, "CONFIG_WRITE of 65 bytes");
	e = conf_try_config_write(c, 0, bytes, 0);
	answer(c, e, INVALID, "CONFIG_WRITE of nothing");
}

/* --- VOP-48, 49, 55: suspend --- */

static void suspend_answers(struct conf *c)
{
	uint8_t byte = 0;
	unsigned q = conf_lane(c)->queue;
	struct cring *r;

	conf_want(c, VOP_F_RING_RESET);
	conf_start(c, 0);
	conf_serve(c, 2);
	answer(c, conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_SUSPEND), 0, "SUSPEND");
	status_is(c, STEP_FEATURES_OK | VOP_STATUS_SUSPEND);
	answer(c, conf_try_queue_reset(c, q), STATE, "QUEUE_RESET of a suspended device");
	/* SUSPEND may be missing, and may be there (below). */
	answer(c, conf_try_status(c, STEP_DRIVER_OK), 0, "DRIVER_OK to a suspended device");
	conf_serve(c, 1);
	answer(c, conf_try_queue_reset(c, q), 0, "QUEUE_RESET");
	answer(c, conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_SUSPEND), 0, "SUSPEND");
	r = fresh(c);
	answer(c, cring_try_setup(r), STATE, "QUEUE_SETUP of a suspended device");
	if (steps_config(c, &byte, 1))
		answer(c, conf_try_config_write(c, 0, &byte, 1), STATE,
		       "CONFIG_WRITE to a suspended device");
	answer(c, conf_try_status(c, STEP_FEATURES_OK), 0, "a status without DRIVER_OK");
	status_is(c, STEP_FEATURES_OK | VOP_STATUS_SUSPEND);
	answer(c, conf_try_status(c, VOP_STATUS_DRIVER_OK), STATE,
	       "a status of a suspended device with bits missing");
	status_is(c, STEP_FEATURES_OK | VOP_STATUS_SUSPEND);
	answer(c, conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_SUSPEND), 0,
	       "DRIVER_OK to a suspended device");
	status_is(c, STEP_DRIVER_OK);
	cring_setup(r);
	conf_set_ring(c, r);
	conf_serve(c, 3);
}

static void suspend_kicks(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;

	conf_start(c, 0);
	r = conf_ring(c);
	conf_serve(c, 2);
	answer(c, conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_SUSPEND), 0, "SUSPEND");
	b = conf_probe(c, 0);
	cring_add(r, b);
	cring_publish(r); /* and no kick, neither now nor later */
	answer(c, conf_try_status(c, STEP_DRIVER_OK), 0, "DRIVER_OK to a suspended device");
	if (conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, b);
	conf_finish(c, b);
}

static void suspend_broken(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 1);
	conf_submit(c, steps_bad_buffer(c));
	CONF_EXPECT(c, conf_wait_needs_reset(c),
		    "a buffer outside of every region does not make the device set needs_reset");
	answer(c, conf_try_status(c, STEP_DRIVER_OK | VOP_STATUS_SUSPEND), STATE,
	       "SUSPEND of a device that needs a reset");
	CONF_EXPECT(c, !(conf_status(c) & VOP_STATUS_SUSPEND),
		    "a device that needs a reset is suspended: status %#x", conf_status(c));
}

static const struct conf_check checks[] = {
	{"vop/offer", "transport bits that are offered are those a VOP device may have", "VOP-39",
	 CONF_MUST, CONF_CONFORMANCE, CONF_ANY, ANY_LANE, .run = offer},
	{"vop/placement", "rings and buffers may lie at the driver", "VOP-60", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, ANY_LANE, .run = placement},
	{"vop/bits-kept", "a status with a bit missing changes nothing", "VOP-40", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = bits_kept},
	{"vop/bits-ignored", "bits that are not the driver's are ignored", "VOP-40", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = bits_ignored},
	{"vop/features-fixed", "FEATURES after FEATURES_OK changes nothing", "VOP-41", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = features_fixed},
	{"vop/features-refused", "FEATURES_OK is missing from the answer, other bits are not",
	 "VOP-42", CONF_MUST, CONF_ROBUSTNESS, CONF_ANY, ANY_LANE, .run = features_refused},
	{"vop/driver-ok-refused", "DRIVER_OK too early, or after FAILED, is refused", "VOP-43",
	 CONF_MUST, CONF_ROBUSTNESS, CONF_ANY, ANY_LANE, .run = driver_ok_refused},
	{"vop/reset-forgets", "a reset forgets accepted features", "VOP-45", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_ANY, ANY_LANE, .run = reset_forgets},
	{"vop/queue-reset", "QUEUE_RESET is answered as the queue and the device are", "VOP-47",
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = queue_reset},
	{"vop/setup-state", "QUEUE_SETUP at the wrong time changes nothing", "VOP-50", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = setup_state},
	{"vop/setup-sizes", "QUEUE_SETUP refuses sizes that cannot be", "VOP-50", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = setup_sizes},
	{"vop/setup-alignment", "QUEUE_SETUP refuses parts that are misaligned", "VOP-50 VOP-51",
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = setup_alignment},
	{"vop/setup-addresses", "QUEUE_SETUP refuses parts where no memory is", "VOP-50 VOP-52",
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = setup_addresses},
	{"vop/setup-placement", "QUEUE_SETUP refuses placements that are not offered",
	 "VOP-50 VOP-62", CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = setup_placement},
	{"vop/violated", "a violation is counted with its reason and sets needs_reset",
	 "VOP-53 VOP-80 VOP-45", CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, .vop = true,
	 .run = violated},
	{"vop/violated-stops", "a queue stops at a violation", "VOP-80", CONF_MUST, CONF_ROBUSTNESS,
	 CONF_BOTH, .vop = true, .run = violated_stops},
	{"vop/violated-setup", "a device that needs a reset sets nothing up", "VOP-47 VOP-50",
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .run = violated_setup},
	{"vop/config-requests", "CONFIG_WRITE out of time or range is refused", "VOP-59", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_ANY, ANY_LANE, .run = config_requests},
	{"vop/suspend-answers", "a suspended device refuses requests, and DRIVER_OK resumes it",
	 "VOP-48 VOP-49 VOP-55", CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE,
	 .needs = {CONF_F(VOP_F_SUSPEND)}, .run = suspend_answers},
	{"vop/suspend-kicks", "a resumed device looks into its rings without a kick", "VOP-55",
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, .vop = true, .needs = {CONF_F(VOP_F_SUSPEND)},
	 .run = suspend_kicks},
	{"vop/suspend-broken", "a device that needs a reset is not suspended", "VOP-48", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, ANY_LANE, .needs = {CONF_F(VOP_F_SUSPEND)},
	 .run = suspend_broken},
};
CONF_SECTION(conf_section_vop, "VOP", "The VOP's own statements", checks);
