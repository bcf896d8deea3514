/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shm link: meeting, refusing, control messages, doorbells through it, loss of the peer. Peers
 * are threads of this process, or a child where the peer is to be killed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include <vop/doorbell.h>
#include <vop/page.h>

#include "vop/doorbell_table.h"
#include "vop/link_shm.h"
#include "vop/rendezvous.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

#define PATIENCE_MS 60000 /* against hangs only */
#define WINDOW	    ((uint64_t)4 << 20)

/* Descriptors sent where one is expected. An emulator keeps those that do not fit for itself. */
#ifdef VOP_CROSS
#define MANY_FDS 2
#else
#define MANY_FDS 4
#endif

/* --- what every test needs --- */

struct opener {
	struct vop_shm_config cfg;
	struct vop_link *link;
	struct vop_error err;
	int code;
	pthread_t thread;
};

static char dir[64], path[96];

static int count_entries(const char *where)
{
	DIR *d = opendir(where);
	int n = 0;

	if (!d)
		return -1;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int count_fds(void)
{
	return count_entries("/proc/self/fd");
}

static int fds_before;

static void begin(void)
{
	strcpy(dir, "/tmp/vop-test-link-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/link", dir);
	fds_before = count_fds();
}

/* Nothing may be left: no name, no descriptor. */
static void end(void)
{
	CU_ASSERT_EQUAL(count_fds(), fds_before);
	CU_ASSERT_EQUAL(count_entries(dir), 2);
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static struct vop_shm_config config(enum vop_node_id self)
{
	return (struct vop_shm_config){.path = path,
				       .self = self,
				       .window_size = WINDOW,
				       .timeout_ms = PATIENCE_MS,
				       .cancel_fd = -1};
}

static void *open_main(void *arg)
{
	struct opener *o = arg;

	o->link = vop_link_shm_open(&o->cfg, &o->err, &o->code);
	return NULL;
}

static void start(struct opener *o, enum vop_node_id self)
{
	memset(o, 0, sizeof(*o));
	o->cfg = config(self);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&o->thread, NULL, open_main, o), 0);
}

static void finish(struct opener *o)
{
	pthread_join(o->thread, NULL);
}

static int open_now(struct opener *o, enum vop_node_id self)
{
	memset(o, 0, sizeof(*o));
	o->cfg = config(self);
	open_main(o);
	return o->code;
}

static void wait_for_name(void)
{
	struct stat st;

	while (stat(path, &st))
		usleep(1000);
}

static void close_link(struct opener *o)
{
	if (o->link)
		o->link->ops->close(o->link);
	o->link = NULL;
}

/* The listener is `first`. */
static void join(struct opener *first, struct opener *second, enum vop_node_id role_of_first)
{
	start(first, role_of_first);
	wait_for_name();
	open_now(second, role_of_first == VOP_HOST ? VOP_ENDPOINT : VOP_HOST);
	finish(first);
	CU_ASSERT_PTR_NOT_NULL_FATAL(first->link);
	CU_ASSERT_PTR_NOT_NULL_FATAL(second->link);
}

/* One message, waited for; the link's result. */
static int get(struct vop_link *l, struct vop_msg *m)
{
	for (;;) {
		struct pollfd p = {.fd = l->ops->event_fd(l), .events = POLLIN};
		int r = l->ops->recv(l, m);

		if (r != -EAGAIN)
			return r;
		if (poll(&p, 1, PATIENCE_MS) == 0)
			return -ETIMEDOUT;
	}
}

static int nudge(struct vop_link *l, unsigned creator, unsigned slot)
{
	struct vop_msg m = {
		.type = VOP_MSG_NUDGE, .creator = (uint8_t)creator, .slot = (uint16_t)slot};

	return l->ops->send(l, &m);
}

/* A socket that talks to the name as no honest node would. */
static int raw_connect(int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strcpy(a.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(connect(s, (struct sockaddr *)&a, sizeof(a)), 0);
	return s;
}

static int raw_listen(int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strcpy(a.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(s, 4), 0);
	return s;
}

static void raw_send(int s, const void *bytes, size_t len, int fd, unsigned fds)
{
	struct iovec v = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} c = {0};
	struct msghdr mh = {.msg_iov = &v, .msg_iovlen = 1};

	if (fd >= 0) {
		mh.msg_control = c.bytes;
		mh.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		c.align.cmsg_level = SOL_SOCKET;
		c.align.cmsg_type = SCM_RIGHTS;
		c.align.cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (unsigned i = 0; i < fds; i++)
			memcpy(CMSG_DATA(&c.align) + i * sizeof(int), &fd, sizeof(int));
	}
	CU_ASSERT_EQUAL(sendmsg(s, &mh, MSG_NOSIGNAL), (ssize_t)len);
}

static struct vop_hello hello_of(enum vop_node_id role)
{
	return (struct vop_hello){
		.magic = htole32(VOP_HELLO_MAGIC),
		.kind = htole16(VOP_HELLO),
		.major = htole16(VOP_VERSION_MAJOR),
		.minor = htole16(VOP_VERSION_MINOR),
		.role = htole32(role),
		.window_base = htole64(VOP_WINDOW_BASE(role)),
		.window_size = htole64(WINDOW),
		.pid = htole32(4711),
		.doorbells = htole32(64),
	};
}

static int make_memfd(uint64_t size, unsigned seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, (off_t)size), 0);
	CU_ASSERT_EQUAL(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

#define GOOD_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* Play a whole node by hand towards a listener: returns the joined socket. */
static int raw_join(struct opener *o, enum vop_node_id role_of_o)
{
	struct vop_hello h = hello_of(role_of_o == VOP_HOST ? VOP_ENDPOINT : VOP_HOST), answer;
	int fd = make_memfd(WINDOW, GOOD_SEALS);
	int s;

	start(o, role_of_o);
	wait_for_name();
	s = raw_connect(SOCK_SEQPACKET);
	raw_send(s, &h, sizeof(h), fd, 1);
	CU_ASSERT_EQUAL(recv(s, &answer, sizeof(answer), 0), sizeof(answer));
	CU_ASSERT_EQUAL(le16toh(answer.kind), VOP_HELLO);
	h.kind = htole16(VOP_HELLO_READY);
	raw_send(s, &h, sizeof(h), -1, 0);
	finish(o);
	close(fd);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o->link);
	return s;
}

/* --- meeting --- */

static void check_pair(struct opener *a, struct opener *b)
{
	uint8_t out[1000], in[1000];
	struct vop_link *l = a->link, *m = b->link;

	CU_ASSERT_EQUAL(l->peer.base, m->own.base);
	CU_ASSERT_EQUAL(l->peer.size, m->own.size);
	CU_ASSERT_NOT_EQUAL(l->own.base, l->peer.base);
	for (unsigned i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + 1);
	CU_ASSERT_EQUAL(l->ops->copy_to(l, l->peer.base + 4097, out, sizeof(out)), 0);
	CU_ASSERT_EQUAL(memcmp(m->own.map + 4097, out, sizeof(out)), 0);
	CU_ASSERT_EQUAL(l->ops->copy_from(l, in, l->peer.base + 4097, sizeof(in)), 0);
	CU_ASSERT_EQUAL(memcmp(in, out, sizeof(out)), 0);
	CU_ASSERT_EQUAL(l->ops->copy_to(l, l->peer.base + WINDOW - 999, out, 1000), -EFAULT);
	CU_ASSERT_EQUAL(l->ops->copy_to(l, l->peer.base - 1, out, 1), -EFAULT);
	CU_ASSERT_EQUAL(l->ops->copy_to(l, UINT64_MAX, out, 1000), -EFAULT);
	CU_ASSERT_EQUAL(l->ops->copy_from(l, in, l->own.base, 1), -EFAULT);
	CU_ASSERT_EQUAL(l->ops->copy_from(l, in, l->peer.base + WINDOW, 0), 0);
}

static void either_order(void)
{
	struct opener a, b;

	begin();
	join(&a, &b, VOP_HOST);
	check_pair(&a, &b);
	close_link(&a);
	close_link(&b);
	join(&a, &b, VOP_ENDPOINT);
	check_pair(&b, &a);
	close_link(&b);
	close_link(&a);
	end();
}

static void both_at_once(void)
{
	struct opener a, b;

	begin();
	for (unsigned i = 0; i < 30; i++) {
		start(&a, VOP_HOST);
		start(&b, VOP_ENDPOINT);
		finish(&a);
		finish(&b);
		CU_ASSERT_PTR_NOT_NULL_FATAL(a.link);
		CU_ASSERT_PTR_NOT_NULL_FATAL(b.link);
		close_link(i & 1 ? &a : &b);
		close_link(i & 1 ? &b : &a);
	}
	end();
}

static void stale_name(void)
{
	struct opener a, b;

	begin();
	close(raw_listen(SOCK_SEQPACKET)); /* as a killed process leaves it */
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	start(&a, VOP_HOST);
	open_now(&b, VOP_ENDPOINT);
	finish(&a);
	CU_ASSERT_PTR_NOT_NULL(a.link);
	CU_ASSERT_PTR_NOT_NULL(b.link);
	close_link(&a);
	close_link(&b);
	end();
}

static void name_removed_while_waiting(void)
{
	struct opener a, b;

	begin();
	start(&a, VOP_HOST);
	wait_for_name();
	unlink(path);
	CU_ASSERT_EQUAL(open_now(&b, VOP_ENDPOINT), 0);
	finish(&a);
	CU_ASSERT_PTR_NOT_NULL(a.link);
	close_link(&a);
	close_link(&b);
	end();
}

static void time_out_and_cancel(void)
{
	struct opener a;
	struct vop_hello h;
	uint64_t one = 1;
	int cancel, s;

	begin();
	memset(&a, 0, sizeof(a));
	a.cfg = config(VOP_HOST);
	a.cfg.timeout_ms = 30;
	open_main(&a);
	CU_ASSERT_EQUAL(a.code, -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.err.text, "endpoint"));
	cancel = eventfd(0, EFD_CLOEXEC);
	a.cfg.cancel_fd = cancel;
	a.cfg.timeout_ms = -1;
	CU_ASSERT_EQUAL(pthread_create(&a.thread, NULL, open_main, &a), 0);
	wait_for_name();
	CU_ASSERT_EQUAL(write(cancel, &one, sizeof(one)), sizeof(one));
	finish(&a);
	CU_ASSERT_EQUAL(a.code, -ECANCELED);
	close(cancel);
	/* Whom it turned away meanwhile is not the reason it gives. */
	memset(&a, 0, sizeof(a));
	a.cfg = config(VOP_HOST);
	a.cfg.timeout_ms = 300;
	CU_ASSERT_EQUAL(pthread_create(&a.thread, NULL, open_main, &a), 0);
	wait_for_name();
	h = hello_of(VOP_HOST);
	s = raw_connect(SOCK_SEQPACKET);
	raw_send(s, &h, sizeof(h), -1, 0);
	finish(&a);
	close(s);
	CU_ASSERT_EQUAL(a.code, -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.err.text, "no endpoint came"));
	end();
}

static void bad_paths(void)
{
	char deep[200];
	struct opener a;
	int fd;

	begin();
	memset(deep, 'x', sizeof(deep));
	deep[sizeof(deep) - 1] = 0;
	memset(&a, 0, sizeof(a));
	a.cfg = config(VOP_HOST);
	a.cfg.path = deep;
	open_main(&a);
	CU_ASSERT_EQUAL(a.code, -ENAMETOOLONG);
	a.cfg.path = "/nonexistent/directory/link";
	open_main(&a);
	CU_ASSERT_EQUAL(a.code, -ENOENT);
	/* A file of that name is not ours to remove. */
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	close(fd);
	CU_ASSERT_EQUAL(open_now(&a, VOP_HOST), -EADDRINUSE);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	unlink(path);
	end();
}

/* --- refusing --- */

static void two_hosts(void)
{
	struct opener a, b, c;

	begin();
	start(&a, VOP_HOST);
	wait_for_name();
	CU_ASSERT_EQUAL(open_now(&b, VOP_HOST), -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.err.text, "host too"));
	/* The first one still waits. */
	CU_ASSERT_EQUAL(open_now(&c, VOP_ENDPOINT), 0);
	finish(&a);
	CU_ASSERT_PTR_NOT_NULL(a.link);
	close_link(&a);
	close_link(&c);
	end();
}

struct server {
	struct vop_link *link;
	int stop;
};

static void *serve(void *arg)
{
	struct server *s = arg;
	struct vop_msg m;

	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		struct pollfd p = {.fd = s->link->ops->event_fd(s->link), .events = POLLIN};

		poll(&p, 1, 20);
		if (s->link->ops->recv(s->link, &m) != -EAGAIN)
			break;
	}
	return NULL;
}

static void third_node(void)
{
	struct opener a, b, c;
	struct server s;
	pthread_t t;

	begin();
	join(&a, &b, VOP_HOST);
	s = (struct server){.link = a.link};
	pthread_create(&t, NULL, serve, &s);
	CU_ASSERT_EQUAL(open_now(&c, VOP_ENDPOINT), -EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(c.err.text, "two nodes"));
	CU_ASSERT_EQUAL(open_now(&c, VOP_HOST), -EADDRINUSE);
	__atomic_store_n(&s.stop, 1, __ATOMIC_RELEASE);
	pthread_join(t, NULL);
	/* The two are still joined. */
	CU_ASSERT_EQUAL(nudge(b.link, 1, 3), 0);
	struct vop_msg m;
	CU_ASSERT_EQUAL(get(a.link, &m), 0);
	CU_ASSERT_EQUAL(m.slot, 3);
	close_link(&a);
	close_link(&b);
	end();
}

/* Send a HELLO to a waiting host; what it answers goes to *answer, its own result is returned. */
static int hello_to_host(const void *bytes, size_t len, int fd, struct vop_hello *answer,
			 struct vop_error *err)
{
	struct opener a;
	int s;

	start(&a, VOP_HOST);
	wait_for_name();
	s = raw_connect(SOCK_SEQPACKET);
	raw_send(s, bytes, len, fd, 1);
	memset(answer, 0, sizeof(*answer));
	CU_ASSERT_EQUAL(recv(s, answer, sizeof(*answer), 0), sizeof(*answer));
	finish(&a);
	close(s);
	CU_ASSERT_PTR_NULL(a.link);
	close_link(&a);
	*err = a.err;
	return a.code;
}

static void bad_hello_to_listener(void)
{
	struct vop_hello h = hello_of(VOP_ENDPOINT), answer;
	struct vop_error err;
	int fd;

	begin();
	fd = make_memfd(WINDOW, GOOD_SEALS);
	h.magic = htole32(0xdeadbeef);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "0xdeadbeef"));
	CU_ASSERT_EQUAL(le16toh(answer.reason), VOP_REFUSE_VERSION);
	h = hello_of(VOP_ENDPOINT);
	h.major = htole16(7);
	h.minor = htole16(3);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "7.3"));
	CU_ASSERT_EQUAL(le16toh(answer.major), VOP_VERSION_MAJOR);
	h = hello_of(VOP_ENDPOINT);
	CU_ASSERT_EQUAL(hello_to_host("hello?", 6, -1, &answer, &err), -EPROTO);
	CU_ASSERT_EQUAL(le16toh(answer.reason), VOP_REFUSE_GARBAGE);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h) - 1, -1, &answer, &err), -EPROTO);
	h.role = htole32(2);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	/* Overlap with the host's window, and the end of the address space. */
	h = hello_of(VOP_ENDPOINT);
	h.window_base = htole64(VOP_WINDOW_BASE(VOP_HOST) + WINDOW / 2);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "overlap"));
	h.window_base = htole64(0 - WINDOW);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "wraps"));
	/* Nothing that is aligned on the bus would be aligned where we see it. */
	h.window_base = htole64(VOP_WINDOW_BASE(VOP_ENDPOINT) + 1);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "multiple of 2 MiB"));
	close(fd);
	end();
}

static void bad_window(void)
{
	struct vop_hello h = hello_of(VOP_ENDPOINT), answer;
	struct vop_error err;
	char file[96];
	int fd;

	begin();
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), -1, &answer, &err), -EPROTO);
	fd = make_memfd(WINDOW, 0);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "sealed"));
	CU_ASSERT_EQUAL(le16toh(answer.reason), VOP_REFUSE_WINDOW);
	close(fd);
	fd = make_memfd(WINDOW - 4096, GOOD_SEALS);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "size"));
	close(fd);
	fd = make_memfd(WINDOW, GOOD_SEALS | F_SEAL_WRITE);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	close(fd);
	snprintf(file, sizeof(file), "%s/file", dir);
	fd = open(file, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	CU_ASSERT_EQUAL(ftruncate(fd, WINDOW), 0);
	CU_ASSERT_EQUAL(hello_to_host(&h, sizeof(h), fd, &answer, &err), -EPROTO);
	close(fd);
	unlink(file);
	end();
}

static void silent_connecter(void)
{
	struct opener a, b;
	int s, gone;

	begin();
	start(&a, VOP_HOST);
	wait_for_name();
	gone = raw_connect(SOCK_SEQPACKET);
	close(gone);
	s = raw_connect(SOCK_SEQPACKET);
	/* It says nothing, and the next one is served. */
	CU_ASSERT_EQUAL(open_now(&b, VOP_ENDPOINT), 0);
	finish(&a);
	CU_ASSERT_PTR_NOT_NULL(a.link);
	close(s);
	close_link(&a);
	close_link(&b);
	end();
}

/* A listener that is no node: answers with `bytes`, or not at all. */
struct impostor {
	int listen_fd, conn;
	struct vop_hello said;
	int window;
};

static void *impostor_main(void *arg)
{
	struct impostor *i = arg;
	struct vop_hello h;

	i->conn = accept4(i->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	CU_ASSERT_EQUAL(recv(i->conn, &h, sizeof(h), 0), sizeof(h));
	raw_send(i->conn, &i->said, sizeof(i->said), i->window, 1);
	return NULL;
}

static int meet_impostor(struct vop_hello said, int window, struct vop_error *err)
{
	struct impostor i = {
		.listen_fd = raw_listen(SOCK_SEQPACKET), .said = said, .window = window};
	struct vop_hello last = {0};
	struct opener a;
	pthread_t t;

	pthread_create(&t, NULL, impostor_main, &i);
	open_now(&a, VOP_HOST);
	pthread_join(t, NULL);
	/* Whatever it was refused for, it was told or hung up on. */
	recv(i.conn, &last, sizeof(last), MSG_DONTWAIT);
	CU_ASSERT_NOT_EQUAL(le16toh(last.kind), VOP_HELLO_READY);
	CU_ASSERT_PTR_NULL(a.link);
	close_link(&a);
	close(i.conn);
	close(i.listen_fd);
	unlink(path);
	*err = a.err;
	return a.code;
}

static void bad_listener(void)
{
	struct vop_hello h = hello_of(VOP_ENDPOINT);
	struct vop_error err;
	struct opener a;
	int s, fd;

	begin();
	s = raw_listen(SOCK_STREAM);
	CU_ASSERT_EQUAL(open_now(&a, VOP_HOST), -EPROTO);
	close(s);
	unlink(path);
	s = raw_listen(SOCK_SEQPACKET);
	CU_ASSERT_EQUAL(open_now(&a, VOP_HOST), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.err.text, "does not answer"));
	close(s);
	unlink(path);
	h.major = htole16(9);
	CU_ASSERT_EQUAL(meet_impostor(h, -1, &err), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "9.0"));
	h = hello_of(VOP_ENDPOINT);
	h.magic = htole32(1);
	CU_ASSERT_EQUAL(meet_impostor(h, -1, &err), -EPROTO);
	h = hello_of(VOP_HOST);
	CU_ASSERT_EQUAL(meet_impostor(h, -1, &err), -EEXIST);
	h = hello_of(VOP_ENDPOINT);
	fd = make_memfd(WINDOW, F_SEAL_GROW);
	CU_ASSERT_EQUAL(meet_impostor(h, fd, &err), -EPROTO);
	close(fd);
	end();
}

/* --- messages --- */

static void messages(void)
{
	struct vop_msg m, bad = {.type = VOP_MSG_NUDGE, .slot = VOP_SLOTS};
	struct opener a, b;

	begin();
	join(&a, &b, VOP_HOST);
	CU_ASSERT_EQUAL(a.link->ops->recv(a.link, &m), -EAGAIN);
	CU_ASSERT_EQUAL(nudge(a.link, 0, 63), 0);
	CU_ASSERT_EQUAL(get(b.link, &m), 0);
	CU_ASSERT_EQUAL(m.type, VOP_MSG_NUDGE);
	CU_ASSERT_EQUAL(m.creator, 0);
	CU_ASSERT_EQUAL(m.slot, 63);
	CU_ASSERT_EQUAL(a.link->ops->send(a.link, &bad), -EINVAL);
	bad.type = 99;
	CU_ASSERT_EQUAL(a.link->ops->send(a.link, &bad), -EINVAL);
	m = (struct vop_msg){.type = VOP_MSG_BYE};
	CU_ASSERT_EQUAL(a.link->ops->send(a.link, &m), 0);
	close_link(&a);
	/* What was said before the end is heard; then the end, as often as one asks. */
	CU_ASSERT_EQUAL(get(b.link, &m), 0);
	CU_ASSERT_EQUAL(m.type, VOP_MSG_BYE);
	CU_ASSERT_EQUAL(get(b.link, &m), -EPIPE);
	CU_ASSERT_EQUAL(b.link->ops->recv(b.link, &m), -EPIPE);
	CU_ASSERT_EQUAL(nudge(b.link, 0, 0), -EPIPE);
	close_link(&b);
	end();
}

/* The peer does not listen for a while: every (creator, slot) still arrives, and the doorbells. */
static void flood(void)
{
	uint64_t seen[2] = {0, 0};
	struct opener a, b;
	struct vop_msg m;
	struct vop_doorbell db, ring;
	unsigned doorbells = 0;

	begin();
	join(&a, &b, VOP_ENDPOINT);
	for (unsigned i = 0; i < 20000; i++)
		CU_ASSERT_EQUAL_FATAL(nudge(a.link, i & 1, 5), 0);
	CU_ASSERT_EQUAL(a.link->ops->db_listen(a.link, 17, &db), 0);
	for (unsigned i = 0; i < 2 * VOP_SLOTS; i++)
		CU_ASSERT_EQUAL(nudge(a.link, i & 1, i / 2), 0);
	while (seen[0] != UINT64_MAX || seen[1] != UINT64_MAX || !doorbells) {
		int r = b.link->ops->recv(b.link, &m);
		struct pollfd p = {.fd = a.link->ops->event_fd(a.link), .events = POLLIN};

		CU_ASSERT_FATAL(r == 0 || r == -EAGAIN);
		if (r == 0 && m.type == VOP_MSG_DOORBELL)
			doorbells++;
		/* A doorbell is announced before the nudges that came after it. */
		if (r == 0 && m.type == VOP_MSG_NUDGE && m.slot != 5)
			CU_ASSERT_EQUAL(doorbells, 1);
		if (r == 0 && m.type == VOP_MSG_NUDGE)
			seen[m.creator] |= (uint64_t)1 << m.slot;
		/* The sender's descriptor asks for the call that sends the rest. */
		if (r == -EAGAIN) {
			CU_ASSERT_EQUAL_FATAL(poll(&p, 1, PATIENCE_MS), 1);
			CU_ASSERT_EQUAL(a.link->ops->recv(a.link, &m), -EAGAIN);
		}
	}
	CU_ASSERT_EQUAL(b.link->ops->db_connect(b.link, 17, &ring), 0);
	/* All said: the descriptor rests. */
	struct pollfd p = {.fd = a.link->ops->event_fd(a.link), .events = POLLIN};
	a.link->ops->recv(a.link, &m);
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 0);
	close_link(&a);
	close_link(&b);
	end();
}

static void hostile_message(const void *bytes, size_t len, int fd, unsigned fds, int expect)
{
	struct vop_msg m;
	struct opener a;
	int s = raw_join(&a, VOP_HOST);
	int before = count_fds();

	raw_send(s, bytes, len, fd, fds);
	CU_ASSERT_EQUAL(get(a.link, &m), expect);
	if (expect)
		CU_ASSERT_EQUAL(a.link->ops->recv(a.link, &m), expect);
	CU_ASSERT_EQUAL(count_fds(), before);
	close(s);
	close_link(&a);
}

static void hostile_messages(void)
{
	uint8_t msg[64] = {0};
	int pipes[2], file;

	begin();
	CU_ASSERT_EQUAL(pipe2(pipes, O_CLOEXEC), 0);
	file = open("/dev/null", O_RDWR | O_CLOEXEC);
	msg[0] = 200;
	hostile_message(msg, 16, -1, 0, -EPROTO);
	msg[0] = VOP_MSG_RING;
	hostile_message(msg, 16, -1, 0, -EPROTO);
	msg[0] = VOP_MSG_NUDGE;
	hostile_message(msg, 15, -1, 0, -EPROTO);
	hostile_message(msg, 17, -1, 0, -EPROTO);
	hostile_message(msg, 64, file, MANY_FDS, -EPROTO);
	/* Descriptors nobody asked for are closed. */
	hostile_message(msg, 16, file, MANY_FDS, 0);
	msg[2] = 2;
	hostile_message(msg, 16, -1, 0, -EPROTO);
	msg[2] = 0;
	msg[4] = VOP_SLOTS;
	hostile_message(msg, 16, -1, 0, -EPROTO);
	msg[4] = 0;
	msg[0] = VOP_MSG_DOORBELL;
	hostile_message(msg, 16, -1, 0, -EPROTO);
	hostile_message(msg, 16, pipes[1], 1, -EPROTO);
	hostile_message(msg, 16, file, MANY_FDS, -EPROTO);
	memset(msg + 8, 0xff, 4);
	hostile_message(msg, 16, file, 1, -EPROTO);
	msg[0] = VOP_MSG_UNLISTEN;
	hostile_message(msg, 16, -1, 0, -EPROTO);
	close(pipes[0]);
	close(pipes[1]);
	close(file);
	end();
}

/*
 * A TCP socket whose last close() waits, longer than anybody has, for data that its other end,
 * *peer, never takes.
 */
static int lingering_socket(int *peer)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct linger on = {.l_onoff = 1, .l_linger = 3600};
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(a);
	static char data[65536];

	CU_ASSERT_EQUAL_FATAL(bind(l, (struct sockaddr *)&a, len), 0);
	CU_ASSERT_EQUAL(listen(l, 1), 0);
	getsockname(l, (struct sockaddr *)&a, &len);
	CU_ASSERT_EQUAL_FATAL(connect(s, (struct sockaddr *)&a, sizeof(a)), 0);
	*peer = accept4(l, NULL, NULL, SOCK_CLOEXEC);
	close(l);
	while (send(s, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	CU_ASSERT_EQUAL(setsockopt(s, SOL_SOCKET, SO_LINGER, &on, sizeof(on)), 0);
	return s;
}

/* What the peer attaches to a message is closed at once, whatever it is. */
static void lingering_message(void)
{
	struct {
		vop_le16 type;
		uint8_t rest[14];
	} msg = {.type = htole16(VOP_MSG_NUDGE)};
	int s, fd, before, tcp[2];
	struct vop_msg m;
	struct opener a;

	begin();
	s = raw_join(&a, VOP_HOST);
	fd = lingering_socket(&tcp[0]);
	before = count_fds();
	raw_send(s, &msg, sizeof(msg), fd, 1);
	close(fd);
	CU_ASSERT_EQUAL(get(a.link, &m), 0);
	CU_ASSERT_EQUAL(count_fds(), before - 1);
	/* Several of them, one too many for what the receiver wants. */
	fd = lingering_socket(&tcp[1]);
	raw_send(s, &msg, sizeof(msg), fd, MANY_FDS);
	close(fd);
	CU_ASSERT_EQUAL(get(a.link, &m), 0);
	close(tcp[0]);
	close(tcp[1]);
	close(s);
	close_link(&a);
	end();
}

/* --- doorbells of the link --- */

/* Where the kernel can, it refuses to carry descriptors to a doorbell: its drain would close them.
 */
static void ring_with_descriptor(void)
{
	struct vop_db_table t;
	struct vop_doorbell rx;
	char ring = 1;
	struct iovec v = {.iov_base = &ring, .iov_len = 1};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} c = {0};
	struct msghdr mh = {.msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = c.bytes,
			    .msg_controllen = sizeof(c.bytes)};
	int fd = STDIN_FILENO, off = 0, before = count_fds();
	ssize_t n;

	CU_ASSERT_EQUAL_FATAL(vop_db_table_open(&t, 1, 1), 0);
	CU_ASSERT_EQUAL_FATAL(vop_db_table_listen(&t, 0, &rx), 0);
	c.align.cmsg_level = SOL_SOCKET;
	c.align.cmsg_type = SCM_RIGHTS;
	c.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&c.align), &fd, sizeof(int));
	n = sendmsg(t.own[0].tx, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (setsockopt(rx.fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off)) == 0) {
		CU_ASSERT_EQUAL(n, -1);
		CU_ASSERT_EQUAL(errno, EPERM);
	}
	CU_ASSERT_EQUAL(vop_doorbell_drain(&rx), n == 1);
	CU_ASSERT_EQUAL(send(t.own[0].tx, &ring, 1, MSG_DONTWAIT), 1);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&rx), 1);
	vop_db_table_release(&t, &rx);
	vop_db_table_close(&t);
	CU_ASSERT_EQUAL(count_fds(), before);
}

static void link_doorbell(void)
{
	struct vop_doorbell rx, again, tx, other;
	struct vop_doorbell *const wait[] = {&rx};
	struct opener a, b;
	struct vop_link *l, *m;
	struct vop_msg msg;

	begin();
	join(&a, &b, VOP_HOST);
	l = a.link;
	m = b.link;
	CU_ASSERT_EQUAL(m->ops->db_connect(m, 7, &tx), -ENOENT);
	CU_ASSERT_EQUAL(l->ops->db_listen(l, 7, &rx), 0);
	CU_ASSERT_EQUAL(l->ops->db_listen(l, 7, &again), -EEXIST);
	CU_ASSERT_EQUAL(l->ops->db_listen(l, l->caps.doorbells, &again), -EINVAL);
	CU_ASSERT_EQUAL(get(m, &msg), 0);
	CU_ASSERT_EQUAL(msg.type, VOP_MSG_DOORBELL);
	CU_ASSERT_EQUAL(msg.arg, 7);
	CU_ASSERT_EQUAL(m->ops->db_connect(m, 7, &tx), 0);
	CU_ASSERT_EQUAL(m->ops->db_connect(m, 7, &other), 0);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&rx), 0);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&tx), 0);
	CU_ASSERT_EQUAL(vop_doorbell_wait(wait, 1, -1), 1);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&rx), 1);
	CU_ASSERT_EQUAL(vop_doorbell_wait(wait, 1, 0), 0);
	/* The listener ends it while somebody still holds it: ringing says so, the number stays. */
	l->ops->db_close(l, &rx);
	CU_ASSERT_EQUAL(rx.kind, VOP_DB_NONE);
	CU_ASSERT_EQUAL(get(m, &msg), 0);
	CU_ASSERT_EQUAL(msg.type, VOP_MSG_UNLISTEN);
	CU_ASSERT(fcntl(tx.fd, F_GETFD) >= 0);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&tx), -EPIPE);
	CU_ASSERT_EQUAL(m->ops->db_connect(m, 7, &again), -ENOENT);
	/* Listened on anew: old holders ring the new one. */
	CU_ASSERT_EQUAL(l->ops->db_listen(l, 7, &rx), 0);
	CU_ASSERT_EQUAL(get(m, &msg), 0);
	CU_ASSERT_EQUAL(vop_doorbell_ring(&tx), 0);
	CU_ASSERT_EQUAL(vop_doorbell_drain(&rx), 1);
	l->ops->db_close(l, &rx);
	CU_ASSERT_EQUAL(get(m, &msg), 0);
	m->ops->db_close(m, &tx);
	m->ops->db_close(m, &other);
	close_link(&a);
	close_link(&b);
	end();
}

static void many_doorbells(void)
{
	enum { MANY = 300 };
	static struct vop_doorbell rx[MANY], tx[MANY];
	struct opener a, b;
	struct vop_msg m;
	unsigned got = 0;
	int fds;

	begin();
	join(&a, &b, VOP_HOST);
	CU_ASSERT_FATAL(a.link->caps.doorbells >= MANY);
	fds = count_fds();
	for (unsigned i = 0; i < MANY; i++)
		CU_ASSERT_EQUAL_FATAL(a.link->ops->db_listen(a.link, i, &rx[i]), 0);
	while (got < MANY) {
		int r = b.link->ops->recv(b.link, &m);

		CU_ASSERT_FATAL(r == 0 || r == -EAGAIN);
		got += r == 0 && m.type == VOP_MSG_DOORBELL;
		if (r)
			a.link->ops->recv(a.link, &m);
	}
	/* One descriptor at each end of each. */
	CU_ASSERT_EQUAL(count_fds(), fds + 2 * MANY);
	for (unsigned i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL(b.link->ops->db_connect(b.link, i, &tx[i]), 0);
		CU_ASSERT_EQUAL(vop_doorbell_ring(&tx[i]), 0);
		for (unsigned k = 0; k < MANY; k += 37)
			CU_ASSERT_EQUAL(vop_doorbell_drain(&rx[(i + k) % MANY]), k == 0);
	}
	for (unsigned i = 0; i < MANY; i++)
		a.link->ops->db_close(a.link, &rx[i]);
	close_link(&a);
	close_link(&b);
	end();
}

/* A peer that offers the same doorbell for ever costs one descriptor. */
static void offered_again_and_again(void)
{
	uint8_t msg[16] = {VOP_MSG_DOORBELL};
	struct vop_msg m;
	struct opener a;
	int s, pair[2], before;

	begin();
	s = raw_join(&a, VOP_HOST);
	CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	before = count_fds();
	for (unsigned i = 0; i < 500; i++) {
		raw_send(s, msg, sizeof(msg), pair[1], 1);
		CU_ASSERT_EQUAL_FATAL(get(a.link, &m), 0);
	}
	CU_ASSERT_EQUAL(count_fds(), before + 1);
	close(pair[0]);
	close(pair[1]);
	close(s);
	close_link(&a);
	end();
}

/* --- the window, and the loss of the peer --- */

static void window_cannot_shrink(void)
{
	struct vop_hello h = hello_of(VOP_ENDPOINT), answer;
	int fd = make_memfd(WINDOW, GOOD_SEALS);
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec v = {.iov_base = &answer, .iov_len = sizeof(answer)};
	struct msghdr mh = {.msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = c.bytes,
			    .msg_controllen = sizeof(c.bytes)};
	struct opener a;
	struct stat st;
	int s, host;

	begin();
	start(&a, VOP_HOST);
	wait_for_name();
	s = raw_connect(SOCK_SEQPACKET);
	raw_send(s, &h, sizeof(h), fd, 1);
	close(fd);
	CU_ASSERT_EQUAL(recvmsg(s, &mh, MSG_CMSG_CLOEXEC), sizeof(answer));
	host = vop_rdv_take_fd(&mh);
	CU_ASSERT_FATAL(host >= 0);
	CU_ASSERT_EQUAL(ftruncate(host, 4096), -1);
	CU_ASSERT_EQUAL(errno, EPERM);
	CU_ASSERT_EQUAL(ftruncate(host, 2 * WINDOW), -1);
	CU_ASSERT_EQUAL(errno, EPERM);
	CU_ASSERT_EQUAL(fcntl(host, F_ADD_SEALS, F_SEAL_WRITE), -1);
	CU_ASSERT_EQUAL(fstat(host, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, WINDOW);
	if (st.st_blksize < (2 << 20)) /* plain pages: nothing is spent before it is touched */
		CU_ASSERT(st.st_blocks <= 8);
	h.kind = htole16(VOP_HELLO_READY);
	raw_send(s, &h, sizeof(h), -1, 0);
	finish(&a);
	CU_ASSERT_PTR_NOT_NULL(a.link);
	close_link(&a);
	close(host);
	close(s);
	fds_before--; /* fd was open when they were counted */
	end();
}

/* A child that opens the link as a host, once the name exists if it is to be second, and waits to
 * be killed. */
static pid_t child_host(bool second)
{
	struct vop_shm_config cfg = config(VOP_HOST);
	struct vop_error err;
	pid_t pid;
	int code;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (second)
			wait_for_name();
		if (!vop_link_shm_open(&cfg, &err, &code))
			_exit(1);
		for (;;)
			pause();
	}
	return pid;
}

static void killed_listener(void)
{
	struct opener b;
	struct vop_msg m;
	int status;
	pid_t pid;

	begin();
	pid = child_host(false);
	wait_for_name();
	CU_ASSERT_EQUAL(open_now(&b, VOP_ENDPOINT), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b.link);
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(get(b.link, &m), -EPIPE);
	waitpid(pid, &status, 0);
	CU_ASSERT(WIFSIGNALED(status));
	/* The memory of the dead peer is still there to touch. */
	b.link->peer.map[0] = 1;
	close_link(&b);
	end();
}

static void killed_connecter(void)
{
	struct opener b;
	struct vop_msg m;
	int status;
	pid_t pid;

	begin();
	pid = child_host(true);
	CU_ASSERT_EQUAL(open_now(&b, VOP_ENDPOINT), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b.link);
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(get(b.link, &m), -EPIPE);
	waitpid(pid, &status, 0);
	close_link(&b);
	end();
}

/* The survivor meets the restarted peer again, in a fresh window. */
static void killed_and_restarted(void)
{
	struct opener b;
	struct vop_msg m;
	int status;
	pid_t pid;

	begin();
	for (unsigned i = 0; i < 5; i++) {
		pid = child_host(false);
		CU_ASSERT_EQUAL(open_now(&b, VOP_ENDPOINT), 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(b.link);
		CU_ASSERT_EQUAL(b.link->own.map[123], 0);
		CU_ASSERT_EQUAL(b.link->peer.map[123], 0);
		b.link->own.map[123] = 1;
		b.link->peer.map[123] = 1;
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		CU_ASSERT_EQUAL(get(b.link, &m), -EPIPE);
		close_link(&b);
	}
	end();
}

int suite_link(void)
{
	CU_pSuite s = CU_add_suite("link", NULL, NULL);

	if (!s || !CU_add_test(s, "either node first", either_order) ||
	    !CU_add_test(s, "both at once", both_at_once) ||
	    !CU_add_test(s, "stale name replaced", stale_name) ||
	    !CU_add_test(s, "name removed while waiting", name_removed_while_waiting) ||
	    !CU_add_test(s, "time-out and cancel", time_out_and_cancel) ||
	    !CU_add_test(s, "bad paths", bad_paths) || !CU_add_test(s, "two hosts", two_hosts) ||
	    !CU_add_test(s, "third node", third_node) ||
	    !CU_add_test(s, "bad HELLO to a listener", bad_hello_to_listener) ||
	    !CU_add_test(s, "bad window", bad_window) ||
	    !CU_add_test(s, "silent connecter", silent_connecter) ||
	    !CU_add_test(s, "bad listener", bad_listener) ||
	    !CU_add_test(s, "messages", messages) || !CU_add_test(s, "flood", flood) ||
	    !CU_add_test(s, "hostile messages", hostile_messages) ||
	    !CU_add_test(s, "message with a lingering socket", lingering_message) ||
	    !CU_add_test(s, "ring with a descriptor", ring_with_descriptor) ||
	    !CU_add_test(s, "doorbells of the link", link_doorbell) ||
	    !CU_add_test(s, "many doorbells", many_doorbells) ||
	    !CU_add_test(s, "doorbell offered again and again", offered_again_and_again) ||
	    !CU_add_test(s, "window cannot shrink", window_cannot_shrink) ||
	    !CU_add_test(s, "killed listener", killed_listener) ||
	    !CU_add_test(s, "killed connecter", killed_connecter) ||
	    !CU_add_test(s, "killed and restarted", killed_and_restarted))
		return CU_get_error();
	return 0;
}
