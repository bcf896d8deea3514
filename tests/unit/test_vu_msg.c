/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codec of vhost-user messages: the form of each, and how they come over a socket whose other
 * end is hostile: in pieces, cut off, with descriptors anywhere, too long, too many.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "tests/unit/leaks.h"
#include "vop/vhost_user.h"

enum { NO_FD, ONE_FD, RING_FD, TABLE_FDS, MAYBE_FD };

struct row {
	uint32_t request, size;
	int fds;
	bool answered;
	const char *name;
};

/* The protocol's text once more, apart from the table that is tested. */
static const struct row front_rows[] = {
	{1, 0, NO_FD, true, "GET_FEATURES"},
	{2, 8, NO_FD, false, "SET_FEATURES"},
	{3, 0, NO_FD, false, "SET_OWNER"},
	{4, 0, NO_FD, false, "RESET_OWNER"},
	{5, 8, TABLE_FDS, false, "SET_MEM_TABLE"},
	{6, 16, MAYBE_FD, false, "SET_LOG_BASE"},
	{7, 0, ONE_FD, false, "SET_LOG_FD"},
	{8, 8, NO_FD, false, "SET_VRING_NUM"},
	{9, 40, NO_FD, false, "SET_VRING_ADDR"},
	{10, 8, NO_FD, false, "SET_VRING_BASE"},
	{11, 8, NO_FD, true, "GET_VRING_BASE"},
	{12, 8, RING_FD, false, "SET_VRING_KICK"},
	{13, 8, RING_FD, false, "SET_VRING_CALL"},
	{14, 8, RING_FD, false, "SET_VRING_ERR"},
	{15, 0, NO_FD, true, "GET_PROTOCOL_FEATURES"},
	{16, 8, NO_FD, false, "SET_PROTOCOL_FEATURES"},
	{17, 0, NO_FD, true, "GET_QUEUE_NUM"},
	{18, 8, NO_FD, false, "SET_VRING_ENABLE"},
	{19, 8, NO_FD, false, "SEND_RARP"},
	{20, 8, NO_FD, false, "NET_SET_MTU"},
	{21, 0, ONE_FD, false, "SET_BACKEND_REQ_FD"},
	{24, 12, NO_FD, true, "GET_CONFIG"},
	{25, 12, NO_FD, false, "SET_CONFIG"},
	{31, 20, NO_FD, true, "GET_INFLIGHT_FD"},
	{32, 20, ONE_FD, false, "SET_INFLIGHT_FD"},
	{34, 0, NO_FD, false, "RESET_DEVICE"},
	{35, 8, NO_FD, false, "VRING_KICK"},
	{36, 0, NO_FD, true, "GET_MAX_MEM_SLOTS"},
	{37, 40, ONE_FD, false, "ADD_MEM_REG"},
	{38, 40, MAYBE_FD, false, "REM_MEM_REG"},
	{39, 8, NO_FD, false, "SET_STATUS"},
	{40, 0, NO_FD, true, "GET_STATUS"},
};
static const struct row back_rows[] = {
	{2, 0, NO_FD, false, "CONFIG_CHANGE"},
	{3, 24, MAYBE_FD, false, "VRING_HOST_NOTIFIER"},
	{4, 8, NO_FD, false, "VRING_CALL"},
	{5, 8, NO_FD, false, "VRING_ERR"},
};

static int sock[2]; /* [0] is hostile, [1] reads */
static struct vop_vu_stream s;
static struct leaks before;
static const char *why;

static void begin(enum vop_vu_side side)
{
	before = leaks_now();
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock), 0);
	vop_vu_stream_init(&s, sock[1], side);
}

static void end(void)
{
	vop_vu_stream_fini(&s);
	if (sock[0] >= 0)
		close(sock[0]);
	close(sock[1]);
	CU_ASSERT_EQUAL(leaks_now().fds, before.fds);
}

/* Bytes as they are, with n descriptors of a file that can be told from others. */
static void put(const void *bytes, size_t len, unsigned n)
{
	int fd[256];
	union {
		char room[CMSG_SPACE(sizeof(fd))];
		struct cmsghdr align;
	} control = {0};
	struct iovec v = {(void *)(uintptr_t)bytes, len};
	struct msghdr mh = {.msg_iov = &v, .msg_iovlen = 1};
	unsigned i;

	for (i = 0; i < n; i++)
		fd[i] = STDERR_FILENO;
	if (n) {
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fd, n * sizeof(int));
		mh.msg_control = control.room;
		mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
	}
	CU_ASSERT_EQUAL_FATAL(sendmsg(sock[0], &mh, MSG_NOSIGNAL), (ssize_t)len);
}

/* As on the wire, where the payload follows the header at once. */
static size_t wire(const struct vop_vu_msg *m, uint8_t *bytes)
{
	memcpy(bytes, &m->h, sizeof(m->h));
	memcpy(bytes + sizeof(m->h), m->bytes, m->h.size);
	return sizeof(m->h) + m->h.size;
}

static struct vop_vu_msg message(uint32_t request, uint32_t size, uint32_t flags)
{
	return (struct vop_vu_msg){.h = {request, VOP_VU_VERSION | flags, size}};
}

/* --- forms --- */

static int check(const struct vop_vu_msg *m, enum vop_vu_side side)
{
	int r;

	why = NULL;
	r = vop_vu_check(m, side, &why);
	CU_ASSERT_TRUE(r == 0 ? !why : r == -EPROTO && why && !strchr(why, '\n'));
	return r;
}

static void check_row(const struct row *w, enum vop_vu_side side)
{
	bool config = side == VOP_VU_FROM_FRONT && (w->request == 24 || w->request == 25);
	struct vop_vu_msg m = message(w->request, w->size, 0);
	unsigned n, version;

	for (n = 0; n <= VOP_VU_FDS; n++) {
		bool good = n == 0;

		if (w->fds == ONE_FD || w->fds == RING_FD)
			good = n == 1;
		if (w->fds == MAYBE_FD)
			good = n <= 1;
		m.fds = n; /* a table of no regions has none either */
		CU_ASSERT_EQUAL(check(&m, side), good ? 0 : -EPROTO);
	}
	m.fds = w->fds == ONE_FD || w->fds == RING_FD;
	/* Longer is taken: front-ends are known to send more than they need. */
	m.h.size = w->size + 8;
	CU_ASSERT_EQUAL(check(&m, side), 0);
	m.h.size = VOP_VU_PAYLOAD;
	CU_ASSERT_EQUAL(check(&m, side), 0);
	m.h.size = VOP_VU_PAYLOAD + 1;
	CU_ASSERT_EQUAL(check(&m, side), -EPROTO);
	for (m.h.size = 0; m.h.size < w->size; m.h.size++)
		CU_ASSERT_EQUAL(check(&m, side), -EPROTO);
	m.h.size = w->size;
	m.h.flags |= VOP_VU_REPLY;
	CU_ASSERT_EQUAL(check(&m, side), -EPROTO);
	m.h.flags = VOP_VU_VERSION | VOP_VU_NEED_REPLY;
	CU_ASSERT_EQUAL(check(&m, side), 0);
	for (version = 0; version < 4; version++) {
		m.h.flags = version;
		CU_ASSERT_EQUAL(check(&m, side), version == 1 ? 0 : -EPROTO);
	}
	m.h.flags = VOP_VU_VERSION;
	if (config) {
		m.config.size = 1;
		CU_ASSERT_EQUAL(check(&m, side), -EPROTO);
		m.h.size = 13;
		CU_ASSERT_EQUAL(check(&m, side), 0);
		m.config.size = VOP_VU_CONFIG_MAX;
		m.h.size = 12 + VOP_VU_CONFIG_MAX;
		CU_ASSERT_EQUAL(check(&m, side), 0);
		m.h.size--;
		CU_ASSERT_EQUAL(check(&m, side), -EPROTO);
		m.h.size = VOP_VU_PAYLOAD;
		m.config.size++;
		CU_ASSERT_EQUAL(check(&m, side), -EPROTO);
		m.config.size = UINT32_MAX;
		CU_ASSERT_EQUAL(check(&m, side), -EPROTO);
	}
	CU_ASSERT_STRING_EQUAL(vop_vu_name(w->request, side), w->name);
	if (side == VOP_VU_FROM_FRONT)
		CU_ASSERT_EQUAL(vop_vu_has_answer(w->request), w->answered);
}

static void test_forms(void)
{
	struct vop_vu_msg m = message(99, 0, 0);
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(front_rows); i++)
		check_row(&front_rows[i], VOP_VU_FROM_FRONT);
	for (i = 0; i < VOP_ARRAY_SIZE(back_rows); i++)
		check_row(&back_rows[i], VOP_VU_FROM_BACK);
	/* Unknown ones are for the caller to judge. */
	m.fds = 3;
	CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), 0);
	CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_BACK), 0);
	CU_ASSERT_PTR_NULL(vop_vu_name(99, VOP_VU_FROM_FRONT));
	CU_ASSERT_PTR_NULL(vop_vu_name(1, VOP_VU_FROM_BACK));
	CU_ASSERT_PTR_NULL(vop_vu_name(0, VOP_VU_FROM_FRONT));
	CU_ASSERT_FALSE(vop_vu_has_answer(99));
	m.h.flags = 2;
	CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), -EPROTO);
}

/* The sizes that cross the socket. */
static void test_layout(void)
{
	CU_ASSERT_EQUAL(sizeof(struct vop_vu_header), 12);
	CU_ASSERT_EQUAL(sizeof(struct vop_vu_vring_addr), 40);
	CU_ASSERT_EQUAL(offsetof(struct vop_vu_vring_addr, used), 16);
	CU_ASSERT_EQUAL(offsetof(struct vop_vu_vring_addr, available), 24);
	CU_ASSERT_EQUAL(offsetof(struct vop_vu_mem_table, region), 8);
	CU_ASSERT_EQUAL(sizeof(struct vop_vu_region), 32);
	CU_ASSERT_EQUAL(offsetof(struct vop_vu_region, user), 16);
	CU_ASSERT_EQUAL(sizeof(struct vop_vu_single_region), 40);
	CU_ASSERT_EQUAL(offsetof(struct vop_vu_config, data), 12);
	CU_ASSERT_EQUAL(sizeof(struct vop_vu_inflight), 24);
	CU_ASSERT_EQUAL(offsetof(struct vop_vu_inflight, queue_size), 18);
}

static void test_table(void)
{
	struct vop_vu_msg m = message(VOP_VU_SET_MEM_TABLE, 0, 0);
	uint32_t n;

	for (n = 0; n <= 8; n++) {
		m.mem.n = n;
		m.fds = n;
		m.h.size = 8 + 32 * n;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), 0);
		m.h.size--;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), -EPROTO);
		m.h.size = 8 + 32 * 8; /* room for all, whatever is used */
		CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), 0);
		m.fds = n + 1;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), -EPROTO);
		m.fds = n - 1;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), -EPROTO);
	}
	m.mem.n = 9;
	m.fds = 8;
	m.h.size = VOP_VU_PAYLOAD;
	CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), -EPROTO);
	m.mem.n = 0x8000001; /* times 32 is 32 in 32 bits */
	CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), -EPROTO);
}

static void test_no_descriptor(void)
{
	struct vop_vu_msg m = message(0, 8, 0);

	for (m.h.request = 12; m.h.request <= 14; m.h.request++) {
		m.u64 = 3 | VOP_VU_RING_NOFD;
		m.fds = 0;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), 0);
		m.fds = 1;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), -EPROTO);
		m.u64 = 3;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), 0);
		m.fds = 0;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_FROM_FRONT), -EPROTO);
	}
}

static void test_answers(void)
{
	struct vop_vu_msg m;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(front_rows); i++) {
		uint32_t request = front_rows[i].request;

		if (request == VOP_VU_GET_CONFIG || request == VOP_VU_GET_INFLIGHT_FD)
			continue;
		m = message(request, 8, VOP_VU_REPLY);
		CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), 0);
		m.fds = 1;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), -EPROTO);
		m.fds = 0;
		m.h.size = 7;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), -EPROTO);
		m.h.size = 8;
		m.h.flags = VOP_VU_VERSION;
		CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), -EPROTO);
	}
	m = message(VOP_VU_GET_CONFIG, 0, VOP_VU_REPLY);
	CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), 0); /* refused */
	m.fds = 1;
	CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), -EPROTO);
	m.fds = 0;
	m.config.size = 4;
	m.h.size = 16;
	CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), 0);
	m.h.size = 15;
	CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), -EPROTO);
	m.h.size = VOP_VU_PAYLOAD;
	m.config.size = VOP_VU_CONFIG_MAX + 1;
	CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), -EPROTO);

	m = message(VOP_VU_GET_INFLIGHT_FD, 20, VOP_VU_REPLY);
	for (m.fds = 0; m.fds <= 2; m.fds++)
		CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), m.fds <= 1 ? 0 : -EPROTO);
	m.fds = 1;
	m.h.size = 24;
	CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), 0);
	m.h.size = 19;
	CU_ASSERT_EQUAL(check(&m, VOP_VU_ANSWERS), -EPROTO);
}

/* --- receiving --- */

static struct vop_vu_msg region_message(void)
{
	struct vop_vu_msg m = message(VOP_VU_ADD_MEM_REG, 40, 0);

	m.one.region = (struct vop_vu_region){
		.guest = 0x1122334455667788, .size = 4096, .user = 0x99aabbccddeeff00, .offset = 7};
	return m;
}

static void same(const struct vop_vu_msg *a, const struct vop_vu_msg *b)
{
	CU_ASSERT_EQUAL(memcmp(&a->h, &b->h, sizeof(a->h)), 0);
	CU_ASSERT_EQUAL(memcmp(a->bytes, b->bytes, sizeof(a->bytes)), 0);
}

static void expect(const struct vop_vu_msg *m, unsigned fds)
{
	struct vop_vu_msg got;

	CU_ASSERT_EQUAL_FATAL(vop_vu_recv(&s, &got), 0);
	same(&got, m);
	CU_ASSERT_EQUAL(got.fds, fds);
	vop_vu_close_fds(&got);
	CU_ASSERT_EQUAL(got.fds, 0);
}

static void refused(const char *words)
{
	struct vop_vu_msg got;

	CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.why);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.why, words));
	/* Nothing can follow, and nothing is kept. */
	CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EPROTO);
	CU_ASSERT_EQUAL(s.in.fds, 0);
	CU_ASSERT_EQUAL(leaks_now().fds, before.fds + 2);
}

/* One byte after the other, the descriptor with any one of them. */
static void test_pieces(void)
{
	struct vop_vu_msg m = region_message(), got;
	uint8_t bytes[600];
	size_t n = wire(&m, bytes), at, i;

	for (at = 0; at < n; at++) {
		begin(VOP_VU_FROM_FRONT);
		CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EAGAIN);
		for (i = 0; i < n; i++) {
			put(bytes + i, 1, i == at);
			if (i + 1 < n)
				CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EAGAIN);
		}
		expect(&m, 1);
		CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EAGAIN);
		end();
	}
}

static void test_together(void)
{
	struct vop_vu_msg a = region_message(), b = message(VOP_VU_SET_VRING_NUM, 8, 0),
			  c = message(VOP_VU_GET_FEATURES, 0, VOP_VU_NEED_REPLY), got;
	uint8_t bytes[1800];
	size_t n = wire(&a, bytes);

	b.state = (struct vop_vu_vring_state){3, 256};
	begin(VOP_VU_FROM_FRONT);
	n += wire(&b, bytes + n);
	n += wire(&c, bytes + n);
	put(bytes, n, 1);
	expect(&a, 1);
	/* What an earlier, longer message held is not in a shorter one. */
	expect(&b, 0);
	expect(&c, 0);
	CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EAGAIN);
	close(sock[0]);
	sock[0] = -1;
	CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EPIPE);
	CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EPIPE);
	CU_ASSERT_PTR_NULL(s.why);
	end();
}

/* A table's descriptors, some with the header, some later. */
static void test_spread_descriptors(void)
{
	struct vop_vu_msg m = message(VOP_VU_SET_MEM_TABLE, 8 + 3 * 32, 0), got;
	uint8_t bytes[600];
	size_t n = wire(&m, bytes);

	m.mem.n = 3;
	wire(&m, bytes);
	begin(VOP_VU_FROM_FRONT);
	put(bytes, 5, 1);
	CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EAGAIN);
	put(bytes + 5, 20, 1);
	put(bytes + 25, n - 25, 1);
	expect(&m, 3);
	/* Not whole yet, and given up. */
	put(bytes, 50, 3);
	CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EAGAIN);
	CU_ASSERT_EQUAL(leaks_now().fds, before.fds + 5);
	end();
}

static void too_many(unsigned first, unsigned later)
{
	struct vop_vu_msg m = message(VOP_VU_SET_MEM_TABLE, 8 + 8 * 32, 0);
	uint8_t bytes[600];
	size_t n;

	m.mem.n = 8;
	n = wire(&m, bytes);
	begin(VOP_VU_FROM_FRONT);
	put(bytes, 100, first);
	put(bytes + 100, n - 100, later);
	if (first + later == 8) {
		expect(&m, 8);
	} else {
		refused("descriptors");
	}
	end();
}

static void test_too_many_descriptors(void)
{
	static const unsigned first[] = {8, 0, 4, 9, 8, 8, 10, 11, 64, 253, 0};
	static const unsigned later[] = {0, 8, 4, 0, 1, 8, 0, 0, 0, 0, 253};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(first); i++)
		too_many(first[i], later[i]);
}

static void test_stray_descriptors(void)
{
	struct vop_vu_msg m = message(VOP_VU_GET_FEATURES, 0, 0);
	unsigned n;

	for (n = 1; n <= VOP_VU_FDS; n++) {
		begin(VOP_VU_FROM_FRONT);
		put(&m.h, sizeof(m.h), n);
		refused("do not belong");
		end();
	}
	begin(VOP_VU_FROM_FRONT);
	m = region_message();
	CU_ASSERT_EQUAL(vop_vu_send(sock[0], &m, 0), 0);
	refused("without the descriptor");
	end();
}

static void test_cut_off(void)
{
	struct vop_vu_msg m = region_message(), got;
	uint8_t bytes[600];
	size_t n = wire(&m, bytes), k;

	for (k = 0; k < n; k++) {
		begin(VOP_VU_FROM_FRONT);
		if (k)
			put(bytes, k, 1);
		/* With and without a look in between. */
		if (k & 1)
			CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EAGAIN);
		shutdown(sock[0], SHUT_WR);
		if (k) {
			refused("breaks off");
		} else {
			CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EPIPE);
		}
		end();
	}
}

static void test_oversize(void)
{
	static const uint32_t sizes[] = {VOP_VU_PAYLOAD + 1, 4096, 0x80000000, UINT32_MAX - 11,
					 UINT32_MAX};
	struct vop_vu_msg m = message(99, VOP_VU_PAYLOAD, 0);
	uint8_t bytes[600];
	unsigned i;

	begin(VOP_VU_FROM_FRONT);
	memset(m.bytes, 0xa5, sizeof(m.bytes));
	put(bytes, wire(&m, bytes), 2);
	expect(&m, 2);
	end();
	for (i = 0; i < VOP_ARRAY_SIZE(sizes); i++) {
		m.h.size = sizes[i];
		begin(VOP_VU_FROM_FRONT);
		/* Refused by the header alone. */
		put(&m.h, sizeof(m.h), 1);
		refused("longer");
		end();
	}
}

static void test_directions(void)
{
	struct vop_vu_msg m = message(VOP_VU_GET_FEATURES, 8, VOP_VU_REPLY);
	uint8_t bytes[600];

	begin(VOP_VU_ANSWERS);
	put(bytes, wire(&m, bytes), 0);
	expect(&m, 0);
	m.h.flags = VOP_VU_VERSION;
	put(bytes, wire(&m, bytes), 0);
	refused("a request where an answer was due");
	end();
	begin(VOP_VU_FROM_BACK);
	m = message(VOP_VU_BACKEND_CONFIG_CHANGE, 0, VOP_VU_NEED_REPLY);
	put(bytes, wire(&m, bytes), 0);
	expect(&m, 0);
	m.h.flags = VOP_VU_VERSION | VOP_VU_REPLY;
	put(bytes, wire(&m, bytes), 0);
	refused("an answer to nothing");
	end();
	begin(VOP_VU_FROM_FRONT);
	m = message(VOP_VU_GET_FEATURES, 0, 0);
	m.h.flags = 2;
	put(bytes, wire(&m, bytes), 1);
	refused("another version");
	end();
}

/* --- sending --- */

static void test_send(void)
{
	struct vop_vu_msg m = region_message(), got;
	struct stat a, b;
	int fd;

	begin(VOP_VU_FROM_FRONT);
	m.fd[0] = STDERR_FILENO;
	m.fds = 1;
	CU_ASSERT_EQUAL(vop_vu_send(sock[0], &m, 0), 0);
	CU_ASSERT_EQUAL_FATAL(vop_vu_recv(&s, &got), 0);
	same(&m, &got);
	CU_ASSERT_EQUAL_FATAL(got.fds, 1);
	CU_ASSERT_EQUAL(vop_vu_take_fd(&got, 1), -1);
	fd = vop_vu_take_fd(&got, 0);
	CU_ASSERT_NOT_EQUAL(fd, STDERR_FILENO);
	CU_ASSERT_EQUAL(fstat(fd, &a) | fstat(STDERR_FILENO, &b), 0);
	CU_ASSERT_EQUAL(a.st_ino, b.st_ino);
	CU_ASSERT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	/* Taken is taken. */
	CU_ASSERT_EQUAL(vop_vu_take_fd(&got, 0), -1);
	vop_vu_close_fds(&got);
	CU_ASSERT_TRUE(fcntl(fd, F_GETFD) >= 0);
	close(fd);

	m.h.size = VOP_VU_PAYLOAD + 1;
	CU_ASSERT_EQUAL(vop_vu_send(sock[0], &m, 0), -EMSGSIZE);
	m.h.size = 40;
	m.fds = VOP_VU_FDS + 1;
	CU_ASSERT_EQUAL(vop_vu_send(sock[0], &m, 0), -EMSGSIZE);
	m.fds = 1;
	m.fd[0] = 1 << 20;
	CU_ASSERT_EQUAL(vop_vu_send(sock[0], &m, 0), -EBADF);
	CU_ASSERT_EQUAL(vop_vu_recv(&s, &got), -EAGAIN);
	m.fds = 0;
	close(sock[1]);
	sock[1] = dup(sock[0]);
	/* And no SIGPIPE, which would be the end of the tests. */
	CU_ASSERT_EQUAL(vop_vu_send(sock[0], &m, 0), -EPIPE);
	end();
}

/* As many whole messages as the socket takes. */
static unsigned fill_up(const struct vop_vu_msg *m)
{
	unsigned n = 0;
	int r;

	while ((r = vop_vu_send(sock[0], m, 0)) == 0)
		n++;
	CU_ASSERT_EQUAL(r, -ETIMEDOUT);
	return n;
}

static void *read_all(void *arg)
{
	unsigned want = *(unsigned *)arg, n = 0;
	struct vop_vu_msg got;
	int r;

	while (n < want) {
		r = vop_vu_recv(&s, &got);
		if (r == 0)
			n++;
		else if (r == -EAGAIN)
			usleep(1000);
		else
			break;
	}
	*(unsigned *)arg = n;
	return NULL;
}

static void test_full(void)
{
	struct vop_vu_msg m = message(99, VOP_VU_PAYLOAD, 0);
	int small = 4096;
	unsigned n, want;
	pthread_t t;

	begin(VOP_VU_FROM_FRONT);
	setsockopt(sock[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	n = fill_up(&m);
	CU_ASSERT_TRUE(n > 0);
	CU_ASSERT_EQUAL(vop_vu_send(sock[0], &m, 5), -ETIMEDOUT);
	/* For ever, that is until somebody reads. */
	want = n + 1;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, read_all, &want), 0);
	CU_ASSERT_EQUAL(vop_vu_send(sock[0], &m, -1), 0);
	pthread_join(t, NULL);
	CU_ASSERT_EQUAL(want, n + 1);
	/* A peer that goes while we wait. */
	fill_up(&m);
	shutdown(sock[1], SHUT_RDWR);
	CU_ASSERT_EQUAL(vop_vu_send(sock[0], &m, -1), -EPIPE);
	end();
}

int suite_vu_msg(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{"form of every message", test_forms},
		{"layout", test_layout},
		{"memory table", test_table},
		{"rings without descriptor", test_no_descriptor},
		{"form of every answer", test_answers},
		{"byte by byte", test_pieces},
		{"several in one write", test_together},
		{"descriptors along the way", test_spread_descriptors},
		{"too many descriptors", test_too_many_descriptors},
		{"descriptors where none belong", test_stray_descriptors},
		{"cut off at every byte", test_cut_off},
		{"too long", test_oversize},
		{"directions and versions", test_directions},
		{"sending", test_send},
		{"a full socket", test_full},
	};
	CU_pSuite suite = CU_add_suite("vu_msg", NULL, NULL);
	unsigned i;

	for (i = 0; suite && i < VOP_ARRAY_SIZE(tests); i++)
		CU_add_test(suite, tests[i].name, tests[i].fn);
	return CU_get_error();
}
