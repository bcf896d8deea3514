/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "conformance/split_raw.h"

/* --- right --- */

void raw_fits(struct conf *c, const struct cbuf *b)
{
	struct cring *r = conf_ring(c);

	/* 2.7.5.3.1: in a table no more either. */
	if (b->n > r->size)
		conf_skip(c, "a request of this device takes %u descriptors, the ring has %u", b->n,
			  r->size);
}

static struct cbuf *build(struct conf *c, const uint8_t *out, uint32_t out_len, uint32_t in_len,
			  const uint32_t *cut, unsigned n)
{
	struct cbuf *b = cbuf_new(c);
	uint32_t at = 0, total = out_len + in_len, to;
	unsigned i;

	for (i = 0; i <= n; i++) {
		to = i < n ? VOP_MIN(cut[i], total) : total;
		/* No piece is readable and writable. */
		if (at < out_len && at < to) {
			uint32_t end = VOP_MIN(to, out_len);

			cbuf_out(c, b, out + at, end - at);
			at = end;
		}
		if (at < to) {
			cbuf_in(c, b, to - at);
			at = to;
		}
	}
	return b;
}

struct cbuf *raw_cut(struct conf *c, const uint32_t *cut, unsigned n)
{
	uint8_t out[LANE_OUT_MAX];
	uint32_t out_len = 0, in_len = 0;
	struct cbuf *b;
	uint64_t number = conf_request(c, out, &out_len, &in_len);

	b = build(c, out, out_len, in_len, cut, n);
	b->number = number;
	return b;
}

void raw_add(struct conf *c, struct cbuf *b)
{
	cring_add(conf_ring(c), b);
	if (conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, b);
}

void raw_add_behind(struct conf *c, struct cbuf *b, uint64_t bus, uint32_t len)
{
	struct cring *r = conf_ring(c);
	uint16_t at, last;
	unsigned i;

	cring_add(r, b);
	/* The descriptor behind is not given back: the check is done with it. */
	at = r->free_id[--r->free_n];
	r->room--;
	for (last = b->id, i = 1; i < b->n; i++)
		last = le16toh(r->desc[last].next);
	raw_desc(c, &r->desc[at], bus, len, VOP_DESC_F_WRITE, 0);
	cmem_put16(c, &r->desc[last].next, at);
	cmem_put16(c, &r->desc[last].flags,
		   (uint16_t)(le16toh(r->desc[last].flags) | VOP_DESC_F_NEXT));
	if (conf_lane(c)->trigger)
		conf_lane(c)->trigger(c, b);
}

unsigned raw_batch(struct conf *c, unsigned n, unsigned pieces, bool indirect)
{
	struct cring *r = conf_ring(c);
	struct cbuf *b[RAW_BATCH];
	unsigned k, i;

	for (k = 0; k < n && k < RAW_BATCH; k++) {
		b[k] = conf_probe(c, pieces);
		b[k]->indirect = indirect;
		if (k == 0)
			raw_fits(c, b[k]);
		if (r->room < (indirect ? 1 : b[k]->n))
			break;
		raw_add(c, b[k]);
	}
	cring_publish(r);
	cring_kick(r);
	cring_wait_all(r);
	for (i = 0; i < k; i++)
		conf_finish(c, b[i]);
	return k;
}

void raw_forward(struct conf *c, unsigned n)
{
	struct cring *r = conf_ring(c);
	struct cbuf *b[32];
	unsigned k, i, now;

	b[0] = conf_probe(c, 0);
	raw_fits(c, b[0]);
	for (k = 1; k < VOP_ARRAY_SIZE(b) && (k + 1) * b[0]->n <= r->size; k++)
		b[k] = conf_probe(c, 0);
	conf_hurry(c, true);
	for (; n; n -= now) {
		now = VOP_MIN(n, k);
		for (i = 0; i < now; i++)
			raw_add(c, b[i]);
		cring_publish(r);
		cring_kick(r);
		cring_wait_all(r);
		for (i = 0; i < now; i++)
			conf_finish(c, b[i]);
	}
	conf_hurry(c, false);
}

/* --- wrong --- */

void raw_desc(struct conf *c, struct vop_split_desc *d, uint64_t bus, uint32_t len, uint16_t flags,
	      uint16_t next)
{
	struct vop_split_desc v = {.addr = htole64(bus),
				   .len = htole32(len),
				   .flags = htole16(flags),
				   .next = htole16(next)};

	cmem_put(c, d, &v, sizeof(v));
}

void raw_head(struct cring *r, uint16_t head)
{
	cmem_put16(r->c, &r->avail->ring[r->avail_idx % r->size], head);
	r->avail_idx++;
	conf_note(r->c, "queue %u: head %u by hand", r->index, head);
}

void raw_index(struct cring *r, uint16_t idx)
{
	cmem_put16(r->c, &r->avail->idx, idx);
	r->published = idx;
	conf_note(r->c, "queue %u: available index %u by hand", r->index, idx);
	cring_kick_always(r);
}

void raw_offer(struct cring *r, uint16_t head)
{
	raw_head(r, head);
	raw_index(r, r->avail_idx);
}

void raw_chain(struct cring *r, const struct cbuf *b, unsigned at)
{
	unsigned i;

	for (i = 0; i < b->n; i++) {
		const struct cseg *s = &b->seg[i];

		if (s->write)
			cmem_open(r->c, s->p, s->len);
		raw_desc(r->c, &r->desc[at + i], s->bus, s->len,
			 (uint16_t)((s->write ? VOP_DESC_F_WRITE : 0) |
				    (i + 1 < b->n ? VOP_DESC_F_NEXT : 0)),
			 (uint16_t)(i + 1 < b->n ? at + i + 1 : 0));
	}
}

void raw_harmless(struct conf *c, const char *after)
{
	conf_settle(c);
	cmem_verify(c, after);
	conf_expect_idle(c);
}

void raw_trap_set(struct conf *c, struct raw_trap *t)
{
	t->p = cmem_untouched(c, 2, &t->bus);
	if (cmem_touched(c, t->p, 2) != 0)
		conf_skip(c, "this system does not tell which pages were touched");
}

void raw_trap_check(struct conf *c, const struct raw_trap *t, const char *what)
{
	if (cmem_touched(c, t->p, 2))
		conf_fail(c, "%s: memory was read or written that no buffer of the driver's names",
			  what);
}
