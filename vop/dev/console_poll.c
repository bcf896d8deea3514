/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes between the queues of a port and the backend (VIRTIO 1.4, 5.3.6). A turn offers what was
 * transmitted to the backend, then asks it for bytes to receive; so an echo is answered in the turn
 * that saw it.
 *
 * Bytes for a port that the driver has closed wait: order between a port's queues and the control
 * queues is nobody's, so what was sent just before or after PORT_OPEN must not depend on it.
 */
#include "vop/dev/console_internal.h"

#define TURN_BUFFERS 32u
#define TURN_BYTES   (128u << 10) /* one way, about; others share the poller */
#define RX_MAX	     65536u	  /* one receive buffer */

/* --- transmit --- */

/* Offer what is left of the held buffer, at most `most` bytes. How many were taken. */
static uint32_t offer(struct con_port *p, uint32_t most)
{
	const struct vop_console_backend *b = &p->con->backend;
	bool drop = !con_port_exists(p);
	uint32_t done = 0;

	while (p->at < p->elem.nout && done < most) {
		struct vop_iov *v = &p->iov[p->elem.first + p->at];
		uint32_t len = VOP_MIN(v->len, most - done);
		/* Nobody listens behind a port that is gone; its buffers come back all the same. */
		uint32_t took = drop ? len : b->tx(b->ctx, p->index, v->ptr, len);

		done += took;
		if (took == v->len) {
			p->at++;
			continue;
		}
		v->ptr += took;
		v->len -= took;
		if (took < len)
			break;
	}
	return done;
}

static unsigned tx_turn(struct con_port *p)
{
	unsigned used = 0, walked = 0;
	uint32_t bytes = 0, took;
	bool stuck = false;

	while (used < TURN_BUFFERS && walked < TURN_WALK && bytes < TURN_BYTES && !stuck) {
		if (!p->held) {
			if (!con_take(p->con, &p->tx, &p->elem, p->iov, false))
				break;
			p->held = true;
			p->at = 0;
			walked += con_walked(&p->elem);
		}
		took = offer(p, TURN_BYTES - bytes);
		bytes += took;
		stuck = p->at < p->elem.nout && bytes < TURN_BYTES;
		if (p->at < p->elem.nout)
			continue;
		p->held = false;
		vop_devq_push(&p->tx.vq, &p->elem, NULL, 1);
		used++;
	}
	/* What was used before a violation stays unsaid: the queue is dead. */
	if (used && p->tx.live)
		vop_core_publish(&p->tx);
	if (bytes)
		vop_core_count(&p->count.tx_bytes, bytes);
	return used + (bytes != 0);
}

/* --- receive --- */

static void fill(struct con_port *p, const struct vop_elem *e, uint32_t len)
{
	const struct vop_console_backend *b = &p->con->backend;
	const struct vop_iov *v = &p->con->iov[e->first];

	for (uint32_t l; len; len -= l, v++) {
		l = VOP_MIN(len, v->len);
		b->rx_take(b->ctx, p->index, v->ptr, l);
	}
}

static unsigned rx_turn(struct con_port *p)
{
	const struct vop_console_backend *b = &p->con->backend;
	struct vop_elem e;
	unsigned used = 0, walked = 0;
	uint32_t bytes = 0, len;

	p->starving = false;
	if (!b->rx_pending || !con_port_open(p))
		return 0;
	while (used < TURN_BUFFERS && walked < TURN_WALK && bytes < TURN_BYTES) {
		len = b->rx_pending(b->ctx, p->index);
		if (!len)
			break;
		if (!con_take(p->con, &p->rx, &e, p->con->iov, true)) {
			p->starving = true;
			break;
		}
		walked += con_walked(&e);
		len = VOP_MIN(VOP_MIN(len, e.in_len), RX_MAX);
		fill(p, &e, len);
		vop_devq_push(&p->rx.vq, &e, &len, 1);
		bytes += len;
		used++;
	}
	if (used && p->rx.live)
		vop_core_publish(&p->rx);
	if (used)
		vop_core_count(&p->count.rx_bytes, bytes);
	else if (p->starving)
		vop_core_count(&p->count.starved, 1);
	return used;
}

/* --- a port --- */

unsigned vop_console_port_poll(void *ctx)
{
	struct con_port *p = ctx;
	unsigned done = 0;

	if (vop_likely(p->tx.live))
		done = tx_turn(p);
	if (vop_likely(p->rx.live))
		done += rx_turn(p);
	if (!done) {
		vop_core_retry_ring(&p->tx);
		vop_core_retry_ring(&p->rx);
	}
	return done;
}

bool vop_console_port_arm(void *ctx)
{
	struct con_port *p = ctx;
	bool work = false;

	if (p->rx.live) {
		work = p->rx.ring_owed;
		if (p->starving)
			work |= vop_devq_arm(&p->rx.vq);
	}
	if (p->tx.live && p->held)
		work |= p->tx.ring_owed || !p->con->backend.loops;
	else
		work |= vop_core_arm(&p->tx);
	return work;
}

void vop_console_port_disarm(void *ctx)
{
	struct con_port *p = ctx;

	vop_core_disarm(&p->rx);
	vop_core_disarm(&p->tx);
}
