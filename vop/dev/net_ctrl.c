/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control queue (VIRTIO 1.4, 5.1.6.5): one request per buffer, readable class, command and
 * data, then a writable byte for the answer. The one command of ours is VQ_PAIRS_SET (5.1.6.5.6).
 */
#include <string.h>

#include "vop/dev/net_internal.h"

#define CTRL_COPY 64u /* bytes of a request that are looked at; ours are shorter */

enum {
	NET_CTRL_OK = 0,
	NET_CTRL_ERR = 1,
	NET_CTRL_MQ = 4,
	NET_CTRL_MQ_VQ_PAIRS_SET = 0,
};

/* After reset only the first pair is used, then as many as the driver last said. */
static uint8_t set_pairs(struct vop_net *n, const uint8_t *data, uint64_t len)
{
	unsigned pairs, i, old = n->active;

	if (!n->mq || len != 2)
		return NET_CTRL_ERR;
	pairs = data[0] | (unsigned)data[1] << 8;
	if (pairs < 1 || pairs > n->pairs)
		return NET_CTRL_ERR;
	/* In effect before the request is used, since both happen on the poller: nothing goes to a
	 * queue beyond them afterwards. */
	if (vop_device_enables_queues(n->core.d))
		return NET_CTRL_OK; /* the queues that run are in use */
	n->active = pairs;
	vop_net_tell_use(n);
	for (i = old; i < pairs; i++)
		vop_poller_wake(n->core.poller, vop_net_pair_poll, n->pair[i]);
	return NET_CTRL_OK;
}

static uint8_t execute(struct vop_net *n, const uint8_t *req, uint64_t len)
{
	if (req[0] == NET_CTRL_MQ && req[1] == NET_CTRL_MQ_VQ_PAIRS_SET)
		return set_pairs(n, req + 2, len - 2);
	return NET_CTRL_ERR;
}

unsigned vop_net_ctrl_poll(void *ctx)
{
	struct vop_net *n = ctx;
	struct vop_core_queue *q = &n->ctrl;
	struct vop_batch b = {.elem = n->ctrl_elem, .iov = n->ctrl_iov, .iov_max = VOP_CORE_PIECES};
	uint32_t used[NET_CTRL_BATCH];
	unsigned i, got;

	if (!q->live)
		return 0;
	got = vop_devq_pop(&q->vq, q->cfg->regions, &b, NET_CTRL_BATCH);
	if (vop_devq_broken(&q->vq)) {
		vop_core_violate(&n->core, q, vop_devq_broken(&q->vq));
		return 0;
	}
	for (i = 0; i < got; i++) {
		const struct vop_elem *e = &b.elem[i];
		const struct vop_iov *v = &b.iov[e->first];
		struct vop_core_walk w = {.v = v, .n = e->nout};
		uint64_t len = vop_core_total(v, e->nout);
		uint8_t req[CTRL_COPY] = {0}, ack;

		vop_core_copy_out(&w, req, sizeof(req));
		if (len < 2 || e->in_len < 1) {
			vop_core_violate(&n->core, q, VOP_V_CTRL);
			return 0;
		}
		ack = execute(n, req, len);
		VOP_MEM_COPY_TO(v[e->nout].ptr, &ack, 1);
		used[i] = 1;
	}
	if (got)
		vop_devq_push(&q->vq, b.elem, used, got);
	if (got || q->ring_owed)
		vop_core_publish(q);
	return got;
}

bool vop_net_ctrl_arm(void *ctx)
{
	struct vop_net *n = ctx;

	return n->ctrl.live && (n->ctrl.ring_owed || vop_devq_arm(&n->ctrl.vq));
}

void vop_net_ctrl_disarm(void *ctx)
{
	struct vop_net *n = ctx;

	if (n->ctrl.live)
		vop_devq_disarm(&n->ctrl.vq);
}
