/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference block device: reads, writes and what is asked of the device (VIRTIO 1.4, 5.2.6). */
#include <string.h>

#include "conformance/ref/blk_internal.h"

#define SEG_MAX 126u /* as configuration tells it */

bool ref_blk_inside(const struct ref *r, uint64_t sector, uint64_t n)
{
	uint64_t capacity = ref_blk_form(r)->capacity;

	return sector <= capacity && n <= capacity - sector;
}

uint8_t *ref_blk_at(struct ref *r, uint64_t sector, uint64_t len)
{
	struct ref_blk *b = r->state;

	/* Here a mutant's mistake ends: no byte beside the disk. */
	if (len > UINT32_MAX || !ref_blk_inside(r, sector, (len + BLK_SECTOR - 1) / BLK_SECTOR))
		return NULL;
	return b->disk + sector * BLK_SECTOR;
}

static bool beyond(struct ref *r, uint64_t sector, uint64_t n)
{
	if (ref_bug(r, REF_BLK_WRAP) && sector + n < sector)
		return false;
	return ref_test(r, REF_BLK_BEYOND, !ref_blk_inside(r, sector, n));
}

/* Part of a sector. */
static bool odd(struct ref *r, uint32_t len)
{
	if (len % BLK_SECTOR && ref_bug(r, REF_BLK_PART_DIES))
		r->dead = true;
	return len % BLK_SECTOR != 0;
}

static uint8_t do_read(struct ref *r, const struct ref_chain *c, uint64_t sector, uint32_t len,
		       uint32_t *used)
{
	uint64_t n = len / BLK_SECTOR;
	const uint8_t *from;
	uint8_t status;

	if (odd(r, len) || beyond(r, sector, n))
		return BLK_S_IOERR;
	status = ref_zoned(r) ? ref_zone_read(r, sector, n) : BLK_S_OK;
	if (status != BLK_S_OK)
		return status;
	from = ref_blk_at(r, ref_value(r, REF_BLK_READ_AT, sector), len);
	if (ref_bug(r, REF_BLK_READ_16))
		len &= 0xffff;
	if (from && ref_step(r, REF_BLK_READ))
		*used = ref_scatter(r, c, 0, from, len);
	return BLK_S_OK;
}

static uint8_t do_write(struct ref *r, struct ref_queue *q, const struct ref_chain *c,
			uint64_t sector, uint32_t len)
{
	bool ro = r->offered[0] >> BLK_F_RO & 1;
	uint64_t n = len / BLK_SECTOR;
	uint8_t status;
	uint8_t *to;

	if (ref_bug(r, REF_BLK_SECTOR_32))
		sector &= UINT32_MAX;
	if (ref_bug(r, REF_BLK_RO_NEGOTIATED))
		ro = ref_has(r, BLK_F_RO);
	if (ref_test(r, REF_BLK_RO, ro)) {
		if (ref_bug(r, REF_BLK_RO_WRITES) && ref_blk_at(r, sector, len))
			ref_gather(c, BLK_HDR, ref_blk_at(r, sector, len), len);
		return BLK_S_IOERR;
	}
	if (odd(r, len))
		return BLK_S_IOERR;
	if (ref_bug(r, REF_BLK_WRAPS_AROUND) && len)
		sector %= ref_blk_form(r)->capacity;
	if (beyond(r, sector, n)) {
		/* Just in front of what is not there. */
		if (ref_bug(r, REF_BLK_WRITES_BEFORE) && ref_blk_at(r, sector - n, len))
			ref_gather(c, BLK_HDR, ref_blk_at(r, sector - n, len), len);
		return BLK_S_IOERR;
	}
	status = ref_zoned(r) ? ref_zone_write(r, &sector, n, false) : BLK_S_OK;
	if (status != BLK_S_OK)
		return status;
	to = ref_blk_at(r, ref_value(r, REF_BLK_WRITE_AT, sector), len);
	if (ref_bug(r, REF_BLK_WRITE_16))
		len &= 0xffff;
	if (q->index && ref_bug(r, REF_BLK_QUEUE_LOST))
		return BLK_S_OK;
	if (to && ref_step(r, REF_BLK_WRITE))
		ref_gather(c, BLK_HDR, to, len);
	return BLK_S_OK;
}

/* 5.2.6: the data, then where it went, then the status. */
static uint8_t do_append(struct ref *r, const struct ref_chain *c, uint64_t sector, uint32_t len,
			 uint32_t room, uint32_t *used)
{
	uint8_t where[8], status;
	uint8_t *to;

	if (room < sizeof(where) || len % BLK_SECTOR || len == 0 ||
	    !ref_blk_inside(r, sector, len / BLK_SECTOR))
		return BLK_S_ZONE_INVALID_CMD;
	status = ref_zone_write(r, &sector, len / BLK_SECTOR, true);
	if (status != BLK_S_OK)
		return status;
	to = ref_blk_at(r, sector, len);
	if (to && ref_step(r, REF_ZONE_APPEND_DATA))
		ref_gather(c, BLK_HDR, to, len);
	blk_put(where, sizeof(where), ref_value(r, REF_ZONE_APPEND_SECTOR, sector));
	*used = ref_scatter(r, c, 0, where, sizeof(where));
	return BLK_S_OK;
}

static uint8_t do_id(struct ref *r, const struct ref_chain *c, uint32_t len, uint32_t *used)
{
	char id[BLK_ID_LEN] = "reference disk";
	uint32_t n = ref_bug(r, REF_BLK_ID_SHORT) ? 15 : BLK_ID_LEN;

	if (ref_bug(r, REF_BLK_ID_TAIL))
		id[18] = 'x';
	if (len < BLK_ID_LEN)
		return BLK_S_IOERR;
	ref_scatter(r, c, 0, id, n);
	*used = BLK_ID_LEN;
	return BLK_S_OK;
}

static uint8_t do_lifetime(struct ref *r, const struct ref_chain *c, uint32_t len, uint32_t *used)
{
	uint8_t life[BLK_LIFETIME] = {3, 0, 11, 0, 11, 0};

	if (!ref_has(r, BLK_F_LIFETIME))
		return BLK_S_UNSUPP;
	if (len < BLK_LIFETIME)
		return BLK_S_IOERR;
	life[0] += ref_bug(r, REF_BLK_LIFE_EOL);
	life[2] += ref_bug(r, REF_BLK_LIFE_A);
	life[4] += ref_bug(r, REF_BLK_LIFE_B);
	life[5] = ref_bug(r, REF_BLK_LIFE_BIG) ? 1 : 0;
	if (!ref_bug(r, REF_BLK_LIFE_UNFILLED))
		ref_scatter(r, c, 0, life, sizeof(life));
	*used = BLK_LIFETIME;
	return BLK_S_OK;
}

static uint8_t execute(struct ref *r, struct ref_queue *q, const struct ref_chain *c,
		       const struct ref_blk_header *h, uint32_t *used)
{
	uint32_t out = c->out_len - BLK_HDR, in = c->in_len - 1;

	switch (h->type) {
	case BLK_T_IN:
		return do_read(r, c, h->sector, in, used);
	case BLK_T_OUT:
		return do_write(r, q, c, h->sector, out);
	case BLK_T_FLUSH:
		if (!ref_has(r, BLK_F_FLUSH) && ref_bug(r, REF_BLK_FLUSH_FAILS))
			return BLK_S_IOERR;
		/* All there is is memory: nothing can be lost that is not lost anyway. */
		return ref_has(r, BLK_F_FLUSH) && !ref_bug(r, REF_BLK_NO_FLUSH) ? BLK_S_OK
										: BLK_S_UNSUPP;
	case BLK_T_GET_ID:
		return do_id(r, c, in, used);
	case BLK_T_GET_LIFETIME:
		return do_lifetime(r, c, in, used);
	case BLK_T_DISCARD:
	case BLK_T_WRITE_ZEROES:
	case BLK_T_SECURE_ERASE:
		return ref_blk_ranges(r, c, h->type);
	default:
		break;
	}
	if (!ref_test(r, REF_ZONE_NEGOTIATED, ref_zoned(r)))
		return ref_bug(r, REF_BLK_UNKNOWN) ? BLK_S_OK : BLK_S_UNSUPP;
	/* A mutant that makes itself zones it does not have. */
	if (!ref_blk_form(r)->zone_sectors)
		return BLK_S_OK;
	switch (h->type) {
	case BLK_T_ZONE_APPEND:
		return do_append(r, c, h->sector, out, in, used);
	case BLK_T_ZONE_REPORT:
		return ref_zone_report(r, c, h->sector, in, used);
	case BLK_T_ZONE_OPEN:
	case BLK_T_ZONE_CLOSE:
	case BLK_T_ZONE_FINISH:
	case BLK_T_ZONE_RESET:
		return ref_zone_manage(r, h->type, h->sector);
	case BLK_T_ZONE_RESET_ALL:
		return ref_zone_reset_all(r);
	default:
		return ref_bug(r, REF_BLK_UNKNOWN) ? BLK_S_OK : BLK_S_UNSUPP;
	}
}

/* Mistakes of those who think that a request has a certain form (2.7.4.1). */
static bool misframed(struct ref *r, const struct ref_chain *c)
{
	unsigned data = c->n > 2 ? c->n - 2 : 0;

	return (ref_bug(r, REF_BLK_LAYOUT_HEADER) && c->n && c->seg[0].len != BLK_HDR) ||
	       (ref_bug(r, REF_BLK_LAYOUT_STATUS) && c->n && c->seg[c->n - 1].len != 1) ||
	       (c->n > SEG_MAX && ref_bug(r, REF_BLIND2_SEG_MAX)) ||
	       (ref_bug(r, REF_BLK_LAYOUT_MANY) && data > 8);
}

/* The same, of reads and writes: a piece of data that is not of whole sectors. */
static bool odd_pieces(struct ref *r, const struct ref_chain *c, uint32_t type)
{
	uint32_t at = 0;
	unsigned i;

	if (type != BLK_T_IN && type != BLK_T_OUT)
		return false;
	for (i = 0; i < c->n; i++) {
		const struct ref_seg *s = &c->seg[i];

		/* Header and status may share theirs with data. */
		if ((s->write ? i + 1 < c->n : at >= BLK_HDR) && s->len % BLK_SECTOR)
			return ref_bug(r, REF_BLIND2_ODD_PIECES);
		at += s->len;
	}
	return false;
}

/* What was not filled is filled: the length counts from the start, and the status is at the end. */
static void fill(struct ref *r, const struct ref_chain *c, uint32_t from)
{
	static const uint8_t zeroes[4096];
	uint32_t n;

	for (; from + 1 < c->in_len; from += n) {
		n = VOP_MIN(c->in_len - 1 - from, (uint32_t)sizeof(zeroes));
		ref_scatter(r, c, from, zeroes, n);
	}
}

bool ref_blk_request(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	uint8_t bytes[BLK_HDR] = {0}, status = BLK_S_IOERR;
	struct ref_blk_header h;
	uint32_t used = 0, at = c->in_len - 1;

	if (c->out_len < BLK_HDR || c->in_len < 1) {
		/* The last byte of whatever is last. */
		if (ref_bug(r, REF_BLK_STATUS_ANYWHERE) && c->n)
			ref_store(r, c->seg[c->n - 1].p + c->seg[c->n - 1].len - 1, &status, 1);
		if (ref_bug(r, REF_BLK_SHORT_DIES))
			r->dead = true;
		ref_violation(r, q, "a request without a header or a status");
		return false;
	}
	ref_gather(c, 0, bytes, BLK_HDR);
	h.type = (uint32_t)blk_get(bytes, 4);
	h.sector = blk_get(bytes + 8, 8);
	if (ref_bug(r, REF_BLK_RESERVED) && blk_get(bytes + 4, 4))
		h.type = UINT32_MAX;
	c->slow = h.type == BLK_T_FLUSH;
	status = misframed(r, c) || odd_pieces(r, c, h.type) ? BLK_S_IOERR
							     : execute(r, q, c, &h, &used);
	fill(r, c, used);
	if (status != BLK_S_OK && ref_bug(r, REF_BLIND_ERROR_STATUS))
		at = used;
	status = (uint8_t)ref_value(r, REF_BLK_STATUS, status);
	if (ref_step(r, REF_BLK_STATUS_WRITE))
		ref_scatter(r, c, (uint32_t)ref_value(r, REF_BLK_STATUS_AT, at), &status, 1);
	c->used = (uint32_t)ref_value(r, REF_BLK_USED, c->in_len);
	if (ref_bug(r, REF_BLK_USED_ONE))
		c->used = VOP_MIN(c->in_len, 1u);
	if (ref_bug(r, REF_BLK_USED_DATA))
		c->used = c->in_len ? c->in_len - 1 : 0;
	return true;
}
