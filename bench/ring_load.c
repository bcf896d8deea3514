/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bare ring: driver half against device half over the arena, no device, no payload touched. The
 * same inlined calls as the traffic.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vop/vq.h>
#include "bench/worker.h"
#include "vop/vq_open.h"

#define RING_BUS 0x10000ull /* where the arena lies for descriptors */

/* Bytes of arena set apart for the parts; each on lines of its own. */
#define PART_DESC   0u
#define PART_DRIVER (16u * VOP_QUEUE_SIZE_MAX)
#define PART_DEVICE (PART_DRIVER + 4u * VOP_QUEUE_SIZE_MAX)
#define PART_END    (PART_DEVICE + 16u * VOP_QUEUE_SIZE_MAX)

static struct vop_queue_config config_of(struct worker *w, const struct job *j)
{
	return (struct vop_queue_config){
		.size = (uint16_t)j->slots,
		.packed = j->packed,
		.desc = w->sh->arena + PART_DESC,
		.driver = w->sh->arena + PART_DRIVER,
		.device = w->sh->arena + PART_DEVICE,
		.read_back = w->sh->arena,
	};
}

static struct vop_ring_features features_of(const struct job *j)
{
	return (struct vop_ring_features){
		.in_order = j->in_order, .event_idx = j->event_idx, .peer_polls = true};
}

/*
 * rtt: one buffer at a time, there and back. Otherwise batches, as many outstanding as the ring
 * holds.
 */
static __attribute__((noinline)) uint64_t driver_loop(struct worker *w, const struct job *j,
						      struct job_result *r, struct vop_drvq *q,
						      bool rtt)
{
	uint32_t batch = rtt ? 1 : VOP_MIN(j->batch, VOP_MIN(j->slots, 256u)), turn = 0,
		 tick = rtt ? 63 : 15;
	struct vop_buf buf[256];
	struct vop_done done[256];
	uint32_t cookie[256];
	uint64_t got = 0;

	for (uint32_t i = 0; i < batch; i++) {
		buf[i] = (struct vop_buf){RING_BUS + PART_END + 256ull * i, 64};
		cookie[i] = i;
	}
	window_begin(w, j, true, 0, 0);
	do {
		unsigned n = vop_drvq_get(q, done, VOP_ARRAY_SIZE(done));

		got += n;
		if (vop_drvq_room(q) >= batch && !(rtt && vop_drvq_outstanding(q))) {
			vop_drvq_add(q, buf, cookie, batch, false);
			vop_drvq_publish(q);
		} else if (!n && (!rtt || w->sh->yield)) {
			worker_relax(w);
		}
	} while ((++turn & tick) || window_more(w, r, got, 0));
	return got;
}

static __attribute__((noinline)) void device_loop(struct worker *w, const struct job *j,
						  struct job_result *r, struct vop_devq *q,
						  const struct vop_regions *rt, bool rtt)
{
	struct vop_elem elem[256];
	struct vop_iov iov[512];
	struct vop_batch b = {.elem = elem, .iov = iov, .iov_max = VOP_ARRAY_SIZE(iov)};
	uint32_t batch = rtt ? 1 : VOP_MIN(j->batch, 256u), turn = 0, tick = rtt ? 63 : 15;
	uint64_t taken = 0;

	window_begin(w, j, false, 0, 0);
	do {
		unsigned n = vop_devq_pop(q, rt, &b, batch);

		if (n) {
			vop_devq_push(q, elem, NULL, n);
			vop_devq_publish(q);
			taken += n;
		} else if (!rtt || w->sh->yield) {
			worker_relax(w);
		}
	} while ((++turn & tick) || window_more(w, r, taken, 0));
}

int ring_load_run(struct worker *w, const struct job *j, struct job_result *r)
{
	struct vop_queue_config cfg = config_of(w, j);
	bool rtt = j->batch == 0;
	int e;

	if (w->side == SIDE_DRIVER) {
		struct vop_drvq q;

		memset(w->sh->arena, 0, PART_END);
		e = vop_drvq_open(&q, &cfg, features_of(j), NULL, 0, 0);
		/* Release: the zeroed ring before the word that lets the device begin. */
		atomic_store_explicit(&w->sh->head[SIDE_DRIVER].v, e ? 2 : 1, memory_order_release);
		if (e)
			return e;
		driver_loop(w, j, r, &q, rtt);
		e = vop_drvq_broken(&q) ? -EPROTO : 0;
		if (rtt && r->frames)
			r->ns_per_op = (double)r->window_ns / (double)r->frames;
		vop_drvq_close(&q);
	} else {
		struct vop_regions *rt = calloc(1, sizeof(*rt));
		struct vop_devq q;
		uint64_t go;

		if (rt == NULL)
			return -ENOMEM;
		vop_regions_add(rt, RING_BUS, ARENA_BYTES, w->sh->arena);
		while ((go = atomic_load_explicit(&w->sh->head[SIDE_DRIVER].v,
						  memory_order_acquire)) == 0) {
			if (atomic_load(&w->sh->abort))
				break;
			worker_relax(w);
		}
		e = go == 1 ? vop_devq_open(&q, &cfg, features_of(j)) : -ECANCELED;
		if (e == 0) {
			device_loop(w, j, r, &q, rt, rtt);
			e = vop_devq_broken(&q) ? -EPROTO : 0;
		}
		free(rt);
	}
	return e;
}
