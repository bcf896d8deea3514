/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What split and packed rings share: descriptor layouts, flags, the types that go in and out of the
 * two ring halves. VIRTIO 1.4, 2.7.5 (split descriptor), 2.7.6 and 2.7.8 (available and used
 * ring), 2.8.13 (packed descriptor), 2.8.14 (event structure).
 */
#ifndef VOP_VRING_H
#define VOP_VRING_H

#include <vop/base.h>
#include <vop/copy.h>
#include <vop/mem.h>
#include <vop/place.h>
#include <vop/region.h>
#include <vop/violation.h>

/* Descriptor flags, both formats. */
#define VOP_DESC_F_NEXT	    1u
#define VOP_DESC_F_WRITE    2u
#define VOP_DESC_F_INDIRECT 4u
/* Packed only. */
#define VOP_DESC_F_AVAIL (1u << 7)
#define VOP_DESC_F_USED	 (1u << 15)
#define VOP_DESC_F_PHASE (VOP_DESC_F_AVAIL | VOP_DESC_F_USED)

struct vop_split_desc {
	vop_le64 addr;
	vop_le32 len;
	vop_le16 flags;
	vop_le16 next;
};

struct vop_split_avail {
	vop_le16 flags;
	vop_le16 idx;
	vop_le16 ring[]; /* size entries, then used_event */
};

struct vop_split_used_elem {
	vop_le32 id;
	vop_le32 len;
};

struct vop_split_used {
	vop_le16 flags;
	vop_le16 idx;
	struct vop_split_used_elem ring[]; /* size entries, then avail_event */
};

#define VOP_AVAIL_F_NO_INTERRUPT 1u
#define VOP_USED_F_NO_NOTIFY	 1u

struct vop_packed_desc {
	vop_le64 addr;
	vop_le32 len;
	vop_le16 id;
	vop_le16 flags;
};

/* Event suppression structure as the one 32-bit word it is read and written as. */
#define VOP_EVENT_ENABLE  0u
#define VOP_EVENT_DISABLE 1u
#define VOP_EVENT_DESC	  2u
#define VOP_EVENT_WORD(off, wrap, flags)                                                           \
	((uint32_t)(off) | ((uint32_t)(wrap) << 15) | ((uint32_t)(flags) << 16))

_Static_assert(sizeof(struct vop_split_desc) == 16, "layout");
_Static_assert(sizeof(struct vop_packed_desc) == 16, "layout");

/* Bytes of the three ring parts (VIRTIO 1.4, 2.7 and 2.8.10). The event words at the end of the
 * split parts are always counted. */
VOP_INLINE size_t vop_split_desc_size(unsigned size)
{
	return 16u * (size_t)size;
}
VOP_INLINE size_t vop_split_avail_size(unsigned size)
{
	return 6u + 2u * (size_t)size;
}
VOP_INLINE size_t vop_split_used_size(unsigned size)
{
	return 6u + 8u * (size_t)size;
}

/* A segment the driver hands over: a bus address. */
struct vop_buf {
	uint64_t addr;
	uint32_t len;
};

/* A buffer that came back to the driver. */
struct vop_done {
	uint32_t cookie; /* what the driver gave when it added the buffer */
	uint32_t len;	 /* bytes the device wrote; never more than the writable part */
};

/* A piece of a buffer as the device sees it: checked and translated. */
struct vop_iov {
	uint8_t *ptr;
	uint32_t len;
	uint32_t pad;
};

/* A buffer that the device took. iov[first .. first + nout) is readable, the nin after that
 * writable. */
struct vop_elem {
	uint32_t in_len; /* bytes of the writable part */
	uint16_t id;	 /* buffer id (packed) or head (split) */
	uint16_t ndesc;	 /* ring descriptors it occupies */
	uint32_t first;
	uint16_t nout;
	uint16_t nin;
};

/* A buffer of one piece, as pop finds most: two stores where the layout allows it. */
VOP_INLINE void vop_elem_plain(struct vop_elem *e, uint32_t len, uint16_t id, uint32_t first,
			       bool write)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t w[2] = {(write ? len : 0) | ((uint64_t)id << 32) | (1ull << 48),
			 first | (write ? 1ull << 48 : 1ull << 32)};

	__builtin_memcpy(e, w, sizeof(w));
#else
	*e = (struct vop_elem){.in_len = write ? len : 0,
			       .id = id,
			       .ndesc = 1,
			       .first = first,
			       .nout = !write,
			       .nin = write};
#endif
}

/* Find the region of addr for a loop that translates many: empty when there is none. */
VOP_INLINE struct vop_region vop_region_of(const struct vop_regions *t, uint64_t addr)
{
	unsigned i;

	for (i = 0; i < t->n; i++)
		if (addr - t->r[i].base < t->r[i].size)
			return t->r[i];
	return (struct vop_region){0};
}

/* Where [addr, addr + len) is, when it lies in r whole and is not empty; else NULL. */
VOP_INLINE uint8_t *vop_region_at(const struct vop_region *r, uint64_t addr, uint32_t len)
{
	uint64_t off = addr - r->base;

	return off < r->size && len - 1ull < r->size - off ? r->map + off : NULL;
}

/*
 * Where pop puts what it takes. Memory is the caller's; iov_max bounds how many pieces one buffer
 * may have (at least 2).
 */
struct vop_batch {
	unsigned n;    /* buffers taken */
	unsigned niov; /* pieces used */
	unsigned iov_max;
	struct vop_elem *elem; /* room for as many as the caller asks pop for */
	struct vop_iov *iov;
};

/* Ring feature bits as the ring halves want them. */
struct vop_ring_features {
	bool indirect;
	bool event_idx;
	bool in_order;
	bool peer_polls; /* the peer asked for no notifications on this queue, ever (VOP doorbell
			    NONE): no fence is owed */
};

/* Does an event at `event` fall into (old, new]? 16-bit indices that wrap (VIRTIO 1.4, 2.7.7.2). */
VOP_INLINE bool vop_need_event(uint16_t event, uint16_t new_idx, uint16_t old_idx)
{
	return (uint16_t)(new_idx - event - 1) < (uint16_t)(new_idx - old_idx);
}

/*
 * The same for a packed ring, where positions wrap at the queue size, which need not be a power of
 * two: positions are laid out on two laps (2 * size) so that the wrap counter becomes part of the
 * number. old and new are such numbers, new - old <= size. True when the descriptor at `off` in lap
 * `wrap` was passed.
 */
VOP_INLINE bool vop_packed_need_event(uint32_t size, uint32_t off, uint32_t wrap, uint32_t new_pos,
				      uint32_t old_pos)
{
	uint32_t laps = 2 * size;
	uint32_t event = off + (wrap ? 0 : size);
	uint32_t from_old = event >= old_pos ? event - old_pos : event + laps - old_pos;
	uint32_t moved = new_pos >= old_pos ? new_pos - old_pos : new_pos + laps - old_pos;

	return from_old < moved;
}

/*
 * Append the pieces of one descriptor's buffer to the batch. 0, or a violation (TOO_LONG: the batch
 * is full). Zero length adds nothing: VIRTIO does not forbid it.
 */
static inline uint32_t vop_batch_add(struct vop_batch *b, const struct vop_regions *rt,
				     uint64_t addr, uint32_t len, unsigned *pieces)
{
	/* A buffer does not go on at address 0 behind the last one. */
	if (len && len - 1 > UINT64_MAX - addr)
		return VOP_V_ADDR;
	while (len) {
		uint64_t got;
		uint8_t *p = vop_xlate(rt, addr, len, &got);

		if (p == NULL)
			return VOP_V_ADDR;
		if (b->niov >= b->iov_max)
			return VOP_V_TOO_LONG;
		b->iov[b->niov++] = (struct vop_iov){.ptr = p, .len = (uint32_t)got};
		(*pieces)++;
		addr += got;
		len -= (uint32_t)got;
	}
	return VOP_V_NONE;
}

/*
 * Read entry i of an indirect table at addr into private memory, once. A table needs no alignment
 * and may cross from one region into the next, in the middle of an entry too. NULL region: false.
 */
static inline bool vop_table_entry(const struct vop_regions *rt, uint64_t addr, uint32_t i,
				   void *copy)
{
	uint8_t *to = copy;
	uint64_t left = 16, got;

	addr += 16ull * i;
	for (; left; to += got, addr += got, left -= got) {
		const uint8_t *from = vop_xlate(rt, addr, left, &got);

		if (from == NULL)
			return false;
		VOP_MEM_COPY_FROM(to, from, got);
	}
	/* The peer may write on: what was checked must be what is used, so no second load. */
	__asm__ volatile("" : : "r"(copy) : "memory");
	return true;
}

/* The part of a chain walk that both formats share: one descriptor's worth. */
static inline uint32_t vop_chain_step(struct vop_batch *b, const struct vop_regions *rt,
				      struct vop_elem *e, uint64_t addr, uint32_t len, bool write)
{
	unsigned pieces = 0;
	uint32_t v = vop_batch_add(b, rt, addr, len, &pieces);

	if (v)
		return v;
	/* The counts of an element are 16 bits; iov_max may be more. */
	if (vop_unlikely(pieces > (unsigned)UINT16_MAX - (write ? e->nin : e->nout)))
		return VOP_V_TOO_LONG;
	if (write) {
		if (vop_unlikely(len > UINT32_MAX - e->in_len))
			return VOP_V_TOO_LONG;
		e->in_len += len;
		e->nin = (uint16_t)(e->nin + pieces);
	} else {
		e->nout = (uint16_t)(e->nout + pieces);
	}
	return VOP_V_NONE;
}

#endif
