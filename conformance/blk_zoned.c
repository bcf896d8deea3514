/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.2.5, 5.2.6 Zoned block device: configuration, the zone report, conventional zones. */
#include <string.h>

#include "conformance/blk_zone.h"
#include "conformance/sections.h"

#define MANY 64u

static const char *of_model(uint8_t model)
{
	return model == BLK_Z_HM ? "host-managed" : "host-aware";
}

/* The model is one there is, and zones are of its kind. */
static void model(struct conf *c)
{
	struct zone v[MANY];
	uint64_t is;
	unsigned i, n, seen = 0;
	uint8_t wrong;

	conf_start(c, 0);
	is = blk_config(c, BLK_C_MODEL, 1);
	CONF_EXPECT(c, is <= BLK_Z_HA, "model is %llu", (unsigned long long)is);
	if (is == BLK_Z_NONE) {
		blk_start(c, 0, 4);
		/* Any sector, again and again. */
		blk_write(c, 1, 2, 1);
		blk_write(c, 0, 2, 2);
		blk_holds(c, 0, 2, 2);
		return;
	}
	n = zone_report(c, 0, v, MANY);
	wrong = is == BLK_Z_HM ? BLK_ZT_SWP : BLK_ZT_SWR;
	for (i = 0; i < n; i++) {
		CONF_EXPECT(c, v[i].type >= BLK_ZT_CONV && v[i].type <= BLK_ZT_SWP,
			    "zone %u has type %u", i, v[i].type);
		CONF_EXPECT(c, v[i].type != wrong, "the device is %s, and zone %u has type %u",
			    of_model((uint8_t)is), i, v[i].type);
		seen += v[i].type != BLK_ZT_CONV;
	}
	CONF_EXPECT(c, seen || n == MANY, "a %s device has conventional zones only",
		    of_model((uint8_t)is));
}

static uint8_t model_of(struct conf *c)
{
	conf_negotiate(c);
	return (uint8_t)blk_config(c, BLK_C_MODEL, 1);
}

/* Host-managed, and the driver does not know zones: FEATURES_OK is refused. */
static void without_managed(struct conf *c)
{
	uint64_t f[2];
	uint8_t s;

	if (!vop_feature_has(conf_offered(c), BLK_F_ZONED) || model_of(c) != BLK_Z_HM)
		conf_skip(c, "the device is not host-managed");
	conf_leave(c, BLK_F_ZONED);
	conf_wanted(c, f);
	f[0] &= ~(UINT64_C(1) << BLK_F_ZONED);
	conf_reset(c);
	conf_set_status(c, VOP_STATUS_ACKNOWLEDGE);
	conf_set_status(c, VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER);
	conf_try_features(c, f);
	conf_try_status(c, VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_FEATURES_OK);
	s = conf_status(c);
	CONF_EXPECT(c, !(s & VOP_STATUS_FEATURES_OK),
		    "a host-managed device set FEATURES_OK for a driver without ZONED");
}

/* Not host-managed: it goes on as a plain disk, and its zoned fields are 0. */
static void without_aware(struct conf *c)
{
	uint8_t v[BLK_C_SIZE - BLK_C_ZONED];
	unsigned i;

	if (!vop_feature_has(conf_offered(c), BLK_F_ZONED))
		conf_skip(c, "the device does not offer ZONED");
	if (model_of(c) == BLK_Z_HM)
		conf_skip(c, "the device is host-managed");
	conf_leave(c, BLK_F_ZONED);
	conf_start(c, 0);
	conf_serve(c, 2);
	conf_config(c, BLK_C_ZONED, v, sizeof(v));
	for (i = 0; i < sizeof(v); i++)
		CONF_EXPECT(c, v[i] == 0, "without ZONED byte %u of zoned is 0x%02x and not 0", i,
			    v[i]);
}

/* All of one size, but the last; all of them in the report. */
static void zone_sectors(struct conf *c)
{
	struct zone v[MANY];
	struct zoned z;
	uint64_t at, end;
	unsigned n, i;

	zone_start(c, &z);
	end = VOP_MIN(z.zones, 1024u);
	for (at = 0; at < end; at += n) {
		n = zone_report(c, at * z.sectors, v, MANY);
		CONF_EXPECT(c, n == VOP_MIN(z.zones - at, (uint64_t)MANY),
			    "a report from zone %llu of %llu on has %u zones",
			    (unsigned long long)at, (unsigned long long)z.zones, n);
		for (i = 0; i < n; i++)
			CONF_EXPECT(c, v[i].start == (at + i) * z.sectors,
				    "zone %llu starts at sector %llu, and zone_sectors is %u",
				    (unsigned long long)at + i, (unsigned long long)v[i].start,
				    z.sectors);
	}
}

/* Capacity, state and write pointer of zones after a reset of all of them. */
static void fresh(struct conf *c)
{
	struct zone v[MANY];
	struct zoned z;
	uint64_t capacity;
	unsigned n, i;

	zone_start(c, &z);
	capacity = blk_capacity(c);
	n = zone_report(c, 0, v, MANY);
	for (i = 0; i < n; i++) {
		uint64_t size = VOP_MIN((uint64_t)z.sectors, capacity - v[i].start);

		CONF_EXPECT(c, v[i].cap && v[i].cap <= size,
			    "zone %u of %llu sectors has a capacity of %llu", i,
			    (unsigned long long)size, (unsigned long long)v[i].cap);
		if (v[i].state == BLK_ZS_RDONLY || v[i].state == BLK_ZS_OFFLINE)
			continue;
		if (v[i].type == BLK_ZT_CONV) {
			CONF_EXPECT(c, v[i].state == BLK_ZS_NOT_WP,
				    "conventional zone %u is in state %u", i, v[i].state);
			continue;
		}
		CONF_EXPECT(c, v[i].state == BLK_ZS_EMPTY,
			    "zone %u is in state %u after a reset of all zones", i, v[i].state);
		CONF_EXPECT(c, v[i].wp == v[i].start,
			    "zone %u starts at %llu, is empty, and its write pointer is %llu", i,
			    (unsigned long long)v[i].start, (unsigned long long)v[i].wp);
	}
}

/* From any sector of the zone; with room for few zones, or for none. */
static void report_where(struct conf *c)
{
	uint8_t bytes[3 * BLK_REPORT];
	struct zone v[2];
	struct zoned z;

	zone_start(c, &z);
	if (z.zones < 3)
		conf_skip(c, "three zones are needed, there are %llu", (unsigned long long)z.zones);
	CONF_EXPECT(c, zone_report(c, z.sectors + z.sectors / 2, v, 2) == 2,
		    "a report with room for two zones does not have two");
	CONF_EXPECT(c, v[0].start == z.sectors && v[1].start == 2 * z.sectors,
		    "a report from the middle of zone 1 on tells of zones at %llu and %llu",
		    (unsigned long long)v[0].start, (unsigned long long)v[1].start);
	blk_want(c, blk_do(c, BLK_T_ZONE_REPORT, 0, NULL, 0, bytes, BLK_REPORT), BLK_S_OK,
		 "a report with room for no zone");
	CONF_EXPECT(c, blk_get(bytes, 8) == 0, "a report with room for no zone has %llu",
		    (unsigned long long)blk_get(bytes, 8));
	/* Half a zone more is none. */
	blk_want(c, blk_do(c, BLK_T_ZONE_REPORT, 0, NULL, 0, bytes, 2 * BLK_REPORT + 32), BLK_S_OK,
		 "a report with room for one zone and a half");
	CONF_EXPECT(c, blk_get(bytes, 8) == 1,
		    "a report with room for one zone and a half has %llu",
		    (unsigned long long)blk_get(bytes, 8));
	/* The last zone, and nothing after it. */
	CONF_EXPECT(c, zone_report(c, (z.zones - 1) * z.sectors, v, 2) == 1,
		    "a report from the last zone on has more or less than one");
	CONF_EXPECT(c, v[0].start == (z.zones - 1) * z.sectors,
		    "a report from the last zone on tells of another one");
}

static void unused2(struct conf *c)
{
	uint8_t v[3];
	unsigned i;

	conf_start(c, 0);
	if (blk_config(c, BLK_C_MODEL, 1) == BLK_Z_NONE)
		conf_skip(c, "the device has no zones that a driver sees");
	conf_config(c, BLK_C_UNUSED2, v, sizeof(v));
	for (i = 0; i < sizeof(v); i++)
		CONF_EXPECT(c, v[i] == 0, "byte %u of unused2 is 0x%02x and not 0", i, v[i]);
}

static void append_bound(struct conf *c)
{
	uint64_t max, bound;

	conf_start(c, 0);
	if (blk_config(c, BLK_C_MODEL, 1) == BLK_Z_NONE)
		conf_skip(c, "the device has no zones that a driver sees");
	max = blk_config(c, BLK_C_MAX_APPEND, 4);
	bound = blk_config(c, BLK_C_SEG_MAX, 4) * blk_config(c, BLK_C_SIZE_MAX, 4);
	CONF_EXPECT(c, max <= bound, "max_append_sectors is %llu, and seg_max times size_max %llu",
		    (unsigned long long)max, (unsigned long long)bound);
}

static void erase_alignment(struct conf *c)
{
	uint64_t align, size;

	conf_start(c, 0);
	size = blk_config(c, BLK_C_ZONE_SECTORS, 4);
	align = blk_config(c, BLK_C_ERASE_ALIGNMENT, 4);
	if (size == 0)
		conf_skip(c, "the device has no zones that a driver sees");
	CONF_EXPECT(c, align && align % size == 0,
		    "secure_erase_sector_alignment is %llu, no multiple of zone_sectors, %llu",
		    (unsigned long long)align, (unsigned long long)size);
}

static void fields_read_only(struct conf *c)
{
	uint8_t before[BLK_C_SIZE - BLK_C_ZONED], after[BLK_C_SIZE - BLK_C_ZONED], junk[4];
	unsigned at;

	conf_start(c, 0);
	conf_config(c, BLK_C_ZONED, before, sizeof(before));
	memset(junk, 0x33, sizeof(junk));
	for (at = BLK_C_ZONED; at < BLK_C_SIZE; at += 4)
		conf_try_config_write(c, at, junk, 4);
	conf_config(c, BLK_C_ZONED, after, sizeof(after));
	CONF_EXPECT(c, memcmp(before, after, sizeof(before)) == 0,
		    "fields of zoned, which are read-only, were written");
}

/* A conventional zone is as any disk. */
static void conventional(struct conf *c)
{
	struct zoned z;
	struct zone v;
	uint32_t n;

	zone_start(c, &z);
	v = zone_find(c, &z, BLK_ZT_CONV, BLK_ZS_NOT_WP, 0);
	n = (uint32_t)VOP_MIN(v.cap / 4, 8u);
	if (n == 0)
		conf_skip(c, "the zone is too small");
	blk_write(c, v.start + 2 * n, n, 1);
	blk_write(c, v.start, n, 2);
	blk_write(c, v.start + 2 * n, n, 3);
	blk_holds(c, v.start, n, 2);
	blk_holds(c, v.start + 2 * n, n, 3);
	zone_is(c, &v, BLK_ZS_NOT_WP, 0, "after writes");
}

static void manage_conventional(struct conf *c)
{
	static const uint32_t types[] = {BLK_T_ZONE_OPEN, BLK_T_ZONE_CLOSE, BLK_T_ZONE_FINISH,
					 BLK_T_ZONE_RESET};
	struct zoned z;
	struct zone v;
	unsigned i;

	zone_start(c, &z);
	v = zone_find(c, &z, BLK_ZT_CONV, BLK_ZS_NOT_WP, 0);
	blk_write(c, v.start, 1, 5);
	for (i = 0; i < VOP_ARRAY_SIZE(types); i++)
		zone_must(c, types[i], &v, BLK_S_ZONE_INVALID_CMD,
			  "a zone request to a conventional zone");
	zone_is(c, &v, BLK_ZS_NOT_WP, 0, "after zone requests");
	blk_holds(c, v.start, 1, 5);
	/* A reset of all zones does not mean it. */
	blk_want(c, blk_do(c, BLK_T_ZONE_RESET_ALL, 0, NULL, 0, NULL, 0), BLK_S_OK,
		 "a reset of all zones");
	blk_holds(c, v.start, 1, 5);
}

#define SPEC(line) "text:device-types/blk/description.tex:" #line
#define ROW(id, what, clauses, level, fn)                                                          \
	id, what, clauses, level, CONF_CONFORMANCE, CONF_ANY, .device = BLK_ID, .run = fn
#define ZONED .needs = {CONF_F(BLK_F_ZONED)}
static const struct conf_check checks[] = {
	{ROW("zoned/config/model", "model says what kind of zones there are", "5.2.5.2:dev:9",
	     CONF_MUST, model),
	 ZONED},
	{ROW("zoned/features/host-managed", "a host-managed device refuses a driver without ZONED",
	     "5.2.5.2:dev:8", CONF_MUST, without_managed)},
	{ROW("zoned/features/host-aware", "another one goes on, with zoned fields of 0",
	     "5.2.5.2:dev:7", CONF_SHOULD, without_aware)},
	{ROW("zoned/config/zone-sectors", "all zones have zone_sectors", "5.2.5.2:dev:10",
	     CONF_MUST, zone_sectors),
	 ZONED},
	{ROW("zoned/config/unused2", "unused2 is 0", "5.2.5.2:dev:18", CONF_MUST, unused2), ZONED},
	{ROW("zoned/config/append-bound", "max_append_sectors is within seg_max times size_max",
	     "5.2.5.2:dev:15", CONF_MUST, append_bound),
	 .needs = {CONF_F(BLK_F_ZONED), CONF_F(BLK_F_SEG_MAX), CONF_F(BLK_F_SIZE_MAX)}},
	{ROW("zoned/config/erase-alignment", "the alignment of secure erase is whole zones",
	     "5.2.6.2:dev:39", CONF_MUST, erase_alignment),
	 .needs = {CONF_F(BLK_F_ZONED), CONF_F(BLK_F_SECURE_ERASE)}},
	{ROW("zoned/config/read-only", "the zoned fields cannot be written", SPEC(279), CONF_TEXT,
	     fields_read_only),
	 ZONED},
	{ROW("zoned/report/fresh", "reset zones are empty, with a capacity", SPEC(694), CONF_TEXT,
	     fresh),
	 ZONED},
	{ROW("zoned/report/where", "a report starts where it was asked and fits its buffer",
	     SPEC(623), CONF_TEXT, report_where),
	 ZONED},
	{ROW("zoned/conventional/serves", "a conventional zone is written in any order", SPEC(664),
	     CONF_TEXT, conventional),
	 ZONED},
	{ROW("zoned/conventional/manage", "zone requests to it are invalid", "5.2.6.2:dev:19",
	     CONF_MUST, manage_conventional),
	 ZONED},
};
CONF_SECTION(conf_section_blk_zoned, "5.2.6", "Zoned block device: configuration and report",
	     checks);
