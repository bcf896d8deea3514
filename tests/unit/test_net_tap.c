/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TAP backend, over vhost-user: what the driver sends comes out of an interface of this machine
 * and the other way round. The interface is in a network of the test thread's own; where that
 * cannot be had (no root, no /dev/net/tun) there is nothing to test.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <CUnit/CUnit.h>

#include "tests/vu_rig.h"
#include "vop/dev/net.h"

#define TYPE   0x88b5 /* for experiments: nobody else's frames */
#define WAIT_S 20     /* against hangs only */

static void tap_of(struct vop_service_device *d, unsigned pairs)
{
	d->v[vop_service_key_index(d->type, "backend")].number = 3;
	d->v[vop_service_key_index(d->type, "ifname")].text = "voptest0";
	d->v[vop_service_key_index(d->type, "pairs")].number = pairs;
}

static void tap_one(struct vop_service_device *d)
{
	tap_of(d, 1);
}

static void tap_two(struct vop_service_device *d)
{
	tap_of(d, 2);
}

/* A socket that sees the frames of the interface, which is brought up; -1: it is not there. */
static int open_outside(void)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htobe16(TYPE)};
	struct ifreq r = {.ifr_name = "voptest0"};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htobe16(TYPE));

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ioctl(fd, SIOCGIFFLAGS, &r), 0);
	r.ifr_flags |= IFF_UP;
	CU_ASSERT_EQUAL(ioctl(fd, SIOCSIFFLAGS, &r), 0);
	CU_ASSERT_EQUAL(ioctl(fd, SIOCGIFINDEX, &r), 0);
	a.sll_ifindex = r.ifr_ifindex;
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void make_frame(uint8_t *f, uint32_t len, unsigned seq)
{
	memset(f, 0xff, 6);
	memset(f + 6, 2, 6);
	f[12] = TYPE >> 8;
	f[13] = TYPE & 0xff;
	for (uint32_t i = ETH_HLEN; i < len; i++)
		f[i] = (uint8_t)(seq * 11 + i);
}

static bool is_ours(const uint8_t *f)
{
	return f[12] == TYPE >> 8 && f[13] == (TYPE & 0xff);
}

/* From the driver to the machine. */
static void send_out(struct vu_rig *r, int outside, unsigned pair, unsigned seq)
{
	uint32_t len = 60 + seq * 53 % 1400;
	unsigned tx = 2 * pair + 1;
	uint8_t want[1600], got[1600];
	time_t end = time(NULL) + WAIT_S;
	struct vop_done done;
	ssize_t n;

	make_frame(want, len, seq);
	memset(vu_rig_buf(r, tx, 0), 0, VOP_NET_HDR);
	memcpy(vu_rig_buf(r, tx, 0) + VOP_NET_HDR, want, len);
	vu_rig_give(r, tx, 0, VOP_NET_HDR + len, false);
	CU_ASSERT_TRUE(vu_rig_done(r, tx, &done));
	while ((n = recv(outside, got, sizeof(got), 0)) < 0 && time(NULL) < end)
		vu_rig_turn(r);
	CU_ASSERT_EQUAL(n, len);
	CU_ASSERT_EQUAL(memcmp(got, want, len), 0);
}

/* From the machine to the driver, on whichever queue. */
static void send_in(struct vu_rig *r, int outside, unsigned pairs, unsigned seq)
{
	uint32_t len = 60 + seq * 53 % 1400;
	time_t end = time(NULL) + WAIT_S;
	struct vop_done done = {0};
	uint8_t want[1600];
	unsigned q = 0;
	bool got = false;

	make_frame(want, len, seq);
	CU_ASSERT_EQUAL(send(outside, want, len, 0), len);
	while (!got && time(NULL) < end) {
		q = (q + 2) % (2 * pairs);
		if (!vop_drvq_get(&r->q[q].vq, &done, 1)) {
			vu_rig_turn(r);
			continue;
		}
		/* The machine has things of its own to say. */
		got = is_ours(vu_rig_buf(r, q, done.cookie) + VOP_NET_HDR);
		if (!got)
			vu_rig_give(r, q, done.cookie, 2048, true);
	}
	CU_ASSERT_FATAL(got);
	CU_ASSERT_EQUAL(done.len, VOP_NET_HDR + len);
	CU_ASSERT_EQUAL(memcmp(vu_rig_buf(r, q, done.cookie) + VOP_NET_HDR, want, len), 0);
	vu_rig_give(r, q, done.cookie, 2048, true);
}

static void traffic(unsigned pairs, bool packed, bool thread)
{
	struct vu_rig_config c = {.type = "net",
				  .as = pairs == 1 ? tap_one : tap_two,
				  .packed = packed,
				  .want = 1ull << VOP_F_EVENT_IDX |
					  (pairs > 1 ? 1ull << VOP_NET_F_MQ : 0),
				  .queues = 2 * pairs,
				  .thread = thread};
	const struct timespec while_idle = {.tv_nsec = 3000000};
	struct vu_rig r;
	int outside;

	vu_rig_open(&r, &c);
	outside = open_outside();
	for (unsigned round = 0; round < 3; round++) {
		vu_rig_start(&r);
		for (unsigned i = 0; i < 8 * pairs; i++)
			vu_rig_give(&r, i % pairs * 2, i / pairs, 2048, true);
		for (unsigned i = 0; i < 40; i++) {
			send_out(&r, outside, i % pairs, i);
			/* Long enough for the poller to fall asleep: what this is about. */
			if (thread && i % 8 == 0)
				nanosleep(&while_idle, NULL);
			send_in(&r, outside, pairs, i);
		}
		vu_rig_disconnect(&r);
		vu_rig_connect(&r);
	}
	close(outside);
	vu_rig_close(&r);
}

static void *in_a_network_of_its_own(void *arg)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	(void)arg;
	if (fd >= 0)
		close(fd);
	if (fd < 0 || unshare(CLONE_NEWNET)) {
		printf("(skipped: no TAP interface can be made here) ");
		return NULL;
	}
	traffic(1, false, false);
	traffic(1, true, true);
	traffic(2, false, true);
	traffic(2, true, false);
	return NULL;
}

static void test_traffic(void)
{
	pthread_t t;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, in_a_network_of_its_own, NULL), 0);
	pthread_join(t, NULL);
}

static void test_names(void)
{
	struct vop_net_backend b;
	struct vop_error err = {{0}};

	CU_ASSERT_NOT_EQUAL(vop_net_backend_tap(&b, "a-name-that-is-too-long", 1, &err), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "15 characters"));
	CU_ASSERT_NOT_EQUAL(vop_net_backend_tap(&b, "no/slash", 1, &err), 0);
	CU_ASSERT_NOT_EQUAL(vop_net_backend_tap(&b, "x", 0, &err), 0);
}

int suite_net_tap(void)
{
	CU_pSuite s = CU_add_suite("net_tap", NULL, NULL);

	if (!s || !CU_add_test(s, "names", test_names) || !CU_add_test(s, "traffic", test_traffic))
		return CU_get_error();
	return 0;
}
