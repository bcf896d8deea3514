/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of one picture: texts and arrays that are all freed together.
 *
 * When memory runs out, text comes back as "" and an array as NULL, and `out` stays set: whoever
 * finishes the picture looks at it once. One thread.
 */
#ifndef BENCH_PLOT_POOL_H
#define BENCH_PLOT_POOL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct plot_pool_block;

struct plot_pool {
	struct plot_pool_block *first;
	bool out; /* memory ran out */
};

/* Zeroed; NULL when memory ran out. */
void *plot_pool_get(struct plot_pool *p, size_t n, size_t size);
/* Never NULL. */
const char *plot_pool_text(struct plot_pool *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *plot_pool_vtext(struct plot_pool *p, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void plot_pool_free(struct plot_pool *p);

#endif
