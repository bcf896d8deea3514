/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lanes of a console device that sends back on port 0 what is transmitted there, and forgets it
 * at a reset (backend echo): tx, whose bytes are compared when they return, and rx, whose buffers
 * are filled by what is transmitted beside them.
 *
 * Bytes are a stream: a receive buffer may be filled partly, and where a request ends is nobody's
 * business. tx therefore sends records that tell themselves apart. rx sends as many bytes as the
 * buffer has room for, so that there are always bytes for every buffer.
 */
#include <string.h>

#include "conformance/con.h"
#include "conformance/lane.h"

#define BUFFERS	 32u
#define RX_BYTES 640u
#define TX_BACK	 2048u /* a receive buffer of the tx lane */
#define HEAD	 8u    /* of a record: two magic bytes, length, number */
#define MAGIC0	 0xc3
#define MAGIC1	 0x5e
#define WINDOW	 1024u /* numbers of requests under way differ modulo that */

struct console_state {
	struct con_ctl ctl;
	struct cring *other;
	/* tx: the record in hand, bytes of it; and which came back how often and were not asked
	 * about yet, by their number. */
	uint8_t head[HEAD];
	uint32_t have;
	uint16_t came[WINDOW];
	/* rx: the stream */
	uint64_t sent, got;
};
_Static_assert(sizeof(struct console_state) <= LANE_STATE, "fits");

static uint8_t byte_at(uint64_t at)
{
	return (uint8_t)(at * 167 ^ at >> 8 ^ at >> 13);
}

static void open_control(struct conf *c)
{
	struct console_state *s = conf_lane_state(c);

	if (conf_has(c, CON_MULTIPORT))
		con_ctl_open(c, &s->ctl);
}

/* With control queues bytes flow once the port is open. */
static void open_port(struct conf *c)
{
	struct console_state *s = conf_lane_state(c);

	if (!conf_has(c, CON_MULTIPORT))
		return;
	con_ctl_fill(&s->ctl);
	con_ctl_send(&s->ctl, 0, CON_DEVICE_READY, 1);
	con_ctl_added(&s->ctl, 0);
	con_ctl_port(&s->ctl, 0);
	con_ctl_settle(&s->ctl);
}

/* --- transmit --- */

static uint32_t record(uint64_t i, uint8_t *out)
{
	uint32_t len = 60 + (uint32_t)(i * 37 % 200), j;

	out[0] = MAGIC0;
	out[1] = MAGIC1;
	out[2] = (uint8_t)len;
	out[3] = (uint8_t)(len >> 8);
	for (j = 0; j < 4; j++)
		out[4 + j] = (uint8_t)(i >> (8 * j));
	for (j = HEAD; j < len; j++)
		out[j] = (uint8_t)(i * 31 + j * 7);
	return len;
}

static void tx_prepare(struct conf *c)
{
	struct console_state *s = conf_lane_state(c);

	s->other = cring_open(c, con_rxq(0),
			      VOP_MIN((uint16_t)BUFFERS, conf_queue_size_max(c, con_rxq(0))));
	open_control(c);
}

static void tx_begin(struct conf *c)
{
	struct console_state *s = conf_lane_state(c);

	while (s->other->room) {
		struct cbuf *b = cbuf_new(c);

		cbuf_in(c, b, TX_BACK);
		cring_add(s->other, b);
	}
	cring_publish(s->other);
	cring_kick(s->other);
	open_port(c);
}

static void tx_request(struct conf *c, uint64_t i, uint8_t *out, uint32_t *out_len,
		       uint32_t *in_len)
{
	(void)c;
	*out_len = record(i, out);
	*in_len = 0;
}

static uint64_t number_of(const struct console_state *s)
{
	return s->head[4] | s->head[5] << 8 | s->head[6] << 16 | (uint64_t)s->head[7] << 24;
}

/* One more byte of the stream. */
static void eat(struct conf *c, struct console_state *s, uint8_t got)
{
	uint8_t want[LANE_OUT_MAX];
	uint32_t len;
	uint64_t n;

	if (s->have < HEAD)
		s->head[s->have] = got;
	if (++s->have < HEAD)
		return;
	n = number_of(s);
	CONF_EXPECT(c, s->head[0] == MAGIC0 && s->head[1] == MAGIC1,
		    "bytes came back that do not begin what was sent");
	len = record(n, want);
	CONF_EXPECT(c, s->have > HEAD || memcmp(want, s->head, HEAD) == 0,
		    "request %llu came back with another head", (unsigned long long)n);
	CONF_EXPECT(c, s->have <= HEAD || got == want[s->have - 1],
		    "request %llu came back with 0x%02x at byte %u instead of 0x%02x",
		    (unsigned long long)n, got, s->have - 1, want[s->have - 1]);
	if (s->have < len)
		return;
	s->came[n % WINDOW]++;
	s->have = 0;
}

static void eat_buffer(struct conf *c, struct console_state *s, const struct cbuf *b)
{
	uint8_t bytes[TX_BACK];
	uint32_t i;

	CONF_EXPECT(c, b->used_len, "a receive buffer came back without a byte");
	cbuf_read(b, 0, bytes, b->used_len);
	for (i = 0; i < b->used_len; i++)
		eat(c, s, bytes[i]);
}

/* Everything that came back; the buffers go to the device again. */
static bool drain(struct conf *c, void *arg)
{
	struct console_state *s = arg;
	struct cbuf *b;
	bool any = false;

	while ((b = cring_next(s->other)) != NULL) {
		eat_buffer(c, s, b);
		cring_add(s->other, b);
		any = true;
	}
	if (any) {
		cring_publish(s->other);
		cring_kick(s->other);
	}
	return any;
}

/* A request may be handed over more than once: it comes back as often. */
static void tx_verify(struct conf *c, struct cbuf *b)
{
	struct console_state *s = conf_lane_state(c);
	uint16_t *came = &s->came[b->number % WINDOW];

	while (!*came)
		if (!conf_wait(c, drain, s))
			conf_fail(c, "request %llu was transmitted and did not come back",
				  (unsigned long long)b->number);
	--*came;
}

const struct lane conf_lane_console_tx = {
	.name = "console/tx",
	.device = CON_ID,
	.queue = 1,
	.reads = true,
	.ordered = true,
	.prepare = tx_prepare,
	.begin = tx_begin,
	.request = tx_request,
	.verify = tx_verify,
	.pieces = 2,
};

/* --- receive --- */

static void rx_prepare(struct conf *c)
{
	struct console_state *s = conf_lane_state(c);

	s->other = cring_open(c, con_txq(0),
			      VOP_MIN((uint16_t)64, conf_queue_size_max(c, con_txq(0))));
	open_control(c);
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

static void rx_trigger(struct conf *c, struct cbuf *b)
{
	struct console_state *s = conf_lane_state(c);
	struct cbuf *t = cbuf_new(c);
	uint8_t out[LANE_OUT_MAX];
	uint32_t n = VOP_MIN(b->in_len, LANE_OUT_MAX), i;

	/* Room is made by what was sent before. */
	if (s->other->room == 0)
		cring_wait_all(s->other);
	for (i = 0; i < n; i++)
		out[i] = byte_at(s->sent + i);
	s->sent += n;
	cbuf_out(c, t, out, n);
	cring_submit(s->other, t);
}

static void compare(struct conf *c, struct console_state *s, const struct cbuf *b)
{
	uint8_t bytes[LANE_OUT_MAX];
	uint32_t i, n = VOP_MIN(b->used_len, LANE_OUT_MAX);

	CONF_EXPECT(c, n, "a receive buffer came back without a byte");
	CONF_EXPECT(c, n <= s->sent - s->got, "%u bytes were received, and %llu were on their way",
		    n, (unsigned long long)(s->sent - s->got));
	cbuf_read(b, 0, bytes, n);
	for (i = 0; i < n; i++)
		CONF_EXPECT(c, bytes[i] == byte_at(s->got + i),
			    "byte %llu came back as 0x%02x instead of 0x%02x",
			    (unsigned long long)(s->got + i), bytes[i], byte_at(s->got + i));
	s->got += n;
}

/* A stream: everything that came back before it is looked at first. */
static void rx_verify(struct conf *c, struct cbuf *b)
{
	struct console_state *s = conf_lane_state(c);
	struct cbuf *i;

	while (b->listed && (i = cring_next(conf_ring(c))) != NULL)
		compare(c, s, i);
}

const struct lane conf_lane_console_rx = {
	.name = "console/rx",
	.device = CON_ID,
	.queue = 0,
	.writes = true,
	.ordered = true,
	.prepare = rx_prepare,
	.begin = open_port,
	.request = rx_request,
	.trigger = rx_trigger,
	.verify = rx_verify,
	.pieces = 2,
};
