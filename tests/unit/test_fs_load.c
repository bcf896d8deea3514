/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files over a ring, against the reference device: sound it passes in every pattern, and each of
 * these mutants of it makes the run fail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "bench/fs_link.h"
#include "bench/fs_load.h"
#include "conformance/ref/ref.h"

#define SPAN  16384u
#define BLOCK 4096u

struct rig {
	struct sut *sut;
	struct session s;
	struct fs_conn *c;
	struct fs_tree t;
	struct fs_terms terms;
	struct vop_error err;
};

static void *alloc(void *ctx, size_t size, size_t align, uint64_t *bus)
{
	struct rig *r = ctx;

	return r->sut->target->ops->alloc(r->sut->target, VOP_AT_DRIVER, size, align, bus);
}

/* The device works when it is looked after. */
static int service(void *ctx, const char **why)
{
	struct rig *r = ctx;

	*why = "the device is gone";
	r->sut->ops->run(r->sut);
	return r->sut->target->ops->service(r->sut->target) ? -EPIPE : 0;
}

static bool rig_open(struct rig *r, const struct ref_mutant *m, bool packed, bool indirect)
{
	struct session_config sc = {
		.queues = 2, .queue_use = {true, true}, .indirect_max = indirect ? 4 : 0};
	struct fs_conn_config cc = {
		.lanes = 2,
		.slots = 4,
		.data_max = BLOCK,
		.timeout_ns = 50000000,
		.alloc = alloc,
		.service = service,
		.ctx = r,
	};

	memset(r, 0, sizeof(*r));
	if (packed)
		vop_feature_set(sc.want, VOP_F_RING_PACKED);
	if (indirect)
		vop_feature_set(sc.want, VOP_F_INDIRECT_DESC);
	r->sut = ref_new(FS_DEVICE_ID, 0, m);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->sut);
	if (sut_start(r->sut, &r->err) || session_open(&r->s, r->sut->target, &sc, &r->err))
		return false;
	for (unsigned i = 0; i < cc.lanes; i++)
		cc.lane[i] = (struct fs_lane){.vq = &r->s.q[i].vq, .kick = r->s.q[i].cfg.kick};
	r->c = fs_conn_new(&cc, &r->err);
	r->t.seed = 9;
	r->t.dir.id = FUSE_ROOT_ID;
	return r->c != NULL;
}

static void rig_close(struct rig *r)
{
	fs_conn_free(r->c);
	fs_tree_free(&r->t);
	if (r->s.t)
		session_close(&r->s);
	sut_free(r->sut);
}

static int job(struct rig *r, enum fs_pattern p, unsigned depth)
{
	struct fs_job j = {.pattern = p, .depth = depth, .run_ns = 3000000, .random = 4};
	struct fs_job_result *res = malloc(sizeof(*res));
	int e = res ? fs_load_run(r->c, &r->t, &j, res) : -ENOMEM;

	/* What is measured is measured of something. */
	if (!e && p < FS_PATTERNS_N &&
	    (res->requests == 0 || res->window_ns == 0 || res->latency.count != res->requests))
		e = -ENODATA;
	free(res);
	return e;
}

/* Everything that a run does, but for what the reference device has not: directories, OPEN. */
static int whole_run(struct rig *r)
{
	int e = fs_init(r->c, BLOCK, &r->terms);

	e = e ? e : fs_tree_files(&r->t, r->c, 2);
	for (unsigned depth = 1; depth <= 2 && !e; depth++) {
		e = job(r, FS_GETATTR, depth);
		e = e ? e : job(r, FS_LOOKUP, depth);
		e = e ? e : job(r, FS_CHURN, depth);
	}
	e = e ? e : fs_tree_blocks(&r->t, SPAN, BLOCK);
	e = e ? e : job(r, FS_FILL, 4);
	for (enum fs_pattern p = FS_SEQREAD; p < FS_PATTERNS_N && !e; p++)
		for (unsigned depth = 1; depth <= 4 && !e; depth += 3)
			e = job(r, p, depth);
	return e ? e : job(r, FS_CHECK, 4);
}

static void sound(void)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct fs_books *b;
		struct rig r;

		CU_ASSERT_TRUE_FATAL(rig_open(&r, NULL, i & 1, i & 2));
		CU_ASSERT_EQUAL(whole_run(&r), 0);
		CU_ASSERT_STRING_EQUAL(fs_conn_words(r.c), "");
		b = fs_conn_books(r.c);
		CU_ASSERT_EQUAL(b->asked, b->answered);
		CU_ASSERT_TRUE(b->forgotten > 0 && b->errors == b->forgotten);
		CU_ASSERT_TRUE(b->written >= 2 * SPAN && b->read >= 2 * SPAN);
		CU_ASSERT_EQUAL(fs_conn_flying(r.c), 0);
		rig_close(&r);
	}
}

/* The mutant, and a word of what is said of it. */
static void mutants(void)
{
	static const char *const names[][2] = {
		{"fs/used-length:minus", "more bytes than the device says"},
		{"fs/used-length:zero", "shorter than its header"},
		{"fs/length:minus", "length"},
		{"fs/length:zero", "shorter"},
		{"fs/unique:plus", "another request"},
		{"fs/unique:stale", "another request"},
		{"fs/major:plus", "FUSE 8"},
		{"fs/body:skip", ""},
		{"fs/write:skip", "not what was written last"},
		{"fs/write:forget", "not what was written last"},
		{"fs/write-size:minus", "not all was written"},
		{"fs/read-at:plus", ""},
		{"fs/read-size:minus", "not all was read"},
		{"fs/positive-errors:bug", "no negative error"},
		{"fs/forget-kept:bug", "does not answer"},
		{"fs/lookup-errno:bug", "ENOENT"},
		{"split/used-id:plus", "queue"},
	};

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(names); i++) {
		struct ref_mutant m;
		struct rig r;
		int e;

		CU_ASSERT_TRUE_FATAL(ref_mutant_find(names[i][0], &m));
		CU_ASSERT_TRUE_FATAL(rig_open(&r, &m, false, false));
		e = whole_run(&r);
		if (e == 0 || !strstr(fs_conn_words(r.c), names[i][1]))
			printf("%s: %d, %s\n", names[i][0], e, fs_conn_words(r.c));
		CU_ASSERT_NOT_EQUAL(e, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(fs_conn_words(r.c), names[i][1]));
		/* The first failure stays. */
		CU_ASSERT_EQUAL(fs_conn_failed(r.c), e);
		CU_ASSERT_EQUAL(fs_destroy(r.c), e);
		rig_close(&r);
	}
}

/* A device that answers with the error of its choice is no failure of the connection. */
static void errors(void)
{
	struct fs_node n;
	uint64_t fh;
	struct rig r;

	CU_ASSERT_TRUE_FATAL(rig_open(&r, NULL, false, true));
	/* Before the session. */
	CU_ASSERT_EQUAL(fs_lookup(r.c, FUSE_ROOT_ID, "x", &n), -EIO);
	CU_ASSERT_EQUAL(fs_init(r.c, BLOCK, &r.terms), 0);
	CU_ASSERT_EQUAL(fs_lookup(r.c, FUSE_ROOT_ID, "x", &n), -ENOENT);
	CU_ASSERT_EQUAL(fs_create(r.c, FUSE_ROOT_ID, "x", 0600, &n, &fh), 0);
	CU_ASSERT_EQUAL(fs_create(r.c, FUSE_ROOT_ID, "x", 0600, &n, &fh), -EEXIST);
	CU_ASSERT_EQUAL(fs_mkdir(r.c, FUSE_ROOT_ID, "y", 0700, &n), -ENOSYS);
	CU_ASSERT_EQUAL(fs_unlink(r.c, FUSE_ROOT_ID, "x"), 0);
	CU_ASSERT_EQUAL(fs_unlink(r.c, FUSE_ROOT_ID, "x"), -ENOENT);
	CU_ASSERT_EQUAL(fs_conn_failed(r.c), 0);
	CU_ASSERT_EQUAL(fs_conn_books(r.c)->errors, 5);
	rig_close(&r);
}

/* A file that was altered behind the run's back. */
static void altered(void)
{
	struct fs_slot *s;
	uint32_t done;
	struct rig r;

	CU_ASSERT_TRUE_FATAL(rig_open(&r, NULL, false, false));
	CU_ASSERT_EQUAL(fs_init(r.c, BLOCK, &r.terms), 0);
	CU_ASSERT_EQUAL(fs_tree_files(&r.t, r.c, 2), 0);
	CU_ASSERT_EQUAL(fs_tree_blocks(&r.t, SPAN, BLOCK), 0);
	CU_ASSERT_EQUAL(job(&r, FS_FILL, 2), 0);
	CU_ASSERT_EQUAL(job(&r, FS_CHECK, 2), 0);
	s = fs_slot_get(r.c);
	s->data[0] = 0;
	CU_ASSERT_EQUAL(fs_write(r.c, s, r.t.file[1].node.id, r.t.file[1].fh, 5000, 1, &done), 0);
	fs_slot_put(r.c, s);
	CU_ASSERT_EQUAL(job(&r, FS_CHECK, 2), -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(fs_conn_words(r.c), "file1: byte 5000"));
	rig_close(&r);
}

int suite_fs_load(void)
{
	CU_pSuite s = CU_add_suite("fs_load", NULL, NULL);

	if (!s || !CU_ADD_TEST(s, sound) || !CU_ADD_TEST(s, mutants) || !CU_ADD_TEST(s, errors) ||
	    !CU_ADD_TEST(s, altered))
		return -1;
	return 0;
}
