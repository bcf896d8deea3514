/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One lane of the driver's end: buffers, free list, books, and the two turns of the hot loop. Private to net_load*.c.
 */
#ifndef BENCH_NET_LANE_H
#define BENCH_NET_LANE_H

#include <vop/copy.h>
#include "bench/net_load.h"

#define LANE_HDR   12u
#define LANE_BATCH 64u
#define LANE_SMALL 256u /* frames up to here are made and checked a batch at a time */

/* Private memory the loops work in; one per load, hot. */
struct lane_scratch {
	uint8_t small[LANE_BATCH][LANE_SMALL + 64] __attribute__((aligned(64)));
	uint8_t big[FRAME_MAX + 128] __attribute__((aligned(64)));
};

struct net_lane {
	struct session_queue *tx, *rx;
	/* transmit buffers: a free list that is first in, first out, so that with IN_ORDER buffer i stays with descriptor i */
	uint8_t *tx_mem;
	uint64_t tx_bus;
	uint32_t tx_stride, tx_n;
	uint32_t *free; /* power of two entries */
	uint32_t free_mask, free_head, free_tail;
	uint64_t tx_seq, tx_done;
	/* receive buffers */
	uint8_t *rx_mem;
	uint64_t rx_bus;
	uint32_t rx_stride, rx_n, rx_len;
	struct verify v;
	uint32_t merge_left, merge_at; /* a frame that is being put together */
	struct lane_count *count_tx;
};

struct net_load {
	struct shared *sh;
	struct net_load_config cfg;
	struct session *session[NET_LOAD_DEVICES];
	unsigned sessions, lanes;
	struct net_lane *lane;
	struct lane_scratch *scratch;
	uint64_t sent, received; /* all lanes, for windows */
	uint32_t broken;
};

VOP_INLINE uint32_t lane_free(const struct net_lane *l)
{
	return l->free_tail - l->free_head;
}

/* Take back transmit buffers the device has used. */
VOP_INLINE unsigned lane_reclaim(struct net_lane *l)
{
	struct vop_done done[LANE_BATCH];
	unsigned n = vop_drvq_get(&l->tx->vq, done, LANE_BATCH);

	for (unsigned i = 0; i < n; i++)
		l->free[(l->free_tail + i) & l->free_mask] = done[i].cookie;
	l->free_tail += n;
	l->tx_done += n;
	return n;
}

/* Make frame `seq` and copy it into a transmit buffer, header included. */
VOP_INLINE void lane_make(struct lane_scratch *s, uint8_t *dst, uint32_t size, uint64_t seq)
{
	uint32_t at = 0, n;

	memset(dst, 0, LANE_HDR);
	for (; at < size; at += n) {
		n = VOP_MIN(size - at, FRAME_CHUNK);
		frame_fill(s->big, at, n, seq);
		VOP_MEM_COPY_TO(dst + LANE_HDR + at, s->big, n);
	}
}

/* Send n frames; n <= LANE_BATCH and buffers are free. */
VOP_INLINE void lane_send(struct net_load *L, struct net_lane *l, unsigned n, uint32_t size)
{
	struct lane_scratch *s = L->scratch;
	struct vop_buf buf[LANE_BATCH];
	uint32_t cookie[LANE_BATCH];
	unsigned i;

	/* Small frames: all of a batch are made first, then copied, so that no copy waits for the stores that made it. */
	if (size <= LANE_SMALL)
		for (i = 0; i < n; i++)
			frame_fill(s->small[i] + LANE_HDR, 0, size, l->tx_seq + i);
	for (i = 0; i < n; i++) {
		uint32_t b = l->free[(l->free_head + i) & l->free_mask];
		uint8_t *dst = l->tx_mem + (size_t)b * l->tx_stride;

		if (size <= LANE_SMALL)
			VOP_MEM_COPY_TO(dst, s->small[i], size + LANE_HDR);
		else
			lane_make(s, dst, size, l->tx_seq + i);
		buf[i] = (struct vop_buf){l->tx_bus + (uint64_t)b * l->tx_stride, size + LANE_HDR};
		cookie[i] = b;
	}
	l->free_head += n;
	l->tx_seq += n;
	vop_drvq_add(&l->tx->vq, buf, cookie, n, false);
	if (vop_drvq_publish(&l->tx->vq))
		vop_doorbell_ring(l->tx->cfg.kick);
	atomic_store_explicit(&l->count_tx->sent, l->tx_seq, memory_order_relaxed);
	atomic_store_explicit(&l->count_tx->completed, l->tx_done, memory_order_relaxed);
}

/* Frames of more than one buffer (mergeable): gather in private memory, check when whole. Slow path. */
void lane_merge(struct net_load *L, struct net_lane *l, const uint8_t *src, uint32_t len);

/* Receive what is there and give the buffers back unread: what a foreign target sends while we only transmit. */
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
	struct vop_done done[LANE_BATCH];
	struct vop_buf buf[LANE_BATCH];
	uint32_t cookie[LANE_BATCH];
	unsigned n = vop_drvq_get(&l->rx->vq, done, LANE_BATCH), i;
	uint64_t before = l->v.delivered + l->v.altered + l->v.doubled;

	if (n == 0)
		return 0;
	for (i = 0; i < n; i++)
		vop_prefetch_pair(l->rx_mem + (size_t)done[i].cookie * l->rx_stride,
				  LANE_HDR + size, false);
	if (size <= LANE_SMALL && !merge) {
		for (i = 0; i < n; i++) {
			const uint8_t *src = l->rx_mem + (size_t)done[i].cookie * l->rx_stride;

			VOP_MEM_COPY_FROM(s->small[i], src, VOP_MIN(done[i].len, size + LANE_HDR));
		}
		for (i = 0; i < n; i++)
			verify_frame(&l->v, s->small[i] + LANE_HDR, done[i].len - LANE_HDR, size);
	} else {
		for (i = 0; i < n; i++)
			lane_merge(L, l, l->rx_mem + (size_t)done[i].cookie * l->rx_stride,
				   done[i].len);
	}
	verify_publish(&l->v);
	for (i = 0; i < n; i++) {
		buf[i] = (struct vop_buf){l->rx_bus + (uint64_t)done[i].cookie * l->rx_stride,
					  l->rx_len};
		cookie[i] = done[i].cookie;
	}
	vop_drvq_add(&l->rx->vq, buf, cookie, n, true);
	if (vop_drvq_publish(&l->rx->vq))
		vop_doorbell_ring(l->rx->cfg.kick);
	return (unsigned)(l->v.delivered + l->v.altered + l->v.doubled - before);
}

#endif
