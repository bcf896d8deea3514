/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forms of the reference block device and their configuration (VIRTIO 1.4, 5.2.3 to 5.2.5): a
 * plain one, one that is read-only, and zoned ones of each kind.
 */
#include <string.h>

#include "conformance/ref/blk_internal.h"

#define F(bit) (1ull << (bit))
#define COMMON                                                                                     \
	(F(BLK_F_SIZE_MAX) | F(BLK_F_SEG_MAX) | F(BLK_F_BLK_SIZE) | F(BLK_F_FLUSH) |               \
	 F(BLK_F_TOPOLOGY) | F(BLK_F_CONFIG_WCE))
#define RANGES	  (F(BLK_F_DISCARD) | F(BLK_F_WRITE_ZEROES) | F(BLK_F_SECURE_ERASE))
#define SEG_MAX	  126u
#define SIZE_MAX_ 65536u

static void put(struct ref *r, unsigned at, unsigned bytes, uint64_t v)
{
	blk_put(r->config + at, bytes, v);
}

static void put_zoned(struct ref *r)
{
	const struct ref_blk_form *f = ref_blk_form(r);

	put(r, BLK_C_ZONE_SECTORS, 4, f->zone_sectors + (ref_bug(r, REF_ZONE_C_SECTORS) ? 8 : 0));
	put(r, BLK_C_MAX_OPEN, 4, f->max_open);
	put(r, BLK_C_MAX_ACTIVE, 4, f->max_active);
	put(r, BLK_C_MAX_APPEND, 4,
	    ref_bug(r, REF_ZONE_C_APPEND_HUGE)
		    ? UINT32_MAX
		    : f->max_append + 2u * ref_bug(r, REF_ZONE_C_APPEND_MORE) -
			      2u * (f->max_append && ref_bug(r, REF_ZONE_C_APPEND_LESS)));
	put(r, BLK_C_GRANULARITY, 4, f->granularity);
	put(r, BLK_C_MODEL, 1,
	    ref_bug(r, REF_ZONE_C_MODEL)	? BLK_Z_HM + BLK_Z_HA - f->model
	    : ref_bug(r, REF_ZONE_C_MODEL_NONE) ? BLK_Z_NONE
						: f->model);
	put(r, BLK_C_UNUSED2 + 1, 1, ref_bug(r, REF_ZONE_C_UNUSED) ? 7 : 0);
}

static void start(struct ref *r)
{
	const struct ref_blk_form *f = ref_blk_form(r);
	struct ref_blk *b = r->state;
	uint32_t i;

	b->disk = (uint8_t *)(b + 1);
	for (i = 0; f->full && i < f->capacity * BLK_SECTOR; i++)
		b->disk[i] = (uint8_t)(i / BLK_SECTOR + i % 251 + 1);
	put(r, BLK_C_CAPACITY, 8,
	    f->capacity + ref_bug(r, REF_BLK_C_MORE) - ref_bug(r, REF_BLK_C_LESS));
	put(r, BLK_C_SIZE_MAX, 4, SIZE_MAX_);
	put(r, BLK_C_SEG_MAX, 4, SEG_MAX);
	put(r, BLK_C_GEOMETRY, 2, f->capacity / 32);
	put(r, BLK_C_GEOMETRY + 2, 1, 4);
	put(r, BLK_C_GEOMETRY + 3, 1, 8);
	put(r, BLK_C_BLK_SIZE, 4, BLK_SECTOR);
	put(r, BLK_C_TOPOLOGY, 1, 3);
	put(r, BLK_C_TOPOLOGY + 2, 2, 8);
	put(r, BLK_C_TOPOLOGY + 4, 4, 64);
	put(r, BLK_C_WRITEBACK, 1, 1);
	put(r, BLK_C_UNUSED0, 1, ref_bug(r, REF_BLK_C_UNUSED0) ? 1 : 0);
	put(r, BLK_C_NUM_QUEUES, 2, REF_BLK_QUEUES + ref_bug(r, REF_BLK_C_QUEUES));
	put(r, BLK_C_MAX_DISCARD_SECTORS, 4, REF_BLK_RANGE);
	put(r, BLK_C_MAX_DISCARD_SEG, 4, REF_BLK_RANGES);
	put(r, BLK_C_DISCARD_ALIGNMENT, 4, 1);
	put(r, BLK_C_MAX_ZEROES_SECTORS, 4, REF_BLK_RANGE);
	put(r, BLK_C_MAX_ZEROES_SEG, 4, REF_BLK_RANGES);
	put(r, BLK_C_ZEROES_MAY_UNMAP, 1, 1);
	put(r, BLK_C_UNUSED1 + 2, 1, ref_bug(r, REF_BLK_C_UNUSED1) ? 1 : 0);
	put(r, BLK_C_MAX_ERASE_SECTORS, 4, REF_BLK_RANGE);
	put(r, BLK_C_MAX_ERASE_SEG, 4, REF_BLK_RANGES);
	put(r, BLK_C_ERASE_ALIGNMENT, 4, f->zone_sectors ? f->zone_sectors : 1);
	if (f->zone_sectors && ref_bug(r, REF_ZONE_C_ERASE))
		put(r, BLK_C_ERASE_ALIGNMENT, 4, f->zone_sectors / 2);
	if (f->zone_sectors)
		put_zoned(r);
	if (ref_bug(r, REF_BLK_WCE_NO_FLUSH))
		r->offered[0] &= ~F(BLK_F_FLUSH);
	if (ref_bug(r, REF_BLK_OFFERS_NO_FLUSH))
		r->offered[0] &= ~(F(BLK_F_FLUSH) | F(BLK_F_CONFIG_WCE));
	ref_zone_start(r);
}

static void reset(struct ref *r)
{
	put(r, BLK_C_WRITEBACK, 1, 1);
	if (ref_blk_form(r)->zone_sectors)
		put_zoned(r);
}

static bool features_ok(struct ref *r)
{
	const struct ref_blk_form *f = ref_blk_form(r);
	bool wce = ref_has(r, BLK_F_CONFIG_WCE), flush = ref_has(r, BLK_F_FLUSH);

	/* 5.2.5.2: who cannot flush finds his writes stable. */
	put(r, BLK_C_WRITEBACK, 1, !(wce && !flush) || ref_bug(r, REF_BLK_C_THROUGH));
	if (!f->zone_sectors || ref_has(r, BLK_F_ZONED))
		return true;
	if (!ref_bug(r, REF_ZONE_C_KEEP))
		memset(r->config + BLK_C_ZONED, 0, BLK_C_SIZE - BLK_C_ZONED);
	return !ref_test(r, REF_ZONE_HM_NEEDS, f->model == BLK_Z_HM);
}

/* Only the cache mode can be chosen (5.2.6.1). */
static int config_write(struct ref *r, uint32_t off, const void *src, uint32_t len)
{
	uint8_t v;

	if (ref_bug(r, REF_ZONE_C_WRITABLE) && off >= BLK_C_ZONED) {
		memcpy(r->config + off, src, len);
		return 0;
	}
	if (off != BLK_C_WRITEBACK || len != 1 || !ref_has(r, BLK_F_CONFIG_WCE))
		return -EINVAL;
	memcpy(&v, src, 1);
	if (v > 1)
		return -EINVAL;
	if (ref_step(r, REF_BLK_C_WRITEBACK))
		r->config[off] = v;
	return 0;
}

static bool queue_exists(struct ref *r, unsigned q)
{
	return q == 0 || (ref_has(r, BLK_F_MQ) && !ref_bug(r, REF_BLK_QUEUES_ONE));
}

#define DISK(sectors) (sizeof(struct ref_blk) + (size_t)(sectors)*BLK_SECTOR)
#define TYPE(sym, word, bits, sectors, n, params)                                                  \
	const struct ref_type sym = {                                                              \
		.device = BLK_ID,                                                                  \
		.name = word,                                                                      \
		.features = {bits, 0},                                                             \
		.queues = n,                                                                       \
		.queue_size_max = 256,                                                             \
		.any_order = 1,                                                                    \
		.config_size = BLK_C_SIZE,                                                         \
		.state = DISK(sectors),                                                            \
		.form = params,                                                                    \
		.start = start,                                                                    \
		.reset = reset,                                                                    \
		.features_ok = features_ok,                                                        \
		.request = ref_blk_request,                                                        \
		.config_write = config_write,                                                      \
		.queue_exists = queue_exists,                                                      \
	}

static const struct ref_blk_form plain = {.capacity = 4096};
TYPE(ref_blk_plain, "blk, plain",
     COMMON | RANGES | F(BLK_F_GEOMETRY) | F(BLK_F_MQ) | F(BLK_F_LIFETIME), 4096, REF_BLK_QUEUES,
     &plain);

static const struct ref_blk_form read_only = {.capacity = 1024, .full = true};
TYPE(ref_blk_ro, "blk, read-only", COMMON | F(BLK_F_WRITE_ZEROES) | F(BLK_F_RO), 1024, 1,
     &read_only);

/* Host-managed, with a zone of every kind; the last one is small. */
static const struct ref_blk_form managed = {
	.capacity = 1000,
	.model = BLK_Z_HM,
	.zone_sectors = 64,
	.zone_capacity = 48,
	.conventional = 3,
	.max_open = 3,
	.max_active = 5,
	.max_append = 24,
	.granularity = 1024,
	.read_only = 12,
	.offline = 13,
};
TYPE(ref_blk_zoned, "blk, zoned",
     COMMON | F(BLK_F_WRITE_ZEROES) | F(BLK_F_SECURE_ERASE) | F(BLK_F_ZONED), 1000, 1, &managed);

/* Host-managed, as little as there can be: no limits, no append. */
static const struct ref_blk_form small = {
	.capacity = 1024,
	.model = BLK_Z_HM,
	.zone_sectors = 64,
	.zone_capacity = 64,
	.conventional = 1,
	.granularity = 512,
};
TYPE(ref_blk_zoned_small, "blk, zoned-no-append", COMMON | F(BLK_F_ZONED), 1024, 1, &small);

/* Host-aware; few zones can be active. */
static const struct ref_blk_form aware = {
	.capacity = 1024,
	.model = BLK_Z_HA,
	.zone_sectors = 64,
	.zone_capacity = 64,
	.conventional = 1,
	.max_open = 4,
	.max_active = 4,
	.max_append = 16,
	.granularity = 512,
};
TYPE(ref_blk_aware, "blk, host-aware", COMMON | F(BLK_F_DISCARD) | F(BLK_F_ZONED), 1024, 1, &aware);
