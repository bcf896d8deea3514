/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What driver and device say to one another over the device page: status, features, queues, reset,
 * queue reset, configuration space, violations, doorbells.
 */
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include <vop/violation.h>
#include "tests/node_pair.h"
#include "vop/node_internal.h"

#define A   VOP_STATUS_ACKNOWLEDGE
#define D   VOP_STATUS_DRIVER
#define F   VOP_STATUS_FEATURES_OK
#define OK  VOP_STATUS_DRIVER_OK
#define RUN (A | D | F | OK)

static void open_device(struct world *w, struct device_pair *p)
{
	world_open(w, NULL);
	world_add(w, VOP_HOST, VOP_ENDPOINT, p);
	CU_ASSERT_EQUAL_FATAL(vop_drv_wait_ready(p->drv, WAIT_MS), 0);
}

static void open_negotiated(struct world *w, struct device_pair *p, uint64_t more)
{
	open_device(w, p);
	CU_ASSERT_EQUAL_FATAL(drv_negotiate(p->drv, FULL_FEATURES | more), 0);
}

static void test_offer(void)
{
	uint64_t f[2];
	struct device_pair p;
	struct world w;

	open_device(&w, &p);
	CU_ASSERT_EQUAL(vop_drv_offered(p.drv, f), 0);
	CU_ASSERT_EQUAL(f[0], 0x5 | 1ull << 28 | 1ull << 29 | 1ull << 32 | 1ull << 33 | 1ull << 34 |
				      1ull << 35 | 1ull << 40);
	CU_ASSERT_EQUAL(f[1], 1ull << 63);
	world_close(&w);
	/* A device type cannot offer transport bits, but can leave some out. */
	world_open(&w, NULL);
	w.s[VOP_HOST].offer.features[0] |= 1ull << VOP_F_SR_IOV | 1ull << VOP_F_SUSPEND;
	w.s[VOP_HOST].offer.features_off[0] = 1ull << VOP_F_IN_ORDER;
	world_add(&w, VOP_HOST, VOP_HOST, &p);
	CU_ASSERT_EQUAL(vop_drv_offered(p.drv, f), 0);
	CU_ASSERT_FALSE(vop_feature_has(f, VOP_F_SR_IOV));
	CU_ASSERT_FALSE(vop_feature_has(f, VOP_F_SUSPEND));
	CU_ASSERT_FALSE(vop_feature_has(f, VOP_F_IN_ORDER));
	CU_ASSERT_FALSE(vop_feature_has(f, VOP_F_ORDER_PLATFORM));
	world_close(&w);
}

static void test_status_machine(void)
{
	struct device_pair p;
	struct world w;
	uint8_t got;

	open_negotiated(&w, &p, 0x5);
	CU_ASSERT_EQUAL(got = vop_drv_get_status(p.drv), A | D | F);
	/* Bits are not cleared but by reset. */
	CU_ASSERT_EQUAL(drv_status(p.drv, A | F, &got), -EPERM);
	CU_ASSERT_EQUAL(got, A | D | F);
	/* NEEDS_RESET and SUSPEND are not the driver's; unknown bits are ignored. */
	CU_ASSERT_EQUAL(drv_status(p.drv, A | D | F | 16 | 32 | 64, &got), 0);
	CU_ASSERT_EQUAL(got, A | D | F);
	CU_ASSERT_EQUAL(drv_status(p.drv, RUN, &got), 0);
	CU_ASSERT_EQUAL(got, RUN);
	CU_ASSERT_EQUAL(drv_status(p.drv, RUN | VOP_STATUS_FAILED, &got), 0);
	CU_ASSERT_EQUAL(got, RUN | VOP_STATUS_FAILED);
	CU_ASSERT_EQUAL(p.device->fake.driver_oks, 1);
	CU_ASSERT_EQUAL(vop_device_status(p.dev), RUN | VOP_STATUS_FAILED);
	CU_ASSERT_EQUAL(drv_status(p.drv, 0, &got), 0);
	CU_ASSERT_EQUAL(got, 0);
	/* DRIVER_OK counts only after FEATURES_OK was seen accepted. */
	CU_ASSERT_EQUAL(drv_status(p.drv, A | D | OK, &got), -EPERM);
	CU_ASSERT_EQUAL(got, A | D);
	CU_ASSERT_EQUAL(vop_drv_set_features(p.drv, (uint64_t[2]){FULL_FEATURES, 0}, WAIT_MS), 0);
	CU_ASSERT_EQUAL(drv_status(p.drv, RUN, &got), -EPERM);
	CU_ASSERT_EQUAL(got, A | D | F);
	p.device->fake.driver_ok_answer = -ENOMEM;
	CU_ASSERT_EQUAL(drv_status(p.drv, RUN, &got), -ENOMEM);
	CU_ASSERT_EQUAL(got, A | D | F);
	world_close(&w);
}

/* Returns what FEATURES_OK became. */
static uint8_t try_features(struct device_pair *p, uint64_t f0, uint64_t f1)
{
	uint8_t got;

	CU_ASSERT_EQUAL(drv_status(p->drv, 0, NULL), 0);
	CU_ASSERT_EQUAL(drv_status(p->drv, A | D, NULL), 0);
	CU_ASSERT_EQUAL(vop_drv_set_features(p->drv, (uint64_t[2]){f0, f1}, WAIT_MS), 0);
	CU_ASSERT_EQUAL(drv_status(p->drv, A | D | F, &got), got & F ? 0 : -EOPNOTSUPP);
	CU_ASSERT_EQUAL(got & (A | D), A | D);
	return got & F;
}

static void test_features(void)
{
	const uint64_t need = FULL_FEATURES, v1 = 1ull << VOP_F_VERSION_1;
	const uint64_t platform = 1ull << VOP_F_ACCESS_PLATFORM;
	struct device_pair p;
	struct world w;

	open_device(&w, &p);
	CU_ASSERT_EQUAL(try_features(&p, need, 0), F);
	CU_ASSERT_EQUAL(try_features(&p, need | 0x5, 1ull << 63), F);
	CU_ASSERT_EQUAL(vop_device_features(p.dev)[0], need | 0x5);
	CU_ASSERT_EQUAL(vop_device_features(p.dev)[1], 1ull << 63);
	CU_ASSERT_EQUAL(p.device->fake.features[1], 1ull << 63);
	/* Fixed now. */
	CU_ASSERT_EQUAL(vop_drv_set_features(p.drv, (uint64_t[2]){need, 0}, WAIT_MS), -EPERM);
	CU_ASSERT_EQUAL(vop_device_features(p.dev)[0], need | 0x5);
	CU_ASSERT_EQUAL(try_features(&p, need | 0x2, 0), 0); /* not offered */
	CU_ASSERT_EQUAL(try_features(&p, need, 1), 0);
	CU_ASSERT_EQUAL(try_features(&p, platform, 0), 0);
	CU_ASSERT_EQUAL(try_features(&p, v1, 0), 0);
	CU_ASSERT_EQUAL(try_features(&p, 0, 0), 0);
	p.device->fake.features_ok_answer = -EINVAL;
	CU_ASSERT_EQUAL(try_features(&p, need, 0), 0);
	p.device->fake.features_ok_answer = 0;
	CU_ASSERT_EQUAL(try_features(&p, need, 0), F);
	CU_ASSERT_EQUAL(drv_status(p.drv, 0, NULL), 0);
	CU_ASSERT_EQUAL(vop_device_features(p.dev)[0], 0);
	world_close(&w);
}

static void test_order_platform(void)
{
	struct vop_link_pair_config cfg = {.doorbells = 4, .mem_class = VOP_MEM_DEVICE};
	struct device_pair p;
	struct world w;
	uint64_t f[2];

	world_open(&w, &cfg);
	world_add(&w, VOP_HOST, VOP_ENDPOINT, &p);
	CU_ASSERT_EQUAL(vop_drv_offered(p.drv, f), 0);
	CU_ASSERT_TRUE(vop_feature_has(f, VOP_F_ORDER_PLATFORM));
	CU_ASSERT_EQUAL(try_features(&p, FULL_FEATURES, 0), 0);
	CU_ASSERT_EQUAL(try_features(&p, FULL_FEATURES | 1ull << VOP_F_ORDER_PLATFORM, 0), F);
	world_close(&w);
}

/* --- queues --- */

static int raw(struct device_pair *p, struct vop_queue_config c)
{
	return vop_drv_queue_setup(p->drv, &c, VOP_NOTIFY_POLL, WAIT_MS);
}

/* One legal configuration, and every field of it made illegal in turn. */
static void test_queue_refusals(void)
{
	const struct vop_link *l;
	struct vop_queue_config ok, c;
	struct device_pair p;
	struct world w;
	unsigned packed;

	for (packed = 0; packed < 2; packed++) {
		open_negotiated(&w, &p, packed ? 1ull << VOP_F_RING_PACKED : 0);
		l = vop_node_link(p.driver->n);
		CU_ASSERT_EQUAL(
			drv_queue(p.drv, 0, 16, packed, VOP_RING_DRIVER, VOP_NOTIFY_POLL, &ok), 0);
		CU_ASSERT_EQUAL(raw(&p, ok), -EPERM); /* enabled already */
		ok.index = 1;
#define REFUSED(field, value, answer)                                                              \
	do {                                                                                       \
		c = ok;                                                                            \
		c.field = (value);                                                                 \
		CU_ASSERT_EQUAL(raw(&p, c), answer);                                               \
	} while (0)
		REFUSED(index, 3, -EINVAL);
		REFUSED(index, VOP_QUEUES_MAX, -EINVAL);
		REFUSED(index, 65535, -EINVAL);
		REFUSED(size, 0, -EINVAL);
		REFUSED(size, 257, -EINVAL);
		REFUSED(size, 512, -EINVAL);
		REFUSED(desc_bus, ok.desc_bus + 8, -EINVAL);
		REFUSED(driver_bus, ok.driver_bus + (packed ? 2 : 1), -EINVAL);
		REFUSED(device_bus, ok.device_bus + 2, -EINVAL);
		REFUSED(ring_placement, 3, -EOPNOTSUPP);
		REFUSED(ring_placement, VOP_RING_DEVICE, -EINVAL);
		REFUSED(ring_placement, VOP_RING_POSTED, packed ? -EOPNOTSUPP : -EINVAL);
		REFUSED(payload_placement, 2, -EOPNOTSUPP);
		/* Outside, across an end, in a page, at the very end of the address space. */
		REFUSED(desc_bus, 0, -EINVAL);
		REFUSED(desc_bus, l->own.base + l->own.size - 240, -EINVAL);
		REFUSED(desc_bus, l->own.base + VOP_PAGE_SIZE - 16, -EINVAL);
		REFUSED(desc_bus, l->own.base, -EINVAL);
		REFUSED(desc_bus, UINT64_MAX - 15, -EINVAL);
		REFUSED(driver_bus, UINT64_MAX - 3, -EINVAL);
		REFUSED(device_bus, l->own.base + l->own.size, -EINVAL);
		REFUSED(desc_bus, l->peer.base + VOP_PAGE_SIZE, -EINVAL);
		REFUSED(device_bus, l->peer.base + 64, -EINVAL);
#undef REFUSED
		c = ok;
		c.size = 15;
		if (packed) {
			CU_ASSERT_EQUAL(raw(&p, c), 0);
		} else {
			CU_ASSERT_EQUAL(raw(&p, c), -EINVAL);
			c.size = 1;
			CU_ASSERT_EQUAL(raw(&p, c), 0);
		}
		CU_ASSERT_EQUAL(p.device->fake.starts, 2);
		c = ok;
		c.index = 2;
		p.device->fake.start_answer = -ENOMEM;
		CU_ASSERT_EQUAL(raw(&p, c), -ENOMEM);
		p.device->fake.start_answer = 0;
		c.desc_bus = l->own.base + l->own.size - 256; /* ends with the window */
		CU_ASSERT_EQUAL(raw(&p, c), 0);
		world_close(&w);
	}
}

static void test_queue_state(void)
{
	struct vop_queue_config q;
	struct device_pair p;
	struct world w;

	open_device(&w, &p);
	CU_ASSERT_EQUAL(drv_status(p.drv, A | D, NULL), 0);
	CU_ASSERT_EQUAL(drv_queue(p.drv, 0, 8, false, VOP_RING_DRIVER, VOP_NOTIFY_POLL, &q),
			-EPERM); /* before FEATURES_OK */
	CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
	CU_ASSERT_EQUAL(drv_status(p.drv, RUN, NULL), 0);
	CU_ASSERT_EQUAL(drv_queue(p.drv, 0, 8, false, VOP_RING_DRIVER, VOP_NOTIFY_POLL, &q),
			-EPERM); /* after DRIVER_OK */
	world_close(&w);
}

static void test_placements(void)
{
	static const struct {
		bool packed;
		unsigned placement;
	} ways[] = {{false, VOP_RING_DRIVER},
		    {false, VOP_RING_DEVICE},
		    {false, VOP_RING_POSTED},
		    {true, VOP_RING_DRIVER},
		    {true, VOP_RING_DEVICE}};
	struct vop_queue_config q, *c;
	struct device_pair p;
	struct world w;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(ways); i++) {
		open_negotiated(&w, &p, ways[i].packed ? 1ull << VOP_F_RING_PACKED : 0);
		CU_ASSERT_EQUAL(drv_queue(p.drv, 0, 256, ways[i].packed, ways[i].placement,
					  VOP_NOTIFY_POLL, &q),
				0);
		c = &p.device->fake.cfg[0];
		CU_ASSERT_EQUAL(c->packed, ways[i].packed);
		CU_ASSERT_EQUAL(c->size, 256);
		/* Both views are the same memory. */
		memset(q.desc, 0x5a, 16);
		CU_ASSERT_EQUAL(memcmp(c->desc, q.desc, 16), 0);
		memset(q.driver, 0x5b, 4);
		CU_ASSERT_EQUAL(memcmp(c->driver, q.driver, 4), 0);
		memset(c->device, 0x5c, 4);
		CU_ASSERT_EQUAL(memcmp(c->device, q.device, 4), 0);
		world_close(&w);
	}
	/* Packed: the event structures lie each at its reader. */
	open_negotiated(&w, &p, 1ull << VOP_F_RING_PACKED);
	q = (struct vop_queue_config){.size = 7, .packed = true, .ring_placement = VOP_RING_DRIVER};
	CU_ASSERT_PTR_NOT_NULL(vop_drv_alloc(p.drv, VOP_AT_DRIVER, 112, 64, &q.desc_bus));
	CU_ASSERT_PTR_NOT_NULL(vop_drv_alloc(p.drv, VOP_AT_DEVICE, 4, 64, &q.driver_bus));
	CU_ASSERT_PTR_NOT_NULL(vop_drv_alloc(p.drv, VOP_AT_DRIVER, 4, 64, &q.device_bus));
	CU_ASSERT_EQUAL(raw(&p, q), 0);
	world_close(&w);
}

/* Buffers may lie at the driver and in the pool, and nowhere else at the device. */
static void test_regions_of_a_queue(void)
{
	const struct vop_regions *r;
	const struct vop_link *l;
	struct vop_queue_config q;
	struct device_pair p;
	struct world w;
	uint64_t pool, secret, got;

	open_negotiated(&w, &p, 0);
	CU_ASSERT_EQUAL(drv_queue(p.drv, 0, 8, false, VOP_RING_DRIVER, VOP_NOTIFY_POLL, &q), 0);
	r = p.device->fake.cfg[0].regions;
	l = vop_node_link(p.device->n);
	CU_ASSERT_PTR_NOT_NULL(vop_drv_alloc(p.drv, VOP_AT_DEVICE, 4096, 64, &pool));
	CU_ASSERT_PTR_NOT_NULL(vop_node_alloc(p.device->n, 4096, 64, &secret));
	CU_ASSERT_PTR_NOT_NULL(vop_xlate(r, pool, 4096, &got));
	CU_ASSERT_PTR_NULL(vop_xlate(r, secret, 1, &got));
	CU_ASSERT_PTR_NULL(vop_xlate(r, l->own.base, 1, &got));
	CU_ASSERT_PTR_NULL(vop_xlate(r, l->peer.base, 1, &got));
	CU_ASSERT_PTR_NOT_NULL(vop_xlate(r, l->peer.base + VOP_PAGE_SIZE, 1, &got));
	world_close(&w);
}

static void test_doorbells(void)
{
	struct vop_queue_config q;
	struct device_pair p;
	struct vop_doorbell *kick, *call;
	struct world w;
	char byte;
	int round;

	open_negotiated(&w, &p, 0);
	for (round = 0; round < 100; round++) { /* more often than there are numbers */
		CU_ASSERT_EQUAL_FATAL(
			drv_queue(p.drv, 1, 8, false, VOP_RING_DRIVER, VOP_NOTIFY_EVENT, &q), 0);
		kick = p.device->fake.cfg[1].kick;
		call = p.device->fake.cfg[1].call;
		CU_ASSERT_EQUAL(write(q.kick->fd, "k", 1), 1);
		CU_ASSERT_EQUAL(read(kick->fd, &byte, 1), 1);
		CU_ASSERT_EQUAL(byte, 'k');
		CU_ASSERT_EQUAL(write(call->fd, "c", 1), 1);
		CU_ASSERT_EQUAL(read(q.call->fd, &byte, 1), 1);
		CU_ASSERT_EQUAL(byte, 'c');
		/* A second set-up of a live queue is refused and costs the first nothing. */
		CU_ASSERT_EQUAL(vop_drv_queue_setup(p.drv, &(struct vop_queue_config){0},
						    VOP_NOTIFY_EVENT, WAIT_MS),
				-EINVAL);
		CU_ASSERT_EQUAL(vop_drv_queue_setup(p.drv, &q, VOP_NOTIFY_EVENT, WAIT_MS), -EPERM);
		CU_ASSERT_EQUAL(write(q.kick->fd, "k", 1), 1);
		CU_ASSERT_EQUAL(read(kick->fd, &byte, 1), 1);
		CU_ASSERT_EQUAL(vop_drv_queue_reset(p.drv, 1, WAIT_MS), 0);
		CU_ASSERT_EQUAL(kick->kind, VOP_DB_NONE);
		CU_ASSERT_EQUAL(q.kick->kind, VOP_DB_NONE);
		CU_ASSERT_EQUAL(q.call->kind, VOP_DB_NONE);
	}
	world_close(&w);
	/* Each side alone may poll. */
	world_open(&w, NULL);
	w.s[VOP_HOST].offer.notify = VOP_NOTIFY_POLL;
	world_add(&w, VOP_HOST, VOP_HOST, &p);
	CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
	CU_ASSERT_EQUAL(drv_queue(p.drv, 0, 8, false, VOP_RING_DRIVER, VOP_NOTIFY_EVENT, &q), 0);
	CU_ASSERT_EQUAL(q.kick->kind, VOP_DB_NONE);
	CU_ASSERT_EQUAL(q.call->kind, VOP_DB_SOCKET);
	CU_ASSERT_EQUAL(p.device->fake.cfg[0].call->kind, VOP_DB_SOCKET);
	world_close(&w);
}

/* --- reset --- */

static void test_reset(void)
{
	struct vop_queue_config q;
	struct device_pair p;
	struct world w;
	uint64_t bus;
	unsigned i;
	uint8_t got;

	open_negotiated(&w, &p, 0);
	for (i = 0; i < 50; i++) {
		struct fake *f = &p.device->fake;

		CU_ASSERT_EQUAL(
			drv_queue(p.drv, 0, 64, false, VOP_RING_POSTED, VOP_NOTIFY_EVENT, &q), 0);
		CU_ASSERT_EQUAL(
			drv_queue(p.drv, 2, 64, false, VOP_RING_DEVICE, VOP_NOTIFY_EVENT, &q), 0);
		/* Most of both memories: fits again only because reset gives it back. */
		CU_ASSERT_PTR_NOT_NULL(vop_drv_alloc(p.drv, VOP_AT_DRIVER, 2u << 20, 64, &bus));
		CU_ASSERT_PTR_NOT_NULL(vop_drv_alloc(p.drv, VOP_AT_DEVICE, 40u << 10, 64, &bus));
		CU_ASSERT_EQUAL(drv_status(p.drv, RUN, NULL), 0);
		if (i == 7)
			vop_device_violation(p.dev, 0, VOP_V_ADDR);
		f->stopped_before_reset = false;
		CU_ASSERT_EQUAL(drv_status(p.drv, 0, &got), 0);
		CU_ASSERT_EQUAL(got, 0);
		CU_ASSERT_TRUE(f->stopped_before_reset);
		CU_ASSERT_EQUAL(f->starts, f->stops);
		CU_ASSERT_EQUAL(f->cfg[2].kick->kind, VOP_DB_NONE);
		CU_ASSERT_EQUAL(vop_device_status(p.dev), 0);
		CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
	}
	world_close(&w);
}

static void test_queue_reset(void)
{
	struct vop_queue_config q;
	struct device_pair p;
	struct world w;

	open_negotiated(&w, &p, 0);
	CU_ASSERT_EQUAL(drv_queue(p.drv, 0, 64, false, VOP_RING_DRIVER, VOP_NOTIFY_EVENT, &q), 0);
	CU_ASSERT_EQUAL(drv_queue(p.drv, 1, 64, false, VOP_RING_DRIVER, VOP_NOTIFY_EVENT, &q), 0);
	CU_ASSERT_EQUAL(drv_status(p.drv, RUN, NULL), 0);
	CU_ASSERT_EQUAL(vop_drv_queue_reset(p.drv, 2, WAIT_MS), -EPERM); /* never set up */
	CU_ASSERT_EQUAL(vop_drv_queue_reset(p.drv, 3, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_queue_reset(p.drv, 1, WAIT_MS), 0);
	CU_ASSERT_FALSE(p.device->fake.running[1]);
	CU_ASSERT_TRUE(p.device->fake.running[0]);
	CU_ASSERT_EQUAL(vop_drv_queue_reset(p.drv, 1, WAIT_MS), -EPERM);
	/* Back with another size, although DRIVER_OK is set. */
	CU_ASSERT_EQUAL(drv_queue(p.drv, 1, 16, false, VOP_RING_DEVICE, VOP_NOTIFY_EVENT, &q), 0);
	CU_ASSERT_EQUAL(p.device->fake.cfg[1].size, 16);
	CU_ASSERT_EQUAL(vop_drv_get_status(p.drv), RUN);
	world_close(&w);
	open_device(&w, &p);
	CU_ASSERT_EQUAL(try_features(&p, FULL_FEATURES & ~(1ull << VOP_F_RING_RESET), 0), F);
	CU_ASSERT_EQUAL(drv_queue(p.drv, 0, 64, false, VOP_RING_DRIVER, VOP_NOTIFY_EVENT, &q), 0);
	CU_ASSERT_EQUAL(vop_drv_queue_reset(p.drv, 0, WAIT_MS), -EOPNOTSUPP);
	world_close(&w);
}

/* --- violations --- */

static void reset_from_callback(struct side *s, struct vop_device *d)
{
	CU_ASSERT_TRUE(vop_drv_get_status(d) & VOP_STATUS_NEEDS_RESET);
	s->scratch = drv_status(d, 0, NULL);
}

static void test_violation(void)
{
	struct vop_queue_config q;
	struct device_pair p;
	struct world w;
	uint32_t count, why;

	open_negotiated(&w, &p, 0);
	CU_ASSERT_EQUAL(drv_queue(p.drv, 0, 64, false, VOP_RING_DRIVER, VOP_NOTIFY_EVENT, &q), 0);
	/* Before DRIVER_OK: no notification (2.1.2). */
	vop_device_violation(p.dev, 0, VOP_V_CHAIN_LOOP);
	CU_ASSERT_FALSE(p.device->fake.running[0]);
	CU_ASSERT_EQUAL(vop_drv_get_status(p.drv), A | D | F | VOP_STATUS_NEEDS_RESET);
	world_pump(&w);
	CU_ASSERT_EQUAL(drv_status(p.drv, RUN, NULL), -EPERM);
	CU_ASSERT_EQUAL(vop_drv_queue_reset(p.drv, 0, WAIT_MS), -EPERM);
	CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
	CU_ASSERT_EQUAL(vop_drv_get_status(p.drv), A | D | F);
	CU_ASSERT_EQUAL(drv_queue(p.drv, 0, 64, false, VOP_RING_DRIVER, VOP_NOTIFY_EVENT, &q), 0);
	CU_ASSERT_EQUAL(drv_status(p.drv, RUN, NULL), 0);
	p.driver->changed = 0;
	p.driver->scratch = -1;
	p.driver->on_changed = reset_from_callback;
	vop_device_violation(p.dev, 0, VOP_V_ADDR);
	world_pump(&w);
	CU_ASSERT_EQUAL(p.driver->changed, 1);
	CU_ASSERT_EQUAL(p.driver->scratch, 0);
	CU_ASSERT_EQUAL(vop_drv_get_status(p.drv), 0);
	vop_drv_queue_violations(p.drv, 0, &count, &why);
	CU_ASSERT_EQUAL(count, 2);
	CU_ASSERT_EQUAL(why, VOP_V_ADDR);
	vop_device_violation(p.dev, 77, VOP_V_ADDR); /* no such queue */
	CU_ASSERT_EQUAL(vop_device_status(p.dev), 0);
	world_close(&w);
}

/* --- configuration space --- */

static void test_config(void)
{
	uint32_t g0, g1, g2;
	struct device_pair p;
	uint8_t b[60];
	struct world w;

	open_device(&w, &p);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, 0, b, 60, &g0), 0);
	CU_ASSERT_EQUAL(b[0], 1);
	CU_ASSERT_EQUAL(b[59], 60);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, 59, b, 2, NULL), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, UINT32_MAX, b, 2, NULL), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, 0, b, 0, NULL), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_config_write(p.drv, 0, "x", 1, WAIT_MS), -EPERM);
	CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
	/* Before DRIVER_OK: new generation, no event. */
	CU_ASSERT_EQUAL(vop_device_config_set(p.dev, 5, "abc", 3), 0);
	CU_ASSERT_EQUAL(vop_device_config_set(p.dev, 58, "abc", 3), -EINVAL);
	world_pump(&w);
	CU_ASSERT_EQUAL(p.driver->changed, 0);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, 4, b, 5, &g1), 0);
	CU_ASSERT_EQUAL(memcmp(b, "\005abc\011", 5), 0);
	CU_ASSERT_NOT_EQUAL(g0, g1);
	CU_ASSERT_EQUAL(g1 % 2, 0);
	CU_ASSERT_EQUAL(drv_status(p.drv, RUN, NULL), 0);
	CU_ASSERT_EQUAL(vop_device_config_set(p.dev, 0, "z", 1), 0);
	world_pump(&w);
	CU_ASSERT_EQUAL(p.driver->changed, 1);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, 0, b, 1, &g2), 0);
	CU_ASSERT_EQUAL(b[0], 'z');
	CU_ASSERT_NOT_EQUAL(g1, g2);
	/* The driver's write becomes visible, without an event. */
	CU_ASSERT_EQUAL(vop_drv_config_write(p.drv, 33, "hello", 5, WAIT_MS), 0);
	CU_ASSERT_EQUAL(p.device->fake.written_at, 33);
	CU_ASSERT_EQUAL(p.device->fake.written_len, 5);
	CU_ASSERT_EQUAL(memcmp(p.device->fake.written, "hello", 5), 0);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, 33, b, 5, NULL), 0);
	CU_ASSERT_EQUAL(memcmp(b, "hello", 5), 0);
	world_pump(&w);
	CU_ASSERT_EQUAL(p.driver->changed, 1);
	CU_ASSERT_EQUAL(vop_drv_config_write(p.drv, 58, "hello", 5, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_config_write(p.drv, UINT32_MAX, "hello", 5, WAIT_MS), -EINVAL);
	p.device->fake.write_answer = -EINVAL;
	CU_ASSERT_EQUAL(vop_drv_config_write(p.drv, 0, "h", 1, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, 0, b, 1, NULL), 0);
	CU_ASSERT_EQUAL(b[0], 'z');
	world_close(&w);
}

static void test_needs_offer(void)
{
	struct device_pair p;
	struct world w;
	uint64_t f[2];
	uint8_t b;

	world_open(&w, NULL);
	w.s[VOP_HOST].no_serve = true;
	world_add(&w, VOP_HOST, VOP_HOST, &p);
	CU_ASSERT_EQUAL(vop_drv_offered(p.drv, f), -EAGAIN);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, 0, &b, 1, NULL), -EAGAIN);
	CU_ASSERT_PTR_NULL(vop_drv_alloc(p.drv, VOP_AT_DEVICE, 64, 64, f));
	world_close(&w);
}

int suite_node_roles(void)
{
	CU_pSuite s = CU_add_suite("node_roles", NULL, NULL);

	if (!s)
		return (int)CU_get_error();
	CU_add_test(s, "offer", test_offer);
	CU_add_test(s, "status", test_status_machine);
	CU_add_test(s, "features", test_features);
	CU_add_test(s, "ORDER_PLATFORM on a device-class link", test_order_platform);
	CU_add_test(s, "queue set-up refused", test_queue_refusals);
	CU_add_test(s, "queue set-up and status", test_queue_state);
	CU_add_test(s, "placements", test_placements);
	CU_add_test(s, "regions of a queue", test_regions_of_a_queue);
	CU_add_test(s, "doorbells", test_doorbells);
	CU_add_test(s, "reset", test_reset);
	CU_add_test(s, "queue reset", test_queue_reset);
	CU_add_test(s, "violation", test_violation);
	CU_add_test(s, "configuration space", test_config);
	CU_add_test(s, "before the offer", test_needs_offer);
	return (int)CU_get_error();
}
