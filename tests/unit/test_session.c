/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session over the vop: target: every ring format, placement and way of notification carries
 * buffers; the layout of ring memory; loss of the peer. What fails is in test_session_errors.c.
 */
#include "tests/unit/session_rig.h"

/* --- it works --- */

/* Take what comes back until `want` buffers did; by doorbell or by looking. */
static unsigned collect(struct session_queue *sq, unsigned want)
{
	struct vop_doorbell *bell[1] = {sq->cfg.call};
	struct vop_done done[8];
	unsigned got = 0, i, idle = 0;

	while (got < want && idle < PEER_WAIT_MS) {
		unsigned n = vop_drvq_get(&sq->vq, done, VOP_ARRAY_SIZE(done));

		for (i = 0; i < n; i++)
			CU_ASSERT_EQUAL(done[i].len, 32);
		got += n;
		if (n || got == want)
			continue;
		idle++;
		if (sq->notify == VOP_NOTIFY_POLL) {
			usleep(1000);
			continue;
		}
		/* The drain comes before the look that arm() ends with. */
		vop_doorbell_drain(sq->cfg.call);
		if (!vop_drvq_arm(&sq->vq))
			CU_ASSERT_EQUAL(vop_doorbell_wait(bell, 1, PEER_WAIT_MS * (int64_t)1000),
					1);
	}
	return got;
}

/* Buffers, more than the small rings hold, of one readable and one writable part. */
static void traffic(struct session_queue *sq, enum vop_payload_placement payload)
{
	uint64_t out_bus, in_bus;
	uint8_t *out = t->ops->alloc(t, payload == VOP_PAYLOAD_PUSH ? VOP_AT_DEVICE : VOP_AT_DRIVER,
				     64, 64, &out_bus);
	uint8_t *in = t->ops->alloc(t, VOP_AT_DRIVER, 64, 64, &in_bus);
	struct vop_buf b[2] = {{out_bus, 64}, {in_bus, 32}};
	unsigned i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	for (i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&sq->vq, b, 1, 1, i), 0);
		if (vop_drvq_publish(&sq->vq))
			vop_doorbell_ring(sq->cfg.kick);
		CU_ASSERT_EQUAL_FATAL(collect(sq, 1), 1);
		CU_ASSERT_EQUAL(in[0], PEER_FILL);
		CU_ASSERT_EQUAL(in[31], PEER_FILL);
		CU_ASSERT_EQUAL(in[32], 0);
		in[0] = in[31] = 0;
	}
	CU_ASSERT_EQUAL(vop_drvq_broken(&sq->vq), 0);
}

static void one_way(uint64_t features, unsigned ring, unsigned payload, enum vop_notify notify,
		    uint32_t indirect)
{
	struct session_config c = config();
	unsigned q;
	int r;

	c.want[0] |= features;
	c.need[0] = features;
	c.ring_placement = ring;
	c.payload_placement = payload;
	c.indirect_max = indirect;
	c.size[1] = 8;
	for (q = 0; q < 4; q++)
		c.notify[q] = notify;
	r = session_open(&s, t, &c, &err);
	if (r)
		printf("[%d: %s] ", r, err.text);
	CU_ASSERT_EQUAL_FATAL(r, 0);
	for (q = 0; q < 4; q++) {
		struct session_queue *sq = &s.q[q];

		CU_ASSERT_EQUAL(sq->open, q != 2);
		if (!sq->open)
			continue;
		CU_ASSERT_EQUAL(sq->notify, notify);
		CU_ASSERT_EQUAL(sq->vq.packed, (features & BIT(VOP_F_RING_PACKED)) != 0);
		CU_ASSERT_PTR_NOT_NULL(sq->cfg.read_back);
		traffic(sq, payload);
		if (notify == VOP_NOTIFY_POLL) {
			CU_ASSERT_EQUAL(sq->cfg.call->kind, VOP_DB_NONE);
		} else {
			CU_ASSERT_NOT_EQUAL(sq->cfg.call->kind, VOP_DB_NONE);
		}
	}
	session_close(&s);
}

static void all_ways(enum vop_notify device_notify)
{
	static const uint64_t formats[] = {
		0,
		BIT(VOP_F_IN_ORDER),
		BIT(VOP_F_RING_PACKED),
		BIT(VOP_F_RING_PACKED) | BIT(VOP_F_IN_ORDER) | BIT(VOP_F_INDIRECT_DESC),
		BIT(VOP_F_INDIRECT_DESC),
	};
	struct peer_config pc = peer_default();
	unsigned f, ring, payload;

	pc.offer.notify = device_notify;
	names();
	begin_with(&pc, 4 << 20);
	for (f = 0; f < VOP_ARRAY_SIZE(formats); f++)
		for (ring = VOP_RING_DRIVER; ring <= VOP_RING_POSTED; ring++)
			for (payload = VOP_PAYLOAD_PULL; payload <= VOP_PAYLOAD_PUSH; payload++) {
				bool packed = formats[f] & BIT(VOP_F_RING_PACKED);

				if (packed && ring == VOP_RING_POSTED)
					continue;
				one_way(formats[f], ring, payload, VOP_NOTIFY_POLL, 4);
				one_way(formats[f], ring, payload, VOP_NOTIFY_EVENT, 4);
			}
	end();
}

static void test_ways_polled(void)
{
	all_ways(VOP_NOTIFY_POLL);
}

static void test_ways_event(void)
{
	all_ways(VOP_NOTIFY_EVENT);
}

static void test_negotiation(void)
{
	struct session_config c = config();
	struct seen o;

	begin();
	c.want[0] |= BIT(23); /* not offered */
	c.want[1] = BIT(6);
	c.need[0] = BIT(15);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_EQUAL(s.features[0], BIT(5) | BIT(15) | BIT(VOP_F_EVENT_IDX) |
					       BIT(VOP_F_VERSION_1) | BIT(VOP_F_ACCESS_PLATFORM));
	CU_ASSERT_EQUAL(s.features[1], BIT(6));
	CU_ASSERT_TRUE(vop_feature_has(s.offered, VOP_F_RING_PACKED));
	o = device();
	CU_ASSERT_EQUAL(o.status, 15);
	CU_ASSERT_EQUAL(o.running, 3);
	/* The device's maximum of 100 is no size for a split ring. */
	CU_ASSERT_EQUAL(o.size[0], 64);
	CU_ASSERT_EQUAL(s.q[0].cfg.size, 64);
	session_close(&s);
	o = device();
	CU_ASSERT_EQUAL(o.status, 0);
	CU_ASSERT_EQUAL(o.running, 0);
	CU_ASSERT_EQUAL(o.failed, 0);
	session_close(&s); /* twice is once */
	CU_ASSERT_EQUAL(device().resets, o.resets);

	c.want[0] |= BIT(VOP_F_RING_PACKED);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_EQUAL(device().size[0], 100);
	session_close(&s);
	end();
}

/* A device that polls gets no fence from us; one that sleeps gets a kick. */
static void test_peer_polls(void)
{
	struct session_config c = config();
	struct peer_config pc = peer_default();

	begin();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_FALSE(s.q[0].vq.split.f.peer_polls);
	session_close(&s);
	end();
	pc.offer.notify = VOP_NOTIFY_POLL;
	names();
	begin_with(&pc, 4 << 20);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_TRUE(s.q[0].vq.split.f.peer_polls);
	c.want[0] |= BIT(VOP_F_RING_PACKED);
	session_close(&s);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_TRUE(s.q[0].vq.ring.f.peer_polls);
	session_close(&s);
	end();
}

/* --- layout --- */

static bool in_own(uint64_t bus)
{
	const struct vop_window_info *w = &vop_node_link(target_vop_node(t))->own;

	return bus - w->base < w->size;
}

static uint64_t pair_of_lines(uint64_t bus)
{
	return bus / 128;
}

static void check_apart(const struct vop_queue_config *c)
{
	CU_ASSERT_EQUAL(c->desc_bus % 128, 0);
	CU_ASSERT_EQUAL(c->driver_bus % 128, 0);
	CU_ASSERT_EQUAL(c->device_bus % 128, 0);
	CU_ASSERT_NOT_EQUAL(pair_of_lines(c->driver_bus), pair_of_lines(c->device_bus));
	CU_ASSERT_NOT_EQUAL(pair_of_lines(c->desc_bus + 16u * c->size - 1),
			    pair_of_lines(c->driver_bus));
	CU_ASSERT_NOT_EQUAL(pair_of_lines(c->desc_bus + 16u * c->size - 1),
			    pair_of_lines(c->device_bus));
}

static void layout(bool packed, enum vop_ring_placement ring, const bool own[3])
{
	struct session_config c = config();
	const struct vop_queue_config *a = &s.q[0].cfg, *b = &s.q[1].cfg;

	c.ring_placement = ring;
	if (packed)
		c.want[0] |= BIT(VOP_F_RING_PACKED);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_EQUAL(in_own(a->desc_bus), own[0]);
	CU_ASSERT_EQUAL(in_own(a->driver_bus), own[1]);
	CU_ASSERT_EQUAL(in_own(a->device_bus), own[2]);
	check_apart(a);
	check_apart(b);
	/* Queues start at different lines of a page. */
	CU_ASSERT_NOT_EQUAL(a->desc_bus % 4096, b->desc_bus % 4096);
	CU_ASSERT_NOT_EQUAL(a->desc_bus % 4096, s.q[3].cfg.desc_bus % 4096);
	CU_ASSERT_NOT_EQUAL(b->desc_bus % 4096, s.q[3].cfg.desc_bus % 4096);
	session_close(&s);
}

static void test_layout(void)
{
	begin();
	layout(false, VOP_RING_DRIVER, (const bool[]){true, true, true});
	layout(false, VOP_RING_DEVICE, (const bool[]){false, false, false});
	layout(false, VOP_RING_POSTED, (const bool[]){false, false, true});
	layout(true, VOP_RING_DRIVER, (const bool[]){true, true, true});
	/* Each event structure at its reader. */
	layout(true, VOP_RING_DEVICE, (const bool[]){false, false, true});
	end();
}

static void test_tables(void)
{
	struct session_config c = config();

	begin();
	c.indirect_max = 1000; /* more than a chain may have */
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_PTR_NULL(s.q[0].vq.split.ind); /* not negotiated */
	session_close(&s);
	c.want[0] |= BIT(VOP_F_INDIRECT_DESC);
	c.size[0] = 16;
	c.size[1] = 1;
	c.size[3] = 4;
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_PTR_NOT_NULL(s.q[0].vq.split.ind);
	CU_ASSERT_EQUAL(s.q[0].vq.split.ind_max, 16);
	CU_ASSERT_TRUE(in_own(s.q[0].vq.split.ind_bus));
	CU_ASSERT_PTR_NULL(s.q[1].vq.split.ind); /* a queue of one */
	session_close(&s);
	c.payload_placement = VOP_PAYLOAD_PUSH;
	c.indirect_max = 3;
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_EQUAL(s.q[0].vq.split.ind_max, 3);
	CU_ASSERT_FALSE(in_own(s.q[0].vq.split.ind_bus));
	session_close(&s);
	c.indirect_max = 1;
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_PTR_NULL(s.q[0].vq.split.ind);
	session_close(&s);
	end();
}

/* Memory comes back with every reset. */
static void test_again_and_again(void)
{
	struct session_config c = config();
	unsigned i;

	begin();
	c.want[0] |= BIT(VOP_F_INDIRECT_DESC);
	c.indirect_max = 64;
	c.ring_placement = VOP_RING_POSTED;
	for (i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
		if (i % 2)
			session_close(&s);
		else
			session_fail(&s);
	}
	CU_ASSERT_EQUAL(device().failed, 50);
	end();
}

/* --- loss --- */

static unsigned losses;

static void lost(void *ctx)
{
	(void)ctx;
	losses++;
}

static void gone(void)
{
	unsigned i;

	for (i = 0; i < PEER_WAIT_MS && t->ops->service(t) == 0; i++)
		usleep(1000);
	CU_ASSERT_EQUAL(t->ops->service(t), -EPIPE);
}

static void test_loss_while_open(void)
{
	struct session_config c = config();

	begin();
	c.want[0] |= BIT(VOP_F_INDIRECT_DESC);
	c.indirect_max = 8;
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	losses = 0;
	t->ops->on_lost(t, lost, NULL);
	peer_stop(&peer);
	gone();
	CU_ASSERT_EQUAL(losses, 1);
	session_fail(&s);
	session_close(&s);
	CU_ASSERT_EQUAL(session_open(&s, t, &c, &err), -EPIPE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "gone"));
	target_close(t);
	CU_ASSERT_EQUAL(rmdir(dir), 0);

	/* The memory itself goes first. */
	begin();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	peer_stop(&peer);
	gone();
	session_close(&s);
	target_close(t);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void test_loss_while_opening(void)
{
	struct session_config c = config();
	struct peer_config pc = peer_default();

	pc.leave_at_features_ok = true;
	names();
	begin_with(&pc, 4 << 20);
	CU_ASSERT_EQUAL(session_open(&s, t, &c, &err), -EPIPE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "gone"));
	CU_ASSERT_TRUE(one_line());
	session_close(&s);
	target_close(t);
	peer_stop(&peer);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void violate(struct peer *p, void *arg)
{
	(void)arg;
	vop_device_violation(p->dev[0].d, 0, VOP_V_CHAIN_LOOP);
}

/* NEEDS_RESET: close, open, go on. */
static void test_needs_reset(void)
{
	struct session_config c = config();
	uint32_t events = 0;
	unsigned i;

	begin();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_TRUE(peer_call(&peer, violate, NULL));
	for (i = 0; i < PEER_WAIT_MS && !(events & TARGET_EVENT_NEEDS_RESET); i++) {
		CU_ASSERT_EQUAL(t->ops->service(t), 0);
		events |= t->ops->events(t);
		usleep(1000);
	}
	CU_ASSERT_TRUE(events & TARGET_EVENT_NEEDS_RESET);
	session_close(&s);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	traffic(&s.q[0], VOP_PAYLOAD_PULL);
	session_close(&s);
	end();
}

/* Two devices of one link, each with its session; closing one leaves the other. */
static void test_two_devices(void)
{
	static struct session other;
	struct session_config c = config();
	struct peer_config pc = peer_default();
	struct target *u;

	pc.create = 2;
	names();
	begin_with(&pc, 4 << 20);
	CU_ASSERT_EQUAL_FATAL(target_vop_share(t, 1, &u, &err), 0);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &c, &err), 0);
	CU_ASSERT_EQUAL_FATAL(session_open(&other, u, &c, &err), 0);
	CU_ASSERT_NOT_EQUAL(s.q[0].cfg.desc_bus, other.q[0].cfg.desc_bus);
	traffic(&s.q[0], VOP_PAYLOAD_PULL);
	traffic(&other.q[0], VOP_PAYLOAD_PULL);
	session_close(&other);
	target_close(u);
	traffic(&s.q[1], VOP_PAYLOAD_PULL);
	session_close(&s);
	end();
}

int suite_session(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{"formats and placements, polling device", test_ways_polled},
		{"formats and placements, sleeping device", test_ways_event},
		{"negotiation", test_negotiation},
		{"a peer that polls", test_peer_polls},
		{"layout of rings", test_layout},
		{"indirect tables", test_tables},
		{"open and close again and again", test_again_and_again},
		{"peer goes while open", test_loss_while_open},
		{"peer goes while opening", test_loss_while_opening},
		{"device needs a reset", test_needs_reset},
		{"two devices", test_two_devices},
	};
	CU_pSuite suite = CU_add_suite("session", NULL, NULL);
	unsigned i;

	for (i = 0; suite && i < VOP_ARRAY_SIZE(tests); i++)
		CU_add_test(suite, tests[i].name, tests[i].fn);
	return CU_get_error();
}
