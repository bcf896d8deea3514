/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for one check, within reach of the device, with a private shadow: what the driver writes
 * goes to both, what the device may write is marked, and every other byte must stay as it is.
 * Between pieces lie canaries, so a write beyond the end of anything is seen, wherever it goes.
 *
 * A range the device may write is opened; when it is closed again, its contents become what must
 * stay.
 */
#ifndef CONFORMANCE_MEM_H
#define CONFORMANCE_MEM_H

#include "conformance/conf.h"

/* A piece of memory; align a power of two. Zeroed, closed. Ends the check when there is none. */
void *cmem_alloc(struct conf *c, size_t size, size_t align, uint64_t *bus, const char *name);
/* The driver writes: src to dst, which lies in one piece. */
void cmem_put(struct conf *c, void *dst, const void *src, size_t len);
void cmem_put16(struct conf *c, void *dst,
		uint16_t v); /* little-endian; one aligned store, release */
void cmem_put32(struct conf *c, void *dst, uint32_t v);
void cmem_put64(struct conf *c, void *dst, uint64_t v);
void cmem_fill(struct conf *c, void *dst, uint8_t byte, size_t len);
/* The device may write there / may not any more. */
void cmem_open(struct conf *c, const void *p, size_t len);
void cmem_close(struct conf *c, const void *p, size_t len);
/* Fails the check when a byte changed that the device may not write. */
void cmem_verify(struct conf *c, const char *when);
/* From here on nothing may change: what is open is closed as it is. */
void cmem_freeze(struct conf *c);

/*
 * Whole pages that nobody has touched, for seeing reads: `pages` of them. cmem_touched() tells how
 * many exist by now; -1 where the system does not say.
 */
void *cmem_untouched(struct conf *c, unsigned pages, uint64_t *bus);
int cmem_touched(struct conf *c, const void *p, unsigned pages);

#endif
