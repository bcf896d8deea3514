/* SPDX-License-Identifier: BSD-2-Clause */
/* A console device (VIRTIO 1.4, 5.3) whose ports send back what they are given. */
#include <string.h>

#include "conformance/ref/console.h"

#define CON_ID	 3
#define COLS	 80u
#define ROWS	 25u
#define EMERG_WR 8u
#define FLOOD	 16u
#define GULP	 512u

static void start(struct ref *r)
{
	static const uint8_t config[12] = {COLS, 0, ROWS, 0, CON_PORTS};

	memcpy(r->config, config, sizeof(config));
	if (ref_bug(r, REF_CON_MAX_ZERO))
		r->config[4] = 0;
}

static void reset(struct ref *r)
{
	struct con *n = r->state;
	unsigned i;

	for (i = 0; i < CON_PORTS; i++) {
		struct con_port *p = &n->port[i];

		if (!ref_bug(r, REF_CTL_RESET))
			p->added = false;
		p->ready = p->open = p->was_closed = false;
		p->at = 0;
		if (!ref_bug(r, REF_CON_OLD_BYTES))
			p->n = 0;
	}
	n->told = n->spins = false;
	n->n = n->row = n->heard = n->emergencies = 0;
}

bool ref_con_open(struct ref *r, unsigned port)
{
	const struct con *n = r->state;

	if (!ref_has(r, CON_F_MULTIPORT))
		return port == 0;
	return n->port[port].added && (n->port[port].open || ref_bug(r, REF_CON_CLOSED));
}

/* --- bytes --- */

static struct ref_queue *rx_of(struct ref *r, unsigned port)
{
	return &r->q[port ? 2 * port + 2 : 0];
}

static void put(struct con_port *p, uint8_t byte)
{
	p->bytes[(p->first + p->n++) % CON_STORE] = byte;
}

/* What mutants do to one byte on its way. True: it is kept. */
static bool spoil(struct ref *r, struct con_port *p, uint8_t *byte)
{
	if (ref_bug(r, REF_CON_7_BITS))
		*byte &= 0x7f;
	if (*byte == '\n' && ref_bug(r, REF_CON_NEWLINE) && p->n < CON_STORE)
		put(p, '\r');
	if (*byte == 4 && ref_bug(r, REF_CON_EOT))
		return false;
	return (p->first + p->n) % CON_STORE != CON_STORE - 1 || !ref_bug(r, REF_CON_WRAP);
}

static uint32_t readable(struct ref *r, const struct ref_chain *c)
{
	if (c->n && ref_bug(r, REF_CON_FIRST_PIECE))
		return c->seg[0].len;
	return ref_bug(r, REF_CON_BIG) ? VOP_MIN(c->out_len, 4096u) : c->out_len;
}

/* As many bytes of a transmitted buffer as there is room for. True: it is done with. */
static bool take(struct ref *r, struct con_port *p, struct ref_chain *c)
{
	uint32_t len = readable(r, c), at;
	uint8_t gulp[GULP], byte;

	if (p->at == 0 && len > 1 && ref_bug(r, REF_CON_TAKE_FROM) && len > 3000)
		p->at++;
	at = p->at;
	for (; p->at < len && p->n < CON_STORE; p->at++) {
		uint32_t from = p->at;

		if (len > 2000 && ref_bug(r, REF_CON_SWAP))
			from = (from + len / 2) % len;
		if (from % GULP == 0 || p->at == at)
			ref_gather(c, from, gulp + from % GULP, GULP - from % GULP);
		byte = gulp[from % GULP];
		if (byte == 0 && ref_bug(r, REF_CON_NUL))
			p->at = len;
		else if (spoil(r, p, &byte))
			put(p, byte);
	}
	if (p->at < len && !ref_bug(r, REF_CON_FULL)) {
		if (ref_bug(r, REF_BLIND2_BEGINS_AGAIN))
			p->at = 0;
		return false;
	}
	p->at = 0;
	return true;
}

static bool take_all(struct ref *r, unsigned port)
{
	struct con *n = r->state;
	struct ref_queue *q = rx_of(r, port) + 1;
	bool any = false, drop = ref_has(r, CON_F_MULTIPORT) && !n->port[port].added;
	unsigned to = port == 1 && ref_bug(r, REF_CON_CROSSED) ? 2 : port;

	if (port && ref_bug(r, REF_CON_PORT_LATE))
		return false;
	while (q->enabled && !q->broken && q->n_held) {
		uint32_t used = ref_bug(r, REF_CON_TX_LEN) ? q->held[0].out_len : 0;

		/* Nobody is behind a port that is not there. */
		if (q->held[0].out_len == 0 && ref_bug(r, REF_CON_EMPTY_STUCK))
			n->deaf = true;
		if (n->deaf && port == 0)
			break;
		if (!drop && ref_step(r, REF_CON_TAKE) && !take(r, &n->port[to], &q->held[0]))
			break;
		ref_release(q, used);
		any = true;
	}
	if (any)
		ref_publish(q);
	return any;
}

/* Into one receive buffer: the bytes that wait, as many as fit. */
static uint32_t fill(struct ref *r, struct con_port *p, const struct ref_chain *c)
{
	uint8_t bytes[CON_STORE] = {0};
	uint32_t len = VOP_MIN(p->n, c->in_len), i, put_len = len;
	uint32_t room = c->n && ref_bug(r, REF_CON_RX_PIECE) ? c->seg[0].len : len;

	if (ref_bug(r, REF_CON_RX_OVERFLOW))
		put_len = p->n;
	for (i = 0; i < put_len; i++)
		bytes[i] = p->bytes[(p->first + i) % CON_STORE];
	ref_scatter(r, c, 0, bytes, VOP_MIN(len, room));
	if (put_len > len)
		ref_store(r, c->seg[0].p + len, bytes + len, put_len - len);
	if (c->in_len < 16 && len > 1 && ref_bug(r, REF_CON_TINY)) {
		p->first = (p->first + len) % CON_STORE;
		p->n -= len;
		return 1;
	}
	p->first = (p->first + len) % CON_STORE;
	p->n -= len;
	return len;
}

static bool give(struct ref *r, unsigned port)
{
	struct con *n = r->state;
	struct con_port *p = &n->port[port];
	struct ref_queue *q = rx_of(r, port);
	bool any = false;

	while (q->enabled && !q->broken && p->n && q->n_held && ref_con_open(r, port)) {
		uint32_t len = fill(r, p, &q->held[0]);

		ref_release(q, (uint32_t)ref_value(r, REF_CON_RX_LEN, len));
		any = true;
	}
	if (any)
		ref_publish(q);
	if (p->n && q->n_held == 0 && ref_bug(r, REF_CON_EARLY))
		p->n = 0;
	if (p->n && q->n_held == 0 && ref_bug(r, REF_CON_IDLE))
		r->burnt += 1000000000u;
	return any;
}

static bool work(struct ref *r)
{
	struct con *n = r->state;
	bool any = ref_has(r, CON_F_MULTIPORT) && ref_con_tell(r);
	unsigned i;

	n->row = 0;
	if (n->spins)
		r->burnt += 1000000000u;
	for (i = 0; i < CON_PORTS; i++) {
		any |= take_all(r, i);
		any |= give(r, i);
	}
	return any;
}

/* 5.3.6.1: what the driver may not make available. */
static bool wrong_way(struct ref *r, const struct ref_queue *q, const struct ref_chain *c)
{
	struct con *n = r->state;

	if (q->index % 2) {
		if (c->in_len && ref_bug(r, REF_CON_TX_WRITES) && q->index != 3)
			r->dead = true;
		if (c->in_len && ref_bug(r, REF_CTL_WRITABLE) && q->index == 3)
			n->spins = true;
		return c->n && c->seg[c->n - 1].write;
	}
	if (c->out_len && ref_bug(r, q->index == 2 ? REF_CTL_READABLE : REF_CON_RX_READABLE))
		ref_store(r, c->seg[0].p, "\1\0\0\0\0\0\0\0", VOP_MIN(c->seg[0].len, 8u));
	if (c->in_len == 0 && ref_bug(r, REF_CON_EMPTY_SPINS))
		n->spins = true;
	return c->in_len == 0 || !c->seg[0].write;
}

static bool request(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	struct con *n = r->state;

	if (wrong_way(r, q, c)) {
		/* A mutant that turns forever has no time for that. */
		if (!n->spins)
			ref_violation(r, q, "pieces of the wrong direction, or no room");
		return false;
	}
	if (q->index == 3)
		return ref_con_hear(r, q, c);
	if (q->index % 2 && ++n->row > FLOOD && ref_bug(r, REF_CON_FLOOD))
		return false;
	/* The rest of a buffer that a queue reset took away is forgotten with it. */
	if (q->index % 2 && q->n_held == 0)
		n->port[q->index < 2 ? 0 : q->index / 2 - 1].at = 0;
	ref_hold(q, c);
	return false;
}

/* --- configuration --- */

static bool emergency_ok(struct ref *r, uint32_t v)
{
	struct con *n = r->state;

	if ((ref_bug(r, REF_CON_EMERG_EARLY) && !(r->status & VOP_STATUS_DRIVER_OK)) ||
	    (ref_bug(r, REF_CON_EMERG_FRESH) && !r->status) ||
	    (ref_bug(r, REF_CON_EMERG_FEATURE) && !ref_has(r, CON_F_EMERG)) ||
	    (ref_bug(r, REF_CON_EMERG_BROKEN) && r->needs_reset) ||
	    (ref_bug(r, REF_CON_EMERG_TWICE) && n->emergencies % 2) ||
	    (ref_bug(r, REF_CON_EMERG_WIDE) && v > 0xff) ||
	    (ref_bug(r, REF_CON_EMERG_ZERO) && v == 0))
		return false;
	return ref_step(r, REF_CON_EMERG);
}

static bool config_early(const struct ref *r, uint32_t off, uint32_t len)
{
	(void)r;
	return off == EMERG_WR && len <= sizeof(vop_le32);
}

/* All is read-only but emerg_wr, which may be written at any time (5.3.5.1). Where its lower byte
 * goes is the device's affair: here it is counted. */
static int config_write(struct ref *r, uint32_t off, const void *src, uint32_t len)
{
	struct con *n = r->state;
	vop_le32 v = 0;
	unsigned i;

	if (off != EMERG_WR)
		return -EINVAL;
	memcpy(&v, src, VOP_MIN(len, (uint32_t)sizeof(v)));
	if (!emergency_ok(r, le32toh(v)))
		return -EPERM;
	n->emergencies++;
	if (ref_bug(r, REF_CON_EMERG_SIZE))
		memcpy(r->config, &v, 1);
	if (ref_bug(r, REF_CON_EMERG_FLOOD) && n->emergencies > 32)
		r->dead = true;
	for (i = 0; i < REF_QUEUES && ref_bug(r, REF_CON_EMERG_QUEUE); i++)
		r->q[i].broken = true;
	return 0;
}

/* 5.3.2 */
static bool queue_exists(struct ref *r, unsigned q)
{
	if (q == 2 * CON_PORTS + 1 && ref_bug(r, REF_CON_QUEUES))
		return false;
	return q < 2 || ref_has(r, CON_F_MULTIPORT);
}

const struct ref_type ref_console = {
	.name = "console",
	.device = CON_ID,
	.features = {1ull << CON_F_SIZE | 1ull << CON_F_MULTIPORT | 1ull << CON_F_EMERG, 0},
	.queues = 2 * CON_PORTS + 2,
	.queue_size_max = 256,
	.config_size = 12,
	.state = sizeof(struct con),
	.start = start,
	.reset = reset,
	.request = request,
	.work = work,
	.config_write = config_write,
	.config_early = config_early,
	.queue_exists = queue_exists,
};
