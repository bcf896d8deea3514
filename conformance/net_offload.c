/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 5.1.9.2, 5.1.9.4 Checksums and segments, both ways: what the driver leaves to the device when it
 * transmits, and what the device may leave to the driver that receives it.
 */
#include <string.h>

#include "conformance/net_frame.h"
#include "conformance/net_wire.h"
#include "conformance/sections.h"

#define NET    1
#define SIZE   500u  /* gso_size */
#define LARGE  2345u /* payload of a frame to be cut, no multiple of it */
#define TUNNEL 50u   /* bytes in front of the inner frame */

static void open_wire(struct conf *c, struct nwire *w, unsigned n, uint32_t len)
{
	nw_open(c, w, 1);
	nw_fill(w, 0, n, len, 1);
}

static struct nhdr ask(const struct nf_at *at, uint8_t type, uint16_t size)
{
	return (struct nhdr){.flags = NH_NEEDS_CSUM,
			     .gso_type = type,
			     .hdr_len = (uint16_t)(size ? at->payload : 0),
			     .gso_size = size,
			     .csum_start = (uint16_t)at->l4,
			     .csum_offset = (uint16_t)nf_sum_offset(at)};
}

/* --- checksums --- */

static void completed(struct conf *c)
{
	struct nf_want want = {.sum = NF_SUM_PSEUDO};
	uint8_t part[512], full[512];
	struct nwire w;
	struct nframe f;
	struct nf_at at;
	struct nhdr h;
	unsigned i;

	open_wire(c, &w, 16, NW_USUAL);
	for (i = 0; i < 16; i++) {
		want.v6 = i & 1;
		want.udp = i & 2;
		want.payload = 50 + 17 * i;
		want.sum = NF_SUM_FULL;
		nf_build(full, &want, &at);
		want.sum = NF_SUM_PSEUDO;
		nf_build(part, &want, &at);
		h = ask(&at, NG_NONE, 0);
		nw_send(&w, 0, &h, part, at.len);
		nw_expect(&w, 0, &f, full, at.len);
	}
}

/* The device need not know the protocol: it sums from csum_start, and stores csum_offset behind. */
static void anywhere(struct conf *c)
{
	uint8_t frame[512];
	struct nwire w;
	struct nframe f;
	unsigned i;

	open_wire(c, &w, 16, NW_USUAL);
	for (i = 0; i < 12; i++) {
		uint16_t start = (uint16_t)(20 + 3 * i), offset = (uint16_t)(2 * i);
		struct nhdr h = {
			.flags = NH_NEEDS_CSUM, .csum_start = start, .csum_offset = offset};
		uint32_t len = nf_plain(frame, NULL, 101 + i, (uint8_t)(3 * i));

		nw_send(&w, 0, &h, frame, len);
		nf_put_be16(frame + start + offset, nf_sum(frame + start, len - start));
		nw_expect(&w, 0, &f, frame, len);
	}
}

static void completed_by_hand(struct conf *c, struct nframe *f, const struct nf_at *at)
{
	uint32_t where = (uint32_t)f->h.csum_start + f->h.csum_offset;

	if (!(f->h.flags & NH_NEEDS_CSUM))
		return;
	CONF_EXPECT(c, nf_be16(f->bytes + at->l4 + nf_sum_offset(at)) == nf_pseudo(f->bytes, at),
		    "NEEDS_CSUM is set, and the checksum field holds %#x, not the pseudo header's "
		    "sum %#x",
		    nf_be16(f->bytes + at->l4 + nf_sum_offset(at)), nf_pseudo(f->bytes, at));
	CONF_EXPECT(c, f->h.csum_start < f->len && where + 2 <= f->len,
		    "csum_start %u and csum_offset %u point behind a frame of %u bytes",
		    f->h.csum_start, f->h.csum_offset, f->len);
	nf_put_be16(f->bytes + where, nf_sum(f->bytes + f->h.csum_start, f->len - f->h.csum_start));
}

/* The driver takes partial checksums: whichever the device hands over leads to the same frame. */
static void partial(struct conf *c)
{
	struct nf_want want = {.payload = 77};
	uint8_t part[512], full[512];
	struct nwire w;
	struct nframe f;
	struct nf_at at;
	struct nhdr h;
	unsigned i;

	open_wire(c, &w, 8, NW_USUAL);
	for (i = 0; i < 8; i++) {
		want.v6 = i & 1;
		want.udp = i & 2;
		want.sum = NF_SUM_FULL;
		nf_build(full, &want, &at);
		want.sum = NF_SUM_PSEUDO;
		nf_build(part, &want, &at);
		h = ask(&at, NG_NONE, 0);
		nw_send(&w, 0, &h, part, at.len);
		CONF_EXPECT(c, nw_recv(&w, 0, &f), "a frame with a partial checksum is lost");
		CONF_EXPECT(c, f.len == at.len, "a frame of %u bytes came back with %u", at.len,
			    f.len);
		completed_by_hand(c, &f, &at);
		CONF_EXPECT(c, !memcmp(f.bytes, full, at.len),
			    "the checksum is not right when it is completed as the header says");
	}
}

/* --- segments --- */

struct kind {
	uint8_t type;
	bool v6, udp;
};
static const struct kind tcp4 = {NG_TCPV4, false, false}, tcp6 = {NG_TCPV6, true, false},
			 uso4 = {NG_UDP_L4, false, true}, uso6 = {NG_UDP_L4, true, true},
			 ufo4 = {NG_UDP, false, true};

static uint32_t build_large(uint8_t *out, const struct kind *k, uint32_t payload, bool cwr,
			    struct nf_at *at)
{
	struct nf_want want = {.v6 = k->v6,
			       .udp = k->udp,
			       .payload = payload,
			       .cwr = cwr,
			       .sum = NF_SUM_PSEUDO,
			       .seed = 11};

	return nf_build(out, &want, at);
}

static void send_large(struct nwire *w, const struct kind *k, uint32_t payload, uint8_t bits)
{
	uint8_t frame[NW_FRAME_MAX];
	struct nf_at at;
	struct nhdr h;

	build_large(frame, k, payload, bits & NG_ECN, &at);
	h = ask(&at, (uint8_t)(k->type | bits), SIZE);
	nw_send(w, 0, &h, frame, at.len);
}

/* Whatever comes of a frame to be cut, until all of its payload has come: nw_recv() judges. */
static void receive_any(struct nwire *w, const struct kind *k, uint32_t payload)
{
	uint32_t got = 0, headers = NW_ETHERNET + (k->v6 ? 40 : 20);
	struct nframe f;

	/* Fragments but the first have no UDP header: the length of everything is the same. */
	if (k->type == NG_UDP)
		payload += 8;
	else
		headers += k->udp ? 8 : 20;
	while (got < payload && nw_recv(w, 0, &f)) {
		CONF_EXPECT(w->c, f.len > headers, "a segment of %u bytes has no payload", f.len);
		got += f.len - headers;
	}
	CONF_EXPECT(w->c, got == payload || got == 0,
		    "of %u bytes that were to be cut into segments %u came", payload, got);
}

static void cut_unasked(struct conf *c, const struct kind *k)
{
	struct nwire w;

	open_wire(c, &w, 8, NW_LARGE / 16);
	send_large(&w, k, LARGE, 0);
	receive_any(&w, k, LARGE);
}

static void no_guest_tso4(struct conf *c)
{
	cut_unasked(c, &tcp4);
}

static void no_guest_tso6(struct conf *c)
{
	cut_unasked(c, &tcp6);
}

static void no_guest_ufo(struct conf *c)
{
	cut_unasked(c, &ufo4);
}

static void no_guest_uso(struct conf *c)
{
	cut_unasked(c, &uso4);
	cut_unasked(c, &uso6);
}

/* One segment: lengths, sums, place in the stream. Bytes of payload. */
static uint32_t judge_segment(struct conf *c, const uint8_t *f, uint32_t len, const uint8_t *whole,
			      const struct nf_at *of, uint32_t at)
{
	uint32_t size, left = of->len - of->payload - at;
	struct nf_at s;

	CONF_EXPECT(c, nf_find(f, len, &s) && s.len == len && s.v6 == of->v6 && s.udp == of->udp,
		    "a segment of %u bytes does not have the lengths its headers say", len);
	size = s.len - s.payload;
	CONF_EXPECT(c, size && size <= SIZE && size <= left,
		    "a segment has %u bytes of payload, gso_size is %u, and %u are left", size,
		    SIZE, left);
	CONF_EXPECT(c, nf_ip_sum_ok(f, &s), "the IP header of a segment has a wrong checksum");
	CONF_EXPECT(c, nf_sum_ok(f, &s), "a segment has a wrong checksum");
	CONF_EXPECT(c, !memcmp(f + s.payload, whole + of->payload + at, size),
		    "the payload of a segment is not that of byte %u on", at);
	if (s.udp) {
		CONF_EXPECT(c, nf_be16(f + s.l4 + 4) == size + 8,
			    "the UDP length of a segment of %u bytes is %u", size,
			    nf_be16(f + s.l4 + 4));
		return size;
	}
	CONF_EXPECT(c, nf_be32(f + s.l4 + 4) == nf_be32(whole + of->l4 + 4) + at,
		    "the sequence number of the segment at byte %u is %u too much", at,
		    nf_be32(f + s.l4 + 4) - nf_be32(whole + of->l4 + 4) - at);
	CONF_EXPECT(c, !(f[s.l4 + 13] & 1) == (size < left),
		    "FIN belongs to the last segment, and flags of the one at byte %u are %#x", at,
		    f[s.l4 + 13]);
	return size;
}

static void all_segments(struct nwire *w, const uint8_t *whole, const struct nf_at *of,
			 uint32_t front)
{
	uint32_t at = 0, all = of->len - of->payload;
	struct nframe f;

	while (at < all) {
		CONF_EXPECT(w->c, nw_recv(w, 0, &f),
			    "of %u bytes that were to be cut into segments %u came", all, at);
		CONF_EXPECT(w->c, f.h.gso_type == NG_NONE && f.len > front,
			    "a segment of %u bytes has gso_type %#x", f.len, f.h.gso_type);
		at += judge_segment(w->c, f.bytes + front, f.len - front, whole, of, at);
	}
}

static void segments_of(struct conf *c, const struct kind *k, uint32_t payload, uint16_t hdr_len)
{
	uint8_t frame[NW_FRAME_MAX];
	struct nwire w;
	struct nf_at at;
	struct nhdr h;

	nw_open(c, &w, 1);
	nw_fill(&w, 0, VOP_MIN(payload / SIZE + 2, (uint32_t)w.rx[0]->size), 1200, 1);
	build_large(frame, k, payload, false, &at);
	h = ask(&at, k->type, SIZE);
	if (hdr_len)
		h.hdr_len = hdr_len;
	nw_send(&w, 0, &h, frame, at.len);
	all_segments(&w, frame, &at, 0);
}

static void tso4_segments(struct conf *c)
{
	segments_of(c, &tcp4, LARGE, 0);
	segments_of(c, &tcp4, 4 * SIZE, 0);
	segments_of(c, &tcp4, SIZE, 0);
	segments_of(c, &tcp4, 60 * SIZE + 1, 0);
}

static void tso6_segments(struct conf *c)
{
	segments_of(c, &tcp6, LARGE, 0);
	segments_of(c, &tcp6, 3 * SIZE + 1, 0);
}

static void uso_segments(struct conf *c)
{
	segments_of(c, &uso4, LARGE, 0);
	segments_of(c, &uso6, LARGE, 0);
}

/* The device finds the headers by itself. */
static void hdr_len(struct conf *c)
{
	static const uint16_t said[] = {54, 1, 14, 34, 60, 1000, 0xffff};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(said); i++)
		segments_of(c, &tcp4, LARGE, said[i]);
}

/* --- large frames to the driver --- */

/* The frame may come whole or cut; whole it has gso_size and hdr_len of a frame that can be cut. */
static void expect_whole(struct conf *c, const struct kind *k, uint8_t bits, bool judge_hdr_len)
{
	uint8_t frame[NW_FRAME_MAX];
	struct nwire w;
	struct nframe f;
	struct nf_at at;
	unsigned i;

	open_wire(c, &w, 5, NW_LARGE);
	build_large(frame, k, LARGE, bits & NG_ECN, &at);
	for (i = 0; i < 4; i++) {
		send_large(&w, k, LARGE, bits);
		CONF_EXPECT(c, nw_recv(&w, 0, &f), "a large frame is lost");
		if (f.h.gso_type == NG_NONE)
			conf_skip(c, "the device cuts large frames, though the driver takes them");
		CONF_EXPECT(c, f.h.gso_size == SIZE, "gso_size was %u, and is %u", SIZE,
			    f.h.gso_size);
		CONF_EXPECT(c, f.h.gso_type == (k->type | bits), "gso_type was %#x, and is %#x",
			    k->type | bits, f.h.gso_type);
		CONF_EXPECT(c, f.len == at.len && !memcmp(f.bytes, frame, at.len),
			    "a large frame was changed, or came in part");
		CONF_EXPECT(c, !judge_hdr_len || f.h.hdr_len >= at.payload,
			    "hdr_len is %u, and the headers are %u bytes long", f.h.hdr_len,
			    at.payload);
		nw_fill(&w, 0, 1, NW_LARGE, 1);
	}
}

static void guest_tso4(struct conf *c)
{
	expect_whole(c, &tcp4, 0, false);
}

static void guest_tso6(struct conf *c)
{
	expect_whole(c, &tcp6, 0, false);
}

static void guest_ufo(struct conf *c)
{
	expect_whole(c, &ufo4, 0, false);
}

static void guest_uso(struct conf *c)
{
	expect_whole(c, &uso4, 0, false);
}

static void guest_hdr_len(struct conf *c)
{
	expect_whole(c, &tcp4, 0, true);
}

static void guest_ecn(struct conf *c)
{
	conf_want(c, NF_GUEST_ECN);
	expect_whole(c, &tcp4, NG_ECN, false);
}

static void no_guest_ecn(struct conf *c)
{
	struct nwire w;
	struct nframe f;

	open_wire(c, &w, 6, NW_LARGE);
	send_large(&w, &tcp4, LARGE, NG_ECN);
	if (nw_recv(&w, 0, &f))
		CONF_EXPECT(c, f.h.gso_type == NG_NONE,
			    "a large frame with ECN has gso_type %#x, without GUEST_ECN",
			    f.h.gso_type);
}

static void rsc(struct conf *c)
{
	conf_want(c, NF_RSC_EXT);
	expect_whole(c, &tcp4, 0, false);
}

/* --- tunnels --- */

/* A UDP tunnel of IPv4 around a TCP frame, as 5.1.9.2 has it for an example. */
static void tunnel(struct conf *c)
{
	uint8_t frame[NW_FRAME_MAX], *ip = frame + NW_ETHERNET;
	struct nf_want outer = {.udp = true, .payload = 0};
	struct nf_at out, in;
	struct nwire w;
	struct nhdr h;

	conf_want(c, NF_GUEST_TSO4);
	open_wire(c, &w, 8, NW_LARGE / 16);
	build_large(frame + TUNNEL, &tcp4, LARGE, false, &in);
	outer.payload = 8 + in.len;
	/* The headers alone: the payload is there already. */
	{
		uint8_t scratch[NW_FRAME_MAX];

		nf_build(scratch, &outer, &out);
		memcpy(frame, scratch, out.payload);
		memset(frame + out.payload, 0, 8);
	}
	nf_put_be16(frame + out.l4 + 6, 0);
	h = (struct nhdr){.flags = NH_NEEDS_CSUM,
			  .gso_type = NG_TCPV4 | NG_TUNNEL4,
			  .hdr_len = (uint16_t)(TUNNEL + in.payload),
			  .gso_size = SIZE,
			  .csum_start = (uint16_t)(TUNNEL + in.l4),
			  .csum_offset = 16,
			  .outer_th = (uint16_t)out.l4,
			  .inner_nh = (uint16_t)(TUNNEL + in.l3)};
	CONF_EXPECT(c, nf_be16(ip + 2) == 20 + 8 + 8 + in.len, "the tunnel of the check is wrong");
	nw_send(&w, 0, &h, frame, TUNNEL + in.len);
	all_segments(&w, frame + TUNNEL, &in, TUNNEL);
}

/* --- switched while it runs --- */

static uint8_t offloads(struct nwire *w, uint64_t bits)
{
	uint8_t b[8];
	unsigned i;

	for (i = 0; i < 8; i++)
		b[i] = (uint8_t)(bits >> (8 * i));
	return nw_ctrl(w, NCTRL_OFFLOADS, 0, b, 8);
}

static void offloads_off(struct conf *c)
{
	struct nwire w;
	struct nframe f;
	unsigned i;

	nw_open(c, &w, 1);
	for (i = 0; i < 4; i++) {
		CONF_EXPECT(c, offloads(&w, 0) == NCTRL_OK, "all offloads off is refused");
		nw_fill(&w, 0, 5, NW_LARGE / 16, 1);
		send_large(&w, &tcp4, LARGE, 0);
		while (w.rx[0]->outstanding && nw_recv(&w, 0, &f))
			CONF_EXPECT(c, f.h.gso_type == NG_NONE && !(f.h.flags & NH_NEEDS_CSUM),
				    "gso_type is %#x and flags %#x with all offloads off",
				    f.h.gso_type, f.h.flags);
		CONF_EXPECT(c, offloads(&w, 1u << NF_GUEST_CSUM | 1u << NF_GUEST_TSO4) == NCTRL_OK,
			    "the offloads that were negotiated are refused");
	}
}

/* What was not negotiated stays off, whatever the driver asks for. */
static void offloads_more(struct conf *c)
{
	struct nwire w;

	open_wire(c, &w, 8, NW_LARGE / 16);
	offloads(&w, 1u << NF_GUEST_CSUM | 1u << NF_GUEST_TSO4 | 1u << NF_GUEST_TSO6);
	send_large(&w, &tcp4, LARGE, 0);
	receive_any(&w, &tcp4, LARGE);
}

#define TEXT	 "text:device-types/net/description.tex:"
#define F2(a)	 CONF_F(NF_CSUM), CONF_F(a)
#define G4(a, b) CONF_F(NF_CSUM), CONF_F(a), CONF_F(NF_GUEST_CSUM), CONF_F(b)
#define CHECK(id, what, clauses, level, fn, ...)                                                   \
	{                                                                                          \
		id, what, clauses, level, CONF_CONFORMANCE, CONF_ANY, NET, .run = fn, .needs = {   \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

static const struct conf_check checks[] = {
	CHECK("net/csum/completed", "a checksum left to the device is right in what arrives",
	      "5.1.9.4.1:dev:6", CONF_SHOULD, completed, CONF_F(NF_CSUM)),
	CHECK("net/csum/no-guest", "nothing is left to a driver without GUEST_CSUM",
	      "5.1.9.4.1:dev:5", CONF_MUST, completed, CONF_F(NF_CSUM)),
	CHECK("net/csum/anywhere", "a checksum may begin and lie anywhere", TEXT "671", CONF_TEXT,
	      anywhere, CONF_F(NF_CSUM)),
	CHECK("net/csum/partial", "a checksum left to the driver is right when it is completed",
	      "5.1.9.4.1:dev:19 5.1.9.4.1:dev:20", CONF_MUST, partial, F2(NF_GUEST_CSUM)),
	CHECK("net/tso/no-guest-tso4", "no frame is TCPV4 without GUEST_TSO4",
	      "5.1.9.4.1:dev:7 5.1.9.4.1:dev:26", CONF_MUST, no_guest_tso4, F2(NF_HOST_TSO4),
	      CONF_F(NF_GUEST_CSUM)),
	CHECK("net/tso/no-guest-tso6", "no frame is TCPV6 without GUEST_TSO6",
	      "5.1.9.4.1:dev:9 5.1.9.4.1:dev:26", CONF_MUST, no_guest_tso6, F2(NF_HOST_TSO6),
	      CONF_F(NF_GUEST_CSUM)),
	CHECK("net/tso/no-guest-ufo", "no frame is UDP without GUEST_UFO",
	      "5.1.9.4.1:dev:8 5.1.9.4.1:dev:26", CONF_MUST, no_guest_ufo, F2(NF_HOST_UFO),
	      CONF_F(NF_GUEST_CSUM)),
	CHECK("net/tso/no-guest-uso", "no frame is UDP_L4 without GUEST_USO4 and GUEST_USO6",
	      "5.1.9.4.1:dev:10 5.1.9.4.1:dev:26", CONF_MUST, no_guest_uso, F2(NF_HOST_USO),
	      CONF_F(NF_GUEST_CSUM)),
	CHECK("net/tso/tcp4", "TCP over IPv4 is cut into segments that are right", TEXT "706",
	      CONF_TEXT, tso4_segments, F2(NF_HOST_TSO4)),
	CHECK("net/tso/tcp6", "TCP over IPv6 is cut into segments that are right", TEXT "706",
	      CONF_TEXT, tso6_segments, F2(NF_HOST_TSO6)),
	CHECK("net/tso/udp", "UDP is cut into segments that are right", TEXT "706", CONF_TEXT,
	      uso_segments, F2(NF_HOST_USO)),
	CHECK("net/tso/hdr-len", "hdr_len is not relied upon", "5.1.9.2.2:dev:7", CONF_MUST,
	      hdr_len, F2(NF_HOST_TSO4)),
	CHECK("net/tso/guest-tso4", "a large TCPV4 frame has NEEDS_CSUM and gso_size",
	      "5.1.9.4.1:dev:27 5.1.9.4.1:dev:28 5.1.9.4.1:dev:30", CONF_MUST, guest_tso4,
	      G4(NF_HOST_TSO4, NF_GUEST_TSO4)),
	CHECK("net/tso/guest-tso6", "a large TCPV6 frame has NEEDS_CSUM and gso_size",
	      "5.1.9.4.1:dev:27 5.1.9.4.1:dev:28", CONF_MUST, guest_tso6,
	      G4(NF_HOST_TSO6, NF_GUEST_TSO6)),
	CHECK("net/tso/guest-ufo", "a large UDP frame has NEEDS_CSUM and gso_size",
	      "5.1.9.4.1:dev:27 5.1.9.4.1:dev:28", CONF_MUST, guest_ufo,
	      G4(NF_HOST_UFO, NF_GUEST_UFO)),
	CHECK("net/tso/guest-uso", "a large UDP_L4 frame has NEEDS_CSUM and gso_size",
	      "5.1.9.4.1:dev:27 5.1.9.4.1:dev:28", CONF_MUST, guest_uso,
	      G4(NF_HOST_USO, NF_GUEST_USO4)),
	CHECK("net/tso/guest-hdr-len", "hdr_len covers the headers", "5.1.9.4.1:dev:31",
	      CONF_SHOULD, guest_hdr_len, G4(NF_HOST_TSO4, NF_GUEST_TSO4)),
	CHECK("net/tso/guest-ecn", "a large frame with ECN has the ECN bit", "5.1.9.4.1:dev:14",
	      CONF_MUST, guest_ecn, G4(NF_HOST_TSO4, NF_GUEST_TSO4), CONF_F(NF_HOST_ECN),
	      CONF_F(NF_GUEST_ECN)),
	CHECK("net/tso/no-guest-ecn", "without GUEST_ECN no large frame has ECN",
	      "5.1.9.4.1:dev:13", CONF_SHOULD, no_guest_ecn, G4(NF_HOST_TSO4, NF_GUEST_TSO4),
	      CONF_F(NF_HOST_ECN)),
	CHECK("net/tso/rsc-info", "with RSC_EXT a large TCP frame has RSC_INFO", "5.1.9.4.1:dev:29",
	      CONF_MUST, rsc, G4(NF_HOST_TSO4, NF_GUEST_TSO4), CONF_F(NF_RSC_EXT)),
	CHECK("net/tso/tunnel", "no large frame in a tunnel comes without GUEST_UDP_TUNNEL_GSO",
	      "5.1.9.4.1:dev:11 5.1.9.4.1:dev:21 5.1.9.4.1:dev:25", CONF_MUST, tunnel,
	      CONF_F(NF_HOST_TSO6), CONF_F(NF_HOST_USO), CONF_F(NF_HOST_TUNNEL), F2(NF_HOST_TSO4),
	      CONF_F(NF_GUEST_CSUM)),
	CHECK("net/offloads/off", "offloads that are switched off are off", TEXT "2296", CONF_TEXT,
	      offloads_off, CONF_F(NF_CTRL_VQ), CONF_F(NF_CTRL_GUEST_OFFLOADS),
	      G4(NF_HOST_TSO4, NF_GUEST_TSO4)),
	{"net/offloads/more", "an offload that was not negotiated stays off",
	 "5.1.9.4.1:dev:7 5.1.9.4.1:dev:26", CONF_MUST, CONF_ROBUSTNESS, CONF_ANY, NET,
	 .needs = {CONF_F(NF_CTRL_VQ), CONF_F(NF_CTRL_GUEST_OFFLOADS), CONF_F(NF_CSUM),
		   CONF_F(NF_HOST_TSO4), CONF_F(NF_GUEST_CSUM)},
	 .run = offloads_more},
};
CONF_SECTION(conf_section_net_offload, "5.1", "Network device: checksums and segments", checks);
