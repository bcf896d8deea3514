/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the specification says of feature bits: which exist, for which device type, and which
 * require which. VIRTIO 1.4: 2.2, chapter 6, 5.1.3, 5.2.3, 5.3.3, 5.4.3.
 */
#ifndef CONFORMANCE_BITS_H
#define CONFORMANCE_BITS_H

#include <vop/features.h>

/* Do we know the bits of this device type? */
bool bits_known_type(uint16_t device);
/* Is the bit defined, for the type or for all? */
bool bits_defined(uint16_t device, unsigned bit);

/* Requirements: `bit` requires one of any[], which 0xff ends. */
struct bits_rule {
	uint16_t device;
	uint8_t bit, any[3];
};
/* Rule number i of all: NULL beyond the last. */
const struct bits_rule *bits_rule(unsigned i);
/* Is the rule kept by f[2]? */
bool bits_rule_kept(const struct bits_rule *r, const uint64_t f[2]);
/* Take bits out of f[2] until every rule of the type is kept. */
void bits_close(uint16_t device, uint64_t f[2]);

#endif
