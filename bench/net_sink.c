/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <vop/copy.h>
#include <vop/mem.h>
#include "bench/net_sink.h"

/* Frames up to here are copied out as a batch and checked as a batch, so that the copies' misses
 * overlap. */
#define SMALL 256u

struct sink_lane {
	struct verify v;
	uint64_t made; /* next sequence number to make */
};

struct net_sink {
	struct shared *sh;
	unsigned first, pairs;
	enum job_kind kind;
	uint32_t size;
	bool source_on;
	uint64_t delivered, made; /* all lanes */
	struct vop_net_backend echo;
	struct sink_lane lane[VOP_NET_PAIRS_MAX];
	uint8_t small[VOP_NET_BATCH][SMALL] __attribute__((aligned(64)));
	uint8_t big[FRAME_MAX + 64] __attribute__((aligned(64)));
};

/* Copy a frame out of its pieces. */
static uint32_t gather(uint8_t *dst, const struct vop_net_frame *f, uint32_t max)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < f->niov && at < max; i++) {
		uint32_t n = VOP_MIN(f->iov[i].len, max - at);

		VOP_MEM_COPY_FROM(dst + at, f->iov[i].ptr, n);
		at += n;
	}
	return at;
}

/* A large frame of one piece, a chunk at a time, so that what was copied is checked while it is
 * near. */
static void check_chunks(struct net_sink *s, struct verify *v, const uint8_t *src, uint32_t len)
{
	bool good = len == s->size;
	uint32_t at, n;

	for (at = 0; good && at < len; at += n) {
		n = VOP_MIN(len - at, FRAME_CHUNK);
		VOP_MEM_COPY_FROM(s->big, src + at, n);
		good = frame_check(s->big, at, n, v->expected);
	}
	if (good) {
		v->expected++;
		v->delivered++;
	} else {
		/* By its own length, so that a frame too long does not pass for its beginning. */
		VOP_MEM_COPY_FROM(s->big, src, VOP_MIN(len, FRAME_MAX));
		verify_odd(v, s->big, len, s->size);
	}
}

static unsigned take(struct net_sink *s, struct sink_lane *l, const struct vop_net_frame *f,
		     unsigned n)
{
	uint32_t size = s->size;
	unsigned i;

	if (size <= SMALL) {
		for (i = 0; i < n; i++) {
			if (vop_likely(f[i].niov == 1 && f[i].len == size))
				VOP_MEM_COPY_FROM(s->small[i], f[i].iov[0].ptr, size);
			else
				gather(s->small[i], &f[i], SMALL);
		}
		for (i = 0; i < n; i++)
			verify_frame(&l->v, s->small[i], f[i].len, size);
	} else {
		for (i = 0; i < n; i++) {
			if (f[i].niov == 1) {
				check_chunks(s, &l->v, f[i].iov[0].ptr, f[i].len);
			} else {
				gather(s->big, &f[i], FRAME_MAX);
				verify_frame(&l->v, s->big, f[i].len, size);
			}
		}
	}
	return n;
}

static unsigned sink_tx(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct net_sink *s = ctx;
	struct sink_lane *l = &s->lane[pair];

	if (s->kind == JOB_ECHO)
		return s->echo.tx(s->echo.ctx, pair, f, n);
	n = take(s, l, f, VOP_MIN(n, VOP_NET_BATCH));
	s->delivered += n;
	verify_publish(&l->v);
	return n;
}

/*
 * Small frames of one piece: each is copied out and compared on its way, all of a batch before
 * anything is decided. When one bit is wrong anywhere, the private copies are gone through one by
 * one.
 */
VOP_INLINE void take_small(struct net_sink *s, struct sink_lane *l, const struct vop_plain *f,
			   unsigned n, uint32_t size)
{
	struct verify *v = &l->v;
	frame_block odd = {0};
	uint32_t wrong = 0;

	for (unsigned i = 0; i < n; i++) {
		wrong |= f[i].len ^ size;
		VOP_MEM_COPY_FROM(s->small[i], f[i].ptr, VOP_MIN(f[i].len, size));
		frame_differ(&odd, s->small[i], 0, size, v->expected + i);
	}
	if (vop_likely(!wrong && !frame_odd(&odd))) {
		v->expected += n;
		v->delivered += n;
		return;
	}
	for (unsigned i = 0; i < n; i++)
		verify_frame(v, s->small[i], f[i].len, size);
}

/* The echo knows no short way. */
static void lengthen(const struct vop_plain *f, const uint32_t *len, unsigned n,
		     struct vop_iov *iov, struct vop_net_frame *frame)
{
	for (unsigned i = 0; i < n; i++) {
		iov[i] = (struct vop_iov){.ptr = f[i].ptr, .len = f[i].len};
		frame[i] = (struct vop_net_frame){
			.iov = &iov[i], .niov = 1, .len = len ? len[i] : f[i].len};
	}
}

static unsigned sink_tx_plain(void *ctx, unsigned pair, const struct vop_plain *f, unsigned n)
{
	struct net_sink *s = ctx;
	struct sink_lane *l = &s->lane[pair];

	if (s->kind == JOB_ECHO) {
		struct vop_net_frame frame[VOP_NET_BATCH];
		struct vop_iov iov[VOP_NET_BATCH];

		lengthen(f, NULL, n, iov, frame);
		return s->echo.tx(s->echo.ctx, pair, frame, n);
	}
	if (s->size == 64) {
		take_small(s, l, f, n, 64);
	} else if (s->size <= SMALL) {
		take_small(s, l, f, n, s->size);
	} else {
		for (unsigned i = 0; i < n; i++)
			check_chunks(s, &l->v, f[i].ptr, f[i].len);
	}
	s->delivered += n;
	verify_publish(&l->v);
	return n;
}

static unsigned sink_rx_lengths(void *ctx, unsigned pair, uint32_t *len, unsigned max)
{
	struct net_sink *s = ctx;
	unsigned i;

	if (s->kind == JOB_ECHO)
		return s->echo.rx_lengths(s->echo.ctx, pair, len, max);
	if (!s->source_on)
		return 0;
	for (i = 0; i < max; i++)
		len[i] = s->size;
	return max;
}

/* Make frame `seq` in private memory, then copy it into its pieces. */
static void make_into(struct net_sink *s, const struct vop_net_frame *f, uint64_t seq)
{
	uint32_t at = 0, n;

	if (f->niov == 1) {
		for (; at < f->len; at += n) {
			n = VOP_MIN(f->len - at, FRAME_CHUNK);
			frame_fill(s->big, at, n, seq);
			VOP_MEM_COPY_TO(f->iov[0].ptr + at, s->big, n);
		}
		return;
	}
	frame_fill(s->big, 0, f->len, seq);
	for (uint32_t i = 0; i < f->niov && at < f->len; i++) {
		n = VOP_MIN(f->iov[i].len, f->len - at);
		VOP_MEM_COPY_TO(f->iov[i].ptr, s->big + at, n);
		at += n;
	}
}

static void sink_rx_fill(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct net_sink *s = ctx;
	struct sink_lane *l = &s->lane[pair];
	unsigned i;

	if (s->kind == JOB_ECHO) {
		s->echo.rx_fill(s->echo.ctx, pair, f, n);
		return;
	}
	if (s->size <= SMALL && n <= VOP_NET_BATCH) {
		for (i = 0; i < n; i++)
			frame_fill(s->small[i], 0, s->size, l->made + i);
		for (i = 0; i < n; i++) {
			if (vop_likely(f[i].niov == 1))
				VOP_MEM_COPY_TO(f[i].iov[0].ptr, s->small[i], s->size);
			else
				make_into(s, &f[i], l->made + i);
		}
	} else {
		for (i = 0; i < n; i++)
			make_into(s, &f[i], l->made + i);
	}
	l->made += n;
	s->made += n;
}

VOP_INLINE void fill_small(struct net_sink *s, const struct vop_plain *f, unsigned n, uint32_t size,
			   uint64_t seq)
{
	for (unsigned i = 0; i < n; i++)
		frame_fill(s->small[i], 0, size, seq + i);
	for (unsigned i = 0; i < n; i++)
		VOP_MEM_COPY_TO(f[i].ptr, s->small[i], size);
}

static void sink_rx_fill_plain(void *ctx, unsigned pair, const struct vop_plain *f,
			       const uint32_t *len, unsigned n)
{
	struct net_sink *s = ctx;
	struct sink_lane *l = &s->lane[pair];
	uint32_t at, k;

	if (s->kind == JOB_ECHO) {
		struct vop_net_frame frame[VOP_NET_BATCH];
		struct vop_iov iov[VOP_NET_BATCH];

		lengthen(f, len, n, iov, frame);
		s->echo.rx_fill(s->echo.ctx, pair, frame, n);
		return;
	}
	if (s->size == 64) {
		fill_small(s, f, n, 64, l->made);
	} else if (s->size <= SMALL) {
		fill_small(s, f, n, s->size, l->made);
	} else {
		for (unsigned i = 0; i < n; i++) {
			for (at = 0; at < s->size; at += k) {
				k = VOP_MIN(s->size - at, FRAME_CHUNK);
				if (s->size <= FRAME_CHUNK / 2)
					vop_prefetch_page(f[i].ptr + at, k, true);
				frame_fill(s->big, at, k, l->made + i);
				VOP_MEM_COPY_TO(f[i].ptr + at, s->big, k);
			}
		}
	}
	l->made += n;
	s->made += n;
}

static void sink_reset(void *ctx)
{
	struct net_sink *s = ctx;

	s->source_on = false;
	if (s->echo.reset)
		s->echo.reset(s->echo.ctx);
	/* A new session counts from the start, on both sides. */
	for (unsigned i = 0; i < s->pairs; i++) {
		struct lane_count *c = &s->sh->lane[0][s->first + i];

		s->lane[i].v = (struct verify){.count = c};
		s->lane[i].made = 0;
		verify_publish(&s->lane[i].v);
		atomic_store(&c->lost, 0);
		atomic_store(&c->doubled, 0);
		atomic_store(&c->altered, 0);
		atomic_store(&s->sh->lane[1][s->first + i].sent, 0);
	}
	s->delivered = s->made = 0;
}

static void sink_free(void *ctx)
{
	struct net_sink *s = ctx;

	if (s->echo.free)
		s->echo.free(s->echo.ctx);
	free(s);
}

struct net_sink *net_sink_new(struct shared *sh, unsigned first_lane, unsigned pairs,
			      struct vop_net_backend *out)
{
	struct net_sink *s;

	if (pairs > VOP_NET_PAIRS_MAX || first_lane + pairs > JOB_LANES)
		return NULL;
	s = aligned_alloc(64, vop_align_up(sizeof(*s), 64));
	if (s == NULL)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->sh = sh;
	s->first = first_lane;
	s->pairs = pairs;
	s->size = 64;
	if (vop_net_backend_echo(&s->echo, pairs)) {
		free(s);
		return NULL;
	}
	sink_reset(s);
	*out = (struct vop_net_backend){
		.name = "verify",
		.ctx = s,
		.tx = sink_tx,
		.tx_plain = sink_tx_plain,
		.rx_lengths = sink_rx_lengths,
		.rx_fill = sink_rx_fill,
		.rx_fill_plain = sink_rx_fill_plain,
		.reset = sink_reset,
		.free = sink_free,
	};
	return s;
}

void net_sink_mode(struct net_sink *s, enum job_kind kind, uint32_t frame_size)
{
	s->kind = kind;
	s->size = frame_size;
	s->source_on = kind == JOB_RX || kind == JOB_BOTH;
}

void net_sink_stop_source(struct net_sink *s)
{
	s->source_on = false;
	for (unsigned i = 0; i < s->pairs; i++)
		atomic_store_explicit(&s->sh->lane[1][s->first + i].sent, s->lane[i].made,
				      memory_order_release);
}

uint64_t net_sink_delivered(const struct net_sink *s)
{
	return s->delivered;
}

uint64_t net_sink_made(const struct net_sink *s)
{
	return s->made;
}

bool net_sink_even(const struct net_sink *s)
{
	for (unsigned i = 0; i < s->pairs; i++) {
		const struct verify *v = &s->lane[i].v;
		uint64_t sent = atomic_load_explicit(&s->sh->lane[0][s->first + i].sent,
						     memory_order_acquire);

		if (v->delivered + v->altered < sent)
			return false;
	}
	return true;
}
