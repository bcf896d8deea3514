/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer with no manners: random and crafted writes all over rings, indices, events and indirect
 * tables while both halves run on. They survive (sanitizers watch), keep their invariants, give
 * nothing that lies outside the regions, and say why they stopped.
 */
#include <pthread.h>

#include <vop/plain.h>

#include "ring_rig.h"

#define WRITES 140000u /* for each of the eight modes */

struct mess {
	struct rig *r;
	struct rig_rng rng;
	uint32_t writes, held, bad;
	struct vop_elem elem[64];
	uint32_t why[VOP_V_DIRECTION + 1];
};

/* One word somewhere: small, near a bound, plausible, or anything. */
static void scribble(struct mess *m)
{
	struct rig *r = m->r;
	uint8_t *part[] = {r->cfg.desc, r->cfg.driver, r->cfg.device, r->ind};
	size_t size[] = {r->desc_size, r->driver_size, r->device_size, r->ind_size};
	uint32_t p = rig_below(&m->rng, 4), n = r->cfg.size, v;
	size_t at = rig_below(&m->rng, (uint32_t)size[p] / 2) * 2;

	switch (rig_below(&m->rng, 8)) {
	case 0:
		v = (uint32_t)rig_rand(&m->rng);
		break;
	case 1:
		v = n - 2 + rig_below(&m->rng, 5);
		break;
	case 2:
		/* Flags of either format, with the phase bits of some lap. */
		v = rig_below(&m->rng, 8) | (rig_below(&m->rng, 2) ? VOP_DESC_F_AVAIL : 0) |
		    (rig_below(&m->rng, 2) ? VOP_DESC_F_USED : 0);
		break;
	case 3:
		v = 16 * rig_below(&m->rng, 8);
		break;
	case 4:
		/* A legal index, a little ahead. */
		v = rig_get16(part[1 + rig_below(&m->rng, 2)] + 2) + rig_below(&m->rng, 3);
		at = r->cfg.packed ? at : 2;
		break;
	default:
		v = rig_below(&m->rng, 2 * n);
	}
	/* A whole descriptor that is nearly right, now and then. */
	if (rig_below(&m->rng, 16) == 0) {
		static const uint64_t base[] = {RIG_LOW,  RIG_NEXT - 16, RIG_HIGH,
						0ull - 8, RIG_IND,	 RIG_NOWHERE};
		bool table = rig_below(&m->rng, 2);

		rig_desc(table ? r->ind : r->cfg.desc,
			 rig_below(&m->rng, table ? n * RIG_IND_MAX : n),
			 base[rig_below(&m->rng, 6)] + rig_below(&m->rng, 64),
			 rig_below(&m->rng, 4) ? 16 * rig_below(&m->rng, 6)
					       : (uint32_t)rig_rand(&m->rng),
			 (uint16_t)v, (uint16_t)rig_rand(&m->rng));
	} else if (at + 4 <= size[p] && rig_below(&m->rng, 2)) {
		rig_put32(part[p] + at, v);
	} else {
		rig_put16(part[p] + at, (uint16_t)v);
	}
	m->writes++;
}

/* Does the piece lie in one of the mappings? Touch both ends, too. */
static bool inside(struct mess *m, const struct vop_iov *v)
{
	for (unsigned i = 0; i < m->r->rt.n; i++) {
		const struct vop_region *g = &m->r->rt.r[i];

		if (v->ptr >= g->map && v->len <= g->size &&
		    (uint64_t)(v->ptr - g->map) <= g->size - v->len)
			return v->len > 0 && (((volatile uint8_t *)v->ptr)[v->len - 1], true);
	}
	return false;
}

static void pop_plain(struct mess *m)
{
	struct rig *r = m->r;
	uint32_t front = rig_below(&m->rng, 2) * 12, n, i;
	bool write = rig_below(&m->rng, 2);
	struct vop_plain v[64];

	n = vop_devq_pop_plain(&r->dev, &r->rt, v, 1 + rig_below(&m->rng, r->cfg.size), write,
			       front);
	m->bad += n > r->cfg.size || n + m->held > r->cfg.size;
	for (i = 0; i < n; i++) {
		struct vop_iov all = {.ptr = v[i].ptr - front, .len = v[i].len + front};

		m->bad += v[i].len == 0 || v[i].id >= r->cfg.size || !inside(m, &all);
		m->elem[m->held++] =
			(struct vop_elem){.id = v[i].id, .ndesc = 1, .in_len = write ? all.len : 0};
	}
}

/* Give back, as far as all buffers are of one descriptor. */
static void push_plain(struct mess *m)
{
	uint32_t len[64], want = rig_below(&m->rng, m->held + 1), n;
	bool written = rig_below(&m->rng, 2);
	struct vop_plain v[64];

	for (n = 0; n < want && m->elem[n].ndesc == 1; n++) {
		if (written ? m->elem[n].in_len == 0 : m->r->f.in_order && m->elem[n].in_len)
			break;
		v[n] = (struct vop_plain){.id = m->elem[n].id};
		len[n] = m->elem[n].in_len;
	}
	if (written)
		vop_devq_push_written(&m->r->dev, v, len, n);
	else
		vop_devq_push_read(&m->r->dev, v, n);
	m->held -= n;
	memmove(m->elem, m->elem + n, m->held * sizeof(*m->elem));
}

static void device(struct mess *m)
{
	struct rig *r = m->r;
	uint32_t len[64], n, i, j;

	if (rig_below(&m->rng, 2))
		pop_plain(m);
	if (rig_below(&m->rng, 2))
		push_plain(m);
	n = vop_devq_pop(&r->dev, &r->rt, &r->b, 1 + rig_below(&m->rng, r->cfg.size));
	m->bad += n > r->cfg.size || n + m->held > r->cfg.size || n != r->b.n ||
		  r->b.niov > r->b.iov_max;
	for (i = 0; i < n; i++) {
		struct vop_elem *e = &r->b.elem[i];
		uint64_t in = 0;

		m->bad += e->id >= r->cfg.size || e->ndesc == 0 || e->ndesc > r->cfg.size ||
			  e->first + e->nout + e->nin > r->b.niov;
		for (j = 0; j < (uint32_t)e->nout + e->nin; j++) {
			m->bad += !inside(m, &r->b.iov[e->first + j]);
			in += j >= e->nout ? r->b.iov[e->first + j].len : 0;
		}
		m->bad += in != e->in_len;
		m->elem[m->held++] = *e;
	}
	n = rig_below(&m->rng, m->held + 1);
	for (i = 0; i < n; i++)
		len[i] = rig_below(&m->rng, 2) ? m->elem[i].in_len : 0;
	vop_devq_push(&r->dev, m->elem, len, n);
	m->held -= n;
	memmove(m->elem, m->elem + n, m->held * sizeof(*m->elem));
	vop_devq_publish(&r->dev);
	vop_devq_arm(&r->dev);
}

static void driver(struct mess *m)
{
	struct rig *r = m->r;
	struct vop_done out[64];
	struct vop_buf b[4] = {rig_buf(0), rig_buf(1), rig_buf(2), rig_buf(3)};
	uint32_t cookie[4] = {7, 7, 7, 7}, n, before = vop_drvq_outstanding(&r->drv);

	if (rig_below(&m->rng, 4) == 0) {
		n = vop_drvq_reclaim(&r->drv);
		m->bad += n > before || vop_drvq_outstanding(&r->drv) != before - n;
		before -= n;
	}
	n = vop_drvq_get(&r->drv, out, 1 + rig_below(&m->rng, r->cfg.size));
	m->bad += n > before || vop_drvq_outstanding(&r->drv) != before - n;
	for (uint32_t i = 0; i < n; i++)
		m->bad += out[i].cookie != 7 || out[i].len > 4 * RIG_BUF_SIZE;
	vop_drvq_add(&r->drv, b, cookie, rig_below(&m->rng, 4), rig_below(&m->rng, 2));
	vop_drvq_add_chain(&r->drv, b, 1 + rig_below(&m->rng, 2), rig_below(&m->rng, 3), 7);
	vop_drvq_publish(&r->drv);
	vop_drvq_arm(&r->drv);
	m->bad +=
		vop_drvq_outstanding(&r->drv) > r->cfg.size || vop_drvq_room(&r->drv) > r->cfg.size;
}

/* What a reset does: rings zeroed, both halves from the start. */
static void reset(struct mess *m)
{
	struct rig *r = m->r;

	m->why[vop_devq_broken(&r->dev)]++;
	m->why[vop_drvq_broken(&r->drv)]++;
	memset(r->cfg.desc, 0, r->desc_size);
	memset(r->cfg.driver, 0, r->driver_size);
	memset(r->cfg.device, 0, r->device_size);
	m->held = 0;
	vop_drvq_close(&r->drv);
	if (vop_drvq_open(&r->drv, &r->cfg, r->f, r->ind, RIG_IND, RIG_IND_MAX) ||
	    vop_devq_open(&r->dev, &r->cfg, r->f))
		abort();
}

static void run(struct mess *m, bool packed, unsigned bits, uint64_t seed)
{
	m->r = rig_new(packed, packed ? 13 : 16, rig_features(bits), 40);
	m->rng.s = seed;
	m->writes = m->held = 0;
	while (m->writes < WRITES) {
		for (uint32_t n = rig_below(&m->rng, 4); n; n--)
			scribble(m);
		driver(m);
		for (uint32_t n = rig_below(&m->rng, 4); n; n--)
			scribble(m);
		device(m);
		if (vop_devq_broken(&m->r->dev) || vop_drvq_broken(&m->r->drv) ||
		    rig_below(&m->rng, 50) == 0)
			reset(m);
	}
	if (m->bad)
		printf("\n    seed %llu, %s, features %u: %u broken invariants\n",
		       (unsigned long long)seed, packed ? "packed" : "split", bits, m->bad);
	CU_ASSERT_EQUAL(m->bad, 0);
	rig_free(m->r);
}

#ifndef __SANITIZE_THREAD__
/* The same from another thread: words change between a half's reads of them. */
struct vandal {
	struct mess m;
	bool stop;
};

static void *vandal(void *arg)
{
	struct vandal *v = arg;

	while (!__atomic_load_n(&v->stop, __ATOMIC_RELAXED))
		scribble(&v->m);
	return NULL;
}

static void run_beside(bool packed, unsigned bits)
{
	struct mess *m = rig_alloc(sizeof(*m));
	struct vandal *v = rig_alloc(sizeof(*v));
	pthread_t t;

	m->r = v->m.r = rig_new(packed, packed ? 13 : 16, rig_features(bits), 40);
	m->rng.s = 5;
	v->m.rng.s = 6;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, vandal, v), 0);
	for (unsigned i = 0; i < 60000; i++) {
		driver(m);
		device(m);
		if (vop_devq_broken(&m->r->dev) || vop_drvq_broken(&m->r->drv))
			reset(m);
	}
	__atomic_store_n(&v->stop, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	CU_ASSERT_EQUAL(m->bad, 0);
	rig_free(m->r);
	free(m);
	free(v);
}

static void from_a_thread(void)
{
	for (unsigned packed = 0; packed < 2; packed++) {
		run_beside(packed, 3);
		run_beside(packed, 5);
	}
}
#endif

static void all(bool packed, const uint32_t *want, unsigned nwant)
{
	static const unsigned bits[] = {0, 3, 5, 7};
	struct mess *m = rig_alloc(sizeof(*m));

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(bits); i++)
		run(m, packed, bits[i], 900 + 10 * packed + i);
	for (unsigned i = 0; i < nwant; i++) {
		if (m->why[want[i]] == 0)
			printf("\n    never: %s\n", vop_violation_str(want[i]));
		CU_ASSERT(m->why[want[i]] > 0);
	}
	free(m);
}

static void split(void)
{
	static const uint32_t want[] = {
		VOP_V_AVAIL_JUMP, VOP_V_DESC_RANGE,    VOP_V_CHAIN_LOOP,   VOP_V_CHAIN_ORDER,
		VOP_V_ADDR,	  VOP_V_INDIRECT_FLAG, VOP_V_INDIRECT_LEN, VOP_V_USED_JUMP,
		VOP_V_USED_ID,	  VOP_V_USED_LEN,      VOP_V_NEXT_LINK,
	};

	all(false, want, VOP_ARRAY_SIZE(want));
}

static void packed(void)
{
	static const uint32_t want[] = {
		VOP_V_CHAIN_ORDER,  VOP_V_ADDR,	      VOP_V_INDIRECT_FLAG,
		VOP_V_INDIRECT_LEN, VOP_V_USED_ID,    VOP_V_USED_LEN,
		VOP_V_BUFFER_ID,    VOP_V_DESC_FLAGS, VOP_V_EVENT_OFFSET,
	};

	all(true, want, VOP_ARRAY_SIZE(want));
}

int suite_scribble(void)
{
	CU_pSuite s = CU_add_suite("scribbling peer", NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, split);
	CU_ADD_TEST(s, packed);
#ifndef __SANITIZE_THREAD__
	CU_ADD_TEST(s, from_a_thread);
#endif
	return 0;
}
