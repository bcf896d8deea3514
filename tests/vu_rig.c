/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "tests/vu_rig.h"
#include "vop/vq_open.h"

#define FILE_NAME "vu_rig"
#define INDIRECT  16u
#define WAIT_S	  20 /* against hangs only */

static void hear(void *ctx, enum vop_service_event event, const char *text)
{
	struct vu_rig *r = ctx;

	r->said[event]++;
	snprintf(r->last, sizeof(r->last), "%s", text);
}

void vu_rig_connect(struct vu_rig *r)
{
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	CU_ASSERT_EQUAL_FATAL(vop_vu_front_attach(r->front, pair[1]), 0);
	r->sock = pair[0];
	vop_vu_stream_init(&r->answers, r->sock, VOP_VU_ANSWERS);
	r->ack = false;
}

static void close_queue(struct vu_rig_queue *q)
{
	if (q->open)
		vop_drvq_close(&q->vq);
	q->open = false;
	if (q->kick >= 0)
		close(q->kick);
	if (q->call >= 0)
		close(q->call);
	if (q->err >= 0)
		close(q->err);
	q->kick = q->call = q->err = -1;
}

void vu_rig_disconnect(struct vu_rig *r)
{
	if (r->sock < 0)
		return;
	vop_vu_stream_fini(&r->answers);
	close(r->sock);
	r->sock = -1;
	vu_rig_turn(r);
	for (unsigned i = 0; i < VU_RIG_QUEUES; i++)
		close_queue(&r->q[i]);
	r->next = VU_RIG_GUEST;
}

void vu_rig_open(struct vu_rig *r, const struct vu_rig_config *cfg)
{
	const struct vop_service_type *t = vop_service_type_named(cfg->type);
	struct vop_poller_config p = {
		.cpu = -1, .spin_ns = 20000, .yield = true, .own_thread = cfg->thread};
	struct vop_service_device as = vop_service_default(t, VOP_ENDPOINT);
	struct vop_vu_front_config fc = {.device = &as, .say = hear, .ctx = r};
	struct vop_error err = {{0}};

	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	if (!r->cfg.size)
		r->cfg.size = 16;
	as.queue_size = 0;
	if (cfg->as)
		cfg->as(&as);
	r->next = VU_RIG_GUEST;
	for (unsigned i = 0; i < VU_RIG_QUEUES; i++)
		r->q[i].kick = r->q[i].call = r->q[i].err = -1;
	r->file = memfd_create(FILE_NAME, MFD_CLOEXEC);
	CU_ASSERT_EQUAL_FATAL(ftruncate(r->file, VU_RIG_FILE), 0);
	r->low = mmap(NULL, VU_RIG_HALF, PROT_READ | PROT_WRITE, MAP_SHARED, r->file, VU_RIG_HALF);
	r->high = mmap(NULL, VU_RIG_HALF, PROT_READ | PROT_WRITE, MAP_SHARED, r->file,
		       3 * VU_RIG_HALF);
	CU_ASSERT_FATAL(r->low != MAP_FAILED && r->high != MAP_FAILED);
	r->poller = vop_poller_new(&p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->poller);
	fc.poller = r->poller;
	r->front = vop_vu_front_open(&fc, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->front);
	vu_rig_connect(r);
}

void vu_rig_close(struct vu_rig *r)
{
	vu_rig_disconnect(r);
	vop_vu_front_close(r->front);
	vop_poller_free(r->poller);
	munmap(r->low, VU_RIG_HALF);
	munmap(r->high, VU_RIG_HALF);
	close(r->file);
}

uint8_t *vu_rig_mem(struct vu_rig *r, uint64_t guest)
{
	uint64_t at = guest - VU_RIG_GUEST;

	return at < VU_RIG_HALF ? r->low + at : r->high + (at - VU_RIG_HALF);
}

/* --- messages --- */

int vu_rig_send(struct vu_rig *r, struct vop_vu_msg *m)
{
	bool answered = vop_vu_has_answer(m->h.request) || r->ack;
	time_t end = time(NULL) + WAIT_S;
	struct vop_vu_msg a;
	int e;

	m->h.flags = VOP_VU_VERSION | (r->ack ? VOP_VU_NEED_REPLY : 0);
	if (vop_vu_send(r->sock, m, 1000))
		return -EPIPE;
	if (vop_vu_front_service(r->front))
		return -EPIPE;
	if (!answered)
		return 0;
	while ((e = vop_vu_recv(&r->answers, &a)) == -EAGAIN && time(NULL) < end)
		if (vop_vu_front_service(r->front))
			return -EPIPE;
	if (e)
		return e;
	CU_ASSERT_EQUAL(a.h.request, m->h.request);
	if (vop_vu_has_answer(m->h.request)) {
		*m = a;
		return 0;
	}
	return a.u64 != 0;
}

int vu_rig_u64(struct vu_rig *r, uint32_t request, uint64_t value)
{
	struct vop_vu_msg m = {.h = {.request = request, .size = 8}, .u64 = value};

	return vu_rig_send(r, &m);
}

int vu_rig_get(struct vu_rig *r, uint32_t request, uint64_t *value)
{
	struct vop_vu_msg m = {.h = {.request = request}};
	int e = vu_rig_send(r, &m);

	*value = m.u64;
	return e;
}

int vu_rig_state(struct vu_rig *r, uint32_t request, uint32_t index, uint32_t num)
{
	struct vop_vu_msg m = {.h = {.request = request, .size = 8}, .state = {index, num}};

	return vu_rig_send(r, &m);
}

int vu_rig_fd(struct vu_rig *r, uint32_t request, uint32_t index, int fd)
{
	struct vop_vu_msg m = {.h = {.request = request, .size = 8},
			       .u64 = index | (fd < 0 ? VOP_VU_RING_NOFD : 0),
			       .fd = {fd},
			       .fds = fd >= 0};

	return vu_rig_send(r, &m);
}

int vu_rig_base(struct vu_rig *r, uint32_t index, uint32_t *num)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_GET_VRING_BASE, .size = 8},
			       .state = {index, 0}};
	int e = vu_rig_send(r, &m);

	*num = m.state.num;
	return e;
}

int vu_rig_memory(struct vu_rig *r)
{
	struct vop_vu_msg m = {
		.h = {.request = VOP_VU_SET_MEM_TABLE, .size = 8 + 2 * 32},
		.mem = {.n = 2,
			.region = {{VU_RIG_GUEST, VU_RIG_HALF, VU_RIG_USER, VU_RIG_HALF},
				   {VU_RIG_GUEST + VU_RIG_HALF, VU_RIG_HALF,
				    VU_RIG_USER + 16 * VU_RIG_HALF, 3 * VU_RIG_HALF}}},
		.fd = {r->file, r->file},
		.fds = 2,
	};

	return vu_rig_send(r, &m);
}

/* --- rings --- */

static uint64_t take(struct vu_rig *r, uint64_t len, uint64_t align)
{
	uint64_t at = vop_align_up(r->next, align);

	r->next = at + len;
	CU_ASSERT_FATAL(r->next <= VU_RIG_GUEST + VU_RIG_HALF);
	return at;
}

/* Rings lie in the first region. */
static uint64_t user_of(uint64_t guest)
{
	return guest - VU_RIG_GUEST + VU_RIG_USER;
}

static void lay_out(struct vu_rig *r, struct vu_rig_queue *q)
{
	uint32_t n = r->cfg.size;
	uint64_t avail = 16ull * n, used = vop_align_up(avail + 6 + 2ull * n, 4);

	q->ring = take(r, used + 6 + 8ull * n + 16, 64);
	q->at = take(r, (uint64_t)VU_RIG_BUFFERS * VU_RIG_BUFFER, 64);
	q->cfg = (struct vop_queue_config){
		.size = (uint16_t)n,
		.packed = r->cfg.packed,
		.desc_bus = q->ring,
		.driver_bus = q->ring + avail,
		.device_bus = q->ring + used,
		.desc = vu_rig_mem(r, q->ring),
		.driver = vu_rig_mem(r, q->ring + avail),
		.device = vu_rig_mem(r, q->ring + used),
	};
	q->cfg.read_back = q->cfg.desc;
	memset(q->cfg.desc, 0, used + 6 + 8ull * n);
}

static void open_driver(struct vu_rig *r, struct vu_rig_queue *q)
{
	uint64_t f[2] = {r->cfg.want, 0}, ind = take(r, 16ull * r->cfg.size * INDIRECT, 64);

	CU_ASSERT_EQUAL_FATAL(vop_drvq_open(&q->vq, &q->cfg, vop_ring_features(f, false),
					    vu_rig_mem(r, ind), ind, INDIRECT),
			      0);
	q->open = true;
}

int vu_rig_queue(struct vu_rig *r, unsigned i, bool resume, uint32_t base)
{
	struct vu_rig_queue *q = &r->q[i];
	struct vop_vu_msg m = {.h = {.request = VOP_VU_SET_VRING_ADDR, .size = 40}};
	int e;

	if (!resume) {
		close_queue(q);
		lay_out(r, q);
		open_driver(r, q);
		base = r->cfg.packed ? 0x8000 : 0;
	}
	if (!r->cfg.polled && q->kick < 0) {
		q->kick = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		q->call = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		q->err = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	}
	m.addr = (struct vop_vu_vring_addr){.index = i,
					    .descriptor = user_of(q->cfg.desc_bus),
					    .available = user_of(q->cfg.driver_bus),
					    .used = user_of(q->cfg.device_bus)};
	e = vu_rig_state(r, VOP_VU_SET_VRING_NUM, i, r->cfg.size);
	e = e ? e : vu_rig_state(r, VOP_VU_SET_VRING_BASE, i, base);
	e = e ? e : vu_rig_send(r, &m);
	e = e ? e : vu_rig_fd(r, VOP_VU_SET_VRING_CALL, i, q->call);
	if (!r->cfg.polled)
		e = e ? e : vu_rig_fd(r, VOP_VU_SET_VRING_ERR, i, q->err);
	e = e ? e : vu_rig_fd(r, VOP_VU_SET_VRING_KICK, i, q->kick);
	if (!r->cfg.no_protocol)
		e = e ? e : vu_rig_state(r, VOP_VU_SET_VRING_ENABLE, i, 1);
	return e;
}

void vu_rig_start(struct vu_rig *r)
{
	uint64_t want = r->cfg.want | 1ull << VOP_F_VERSION_1, got;

	if (r->cfg.packed)
		want |= 1ull << VOP_F_RING_PACKED;
	CU_ASSERT_EQUAL_FATAL(vu_rig_get(r, VOP_VU_GET_FEATURES, &got), 0);
	CU_ASSERT_EQUAL_FATAL(want & ~got, 0);
	if (!r->cfg.no_protocol) {
		CU_ASSERT_EQUAL_FATAL(vu_rig_get(r, VOP_VU_GET_PROTOCOL_FEATURES, &got), 0);
		CU_ASSERT_EQUAL_FATAL(vu_rig_u64(r, VOP_VU_SET_PROTOCOL_FEATURES,
						 got & ~(1ull << VOP_VU_PF_STATUS)),
				      0);
		want |= 1ull << VOP_VU_F_PROTOCOL_FEATURES;
		r->ack = true;
	}
	CU_ASSERT_EQUAL_FATAL(vu_rig_u64(r, VOP_VU_SET_FEATURES, want), 0);
	CU_ASSERT_EQUAL_FATAL(vu_rig_memory(r), 0);
	for (unsigned i = 0; i < r->cfg.queues; i++)
		CU_ASSERT_EQUAL_FATAL(vu_rig_queue(r, i, false, 0), 0);
}

void vu_rig_stop(struct vu_rig *r, uint32_t base[VU_RIG_QUEUES])
{
	for (unsigned i = 0; i < r->cfg.queues; i++)
		CU_ASSERT_EQUAL(vu_rig_base(r, i, &base[i]), 0);
}

/* --- traffic --- */

bool vu_rig_turn(struct vu_rig *r)
{
	const struct timespec moment = {.tv_nsec = 20000};

	if (r->cfg.thread) {
		nanosleep(&moment, NULL);
	} else {
		vop_poller_enter(r->poller);
		for (unsigned i = 0; i < 4; i++)
			vop_poller_turn(r->poller, 0);
		vop_poller_leave(r->poller);
	}
	vop_poller_attention_clear(r->poller);
	vop_vu_front_attend(r->front);
	return vop_vu_front_service(r->front) == 0;
}

void vu_rig_kick(struct vu_rig *r, unsigned q)
{
	if (vop_drvq_publish(&r->q[q].vq) && r->q[q].kick >= 0)
		eventfd_write(r->q[q].kick, 1);
}

uint8_t *vu_rig_buf(struct vu_rig *r, unsigned q, unsigned buffer)
{
	return vu_rig_mem(r, r->q[q].at + (uint64_t)buffer * VU_RIG_BUFFER);
}

void vu_rig_give(struct vu_rig *r, unsigned q, unsigned buffer, uint32_t len, bool write)
{
	struct vop_buf b = {r->q[q].at + (uint64_t)buffer * VU_RIG_BUFFER, len};

	CU_ASSERT_EQUAL(vop_drvq_add(&r->q[q].vq, &b, &(uint32_t){buffer}, 1, write), 1);
	vu_rig_kick(r, q);
}

bool vu_rig_done(struct vu_rig *r, unsigned q, struct vop_done *done)
{
	time_t end = time(NULL) + WAIT_S;

	while (!vop_drvq_get(&r->q[q].vq, done, 1)) {
		if (time(NULL) > end || vop_drvq_broken(&r->q[q].vq) || !vu_rig_turn(r))
			return false;
	}
	return true;
}

bool vu_rig_rang(int fd)
{
	eventfd_t v;

	return eventfd_read(fd, &v) == 0;
}

struct vu_rig_held vu_rig_held(void)
{
	struct vu_rig_held h = {0};
	DIR *d = opendir("/proc/self/fd");
	FILE *f = fopen("/proc/self/maps", "r");
	char line[400];

	while (d && readdir(d))
		h.fds++;
	while (f && fgets(line, sizeof(line), f))
		h.maps += strstr(line, "memfd:" FILE_NAME) != NULL;
	if (d)
		closedir(d);
	if (f)
		fclose(f);
	return h;
}
