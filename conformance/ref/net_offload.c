/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checksums and segments of the reference net device (VIRTIO 1.4, 5.1.9.2, 5.1.9.4): what a driver
 * left to do is done where the receiving driver cannot take it as it is.
 */
#include <string.h>

#include "conformance/ref/net.h"

#define ETHERNET 14u
#define TCP	 6u
#define UDP	 17u
#define TCP_CWR	 0x80u

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v & 0xffff);
}

/* Ones' complement sum, folded, not complemented. */
static uint32_t sum(uint32_t s, const uint8_t *p, uint32_t len)
{
	uint32_t i;

	for (i = 0; i + 1 < len; i += 2)
		s += be16(p + i);
	if (i < len)
		s += (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* Where things lie in a TCP or UDP frame. */
struct layers {
	uint32_t l3, l4, payload;
	bool v6;
	uint8_t protocol;
};

/* The layers from the network header at l3 on; false: not TCP or UDP, or cut short. */
static bool find(const struct ref_net_frame *f, uint32_t l3, struct layers *l)
{
	const uint8_t *b = f->bytes;

	*l = (struct layers){.l3 = l3};
	if (f->len < l3 + 28)
		return false;
	l->v6 = be16(b + l3 - 2) == 0x86dd;
	if (!l->v6 && be16(b + l3 - 2) != 0x0800)
		return false;
	if (l->v6) {
		l->l4 = l3 + 40;
		l->protocol = b[l3 + 6];
	} else {
		l->l4 = l3 + (b[l3] & 15u) * 4;
		l->protocol = b[l3 + 9];
		if (b[l3] >> 4 != 4 || be16(b + l3 + 6) & 0x3fff)
			return false;
	}
	if (l->protocol == UDP)
		l->payload = l->l4 + 8;
	else if (l->protocol == TCP && f->len > l->l4 + 12)
		l->payload = l->l4 + (b[l->l4 + 12] >> 4) * 4u;
	else
		return false;
	return l->payload <= f->len && l->payload >= l->l4 + 8;
}

static uint32_t network_header(const struct ref_net_frame *f)
{
	return f->bytes[12] == 0x81 && f->bytes[13] == 0 ? ETHERNET + 4 : ETHERNET;
}

static uint32_t pseudo(const struct ref_net_frame *f, const struct layers *l)
{
	const uint8_t *ip = f->bytes + l->l3;

	return l->v6 ? sum(l->protocol + f->len - l->l4, ip + 8, 32)
		     : sum(l->protocol + f->len - l->l4, ip + 12, 8);
}

/* Complete the sum that starts at start and goes to offset beyond it. */
static void complete(struct ref *r, struct ref_net_frame *f, uint32_t start, uint32_t offset)
{
	uint32_t len = f->len - start, s;

	if (ref_bug(r, REF_BLIND_ODD_SUM))
		len &= ~1u;
	s = ~sum(0, f->bytes + start, len) & 0xffff;
	put_be16(f->bytes + start + offset, s ? s : 0xffff);
}

/* --- what a transmitted header asks for --- */

static bool segment_feature(const struct ref *r, const struct ref_net_hdr *h)
{
	uint8_t tunnel = h->gso_type & REF_NET_GSO_TUNNEL;

	if (tunnel && (!ref_has(r, REF_NET_HOST_TUNNEL) || tunnel == REF_NET_GSO_TUNNEL))
		return false;
	switch (h->gso_type & 31) {
	case REF_NET_GSO_TCPV4:
		return ref_has(r, REF_NET_HOST_TSO4);
	case REF_NET_GSO_TCPV6:
		return ref_has(r, REF_NET_HOST_TSO6);
	case REF_NET_GSO_UDP:
		return ref_has(r, REF_NET_HOST_UFO);
	case REF_NET_GSO_UDP_L4:
		return ref_has(r, REF_NET_HOST_USO);
	default:
		return false;
	}
}

bool ref_net_header_ok(struct ref *r, const struct ref_net_frame *f)
{
	struct ref_net_hdr h = f->h;
	struct layers l;
	bool asked;

	if (h.flags & 0xfe && ref_bug(r, REF_NET_UNKNOWN_FLAGS))
		return false;
	asked = h.flags & REF_NET_NEEDS_CSUM;
	if (asked && (uint32_t)h.csum_start + h.csum_offset + 2 > f->len) {
		/* The mutant stores where it is told to. */
		r->dead |= ref_bug(r, REF_NET_CSUM_RANGE);
		return false;
	}
	if (h.gso_type == REF_NET_GSO_NONE)
		return true;
	if (!segment_feature(r, &h))
		return false;
	if (h.gso_size == 0) {
		r->stuck |= ref_bug(r, REF_NET_GSO_SIZE_ZERO);
		return false;
	}
	if (h.hdr_len && ref_bug(r, REF_NET_HDR_LEN_TRUSTED) && h.hdr_len != 54)
		return false;
	return asked &&
	       find(f, h.gso_type & REF_NET_GSO_TUNNEL ? h.inner_nh : network_header(f), &l);
}

/* --- segments --- */

/* Lengths and sums of an IP header whose packet goes to the end of the frame. */
static void mend_ip(struct ref_net_frame *f, uint32_t l3, uint32_t number)
{
	uint8_t *ip = f->bytes + l3;

	if (ip[0] >> 4 == 6) {
		put_be16(ip + 4, f->len - l3 - 40);
		return;
	}
	put_be16(ip + 2, f->len - l3);
	put_be16(ip + 4, be16(ip + 4) + number);
	put_be16(ip + 10, 0);
	put_be16(ip + 10, ~sum(0, ip, (ip[0] & 15u) * 4) & 0xffff);
}

static void mend_segment(struct ref *r, struct ref_net_frame *f, const struct ref_net_hdr *h,
			 const struct layers *l, uint32_t number, uint32_t at, bool last)
{
	uint8_t *t = f->bytes + l->l4;

	if (ref_step(r, REF_NET_SEG_IP))
		mend_ip(f, l->l3, number);
	if (l->protocol == TCP) {
		if (ref_step(r, REF_NET_SEG_SEQ))
			put_be32(t + 4, (be16(t + 4) << 16 | be16(t + 6)) + at);
		if (number)
			t[13] &= (uint8_t)~TCP_CWR;
		if (!last && ref_step(r, REF_NET_SEG_FIN))
			t[13] &= (uint8_t)~9u; /* FIN and PSH are the last one's */
		put_be16(t + 16, pseudo(f, l));
	} else {
		put_be16(t + 4, f->len - l->l4);
		put_be16(t + 6, pseudo(f, l));
	}
	if (ref_step(r, REF_NET_SEG_SUM))
		complete(r, f, l->l4, l->protocol == TCP ? 16 : 6);
	if (h->gso_type & REF_NET_GSO_TUNNEL) {
		put_be16(f->bytes + h->outer_th + 4, f->len - h->outer_th);
		put_be16(f->bytes + h->outer_th + 6, 0);
		mend_ip(f, network_header(f), number);
	}
}

/* TCP and UDP segments: the headers in front of every piece of the payload. */
static void cut_segments(struct ref *r, unsigned pair, struct ref_net_frame *f,
			 const struct ref_net_hdr *h, const struct layers *l)
{
	struct ref_net_frame *s = &((struct ref_net *)r->state)->cut;
	uint32_t mss = h->gso_size + (ref_bug(r, REF_NET_SEG_SIZE) ? 1u : 0u), i = 0, at;
	bool valid = ref_has(r, REF_NET_GUEST_CSUM);

	for (at = 0; l->payload + at < f->len; at += mss, i++) {
		uint32_t left = f->len - l->payload - at, len = VOP_MIN(mss, left);

		if (len < mss && ref_bug(r, REF_NET_SEG_REST))
			break;
		memcpy(s->bytes, f->bytes, l->payload);
		memcpy(s->bytes + l->payload, f->bytes + l->payload + at, len);
		s->len = l->payload + len;
		mend_segment(r, s, h, l, i, at, len == left);
		s->h = (struct ref_net_hdr){.flags = valid ? REF_NET_DATA_VALID : 0};
		ref_net_queue(r, pair, s);
	}
}

/* UFO: one datagram, complete, in fragments of IPv4; IPv6 is dropped. */
static void cut_fragments(struct ref *r, unsigned pair, struct ref_net_frame *f,
			  const struct ref_net_hdr *h, const struct layers *l)
{
	struct ref_net_frame *s = &((struct ref_net *)r->state)->cut;
	uint32_t size = h->gso_size & ~7u, at;

	if (l->v6 || size == 0)
		return;
	complete(r, f, l->l4, 6);
	for (at = 0; l->l4 + at < f->len; at += size) {
		uint32_t left = f->len - l->l4 - at, len = VOP_MIN(size, left);

		memcpy(s->bytes, f->bytes, l->l4);
		memcpy(s->bytes + l->l4, f->bytes + l->l4 + at, len);
		s->len = l->l4 + len;
		put_be16(s->bytes + l->l3 + 6, at / 8 | (left > size ? 0x2000 : 0));
		mend_ip(s, l->l3, 0);
		s->h = (struct ref_net_hdr){0};
		ref_net_queue(r, pair, s);
	}
}

/* --- what the receiving driver can take --- */

static bool in_force(const struct ref *r, unsigned bit)
{
	return ((const struct ref_net *)r->state)->offloads >> bit & 1;
}

static bool takes_whole(struct ref *r, const struct ref_net_hdr *h, bool v6)
{
	if (h->gso_type & REF_NET_GSO_TUNNEL)
		return ref_bug(r, REF_NET_TUNNEL_WHOLE);
	if (h->gso_type & REF_NET_GSO_ECN && !in_force(r, REF_NET_GUEST_ECN) &&
	    !ref_bug(r, REF_NET_ECN_UNASKED))
		return false;
	switch (h->gso_type & 31) {
	case REF_NET_GSO_TCPV4:
		return in_force(r, REF_NET_GUEST_TSO4) || ref_bug(r, REF_NET_TSO4_UNASKED);
	case REF_NET_GSO_TCPV6:
		return in_force(r, REF_NET_GUEST_TSO6) || ref_bug(r, REF_NET_TSO6_UNASKED);
	case REF_NET_GSO_UDP:
		return in_force(r, REF_NET_GUEST_UFO) || ref_bug(r, REF_NET_UFO_UNASKED);
	default:
		return in_force(r, v6 ? REF_NET_GUEST_USO6 : REF_NET_GUEST_USO4) ||
		       ref_bug(r, REF_NET_USO_UNASKED);
	}
}

static void whole(struct ref *r, unsigned pair, struct ref_net_frame *f,
		  const struct ref_net_hdr *h, const struct layers *l)
{
	f->h = (struct ref_net_hdr){
		.flags = REF_NET_NEEDS_CSUM,
		.gso_type = h->gso_type,
		.hdr_len = (uint16_t)l->payload,
		.gso_size = (uint16_t)ref_value(r, REF_NET_GSO_SIZE, h->gso_size),
		.csum_start = h->csum_start,
		.csum_offset = h->csum_offset,
	};
	if (ref_bug(r, REF_NET_RX_HDR_LEN))
		f->h.hdr_len = ETHERNET;
	if (ref_bug(r, REF_NET_ECN_LOST))
		f->h.gso_type &= (uint8_t)~REF_NET_GSO_ECN;
	if (ref_has(r, REF_NET_RSC_EXT) && l->protocol == TCP && ref_step(r, REF_NET_RSC)) {
		f->h.flags |= REF_NET_RSC_INFO;
		f->h.csum_start = (uint16_t)((f->len - l->payload + h->gso_size - 1) / h->gso_size);
		f->h.csum_offset = 0;
	}
	ref_net_queue(r, pair, f);
}

/* A frame that is no larger than others. */
static void ordinary(struct ref *r, unsigned pair, struct ref_net_frame *f,
		     const struct ref_net_hdr *h)
{
	bool known, right;
	struct layers l;

	if (ref_test(r, REF_NET_CSUM_ASKED, h->flags & REF_NET_NEEDS_CSUM)) {
		if (in_force(r, REF_NET_GUEST_CSUM) || ref_bug(r, REF_NET_PARTIAL_UNASKED)) {
			f->h.flags = REF_NET_NEEDS_CSUM;
			f->h.csum_start = (uint16_t)ref_value(r, REF_NET_CSUM_START, h->csum_start);
			f->h.csum_offset =
				(uint16_t)ref_value(r, REF_NET_CSUM_OFFSET, h->csum_offset);
			if (ref_bug(r, REF_NET_PARTIAL_DONE))
				complete(r, f, h->csum_start, h->csum_offset);
		} else if (ref_step(r, REF_NET_CSUM_DONE) &&
			   (uint32_t)h->csum_start + h->csum_offset + 2 <= f->len) {
			complete(r, f, h->csum_start, h->csum_offset);
		}
		ref_net_queue(r, pair, f);
		return;
	}
	known = find(f, network_header(f), &l);
	right = known && sum(pseudo(f, &l), f->bytes + l.l4, f->len - l.l4) == 0xffff;
	if (known && !right && ref_bug(r, REF_NET_CSUM_MENDED)) {
		put_be16(f->bytes + l.l4 + (l.protocol == TCP ? 16 : 6), pseudo(f, &l));
		complete(r, f, l.l4, l.protocol == TCP ? 16 : 6);
	}
	if (in_force(r, REF_NET_GUEST_CSUM) && (right || ref_bug(r, REF_NET_NOT_VALIDATED)))
		f->h.flags = REF_NET_DATA_VALID;
	if (in_force(r, REF_NET_GUEST_CSUM) && ref_bug(r, REF_NET_CSUM_TAKEN)) {
		f->h.flags = REF_NET_NEEDS_CSUM;
		f->h.csum_start = (uint16_t)l.l4;
		f->h.csum_offset = l.protocol == TCP ? 16 : 6;
	}
	ref_net_queue(r, pair, f);
}

void ref_net_convert(struct ref *r, unsigned pair, struct ref_net_frame *f)
{
	struct ref_net_hdr h = f->h;
	struct layers l;

	f->h = (struct ref_net_hdr){0};
	if (h.gso_type == REF_NET_GSO_NONE) {
		ordinary(r, pair, f, &h);
		return;
	}
	if (!find(f, h.gso_type & REF_NET_GSO_TUNNEL ? h.inner_nh : network_header(f), &l))
		return;
	if (takes_whole(r, &h, l.v6))
		whole(r, pair, f, &h, &l);
	else if ((h.gso_type & 31) == REF_NET_GSO_UDP)
		cut_fragments(r, pair, f, &h, &l);
	else
		cut_segments(r, pair, f, &h, &l);
}
