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
	X(QUEUE_BEYOND, BUG, 0, "queue/beyond",                                                    \
	  "names a size above 32768 for its last queue")                                           \
	X(QUEUE_SIZE_MAX, VALUE, 0, "queue/size-max", "the largest queue size offered")            \
	X(QUEUE_RESET_STOP, STEP, 0, "queue/reset-stops", "a queue reset stops the queue")         \
	X(QUEUE_RESET_OTHERS, BUG, 0, "queue/reset-all", "a reset of one queue stops all of them") \
	X(QUEUE_RESET_INDEX, STEP, 0, "queue/reset-index",                                         \
	  "a queue that is set up again starts at index 0")                                        \
	X(DRIVER_OK, TEST, 0, "queue/driver-ok",                                                   \
	  "DRIVER_OK is set, queues may be used")                                                  \
	X(VIOLATION_NEEDS_RESET, STEP, 0, "violation/needs-reset", "a violation sets NEEDS_RESET") \
	X(VIOLATION_NOTIFY, STEP, 0, "violation/notify",                                           \
	  "NEEDS_RESET is told by a configuration change")                                         \
	X(CONFIG_GENERATION, STEP, 0, "config/generation",                                         \
	  "a change of configuration moves the generation")                                        \
	X(CONFIG_READ, VALUE, 0, "config/read", "where the driver reads")                          \
	X(CALL, STEP, 0, "notify/call", "the driver is notified of used buffers")                  \
	X(CALL_WANTED, TEST, 0, "notify/call-wanted", "the driver is notified only if it asked")   \
	X(ARM, STEP, 0, "notify/arm", "kicks are asked for before the device goes to sleep")       \
	X(KICK_EMPTY, BUG, 0, "notify/empty-kick",                                                 \
	  "takes a kick with nothing available for a violation")                                   \
	X(ONE_A_KICK, BUG, 0, "notify/one-a-kick",                                                 \
	  "takes one buffer for each kick")                                                        \
	X(PUBLISH, STEP, 0, "queue/publish", "what is done is published")                          \
	X(BATCH_PARTIAL, BUG, 0, "in-order/batch-partial",                                         \
	  "leaves buffers out that were not used wholly")                                          \
	X(IN_ORDER_SWAP, BUG, 0, "in-order/swap", "two buffers are used in the wrong order")       \
	X(SEG_WRITE_LEN, VALUE, 0, "buffer/write-length", "bytes written into one piece")          \
	X(FEATURES_ACCESS, TEST, 0, "features/access-platform",                                    \
	  "FEATURES_OK is refused without ACCESS_PLATFORM")                                        \
	X(FEATURES_REQUIRES, TEST, 0, "features/requires",                                         \
	  "FEATURES_OK is refused when a bit lacks what it requires")                              \
	X(FEATURES_SMALL, BUG, 0, "features/refuses-small",                                        \
	  "refuses a set without indirect descriptors and event indexes")                          \
	X(FEATURES_LARGE, BUG, 0, "features/refuses-large", "refuses the set of all it offers") \
	X(FEATURES_PAIR, BUG, 0, "features/refuses-pair", "refuses IN_ORDER without RING_RESET") \
	X(FEATURES_AGAIN, BUG, 0, "features/refuses-again",                                        \
	  "refuses now and then what it accepted before")                                          \
	X(FEATURES_ADD, BUG, 0, "features/adds-up", "features written twice add up") \
	X(OFFER_RESERVED, BUG, 0, "features/offers-reserved", "offers a reserved bit") \
	X(OFFER_SR_IOV, BUG, 0, "features/offers-sr-iov", "offers SR_IOV") \
	X(OFFER_ORPHAN, BUG, 0, "features/offers-orphan", "offers a bit without what it requires") \
	X(OFFER_NO_VERSION, BUG, 0, "features/hides-version-1", "does not offer VERSION_1") \
	X(OFFER_NO_ACCESS, BUG, 0, "features/hides-access-platform",                               \
	  "does not offer ACCESS_PLATFORM")                                                        \
	X(OFFER_CHANGES, BUG, 0, "features/offer-changes", "offers less while it runs") \
	X(STATUS_UNKNOWN, BUG, 0, "status/keeps-unknown",                                          \
	  "shows bits of the status that are not the driver's")                                    \
	X(STATUS_AGAIN, BUG, 0, "status/again",                                                    \
	  "starts a ring over when DRIVER_OK is written again")                                    \
	X(DRIVER_OK_FAILED, TEST, 0, "status/driver-ok-failed",                                    \
	  "DRIVER_OK is refused after FAILED and NEEDS_RESET")                                     \
	X(DRIVER_OK_INDEX, BUG, 0, "status/driver-ok-index",                                       \
	  "skips a buffer that was there before DRIVER_OK")                                        \
	X(RESET_EVENT, BUG, 0, "reset/event", "tells a configuration change after a reset") \
	X(CONFIG_EARLY, TEST, 0, "config/write-early", "writes before FEATURES_OK are refused") \
	X(CONFIG_SUSPENDED, TEST, 0, "config/write-suspended",                                     \
	  "writes to a suspended device are refused")                                              \
	X(SUSPEND_FEATURE, TEST, 0, "suspend/feature", "SUSPEND counts only if it was negotiated") \
	X(SUSPEND_EARLY, TEST, 0, "suspend/early", "SUSPEND counts only while the device runs") \
	X(SUSPEND_STATUS, STEP, 0, "suspend/suspends", "the device suspends itself") \
	X(SUSPEND_CALLS, BUG, 0, "suspend/calls", "calls the driver after it was suspended") \
	X(SUSPEND_EVENT, BUG, 0, "suspend/event", "tells a configuration change while suspended") \
	X(SUSPEND_CONFIG, BUG, 0, "suspend/config", "changes its configuration when suspended") \
	X(SUSPEND_SERVES, BUG, 0, "suspend/serves", "serves on while suspended") \
	X(RESUME_STATUS, STEP, 0, "resume/resumes", "the device resumes") \
	X(RESUME_LOOK, STEP, 0, "resume/looks",                                                    \
	  "rings are looked at after the device was resumed")                                      \
	X(RESUME_INDEX, BUG, 0, "resume/index", "rings start over when the device is resumed") \
	X(RESUME_LOSES, BUG, 0, "resume/loses", "a queue is lost when the device is resumed") \
	X(QUEUE_EARLY, TEST, 0, "queue/early", "a queue is refused before FEATURES_OK") \
	X(QUEUE_LATE, TEST, 0, "queue/late", "a queue is refused after DRIVER_OK") \
	X(QUEUE_SUSPENDED, TEST, 0, "queue/suspended",                                             \
	  "a queue is refused while the device is suspended")                                      \
	X(QUEUE_TWICE, TEST, 0, "queue/twice", "a queue that is set up is refused") \
	X(QUEUE_NEEDS_RESET, TEST, 0, "queue/needs-reset", "a queue is refused after NEEDS_RESET") \
	X(QUEUE_TOO_LARGE, TEST, 0, "queue/too-large", "a size above the largest is refused") \
	X(QUEUE_POWER, TEST, 0, "queue/power-of-two",                                              \
	  "a split size that is no power of two is refused")                                       \
	X(QUEUE_DESC_ALIGN, TEST, 0, "queue/desc-align", "misaligned descriptors are refused") \
	X(QUEUE_DRIVER_ALIGN, TEST, 0, "queue/driver-align",                                       \
	  "a misaligned driver area is refused")                                                   \
	X(QUEUE_DEVICE_ALIGN, TEST, 0, "queue/device-align",                                       \
	  "a misaligned device area is refused")                                                   \
	X(QUEUE_OLD_SIZE, BUG, 0, "queue/old-size", "a queue set up again keeps its old size") \
	X(QUEUE_OLD_PLACE, BUG, 0, "queue/old-place",                                              \
	  "a queue set up again is served at its old place")                                       \
	X(QUEUE_RESET_FEATURE, TEST, 0, "queue/reset-feature",                                     \
	  "a queue reset is refused without the feature")                                          \
	X(QUEUE_RESET_STATE, TEST, 0, "queue/reset-state",                                         \
	  "a reset of a queue that is not set up is refused")                                      \
	X(QUEUE_RESET_CALLS, BUG, 0, "queue/reset-calls",                                          \
	  "calls the driver for a queue that was reset")                                           \
	X(VIOLATION_COUNTS, STEP, 0, "violation/counts", "a violation is counted") \
	X(NO_PLACEMENT, BUG, 0, "queue/no-placement", "offers no placement at the driver") \
	X(SPINS, BUG, 0, "cpu/spins-when-broken", "burns its CPU after a violation")               \
	X(DIES, BUG, 0, "life/dies-when-broken", "dies of a violation")                            \
	X(STUCK, BUG, 0, "life/stuck-when-broken", "answers nothing any more after a violation")   \
	X(STRAY_WRITE, BUG, 0, "memory/stray-write",                                               \
	  "writes one byte in front of a writable piece")                                          \
	X(WRITE_READABLE, BUG, 0, "memory/writes-readable", "changes a readable piece")
/* clang-format on */

#endif
