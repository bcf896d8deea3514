/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/fs_run.h"

const char *const fs_notify_words[] = {"poll", "event", "adaptive", NULL};
const char *const fs_ring_words[] = {"split", "packed", NULL};

#define QUEUES_MAX (FS_LANES_MAX - FS_LANE)

void fs_opts_table(struct fs_opts *o, struct opt *table)
{
	const struct opt t[] = {
		{"target", OPT_STRING, &o->target, "URI",
		 "what plays the device, like vhost-user:PATH", NULL, 0, 0, 0, 0, NULL},
		{"spawn", OPT_STRING, &o->spawn, "CMD",
		 "start the target with this command, which serves a vhost-user socket at "
		 "$VOP_SOCKET",
		 NULL, 0, 0, 0, 0, NULL},
		{"pattern", OPT_WORDS, &o->pattern, "LIST", "what to ask of the file system",
		 "getattr,lookup,open,churn,seqread,randread,seqwrite,randwrite", 0, 0, 0, 0,
		 fs_pattern_words},
		{"size", OPT_SIZES, &o->size, "LIST",
		 "bytes of a READ or WRITE; at most what the device takes (max_write)", "4K,128K",
		 512, 4u << 20, 0, 0, NULL},
		{"depth", OPT_SIZES, &o->depth, "LIST", "requests in flight on each request queue",
		 "1,16", 1, 1024, 0, 0, NULL},
		{"files", OPT_U64, &o->files, "N", "files the run makes and works on", "4", 1,
		 FS_FILES_MAX, 0, 0, NULL},
		{"span", OPT_SIZE, &o->span, NULL, "bytes of each file", "8M", 512, 1ull << 34, 0,
		 0, NULL},
		{"ring", OPT_ENUM, &o->ring, NULL, "virtqueue format", "split", 0, 0, 0, 0,
		 fs_ring_words},
		{"notify", OPT_ENUM, &o->notify, NULL, "how answers are waited for", "poll", 0, 0,
		 0, 0, fs_notify_words},
		{"spin", OPT_DURATION, &o->spin, NULL, "adaptive: sleep after so long without work",
		 "50us", 0, 10000000000ull, 0, 0, NULL},
		{"queues", OPT_U64, &o->queues, "N", "request queues", "1", 1, QUEUES_MAX, 0, 0,
		 NULL},
		{"queue-size", OPT_U64, &o->queue_size, "N",
		 "descriptors of a queue; 0: as many as the device has", "0", 0, VOP_QUEUE_SIZE_MAX,
		 0, 0, NULL},
		{"seed", OPT_U64, &o->seed, "N", "of the data and of the order of blocks", "1", 0,
		 0, 0, 0, NULL},
		{"no-limit", OPT_FLAG, &o->no_limit, NULL,
		 "do not measure the limits around each round: quicker, and no shares", NULL, 0, 0,
		 0, 0, NULL},
		{"timeout", OPT_DURATION, &o->timeout, NULL,
		 "longest wait for the device or an answer", "10s", 1000000, 3600000000000ull, 0, 0,
		 NULL},
	};
	unsigned n = VOP_ARRAY_SIZE(t);

	memcpy(table, t, sizeof(t));
	n += pair_opts_table(&o->pair, table + n);
	table[n] = (struct opt){0};
}

#define REFUSE(err, ...) (snprintf((err)->text, sizeof((err)->text), __VA_ARGS__), -EINVAL)

int fs_plan_make(const struct fs_opts *o, struct fs_plan *p, struct vop_error *err)
{
	*p = (struct fs_plan){0};
	if (!o->target && !o->spawn)
		return REFUSE(err, "no target: --target vhost-user:PATH, or --spawn CMD to start "
				   "one (our own node serves no file system)");
	if (o->target && strncmp(o->target, "vop:", 4) == 0)
		return REFUSE(err,
			      "'%.64s': our own node serves no file system; a virtio-fs "
			      "daemon is reached by vhost-user:PATH",
			      o->target);
	if (o->target && strchr(o->target, ':') == NULL)
		return REFUSE(err,
			      "'%.64s' is no target: SCHEME:PATH, like vhost-user:/run/fs.sock "
			      "(see: vop-bench list targets)",
			      o->target);
	for (unsigned i = 0; i < o->pattern.n; i++) {
		enum fs_pattern w = o->pattern.v[i].index;
		bool twice = false;

		for (unsigned k = 0; k < p->patterns; k++)
			twice |= p->pattern[k] == w;
		if (twice)
			continue;
		p->pattern[p->patterns++] = w;
		p->data |= fs_pattern_data(w);
	}
	for (unsigned i = 0; i < o->depth.n; i++)
		p->depth_max = VOP_MAX(p->depth_max, (uint32_t)o->depth.v[i]);
	for (unsigned i = 0; i < o->size.n; i++) {
		p->size_max = VOP_MAX(p->size_max, (uint32_t)o->size.v[i]);
		if (p->data && o->span / o->size.v[i] * o->files < 2ull * p->depth_max * o->queues)
			return REFUSE(err,
				      "--span: files hold too few blocks of %llu bytes for %u "
				      "requests in flight on %llu queue%s: twice as many are "
				      "needed; try a larger --span or a smaller --depth",
				      (unsigned long long)o->size.v[i], p->depth_max,
				      (unsigned long long)o->queues, o->queues == 1 ? "" : "s");
	}
	if (o->ring == 0 && (o->queue_size & (o->queue_size - 1)))
		return REFUSE(err,
			      "--queue-size %llu: a split ring's size is a power of two; take "
			      "one, or --ring packed",
			      (unsigned long long)o->queue_size);
	return 0;
}
