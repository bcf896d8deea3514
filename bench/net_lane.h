/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One lane of the driver's end: buffers, free list, books, and the two turns of the hot loop.
 * Private to net_load*.c.
 */
#ifndef BENCH_NET_LANE_H
#define BENCH_NET_LANE_H

#include <vop/copy.h>
#include "bench/clock.h"
#include "bench/net_load.h"
#include "bench/stream.h"

#define LANE_HDR 12u
/* Buffers start so many bytes into a line, so that the frame behind the header has lines of its
 * own. */
#define LANE_LEAD    (64u - LANE_HDR)
#define LANE_BATCH   64u
#define LANE_LOOK_NS 400u
#define LANE_SHARE   1024u /* a patient lane waits for half its buffers, or for so many */
#define LANE_SMALL   256u  /* frames up to here are made and checked a batch at a time */

/* Private memory the loops work in; one per load, hot. */
struct lane_scratch {
	uint8_t small[LANE_BATCH * (LANE_SMALL + 64) + 64] __attribute__((aligned(64)));
	uint8_t big[FRAME_MAX + 128] __attribute__((aligned(64)));
};

struct net_lane {
	struct session_queue *tx, *rx;
	bool circle; /* IN_ORDER: buffers go round, and the free list never changes */
	/* transmit buffers: a free list that is first in, first out, so that with IN_ORDER buffer i
	 * stays with descriptor i */
	uint8_t *tx_mem;
	uint64_t tx_bus;
	uint32_t tx_stride, tx_n;
	uint32_t *free; /* power of two entries */
	uint32_t free_mask, free_head, free_tail;
	uint64_t tx_seq, tx_done;
	bool waits;	  /* until a good part of the buffers is back */
	uint64_t look_at; /* not before, ns */
	/* receive buffers */
	uint8_t *rx_mem;
	uint64_t rx_bus;
	uint32_t rx_stride, rx_n, rx_len;
	unsigned rx_batch; /* taken at a time: large frames few, so that buffers go back early */
	struct verify v;
	uint32_t merge_left, merge_at; /* a frame that is being put together */
	/* Mergeable: where. Between two of its buffers this lane sends and others receive, so it is
	 * none of the scratch. */
	uint8_t *merged;
	struct lane_count *count_tx;
};

struct net_load {
	struct shared *sh;
	struct net_load_config cfg;
	struct session *session[NET_LOAD_DEVICES];
	unsigned sessions, lanes;
	struct net_lane *lane;
	struct lane_scratch *scratch;
	bool foreign;		 /* the device is somebody else's */
	bool heads_stay;	 /* headers are written only when they are not there already */
	bool stream;		 /* frames are written past the caches */
	bool patient;		 /* a full ring is left alone for a while (net_flood.c) */
	bool whole;		 /* patient, and all that came back is published at once */
	uint64_t sent, received; /* all lanes, for windows */
	uint32_t broken;
};

VOP_INLINE uint32_t lane_free(const struct net_lane *l)
{
	return l->free_tail - l->free_head;
}

/* Distance of small frames in the scratch: header, frame, and what frame_fill() writes behind. */
VOP_INLINE uint32_t lane_small(uint32_t size)
{
	return ((size + 63) & ~63u) + 64;
}

/*
 * An echo that finds no buffer for a frame may drop it: no more are under way than there are
 * receive buffers for.
 */
VOP_INLINE uint32_t lane_echo_room(const struct net_lane *l, uint32_t size)
{
	uint32_t each = (size + LANE_HDR + l->rx_len - 1) / l->rx_len, most = l->rx_n / each;
	uint64_t out = l->tx_seq - VOP_MIN(l->tx_seq, l->v.expected);

	return out < most ? most - (uint32_t)out : 0;
}

/* Take back transmit buffers the device has used. */
VOP_INLINE unsigned lane_reclaim(struct net_lane *l)
{
	uint32_t tail = l->free_tail, mask = l->free_mask, *free = l->free;
	struct vop_done done[LANE_BATCH];
	unsigned n;

	if (l->circle) {
		n = vop_drvq_reclaim(&l->tx->vq);
	} else {
		n = vop_drvq_get(&l->tx->vq, done, LANE_BATCH);
		for (unsigned i = 0; i < n; i++)
			free[(tail + i) & mask] = done[i].cookie;
	}
	l->free_tail = tail + n;
	l->tx_done += n;
	return n;
}

/*
 * The header of a buffer: nothing was negotiated that would fill it, so it is all zeroes, and as a
 * rule the last frame's is still there. stays: look first, since a line that is only read stays in
 * both caches; for memory on the driver's side, where a look costs nothing.
 */
VOP_INLINE void lane_head(uint8_t *dst, bool stays)
{
	static const uint8_t zeroes[LANE_HDR];
	uint64_t a = 1;
	uint32_t b = 1;

	if (stays) {
		memcpy(&a, dst, sizeof(a));
		memcpy(&b, dst + sizeof(a), sizeof(b));
	}
	if (a | b)
		VOP_MEM_COPY_TO(dst, zeroes, LANE_HDR);
}

/* Make frame `seq` and copy it into a transmit buffer, header included. */
VOP_INLINE void lane_make(struct lane_scratch *s, uint8_t *dst, uint32_t size, uint64_t seq,
			  bool stays)
{
	uint32_t at = 0, n;

	lane_head(dst, stays);
	for (; at < size; at += n) {
		n = VOP_MIN(size - at, FRAME_CHUNK);
		/* The device had these lines last: they come back while the chunk is made. Not for
		 * longer copies, which the core's own prefetchers do better. */
		if (size <= FRAME_CHUNK / 2)
			vop_prefetch_page(dst + LANE_HDR + at, n, true);
		frame_fill(s->big, at, n, seq);
		VOP_MEM_COPY_TO(dst + LANE_HDR + at, s->big, n);
	}
}

/* Can frames be streamed? Only where each has all its lines to itself. */
VOP_INLINE bool lane_streams(const struct net_lane *l, uint32_t size)
{
	return STREAM_HERE && l->tx_stride % 64 == 0 &&
	       l->tx_stride >= LANE_LEAD + LANE_HDR + ((size + 63) & ~63u);
}

/* As lane_make(), past the caches. */
VOP_INLINE void lane_stream(struct lane_scratch *s, uint8_t *dst, uint32_t size, uint64_t seq,
			    bool stays)
{
	uint32_t at = 0, n;

	lane_head(dst, stays);
	for (; at < size; at += n) {
		n = VOP_MIN(size - at, FRAME_CHUNK);
		frame_fill(s->big, at, n, seq);
		stream_lines(dst + LANE_HDR + at, s->big, (n + 63) / 64);
	}
}

/* Header and first line of frame `seq` are new, the rest is what the buffer held before: what
 * packet generators do, and no copy. */
VOP_INLINE void lane_retouch(uint8_t *dst, uint32_t size, uint64_t seq, const struct net_load *L)
{
	frame_block first;

	frame_first_at_once(&first, seq);
	lane_head(dst, L->heads_stay);
	if (L->stream)
		stream_lines(dst + LANE_HDR, &first, 1);
	else if (vop_likely(size >= sizeof(first)))
		memcpy(dst + LANE_HDR, &first, sizeof(first));
	else
		VOP_MEM_COPY_TO(dst + LANE_HDR, (const uint8_t *)&first, size);
}

/* Put n frames into the ring, not published yet; n <= LANE_BATCH and buffers are free. Streamed
 * frames are ordered by lane_publish() only: L->stream stays as it is until then. */
VOP_INLINE void lane_put(struct net_load *L, struct net_lane *l, unsigned n, uint32_t size)
{
	struct lane_scratch *s = L->scratch;
	const uint32_t *free = l->free;
	uint32_t head = l->free_head, mask = l->free_mask, stride = l->tx_stride;
	uint8_t *mem = l->tx_mem;
	uint64_t bus = l->tx_bus, seq = l->tx_seq;
	struct vop_buf buf[LANE_BATCH];
	uint32_t cookie[LANE_BATCH];
	unsigned i;

	if (L->cfg.kept) {
		if (lane_free(l) >= 2 * n)
			vop_drvq_prefetch(&l->tx->vq, n, n);
		for (i = 0; i < n; i++) {
			uint32_t at = free[(head + i) & mask];
			size_t off = (size_t)at * stride;

			if (lane_free(l) >= 2 * n && !L->stream)
				vop_prefetch_w(mem + LANE_HDR +
					       (size_t)free[(head + n + i) & mask] * stride);
			lane_retouch(mem + off, size, seq + i, L);
			buf[i] = (struct vop_buf){bus + off, size + LANE_HDR};
			cookie[i] = at;
		}
	} else if (size <= LANE_SMALL && !L->stream) {
		uint8_t *small = s->small + LANE_LEAD;
		/*
		 * Lines of the next batch are asked for, for writing: they come over while this one
		 * is made. Only of buffers that came back: others the device has yet to read. All
		 * of a batch are made before the first is copied: no copy waits for the stores that
		 * made it.
		 */
		bool ahead = lane_free(l) >= 2 * n, stays = L->heads_stay;

		if (ahead)
			vop_drvq_prefetch(&l->tx->vq, n, n);
		for (i = 0; i < n; i++, small += lane_small(size)) {
			if (ahead) {
				uint8_t *next = mem + (size_t)free[(head + n + i) & mask] * stride;

				if (!stays)
					vop_prefetch_w(next);
				vop_prefetch_page(next + LANE_HDR, size, true);
			}
			frame_fill(small + LANE_HDR, 0, size, seq + i);
		}
		small = s->small + LANE_LEAD;
		for (i = 0; i < n; i++, small += lane_small(size)) {
			uint32_t at = free[(head + i) & mask];
			size_t off = (size_t)at * stride;

			lane_head(mem + off, stays);
			VOP_MEM_COPY_TO(mem + off + LANE_HDR, small + LANE_HDR, size);
			buf[i] = (struct vop_buf){bus + off, size + LANE_HDR};
			cookie[i] = at;
		}
	} else {
		if (L->stream && lane_free(l) >= 2 * n)
			vop_drvq_prefetch(&l->tx->vq, n, n);
		for (i = 0; i < n; i++) {
			cookie[i] = free[(head + i) & mask];
			buf[i] = (struct vop_buf){bus + (uint64_t)cookie[i] * stride,
						  size + LANE_HDR};
		}
		for (i = 0; i < n && L->stream; i++)
			lane_stream(s, mem + (size_t)cookie[i] * stride, size, seq + i,
				    L->heads_stay);
		for (; i < n; i++)
			lane_make(s, mem + (size_t)cookie[i] * stride, size, seq + i,
				  L->heads_stay);
	}
	l->free_head = head + n;
	l->tx_seq = seq + n;
	vop_drvq_add(&l->tx->vq, buf, cookie, n, false);
}

/* Let the device see what was put. */
VOP_INLINE void lane_publish(const struct net_load *L, struct net_lane *l)
{
	/* Streamed stores are ordered by no release: this puts all lines since the last publish
	 * before the index, or the first descriptor's flags, which publish stores. */
	if (L->stream)
		stream_end();
	if (vop_drvq_publish(&l->tx->vq))
		vop_doorbell_ring(l->tx->cfg.kick);
	atomic_store_explicit(&l->count_tx->sent, l->tx_seq, memory_order_relaxed);
	atomic_store_explicit(&l->count_tx->completed, l->tx_done, memory_order_relaxed);
}

/* Send n frames; as lane_put(). */
VOP_INLINE void lane_send(struct net_load *L, struct net_lane *l, unsigned n, uint32_t size)
{
	lane_put(L, l, n, size);
	lane_publish(L, l);
}

/* What a patient lane waits for. */
VOP_INLINE uint32_t lane_share(const struct net_lane *l)
{
	return VOP_MIN(l->tx_n / 2, LANE_SHARE);
}

/*
 * A full ring was found, and is left alone until half of it is back: the device then has the words
 * that both sides write to itself for a while, and the driver makes many frames in a row. Looks are
 * spaced for the same reason.
 */
VOP_INLINE bool lane_waits(struct net_lane *l)
{
	uint64_t now;

	if (!l->waits)
		return false;
	now = clock_ns();
	if (now < l->look_at)
		return true;
	lane_reclaim(l);
	l->look_at = now + LANE_LOOK_NS;
	l->waits = lane_free(l) < lane_share(l);
	return l->waits;
}

/* One lane's transmit turn: at most a batch, or all there is room for; 0 when there is no room for
 * a batch. */
VOP_INLINE unsigned lane_turn(struct net_load *L, struct net_lane *l, uint32_t size, unsigned batch)
{
	unsigned n = batch;

	if (L->patient && lane_waits(l))
		return 0;
	/* Early, so that the buffers of the next batch are known to be free when this one is sent.
	 */
	if (lane_free(l) < 2 * batch)
		lane_reclaim(l);
	if (lane_free(l) < batch) {
		l->waits = true;
		return 0;
	}
	lane_put(L, l, batch, size);
	if (L->whole)
		for (; lane_free(l) >= batch && n < lane_share(l); n += batch)
			lane_put(L, l, batch, size);
	lane_publish(L, l);
	return n;
}

/* Frames of more than one buffer (mergeable): gather in private memory, check when whole. Slow
 * path. */
void lane_merge(struct net_load *L, struct net_lane *l, const uint8_t *src, uint32_t len);

/* Receive what is there and give the buffers back unread: what a foreign target sends while we only
 * transmit. */
VOP_INLINE void lane_discard(struct net_lane *l)
{
	struct vop_done done[LANE_BATCH];
	struct vop_buf buf[LANE_BATCH];
	uint32_t cookie[LANE_BATCH];
	unsigned n = vop_drvq_get(&l->rx->vq, done, LANE_BATCH);

	for (unsigned i = 0; i < n; i++) {
		buf[i] = (struct vop_buf){l->rx_bus + (uint64_t)done[i].cookie * l->rx_stride,
					  l->rx_len};
		cookie[i] = done[i].cookie;
	}
	if (n == 0)
		return;
	vop_drvq_add(&l->rx->vq, buf, cookie, n, true);
	if (vop_drvq_publish(&l->rx->vq))
		vop_doorbell_ring(l->rx->cfg.kick);
}

/* Receive what is there, verify, give the buffers back. Returns frames. */
VOP_INLINE unsigned lane_receive(struct net_load *L, struct net_lane *l, uint32_t size, bool merge)
{
	struct lane_scratch *s = L->scratch;
	uint32_t stride = l->rx_stride, rx_len = l->rx_len;
	uint8_t *mem = l->rx_mem;
	uint64_t bus = l->rx_bus;
	struct vop_done done[LANE_BATCH];
	struct vop_buf buf[LANE_BATCH];
	uint32_t cookie[LANE_BATCH];
	unsigned n = vop_drvq_get(&l->rx->vq, done, l->rx_batch), i;
	uint64_t before = l->v.delivered + l->v.altered + l->v.doubled;

	if (n == 0)
		return 0;
	for (i = 0; i < n; i++) {
		buf[i] = (struct vop_buf){bus + (uint64_t)done[i].cookie * stride, rx_len};
		cookie[i] = done[i].cookie;
		vop_prefetch_pair(mem + (size_t)cookie[i] * stride, LANE_HDR + size, false);
	}
	if (l->v.any) {
		/* Copied out all the same: whoever receives wants it. */
		for (i = 0; i < n; i++) {
			const uint8_t *src = mem + (size_t)cookie[i] * stride;
			bool right = done[i].len == size + LANE_HDR;

			VOP_MEM_COPY_FROM(s->big, src, VOP_MIN(done[i].len, FRAME_MAX));
			l->v.delivered += right;
			l->v.altered += !right;
		}
	} else if (size <= LANE_SMALL && !merge) {
		frame_block odd = {0};
		uint32_t wrong = 0;

		/* Each is copied out and compared on its way; only when a bit is wrong somewhere,
		 * one by one. */
		for (i = 0; i < n; i++) {
			const uint8_t *src = mem + (size_t)cookie[i] * stride;

			uint8_t *slot = s->small + LANE_LEAD + i * lane_small(size);

			wrong |= done[i].len ^ (size + LANE_HDR);
			VOP_MEM_COPY_FROM(slot, src, LANE_HDR);
			VOP_MEM_COPY_FROM(slot + LANE_HDR, src + LANE_HDR, size);
			frame_differ(&odd, slot + LANE_HDR, 0, size, l->v.expected + i);
		}
		if (vop_likely(!wrong && !frame_odd(&odd))) {
			l->v.expected += n;
			l->v.delivered += n;
		} else {
			for (i = 0; i < n; i++)
				verify_frame(&l->v, s->small + 64 + i * lane_small(size),
					     done[i].len - LANE_HDR, size);
		}
	} else {
		for (i = 0; i < n; i++)
			lane_merge(L, l, mem + (size_t)done[i].cookie * stride, done[i].len);
	}
	verify_publish(&l->v);
	vop_drvq_add(&l->rx->vq, buf, cookie, n, true);
	if (vop_drvq_publish(&l->rx->vq))
		vop_doorbell_ring(l->rx->cfg.kick);
	return (unsigned)(l->v.delivered + l->v.altered + l->v.doubled - before);
}

#endif
