/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.2 Feature bits. */
#include <string.h>

#include "conformance/bits.h"
#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

/* vhost-user names two things of its own with bits of the transport's. */
static bool is_vhost_user(struct conf *c)
{
	return strcmp(conf_target(c)->ops->scheme, "vhost-user") == 0;
}

static unsigned top_bit(struct conf *c)
{
	return conf_target(c)->caps.missing & TARGET_LACKS_FEATURES_HIGH ? 64 : VOP_FEATURE_BITS;
}

/* What was offered, without what this specification does not know: a driver takes no more. */
static void takeable(struct conf *c, uint64_t f[2])
{
	unsigned bit;

	f[0] = conf_offered(c)[0];
	f[1] = conf_offered(c)[1];
	for (bit = 0; bit < VOP_FEATURE_BITS; bit++)
		if (!bits_defined(conf_target(c)->device_id, bit))
			vop_feature_clear(f, bit);
	bits_close(conf_target(c)->device_id, f);
}

static void base(struct conf *c, uint64_t f[2])
{
	conf_wanted(c, f);
}

static void must_take(struct conf *c, const uint64_t f[2], const char *which)
{
	CONF_EXPECT(c, steps_offer_features(c, f),
		    "FEATURES_OK is refused for %s: %#llx %#llx of the offered %#llx %#llx", which,
		    (unsigned long long)f[1], (unsigned long long)f[0],
		    (unsigned long long)conf_offered(c)[1], (unsigned long long)conf_offered(c)[0]);
}

/* --- what is offered --- */

/* A rule of the device's type; without those about the control queue where that is the
 * front-end's, which offers its bit itself (5.1.3, bit 17). */
static bool judged(const struct conf *c, const struct bits_rule *r)
{
	const struct target *t = conf_target(c);

	return r->device == t->device_id &&
	       !(r->device == 1 && r->any[0] == 17 && (t->caps.missing & TARGET_LACKS_CTRL_QUEUE));
}

static void requirements(struct conf *c)
{
	const struct bits_rule *r;
	unsigned i;

	for (i = 0; (r = bits_rule(i)) != NULL; i++)
		if (judged(c, r))
			CONF_EXPECT(c, bits_rule_kept(r, conf_offered(c)),
				    "feature bit %u is offered, and bit %u, which it requires, is "
				    "not",
				    r->bit, r->any[0]);
}

static void only_defined(struct conf *c)
{
	uint16_t device = conf_target(c)->device_id;
	unsigned bit;

	for (bit = 0; bit < VOP_FEATURE_BITS; bit++) {
		bool own = bit < 24 || bit == 42 || bit >= 50;

		if (!conf_has_offer(c, bit) || bits_defined(device, bit))
			continue;
		if (own && !bits_known_type(device))
			continue;
		/* Transitional devices and, on their own ground, vhost-user. */
		if (bit == 24 || bit == 27 || bit == 30 || (bit == 26 && is_vhost_user(c)))
			continue;
		if (device == 1 && bit == 42)
			continue;
		conf_fail(c, "feature bit %u is offered; no device of type %u has one", bit,
			  device);
	}
	/* 6: the two belong to PCI. Bit 37 has a check of its own. */
	CONF_EXPECT(c, !conf_has_offer(c, VOP_F_ADMIN_VQ) || device == 1,
		    "ADMIN_VQ is offered, which exists over PCI only");
}

/* Reading says the same at any time. */
static void stable(struct conf *c)
{
	uint64_t f[2], was[2] = {conf_offered(c)[0], conf_offered(c)[1]};
	unsigned i;

	for (i = 0; i < 6; i++) {
		switch (i) {
		case 0:
			conf_reset(c);
			break;
		case 1:
			conf_set_status(c, STEP_ACK);
			break;
		case 2:
			conf_negotiate(c);
			break;
		case 3:
			conf_start(c, 0);
			break;
		case 4:
			conf_serve(c, 2);
			break;
		default:
			conf_reset(c);
		}
		CONF_EXPECT(c, conf_target(c)->ops->get_features(conf_target(c), f) == 0,
			    "the offered features cannot be read");
		CONF_EXPECT(c, f[0] == was[0] && f[1] == was[1],
			    "offered features were %#llx %#llx and are %#llx %#llx",
			    (unsigned long long)was[1], (unsigned long long)was[0],
			    (unsigned long long)f[1], (unsigned long long)f[0]);
	}
}

/* --- what is accepted --- */

static void smallest(struct conf *c)
{
	uint64_t f[2];

	base(c, f);
	must_take(c, f, "the smallest set");
}

static void largest(struct conf *c)
{
	uint64_t f[2];

	takeable(c, f);
	must_take(c, f, "all that is offered");
}

/* Without it some devices of this kind cannot be driven (lane.h). */
static bool accepted(const struct lane *l, unsigned bit)
{
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(l->accepts) && l->accepts[i]; i++)
		if (l->accepts[i] == CONF_F(bit))
			return true;
	return false;
}

static void each_alone(struct conf *c)
{
	uint64_t all[2], f[2];
	unsigned bit;

	takeable(c, all);
	for (bit = 0; bit < VOP_FEATURE_BITS; bit++) {
		if (!vop_feature_has(all, bit))
			continue;
		/* With everything it might require; then everything without it. */
		base(c, f);
		vop_feature_set(f, bit);
		bits_close(conf_target(c)->device_id, f);
		must_take(c, f, "one bit and what every driver needs");
		memcpy(f, all, sizeof(f));
		if (bit == VOP_F_VERSION_1 || bit == VOP_F_ACCESS_PLATFORM ||
		    bit == VOP_F_ORDER_PLATFORM || accepted(conf_lane(c), bit))
			continue;
		vop_feature_clear(f, bit);
		bits_close(conf_target(c)->device_id, f);
		must_take(c, f, "all that is offered but one bit");
	}
}

static void random_subsets(struct conf *c)
{
	uint64_t all[2], f[2], b[2];
	unsigned i;

	takeable(c, all);
	base(c, b);
	for (i = 0; i < 40; i++) {
		f[0] = (all[0] & conf_random(c)) | b[0];
		f[1] = (all[1] & conf_random(c)) | b[1];
		bits_close(conf_target(c)->device_id, f);
		must_take(c, f, "a legal subset");
	}
}

static void again(struct conf *c)
{
	uint64_t all[2], f[2];
	unsigned i;

	takeable(c, all);
	base(c, f);
	if (!steps_offer_features(c, all))
		memcpy(all, f, sizeof(all));
	must_take(c, f, "the smallest set");
	for (i = 0; i < 4; i++) {
		CONF_EXPECT(c, steps_offer_features(c, i % 2 ? f : all),
			    "features accepted before are refused after a reset, round %u", i);
		if (i % 2) {
			conf_start(c, 0);
			conf_serve(c, 2);
		}
	}
}

/* A set the device does not take: it says so. */
/* A bit that nobody offers, not even on somebody else's behalf (target.h). */
static bool nobodys(struct conf *c, unsigned bit)
{
	return !conf_has_offer(c, bit) && !vop_feature_has(conf_target(c)->withheld, bit);
}

static void not_offered(struct conf *c)
{
	uint64_t f[2];
	unsigned bit;

	for (bit = 0; bit < top_bit(c); bit++) {
		if (!nobodys(c, bit))
			continue;
		base(c, f);
		vop_feature_set(f, bit);
		CONF_EXPECT(c, !steps_offer_features(c, f),
			    "FEATURES_OK stays set for feature bit %u, which was not offered", bit);
	}
}

static void broken_requirement(struct conf *c)
{
	const struct bits_rule *r;
	unsigned i, tried = 0;
	uint64_t f[2];

	for (i = 0; (r = bits_rule(i)) != NULL; i++) {
		if (!judged(c, r) || !conf_has_offer(c, r->bit))
			continue;
		base(c, f);
		vop_feature_set(f, r->bit);
		CONF_EXPECT(c, !steps_offer_features(c, f),
			    "FEATURES_OK stays set for bit %u without bit %u, which it requires",
			    r->bit, r->any[0]);
		tried++;
	}
	if (!tried)
		conf_skip(c, "no bit that is offered requires another one");
}

static void refused_once(struct conf *c)
{
	uint64_t f[2];
	unsigned bit;

	for (bit = 0; bit < 24 && !nobodys(c, bit); bit++)
		;
	base(c, f);
	vop_feature_set(f, bit);
	if (steps_offer_features(c, f))
		conf_skip(c, "nothing is refused");
	conf_start(c, 0);
	conf_serve(c, 4);
}

/* Each subset of what changes the rings is then honoured. */
static void honoured(struct conf *c)
{
	static const uint8_t bits[] = {VOP_F_EVENT_IDX, VOP_F_INDIRECT_DESC, VOP_F_IN_ORDER};
	unsigned set, i, k;

	for (set = 0; set < 8; set++) {
		for (i = 0; i < VOP_ARRAY_SIZE(bits); i++) {
			conf_unwant(c, bits[i]);
			if (set >> i & 1)
				conf_want_if_offered(c, bits[i]);
		}
		if (!conf_lane(c)->ordered)
			conf_unwant(c, VOP_F_IN_ORDER);
		conf_start(c, 8);
		for (k = 0; k < 12; k++) {
			struct cbuf *b = conf_probe(c, 0);

			b->indirect = conf_has(c, VOP_F_INDIRECT_DESC) && k % 2;
			conf_submit(c, b);
			conf_finish(c, b);
		}
	}
}

/* Only what FEATURES_OK fixed counts, not what was written before it and taken back. */
static void taken_back(struct conf *c)
{
	uint64_t f[2];

	if (!conf_has_offer(c, VOP_F_EVENT_IDX))
		conf_skip(c, "the device does not offer EVENT_IDX, there is nothing to take back");
	conf_reset(c);
	conf_set_status(c, STEP_ACK);
	conf_set_status(c, STEP_DRIVER);
	base(c, f);
	vop_feature_set(f, VOP_F_EVENT_IDX);
	CONF_EXPECT(c, conf_try_features(c, f) == 0, "features that were offered are refused");
	conf_negotiate_on(c);
	conf_start_on(c, 8);
	conf_serve(c, 12);
}

/* --- a driver that breaks rules --- */

static void after_features_ok(struct conf *c)
{
	uint64_t f[2];

	conf_negotiate(c);
	takeable(c, f);
	conf_try_features(c, f);
	conf_status(c);
	conf_start(c, 0);
	conf_serve(c, 2);
	conf_try_features(c, f);
	memset(f, 0, sizeof(f));
	conf_try_features(c, f);
	steps_push(c);
	conf_settle(c);
	conf_expect_idle(c);
}

static void nothing_accepted(struct conf *c)
{
	static const uint64_t f[2];

	/* A device may work on, as a transitional one does, or refuse. */
	if (steps_offer_features(c, f))
		conf_try_status(c, STEP_DRIVER_OK);
	conf_settle(c);
	conf_expect_idle(c);
}

static void any_set(struct conf *c)
{
	uint64_t f[2];
	unsigned i;

	for (i = 0; i < 100; i++) {
		f[0] = conf_random(c) & (i % 2 ? conf_offered(c)[0] : ~0ull);
		f[1] = top_bit(c) > 64 ? conf_random(c) & (i % 4 ? 0 : ~0ull) : 0;
		if (steps_offer_features(c, f))
			conf_try_status(c, STEP_DRIVER_OK);
	}
}

static const struct conf_check checks[] = {
	{"features/requirements", "no bit is offered without what it requires", "2.2.2:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_ANY, .run = requirements},
	{"features/only-defined", "only bits that exist for the device type are offered",
	 "2.2.2:dev:4", CONF_MUST, CONF_CONFORMANCE, CONF_ANY, .run = only_defined},
	{"features/stable", "the same bits are offered at any time", "text:content.tex:90",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, .run = stable},
	{"features/smallest", "the smallest set is accepted", "2.2.2:dev:2", CONF_SHOULD,
	 CONF_CONFORMANCE, CONF_BOTH, .lacks = TARGET_LACKS_STATUS, .run = smallest},
	{"features/largest", "all that is offered is accepted", "2.2.2:dev:2", CONF_SHOULD,
	 CONF_CONFORMANCE, CONF_ANY, .lacks = TARGET_LACKS_STATUS, .run = largest},
	{"features/each-alone", "each bit is accepted alone, and all the others without it",
	 "2.2.2:dev:2", CONF_SHOULD, CONF_CONFORMANCE, CONF_ANY, .lacks = TARGET_LACKS_STATUS,
	 .run = each_alone},
	{"features/subsets", "subsets picked at random are accepted", "2.2.2:dev:2", CONF_SHOULD,
	 CONF_CONFORMANCE, CONF_ANY, .lacks = TARGET_LACKS_STATUS, .run = random_subsets},
	{"features/again", "what was accepted once is accepted after a reset", "2.2.2:dev:5",
	 CONF_SHOULD, CONF_CONFORMANCE, CONF_BOTH, .lacks = TARGET_LACKS_STATUS, .run = again},
	{"features/not-offered", "FEATURES_OK is refused for a bit that was not offered",
	 "2.2.2:dev:3", CONF_MUST, CONF_ROBUSTNESS, CONF_ANY, .lacks = TARGET_LACKS_STATUS,
	 .run = not_offered},
	{"features/broken-requirement", "FEATURES_OK is refused without what a bit requires",
	 "2.2.2:dev:3", CONF_SHOULD, CONF_ROBUSTNESS, CONF_ANY, .lacks = TARGET_LACKS_STATUS,
	 .run = broken_requirement},
	{"features/refused-once", "after a refusal the next attempt is judged by itself",
	 "2.2.2:dev:5 2.2.2:dev:2", CONF_SHOULD, CONF_ROBUSTNESS, CONF_BOTH,
	 .lacks = TARGET_LACKS_STATUS, .run = refused_once},
	{"features/honoured", "every subset of the ring features is then kept to", "2.2.2:dev:3",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, .run = honoured},
	{"features/taken-back", "what was written last before FEATURES_OK counts",
	 "text:content.tex:536", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .run = taken_back},
	{"features/after-features-ok", "features written too late harm nobody",
	 "text:content.tex:541", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, .run = after_features_ok},
	{"features/nothing-accepted", "a driver that accepts nothing harms nobody",
	 "text:content.tex:986", CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, .run = nothing_accepted},
	{"features/any-set", "no set of features harms anybody", "text:content.tex:142", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_ANY, .run = any_set},
};
CONF_SECTION(conf_section_features, "2.2", "Feature bits", checks);
