/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of the device pages: stores into the own page, loads from the peer's.
 *
 * One aligned 32-bit access each, always: it is single by construction (a hostile peer gets no
 * second look), it is what a PCI window carries whole, and it keeps race detectors honest.
 *
 * Ordering. The own page is normal cacheable memory of this node; a release store (STLR or a
 * compiler barrier on x86) makes every earlier store of this thread visible first to every observer
 * of that memory, the root port that answers the peer's reads among them. The peer's load-acquire
 * (LDAR or a plain load on x86) completes before its later loads start; over PCIe a load is a
 * non-posted read, so its completion has come back before the next one leaves.
 */
#include <string.h>

#include "vop/node_internal.h"

static inline vop_le32 *own_word(struct vop_node *n, uint64_t off)
{
	return (vop_le32 *)(void *)(n->link->own.map + off);
}

void vop_own_put(struct vop_node *n, uint64_t off, const void *src, size_t len)
{
	const uint8_t *s = src;
	vop_le32 w;
	size_t i;

	for (i = 0; i < len; i += sizeof(w)) {
		memcpy(&w, s + i, sizeof(w));
		__atomic_store_n(own_word(n, off + i), w, __ATOMIC_RELAXED);
	}
}

void vop_own_put_rel(struct vop_node *n, uint64_t off, const void *src, size_t len)
{
	const uint8_t *s = src;
	vop_le32 w;
	size_t i;

	for (i = 0; i < len; i += sizeof(w)) {
		memcpy(&w, s + i, sizeof(w));
		__atomic_store_n(own_word(n, off + i), w, __ATOMIC_RELEASE);
	}
}

void vop_own_put32(struct vop_node *n, uint64_t off, uint32_t v)
{
	__atomic_store_n(own_word(n, off), htole32(v), __ATOMIC_RELAXED);
}

void vop_own_put32_rel(struct vop_node *n, uint64_t off, uint32_t v)
{
	__atomic_store_n(own_word(n, off), htole32(v), __ATOMIC_RELEASE);
}

/* A link that cannot map: copies of whole alignment units, through a bounce buffer. */
static int peer_copy(struct vop_node *n, uint64_t off, void *dst, size_t len)
{
	const struct vop_link_caps *caps = &n->link->caps;
	uint8_t bounce[512], *d = dst;
	uint64_t mask = VOP_MAX(caps->copy_align, 4u) - 1;
	size_t room = VOP_MIN(sizeof(bounce), (size_t)caps->copy_max) & ~(size_t)mask;

	while (len > 0) {
		uint64_t start = off & ~mask;
		size_t head = off - start;
		size_t take = VOP_MIN(len, room - head);
		size_t whole = (head + take + mask) & ~(size_t)mask;
		int r = n->link->ops->copy_from(n->link, bounce, n->link->peer.base + start, whole);

		if (r) {
			vop_node_fail(n, r, "copy from the peer's window failed");
			return r;
		}
		memcpy(d, bounce + head, take);
		d += take;
		off += take;
		len -= take;
	}
	return 0;
}

static inline const vop_le32 *peer_word(struct vop_node *n, uint64_t off)
{
	return (const vop_le32 *)(const void *)(n->link->peer.map + off);
}

int vop_peer_get(struct vop_node *n, uint64_t off, void *dst, size_t len)
{
	uint8_t *d = dst;
	vop_le32 w;
	size_t i;

	if (!n->link->caps.maps)
		return peer_copy(n, off, dst, len);
	for (i = 0; i < len; i += sizeof(w)) {
		w = __atomic_load_n(peer_word(n, off + i), __ATOMIC_RELAXED);
		memcpy(d + i, &w, sizeof(w));
	}
	return 0;
}

int vop_peer_get_acq(struct vop_node *n, uint64_t off, void *dst, size_t len)
{
	uint8_t *d = dst;
	vop_le32 w;
	size_t i;

	if (!n->link->caps.maps)
		return peer_copy(n, off, dst, len); /* synchronous: complete on return */
	for (i = 0; i < len; i += sizeof(w)) {
		w = __atomic_load_n(peer_word(n, off + i), __ATOMIC_ACQUIRE);
		memcpy(d + i, &w, sizeof(w));
	}
	return 0;
}

int vop_peer_get32_acq(struct vop_node *n, uint64_t off, uint32_t *v)
{
	vop_le32 w = 0;
	int r = vop_peer_get_acq(n, off, &w, sizeof(w));

	*v = le32toh(w);
	return r;
}

uint64_t vop_own_role(const struct vop_device *d)
{
	return VOP_ROLE_OFFSET +
	       (uint64_t)(d->info.creator * VOP_SLOTS + d->info.slot) * VOP_ROLE_STRIDE;
}

uint64_t vop_peer_role(const struct vop_device *d)
{
	const struct vop_peer_page *p = &d->node->page;

	return p->role + (uint64_t)(d->info.creator * VOP_SLOTS + d->info.slot) * p->stride;
}
