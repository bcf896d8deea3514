/* SPDX-License-Identifier: BSD-2-Clause */
#include "conformance/packed_hand.h"

#define BATCH_MAX 256u

uint16_t phand_avail(bool wrap)
{
	return wrap ? VOP_DESC_F_AVAIL : VOP_DESC_F_USED;
}

uint16_t phand_used(bool wrap)
{
	return wrap ? VOP_DESC_F_PHASE : 0;
}

struct phand phand_next(const struct cring *r)
{
	return (struct phand){r->next, r->wrap};
}

struct phand phand_step(const struct cring *r, struct phand p, unsigned n)
{
	for (; n; n--)
		if (++p.at == r->size) {
			p.at = 0;
			p.wrap = !p.wrap;
		}
	return p;
}

void phand_put(struct cring *r, uint16_t at, uint64_t addr, uint32_t len, uint16_t id,
	       uint16_t flags)
{
	struct vop_packed_desc v = {.addr = htole64(addr), .len = htole32(len), .id = htole16(id)};

	conf_note(r->c, "slot %u: %#llx+%u id %u flags %#06x", at, (unsigned long long)addr, len,
		  id, flags);
	cmem_open(r->c, &r->pdesc[at], sizeof(v));
	cmem_put(r->c, &r->pdesc[at], &v, offsetof(struct vop_packed_desc, flags));
	cmem_put16(r->c, &r->pdesc[at].flags, flags);
}

void phand_piece(struct cring *r, struct phand p, const struct cseg *s, uint16_t id, uint16_t flags)
{
	phand_put(r, p.at, s->bus, s->len, id,
		  (uint16_t)(phand_avail(p.wrap) | (s->write ? VOP_DESC_F_WRITE : 0) | flags));
}

void phand_open(struct conf *c, const struct cbuf *b)
{
	unsigned i;

	for (i = 0; i < b->n; i++)
		if (b->seg[i].write)
			cmem_open(c, b->seg[i].p, b->seg[i].len);
}

void phand_entry(struct conf *c, void *table, unsigned i, uint64_t addr, uint32_t len, uint16_t id,
		 uint16_t flags)
{
	struct vop_packed_desc v = {.addr = htole64(addr),
				    .len = htole32(len),
				    .id = htole16(id),
				    .flags = htole16(flags)};

	cmem_put(c, (struct vop_packed_desc *)table + i, &v, sizeof(v));
}

unsigned phand_least(struct conf *c, unsigned most)
{
	/* Before the lane is set up no request can be asked for; what it says of itself will do. */
	unsigned n = conf_lane(c)->reads + conf_lane(c)->writes;

	if (n > most)
		conf_skip(c, "a request of this device takes %u descriptors at least", n);
	return n;
}

void phand_one(struct conf *c, unsigned pieces)
{
	struct cbuf *b = conf_probe(c, pieces);

	conf_submit(c, b);
	conf_finish(c, b);
}

void phand_batch(struct conf *c, const unsigned *pieces, unsigned n)
{
	struct cring *r = conf_ring(c);
	struct cbuf *b[BATCH_MAX];
	unsigned i;

	if (n > BATCH_MAX)
		conf_error(c, "a batch of %u", n);
	for (i = 0; i < n; i++) {
		b[i] = conf_probe(c, pieces[i]);
		cring_add(r, b[i]);
	}
	cring_publish(r);
	cring_kick(r);
	for (i = 0; i < n; i++)
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b[i]);
	cring_wait_all(r);
	for (i = 0; i < n; i++)
		conf_finish(c, b[i]);
}

void phand_harmless(struct conf *c, const char *after)
{
	conf_settle(c);
	cmem_verify(c, after);
	conf_expect_idle(c);
}
