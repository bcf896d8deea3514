/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.3.6.2 Multiport device operation: control messages, and ports that come with them. */
#include <string.h>

#include "conformance/con.h"
#include "conformance/sections.h"

/* --- announcements --- */

/* Up to DRIVER_OK with receive buffers for messages; nothing is said yet. */
static void listen(struct conf *c, struct con_ctl *ctl)
{
	memset(ctl, 0, sizeof(*ctl));
	conf_negotiate(c);
	con_ctl_open(c, ctl);
	conf_driver_ok(c);
	con_ctl_fill(ctl);
}

static unsigned ports_added(const struct con_ctl *ctl)
{
	unsigned i, n = 0;

	for (i = 0; i < CON_PORTS; i++)
		n += ctl->port[i].added;
	return n;
}

static bool so_many(const struct con_ctl *ctl, uint32_t n)
{
	return ports_added(ctl) >= n;
}

/* And what the device says to a driver that is ready: n ports at least. */
static void announced_n(struct conf *c, struct con_ctl *ctl, unsigned n)
{
	listen(c, ctl);
	con_ctl_send(ctl, 0, CON_DEVICE_READY, 1);
	CONF_EXPECT(c, con_ctl_until(ctl, so_many, n),
		    "the driver is ready, and %u ports are announced instead of %u",
		    ports_added(ctl), n);
	con_ctl_settle(ctl);
}

static void announced(struct conf *c, struct con_ctl *ctl)
{
	announced_n(c, ctl, 1);
}

/* What must never be said, whatever else was done (5.3.6.2.1). */
static void judge_adds(struct conf *c, const struct con_ctl *ctl)
{
	CONF_EXPECT(c, !ctl->added_beyond.n, "port %u was added, max_nr_ports is %u",
		    ctl->added_beyond.id, ctl->max_ports);
	CONF_EXPECT(c, !ctl->added_twice.n, "port %u was added, and exists", ctl->added_twice.id);
}

static void judge_removes(struct conf *c, const struct con_ctl *ctl)
{
	CONF_EXPECT(c, !ctl->removed_unknown.n, "port %u was removed, and was not there",
		    ctl->removed_unknown.id);
}

static void waits_for_ready(struct conf *c)
{
	struct con_ctl ctl;

	listen(c, &ctl);
	con_ctl_settle(&ctl);
	CONF_EXPECT(c, ctl.messages == 0, "the device said %u things before the driver was ready",
		    ctl.messages);
}

static void ready_failed(struct conf *c)
{
	struct con_ctl ctl;

	listen(c, &ctl);
	con_ctl_send(&ctl, 0, CON_DEVICE_READY, 0);
	con_ctl_settle(&ctl);
	CONF_EXPECT(c, ports_added(&ctl) == 0, "ports were added for a driver that failed");
}

static void adds(struct conf *c)
{
	struct con_ctl ctl;

	announced(c, &ctl);
	judge_adds(c, &ctl);
}

/* Each port is answered for as a driver does it. */
static void all_ready(struct con_ctl *ctl, unsigned value)
{
	bool there[CON_PORTS];
	unsigned i;

	/* As it was: answers may add and remove ports. */
	for (i = 0; i < CON_PORTS; i++)
		there[i] = ctl->port[i].added;
	for (i = 0; i < CON_PORTS; i++)
		if (there[i])
			con_ctl_send(ctl, i, CON_PORT_READY, value);
	con_ctl_settle(ctl);
}

static void add_once(struct conf *c)
{
	struct con_ctl ctl;

	announced(c, &ctl);
	con_ctl_send(&ctl, 0, CON_DEVICE_READY, 1);
	con_ctl_settle(&ctl);
	all_ready(&ctl, 1);
	con_ctl_send(&ctl, 0, CON_DEVICE_READY, 1);
	con_ctl_settle(&ctl);
	judge_adds(c, &ctl);
}

static void add_after_reset(struct conf *c)
{
	struct con_ctl ctl;
	unsigned n, life;

	announced(c, &ctl);
	n = ports_added(&ctl);
	for (life = 0; life < 2; life++) {
		announced_n(c, &ctl, n);
		judge_adds(c, &ctl);
	}
}

static void removes(struct conf *c)
{
	struct con_ctl ctl;

	announced(c, &ctl);
	judge_removes(c, &ctl);
	all_ready(&ctl, 1);
	judge_removes(c, &ctl);
	all_ready(&ctl, 0);
	judge_removes(c, &ctl);
}

/* A driver that says twice that it could not use a port. */
static void removes_once(struct conf *c)
{
	struct con_ctl ctl;
	unsigned i;

	announced(c, &ctl);
	for (i = 0; i < 2; i++) {
		con_ctl_send(&ctl, 0, CON_PORT_READY, 0);
		con_ctl_settle(&ctl);
	}
	judge_removes(c, &ctl);
	judge_adds(c, &ctl);
}

/* --- messages --- */

static void known_ports(struct conf *c)
{
	struct con_ctl ctl;

	announced(c, &ctl);
	all_ready(&ctl, 1);
	CONF_EXPECT(c, !ctl.about_unknown.n, "a message speaks of port %u, which was not added",
		    ctl.about_unknown.id);
}

static void events(struct conf *c)
{
	struct con_ctl ctl;

	announced(c, &ctl);
	all_ready(&ctl, 1);
	CONF_EXPECT(c, !ctl.odd_event.n, "an event came that no device sends, for port %u",
		    ctl.odd_event.id);
	CONF_EXPECT(c, !ctl.odd_value.n, "PORT_OPEN of port %u has a value beyond 0 and 1",
		    ctl.odd_value.id);
}

static void lengths(struct conf *c)
{
	struct con_ctl ctl;

	announced(c, &ctl);
	all_ready(&ctl, 1);
	CONF_EXPECT(c, !ctl.odd_length.n, "a message has not the length of its event (port %u)",
		    ctl.odd_length.id);
	CONF_EXPECT(c, ctl.messages, "the driver is ready, and the device says nothing");
}

static bool resized(const struct con_ctl *ctl, uint32_t id)
{
	return ctl->port[id].resized;
}

static bool named(const struct con_ctl *ctl, uint32_t id)
{
	return ctl->port[id].named;
}

/* 5.3.6.2, RESIZE; "This size applies to port 0 only" is of the configuration. */
static void resize(struct conf *c)
{
	struct con_ctl ctl;
	vop_le16 size[2];

	announced(c, &ctl);
	all_ready(&ctl, 1);
	if (!con_ctl_until(&ctl, resized, 0))
		conf_skip(c, "the device does not send the size of port 0");
	conf_config(c, CON_COLS, size, sizeof(size));
	CONF_EXPECT(c, ctl.port[0].cols == le16toh(size[0]) && ctl.port[0].rows == le16toh(size[1]),
		    "a message says %u columns and %u rows, the configuration %u and %u",
		    ctl.port[0].cols, ctl.port[0].rows, le16toh(size[0]), le16toh(size[1]));
}

/* How many bytes this character of UTF-8 has; 0: it is none. */
static unsigned character(const uint8_t *p, uint32_t left)
{
	unsigned n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4, i;

	if (n > left || p[0] > 0xf4)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static void names(struct conf *c)
{
	struct con_ctl ctl;
	unsigned i;

	announced(c, &ctl);
	all_ready(&ctl, 1);
	if (!con_ctl_until(&ctl, named, 0))
		conf_skip(c, "the device gives port 0 no name");
	for (i = 0; i < CON_PORTS; i++) {
		const struct con_said *s = &ctl.port[i];
		uint32_t len = VOP_MIN(s->name_len, CON_NAME_BYTES - 4), at, n;

		for (at = 0; s->named && at < len; at += n) {
			n = character(s->name + at, s->name_len - at);
			CONF_EXPECT(c, n, "the name of port %u is not UTF-8: byte %u is 0x%02x", i,
				    at, s->name[at]);
			CONF_EXPECT(c, s->name[at], "the name of port %u has a NUL at byte %u", i,
				    at);
		}
	}
}

/* Pieces of a message say nothing, neither way (2.7.4). */
static void pieces(struct conf *c)
{
	static const uint8_t ready[CON_MSG] = {0, 0, 0, 0, CON_DEVICE_READY, 0, 1, 0};
	uint8_t m[CON_MSG] = {0, 0, 0, 0, CON_PORT_OPEN, 0, 1, 0};
	struct con k;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_ctl_open(c, &k.ctl);
	con_io_open(c, &k.io[0], 0, 0);
	conf_driver_ok(c);
	con_ctl_fill(&k.ctl);
	con_io_fill(&k.io[0], 8);
	con_ctl_send_raw(&k.ctl, ready, sizeof(ready), 8);
	con_ctl_added(&k.ctl, 0);
	con_ctl_send(&k.ctl, 0, CON_PORT_READY, 1);
	con_ctl_send_raw(&k.ctl, m, sizeof(m), 3);
	con_ctl_settle(&k.ctl);
	con_io_send(&k.io[0], 100, 1);
	con_io_all_back(&k.io[0]);
}

static void rx_pieces(struct conf *c)
{
	struct con_ctl ctl;
	struct cbuf *b[4];
	unsigned i;

	memset(&ctl, 0, sizeof(ctl));
	conf_negotiate(c);
	con_ctl_open(c, &ctl);
	conf_driver_ok(c);
	for (i = 0; i < 4; i++) {
		b[i] = cbuf_new(c);
		cbuf_in(c, b[i], 3);
		cbuf_in(c, b[i], 4);
		cbuf_in(c, b[i], 90);
		cring_submit(ctl.rx, b[i]);
	}
	con_ctl_send(&ctl, 0, CON_DEVICE_READY, 1);
	con_ctl_added(&ctl, 0);
}

/* Messages that come together are heard one by one: both ports open. */
static void batch(struct conf *c)
{
	unsigned ports = con_max_ports(c) > 1 ? 2 : 1, i, j;
	struct con k;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_ctl_open(c, &k.ctl);
	for (i = 0; i < ports; i++)
		con_io_open(c, &k.io[i], i, 0);
	conf_driver_ok(c);
	con_ctl_fill(&k.ctl);
	con_ctl_send(&k.ctl, 0, CON_DEVICE_READY, 1);
	for (i = 0; i < ports; i++) {
		con_ctl_added(&k.ctl, i);
		con_io_fill(&k.io[i], 8);
	}
	for (i = 0; i < ports; i++)
		for (j = 0; j < 2; j++) {
			uint8_t m[CON_MSG] = {(uint8_t)i};
			struct cbuf *b = cbuf_new(c);

			m[4] = j ? CON_PORT_OPEN : CON_PORT_READY;
			m[6] = 1;
			cbuf_out(c, b, m, sizeof(m));
			cring_add(k.ctl.tx, b);
		}
	cring_publish(k.ctl.tx);
	cring_kick(k.ctl.tx);
	cring_wait_all(k.ctl.tx);
	con_ctl_settle(&k.ctl);
	for (i = 0; i < ports; i++) {
		con_io_send(&k.io[i], 50, 1);
		con_io_all_back(&k.io[i]);
	}
}

/* --- ports --- */

static unsigned some_ports(struct conf *c)
{
	return VOP_MIN(con_max_ports(c), 3u);
}

static void echo(struct conf *c)
{
	struct con k;
	unsigned i;

	con_open(c, &k, 1);
	for (i = 0; i < 30; i++) {
		con_io_send(&k.io[0], 1 + i * 17, 1 + i % 3);
		con_io_all_back(&k.io[0]);
	}
}

/* What is said on one port is heard on that one alone. */
static void apart(struct conf *c)
{
	unsigned n = some_ports(c), i, turn;
	struct con k;

	if (n < 2)
		conf_skip(c, "the device has one port");
	con_open(c, &k, n);
	for (turn = 0; turn < 10; turn++) {
		for (i = 0; i < n; i++)
			con_io_send(&k.io[i], 10 + 31 * turn + i, 1 + turn % 2);
		for (i = 0; i < n; i++)
			con_io_all_back(&k.io[i]);
	}
}

/* 5.3.6.2, PORT_OPEN: a port that the driver has not opened is closed. */
static void closed(struct conf *c)
{
	struct con k;

	memset(&k, 0, sizeof(k));
	conf_negotiate(c);
	con_ctl_open(c, &k.ctl);
	con_io_open(c, &k.io[0], 0, 0);
	conf_driver_ok(c);
	con_ctl_fill(&k.ctl);
	con_io_fill(&k.io[0], 8);
	con_ctl_send(&k.ctl, 0, CON_DEVICE_READY, 1);
	con_ctl_added(&k.ctl, 0);
	con_io_send(&k.io[0], 80, 1);
	conf_settle(c);
	con_io_take(&k.io[0]);
	CONF_EXPECT(c, k.io[0].got == 0, "%llu bytes came to a port that is not open",
		    (unsigned long long)k.io[0].got);
}

static void closes(struct conf *c)
{
	struct con k;
	uint64_t before;

	con_open(c, &k, 1);
	con_io_send(&k.io[0], 80, 1);
	con_io_all_back(&k.io[0]);
	/* Not even a message that came late is answered with OPEN from here on. */
	k.ctl.mute = true;
	con_ctl_send(&k.ctl, 0, CON_PORT_OPEN, 0);
	con_ctl_settle(&k.ctl);
	before = k.io[0].got;
	con_io_send(&k.io[0], 80, 1);
	conf_settle(c);
	con_io_take(&k.io[0]);
	CONF_EXPECT(c, k.io[0].got == before, "%llu bytes came to a port that was closed",
		    (unsigned long long)(k.io[0].got - before));
}

static void reopens(struct conf *c)
{
	struct con k;
	unsigned i;

	con_open(c, &k, 1);
	for (i = 0; i < 4; i++) {
		con_ctl_send(&k.ctl, 0, CON_PORT_OPEN, 0);
		con_ctl_settle(&k.ctl);
		con_ctl_send(&k.ctl, 0, CON_PORT_OPEN, 1);
		con_ctl_settle(&k.ctl);
		con_io_send(&k.io[0], 80, 1);
		con_io_all_back(&k.io[0]);
	}
}

/* Messages wait for buffers, or get lost; the device does not look for them all the time. */
static void idle_no_buffers(struct conf *c)
{
	struct con_ctl ctl;

	memset(&ctl, 0, sizeof(ctl));
	conf_negotiate(c);
	con_ctl_open(c, &ctl);
	conf_driver_ok(c);
	con_ctl_send(&ctl, 0, CON_DEVICE_READY, 1);
	conf_settle(c);
	conf_expect_idle(c);
}

/* --- drivers that break rules --- */

/* Is it still in its right mind? It may have given up on us, one way or the other. */
static bool gave_up(struct conf *c)
{
	return conf_status(c) & VOP_STATUS_NEEDS_RESET;
}

/* A message that may be the last one; whether it was taken. */
static bool say(struct con_ctl *ctl, uint32_t id, unsigned event, unsigned value)
{
	uint8_t m[CON_MSG] = {(uint8_t)id,	   (uint8_t)(id >> 8),	 (uint8_t)(id >> 16),
			      (uint8_t)(id >> 24), (uint8_t)event,	 (uint8_t)(event >> 8),
			      (uint8_t)value,	   (uint8_t)(value >> 8)};
	struct cbuf *b = cbuf_new(ctl->c);

	if (!ctl->tx->room)
		return false;
	cbuf_out(ctl->c, b, m, sizeof(m));
	cring_add(ctl->tx, b);
	cring_publish(ctl->tx);
	cring_kick_always(ctl->tx);
	conf_settle(ctl->c);
	while (cring_take(ctl->tx))
		;
	return b->used && !gave_up(ctl->c);
}

static void hand_over(struct conf *c, struct cring *r, struct cbuf *b)
{
	cring_add(r, b);
	cring_publish(r);
	cring_kick_always(r);
	conf_settle(c);
	cmem_verify(c, "after a buffer that no driver may make available");
	conf_expect_idle(c);
}

static void cut_short(struct conf *c)
{
	static const uint8_t m[CON_MSG] = {0, 0, 0, 0, CON_PORT_READY, 0, 1, 0};
	struct con_ctl ctl;
	uint32_t len;

	for (len = 0; len < CON_MSG; len++) {
		struct cbuf *b;

		announced(c, &ctl);
		b = cbuf_new(c);
		cbuf_out(c, b, m, len);
		hand_over(c, ctl.tx, b);
	}
}

static void too_long(struct conf *c)
{
	uint8_t m[1000] = {0, 0, 0, 0, CON_PORT_READY, 0, 1, 0};
	struct con_ctl ctl;
	struct cbuf *b;

	announced(c, &ctl);
	b = cbuf_cut(c, m, sizeof(m), 0, 3);
	hand_over(c, ctl.tx, b);
}

static void unknown_event(struct conf *c)
{
	static const uint16_t event[] = {8, 9, 255, 256, 0x8000, 0xffff};
	struct con_ctl ctl;
	unsigned i;

	announced(c, &ctl);
	for (i = 0; i < VOP_ARRAY_SIZE(event); i++)
		if (!say(&ctl, 0, event[i], 1))
			announced(c, &ctl);
	con_ctl_settle(&ctl);
	judge_adds(c, &ctl);
	judge_removes(c, &ctl);
}

/* Events that are the device's alone, from a driver. */
static void device_event(struct conf *c)
{
	static const uint16_t event[] = {CON_DEVICE_ADD, CON_DEVICE_REMOVE, CON_CONSOLE_PORT,
					 CON_RESIZE, CON_PORT_NAME};
	struct con_ctl ctl;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(event); i++) {
		announced(c, &ctl);
		say(&ctl, 0, event[i], 1);
		say(&ctl, ctl.max_ports, event[i], 1);
		con_ctl_settle(&ctl);
		judge_adds(c, &ctl);
		judge_removes(c, &ctl);
	}
}

static void unknown_port(struct conf *c)
{
	static const uint16_t event[] = {CON_PORT_READY, CON_PORT_OPEN};
	struct con_ctl ctl;
	unsigned i, j, value;

	announced(c, &ctl);
	for (value = 0; value < 2; value++)
		for (i = 0; i < VOP_ARRAY_SIZE(event); i++) {
			const uint32_t id[] = {ctl.max_ports, 255, 65535, 0xffffffff};

			for (j = 0; j < VOP_ARRAY_SIZE(id); j++)
				if (id[j] >= ctl.max_ports && !say(&ctl, id[j], event[i], value))
					announced(c, &ctl);
		}
	con_ctl_settle(&ctl);
	judge_removes(c, &ctl);
	judge_adds(c, &ctl);
}

/* All four bytes of the number count. */
static void port_number(struct conf *c)
{
	static const uint32_t id[] = {0x100, 0x10000, 0x1000000, 0x80000000};
	struct con k;
	unsigned i;

	con_open(c, &k, 1);
	for (i = 0; i < VOP_ARRAY_SIZE(id); i++) {
		if (id[i] < k.ctl.max_ports || !say(&k.ctl, id[i], CON_PORT_OPEN, 0))
			return;
		con_io_send(&k.io[0], 40, 1);
		con_io_all_back(&k.io[0]);
	}
}

/* Before the driver said it was ready no port exists for it. */
static void before_ready(struct conf *c)
{
	struct con_ctl ctl;

	listen(c, &ctl);
	if (say(&ctl, 0, CON_PORT_READY, 1) && say(&ctl, 0, CON_PORT_OPEN, 1))
		say(&ctl, 0, CON_PORT_READY, 0);
	con_ctl_settle(&ctl);
	judge_removes(c, &ctl);
	judge_adds(c, &ctl);
}

static void odd_values(struct conf *c)
{
	static const uint16_t value[] = {2, 255, 256, 0xffff};
	struct con_ctl ctl;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(value); i++) {
		announced(c, &ctl);
		say(&ctl, 0, CON_PORT_READY, value[i]);
		say(&ctl, 0, CON_PORT_OPEN, value[i]);
		say(&ctl, 0, CON_DEVICE_READY, value[i]);
		con_ctl_settle(&ctl);
		judge_adds(c, &ctl);
		judge_removes(c, &ctl);
	}
}

/* One buffer of the control receive queue is not fit for a message. */
static void unfit(struct conf *c, const void *out, uint32_t out_len, uint32_t in_len)
{
	struct con_ctl ctl;
	struct cbuf *b;

	memset(&ctl, 0, sizeof(ctl));
	conf_negotiate(c);
	con_ctl_open(c, &ctl);
	conf_driver_ok(c);
	b = cbuf_new(c);
	if (out_len)
		cbuf_out(c, b, out, out_len);
	if (in_len || !out_len)
		cbuf_in(c, b, in_len);
	cring_add(ctl.rx, b);
	cring_publish(ctl.rx);
	cring_kick_always(ctl.rx);
	say(&ctl, 0, CON_DEVICE_READY, 1);
	cmem_verify(c, "after a receive buffer that is not fit for a message");
	conf_expect_idle(c);
}

static void small_buffer(struct conf *c)
{
	static const uint32_t len[] = {1, 4, 7};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(len); i++)
		unfit(c, NULL, 0, len[i]);
}

/* Room for the head of every message, not for what follows it. */
static void tight_buffers(struct conf *c)
{
	struct con_ctl ctl;
	unsigned i, n;

	memset(&ctl, 0, sizeof(ctl));
	conf_negotiate(c);
	con_ctl_open(c, &ctl);
	conf_driver_ok(c);
	for (n = 0; n < 8 && ctl.rx->room; n++) {
		struct cbuf *b = cbuf_new(c);

		cbuf_in(c, b, CON_MSG);
		cring_submit(ctl.rx, b);
	}
	if (say(&ctl, 0, CON_DEVICE_READY, 1))
		for (i = 0; i < 2 && say(&ctl, 0, CON_PORT_READY, 1); i++)
			;
	while (cring_take(ctl.rx))
		;
	cmem_verify(c, "after messages into buffers of 8 bytes");
	conf_expect_idle(c);
}

static void empty_buffer(struct conf *c)
{
	unfit(c, NULL, 0, 0);
}

static void rx_readable(struct conf *c)
{
	unfit(c, "these bytes are the driver's", 28, 0);
	unfit(c, "these bytes are the driver's", 28, 100);
}

static void tx_writable(struct conf *c)
{
	struct con_ctl ctl;
	struct cbuf *b;

	announced(c, &ctl);
	b = cbuf_new(c);
	cbuf_in(c, b, 16);
	hand_over(c, ctl.tx, b);
}

static void tx_writable_last(struct conf *c)
{
	static const uint8_t m[CON_MSG] = {0, 0, 0, 0, CON_PORT_READY, 0, 1, 0};
	struct con_ctl ctl;
	struct cbuf *b;

	announced(c, &ctl);
	b = cbuf_new(c);
	cbuf_out(c, b, m, sizeof(m));
	cbuf_in(c, b, 16);
	hand_over(c, ctl.tx, b);
}

/* Messages without end, whose answers are taken or not. */
static void talk(struct conf *c, bool taken)
{
	struct con_ctl ctl;
	unsigned i;

	memset(&ctl, 0, sizeof(ctl));
	conf_negotiate(c);
	con_ctl_open(c, &ctl);
	conf_driver_ok(c);
	if (taken)
		con_ctl_fill(&ctl);
	con_ctl_send(&ctl, 0, CON_DEVICE_READY, 1);
	if (taken)
		con_ctl_added(&ctl, 0);
	for (i = 0; i < 150; i++) {
		con_ctl_send(&ctl, 0, CON_PORT_READY, 1);
		if (taken && i % 8 == 7)
			con_ctl_settle(&ctl);
	}
	conf_expect_idle(c);
}

static void flood(struct conf *c)
{
	talk(c, true);
}

static void flood_untaken(struct conf *c)
{
	talk(c, false);
}

#define DEV  "device-types/console/description.tex:"
#define CON  .device = CON_ID, .needs = {CONF_F(CON_MULTIPORT)}
#define ADDS "5.3.6.2.1:dev:1"
#define REMS "5.3.6.2.1:dev:2"
static const struct conf_check checks[] = {
	{"console/control/waits-for-ready", "nothing is said before DEVICE_READY", "text:" DEV "92",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = waits_for_ready},
	{"console/control/ready-failed", "no port is added for a driver that failed",
	 "text:" DEV "163", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = ready_failed},
	{"console/control/adds", "ports are announced, each once, each below max_nr_ports",
	 ADDS " text:" DEV "133", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, CON, .run = adds},
	{"console/control/add-once",
	 "a port that exists is not added when the driver is ready again", ADDS, CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, CON, .run = add_once},
	{"console/control/add-after-reset", "ports are announced to the next driver",
	 ADDS " text:" DEV "133", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, CON,
	 .run = add_after_reset},
	{"console/control/removes", "only ports that were added are removed", REMS, CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = removes},
	{"console/control/removes-once", "a port is removed once", REMS " " ADDS, CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, CON, .run = removes_once},
	{"console/control/known-ports", "messages speak of ports that were added",
	 "text:" DEV "133", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = known_ports},
	{"console/control/events", "messages are those of a device", "text:" DEV "159", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = events},
	{"console/control/lengths", "messages are as long as their event says", "text:" DEV "151",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = lengths},
	{"console/control/resize", "the size of port 0 is that of the configuration",
	 "text:" DEV "175", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .device = CON_ID,
	 .needs = {CONF_F(CON_MULTIPORT), CONF_F(CON_SIZE)}, .run = resize},
	{"console/control/names", "names are UTF-8 without NUL", "text:" DEV "188", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = names},
	{"console/control/pieces", "a message may come in pieces", "2.7.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = pieces},
	{"console/control/rx-pieces", "a message may have to go into pieces", "2.7.4.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, CON, .run = rx_pieces},
	{"console/control/batch", "messages that come together are all heard", "text:" DEV "148",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = batch},
	{"console/control/idle-no-buffers", "no CPU is burnt while messages wait for buffers",
	 "text:" DEV "148", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = idle_no_buffers},
	{"console/ports/echo", "port 0 carries bytes when it is open", "text:" DEV "119", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = echo},
	{"console/ports/apart", "each port has bytes of its own", "text:" DEV "119", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = apart},
	{"console/ports/closed", "no bytes come to a port that is not open", "text:" DEV "183",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = closed},
	{"console/ports/closes", "no bytes come to a port that was closed", "text:" DEV "183",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, CON, .run = closes},
	{"console/ports/reopens", "a port can be closed and opened", "text:" DEV "183", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, CON, .run = reopens},
	{"console/control/short", "messages cut short harm nobody", "text:" DEV "151", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, CON, .run = cut_short},
	{"console/control/long", "a message that is too long harms nobody", "text:" DEV "151",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = too_long},
	{"console/control/unknown-event", "unknown events harm nobody", ADDS " " REMS, CONF_MUST,
	 CONF_ROBUSTNESS, CONF_BOTH, CON, .run = unknown_event},
	{"console/control/device-event", "the device's events from a driver harm nobody",
	 ADDS " " REMS, CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = device_event},
	{"console/control/unknown-port", "messages about ports that are none harm nobody",
	 REMS " " ADDS, CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = unknown_port},
	{"console/control/port-number", "all four bytes of a port's number count",
	 "text:" DEV "153", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = port_number},
	{"console/control/before-ready", "messages before DEVICE_READY harm nobody", REMS " " ADDS,
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = before_ready},
	{"console/control/odd-values", "values beyond 0 and 1 harm nobody", ADDS " " REMS,
	 CONF_MUST, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = odd_values},
	{"console/control/small-buffer", "nothing is written beyond a buffer that is too small",
	 "text:" DEV "148", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = small_buffer},
	{"console/control/tight-buffers", "buffers without room for sizes and names harm nobody",
	 "text:" DEV "175", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = tight_buffers},
	{"console/control/empty-buffer", "a receive buffer without room harms nobody",
	 "text:" DEV "148", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = empty_buffer},
	{"console/control/rx-readable", "a readable receive buffer harms nobody", "text:" DEV "140",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = rx_readable},
	{"console/control/tx-writable", "a writable message harms nobody", "text:" DEV "141",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = tx_writable},
	{"console/control/tx-writable-last", "a message with a writable piece harms nobody",
	 "text:" DEV "141", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = tx_writable_last},
	{"console/control/flood", "messages without end harm nobody", "text:" DEV "148", CONF_TEXT,
	 CONF_ROBUSTNESS, CONF_BOTH, CON, .run = flood},
	{"console/control/flood-untaken", "answers that nobody takes harm nobody",
	 "text:" DEV "148", CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, CON, .run = flood_untaken},
};
CONF_SECTION(conf_section_console_multiport, "5.3", "Console device: ports", checks);
