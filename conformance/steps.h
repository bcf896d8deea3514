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
/* Nor into the ring, whatever is in it. Publishing opens descriptors of a packed ring again. */
void steps_close_ring(struct conf *c, const struct cring *r);
/* Take what came back by now. */
void steps_take_all(struct cring *r);
/* Fails when anything in the ring was used. */
void steps_expect_unused(struct conf *c, struct cring *r, const char *when);

/* The ring's parts (descriptors, driver's, device's) lie there instead, in memory of one
 * cmem_alloc(). To be set up after this. */
void steps_place(struct cring *r, void *desc, uint64_t desc_bus, void *driver, uint64_t driver_bus,
		 void *device, uint64_t device_bus);

/* Descriptors a request of the lane takes at least; n requests that fit the ring, however small. */
unsigned steps_least(struct conf *c);
void steps_serve(struct conf *c, unsigned n);

/* Bytes of configuration space that can be read, at most max; into dst if that is not NULL. */
uint32_t steps_config(struct conf *c, uint8_t *dst, uint32_t max);

#endif
