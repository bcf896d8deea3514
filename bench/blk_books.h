/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The books of requests to a disk: each that was submitted comes back once, with status OK, of the
 * right length, and with what was written there last. Knows no ring: who drives one says what it
 * submitted and what came back.
 *
 * One thread. Sums go to a block that outlives the process (struct blk_count).
 */
#ifndef BENCH_BLK_BOOKS_H
#define BENCH_BLK_BOOKS_H

#include <vop/mem.h>
#include "bench/blk_data.h"
#include "bench/shared.h"
#include "vop/dev/blk.h"

enum blk_wrong { BLK_FINE, BLK_STATUS, BLK_LENGTH, BLK_ALTERED, BLK_STRAY };

/* A request that may be out. */
struct blk_slot {
	uint64_t t; /* submitted, or meant to be, ns */
	uint64_t sector;
	uint32_t bytes;
	uint32_t write; /* its number */
	uint8_t type;	/* enum vop_blk_type */
	bool out;
};

struct blk_books {
	struct blk_map map;
	struct blk_count *count;
	uint64_t submitted, ok, status, length, altered, stray, compared, written;
	uint8_t *chunk; /* BLK_CHUNK bytes of private memory, aligned to 64 */
};

/* 0; -ENOMEM. The sums of *count begin at 0. */
int blk_books_open(struct blk_books *b, struct blk_count *count, enum blk_verify verify,
		   uint64_t sectors, uint64_t seed);
void blk_books_close(struct blk_books *b);

/* Note what went wrong first; the caller counts it. data: of a read, or NULL. */
VOP_NOINLINE void blk_note(struct blk_books *b, enum blk_wrong what, const struct blk_slot *s,
			   uint64_t value, const uint8_t *data);
/* One line about it into text; "" when nothing went wrong. Any process that sees *count. */
void blk_wrong_text(const struct blk_count *count, char *text, size_t size);

VOP_INLINE uint64_t blk_outstanding(const struct blk_books *b)
{
	return b->submitted - b->ok - b->status - b->length - b->altered;
}

/* Used length of an answer: all that the device writes (VIRTIO 1.4, 2.7.8.2). */
VOP_INLINE uint32_t blk_used(const struct blk_slot *s)
{
	return (s->type == VOP_BLK_T_IN ? s->bytes : 0) + 1;
}

/* A request goes out; makes the data of a write in dst, which may be shared memory. */
VOP_INLINE void blk_begin(struct blk_books *b, struct blk_slot *s, uint8_t type, uint64_t sector,
			  uint32_t bytes, uint8_t *dst)
{
	s->type = type;
	s->sector = sector;
	s->bytes = bytes;
	s->out = true;
	b->submitted++;
	if (type != VOP_BLK_T_OUT || b->map.verify != BLK_VERIFY_FULL)
		return;
	s->write = blk_map_next(&b->map);
	for (uint32_t at = 0, n; at < bytes; at += n) {
		n = VOP_MIN(bytes - at, BLK_CHUNK);
		blk_fill(b->chunk, sector + at / BLK_SECTOR, n / BLK_SECTOR, s->write, b->map.seed);
		VOP_MEM_COPY_TO(dst + at, b->chunk, n);
	}
}

/* Is what was read right? src may be shared memory. */
VOP_INLINE bool blk_compare(struct blk_books *b, const struct blk_slot *s, const uint8_t *src)
{
	bool same = true;

	for (uint32_t at = 0, n; at < s->bytes; at += n) {
		n = VOP_MIN(s->bytes - at, BLK_CHUNK);
		VOP_MEM_COPY_FROM(b->chunk, src + at, n);
		same &= blk_same(&b->map, b->chunk, s->sector + at / BLK_SECTOR, n / BLK_SECTOR,
				 &b->compared);
	}
	return same;
}

/*
 * A request came back. s: its slot, NULL when the number is no slot's. False: it was none that is
 * out; whatever else is wrong is counted, and it is back all the same.
 */
VOP_INLINE bool blk_end(struct blk_books *b, struct blk_slot *s, uint32_t len, uint8_t status,
			const uint8_t *data)
{
	if (vop_unlikely(s == NULL || !s->out)) {
		b->stray++;
		blk_note(b, BLK_STRAY, s, 0, NULL);
		return false;
	}
	s->out = false;
	if (vop_unlikely(status != VOP_BLK_S_OK)) {
		b->status++;
		blk_note(b, BLK_STATUS, s, status, NULL);
	} else if (vop_unlikely(len != blk_used(s))) {
		b->length++;
		blk_note(b, BLK_LENGTH, s, len, NULL);
	} else if (s->type == VOP_BLK_T_IN && b->map.verify != BLK_VERIFY_NONE &&
		   vop_unlikely(!blk_compare(b, s, data))) {
		b->altered++;
		blk_note(b, BLK_ALTERED, s, 0, data);
	} else {
		b->ok++;
		if (s->type == VOP_BLK_T_OUT) {
			b->written += s->bytes;
			blk_map_wrote(&b->map, s->sector, s->bytes / BLK_SECTOR, s->write);
		}
		return true;
	}
	/* A write that failed may have been done in part. */
	if (s->type == VOP_BLK_T_OUT)
		blk_map_wrote(&b->map, s->sector, s->bytes / BLK_SECTOR, 0);
	return true;
}

VOP_INLINE bool blk_any_wrong(const struct blk_books *b)
{
	return b->status | b->length | b->altered | b->stray;
}

/* Move the sums out. */
VOP_INLINE void blk_publish(struct blk_books *b)
{
	struct blk_count *c = b->count;

	atomic_store_explicit(&c->submitted, b->submitted, memory_order_relaxed);
	atomic_store_explicit(&c->ok, b->ok, memory_order_relaxed);
	atomic_store_explicit(&c->compared, b->compared, memory_order_relaxed);
	atomic_store_explicit(&c->written, b->written, memory_order_relaxed);
	if (vop_unlikely(blk_any_wrong(b))) {
		atomic_store_explicit(&c->status, b->status, memory_order_relaxed);
		atomic_store_explicit(&c->length, b->length, memory_order_relaxed);
		atomic_store_explicit(&c->altered, b->altered, memory_order_relaxed);
		atomic_store_explicit(&c->stray, b->stray, memory_order_relaxed);
	}
}

#endif
