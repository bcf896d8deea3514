/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.1.9.3, 5.1.9.4 Receiving: buffers, num_buffers, lengths, mergeable buffers. */
#include <string.h>

#include "conformance/net_frame.h"
#include "conformance/net_wire.h"
#include "conformance/sections.h"

#define NET 1

/* Frames of growing length, each into buffers of `len` bytes in `pieces` pieces. */
static void echo_all(struct nwire *w, unsigned n, uint32_t len, unsigned pieces)
{
	uint8_t frame[2048];
	unsigned i;

	for (i = 0; i < n; i++) {
		nw_fill(w, 0, 1, len, pieces);
		nw_echo(w, 0, frame, nf_plain(frame, NULL, 60 + i * 1454 / n, (uint8_t)i));
	}
}

static void one_buffer(struct conf *c)
{
	struct nwire w;

	nw_open(c, &w, 1);
	w.minds_count = true;
	echo_all(&w, 24, NW_USUAL, 1);
}

static void in_pieces(struct conf *c)
{
	struct nwire w;
	unsigned pieces;

	nw_open(c, &w, 1);
	for (pieces = 2; pieces <= 30; pieces += 4)
		echo_all(&w, 6, NW_USUAL, pieces);
}

/* A piece for each byte of the header, and one at every offset for the frame. */
static void header_bytes(struct conf *c)
{
	uint8_t frame[128];
	struct nwire w;
	struct cbuf *b;
	uint32_t i, at;

	nw_open(c, &w, 1);
	nf_plain(frame, NULL, 100, 9);
	b = cbuf_new(c);
	for (i = 0; i < w.hdr; i++)
		cbuf_in(c, b, 1);
	cbuf_in(c, b, NW_USUAL - w.hdr);
	cring_submit(w.rx[0], b);
	nw_echo(&w, 0, frame, 100);
	for (at = 1; at < 110; at++) {
		b = cbuf_new(c);
		cbuf_in(c, b, at);
		cbuf_in(c, b, NW_USUAL - at);
		cring_submit(w.rx[0], b);
		nw_echo(&w, 0, frame, 100);
	}
}

/* The buffer is as long as header and frame, and not a byte longer. */
static void just_fits(struct conf *c)
{
	uint8_t frame[2048];
	struct nwire w;
	uint32_t len;

	nw_open(c, &w, 1);
	for (len = 60; len < 1514; len += 101) {
		nw_fill(&w, 0, 1, w.hdr + len, 1 + len % 3);
		nw_echo(&w, 0, frame, nf_plain(frame, NULL, len, (uint8_t)len));
	}
}

/* A frame in a buffer is the entire one. Where it does not fit, the buffer may stay, or come back
 * without it. */
static void too_small(struct conf *c)
{
	uint8_t frame[512];
	struct nwire w;
	struct cbuf *b;
	unsigned i;

	nw_open(c, &w, 1);
	nf_plain(frame, NULL, 300, 7);
	for (i = 0; i < 3; i++) {
		nw_fill(&w, 0, 1, w.hdr + 299 - 100 * i, 1);
		nw_send(&w, 0, NULL, frame, 300);
		conf_settle(c);
		while ((b = cring_take(w.rx[0])) != NULL)
			CONF_EXPECT(c, b->used_len <= w.hdr,
				    "a frame of 300 bytes came into a buffer of %u, with length %u",
				    b->in_len, b->used_len);
		if (conf_status(c) & VOP_STATUS_NEEDS_RESET)
			return;
	}
	cmem_verify(c, "after frames longer than their buffers");
}

static void none_before(struct conf *c)
{
	uint8_t frame[128];
	struct nwire w;

	nw_open(c, &w, 1);
	nw_fill(&w, 0, 8, NW_USUAL, 2);
	nw_expect_none(&w, 0, "before a frame was sent");
	nw_echo(&w, 0, frame, nf_plain(frame, NULL, 100, 1));
	nw_expect_none(&w, 0, "after the last frame");
}

/* Frames that come while there is no buffer may be lost; those that are not are whole, and the
 * queue goes on with the buffers that come. */
static void without_buffers(struct conf *c)
{
	uint8_t frame[128];
	struct nwire w;
	struct nframe f;
	unsigned i;

	nw_open(c, &w, 1);
	for (i = 0; i < 8; i++)
		nw_send(&w, 0, NULL, frame, nf_plain(frame, NULL, 100, 1));
	conf_settle(c);
	nw_fill(&w, 0, 10, NW_USUAL, 1);
	conf_settle(c);
	nw_send(&w, 0, NULL, frame, nf_plain(frame, NULL, 101, 200));
	for (i = 0;; i++) {
		CONF_EXPECT(c, i <= 8 && nw_recv(&w, 0, &f),
			    "a frame that came when there were buffers again was not delivered");
		if (f.len == 101)
			break;
		nf_plain(frame, NULL, 100, 1);
		CONF_EXPECT(c, f.len == 100 && !memcmp(f.bytes, frame, 100),
			    "a frame that had to wait was changed");
	}
	nf_plain(frame, NULL, 101, 200);
	CONF_EXPECT(c, !memcmp(f.bytes, frame, 101), "a frame after the shortage was changed");
}

/* What no offload was negotiated for is not in the header. */
static void header_clean(struct conf *c)
{
	struct nf_want want = {.payload = 200};
	uint8_t frame[512];
	struct nwire w;
	struct nframe f;
	struct nf_at at;
	unsigned i;

	nw_open(c, &w, 1);
	nw_fill(&w, 0, 8, NW_USUAL, 1);
	for (i = 0; i < 8; i++) {
		want.v6 = i & 1;
		want.udp = i & 2;
		nf_build(frame, &want, &at);
		nw_send(&w, 0, NULL, frame, at.len);
		nw_expect(&w, 0, &f, frame, at.len);
		CONF_EXPECT(c, f.h.gso_type == NG_NONE,
			    "gso_type of a frame of %u bytes is %#x, not NONE", at.len,
			    f.h.gso_type);
	}
}

/* --- mergeable buffers --- */

/* Send a frame of len bytes and expect it in as many buffers as the sizes give. */
static void merged(struct nwire *w, uint32_t len, const uint32_t *size, unsigned n)
{
	uint8_t frame[8192];
	uint32_t room = 0;
	struct nframe f;
	unsigned i, want = 0;

	for (i = 0; i < n; i++) {
		if (room < w->hdr + len)
			want++;
		room += size[i];
		cring_add(w->rx[0], cbuf_cut(w->c, NULL, 0, size[i], 1 + i % 3));
	}
	cring_publish(w->rx[0]);
	cring_kick(w->rx[0]);
	nw_send(w, 0, NULL, frame, nf_plain(frame, NULL, len, (uint8_t)len));
	nw_expect(w, 0, &f, frame, len);
	CONF_EXPECT(w->c, f.buffers == want,
		    "a frame of %u bytes with its header is spread over %u buffers, and fills %u",
		    len + w->hdr, f.buffers, want);
}

static void mrg_one(struct conf *c)
{
	struct nwire w;

	nw_open(c, &w, 1);
	echo_all(&w, 24, NW_USUAL, 2);
}

static void mrg_several(struct conf *c)
{
	struct nwire w;
	uint32_t size[8], i, j;

	for (i = 2; i <= 8; i++) {
		nw_open(c, &w, 1);
		for (j = 0; j < i; j++)
			size[j] = 200;
		merged(&w, 200 * i - 50 - w.hdr, size, i);
		merged(&w, 200 * i - 51 - w.hdr, size, i);
	}
}

static void mrg_exact(struct conf *c)
{
	static const uint32_t size[4] = {300, 300, 300, 300};
	struct nwire w;
	int over;

	for (over = -1; over <= 1; over++) {
		nw_open(c, &w, 1);
		merged(&w, (uint32_t)(900 + over) - w.hdr, size, 4);
	}
}

static void mrg_mixed(struct conf *c)
{
	uint32_t size[12], sum = 0;
	struct nwire w;
	unsigned i, turn;

	for (turn = 0; turn < 6; turn++, sum = 0) {
		nw_open(c, &w, 1);
		for (i = 0; i < 12; i++)
			sum += size[i] = w.hdr + conf_below(c, 300);
		merged(&w, sum - w.hdr - conf_below(c, sum / 3), size, 12);
	}
}

/* 5.1.9.3.1: a buffer is at least as long as the header. */
static void mrg_smallest(struct conf *c)
{
	uint32_t size[12], i;
	struct nwire w;

	nw_open(c, &w, 1);
	for (i = 0; i < 12; i++)
		size[i] = w.hdr;
	merged(&w, 61, size, 12);
}

/* Many frames wait, with buffers for some of them only. */
static void mrg_queue(struct conf *c)
{
	uint8_t frame[2048];
	struct nwire w;
	struct nframe f;
	unsigned i;

	nw_open(c, &w, 1);
	nw_fill(&w, 0, 20, 256, 1);
	for (i = 0; i < 10; i++)
		nw_send(&w, 0, NULL, frame, nf_plain(frame, NULL, 100 + 90 * (i % 3), (uint8_t)i));
	for (i = 0; i < 10; i++)
		nw_expect(&w, 0, &f, frame, nf_plain(frame, NULL, 100 + 90 * (i % 3), (uint8_t)i));
}

/* Too few buffers for the frame: it waits or is lost; in part it never comes. */
static void mrg_short(struct conf *c)
{
	uint8_t frame[2048];
	struct nwire w;
	struct nframe f;

	nw_open(c, &w, 1);
	nw_fill(&w, 0, 3, 200, 1);
	nw_send(&w, 0, NULL, frame, nf_plain(frame, NULL, 1000, 3));
	nw_expect_none(&w, 0, "and the frame does not fit into all there are");
	nw_fill(&w, 0, 20, 200, 1);
	conf_settle(c);
	nw_send(&w, 0, NULL, frame, nf_plain(frame, NULL, 500, 4));
	CONF_EXPECT(c, nw_recv(&w, 0, &f), "with enough buffers no frame comes");
	nf_plain(frame, NULL, 1000, 3);
	if (f.len == 1000) {
		CONF_EXPECT(c, !memcmp(f.bytes, frame, 1000), "a frame that waited was changed");
		CONF_EXPECT(c, nw_recv(&w, 0, &f), "the frame behind it does not come");
	}
	nf_plain(frame, NULL, 500, 4);
	CONF_EXPECT(c, f.len == 500 && !memcmp(f.bytes, frame, 500),
		    "the frame behind one that had to wait was changed");
}

/* --- drivers that break rules --- */

static void bad_buffers(struct conf *c, uint32_t in, bool readable)
{
	uint8_t frame[2048];
	struct nwire w;
	struct cbuf *b;
	unsigned i;

	nw_open(c, &w, 1);
	for (i = 0; i < 4; i++) {
		b = cbuf_new(c);
		if (readable)
			cbuf_out(c, b, "0123456789", 10);
		if (in)
			cbuf_in(c, b, in);
		cring_add(w.rx[0], b);
	}
	cring_publish(w.rx[0]);
	cring_kick(w.rx[0]);
	conf_settle(c);
	for (i = 0; i < 3; i++)
		cring_submit(w.tx[0], nw_buffer(&w, NULL, frame, nf_plain(frame, NULL, 1000, 3)));
	conf_settle(c);
	cmem_verify(c, "after receive buffers that are none");
	conf_expect_idle(c);
}

static void no_room(struct conf *c)
{
	uint32_t len;

	for (len = 1; len < 12; len += 5)
		bad_buffers(c, len, false);
}

static void readable_piece(struct conf *c)
{
	bad_buffers(c, NW_USUAL, true);
	bad_buffers(c, 0, true);
}

/* The whole ring holds less than the frame. */
static void never_fits(struct conf *c)
{
	uint8_t frame[8192];
	struct nwire w;

	nw_open(c, &w, 1);
	nw_fill(&w, 0, w.rx[0]->size, 20, 1);
	cring_submit(w.tx[0], nw_buffer(&w, NULL, frame, nf_plain(frame, NULL, 4000, 3)));
	conf_settle(c);
	conf_expect_idle(c);
}

#define TEXT "text:device-types/net/description.tex:"
#define MRG  .needs = {CONF_F(NF_MRG_RXBUF)}

static const struct conf_check checks[] = {
	{"net/rx/one-buffer", "a frame lies in one buffer, and num_buffers is 1",
	 "5.1.9.3.2:dev:1 5.1.9.3.2:dev:2 5.1.9.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH,
	 NET, .run = one_buffer},
	{"net/rx/pieces", "a buffer of many pieces is one buffer",
	 "5.1.9.3.2:dev:1 5.1.9.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET,
	 .run = in_pieces},
	{"net/rx/header-bytes", "the header goes over pieces of any length", TEXT "1155", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, NET, .run = header_bytes},
	{"net/rx/just-fits", "a frame that just fits is delivered", TEXT "1154", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, NET, .run = just_fits},
	{"net/rx/too-small", "a frame that does not fit is not delivered in part", TEXT "1154",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, NET, .run = too_small},
	{"net/rx/none-before", "no buffer is used without a frame", TEXT "8", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, NET, .run = none_before},
	{"net/rx/without-buffers", "after a shortage of buffers frames come again", TEXT "8",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, NET, .run = without_buffers},
	{"net/rx/header-clean", "a header says nothing that was not negotiated",
	 "5.1.9.4.1:dev:5 5.1.9.4.1:dev:11 5.1.9.4.1:dev:12 5.1.9.4.1:dev:26 5.1.9.4.1:dev:30 "
	 "5.1.9.4.1:dev:39 5.1.9.4.1:dev:42",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, .run = header_clean},
	{"net/rx/header-clean-csum", "with GUEST_CSUM no other bit of flags is set",
	 "5.1.9.4.1:dev:12 5.1.9.4.1:dev:30 5.1.9.4.1:dev:39 5.1.9.4.1:dev:42", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, NET, .needs = {CONF_F(NF_GUEST_CSUM)}, .run = header_clean},
	{"net/rx/no-room", "buffers shorter than the header harm nobody", TEXT "548", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, NET, .run = no_room},
	{"net/rx/readable-piece", "readable pieces in receive buffers harm nobody", TEXT "8",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NET, .run = readable_piece},
	{"net/mrg/one", "a frame that fits into one buffer lies in one",
	 "5.1.9.4.1:dev:2 5.1.9.3.2:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, MRG,
	 .run = mrg_one},
	{"net/mrg/several", "a frame fills all of its buffers but the last one",
	 "5.1.9.4.1:dev:2 5.1.9.4.1:dev:3 5.1.9.4.1:dev:4 5.1.9.3.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, NET, MRG, .run = mrg_several},
	{"net/mrg/exact", "a frame that fills its buffers takes no other",
	 "5.1.9.4.1:dev:2 5.1.9.4.1:dev:3", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, MRG,
	 .run = mrg_exact},
	{"net/mrg/mixed", "buffers of several sizes are filled in turn",
	 "5.1.9.4.1:dev:2 5.1.9.4.1:dev:3 5.1.9.4.1:dev:4", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH,
	 NET, MRG, .run = mrg_mixed},
	{"net/mrg/smallest", "a buffer may hold the header and nothing else",
	 "5.1.9.4.1:dev:2 5.1.9.4.1:dev:3", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, MRG,
	 .run = mrg_smallest},
	{"net/mrg/queue", "frames one behind the other take buffers in turn",
	 "5.1.9.4.1:dev:2 5.1.9.4.1:dev:4", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, MRG,
	 .run = mrg_queue},
	{"net/mrg/short", "a frame that needs more buffers than there are never comes in part",
	 "5.1.9.4.1:dev:4", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, NET, MRG, .run = mrg_short},
	{"net/mrg/no-room", "mergeable buffers shorter than the header harm nobody", TEXT "548",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NET, MRG, .run = no_room},
	{"net/mrg/never-fits", "a frame longer than a whole ring harms nobody", TEXT "1147",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, NET, MRG, .run = never_fits},
};
CONF_SECTION(conf_section_net_rx, "5.1", "Network device: receiving", checks);
