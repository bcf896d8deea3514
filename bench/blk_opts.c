/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/blk_run.h"
#include "bench/feature_opt.h"
#include "target/feature_names.h"

const char *const blk_pattern_words[BLK_PATTERNS + 1] = {"read",   "write", "randread", "randwrite",
							 "randrw", "flush", NULL};
const char *const blk_notify_words[] = {"poll", "event", "adaptive", NULL};
const char *const blk_verify_words[] = {"written", "stable", "none", NULL};
static const char *const ring_words[] = {"split", "packed", NULL};

void blk_opts_table(struct blk_opts *o, struct opt *table)
{
	const struct opt t[] = {
		{"target", OPT_STRING, &o->target, "URI",
		 "what plays the device: vop: starts our own, vop:PATH attaches to a node, "
		 "vhost-user:PATH drives the back-end that listens there",
		 "vop:", 0, 0, 0, 0, NULL},
		{"spawn", OPT_STRING, &o->spawn, "CMD",
		 "start the target with this command, which serves a socket at $VOP_SOCKET; "
		 "--target says how it is reached, like vhost-user:",
		 NULL, 0, 0, 0, 0, NULL},
		{"pattern", OPT_WORDS, &o->pattern, "LIST",
		 "what to ask of the disk (default: all; on a target that may not be written read, "
		 "randread and flush)",
		 "read,write,randread,randwrite,randrw,flush", 0, 0, 0, 0, blk_pattern_words},
		{"size", OPT_SIZES, &o->size, "LIST", "bytes of a request, multiples of 512",
		 "4K,64K", BLK_SECTOR, 4u << 20, 0, 0, NULL},
		{"depth", OPT_SIZES, &o->depth, "LIST", "requests in flight on each queue",
		 "1,4,16,32,64,128", 1, VOP_QUEUE_SIZE_MAX, 0, 0, NULL},
		{"span", OPT_SIZE, &o->span, NULL,
		 "bytes of the disk that are used, from its start; fewer when it is smaller", "64M",
		 BLK_SECTOR, 1ull << 40, 0, 0, NULL},
		{"destroy", OPT_FLAG, &o->destroy, NULL,
		 "a target that is not ours may be written: WHAT ITS DISK HOLDS IS LOST", NULL, 0,
		 0, 0, 0, NULL},
		{"no-verify", OPT_FLAG, &o->no_verify, NULL,
		 "neither make nor compare data: for devices that forget it; figures are marked "
		 "unverified",
		 NULL, 0, 0, 0, 0, NULL},
		{"mix", OPT_U64, &o->mix, "PCT", "randrw: per cent of reads", "50", 1, 99, 0, 0,
		 NULL},
		{"ring", OPT_ENUM, &o->ring, NULL, "virtqueue format", "split", 0, 0, 0, 0,
		 ring_words},
		{"features", OPT_WORDS, &o->features, "LIST",
		 "features to negotiate: a list replaces the default, +word and -word change it "
		 "(default: indirect_desc, event_idx, in_order, size_max, seg_max, blk_size, ro, "
		 "flush)",
		 NULL, 0, 0, 0, 0, feature_words(VOP_BLK_ID)},
		{"notify", OPT_ENUM, &o->notify, NULL, "how both sides wait for one another",
		 "poll", 0, 0, 0, 0, blk_notify_words},
		{"spin", OPT_DURATION, &o->spin, NULL, "adaptive: sleep after so long without work",
		 "50us", 0, 10000000000ull, 0, 0, NULL},
		{"queues", OPT_U64, &o->queues, "N", "request queues", "1", 1, VOP_BLK_QUEUES_MAX,
		 0, 0, NULL},
		{"queue-size", OPT_U64, &o->queue_size, "N",
		 "descriptors of a queue; 0: enough for the depth", "0", 0, VOP_QUEUE_SIZE_MAX, 0,
		 0, NULL},
		{"batch", OPT_U64, &o->batch, "N", "requests made available at a time, at most",
		 "32", 1, 64, 0, 0, NULL},
		{"rate", OPT_RATE, &o->rate, "N",
		 "requests offered a second (open loop), latency from the intended time; 0: as "
		 "fast "
		 "as it goes",
		 "0", 0, 1000000000, 0, 0, NULL},
		{"seed", OPT_U64, &o->seed, "N", "of the data and of the order of blocks", "1", 0,
		 0, 0, 0, NULL},
		{"disk", OPT_STRING, &o->disk, "FILE",
		 "our own device keeps its disk in this file, whose contents are lost (default: in "
		 "memory)",
		 NULL, 0, 0, 0, 0, NULL},
		{"passes", OPT_U64, &o->passes, "N",
		 "go through all cases so often, with new processes each time", "1", 1, 1000, 0, 0,
		 NULL},
		{"no-limit", OPT_FLAG, &o->no_limit, NULL,
		 "do not measure the limits around each round: quicker, and no shares", NULL, 0, 0,
		 0, 0, NULL},
		{"timeout", OPT_DURATION, &o->timeout, NULL,
		 "longest wait for a peer, an answer or a request", "10s", 1000000,
		 3600000000000ull, 0, 0, NULL},
		{"no-huge", OPT_FLAG, &o->no_huge, NULL, "do not use huge pages", NULL, 0, 0, 0, 0,
		 NULL},
	};
	unsigned n = VOP_ARRAY_SIZE(t);

	memcpy(table, t, sizeof(t));
	n += pair_opts_table(&o->pair, table + n);
	table[n] = (struct opt){0};
}

#define REFUSE(err, ...) (snprintf((err)->text, sizeof((err)->text), __VA_ARGS__), -EINVAL)

static int choose_patterns(const struct blk_opts *o, struct blk_plan *p, struct vop_error *err)
{
	for (unsigned i = 0; i < o->pattern.n; i++) {
		enum blk_pattern w = o->pattern.v[i].index;

		if (p->defaults && blk_pattern_writes(w) && !p->may_write)
			continue;
		if (blk_pattern_writes(w) && !p->may_write)
			return REFUSE(
				err,
				"--pattern %s writes to a disk that is not ours: add --destroy "
				"if its contents may be lost",
				blk_pattern_words[w]);
		p->pattern[p->patterns++] = w;
	}
	return 0;
}

static int choose_sizes(const struct blk_opts *o, struct blk_plan *p, struct vop_error *err)
{
	uint64_t size = 256, each = vop_feature_has(p->want, VOP_F_INDIRECT_DESC) ? 1 : 3;

	p->size_unit = 0;
	for (unsigned i = 0; i < o->size.n; i++) {
		uint32_t v = (uint32_t)o->size.v[i], low = v & -v;

		if (v % BLK_SECTOR)
			return REFUSE(err, "--size %u is no multiple of a sector, 512 bytes", v);
		p->size_max = VOP_MAX(p->size_max, v);
		p->size_unit = p->size_unit ? VOP_MIN(p->size_unit, low) : low;
	}
	for (unsigned i = 0; i < o->depth.n; i++)
		p->depth_max = VOP_MAX(p->depth_max, (uint32_t)o->depth.v[i]);
	while (size < each * p->depth_max)
		size *= 2;
	size = o->queue_size ? o->queue_size : size;
	if (size > VOP_QUEUE_SIZE_MAX)
		return REFUSE(err,
			      "--depth %u needs a queue of more than %u descriptors; add "
			      "--features +indirect_desc or try a smaller one",
			      p->depth_max, VOP_QUEUE_SIZE_MAX);
	if (!p->packed && (size & (size - 1)))
		return REFUSE(err,
			      "--queue-size %llu: a split ring's size is a power of two; take "
			      "one, or --ring packed",
			      (unsigned long long)size);
	p->queue_size = (uint16_t)size;
	return 0;
}

static void choose_features(const struct blk_opts *o, struct blk_plan *p)
{
	static const unsigned standard[] = {
		VOP_F_INDIRECT_DESC, VOP_F_EVENT_IDX,	 VOP_F_IN_ORDER, VOP_BLK_F_SIZE_MAX,
		VOP_BLK_F_SEG_MAX,   VOP_BLK_F_BLK_SIZE, VOP_BLK_F_RO,	 VOP_BLK_F_FLUSH,
	};

	feature_opt(VOP_BLK_ID, &o->features, standard, VOP_ARRAY_SIZE(standard), p->want, p->need);
	if (p->packed) {
		vop_feature_set(p->want, VOP_F_RING_PACKED);
		vop_feature_set(p->need, VOP_F_RING_PACKED);
	}
	if (o->queues > 1) {
		vop_feature_set(p->want, VOP_BLK_F_MQ);
		vop_feature_set(p->need, VOP_BLK_F_MQ);
	}
}

int blk_plan_make(const struct blk_opts *o, const struct opt *table, const struct opt_args *args,
		  struct blk_plan *p, struct vop_error *err)
{
	uint64_t lane;
	int e;

	*p = (struct blk_plan){
		.foreign = o->spawn || strcmp(o->target, "vop:") != 0,
		.defaults = !opt_given(table, args, "pattern"),
		.packed = o->ring == 1,
	};
	p->may_write = !p->foreign || o->destroy;
	if (p->foreign && o->disk)
		return REFUSE(err, "--disk is for our own device: leave out --target and --spawn");
	if (strchr(o->target, ':') == NULL)
		return REFUSE(err,
			      "'%.64s' is no target: SCHEME:PATH, or vop: for our own "
			      "(see: vop-bench list targets)",
			      o->target);
	if (o->disk && strlen(o->disk) >= sizeof(((struct agent_open *)0)->disk_file))
		return REFUSE(err, "--disk: the path is too long");
	if (o->spawn && strlen(o->spawn) >= sizeof(((struct agent_open *)0)->spawn))
		return REFUSE(err, "--spawn: the command is too long");
	if (strlen(o->target) >= sizeof(((struct agent_open *)0)->uri))
		return REFUSE(err, "--target: the path is too long for a socket's");
	choose_features(o, p);
	e = choose_patterns(o, p, err);
	e = e ? e : choose_sizes(o, p, err);
	if (e)
		return e;
	lane = blk_load_bytes(p->size_max, p->depth_max) + p->queue_size * 64ull +
	       p->queue_size * 16ull * 8 + (1u << 20);
	p->window = vop_align_up(o->queues * lane + (8ull << 20), 2ull << 20);
	return 0;
}
