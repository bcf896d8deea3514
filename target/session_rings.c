/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three parts of a ring and who holds them (docs/vop.md, placement):
 *
 *   split     driver: all at the driver      device: all at the device
 *             posted: descriptors and available ring at the device, used ring at the driver, so
 * that
 *             each side only ever reads its own memory
 *   packed    driver: all at the driver      device: the descriptor ring at the device and each
 *             event structure at its reader: the driver's (which the device reads) at the device,
 *             the device's at the driver
 *
 * Parts start at pairs of cache lines, because processors fetch lines in pairs: with less between
 * them the reader of one part would take away a line the writer of the other is filling.
 */
#include <vop/vring.h>
#include "target/session_rings.h"

#define PAIR  128u  /* two cache lines */
#define PAGE  4096u /* distance at which addresses fall into the same set of a first-level cache */
#define LANES (PAGE / PAIR)

struct part {
	size_t size;
	enum vop_where where;
	uint64_t *bus;
};

const char *session_ring_word(unsigned placement)
{
	static const char *const words[] = {
		[VOP_RING_DRIVER] = "driver",
		[VOP_RING_DEVICE] = "device",
		[VOP_RING_POSTED] = "posted",
	};

	return placement < VOP_ARRAY_SIZE(words) ? words[placement] : "unknown";
}

static void parts_of(struct vop_queue_config *c, struct part p[3])
{
	bool device = c->ring_placement == VOP_RING_DEVICE;
	bool posted = c->ring_placement == VOP_RING_POSTED;
	enum vop_where there = device || posted ? VOP_AT_DEVICE : VOP_AT_DRIVER;

	p[0] = (struct part){vop_split_desc_size(c->size), there, &c->desc_bus};
	if (c->packed) {
		p[1] = (struct part){sizeof(vop_le32), there, &c->driver_bus};
		p[2] = (struct part){sizeof(vop_le32), VOP_AT_DRIVER, &c->device_bus};
	} else {
		p[1] = (struct part){vop_split_avail_size(c->size), there, &c->driver_bus};
		p[2] = (struct part){vop_split_used_size(c->size), posted ? VOP_AT_DRIVER : there,
				     &c->device_bus};
	}
}

/*
 * The pair of lines within a page at which queue `index` starts. Queues that run in step (the
 * receive and transmit queue of a pair, many devices on one link) would otherwise want the same few
 * sets of the cache at the same time. Eleven has no divisor in common with the number of lanes, so
 * 32 queues in a row get 32 different ones; the seed, from where the session's first ring happened
 * to lie, parts devices.
 */
static size_t lane(struct session_stagger *st, unsigned index, uint64_t bus)
{
	if (!st->seeded) {
		st->seeded = true;
		st->seed = (unsigned)((bus / PAGE * 0x9e3779b97f4a7c15ull) >> 59);
	}
	return (st->seed + index * 11u) % LANES * PAIR;
}

/* One allocation for the parts that lie at `where`. */
static int alloc_side(struct target *t, unsigned index, struct part p[3], enum vop_where where,
		      struct session_stagger *st, struct vop_error *err)
{
	size_t size = 0;
	uint64_t bus;
	unsigned i;

	for (i = 0; i < 3; i++)
		if (p[i].where == where)
			size += vop_align_up(p[i].size, PAIR);
	if (size == 0)
		return 0;
	/* Room for the largest start within the page. */
	size += PAGE - PAIR;
	if (!t->ops->alloc(t, where, size, PAGE, &bus))
		return target_error(err, -ENOMEM,
				    "queue %u: no room for its ring (%zu bytes) in the memory of "
				    "the %s",
				    index, size, where == VOP_AT_DRIVER ? "driver" : "device");
	bus += lane(st, index, bus);
	for (i = 0; i < 3; i++)
		if (p[i].where == where) {
			*p[i].bus = bus;
			bus += vop_align_up(p[i].size, PAIR);
		}
	return 0;
}

int session_rings_alloc(struct target *t, struct vop_queue_config *c, struct session_stagger *st,
			struct vop_error *err)
{
	struct part p[3];
	int r;

	parts_of(c, p);
	r = alloc_side(t, c->index, p, VOP_AT_DRIVER, st, err);
	return r ? r : alloc_side(t, c->index, p, VOP_AT_DEVICE, st, err);
}

int session_tables_alloc(struct target *t, const struct vop_queue_config *c, uint32_t max,
			 struct session_tables *out, struct vop_error *err)
{
	enum vop_where where =
		c->payload_placement == VOP_PAYLOAD_PUSH ? VOP_AT_DEVICE : VOP_AT_DRIVER;
	size_t size;

	/* A chain is never longer than the queue (VIRTIO 1.4, 2.7.5.3.1). */
	max = VOP_MIN(max, (uint32_t)c->size);
	*out = (struct session_tables){0};
	if (max < 2)
		return 0;
	size = (size_t)c->size * max * sizeof(struct vop_packed_desc);
	out->at = t->ops->alloc(t, where, size, PAIR, &out->bus);
	if (!out->at)
		return target_error(err, -ENOMEM,
				    "queue %u: no room for indirect tables (%zu bytes) in the "
				    "memory of the %s",
				    c->index, size, where == VOP_AT_DRIVER ? "driver" : "device");
	out->max = max;
	return 0;
}
