/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue to test on: ring parts, indirect tables, buffer memory and both halves, in private
 * memory. Everything is static, so that a test is compiled once for each memory class.
 *
 * Buffer memory is three regions: two whose bus addresses touch and whose mappings do not, and one
 * that ends at the last bus address there is.
 */
#ifndef RING_RIG_H
#define RING_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <vop/vq.h>
#include "vop/vq_open.h"

#define RIG_UNUSED __attribute__((unused))

/* Name of a suite that is compiled for several memory classes. */
#if VOP_MEM == VOP_MEM_CLASS_DEVICE
#define RIG_SUITE(name) name ", device memory"
#else
#define RIG_SUITE(name) name
#endif

#define RIG_REGION   0x10000u
#define RIG_LOW	     0x100000ull	    /* first region */
#define RIG_NEXT     (RIG_LOW + RIG_REGION) /* touches it */
#define RIG_HIGH     (0ull - RIG_REGION)    /* the last bytes there are */
#define RIG_IND	     0x4000000000ull	    /* indirect tables */
#define RIG_IND_MAX  6u
#define RIG_NOWHERE  0x7777000000000000ull /* in no region */
#define RIG_BUF_SIZE 0x40u

/* xorshift64*: the same numbers everywhere for the same seed. */
struct rig_rng {
	uint64_t s;
};

static RIG_UNUSED uint64_t rig_rand(struct rig_rng *r)
{
	r->s ^= r->s >> 12;
	r->s ^= r->s << 25;
	r->s ^= r->s >> 27;
	return r->s * 0x2545f4914f6cdd1dull;
}

/* 0 .. n - 1 */
static RIG_UNUSED uint32_t rig_below(struct rig_rng *r, uint32_t n)
{
	return (uint32_t)((rig_rand(r) >> 32) % n);
}

struct rig {
	struct vop_queue_config cfg;
	struct vop_ring_features f;
	struct vop_drvq drv;
	struct vop_devq dev;
	struct vop_regions rt;
	uint8_t *mem[3]; /* the mappings of the regions */
	void *ind;
	size_t desc_size, driver_size, device_size, ind_size;
	struct vop_batch b;
	uint32_t read_back;
};

static RIG_UNUSED void *rig_alloc(size_t size)
{
	void *p;

	/* Not rounded up: a sanitizer sees the first byte behind it. */
	if (posix_memalign(&p, VOP_CACHELINE, size ? size : 1))
		abort();
	return memset(p, 0, size);
}

static RIG_UNUSED void rig_free(struct rig *r)
{
	vop_drvq_close(&r->drv);
	free(r->cfg.desc);
	free(r->cfg.driver);
	free(r->cfg.device);
	free(r->ind);
	free(r->b.elem);
	free(r->b.iov);
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(r->mem); i++)
		free(r->mem[i]);
	free(r);
}

/* iov_max 0: enough for any batch that the rig's own driver half makes. */
static RIG_UNUSED struct rig *rig_new(bool packed, uint32_t size, struct vop_ring_features f,
				      unsigned iov_max)
{
	static const uint64_t base[3] = {RIG_LOW, RIG_NEXT, RIG_HIGH};
	struct rig *r = rig_alloc(sizeof(*r));
	bool ok = true;

	r->f = f;
	r->desc_size = 16u * (size_t)size;
	r->driver_size = packed ? 4 : vop_split_avail_size(size);
	r->device_size = packed ? 4 : vop_split_used_size(size);
	r->ind_size = (size_t)size * RIG_IND_MAX * 16;
	r->ind = rig_alloc(r->ind_size);
	r->cfg = (struct vop_queue_config){
		.size = (uint16_t)size,
		.packed = packed,
		.desc = rig_alloc(r->desc_size),
		.driver = rig_alloc(r->driver_size),
		.device = rig_alloc(r->device_size),
		.regions = &r->rt,
		.read_back = &r->read_back,
	};
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(base); i++) {
		r->mem[i] = rig_alloc(RIG_REGION);
		ok = ok && vop_regions_add(&r->rt, base[i], RIG_REGION, r->mem[i]) == 0;
	}
	ok = ok && vop_regions_add(&r->rt, RIG_IND, r->ind_size, r->ind) == 0;
	r->b.iov_max = iov_max ? iov_max : 16 * size + 16;
	r->b.iov = rig_alloc(r->b.iov_max * sizeof(*r->b.iov));
	r->b.elem = rig_alloc(size * sizeof(*r->b.elem));
	ok = ok && vop_drvq_open(&r->drv, &r->cfg, f, r->ind, RIG_IND, RIG_IND_MAX) == 0;
	ok = ok && vop_devq_open(&r->dev, &r->cfg, f) == 0;
	if (!ok)
		abort();
	return r;
}

/* A buffer of RIG_BUF_SIZE bytes, number i. */
static RIG_UNUSED struct vop_buf rig_buf(uint32_t i)
{
	return (struct vop_buf){RIG_LOW + (i % (RIG_REGION / RIG_BUF_SIZE)) * RIG_BUF_SIZE,
				RIG_BUF_SIZE};
}

static RIG_UNUSED struct vop_ring_features rig_features(unsigned bits)
{
	return (struct vop_ring_features){
		.indirect = bits & 1, .event_idx = bits & 2, .in_order = bits & 4};
}

/* ---- what the peer could do with its hands: raw ring words --------------------------------- */

static RIG_UNUSED void rig_put16(void *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, 2);
}
static RIG_UNUSED void rig_put32(void *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, 4);
}
static RIG_UNUSED uint16_t rig_get16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return le16toh(v);
}
static RIG_UNUSED uint32_t rig_get32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return le32toh(v);
}

/* Descriptor i of a table or ring: split {flags, next}, packed {id, flags} as the last two. */
static RIG_UNUSED void rig_desc(void *table, uint32_t i, uint64_t addr, uint32_t len,
				uint16_t third, uint16_t fourth)
{
	uint8_t *p = (uint8_t *)table + 16u * (size_t)i;

	rig_put32(p, (uint32_t)addr);
	rig_put32(p + 4, (uint32_t)(addr >> 32));
	rig_put32(p + 8, len);
	rig_put16(p + 12, third);
	rig_put16(p + 14, fourth);
}

#endif
