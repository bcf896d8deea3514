/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/env.h"
#include "bench/feature_opt.h"
#include "bench/frame.h"
#include "bench/net_load.h"
#include "bench/net_opts.h"
#include "target/feature_names.h"
#include "vop/dev/net.h"

const char *const net_dir_words[NET_DIRS + 1] = {"tx", "rx", "both", "latency", NULL};

static const char *const ring_words[] = {"split", "packed", NULL};
static const char *const payload_words[] = {"made", "kept", NULL};
static const char *const node_words[] = {"host", "endpoint", NULL};
const char *const net_notify_words[] = {"poll", "event", "adaptive", NULL};
const char *const net_placement_words[] = {"driver",	  "device",	 "posted", "driver+push",
					   "device+push", "posted+push", NULL};

void net_opts_table(struct net_opts *o, struct opt *table)
{
	const struct opt t[] = {
		{"target", OPT_STRING, &o->target, "URI",
		 "what plays the device: vop: starts our own, vop:PATH attaches to a node, "
		 "vhost-user:PATH drives the back-end that listens there",
		 "vop:", 0, 0, 0, 0, NULL},
		{"size", OPT_SIZES, &o->size, "LIST",
		 "frame sizes in bytes, without the virtio header", "64,256,1518,9000,65536",
		 FRAME_MIN, FRAME_MAX, 0, 0, NULL},
		{"dir", OPT_WORDS, &o->dir, "LIST",
		 "what to measure: tx is driver to device, rx the other way, both at "
		 "once, latency the way of a frame there and back",
		 "tx,rx,both,latency", 0, 0, 0, 0, net_dir_words},
		{"ring", OPT_ENUM, &o->ring, NULL, "virtqueue format", "packed", 0, 0, 0, 0,
		 ring_words},
		{"features", OPT_WORDS, &o->features, "LIST",
		 "features to negotiate: a list replaces the default, +word and -word change it "
		 "(default: indirect_desc, event_idx, in_order, mac, mtu, status)",
		 NULL, 0, 0, 0, 0, feature_words(VOP_NET_ID)},
		{"placement", OPT_ENUM, &o->placement, NULL,
		 "in whose memory rings lie (posted, split only: each part at its "
		 "reader); +push: the driver copies payload into the device's memory",
		 "driver", 0, 0, 0, 0, net_placement_words},
		{"notify", OPT_ENUM, &o->notify, NULL, "how both sides wait for one another",
		 "poll", 0, 0, 0, 0, net_notify_words},
		{"spin", OPT_DURATION, &o->spin, NULL, "adaptive: sleep after so long without work",
		 "50us", 0, 10000000000ull, 0, 0, NULL},
		{"queues", OPT_U64, &o->queues, "N", "queue pairs of a device", "1", 1,
		 VOP_NET_PAIRS_MAX, 0, 0, NULL},
		{"devices", OPT_U64, &o->devices, "N", "net devices on the link", "1", 1,
		 NET_LOAD_DEVICES, 0, 0, NULL},
		{"queue-size", OPT_U64, &o->queue_size, "N", "descriptors of a queue", "256", 2,
		 VOP_QUEUE_SIZE_MAX, 0, 0, NULL},
		{"depth", OPT_U64, &o->depth, "N",
		 "buffers in flight per queue; 0: the queue's size, fewer for large frames", "0", 0,
		 VOP_QUEUE_SIZE_MAX, 0, 0, NULL},
		{"batch", OPT_U64, &o->batch, "N", "frames made at a time (docs/peers.md)", "32", 1,
		 64, 0, 0, NULL},
		{"stride", OPT_SIZE, &o->stride, "BYTES",
		 "distance of transmit buffers; 0: an odd number of cache lines", "0", 0, 1u << 20,
		 0, 0, NULL},
		{"small-rx", OPT_FLAG, &o->small_rx, NULL,
		 "with +mrg_rxbuf: receive buffers of 2 KiB, frames span several", NULL, 0, 0, 0, 0,
		 NULL},
		{"rounds", OPT_U64, &o->rounds, "N", "rounds of each case in each pass", "8", 1,
		 10000, 0, 0, NULL},
		{"passes", OPT_U64, &o->passes, "N",
		 "go through all cases so often, with new processes each time", "1", 1, 1000, 0, 0,
		 NULL},
		{"duration", OPT_DURATION, &o->duration, NULL, "counted time of a round", "100ms",
		 1000000, 60000000000ull, 0, 0, NULL},
		{"rate", OPT_RATE, &o->rate, "N",
		 "latency: offered frames a second (open loop); 0: one at a time; "
		 "tx, rx and both are floods whatever it says",
		 "0", 0, 1000000000, 0, 0, NULL},
		{"no-limit", OPT_FLAG, &o->no_limit, NULL,
		 "do not measure the limits around each round: quicker, and no shares", NULL, 0, 0,
		 0, 0, NULL},
		{"payload", OPT_ENUM, &o->payload, NULL,
		 "tx into a target of yours: make each frame anew, or keep all but its first 64 "
		 "bytes in the buffer, as packet generators do",
		 "made", 0, 0, 0, 0, payload_words},
		{"device-polls", OPT_FLAG, &o->device_polls, NULL,
		 "vhost-user: ask the back-end to poll (no kick descriptor)", NULL, 0, 0, 0, 0,
		 NULL},
		{"no-verify", OPT_FLAG, &o->no_verify, NULL,
		 "rx from a target of yours: count frames of the right length, whatever is in "
		 "them",
		 NULL, 0, 0, 0, 0, NULL},
		{"ndr", OPT_FLAG, &o->ndr, NULL,
		 "tx: search the no-drop rate instead of the flood rate, nothing else", NULL, 0, 0,
		 0, 0, NULL},
		{"idle", OPT_FLAG, &o->idle, NULL,
		 "measure the CPU time of an idle device too (1 s, at the end)", NULL, 0, 0, 0, 0,
		 NULL},
		{"device-on", OPT_ENUM, &o->device_on, NULL, "node that plays the device",
		 "endpoint", 0, 0, 0, 0, node_words},
		{"created-by", OPT_ENUM, &o->created_by, NULL, "node that creates the device",
		 "endpoint", 0, 0, 0, 0, node_words},
		{"cpus", OPT_SIZES, &o->cpus, "A,B",
		 "CPUs of driver and device (default: the first two usable ones)", NULL, 0, 0, 0, 0,
		 NULL},
		{"chaos", OPT_U64, &o->chaos, "N",
		 "instead of measuring: kill one of the two processes N times during traffic, "
		 "restart it, check the books",
		 "0", 0, 100000, 0, 0, NULL},
		{"timeout", OPT_DURATION, &o->timeout, NULL, "longest wait for a peer or an answer",
		 "10s", 1000000, 3600000000000ull, 0, 0, NULL},
		{"no-huge", OPT_FLAG, &o->no_huge, NULL, "do not use huge pages", NULL, 0, 0, 0, 0,
		 NULL},
		{"json", OPT_STRING, &o->json, "FILE",
		 "write the result there (default: a new file under results/)", NULL, 0, 0, 0, 0,
		 NULL},
		{"no-save", OPT_FLAG, &o->no_save, NULL, "write no result file", NULL, 0, 0, 0, 0,
		 NULL},
		{"quiet", OPT_FLAG, &o->quiet, NULL, "no progress line", NULL, 0, 0, 0, 0, NULL},
		{"burn", OPT_U64, &o->burn, "PCT",
		 "test only: waste so much of each side's time, to see whether it is found", "0", 0,
		 1000, 0, 0, NULL},
	};
	unsigned n = VOP_ARRAY_SIZE(t);

	memcpy(table, t, sizeof(t));
	n += against_opts_table(&o->against, table + n);
	table[n] = (struct opt){0};
}

/* Defaults, then the user's words. Ring format and pairs decide about some bits themselves. */
static int choose_features(const struct net_opts *o, struct net_plan *p, struct vop_error *err)
{
	static const unsigned standard[] = {VOP_F_INDIRECT_DESC, VOP_F_EVENT_IDX, VOP_F_IN_ORDER,
					    VOP_NET_F_MAC,	 VOP_NET_F_MTU,	  VOP_NET_F_STATUS};

	feature_opt(VOP_NET_ID, &o->features, standard, VOP_ARRAY_SIZE(standard), p->want, p->need);
	if (p->packed) {
		vop_feature_set(p->want, VOP_F_RING_PACKED);
		vop_feature_set(p->need, VOP_F_RING_PACKED);
	}
	if (o->queues > 1) {
		vop_feature_set(p->want, VOP_NET_F_MQ);
		vop_feature_set(p->want, VOP_NET_F_CTRL_VQ);
		vop_feature_set(p->need, VOP_NET_F_MQ);
		vop_feature_set(p->need, VOP_NET_F_CTRL_VQ);
	}
	if (o->small_rx && !vop_feature_has(p->want, VOP_NET_F_MRG_RXBUF)) {
		snprintf(err->text, sizeof(err->text),
			 "--small-rx needs mergeable buffers; add --features +mrg_rxbuf");
		return -EINVAL;
	}
	return 0;
}

static int choose_cpus(const struct net_opts *o, struct net_plan *p, struct vop_error *err)
{
	int usable[256];
	unsigned n = env_usable_cpus(usable, VOP_ARRAY_SIZE(usable));

	p->cpus_usable = n;
	if (o->cpus.n == 0) {
		p->cpu[SIDE_DRIVER] = n ? usable[0] : -1;
		p->cpu[SIDE_DEVICE] = n > 1 ? usable[1] : p->cpu[SIDE_DRIVER];
	} else if (o->cpus.n != SIDES) {
		snprintf(err->text, sizeof(err->text),
			 "--cpus takes two numbers: the driver's CPU and the device's, like --cpus "
			 "0,1");
		return -EINVAL;
	} else {
		for (unsigned i = 0; i < SIDES; i++) {
			bool ok = false;

			for (unsigned k = 0; k < n && k < VOP_ARRAY_SIZE(usable); k++)
				ok |= (uint64_t)usable[k] == o->cpus.v[i];
			if (!ok) {
				snprintf(err->text, sizeof(err->text),
					 "--cpus: CPU %llu is not usable by this process; see: "
					 "vop-bench doctor",
					 (unsigned long long)o->cpus.v[i]);
				return -EINVAL;
			}
			p->cpu[i] = (int)o->cpus.v[i];
		}
	}
	p->yield = p->cpu[0] == p->cpu[1];
	return 0;
}

/* Memory one lane needs in a window, both directions, for the largest frame. */
static uint64_t lane_bytes(const struct net_opts *o)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < o->size.n; i++) {
		uint32_t size = (uint32_t)o->size.v[i];
		uint64_t depth =
			o->depth ? o->depth : net_load_depth(size, (uint32_t)o->queue_size);
		uint64_t stride = o->stride ? o->stride : net_load_stride(size);
		uint64_t need =
			VOP_MIN(depth, o->queue_size) * (stride + VOP_MAX(stride, 1664u)) + 16384;

		most = VOP_MAX(most, need);
	}
	/* Rings: at most 26 bytes a descriptor split, both directions; indirect tables. */
	return most + o->queue_size * 2 * 64 + 65536;
}

int net_plan_make(const struct net_opts *o, const struct opt *table, const struct opt_args *args,
		  struct net_plan *p, struct vop_error *err)
{
	bool vhost_user = strncmp(o->target, "vhost-user:", 11) == 0;
	uint64_t least = o->size.v[0];
	int e;

	*p = (struct net_plan){
		.foreign = strcmp(o->target, "vop:") != 0,
		.packed = o->ring == 1,
		.ring_placement = (enum vop_ring_placement)(o->placement % 3),
		.payload_placement = (enum vop_payload_placement)(o->placement / 3),
	};
	if (!p->packed && (o->queue_size & (o->queue_size - 1))) {
		snprintf(err->text, sizeof(err->text),
			 "--queue-size %llu: a split ring's size is a power of two; take one, or "
			 "--ring packed",
			 (unsigned long long)o->queue_size);
		return -EINVAL;
	}
	if (p->packed && p->ring_placement == VOP_RING_POSTED) {
		snprintf(err->text, sizeof(err->text),
			 "--placement posted needs --ring split: both sides write a packed "
			 "descriptor ring");
		return -EINVAL;
	}
	for (unsigned i = 0; i < o->size.n; i++)
		least = VOP_MAX(least, o->size.v[i]);
	if (o->stride && o->stride < least + VOP_NET_HDR) {
		snprintf(err->text, sizeof(err->text),
			 "--stride %llu is less than the largest frame and its header (%llu)",
			 (unsigned long long)o->stride, (unsigned long long)(least + VOP_NET_HDR));
		return -EINVAL;
	}
	if (p->foreign && (o->chaos || o->ndr || o->idle)) {
		snprintf(err->text, sizeof(err->text),
			 "--chaos, --ndr and --idle need both ends: leave out --target");
		return -EINVAL;
	}
	if (o->device_polls && !vhost_user) {
		snprintf(err->text, sizeof(err->text),
			 "--device-polls is asked of a vhost-user back-end; add --target "
			 "vhost-user:PATH");
		return -EINVAL;
	}
	if (vhost_user && o->devices > 1) {
		snprintf(err->text, sizeof(err->text),
			 "--devices %llu: behind a vhost-user socket there is one device; leave it "
			 "out",
			 (unsigned long long)o->devices);
		return -EINVAL;
	}
	if (o->payload && (!p->foreign || (opt_given(table, args, "dir") &&
					   (o->dir.n != 1 || o->dir.v[0].index != NET_TX)))) {
		snprintf(err->text, sizeof(err->text),
			 "--payload kept sends what nobody can verify; it needs --target URI "
			 "--dir tx");
		return -EINVAL;
	}
	if (o->no_verify && (!p->foreign || o->dir.n != 1 || o->dir.v[0].index != NET_RX)) {
		snprintf(err->text, sizeof(err->text),
			 "--no-verify is for what a target of yours sends; add --target URI --dir "
			 "rx");
		return -EINVAL;
	}
	if (o->ndr && opt_given(table, args, "dir") &&
	    (o->dir.n != 1 || o->dir.v[0].index != NET_TX)) {
		snprintf(err->text, sizeof(err->text),
			 "--ndr searches the rate of tx only; leave out --dir");
		return -EINVAL;
	}
	if (p->foreign && !opt_given(table, args, "dir")) {
		/* What every backend can do. */
		p->dir[p->dirs++] = NET_TX;
	} else {
		for (unsigned i = 0; i < o->dir.n; i++) {
			bool twice = false;

			for (unsigned k = 0; k < p->dirs; k++)
				twice |= p->dir[k] == o->dir.v[i].index;
			if (!twice)
				p->dir[p->dirs++] = o->dir.v[i].index;
		}
	}
	e = choose_features(o, p, err);
	if (e == 0)
		e = choose_cpus(o, p, err);
	p->window = vop_align_up(o->devices * o->queues * lane_bytes(o) + (8ull << 20), 2ull << 20);
	return e;
}

void net_request_open(const struct net_opts *o, const struct net_plan *p, enum bench_side side,
		      const char *uri, struct agent_request *r)
{
	enum vop_node_id device = o->device_on ? VOP_ENDPOINT : VOP_HOST;
	enum vop_node_id creator = o->created_by ? VOP_ENDPOINT : VOP_HOST;
	enum vop_node_id self =
		side == SIDE_DEVICE ? device : (device == VOP_HOST ? VOP_ENDPOINT : VOP_HOST);

	*r = (struct agent_request){.op = AGENT_OPEN};
	r->open = (struct agent_open){
		.self = self,
		.creates = self == creator && !p->foreign,
		.foreign = p->foreign,
		.no_huge = o->no_huge,
		.device_polls = o->device_polls,
		.notify = (uint8_t)o->notify,
		.devices = (uint16_t)o->devices,
		.pairs = (uint16_t)o->queues,
		.queue_size_max = (uint16_t)o->queue_size,
		.window = p->window,
		.pool = p->ring_placement == VOP_RING_DRIVER &&
					p->payload_placement == VOP_PAYLOAD_PULL
				? 0
				: vop_align_up(o->queues * lane_bytes(o) + 65536, 4096),
		.spin_ns = o->spin,
		.timeout_ms = (int)(o->timeout / 1000000u),
	};
	if (r->open.pool)
		r->open.window = p->window + o->devices * r->open.pool;
	snprintf(r->open.uri, sizeof(r->open.uri), "%s", uri);
}

void net_request_session(const struct net_opts *o, const struct net_plan *p, uint32_t size,
			 struct agent_request *r)
{
	*r = (struct agent_request){.op = AGENT_SESSION};
	r->session = (struct agent_session){
		.want = {p->want[0], p->want[1]},
		.need = {p->need[0], p->need[1]},
		.size = size,
		.stride = (uint32_t)o->stride,
		.depth = (uint32_t)o->depth,
		.batch = (uint32_t)o->batch,
		.queue_size = (uint16_t)o->queue_size,
		.pairs = (uint16_t)o->queues,
		.ring_placement = (uint8_t)p->ring_placement,
		.payload_placement = (uint8_t)p->payload_placement,
		.notify = (uint8_t)o->notify,
		.small_rx = o->small_rx,
		.kept = o->payload == 1,
		.any = o->no_verify,
		.spin_ns = o->spin,
	};
}
