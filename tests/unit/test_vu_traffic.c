/* SPDX-License-Identifier: BSD-2-Clause */
/* A net device over vhost-user, used by a front-end of the test's own; life of the connection. */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "tests/vu_rig.h"
#include "vop/dev/net.h"

#define F(bit)	  (1ull << (bit))
#define EVENT_IDX F(VOP_F_EVENT_IDX)
#define RING_ALL  (EVENT_IDX | F(VOP_F_INDIRECT_DESC) | F(VOP_F_IN_ORDER))

static void set_key(struct vop_service_device *d, const char *key, uint64_t value)
{
	d->v[vop_service_key_index(d->type, key)].number = value;
}

/* --- net --- */

static void one_pair(struct vop_service_device *d)
{
	set_key(d, "backend", 2); /* echo */
}

static void three_pairs(struct vop_service_device *d)
{
	one_pair(d);
	set_key(d, "pairs", 3);
}

/* A frame there and back on a pair; seq makes it unlike others. */
static void echo(struct vu_rig *r, unsigned pair, unsigned seq)
{
	unsigned rx = 2 * pair, tx = rx + 1, buffer = seq % VU_RIG_BUFFERS;
	uint32_t len = 60 + seq * 37 % 1400, i;
	uint8_t *out = vu_rig_buf(r, tx, buffer);
	struct vop_done done;

	memset(out, 0, VOP_NET_HDR);
	for (i = 0; i < len; i++)
		out[VOP_NET_HDR + i] = (uint8_t)(seq * 7 + i + pair);
	vu_rig_give(r, rx, buffer, 2048, true);
	vu_rig_give(r, tx, buffer, VOP_NET_HDR + len, false);
	CU_ASSERT_FATAL(vu_rig_done(r, tx, &done));
	CU_ASSERT_EQUAL(done.cookie, buffer);
	CU_ASSERT_FATAL(vu_rig_done(r, rx, &done));
	CU_ASSERT_EQUAL(done.len, VOP_NET_HDR + len);
	CU_ASSERT_EQUAL(done.cookie, buffer);
	CU_ASSERT_EQUAL(
		memcmp(vu_rig_buf(r, rx, done.cookie) + VOP_NET_HDR, out + VOP_NET_HDR, len), 0);
}

static void net_with(bool packed, uint64_t features, bool no_protocol, bool polled, bool thread)
{
	struct vu_rig_config c = {.type = "net",
				  .as = one_pair,
				  .packed = packed,
				  .want = features,
				  .queues = 2,
				  .no_protocol = no_protocol,
				  .polled = polled,
				  .thread = thread};
	struct vu_rig r;

	vu_rig_open(&r, &c);
	vu_rig_start(&r);
	CU_ASSERT_EQUAL(r.said[VOP_SERVICE_DRIVER_OK], 1);
	for (unsigned i = 0; i < 100; i++)
		echo(&r, 0, i);
	vu_rig_close(&r);
	CU_ASSERT_EQUAL(r.said[VOP_SERVICE_REFUSED], 0);
	CU_ASSERT_EQUAL(r.said[VOP_SERVICE_RESET], 1);
}

static void test_net(void)
{
	for (unsigned packed = 0; packed < 2; packed++) {
		net_with(packed, 0, false, false, false);
		net_with(packed, RING_ALL, false, false, false);
		net_with(packed, EVENT_IDX, true, false, false);
		net_with(packed, F(VOP_NET_F_MRG_RXBUF), false, true, false);
	}
}

static void test_thread(void)
{
	net_with(false, EVENT_IDX, false, false, true);
	net_with(true, RING_ALL, false, false, true);
	net_with(true, 0, false, true, true);
}

/* MQ without a control queue: the front-end keeps that. Pairs are in use when they are enabled. */
static void test_pairs(void)
{
	struct vu_rig_config c = {
		.type = "net", .as = three_pairs, .want = EVENT_IDX | F(VOP_NET_F_MQ), .queues = 6};
	uint64_t n;

	for (unsigned packed = 0; packed < 2; packed++) {
		struct vu_rig r;

		c.packed = packed;
		vu_rig_open(&r, &c);
		CU_ASSERT_EQUAL(vu_rig_get(&r, VOP_VU_GET_QUEUE_NUM, &n), 0);
		CU_ASSERT_EQUAL(n, 3); /* pairs, as front-ends count */
		vu_rig_start(&r);
		for (unsigned i = 0; i < 60; i++)
			echo(&r, i % 3, i);
		/* A pair that is disabled keeps still, the others go on. */
		CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_ENABLE, 2, 0), 0);
		CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_ENABLE, 3, 0), 0);
		vu_rig_give(&r, 3, 0, 100, false);
		for (unsigned i = 0; i < 20; i++)
			echo(&r, i % 2 ? 2 : 0, i);
		CU_ASSERT_FALSE(vop_drvq_pending(&r.q[3].vq));
		CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_ENABLE, 3, 1), 0);
		CU_ASSERT_TRUE(vu_rig_done(&r, 3, &(struct vop_done){0}));
		vu_rig_close(&r);
	}
}

/* Stopped with buffers in its hands and set up again: nothing is lost, nothing comes twice. */
static void restart(bool packed, uint64_t features)
{
	struct vu_rig_config c = {
		.type = "net", .as = one_pair, .packed = packed, .want = features, .queues = 2};
	uint32_t base[VU_RIG_QUEUES];
	struct vop_done done;
	struct vu_rig r;

	vu_rig_open(&r, &c);
	vu_rig_start(&r);
	for (unsigned round = 0; round < 40; round++) {
		for (unsigned i = 0; i < 1 + round % 5; i++)
			echo(&r, 0, round * 7 + i);
		/* Receive buffers that stay; the device may have taken them. */
		for (unsigned i = 0; i < 3; i++)
			vu_rig_give(&r, 0, i, 2048, true);
		vu_rig_turn(&r);
		vu_rig_stop(&r, base);
		/* What is given meanwhile is found afterwards. */
		memset(vu_rig_buf(&r, 1, 9), 0xb0 + (int)round, 80);
		vu_rig_give(&r, 1, 9, 80, false);
		CU_ASSERT_FALSE(vop_drvq_pending(&r.q[1].vq));
		if (!packed)
			CU_ASSERT_EQUAL(base[0] >> 16, 0);
		CU_ASSERT_EQUAL_FATAL(vu_rig_queue(&r, 0, true, base[0]), 0);
		CU_ASSERT_EQUAL_FATAL(vu_rig_queue(&r, 1, true, base[1]), 0);
		CU_ASSERT_TRUE(vu_rig_done(&r, 1, &done));
		CU_ASSERT_TRUE(vu_rig_done(&r, 0, &done));
		CU_ASSERT_EQUAL(done.cookie, 0);
		CU_ASSERT_EQUAL(done.len, 80);
		CU_ASSERT_EQUAL(vu_rig_buf(&r, 0, 0)[VOP_NET_HDR], (uint8_t)(0xb0 + round));
		for (unsigned i = 1; i < 3; i++) {
			vu_rig_give(&r, 1, 9, 80, false);
			CU_ASSERT_TRUE(vu_rig_done(&r, 1, &done));
			CU_ASSERT_TRUE(vu_rig_done(&r, 0, &done));
			CU_ASSERT_EQUAL(done.cookie, i);
		}
	}
	/* It was one driver all the time. */
	CU_ASSERT_EQUAL(r.said[VOP_SERVICE_DRIVER_OK], 1);
	CU_ASSERT_EQUAL(r.said[VOP_SERVICE_RESET], 0);
	vu_rig_close(&r);
}

static void test_restart(void)
{
	restart(false, 0);
	restart(false, RING_ALL);
	restart(true, 0);
	restart(true, RING_ALL);
}

/* A ring begun anew where it never was belongs to a driver that was reset. */
static void test_new_driver(void)
{
	struct vu_rig_config c = {.type = "net", .as = one_pair, .want = EVENT_IDX, .queues = 2};
	uint32_t base[VU_RIG_QUEUES];

	for (unsigned packed = 0; packed < 2; packed++) {
		struct vu_rig r;

		c.packed = packed;
		vu_rig_open(&r, &c);
		vu_rig_start(&r);
		for (unsigned i = 0; i < 20; i++)
			echo(&r, 0, i);
		vu_rig_stop(&r, base);
		r.next = VU_RIG_GUEST;
		CU_ASSERT_EQUAL(vu_rig_queue(&r, 0, false, 0), 0);
		CU_ASSERT_EQUAL(vu_rig_queue(&r, 1, false, 0), 0);
		for (unsigned i = 0; i < 20; i++)
			echo(&r, 0, i);
		CU_ASSERT_EQUAL(r.said[VOP_SERVICE_RESET], 1);
		CU_ASSERT_EQUAL(r.said[VOP_SERVICE_DRIVER_OK], 2);
		vu_rig_close(&r);
	}
}

/* Front-ends that know only split rings say 0 of a packed one, too. */
static void test_packed_from_zero(void)
{
	struct vu_rig_config c = {.type = "net", .as = one_pair, .packed = true, .queues = 2};
	uint32_t base;
	struct vu_rig r;

	vu_rig_open(&r, &c);
	vu_rig_start(&r);
	for (unsigned q = 0; q < 2; q++) {
		CU_ASSERT_EQUAL(vu_rig_base(&r, q, &base), 0);
		CU_ASSERT_EQUAL(base, 0x80008000u);
		CU_ASSERT_EQUAL(vu_rig_queue(&r, q, true, 0), 0);
	}
	/* One lap and no more: now 0 is what it says. */
	for (unsigned i = 0; i < 16; i++)
		echo(&r, 0, i);
	for (unsigned q = 0; q < 2; q++) {
		CU_ASSERT_EQUAL(vu_rig_base(&r, q, &base), 0);
		CU_ASSERT_EQUAL(base, 0);
		CU_ASSERT_EQUAL(vu_rig_queue(&r, q, true, 0), 0);
	}
	for (unsigned i = 0; i < 40; i++)
		echo(&r, 0, i);
	vu_rig_close(&r);
}

/* A frame of three descriptors on queue 1, sent and used. */
static void send_chain(struct vu_rig *r, unsigned buffer)
{
	uint64_t at = r->q[1].at + (uint64_t)buffer * VU_RIG_BUFFER;
	struct vop_buf b[3] = {{at, VOP_NET_HDR}, {at + VOP_NET_HDR, 30}, {at + 100, 30}};
	struct vop_done done;

	memset(vu_rig_buf(r, 1, buffer), 0, 200);
	CU_ASSERT_EQUAL_FATAL(vop_drvq_add_chain(&r->q[1].vq, b, 3, 0, buffer), 0);
	vu_rig_kick(r, 1);
	CU_ASSERT_FATAL(vu_rig_done(r, 1, &done));
	CU_ASSERT_EQUAL(done.cookie, buffer);
}

/*
 * Disabled and enabled after each frame: a ring goes on wherever it stood. In the packed ring the
 * first descriptor of a lap is at times in the middle of a list, and so never used.
 */
static void test_enable(void)
{
	struct vu_rig_config c = {.type = "net", .as = one_pair, .queues = 2};
	struct vu_rig r;

	for (unsigned packed = 0; packed < 2; packed++) {
		c.packed = packed;
		vu_rig_open(&r, &c);
		vu_rig_start(&r);
		for (unsigned i = 0; i < 100; i++) {
			vu_rig_give(&r, 0, i % VU_RIG_BUFFERS, 2048, true);
			send_chain(&r, i % VU_RIG_BUFFERS);
			CU_ASSERT_FATAL(vu_rig_done(&r, 0, &(struct vop_done){0}));
			CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_ENABLE, 1, 0), 0);
			CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_ENABLE, 1, 1), 0);
		}
		vu_rig_close(&r);
	}
}

/* The memory table changes under running rings. */
static void test_memory_changes(void)
{
	struct vu_rig_config c = {.type = "net", .as = one_pair, .want = EVENT_IDX, .queues = 2};
	struct vop_vu_msg m = {.h = {.request = VOP_VU_ADD_MEM_REG, .size = 40},
			       .one = {.region = {1ull << 40, 8192, 1ull << 41, 4096}}};
	struct vu_rig_held before, now;
	int other = memfd_create("other", MFD_CLOEXEC);
	struct vu_rig r;

	CU_ASSERT_EQUAL_FATAL(ftruncate(other, 1 << 20), 0);
	vu_rig_open(&r, &c);
	vu_rig_start(&r);
	before = vu_rig_held();
	for (unsigned i = 0; i < 10; i++) {
		echo(&r, 0, i);
		CU_ASSERT_EQUAL(vu_rig_memory(&r), 0);
		echo(&r, 0, i);
		m.h.request = VOP_VU_ADD_MEM_REG;
		m.h.size = 40;
		m.fd[0] = r.file;
		m.fds = 1;
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0);
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0); /* once more, as it is */
		m.one.region.offset = 0;
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 1); /* other memory at that place */
		m.one.region.offset = 4096;
		m.one.region.size = 4096;
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 1);
		m.one.region.size = 8192;
		m.fd[0] = other;
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 1); /* another file */
		m.fd[0] = r.file;
		echo(&r, 0, i);
		m.h.request = VOP_VU_REM_MEM_REG;
		m.fds = i % 2;				 /* some send the descriptor again */
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0); /* as often as it was added */
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0);
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 1);
		echo(&r, 0, i);
	}
	now = vu_rig_held();
	CU_ASSERT_EQUAL(now.fds, before.fds);
	CU_ASSERT_EQUAL(now.maps, before.maps);
	vu_rig_close(&r);
	close(other);
}

/* Calls go where the last SET_VRING_CALL said, whatever that is. */
static void test_calls(void)
{
	struct vu_rig_config c = {.type = "net", .as = one_pair, .queues = 2};
	int pipes[2], pair[2];
	struct vop_done done;
	uint64_t word[8];
	struct vu_rig r;

	vu_rig_open(&r, &c);
	vu_rig_start(&r);
	vop_drvq_arm(&r.q[1].vq);
	vu_rig_rang(r.q[1].call);
	echo(&r, 0, 1);
	CU_ASSERT_TRUE(vu_rig_rang(r.q[1].call));

	CU_ASSERT_EQUAL_FATAL(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	CU_ASSERT_EQUAL_FATAL(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_CALL, 1, pipes[1]), 0);
	while (read(pipes[0], word, sizeof(word)) > 0)
		; /* the first of a new descriptor */
	echo(&r, 0, 2);
	CU_ASSERT_EQUAL(read(pipes[0], word, sizeof(word)), 8);

	CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_CALL, 1, pair[1]), 0);
	while (read(pair[0], word, sizeof(word)) > 0)
		;
	echo(&r, 0, 3);
	CU_ASSERT_EQUAL(read(pair[0], word, sizeof(word)), 8);
	/* Full, and nobody reads: nothing waits for that. */
	for (unsigned i = 0; i < 40000; i++) {
		vu_rig_give(&r, 1, 0, 80, false);
		if (!vu_rig_done(&r, 1, &done))
			break;
		vu_rig_give(&r, 0, 0, 2048, true);
		if (!vu_rig_done(&r, 0, &done))
			break;
		if (i == 300)
			break;
	}
	close(pipes[0]);
	close(pipes[1]);
	close(pair[0]);
	close(pair[1]);
	echo(&r, 0, 4);
	CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_CALL, 1, -1), 0);
	echo(&r, 0, 5);
	vu_rig_close(&r);
}

/* --- status, reset, what the device says unasked --- */

static void test_status(void)
{
	struct vu_rig_config c = {.type = "rng", .queues = 1};
	uint64_t pf = F(VOP_VU_PF_STATUS) | F(VOP_VU_PF_REPLY_ACK), got;
	struct vop_done done;
	struct vu_rig r;

	vu_rig_open(&r, &c);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_PROTOCOL_FEATURES, pf), 0);
	r.ack = true;
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_STATUS, 0), 0);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_STATUS, 3), 0);
	/* A legacy driver is refused as the specification has it. */
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_FEATURES, F(VOP_VU_F_PROTOCOL_FEATURES)), 0);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_STATUS, 11), 0);
	CU_ASSERT_EQUAL(vu_rig_get(&r, VOP_VU_GET_STATUS, &got), 0);
	CU_ASSERT_EQUAL(got, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.last, "VERSION_1"));
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_FEATURES,
				   F(VOP_VU_F_PROTOCOL_FEATURES) | F(VOP_F_VERSION_1)),
			0);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_STATUS, 11), 0);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_STATUS, 3), 1); /* takes a bit back */
	CU_ASSERT_EQUAL(vu_rig_memory(&r), 0);
	CU_ASSERT_EQUAL(vu_rig_queue(&r, 0, false, 0), 0);
	/* Not before DRIVER_OK. */
	vu_rig_give(&r, 0, 0, 64, true);
	for (unsigned i = 0; i < 20; i++)
		vu_rig_turn(&r);
	CU_ASSERT_FALSE(vop_drvq_pending(&r.q[0].vq));
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_STATUS, 15), 0);
	CU_ASSERT_TRUE(vu_rig_done(&r, 0, &done));
	/* Reset: it keeps still. */
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_STATUS, 0), 0);
	CU_ASSERT_EQUAL(vu_rig_get(&r, VOP_VU_GET_STATUS, &got), 0);
	CU_ASSERT_EQUAL(got, 0);
	vu_rig_give(&r, 0, 0, 64, true);
	for (unsigned i = 0; i < 20; i++)
		vu_rig_turn(&r);
	CU_ASSERT_FALSE(vop_drvq_pending(&r.q[0].vq));
	CU_ASSERT_EQUAL(r.said[VOP_SERVICE_RESET], 1);
	vu_rig_close(&r);
}

/* FEATURES_OK and nothing before it comes from a front-end that does not tell the driver's status.
 */
static void test_status_half(void)
{
	struct vu_rig_config c = {.type = "rng", .queues = 1};
	uint64_t pf = F(VOP_VU_PF_STATUS) | F(VOP_VU_PF_REPLY_ACK);
	struct vop_done done;
	struct vu_rig r;

	vu_rig_open(&r, &c);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_PROTOCOL_FEATURES, pf), 0);
	r.ack = true;
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_FEATURES,
				   F(VOP_VU_F_PROTOCOL_FEATURES) | F(VOP_F_VERSION_1)),
			0);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_STATUS, VOP_STATUS_FEATURES_OK), 0);
	CU_ASSERT_EQUAL(vu_rig_memory(&r), 0);
	CU_ASSERT_EQUAL(vu_rig_queue(&r, 0, false, 0), 0);
	vu_rig_give(&r, 0, 0, 64, true);
	CU_ASSERT_TRUE(vu_rig_done(&r, 0, &done));
	CU_ASSERT_EQUAL(done.len, 64);
	vu_rig_close(&r);
}

static void test_reset_device(void)
{
	struct vu_rig_config c = {.type = "net", .as = one_pair, .queues = 2};
	struct vop_vu_msg m = {.h = {.request = VOP_VU_RESET_DEVICE}};
	struct vu_rig r;

	vu_rig_open(&r, &c);
	vu_rig_start(&r);
	for (unsigned i = 0; i < 10; i++) {
		echo(&r, 0, i);
		m.h.size = 0;
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0);
		r.next = VU_RIG_GUEST;
		CU_ASSERT_EQUAL(vu_rig_queue(&r, 0, false, 0), 0);
		CU_ASSERT_EQUAL(vu_rig_queue(&r, 1, false, 0), 0);
	}
	echo(&r, 0, 0);
	CU_ASSERT_EQUAL(r.said[VOP_SERVICE_RESET], 10);
	vu_rig_close(&r);
}

/* A driver that breaks the rules: that queue stops, the front-end is told, a restart mends it. */
static void test_violation(void)
{
	struct vu_rig_config c = {.type = "net", .as = one_pair, .queues = 2};
	struct vop_vu_msg m = {.h = {.request = VOP_VU_SET_BACKEND_REQ_FD}, .fds = 1};

	for (unsigned packed = 0; packed < 2; packed++) {
		uint32_t base[VU_RIG_QUEUES];
		struct vop_buf b = {1ull << 50, 64};
		struct vop_vu_stream requests;
		struct vop_vu_msg got;
		struct vu_rig r;
		int pair[2];

		c.packed = packed;
		vu_rig_open(&r, &c);
		vu_rig_start(&r);
		CU_ASSERT_EQUAL_FATAL(
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			0);
		m.fd[0] = pair[1];
		m.h.size = 0;
		CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 0);
		close(pair[1]);
		vop_vu_stream_init(&requests, pair[0], VOP_VU_FROM_BACK);
		echo(&r, 0, 0);
		CU_ASSERT_FALSE(vu_rig_rang(r.q[1].err));
		vop_drvq_add(&r.q[1].vq, &b, &(uint32_t){0}, 1, false);
		vu_rig_kick(&r, 1);
		for (unsigned i = 0; i < 100 && !r.said[VOP_SERVICE_VIOLATION]; i++)
			vu_rig_turn(&r);
		CU_ASSERT_EQUAL(r.said[VOP_SERVICE_VIOLATION], 1);
		CU_ASSERT_TRUE(vu_rig_rang(r.q[1].err));
		CU_ASSERT_EQUAL(vop_vu_recv(&requests, &got), 0);
		CU_ASSERT_EQUAL(got.h.request, VOP_VU_BACKEND_CONFIG_CHANGE);
		vu_rig_stop(&r, base);
		r.next = VU_RIG_GUEST;
		CU_ASSERT_EQUAL(vu_rig_queue(&r, 0, false, 0), 0);
		CU_ASSERT_EQUAL(vu_rig_queue(&r, 1, false, 0), 0);
		for (unsigned i = 0; i < 20; i++)
			echo(&r, 0, i);
		vop_vu_stream_fini(&requests);
		close(pair[0]);
		vu_rig_close(&r);
	}
}

/* One front-end after the other; each finds a new device. */
static void test_reconnect(void)
{
	struct vu_rig_config c = {.type = "net", .as = one_pair, .want = EVENT_IDX, .queues = 2};
	struct vu_rig_held before = {0}, now;
	struct vu_rig r;

	vu_rig_open(&r, &c);
	for (unsigned i = 0; i < 20; i++) {
		vu_rig_start(&r);
		for (unsigned k = 0; k < i; k++)
			echo(&r, 0, k);
		vu_rig_disconnect(&r);
		now = vu_rig_held();
		if (i == 0)
			before = now;
		CU_ASSERT_EQUAL(now.fds, before.fds);
		CU_ASSERT_EQUAL(now.maps, before.maps);
		CU_ASSERT_FALSE(vop_vu_front_attached(r.front));
		vu_rig_connect(&r);
	}
	vu_rig_close(&r);
}

int suite_vu_traffic(void)
{
	CU_pSuite s = CU_add_suite("vu_traffic", NULL, NULL);

	if (!s || !CU_add_test(s, "net", test_net) ||
	    !CU_add_test(s, "poller with a thread", test_thread) ||
	    !CU_add_test(s, "pairs", test_pairs) || !CU_add_test(s, "restart", test_restart) ||
	    !CU_add_test(s, "new driver", test_new_driver) ||
	    !CU_add_test(s, "packed from zero", test_packed_from_zero) ||
	    !CU_add_test(s, "enable", test_enable) ||
	    !CU_add_test(s, "memory changes", test_memory_changes) ||
	    !CU_add_test(s, "calls", test_calls) || !CU_add_test(s, "status", test_status) ||
	    !CU_add_test(s, "half a status", test_status_half) ||
	    !CU_add_test(s, "reset device", test_reset_device) ||
	    !CU_add_test(s, "violation", test_violation) ||
	    !CU_add_test(s, "reconnect", test_reconnect))
		return CU_get_error();
	return 0;
}
