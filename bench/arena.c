/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arena.h"

/* Each chunk is twice as large as the one before, so that many small arenas stay cheap. */
#define CHUNK_LEAST ((size_t)8 << 10)
#define CHUNK_MOST  ((size_t)512 << 10)

struct arena_chunk {
	struct arena_chunk *older;
	size_t size, used;
	_Alignas(max_align_t) char bytes[];
};

static struct arena_chunk *new_chunk(struct arena *a, size_t size)
{
	struct arena_chunk *c = malloc(sizeof(*c) + size);

	if (!c)
		return NULL;
	c->older = a->chunk;
	c->size = size;
	c->used = 0;
	a->chunk = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_chunk *c = a->chunk;
	size_t want, room;
	void *p;

	if (__builtin_mul_overflow(n, size, &want) || want > SIZE_MAX / 2)
		return NULL;
	want = (want + align - 1) & ~(align - 1);
	if (!c || c->size - c->used < want) {
		room = !c ? CHUNK_LEAST : c->size < CHUNK_MOST ? c->size * 2 : CHUNK_MOST;
		c = new_chunk(a, want > room ? want : room);
		if (!c)
			return NULL;
	}
	p = c->bytes + c->used;
	c->used += want;
	return memset(p, 0, want);
}

static uint64_t hash(const char *text, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);

	while (n--)
		h = (h ^ (unsigned char)*text++) * UINT64_C(1099511628211);
	return h ^ h >> 32;
}

/* Where the text is, or the free slot it belongs into; room is a power of two, never full. */
static size_t slot_of(const char *const *table, size_t room, const char *text, size_t n)
{
	size_t i = hash(text, n) & (room - 1);

	while (table[i] && (strncmp(table[i], text, n) || table[i][n]))
		i = (i + 1) & (room - 1);
	return i;
}

static bool grow(struct arena *a)
{
	size_t room = a->text_room ? a->text_room * 2 : 256, i;
	const char **table = calloc(room, sizeof(*table));

	if (!table)
		return false;
	for (i = 0; i < a->text_room; i++)
		if (a->text[i])
			table[slot_of(table, room, a->text[i], strlen(a->text[i]))] = a->text[i];
	free(a->text);
	a->text = table;
	a->text_room = room;
	return true;
}

const char *arena_text(struct arena *a, const char *text, size_t n)
{
	char *copy;
	size_t i;

	if (a->texts * 2 >= a->text_room && !grow(a))
		return NULL;
	i = slot_of(a->text, a->text_room, text, n);
	if (a->text[i])
		return a->text[i];
	copy = arena_alloc(a, n + 1, 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, n);
	a->text[i] = copy;
	a->texts++;
	return copy;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *c = a->chunk, *older;

	for (; c; c = older) {
		older = c->older;
		free(c);
	}
	free(a->text);
	memset(a, 0, sizeof(*a));
}
