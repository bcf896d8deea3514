/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies by size class, and the engine: everything arrives, completions in order, nothing is
 * complete before it was copied and flushed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include <vop/copy.h>
#include <vop/dma.h>

static uint8_t pattern(size_t i, unsigned salt)
{
	return (uint8_t)(i * 31 + salt * 17 + (i >> 8) + 1);
}

static void copy_sizes(void)
{
	static uint8_t src[2048], dst[2048];

	for (size_t i = 0; i < sizeof(src); i++)
		src[i] = pattern(i, 0);
	for (size_t len = 0; len <= 700; len++) {
		size_t so = len % 13, d_o = 64 + len % 7;
		bool good;

		memset(dst, 0xee, sizeof(dst));
		vop_copy(dst + d_o, src + so, len);
		good = !memcmp(dst + d_o, src + so, len);
		for (size_t i = 0; i < sizeof(dst) && good; i++)
			good = (i >= d_o && i < d_o + len) || dst[i] == 0xee;
		CU_ASSERT(good);
		vop_prefetch_range(src, len);
	}
}

static struct vop_dma_config config(uint32_t entries, size_t threshold)
{
	return (struct vop_dma_config){.entries = entries, .threshold = threshold, .cpu = -1};
}

static void bad_config(void)
{
	struct vop_dma_config c = config(0, 1);
	struct vop_dma d;

	CU_ASSERT_EQUAL(vop_dma_open(&d, &c), -EINVAL);
	vop_dma_close(&d);
	c.entries = 48;
	CU_ASSERT_EQUAL(vop_dma_open(&d, &c), -EINVAL);
	c.entries = 2 * VOP_DMA_ENTRIES_MAX;
	CU_ASSERT_EQUAL(vop_dma_open(&d, &c), -EINVAL);
	c.entries = 16;
	c.cpu = CPU_SETSIZE;
	CU_ASSERT_EQUAL(vop_dma_open(&d, &c), -EINVAL);
	c.cpu = CPU_SETSIZE - 1; /* no such CPU */
	CU_ASSERT_EQUAL(vop_dma_open(&d, &c), -EINVAL);
	vop_dma_close(&d);
}

#define BUF_MAX 9000

struct slot {
	uint8_t src[BUF_MAX], dst[BUF_MAX];
	size_t len;
	uint64_t cookie;
};

static void fill(struct slot *s, uint64_t cookie, size_t len)
{
	s->cookie = cookie;
	s->len = len;
	memset(s->dst, 0xee, sizeof(s->dst));
	for (size_t i = 0; i < len; i++)
		s->src[i] = pattern(i, (unsigned)cookie);
}

/* Many jobs of mixed sizes through a small ring, each verified the moment it is said complete. */
static void traffic(const struct vop_dma_config *cfg, uint64_t jobs)
{
	struct slot *slots = calloc(cfg->entries, sizeof(*slots));
	uint64_t sent = 0, back = 0, cookies[5];
	struct vop_dma d;
	unsigned seed = 1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(slots);
	CU_ASSERT_EQUAL_FATAL(vop_dma_open(&d, cfg), 0);
	while (back < jobs) {
		struct vop_dma_job batch[7];
		uint32_t want = (uint32_t)(rand_r(&seed) % 8), n = 0, got;

		want = (uint32_t)VOP_MIN((uint64_t)VOP_MIN(want, vop_dma_room(&d)), jobs - sent);
		for (; n < want; n++) {
			struct slot *s = &slots[(sent + n) % cfg->entries];

			fill(s, sent + n,
			     rand_r(&seed) & 1 ? (size_t)rand_r(&seed) % 200
					       : (size_t)rand_r(&seed) % BUF_MAX);
			batch[n] = (struct vop_dma_job){s->dst, s->src, s->len, s->cookie};
		}
		CU_ASSERT_EQUAL_FATAL(vop_dma_submit(&d, batch, n), n);
		sent += n;
		if (rand_r(&seed) % 64 == 0)
			vop_dma_drain(&d);
		got = vop_dma_poll(&d, cookies, 5);
		for (uint32_t i = 0; i < got; i++, back++) {
			struct slot *s = &slots[back % cfg->entries];

			CU_ASSERT_EQUAL_FATAL(cookies[i], back);
			CU_ASSERT_FATAL(!memcmp(s->dst, s->src, s->len));
			CU_ASSERT_FATAL(s->len == BUF_MAX || s->dst[s->len] == 0xee);
		}
		if (!got && !n)
			sched_yield();
	}
	CU_ASSERT_EQUAL(vop_dma_pending(&d), 0);
	CU_ASSERT_EQUAL(vop_dma_poll(&d, cookies, 5), 0);
	vop_dma_close(&d);
	free(slots);
}

static void cpu_only(void)
{
	struct vop_dma_config c = config(16, VOP_DMA_CPU_ONLY);

	traffic(&c, 2000);
	c.entries = 1;
	traffic(&c, 100);
}

static void engine(void)
{
	struct vop_dma_config c = config(16, 512);

	traffic(&c, 4000); /* the engine sleeps at once when idle */
	c.spin_us = 50;
	traffic(&c, 4000);
	c.threshold = 0;
	c.entries = 2;
	traffic(&c, 1000);
	c.entries = 128;
	c.cpu = sched_getcpu();
	traffic(&c, 1000);
}

/* A job is complete only after the flush that follows its copy. */
struct flushes {
	const uint8_t *last_byte; /* of every job's destination */
	unsigned jobs;
	unsigned copied; /* jobs whose copy the last flush covered; atomic */
};

static void on_flush(void *ctx)
{
	struct flushes *f = ctx;
	unsigned n = f->copied;

	while (n < f->jobs && f->last_byte[(size_t)n * 1024 + 1023] == 0x5a)
		n++;
	__atomic_store_n(&f->copied, n, __ATOMIC_RELAXED);
}

static void flush_before_completion(void)
{
	enum { JOBS = 500 };
	static uint8_t src[1024], dst[JOBS * 1024];
	struct flushes f = {.last_byte = dst, .jobs = JOBS};
	struct vop_dma_config c = config(64, 0);
	unsigned sent = 0, back = 0;
	struct vop_dma d;

	memset(src, 0x5a, sizeof(src));
	memset(dst, 0, sizeof(dst));
	c.flush = on_flush;
	c.ctx = &f;
	CU_ASSERT_EQUAL_FATAL(vop_dma_open(&d, &c), 0);
	while (back < JOBS) {
		struct vop_dma_job j = {&dst[(size_t)sent * 1024], src, 1024, sent};
		uint64_t cookie;

		if (sent < JOBS)
			sent += vop_dma_submit(&d, &j, 1);
		if (vop_dma_poll(&d, &cookie, 1)) {
			CU_ASSERT_EQUAL(cookie, back);
			back++;
			CU_ASSERT_FATAL(__atomic_load_n(&f.copied, __ATOMIC_RELAXED) >= back);
		}
	}
	vop_dma_close(&d);
}

static void drain_and_room(void)
{
	static uint8_t src[8][65536], dst[8][65536];
	struct vop_dma_config c = config(8, 0);
	struct vop_dma_job j[9];
	uint64_t cookies[9];
	struct vop_dma d;

	CU_ASSERT_EQUAL_FATAL(vop_dma_open(&d, &c), 0);
	vop_dma_drain(&d);
	for (unsigned i = 0; i < 9; i++)
		j[i] = (struct vop_dma_job){dst[i % 8], src[i % 8], 65536, i};
	for (unsigned round = 0; round < 200; round++) {
		memset(src, (int)round + 1, sizeof(src));
		CU_ASSERT_EQUAL(vop_dma_submit(&d, j, 9), 8);
		CU_ASSERT_EQUAL(vop_dma_submit(&d, j, 1), 0);
		vop_dma_drain(&d);
		CU_ASSERT_EQUAL(dst[7][65535], (uint8_t)(round + 1));
		CU_ASSERT_EQUAL(vop_dma_poll(&d, cookies, 9), 8);
		CU_ASSERT_EQUAL(cookies[7], 7);
	}
	/* Closing finishes what is under way. */
	memset(src, 0xcc, sizeof(src));
	CU_ASSERT_EQUAL(vop_dma_submit(&d, j, 8), 8);
	vop_dma_close(&d);
	CU_ASSERT_EQUAL(memcmp(src, dst, sizeof(dst)), 0);
}

int suite_dma(void)
{
	CU_pSuite s = CU_add_suite("dma", NULL, NULL);

	if (!s || !CU_add_test(s, "copies of every size", copy_sizes) ||
	    !CU_add_test(s, "bad configuration", bad_config) ||
	    !CU_add_test(s, "CPU only", cpu_only) || !CU_add_test(s, "engine", engine) ||
	    !CU_add_test(s, "flush before completion", flush_before_completion) ||
	    !CU_add_test(s, "drain and room", drain_and_room))
		return CU_get_error();
	return 0;
}
