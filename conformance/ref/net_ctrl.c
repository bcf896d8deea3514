/* SPDX-License-Identifier: BSD-2-Clause */
/* The control queue of the reference net device and what it governs (VIRTIO 1.4, 5.1.9.5). */
#include <string.h>

#include "conformance/ref/net.h"

#define REQUEST_MAX 4096u
#define DATA_MAX    (REQUEST_MAX - 2)
#define ANNOUNCE    2u

enum { ACK_OK, ACK_ERR };
enum { CLASS_RX, CLASS_MAC, CLASS_VLAN, CLASS_ANNOUNCE, CLASS_MQ, CLASS_OFFLOADS };
enum { RX_PROMISC, RX_ALLMULTI, RX_ALLUNI, RX_NOMULTI, RX_NOUNI, RX_NOBCAST };

/* A request without class and command. */
struct data {
	const uint8_t *p; /* of it, the first DATA_MAX bytes at most */
	uint32_t len;	  /* all of it */
};

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint8_t rx_mode(struct ref *r, unsigned command, struct data d)
{
	struct ref_net *n = r->state;
	bool known = command <= RX_ALLMULTI  ? ref_has(r, REF_NET_CTRL_RX)
		     : command <= RX_NOBCAST ? ref_has(r, REF_NET_CTRL_RX_EXTRA)
					     : false;

	if (command > RX_ALLMULTI && ref_bug(r, REF_NET_NO_EXTRA))
		known = false;
	if (!known || d.len != 1 || d.p[0] > 1)
		return ACK_ERR;
	if (ref_step(r, REF_NET_MODE_SET))
		n->mode[command] = d.p[0];
	return ACK_OK;
}

/* A table of the command: its addresses are added to the filter. Bytes of it; 0: malformed. */
static uint32_t mac_table(struct ref *r, struct data d, uint32_t at)
{
	struct ref_net *n = r->state;
	uint32_t entries, i;

	if (at > d.len || d.len - at < 4 || at + 4 > DATA_MAX)
		return 0;
	entries = get32(d.p + at);
	if (entries > (d.len - at - 4) / 6) {
		/* The mutant reads on behind the end. */
		r->dead |= ref_bug(r, REF_NET_MAC_ENTRIES);
		return 0;
	}
	for (i = 0; i < entries; i++) {
		uint32_t from = at + 4 + 6 * i;

		if (from + 6 > DATA_MAX || n->n_macs == REF_NET_MACS) {
			/* More than there is room for: everything passes. */
			n->all = true;
			break;
		}
		if (ref_step(r, REF_NET_MAC_ADD))
			memcpy(n->macs[n->n_macs++], d.p + from, 6);
	}
	return 4 + 6 * entries;
}

static uint8_t mac_set(struct ref *r, unsigned command, struct data d)
{
	struct ref_net *n = r->state;
	uint32_t first, second;

	if (command == 1 && ref_has(r, REF_NET_CTRL_MAC_ADDR)) {
		if (d.len != 6)
			return ACK_ERR;
		if (ref_step(r, REF_NET_MAC_CONFIG))
			ref_config_set(r, 0, d.p, 6);
		return ACK_OK;
	}
	if (command != 0 || !ref_has(r, REF_NET_CTRL_RX))
		return ACK_ERR;
	if (ref_step(r, REF_NET_MAC_CLEAR)) {
		n->n_macs = 0;
		n->all = false;
	}
	first = mac_table(r, d, 0);
	second = first ? mac_table(r, d, first) : 0;
	return first && second && first + second == d.len ? ACK_OK : ACK_ERR;
}

static uint8_t vlan_set(struct ref *r, unsigned command, struct data d)
{
	struct ref_net *n = r->state;
	unsigned id;

	if (!ref_has(r, REF_NET_CTRL_VLAN) || command > 1 || d.len != 2)
		return ACK_ERR;
	id = d.p[0] | (unsigned)d.p[1] << 8;
	if (id > 4095)
		return ACK_ERR;
	id = (unsigned)ref_value(r, REF_NET_VLAN_ID, id) & 4095;
	if (command == 0)
		n->vlan[id / 8] |= (uint8_t)(1u << id % 8);
	else if (ref_step(r, REF_NET_VLAN_DEL))
		n->vlan[id / 8] &= (uint8_t) ~(1u << id % 8);
	return ACK_OK;
}

static uint8_t announced(struct ref *r, unsigned command)
{
	uint8_t status = r->config[6] & (uint8_t)~ANNOUNCE;

	if (!ref_has(r, REF_NET_GUEST_ANNOUNCE) || command != 0)
		return ACK_ERR;
	if (ref_step(r, REF_NET_ANNOUNCE_CLEAR))
		ref_config_set(r, 6, &status, 1);
	return ACK_OK;
}

static uint8_t pairs_set(struct ref *r, unsigned command, struct data d)
{
	struct ref_net *n = r->state;
	unsigned pairs;

	if (!ref_has(r, REF_NET_MQ) || command != 0 || d.len != 2)
		return ACK_ERR;
	pairs = d.p[0] | (unsigned)d.p[1] << 8;
	if (pairs < 1 || pairs > REF_NET_PAIRS) {
		/* The mutant has no such queues, and uses them. */
		r->dead |= ref_bug(r, REF_NET_PAIRS_RANGE);
		return ACK_ERR;
	}
	n->active = (unsigned)ref_value(r, REF_NET_PAIRS_SET, pairs);
	n->active = VOP_MIN(VOP_MAX(n->active, 1u), REF_NET_PAIRS);
	return ACK_OK;
}

static uint8_t offloads_set(struct ref *r, unsigned command, struct data d)
{
	struct ref_net *n = r->state;
	uint64_t may = r->features[0], want;

	if (!ref_has(r, REF_NET_CTRL_GUEST_OFFLOADS) || command != 0 || d.len != 8)
		return ACK_ERR;
	want = get32(d.p) | (uint64_t)get32(d.p + 4) << 32;
	if (ref_test(r, REF_NET_OFFLOADS_MAY, want & ~may))
		return ACK_ERR;
	if (ref_step(r, REF_NET_OFFLOADS_SET))
		n->offloads = want;
	return ACK_OK;
}

static uint8_t execute(struct ref *r, unsigned class, unsigned command, struct data d)
{
	switch (class) {
	case CLASS_RX:
		return rx_mode(r, command, d);
	case CLASS_MAC:
		return mac_set(r, command, d);
	case CLASS_VLAN:
		return vlan_set(r, command, d);
	case CLASS_ANNOUNCE:
		return announced(r, command);
	case CLASS_MQ:
		return pairs_set(r, command, d);
	case CLASS_OFFLOADS:
		return offloads_set(r, command, d);
	default:
		return ACK_ERR;
	}
}

bool ref_net_control(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	uint8_t request[REQUEST_MAX] = {0}, ack;
	uint32_t len = c->out_len;

	if (ref_bug(r, REF_NET_CTRL_SHORT_DIES) && len < 2)
		r->dead = true;
	if (ref_bug(r, REF_NET_CTRL_NO_ACK_DIES) && c->in_len == 0)
		r->dead = true;
	if (len < 2 || c->in_len < 1) {
		ref_violation(r, q, "a control request without command or room for the answer");
		return false;
	}
	/* The mutant expects class and command in one piece, as most drivers have it. */
	if (ref_bug(r, REF_NET_CTRL_PIECES) && c->seg[0].len < 2) {
		c->used = 0;
		return true;
	}
	ref_gather(c, 0, request, VOP_MIN(len, REQUEST_MAX));
	ack = execute(r, request[0], request[1], (struct data){request + 2, len - 2});
	ack = (uint8_t)ref_value(r, REF_NET_CTRL_ACK, ack);
	c->used = 1;
	if (ref_step(r, REF_NET_CTRL_ANSWER))
		ref_scatter(r, c, 0, &ack, 1);
	return true;
}

void ref_net_control_reset(struct ref *r)
{
	struct ref_net *n = r->state;
	static const uint8_t mac[6] = {2, 0, 0, 0, 1, 1};

	n->active = 1;
	if (ref_step(r, REF_NET_RESET_MODES))
		memset(n->mode, 0, sizeof(n->mode));
	if (ref_step(r, REF_NET_RESET_MACS)) {
		n->n_macs = 0;
		n->all = false;
	}
	if (ref_step(r, REF_NET_RESET_VLANS))
		memset(n->vlan, 0, sizeof(n->vlan));
	if (!ref_bug(r, REF_NET_CONFIG_MAC))
		memcpy(r->config, mac, sizeof(mac));
}

/* --- filters --- */

static bool vlan_passes(struct ref *r, const uint8_t *b)
{
	struct ref_net *n = r->state;
	unsigned id = (b[14] & 15u) << 8 | b[15];

	if (b[12] != 0x81 || b[13] != 0)
		return true;
	if (!ref_test(r, REF_NET_VLAN_FILTER, ref_has(r, REF_NET_CTRL_VLAN)))
		return true;
	if (b[14] >> 4 && ref_bug(r, REF_BLIND2_VLAN_PRIORITY))
		return false;
	return ref_test(r, REF_NET_VLAN_MATCH, n->vlan[id / 8] >> id % 8 & 1);
}

static bool in_table(const struct ref_net *n, const uint8_t *mac)
{
	unsigned i;

	for (i = 0; i < n->n_macs; i++)
		if (memcmp(n->macs[i], mac, 6) == 0)
			return true;
	return n->all;
}

static bool mode(struct ref *r, unsigned m, enum ref_point p)
{
	return ref_test(r, p, ((struct ref_net *)r->state)->mode[m]);
}

/* 5.1.9.5.1: what is suppressed goes before what is let through, promiscuous before both. */
static bool address_passes(struct ref *r, const uint8_t *mac)
{
	static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};
	const struct ref_net *n = r->state;
	bool broadcast = memcmp(mac, all, 6) == 0;

	if (mode(r, RX_PROMISC, REF_NET_PROMISC))
		return true;
	if (broadcast && !ref_bug(r, REF_NET_BROADCAST_IS_MULTI))
		return !mode(r, RX_NOBCAST, REF_NET_NOBCAST);
	if (mac[0] & 1) {
		if (n->mode[RX_ALLMULTI] && ref_bug(r, REF_NET_ALLMULTI_FIRST))
			return true;
		if (mode(r, RX_NOMULTI, REF_NET_NOMULTI))
			return false;
		return mode(r, RX_ALLMULTI, REF_NET_ALLMULTI) || in_table(n, mac);
	}
	if (n->mode[RX_ALLUNI] && ref_bug(r, REF_NET_ALLUNI_FIRST))
		return true;
	if (mode(r, RX_NOUNI, REF_NET_NOUNI))
		return false;
	return mode(r, RX_ALLUNI, REF_NET_ALLUNI) ||
	       ref_test(r, REF_NET_MAC_MATCH, memcmp(mac, r->config, 6) == 0) || in_table(n, mac);
}

bool ref_net_wanted(struct ref *r, const struct ref_net_frame *f)
{
	if (f->len < 18)
		return false;
	if (!vlan_passes(r, f->bytes))
		return false;
	if (!ref_has(r, REF_NET_CTRL_RX) && !ref_has(r, REF_NET_CTRL_RX_EXTRA))
		return true;
	return address_passes(r, f->bytes);
}
