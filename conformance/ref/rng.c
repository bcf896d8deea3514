/* SPDX-License-Identifier: BSD-2-Clause */
/* An entropy device (VIRTIO 1.4, 5.4). Its randomness is a generator with a fixed seed, so that a
 * run is exact. */
#include <string.h>

#include "conformance/ref/internal.h"

#define RNG_ID 4
#define SEED   0x243f6a8885a308d3ull
#define BLOCK  64u
#define FLOOD  8u

struct rng {
	uint64_t state;
	/* Mutants: */
	uint8_t *before; /* the last buffer's first byte */
	unsigned row;	 /* how many came since there was nothing to do */
	bool stuck, spins;
};

static void start(struct ref *r)
{
	struct rng *g = r->state;

	g->state = SEED;
	if (ref_bug(r, REF_RNG_FEATURE))
		vop_feature_set(r->offered, 3);
}

/* What was given out stays given out: the generator goes on. */
static void reset(struct ref *r)
{
	struct rng *g = r->state;

	g->before = NULL;
	g->spins = false;
	if (ref_bug(r, REF_RNG_RESEED))
		g->state = SEED;
}

/* splitmix64 */
static uint64_t next(struct rng *g)
{
	uint64_t z = g->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* How mutants spoil n bytes. */
static void spoil(struct ref *r, uint8_t *p, uint32_t n, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (ref_bug(r, REF_RNG_7_BITS))
			p[i] &= 0x7f;
		if (ref_bug(r, REF_RNG_NO_ZERO) && p[i] == 0)
			p[i] = 1;
		if (ref_bug(r, REF_RNG_COUNTS))
			p[i] = (uint8_t)(((struct rng *)r->state)->state / 3 + at + i);
		if (ref_bug(r, REF_RNG_BIASED))
			p[i] |= p[i] >> 1 & 1;
	}
}

/* Fill a writable piece with n random bytes. */
static void fill(struct ref *r, struct rng *g, uint8_t *to, uint32_t n)
{
	uint8_t block[BLOCK];
	uint32_t at, i, take;

	if (ref_bug(r, REF_RNG_ROUND))
		n = (n + 7) & ~7u;
	for (at = 0; at < n; at += take) {
		take = VOP_MIN(n - at, BLOCK);
		for (i = 0; i < BLOCK && !(at && ref_bug(r, REF_RNG_REPEAT)); i += 8) {
			uint64_t v = next(g);

			memcpy(block + i, &v, sizeof(v));
		}
		spoil(r, block, take, at);
		ref_store(r, to + at, block, take);
	}
}

static void fill_all(struct ref *r, const struct ref_chain *c)
{
	struct rng *g = r->state;
	uint64_t from, end;
	uint32_t longest = 0;
	bool first = true;
	unsigned i;

	if (ref_bug(r, REF_RNG_SAME))
		g->state = SEED;
	if (ref_bug(r, REF_RNG_CACHED))
		g->state = SEED + c->in_len;
	from = end = g->state;
	for (i = 0; i < c->n; i++) {
		const struct ref_seg *s = &c->seg[i];
		uint32_t len = s->len;

		if (!s->write && !ref_bug(r, REF_RNG_READABLE))
			continue;
		if (!first && (ref_bug(r, REF_RNG_FIRST_PIECE) || ref_bug(r, REF_RNG_LONG_PIECE)))
			break;
		if (ref_bug(r, REF_RNG_LONG_PIECE))
			len = c->in_len;
		if (ref_bug(r, REF_RNG_LAST) && i + 1 == c->n && len)
			len--;
		if (ref_bug(r, REF_BLIND_PIECES_SAME))
			g->state = from;
		fill(r, g, s->p, len);
		first = false;
		if (len >= longest) {
			longest = len;
			end = g->state;
		}
	}
	/* Other buffers get other bytes. */
	if (ref_bug(r, REF_BLIND_PIECES_SAME))
		g->state = end;
}

/* Mutants only: what is wrong with this request. True: it is lost. */
static bool lose(struct ref *r, const struct ref_chain *c)
{
	struct rng *g = r->state;

	if (g->before && ref_bug(r, REF_RNG_LATE))
		ref_store(r, g->before, "!", 1);
	if (c->in_len == 0 && ref_bug(r, REF_RNG_EMPTY_STUCK))
		g->stuck = true;
	if (c->in_len == 0 && ref_bug(r, REF_RNG_EMPTY_SPINS))
		g->spins = true;
	if ((c->in_len == 0 && c->out_len && ref_bug(r, REF_RNG_READABLE_DIES)) ||
	    (c->n > 16 && ref_bug(r, REF_RNG_MANY_PIECES)))
		r->dead = true;
	g->row++;
	return g->stuck || g->spins || (g->row > FLOOD && ref_bug(r, REF_RNG_FLOOD)) ||
	       (g->row > 1 && ref_bug(r, REF_RNG_ONE));
}

static bool request(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	struct rng *g = r->state;
	uint32_t len = c->in_len;

	if (lose(r, c))
		return false;
	if (ref_bug(r, REF_RNG_READABLE))
		fill_all(r, c);
	/* 5.4.6.1: the driver may not do this; 5.4.6.2: a byte has to be written. */
	if (c->out_len || c->n == 0 || !c->seg[0].write || c->in_len == 0) {
		ref_violation(r, q, "a readable piece, or no room");
		return false;
	}
	if (ref_step(r, REF_RNG_FILL))
		fill_all(r, c);
	g->before = c->seg[0].p;
	if (ref_bug(r, REF_RNG_16_BITS))
		len &= 0xffff;
	c->used = (uint32_t)ref_value(r, REF_RNG_LEN, len);
	return true;
}

static bool work(struct ref *r)
{
	struct rng *g = r->state;

	g->row = 0;
	if (g->spins || ref_bug(r, REF_RNG_BUSY))
		r->burnt += 1000000000u;
	return false;
}

const struct ref_type ref_rng = {
	.name = "rng",
	.device = RNG_ID,
	.queues = 1,
	.queue_size_max = 256,
	.state = sizeof(struct rng),
	.start = start,
	.reset = reset,
	.request = request,
	.work = work,
};
