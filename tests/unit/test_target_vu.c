/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vhost-user: target against a back-end that does what it should: what is said to it and in
 * which order, with each protocol feature and without; traffic in both formats; what the target
 * tells of itself. What goes wrong is in test_target_vu_hostile.c.
 */
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/target_vu_rig.h"

/* --- what is said --- */

/* The log from `from` on is exactly these requests, ended by 0. */
static void said(unsigned from, const uint32_t *want)
{
	unsigned n = logged(), i;

	for (i = 0; want[i]; i++) {
		CU_ASSERT_TRUE(from + i < n);
		if (from + i >= n)
			return;
		if (fake.log[from + i].h.request != want[i])
			printf("[%u: %s for %s] ", i,
			       vop_vu_name(fake.log[from + i].h.request, VOP_VU_FROM_FRONT),
			       vop_vu_name(want[i], VOP_VU_FROM_FRONT));
		CU_ASSERT_EQUAL(fake.log[from + i].h.request, want[i]);
	}
	CU_ASSERT_EQUAL(from + i, n);
}

static const struct vop_vu_msg *nth(uint32_t request, unsigned skip)
{
	unsigned i, n = logged();

	for (i = 0; i < n; i++)
		if (fake.log[i].h.request == request && !skip--)
			return &fake.log[i];
	CU_FAIL_FATAL("a request that was not sent");
	return NULL;
}

static unsigned count_of(uint32_t request)
{
	unsigned i, n = logged(), c = 0;

	for (i = 0; i < n; i++)
		c += fake.log[i].h.request == request;
	return c;
}

static void test_handshake(void)
{
	static const uint32_t want[] = {
		VOP_VU_GET_FEATURES,	      VOP_VU_GET_PROTOCOL_FEATURES,
		VOP_VU_SET_PROTOCOL_FEATURES, VOP_VU_SET_OWNER,
		VOP_VU_GET_QUEUE_NUM,	      VOP_VU_SET_BACKEND_REQ_FD,
		VOP_VU_ADD_MEM_REG,	      0,
	};
	uint64_t features, protocol, agreed;
	struct vop_vu_region region;
	unsigned i;
	int fd = -1;

	begin();
	said(0, want);
	/* Acknowledged from SET_OWNER on: before, REPLY_ACK is not agreed yet. */
	for (i = 0; want[i]; i++)
		CU_ASSERT_EQUAL(fake.log[i].h.flags, i < 3 || vop_vu_has_answer(want[i])
							     ? VOP_VU_VERSION
							     : VOP_VU_VERSION | VOP_VU_NEED_REPLY);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_PROTOCOL_FEATURES, 0)->u64, PF_ALL);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_BACKEND_REQ_FD, 0)->fds, 1);
	CU_ASSERT_EQUAL(nth(VOP_VU_ADD_MEM_REG, 0)->fds, 1);
	CU_ASSERT_EQUAL(nth(VOP_VU_ADD_MEM_REG, 0)->h.size, 40);
	CU_ASSERT_EQUAL(target_vhost_user_features(t, &features, &protocol, &agreed), 0);
	CU_ASSERT_EQUAL(features, fake.cfg.features);
	CU_ASSERT_EQUAL(protocol, PF_ALL);
	CU_ASSERT_EQUAL(agreed, PF_ALL);
	CU_ASSERT_EQUAL(target_vhost_user_memory(t, &region, &fd), 0);
	CU_ASSERT_EQUAL(memcmp(&region, &nth(VOP_VU_ADD_MEM_REG, 0)->one.region, sizeof(region)),
			0);
	CU_ASSERT_EQUAL(region.size, RIG_WINDOW);
	CU_ASSERT_EQUAL(region.offset, 0);
	CU_ASSERT_TRUE(fd >= 0);
	CU_ASSERT_EQUAL(t->caps.missing, TARGET_LACKS_CONFIG_GENERATION | TARGET_LACKS_QUEUE_RESET |
						 TARGET_LACKS_FEATURES_HIGH |
						 TARGET_LACKS_PLACEMENT | TARGET_LACKS_RESPAWN |
						 TARGET_LACKS_CTRL_QUEUE);
	CU_ASSERT_TRUE(t->caps.split_address_spaces);
	CU_ASSERT_EQUAL(t->caps.mem_class, VOP_MEM_COHERENT);
	end();
}

/* Offered and useless to us: not agreed to. */
static void test_unwanted(void)
{
	struct target_config tc;
	struct vhost_fake_config fc;

	names();
	fc = fake_default();
	tc = target_default();
	fc.protocol = UINT64_MAX;
	begin_with(&fc, &tc);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_PROTOCOL_FEATURES, 0)->u64, PF_ALL);
	end();
}

static void test_plain(void)
{
	static const uint32_t greeting[] = {VOP_VU_GET_FEATURES, VOP_VU_SET_OWNER,
					    VOP_VU_SET_MEM_TABLE, 0};
	static const uint32_t opening[] = {
		VOP_VU_SET_FEATURES,   VOP_VU_SET_VRING_NUM,
		VOP_VU_SET_VRING_BASE, VOP_VU_SET_VRING_ADDR,
		VOP_VU_SET_VRING_CALL, VOP_VU_SET_VRING_ERR,
		VOP_VU_GET_FEATURES,   VOP_VU_SET_VRING_NUM,
		VOP_VU_SET_VRING_BASE, VOP_VU_SET_VRING_ADDR,
		VOP_VU_SET_VRING_CALL, VOP_VU_SET_VRING_ERR,
		VOP_VU_GET_FEATURES,   VOP_VU_SET_VRING_KICK,
		VOP_VU_SET_VRING_KICK, 0,
	};
	static const uint32_t closing[] = {VOP_VU_GET_VRING_BASE, VOP_VU_GET_VRING_BASE, 0};
	struct session_config sc = session_default();
	struct vhost_fake_config fc;
	struct target_config tc;
	uint8_t b[4], status = 0;
	uint32_t gen;
	unsigned at, i, n;

	names();
	fc = fake_default();
	tc = target_default();
	fc.features &= ~BIT(VOP_VU_F_PROTOCOL_FEATURES);
	begin_with(&fc, &tc);
	said(0, greeting);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_MEM_TABLE, 0)->mem.n, 1);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_MEM_TABLE, 0)->h.size, 40);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_MEM_TABLE, 0)->fds, 1);
	CU_ASSERT_TRUE(t->caps.missing & TARGET_LACKS_STATUS);
	CU_ASSERT_TRUE(t->caps.missing & TARGET_LACKS_CONFIG);
	CU_ASSERT_TRUE(t->caps.missing & TARGET_LACKS_CONFIG_WRITE);
	CU_ASSERT_EQUAL(t->ops->config_read(t, 0, b, 4, &gen), -ENOTSUP);
	CU_ASSERT_EQUAL(t->ops->config_write(t, 0, b, 4), -ENOTSUP);
	CU_ASSERT_EQUAL(t->ops->queue_count(t, &n), 0);
	CU_ASSERT_EQUAL(n, 2);
	at = logged();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	said(at, opening);
	/* Nobody else keeps it. */
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 15);
	traffic(&s.q[0]);
	traffic(&s.q[1]);
	at = logged();
	session_close(&s);
	said(at, closing);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 0);
	for (i = 0; i < logged(); i++)
		CU_ASSERT_EQUAL(fake.log[i].h.flags, VOP_VU_VERSION);
	end();
}

static void have_stopped(struct vhost_fake *f, void *arg)
{
	(void)arg;
	CU_ASSERT_FALSE(f->q[0].running || f->q[1].running);
}

/* Contents of a session's messages; base and addresses depend on the format. */
static void one_session(uint64_t format)
{
	static const uint32_t opening[] = {
		VOP_VU_SET_STATUS,	 VOP_VU_GET_STATUS,
		VOP_VU_SET_STATUS,	 VOP_VU_GET_STATUS,
		VOP_VU_SET_STATUS,	 VOP_VU_GET_STATUS,
		VOP_VU_SET_FEATURES,	 VOP_VU_SET_STATUS,
		VOP_VU_GET_STATUS,	 VOP_VU_SET_VRING_NUM,
		VOP_VU_SET_VRING_BASE,	 VOP_VU_SET_VRING_ADDR,
		VOP_VU_SET_VRING_CALL,	 VOP_VU_SET_VRING_ERR,
		VOP_VU_SET_VRING_NUM,	 VOP_VU_SET_VRING_BASE,
		VOP_VU_SET_VRING_ADDR,	 VOP_VU_SET_VRING_CALL,
		VOP_VU_SET_VRING_ERR,	 VOP_VU_GET_INFLIGHT_FD,
		VOP_VU_SET_INFLIGHT_FD,	 VOP_VU_SET_VRING_KICK,
		VOP_VU_SET_VRING_ENABLE, VOP_VU_SET_VRING_KICK,
		VOP_VU_SET_VRING_ENABLE, VOP_VU_SET_STATUS,
		VOP_VU_GET_STATUS,	 0,
	};
	static const uint32_t closing[] = {VOP_VU_GET_VRING_BASE, VOP_VU_GET_VRING_BASE,
					   VOP_VU_SET_STATUS, 0};
	struct session_config sc = session_default();
	uint64_t to_user;
	unsigned at, q;

	begin();
	to_user = nth(VOP_VU_ADD_MEM_REG, 0)->one.region.user -
		  nth(VOP_VU_ADD_MEM_REG, 0)->one.region.guest;
	sc.want[0] |= format;
	sc.need[0] = format;
	at = logged();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	said(at, opening);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_FEATURES, 0)->u64, BIT(5) | BIT(VOP_F_EVENT_IDX) |
								  BIT(VOP_F_VERSION_1) | format |
								  BIT(VOP_VU_F_PROTOCOL_FEATURES));
	for (q = 0; q < 2; q++) {
		const struct vop_queue_config *c = &s.q[q].cfg;
		const struct vop_vu_vring_addr *a = &nth(VOP_VU_SET_VRING_ADDR, q)->addr;

		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_NUM, q)->state.index, q);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_NUM, q)->state.num, q ? 16 : 8);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_BASE, q)->state.index, q);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_BASE, q)->state.num, format ? 0x80008000 : 0);
		CU_ASSERT_EQUAL(a->index, q);
		CU_ASSERT_EQUAL(a->flags, 0);
		CU_ASSERT_EQUAL(a->descriptor, c->desc_bus + to_user);
		CU_ASSERT_EQUAL(a->available, c->driver_bus + to_user);
		CU_ASSERT_EQUAL(a->used, c->device_bus + to_user);
		CU_ASSERT_EQUAL(a->descriptor, (uintptr_t)c->desc);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_CALL, q)->u64, q);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_CALL, q)->fds, 1);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_ERR, q)->u64, q);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_KICK, q)->u64, q);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_KICK, q)->fds, 1);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_ENABLE, q)->state.index, q);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_ENABLE, q)->state.num, 1);
	}
	/* What DPDK takes: not packed. */
	CU_ASSERT_EQUAL(nth(VOP_VU_GET_INFLIGHT_FD, 0)->h.size, 24);
	CU_ASSERT_EQUAL(nth(VOP_VU_GET_INFLIGHT_FD, 0)->inflight.num_queues, 2);
	CU_ASSERT_EQUAL(nth(VOP_VU_GET_INFLIGHT_FD, 0)->inflight.queue_size, 16);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_INFLIGHT_FD, 0)->h.size, 24);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_INFLIGHT_FD, 0)->inflight.mmap_size, 4096);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_INFLIGHT_FD, 0)->fds, 1);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_STATUS, 4)->u64, 15);
	traffic(&s.q[0]);
	traffic(&s.q[1]);
	at = logged();
	session_close(&s);
	said(at, closing);
	CU_ASSERT_EQUAL(nth(VOP_VU_GET_VRING_BASE, 1)->state.index, 1);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_STATUS, 5)->u64, 0);
	vhost_fake_call(&fake, have_stopped, NULL);
	end();
}

static void test_session_split(void)
{
	one_session(0);
}

static void test_session_packed(void)
{
	one_session(BIT(VOP_F_RING_PACKED));
}

/* Without one protocol feature at a time: its messages are not sent, the rest goes on. */
static void without(enum vop_vu_protocol_feature pf, uint32_t lacks, const uint32_t *unsaid)
{
	struct session_config sc = session_default();
	struct vhost_fake_config fc;
	struct target_config tc;
	uint8_t b[4] = {9, 9, 9, 9}, status = 0xff;
	unsigned i, n = 0;

	names();
	fc = fake_default();
	tc = target_default();
	fc.queues = 3;
	fc.protocol &= ~BIT(pf);
	begin_with(&fc, &tc);
	CU_ASSERT_EQUAL(t->caps.missing & (TARGET_LACKS_STATUS | TARGET_LACKS_CONFIG |
					   TARGET_LACKS_CONFIG_WRITE),
			lacks);
	CU_ASSERT_EQUAL(t->ops->queue_count(t, &n), 0);
	CU_ASSERT_EQUAL(n, pf == VOP_VU_PF_MQ ? 2 : 6);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	traffic(&s.q[0]);
	traffic(&s.q[1]);
	CU_ASSERT_EQUAL(t->ops->config_read(t, 2, b, 4, NULL),
			lacks & TARGET_LACKS_CONFIG ? -ENOTSUP : 0);
	CU_ASSERT_EQUAL(b[0], lacks & TARGET_LACKS_CONFIG ? 9 : 3);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 15);
	session_close(&s);
	for (i = 0; unsaid[i]; i++)
		CU_ASSERT_EQUAL(count_of(unsaid[i]), 0);
	for (i = 0; pf == VOP_VU_PF_REPLY_ACK && i < logged(); i++)
		CU_ASSERT_FALSE(fake.log[i].h.flags & VOP_VU_NEED_REPLY);
	if (pf == VOP_VU_PF_STATUS)
		CU_ASSERT_EQUAL(count_of(VOP_VU_RESET_DEVICE), 2); /* before and after */
	if (pf != VOP_VU_PF_STATUS)
		CU_ASSERT_EQUAL(count_of(VOP_VU_RESET_DEVICE), 0);
	if (pf == VOP_VU_PF_CONFIGURE_MEM_SLOTS)
		CU_ASSERT_EQUAL(count_of(VOP_VU_SET_MEM_TABLE), 1);
	end();
}

static void test_without_each(void)
{
	without(VOP_VU_PF_MQ, 0, (uint32_t[]){VOP_VU_GET_QUEUE_NUM, 0});
	without(VOP_VU_PF_REPLY_ACK, 0, (uint32_t[]){0});
	without(VOP_VU_PF_BACKEND_REQ, 0, (uint32_t[]){VOP_VU_SET_BACKEND_REQ_FD, 0});
	without(VOP_VU_PF_CONFIG, TARGET_LACKS_CONFIG | TARGET_LACKS_CONFIG_WRITE,
		(uint32_t[]){VOP_VU_GET_CONFIG, VOP_VU_SET_CONFIG, 0});
	without(VOP_VU_PF_INFLIGHT_SHMFD, 0,
		(uint32_t[]){VOP_VU_GET_INFLIGHT_FD, VOP_VU_SET_INFLIGHT_FD, 0});
	without(VOP_VU_PF_RESET_DEVICE, 0, (uint32_t[]){VOP_VU_RESET_DEVICE, 0});
	without(VOP_VU_PF_CONFIGURE_MEM_SLOTS, 0, (uint32_t[]){VOP_VU_ADD_MEM_REG, 0});
	without(VOP_VU_PF_STATUS, TARGET_LACKS_STATUS,
		(uint32_t[]){VOP_VU_SET_STATUS, VOP_VU_GET_STATUS, 0});
}

/* Neither STATUS nor RESET_DEVICE: stopping the rings is all there is. */
static void test_no_reset(void)
{
	struct session_config sc = session_default();
	struct vhost_fake_config fc;
	struct target_config tc;

	names();
	fc = fake_default();
	tc = target_default();
	fc.protocol = BIT(VOP_VU_PF_REPLY_ACK);
	begin_with(&fc, &tc);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	traffic(&s.q[1]);
	session_close(&s);
	CU_ASSERT_EQUAL(count_of(VOP_VU_GET_VRING_BASE), 2);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	traffic(&s.q[1]);
	session_close(&s);
	end();
}

/* --- traffic --- */

static void test_traffic(void)
{
	static const uint64_t formats[] = {
		0,
		BIT(VOP_F_IN_ORDER),
		BIT(VOP_F_INDIRECT_DESC),
		BIT(VOP_F_RING_PACKED),
		BIT(VOP_F_RING_PACKED) | BIT(VOP_F_IN_ORDER) | BIT(VOP_F_INDIRECT_DESC),
	};
	struct session_config sc = session_default();
	struct vhost_fake_config fc;
	struct target_config tc;
	unsigned i, way;

	for (way = 0; way < 2; way++) {
		names();
		fc = fake_default();
		tc = target_default();
		tc.device_polls = way == 1;
		begin_with(&fc, &tc);
		for (i = 0; i < VOP_ARRAY_SIZE(formats); i++) {
			sc.want[0] = BIT(VOP_F_EVENT_IDX) | formats[i];
			sc.need[0] = formats[i];
			sc.notify[1] = VOP_NOTIFY_POLL;
			CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
			CU_ASSERT_EQUAL(s.q[0].cfg.kick->kind, way ? VOP_DB_NONE : VOP_DB_EVENTFD);
			CU_ASSERT_EQUAL(s.q[1].cfg.call->kind, VOP_DB_NONE);
			traffic(&s.q[0]);
			traffic(&s.q[1]);
			session_close(&s);
		}
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_KICK, 0)->fds, way ? 0 : 1);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_KICK, 0)->u64, way ? VOP_VU_RING_NOFD : 0);
		/* Given to a driver that polls, too: not every back-end starts without. */
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_CALL, 1)->fds, 1);
		end();
	}
}

/* Everything that a reset frees is there again, and zero. */
static void test_memory(void)
{
	struct session_config sc = session_default();
	uint64_t bus;
	uint8_t *p;
	unsigned i;

	begin();
	for (i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
		p = t->ops->alloc(t, VOP_AT_DRIVER, RIG_WINDOW * 3 / 4, 64, &bus);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_TRUE(p[0] == 0 && p[RIG_WINDOW * 3 / 4 - 1] == 0);
		memset(p, 0xee, RIG_WINDOW * 3 / 4);
		CU_ASSERT_PTR_EQUAL(vop_xlate_whole(t->ops->regions(t), bus, RIG_WINDOW * 3 / 4),
				    p);
		CU_ASSERT_PTR_NULL(t->ops->alloc(t, VOP_AT_DRIVER, RIG_WINDOW * 3 / 4, 64, &bus));
		session_close(&s);
	}
	CU_ASSERT_PTR_NULL(t->ops->alloc(t, VOP_AT_DEVICE, 64, 64, &bus));
	CU_ASSERT_PTR_NULL(t->ops->alloc(t, VOP_AT_DRIVER, 0, 64, &bus));
	CU_ASSERT_PTR_NULL(t->ops->alloc(t, VOP_AT_DRIVER, SIZE_MAX, 64, &bus));
	CU_ASSERT_PTR_NULL(t->ops->alloc(t, VOP_AT_DRIVER, RIG_WINDOW + 1, 64, &bus));
	CU_ASSERT_TRUE(t->ops->placement_ok(t, VOP_RING_DRIVER, VOP_PAYLOAD_PULL));
	CU_ASSERT_FALSE(t->ops->placement_ok(t, VOP_RING_DEVICE, VOP_PAYLOAD_PULL));
	CU_ASSERT_FALSE(t->ops->placement_ok(t, VOP_RING_DRIVER, VOP_PAYLOAD_PUSH));
	end();
}

/* --- primitives --- */

/* VIRTIO 1.4, 2.2 and 6: bits that nobody serves over this transport. */
static void test_features(void)
{
	static const uint8_t hidden[] = {24, 26, 30, 33, 37, 38, 39, 40, 41};
	static const uint8_t net[] = {2, 17, 18, 19, 20, 21, 23, 50, 51, 52, 53, 57, 60};
	uint64_t mask = 0, mask_net = 0, f[2] = {0, 1};
	struct vhost_fake_config fc;
	struct target_config tc;
	unsigned i, id;

	for (i = 0; i < VOP_ARRAY_SIZE(hidden); i++)
		mask |= BIT(hidden[i]);
	for (i = 0; i < VOP_ARRAY_SIZE(net); i++)
		mask_net |= BIT(net[i]);
	for (id = 1; id <= 2; id++) {
		names();
		fc = fake_default();
		tc = target_default();
		fc.features = UINT64_MAX;
		tc.device_id = (uint16_t)id;
		begin_with(&fc, &tc);
		CU_ASSERT_EQUAL(t->ops->get_features(t, f), 0);
		CU_ASSERT_EQUAL(f[0], ~(mask | (id == 1 ? mask_net : 0)));
		CU_ASSERT_EQUAL(f[1], 0);
		f[1] = 1;
		CU_ASSERT_EQUAL(t->ops->set_features(t, f), -EINVAL);
		CU_ASSERT_EQUAL(count_of(VOP_VU_SET_FEATURES), 0);
		/* Raw: what is not offered is passed on as well. */
		f[0] = BIT(40);
		f[1] = 0;
		CU_ASSERT_EQUAL(t->ops->set_features(t, f), 0);
		CU_ASSERT_EQUAL(nth(VOP_VU_SET_FEATURES, 0)->u64, BIT(40) | BIT(30));
		end();
	}
}

static void test_queues(void)
{
	static const struct {
		uint16_t id;
		uint64_t said;
		unsigned want;
	} rows[] = {
		{1, 0, 2},
		{1, 1, 2},
		{1, 4, 8},
		{1, UINT64_MAX, VOP_QUEUES_MAX},
		{1, BIT(31), VOP_QUEUES_MAX},
		{2, 0, 1},
		{2, 3, 3},
		{3, 0, 2},
		{3, 1, 2},
		{26, 0, 2},
		{26, 5, 5},
		{4, BIT(32), VOP_QUEUES_MAX},
	};
	struct vop_queue_config q = {.index = VOP_QUEUES_MAX, .size = 8};
	struct vhost_fake_config fc;
	struct target_config tc;
	uint16_t size;
	unsigned i, n;

	for (i = 0; i < VOP_ARRAY_SIZE(rows); i++) {
		names();
		fc = fake_default();
		tc = target_default();
		fc.queues = rows[i].said;
		tc.device_id = rows[i].id;
		tc.queue_size_max = i & 1 ? 4096 : 0;
		begin_with(&fc, &tc);
		CU_ASSERT_EQUAL(t->ops->queue_count(t, &n), 0);
		CU_ASSERT_EQUAL(n, rows[i].want);
		CU_ASSERT_EQUAL(t->ops->queue_size_max(t, n - 1, &size), 0);
		CU_ASSERT_EQUAL(size, i & 1 ? 4096 : 1024);
		CU_ASSERT_EQUAL(t->ops->queue_size_max(t, n, &size), 0);
		CU_ASSERT_EQUAL(size, 0);
		CU_ASSERT_EQUAL(t->ops->queue_setup(t, &q, VOP_NOTIFY_EVENT), -EINVAL);
		CU_ASSERT_EQUAL(t->ops->queue_reset(t, 0), -ENOTSUP);
		end();
	}
}

/* One more once the device runs; it starts at once. */
static void test_late_queue(void)
{
	struct session_config sc = session_default();
	struct vop_queue_config q;

	begin();
	sc.queue_use[1] = false;
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	CU_ASSERT_EQUAL(count_of(VOP_VU_SET_VRING_KICK), 1);
	q = s.q[0].cfg;
	CU_ASSERT_EQUAL(t->ops->queue_setup(t, &q, VOP_NOTIFY_EVENT), -EPERM);
	q.index = 1;
	CU_ASSERT_EQUAL(t->ops->queue_setup(t, &q, VOP_NOTIFY_EVENT), 0);
	CU_ASSERT_EQUAL(count_of(VOP_VU_SET_VRING_KICK), 2);
	CU_ASSERT_EQUAL(nth(VOP_VU_SET_VRING_ENABLE, 1)->state.index, 1);
	session_close(&s);
	CU_ASSERT_EQUAL(count_of(VOP_VU_GET_VRING_BASE), 2);
	end();
}

static void other_status(struct vhost_fake *f, void *arg)
{
	(void)arg;
	f->status = 0x83;
}

static void test_status(void)
{
	struct session_config sc = session_default();
	uint8_t status = 0xff;
	unsigned at;

	begin();
	CU_ASSERT_EQUAL(t->ops->set_status(t, 3), 0);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 3);
	/* What the back-end says counts, not what was written. */
	vhost_fake_call(&fake, other_status, NULL);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 0x83);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	at = count_of(VOP_VU_SET_VRING_KICK);
	CU_ASSERT_EQUAL(t->ops->set_status(t, 15), 0); /* again: nothing starts twice */
	CU_ASSERT_EQUAL(count_of(VOP_VU_SET_VRING_KICK), at);
	session_fail(&s);
	at = logged();
	CU_ASSERT_EQUAL(fake.log[at - 4].h.request, VOP_VU_SET_STATUS);
	CU_ASSERT_EQUAL(fake.log[at - 4].u64, 15 | VOP_STATUS_FAILED);
	/* A driver that gives up before it ran starts no rings. */
	at = count_of(VOP_VU_SET_VRING_KICK);
	CU_ASSERT_EQUAL(t->ops->set_status(t, 3), 0);
	sc.queue_use[1] = false;
	s.q[0].cfg = (struct vop_queue_config){.size = 8,
					       .desc_bus = 0x100000000ull,
					       .driver_bus = 0x100001000ull,
					       .device_bus = 0x100002000ull};
	CU_ASSERT_EQUAL(t->ops->queue_setup(t, &s.q[0].cfg, VOP_NOTIFY_EVENT), 0);
	CU_ASSERT_EQUAL(t->ops->set_status(t, 15 | VOP_STATUS_FAILED), 0);
	CU_ASSERT_EQUAL(count_of(VOP_VU_SET_VRING_KICK), at);
	end();
}

static void test_config(void)
{
	uint8_t b[256] = {0};
	uint32_t gen = 7;

	begin();
	CU_ASSERT_EQUAL(t->ops->config_read(t, 2, b, 4, &gen), 0);
	CU_ASSERT_EQUAL(memcmp(b, "\3\4\5\6", 4), 0);
	CU_ASSERT_EQUAL(gen, 0);
	/* From the start: not every back-end minds the offset. */
	CU_ASSERT_EQUAL(nth(VOP_VU_GET_CONFIG, 0)->config.offset, 0);
	CU_ASSERT_EQUAL(nth(VOP_VU_GET_CONFIG, 0)->config.size, 6);
	CU_ASSERT_EQUAL(nth(VOP_VU_GET_CONFIG, 0)->h.size, 18);
	CU_ASSERT_EQUAL(t->ops->config_read(t, 0, b, 16, NULL), 0);
	CU_ASSERT_EQUAL(t->ops->config_read(t, 14, b, 4, &gen), -EINVAL); /* refused */
	CU_ASSERT_EQUAL(t->ops->config_read(t, 0, b, 0, &gen), -EINVAL);
	CU_ASSERT_EQUAL(t->ops->config_read(t, 0, b, 257, &gen), -EINVAL);
	CU_ASSERT_EQUAL(t->ops->config_write(t, 8, "abcd", 4), 0);
	CU_ASSERT_EQUAL(t->ops->config_read(t, 8, b, 4, &gen), 0);
	CU_ASSERT_EQUAL(memcmp(b, "abcd", 4), 0);
	CU_ASSERT_EQUAL(t->ops->config_write(t, FAKE_CONFIG, "abcd", 4), -EINVAL);
	CU_ASSERT_EQUAL(t->ops->config_write(t, 0, b, 0), -EINVAL);
	CU_ASSERT_EQUAL(t->ops->config_write(t, 0, b, 257), -EINVAL);
	end();
}

/* --- events --- */

static void ring_err(struct vhost_fake *f, void *arg)
{
	uint64_t one = 1;

	(void)arg;
	CU_ASSERT_EQUAL(write(f->q[1].err_fd, &one, sizeof(one)), 8);
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void test_ring_error(void)
{
	struct session_config sc = session_default();
	uint8_t status = 0;
	uint32_t e = 0;

	begin();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	CU_ASSERT_EQUAL(t->ops->events(t), 0);
	CU_ASSERT_FALSE(readable(t->ops->event_fd(t)));
	vhost_fake_call(&fake, ring_err, NULL);
	CU_ASSERT_TRUE(readable(t->ops->event_fd(t)));
	CU_ASSERT_EQUAL(until(&e), 0);
	CU_ASSERT_EQUAL(e, TARGET_EVENT_NEEDS_RESET);
	CU_ASSERT_EQUAL(t->ops->events(t), 0);
	/* Seen is seen: nobody who sleeps on it is woken for ever. */
	CU_ASSERT_FALSE(readable(t->ops->event_fd(t)));
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 15 | VOP_STATUS_NEEDS_RESET);
	session_close(&s);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	traffic(&s.q[1]);
	vhost_fake_call(&fake, ring_err, NULL);
	CU_ASSERT_EQUAL(until(&e), 0);
	session_close(&s);
	end();
}

struct ack {
	int r;
	struct vop_vu_msg m;
};

static void take_ack(struct vhost_fake *f, void *arg)
{
	struct ack *a = arg;

	a->r = vop_vu_recv(&f->acks, &a->m);
}

/* What came back on the back-end's channel; read where it is closed, on the back-end's thread. */
static int acked(struct vop_vu_msg *m)
{
	struct ack a;

	vhost_fake_call(&fake, take_ack, &a);
	*m = a.m;
	return a.r;
}

static void test_config_change(void)
{
	struct vop_vu_msg m = {.h = {VOP_VU_BACKEND_CONFIG_CHANGE, VOP_VU_VERSION, 0}}, a;
	uint32_t e = 0;

	begin();
	vhost_fake_call(&fake, vhost_fake_tell, &m);
	CU_ASSERT_TRUE(readable(t->ops->event_fd(t)));
	CU_ASSERT_EQUAL(until(&e), 0);
	CU_ASSERT_EQUAL(e, TARGET_EVENT_CONFIG);
	CU_ASSERT_EQUAL(t->ops->events(t), 0);
	CU_ASSERT_EQUAL(acked(&a), -EAGAIN); /* not asked for */
	m.h.flags |= VOP_VU_NEED_REPLY;
	vhost_fake_call(&fake, vhost_fake_tell, &m);
	CU_ASSERT_EQUAL(until(&e), 0);
	CU_ASSERT_EQUAL(acked(&a), 0);
	CU_ASSERT_EQUAL(a.h.request, VOP_VU_BACKEND_CONFIG_CHANGE);
	CU_ASSERT_EQUAL(a.u64, 0);
	/* What we do not know is refused, and changes nothing. */
	m.h.request = 77;
	vhost_fake_call(&fake, vhost_fake_tell, &m);
	CU_ASSERT_EQUAL(t->ops->service(t), 0);
	CU_ASSERT_EQUAL(t->ops->events(t), 0);
	CU_ASSERT_EQUAL(acked(&a), 0);
	CU_ASSERT_EQUAL(a.u64, 1);
	end();
}

/* --- raw --- */

static void test_raw(void)
{
	struct vop_vu_msg m = {.h = {VOP_VU_GET_QUEUE_NUM, VOP_VU_VERSION, 0}}, a;

	begin();
	CU_ASSERT_EQUAL(target_vhost_user_call(t, &m, &a), 0);
	CU_ASSERT_EQUAL(a.u64, 1);
	m.h = (struct vop_vu_header){VOP_VU_SET_OWNER, VOP_VU_VERSION, 0};
	CU_ASSERT_EQUAL(target_vhost_user_call(t, &m, NULL), 0);
	CU_ASSERT_EQUAL(count_of(VOP_VU_SET_OWNER), 2);
	m.h.flags |= VOP_VU_NEED_REPLY;
	CU_ASSERT_EQUAL(target_vhost_user_call(t, &m, &a), 0);
	CU_ASSERT_EQUAL(a.u64, 0);
	m.h.size = VOP_VU_PAYLOAD + 1;
	CU_ASSERT_EQUAL(target_vhost_user_call(t, &m, NULL), -EMSGSIZE);
	CU_ASSERT_EQUAL(t->ops->service(t), 0);
	end();
}

/* --- nobody --- */

static int listen_only(int backlog)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(a.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, backlog), 0);
	return fd;
}

static void test_nobody(void)
{
	struct target_config tc;
	char u[512] = "vhost-user:/";
	int fd, extra[8];
	unsigned i;

	names();
	tc = target_default();
	tc.timeout_ms = RIG_SOON;
	CU_ASSERT_EQUAL(try_target(&tc), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
	tc.timeout_ms = 0;
	CU_ASSERT_EQUAL(try_target(&tc), -ETIMEDOUT);
	/* Listens, and answers nothing; then does not even take the connection. */
	tc.timeout_ms = RIG_SOON;
	fd = listen_only(1);
	CU_ASSERT_EQUAL(try_target(&tc), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "does not answer GET_FEATURES"));
	for (i = 0; i < VOP_ARRAY_SIZE(extra); i++) {
		struct sockaddr_un a = {.sun_family = AF_UNIX};

		strcpy(a.sun_path, path);
		extra[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (connect(extra[i], (struct sockaddr *)&a, sizeof(a)))
			CU_ASSERT_EQUAL(errno, EAGAIN);
	}
	CU_ASSERT_EQUAL(try_target(&tc), -ETIMEDOUT);
	for (i = 0; i < VOP_ARRAY_SIZE(extra); i++)
		close(extra[i]);
	close(fd);
	/* A socket that nobody listens at any more. */
	CU_ASSERT_EQUAL(try_target(&tc), -ETIMEDOUT);
	unlink(path);
	tc.device_id = 0;
	CU_ASSERT_EQUAL(try_target(&tc), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--device"));
	tc.device_id = 1;
	memset(u + 12, 'x', 400);
	tc.uri = u;
	CU_ASSERT_EQUAL(try_target(&tc), -ENAMETOOLONG);
	u[11 + 108] = '\0'; /* one too long */
	CU_ASSERT_EQUAL(try_target(&tc), -ENAMETOOLONG);
	u[11 + 107] = '\0';
	CU_ASSERT_EQUAL(try_target(&tc), -ETIMEDOUT);
	tc.uri = uri;
	tc.window_size = UINT64_MAX;
	CU_ASSERT_EQUAL(try_target(&tc), -EINVAL);
	tc.window_size = BIT(41);
	CU_ASSERT_EQUAL(try_target(&tc), -EINVAL);
	nothing_left();
}

static void test_for_ever(void)
{
	struct vhost_fake_config fc;
	struct target_config tc;
	struct vop_vu_msg m = {.h = {VOP_VU_GET_FEATURES, VOP_VU_VERSION, 0}}, a;

	names();
	fc = fake_default();
	tc = target_default();
	tc.timeout_ms = tc.request_ms = -1;
	begin_with(&fc, &tc);
	CU_ASSERT_EQUAL(target_vhost_user_call(t, &m, &a), 0);
	end();
}

int suite_target_vu(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{"handshake", test_handshake},
		{"protocol features that are of no use", test_unwanted},
		{"no protocol features", test_plain},
		{"session, split", test_session_split},
		{"session, packed", test_session_packed},
		{"without each protocol feature", test_without_each},
		{"no way to reset", test_no_reset},
		{"traffic", test_traffic},
		{"memory", test_memory},
		{"features", test_features},
		{"queues", test_queues},
		{"a queue set up late", test_late_queue},
		{"status", test_status},
		{"configuration space", test_config},
		{"a ring's error", test_ring_error},
		{"configuration change", test_config_change},
		{"raw messages", test_raw},
		{"nobody there", test_nobody},
		{"waiting for ever", test_for_ever},
	};
	CU_pSuite suite = CU_add_suite("target_vu", NULL, NULL);
	unsigned i;

	for (i = 0; suite && i < VOP_ARRAY_SIZE(tests); i++)
		CU_add_test(suite, tests[i].name, tests[i].fn);
	return CU_get_error();
}
