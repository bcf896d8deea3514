/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include <vop/features.h>
#include "vop/vq_open.h"

struct vop_ring_features vop_ring_features(const uint64_t features[2], bool peer_polls)
{
	return (struct vop_ring_features){
		.indirect = vop_feature_has(features, VOP_F_INDIRECT_DESC),
		.event_idx = vop_feature_has(features, VOP_F_EVENT_IDX),
		.in_order = vop_feature_has(features, VOP_F_IN_ORDER),
		.peer_polls = peer_polls,
	};
}

static bool aligned(const void *p, uintptr_t to)
{
	return p && ((uintptr_t)p & (to - 1)) == 0;
}

/* Sizes, and the alignment of the parts (VIRTIO 1.4, 2.7 and 2.8.10.1), which the peer chose. */
static bool config_ok(const struct vop_queue_config *cfg)
{
	if (cfg->size == 0 || cfg->size > VOP_QUEUE_SIZE_MAX)
		return false;
	if (!cfg->packed && (cfg->size & (cfg->size - 1)))
		return false;
	return aligned(cfg->desc, 16) && aligned(cfg->driver, cfg->packed ? 4 : 2) &&
	       aligned(cfg->device, 4);
}

int vop_drvq_open(struct vop_drvq *q, const struct vop_queue_config *cfg,
		  struct vop_ring_features f, void *ind, uint64_t ind_bus, uint32_t ind_max)
{
	uint32_t n = cfg->size;
	struct vop_split_shadow *shadow;
	struct vop_drv_slot *slot;
	uint16_t *ids;

	if (!config_ok(cfg))
		return -EINVAL;
	/* One piece: shadow (strictest alignment) first, then slots, then ids. */
	q->packed = cfg->packed;
	q->state = aligned_alloc(
		VOP_CACHELINE,
		vop_align_up(n * (sizeof(*shadow) + sizeof(*slot) + sizeof(*ids)), VOP_CACHELINE));
	if (q->state == NULL)
		return -ENOMEM;
	shadow = q->state;
	slot = (struct vop_drv_slot *)(void *)(shadow + n);
	ids = (uint16_t *)(void *)(slot + n);
	if (q->packed) {
		vop_packed_drv_init(&q->ring, n, cfg->desc, cfg->driver, cfg->device, f, slot, ids);
		q->ring.read_back = cfg->read_back;
		q->ring.ind = ind;
		q->ring.ind_bus = ind_bus;
		q->ring.ind_max = ind_max;
	} else {
		vop_split_drv_init(&q->split, n, cfg->desc, cfg->driver, cfg->device, f, slot,
				   shadow, ids);
		q->split.read_back = cfg->read_back;
		q->split.ind = ind;
		q->split.ind_bus = ind_bus;
		q->split.ind_max = ind_max;
	}
	return 0;
}

void vop_drvq_close(struct vop_drvq *q)
{
	free(q->state);
	q->state = NULL;
}

static bool place_ok(const struct vop_queue_config *cfg)
{
	return !cfg->resumes || !cfg->packed ||
	       ((cfg->place.avail & 0x7fff) < cfg->size && (cfg->place.used & 0x7fff) < cfg->size);
}

int vop_devq_open(struct vop_devq *q, const struct vop_queue_config *cfg,
		  struct vop_ring_features f)
{
	if (!config_ok(cfg) || !place_ok(cfg))
		return -EINVAL;
	q->packed = cfg->packed;
	if (q->packed) {
		vop_packed_dev_init(&q->ring, cfg->size, cfg->desc, cfg->driver, cfg->device, f);
		if (cfg->resumes)
			vop_packed_dev_go_on(&q->ring, cfg->place);
		q->ring.read_back = cfg->read_back;
	} else {
		vop_split_dev_init(&q->split, cfg->size, cfg->desc, cfg->driver, cfg->device, f);
		if (cfg->resumes)
			vop_split_dev_go_on(&q->split, cfg->place);
		q->split.read_back = cfg->read_back;
	}
	return 0;
}
