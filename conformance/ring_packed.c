/* SPDX-License-Identifier: BSD-2-Clause */
/* The packed virtqueue by hand (VIRTIO 1.4, 2.8). */
#include <string.h>

#include "conformance/internal.h"
#include "conformance/ring_format.h"

void cring_packed_make(struct cring *r)
{
	struct conf *c = r->c;

	r->pdesc = cmem_alloc(c, 16 * (size_t)r->size, 16, &r->cfg.desc_bus, "the descriptor ring");
	r->driver_event = cmem_alloc(c, 4, 4, &r->cfg.driver_bus, "the driver's event structure");
	r->device_event = cmem_alloc(c, 4, 4, &r->cfg.device_bus, "the device's event structure");
	cmem_open(c, r->device_event, 4);
}

void cring_packed_clear(struct cring *r)
{
	struct conf *c = r->c;

	cmem_fill(c, r->pdesc, 0, 16 * (size_t)r->size);
	cmem_fill(c, r->driver_event, 0, 4);
	cmem_fill(c, r->device_event, 0, 4);
}

/* 2.8.1: available is AVAIL equal to the counter, USED its opposite. */
static uint16_t phase(bool wrap)
{
	return wrap ? VOP_DESC_F_AVAIL : VOP_DESC_F_USED;
}

/* All but the flags, then the flags: a device that polls must not see a half. */
static void put_desc(struct cring *r, struct vop_packed_desc *d, uint64_t addr, uint32_t len,
		     uint16_t id)
{
	struct vop_packed_desc v = {.addr = htole64(addr), .len = htole32(len), .id = htole16(id)};

	cmem_put(r->c, d, &v, offsetof(struct vop_packed_desc, flags));
}

/* The slots of the buffer are the device's until it comes back. */
static void step(struct cring *r, uint16_t *at, bool *wrap, unsigned n)
{
	for (; n; n--)
		if (++*at == r->size) {
			*at = 0;
			*wrap = !*wrap;
		}
}

static void add_table(struct cring *r, struct cbuf *b)
{
	struct vop_packed_desc *t = b->table;
	unsigned i;

	for (i = 0; i < b->n; i++) {
		/* 2.8.8: ids and every flag but WRITE are reserved in a table. */
		put_desc(r, &t[i], b->seg[i].bus, b->seg[i].len, 0);
		cmem_put16(r->c, &t[i].flags, b->seg[i].write ? VOP_DESC_F_WRITE : 0);
	}
	put_desc(r, &r->pdesc[r->next], b->table_bus, 16 * b->n, b->id);
}

static uint16_t head_flags(const struct cbuf *b)
{
	uint16_t f = phase(b->wrap);

	if (b->indirect)
		return f | VOP_DESC_F_INDIRECT;
	return (uint16_t)(f | (b->seg[0].write ? VOP_DESC_F_WRITE : 0) |
			  (b->n > 1 ? VOP_DESC_F_NEXT : 0));
}

void cring_packed_add(struct cring *r, struct cbuf *b)
{
	struct conf *c = r->c;
	uint16_t at = r->next;
	bool wrap = r->wrap;
	unsigned i;

	b->id = r->free_id[--r->free_n];
	b->at = r->next;
	b->wrap = r->wrap;
	if (b->indirect) {
		add_table(r, b);
	} else {
		for (i = 0; i < b->n; i++) {
			/* 2.8.6: the id counts in the last descriptor of a list. */
			put_desc(r, &r->pdesc[at], b->seg[i].bus, b->seg[i].len,
				 i + 1 == b->n ? b->id : 0);
			if (i)
				cmem_put16(c, &r->pdesc[at].flags,
					   (uint16_t)(phase(wrap) |
						      (b->seg[i].write ? VOP_DESC_F_WRITE : 0) |
						      (i + 1 < b->n ? VOP_DESC_F_NEXT : 0)));
			step(r, &at, &wrap, 1);
		}
	}
	step(r, &r->next, &r->wrap, b->ndesc);
	r->avail_idx = (uint16_t)(r->avail_idx + b->ndesc);
	r->held[r->n_held++] = b;
}

void cring_packed_publish(struct cring *r)
{
	/* Backwards: the first one lets the device at all of them. */
	while (r->n_held) {
		struct cbuf *b = r->held[--r->n_held];
		uint16_t at = b->at;
		bool wrap = b->wrap;
		unsigned i;

		cmem_put16(r->c, &r->pdesc[b->at].flags, head_flags(b));
		for (i = 0; i < b->ndesc; i++) {
			cmem_open(r->c, &r->pdesc[at], 16);
			step(r, &at, &wrap, 1);
		}
	}
	r->published = r->avail_idx;
}

uint32_t cring_device_event(const struct cring *r)
{
	return le32toh(__atomic_load_n(r->device_event, __ATOMIC_ACQUIRE));
}

/* 2.8.10: does the descriptor at (off, wrap) lie among those published since the last kick? */
bool cring_packed_kick_wanted(struct cring *r)
{
	uint32_t e = cring_device_event(r), off = e & 0x7fff, wrap = e >> 15 & 1;
	uint16_t fresh = (uint16_t)(r->published - r->kicked), back;

	if ((e >> 16 & 3) == VOP_EVENT_DISABLE)
		return false;
	if ((e >> 16 & 3) != VOP_EVENT_DESC || !r->event_idx)
		return true;
	if (off >= r->size)
		conf_fail(r->c, "queue %u: the device's event offset is %u, the ring has %u",
			  r->index, off, r->size);
	/* Descriptors from there to the next one to write. */
	if (wrap == r->wrap)
		back = (uint16_t)(off < r->next ? r->next - off : 0);
	else
		back = (uint16_t)(r->next + r->size - off);
	return back != 0 && back <= fresh;
}

/* Its used descriptor stands at used_at, wherever its own lay; so many slots are free after it. */
static void finish(struct cring *r, struct cbuf *b, uint32_t len, bool batched)
{
	unsigned i;

	for (i = 0; i < b->ndesc; i++) {
		cmem_close(r->c, &r->pdesc[r->used_at], 16);
		step(r, &r->used_at, &r->used_wrap, 1);
	}
	if (r->in_order) {
		memmove(r->free_id + 1, r->free_id, r->free_n * sizeof(*r->free_id));
		r->free_id[0] = b->id;
		r->free_n++;
	} else {
		r->free_id[r->free_n++] = b->id;
	}
	cring_came_back(r, b, len, batched);
}

/* 2.8.9 (in-order): the skipped buffers have no used descriptor, their slots are skipped too. */
static struct cbuf *take_in_order(struct cring *r, uint16_t id, uint32_t len)
{
	struct cbuf *first = cring_oldest(r), *b = first;

	for (; b->id != id; b = cring_oldest(r))
		finish(r, b, b->in_len, true);
	finish(r, b, len, false);
	return first;
}

struct cbuf *cring_packed_take(struct cring *r)
{
	const struct vop_packed_desc *d = &r->pdesc[r->used_at];
	uint16_t flags = le16toh(__atomic_load_n(&d->flags, __ATOMIC_ACQUIRE)), id;
	bool avail = flags & VOP_DESC_F_AVAIL, used = flags & VOP_DESC_F_USED;
	struct cbuf *b;
	uint32_t len;

	if (r->outstanding == 0 || avail != used || used != r->used_wrap)
		return NULL;
	id = le16toh(d->id);
	/* 2.8.5: the length counts only with WRITE. */
	len = flags & VOP_DESC_F_WRITE ? le32toh(d->len) : 0;
	b = id < r->size ? r->out[id] : NULL;
	if (!b)
		conf_fail(r->c,
			  "queue %u: the used descriptor at %u has id %u, which is not outstanding",
			  r->index, r->used_at, id);
	if (len > b->in_len)
		conf_fail(r->c,
			  "queue %u: buffer %u was used with length %u, its writable part has %u",
			  r->index, id, len, b->in_len);
	if (r->in_order)
		return take_in_order(r, id, len);
	finish(r, b, len, false);
	return b;
}

void cring_packed_calls(struct cring *r, unsigned flags, uint16_t ahead)
{
	uint16_t at = r->used_at;
	bool wrap = r->used_wrap;

	step(r, &at, &wrap, ahead);
	cmem_put32(r->c, r->driver_event,
		   flags == VOP_EVENT_DESC ? VOP_EVENT_WORD(at, wrap, flags)
					   : VOP_EVENT_WORD(0, 0, flags));
	/* Pairs with the device's: it publishes, then looks. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void cring_packed_dump(const struct cring *r)
{
	struct conf *c = r->c;
	uint32_t drv = le32toh(*r->driver_event), dev = cring_device_event(r);
	unsigned i;

	conf_note(c,
		  "queue %u, packed, %u descriptors, %u outstanding; next %u wrap %u; used %u "
		  "wrap %u",
		  r->index, r->size, r->outstanding, r->next, r->wrap, r->used_at, r->used_wrap);
	conf_note(c,
		  "  driver event: offset %u wrap %u flags %u; device event: offset %u wrap %u "
		  "flags %u",
		  drv & 0x7fff, drv >> 15 & 1, drv >> 16, dev & 0x7fff, dev >> 15 & 1, dev >> 16);
	for (i = 0; i < r->size && i < 8; i++)
		conf_note(c, "  %u: %#llx+%u id %u flags %#06x", i,
			  (unsigned long long)le64toh(r->pdesc[i].addr), le32toh(r->pdesc[i].len),
			  le16toh(r->pdesc[i].id), le16toh(r->pdesc[i].flags));
}
