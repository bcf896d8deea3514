/* SPDX-License-Identifier: BSD-2-Clause */
/* Two workers in one process: they meet before each job, keep one window, and leave when told. The
 * limits' ways. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "bench/limit.h"
#include "bench/worker.h"

static const uint32_t sizes[] = {36,   64,   76,   140,	 256,	512,   513,
				 1530, 2048, 2049, 9012, 16384, 16385, 65548};

/* Each way can be run: frames fit their slots, slots are a power of two and hold a batch, all of it
 * fits the arena. */
static void ways(void)
{
	for (unsigned i = 0; i < 2 * VOP_ARRAY_SIZE(sizes); i++) {
		uint32_t bytes = sizes[i / 2];
		struct limit_way w[LIMIT_WAYS_MAX];
		bool dense = i & 1;
		unsigned n = limit_ways(bytes, dense, w), k;

		CU_ASSERT(n >= 9 && n <= LIMIT_WAYS_MAX);
		for (k = 0; k < n; k++) {
			CU_ASSERT(w[k].stride >= bytes);
			CU_ASSERT_EQUAL(w[k].stride % (dense ? 16 : 64), 0);
			CU_ASSERT(w[k].slots && (w[k].slots & (w[k].slots - 1)) == 0);
			CU_ASSERT(w[k].batch && w[k].batch <= w[k].slots);
			CU_ASSERT((uint64_t)w[k].slots * (w[k].stride + 32) + 8192 <=
				  ARENA_BYTES / 2);
		}
	}
}

struct pair {
	struct shared *sh;
	struct worker w[SIDES];
	/* What the traffic of this test does. */
	_Atomic uint64_t entered[SIDES];
	_Atomic uint64_t too_early;
};

/* The other side has finished its last job, or it could not have met us; it may have begun this
 * one. */
static int traffic(struct worker *w, const struct job *j, struct job_result *r)
{
	struct pair *p = w->load;
	uint64_t me = atomic_fetch_add(&p->entered[w->side], 1) + 1, frames = 0;
	uint64_t other = atomic_load(&p->entered[!w->side]);

	if (other + 1 < me || other > me)
		atomic_fetch_add(&p->too_early, 1);
	if (j->kind == JOB_IDLE)
		return -EDOM;
	window_begin(w, j, w->side == (enum bench_side)j->from, 0, 0);
	do {
		frames++;
		worker_relax(w);
	} while (window_more(w, r, frames, frames * 64));
	r->frames_all = frames;
	return 0;
}

static void start(struct pair *p, worker_fn fn)
{
	memset(p, 0, sizeof(*p));
	p->sh = mmap(NULL, sizeof(*p->sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	CU_ASSERT_FATAL(p->sh != MAP_FAILED);
	p->sh->sides = SIDES;
	p->sh->yield = 1; /* wherever the threads run */
	for (unsigned s = 0; s < SIDES; s++) {
		p->w[s] = (struct worker){
			.sh = p->sh, .side = s, .cpu = -1, .load = p, .traffic = fn};
		CU_ASSERT_EQUAL_FATAL(worker_start(&p->w[s]), 0);
	}
}

static void stop(struct pair *p)
{
	for (unsigned s = 0; s < SIDES; s++)
		worker_stop(&p->w[s]);
	munmap(p->sh, sizeof(*p->sh));
}

static void begin(struct pair *p, const struct job *j, unsigned n)
{
	memcpy(p->sh->job, j, n * sizeof(*j));
	p->sh->jobs = n;
	atomic_store(&p->sh->abort, 0);
	atomic_fetch_add(&p->sh->plan, 1);
}

/* Both have done the plan; the time is against hangs only. */
static bool finished(const struct pair *p)
{
	uint32_t plan = atomic_load(&p->sh->plan);

	for (unsigned i = 0; i < 60000; i++) {
		if (atomic_load(&p->sh->side[0].done) == plan &&
		    atomic_load(&p->sh->side[1].done) == plan)
			return true;
		usleep(1000);
	}
	return false;
}

/* One keeper, one window: it lasts as long as asked, counts only what is in it, and the other's
 * lies beside it. */
static void window(void)
{
	struct job j[4];
	struct pair p;

	start(&p, traffic);
	for (unsigned i = 0; i < 4; i++)
		j[i] = (struct job){.kind = JOB_TX,
				    .from = i & 1,
				    .warm_ns = 1000000,
				    .run_ns = 5000000,
				    .slice_ns = 1000000};
	begin(&p, j, 4);
	CU_ASSERT_TRUE_FATAL(finished(&p));
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned s = 0; s < SIDES; s++) {
			const struct job_result *r = &p.sh->side[s].result[i];

			CU_ASSERT_EQUAL(r->error, 0);
			CU_ASSERT(r->frames < r->frames_all);
			CU_ASSERT_EQUAL(r->bytes, r->frames * 64);
			CU_ASSERT(r->cpu_ns > 0);
		}
		CU_ASSERT(p.sh->side[i & 1].result[i].window_ns >= 5000000);
		CU_ASSERT(p.sh->side[i & 1].result[i].slices > 0);
		CU_ASSERT_EQUAL(p.sh->side[!(i & 1)].result[i].slices, 0);
	}
	CU_ASSERT_EQUAL(atomic_load(&p.too_early), 0);
	CU_ASSERT_EQUAL(atomic_load(&p.entered[0]), 4);
	stop(&p);
}

/* Many short jobs over several plans: nobody runs ahead by more than the job both are in. */
static void lockstep(void)
{
	struct job j[PLAN_JOBS];
	struct pair p;

	start(&p, traffic);
	for (unsigned i = 0; i < PLAN_JOBS; i++)
		j[i] = (struct job){
			.kind = i % 5 == 4 ? JOB_IDLE : JOB_RX, .from = i & 1, .run_ns = 10000};
	for (unsigned k = 0; k < 5; k++) {
		begin(&p, j, PLAN_JOBS);
		CU_ASSERT_TRUE_FATAL(finished(&p));
		for (unsigned i = 0; i < PLAN_JOBS; i++)
			for (unsigned s = 0; s < SIDES; s++)
				CU_ASSERT_EQUAL(p.sh->side[s].result[i].error,
						i % 5 == 4 ? -EDOM : 0);
	}
	CU_ASSERT_EQUAL(atomic_load(&p.too_early), 0);
	CU_ASSERT_EQUAL(atomic_load(&p.entered[0]), 5 * PLAN_JOBS);
	CU_ASSERT_EQUAL(atomic_load(&p.entered[1]), 5 * PLAN_JOBS);
	stop(&p);
}

/* A window without end is left when the coordinator says so, and the next plan runs. */
static void aborted(void)
{
	struct job endless[2] = {{.kind = JOB_TX, .run_ns = UINT64_MAX / 2},
				 {.kind = JOB_TX, .run_ns = 1}};
	struct job brief = {.kind = JOB_TX, .run_ns = 1000};
	struct pair p;

	start(&p, traffic);
	begin(&p, endless, 2);
	while (atomic_load(&p.entered[0]) == 0 || atomic_load(&p.entered[1]) == 0)
		usleep(1000);
	atomic_store(&p.sh->abort, 1);
	CU_ASSERT_TRUE_FATAL(finished(&p));
	begin(&p, &brief, 1);
	CU_ASSERT_TRUE(finished(&p));
	CU_ASSERT_EQUAL(p.sh->side[0].result[0].error, 0);
	CU_ASSERT_EQUAL(p.sh->side[1].result[0].error, 0);
	stop(&p);
}

/* The other never comes: the barrier is left on the coordinator's word. */
static void alone(void)
{
	struct job j = {.kind = JOB_TX, .run_ns = 1000};
	struct pair p;

	start(&p, traffic);
	worker_stop(&p.w[SIDE_DEVICE]);
	begin(&p, &j, 1);
	usleep(20000);
	CU_ASSERT_EQUAL(atomic_load(&p.entered[SIDE_DRIVER]), 0);
	atomic_store(&p.sh->abort, 1);
	while (atomic_load(&p.sh->side[SIDE_DRIVER].done) != 1)
		usleep(1000);
	CU_ASSERT_EQUAL(p.sh->side[SIDE_DRIVER].result[0].error, -ECANCELED);
	worker_stop(&p.w[SIDE_DRIVER]);
	munmap(p.sh, sizeof(*p.sh));
}

/* The limits' loops run in every way, and move something. */
static void limits(void)
{
	static const enum job_kind kinds[] = {JOB_LINE, JOB_DUPLEX};
	struct pair p;

	start(&p, NULL);
	for (unsigned i = 0; i < 4; i++) {
		uint32_t bytes = i & 1 ? 9012 : 76;
		struct limit_way w[LIMIT_WAYS_MAX];
		unsigned n = limit_ways(bytes, true, w);
		struct job j[PLAN_JOBS];

		n = VOP_MIN(n, PLAN_JOBS - 1);
		for (unsigned k = 0; k < n; k++)
			j[k] = limit_job(kinds[i >> 1], k & 1, bytes, k % 3 ? 16 : 0, &w[k], 0,
					 200000);
		/* A stride that is too small is no way. */
		w[0].stride = bytes - 1;
		j[n] = limit_job(kinds[i >> 1], SIDE_DRIVER, bytes, 0, &w[0], 0, 200000);
		begin(&p, j, n + 1);
		CU_ASSERT_TRUE_FATAL(finished(&p));
		for (unsigned k = 0; k < n; k++)
			CU_ASSERT_EQUAL(p.sh->side[0].result[k].error, 0);
		CU_ASSERT_EQUAL(p.sh->side[0].result[n].error, -EINVAL);
		CU_ASSERT_EQUAL(p.sh->side[1].result[n].error, -EINVAL);
	}
	/* Traffic without a load is refused. */
	begin(&p, &(struct job){.kind = JOB_TX}, 1);
	CU_ASSERT_TRUE(finished(&p));
	CU_ASSERT_EQUAL(p.sh->side[0].result[0].error, -ENOTCONN);
	stop(&p);
}

int suite_worker(void)
{
	CU_pSuite s = CU_add_suite("workers and limits", NULL, NULL);

	if (!s || !CU_add_test(s, "ways", ways) || !CU_add_test(s, "window", window) ||
	    !CU_add_test(s, "lockstep", lockstep) || !CU_add_test(s, "aborted", aborted) ||
	    !CU_add_test(s, "alone", alone) || !CU_add_test(s, "limits", limits))
		return CU_get_error();
	return 0;
}
