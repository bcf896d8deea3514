/* SPDX-License-Identifier: BSD-2-Clause */
/* The block device: when writes are stable, the cache mode, failing backends, broken drivers. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/blk_rig.h"
#include "vop/dev/blk_internal.h"
#include "vop/vq_open.h"

#define RING_ALL (F(VOP_F_INDIRECT_DESC) | F(VOP_F_EVENT_IDX))
#define OK	 VOP_BLK_S_OK
#define IOERR	 VOP_BLK_S_IOERR
#define UNSUPP	 VOP_BLK_S_UNSUPP
#define HEADER	 16u

/* --- a disk that is watched --- */

struct spy {
	struct vop_blk_backend disk;
	unsigned reads, writes, flushes, discards;
	unsigned flushed_writes; /* writes before the last flush */
	int read_fails, write_fails, flush_fails, zero_fails;
	uint64_t partly; /* bytes that pass before a failure */
	uint64_t at[32]; /* offsets of discards */
	bool unmapped;	 /* the last range of zeroes */
	/* Called in the middle of a request. */
	void (*hook)(void *arg);
	void *hook_arg;
};

static void look(struct spy *s)
{
	if (s->hook)
		s->hook(s->hook_arg);
}

static int spy_read(void *ctx, uint64_t offset, struct vop_core_walk *to, uint64_t len)
{
	struct spy *s = ctx;

	s->reads++;
	look(s);
	if (s->read_fails && s->partly)
		s->disk.read(s->disk.ctx, offset, to, s->partly);
	return s->read_fails ? s->read_fails : s->disk.read(s->disk.ctx, offset, to, len);
}

static int spy_write(void *ctx, uint64_t offset, struct vop_core_walk *from, uint64_t len)
{
	struct spy *s = ctx;

	s->writes++;
	look(s);
	return s->write_fails ? s->write_fails : s->disk.write(s->disk.ctx, offset, from, len);
}

static int spy_flush(void *ctx)
{
	struct spy *s = ctx;

	s->flushes++;
	s->flushed_writes = s->writes;
	return s->flush_fails;
}

static int spy_discard(void *ctx, uint64_t offset, uint64_t len)
{
	struct spy *s = ctx;

	s->at[s->discards++ % 32] = offset;
	look(s);
	return s->disk.discard(s->disk.ctx, offset, len);
}

static int spy_zero(void *ctx, uint64_t offset, uint64_t len, bool unmap)
{
	struct spy *s = ctx;

	s->unmapped = unmap;
	return s->zero_fails ? s->zero_fails : s->disk.zero(s->disk.ctx, offset, len, unmap);
}

static void spy_free(void *ctx)
{
	struct spy *s = ctx;

	s->disk.free(s->disk.ctx);
}

static struct vop_blk_backend watch(struct spy *s)
{
	*s = (struct spy){0};
	CU_ASSERT_EQUAL_FATAL(vop_blk_backend_memory(&s->disk, BLK_RIG_DISK, NULL), 0);
	return (struct vop_blk_backend){
		.name = "spy",
		.ctx = s,
		.size = s->disk.size,
		.read = spy_read,
		.write = spy_write,
		.flush = spy_flush,
		.discard = spy_discard,
		.zero = spy_zero,
		.zero_unmaps = true,
		.align = 4096,
		.free = spy_free,
	};
}

static void spy_open(struct blk_rig *r, struct spy *s, struct blk_rig_config *c)
{
	c->own = watch(s);
	blk_rig_open(r, c);
	blk_rig_start(r);
}

/* --- stable writes (5.2.6.2) --- */

static uint8_t mode_of(struct blk_rig *r)
{
	uint8_t mode = 0xee;

	CU_ASSERT_EQUAL(vop_drv_config_read(r->drv, offsetof(struct vop_blk_space, writeback),
					    &mode, 1, NULL),
			0);
	return mode;
}

static int set_mode(struct blk_rig *r, uint8_t mode)
{
	return vop_drv_config_write(r->drv, offsetof(struct vop_blk_space, writeback), &mode, 1,
				    WAIT_MS);
}

static int write_one(struct blk_rig *r)
{
	static const uint8_t data[512] = {1, 2, 3};

	return blk_rig_do(r, VOP_BLK_T_OUT, 7, data, 512, NULL, 0);
}

/* Is a write on the disk when it is completed? */
static bool stable(struct blk_rig *r, struct spy *s)
{
	CU_ASSERT_EQUAL(write_one(r), OK);
	return s->flushed_writes == s->writes;
}

static void test_stable(void)
{
	const uint64_t flush = F(VOP_BLK_F_FLUSH), wce = F(VOP_BLK_F_CONFIG_WCE);

	for (unsigned i = 0; i < 4; i++) {
		struct blk_rig_config c = {.packed = i & 1, .write_through = i & 2};
		struct blk_rig r;
		struct spy s;

		/* A driver that cannot flush. */
		spy_open(&r, &s, &c);
		CU_ASSERT_TRUE(stable(&r, &s));
		blk_rig_stop(&r);
		/* One that can. */
		r.cfg.want = flush;
		blk_rig_start(&r);
		CU_ASSERT_FALSE(stable(&r, &s));
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_FLUSH, 0, NULL, 0, NULL, 0), OK);
		CU_ASSERT_EQUAL(s.flushed_writes, s.writes);
		CU_ASSERT_EQUAL(set_mode(&r, 0), -EINVAL);
		blk_rig_stop(&r);
		/* One that sets the mode, and starts in the one it is told. */
		r.cfg.want = flush | wce;
		blk_rig_start(&r);
		CU_ASSERT_EQUAL(mode_of(&r), !c.write_through);
		CU_ASSERT_EQUAL(stable(&r, &s), c.write_through);
		CU_ASSERT_EQUAL(set_mode(&r, 0), 0);
		CU_ASSERT_EQUAL(mode_of(&r), 0);
		CU_ASSERT_TRUE(stable(&r, &s));
		CU_ASSERT_EQUAL(set_mode(&r, 1), 0);
		CU_ASSERT_EQUAL(mode_of(&r), 1);
		CU_ASSERT_FALSE(stable(&r, &s));
		blk_rig_stop(&r);
		/* One that sets it and cannot flush: it starts at 0 (5.2.5.2). */
		r.cfg.want = wce;
		blk_rig_start(&r);
		CU_ASSERT_EQUAL(mode_of(&r), 0);
		CU_ASSERT_TRUE(stable(&r, &s));
		blk_rig_stop(&r);
		/* Nothing of that is left for the next. */
		r.cfg.want = flush | wce;
		blk_rig_start(&r);
		CU_ASSERT_EQUAL(mode_of(&r), !c.write_through);
		CU_ASSERT_EQUAL(stable(&r, &s), c.write_through);
		blk_rig_close(&r);
	}
}

/* Every other byte of the configuration is read-only, and this one has two values. */
static void test_config_write(void)
{
	struct blk_rig_config c = {.want = BLK_ALL};
	struct vop_blk_space before, after;
	uint8_t byte = 0, four[4] = {0};
	struct blk_rig r;
	uint32_t at;

	blk_rig_open(&r, &c);
	blk_rig_start(&r);
	vop_drv_config_read(r.drv, 0, &before, sizeof(before), NULL);
	for (at = 0; at < sizeof(before); at++)
		if (at != offsetof(struct vop_blk_space, writeback))
			CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, at, &byte, 1, WAIT_MS),
					-EINVAL);
	CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 32, four, 4, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_config_write(r.drv, 31, four, 2, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(set_mode(&r, 2), -EINVAL);
	CU_ASSERT_EQUAL(set_mode(&r, 255), -EINVAL);
	vop_drv_config_read(r.drv, 0, &after, sizeof(after), NULL);
	CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
	blk_rig_close(&r);
}

/* --- a backend that fails --- */

static void test_failures(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct blk_rig_config c = {.packed = i, .want = BLK_ALL, .write_through = true};
		struct vop_blk_range range = {.sector = htole64(100), .sectors = htole32(1)};
		uint8_t got[1024], zero[1024] = {0}, ones[1024];
		struct blk_rig r;
		struct spy s;

		memset(ones, 1, sizeof(ones));
		spy_open(&r, &s, &c);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_OUT, 0, ones, 1024, NULL, 0), OK);
		s.read_fails = -EIO;
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_IN, 0, NULL, 0, got, 1024), IOERR);
		CU_ASSERT_EQUAL(memcmp(got, zero, 1024), 0);
		/* The disk broke in the middle. */
		s.partly = 512;
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_IN, 0, NULL, 0, got, 1024), IOERR);
		CU_ASSERT_EQUAL(memcmp(got, ones, 512), 0);
		CU_ASSERT_EQUAL(memcmp(got + 512, zero, 512), 0);
		s.write_fails = -ENOSPC;
		CU_ASSERT_EQUAL(write_one(&r), IOERR);
		s.write_fails = 0;
		s.flush_fails = -EIO;
		CU_ASSERT_EQUAL(write_one(&r), IOERR);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_FLUSH, 0, NULL, 0, NULL, 0), IOERR);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_WRITE_ZEROES, 0, &range, 16, NULL, 0),
				IOERR);
		s.flush_fails = 0;
		s.zero_fails = -EIO;
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_WRITE_ZEROES, 0, &range, 16, NULL, 0),
				IOERR);
		/* None of them is a violation, and what works goes on working. */
		s.read_fails = s.zero_fails = 0;
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_IN, 0, NULL, 0, got, 1024), OK);
		CU_ASSERT_EQUAL(memcmp(got, ones, 1024), 0);
		blk_rig_close(&r);
	}
}

/* The backend is told whether storage may go, and of no more sectors than the device says. */
static void test_zeroes(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct blk_rig_config c = {.packed = i, .want = BLK_ALL};
		struct vop_blk_range range = {.sectors = htole32(1)};
		struct blk_rig r;
		struct spy s;

		spy_open(&r, &s, &c);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_WRITE_ZEROES, 0, &range, 16, NULL, 0), OK);
		CU_ASSERT_FALSE(s.unmapped);
		range.flags = htole32(VOP_BLK_RANGE_UNMAP);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_WRITE_ZEROES, 0, &range, 16, NULL, 0), OK);
		CU_ASSERT_TRUE(s.unmapped);
		blk_rig_close(&r);
		CU_ASSERT_EQUAL_FATAL(vop_blk_backend_memory(&c.own, 64u << 20, NULL), 0);
		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		range.sectors = htole32(VOP_BLK_RANGE_LIMIT);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_WRITE_ZEROES, 0, &range, 16, NULL, 0), OK);
		range.sectors = htole32(VOP_BLK_RANGE_LIMIT + 1);
		CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_WRITE_ZEROES, 0, &range, 16, NULL, 0),
				IOERR);
		blk_rig_close(&r);
	}
}

/* --- a start that fails --- */

static int (*real_update)(void *dev, unsigned index);

static int no_second_job(void *dev, unsigned index)
{
	return index == 1 ? -ENOSPC : real_update(dev, index);
}

/* DRIVER_OK is refused: then no queue is served either. */
static void test_no_start(void)
{
	struct blk_rig_config c = {
		.want = BLK_ALL | F(VOP_BLK_F_MQ), .queues = 2, .queues_open = 2};
	uint8_t status = 0, data[512];
	struct blk_rig r;

	blk_rig_open(&r, &c);
	real_update = r.blk->core.update;
	r.blk->core.update = no_second_job;
	blk_rig_negotiate(&r);
	CU_ASSERT_EQUAL(blk_rig_queue(&r, 0), 0);
	CU_ASSERT_EQUAL(blk_rig_queue(&r, 1), 0);
	CU_ASSERT_EQUAL(drv_status(r.drv, 15, &status), -ENOMEM);
	CU_ASSERT_EQUAL(vop_drv_get_status(r.drv), 11);
	CU_ASSERT_FALSE(r.blk->core.running);
	CU_ASSERT_FALSE(r.blk->queue[0]->q.live || r.blk->queue[0]->job);
	CU_ASSERT_FALSE(r.blk->queue[1]->q.live || r.blk->queue[1]->job);
	r.blk->core.update = real_update;
	blk_rig_stop(&r);
	blk_rig_start(&r);
	CU_ASSERT_EQUAL(blk_rig_do(&r, VOP_BLK_T_IN, 0, NULL, 0, data, 512), OK);
	blk_rig_close(&r);
}

/* --- a driver that writes on --- */

struct scribble {
	struct blk_rig *r;
	uint32_t from, len;
};

static void scribble(void *arg)
{
	struct scribble *x = arg;

	memset(x->r->q[0].out + x->from, 0xff, x->len);
}

struct one {
	unsigned q;
	struct vop_done done;
};

static bool got_one(struct blk_rig *r, void *arg)
{
	struct one *o = arg;

	return vop_drvq_get(&r->q[o->q].vq, &o->done, 1) == 1 || blk_rig_broken(r);
}

/* Send what lies in the areas of queue 0: out_len and in_len bytes; the status, -1: violated. */
static int send(struct blk_rig *r, uint32_t out_len, uint32_t in_len)
{
	struct blk_rig_queue *q = &r->q[0];
	struct vop_buf b[2] = {{q->out_bus, out_len}, {q->in_bus, in_len}};
	struct one o = {.q = 0};

	q->in[in_len - 1] = 0xee;
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&q->vq, b, 1, 1, 0), 0);
	blk_rig_kick(r, 0);
	CU_ASSERT_TRUE_FATAL(blk_rig_until(r, got_one, &o));
	return blk_rig_broken(r) ? -1 : q->in[in_len - 1];
}

/* What was checked is what is done, whatever the driver makes of it meanwhile. */
static void test_read_once(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct blk_rig_config c = {.packed = i, .want = BLK_ALL};
		struct vop_blk_header h = {.type = htole32(VOP_BLK_T_DISCARD)};
		struct vop_blk_range v[3] = {{.sectors = htole32(8)},
					     {.sector = htole64(16), .sectors = htole32(8)},
					     {.sector = htole64(64), .sectors = htole32(8)}};
		struct scribble x;
		struct blk_rig r;
		struct spy s;

		spy_open(&r, &s, &c);
		x = (struct scribble){.r = &r, .from = 0, .len = HEADER + sizeof(v)};
		s.hook = scribble;
		s.hook_arg = &x;
		memcpy(r.q[0].out, &h, HEADER);
		memcpy(r.q[0].out + HEADER, v, sizeof(v));
		CU_ASSERT_EQUAL(send(&r, HEADER + sizeof(v), 1), OK);
		CU_ASSERT_EQUAL(s.discards, 3);
		CU_ASSERT_EQUAL(s.at[1], 16 * 512);
		CU_ASSERT_EQUAL(s.at[2], 64 * 512);
		/* A read whose header becomes one of another type. */
		h.type = htole32(VOP_BLK_T_IN);
		memcpy(r.q[0].out, &h, HEADER);
		CU_ASSERT_EQUAL(send(&r, HEADER, 513), OK);
		CU_ASSERT_EQUAL(s.reads, 1);
		blk_rig_close(&r);
	}
}

/* A driver may give one piece of memory several times over, in one request too. */
static void test_overlap(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct blk_rig_config c = {.packed = i, .want = BLK_ALL | RING_ALL};
		struct vop_blk_header h = {.type = htole32(VOP_BLK_T_IN)};
		struct vop_buf b[6];
		struct one o = {.q = 0};
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		memcpy(r.q[0].out, &h, HEADER);
		/* Data and status over the header. */
		b[0] = (struct vop_buf){r.q[0].out_bus, HEADER};
		for (unsigned k = 1; k < 6; k++)
			b[k] = (struct vop_buf){r.q[0].out_bus, k == 5 ? 1 : 512};
		CU_ASSERT_EQUAL(vop_drvq_add_chain(&r.q[0].vq, b, 1, 5, 0), 0);
		blk_rig_kick(&r, 0);
		CU_ASSERT_TRUE(blk_rig_until(&r, got_one, &o));
		CU_ASSERT_EQUAL(o.done.len, 4 * 512 + 1);
		CU_ASSERT_EQUAL(r.q[0].out[0], OK);
		blk_rig_close(&r);
	}
}

/* --- violations --- */

static void expect(struct blk_rig *r, enum vop_violation why)
{
	struct vop_blk_stats st;
	uint32_t count = 0, got = 0;
	uint8_t data[512];

	CU_ASSERT(blk_rig_broken(r));
	CU_ASSERT(r->w.s[VOP_HOST].changed > 0);
	vop_drv_queue_violations(r->drv, 0, &count, &got);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_EQUAL(got, why);
	vop_blk_get_stats(r->blk, &st);
	CU_ASSERT_EQUAL(st.violations, 1);
	CU_ASSERT_EQUAL(st.last_violation, why);
	/* After a reset it serves again. */
	blk_rig_stop(r);
	blk_rig_start(r);
	CU_ASSERT_EQUAL(blk_rig_do(r, VOP_BLK_T_IN, 0, NULL, 0, data, 512), OK);
}

static bool broken(struct blk_rig *r, void *arg)
{
	(void)arg;
	return blk_rig_broken(r);
}

/* Addresses below BLK_RIG_AREA are in the readable or the writable area. */
static void violate(unsigned i, const struct vop_buf *b, unsigned nout, unsigned nin,
		    enum vop_violation why)
{
	struct blk_rig_config c = {.packed = i & 1,
				   .want = BLK_ALL | (i & 4 ? RING_ALL : 0),
				   .thread = i & 2,
				   .notify = i & 2 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL};
	struct vop_buf own[4];
	struct blk_rig r;
	unsigned k;

	blk_rig_open(&r, &c);
	blk_rig_start(&r);
	for (k = 0; k < nout + nin; k++) {
		own[k] = b[k];
		if (own[k].addr < BLK_RIG_AREA)
			own[k].addr += k < nout ? r.q[0].out_bus : r.q[0].in_bus;
	}
	memset(r.q[0].in, BLK_RIG_FILL, 1024);
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r.q[0].vq, own, nout, nin, 0), 0);
	blk_rig_kick(&r, 0);
	CU_ASSERT_TRUE(blk_rig_until(&r, broken, NULL));
	/* Nothing was answered, and nothing written. */
	CU_ASSERT_FALSE(vop_drvq_pending(&r.q[0].vq));
	for (k = 0; k < 1024; k++)
		CU_ASSERT_EQUAL(r.q[0].in[k], BLK_RIG_FILL);
	expect(&r, why);
	blk_rig_close(&r);
}

static void test_violations(void)
{
	static const struct vop_buf short_header[2] = {{0, 15}, {0, 1}};
	static const struct vop_buf crumbs[4] = {{0, 5}, {5, 5}, {10, 5}, {0, 1}};
	static const struct vop_buf only_read[2] = {{0, 16}, {16, 512}};
	static const struct vop_buf only_write[2] = {{0, 512}, {512, 1}};
	static const struct vop_buf empty_status[2] = {{0, 16}, {0, 0}};
	static const struct vop_buf nowhere_out[2] = {{UINT64_C(0xdead0000000), 16}, {0, 1}};
	static const struct vop_buf nowhere_in[3] = {
		{0, 16}, {UINT64_C(0xdead0000000), 512}, {0, 1}};
	static const struct vop_buf nowhere_status[2] = {{0, 16}, {UINT64_C(0xdead0000000), 1}};
	static const struct vop_buf wraps[2] = {{0, 16}, {UINT64_MAX - 5, 512}};

	for (unsigned i = 0; i < 8; i++) {
		violate(i, short_header, 1, 1, VOP_V_BLK_REQUEST);
		violate(i, crumbs, 3, 1, VOP_V_BLK_REQUEST);
		violate(i, only_read, 2, 0, VOP_V_BLK_REQUEST);
		violate(i, only_read, 1, 0, VOP_V_BLK_REQUEST);
		violate(i, only_write, 0, 2, VOP_V_BLK_REQUEST);
		violate(i, only_write, 0, 1, VOP_V_BLK_REQUEST);
		violate(i, empty_status, 1, 1, VOP_V_BLK_REQUEST);
		violate(i, nowhere_out, 1, 1, VOP_V_ADDR);
		violate(i, nowhere_in, 1, 2, VOP_V_ADDR);
		violate(i, nowhere_status, 1, 1, VOP_V_ADDR);
		violate(i, wraps, 1, 1, VOP_V_ADDR);
	}
}

/* What was made available before a broken request and executed is answered. */
static void test_before_violation(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct blk_rig_config c = {.packed = i & 1,
					   .want = BLK_ALL | (i & 2 ? F(VOP_F_IN_ORDER) : 0)};
		struct vop_blk_header h = {.type = htole32(VOP_BLK_T_IN)};
		struct vop_done done[8];
		struct vop_buf b[2];
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		memcpy(r.q[0].out, &h, HEADER);
		for (unsigned k = 0; k < 5; k++) {
			b[0] = (struct vop_buf){r.q[0].out_bus, k == 3 ? 3 : HEADER};
			b[1] = (struct vop_buf){r.q[0].in_bus + k * 1024, 513};
			CU_ASSERT_EQUAL(vop_drvq_add_chain(&r.q[0].vq, b, 1, 1, k), 0);
			r.q[0].in[k * 1024 + 512] = 0xee;
		}
		blk_rig_kick(&r, 0);
		CU_ASSERT_TRUE(blk_rig_until(&r, broken, NULL));
		CU_ASSERT_EQUAL(vop_drvq_get(&r.q[0].vq, done, 8), 3);
		for (unsigned k = 0; k < 5; k++)
			CU_ASSERT_EQUAL(r.q[0].in[k * 1024 + 512], k < 3 ? OK : 0xee);
		expect(&r, VOP_V_BLK_REQUEST);
		blk_rig_close(&r);
	}
}

/* Requests that were taken and wait when the queue is reset are never executed. */
static void test_reset_with_requests(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct blk_rig_config c = {.packed = i & 1, .want = BLK_ALL | F(VOP_F_RING_RESET)};
		struct vop_blk_header h = {.type = htole32(VOP_BLK_T_OUT)};
		struct vop_buf b[2];
		struct blk_rig r;
		unsigned before;
		struct spy s;

		spy_open(&r, &s, &c);
		memcpy(r.q[0].out, &h, HEADER);
		for (unsigned k = 0; k < 12; k++) {
			b[0] = (struct vop_buf){r.q[0].out_bus, HEADER + BLK_RIG_DATA};
			b[1] = (struct vop_buf){r.q[0].in_bus + k, 1};
			CU_ASSERT_EQUAL(vop_drvq_add_chain(&r.q[0].vq, b, 1, 1, k), 0);
		}
		blk_rig_kick(&r, 0);
		vop_poller_enter(r.poller);
		vop_poller_turn(r.poller, 0);
		vop_poller_leave(r.poller);
		/* A turn has its limits. */
		before = s.writes;
		CU_ASSERT(before > 0 && before < 12);
		if (i & 2) {
			CU_ASSERT_EQUAL(vop_drv_queue_reset(r.drv, 0, WAIT_MS), 0);
			vop_drvq_close(&r.q[0].vq);
			r.q[0].open = false;
			CU_ASSERT_EQUAL(blk_rig_queue(&r, 0), 0);
		} else {
			blk_rig_stop(&r);
			blk_rig_start(&r);
		}
		blk_rig_turn(&r);
		CU_ASSERT_EQUAL(s.writes, before);
		CU_ASSERT_EQUAL(write_one(&r), OK);
		CU_ASSERT_EQUAL(s.writes, before + 1);
		blk_rig_close(&r);
	}
}

/* More of them than one turn takes, all in order. */
static void test_many(void)
{
	for (unsigned i = 0; i < 8; i++) {
		struct blk_rig_config c = {.packed = i & 1,
					   .want = BLK_ALL | (i & 2 ? F(VOP_F_IN_ORDER) : 0) |
						   (i & 4 ? RING_ALL : 0),
					   .size = 256};
		struct vop_blk_header h = {.type = htole32(VOP_BLK_T_IN)};
		struct one o = {.q = 0};
		struct vop_buf b[2];
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		memcpy(r.q[0].out, &h, HEADER);
		for (unsigned k = 0; k < 100; k++) {
			b[0] = (struct vop_buf){r.q[0].out_bus, HEADER};
			b[1] = (struct vop_buf){r.q[0].in_bus, 512 * (k % 300) + 1};
			CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r.q[0].vq, b, 1, 1, k), 0);
		}
		blk_rig_kick(&r, 0);
		for (unsigned k = 0; k < 100; k++) {
			CU_ASSERT_TRUE_FATAL(blk_rig_until(&r, got_one, &o));
			CU_ASSERT_EQUAL(o.done.cookie, k);
			CU_ASSERT_EQUAL(o.done.len, 512 * (k % 300) + 1);
		}
		blk_rig_close(&r);
	}
}

/* Anything that has a header and room for its status is answered, and touches nothing else. */
static void test_nonsense(void)
{
	static const uint32_t lengths[] = {0,	1,   15,  16,  20,   32,  48,
					   256, 272, 511, 512, 1024, 8192};
	static const uint64_t sectors[] = {0, 1, 2047, 2048, UINT64_MAX, UINT64_MAX / 512};

	for (unsigned i = 0; i < 4; i++) {
		struct blk_rig_config c = {.packed = i & 1,
					   .want = BLK_ALL | (i & 2 ? RING_ALL : 0)};
		static uint8_t data[8192];
		uint32_t seed = i + 1;
		struct vop_blk_stats st;
		struct blk_rig r;

		blk_rig_open(&r, &c);
		blk_rig_start(&r);
		for (unsigned k = 0; k < 1500; k++) {
			struct blk_io io = {
				.type = blk_rig_random(&seed) % 17,
				.sector = sectors[blk_rig_random(&seed) % 6],
				.out = data,
				.out_len = lengths[blk_rig_random(&seed) % 13],
				.in_len = lengths[blk_rig_random(&seed) % 13],
				.cuts = blk_rig_random(&seed),
			};

			for (unsigned at = 0; at < io.out_len; at++)
				data[at] = blk_rig_random(&seed) % 4 ? 0 : (uint8_t)seed;
			blk_rig_io(&r, 0, &io);
			CU_ASSERT_FALSE_FATAL(io.violated);
			CU_ASSERT(io.status <= UNSUPP);
		}
		vop_blk_get_stats(r.blk, &st);
		CU_ASSERT_EQUAL(st.reads + st.writes + st.others + st.failed, 1500);
		CU_ASSERT(st.reads && st.writes && st.others && st.failed);
		blk_rig_close(&r);
	}
}

int suite_blk_hostile(void)
{
	CU_pSuite s = CU_add_suite("blk, failures", NULL, NULL);

	if (!s || !CU_add_test(s, "stable writes and cache modes", test_stable) ||
	    !CU_add_test(s, "writes to the configuration", test_config_write) ||
	    !CU_add_test(s, "backend that fails", test_failures) ||
	    !CU_add_test(s, "zeroes", test_zeroes) ||
	    !CU_add_test(s, "a start that fails", test_no_start) ||
	    !CU_add_test(s, "requests that change meanwhile", test_read_once) ||
	    !CU_add_test(s, "parts in one place", test_overlap) ||
	    !CU_add_test(s, "violations", test_violations) ||
	    !CU_add_test(s, "requests before a violation", test_before_violation) ||
	    !CU_add_test(s, "reset with requests", test_reset_with_requests) ||
	    !CU_add_test(s, "nonsense by chance", test_nonsense) ||
	    !CU_add_test(s, "many requests", test_many))
		return CU_get_error();
	return 0;
}
