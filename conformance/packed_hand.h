/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of section 2.8 share: slots of a packed ring written by hand, and requests that
 * fit into rings of any size. */
#ifndef CONFORMANCE_PACKED_HAND_H
#define CONFORMANCE_PACKED_HAND_H

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"

/* A slot with the wrap counter that holds there. */
struct phand {
	uint16_t at;
	bool wrap;
};

/* Flags of a descriptor that is available, of one that is used, at that wrap counter (2.8.1). */
uint16_t phand_avail(bool wrap);
uint16_t phand_used(bool wrap);
/* Where the driver's next descriptor goes, and n slots beyond p. */
struct phand phand_next(const struct cring *r);
struct phand phand_step(const struct cring *r, struct phand p, unsigned n);

/* All fields of a slot, flags last. The slot is the device's afterwards: it may write there. */
void phand_put(struct cring *r, uint16_t at, uint64_t addr, uint32_t len, uint16_t id,
	       uint16_t flags);
/* An available descriptor for a piece of b at p, with these flags added (NEXT, INDIRECT ...). */
void phand_piece(struct cring *r, struct phand p, const struct cseg *s, uint16_t id,
		 uint16_t flags);
/* The device may write the pieces of b that are writable. */
void phand_open(struct conf *c, const struct cbuf *b);
/* Entry i of an indirect table. */
void phand_entry(struct conf *c, void *table, unsigned i, uint64_t addr, uint32_t len, uint16_t id,
		 uint16_t flags);

/* Descriptors the smallest request of the lane takes; the check is skipped when `most` are not
 * enough. */
unsigned phand_least(struct conf *c, unsigned most);
/* A request in `pieces` pieces, handed over and waited for. */
void phand_one(struct conf *c, unsigned pieces);
/* n requests, cut into pieces[0..n-1], made available at once; all come back and are right. */
void phand_batch(struct conf *c, const unsigned *pieces, unsigned n);

/* After a rule was broken: let the device do what it wants, which is neither writing where it may
 * not nor spinning. */
void phand_harmless(struct conf *c, const char *after);

#endif
