/* SPDX-License-Identifier: BSD-2-Clause */
/* The entropy device against a driver of its own. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/dev_rig.h"
#include "vop/dev/rng.h"

#define RING_ALL (F(VOP_F_INDIRECT_DESC) | F(VOP_F_EVENT_IDX))
#define BUFFER	 (VOP_RNG_FILL_MAX + 4096)
#define CANARY	 0xa5

/* A source whose every byte is known. */
struct counter {
	uint8_t next;
	size_t left; /* before it runs dry */
	size_t most; /* of one call; 0: any */
	unsigned calls, freed;
};

static size_t counter_fill(void *ctx, void *to, size_t len)
{
	struct counter *c = ctx;
	uint8_t *p = to;
	size_t i;

	c->calls++;
	len = VOP_MIN(len, c->left);
	if (c->most)
		len = VOP_MIN(len, c->most);
	for (i = 0; i < len; i++)
		p[i] = c->next++;
	c->left -= len;
	return len;
}

static void counter_free(void *ctx)
{
	struct counter *c = ctx;

	c->freed++;
}

static void attend(void *type)
{
	vop_rng_attend(type);
}

static void close_rng(void *type)
{
	vop_rng_close(type);
}

static void open_rng(struct dev_rig *r, const struct dev_rig_config *base, struct counter *source)
{
	struct dev_rig_config c = *base;
	struct vop_rng_config n = {
		.queue_size_max = 256, .pool_size = 1 << 20, .notify = base->notify};
	struct vop_error err = {{0}};

	c.device_id = VOP_RNG_ID;
	c.queues = 1;
	c.buffer = BUFFER;
	dev_rig_open(r, &c);
	n.poller = r->poller;
	if (source)
		n.source = (struct vop_rng_source){source, counter_fill, counter_free};
	r->type = vop_rng_open(r->dev, &n, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->type);
	r->attend = attend;
	r->close = close_rng;
	world_pump(&r->w);
}

/* A buffer in pieces of the lengths given; whether it comes back with `want` bytes of the counter,
 * the first of them *next, and nothing else touched. */
static void ask(struct dev_rig *r, uint8_t *next, const uint32_t *len, unsigned n, uint32_t want)
{
	uint8_t *p = dev_rig_buf(r, 0, 0);
	struct vop_buf b[20];
	struct vop_done d = {0};
	uint32_t at = 0, i;

	memset(p, CANARY, BUFFER);
	for (i = 0; i < n; i++) {
		b[i] = (struct vop_buf){dev_rig_bus(r, 0, 0) + at, len[i]};
		at += len[i];
	}
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r->q[0].vq, b, 0, n, 3), 0);
	dev_rig_kick(r, 0);
	CU_ASSERT_TRUE_FATAL(dev_rig_get(r, 0, &d));
	CU_ASSERT_EQUAL(d.cookie, 3);
	CU_ASSERT_EQUAL(d.len, want);
	for (i = 0; i < want && p[i] == *next; i++)
		(*next)++;
	CU_ASSERT_EQUAL(i, want);
	for (; i < BUFFER && p[i] == CANARY; i++)
		;
	CU_ASSERT_EQUAL(i, BUFFER);
}

/* Every ring and every way to wait, buffers whole and in crumbs, up to the bound and beyond. */
static void test_fill(void)
{
	static const uint32_t crumbs[] = {1, 2, 3, 5000, 7, 1, 4096};
	static const uint32_t one[] = {1}, page[] = {4096}, most[] = {VOP_RNG_FILL_MAX};
	static const uint32_t more[] = {VOP_RNG_FILL_MAX - 5, 4, 2, 4000};

	for (unsigned i = 0; i < 48; i++) {
		struct dev_rig_config c = {
			.packed = i & 1,
			.want = (i & 2 ? F(VOP_F_IN_ORDER) : 0) | (i & 4 ? RING_ALL : 0),
			.thread = i & 8,
			.notify = (enum vop_notify)(i / 16),
		};
		struct counter src = {.left = SIZE_MAX, .most = i & 2 ? 1000 : 0};
		struct vop_rng_stats st;
		uint8_t next = 0;
		struct dev_rig r;

		open_rng(&r, &c, &src);
		dev_rig_start(&r);
		for (unsigned k = 0; k < 20; k++) {
			ask(&r, &next, one, 1, 1);
			ask(&r, &next, page, 1, 4096);
			ask(&r, &next, crumbs, 7, 9110);
		}
		ask(&r, &next, most, 1, VOP_RNG_FILL_MAX);
		ask(&r, &next, more, 4, VOP_RNG_FILL_MAX);
		vop_rng_get_stats(r.type, &st);
		CU_ASSERT_EQUAL(st.buffers, 62);
		CU_ASSERT_EQUAL(st.bytes, 20 * (1 + 4096 + 9110) + 2 * VOP_RNG_FILL_MAX);
		CU_ASSERT_EQUAL(st.violations, 0);
		dev_rig_close(&r);
		CU_ASSERT_EQUAL(src.freed, 1);
	}
}

/* Many buffers at once, in order, more than a turn takes. */
static void test_batch(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = {.packed = i & 1,
					   .want = i & 2 ? F(VOP_F_IN_ORDER) : RING_ALL,
					   .placement = i == 2 ? VOP_RING_POSTED : VOP_RING_DEVICE};
		struct counter src = {.left = SIZE_MAX};
		struct vop_done d;
		struct dev_rig r;

		open_rng(&r, &c, &src);
		dev_rig_start(&r);
		for (unsigned k = 0; k < 16; k++)
			dev_rig_give(&r, 0, k, 16, true);
		for (unsigned k = 0; k < 16; k++) {
			CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, 0, &d));
			CU_ASSERT_EQUAL(d.len, 16);
			CU_ASSERT_EQUAL(dev_rig_buf(&r, 0, d.cookie)[0], 16 * k);
		}
		dev_rig_close(&r);
	}
}

/* The kernel's bytes: two buffers of 32 that are equal, or of zeroes, do not happen. */
static void test_kernel(void)
{
	static const uint8_t zero[32];
	struct dev_rig_config c = {.packed = true};
	struct vop_done d;
	struct dev_rig r;

	open_rng(&r, &c, NULL);
	dev_rig_start(&r);
	dev_rig_give(&r, 0, 0, 32, true);
	dev_rig_give(&r, 0, 1, 32, true);
	CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, 0, &d) && d.len == 32);
	CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, 0, &d) && d.len == 32);
	CU_ASSERT_NOT_EQUAL(memcmp(dev_rig_buf(&r, 0, 0), zero, 32), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(dev_rig_buf(&r, 0, 0), dev_rig_buf(&r, 0, 1), 32), 0);
	dev_rig_close(&r);
}

/* The source runs dry: never a buffer without a byte, and nothing is lost. */
static void test_dry(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct dev_rig_config c = {.packed = i & 1,
					   .notify = i & 2 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL};
		struct counter src = {.left = 25};
		struct vop_rng_stats st;
		struct vop_done d = {0};
		struct dev_rig r;

		open_rng(&r, &c, &src);
		dev_rig_start(&r);
		dev_rig_give(&r, 0, 0, 20, true);
		dev_rig_give(&r, 0, 1, 20, true);
		dev_rig_give(&r, 0, 2, 20, true);
		CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, 0, &d));
		CU_ASSERT_EQUAL(d.len, 20);
		CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, 0, &d));
		CU_ASSERT_EQUAL(d.len, 5);
		CU_ASSERT_TRUE(dev_rig_none(&r, 0));
		vop_rng_get_stats(r.type, &st);
		CU_ASSERT(st.dry > 0);
		/* Nobody kicks. */
		src.left = 100;
		CU_ASSERT_TRUE_FATAL(dev_rig_get(&r, 0, &d));
		CU_ASSERT_EQUAL(d.len, 20);
		CU_ASSERT_EQUAL(d.cookie, 2);
		/* A buffer that waits is forgotten with its queue. */
		src.left = 0;
		dev_rig_give(&r, 0, 0, 20, true);
		dev_rig_settle(&r);
		dev_rig_queue_reset(&r, 0);
		src.left = 100;
		dev_rig_settle(&r);
		CU_ASSERT_EQUAL(src.left, 100);
		CU_ASSERT_EQUAL(dev_rig_queue(&r, 0), 0);
		CU_ASSERT_TRUE(dev_rig_none(&r, 0));
		dev_rig_give(&r, 0, 1, 20, true);
		CU_ASSERT_TRUE(dev_rig_get(&r, 0, &d) && d.len == 20 && d.cookie == 1);
		/* And with the device. */
		src.left = 0;
		dev_rig_give(&r, 0, 2, 20, true);
		dev_rig_settle(&r);
		dev_rig_stop(&r);
		src.left = 100;
		dev_rig_start(&r);
		CU_ASSERT_TRUE(dev_rig_none(&r, 0));
		CU_ASSERT_EQUAL(src.left, 100);
		dev_rig_close(&r);
	}
}

static void violate(bool packed, bool thread, struct vop_buf *b, unsigned nout, unsigned nin,
		    uint32_t why)
{
	struct dev_rig_config c = {.packed = packed,
				   .thread = thread,
				   .notify = thread ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL};
	struct counter src = {.left = SIZE_MAX};
	struct vop_rng_stats st;
	struct vop_done d;
	struct dev_rig r;
	uint32_t left;

	open_rng(&r, &c, &src);
	dev_rig_start(&r);
	for (unsigned i = 0; i < nout + nin; i++)
		if (b[i].addr < BUFFER)
			b[i].addr += r.q[0].bus;
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r.q[0].vq, b, nout, nin, 0), 0);
	dev_rig_kick(&r, 0);
	CU_ASSERT_TRUE(dev_rig_violated(&r, 0, why));
	left = (uint32_t)src.left;
	CU_ASSERT_EQUAL(left, UINT32_MAX); /* it gave nothing away */
	/* A reset makes it whole. */
	dev_rig_stop(&r);
	dev_rig_start(&r);
	dev_rig_give(&r, 0, 1, 64, true);
	CU_ASSERT_TRUE(dev_rig_get(&r, 0, &d) && d.len == 64);
	vop_rng_get_stats(r.type, &st);
	CU_ASSERT_EQUAL(st.violations, 1);
	CU_ASSERT_EQUAL(st.last_violation, why);
	dev_rig_close(&r);
}

static void test_violations(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct vop_buf readable[] = {{0, 16}};
		struct vop_buf both[] = {{0, 16}, {16, 16}};
		struct vop_buf nowhere[] = {{UINT64_MAX - 4096, 16}};
		struct vop_buf half[] = {{0, 16}, {1ull << 60, 16}};
		struct vop_buf empty[] = {{0, 0}};
		bool packed = i & 1, thread = i & 2;

		violate(packed, thread, empty, 0, 1, VOP_V_ZERO_LEN);
		violate(packed, thread, readable, 1, 0, VOP_V_DIRECTION);
		violate(packed, thread, both, 1, 1, VOP_V_DIRECTION);
		violate(packed, thread, nowhere, 0, 1, VOP_V_ADDR);
		violate(packed, thread, half, 0, 2, VOP_V_ADDR);
	}
}

/* No configuration space, no features of its own, one queue (5.4.2 to 5.4.4). */
static void test_offer(void)
{
	struct dev_rig_config c = {0};
	struct vop_rng_config n = {.queue_size_max = 0};
	struct vop_error err = {{0}};
	struct dev_rig r;
	uint64_t f[2];
	uint8_t byte;

	open_rng(&r, &c, NULL);
	CU_ASSERT_EQUAL(vop_drv_wait_ready(r.drv, WAIT_MS), 0);
	CU_ASSERT_EQUAL(vop_drv_offered(r.drv, f), 0);
	CU_ASSERT_EQUAL(f[0] & 0xffffff, 0);
	CU_ASSERT_EQUAL(vop_drv_queue_count(r.drv), 1);
	CU_ASSERT_EQUAL(vop_drv_queue_size_max(r.drv, 0), 256);
	CU_ASSERT_NOT_EQUAL(vop_drv_config_read(r.drv, 0, &byte, 1, NULL), 0);
	CU_ASSERT_EQUAL(drv_negotiate(r.drv, FULL_FEATURES), 0);
	CU_ASSERT_NOT_EQUAL(vop_drv_config_write(r.drv, 0, "x", 1, WAIT_MS), 0);
	n.poller = r.poller;
	CU_ASSERT_PTR_NULL(vop_rng_open(r.dev, &n, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "queue size 0"));
	n.queue_size_max = 4;
	CU_ASSERT_PTR_NULL(vop_rng_open(r.dev, &n, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "being served already"));
	vop_rng_close(NULL);
	dev_rig_close(&r);
}

int suite_rng(void)
{
	CU_pSuite s = CU_add_suite("rng", NULL, NULL);

	if (!s || !CU_add_test(s, "buffers are filled", test_fill) ||
	    !CU_add_test(s, "many at once", test_batch) ||
	    !CU_add_test(s, "the kernel's bytes", test_kernel) ||
	    !CU_add_test(s, "a source that runs dry", test_dry) ||
	    !CU_add_test(s, "violations", test_violations) ||
	    !CU_add_test(s, "what is offered", test_offer))
		return CU_get_error();
	return 0;
}
