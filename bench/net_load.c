/* SPDX-License-Identifier: BSD-2-Clause */
/* Lanes: their memory, their waiting, and what is not hot. The loops are in net_loops.c. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/net_lane.h"
#include "bench/net_loops.h"

/* The least a receive buffer may be without mergeable buffers (VIRTIO 1.4, 5.1.6.3.1). */
#define RX_LEAST 1526u

uint32_t net_load_stride(uint32_t size)
{
	uint32_t lines = (LANE_LEAD + LANE_HDR + size + 63) / 64;

	/* Whole lines, an odd number of them: neighbours share no line, and neither cache sets nor
	 * line pairs repeat. */
	return (lines | 1) * 64;
}

uint32_t net_load_depth(uint32_t size, uint32_t queue_size)
{
	/* Large frames: keep what is in flight within a second-level cache. */
	uint32_t fit = (512u << 10) / (size + LANE_HDR);

	return VOP_MIN(queue_size, VOP_MAX(fit, 4u));
}

void lane_merge(struct net_load *L, struct net_lane *l, const uint8_t *src, uint32_t len)
{
	struct lane_scratch *s = L->scratch;
	uint8_t *merged = l->merged ? l->merged : s->big;
	uint32_t size = L->cfg.size, take, at;

	if (l->merge_left == 0) {
		uint8_t hdr[LANE_HDR];

		if (len < LANE_HDR) {
			l->v.altered++;
			l->v.expected++;
			return;
		}
		VOP_MEM_COPY_FROM(hdr, src, LANE_HDR);
		src += LANE_HDR;
		len -= LANE_HDR;
		l->merge_at = 0;
		l->merge_left = L->cfg.mergeable ? (uint32_t)(hdr[10] | hdr[11] << 8) : 1;
		if (l->merge_left == 1 && !l->v.numbered) {
			bool good = len == size;

			l->merge_left = 0;
			for (at = 0; good && at < len; at += take) {
				take = VOP_MIN(len - at, FRAME_CHUNK);
				VOP_MEM_COPY_FROM(s->big, src + at, take);
				good = frame_check(s->big, at, take, l->v.expected);
			}
			if (good) {
				l->v.expected++;
				l->v.delivered++;
				return;
			}
			/* By its own length: too long does not pass for its beginning. */
			VOP_MEM_COPY_FROM(s->big, src, VOP_MIN(len, FRAME_MAX));
			verify_odd(&l->v, s->big, len, size);
			return;
		}
	}
	at = VOP_MIN(l->merge_at, FRAME_MAX);
	take = VOP_MIN(len, FRAME_MAX - at);
	VOP_MEM_COPY_FROM(merged + at, src, take);
	/* What is longer than any frame stays one byte too long, and is no frame's beginning. */
	l->merge_at = take < len ? FRAME_MAX + 1 : l->merge_at + take;
	/* num_buffers 0 is nonsense of the device; it ends here as a frame of the wrong length. */
	if (l->merge_left <= 1) {
		l->merge_left = 0;
		verify_frame(&l->v, merged, l->merge_at, size);
	} else {
		l->merge_left--;
	}
}

static int lane_open_tx(struct net_load *L, struct net_lane *l, struct session *s, unsigned lane)
{
	const struct net_load_config *c = &L->cfg;
	enum vop_where where =
		l->tx->cfg.payload_placement == VOP_PAYLOAD_PUSH ? VOP_AT_DEVICE : VOP_AT_DRIVER;
	uint32_t n = c->depth ? VOP_MIN(c->depth, l->tx->cfg.size)
			      : net_load_depth(c->size, l->tx->cfg.size),
		 cap = 1;

	L->heads_stay = L->foreign && where == VOP_AT_DRIVER;
	l->tx_n = n;
	l->tx_stride = c->stride ? c->stride : net_load_stride(c->size);
	/* Lanes are staggered so that their first buffers lie in different cache sets. */
	l->tx_mem = s->t->ops->alloc(s->t, where, (size_t)n * l->tx_stride + 64u * (lane % 16 + 1),
				     4096, &l->tx_bus);
	if (l->tx_mem == NULL)
		return -ENOMEM;
	l->tx_mem += LANE_LEAD + 64u * (lane % 16);
	l->tx_bus += LANE_LEAD + 64u * (lane % 16);
	/* In a circle the list is read again lap after lap, so it must hold just the buffers. */
	while (cap < n)
		cap *= 2;
	l->circle = cap == n && vop_drvq_in_order(&l->tx->vq);
	l->free = malloc(cap * sizeof(*l->free));
	if (l->free == NULL)
		return -ENOMEM;
	l->free_mask = cap - 1;
	l->free_head = 0;
	l->free_tail = n;
	for (uint32_t i = 0; i < n; i++)
		l->free[i] = i;
	return 0;
}

static int lane_open_rx(struct net_load *L, struct net_lane *l, struct session *s, unsigned lane)
{
	const struct net_load_config *c = &L->cfg;
	uint32_t whole = c->size + LANE_HDR,
		 n = c->depth ? c->depth : net_load_depth(c->size, l->rx->cfg.size);

	l->rx_len = c->mergeable ? (c->small_rx ? VOP_MIN(whole, 2048u) : whole)
				 : VOP_MAX(whole, RX_LEAST);
	if (c->mergeable && whole > l->rx_len)
		n = VOP_MAX(n, (whole + l->rx_len - 1) / l->rx_len + 1);
	l->rx_n = VOP_MIN(n, l->rx->cfg.size);
	l->rx_stride = ((LANE_LEAD + l->rx_len + 63) / 64 | 1) * 64;
	l->rx_mem = s->t->ops->alloc(s->t, VOP_AT_DRIVER,
				     (size_t)l->rx_n * l->rx_stride + 64u * (lane % 16 + 1), 4096,
				     &l->rx_bus);
	if (l->rx_mem == NULL)
		return -ENOMEM;
	l->rx_mem += LANE_LEAD + 64u * (lane % 16);
	l->rx_bus += LANE_LEAD + 64u * (lane % 16);
	l->rx_batch = c->size <= 2048 ? LANE_BATCH : VOP_MIN(VOP_MAX(l->rx_n / 4, 1u), LANE_BATCH);
	for (uint32_t i = 0; i < l->rx_n; i++) {
		struct vop_buf b = {l->rx_bus + (uint64_t)i * l->rx_stride, l->rx_len};

		if (vop_drvq_add(&l->rx->vq, &b, &i, 1, true) != 1)
			return -EIO;
	}
	if (vop_drvq_publish(&l->rx->vq))
		vop_doorbell_ring(l->rx->cfg.kick);
	return 0;
}

struct net_load *net_load_new(struct shared *sh, struct session *const *sessions, unsigned n,
			      const struct net_load_config *cfg, struct vop_error *err)
{
	struct net_load *L = calloc(1, sizeof(*L));
	int e = -ENOMEM;

	if (L == NULL || n == 0 || n > NET_LOAD_DEVICES || n * cfg->pairs > JOB_LANES)
		goto fail;
	L->sh = sh;
	L->foreign = sh->sides < SIDES;
	L->cfg = *cfg;
	L->sessions = n;
	L->lanes = n * cfg->pairs;
	L->lane = calloc(L->lanes, sizeof(*L->lane));
	L->scratch = aligned_alloc(64, vop_align_up(sizeof(*L->scratch), 64));
	if (L->lane == NULL || L->scratch == NULL)
		goto fail;
	memset(L->scratch, 0, sizeof(*L->scratch));
	for (unsigned i = 0; i < L->lanes; i++) {
		struct session *s = sessions[i / cfg->pairs];
		struct net_lane *l = &L->lane[i];
		unsigned pair = i % cfg->pairs;

		L->session[i / cfg->pairs] = s;
		l->rx = &s->q[2 * pair];
		l->tx = &s->q[2 * pair + 1];
		l->count_tx = &sh->lane[0][i];
		l->v = (struct verify){
			.count = &sh->lane[1][i], .numbered = cfg->numbered, .any = cfg->any};
		verify_publish(&l->v);
		atomic_store(&l->count_tx->sent, 0);
		atomic_store(&l->count_tx->completed, 0);
		if (cfg->mergeable) {
			l->merged = calloc(1, sizeof(L->scratch->big));
			e = l->merged ? 0 : -ENOMEM;
			if (e)
				goto fail;
		}
		e = lane_open_tx(L, l, s, i);
		if (e == 0)
			e = lane_open_rx(L, l, s, i);
		if (e)
			goto fail;
	}
	return L;
fail:
	snprintf(err->text, sizeof(err->text),
		 "no buffers for %u lanes of %u-byte frames: %s; try a smaller --depth or "
		 "a larger --window",
		 n * cfg->pairs, cfg->size, strerror(-e));
	net_load_free(L);
	return NULL;
}

void net_load_free(struct net_load *L)
{
	if (L == NULL)
		return;
	for (unsigned i = 0; L->lane && i < L->lanes; i++) {
		free(L->lane[i].merged);
		free(L->lane[i].free);
	}
	free(L->lane);
	free(L->scratch);
	free(L);
}

uint64_t net_load_moved(const struct net_load *L)
{
	return L->sent + L->received;
}

uint32_t net_load_broken(const struct net_load *L)
{
	for (unsigned i = 0; i < L->lanes; i++) {
		if (vop_drvq_broken(&L->lane[i].tx->vq))
			return vop_drvq_broken(&L->lane[i].tx->vq);
		if (vop_drvq_broken(&L->lane[i].rx->vq))
			return vop_drvq_broken(&L->lane[i].rx->vq);
	}
	return 0;
}

int net_load_run(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	int e;

	L->sent = L->received = 0;
	net_loop_plain(L);
	switch (j->kind) {
	case JOB_TX:
		e = net_loop_tx(L, w, j, r);
		break;
	case JOB_RX:
		e = net_loop_rx(L, w, j, r);
		break;
	case JOB_BOTH:
		e = net_loop_both(L, w, j, r);
		break;
	case JOB_ECHO:
		e = net_loop_echo(L, w, j, r);
		break;
	case JOB_DRAIN:
		e = net_loop_drain(L, w, j, r);
		break;
	case JOB_IDLE:
		e = net_loop_idle(L, w, j, r);
		break;
	default:
		return -EINVAL;
	}
	L->broken = net_load_broken(L);
	return e ? e : L->broken ? -EPROTO : 0;
}
