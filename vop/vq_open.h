/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and closing virtqueue halves: private state and starting values behind the inline calls
 * of <vop/vq.h>. */
#ifndef VOP_VQ_OPEN_H
#define VOP_VQ_OPEN_H

#include <vop/vq.h>
#include "vop/node.h"

/* Ring features out of negotiated device features (2 words) and what the peer said of its doorbell.
 */
struct vop_ring_features vop_ring_features(const uint64_t features[2], bool peer_polls);

/*
 * Open the driver half over zeroed ring memory as cfg says; indirect tables for chains of up to
 * ind_max segments at ind / ind_bus (size * ind_max * 16 bytes), or NULL. 0, -ENOMEM, -EINVAL
 * (size, or a part not aligned as VIRTIO 1.4, 2.7 and 2.8.10.1 want). Close frees private state
 * only.
 */
int vop_drvq_open(struct vop_drvq *q, const struct vop_queue_config *cfg,
		  struct vop_ring_features f, void *ind, uint64_t ind_bus, uint32_t ind_max);
void vop_drvq_close(struct vop_drvq *q);

/* Open the device half. It has no private memory. It goes on where cfg says. 0 or -EINVAL, as
 * above, or a place outside of the ring. */
int vop_devq_open(struct vop_devq *q, const struct vop_queue_config *cfg,
		  struct vop_ring_features f);

#endif
