/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the rings and indirect tables of a session lie. For session.c. */
#ifndef TARGET_SESSION_RINGS_H
#define TARGET_SESSION_RINGS_H

#include "target/target.h"

/* Carries from one queue of a session to the next; starts zeroed. */
struct session_stagger {
	bool seeded;
	unsigned seed;
};

/*
 * Ring memory for c (index, size, packed, ring_placement are set): fills the bus addresses of the
 * three parts. Parts never share a pair of cache lines; queues start at different lines of a page.
 * 0; -ENOMEM with *err.
 */
int session_rings_alloc(struct target *t, struct vop_queue_config *c, struct session_stagger *st,
			struct vop_error *err);

struct session_tables {
	void *at; /* NULL: none */
	uint64_t bus;
	uint32_t max; /* segments a table holds */
};

/*
 * Indirect tables of at most `max` segments for every descriptor of c, placed as the payload is;
 * none when max < 2 or the queue has one descriptor. 0; -ENOMEM with *err.
 */
int session_tables_alloc(struct target *t, const struct vop_queue_config *c, uint32_t max,
			 struct session_tables *out, struct vop_error *err);

/* "driver", "device", "posted" */
const char *session_ring_word(unsigned placement);

#endif
