/* SPDX-License-Identifier: BSD-2-Clause */
/* What both formats share: buffers, the way of a buffer through the device, notifications. */
#include <stdlib.h>
#include <string.h>

#include "conformance/ref/internal.h"

uint8_t *ref_at(struct ref *r, uint64_t bus, uint64_t len)
{
	if (bus < r->bus || len > r->size || bus - r->bus > r->size - len)
		return NULL;
	return r->mem + (bus - r->bus);
}

void ref_store(struct ref *r, void *dst, const void *src, size_t len)
{
	uint8_t *d = dst;

	if (d < r->mem || d >= r->mem + r->size)
		return;
	memcpy(d, src, VOP_MIN(len, (size_t)(r->mem + r->size - d)));
}

bool ref_add_seg(struct ref_chain *c, uint8_t *p, uint32_t len, bool write)
{
	if (c->n == c->cap) {
		unsigned cap = c->cap ? 2 * c->cap : 16;
		struct ref_seg *seg =
			cap > REF_SEGS ? NULL : realloc(c->seg, cap * sizeof(*c->seg));

		if (!seg)
			return false;
		c->seg = seg;
		c->cap = cap;
	}
	c->seg[c->n++] = (struct ref_seg){p, len, write};
	*(write ? &c->in_len : &c->out_len) += len;
	return true;
}

bool ref_add_piece(struct ref_queue *q, uint8_t *p, uint32_t len, bool write)
{
	struct ref_chain *c = &q->chain;
	struct ref_seg *last = c->n ? &c->seg[c->n - 1] : NULL;

	if (!last || last->p + last->len != p || !ref_bug(q->r, REF_BLIND_NEIGHBOURS))
		return ref_add_seg(c, p, len, write);
	last->len += len;
	*(last->write ? &c->in_len : &c->out_len) += len;
	return true;
}

void ref_table_first(struct ref_queue *q, uint64_t bus, void *entry)
{
	if (bus == q->table_bus && ref_bug(q->r, REF_BLIND2_TABLE_CACHED)) {
		memcpy(entry, q->table_first, sizeof(q->table_first));
		return;
	}
	q->table_bus = bus;
	memcpy(q->table_first, entry, sizeof(q->table_first));
}

void ref_gather(const struct ref_chain *c, uint32_t from, void *dst, uint32_t len)
{
	uint8_t *to = dst;
	unsigned i;

	for (i = 0; i < c->n && len; i++) {
		const struct ref_seg *s = &c->seg[i];
		uint32_t take;

		if (s->write)
			break;
		if (from >= s->len) {
			from -= s->len;
			continue;
		}
		take = VOP_MIN(len, s->len - from);
		memcpy(to, s->p + from, take);
		to += take;
		len -= take;
		from = 0;
	}
}

uint32_t ref_scatter(struct ref *r, const struct ref_chain *c, uint32_t from, const void *src,
		     uint32_t len)
{
	const uint8_t *s = src;
	uint32_t done = 0;
	unsigned i;

	for (i = 0; i < c->n && len; i++) {
		const struct ref_seg *g = &c->seg[i];
		uint32_t take;

		if (!g->write)
			continue;
		if (from >= g->len) {
			from -= g->len;
			continue;
		}
		take = VOP_MIN(len, g->len - from);
		if (ref_bug(r, REF_STRAY_WRITE) && g->p > r->mem)
			ref_store(r, g->p - 1, "!", 1);
		ref_store(r, g->p + from, s,
			  (size_t)ref_value(r, REF_SEG_WRITE_LEN, take) & 0xffffff);
		s += take;
		done += take;
		len -= take;
		from = 0;
	}
	return done;
}

void ref_hold(struct ref_queue *q, const struct ref_chain *c)
{
	struct ref_chain *h = &q->held[q->n_held];
	struct ref_seg *seg = h->seg;
	unsigned cap = h->cap, i;

	if (q->n_held == REF_HELD)
		return;
	*h = *c;
	h->seg = seg;
	h->cap = cap;
	h->n = 0;
	h->in_len = h->out_len = 0;
	for (i = 0; i < c->n; i++)
		ref_add_seg(h, c->seg[i].p, c->seg[i].len, c->seg[i].write);
	q->n_held++;
}

static void done(struct ref_queue *q, const struct ref_chain *c)
{
	/* What it is made of does not matter any more. */
	q->done[q->n_done] = *c;
	q->done[q->n_done].seg = NULL;
	q->done[q->n_done++].cap = 0;
}

void ref_release(struct ref_queue *q, uint32_t used)
{
	struct ref_chain first = q->held[0];

	if (q->n_held == 0)
		return;
	first.used = used;
	done(q, &first);
	memmove(q->held, q->held + 1, (q->n_held - 1) * sizeof(*q->held));
	q->n_held--;
	/* Its pieces' memory serves the next one. */
	q->held[q->n_held] = (struct ref_chain){.seg = first.seg, .cap = first.cap};
}

/* --- notifications --- */

void ref_call(struct ref_queue *q)
{
	if (ref_step(q->r, REF_CALL))
		vop_doorbell_ring(&q->call);
}

static bool call_wanted(struct ref_queue *q)
{
	/* Publish, then look: pairs with the driver's arm, then look (2.7.7.2, 2.8.21.2). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return q->cfg.packed ? ref_packed_call_wanted(q) : ref_split_call_wanted(q);
}

static void push(struct ref_queue *q, const struct ref_chain *batch, unsigned n)
{
	if (q->cfg.packed)
		ref_packed_push(q, batch, n);
	else
		ref_split_push(q, batch, n);
}

/* 2.7.9, 2.8.9: a buffer may be left out if it was used completely and a later one follows. */
static unsigned batch_of(struct ref_queue *q, unsigned from)
{
	unsigned n = 1;

	if (!ref_has(q->r, VOP_F_IN_ORDER))
		return 1;
	while (from + n < q->n_done &&
	       (q->done[from + n - 1].used == q->done[from + n - 1].in_len ||
		ref_bug(q->r, REF_BATCH_PARTIAL)))
		n++;
	return n;
}

/* Buffers change places: without IN_ORDER nobody may rely on an order. */
static void mix(struct ref_queue *q)
{
	struct ref *r = q->r;
	unsigned i, j;

	if (ref_has(r, VOP_F_IN_ORDER) || !(r->type->any_order >> q->index & 1))
		return;
	for (i = q->n_done; i > 1; i--) {
		struct ref_chain t = q->done[i - 1];

		r->chance = r->chance * 6364136223846793005u + 1442695040888963407u;
		j = (unsigned)(r->chance >> 33) % i;
		q->done[i - 1] = q->done[j];
		q->done[j] = t;
	}
}

/* A mutant: what is slow goes behind the rest. */
static void slow_last(struct ref_queue *q)
{
	struct ref_chain c;
	unsigned i, left;

	for (i = 0, left = q->n_done; left; left--) {
		if (!q->done[i].slow) {
			i++;
			continue;
		}
		c = q->done[i];
		memmove(&q->done[i], &q->done[i + 1], (q->n_done - i - 1) * sizeof(c));
		q->done[q->n_done - 1] = c;
	}
}

void ref_publish(struct ref_queue *q)
{
	unsigned i, n;

	if (q->n_done == 0 || !ref_step(q->r, REF_PUBLISH))
		return;
	if (q->n_done > 1 && ref_bug(q->r, REF_IN_ORDER_SWAP)) {
		struct ref_chain t = q->done[0];

		q->done[0] = q->done[1];
		q->done[1] = t;
	}
	if (q->n_done > 1 && ref_bug(q->r, REF_BLIND_FLUSH_LAST))
		slow_last(q);
	mix(q);
	for (i = 0; i < q->n_done; i += n) {
		n = batch_of(q, i);
		push(q, &q->done[i], n);
	}
	q->n_done = 0;
	if (ref_test(q->r, REF_CALL_WANTED, call_wanted(q)))
		ref_call(q);
}

static void arm(struct ref_queue *q, bool on)
{
	/* Not asking for none is allowed: superfluous kicks are no fault. */
	if (on && !ref_step(q->r, REF_ARM))
		return;
	if (q->cfg.packed)
		ref_packed_arm(q, on);
	else
		ref_split_arm(q, on);
}

static bool pending(struct ref_queue *q)
{
	/* Arm, then look: pairs with the driver's publish, then look (2.7.10, 2.8.10). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return q->cfg.packed ? ref_packed_pending(q) : ref_split_pending(q);
}

bool ref_running(struct ref *r)
{
	if ((r->status & VOP_STATUS_SUSPEND) && ref_bug(r, REF_SUSPEND_SERVES))
		return true;
	return ref_test(r, REF_DRIVER_OK, r->status & VOP_STATUS_DRIVER_OK);
}

static bool take_all(struct ref_queue *q)
{
	struct ref *r = q->r;
	bool any = false;
	int n;

	while (!q->broken && !r->needs_reset && q->n_done < REF_HELD && q->n_held < REF_HELD) {
		struct ref_chain *c = &q->chain;

		c->n = 0;
		c->in_len = c->out_len = c->used = 0;
		n = q->cfg.packed ? ref_packed_pop(q) : ref_split_pop(q);
		if (n == 0 && !any && ref_bug(r, REF_KICK_EMPTY))
			ref_violation(r, q, "a kick with nothing available");
		if (n <= 0)
			break;
		any = true;
		if (ref_bug(r, REF_WRITE_READABLE) && c->n && !c->seg[0].write)
			ref_store(r, c->seg[0].p, "?", 1);
		if (r->type->request(r, q, c))
			done(q, c);
		if (ref_bug(r, REF_ONE_A_KICK))
			break;
	}
	return any;
}

bool ref_queue_run(struct ref_queue *q)
{
	struct ref *r = q->r;
	bool any = false;
	unsigned turns = 0;

	if (!q->enabled || q->broken || r->needs_reset)
		return false;
	if (!ref_running(r))
		return false;
	if (vop_doorbell_drain(&q->kick))
		q->awake = true;
	if (!q->awake)
		return false;
	q->awake = false;
	arm(q, false);
	do {
		any |= take_all(q);
		ref_publish(q);
		arm(q, true);
	} while (!q->broken && !r->needs_reset && pending(q) && ++turns < 1000 &&
		 !ref_bug(r, REF_ONE_A_KICK));
	return any;
}
