/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lanes of a net device that sends every frame back (backend echo): tx, whose frames are
 * compared when they return, and rx, whose buffers are filled by what is transmitted beside them.
 */
#include <string.h>

#include "conformance/lane.h"
#include "conformance/net_wire.h"

#define NET_ID	 1
#define RXQ	 0
#define TXQ	 1
#define BUFFERS	 32u
#define RX_BYTES 640u
#define ETHERNET 14u
#define HEAD	 (NW_HDR_MAX + ETHERNET + 8) /* bytes that tell a frame's number */

/* Of both lanes: the other ring, and which frames came back. */
struct net_state {
	struct cring *other;
	struct cbuf *buf[BUFFERS]; /* tx: receive buffers that are at the device */
	uint64_t seen[16];	   /* tx: frames that came back and were not asked about yet */
	bool filled;		   /* tx: receive buffers were published before DRIVER_OK */
};

/* Frame number i: header, addresses, a number, and bytes that depend on it. */
static uint32_t frame(const struct conf *c, uint64_t i, uint8_t *out)
{
	static const uint8_t addresses[ETHERNET] = {2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 2, 0x88, 0xb5};
	uint32_t hdr = nw_header_size(c), len = 60 + (uint32_t)(i * 37 % 200), j;

	memset(out, 0, hdr);
	memcpy(out + hdr, addresses, ETHERNET);
	for (j = 0; j < 8; j++)
		out[hdr + ETHERNET + j] = (uint8_t)(i >> (8 * j));
	for (j = ETHERNET + 8; j < len; j++)
		out[hdr + j] = (uint8_t)(i * 31 + j * 7);
	return hdr + len;
}

static uint64_t number_of(const uint8_t *bytes)
{
	uint64_t i = 0;
	unsigned j;

	for (j = 0; j < 8; j++)
		i |= (uint64_t)bytes[ETHERNET + j] << (8 * j);
	return i;
}

/* A received frame is the one that was sent, to the byte (5.1.6.4). */
static void compare(struct conf *c, const struct cbuf *b, uint64_t want)
{
	uint8_t got[RX_BYTES + 1024], sent[LANE_OUT_MAX];
	uint32_t len = frame(c, want, sent), hdr = nw_header_size(c), j;

	CONF_EXPECT(c, b->used_len == len, "frame %llu has %u bytes with its header, not %u",
		    (unsigned long long)want, len, b->used_len);
	cbuf_read(b, 0, got, VOP_MIN(len, (uint32_t)sizeof(got)));
	for (j = hdr; j < len; j++)
		CONF_EXPECT(c, got[j] == sent[j],
			    "frame %llu came back with 0x%02x at byte %u instead of 0x%02x",
			    (unsigned long long)want, got[j], j - hdr, sent[j]);
}

/* --- transmit --- */

static void tx_prepare(struct conf *c)
{
	struct net_state *s = conf_lane_state(c);

	s->other = cring_open(c, RXQ, VOP_MIN((uint16_t)BUFFERS, conf_queue_size_max(c, RXQ)));
}

static void refill(struct conf *c, struct net_state *s, unsigned i)
{
	/* The same memory again, so that many thousands can pass. */
	if (!s->buf[i]) {
		s->buf[i] = cbuf_new(c);
		cbuf_in(c, s->buf[i], RX_BYTES);
	}
	cring_add(s->other, s->buf[i]);
}

static void tx_fill(struct conf *c)
{
	struct net_state *s = conf_lane_state(c);
	unsigned i;

	for (i = 0; i < s->other->size && i < BUFFERS; i++)
		refill(c, s, i);
	cring_publish(s->other);
	s->filled = true;
}

static void tx_begin(struct conf *c)
{
	struct net_state *s = conf_lane_state(c);

	if (!s->filled)
		tx_fill(c);
	s->filled = false;
	cring_kick(s->other);
}

static void tx_request(struct conf *c, uint64_t i, uint8_t *out, uint32_t *out_len,
		       uint32_t *in_len)
{
	*out_len = frame(c, i, out);
	*in_len = 0;
}

/* Take one frame that came back and check it; waits for it. */
static void take_frame(struct conf *c, struct net_state *s, uint64_t want)
{
	uint8_t head[HEAD];
	uint32_t hdr = nw_header_size(c);
	struct cbuf *b = NULL;
	unsigned i;
	uint64_t n;

	for (i = 0; i < BUFFERS && !b; i++)
		if (s->buf[i] && s->buf[i]->used)
			b = s->buf[i];
	if (!b) {
		for (i = 0; i < BUFFERS; i++)
			if (s->buf[i] && (!b || s->buf[i]->order < b->order))
				b = s->buf[i];
		if (!b || !cring_wait_maybe(s->other, b))
			conf_fail(c,
				  "frame %llu was sent and did not come back (the device has to "
				  "send back what is transmitted)",
				  (unsigned long long)want);
	}
	for (i = 0; s->buf[i] != b; i++)
		;
	CONF_EXPECT(c, b->used_len >= hdr + ETHERNET + 8, "a frame of %u bytes came back",
		    b->used_len);
	cbuf_read(b, 0, head, hdr + ETHERNET + 8);
	n = number_of(head + hdr);
	CONF_EXPECT(c, n < 64 * VOP_ARRAY_SIZE(s->seen), "a frame came back that was never sent");
	compare(c, b, n);
	s->seen[n / 64] |= 1ull << (n % 64);
	refill(c, s, i);
	cring_publish(s->other);
	cring_kick(s->other);
}

static void tx_verify(struct conf *c, struct cbuf *b)
{
	struct net_state *s = conf_lane_state(c);
	uint64_t n = b->number;

	while (!(s->seen[n / 64] >> (n % 64) & 1))
		take_frame(c, s, n);
	/* The buffer may be sent once more. */
	s->seen[n / 64] &= ~(1ull << (n % 64));
}

const struct lane conf_lane_net_tx = {
	.name = "net/tx",
	.device = NET_ID,
	.queue = TXQ,
	.reads = true,
	.ordered = true,
	.prepare = tx_prepare,
	.fill = tx_fill,
	.begin = tx_begin,
	.request = tx_request,
	.verify = tx_verify,
	.pieces = 2,
};

/* --- receive --- */

#define HELD 1024u

struct rx_state {
	struct cring *other;
	/* Frames that wait until their buffers are published: a device without a buffer may drop
	 * what comes, and many do. */
	uint32_t held[HELD];
	uint16_t after[HELD]; /* index that covers the buffer */
	unsigned n_held;
};
_Static_assert(sizeof(struct rx_state) <= LANE_STATE, "state of a lane");

static void rx_prepare(struct conf *c)
{
	struct rx_state *s = conf_lane_state(c);

	s->other = cring_open(c, TXQ, VOP_MIN((uint16_t)64, conf_queue_size_max(c, TXQ)));
}

static void rx_request(struct conf *c, uint64_t i, uint8_t *out, uint32_t *out_len,
		       uint32_t *in_len)
{
	(void)c;
	(void)i;
	(void)out;
	*out_len = 0;
	*in_len = RX_BYTES;
}

static void rx_send(struct conf *c, uint64_t number)
{
	struct rx_state *s = conf_lane_state(c);
	uint8_t out[LANE_OUT_MAX];
	uint32_t len = frame(c, number, out);
	struct cbuf *t = cbuf_new(c);

	/* Room is made by what was sent before. */
	if (s->other->room == 0)
		cring_wait_all(s->other);
	cbuf_out(c, t, out, len);
	cring_submit(s->other, t);
}

static void rx_trigger(struct conf *c, struct cbuf *b)
{
	struct rx_state *s = conf_lane_state(c);
	const struct cring *r = conf_ring(c);

	if (b->added && r && r->avail_idx != r->published && s->n_held < HELD) {
		s->after[s->n_held] = r->avail_idx;
		s->held[s->n_held++] = (uint32_t)b->number;
	} else {
		rx_send(c, b->number);
	}
}

static void rx_published(struct conf *c)
{
	struct rx_state *s = conf_lane_state(c);
	unsigned i, n = s->n_held;

	s->n_held = 0;
	for (i = 0; i < n; i++)
		rx_send(c, s->held[i]);
}

/* What the header must say is judged by the checks of 5.1.6.4: not every check of rings is about
 * it. */
static void rx_verify(struct conf *c, struct cbuf *b)
{
	compare(c, b, b->number);
}

const struct lane conf_lane_net_rx = {
	.name = "net/rx",
	.device = NET_ID,
	.queue = RXQ,
	.writes = true,
	.ordered = true,
	.prepare = rx_prepare,
	.request = rx_request,
	.trigger = rx_trigger,
	.published = rx_published,
	.verify = rx_verify,
	.pieces = 2,
};
