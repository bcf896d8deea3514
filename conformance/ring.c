/* SPDX-License-Identifier: BSD-2-Clause */
/* What both formats share: memory and life of a ring, buffers, waiting. The formats themselves are
 * ring_split.c and ring_packed.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/internal.h"
#include "conformance/ring_format.h"

#define RING_SIZE 16u

/* --- buffers --- */

struct buf_node {
	struct cbuf b; /* first */
	struct buf_node *next;
};

static void *need(struct conf *c, void *p)
{
	if (!p)
		conf_error(c, "out of memory");
	return p;
}

struct cbuf *cbuf_new(struct conf *c)
{
	struct buf_node *n = need(c, calloc(1, sizeof(*n)));

	n->next = (struct buf_node *)(void *)c->bufs;
	c->bufs = &n->b;
	return &n->b;
}

static struct cseg *push_seg(struct conf *c, struct cbuf *b, struct cseg seg)
{
	if (b->n == b->cap) {
		b->cap = b->cap ? 2 * b->cap : 8;
		b->seg = need(c, realloc(b->seg, b->cap * sizeof(*b->seg)));
	}
	b->seg[b->n] = seg;
	return &b->seg[b->n++];
}

static struct cseg *add_seg(struct conf *c, struct cbuf *b, uint32_t len, bool write)
{
	/* A buffer may start anywhere; a canary follows it at once. */
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, (size_t)len + 64, 64, &bus,
				write ? "a writable buffer" : "a readable buffer");
	unsigned shift = conf_below(c, 16);
	uint32_t i;

	for (i = 0; i < shift; i++)
		cmem_fill(c, p + i, (uint8_t)(0xe1 ^ i), 1);
	cmem_fill(c, p + shift + len, 0x9d, 64 - shift);
	return push_seg(
		c, b,
		(struct cseg){.p = p + shift, .bus = bus + shift, .len = len, .write = write});
}

struct cbuf *cbuf_joined(struct conf *c, const void *out, uint32_t out_len, uint32_t in_len)
{
	struct cbuf *b = cbuf_new(c);
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, (size_t)out_len + in_len, 64, &bus, "a buffer of both kinds");

	cmem_put(c, p, out, out_len);
	cmem_fill(c, p + out_len, 0x5a, in_len);
	push_seg(c, b, (struct cseg){.p = p, .bus = bus, .len = out_len});
	push_seg(c, b,
		 (struct cseg){
			 .p = p + out_len, .bus = bus + out_len, .len = in_len, .write = true});
	b->out_len = out_len;
	b->in_len = in_len;
	return b;
}

void cbuf_out(struct conf *c, struct cbuf *b, const void *data, uint32_t len)
{
	struct cseg *s = add_seg(c, b, len, false);

	cmem_put(c, s->p, data, len);
	b->out_len += len;
}

void cbuf_in(struct conf *c, struct cbuf *b, uint32_t len)
{
	struct cseg *s = add_seg(c, b, len, true);

	/* What a device that writes nothing leaves behind. */
	cmem_fill(c, s->p, 0x5a, len);
	b->in_len += len;
}

/* Cut len bytes into n pieces of at least one byte, at random. cut[n]. */
static void cut_up(struct conf *c, uint32_t len, unsigned n, uint32_t *cut)
{
	uint32_t left = len;
	unsigned i;

	for (i = 0; i < n; i++) {
		uint32_t most = left - (n - 1 - i);

		cut[i] = i == n - 1 ? left : 1 + conf_below(c, VOP_MIN(most, 2 * len / n + 1));
		left -= cut[i];
	}
}

struct cbuf *cbuf_cut(struct conf *c, const void *out, uint32_t out_len, uint32_t in_len,
		      unsigned pieces)
{
	struct cbuf *b = cbuf_new(c);
	uint32_t cut[CSEG_MAX], at = 0;
	unsigned nin = in_len != 0, nout = out_len != 0, i;

	pieces = VOP_MIN(VOP_MIN(pieces, CSEG_MAX), out_len + in_len);
	while (nin + nout < pieces)
		if ((nin < in_len && nin && (nin <= nout || !nout)) || nout >= out_len || !nout)
			nin++;
		else
			nout++;
	if (nout)
		cut_up(c, out_len, nout, cut);
	for (i = 0; i < nout; at += cut[i++])
		cbuf_out(c, b, (const uint8_t *)out + at, cut[i]);
	if (nin)
		cut_up(c, in_len, nin, cut);
	for (i = 0; i < nin; i++)
		cbuf_in(c, b, cut[i]);
	return b;
}

void cbuf_read(const struct cbuf *b, uint32_t from, void *dst, uint32_t len)
{
	uint8_t *to = dst;
	unsigned i;

	for (i = 0; i < b->n && len; i++) {
		const struct cseg *s = &b->seg[i];
		uint32_t take;

		if (!s->write)
			continue;
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

struct cseg *cbuf_seg(struct cbuf *b, unsigned i)
{
	return &b->seg[i];
}

/* --- life of a ring --- */

static uint16_t usual_size(struct conf *c, unsigned q, uint16_t size)
{
	uint16_t max = conf_queue_size_max(c, q);

	if (max == 0)
		conf_fail(c, "queue %u does not exist", q);
	if (size == 0)
		size = VOP_MIN((uint16_t)RING_SIZE, max);
	if (size > max)
		conf_skip(c, "queues of this device have at most %u descriptors, this needs %u",
			  max, size);
	return size;
}

static void shuffle(struct conf *c, uint16_t *v, unsigned n)
{
	unsigned i;

	for (i = n; i > 1; i--) {
		unsigned j = conf_below(c, i);
		uint16_t t = v[i - 1];

		v[i - 1] = v[j];
		v[j] = t;
	}
}

/* Nothing outstanding, index 0. In order: descriptors are used in ring order (2.7.9, 2.8.8);
 * otherwise any order is legal, and one that is not the natural one says more. */
static void start_over(struct cring *r)
{
	unsigned i;

	r->avail_idx = r->published = r->used_idx = r->next = r->used_at = r->kicked = 0;
	r->wrap = r->used_wrap = true;
	r->n_held = r->outstanding = 0;
	r->room = r->free_n = r->size;
	r->called = r->carried = r->quiet = r->may_be_quiet = false;
	for (i = 0; i < r->size; i++) {
		r->free_id[i] = (uint16_t)(r->size - 1 - i);
		r->out[i] = NULL;
	}
	if (!r->in_order)
		shuffle(r->c, r->free_id, r->size);
}

struct cring *cring_new(struct conf *c, unsigned q, uint16_t size)
{
	struct cring *r;

	if (c->n_rings == CONF_RINGS)
		conf_error(c, "a check may have %u rings", CONF_RINGS);
	size = usual_size(c, q, size);
	r = need(c, calloc(1, sizeof(*r)));
	c->rings[c->n_rings++] = r;
	r->c = c;
	r->index = (uint16_t)q;
	r->size = size;
	r->packed = c->packed;
	r->event_idx = conf_has(c, VOP_F_EVENT_IDX);
	r->in_order = conf_has(c, VOP_F_IN_ORDER);
	r->free_id = need(c, calloc(size, sizeof(*r->free_id)));
	r->out = need(c, calloc(size, sizeof(struct cbuf *)));
	r->held = need(c, calloc(size, sizeof(struct cbuf *)));
	r->cfg = (struct vop_queue_config){.index = (uint16_t)q, .size = size, .packed = r->packed};
	if (r->packed)
		cring_packed_make(r);
	else
		cring_split_make(r);
	start_over(r);
	return r;
}

void cring_restart(struct cring *r)
{
	if (r->packed)
		cring_packed_clear(r);
	else
		cring_split_clear(r);
	start_over(r);
}

int cring_try_setup(struct cring *r)
{
	struct conf *c = r->c;

	return conf_said(c, c->t->ops->queue_setup(c->t, &r->cfg, VOP_NOTIFY_EVENT),
			 "setting up a queue");
}

void cring_setup(struct cring *r)
{
	int e = cring_try_setup(r);

	if (e)
		conf_fail(r->c, "a legal queue %u of %u descriptors was refused: %s", r->index,
			  r->size, strerror(-e));
}

struct cring *cring_open(struct conf *c, unsigned q, uint16_t size)
{
	struct cring *r = cring_new(c, q, size);

	cring_setup(r);
	return r;
}

void cring_free_all(struct conf *c)
{
	struct buf_node *n = (struct buf_node *)(void *)c->bufs, *next;
	unsigned i;

	for (i = 0; i < c->n_rings; i++) {
		free(c->rings[i]->free_id);
		free(c->rings[i]->out);
		free(c->rings[i]->held);
		free(c->rings[i]);
	}
	c->n_rings = 0;
	c->ring = NULL;
	for (; n; n = next) {
		next = n->next;
		free(n->b.seg);
		free(n);
	}
	c->bufs = NULL;
}

/* --- handing over --- */

static void note_buffer(const struct cring *r, const struct cbuf *b)
{
	char text[96];
	size_t at = 0;
	unsigned i;

	if (r->c->hurry)
		return;
	text[0] = 0;
	for (i = 0; i < b->n && at < sizeof(text) - 12; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, " %s%u",
				       b->seg[i].write ? "w" : "r", b->seg[i].len);
	conf_note(r->c, "queue %u: buffer %u%s, pieces%s%s", r->index, b->id,
		  b->indirect ? " (indirect)" : "", text, i < b->n ? " ..." : "");
}

void cring_add(struct cring *r, struct cbuf *b)
{
	struct conf *c = r->c;
	unsigned i;

	if (b->n == 0)
		conf_error(c, "a buffer without pieces");
	b->ndesc = (uint16_t)(b->indirect ? 1 : b->n);
	if (r->room < b->ndesc)
		conf_error(c, "no room for %u descriptors in a ring of %u", b->ndesc, r->size);
	for (i = 0; i < b->n; i++)
		if (b->seg[i].write)
			cmem_open(c, b->seg[i].p, b->seg[i].len);
	if (b->indirect && !b->table)
		b->table = cmem_alloc(c, 16 * (size_t)b->n, 16, &b->table_bus, "an indirect table");
	if (r->packed)
		cring_packed_add(r, b);
	else
		cring_split_add(r, b);
	r->room = (uint16_t)(r->room - b->ndesc);
	r->out[b->id] = b;
	r->outstanding++;
	b->added = true;
	b->used = false;
	b->order = r->orders++;
	note_buffer(r, b);
}

void cring_publish(struct cring *r)
{
	if (r->packed)
		cring_packed_publish(r);
	else
		cring_split_publish(r);
	if (r == r->c->ring && r->c->lane->published)
		r->c->lane->published(r->c);
}

bool cring_kick_wanted(struct cring *r)
{
	/* Pairs with the device's: publish, then look; it arms, then looks (2.7.13.4, 2.8.21.3). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return r->packed ? cring_packed_kick_wanted(r) : cring_split_kick_wanted(r);
}

void cring_kick_always(struct cring *r)
{
	r->kicks++;
	r->kicked = r->published;
	if (r->cfg.kick)
		vop_doorbell_ring(r->cfg.kick);
}

void cring_kick(struct cring *r)
{
	bool wanted = cring_kick_wanted(r);

	if (wanted) {
		cring_kick_always(r);
		return;
	}
	r->kicked = r->published;
	conf_note(r->c, "queue %u: no kick, the device asked for none", r->index);
}

void cring_submit(struct cring *r, struct cbuf *b)
{
	cring_add(r, b);
	cring_publish(r);
	cring_kick(r);
}

/* --- taking back --- */

/* One that nobody asked about since it was used the last time stays where it is. */
static void list(struct cring *r, struct cbuf *b)
{
	if (b->listed)
		return;
	b->listed = true;
	b->next_used = NULL;
	if (r->last_used)
		r->last_used->next_used = b;
	else
		r->first_used = b;
	r->last_used = b;
}

struct cbuf *cring_next(struct cring *r)
{
	struct cbuf *b;

	if (!r->first_used)
		cring_take(r);
	b = r->first_used;
	if (!b)
		return NULL;
	b->listed = false;
	r->first_used = b->next_used;
	if (!r->first_used)
		r->last_used = NULL;
	return b;
}

void cring_came_back(struct cring *r, struct cbuf *b, uint32_t len, bool batched)
{
	unsigned i;

	b->used = true;
	b->batched = batched;
	b->used_len = len;
	list(r, b);
	r->out[b->id] = NULL;
	r->outstanding--;
	r->room = (uint16_t)(r->room + b->ndesc);
	for (i = 0; i < b->n; i++)
		if (b->seg[i].write)
			cmem_close(r->c, b->seg[i].p, b->seg[i].len);
	conf_note(r->c, "queue %u: buffer %u came back with %u bytes%s", r->index, b->id, len,
		  batched ? " (as part of a batch)" : "");
}

struct cbuf *cring_oldest(struct cring *r)
{
	struct cbuf *best = NULL;
	unsigned i;

	for (i = 0; i < r->size; i++)
		if (r->out[i] && (!best || r->out[i]->order < best->order))
			best = r->out[i];
	return best;
}

struct cbuf *cring_take(struct cring *r)
{
	struct cbuf *b = r->packed ? cring_packed_take(r) : cring_split_take(r);

	/* Nothing is written that may not be, from the moment a buffer comes back. */
	if (b && (!r->c->hurry || ++r->c->unlooked % 64 == 0))
		cmem_verify(r->c, "when a buffer came back");
	return b;
}

static bool drained(struct cring *r)
{
	if (!r->cfg.call || !vop_doorbell_drain(r->cfg.call))
		return false;
	r->calls++;
	r->called = true;
	return true;
}

/*
 * Which notification answers for what was taken? The device publishes first and rings then. What a
 * look finds new was published after the look before, so its ring was drained after that look: in
 * the drain between the two looks, or later. With an event index one ring answers for the first
 * buffer that crosses it, otherwise the last buffer must have one.
 */
struct waiting {
	struct cring *r;
	struct cbuf *want; /* NULL: all */
	bool before;	   /* drained between the last look and this one */
	bool answered, moved;
};

static bool look(struct conf *c, void *arg)
{
	struct waiting *w = arg;
	struct cring *r = w->r;
	bool moved = false, fresh;

	(void)c;
	/* All that is there: one ring answers for whatever was published before it. */
	while (r->outstanding && cring_take(r))
		moved = true;
	fresh = drained(r);
	if (moved && !(w->moved && r->event_idx && !r->packed))
		w->answered = w->before || fresh;
	else
		w->answered |= fresh;
	w->moved |= moved;
	w->before = fresh;
	return w->want ? w->want->used : r->outstanding == 0;
}

static bool call_came(struct conf *c, void *arg)
{
	(void)c;
	drained(arg);
	return ((struct cring *)arg)->called;
}

static void judge_call(struct cring *r, struct waiting *w)
{
	bool owed = !r->quiet && !r->may_be_quiet && !r->crossed && r->cfg.call &&
		    r->cfg.call->kind != VOP_DB_NONE;

	r->called = w->answered;
	if (owed && !r->called) {
		if (!conf_wait(r->c, call_came, r))
			conf_fail(
				r->c,
				"queue %u: a buffer was used, notifications are on, and none came",
				r->index);
		w->before = true;
	}
	r->called = false;
	/* What was drained after the last look may answer for what was published after it, too. A
	 * device inside this process publishes nothing between the two. */
	r->carried = w->before && !r->c->sut->ops->run;
	if (!r->quiet && !r->may_be_quiet)
		cring_calls_on(r);
}

static bool waited(struct cring *r, struct cbuf *want)
{
	struct waiting w = {.r = r, .want = want, .before = r->called || r->carried};

	if (want ? want->used : r->outstanding == 0)
		return true;
	if (!conf_wait(r->c, look, &w))
		return false;
	judge_call(r, &w);
	return true;
}

void cring_wait(struct cring *r, struct cbuf *b)
{
	if (!waited(r, b))
		conf_fail(r->c, "queue %u: buffer %u was made available and never came back",
			  r->index, b->id);
}

void cring_wait_all(struct cring *r)
{
	if (!waited(r, NULL))
		conf_fail(r->c, "queue %u: %u buffers were made available and never came back",
			  r->index, r->outstanding);
}

bool cring_wait_maybe(struct cring *r, struct cbuf *b)
{
	return waited(r, b);
}

bool cring_called(struct cring *r)
{
	bool was;

	drained(r);
	was = r->called;
	r->called = false;
	return was;
}

bool cring_wait_call(struct cring *r)
{
	bool came = conf_wait(r->c, call_came, r);

	r->called = false;
	return came;
}

void cring_calls_off(struct cring *r)
{
	r->quiet = true;
	if (r->packed)
		cring_packed_calls(r, VOP_EVENT_DISABLE, 0);
	else
		cring_split_calls(r, false, 0);
}

void cring_calls_on(struct cring *r)
{
	r->quiet = r->may_be_quiet = false;
	if (r->packed)
		cring_packed_calls(r, VOP_EVENT_ENABLE, 0);
	else
		cring_split_calls(r, true, 0);
}

void cring_calls_at(struct cring *r, uint16_t ahead)
{
	r->quiet = false;
	r->may_be_quiet = true;
	if (r->packed)
		cring_packed_calls(r, VOP_EVENT_DESC, ahead);
	else
		cring_split_calls(r, true, ahead);
}

void cring_dump(const struct cring *r)
{
	if (r->packed)
		cring_packed_dump(r);
	else
		cring_split_dump(r);
}
