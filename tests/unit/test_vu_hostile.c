/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Front-ends that send garbage: each is told so or cut off, nothing of theirs is kept, and the next
 * one is served.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "tests/vu_rig.h"
#include "vop/front/vhost_user_internal.h"

#define F(bit)	(1ull << (bit))
#define WAIT_MS 20000 /* against hangs only */

static const struct vu_rig_config net = {.type = "net", .want = F(VOP_F_EVENT_IDX), .queues = 2};

/* A frame there and back, so that it is known to be served. */
static void echo(struct vu_rig *r)
{
	struct vop_done done;

	memset(vu_rig_buf(r, 1, 0), 0x5a, 100);
	vu_rig_give(r, 0, 0, 2048, true);
	vu_rig_give(r, 1, 0, 100, false);
	CU_ASSERT_TRUE(vu_rig_done(r, 1, &done));
	CU_ASSERT_TRUE(vu_rig_done(r, 0, &done));
	CU_ASSERT_EQUAL(done.len, 100);
}

static void served(struct vu_rig *r)
{
	vu_rig_disconnect(r);
	vu_rig_connect(r);
	vu_rig_start(r);
	echo(r);
}

/* Raw bytes with descriptors, as sendmsg() has them. */
static void throw_bytes(struct vu_rig *r, const void *p, size_t len, const int *fd, unsigned fds)
{
	union {
		char room[CMSG_SPACE(32 * sizeof(int))];
		struct cmsghdr align;
	} c = {0};
	struct iovec v = {(void *)(uintptr_t)p, len};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};

	if (fds) {
		m.msg_control = &c;
		m.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		c.align = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
					   .cmsg_type = SCM_RIGHTS,
					   .cmsg_len = CMSG_LEN(fds * sizeof(int))};
		memcpy(CMSG_DATA(&c.align), fd, fds * sizeof(int));
	}
	CU_ASSERT_EQUAL(sendmsg(r->sock, &m, MSG_NOSIGNAL), (ssize_t)len);
}

/* --- messages that are none --- */

struct garbage {
	const char *what;
	struct vop_vu_msg m;
	size_t len; /* bytes sent; 0: header and payload */
	unsigned fds;
	bool breaks_off; /* the front-end goes in the middle */
};

#define HEAD(req, bytes) .h = {.request = (req), .flags = VOP_VU_VERSION, .size = (bytes)}

static const struct garbage garbage[] = {
	{"half a header", {HEAD(VOP_VU_SET_OWNER, 0)}, .len = 5, .breaks_off = true},
	{"a header alone", {HEAD(VOP_VU_SET_FEATURES, 8)}, .len = 12, .breaks_off = true},
	{"half a table",
	 {HEAD(VOP_VU_SET_MEM_TABLE, 40), .mem = {.n = 1}},
	 .len = 30,
	 .fds = 1,
	 .breaks_off = true},
	{"another version", {.h = {VOP_VU_SET_OWNER, 2, 0}}, 0, 0, false},
	{"an answer", {.h = {VOP_VU_SET_OWNER, VOP_VU_VERSION | VOP_VU_REPLY, 0}}, 0, 0, false},
	{"a huge payload", {HEAD(VOP_VU_SET_FEATURES, 1u << 30)}, 12, 0, false},
	{"no payload", {HEAD(VOP_VU_SET_FEATURES, 0)}, 0, 0, false},
	{"half a payload", {HEAD(VOP_VU_SET_FEATURES, 4)}, 0, 0, false},
	{"half an address", {HEAD(VOP_VU_SET_VRING_ADDR, 32)}, 0, 0, false},
	{"nine regions", {HEAD(VOP_VU_SET_MEM_TABLE, 8 + 9 * 32), .mem = {.n = 9}}, 0, 8, false},
	{"a short table", {HEAD(VOP_VU_SET_MEM_TABLE, 8 + 32), .mem = {.n = 2}}, 0, 2, false},
	{"too few descriptors", {HEAD(VOP_VU_SET_MEM_TABLE, 8 + 64), .mem = {.n = 2}}, 0, 1, false},
	{"too many", {HEAD(VOP_VU_SET_MEM_TABLE, 8 + 32), .mem = {.n = 1}}, 0, 2, false},
	{"thirty", {HEAD(VOP_VU_SET_MEM_TABLE, 8 + 32), .mem = {.n = 1}}, 0, 30, false},
	{"of a request without", {HEAD(VOP_VU_SET_FEATURES, 8)}, 0, 1, false},
	{"none of a kick", {HEAD(VOP_VU_SET_VRING_KICK, 8)}, 0, 0, false},
	{"one and the word that there is none",
	 {HEAD(VOP_VU_SET_VRING_KICK, 8), .u64 = VOP_VU_RING_NOFD},
	 0,
	 1,
	 false},
	{"a long range", {HEAD(VOP_VU_GET_CONFIG, 12 + 300), .config = {.size = 300}}, 0, 0, false},
	{"a short range", {HEAD(VOP_VU_GET_CONFIG, 12 + 10), .config = {.size = 30}}, 0, 0, false},
};

static void test_garbage(void)
{
	struct vu_rig_held before, now;
	struct vu_rig r;
	unsigned i, k;

	vu_rig_open(&r, &net);
	served(&r);
	before = vu_rig_held();
	for (i = 0; i < VOP_ARRAY_SIZE(garbage); i++) {
		const struct garbage *g = &garbage[i];
		size_t len = g->len ? g->len : sizeof(g->m.h) + g->m.h.size;
		uint8_t flat[sizeof(g->m.h) + VOP_VU_PAYLOAD];
		int fd[32];

#ifdef VOP_CROSS
		/* The emulator loses descriptors that have no room. */
		if (g->fds > VOP_VU_FDS)
			continue;
#endif
		/* To a front-end that has just come, and to one that is at work. */
		for (k = 0; k < 2; k++) {
			unsigned gone = r.said[VOP_SERVICE_DOWN], j;

			if (k == 0) {
				vu_rig_disconnect(&r);
				gone = r.said[VOP_SERVICE_DOWN];
				vu_rig_connect(&r);
			}
			for (j = 0; j < 32; j++)
				fd[j] = r.file;
			memcpy(flat, &g->m.h, sizeof(g->m.h));
			memcpy(flat + sizeof(g->m.h), g->m.bytes, VOP_VU_PAYLOAD);
			throw_bytes(&r, flat, len, fd, g->fds);
			if (g->breaks_off) {
				CU_ASSERT_TRUE(vu_rig_turn(&r));
				shutdown(r.sock, SHUT_WR);
			}
			CU_ASSERT_FALSE(vu_rig_turn(&r));
			CU_ASSERT_FALSE(vop_vu_front_attached(r.front));
			CU_ASSERT_EQUAL(r.said[VOP_SERVICE_DOWN], gone + 1);
			served(&r);
			now = vu_rig_held();
			CU_ASSERT_EQUAL(now.fds, before.fds);
			CU_ASSERT_EQUAL(now.maps, before.maps);
		}
	}
	vu_rig_close(&r);
}

/* --- memory that is none --- */

struct bad_region {
	struct vop_vu_region r;
	const char *says;
};

#define PAGE 4096ull

static const struct bad_region bad_regions[] = {
	{{0, 0, 0, 0}, "empty"},
	{{UINT64_MAX - PAGE + 2, PAGE, 0, 0}, "wrap"},
	{{0, PAGE, UINT64_MAX - PAGE + 2, 0}, "wrap"},
	{{0, UINT64_MAX, 0, 0}, "wrap"},
	{{0, PAGE, 0, UINT64_MAX - PAGE + 1}, "wrap"},
	{{0, PAGE, 0, 1}, "multiple of a page"},
	{{0, PAGE, 0, VU_RIG_FILE}, "of a file"},
	{{0, PAGE + 1, 0, VU_RIG_FILE - PAGE}, "of a file"},
	{{0, 1ull << 40, 0, 0}, "of a file"},
	{{VU_RIG_GUEST + PAGE, PAGE, 1, 0}, "overlaps"},
	{{1, PAGE, VU_RIG_USER + VU_RIG_HALF - 1, 0}, "overlaps"},
};

static void test_memory(void)
{
	struct vop_vu_msg one = {.h = {.request = VOP_VU_ADD_MEM_REG, .size = 40}, .fds = 1};
	struct vop_vu_msg table = {
		.h = {.request = VOP_VU_SET_MEM_TABLE, .size = 8 + 64}, .mem = {.n = 2}, .fds = 2};
	struct vu_rig_held before, now;
	int other, i, pipes[2];
	struct vu_rig r;

	vu_rig_open(&r, &net);
	served(&r);
	CU_ASSERT_EQUAL_FATAL(pipe2(pipes, O_CLOEXEC), 0);
	other = memfd_create("other", MFD_CLOEXEC);
	before = vu_rig_held();
	for (i = 0; i < (int)VOP_ARRAY_SIZE(bad_regions); i++) {
		one.one.region = bad_regions[i].r;
		one.fd[0] = r.file;
		CU_ASSERT_EQUAL(vu_rig_send(&r, &one), 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.last, bad_regions[i].says));
		echo(&r);
		/* The old table stays in force when the new one is refused. */
		table.mem.region[0] =
			(struct vop_vu_region){VU_RIG_GUEST, VU_RIG_HALF, VU_RIG_USER, VU_RIG_HALF};
		table.mem.region[1] = bad_regions[i].r;
		table.fd[0] = table.fd[1] = r.file;
		CU_ASSERT_EQUAL(vu_rig_send(&r, &table), 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.last, "region 1"));
		echo(&r);
	}
	one.one.region = (struct vop_vu_region){0, PAGE, 0, 0};
	one.fd[0] = pipes[0];
	CU_ASSERT_EQUAL(vu_rig_send(&r, &one), 1);
	one.fd[0] = other; /* empty */
	CU_ASSERT_EQUAL(vu_rig_send(&r, &one), 1);
	/* One region too many. */
	for (i = 0; i < (int)VOP_VU_SLOTS; i++) {
		one.one.region =
			(struct vop_vu_region){(uint64_t)i * PAGE, PAGE, (uint64_t)i * PAGE, 0};
		one.fd[0] = r.file;
		CU_ASSERT_EQUAL(vu_rig_send(&r, &one), i >= (int)VOP_VU_SLOTS - 2);
	}
	echo(&r);
	CU_ASSERT_EQUAL(vu_rig_memory(&r), 0);
	now = vu_rig_held();
	CU_ASSERT_EQUAL(now.fds, before.fds);
	CU_ASSERT_EQUAL(now.maps, before.maps);
	close(other);
	close(pipes[0]);
	close(pipes[1]);
	vu_rig_close(&r);
}

/* The file is cut under a device at work: the connection ends, the process lives. */
static void test_vanished(void)
{
#if defined(VOP_CROSS) && defined(__s390x__)
	return; /* the emulator gives no address for such a fault */
#else
	for (unsigned thread = 0; thread < 2; thread++) {
		struct vu_rig_config c = net;
		struct vu_rig r;
		unsigned i;

		c.thread = thread;
		vu_rig_open(&r, &c);
		served(&r);
		/* The buffers are ours still; what the driver half reads is, too. */
		CU_ASSERT_EQUAL(ftruncate(r.file, 0), 0);
		if (thread) {
			/* Nothing was sent: it is the fault that wakes the control thread. */
			struct pollfd p = {.fd = vop_vu_front_fd(r.front), .events = POLLIN};

			eventfd_write(r.q[1].kick, 1);
			CU_ASSERT_EQUAL(poll(&p, 1, WAIT_MS), 1);
		}
		for (i = 0; i < 20000 && vop_vu_front_attached(r.front); i++) {
			eventfd_write(r.q[1].kick, 1);
			vu_rig_turn(&r);
		}
		CU_ASSERT_FALSE(vop_vu_front_attached(r.front));
		CU_ASSERT_PTR_NOT_NULL(strstr(r.last, "vanished"));
		vu_rig_disconnect(&r);
		CU_ASSERT_EQUAL(ftruncate(r.file, VU_RIG_FILE), 0);
		served(&r);
		vu_rig_close(&r);
	}
#endif
}

/* Memory that is cut, and touched once more by a queue that stops because there is a new table. */
#if !(defined(VOP_CROSS) && defined(__s390x__))
static uint8_t *touched;
static const struct vop_dev_ops *ops;

static void touch_and_stop(void *dev, unsigned q)
{
	(void)*(volatile uint8_t *)touched;
	ops->queue_stop(dev, q);
}
#endif

static void test_vanished_and_replaced(void)
{
#if defined(VOP_CROSS) && defined(__s390x__)
	return;
#else
	struct vop_vu_msg empty = {.h = {.request = VOP_VU_SET_MEM_TABLE, .size = 8}};
	struct vop_dev_ops touching;
	struct vu_rig r;
	struct pollfd p = {.events = POLLIN};

	vu_rig_open(&r, &net);
	served(&r);
	ops = r.front->offer.ops;
	touching = *ops;
	touching.queue_stop = touch_and_stop;
	touched = r.front->mem.region[0]->at;
	r.front->offer.ops = &touching;
	CU_ASSERT_EQUAL(ftruncate(r.file, 0), 0);
	/* That it vanished is not forgotten with it. */
	CU_ASSERT_EQUAL(vu_rig_send(&r, &empty), -EPIPE);
	r.front->offer.ops = ops;
	CU_ASSERT_FALSE(vop_vu_front_attached(r.front));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.last, "vanished"));
	p.fd = vop_vu_front_fd(r.front);
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 0);
	vu_rig_disconnect(&r);
	CU_ASSERT_EQUAL(ftruncate(r.file, VU_RIG_FILE), 0);
	served(&r);
	vu_rig_close(&r);
#endif
}

/* --- requests that do not fit --- */

static int addr(struct vu_rig *r, uint32_t index, uint32_t flags, uint64_t at, uint64_t align)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_SET_VRING_ADDR, .size = 40},
			       .addr = {.index = index,
					.flags = flags,
					.descriptor = at,
					.available = at + 4096 + align,
					.used = at + 8192}};

	return vu_rig_send(r, &m);
}

/* Up to the kick, which is where a ring that is no good is refused. */
static int set_up(struct vu_rig *r, uint32_t size, uint64_t at, uint64_t align)
{
	int e = vu_rig_state(r, VOP_VU_SET_VRING_NUM, 0, size), kick;

	e = e ? e : vu_rig_state(r, VOP_VU_SET_VRING_BASE, 0, 0);
	e = e ? e : addr(r, 0, 0, at, align);
	e = e ? e : vu_rig_state(r, VOP_VU_SET_VRING_ENABLE, 0, 1);
	kick = eventfd(0, EFD_CLOEXEC);
	e = e ? e : vu_rig_fd(r, VOP_VU_SET_VRING_KICK, 0, kick);
	close(kick);
	return e;
}

/* What could block whoever writes into it. */
static void may_block(struct vu_rig *r, int file)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_SET_BACKEND_REQ_FD}, .fd = {file}, .fds = 1};
	int inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), in, out;
	char dir[] = "/tmp/vop-test-vu-XXXXXX", path[64];

	CU_ASSERT_TRUE_FATAL(inet >= 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pipe", dir);
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	in = open(path, O_RDWR | O_CLOEXEC);
	out = open(path, O_WRONLY | O_CLOEXEC);
	CU_ASSERT_TRUE_FATAL(in >= 0 && out >= 0);
	CU_ASSERT_EQUAL(vu_rig_send(r, &m), 1);
	m.h = (struct vop_vu_header){.request = VOP_VU_SET_BACKEND_REQ_FD};
	m.fd[0] = inet;
	CU_ASSERT_EQUAL(vu_rig_send(r, &m), 1);
	CU_ASSERT_EQUAL(vu_rig_fd(r, VOP_VU_SET_VRING_CALL, 0, inet), 1);
	CU_ASSERT_EQUAL(vu_rig_fd(r, VOP_VU_SET_VRING_ERR, 0, inet), 1);
	/* Nobody reads it, so it cannot be opened without blocking. Its flags are left alone. */
	close(in);
	CU_ASSERT_EQUAL(vu_rig_fd(r, VOP_VU_SET_VRING_CALL, 0, out), 1);
	CU_ASSERT_EQUAL(fcntl(out, F_GETFL) & O_NONBLOCK, 0);
	close(out);
	close(inet);
	unlink(path);
	rmdir(dir);
}

static void test_requests(void)
{
	struct vop_vu_msg m = {.h = {.request = 99, .size = 16}};
	struct vu_rig_held before, now;
	struct vu_rig_config c = net;
	uint32_t base;
	int null;
	struct vu_rig r;

	c.queues = 0;
	vu_rig_open(&r, &c);
	vu_rig_start(&r);
	before = vu_rig_held();
	CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 1);
	m.h = (struct vop_vu_header){.request = VOP_VU_VRING_KICK, .size = 8};
	CU_ASSERT_EQUAL(vu_rig_send(&r, &m), 1);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_FEATURES, UINT64_MAX), 1);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_FEATURES, F(VOP_F_ACCESS_PLATFORM)), 1);
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_PROTOCOL_FEATURES,
				   F(VOP_VU_PF_INBAND_NOTIFICATIONS) | F(VOP_VU_PF_REPLY_ACK)),
			1);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_NUM, 3, 16), 1);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_NUM, UINT32_MAX, 16), 1);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_NUM, 0, 0), 1);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_NUM, 0, 65536), 1);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_NUM, 0, 100), 1);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_BASE, 0, 0x10000), 1);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_ENABLE, 0, 2), 1);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_ENABLE, 77, 1), 1);
	CU_ASSERT_EQUAL(addr(&r, 0, 1, VU_RIG_USER, 0), 1); /* no log was offered */
	CU_ASSERT_EQUAL(addr(&r, 200, 0, VU_RIG_USER, 0), 1);
	/* Of a ring that never ran. */
	CU_ASSERT_EQUAL(vu_rig_base(&r, 0, &base), 0);
	CU_ASSERT_EQUAL(base, 0);
	/* No doorbell. */
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_KICK, 0, null), 1);
	CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_CALL, 0, r.file), 1);
	CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_ERR, 9, null), 1);
	may_block(&r, null);
	close(null);
	/* Rings that lie elsewhere, across a border, not aligned. */
	CU_ASSERT_EQUAL(set_up(&r, 16, 0x1000, 0), 1);
	CU_ASSERT_EQUAL(set_up(&r, 16, VU_RIG_USER + VU_RIG_HALF - 64, 0), 1);
	CU_ASSERT_EQUAL(set_up(&r, 32768, VU_RIG_USER + VU_RIG_HALF - 65536, 0), 1);
	CU_ASSERT_EQUAL(set_up(&r, 16, VU_RIG_USER + 8, 0), 1);
	CU_ASSERT_EQUAL(set_up(&r, 16, VU_RIG_USER, 1), 1);
	CU_ASSERT_EQUAL(set_up(&r, 16, UINT64_MAX - 4095, 0), 1);
	CU_ASSERT_EQUAL(set_up(&r, 16, VU_RIG_USER, 0), 0);
	/* It runs: not behind its back. */
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_NUM, 0, 32), 1);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_BASE, 0, 3), 1);
	CU_ASSERT_EQUAL(addr(&r, 0, 0, VU_RIG_USER + 65536, 0), 0);
	CU_ASSERT_EQUAL(vu_rig_base(&r, 0, &base), 0);
	CU_ASSERT_EQUAL(base, 0);
	now = vu_rig_held();
	CU_ASSERT_EQUAL(now.fds, before.fds);
	CU_ASSERT_EQUAL(now.maps, before.maps);
	c.queues = r.cfg.queues = 2;
	served(&r);
	vu_rig_close(&r);
}

/* Nobody's log is filled; the next front-end is told of again. */
static void test_refusals(void)
{
	struct vu_rig r;
	unsigned i, k;

	vu_rig_open(&r, &net);
	for (k = 0; k < 2; k++) {
		served(&r);
		r.said[VOP_SERVICE_REFUSED] = 0;
		for (i = 0; i < 1000; i++)
			CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_NUM, 0, 0), 1);
		CU_ASSERT_EQUAL(r.said[VOP_SERVICE_REFUSED], 101);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.last, "no more of it"));
		echo(&r);
	}
	vu_rig_close(&r);
}

/* Who does not ask for answers is cut off. */
static void test_without_answers(void)
{
	struct vu_rig r;

	vu_rig_open(&r, &net);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_NUM, 0, 0), -EPIPE);
	CU_ASSERT_FALSE(vop_vu_front_attached(r.front));
	served(&r);
	r.ack = false;
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_GET_VRING_BASE, 50, 0), -EPIPE);
	served(&r);
	/* But for what did not exist when it was written. */
	r.ack = false;
	CU_ASSERT_EQUAL(vu_rig_u64(&r, 77, 0), 0);
	echo(&r);
	vu_rig_close(&r);
}

/* Kicks before there is anything, a ring before features, rings twice. */
static void test_order(void)
{
	struct vu_rig_config c = net;
	struct vu_rig r;
	int kick = eventfd(100, EFD_CLOEXEC);

	c.queues = 0;
	vu_rig_open(&r, &c);
	for (unsigned i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_KICK, i % 3, kick), 0);
		vu_rig_turn(&r);
	}
	CU_ASSERT_EQUAL(vu_rig_memory(&r), 0);
	/* No features yet; it asked for no answers. */
	CU_ASSERT_EQUAL(set_up(&r, 16, VU_RIG_USER, 0), -EPIPE);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.last, "ended"));
	r.cfg.queues = 2;
	served(&r);
	for (unsigned i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_KICK, 1, r.q[1].kick), 0);
		CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_CALL, 0, r.q[0].call), 0);
		echo(&r);
	}
	/* Other features while rings run: they stop, and the driver is another one. */
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_FEATURES, F(VOP_F_VERSION_1)), 0);
	vu_rig_turn(&r);
	served(&r);
	close(kick);
	vu_rig_close(&r);
}

/* A driver that is new: what was known of the rings of the one before says nothing of its own. */
static void test_new_driver(void)
{
	const uint64_t split = F(VOP_F_VERSION_1) | F(VOP_VU_F_PROTOCOL_FEATURES);
	struct vu_rig_config c = net;
	uint32_t base[VU_RIG_QUEUES];
	struct vop_done done;
	struct vu_rig r;
	int kick;

	c.packed = true;
	c.want = 0;
	vu_rig_open(&r, &c);
	vu_rig_start(&r);
	vu_rig_stop(&r, base);
	/* A split ring that stands at 0, elsewhere in memory. */
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_FEATURES, split), 0);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_BASE, 1, 0), 0);
	CU_ASSERT_EQUAL(addr(&r, 1, 0, VU_RIG_USER + VU_RIG_HALF - 65536, 0), 0);
	kick = eventfd(0, EFD_CLOEXEC);
	CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_KICK, 1, kick), 0);
	close(kick);
	vu_rig_turn(&r);
	CU_ASSERT_EQUAL(vu_rig_base(&r, 1, base), 0);
	CU_ASSERT_EQUAL(base[0], 0);
	/* A packed ring, of a front-end that says 0 of both. */
	CU_ASSERT_EQUAL(vu_rig_u64(&r, VOP_VU_SET_FEATURES, split | F(VOP_F_RING_PACKED)), 0);
	vu_rig_give(&r, 1, 0, 100, false);
	CU_ASSERT_EQUAL(vu_rig_queue(&r, 1, true, 0), 0);
	CU_ASSERT_TRUE(vu_rig_done(&r, 1, &done));
	vu_rig_close(&r);
}

/* A ring that was disabled, stopped and set up anew keeps its frames until it is enabled. */
static void test_disabled(void)
{
	struct vop_done done;
	uint32_t base;
	struct vu_rig r;

	vu_rig_open(&r, &net);
	served(&r);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_ENABLE, 1, 0), 0);
	CU_ASSERT_EQUAL(vu_rig_base(&r, 1, &base), 0);
	vu_rig_give(&r, 0, 0, 2048, true);
	vu_rig_give(&r, 1, 0, 100, false);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_BASE, 1, base), 0);
	CU_ASSERT_EQUAL(vu_rig_fd(&r, VOP_VU_SET_VRING_KICK, 1, r.q[1].kick), 0);
	for (unsigned i = 0; i < 4; i++)
		vu_rig_turn(&r);
	CU_ASSERT_EQUAL(vop_drvq_get(&r.q[1].vq, &done, 1), 0);
	CU_ASSERT_EQUAL(vu_rig_state(&r, VOP_VU_SET_VRING_ENABLE, 1, 1), 0);
	CU_ASSERT_TRUE(vu_rig_done(&r, 1, &done));
	CU_ASSERT_TRUE(vu_rig_done(&r, 0, &done));
	CU_ASSERT_EQUAL(done.len, 100);
	vu_rig_close(&r);
}

/* Storms of front-ends, at every point of the way. */
static void test_storm(void)
{
	struct vu_rig_held before, now;
	struct vu_rig r;
	unsigned i;

	vu_rig_open(&r, &net);
	served(&r);
	before = vu_rig_held();
	vu_rig_disconnect(&r);
	for (i = 0; i < 300; i++) {
		vu_rig_connect(&r);
		r.ack = false;
		if (i % 4 > 0)
			CU_ASSERT_EQUAL(vu_rig_memory(&r), 0);
		if (i % 4 > 1)
			vu_rig_u64(&r, VOP_VU_SET_FEATURES, F(VOP_F_VERSION_1));
		if (i % 4 > 2)
			CU_ASSERT_EQUAL(vu_rig_queue(&r, i % 2, false, 0), 0);
		vu_rig_disconnect(&r);
	}
	/* A second one while the first is there. */
	vu_rig_connect(&r);
	vu_rig_start(&r);
	i = (unsigned)dup(r.sock);
	CU_ASSERT_EQUAL(vop_vu_front_attach(r.front, (int)i), -EBUSY);
	echo(&r);
	now = vu_rig_held();
	CU_ASSERT_EQUAL(now.fds, before.fds);
	CU_ASSERT_EQUAL(now.maps, before.maps);
	vu_rig_close(&r);
}

int suite_vu_hostile(void)
{
	CU_pSuite s = CU_add_suite("vu_hostile", NULL, NULL);

	if (!s || !CU_add_test(s, "garbage", test_garbage) ||
	    !CU_add_test(s, "memory", test_memory) ||
	    !CU_add_test(s, "memory that vanishes", test_vanished) ||
	    !CU_add_test(s, "memory that vanishes and is replaced", test_vanished_and_replaced) ||
	    !CU_add_test(s, "requests", test_requests) ||
	    !CU_add_test(s, "refusals", test_refusals) ||
	    !CU_add_test(s, "without answers", test_without_answers) ||
	    !CU_add_test(s, "order", test_order) ||
	    !CU_add_test(s, "a new driver", test_new_driver) ||
	    !CU_add_test(s, "disabled and set up anew", test_disabled) ||
	    !CU_add_test(s, "storm", test_storm))
		return CU_get_error();
	return 0;
}
