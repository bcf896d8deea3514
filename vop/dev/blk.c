/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block device's control side (VIRTIO 1.4, 5.2.3 to 5.2.5): the offer, the cache mode,
 * counters. Everything here runs on the control thread; whatever the poller also uses changes only
 * while it is paused.
 */
#include <stdlib.h>
#include <string.h>

#include <vop/features.h>
#include "vop/dev/blk_internal.h"

#define PHYSICAL_BLOCK 4096u /* what both backends like best */
/* Descriptors of a chain that are not data, at least. */
#define NOT_DATA 2u
/* The rest of the pieces is room for headers in crumbs and buffers that cross regions. */
#define SEGMENTS_MAX (VOP_CORE_PIECES / 2)

_Static_assert(offsetof(struct vop_blk_space, writeback) == 32, "layout");
_Static_assert(offsetof(struct vop_blk_space, write_zeroes_may_unmap) == 56, "layout");
_Static_assert(offsetof(struct vop_blk_space, secure_erase_sector_alignment) == 68, "layout");

/* --- queues --- */

/* Without MQ there is one (5.2.2). */
static struct vop_core_queue *queue_of(void *dev, unsigned index)
{
	struct vop_blk *b = dev;

	return index < (b->mq ? b->queues : 1) ? &b->queue[index]->q : NULL;
}

static void forget(void *dev, unsigned index)
{
	struct vop_blk *b = dev;

	b->queue[index]->from = b->queue[index]->n = 0;
}

static int update(void *dev, unsigned index)
{
	struct vop_blk *b = dev;
	struct blk_queue *q = b->queue[index];
	struct vop_poller_job job = {
		.poll = vop_blk_poll,
		.arm = vop_blk_arm,
		.disarm = vop_blk_disarm,
		.ctx = q,
		.doorbell = vop_core_kick(&q->q),
		.notify = b->notify,
	};

	return vop_core_job(b->core.poller, &job, q->q.live, &q->job);
}

static int blk_queue_start(void *dev, const struct vop_queue_config *cfg)
{
	struct vop_blk *b = dev;

	return vop_core_queue_start(&b->core, cfg);
}

static void blk_queue_stop(void *dev, unsigned index)
{
	struct vop_blk *b = dev;

	vop_core_queue_stop(&b->core, index);
}

/* --- the cache mode --- */

static void set_mode(struct vop_blk *b, bool write_through)
{
	vop_poller_pause(b->core.poller);
	b->write_through = write_through;
	vop_poller_resume(b->core.poller);
}

/* What the configuration says of it; only where that field exists. */
static void tell_mode(struct vop_blk *b, uint8_t writeback, bool exists)
{
	if (!exists || b->writeback == writeback)
		return;
	b->writeback = writeback;
	vop_device_config_set(b->core.d, offsetof(struct vop_blk_space, writeback), &writeback, 1);
}

static int blk_features_ok(void *dev, const uint64_t *f)
{
	struct vop_blk *b = dev;
	bool wce = vop_feature_has(f, VOP_BLK_F_CONFIG_WCE);
	bool flushes = vop_feature_has(f, VOP_BLK_F_FLUSH);
	bool through;

	b->features = f[0];
	b->mq = vop_feature_has(f, VOP_BLK_F_MQ);
	/* 5.2.5.2 and 5.2.6.2: a driver that cannot flush must find its writes stable. */
	if (!flushes)
		through = true;
	else
		through = wce && b->starts_through;
	set_mode(b, through);
	tell_mode(b, !through, wce);
	return 0;
}

/* The one field a driver may write, when it accepted CONFIG_WCE (5.2.6.1). */
static int blk_config_write(void *dev, uint32_t offset, const void *data, uint32_t len)
{
	struct vop_blk *b = dev;
	uint8_t writeback;

	if (!(b->features >> VOP_BLK_F_CONFIG_WCE & 1) || len != 1 ||
	    offset != offsetof(struct vop_blk_space, writeback))
		return -EINVAL;
	memcpy(&writeback, data, 1);
	if (writeback > 1)
		return -EINVAL;
	set_mode(b, !writeback);
	b->writeback = writeback;
	return 0;
}

/* --- life of the device --- */

static int blk_driver_ok(void *dev)
{
	struct vop_blk *b = dev;

	return vop_core_driver_ok(&b->core);
}

static void blk_reset(void *dev)
{
	struct vop_blk *b = dev;

	vop_core_reset(&b->core);
	b->features = 0;
	b->mq = false;
}

static const struct vop_dev_ops blk_ops = {
	.device_id = VOP_BLK_ID,
	.type = "blk",
	.features_ok = blk_features_ok,
	.queue_start = blk_queue_start,
	.queue_stop = blk_queue_stop,
	.driver_ok = blk_driver_ok,
	.reset = blk_reset,
	.config_write = blk_config_write,
};

void vop_blk_attend(struct vop_blk *b)
{
	vop_core_attend(&b->core);
}

/* --- the offer --- */

#define BIT(feature) (1ull << (feature))

static uint64_t features_of(const struct vop_blk_config *cfg)
{
	const struct vop_blk_backend *be = &cfg->backend;
	uint64_t f = BIT(VOP_BLK_F_SEG_MAX) | BIT(VOP_BLK_F_GEOMETRY) | BIT(VOP_BLK_F_BLK_SIZE) |
		     BIT(VOP_BLK_F_FLUSH) | BIT(VOP_BLK_F_TOPOLOGY) | BIT(VOP_BLK_F_CONFIG_WCE);

	if (cfg->queues > 1)
		f |= BIT(VOP_BLK_F_MQ);
	if (be->discard)
		f |= BIT(VOP_BLK_F_DISCARD);
	if (be->zero)
		f |= BIT(VOP_BLK_F_WRITE_ZEROES);
	if (be->erase)
		f |= BIT(VOP_BLK_F_SECURE_ERASE);
	if (cfg->read_only) {
		f &= ~(BIT(VOP_BLK_F_DISCARD) | BIT(VOP_BLK_F_WRITE_ZEROES) |
		       BIT(VOP_BLK_F_SECURE_ERASE));
		f |= BIT(VOP_BLK_F_RO);
	}
	/* RO is no offer but a fact. */
	f &= ~(cfg->features_off[0] & ~BIT(VOP_BLK_F_RO));
	/* 5.2.5.2 */
	if (!(f & BIT(VOP_BLK_F_FLUSH)))
		f &= ~BIT(VOP_BLK_F_CONFIG_WCE);
	return f;
}

/* Up to the last field that exists. */
static uint32_t config_size(uint64_t f)
{
	static const struct {
		unsigned feature;
		uint32_t end;
	} field[] = {
		{VOP_BLK_F_SECURE_ERASE, sizeof(struct vop_blk_space)},
		{VOP_BLK_F_WRITE_ZEROES, offsetof(struct vop_blk_space, max_secure_erase_sectors)},
		{VOP_BLK_F_DISCARD, offsetof(struct vop_blk_space, max_write_zeroes_sectors)},
		{VOP_BLK_F_MQ, offsetof(struct vop_blk_space, max_discard_sectors)},
		{VOP_BLK_F_CONFIG_WCE, offsetof(struct vop_blk_space, num_queues)},
		{VOP_BLK_F_TOPOLOGY, offsetof(struct vop_blk_space, writeback)},
		{VOP_BLK_F_BLK_SIZE, offsetof(struct vop_blk_space, physical_block_exp)},
		{VOP_BLK_F_GEOMETRY, offsetof(struct vop_blk_space, blk_size)},
		{VOP_BLK_F_SEG_MAX, offsetof(struct vop_blk_space, cylinders)},
	};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(field); i++)
		if (f & BIT(field[i].feature))
			return field[i].end;
	return offsetof(struct vop_blk_space, size_max);
}

/* As disks had it, never more than there is. */
static void set_geometry(struct vop_blk_space *s, uint64_t capacity)
{
	uint64_t sectors = VOP_MIN(capacity, 63u);
	uint64_t heads = VOP_MIN(capacity / sectors, 16u);

	s->sectors = (uint8_t)sectors;
	s->heads = (uint8_t)heads;
	s->cylinders = htole16((uint16_t)VOP_MIN(capacity / (sectors * heads), UINT16_MAX));
}

/* Fields of features that are not offered are 0. */
static struct vop_blk_space make_space(const struct vop_blk_config *cfg, uint64_t f)
{
	uint64_t capacity = cfg->backend.size / VOP_BLK_SECTOR;
	uint32_t blocks = PHYSICAL_BLOCK / cfg->block_size;
	uint32_t align = cfg->backend.align / VOP_BLK_SECTOR;
	struct vop_blk_space s = {.capacity = htole64(capacity)};

	if (f & BIT(VOP_BLK_F_SEG_MAX))
		s.seg_max =
			htole32(VOP_MIN(VOP_MAX(cfg->queue_size_max - NOT_DATA, 1u), SEGMENTS_MAX));
	if (f & BIT(VOP_BLK_F_GEOMETRY))
		set_geometry(&s, capacity);
	if (f & BIT(VOP_BLK_F_BLK_SIZE))
		s.blk_size = htole32(cfg->block_size);
	if (f & BIT(VOP_BLK_F_TOPOLOGY)) {
		s.physical_block_exp = (uint8_t)__builtin_ctz(blocks);
		s.min_io_size = htole16((uint16_t)blocks);
		s.opt_io_size = htole32(BLK_TURN_BYTES / cfg->block_size);
	}
	if (f & BIT(VOP_BLK_F_CONFIG_WCE))
		s.writeback = !cfg->write_through;
	if (f & BIT(VOP_BLK_F_MQ))
		s.num_queues = htole16(cfg->queues);
	if (f & BIT(VOP_BLK_F_DISCARD)) {
		s.max_discard_sectors = htole32(VOP_BLK_RANGE_LIMIT);
		s.max_discard_seg = htole32(VOP_BLK_RANGES_MAX);
		s.discard_sector_alignment = htole32(align);
	}
	if (f & BIT(VOP_BLK_F_WRITE_ZEROES)) {
		s.max_write_zeroes_sectors = htole32(VOP_BLK_RANGE_LIMIT);
		s.max_write_zeroes_seg = htole32(VOP_BLK_RANGES_MAX);
		s.write_zeroes_may_unmap = cfg->backend.zero_unmaps;
	}
	if (f & BIT(VOP_BLK_F_SECURE_ERASE)) {
		s.max_secure_erase_sectors = htole32(VOP_BLK_RANGE_LIMIT);
		s.max_secure_erase_seg = htole32(VOP_BLK_RANGES_MAX);
		s.secure_erase_sector_alignment = htole32(align);
	}
	return s;
}

static struct vop_device_offer make_offer(struct vop_blk *b, const struct vop_blk_config *cfg)
{
	uint64_t f = features_of(cfg);
	struct vop_device_offer o = {
		.ops = &blk_ops,
		.dev = b,
		.features = {f, 0},
		/* Bits of ours are out already, and RO stays in. */
		.features_off = {cfg->features_off[0] & VOP_F_TRANSPORT_MASK},
		.queues = (uint16_t)(f & BIT(VOP_BLK_F_MQ) ? cfg->queues : 1),
		.queue_size_max = cfg->queue_size_max,
		.config_size = config_size(f),
		.pool_size = cfg->pool_size,
		.notify = cfg->notify,
	};
	struct vop_blk_space s = make_space(cfg, f);

	memcpy(o.config, &s, o.config_size);
	return o;
}

static bool config_ok(const struct vop_blk_config *cfg, struct vop_error *err)
{
	const struct vop_blk_backend *be = &cfg->backend;

	if (cfg->queues < 1 || cfg->queues > VOP_BLK_QUEUES_MAX)
		vop_core_error(err, "a block device has 1 to %u queues, not %u", VOP_BLK_QUEUES_MAX,
			       cfg->queues);
	else if (cfg->queue_size_max < NOT_DATA || cfg->queue_size_max > VOP_QUEUE_SIZE_MAX)
		vop_core_error(err, "queue size %u is not %u to %u", cfg->queue_size_max, NOT_DATA,
			       VOP_QUEUE_SIZE_MAX);
	else if (cfg->block_size != VOP_BLK_SECTOR && cfg->block_size != PHYSICAL_BLOCK)
		vop_core_error(err, "blocks have %u or %u bytes, not %u", VOP_BLK_SECTOR,
			       PHYSICAL_BLOCK, cfg->block_size);
	else if (!be->size || be->size % cfg->block_size)
		vop_core_error(err, "a disk of %llu bytes is no number of blocks of %u",
			       (unsigned long long)be->size, cfg->block_size);
	else if (!be->read || (!be->write && !cfg->read_only) || !cfg->poller)
		vop_core_error(err, "a block device needs a poller and a complete backend");
	else
		return true;
	return false;
}

static void destroy(struct vop_blk *b)
{
	unsigned i;

	for (i = 0; i < b->queues; i++)
		free(b->queue[i]);
	free(b);
}

static struct blk_queue *new_queue(struct vop_blk *b)
{
	/* Cache lines of one queue are nobody else's. */
	struct blk_queue *q = aligned_alloc(VOP_CACHELINE, vop_align_up(sizeof(*q), VOP_CACHELINE));

	if (!q)
		return NULL;
	/* The arrays are filled before they are read. */
	q->blk = b;
	q->q = (struct vop_core_queue){0};
	q->job = false;
	q->from = q->n = 0;
	q->count = (struct blk_count){0};
	return q;
}

static struct vop_blk *create(struct vop_device *d, const struct vop_blk_config *cfg)
{
	struct vop_blk *b = calloc(1, sizeof(*b));
	unsigned i;

	if (!b)
		return NULL;
	b->backend = cfg->backend;
	b->capacity = cfg->backend.size / VOP_BLK_SECTOR;
	b->read_only = cfg->read_only;
	b->notify = cfg->notify;
	b->starts_through = cfg->write_through;
	b->writeback = !cfg->write_through;
	b->queues = cfg->queues;
	memcpy(b->id, cfg->id, sizeof(b->id));
	b->core = (struct vop_core){
		.d = d,
		.poller = cfg->poller,
		.dev = b,
		.queues_max = cfg->queues,
		.queue = queue_of,
		.forget = forget,
		.update = update,
	};
	for (i = 0; i < b->queues; i++) {
		b->queue[i] = new_queue(b);
		if (!b->queue[i]) {
			destroy(b);
			return NULL;
		}
	}
	return b;
}

struct vop_blk *vop_blk_open(struct vop_device *d, const struct vop_blk_config *cfg,
			     struct vop_error *err)
{
	struct vop_device_offer o;
	struct vop_blk *b;

	if (!config_ok(cfg, err))
		return NULL;
	b = create(d, cfg);
	if (!b) {
		vop_core_error(err, "out of memory");
		return NULL;
	}
	o = make_offer(b, cfg);
	if (vop_core_offer(&b->core, &o, "block device", err) == 0)
		return b;
	destroy(b);
	return NULL;
}

void vop_blk_close(struct vop_blk *b)
{
	if (!b)
		return;
	if (b->backend.free)
		b->backend.free(b->backend.ctx);
	destroy(b);
}

void vop_blk_get_stats(const struct vop_blk *b, struct vop_blk_stats *out)
{
	unsigned i;

	*out = (struct vop_blk_stats){
		.violations = vop_core_load(&b->core.violations),
		.last_violation = __atomic_load_n(&b->core.last_violation, __ATOMIC_RELAXED),
	};
	for (i = 0; i < b->queues; i++) {
		const struct blk_count *c = &b->queue[i]->count;

		out->reads += vop_core_load(&c->reads);
		out->read_bytes += vop_core_load(&c->read_bytes);
		out->writes += vop_core_load(&c->writes);
		out->written_bytes += vop_core_load(&c->written_bytes);
		out->others += vop_core_load(&c->others);
		out->failed += vop_core_load(&c->failed);
	}
}
