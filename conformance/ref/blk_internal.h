/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of the reference block device: blk.c (requests), blk_range.c (discard, write
 * zeroes, secure erase), blk_zoned.c (zones), blk_types.c (the forms it comes in, configuration).
 */
#ifndef CONFORMANCE_REF_BLK_INTERNAL_H
#define CONFORMANCE_REF_BLK_INTERNAL_H

#include "conformance/blk_spec.h"
#include "conformance/ref/internal.h"

#define REF_BLK_ZONES  20u
#define REF_BLK_RANGES 4u  /* segments of discard and the like */
#define REF_BLK_RANGE  64u /* sectors of one of them; erased: a zone is as large */
#define REF_BLK_QUEUES 4u

/* What one form of the device is made of. */
struct ref_blk_form {
	uint32_t capacity; /* sectors */
	bool full;	   /* sectors hold something at first */
	uint8_t model;	   /* BLK_Z_*; of zones: */
	uint32_t zone_sectors, zone_capacity, conventional;
	uint32_t max_open, max_active, max_append, granularity;
	uint32_t read_only, offline; /* which zone is; 0 none */
};

struct ref_zone {
	uint8_t state; /* BLK_ZS_* */
	uint64_t wp;
};

struct ref_blk {
	struct ref_zone zone[REF_BLK_ZONES];
	uint8_t *disk; /* follows this structure */
};

struct ref_blk_header {
	uint32_t type;
	uint64_t sector;
};

static inline const struct ref_blk_form *ref_blk_form(const struct ref *r)
{
	return r->type->form;
}

/* A write or append, a read, an operation: BLK_S_*. A write that may be moves the write pointer;
 * *sector becomes where it goes. */
uint8_t ref_zone_write(struct ref *r, uint64_t *sector, uint64_t n, bool append);
uint8_t ref_zone_read(struct ref *r, uint64_t sector, uint64_t n);
uint8_t ref_zone_manage(struct ref *r, uint32_t type, uint64_t sector);
uint8_t ref_zone_reset(struct ref *r, unsigned i);
uint8_t ref_zone_reset_all(struct ref *r);
/* Into the first `room` bytes of the data; *used: how many were filled. */
uint8_t ref_zone_report(struct ref *r, const struct ref_chain *c, uint64_t sector, uint32_t room,
			uint32_t *used);
void ref_zone_start(struct ref *r);
bool ref_zoned(const struct ref *r);

/* blk.c: `len` bytes of the disk from a sector on, NULL when they are not all there. */
uint8_t *ref_blk_at(struct ref *r, uint64_t sector, uint64_t len);
bool ref_blk_inside(const struct ref *r, uint64_t sector, uint64_t n);
/* The whole request of discard, write zeroes or secure erase. */
uint8_t ref_blk_ranges(struct ref *r, const struct ref_chain *c, uint32_t type);
bool ref_blk_request(struct ref *r, struct ref_queue *q, struct ref_chain *c);

#endif
