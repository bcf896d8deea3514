/* SPDX-License-Identifier: BSD-2-Clause */
/* Where sectors are kept: memory and files; and the types a stand-alone node can serve. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include <vop/features.h>
#include "tests/unit/scratch.h"
#include "vop/dev/blk.h"
#include "vop/service_type.h"

#define DISK  (UINT64_C(8) << 20)
#define CHUNK (1u << 20)

/* --- a backend without a device --- */

static int put(struct vop_blk_backend *b, uint64_t at, uint8_t *p, uint32_t len)
{
	/* In three pieces. */
	struct vop_iov v[3] = {{.ptr = p, .len = 5},
			       {.ptr = p + 5, .len = 300},
			       {.ptr = p + 305, .len = len - 305}};
	struct vop_core_walk w = {.v = v, .n = 3};
	int r = b->write(b->ctx, at, &w, len);

	CU_ASSERT(r || vop_core_left(&w) == 0);
	return r;
}

static int get(struct vop_blk_backend *b, uint64_t at, uint8_t *p, uint32_t len)
{
	struct vop_iov v[2] = {{.ptr = p, .len = 7}, {.ptr = p + 7, .len = len - 7}};
	struct vop_core_walk w = {.v = v, .n = 2};

	return b->read(b->ctx, at, &w, len);
}

static bool holds(struct vop_blk_backend *b, uint64_t at, uint32_t len, uint8_t value)
{
	uint8_t *p = malloc(len);
	uint32_t i = 0;

	CU_ASSERT_FATAL(p != NULL);
	memset(p, (uint8_t)~value, len);
	CU_ASSERT_EQUAL(get(b, at, p, len), 0);
	while (i < len && p[i] == value)
		i++;
	free(p);
	return i == len;
}

/* Ones in all of the first CHUNK bytes. */
static void ones(struct vop_blk_backend *b)
{
	uint8_t *p = malloc(CHUNK);

	CU_ASSERT_FATAL(p != NULL);
	memset(p, 1, CHUNK);
	CU_ASSERT_EQUAL(put(b, 0, p, CHUNK), 0);
	free(p);
}

/* Zero, erase and discard a part that begins and ends within a page. */
static void edges(struct vop_blk_backend *b)
{
	const uint64_t from = 512, len = 40 * 512;

	for (unsigned unmap = 0; unmap < 2; unmap++) {
		ones(b);
		CU_ASSERT_EQUAL(b->zero(b->ctx, from, len, unmap), 0);
		CU_ASSERT(holds(b, 0, 512, 1));
		CU_ASSERT(holds(b, from, len, 0));
		CU_ASSERT(holds(b, from + len, 65536, 1));
		CU_ASSERT_EQUAL(b->zero(b->ctx, from + 100 * 512, 512, unmap), 0);
		CU_ASSERT(holds(b, from + 100 * 512, 512, 0));
		CU_ASSERT(holds(b, from + 101 * 512, 512, 1));
		CU_ASSERT(holds(b, from + 99 * 512, 512, 1));
		CU_ASSERT_EQUAL(b->zero(b->ctx, b->size - 512, 512, unmap), 0);
	}
	if (b->discard) {
		ones(b);
		CU_ASSERT_EQUAL(b->discard(b->ctx, from, len), 0);
		CU_ASSERT(holds(b, 0, 512, 1));
		CU_ASSERT(holds(b, from + len, 65536, 1));
	}
	if (b->erase) {
		ones(b);
		CU_ASSERT_EQUAL(b->erase(b->ctx, from, len), 0);
		CU_ASSERT(holds(b, 0, 512, 1));
		CU_ASSERT(holds(b, from, len, 0));
		CU_ASSERT(holds(b, from + len, 65536, 1));
	}
}

/* Pages of the process that are there, of the range at p. */
static unsigned resident(void *p, size_t len)
{
	unsigned char vec[CHUNK / 4096];
	unsigned n = 0;
	size_t i;

	CU_ASSERT_FATAL(len / 4096 <= sizeof(vec));
	CU_ASSERT_EQUAL(mincore(p, len, vec), 0);
	for (i = 0; i < len / 4096; i++)
		n += vec[i] & 1;
	return n;
}

struct memory_view {
	uint8_t *base; /* the first word of the backend's state */
};

static void test_memory(void)
{
	struct vop_blk_backend b;
	struct memory_view *m;

	/* More than a machine that runs tests has to spare: it is sparse. */
	CU_ASSERT_EQUAL_FATAL(vop_blk_backend_memory(&b, UINT64_C(1) << 36, NULL), 0);
	CU_ASSERT(holds(&b, (UINT64_C(1) << 36) - 1024, 1024, 0));
	edges(&b);
	b.free(b.ctx);
	CU_ASSERT_EQUAL_FATAL(vop_blk_backend_memory(&b, DISK, NULL), 0);
	m = b.ctx;
	ones(&b);
	CU_ASSERT(resident(m->base, CHUNK) > 0);
	CU_ASSERT_EQUAL(b.discard(b.ctx, 0, CHUNK), 0);
	CU_ASSERT_EQUAL(resident(m->base, CHUNK), 0);
	ones(&b);
	CU_ASSERT_EQUAL(b.zero(b.ctx, 0, CHUNK, true), 0);
	CU_ASSERT_EQUAL(resident(m->base, CHUNK), 0);
	/* Without unmap the room stays reserved. */
	ones(&b);
	CU_ASSERT_EQUAL(b.zero(b.ctx, 0, CHUNK, false), 0);
	CU_ASSERT(resident(m->base, CHUNK) > 0);
	CU_ASSERT_EQUAL(b.erase(b.ctx, 0, CHUNK), 0);
	CU_ASSERT_EQUAL(resident(m->base, CHUNK), 0);
	b.free(b.ctx);
}

static uint64_t blocks_of(const char *path)
{
	struct stat st;

	CU_ASSERT_EQUAL(stat(path, &st), 0);
	return (uint64_t)st.st_blocks;
}

static void test_file(void)
{
	struct vop_blk_backend b, again;
	struct vop_error err = {{0}};
	struct scratch s;
	uint8_t p[1024];

	scratch_enter(&s);
	/* Made, sparse, kept. */
	CU_ASSERT_EQUAL_FATAL(vop_blk_backend_file(&b, "disk", DISK, false, &err), 0);
	CU_ASSERT_EQUAL(b.size, DISK);
	CU_ASSERT(blocks_of("disk") * 512 < DISK / 2);
	CU_ASSERT(holds(&b, DISK - 4096, 4096, 0));
	edges(&b);
	memset(p, 7, sizeof(p));
	CU_ASSERT_EQUAL(put(&b, DISK - 1024, p, 1024), 0);
	CU_ASSERT_EQUAL(b.flush(b.ctx), 0);
	/* Nobody else's meanwhile. */
	CU_ASSERT(vop_blk_backend_file(&again, "disk", 0, false, &err) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "in use"));
	CU_ASSERT(vop_blk_backend_file(&again, "disk", 0, true, &err) < 0);
	b.free(b.ctx);
	CU_ASSERT_EQUAL_FATAL(vop_blk_backend_file(&b, "disk", 0, false, &err), 0);
	CU_ASSERT_EQUAL(b.size, DISK);
	CU_ASSERT(holds(&b, DISK - 1024, 1024, 7));
	if (b.discard) {
		uint64_t before;

		CU_ASSERT_TRUE(b.zero_unmaps);
		ones(&b);
		CU_ASSERT_EQUAL(b.flush(b.ctx), 0);
		before = blocks_of("disk");
		CU_ASSERT_EQUAL(b.discard(b.ctx, 0, CHUNK), 0);
		CU_ASSERT(blocks_of("disk") + CHUNK / 512 <= before);
		ones(&b);
		CU_ASSERT_EQUAL(b.flush(b.ctx), 0);
		CU_ASSERT_EQUAL(b.zero(b.ctx, 0, CHUNK, true), 0);
		CU_ASSERT(blocks_of("disk") + CHUNK / 512 <= before);
	}
	b.free(b.ctx);
	/* Many may read. */
	CU_ASSERT_EQUAL_FATAL(vop_blk_backend_file(&b, "disk", DISK, true, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vop_blk_backend_file(&again, "disk", 0, true, &err), 0);
	CU_ASSERT(holds(&again, DISK - 1024, 1024, 7));
	CU_ASSERT(put(&b, 0, p, 1024) < 0);
	CU_ASSERT_PTR_NULL(b.discard);
	CU_ASSERT_PTR_NULL(b.erase);
	again.free(again.ctx);
	b.free(b.ctx);
	scratch_leave(&s);
}

/* Somebody cuts the file off under the device: a failure, not the end. */
static void test_file_shrinks(void)
{
	struct vop_blk_backend b;
	struct vop_error err;
	uint8_t p[1024];
	struct scratch s;

	scratch_enter(&s);
	CU_ASSERT_EQUAL_FATAL(vop_blk_backend_file(&b, "disk", DISK, false, &err), 0);
	CU_ASSERT_EQUAL(truncate("disk", 4096 + 512), 0);
	CU_ASSERT_EQUAL(get(&b, 0, p, 1024), 0);
	CU_ASSERT_EQUAL(get(&b, 4096, p, 1024), -EIO);
	CU_ASSERT_EQUAL(get(&b, DISK - 1024, p, 1024), -EIO);
	CU_ASSERT_EQUAL(put(&b, 8192, p, 1024), 0);
	b.free(b.ctx);
	scratch_leave(&s);
}

static int refused(const char *path, uint64_t size, bool ro, const char *word)
{
	struct vop_error err = {{0}};
	struct vop_blk_backend b;
	int r = vop_blk_backend_file(&b, path, size, ro, &err);

	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, word));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
	CU_ASSERT_FATAL(r < 0);
	return r;
}

static void test_file_refused(void)
{
	struct scratch s;
	FILE *f;

	scratch_enter(&s);
	CU_ASSERT_EQUAL(refused("not-there", 0, false, "No such file"), -ENOENT);
	CU_ASSERT_EQUAL(refused("not-there", DISK, true, "No such file"), -ENOENT);
	CU_ASSERT_EQUAL(refused("no/such/place", DISK, false, "No such file"), -ENOENT);
	CU_ASSERT_EQUAL(refused(".", 0, true, "neither a file nor"), -EINVAL);
	CU_ASSERT_EQUAL(refused("/dev/null", 0, false, "neither a file nor"), -EINVAL);
	/* None of them made a file. */
	CU_ASSERT_EQUAL(scratch_files("."), 0);
	f = fopen("empty", "w");
	CU_ASSERT_FATAL(f != NULL);
	fclose(f);
	CU_ASSERT_EQUAL(refused("empty", 0, false, "is empty"), -EINVAL);
	CU_ASSERT_EQUAL(refused("empty", DISK, true, "is empty"), -EINVAL);
	CU_ASSERT_EQUAL(truncate("empty", 512), 0);
	CU_ASSERT_EQUAL(refused("empty", 1024, false, "has 512 bytes, not 1024"), -EINVAL);
	CU_ASSERT_EQUAL(refused("empty", 511, false, "has 512 bytes, not 511"), -EINVAL);
	scratch_leave(&s);
}

/* --- types of the stand-alone node --- */

static void check_type(const struct vop_service_type *t)
{
	struct vop_service_device d = vop_service_default(t, VOP_HOST);
	struct vop_error err = {{0}};
	unsigned i, k;

	CU_ASSERT_PTR_EQUAL(vop_service_type_of(t->device_id), t);
	CU_ASSERT_PTR_EQUAL(vop_service_type_named(t->name), t);
	for (i = 0; t->keys[i].name; i++) {
		const struct vop_service_key *key = &t->keys[i];

		CU_ASSERT_EQUAL(vop_service_key_index(t, key->name), (int)i);
		CU_ASSERT_PTR_NOT_NULL(key->help);
		CU_ASSERT((key->kind == VOP_KEY_WORD) == (key->words != NULL));
		CU_ASSERT(key->words || key->value);
		for (k = 0; key->words && key->words[k]; k++)
			;
		CU_ASSERT(!key->words || key->def < k);
		CU_ASSERT(key->kind == VOP_KEY_WORD || key->def <= key->max);
	}
	CU_ASSERT(i <= VOP_SERVICE_KEYS_MAX);
	for (i = 0; t->counters[i].before; i++)
		CU_ASSERT_PTR_NOT_NULL(t->counters[i].after);
	CU_ASSERT(i <= VOP_SERVICE_COUNTERS_MAX);
	for (i = 0; t->features[i].name; i++)
		CU_ASSERT_FALSE(t->features[i].bit < 64 &&
				(VOP_F_TRANSPORT_MASK >> t->features[i].bit & 1));
	CU_ASSERT_EQUAL(d.device, VOP_HOST);
	CU_ASSERT(!t->check || t->check(&d, &err) == 0);
	CU_ASSERT(t->queues(&d) >= 1 && t->queues(&d) <= VOP_QUEUES_MAX);
}

static void test_types(void)
{
	unsigned i;

	for (i = 0; vop_service_types[i]; i++)
		check_type(vop_service_types[i]);
	CU_ASSERT(i >= 2);
	/* What a node creates that is told nothing. */
	CU_ASSERT_PTR_EQUAL(vop_service_types[0], &vop_service_net);
	CU_ASSERT_PTR_NULL(vop_service_type_named("toaster"));
	CU_ASSERT_PTR_NULL(vop_service_type_of(0));
	CU_ASSERT_EQUAL(vop_service_key_index(&vop_service_blk, "toast"), -ENOENT);
}

static int check_blk(const char *key, uint64_t number, const char *text)
{
	struct vop_service_device d = vop_service_default(&vop_service_blk, VOP_HOST);
	struct vop_error err = {{0}};
	int k = vop_service_key_index(d.type, key);

	/* Blocks of 4096. */
	d.v[vop_service_key_index(d.type, "block")].number = 1;
	CU_ASSERT_FATAL(k >= 0);
	if (text)
		d.v[k].text = text;
	else
		d.v[k].number = number;
	return d.type->check(&d, &err);
}

static void test_blk_values(void)
{
	CU_ASSERT_EQUAL(check_blk("size", 8192, NULL), 0);
	CU_ASSERT_EQUAL(check_blk("size", 8192 + 512, NULL), -EINVAL);
	CU_ASSERT_EQUAL(check_blk("id", 0, "twenty characters 20"), 0);
	CU_ASSERT_EQUAL(check_blk("id", 0, "twenty-one characters"), -EINVAL);
	CU_ASSERT_EQUAL(check_blk("id", 0, "no\xc3\xa9"), -EINVAL);
}

int suite_blk_backend(void)
{
	CU_pSuite s = CU_add_suite("blk, backends", NULL, NULL);

	if (!s || !CU_add_test(s, "memory", test_memory) || !CU_add_test(s, "file", test_file) ||
	    !CU_add_test(s, "file that shrinks", test_file_shrinks) ||
	    !CU_add_test(s, "files that are no disks", test_file_refused) ||
	    !CU_add_test(s, "types of a node", test_types) ||
	    !CU_add_test(s, "values of blk", test_blk_values))
		return CU_get_error();
	return 0;
}
