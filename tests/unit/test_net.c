/* SPDX-License-Identifier: BSD-2-Clause */
/* The net device against a driver of its own: frames, queues, requests, violations. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/net_rig.h"
#include "vop/vq_open.h"

#define RX	 0u
#define TX	 1u
#define HDR	 VOP_NET_HDR
#define RING_ALL (F(VOP_F_INDIRECT_DESC) | F(VOP_F_EVENT_IDX))

/* --- frames --- */

static uint32_t len_of(uint32_t n)
{
	static const uint32_t len[] = {60, 0, 1, 64, 1514, 17, 9014, 256, 4096, 333, 8190, 2};

	return len[n % VOP_ARRAY_SIZE(len)];
}

static uint8_t byte_of(uint32_t n, uint32_t at)
{
	return (uint8_t)(n * 31 + at * 7 + (at >> 8));
}

/* One frame in one of several shapes: whole, header apart, header in pieces, crumbs. */
static int send_frame(struct rig *r, unsigned q, uint32_t n, uint32_t len, unsigned shape,
		      uint32_t cookie)
{
	static const uint32_t cut[5][3] = {{0}, {HDR}, {5, 12}, {13, 40}, {1, 2, 11}};
	uint8_t *p = rig_buf(r, q, cookie);
	uint64_t bus = rig_bus(r, q, cookie);
	uint32_t all = len + HDR, from = 0, i;
	struct vop_buf b[4];
	unsigned k = 0;

	memset(p, 0, HDR);
	for (i = 0; i < len; i++)
		p[HDR + i] = byte_of(n, i);
	for (i = 0; i < 3; i++)
		if (cut[shape][i] > from && cut[shape][i] < all) {
			b[k++] = (struct vop_buf){bus + from, cut[shape][i] - from};
			from = cut[shape][i];
		}
	b[k++] = (struct vop_buf){bus + from, all - from};
	return vop_drvq_add_chain(&r->q[q].vq, b, k, 0, cookie);
}

struct traffic {
	unsigned pair;
	uint32_t frames;     /* to send */
	uint32_t sent, back; /* sent is also what was offered: a frame may wait */
	uint32_t rx_len;     /* of a receive buffer */
	bool free[RIG_BUFFERS];
	bool rx_split; /* receive buffers of three segments, the header in the first two */
	bool mergeable;
	uint8_t frame[RIG_BUFFER + 64]; /* being put together */
	uint32_t have;
	uint32_t left; /* buffers that belong to it yet */
	bool bad;
};

static void give_buffer(struct rig *r, struct traffic *t, uint32_t i)
{
	unsigned q = 2 * t->pair + RX;
	uint64_t bus = rig_bus(r, q, i);
	struct vop_buf b[3] = {{bus, t->rx_len}};
	unsigned k = 1;

	if (t->rx_split) {
		b[0].len = 7;
		b[1] = (struct vop_buf){bus + 7, 5 + i % 3};
		b[2] = (struct vop_buf){bus + 7 + b[1].len, t->rx_len - 7 - b[1].len};
		k = 3;
	}
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r->q[q].vq, b, 0, k, i), 0);
}

static void fill_rx(struct rig *r, struct traffic *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		give_buffer(r, t, i);
	rig_kick(r, 2 * t->pair + RX);
}

static void check_frame(struct traffic *t)
{
	uint32_t len = len_of(t->back), i;

	if (t->have != len)
		t->bad = true;
	for (i = 0; i < len && !t->bad; i++)
		if (t->frame[i] != byte_of(t->back, i))
			t->bad = true;
	t->back++;
	t->have = 0;
}

static void take_buffer(struct rig *r, struct traffic *t, const struct vop_done *d)
{
	const uint8_t *p = rig_buf(r, 2 * t->pair + RX, d->cookie);
	uint32_t skip = 0;

	if (t->left == 0) {
		static const uint8_t zero[10];

		skip = HDR;
		t->left = p[10] | (uint32_t)p[11] << 8;
		if (d->len < HDR || memcmp(p, zero, 10) != 0 || t->left == 0 ||
		    (!t->mergeable && t->left != 1))
			t->bad = true;
	}
	if (t->bad || t->have + d->len - skip > sizeof(t->frame)) {
		t->bad = true;
		return;
	}
	memcpy(t->frame + t->have, p + skip, d->len - skip);
	t->have += d->len - skip;
	/* All but the last are full (5.1.6.4.1). */
	if (--t->left && d->len != t->rx_len)
		t->bad = true;
	if (t->left == 0)
		check_frame(t);
}

static bool drive(struct rig *r, void *arg)
{
	struct traffic *t = arg;
	unsigned txq = 2 * t->pair + TX, rxq = 2 * t->pair + RX, n, i;
	struct vop_done done[16];

	n = vop_drvq_get(&r->q[txq].vq, done, 16);
	for (i = 0; i < n; i++)
		t->free[done[i].cookie] = true;
	while ((n = vop_drvq_get(&r->q[rxq].vq, done, 16)) > 0) {
		for (i = 0; i < n; i++) {
			take_buffer(r, t, &done[i]);
			if (t->bad)
				return true;
			give_buffer(r, t, done[i].cookie);
		}
		rig_kick(r, rxq);
	}
	for (i = 0; i < RIG_BUFFERS && t->sent < t->frames; i++) {
		if (!t->free[i])
			continue;
		if (send_frame(r, txq, t->sent, len_of(t->sent), t->sent % 5, i))
			break;
		t->free[i] = false;
		t->sent++;
	}
	rig_kick(r, txq);
	if (vop_drvq_broken(&r->q[txq].vq) || vop_drvq_broken(&r->q[rxq].vq))
		t->bad = true;
	return t->bad || t->back == t->frames;
}

static void start_traffic(struct rig *r, struct traffic *t, unsigned pair, uint32_t frames)
{
	bool mrg = r->cfg.want & F(VOP_NET_F_MRG_RXBUF);

	*t = (struct traffic){
		.pair = pair, .frames = frames, .mergeable = mrg, .rx_len = mrg ? 700 : RIG_BUFFER};
	memset(t->free, 1, sizeof(t->free));
}

static void echo_all(struct rig *r, unsigned pair, uint32_t frames, bool rx_split)
{
	struct traffic t;

	start_traffic(r, &t, pair, frames);
	t.rx_split = rx_split;
	fill_rx(r, &t, rx_split ? 16 : 48);
	CU_ASSERT_TRUE(rig_until(r, drive, &t));
	CU_ASSERT_FALSE(t.bad);
	CU_ASSERT_EQUAL(t.back, frames);
}

static void echo_once(const struct rig_config *base, uint64_t ring, bool rx_split)
{
	struct rig_config c = *base;
	struct vop_net_stats st;
	struct rig r;

	c.kind = RIG_ECHO;
	c.want |= ring;
	rig_open(&r, &c);
	rig_start(&r);
	echo_all(&r, 0, 400, rx_split);
	vop_net_get_stats(r.net, &st);
	CU_ASSERT_EQUAL(st.tx_frames, 400);
	CU_ASSERT_EQUAL(st.rx_frames, 400);
	CU_ASSERT_EQUAL(st.tx_bytes, st.rx_bytes);
	CU_ASSERT_EQUAL(st.violations, 0);
	rig_close(&r);
}

/* Both formats, every ring feature, mergeable or not, headers in pieces on both ways. */
static void test_echo_matrix(void)
{
	unsigned i;

	for (i = 0; i < 32; i++) {
		struct rig_config c = {
			.packed = i & 1,
			.want = i & 2 ? F(VOP_NET_F_MRG_RXBUF) : 0,
		};
		uint64_t ring = (i & 4 ? F(VOP_F_IN_ORDER) : 0) | (i & 8 ? RING_ALL : 0);

		echo_once(&c, ring, i & 16);
	}
}

static void test_echo_placement(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct rig_config c = {.packed = i == 0,
				       .placement = i < 2 ? VOP_RING_DEVICE : VOP_RING_POSTED};

		echo_once(&c, i == 3 ? RING_ALL : 0, false);
	}
}

/* A poller of its own that sleeps whenever it may: a wake-up that is lost hangs the test. */
static void test_echo_threads(void)
{
	unsigned i;

	for (i = 0; i < 24; i++) {
		struct rig_config c = {
			.packed = i & 1,
			.want = i & 2 ? F(VOP_NET_F_MRG_RXBUF) : 0,
			.thread = true,
			.notify = (enum vop_notify)(i / 8),
		};

		echo_once(&c, i & 4 ? RING_ALL : F(VOP_F_IN_ORDER), false);
	}
}

/* One frame at a time: the device sleeps before each. */
static void test_event_one_by_one(void)
{
	unsigned i, k;

	for (i = 0; i < 4; i++) {
		struct rig_config c = {.kind = RIG_ECHO,
				       .packed = i & 1,
				       .want = i & 2 ? RING_ALL : 0,
				       .thread = true,
				       .notify = VOP_NOTIFY_EVENT};
		struct traffic t;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		start_traffic(&r, &t, 0, 0);
		fill_rx(&r, &t, 4);
		for (k = 1; k <= 200; k++) {
			t.frames = k;
			CU_ASSERT_TRUE_FATAL(rig_until(&r, drive, &t));
		}
		CU_ASSERT_FALSE(t.bad);
		rig_close(&r);
	}
}

/* The driver runs out of receive buffers: frames wait, nothing is lost, the device sleeps. */
static void test_starved(void)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		struct rig_config c = {.kind = RIG_ECHO,
				       .packed = i & 1,
				       .want = i & 2 ? F(VOP_NET_F_MRG_RXBUF) : 0,
				       .thread = true,
				       .notify = VOP_NOTIFY_EVENT};
		struct vop_net_stats st;
		struct traffic t;
		struct rig r;
		unsigned k;

		rig_open(&r, &c);
		rig_start(&r);
		start_traffic(&r, &t, 0, 200);
		/* Nothing to receive into: the echo's store fills up, then the ring. */
		for (k = 0; k < 50; k++) {
			drive(&r, &t);
			rig_turn(&r);
		}
		CU_ASSERT_EQUAL(t.back, 0);
		vop_net_get_stats(r.net, &st);
		CU_ASSERT(st.rx_no_buffer > 0);
		fill_rx(&r, &t, 40);
		CU_ASSERT_TRUE(rig_until(&r, drive, &t));
		CU_ASSERT_FALSE(t.bad);
		CU_ASSERT_EQUAL(t.back, 200);
		rig_close(&r);
	}
}

/* --- back-pressure --- */

struct fussy {
	struct vop_net_backend echo;
	unsigned calls;
};

/* Takes none, then one, then two ... */
static unsigned fussy_tx(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct fussy *x = ctx;
	unsigned k = x->calls++ % 4;

	return x->echo.tx(x->echo.ctx, pair, f, VOP_MIN(k, n));
}
static unsigned fussy_lengths(void *ctx, unsigned pair, uint32_t *len, unsigned max)
{
	struct fussy *x = ctx;

	return x->echo.rx_lengths(x->echo.ctx, pair, len, VOP_MIN(max, 1 + x->calls % 3));
}
static void fussy_fill(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct fussy *x = ctx;

	x->echo.rx_fill(x->echo.ctx, pair, f, n);
}
static void fussy_reset(void *ctx)
{
	struct fussy *x = ctx;

	x->echo.reset(x->echo.ctx);
}
static void fussy_free(void *ctx)
{
	struct fussy *x = ctx;

	x->echo.free(x->echo.ctx);
}

static void test_back_pressure(void)
{
	unsigned i;

	for (i = 0; i < 8; i++) {
		struct fussy x = {.calls = 0};
		struct rig_config c = {
			.kind = RIG_OWN,
			.packed = i & 1,
			.want = (i & 2 ? F(VOP_NET_F_MRG_RXBUF) : 0) | F(VOP_F_IN_ORDER),
			.thread = i & 4,
			.notify = i & 4 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL,
			.own = {.ctx = &x,
				.tx = fussy_tx,
				.rx_lengths = fussy_lengths,
				.rx_fill = fussy_fill,
				.reset = fussy_reset,
				.free = fussy_free},
		};
		struct rig r;

		CU_ASSERT_EQUAL_FATAL(vop_net_backend_echo(&x.echo, 1), 0);
		rig_open(&r, &c);
		rig_start(&r);
		echo_all(&r, 0, 300, false);
		rig_close(&r);
	}
}

/* --- null and source --- */

struct tally {
	unsigned want, sent, done;
};

static bool flood(struct rig *r, void *arg)
{
	struct tally *t = arg;
	struct vop_done d[RIG_BUFFERS];

	t->done += vop_drvq_get(&r->q[TX].vq, d, RIG_BUFFERS);
	while (t->sent < t->want && t->sent - t->done < RIG_BUFFERS &&
	       send_frame(r, TX, t->sent, len_of(t->sent), 0, t->sent % RIG_BUFFERS) == 0)
		t->sent++;
	rig_kick(r, TX);
	return t->done == t->want;
}

static void test_null(void)
{
	for (unsigned i = 0; i < 2; i++) {
		/* In order, so that buffers come back in the order of their numbers. */
		struct rig_config c = {.kind = RIG_NULL, .packed = i, .want = F(VOP_F_IN_ORDER)};
		struct tally t = {.want = 1000};
		struct vop_net_stats st;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		CU_ASSERT_TRUE(rig_until(&r, flood, &t));
		vop_net_get_stats(r.net, &st);
		CU_ASSERT_EQUAL(st.tx_frames, 1000);
		CU_ASSERT_EQUAL(st.rx_frames, 0);
		rig_close(&r);
	}
}

struct numbers {
	uint64_t next;
	uint32_t size;
	bool bad;
};

static bool numbered(struct rig *r, void *arg)
{
	struct numbers *x = arg;
	struct vop_done d[16];
	unsigned n = vop_drvq_get(&r->q[RX].vq, d, 16), i, k;

	for (i = 0; i < n; i++) {
		const uint8_t *p = rig_buf(r, RX, d[i].cookie) + HDR;
		uint64_t number = 0;
		struct vop_buf b = {rig_bus(r, RX, d[i].cookie), RIG_BUFFER};

		for (k = 0; k < 8; k++)
			number |= (uint64_t)p[16 + k] << 8 * k;
		if (d[i].len != x->size + HDR || number != x->next++ || p[12] != 0x88 ||
		    p[13] != 0xb5 || p[x->size - 1] != 0)
			x->bad = true;
		vop_drvq_add(&r->q[RX].vq, &b, &d[i].cookie, 1, true);
	}
	rig_kick(r, RX);
	return x->bad || x->next >= 500;
}

static void test_source(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct rig_config c = {.kind = RIG_SOURCE,
				       .frame_size = i & 1 ? 60 : 9000,
				       .packed = i & 2,
				       .want = F(VOP_F_IN_ORDER),
				       .thread = true,
				       .notify = VOP_NOTIFY_EVENT};
		struct numbers x = {.size = c.frame_size};
		struct traffic t;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		start_traffic(&r, &t, 0, 0);
		fill_rx(&r, &t, 32);
		CU_ASSERT_TRUE(rig_until(&r, numbered, &x));
		CU_ASSERT_FALSE(x.bad);
		rig_close(&r);
	}
}

static void test_backend_arguments(void)
{
	struct vop_net_backend b;

	CU_ASSERT_EQUAL(vop_net_backend_source(&b, 23), -EINVAL);
	CU_ASSERT_EQUAL(vop_net_backend_source(&b, 1 << 20), -EINVAL);
	CU_ASSERT_EQUAL(vop_net_backend_echo(&b, 0), -EINVAL);
	CU_ASSERT_EQUAL(vop_net_backend_echo(&b, VOP_NET_PAIRS_MAX + 1), -EINVAL);
}

/* --- buffers that do not fit --- */

static bool three_back(struct rig *r, void *arg)
{
	unsigned *n = arg;
	struct vop_done d[4];
	unsigned i, got = vop_drvq_get(&r->q[RX].vq, d, 4);

	for (i = 0; i < got; i++)
		CU_ASSERT_EQUAL(d[i].len, 60 + HDR);
	*n += got;
	return *n >= 2;
}

/* Without mergeable buffers a frame that is too long is dropped and its buffer serves the next. */
static void test_too_small_for_the_frame(void)
{
	static const uint32_t len[] = {60, 2000, 60, 1000};

	for (unsigned i = 0; i < 4; i++) {
		struct rig_config c = {
			.kind = RIG_ECHO, .packed = i & 1, .want = i & 2 ? F(VOP_F_IN_ORDER) : 0};
		struct vop_net_stats st;
		struct traffic t;
		unsigned n = 0, k;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		start_traffic(&r, &t, 0, 0);
		t.rx_len = 128;
		fill_rx(&r, &t, 2);
		for (k = 0; k < 4; k++)
			CU_ASSERT_EQUAL(send_frame(&r, TX, k, len[k], 0, k), 0);
		rig_kick(&r, TX);
		CU_ASSERT_TRUE(rig_until(&r, three_back, &n));
		rig_turn(&r);
		three_back(&r, &n);
		CU_ASSERT_EQUAL(n, 2);
		vop_net_get_stats(r.net, &st);
		CU_ASSERT_EQUAL(st.rx_frames, 2);
		CU_ASSERT(st.rx_no_buffer > 0);
		CU_ASSERT_EQUAL(st.violations, 0);
		rig_close(&r);
	}
}

/* A frame that needs more mergeable buffers than the ring has is dropped, not waited for. */
static void test_hopeless_frame(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct rig_config c = {
			.kind = RIG_ECHO, .packed = i, .size = 4, .want = F(VOP_NET_F_MRG_RXBUF)};
		struct traffic t;
		unsigned n = 0;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		start_traffic(&r, &t, 0, 0);
		t.rx_len = 128;
		fill_rx(&r, &t, 4);
		CU_ASSERT_EQUAL(send_frame(&r, TX, 0, 2000, 0, 0), 0);
		CU_ASSERT_EQUAL(send_frame(&r, TX, 1, 60, 0, 1), 0);
		CU_ASSERT_EQUAL(send_frame(&r, TX, 2, 60, 0, 2), 0);
		rig_kick(&r, TX);
		CU_ASSERT_TRUE(rig_until(&r, three_back, &n));
		CU_ASSERT_EQUAL(n, 2);
		rig_close(&r);
	}
}

static bool one_back(struct rig *r, void *arg)
{
	struct traffic *t = arg;
	uint32_t before = t->back;
	struct vop_done d;

	while (!t->bad && vop_drvq_get(&r->q[RX].vq, &d, 1))
		take_buffer(r, t, &d);
	return t->bad || t->back != before;
}

/*
 * Receive buffers with a part to be read mean nothing, and must not shift what is written: the
 * device takes buffers a few at a time until the frame fits.
 */
static void test_readable_part(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct rig_config c = {
			.kind = RIG_ECHO, .packed = i, .want = F(VOP_NET_F_MRG_RXBUF)};
		struct traffic t;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		start_traffic(&r, &t, 0, 0);
		t.rx_len = 128;
		while (len_of(t.back) < 1000)
			t.back++;
		for (uint32_t k = 0; k < 20; k++) {
			uint64_t bus = rig_bus(&r, RX, k);
			struct vop_buf b[] = {{bus + t.rx_len, 8}, {bus, t.rx_len}};

			CU_ASSERT_EQUAL(vop_drvq_add_chain(&r.q[RX].vq, b, 1, 1, k), 0);
		}
		rig_kick(&r, RX);
		CU_ASSERT_EQUAL(send_frame(&r, TX, t.back, len_of(t.back), 0, 0), 0);
		rig_kick(&r, TX);
		CU_ASSERT_TRUE(rig_until(&r, one_back, &t));
		CU_ASSERT_FALSE(t.bad);
		rig_close(&r);
	}
}

/* --- reset --- */

static void test_reset_during_traffic(void)
{
	unsigned i, k;

	for (i = 0; i < 4; i++) {
		struct rig_config c = {.kind = RIG_ECHO,
				       .packed = i & 1,
				       .thread = true,
				       .notify = i & 2 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL};
		struct rig r;

		rig_open(&r, &c);
		for (k = 0; k < 12; k++) {
			struct traffic t;
			unsigned n;

			rig_start(&r);
			start_traffic(&r, &t, 0, 1u << 30);
			fill_rx(&r, &t, 20);
			for (n = 0; n < 3 * k; n++) {
				drive(&r, &t);
				rig_turn(&r);
			}
			drive(&r, &t);
			CU_ASSERT_FALSE(t.bad);
			rig_stop(&r);
		}
		/* It starts over: no frame of an earlier life comes back. */
		rig_start(&r);
		echo_all(&r, 0, 50, false);
		rig_close(&r);
	}
}

/* VIRTIO 1.4, 2.6.1: one queue is reset and comes back while the other goes on. */
static void test_queue_reset(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct rig_config c = {
			.kind = RIG_ECHO, .packed = i, .thread = true, .notify = VOP_NOTIFY_EVENT};
		struct tally x = {.want = 100};
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		CU_ASSERT_EQUAL(vop_drv_queue_reset(r.drv, RX, WAIT_MS), 0);
		vop_drvq_close(&r.q[RX].vq);
		r.q[RX].open = false;
		/* Nothing to receive into at all: frames are dropped, transmit goes on. */
		for (unsigned k = 0; k < 100; k++) {
			x.sent += send_frame(&r, TX, k, 60, 0, k % RIG_BUFFERS) == 0;
			rig_kick(&r, TX);
			rig_turn(&r);
			struct vop_done d[4];

			x.done += vop_drvq_get(&r.q[TX].vq, d, 4);
		}
		CU_ASSERT_EQUAL(x.sent, 100);
		CU_ASSERT(x.done > 50);
		while (vop_drvq_outstanding(&r.q[TX].vq)) {
			struct vop_done d[4];

			rig_turn(&r);
			vop_drvq_get(&r.q[TX].vq, d, 4);
		}
		CU_ASSERT_EQUAL(rig_queue(&r, RX), 0);
		echo_all(&r, 0, 100, false);
		rig_close(&r);
	}
}

/* How many buffers came back from the first receive queue. */
static unsigned any_back(struct rig *r, unsigned *n)
{
	struct vop_done d[16];

	return *n += vop_drvq_get(&r->q[RX].vq, d, 16);
}

static bool mtu_back(struct rig *r, void *arg)
{
	return any_back(r, arg) >= 3;
}

/* Frames longer than the MTU allows are dropped, whatever holds them; others are not (5.1.4.1). */
static void test_mtu(void)
{
	/* The rig's MTU is 9000; a VLAN tag may lie in front. */
	static const uint32_t len[] = {9018, 9019, 60, 9100, 60};

	for (unsigned i = 0; i < 8; i++) {
		struct rig_config c = {.kind = RIG_ECHO,
				       .packed = i & 1,
				       .want = (i & 2 ? F(VOP_NET_F_MRG_RXBUF) : 0) |
					       (i & 4 ? F(VOP_NET_F_MTU) : 0)};
		unsigned n = 0, want = i & 4 ? 3 : 5, k;
		struct traffic t;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		start_traffic(&r, &t, 0, 0);
		t.rx_len = RIG_BUFFER;
		fill_rx(&r, &t, 8);
		for (k = 0; k < 5; k++)
			CU_ASSERT_EQUAL(send_frame(&r, TX, k, len[k], 0, k), 0);
		rig_kick(&r, TX);
		CU_ASSERT_TRUE(rig_until(&r, mtu_back, &n));
		for (k = 0; k < 20; k++) {
			rig_turn(&r);
			any_back(&r, &n);
		}
		CU_ASSERT_EQUAL(n, want);
		rig_close(&r);
	}
}

/* --- the control queue --- */

static bool ctrl_done(struct rig *r, void *arg)
{
	unsigned q = *(unsigned *)arg;
	struct vop_done d;

	if (!vop_drvq_get(&r->q[q].vq, &d, 1))
		return false;
	CU_ASSERT_EQUAL(d.len, 1);
	return true;
}

/* Send a request in pieces of `cut` bytes; the answer. */
static int ctrl(struct rig *r, unsigned q, const void *req, unsigned len, unsigned cut)
{
	uint8_t *p = rig_buf(r, q, 0);
	struct vop_buf b[9];
	unsigned k = 0, at;

	memcpy(p, req, len);
	p[100] = 0xee;
	for (at = 0; at < len; at += cut)
		b[k++] = (struct vop_buf){rig_bus(r, q, 0) + at, VOP_MIN(cut, len - at)};
	b[k] = (struct vop_buf){rig_bus(r, q, 0) + 100, 1};
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r->q[q].vq, b, k, 1, 0), 0);
	rig_kick(r, q);
	CU_ASSERT_TRUE(rig_until(r, ctrl_done, &q));
	return p[100];
}

static int set_pairs(struct rig *r, unsigned q, uint16_t pairs)
{
	uint8_t req[4] = {4, 0, (uint8_t)pairs, (uint8_t)(pairs >> 8)};

	return ctrl(r, q, req, 4, 4);
}

static void test_multiqueue(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct rig_config c = {.kind = RIG_ECHO,
				       .packed = i & 1,
				       .pairs = 4,
				       .queues_open = 9,
				       .want = F(VOP_NET_F_MQ) | F(VOP_NET_F_CTRL_VQ),
				       .thread = true,
				       .notify = i & 2 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL};
		struct traffic t;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		/* Only the first pair is in use: what lies on another stays there. */
		start_traffic(&r, &t, 2, 20);
		fill_rx(&r, &t, 20);
		for (unsigned k = 0; k < 30; k++) {
			drive(&r, &t);
			rig_turn(&r);
		}
		CU_ASSERT_EQUAL(vop_drvq_outstanding(&r.q[5].vq), t.sent);
		CU_ASSERT_EQUAL(t.back, 0);
		CU_ASSERT_EQUAL(set_pairs(&r, 8, 4), 0);
		/* It was asleep and is asked for nothing new. */
		CU_ASSERT_TRUE(rig_until(&r, drive, &t));
		CU_ASSERT_FALSE(t.bad);
		for (unsigned p = 0; p < 4; p++)
			if (p != 2)
				echo_all(&r, p, 60, false);
		CU_ASSERT_EQUAL(set_pairs(&r, 8, 1), 0);
		rig_close(&r);
	}
}

static bool first_took(struct rig *r, void *arg)
{
	struct vop_done d[16];

	vop_drvq_get(&r->q[2 + TX].vq, d, 16);
	return any_back(r, arg) >= 20;
}

/* Frames for a receive queue that is being reset come to another one (5.1.9.5.6.2); with no buffers
 * there they are dropped, and the pairs go on. */
static void test_queue_reset_steers(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct rig_config c = {.kind = RIG_ECHO,
				       .packed = i,
				       .pairs = 2,
				       .queues_open = 5,
				       .want = F(VOP_NET_F_MQ) | F(VOP_NET_F_CTRL_VQ),
				       .thread = true,
				       .notify = VOP_NOTIFY_EVENT};
		unsigned n = 0, k;
		struct traffic t;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		CU_ASSERT_EQUAL(set_pairs(&r, 4, 2), 0);
		CU_ASSERT_EQUAL(vop_drv_queue_reset(r.drv, 2 + RX, WAIT_MS), 0);
		vop_drvq_close(&r.q[2 + RX].vq);
		r.q[2 + RX].open = false;
		start_traffic(&r, &t, 0, 0);
		fill_rx(&r, &t, 20);
		for (k = 0; k < 30; k++)
			CU_ASSERT_EQUAL(send_frame(&r, 2 + TX, k, 60, 0, k), 0);
		rig_kick(&r, 2 + TX);
		CU_ASSERT_TRUE(rig_until(&r, first_took, &n));
		CU_ASSERT_EQUAL(n, 20);
		/* Ten were dropped: what comes now is of its own pair. */
		while (vop_drvq_outstanding(&r.q[2 + TX].vq)) {
			rig_turn(&r);
			first_took(&r, &n);
		}
		echo_all(&r, 0, 60, false);
		CU_ASSERT_EQUAL(rig_queue(&r, 2 + RX), 0);
		echo_all(&r, 1, 60, false);
		rig_close(&r);
	}
}

static void test_ctrl_requests(void)
{
	static const uint8_t unknown_class[] = {77, 0, 1, 0}, unknown_command[] = {4, 1, 1, 0};
	static const uint8_t short_pairs[] = {4, 0, 1}, long_pairs[] = {4, 0, 1, 0, 0};
	static const uint8_t bare[] = {4, 0}, good[] = {4, 0, 2, 0};
	uint8_t flood_req[200] = {4, 0, 2, 0};

	for (unsigned i = 0; i < 2; i++) {
		struct rig_config c = {.kind = RIG_NULL,
				       .packed = i,
				       .pairs = 2,
				       .queues_open = 5,
				       .want = F(VOP_NET_F_MQ) | F(VOP_NET_F_CTRL_VQ) | RING_ALL};
		struct vop_net_stats st;
		struct rig r;

		rig_open(&r, &c);
		rig_start(&r);
		CU_ASSERT_EQUAL(set_pairs(&r, 4, 0), 1);
		CU_ASSERT_EQUAL(set_pairs(&r, 4, 3), 1);
		CU_ASSERT_EQUAL(set_pairs(&r, 4, 0x102), 1);
		CU_ASSERT_EQUAL(set_pairs(&r, 4, 2), 0);
		CU_ASSERT_EQUAL(ctrl(&r, 4, good, 4, 1), 0);
		CU_ASSERT_EQUAL(ctrl(&r, 4, unknown_class, 4, 4), 1);
		CU_ASSERT_EQUAL(ctrl(&r, 4, unknown_command, 4, 2), 1);
		CU_ASSERT_EQUAL(ctrl(&r, 4, short_pairs, 3, 3), 1);
		CU_ASSERT_EQUAL(ctrl(&r, 4, long_pairs, 5, 5), 1);
		CU_ASSERT_EQUAL(ctrl(&r, 4, bare, 2, 2), 1);
		CU_ASSERT_EQUAL(ctrl(&r, 4, flood_req, 90, 30), 1);
		vop_net_get_stats(r.net, &st);
		CU_ASSERT_EQUAL(st.violations, 0);
		rig_close(&r);
	}
}

/* Without MQ there is one pair, and the control queue comes right behind it (5.1.2). */
static void test_queue_layout(void)
{
	struct rig_config c = {.kind = RIG_NULL, .pairs = 4, .queues_open = 3};
	uint8_t conf[12], got;
	struct rig r;

	c.want = F(VOP_NET_F_CTRL_VQ);
	rig_open(&r, &c);
	CU_ASSERT_EQUAL(vop_drv_queue_count(r.drv), 9);
	rig_start(&r);
	CU_ASSERT_EQUAL(set_pairs(&r, 2, 1), 1); /* MQ was not negotiated */
	rig_stop(&r);

	/* No control queue: it does not exist. */
	r.cfg.want = 0;
	CU_ASSERT_EQUAL(drv_negotiate(r.drv, FULL_FEATURES), 0);
	CU_ASSERT_EQUAL(rig_queue(&r, 2), -EINVAL);
	CU_ASSERT_EQUAL(rig_queue(&r, 8), -EINVAL);

	/* MQ needs CTRL_VQ. */
	CU_ASSERT_EQUAL(drv_status(r.drv, 0, &got), 0);
	CU_ASSERT_NOT_EQUAL(drv_negotiate(r.drv, FULL_FEATURES | F(VOP_NET_F_MQ)), 0);

	/* mac, status, max_virtqueue_pairs, mtu; nothing behind them, and nothing is writable. */
	CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, 0, conf, 12, NULL), 0);
	CU_ASSERT_EQUAL(memcmp(conf, "\2\0\0\0\0\11\1\0\4\0\x28\x23", 12), 0);
	CU_ASSERT_NOT_EQUAL(vop_drv_config_read(r.drv, 0, conf, 13, NULL), 0);
	CU_ASSERT_EQUAL(drv_negotiate(r.drv, FULL_FEATURES), 0);
	CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 6, conf, 2, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(vop_net_set_link(r.net, false), 0);
	world_pump(&r.w);
	CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, 6, conf, 2, NULL), 0);
	CU_ASSERT_EQUAL(conf[0], 0);
	rig_close(&r);
}

static void test_features_off(void)
{
	struct rig_config c = {.kind = RIG_NULL, .pairs = 2, .off = F(VOP_NET_F_CTRL_VQ)};
	uint64_t f[2];
	struct rig r;

	rig_open(&r, &c);
	vop_drv_offered(r.drv, f);
	CU_ASSERT_FALSE(f[0] & F(VOP_NET_F_MQ)); /* it would need the control queue */
	CU_ASSERT_EQUAL(vop_drv_queue_count(r.drv), 4);
	rig_start(&r);
	rig_close(&r);
}

/* --- violations --- */

static bool needs_reset(struct rig *r, void *arg)
{
	(void)arg;
	return vop_drv_get_status(r->drv) & VOP_STATUS_NEEDS_RESET;
}

/* The device says so, names the reason, and works again after a reset. */
static void expect(struct rig *r, unsigned q, enum vop_violation why)
{
	unsigned changed = r->w.s[VOP_HOST].changed;
	struct vop_net_stats st;
	uint32_t count = 0, got = 0;

	CU_ASSERT_TRUE(rig_until(r, needs_reset, NULL));
	world_pump(&r->w);
	CU_ASSERT(r->w.s[VOP_HOST].changed > changed || r->w.s[VOP_HOST].changed > 0);
	vop_drv_queue_violations(r->drv, q, &count, &got);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_EQUAL(got, why);
	vop_net_get_stats(r->net, &st);
	CU_ASSERT_EQUAL(st.violations, 1);
	CU_ASSERT_EQUAL(st.last_violation, why);
	rig_stop(r);
	rig_start(r);
	if (r->cfg.kind == RIG_ECHO)
		echo_all(r, 0, 30, false);
}

static void violate(bool packed, bool thread, uint64_t want, unsigned q, const struct vop_buf *b,
		    unsigned nout, unsigned nin, enum vop_violation why)
{
	struct rig_config c = {.kind = RIG_ECHO,
			       .packed = packed,
			       .want = want | RING_ALL,
			       .queues_open = want & F(VOP_NET_F_CTRL_VQ) ? 3 : 2,
			       .thread = thread,
			       .notify = thread ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL};
	struct vop_buf own[4];
	struct rig r;

	rig_open(&r, &c);
	rig_start(&r);
	for (unsigned i = 0; i < nout + nin; i++) {
		own[i] = b[i];
		if (own[i].addr < RIG_BUFFER)
			own[i].addr += rig_bus(&r, q, 0);
	}
	CU_ASSERT_EQUAL(vop_drvq_add_chain(&r.q[q].vq, own, nout, nin, 0), 0);
	rig_kick(&r, q);
	if (q == RX) {
		/* A receive buffer is looked at when there is a frame for it. */
		CU_ASSERT_EQUAL(send_frame(&r, TX, 0, 100, 0, 0), 0);
		rig_kick(&r, TX);
	}
	expect(&r, q, why);
	rig_close(&r);
}

static void test_violations(void)
{
	static const struct vop_buf eleven = {0, 11}, pieces[3] = {{0, 4}, {4, 4}, {8, 3}};
	static const struct vop_buf nowhere = {UINT64_C(0xdead0000000), 100};
	static const struct vop_buf one = {0, 1}, two[2] = {{0, 1}, {100, 1}};
	static const struct vop_buf long_write[2] = {{0, 2}, {100, 1}};

	for (unsigned i = 0; i < 4; i++) {
		bool packed = i & 1, thread = i & 2;
		uint64_t mrg = F(VOP_NET_F_MRG_RXBUF), cvq = F(VOP_NET_F_CTRL_VQ);

		violate(packed, thread, 0, TX, &eleven, 1, 0, VOP_V_NET_HEADER);
		violate(packed, thread, 0, TX, pieces, 3, 0, VOP_V_NET_HEADER);
		violate(packed, thread, 0, TX, &eleven, 0, 1, VOP_V_NET_HEADER);
		violate(packed, thread, 0, TX, &nowhere, 1, 0, VOP_V_ADDR);
		violate(packed, thread, 0, RX, &eleven, 0, 1, VOP_V_NET_HEADER);
		violate(packed, thread, mrg, RX, &eleven, 0, 1, VOP_V_NET_HEADER);
		violate(packed, thread, 0, RX, long_write, 2, 0, VOP_V_NET_HEADER);
		violate(packed, thread, 0, RX, &nowhere, 0, 1, VOP_V_ADDR);
		violate(packed, thread, cvq, 2, &one, 1, 0, VOP_V_CTRL);
		violate(packed, thread, cvq, 2, two, 1, 1, VOP_V_CTRL);
		violate(packed, thread, cvq, 2, long_write, 2, 0, VOP_V_CTRL);
	}
}

int suite_net(void)
{
	CU_pSuite s = CU_add_suite("net", NULL, NULL);

	if (!s || !CU_add_test(s, "echo, every ring", test_echo_matrix) ||
	    !CU_add_test(s, "echo, rings at the device", test_echo_placement) ||
	    !CU_add_test(s, "echo, poller thread", test_echo_threads) ||
	    !CU_add_test(s, "events, one by one", test_event_one_by_one) ||
	    !CU_add_test(s, "no receive buffers", test_starved) ||
	    !CU_add_test(s, "back-pressure", test_back_pressure) ||
	    !CU_add_test(s, "null", test_null) || !CU_add_test(s, "source", test_source) ||
	    !CU_add_test(s, "backend arguments", test_backend_arguments) ||
	    !CU_add_test(s, "frame too long", test_too_small_for_the_frame) ||
	    !CU_add_test(s, "frame longer than the ring", test_hopeless_frame) ||
	    !CU_add_test(s, "receive buffers with a part to read", test_readable_part) ||
	    !CU_add_test(s, "reset during traffic", test_reset_during_traffic) ||
	    !CU_add_test(s, "queue reset", test_queue_reset) ||
	    !CU_add_test(s, "queue reset steers", test_queue_reset_steers) ||
	    !CU_add_test(s, "mtu", test_mtu) || !CU_add_test(s, "multiqueue", test_multiqueue) ||
	    !CU_add_test(s, "control requests", test_ctrl_requests) ||
	    !CU_add_test(s, "queues and config space", test_queue_layout) ||
	    !CU_add_test(s, "features left out", test_features_off) ||
	    !CU_add_test(s, "violations", test_violations))
		return CU_get_error();
	return 0;
}
