/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.2.6 Zoned block device: states of zones, their limits, zones that are worn out. */
#include <string.h>

#include "conformance/blk_zone.h"
#include "conformance/sections.h"

static void opens(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	v = zone_empty(c, &z, 0);
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open of an empty zone");
	zone_is(c, &v, BLK_ZS_EOPEN, v.start, "after an open");
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open of a zone that is open");
	zone_is(c, &v, BLK_ZS_EOPEN, v.start, "after a second open");
	blk_want(c, zone_write(c, v.start, z.granule, 1), BLK_S_OK, "a write into an open zone");
	zone_is(c, &v, BLK_ZS_EOPEN, v.start + z.granule, "after a write");
}

/* By a write, and by an open after it; then closed and opened by a write once more. */
static void opens_by_write(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	v = zone_empty(c, &z, 0);
	blk_want(c, zone_write(c, v.start, z.granule, 1), BLK_S_OK, "a write into an empty zone");
	zone_is(c, &v, BLK_ZS_IOPEN, v.start + z.granule, "after a write");
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open of a zone opened by a write");
	zone_is(c, &v, BLK_ZS_EOPEN, v.start + z.granule, "after an open");
	zone_must(c, BLK_T_ZONE_CLOSE, &v, BLK_S_OK, "a close of an open zone");
	zone_is(c, &v, BLK_ZS_CLOSED, v.start + z.granule, "after a close");
	blk_want(c, zone_write(c, v.start + z.granule, z.granule, 2), BLK_S_OK,
		 "a write into a closed zone");
	zone_is(c, &v, BLK_ZS_IOPEN, v.start + 2 * z.granule, "after a write");
}

static void open_full(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	v = zone_empty(c, &z, 0);
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open of an empty zone");
	zone_must(c, BLK_T_ZONE_FINISH, &v, BLK_S_OK, "a finish of an open zone");
	zone_is(c, &v, BLK_ZS_FULL, 0, "after a finish");
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_ZONE_INVALID_CMD, "an open of a full zone");
	zone_is(c, &v, BLK_ZS_FULL, 0, "after an open that was refused");
}

static void closes(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	v = zone_empty(c, &z, 0);
	blk_want(c, zone_write(c, v.start, z.granule, 1), BLK_S_OK, "a write into an empty zone");
	zone_must(c, BLK_T_ZONE_CLOSE, &v, BLK_S_OK, "a close of a zone opened by a write");
	zone_is(c, &v, BLK_ZS_CLOSED, v.start + z.granule, "after a close");
	zone_must(c, BLK_T_ZONE_CLOSE, &v, BLK_S_OK, "a close of a closed zone");
	zone_is(c, &v, BLK_ZS_CLOSED, v.start + z.granule, "after a second close");
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open of a closed zone");
	zone_is(c, &v, BLK_ZS_EOPEN, v.start + z.granule, "after an open");
	zone_must(c, BLK_T_ZONE_CLOSE, &v, BLK_S_OK, "a close of an open zone");
	zone_is(c, &v, BLK_ZS_CLOSED, v.start + z.granule, "after a close");
}

static void close_to_empty(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	v = zone_empty(c, &z, 0);
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open of an empty zone");
	zone_must(c, BLK_T_ZONE_CLOSE, &v, BLK_S_OK, "a close of an open zone");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after it was opened and closed without data");
}

static void close_refused(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	v = zone_empty(c, &z, 0);
	zone_must(c, BLK_T_ZONE_CLOSE, &v, BLK_S_ZONE_INVALID_CMD, "a close of an empty zone");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after a close that was refused");
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open of an empty zone");
	zone_must(c, BLK_T_ZONE_FINISH, &v, BLK_S_OK, "a finish of an open zone");
	zone_must(c, BLK_T_ZONE_CLOSE, &v, BLK_S_ZONE_INVALID_CMD, "a close of a full zone");
	zone_is(c, &v, BLK_ZS_FULL, 0, "after a close that was refused");
}

static void finishes(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	v = zone_empty(c, &z, 0);
	blk_want(c, zone_write(c, v.start, z.granule, 3), BLK_S_OK, "a write into an empty zone");
	zone_must(c, BLK_T_ZONE_FINISH, &v, BLK_S_OK, "a finish of a zone opened by a write");
	zone_is(c, &v, BLK_ZS_FULL, 0, "after a finish");
	zone_must(c, BLK_T_ZONE_FINISH, &v, BLK_S_OK, "a finish of a full zone");
	zone_is(c, &v, BLK_ZS_FULL, 0, "after a second finish");
	blk_holds(c, v.start, z.granule, 3);
}

/*
 * The lists of transitions know no way from Empty to Full, the standards behind them do. Whichever
 * the device holds with, its answer and its report agree.
 */
static void finish_refused(struct conf *c)
{
	static const uint8_t dead[] = {BLK_ZS_RDONLY, BLK_ZS_OFFLINE};
	struct zoned z;
	struct zone v;
	unsigned s, i;

	zone_start(c, &z);
	v = zone_empty(c, &z, 0);
	s = zone_do(c, BLK_T_ZONE_FINISH, &v);
	CONF_EXPECT(c, s == BLK_S_OK || s == BLK_S_ZONE_INVALID_CMD,
		    "a finish of an empty zone ended with status %u", s);
	zone_is(c, &v, s == BLK_S_OK ? BLK_ZS_FULL : BLK_ZS_EMPTY, v.start,
		s == BLK_S_OK ? "after a finish" : "after a finish that was refused");
	for (i = 0; i < 2; i++)
		if (zone_look(c, &z, 0, dead[i], 0, &v)) {
			zone_must(c, BLK_T_ZONE_FINISH, &v, BLK_S_ZONE_INVALID_CMD,
				  "a finish of a zone that is worn out");
			zone_is(c, &v, dead[i], 0, "after a finish that was refused");
		}
}

/* Into a state, from empty. */
static void bring(struct conf *c, const struct zoned *z, const struct zone *v, uint8_t state)
{
	if (state == BLK_ZS_EMPTY)
		return;
	blk_want(c, zone_write(c, v->start, z->granule, 5), BLK_S_OK, "a write into an empty zone");
	if (state == BLK_ZS_EOPEN)
		zone_must(c, BLK_T_ZONE_OPEN, v, BLK_S_OK, "an open");
	if (state == BLK_ZS_CLOSED)
		zone_must(c, BLK_T_ZONE_CLOSE, v, BLK_S_OK, "a close");
	if (state == BLK_ZS_FULL)
		zone_must(c, BLK_T_ZONE_FINISH, v, BLK_S_OK, "a finish");
	zone_is(c, v, state, v->start + z->granule, "after requests to bring it there");
}

static const uint8_t alive[] = {BLK_ZS_EMPTY, BLK_ZS_IOPEN, BLK_ZS_EOPEN, BLK_ZS_CLOSED,
				BLK_ZS_FULL};

static void resets(struct conf *c)
{
	struct zoned z;
	struct zone v;
	unsigned i;

	zone_start(c, &z);
	v = zone_empty(c, &z, 0);
	for (i = 0; i < VOP_ARRAY_SIZE(alive); i++) {
		bring(c, &z, &v, alive[i]);
		zone_must(c, BLK_T_ZONE_RESET, &v, BLK_S_OK, "a reset of a zone");
		zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after a reset");
	}
	/* All of its capacity is there again. */
	blk_want(c, zone_write(c, v.start, z.granule, 6), BLK_S_OK, "a write after a reset");
	blk_holds(c, v.start, z.granule, 6);
}

/* Zones in every state, at once. */
static void resets_all(struct conf *c)
{
	static const uint8_t state[] = {BLK_ZS_FULL, BLK_ZS_CLOSED, BLK_ZS_EOPEN, BLK_ZS_IOPEN};
	unsigned n = VOP_ARRAY_SIZE(state), i, turn;
	struct zone v[4];
	struct zoned z;

	zone_start(c, &z);
	if ((z.max_open && z.max_open < 2) || (z.max_active && z.max_active < 3))
		conf_skip(c, "too few zones can be open or active");
	for (i = 0; i < n; i++)
		v[i] = zone_empty(c, &z, i);
	for (turn = 0; turn < 2; turn++) {
		for (i = 0; i < n; i++)
			bring(c, &z, &v[i], state[turn ? n - 1 - i : i]);
		blk_want(c, blk_do(c, BLK_T_ZONE_RESET_ALL, 0, NULL, 0, NULL, 0), BLK_S_OK,
			 "a reset of all zones");
		for (i = 0; i < n; i++)
			zone_is(c, &v[i], BLK_ZS_EMPTY, v[i].start, "after a reset of all zones");
	}
}

/* A zone other than the one meant stays as it is. */
static void others_stay(struct conf *c)
{
	struct zone a, b;
	struct zoned z;

	zone_start(c, &z);
	if (z.max_active == 1 || z.max_open == 1)
		conf_skip(c, "too few zones can be open or active");
	a = zone_empty(c, &z, 0);
	b = zone_empty(c, &z, 1);
	bring(c, &z, &a, BLK_ZS_EOPEN);
	bring(c, &z, &b, BLK_ZS_EOPEN);
	zone_must(c, BLK_T_ZONE_RESET, &a, BLK_S_OK, "a reset of a zone");
	zone_is(c, &b, BLK_ZS_EOPEN, b.start + z.granule, "after a reset of another");
	blk_holds(c, b.start, z.granule, 5);
	zone_must(c, BLK_T_ZONE_CLOSE, &b, BLK_S_OK, "a close");
	zone_is(c, &a, BLK_ZS_EMPTY, a.start, "after a close of another");
}

/* --- limits --- */

/* How many can be open; 0: as many as there are. */
static uint32_t open_limit(const struct zoned *z)
{
	if (z->max_active && (!z->max_open || z->max_active < z->max_open))
		return z->max_active;
	return z->max_open;
}

/* Open zones explicitly up to the limit; the next one that is empty. */
static struct zone open_all(struct conf *c, const struct zoned *z)
{
	uint32_t limit = open_limit(z), i;
	struct zone v = {0};

	if (limit == 0)
		conf_skip(c, "the device has no limit of open zones");
	if (limit > 256)
		conf_skip(c, "%u zones can be open, too many for this check", limit);
	for (i = 0; i < limit; i++) {
		v = zone_empty(c, z, 0);
		zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open within max_open_zones");
		zone_is(c, &v, BLK_ZS_EOPEN, v.start, "after an open");
	}
	return zone_empty(c, z, 0);
}

static void no_resource(struct conf *c, const struct zoned *z, unsigned s, const char *what)
{
	CONF_EXPECT(c, s == BLK_S_ZONE_OPEN_RESOURCE || s == BLK_S_ZONE_ACTIVE_RESOURCE,
		    "%s, with %u zones open of at most %u and at most %u active, ended with "
		    "status %u",
		    what, open_limit(z), z->max_open, z->max_active, s);
}

static void max_open(struct conf *c)
{
	struct zone v, first;
	struct zoned z;

	zone_start(c, &z);
	v = open_all(c, &z);
	no_resource(c, &z, zone_do(c, BLK_T_ZONE_OPEN, &v), "an open");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after an open that was refused");
	/* One less, one more. */
	first = zone_find(c, &z, 0, BLK_ZS_EOPEN, 0);
	zone_must(c, BLK_T_ZONE_CLOSE, &first, BLK_S_OK, "a close");
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open after a close");
	first = zone_find(c, &z, 0, BLK_ZS_EOPEN, 0);
	zone_must(c, BLK_T_ZONE_RESET, &first, BLK_S_OK, "a reset");
	v = zone_empty(c, &z, 1);
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open after a reset");
}

static void write_opens_too_many(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	if (z.model != BLK_Z_HM)
		conf_skip(c, "this is said of SWR zones");
	v = open_all(c, &z);
	no_resource(c, &z, zone_write(c, v.start, z.granule, 1), "a write");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after a write that was refused");
	if (z.max_append)
		no_resource(c, &z, zone_append(c, v.start, z.granule, 1, NULL), "an append");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after an append that was refused");
}

/* Active ones: written and closed. */
static void max_active(struct conf *c)
{
	struct zoned z;
	struct zone v;
	uint32_t i;
	unsigned s;

	zone_start(c, &z);
	if (z.max_active == 0 || z.max_active > 256)
		conf_skip(c, "the device has no limit of active zones, or a high one");
	for (i = 0; i < z.max_active; i++) {
		v = zone_empty(c, &z, 0);
		blk_want(c, zone_write(c, v.start, z.granule, 1), BLK_S_OK,
			 "a write within max_active_zones");
		zone_must(c, BLK_T_ZONE_CLOSE, &v, BLK_S_OK, "a close");
	}
	v = zone_empty(c, &z, 0);
	s = zone_do(c, BLK_T_ZONE_OPEN, &v);
	blk_want(c, s, BLK_S_ZONE_ACTIVE_RESOURCE, "an open beyond max_active_zones");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after an open that was refused");
	blk_want(c, zone_write(c, v.start, z.granule, 1), BLK_S_ZONE_ACTIVE_RESOURCE,
		 "a write beyond max_active_zones");
	zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after a write that was refused");
	/* A closed zone is active already. */
	v = zone_find(c, &z, 0, BLK_ZS_CLOSED, 0);
	zone_must(c, BLK_T_ZONE_OPEN, &v, BLK_S_OK, "an open of a closed zone");
}

/* --- zones that are worn out --- */

static void read_only_zone(struct conf *c)
{
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	v = zone_find(c, &z, 0, BLK_ZS_RDONLY, 0);
	blk_want(c, zone_write(c, v.start, z.granule, 1), BLK_S_ZONE_INVALID_CMD,
		 "a write to a read-only zone");
	if (z.max_append && v.type == BLK_ZT_SWR)
		blk_want(c, zone_append(c, v.start, z.granule, 1, NULL), BLK_S_ZONE_INVALID_CMD,
			 "an append to a read-only zone");
	zone_is(c, &v, BLK_ZS_RDONLY, 0, "after writes that were refused");
}

static void offline_zone(struct conf *c)
{
	static const uint32_t types[] = {BLK_T_ZONE_OPEN, BLK_T_ZONE_CLOSE, BLK_T_ZONE_FINISH,
					 BLK_T_ZONE_RESET};
	uint8_t data[BLK_SECTOR];
	struct zoned z;
	struct zone v;
	unsigned i;

	zone_start(c, &z);
	v = zone_find(c, &z, 0, BLK_ZS_OFFLINE, 0);
	for (i = 0; i < VOP_ARRAY_SIZE(types); i++)
		zone_must(c, types[i], &v, BLK_S_ZONE_INVALID_CMD,
			  "a zone request to a zone that is offline");
	blk_want(c, blk_do(c, BLK_T_IN, v.start, NULL, 0, data, sizeof(data)),
		 BLK_S_ZONE_INVALID_CMD, "a read from a zone that is offline");
	blk_want(c, zone_write(c, v.start, z.granule, 1), BLK_S_ZONE_INVALID_CMD,
		 "a write to a zone that is offline");
	if (z.max_append && v.type == BLK_ZT_SWR)
		blk_want(c, zone_append(c, v.start, z.granule, 1, NULL), BLK_S_ZONE_INVALID_CMD,
			 "an append to a zone that is offline");
	zone_is(c, &v, BLK_ZS_OFFLINE, 0, "after requests that were refused");
}

/* Opening, closing and resetting what cannot be. */
static void manage_dead(struct conf *c)
{
	static const uint32_t types[] = {BLK_T_ZONE_OPEN, BLK_T_ZONE_CLOSE, BLK_T_ZONE_RESET};
	static const uint8_t dead[] = {BLK_ZS_RDONLY, BLK_ZS_OFFLINE};
	unsigned i, j, seen = 0;
	struct zoned z;
	struct zone v;

	zone_start(c, &z);
	for (i = 0; i < 2; i++) {
		if (!zone_look(c, &z, 0, dead[i], 0, &v))
			continue;
		seen++;
		for (j = 0; j < VOP_ARRAY_SIZE(types); j++) {
			zone_must(c, types[j], &v, BLK_S_ZONE_INVALID_CMD,
				  "a zone request to a zone that is worn out");
			zone_is(c, &v, dead[i], 0, "after a request that was refused");
		}
	}
	if (!seen)
		conf_skip(c, "no zone is read-only or offline");
}

/* --- secure erase --- */

static void erase_resets(struct conf *c)
{
	uint8_t s[BLK_RANGE];
	struct zone v, other;
	struct zoned z;
	unsigned i;

	zone_start(c, &z);
	if (z.sectors > blk_config(c, BLK_C_MAX_ERASE_SECTORS, 4))
		conf_skip(c, "a secure erase takes less than a zone");
	v = zone_empty(c, &z, 0);
	other = zone_empty(c, &z, 1);
	if (z.max_active != 1 && z.max_open != 1)
		bring(c, &z, &other, BLK_ZS_CLOSED);
	for (i = 0; i < VOP_ARRAY_SIZE(alive); i++) {
		bring(c, &z, &v, alive[i]);
		blk_segment(s, v.start, z.sectors, 0);
		blk_want(c, blk_ranges(c, BLK_T_SECURE_ERASE, s, 1), BLK_S_OK,
			 "a secure erase of a zone");
		zone_is(c, &v, BLK_ZS_EMPTY, v.start, "after a secure erase");
	}
	if (z.max_active != 1 && z.max_open != 1)
		zone_is(c, &other, BLK_ZS_CLOSED, other.start + z.granule,
			"after a secure erase of another");
}

#define SPEC(line) "text:device-types/blk/description.tex:" #line
#define ROW(id, what, clauses, level, fn)                                                          \
	{                                                                                          \
		id, what, clauses, level, CONF_CONFORMANCE, CONF_ANY,                              \
			.device = BLK_ID, .needs = {CONF_F(BLK_F_ZONED)}, .run = fn                \
	}
static const struct conf_check checks[] = {
	ROW("zoned/state/open", "an open brings a zone to Explicitly Open", SPEC(796), CONF_TEXT,
	    opens),
	ROW("zoned/state/open-by-write", "a write brings a zone to Implicitly Open", SPEC(735),
	    CONF_TEXT, opens_by_write),
	ROW("zoned/state/open-full", "a full zone cannot be opened", "5.2.6.2:dev:21", CONF_MUST,
	    open_full),
	ROW("zoned/state/close", "a close brings a zone to Closed", SPEC(816), CONF_TEXT, closes),
	ROW("zoned/state/close-to-empty", "or to Empty when nothing was written", SPEC(779),
	    CONF_TEXT, close_to_empty),
	ROW("zoned/state/close-refused", "an empty or a full zone cannot be closed",
	    "5.2.6.2:dev:23", CONF_MUST, close_refused),
	ROW("zoned/state/finish", "a finish brings a zone to Full", SPEC(824), CONF_TEXT, finishes),
	ROW("zoned/state/finish-refused", "a finish that is refused changes nothing",
	    "5.2.6.2:dev:24", CONF_MUST, finish_refused),
	ROW("zoned/state/reset", "a reset brings a zone to Empty from every state", SPEC(741),
	    CONF_TEXT, resets),
	ROW("zoned/state/reset-all", "so does a reset of all zones", SPEC(1097), CONF_TEXT,
	    resets_all),
	ROW("zoned/state/others", "a request means one zone", SPEC(583), CONF_TEXT, others_stay),
	ROW("zoned/limit/open", "max_open_zones can be open, and no more",
	    "5.2.5.2:dev:12 5.2.6.2:dev:22", CONF_MUST, max_open),
	ROW("zoned/limit/open-by-write", "nor by a write or an append", "5.2.6.2:dev:26", CONF_MUST,
	    write_opens_too_many),
	ROW("zoned/limit/active", "max_active_zones can be active, and no more",
	    "5.2.5.2:dev:13 5.2.6.2:dev:26", CONF_MUST, max_active),
	ROW("zoned/dead/read-only", "a read-only zone is not written", "5.2.6.2:dev:35", CONF_MUST,
	    read_only_zone),
	ROW("zoned/dead/offline", "an offline zone refuses everything", "5.2.6.2:dev:36", CONF_MUST,
	    offline_zone),
	ROW("zoned/dead/manage", "neither of them can be opened, closed or reset",
	    "5.2.6.2:dev:21 5.2.6.2:dev:23 5.2.6.2:dev:25", CONF_MUST, manage_dead),
	{"zoned/state/erase", "a secure erase is a reset of the zones", "5.2.6.2:dev:41", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, .device = BLK_ID,
	 .needs = {CONF_F(BLK_F_ZONED), CONF_F(BLK_F_SECURE_ERASE)}, .run = erase_resets},
};
CONF_SECTION(conf_section_blk_zone_state, "5.2.6", "Zoned block device: states and limits", checks);
