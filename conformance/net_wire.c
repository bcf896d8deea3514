/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "conformance/net_wire.h"

#define RX_SIZE 64u
#define TX_SIZE 16u
#define AGAIN	8u

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* --- life --- */

/* 5.1.9: up to the last field that exists. */
uint32_t nw_header_size(const struct conf *c)
{
	if (conf_has(c, NF_OUT_NET_HEADER) || conf_has(c, NF_IPSEC))
		return 32;
	if (conf_has(c, NF_HOST_TUNNEL) || conf_has(c, NF_GUEST_TUNNEL))
		return 24;
	return conf_has(c, NF_HASH_REPORT) ? 20 : 12;
}

static struct cring *open_ring(struct conf *c, unsigned q, unsigned size)
{
	unsigned max = conf_queue_size_max(c, q);

	return cring_open(c, q, (uint16_t)VOP_MIN(size, max));
}

void nw_open(struct conf *c, struct nwire *w, unsigned pairs)
{
	unsigned there = 1, i;
	uint8_t b[2];

	conf_negotiate(c);
	*w = (struct nwire){.c = c, .pairs = pairs, .hdr = nw_header_size(c)};
	if (conf_has(c, NF_MQ)) {
		conf_config(c, NC_PAIRS, b, 2);
		there = get16(b);
	}
	if (there < pairs)
		conf_skip(c, "the device has %u queue pairs, this needs %u", there, pairs);
	for (i = 0; i < pairs; i++) {
		w->rx[i] = open_ring(c, 2 * i, RX_SIZE);
		w->tx[i] = open_ring(c, 2 * i + 1, TX_SIZE);
	}
	if (conf_has(c, NF_CTRL_VQ))
		w->ctrl = open_ring(c, 2 * there, TX_SIZE);
	conf_set_ring(c, w->rx[0]);
	conf_driver_ok(c);
}

bool nw_ready(struct nwire *w, const struct cring *r, unsigned fill)
{
	unsigned again = w->again + 1;

	if (!(conf_status(w->c) & VOP_STATUS_NEEDS_RESET) && r->room >= 4)
		return true;
	if (again > AGAIN)
		return false;
	nw_open(w->c, w, 1);
	w->again = again;
	nw_fill(w, 0, fill, NW_USUAL, 1);
	return true;
}

void nw_fill(struct nwire *w, unsigned pair, unsigned n, uint32_t len, unsigned pieces)
{
	struct cring *r = w->rx[pair];

	for (; n; n--)
		cring_add(r, cbuf_cut(w->c, NULL, 0, len, pieces ? pieces : 1));
	cring_publish(r);
	cring_kick(r);
}

/* --- transmit --- */

uint32_t nw_put_header(const struct nwire *w, const struct nhdr *h, uint8_t *out)
{
	memset(out, 0, NW_HDR_MAX);
	if (!h)
		return w->hdr;
	out[0] = h->flags;
	out[1] = h->gso_type;
	put16(out + 2, h->hdr_len);
	put16(out + 4, h->gso_size);
	put16(out + 6, h->csum_start);
	put16(out + 8, h->csum_offset);
	put16(out + 10, h->num_buffers);
	put16(out + 20, h->outer_th);
	put16(out + 22, h->inner_nh);
	return w->hdr;
}

struct cbuf *nw_buffer(struct nwire *w, const struct nhdr *h, const void *bytes, uint32_t len)
{
	uint8_t all[NW_HDR_MAX + NW_FRAME_MAX];
	uint32_t n = nw_put_header(w, h, all);
	struct cbuf *b = cbuf_new(w->c);

	if (len > NW_FRAME_MAX)
		conf_error(w->c, "a frame of %u bytes is too long for the checks", len);
	memcpy(all + n, bytes, len);
	cbuf_out(w->c, b, all, n + len);
	return b;
}

void nw_transmit(struct nwire *w, unsigned pair, struct cbuf *b)
{
	cring_submit(w->tx[pair], b);
	cring_wait(w->tx[pair], b);
}

void nw_send(struct nwire *w, unsigned pair, const struct nhdr *h, const void *bytes, uint32_t len)
{
	nw_transmit(w, pair, nw_buffer(w, h, bytes, len));
}

/* --- receive --- */

struct taking {
	struct cring *r;
	struct cbuf *b;
};

static bool take_any(struct conf *c, void *arg)
{
	struct taking *t = arg;

	(void)c;
	t->b = cring_take(t->r);
	return t->b != NULL;
}

/* 5.1.9.4.1: flags by what was negotiated. */
static void judge_flags(struct conf *c, const struct nhdr *h)
{
	CONF_EXPECT(c, conf_has(c, NF_GUEST_CSUM) || h->flags == 0,
		    "flags of a received frame is %#x without GUEST_CSUM", h->flags);
	CONF_EXPECT(c, conf_has(c, NF_RSC_EXT) || !(h->flags & NH_RSC_INFO),
		    "flags of a received frame is %#x: RSC_INFO without RSC_EXT", h->flags);
	CONF_EXPECT(c, conf_has(c, NF_GUEST_TUNNEL_CSUM) || !(h->flags & NH_TUNNEL_CSUM),
		    "flags of a received frame is %#x: UDP_TUNNEL_CSUM without its feature",
		    h->flags);
	CONF_EXPECT(c, conf_has(c, NF_IPSEC) || !(h->flags & (NH_SECURITY | NH_SECURITY_ERR)),
		    "flags of a received frame is %#x: security without IPSEC", h->flags);
}

static bool segment_allowed(const struct conf *c, uint8_t type)
{
	switch (type & 31) {
	case NG_TCPV4:
		return conf_has(c, NF_GUEST_TSO4);
	case NG_TCPV6:
		return conf_has(c, NF_GUEST_TSO6);
	case NG_UDP:
		return conf_has(c, NF_GUEST_UFO);
	case NG_UDP_L4:
		return conf_has(c, NF_GUEST_USO4) || conf_has(c, NF_GUEST_USO6);
	default:
		return false;
	}
}

static void judge_segment(struct conf *c, const struct nhdr *h)
{
	uint8_t type = h->gso_type;

	CONF_EXPECT(c, conf_has(c, NF_GUEST_TUNNEL) || !(type & (NG_TUNNEL4 | NG_TUNNEL6)),
		    "gso_type of a received frame is %#x: a tunnel without its feature", type);
	/* The ECN bit alone says nothing ("gso_type NONE or ECN"). */
	if ((type & ~NG_ECN) == NG_NONE)
		return;
	CONF_EXPECT(c, segment_allowed(c, type),
		    "gso_type of a received frame is %#x, for which no feature was negotiated",
		    type);
	CONF_EXPECT(c, h->flags & NH_NEEDS_CSUM,
		    "gso_type of a received frame is %#x, and NEEDS_CSUM is not set", type);
	CONF_EXPECT(c, h->gso_size != 0, "gso_type of a received frame is %#x, and gso_size is 0",
		    type);
	CONF_EXPECT(c,
		    !conf_has(c, NF_RSC_EXT) ||
			    ((type & 31) != NG_TCPV4 && (type & 31) != NG_TCPV6) ||
			    h->flags & NH_RSC_INFO,
		    "gso_type of a received frame is %#x, and RSC_INFO is not set", type);
}

static void judge(struct nwire *w, struct nhdr *h)
{
	struct conf *c = w->c;

	/* One check is about this; the others have their own business. */
	if (!conf_has(c, NF_MRG_RXBUF) && !w->minds_count)
		h->num_buffers = 1;
	judge_flags(c, h);
	judge_segment(c, h);
	CONF_EXPECT(c, h->num_buffers >= 1, "num_buffers of a received frame is 0");
	CONF_EXPECT(c, conf_has(c, NF_MRG_RXBUF) || h->num_buffers == 1,
		    "num_buffers of a received frame is %u without MRG_RXBUF", h->num_buffers);
	/* The first word that can be wrong in a buffer nobody wrote. */
	CONF_EXPECT(c, h->num_buffers <= w->rx[0]->size,
		    "num_buffers of a received frame is %u, and there are not so many buffers",
		    h->num_buffers);
}

static void read_header(struct nwire *w, const struct cbuf *b, struct nhdr *h)
{
	uint8_t in[NW_HDR_MAX] = {0};

	CONF_EXPECT(w->c, b->used_len >= w->hdr,
		    "a receive buffer was used with %u bytes, fewer than the header has",
		    b->used_len);
	cbuf_read(b, 0, in, w->hdr);
	h->flags = in[0];
	h->gso_type = in[1];
	h->hdr_len = get16(in + 2);
	h->gso_size = get16(in + 4);
	h->csum_start = get16(in + 6);
	h->csum_offset = get16(in + 8);
	h->num_buffers = get16(in + 10);
	h->outer_th = get16(in + 20);
	h->inner_nh = get16(in + 22);
	conf_note(w->c,
		  "received header: flags %#x gso_type %#x hdr_len %u gso_size %u csum %u+%u "
		  "num_buffers %u",
		  h->flags, h->gso_type, h->hdr_len, h->gso_size, h->csum_start, h->csum_offset,
		  h->num_buffers);
}

static void append(struct nwire *w, struct nframe *f, const struct cbuf *b, uint32_t from)
{
	uint32_t len = b->used_len - from;

	CONF_EXPECT(w->c, f->len + len <= NW_FRAME_MAX, "a frame of more than %u bytes came",
		    NW_FRAME_MAX);
	cbuf_read(b, from, f->bytes + f->len, len);
	f->len += len;
}

bool nw_recv(struct nwire *w, unsigned pair, struct nframe *f)
{
	struct taking t = {.r = w->rx[pair]};
	struct conf *c = w->c;

	f->len = 0;
	if (!conf_wait(c, take_any, &t))
		return false;
	read_header(w, t.b, &f->h);
	judge(w, &f->h);
	append(w, f, t.b, w->hdr);
	for (f->buffers = 1; f->buffers < f->h.num_buffers; f->buffers++) {
		CONF_EXPECT(c, t.b->used_len == t.b->in_len,
			    "buffer %u of %u of a frame has %u of %u bytes, and is not the last",
			    f->buffers, f->h.num_buffers, t.b->used_len, t.b->in_len);
		t.b = cring_take(w->rx[pair]);
		CONF_EXPECT(c, t.b, "num_buffers is %u, and only %u of the buffers are used by now",
			    f->h.num_buffers, f->buffers);
		append(w, f, t.b, 0);
	}
	CONF_EXPECT(c, f->buffers == 1 || t.b->used_len,
		    "the last of %u buffers of a frame holds nothing of it", f->buffers);
	return true;
}

void nw_expect(struct nwire *w, unsigned pair, struct nframe *f, const void *bytes, uint32_t len)
{
	const uint8_t *want = bytes;
	uint32_t i;

	if (!nw_recv(w, pair, f))
		conf_fail(w->c, "a frame of %u bytes was sent, and did not come back", len);
	CONF_EXPECT(w->c, f->len == len, "a frame of %u bytes came back with %u", len, f->len);
	for (i = 0; i < len; i++)
		CONF_EXPECT(w->c, f->bytes[i] == want[i],
			    "byte %u of a frame of %u bytes was 0x%02x, and came back as 0x%02x", i,
			    len, want[i], f->bytes[i]);
}

void nw_echo(struct nwire *w, unsigned pair, const void *bytes, uint32_t len)
{
	struct nframe f;

	nw_send(w, pair, NULL, bytes, len);
	nw_expect(w, pair, &f, bytes, len);
}

void nw_expect_none(struct nwire *w, unsigned pair, const char *why)
{
	conf_settle(w->c);
	CONF_EXPECT(w->c, !cring_take(w->rx[pair]), "a receive buffer was used: %s", why);
}

/* --- control --- */

uint8_t nw_ctrl(struct nwire *w, uint8_t class, uint8_t command, const void *data, uint32_t len)
{
	uint8_t out[2048] = {class, command}, ack = 0;
	struct cbuf *b = cbuf_new(w->c);

	if (!w->ctrl)
		conf_error(w->c, "a control request without a control queue");
	if (len)
		memcpy(out + 2, data, len);
	cbuf_out(w->c, b, out, 2 + len);
	cbuf_in(w->c, b, 1);
	cring_submit(w->ctrl, b);
	cring_wait(w->ctrl, b);
	cbuf_read(b, 0, &ack, 1);
	conf_note(w->c, "control class %u command %u, %u bytes: answer %u", class, command, len,
		  ack);
	CONF_EXPECT(w->c, b->used_len == 1, "a control request was answered with %u bytes",
		    b->used_len);
	CONF_EXPECT(w->c, ack == NCTRL_OK || ack == NCTRL_ERR,
		    "the answer to class %u command %u is %u, neither OK nor ERR", class, command,
		    ack);
	return ack;
}

void nw_ctrl_ok(struct nwire *w, uint8_t class, uint8_t command, const void *data, uint32_t len)
{
	uint8_t ack = nw_ctrl(w, class, command, data, len);

	CONF_EXPECT(w->c, ack == NCTRL_OK, "class %u command %u is answered with an error", class,
		    command);
}

void nw_ctrl_byte(struct nwire *w, uint8_t class, uint8_t command, uint8_t v)
{
	nw_ctrl_ok(w, class, command, &v, 1);
}

void nw_ctrl_16(struct nwire *w, uint8_t class, uint8_t command, uint16_t v)
{
	uint8_t b[2];

	put16(b, v);
	nw_ctrl_ok(w, class, command, b, 2);
}

void nw_mac(struct conf *c, uint8_t mac[6])
{
	static const uint8_t usual[6] = {2, 0, 0, 0, 1, 1};

	memcpy(mac, usual, 6);
	if (conf_has(c, NF_MAC))
		conf_config(c, NC_MAC, mac, 6);
}
