/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zones of the reference block device (VIRTIO 1.4, 5.2.6): conventional ones first, then
 * sequential ones, written at their write pointer. Zones outlive a reset, as what is in them does.
 */
#include <string.h>

#include "conformance/ref/blk_internal.h"

static struct ref_zone *zone_at(struct ref *r, unsigned i)
{
	return &((struct ref_blk *)r->state)->zone[i];
}

bool ref_zoned(const struct ref *r)
{
	return ref_blk_form(r)->zone_sectors && ref_has(r, BLK_F_ZONED);
}

static unsigned zones(const struct ref *r)
{
	const struct ref_blk_form *f = ref_blk_form(r);

	return (f->capacity + f->zone_sectors - 1) / f->zone_sectors;
}

static uint64_t start_of(const struct ref *r, unsigned i)
{
	return (uint64_t)i * ref_blk_form(r)->zone_sectors;
}

/* All as large, but the last. */
static uint64_t size_of(const struct ref *r, unsigned i)
{
	return VOP_MIN((uint64_t)ref_blk_form(r)->zone_sectors,
		       ref_blk_form(r)->capacity - start_of(r, i));
}

static bool conventional(const struct ref *r, unsigned i)
{
	return i < ref_blk_form(r)->conventional;
}

static uint64_t capacity_of(const struct ref *r, unsigned i)
{
	return conventional(r, i)
		       ? size_of(r, i)
		       : VOP_MIN(size_of(r, i), (uint64_t)ref_blk_form(r)->zone_capacity);
}

static bool dead_zone(const struct ref_zone *z)
{
	return z->state == BLK_ZS_RDONLY || z->state == BLK_ZS_OFFLINE;
}

static bool is_open(const struct ref_zone *z)
{
	return z->state == BLK_ZS_IOPEN || z->state == BLK_ZS_EOPEN;
}

/* Zones that are open; active. */
static unsigned count(struct ref *r, bool active)
{
	unsigned i, n = 0;

	for (i = 0; i < zones(r); i++)
		n += is_open(zone_at(r, i)) || (active && zone_at(r, i)->state == BLK_ZS_CLOSED);
	return n;
}

static void empty(struct ref *r, unsigned i)
{
	uint8_t *p = ref_blk_at(r, start_of(r, i), size_of(r, i) * BLK_SECTOR);

	if (ref_step(r, REF_ZONE_RESET_STATE))
		zone_at(r, i)->state = BLK_ZS_EMPTY;
	if (ref_step(r, REF_ZONE_RESET_WP))
		zone_at(r, i)->wp = start_of(r, i);
	/* What was there is not read any more. */
	if (p && ref_step(r, REF_ZONE_RESET_DATA))
		memset(p, 0, size_of(r, i) * BLK_SECTOR);
}

void ref_zone_start(struct ref *r)
{
	const struct ref_blk_form *f = ref_blk_form(r);
	unsigned i;

	if (!f->zone_sectors)
		return;
	for (i = 0; i < zones(r); i++) {
		zone_at(r, i)->state = conventional(r, i) ? BLK_ZS_NOT_WP : BLK_ZS_EMPTY;
		zone_at(r, i)->wp = start_of(r, i);
	}
	if (f->read_only)
		zone_at(r, f->read_only)->state = BLK_ZS_RDONLY;
	if (f->offline)
		zone_at(r, f->offline)->state = BLK_ZS_OFFLINE;
}

/* "The device MAY": one zone that was opened by a write makes room for another. */
static bool close_one(struct ref *r)
{
	unsigned i;

	for (i = 0; i < zones(r); i++)
		if (zone_at(r, i)->state == BLK_ZS_IOPEN) {
			zone_at(r, i)->state = BLK_ZS_CLOSED;
			return true;
		}
	return false;
}

/* Into IOPEN or EOPEN, as far as there are resources. */
static uint8_t open_zone(struct ref *r, unsigned i, uint8_t state)
{
	const struct ref_blk_form *f = ref_blk_form(r);
	struct ref_zone *z = zone_at(r, i);
	bool active = z->state != BLK_ZS_EMPTY;

	if (!active && f->max_active &&
	    ref_test(r, REF_ZONE_ACTIVE_LIMIT,
		     count(r, true) >= ref_value(r, REF_ZONE_ACTIVE_MAX, f->max_active)))
		return BLK_S_ZONE_ACTIVE_RESOURCE;
	if (!is_open(z) && f->max_open &&
	    ref_test(r, REF_ZONE_OPEN_LIMIT,
		     count(r, false) >= ref_value(r, REF_ZONE_OPEN_MAX, f->max_open)) &&
	    !close_one(r)) {
		if (ref_bug(r, REF_ZONE_REFUSED_CLOSES))
			z->state = BLK_ZS_CLOSED;
		return ref_bug(r, REF_ZONE_OPEN_INVALID) ? BLK_S_ZONE_INVALID_CMD
							 : BLK_S_ZONE_OPEN_RESOURCE;
	}
	if (ref_step(r, REF_ZONE_OPENS))
		z->state = state;
	return BLK_S_OK;
}

/* Sequential Write Preferred: anywhere in the zone. */
static uint8_t write_preferred(struct ref *r, unsigned i, uint64_t sector, uint64_t n)
{
	struct ref_zone *z = zone_at(r, i);
	uint8_t status;

	if (sector + n > start_of(r, i) + capacity_of(r, i))
		return BLK_S_ZONE_INVALID_CMD;
	if (z->state == BLK_ZS_EMPTY || z->state == BLK_ZS_CLOSED) {
		status = open_zone(r, i, BLK_ZS_IOPEN);
		if (status != BLK_S_OK)
			return status;
	}
	z->wp = VOP_MAX(z->wp, sector + n);
	if (z->wp == start_of(r, i) + capacity_of(r, i))
		z->state = BLK_ZS_FULL;
	return BLK_S_OK;
}

static uint8_t append_allowed(struct ref *r, unsigned i, uint64_t sector, uint64_t n)
{
	const struct ref_blk_form *f = ref_blk_form(r);

	if (ref_test(r, REF_ZONE_APPEND_SWR, conventional(r, i) || f->model != BLK_Z_HM))
		return BLK_S_ZONE_INVALID_CMD;
	if (f->max_append == 0 && ref_step(r, REF_ZONE_APPEND_NONE))
		return BLK_S_UNSUPP;
	if (ref_test(r, REF_ZONE_APPEND_START, sector != start_of(r, i)))
		return BLK_S_ZONE_INVALID_CMD;
	if (ref_test(r, REF_ZONE_APPEND_MAX, f->max_append && n > f->max_append))
		return BLK_S_ZONE_INVALID_CMD;
	return BLK_S_OK;
}

/* Sequential Write Required: at the write pointer only. */
static uint8_t write_required(struct ref *r, unsigned i, uint64_t *sector, uint64_t n, bool append)
{
	struct ref_zone *z = zone_at(r, i);
	uint64_t end = start_of(r, i) + size_of(r, i);
	uint64_t room = start_of(r, i) + capacity_of(r, i);
	uint8_t status;

	if (ref_test(r, REF_ZONE_WRITE_READ_ONLY, z->state == BLK_ZS_RDONLY))
		return BLK_S_ZONE_INVALID_CMD;
	if (ref_test(r, REF_ZONE_CROSS_WRITE, *sector + n > end) &&
	    !ref_bug(r, REF_ZONE_CROSS_CUTS))
		return BLK_S_ZONE_INVALID_CMD;
	if (append)
		*sector = z->wp;
	if (z->state == BLK_ZS_FULL)
		return BLK_S_ZONE_INVALID_CMD;
	if (ref_test(r, REF_ZONE_AT_WP, *sector != z->wp))
		return ref_bug(r, REF_ZONE_WP_INVALID) ? BLK_S_ZONE_INVALID_CMD
						       : BLK_S_ZONE_UNALIGNED_WP;
	if (ref_test(r, REF_ZONE_CAPACITY, *sector + n > room) && *sector + n <= end)
		return BLK_S_ZONE_INVALID_CMD;
	if (ref_test(r, REF_ZONE_GRANULARITY,
		     (*sector + n) * BLK_SECTOR % ref_blk_form(r)->granularity))
		return BLK_S_ZONE_UNALIGNED_WP;
	if (z->state == BLK_ZS_EMPTY || z->state == BLK_ZS_CLOSED) {
		status = open_zone(r, i, BLK_ZS_IOPEN);
		if (status != BLK_S_OK)
			return status;
	}
	z->wp += ref_value(r, REF_ZONE_WP_MOVES, n);
	if (ref_test(r, REF_ZONE_FILLS, z->wp >= room))
		z->state = BLK_ZS_FULL;
	return BLK_S_OK;
}

uint8_t ref_zone_write(struct ref *r, uint64_t *sector, uint64_t n, bool append)
{
	unsigned i = (unsigned)(*sector / ref_blk_form(r)->zone_sectors), last;
	uint8_t status;

	if (n == 0 || i >= zones(r))
		return n || append ? BLK_S_ZONE_INVALID_CMD : BLK_S_OK;
	last = (unsigned)((*sector + n - 1) / ref_blk_form(r)->zone_sectors);
	if (ref_test(r, REF_ZONE_OFFLINE_WRITE, zone_at(r, i)->state == BLK_ZS_OFFLINE))
		return BLK_S_ZONE_INVALID_CMD;
	status = append ? append_allowed(r, i, *sector, n) : BLK_S_OK;
	if (status != BLK_S_OK)
		return status;
	if (conventional(r, i))
		return conventional(r, last) ? BLK_S_OK : BLK_S_ZONE_INVALID_CMD;
	if (ref_blk_form(r)->model == BLK_Z_HA)
		return write_preferred(r, i, *sector, n);
	return write_required(r, i, sector, n, append);
}

uint8_t ref_zone_read(struct ref *r, uint64_t sector, uint64_t n)
{
	unsigned i = (unsigned)(sector / ref_blk_form(r)->zone_sectors);

	if (n == 0 || i >= zones(r))
		return BLK_S_OK;
	if (ref_test(r, REF_ZONE_OFFLINE_READ, zone_at(r, i)->state == BLK_ZS_OFFLINE))
		return BLK_S_ZONE_INVALID_CMD;
	if (!conventional(r, i) && ref_blk_form(r)->model == BLK_Z_HM &&
	    ref_test(r, REF_ZONE_CROSS_READ, sector + n > start_of(r, i) + size_of(r, i)))
		return BLK_S_ZONE_INVALID_CMD;
	return BLK_S_OK;
}

uint8_t ref_zone_reset(struct ref *r, unsigned i)
{
	if (i >= zones(r) || conventional(r, i) || dead_zone(zone_at(r, i)))
		return BLK_S_ZONE_INVALID_CMD;
	empty(r, i);
	return BLK_S_OK;
}

uint8_t ref_zone_reset_all(struct ref *r)
{
	unsigned i, n = 0;

	for (i = 0; i < zones(r); i++) {
		struct ref_zone *z = zone_at(r, i);

		if (conventional(r, i) || dead_zone(z) || z->state == BLK_ZS_EMPTY)
			continue;
		if ((z->state == BLK_ZS_CLOSED && ref_bug(r, REF_ZONE_ALL_NOT_CLOSED)) ||
		    (z->state == BLK_ZS_EOPEN && ref_bug(r, REF_ZONE_ALL_NOT_OPEN)) ||
		    (z->state == BLK_ZS_FULL && ref_bug(r, REF_ZONE_ALL_NOT_FULL)) ||
		    (n++ && ref_bug(r, REF_ZONE_ALL_FIRST)))
			continue;
		empty(r, i);
	}
	return BLK_S_OK;
}

static uint8_t close_zone(struct ref *r, unsigned i)
{
	struct ref_zone *z = zone_at(r, i);

	if (ref_test(r, REF_ZONE_CLOSE_STATE, !is_open(z) && z->state != BLK_ZS_CLOSED))
		return BLK_S_ZONE_INVALID_CMD;
	if (is_open(z) && ref_step(r, REF_ZONE_CLOSES))
		z->state = ref_test(r, REF_ZONE_CLOSE_EMPTY, z->wp == start_of(r, i))
				   ? BLK_ZS_EMPTY
				   : BLK_ZS_CLOSED;
	return BLK_S_OK;
}

static uint8_t finish_zone(struct ref *r, unsigned i)
{
	struct ref_zone *z = zone_at(r, i);

	if (z->state == BLK_ZS_FULL)
		return BLK_S_OK;
	if (!is_open(z)) {
		if (ref_bug(r, REF_ZONE_FINISH_CHANGES))
			z->state = BLK_ZS_FULL;
		return BLK_S_ZONE_INVALID_CMD;
	}
	if (ref_step(r, REF_ZONE_FINISHES))
		z->state = BLK_ZS_FULL;
	return BLK_S_OK;
}

uint8_t ref_zone_manage(struct ref *r, uint32_t type, uint64_t sector)
{
	unsigned i = (unsigned)(sector / ref_blk_form(r)->zone_sectors);
	struct ref_zone *z;

	if (sector >= ref_blk_form(r)->capacity ||
	    ref_test(r, REF_ZONE_MANAGE_START, sector != start_of(r, i)))
		return BLK_S_ZONE_INVALID_CMD;
	z = zone_at(r, i);
	if (conventional(r, i))
		return ref_bug(r, REF_ZONE_MANAGE_CONV) ? BLK_S_OK : BLK_S_ZONE_INVALID_CMD;
	if (dead_zone(z)) {
		if (ref_bug(r, REF_ZONE_REVIVES) && type == BLK_T_ZONE_RESET)
			empty(r, i);
		return ref_bug(r, REF_ZONE_MANAGE_DEAD) ? BLK_S_OK : BLK_S_ZONE_INVALID_CMD;
	}
	switch (type) {
	case BLK_T_ZONE_OPEN:
		if (ref_test(r, REF_ZONE_OPEN_STATE, z->state == BLK_ZS_FULL))
			return BLK_S_ZONE_INVALID_CMD;
		return z->state == BLK_ZS_EOPEN ? BLK_S_OK : open_zone(r, i, BLK_ZS_EOPEN);
	case BLK_T_ZONE_CLOSE:
		return close_zone(r, i);
	case BLK_T_ZONE_FINISH:
		return finish_zone(r, i);
	default:
		return ref_zone_reset(r, i);
	}
}

/* --- what they are --- */

static void describe(struct ref *r, unsigned i, uint8_t *d)
{
	uint8_t type = conventional(r, i)		    ? BLK_ZT_CONV
		       : ref_blk_form(r)->model == BLK_Z_HM ? BLK_ZT_SWR
							    : BLK_ZT_SWP;

	memset(d, 0, BLK_ZONE_DESC);
	blk_put(d, 8, ref_value(r, REF_ZONE_REPORT_CAP, capacity_of(r, i)));
	blk_put(d + 8, 8, ref_value(r, REF_ZONE_REPORT_START, start_of(r, i)));
	blk_put(d + 16, 8, ref_value(r, REF_ZONE_REPORT_WP, zone_at(r, i)->wp));
	d[24] = (uint8_t)ref_value(r, REF_ZONE_REPORT_TYPE, type);
	d[25] = (uint8_t)ref_value(r, REF_ZONE_REPORT_STATE, zone_at(r, i)->state);
}

uint8_t ref_zone_report(struct ref *r, const struct ref_chain *c, uint64_t sector, uint32_t room,
			uint32_t *used)
{
	unsigned i = (unsigned)(sector / ref_blk_form(r)->zone_sectors), n = 0;
	uint8_t block[BLK_REPORT] = {0};

	if (sector >= ref_blk_form(r)->capacity || room < BLK_REPORT)
		return BLK_S_ZONE_INVALID_CMD;
	i = ref_bug(r, REF_ZONE_REPORT_ALL) ? 0 : i;
	for (; i < zones(r) && (n + 2) * BLK_REPORT <= room; i++, n++) {
		describe(r, i, block);
		ref_scatter(r, c, (n + 1) * BLK_REPORT, block, BLK_REPORT);
	}
	*used = (n + 1) * BLK_REPORT;
	memset(block, 0, sizeof(block));
	if (ref_bug(r, REF_ZONE_REPORT_TOTAL))
		n = zones(r);
	blk_put(block, 8, ref_value(r, REF_ZONE_REPORT_COUNT, n));
	ref_scatter(r, c, 0, block, BLK_REPORT);
	return BLK_S_OK;
}
