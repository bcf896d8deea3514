/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of core.c and queue.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_CORE_H
#define CONFORMANCE_REF_POINTS_CORE_H

/* clang-format off */
#define REF_POINTS_CORE(X)                                                                         \
	X(STATUS_KEEP, TEST, 0, "status/refuse-clearing",                                          \
	  "a bit the driver clears without a reset is refused")                                    \
	X(STATUS_READ, VALUE, 0, "status/read", "the status the driver reads")                     \
	X(FEATURES_SUBSET, TEST, 0, "features/subset",                                             \
	  "FEATURES_OK is refused when a feature was not offered")                                 \
	X(FEATURES_VERSION, TEST, 0, "features/version-1",                                         \
	  "FEATURES_OK is refused without VERSION_1")                                              \
	X(FEATURES_FROZEN, TEST, 0, "features/frozen", "features are refused after FEATURES_OK")   \
	X(DRIVER_OK_ORDER, TEST, 0, "status/driver-ok-order",                                      \
	  "DRIVER_OK is refused before FEATURES_OK")                                               \
	X(RESET_STATUS, STEP, 0, "reset/status", "reset sets the status to 0")                     \
	X(RESET_FEATURES, STEP, 0, "reset/features", "reset forgets the features of the driver")   \
	X(RESET_QUEUES, STEP, 0, "reset/queues", "reset stops the queues")                         \
	X(RESET_NEEDS, STEP, 0, "reset/needs-reset", "reset clears NEEDS_RESET")                   \
	X(RESET_TYPE, STEP, 0, "reset/type", "reset clears the state of the device type")          \
	X(RESET_LATE, BUG, 0, "reset/writes-after", "writes into a used ring after the reset")     \
	X(QUEUE_SIZE_MAX, VALUE, 0, "queue/size-max", "the largest queue size offered")            \
	X(QUEUE_RESET_STOP, STEP, 0, "queue/reset-stops", "a queue reset stops the queue")         \
	X(QUEUE_RESET_OTHERS, BUG, 0, "queue/reset-all", "a reset of one queue stops all of them") \
	X(QUEUE_RESET_INDEX, STEP, 0, "queue/reset-index",                                         \
	  "a queue that is set up again starts at index 0")                                        \
	X(DRIVER_OK, TEST, 0, "queue/driver-ok",                                                   \
	  "DRIVER_OK is set, queues may be used")                                                  \
	X(VIOLATION_NEEDS_RESET, STEP, 0, "violation/needs-reset", "a violation sets NEEDS_RESET") \
	X(VIOLATION_STOPS, STEP, 0, "violation/stops", "a violation stops the queue")              \
	X(VIOLATION_NOTIFY, STEP, 0, "violation/notify",                                           \
	  "NEEDS_RESET is told by a configuration change")                                         \
	X(CONFIG_GENERATION, STEP, 0, "config/generation",                                         \
	  "a change of configuration moves the generation")                                        \
	X(CONFIG_NOTIFY, STEP, 0, "config/notify", "a change of configuration is told")            \
	X(CONFIG_READ, VALUE, 0, "config/read", "where the driver reads")                          \
	X(CALL, STEP, 0, "notify/call", "the driver is notified of used buffers")                  \
	X(CALL_WANTED, TEST, 0, "notify/call-wanted", "the driver is notified only if it asked")   \
	X(ARM, STEP, 0, "notify/arm", "kicks are asked for before the device goes to sleep")       \
	X(ARM_RECHECK, STEP, 0, "notify/recheck",                                                  \
	  "the ring is looked at once more after kicks were asked for")                            \
	X(DISARM, STEP, 0, "notify/disarm", "kicks are switched off while the device works")       \
	X(PUBLISH, STEP, 0, "queue/publish", "what is done is published")                          \
	X(BATCH_WHOLE, TEST, 0, "in-order/batch-whole",                                            \
	  "only wholly used buffers are left out of the used ring")                                \
	X(IN_ORDER_SWAP, BUG, 0, "in-order/swap", "two buffers are used in the wrong order")       \
	X(SEG_WRITE_LEN, VALUE, 0, "buffer/write-length", "bytes written into one piece")          \
	X(SEG_READ_FROM, VALUE, 0, "buffer/read-from", "where a buffer is read from")              \
	X(SPINS, BUG, 0, "cpu/spins-when-broken", "burns its CPU after a violation")               \
	X(DIES, BUG, 0, "life/dies-when-broken", "dies of a violation")                            \
	X(STUCK, BUG, 0, "life/stuck-when-broken", "answers nothing any more after a violation")   \
	X(STRAY_WRITE, BUG, 0, "memory/stray-write",                                               \
	  "writes one byte in front of a writable piece")                                          \
	X(WRITE_READABLE, BUG, 0, "memory/writes-readable", "changes a readable piece")
/* clang-format on */

#endif
