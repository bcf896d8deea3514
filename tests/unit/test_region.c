/* SPDX-License-Identifier: BSD-2-Clause */
/* Region table: order, overlap, the edges of the address space, and translation against a search
 * byte by byte. */
#include "ring_rig.h"

static struct vop_regions *table(void)
{
	return rig_alloc(sizeof(struct vop_regions));
}

static void refuses(void)
{
	struct vop_regions *t = table();
	uint8_t m[16];

	CU_ASSERT_EQUAL(vop_regions_add(t, 0, 0, m), -EINVAL);
	CU_ASSERT_EQUAL(vop_regions_add(t, 0, 1, NULL), -EINVAL);
	CU_ASSERT_EQUAL(vop_regions_add(t, UINT64_MAX, 2, m), -EINVAL);
	CU_ASSERT_EQUAL(vop_regions_add(t, 1, UINT64_MAX, m), 0);
	CU_ASSERT_EQUAL(vop_regions_add(t, 0, 1, m), 0);
	CU_ASSERT_EQUAL(vop_regions_add(t, 0, 1, m), -EEXIST);
	CU_ASSERT_EQUAL(vop_regions_add(t, UINT64_MAX, 1, m), -EEXIST);
	CU_ASSERT_EQUAL(t->n, 2);
	CU_ASSERT_EQUAL(vop_regions_del(t, 2), -ENOENT);
	CU_ASSERT_EQUAL(vop_regions_del(t, 1), 0);
	CU_ASSERT_EQUAL(vop_regions_del(t, 1), -ENOENT);
	CU_ASSERT_EQUAL(vop_regions_del(t, 0), 0);
	CU_ASSERT_EQUAL(t->n, 0);
	free(t);
}

static void overlap(void)
{
	struct vop_regions *t = table();
	uint8_t m[64];

	CU_ASSERT_EQUAL(vop_regions_add(t, 100, 10, m), 0);
	CU_ASSERT_EQUAL(vop_regions_add(t, 95, 6, m), -EEXIST);	 /* last byte */
	CU_ASSERT_EQUAL(vop_regions_add(t, 109, 1, m), -EEXIST); /* first byte */
	CU_ASSERT_EQUAL(vop_regions_add(t, 103, 2, m), -EEXIST); /* inside */
	CU_ASSERT_EQUAL(vop_regions_add(t, 90, 30, m), -EEXIST); /* around */
	CU_ASSERT_EQUAL(vop_regions_add(t, 95, 5, m), 0);	 /* touching */
	CU_ASSERT_EQUAL(vop_regions_add(t, 110, 5, m), 0);
	CU_ASSERT_EQUAL(t->n, 3);
	CU_ASSERT(t->r[0].base == 95 && t->r[1].base == 100 && t->r[2].base == 110);
	free(t);
}

static void full_table(void)
{
	struct vop_regions *t = table();
	uint8_t m[1];

	/* From the top, so that each goes to the front. */
	for (unsigned i = 0; i < VOP_REGIONS_MAX; i++)
		CU_ASSERT_EQUAL(vop_regions_add(t, (uint64_t)(VOP_REGIONS_MAX - i) * 8, 4, m), 0);
	CU_ASSERT_EQUAL(vop_regions_add(t, 0, 1, m), -ENOSPC);
	for (unsigned i = 1; i < t->n; i++)
		CU_ASSERT(t->r[i - 1].base < t->r[i].base);
	CU_ASSERT_PTR_NOT_NULL(vop_xlate_whole(t, 8ull * VOP_REGIONS_MAX + 3, 1));
	CU_ASSERT_PTR_NULL(vop_xlate_whole(t, 8ull * VOP_REGIONS_MAX + 4, 1));
	free(t);
}

/* Both translations against a look at each byte; bases around 0, the middle, and 2^64. */
static void against_bytes(void)
{
	static const uint64_t around[] = {0, 1ull << 32, 1ull << 63, 0ull - 300};
	struct rig_rng rng = {42};
	uint8_t m[4][100];

	for (unsigned round = 0; round < 20000; round++) {
		uint64_t origin = around[rig_below(&rng, 4)], addr, len, got, want = 0;
		struct vop_regions *t = table();
		struct vop_region one;
		uint8_t *p, *first = NULL;
		unsigned i;

		for (i = 0; i < 4; i++)
			(void)vop_regions_add(t, origin + rig_below(&rng, 200),
					      1 + rig_below(&rng, 100), m[i]);
		addr = origin + rig_below(&rng, 330) - 20;
		len = rig_below(&rng, 5) ? rig_below(&rng, 150) : rig_rand(&rng);
		for (i = 0; i < t->n; i++)
			if (addr >= t->r[i].base && addr - t->r[i].base < t->r[i].size)
				break;
		if (i < t->n) {
			first = t->r[i].map + (addr - t->r[i].base);
			while (want < len && addr - t->r[i].base + want < t->r[i].size)
				want++;
		}
		p = vop_xlate(t, addr, len, &got);
		CU_ASSERT_PTR_EQUAL(p, len ? first : NULL);
		CU_ASSERT_EQUAL(got, want);
		CU_ASSERT_PTR_EQUAL(vop_xlate_whole(t, addr, len),
				    len && want == len ? first : NULL);
		one = vop_region_of(t, addr);
		CU_ASSERT_PTR_EQUAL(one.map, i < t->n ? t->r[i].map : NULL);
		CU_ASSERT_PTR_EQUAL(vop_region_at(&one, addr, (uint32_t)len),
				    (uint32_t)len && want >= (uint32_t)len && i < t->n &&
						    (uint32_t)len <=
							    t->r[i].size - (addr - t->r[i].base)
					    ? first
					    : NULL);
		free(t);
	}
}

/* A buffer does not go on at address 0 behind the end of the address space. */
static void no_wrap(void)
{
	struct vop_regions *t = table();
	struct vop_iov iov[8];
	struct vop_batch b = {.iov_max = 8, .iov = iov};
	uint8_t m[2][64];
	unsigned pieces = 0;

	CU_ASSERT_EQUAL(vop_regions_add(t, 0, 64, m[0]), 0);
	CU_ASSERT_EQUAL(vop_regions_add(t, 0ull - 64, 64, m[1]), 0);
	CU_ASSERT_EQUAL(vop_batch_add(&b, t, 0ull - 16, 17, &pieces), VOP_V_ADDR);
	b.niov = 0;
	pieces = 0;
	CU_ASSERT_EQUAL(vop_batch_add(&b, t, 0ull - 16, 16, &pieces), VOP_V_NONE);
	CU_ASSERT_EQUAL(pieces, 1);
	CU_ASSERT_PTR_EQUAL(iov[0].ptr, m[1] + 48);
	free(t);
}

static void words(void)
{
	CU_ASSERT_STRING_EQUAL(vop_violation_str(VOP_V_NONE), "none");
	CU_ASSERT_STRING_EQUAL(vop_violation_str(0xffffffff), "unknown");
	for (uint32_t v = 1; v <= VOP_V_DIRECTION; v++)
		CU_ASSERT(strcmp(vop_violation_str(v), "unknown") != 0);
}

int suite_region(void)
{
	CU_pSuite s = CU_add_suite("region table", NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, refuses);
	CU_ADD_TEST(s, overlap);
	CU_ADD_TEST(s, full_table);
	CU_ADD_TEST(s, against_bytes);
	CU_ADD_TEST(s, no_wrap);
	CU_ADD_TEST(s, words);
	return 0;
}
