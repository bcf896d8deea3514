/* SPDX-License-Identifier: BSD-2-Clause */
/* A random case is run. What the device may write is opened before it can know of it: every byte
 * that any descriptor names, whatever its flags say. */
#include <string.h>

#include "conformance/internal.h"
#include "conformance/state.h"

#define REQUESTS 24u
#define PIECES	 8u
#define AREA	 8192u
#define ENTRIES	 16u
#define NOWHERE	 0x7fff000000000000ull
#define BELOW	 16u /* bytes below an end */
#define CPU_EACH 16u /* of so many cases one looks at the device's CPU */

struct request {
	struct cbuf *b;
	bool published, kicked, verified;
};

struct running {
	struct conf *c;
	struct cring *r;
	bool legal; /* so far */
	struct request req[REQUESTS];
	unsigned n;
	uint8_t *area, *table;
	uint64_t area_bus, table_bus;
};

/* --- what the device may write --- */

static void open_range(struct conf *c, uint64_t bus, uint64_t len)
{
	unsigned i;

	for (i = 0; i < c->chunks; i++) {
		const struct cmem_chunk *k = &c->chunk[i];
		uint64_t from = VOP_MAX(bus, k->bus), to = k->bus + k->size;

		if (len < UINT64_MAX - bus)
			to = VOP_MIN(to, bus + len);
		if (from < to)
			cmem_open(c, k->mem + (from - k->bus), to - from);
	}
}

/* A descriptor with INDIRECT may name anything as a table of such. */
static void open_table(struct conf *c, uint64_t bus, uint64_t len)
{
	unsigned i;

	for (i = 0; i < c->chunks; i++) {
		const struct cmem_chunk *k = &c->chunk[i];
		uint64_t at = bus - k->bus, end;

		if (at >= k->size)
			continue;
		end = VOP_MIN(k->size, at + VOP_MIN(len, (uint64_t)AREA));
		for (; at + 16 <= end; at += 16) {
			struct vop_split_desc d;

			memcpy(&d, k->mem + at, sizeof(d));
			open_range(c, le64toh(d.addr), le32toh(d.len));
		}
	}
}

/* Both ranges have a byte in common; neither goes around the end of 64 bits. */
static bool meet(uint64_t bus, uint64_t len, uint64_t at, uint64_t size)
{
	return bus <= at ? at - bus < len : bus - at < size && len;
}

/* Would the device write there what it takes for descriptors later? */
static bool feeds_back(const struct running *u, uint64_t bus, uint64_t len)
{
	unsigned i;

	for (i = 0; i < u->c->n_rings; i++)
		if (meet(bus, len, u->c->rings[i]->cfg.desc_bus, 16ull * u->c->rings[i]->size))
			return true;
	for (i = 0; i < u->n; i++)
		if (u->req[i].b->table &&
		    meet(bus, len, u->req[i].b->table_bus, 16ull * u->req[i].b->n))
			return true;
	return meet(bus, len, u->table_bus, 16ull * ENTRIES);
}

static void open_named(const struct running *u, uint64_t bus, uint32_t len)
{
	/* Data are descriptors then, and name anything. */
	if (feeds_back(u, bus, len)) {
		open_range(u->c, 0, UINT64_MAX);
		return;
	}
	open_range(u->c, bus, len);
	open_table(u->c, bus, len);
}

/* From here on a rule is broken. What was used long ago may be used again: descriptors stay where
 * they are, and any of them may be named. */
static void break_rule(struct running *u)
{
	const struct cring *r = u->r;
	unsigned i;

	u->legal = false;
	for (i = 0; i < r->size; i++)
		if (r->packed)
			open_named(u, le64toh(r->pdesc[i].addr), le32toh(r->pdesc[i].len));
		else
			open_named(u, le64toh(r->desc[i].addr), le32toh(r->desc[i].len));
}

static uint64_t edge(struct conf *c, uint64_t inside)
{
	const struct vop_regions *t = c->t->ops->regions ? c->t->ops->regions(c->t) : NULL;
	unsigned i;

	for (i = 0; t && i < t->n; i++)
		if (inside - t->r[i].base < t->r[i].size)
			return t->r[i].base + t->r[i].size - BELOW;
	return NOWHERE;
}

static uint64_t address(const struct running *u, unsigned where, uint64_t off)
{
	switch (where) {
	case STATE_AT_ZERO:
		return off;
	case STATE_AT_TOP:
		return (uint64_t)0 - BELOW + off;
	case STATE_AT_EDGE:
		return edge(u->c, u->area_bus) + off;
	case STATE_AT_AREA:
		return u->area_bus + off;
	case STATE_AT_TAIL:
		return u->area_bus + AREA - BELOW + off;
	case STATE_AT_TABLE:
		return u->table_bus + off;
	case STATE_AT_RING:
		return u->r->cfg.desc_bus + off;
	case STATE_AT_DRIVER:
		return u->r->cfg.driver_bus + off;
	case STATE_AT_DEVICE:
		return u->r->cfg.device_bus + off;
	default:
		return NOWHERE + off;
	}
}

/* --- legal steps --- */

static void request(struct running *u, const struct state_action *a)
{
	struct conf *c = u->c;
	unsigned least = c->lane->reads + c->lane->writes, pieces, i;
	bool indirect = a->b && conf_has(c, VOP_F_INDIRECT_DESC);
	struct request *q = &u->req[u->n];
	uint16_t room = indirect ? u->r->size : u->r->room;

	if (u->n == REQUESTS || u->r->room == 0 || room < least)
		return;
	pieces = VOP_MIN(VOP_MIN(a->a, PIECES), room);
	*q = (struct request){.b = conf_probe(c, VOP_MAX(pieces, least))};
	q->b->indirect = indirect;
	u->n++;
	cring_add(u->r, q->b);
	/* After slots were skipped it may lie in the slots of another one, whose flags are written
	 * later: any of its addresses may be one to write to. */
	if (u->legal || !u->r->packed)
		return;
	for (i = 0; i < q->b->n; i++)
		open_named(u, q->b->seg[i].bus, q->b->seg[i].len);
	if (indirect)
		open_named(u, q->b->table_bus, 16 * q->b->n);
}

static void publish(struct running *u)
{
	unsigned i;

	cring_publish(u->r);
	for (i = 0; i < u->n; i++)
		u->req[i].published = true;
}

static void kick(struct running *u)
{
	struct conf *c = u->c;
	unsigned i;

	if (u->legal)
		cring_kick(u->r);
	else
		cring_kick_always(u->r);
	for (i = 0; i < u->n; i++) {
		struct request *q = &u->req[i];

		if (!q->published || q->kicked)
			continue;
		q->kicked = true;
		if (c->lane->trigger)
			c->lane->trigger(c, q->b);
	}
}

static void work(struct running *u)
{
	struct conf *c = u->c;
	unsigned i;

	if (!u->legal) {
		conf_settle(c);
		cmem_verify(c, "after a broken ring");
		return;
	}
	for (i = 0; i < u->n; i++)
		if (u->req[i].kicked && !u->req[i].b->used)
			cring_wait(u->r, u->req[i].b);
	for (i = 0; i < u->n; i++) {
		struct request *q = &u->req[i];

		if (!q->kicked || q->verified)
			continue;
		q->verified = true;
		c->lane->verify(c, q->b);
	}
}

static void calls(struct running *u, const struct state_action *a)
{
	if (a->a == 0)
		cring_calls_off(u->r);
	else if (a->a == 2 && u->r->event_idx)
		cring_calls_at(u->r, (uint16_t)(a->v % u->r->size));
	else
		cring_calls_on(u->r);
}

/* One that has buffers outstanding is legal too, but what lies behind the queue is out of step. */
static void queue_reset(struct running *u)
{
	struct conf *c = u->c;

	if (!conf_has(c, VOP_F_RING_RESET))
		return;
	if (u->legal && u->r->outstanding)
		break_rule(u);
	if (conf_try_queue_reset(c, u->r->index) == 0) {
		cring_restart(u->r);
		u->n = 0;
		if (cring_try_setup(u->r) == 0)
			return;
	}
	if (u->legal)
		conf_fail(c, "an idle queue cannot be reset and set up again");
}

/* --- broken ones --- */

/* The descriptor of that piece: split and packed lay address and length alike; *last tells the two
 * apart: packed has the id there, and the flags behind it. */
static struct vop_split_desc *piece(struct running *u, const struct state_action *a, bool *ring)
{
	struct request *q;
	unsigned at, i;

	if (u->n == 0)
		return NULL;
	q = &u->req[u->n - 1 - a->a % u->n];
	*ring = true;
	if (q->b->indirect) {
		at = a->b % (q->b->n + 1);
		*ring = at == q->b->n;
		if (!*ring)
			return (struct vop_split_desc *)q->b->table + at;
		at = 0;
	} else {
		at = a->b % q->b->n;
	}
	if (u->r->packed)
		return (struct vop_split_desc *)(void *)&u->r->pdesc[(q->b->at + at) % u->r->size];
	for (i = q->b->id; at; at--)
		i = le16toh(u->r->desc[i].next) % u->r->size;
	return &u->r->desc[i];
}

static void overwrite(struct running *u, const struct state_action *a)
{
	struct conf *c = u->c;
	vop_le16 *flags, *last;
	struct vop_split_desc *d;
	bool ring = false;

	/* The flags of a packed buffer's first descriptor are written when it is published. */
	if (u->r->packed && a->op == STATE_FLAGS)
		publish(u);
	d = piece(u, a, &ring);
	if (!d)
		return;
	/* vop_packed_desc: address, length, id, flags. */
	flags = u->r->packed ? &d->next : &d->flags;
	last = u->r->packed ? &d->flags : &d->next;
	if (u->r->packed && ring)
		cmem_open(c, d, sizeof(*d));
	if (a->op == STATE_ADDR) {
		uint64_t to = address(u, a->where, a->v);

		open_named(u, to, le32toh(d->len));
		cmem_put64(c, &d->addr, to);
	} else if (a->op == STATE_LEN) {
		open_named(u, le64toh(d->addr), (uint32_t)a->v);
		cmem_put32(c, &d->len, (uint32_t)a->v);
	} else if (a->op == STATE_FLAGS) {
		open_named(u, le64toh(d->addr), le32toh(d->len));
		cmem_put16(c, flags, (uint16_t)(le16toh(*flags) ^ a->v));
	} else {
		cmem_put16(c, last, (uint16_t)a->v);
	}
}

static void ring_desc(struct running *u, const struct state_action *a)
{
	uint64_t bus = address(u, a->where, 0);
	uint16_t at = a->a % u->r->size, flags = a->b;
	uint32_t len = (uint32_t)a->v;
	struct conf *c = u->c;
	unsigned i;

	open_named(u, bus, len);
	if (u->r->packed) {
		struct vop_packed_desc v = {
			.addr = htole64(bus), .len = htole32(len), .id = htole16(a->c)};
		bool wrap = u->r->wrap;

		at = u->r->next;
		for (i = a->a % u->r->size; i; i--)
			if (++at == u->r->size) {
				at = 0;
				wrap = !wrap;
			}
		cmem_open(c, &u->r->pdesc[at], sizeof(v));
		cmem_put(c, &u->r->pdesc[at], &v, offsetof(struct vop_packed_desc, flags));
		flags ^= wrap ? VOP_DESC_F_AVAIL : VOP_DESC_F_USED;
		cmem_put16(c, &u->r->pdesc[at].flags, flags);
	} else {
		struct vop_split_desc v = {.addr = htole64(bus),
					   .len = htole32(len),
					   .flags = htole16(flags),
					   .next = htole16(a->c)};

		cmem_put(c, &u->r->desc[at], &v, sizeof(v));
	}
}

static void table_entry(struct running *u, const struct state_action *a)
{
	struct vop_split_desc v = {.addr = htole64(address(u, a->where, 0)),
				   .len = htole32((uint32_t)a->v)};

	open_named(u, le64toh(v.addr), (uint32_t)a->v);
	v.flags = htole16(u->r->packed ? a->c : a->b);
	v.next = htole16(u->r->packed ? a->b : a->c);
	cmem_put(u->c, u->table + 16 * (a->a % ENTRIES), &v, sizeof(v));
}

static void slots(struct running *u, const struct state_action *a)
{
	unsigned i;

	if (!u->r->packed)
		return;
	for (i = a->a % u->r->size; i; i--)
		if (++u->r->next == u->r->size) {
			u->r->next = 0;
			u->r->wrap = !u->r->wrap;
		}
}

static void event(struct running *u, uint32_t v)
{
	struct conf *c = u->c;

	if (u->r->packed) {
		cmem_put32(c, u->r->driver_event, v);
		return;
	}
	cmem_put16(c, &u->r->avail->ring[u->r->size], (uint16_t)v);
	cmem_put16(c, &u->r->avail->flags, (uint16_t)(v >> 16));
}

static void broken(struct running *u, const struct state_action *a)
{
	struct cring *r = u->r;

	if (u->legal)
		break_rule(u);
	switch (a->op) {
	case STATE_DESC:
		ring_desc(u, a);
		break;
	case STATE_ENTRY:
		table_entry(u, a);
		break;
	case STATE_SLOTS:
		slots(u, a);
		break;
	case STATE_HEAD:
		if (!r->packed)
			cmem_put16(u->c, &r->avail->ring[r->avail_idx++ % r->size], a->a);
		break;
	case STATE_INDEX:
		if (!r->packed)
			cmem_put16(u->c, &r->avail->idx, (uint16_t)(r->avail_idx + a->v));
		break;
	case STATE_EVENT:
		event(u, (uint32_t)a->v);
		break;
	case STATE_STATUS:
		/* A reset is none of these: memory goes with it. */
		if (a->a & 0xff)
			conf_try_status(u->c, (uint8_t)a->a);
		break;
	default:
		overwrite(u, a);
	}
}

static void act(struct running *u, const struct state_action *a)
{
	switch (a->op) {
	case STATE_REQUEST:
		request(u, a);
		break;
	case STATE_PUBLISH:
		publish(u);
		break;
	case STATE_KICK:
		kick(u);
		break;
	case STATE_WORK:
		work(u);
		break;
	case STATE_CALLS:
		calls(u, a);
		break;
	case STATE_QRESET:
		queue_reset(u);
		break;
	default:
		broken(u, a);
	}
}

/* --- the whole of it --- */

static void want(struct conf *c, unsigned bit, bool on)
{
	if (on)
		conf_want_if_offered(c, bit);
	else
		conf_unwant(c, bit);
}

/* Everything of the life before is looked at for the last time and forgotten. */
static void forget(struct conf *c)
{
	conf_reset(c);
	cmem_freeze(c);
	conf_settle(c);
	cmem_verify(c, "after the reset at the end");
	cmem_reset(c);
	cring_free_all(c);
}

void state_begin(struct conf *c, const struct state_case *s)
{
	cring_free_all(c);
	c->random = s->seed;
	c->outcome = CONF_PASS;
	want(c, VOP_F_INDIRECT_DESC, s->indirect);
	want(c, VOP_F_EVENT_IDX, s->event);
	want(c, VOP_F_IN_ORDER, s->in_order);
	want(c, VOP_F_RING_RESET, s->reset);
	conf_start(c, s->size);
	conf_serve(c, 1);
}

bool state_play(struct conf *c, const struct state_case *s)
{
	struct running u = {.c = c, .r = c->ring, .legal = true};
	unsigned i;

	u.table = cmem_alloc(c, 16 * (size_t)ENTRIES, 16, &u.table_bus, "a table of entries");
	u.area = cmem_alloc(c, AREA, 64, &u.area_bus, "memory for broken addresses");
	for (i = 0; i < s->n; i++)
		act(&u, &s->act[i]);
	/* Whatever is on its way. */
	kick(&u);
	work(&u);
	if (!u.legal && s->seed % CPU_EACH == 0)
		conf_expect_idle(c);
	cmem_verify(c, "at the end");
	forget(c);
	return u.legal;
}

void state_run(struct conf *c, const struct state_case *s)
{
	state_begin(c, s);
	if (!state_play(c, s))
		conf_serve_again(c);
}

enum conf_outcome state_try(struct conf *c, const struct state_case *s, char *text, size_t n)
{
	uint64_t random = c->random;
	enum conf_outcome was = c->outcome, got;
	struct vop_error err;
	jmp_buf out;

	/* It would end the check. */
	memcpy(&out, &c->out, sizeof(out));
	if (setjmp(c->out) == 0)
		state_run(c, s);
	memcpy(&c->out, &out, sizeof(out));
	got = c->outcome;
	if (text)
		snprintf(text, n, "%s", got == CONF_PASS ? "" : c->text);
	c->random = random;
	c->outcome = was;
	if (got == CONF_CRASH || got == CONF_HANG) {
		sut_stop(c->sut);
		cmem_reset(c);
		if (sut_start(c->sut, &err))
			conf_end(c, got, "%s; it cannot be started again: %s", text ? text : "",
				 err.text);
		c->t = c->sut->target;
	} else if (got != CONF_PASS) {
		/* What is wrong with the memory of this life is known. */
		cmem_reset(c);
	}
	c->ring = NULL;
	return got;
}
