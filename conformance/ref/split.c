/* SPDX-License-Identifier: BSD-2-Clause */
/* The split virtqueue of the reference device (VIRTIO 1.4, 2.7). */
#include <string.h>

#include "conformance/ref/internal.h"

static uint16_t get16(const void *p)
{
	return le16toh(__atomic_load_n((const vop_le16 *)p, __ATOMIC_ACQUIRE));
}

static void put16(struct ref *r, void *p, uint16_t v)
{
	vop_le16 le = htole16(v);

	__atomic_thread_fence(__ATOMIC_RELEASE);
	ref_store(r, p, &le, sizeof(le));
}

static struct vop_split_avail *avail(const struct ref_queue *q)
{
	return q->cfg.driver;
}

static struct vop_split_used *used(const struct ref_queue *q)
{
	return q->cfg.device;
}

/* Of the rings: a mutant that keeps it in too few bits takes the largest for smaller ones. */
static uint16_t size_of(const struct ref_queue *q)
{
	return q->cfg.size > 128 && ref_bug(q->r, REF_SPLIT_SIZE_128) ? 128 : q->cfg.size;
}

/* A table of descriptors: the queue's, or an indirect one. */
struct table {
	uint64_t bus;
	uint32_t n;
	bool indirect;
};

/* Where a walk through a buffer's descriptors is. */
struct walk {
	bool writable; /* a writable piece was there */
	unsigned depth;
};

#define FOR_EVER 70000u
#define PAGE	 4096ull

/* The pieces of the chain that starts at `at`. 1, or -1: a violation was raised. */
static int walk(struct ref_queue *q, struct table t, uint32_t at, struct walk *w);

static int refuse(struct ref_queue *q, const char *why)
{
	ref_violation(q->r, q, why);
	return -1;
}

/* A copy of a descriptor, which may lie at any address. A mutant that did not look where it lies
 * reads what is there, or dies of it. */
static bool entry(struct ref_queue *q, struct table t, uint32_t at, struct vop_split_desc *d)
{
	uint64_t bus = t.bus + 16ull * at;
	const void *p;

	if (t.indirect && bus / PAGE != t.bus / PAGE && ref_bug(q->r, REF_BLIND_INDIRECT_PAGE))
		bus = (t.bus & ~(PAGE - 1)) | (bus & (PAGE - 1));
	p = ref_at(q->r, bus, 16);
	if (p)
		memcpy(d, p, sizeof(*d));
	else
		q->r->dead = true;
	if (p && t.indirect && at == 0)
		ref_table_first(q, bus, d);
	return p;
}

static int follow_table(struct ref_queue *q, const struct vop_split_desc *d, struct table t,
			struct walk *w, bool first)
{
	struct ref *r = q->r;
	uint32_t len = le32toh(d->len);
	uint16_t flags = le16toh(d->flags);
	uint64_t bus = le64toh(d->addr);
	bool bad = len == 0 || len % 16;

	if (!ref_has(r, VOP_F_INDIRECT_DESC) || !ref_step(r, REF_SPLIT_INDIRECT_FEATURE))
		return refuse(q, "a table without the feature");
	if ((flags & VOP_DESC_F_WRITE) && ref_bug(r, REF_SPLIT_INDIRECT_WRITE))
		return refuse(q, "a table that is writable");
	if (!first && ref_bug(r, REF_SPLIT_INDIRECT_ALONE))
		return refuse(q, "a table behind a direct descriptor");
	if (ref_test(r, REF_SPLIT_INDIRECT_NEST, t.indirect || (flags & VOP_DESC_F_NEXT)))
		return refuse(q, "a table in a table, or with NEXT");
	/* Only a mutant comes here twice. */
	if (++w->depth > FOR_EVER / 100) {
		r->stuck = true;
		return -1;
	}
	if (bus % 16 && ref_bug(r, REF_BLIND2_TABLE_ALIGNED))
		bus &= ~15ull;
	if (ref_test(r, REF_SPLIT_INDIRECT_LEN, bad))
		return refuse(q, "a table of a wrong length");
	if (ref_test(r, REF_SPLIT_INDIRECT_RANGE, !ref_at(r, bus, len)))
		return refuse(q, "a table outside the driver's memory");
	return walk(q, (struct table){bus, (len + 15) / 16, true}, 0, w);
}

/* Memory of a piece; NULL: a violation was raised, or the mutant is dead. */
static uint8_t *piece_at(struct ref_queue *q, uint64_t addr, uint32_t len)
{
	struct ref *r = q->r;
	uint8_t *p = ref_at(r, addr, len);

	/* What a wrong comparison lets pass is a fault of the machine. */
	if (!p && ref_bug(r, REF_SPLIT_ADDR_START) && ref_at(r, addr, 1))
		r->dead = true;
	if (!p && ref_bug(r, REF_SPLIT_ADDR_WRAPS) && addr + len < addr)
		r->dead = true;
	if (len == 0 && ref_bug(r, REF_SPLIT_EMPTY))
		r->dead = true;
	if (r->dead)
		return NULL;
	if (!ref_test(r, REF_SPLIT_ADDR_RANGE, !p)) {
		r->dead = !p;
		return p;
	}
	refuse(q, "an address outside the driver's memory");
	return NULL;
}

static int one_piece(struct ref_queue *q, const struct vop_split_desc *d, struct walk *w)
{
	struct ref *r = q->r;
	uint32_t len = (uint32_t)ref_value(r, REF_SPLIT_LEN, le32toh(d->len));
	uint64_t addr = ref_value(r, REF_SPLIT_ADDR, le64toh(d->addr));
	uint16_t flags = le16toh(d->flags);
	bool write = ref_test(r, REF_SPLIT_WRITE_FLAG, flags & VOP_DESC_F_WRITE);
	uint8_t *p;

	if ((flags & ~7u) && ref_bug(r, REF_SPLIT_RESERVED))
		r->dead = true;
	if (ref_test(r, REF_SPLIT_ORDER, w->writable && !write))
		return refuse(q, "a readable piece behind a writable one");
	/* One that does not look takes what follows a writable piece for writable. */
	w->writable |= write;
	p = piece_at(q, addr, len);
	if (!p)
		return -1;
	if (w->writable && ref_bug(r, REF_SPLIT_READS_WRITABLE))
		r->burnt += *(volatile uint8_t *)p & 1;
	if (ref_add_piece(q, p, len, w->writable))
		return 1;
	/* Only a walk without an end has so many. */
	r->stuck = true;
	return -1;
}

/* The next one in t behind d, which is number `at`; -1: there is none, -2: a violation. */
static int64_t next_of(struct ref_queue *q, struct table t, const struct vop_split_desc *d,
		       uint32_t at)
{
	struct ref *r = q->r;
	bool more = le16toh(d->flags) & VOP_DESC_F_NEXT;
	uint16_t next = le16toh(d->next);

	if (ref_bug(r, REF_SPLIT_NEXT_ALONE))
		more = next != 0;
	if (t.indirect && ref_bug(r, REF_SPLIT_INDIRECT_ROW))
		return at + 1 < t.n ? (int64_t)at + 1 : -1;
	if (!ref_test(r, REF_SPLIT_NEXT_FLAG, more))
		return -1;
	next = (uint16_t)ref_value(r, REF_SPLIT_NEXT, next);
	if (ref_test(r, t.indirect ? REF_SPLIT_INDIRECT_NEXT : REF_SPLIT_NEXT_RANGE, next >= t.n)) {
		refuse(q, "a next beyond the table");
		return -2;
	}
	if (!t.indirect && next < at && ref_bug(r, REF_BLIND2_BACKWARDS)) {
		refuse(q, "a chain that goes back");
		return -2;
	}
	return next;
}

static int walk(struct ref_queue *q, struct table t, uint32_t head, struct walk *w)
{
	struct ref *r = q->r;
	struct vop_split_desc d;
	uint32_t seen = 0;
	int64_t at = head;

	for (; at >= 0; at = next_of(q, t, &d, (uint32_t)at)) {
		if (!entry(q, t, (uint32_t)at, &d))
			return -1;
		if (++seen == q->cfg.size && ref_bug(r, REF_BLIND2_FULL_CHAIN))
			return refuse(q, "a chain as long as the queue");
		if (ref_test(r, REF_SPLIT_LOOP, seen > q->cfg.size))
			return refuse(q, "a chain longer than the queue");
		if (seen > FOR_EVER) {
			r->stuck = true;
			return -1;
		}
		if (!t.indirect && ref_bug(r, REF_SPLIT_ID_LAST))
			q->chain.id = (uint16_t)at;
		if (!ref_test(r, REF_SPLIT_INDIRECT, le16toh(d.flags) & VOP_DESC_F_INDIRECT)) {
			if (one_piece(q, &d, w) < 0)
				return -1;
			continue;
		}
		if (!t.indirect && ref_bug(r, REF_BLIND_INDIRECT_ID))
			q->chain.id = (uint16_t)at;
		return follow_table(q, &d, t, w, at == head);
	}
	return at == -1 ? 1 : -1;
}

/* In the first lap: does an entry stand where the next one will? */
static uint16_t written(const struct ref_queue *q)
{
	return q->avail < q->cfg.size && get16(&avail(q)->ring[q->avail]) != 0;
}

/* How many buffers wait where the available index is idx. */
static uint16_t waiting(const struct ref_queue *q, uint16_t idx)
{
	uint16_t n = (uint16_t)(idx - q->avail);

	return n % q->cfg.size == 0 && ref_bug(q->r, REF_BLIND_FULL_EMPTY) ? 0 : n;
}

int ref_split_pop(struct ref_queue *q)
{
	struct ref *r = q->r;
	uint16_t idx = get16(&avail(q)->idx), n = waiting(q, idx), at;
	struct walk w = {0};
	uint32_t head;

	if (idx < q->avail && ref_bug(r, REF_SPLIT_AVAIL_GREATER))
		n = 0;
	if (n == 0 || n > 0x8000)
		n = ref_bug(r, REF_SPLIT_EAGER) ? written(q) : n;
	if (n == 0)
		return 0;
	if (n > q->cfg.size) {
		if (ref_bug(r, REF_SPLIT_JUMP_OVERRUN))
			r->dead = true;
		return refuse(q, "the available index jumped");
	}
	at = (uint16_t)ref_value(r, REF_SPLIT_AVAIL_AT, q->avail) & (size_of(q) - 1);
	head = (uint16_t)ref_value(r, REF_SPLIT_HEAD, get16(&avail(q)->ring[at]));
	q->avail++;
	if (ref_test(r, REF_SPLIT_HEAD_RANGE, head >= q->cfg.size))
		return refuse(q, "a head beyond the table");
	q->chain.id = (uint16_t)head;
	q->chain.ndesc = 1;
	return walk(q, (struct table){q->cfg.desc_bus, q->cfg.size, false}, head, &w);
}

/* What the driver is told of a buffer's length. */
static uint32_t used_len(struct ref *r, const struct ref_chain *c)
{
	if (ref_bug(r, REF_SPLIT_LEN_READABLE))
		return c->used + c->out_len;
	if (ref_bug(r, REF_SPLIT_LEN_ROOM))
		return c->in_len;
	return c->used;
}

/* The id that stands for a batch: its last buffer's. */
static uint16_t batch_id(struct ref_queue *q, const struct ref_chain *batch, unsigned n)
{
	uint16_t counted = (uint16_t)(batch[0].id + n - 1) & (q->cfg.size - 1);

	if (ref_bug(q->r, REF_SPLIT_BATCH_FIRST))
		return batch[0].id;
	if (n > 1 && ref_bug(q->r, REF_BLIND2_ID_COUNTED))
		return counted;
	return batch[n - 1].id;
}

/* A batch: the last one's element, where the first one's would be; the index moves by all. */
void ref_split_push(struct ref_queue *q, const struct ref_chain *batch, unsigned n)
{
	struct ref *r = q->r;
	const struct ref_chain *last = &batch[n - 1];
	uint16_t slot = (uint16_t)(q->used + (ref_bug(r, REF_SPLIT_BATCH_SLOT) ? n - 1 : 0));
	uint16_t at = (uint16_t)ref_value(r, REF_SPLIT_USED_AT, slot) & (size_of(q) - 1), idx;
	struct vop_split_used_elem e = {
		.id = htole32((uint32_t)ref_value(r, REF_SPLIT_USED_ID, batch_id(q, batch, n))),
		.len = htole32((uint32_t)ref_value(r, REF_SPLIT_USED_LEN, used_len(r, last))),
	};

	if (ref_bug(r, REF_SPLIT_ELEM_LATE)) {
		/* With the next one, which is too late. */
		ref_store(r, &used(q)->ring[q->late_at], &q->late, sizeof(q->late));
		q->late = e;
		q->late_at = at;
	} else if (ref_step(r, REF_SPLIT_USED_ELEM)) {
		if (ref_bug(r, REF_BLIND_ID_HALF)) {
			ref_store(r, &used(q)->ring[at].id, &e.id, 2);
			ref_store(r, &used(q)->ring[at].len, &e.len, sizeof(e.len));
		} else {
			ref_store(r, &used(q)->ring[at], &e, sizeof(e));
		}
	}
	if (ref_bug(r, REF_SPLIT_WRITES_DESC))
		ref_store(r, (uint8_t *)q->cfg.desc + 16 * last->id + 8, "\0\0\0\0", 4);
	if (ref_bug(r, REF_SPLIT_WRITES_AVAIL))
		put16(r, &avail(q)->ring[at], 0xffff);
	q->used = (uint16_t)(q->used + (ref_bug(r, REF_SPLIT_BATCH_ONE) ? 1 : n));
	idx = (uint16_t)ref_value(r, REF_SPLIT_USED_IDX, q->used);
	put16(r, &used(q)->idx, ref_bug(r, REF_SPLIT_USED_15) ? idx & 0x7fff : idx);
}

/* Does `event` lie among the entries from old on, up to now? Indexes wrap. */
static bool crossed(struct ref *r, uint16_t event, uint16_t now, uint16_t old)
{
	if (ref_bug(r, REF_SPLIT_EVENT_PLAIN))
		return event >= old && event < now;
	if (ref_bug(r, REF_SPLIT_EVENT_LAST))
		return event == (uint16_t)(now - 1);
	if (ref_bug(r, REF_SPLIT_EVENT_SIGNED))
		return (int16_t)(now - event) > 0;
	if (ref_bug(r, REF_SPLIT_EVENT_ONE_LATE))
		return (uint16_t)(now - event - 2) < (uint16_t)(now - old);
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

/* The driver's event index. A mutant may look for it beyond the memory. */
static uint16_t event_of(const struct ref_queue *q)
{
	const uint8_t *p = (const uint8_t *)&avail(q)->ring[q->event_at];

	return p + sizeof(vop_le16) <= q->r->mem + q->r->size ? get16(p) : 0;
}

bool ref_split_call_wanted(struct ref_queue *q)
{
	struct ref *r = q->r;
	uint16_t old = q->signalled, event = event_of(q);
	uint16_t flags = get16(&avail(q)->flags);
	bool flag;

	if (ref_bug(r, REF_BLIND_EVENT_CACHED)) {
		event = (uint16_t)q->kicked_event;
		flags = (uint16_t)q->kicked_flags;
	}
	flag = flags & VOP_AVAIL_F_NO_INTERRUPT;
	q->signalled = q->used;
	if (!ref_has(r, VOP_F_EVENT_IDX)) {
		if (ref_bug(r, REF_SPLIT_EVENT_UNASKED))
			return crossed(r, event, q->used, old);
		return !ref_test(r, REF_SPLIT_NO_INTERRUPT, flag);
	}
	if (flag && ref_bug(r, REF_SPLIT_EVENT_AND_FLAG))
		return false;
	if ((uint16_t)(q->used - old) == q->cfg.size && ref_bug(r, REF_BLIND2_EVENT_WHOLE))
		return false;
	return ref_test(r, REF_SPLIT_EVENT, crossed(r, event, q->used, old));
}

void ref_split_arm(struct ref_queue *q, bool on)
{
	struct ref *r = q->r;
	uint16_t flags = on ? 0 : VOP_USED_F_NO_NOTIFY, event = q->avail;

	if (!on && ref_bug(r, REF_BLIND_EVENT_CACHED)) {
		q->kicked_event = event_of(q);
		q->kicked_flags = get16(&avail(q)->flags);
	}
	if (event >= q->cfg.size && ref_bug(r, REF_BLIND2_AVAIL_EVENT_SLOT))
		event &= q->cfg.size - 1;
	if (ref_has(r, VOP_F_EVENT_IDX)) {
		/* Off is what it was: an index already behind. */
		if (on)
			put16(r, &used(q)->ring[q->event_at],
			      (uint16_t)ref_value(r, REF_SPLIT_AVAIL_EVENT, event));
		if (ref_bug(r, REF_SPLIT_FLAGS_EVENT))
			put16(r, &used(q)->flags, 1);
		return;
	}
	if (ref_bug(r, REF_SPLIT_FLAGS_ON))
		flags = VOP_USED_F_NO_NOTIFY;
	if (ref_bug(r, REF_SPLIT_FLAGS_OTHER))
		flags |= 0x8000;
	put16(r, &used(q)->flags, flags);
}

bool ref_split_pending(struct ref_queue *q)
{
	return waiting(q, get16(&avail(q)->idx)) != 0;
}
