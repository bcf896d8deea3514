/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vhost-user: target and its back-end, for tests of the target; tests/vu_rig.h is the other side.
 * The state is static: each file that includes this has its own.
 */
#ifndef TESTS_UNIT_TARGET_VU_RIG_H
#define TESTS_UNIT_TARGET_VU_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "target/session.h"
#include "target/vhost_user.h"
#include "tests/unit/leaks.h"
#include "tests/vhost_fake.h"

#define BIT(n)	   (1ull << (n))
#define RIG_WAIT   60000 /* against hangs only */
#define RIG_SOON   20	 /* for answers that never come */
#define RIG_WINDOW (2ull << 20)

#define PF_ALL                                                                                     \
	(BIT(VOP_VU_PF_MQ) | BIT(VOP_VU_PF_REPLY_ACK) | BIT(VOP_VU_PF_BACKEND_REQ) |               \
	 BIT(VOP_VU_PF_CONFIG) | BIT(VOP_VU_PF_INFLIGHT_SHMFD) | BIT(VOP_VU_PF_RESET_DEVICE) |     \
	 BIT(VOP_VU_PF_CONFIGURE_MEM_SLOTS) | BIT(VOP_VU_PF_STATUS))
#define F_RINGS                                                                                    \
	(BIT(VOP_F_VERSION_1) | BIT(VOP_F_RING_PACKED) | BIT(VOP_F_INDIRECT_DESC) |                \
	 BIT(VOP_F_EVENT_IDX) | BIT(VOP_F_IN_ORDER))

static char dir[64], path[96], uri[112];
static struct vhost_fake fake;
static struct target *t;
static struct session s;
static struct vop_error err;
static struct leaks before;
static unsigned lost;

static inline void names(void)
{
	before = leaks_now();
	strcpy(dir, "/tmp/vop-test-vu-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/vu", dir);
	snprintf(uri, sizeof(uri), "vhost-user:%s", path);
	lost = 0;
	t = NULL;
	memset(&s, 0, sizeof(s));
	err.text[0] = '\0';
}

static inline struct vhost_fake_config fake_default(void)
{
	return (struct vhost_fake_config){
		.path = path,
		.features = F_RINGS | BIT(VOP_VU_F_PROTOCOL_FEATURES) | BIT(5) | BIT(15),
		.protocol = PF_ALL,
		.queues = 1,
		.config_size = 16,
		.config = {1, 2, 3, 4, 5, 6, 7, 8},
	};
}

static inline struct target_config target_default(void)
{
	return (struct target_config){
		.uri = uri,
		.device_id = 1,
		.timeout_ms = RIG_WAIT,
		.window_size = RIG_WINDOW,
		.no_huge = true,
	};
}

static inline bool one_line(void)
{
	return err.text[0] && !strchr(err.text, '\n');
}

/* What an answer -EPIPE promises: nothing works any more, and nothing hangs or crashes. */
static inline void all_gone(struct target *x)
{
	const struct target_ops *o = x->ops;
	struct vop_queue_config q = {.size = 8};
	uint64_t f[2] = {0, 0}, bus;
	uint8_t b[4] = {0};
	uint32_t n;
	uint16_t size;
	unsigned count;

	CU_ASSERT_EQUAL(o->get_features(x, f), -EPIPE);
	CU_ASSERT_EQUAL(o->set_features(x, f), -EPIPE);
	CU_ASSERT_EQUAL(o->get_status(x, b), -EPIPE);
	CU_ASSERT_EQUAL(o->set_status(x, 0), -EPIPE);
	CU_ASSERT_EQUAL(o->set_status(x, 15), -EPIPE);
	CU_ASSERT_EQUAL(o->config_read(x, 0, b, 4, &n), -EPIPE);
	CU_ASSERT_EQUAL(o->config_write(x, 0, b, 4), -EPIPE);
	CU_ASSERT_EQUAL(o->queue_count(x, &count), -EPIPE);
	CU_ASSERT_EQUAL(o->queue_size_max(x, 0, &size), -EPIPE);
	CU_ASSERT_EQUAL(o->queue_setup(x, &q, VOP_NOTIFY_EVENT), -EPIPE);
	q.index = VOP_QUEUES_MAX;
	CU_ASSERT_EQUAL(o->queue_setup(x, &q, VOP_NOTIFY_EVENT), -EPIPE);
	CU_ASSERT_EQUAL(o->queue_reset(x, 0), -EPIPE);
	CU_ASSERT_PTR_NULL(o->alloc(x, VOP_AT_DRIVER, 64, 64, &bus));
	CU_ASSERT_PTR_NULL(o->regions(x));
	CU_ASSERT_EQUAL(o->service(x), -EPIPE);
	CU_ASSERT_EQUAL(o->violations(x, 0, &n, &n), -EPIPE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o->lost_reason(x));
	CU_ASSERT_TRUE(o->lost_reason(x)[0] && !strchr(o->lost_reason(x), '\n'));
}

/* Within the call that finds the loss: the target answers, and asks nobody. */
static inline void count_loss(void *ctx)
{
	uint8_t status;
	uint64_t bus;

	(void)ctx;
	lost++;
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), -EPIPE);
	CU_ASSERT_EQUAL(t->ops->set_status(t, 0), -EPIPE);
	CU_ASSERT_PTR_NULL(t->ops->alloc(t, VOP_AT_DRIVER, 64, 64, &bus));
	CU_ASSERT_EQUAL(t->ops->service(t), -EPIPE);
}

/* A target, or why not. */
static inline int try_target(const struct target_config *tc)
{
	int r = target_open(tc, &t, &err);

	if (r) {
		CU_ASSERT_PTR_NULL(t);
		CU_ASSERT_TRUE(one_line());
	} else {
		t->ops->on_lost(t, count_loss, NULL);
	}
	return r;
}

static inline void begin_with(const struct vhost_fake_config *fc, const struct target_config *tc)
{
	int r;

	CU_ASSERT_EQUAL_FATAL(vhost_fake_start(&fake, fc), 0);
	r = try_target(tc);
	if (r)
		printf("[%d: %s] ", r, err.text);
	CU_ASSERT_EQUAL_FATAL(r, 0);
}

static inline void begin(void)
{
	struct vhost_fake_config fc;
	struct target_config tc;

	names();
	fc = fake_default();
	tc = target_default();
	begin_with(&fc, &tc);
}

/* A thread that was joined is listed for a moment longer. */
static inline void nothing_left(void)
{
	struct leaks l = leaks_now();
	unsigned i;

	for (i = 0; i < RIG_WAIT && l.threads > before.threads; i++) {
		usleep(1000);
		l = leaks_now();
	}
	CU_ASSERT_EQUAL(l.fds, before.fds);
	CU_ASSERT_EQUAL(l.windows, before.windows);
	CU_ASSERT_EQUAL(l.threads, before.threads);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static inline void end(void)
{
	target_close(t);
	t = NULL;
	vhost_fake_stop(&fake);
	nothing_left();
}

static inline struct session_config session_default(void)
{
	return (struct session_config){
		.want = {BIT(5) | BIT(VOP_F_EVENT_IDX), 0},
		.queues = 2,
		.queue_use = {true, true},
		.size = {8, 16},
		.notify = {VOP_NOTIFY_EVENT, VOP_NOTIFY_EVENT},
		.indirect_max = 4,
	};
}

/* Until something comes back; 0: the target was lost instead, or nothing came for long. */
static inline unsigned rig_collect(struct session_queue *sq, unsigned long_ms)
{
	struct vop_doorbell *bell[1] = {sq->cfg.call};
	struct vop_done done[8];
	unsigned n, idle;

	for (idle = 0; idle <= long_ms; idle++) {
		n = vop_drvq_get(&sq->vq, done, VOP_ARRAY_SIZE(done));
		if (n || t->ops->service(t))
			return n;
		vop_doorbell_drain(sq->cfg.call);
		if (sq->notify == VOP_NOTIFY_POLL)
			usleep(1000);
		else if (!vop_drvq_arm(&sq->vq))
			vop_doorbell_wait(bell, 1, 1000);
	}
	return 0;
}

/* Buffers of one readable and one writable part, more than the ring holds: how many came back. */
static inline unsigned some_traffic(struct session_queue *sq, unsigned n, unsigned long_ms)
{
	uint64_t out_bus, in_bus;
	uint8_t *out = t->ops->alloc(t, VOP_AT_DRIVER, 64, 64, &out_bus);
	uint8_t *in = t->ops->alloc(t, VOP_AT_DRIVER, 64, 64, &in_bus);
	struct vop_buf b[2] = {{out_bus, 64}, {in_bus, 32}};
	unsigned i;

	for (i = 0; i < n && out && in; i++) {
		CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&sq->vq, b, 1, 1, i), 0);
		if (vop_drvq_publish(&sq->vq))
			CU_ASSERT_EQUAL(vop_doorbell_ring(sq->cfg.kick), 0);
		if (!rig_collect(sq, long_ms))
			break;
		CU_ASSERT_TRUE(in[0] == FAKE_FILL && in[31] == FAKE_FILL && in[32] == 0);
		in[0] = in[31] = 0;
	}
	CU_ASSERT_EQUAL(vop_drvq_broken(&sq->vq), 0);
	return i;
}

static inline void traffic(struct session_queue *sq)
{
	CU_ASSERT_EQUAL(some_traffic(sq, 40, RIG_WAIT), 40);
}

/* Service until the target is lost, or has events. */
static inline int until(uint32_t *events)
{
	unsigned i;

	for (*events = 0, i = 0; i < RIG_WAIT; i++) {
		int r = t->ops->service(t);

		*events |= t->ops->events(t);
		if (r || *events)
			return r;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

/* Messages logged so far, all of them. */
static inline unsigned logged(void)
{
	vhost_fake_call(&fake, NULL, NULL);
	return fake.logged;
}

#endif
