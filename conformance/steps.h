/* SPDX-License-Identifier: BSD-2-Clause */
/* Sequences that several sections use: broken rings, ring parts at chosen places, steps of the
 * initialisation one by one. They end the check when a legal step is refused. */
#ifndef CONFORMANCE_STEPS_H
#define CONFORMANCE_STEPS_H

#include "conformance/conf.h"
#include "conformance/ring.h"

/* Status bits of a driver that has come so far (3.1.1). */
#define STEP_ACK	 (VOP_STATUS_ACKNOWLEDGE)
#define STEP_DRIVER	 (STEP_ACK | VOP_STATUS_DRIVER)
#define STEP_FEATURES_OK (STEP_DRIVER | VOP_STATUS_FEATURES_OK)
#define STEP_DRIVER_OK	 (STEP_FEATURES_OK | VOP_STATUS_DRIVER_OK)

/* A bus address nobody has memory at. */
#define STEP_NOWHERE 0x7fff000000000000ull

/* The next request of the lane with its first piece where nobody has memory. */
struct cbuf *steps_bad_buffer(struct conf *c);
/* Hand such a buffer over on a device that runs, and let it work. Most devices stop at that. */
void steps_break_ring(struct conf *c);
/* After steps_break_ring(): is NEEDS_RESET set, and if not, is a good buffer still served? */
enum steps_state { STEPS_SERVES, STEPS_NEEDS_RESET, STEPS_SILENT };
enum steps_state steps_state(struct conf *c);

/* Whatever was negotiated, set up or not: reset, ACKNOWLEDGE, DRIVER, and f. Then FEATURES_OK is
 * written; whether it stays. */
bool steps_offer_features(struct conf *c, const uint64_t f[2]);

/* A buffer of the lane in the ring under test, published and kicked for, whether the device asked
 * for the kick or not; no more is done for it. */
struct cbuf *steps_push(struct conf *c);
/* From here on the device may not write into the buffer, though it was handed over. */
void steps_close(struct conf *c, const struct cbuf *b);

/* Bytes of configuration space that can be read, at most max; into dst if that is not NULL. */
uint32_t steps_config(struct conf *c, uint8_t *dst, uint32_t max);

#endif
