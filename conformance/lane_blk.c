/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lane of a block device: writes of patterns to sectors of their own and reads of what was
 * written before, in any order. Sectors are taken in slots, round and round; a slot is read when
 * its write has been seen to end well, and not written while a write is under way. Where neither
 * can be, the identity is asked for.
 *
 * A zoned device is written in its first zone, so that its limits of open and active zones are not
 * met; that of a host-managed one must be a conventional one.
 */
#include <string.h>

#include "conformance/blk_req.h"
#include "conformance/lane.h"

#define SLOT_SECTORS 4u
#define SLOTS	     2048u
#define BUSY	     UINT32_MAX

struct blk_state {
	uint32_t slots; /* that fit */
	uint32_t last;	/* slot that was written last, and checked */
	bool read_only, managed, any;
	uint32_t done[SLOTS]; /* number + 1 of the write it holds; 0 none, BUSY under way */
};
_Static_assert(sizeof(struct blk_state) <= LANE_STATE, "state of a lane");

static uint32_t length(uint64_t i)
{
	return BLK_SECTOR * (1 + (uint32_t)(i * 5 % 3));
}

static void prepare(struct conf *c)
{
	struct blk_state *s = conf_lane_state(c);
	uint8_t config[BLK_C_SIZE];
	uint64_t sectors;

	conf_config(c, BLK_C_CAPACITY, config, 8);
	sectors = blk_get(config, 8);
	if (conf_has(c, BLK_F_ZONED)) {
		conf_config(c, BLK_C_ZONED, config, BLK_C_SIZE - BLK_C_ZONED);
		s->managed = config[BLK_C_MODEL - BLK_C_ZONED] == BLK_Z_HM;
		/* Zones that are written may be limited in number: one is enough. */
		if (config[BLK_C_MODEL - BLK_C_ZONED])
			sectors = VOP_MIN(sectors, blk_get(config, 4));
	}
	s->slots = (uint32_t)VOP_MIN(sectors / SLOT_SECTORS, (uint64_t)SLOTS);
	s->read_only = vop_feature_has(conf_offered(c), BLK_F_RO);
	if (s->slots == 0)
		conf_skip(c, "a disk of %llu sectors is too small", (unsigned long long)sectors);
}

static void request(struct conf *c, uint64_t i, uint8_t *out, uint32_t *out_len, uint32_t *in_len)
{
	struct blk_state *s = conf_lane_state(c);
	uint32_t slot = (uint32_t)(i % s->slots), n = length(i);

	*out_len = BLK_HDR;
	if (s->read_only && i % 4) {
		blk_header(out, BLK_T_IN, (uint64_t)slot * SLOT_SECTORS);
		*in_len = n + 1;
	} else if (i % 2 && s->any && s->done[s->last] != BUSY) {
		/* As long as it was written. */
		blk_header(out, BLK_T_IN, (uint64_t)s->last * SLOT_SECTORS);
		*in_len = length(s->done[s->last] - 1) + 1;
	} else if (!s->read_only && s->done[slot] != BUSY) {
		blk_header(out, BLK_T_OUT, (uint64_t)slot * SLOT_SECTORS);
		blk_pattern(out + BLK_HDR, n, i);
		*out_len = BLK_HDR + n;
		*in_len = 1;
		s->done[slot] = BUSY;
	} else {
		blk_header(out, BLK_T_GET_ID, 0);
		*in_len = BLK_ID_LEN + 1;
	}
}

static void verify_read(struct conf *c, const struct cbuf *b, uint64_t sector)
{
	struct blk_state *s = conf_lane_state(c);
	uint32_t slot = (uint32_t)(sector / SLOT_SECTORS), n = b->in_len - 1;
	uint8_t got[SLOT_SECTORS * BLK_SECTOR];

	if (s->read_only || s->done[slot] == BUSY || s->done[slot] == 0)
		return;
	cbuf_read(b, 0, got, n);
	blk_compare(c, got, n, s->done[slot] - 1, sector);
}

static void verify(struct conf *c, struct cbuf *b)
{
	struct blk_state *s = conf_lane_state(c);
	uint8_t header[BLK_HDR], status;
	uint64_t sector;

	blk_out_bytes(b, 0, header, BLK_HDR);
	sector = blk_get(header + 8, 8);
	CONF_EXPECT(c, b->used_len == b->in_len || b->batched,
		    "a request with %u bytes to be written was used with length %u; its status is "
		    "the last of them",
		    b->in_len, b->used_len);
	cbuf_read(b, b->in_len - 1, &status, 1);
	if (s->managed && status >= BLK_S_ZONE_INVALID_CMD && status <= BLK_S_ZONE_ACTIVE_RESOURCE)
		conf_skip(c, "the first zone of this device is no conventional one");
	/* Nobody must have an identity. */
	if (blk_get(header, 4) == BLK_T_GET_ID && status == BLK_S_UNSUPP)
		return;
	CONF_EXPECT(c, status == BLK_S_OK,
		    "request of type %llu at sector %llu ended with status %u",
		    (unsigned long long)blk_get(header, 4), (unsigned long long)sector, status);
	if (blk_get(header, 4) == BLK_T_OUT) {
		s->last = (uint32_t)(sector / SLOT_SECTORS);
		s->done[s->last] = (uint32_t)b->number + 1;
		s->any = true;
	} else if (blk_get(header, 4) == BLK_T_IN) {
		verify_read(c, b, sector);
	}
}

const struct lane conf_lane_blk = {
	.name = "blk",
	.device = BLK_ID,
	.queue = 0,
	.writes = true,
	.reads = true,
	.prepare = prepare,
	.request = request,
	.verify = verify,
	.pieces = 3,
	.accepts = {CONF_F(BLK_F_ZONED), CONF_F(BLK_F_RO)},
};
