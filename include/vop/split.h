/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueue, both halves (VIRTIO 1.4, 2.7).
 *
 * Publication, driver to device: descriptors and available entries are plain stores, the available
 * index is a store-release (publish); the device load-acquires the index and reads the rest behind
 * it. Device to driver: used entries plain, used index store-release; the driver load-acquires it.
 * stlr / ldar on AArch64; posted writes in order over PCIe.
 *
 * A driver keeps a private copy of what it wrote into the descriptor table and the available ring
 * and stores only what differs: with IN_ORDER and fixed buffers the table is written once and never
 * moves between the caches again. (Our own copy is compared, never the shared words: a peer may
 * have changed those.)
 *
 * Notification, threads and trust: as in packed.h.
 */
#ifndef VOP_SPLIT_H
#define VOP_SPLIT_H

#include <vop/copy.h>
#include <vop/mem.h>
#include <vop/packed.h> /* struct vop_drv_slot */
#include <vop/vring.h>

/* A split descriptor as two 64-bit little-endian words: {addr}, {len, flags, next}. */
VOP_INLINE uint64_t vop_split_word(uint32_t len, uint16_t flags, uint16_t next)
{
	return (uint64_t)len | ((uint64_t)flags << 32) | ((uint64_t)next << 48);
}
#define VOP_SW_LEN(w)	((uint32_t)(w))
#define VOP_SW_FLAGS(w) ((uint16_t)((w) >> 32))
#define VOP_SW_NEXT(w)	((uint16_t)((w) >> 48))

#if VOP_MEM_WIDE
VOP_INLINE void vop_split_st(struct vop_split_desc *d, uint64_t addr, uint64_t w)
{
	VOP_MEM_ST(&d->addr, htole64(addr));
	VOP_MEM_ST((vop_wide *)(void *)&d->len, htole64(w));
}
VOP_INLINE uint64_t vop_split_ld(const struct vop_split_desc *d, uint64_t *addr)
{
	*addr = le64toh(VOP_MEM_LD(&d->addr));
	return le64toh(VOP_MEM_LD((const vop_wide *)(const void *)&d->len));
}
#else
VOP_INLINE void vop_split_st(struct vop_split_desc *d, uint64_t addr, uint64_t w)
{
	vop_narrow *p = (vop_narrow *)(void *)d;

	VOP_MEM_ST(&p[0], htole32((uint32_t)addr));
	VOP_MEM_ST(&p[1], htole32((uint32_t)(addr >> 32)));
	VOP_MEM_ST(&p[2], htole32((uint32_t)w));
	VOP_MEM_ST(&p[3], htole32((uint32_t)(w >> 32)));
}
VOP_INLINE uint64_t vop_split_ld(const struct vop_split_desc *d, uint64_t *addr)
{
	const vop_narrow *p = (const vop_narrow *)(const void *)d;

	*addr = le32toh(VOP_MEM_LD(&p[0]));
	*addr |= (uint64_t)le32toh(VOP_MEM_LD(&p[1])) << 32;
	return le32toh(VOP_MEM_LD(&p[2])) | ((uint64_t)le32toh(VOP_MEM_LD(&p[3])) << 32);
}
#endif

/* used_event stands behind the available ring, avail_event behind the used ring (2.7.7, 2.7.10). */
VOP_INLINE uint16_t *vop_split_used_event(struct vop_split_avail *a, uint32_t size)
{
	return &a->ring[size];
}
VOP_INLINE uint16_t *vop_split_avail_event(struct vop_split_used *u, uint32_t size)
{
	return (uint16_t *)(void *)&u->ring[size];
}

/* ---- driver half
 * --------------------------------------------------------------------------------------- */

struct vop_split_shadow {
	uint64_t addr, word;
};

struct vop_split_drv {
	struct vop_split_desc *desc;
	struct vop_split_avail *avail;
	struct vop_split_used *used;
	const volatile void *read_back;
	uint32_t size, mask;
	struct vop_ring_features f;
	uint32_t broken;

	uint16_t avail_idx;	/* next entry to write, free running */
	uint16_t published_idx; /* what the device was told */
	uint16_t used_idx;	/* next used entry to read, free running */
	uint16_t seen_used;	/* used index as last read */
	uint16_t nfree;
	uint16_t free_head; /* list through slot[].next; with IN_ORDER the next descriptor in ring
			       order */
	uint16_t oldest;    /* IN_ORDER: head of the oldest outstanding buffer */
	uint32_t outstanding;
	bool runs;	/* the device answered several buffers with one entry lately */
	uint32_t lists; /* IN_ORDER: outstanding buffers of more than one descriptor */
	uint32_t run_left, run_len;

	struct vop_drv_slot *slot;	 /* size of them, by descriptor index */
	struct vop_split_shadow *shadow; /* size: what the table holds */
	uint16_t *entry;		 /* size: what the available ring holds */

	struct vop_split_desc *ind;
	uint64_t ind_bus;
	uint32_t ind_max;
};

/*
 * Start with zeroed rings; size is a power of two. slot, shadow, entry: size of each, private, the
 * caller's. Calls start disabled where flags can say so.
 */
static inline void vop_split_drv_init(struct vop_split_drv *d, uint32_t size, void *desc,
				      void *avail, void *used, struct vop_ring_features f,
				      struct vop_drv_slot *slot, struct vop_split_shadow *shadow,
				      uint16_t *entry)
{
	uint32_t i;

	*d = (struct vop_split_drv){
		.desc = desc,
		.avail = avail,
		.used = used,
		.size = size,
		.mask = size - 1,
		.f = f,
		.nfree = (uint16_t)size,
		.slot = slot,
		.shadow = shadow,
		.entry = entry,
	};
	for (i = 0; i < size; i++) {
		slot[i] = (struct vop_drv_slot){.next = (uint16_t)((i + 1) & d->mask)};
		shadow[i] = (struct vop_split_shadow){0};
		entry[i] = 0;
	}
	VOP_MEM_ST(&d->avail->flags, htole16(f.event_idx ? 0 : VOP_AVAIL_F_NO_INTERRUPT));
}

VOP_INLINE unsigned vop_split_drv_room(const struct vop_split_drv *d)
{
	return d->nfree;
}

/* Write descriptor i unless the table holds just that. */
VOP_INLINE void vop_split_drv_put(struct vop_split_drv *d, uint16_t i, uint64_t addr, uint32_t len,
				  uint16_t flags, uint16_t next)
{
	uint64_t w = vop_split_word(len, flags, next);

	if (d->shadow[i].addr == addr && d->shadow[i].word == w)
		return;
	d->shadow[i] = (struct vop_split_shadow){addr, w};
	vop_split_st(&d->desc[i], addr, w);
}

VOP_INLINE void vop_split_drv_offer(struct vop_split_drv *d, uint16_t head)
{
	uint32_t at = d->avail_idx & d->mask;

	if (d->entry[at] != head) {
		d->entry[at] = head;
		VOP_MEM_ST(&d->avail->ring[at], htole16(head));
	}
	d->avail_idx++;
}

/* Add up to n buffers of one segment each; see vop_packed_drv_add(). */
VOP_INLINE unsigned vop_split_drv_add(struct vop_split_drv *d, const struct vop_buf *b,
				      const uint32_t *cookie, unsigned n, bool write)
{
	uint16_t flags = write ? VOP_DESC_F_WRITE : 0, id = d->free_head;
	uint32_t at = d->avail_idx, mask = d->mask;
	struct vop_drv_slot *slot = d->slot;
	uint16_t *entry = d->entry;
	unsigned i;

	if (vop_unlikely(d->broken))
		return 0;
	n = VOP_MIN(n, d->nfree);
	for (i = 0; i < n; i++, at++) {
		struct vop_drv_slot *s = &slot[id];
		uint16_t head = id;

		s->cookie = cookie[i];
		s->in_len = write ? b[i].len : 0;
		s->ndesc = 1;
		id = s->next;
		vop_split_drv_put(d, head, b[i].addr, b[i].len, flags, 0);
		if (vop_unlikely(entry[at & mask] != head)) {
			entry[at & mask] = head;
			VOP_MEM_ST(&d->avail->ring[at & mask], htole16(head));
		}
	}
	d->free_head = id;
	d->avail_idx = (uint16_t)at;
	d->nfree = (uint16_t)(d->nfree - n);
	d->outstanding += n;
	return n;
}

/* Add one buffer of several segments; see vop_packed_drv_add_chain(). */
static inline int vop_split_drv_add_chain(struct vop_split_drv *d, const struct vop_buf *b,
					  unsigned nout, unsigned nin, uint32_t cookie)
{
	unsigned n = nout + nin, i;
	bool indirect = d->f.indirect && d->ind && n > 1 && n <= d->ind_max;
	uint16_t head = d->free_head, at = head;
	uint64_t in_len = 0;

	if (d->broken)
		return -EIO;
	for (i = nout; i < n; i++)
		in_len += b[i].len;
	/* No chain longer than the queue, in a table neither (2.7.5.3.1). */
	if (n == 0 || n > d->size || in_len > UINT32_MAX)
		return -EINVAL;
	if ((indirect ? 1 : n) > d->nfree)
		return -ENOSPC;
	if (indirect) {
		struct vop_split_desc *t = d->ind + (size_t)head * d->ind_max;

		for (i = 0; i < n; i++)
			vop_split_st(&t[i], b[i].addr,
				     vop_split_word(b[i].len,
						    (uint16_t)((i < nout ? 0 : VOP_DESC_F_WRITE) |
							       (i + 1 < n ? VOP_DESC_F_NEXT : 0)),
						    (uint16_t)(i + 1 < n ? i + 1 : 0)));
		vop_split_drv_put(d, head, d->ind_bus + (uint64_t)head * d->ind_max * sizeof(*t),
				  n * (uint32_t)sizeof(*t), VOP_DESC_F_INDIRECT, 0);
		at = d->slot[head].next;
	} else {
		for (i = 0; i < n; i++) {
			uint16_t next = d->slot[at].next;
			bool more = i + 1 < n;

			vop_split_drv_put(d, at, b[i].addr, b[i].len,
					  (uint16_t)((i < nout ? 0 : VOP_DESC_F_WRITE) |
						     (more ? VOP_DESC_F_NEXT : 0)),
					  more ? next : 0);
			at = next;
		}
	}
	d->slot[head].cookie = cookie;
	d->slot[head].in_len = (uint32_t)in_len;
	d->slot[head].ndesc = (uint16_t)(indirect ? 1 : n);
	d->lists += d->f.in_order && d->slot[head].ndesc > 1;
	d->free_head = at;
	d->nfree = (uint16_t)(d->nfree - d->slot[head].ndesc);
	d->outstanding++;
	vop_split_drv_offer(d, head);
	return 0;
}

/* Make everything added so far available. True: the device asked to be kicked. */
VOP_INLINE bool vop_split_drv_publish(struct vop_split_drv *d)
{
	uint16_t old = d->published_idx, now = d->avail_idx;

	if (old == now || vop_unlikely(d->broken))
		return false;
	/* Pairs with the acquire in vop_split_dev_pop: table, entries and payload come before the
	 * index. */
	VOP_MEM_ST_REL(&d->avail->idx, htole16(now));
	d->published_idx = now;
	if (d->f.peer_polls)
		return false;
	/* Index before the look at the arming word; pairs with the read-back in vop_split_dev_arm.
	 */
	VOP_MEM_FULL();
	if (d->f.event_idx)
		return vop_need_event(le16toh(VOP_MEM_LD(vop_split_avail_event(d->used, d->size))),
				      now, old);
	return !(le16toh(VOP_MEM_LD(&d->used->flags)) & VOP_USED_F_NO_NOTIFY);
}

/* Put the descriptors of a finished buffer back (with IN_ORDER they come back in ring order by
 * themselves: vop_split_drv_run). */
VOP_INLINE void vop_split_drv_free(struct vop_split_drv *d, uint16_t head)
{
	struct vop_drv_slot *s = &d->slot[head];
	uint16_t last = head, i;

	d->nfree = (uint16_t)(d->nfree + s->ndesc);
	for (i = 1; i < s->ndesc; i++)
		last = d->slot[last].next;
	d->slot[last].next = d->free_head;
	d->free_head = head;
	s->ndesc = 0;
}

/* IN_ORDER: how many buffers from the oldest to the one whose head is `id`; more than left: it is
 * not among them. */
VOP_INLINE uint32_t vop_split_drv_count(const struct vop_split_drv *d, uint32_t id, uint32_t left)
{
	uint32_t h = d->oldest, run = 1;

	if (vop_likely(d->lists == 0))
		return ((id - h) & d->mask) + 1;
	while (h != id && run <= left) {
		h = (h + d->slot[h].ndesc) & d->mask;
		run++;
	}
	return run;
}

/* Hand out up to max of the rest of an IN_ORDER batch. */
VOP_INLINE unsigned vop_split_drv_run(struct vop_split_drv *d, struct vop_done *out, unsigned max)
{
	unsigned n = VOP_MIN(max, d->run_left), i;
	uint32_t id = d->oldest, ndesc = 0;
	bool plain = d->lists == 0; /* no need to wait for ndesc to know the next id */

	for (i = 0; i < n; i++) {
		const struct vop_drv_slot *s = &d->slot[id];

		/* Skipped buffers were used completely (VIRTIO 1.4, 2.7.9). */
		out[i] = (struct vop_done){.cookie = s->cookie, .len = s->in_len};
		ndesc += s->ndesc;
		if (!plain)
			d->lists -= s->ndesc > 1;
		id = (id + (plain ? 1 : s->ndesc)) & d->mask;
	}
	d->run_left -= n;
	if (d->run_left == 0)
		out[n - 1].len = d->run_len;
	d->oldest = (uint16_t)id;
	d->used_idx = (uint16_t)(d->used_idx + n);
	d->outstanding -= n;
	d->nfree = (uint16_t)(d->nfree + ndesc);
	return n;
}

/* See vop_packed_drv_each(). At most as many as the used index tells of. */
VOP_INLINE unsigned vop_split_drv_each(struct vop_split_drv *d, struct vop_done *out, unsigned max)
{
	uint32_t at = d->used_idx, id = d->oldest, mask = d->mask, n;
	const struct vop_split_used *used = d->used;
	const struct vop_drv_slot *slot = d->slot;

	max = VOP_MIN(max, (uint16_t)(d->seen_used - d->used_idx));
	for (n = 0; n < max; n++, at++) {
		const struct vop_split_used_elem *u = &used->ring[at & mask];
		uint32_t len = le32toh(VOP_MEM_LD(&u->len));

		if (le32toh(VOP_MEM_LD(&u->id)) != id || slot[id].ndesc != 1 ||
		    len > slot[id].in_len)
			break;
		out[n] = (struct vop_done){.cookie = slot[id].cookie, .len = len};
		id = (id + 1) & mask;
	}
	d->used_idx = (uint16_t)at;
	d->oldest = (uint16_t)id;
	d->nfree = (uint16_t)(d->nfree + n);
	d->outstanding -= n;
	return n;
}

/* Take up to max buffers that the device used; see vop_packed_drv_get(). */
VOP_INLINE unsigned vop_split_drv_get(struct vop_split_drv *d, struct vop_done *out, unsigned max)
{
	unsigned n = 0;

	if (vop_unlikely(d->broken))
		return 0;
	while (n < max) {
		const struct vop_split_used_elem *u = &d->used->ring[d->used_idx & d->mask];
		uint32_t id, len;

		if (d->run_left) {
			n += vop_split_drv_run(d, out + n, max - n);
			continue;
		}
		if (d->used_idx == d->seen_used) {
			uint16_t idx;

			if (n)
				break;
			/* Pairs with the release in vop_split_dev_publish. */
			idx = le16toh(VOP_MEM_LD_ACQ(&d->used->idx));
			if (idx == d->seen_used)
				break;
			if (vop_unlikely((uint16_t)(idx - d->used_idx) > d->outstanding)) {
				d->broken = VOP_V_USED_JUMP;
				break;
			}
			d->seen_used = idx;
		}
		if (d->f.in_order && !d->runs) {
			unsigned each = vop_split_drv_each(d, out + n, max - n);

			if (each) {
				n += each;
				continue;
			}
		}
		id = le32toh(VOP_MEM_LD(&u->id));
		len = le32toh(VOP_MEM_LD(&u->len));
		if (d->f.in_order) {
			/* The entry names the last buffer of the batch that starts with the oldest.
			 */
			uint32_t left = (uint16_t)(d->seen_used - d->used_idx);
			uint32_t run = id < d->size ? vop_split_drv_count(d, id, left) : UINT32_MAX;

			if (vop_unlikely(run > left))
				d->broken = VOP_V_USED_ID;
			else if (vop_unlikely(len > d->slot[id].in_len))
				d->broken = VOP_V_USED_LEN;
			if (vop_unlikely(d->broken))
				break;
			d->run_left = run;
			d->run_len = len;
			d->runs = run > 1;
			continue;
		}
		if (vop_unlikely(id >= d->size || d->slot[id].ndesc == 0)) {
			d->broken = VOP_V_USED_ID;
			break;
		}
		if (vop_unlikely(len > d->slot[id].in_len)) {
			d->broken = VOP_V_USED_LEN;
			break;
		}
		out[n++] = (struct vop_done){.cookie = d->slot[id].cookie, .len = len};
		d->used_idx++;
		d->outstanding--;
		vop_split_drv_free(d, (uint16_t)id);
	}
	return n;
}

/* The same one by one, when buffers of several descriptors are outstanding. */
static VOP_NOINLINE __attribute__((unused)) unsigned
vop_split_drv_reclaim_lists(struct vop_split_drv *d, unsigned left)
{
	struct vop_done done[16];
	unsigned n = 0, got = 1;

	for (; got && n < left; n += got)
		got = vop_split_drv_get(d, done, VOP_MIN(left - n, VOP_ARRAY_SIZE(done)));
	return n;
}

/* See vop_packed_drv_reclaim(). */
VOP_INLINE unsigned vop_split_drv_reclaim(struct vop_split_drv *d)
{
	uint32_t n, i;

	if (vop_unlikely(d->broken || !d->f.in_order))
		return 0;
	if (d->used_idx == d->seen_used) {
		/* Pairs with the release in vop_split_dev_publish. */
		d->seen_used = le16toh(VOP_MEM_LD_ACQ(&d->used->idx));
		if (vop_unlikely((uint16_t)(d->seen_used - d->used_idx) > d->outstanding)) {
			d->broken = VOP_V_USED_JUMP;
			return 0;
		}
	}
	n = (uint16_t)(d->seen_used - d->used_idx);
	if (vop_unlikely(d->lists))
		return vop_split_drv_reclaim_lists(d, n);
	/* Each entry must name a buffer that the index has passed and the entry before has not. */
	for (i = d->run_left; i < n;) {
		uint32_t head = le32toh(VOP_MEM_LD(&d->used->ring[(d->used_idx + i) & d->mask].id));
		uint32_t to = head < d->size ? ((head - d->oldest) & d->mask) + 1 : UINT32_MAX;

		if (vop_unlikely(to > n || to <= i)) {
			d->broken = VOP_V_USED_ID;
			return 0;
		}
		i = to;
	}
	d->run_left = 0;
	d->oldest = (uint16_t)((d->oldest + n) & d->mask);
	d->used_idx = (uint16_t)(d->used_idx + n);
	d->outstanding -= n;
	d->nfree = (uint16_t)(d->nfree + n);
	return n;
}

VOP_INLINE bool vop_split_drv_pending(const struct vop_split_drv *d)
{
	return d->run_left || d->used_idx != d->seen_used ||
	       le16toh(VOP_MEM_LD_ACQ(&d->used->idx)) != d->seen_used;
}

/* Ask for a call at the next used buffer. True: one is there already, do not sleep. */
static inline bool vop_split_drv_arm(struct vop_split_drv *d)
{
	if (d->f.event_idx)
		VOP_MEM_ST(vop_split_used_event(d->avail, d->size), htole16(d->used_idx));
	else
		VOP_MEM_ST(&d->avail->flags, htole16(0));
	/* Pairs with the fence in vop_split_dev_publish. */
	VOP_MEM_READ_BACK(d->read_back);
	return vop_split_drv_pending(d) || d->broken;
}

/*
 * Ask for no calls. With EVENT_IDX the flag does not count (2.7.7.1); the index stays where it is,
 * behind, and one call a lap may come.
 */
static inline void vop_split_drv_disarm(struct vop_split_drv *d)
{
	if (!d->f.event_idx)
		VOP_MEM_ST(&d->avail->flags, htole16(VOP_AVAIL_F_NO_INTERRUPT));
}

/* ---- device half
 * --------------------------------------------------------------------------------------- */

struct vop_split_dev {
	struct vop_split_desc *desc;
	struct vop_split_avail *avail;
	struct vop_split_used *used;
	const volatile void *read_back;
	uint32_t size, mask;
	struct vop_ring_features f;
	uint32_t broken;

	uint16_t avail_idx;	/* next entry to read */
	uint16_t seen_avail;	/* available index as last read */
	uint16_t used_idx;	/* next used entry to write */
	uint16_t published_idx; /* what the driver was told */
	uint32_t inflight;	/* buffers taken and not pushed */
};

static inline void vop_split_dev_init(struct vop_split_dev *d, uint32_t size, void *desc,
				      void *avail, void *used, struct vop_ring_features f)
{
	*d = (struct vop_split_dev){
		.desc = desc,
		.avail = avail,
		.used = used,
		.size = size,
		.mask = size - 1,
		.f = f,
	};
	VOP_MEM_ST(&d->used->flags, htole16(f.event_idx ? 0 : VOP_USED_F_NO_NOTIFY));
}

/* After init: the ring is not new, go on at p. Only what was published counts. */
static inline void vop_split_dev_go_on(struct vop_split_dev *d, struct vop_devq_place p)
{
	d->avail_idx = d->seen_avail = p.avail;
	d->used_idx = d->published_idx = p.used;
}

/* Where the next process goes on. */
static inline struct vop_devq_place vop_split_dev_place(const struct vop_split_dev *d)
{
	uint32_t unpublished = (uint16_t)(d->used_idx - d->published_idx);

	return (struct vop_devq_place){
		.avail = (uint16_t)(d->avail_idx - d->inflight - unpublished),
		.used = d->published_idx,
	};
}

/*
 * An indirect table (2.7.5.3): a chain inside the table, linked by next; with IN_ORDER one entry
 * after the other. Entries of length 0 yield no piece, so the walk has a bound of its own.
 */
static inline uint32_t vop_split_dev_indirect(const struct vop_regions *rt, struct vop_batch *b,
					      struct vop_elem *e, uint64_t addr, uint32_t len,
					      bool in_order)
{
	uint32_t n = len / 16, i = 0, steps = 0, v;

	if (len == 0 || len % 16)
		return VOP_V_INDIRECT_LEN;
	if (len - 1 > UINT64_MAX - addr)
		return VOP_V_ADDR;
	for (;;) {
		struct vop_split_desc copy;
		uint16_t flags;

		if (++steps > n)
			return VOP_V_CHAIN_LOOP;
		if (steps > b->iov_max)
			return VOP_V_TOO_LONG;
		if (!vop_table_entry(rt, addr, i, &copy))
			return VOP_V_ADDR;
		flags = le16toh(copy.flags);
		if (flags & VOP_DESC_F_INDIRECT)
			return VOP_V_INDIRECT_FLAG;
		if (!(flags & VOP_DESC_F_WRITE) && e->nin)
			return VOP_V_CHAIN_ORDER;
		v = vop_chain_step(b, rt, e, le64toh(copy.addr), le32toh(copy.len),
				   flags & VOP_DESC_F_WRITE);
		if (v)
			return v;
		if (!(flags & VOP_DESC_F_NEXT))
			return VOP_V_NONE;
		if (in_order && le16toh(copy.next) != i + 1)
			return VOP_V_NEXT_LINK;
		i = le16toh(copy.next);
		if (i >= n)
			return VOP_V_DESC_RANGE;
	}
}

/*
 * A buffer that is not one plain descriptor. w and addr are its first descriptor, read already (and
 * not again); left: descriptors that the buffers of one batch can have yet, the queue size in all.
 */
static VOP_NOINLINE __attribute__((unused)) uint32_t
vop_split_dev_chain(const struct vop_split_dev *d, const struct vop_regions *rt,
		    struct vop_batch *b, struct vop_elem *e, uint16_t head, uint32_t left,
		    uint64_t w, uint64_t addr)
{
	uint32_t at = head, n = 0, v;

	for (;;) {
		uint16_t flags = VOP_SW_FLAGS(w);

		n++;
		if (flags & VOP_DESC_F_INDIRECT) {
			if (!d->f.indirect || (flags & VOP_DESC_F_NEXT))
				return VOP_V_INDIRECT_FLAG;
			/* Direct descriptors may lead to one table at their end (2.7.5.3.2 lets the
			 * device handle it). */
			v = vop_split_dev_indirect(rt, b, e, addr, VOP_SW_LEN(w), d->f.in_order);
		} else {
			if (!(flags & VOP_DESC_F_WRITE) && e->nin)
				return VOP_V_CHAIN_ORDER;
			v = vop_chain_step(b, rt, e, addr, VOP_SW_LEN(w), flags & VOP_DESC_F_WRITE);
		}
		if (v)
			return v;
		if (!(flags & VOP_DESC_F_NEXT)) {
			e->id = head;
			e->ndesc = (uint16_t)n;
			return VOP_V_NONE;
		}
		if (d->f.in_order && VOP_SW_NEXT(w) != ((at + 1) & d->mask))
			return VOP_V_NEXT_LINK;
		at = VOP_SW_NEXT(w);
		if (at >= d->size)
			return VOP_V_DESC_RANGE;
		if (n >= left)
			return VOP_V_CHAIN_LOOP;
		w = vop_split_ld(&d->desc[at], &addr);
	}
}

/* How many available buffers there are to take; reads the index only when all that was seen is
 * taken. */
VOP_INLINE unsigned vop_split_dev_left(struct vop_split_dev *d)
{
	unsigned left = (uint16_t)(d->seen_avail - d->avail_idx);
	uint16_t idx;

	if (left)
		return left;
	/* Pairs with the release in vop_split_drv_publish. */
	idx = le16toh(VOP_MEM_LD_ACQ(&d->avail->idx));
	left = (uint16_t)(idx - d->avail_idx);
	/* At most `size` buffers can be outstanding, those we hold included. */
	if (vop_unlikely(left > d->size - d->inflight)) {
		d->broken = VOP_V_AVAIL_JUMP;
		return 0;
	}
	d->seen_avail = idx;
	return left;
}

/* Take up to max available buffers in order; see vop_packed_dev_pop(). */
VOP_INLINE unsigned vop_split_dev_pop(struct vop_split_dev *d, const struct vop_regions *rt,
				      struct vop_batch *b, unsigned max)
{
	const struct vop_split_avail *avail = d->avail;
	uint32_t at = d->avail_idx, mask = d->mask;
	struct vop_elem *elem = b->elem;
	struct vop_iov *iov = b->iov;
	struct vop_region r = {0};
	unsigned n = 0, niov = 0, iov_max = b->iov_max, left;
	uint32_t in_chains = 0;

	b->n = 0;
	b->niov = 0;
	if (vop_unlikely(d->broken))
		return 0;
	left = vop_split_dev_left(d);
	max = VOP_MIN(max, left);
	while (n < max && niov < iov_max) {
		uint16_t head = le16toh(VOP_MEM_LD(&avail->ring[at & mask]));
		uint64_t addr, w;
		uint32_t len;
		uint8_t *ptr;

		if (vop_unlikely(head > mask)) {
			d->broken = VOP_V_DESC_RANGE;
			break;
		}
		w = vop_split_ld(&d->desc[head], &addr);
		len = VOP_SW_LEN(w);
		ptr = vop_region_at(&r, addr, len);
		if (vop_unlikely(ptr == NULL)) {
			r = vop_region_of(rt, addr);
			ptr = vop_region_at(&r, addr, len);
		}
		if (vop_likely(!(VOP_SW_FLAGS(w) & (VOP_DESC_F_NEXT | VOP_DESC_F_INDIRECT)) &&
			       ptr)) {
			bool write = VOP_SW_FLAGS(w) & VOP_DESC_F_WRITE;

			iov[niov] = (struct vop_iov){.ptr = ptr, .len = len};
			vop_elem_plain(&elem[n], len, head, niov, write);
			vop_prefetch_pair(ptr, len, write);
			niov++;
		} else {
			struct vop_elem e = {.first = niov};
			uint32_t v;

			b->niov = niov;
			v = vop_split_dev_chain(d, rt, b, &e, head, d->size - in_chains, w, addr);
			if (v == VOP_V_TOO_LONG && n)
				break; /* next time, with the whole batch for itself */
			if (v) {
				d->broken = v;
				break;
			}
			elem[n] = e;
			niov = b->niov;
			in_chains += e.ndesc - 1u;
		}
		at++;
		n++;
	}
	d->avail_idx = (uint16_t)at;
	d->inflight += n;
	b->niov = niov;
	b->n = n;
	return n;
}

/* Give back n buffers; see vop_packed_dev_push(). IN_ORDER batches: 2.7.9. */
VOP_INLINE void vop_split_dev_push(struct vop_split_dev *d, const struct vop_elem *e,
				   const uint32_t *len, unsigned n)
{
	unsigned i, run = 0;

	if (vop_unlikely(d->broken))
		return;
	for (i = 0; i < n; i++) {
		uint32_t l = len ? len[i] : 0;
		struct vop_split_used_elem *u = &d->used->ring[d->used_idx & d->mask];

		run++;
		if (d->f.in_order && i + 1 < n && l == e[i].in_len)
			continue;
		VOP_MEM_ST(&u->id, htole32(e[i].id));
		VOP_MEM_ST(&u->len, htole32(l));
		d->used_idx = (uint16_t)(d->used_idx + run);
		run = 0;
	}
	d->inflight -= n;
}

/* Make everything pushed so far visible to the driver. True: it asked to be called. */
VOP_INLINE bool vop_split_dev_publish(struct vop_split_dev *d)
{
	uint16_t old = d->published_idx, now = d->used_idx;

	if (old == now || vop_unlikely(d->broken))
		return false;
	/* Pairs with the acquire in vop_split_drv_get: payload and used entries come before the
	 * index. */
	VOP_MEM_ST_REL(&d->used->idx, htole16(now));
	d->published_idx = now;
	if (d->f.peer_polls)
		return false;
	/* Pairs with the read-back in vop_split_drv_arm. */
	VOP_MEM_FULL();
	if (d->f.event_idx)
		return vop_need_event(le16toh(VOP_MEM_LD(vop_split_used_event(d->avail, d->size))),
				      now, old);
	return !(le16toh(VOP_MEM_LD(&d->avail->flags)) & VOP_AVAIL_F_NO_INTERRUPT);
}

VOP_INLINE bool vop_split_dev_pending(const struct vop_split_dev *d)
{
	return d->seen_avail != d->avail_idx ||
	       le16toh(VOP_MEM_LD_ACQ(&d->avail->idx)) != d->avail_idx;
}

/* Ask for a kick at the next available buffer. True: one is there already, do not sleep. */
static inline bool vop_split_dev_arm(struct vop_split_dev *d)
{
	if (d->f.event_idx)
		VOP_MEM_ST(vop_split_avail_event(d->used, d->size), htole16(d->avail_idx));
	else
		VOP_MEM_ST(&d->used->flags, htole16(0));
	/* Pairs with the fence in vop_split_drv_publish. */
	VOP_MEM_READ_BACK(d->read_back);
	return vop_split_dev_pending(d) || d->broken;
}

/* Ask for no kicks; with EVENT_IDX the flag does not count (2.7.10.1). */
static inline void vop_split_dev_disarm(struct vop_split_dev *d)
{
	if (!d->f.event_idx)
		VOP_MEM_ST(&d->used->flags, htole16(VOP_USED_F_NO_NOTIFY));
}

#endif
