/* SPDX-License-Identifier: BSD-2-Clause */
/* The net control queue as the driver uses it (VIRTIO 1.4, 5.1.6.5). */
#ifndef BENCH_NET_CTRL_H
#define BENCH_NET_CTRL_H

#include "target/session.h"

/* VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET on queue `ctrl` of an open session; polls for the answer. 0;
 * -ETIMEDOUT, -EREMOTEIO (refused), -ENOMEM. */
int net_ctrl_set_pairs(struct session *s, unsigned ctrl, uint16_t pairs, int timeout_ms,
		       struct vop_error *err);

#endif
