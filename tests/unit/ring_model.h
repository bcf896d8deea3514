/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model: what is outstanding, in which order, of which segments, and whether a notification is
 * due, kept in plain arrays and compared with what the two halves say after each operation. It
 * knows positions as counts that never wrap and computes everything the long way.
 */
#ifndef RING_MODEL_H
#define RING_MODEL_H

#include <vop/plain.h>

#include "ring_rig.h"

#define MODEL_SEGS 5u

struct model_buf {
	struct vop_buf seg[MODEL_SEGS];
	struct vop_elem elem; /* as pop gave it */
	uint32_t cookie, in_len, used_len;
	uint16_t nout, nin, ndesc, entries;
};

/* What one side asked of the other: the last arm or disarm. */
struct model_arm {
	enum { MODEL_START, MODEL_OFF, MODEL_ON } state;
	uint64_t at; /* EVENT_IDX: position it was armed at */
};

struct model {
	struct rig *r;
	struct rig_rng rng;
	uint64_t seed;
	bool packed, reorder, failed;
	bool plain; /* only plain buffers, always the same way: long runs of the short way */
	uint32_t size;

	/* Buffers by life: a ring of `size` slots, order[] in order of addition; counts that only
	 * grow. Held and pushed buffers are listed apart, since a device may reorder. */
	struct model_buf *buf;
	uint64_t added, published, seen_avail, popped;
	uint32_t *held, nheld; /* popped and not pushed: indices into buf */
	uint32_t *done;	       /* pushed, in order; ring of size slots */
	uint32_t *idle, nidle; /* free indices into buf */
	uint32_t *avail;       /* added, in order; ring of size slots */
	uint64_t pushed, used_published, seen_used, got;
	/* The same in descriptors, for packed positions. */
	uint64_t desc_added, desc_published, desc_popped, desc_pushed, desc_used_published,
		desc_got;
	uint32_t ndesc_free, cookie;
	struct model_arm drv_arm, dev_arm;

	/* Room for one operation. */
	struct vop_buf *bufs;
	uint32_t *u32;
	struct vop_done *out;
	struct vop_elem *elems;
	struct vop_plain *plains;
};

static void model_fail(struct model *m, const char *what, int line)
{
	if (!m->failed)
		printf("\n    seed %llu, %s, size %u, indirect %d event_idx %d in_order %d, line "
		       "%d: "
		       "%s\n",
		       (unsigned long long)m->seed, m->packed ? "packed" : "split", m->size,
		       m->r->f.indirect, m->r->f.event_idx, m->r->f.in_order, line, what);
	m->failed = true;
}
#define MODEL(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			model_fail(m, #cond, __LINE__);                                            \
	} while (0)

static RIG_UNUSED struct model *model_new(bool packed, uint32_t size, struct vop_ring_features f,
					  unsigned iov_max, uint64_t seed)
{
	struct model *m = rig_alloc(sizeof(*m));

	m->r = rig_new(packed, size, f, iov_max);
	m->seed = seed;
	m->rng.s = seed * 0x9e3779b97f4a7c15ull + 1;
	m->packed = packed;
	m->size = size;
	m->buf = rig_alloc(size * sizeof(*m->buf));
	m->held = rig_alloc(size * sizeof(*m->held));
	m->done = rig_alloc(size * sizeof(*m->done));
	m->idle = rig_alloc(size * sizeof(*m->idle));
	m->avail = rig_alloc(size * sizeof(*m->avail));
	m->bufs = rig_alloc((size + MODEL_SEGS) * sizeof(*m->bufs));
	m->u32 = rig_alloc((size + 1) * sizeof(*m->u32));
	m->out = rig_alloc((size + 1) * sizeof(*m->out));
	m->elems = rig_alloc((size + 1) * sizeof(*m->elems));
	m->plains = rig_alloc((size + 1) * sizeof(*m->plains));
	m->ndesc_free = size;
	for (uint32_t i = 0; i < size; i++)
		m->idle[m->nidle++] = i;
	return m;
}

static RIG_UNUSED void model_free(struct model *m)
{
	rig_free(m->r);
	free(m->buf);
	free(m->held);
	free(m->done);
	free(m->idle);
	free(m->avail);
	free(m->bufs);
	free(m->u32);
	free(m->out);
	free(m->elems);
	free(m->plains);
	free(m);
}

/* A number of 1 .. size, small ones and the whole more often. */
static uint32_t model_count(struct model *m)
{
	switch (rig_below(&m->rng, 4)) {
	case 0:
		return 1 + rig_below(&m->rng, VOP_MIN(m->size, 4u));
	case 1:
		return m->size;
	default:
		return 1 + rig_below(&m->rng, VOP_MIN(m->size, 64u));
	}
}

static struct vop_buf model_seg(struct model *m)
{
	static const uint64_t base[3] = {RIG_LOW, RIG_NEXT, RIG_HIGH};
	uint32_t len = rig_below(&m->rng, 8) ? 1 + rig_below(&m->rng, 200) : 0;
	uint32_t at = rig_below(&m->rng, RIG_REGION - 200);

	if (m->plain)
		return (struct vop_buf){base[rig_below(&m->rng, 3)] + at,
					40 + rig_below(&m->rng, 160)};
	/* One in eight crosses from the first region into the second. */
	if (rig_below(&m->rng, 8) == 0)
		return (struct vop_buf){RIG_NEXT - rig_below(&m->rng, 200), len};
	return (struct vop_buf){base[rig_below(&m->rng, 3)] + at, len};
}

/* ---- the reference for notifications ------------------------------------------------------- */

/* Was position `armed` passed on the way from old to now? One step at a time. */
static bool model_passed(uint64_t armed, uint64_t old, uint64_t now, uint64_t wrap)
{
	for (uint64_t i = old; i < now; i++)
		if (i % wrap == armed % wrap)
			return true;
	return false;
}

/* Is a notification due, given what the other side asked for last? */
static bool model_wanted(const struct model *m, const struct model_arm *a, uint64_t old,
			 uint64_t now)
{
	/* Two laps tell wrap counters apart; split event words are 16-bit counts. */
	uint64_t wrap = m->packed ? 2ull * m->size : 65536;

	if (m->r->f.peer_polls || old == now)
		return false;
	if (!m->r->f.event_idx)
		return a->state == MODEL_ON;
	/* The event index of split cannot be switched off: it stays where it was, 0 at first. */
	if (m->packed && a->state != MODEL_ON)
		return false;
	return model_passed(a->at, old, now, wrap);
}

/* ---- operations ---------------------------------------------------------------------------- */

static struct model_buf *model_took(struct model *m, uint16_t ndesc)
{
	uint32_t i = m->idle[--m->nidle];
	struct model_buf *b = &m->buf[i];

	*b = (struct model_buf){.ndesc = ndesc, .cookie = m->cookie++};
	m->avail[m->added++ % m->size] = i;
	m->desc_added += ndesc;
	m->ndesc_free -= ndesc;
	return b;
}

static void model_add(struct model *m)
{
	uint32_t n = model_count(m), fits = VOP_MIN(n, m->ndesc_free), i;
	bool write = rig_below(&m->rng, 2);

	if (m->plain)
		write = m->seed & 1;
	MODEL(vop_drvq_room(&m->r->drv) == m->ndesc_free);
	for (i = 0; i < n; i++) {
		m->bufs[i] = model_seg(m);
		m->u32[i] = m->cookie + i;
	}
	MODEL(vop_drvq_add(&m->r->drv, m->bufs, m->u32, n, write) == fits);
	for (i = 0; i < fits; i++) {
		struct model_buf *b = model_took(m, 1);

		b->seg[0] = m->bufs[i];
		b->entries = 1;
		b->nout = !write;
		b->nin = write;
		b->in_len = write ? m->bufs[i].len : 0;
	}
}

static void model_add_chain(struct model *m)
{
	uint32_t nout = rig_below(&m->rng, 4), nin = rig_below(&m->rng, 3), n = nout + nin, i;
	bool indirect = m->r->f.indirect && n > 1;
	int want = n == 0 || n > m->size		? -EINVAL
		   : (indirect ? 1 : n) > m->ndesc_free ? -ENOSPC
							: 0;
	struct model_buf *b;

	if (m->plain)
		return;
	for (i = 0; i < n; i++)
		m->bufs[i] = model_seg(m);
	MODEL(vop_drvq_add_chain(&m->r->drv, m->bufs, nout, nin, m->cookie) == want);
	if (want)
		return;
	b = model_took(m, (uint16_t)(indirect ? 1 : n));
	b->entries = (uint16_t)n;
	b->nout = (uint16_t)nout;
	b->nin = (uint16_t)nin;
	for (i = 0; i < n; i++) {
		b->seg[i] = m->bufs[i];
		b->in_len += i < nout ? 0 : m->bufs[i].len;
	}
}

static void model_drv_publish(struct model *m)
{
	bool want = m->packed ? model_wanted(m, &m->dev_arm, m->desc_published, m->desc_added)
			      : model_wanted(m, &m->dev_arm, m->published, m->added);

	MODEL(vop_drvq_publish(&m->r->drv) == want);
	m->published = m->added;
	m->desc_published = m->desc_added;
}

/* The pieces of a segment, looked up by hand. Returns how many. */
static unsigned model_pieces(const struct model *m, struct vop_buf s, struct vop_iov out[2])
{
	uint64_t first;

	if (s.len == 0)
		return 0;
	if (s.addr >= RIG_HIGH) {
		out[0] = (struct vop_iov){.ptr = m->r->mem[2] + (s.addr - RIG_HIGH), .len = s.len};
		return 1;
	}
	if (s.addr >= RIG_NEXT) {
		out[0] = (struct vop_iov){.ptr = m->r->mem[1] + (s.addr - RIG_NEXT), .len = s.len};
		return 1;
	}
	first = RIG_NEXT - s.addr;
	out[0] = (struct vop_iov){.ptr = m->r->mem[0] + (s.addr - RIG_LOW), .len = s.len};
	if (s.len <= first)
		return 1;
	out[0].len = (uint32_t)first;
	out[1] = (struct vop_iov){.ptr = m->r->mem[1], .len = s.len - (uint32_t)first};
	return 2;
}

static unsigned model_npieces(const struct model *m, const struct model_buf *b, unsigned from,
			      unsigned to)
{
	struct vop_iov p[2];
	unsigned n = 0;

	for (; from < to; from++)
		n += model_pieces(m, b->seg[from], p);
	return n;
}

/* How many buffers a pop can know of. */
static uint32_t model_known(struct model *m)
{
	/* Split looks at the index again only when it has used up what it saw. */
	if (m->packed || m->seen_avail == m->popped)
		m->seen_avail = m->published;
	return (uint32_t)(m->seen_avail - m->popped);
}

/* How many pop must take: published, seen, and with room for their pieces. */
static uint32_t model_pop_count(struct model *m, uint32_t max)
{
	uint32_t n, niov = 0, known = model_known(m);

	for (n = 0; n < max && n < known && niov < m->r->b.iov_max; n++) {
		struct model_buf *b = &m->buf[m->avail[(m->popped + n) % m->size]];
		uint32_t pieces = model_npieces(m, b, 0, b->entries);

		if (pieces > m->r->b.iov_max - niov)
			break;
		niov += pieces;
	}
	return n;
}

static void model_check_elem(struct model *m, const struct model_buf *b, const struct vop_elem *e)
{
	const struct vop_iov *iov = m->r->b.iov + e->first;
	unsigned i, j;

	MODEL(e->in_len == b->in_len);
	MODEL(e->ndesc == b->ndesc);
	MODEL(e->id < m->size);
	MODEL(e->nout == model_npieces(m, b, 0, b->nout));
	MODEL(e->nin == model_npieces(m, b, b->nout, b->entries));
	for (i = 0; i < b->entries; i++) {
		struct vop_iov p[2];
		unsigned n = model_pieces(m, b->seg[i], p);

		for (j = 0; j < n; j++, iov++) {
			MODEL(iov->ptr == p[j].ptr);
			MODEL(iov->len == p[j].len);
		}
	}
}

static void model_pop(struct model *m)
{
	uint32_t max = model_count(m), want = model_pop_count(m, max), i;
	unsigned n = vop_devq_pop(&m->r->dev, &m->r->rt, &m->r->b, max);

	MODEL(n == want);
	MODEL(n == m->r->b.n);
	for (i = 0; i < VOP_MIN(n, want); i++) {
		uint32_t at = m->avail[m->popped % m->size];
		struct model_buf *b = &m->buf[at];

		model_check_elem(m, b, &m->r->b.elem[i]);
		b->elem = m->r->b.elem[i];
		m->held[m->nheld++] = at;
		m->popped++;
		m->desc_popped += b->ndesc;
	}
}

/* One descriptor, one direction, one region, longer than what is left out. */
static bool model_is_plain(const struct model *m, const struct model_buf *b, bool write,
			   uint32_t front)
{
	struct vop_iov p[2];

	return b->entries == 1 && b->nin == write && b->seg[0].len > front &&
	       model_pieces(m, b->seg[0], p) == 1;
}

/* The short way (plain.h): what it takes may go back the long way, and the other way round. */
static void model_pop_plain(struct model *m)
{
	static const uint32_t fronts[] = {0, 0, 12, 39, 120};
	uint32_t front = fronts[rig_below(&m->rng, VOP_ARRAY_SIZE(fronts))], max = model_count(m);
	uint32_t known = model_known(m), want, i;
	bool write = m->plain ? m->seed & 1 : rig_below(&m->rng, 2);
	unsigned n;

	for (want = 0; want < VOP_MIN(max, known); want++)
		if (!model_is_plain(m, &m->buf[m->avail[(m->popped + want) % m->size]], write,
				    front))
			break;
	n = vop_devq_pop_plain(&m->r->dev, &m->r->rt, m->plains, max, write, front);
	MODEL(n == want);
	for (i = 0; i < VOP_MIN(n, want); i++) {
		uint32_t at = m->avail[m->popped++ % m->size];
		struct model_buf *b = &m->buf[at];
		struct vop_iov p[2] = {{0}};

		model_pieces(m, b->seg[0], p);
		MODEL(m->plains[i].ptr == p[0].ptr + front);
		MODEL(m->plains[i].len == p[0].len - front);
		MODEL(m->plains[i].id < m->size);
		b->elem = (struct vop_elem){.id = m->plains[i].id,
					    .ndesc = 1,
					    .in_len = b->in_len,
					    .nout = b->nout,
					    .nin = b->nin};
		m->held[m->nheld++] = at;
		m->desc_popped++;
	}
}

/*
 * Give back the short way. Of what was written into, each buffer says how much; of what was not,
 * the ring may name only the last of several when they come back in order: they cannot be writable
 * then.
 */
static void model_push_plain(struct model *m)
{
	uint32_t max = model_count(m), n, i;
	bool written = rig_below(&m->rng, 2);

	if (m->plain)
		written = m->seed & 1;
	for (n = 0; n < VOP_MIN(max, m->nheld); n++) {
		uint32_t at = n;
		struct model_buf *b;

		if (m->reorder) {
			at = n + rig_below(&m->rng, m->nheld - n);
			i = m->held[at];
			m->held[at] = m->held[n];
			m->held[n] = i;
		}
		b = &m->buf[m->held[n]];
		if (b->ndesc != 1 || (written ? b->in_len == 0 : m->r->f.in_order && b->in_len))
			break;
		b->used_len = written ? 1 + rig_below(&m->rng, b->in_len) : 0;
		m->plains[n] = (struct vop_plain){.id = b->elem.id};
		m->u32[n] = b->used_len;
		m->done[m->pushed++ % m->size] = m->held[n];
	}
	if (written)
		vop_devq_push_written(&m->r->dev, m->plains, m->u32, n);
	else
		vop_devq_push_read(&m->r->dev, m->plains, n);
	m->desc_pushed += n;
	m->nheld -= n;
	memmove(m->held, m->held + n, m->nheld * sizeof(*m->held));
}

static void model_push(struct model *m)
{
	uint32_t count = model_count(m), n = VOP_MIN(count, m->nheld), i;
	uint32_t full = rig_below(&m->rng, 3);
	bool none = rig_below(&m->rng, 8) == 0; /* no lengths at all: nothing was written */

	for (i = 0; i < n; i++) {
		struct model_buf *b;
		uint32_t at = m->held[i];

		if (m->reorder) {
			uint32_t j = i + rig_below(&m->rng, m->nheld - i);

			at = m->held[j];
			m->held[j] = m->held[i];
			m->held[i] = at;
		}
		b = &m->buf[at];
		b->used_len = full && rig_below(&m->rng, 4) ? b->in_len
							    : rig_below(&m->rng, b->in_len + 1);
		if (none)
			b->used_len = 0;
		m->elems[i] = b->elem;
		m->u32[i] = b->used_len;
		m->done[m->pushed++ % m->size] = at;
		m->desc_pushed += b->ndesc;
	}
	vop_devq_push(&m->r->dev, m->elems, none ? NULL : m->u32, n);
	m->nheld -= n;
	memmove(m->held, m->held + n, m->nheld * sizeof(*m->held));
}

static void model_dev_publish(struct model *m)
{
	bool want = m->packed ? model_wanted(m, &m->drv_arm, m->desc_used_published, m->desc_pushed)
			      : model_wanted(m, &m->drv_arm, m->used_published, m->pushed);

	MODEL(vop_devq_publish(&m->r->dev) == want);
	m->used_published = m->pushed;
	m->desc_used_published = m->desc_pushed;
}

/* IN_ORDER: all that came back, without saying which. */
static void model_reclaim(struct model *m)
{
	uint32_t want = 0;

	if (m->r->f.in_order) {
		if (m->packed || m->seen_used == m->got)
			m->seen_used = m->used_published;
		want = (uint32_t)(m->seen_used - m->got);
	}
	MODEL(vop_drvq_reclaim(&m->r->drv) == want);
	for (; want; want--) {
		uint32_t at = m->done[m->got++ % m->size];

		m->ndesc_free += m->buf[at].ndesc;
		m->desc_got += m->buf[at].ndesc;
		m->idle[m->nidle++] = at;
	}
}

static void model_get(struct model *m)
{
	uint32_t max = model_count(m), want, i;
	unsigned n;

	if (rig_below(&m->rng, 4) == 0)
		model_reclaim(m);
	if (m->packed || m->seen_used == m->got)
		m->seen_used = m->used_published;
	want = VOP_MIN(max, (uint32_t)(m->seen_used - m->got));
	n = vop_drvq_get(&m->r->drv, m->out, max);
	MODEL(n == want);
	for (i = 0; i < VOP_MIN(n, want); i++) {
		uint32_t at = m->done[m->got++ % m->size];
		struct model_buf *b = &m->buf[at];

		MODEL(m->out[i].cookie == b->cookie);
		MODEL(m->out[i].len == b->used_len);
		m->ndesc_free += b->ndesc;
		m->desc_got += b->ndesc;
		m->idle[m->nidle++] = at;
	}
	MODEL(vop_drvq_outstanding(&m->r->drv) == m->added - m->got);
}

static void model_drv_arm(struct model *m)
{
	bool there = m->used_published != m->got;

	MODEL(vop_drvq_pending(&m->r->drv) == there);
	if (rig_below(&m->rng, 3) == 0) {
		vop_drvq_disarm(&m->r->drv);
		m->drv_arm.state = MODEL_OFF;
		return;
	}
	MODEL(vop_drvq_arm(&m->r->drv) == there);
	m->drv_arm = (struct model_arm){MODEL_ON, m->packed ? m->desc_got : m->got};
}

static void model_dev_arm(struct model *m)
{
	bool there = m->published != m->popped;

	MODEL(vop_devq_pending(&m->r->dev) == there);
	if (rig_below(&m->rng, 3) == 0) {
		vop_devq_disarm(&m->r->dev);
		m->dev_arm.state = MODEL_OFF;
		return;
	}
	MODEL(vop_devq_arm(&m->r->dev) == there);
	m->dev_arm = (struct model_arm){MODEL_ON, m->packed ? m->desc_popped : m->popped};
}

/* Run `steps` operations; phases in which one kind is rare make the ring full or empty. */
static RIG_UNUSED void model_run(struct model *m, uint32_t steps)
{
	static void (*const op[])(struct model *) = {
		model_add,  model_add_chain, model_drv_publish, model_pop,
		model_push, model_pop_plain, model_push_plain,	model_dev_publish,
		model_get,  model_drv_arm,   model_dev_arm,	model_add,
	};
	uint32_t skip = 0;

	for (uint32_t i = 0; i < steps && !m->failed; i++) {
		uint32_t k = rig_below(&m->rng, VOP_ARRAY_SIZE(op));

		if (i % 64 == 0)
			skip = rig_below(&m->rng, 2 * VOP_ARRAY_SIZE(op));
		if (k == skip && rig_below(&m->rng, 8))
			continue;
		op[k](m);
		MODEL(vop_drvq_broken(&m->r->drv) == VOP_V_NONE);
		MODEL(vop_devq_broken(&m->r->dev) == VOP_V_NONE);
	}
}

#endif
