/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The net device's control side (VIRTIO 1.4, 5.1): the offer, life of the queues, violations,
 * counters. Everything here runs on the control thread; whatever the poller also uses changes only
 * while it is paused.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vop/features.h>
#include "vop/dev/net_internal.h"
#include "vop/vq_open.h"

#define NET_S_LINK_UP 1u
#define NET_NO_CTRL   UINT_MAX

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
static struct net_queue *queue_of(struct vop_net *n, unsigned index)
{
	if (index == n->ctrl_index)
		return &n->ctrl;
	if (index >= 2 * (n->mq ? n->pairs : 1))
		return NULL;
	return index % 2 ? &n->pair[index / 2]->tx.q : &n->pair[index / 2]->rx.q;
}

/* The first touch of the ring: only after DRIVER_OK (3.1.1). A queue that is no good is a
 * violation. */
static void open_queue(struct vop_net *n, struct net_queue *q)
{
	const uint64_t *f = vop_device_features(n->d);
	bool peer_polls = q->cfg->call->kind == VOP_DB_NONE;

	q->ring_owed = false;
	q->violation = VOP_V_NONE;
	q->live = vop_devq_open(&q->vq, q->cfg, vop_ring_features(f, peer_polls)) == 0;
}

static struct vop_doorbell *kick_of(const struct net_queue *q)
{
	return q->live ? q->cfg->kick : NULL;
}

/* Give the pair's queues, as they are now, to the poller, or take them away. */
static int update_pair(struct vop_net *n, struct net_pair *p)
{
	struct vop_poller_job job = {
		.poll = vop_net_pair_poll,
		.arm = vop_net_pair_arm,
		.disarm = vop_net_pair_disarm,
		.ctx = p,
		.doorbell = kick_of(&p->tx.q),
		.doorbell2 = kick_of(&p->rx.q),
		.notify = n->notify,
	};
	int r;

	if (p->job)
		vop_poller_remove(n->poller, vop_net_pair_poll, p);
	p->job = false;
	if (!p->tx.q.live && !p->rx.q.live)
		return 0;
	r = vop_poller_add(n->poller, &job);
	p->job = r == 0;
	return r;
}

static int update_ctrl(struct vop_net *n)
{
	struct vop_poller_job job = {
		.poll = vop_net_ctrl_poll,
		.arm = vop_net_ctrl_arm,
		.disarm = vop_net_ctrl_disarm,
		.ctx = n,
		.doorbell = kick_of(&n->ctrl),
		.notify = n->notify,
	};
	int r;

	if (n->ctrl_job)
		vop_poller_remove(n->poller, vop_net_ctrl_poll, n);
	n->ctrl_job = false;
	if (!n->ctrl.live)
		return 0;
	r = vop_poller_add(n->poller, &job);
	n->ctrl_job = r == 0;
	return r;
}

static int update(struct vop_net *n, unsigned index)
{
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

static int go_live(struct vop_net *n, unsigned index, struct net_queue *q)
{
	int r;

	vop_poller_pause(n->poller);
	if (index != n->ctrl_index)
		forget_frames(n->pair[index / 2], index % 2);
	open_queue(n, q);
	r = q->live ? update(n, index) : -EINVAL;
	if (r)
		q->live = false;
	vop_poller_resume(n->poller);
	return r;
}

static int net_queue_start(void *dev, const struct vop_queue_config *cfg)
{
	struct vop_net *n = dev;
	struct net_queue *q = queue_of(n, cfg->index);
	int r = 0;

	if (!q)
		return -EINVAL;
	q->cfg = cfg;
	if (n->running)
		r = go_live(n, cfg->index, q);
	if (r)
		q->cfg = NULL;
	return r;
}

static void net_queue_stop(void *dev, unsigned index)
{
	struct vop_net *n = dev;
	struct net_queue *q = queue_of(n, index);

	if (!q)
		return;
	vop_poller_pause(n->poller);
	q->live = false;
	/* The job goes, or goes on with the other queue of the pair. It cannot fail for want of
	 * memory in a way that leaves somebody polling: the old job is gone by then. */
	update(n, index);
	q->cfg = NULL;
	__atomic_store_n(&q->violation, VOP_V_NONE, __ATOMIC_RELAXED);
	vop_poller_resume(n->poller);
}

/* --- life of the device --- */

static int net_features_ok(void *dev, const uint64_t *f)
{
	struct vop_net *n = dev;
	bool ctrl = vop_feature_has(f, VOP_NET_F_CTRL_VQ);

	/* 5.1.3.1 */
	if (vop_feature_has(f, VOP_NET_F_MQ) && !ctrl)
		return -EINVAL;
	n->mergeable = vop_feature_has(f, VOP_NET_F_MRG_RXBUF);
	n->mq = vop_feature_has(f, VOP_NET_F_MQ);
	/* Behind the last pair, and without MQ there is one (5.1.2). */
	n->ctrl_index = ctrl ? 2 * (n->mq ? n->pairs : 1) : NET_NO_CTRL;
	return 0;
}

static int net_driver_ok(void *dev)
{
	struct vop_net *n = dev;
	unsigned i;
	int r = 0;

	n->running = true;
	n->active = 1;
	for (i = 0; i <= 2 * n->pairs && !r; i++) {
		struct net_queue *q = queue_of(n, i);

		if (q && q->cfg)
			r = go_live(n, i, q);
	}
	return r;
}

static void net_reset(void *dev)
{
	struct vop_net *n = dev;

	/* Every queue was stopped: no job of ours runs. The backend may serve other devices. */
	vop_poller_pause(n->poller);
	n->running = false;
	n->active = 1;
	n->ctrl_index = NET_NO_CTRL;
	n->mq = n->mergeable = false;
	if (n->backend.reset)
		n->backend.reset(n->backend.ctx);
	vop_poller_resume(n->poller);
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
	unsigned i;

	for (i = 0; i <= 2 * n->pairs; i++) {
		struct net_queue *q = queue_of(n, i);
		uint32_t why;

		if (!q || !q->cfg)
			continue;
		/* Pairs with the release in vop_net_violate(). */
		why = __atomic_exchange_n(&q->violation, VOP_V_NONE, __ATOMIC_ACQUIRE);
		if (!why)
			continue;
		__atomic_store_n(&n->violations, n->violations + 1, __ATOMIC_RELAXED);
		__atomic_store_n(&n->last_violation, why, __ATOMIC_RELAXED);
		vop_device_violation(n->d, i, why);
	}
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

__attribute__((format(printf, 2, 3))) static void say(struct vop_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

static bool config_ok(const struct vop_net_config *cfg, struct vop_error *err)
{
	if (cfg->pairs < 1 || cfg->pairs > VOP_NET_PAIRS_MAX)
		say(err, "a net device has 1 to %u queue pairs, not %u", VOP_NET_PAIRS_MAX,
		    cfg->pairs);
	else if (cfg->mtu < 68)
		say(err, "MTU %u is below 68", cfg->mtu);
	else if (cfg->queue_size_max < 1 || cfg->queue_size_max > VOP_QUEUE_SIZE_MAX)
		say(err, "queue size %u is not 1 to %u", cfg->queue_size_max, VOP_QUEUE_SIZE_MAX);
	else if (!cfg->backend.tx || !cfg->poller ||
		 (cfg->backend.rx_lengths && !cfg->backend.rx_fill))
		say(err, "a net device needs a poller and a complete backend");
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
	n->poller = cfg->poller;
	n->notify = cfg->notify;
	n->pairs = cfg->pairs;
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
		p->job = false;
		p->tx.q = p->rx.q = (struct net_queue){0};
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
	int r;

	if (!config_ok(cfg, err))
		return NULL;
	n = create(cfg);
	if (!n) {
		say(err, "out of memory");
		return NULL;
	}
	n->d = d;
	o = make_offer(n, cfg);
	r = vop_device_serve(d, &o);
	if (!r)
		return n;
	if (r == -EBUSY)
		say(err, "the device is being served already");
	else if (r == -ENOSPC)
		say(err, "the window has no room for a pool of %llu bytes",
		    (unsigned long long)cfg->pool_size);
	else if (r == -EINVAL)
		say(err, "the slot was not made for a net device with %u queues of %u", o.queues,
		    o.queue_size_max);
	else
		say(err, "%s", strerror(-r));
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

	return vop_device_config_set(n->d, offsetof(struct net_config_space, status), &status,
				     sizeof(status));
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

void vop_net_get_stats(const struct vop_net *n, struct vop_net_stats *out)
{
	unsigned i;

	*out = (struct vop_net_stats){
		.violations = load(&n->violations),
		.last_violation = __atomic_load_n(&n->last_violation, __ATOMIC_RELAXED),
	};
	for (i = 0; i < n->pairs; i++) {
		const struct net_pair *p = n->pair[i];

		out->tx_frames += load(&p->tx.count.frames);
		out->tx_bytes += load(&p->tx.count.bytes);
		out->rx_frames += load(&p->rx.count.frames);
		out->rx_bytes += load(&p->rx.count.bytes);
		out->rx_no_buffer += load(&p->rx.count.starved);
	}
}
