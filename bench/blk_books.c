/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/blk_books.h"

int blk_books_open(struct blk_books *b, struct blk_count *count, enum blk_verify verify,
		   uint64_t sectors, uint64_t seed)
{
	int e;

	memset(b, 0, sizeof(*b));
	b->count = count;
	memset(count, 0, sizeof(*count));
	b->chunk = aligned_alloc(64, BLK_CHUNK);
	e = b->chunk ? blk_map_open(&b->map, verify, sectors, seed) : -ENOMEM;
	if (e)
		blk_books_close(b);
	return e;
}

void blk_books_close(struct blk_books *b)
{
	blk_map_close(&b->map);
	free(b->chunk);
	b->chunk = NULL;
}

/* Find the first sector that is wrong, and say what it is. */
static void note_altered(struct blk_books *b, const struct blk_slot *s, const uint8_t *data)
{
	struct blk_count *c = b->count;
	struct blk_odd odd;

	for (uint32_t at = 0; at < s->bytes; at += BLK_SECTOR) {
		uint64_t sector = s->sector + at / BLK_SECTOR;

		VOP_MEM_COPY_FROM(b->chunk, data + at, BLK_SECTOR);
		if (!blk_odd_sector(&b->map, b->chunk, sector, &odd))
			continue;
		c->value = at + odd.offset;
		c->holds = odd.holds;
		c->holds_sector = odd.sector;
		c->holds_write = odd.write;
		c->want_write = b->map.write[sector];
		return;
	}
}

VOP_NOINLINE void blk_note(struct blk_books *b, enum blk_wrong what, const struct blk_slot *s,
			   uint64_t value, const uint8_t *data)
{
	struct blk_count *c = b->count;

	if (atomic_load(&c->wrong))
		return;
	c->type = s ? s->type : 0;
	c->sector = s ? s->sector : 0;
	c->bytes = s ? s->bytes : 0;
	c->value = value;
	c->expected = s ? blk_used(s) : 0;
	if (data && b->map.verify == BLK_VERIFY_FULL)
		note_altered(b, s, data);
	/* Release: the details before the word that says they are there. */
	atomic_store_explicit(&c->wrong, what, memory_order_release);
}

static const char *type_word(uint32_t type)
{
	return type == VOP_BLK_T_IN ? "read" : type == VOP_BLK_T_OUT ? "write" : "flush";
}

static const char *status_word(uint64_t status)
{
	return status == VOP_BLK_S_IOERR    ? " (IOERR)"
	       : status == VOP_BLK_S_UNSUPP ? " (UNSUPP)"
	       : status == 0xff		    ? " (never written)"
					    : "";
}

static void altered_text(const struct blk_count *c, char *text, size_t size)
{
	unsigned long long at = c->sector + c->value / BLK_SECTOR, off = c->value % BLK_SECTOR;

	if (c->holds && c->holds_sector != at)
		snprintf(text, size, "sector %llu holds what was written to sector %llu", at,
			 (unsigned long long)c->holds_sector);
	else if (c->holds)
		snprintf(text, size,
			 "sector %llu holds write number %llu of this run, the last was %llu", at,
			 (unsigned long long)c->holds_write, (unsigned long long)c->want_write);
	else if (c->want_write)
		snprintf(text, size, "byte %llu of sector %llu is not what was written there", off,
			 at);
	else
		snprintf(text, size, "%llu bytes at sector %llu are not what was read there before",
			 (unsigned long long)c->bytes, (unsigned long long)c->sector);
}

void blk_wrong_text(const struct blk_count *c, char *text, size_t size)
{
	unsigned long long sector = c->sector, value = c->value;

	text[0] = '\0';
	switch (atomic_load_explicit(&c->wrong, memory_order_acquire)) {
	case BLK_STATUS:
		snprintf(text, size, "a %s at sector %llu was answered with status %llu%s",
			 type_word(c->type), sector, value, status_word(value));
		break;
	case BLK_LENGTH:
		snprintf(text, size,
			 "a %s at sector %llu came back with a used length of %llu, not %llu",
			 type_word(c->type), sector, value, (unsigned long long)c->expected);
		break;
	case BLK_ALTERED:
		altered_text(c, text, size);
		break;
	case BLK_STRAY:
		snprintf(text, size, "a request came back that was not out");
		break;
	}
}
