/* SPDX-License-Identifier: BSD-2-Clause */
/* What the device's agent serves in `run net`: the VOP's net device, a verifying backend behind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/agent_role.h"
#include "bench/net_sink.h"
#include "vop/dev/net.h"

struct net_served {
	struct vop_net *net;
	struct net_sink *sink;
};

static uint16_t queues_max(const struct agent_open *o)
{
	return (uint16_t)(2 * o->pairs + 1);
}

static void *open_net(struct agent *a, struct vop_device *d, unsigned i, struct vop_poller *p,
		      struct vop_error *err)
{
	const struct agent_open *o = &a->open;
	struct net_served *v = calloc(1, sizeof(*v));
	struct vop_device_info info;
	struct vop_net_config cfg = {
		.mtu = 65535,
		.pairs = o->pairs,
		.queue_size_max = o->queue_size_max,
		.pool_size = o->pool,
		.notify = o->notify,
		.poller = p,
	};

	if (v == NULL)
		return NULL;
	vop_device_info(d, &info);
	/* Locally administered, numbered by slot. */
	memcpy(cfg.mac, (uint8_t[6]){2, 0, 0, 0, 0, (uint8_t)info.slot}, 6);
	v->sink = net_sink_new(a->sh, i * o->pairs, o->pairs, &cfg.backend);
	v->net = v->sink ? vop_net_open(d, &cfg, err) : NULL;
	if (v->net)
		return v;
	if (v->sink)
		cfg.backend.free(cfg.backend.ctx);
	free(v);
	return NULL;
}

static void close_net(void *dev)
{
	struct net_served *v = dev;

	vop_net_close(v->net);
	free(v);
}

static void attend(void *dev)
{
	vop_net_attend(((struct net_served *)dev)->net);
}

static void stats(void *dev, struct agent_answer *ans)
{
	struct vop_net_stats st;

	vop_net_get_stats(((struct net_served *)dev)->net, &st);
	ans->violations += st.violations;
	if (st.last_violation && !ans->text[0])
		snprintf(ans->text, sizeof(ans->text), "%s", vop_violation_str(st.last_violation));
}

static bool receives(const struct job *j)
{
	return j->kind == JOB_TX || j->kind == JOB_BOTH;
}

static void begin(void *dev, const struct job *j)
{
	net_sink_mode(((struct net_served *)dev)->sink, j->kind, j->bytes);
}

static void end(void *dev)
{
	net_sink_stop_source(((struct net_served *)dev)->sink);
}

static uint64_t counted(void *dev, const struct job *j)
{
	const struct net_served *v = dev;

	return receives(j) ? net_sink_delivered(v->sink) : net_sink_made(v->sink);
}

static uint64_t moved(void *dev)
{
	const struct net_served *v = dev;

	return net_sink_delivered(v->sink) + net_sink_made(v->sink);
}

static bool keeps(const struct job *j)
{
	return j->kind == JOB_TX;
}

static bool even(void *dev, const struct job *j)
{
	return !receives(j) || net_sink_even(((struct net_served *)dev)->sink);
}

static uint64_t copies(const struct job *j)
{
	return j->kind == JOB_TX || j->kind == JOB_RX ? 100 : 200;
}

const struct served_ops served_net = {
	.device_id = VOP_NET_ID,
	.queues_max = queues_max,
	.open = open_net,
	.close = close_net,
	.attend = attend,
	.stats = stats,
	.begin = begin,
	.end = end,
	.counted = counted,
	.moved = moved,
	.keeps = keeps,
	.even = even,
	.copies = copies,
};
