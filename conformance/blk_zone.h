/* SPDX-License-Identifier: BSD-2-Clause */
/* Zones as checks see them: the report, and requests to one of them (VIRTIO 1.4, 5.2.6). */
#ifndef CONFORMANCE_BLK_ZONE_H
#define CONFORMANCE_BLK_ZONE_H

#include "conformance/blk_req.h"

struct zone {
	uint64_t cap, start, wp;
	uint8_t type, state;
};

/* The zoned part of the configuration. */
struct zoned {
	uint32_t sectors, max_open, max_active, max_append, granularity; /* bytes, the last */
	uint8_t model;
	uint32_t granule; /* granularity in sectors, at least 1 */
	uint64_t zones;	  /* how many there are */
};

/* conf_start(), the configuration, all zones reset. Skips a device without zones. */
void zone_start(struct conf *c, struct zoned *z);
/* The zone that holds this sector. */
struct zone zone_at(struct conf *c, uint64_t sector);
/* The report from a sector on, at most n zones: how many it tells of. */
unsigned zone_report(struct conf *c, uint64_t sector, struct zone *to, unsigned n);
/* The i-th zone with that type and state (as reported now; type 0: either sequential one). Skips
 * where there is none. */
struct zone zone_find(struct conf *c, const struct zoned *z, uint8_t type, uint8_t state,
		      unsigned i);
/* The same; false where there is none. */
bool zone_look(struct conf *c, const struct zoned *z, uint8_t type, uint8_t state, unsigned i,
	       struct zone *to);
/* An empty sequential zone, the i-th. */
struct zone zone_empty(struct conf *c, const struct zoned *z, unsigned i);
/* One that must be written in order. */
struct zone zone_swr(struct conf *c, const struct zoned *z, unsigned i);

/* A request without data to a zone: its status. */
unsigned zone_do(struct conf *c, uint32_t type, const struct zone *z);
/* The same, and it must end so. */
void zone_must(struct conf *c, uint32_t type, const struct zone *z, unsigned status,
	       const char *what);
/* The zone is in that state now, by its report; and for those with one, at that write pointer. */
void zone_is(struct conf *c, const struct zone *z, uint8_t state, uint64_t wp, const char *when);
/* n sectors of a pattern, written at a sector; the status. */
unsigned zone_write(struct conf *c, uint64_t sector, uint32_t n, uint64_t seed);
/* n sectors appended; the status, *at: where. */
unsigned zone_append(struct conf *c, uint64_t sector, uint32_t n, uint64_t seed, uint64_t *at);
/* Fill the zone up to its capacity. Skips where that is much. */
void zone_fill(struct conf *c, const struct zone *z);

#endif
