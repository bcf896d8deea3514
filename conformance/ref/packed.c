/* SPDX-License-Identifier: BSD-2-Clause */
/* The packed virtqueue of the reference device (VIRTIO 1.4, 2.8). */
#include <string.h>

#include "conformance/ref/internal.h"

#define PAGE	 4096u
#define WALK_MAX 40000u
#define STORM	 100u
#define RESERVED                                                                                   \
	((uint16_t) ~(VOP_DESC_F_NEXT | VOP_DESC_F_WRITE | VOP_DESC_F_INDIRECT | VOP_DESC_F_PHASE))

static uint16_t flags_at(const struct vop_packed_desc *d)
{
	return le16toh(__atomic_load_n(&d->flags, __ATOMIC_ACQUIRE));
}

static struct vop_packed_desc *ring(const struct ref_queue *q)
{
	return q->cfg.desc;
}

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

/* A device that faults: it is gone. */
static void die_if(struct ref *r, enum ref_point p, bool cond)
{
	if (cond && ref_bug(r, p))
		r->dead = true;
}

/* Read a byte of every page there, inside the driver's memory. */
static void touch(struct ref *r, const uint8_t *p, uint64_t len)
{
	const uint8_t *end = r->mem + r->size;
	uint64_t i;

	for (i = 0; i < len && p + i < end;
	     i = vop_align_up((uintptr_t)p + i + 1, PAGE) - (uintptr_t)p)
		(void)*(const volatile uint8_t *)(p + i);
}

/* n slots on. 2.8.1: the counter turns when the last slot was passed. */
static void step(struct ref_queue *q, uint16_t *at, bool *wrap, uint32_t n, enum ref_point turn)
{
	uint32_t size =
		ref_bug(q->r, REF_PACKED_POWER_OF_TWO) ? power_of_two(q->cfg.size) : q->cfg.size;

	for (; n; n--)
		if (++*at >= size) {
			*at = 0;
			if (ref_step(q->r, turn))
				*wrap = !*wrap;
		}
}

/* Does a list of n slots from `at` on go beyond the end? */
static bool across(const struct ref_queue *q, uint16_t at, uint32_t n)
{
	return at + n > q->cfg.size;
}

static bool available_at(struct ref_queue *q, uint16_t at, bool wrap)
{
	uint16_t f = flags_at(&ring(q)[at]);
	bool avail = f & VOP_DESC_F_AVAIL, used = f & VOP_DESC_F_USED;

	if (ref_bug(q->r, REF_PACKED_AVAIL_ONLY))
		return avail == wrap;
	if (ref_bug(q->r, REF_PACKED_USED_ONLY))
		return used != wrap;
	if (ref_bug(q->r, REF_PACKED_DIFFER))
		return avail != used;
	/* 2.8.1 */
	return avail == wrap && used != wrap;
}

static bool available(struct ref_queue *q)
{
	uint16_t at = q->avail;
	bool wrap = q->avail_wrap;

	if (available_at(q, at, wrap))
		return true;
	if (!ref_bug(q->r, REF_PACKED_LOOKS_AHEAD))
		return false;
	step(q, &at, &wrap, 1, REF_PACKED_AVAIL_WRAP);
	if (!available_at(q, at, wrap))
		return false;
	q->avail = at;
	q->avail_wrap = wrap;
	return true;
}

bool ref_packed_pending(struct ref_queue *q)
{
	return available(q);
}

/* --- taking --- */

static int broken(struct ref_queue *q, const char *why)
{
	ref_violation(q->r, q, why);
	return -1;
}

static int no_memory(struct ref_queue *q, uint64_t addr, uint32_t len)
{
	struct ref *r = q->r;
	bool overflows = addr + len < addr, inside = addr >= r->bus && addr - r->bus < r->size;

	die_if(r, REF_PACKED_ADDR_OVERFLOW, overflows);
	die_if(r, REF_PACKED_ADDR_START, inside);
	die_if(r, REF_PACKED_ADDR_ANY, !inside && !overflows);
	return broken(q, "an address outside the driver's memory");
}

static int piece(struct ref_queue *q, const struct vop_packed_desc *d, bool *writable)
{
	struct ref *r = q->r;
	uint32_t len = (uint32_t)ref_value(r, REF_PACKED_LEN, le32toh(d->len));
	uint64_t addr = ref_value(r, REF_PACKED_ADDR, le64toh(d->addr));
	bool write = ref_test(r, REF_PACKED_WRITE_FLAG, le16toh(d->flags) & VOP_DESC_F_WRITE);
	uint8_t *p = ref_at(r, addr, len);

	die_if(r, REF_PACKED_LEN_ZERO, len == 0);
	if (*writable && !write) {
		if (!ref_bug(r, REF_PACKED_ORDER_WRITES))
			return broken(q, "a readable piece behind a writable one");
		write = true;
	}
	*writable |= write;
	if (!p)
		return no_memory(q, addr, len);
	if (!write && ref_bug(r, REF_PACKED_READ_AHEAD))
		touch(r, p + len, PAGE);
	if (write && ref_bug(r, REF_PACKED_READ_WRITABLE))
		touch(r, p, len);
	if (!ref_add_piece(q, p, len, write))
		return broken(q, "more pieces than this device takes");
	return 1;
}

/* An entry of a table: WRITE is its only flag. */
static int entry(struct ref_queue *q, const struct vop_packed_desc *table, bool *writable)
{
	struct ref *r = q->r;
	struct vop_packed_desc e = *table;
	uint16_t flags = le16toh(e.flags);

	if ((flags & ~VOP_DESC_F_WRITE) && ref_bug(r, REF_PACKED_INDIRECT_STRICT))
		return broken(q, "flags in a table");
	if ((flags & VOP_DESC_F_INDIRECT) && ref_bug(r, REF_PACKED_INDIRECT_NESTED)) {
		const uint8_t *t = ref_at(r, le64toh(e.addr), 16);

		if (!t)
			return broken(q, "an address outside the driver's memory");
		memcpy(&e, t, sizeof(e));
	}
	return piece(q, &e, writable);
}

/* Where entry i of a table lies. */
static uint64_t entry_at(struct ref_queue *q, uint64_t table, uint32_t i)
{
	uint64_t at = table + 16ull * i;

	if (table / PAGE == at / PAGE || !ref_bug(q->r, REF_BLIND_INDIRECT_PAGE))
		return at;
	return (table & ~(PAGE - 1ull)) | (at & (PAGE - 1ull));
}

/* 2.8.7: all entries of the table, in order; whatever its ids and other flags are. */
static int table(struct ref_queue *q, const struct vop_packed_desc *d)
{
	struct ref *r = q->r;
	uint32_t len = le32toh(d->len), i, n;
	bool odd = le64toh(d->addr) % 16 && ref_bug(r, REF_BLIND2_TABLE_ALIGNED);
	uint64_t addr = le64toh(d->addr) & (odd ? ~15ull : ~0ull);
	struct vop_packed_desc *t = (void *)ref_at(r, addr, len), first;
	bool writable =
		(le16toh(d->flags) & VOP_DESC_F_WRITE) && ref_bug(r, REF_PACKED_INDIRECT_WRITE);

	if (!ref_has(r, VOP_F_INDIRECT_DESC) || ref_bug(r, REF_PACKED_INDIRECT_REFUSED))
		return broken(q, "a table without the feature");
	die_if(r, REF_PACKED_INDIRECT_ANY, !t);
	if (!t)
		return broken(q, "a table outside the driver's memory");
	if (ref_bug(r, REF_PACKED_INDIRECT_ROUNDS))
		len = (uint32_t)vop_align_up(len, 16);
	else if (len == 0 || len % 16)
		return broken(q, "a table of a wrong length");
	if (ref_bug(r, REF_PACKED_TABLE_AHEAD))
		touch(r, (const uint8_t *)t + len, 1);
	die_if(r, REF_PACKED_INDIRECT_LONG, len / 16 > q->cfg.size);
	n = (uint32_t)ref_value(r, REF_PACKED_INDIRECT_COUNT, len / 16);
	for (i = 0; i < n && i < REF_SEGS; i++) {
		const void *e = ref_at(r, entry_at(q, addr, i), 16);

		if (e && i == 0) {
			memcpy(&first, e, sizeof(first));
			ref_table_first(q, addr, &first);
			e = &first;
		}
		if (!e || entry(q, e, &writable) < 0)
			return broken(q, "a table that cannot be used");
		if (ref_bug(r, REF_PACKED_INDIRECT_CHAINED) &&
		    !(le16toh(t[i].flags) & VOP_DESC_F_NEXT))
			break;
	}
	if (ref_bug(r, REF_PACKED_INDIRECT_MARKS))
		ref_store(r, &t[0].flags, "\x80\x80", 2);
	return 1;
}

/* How many descriptors the list at q->avail has; -1: none that ends, or flags that disagree. */
static int list_length(struct ref_queue *q)
{
	struct ref *r = q->r;
	uint16_t at = q->avail, flags;
	bool wrap = q->avail_wrap;
	uint32_t n = 0;

	for (;;) {
		flags = flags_at(&ring(q)[at]);
		if (ref_test(r, REF_PACKED_LOOP, ++n > q->cfg.size))
			return broken(q, "a list longer than the queue");
		if (n > WALK_MAX) {
			r->stuck = true;
			return -1;
		}
		/* 2.8.6: the flags of all of them must be right. */
		if (n > 1 && n <= q->cfg.size && !available_at(q, at, wrap)) {
			q->waits = ref_bug(r, REF_PACKED_MIXED_WAITS);
			return broken(q, "a list whose descriptors are not all available");
		}
		die_if(r, REF_PACKED_FLAGS_KILL, flags & RESERVED);
		if (flags & VOP_DESC_F_INDIRECT) {
			if (n == 1 && !(flags & VOP_DESC_F_NEXT))
				return 1;
			die_if(r, REF_PACKED_INDIRECT_IN_LIST, true);
			return broken(q, "a table in a list");
		}
		if (!ref_test(r, REF_PACKED_NEXT_FLAG, flags & VOP_DESC_F_NEXT))
			return (int)n;
		step(q, &at, &wrap, 1, REF_PACKED_AVAIL_WRAP);
	}
}

/* An id is the driver's name for a buffer: below the queue size, and not given twice. */
static bool id_ok(struct ref_queue *q, uint16_t id)
{
	struct ref *r = q->r;
	unsigned i;

	die_if(r, REF_PACKED_ID_UNCHECKED, id >= q->cfg.size);
	for (i = 0; i < q->n_held; i++)
		die_if(r, REF_PACKED_ID_TWICE, q->held[i].id == id);
	for (i = 0; i < q->n_done; i++)
		die_if(r, REF_PACKED_ID_TWICE, q->done[i].id == id);
	return id < q->cfg.size - (ref_bug(r, REF_BLIND_TOP_ID) ? 1 : 0);
}

/* A mutant: four descriptors in a row, of which the first is a buffer, are four buffers. */
static bool grouped(struct ref_queue *q)
{
	unsigned i;

	if (q->group == 0 && q->avail % 4 == 0 && q->avail + 4u <= q->cfg.size) {
		for (i = 0; i < 4; i++)
			if (!available_at(q, (uint16_t)(q->avail + i), q->avail_wrap))
				return false;
		if (!(flags_at(&ring(q)[q->avail]) & VOP_DESC_F_NEXT))
			q->group = 4;
	}
	if (q->group == 0)
		return false;
	q->group--;
	return true;
}

int ref_packed_pop(struct ref_queue *q)
{
	struct ref *r = q->r;
	const struct vop_packed_desc *first = &ring(q)[q->avail], *d = first;
	bool was = q->avail_wrap, writable = false;
	uint16_t from = q->avail;
	int n, i;

	if (r->times[REF_PACKED_DEV_READ] >> q->index & 1)
		return 0;
	if (ref_bug(r, REF_PACKED_RING_AHEAD))
		touch(r, (const uint8_t *)&ring(q)[q->cfg.size], 1);
	if (!ref_test(r, REF_PACKED_AVAILABLE, available(q)))
		return 0;
	n = ref_bug(r, REF_BLIND_GROUP) && grouped(q) ? 1 : list_length(q);
	if (n < 0)
		return -1;
	for (i = 0; i < n; i++) {
		d = &ring(q)[q->avail];
		if (ref_test(r, REF_PACKED_INDIRECT, flags_at(d) & VOP_DESC_F_INDIRECT)
			    ? table(q, d) < 0
			    : piece(q, d, &writable) < 0)
			return -1;
		step(q, &q->avail, &q->avail_wrap, 1, REF_PACKED_AVAIL_WRAP);
	}
	q->turned = q->avail == 0;
	if (across(q, from, (uint32_t)n) && ref_bug(r, REF_PACKED_AVAIL_ACROSS))
		q->avail_wrap = was;
	/* 2.8.6: the id of a list stands in its last descriptor. */
	if (ref_bug(r, REF_PACKED_ID_FIRST))
		d = first;
	if (across(q, from, (uint32_t)n) && ref_bug(r, REF_BLIND2_ID_ACROSS))
		d = &ring(q)[q->cfg.size - 1];
	q->chain.id = (uint16_t)ref_value(r, REF_PACKED_ID, le16toh(d->id));
	q->chain.ndesc = (uint16_t)n;
	q->chain.slot = from;
	q->chain.slot_wrap = was;
	if (flags_at(d) & VOP_DESC_F_INDIRECT) {
		const uint8_t *last = ref_at(r, le64toh(d->addr) + le32toh(d->len) - 16, 16);

		if (last && ref_bug(r, REF_PACKED_INDIRECT_ID))
			memcpy(&q->chain.id, last + 12, 2);
		if (ref_bug(r, REF_PACKED_INDIRECT_SLOTS))
			q->chain.ndesc = (uint16_t)q->chain.n;
	}
	return id_ok(q, q->chain.id) ? 1 : broken(q, "an id beyond the queue");
}

/* --- giving back --- */

static void put_used(struct ref_queue *q, uint16_t id, uint32_t len)
{
	struct ref *r = q->r;
	struct vop_packed_desc *d = &ring(q)[q->used];
	struct vop_packed_desc v = {
		.addr = d->addr,
		.len = htole32((uint32_t)ref_value(r, REF_PACKED_USED_LEN, len)),
		.id = htole16((uint16_t)ref_value(r, REF_PACKED_USED_ID, id)),
	};
	uint16_t f = q->used_wrap ? VOP_DESC_F_PHASE : 0;

	if (ref_test(r, REF_PACKED_USED_WRITE, len != 0))
		f |= VOP_DESC_F_WRITE;
	ref_store(r, d, &v, offsetof(struct vop_packed_desc, flags));
	__atomic_thread_fence(__ATOMIC_RELEASE);
	v.flags = htole16(f);
	if (ref_step(r, REF_PACKED_USED_FLAGS))
		ref_store(r, &d->flags, &v.flags, sizeof(v.flags));
}

/* Does the driver's event structure name the slot that is used next? */
static bool event_here(const struct ref_queue *q)
{
	uint32_t e = le32toh(*(const vop_le32 *)q->cfg.driver);

	return (e & 0x7fff) == q->used && (e >> 15 & 1) == q->used_wrap;
}

/* Mistakes beside the used descriptor, which is not written yet. */
static void mistakes(struct ref_queue *q, const struct ref_chain *last, uint32_t slots)
{
	struct ref *r = q->r;
	struct ref_queue other = *q;
	uint32_t i;

	if (ref_bug(r, REF_PACKED_USED_LATE))
		ref_store(r, &ring(q)[q->used_before].len, "\x11\0\0", 4);
	for (i = 1; i < slots && ref_bug(r, REF_PACKED_WRITES_ALL); i++) {
		step(q, &other.used, &other.used_wrap, 1, REF_PACKED_USED_WRAP);
		put_used(&other, last->id, last->used);
	}
	other = *q;
	if (ref_bug(r, REF_PACKED_WRITES_NEXT)) {
		step(q, &other.used, &other.used_wrap, slots, REF_PACKED_USED_WRAP);
		ref_store(r, &ring(q)[other.used], "\0\0\0\0\0\0\0\0", 8);
	}
}

/* A batch: one used descriptor with the last one's id, where the first one's would be. */
void ref_packed_push(struct ref_queue *q, const struct ref_chain *batch, unsigned n)
{
	struct ref *r = q->r;
	const struct ref_chain *last = &batch[n - 1];
	uint32_t slots = 0, len = last->used, i;
	struct ref_queue at = *q;
	bool was = q->used_wrap;
	uint16_t from = q->used;

	for (i = 0; i < n; i++) {
		slots += batch[i].ndesc;
		if (i + 1 < n && ref_bug(r, REF_PACKED_BATCH_SUM))
			len += batch[i].used;
	}
	mistakes(q, last, slots);
	if (ref_bug(r, REF_PACKED_BATCH_AT_LAST))
		step(q, &at.used, &at.used_wrap, slots - last->ndesc, REF_PACKED_USED_WRAP);
	if (ref_bug(r, REF_PACKED_USED_AT_LAST))
		step(q, &at.used, &at.used_wrap, last->ndesc - 1u, REF_PACKED_USED_WRAP);
	put_used(&at, ref_bug(r, REF_PACKED_BATCH_ID) ? batch[0].id : last->id, len);
	q->used_before = q->used;
	q->event_head |= event_here(q);
	q->since += slots;
	q->since_buffers += n;
	q->since_last = last->ndesc;
	if (n > 1 && ref_bug(r, REF_PACKED_BATCH_SKIP))
		slots = n;
	slots = (uint32_t)ref_value(r, REF_PACKED_SKIP, slots) & 0xffff;
	step(q, &q->used, &q->used_wrap, slots, REF_PACKED_USED_WRAP);
	if (slots == q->cfg.size && ref_bug(r, REF_BLIND2_USED_FULL))
		q->used_wrap = was;
	if (across(q, from, slots) && ref_bug(r, REF_PACKED_USED_ACROSS))
		q->used_wrap = was;
	if (slots > 1 && q->used == 0 && ref_bug(r, REF_PACKED_USED_EXACT)) {
		q->used = q->cfg.size;
		q->used_wrap = was;
	}
}

/* --- events --- */

/* How many slots behind the next one to use the event lies; 0: before it (2.8.10). */
static uint32_t behind(struct ref_queue *q, uint32_t off, bool wrap)
{
	if (wrap == q->used_wrap || ref_bug(q->r, REF_PACKED_EVENT_IGNORES_WRAP))
		return off < q->used ? q->used - off : 0;
	if (ref_bug(q->r, REF_PACKED_EVENT_MASK))
		return (q->used - off) & (power_of_two(q->cfg.size) - 1);
	return q->used + q->cfg.size - off;
}

static bool crossed(struct ref_queue *q, uint32_t e, uint32_t since)
{
	struct ref *r = q->r;
	uint32_t off = (uint32_t)ref_value(r, REF_PACKED_EVENT_OFF, e & 0x7fff);
	uint32_t back = behind(q, off, ref_test(r, REF_PACKED_EVENT_WRAP, e >> 15 & 1));

	if (since == q->cfg.size && ref_bug(r, REF_BLIND2_EVENT_WHOLE))
		return false;
	if (ref_bug(r, REF_PACKED_EVENT_EXACT))
		since = q->since_last;
	if (ref_bug(r, REF_PACKED_EVENT_BUFFERS))
		since = q->since_buffers;
	if (ref_bug(r, REF_PACKED_EVENT_HEAD))
		return q->event_head;
	return back != 0 && back <= since && ref_step(r, REF_PACKED_EVENT);
}

static bool wanted(struct ref_queue *q, uint32_t e)
{
	struct ref *r = q->r;
	uint32_t flags = e >> 16 & 3, queue = 1u << q->index;
	bool event_idx = ref_has(r, VOP_F_EVENT_IDX);

	if (flags == VOP_EVENT_DISABLE)
		r->times[REF_PACKED_STICKY] |= queue;
	if (flags == VOP_EVENT_DISABLE ||
	    ((r->times[REF_PACKED_STICKY] & queue) && ref_bug(r, REF_PACKED_STICKY)))
		return false;
	die_if(r, REF_PACKED_EVENT_RESERVED,
	       e >> 18 || flags == 3 || (flags == VOP_EVENT_DESC && !event_idx));
	if (flags == VOP_EVENT_DESC && event_idx) {
		die_if(r, REF_PACKED_EVENT_UNCHECKED, (e & 0x7fff) >= q->cfg.size);
		if ((e & 0x7fff) >= q->cfg.size)
			return true;
		return !ref_bug(r, REF_PACKED_DESC_OFF) && crossed(q, e, q->since);
	}
	if (ref_bug(r, REF_PACKED_ENABLE_OFFSET))
		return crossed(q, e, q->since);
	return ref_step(r, REF_PACKED_ENABLE);
}

bool ref_packed_call_wanted(struct ref_queue *q)
{
	uint32_t e = le32toh(__atomic_load_n((const vop_le32 *)q->cfg.driver, __ATOMIC_ACQUIRE));
	bool call = wanted(q, ref_bug(q->r, REF_BLIND_EVENT_CACHED) ? q->kicked_event : e);

	q->since = q->since_buffers = 0;
	q->event_head = false;
	if (ref_bug(q->r, REF_PACKED_DRIVER_EVENT_WRITE))
		ref_store(q->r, q->cfg.driver, "\0\0\0\0", 4);
	return call;
}

/* Woken by a kick; before anything is looked at. */
static void woken(struct ref_queue *q)
{
	struct ref *r = q->r;
	uint32_t mine = le32toh(*(const vop_le32 *)q->cfg.device), queue = 1u << q->index;

	if (ref_bug(r, REF_PACKED_DEV_READ)) {
		if ((mine >> 16 & 3) == VOP_EVENT_DISABLE)
			r->times[REF_PACKED_DEV_READ] |= queue;
		else
			r->times[REF_PACKED_DEV_READ] &= ~queue;
	}
	if (available(q))
		return;
	if (ref_bug(r, REF_PACKED_KICK_EMPTY))
		ref_violation(r, q, "a kick and nothing to do");
	die_if(r, REF_PACKED_KICK_STORM, ++r->times[REF_PACKED_KICK_STORM] > STORM);
}

void ref_packed_arm(struct ref_queue *q, bool on)
{
	struct ref *r = q->r;
	uint32_t off = (uint32_t)ref_value(r, REF_PACKED_DEV_EVENT, q->avail) & 0x7fff;
	bool wrap = ref_test(r, REF_PACKED_DEV_WRAP, q->avail_wrap);
	vop_le32 v[2] = {0};

	if (!on)
		woken(q);
	if (!on && ref_bug(r, REF_BLIND_EVENT_CACHED))
		q->kicked_event = le32toh(*(const vop_le32 *)q->cfg.driver);
	if (q->chain.ndesc > 1 && ref_bug(r, REF_BLIND2_ARM_HEAD)) {
		if (off + 1 < q->chain.ndesc) {
			off += q->cfg.size;
			wrap = !wrap;
		}
		off -= q->chain.ndesc - 1u;
	}
	if (q->turned && ref_bug(r, REF_BLIND_ARM_END))
		wrap = !wrap;
	if (!on)
		v[0] = htole32(VOP_EVENT_WORD(0, 0, VOP_EVENT_DISABLE));
	else if (ref_has(r, VOP_F_EVENT_IDX))
		v[0] = htole32(VOP_EVENT_WORD(off, wrap, VOP_EVENT_DESC));
	else
		v[0] = htole32(VOP_EVENT_WORD(0, 0, VOP_EVENT_ENABLE));
	if (on && !ref_has(r, VOP_F_EVENT_IDX) && ref_bug(r, REF_PACKED_DEV_DESC))
		v[0] = htole32(VOP_EVENT_WORD(off, wrap, VOP_EVENT_DESC));
	if (ref_bug(r, REF_PACKED_DEV_RESERVED))
		v[0] |= htole32(1u << 18);
	ref_store(r, q->cfg.device, v, ref_bug(r, REF_PACKED_DEV_WIDE) ? 8 : 4);
}
