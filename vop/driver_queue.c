/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver role's queues: their memory, their doorbells, set-up and reset. */
#include <stdlib.h>

#include "vop/node_internal.h"

#define SEND_RETRY_MS 2 /* doorbell announcements the peer does not drain */

/* --- doorbells --- */

static void close_kick(struct vop_device *d, struct vop_drv_queue *dq)
{
	if (dq->kick_on)
		d->node->link->ops->db_close(d->node->link, &dq->kick);
	dq->kick_on = false;
	dq->kick = VOP_DOORBELL_INIT;
}

void vop_drv_queue_closed(struct vop_device *d, unsigned q)
{
	struct vop_drv_queue *dq = &d->drv->q[q];

	vop_node_db_unlisten(d->node, &dq->call[0], &dq->call_num[0]);
	vop_node_db_unlisten(d->node, &dq->call[1], &dq->call_num[1]);
	close_kick(d, dq);
	dq->live = false;
}

void vop_drv_close_doorbells(struct vop_device *d)
{
	unsigned q;

	for (q = 0; d->drv && q < VOP_QUEUES_MAX; q++)
		vop_drv_queue_closed(d, q);
}

/* --- memory --- */

void vop_drv_release_memory(struct vop_device *d)
{
	struct vop_driver *v = d->drv;

	while (v && v->n_mem) {
		const struct vop_drv_mem *m = &v->mem[--v->n_mem];

		if (m->where == VOP_AT_DRIVER)
			vop_node_free(d->node, m->bus, m->size);
		else
			vop_heap_free(&v->pool, m->bus, m->size);
	}
}

/* Zero memory of the device's window in whole words: no memset, which may use instructions that a
 * PCI window does not take. */
static void zero_remote(struct vop_node *n, uint64_t bus, uint64_t size)
{
	uint32_t *p = (uint32_t *)(void *)(n->link->peer.map + (bus - n->link->peer.base));
	uint64_t i;

	for (i = 0; i < size / sizeof(*p); i++)
		__atomic_store_n(&p[i], 0, __ATOMIC_RELAXED);
}

void *vop_drv_alloc(struct vop_device *d, enum vop_where where, size_t size, size_t align,
		    uint64_t *bus)
{
	struct vop_driver *v = d->drv;
	void *p;

	if (vop_drv_need_offer(d) || size > UINT64_MAX - VOP_CACHELINE)
		return NULL;
	if (v->n_mem == v->cap_mem) {
		unsigned cap = v->cap_mem ? v->cap_mem * 2 : 16;
		struct vop_drv_mem *grown = realloc(v->mem, cap * sizeof(*grown));

		if (!grown)
			return NULL;
		v->mem = grown;
		v->cap_mem = cap;
	}
	if (where == VOP_AT_DRIVER) {
		p = vop_node_alloc(d->node, size, align, bus);
		if (!p)
			return NULL;
	} else {
		if (!d->node->link->caps.maps || vop_heap_alloc(&v->pool, size, align, bus))
			return NULL;
		/* Blocks are whole cache lines, so the rounded size is ours too. */
		zero_remote(d->node, *bus, vop_align_up(size, VOP_CACHELINE));
		p = d->node->link->peer.map + (*bus - d->node->link->peer.base);
	}
	v->mem[v->n_mem++] = (struct vop_drv_mem){.where = where, .bus = *bus, .size = size};
	return p;
}

/* --- queues --- */

/* The peer drains its messages slowly: wait in small steps, not for ever. */
static bool never(void *arg)
{
	(void)arg;
	return false;
}

static int listen_for_calls(struct vop_device *d, struct vop_drv_queue *dq, unsigned i,
			    int64_t deadline)
{
	int r;

	for (;;) {
		r = vop_node_db_listen(d->node, &dq->call[i], &dq->call_num[i]);
		if (r != -EAGAIN)
			return r;
		if (vop_now_ms() >= deadline)
			return -ETIMEDOUT;
		r = vop_node_wait(d->node, never, NULL, SEND_RETRY_MS);
		if (r != -ETIMEDOUT)
			return r;
		if (d->gone)
			return -ENODEV;
	}
}

struct kick_wait {
	struct vop_device *d;
	struct vop_drv_queue *dq;
	uint32_t num;
	int result;
};

static bool kick_connected(void *arg)
{
	struct kick_wait *w = arg;
	struct vop_link *l = w->d->node->link;

	w->result = w->d->gone ? -ENODEV : l->ops->db_connect(l, w->num, &w->dq->kick);
	return w->result != -ENOENT;
}

/* The device's DOORBELL message was sent before its answer, but may arrive after it. */
static int connect_kick(struct vop_device *d, unsigned q, int64_t deadline)
{
	struct kick_wait w = {.d = d, .dq = &d->drv->q[q]};
	vop_le32 num;
	int64_t left;
	int r;

	if (vop_peer_get(d->node,
			 vop_peer_role(d) + DEV(queue) + q * sizeof(struct vop_device_queue), &num,
			 sizeof(num)))
		return d->node->fail;
	w.num = le32toh(num);
	if (w.num == VOP_DB_NUM_NONE)
		return 0;
	left = deadline - vop_now_ms();
	r = vop_node_wait(d->node, kick_connected, &w, (int)VOP_MAX(left, 0));
	if (!r)
		r = w.result;
	w.dq->kick_on = r == 0;
	return r;
}

/* View of one ring part; raw set-up may name nonsense, which is the device's to refuse. */
static void *view(struct vop_device *d, uint64_t bus)
{
	uint64_t got;

	return vop_xlate(&d->node->regions, bus, 1, &got);
}

static int setup(struct vop_device *d, struct vop_queue_config *cfg, enum vop_notify notify,
		 int64_t deadline)
{
	struct vop_driver_queue out = {
		.desc = htole64(cfg->desc_bus),
		.driver = htole64(cfg->driver_bus),
		.device = htole64(cfg->device_bus),
		.size = htole16(cfg->size),
		.ring_placement = cfg->ring_placement,
		.payload_placement = cfg->payload_placement,
	};
	struct vop_drv_queue *dq;
	struct vop_driver_block b = vop_drv_line0(d, VOP_REQ_QUEUE_SETUP, cfg->index);
	unsigned i;
	int r;

	if (cfg->index >= VOP_QUEUES_MAX) {
		/* The block has no room for it: the device has to refuse the index. */
		r = vop_drv_post(d, &b, deadline);
		return r ? r : -EPROTO;
	}
	dq = &d->drv->q[cfg->index];
	i = dq->live ? !dq->cur : dq->cur;
	vop_node_db_unlisten(d->node, &dq->call[i], &dq->call_num[i]);
	if (notify != VOP_NOTIFY_POLL) {
		if (d->node->link->caps.doorbells == 0)
			return -EOPNOTSUPP;
		r = listen_for_calls(d, dq, i, deadline);
		if (r)
			return r;
	}
	out.call_doorbell = htole32(dq->call_num[i]);
	vop_own_put(d->node, vop_own_role(d) + DRV(queue_cfg) + cfg->index * sizeof(out), &out,
		    sizeof(out));
	r = vop_drv_post(d, &b, deadline);
	if (r) {
		/* After a time-out the device may still act on it: the doorbell stays. */
		if (!d->drv->outstanding)
			vop_node_db_unlisten(d->node, &dq->call[i], &dq->call_num[i]);
		return r;
	}
	if (dq->live) {
		/* A device that takes a live queue twice: the old doorbells are of no use. */
		vop_node_db_unlisten(d->node, &dq->call[!i], &dq->call_num[!i]);
		close_kick(d, dq);
	}
	dq->live = true;
	dq->cur = i;
	r = connect_kick(d, cfg->index, deadline);
	if (r)
		return r;
	cfg->kick = &dq->kick;
	cfg->call = &dq->call[i];
	cfg->desc = view(d, cfg->desc_bus);
	cfg->driver = view(d, cfg->driver_bus);
	cfg->device = view(d, cfg->device_bus);
	cfg->regions = &d->node->regions;
	cfg->read_back = d->node->link->peer.map;
	return 0;
}

int vop_drv_queue_setup(struct vop_device *d, struct vop_queue_config *cfg, enum vop_notify notify,
			int timeout_ms)
{
	int64_t deadline;
	int r = vop_drv_begin(d, timeout_ms, &deadline);

	if (r)
		return r;
	return vop_drv_end(d, setup(d, cfg, notify, deadline));
}

int vop_drv_queue_reset(struct vop_device *d, unsigned q, int timeout_ms)
{
	struct vop_driver_block b;
	int64_t deadline;
	int r;

	if (q > UINT16_MAX)
		return -EINVAL;
	r = vop_drv_begin(d, timeout_ms, &deadline);
	if (r)
		return r;
	b = vop_drv_line0(d, VOP_REQ_QUEUE_RESET, q);
	return vop_drv_end(d, vop_drv_post(d, &b, deadline));
}

void vop_drv_queue_violations(struct vop_device *d, unsigned q, uint32_t *count, uint32_t *why)
{
	struct vop_device_queue in;

	*count = *why = 0;
	if (vop_drv_need_offer(d) || q >= d->drv->queues ||
	    vop_peer_get(d->node, vop_peer_role(d) + DEV(queue) + q * sizeof(in), &in, sizeof(in)))
		return;
	*count = le16toh(in.violations);
	*why = le32toh(in.violation);
}
