/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "conformance/con.h"

#define RX_LEN	   256u
#define RX_BUFFERS 16u

unsigned con_rxq(unsigned port)
{
	return port ? 2 * port + 2 : 0;
}

unsigned con_txq(unsigned port)
{
	return con_rxq(port) + 1;
}

uint32_t con_max_ports(struct conf *c)
{
	vop_le32 v;

	conf_config(c, CON_MAX_PORTS, &v, sizeof(v));
	return le32toh(v);
}

/* --- control queues --- */

void con_ctl_open(struct conf *c, struct con_ctl *ctl)
{
	ctl->c = c;
	ctl->max_ports = con_max_ports(c);
	ctl->rx = cring_open(c, CON_CTL_RXQ,
			     VOP_MIN((uint16_t)CON_CTL_BUFS, conf_queue_size_max(c, CON_CTL_RXQ)));
	ctl->tx = cring_open(c, CON_CTL_TXQ, 0);
}

static void refill(struct con_ctl *ctl)
{
	struct cbuf *b = cbuf_new(ctl->c);

	cbuf_in(ctl->c, b, CON_CTL_BYTES);
	cring_submit(ctl->rx, b);
}

void con_ctl_fill(struct con_ctl *ctl)
{
	while (ctl->rx->room)
		refill(ctl);
}

void con_ctl_send_raw(struct con_ctl *ctl, const void *bytes, uint32_t len, unsigned pieces)
{
	struct cbuf *b = cbuf_cut(ctl->c, bytes, len, 0, pieces);

	cring_submit(ctl->tx, b);
	cring_wait(ctl->tx, b);
}

void con_ctl_send(struct con_ctl *ctl, uint32_t id, unsigned event, unsigned value)
{
	uint8_t m[CON_MSG] = {(uint8_t)id,	   (uint8_t)(id >> 8),	 (uint8_t)(id >> 16),
			      (uint8_t)(id >> 24), (uint8_t)event,	 (uint8_t)(event >> 8),
			      (uint8_t)value,	   (uint8_t)(value >> 8)};

	conf_note(ctl->c, "control: port %u, event %u, value %u", id, event, value);
	con_ctl_send_raw(ctl, m, sizeof(m), 1);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* Lengths are given by the event (5.3.6.2). */
static bool right_length(const struct con_msg *m)
{
	if (m->event == CON_RESIZE)
		return m->len == CON_MSG + 4;
	if (m->event == CON_PORT_NAME)
		return m->len >= CON_MSG;
	return m->len == CON_MSG;
}

static void blame(struct con_fault *f, uint32_t id)
{
	if (!f->n++)
		f->id = id;
}

static void add(struct con_ctl *ctl, uint32_t id)
{
	if (id >= ctl->max_ports)
		blame(&ctl->added_beyond, id);
	if (id >= CON_PORTS)
		return;
	if (ctl->port[id].added)
		blame(&ctl->added_twice, id);
	ctl->port[id].added = true;
	ctl->port[id].adds++;
}

static void removed(struct con_ctl *ctl, uint32_t id)
{
	if (id >= CON_PORTS && id < ctl->max_ports)
		return;
	if (id >= CON_PORTS || !ctl->port[id].added) {
		blame(&ctl->removed_unknown, id);
		return;
	}
	ctl->port[id] =
		(struct con_said){.adds = ctl->port[id].adds, .removes = ctl->port[id].removes + 1};
}

static void about(struct con_ctl *ctl, const struct con_msg *m)
{
	struct con_said *s = &ctl->port[m->id % CON_PORTS];

	if (m->id >= CON_PORTS && m->id < ctl->max_ports)
		return;
	if (m->id >= CON_PORTS || !s->added) {
		blame(&ctl->about_unknown, m->id);
		return;
	}
	if (m->event == CON_CONSOLE_PORT)
		s->console = true;
	if (m->event == CON_RESIZE) {
		s->resized = true;
		s->cols = get16(m->more);
		s->rows = get16(m->more + 2);
	}
	if (m->event == CON_PORT_OPEN) {
		s->open = m->value;
		if (m->value > 1)
			blame(&ctl->odd_value, m->id);
	}
	if (m->event == CON_PORT_NAME) {
		s->named = true;
		s->name_len = m->len - CON_MSG;
		memcpy(s->name, m->more, VOP_MIN(s->name_len, CON_NAME_BYTES));
	}
}

static void account(struct con_ctl *ctl, const struct con_msg *m)
{
	ctl->messages++;
	conf_note(ctl->c, "control: the device says: port %u, event %u, value %u, %u bytes", m->id,
		  m->event, m->value, m->len);
	if (m->event == CON_DEVICE_READY || m->event == CON_PORT_READY || m->event > CON_PORT_NAME)
		blame(&ctl->odd_event, m->id);
	else if (!right_length(m))
		blame(&ctl->odd_length, m->id);
	else if (m->event == CON_DEVICE_ADD)
		add(ctl, m->id);
	else if (m->event == CON_DEVICE_REMOVE)
		removed(ctl, m->id);
	else
		about(ctl, m);
}

static bool take(struct con_ctl *ctl, struct con_msg *m)
{
	uint8_t bytes[CON_CTL_BYTES];
	struct cbuf *b;

	while ((b = cring_next(ctl->rx)) != NULL) {
		if (b->used_len < CON_MSG) {
			blame(&ctl->odd_length, 0);
			refill(ctl);
			continue;
		}
		cbuf_read(b, 0, bytes, b->used_len);
		refill(ctl);
		m->id = get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
		m->event = get16(bytes + 4);
		m->value = get16(bytes + 6);
		m->len = b->used_len;
		memcpy(m->more, bytes + CON_MSG, m->len - CON_MSG);
		account(ctl, m);
		return true;
	}
	return false;
}

struct next {
	struct con_ctl *ctl;
	struct con_msg *m;
};

static bool came(struct conf *c, void *arg)
{
	struct next *n = arg;

	(void)c;
	return take(n->ctl, n->m);
}

bool con_ctl_next(struct con_ctl *ctl, struct con_msg *m)
{
	struct next n = {ctl, m};

	return conf_wait(ctl->c, came, &n);
}

/* 5.3.6.2.2: what the driver has to answer. */
static void answer(struct con_ctl *ctl, const struct con_msg *m)
{
	if (m->event == CON_CONSOLE_PORT && m->len == CON_MSG && !ctl->mute)
		con_ctl_send(ctl, m->id, CON_PORT_OPEN, 1);
}

void con_ctl_settle(struct con_ctl *ctl)
{
	struct con_msg m;

	for (;;) {
		conf_settle(ctl->c);
		if (!take(ctl, &m))
			return;
		do
			answer(ctl, &m);
		while (take(ctl, &m));
	}
}

bool con_ctl_until(struct con_ctl *ctl, bool (*done)(const struct con_ctl *ctl, uint32_t arg),
		   uint32_t arg)
{
	struct con_msg m;

	while (!done(ctl, arg)) {
		if (!con_ctl_next(ctl, &m))
			return false;
		answer(ctl, &m);
	}
	return true;
}

static bool added(const struct con_ctl *ctl, uint32_t id)
{
	return ctl->port[id].added;
}

void con_ctl_added(struct con_ctl *ctl, uint32_t id)
{
	CONF_EXPECT(ctl->c, con_ctl_until(ctl, added, id),
		    "the driver is ready for control messages, and port %u is not added", id);
}

void con_ctl_port(struct con_ctl *ctl, uint32_t id)
{
	con_ctl_send(ctl, id, CON_PORT_READY, 1);
	con_ctl_send(ctl, id, CON_PORT_OPEN, 1);
}

/* --- bytes of a port --- */

static uint8_t byte_at(const struct con_io *io, uint64_t at)
{
	uint64_t z = (at >> 3) + io->key;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (uint8_t)(z >> (8 * (at & 7)));
}

void con_io_open(struct conf *c, struct con_io *io, unsigned port, uint16_t size)
{
	*io = (struct con_io){.c = c,
			      .port = port,
			      .rx = cring_open(c, con_rxq(port), size),
			      .tx = cring_open(c, con_txq(port), size),
			      .rx_len = RX_LEN,
			      .rx_pieces = 1,
			      .key = conf_random(c)};
}

void con_io_fill(struct con_io *io, unsigned n)
{
	while (n-- && io->rx->room >= io->rx_pieces)
		cring_add(io->rx, cbuf_cut(io->c, NULL, 0, io->rx_len, io->rx_pieces));
	cring_publish(io->rx);
	cring_kick(io->rx);
}

struct cbuf *con_io_send(struct con_io *io, uint32_t n, unsigned pieces)
{
	uint8_t bytes[8192];
	struct cbuf *b;
	uint32_t i;

	if (n > sizeof(bytes))
		conf_error(io->c, "at most %zu bytes at once", sizeof(bytes));
	for (i = 0; i < n; i++)
		bytes[i] = byte_at(io, io->sent + i);
	b = cbuf_cut(io->c, bytes, n, 0, pieces);
	cring_submit(io->tx, b);
	io->sent += n;
	return b;
}

static void compare(struct con_io *io, const struct cbuf *b)
{
	uint8_t part[256];
	uint32_t at, i;

	CONF_EXPECT(io->c, b->used_len, "port %u: a receive buffer came back without a byte",
		    io->port);
	CONF_EXPECT(io->c, b->used_len <= io->sent - io->got,
		    "port %u: %u bytes were received, and %llu were on their way", io->port,
		    b->used_len, (unsigned long long)(io->sent - io->got));
	for (at = 0; at < b->used_len; at += VOP_MIN(b->used_len - at, 256u)) {
		uint32_t n = VOP_MIN(b->used_len - at, 256u);

		cbuf_read(b, at, part, n);
		for (i = 0; i < n; i++)
			CONF_EXPECT(io->c, part[i] == byte_at(io, io->got + at + i),
				    "port %u: byte %llu of the stream is 0x%02x, and 0x%02x was "
				    "sent",
				    io->port, (unsigned long long)(io->got + at + i), part[i],
				    byte_at(io, io->got + at + i));
	}
	io->got += b->used_len;
	io->buffers++;
}

void con_io_take(struct con_io *io)
{
	struct cbuf *b;

	while ((b = cring_next(io->rx)) != NULL) {
		compare(io, b);
		con_io_fill(io, 1);
	}
}

static bool all_back(struct conf *c, void *arg)
{
	struct con_io *io = arg;

	(void)c;
	con_io_take(io);
	return io->got == io->sent;
}

/* The end of a wait is not the end of the bytes: more come as buffers are refilled. */
void con_io_all_back(struct con_io *io)
{
	uint64_t before;

	do {
		before = io->got;
		if (conf_wait(io->c, all_back, io))
			break;
	} while (io->got != before);
	CONF_EXPECT(io->c, io->got == io->sent, "port %u: %llu bytes were sent, and %llu came back",
		    io->port, (unsigned long long)io->sent, (unsigned long long)io->got);
	cring_wait_all(io->tx);
}

void con_open(struct conf *c, struct con *k, unsigned ports)
{
	bool multi;
	unsigned i;

	memset(k, 0, sizeof(*k));
	k->ports = VOP_MIN(ports, (unsigned)VOP_ARRAY_SIZE(k->io));
	conf_negotiate(c);
	multi = conf_has(c, CON_MULTIPORT);
	if (multi && con_max_ports(c) < k->ports)
		conf_skip(c, "the device has %u ports, this needs %u", con_max_ports(c), k->ports);
	if (multi)
		con_ctl_open(c, &k->ctl);
	for (i = 0; i < k->ports; i++)
		con_io_open(c, &k->io[i], i, 0);
	conf_set_ring(c, k->io[0].tx);
	conf_driver_ok(c);
	for (i = 0; i < k->ports; i++)
		con_io_fill(&k->io[i], RX_BUFFERS);
	if (!multi)
		return;
	con_ctl_fill(&k->ctl);
	con_ctl_send(&k->ctl, 0, CON_DEVICE_READY, 1);
	for (i = 0; i < k->ports; i++) {
		con_ctl_added(&k->ctl, i);
		con_ctl_port(&k->ctl, i);
	}
	con_ctl_settle(&k->ctl);
}
