/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shipped device and its driver in one thread, as a system under test of the conformance suite:
 * two nodes on joined links, the device at the endpoint as a stand-alone node serves it, its poller
 * turned whenever the suite lets the device work. Faults of the device are faults of this process,
 * where sanitizers see them.
 */
#ifndef TESTS_STATE_RIG_H
#define TESTS_STATE_RIG_H

#include "conformance/sut.h"
#include "vop/service_type.h"

/* NULL: no memory, or no such type ("net", "blk", "console", "rng"). Freed by sut_free(). */
struct sut *state_rig_new(const char *type, enum vop_notify notify);
/* What the device counted since it was started. */
void state_rig_stats(struct sut *s, struct vop_service_stats *out);

#endif
