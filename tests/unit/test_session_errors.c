/* SPDX-License-Identifier: BSD-2-Clause */
/* Every way in which opening a session fails says why in one line and leaves a reset device. */
#include "tests/unit/session_rig.h"

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

int suite_session_errors(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{"wishes the device has not", test_bad_wishes},
		{"no room", test_no_room},
		{"device without a pool", test_no_pool},
		{"device refuses", test_device_refuses},
		{"device lies", test_device_lies},
	};
	CU_pSuite suite = CU_add_suite("session_errors", NULL, NULL);
	unsigned i;

	for (i = 0; suite && i < VOP_ARRAY_SIZE(tests); i++)
		CU_add_test(suite, tests[i].name, tests[i].fn);
	return CU_get_error();
}
