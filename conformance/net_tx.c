/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.1.9.2 Packet transmission: how header and frame may lie, what the header must not change. */
#include <string.h>

#include "conformance/net_frame.h"
#include "conformance/net_wire.h"
#include "conformance/sections.h"

#define NET   1
#define SMALL 60u

static void open_wire(struct conf *c, struct nwire *w)
{
	nw_open(c, w, 1);
	nw_fill(w, 0, 8, NW_USUAL, 1);
}

/* Send header and frame as one run of bytes, cut before every offset of cut[0..n), and expect the
 * frame back. */
static void send_cut(struct nwire *w, const uint8_t *all, uint32_t len, const uint32_t *cut,
		     unsigned n)
{
	struct cbuf *b = cbuf_new(w->c);
	uint32_t at = 0;
	struct nframe f;
	unsigned i;

	for (i = 0; i < n; i++, at = cut[i - 1])
		cbuf_out(w->c, b, all + at, cut[i] - at);
	cbuf_out(w->c, b, all + at, len - at);
	nw_transmit(w, 0, b);
	nw_expect(w, 0, &f, all + w->hdr, len - w->hdr);
	nw_fill(w, 0, 1, NW_USUAL, 1);
}

static uint32_t header_and_frame(struct nwire *w, uint8_t *all, uint32_t len, uint8_t seed)
{
	uint32_t n = nw_put_header(w, NULL, all);

	return n + nf_plain(all + n, NULL, len, seed);
}

static void joint(struct conf *c)
{
	uint8_t all[NW_HDR_MAX + 2048];
	struct nwire w;
	unsigned i;

	open_wire(c, &w);
	for (i = 0; i < 20; i++)
		send_cut(&w, all, header_and_frame(&w, all, SMALL + 9 * i, (uint8_t)i), NULL, 0);
}

static void header_alone(struct conf *c)
{
	uint8_t all[NW_HDR_MAX + 2048];
	struct nwire w;
	unsigned i;

	open_wire(c, &w);
	for (i = 0; i < 20; i++)
		send_cut(&w, all, header_and_frame(&w, all, SMALL + 9 * i, (uint8_t)i), &w.hdr, 1);
}

static void cut_anywhere(struct conf *c)
{
	uint8_t all[NW_HDR_MAX + 2048];
	struct nwire w;
	uint32_t len, at;

	open_wire(c, &w);
	len = header_and_frame(&w, all, SMALL, 17);
	for (at = 1; at < len; at++)
		send_cut(&w, all, len, &at, 1);
}

static void header_bytes(struct conf *c)
{
	uint8_t all[NW_HDR_MAX + 2048];
	uint32_t cut[NW_HDR_MAX], i;
	struct nwire w;

	open_wire(c, &w);
	for (i = 0; i < w.hdr; i++)
		cut[i] = i + 1;
	send_cut(&w, all, header_and_frame(&w, all, SMALL, 5), cut, w.hdr);
	send_cut(&w, all, header_and_frame(&w, all, 1514, 6), cut, w.hdr - 1);
}

static void sizes(struct conf *c)
{
	static const uint32_t usual[] = {60,   61,   63,   64,	 65,   127,  128,  129,
					 255,  256,  257,  511,	 512,  513,  1023, 1024,
					 1025, 1499, 1500, 1501, 1512, 1513, 1514};
	uint8_t frame[2048];
	struct nwire w;
	unsigned i;

	open_wire(c, &w);
	for (i = 0; i < VOP_ARRAY_SIZE(usual) + 20; i++) {
		uint32_t len =
			i < VOP_ARRAY_SIZE(usual) ? usual[i] : SMALL + conf_below(c, 1514 - SMALL);

		nw_echo(&w, 0, frame, nf_plain(frame, NULL, len, (uint8_t)(i * 29)));
		nw_fill(&w, 0, 1, NW_USUAL, 1);
	}
}

/* --- fields that say nothing --- */

/* With this header the frame comes back as it would without. */
static void same_with(struct conf *c, const struct nhdr *h)
{
	struct nf_want want = {.payload = 100};
	uint8_t frame[512];
	struct nwire w;
	struct nframe f;
	struct nf_at at;
	unsigned i;

	open_wire(c, &w);
	for (i = 0; i < 4; i++) {
		want.v6 = i & 1;
		want.udp = i & 2;
		nf_build(frame, &want, &at);
		nw_send(&w, 0, h, frame, at.len);
		nw_expect(&w, 0, &f, frame, at.len);
	}
}

static void unknown_flags(struct conf *c)
{
	/* Unknown to everybody, and known with features only that were not negotiated. DATA_VALID
	 * and RSC_INFO are left out: a driver may never set them. */
	same_with(c, &(struct nhdr){.flags = 0x80});
}

static void unused_csum(struct conf *c)
{
	same_with(c, &(struct nhdr){.csum_start = 34, .csum_offset = 16});
	same_with(c, &(struct nhdr){.csum_start = 0xffff, .csum_offset = 0xffff});
	same_with(c, &(struct nhdr){.csum_start = 0, .csum_offset = 60});
}

static void unused_num_buffers(struct conf *c)
{
	same_with(c, &(struct nhdr){.num_buffers = 5});
	same_with(c, &(struct nhdr){.num_buffers = 0xffff});
}

static void unused_hdr_len(struct conf *c)
{
	same_with(c, &(struct nhdr){.hdr_len = 3});
	same_with(c, &(struct nhdr){.hdr_len = 0xffff});
}

/* A wrong checksum that nobody left to the device: it may be lost, but is neither mended nor called
 * right. */
static void wrong_sum(struct conf *c)
{
	struct nf_want want = {.sum = NF_SUM_WRONG, .payload = 100};
	uint8_t frame[512];
	struct nwire w;
	struct nframe f;
	struct nf_at at;
	unsigned i;

	open_wire(c, &w);
	for (i = 0; i < 4; i++) {
		want.v6 = i & 1;
		want.udp = i & 2;
		nf_build(frame, &want, &at);
		nw_send(&w, 0, NULL, frame, at.len);
		if (!nw_recv(&w, 0, &f))
			return;
		CONF_EXPECT(c, !(f.h.flags & (NH_NEEDS_CSUM | NH_DATA_VALID)),
			    "a frame with a wrong checksum has flags %#x", f.h.flags);
		CONF_EXPECT(c, f.len == at.len && !memcmp(f.bytes, frame, at.len),
			    "a frame with a wrong checksum was changed on the way");
	}
}

/* --- drivers that break rules --- */

static void submit_bad(struct nwire *w, struct cbuf *b)
{
	cring_submit(w->tx[0], b);
	conf_settle(w->c);
	while (cring_take(w->tx[0]))
		;
	cmem_verify(w->c, "after a transmit buffer that is none");
}

static void short_header(struct conf *c)
{
	static const uint8_t zero[NW_HDR_MAX], lens[] = {1, 2, 10, 11};
	struct cbuf *b;
	struct nwire w;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(lens); i++) {
		open_wire(c, &w);
		b = cbuf_new(c);
		cbuf_out(c, b, zero, lens[i]);
		submit_bad(&w, b);
	}
	conf_expect_idle(c);
}

static void header_only(struct conf *c)
{
	struct nwire w;
	struct cbuf *b;

	open_wire(c, &w);
	b = nw_buffer(&w, NULL, "", 0);
	submit_bad(&w, b);
	conf_expect_idle(c);
}

static void runts(struct conf *c)
{
	uint8_t frame[64];
	struct nwire w;
	uint32_t len;

	open_wire(c, &w);
	nf_plain(frame, NULL, SMALL, 1);
	for (len = 1; len < NW_ETHERNET && nw_ready(&w, w.tx[0], 8); len++)
		submit_bad(&w, nw_buffer(&w, NULL, frame, len));
	conf_expect_idle(c);
}

static void huge(struct conf *c)
{
	static const uint8_t zero[65000];
	struct nwire w;
	struct cbuf *b;
	unsigned i;

	open_wire(c, &w);
	b = cbuf_new(c);
	for (i = 0; i < 4; i++)
		cbuf_out(c, b, zero, sizeof(zero));
	submit_bad(&w, b);
	conf_expect_idle(c);
}

static void writable_piece(struct conf *c)
{
	uint8_t frame[64];
	struct nwire w;
	struct cbuf *b;

	open_wire(c, &w);
	b = nw_buffer(&w, NULL, frame, nf_plain(frame, NULL, SMALL, 1));
	cbuf_in(c, b, 100);
	submit_bad(&w, b);
	open_wire(c, &w);
	b = cbuf_new(c);
	cbuf_in(c, b, 100);
	submit_bad(&w, b);
	conf_expect_idle(c);
}

/* Whatever the offload fields hold. */
static void nonsense(struct conf *c)
{
	static const uint8_t bits[] = {NF_CSUM,	    NF_HOST_TSO4, NF_HOST_TSO6, NF_HOST_ECN,
				       NF_HOST_UFO, NF_HOST_USO,  NF_GUEST_CSUM};
	struct nf_want want = {.payload = 700, .sum = NF_SUM_PSEUDO};
	uint8_t frame[1024];
	struct nwire w;
	struct nf_at at;
	struct nhdr h;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(bits); i++)
		conf_want_if_offered(c, bits[i]);
	open_wire(c, &w);
	for (i = 0; i < 60; i++) {
		want.v6 = i & 1;
		want.udp = i & 2;
		nf_build(frame, &want, &at);
		h = (struct nhdr){.flags = (uint8_t)(i % 3 ? NH_NEEDS_CSUM : conf_below(c, 256)),
				  .gso_type = (uint8_t)(i % 4 ? i % 8 : conf_below(c, 256)),
				  .hdr_len = (uint16_t)conf_random(c),
				  .gso_size = (uint16_t)(i % 5 ? conf_below(c, 1000) : 0),
				  .csum_start = (uint16_t)(i % 3 ? conf_below(c, 1000) : 0xfff0),
				  .csum_offset = (uint16_t)(i % 2 ? 16 : conf_random(c))};
		if (!nw_ready(&w, w.tx[0], 8))
			break;
		cring_submit(w.tx[0], nw_buffer(&w, &h, frame, at.len));
		conf_settle(c);
		while (cring_take(w.tx[0]))
			;
		cmem_verify(c, "after a header of nonsense");
	}
	conf_expect_idle(c);
}

static void no_segment_size(struct conf *c)
{
	struct nf_want want = {.payload = 3000, .sum = NF_SUM_PSEUDO};
	uint8_t frame[4096];
	struct nwire w;
	struct nf_at at;
	struct nhdr h;

	open_wire(c, &w);
	nf_build(frame, &want, &at);
	h = (struct nhdr){.flags = NH_NEEDS_CSUM,
			  .gso_type = NG_TCPV4,
			  .hdr_len = (uint16_t)at.payload,
			  .csum_start = (uint16_t)at.l4,
			  .csum_offset = 16};
	submit_bad(&w, nw_buffer(&w, &h, frame, at.len));
	conf_expect_idle(c);
}

static void csum_beyond(struct conf *c)
{
	struct nf_want want = {.payload = 100, .sum = NF_SUM_PSEUDO};
	static const uint16_t where[][2] = {{0xffff, 0xffff}, {34, 0xfffe}, {34, 119},
					    {153, 0},	      {154, 16},    {0xfff0, 0}};
	uint8_t frame[512];
	struct nwire w;
	struct nf_at at;
	unsigned i;

	nf_build(frame, &want, &at);
	for (i = 0; i < VOP_ARRAY_SIZE(where); i++) {
		struct nhdr h = {.flags = NH_NEEDS_CSUM,
				 .csum_start = where[i][0],
				 .csum_offset = where[i][1]};

		open_wire(c, &w);
		submit_bad(&w, nw_buffer(&w, &h, frame, at.len));
	}
	conf_expect_idle(c);
}

#define TEXT "text:device-types/net/description.tex:"

static const struct conf_check checks[] = {
	{"net/tx/joint", "header and frame in one piece are sent", TEXT "789", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, NET, .run = joint},
	{"net/tx/header-alone", "a header in a piece of its own is one", "2.7.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NET, .run = header_alone},
	{"net/tx/cut-anywhere", "two pieces that meet at any byte are sent as one run",
	 "2.7.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, .run = cut_anywhere},
	{"net/tx/header-bytes", "a header of one byte pieces is one", "2.7.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NET, .run = header_bytes},
	{"net/tx/sizes", "frames of all usual sizes are sent to the byte", TEXT "789", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, NET, .run = sizes},
	{"net/tx/unknown-flags", "bits of flags that mean nothing are ignored", "5.1.9.2.2:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_ANY, NET, .run = unknown_flags},
	{"net/tx/unused-csum", "csum_start and csum_offset are not used without NEEDS_CSUM",
	 "5.1.9.2.2:dev:2", CONF_MUST, CONF_CONFORMANCE, CONF_ANY, NET, .run = unused_csum},
	{"net/tx/unused-num-buffers", "num_buffers of a transmitted frame is not used", TEXT "787",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, NET, .run = unused_num_buffers},
	{"net/tx/unused-hdr-len", "hdr_len of a frame that is no segment is not relied upon",
	 TEXT "1019", CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, NET, .run = unused_hdr_len},
	{"net/tx/wrong-sum", "a frame with a wrong checksum is not called valid",
	 "5.1.9.2.2:dev:11 5.1.9.4.1:dev:18 5.1.9.4.1:dev:33", CONF_MUST, CONF_CONFORMANCE,
	 CONF_ANY, NET, .needs = {CONF_F(NF_GUEST_CSUM)}, .run = wrong_sum},
	{"net/tx/wrong-sum-untouched", "a wrong checksum stays as it is", TEXT "1052", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, NET, .run = wrong_sum},
	{"net/tx/short-header", "a buffer shorter than the header harms nobody", TEXT "548",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NET, .run = short_header},
	{"net/tx/header-only", "a header without a frame harms nobody", TEXT "548", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, NET, .run = header_only},
	{"net/tx/runts", "frames shorter than an Ethernet header harm nobody", TEXT "548",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, NET, .run = runts},
	{"net/tx/huge", "a frame longer than any harms nobody", TEXT "1077", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, NET, .run = huge},
	{"net/tx/writable-piece", "a writable piece in a transmit buffer harms nobody", TEXT "789",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NET, .run = writable_piece},
	{"net/tx/nonsense", "no header harms anybody", TEXT "548", CONF_TEXT, CONF_ROBUSTNESS,
	 CONF_ANY, NET, .run = nonsense},
	{"net/tx/no-segment-size", "gso_size 0 harms nobody", TEXT "728", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_ANY, NET, .needs = {CONF_F(NF_CSUM), CONF_F(NF_HOST_TSO4)},
	 .run = no_segment_size},
	{"net/tx/csum-beyond", "a checksum beyond the end harms nobody", TEXT "671", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_ANY, NET, .needs = {CONF_F(NF_CSUM)}, .run = csum_beyond},
};
CONF_SECTION(conf_section_net_tx, "5.1", "Network device: transmission", checks);
