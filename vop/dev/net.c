/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The net device's control side (VIRTIO 1.4, 5.1): the offer, life of the queues, violations,
 * counters. Everything here runs on the control thread; whatever the poller also uses changes only
 * while it is paused.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <vop/features.h>
#include "vop/dev/net_internal.h"

#define NET_S_LINK_UP 1u
#define NET_NO_CTRL   UINT_MAX
#define NET_LOW_LEVEL 18u /* Ethernet header with a VLAN tag, bytes */

/* VIRTIO 1.4, 5.1.4; the rest of the structure belongs to features that are not offered. */
struct net_config_space {
	uint8_t mac[6];
	vop_le16 status;
	vop_le16 max_virtqueue_pairs;
	vop_le16 mtu;
};
_Static_assert(sizeof(struct net_config_space) == 12, "layout");

/* --- queues --- */

/* The queue with this number; NULL: it does not exist with what was negotiated (5.1.2). */
static struct vop_core_queue *queue_of(void *dev, unsigned index)
{
	struct vop_net *n = dev;

	if (index == n->ctrl_index)
		return &n->ctrl;
	if (index >= 2 * (n->mq ? n->pairs : 1))
		return NULL;
	return index % 2 ? &n->pair[index / 2]->tx.q : &n->pair[index / 2]->rx.q;
}

void vop_net_tell_use(struct vop_net *n)
{
	unsigned i;

	for (i = 0; n->backend.use && i < n->pairs; i++) {
		struct net_pair *p = n->pair[i];
		bool used = i < n->active && (p->tx.q.live || p->rx.q.live);

		if (used != p->used)
			n->backend.use(n->backend.ctx, i, used);
		p->used = used;
	}
}

/* Give the pair's queues, as they are now, to the poller, or take them away. */
static int update_pair(struct vop_net *n, struct net_pair *p)
{
	struct vop_poller_job job = {
		.poll = vop_net_pair_poll,
		.arm = vop_net_pair_arm,
		.disarm = vop_net_pair_disarm,
		.ctx = p,
		.doorbell = vop_core_kick(&p->tx.q),
		.doorbell2 = vop_core_kick(&p->rx.q),
		.fd = n->backend.rx_fd ? n->backend.rx_fd(n->backend.ctx, p->index) : 0,
		.has_fd = n->backend.rx_fd != NULL,
		.notify = vop_core_notify(n->notify, &p->tx.q, &p->rx.q),
	};

	vop_net_tell_use(n);
	return vop_core_job(n->core.poller, &job, p->tx.q.live || p->rx.q.live, &p->job);
}

static int update_ctrl(struct vop_net *n)
{
	struct vop_poller_job job = {
		.poll = vop_net_ctrl_poll,
		.arm = vop_net_ctrl_arm,
		.disarm = vop_net_ctrl_disarm,
		.ctx = n,
		.doorbell = vop_core_kick(&n->ctrl),
		.notify = n->notify,
	};

	return vop_core_job(n->core.poller, &job, n->ctrl.live, &n->ctrl_job);
}

static int update(void *dev, unsigned index)
{
	struct vop_net *n = dev;

	return index == n->ctrl_index ? update_ctrl(n) : update_pair(n, n->pair[index / 2]);
}

static void forget_frames(struct net_pair *p, bool tx)
{
	if (tx) {
		p->tx.from = p->tx.n = 0;
		p->tx.plain[0].len = 0; /* the size of the next batch goes by it */
		return;
	}
	p->rx.from = p->rx.n = p->rx.niov = 0;
	p->rx.starving = false;
	p->rx.least = 0;
	p->rx.buf_len = 2048;
	p->rx.len[0] = 0; /* as plain[0] */
}

static void forget(void *dev, unsigned index)
{
	struct vop_net *n = dev;

	if (index != n->ctrl_index)
		forget_frames(n->pair[index / 2], index % 2);
}

static int net_queue_start(void *dev, const struct vop_queue_config *cfg)
{
	struct vop_net *n = dev;

	return vop_core_queue_start(&n->core, cfg);
}

static void net_queue_stop(void *dev, unsigned index)
{
	struct vop_net *n = dev;

	vop_core_queue_stop(&n->core, index);
}

/* --- life of the device --- */

static int net_features_ok(void *dev, const uint64_t *f)
{
	struct vop_net *n = dev;
	bool ctrl = vop_feature_has(f, VOP_NET_F_CTRL_VQ);

	/* 5.1.3.1; a front-end that keeps the control queue for itself keeps its feature, too. */
	if (vop_feature_has(f, VOP_NET_F_MQ) && !ctrl && !vop_device_enables_queues(n->core.d))
		return -EINVAL;
	n->mergeable = vop_feature_has(f, VOP_NET_F_MRG_RXBUF);
	n->mq = vop_feature_has(f, VOP_NET_F_MQ);
	/* 5.1.4.1 */
	n->frame_max = vop_feature_has(f, VOP_NET_F_MTU) ? n->mtu + NET_LOW_LEVEL : UINT32_MAX;
	/* Behind the last pair, and without MQ there is one (5.1.2). */
	n->ctrl_index = ctrl ? 2 * (n->mq ? n->pairs : 1) : NET_NO_CTRL;
	return 0;
}

/* Pairs in use before the control queue says how many (5.1.6.5.6). */
static unsigned first_active(const struct vop_net *n)
{
	return vop_device_enables_queues(n->core.d) ? n->pairs : 1;
}

static int net_driver_ok(void *dev)
{
	struct vop_net *n = dev;

	n->active = first_active(n);
	return vop_core_driver_ok(&n->core);
}

static void net_reset(void *dev)
{
	struct vop_net *n = dev;

	/* Every queue was stopped: no job of ours runs. The backend may serve other devices. */
	vop_poller_pause(n->core.poller);
	vop_core_reset(&n->core);
	n->active = 1;
	n->ctrl_index = NET_NO_CTRL;
	n->mq = n->mergeable = false;
	n->frame_max = UINT32_MAX;
	if (n->backend.reset)
		n->backend.reset(n->backend.ctx);
	vop_poller_resume(n->core.poller);
}

static int net_config_write(void *dev, uint32_t offset, const void *data, uint32_t len)
{
	(void)dev;
	(void)offset;
	(void)data;
	(void)len;
	return -EINVAL; /* all fields are read-only for the driver (5.1.4) */
}

static const struct vop_dev_ops net_ops = {
	.device_id = VOP_NET_ID,
	.type = "net",
	.features_ok = net_features_ok,
	.queue_start = net_queue_start,
	.queue_stop = net_queue_stop,
	.driver_ok = net_driver_ok,
	.reset = net_reset,
	.config_write = net_config_write,
};

void vop_net_attend(struct vop_net *n)
{
	vop_core_attend(&n->core);
}

/* --- the offer --- */

static uint64_t features_of(const struct vop_net_config *cfg)
{
	uint64_t f = 1ull << VOP_NET_F_MTU | 1ull << VOP_NET_F_MAC | 1ull << VOP_NET_F_MRG_RXBUF |
		     1ull << VOP_NET_F_STATUS | 1ull << VOP_NET_F_CTRL_VQ;

	if (cfg->pairs > 1)
		f |= 1ull << VOP_NET_F_MQ;
	f &= ~cfg->features_off[0];
	if (!(f >> VOP_NET_F_CTRL_VQ & 1))
		f &= ~(1ull << VOP_NET_F_MQ);
	return f;
}

/* Up to the last field that exists. */
static uint32_t config_size(uint64_t f)
{
	if (f >> VOP_NET_F_MTU & 1)
		return sizeof(struct net_config_space);
	if (f >> VOP_NET_F_MQ & 1)
		return offsetof(struct net_config_space, mtu);
	if (f >> VOP_NET_F_STATUS & 1)
		return offsetof(struct net_config_space, max_virtqueue_pairs);
	return offsetof(struct net_config_space, status);
}

static struct vop_device_offer make_offer(struct vop_net *n, const struct vop_net_config *cfg)
{
	uint64_t f = features_of(cfg);
	struct vop_device_offer o = {
		.ops = &net_ops,
		.dev = n,
		.features = {f, 0},
		.features_off = {cfg->features_off[0], cfg->features_off[1]},
		.queues = (uint16_t)(2 * n->pairs + (f >> VOP_NET_F_CTRL_VQ & 1)),
		.queue_size_max = cfg->queue_size_max,
		.config_size = config_size(f),
		.pool_size = cfg->pool_size,
		.notify = cfg->notify,
	};
	struct net_config_space c = {
		.status = htole16(NET_S_LINK_UP),
		.max_virtqueue_pairs = htole16(cfg->pairs),
		.mtu = htole16(cfg->mtu),
	};

	memcpy(c.mac, cfg->mac, sizeof(c.mac));
	memcpy(o.config, &c, o.config_size);
	return o;
}

static bool config_ok(const struct vop_net_config *cfg, struct vop_error *err)
{
	if (cfg->pairs < 1 || cfg->pairs > VOP_NET_PAIRS_MAX)
		vop_core_error(err, "a net device has 1 to %u queue pairs, not %u",
			       VOP_NET_PAIRS_MAX, cfg->pairs);
	else if (cfg->mtu < 68)
		vop_core_error(err, "MTU %u is below 68", cfg->mtu);
	else if (cfg->queue_size_max < 1 || cfg->queue_size_max > VOP_QUEUE_SIZE_MAX)
		vop_core_error(err, "queue size %u is not 1 to %u", cfg->queue_size_max,
			       VOP_QUEUE_SIZE_MAX);
	else if (!cfg->backend.tx || !cfg->poller ||
		 (cfg->backend.rx_lengths && !cfg->backend.rx_fill))
		vop_core_error(err, "a net device needs a poller and a complete backend");
	else
		return true;
	return false;
}

static void destroy(struct vop_net *n)
{
	unsigned i;

	for (i = 0; i < n->pairs; i++)
		free(n->pair[i]);
	free(n);
}

static struct vop_net *create(const struct vop_net_config *cfg)
{
	struct vop_net *n = calloc(1, sizeof(*n));
	unsigned i;

	if (!n)
		return NULL;
	n->backend = cfg->backend;
	n->notify = cfg->notify;
	n->pairs = cfg->pairs;
	n->mtu = cfg->mtu;
	n->frame_max = UINT32_MAX;
	n->core = (struct vop_core){
		.poller = cfg->poller,
		.dev = n,
		.queues_max = 2u * cfg->pairs + 1,
		.queue = queue_of,
		.forget = forget,
		.update = update,
	};
	n->active = 1;
	n->ctrl_index = NET_NO_CTRL;
	for (i = 0; i < n->pairs; i++) {
		/* Cache lines of one pair are nobody else's. */
		struct net_pair *p =
			aligned_alloc(VOP_CACHELINE, vop_align_up(sizeof(*p), VOP_CACHELINE));

		if (!p) {
			destroy(n);
			return NULL;
		}
		/* The arrays are filled before they are read; not touching them keeps idle pairs
		 * out of memory. */
		p->net = n;
		p->index = i;
		p->used = false;
		p->job = false;
		p->tx.q = p->rx.q = (struct vop_core_queue){0};
		p->tx.count = p->rx.count = (struct net_count){0};
		forget_frames(p, true);
		forget_frames(p, false);
		n->pair[i] = p;
	}
	return n;
}

struct vop_net *vop_net_open(struct vop_device *d, const struct vop_net_config *cfg,
			     struct vop_error *err)
{
	struct vop_device_offer o;
	struct vop_net *n;

	if (!config_ok(cfg, err))
		return NULL;
	n = create(cfg);
	if (!n) {
		vop_core_error(err, "out of memory");
		return NULL;
	}
	n->core.d = d;
	o = make_offer(n, cfg);
	if (vop_core_offer(&n->core, &o, "net device", err) == 0)
		return n;
	destroy(n);
	return NULL;
}

void vop_net_close(struct vop_net *n)
{
	if (!n)
		return;
	if (n->backend.free)
		n->backend.free(n->backend.ctx);
	destroy(n);
}

int vop_net_set_link(struct vop_net *n, bool up)
{
	vop_le16 status = htole16(up ? NET_S_LINK_UP : 0);

	return vop_device_config_set(n->core.d, offsetof(struct net_config_space, status), &status,
				     sizeof(status));
}

void vop_net_get_stats(const struct vop_net *n, struct vop_net_stats *out)
{
	unsigned i;

	*out = (struct vop_net_stats){
		.violations = vop_core_load(&n->core.violations),
		.last_violation = __atomic_load_n(&n->core.last_violation, __ATOMIC_RELAXED),
	};
	for (i = 0; i < n->pairs; i++) {
		const struct net_pair *p = n->pair[i];

		out->tx_frames += vop_core_load(&p->tx.count.frames);
		out->tx_bytes += vop_core_load(&p->tx.count.bytes);
		out->rx_frames += vop_core_load(&p->rx.count.frames);
		out->rx_bytes += vop_core_load(&p->rx.count.bytes);
		out->rx_no_buffer += vop_core_load(&p->rx.count.starved);
	}
}
