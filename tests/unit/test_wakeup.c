/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event suppression never loses a wake-up: both halves as threads that sleep on a doorbell whenever
 * arm() lets them. A sleep that nobody ends within 10 s is a lost wake-up and fails the test.
 *
 * Payload is written and read plainly, and the doorbell gives no ordering that a race detector
 * knows of, so under ThreadSanitizer this also proves that the ring alone publishes the payload.
 *
 * VOP_TEST_LONG=SECONDS runs each mode that long.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ring_rig.h"

#define LOST_S	10
#define PAYLOAD 8u /* words each way */

#if defined(VOP_CROSS) || defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define MODE_MS 500
#else
#define MODE_MS 1500
#endif

struct bell {
	VOP_ALIGNED uint32_t rung;
	uint64_t slept; /* written by the sleeper only */
};

struct wake {
	struct rig *r;
	struct bell kick, call;
	bool stop, lost; /* atomic */
	uint64_t bad;	 /* device: payloads that were wrong */
	uint64_t sent;
};

static void ring(struct bell *b)
{
	VOP_MEM_FLUSH();
	__atomic_fetch_add(&b->rung, 1, __ATOMIC_RELAXED);
	syscall(SYS_futex, &b->rung, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Sleep until rung since `seen` was read. */
static void sleep_on(struct wake *w, struct bell *b, uint32_t seen)
{
	struct timespec t = {.tv_sec = LOST_S};

	b->slept++;
	/* Most are woken within a microsecond: without the system call there are far more of them,
	 * and with that more chances to lose one. */
	for (unsigned i = 0; i < 2000; i++) {
		if (__atomic_load_n(&b->rung, __ATOMIC_RELAXED) != seen)
			return;
		vop_relax();
	}
	while (__atomic_load_n(&b->rung, __ATOMIC_RELAXED) == seen) {
		if (syscall(SYS_futex, &b->rung, FUTEX_WAIT_PRIVATE, seen, &t, NULL, 0) == 0)
			continue;
		if (errno == ETIMEDOUT) {
			__atomic_store_n(&w->lost, true, __ATOMIC_RELAXED);
			return;
		}
	}
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void *device(void *arg)
{
	struct wake *w = arg;
	struct rig *r = w->r;
	struct rig_rng rng = {4711};
	uint32_t len[64];

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		uint32_t seen = __atomic_load_n(&w->kick.rung, __ATOMIC_RELAXED);
		unsigned n = vop_devq_pop(&r->dev, &r->rt, &r->b, 1 + rig_below(&rng, 8));

		if (n == 0) {
			if (!vop_devq_arm(&r->dev))
				sleep_on(w, &w->kick, seen);
			vop_devq_disarm(&r->dev);
			if (__atomic_load_n(&w->lost, __ATOMIC_RELAXED) || vop_devq_broken(&r->dev))
				break;
			continue;
		}
		for (unsigned i = 0; i < n; i++) {
			const struct vop_iov *iov = &r->b.iov[r->b.elem[i].first];
			uint64_t *in = (uint64_t *)(void *)iov[0].ptr;
			uint64_t *out = (uint64_t *)(void *)iov[1].ptr;

			for (unsigned j = 0; j < PAYLOAD; j++) {
				w->bad += in[j] != in[0] + j;
				out[j] = in[j] * 3;
			}
			len[i] = rig_below(&rng, 4) ? r->b.elem[i].in_len : PAYLOAD * 8 - 1;
		}
		vop_devq_push(&r->dev, r->b.elem, len, n);
		if (vop_devq_publish(&r->dev))
			ring(&w->call);
	}
	return NULL;
}

/* Take what came back; false when something about it is wrong. */
static bool collect(struct wake *w, uint64_t *seq, uint32_t *idle, uint32_t *nidle)
{
	struct vop_done done[64];
	unsigned n = vop_drvq_get(&w->r->drv, done, 64);
	bool ok = true;

	for (unsigned i = 0; i < n; i++) {
		uint32_t c = done[i].cookie;
		const uint64_t *in = (const uint64_t *)(const void *)(w->r->mem[0] + c * 256 + 128);

		for (unsigned j = 0; j < PAYLOAD; j++)
			ok &= in[j] == (seq[c] + j) * 3;
		ok &= done[i].len >= PAYLOAD * 8 - 1;
		idle[(*nidle)++] = c;
	}
	return ok;
}

static bool drive(struct wake *w, uint64_t end)
{
	struct rig *r = w->r;
	struct rig_rng rng = {42};
	uint64_t seq[64], next = 1;
	uint32_t idle[64], nidle = 0;
	bool ok = true;

	for (uint32_t i = 0; i < r->cfg.size; i++)
		idle[nidle++] = i;
	while (ok && now_ms() < end) {
		uint32_t n = 1 + rig_below(&rng, r->cfg.size), i;
		/* Every other time all must be back before more goes out: both sides sleep. */
		uint32_t want = rig_below(&rng, 2) ? r->cfg.size : 1;

		for (i = 0; i < n && nidle; i++) {
			uint32_t c = idle[nidle - 1];
			uint64_t *out = (uint64_t *)(void *)(r->mem[0] + c * 256);
			struct vop_buf b[2] = {{RIG_LOW + c * 256, PAYLOAD * 8},
					       {RIG_LOW + c * 256 + 128, PAYLOAD * 8}};

			seq[c] = next;
			for (unsigned j = 0; j < PAYLOAD; j++)
				out[j] = next + j;
			if (vop_drvq_add_chain(&r->drv, b, 1, 1, c))
				break;
			nidle--;
			next += PAYLOAD;
			w->sent++;
		}
		if (vop_drvq_publish(&r->drv))
			ring(&w->kick);
		while (ok && vop_drvq_outstanding(&r->drv) && nidle < want) {
			uint32_t seen = __atomic_load_n(&w->call.rung, __ATOMIC_RELAXED);
			uint32_t before = nidle;

			ok = collect(w, seq, idle, &nidle);
			if (nidle != before)
				continue;
			if (!vop_drvq_arm(&r->drv))
				sleep_on(w, &w->call, seen);
			vop_drvq_disarm(&r->drv);
			ok &= !__atomic_load_n(&w->lost, __ATOMIC_RELAXED) &&
			      !vop_drvq_broken(&r->drv);
		}
	}
	return ok;
}

static void mode(bool packed, unsigned bits, uint32_t size)
{
	const char *s = getenv("VOP_TEST_LONG");
	uint64_t ms = s ? strtoull(s, NULL, 10) * 1000 : MODE_MS;
	struct wake *w = rig_alloc(sizeof(*w));
	pthread_t t;
	bool ok;

	w->r = rig_new(packed, size, rig_features(bits), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, device, w), 0);
	ok = drive(w, now_ms() + ms);
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	ring(&w->kick);
	pthread_join(t, NULL);
	CU_ASSERT(ok);
	CU_ASSERT_FALSE(w->lost);
	CU_ASSERT_EQUAL(w->bad, 0);
	CU_ASSERT_EQUAL(vop_devq_broken(&w->r->dev), VOP_V_NONE);
	CU_ASSERT_EQUAL(vop_drvq_broken(&w->r->drv), VOP_V_NONE);
	/* Nothing was proved if nobody slept. */
	CU_ASSERT(w->kick.slept > 0 && w->call.slept > 0);
	if (s)
		printf("%llu buffers, device slept %llu times, driver %llu ... ",
		       (unsigned long long)w->sent, (unsigned long long)w->kick.slept,
		       (unsigned long long)w->call.slept);
	rig_free(w->r);
	free(w);
}

static void split_flags(void)
{
	mode(false, 0, 8);
}
static void split_event_idx(void)
{
	mode(false, 2, 8);
}
static void split_flags_in_order(void)
{
	mode(false, 4, 4);
}
static void split_event_idx_in_order_indirect(void)
{
	mode(false, 7, 4);
}
static void packed_flags(void)
{
	mode(true, 0, 7);
}
static void packed_event_idx(void)
{
	mode(true, 2, 7);
}
static void packed_flags_in_order(void)
{
	mode(true, 4, 4);
}
static void packed_event_idx_in_order_indirect(void)
{
	mode(true, 7, 3);
}

int suite_wakeup(void)
{
	CU_pSuite s = CU_add_suite("no wake-up is lost, threads", NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, split_flags);
	CU_ADD_TEST(s, split_event_idx);
	CU_ADD_TEST(s, split_flags_in_order);
	CU_ADD_TEST(s, split_event_idx_in_order_indirect);
	CU_ADD_TEST(s, packed_flags);
	CU_ADD_TEST(s, packed_event_idx);
	CU_ADD_TEST(s, packed_flags_in_order);
	CU_ADD_TEST(s, packed_event_idx_in_order_indirect);
	return 0;
}
