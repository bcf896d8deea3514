/* SPDX-License-Identifier: BSD-2-Clause */
/* Between ring.c and the two formats. */
#ifndef CONFORMANCE_RING_FORMAT_H
#define CONFORMANCE_RING_FORMAT_H

#include "conformance/ring.h"

void cring_split_make(struct cring *r);
void cring_split_clear(struct cring *r);
void cring_split_add(struct cring *r, struct cbuf *b);
void cring_split_publish(struct cring *r);
bool cring_split_kick_wanted(struct cring *r);
struct cbuf *cring_split_take(struct cring *r);
void cring_split_calls(struct cring *r, bool on, uint16_t ahead);
void cring_split_dump(const struct cring *r);

void cring_packed_make(struct cring *r);
void cring_packed_clear(struct cring *r);
void cring_packed_add(struct cring *r, struct cbuf *b);
void cring_packed_publish(struct cring *r);
bool cring_packed_kick_wanted(struct cring *r);
struct cbuf *cring_packed_take(struct cring *r);
void cring_packed_calls(struct cring *r, unsigned flags, uint16_t ahead);
void cring_packed_dump(const struct cring *r);

/* The device is done with b; batched: without an entry of its own. */
void cring_came_back(struct cring *r, struct cbuf *b, uint32_t len, bool batched);
/* Outstanding, added first; NULL: none. */
struct cbuf *cring_oldest(struct cring *r);

#endif
