/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.1.9.5.1 to 5.1.9.5.3: which frames the device lets through: modes, addresses, VLANs. */
#include <string.h>

#include "conformance/net_frame.h"
#include "conformance/net_wire.h"
#include "conformance/sections.h"

#define NET   1
#define TURNS 4u /* a step that is left out now and then is left out in one of them */

static const uint8_t foreign[6] = {2, 0xaa, 0xbb, 0xcc, 0xdd, 1};
static const uint8_t another[6] = {2, 0xaa, 0xbb, 0xcc, 0xdd, 2};
static const uint8_t group[6] = {0x33, 0x33, 0, 0, 0, 7};
static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};

static void open_wire(struct conf *c, struct nwire *w, uint8_t mac[6])
{
	nw_open(c, w, 1);
	nw_fill(w, 0, 48, 256, 1);
	nw_mac(c, mac);
}

static void mode(struct nwire *w, uint8_t command, uint8_t on)
{
	nw_ctrl_byte(w, NCTRL_RX, command, on);
}

static void passes(struct nwire *w, const uint8_t *dst)
{
	uint8_t frame[64];

	nw_echo(w, 0, frame, nf_plain(frame, dst, 60, dst[5]));
}

static void held_back(struct nwire *w, const uint8_t *dst, const char *why)
{
	uint8_t frame[64];

	nw_send(w, 0, NULL, frame, nf_plain(frame, dst, 60, dst[5]));
	nw_expect_none(w, 0, why);
}

/* One table of unicast and one of multicast addresses, of at most one each. */
static void table(struct nwire *w, const uint8_t *uni, const uint8_t *multi)
{
	uint8_t data[20] = {uni ? 1 : 0};
	uint32_t n = 4;

	if (uni) {
		memcpy(data + n, uni, 6);
		n += 6;
	}
	data[n] = multi ? 1 : 0;
	n += 4;
	if (multi) {
		memcpy(data + n, multi, 6);
		n += 6;
	}
	nw_ctrl_ok(w, NCTRL_MAC, 0, data, n);
}

/* --- modes --- */

static void known(struct conf *c, uint8_t from, uint8_t to)
{
	uint8_t command, mac[6];
	struct nwire w;
	unsigned turn;

	open_wire(c, &w, mac);
	for (command = from; command <= to; command++)
		for (turn = 0; turn < 2; turn++) {
			mode(&w, command, 1);
			mode(&w, command, 0);
		}
	passes(&w, mac);
}

static void rx_known(struct conf *c)
{
	known(c, NCTRL_PROMISC, NCTRL_ALLMULTI);
}

static void extra_known(struct conf *c)
{
	known(c, NCTRL_ALLUNI, NCTRL_NOBCAST);
}

static void promisc(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;
	unsigned i;

	for (i = 0; i < TURNS; i++) {
		open_wire(c, &w, mac);
		mode(&w, NCTRL_PROMISC, 1);
		passes(&w, foreign);
		passes(&w, group);
		passes(&w, everybody);
		passes(&w, mac);
	}
}

static void promisc_over(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;

	open_wire(c, &w, mac);
	mode(&w, NCTRL_NOMULTI, 1);
	mode(&w, NCTRL_NOUNI, 1);
	mode(&w, NCTRL_NOBCAST, 1);
	mode(&w, NCTRL_PROMISC, 1);
	passes(&w, foreign);
	passes(&w, group);
	passes(&w, everybody);
	mode(&w, NCTRL_ALLMULTI, 1);
	passes(&w, foreign);
}

static void allmulti(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;
	unsigned i;

	for (i = 0; i < TURNS; i++) {
		open_wire(c, &w, mac);
		mode(&w, NCTRL_ALLMULTI, 1);
		passes(&w, group);
		passes(&w, mac);
	}
}

static void alluni(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;

	open_wire(c, &w, mac);
	mode(&w, NCTRL_ALLUNI, 1);
	passes(&w, foreign);
	passes(&w, mac);
}

static void nomulti(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;

	open_wire(c, &w, mac);
	table(&w, NULL, group);
	passes(&w, group);
	mode(&w, NCTRL_NOMULTI, 1);
	held_back(&w, group, "multicast is suppressed");
	mode(&w, NCTRL_NOMULTI, 0);
	passes(&w, group);
}

static void nomulti_over(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;

	open_wire(c, &w, mac);
	mode(&w, NCTRL_ALLMULTI, 1);
	passes(&w, group);
	mode(&w, NCTRL_NOMULTI, 1);
	held_back(&w, group, "multicast is suppressed, with ALLMULTI on");
}

static void nomulti_broadcast(struct conf *c)
{
	uint8_t frame[64], mac[6];
	struct nwire w;
	struct nframe f;

	open_wire(c, &w, mac);
	nw_send(&w, 0, NULL, frame, nf_plain(frame, everybody, 60, 1));
	if (!nw_recv(&w, 0, &f))
		conf_skip(c, "broadcast frames do not arrive anyway");
	mode(&w, NCTRL_NOMULTI, 1);
	passes(&w, everybody);
}

static void nouni(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;

	open_wire(c, &w, mac);
	passes(&w, mac);
	mode(&w, NCTRL_NOUNI, 1);
	held_back(&w, mac, "unicast is suppressed");
	mode(&w, NCTRL_NOUNI, 0);
	passes(&w, mac);
}

static void nouni_over(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;

	open_wire(c, &w, mac);
	mode(&w, NCTRL_ALLUNI, 1);
	mode(&w, NCTRL_NOUNI, 1);
	held_back(&w, mac, "unicast is suppressed, with ALLUNI on");
	held_back(&w, foreign, "unicast is suppressed, with ALLUNI on");
}

static void nobcast(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;

	open_wire(c, &w, mac);
	mode(&w, NCTRL_NOBCAST, 1);
	held_back(&w, everybody, "broadcast is suppressed");
	mode(&w, NCTRL_NOBCAST, 0);
	passes(&w, everybody);
}

static void nobcast_over(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;

	open_wire(c, &w, mac);
	mode(&w, NCTRL_ALLMULTI, 1);
	mode(&w, NCTRL_NOBCAST, 1);
	held_back(&w, everybody, "broadcast is suppressed, with ALLMULTI on");
	passes(&w, group);
}

static void modes_reset(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;
	unsigned i;

	for (i = 0; i < TURNS; i++) {
		open_wire(c, &w, mac);
		mode(&w, NCTRL_NOUNI, 1);
		open_wire(c, &w, mac);
		passes(&w, mac);
	}
}

/* --- addresses --- */

static void mac_foreign(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;

	open_wire(c, &w, mac);
	passes(&w, mac);
	held_back(&w, foreign, "a frame to somebody else");
	table(&w, another, NULL);
	held_back(&w, foreign, "a frame to somebody else");
	held_back(&w, group, "a frame to a group nobody asked for");
}

static void mac_table(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;
	unsigned i;

	open_wire(c, &w, mac);
	for (i = 0; i < TURNS; i++) {
		table(&w, foreign, NULL);
		passes(&w, foreign);
		table(&w, another, group);
		passes(&w, another);
		passes(&w, group);
		held_back(&w, foreign, "an address of the table before");
	}
	table(&w, NULL, NULL);
	passes(&w, mac);
}

static void mac_table_reset(struct conf *c)
{
	uint8_t mac[6], frame[64];
	struct nwire w;
	struct nframe f;
	bool old;
	unsigned i;

	for (i = 0; i < TURNS; i++) {
		open_wire(c, &w, mac);
		table(&w, foreign, NULL);
		open_wire(c, &w, mac);
		nw_send(&w, 0, NULL, frame, nf_plain(frame, foreign, 60, 1));
		old = nw_recv(&w, 0, &f);
		nw_send(&w, 0, NULL, frame, nf_plain(frame, another, 60, 2));
		if (nw_recv(&w, 0, &f))
			conf_skip(c, "frames to any address arrive");
		CONF_EXPECT(c, !old, "an address of the table before the reset still passes");
	}
}

/* More addresses than a table may have room for: it may let more through, not less. */
static void mac_many(struct conf *c)
{
	uint8_t mac[6], data[4 + 6 * 200 + 4] = {200};
	struct nwire w;
	unsigned i;

	open_wire(c, &w, mac);
	for (i = 0; i < 200; i++) {
		memcpy(data + 4 + 6 * i, foreign, 6);
		data[4 + 6 * i + 4] = (uint8_t)i;
	}
	nw_ctrl_ok(&w, NCTRL_MAC, 0, data, sizeof(data));
	for (i = 0; i < 200; i += 33)
		passes(&w, data + 4 + 6 * i);
	passes(&w, mac);
}

static void mac_addr_config(struct conf *c)
{
	uint8_t mac[6], got[6];
	struct nwire w;
	unsigned i;

	open_wire(c, &w, mac);
	for (i = 0; i < TURNS; i++) {
		const uint8_t *now = i % 2 ? another : foreign;

		nw_ctrl_ok(&w, NCTRL_MAC, 1, now, 6);
		conf_config(c, NC_MAC, got, 6);
		CONF_EXPECT(c, !memcmp(got, now, 6),
			    "mac ends with 0x%02x when the one that was set ends with 0x%02x",
			    got[5], now[5]);
	}
	nw_ctrl_ok(&w, NCTRL_MAC, 1, mac, 6);
}

static void mac_addr_filter(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;
	unsigned i;

	open_wire(c, &w, mac);
	for (i = 0; i < TURNS; i++) {
		nw_ctrl_ok(&w, NCTRL_MAC, 1, i % 2 ? another : foreign, 6);
		passes(&w, i % 2 ? another : foreign);
	}
	nw_ctrl_ok(&w, NCTRL_MAC, 1, mac, 6);
}

/* --- VLANs --- */

static void vlan_send(struct nwire *w, uint16_t tag, bool pass, const char *why)
{
	struct nf_want want = {.vlan = tag, .udp = true, .payload = 20};
	uint8_t frame[128], mac[6];
	struct nframe f;
	struct nf_at at;

	nw_mac(w->c, mac);
	want.dst = mac;
	nf_build(frame, &want, &at);
	nw_send(w, 0, NULL, frame, at.len);
	if (pass)
		nw_expect(w, 0, &f, frame, at.len);
	else
		nw_expect_none(w, 0, why);
}

static void vlan_unfiltered(struct conf *c)
{
	static const uint16_t tags[] = {1, 2, 100, 0x0fff, 0x6064};
	uint8_t mac[6];
	struct nwire w;
	unsigned i;

	open_wire(c, &w, mac);
	for (i = 0; i < VOP_ARRAY_SIZE(tags); i++)
		vlan_send(&w, tags[i], true, NULL);
}

static void vlan_added(struct conf *c)
{
	static const uint16_t tags[] = {100, 7, 8, 4094, 1};
	uint8_t mac[6];
	struct nwire w;
	unsigned i;

	open_wire(c, &w, mac);
	for (i = 0; i < VOP_ARRAY_SIZE(tags); i++) {
		nw_ctrl_16(&w, NCTRL_VLAN, 0, tags[i]);
		vlan_send(&w, tags[i], true, NULL);
	}
	/* The priority is no part of the number; frames without a tag are not filtered. */
	vlan_send(&w, 0x6064, true, NULL);
	passes(&w, mac);
	nw_ctrl_16(&w, NCTRL_VLAN, 1, 7);
	vlan_send(&w, 8, true, NULL);
}

static void vlan_absent(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;
	unsigned i;

	open_wire(c, &w, mac);
	vlan_send(&w, 100, false, "its VLAN was never added");
	for (i = 0; i < TURNS; i++) {
		uint16_t tag = (uint16_t)(100 + i);

		nw_ctrl_16(&w, NCTRL_VLAN, 0, tag);
		vlan_send(&w, (uint16_t)(tag + 50), false, "its VLAN was never added");
		nw_ctrl_16(&w, NCTRL_VLAN, 1, tag);
		vlan_send(&w, tag, false, "its VLAN was removed");
	}
}

static void vlan_reset(struct conf *c)
{
	uint8_t mac[6];
	struct nwire w;
	unsigned i;

	for (i = 0; i < TURNS; i++) {
		open_wire(c, &w, mac);
		nw_ctrl_16(&w, NCTRL_VLAN, 0, 100);
		open_wire(c, &w, mac);
		vlan_send(&w, 100, false, "its VLAN was added before the reset");
	}
}

#define TEXT  "text:device-types/net/description.tex:"
#define RX    .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_CTRL_RX)}
#define EXTRA .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_CTRL_RX), CONF_F(NF_CTRL_RX_EXTRA)}
#define ADDR  .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_CTRL_RX), CONF_F(NF_CTRL_MAC_ADDR)}
#define VLAN  .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_CTRL_VLAN)}
#define CHECK(id, what, clauses, level, f, fn)                                                     \
	{                                                                                          \
		id, what, clauses, level, CONF_CONFORMANCE, CONF_ANY, NET, f, .run = fn            \
	}

static const struct conf_check checks[] = {
	CHECK("net/filter/rx-known", "PROMISC and ALLMULTI are known", "5.1.9.5.1.1:dev:1",
	      CONF_MUST, RX, rx_known),
	CHECK("net/filter/promisc", "with PROMISC every frame passes", "5.1.9.5.1.1:dev:2",
	      CONF_SHOULD, RX, promisc),
	CHECK("net/filter/promisc-over", "PROMISC goes before the other modes", "5.1.9.5.1.1:dev:3",
	      CONF_SHOULD, EXTRA, promisc_over),
	CHECK("net/filter/allmulti", "with ALLMULTI every multicast frame passes",
	      "5.1.9.5.1.1:dev:4", CONF_SHOULD, RX, allmulti),
	CHECK("net/filter/extra-known", "ALLUNI, NOMULTI, NOUNI and NOBCAST are known",
	      "5.1.9.5.1.1:dev:5", CONF_MUST, EXTRA, extra_known),
	CHECK("net/filter/alluni", "with ALLUNI every unicast frame passes", "5.1.9.5.1.1:dev:6",
	      CONF_SHOULD, EXTRA, alluni),
	CHECK("net/filter/nomulti", "with NOMULTI no multicast frame passes", "5.1.9.5.1.1:dev:7",
	      CONF_SHOULD, EXTRA, nomulti),
	CHECK("net/filter/nomulti-over", "NOMULTI goes before ALLMULTI", "5.1.9.5.1.1:dev:8",
	      CONF_SHOULD, EXTRA, nomulti_over),
	CHECK("net/filter/nomulti-broadcast", "NOMULTI lets broadcast frames pass",
	      "5.1.9.5.1.1:dev:9", CONF_SHOULD, EXTRA, nomulti_broadcast),
	CHECK("net/filter/nouni", "with NOUNI no unicast frame passes", "5.1.9.5.1.1:dev:10",
	      CONF_SHOULD, EXTRA, nouni),
	CHECK("net/filter/nouni-over", "NOUNI goes before ALLUNI", "5.1.9.5.1.1:dev:11",
	      CONF_SHOULD, EXTRA, nouni_over),
	CHECK("net/filter/nobcast", "with NOBCAST no broadcast frame passes", "5.1.9.5.1.1:dev:12",
	      CONF_SHOULD, EXTRA, nobcast),
	CHECK("net/filter/nobcast-over", "NOBCAST goes before ALLMULTI", "5.1.9.5.1.1:dev:13",
	      CONF_SHOULD, EXTRA, nobcast_over),
	CHECK("net/filter/modes-reset", "a reset switches the modes off", TEXT "1769", CONF_TEXT,
	      EXTRA, modes_reset),
	CHECK("net/filter/mac-foreign", "frames to other addresses are dropped",
	      "5.1.9.5.2.1:dev:4", CONF_SHOULD, RX, mac_foreign),
	CHECK("net/filter/mac-table", "a new table is in force when its command came back",
	      "5.1.9.5.2.1:dev:2", CONF_MUST, RX, mac_table),
	CHECK("net/filter/mac-table-reset", "a reset empties the table", "5.1.9.5.2.1:dev:1",
	      CONF_MUST, RX, mac_table_reset),
	CHECK("net/filter/mac-many", "a table of many addresses keeps none of them out",
	      TEXT "1843", CONF_TEXT, RX, mac_many),
	{"net/filter/mac-config", "mac is the one that was set when the command came back",
	 "5.1.9.5.2.1:dev:3", CONF_MUST, CONF_CONFORMANCE, CONF_ANY, NET,
	 .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_CTRL_RX), CONF_F(NF_CTRL_MAC_ADDR),
		   CONF_F(NF_MAC)},
	 .run = mac_addr_config},
	CHECK("net/filter/mac-addr", "frames to the address that was set pass", TEXT "1852",
	      CONF_TEXT, ADDR, mac_addr_filter),
	{"net/filter/vlan-unfiltered", "without CTRL_VLAN all tagged frames pass",
	 "5.1.9.5.3.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, .run = vlan_unfiltered},
	CHECK("net/filter/vlan-added", "frames whose VLAN was added pass", "5.1.9.5.3.1:dev:2",
	      CONF_MUST, VLAN, vlan_added),
	CHECK("net/filter/vlan-absent", "frames whose VLAN is not in the filter are dropped",
	      "5.1.9.5.3.1:dev:3", CONF_SHOULD, VLAN, vlan_absent),
	CHECK("net/filter/vlan-reset", "the VLAN filter is empty after a reset", TEXT "1911",
	      CONF_TEXT, VLAN, vlan_reset),
};
CONF_SECTION(conf_section_net_filter, "5.1", "Network device: filters", checks);
