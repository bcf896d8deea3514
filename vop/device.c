/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device role: the offer, and the answers to the driver's requests; those about queues are
 * device_queue.c's. The driver is not trusted: a request is copied once into private memory,
 * checked there, and acted upon from there.
 */
#include <stdlib.h>
#include <string.h>

#include "vop/node_internal.h"

/* Line 0 of the driver block from slot_gen on, as copied. */
struct request {
	uint16_t op, queue;
	uint8_t status;
	uint32_t cfg_offset, cfg_len;
};

static enum vop_req_result result_of(int err)
{
	switch (err) {
	case 0:
		return VOP_RES_OK;
	case -ENOMEM:
	case -ENOSPC:
	case -EMFILE:
	case -ENFILE:
		return VOP_RES_NOMEM;
	case -EOPNOTSUPP:
		return VOP_RES_UNSUPPORTED;
	case -EPERM:
	case -EBUSY:
		return VOP_RES_STATE;
	default:
		return VOP_RES_INVALID;
	}
}

/* --- what the device says unasked --- */

/* VIRTIO 1.4, 2.3 and 2.5: the count moves, the driver is nudged. */
void vop_srv_notify_config(struct vop_device *d)
{
	struct vop_server *s = d->srv;

	/* Pairs with the load-acquire in vop_drv_look(): the reason (needs_reset, config) is there
	 * when the count has moved. */
	vop_own_put32_rel(d->node, vop_own_role(d) + DEV(config_events), ++s->config_events);
	vop_node_nudge(d->node, d->info.creator, d->info.slot);
}

void vop_srv_needs_reset(struct vop_device *d)
{
	struct vop_server *s = d->srv;

	s->needs_reset = true;
	vop_own_put32_rel(d->node, vop_own_role(d) + DEV(needs_reset), 1);
	/* VIRTIO 1.4, 2.1.2 */
	if (s->status & VOP_STATUS_DRIVER_OK)
		vop_srv_notify_config(d);
}

/* --- configuration space, as the driver sees it --- */

/*
 * An odd generation, the bytes, the even one (a sequence lock). Every store is a release: the bytes
 * come after the odd generation, the even one after the bytes. The reader's loads are acquires in
 * the opposite order, so equal even generations before and after enclose one version (VOP-58).
 */
static void publish_config(struct vop_device *d, uint32_t offset, uint32_t len)
{
	struct vop_server *s = d->srv;
	uint64_t role = vop_own_role(d);
	uint32_t from = offset & ~3u, to = (offset + len + 3) & ~3u;

	vop_own_put32_rel(d->node, role + DEV(config_gen), ++s->config_gen);
	vop_own_put_rel(d->node, role + DEV(config) + from, s->offer.config + from, to - from);
	vop_own_put32_rel(d->node, role + DEV(config_gen), ++s->config_gen);
}

/* A suspended device shows no change (VIRTIO 1.4, 3.4.2): it is kept back. */
static void hold_config(struct vop_server *s, uint32_t offset, uint32_t len)
{
	bool any = s->held_to != 0;

	s->held_from = any ? VOP_MIN(s->held_from, offset) : offset;
	s->held_to = VOP_MAX(s->held_to, offset + len);
}

/* True: there was something. */
static bool release_config(struct vop_device *d)
{
	struct vop_server *s = d->srv;

	if (s->held_to == 0)
		return false;
	publish_config(d, s->held_from, s->held_to - s->held_from);
	s->held_from = s->held_to = 0;
	return true;
}

/* --- status --- */

/* VIRTIO 1.4, 2.4: acknowledged only after everything here. */
static void reset(struct vop_device *d)
{
	struct vop_server *s = d->srv;
	unsigned q;

	for (q = 0; q < s->offer.queues; q++) {
		vop_srv_queue_clear(d, q);
	}
	if (s->offer.ops->reset)
		s->offer.ops->reset(s->offer.dev);
	s->status = 0;
	s->accepted[0] = s->accepted[1] = 0;
	s->needs_reset = false;
	vop_own_put32(d->node, vop_own_role(d) + DEV(needs_reset), 0);
	release_config(d);
}

/* VIRTIO 1.4, 2.2.2: the device refuses by leaving FEATURES_OK out of its answer. */
static int check_features(const struct vop_server *s)
{
	if (!vop_feature_subset(s->accepted, s->offered))
		return -EOPNOTSUPP;
	if (!vop_feature_has(s->accepted, VOP_F_VERSION_1) ||
	    !vop_feature_has(s->accepted, VOP_F_ACCESS_PLATFORM))
		return -EOPNOTSUPP;
	if (vop_feature_has(s->offered, VOP_F_ORDER_PLATFORM) &&
	    !vop_feature_has(s->accepted, VOP_F_ORDER_PLATFORM))
		return -EOPNOTSUPP;
	if (s->offer.ops->features_ok && s->offer.ops->features_ok(s->offer.dev, s->accepted))
		return -EOPNOTSUPP;
	return 0;
}

/* VIRTIO 1.4, 3.4.2: either it is suspended afterwards, or it needs a reset. */
static int suspend(struct vop_device *d)
{
	struct vop_server *s = d->srv;
	int r;

	if (s->needs_reset)
		return -EPERM;
	r = s->offer.suspend(s->offer.suspend_ctx);
	/* Stopping may have brought a violation to light that nobody had told of. */
	if (!r && s->needs_reset)
		return -EPERM;
	if (r)
		vop_srv_needs_reset(d);
	else
		s->status ^= VOP_STATUS_DRIVER_OK | VOP_STATUS_SUSPEND;
	return r;
}

static int resume(struct vop_device *d)
{
	struct vop_server *s = d->srv;
	int r;

	if (s->needs_reset)
		return -EPERM;
	/* Set before the call, for what driver_ok() is: violations are told from here on. */
	s->status ^= VOP_STATUS_DRIVER_OK | VOP_STATUS_SUSPEND;
	r = s->offer.resume(s->offer.suspend_ctx);
	if (r) {
		s->status ^= VOP_STATUS_DRIVER_OK | VOP_STATUS_SUSPEND;
		vop_srv_needs_reset(d);
		return r;
	}
	if (release_config(d))
		vop_srv_notify_config(d);
	return 0;
}

/* DRIVER_OK resumes. SUSPEND is then the device's to clear, so it may be missing. */
static int set_status_suspended(struct vop_device *d, uint8_t want)
{
	struct vop_server *s = d->srv;

	if (s->status & ~want & ~VOP_STATUS_SUSPEND)
		return -EPERM;
	s->status |= want & VOP_STATUS_FAILED;
	if (!(want & VOP_STATUS_DRIVER_OK))
		return 0;
	/* As for the first DRIVER_OK (VOP-43). */
	return s->status & VOP_STATUS_FAILED ? -EPERM : resume(d);
}

/* VIRTIO 1.4, 2.1 and 3.1. s->status becomes what is accepted, whatever the result. */
static int set_status(struct vop_device *d, uint8_t want)
{
	struct vop_server *s = d->srv;
	uint8_t old = s->status, fresh;
	bool stop = false;
	int r = 0;

	if (want == 0) {
		reset(d);
		return 0;
	}
	/* NEEDS_RESET is the device's bit: a driver that writes back what it read means no harm.
	 * So is SUSPEND, unless it was negotiated and the device runs. */
	if (vop_feature_has(s->accepted, VOP_F_SUSPEND) && (old & VOP_STATUS_DRIVER_OK))
		stop = want & VOP_STATUS_SUSPEND;
	want &= VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_DRIVER_OK |
		VOP_STATUS_FEATURES_OK | VOP_STATUS_FAILED;
	if (old & VOP_STATUS_SUSPEND)
		return set_status_suspended(d, want);
	if (old & ~want)
		return -EPERM; /* bits are never cleared but by reset */
	fresh = want & (uint8_t)~old;
	s->status |= fresh & (VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_FAILED);
	if (fresh & VOP_STATUS_FEATURES_OK) {
		r = check_features(s);
		if (!r)
			s->status |= VOP_STATUS_FEATURES_OK;
	}
	if (fresh & VOP_STATUS_DRIVER_OK) {
		/* The driver has to see FEATURES_OK accepted first (3.1.1, step 6). */
		if (!(old & VOP_STATUS_FEATURES_OK) || s->needs_reset ||
		    (s->status & VOP_STATUS_FAILED))
			return r ? r : -EPERM;
		/* Set before the call: the device may meet a violation at once, and then owes a
		 * configuration change notification. */
		s->status |= VOP_STATUS_DRIVER_OK;
		if (s->offer.ops->driver_ok)
			r = s->offer.ops->driver_ok(s->offer.dev);
		if (r)
			s->status &= (uint8_t)~VOP_STATUS_DRIVER_OK;
	}
	return stop ? suspend(d) : r;
}

static int set_features(struct vop_device *d)
{
	struct vop_server *s = d->srv;
	vop_le64 f[2];

	if (s->status & VOP_STATUS_FEATURES_OK)
		return -EPERM;
	if (vop_peer_get(d->node, vop_peer_role(d) + DRV(features), f, sizeof(f)))
		return VOP_SRV_NOT_YET;
	s->accepted[0] = le64toh(f[0]);
	s->accepted[1] = le64toh(f[1]);
	return 0;
}

/* --- configuration space --- */

static bool config_range_ok(const struct vop_server *s, uint32_t offset, uint32_t len)
{
	return len > 0 && len <= s->offer.config_size && offset <= s->offer.config_size - len;
}

/* Before FEATURES_OK a driver reads only (3.1.1, step 4), but for what the type says (5.3.5.1). */
static bool may_write_config(const struct vop_server *s, uint32_t offset, uint32_t len)
{
	const struct vop_dev_ops *ops = s->offer.ops;

	return (s->status & VOP_STATUS_FEATURES_OK) ||
	       (ops->config_early && config_range_ok(s, offset, len) &&
		ops->config_early(s->offer.dev, offset, len));
}

static int config_write(struct vop_device *d, uint32_t offset, uint32_t len)
{
	struct vop_server *s = d->srv;
	uint8_t data[VOP_CONFIG_WRITE_MAX];
	uint32_t before = s->config_gen;
	int r;

	if (!may_write_config(s, offset, len) || (s->status & VOP_STATUS_SUSPEND))
		return -EPERM;
	if (len > sizeof(data) || !config_range_ok(s, offset, len))
		return -EINVAL;
	if (!s->offer.ops->config_write)
		return -EOPNOTSUPP;
	if (vop_peer_get(d->node, vop_peer_role(d) + DRV(cfg_data), data, sizeof(data)))
		return VOP_SRV_NOT_YET;
	r = s->offer.ops->config_write(s->offer.dev, offset, data, len);
	/* A device that wants other bytes there has set them in the callback. */
	if (!r && s->config_gen == before) {
		memcpy(s->offer.config + offset, data, len);
		publish_config(d, offset, len);
	}
	return r < 0 ? r : 0;
}

static int config_set(struct vop_device *d, uint32_t offset, const void *data, uint32_t len)
{
	struct vop_server *s = d->srv;

	if (d->gone || d->node->fail || !s)
		return -ENODEV;
	if (!config_range_ok(s, offset, len))
		return -EINVAL;
	memcpy(s->offer.config + offset, data, len);
	if (s->status & VOP_STATUS_SUSPEND) {
		hold_config(s, offset, len);
		return 0;
	}
	publish_config(d, offset, len);
	if (s->status & VOP_STATUS_DRIVER_OK)
		vop_srv_notify_config(d);
	return 0;
}

/* --- the mailbox --- */

static int act(struct vop_device *d, const struct request *r)
{
	switch (r->op) {
	case VOP_REQ_STATUS:
		return set_status(d, r->status);
	case VOP_REQ_FEATURES:
		return set_features(d);
	case VOP_REQ_QUEUE_SETUP:
		return vop_srv_queue_setup(d, r->queue);
	case VOP_REQ_QUEUE_RESET:
		return vop_srv_queue_reset(d, r->queue);
	case VOP_REQ_CONFIG_WRITE:
		return config_write(d, r->cfg_offset, r->cfg_len);
	default:
		return -EOPNOTSUPP;
	}
}

static void answer(struct vop_device *d, uint32_t seq, enum vop_req_result result)
{
	uint64_t role = vop_own_role(d);

	d->srv->handled = seq;
	vop_own_put32(d->node, role + DEV(result), result);
	vop_own_put32(d->node, role + DEV(device_status), d->srv->status);
	/* Pairs with the load-acquire in driver.c: result, status, queue words and everything the
	 * request caused (queues stopped, DMA drained) come before. */
	vop_own_put32_rel(d->node, role + DEV(ack_seq), seq);
	vop_node_nudge(d->node, d->info.creator, d->info.slot);
}

void vop_srv_look(struct vop_device *d)
{
	struct vop_server *s = d->srv;
	struct vop_driver_block in;
	uint64_t role = vop_peer_role(d);
	struct request req;
	uint32_t gen, seq;
	int r;

	if (!s || s->busy)
		return;
	/* slot_gen first: with this generation in it, req_seq is of this generation too (VOP-31).
	 * The acquire of req_seq pairs with the driver's release: the request is complete. */
	if (vop_peer_get32_acq(d->node, role + DRV(slot_gen), &gen) || gen != d->info.gen ||
	    vop_peer_get32_acq(d->node, role + DRV(req_seq), &seq) || seq == s->handled ||
	    vop_peer_get(d->node, role, &in, offsetof(struct vop_driver_block, pad0)))
		return;
	req = (struct request){
		.op = le16toh(in.op),
		.queue = le16toh(in.queue),
		.status = in.driver_status,
		.cfg_offset = le32toh(in.cfg_offset),
		.cfg_len = le32toh(in.cfg_len),
	};
	s->busy = true;
	r = act(d, &req);
	s->busy = false;
	/* The callback may have waited for something, and the device may be gone. */
	if (r == VOP_SRV_NOT_YET || d->gone || d->node->fail)
		return;
	answer(d, seq, result_of(r));
}

/* --- the offer --- */

static void add_transport_features(const struct vop_device *d, const struct vop_device_offer *o,
				   uint64_t f[2])
{
	static const uint8_t bits[] = {VOP_F_INDIRECT_DESC,   VOP_F_EVENT_IDX,	 VOP_F_VERSION_1,
				       VOP_F_ACCESS_PLATFORM, VOP_F_RING_PACKED, VOP_F_IN_ORDER,
				       VOP_F_RING_RESET};
	unsigned i;

	/* The device type has no say in transport bits but to leave some out. */
	f[0] &= ~VOP_F_TRANSPORT_MASK;
	for (i = 0; i < sizeof(bits); i++)
		vop_feature_set(f, bits[i]);
	if (d->node->link->caps.mem_class == VOP_MEM_DEVICE)
		vop_feature_set(f, VOP_F_ORDER_PLATFORM);
	if (o->suspend && o->resume)
		vop_feature_set(f, VOP_F_SUSPEND);
	f[0] &= ~o->features_off[0];
	f[1] &= ~o->features_off[1];
}

static void publish_offer(struct vop_device *d)
{
	const struct vop_server *s = d->srv;
	bool maps = d->node->link->caps.maps, lent = s->offer.pool_size != 0;
	uint64_t role = vop_own_role(d);
	struct vop_device_block b = {
		.features = {htole64(s->offered[0]), htole64(s->offered[1])},
		.pool_base = htole64(lent ? s->pool : 0),
		.pool_size = htole64(s->offer.pool_size),
		.ring_placements = htole32(!maps  ? 0
					   : lent ? 7
						  : 1),
		.payload_placements = htole32(lent ? 3 : 1),
		.config_size = htole32(s->offer.config_size),
		.queues = htole16(s->offer.queues),
	};
	unsigned q;

	memcpy(b.config, s->offer.config, sizeof(b.config));
	for (q = 0; q < s->offer.queues; q++)
		vop_srv_queue_publish(d, q);
	vop_own_put(d->node, role + DEV(features), &b.features, DEV(ready) - DEV(features));
	vop_own_put(d->node, role + DEV(config), b.config, sizeof(b.config));
	/* Pairs with the load-acquire in driver.c: who sees ready sees the whole offer. */
	vop_own_put32_rel(d->node, role + DEV(ready), VOP_SLOT_WORD(d->info.gen, 1));
	vop_node_nudge(d->node, d->info.creator, d->info.slot);
}

static int check_offer(const struct vop_device *d, const struct vop_device_offer *o)
{
	if (d->info.device != d->node->self || !o->ops || !o->ops->queue_start ||
	    !o->ops->queue_stop || o->ops->device_id != d->info.device_id)
		return -EINVAL;
	if (o->queues > d->info.queues_max || o->queue_size_max > d->info.queue_size_max ||
	    (o->queues && !o->queue_size_max) || o->config_size > VOP_CONFIG_MAX)
		return -EINVAL;
	if (o->notify > VOP_NOTIFY_ADAPTIVE)
		return -EINVAL;
	/* Doorbells that are messages cannot wake a poller. */
	if (o->notify != VOP_NOTIFY_POLL && d->node->link->caps.doorbells == 0)
		return -EOPNOTSUPP;
	return 0;
}

static int serve(struct vop_device *d, const struct vop_device_offer *offer)
{
	const struct vop_window_info *w = &d->node->link->peer;
	struct vop_server *s;
	void *pool = NULL;
	unsigned q;
	int r;

	if (d->gone || d->node->fail)
		return -ENODEV;
	r = check_offer(d, offer);
	if (r)
		return r;
	if (d->srv)
		return -EBUSY;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->offer = *offer;
	if (offer->pool_size) {
		pool = vop_node_alloc(d->node, offer->pool_size, 4096, &s->pool);
		if (!pool) {
			free(s);
			return -ENOSPC;
		}
		vop_regions_add(&s->regions, s->pool, offer->pool_size, pool);
	}
	/* Buffers may lie in the driver's window and in the pool, nowhere else: a driver that names
	 * other memory of this node is told so (violation ADDR). */
	if (d->node->link->caps.maps && w->size > VOP_PAGE_SIZE)
		vop_regions_add(&s->regions, w->base + VOP_PAGE_SIZE, w->size - VOP_PAGE_SIZE,
				w->map + VOP_PAGE_SIZE);
	memcpy(s->offered, offer->features, sizeof(s->offered));
	add_transport_features(d, offer, s->offered);
	for (q = 0; q < VOP_QUEUES_MAX; q++) {
		s->q[q].kick_num = VOP_DB_NUM_NONE;
		s->q[q].kick = s->q[q].call = VOP_DOORBELL_INIT;
	}
	d->srv = s;
	publish_offer(d);
	vop_node_look_later(d); /* a driver that did not wait for us has asked already */
	return 0;
}

/* --- for the device type --- */

static uint8_t status_of(const struct vop_device *d)
{
	return d->srv ? d->srv->status | (d->srv->needs_reset ? VOP_STATUS_NEEDS_RESET : 0) : 0;
}

static const uint64_t *features_of(const struct vop_device *d)
{
	static const uint64_t none[2];

	return d->srv ? d->srv->accepted : none;
}

const struct vop_device_front vop_node_front = {
	.serve = serve,
	.config_set = config_set,
	.violation = vop_srv_violation,
	.status = status_of,
	.features = features_of,
};
