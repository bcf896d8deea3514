/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the checks of split rings share: batches of requests, and ring entries that the driver half
 * of ring.h would not write. Errors end the check.
 *
 * VIRTIO 1.4, 2.7.
 */
#ifndef CONFORMANCE_SPLIT_RAW_H
#define CONFORMANCE_SPLIT_RAW_H

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"

#define RAW_BATCH 64u

/* Skips the check when the request cannot lie in the empty ring of this check. */
void raw_fits(struct conf *c, const struct cbuf *b);
/* One request of the lane whose pieces end where the n cuts say, bytes from its start; readable and
 * writable bytes count as one row, and a cut beyond the end is left out. */
struct cbuf *raw_cut(struct conf *c, const uint32_t *cut, unsigned n);
/* Add b and make the device want it, without publishing. */
void raw_add(struct conf *c, struct cbuf *b);
/* As raw_add(), with one more writable piece behind, in memory that is none of the check's. */
void raw_add_behind(struct conf *c, struct cbuf *b, uint64_t bus, uint32_t len);
/* Up to n requests, at most RAW_BATCH and as many as find room, published at once; they come back
 * and are right. pieces 0: the natural number. Returns how many there were. */
unsigned raw_batch(struct conf *c, unsigned n, unsigned pieces, bool indirect);
/* n requests as fast as may be: memory is looked at only now and then, nothing is noted. */
void raw_forward(struct conf *c, unsigned n);

/* Descriptor i of a table, as it is given. */
void raw_desc(struct conf *c, struct vop_split_desc *d, uint64_t bus, uint32_t len, uint16_t flags,
	      uint16_t next);
/* The next available entry; the index is not written yet. */
void raw_head(struct cring *r, uint16_t head);
/* The available index as it is given, and a kick whatever the device asked for. */
void raw_index(struct cring *r, uint16_t idx);
/* Both: one head, seen by the device. */
void raw_offer(struct cring *r, uint16_t head);
/* The pieces of b as a chain from descriptor `at` on, one after another; b is not counted as
 * outstanding. What the device may write is opened. */
void raw_chain(struct cring *r, const struct cbuf *b, unsigned at);

/* The device has had its time: it wrote nowhere it may not, and it does not burn its CPU. */
void raw_harmless(struct conf *c, const char *after);

/* Two pages nobody may touch. */
struct raw_trap {
	void *p;
	uint64_t bus;
};
void raw_trap_set(struct conf *c, struct raw_trap *t);
/* Fails when the device has read or written there. */
void raw_trap_check(struct conf *c, const struct raw_trap *t, const char *what);

#endif
