/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Payload copies, all lengths and alignments: the coherent one and that of memory class `device`.
 */
#define VOP_MEM VOP_MEM_CLASS_DEVICE
#include "ring_rig.h"

#define SPAN 700u

typedef void copy_fn(void *dst, const void *src, size_t len);

static void coherent(void *dst, const void *src, size_t len)
{
	vop_copy(dst, src, len);
}
static void to_window(void *dst, const void *src, size_t len)
{
	VOP_MEM_COPY_TO(dst, src, len);
}
static void from_window(void *dst, const void *src, size_t len)
{
	VOP_MEM_COPY_FROM(dst, src, len);
}

/* Every byte arrives, and not one beside them changes. */
static void every(copy_fn *copy)
{
	uint8_t *src = rig_alloc(SPAN), *dst = rig_alloc(SPAN);
	unsigned bad = 0;

	for (unsigned i = 0; i < SPAN; i++)
		src[i] = (uint8_t)(i * 7 + 1);
	for (size_t len = 0; len <= 300; len++)
		for (unsigned from = 0; from < 9; from++)
			for (unsigned to = 8; to < 17; to++) {
				memset(dst, 0xee, SPAN);
				copy(dst + to, src + from, len);
				bad += memcmp(dst + to, src + from, len) != 0;
				for (unsigned i = 0; i < to; i++)
					bad += dst[i] != 0xee;
				for (unsigned i = to + (unsigned)len; i < to + len + 16; i++)
					bad += dst[i] != 0xee;
			}
	CU_ASSERT_EQUAL(bad, 0);
	free(src);
	free(dst);
}

static void copy_coherent(void)
{
	every(coherent);
}
static void copy_to_window(void)
{
	every(to_window);
}
static void copy_from_window(void)
{
	every(from_window);
}

static void control_words(void)
{
	uint32_t w = 0;
	uint16_t h = 0;

	VOP_MEM_ST(&w, 5);
	VOP_MEM_ST_REL(&h, 6);
	CU_ASSERT_EQUAL(VOP_MEM_LD(&w), 5);
	CU_ASSERT_EQUAL(VOP_MEM_LD_ACQ(&h), 6);
	VOP_MEM_FULL();
	VOP_MEM_FLUSH();
	VOP_MEM_READ_BACK(&w);
	VOP_MEM_READ_BACK(NULL); /* no window of the peer: no load */
	CU_ASSERT_EQUAL(VOP_MEM_WIDE, 0);
}

int suite_window_copy(void)
{
	CU_pSuite s = CU_add_suite("payload copies", NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, copy_coherent);
	CU_ADD_TEST(s, copy_to_window);
	CU_ADD_TEST(s, copy_from_window);
	CU_ADD_TEST(s, control_words);
	return 0;
}
