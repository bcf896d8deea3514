/* SPDX-License-Identifier: BSD-2-Clause */
/* The control queues of the reference console device (VIRTIO 1.4, 5.3.6.2). */
#include <stdio.h>
#include <string.h>

#include "conformance/ref/console.h"

#define HEAD  8u
#define FLOOD 40u

enum {
	DEVICE_READY,
	DEVICE_ADD,
	DEVICE_REMOVE,
	PORT_READY,
	CONSOLE_PORT,
	RESIZE,
	PORT_OPEN,
	PORT_NAME,
};

/* --- to the driver --- */

static void put16(uint8_t *p, uint64_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/* One more message that waits, `more` bytes behind its head. */
static void say(struct ref *r, uint32_t port, uint16_t event, uint16_t value, const void *more,
		uint32_t len)
{
	struct con *n = r->state;
	struct con_message *m = &n->message[(n->first + n->n) % CON_MESSAGES];
	uint32_t id = (uint32_t)ref_value(r, REF_CTL_ID, port);

	/* A driver that takes none of them loses some. */
	if (n->n == CON_MESSAGES)
		return;
	if (n->n > FLOOD && ref_bug(r, REF_CTL_FLOOD_OPEN))
		r->dead = true;
	if (ref_bug(r, REF_CTL_NAMES_SAME))
		id = id << 24 | id >> 24;
	put16(m->bytes, id);
	put16(m->bytes + 2, id >> 16);
	put16(m->bytes + 4, ref_value(r, REF_CTL_EVENT, event));
	put16(m->bytes + 6, value);
	memcpy(m->bytes + HEAD, more, VOP_MIN(len, CON_MSG_MAX - HEAD));
	m->len = HEAD + len;
	n->n++;
}

static void say_size(struct ref *r)
{
	uint8_t size[4];

	memcpy(size, r->config, sizeof(size));
	put16(size, ref_value(r, REF_CTL_COLS, r->config[0]));
	if (ref_bug(r, REF_CTL_ROWS_COLS)) {
		memcpy(size, r->config + 2, 2);
		memcpy(size + 2, r->config, 2);
	}
	say(r, 0, RESIZE, 0, size, sizeof(size));
}

static void say_name(struct ref *r, uint32_t port)
{
	char name[8];

	snprintf(name, sizeof(name), "port.%u", port % 10);
	if (ref_bug(r, REF_CTL_NAME_LATIN))
		name[1] = (char)0xf6;
	say(r, port, PORT_NAME, 1, name,
	    (uint32_t)strlen(name) + (ref_bug(r, REF_CTL_NAME_NUL) ? 1 : 0));
}

static void write_message(struct ref *r, struct ref_queue *q, const struct con_message *m)
{
	struct ref_chain *c = &q->held[0];
	uint32_t len = VOP_MIN(m->len, c->in_len);

	if (ref_bug(r, REF_CTL_SMALL))
		ref_store(r, c->seg[0].p, m->bytes, m->len);
	else
		ref_scatter(r, c, 0, m->bytes,
			    ref_bug(r, REF_CTL_RX_ONE_PIECE) ? VOP_MIN(len, c->seg[0].len) : len);
	ref_release(q, (uint32_t)ref_value(r, REF_CTL_LEN, len));
}

bool ref_con_tell(struct ref *r)
{
	struct con *n = r->state;
	struct ref_queue *q = &r->q[2];
	bool any = false;

	if (!n->told && q->enabled && ref_bug(r, REF_CTL_UNASKED)) {
		n->told = n->port[0].added = true;
		say(r, 0, DEVICE_ADD, 0, NULL, 0);
	}
	while (q->enabled && !q->broken && n->n && q->n_held) {
		const struct con_message *m = &n->message[n->first];

		if (q->held[0].in_len < HEAD && !ref_bug(r, REF_CTL_SMALL)) {
			ref_violation(r, q, "no room for a control message");
			return any;
		}
		/* What follows the head and does not fit is left out with its message. */
		if (q->held[0].in_len >= m->len || q->held[0].in_len < HEAD) {
			write_message(r, q, m);
			any = true;
		}
		n->first = (n->first + 1) % CON_MESSAGES;
		n->n--;
	}
	if (any)
		ref_publish(q);
	if (n->n && q->n_held == 0 && ref_bug(r, REF_CTL_NO_BUFFERS))
		r->burnt += 1000000000u;
	return any;
}

/* --- from the driver --- */

static void device_ready(struct ref *r, uint16_t value)
{
	struct con *n = r->state;
	uint32_t i, ports = CON_PORTS + (ref_bug(r, REF_CTL_BEYOND) ? 1 : 0);

	if (!value && !ref_bug(r, REF_CTL_READY_FAIL))
		return;
	n->told = true;
	for (i = 0; i < ports; i++) {
		if (i < CON_PORTS && n->port[i].added && !ref_bug(r, REF_CTL_AGAIN))
			continue;
		if (ref_bug(r, REF_CTL_TELLS_EARLY))
			say_name(r, i);
		if (ref_bug(r, REF_CTL_REMOVE_FIRST))
			say(r, i, DEVICE_REMOVE, 0, NULL, 0);
		say(r, i, DEVICE_ADD, 0, NULL, 0);
		if (i < CON_PORTS)
			n->port[i].added = true;
	}
}

/* The driver cannot use the port: it is taken away again. */
static void port_failed(struct ref *r, uint32_t id)
{
	struct con *n = r->state;
	uint32_t who = ref_bug(r, REF_CTL_REMOVE_WRONG) ? CON_PORTS : id;

	if (!n->port[id].added)
		return;
	say(r, who, DEVICE_REMOVE, 0, NULL, 0);
	if (!ref_bug(r, REF_CTL_REMOVE_TWICE))
		n->port[id].added = false;
	n->port[id].ready = n->port[id].open = false;
	n->port[id].n = 0;
}

static void port_ready(struct ref *r, uint32_t id, uint16_t value)
{
	struct con *n = r->state;

	if (!value) {
		port_failed(r, id);
		return;
	}
	n->port[id].ready = true;
	if (id == 0) {
		say(r, 0, CONSOLE_PORT, 1, NULL, 0);
		if (ref_has(r, CON_F_SIZE))
			say_size(r);
	}
	say_name(r, id);
	say(r, id, PORT_OPEN, ref_bug(r, REF_CTL_OPEN_VALUE) ? 0xff : 1, NULL, 0);
}

static void port_open(struct ref *r, uint32_t id, uint16_t value)
{
	struct con_port *p = &((struct con *)r->state)->port[id];

	if (!value && ref_bug(r, REF_CON_CLOSE))
		return;
	if (value && p->was_closed && ref_bug(r, REF_CON_REOPEN))
		return;
	p->was_closed = !value;
	p->open = value;
}

static void hear(struct ref *r, uint32_t id, uint16_t event, uint16_t value)
{
	struct con *n = r->state;

	if (ref_bug(r, REF_CTL_PORT_ALIAS))
		id &= 0xff;
	if (event > PORT_NAME && ref_bug(r, REF_CTL_EVENTS))
		r->dead = true;
	if (id >= CON_PORTS && event != DEVICE_READY && ref_bug(r, REF_CTL_PORT_RANGE))
		r->dead = true;
	if (event == DEVICE_READY) {
		device_ready(r, value);
		return;
	}
	if (event == DEVICE_ADD && ref_bug(r, REF_CTL_DEVICE_EVENTS))
		say(r, id, DEVICE_ADD, 0, NULL, 0);
	/* A port may go while the driver speaks of it: that is no violation. */
	if (id >= CON_PORTS || !n->port[id].added) {
		if (ref_bug(r, REF_CTL_REMOVE_UNKNOWN))
			say(r, id, DEVICE_REMOVE, 0, NULL, 0);
		return;
	}
	if (event == PORT_READY)
		port_ready(r, id, value);
	else if (event == PORT_OPEN)
		port_open(r, id, value);
}

/* Mutants only. True: the message is lost. */
static bool lose(struct ref *r, const struct ref_chain *c)
{
	struct con *n = r->state;

	if (c->out_len < HEAD && ref_bug(r, REF_CTL_SHORT))
		r->dead = true;
	if (c->out_len < HEAD && ref_bug(r, REF_CTL_SHORT_STUCK))
		n->deaf = true;
	if (++n->heard > FLOOD && ref_bug(r, REF_CTL_FLOOD))
		r->dead = true;
	return n->deaf || (++n->row > 1 && ref_bug(r, REF_CTL_ONE));
}

bool ref_con_hear(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	uint8_t m[HEAD] = {0};
	uint32_t len = HEAD;

	if (lose(r, c))
		return true;
	if (c->out_len < HEAD) {
		ref_violation(r, q, "a control message cut short");
		return false;
	}
	if (ref_bug(r, REF_CTL_ONE_PIECE))
		len = VOP_MIN(len, c->seg[0].len);
	ref_gather(c, 0, m, len);
	hear(r, m[0] | (uint32_t)m[1] << 8 | (uint32_t)m[2] << 16 | (uint32_t)m[3] << 24,
	     (uint16_t)(m[4] | m[5] << 8), (uint16_t)(m[6] | m[7] << 8));
	c->used = ref_bug(r, REF_CTL_TX_LEN) ? c->out_len : 0;
	return true;
}
