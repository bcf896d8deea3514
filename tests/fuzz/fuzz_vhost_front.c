/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front-end against a back-end that an input leads astray. It answers as it should, but before
 * each answer one byte of the input says what to do otherwise (enum act), with more bytes behind
 * it; an input that is used up means a back-end that is sound from there on. The target is opened,
 * a session made and closed; nothing may be left, and every error is one that is documented.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "target/session.h"
#include "target/vhost_user.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASSERT(cond)                                                                               \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

#define TIMEOUT_MS 5

enum act {
	SOUND = 8,     /* below: as it should */
	FLIP = 8,      /* where, by what: one byte of header or payload */
	NUMBER = 9,    /* eight bytes: another payload */
	SIZE = 10,     /* two bytes: another size */
	FDS = 11,      /* how many come along */
	RAW = 12,      /* how many bytes, and these */
	SILENT = 13,   /* no answer */
	BACK_RAW = 14, /* as RAW, on the channel of its own requests */
	BACK = 15,     /* request, flags, descriptors: a request of its own that has a form */
	CLOSE = 16,    /* hangs up */
	ERR = 17,      /* rings the error of the ring set up last */
	ACTS
};

struct back_end {
	const uint8_t *data;
	size_t size;
	uint64_t features, protocol;
	int conn, back, err_fd;
};

static char dir[] = "/tmp/vop-fuzz-vu-XXXXXX";
static char path[64], uri[96];
static int listener;

static void tidy(void)
{
	unlink(path);
	rmdir(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	(void)argc;
	(void)argv;
	ASSERT(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/vu", dir);
	snprintf(uri, sizeof(uri), "vhost-user:%s", path);
	strcpy(a.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT(listener >= 0 && bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	       listen(listener, 1) == 0);
	atexit(tidy);
	return 0;
}

/* --- the back-end --- */

static uint8_t next(struct back_end *b)
{
	if (!b->size)
		return 0;
	b->size--;
	return *b->data++;
}

static uint64_t number(struct back_end *b)
{
	uint64_t v = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		v |= (uint64_t)next(b) << 8 * i;
	return v;
}

static void put(int to, const void *bytes, size_t n, unsigned fds)
{
	int fd[15];
	union {
		char room[CMSG_SPACE(sizeof(fd))];
		struct cmsghdr align;
	} control = {0};
	struct iovec v = {(void *)(uintptr_t)bytes, n};
	struct msghdr mh = {.msg_iov = &v, .msg_iovlen = 1};
	unsigned i;

	for (i = 0; i < 15; i++)
		fd[i] = STDERR_FILENO;
	if (fds) {
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(fds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fd, fds * sizeof(int));
		mh.msg_control = control.room;
		mh.msg_controllen = CMSG_SPACE(fds * sizeof(int));
	}
	if (to >= 0 && n)
		sendmsg(to, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void put_raw(struct back_end *b, int to)
{
	uint8_t bytes[64];
	unsigned n = next(b) % sizeof(bytes), i;

	for (i = 0; i < n; i++)
		bytes[i] = next(b);
	put(to, bytes, n, 0);
}

static void put_request(struct back_end *b)
{
	uint8_t request = next(b), flags = next(b), fds = next(b);
	struct vop_vu_header h = {request % 7, 1 | (flags & 12), request % 7 > 2 ? 24 : 0};
	uint8_t bytes[sizeof(h) + 24] = {0};

	memcpy(bytes, &h, sizeof(h));
	put(b->back, bytes, sizeof(h) + h.size, fds % 3);
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void keep(int *fd, struct vop_vu_msg *m)
{
	drop(fd);
	*fd = vop_vu_take_fd(m, 0);
}

/* The answer as it should be; false when none is due. */
static bool answer(struct back_end *b, struct vop_vu_msg *m, struct vop_vu_msg *a)
{
	*a = (struct vop_vu_msg){
		.h = {m->h.request, VOP_VU_VERSION | VOP_VU_REPLY, sizeof(a->u64)}};
	switch (m->h.request) {
	case VOP_VU_GET_FEATURES:
		a->u64 = b->features;
		break;
	case VOP_VU_GET_PROTOCOL_FEATURES:
		a->u64 = b->protocol;
		break;
	case VOP_VU_GET_QUEUE_NUM:
		a->u64 = 1;
		break;
	case VOP_VU_GET_STATUS:
		a->u64 = 15;
		break;
	case VOP_VU_GET_CONFIG:
		a->config = m->config;
		a->h.size = m->h.size;
		break;
	case VOP_VU_GET_VRING_BASE:
		a->state = m->state;
		break;
	case VOP_VU_GET_INFLIGHT_FD:
		a->h.size = sizeof(a->inflight);
		break;
	case VOP_VU_SET_BACKEND_REQ_FD:
		keep(&b->back, m);
		break;
	case VOP_VU_SET_VRING_ERR:
		keep(&b->err_fd, m);
		break;
	default:
		break;
	}
	return vop_vu_has_answer(m->h.request) || (m->h.flags & VOP_VU_NEED_REPLY);
}

static void one_message(struct back_end *b, struct vop_vu_msg *m)
{
	static const uint64_t one = 1;
	struct vop_vu_msg a;
	bool due = answer(b, m, &a);
	uint8_t bytes[sizeof(a.h) + sizeof(a.bytes)] = {0};
	uint8_t act = next(b) % ACTS;
	unsigned fds = 0, at;

	if (act == NUMBER)
		a.u64 = number(b);
	if (act == SIZE) {
		a.h.size = next(b);
		a.h.size |= (uint32_t)next(b) << 8;
	}
	if (act == FDS)
		fds = next(b) & 15;
	memcpy(bytes, &a.h, sizeof(a.h));
	memcpy(bytes + sizeof(a.h), a.bytes, sizeof(a.bytes));
	if (act == FLIP) {
		at = next(b) % 64;
		bytes[at] ^= next(b);
	}
	if (act == RAW)
		put_raw(b, b->conn);
	if (act == BACK_RAW)
		put_raw(b, b->back);
	if (act == BACK)
		put_request(b);
	if (act == ERR && b->err_fd >= 0)
		ASSERT(write(b->err_fd, &one, sizeof(one)) == sizeof(one));
	if (act == CLOSE)
		drop(&b->conn);
	/* FDS: also where no answer is due. */
	else if ((due && act != SILENT) || act == FDS)
		put(b->conn, bytes, sizeof(a.h) + VOP_MIN(a.h.size, VOP_VU_PAYLOAD), fds);
}

static void *serve(void *arg)
{
	struct back_end *b = arg;
	struct pollfd p = {.fd = listener, .events = POLLIN};
	struct vop_vu_stream s;
	struct vop_vu_msg m;
	int r = -EAGAIN;

	/* Nobody calls when there was no memory for a window. */
	if (poll(&p, 1, 1000) == 1)
		b->conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	vop_vu_stream_init(&s, b->conn, VOP_VU_FROM_FRONT);
	while (b->conn >= 0) {
		r = vop_vu_recv(&s, &m);
		if (r == 0) {
			one_message(b, &m);
			vop_vu_close_fds(&m);
		} else if (r == -EAGAIN) {
			p.fd = b->conn;
			poll(&p, 1, -1);
		} else {
			/* The front-end never says what is no message. */
			ASSERT(r == -EPIPE);
			break;
		}
	}
	vop_vu_stream_fini(&s);
	drop(&b->conn);
	drop(&b->back);
	drop(&b->err_fd);
	return NULL;
}

/* --- the front-end --- */

static bool documented(int r)
{
	return r == 0 || r == -EPIPE || r == -ETIMEDOUT || r == -EINVAL || r == -ENOTSUP ||
	       r == -EPROTO || r == -ENOMEM || r == -EPERM;
}

static void count(void *lost)
{
	++*(unsigned *)lost;
}

static void use(struct target *t, bool packed)
{
	static struct session s;
	struct session_config c = {
		.want = {packed ? 1ull << VOP_F_RING_PACKED : 0, 0},
		.queues = 2,
		.queue_use = {true, true},
		.size = {8, 8},
		.notify = {VOP_NOTIFY_EVENT, VOP_NOTIFY_POLL},
	};
	struct vop_error err = {""};
	uint8_t b[16], status;
	unsigned lost = 0;
	int r;

	t->ops->on_lost(t, count, &lost);
	r = session_open(&s, t, &c, &err);
	ASSERT(documented(r) && (r == 0 || (err.text[0] && !strchr(err.text, '\n'))));
	if (r == 0) {
		ASSERT(documented(t->ops->config_read(t, 0, b, sizeof(b), NULL)));
		ASSERT(documented(t->ops->config_write(t, 0, b, sizeof(b))));
		ASSERT(documented(t->ops->get_status(t, &status)));
		t->ops->events(t);
		session_close(&s);
	}
	r = t->ops->service(t);
	ASSERT(r == 0 || r == -EPIPE);
	ASSERT((r == -EPIPE) == (t->ops->lost_reason(t) != NULL));
	ASSERT(lost == (r == -EPIPE));
}

static int lowest(void)
{
	int fd = dup(STDERR_FILENO);

	ASSERT(fd >= 0);
	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct back_end b = {.data = data, .size = size, .conn = -1, .back = -1, .err_fd = -1};
	struct target_config c = {
		.uri = uri,
		.device_id = 1,
		.timeout_ms = TIMEOUT_MS,
		.window_size = 2 << 20,
		.no_huge = true,
	};
	struct vop_error err = {""};
	int first = lowest(), r;
	uint8_t how = next(&b);
	struct target *t = NULL;
	pthread_t thread;

	/* Which features are there at all; what is odd about them comes by NUMBER. */
	b.features = 1ull << VOP_F_VERSION_1 | 1ull << VOP_F_RING_PACKED |
		     (how & 1 ? 0 : 1ull << VOP_VU_F_PROTOCOL_FEATURES);
	b.protocol = how & 2 ? UINT64_MAX : UINT64_MAX & ~(1ull << (how >> 3));
	ASSERT(pthread_create(&thread, NULL, serve, &b) == 0);
	r = target_open(&c, &t, &err);
	ASSERT(documented(r) && (r == 0) == (t != NULL));
	ASSERT(r == 0 || (err.text[0] && !strchr(err.text, '\n')));
	if (t)
		use(t, how & 4);
	target_close(t);
	pthread_join(thread, NULL);
	ASSERT(lowest() == first);
	return 0;
}
