/* SPDX-License-Identifier: BSD-2-Clause */
/* 6 Reserved feature bits. */
#include <string.h>

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"

static void version_1(struct conf *c)
{
	CONF_EXPECT(c, conf_has_offer(c, VOP_F_VERSION_1), "VERSION_1 is not offered");
}

/* Over a VOP link every access goes by a bus address that somebody translates and limits. */
static void access_platform(struct conf *c)
{
	CONF_EXPECT(c, conf_has_offer(c, VOP_F_ACCESS_PLATFORM),
		    "ACCESS_PLATFORM is not offered, though the device reaches granted memory "
		    "only");
}

static void no_sr_iov(struct conf *c)
{
	CONF_EXPECT(c, !conf_has_offer(c, VOP_F_SR_IOV),
		    "SR_IOV is offered by a device that is no PCI function");
}

/* Buffers of unlike sizes, many at a time: a device in a hurry would swap them. */
static void in_order(struct conf *c)
{
	unsigned turn, i, n, k;
	struct cbuf *b[10];
	struct cring *r;

	if (!conf_lane(c)->ordered)
		conf_skip(c, "requests of this lane need not end in order");
	conf_start(c, 32);
	r = conf_ring(c);
	for (turn = 0; turn < 10; turn++) {
		for (n = 0; n < VOP_ARRAY_SIZE(b); n++) {
			b[n] = conf_probe(c, 1 + (n + turn) % 3);
			cring_add(r, b[n]);
		}
		cring_publish(r);
		cring_kick(r);
		for (i = 0; i < n; i++)
			if (conf_lane(c)->trigger)
				conf_lane(c)->trigger(c, b[i]);
		for (i = 0; i < n; i++) {
			cring_wait(r, b[i]);
			for (k = i + 1; k < n; k++)
				CONF_EXPECT(c, !b[k]->used || b[k - 1]->used,
					    "buffer %u came back before buffer %u", b[k]->id,
					    b[k - 1]->id);
		}
		for (i = 0; i < n; i++)
			conf_finish(c, b[i]);
	}
}

static void without(struct conf *c, unsigned bit)
{
	uint64_t f[2];

	conf_wanted(c, f);
	vop_feature_clear(f, bit);
	/* It may fail to operate, and it may operate. */
	if (steps_offer_features(c, f))
		conf_try_status(c, STEP_DRIVER_OK);
	conf_settle(c);
	conf_expect_idle(c);
}

static void without_version_1(struct conf *c)
{
	without(c, VOP_F_VERSION_1);
}

static void without_access_platform(struct conf *c)
{
	without(c, VOP_F_ACCESS_PLATFORM);
}

/* Bits that are reserved, accepted all the same. */
static void reserved_accepted(struct conf *c)
{
	static const uint8_t bits[] = {24, 25, 26, 27, 30, 31, 37, 41, 42, 44, 45, 46, 47, 48, 49};
	unsigned i;
	uint64_t f[2];

	for (i = 0; i < VOP_ARRAY_SIZE(bits); i++) {
		conf_wanted(c, f);
		vop_feature_set(f, bits[i]);
		if (steps_offer_features(c, f))
			conf_try_status(c, STEP_DRIVER_OK);
	}
	conf_settle(c);
	conf_expect_idle(c);
}

static const struct conf_check checks[] = {
	{"reserved/version-1", "VERSION_1 is offered", "6.2:dev:1", CONF_MUST, CONF_CONFORMANCE,
	 CONF_ANY, .run = version_1},
	{"reserved/access-platform",
	 "ACCESS_PLATFORM is offered by a device that reaches granted "
	 "memory only",
	 "6.2:dev:3 VOP-39", CONF_SHOULD, CONF_CONFORMANCE, CONF_ANY, .vop = true,
	 .run = access_platform},
	{"reserved/no-sr-iov", "SR_IOV is not offered outside of PCI", "6.2:dev:10", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, .run = no_sr_iov},
	{"reserved/in-order", "IN_ORDER: buffers are used in the order they were made available",
	 "6.2:dev:5", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, .needs = {CONF_F(VOP_F_IN_ORDER)},
	 .run = in_order},
	{"reserved/without-version-1", "a driver without VERSION_1 harms nobody",
	 "text:content.tex:986", CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, .run = without_version_1},
	{"reserved/without-access-platform", "a driver without ACCESS_PLATFORM harms nobody",
	 "text:content.tex:993", CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY,
	 .needs = {CONF_F(VOP_F_ACCESS_PLATFORM)}, .run = without_access_platform},
	{"reserved/reserved-accepted", "reserved bits a driver accepts harm nobody",
	 "text:content.tex:147", CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, .run = reserved_accepted},
};
CONF_SECTION(conf_section_reserved, "6", "Reserved feature bits", checks);
