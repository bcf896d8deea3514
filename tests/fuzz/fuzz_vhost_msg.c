/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codec of vhost-user messages alone. The first byte says whose messages arrive (from the
 * front-end, answers, from the back-end); then come writes: how many bytes, how many descriptors,
 * the bytes. No descriptor may be left, and what is handed out has the form it should.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vop/vhost_user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASSERT(cond)                                                                               \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

/* The lowest descriptor that is free: another one than before says that some stayed open. */
static int lowest(void)
{
	int fd = dup(STDERR_FILENO);

	ASSERT(fd >= 0);
	close(fd);
	return fd;
}

static void put(int to, const uint8_t *bytes, size_t n, unsigned fds)
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
	sendmsg(to, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The sound thing about a message that was handed out: all that follows from it fits. */
static void sound(const struct vop_vu_msg *m, enum vop_vu_side side)
{
	const char *why = NULL;

	ASSERT(vop_vu_check(m, side, &why) == 0 && !why);
	ASSERT(m->h.size <= VOP_VU_PAYLOAD && m->fds <= VOP_VU_FDS);
	ASSERT((m->h.flags & VOP_VU_VERSION_MASK) == VOP_VU_VERSION);
	ASSERT(!(m->h.flags & VOP_VU_REPLY) == (side != VOP_VU_ANSWERS));
	if (side == VOP_VU_FROM_FRONT && m->h.request == VOP_VU_SET_MEM_TABLE)
		ASSERT(m->mem.n <= VOP_VU_REGIONS && m->fds == m->mem.n);
	if (side == VOP_VU_FROM_FRONT && m->h.request == VOP_VU_SET_CONFIG)
		ASSERT(m->config.size <= VOP_VU_CONFIG_MAX);
	if (side == VOP_VU_ANSWERS && m->h.request == VOP_VU_GET_CONFIG)
		ASSERT((!m->h.size || m->config.size <= VOP_VU_CONFIG_MAX) && m->fds == 0);
}

/* Whatever has arrived; false when nothing can follow. */
static bool take(struct vop_vu_stream *s)
{
	struct vop_vu_msg m;
	int r;

	while ((r = vop_vu_recv(s, &m)) == 0) {
		sound(&m, s->side);
		vop_vu_close_fds(&m);
	}
	ASSERT(r == -EAGAIN || r == -EPIPE || r == -EPROTO);
	ASSERT((r == -EPROTO) == (s->why != NULL));
	return r == -EAGAIN;
}

/* The check alone, of a message that never was on a socket. */
static void check(const uint8_t *data, size_t size, enum vop_vu_side side)
{
	struct vop_vu_msg m = {0};
	const char *why = NULL;
	int r;

	if (size < sizeof(m.h) + 1)
		return;
	m.fds = data[0] % (VOP_VU_FDS + 1);
	memcpy(&m.h, data + 1, sizeof(m.h));
	memcpy(m.bytes, data + 1 + sizeof(m.h), VOP_MIN(size - 1 - sizeof(m.h), sizeof(m.bytes)));
	r = vop_vu_check(&m, side, &why);
	ASSERT(r == 0 ? !why : r == -EPROTO && why && why[0]);
	if (r == 0)
		sound(&m, side);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vop_vu_stream s;
	enum vop_vu_side side;
	int sock[2], first = lowest();
	bool more = true;

	if (!size)
		return 0;
	side = data[0] % 3;
	data++;
	size--;
	check(data, size, side);
	ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) == 0);
	vop_vu_stream_init(&s, sock[0], side);
	while (size >= 2 && more) {
		size_t n = VOP_MIN((size_t)data[0] + 1, size - 2);

		put(sock[1], data + 2, n, data[1] & 15);
		data += 2 + n;
		size -= 2 + n;
		more = n == 0 || take(&s);
	}
	close(sock[1]);
	ASSERT(!take(&s) && !take(&s));
	vop_vu_stream_fini(&s);
	close(sock[0]);
	ASSERT(lowest() == first);
	return 0;
}
