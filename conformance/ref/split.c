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

/* A table of descriptors: the queue's, or an indirect one. */
struct table {
	const struct vop_split_desc *d;
	uint32_t n;
	bool indirect;
};

/* The pieces of the chain that starts at `at`. 1, or -1: a violation was raised. */
static int walk(struct ref_queue *q, struct table t, uint32_t at);

static int follow_table(struct ref_queue *q, const struct vop_split_desc *d, struct table t)
{
	struct ref *r = q->r;
	uint32_t len = le32toh(d->len);
	uint16_t flags = le16toh(d->flags);
	const uint8_t *p = ref_at(r, le64toh(d->addr), len);

	if (ref_test(r, REF_SPLIT_INDIRECT_FEATURE, !ref_has(r, VOP_F_INDIRECT_DESC))) {
		ref_violation(q->r, q, "a table without the feature");
		return -1;
	}
	if (ref_test(r, REF_SPLIT_INDIRECT_NEST, t.indirect || (flags & VOP_DESC_F_NEXT))) {
		ref_violation(q->r, q, "a table in a table, or with NEXT");
		return -1;
	}
	if (ref_test(r, REF_SPLIT_INDIRECT_LEN, len == 0 || len % 16) || !p || t.indirect) {
		ref_violation(q->r, q, "a table of a wrong length or address");
		return -1;
	}
	return walk(q, (struct table){(const void *)p, len / 16, true}, 0);
}

static int one_piece(struct ref_queue *q, const struct vop_split_desc *d, bool *writable)
{
	struct ref *r = q->r;
	uint32_t len = (uint32_t)ref_value(r, REF_SPLIT_LEN, le32toh(d->len));
	uint64_t addr = ref_value(r, REF_SPLIT_ADDR, le64toh(d->addr));
	bool write = ref_test(r, REF_SPLIT_WRITE_FLAG, le16toh(d->flags) & VOP_DESC_F_WRITE);
	uint8_t *p = ref_at(r, addr, len);

	if (ref_test(r, REF_SPLIT_ORDER, *writable && !write)) {
		ref_violation(r, q, "a readable piece behind a writable one");
		return -1;
	}
	*writable |= write;
	if (!p || !ref_add_seg(&q->chain, p, len, write)) {
		ref_violation(r, q, "an address outside the driver's memory");
		return -1;
	}
	return 1;
}

static int walk(struct ref_queue *q, struct table t, uint32_t at)
{
	struct ref *r = q->r;
	const struct vop_split_desc *d;
	bool writable = false;
	uint32_t seen = 0;

	for (;;) {
		if (at >= t.n) {
			ref_violation(r, q, "a descriptor beyond the table");
			return -1;
		}
		if (ref_test(r, REF_SPLIT_LOOP, ++seen > q->cfg.size) || seen > 70000) {
			ref_violation(r, q, "a chain longer than the queue");
			return -1;
		}
		d = &t.d[at];
		if (ref_test(r, REF_SPLIT_INDIRECT, le16toh(d->flags) & VOP_DESC_F_INDIRECT))
			return follow_table(q, d, t);
		if (one_piece(q, d, &writable) < 0)
			return -1;
		if (!ref_test(r, REF_SPLIT_NEXT_FLAG, le16toh(d->flags) & VOP_DESC_F_NEXT))
			return 1;
		at = (uint16_t)ref_value(r, REF_SPLIT_NEXT, le16toh(d->next));
		/* A mutant that does not look stays inside the table all the same. */
		if (!ref_test(r, REF_SPLIT_NEXT_RANGE, at >= t.n))
			at %= t.n;
		else if (at < t.n)
			at = t.n;
	}
}

int ref_split_pop(struct ref_queue *q)
{
	struct ref *r = q->r;
	uint16_t idx = get16(&avail(q)->idx), n = (uint16_t)(idx - q->avail), at;
	uint32_t head;

	if (n == 0)
		return 0;
	if (ref_test(r, REF_SPLIT_AVAIL_JUMP, n > q->cfg.size)) {
		ref_violation(r, q, "the available index jumped");
		return -1;
	}
	at = (uint16_t)ref_value(r, REF_SPLIT_AVAIL_AT, q->avail) % q->cfg.size;
	head = (uint16_t)ref_value(r, REF_SPLIT_HEAD, get16(&avail(q)->ring[at]));
	q->avail++;
	if (!ref_test(r, REF_SPLIT_HEAD_RANGE, head >= q->cfg.size))
		head %= q->cfg.size;
	else if (head < q->cfg.size)
		head = q->cfg.size;
	q->chain.id = (uint16_t)head;
	q->chain.ndesc = 1;
	return walk(q, (struct table){q->cfg.desc, q->cfg.size, false}, head);
}

/* A batch: the last one's element, where the first one's would be; the index moves by all. */
void ref_split_push(struct ref_queue *q, const struct ref_chain *batch, unsigned n)
{
	struct ref *r = q->r;
	const struct ref_chain *last = &batch[n - 1];
	uint16_t at = (uint16_t)ref_value(r, REF_SPLIT_USED_AT, q->used) % q->cfg.size;
	struct vop_split_used_elem e = {
		.id = htole32((uint32_t)ref_value(r, REF_SPLIT_USED_ID, last->id)),
		.len = htole32((uint32_t)ref_value(r, REF_SPLIT_USED_LEN, last->used)),
	};

	if (ref_step(r, REF_SPLIT_USED_ELEM))
		ref_store(r, &used(q)->ring[at], &e, sizeof(e));
	if (ref_bug(r, REF_SPLIT_WRITES_DESC))
		ref_store(r, (uint8_t *)q->cfg.desc + 16 * last->id + 8, "\0\0\0\0", 4);
	if (ref_bug(r, REF_SPLIT_WRITES_AVAIL))
		put16(r, &avail(q)->ring[at], 0xffff);
	q->used = (uint16_t)(q->used + n);
	put16(r, &used(q)->idx, (uint16_t)ref_value(r, REF_SPLIT_USED_IDX, q->used));
}

bool ref_split_call_wanted(struct ref_queue *q)
{
	struct ref *r = q->r;
	uint16_t old = q->signalled, event;

	q->signalled = q->used;
	if (!ref_has(r, VOP_F_EVENT_IDX))
		return !ref_test(r, REF_SPLIT_NO_INTERRUPT,
				 get16(&avail(q)->flags) & VOP_AVAIL_F_NO_INTERRUPT);
	event = get16(&avail(q)->ring[q->cfg.size]);
	return ref_test(r, REF_SPLIT_EVENT,
			(uint16_t)(q->used - event - 1) < (uint16_t)(q->used - old));
}

void ref_split_arm(struct ref_queue *q, bool on)
{
	struct ref *r = q->r;

	if (ref_has(r, VOP_F_EVENT_IDX)) {
		/* Off is what it was: an index already behind. */
		if (on)
			put16(r, &used(q)->ring[q->cfg.size],
			      (uint16_t)ref_value(r, REF_SPLIT_AVAIL_EVENT, q->avail));
		return;
	}
	put16(r, &used(q)->flags,
	      (uint16_t)ref_value(r, REF_SPLIT_NO_NOTIFY, on ? 0 : VOP_USED_F_NO_NOTIFY));
}

bool ref_split_pending(struct ref_queue *q)
{
	return get16(&avail(q)->idx) != q->avail;
}
