/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files over a ring, against the reference device: sound it passes in every pattern, and each of
 * these mutants of it makes the run fail.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <CUnit/CUnit.h>

#include "bench/fs_link.h"
#include "bench/fs_load.h"
#include "conformance/ref/ref.h"
#include "vop/vq_open.h"

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
		.timeout_ns = 2000000000, /* one mutant waits it out */
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

/* What a device calls its files is for the terminal of whoever runs this. */
static void words(void)
{
	struct rig r;

	CU_ASSERT_TRUE_FATAL(rig_open(&r, NULL, false, false));
	CU_ASSERT_EQUAL(fs_conn_fail(r.c, -EBADMSG, "%s", "a\033[2J b~\x7f\n\xff"), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(fs_conn_words(r.c), "a?[2J b~???");
	rig_close(&r);
}

/* --- directories without an end --- */

#define ENDLESS_SIZE 16u
#define ENDLESS_MEM  (64u << 10)
#define ENDLESS_BUS  0x10000u

/* A device of nothing else: in its directory there is always one name more. */
struct endless {
	pthread_t thread;
	atomic_bool stop;
	const char *name;
	uint64_t place;
	uint8_t *mem;
	size_t used;
	struct vop_regions regions;
	struct vop_queue_config cfg;
	struct vop_doorbell none;
	struct vop_drvq drv[2];
	struct vop_devq dev[2];
	struct fs_conn *c;
};

static void *endless_alloc(void *ctx, size_t size, size_t align, uint64_t *bus)
{
	struct endless *d = ctx;

	d->used = vop_align_up(d->used, align);
	*bus = ENDLESS_BUS + d->used;
	d->used += size;
	return d->used <= ENDLESS_MEM ? d->mem + (*bus - ENDLESS_BUS) : NULL;
}

/* Its answer to one request: bytes written. */
static uint32_t endless_answer(struct endless *d, const struct vop_elem *e, struct vop_iov *v)
{
	struct fuse_dirent entry = {.ino = 1, .namelen = (uint32_t)strlen(d->name)};
	struct fuse_entry_out found = {.nodeid = 7, .attr = {.mode = S_IFREG | 0600}};
	struct fuse_in_header in;
	struct fuse_out_header out = {.len = sizeof(out)};

	memcpy(&in, v[0].ptr, sizeof(in));
	if (e->nin == 0)
		return 0;
	v += e->nout;
	out.unique = in.unique;
	if (in.opcode == FUSE_LOOKUP) {
		memcpy(v[0].ptr + sizeof(out), &found, sizeof(found));
		out.len += (uint32_t)sizeof(found);
	} else if (in.opcode == FUSE_OPENDIR) {
		memset(v[0].ptr + sizeof(out), 0, sizeof(struct fuse_open_out));
		out.len += (uint32_t)sizeof(struct fuse_open_out);
	} else if (in.opcode == FUSE_READDIR) {
		entry.off = ++d->place;
		memcpy(v[1].ptr, &entry, FUSE_NAME_OFFSET);
		memcpy(v[1].ptr + FUSE_NAME_OFFSET, d->name, entry.namelen);
		out.len += (uint32_t)(FUSE_NAME_OFFSET + entry.namelen);
	}
	memcpy(v[0].ptr, &out, sizeof(out));
	return out.len;
}

static void *endless_run(void *arg)
{
	struct endless *d = arg;

	while (!d->stop) {
		for (unsigned q = 0; q < 2; q++) {
			struct vop_iov iov[8];
			struct vop_elem e;
			struct vop_batch b = {.iov_max = 8, .elem = &e, .iov = iov};
			uint32_t len;

			if (vop_devq_pop(&d->dev[q], &d->regions, &b, 1) == 0)
				continue;
			len = endless_answer(d, &e, &iov[e.first]);
			vop_devq_push(&d->dev[q], &e, &len, 1);
			vop_devq_publish(&d->dev[q]);
		}
		sched_yield();
	}
	return NULL;
}

static void endless_open(struct endless *d, const char *name)
{
	struct fs_conn_config cc = {.lanes = 2,
				    .slots = 2,
				    .data_max = BLOCK,
				    .notify = VOP_NOTIFY_POLL,
				    .timeout_ns = 60000000000u, /* against hangs only */
				    .alloc = endless_alloc,
				    .ctx = d};
	struct vop_ring_features f = {.peer_polls = true};
	struct vop_error err;

	*d = (struct endless){.name = name, .none = VOP_DOORBELL_INIT};
	d->mem = aligned_alloc(4096, ENDLESS_MEM);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d->mem);
	memset(d->mem, 0, ENDLESS_MEM);
	CU_ASSERT_EQUAL(vop_regions_add(&d->regions, ENDLESS_BUS, ENDLESS_MEM, d->mem), 0);
	for (unsigned q = 0; q < 2; q++) {
		d->cfg = (struct vop_queue_config){.index = (uint16_t)q,
						   .size = ENDLESS_SIZE,
						   .regions = &d->regions,
						   .kick = &d->none,
						   .call = &d->none};
		d->cfg.desc = endless_alloc(d, 16 * ENDLESS_SIZE, 4096, &d->cfg.desc_bus);
		d->cfg.driver = endless_alloc(d, vop_split_avail_size(ENDLESS_SIZE), 64,
					      &d->cfg.driver_bus);
		d->cfg.device =
			endless_alloc(d, vop_split_used_size(ENDLESS_SIZE), 64, &d->cfg.device_bus);
		d->cfg.read_back = d->cfg.desc;
		CU_ASSERT_EQUAL_FATAL(vop_drvq_open(&d->drv[q], &d->cfg, f, NULL, 0, 0), 0);
		CU_ASSERT_EQUAL_FATAL(vop_devq_open(&d->dev[q], &d->cfg, f), 0);
		cc.lane[q] = (struct fs_lane){.vq = &d->drv[q]};
	}
	d->c = fs_conn_new(&cc, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d->c);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&d->thread, NULL, endless_run, d), 0);
}

static void endless_close(struct endless *d)
{
	d->stop = true;
	pthread_join(d->thread, NULL);
	fs_conn_free(d->c);
	for (unsigned q = 0; q < 2; q++)
		vop_drvq_close(&d->drv[q]);
	free(d->mem);
}

/* Both end, or the run is seen to hang. */
static void endless(void)
{
	struct fs_tree t = {.name = "run", .dir = {.id = 1, .lookups = 1}};
	struct endless d;

	endless_open(&d, ".");
	CU_ASSERT_EQUAL(fs_tree_list(&t, d.c), -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(fs_conn_words(d.c), "no end"));
	endless_close(&d);
	endless_open(&d, "x");
	CU_ASSERT_EQUAL(fs_tree_remove(&t, d.c), -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(fs_conn_words(d.c), "stay"));
	endless_close(&d);
}

int suite_fs_load(void)
{
	CU_pSuite s = CU_add_suite("fs_load", NULL, NULL);

	if (!s || !CU_ADD_TEST(s, sound) || !CU_ADD_TEST(s, mutants) || !CU_ADD_TEST(s, errors) ||
	    !CU_ADD_TEST(s, words) || !CU_ADD_TEST(s, altered) || !CU_ADD_TEST(s, endless))
		return -1;
	return 0;
}
