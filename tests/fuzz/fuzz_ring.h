/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the ring fuzzers share: the input as a script, ring memory of exactly its size (so that the
 * sanitizer sees the first byte beyond), regions at addresses a fuzzer finds, and the peer's hand.
 *
 * Input: queue size, feature bits, then operations: a code and its operands, until it is used up.
 */
#ifndef FUZZ_RING_H
#define FUZZ_RING_H

#include <stdlib.h>
#include <string.h>

#include <vop/plain.h>
#include <vop/vq.h>
#include "vop/vq_open.h"

#define FUZZ_SIZE_MAX 16u
#define FUZZ_BUF      256u
#define FUZZ_REGION   1024u

#define FUZZ_ASSERT(cond)                                                                          \
	do {                                                                                       \
		if (!(cond))                                                                       \
			__builtin_trap();                                                          \
	} while (0)

struct fuzz_in {
	const uint8_t *p;
	size_t left;
};

static inline uint32_t fuzz_byte(struct fuzz_in *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++;
}

static inline uint32_t fuzz_word(struct fuzz_in *in)
{
	uint32_t lo = fuzz_byte(in);

	return lo | fuzz_byte(in) << 8;
}

struct fuzz_ring {
	struct vop_queue_config cfg;
	struct vop_ring_features f;
	uint8_t *part[3];
	size_t size[3];
	struct vop_regions rt;
	uint8_t *low, *next, *high;
	uint32_t read_back;
};

/* Aligned so that the last byte of the part is the last of the allocation. */
static inline uint8_t *fuzz_alloc(size_t size)
{
	void *p;

	FUZZ_ASSERT(posix_memalign(&p, 16, size) == 0);
	return memset(p, 0, size);
}

static inline void fuzz_ring_open(struct fuzz_ring *r, struct fuzz_in *in, bool packed)
{
	uint32_t n = fuzz_byte(in), bits = fuzz_byte(in);
	int err = 0;

	*r = (struct fuzz_ring){.f = {.indirect = bits & 1,
				      .event_idx = bits & 2,
				      .in_order = bits & 4,
				      .peer_polls = (bits & 0x18) == 0x18}};
	n = packed ? 1 + n % FUZZ_SIZE_MAX : 1u << n % 5;
	r->size[0] = 16u * n;
	r->size[1] = packed ? 4 : vop_split_avail_size(n);
	r->size[2] = packed ? 4 : vop_split_used_size(n);
	for (unsigned i = 0; i < 3; i++)
		r->part[i] = fuzz_alloc(r->size[i]);
	r->low = fuzz_alloc(FUZZ_REGION);
	r->next = fuzz_alloc(FUZZ_BUF);
	r->high = fuzz_alloc(FUZZ_BUF);
	err |= vop_regions_add(&r->rt, 0, FUZZ_REGION, r->low);
	err |= vop_regions_add(&r->rt, FUZZ_REGION, FUZZ_BUF, r->next);
	err |= vop_regions_add(&r->rt, 0ull - FUZZ_BUF, FUZZ_BUF, r->high);
	FUZZ_ASSERT(err == 0);
	r->cfg = (struct vop_queue_config){
		.size = (uint16_t)n,
		.packed = packed,
		.desc = r->part[0],
		.driver = r->part[1],
		.device = r->part[2],
		.regions = &r->rt,
		.read_back = &r->read_back,
	};
}

static inline void fuzz_ring_close(struct fuzz_ring *r)
{
	for (unsigned i = 0; i < 3; i++)
		free(r->part[i]);
	free(r->low);
	free(r->next);
	free(r->high);
}

/* The peer writes: some bytes anywhere in its reach, or a descriptor with a small address. */
static inline void fuzz_scribble(struct fuzz_ring *r, struct fuzz_in *in)
{
	uint32_t what = fuzz_byte(in), n = 1 + (what >> 4), at = fuzz_word(in);
	uint8_t *to;
	size_t size;

	if ((what & 15) == 15) {
		uint8_t *d = r->part[0] + 16 * (at % r->cfg.size);
		uint16_t addr = (uint16_t)fuzz_word(in), len = (uint16_t)fuzz_byte(in);

		memset(d, 0, 16);
		memcpy(d, &addr, 2);
		memcpy(d + 8, &len, 2);
		for (unsigned i = 12; i < 16; i++)
			d[i] = (uint8_t)fuzz_byte(in);
		return;
	}
	to = (what & 3) == 3 ? r->low : r->part[what & 3];
	size = (what & 3) == 3 ? FUZZ_REGION : r->size[what & 3];
	for (; n; n--, at++)
		to[at % size] = (uint8_t)fuzz_byte(in);
}

/* Is the piece in a region? Touches it, for the sanitizer's opinion. */
static inline void fuzz_touch(const struct fuzz_ring *r, const struct vop_iov *v)
{
	bool in = false;

	FUZZ_ASSERT(v->len > 0);
	for (unsigned i = 0; i < r->rt.n; i++) {
		const struct vop_region *g = &r->rt.r[i];

		in |= v->ptr >= g->map && v->ptr < g->map + g->size &&
		      v->len <= g->size - (uint64_t)(v->ptr - g->map);
	}
	FUZZ_ASSERT(in);
	v->ptr[0] ^= 1;
	v->ptr[v->len - 1] ^= 1;
}

#endif
