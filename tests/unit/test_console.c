/* SPDX-License-Identifier: BSD-2-Clause */
/* The console device against a driver of its own: bytes of a port, emergency write, violations. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/unit/console_rig.h"

#define RX 0u
#define TX 1u

/* --- bytes --- */

static uint8_t byte_of(uint32_t n)
{
	return (uint8_t)(n * 7 + (n >> 8) * 13);
}

struct stream {
	uint32_t sent, back; /* bytes */
	bool free[DEV_RIG_BUFFERS];
	unsigned shape;
};

/* The next len bytes, in one of several shapes. */
static void send(struct dev_rig *r, struct stream *s, unsigned i, uint32_t len)
{
	uint8_t *p = dev_rig_buf(r, TX, i);
	struct vop_buf b[3];
	unsigned k = 0;
	uint32_t at, cut = 0;

	for (at = 0; at < len; at++)
		p[at] = byte_of(s->sent + at);
	for (at = 0; at < len; at += cut) {
		cut = k == 2 || s->shape == 0 ? len - at : VOP_MIN(len - at, s->shape * 5);
		b[k++] = (struct vop_buf){dev_rig_bus(r, TX, i) + at, cut};
	}
	if (vop_drvq_add_chain(&r->q[TX].vq, b, k, 0, i))
		return;
	s->shape = (s->shape + 1) % 3;
	s->free[i] = false;
	s->sent += len;
}

/* Until all bytes are back; whether each is what it was. */
static bool stream(struct dev_rig *r, uint32_t bytes, uint32_t rx_len)
{
	struct stream s = {0};
	struct vop_done d;
	unsigned i, idle;

	memset(s.free, 1, sizeof(s.free));
	for (i = 0; i < 8; i++)
		dev_rig_give(r, RX, i, rx_len, true);
	for (idle = 0; s.back < bytes && idle < 100000; idle++) {
		for (i = 0; i < DEV_RIG_BUFFERS && s.sent < bytes; i++)
			if (s.free[i])
				send(r, &s, i, VOP_MIN(1 + s.sent % 4000, bytes - s.sent));
		dev_rig_kick(r, TX);
		while (vop_drvq_get(&r->q[TX].vq, &d, 1)) {
			if (d.len != 0)
				return false;
			s.free[d.cookie] = true;
		}
		while (vop_drvq_get(&r->q[RX].vq, &d, 1)) {
			if (d.len == 0 || d.len > rx_len)
				return false;
			for (i = 0; i < d.len; i++)
				if (dev_rig_buf(r, RX, d.cookie)[i] != byte_of(s.back++))
					return false;
			dev_rig_give(r, RX, d.cookie, rx_len, true);
			idle = 0;
		}
		dev_rig_turn(r);
	}
	return s.back == bytes && !vop_drvq_broken(&r->q[TX].vq);
}

/* Both formats, every ring feature, every way to wait, with and without control queues. */
static void test_echo(void)
{
	for (unsigned i = 0; i < 48; i++) {
		struct dev_rig_config c = {
			.packed = i & 1,
			.want = (i & 2 ? F(VOP_F_IN_ORDER) : 0) | (i & 4 ? RING_ALL : 0),
			.thread = i & 8,
			.notify = (enum vop_notify)(i / 16),
			.queues_open = 3,
		};
		struct vop_console_stats st;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 1});
		dev_rig_start(&r);
		CU_ASSERT_TRUE(stream(&r, 100000, i & 2 ? 100 : 4096));
		vop_console_get_stats(r.type, &st);
		CU_ASSERT_EQUAL(st.tx_bytes, 100000);
		CU_ASSERT_EQUAL(st.rx_bytes, 100000);
		CU_ASSERT_EQUAL(st.violations, 0);
		dev_rig_close(&r);
	}
}

/* Nothing to receive into: 64 KiB wait, then transmit buffers do; nothing is lost, nobody spins. */
static void test_starved(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = {.packed = i & 1,
					   .want = i & 2 ? RING_ALL : 0,
					   .thread = true,
					   .notify = VOP_NOTIFY_EVENT,
					   .buffer = 8192,
					   .queues_open = 3};
		struct vop_console_stats st;
		uint32_t back = 0, k;
		struct vop_done d;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 1});
		dev_rig_start(&r);
		for (k = 0; k < 12; k++) {
			for (unsigned n = 0; n < 8192; n++)
				dev_rig_buf(&r, TX, k)[n] = byte_of(8192 * k + n);
			dev_rig_give(&r, TX, k, 8192, false);
		}
		for (k = 0; k < 8; k++)
			CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, TX, &d));
		CU_ASSERT_TRUE(dev_rig_none(&r, TX));
		vop_console_get_stats(r.type, &st);
		CU_ASSERT_EQUAL(st.tx_bytes, 65536);
		CU_ASSERT(st.rx_no_buffer > 0);
		/* No room: it is lost, and nothing else with it. */
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 8, "!", 1, WAIT_MS), 0);
		while (back < 12 * 8192u) {
			dev_rig_give(&r, RX, 0, 5000, true);
			CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, RX, &d));
			for (k = 0; k < d.len; k++)
				if (dev_rig_buf(&r, RX, 0)[k] != byte_of(back++))
					CU_FAIL_FATAL("a byte that was not sent");
		}
		for (k = 0; k < 4; k++)
			CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, TX, &d));
		dev_rig_close(&r);
	}
}

/* An empty buffer is one, and a sink gives nothing back. */
static void test_null(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct dev_rig_config c = {.packed = i, .buffer = 300000, .queues_open = 3};
		struct vop_console_stats st;
		struct vop_done d;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 1, .null = true});
		dev_rig_start(&r);
		dev_rig_give(&r, RX, 0, 100, true);
		dev_rig_give(&r, TX, 0, 300000, false);
		dev_rig_give(&r, TX, 1, 1, false);
		for (unsigned k = 0; k < 2; k++) {
			CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, TX, &d));
			CU_ASSERT_EQUAL(d.cookie, k);
			CU_ASSERT_EQUAL(d.len, 0);
		}
		CU_ASSERT_TRUE(dev_rig_none(&r, RX));
		vop_console_get_stats(r.type, &st);
		CU_ASSERT_EQUAL(st.tx_bytes, 300001);
		dev_rig_close(&r);
	}
}

/* What was in hand is forgotten with the queue, what waits with the device. */
static void test_resets(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = {.packed = i & 1,
					   .notify = i & 2 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL,
					   .buffer = 70000,
					   .queues_open = 3};
		struct vop_done d;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 1});
		dev_rig_start(&r);
		/* More than can wait: the buffer is held. */
		memset(dev_rig_buf(&r, TX, 0), 'a', 70000);
		dev_rig_give(&r, TX, 0, 70000, false);
		CU_ASSERT_TRUE(dev_rig_none(&r, TX));
		dev_rig_queue_reset(&r, TX);
		dev_rig_settle(&r);
		CU_ASSERT_EQUAL(dev_rig_queue(&r, TX), 0);
		dev_rig_give(&r, RX, 0, 70000, true);
		CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, RX, &d));
		CU_ASSERT_EQUAL(d.len, 65536);
		dev_rig_give(&r, RX, 1, 100, true);
		CU_ASSERT_TRUE(dev_rig_none(&r, RX));
		dev_rig_give(&r, TX, 1, 3, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, RX, &d) && d.len == 3);
		/* The same with a reset of all: nothing of before comes back. */
		dev_rig_give(&r, TX, 2, 70000, false);
		dev_rig_settle(&r);
		dev_rig_stop(&r);
		dev_rig_start(&r);
		dev_rig_give(&r, RX, 0, 100, true);
		CU_ASSERT_TRUE(dev_rig_none(&r, RX));
		dev_rig_give(&r, TX, 0, 5, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, RX, &d) && d.len == 5);
		dev_rig_close(&r);
	}
}

/* --- configuration space --- */

static void test_config(void)
{
	struct dev_rig_config c = {.queues_open = 3};
	uint8_t conf[12];
	struct dev_rig r;
	uint32_t g0, g1;
	uint64_t f[2];

	open_console(&r, &c, &(struct console_options){.ports = 3});
	CU_ASSERT_EQUAL(vop_drv_wait_ready(r.drv, WAIT_MS), 0);
	CU_ASSERT_EQUAL(vop_drv_offered(r.drv, f), 0);
	CU_ASSERT_EQUAL(f[0] & 0xffffff, 7);
	CU_ASSERT_EQUAL(vop_drv_queue_count(r.drv), 8);
	CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, 0, conf, 12, &g0), 0);
	CU_ASSERT_EQUAL(memcmp(conf, "\x78\0\x28\0\3\0\0\0\0\0\0\0", 12), 0);
	CU_ASSERT_NOT_EQUAL(vop_drv_config_read(r.drv, 0, conf, 13, NULL), 0);

	/* A change is told once the driver runs (5.3.6). */
	r.cfg.want = F(VOP_CONSOLE_F_SIZE);
	dev_rig_start(&r);
	r.w.s[VOP_HOST].changed = 0;
	CU_ASSERT_EQUAL(vop_console_resize(r.type, 0x1234, 50), 0);
	dev_rig_turn(&r);
	CU_ASSERT_EQUAL(r.w.s[VOP_HOST].changed, 1);
	CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, 0, conf, 12, &g1), 0);
	CU_ASSERT_EQUAL(memcmp(conf, "\x34\x12\x32\0\3\0\0\0\0\0\0\0", 12), 0);
	CU_ASSERT_NOT_EQUAL(g0, g1);
	/* Nothing of it is the driver's. */
	CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 0, conf, 2, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 4, conf, 4, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 0, conf, 12, WAIT_MS), -EINVAL);
	dev_rig_close(&r);
}

static void test_features_off(void)
{
	static const struct {
		uint64_t off;
		uint32_t config;
		unsigned queues;
	} t[] = {{1, 12, 4}, {2, 12, 2}, {4, 8, 4}, {6, 4, 2}, {7, 0, 2}};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(t); i++) {
		struct dev_rig_config c = {.queues_open = 3};
		uint8_t conf[12] = {0}, want[12] = {120, 0, 40, 0, 1};
		struct vop_done d;
		struct dev_rig r;
		uint64_t f[2];

		open_console(&r, &c, &(struct console_options){.ports = 1, .off = t[i].off});
		dev_rig_start(&r);
		CU_ASSERT_EQUAL(vop_drv_offered(r.drv, f), 0);
		CU_ASSERT_EQUAL(f[0] & 7, 7 & ~t[i].off);
		CU_ASSERT_EQUAL(vop_drv_queue_count(r.drv), t[i].queues);
		CU_ASSERT_NOT_EQUAL(vop_drv_config_read(r.drv, 0, conf, t[i].config + 1, NULL), 0);
		if (t[i].config)
			CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, 0, conf, t[i].config, NULL), 0);
		if (t[i].off & 1)
			memset(want, 0, 4);
		if (t[i].off & 2)
			want[4] = 0;
		if (t[i].config)
			CU_ASSERT_EQUAL(memcmp(conf, want, t[i].config), 0);
		CU_ASSERT_EQUAL(vop_console_resize(r.type, 1, 1), t[i].off & 1 ? -EINVAL : 0);
		if (t[i].off & 4)
			CU_ASSERT_NOT_EQUAL(vop_drv_config_write(r.drv, 8, "x", 1, WAIT_MS), 0);
		dev_rig_give(&r, RX, 0, 100, true);
		dev_rig_give(&r, TX, 0, 5, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, RX, &d) && d.len == 5);
		dev_rig_close(&r);
	}
}

/* --- emergency write --- */

static void test_emergency(void)
{
	static const uint8_t word[4] = {'w', 'x', 'y', 'z'};

	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = {.packed = i & 1,
					   .thread = i & 2,
					   .notify = i & 2 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL,
					   .queues_open = 3};
		struct vop_buf bad = {UINT64_MAX - 4096, 16};
		struct vop_console_stats st;
		uint8_t conf[4], got;
		uint32_t g0, g1;
		struct vop_done d;
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 1});
		CU_ASSERT_EQUAL(vop_drv_wait_ready(r.drv, WAIT_MS), 0);
		CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, 8, conf, 4, &g0), 0);
		/* Before anything else (5.3.5.1), in any width; nothing else may be written. */
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 8, word, 4, WAIT_MS), 0);
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 8, "b", 1, WAIT_MS), 0);
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 8, "cd", 2, WAIT_MS), 0);
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 9, "d", 1, WAIT_MS), -EPERM);
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 8, "defghijk", 8, WAIT_MS), -EPERM);
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 4, word, 4, WAIT_MS), -EPERM);
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 0, word, 1, WAIT_MS), -EPERM);
		/* It is no memory: what is read stays what it was, and so its generation. */
		CU_ASSERT_EQUAL(vop_drv_config_read(r.drv, 8, conf, 4, &g1), 0);
		CU_ASSERT_EQUAL(memcmp(conf, "\0\0\0\0", 4), 0);
		CU_ASSERT_EQUAL(g0, g1);
		vop_console_get_stats(r.type, &st);
		CU_ASSERT_EQUAL(st.emergency, 3);
		/* The three characters come back, when no reset is in between. */
		CU_ASSERT_EQUAL(drv_status(r.drv, 1, &got), 0);
		CU_ASSERT_EQUAL(drv_status(r.drv, 3, &got), 0);
		CU_ASSERT_EQUAL(
			vop_drv_set_features(
				r.drv,
				(uint64_t[]){FULL_FEATURES | (c.packed ? F(VOP_F_RING_PACKED) : 0),
					     0},
				WAIT_MS),
			0);
		CU_ASSERT_EQUAL(drv_status(r.drv, 11, &got), 0);
		CU_ASSERT_EQUAL(dev_rig_queue(&r, RX), 0);
		CU_ASSERT_EQUAL(drv_status(r.drv, 15, &got), 0);
		CU_ASSERT_EQUAL(got, 15);
		dev_rig_give(&r, RX, 0, 10, true);
		CU_ASSERT_TRUE(dev_rig_get(&r, RX, &d) && d.len == 3);
		CU_ASSERT_EQUAL(memcmp(dev_rig_buf(&r, RX, 0), "wbc", 3), 0);
		/* While it runs, with a poller asleep. */
		dev_rig_give(&r, RX, 1, 10, true);
		CU_ASSERT_TRUE(dev_rig_none(&r, RX));
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 8, "!", 1, WAIT_MS), 0);
		CU_ASSERT_TRUE(dev_rig_get(&r, RX, &d) && d.len == 1);
		CU_ASSERT_EQUAL(dev_rig_buf(&r, RX, 1)[0], '!');
		/* And when the rings are broken. */
		CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r.q[RX].vq, &bad, 0, 1, 2), 0);
		dev_rig_kick(&r, RX);
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 8, "?", 1, WAIT_MS), 0);
		CU_ASSERT_TRUE(dev_rig_violated(&r, RX, VOP_V_ADDR));
		CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 8, "?", 1, WAIT_MS), 0);
		vop_console_get_stats(r.type, &st);
		CU_ASSERT_EQUAL(st.emergency, 6);
		dev_rig_close(&r);
	}
}

/* --- violations --- */

static void violate(bool packed, bool thread, unsigned q, struct vop_buf *b, unsigned nout,
		    unsigned nin, uint32_t why)
{
	struct dev_rig_config c = {.packed = packed,
				   .thread = thread,
				   .notify = thread ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL,
				   .want = q > 1 ? F(VOP_CONSOLE_F_MULTIPORT) : 0,
				   .queues_open = q > 1 ? 15 : 3};
	struct vop_console_stats st;
	struct dev_rig r;

	open_console(&r, &c, &(struct console_options){.ports = 1});
	dev_rig_start(&r);
	for (unsigned i = 0; i < nout + nin; i++)
		if (b[i].addr < 4096)
			b[i].addr += r.q[q].bus;
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r.q[q].vq, b, nout, nin, 0), 0);
	dev_rig_kick(&r, q);
	/* A receive queue is looked at when there is something to receive. */
	if (q == RX)
		dev_rig_give(&r, TX, 0, 10, false);
	if (q == 2)
		control_send(&r, 0, CON_DEVICE_READY, 1);
	CU_ASSERT_TRUE(dev_rig_violated(&r, q, why));
	dev_rig_stop(&r);
	dev_rig_start(&r);
	if (q < 2) {
		struct vop_done d;

		dev_rig_give(&r, RX, 0, 100, true);
		dev_rig_give(&r, TX, 0, 10, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, RX, &d) && d.len == 10);
	} else {
		control_give(&r);
		control_send(&r, 0, CON_DEVICE_READY, 1);
		CU_ASSERT_TRUE(control_is(&r, 0, CON_DEVICE_ADD, 0, NULL, 0));
	}
	vop_console_get_stats(r.type, &st);
	CU_ASSERT_EQUAL(st.violations, 1);
	CU_ASSERT_EQUAL(st.last_violation, why);
	dev_rig_close(&r);
}

static void test_violations(void)
{
	for (unsigned i = 0; i < 4; i++) {
		bool packed = i & 1, thread = i & 2;

		for (unsigned q = 0; q < 4; q++) {
			bool rx = q % 2 == 0;
			struct vop_buf both[] = {{0, 16}, {16, 16}}, wrong[] = {{0, 16}};
			struct vop_buf nowhere[] = {{UINT64_MAX - 4096, 16}}, empty[] = {{0, 0}};

			if (rx)
				violate(packed, thread, q, empty, 0, 1, VOP_V_ZERO_LEN);
			violate(packed, thread, q, both, 1, 1, VOP_V_DIRECTION);
			violate(packed, thread, q, wrong, rx, !rx, VOP_V_DIRECTION);
			violate(packed, thread, q, nowhere, !rx, rx, VOP_V_ADDR);
		}
		for (unsigned q = 2; q < 4; q++) {
			struct vop_buf seven[] = {{0, 3}, {5, 4}};

			violate(packed, thread, q, seven, q == 3 ? 2 : 0, q == 2 ? 2 : 0,
				VOP_V_CTRL);
		}
	}
}

/* --- backends of a caller --- */

/* Takes nothing; how often it was asked. */
static uint32_t refuse(void *ctx, unsigned port, const uint8_t *from, uint32_t len)
{
	(void)port;
	(void)from;
	(void)len;
	++*(unsigned *)ctx;
	return 0;
}

/* A backend that loops is not asked in vain, one that does not is asked again. */
static void test_refusal(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = {
			.packed = i & 1, .notify = VOP_NOTIFY_EVENT, .queues_open = 3};
		unsigned asked = 0, before;
		struct vop_console_backend own = {.ctx = &asked, .loops = i & 2, .tx = refuse};
		struct dev_rig r;

		open_console(&r, &c, &(struct console_options){.ports = 1, .own = &own});
		dev_rig_start(&r);
		dev_rig_give(&r, TX, 0, 5, false);
		dev_rig_give(&r, TX, 1, 5, false);
		CU_ASSERT_TRUE(dev_rig_none(&r, TX));
		before = asked;
		CU_ASSERT_TRUE(dev_rig_none(&r, TX));
		CU_ASSERT(i & 2 ? asked == before : asked > before);
		dev_rig_close(&r);
	}
}

static void test_arguments(void)
{
	struct dev_rig_config c = {0};
	struct vop_console_config good = {.ports = 1, .ports_max = 1, .queue_size_max = 16}, n;
	struct vop_error err = {{0}};
	struct dev_rig r;

	open_console(&r, &c, &(struct console_options){.ports = 1});
	good.poller = r.poller;
	CU_ASSERT_EQUAL(vop_console_backend_echo(&good.backend, 0), -EINVAL);
	CU_ASSERT_EQUAL(vop_console_backend_echo(&good.backend, VOP_CONSOLE_PORTS_MAX + 1),
			-EINVAL);
	CU_ASSERT_EQUAL_FATAL(vop_console_backend_null(&good.backend), 0);
	n = good;
	n.ports_max = n.ports = VOP_CONSOLE_PORTS_MAX + 1;
	CU_ASSERT_PTR_NULL(vop_console_open(r.dev, &n, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "1 to 15 ports"));
	n = good;
	n.ports = 2;
	CU_ASSERT_PTR_NULL(vop_console_open(r.dev, &n, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "are not 1 to 1"));
	n = good;
	n.tag = "this tag is longer than ports can bear";
	CU_ASSERT_PTR_NULL(vop_console_open(r.dev, &n, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "longer than"));
	n = good;
	n.poller = NULL;
	CU_ASSERT_PTR_NULL(vop_console_open(r.dev, &n, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "needs a poller"));
	n = good;
	n.queue_size_max = 0;
	CU_ASSERT_PTR_NULL(vop_console_open(r.dev, &n, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "queue size 0"));
	CU_ASSERT_PTR_NULL(vop_console_open(r.dev, &good, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "being served already"));
	good.backend.free(good.backend.ctx);
	vop_console_close(NULL);
	dev_rig_close(&r);
}

int suite_console(void)
{
	CU_pSuite s = CU_add_suite("console", NULL, NULL);

	if (!s || !CU_add_test(s, "echo, every ring", test_echo) ||
	    !CU_add_test(s, "no receive buffers", test_starved) ||
	    !CU_add_test(s, "null", test_null) || !CU_add_test(s, "resets", test_resets) ||
	    !CU_add_test(s, "config space", test_config) ||
	    !CU_add_test(s, "features left out", test_features_off) ||
	    !CU_add_test(s, "emergency write", test_emergency) ||
	    !CU_add_test(s, "violations", test_violations) ||
	    !CU_add_test(s, "a backend that takes nothing", test_refusal) ||
	    !CU_add_test(s, "arguments", test_arguments))
		return CU_get_error();
	return 0;
}
