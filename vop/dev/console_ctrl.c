/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control queues (VIRTIO 1.4, 5.3.6.2). What the driver is to be told is kept as bits of the
 * ports, not as a queue of messages: a driver that asks for ever and never takes an answer costs
 * nothing, and a message can never contradict the state it is made from.
 */
#include <stdio.h>
#include <string.h>

#include "vop/dev/console_internal.h"

#define TURN_BUFFERS 16u

enum {
	DEVICE_READY = 0,
	DEVICE_ADD = 1,
	DEVICE_REMOVE = 2,
	PORT_READY = 3,
	CONSOLE_PORT = 4,
	RESIZE = 5,
	PORT_OPEN = 6,
	PORT_NAME = 7,
};

struct message {
	vop_le32 id;
	vop_le16 event;
	vop_le16 value;
	union {
		struct {
			vop_le16 cols, rows;
		} size;
		char name[VOP_CONSOLE_TAG_MAX]; /* no NUL */
	};
};
#define MESSAGE_HEAD 8u
_Static_assert(offsetof(struct message, size) == MESSAGE_HEAD, "layout");

/* --- from the driver --- */

static void port_ready(struct con_port *p, bool ok)
{
	const struct vop_console *c = p->con;

	p->ready = ok;
	p->owed &= CON_OWED_REMOVE | CON_OWED_ADD;
	if (!ok) {
		p->open = false;
		return;
	}
	/* Our end is open from the start. */
	p->owed |= CON_OWED_OPEN;
	if (c->tag[0])
		p->owed |= CON_OWED_NAME;
	if (p->index == 0)
		p->owed |= CON_OWED_CONSOLE | (c->has_size ? CON_OWED_RESIZE : 0);
}

static void device_ready(struct vop_console *c, bool ok)
{
	unsigned i;

	c->ready = ok;
	for (i = 0; ok && i < c->ports_max; i++)
		if (c->port[i]->present && !c->port[i]->added)
			c->port[i]->owed |= CON_OWED_ADD;
}

/* False: it says nothing to us. That is no violation: a port may go while the driver speaks of it,
 * and later drivers may know more events. */
static bool hear(struct vop_console *c, const struct message *m)
{
	uint32_t id = le32toh(m->id);
	uint16_t event = le16toh(m->event), value = le16toh(m->value);
	struct con_port *p;

	if (value > 1)
		return false;
	if (event == DEVICE_READY) {
		device_ready(c, value);
		return true;
	}
	if (id >= c->ports_max || !con_port_exists(c->port[id]))
		return false;
	p = c->port[id];
	if (event == PORT_READY) {
		port_ready(p, value);
	} else if (event == PORT_OPEN) {
		p->open = value;
		/* Bytes may wait for this. */
		if (p->open)
			vop_poller_wake(c->core.poller, vop_console_port_poll, p);
	} else {
		return false;
	}
	return true;
}

static unsigned tx_turn(struct vop_console *c)
{
	struct vop_core_queue *q = &c->ctrl_tx;
	struct message m = {0};
	struct vop_elem e;
	unsigned done = 0, walked = 0;

	while (done < TURN_BUFFERS && walked < TURN_WALK && con_take(c, q, &e, c->iov, false)) {
		struct vop_core_walk w = {.v = &c->iov[e.first], .n = e.nout};

		walked += con_walked(&e);
		/* What stands behind the head is of messages that only a device sends. */
		if (vop_core_copy_out(&w, &m, MESSAGE_HEAD) < MESSAGE_HEAD) {
			vop_core_violate(&c->core, q, VOP_V_CTRL);
			return done;
		}
		if (!hear(c, &m))
			vop_core_count(&c->ignored, 1);
		vop_devq_push(&q->vq, &e, NULL, 1);
		done++;
	}
	if (done && q->live)
		vop_core_publish(q);
	return done;
}

/* --- to the driver --- */

static struct con_port *next_owed(struct vop_console *c)
{
	unsigned i;

	if (!c->ready || !c->multiport)
		return NULL;
	for (i = 0; i < c->ports_max; i++)
		if (c->port[i]->owed)
			return c->port[i];
	return NULL;
}

/* The message that this bit of p->owed stands for; its length. */
static uint32_t make_message(const struct con_port *p, unsigned bit, struct message *m)
{
	const struct vop_console *c = p->con;
	uint16_t event = 0, value = 0;
	uint32_t len = MESSAGE_HEAD;
	int n;

	switch (bit) {
	case CON_OWED_REMOVE:
		event = DEVICE_REMOVE;
		break;
	case CON_OWED_ADD:
		event = DEVICE_ADD;
		break;
	case CON_OWED_CONSOLE:
		event = CONSOLE_PORT;
		value = 1;
		break;
	case CON_OWED_RESIZE:
		event = RESIZE;
		m->size.cols = htole16(c->cols);
		m->size.rows = htole16(c->rows);
		len += sizeof(m->size);
		break;
	case CON_OWED_NAME:
		event = PORT_NAME;
		n = snprintf(m->name, sizeof(m->name), "%s.%u", c->tag, p->index);
		len += VOP_MIN((uint32_t)n, (uint32_t)sizeof(m->name) - 1);
		break;
	default:
		event = PORT_OPEN;
		value = 1;
	}
	m->id = htole32(p->index);
	m->event = htole16(event);
	m->value = htole16(value);
	return len;
}

/* The message was said: the port is what it says (5.3.6.2.1). */
static void said(struct con_port *p, unsigned bit)
{
	p->owed &= ~bit;
	if (bit == CON_OWED_ADD)
		p->added = true;
	if (bit == CON_OWED_REMOVE) {
		p->added = p->ready = p->open = false;
		/* Plugged in again meanwhile. */
		p->owed = p->present ? CON_OWED_ADD : 0;
	}
}

static bool hold_buffer(struct vop_console *c)
{
	if (c->ctrl_held)
		return true;
	if (!con_take(c, &c->ctrl_rx, &c->ctrl_elem, c->ctrl_iov, true))
		return false;
	if (c->ctrl_elem.in_len < MESSAGE_HEAD) {
		vop_core_violate(&c->core, &c->ctrl_rx, VOP_V_CTRL);
		return false;
	}
	c->ctrl_held = true;
	return true;
}

static unsigned rx_turn(struct vop_console *c)
{
	struct vop_core_queue *q = &c->ctrl_rx;
	struct con_port *p;
	struct message m;
	unsigned done = 0;

	c->ctrl_starving = false;
	while (done < TURN_BUFFERS && (p = next_owed(c)) != NULL) {
		unsigned bit = p->owed & (~p->owed + 1); /* the lowest */
		struct vop_core_walk w;
		uint32_t len;

		if (!hold_buffer(c)) {
			c->ctrl_starving = true;
			break;
		}
		len = make_message(p, bit, &m);
		said(p, bit);
		/* A name or a size that this driver has no room for is left out; the buffer waits
		 * for the next message. */
		if (len > c->ctrl_elem.in_len)
			continue;
		w = (struct vop_core_walk){.v = &c->ctrl_iov[c->ctrl_elem.first],
					   .n = c->ctrl_elem.nin};
		vop_core_copy_in(&w, &m, len);
		vop_devq_push(&q->vq, &c->ctrl_elem, &len, 1);
		c->ctrl_held = false;
		done++;
	}
	if (done && q->live)
		vop_core_publish(q);
	return done;
}

/* --- the control queues --- */

unsigned vop_console_ctrl_poll(void *ctx)
{
	struct vop_console *c = ctx;
	unsigned done = 0;

	if (c->ctrl_tx.live)
		done = tx_turn(c);
	if (c->ctrl_rx.live)
		done += rx_turn(c);
	if (!done) {
		vop_core_retry_ring(&c->ctrl_tx);
		vop_core_retry_ring(&c->ctrl_rx);
	}
	return done;
}

bool vop_console_ctrl_arm(void *ctx)
{
	struct vop_console *c = ctx;
	bool work = false;

	if (c->ctrl_rx.live) {
		work = c->ctrl_rx.ring_owed;
		if (c->ctrl_starving)
			work |= vop_devq_arm(&c->ctrl_rx.vq);
	}
	work |= vop_core_arm(&c->ctrl_tx);
	return work;
}

void vop_console_ctrl_disarm(void *ctx)
{
	struct vop_console *c = ctx;

	vop_core_disarm(&c->ctrl_rx);
	vop_core_disarm(&c->ctrl_tx);
}
