/* SPDX-License-Identifier: BSD-2-Clause */
/* The split virtqueue by hand (VIRTIO 1.4, 2.7). */
#include <string.h>

#include "conformance/internal.h"
#include "conformance/ring_format.h"

static uint16_t get16(const vop_le16 *p)
{
	return le16toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
}

static vop_le16 *used_event(const struct cring *r)
{
	return &r->avail->ring[r->size];
}

static const vop_le16 *avail_event(const struct cring *r)
{
	return (const vop_le16 *)(const void *)&r->used->ring[r->size];
}

void cring_split_make(struct cring *r)
{
	struct conf *c = r->c;

	r->desc = cmem_alloc(c, vop_split_desc_size(r->size), 16, &r->cfg.desc_bus,
			     "the descriptor table");
	r->avail = cmem_alloc(c, vop_split_avail_size(r->size), 2, &r->cfg.driver_bus,
			      "the available ring");
	r->used =
		cmem_alloc(c, vop_split_used_size(r->size), 4, &r->cfg.device_bus, "the used ring");
	cmem_open(c, r->used, vop_split_used_size(r->size));
}

void cring_split_clear(struct cring *r)
{
	struct conf *c = r->c;

	cmem_fill(c, r->desc, 0, vop_split_desc_size(r->size));
	cmem_fill(c, r->avail, 0, vop_split_avail_size(r->size));
	cmem_fill(c, r->used, 0, vop_split_used_size(r->size));
}

static void put_desc(struct cring *r, struct vop_split_desc *d, const struct cseg *s,
		     uint16_t flags, uint16_t next)
{
	struct vop_split_desc v = {
		.addr = htole64(s->bus),
		.len = htole32(s->len),
		.flags = htole16((uint16_t)(flags | (s->write ? VOP_DESC_F_WRITE : 0))),
		.next = htole16(next)};

	cmem_put(r->c, d, &v, sizeof(v));
}

static uint16_t pop_id(struct cring *r)
{
	return r->free_id[--r->free_n];
}

void cring_split_add(struct cring *r, struct cbuf *b)
{
	uint16_t at = pop_id(r);
	unsigned i;

	b->id = at;
	if (b->indirect) {
		struct vop_split_desc *t = b->table;
		struct cseg all = {.bus = b->table_bus, .len = 16 * b->n};

		for (i = 0; i < b->n; i++)
			put_desc(r, &t[i], &b->seg[i], i + 1 < b->n ? VOP_DESC_F_NEXT : 0,
				 (uint16_t)(i + 1 < b->n ? i + 1 : 0));
		put_desc(r, &r->desc[at], &all, VOP_DESC_F_INDIRECT, 0);
	} else {
		for (i = 0; i < b->n; i++) {
			uint16_t next = i + 1 < b->n ? pop_id(r) : 0;

			put_desc(r, &r->desc[at], &b->seg[i], i + 1 < b->n ? VOP_DESC_F_NEXT : 0,
				 next);
			at = next;
		}
	}
	cmem_put16(r->c, &r->avail->ring[r->avail_idx % r->size], b->id);
	r->avail_idx++;
}

void cring_split_publish(struct cring *r)
{
	cmem_put16(r->c, &r->avail->idx, r->avail_idx);
	r->published = r->avail_idx;
}

bool cring_split_kick_wanted(struct cring *r)
{
	if (r->event_idx)
		/* 2.7.10: the event index lies among the entries published since the last kick. */
		return (uint16_t)(r->published - get16(avail_event(r)) - 1) <
		       (uint16_t)(r->published - r->kicked);
	return !(get16(&r->used->flags) & VOP_USED_F_NO_NOTIFY);
}

/* The descriptors of a chain, back to the free ones. */
static void give_back(struct cring *r, const struct cbuf *b)
{
	uint16_t at = b->id;
	unsigned i;

	if (r->in_order) {
		/* They are taken in ring order from the bottom of the stack: rotate. */
		memmove(r->free_id + b->ndesc, r->free_id, r->free_n * sizeof(*r->free_id));
		for (i = 0; i < b->ndesc; i++)
			r->free_id[b->ndesc - 1 - i] = (uint16_t)((b->id + i) % r->size);
		r->free_n = (uint16_t)(r->free_n + b->ndesc);
		return;
	}
	for (i = 0; i < b->ndesc; i++) {
		uint16_t next = le16toh(r->desc[at].next);

		r->free_id[r->free_n++] = at;
		at = next;
	}
}

static void finish(struct cring *r, struct cbuf *b, uint32_t len, bool batched)
{
	give_back(r, b);
	cring_came_back(r, b, len, batched);
}

/*
 * 2.7.9: with IN_ORDER one used element may stand for a batch, its id that of the last buffer.
 * Where the entries of the skipped ones would lie nothing was written, and the used index moves by
 * one for each buffer.
 */
static struct cbuf *take_in_order(struct cring *r, uint16_t id, uint32_t len, uint16_t waiting)
{
	struct cbuf *first = cring_oldest(r), *b = first;
	uint16_t n = 1;

	for (; b->id != id; n++) {
		finish(r, b, b->in_len, true);
		r->used_idx++;
		b = cring_oldest(r);
	}
	if (n > waiting)
		conf_fail(r->c,
			  "queue %u: used id %u ends a batch of %u buffers, the used index moved "
			  "by %u",
			  r->index, id, n, waiting);
	finish(r, b, len, false);
	r->used_idx++;
	return first;
}

struct cbuf *cring_split_take(struct cring *r)
{
	uint16_t idx = get16(&r->used->idx), waiting = (uint16_t)(idx - r->used_idx);
	const struct vop_split_used_elem *e;
	struct cbuf *b;
	uint32_t id, len;

	if (waiting == 0)
		return NULL;
	if (waiting > r->outstanding)
		conf_fail(
			r->c,
			"queue %u: the used index went from %u to %u, with %u buffers outstanding",
			r->index, r->used_idx, idx, r->outstanding);
	e = &r->used->ring[r->used_idx % r->size];
	id = le32toh(e->id);
	len = le32toh(e->len);
	/* In order, the one element of a batch lies where its first buffer's would. */
	b = id < r->size ? r->out[id] : NULL;
	if (!b)
		conf_fail(r->c, "queue %u: used element %u has id %u, which is not outstanding",
			  r->index, r->used_idx % r->size, id);
	if (len > b->in_len)
		conf_fail(r->c,
			  "queue %u: buffer %u was used with length %u, its writable part has %u",
			  r->index, id, len, b->in_len);
	if (r->in_order)
		return take_in_order(r, (uint16_t)id, len, waiting);
	r->used_idx++;
	finish(r, b, len, false);
	return b;
}

void cring_split_calls(struct cring *r, bool on, uint16_t ahead)
{
	struct conf *c = r->c;

	r->crossed = false;
	if (!r->event_idx) {
		cmem_put16(c, &r->avail->flags, on ? 0 : VOP_AVAIL_F_NO_INTERRUPT);
		return;
	}
	/* 2.7.7.1: the flag is 0 with EVENT_IDX; "off" is an index as far away as can be. */
	cmem_put16(c, used_event(r), (uint16_t)(r->used_idx + (on ? ahead : 0xffff)));
	/* Pairs with the device's: it publishes, then looks at the event index. What it published
	 * before it could see this one needs no notification. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->crossed = get16(&r->used->idx) != r->used_idx;
}

uint16_t cring_used_flags(const struct cring *r)
{
	return get16(&r->used->flags);
}

uint16_t cring_used_idx(const struct cring *r)
{
	return get16(&r->used->idx);
}

void cring_split_dump(const struct cring *r)
{
	struct conf *c = r->c;
	unsigned i;

	conf_note(c, "queue %u, split, %u descriptors, %u outstanding", r->index, r->size,
		  r->outstanding);
	conf_note(c, "  available: flags %u, index %u, used_event %u", get16(&r->avail->flags),
		  get16(&r->avail->idx), get16(used_event(r)));
	conf_note(c, "  used: flags %u, index %u (seen %u), avail_event %u", get16(&r->used->flags),
		  get16(&r->used->idx), r->used_idx, get16(avail_event(r)));
	for (i = 0; i < r->size && i < 8; i++)
		conf_note(c, "  %u: desc %#llx+%u flags %u next %u; avail %u; used id %u len %u", i,
			  (unsigned long long)le64toh(r->desc[i].addr), le32toh(r->desc[i].len),
			  le16toh(r->desc[i].flags), le16toh(r->desc[i].next),
			  le16toh(r->avail->ring[i]), le32toh(r->used->ring[i].id),
			  le32toh(r->used->ring[i].len));
}
