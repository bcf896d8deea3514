/* SPDX-License-Identifier: BSD-2-Clause */
/* A net device (VIRTIO 1.4, 5.1) that sends every frame back: queues, frames, configuration. */
#include <string.h>

#include "conformance/ref/net.h"

#define NET_ID	 1
#define LINK_UP	 1u
#define ANNOUNCE 2u
#define MTU	 1500u
#define ETHERNET 14u

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* 5.1.9: fields exist up to the last one that was negotiated. */
static uint32_t header_size(const struct ref *r)
{
	return ref_has(r, REF_NET_HOST_TUNNEL) ? 24 : 12;
}

/* --- configuration --- */

static void start(struct ref *r)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 1, 1};

	memcpy(r->config, mac, sizeof(mac));
	if (ref_bug(r, REF_NET_CONFIG_MAC))
		r->config[0] |= 1;
	put16(r->config + 6, LINK_UP | (ref_bug(r, REF_NET_CONFIG_STATUS) ? 0x40 : 0));
	put16(r->config + 8, ref_bug(r, REF_NET_CONFIG_PAIRS) ? 0 : REF_NET_PAIRS);
	put16(r->config + 10, ref_bug(r, REF_NET_CONFIG_MTU)	   ? 67
			      : ref_bug(r, REF_NET_CONFIG_MTU_LOW) ? 1000
								   : MTU);
	put16(r->config + 12, 10000);
	put16(r->config + 14, ref_bug(r, REF_NET_CONFIG_SPEED) ? 0x8000 : 0);
	r->config[16] = ref_bug(r, REF_NET_CONFIG_DUPLEX) ? 2 : 1;
	if (ref_bug(r, REF_NET_OFFERS_TSO_ALONE))
		r->offered[0] &= ~(1ull << REF_NET_CSUM);
	if (ref_bug(r, REF_NET_OFFERS_NO_CTRL))
		r->offered[0] &= ~(1ull << REF_NET_CTRL_VQ);
	if (ref_bug(r, REF_NET_OFFERS_HASH))
		r->offered[0] = (r->offered[0] & ~(1ull << REF_NET_CTRL_VQ)) | 1ull << 57;
}

static void reset(struct ref *r)
{
	struct ref_net *n = r->state;
	unsigned i;

	for (i = 0; i < REF_NET_PAIRS; i++)
		n->pair[i].n = 0;
	r->config[6] &= (uint8_t)~ANNOUNCE;
	ref_net_control_reset(r);
}

static int config_write(struct ref *r, uint32_t off, const void *src, uint32_t len)
{
	if (!ref_bug(r, REF_NET_CONFIG_WRITABLE))
		return -EINVAL;
	memcpy(r->config + off, src, len);
	return 0;
}

/* Pairs there are with what was negotiated (5.1.2). */
static unsigned pairs(const struct ref *r)
{
	return ref_has(r, REF_NET_MQ) ? REF_NET_PAIRS : 1;
}

static bool queue_exists(struct ref *r, unsigned q)
{
	return q < 2 * pairs(r) + ref_has(r, REF_NET_CTRL_VQ);
}

static bool features_ok(struct ref *r)
{
	struct ref_net *n = r->state;
	uint8_t status = r->config[6];

	n->offloads = r->features[0];
	n->active = ref_bug(r, REF_NET_STEER_SPREAD) ? pairs(r) : 1;
	/* It has come up at a new place of the network. */
	if (ref_has(r, REF_NET_GUEST_ANNOUNCE)) {
		status |= ANNOUNCE;
		ref_config_set(r, 6, &status, 1);
	}
	return true;
}

/* --- arrival --- */

static bool takes(struct ref *r, unsigned pair)
{
	return !ref_test(r, REF_NET_QUEUE_IS_RESET, r->q[2 * pair].was_reset);
}

/*
 * Automatic receive steering (5.1.9.5.6): what was sent on one pair comes back on it; another one
 * where that is being reset; nowhere where all are. -1: dropped.
 */
static int steer(struct ref *r, unsigned from)
{
	struct ref_net *n = r->state;
	unsigned pair = from < n->active && !ref_bug(r, REF_NET_STEER_FIRST) ? from : 0, i;

	if (ref_bug(r, REF_NET_STEER_SPREAD))
		pair = ++r->times[REF_NET_STEER_SPREAD] % n->active;
	for (i = 0; i < n->active; i++) {
		unsigned at = (pair + i) % n->active;

		if (takes(r, at))
			return (int)at;
		if (!ref_step(r, REF_NET_STEER_AGAIN))
			break;
	}
	return -1;
}

/* 5.1.4.1: the low level header may have a VLAN tag. */
static bool too_long(const struct ref *r, const struct ref_net_frame *f)
{
	uint32_t low = f->bytes[12] == 0x81 && f->bytes[13] == 0 ? ETHERNET + 4 : ETHERNET;

	return ref_has(r, REF_NET_MTU) && f->h.gso_type == REF_NET_GSO_NONE &&
	       f->len > low + get16(r->config + 10);
}

static void arrive(struct ref *r, unsigned from, struct ref_net_frame *f)
{
	int pair;

	if (ref_test(r, REF_NET_OVER_MTU, too_long(r, f)) || !ref_net_wanted(r, f))
		return;
	pair = steer(r, from);
	if (pair >= 0)
		ref_net_convert(r, (unsigned)pair, f);
}

void ref_net_queue(struct ref *r, unsigned pair, const struct ref_net_frame *f)
{
	struct ref_net *n = r->state;
	struct ref_net_frame *to;

	if (n->pair[pair].n == REF_NET_FRAMES)
		return;
	to = &n->pair[pair].frame[(n->pair[pair].first + n->pair[pair].n++) % REF_NET_FRAMES];
	to->h = f->h;
	to->len = f->len;
	memcpy(to->bytes, f->bytes, f->len);
}

/* --- transmit --- */

static void read_header(struct ref *r, const struct ref_chain *c, struct ref_net_hdr *h)
{
	uint8_t b[REF_NET_HDR_MAX] = {0};

	ref_gather(c, 0, b, VOP_MIN(header_size(r), c->out_len));
	h->flags = b[0];
	h->gso_type = b[1];
	h->hdr_len = get16(b + 2);
	h->gso_size = get16(b + 4);
	h->csum_start = get16(b + 6);
	h->csum_offset = get16(b + 8);
	if (ref_bug(r, REF_NET_TX_NUM_BUFFERS) && get16(b + 10))
		h->gso_type = 0x1f;
	h->outer_th = get16(b + 20);
	h->inner_nh = get16(b + 22);
}

static bool transmit(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	struct ref_net_frame *f = &((struct ref_net *)r->state)->scratch;
	uint32_t hdr = (uint32_t)ref_value(r, REF_NET_HDR_LEN, header_size(r)), len;

	if (c->out_len < header_size(r)) {
		/* The mutant subtracts without looking. */
		r->dead |= ref_bug(r, REF_NET_SHORT_HDR);
		ref_violation(r, q, "a buffer too short for the header");
		return false;
	}
	c->used = 0;
	if (c->out_len < hdr || !ref_step(r, REF_NET_ECHO))
		return true;
	len = c->out_len - hdr;
	if (len > REF_NET_FRAME_MAX) {
		/* The mutant has a buffer of just that size. */
		r->dead |= ref_bug(r, REF_NET_HUGE);
		return true;
	}
	if (ref_bug(r, REF_NET_HDR_SPLIT) && c->seg[0].len < hdr)
		return true;
	if (ref_bug(r, REF_NET_HDR_ALONE) && c->seg[0].len == hdr)
		return true;
	if (ref_bug(r, REF_NET_HDR_JOINT) && c->seg[0].len > hdr)
		return true;
	if (ref_bug(r, REF_NET_PIECES) && c->n > 8)
		return true;
	if (ref_bug(r, REF_NET_CONFIG_MTU_MOVES))
		r->config[10]--;
	if (ref_bug(r, REF_NET_CONFIG_SPEED_MOVES))
		r->config[12]++;
	read_header(r, c, &f->h);
	ref_gather(c, hdr, f->bytes, len);
	f->len = len;
	if (ref_net_header_ok(r, f))
		arrive(r, q->index / 2u, f);
	return true;
}

static bool request(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	if (q->index == 2 * pairs(r) && ref_has(r, REF_NET_CTRL_VQ))
		return ref_net_control(r, q, c);
	if (q->index % 2)
		return transmit(r, q, c);
	if (ref_bug(r, REF_NET_RX_EARLY) && c->in_len > 100) {
		c->used = 60;
		return true;
	}
	ref_hold(q, c);
	return false;
}

/* --- receive --- */

/* How many held buffers hold `len` bytes; 0: more than there are. */
static unsigned span(const struct ref_queue *q, uint32_t len)
{
	uint32_t room = 0;
	unsigned i;

	for (i = 0; i < q->n_held; i++) {
		room += q->held[i].in_len;
		if (room == len && ref_bug(q->r, REF_BLIND2_MERGE_EXACT))
			continue;
		if (room >= len)
			return i + 1;
	}
	return 0;
}

/* 5.1.9.3.2, 5.1.9.4.1 */
static uint32_t write_header(struct ref *r, uint8_t *b, const struct ref_net_frame *f,
			     unsigned buffers)
{
	uint8_t flags = f->h.flags, gso = f->h.gso_type;
	bool v6 = f->bytes[12] == 0x86 && f->bytes[13] == 0xdd;

	/* The mutants do so with IPv6 only. */
	if (v6 && ref_bug(r, REF_NET_FLAG_RSC))
		flags |= REF_NET_RSC_INFO;
	if (v6 && ref_bug(r, REF_NET_FLAG_TUNNEL))
		flags |= REF_NET_TUNNEL_SUM;
	if (v6 && ref_bug(r, REF_NET_FLAG_SECURITY))
		flags |= REF_NET_SECURITY;
	if (v6 && ref_bug(r, REF_NET_FLAG_SECURITY_ERR))
		flags |= REF_NET_SECURITY_ERR;
	if (v6 && ref_bug(r, REF_NET_GSO_TUNNEL_BIT))
		gso |= 0x20;
	if (ref_bug(r, REF_NET_GSO_NO_CSUM))
		flags &= gso ? 0 : 0xff;
	memset(b, 0, REF_NET_HDR_MAX);
	b[0] = flags;
	b[1] = gso;
	put16(b + 2, f->h.hdr_len);
	put16(b + 4, f->h.gso_size);
	put16(b + 6, f->h.csum_start);
	put16(b + 8, f->h.csum_offset);
	put16(b + 10, (uint32_t)ref_value(r, REF_NET_RX_NUM_BUFFERS, buffers));
	return header_size(r);
}

/*
 * One frame into n buffers: the header in front of the first one's, all but the last one full. The
 * buffers stay held.
 */
static void fill(struct ref *r, struct ref_queue *q, const struct ref_net_frame *f, unsigned n)
{
	uint8_t hdr[REF_NET_HDR_MAX];
	uint32_t h = write_header(r, hdr, f, n), at = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct ref_chain *c = &q->held[i];
		uint32_t room = c->in_len, put = 0;

		if (i == 0) {
			ref_scatter(r, c, 0, hdr, h);
			put = h;
		} else if (ref_bug(r, REF_NET_HDR_EACH) && room > h) {
			ref_scatter(r, c, 0, hdr, h);
			put = h;
		}
		if (i + 1 < n)
			room = (uint32_t)ref_value(r, REF_NET_MRG_ROOM, room) & 0xfffff;
		room = room > put ? room - put : 0;
		room = VOP_MIN(room, f->len - at);
		ref_scatter(r, c, put, f->bytes + at, room);
		at += room;
		c->used = put + room;
	}
}

static void use(struct ref *r, struct ref_queue *q, unsigned n)
{
	for (; n; n--)
		ref_release(q, (uint32_t)ref_value(r, REF_NET_RX_LEN, q->held[0].used));
}

static bool deliver_one(struct ref *r, unsigned pair)
{
	struct ref_net *n = r->state;
	struct ref_queue *q = &r->q[2 * pair];
	const struct ref_net_frame *f = &n->pair[pair].frame[n->pair[pair].first];
	uint32_t need = f->len + header_size(r);
	unsigned k = 1;

	if (ref_test(r, REF_NET_MRG, ref_has(r, REF_NET_MRG_RXBUF)))
		k = span(q, ref_bug(r, REF_BLIND_MRG_HEADER) ? f->len : need);
	else if (ref_test(r, REF_NET_RX_FITS, need > q->held[0].in_len))
		k = 0;
	/* A frame that never fits is dropped; one that waits for more buffers waits. */
	if (k == 0 && ref_has(r, REF_NET_MRG_RXBUF) && q->n_held < q->cfg.size)
		return false;
	if (k) {
		fill(r, q, f, k);
		use(r, q, ref_bug(r, REF_NET_MRG_APART) ? 1 : k);
	}
	n->pair[pair].first = (n->pair[pair].first + 1) % REF_NET_FRAMES;
	n->pair[pair].n--;
	return true;
}

static bool work(struct ref *r)
{
	struct ref_net *n = r->state;
	bool any = false, one;
	unsigned i;

	for (i = 0; i < REF_NET_PAIRS; i++) {
		struct ref_queue *q = &r->q[2 * i];

		/* 5.1.9.5.6.2: nothing for pairs that are not in use any more. */
		if (i >= n->active && !ref_bug(r, REF_NET_PAIRS_KEPT))
			n->pair[i].n = 0;
		for (one = true; one && q->enabled && !q->broken && n->pair[i].n && q->n_held;) {
			one = deliver_one(r, i);
			any |= one;
		}
		if (any)
			ref_publish(q);
	}
	return any;
}

#define BIT(f) (1ull << ((f)&63))
const struct ref_type ref_net = {
	.name = "net",
	.device = NET_ID,
	.features = {BIT(REF_NET_CSUM) | BIT(REF_NET_GUEST_CSUM) |
			     BIT(REF_NET_CTRL_GUEST_OFFLOADS) | BIT(REF_NET_MTU) |
			     BIT(REF_NET_MAC) | BIT(REF_NET_GUEST_TSO4) | BIT(REF_NET_GUEST_TSO6) |
			     BIT(REF_NET_GUEST_ECN) | BIT(REF_NET_GUEST_UFO) |
			     BIT(REF_NET_HOST_TSO4) | BIT(REF_NET_HOST_TSO6) |
			     BIT(REF_NET_HOST_ECN) | BIT(REF_NET_HOST_UFO) |
			     BIT(REF_NET_MRG_RXBUF) | BIT(REF_NET_STATUS) | BIT(REF_NET_CTRL_VQ) |
			     BIT(REF_NET_CTRL_RX) | BIT(REF_NET_CTRL_VLAN) |
			     BIT(REF_NET_CTRL_RX_EXTRA) | BIT(REF_NET_GUEST_ANNOUNCE) |
			     BIT(REF_NET_MQ) | BIT(REF_NET_CTRL_MAC_ADDR) |
			     BIT(REF_NET_GUEST_USO4) | BIT(REF_NET_GUEST_USO6) |
			     BIT(REF_NET_HOST_USO) | BIT(REF_NET_RSC_EXT) |
			     BIT(REF_NET_SPEED_DUPLEX),
		     BIT(REF_NET_HOST_TUNNEL)},
	.queues = 2 * REF_NET_PAIRS + 1,
	.queue_size_max = 256,
	.any_order = 1u << 1, /* transmitted frames are nobody's any more */
	.config_size = 17,
	.state = sizeof(struct ref_net),
	.start = start,
	.reset = reset,
	.features_ok = features_ok,
	.request = request,
	.work = work,
	.config_write = config_write,
	.queue_exists = queue_exists,
};
