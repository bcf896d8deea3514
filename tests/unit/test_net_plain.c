/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The net device's short way for plain buffers (vop/dev/net_poll.c), and how it goes on the long
 * way: an echo behind a backend that counts which way frames come and takes as few as it likes.
 */
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/net_rig.h"

#define RX	 0u
#define TX	 1u
#define HDR	 VOP_NET_HDR
#define RING_ALL (F(VOP_F_INDIRECT_DESC) | F(VOP_F_EVENT_IDX))

/* --- the backend --- */

struct way {
	struct vop_net_backend echo;
	bool fussy;	   /* takes few frames, or none */
	bool shut;	   /* takes none */
	unsigned calls;	   /* of tx */
	bool short_room;   /* a plain buffer was too small for its frame */
	uint64_t plain[2]; /* frames that came the short way: receive, transmit */
	uint64_t lengthy[2];
};

static unsigned allowed(struct way *w, unsigned n)
{
	unsigned k = (++w->calls * 2654435761u >> 20) % 5;

	return w->shut ? 0 : w->fussy ? VOP_MIN(k, n) : n;
}

static unsigned way_tx(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct way *w = ctx;

	n = w->echo.tx(w->echo.ctx, pair, f, allowed(w, n));
	w->lengthy[TX] += n;
	return n;
}

static unsigned way_tx_plain(void *ctx, unsigned pair, const struct vop_plain *p, unsigned n)
{
	struct vop_net_frame f[VOP_NET_BATCH];
	struct vop_iov iov[VOP_NET_BATCH];
	struct way *w = ctx;

	n = allowed(w, n);
	for (unsigned i = 0; i < n; i++) {
		iov[i] = (struct vop_iov){.ptr = p[i].ptr, .len = p[i].len};
		f[i] = (struct vop_net_frame){.iov = &iov[i], .niov = 1, .len = p[i].len};
	}
	n = w->echo.tx(w->echo.ctx, pair, f, n);
	w->plain[TX] += n;
	return n;
}

static unsigned way_lengths(void *ctx, unsigned pair, uint32_t *len, unsigned max)
{
	struct way *w = ctx;

	return w->echo.rx_lengths(w->echo.ctx, pair, len,
				  w->fussy ? VOP_MIN(max, 1 + w->calls % 5) : max);
}

static void way_fill(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct way *w = ctx;

	for (unsigned i = 0; i < n; i++)
		w->lengthy[RX] += f[i].niov > 0;
	w->echo.rx_fill(w->echo.ctx, pair, f, n);
}

static void way_fill_plain(void *ctx, unsigned pair, const struct vop_plain *p, const uint32_t *len,
			   unsigned n)
{
	struct vop_net_frame f[VOP_NET_BATCH];
	struct vop_iov iov[VOP_NET_BATCH];
	struct way *w = ctx;

	for (unsigned i = 0; i < n; i++) {
		w->short_room |= p[i].len < len[i];
		iov[i] = (struct vop_iov){.ptr = p[i].ptr, .len = p[i].len};
		f[i] = (struct vop_net_frame){.iov = &iov[i], .niov = 1, .len = len[i]};
	}
	w->plain[RX] += n;
	w->echo.rx_fill(w->echo.ctx, pair, f, n);
}

static void way_reset(void *ctx)
{
	struct way *w = ctx;

	w->echo.reset(w->echo.ctx);
}

static void way_free(void *ctx)
{
	struct way *w = ctx;

	w->echo.free(w->echo.ctx);
}

static void open_way(struct rig *r, struct way *w, unsigned i, uint64_t want)
{
	struct rig_config c = {
		.kind = RIG_OWN,
		.packed = i & 1,
		.want = want | (i & 2 ? F(VOP_F_IN_ORDER) : 0) | (i & 4 ? RING_ALL : 0),
		.size = i & 1 && i & 4 ? 37 : 64,
		.own = {.ctx = w,
			.tx = way_tx,
			.tx_plain = way_tx_plain,
			.rx_lengths = way_lengths,
			.rx_fill = way_fill,
			.rx_fill_plain = way_fill_plain,
			.reset = way_reset,
			.free = way_free},
	};

	CU_ASSERT_EQUAL_FATAL(vop_net_backend_echo(&w->echo, 1), 0);
	rig_open(r, &c);
	rig_start(r);
}

/* --- the driver --- */

#define WAYS 8u /* both formats, with and without IN_ORDER, with and without the rest */

struct flow {
	uint32_t frames, sent, back;
	uint32_t window; /* frames on their way, at most; the echo is never full when all of them
			    find buffers */
	const uint32_t *len; /* of frame n: len[n % lens] */
	unsigned lens;
	uint32_t rx_len;
	unsigned tx_cut,
		rx_cut; /* every so manieth buffer is in pieces, the header apart; 0: none */
	bool merge;
	bool busy[RIG_BUFFERS];
	uint32_t given, have, left;
	uint8_t frame[RIG_BUFFER];
	bool bad;
};

static const uint32_t lens[] = {60, 1, 64, 1514, 17, 9014, 256, 4096, 333, 8190, 2};

static uint8_t byte_of(uint32_t n, uint32_t at)
{
	return (uint8_t)(n * 29 + at * 5 + (at >> 8));
}

static int send_frame(struct rig *r, const struct flow *f, uint32_t n, uint32_t i)
{
	uint32_t len = f->len[n % f->lens], cut = n % 3 ? HDR : 5;
	uint64_t bus = rig_bus(r, TX, i);
	struct vop_buf b[2] = {{bus, len + HDR}};
	uint8_t *p = rig_buf(r, TX, i);
	bool two = f->tx_cut && n % f->tx_cut == 0;

	memset(p, 0xee, HDR); /* nobody looks at it */
	for (uint32_t k = 0; k < len; k++)
		p[HDR + k] = byte_of(n, k);
	if (two) {
		b[0].len = cut;
		b[1] = (struct vop_buf){bus + cut, len + HDR - cut};
	}
	return vop_drvq_add_chain(&r->q[TX].vq, b, two ? 2 : 1, 0, i);
}

static void give(struct rig *r, struct flow *f, uint32_t i)
{
	struct vop_buf b[2] = {{rig_bus(r, RX, i), f->rx_len}};
	bool two = f->rx_cut && f->given % f->rx_cut == 0;

	if (two) {
		b[0].len = f->given % 3 ? HDR : 7;
		b[1] = (struct vop_buf){b[0].addr + b[0].len, f->rx_len - b[0].len};
	}
	memset(rig_buf(r, RX, i), 0xdd, HDR);
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r->q[RX].vq, b, 0, two ? 2 : 1, i), 0);
	f->given++;
}

static void give_all(struct rig *r, struct flow *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		give(r, f, i);
	rig_kick(r, RX);
}

static void take(struct rig *r, struct flow *f, const struct vop_done *d)
{
	static const uint8_t zero[10];
	const uint8_t *p = rig_buf(r, RX, d->cookie);
	uint32_t skip = f->left ? 0 : HDR, len;

	/* Those that fit into no buffer are dropped. */
	while (!f->merge && f->len[f->back % f->lens] + HDR > f->rx_len)
		f->back++;
	len = f->len[f->back % f->lens];
	if (skip) {
		f->left = p[10] | (uint32_t)p[11] << 8;
		f->bad |= d->len < HDR || memcmp(p, zero, 10) != 0 || f->left == 0 ||
			  (!f->merge && f->left != 1);
	}
	f->bad |= d->len > f->rx_len || f->have + d->len - skip > sizeof(f->frame);
	if (f->bad)
		return;
	memcpy(f->frame + f->have, p + skip, d->len - skip);
	f->have += d->len - skip;
	if (--f->left)
		return;
	f->bad |= f->have != len;
	for (uint32_t k = 0; k < len; k++)
		f->bad |= f->frame[k] != byte_of(f->back, k);
	f->back++;
	f->have = 0;
}

static bool drive(struct rig *r, void *arg)
{
	struct flow *f = arg;
	struct vop_done d[16];
	unsigned n, i;

	n = vop_drvq_get(&r->q[TX].vq, d, 16);
	for (i = 0; i < n; i++)
		f->busy[d[i].cookie] = false;
	n = vop_drvq_get(&r->q[RX].vq, d, 16);
	for (i = 0; i < n && !f->bad; i++) {
		take(r, f, &d[i]);
		give(r, f, d[i].cookie);
	}
	rig_kick(r, RX);
	for (i = 0; i < RIG_BUFFERS && f->sent < f->frames && f->sent - f->back < f->window; i++) {
		if (f->busy[i])
			continue;
		if (send_frame(r, f, f->sent, i))
			break;
		f->busy[i] = true;
		f->sent++;
	}
	rig_kick(r, TX);
	f->bad |= vop_drvq_broken(&r->q[TX].vq) || vop_drvq_broken(&r->q[RX].vq);
	return f->bad || f->back == f->frames;
}

static struct flow flow_of(uint32_t frames)
{
	return (struct flow){.frames = frames,
			     .window = RIG_BUFFERS,
			     .len = lens,
			     .lens = VOP_ARRAY_SIZE(lens),
			     .rx_len = RIG_BUFFER};
}

/* All come back, in order and whole, and the counters of the device say so. */
static void run(struct rig *r, const struct way *w, struct flow *f)
{
	struct vop_net_stats st;
	uint64_t bytes = 0;

	for (uint32_t n = 0; n < f->frames; n++)
		bytes += f->len[n % f->lens];
	give_all(r, f, 16);
	CU_ASSERT_TRUE(rig_until(r, drive, f));
	CU_ASSERT_FALSE(f->bad);
	CU_ASSERT_EQUAL(f->back, f->frames);
	CU_ASSERT_FALSE(w->short_room);
	vop_net_get_stats(r->net, &st);
	CU_ASSERT_EQUAL(st.tx_frames, f->frames);
	CU_ASSERT_EQUAL(st.rx_frames, f->frames);
	CU_ASSERT_EQUAL(st.tx_bytes, bytes);
	CU_ASSERT_EQUAL(st.rx_bytes, bytes);
	CU_ASSERT_EQUAL(st.violations, 0);
	CU_ASSERT_EQUAL(w->plain[TX] + w->lengthy[TX], f->frames);
	CU_ASSERT_EQUAL(w->plain[RX] + w->lengthy[RX], f->frames);
}

/* --- tests --- */

/* Plain buffers need nothing but the short way. */
static void test_all_plain(void)
{
	for (unsigned i = 0; i < WAYS; i++) {
		struct flow f = flow_of(500);
		struct way w = {0};
		struct rig r;

		f.window = 16;
		open_way(&r, &w, i, 0);
		run(&r, &w, &f);
		CU_ASSERT_EQUAL(w.plain[TX], 500);
		CU_ASSERT_EQUAL(w.plain[RX], 500);
		rig_close(&r);
	}
}

/* What the backend does not take waits, and nothing overtakes it. */
static void test_back_pressure(void)
{
	for (unsigned i = 0; i < WAYS; i++) {
		struct way w = {.fussy = true};
		struct flow f = flow_of(500);
		struct rig r;

		open_way(&r, &w, i, 0);
		run(&r, &w, &f);
		CU_ASSERT(w.plain[TX] > 0);
		CU_ASSERT(w.lengthy[TX] > 0);
		rig_close(&r);
	}
}

/* A turn in which all frames stay: they come again, the long way, also when no more are sent. */
static void test_nothing_taken(void)
{
	for (unsigned i = 0; i < WAYS; i++) {
		struct way w = {.shut = true};
		struct vop_net_stats st;
		struct flow f = flow_of(5);
		struct rig r;

		open_way(&r, &w, i, 0);
		for (unsigned k = 0; k < 5; k++) {
			drive(&r, &f);
			rig_turn(&r);
		}
		vop_net_get_stats(r.net, &st);
		CU_ASSERT_EQUAL(st.tx_frames, 0);
		CU_ASSERT_EQUAL(vop_drvq_outstanding(&r.q[TX].vq), 5);
		w.shut = false;
		run(&r, &w, &f);
		CU_ASSERT_EQUAL(w.lengthy[TX], 5);
		rig_close(&r);
	}
}

/* Chains, and headers apart or in pieces, among plain ones, on either way. */
static void test_mixed(void)
{
	for (unsigned i = 0; i < 4 * WAYS; i++) {
		struct way w = {.fussy = i & 16};
		struct flow f = flow_of(300);
		struct rig r;

		f.tx_cut = i & 8 ? 7 : 3;
		f.rx_cut = i & 8 ? 3 : 7;
		open_way(&r, &w, i % WAYS, 0);
		run(&r, &w, &f);
		CU_ASSERT(w.plain[TX] > 0);
		CU_ASSERT(w.lengthy[TX] >= 300 / f.tx_cut);
		CU_ASSERT(w.plain[RX] > 0);
		CU_ASSERT(w.lengthy[RX] >= 300 / f.rx_cut);
		rig_close(&r);
	}
}

/* A header and no frame: nothing plain about it. */
static void test_header_only(void)
{
	static const uint32_t len[] = {60, 0, 61};

	for (unsigned i = 0; i < WAYS; i++) {
		struct flow f = flow_of(300);
		struct way w = {0};
		struct rig r;

		f.len = len;
		f.lens = 3;
		open_way(&r, &w, i, 0);
		run(&r, &w, &f);
		CU_ASSERT_EQUAL(w.plain[RX], 300);
		CU_ASSERT(w.lengthy[TX] >= 100);
		rig_close(&r);
	}
}

/* Mergeable buffers: frames span several, the short way is for transmit only. */
static void test_mergeable(void)
{
	for (unsigned i = 0; i < WAYS; i++) {
		struct flow f = flow_of(300);
		struct way w = {0};
		struct rig r;

		f.merge = true;
		f.rx_len = 5000;
		f.window = 4;
		open_way(&r, &w, i, F(VOP_NET_F_MRG_RXBUF));
		run(&r, &w, &f);
		CU_ASSERT_EQUAL(w.plain[RX], 0);
		CU_ASSERT_EQUAL(w.plain[TX], 300);
		rig_close(&r);
	}
}

struct arrivals {
	unsigned n, want;
	uint32_t len[8];
	bool again; /* give buffers back */
};

static bool arrive(struct rig *r, void *arg)
{
	struct arrivals *a = arg;
	struct vop_done d[8];
	unsigned n = vop_drvq_get(&r->q[RX].vq, d, 8 - a->n);

	for (unsigned i = 0; i < n; i++)
		a->len[a->n++] = d[i].len - HDR;
	return a->n >= a->want;
}

/*
 * A frame that does not fit ends the short way wherever it stands. It is dropped, its buffer serves
 * the next frame, and what just fits is not dropped.
 */
static void test_too_long(void)
{
	static const uint32_t len[5][4] = {
		{60, 2000, 61, 62},   {2000, 60, 61, 62},     {60, 61, 62, 2000},
		{116, 117, 60, 2000}, {9000, 9000, 117, 116},
	};

	for (unsigned i = 0; i < WAYS; i++) {
		for (unsigned k = 0; k < VOP_ARRAY_SIZE(len); k++) {
			struct flow f = flow_of(4);
			struct arrivals a = {.want = 0};
			struct vop_net_stats st;
			struct way w = {0};
			uint32_t fit[4];
			struct rig r;
			unsigned n;

			f.len = len[k];
			f.lens = 4;
			f.rx_len = 128;
			for (n = 0; n < 4; n++)
				if (len[k][n] <= 116)
					fit[a.want++] = len[k][n];
			open_way(&r, &w, i, 0);
			give_all(&r, &f, 6);
			for (n = 0; n < 4; n++)
				CU_ASSERT_EQUAL(send_frame(&r, &f, n, n), 0);
			rig_kick(&r, TX);
			CU_ASSERT_TRUE(rig_until(&r, arrive, &a));
			for (n = 0; n < 4; n++)
				rig_turn(&r);
			arrive(&r, &a);
			CU_ASSERT_EQUAL(a.n, a.want);
			CU_ASSERT_EQUAL(memcmp(a.len, fit, a.want * sizeof(fit[0])), 0);
			CU_ASSERT_FALSE(w.short_room);
			CU_ASSERT_EQUAL(w.plain[RX] + w.lengthy[RX], a.want);
			vop_net_get_stats(r.net, &st);
			CU_ASSERT_EQUAL(st.rx_frames, a.want);
			CU_ASSERT(st.rx_no_buffer > 0);
			CU_ASSERT_EQUAL(st.violations, 0);
			/* None of the buffers is lost to the driver. */
			CU_ASSERT_EQUAL(vop_drvq_outstanding(&r.q[RX].vq), 6 - a.want);
			rig_close(&r);
		}
	}
}

/* The same in traffic that goes on, with chains and without: what was held serves what comes. */
static void test_drops_in_traffic(void)
{
	static const uint32_t len[] = {60, 2000, 61, 62, 100, 116, 117, 118, 20, 116, 9000, 5, 64};

	for (unsigned i = 0; i < 4 * WAYS; i++) {
		struct way w = {.fussy = i & 8};
		struct flow f = flow_of(39 * 10);
		struct vop_net_stats st;
		struct rig r;

		f.len = len;
		f.lens = VOP_ARRAY_SIZE(len);
		f.rx_len = 128;
		f.rx_cut = i & 16 ? 5 : 0;
		open_way(&r, &w, i % WAYS, 0);
		give_all(&r, &f, 24);
		CU_ASSERT_TRUE(rig_until(&r, drive, &f));
		CU_ASSERT_FALSE(f.bad);
		vop_net_get_stats(r.net, &st);
		CU_ASSERT_EQUAL(st.tx_frames, 390);
		CU_ASSERT_EQUAL(st.rx_frames, 30 * 9);
		CU_ASSERT_EQUAL(st.violations, 0);
		CU_ASSERT_FALSE(w.short_room);
		CU_ASSERT(w.plain[RX] > 0);
		CU_ASSERT(w.lengthy[RX] > 0);
		rig_close(&r);
	}
}

/* Fewer buffers than frames: the rest waits for more of them. */
static void test_starved(void)
{
	for (unsigned i = 0; i < WAYS; i++) {
		struct flow f = flow_of(30);
		struct way w = {0};
		struct rig r;

		open_way(&r, &w, i, 0);
		for (unsigned k = 0; k < 5; k++) {
			drive(&r, &f);
			rig_turn(&r);
		}
		CU_ASSERT_EQUAL(f.back, 0);
		for (uint32_t k = 0; k < 3; k++)
			give(&r, &f, 16 + k);
		run(&r, &w, &f);
		CU_ASSERT_EQUAL(w.plain[RX], 30);
		rig_close(&r);
	}
}

/* Reset while frames wait for the backend and buffers are held: nothing of that life comes back. */
static void test_reset(void)
{
	static const uint32_t too_long[] = {60, 2000, 2000};

	for (unsigned i = 0; i < WAYS; i++) {
		struct way w = {0};
		struct flow f = flow_of(3), g;
		struct vop_net_stats st;
		struct rig r;

		open_way(&r, &w, i, 0);
		f.len = too_long;
		f.lens = 3;
		f.rx_len = 128;
		/* One fits, two are in the way: buffers stay with the device. */
		give_all(&r, &f, 8);
		drive(&r, &f);
		rig_turn(&r);
		w.shut = true;
		f.frames = 9;
		drive(&r, &f);
		rig_turn(&r);
		CU_ASSERT_EQUAL(vop_drvq_outstanding(&r.q[TX].vq), 6);
		rig_stop(&r);

		w = (struct way){.echo = w.echo};
		rig_start(&r);
		g = flow_of(100);
		give_all(&r, &g, 16);
		CU_ASSERT_TRUE(rig_until(&r, drive, &g));
		CU_ASSERT_FALSE(g.bad);
		CU_ASSERT_EQUAL(g.back, 100);
		CU_ASSERT_EQUAL(w.plain[TX], 100);
		CU_ASSERT_EQUAL(w.plain[RX], 100);
		vop_net_get_stats(r.net, &st);
		CU_ASSERT_EQUAL(st.violations, 0);
		rig_close(&r);
	}
}

/* --- violations --- */

static bool needs_reset(struct rig *r, void *arg)
{
	(void)arg;
	return vop_drv_get_status(r->drv) & VOP_STATUS_NEEDS_RESET;
}

/* A bad buffer behind two good ones: those are served, then the reason is told. */
static void test_violations(void)
{
	static const struct {
		unsigned q;
		struct vop_buf b;
		enum vop_violation why;
	} bad[] = {
		{TX, {0, 11}, VOP_V_NET_HEADER},
		{TX, {UINT64_C(0xdead0000000), 100}, VOP_V_ADDR},
		{RX, {0, 11}, VOP_V_NET_HEADER},
		{RX, {UINT64_C(0xdead0000000), 100}, VOP_V_ADDR},
	};

	for (unsigned i = 0; i < WAYS * VOP_ARRAY_SIZE(bad); i++) {
		const unsigned at = i / WAYS, q = bad[at].q;
		struct vop_buf b = bad[at].b;
		struct flow f = flow_of(0);
		struct vop_net_stats st;
		uint32_t count = 0, got = 0;
		struct way w = {0};
		struct rig r;

		open_way(&r, &w, i % WAYS, 0);
		b.addr += b.addr ? 0 : rig_bus(&r, q, 20);
		for (uint32_t n = 0; n < 2; n++)
			give(&r, &f, n);
		if (q == RX)
			CU_ASSERT_EQUAL(vop_drvq_add_chain(&r.q[RX].vq, &b, 0, 1, 20), 0);
		rig_kick(&r, RX);
		for (uint32_t n = 0; n < 2 + (q == RX); n++)
			CU_ASSERT_EQUAL(send_frame(&r, &f, n, n), 0);
		if (q == TX)
			CU_ASSERT_EQUAL(vop_drvq_add_chain(&r.q[TX].vq, &b, 1, 0, 20), 0);
		rig_kick(&r, TX);
		CU_ASSERT_TRUE(rig_until(&r, needs_reset, NULL));
		vop_drv_queue_violations(r.drv, q, &count, &got);
		CU_ASSERT_EQUAL(count, 1);
		CU_ASSERT_EQUAL(got, bad[at].why);
		CU_ASSERT_EQUAL(w.plain[q], 2);
		vop_net_get_stats(r.net, &st);
		CU_ASSERT_EQUAL(st.violations, 1);
		CU_ASSERT_EQUAL(q == TX ? st.tx_frames : st.rx_frames, 2);
		rig_close(&r);
	}
}

int suite_net_plain(void)
{
	CU_pSuite s = CU_add_suite("net, the short way", NULL, NULL);

	if (!s || !CU_add_test(s, "all plain", test_all_plain) ||
	    !CU_add_test(s, "back-pressure", test_back_pressure) ||
	    !CU_add_test(s, "nothing taken", test_nothing_taken) ||
	    !CU_add_test(s, "chains among them", test_mixed) ||
	    !CU_add_test(s, "header only", test_header_only) ||
	    !CU_add_test(s, "mergeable", test_mergeable) ||
	    !CU_add_test(s, "frame too long", test_too_long) ||
	    !CU_add_test(s, "drops in traffic", test_drops_in_traffic) ||
	    !CU_add_test(s, "too few buffers", test_starved) ||
	    !CU_add_test(s, "reset", test_reset) || !CU_add_test(s, "violations", test_violations))
		return CU_get_error();
	return 0;
}
