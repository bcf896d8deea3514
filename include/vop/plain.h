/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short way through the device half for plain buffers: one descriptor, one region, one
 * direction. Most buffers of most devices are plain; what is not is left where it is for
 * vop_devq_pop(), which takes anything. The rules of trust, ordering and threads are those of
 * packed.h and split.h.
 *
 * A device takes plain buffers in ring order and gives them back in that order, so nothing but the
 * id has to be kept.
 */
#ifndef VOP_PLAIN_H
#define VOP_PLAIN_H

#include <vop/packed.h>
#include <vop/split.h>
#include <vop/vq.h>

struct vop_plain {
	uint8_t *ptr; /* behind the `front` bytes that pop was told to leave out */
	uint32_t len; /* bytes from ptr on, > 0 */
	uint16_t id;
	uint16_t reserved;
};

/* Where a plain buffer's bytes are; NULL: not in one region, or not longer than front. */
VOP_INLINE uint8_t *vop_plain_at(struct vop_region *r, const struct vop_regions *rt, uint64_t addr,
				 uint32_t len, uint32_t front)
{
	uint64_t off = addr - r->base;

	if (vop_unlikely(off >= r->size)) {
		*r = vop_region_of(rt, addr);
		off = addr - r->base;
		if (off >= r->size)
			return NULL;
	}
	return vop_likely(len > front && len <= r->size - off) ? r->map + off : NULL;
}

/*
 * There is work: ask for the ring lines behind the first descriptor at once. A core that finds them
 * missing one by one waits for each in turn.
 */
VOP_INLINE void vop_packed_dev_ask(const struct vop_packed_desc *ring, uint32_t at, uint32_t size,
				   uint32_t max)
{
	for (uint32_t i = 4; i < max; i += 4)
		__builtin_prefetch(&ring[at + i < size ? at + i : at + i - size]);
}

/*
 * Take up to max plain buffers, all device-writable (write) or all device-readable, leaving out the
 * first `front` bytes of each. Stops before the first that is not plain. Returns how many; 0 may
 * mean none available or one that is not plain.
 */
VOP_INLINE unsigned vop_packed_dev_pop_plain(struct vop_packed_dev *d, const struct vop_regions *rt,
					     struct vop_plain *v, unsigned max, bool write,
					     uint32_t front)
{
	const uint16_t mask =
		VOP_DESC_F_PHASE | VOP_DESC_F_NEXT | VOP_DESC_F_INDIRECT | VOP_DESC_F_WRITE;
	uint16_t want =
		(uint16_t)(vop_packed_avail_bits(d->next.wrap) | (write ? VOP_DESC_F_WRITE : 0));
	const struct vop_packed_desc *ring = d->ring;
	uint32_t at = d->next.at, size = d->size, n;
	struct vop_region r = {0};

	if (vop_unlikely(d->broken))
		return 0;
	max = VOP_MIN(max, size - d->inflight);
	for (n = 0; n < max; n++) {
		/* Pairs with the release in vop_packed_drv_publish. */
		uint64_t w = vop_packed_ld(&ring[at]);
		uint8_t *p;

		if ((VOP_PW_FLAGS(w) & mask) != want)
			break;
		if (vop_unlikely(n == 0))
			vop_packed_dev_ask(ring, at, size, max);
		p = vop_plain_at(&r, rt, vop_packed_ld_addr(&ring[at]), VOP_PW_LEN(w), front);
		if (vop_unlikely(p == NULL || VOP_PW_ID(w) >= size))
			break;
		vop_prefetch_pair(p, VOP_PW_LEN(w), write);
		v[n] = (struct vop_plain){
			.ptr = p + front, .len = VOP_PW_LEN(w) - front, .id = VOP_PW_ID(w)};
		if (vop_unlikely(++at == size)) {
			at = 0;
			want ^= VOP_DESC_F_PHASE;
		}
	}
	d->next.wrap ^= at < d->next.at || (at == d->next.at && n);
	d->next.at = (uint16_t)at;
	d->inflight += n;
	return n;
}

VOP_INLINE void vop_packed_dev_stage_used(struct vop_packed_dev *d, uint64_t w, uint32_t ndesc)
{
	w |= (uint64_t)vop_packed_used_bits(d->used.wrap) << 48;
	if (d->staged) {
		vop_packed_st(&d->ring[d->used.at], w);
	} else {
		d->staged = true;
		d->head = d->used.at;
		d->head_word = w;
	}
	vop_packed_advance(&d->used, ndesc, d->size);
}

/* Give back n buffers nothing was written into. With IN_ORDER one used descriptor says it all
 * (VIRTIO 1.4, 2.8.9). */
VOP_INLINE void vop_packed_dev_push_read(struct vop_packed_dev *d, const struct vop_plain *v,
					 unsigned n)
{
	if (vop_unlikely(d->broken || n == 0))
		return;
	if (d->f.in_order)
		vop_packed_dev_stage_used(d, vop_packed_word(0, v[n - 1].id, 0), n);
	else
		for (unsigned i = 0; i < n; i++)
			vop_packed_dev_stage_used(d, vop_packed_word(0, v[i].id, 0), 1);
	d->inflight -= n;
}

/* Give back n buffers into which len[i] > 0 bytes were written. */
VOP_INLINE void vop_packed_dev_push_written(struct vop_packed_dev *d, const struct vop_plain *v,
					    const uint32_t *len, unsigned n)
{
	uint16_t bits = (uint16_t)(vop_packed_used_bits(d->used.wrap) | VOP_DESC_F_WRITE);
	struct vop_packed_desc *ring = d->ring;
	uint32_t at = d->used.at, size = d->size;
	unsigned i = 0;

	if (vop_unlikely(d->broken || n == 0))
		return;
	d->inflight -= n;
	if (!d->staged) {
		vop_packed_dev_stage_used(d, vop_packed_word(len[0], v[0].id, VOP_DESC_F_WRITE), 1);
		at = d->used.at;
		bits = (uint16_t)(vop_packed_used_bits(d->used.wrap) | VOP_DESC_F_WRITE);
		i = 1;
	}
	for (; i < n; i++) {
		vop_packed_st(&ring[at], vop_packed_word(len[i], v[i].id, bits));
		if (vop_unlikely(++at == size)) {
			at = 0;
			bits ^= VOP_DESC_F_PHASE;
			d->used.wrap = !d->used.wrap;
		}
	}
	d->used.at = (uint16_t)at;
}

/* The same for a split ring. */
VOP_INLINE unsigned vop_split_dev_pop_plain(struct vop_split_dev *d, const struct vop_regions *rt,
					    struct vop_plain *v, unsigned max, bool write,
					    uint32_t front)
{
	const uint16_t mask = VOP_DESC_F_NEXT | VOP_DESC_F_INDIRECT | VOP_DESC_F_WRITE;
	uint16_t want = write ? VOP_DESC_F_WRITE : 0;
	uint32_t at = d->avail_idx, n, left;
	const struct vop_split_avail *avail = d->avail;
	struct vop_region r = {0};

	if (vop_unlikely(d->broken))
		return 0;
	left = vop_split_dev_left(d);
	max = VOP_MIN(max, left);
	for (n = 0; n < max; n++, at++) {
		uint16_t head = le16toh(VOP_MEM_LD(&avail->ring[at & d->mask]));
		uint64_t addr, w;
		uint8_t *p;

		if (vop_unlikely(head > d->mask))
			break;
		w = vop_split_ld(&d->desc[head], &addr);
		if ((VOP_SW_FLAGS(w) & mask) != want)
			break;
		p = vop_plain_at(&r, rt, addr, VOP_SW_LEN(w), front);
		if (vop_unlikely(p == NULL))
			break;
		vop_prefetch_pair(p, VOP_SW_LEN(w), write);
		v[n] = (struct vop_plain){
			.ptr = p + front, .len = VOP_SW_LEN(w) - front, .id = head};
	}
	d->avail_idx = (uint16_t)at;
	d->inflight += n;
	return n;
}

VOP_INLINE void vop_split_dev_push_read(struct vop_split_dev *d, const struct vop_plain *v,
					unsigned n)
{
	unsigned step = d->f.in_order ? n : 1, i;

	if (vop_unlikely(d->broken || n == 0))
		return;
	/* With IN_ORDER the entry of the first names the last (VIRTIO 1.4, 2.7.9). */
	for (i = 0; i < n; i += step) {
		struct vop_split_used_elem *u = &d->used->ring[d->used_idx & d->mask];

		VOP_MEM_ST(&u->id, htole32(v[i + step - 1].id));
		VOP_MEM_ST(&u->len, 0);
		d->used_idx = (uint16_t)(d->used_idx + step);
	}
	d->inflight -= n;
}

VOP_INLINE void vop_split_dev_push_written(struct vop_split_dev *d, const struct vop_plain *v,
					   const uint32_t *len, unsigned n)
{
	struct vop_split_used *used = d->used;
	uint32_t at = d->used_idx, mask = d->mask;

	if (vop_unlikely(d->broken))
		return;
	for (unsigned i = 0; i < n; i++, at++) {
		VOP_MEM_ST(&used->ring[at & mask].id, htole32(v[i].id));
		VOP_MEM_ST(&used->ring[at & mask].len, htole32(len[i]));
	}
	d->used_idx = (uint16_t)at;
	d->inflight -= n;
}

VOP_INLINE unsigned vop_devq_pop_plain(struct vop_devq *q, const struct vop_regions *rt,
				       struct vop_plain *v, unsigned max, bool write,
				       uint32_t front)
{
	return VOP_DEVQ(q, pop_plain, rt, v, max, write, front);
}

VOP_INLINE void vop_devq_push_read(struct vop_devq *q, const struct vop_plain *v, unsigned n)
{
	if (q->packed)
		vop_packed_dev_push_read(&q->ring, v, n);
	else
		vop_split_dev_push_read(&q->split, v, n);
}

VOP_INLINE void vop_devq_push_written(struct vop_devq *q, const struct vop_plain *v,
				      const uint32_t *len, unsigned n)
{
	if (q->packed)
		vop_packed_dev_push_written(&q->ring, v, len, n);
	else
		vop_split_dev_push_written(&q->split, v, len, n);
}

#endif
