/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device role's queues: set-up, reset and what a driver may name in them. Everything the driver
 * says is copied once and checked here; the rings themselves are the device type's.
 */
#include "vop/node_internal.h"

void vop_srv_queue_publish(struct vop_device *d, unsigned q)
{
	const struct vop_srv_queue *sq = &d->srv->q[q];
	struct vop_device_queue out = {
		.kick_doorbell = htole32(sq->kick_num),
		.size_max = htole16(d->srv->offer.queue_size_max),
		.violations = htole16(sq->violations),
		.violation = htole32(sq->why),
	};

	vop_own_put(d->node, vop_own_role(d) + DEV(queue) + q * sizeof(out), &out, sizeof(out));
}

static void close_queue(struct vop_device *d, unsigned q)
{
	struct vop_srv_queue *sq = &d->srv->q[q];
	const struct vop_dev_ops *ops = d->srv->offer.ops;

	if (sq->running) {
		sq->running = false;
		ops->queue_stop(d->srv->offer.dev, q);
	}
	vop_node_db_unlisten(d->node, &sq->kick, &sq->kick_num);
	if (sq->call_on)
		d->node->link->ops->db_close(d->node->link, &sq->call);
	sq->call_on = false;
	sq->call = VOP_DOORBELL_INIT;
	sq->enabled = false;
}

void vop_srv_quiesce(struct vop_device *d)
{
	unsigned q;

	for (q = 0; d->srv && q < d->srv->offer.queues; q++)
		close_queue(d, q);
}

void vop_srv_release_memory(struct vop_device *d)
{
	if (d->srv && d->srv->offer.pool_size)
		vop_node_free(d->node, d->srv->pool, d->srv->offer.pool_size);
	if (d->srv)
		d->srv->offer.pool_size = 0;
}

/* Does [addr, addr + len) lie in [base, base + size)? No sum is formed that could overflow. */
static bool inside(uint64_t addr, uint64_t len, uint64_t base, uint64_t size)
{
	return addr >= base && len <= size && addr - base <= size - len;
}

static bool at_device(const struct vop_device *d, uint64_t addr, uint64_t len)
{
	return inside(addr, len, d->srv->pool, d->srv->offer.pool_size);
}

static bool at_driver(const struct vop_device *d, uint64_t addr, uint64_t len)
{
	const struct vop_window_info *w = &d->node->link->peer;

	return inside(addr, len, w->base + VOP_PAGE_SIZE, w->size - VOP_PAGE_SIZE);
}

/* Sizes and alignments of the parts (VIRTIO 1.4, 2.7 and 2.8). */
struct ring_shape {
	uint64_t desc_len, driver_len, device_len;
	uint64_t desc_align, driver_align, device_align;
};

static struct ring_shape shape_of(bool packed, uint32_t size)
{
	if (packed)
		return (struct ring_shape){16ull * size, 4, 4, 16, 4, 4};
	return (struct ring_shape){16ull * size, 6 + 2ull * size, 6 + 8ull * size, 16, 2, 4};
}

static int check_placement(const struct vop_device *d, const struct vop_queue_config *c,
			   const struct ring_shape *s)
{
	bool desc_dev = at_device(d, c->desc_bus, s->desc_len);
	bool desc_drv = at_driver(d, c->desc_bus, s->desc_len);
	bool driver_dev = at_device(d, c->driver_bus, s->driver_len);
	bool driver_drv = at_driver(d, c->driver_bus, s->driver_len);
	bool device_dev = at_device(d, c->device_bus, s->device_len);
	bool device_drv = at_driver(d, c->device_bus, s->device_len);
	bool ok;

	if (c->packed) {
		/* Event structures lie each at its reader, or wherever the driver likes: either
		 * side may hold them (VOP-63). */
		ok = (driver_dev || driver_drv) && (device_dev || device_drv) &&
		     (c->ring_placement == VOP_RING_DEVICE ? desc_dev : desc_drv);
		return ok ? 0 : -EINVAL;
	}
	switch (c->ring_placement) {
	case VOP_RING_DRIVER:
		ok = desc_drv && driver_drv && device_drv;
		break;
	case VOP_RING_DEVICE:
		ok = desc_dev && driver_dev && device_dev;
		break;
	default:
		ok = desc_dev && driver_dev && device_drv;
	}
	return ok ? 0 : -EINVAL;
}

static int check_queue(const struct vop_device *d, struct vop_queue_config *c)
{
	const struct vop_server *s = d->srv;
	struct ring_shape shape;
	uint32_t placements = s->offer.pool_size ? 7u : 1u;

	if (c->size == 0 || c->size > s->offer.queue_size_max)
		return -EINVAL;
	if (!c->packed && (c->size & (c->size - 1)))
		return -EINVAL;
	if (!d->node->link->caps.maps || c->ring_placement > VOP_RING_POSTED ||
	    !(placements >> c->ring_placement & 1))
		return -EOPNOTSUPP;
	/* Both sides write the packed descriptor ring: no place makes all accesses posted writes,
	 * so "posted" has no meaning there. */
	if (c->packed && c->ring_placement == VOP_RING_POSTED)
		return -EOPNOTSUPP;
	if (c->payload_placement > VOP_PAYLOAD_PUSH ||
	    (c->payload_placement == VOP_PAYLOAD_PUSH && !s->offer.pool_size))
		return -EOPNOTSUPP;
	shape = shape_of(c->packed, c->size);
	if (c->desc_bus % shape.desc_align || c->driver_bus % shape.driver_align ||
	    c->device_bus % shape.device_align)
		return -EINVAL;
	if (check_placement(d, c, &shape))
		return -EINVAL;
	c->desc = vop_xlate_whole(&s->regions, c->desc_bus, shape.desc_len);
	c->driver = vop_xlate_whole(&s->regions, c->driver_bus, shape.driver_len);
	c->device = vop_xlate_whole(&s->regions, c->device_bus, shape.device_len);
	return c->desc && c->driver && c->device ? 0 : -EINVAL;
}

/* -ENOENT: the driver's doorbell is not known (yet). */
static int open_doorbells(struct vop_device *d, struct vop_srv_queue *sq, uint32_t call_num)
{
	struct vop_node *n = d->node;
	int r;

	if (call_num != VOP_DB_NUM_NONE) {
		r = n->link->ops->db_connect(n->link, call_num, &sq->call);
		if (r)
			return r;
		sq->call_on = true;
	}
	if (d->srv->offer.notify == VOP_NOTIFY_POLL)
		return 0;
	return vop_node_db_listen(n, &sq->kick, &sq->kick_num);
}

int vop_srv_queue_setup(struct vop_device *d, unsigned q)
{
	struct vop_server *s = d->srv;
	struct vop_queue_config *c;
	struct vop_driver_queue in;
	struct vop_srv_queue *sq;
	int r;

	if (q >= s->offer.queues)
		return -EINVAL;
	sq = &s->q[q];
	if (!(s->status & VOP_STATUS_FEATURES_OK) || s->needs_reset || sq->enabled)
		return -EPERM;
	/* A suspended device has no queues but those it goes on with (VOP-49). */
	if (s->status & VOP_STATUS_SUSPEND)
		return -EPERM;
	/* With DRIVER_OK set only a queue that was reset may come back (2.6.1). */
	if ((s->status & VOP_STATUS_DRIVER_OK) && !sq->was_reset)
		return -EPERM;
	if (vop_peer_get(d->node, vop_peer_role(d) + DRV(queue_cfg) + q * sizeof(in), &in,
			 sizeof(in)))
		return VOP_SRV_NOT_YET; /* the link is going down */
	c = &sq->cfg;
	*c = (struct vop_queue_config){
		.index = (uint16_t)q,
		.size = le16toh(in.size),
		.packed = vop_feature_has(s->accepted, VOP_F_RING_PACKED),
		.ring_placement = in.ring_placement,
		.payload_placement = in.payload_placement,
		.desc_bus = le64toh(in.desc),
		.driver_bus = le64toh(in.driver),
		.device_bus = le64toh(in.device),
		.regions = &s->regions,
		.kick = &sq->kick,
		.call = &sq->call,
		.read_back = d->node->link->peer.map,
	};
	r = check_queue(d, c);
	if (r)
		return r;
	r = open_doorbells(d, sq, le32toh(in.call_doorbell));
	/* The driver's DOORBELL message comes before its nudge (VOP-36). */
	if (r == -ENOENT)
		return VOP_SRV_NOT_YET;
	if (!r)
		r = s->offer.ops->queue_start(s->offer.dev, c);
	if (r) {
		close_queue(d, q);
		return r;
	}
	sq->running = true;
	sq->enabled = true;
	sq->was_reset = false;
	vop_srv_queue_publish(d, q);
	return 0;
}

int vop_srv_queue_reset(struct vop_device *d, unsigned q)
{
	struct vop_server *s = d->srv;

	if (!vop_feature_has(s->accepted, VOP_F_RING_RESET) ||
	    !(s->status & VOP_STATUS_FEATURES_OK))
		return -EOPNOTSUPP;
	if (q >= s->offer.queues)
		return -EINVAL;
	if (!s->q[q].enabled || s->needs_reset || (s->status & VOP_STATUS_SUSPEND))
		return -EPERM;
	close_queue(d, q);
	s->q[q].was_reset = true;
	vop_srv_queue_publish(d, q);
	return 0;
}

void vop_srv_queue_clear(struct vop_device *d, unsigned q)
{
	close_queue(d, q);
	d->srv->q[q].was_reset = false;
	vop_srv_queue_publish(d, q);
}

/* --- for the device type --- */

void vop_srv_violation(struct vop_device *d, unsigned q, uint32_t why)
{
	struct vop_server *s = d->srv;
	struct vop_srv_queue *sq;

	if (!s || q >= s->offer.queues)
		return;
	sq = &s->q[q];
	if (sq->running) {
		sq->running = false;
		s->offer.ops->queue_stop(s->offer.dev, q);
	}
	if (sq->violations < UINT16_MAX)
		sq->violations++;
	sq->why = why;
	s->needs_reset = true;
	if (d->gone || d->node->fail)
		return; /* stopped and counted, nobody left to tell */
	vop_srv_queue_publish(d, q);
	vop_srv_needs_reset(d);
}
