/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chunks are allocated from the target and carved from the front. The shadow holds what every byte
 * must be; `open` marks bytes the device may write, which the shadow does not speak of.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "conformance/internal.h"

#define GAP  64u   /* canaries between pieces, bytes */
#define TAIL 4096u /* beyond the last piece that much is looked at */
#define PAGE 4096u
#define STEP ((size_t)1024) /* compared at a time */

static uint8_t canary(size_t at)
{
	return (uint8_t)(0xc5 ^ (at * 37u >> 2));
}

static struct cmem_chunk *chunk_of(struct conf *c, const void *p)
{
	const uint8_t *b = p;
	unsigned i;

	for (i = 0; i < c->chunks; i++)
		if (b >= c->chunk[i].mem && b < c->chunk[i].mem + c->chunk[i].size)
			return &c->chunk[i];
	conf_error(c, "memory that is none of this check's");
}

/* Private memory of a chunk is kept from check to check. */
static void make_private(struct conf *c, struct cmem_chunk *k, size_t size)
{
	if (k->shadow && k->size == size) {
		memset(k->shadow, 0, k->top + TAIL < size ? k->top + TAIL : size);
		memset(k->open, 0, k->top + TAIL < size ? k->top + TAIL : size);
		return;
	}
	free(k->shadow);
	free(k->open);
	k->shadow = calloc(1, size);
	k->open = calloc(1, size);
	if (!k->shadow || !k->open)
		conf_error(c, "out of memory");
}

static struct cmem_chunk *new_chunk(struct conf *c, size_t need)
{
	size_t size = VOP_MAX(CMEM_CHUNK, vop_align_up(need, PAGE));
	struct cmem_chunk *k;

	/* The target lends the memory of the life before anew: a last look at it. */
	if (c->stale) {
		cmem_verify(c, "after a reset");
		c->chunks = 0;
		c->stale = false;
	}
	k = &c->chunk[c->chunks];
	if (c->chunks == CMEM_CHUNKS)
		conf_error(c, "a check may have %u chunks of memory", CMEM_CHUNKS);
	make_private(c, k, size);
	k->size = size;
	k->top = 0;
	k->names = 0;
	k->hole = false;
	k->mem = c->t->ops->alloc(c->t, VOP_AT_DRIVER, size, PAGE, &k->bus);
	if (!k->mem) {
		if (c->t->ops->lost_reason(c->t))
			conf_said(c, -EPIPE, "asking for memory");
		conf_error(c, "the target has no %zu bytes of memory for the driver", size);
	}
	c->chunks++;
	return k;
}

static void *carve(struct conf *c, size_t size, size_t align, size_t gap, uint64_t *bus,
		   const char *name)
{
	struct cmem_chunk *k = c->chunks ? &c->chunk[c->chunks - 1] : NULL;
	size_t from, i;

	if (!k || c->stale || k->hole ||
	    vop_align_up(k->top + gap, align) + size + gap + TAIL > k->size)
		k = new_chunk(c, size + 2 * gap + align + TAIL);
	from = vop_align_up(k->top + gap, align);
	for (i = k->top; i < from; i++)
		k->shadow[i] = k->mem[i] = canary(i);
	k->top = from + size;
	for (i = k->top; i < k->top + gap; i++)
		k->shadow[i] = k->mem[i] = canary(i);
	if (k->names < VOP_ARRAY_SIZE(k->name)) {
		k->name[k->names] = name;
		k->at[k->names++] = from;
	}
	*bus = k->bus + from;
	return k->mem + from;
}

void *cmem_alloc(struct conf *c, size_t size, size_t align, uint64_t *bus, const char *name)
{
	return carve(c, size, VOP_MAX(align, (size_t)1), GAP, bus, name);
}

void cmem_put(struct conf *c, void *dst, const void *src, size_t len)
{
	struct cmem_chunk *k = chunk_of(c, dst);

	memcpy(dst, src, len);
	memcpy(k->shadow + ((uint8_t *)dst - k->mem), src, len);
}

void cmem_fill(struct conf *c, void *dst, uint8_t byte, size_t len)
{
	struct cmem_chunk *k = chunk_of(c, dst);

	memset(dst, byte, len);
	memset(k->shadow + ((uint8_t *)dst - k->mem), byte, len);
}

/* Single release stores: a device that polls may look at any moment (2.7.13.3, 2.8.21.1). */
void cmem_put16(struct conf *c, void *dst, uint16_t v)
{
	struct cmem_chunk *k = chunk_of(c, dst);
	vop_le16 le = htole16(v);

	memcpy(k->shadow + ((uint8_t *)dst - k->mem), &le, sizeof(le));
	__atomic_store_n((vop_le16 *)dst, le, __ATOMIC_RELEASE);
}

void cmem_put32(struct conf *c, void *dst, uint32_t v)
{
	struct cmem_chunk *k = chunk_of(c, dst);
	vop_le32 le = htole32(v);

	memcpy(k->shadow + ((uint8_t *)dst - k->mem), &le, sizeof(le));
	__atomic_store_n((vop_le32 *)dst, le, __ATOMIC_RELEASE);
}

void cmem_put64(struct conf *c, void *dst, uint64_t v)
{
	vop_le64 le = htole64(v);

	cmem_put(c, dst, &le, sizeof(le));
}

void cmem_open(struct conf *c, const void *p, size_t len)
{
	struct cmem_chunk *k = chunk_of(c, p);

	memset(k->open + ((const uint8_t *)p - k->mem), 1, len);
}

void cmem_close(struct conf *c, const void *p, size_t len)
{
	struct cmem_chunk *k = chunk_of(c, p);
	size_t at = (size_t)((const uint8_t *)p - k->mem);

	/* Looking at untouched pages would touch them. */
	if (k->hole)
		return;
	memcpy(k->shadow + at, p, len);
	memset(k->open + at, 0, len);
}

static const char *name_of(const struct cmem_chunk *k, size_t at, size_t *off)
{
	const char *name = "the start of memory";
	unsigned i;

	*off = at;
	for (i = 0; i < k->names && k->at[i] <= at; i++) {
		name = k->name[i];
		*off = at - k->at[i];
	}
	return name;
}

/* Something in these bytes differs from the shadow: only what is open may. */
static void verify_bytes(struct conf *c, const struct cmem_chunk *k, size_t from, size_t to,
			 const char *when)
{
	const char *name;
	size_t i, off;

	for (i = from; i < to; i++) {
		if (k->open[i] || k->mem[i] == k->shadow[i])
			continue;
		name = name_of(k, i, &off);
		conf_fail(c,
			  "%s: memory the device may not write was written: byte %zu from the "
			  "start of %s is 0x%02x and was 0x%02x",
			  when, off, name, k->mem[i], k->shadow[i]);
	}
}

static void verify_chunk(struct conf *c, const struct cmem_chunk *k, const char *when)
{
	size_t end = VOP_MIN(k->top + TAIL, k->size), i, step;

	for (i = 0; i < end; i += step) {
		step = VOP_MIN(STEP, end - i);
		if (memcmp(k->mem + i, k->shadow + i, step) != 0)
			verify_bytes(c, k, i, i + step, when);
	}
}

void cmem_verify(struct conf *c, const char *when)
{
	unsigned i;

	for (i = 0; i < c->chunks; i++)
		if (!c->chunk[i].hole)
			verify_chunk(c, &c->chunk[i], when);
}

void cmem_freeze(struct conf *c)
{
	unsigned i;

	for (i = 0; i < c->chunks; i++) {
		struct cmem_chunk *k = &c->chunk[i];
		size_t j, end = VOP_MIN(k->top + TAIL, k->size);

		/* Looking at untouched pages would touch them. */
		if (k->hole)
			continue;
		/* What is open now must stay as it is now: no difference to what is closed. */
		for (j = 0; j < end; j++) {
			const uint8_t *open = memchr(k->open + j, 1, end - j);

			if (!open)
				break;
			j = (size_t)(open - k->open);
			k->shadow[j] = k->mem[j];
			k->open[j] = 0;
		}
	}
}

void cmem_stale(struct conf *c)
{
	c->stale = c->chunks != 0;
}

void cmem_reset(struct conf *c)
{
	c->chunks = 0;
	c->stale = false;
}

void cmem_free(struct conf *c)
{
	unsigned i;

	for (i = 0; i < CMEM_CHUNKS; i++) {
		free(c->chunk[i].shadow);
		free(c->chunk[i].open);
	}
	memset(c->chunk, 0, sizeof(c->chunk));
	c->chunks = 0;
}

void *cmem_untouched(struct conf *c, unsigned pages, uint64_t *bus)
{
	/* A chunk of its own: nobody else lies there, and looking at it would touch it. */
	struct cmem_chunk *k = new_chunk(c, (size_t)pages * PAGE);

	k->hole = true;
	/* What is put there leaves its shadow. */
	k->top = (size_t)pages * PAGE;
	/* A hole in the file: a page comes back when anybody reads or writes it. */
	if (madvise(k->mem, k->size, MADV_REMOVE))
		conf_skip(c, "the memory of this target cannot be made untouched again");
	*bus = k->bus;
	return k->mem;
}

int cmem_touched(struct conf *c, const void *p, unsigned pages)
{
	unsigned char there[256];
	unsigned i;
	int n = 0;

	(void)c;
	if (pages > sizeof(there) || mincore((void *)(uintptr_t)p, (size_t)pages * PAGE, there))
		return -1;
	for (i = 0; i < pages; i++)
		n += there[i] & 1;
	return n;
}
