/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any front-end against a device of each type: messages with any bytes and descriptors, whole legal
 * steps between them so that deep states are reached, memory written or taken away while rings run.
 * Afterwards nothing of the front-end's is left open or mapped.
 *
 * Input: which device, then operations: a code and its operands, until it is used up.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vop/features.h>
#include "fuzz_ring.h"
#include "vop/front/vhost_user.h"
#include "vop/vhost_user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEM   (64u << 10) /* bytes of the file; all of it is announced */
#define GUEST 0x10000ull
#define USER  0x7f000000ull
#define OPS   200u
#define RING  0x2000u /* bytes that a ring's parts are apart */

enum { OP_RAW, OP_FEATURES, OP_TABLE, OP_RING, OP_WRITE, OP_TURN, OP_STOP, OP_CUT, OP_AGAIN, OP_N };

/* Kept from one input to the next: a front lives longer than its front-ends. */
struct bed {
	struct vop_poller *poller;
	struct vop_vu_front *front[4];
	int file, event, pipe[2];
	uint8_t *mem;
	unsigned held, runs;
};

struct run {
	struct bed *b;
	struct vop_vu_front *f;
	struct fuzz_in in;
	int sock;
};

/* Of the kinds that are handed over; the fuzzer itself opens others when it likes. */
static unsigned count_held(const struct bed *b)
{
	DIR *d = opendir("/proc/self/fd");
	FILE *f = fopen("/proc/self/maps", "r");
	char line[400], what[200], ours[200] = "";
	const struct dirent *e;
	unsigned n = 0;
	ssize_t len;

	snprintf(line, sizeof(line), "/proc/self/fd/%d", b->pipe[1]);
	FUZZ_ASSERT(readlink(line, ours, sizeof(ours) - 1) > 0);
	while (d && (e = readdir(d))) {
		len = readlinkat(dirfd(d), e->d_name, what, sizeof(what) - 1);
		if (len <= 0)
			continue;
		what[len] = 0;
		n += strstr(what, "memfd:fuzz_vu") || strstr(what, "event") ||
		     strstr(what, "socket") || strcmp(what, ours) == 0;
	}
	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "memfd:fuzz_vu") != NULL;
	if (d)
		closedir(d);
	if (f)
		fclose(f);
	return n;
}

static struct vop_vu_front *open_front(struct bed *b, const struct vop_service_type *t)
{
	struct vop_service_device as = vop_service_default(t, VOP_ENDPOINT);
	struct vop_vu_front_config c = {.device = &as, .poller = b->poller};
	struct vop_error err;
	int k;

	as.queue_size = 0;
	k = vop_service_key_index(t, "pairs");
	if (k >= 0)
		as.v[k].number = 2;
	k = vop_service_key_index(t, "size");
	if (k >= 0)
		as.v[k].number = t == &vop_service_net ? 64 : 1 << 20;
	return vop_vu_front_open(&c, &err);
}

static struct bed *make_bed(void)
{
	static struct bed b;
	struct vop_poller_config p = {.cpu = -1};
	unsigned i;

	if (b.poller)
		return &b;
	b.poller = vop_poller_new(&p);
	b.file = memfd_create("fuzz_vu", MFD_CLOEXEC);
	b.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	FUZZ_ASSERT(b.poller && ftruncate(b.file, MEM) == 0 && b.event >= 0 &&
		    pipe2(b.pipe, O_CLOEXEC | O_NONBLOCK) == 0);
	b.mem = mmap(NULL, MEM, PROT_READ | PROT_WRITE, MAP_SHARED, b.file, 0);
	FUZZ_ASSERT(b.mem != MAP_FAILED);
	for (i = 0; i < 4; i++) {
		b.front[i] = open_front(&b, vop_service_types[i]);
		FUZZ_ASSERT(b.front[i]);
	}
	b.held = count_held(&b);
	return &b;
}

static void join(struct run *r)
{
	int pair[2];

	FUZZ_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	r->sock = pair[0];
	FUZZ_ASSERT(vop_vu_front_attach(r->f, pair[1]) == 0);
}

static void part(struct run *r)
{
	vop_vu_front_detach(r->f);
	close(r->sock);
}

/* Answers are thrown away; a front that hung up is joined again. */
static void serve(struct run *r)
{
	uint8_t sink[4096];

	vop_vu_front_service(r->f);
	while (recv(r->sock, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
	if (vop_vu_front_attached(r->f))
		return;
	close(r->sock);
	join(r);
}

static void send_msg(struct run *r, struct vop_vu_msg *m)
{
	m->h.flags |= VOP_VU_VERSION;
	vop_vu_send(r->sock, m, 0);
	serve(r);
}

static void turn(struct run *r)
{
	vop_poller_enter(r->b->poller);
	for (unsigned i = 0; i < 3; i++)
		vop_poller_turn(r->b->poller, 0);
	vop_poller_leave(r->b->poller);
	vop_poller_attention_clear(r->b->poller);
	vop_vu_front_attend(r->f);
	serve(r);
}

static int any_fd(const struct run *r, uint32_t which)
{
	const int fd[] = {r->b->file, r->b->event, r->b->pipe[1], r->sock};

	return fd[which % 4];
}

static void raw(struct run *r)
{
	struct vop_vu_msg m = {.h = {.request = fuzz_byte(&r->in) % 44}};
	uint32_t bits = fuzz_byte(&r->in), i;

	m.h.flags = bits & 8;
	m.fds = bits & 7;
	if (bits & 0x10)
		m.h.flags |= fuzz_byte(&r->in);
	m.h.size = fuzz_byte(&r->in);
	for (i = 0; i < m.h.size && i < VOP_VU_PAYLOAD; i++)
		m.bytes[i] = (uint8_t)fuzz_byte(&r->in);
	bits = fuzz_byte(&r->in);
	for (i = 0; i < m.fds; i++)
		m.fd[i] = any_fd(r, bits >> i);
	send_msg(r, &m);
}

static void say(struct run *r, uint32_t request, uint64_t value)
{
	struct vop_vu_msg m = {.h = {.request = request, .size = 8}, .u64 = value};

	send_msg(r, &m);
}

static void features(struct run *r)
{
	uint32_t bits = fuzz_byte(&r->in);
	uint64_t f = 1ull << VOP_F_VERSION_1;

	f |= (uint64_t)(bits & 1) << VOP_F_RING_PACKED | (uint64_t)(bits >> 1 & 1)
								 << VOP_F_EVENT_IDX;
	f |= (uint64_t)(bits >> 2 & 1) << VOP_F_INDIRECT_DESC;
	f |= (uint64_t)(bits >> 3 & 1) << VOP_F_IN_ORDER;
	f |= (uint64_t)(bits >> 4 & 1) << VOP_VU_F_PROTOCOL_FEATURES;
	if (bits & 0x20)
		say(r, VOP_VU_SET_PROTOCOL_FEATURES, 0x1a229 & fuzz_word(&r->in) * 3);
	if (bits & 0x40)
		f |= fuzz_word(&r->in);
	say(r, VOP_VU_SET_FEATURES, f);
}

/* All of the file in two regions that touch for the driver and are exchanged. */
static void table(struct run *r)
{
	struct vop_vu_msg m = {
		.h = {.request = VOP_VU_SET_MEM_TABLE, .size = 8 + 2 * 32},
		.mem = {.n = 2,
			.region = {{GUEST, MEM / 2, USER, MEM / 2},
				   {GUEST + MEM / 2, MEM / 2, USER + MEM, 0}}},
		.fd = {r->b->file, r->b->file},
		.fds = 2,
	};

	send_msg(r, &m);
}

static void state(struct run *r, uint32_t request, uint32_t q, uint32_t num)
{
	struct vop_vu_msg m = {.h = {.request = request, .size = 8}, .state = {q, num}};

	send_msg(r, &m);
}

static void descriptor(struct run *r, uint32_t request, uint32_t q, int fd)
{
	struct vop_vu_msg m = {.h = {.request = request, .size = 8},
			       .u64 = q | (fd < 0 ? VOP_VU_RING_NOFD : 0),
			       .fd = {fd},
			       .fds = fd >= 0};

	send_msg(r, &m);
}

static void ring(struct run *r)
{
	uint32_t q = fuzz_byte(&r->in) % 6, bits = fuzz_byte(&r->in), n = 1u << bits % 7;
	uint64_t at = USER + q % 3 * RING + (bits & 8 ? fuzz_word(&r->in) : 0);
	struct vop_vu_msg m = {
		.h = {.request = VOP_VU_SET_VRING_ADDR, .size = 40},
		.addr = {.index = q, .descriptor = at, .available = at + 1024, .used = at + 1536}};

	state(r, VOP_VU_SET_VRING_NUM, q, bits & 0x80 ? fuzz_word(&r->in) : n);
	if (bits & 0x10)
		state(r, VOP_VU_SET_VRING_BASE, q, fuzz_word(&r->in) | fuzz_byte(&r->in) << 16);
	send_msg(r, &m);
	descriptor(r, VOP_VU_SET_VRING_CALL, q, bits & 0x20 ? any_fd(r, bits) : r->b->event);
	descriptor(r, VOP_VU_SET_VRING_KICK, q, bits & 0x40 ? r->b->event : -1);
	state(r, VOP_VU_SET_VRING_ENABLE, q, 1);
}

/* Descriptors and indices want 64-bit words with small numbers in them. */
static void write_mem(struct run *r)
{
	uint32_t at = fuzz_word(&r->in) % MEM, n = fuzz_byte(&r->in), i;

	for (i = 0; i < n && at + i < MEM; i++)
		r->b->mem[at + i] = (uint8_t)fuzz_byte(&r->in);
	turn(r);
}

static void cut(struct run *r)
{
	uint32_t to = fuzz_word(&r->in) & ~4095u;

	/* Our own mapping is of the same file: not touched meanwhile. */
	FUZZ_ASSERT(ftruncate(r->b->file, to % MEM) == 0);
	turn(r);
	turn(r);
	FUZZ_ASSERT(ftruncate(r->b->file, MEM) == 0);
	turn(r);
}

static void step(struct run *r)
{
	uint32_t q;

	switch (fuzz_byte(&r->in) % OP_N) {
	case OP_RAW:
		raw(r);
		break;
	case OP_FEATURES:
		features(r);
		break;
	case OP_TABLE:
		table(r);
		break;
	case OP_RING:
		ring(r);
		break;
	case OP_WRITE:
		write_mem(r);
		break;
	case OP_TURN:
		turn(r);
		break;
	case OP_STOP:
		q = fuzz_byte(&r->in);
		state(r, q & 8 ? VOP_VU_GET_VRING_BASE : VOP_VU_SET_VRING_ENABLE, q & 7, 0);
		break;
	case OP_CUT:
		cut(r);
		break;
	default:
		part(r);
		join(r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r = {.b = make_bed(), .in = {data, size}};
	unsigned i;

	r.f = r.b->front[fuzz_byte(&r.in) % 4];
	memset(r.b->mem, 0, MEM);
	join(&r);
	for (i = 0; r.in.left && i < OPS; i++)
		step(&r);
	turn(&r);
	part(&r);
	/* Counting takes as long as a short run: now and then will find it as well. */
	if (++r.b->runs % 64 == 0)
		FUZZ_ASSERT(count_held(r.b) == r.b->held);
	return 0;
}
