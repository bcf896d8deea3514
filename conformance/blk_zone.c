/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "conformance/blk_zone.h"

#define PATTERN_MAX (128u << 10)
#define FILL_MAX    4096u /* sectors */
#define LOOK	    64u	  /* zones of one report */

static void reset_all(struct conf *c)
{
	unsigned s = blk_do(c, BLK_T_ZONE_RESET_ALL, 0, NULL, 0, NULL, 0);

	CONF_EXPECT(c, s == BLK_S_OK, "a reset of all zones ended with status %u", s);
}

void zone_start(struct conf *c, struct zoned *z)
{
	uint64_t capacity;

	conf_start(c, 0);
	capacity = blk_capacity(c);
	*z = (struct zoned){
		.sectors = (uint32_t)blk_config(c, BLK_C_ZONE_SECTORS, 4),
		.max_open = (uint32_t)blk_config(c, BLK_C_MAX_OPEN, 4),
		.max_active = (uint32_t)blk_config(c, BLK_C_MAX_ACTIVE, 4),
		.max_append = (uint32_t)blk_config(c, BLK_C_MAX_APPEND, 4),
		.granularity = (uint32_t)blk_config(c, BLK_C_GRANULARITY, 4),
		.model = (uint8_t)blk_config(c, BLK_C_MODEL, 1),
	};
	if (z->model == BLK_Z_NONE)
		conf_skip(c, "the device has no zones that a driver sees");
	CONF_EXPECT(c, z->sectors > 0, "zone_sectors is 0");
	z->granule = VOP_MAX(z->granularity / BLK_SECTOR, 1u);
	z->zones = (capacity + z->sectors - 1) / z->sectors;
	reset_all(c);
}

static struct zone parse(const uint8_t *p)
{
	return (struct zone){
		.cap = blk_get(p, 8),
		.start = blk_get(p + 8, 8),
		.wp = blk_get(p + 16, 8),
		.type = p[24],
		.state = p[25],
	};
}

unsigned zone_report(struct conf *c, uint64_t sector, struct zone *to, unsigned n)
{
	uint8_t bytes[(LOOK + 1) * BLK_REPORT];
	uint64_t told;
	unsigned i;

	n = VOP_MIN(n, LOOK);
	blk_want(c, blk_do(c, BLK_T_ZONE_REPORT, sector, NULL, 0, bytes, (n + 1) * BLK_REPORT),
		 BLK_S_OK, "a zone report");
	told = blk_get(bytes, 8);
	CONF_EXPECT(c, told <= n, "a report with room for %u zones says that it has %llu", n,
		    (unsigned long long)told);
	for (i = 0; i < told; i++)
		to[i] = parse(bytes + (i + 1) * BLK_REPORT);
	return (unsigned)told;
}

struct zone zone_at(struct conf *c, uint64_t sector)
{
	struct zone z;

	CONF_EXPECT(c, zone_report(c, sector, &z, 1) == 1,
		    "a report with room for one zone has none, at sector %llu",
		    (unsigned long long)sector);
	return z;
}

static bool sequential(const struct zone *z)
{
	return z->type == BLK_ZT_SWR || z->type == BLK_ZT_SWP;
}

bool zone_look(struct conf *c, const struct zoned *z, uint8_t type, uint8_t state, unsigned i,
	       struct zone *to)
{
	struct zone v[LOOK];
	uint64_t at;
	unsigned n, k;

	for (at = 0; at < VOP_MIN(z->zones, 2048u); at += n) {
		n = zone_report(c, at * z->sectors, v, LOOK);
		if (n == 0)
			break;
		for (k = 0; k < n; k++)
			if ((type ? v[k].type == type : sequential(&v[k])) && v[k].state == state &&
			    i-- == 0) {
				*to = v[k];
				return true;
			}
	}
	return false;
}

struct zone zone_find(struct conf *c, const struct zoned *z, uint8_t type, uint8_t state,
		      unsigned i)
{
	struct zone to;

	if (!zone_look(c, z, type, state, i, &to))
		conf_skip(c, "the device has no %s zone of type %u in state %u",
			  i ? "other" : "such", type, state);
	return to;
}

struct zone zone_empty(struct conf *c, const struct zoned *z, unsigned i)
{
	return zone_find(c, z, 0, BLK_ZS_EMPTY, i);
}

struct zone zone_swr(struct conf *c, const struct zoned *z, unsigned i)
{
	return zone_find(c, z, BLK_ZT_SWR, BLK_ZS_EMPTY, i);
}

unsigned zone_do(struct conf *c, uint32_t type, const struct zone *z)
{
	return blk_do(c, type, z->start, NULL, 0, NULL, 0);
}

void zone_must(struct conf *c, uint32_t type, const struct zone *z, unsigned status,
	       const char *what)
{
	blk_want(c, zone_do(c, type, z), status, what);
}

void zone_is(struct conf *c, const struct zone *z, uint8_t state, uint64_t wp, const char *when)
{
	struct zone now = zone_at(c, z->start);
	bool pointed = state == BLK_ZS_EMPTY || state == BLK_ZS_IOPEN || state == BLK_ZS_EOPEN ||
		       state == BLK_ZS_CLOSED;

	CONF_EXPECT(c, now.start == z->start,
		    "the report of the zone at sector %llu tells of the one at %llu",
		    (unsigned long long)z->start, (unsigned long long)now.start);
	CONF_EXPECT(c, now.state == state, "the zone at sector %llu is in state %u %s, not in %u",
		    (unsigned long long)z->start, now.state, when, state);
	CONF_EXPECT(c, !pointed || now.wp == wp,
		    "the write pointer of the zone at sector %llu is %llu %s, not %llu",
		    (unsigned long long)z->start, (unsigned long long)now.wp, when,
		    (unsigned long long)wp);
}

unsigned zone_write(struct conf *c, uint64_t sector, uint32_t n, uint64_t seed)
{
	uint8_t data[PATTERN_MAX];

	if (n > PATTERN_MAX / BLK_SECTOR)
		conf_skip(c, "%u sectors in one request are too many for this check", n);
	blk_pattern(data, n * BLK_SECTOR, seed);
	return blk_do(c, BLK_T_OUT, sector, data, n * BLK_SECTOR, NULL, 0);
}

unsigned zone_append(struct conf *c, uint64_t sector, uint32_t n, uint64_t seed, uint64_t *at)
{
	uint8_t data[PATTERN_MAX], where[8] = {0};
	unsigned s;

	if (n > PATTERN_MAX / BLK_SECTOR)
		conf_skip(c, "%u sectors in one request are too many for this check", n);
	blk_pattern(data, n * BLK_SECTOR, seed);
	s = blk_do(c, BLK_T_ZONE_APPEND, sector, data, n * BLK_SECTOR, where, sizeof(where));
	if (at)
		*at = blk_get(where, 8);
	return s;
}

void zone_fill(struct conf *c, const struct zone *z)
{
	uint64_t at = z->start, end = z->start + z->cap;
	uint32_t n;

	if (z->cap > FILL_MAX)
		conf_skip(c, "zones of %llu sectors are too large to be filled here",
			  (unsigned long long)z->cap);
	for (; at < end; at += n) {
		n = (uint32_t)VOP_MIN(end - at, (uint64_t)128);
		blk_want(c, zone_write(c, at, n, at), BLK_S_OK, "a write at the write pointer");
	}
}
