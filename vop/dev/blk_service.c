/* SPDX-License-Identifier: BSD-2-Clause */
/* The block device as a stand-alone node serves it (vop/service_type.h). */
#include <stdio.h>
#include <string.h>

#include "vop/dev/blk.h"
#include "vop/service_type.h"

#define MEMORY_SIZE (64u << 20)

/* As vop_blk_config has them: false, true. */
static const char *const switches[] = {"off", "on", NULL};
static const char *const caches[] = {"writeback", "writethrough", NULL};
static const char *const blocks[] = {"512", "4096", NULL};
static const uint32_t block_size[] = {512, 4096};

/* The order of the keys. */
enum { SIZE, FILE_NAME, READ_ONLY, QUEUES, BLOCK, CACHE, ID };

static const struct vop_service_key keys[] = {
	[SIZE] = {.name = "size",
		  .kind = VOP_KEY_SIZE,
		  .min = VOP_BLK_SECTOR,
		  .max = UINT64_C(1) << 46,
		  .value = "BYTES",
		  .help = "of the disk (default: as the file, or 64M of memory)"},
	[FILE_NAME] = {.name = "file",
		       .kind = VOP_KEY_TEXT,
		       .value = "PATH",
		       .help = "where its sectors are kept; made with size= if it is not there "
			       "(default: in memory, while the link is up)"},
	[READ_ONLY] = {.name = "ro",
		       .kind = VOP_KEY_WORD,
		       .words = switches,
		       .help = "writes fail"},
	[QUEUES] = {.name = "queues",
		    .kind = VOP_KEY_NUMBER,
		    .min = 1,
		    .max = VOP_BLK_QUEUES_MAX,
		    .def = 1,
		    .value = "N",
		    .help = "request queues"},
	[BLOCK] = {.name = "block",
		   .kind = VOP_KEY_WORD,
		   .words = blocks,
		   .help = "bytes of a block, as the driver is told"},
	[CACHE] = {.name = "cache",
		   .kind = VOP_KEY_WORD,
		   .words = caches,
		   .help = "the mode before a driver changes it"},
	[ID] = {.name = "id",
		.kind = VOP_KEY_TEXT,
		.value = "TEXT",
		.help = "its identity, at most 20 characters (default: its name)"},
	{.name = NULL},
};

static const struct vop_service_feature features[] = {
	{VOP_BLK_F_SEG_MAX, "SEG_MAX"},
	{VOP_BLK_F_GEOMETRY, "GEOMETRY"},
	{VOP_BLK_F_RO, "RO"},
	{VOP_BLK_F_BLK_SIZE, "BLK_SIZE"},
	{VOP_BLK_F_FLUSH, "FLUSH"},
	{VOP_BLK_F_TOPOLOGY, "TOPOLOGY"},
	{VOP_BLK_F_CONFIG_WCE, "CONFIG_WCE"},
	{VOP_BLK_F_MQ, "MQ"},
	{VOP_BLK_F_DISCARD, "DISCARD"},
	{VOP_BLK_F_WRITE_ZEROES, "WRITE_ZEROES"},
	{VOP_BLK_F_SECURE_ERASE, "SECURE_ERASE"},
	{0, NULL},
};

static const struct vop_service_counter counters[] = {
	{"read", "requests", true},    {"write", "requests", true}, {"others", "requests", false},
	{"failed", "requests", false}, {NULL, NULL, false},
};

static int blk_check(const struct vop_service_device *as, struct vop_error *err)
{
	const char *id = as->v[ID].text;
	uint32_t block = block_size[as->v[BLOCK].number];
	size_t i;

	if (as->v[SIZE].number % block) {
		snprintf(err->text, sizeof(err->text), "size %llu is no multiple of the block, %u",
			 (unsigned long long)as->v[SIZE].number, block);
		return -EINVAL;
	}
	/* A NUL-padded ASCII string (5.2.6). */
	for (i = 0; id && id[i]; i++)
		if (id[i] < ' ' || id[i] > '~' || i == VOP_BLK_NAME_MAX) {
			snprintf(err->text, sizeof(err->text),
				 "id '%s' is no ASCII text of at most %u characters", id,
				 VOP_BLK_NAME_MAX);
			return -EINVAL;
		}
	return 0;
}

static uint16_t blk_queues(const struct vop_service_device *as)
{
	return (uint16_t)as->v[QUEUES].number;
}

static int make_backend(const union vop_service_value *v, struct vop_blk_backend *b,
			struct vop_error *err)
{
	uint64_t size = v[SIZE].number;

	if (v[FILE_NAME].text)
		return vop_blk_backend_file(b, v[FILE_NAME].text, size, v[READ_ONLY].number, err);
	return vop_blk_backend_memory(b, size ? size : MEMORY_SIZE, err);
}

static void *blk_open(const struct vop_service_open *o, struct vop_error *err)
{
	const union vop_service_value *v = o->as->v;
	const char *id = v[ID].text ? v[ID].text : o->info->name;
	struct vop_blk_config c = {
		.block_size = block_size[v[BLOCK].number],
		.read_only = v[READ_ONLY].number,
		.write_through = v[CACHE].number,
		.queues = VOP_MIN(o->info->queues_max, VOP_BLK_QUEUES_MAX),
		.queue_size_max = o->info->queue_size_max,
		.pool_size = o->pool_size,
		.notify = o->as->notify,
		.poller = o->poller,
	};
	struct vop_blk *blk;

	memcpy(c.id, id, strnlen(id, sizeof(c.id)));
	if (make_backend(v, &c.backend, err))
		return NULL;
	blk = vop_blk_open(o->device, &c, err);
	if (!blk)
		c.backend.free(c.backend.ctx);
	return blk;
}

static void blk_close(void *dev)
{
	vop_blk_close(dev);
}

static void blk_attend(void *dev)
{
	vop_blk_attend(dev);
}

static void blk_stats(const void *dev, struct vop_service_stats *out)
{
	struct vop_blk_stats st;

	vop_blk_get_stats(dev, &st);
	*out = (struct vop_service_stats){
		.count = {st.reads, st.writes, st.others, st.failed},
		.violations = st.violations,
		.last_violation = st.last_violation,
	};
}

const struct vop_service_type vop_service_blk = {
	.device_id = VOP_BLK_ID,
	.name = "blk",
	.keys = keys,
	.counters = counters,
	.features = features,
	.check = blk_check,
	.queues = blk_queues,
	.open = blk_open,
	.close = blk_close,
	.attend = blk_attend,
	.stats = blk_stats,
};
