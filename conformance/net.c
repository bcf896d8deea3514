/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.1 Network device: features, configuration space, queues. */
#include <string.h>

#include "conformance/net_frame.h"
#include "conformance/net_wire.h"
#include "conformance/sections.h"

#define NET 1

static unsigned config16(struct conf *c, uint32_t off)
{
	uint8_t b[2];

	conf_config(c, off, b, 2);
	return b[0] | (unsigned)b[1] << 8;
}

static uint32_t config32(struct conf *c, uint32_t off)
{
	return config16(c, off) | (uint32_t)config16(c, off + 2) << 16;
}

/* --- features --- */

static void hash_report_ctrl(struct conf *c)
{
	const uint64_t *f = conf_offered(c);

	CONF_EXPECT(c, !vop_feature_has(f, NF_HASH_REPORT) || vop_feature_has(f, NF_CTRL_VQ),
		    "HASH_REPORT is offered without CTRL_VQ");
}

static void rx_extra_ctrl(struct conf *c)
{
	const uint64_t *f = conf_offered(c);

	CONF_EXPECT(c, !vop_feature_has(f, NF_CTRL_RX_EXTRA) || vop_feature_has(f, NF_CTRL_VQ),
		    "CTRL_RX_EXTRA is offered without CTRL_VQ");
}

/* A driver that takes nothing the net device offers. */
static void minimal(struct conf *c)
{
	uint8_t frame[200];
	struct nwire w;
	unsigned i;

	nw_open(c, &w, 1);
	nw_fill(&w, 0, 8, NW_USUAL, 1);
	for (i = 0; i < 8; i++)
		nw_echo(&w, 0, frame, nf_plain(frame, NULL, 60 + 20 * i, (uint8_t)i));
}

/* --- configuration space --- */

static void config_mac(struct conf *c)
{
	static const uint8_t none[6];
	uint8_t mac[6];

	conf_negotiate(c);
	conf_config(c, NC_MAC, mac, 6);
	CONF_EXPECT(c, !(mac[0] & 1), "mac begins with 0x%02x: the address of a group", mac[0]);
	CONF_EXPECT(c, memcmp(mac, none, 6) != 0, "mac is all zero");
}

static void config_status(struct conf *c)
{
	unsigned s;

	conf_negotiate(c);
	s = config16(c, NC_STATUS);
	CONF_EXPECT(c, !(s & ~3u), "status is %#x: only two bits are defined", s);
	CONF_EXPECT(c, !(s & 2u), "status is %#x: ANNOUNCE without its feature", s);
}

static void config_pairs(struct conf *c)
{
	unsigned n = config16(c, NC_PAIRS);

	CONF_EXPECT(c, n >= 1 && n <= 0x8000, "max_virtqueue_pairs is %u, not 1 to 0x8000", n);
}

static void config_mtu(struct conf *c)
{
	unsigned n = config16(c, NC_MTU);

	CONF_EXPECT(c, n >= 68, "mtu is %u, below 68", n);
}

static void config_mtu_usual(struct conf *c)
{
	unsigned n = config16(c, NC_MTU);

	CONF_EXPECT(c, n >= 1280, "mtu is %u, below 1280", n);
}

static void config_mtu_constant(struct conf *c)
{
	unsigned before = config16(c, NC_MTU), after, i, turn;
	uint8_t frame[64];
	struct nwire w;

	for (turn = 0; turn < 2; turn++) {
		nw_open(c, &w, 1);
		nw_fill(&w, 0, 4, NW_USUAL, 1);
		for (i = 0; i < 4; i++)
			nw_echo(&w, 0, frame, nf_plain(frame, NULL, 60, 3));
		after = config16(c, NC_MTU);
		CONF_EXPECT(c, before == after, "mtu was %u, and is %u now", before, after);
	}
}

static void config_speed(struct conf *c)
{
	uint32_t v;

	conf_negotiate(c);
	v = config32(c, NC_SPEED);
	CONF_EXPECT(c, v <= 0x7fffffff || v == 0xffffffff,
		    "speed is %#x, neither 0 to 0x7fffffff nor 0xffffffff", v);
}

static void config_duplex(struct conf *c)
{
	uint8_t v;

	conf_negotiate(c);
	conf_config(c, NC_DUPLEX, &v, 1);
	CONF_EXPECT(c, v == 0 || v == 1 || v == 0xff, "duplex is %#x, not 0, 1 or 0xff", v);
}

static void config_speed_stable(struct conf *c)
{
	uint32_t speed, speed2;
	uint8_t duplex, duplex2, frame[64];
	struct nwire w;

	nw_open(c, &w, 1);
	if (!(config16(c, NC_STATUS) & 1))
		conf_skip(c, "the link is down");
	speed = config32(c, NC_SPEED);
	conf_config(c, NC_DUPLEX, &duplex, 1);
	nw_fill(&w, 0, 2, NW_USUAL, 1);
	nw_echo(&w, 0, frame, nf_plain(frame, NULL, 60, 3));
	speed2 = config32(c, NC_SPEED);
	conf_config(c, NC_DUPLEX, &duplex2, 1);
	if (!(config16(c, NC_STATUS) & 1))
		conf_skip(c, "the link went down meanwhile");
	CONF_EXPECT(c, speed == speed2 && duplex == duplex2,
		    "speed and duplex were %u and %u, and are %u and %u while the link is up",
		    speed, duplex, speed2, duplex2);
}

static void config_read_only(struct conf *c)
{
	uint8_t before[12] = {0}, after[12] = {0}, other[12];
	uint32_t len, i;

	conf_negotiate(c);
	/* As far as it goes. */
	for (len = 12; len && conf_try_config_read(c, 0, before, len, NULL); len--)
		;
	for (i = 0; i < len; i++) {
		other[i] = (uint8_t)~before[i];
		conf_try_config_write(c, i, &other[i], 1);
	}
	conf_try_config_write(c, 0, other, len);
	if (len)
		conf_config(c, 0, after, len);
	for (i = 0; i < len; i++)
		CONF_EXPECT(c, before[i] == after[i],
			    "byte %u of configuration space was written: 0x%02x is 0x%02x now", i,
			    before[i], after[i]);
}

/* --- queues --- */

/* 5.1.2: the control queue follows the last pair. */
static void queues_of(struct conf *c, unsigned pairs)
{
	struct nwire w;
	unsigned i;

	conf_negotiate(c);
	for (i = 0; i <= 2 * pairs; i++)
		CONF_EXPECT(c, conf_queue_size_max(c, i),
			    "with %u pairs and a control queue there is no queue %u", pairs, i);
	nw_open(c, &w, 1);
	/* Nobody has class 255: an error is an answer, too. */
	nw_ctrl(&w, 255, 0, NULL, 0);
}

static void queues_one_pair(struct conf *c)
{
	queues_of(c, 1);
}

static void queues_pairs(struct conf *c)
{
	unsigned n = config16(c, NC_PAIRS);

	if (n > 512)
		conf_skip(c, "%u pairs are too many to look at each", n);
	queues_of(c, n);
}

/* --- MTU --- */

static void mtu_forwards(struct conf *c)
{
	uint8_t frame[NW_FRAME_MAX];
	struct nwire w;
	unsigned mtu, len;

	nw_open(c, &w, 1);
	mtu = config16(c, NC_MTU);
	for (len = mtu; len <= mtu + NW_ETHERNET; len += NW_ETHERNET / 2) {
		nw_fill(&w, 0, 1, 12 + NW_ETHERNET + mtu, 1);
		nw_echo(&w, 0, frame, nf_plain(frame, NULL, VOP_MAX(len, 60u), (uint8_t)len));
	}
}

/* What is longer by more than a VLAN tag takes is longer than any low level header explains. */
static void mtu_over(struct conf *c)
{
	uint8_t frame[NW_FRAME_MAX];
	struct nwire w;
	unsigned mtu;

	nw_open(c, &w, 1);
	mtu = config16(c, NC_MTU);
	if (mtu + 200 > NW_FRAME_MAX)
		conf_skip(c, "no frame is longer than the mtu of %u", mtu);
	nw_fill(&w, 0, 4, mtu + 300, 1);
	nw_send(&w, 0, NULL, frame, nf_plain(frame, NULL, mtu + 30, 1));
	nw_send(&w, 0, NULL, frame, nf_plain(frame, NULL, mtu + 200, 2));
	nw_expect_none(&w, 0, "for a frame longer than the mtu");
}

#define TEXT "text:device-types/net/description.tex:"

static const struct conf_check checks[] = {
	{"net/features/hash-report", "HASH_REPORT is offered with CTRL_VQ only", "5.1.4.1:dev:13",
	 CONF_SHOULD, CONF_CONFORMANCE, CONF_ANY, NET, .run = hash_report_ctrl},
	{"net/features/rx-extra", "CTRL_RX_EXTRA is offered with CTRL_VQ only", "5.1.4.1:dev:14",
	 CONF_SHOULD, CONF_CONFORMANCE, CONF_ANY, NET, .run = rx_extra_ctrl},
	{"net/features/minimal", "a driver that takes none of the features is served", TEXT "454",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, NET, .run = minimal},
	{"net/config/mac", "mac is the address of one station", TEXT "226", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, NET, .needs = {CONF_F(NF_MAC)}, .run = config_mac},
	{"net/config/status", "status holds defined bits, ANNOUNCE only with its feature",
	 TEXT "230", CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, NET, .needs = {CONF_F(NF_STATUS)},
	 .run = config_status},
	{"net/config/pairs", "max_virtqueue_pairs is 1 to 0x8000", "5.1.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, NET, .needs = {CONF_F(NF_MQ)}, .run = config_pairs},
	{"net/config/mtu", "mtu is at least 68", "5.1.4.1:dev:2", CONF_MUST, CONF_CONFORMANCE,
	 CONF_ANY, NET, .needs = {CONF_F(NF_MTU)}, .run = config_mtu},
	{"net/config/mtu-usual", "mtu is at least 1280", "5.1.4.1:dev:3", CONF_SHOULD,
	 CONF_CONFORMANCE, CONF_ANY, NET, .needs = {CONF_F(NF_MTU)}, .run = config_mtu_usual},
	{"net/config/mtu-constant", "mtu stays as it is", "5.1.4.1:dev:4", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, NET, .needs = {CONF_F(NF_MTU)}, .run = config_mtu_constant},
	{"net/config/speed", "speed is one, or unknown", "5.1.4.1:dev:10", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, NET, .needs = {CONF_F(NF_SPEED_DUPLEX)}, .run = config_speed},
	{"net/config/duplex", "duplex is half, full or unknown", "5.1.4.1:dev:11", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, NET, .needs = {CONF_F(NF_SPEED_DUPLEX)}, .run = config_duplex},
	{"net/config/speed-stable", "speed and duplex stay while the link is up", "5.1.4.1:dev:12",
	 CONF_SHOULD, CONF_CONFORMANCE, CONF_ANY, NET,
	 .needs = {CONF_F(NF_SPEED_DUPLEX), CONF_F(NF_STATUS)}, .run = config_speed_stable},
	{"net/config/read-only", "the driver cannot write configuration space", TEXT "209",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, NET, .lacks = TARGET_LACKS_CONFIG_WRITE,
	 .run = config_read_only},
	{"net/queues/one-pair", "without MQ the control queue is queue 2", TEXT "30", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, NET, .needs = {CONF_F(NF_CTRL_VQ)}, .run = queues_one_pair},
	{"net/queues/pairs", "with MQ the control queue follows max_virtqueue_pairs pairs",
	 TEXT "30", CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, NET,
	 .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_MQ)}, .run = queues_pairs},
	{"net/mtu/forwards", "frames up to the mtu are sent whole", "5.1.4.1:dev:6", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NET, .needs = {CONF_F(NF_MTU)}, .run = mtu_forwards},
	{"net/mtu/over", "a frame longer than the mtu is not delivered", "5.1.4.1:dev:5", CONF_MUST,
	 CONF_ROBUSTNESS, CONF_ANY, NET, .needs = {CONF_F(NF_MTU)}, .run = mtu_over},
};
CONF_SECTION(conf_section_net, "5.1", "Network device", checks);
