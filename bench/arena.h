/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is given back all at once, and texts kept once each.
 *
 * A zeroed struct arena is an empty one. One thread per arena; what it gave out may be read by any.
 */
#ifndef BENCH_ARENA_H
#define BENCH_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* the newest; private, as the rest */
	const char **text;	   /* hash table of kept texts */
	size_t texts, text_room;
};

/* n things of size bytes, zeroed, aligned for anything; NULL without memory. n may be 0. */
void *arena_alloc(struct arena *a, size_t n, size_t size);
/* The one copy of text[0..n) kept here, terminated: equal texts, equal pointers. NULL without
 * memory. */
const char *arena_text(struct arena *a, const char *text, size_t n);
/* Empty it; everything it gave out is gone. */
void arena_free(struct arena *a);

#endif
