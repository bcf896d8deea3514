/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.1.9.5 The control queue, announcements, and more than one pair of queues. */
#include <string.h>

#include "conformance/net_frame.h"
#include "conformance/net_wire.h"
#include "conformance/sections.h"

#define NET 1

static unsigned max_pairs(struct conf *c)
{
	uint8_t b[2];

	conf_config(c, NC_PAIRS, b, 2);
	return b[0] | (unsigned)b[1] << 8;
}

/* --- requests --- */

static void unknown(struct conf *c)
{
	struct nwire w;
	unsigned i;

	nw_open(c, &w, 1);
	for (i = 0; i < 6; i++)
		CONF_EXPECT(c, nw_ctrl(&w, (uint8_t)(250 + i), (uint8_t)i, "123456", i) != NCTRL_OK,
			    "class %u, which does not exist, is answered OK", 250 + i);
	for (i = 0; i < 5; i++)
		CONF_EXPECT(c, nw_ctrl(&w, (uint8_t)i, 200, "1", 1) != NCTRL_OK,
			    "command 200 of class %u, which does not exist, is answered OK", i);
}

/* The same request in every cut, the answer in a piece of its own. */
static void in_pieces(struct conf *c)
{
	bool mq = conf_want_if_offered(c, NF_MQ);
	uint8_t request[4] = {NCTRL_MQ, 0, 1, 0}, ack;
	struct nwire w;
	unsigned cuts, i;

	nw_open(c, &w, 1);
	for (cuts = 0; cuts < 8; cuts++) {
		struct cbuf *b = cbuf_new(c);
		uint32_t at = 0;

		for (i = 1; i <= 4; i++)
			if (i == 4 || cuts >> (i - 1) & 1) {
				cbuf_out(c, b, request + at, i - at);
				at = i;
			}
		cbuf_in(c, b, 1);
		cring_submit(w.ctrl, b);
		cring_wait(w.ctrl, b);
		cbuf_read(b, 0, &ack, 1);
		CONF_EXPECT(c, ack == (mq ? NCTRL_OK : NCTRL_ERR),
			    "a request in %u pieces is answered with %u", b->n - 1, ack);
		CONF_EXPECT(c, b->used_len == 1, "a request was answered with %u bytes",
			    b->used_len);
	}
}

static void many(struct conf *c)
{
	struct cbuf *b[8];
	struct nwire w;
	uint8_t ack;
	unsigned i, turn;

	nw_open(c, &w, 1);
	for (turn = 0; turn < 6; turn++) {
		for (i = 0; i < 8 && w.ctrl->room >= 2; i++) {
			b[i] = cbuf_new(c);
			cbuf_out(c, b[i], "\xf0\x01", 2);
			cbuf_in(c, b[i], 1);
			cring_add(w.ctrl, b[i]);
		}
		cring_publish(w.ctrl);
		cring_kick(w.ctrl);
		cring_wait_all(w.ctrl);
		while (i--) {
			cbuf_read(b[i], 0, &ack, 1);
			CONF_EXPECT(c, ack == NCTRL_ERR, "a request among many is answered %u",
				    ack);
		}
	}
}

/* --- announcements --- */

static void announce(struct conf *c)
{
	struct nwire w;
	uint8_t status;
	unsigned i;

	for (i = 0; i < 4; i++) {
		nw_open(c, &w, 1);
		conf_settle(c);
		conf_config(c, NC_STATUS, &status, 1);
		if (!(status & 2))
			conf_skip(c, "the device does not ask for an announcement");
		nw_ctrl_ok(&w, NCTRL_ANNOUNCE, 0, NULL, 0);
		conf_config(c, NC_STATUS, &status, 1);
		CONF_EXPECT(c, !(status & 2),
			    "ANNOUNCE stands in status though it was acknowledged");
	}
}

/* The bit is cleared: the space is another one, and whoever reads it in between must notice. */
static void generation(struct conf *c)
{
	uint32_t before, after;
	struct nwire w;
	uint8_t status;

	nw_open(c, &w, 1);
	conf_settle(c);
	CONF_EXPECT(c, conf_try_config_read(c, NC_STATUS, &status, 1, &before) == 0,
		    "status cannot be read");
	if (!(status & 2))
		conf_skip(c, "the device does not ask for an announcement");
	nw_ctrl_ok(&w, NCTRL_ANNOUNCE, 0, NULL, 0);
	CONF_EXPECT(c, conf_try_config_read(c, NC_STATUS, &status, 1, &after) == 0,
		    "status cannot be read");
	CONF_EXPECT(c, before != after,
		    "status changed with the acknowledgement, the generation is %u as before",
		    after);
}

/* Two changes are not the first state again. */
static void generation_twice(struct conf *c)
{
	static const uint8_t mac[2][6] = {{2, 0, 0, 0, 7, 1}, {2, 0, 0, 0, 7, 2}};
	uint32_t before, after;
	struct nwire w;
	uint8_t got[6];
	unsigned turn, n, i;

	nw_open(c, &w, 1);
	for (turn = 0; turn < 16; turn++) {
		n = turn < 8 ? 1 : turn - 6;
		CONF_EXPECT(c, conf_try_config_read(c, 0, got, 6, &before) == 0, "no mac");
		for (i = 0; i < n; i++)
			nw_ctrl_ok(&w, NCTRL_MAC, 1, mac[(turn + i) % 2], 6);
		CONF_EXPECT(c, conf_try_config_read(c, 0, got, 6, &after) == 0, "no mac");
		CONF_EXPECT(c, before != after,
			    "after %u changes the generation is %u as before them", n, after);
	}
}

/* --- pairs --- */

static void open_pairs(struct conf *c, struct nwire *w, unsigned pairs)
{
	unsigned i;

	nw_open(c, w, pairs);
	for (i = 0; i < pairs; i++)
		nw_fill(w, i, 24, 512, 1);
}

static uint32_t flow(uint8_t *frame, unsigned i)
{
	struct nf_want want = {
		.udp = true, .payload = 40, .seed = (uint8_t)i, .port = (uint16_t)(3000 + 111 * i)};
	struct nf_at at;

	return nf_build(frame, &want, &at);
}

static void echo_flows(struct nwire *w, unsigned pair, unsigned n)
{
	uint8_t frame[256];
	unsigned i;

	for (i = 0; i < n; i++)
		nw_echo(w, pair, frame, flow(frame, 10 * pair + i));
}

static void only_first(struct conf *c)
{
	unsigned pairs = VOP_MIN(max_pairs(c), NW_PAIRS), i, turn;
	struct nwire w;

	if (pairs < 2)
		conf_skip(c, "the device has one pair only");
	for (turn = 0; turn < 2; turn++) {
		open_pairs(c, &w, pairs);
		echo_flows(&w, 0, 9);
		for (i = 1; i < pairs; i++)
			nw_expect_none(&w, i, "before the number of pairs was set");
		/* And so after the next reset. */
		nw_ctrl_16(&w, NCTRL_MQ, 0, (uint16_t)pairs);
	}
}

/* What is sent on a pair says where its flow is to come back. */
static void steered(struct conf *c)
{
	unsigned pairs = VOP_MIN(max_pairs(c), NW_PAIRS), i, n;
	struct nwire w;

	for (n = 1; n <= pairs; n++) {
		open_pairs(c, &w, n);
		nw_ctrl_16(&w, NCTRL_MQ, 0, (uint16_t)n);
		for (i = 0; i < n; i++)
			echo_flows(&w, i, 3);
	}
}

static void up_and_down(struct conf *c)
{
	unsigned pairs = VOP_MIN(max_pairs(c), NW_PAIRS), i;
	struct nwire w;

	open_pairs(c, &w, pairs);
	for (i = 0; i < 4; i++) {
		nw_ctrl_16(&w, NCTRL_MQ, 0, (uint16_t)pairs);
		echo_flows(&w, pairs - 1, 2);
		nw_ctrl_16(&w, NCTRL_MQ, 0, 1);
		echo_flows(&w, 0, 2);
	}
}

/* Frames that wait for a queue that is not in use any more do not get there. */
static void beyond(struct conf *c)
{
	unsigned pairs = VOP_MIN(max_pairs(c), NW_PAIRS), n, i;
	uint8_t frame[256];
	struct nwire w;

	if (pairs < 2)
		conf_skip(c, "the device has one pair only");
	for (n = pairs - 1; n >= 1; n--) {
		nw_open(c, &w, pairs);
		nw_ctrl_16(&w, NCTRL_MQ, 0, (uint16_t)(n + 1));
		for (i = 0; i < 3; i++)
			nw_send(&w, n, NULL, frame, flow(frame, i));
		nw_ctrl_16(&w, NCTRL_MQ, 0, (uint16_t)n);
		nw_fill(&w, n, 8, 512, 1);
		nw_expect_none(&w, n, "of a pair that is not in use any more");
	}
}

static void reset_queue(struct nwire *w, unsigned pair)
{
	struct target *t = conf_target(w->c);
	int e = t->ops->queue_reset(t, 2 * pair);

	CONF_EXPECT(w->c, e == 0, "receive queue %u cannot be reset: %s", pair, strerror(-e));
}

static void reset_one(struct conf *c)
{
	uint8_t frame[256];
	struct nframe f;
	struct nwire w;
	unsigned i;

	if (max_pairs(c) < 2)
		conf_skip(c, "the device has one pair only");
	open_pairs(c, &w, 2);
	nw_ctrl_16(&w, NCTRL_MQ, 0, 2);
	echo_flows(&w, 1, 2);
	reset_queue(&w, 1);
	for (i = 0; i < 6; i++) {
		nw_send(&w, 1, NULL, frame, flow(frame, i));
		nw_expect(&w, 0, &f, frame, flow(frame, i));
	}
}

static void reset_all(struct conf *c)
{
	unsigned i, turn;
	uint8_t frame[256];
	struct nwire w;

	if (max_pairs(c) < 2)
		conf_skip(c, "the device has one pair only");
	open_pairs(c, &w, 2);
	nw_ctrl_16(&w, NCTRL_MQ, 0, 2);
	for (turn = 0; turn < 2; turn++) {
		reset_queue(&w, 0);
		reset_queue(&w, 1);
		for (i = 0; i < 4; i++)
			nw_send(&w, i % 2, NULL, frame, flow(frame, i));
		conf_settle(c);
		for (i = 0; i < 2; i++) {
			cring_restart(w.rx[i]);
			cring_setup(w.rx[i]);
			nw_fill(&w, i, 24, 512, 1);
		}
		nw_expect_none(&w, 0, "for a frame of the time when all of them were reset");
		nw_expect_none(&w, 1, "for a frame of the time when all of them were reset");
		echo_flows(&w, 0, 2);
		echo_flows(&w, 1, 2);
	}
}

/* --- drivers that break rules --- */

static void submit_bad(struct nwire *w, const void *out, uint32_t out_len, uint32_t in_len)
{
	struct cbuf *b = cbuf_cut(w->c, out, out_len, in_len, 1);

	cring_submit(w->ctrl, b);
	conf_settle(w->c);
	while (cring_take(w->ctrl))
		;
	cmem_verify(w->c, "after a control request that is none");
}

static void no_command(struct conf *c)
{
	struct nwire w;

	nw_open(c, &w, 1);
	submit_bad(&w, "\4", 1, 1);
	nw_open(c, &w, 1);
	submit_bad(&w, NULL, 0, 1);
	conf_expect_idle(c);
}

static void no_answer(struct conf *c)
{
	struct nwire w;

	nw_open(c, &w, 1);
	submit_bad(&w, "\4\0\1\0", 4, 0);
	conf_expect_idle(c);
}

static void too_long(struct conf *c)
{
	static const uint8_t data[60000] = {NCTRL_MQ, 0, 1, 0};
	struct nwire w;

	nw_open(c, &w, 1);
	submit_bad(&w, data, sizeof(data), 1);
	submit_bad(&w, data, 4, 50000);
	conf_expect_idle(c);
}

static void cut_short(struct conf *c)
{
	/* PAIRS_SET, VLAN_ADD, MAC_ADDR_SET, MAC_TABLE_SET, PROMISC, offloads. */
	static const uint8_t request[][12] = {{4, 0, 1, 0},
					      {2, 0, 1, 0},
					      {1, 1, 2, 0, 0, 0, 0, 9},
					      {1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 9},
					      {0, 0, 1},
					      {5, 0, 2}};
	static const uint8_t bits[] = {NF_MQ, NF_CTRL_VLAN, NF_CTRL_MAC_ADDR, NF_CTRL_RX,
				       NF_CTRL_GUEST_OFFLOADS};
	struct nwire w;
	uint32_t len;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(bits); i++)
		conf_want_if_offered(c, bits[i]);
	nw_open(c, &w, 1);
	for (i = 0; i < VOP_ARRAY_SIZE(request); i++)
		for (len = 2; len <= sizeof(request[i]) && nw_ready(&w, w.ctrl, 0); len++)
			submit_bad(&w, request[i], len, 1);
	conf_expect_idle(c);
}

static void pairs_range(struct conf *c)
{
	static const uint16_t more[] = {0, 0x8001, 0xffff};
	unsigned max = max_pairs(c), i;
	uint8_t request[4] = {NCTRL_MQ, 0};
	struct nwire w;

	for (i = 0; i <= VOP_ARRAY_SIZE(more); i++) {
		unsigned n = i < VOP_ARRAY_SIZE(more) ? more[i] : max + 1;

		nw_open(c, &w, 1);
		request[2] = (uint8_t)n;
		request[3] = (uint8_t)(n >> 8);
		submit_bad(&w, request, 4, 1);
		conf_expect_idle(c);
	}
}

static void mac_entries(struct conf *c)
{
	static const uint8_t request[][16] = {
		{1, 0, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0},
		{1, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0},
		{1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 2, 0, 0, 0, 0, 1},
		{1, 0, 0xab, 0xaa, 0xaa, 0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	};
	struct nwire w;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(request); i++) {
		nw_open(c, &w, 1);
		submit_bad(&w, request[i], 16, 1);
	}
	conf_expect_idle(c);
}

static void nonsense(struct conf *c)
{
	static const uint8_t bits[] = {NF_MQ,	   NF_CTRL_VLAN,	   NF_CTRL_MAC_ADDR,
				       NF_CTRL_RX, NF_CTRL_GUEST_OFFLOADS, NF_CTRL_RX_EXTRA};
	uint8_t request[64];
	struct nwire w;
	unsigned i, j;

	for (i = 0; i < VOP_ARRAY_SIZE(bits); i++)
		conf_want_if_offered(c, bits[i]);
	nw_open(c, &w, 1);
	for (i = 0; i < 60; i++) {
		for (j = 0; j < sizeof(request); j++)
			request[j] = (uint8_t)conf_random(c);
		request[0] %= 8;
		request[1] %= 4;
		if (!nw_ready(&w, w.ctrl, 0))
			break;
		submit_bad(&w, request, 2 + conf_below(c, 62), i % 16 ? 1 + i % 3 : 0);
	}
	conf_expect_idle(c);
}

#define TEXT   "text:device-types/net/description.tex:"
#define CTRL   .needs = {CONF_F(NF_CTRL_VQ)}
#define MQ     .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_MQ)}
#define MQ_RST .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_MQ), CONF_F(VOP_F_RING_RESET)}

static const struct conf_check checks[] = {
	{"net/ctrl/unknown", "requests that do not exist are not answered OK", TEXT "1737",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, NET, CTRL, .run = unknown},
	{"net/ctrl/pieces", "a request may lie in any pieces", "2.7.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NET, CTRL, .run = in_pieces},
	{"net/ctrl/many", "requests one behind the other are all answered", TEXT "1720", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, NET, CTRL, .run = many},
	{"net/ctrl/announce", "ANNOUNCE is cleared before its acknowledgement comes back",
	 "5.1.9.5.4.2:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_ANY, NET,
	 .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_GUEST_ANNOUNCE), CONF_F(NF_STATUS)},
	 .run = announce},
	{"net/ctrl/generation", "the generation moves with what the device changes",
	 "text:content.tex:278", CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, NET,
	 .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_GUEST_ANNOUNCE), CONF_F(NF_STATUS)},
	 .lacks = TARGET_LACKS_CONFIG_GENERATION, .run = generation},
	{"net/ctrl/generation-twice", "several changes do not bring back a generation",
	 "text:content.tex:278", CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, NET,
	 .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_CTRL_MAC_ADDR), CONF_F(NF_MAC)},
	 .lacks = TARGET_LACKS_CONFIG_GENERATION, .run = generation_twice},
	{"net/mq/only-first", "until pairs are set all frames come to the first queue",
	 "5.1.9.5.6.2:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, MQ, .run = only_first},
	{"net/mq/steered", "a flow comes back on the pair it was sent on", TEXT "2045", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, NET, MQ, .run = steered},
	{"net/mq/up-and-down", "the number of pairs may change at any time", TEXT "2028", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, NET, MQ, .run = up_and_down},
	{"net/mq/beyond", "no frame comes to a queue beyond the pairs that were set",
	 "5.1.9.5.6.2:dev:2", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, MQ, .run = beyond},
	{"net/mq/reset-one", "frames for a queue that is being reset come to another",
	 "5.1.9.5.6.2:dev:3", CONF_SHOULD, CONF_CONFORMANCE, CONF_BOTH, NET, MQ_RST,
	 .lacks = TARGET_LACKS_QUEUE_RESET, .run = reset_one},
	{"net/mq/reset-all", "frames are dropped while all receive queues are being reset",
	 "5.1.9.5.6.2:dev:4", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, MQ_RST,
	 .lacks = TARGET_LACKS_QUEUE_RESET, .run = reset_all},
	{"net/ctrl/no-command", "a request without a command harms nobody", TEXT "1720", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, NET, CTRL, .run = no_command},
	{"net/ctrl/no-answer", "a request without room for the answer harms nobody", TEXT "1720",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NET, CTRL, .run = no_answer},
	{"net/ctrl/too-long", "a request longer than any harms nobody", TEXT "1720", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, NET, CTRL, .run = too_long},
	{"net/ctrl/cut-short", "requests cut short harm nobody", TEXT "1720", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_ANY, NET, CTRL, .run = cut_short},
	{"net/ctrl/mac-entries", "a table of addresses that is not there harms nobody", TEXT "1843",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, NET,
	 .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_CTRL_RX)}, .run = mac_entries},
	{"net/ctrl/nonsense", "no request harms anybody", TEXT "1720", CONF_TEXT, CONF_ROBUSTNESS,
	 CONF_ANY, NET, CTRL, .run = nonsense},
	{"net/mq/range", "numbers of pairs that do not exist harm nobody", TEXT "2028", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, NET, MQ, .run = pairs_range},
};
CONF_SECTION(conf_section_net_ctrl, "5.1", "Network device: control queue", checks);
