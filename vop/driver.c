/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver role: one primitive per operation of the specification, no policy. Each fills the
 * mailbox, waits for the device's answer by servicing the node, and believes only the answer. The
 * device is not trusted: what it says is copied once and checked there. Queues and memory are
 * driver_queue.c's.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "vop/node_internal.h"

#define CONFIG_TRIES 256 /* a device that changes its configuration all the time */

int vop_drv_attach(struct vop_device *d)
{
	unsigned q;

	d->drv = calloc(1, sizeof(*d->drv));
	if (!d->drv)
		return -ENOMEM;
	for (q = 0; q < VOP_QUEUES_MAX; q++) {
		struct vop_drv_queue *dq = &d->drv->q[q];

		dq->call_num[0] = dq->call_num[1] = VOP_DB_NUM_NONE;
		dq->kick = dq->call[0] = dq->call[1] = VOP_DOORBELL_INIT;
	}
	return 0;
}

void vop_drv_detach(struct vop_device *d)
{
	if (!d->drv)
		return;
	vop_heap_fini(&d->drv->pool);
	free(d->drv->mem);
	free(d->drv);
	d->drv = NULL;
}

/* --- the calls' common frame: is there a device, and keep it while we wait --- */

static int enter(struct vop_device *d)
{
	if (d->gone)
		return -ENODEV;
	if (d->node->fail)
		return d->node->fail;
	if (!d->drv)
		return -EPERM; /* this node plays the device */
	d->node->pins++;
	return 0;
}

static int leave(struct vop_device *d, int r)
{
	d->node->pins--;
	return r;
}

/* --- the offer --- */

/* Copy line 2 and what follows once, and check it. */
static int take_offer(struct vop_device *d)
{
	const struct vop_window_info *w = &d->node->link->peer;
	struct vop_driver *v = d->drv;
	struct vop_device_block b;
	uint64_t role = vop_peer_role(d);
	uint64_t base, size;
	unsigned q;

	if (vop_peer_get(d->node, role + DEV(features), &b.features, DEV(ready) - DEV(features)) ||
	    vop_peer_get(d->node, role + DEV(queue), b.queue, sizeof(b.queue)))
		return d->node->fail;
	v->offered[0] = le64toh(b.features[0]);
	v->offered[1] = le64toh(b.features[1]);
	v->ring_placements = le32toh(b.ring_placements);
	v->payload_placements = le32toh(b.payload_placements);
	v->config_size = le32toh(b.config_size);
	v->queues = le16toh(b.queues);
	base = le64toh(b.pool_base);
	size = le64toh(b.pool_size);
	if (v->queues > d->info.queues_max || v->config_size > VOP_CONFIG_MAX)
		return -EPROTO;
	for (q = 0; q < v->queues; q++) {
		v->size_max[q] = le16toh(b.queue[q].size_max);
		if (v->size_max[q] > d->info.queue_size_max)
			return -EPROTO;
	}
	/* A pool lies wholly in the device's window, behind its page. */
	if (size && (base < w->base + VOP_PAGE_SIZE || size > w->size - VOP_PAGE_SIZE ||
		     base - (w->base + VOP_PAGE_SIZE) > w->size - VOP_PAGE_SIZE - size ||
		     base % VOP_CACHELINE))
		return -EPROTO;
	if (!v->pool.size && vop_heap_init(&v->pool, base, size))
		return -ENOMEM;
	v->pool_base = base;
	v->pool_size = size;
	v->ready = true;
	return 0;
}

/* 0, -EAGAIN: not offered yet, -EPROTO: the offer makes no sense. */
static int look_for_offer(struct vop_device *d)
{
	uint64_t role = vop_peer_role(d);
	uint32_t gen, ready;
	int r;

	if (d->drv->ready)
		return 0;
	if (vop_peer_get32_acq(d->node, role + DEV(slot_gen), &gen))
		return d->node->fail;
	/* Pairs with the device's store-release of ready. */
	if (vop_peer_get32_acq(d->node, role + DEV(ready), &ready))
		return d->node->fail;
	if (gen != d->info.gen || ready != VOP_SLOT_WORD(d->info.gen, 1))
		return -EAGAIN;
	r = take_offer(d);
	if (r == -EPROTO)
		d->node->nonsense++;
	return r;
}

struct offer_wait {
	struct vop_device *d;
	int result;
};

static bool offer_seen(void *arg)
{
	struct offer_wait *w = arg;

	w->result = w->d->gone ? -ENODEV : look_for_offer(w->d);
	return w->result != -EAGAIN;
}

int vop_drv_wait_ready(struct vop_device *d, int timeout_ms)
{
	struct offer_wait w = {.d = d};
	int r = enter(d);

	if (r)
		return r;
	r = vop_node_wait(d->node, offer_seen, &w, timeout_ms);
	return leave(d, r ? r : w.result);
}

/* For calls that need the offer and do not wait for it. */
int vop_drv_need_offer(struct vop_device *d)
{
	if (d->gone)
		return -ENODEV;
	if (d->node->fail)
		return d->node->fail;
	return d->drv ? look_for_offer(d) : -EPERM;
}

int vop_drv_offered(struct vop_device *d, uint64_t features[2])
{
	int r = vop_drv_need_offer(d);

	if (r)
		return r;
	features[0] = d->drv->offered[0];
	features[1] = d->drv->offered[1];
	return 0;
}

uint16_t vop_drv_queue_size_max(struct vop_device *d, unsigned q)
{
	return vop_drv_need_offer(d) || q >= d->drv->queues ? 0 : d->drv->size_max[q];
}

unsigned vop_drv_queue_count(struct vop_device *d)
{
	return vop_drv_need_offer(d) ? 0 : d->drv->queues;
}

bool vop_drv_ring_placement_ok(struct vop_device *d, unsigned placement)
{
	return !vop_drv_need_offer(d) && placement < 32 &&
	       (d->drv->ring_placements >> placement & 1);
}

bool vop_drv_payload_placement_ok(struct vop_device *d, unsigned placement)
{
	return !vop_drv_need_offer(d) && placement < 32 &&
	       (d->drv->payload_placements >> placement & 1);
}

/* --- the mailbox --- */

/* A reset was acknowledged: the device uses nothing any more (VIRTIO 1.4, 2.4). */
static void after_reset(struct vop_device *d)
{
	vop_drv_close_doorbells(d);
	vop_drv_release_memory(d);
}

/* The answer to d->drv->seq is there: 0 or what the device said, as a negative errno. */
static int take_answer(struct vop_device *d)
{
	static const int said[] = {
		[VOP_RES_OK] = 0,	   [VOP_RES_INVALID] = -EINVAL,
		[VOP_RES_STATE] = -EPERM,  [VOP_RES_UNSUPPORTED] = -EOPNOTSUPP,
		[VOP_RES_NOMEM] = -ENOMEM,
	};
	struct vop_driver *v = d->drv;
	vop_le32 in[2]; /* result, device_status and its reserved bytes */
	uint32_t result;

	if (vop_peer_get(d->node, vop_peer_role(d) + DEV(result), in, sizeof(in)))
		return d->node->fail;
	result = le32toh(in[0]);
	v->outstanding = false;
	v->status = (uint8_t)le32toh(in[1]);
	if (result >= VOP_ARRAY_SIZE(said)) {
		d->node->nonsense++;
		return -EPROTO;
	}
	if (result == VOP_RES_OK && v->op == VOP_REQ_STATUS && v->wanted == 0) {
		if (v->status != 0) {
			d->node->nonsense++;
			return -EPROTO; /* it says that it is reset and that it is not */
		}
		after_reset(d);
	}
	if (result == VOP_RES_OK && v->op == VOP_REQ_QUEUE_RESET && v->queue < VOP_QUEUES_MAX)
		vop_drv_queue_closed(d, v->queue);
	return said[result];
}

static bool answered(void *arg)
{
	struct vop_device *d = arg;
	uint64_t role = vop_peer_role(d);
	uint32_t gen, ack;

	if (d->gone)
		return true;
	/* ack_seq pairs with the store-release in answer() of device.c. */
	return !vop_peer_get32_acq(d->node, role + DEV(slot_gen), &gen) && gen == d->info.gen &&
	       !vop_peer_get32_acq(d->node, role + DEV(ack_seq), &ack) && ack == d->drv->seq;
}

static int wait_answer(struct vop_device *d, int64_t deadline)
{
	int64_t left = deadline - vop_now_ms();
	int r = vop_node_wait(d->node, answered, d, (int)VOP_MAX(left, 0));

	if (r)
		return r;
	return d->gone ? -ENODEV : take_answer(d);
}

/*
 * The mailbox is ours only between an answer and the next request: what timed out earlier is
 * waited for first, or the device would see a request change under its hands.
 */
static int own_mailbox(struct vop_device *d, int64_t deadline)
{
	int r;

	if (!d->drv->outstanding)
		return 0;
	r = wait_answer(d, deadline);
	return d->drv->outstanding || d->gone ? r : 0;
}

/* Line 0; lines 1 and 2 and the queue were filled by the caller. */
int vop_drv_post(struct vop_device *d, const struct vop_driver_block *line0, int64_t deadline)
{
	struct vop_driver *v = d->drv;
	uint64_t role = vop_own_role(d);

	v->op = le16toh(line0->op);
	v->queue = le16toh(line0->queue);
	vop_own_put(d->node, role + DRV(op), &line0->op, DRV(pad0) - DRV(op));
	v->seq = v->seq == UINT32_MAX ? 1 : v->seq + 1;
	v->outstanding = true;
	/* Pairs with the load-acquire in vop_srv_look(): the request is complete. */
	vop_own_put32_rel(d->node, role + DRV(req_seq), v->seq);
	vop_node_nudge(d->node, d->info.creator, d->info.slot);
	return wait_answer(d, deadline);
}

/* Begin a request: the device is pinned and the mailbox is ours. */
int vop_drv_begin(struct vop_device *d, int timeout_ms, int64_t *deadline)
{
	int r = enter(d);

	if (r)
		return r;
	if (d->drv->busy)
		return leave(d, -EBUSY); /* from a callback inside of another request's wait */
	d->drv->busy = true;
	*deadline = vop_now_ms() + VOP_MAX(timeout_ms, 0);
	r = own_mailbox(d, *deadline);
	if (r) {
		d->drv->busy = false;
		leave(d, r);
	}
	return r;
}

int vop_drv_end(struct vop_device *d, int r)
{
	d->drv->busy = false;
	if (!d->gone && !d->node->fail)
		vop_node_look_later(d); /* events that waited for the request to end */
	return leave(d, r);
}

struct vop_driver_block vop_drv_line0(const struct vop_device *d, enum vop_req_op op,
				      unsigned queue)
{
	return (struct vop_driver_block){
		.op = htole16((uint16_t)op),
		.queue = htole16((uint16_t)queue),
		.driver_status = d->drv->wanted,
	};
}

/* --- status and features --- */

static bool needs_reset(struct vop_device *d)
{
	uint64_t role = vop_peer_role(d);
	uint32_t gen, v;

	return !vop_peer_get32_acq(d->node, role + DEV(slot_gen), &gen) && gen == d->info.gen &&
	       !vop_peer_get32_acq(d->node, role + DEV(needs_reset), &v) && (v & 1);
}

uint8_t vop_drv_get_status(struct vop_device *d)
{
	if (!d->drv || d->gone || d->node->fail)
		return 0;
	return (d->drv->status & (uint8_t)~VOP_STATUS_NEEDS_RESET) |
	       (needs_reset(d) ? VOP_STATUS_NEEDS_RESET : 0);
}

int vop_drv_set_status(struct vop_device *d, uint8_t status, uint8_t *accepted, int timeout_ms)
{
	struct vop_driver_block b;
	int64_t deadline;
	int r = vop_drv_begin(d, timeout_ms, &deadline);

	if (r)
		return r;
	d->drv->wanted = status;
	b = vop_drv_line0(d, VOP_REQ_STATUS, 0);
	r = vop_drv_post(d, &b, deadline);
	if (accepted)
		*accepted = vop_drv_get_status(d);
	return vop_drv_end(d, r);
}

int vop_drv_set_features(struct vop_device *d, const uint64_t features[2], int timeout_ms)
{
	const vop_le64 f[2] = {htole64(features[0]), htole64(features[1])};
	struct vop_driver_block b;
	int64_t deadline;
	int r = vop_drv_begin(d, timeout_ms, &deadline);

	if (r)
		return r;
	vop_own_put(d->node, vop_own_role(d) + DRV(features), f, sizeof(f));
	b = vop_drv_line0(d, VOP_REQ_FEATURES, 0);
	return vop_drv_end(d, vop_drv_post(d, &b, deadline));
}

/* --- configuration space --- */

int vop_drv_config_read(struct vop_device *d, uint32_t offset, void *dst, uint32_t len,
			uint32_t *generation)
{
	uint8_t copy[VOP_CONFIG_MAX];
	uint32_t from = offset & ~3u, before, after;
	uint64_t role;
	int i, r = vop_drv_need_offer(d);

	if (r)
		return r;
	if (len == 0 || len > d->drv->config_size || offset > d->drv->config_size - len)
		return -EINVAL;
	role = vop_peer_role(d);
	for (i = 0; i < CONFIG_TRIES; i++) {
		if (i)
			sched_yield(); /* the writer may be waiting for this CPU */
		/* Acquires all along: generation, bytes, generation are read in that order; see
		 * publish_config() in device.c. */
		if (vop_peer_get32_acq(d->node, role + DEV(config_gen), &before) ||
		    vop_peer_get_acq(d->node, role + DEV(config) + from, copy,
				     (offset + len - from + 3) & ~3u) ||
		    vop_peer_get32_acq(d->node, role + DEV(config_gen), &after))
			return d->node->fail;
		if (before != after || before & 1)
			continue;
		memcpy(dst, copy + (offset - from), len);
		if (generation)
			*generation = before;
		return 0;
	}
	return -EAGAIN;
}

int vop_drv_config_write(struct vop_device *d, uint32_t offset, const void *src, uint32_t len,
			 int timeout_ms)
{
	uint8_t data[VOP_CONFIG_WRITE_MAX] = {0};
	struct vop_driver_block b;
	int64_t deadline;
	int r;

	if (len == 0 || len > sizeof(data))
		return -EINVAL;
	r = vop_drv_begin(d, timeout_ms, &deadline);
	if (r)
		return r;
	memcpy(data, src, len);
	vop_own_put(d->node, vop_own_role(d) + DRV(cfg_data), data, sizeof(data));
	b = vop_drv_line0(d, VOP_REQ_CONFIG_WRITE, 0);
	b.cfg_offset = htole32(offset);
	b.cfg_len = htole32(len);
	return vop_drv_end(d, vop_drv_post(d, &b, deadline));
}

/* What the device says unasked (VIRTIO 1.4, 2.3). At most one call-back per look. */
void vop_drv_look(struct vop_device *d)
{
	struct vop_driver *v = d->drv;
	uint64_t role = vop_peer_role(d);
	uint32_t gen, count;
	bool needs, tell;

	if (v->busy)
		return; /* vop_drv_end() comes back to it */
	if (vop_peer_get32_acq(d->node, role + DEV(slot_gen), &gen) || gen != d->info.gen ||
	    vop_peer_get32_acq(d->node, role + DEV(config_events), &count))
		return;
	needs = needs_reset(d);
	tell = count != v->events_seen || (needs && !v->needs_seen);
	v->events_seen = count;
	v->needs_seen = needs;
	if (tell && !d->node->fail && d->node->events.config_changed)
		d->node->events.config_changed(d->node->ctx, d->node, d);
}
