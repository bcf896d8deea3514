/* SPDX-License-Identifier: BSD-2-Clause */
/* The packed virtqueue of the reference device (VIRTIO 1.4, 2.8). */
#include <string.h>

#include "conformance/ref/internal.h"

static uint16_t flags_at(const struct vop_packed_desc *d)
{
	return le16toh(__atomic_load_n(&d->flags, __ATOMIC_ACQUIRE));
}

static struct vop_packed_desc *ring(const struct ref_queue *q)
{
	return q->cfg.desc;
}

static void step(struct ref_queue *q, uint16_t *at, bool *wrap, uint32_t n, enum ref_point turn)
{
	for (; n; n--)
		if (++*at >= q->cfg.size) {
			*at = 0;
			if (ref_test(q->r, turn, true))
				*wrap = !*wrap;
		}
}

static bool available(struct ref_queue *q)
{
	uint16_t f = flags_at(&ring(q)[q->avail]);

	/* 2.8.1.1 */
	return !!(f & VOP_DESC_F_AVAIL) == q->avail_wrap &&
	       !!(f & VOP_DESC_F_USED) != q->avail_wrap;
}

bool ref_packed_pending(struct ref_queue *q)
{
	return available(q);
}

static int piece(struct ref_queue *q, const struct vop_packed_desc *d, bool *writable)
{
	struct ref *r = q->r;
	uint32_t len = (uint32_t)ref_value(r, REF_PACKED_LEN, le32toh(d->len));
	uint64_t addr = ref_value(r, REF_PACKED_ADDR, le64toh(d->addr));
	bool write = ref_test(r, REF_PACKED_WRITE_FLAG, le16toh(d->flags) & VOP_DESC_F_WRITE);
	uint8_t *p = ref_at(r, addr, len);

	if (ref_test(r, REF_PACKED_ORDER, *writable && !write)) {
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

/* 2.8.7: all pieces in the table, in order; NEXT does not count there. */
static int table(struct ref_queue *q, const struct vop_packed_desc *d)
{
	struct ref *r = q->r;
	uint32_t len = le32toh(d->len), i, n;
	const struct vop_packed_desc *t = (const void *)ref_at(r, le64toh(d->addr), len);
	bool writable = false;

	if (ref_test(r, REF_PACKED_INDIRECT_FEATURE, !ref_has(r, VOP_F_INDIRECT_DESC))) {
		ref_violation(r, q, "a table without the feature");
		return -1;
	}
	if (ref_test(r, REF_PACKED_INDIRECT_LEN, len == 0 || len % 16) || !t) {
		ref_violation(r, q, "a table of a wrong length or address");
		return -1;
	}
	n = (uint32_t)ref_value(r, REF_PACKED_INDIRECT_COUNT, len / 16);
	for (i = 0; i < n && i < REF_SEGS; i++) {
		if (!ref_at(r, le64toh(d->addr) + 16ull * i, 16) || piece(q, &t[i], &writable) < 0)
			return -1;
	}
	return 1;
}

int ref_packed_pop(struct ref_queue *q)
{
	struct ref *r = q->r;
	const struct vop_packed_desc *d;
	uint16_t at = q->avail, first_id;
	bool wrap = q->avail_wrap, writable = false;
	uint32_t n = 0;
	uint16_t flags;

	if (!ref_test(r, REF_PACKED_AVAILABLE, available(q)))
		return 0;
	first_id = le16toh(ring(q)[at].id);
	for (;;) {
		d = &ring(q)[at];
		flags = flags_at(d);
		if (ref_test(r, REF_PACKED_LOOP, ++n > q->cfg.size) || n > 40000) {
			ref_violation(r, q, "a list longer than the queue");
			return -1;
		}
		if (ref_test(r, REF_PACKED_INDIRECT, flags & VOP_DESC_F_INDIRECT)) {
			if (n > 1 || (flags & VOP_DESC_F_NEXT)) {
				ref_violation(r, q, "a table in a list");
				return -1;
			}
			if (table(q, d) < 0)
				return -1;
		} else if (piece(q, d, &writable) < 0) {
			return -1;
		}
		step(q, &at, &wrap, 1, REF_PACKED_AVAIL_WRAP);
		if ((flags & VOP_DESC_F_INDIRECT) ||
		    !ref_test(r, REF_PACKED_NEXT_FLAG, flags & VOP_DESC_F_NEXT))
			break;
	}
	q->avail = at;
	q->avail_wrap = wrap;
	/* 2.8.6: the id of a list stands in its last descriptor. */
	q->chain.id = (uint16_t)ref_value(r, REF_PACKED_ID,
					  ref_test(r, REF_PACKED_ID_LAST, true) ? le16toh(d->id)
										: first_id);
	q->chain.ndesc = (uint16_t)n;
	return 1;
}

static void put_used(struct ref_queue *q, const struct ref_chain *c)
{
	struct ref *r = q->r;
	struct vop_packed_desc *d = &ring(q)[q->used];
	struct vop_packed_desc v = {
		.addr = d->addr,
		.len = htole32((uint32_t)ref_value(r, REF_PACKED_USED_LEN, c->used)),
		.id = htole16((uint16_t)ref_value(r, REF_PACKED_USED_ID, c->id)),
	};
	uint16_t f = q->used_wrap ? VOP_DESC_F_PHASE : 0;

	if (ref_test(r, REF_PACKED_USED_WRITE, c->used != 0))
		f |= VOP_DESC_F_WRITE;
	ref_store(r, d, &v, offsetof(struct vop_packed_desc, flags));
	__atomic_thread_fence(__ATOMIC_RELEASE);
	v.flags = htole16(f);
	if (ref_step(r, REF_PACKED_USED_FLAGS))
		ref_store(r, &d->flags, &v.flags, sizeof(v.flags));
}

/* A batch: one used descriptor with the last one's id, where the first one's would be. */
void ref_packed_push(struct ref_queue *q, const struct ref_chain *batch, unsigned n)
{
	struct ref *r = q->r;
	uint32_t slots = 0, i;
	uint16_t at = q->used;
	bool wrap = q->used_wrap;

	put_used(q, &batch[n - 1]);
	for (i = 0; i < n; i++)
		slots += batch[i].ndesc;
	if (slots > 1 && ref_bug(r, REF_PACKED_WRITES_ALL)) {
		struct ref_queue other = *q;

		step(&other, &other.used, &other.used_wrap, 1, REF_PACKED_USED_WRAP);
		put_used(&other, &batch[n - 1]);
	}
	if (ref_bug(r, REF_PACKED_WRITES_NEXT)) {
		step(q, &at, &wrap, slots, REF_PACKED_USED_WRAP);
		ref_store(r, &ring(q)[at], "\0\0\0\0\0\0\0\0", 8);
	}
	slots = (uint32_t)ref_value(r, REF_PACKED_SKIP, slots) & 0xffff;
	step(q, &q->used, &q->used_wrap, slots, REF_PACKED_USED_WRAP);
	q->since += slots;
}

bool ref_packed_call_wanted(struct ref_queue *q)
{
	struct ref *r = q->r;
	uint32_t e = le32toh(__atomic_load_n((const vop_le32 *)q->cfg.driver, __ATOMIC_ACQUIRE));
	uint32_t flags = (uint32_t)ref_value(r, REF_PACKED_EVENT_FLAGS, e >> 16 & 3);
	uint32_t off = (uint32_t)ref_value(r, REF_PACKED_EVENT_OFF, e & 0x7fff);
	bool wrap = ref_test(r, REF_PACKED_EVENT_WRAP, e >> 15 & 1);
	uint32_t since = q->since, back;

	q->since = 0;
	if (flags == VOP_EVENT_DISABLE)
		return false;
	if (flags != VOP_EVENT_DESC || !ref_has(r, VOP_F_EVENT_IDX))
		return true;
	/* How many slots behind the next one to use it lies (2.8.10). */
	if (wrap == q->used_wrap)
		back = off < q->used ? q->used - off : 0;
	else
		back = q->used + q->cfg.size - off;
	return ref_test(r, REF_PACKED_EVENT, back != 0 && back <= since);
}

void ref_packed_arm(struct ref_queue *q, bool on)
{
	struct ref *r = q->r;
	uint32_t off = (uint32_t)ref_value(r, REF_PACKED_DEV_EVENT, q->avail) & 0x7fff;
	bool wrap = ref_test(r, REF_PACKED_DEV_WRAP, q->avail_wrap);
	vop_le32 v;

	if (!on)
		v = htole32(VOP_EVENT_WORD(0, 0, VOP_EVENT_DISABLE));
	else if (ref_has(r, VOP_F_EVENT_IDX))
		v = htole32(VOP_EVENT_WORD(off, wrap, VOP_EVENT_DESC));
	else
		v = htole32(VOP_EVENT_WORD(0, 0, VOP_EVENT_ENABLE));
	ref_store(r, q->cfg.device, &v, sizeof(v));
}
