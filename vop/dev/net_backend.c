/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The backends of the product: null takes every frame and drops it, source makes frames without
 * end, echo returns what was sent. Payload is copied out of and into shared memory in all of them:
 * a frame that was not read has not arrived. Memory of the driver is read exactly once, a byte at
 * most.
 */
#include <stdlib.h>
#include <string.h>

#include "vop/dev/net_internal.h"

#define SCRATCH	     65536u
#define ECHO_BYTES   ((size_t)1 << 20) /* waiting in one pair: sixteen frames of 64 KiB */
#define ECHO_FRAMES  256u
#define FRAME_MAX    (65535u + 14u + 4u) /* the largest MTU, Ethernet header, VLAN tag */
#define SOURCE_STAMP 24u		 /* header, two bytes, number */

/* Gather a frame into dst; room for all of it. */
VOP_INLINE void copy_out(uint8_t *dst, const struct vop_net_frame *f)
{
	unsigned i;

	if (vop_likely(f->niov == 1)) {
		VOP_MEM_COPY_FROM(dst, f->iov->ptr, f->len);
		return;
	}
	for (i = 0; i < f->niov; dst += f->iov[i].len, i++)
		VOP_MEM_COPY_FROM(dst, f->iov[i].ptr, f->iov[i].len);
}

/* Scatter f->len bytes over the pieces of a frame. */
VOP_INLINE void copy_in(const struct vop_net_frame *f, const uint8_t *src)
{
	uint32_t left = f->len, l;
	unsigned i;

	if (vop_likely(f->niov == 1)) {
		VOP_MEM_COPY_TO(f->iov->ptr, src, left);
		return;
	}
	for (i = 0; left && i < f->niov; i++, left -= l, src += l) {
		l = VOP_MIN(left, f->iov[i].len);
		VOP_MEM_COPY_TO(f->iov[i].ptr, src, l);
	}
}

/* --- null --- */

/* A frame longer than any frame is: read all the same, piece by piece. */
static VOP_NOINLINE void sink_long(uint8_t *scratch, const struct vop_net_frame *f)
{
	unsigned i;

	for (i = 0; i < f->niov; i++) {
		const uint8_t *from = f->iov[i].ptr;
		uint32_t left = f->iov[i].len, l;

		for (; left; left -= l, from += l) {
			l = VOP_MIN(left, SCRATCH);
			VOP_MEM_COPY_FROM(scratch, from, l);
		}
	}
}

static unsigned null_tx(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	uint8_t *scratch = ctx;
	unsigned i;

	(void)pair;
	for (i = 0; i < n; i++) {
		if (vop_likely(f[i].len <= SCRATCH))
			copy_out(scratch, &f[i]);
		else
			sink_long(scratch, &f[i]);
	}
	/* The copies are the point, though nobody reads them. */
	__asm__ volatile("" : : "r"(scratch) : "memory");
	return n;
}

int vop_net_backend_null(struct vop_net_backend *b)
{
	void *scratch = aligned_alloc(VOP_CACHELINE, SCRATCH);

	if (!scratch)
		return -ENOMEM;
	*b = (struct vop_net_backend){.name = "null", .ctx = scratch, .tx = null_tx, .free = free};
	return 0;
}

/* --- source --- */

struct source {
	uint32_t size;
	uint64_t next[VOP_NET_PAIRS_MAX]; /* number of the next frame */
	uint8_t *scratch;		  /* what the driver sends goes there */
	uint8_t frame[] VOP_ALIGNED;	  /* the one to write next */
};

static unsigned source_tx(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	return null_tx(((struct source *)ctx)->scratch, pair, f, n);
}

static unsigned source_lengths(void *ctx, unsigned pair, uint32_t *len, unsigned max)
{
	const struct source *s = ctx;
	unsigned i;

	(void)pair;
	for (i = 0; i < max; i++)
		len[i] = s->size;
	return max;
}

static void source_fill(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct source *s = ctx;
	uint64_t number = s->next[pair];
	unsigned i;

	for (i = 0; i < n; i++) {
		/* A frame that is dropped is dropped by us as the driver's link would: its number
		 * is missing. */
		uint64_t le = htole64(number + i);

		memcpy(s->frame + SOURCE_STAMP - sizeof(le), &le, sizeof(le));
		copy_in(&f[i], s->frame);
	}
	s->next[pair] = number + n;
}

static void source_reset(void *ctx)
{
	struct source *s = ctx;

	memset(s->next, 0, sizeof(s->next));
}

static void source_free(void *ctx)
{
	struct source *s = ctx;

	free(s->scratch);
	free(s);
}

int vop_net_backend_source(struct vop_net_backend *b, uint32_t size)
{
	static const uint8_t header[14] = {0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5};
	struct source *s;

	if (size < SOURCE_STAMP || size > FRAME_MAX)
		return -EINVAL;
	s = aligned_alloc(VOP_CACHELINE, vop_align_up(sizeof(*s) + size, VOP_CACHELINE));
	if (!s)
		return -ENOMEM;
	*s = (struct source){.size = size, .scratch = aligned_alloc(VOP_CACHELINE, SCRATCH)};
	if (!s->scratch) {
		free(s);
		return -ENOMEM;
	}
	memset(s->frame, 0, size);
	memcpy(s->frame, header, sizeof(header));
	*b = (struct vop_net_backend){
		.name = "source",
		.ctx = s,
		.tx = source_tx,
		.rx_lengths = source_lengths,
		.rx_fill = source_fill,
		.reset = source_reset,
		.free = source_free,
	};
	return 0;
}

/* --- echo --- */

/*
 * Frames of one pair that wait to go back. The bytes lie one behind the other from the start of the
 * buffer and never wrap: as soon as nothing waits, both start over, so that traffic that is
 * answered at once always uses the same few lines of cache.
 */
struct echo_pair {
	unsigned head, tail; /* len[head..tail) wait */
	size_t out, in;	     /* bytes[out..in) are theirs */
	uint32_t len[ECHO_FRAMES];
	uint8_t *bytes;
};

struct echo {
	unsigned pairs;
	struct echo_pair *pair[VOP_NET_PAIRS_MAX];
};

static unsigned echo_tx(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct echo_pair *p = ((struct echo *)ctx)->pair[pair];
	unsigned i;

	for (i = 0; i < n; i++) {
		if (vop_unlikely(f[i].len > FRAME_MAX))
			continue; /* no frame: taken and dropped */
		if (p->tail == ECHO_FRAMES || f[i].len > ECHO_BYTES - p->in)
			break;
		copy_out(p->bytes + p->in, &f[i]);
		p->in += f[i].len;
		p->len[p->tail++] = f[i].len;
	}
	return i;
}

static unsigned echo_lengths(void *ctx, unsigned pair, uint32_t *len, unsigned max)
{
	const struct echo_pair *p = ((struct echo *)ctx)->pair[pair];
	unsigned n = VOP_MIN(p->tail - p->head, max);

	if (n)
		memcpy(len, p->len + p->head, n * sizeof(*len));
	return n;
}

static void echo_fill(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct echo_pair *p = ((struct echo *)ctx)->pair[pair];
	unsigned i;

	for (i = 0; i < n; i++) {
		copy_in(&f[i], p->bytes + p->out);
		p->out += p->len[p->head++];
	}
	if (p->head == p->tail) {
		p->head = p->tail = 0;
		p->in = p->out = 0;
	}
}

static void echo_reset(void *ctx)
{
	struct echo *e = ctx;
	unsigned i;

	for (i = 0; i < e->pairs; i++) {
		struct echo_pair *p = e->pair[i];

		p->head = p->tail = 0;
		p->in = p->out = 0;
	}
}

static void echo_free(void *ctx)
{
	struct echo *e = ctx;
	unsigned i;

	for (i = 0; i < e->pairs; i++) {
		if (e->pair[i])
			free(e->pair[i]->bytes);
		free(e->pair[i]);
	}
	free(e);
}

int vop_net_backend_echo(struct vop_net_backend *b, unsigned pairs)
{
	struct echo *e;
	unsigned i;

	if (pairs < 1 || pairs > VOP_NET_PAIRS_MAX)
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->pairs = pairs;
	for (i = 0; i < pairs; i++) {
		e->pair[i] = calloc(1, sizeof(*e->pair[i]));
		if (e->pair[i])
			e->pair[i]->bytes = aligned_alloc(VOP_CACHELINE, ECHO_BYTES);
		if (!e->pair[i] || !e->pair[i]->bytes) {
			echo_free(e);
			return -ENOMEM;
		}
	}
	*b = (struct vop_net_backend){
		.name = "echo",
		.ctx = e,
		.tx = echo_tx,
		.rx_lengths = echo_lengths,
		.rx_fill = echo_fill,
		.reset = echo_reset,
		.free = echo_free,
	};
	return 0;
}
