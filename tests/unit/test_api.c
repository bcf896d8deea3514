/* SPDX-License-Identifier: BSD-2-Clause */
/* The compiled API, with nothing but its own header: two nodes in two threads over the shm link. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include <vop/vop.h>

#define WAIT_MS 20000 /* against hangs only */
#define WINDOW	(4u << 20)
#define DEVICE	0x7fu /* no type of the specification */
#define FRAME	1500u
#ifdef VOP_CROSS
#define FRAMES 2000u
#else
#define FRAMES 20000u
#endif
#define DEPTH 16u

#define BIT(n)	  (1ull << (n))
#define EVENT_IDX BIT(29)
#define PACKED	  BIT(34)
#define IN_ORDER  BIT(35)

enum { RX, TX };

/* The device: what comes on TX goes back on RX, every byte turned round. */
struct echo {
	const char *path;
	enum vop_role role;
	bool create;
	_Atomic bool stop;
	struct vop *v;
	unsigned added, removed;
	struct vop_dev *d;
	/* frames on their way back */
	uint8_t frame[256][FRAME];
	size_t len[256];
	unsigned first, n;
	_Atomic uint64_t seen;
	int served;
};

static unsigned echo_serve(void *ctx, struct vop_dev *d, unsigned queue, struct vop_bufs *b)
{
	struct echo *e = ctx;
	unsigned i, count = vop_bufs_count(b);
	size_t k;

	for (i = 0; i < count; i++) {
		uint8_t *f;

		if (queue == TX) {
			if (e->n == 256)
				break;
			f = e->frame[(e->first + e->n) % 256];
			k = vop_bufs_read(b, i, 0, f, FRAME);
			e->len[(e->first + e->n++) % 256] = k;
			while (k--)
				f[k] = (uint8_t)~f[k];
			e->seen++;
		} else {
			if (e->n == 0)
				break;
			k = e->len[e->first];
			vop_bufs_used(b, i, vop_bufs_write(b, i, 0, e->frame[e->first], k));
			e->first = (e->first + 1) % 256;
			e->n--;
		}
	}
	(void)d;
	return i;
}

static void echo_added(void *ctx, struct vop_dev *d)
{
	static const uint64_t features[2] = {1, 1};
	static const uint8_t config[4] = {1, 2, 3, 4};
	struct echo *e = ctx;

	e->added++;
	e->d = d;
	e->served = vop_dev_serve(d, features, 2, 256, config, sizeof(config), echo_serve, e);
}

static void echo_removed(void *ctx, struct vop_dev *d)
{
	struct echo *e = ctx;

	(void)d;
	e->removed++;
	e->d = NULL;
}

static void *echo_run(void *arg)
{
	struct echo *e = arg;
	int r = vop_open(&e->v, e->path, e->role, WINDOW, WAIT_MS, NULL, 0);

	if (r)
		return NULL;
	vop_on_devices(e->v, echo_added, echo_removed, NULL, e);
	if (e->create)
		r = vop_create(e->v, DEVICE, e->role, 2, 256, "echo");
	while (!r && !e->stop) {
		r = vop_wait(e->v, 50);
		r = r < 0 ? r : 0;
		/* What TX brought goes out on RX, what TX still holds comes in. */
		if (e->d && e->n)
			vop_dev_run(e->d, RX);
		if (e->d)
			vop_dev_run(e->d, TX);
	}
	vop_close(e->v);
	return e;
}

/* The driver's end. */
struct user {
	struct vop *v;
	struct vop_dev *d;
	unsigned added, removed;
	char dir[64], path[80];
	struct echo *e;
	pthread_t thread;
};

static void user_added(void *ctx, struct vop_dev *d)
{
	struct user *u = ctx;

	u->added++;
	u->d = d;
}

static void user_removed(void *ctx, struct vop_dev *d)
{
	struct user *u = ctx;

	CU_ASSERT_PTR_EQUAL(u->d, d);
	u->removed++;
	u->d = NULL;
}

static void begin(struct user *u, enum vop_role role, bool create)
{
	char why[160] = "";
	int r;

	memset(u, 0, sizeof(*u));
	snprintf(u->dir, sizeof(u->dir), "/tmp/vop-api-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(u->dir));
	snprintf(u->path, sizeof(u->path), "%s/link", u->dir);
	u->e = calloc(1, sizeof(*u->e));
	CU_ASSERT_PTR_NOT_NULL_FATAL(u->e);
	u->e->path = u->path;
	u->e->role = role == VOP_ROLE_HOST ? VOP_ROLE_ENDPOINT : VOP_ROLE_HOST;
	u->e->create = !create;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&u->thread, NULL, echo_run, u->e), 0);
	r = vop_open(&u->v, u->path, role, WINDOW, WAIT_MS, why, sizeof(why));
	CU_ASSERT_EQUAL_FATAL(r, 0);
	vop_on_devices(u->v, user_added, user_removed, NULL, u);
	if (create)
		CU_ASSERT_EQUAL(vop_create(u->v, DEVICE, u->e->role, 2, 256, "echo"), 0);
	CU_ASSERT_PTR_NULL(vop_dev_next(u->v, NULL)); /* not before it was announced */
	while (!u->d && (r = vop_wait(u->v, WAIT_MS)) >= 0)
		;
	CU_ASSERT_PTR_NOT_NULL_FATAL(u->d);
}

static void end(struct user *u)
{
	void *ok = NULL;

	u->e->stop = true;
	pthread_join(u->thread, &ok);
	CU_ASSERT_PTR_NOT_NULL(ok);
	CU_ASSERT_EQUAL(u->e->added, u->e->removed);
	vop_close(u->v);
	CU_ASSERT_EQUAL(u->added, u->removed);
	CU_ASSERT_NOT_EQUAL(access(u->path, F_OK), 0);
	rmdir(u->dir);
	free(u->e);
}

static size_t frame_len(uint64_t i)
{
	return 8 + i * 37 % (FRAME - 8);
}

/* Frame i: its number, then bytes that follow from it. */
static void make(uint8_t *f, uint64_t i)
{
	size_t k, n = frame_len(i);

	memcpy(f, &i, sizeof(i));
	for (k = sizeof(i); k < n; k++)
		f[k] = (uint8_t)(i + k * 7);
}

static bool is_echo_of(const uint8_t *f, size_t len, uint64_t i)
{
	uint8_t want[FRAME];
	size_t k;

	make(want, i);
	if (len != frame_len(i))
		return false;
	for (k = 0; k < len; k++)
		if ((f[k] ^ want[k]) != 0xff)
			return false;
	return true;
}

static void give(struct vop_queue *rx, uint8_t *mem, uint32_t slot)
{
	/* Two segments: a buffer need not be one piece. */
	struct iovec s[2] = {{mem + slot * FRAME, 100}, {mem + slot * FRAME + 100, FRAME - 100}};

	CU_ASSERT_EQUAL(vop_queue_add(rx, s, 0, 2, slot), 0);
}

/* FRAMES there and back, every byte of every frame checked at the end; wrong: how many were bad. */
static void traffic(struct user *u)
{
	struct vop_queue *rx = vop_dev_queue(u->d, RX), *tx = vop_dev_queue(u->d, TX);
	uint8_t *in = vop_alloc(u->v, DEPTH * FRAME), *out = vop_alloc(u->v, DEPTH * FRAME);
	uint64_t sent = 0, got = 0, wrong = 0;
	uint32_t busy = 0, i, cookie[DEPTH], len[DEPTH];
	int n, r = 1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(rx);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tx);
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (i = 0; i < DEPTH; i++)
		give(rx, in, i);
	CU_ASSERT_EQUAL(vop_queue_publish(rx), 0);
	while (got < FRAMES && r > 0) {
		while ((n = vop_queue_get(tx, cookie, NULL, DEPTH)) > 0)
			for (i = 0; i < (uint32_t)n; i++)
				busy &= ~(1u << cookie[i]);
		/* No more on their way than there are buffers to come back in. */
		for (i = 0; i < DEPTH && sent < FRAMES && sent - got < DEPTH; i++) {
			struct iovec s = {out + i * FRAME, frame_len(sent)};

			if (busy >> i & 1)
				continue;
			make(s.iov_base, sent++);
			busy |= 1u << i;
			CU_ASSERT_EQUAL(vop_queue_add(tx, &s, 1, 0, i), 0);
		}
		CU_ASSERT_EQUAL(vop_queue_publish(tx), 0);
		r = vop_queue_wait(rx, WAIT_MS);
		n = vop_queue_get(rx, cookie, len, DEPTH);
		for (i = 0; n > 0 && i < (uint32_t)n; i++) {
			wrong += !is_echo_of(in + cookie[i] * FRAME, len[i], got++);
			give(rx, in, cookie[i]);
		}
		CU_ASSERT_EQUAL(vop_queue_publish(rx), 0);
	}
	CU_ASSERT_EQUAL(r, 1);
	CU_ASSERT_EQUAL(got, FRAMES);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(vop_dev_stop(u->d, WAIT_MS), 0);
	vop_free(u->v, in, DEPTH * FRAME);
	vop_free(u->v, out, DEPTH * FRAME);
}

static void both_ways(enum vop_role role, bool create, uint64_t ring)
{
	uint64_t want[2] = {ring | 1, ~0ull}, f[2];
	uint8_t config[4];
	struct user u;

	begin(&u, role, create);
	CU_ASSERT_EQUAL(vop_dev_id(u.d), DEVICE);
	CU_ASSERT_STRING_EQUAL(vop_dev_name(u.d), "echo");
	CU_ASSERT_FALSE(vop_dev_is_ours(u.d));
	CU_ASSERT_EQUAL(vop_dev_created_here(u.d), create);
	CU_ASSERT_PTR_EQUAL(vop_dev_next(u.v, NULL), u.d);
	CU_ASSERT_PTR_NULL(vop_dev_next(u.v, u.d));
	CU_ASSERT_EQUAL(vop_dev_offered(u.d, f, WAIT_MS), 0);
	CU_ASSERT_EQUAL(f[1], 1);
	CU_ASSERT_EQUAL(vop_dev_config_read(u.d, 1, config, 2), 0);
	CU_ASSERT(config[0] == 2 && config[1] == 3);
	CU_ASSERT_EQUAL_FATAL(vop_dev_start(u.d, want, 2, 64, WAIT_MS), 0);
	CU_ASSERT_EQUAL(vop_dev_start(u.d, want, 2, 64, WAIT_MS), -EBUSY);
	CU_ASSERT_EQUAL(vop_dev_status(u.d), 15);
	CU_ASSERT_EQUAL(vop_dev_features(u.d, f), 0);
	CU_ASSERT_EQUAL(f[0] & (PACKED | IN_ORDER | EVENT_IDX), ring);
	CU_ASSERT_EQUAL(f[1], 1);
	traffic(&u);
	CU_ASSERT_EQUAL(vop_dev_status(u.d), 0);
	CU_ASSERT_EQUAL(u.e->seen, FRAMES);
	/* And again after the reset. */
	CU_ASSERT_EQUAL_FATAL(vop_dev_start(u.d, want, 2, 0, WAIT_MS), 0);
	traffic(&u);
	end(&u);
}

static void test_packed(void)
{
	both_ways(VOP_ROLE_HOST, false, PACKED | IN_ORDER | EVENT_IDX);
}

static void test_split(void)
{
	both_ways(VOP_ROLE_ENDPOINT, true, EVENT_IDX);
}

/* What the caller can get wrong is refused and does no harm. */
static void test_refusals(void)
{
	static const uint64_t want[2] = {PACKED, 0};
	uint8_t mine[64];
	struct iovec s[3] = {{mine, sizeof(mine)}};
	struct vop_queue *q;
	struct user u;
	uint8_t *p;

	begin(&u, VOP_ROLE_HOST, true);
	CU_ASSERT_EQUAL(vop_dev_serve(u.d, want, 1, 8, mine, 0, echo_serve, &u), -EPERM);
	CU_ASSERT_EQUAL(vop_dev_start(u.d, want, 3, 0, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(vop_dev_start(u.d, want, 2, 257, WAIT_MS), -EINVAL);
	CU_ASSERT_EQUAL(vop_dev_status(u.d), 0); /* it was reset */
	CU_ASSERT_PTR_NULL(vop_dev_queue(u.d, 0));
	CU_ASSERT_EQUAL_FATAL(vop_dev_start(u.d, want, 2, 2, WAIT_MS), 0);
	q = vop_dev_queue(u.d, TX);
	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	CU_ASSERT_PTR_NULL(vop_dev_queue(u.d, 2));
	CU_ASSERT_EQUAL(vop_queue_add(q, s, 1, 0, 0), -EFAULT); /* private memory */
	p = vop_alloc(u.v, 64);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	s[0] = (struct iovec){p, WINDOW};
	CU_ASSERT_EQUAL(vop_queue_add(q, s, 1, 0, 0), -EFAULT); /* beyond the window */
	s[0] = s[1] = s[2] = (struct iovec){p, 64};
	CU_ASSERT_EQUAL(vop_queue_add(q, s, 2, 1, 0), -EINVAL); /* longer than the queue */
	CU_ASSERT_EQUAL(vop_queue_add(q, s, 0, 0, 0), -EINVAL);
	CU_ASSERT_EQUAL(vop_queue_add(q, s, 2, 0, 0), 0);
	CU_ASSERT_EQUAL(vop_queue_add(q, s, 1, 0, 0), -ENOSPC);
	CU_ASSERT_EQUAL(vop_queue_get(q, NULL, NULL, 1), 0); /* not published */
	CU_ASSERT_EQUAL(vop_queue_wait(q, 0), 0);
	end(&u);
	CU_ASSERT_EQUAL(vop_open(&u.v, NULL, VOP_ROLE_HOST, WINDOW, 0, NULL, 0), -EINVAL);
	CU_ASSERT_PTR_NULL(u.v);
}

/* The device goes while the driver runs; then the whole peer. */
static void test_removal(void)
{
	static const uint64_t want[2] = {PACKED, 0};
	struct vop_queue *q;
	struct vop_dev *d;
	struct user u;
	void *ok;
	int r;

	begin(&u, VOP_ROLE_ENDPOINT, true);
	d = u.d;
	CU_ASSERT_EQUAL_FATAL(vop_dev_start(d, want, 2, 8, WAIT_MS), 0);
	q = vop_dev_queue(d, RX);
	CU_ASSERT_EQUAL(vop_destroy(d, WAIT_MS), 0);
	CU_ASSERT_EQUAL(u.removed, 1);
	CU_ASSERT_EQUAL(vop_queue_wait(q, 0), -ENODEV); /* still readable */
	CU_ASSERT_EQUAL(vop_dev_stop(d, 0), -ENODEV);
	CU_ASSERT_EQUAL(vop_destroy(d, 0), -ENODEV);
	CU_ASSERT_PTR_NULL(vop_dev_next(u.v, NULL));
	CU_ASSERT_EQUAL(vop_create(u.v, DEVICE, u.e->role, 2, 256, NULL), 0);
	while (!u.d && vop_wait(u.v, WAIT_MS) >= 0)
		;
	CU_ASSERT_PTR_NOT_NULL_FATAL(u.d);
	CU_ASSERT_EQUAL_FATAL(vop_dev_start(u.d, want, 2, 8, WAIT_MS), 0);
	q = vop_dev_queue(u.d, RX);
	CU_ASSERT_STRING_EQUAL(vop_why(u.v), "");
	u.e->stop = true;
	r = vop_queue_wait(q, WAIT_MS);
	CU_ASSERT(r == -EPIPE || r == -ENODEV);
	CU_ASSERT_PTR_NULL(u.d);
	CU_ASSERT_EQUAL(vop_wait(u.v, WAIT_MS), -EPIPE);
	CU_ASSERT_STRING_NOT_EQUAL(vop_why(u.v), "");
	pthread_join(u.thread, &ok);
	vop_close(u.v);
	rmdir(u.dir);
	free(u.e);
}

static void test_version(void)
{
	CU_ASSERT_EQUAL(vop_api_version(), VOP_API_VERSION);
	CU_ASSERT_EQUAL(VOP_API_VERSION >> 16, 1);
}

int suite_api(void)
{
	CU_pSuite s = CU_add_suite("api", NULL, NULL);

	if (!s || !CU_add_test(s, "version", test_version) ||
	    !CU_add_test(s, "frames both ways, packed", test_packed) ||
	    !CU_add_test(s, "frames both ways, split", test_split) ||
	    !CU_add_test(s, "refusals", test_refusals) ||
	    !CU_add_test(s, "device and peer go", test_removal))
		return (int)CU_get_error();
	return 0;
}
