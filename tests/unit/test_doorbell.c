/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doorbells of both kinds: full, flooded, shared with a peer who plays with them, and never a lost
 * wake-up.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include <vop/doorbell.h>

#include "vop/doorbell_guard.h"

#define PATIENCE_US (60 * 1000000) /* against hangs only */
#define FULL	    0xfffffffffffffffeull

struct pair {
	struct vop_doorbell rx, tx;
};

static struct pair socket_pair(bool small)
{
	struct pair p = {VOP_DOORBELL_INIT, VOP_DOORBELL_INIT};
	int s[2], one = 1;

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, s), 0);
	if (small)
		setsockopt(s[1], SOL_SOCKET, SO_SNDBUF, &one, sizeof(one));
	p.rx.kind = p.tx.kind = VOP_DB_SOCKET;
	p.rx.fd = s[0];
	p.tx.fd = s[1];
	return p;
}

static void close_pair(struct pair *p)
{
	close(p->rx.fd);
	close(p->tx.fd);
}

static int ready(struct vop_doorbell *db, int64_t timeout_us)
{
	struct vop_doorbell *const one[] = {db};

	return vop_doorbell_wait(one, 1, timeout_us);
}

static void none(void)
{
	struct vop_doorbell db = VOP_DOORBELL_INIT;
	struct vop_doorbell *const two[] = {&db, NULL};

	CU_ASSERT_EQUAL(vop_doorbell_ring(&db), 0);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&db), 0);
	CU_ASSERT_EQUAL(vop_doorbell_wait(two, 2, 0), 0);
	CU_ASSERT_EQUAL(vop_doorbell_wait(two, 2, 1000), 0);
	CU_ASSERT_EQUAL(vop_doorbell_wait(two, 2, -1), -EINVAL);
}

static void waiting(void)
{
	enum { MANY = 200 };
	struct vop_doorbell *all[MANY];
	struct pair p[3] = {socket_pair(true), socket_pair(true), socket_pair(true)};
	struct vop_doorbell closed = {.kind = VOP_DB_SOCKET, .fd = 1000000};

	for (unsigned i = 0; i < MANY; i++)
		all[i] = &p[i % 3].rx;
	CU_ASSERT_EQUAL(vop_doorbell_wait(all, MANY, 0), 0);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&p[1].tx), 0);
	CU_ASSERT_EQUAL(vop_doorbell_wait(all, 3, PATIENCE_US), 1);
	CU_ASSERT_EQUAL(vop_doorbell_wait(all, MANY, -1), 67);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&p[2].tx), 0);
	CU_ASSERT_EQUAL(vop_doorbell_wait(all, 3, 0), 2);
	CU_ASSERT_EQUAL(ready(&closed, 0), -EBADF);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(vop_doorbell_drain(&p[i].rx), i > 0);
		close_pair(&p[i]);
	}
}

/* A full doorbell drops rings and stays ready; drained, it rings again. Nothing can block it. */
static void full_socket(void)
{
	struct pair p = socket_pair(true);

	/* The peer made the pair, shares the descriptor's flags, and wants us to block. */
	CU_ASSERT_EQUAL(fcntl(p.tx.fd, F_SETFL, 0), 0);
	for (unsigned i = 0; i < 5000; i++)
		CU_ASSERT_EQUAL_FATAL(vop_doorbell_ring(&p.tx), 0);
	CU_ASSERT(p.tx.dropped > 0);
	CU_ASSERT_EQUAL(p.tx.dropped + p.tx.rings, 5000);
	CU_ASSERT_EQUAL(ready(&p.rx, 0), 1);
	while (vop_doorbell_drain(&p.rx))
		;
	CU_ASSERT_EQUAL(ready(&p.rx, 0), 0);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&p.tx), 0);
	CU_ASSERT_EQUAL(ready(&p.rx, PATIENCE_US), 1);
	close_pair(&p);
}

static void bounded_drain(void)
{
	struct pair p = socket_pair(false);

	for (unsigned i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(vop_doorbell_ring(&p.tx), 0);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&p.rx), 1);
	CU_ASSERT_EQUAL(ready(&p.rx, 0), 1);
	while (vop_doorbell_drain(&p.rx))
		;
	CU_ASSERT_EQUAL(ready(&p.rx, 0), 0);
	close_pair(&p);
}

static void receiver_gone(void)
{
	struct pair p = socket_pair(true);
	struct vop_doorbell closed = {.kind = VOP_DB_SOCKET, .fd = 1000000};

	close(p.rx.fd);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&p.tx), -EPIPE);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&p.tx), -EPIPE);
	close(p.tx.fd);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&closed), -EPIPE);
	closed.kind = VOP_DB_EVENTFD;
	CU_ASSERT_EQUAL(vop_doorbell_ring(&closed), -EPIPE);
}

/* The peer connects its end elsewhere: an error in place of a ring, and only once. */
static void reconnected(void)
{
	struct pair p = socket_pair(true), other = socket_pair(true);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(a);

	/* An automatic abstract address for the other one. */
	CU_ASSERT_EQUAL(bind(other.rx.fd, (struct sockaddr *)&a, sizeof(sa_family_t)), 0);
	CU_ASSERT_EQUAL(getsockname(other.rx.fd, (struct sockaddr *)&a, &len), 0);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&p.tx), 0);
	close(other.tx.fd);
	other.tx.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int lone = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL(bind(lone, (struct sockaddr *)&(struct sockaddr_un){.sun_family = AF_UNIX},
			     sizeof(sa_family_t)),
			0);
	len = sizeof(a);
	CU_ASSERT_EQUAL(getsockname(lone, (struct sockaddr *)&a, &len), 0);
	CU_ASSERT_EQUAL(connect(p.tx.fd, (struct sockaddr *)&a, len), 0);
	CU_ASSERT_EQUAL(ready(&p.rx, 0), 1);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&p.rx), 1);
	CU_ASSERT_EQUAL(ready(&p.rx, 0), 0);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&p.rx), 0);
	close(lone);
	close_pair(&other);
	close_pair(&p);
}

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void gifts_are_dropped(void)
{
	struct pair p = socket_pair(true);
	char big[3000] = {0};
	struct iovec v = {.iov_base = big, .iov_len = 1};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} c = {0};
	struct msghdr mh = {.msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = c.bytes,
			    .msg_controllen = sizeof(c.bytes)};
	int before = count_fds();

	c.align.cmsg_level = SOL_SOCKET;
	c.align.cmsg_type = SCM_RIGHTS;
	c.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&c.align), &p.tx.fd, sizeof(int));
	CU_ASSERT_EQUAL(sendmsg(p.tx.fd, &mh, 0), 1);
	CU_ASSERT_EQUAL(send(p.tx.fd, big, sizeof(big), MSG_DONTWAIT), sizeof(big));
	CU_ASSERT_EQUAL(vop_doorbell_drain(&p.rx), 1);
	CU_ASSERT_EQUAL(ready(&p.rx, 0), 0);
	CU_ASSERT_EQUAL(count_fds(), before);
	close_pair(&p);
}

static void plain_eventfd(void)
{
	struct vop_doorbell db;
	uint64_t v = FULL;
	int fd = eventfd(0, EFD_CLOEXEC); /* blocking: the flags are the peer's to choose */

	CU_ASSERT_EQUAL(vop_doorbell_from_eventfd(&db, fd, NULL), 0);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&db), 0);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&db), 0);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&db), 0);
	CU_ASSERT_EQUAL(ready(&db, -1), 1);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&db), 1);
	CU_ASSERT_EQUAL(ready(&db, 0), 0);
	CU_ASSERT_EQUAL(write(fd, &v, sizeof(v)), sizeof(v));
	CU_ASSERT_EQUAL(vop_doorbell_ring(&db), 0);
	CU_ASSERT_EQUAL(db.dropped, 1);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&db), 1);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&db), 0);
	CU_ASSERT_EQUAL(ready(&db, 0), 1);
	vop_doorbell_release(&db);
	CU_ASSERT_EQUAL(db.kind, VOP_DB_NONE);
	close(fd);
}

/* The worst case of the race, made certain: inside the ring, the counter full, the call blocking.
 */
static void stuck_ring_is_freed(void)
{
	struct vop_doorbell_guard *g;
	struct vop_doorbell db;
	uint64_t v = FULL;
	int fd = eventfd(0, EFD_CLOEXEC);

	CU_ASSERT_EQUAL_FATAL(vop_doorbell_guard_start(&g), 0);
	CU_ASSERT_EQUAL(vop_doorbell_from_eventfd(&db, fd, g), 0);
	for (unsigned i = 1; i <= 3; i++) {
		CU_ASSERT_EQUAL(write(fd, &v, sizeof(v)), sizeof(v));
		CU_ASSERT_EQUAL(vop_doorbell_write(&db), 0); /* blocks */
		/* Freed, and the receiver is told all the same. */
		CU_ASSERT_EQUAL(ready(&db, 0), 1);
		CU_ASSERT_EQUAL(vop_doorbell_drain(&db), 1);
		usleep(60000); /* the guard falls asleep again in between */
	}
	CU_ASSERT_EQUAL(vop_doorbell_guard_freed(g), 3);
	vop_doorbell_release(&db);
	vop_doorbell_guard_stop(g);
	vop_doorbell_guard_stop(NULL);
	close(fd);
}

struct refiller {
	int fd;
	int stop;
};

static void *refill(void *arg)
{
	struct refiller *r = arg;
	uint64_t v = FULL;

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		struct vop_doorbell db = {.kind = VOP_DB_EVENTFD, .fd = r->fd};

		/* Empty it so that the ringer dares, then fill it under its hand. */
		vop_doorbell_drain(&db);
		if (write(r->fd, &v, sizeof(v)) < 0)
			break;
	}
	return NULL;
}

/* Peers that fill the counter all the time: every ring comes back. */
static void refilling_peers(void)
{
	struct vop_doorbell_guard *g;
	struct vop_doorbell db;
	struct refiller r = {.fd = eventfd(0, EFD_CLOEXEC)};
	struct vop_doorbell unstick = {.kind = VOP_DB_EVENTFD, .fd = r.fd};
	pthread_t t[2];

	CU_ASSERT_EQUAL_FATAL(vop_doorbell_guard_start(&g), 0);
	CU_ASSERT_EQUAL(vop_doorbell_from_eventfd(&db, r.fd, g), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, refill, &r);
	for (unsigned i = 0; i < 3000; i++)
		CU_ASSERT_EQUAL_FATAL(vop_doorbell_ring(&db), 0);
	__atomic_store_n(&r.stop, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 2; i++) {
		while (pthread_tryjoin_np(t[i], NULL)) {
			vop_doorbell_drain(&unstick);
			usleep(1000);
		}
	}
	vop_doorbell_release(&db);
	vop_doorbell_guard_stop(g);
	close(r.fd);
}

/* --- no wake-up is lost: a producer that rings after each step, a consumer that sleeps --- */

#define STEPS 20000u

struct steps {
	struct vop_doorbell *tx;
	uint32_t published; /* relaxed on purpose: the doorbell orders it */
};

static void *produce(void *arg)
{
	struct steps *s = arg;

	for (uint32_t i = 1; i <= STEPS; i++) {
		__atomic_store_n(&s->published, i, __ATOMIC_RELAXED);
		vop_doorbell_ring(s->tx);
	}
	return NULL;
}

static void consume(struct vop_doorbell *rx, struct vop_doorbell *tx)
{
	struct steps s = {.tx = tx};
	pthread_t t;

	pthread_create(&t, NULL, produce, &s);
	while (__atomic_load_n(&s.published, __ATOMIC_RELAXED) != STEPS) {
		int r = ready(rx, PATIENCE_US);

		CU_ASSERT_EQUAL(r, 1);
		if (r != 1)
			break;
		vop_doorbell_drain(rx);
	}
	pthread_join(t, NULL);
}

static void no_lost_wakeup(void)
{
	struct pair p = socket_pair(true);
	struct vop_doorbell db, tx;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	consume(&p.rx, &p.tx);
	close_pair(&p);
	vop_doorbell_from_eventfd(&db, fd, NULL);
	tx = db;
	consume(&db, &tx);
	close(fd);
}

int suite_doorbell(void)
{
	CU_pSuite s = CU_add_suite("doorbell", NULL, NULL);

	if (!s || !CU_add_test(s, "none", none) || !CU_add_test(s, "waiting", waiting) ||
	    !CU_add_test(s, "full socket", full_socket) ||
	    !CU_add_test(s, "bounded drain", bounded_drain) ||
	    !CU_add_test(s, "receiver gone", receiver_gone) ||
	    !CU_add_test(s, "reconnected by the peer", reconnected) ||
	    !CU_add_test(s, "descriptors and long messages dropped", gifts_are_dropped) ||
	    !CU_add_test(s, "plain eventfd", plain_eventfd) ||
	    !CU_add_test(s, "stuck ring is freed", stuck_ring_is_freed) ||
	    !CU_add_test(s, "peers that refill the counter", refilling_peers) ||
	    !CU_add_test(s, "no wake-up is lost", no_lost_wakeup))
		return CU_get_error();
	return 0;
}
