/* SPDX-License-Identifier: BSD-2-Clause */
/* Gate and poller: who may touch what when, and that nobody sleeps through his doorbell. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include <CUnit/CUnit.h>

#include "vop/poller.h"

#define LONG_S 60 /* against hangs only */

/* --- the gate --- */

struct guarded {
	struct vop_gate gate;
	uint64_t plain; /* not atomic: the gate is what orders it */
	uint64_t passes;
	atomic_bool stop;
};

static void *passer(void *arg)
{
	struct guarded *g = arg;

	vop_gate_enter(&g->gate);
	while (!atomic_load_explicit(&g->stop, memory_order_relaxed)) {
		g->plain++;
		g->passes++;
		vop_gate_pass(&g->gate);
	}
	vop_gate_leave(&g->gate);
	return NULL;
}

/* A race detector sees a word that both write; without one, a lost increment is seen. */
static void test_gate_excludes(void)
{
	struct guarded g = {.plain = 0};
	uint64_t mine = 0;
	pthread_t t;
	int i;

	CU_ASSERT_EQUAL_FATAL(vop_gate_init(&g.gate), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, passer, &g), 0);
	for (i = 0; i < 3000; i++) {
		uint64_t seen;

		vop_gate_close(&g.gate);
		if (i % 3 == 0)
			vop_gate_close(&g.gate); /* it nests */
		seen = g.plain;
		if (i % 16 == 0)
			sched_yield();
		CU_ASSERT_EQUAL(g.plain, seen);
		g.plain++;
		mine++;
		CU_ASSERT_EQUAL(g.plain, g.passes + mine);
		if (i % 3 == 0)
			vop_gate_open(&g.gate);
		vop_gate_open(&g.gate);
	}
	atomic_store(&g.stop, true);
	pthread_join(t, NULL);
	CU_ASSERT_EQUAL(g.plain, g.passes + mine);
	vop_gate_destroy(&g.gate);
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void test_gate_descriptor(void)
{
	struct vop_gate g;

	CU_ASSERT_EQUAL_FATAL(vop_gate_init(&g), 0);
	CU_ASSERT_FALSE(readable(vop_gate_fd(&g)));
	vop_gate_close(&g);
	CU_ASSERT_TRUE(readable(vop_gate_fd(&g)));
	vop_gate_close(&g);
	vop_gate_open(&g);
	CU_ASSERT_TRUE(readable(vop_gate_fd(&g)));
	vop_gate_open(&g);
	CU_ASSERT_FALSE(readable(vop_gate_fd(&g)));
	vop_gate_enter(&g);
	vop_gate_leave(&g);
	vop_gate_destroy(&g);
}

/* --- jobs --- */

/* A ring of one number: the producer counts up, the job counts after. */
struct work {
	struct vop_doorbell db, ring; /* the waiter's and the ringer's: one descriptor */
	_Atomic uint64_t given, done;
	_Atomic uint32_t armed;
	_Atomic uint64_t polls, arms, disarms;
	unsigned plain; /* touched by polls and, while paused, by the test */
};

static unsigned work_poll(void *ctx)
{
	struct work *w = ctx;
	uint64_t given = atomic_load(&w->given), done = atomic_load(&w->done);

	atomic_fetch_add(&w->polls, 1);
	w->plain++;
	atomic_store(&w->done, given);
	return (unsigned)(given - done);
}
static bool work_arm(void *ctx)
{
	struct work *w = ctx;

	atomic_fetch_add(&w->arms, 1);
	atomic_store(&w->armed, 1);
	return atomic_load(&w->given) != atomic_load(&w->done);
}
static void work_disarm(void *ctx)
{
	struct work *w = ctx;

	atomic_fetch_add(&w->disarms, 1);
	atomic_store(&w->armed, 0);
}

static void give(struct work *w)
{
	atomic_fetch_add(&w->given, 1);
	if (atomic_load(&w->armed))
		vop_doorbell_ring(&w->ring);
}

static void work_init(struct work *w, enum vop_notify notify)
{
	memset(w, 0, sizeof(*w));
	w->db = w->ring = VOP_DOORBELL_INIT;
	if (notify == VOP_NOTIFY_POLL)
		return;
	CU_ASSERT_EQUAL_FATAL(
		vop_doorbell_from_eventfd(&w->db, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), NULL), 0);
	CU_ASSERT_EQUAL_FATAL(vop_doorbell_from_eventfd(&w->ring, w->db.fd, NULL), 0);
}

static void work_end(struct work *w)
{
	int fd = w->db.fd;

	vop_doorbell_release(&w->ring);
	vop_doorbell_release(&w->db);
	if (fd >= 0)
		close(fd);
}

static struct vop_poller_job job_of(struct work *w, enum vop_notify notify)
{
	return (struct vop_poller_job){.poll = work_poll,
				       .arm = work_arm,
				       .disarm = work_disarm,
				       .ctx = w,
				       .doorbell = &w->db,
				       .notify = notify};
}

static bool until_done(struct work *w)
{
	time_t end = time(NULL) + LONG_S;

	while (atomic_load(&w->done) != atomic_load(&w->given)) {
		if (time(NULL) > end)
			return false;
		sched_yield();
	}
	return true;
}

static const struct vop_poller_config threaded = {
	.cpu = -1, .spin_ns = 5000, .yield = true, .own_thread = true};

/* Every way to wait: each piece of work is given when the job may be asleep, or just going to be.
 */
static void test_no_wakeup_lost(void)
{
	static const enum vop_notify how[] = {VOP_NOTIFY_POLL, VOP_NOTIFY_EVENT,
					      VOP_NOTIFY_ADAPTIVE};
	unsigned k, i;

	for (k = 0; k < 3; k++) {
		struct vop_poller *p = vop_poller_new(&threaded);
		struct vop_poller_job job;
		struct work w;

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		work_init(&w, how[k]);
		job = job_of(&w, how[k]);
		CU_ASSERT_EQUAL_FATAL(vop_poller_add(p, &job), 0);
		for (i = 0; i < 3000; i++) {
			give(&w);
			if (i % 2)
				CU_ASSERT_TRUE_FATAL(until_done(&w));
		}
		CU_ASSERT_TRUE(until_done(&w));
		vop_poller_remove(p, work_poll, &w);
		vop_poller_free(p);
		work_end(&w);
	}
}

/* Jobs of all kinds on one poller, added and removed while it runs. */
static void test_mixed_jobs(void)
{
	enum { JOBS = 24 };
	static struct work w[JOBS];
	struct vop_poller *p = vop_poller_new(&threaded);
	unsigned i, round;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	for (i = 0; i < JOBS; i++) {
		struct vop_poller_job job;

		work_init(&w[i], (enum vop_notify)(i % 3));
		job = job_of(&w[i], (enum vop_notify)(i % 3));
		CU_ASSERT_EQUAL_FATAL(vop_poller_add(p, &job), 0);
		give(&w[i]);
	}
	for (round = 0; round < 40; round++) {
		unsigned gone = round % JOBS;
		struct vop_poller_job job = job_of(&w[gone], (enum vop_notify)(gone % 3));
		uint64_t polls;

		vop_poller_remove(p, work_poll, &w[gone]);
		polls = atomic_load(&w[gone].polls);
		for (i = 0; i < JOBS; i++)
			give(&w[i]);
		for (i = 0; i < JOBS; i++)
			if (i != gone)
				CU_ASSERT_TRUE_FATAL(until_done(&w[i]));
		CU_ASSERT_EQUAL(atomic_load(&w[gone].polls), polls);
		w[gone].plain = 0; /* nobody else's now */
		CU_ASSERT_EQUAL_FATAL(vop_poller_add(p, &job), 0);
		CU_ASSERT_TRUE_FATAL(until_done(&w[gone]));
	}
	vop_poller_pause(p);
	vop_poller_pause(p);
	for (i = 0; i < JOBS; i++)
		w[i].plain = 0;
	vop_poller_resume(p);
	vop_poller_resume(p);
	for (i = 0; i < JOBS; i++)
		vop_poller_remove(p, work_poll, &w[i]);
	vop_poller_free(p);
	for (i = 0; i < JOBS; i++)
		work_end(&w[i]);
}

/* --- without a thread: every step is seen --- */

static unsigned turns(struct vop_poller *p, unsigned n)
{
	unsigned done = 0;

	vop_poller_enter(p);
	while (n--)
		done += vop_poller_turn(p, 0);
	vop_poller_leave(p);
	return done;
}

/* Idle event jobs are not even polled; the one that rings is, and no other. */
static void test_idle_jobs_cost_nothing(void)
{
	enum { JOBS = 200 };
	static struct work w[JOBS];
	struct vop_poller_config c = {.cpu = -1};
	struct vop_poller *p = vop_poller_new(&c);
	uint64_t polls = 0, after = 0;
	unsigned i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	for (i = 0; i < JOBS; i++) {
		struct vop_poller_job job;

		work_init(&w[i], VOP_NOTIFY_EVENT);
		job = job_of(&w[i], VOP_NOTIFY_EVENT);
		CU_ASSERT_EQUAL_FATAL(vop_poller_add(p, &job), 0);
	}
	turns(p, 2);
	for (i = 0; i < JOBS; i++)
		polls += w[i].polls;
	CU_ASSERT_EQUAL(turns(p, 100), 0);
	for (i = 0; i < JOBS; i++) {
		after += w[i].polls;
		CU_ASSERT_EQUAL(w[i].arms, 1);
	}
	CU_ASSERT_EQUAL(after, polls);

	give(&w[77]);
	CU_ASSERT_EQUAL(turns(p, 4), 1);
	CU_ASSERT_EQUAL(w[77].disarms, 1);
	CU_ASSERT_EQUAL(w[77].arms, 2);
	after = 0;
	for (i = 0; i < JOBS; i++)
		if (i != 77)
			after += w[i].polls - 1;
	CU_ASSERT_EQUAL(after, 0);

	/* More at once than one look takes. */
	for (i = 0; i < JOBS; i++)
		give(&w[i]);
	CU_ASSERT_EQUAL(turns(p, 20), JOBS);

	for (i = 0; i < JOBS; i++)
		vop_poller_remove(p, work_poll, &w[i]);
	vop_poller_free(p);
	for (i = 0; i < JOBS; i++)
		work_end(&w[i]);
}

/* Work that came between the last poll and arming keeps a job awake. */
static bool arm_finds_work(void *ctx)
{
	struct work *w = ctx;

	if (atomic_fetch_add(&w->arms, 1) == 0)
		atomic_fetch_add(&w->given, 1);
	atomic_store(&w->armed, 1);
	return atomic_load(&w->given) != atomic_load(&w->done);
}

static void test_arm_looks_again(void)
{
	struct vop_poller_config c = {.cpu = -1};
	struct vop_poller *p = vop_poller_new(&c);
	struct vop_poller_job job;
	struct work w;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	work_init(&w, VOP_NOTIFY_EVENT);
	job = job_of(&w, VOP_NOTIFY_EVENT);
	job.arm = arm_finds_work;
	CU_ASSERT_EQUAL_FATAL(vop_poller_add(p, &job), 0);
	CU_ASSERT_EQUAL(turns(p, 4), 1);
	vop_poller_remove(p, work_poll, &w);
	vop_poller_remove(p, work_poll, &w); /* gone already */
	vop_poller_free(p);
	work_end(&w);
}

static void test_second_doorbell_and_wake(void)
{
	struct vop_poller_config c = {.cpu = -1};
	struct vop_poller *p = vop_poller_new(&c);
	struct vop_poller_job job;
	struct work w, other;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	work_init(&w, VOP_NOTIFY_EVENT);
	work_init(&other, VOP_NOTIFY_EVENT);
	job = job_of(&w, VOP_NOTIFY_EVENT);
	job.doorbell2 = &other.db;
	CU_ASSERT_EQUAL_FATAL(vop_poller_add(p, &job), 0);
	turns(p, 2);
	atomic_fetch_add(&w.given, 1);
	CU_ASSERT_EQUAL(turns(p, 3), 0);
	vop_doorbell_ring(&other.db);
	CU_ASSERT_EQUAL(turns(p, 3), 1);
	CU_ASSERT_FALSE(readable(other.db.fd));

	atomic_fetch_add(&w.given, 1);
	vop_poller_enter(p);
	vop_poller_wake(p, work_poll, &w);
	vop_poller_wake(p, work_poll, &other); /* no job: nothing */
	CU_ASSERT_EQUAL(vop_poller_turn(p, 0), 1);
	vop_poller_leave(p);

	vop_poller_remove(p, work_poll, &w);
	/* Its doorbells are nobody's business any more. */
	vop_doorbell_ring(&w.db);
	CU_ASSERT_EQUAL(turns(p, 3), 0);
	vop_poller_free(p);
	work_end(&w);
	work_end(&other);
}

static void test_timeout_and_attention(void)
{
	struct vop_poller_config c = {.cpu = -1};
	struct vop_poller *p = vop_poller_new(&c);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	vop_poller_enter(p);
	CU_ASSERT_EQUAL(vop_poller_turn(p, 0), 0);
	CU_ASSERT_EQUAL(vop_poller_turn(p, 300), 0);
	CU_ASSERT_EQUAL(vop_poller_turn(p, 3000), 0);
	vop_poller_leave(p);
	CU_ASSERT_FALSE(readable(vop_poller_attention_fd(p)));
	vop_poller_attention(p);
	vop_poller_attention(p);
	CU_ASSERT_TRUE(readable(vop_poller_attention_fd(p)));
	vop_poller_attention_clear(p);
	CU_ASSERT_FALSE(readable(vop_poller_attention_fd(p)));
	vop_poller_free(p);
}

/* A sleeping thread is stopped, and one whose CPU does not exist is refused. */
static void test_threads_end(void)
{
	struct vop_poller_config c = threaded;
	int i;

	for (i = 0; i < 50; i++) {
		struct vop_poller *p = vop_poller_new(&c);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		if (i % 2)
			sched_yield();
		vop_poller_free(p);
	}
	c.cpu = 100000;
	CU_ASSERT_PTR_NULL(vop_poller_new(&c));
	vop_poller_free(NULL);
}

int suite_poller(void)
{
	CU_pSuite s = CU_add_suite("poller", NULL, NULL);

	if (!s || !CU_add_test(s, "gate excludes", test_gate_excludes) ||
	    !CU_add_test(s, "gate descriptor", test_gate_descriptor) ||
	    !CU_add_test(s, "no wake-up lost", test_no_wakeup_lost) ||
	    !CU_add_test(s, "mixed jobs", test_mixed_jobs) ||
	    !CU_add_test(s, "idle jobs cost nothing", test_idle_jobs_cost_nothing) ||
	    !CU_add_test(s, "arm looks again", test_arm_looks_again) ||
	    !CU_add_test(s, "second doorbell, wake", test_second_doorbell_and_wake) ||
	    !CU_add_test(s, "time-out, attention", test_timeout_and_attention) ||
	    !CU_add_test(s, "threads end", test_threads_end))
		return CU_get_error();
	return 0;
}
