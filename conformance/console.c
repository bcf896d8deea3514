/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.3 Console device: bytes of port 0, and emergency write. The device sends back what it is given;
 * bytes are a stream, however buffers cut it. */
#include <string.h>

#include "conformance/con.h"
#include "conformance/sections.h"

/* --- bytes --- */

static void echo(struct conf *c)
{
	struct con k;
	unsigned i;

	con_open(c, &k, 1);
	for (i = 0; i < 60; i++) {
		con_io_send(&k.io[0], 1 + i * 29 % 400, 1);
		con_io_all_back(&k.io[0]);
	}
}

static void one_byte(struct conf *c)
{
	struct con k;
	unsigned i;

	con_open(c, &k, 1);
	for (i = 0; i < 100; i++) {
		con_io_send(&k.io[0], 1, 1);
		con_io_all_back(&k.io[0]);
	}
}

static void large(struct conf *c)
{
	static const uint32_t len[] = {255, 256, 257, 1000, 2048, 4095, 4096, 4097, 8191, 8192};
	struct con k;
	unsigned i;

	con_open(c, &k, 1);
	for (i = 0; i < VOP_ARRAY_SIZE(len); i++) {
		con_io_send(&k.io[0], len[i], 1);
		con_io_all_back(&k.io[0]);
	}
}

/* 2.7.4: where pieces begin and end says nothing. */
static void pieces(struct conf *c)
{
	struct con k;
	unsigned i;

	con_open(c, &k, 1);
	for (i = 0; i < 30; i++) {
		con_io_send(&k.io[0], 20 + 17 * i, 1 + i % 12);
		con_io_all_back(&k.io[0]);
	}
}

/* Receive buffers of this length, in so many pieces, and much more bytes than one holds. */
static void receive_into(struct conf *c, uint32_t len, unsigned n)
{
	struct con k;
	unsigned i;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_io_open(c, &k.io[0], 0, 0);
	k.io[0].rx_len = len;
	k.io[0].rx_pieces = n;
	conf_driver_ok(c);
	con_io_fill(&k.io[0], 16);
	for (i = 0; i < 10; i++) {
		con_io_send(&k.io[0], 1 + i * 4 * len, 1);
		con_io_all_back(&k.io[0]);
	}
}

static void rx_pieces(struct conf *c)
{
	receive_into(c, 100, 3);
	receive_into(c, 9, 5);
}

static void rx_small(struct conf *c)
{
	receive_into(c, 1, 1);
	receive_into(c, 3, 1);
	receive_into(c, 13, 1);
}

static void stream(struct conf *c)
{
	struct con k;
	unsigned i;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_io_open(c, &k.io[0], 0, 0);
	k.io[0].rx_len = 3001;
	conf_driver_ok(c);
	con_io_fill(&k.io[0], 16);
	for (i = 0; i < 20; i++) {
		con_io_send(&k.io[0], 8000 + 7 * i, 1 + i % 3);
		con_io_all_back(&k.io[0]);
	}
}

/* More than a device holds is transmitted while nobody receives; it takes what it can. */
static void throttle(struct conf *c)
{
	struct con k;
	unsigned i;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_io_open(c, &k.io[0], 0, 0);
	k.io[0].rx_len = 2000;
	conf_driver_ok(c);
	for (i = 0; i < 12 && k.io[0].tx->room; i++)
		con_io_send(&k.io[0], 7500, 1);
	conf_settle(c);
	con_io_fill(&k.io[0], 16);
	con_io_all_back(&k.io[0]);
}

static void before_buffers(struct conf *c)
{
	struct con k;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_io_open(c, &k.io[0], 0, 0);
	conf_driver_ok(c);
	con_io_send(&k.io[0], 500, 1);
	con_io_send(&k.io[0], 700, 2);
	conf_settle(c);
	con_io_fill(&k.io[0], 16);
	con_io_all_back(&k.io[0]);
}

static void batch(struct conf *c)
{
	struct con k;
	struct con_io *io = &k.io[0];
	unsigned i, turn;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_io_open(c, io, 0, VOP_MIN((uint16_t)64, conf_queue_size_max(c, 1)));
	conf_driver_ok(c);
	con_io_fill(io, 64);
	for (turn = 0; turn < 4; turn++) {
		for (i = 0; io->tx->room; i++)
			con_io_send(io, 1 + i * 5 % 90, 1);
		con_io_all_back(io);
	}
}

/* Buffers handed over all at once: no kick between them. */
static void one_kick(struct conf *c)
{
	struct cbuf *b[40];
	unsigned turn, i;

	conf_start(c, VOP_MIN((uint16_t)64, conf_queue_size_max(c, 1)));
	for (turn = 0; turn < 3; turn++) {
		for (i = 0; i < 40 && conf_ring(c)->room >= 1; i++) {
			b[i] = conf_probe(c, 1);
			cring_add(conf_ring(c), b[i]);
		}
		cring_publish(conf_ring(c));
		cring_kick(conf_ring(c));
		cring_wait_all(conf_ring(c));
		while (i--)
			conf_finish(c, b[i]);
	}
}

static void indirect(struct conf *c)
{
	unsigned i;

	conf_start(c, 0);
	for (i = 1; i <= 12; i++) {
		struct cbuf *b = conf_probe(c, i);

		b->indirect = true;
		conf_submit(c, b);
		conf_finish(c, b);
	}
}

static void in_order(struct conf *c)
{
	struct cbuf *b[8];
	unsigned i, turn;

	conf_start(c, 32);
	for (turn = 0; turn < 8; turn++) {
		for (i = 0; i < 8; i++) {
			b[i] = conf_probe(c, 1 + i % 3);
			conf_submit(c, b[i]);
		}
		cring_wait_all(conf_ring(c));
		for (i = 0; i < 8; i++)
			conf_finish(c, b[i]);
	}
}

/* What waited for the driver of a life before is not input of this one. */
static void old_bytes(struct conf *c)
{
	struct con k;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_io_open(c, &k.io[0], 0, 0);
	conf_driver_ok(c);
	con_io_send(&k.io[0], 300, 1);
	conf_settle(c);
	con_open(c, &k, 1);
	conf_settle(c);
	con_io_take(&k.io[0]);
	con_io_send(&k.io[0], 200, 1);
	con_io_all_back(&k.io[0]);
}

static void idle(struct conf *c)
{
	struct con k;

	con_open(c, &k, 1);
	con_io_send(&k.io[0], 100, 1);
	con_io_all_back(&k.io[0]);
	conf_expect_idle(c);
}

static void idle_no_buffers(struct conf *c)
{
	struct con k;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_io_open(c, &k.io[0], 0, 0);
	conf_driver_ok(c);
	con_io_send(&k.io[0], 300, 1);
	conf_settle(c);
	conf_expect_idle(c);
}

/* --- configuration --- */

static void size(struct conf *c)
{
	vop_le16 cols, rows, both[2], again[2];

	con_open(c, &(struct con){0}, 1);
	conf_config(c, CON_COLS, &cols, sizeof(cols));
	conf_config(c, CON_ROWS, &rows, sizeof(rows));
	conf_config(c, CON_COLS, both, sizeof(both));
	conf_settle(c);
	conf_config(c, CON_COLS, again, sizeof(again));
	/* Nothing wrong with a console that changes size just then, but then it tells. */
	if (conf_events(c) & TARGET_EVENT_CONFIG)
		conf_skip(c, "the size changed meanwhile");
	CONF_EXPECT(c, both[0] == cols && both[1] == rows && memcmp(both, again, 4) == 0,
		    "the size is read as %u x %u, %u x %u and %u x %u, and no change was told",
		    le16toh(cols), le16toh(rows), le16toh(both[0]), le16toh(both[1]),
		    le16toh(again[0]), le16toh(again[1]));
}

static void max_ports(struct conf *c)
{
	uint32_t n, i;

	conf_negotiate(c);
	n = con_max_ports(c);
	CONF_EXPECT(c, n >= 1, "max_nr_ports is 0");
	/* One number more than queues have numbers for. */
	CONF_EXPECT(c, n <= 32767, "max_nr_ports is %u", n);
	cring_open(c, CON_CTL_RXQ, 0);
	cring_open(c, CON_CTL_TXQ, 0);
	for (i = 0; i < VOP_MIN(n, 24u); i++) {
		cring_open(c, con_rxq(i), 0);
		cring_open(c, con_txq(i), 0);
	}
}

/* --- emergency write --- */

static void emergency_offered(struct conf *c)
{
	if (!vop_feature_has(conf_offered(c), CON_EMERG))
		conf_skip(c, "the device does not offer feature bit %u", CON_EMERG);
}

static void emergency(struct conf *c, uint32_t v, const char *when)
{
	vop_le32 le = htole32(v);
	int r = conf_try_config_write(c, CON_EMERG_WR, &le, sizeof(le));

	CONF_EXPECT(c, r == 0, "0x%x was written to emerg_wr %s: %s", v, when, strerror(-r));
}

static void emergency_fresh(struct conf *c)
{
	emergency_offered(c);
	emergency(c, 'a', "while the status is 0");
	conf_set_status(c, VOP_STATUS_ACKNOWLEDGE);
	emergency(c, 'b', "after ACKNOWLEDGE");
	conf_reset(c);
	emergency(c, 'c', "after a reset");
}

static void steps(struct conf *c)
{
	uint64_t f[2];
	uint8_t s = VOP_STATUS_ACKNOWLEDGE;

	conf_set_status(c, s);
	conf_set_status(c, s |= VOP_STATUS_DRIVER);
	emergency(c, '1', "after DRIVER");
	conf_wanted(c, f);
	CONF_EXPECT(c, conf_try_features(c, f) == 0, "features that were offered are refused");
	emergency(c, '2', "after the features were written");
	conf_set_status(c, s |= VOP_STATUS_FEATURES_OK);
	emergency(c, '3', "after FEATURES_OK");
	conf_set_status(c, s | VOP_STATUS_DRIVER_OK);
	emergency(c, '4', "after DRIVER_OK");
}

static void emergency_steps(struct conf *c)
{
	emergency_offered(c);
	steps(c);
}

static void emergency_negotiated(struct conf *c)
{
	steps(c);
}

static void emergency_values(struct conf *c)
{
	static const uint32_t v[] = {'A', 0, '\n', 0x7f, 0xff, 0x141, 0xffffff42, 0x80000000};
	unsigned i;

	emergency_offered(c);
	for (i = 0; i < VOP_ARRAY_SIZE(v); i++)
		emergency(c, v[i], "while the status is 0");
}

static void emergency_many(struct conf *c)
{
	unsigned i;

	emergency_offered(c);
	conf_start(c, 0);
	for (i = 0; i < 200; i++)
		emergency(c, ' ' + i % 90, "again and again");
}

/* Nothing but a character comes out: configuration stays, and queues go on. What was transmitted
 * may come back among characters, so it is not looked at. */
static void emergency_apart(struct conf *c)
{
	uint8_t before[8] = {0}, after[8] = {0};
	struct cring *tx;
	unsigned i;

	emergency_offered(c);
	conf_try_config_read(c, 0, before, sizeof(before), NULL);
	conf_negotiate(c);
	tx = cring_open(c, con_txq(0), 0);
	conf_driver_ok(c);
	for (i = 0; i < 10; i++) {
		struct cbuf *b = cbuf_new(c);

		emergency(c, 'x', "between buffers");
		cbuf_out(c, b, "between characters", 18);
		cring_submit(tx, b);
		cring_wait(tx, b);
	}
	conf_try_config_read(c, 0, after, sizeof(after), NULL);
	CONF_EXPECT(c, memcmp(before, after, sizeof(before)) == 0,
		    "writes to emerg_wr changed other fields of the configuration");
}

/* "catastrophic OS failures (eg. virtio ring corruption)" is what it is for. */
static void emergency_broken(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;

	emergency_offered(c);
	conf_start(c, 0);
	r = conf_ring(c);
	b = cbuf_new(c);
	/* Goes the wrong way, and in a split ring its head is wrong as well. */
	cbuf_in(c, b, 8);
	cring_add(r, b);
	if (!r->packed)
		cmem_put16(c, &r->avail->ring[0], 0xffff);
	cring_publish(r);
	cring_kick_always(r);
	conf_settle(c);
	emergency(c, '!', "after a ring was corrupted");
}

/* --- drivers that break rules --- */

static void hand_over(struct conf *c, struct cring *r, struct cbuf *b)
{
	cring_add(r, b);
	cring_publish(r);
	cring_kick_always(r);
	conf_settle(c);
	cmem_verify(c, "after a buffer that no driver may make available");
	conf_expect_idle(c);
}

/* Port 0 with bytes under way, which makes the device look at its receive buffers. */
static struct con_io *with_bytes(struct conf *c, struct con *k)
{
	memset(k, 0, sizeof(*k));
	conf_negotiate(c);
	con_io_open(c, &k->io[0], 0, 0);
	conf_driver_ok(c);
	con_io_send(&k->io[0], 60, 1);
	return &k->io[0];
}

static void rx_readable(struct conf *c)
{
	struct con k;
	struct con_io *io = with_bytes(c, &k);
	struct cbuf *b = cbuf_new(c);

	cbuf_out(c, b, "these bytes are the driver's", 28);
	hand_over(c, io->rx, b);
}

static void rx_readable_first(struct conf *c)
{
	struct con k;
	struct con_io *io = with_bytes(c, &k);
	struct cbuf *b = cbuf_new(c);

	cbuf_out(c, b, "these bytes are the driver's", 28);
	cbuf_in(c, b, 100);
	hand_over(c, io->rx, b);
}

static void rx_empty(struct conf *c)
{
	struct con k;
	struct con_io *io = with_bytes(c, &k);
	struct cbuf *b = cbuf_new(c);

	cbuf_in(c, b, 0);
	hand_over(c, io->rx, b);
}

static void tx_writable(struct conf *c)
{
	struct cbuf *b = cbuf_new(c);

	conf_start(c, 0);
	cbuf_in(c, b, 100);
	hand_over(c, conf_ring(c), b);
}

static void tx_writable_last(struct conf *c)
{
	struct cbuf *b = cbuf_new(c);

	conf_start(c, 0);
	conf_serve(c, 2);
	cbuf_out(c, b, "and more", 8);
	cbuf_in(c, b, 100);
	hand_over(c, conf_ring(c), b);
}

static void tx_empty(struct conf *c)
{
	struct cbuf *b = cbuf_new(c);

	conf_start(c, 0);
	conf_serve(c, 2);
	cbuf_out(c, b, "", 0);
	hand_over(c, conf_ring(c), b);
}

/* All that the transmit queue holds, and nobody receives; then a reset. */
static void flood(struct conf *c)
{
	struct con k;
	unsigned turn, i;

	for (turn = 0; turn < 3; turn++) {
		memset(&k, 0, sizeof(k));
		conf_negotiate(c);
		con_io_open(c, &k.io[0], 0, VOP_MIN((uint16_t)64, conf_queue_size_max(c, 1)));
		conf_driver_ok(c);
		for (i = 0; k.io[0].tx->room; i++)
			con_io_send(&k.io[0], 2500, 1);
		conf_settle(c);
		conf_expect_idle(c);
	}
}

static void kicks(struct conf *c)
{
	struct con k;
	unsigned i;

	con_open(c, &k, 1);
	for (i = 0; i < 50; i++) {
		cring_kick_always(k.io[0].tx);
		cring_kick_always(k.io[0].rx);
	}
	con_io_send(&k.io[0], 100, 1);
	con_io_all_back(&k.io[0]);
}

/* Writes to what is read-only, and across emerg_wr: refused or not, nobody is harmed. */
static void config_writes(struct conf *c)
{
	static const struct {
		uint32_t off, len;
	} at[] = {{0, 2}, {2, 2}, {4, 4}, {0, 12}, {6, 6},
		  {8, 1}, {9, 3}, {8, 8}, {12, 4}, {500, 4}};
	uint8_t bytes[12];
	unsigned i;

	memset(bytes, 0xaa, sizeof(bytes));
	con_open(c, &(struct con){0}, 1);
	for (i = 0; i < VOP_ARRAY_SIZE(at); i++)
		conf_try_config_write(c, at[i].off, bytes, at[i].len);
}

#define DEV "device-types/console/description.tex:"
#define CON .device = CON_ID
static const struct conf_check checks[] = {
	{"console/echo", "bytes are taken and given as they are", "text:" DEV "119", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = echo},
	{"console/one-byte", "bytes come and go one by one", "text:" DEV "119", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = one_byte},
	{"console/large", "large buffers are taken whole", "text:" DEV "114", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = large},
	{"console/pieces", "pieces of a transmitted buffer are one run of bytes", "2.7.4.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, CON, .run = pieces},
	{"console/rx-pieces", "pieces of a receive buffer are filled one after another",
	 "2.7.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, CON, .run = rx_pieces},
	{"console/rx-small", "small receive buffers get as much as they hold", "text:" DEV "119",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = rx_small},
	{"console/stream", "no byte is lost in a long stream", "text:" DEV "119", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = stream},
	{"console/throttle", "what the device cannot hold waits", "text:" DEV "114", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = throttle},
	{"console/before-buffers", "bytes wait for receive buffers", "text:" DEV "102", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = before_buffers},
	{"console/batch", "many buffers are under way at once", "text:" DEV "114", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = batch},
	{"console/one-kick", "one kick is enough for many buffers", "text:" DEV "114", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = one_kick},
	{"console/indirect", "buffers of indirect tables are taken", "text:" DEV "114", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .needs = {CONF_F(VOP_F_INDIRECT_DESC)}, .run = indirect},
	{"console/in-order", "buffers are used in order", "text:" DEV "114", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .lane = "console/rx", .needs = {CONF_F(VOP_F_IN_ORDER)},
	 .run = in_order},
	{"console/old-bytes", "a reset ends the stream", "text:" DEV "119", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = old_bytes},
	{"console/idle", "no CPU is burnt when all is said", "text:" DEV "119", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = idle},
	{"console/idle-no-buffers", "no CPU is burnt while bytes wait for buffers",
	 "text:" DEV "102", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = idle_no_buffers},
	{"console/size", "the size can be read, and is what it is", "text:" DEV "83", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, CON, .needs = {CONF_F(CON_SIZE)}, .run = size},
	{"console/max-ports", "there are queues for all ports", "text:" DEV "91", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, CON, .needs = {CONF_F(CON_MULTIPORT)}, .run = max_ports},
	{"console/emergency-fresh", "emerg_wr can be written before anything else", "5.3.5.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_ANY, CON, .lacks = TARGET_LACKS_CONFIG_WRITE,
	 .run = emergency_fresh},
	{"console/emergency-steps", "emerg_wr can be written by a driver without the feature",
	 "5.3.5.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_ANY, CON,
	 .lacks = TARGET_LACKS_CONFIG_WRITE, .run = emergency_steps},
	{"console/emergency-negotiated", "emerg_wr can be written at every step", "5.3.5.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_ANY, CON, .needs = {CONF_F(CON_EMERG)},
	 .lacks = TARGET_LACKS_CONFIG_WRITE, .run = emergency_negotiated},
	{"console/emergency-values", "any value can be written to emerg_wr", "5.3.5.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_ANY, CON, .lacks = TARGET_LACKS_CONFIG_WRITE,
	 .run = emergency_values},
	{"console/emergency-many", "emerg_wr can be written again and again", "5.3.5.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_ANY, CON, .lacks = TARGET_LACKS_CONFIG_WRITE,
	 .run = emergency_many},
	{"console/emergency-apart", "emerg_wr changes nothing else", "text:" DEV "57", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .lacks = TARGET_LACKS_CONFIG_WRITE,
	 .run = emergency_apart},
	{"console/emergency-broken", "emerg_wr can be written when rings are corrupt",
	 "5.3.5.1:dev:1 text:" DEV "80", CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, CON,
	 .lacks = TARGET_LACKS_CONFIG_WRITE, .run = emergency_broken},
	{"console/rx-readable", "a readable receive buffer harms nobody", "text:" DEV "140",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = rx_readable},
	{"console/rx-readable-first", "a readable piece before a writable one harms nobody",
	 "text:" DEV "140", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = rx_readable_first},
	{"console/rx-empty", "a receive buffer without room harms nobody", "text:" DEV "102",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = rx_empty},
	{"console/tx-writable", "a writable transmit buffer harms nobody", "text:" DEV "141",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = tx_writable},
	{"console/tx-writable-last", "a writable piece behind a readable one harms nobody",
	 "text:" DEV "141", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = tx_writable_last},
	{"console/tx-empty", "a transmit buffer without bytes harms nobody", "text:" DEV "114",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = tx_empty},
	{"console/flood", "a driver that transmits and never receives harms nobody",
	 "text:" DEV "114", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = flood},
	{"console/kicks", "kicks for nothing harm nobody", "text:" DEV "114", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, CON, .run = kicks},
	{"console/config-writes", "writes to read-only fields harm nobody", "text:" DEV "54",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, CON, .lacks = TARGET_LACKS_CONFIG_WRITE,
	 .run = config_writes},
};
CONF_SECTION(conf_section_console, "5.3", "Console device", checks);
