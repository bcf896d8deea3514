/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of packed.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_PACKED_H
#define CONFORMANCE_REF_POINTS_PACKED_H

/* clang-format off */
#define REF_POINTS_PACKED(X)                                                                       \
	X(PACKED_AVAILABLE, TEST, 0, "packed/available",                                           \
	  "a descriptor is available by its two flags")                                            \
	X(PACKED_AVAIL_WRAP, TEST, 0, "packed/avail-wrap",                                         \
	  "the available wrap counter turns at the end")                                           \
	X(PACKED_USED_WRAP, TEST, 0, "packed/used-wrap", "the used wrap counter turns at the end") \
	X(PACKED_NEXT_FLAG, TEST, 0, "packed/next-flag", "a list goes on where NEXT is set")       \
	X(PACKED_LOOP, TEST, 0, "packed/loop", "a list longer than the queue is a violation")      \
	X(PACKED_ID, VALUE, 0, "packed/id", "the buffer id")                                       \
	X(PACKED_ID_LAST, TEST, 0, "packed/id-last", "the id is that of the last descriptor")      \
	X(PACKED_WRITE_FLAG, TEST, 0, "packed/write-flag",                                         \
	  "a piece is writable where WRITE is set")                                                \
	X(PACKED_LEN, VALUE, 0, "packed/len", "the length of a piece")                             \
	X(PACKED_ADDR, VALUE, 0, "packed/addr", "the address of a piece")                          \
	X(PACKED_ORDER, TEST, 0, "packed/order",                                                   \
	  "a readable piece behind a writable one is a violation")                                 \
	X(PACKED_INDIRECT, TEST, 0, "packed/indirect", "an indirect table is followed")            \
	X(PACKED_INDIRECT_FEATURE, TEST, 0, "packed/indirect-feature",                             \
	  "a table without the feature is a violation")                                            \
	X(PACKED_INDIRECT_LEN, TEST, 0, "packed/indirect-len",                                     \
	  "a table of a wrong length is a violation")                                              \
	X(PACKED_INDIRECT_COUNT, VALUE, 0, "packed/indirect-count", "how many pieces a table has") \
	X(PACKED_SKIP, VALUE, 0, "packed/skip", "how many slots a used buffer takes")              \
	X(PACKED_USED_ID, VALUE, 0, "packed/used-id", "the id of a used descriptor")               \
	X(PACKED_USED_LEN, VALUE, 0, "packed/used-len", "the length of a used descriptor")         \
	X(PACKED_USED_WRITE, TEST, 0, "packed/used-write",                                         \
	  "WRITE is set where the buffer was written")                                             \
	X(PACKED_USED_FLAGS, STEP, 0, "packed/used-flags", "the used descriptor is marked used")   \
	X(PACKED_EVENT, TEST, 0, "packed/event-needed", "the event offset was crossed")            \
	X(PACKED_EVENT_FLAGS, VALUE, 0, "packed/event-flags", "the driver's event flags as read")  \
	X(PACKED_EVENT_OFF, VALUE, 0, "packed/event-off", "the driver's event offset as read")     \
	X(PACKED_EVENT_WRAP, TEST, 0, "packed/event-wrap",                                         \
	  "the driver's event wrap counter as read")                                               \
	X(PACKED_DEV_EVENT, VALUE, 0, "packed/dev-event",                                          \
	  "the offset in the device's event structure")                                            \
	X(PACKED_DEV_WRAP, TEST, 0, "packed/dev-wrap",                                             \
	  "the wrap counter in the device's event structure")                                      \
	X(PACKED_WRITES_ALL, BUG, 0, "packed/marks-all", "marks every descriptor of a list used") \
	X(PACKED_WRITES_NEXT, BUG, 0, "packed/writes-next",                                        \
	  "clears the descriptor after the used one")
/* clang-format on */

#endif
