/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a receiver does with a frame it has copied into private memory: check every byte against the
 * sequence number it expects, and keep the books. One lane, one direction, one thread.
 */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include "bench/frame.h"
#include "bench/shared.h"

struct verify {
	uint64_t expected; /* next sequence number */
	uint64_t since; /* echo: frames before this one are an earlier job's, nobody counts them */
	uint64_t delivered, lost, doubled, altered;
	struct lane_count *count;
	/* Numbers from here on were never sent; NULL: not known on this side. Bounds what a peer
	 * that makes up a number can have us believe. */
	const uint64_t *sent;
	bool any;      /* nobody knows what is in the frames: the length is all that is checked */
	bool numbered; /* the sender numbers frames and pads with zeroes (the product's source), not
			  our pattern */
};

/* A frame that is not the expected one: lost, doubled or altered? */
static inline void verify_odd(struct verify *v, const uint8_t *frame, uint32_t len,
			      uint32_t want_len)
{
	uint64_t seq = len >= FRAME_MIN ? frame_seq(frame) : 0;

	if (len != want_len || !frame_check(frame, 0, len, seq) || (v->sent && seq >= *v->sent)) {
		v->altered++;
		v->expected++;
	} else if (seq < v->since) {
		return; /* an echo that was not waited for */
	} else if (seq < v->expected) {
		v->doubled++;
	} else {
		v->lost += seq - v->expected;
		v->expected = seq + 1;
		v->delivered++;
	}
}

static inline bool verify_numbered(const uint8_t *frame, uint32_t len, uint64_t seq)
{
	if (frame_seq(frame) != seq)
		return false;
	for (uint32_t i = 24; i < len; i++)
		if (frame[i])
			return false;
	return true;
}

/* A whole frame in private memory. */
VOP_INLINE void verify_frame(struct verify *v, const uint8_t *frame, uint32_t len,
			     uint32_t want_len)
{
	if (vop_likely(len == want_len && !v->numbered &&
		       frame_check(frame, 0, len, v->expected))) {
		v->expected++;
		v->delivered++;
	} else if (v->numbered && len == want_len && verify_numbered(frame, len, v->expected)) {
		v->expected++;
		v->delivered++;
	} else {
		verify_odd(v, frame, len, want_len);
	}
}

/* Move the books out, after verification and before the buffers go back. */
VOP_INLINE void verify_publish(struct verify *v)
{
	struct lane_count *c = v->count;

	atomic_store_explicit(&c->delivered, v->delivered, memory_order_release);
	if (vop_unlikely(v->lost | v->doubled | v->altered)) {
		atomic_store_explicit(&c->lost, v->lost, memory_order_relaxed);
		atomic_store_explicit(&c->doubled, v->doubled, memory_order_relaxed);
		atomic_store_explicit(&c->altered, v->altered, memory_order_relaxed);
	}
}

#endif
