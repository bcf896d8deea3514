/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session over the vop: target: every ring format, placement and way of notification carries
 * buffers; the layout of ring memory; every way in which opening fails leaves a reset device; loss.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "target/session.h"
#include "target/vop.h"
#include "tests/target_peer.h"

#define BIT(n) (1ull << (n))

static char dir[64], path[96], uri[112];
static struct peer peer;
static struct target *t;
static struct session s;
static struct vop_error err;

static struct peer_config peer_default(void)
{
	return (struct peer_config){
		.path = path,
		.self = VOP_HOST,
		.create = 1,
		.create_id = 1,
		.offer =
			{
				.features = {BIT(5) | BIT(15), BIT(6)},
				.queues = 4,
				.queue_size_max = 100,
				.config_size = 8,
				.pool_size = 1 << 20,
				.notify = VOP_NOTIFY_EVENT,
			},
	};
}

static void begin_with(const struct peer_config *pc, uint64_t window)
{
	struct target_config c = {
		.uri = uri,
		.device_id = 1,
		.timeout_ms = PEER_WAIT_MS,
		.self = VOP_ENDPOINT,
		.window_size = window,
		.no_huge = true,
	};
	int r;

	CU_ASSERT_EQUAL_FATAL(peer_start(&peer, pc), 0);
	err.text[0] = '\0';
	r = target_open(&c, &t, &err);
	if (r)
		printf("[%d: %s] ", r, err.text);
	CU_ASSERT_EQUAL_FATAL(r, 0);
}

static void names(void)
{
	strcpy(dir, "/tmp/vop-test-session-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/link", dir);
	snprintf(uri, sizeof(uri), "vop:%s", path);
}

static void begin(void)
{
	struct peer_config pc = peer_default();

	names();
	begin_with(&pc, 4 << 20);
}

static void end(void)
{
	target_close(t);
	peer_stop(&peer);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static struct session_config config(void)
{
	struct session_config c = {
		.want = {BIT(5) | BIT(VOP_F_EVENT_IDX), 0},
		.queues = 4,
		.queue_use = {true, true, false, true},
	};

	return c;
}

static bool one_line(void)
{
	return err.text[0] && !strchr(err.text, '\n');
}

/* What the device is at, asked on its thread. */
struct seen {
	uint8_t status;
	unsigned resets, failed, running;
	uint16_t size[VOP_QUEUES_MAX];
};

static void look(struct peer *p, void *arg)
{
	const struct peer_device *pd = &p->dev[0];
	struct seen *o = arg;
	unsigned q;

	*o = (struct seen){
		.status = pd->d ? vop_device_status(pd->d) : 0xff,
		.resets = pd->resets,
		.failed = pd->failed,
	};
	for (q = 0; q < VOP_QUEUES_MAX; q++) {
		o->running += pd->q[q].running;
		o->size[q] = pd->q_size[q];
	}
}

static struct seen device(void)
{
	struct seen o = {0};

	CU_ASSERT_TRUE(peer_call(&peer, look, &o));
	return o;
}

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

/* --- what fails, and leaves a reset device --- */

static void fails(const struct session_config *c, int code, const char *words)
{
	unsigned failed = device().failed;
	struct seen o;
	int r;

	err.text[0] = '\0';
	r = session_open(&s, t, c, &err);
	CU_ASSERT_EQUAL(r, code);
	CU_ASSERT_TRUE(one_line());
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
	if (r != code || !strstr(err.text, words))
		printf("[%d: %s] ", r, err.text);
	o = device();
	CU_ASSERT_EQUAL(o.status, 0);
	CU_ASSERT_EQUAL(o.running, 0);
	CU_ASSERT_EQUAL(o.failed, failed + 1);
	session_close(&s);
}

static void test_bad_wishes(void)
{
	struct session_config c = config();

	begin();
	c.need[0] = BIT(22) | BIT(16) | BIT(24);
	c.need[1] = BIT(1);
	fails(&c, -ENOTSUP, "status, mq, bit24, guest_udp_tunnel_gso");
	c = config();
	c.queues = 5;
	fails(&c, -EINVAL, "the device has 4");
	c = config();
	c.size[1] = 101;
	fails(&c, -EINVAL, "queue 1: 101 entries");
	c = config();
	c.size[3] = 12;
	fails(&c, -EINVAL, "power of two");
	c = config();
	c.want[0] |= BIT(VOP_F_RING_PACKED);
	c.ring_placement = VOP_RING_POSTED;
	fails(&c, -ENOTSUP, "packed");
	c = config();
	c.queue_use[2] = true;
	c.ring_placement = VOP_RING_DEVICE;
	c.payload_placement = 7;
	fails(&c, -ENOTSUP, "placement device");
	c = config();
	c.queues = VOP_QUEUES_MAX + 1;
	CU_ASSERT_EQUAL(session_open(&s, t, &c, &err), -EINVAL);
	session_close(&s);
	/* And after all of it: */
	c = config();
	CU_ASSERT_EQUAL(session_open(&s, t, &c, &err), 0);
	session_close(&s);
	end();
}

static void test_no_room(void)
{
	struct session_config c = config();
	struct peer_config pc = peer_default();

	pc.offer.pool_size = 16 << 10;
	pc.offer.queue_size_max = 32768;
	names();
	begin_with(&pc, 2 << 20);
	c.size[0] = 64;
	c.size[1] = 1024;
	c.ring_placement = VOP_RING_DEVICE;
	fails(&c, -ENOMEM, "queue 1: no room for its ring");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "of the device"));
	c = config();
	c.ring_placement = VOP_RING_DRIVER; /* 32768 each */
	fails(&c, -ENOMEM, "of the driver");
	c = config();
	c.size[0] = c.size[1] = c.size[3] = 256;
	c.want[0] |= BIT(VOP_F_INDIRECT_DESC);
	c.indirect_max = 256;
	fails(&c, -ENOMEM, "indirect tables");
	c.payload_placement = VOP_PAYLOAD_PUSH;
	fails(&c, -ENOMEM, "of the device");
	end();
}

static void test_no_pool(void)
{
	struct session_config c = config();
	struct peer_config pc = peer_default();

	pc.offer.pool_size = 0;
	names();
	begin_with(&pc, 4 << 20);
	c.ring_placement = VOP_RING_POSTED;
	fails(&c, -ENOTSUP, "placement posted");
	c = config();
	c.payload_placement = VOP_PAYLOAD_PUSH;
	fails(&c, -ENOTSUP, "push");
	end();
}

static void refuse(struct peer *p, void *arg)
{
	const struct peer_config *pc = arg;

	p->cfg.features_ok_answer = pc->features_ok_answer;
	p->cfg.queue_start_answer = pc->queue_start_answer;
	p->cfg.driver_ok_answer = pc->driver_ok_answer;
}

static void refused(const struct peer_config *pc, int code, const char *words)
{
	struct session_config c = config();

	CU_ASSERT_TRUE(peer_call(&peer, refuse, (void *)(uintptr_t)pc));
	fails(&c, code, words);
}

static void test_device_refuses(void)
{
	begin();
	refused(&(struct peer_config){.features_ok_answer = -EINVAL}, -ENOTSUP,
		"refused these features: mac, event_idx, version_1, access_platform");
	refused(&(struct peer_config){.queue_start_answer = -EINVAL}, -EINVAL, "queue 0");
	refused(&(struct peer_config){.queue_start_answer = -ENOMEM}, -ENOMEM, "queue 0");
	refused(&(struct peer_config){.driver_ok_answer = -EPERM}, -EPERM, "DRIVER_OK");
	end();
}

/* --- devices that lie: the target's calls with one of them replaced --- */

static struct target_ops liar;
static struct target liar_target;
static unsigned calls_until_lie;
static uint8_t lie;

static int lying_status(struct target *b, uint8_t *status)
{
	(void)b;
	if (calls_until_lie-- == 0) {
		*status = lie;
		return 0;
	}
	return t->ops->get_status(t, status);
}

static int true_set_status(struct target *b, uint8_t status)
{
	(void)b;
	return t->ops->set_status(t, status);
}

static int true_features(struct target *b, uint64_t f[2])
{
	(void)b;
	return t->ops->get_features(t, f);
}

static int no_version_1(struct target *b, uint64_t f[2])
{
	(void)b;
	f[0] = BIT(5);
	f[1] = 0;
	return 0;
}

static int true_set_features(struct target *b, const uint64_t f[2])
{
	(void)b;
	return t->ops->set_features(t, f);
}

static int lying_count(struct target *b, unsigned *n)
{
	(void)b;
	*n = VOP_QUEUES_MAX;
	return 0;
}

static int no_such_queue(struct target *b, unsigned q, uint16_t *size)
{
	(void)b;
	*size = q == 1 ? 0 : 32768 + 1;
	return 0;
}

static bool any_placement(struct target *b, unsigned ring, unsigned payload)
{
	(void)b;
	(void)ring;
	(void)payload;
	return true;
}

static void lies(const struct session_config *c, int code, const char *words)
{
	int r = session_open(&s, &liar_target, c, &err);

	CU_ASSERT_EQUAL(r, code);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
	if (r != code || !strstr(err.text, words))
		printf("[%d: %s] ", r, err.text);
	CU_ASSERT_EQUAL(device().status, 0);
	session_close(&s);
}

static void test_device_lies(void)
{
	struct session_config c = config();

	begin();
	liar = (struct target_ops){
		.scheme = "liar",
		.get_status = lying_status,
		.set_status = true_set_status,
		.get_features = true_features,
		.set_features = true_set_features,
		.queue_count = lying_count,
		.queue_size_max = no_such_queue,
		.placement_ok = any_placement,
	};
	liar_target = (struct target){.ops = &liar, .device_id = 1};
	calls_until_lie = 0;
	lie = 4;
	lies(&c, -EPROTO, "0x04 after a reset");
	calls_until_lie = 1;
	lie = 0;
	lies(&c, -EPROTO, "ACKNOWLEDGE");
	calls_until_lie = 2;
	lie = 1;
	lies(&c, -EPROTO, "DRIVER");
	calls_until_lie = 2;
	lie = 3 | VOP_STATUS_NEEDS_RESET;
	lies(&c, -EPROTO, "wants a reset");
	calls_until_lie = 3;
	lie = 3;
	lies(&c, -ENOTSUP, "refused");
	calls_until_lie = 100;
	lies(&c, -EPROTO, "offers 32769");
	c.queue_use[0] = false;
	lies(&c, -EINVAL, "no queue 1");
	liar.get_features = no_version_1;
	lies(&c, -ENOTSUP, "version_1");
	liar_target.caps.mem_class = VOP_MEM_DEVICE;
	CU_ASSERT_EQUAL(session_open(&s, &liar_target, &c, &err), -ENOTSUP);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "coherent"));
	session_close(&s);
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
		{"wishes the device has not", test_bad_wishes},
		{"no room", test_no_room},
		{"device without a pool", test_no_pool},
		{"device refuses", test_device_refuses},
		{"device lies", test_device_lies},
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
