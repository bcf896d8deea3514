/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Life of nodes and slots: coming up, hot-add, hot-remove, loss of the peer, memory of the window.
 * What the roles say to one another is in test_node_roles.c, hostile peers in test_page_hostile.c.
 */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/node_pair.h"
#include "vop/node_internal.h"

static const struct vop_device_create plain = {
	.device_id = 4,
	.device = VOP_HOST,
	.queues_max = 3,
	.queue_size_max = 256,
};

static void test_up_either_first(void)
{
	struct world w;
	unsigned first;

	for (first = 0; first < 2; first++) {
		world_join(&w, NULL);
		world_start(&w, (enum vop_node_id)first);
		world_pump(&w);
		CU_ASSERT_EQUAL(w.s[first].ups, 0);
		CU_ASSERT_EQUAL(vop_node_create(w.s[first].n, &plain), -ENOTCONN);
		world_start(&w, (enum vop_node_id) !first);
		world_pump(&w);
		CU_ASSERT_EQUAL(w.s[0].ups, 1);
		CU_ASSERT_EQUAL(w.s[1].ups, 1);
		CU_ASSERT_NOT_EQUAL(w.s[0].n->page.session, 0);
		CU_ASSERT_NOT_EQUAL(w.s[0].n->page.session, w.s[1].n->page.session);
		world_close(&w);
	}
}

/* Field by field: what lies between them is nobody's. */
static bool same_info(const struct vop_device_info *a, const struct vop_device_info *b)
{
	return a->creator == b->creator && a->device == b->device && a->driver == b->driver &&
	       a->slot == b->slot && a->gen == b->gen && a->device_id == b->device_id &&
	       a->queues_max == b->queues_max && a->queue_size_max == b->queue_size_max &&
	       memcmp(a->name, b->name, sizeof(a->name)) == 0;
}

static void test_life_cycle_four_ways(void)
{
	struct vop_queue_config q;
	struct device_pair p;
	struct world w;
	uint8_t got;
	unsigned way;

	for (way = 0; way < 4; way++) {
		struct vop_device_info a, b;

		world_open(&w, NULL);
		world_add(&w, (enum vop_node_id)(way & 1), (enum vop_node_id)(way >> 1), &p);
		vop_device_info(p.dev, &a);
		vop_device_info(p.drv, &b);
		CU_ASSERT_TRUE(same_info(&a, &b));
		CU_ASSERT_EQUAL(a.creator, way & 1);
		CU_ASSERT_EQUAL(a.device, way >> 1);
		CU_ASSERT_EQUAL(a.driver, !(way >> 1));
		CU_ASSERT_STRING_EQUAL(a.name, "fake0");
		CU_ASSERT_EQUAL(p.device->served, 0);
		CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
		CU_ASSERT_EQUAL(
			drv_queue(p.drv, 0, 64, false, VOP_RING_DRIVER, VOP_NOTIFY_EVENT, &q), 0);
		CU_ASSERT_EQUAL(drv_status(p.drv, 15, &got), 0);
		CU_ASSERT_EQUAL(got, 15);
		CU_ASSERT_EQUAL(p.device->fake.driver_oks, 1);
		CU_ASSERT_TRUE(p.device->fake.running[0]);
		CU_ASSERT_EQUAL(vop_node_destroy(p.creator->n, (unsigned)p.slot, WAIT_MS), 0);
		world_pump(&w);
		CU_ASSERT_EQUAL(w.s[0].removed, 1);
		CU_ASSERT_EQUAL(w.s[1].removed, 1);
		CU_ASSERT_FALSE(p.device->running_at_removal);
		CU_ASSERT_EQUAL(p.device->fake.stops, 1);
		CU_ASSERT_EQUAL(vop_node_destroy(p.creator->n, (unsigned)p.slot, WAIT_MS), -ENOENT);
		CU_ASSERT_EQUAL(vop_node_nonsense(w.s[0].n) + vop_node_nonsense(w.s[1].n), 0);
		world_close(&w);
	}
}

/* The same slot again and again, with the roles changing: nothing of a former life shows. */
static void test_slot_reuse(void)
{
	struct device_pair p;
	struct world w;
	unsigned i;

	world_open(&w, NULL);
	for (i = 0; i < 20; i++) {
		struct vop_device_info info;
		uint8_t got;

		world_add(&w, VOP_ENDPOINT, (enum vop_node_id)(i % 3 == 0), &p);
		CU_ASSERT_EQUAL(p.slot, 0);
		vop_device_info(p.drv, &info);
		CU_ASSERT_EQUAL(info.gen, i);
		CU_ASSERT_EQUAL(p.device->fake.resets, 0);
		CU_ASSERT_EQUAL(vop_drv_get_status(p.drv), 0);
		CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
		CU_ASSERT_EQUAL(drv_status(p.drv, 11, &got), 0);
		CU_ASSERT_EQUAL(p.device->fake.resets, 1);
		p.device->fake.resets = 0;
		CU_ASSERT_EQUAL(vop_node_destroy(p.creator->n, 0, WAIT_MS), 0);
	}
	world_close(&w);
}

static void test_all_slots(void)
{
	struct world w;
	unsigned i;

	world_open(&w, NULL);
	w.s[VOP_HOST].offer.pool_size = 0;
	for (i = 0; i < VOP_SLOTS; i++)
		CU_ASSERT_EQUAL(vop_node_create(w.s[VOP_ENDPOINT].n, &plain), (int)i);
	CU_ASSERT_EQUAL(vop_node_create(w.s[VOP_ENDPOINT].n, &plain), -ENOSPC);
	world_pump(&w);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].added, VOP_SLOTS);
	CU_ASSERT_EQUAL(vop_node_destroy(w.s[VOP_ENDPOINT].n, 17, WAIT_MS), 0);
	CU_ASSERT_EQUAL(vop_node_create(w.s[VOP_ENDPOINT].n, &plain), 17);
	world_pump(&w);
	world_close(&w);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].removed, VOP_SLOTS + 1);
	CU_ASSERT_EQUAL(w.s[VOP_ENDPOINT].removed, VOP_SLOTS + 1);
}

static void test_create_refused(void)
{
	struct vop_device_create c;
	struct world w;

	world_open(&w, NULL);
	c = plain;
	c.device_id = 0;
	CU_ASSERT_EQUAL(vop_node_create(w.s[0].n, &c), -EINVAL);
	c = plain;
	c.device = (enum vop_node_id)2;
	CU_ASSERT_EQUAL(vop_node_create(w.s[0].n, &c), -EINVAL);
	c = plain;
	c.queues_max = VOP_QUEUES_MAX + 1;
	CU_ASSERT_EQUAL(vop_node_create(w.s[0].n, &c), -EINVAL);
	c = plain;
	c.queue_size_max = 32769;
	CU_ASSERT_EQUAL(vop_node_create(w.s[0].n, &c), -EINVAL);
	c = plain;
	c.queue_size_max = 0;
	CU_ASSERT_EQUAL(vop_node_create(w.s[0].n, &c), -EINVAL);
	c = plain;
	c.name = "a name that is longer than thirty-one bytes";
	CU_ASSERT_EQUAL(vop_node_create(w.s[0].n, &c), -EINVAL);
	CU_ASSERT_EQUAL(w.s[0].added, 0);
	CU_ASSERT_EQUAL(vop_node_destroy(w.s[0].n, 0, WAIT_MS), -ENOENT);
	CU_ASSERT_EQUAL(vop_node_destroy(w.s[0].n, VOP_SLOTS, WAIT_MS), -ENOENT);
	world_close(&w);
}

static void test_serve_refused(void)
{
	struct device_pair p;
	struct world w;
	struct vop_device_offer o;

	world_open(&w, NULL);
	w.s[VOP_HOST].no_serve = true;
	world_add(&w, VOP_HOST, VOP_HOST, &p);
	o = w.s[VOP_HOST].offer;
	CU_ASSERT_EQUAL(vop_device_serve(p.drv, &o), -EINVAL);
	CU_ASSERT_EQUAL(vop_drv_wait_ready(p.dev, 0), -EPERM);
	o.queues = 9;
	CU_ASSERT_EQUAL(vop_device_serve(p.dev, &o), -EINVAL);
	o.queues = 3;
	o.queue_size_max = 2048;
	CU_ASSERT_EQUAL(vop_device_serve(p.dev, &o), -EINVAL);
	o.queue_size_max = 16;
	o.config_size = VOP_CONFIG_MAX + 1;
	CU_ASSERT_EQUAL(vop_device_serve(p.dev, &o), -EINVAL);
	o.config_size = 8;
	o.pool_size = 1ull << 40;
	CU_ASSERT_EQUAL(vop_device_serve(p.dev, &o), -ENOSPC);
	CU_ASSERT_EQUAL(vop_drv_wait_ready(p.drv, 0), -ETIMEDOUT);
	CU_ASSERT_EQUAL(vop_drv_queue_count(p.drv), 0);
	o.pool_size = 0;
	CU_ASSERT_EQUAL(vop_device_serve(p.dev, &o), 0);
	CU_ASSERT_EQUAL(vop_device_serve(p.dev, &o), -EBUSY);
	CU_ASSERT_EQUAL(vop_drv_wait_ready(p.drv, WAIT_MS), 0);
	CU_ASSERT_EQUAL(vop_drv_queue_count(p.drv), 3);
	CU_ASSERT_EQUAL(vop_drv_queue_size_max(p.drv, 2), 16);
	CU_ASSERT_EQUAL(vop_drv_queue_size_max(p.drv, 3), 0);
	CU_ASSERT_TRUE(vop_drv_ring_placement_ok(p.drv, VOP_RING_DRIVER));
	CU_ASSERT_FALSE(vop_drv_ring_placement_ok(p.drv, VOP_RING_DEVICE));
	CU_ASSERT_FALSE(vop_drv_payload_placement_ok(p.drv, VOP_PAYLOAD_PUSH));
	world_close(&w);
}

/* --- removal --- */

/* The peer sleeps: the slot stays busy until it acknowledges, then comes free by itself. */
static void test_destroy_waits_for_peer(void)
{
	struct vop_node *sleeper;
	struct device_pair p;
	struct world w;
	uint64_t bus, again;
	int i;

	for (i = 0; i < 2; i++) {
		world_open(&w, NULL);
		w.s[VOP_HOST].offer.pool_size = 3u << 20;
		world_add(&w, VOP_HOST, VOP_HOST, &p);
		sleeper = w.s[VOP_ENDPOINT].n;
		w.s[VOP_ENDPOINT].n = NULL;
		CU_ASSERT_EQUAL(vop_node_destroy(w.s[VOP_HOST].n, 0, 20), -ETIMEDOUT);
		CU_ASSERT_EQUAL(w.s[VOP_HOST].removed, 1);
		CU_ASSERT_EQUAL(vop_node_create(w.s[VOP_HOST].n, &plain), 1);
		/* What was lent is not handed out again while the peer may write there. */
		CU_ASSERT_PTR_NULL(vop_node_alloc(w.s[VOP_HOST].n, 1u << 20, 64, &bus));
		w.s[VOP_ENDPOINT].n = sleeper;
		world_pump(&w);
		CU_ASSERT_PTR_NOT_NULL(vop_node_alloc(w.s[VOP_HOST].n, 3u << 20, 64, &again));
		CU_ASSERT_EQUAL(w.s[VOP_ENDPOINT].removed, 1);
		world_close(&w);
	}
}

static void reset_politely(struct side *s, struct vop_device *d)
{
	uint8_t got = 0xff;

	s->scratch = drv_status(d, 0, &got);
	CU_ASSERT_EQUAL(vop_drv_get_status(d), 0);
}

/* A driver whose own node withdraws the device can still reset it; another one cannot. */
static void test_driver_says_goodbye(void)
{
	struct device_pair p;
	struct world w;
	unsigned creator;

	for (creator = 0; creator < 2; creator++) {
		world_open(&w, NULL);
		world_add(&w, (enum vop_node_id)creator, VOP_HOST, &p);
		CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
		p.driver->on_removed = reset_politely;
		CU_ASSERT_EQUAL(vop_node_destroy(p.creator->n, 0, WAIT_MS), 0);
		CU_ASSERT_EQUAL(p.driver->scratch, p.driver == p.creator ? 0 : -ENODEV);
		CU_ASSERT_EQUAL(p.device->fake.resets, p.driver == p.creator ? 2 : 1);
		world_close(&w);
	}
}

static void withdraw(struct side *s)
{
	s->scratch = vop_node_destroy(s->n, 0, 0);
}

static void withdraw_at_birth(struct side *s, struct vop_device *d)
{
	struct vop_device_info info;

	withdraw(s);
	vop_device_info(d, &info); /* still readable */
	CU_ASSERT_EQUAL(info.slot, 0);
	CU_ASSERT_EQUAL(vop_device_serve(d, &s->offer), -ENODEV);
}

/* Removal that comes while a driver waits for an answer ends the wait. */
static void test_removed_while_waiting(void)
{
	struct device_pair p;
	struct world w;

	world_open(&w, NULL);
	w.s[VOP_HOST].no_serve = true;
	w.s[VOP_HOST].on_added = withdraw_at_birth;
	CU_ASSERT_EQUAL(vop_node_create(w.s[VOP_HOST].n, &plain), 0);
	world_pump(&w);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].removed, 1);
	CU_ASSERT_EQUAL(w.s[VOP_ENDPOINT].added, w.s[VOP_ENDPOINT].removed);
	w.s[VOP_HOST].on_added = NULL;
	world_add(&w, VOP_HOST, VOP_HOST, &p);
	CU_ASSERT_EQUAL(p.slot, 0);
	w.s[VOP_HOST].on_run = withdraw; /* the endpoint is in the middle of its wait */
	CU_ASSERT_EQUAL(vop_drv_set_status(p.drv, 1, NULL, WAIT_MS), -ENODEV);
	CU_ASSERT_EQUAL(vop_drv_set_status(p.drv, 1, NULL, WAIT_MS), -ENODEV);
	world_close(&w);
}

/* A request the device was too slow for is waited for before the next one is posted. */
static void test_late_answer(void)
{
	struct device_pair p;
	struct vop_device_offer o;
	struct world w;
	uint8_t got = 0;

	world_open(&w, NULL);
	w.s[VOP_HOST].no_serve = true;
	world_add(&w, VOP_HOST, VOP_HOST, &p);
	CU_ASSERT_EQUAL(vop_drv_set_status(p.drv, 1, NULL, 0), -ETIMEDOUT);
	CU_ASSERT_EQUAL(vop_drv_set_status(p.drv, 3, NULL, 0), -ETIMEDOUT);
	CU_ASSERT_EQUAL(p.drv->drv->seq, 1); /* the mailbox was left alone */
	CU_ASSERT_EQUAL(vop_drv_get_status(p.drv), 0);
	o = w.s[VOP_HOST].offer;
	CU_ASSERT_EQUAL(vop_device_serve(p.dev, &o), 0);
	CU_ASSERT_EQUAL(drv_status(p.drv, 3, &got), 0);
	CU_ASSERT_EQUAL(got, 3);
	CU_ASSERT_EQUAL(vop_device_status(p.dev), 3);
	world_close(&w);
}

/* --- loss of the peer --- */

enum stage { AT_START, AT_UP, AT_ADDED, AT_NEGOTIATED, AT_QUEUE, AT_RUNNING, AT_REMOVING, STAGES };

static void reach(struct world *w, enum stage to, enum vop_node_id survivor)
{
	struct vop_queue_config q;
	struct device_pair p;

	world_join(w, NULL);
	world_start(w, survivor);
	if (to == AT_START)
		return;
	world_start(w, (enum vop_node_id) !survivor);
	world_pump(w);
	if (to == AT_UP)
		return;
	world_add(w, survivor, VOP_HOST, &p);
	if (to >= AT_NEGOTIATED)
		CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
	if (to >= AT_QUEUE)
		CU_ASSERT_EQUAL(
			drv_queue(p.drv, 1, 8, false, VOP_RING_POSTED, VOP_NOTIFY_EVENT, &q), 0);
	if (to >= AT_RUNNING)
		CU_ASSERT_EQUAL(drv_status(p.drv, 15, NULL), 0);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* The survivor must not touch the dead node's window any more: it is gone, a touch crashes. */
static void test_peer_loss_at_each_stage(void)
{
	struct vop_device_create c = plain;
	struct world w;
	unsigned stage, survivor;

	for (stage = 0; stage < STAGES; stage++)
		for (survivor = 0; survivor < 2; survivor++) {
			struct side *s = &w.s[survivor], *o = &w.s[!survivor];
			struct vop_device *d;
			struct vop_node *dead;
			uint64_t bus;

			reach(&w, stage, (enum vop_node_id)survivor);
			d = s->d;
			dead = o->n;
			o->n = NULL;
			vop_link_pair_break(w.pair, (enum vop_node_id) !survivor,
					    stage != AT_START);
			if (stage == AT_REMOVING)
				CU_ASSERT_EQUAL(vop_node_destroy(s->n, 0, WAIT_MS), -EPIPE);
			CU_ASSERT_EQUAL(vop_node_wait(s->n, never, NULL, WAIT_MS), -EPIPE);
			CU_ASSERT_EQUAL(s->downs, 1);
			CU_ASSERT_EQUAL(s->removed, s->added);
			CU_ASSERT_FALSE(s->running_at_removal);
			CU_ASSERT_EQUAL(s->fake.starts, s->fake.stops);
			CU_ASSERT_STRING_EQUAL(s->reason, "the peer is gone");
			CU_ASSERT_EQUAL(vop_node_service(s->n), -EPIPE);
			CU_ASSERT_EQUAL(vop_node_create(s->n, &c), -EPIPE);
			CU_ASSERT_PTR_NULL(vop_node_alloc(s->n, 64, 64, &bus));
			CU_ASSERT_EQUAL(s->downs, 1);
			(void)d;
			o->n = dead;
			world_close(&w);
		}
}

static void wait_in_callback(struct side *s, struct vop_device *d)
{
	s->w->s[!s->id].n = NULL;
	vop_link_pair_break(s->w->pair, (enum vop_node_id) !s->id, true);
	s->scratch = vop_drv_set_status(d, 1, NULL, WAIT_MS);
	CU_ASSERT_EQUAL(vop_drv_set_status(d, 1, NULL, WAIT_MS), -ENODEV);
	CU_ASSERT_EQUAL(vop_drv_wait_ready(d, WAIT_MS), -ENODEV);
	CU_ASSERT_PTR_NULL(vop_drv_alloc(d, VOP_AT_DRIVER, 64, 64, &(uint64_t){0}));
}

/* The peer dies while a callback waits for it: the device is still readable in that callback. */
static void test_peer_loss_in_callback(void)
{
	struct vop_node *dead;
	struct world w;

	world_open(&w, NULL);
	dead = w.s[VOP_HOST].n;
	w.s[VOP_ENDPOINT].on_added = wait_in_callback;
	CU_ASSERT_EQUAL(vop_node_create(w.s[VOP_HOST].n, &plain), 0);
	CU_ASSERT_EQUAL(vop_node_service(w.s[VOP_ENDPOINT].n), -EPIPE);
	CU_ASSERT_EQUAL(w.s[VOP_ENDPOINT].scratch, -EPIPE);
	CU_ASSERT_EQUAL(w.s[VOP_ENDPOINT].removed, 1);
	CU_ASSERT_EQUAL(w.s[VOP_ENDPOINT].downs, 1);
	w.s[VOP_HOST].n = dead;
	world_close(&w);
}

static void test_bye(void)
{
	struct device_pair p;
	struct vop_node *n;
	struct world w;

	world_open(&w, NULL);
	world_add(&w, VOP_HOST, VOP_ENDPOINT, &p);
	n = w.s[VOP_HOST].n;
	w.s[VOP_HOST].n = NULL;
	vop_node_close(n);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].removed, 1);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].downs, 0);
	CU_ASSERT_EQUAL(vop_node_service(w.s[VOP_ENDPOINT].n), -EPIPE);
	CU_ASSERT_STRING_EQUAL(w.s[VOP_ENDPOINT].reason, "the peer closed the link");
	world_close(&w);
}

/* --- messages that do not fit --- */

static void test_full_message_queue(void)
{
	struct vop_link_pair_config cfg = {.doorbells = 8, .queue = 2};
	struct device_pair p;
	struct vop_queue_config q;
	struct world w;
	unsigned i;

	world_open(&w, &cfg);
	w.s[VOP_ENDPOINT].offer.pool_size = 0;
	for (i = 0; i < 20; i++)
		CU_ASSERT_EQUAL(vop_node_create(w.s[VOP_HOST].n,
						&(struct vop_device_create){.device_id = 4,
									    .device = VOP_ENDPOINT,
									    .queues_max = 3,
									    .queue_size_max = 256}),
				(int)i);
	CU_ASSERT_EQUAL(vop_link_pair_pending(w.pair, VOP_ENDPOINT), 2);
	/* The node's own timer brings it back to what could not be sent. */
	for (i = 0; i < 40; i++)
		world_pump(&w);
	CU_ASSERT_EQUAL(w.s[VOP_ENDPOINT].added, 20);
	world_close(&w);
	world_open(&w, &cfg);
	world_add(&w, VOP_HOST, VOP_ENDPOINT, &p);
	CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(
			drv_queue(p.drv, i, 8, false, VOP_RING_DRIVER, VOP_NOTIFY_EVENT, &q), 0);
	world_close(&w);
}

/* --- a link that maps nothing: everything but rings works --- */

static void test_link_without_map(void)
{
	struct vop_link_pair_config cfg = {.no_map = true, .copy_align = 16};
	struct vop_queue_config q = {.size = 8};
	struct device_pair p;
	struct world w;
	uint8_t byte = 0, got;

	world_open(&w, &cfg);
	world_add(&w, VOP_ENDPOINT, VOP_HOST, &p);
	CU_ASSERT_EQUAL(drv_negotiate(p.drv, FULL_FEATURES), 0);
	CU_ASSERT_EQUAL(vop_drv_config_read(p.drv, 13, &byte, 1, NULL), 0);
	CU_ASSERT_EQUAL(byte, 14);
	CU_ASSERT_EQUAL(vop_drv_config_write(p.drv, 3, "x", 1, WAIT_MS), 0);
	CU_ASSERT_EQUAL(p.device->fake.written[0], 'x');
	CU_ASSERT_FALSE(vop_drv_ring_placement_ok(p.drv, VOP_RING_DRIVER));
	CU_ASSERT_EQUAL(vop_drv_queue_setup(p.drv, &q, VOP_NOTIFY_POLL, WAIT_MS), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(vop_drv_queue_setup(p.drv, &q, VOP_NOTIFY_EVENT, WAIT_MS), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(drv_status(p.drv, 0, &got), 0);
	CU_ASSERT_EQUAL(vop_node_destroy(p.creator->n, 0, WAIT_MS), 0);
	world_close(&w);
}

/* --- memory of the window --- */

static void test_alloc(void)
{
	struct vop_heap h;
	struct {
		uint64_t at, size;
	} b[64];
	uint64_t rnd = 88172645463325252ull, all;
	unsigned i, j, round;

	CU_ASSERT_EQUAL(vop_heap_init(&h, 0x10040, 1 << 20), 0);
	CU_ASSERT_EQUAL(vop_heap_alloc(&h, 0, 64, &all), -EINVAL);
	CU_ASSERT_EQUAL(vop_heap_alloc(&h, 64, 96, &all), -EINVAL);
	CU_ASSERT_EQUAL(vop_heap_alloc(&h, UINT64_MAX, 64, &all), -EINVAL);
	CU_ASSERT_EQUAL(vop_heap_alloc(&h, 64, 1ull << 63, &all), -ENOSPC);
	memset(b, 0, sizeof(b));
	for (round = 0; round < 20000; round++) {
		uint64_t align;

		rnd ^= rnd << 13;
		rnd ^= rnd >> 7;
		rnd ^= rnd << 17;
		i = rnd % 64;
		if (b[i].size) {
			CU_ASSERT_EQUAL(vop_heap_free(&h, b[i].at, b[i].size), 0);
			CU_ASSERT_EQUAL(vop_heap_free(&h, b[i].at, b[i].size), -EINVAL);
			b[i].size = 0;
			continue;
		}
		align = 1ull << (rnd >> 8) % 13;
		b[i].size = 1 + (rnd >> 20) % 40000;
		if (vop_heap_alloc(&h, b[i].size, align, &b[i].at)) {
			b[i].size = 0;
			continue;
		}
		CU_ASSERT_EQUAL(b[i].at % VOP_MAX(align, 64u), 0);
		CU_ASSERT_TRUE(b[i].at >= 0x10040 && b[i].at + b[i].size <= 0x10040 + (1u << 20));
		for (j = 0; j < 64; j++) /* no two blocks share a cache line */
			if (j != i && b[j].size)
				CU_ASSERT_TRUE(vop_align_up(b[i].at + b[i].size, 64) <= b[j].at ||
					       vop_align_up(b[j].at + b[j].size, 64) <= b[i].at);
	}
	for (i = 0; i < 64; i++)
		if (b[i].size)
			CU_ASSERT_EQUAL(vop_heap_free(&h, b[i].at, b[i].size), 0);
	/* Everything came back and joined up. */
	CU_ASSERT_EQUAL(vop_heap_alloc(&h, 1 << 20, 64, &all), 0);
	CU_ASSERT_EQUAL(all, 0x10040);
	vop_heap_fini(&h);
}

static void test_memory_is_zeroed(void)
{
	struct world w;
	uint64_t bus, again;
	unsigned i;
	uint8_t *p;

	world_open(&w, NULL);
	p = vop_node_alloc(w.s[0].n, 1000, 4096, &bus);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(bus % 4096, 0);
	CU_ASSERT_TRUE(bus >= vop_node_link(w.s[0].n)->own.base + VOP_PAGE_SIZE);
	memset(p, 0xa5, 1000);
	vop_node_free(w.s[0].n, bus, 1000);
	p = vop_node_alloc(w.s[0].n, 1000, 4096, &again);
	CU_ASSERT_EQUAL(bus, again);
	for (i = 0; p && i < 1000; i++)
		CU_ASSERT_EQUAL(p[i], 0);
	world_close(&w);
}

int suite_node(void)
{
	CU_pSuite s = CU_add_suite("node", NULL, NULL);

	if (!s)
		return (int)CU_get_error();
	CU_add_test(s, "either node may start first", test_up_either_first);
	CU_add_test(s, "life cycle, creator x device", test_life_cycle_four_ways);
	CU_add_test(s, "slot reuse with generation", test_slot_reuse);
	CU_add_test(s, "all slots", test_all_slots);
	CU_add_test(s, "creation refused", test_create_refused);
	CU_add_test(s, "offer refused", test_serve_refused);
	CU_add_test(s, "removal waits for the peer", test_destroy_waits_for_peer);
	CU_add_test(s, "driver resets before removal", test_driver_says_goodbye);
	CU_add_test(s, "removed while waiting", test_removed_while_waiting);
	CU_add_test(s, "late answer", test_late_answer);
	CU_add_test(s, "peer loss at each stage", test_peer_loss_at_each_stage);
	CU_add_test(s, "peer loss in a callback", test_peer_loss_in_callback);
	CU_add_test(s, "bye", test_bye);
	CU_add_test(s, "full message queue", test_full_message_queue);
	CU_add_test(s, "link without map", test_link_without_map);
	CU_add_test(s, "allocator", test_alloc);
	CU_add_test(s, "memory is zeroed", test_memory_is_zeroed);
	return (int)CU_get_error();
}
