/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed virtqueue, both halves (VIRTIO 1.4, 2.8).
 *
 * Publication, driver to device. The driver writes every descriptor of a batch except the first,
 * then store-releases the word of the first that holds its flags (publish). The device
 * load-acquires that word and only then reads anything else of the batch, so it sees all
 * descriptors and the payload behind them. Descriptors behind the first carry valid flags already,
 * but the device can only reach them past the first. On AArch64 the pair is stlr / ldar; over PCIe
 * the stores are posted writes that stay in order without relaxed ordering. Publication, device to
 * driver: the same with used descriptors: the first of a batch is released last (publish).
 *
 * Notification: after publish the publisher owes a full fence before it looks at the other's event
 * structure; the other arms, then reads back (VOP_MEM_READ_BACK), then looks at the ring again.
 * Either the publisher sees the armed word or the sleeper sees the descriptor. With a peer that
 * polls (peer_polls) nobody sleeps and no fence is owed.
 *
 * Threads: each half belongs to one thread at a time. Nothing here allocates, blocks or calls out.
 * The peer is not trusted: shared words are read once; a violation sets `broken` (enum
 * vop_violation) and from then on the half takes and gives nothing until it is initialised again.
 */
#ifndef VOP_PACKED_H
#define VOP_PACKED_H

#include <vop/copy.h>
#include <vop/mem.h>
#include <vop/vring.h>

/* {len, id, flags}: the second half of a descriptor, as one little-endian 64-bit word where the
 * memory class allows. */
VOP_INLINE uint64_t vop_packed_word(uint32_t len, uint16_t id, uint16_t flags)
{
	return (uint64_t)len | ((uint64_t)id << 32) | ((uint64_t)flags << 48);
}
#define VOP_PW_LEN(w)	((uint32_t)(w))
#define VOP_PW_ID(w)	((uint16_t)((w) >> 32))
#define VOP_PW_FLAGS(w) ((uint16_t)((w) >> 48))

#if VOP_MEM_WIDE
/* Load with acquire: nothing of this or a later descriptor is read before. */
VOP_INLINE uint64_t vop_packed_ld(const struct vop_packed_desc *d)
{
	return le64toh(VOP_MEM_LD_ACQ((const vop_wide *)(const void *)&d->len));
}
/* Plain store: becomes visible with a later release. */
VOP_INLINE void vop_packed_st(struct vop_packed_desc *d, uint64_t w)
{
	VOP_MEM_ST((vop_wide *)(void *)&d->len, htole64(w));
}
/* Store that publishes: after everything written before. */
VOP_INLINE void vop_packed_st_rel(struct vop_packed_desc *d, uint64_t w)
{
	VOP_MEM_ST_REL((vop_wide *)(void *)&d->len, htole64(w));
}
VOP_INLINE uint64_t vop_packed_ld_addr(const struct vop_packed_desc *d)
{
	return le64toh(VOP_MEM_LD(&d->addr));
}
VOP_INLINE void vop_packed_st_addr(struct vop_packed_desc *d, uint64_t a)
{
	VOP_MEM_ST(&d->addr, htole64(a));
}
#else
/* Narrow memory: words of at most 32 bits, the flags apart and last (protocol: memory classes). */
VOP_INLINE uint64_t vop_packed_ld(const struct vop_packed_desc *d)
{
	uint16_t flags = le16toh(VOP_MEM_LD_ACQ(&d->flags));
	uint16_t id = le16toh(VOP_MEM_LD(&d->id));

	return vop_packed_word(le32toh(VOP_MEM_LD(&d->len)), id, flags);
}
VOP_INLINE void vop_packed_st(struct vop_packed_desc *d, uint64_t w)
{
	VOP_MEM_ST(&d->len, htole32(VOP_PW_LEN(w)));
	VOP_MEM_ST(&d->id, htole16(VOP_PW_ID(w)));
	VOP_MEM_ST(&d->flags, htole16(VOP_PW_FLAGS(w)));
}
VOP_INLINE void vop_packed_st_rel(struct vop_packed_desc *d, uint64_t w)
{
	VOP_MEM_ST(&d->len, htole32(VOP_PW_LEN(w)));
	VOP_MEM_ST(&d->id, htole16(VOP_PW_ID(w)));
	VOP_MEM_ST_REL(&d->flags, htole16(VOP_PW_FLAGS(w)));
}
VOP_INLINE uint64_t vop_packed_ld_addr(const struct vop_packed_desc *d)
{
	const vop_narrow *a = (const vop_narrow *)(const void *)&d->addr;
	uint32_t lo = le32toh(VOP_MEM_LD(&a[0]));

	return lo | ((uint64_t)le32toh(VOP_MEM_LD(&a[1])) << 32);
}
VOP_INLINE void vop_packed_st_addr(struct vop_packed_desc *d, uint64_t v)
{
	vop_narrow *a = (vop_narrow *)(void *)&d->addr;

	VOP_MEM_ST(&a[0], htole32((uint32_t)v));
	VOP_MEM_ST(&a[1], htole32((uint32_t)(v >> 32)));
}
#endif

/* A position in the ring with its wrap counter. */
struct vop_packed_pos {
	uint16_t at;
	bool wrap;
};

VOP_INLINE void vop_packed_advance(struct vop_packed_pos *p, uint32_t by, uint32_t size)
{
	uint32_t at = p->at + by;

	if (at >= size) {
		at -= size;
		p->wrap = !p->wrap;
	}
	p->at = (uint16_t)at;
}
/* The phase bits of a descriptor that is available / used in this lap (VIRTIO 1.4, 2.8.1). */
VOP_INLINE uint16_t vop_packed_avail_bits(bool wrap)
{
	return wrap ? VOP_DESC_F_AVAIL : VOP_DESC_F_USED;
}
VOP_INLINE uint16_t vop_packed_used_bits(bool wrap)
{
	return wrap ? VOP_DESC_F_PHASE : 0;
}
/* Position on two laps, for vop_packed_need_event(). */
VOP_INLINE uint32_t vop_packed_linear(struct vop_packed_pos p, uint32_t size)
{
	return p.at + (p.wrap ? 0 : size);
}

/*
 * Must the peer be notified of what happened between old and now? `word` is the peer's event
 * structure, read once. *bad is set when the structure is nonsense.
 */
VOP_INLINE bool vop_packed_event_wanted(uint32_t word, bool event_idx, uint32_t size,
					struct vop_packed_pos old, struct vop_packed_pos now,
					uint32_t *bad)
{
	uint32_t flags = (word >> 16) & 3;
	uint32_t off = word & 0x7fff;

	if (flags == VOP_EVENT_DISABLE)
		return false;
	if (flags == VOP_EVENT_ENABLE)
		return true;
	if (flags != VOP_EVENT_DESC || !event_idx || off >= size) {
		*bad = VOP_V_EVENT_OFFSET;
		return true;
	}
	return vop_packed_need_event(size, off, (word >> 15) & 1, vop_packed_linear(now, size),
				     vop_packed_linear(old, size));
}

/* ---- driver half
 * --------------------------------------------------------------------------------------- */

/* What the driver knows of an outstanding buffer, by id; private memory. */
struct vop_drv_slot {
	uint32_t cookie;
	uint32_t in_len;
	uint16_t ndesc; /* 0: not outstanding */
	uint16_t next;	/* split: next free descriptor; packed: unused */
};

struct vop_packed_drv {
	struct vop_packed_desc *ring;
	uint32_t *driver_event; /* ours */
	const uint32_t *device_event;
	const volatile void *read_back; /* any word of the peer's window */
	uint32_t size;
	struct vop_ring_features f;
	uint32_t broken; /* enum vop_violation */

	struct vop_packed_pos next; /* where the next descriptor goes */
	struct vop_packed_pos used; /* where the next used descriptor appears */
	struct vop_packed_pos published;
	uint16_t nfree; /* descriptors */
	bool staged;
	uint32_t head; /* position of the first unpublished descriptor */
	uint64_t head_addr, head_word;

	struct vop_drv_slot *slot; /* size of them */
	uint16_t *ids;		   /* free ids, a stack; without IN_ORDER */
	uint16_t nids;
	uint16_t id_next, id_oldest; /* IN_ORDER */
	uint32_t outstanding;	     /* buffers */
	uint32_t lists;		     /* IN_ORDER: outstanding buffers of more than one descriptor */
	bool runs; /* the device answered several buffers with one descriptor lately */
	uint32_t run_left, run_len; /* rest of an IN_ORDER batch that get() did not hand out yet */

	struct vop_packed_desc *ind; /* indirect tables: ind_max descriptors for each id, or NULL */
	uint64_t ind_bus;
	uint32_t ind_max;
};

/*
 * Start with a zeroed ring. slot: size entries, ids: size entries, both private, the caller's,
 * living as long as the half. Notifications start disabled (VIRTIO 1.4, 2.8.14 leaves the start to
 * us).
 */
static inline void vop_packed_drv_init(struct vop_packed_drv *d, uint32_t size, void *ring,
				       void *driver_event, const void *device_event,
				       struct vop_ring_features f, struct vop_drv_slot *slot,
				       uint16_t *ids)
{
	uint32_t i;

	*d = (struct vop_packed_drv){
		.ring = ring,
		.driver_event = driver_event,
		.device_event = device_event,
		.size = size,
		.f = f,
		.next = {0, true},
		.used = {0, true},
		.published = {0, true},
		.nfree = (uint16_t)size,
		.slot = slot,
		.ids = ids,
		.nids = (uint16_t)size,
	};
	for (i = 0; i < size; i++) {
		slot[i] = (struct vop_drv_slot){0};
		ids[i] = (uint16_t)(size - 1 - i);
	}
	VOP_MEM_ST(d->driver_event, htole32(VOP_EVENT_WORD(0, 1, VOP_EVENT_DISABLE)));
}

VOP_INLINE uint16_t vop_packed_drv_id(struct vop_packed_drv *d)
{
	uint16_t id;

	if (!d->f.in_order)
		return d->ids[--d->nids];
	id = d->id_next;
	d->id_next = (uint16_t)(id + 1u == d->size ? 0 : id + 1u);
	return id;
}

/* Write one descriptor; the first of a batch is withheld until publish. */
VOP_INLINE void vop_packed_drv_stage(struct vop_packed_drv *d, uint64_t addr, uint32_t len,
				     uint16_t id, uint16_t flags)
{
	uint64_t w =
		vop_packed_word(len, id, (uint16_t)(flags | vop_packed_avail_bits(d->next.wrap)));

	if (d->staged) {
		struct vop_packed_desc *p = &d->ring[d->next.at];

		vop_packed_st_addr(p, addr);
		vop_packed_st(p, w);
	} else {
		d->staged = true;
		d->head = d->next.at;
		d->head_addr = addr;
		d->head_word = w;
	}
	vop_packed_advance(&d->next, 1, d->size);
}

/* How many more single-descriptor buffers fit now. */
VOP_INLINE unsigned vop_packed_drv_room(const struct vop_packed_drv *d)
{
	return d->nfree;
}

/*
 * Add up to n buffers of one segment each, all readable or all writable. Returns how many fitted.
 * They are not visible to the device before publish.
 */
VOP_INLINE unsigned vop_packed_drv_add(struct vop_packed_drv *d, const struct vop_buf *b,
				       const uint32_t *cookie, unsigned n, bool write)
{
	uint32_t at = d->next.at, size = d->size, id_next = d->id_next, nids = d->nids;
	struct vop_packed_desc *ring = d->ring;
	struct vop_drv_slot *slot = d->slot;
	const uint16_t *ids = d->ids;
	bool in_order = d->f.in_order, wrap = d->next.wrap;
	uint16_t flags = write ? VOP_DESC_F_WRITE : 0, bits;
	unsigned i;

	if (vop_unlikely(d->broken))
		return 0;
	n = VOP_MIN(n, d->nfree);
	bits = (uint16_t)(flags | vop_packed_avail_bits(wrap));
	for (i = 0; i < n; i++) {
		uint32_t id = in_order ? id_next : ids[--nids];
		uint64_t w = vop_packed_word(b[i].len, (uint16_t)id, bits);

		id_next = id_next + 1 == size ? 0 : id_next + 1;
		slot[id].cookie = cookie[i];
		slot[id].in_len = write ? b[i].len : 0;
		slot[id].ndesc = 1;
		if (vop_likely(i || d->staged)) {
			vop_packed_st_addr(&ring[at], b[i].addr);
			vop_packed_st(&ring[at], w);
		} else {
			d->staged = true;
			d->head = at;
			d->head_addr = b[i].addr;
			d->head_word = w;
		}
		if (vop_unlikely(++at == size)) {
			at = 0;
			bits ^= VOP_DESC_F_PHASE;
			wrap = !wrap;
		}
	}
	if (in_order)
		d->id_next = (uint16_t)id_next;
	d->nids = (uint16_t)nids;
	d->next.at = (uint16_t)at;
	d->next.wrap = wrap;
	d->nfree = (uint16_t)(d->nfree - n);
	d->outstanding += n;
	return n;
}

/*
 * Add one buffer of nout readable and nin writable segments (b holds nout + nin). Uses an indirect
 * table when the feature was negotiated, tables were given and there is more than one segment. 0;
 * -ENOSPC: no room now; -EINVAL: none, or more segments than the queue size, or 4 GiB and more to
 * write; -EIO: broken.
 */
static inline int vop_packed_drv_add_chain(struct vop_packed_drv *d, const struct vop_buf *b,
					   unsigned nout, unsigned nin, uint32_t cookie)
{
	unsigned n = nout + nin, i;
	bool indirect = d->f.indirect && d->ind && n > 1 && n <= d->ind_max;
	uint64_t in_len = 0;
	uint16_t id;

	if (d->broken)
		return -EIO;
	for (i = nout; i < n; i++)
		in_len += b[i].len;
	/* No list longer than the queue, in a table neither (2.8.5). */
	if (n == 0 || n > d->size || in_len > UINT32_MAX)
		return -EINVAL;
	if ((indirect ? 1 : n) > d->nfree)
		return -ENOSPC;
	id = vop_packed_drv_id(d);
	d->slot[id] = (struct vop_drv_slot){.cookie = cookie,
					    .in_len = (uint32_t)in_len,
					    .ndesc = (uint16_t)(indirect ? 1 : n)};
	if (indirect) {
		struct vop_packed_desc *t = d->ind + (size_t)id * d->ind_max;

		for (i = 0; i < n; i++) {
			vop_packed_st_addr(&t[i], b[i].addr);
			vop_packed_st(&t[i], vop_packed_word(b[i].len, 0,
							     i < nout ? 0 : VOP_DESC_F_WRITE));
		}
		vop_packed_drv_stage(d, d->ind_bus + (uint64_t)id * d->ind_max * sizeof(*t),
				     n * (uint32_t)sizeof(*t), id, VOP_DESC_F_INDIRECT);
	} else {
		for (i = 0; i < n; i++)
			vop_packed_drv_stage(d, b[i].addr, b[i].len, id,
					     (uint16_t)((i < nout ? 0 : VOP_DESC_F_WRITE) |
							(i + 1 < n ? VOP_DESC_F_NEXT : 0)));
	}
	d->nfree = (uint16_t)(d->nfree - d->slot[id].ndesc);
	d->lists += d->f.in_order && d->slot[id].ndesc > 1;
	d->outstanding++;
	return 0;
}

/*
 * Make everything added so far available. True: the device asked to be kicked.
 */
VOP_INLINE bool vop_packed_drv_publish(struct vop_packed_drv *d)
{
	struct vop_packed_pos old = d->published;
	uint32_t bad = 0;
	bool kick;

	if (!d->staged || vop_unlikely(d->broken))
		return false;
	d->staged = false;
	vop_packed_st_addr(&d->ring[d->head], d->head_addr);
	/* Pairs with the acquire in vop_packed_dev_pop: batch and payload come before the flags of
	 * its first descriptor. */
	vop_packed_st_rel(&d->ring[d->head], d->head_word);
	d->published = d->next;
	if (d->f.peer_polls)
		return false;
	/* Flags before the look at the event structure; pairs with the read-back in
	 * vop_packed_dev_arm. */
	VOP_MEM_FULL();
	kick = vop_packed_event_wanted(le32toh(VOP_MEM_LD(d->device_event)), d->f.event_idx,
				       d->size, old, d->next, &bad);
	if (vop_unlikely(bad))
		d->broken = bad;
	return kick;
}

/* IN_ORDER: how many buffers from the oldest outstanding one to `id`; more than are outstanding
 * when it is none of them. */
VOP_INLINE uint32_t vop_packed_drv_count(const struct vop_packed_drv *d, uint32_t id)
{
	if (vop_unlikely(id >= d->size))
		return UINT32_MAX;
	return (id < d->id_oldest ? id + d->size : id) - d->id_oldest + 1;
}

/* Hand out up to max of the rest of an IN_ORDER batch. */
VOP_INLINE unsigned vop_packed_drv_run(struct vop_packed_drv *d, struct vop_done *out, unsigned max)
{
	unsigned n = VOP_MIN(max, d->run_left), i;
	uint32_t id = d->id_oldest, size = d->size, ndesc = 0;

	for (i = 0; i < n; i++) {
		struct vop_drv_slot *s = &d->slot[id];

		/* Skipped buffers were used completely (VIRTIO 1.4, 2.8.9). */
		out[i] = (struct vop_done){.cookie = s->cookie, .len = s->in_len};
		ndesc += s->ndesc;
		d->lists -= s->ndesc > 1;
		id = id + 1 == size ? 0 : id + 1;
	}
	d->run_left -= n;
	if (d->run_left == 0)
		out[n - 1].len = d->run_len;
	d->id_oldest = (uint16_t)id;
	vop_packed_advance(&d->used, ndesc, size);
	d->nfree = (uint16_t)(d->nfree + ndesc);
	d->outstanding -= n;
	return n;
}

/*
 * *done: there is nothing more to look at.
 * IN_ORDER, a used descriptor for each buffer of one descriptor: the usual way back of received
 * data. Stops at anything else, which the caller looks at.
 */
VOP_INLINE unsigned vop_packed_drv_each(struct vop_packed_drv *d, struct vop_done *out,
					unsigned max, bool *done)
{
	uint32_t at = d->used.at, id = d->id_oldest, size = d->size, n;
	const struct vop_packed_desc *ring = d->ring;
	const struct vop_drv_slot *slot = d->slot;
	bool wrap = d->used.wrap;

	*done = d->outstanding == 0;
	max = VOP_MIN(max, d->outstanding);
	for (n = 0; n < max; n++) {
		/* Pairs with the release in vop_packed_dev_publish. */
		uint64_t w = vop_packed_ld(&ring[at]);
		uint32_t len = VOP_PW_FLAGS(w) & VOP_DESC_F_WRITE ? VOP_PW_LEN(w) : 0;

		if ((VOP_PW_FLAGS(w) & VOP_DESC_F_PHASE) != vop_packed_used_bits(wrap)) {
			*done = true;
			break;
		}
		if (VOP_PW_ID(w) != id || slot[id].ndesc != 1 || len > slot[id].in_len)
			break;
		out[n] = (struct vop_done){.cookie = slot[id].cookie, .len = len};
		id = id + 1 == size ? 0 : id + 1;
		if (vop_unlikely(++at == size)) {
			at = 0;
			wrap = !wrap;
		}
	}
	d->used.at = (uint16_t)at;
	d->used.wrap = wrap;
	d->id_oldest = (uint16_t)id;
	d->nfree = (uint16_t)(d->nfree + n);
	d->outstanding -= n;
	return n;
}

/*
 * Take up to max buffers that the device used, oldest first with IN_ORDER. The device's writes to
 * them are visible.
 */
VOP_INLINE unsigned vop_packed_drv_get(struct vop_packed_drv *d, struct vop_done *out, unsigned max)
{
	unsigned n = 0;

	if (vop_unlikely(d->broken))
		return 0;
	if (d->f.in_order && d->run_left == 0 && !d->runs) {
		bool done;

		n = vop_packed_drv_each(d, out, max, &done);
		if (done)
			return n;
	}
	while (n < max) {
		uint32_t len;
		uint64_t w;
		uint16_t id;

		if (d->run_left) {
			n += vop_packed_drv_run(d, out + n, max - n);
			continue;
		}
		/* Pairs with the release in vop_packed_dev_publish. */
		w = vop_packed_ld(&d->ring[d->used.at]);
		if ((VOP_PW_FLAGS(w) & VOP_DESC_F_PHASE) != vop_packed_used_bits(d->used.wrap) ||
		    d->outstanding == 0)
			break;
		id = VOP_PW_ID(w);
		len = VOP_PW_FLAGS(w) & VOP_DESC_F_WRITE ? VOP_PW_LEN(w) : 0;
		if (d->f.in_order) {
			/* The batch reaches from the oldest outstanding buffer to this one. */
			uint32_t run = vop_packed_drv_count(d, id);

			if (vop_unlikely(run > d->outstanding))
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
		d->ids[d->nids++] = id;
		out[n++] = (struct vop_done){.cookie = d->slot[id].cookie, .len = len};
		vop_packed_advance(&d->used, d->slot[id].ndesc, d->size);
		d->nfree = (uint16_t)(d->nfree + d->slot[id].ndesc);
		d->outstanding--;
		d->slot[id].ndesc = 0;
	}
	return n;
}

/*
 * IN_ORDER only: how many buffers came back, the oldest first, without saying which; for a driver
 * whose buffers go round in a circle. Lengths are not told, so it is for buffers nothing is written
 * into. 0 without IN_ORDER.
 */
VOP_INLINE unsigned vop_packed_drv_reclaim(struct vop_packed_drv *d)
{
	unsigned n = 0;

	if (vop_unlikely(d->broken || !d->f.in_order))
		return 0;
	while (d->outstanding) {
		uint32_t run = d->run_left, ndesc = 0, i, id = d->id_oldest;

		d->run_left = 0;
		if (vop_likely(run == 0)) {
			/* Pairs with the release in vop_packed_dev_publish. */
			uint64_t w = vop_packed_ld(&d->ring[d->used.at]);

			if ((VOP_PW_FLAGS(w) & VOP_DESC_F_PHASE) !=
			    vop_packed_used_bits(d->used.wrap))
				break;
			run = vop_packed_drv_count(d, VOP_PW_ID(w));
			if (vop_unlikely(run > d->outstanding)) {
				d->broken = VOP_V_USED_ID;
				break;
			}
		}
		for (i = 0; vop_unlikely(d->lists) && i < run; i++) {
			ndesc += d->slot[id].ndesc - 1u;
			d->lists -= d->slot[id].ndesc > 1;
			id = id + 1 == d->size ? 0 : id + 1;
		}
		id = d->id_oldest + run;
		d->id_oldest = (uint16_t)(id >= d->size ? id - d->size : id);
		ndesc += run;
		vop_packed_advance(&d->used, ndesc, d->size);
		d->nfree = (uint16_t)(d->nfree + ndesc);
		d->outstanding -= run;
		n += run;
	}
	return n;
}

/* Is there a used buffer to get? */
VOP_INLINE bool vop_packed_drv_pending(const struct vop_packed_drv *d)
{
	return d->run_left ||
	       (d->outstanding && (VOP_PW_FLAGS(vop_packed_ld(&d->ring[d->used.at])) &
				   VOP_DESC_F_PHASE) == vop_packed_used_bits(d->used.wrap));
}

/* Ask for a call at the next used buffer. True: one is there already, do not sleep. */
static inline bool vop_packed_drv_arm(struct vop_packed_drv *d)
{
	uint32_t w = d->f.event_idx ? VOP_EVENT_WORD(d->used.at, d->used.wrap, VOP_EVENT_DESC)
				    : VOP_EVENT_WORD(0, 0, VOP_EVENT_ENABLE);

	VOP_MEM_ST(d->driver_event, htole32(w));
	/* Arming word before the last look at the ring; pairs with the fence in
	 * vop_packed_dev_publish. */
	VOP_MEM_READ_BACK(d->read_back);
	return vop_packed_drv_pending(d) || d->broken;
}

/* Ask for no calls. A hint: one may still come. */
static inline void vop_packed_drv_disarm(struct vop_packed_drv *d)
{
	VOP_MEM_ST(d->driver_event, htole32(VOP_EVENT_WORD(0, 0, VOP_EVENT_DISABLE)));
}

/* ---- device half
 * --------------------------------------------------------------------------------------- */

struct vop_packed_dev {
	struct vop_packed_desc *ring;
	const uint32_t *driver_event;
	uint32_t *device_event; /* ours */
	const volatile void *read_back;
	uint32_t size;
	struct vop_ring_features f;
	uint32_t broken;

	struct vop_packed_pos next;	 /* next descriptor to take */
	struct vop_packed_pos used;	 /* where the next used descriptor goes */
	struct vop_packed_pos published; /* up to here the driver was told */
	uint32_t inflight;		 /* descriptors taken and not pushed */
	bool staged;
	uint32_t head;
	uint64_t head_word;
};

/* Start; the ring is the driver's and zeroed by it. Notifications start disabled. */
static inline void vop_packed_dev_init(struct vop_packed_dev *d, uint32_t size, void *ring,
				       const void *driver_event, void *device_event,
				       struct vop_ring_features f)
{
	*d = (struct vop_packed_dev){
		.ring = ring,
		.driver_event = driver_event,
		.device_event = device_event,
		.size = size,
		.f = f,
		.next = {0, true},
		.used = {0, true},
		.published = {0, true},
	};
	VOP_MEM_ST(d->device_event, htole32(VOP_EVENT_WORD(0, 1, VOP_EVENT_DISABLE)));
}

/* After init: the ring is not new, go on at p. Offsets are below the size; only what was published
 * counts. */
static inline void vop_packed_dev_go_on(struct vop_packed_dev *d, struct vop_devq_place p)
{
	d->next = (struct vop_packed_pos){p.avail & 0x7fff, p.avail >> 15};
	d->used = d->published = (struct vop_packed_pos){p.used & 0x7fff, p.used >> 15};
}

/* Where the next process goes on. */
static inline struct vop_devq_place vop_packed_dev_place(const struct vop_packed_dev *d)
{
	uint16_t at = (uint16_t)(d->published.at | (d->published.wrap ? 0x8000 : 0));

	return (struct vop_devq_place){.avail = at, .used = at};
}

/* An indirect table (VIRTIO 1.4, 2.8.7): WRITE is its only flag, the id is ignored. */
static inline uint32_t vop_packed_dev_indirect(const struct vop_regions *rt, struct vop_batch *b,
					       struct vop_elem *e, uint64_t addr, uint32_t len)
{
	uint32_t n = len / 16, i, v;

	if (len == 0 || len % 16)
		return VOP_V_INDIRECT_LEN;
	if (n > b->iov_max)
		return VOP_V_TOO_LONG;
	if (len - 1 > UINT64_MAX - addr)
		return VOP_V_ADDR;
	for (i = 0; i < n; i++) {
		struct vop_packed_desc copy;
		bool write;

		if (!vop_table_entry(rt, addr, i, &copy))
			return VOP_V_ADDR;
		write = le16toh(copy.flags) & VOP_DESC_F_WRITE;
		if (!write && e->nin)
			return VOP_V_CHAIN_ORDER;
		v = vop_chain_step(b, rt, e, le64toh(copy.addr), le32toh(copy.len), write);
		if (v)
			return v;
	}
	return VOP_V_NONE;
}

/*
 * A buffer that is not one plain descriptor: list, indirect, or one that crosses regions. w and
 * addr are its first descriptor, read already (and not again). Returns a violation or 0; on success
 * e is complete and *pos is behind it.
 */
static VOP_NOINLINE __attribute__((unused)) uint32_t
vop_packed_dev_chain(const struct vop_packed_dev *d, const struct vop_regions *rt,
		     struct vop_batch *b, struct vop_elem *e, uint32_t left, uint64_t w,
		     uint64_t addr, struct vop_packed_pos *pos)
{
	uint32_t n = 0, v;

	for (;;) {
		uint16_t flags = VOP_PW_FLAGS(w);

		/* The first was available; the driver made the rest available before it (2.8.17).
		 */
		if ((flags & VOP_DESC_F_PHASE) != vop_packed_avail_bits(pos->wrap))
			return VOP_V_DESC_FLAGS;
		n++;
		if (flags & VOP_DESC_F_INDIRECT) {
			if (!d->f.indirect || (flags & VOP_DESC_F_NEXT) || n > 1)
				return VOP_V_INDIRECT_FLAG;
			v = vop_packed_dev_indirect(rt, b, e, addr, VOP_PW_LEN(w));
		} else {
			if (!(flags & VOP_DESC_F_WRITE) && e->nin)
				return VOP_V_CHAIN_ORDER;
			v = vop_chain_step(b, rt, e, addr, VOP_PW_LEN(w), flags & VOP_DESC_F_WRITE);
		}
		if (v)
			return v;
		vop_packed_advance(pos, 1, d->size);
		if (!(flags & VOP_DESC_F_NEXT)) {
			e->id = VOP_PW_ID(w);
			e->ndesc = (uint16_t)n;
			return e->id < d->size ? VOP_V_NONE : VOP_V_BUFFER_ID;
		}
		if (n >= left)
			return VOP_V_CHAIN_LOOP;
		w = vop_packed_ld(&d->ring[pos->at]);
		addr = vop_packed_ld_addr(&d->ring[pos->at]);
	}
}

/*
 * Take up to max available buffers in ring order into b (reset by this call). Pieces are translated
 * and their first lines prefetched. Returns b->n. Stops early when b has no room for the next
 * buffer's pieces.
 */
VOP_INLINE unsigned vop_packed_dev_pop(struct vop_packed_dev *d, const struct vop_regions *rt,
				       struct vop_batch *b, unsigned max)
{
	uint32_t left = d->size - d->inflight, size = d->size;
	struct vop_packed_desc *ring = d->ring;
	struct vop_packed_pos pos = d->next;
	struct vop_elem *elem = b->elem;
	struct vop_iov *iov = b->iov;
	struct vop_region r = {0};
	unsigned n = 0, niov = 0, iov_max = b->iov_max;

	b->n = 0;
	b->niov = 0;
	if (vop_unlikely(d->broken))
		return 0;
	while (n < max && left && niov < iov_max) {
		struct vop_packed_desc *p = &ring[pos.at];
		/* Pairs with the release in vop_packed_drv_publish. */
		uint64_t w = vop_packed_ld(p), addr;
		uint16_t flags = VOP_PW_FLAGS(w), id = VOP_PW_ID(w);
		uint32_t len = VOP_PW_LEN(w);
		uint8_t *ptr;

		if ((flags & VOP_DESC_F_PHASE) != vop_packed_avail_bits(pos.wrap))
			break;
		addr = vop_packed_ld_addr(p);
		ptr = vop_region_at(&r, addr, len);
		if (vop_unlikely(ptr == NULL)) {
			r = vop_region_of(rt, addr);
			ptr = vop_region_at(&r, addr, len);
		}
		if (vop_likely(!(flags & (VOP_DESC_F_NEXT | VOP_DESC_F_INDIRECT)) && ptr &&
			       id < size)) {
			bool write = flags & VOP_DESC_F_WRITE;

			iov[niov] = (struct vop_iov){.ptr = ptr, .len = len};
			vop_elem_plain(&elem[n], len, id, niov, write);
			vop_prefetch_pair(ptr, len, write);
			vop_packed_advance(&pos, 1, size);
			niov++;
			left--;
		} else {
			struct vop_packed_pos end = pos;
			struct vop_elem e = {.first = niov};
			uint32_t v;

			b->niov = niov;
			v = vop_packed_dev_chain(d, rt, b, &e, left, w, addr, &end);
			if (v == VOP_V_TOO_LONG && n)
				break; /* next time, with the whole batch for itself */
			if (v) {
				d->broken = v;
				break;
			}
			elem[n] = e;
			niov = b->niov;
			left -= e.ndesc;
			pos = end;
		}
		n++;
	}
	d->next = pos;
	d->inflight = size - left;
	b->niov = niov;
	b->n = n;
	return n;
}

/*
 * Give back n buffers, in the order in which they were taken when IN_ORDER was negotiated. len[i]:
 * bytes written into buffer i; NULL: nothing was written into any. With IN_ORDER one used
 * descriptor stands for a run of buffers that were used completely (2.8.9); others get one each.
 * Not visible to the driver before publish.
 */
VOP_INLINE void vop_packed_dev_push(struct vop_packed_dev *d, const struct vop_elem *e,
				    const uint32_t *len, unsigned n)
{
	unsigned i, skip = 0;

	if (vop_unlikely(d->broken))
		return;
	for (i = 0; i < n; i++) {
		uint32_t l = len ? len[i] : 0;
		uint64_t w;

		skip += e[i].ndesc;
		if (d->f.in_order && i + 1 < n && l == e[i].in_len)
			continue;
		w = vop_packed_word(l, e[i].id,
				    (uint16_t)((l ? VOP_DESC_F_WRITE : 0) |
					       vop_packed_used_bits(d->used.wrap)));
		if (d->staged) {
			vop_packed_st(&d->ring[d->used.at], w);
		} else {
			d->staged = true;
			d->head = d->used.at;
			d->head_word = w;
		}
		vop_packed_advance(&d->used, skip, d->size);
		d->inflight -= skip;
		skip = 0;
	}
}

/* Make everything pushed so far visible to the driver. True: it asked to be called. */
VOP_INLINE bool vop_packed_dev_publish(struct vop_packed_dev *d)
{
	struct vop_packed_pos old = d->published;
	uint32_t bad = 0;
	bool call;

	if (!d->staged || vop_unlikely(d->broken))
		return false;
	d->staged = false;
	/* Pairs with the acquire in vop_packed_drv_get: payload and the other used descriptors come
	 * before the first one's flags. */
	vop_packed_st_rel(&d->ring[d->head], d->head_word);
	d->published = d->used;
	if (d->f.peer_polls)
		return false;
	/* Pairs with the read-back in vop_packed_drv_arm. */
	VOP_MEM_FULL();
	call = vop_packed_event_wanted(le32toh(VOP_MEM_LD(d->driver_event)), d->f.event_idx,
				       d->size, old, d->used, &bad);
	if (vop_unlikely(bad))
		d->broken = bad;
	return call;
}

/* Is there an available buffer to pop? */
VOP_INLINE bool vop_packed_dev_pending(const struct vop_packed_dev *d)
{
	return d->inflight < d->size && (VOP_PW_FLAGS(vop_packed_ld(&d->ring[d->next.at])) &
					 VOP_DESC_F_PHASE) == vop_packed_avail_bits(d->next.wrap);
}

/* Ask for a kick at the next available buffer. True: one is there already, do not sleep. */
static inline bool vop_packed_dev_arm(struct vop_packed_dev *d)
{
	uint32_t w = d->f.event_idx ? VOP_EVENT_WORD(d->next.at, d->next.wrap, VOP_EVENT_DESC)
				    : VOP_EVENT_WORD(0, 0, VOP_EVENT_ENABLE);

	VOP_MEM_ST(d->device_event, htole32(w));
	/* Pairs with the fence in vop_packed_drv_publish. */
	VOP_MEM_READ_BACK(d->read_back);
	return vop_packed_dev_pending(d) || d->broken;
}

/* Ask for no kicks. A hint: one may still come. */
static inline void vop_packed_dev_disarm(struct vop_packed_dev *d)
{
	VOP_MEM_ST(d->device_event, htole32(VOP_EVENT_WORD(0, 0, VOP_EVENT_DISABLE)));
}

#endif
