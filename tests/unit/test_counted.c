/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory class `counted`: which accesses of a ring cross, for each placement; and copies. */
#define VOP_MEM VOP_MEM_CLASS_COUNTED
#include "ring_rig.h"

static bool counts(uint64_t reads, uint64_t writes, uint64_t read_bytes, uint64_t write_bytes)
{
	struct vop_mem_counts n = vop_mem_counted_take();
	bool ok = n.reads == reads && n.writes == writes && n.read_bytes == read_bytes &&
		  n.write_bytes == write_bytes;

	if (!ok)
		printf("\n    %llu reads, %llu writes, %llu bytes, %llu bytes\n",
		       (unsigned long long)n.reads, (unsigned long long)n.writes,
		       (unsigned long long)n.read_bytes, (unsigned long long)n.write_bytes);
	return ok;
}

static void words(void)
{
	uint64_t w[4] = {0};
	uint16_t s = 0;

	vop_mem_counted_set_remote(&w[1], 16);
	vop_mem_counted_take();
	VOP_MEM_ST(&w[0], 1);
	(void)VOP_MEM_LD(&w[3]);
	VOP_MEM_ST(&s, 1);
	CU_ASSERT(counts(0, 0, 0, 0));
	VOP_MEM_ST(&w[1], 1);
	VOP_MEM_ST_REL(&w[2], 1);
	(void)VOP_MEM_LD_ACQ(&w[1]);
	CU_ASSERT(counts(1, 2, 8, 16));
	VOP_MEM_READ_BACK(&w[2]);
	CU_ASSERT(counts(1, 0, 1, 0));
	VOP_MEM_READ_BACK(&w[3]);
	CU_ASSERT(counts(0, 0, 0, 0));
	vop_mem_counted_set_remote(NULL, 0);
	VOP_MEM_ST(&w[1], 1);
	CU_ASSERT(counts(0, 0, 0, 0));
}

/* A copy is one access for each line it touches. */
static void copies(void)
{
	uint8_t *w = rig_alloc(1024), priv[300];

	vop_mem_counted_set_remote(w, 1024);
	VOP_MEM_COPY_TO(w, priv, 64);
	CU_ASSERT(counts(0, 1, 0, 64));
	VOP_MEM_COPY_TO(w + 63, priv, 2);
	CU_ASSERT(counts(0, 2, 0, 2));
	VOP_MEM_COPY_FROM(priv, w + 10, 300);
	CU_ASSERT(counts(5, 0, 300, 0));
	VOP_MEM_COPY_FROM(priv, w, 0);
	CU_ASSERT(counts(0, 0, 0, 0));
	VOP_MEM_COPY_FROM(w, priv, 64);
	CU_ASSERT(counts(0, 0, 0, 0)); /* from private to us: not across */
	vop_mem_counted_set_remote(NULL, 0);
	free(w);
}

/* A packed ring at the device, 4 buffers in order: the driver posts two words a descriptor. */
static void packed_at_device(void)
{
	struct rig *r = rig_new(true, 8, rig_features(4), 0);
	struct vop_buf b[4];
	uint32_t cookie[4] = {0};
	struct vop_done out[4];

	for (unsigned i = 0; i < 4; i++)
		b[i] = rig_buf(i);
	r->drv.ring.f.peer_polls = true;
	r->dev.ring.f.peer_polls = true;
	for (unsigned lap = 0; lap < 3; lap++) {
		vop_mem_counted_set_remote(r->cfg.desc, r->desc_size);
		vop_mem_counted_take();
		CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, 4, false), 4);
		vop_drvq_publish(&r->drv);
		CU_ASSERT(counts(0, 8, 0, 64));
		vop_mem_counted_set_remote(NULL, 0); /* now as the device, whose memory it is */
		CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 4), 4);
		vop_devq_push(&r->dev, r->b.elem, NULL, 4);
		vop_devq_publish(&r->dev);
		CU_ASSERT(counts(0, 0, 0, 0));
		vop_mem_counted_set_remote(r->cfg.desc, r->desc_size);
		/* One used descriptor stands for all. */
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 4), 4);
		/* The first time it may take a second look to see that runs come. */
		if (lap)
			CU_ASSERT(counts(1, 0, 8, 0));
	}
	vop_mem_counted_set_remote(NULL, 0);
	rig_free(r);
}

/* A split ring, posted: after the first lap the driver writes the index and reads nothing. */
static void split_posted(void)
{
	struct rig *r = rig_new(false, 4, rig_features(4), 0);
	struct vop_buf b[4];
	uint32_t cookie[4] = {0};
	struct vop_done out[4];

	for (unsigned i = 0; i < 4; i++)
		b[i] = rig_buf(i);
	r->drv.split.f.peer_polls = true;
	for (unsigned lap = 0; lap < 3; lap++) {
		vop_mem_counted_set_remote(r->cfg.driver, r->driver_size);
		vop_mem_counted_take();
		CU_ASSERT_EQUAL(vop_drvq_add(&r->drv, b, cookie, 4, false), 4);
		vop_drvq_publish(&r->drv);
		/* Entries 1 to 3 the first time (a zeroed ring holds entry 0), then the index. */
		CU_ASSERT(lap ? counts(0, 1, 0, 2) : counts(0, 4, 0, 8));
		vop_mem_counted_set_remote(NULL, 0);
		CU_ASSERT_EQUAL(vop_devq_pop(&r->dev, &r->rt, &r->b, 4), 4);
		vop_devq_push(&r->dev, r->b.elem, NULL, 4);
		vop_devq_publish(&r->dev);
		vop_mem_counted_set_remote(r->cfg.driver, r->driver_size);
		CU_ASSERT_EQUAL(vop_drvq_get(&r->drv, out, 4), 4);
		CU_ASSERT(counts(0, 0, 0, 0));
	}
	vop_mem_counted_set_remote(NULL, 0);
	rig_free(r);
}

int suite_counted(void)
{
	CU_pSuite s = CU_add_suite("counted accesses", NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, words);
	CU_ADD_TEST(s, copies);
	CU_ADD_TEST(s, packed_at_device);
	CU_ADD_TEST(s, split_posted);
	return 0;
}
