/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference block device: discard, write zeroes, secure erase (VIRTIO 1.4, 5.2.6). */
#include <string.h>

#include "conformance/ref/blk_internal.h"

/* Sectors of a physical block, as the topology tells them. */
#define BLOCK 8u

struct range {
	uint64_t sector;
	uint32_t n, flags;
};

static unsigned feature_of(uint32_t type)
{
	return type == BLK_T_DISCARD	    ? BLK_F_DISCARD
	       : type == BLK_T_WRITE_ZEROES ? BLK_F_WRITE_ZEROES
					    : BLK_F_SECURE_ERASE;
}

/* 5.2.6.2 */
static bool bad_flags(struct ref *r, const struct range *s, unsigned n, uint32_t type)
{
	bool unmap, unknown;
	unsigned i;

	if (n > 1 && ref_bug(r, REF_BLK_FLAGS_FIRST))
		n = 1;
	for (i = 0; i < n; i++) {
		unknown = s[i].flags & ~BLK_UNMAP;
		unmap = s[i].flags & BLK_UNMAP;
		if (ref_test(r, REF_BLK_UNKNOWN_FLAG, unknown))
			return true;
		if (type == BLK_T_DISCARD && ref_test(r, REF_BLK_DISCARD_UNMAP, unmap))
			return true;
		if (type == BLK_T_SECURE_ERASE && unmap)
			return true;
	}
	return false;
}

static uint8_t erase_zones(struct ref *r, const struct range *s)
{
	uint32_t size = ref_blk_form(r)->zone_sectors;
	uint64_t at;
	uint8_t status = BLK_S_OK;

	if (s->sector % size || s->n % size)
		return BLK_S_IOERR;
	for (at = s->sector; at < s->sector + s->n && status == BLK_S_OK; at += size)
		if (ref_step(r, REF_ZONE_ERASE))
			status = ref_zone_reset(r, (unsigned)(at / size));
	return status;
}

/* A mutant: from the block *sector lies in to that of the last of n sectors. How many they are. */
static uint64_t round_out(const struct ref *r, uint64_t *sector, uint64_t n)
{
	uint64_t end = vop_align_up(*sector + n, BLOCK);

	*sector -= *sector % BLOCK;
	return VOP_MIN(end, (uint64_t)ref_blk_form(r)->capacity) - *sector;
}

static uint8_t run(struct ref *r, const struct range *s, uint32_t type)
{
	uint64_t bytes = (uint64_t)s->n * BLK_SECTOR;
	uint64_t from = s->sector;
	uint8_t *p;

	if (type == BLK_T_SECURE_ERASE && ref_zoned(r) &&
	    from / ref_blk_form(r)->zone_sectors >= ref_blk_form(r)->conventional)
		return erase_zones(r, s);
	/* A write by another name, where zones have a write pointer. */
	if (ref_zoned(r) && type == BLK_T_WRITE_ZEROES) {
		uint8_t status = ref_zone_write(r, &from, s->n, false);

		if (status != BLK_S_OK)
			return status;
	}
	if (type == BLK_T_WRITE_ZEROES) {
		if (!ref_step(r, REF_BLK_ZERO) ||
		    ((s->flags & BLK_UNMAP) && ref_bug(r, REF_BLK_ZERO_UNMAP)))
			return BLK_S_OK;
		from = ref_value(r, REF_BLK_ZERO_FROM, from);
		bytes = ref_value(r, REF_BLK_ZERO_SECTORS, s->n) * BLK_SECTOR;
	}
	if (type == BLK_T_DISCARD && s->n && ref_bug(r, REF_BLIND_DISCARD_ROUNDS))
		bytes = round_out(r, &from, s->n) * BLK_SECTOR;
	p = ref_blk_at(r, from, bytes);
	if (p)
		memset(p, 0, bytes);
	return BLK_S_OK;
}

uint8_t ref_blk_ranges(struct ref *r, const struct ref_chain *c, uint32_t type)
{
	uint32_t len = c->out_len - BLK_HDR;
	unsigned n = len / BLK_RANGE, i;
	uint64_t total = 0;
	uint8_t bytes[BLK_RANGE * REF_BLK_RANGES], status = BLK_S_OK;
	struct range s[REF_BLK_RANGES];

	if (!ref_has(r, feature_of(type)))
		return BLK_S_UNSUPP;
	if (r->offered[0] >> BLK_F_RO & 1 && !ref_bug(r, REF_BLK_RO_ZEROES))
		return BLK_S_IOERR;
	if (n > REF_BLK_RANGES && ref_bug(r, REF_BLK_RANGES_DIE))
		r->dead = true;
	if (n < 1 || n > REF_BLK_RANGES || len % BLK_RANGE)
		return BLK_S_IOERR;
	ref_gather(c, BLK_HDR, bytes, len);
	for (i = 0; i < n; i++)
		s[i] = (struct range){
			.sector = blk_get(bytes + i * BLK_RANGE, 8),
			.n = (uint32_t)blk_get(bytes + i * BLK_RANGE + 8, 4),
			.flags = (uint32_t)blk_get(bytes + i * BLK_RANGE + 12, 4),
		};
	if (bad_flags(r, s, n, type))
		return BLK_S_UNSUPP;
	for (i = 0; i < n; i++)
		total += s[i].n;
	if (n > 1 && total > REF_BLK_RANGE && ref_bug(r, REF_BLIND2_RANGE_SUM))
		return BLK_S_IOERR;
	for (i = 0; i < n; i++)
		if (s[i].n > REF_BLK_RANGE ||
		    ref_test(r, REF_BLK_RANGE_BEYOND, !ref_blk_inside(r, s[i].sector, s[i].n)))
			return BLK_S_IOERR;
	if (n > 1 && ref_bug(r, REF_BLK_RANGES_FIRST))
		n = 1;
	for (i = 0; i < n && status == BLK_S_OK; i++)
		status = run(r, &s[i], type);
	return status;
}
