/* SPDX-License-Identifier: BSD-2-Clause */
/* What the device's agent serves in `run blk`: the VOP's block device, its sectors in memory or in
 * a file. */
#include <stdio.h>

#include "bench/agent_role.h"
#include "vop/dev/blk.h"

static uint16_t queues_max(const struct agent_open *o)
{
	return o->pairs;
}

static void *open_blk(struct agent *a, struct vop_device *d, unsigned i, struct vop_poller *p,
		      struct vop_error *err)
{
	const struct agent_open *o = &a->open;
	struct vop_blk_config cfg = {
		.block_size = VOP_BLK_SECTOR,
		.queues = o->pairs,
		.queue_size_max = o->queue_size_max,
		.pool_size = o->pool,
		.notify = o->notify,
		.id = "vop-bench",
		.poller = p,
	};
	struct vop_blk *b;

	(void)i;
	if (o->disk_file[0]
		    ? vop_blk_backend_file(&cfg.backend, o->disk_file, o->disk_size, false, err)
		    : vop_blk_backend_memory(&cfg.backend, o->disk_size, err))
		return NULL;
	b = vop_blk_open(d, &cfg, err);
	if (b == NULL && cfg.backend.free)
		cfg.backend.free(cfg.backend.ctx);
	return b;
}

static void close_blk(void *dev)
{
	vop_blk_close(dev);
}

static void attend(void *dev)
{
	vop_blk_attend(dev);
}

static void stats(void *dev, struct agent_answer *ans)
{
	struct vop_blk_stats st;

	vop_blk_get_stats(dev, &st);
	ans->violations += st.violations;
	if (st.last_violation && !ans->text[0])
		snprintf(ans->text, sizeof(ans->text), "%s", vop_violation_str(st.last_violation));
}

static void begin(void *dev, const struct job *j)
{
	(void)dev;
	(void)j;
}

static void end(void *dev)
{
	(void)dev;
}

static uint64_t moved(void *dev)
{
	struct vop_blk_stats st;

	vop_blk_get_stats(dev, &st);
	return st.reads + st.writes + st.others + st.failed;
}

static uint64_t counted(void *dev, const struct job *j)
{
	(void)j;
	return moved(dev);
}

/* What counts is what came back to the driver. */
static bool keeps(const struct job *j)
{
	(void)j;
	return false;
}

static bool even(void *dev, const struct job *j)
{
	(void)dev;
	(void)j;
	return true;
}

static uint64_t copies(const struct job *j)
{
	return j->bytes ? 100 : 0;
}

const struct served_ops served_blk = {
	.device_id = VOP_BLK_ID,
	.queues_max = queues_max,
	.open = open_blk,
	.close = close_blk,
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
