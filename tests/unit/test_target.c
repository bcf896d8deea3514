/* SPDX-License-Identifier: BSD-2-Clause */
/* Schemes and URIs, the vop: target over a shm link, several targets of one, names of features. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "target/feature_names.h"
#include "target/target.h"
#include "target/vop.h"
#include "tests/target_peer.h"

static char dir[64], path[96], uri[112];
static struct peer peer;

static void names(void)
{
	strcpy(dir, "/tmp/vop-test-target-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/link", dir);
	snprintf(uri, sizeof(uri), "vop:%s", path);
}

/* Nothing may be left behind: rmdir fails on a socket that stayed. */
static void no_names(void)
{
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static struct peer_config peer_default(void)
{
	return (struct peer_config){
		.path = path,
		.self = VOP_ENDPOINT,
		.create = 1,
		.create_id = 1,
		.offer =
			{
				.features = {1u << 5 | 1u << 16, 0},
				.queues = 2,
				.queue_size_max = 64,
				.config_size = 16,
				.config = {1, 2, 3, 4, 5, 6, 7, 8},
				.pool_size = 64 << 10,
				.notify = VOP_NOTIFY_EVENT,
			},
	};
}

static struct target_config config(void)
{
	return (struct target_config){
		.uri = uri,
		.device_id = 1,
		.timeout_ms = PEER_WAIT_MS,
		.self = VOP_HOST,
		.queues_max = 2,
		.queue_size_max = 64,
		.window_size = 4 << 20,
		.no_huge = true,
	};
}

static struct target *open_with(const struct peer_config *pc, const struct target_config *tc)
{
	struct vop_error err = {""};
	struct target *t = NULL;
	int r;

	names();
	CU_ASSERT_EQUAL_FATAL(peer_start(&peer, pc), 0);
	r = target_open(tc, &t, &err);
	if (r)
		printf("[%d: %s] ", r, err.text);
	CU_ASSERT_EQUAL_FATAL(r, 0);
	return t;
}

static void end(struct target *t)
{
	target_close(t);
	peer_stop(&peer);
	no_names();
}

/* Service until the target is lost, or has events. */
static int until(struct target *t, uint32_t *events)
{
	unsigned i;

	for (i = 0; i < PEER_WAIT_MS; i++) {
		int r = t->ops->service(t);

		if (r)
			return r;
		*events |= t->ops->events(t);
		if (*events)
			return 0;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

static bool one_line(const struct vop_error *e)
{
	return e->text[0] && !strchr(e->text, '\n');
}

/* --- without a peer --- */

static void test_uri(void)
{
	static const char *const bad[] = {"",	"vop",	"/tmp/x",    "tcp:/tmp/x", "vopx:/tmp/x",
					  ":x", "vop:", "VOP:/tmp/x"};
	struct target_config c = config();
	struct vop_error err;
	struct target *t;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(bad); i++) {
		err.text[0] = '\0';
		t = (struct target *)&c;
		c.uri = bad[i];
		CU_ASSERT_EQUAL(target_open(&c, &t, &err), -EINVAL);
		CU_ASSERT_PTR_NULL(t);
		CU_ASSERT_TRUE(one_line(&err));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "vop:"));
	}
	c.uri = NULL;
	CU_ASSERT_EQUAL(target_open(&c, &t, &err), -EINVAL);
	c.uri = bad[0];
	CU_ASSERT_EQUAL(target_open(&c, &t, NULL), -EINVAL);
}

static void test_long_path(void)
{
	struct target_config c = config();
	struct vop_error err = {""};
	struct target *t;
	char u[4096] = "vop:/tmp/";

	memset(u + 9, 'x', sizeof(u) - 10);
	u[4 + 108] = '\0'; /* one byte too long */
	c.uri = u;
	CU_ASSERT_EQUAL(target_open(&c, &t, &err), -ENAMETOOLONG);
	CU_ASSERT_TRUE(one_line(&err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "107"));
	memset(u + 9, 'x', sizeof(u) - 10);
	CU_ASSERT_EQUAL(target_open(&c, &t, &err), -ENAMETOOLONG);
}

static void test_schemes(void)
{
	const struct target_ops *const *s = target_schemes();

	CU_ASSERT_STRING_EQUAL((*s)->scheme, "vop");
	CU_ASSERT_PTR_NOT_NULL((*s)->help);
	while (*s)
		s++;
	CU_ASSERT_STRING_EQUAL(target_lack_text(TARGET_LACKS_QUEUE_RESET),
			       "queues cannot be reset one by one");
	CU_ASSERT_PTR_NULL(target_lack_text(0));
	CU_ASSERT_PTR_NULL(target_lack_text(1u << 31));
}

static void test_alone(void)
{
	struct target_config c = config();
	struct vop_error err = {""};
	struct target *t;

	names();
	c.timeout_ms = 20;
	CU_ASSERT_EQUAL(target_open(&c, &t, &err), -ETIMEDOUT);
	CU_ASSERT_TRUE(one_line(&err));
	no_names();
}

/* --- no device for us --- */

/* The peer listens: what follows within a time-out is quick. */
static void start_and_wait(const struct peer_config *pc)
{
	unsigned i;

	CU_ASSERT_EQUAL_FATAL(peer_start(&peer, pc), 0);
	for (i = 0; i < PEER_WAIT_MS && access(path, F_OK); i++)
		usleep(1000);
}

static void no_device(const struct peer_config *pc, const char *words)
{
	struct target_config c = config();
	struct vop_error err = {""};
	struct target *t;

	names();
	start_and_wait(pc);
	c.timeout_ms = 500; /* the link has to come up within it */
	CU_ASSERT_EQUAL(target_open(&c, &t, &err), -ETIMEDOUT);
	CU_ASSERT_TRUE(one_line(&err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
	peer_stop(&peer);
	no_names();
}

static void test_no_device(void)
{
	struct peer_config pc = peer_default();

	pc.create = 0;
	no_device(&pc, "no device");
	pc = peer_default();
	pc.create_id = 2;
	no_device(&pc, "no device");
	pc = peer_default();
	pc.create_as_driver = true;
	no_device(&pc, "no device");
	pc = peer_default();
	pc.no_serve = true;
	no_device(&pc, "does not serve");
}

static void test_same_role(void)
{
	struct peer_config pc = peer_default();
	struct target_config c = config();
	struct vop_error err = {""};
	struct target *t;

	names();
	CU_ASSERT_EQUAL_FATAL(peer_start(&peer, &pc), 0);
	c.self = VOP_ENDPOINT;
	c.timeout_ms = 2000;
	CU_ASSERT_NOT_EQUAL(target_open(&c, &t, &err), 0);
	CU_ASSERT_PTR_NULL(t);
	CU_ASSERT_TRUE(one_line(&err));
	peer_stop(&peer);
	no_names();
}

static void test_create_refused(void)
{
	struct peer_config pc = peer_default();
	struct target_config c = config();
	struct vop_error err = {""};
	struct target *t;

	names();
	pc.create = 0;
	CU_ASSERT_EQUAL_FATAL(peer_start(&peer, &pc), 0);
	c.create = true;
	c.queues_max = VOP_QUEUES_MAX + 1;
	CU_ASSERT_EQUAL(target_open(&c, &t, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "create"));
	peer_stop(&peer);
	no_names();
}

/* --- primitives --- */

static void test_primitives(void)
{
	struct peer_config pc = peer_default();
	struct target_config tc = config();
	struct target *t = open_with(&pc, &tc);
	const struct target_ops *o = t->ops;
	uint64_t f[2] = {0, 0}, bus = 0;
	uint32_t gen = 1, count, why;
	uint8_t status = 0xff, b[4];
	uint16_t size = 0;
	unsigned n = 0;
	void *p;

	CU_ASSERT_EQUAL(t->device_id, 1);
	CU_ASSERT_EQUAL(t->caps.missing, TARGET_LACKS_RESPAWN);
	CU_ASSERT_EQUAL(t->caps.mem_class, VOP_MEM_COHERENT);
	CU_ASSERT_EQUAL(o->get_features(t, f), 0);
	CU_ASSERT_TRUE(vop_feature_has(f, VOP_F_VERSION_1));
	CU_ASSERT_TRUE(vop_feature_has(f, 16));
	CU_ASSERT_EQUAL(o->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(o->queue_count(t, &n), 0);
	CU_ASSERT_EQUAL(n, 2);
	CU_ASSERT_EQUAL(o->queue_size_max(t, 1, &size), 0);
	CU_ASSERT_EQUAL(size, 64);
	CU_ASSERT_EQUAL(o->queue_size_max(t, 2, &size), 0);
	CU_ASSERT_EQUAL(size, 0);
	CU_ASSERT_TRUE(o->placement_ok(t, VOP_RING_POSTED, VOP_PAYLOAD_PUSH));
	CU_ASSERT_FALSE(o->placement_ok(t, 7, VOP_PAYLOAD_PULL));

	CU_ASSERT_EQUAL(o->config_read(t, 2, b, 4, &gen), 0);
	CU_ASSERT_EQUAL(memcmp(b, "\3\4\5\6", 4), 0);
	CU_ASSERT_EQUAL(gen, 0);
	CU_ASSERT_EQUAL(o->config_read(t, 14, b, 4, &gen), -EINVAL);
	/* Not before FEATURES_OK: what the device answers comes through. */
	CU_ASSERT_EQUAL(o->config_write(t, 8, "abcd", 4), -EPERM);

	CU_ASSERT_EQUAL(o->set_status(t, 0), 0);
	CU_ASSERT_EQUAL(o->set_status(t, 3), 0);
	CU_ASSERT_EQUAL(o->set_features(t, f), 0);
	CU_ASSERT_EQUAL(o->set_status(t, 11), 0);
	CU_ASSERT_EQUAL(o->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 11);
	CU_ASSERT_EQUAL(o->config_write(t, 8, "abcd", 4), 0);
	CU_ASSERT_EQUAL(o->config_write(t, 0, "abcd", 4), -EINVAL);
	CU_ASSERT_EQUAL(o->config_read(t, 8, b, 4, &gen), 0);
	CU_ASSERT_EQUAL(memcmp(b, "abcd", 4), 0);
	CU_ASSERT_EQUAL(o->queue_reset(t, 0), -EPERM); /* it is not set up */
	CU_ASSERT_EQUAL(o->violations(t, 0, &count, &why), 0);
	CU_ASSERT_EQUAL(count, 0);

	p = o->alloc(t, VOP_AT_DRIVER, 100, 64, &bus);
	CU_ASSERT_PTR_NOT_NULL(p);
	CU_ASSERT_PTR_EQUAL(vop_xlate_whole(o->regions(t), bus, 100), p);
	p = o->alloc(t, VOP_AT_DEVICE, 100, 64, &bus);
	CU_ASSERT_PTR_NOT_NULL(p);
	CU_ASSERT_PTR_EQUAL(vop_xlate_whole(o->regions(t), bus, 100), p);
	CU_ASSERT_PTR_NULL(o->alloc(t, VOP_AT_DEVICE, 1 << 20, 64, &bus));
	CU_ASSERT_EQUAL(o->service(t), 0);
	CU_ASSERT_TRUE(o->event_fd(t) >= 0);
	CU_ASSERT_PTR_NULL(o->lost_reason(t));
	CU_ASSERT_PTR_NOT_NULL(target_vop_node(t));
	end(t);
}

static void test_no_pool(void)
{
	struct peer_config pc = peer_default();
	struct target_config tc = config();
	struct target *t;

	pc.offer.pool_size = 0;
	t = open_with(&pc, &tc);
	CU_ASSERT_TRUE(t->caps.missing & TARGET_LACKS_PLACEMENT);
	CU_ASSERT_FALSE(t->ops->placement_ok(t, VOP_RING_DEVICE, VOP_PAYLOAD_PULL));
	CU_ASSERT_TRUE(t->ops->placement_ok(t, VOP_RING_DRIVER, VOP_PAYLOAD_PULL));
	CU_ASSERT_FALSE(t->ops->placement_ok(t, VOP_RING_DRIVER, VOP_PAYLOAD_PUSH));
	end(t);
}

static void set_config(struct peer *p, void *arg)
{
	vop_device_config_set(p->dev[0].d, 0, arg, 1);
}

static void violate(struct peer *p, void *arg)
{
	(void)arg;
	vop_device_violation(p->dev[0].d, 1, VOP_V_ADDR);
}

static void test_events(void)
{
	struct peer_config pc = peer_default();
	struct target_config tc = config();
	struct target *t = open_with(&pc, &tc);
	const struct target_ops *o = t->ops;
	uint32_t events = 0, count = 0, why = 0;
	uint64_t f[2];
	uint8_t x, nine = 9;

	CU_ASSERT_EQUAL(o->get_features(t, f), 0);
	CU_ASSERT_EQUAL(o->set_status(t, 3), 0);
	CU_ASSERT_EQUAL(o->set_features(t, f), 0);
	CU_ASSERT_EQUAL(o->set_status(t, 11), 0);
	CU_ASSERT_EQUAL(o->set_status(t, 15), 0);
	CU_ASSERT_EQUAL(o->events(t), 0);
	CU_ASSERT_TRUE(peer_call(&peer, set_config, &nine));
	CU_ASSERT_EQUAL(until(t, &events), 0);
	CU_ASSERT_EQUAL(events, TARGET_EVENT_CONFIG);
	CU_ASSERT_EQUAL(o->config_read(t, 0, &x, 1, NULL), 0);
	CU_ASSERT_EQUAL(x, 9);
	CU_ASSERT_EQUAL(o->events(t), 0); /* told once */
	CU_ASSERT_TRUE(peer_call(&peer, violate, NULL));
	events = 0;
	CU_ASSERT_EQUAL(until(t, &events), 0);
	CU_ASSERT_EQUAL(events, TARGET_EVENT_CONFIG | TARGET_EVENT_NEEDS_RESET);
	CU_ASSERT_EQUAL(o->violations(t, 1, &count, &why), 0);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_EQUAL(why, VOP_V_ADDR);
	CU_ASSERT_EQUAL(o->set_status(t, 0), 0);
	end(t);
}

/* --- loss --- */

struct loss {
	struct target *t;
	unsigned n;
	int service, status;
};

static void lost(void *ctx)
{
	struct loss *l = ctx;
	uint8_t s;

	l->n++;
	l->status = l->t->ops->get_status(l->t, &s);
	l->service = l->t->ops->set_status(l->t, 0);
}

static void all_gone(struct target *t)
{
	const struct target_ops *o = t->ops;
	struct vop_queue_config c = {.size = 8};
	uint64_t f[2] = {0, 0}, bus;
	uint32_t a, b;
	uint16_t size;
	uint8_t s;
	unsigned n;

	CU_ASSERT_EQUAL(o->service(t), -EPIPE);
	CU_ASSERT_EQUAL(o->get_features(t, f), -EPIPE);
	CU_ASSERT_EQUAL(o->set_features(t, f), -EPIPE);
	CU_ASSERT_EQUAL(o->get_status(t, &s), -EPIPE);
	CU_ASSERT_EQUAL(o->set_status(t, 0), -EPIPE);
	CU_ASSERT_EQUAL(o->config_read(t, 0, &s, 1, &a), -EPIPE);
	CU_ASSERT_EQUAL(o->config_write(t, 8, &f, 1), -EPIPE);
	CU_ASSERT_EQUAL(o->queue_count(t, &n), -EPIPE);
	CU_ASSERT_EQUAL(o->queue_size_max(t, 0, &size), -EPIPE);
	CU_ASSERT_EQUAL(o->queue_setup(t, &c, VOP_NOTIFY_POLL), -EPIPE);
	CU_ASSERT_EQUAL(o->queue_reset(t, 0), -EPIPE);
	CU_ASSERT_EQUAL(o->violations(t, 0, &a, &b), -EPIPE);
	CU_ASSERT_FALSE(o->placement_ok(t, 0, 0));
	CU_ASSERT_PTR_NULL(o->alloc(t, VOP_AT_DRIVER, 64, 64, &bus));
	CU_ASSERT_PTR_NULL(o->regions(t));
	CU_ASSERT_PTR_NOT_NULL(o->lost_reason(t));
}

static void test_peer_gone(void)
{
	struct peer_config pc = peer_default();
	struct target_config tc = config();
	struct target *t = open_with(&pc, &tc), *u;
	struct vop_error err = {""};
	struct loss l = {.t = t};
	uint32_t events = 0;

	t->ops->on_lost(t, lost, &l);
	peer_stop(&peer);
	CU_ASSERT_EQUAL(until(t, &events), -EPIPE);
	CU_ASSERT_EQUAL(l.n, 1);
	CU_ASSERT_EQUAL(l.status, -EPIPE);
	CU_ASSERT_EQUAL(l.service, -EPIPE);
	all_gone(t);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->ops->lost_reason(t), "peer"));
	CU_ASSERT_EQUAL(target_vop_share(t, 1, &u, &err), -EPIPE);
	CU_ASSERT_TRUE(one_line(&err));
	target_close(t);
	CU_ASSERT_EQUAL(l.n, 1);
	no_names();
}

static void withdraw(struct peer *p, void *arg)
{
	*(int *)arg = p->devices ? 0 : -ENOENT;
	/* The other side's thread has to acknowledge, so do not wait for it here. */
	vop_node_destroy(p->n, 0, 0);
}

static void test_device_removed(void)
{
	struct peer_config pc = peer_default();
	struct target_config tc = config();
	struct vop_error err = {""};
	struct target *t, *u;
	struct loss l;
	uint32_t events = 0;
	uint8_t s;
	int r = -1;

	pc.create = 2;
	t = open_with(&pc, &tc);
	CU_ASSERT_EQUAL_FATAL(target_vop_share(t, 1, &u, &err), 0);
	l = (struct loss){.t = t};
	t->ops->on_lost(t, lost, &l);
	CU_ASSERT_TRUE(peer_call(&peer, withdraw, &r));
	CU_ASSERT_EQUAL(r, 0);
	/* The call that waits for the device finds it gone. */
	CU_ASSERT_EQUAL(t->ops->set_status(t, 1), -EPIPE);
	CU_ASSERT_EQUAL(until(t, &events), -EPIPE);
	CU_ASSERT_EQUAL(l.n, 1);
	all_gone(t);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->ops->lost_reason(t), "removed"));
	/* The other one stays. */
	CU_ASSERT_EQUAL(u->ops->service(u), 0);
	CU_ASSERT_EQUAL(u->ops->set_status(u, 1), 0);
	CU_ASSERT_EQUAL(u->ops->get_status(u, &s), 0);
	CU_ASSERT_EQUAL(s, 1);
	target_close(t);
	end(u);
}

/* --- several on one link --- */

static void test_share(void)
{
	struct peer_config pc = peer_default();
	struct target_config tc = config();
	struct vop_error err = {""};
	struct target *t, *u[5] = {0}, *again;
	unsigned i;
	uint8_t s;

	pc.create = 5;
	t = open_with(&pc, &tc);
	for (i = 4; i > 0; i--)
		CU_ASSERT_EQUAL_FATAL(target_vop_share(t, i, &u[i], &err), 0);
	CU_ASSERT_EQUAL(target_vop_share(t, 3, &again, &err), -EBUSY);
	CU_ASSERT_PTR_NULL(again);
	CU_ASSERT_EQUAL(target_vop_share(u[2], 0, &again, &err), -EBUSY);
	CU_ASSERT_TRUE(one_line(&err));
	/* Each is a device of its own. */
	for (i = 1; i < 5; i++)
		CU_ASSERT_EQUAL(u[i]->ops->set_status(u[i], i % 2 ? 1 : 3), 0);
	for (i = 1; i < 5; i++) {
		CU_ASSERT_EQUAL(u[i]->ops->get_status(u[i], &s), 0);
		CU_ASSERT_EQUAL(s, i % 2 ? 1 : 3);
	}
	/* The first may go first; a closed one can be had again, reset. */
	target_close(t);
	target_close(u[2]);
	CU_ASSERT_EQUAL(target_vop_share(u[1], 2, &u[2], &err), 0);
	CU_ASSERT_EQUAL(u[2]->ops->get_status(u[2], &s), 0);
	CU_ASSERT_EQUAL(s, 0);
	CU_ASSERT_EQUAL(target_vop_share(u[1], 0, &t, &err), 0);
	for (i = 1; i < 5; i++)
		target_close(u[i]);
	CU_ASSERT_EQUAL(t->ops->service(t), 0);
	end(t);
}

static void count_devices(struct peer *p, void *arg)
{
	unsigned i, *n = arg;

	for (i = 0, *n = 0; i < p->devices; i++)
		*n += p->dev[i].d != NULL;
}

static void test_create(void)
{
	struct peer_config pc = peer_default();
	struct target_config tc = config();
	struct vop_error err = {""};
	struct target *t, *u, *v;
	unsigned n = 0;

	pc.create = 1; /* the peer's own, which is not meant */
	tc.create = true;
	tc.queues_max = 7;
	t = open_with(&pc, &tc);
	CU_ASSERT_EQUAL(target_vop_share(t, 1, &u, &err), 0);
	CU_ASSERT_EQUAL(target_vop_share(t, 2, &v, &err), 0);
	CU_ASSERT_TRUE(peer_call(&peer, count_devices, &n));
	CU_ASSERT_EQUAL(n, 4);
	target_close(u); /* and what it created */
	CU_ASSERT_TRUE(peer_call(&peer, count_devices, &n));
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(target_vop_share(v, 1, &u, &err), 0);
	CU_ASSERT_EQUAL(u->ops->set_status(u, 1), 0);
	target_close(t);
	target_close(v);
	end(u);
}

static void test_many(void)
{
	struct peer_config pc = peer_default();
	struct target_config tc = config();
	struct vop_error err = {""};
	struct target *t[64], *more;
	unsigned i;

	pc.create = 0;
	pc.offer.pool_size = 0;
	tc.create = true;
	t[0] = open_with(&pc, &tc);
	for (i = 1; i < 64; i++)
		CU_ASSERT_EQUAL_FATAL(target_vop_share(t[0], i, &t[i], &err), 0);
	CU_ASSERT_EQUAL(target_vop_share(t[0], 64, &more, &err), -ENOSPC);
	CU_ASSERT_TRUE(one_line(&err));
	for (i = 0; i < 63; i++)
		target_close(t[i]);
	end(t[63]);
}

static void test_share_waits(void)
{
	struct peer_config pc = peer_default();
	struct target_config tc = config();
	struct vop_error err = {""};
	struct target *t, *u;

	names();
	start_and_wait(&pc);
	tc.timeout_ms = 1000;
	CU_ASSERT_EQUAL_FATAL(target_open(&tc, &t, &err), 0);
	CU_ASSERT_EQUAL(target_vop_share(t, 1, &u, &err), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "number 1"));
	CU_ASSERT_EQUAL(t->ops->set_status(t, 1), 0); /* no harm done */
	end(t);
}

/* --- names of features --- */

static void test_feature_names(void)
{
	char buf[FEATURE_NAME_MAX], text[24];
	struct vop_error err = {""};
	uint64_t f[2] = {1, 1};
	unsigned bit;

	CU_ASSERT_STRING_EQUAL(feature_name(1, VOP_F_RING_PACKED, buf), "packed");
	CU_ASSERT_STRING_EQUAL(feature_name(1, 15, buf), "mrg_rxbuf");
	CU_ASSERT_STRING_EQUAL(feature_name(2, 15, buf), "lifetime");
	CU_ASSERT_STRING_EQUAL(feature_name(2, 18, buf), "bit18");
	CU_ASSERT_STRING_EQUAL(feature_name(2, 41, buf), "admin_vq");
	CU_ASSERT_STRING_EQUAL(feature_name(1, 127, buf), "bit127");
	/* Every name leads back to its bit. */
	for (bit = 0; bit < VOP_FEATURE_BITS; bit++) {
		feature_name(1, bit, buf);
		CU_ASSERT_EQUAL(feature_bit(1, buf, strlen(buf)), (int)bit);
	}
	CU_ASSERT_EQUAL(feature_bit(1, "indirect_desc", 13), VOP_F_INDIRECT_DESC);
	CU_ASSERT_EQUAL(feature_bit(1, "bit40", 5), VOP_F_RING_RESET);
	CU_ASSERT_EQUAL(feature_bit(1, "bit128", 6), -ENOENT);
	CU_ASSERT_EQUAL(feature_bit(1, "bit01", 5), -ENOENT);
	CU_ASSERT_EQUAL(feature_bit(1, "bit1x", 5), -ENOENT);
	CU_ASSERT_EQUAL(feature_bit(1, "bit", 3), -ENOENT);

	CU_ASSERT_EQUAL(feature_parse(1, "packed,mq,bit100", f, &err), 0);
	CU_ASSERT_EQUAL(f[0], 1ull << VOP_F_RING_PACKED | 1ull << 22);
	CU_ASSERT_EQUAL(f[1], 1ull << 36);
	CU_ASSERT_EQUAL(feature_parse(1, "", f, &err), 0);
	CU_ASSERT_EQUAL(f[0] | f[1], 0);
	CU_ASSERT_EQUAL(feature_parse(1, "packed,pakced", f, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'pakced'"));
	CU_ASSERT_EQUAL(feature_parse(1, "packed,", f, &err), -EINVAL);
	CU_ASSERT_EQUAL(feature_parse(1, "mq,,packed", f, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "empty"));

	f[0] = 1u << 16 | 1u << 15;
	f[1] = 0;
	CU_ASSERT_STRING_EQUAL(feature_text(1, f, text, sizeof(text)), "mrg_rxbuf, status");
	f[0] |= 1u << 17 | 1u << 22;
	CU_ASSERT_STRING_EQUAL(feature_text(1, f, text, sizeof(text)), "mrg_rxbuf, status, ...");
	f[0] = 0;
	CU_ASSERT_STRING_EQUAL(feature_text(1, f, text, sizeof(text)), "none");
}

int suite_target(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{"bad URIs", test_uri},
		{"long path", test_long_path},
		{"table of schemes", test_schemes},
		{"nobody there", test_alone},
		{"no device for us", test_no_device},
		{"both play one node", test_same_role},
		{"creation refused", test_create_refused},
		{"primitives", test_primitives},
		{"device without a pool", test_no_pool},
		{"events", test_events},
		{"peer goes", test_peer_gone},
		{"device goes", test_device_removed},
		{"several devices", test_share},
		{"devices we create", test_create},
		{"64 devices", test_many},
		{"a device that never comes", test_share_waits},
		{"names of features", test_feature_names},
	};
	CU_pSuite s = CU_add_suite("target", NULL, NULL);
	unsigned i;

	for (i = 0; s && i < VOP_ARRAY_SIZE(tests); i++)
		CU_add_test(s, tests[i].name, tests[i].fn);
	return CU_get_error();
}
