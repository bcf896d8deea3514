/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests through a ring, against the reference device: sound it passes in every pattern, and each
 * of these mutants of it makes the run fail.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <CUnit/CUnit.h>

#include <vop/features.h>
#include "bench/blk_load.h"
#include "conformance/ref/ref.h"

#define SPAN (64u << 10)

struct rig {
	struct sut *sut;
	struct session s;
	struct shared *sh;
	struct worker w;
	struct blk_load *l;
	struct vop_error err;
};

static void work(void *ctx)
{
	struct sut *s = ctx;

	s->ops->run(s);
}

static bool rig_open(struct rig *r, const struct ref_mutant *m, bool packed, bool indirect,
		     enum blk_verify verify)
{
	struct session_config sc = {
		.want = {1ull << VOP_BLK_F_FLUSH, 0},
		.queues = 1,
		.queue_use = {true},
		.indirect_max = 3,
	};
	struct blk_load_config lc = {
		.queues = 1,
		.size_max = 4096,
		.depth_max = 4,
		.segments = 1,
		.span = SPAN,
		.seed = 5,
		.mix = 50,
		.verify = verify,
		.stall_ns = 50000000,
		.work = work,
	};

	memset(r, 0, sizeof(*r));
	if (packed)
		vop_feature_set(sc.want, VOP_F_RING_PACKED);
	if (indirect)
		vop_feature_set(sc.want, VOP_F_INDIRECT_DESC);
	r->sut = ref_new(VOP_BLK_ID, 0, m);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->sut);
	if (sut_start(r->sut, &r->err) || session_open(&r->s, r->sut->target, &sc, &r->err))
		return false;
	r->sh = mmap(NULL, sizeof(*r->sh), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	CU_ASSERT_PTR_NOT_EQUAL_FATAL(r->sh, MAP_FAILED);
	r->sh->sides = 1;
	r->w.sh = r->sh;
	lc.work_ctx = r->sut;
	r->l = blk_load_new(r->sh, &r->s, &lc, &r->err);
	return r->l != NULL;
}

static void rig_close(struct rig *r)
{
	blk_load_free(r->l);
	if (r->s.t)
		session_close(&r->s);
	sut_free(r->sut);
	if (r->sh)
		munmap(r->sh, sizeof(*r->sh));
}

static int job(struct rig *r, enum job_kind kind, enum blk_pattern pattern, uint32_t bytes,
	       uint32_t depth)
{
	struct job j = {
		.kind = kind,
		.pattern = pattern,
		.bytes = bytes,
		.slots = depth,
		.batch = 3,
		.run_ns = 2000000,
	};
	struct job_result res = {0};
	int e;

	atomic_store(&r->sh->window.v, WINDOW_WARM);
	e = blk_load_run(r->l, &r->w, &j, &res);
	/* What is measured is measured of something. */
	if (!e && kind == JOB_BLK &&
	    (res.frames == 0 || res.window_ns == 0 || r->sh->latency.count < res.frames))
		return -ENODATA;
	return e;
}

/* Everything that a run does, once. */
static int whole_run(struct rig *r)
{
	int e = job(r, JOB_BLK_FILL, 0, 4096, 4);

	for (enum blk_pattern p = 0; p < BLK_PATTERNS && !e; p++)
		for (uint32_t depth = 1; depth <= 4 && !e; depth += 3)
			e = job(r, JOB_BLK, p, depth == 1 ? 4096 : 1536, depth);
	return e ? e : job(r, JOB_BLK_CHECK, 0, 4096, 4);
}

static void sound(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct rig r;
		const struct blk_count *c;
		int e;

		CU_ASSERT_TRUE_FATAL(rig_open(&r, NULL, i & 1, i & 2, BLK_VERIFY_FULL));
		c = &r.sh->blk;
		e = whole_run(&r);
		CU_ASSERT_EQUAL(e, 0);
		CU_ASSERT_EQUAL(atomic_load(&c->submitted), atomic_load(&c->ok));
		CU_ASSERT_TRUE(atomic_load(&c->submitted) > 12 + 2 * SPAN / 4096);
		CU_ASSERT_TRUE(atomic_load(&c->compared) >= SPAN);
		CU_ASSERT_TRUE(atomic_load(&c->written) >= SPAN);
		CU_ASSERT_EQUAL(atomic_load(&c->wrong), BLK_FINE);
		rig_close(&r);
	}
}

/* Without writes: learn, then compare. */
static void reads_only(void)
{
	struct rig r;

	CU_ASSERT_TRUE_FATAL(rig_open(&r, NULL, false, false, BLK_VERIFY_STABLE));
	CU_ASSERT_EQUAL(job(&r, JOB_BLK_FILL, 0, 4096, 4), 0);
	CU_ASSERT_EQUAL(atomic_load(&r.sh->blk.compared), 0);
	CU_ASSERT_EQUAL(job(&r, JOB_BLK, BLK_RANDREAD, 4096, 4), 0);
	CU_ASSERT_EQUAL(job(&r, JOB_BLK_CHECK, 0, 4096, 4), 0);
	CU_ASSERT_TRUE(atomic_load(&r.sh->blk.compared) > SPAN);
	CU_ASSERT_EQUAL(atomic_load(&r.sh->blk.written), 0);
	rig_close(&r);
}

#define SOMEHOW 99u /* by the ring, by waiting in vain, or by the books */

static void caught(const char *name, uint32_t how)
{
	struct ref_mutant m;
	struct rig r;
	uint32_t wrong = BLK_FINE;
	int e = -1;

	CU_ASSERT_TRUE_FATAL(ref_mutant_find(name, &m));
	if (rig_open(&r, &m, false, false, BLK_VERIFY_FULL)) {
		e = whole_run(&r);
		wrong = atomic_load(&r.sh->blk.wrong);
	}
	if (how == SOMEHOW)
		wrong = how;
	if (e == 0 || wrong != how)
		printf("\n    %s: %d, %u instead of %u\n", name, e, wrong, how);
	CU_ASSERT_NOT_EQUAL(e, 0);
	CU_ASSERT_EQUAL(wrong, how);
	rig_close(&r);
}

static void mutants(void)
{
	caught("blk/read/sector:plus", BLK_ALTERED);
	caught("blk/read/sector:minus", BLK_ALTERED);
	caught("blk/read/sector:zero", BLK_ALTERED);
	caught("blk/read/sector:stale", BLK_ALTERED);
	caught("blk/write/sector:plus", BLK_ALTERED);
	caught("blk/write/sector:minus", BLK_ALTERED);
	caught("blk/write/sector:zero", BLK_ALTERED);
	caught("blk/write/sector:stale", BLK_ALTERED);
	caught("blk/read/data:skip", BLK_ALTERED);
	caught("blk/read/data:forget", BLK_ALTERED);
	caught("blk/write/data:skip", BLK_ALTERED);
	caught("blk/write/data:forget", BLK_ALTERED);
	caught("blk/status/value:plus", BLK_STATUS);
	caught("blk/status/value:minus", BLK_STATUS);
	caught("blk/status/written:skip", BLK_STATUS);
	caught("blk/status/written:forget", BLK_STATUS);
	caught("blk/used/length:plus", BLK_FINE); /* the ring sees it first */
	caught("blk/used/length:minus", BLK_LENGTH);
	caught("blk/used/length:zero", BLK_LENGTH);
	caught("blk/used/length:stale", BLK_LENGTH);
	caught("blk/used/one:bug", BLK_LENGTH);
	caught("blk/used/data:bug", BLK_LENGTH);
	caught("blk/flush/unsupported:bug", BLK_STATUS);
}

/* Lost, doubled, and given back as another. */
static void ring_mutants(void)
{
	caught("split/used-id:plus", SOMEHOW);
	caught("split/used-id:zero", SOMEHOW);
	caught("split/used-id:stale", SOMEHOW);
	caught("split/head:stale", SOMEHOW);
	caught("split/used-elem:skip", SOMEHOW);
	caught("split/used-elem:forget", SOMEHOW);
	caught("split/used-at:stale", SOMEHOW);
	caught("split/used-idx:plus", SOMEHOW);
	caught("split/used-idx:zero", SOMEHOW);
	caught("split/used-len:minus", SOMEHOW);
	caught("split/addr:stale", SOMEHOW);
}

/* A disk that says less than there is must not pass for one that is right. */
static void refused(void)
{
	struct rig r;

	CU_ASSERT_TRUE_FATAL(rig_open(&r, NULL, false, false, BLK_VERIFY_FULL));
	CU_ASSERT_EQUAL(job(&r, JOB_BLK, BLK_READ, 0, 1), -EINVAL);
	CU_ASSERT_EQUAL(job(&r, JOB_BLK, BLK_READ, 513, 1), -EINVAL);
	CU_ASSERT_EQUAL(job(&r, JOB_BLK, BLK_READ, 8192, 1), -EINVAL);
	CU_ASSERT_EQUAL(job(&r, JOB_BLK, BLK_READ, 4096, 0), -EINVAL);
	CU_ASSERT_EQUAL(job(&r, JOB_BLK, BLK_READ, 4096, 5), -EINVAL);
	CU_ASSERT_EQUAL(job(&r, JOB_RING, BLK_READ, 4096, 1), -EINVAL);
	rig_close(&r);
}

static void aborted(void)
{
	struct rig r;

	CU_ASSERT_TRUE_FATAL(rig_open(&r, NULL, false, false, BLK_VERIFY_FULL));
	atomic_store(&r.sh->abort, 1);
	CU_ASSERT_EQUAL(job(&r, JOB_BLK, BLK_READ, 4096, 1), -ECANCELED);
	rig_close(&r);
}

int suite_blk_load(void)
{
	CU_pSuite s = CU_add_suite("blk_load", NULL, NULL);

	if (!s || !CU_add_test(s, "sound", sound) || !CU_add_test(s, "reads only", reads_only) ||
	    !CU_add_test(s, "mutants", mutants) ||
	    !CU_add_test(s, "mutants of the ring", ring_mutants) ||
	    !CU_add_test(s, "refused", refused) || !CU_add_test(s, "aborted", aborted))
		return CU_get_error();
	return 0;
}
