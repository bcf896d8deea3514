/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/plot_pool.h"

struct plot_pool_block {
	struct plot_pool_block *next;
	max_align_t memory[];
};

void *plot_pool_get(struct plot_pool *p, size_t n, size_t size)
{
	struct plot_pool_block *b = NULL;

	if (!size || n <= (SIZE_MAX - sizeof(*b)) / size)
		b = calloc(1, sizeof(*b) + n * size);
	if (!b) {
		p->out = true;
		return NULL;
	}
	b->next = p->first;
	p->first = b;
	return b->memory;
}

const char *plot_pool_vtext(struct plot_pool *p, const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = n < 0 ? NULL : plot_pool_get(p, (size_t)n + 1, 1);
	if (!text)
		return "";
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

const char *plot_pool_text(struct plot_pool *p, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = plot_pool_vtext(p, fmt, ap);
	va_end(ap);
	return text;
}

void plot_pool_free(struct plot_pool *p)
{
	while (p->first) {
		struct plot_pool_block *b = p->first;

		p->first = b->next;
		free(b);
	}
}
