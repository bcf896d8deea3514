/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of packed.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_PACKED_H
#define CONFORMANCE_REF_POINTS_PACKED_H

/* clang-format off */
#define REF_POINTS_PACKED(X)                                                                       \
	X(PACKED_AVAILABLE, TEST, 0, "packed/available",                                           \
	  "a descriptor is available by its two flags")                                            \
	X(PACKED_AVAIL_ONLY, BUG, 0, "packed/avail-only",                                          \
	  "takes a descriptor by its AVAIL flag alone")                                            \
	X(PACKED_USED_ONLY, BUG, 0, "packed/used-only",                                            \
	  "takes a descriptor by its USED flag alone")                                             \
	X(PACKED_DIFFER, BUG, 0, "packed/differ",                                                  \
	  "takes any descriptor whose two flags differ, of whatever lap")                          \
	X(PACKED_LOOKS_AHEAD, BUG, 0, "packed/looks-ahead",                                        \
	  "goes on with the next slot when one is not available yet")                              \
	X(PACKED_AVAIL_WRAP, STEP, 0, "packed/avail-wrap",                                         \
	  "the available wrap counter turns at the end")                                           \
	X(PACKED_USED_WRAP, STEP, 0, "packed/used-wrap", "the used wrap counter turns at the end") \
	X(PACKED_AVAIL_ACROSS, BUG, 0, "packed/avail-across",                                      \
	  "forgets the wrap counter when a list goes across the end")                              \
	X(PACKED_USED_ACROSS, BUG, 0, "packed/used-across",                                        \
	  "forgets the used wrap counter when a list goes across the end")                         \
	X(PACKED_USED_EXACT, BUG, 0, "packed/used-exact",                                          \
	  "a list that ends with the ring leaves its used slot beyond the end")                    \
	X(PACKED_POWER_OF_TWO, BUG, 0, "packed/power-of-two",                                      \
	  "takes the ring's size for a power of two")                                              \
	X(PACKED_NEXT_FLAG, TEST, 0, "packed/next-flag", "a list goes on where NEXT is set") \
	X(PACKED_LOOP, TEST, 0, "packed/loop", "a list longer than the queue is a violation") \
	X(PACKED_MIXED_WAITS, BUG, 0, "packed/mixed-waits",                                        \
	  "spins until the rest of a list is available")                                           \
	X(PACKED_ID, VALUE, 0, "packed/id", "the buffer id") \
	X(PACKED_ID_FIRST, BUG, 0, "packed/id-first",                                              \
	  "takes the id of a list from its first descriptor")                                      \
	X(PACKED_ID_UNCHECKED, BUG, 0, "packed/id-unchecked",                                      \
	  "an id beyond the queue is an index beyond a table of its own")                          \
	X(PACKED_ID_TWICE, BUG, 0, "packed/id-twice",                                              \
	  "an id that is outstanding already takes the device down")                               \
	X(PACKED_WRITE_FLAG, TEST, 0, "packed/write-flag",                                         \
	  "a piece is writable where WRITE is set")                                                \
	X(PACKED_LEN, VALUE, 0, "packed/len", "the length of a piece") \
	X(PACKED_LEN_ZERO, BUG, 0, "packed/len-zero",                                              \
	  "a piece of no length takes the device down")                                            \
	X(PACKED_ADDR, VALUE, 0, "packed/addr", "the address of a piece") \
	X(PACKED_ADDR_START, BUG, 0, "packed/addr-start",                                          \
	  "looks only where a piece starts, and reaches beyond the end of memory")                 \
	X(PACKED_ADDR_OVERFLOW, BUG, 0, "packed/addr-overflow",                                    \
	  "the end of a piece overflows, and memory before the first is reached")                  \
	X(PACKED_ADDR_ANY, BUG, 0, "packed/addr-any", "uses addresses as they are") \
	X(PACKED_ORDER_WRITES, BUG, 0, "packed/order-writes",                                      \
	  "takes a readable piece behind a writable one for writable")                             \
	X(PACKED_FLAGS_KILL, BUG, 0, "packed/flags-kill", "a reserved flag takes the device down") \
	X(PACKED_INDIRECT, TEST, 0, "packed/indirect", "an indirect table is followed") \
	X(PACKED_INDIRECT_REFUSED, BUG, 0, "packed/indirect-refused",                              \
	  "refuses tables although they were negotiated")                                          \
	X(PACKED_INDIRECT_ROUNDS, BUG, 0, "packed/indirect-rounds",                                \
	  "rounds the length of a table up")                                                       \
	X(PACKED_INDIRECT_COUNT, VALUE, 0, "packed/indirect-count", "how many pieces a table has") \
	X(PACKED_INDIRECT_WRITE, BUG, 0, "packed/indirect-write",                                  \
	  "goes by WRITE in the descriptor of a table")                                            \
	X(PACKED_INDIRECT_CHAINED, BUG, 0, "packed/indirect-chained",                              \
	  "ends a table where NEXT is not set")                                                    \
	X(PACKED_INDIRECT_STRICT, BUG, 0, "packed/indirect-strict",                                \
	  "refuses a table with flags that are to be ignored")                                     \
	X(PACKED_INDIRECT_NESTED, BUG, 0, "packed/indirect-nested", "follows a table in a table") \
	X(PACKED_INDIRECT_ID, BUG, 0, "packed/indirect-id",                                        \
	  "takes the id from the last entry of a table")                                           \
	X(PACKED_INDIRECT_SLOTS, BUG, 0, "packed/indirect-slots",                                  \
	  "counts the entries of a table as slots")                                                \
	X(PACKED_INDIRECT_MARKS, BUG, 0, "packed/indirect-marks", "marks a table as used") \
	X(PACKED_INDIRECT_ANY, BUG, 0, "packed/indirect-any",                                      \
	  "follows a table wherever it says it lies")                                              \
	X(PACKED_INDIRECT_LONG, BUG, 0, "packed/indirect-long",                                    \
	  "a table longer than the queue runs over a table of its own")                            \
	X(PACKED_INDIRECT_IN_LIST, BUG, 0, "packed/indirect-in-list",                              \
	  "a table inside a list takes the device down")                                           \
	X(PACKED_SKIP, VALUE, 0, "packed/skip", "how many slots a used buffer takes") \
	X(PACKED_USED_ID, VALUE, 0, "packed/used-id", "the id of a used descriptor") \
	X(PACKED_USED_LEN, VALUE, 0, "packed/used-len", "the length of a used descriptor") \
	X(PACKED_USED_WRITE, TEST, 0, "packed/used-write",                                         \
	  "WRITE is set where the buffer was written")                                             \
	X(PACKED_USED_FLAGS, STEP, 0, "packed/used-flags", "the used descriptor is marked used") \
	X(PACKED_USED_AT_LAST, BUG, 0, "packed/used-at-last",                                      \
	  "marks the last descriptor of a list used, not the first")                               \
	X(PACKED_USED_LATE, BUG, 0, "packed/used-late", "changes the used descriptor before") \
	X(PACKED_WRITES_ALL, BUG, 0, "packed/marks-all", "marks every descriptor of a list used") \
	X(PACKED_WRITES_NEXT, BUG, 0, "packed/writes-next",                                        \
	  "clears the descriptor after the used one")                                              \
	X(PACKED_BATCH_ID, BUG, 0, "packed/batch-id", "gives a batch the id of its first buffer") \
	X(PACKED_BATCH_AT_LAST, BUG, 0, "packed/batch-at-last",                                    \
	  "writes the used descriptor of a batch where its last buffer lies")                      \
	X(PACKED_BATCH_SKIP, BUG, 0, "packed/batch-skip",                                          \
	  "skips one slot for each buffer of a batch")                                             \
	X(PACKED_BATCH_SUM, BUG, 0, "packed/batch-sum",                                            \
	  "gives a batch the length of all its buffers")                                           \
	X(PACKED_EVENT, STEP, 0, "packed/event-needed",                                            \
	  "the event offset was crossed, a call is wanted")                                        \
	X(PACKED_ENABLE, STEP, 0, "packed/event-enabled", "events are enabled, a call is wanted") \
	X(PACKED_ENABLE_OFFSET, BUG, 0, "packed/enable-offset",                                    \
	  "goes by the event offset although all events are enabled")                              \
	X(PACKED_DESC_OFF, BUG, 0, "packed/desc-off", "takes events of one descriptor for none") \
	X(PACKED_STICKY, BUG, 0, "packed/event-sticky", "events once disabled stay disabled") \
	X(PACKED_EVENT_OFF, VALUE, 0, "packed/event-off", "the driver's event offset as read") \
	X(PACKED_EVENT_WRAP, TEST, 0, "packed/event-wrap",                                         \
	  "the driver's event wrap counter as read")                                               \
	X(PACKED_EVENT_IGNORES_WRAP, BUG, 0, "packed/event-ignores-wrap",                          \
	  "waits for an offset in this lap, whatever its wrap counter")                            \
	X(PACKED_EVENT_EXACT, BUG, 0, "packed/event-exact",                                        \
	  "calls only when the last buffer of a batch is the one asked for")                       \
	X(PACKED_EVENT_HEAD, BUG, 0, "packed/event-head",                                          \
	  "calls only for the slot of a used descriptor, not for those it skips")                  \
	X(PACKED_EVENT_BUFFERS, BUG, 0, "packed/event-buffers",                                    \
	  "counts used buffers instead of slots")                                                  \
	X(PACKED_EVENT_MASK, BUG, 0, "packed/event-mask",                                          \
	  "compares event offsets as if the ring's size were a power of two")                      \
	X(PACKED_EVENT_UNCHECKED, BUG, 0, "packed/event-unchecked",                                \
	  "an event offset beyond the ring takes the device down")                                 \
	X(PACKED_EVENT_RESERVED, BUG, 0, "packed/event-reserved",                                  \
	  "a reserved value in the driver's event flags takes the device down")                    \
	X(PACKED_DRIVER_EVENT_WRITE, BUG, 0, "packed/driver-event-write",                          \
	  "clears the driver's event structure")                                                   \
	X(PACKED_DEV_EVENT, VALUE, 0, "packed/dev-event",                                          \
	  "the offset in the device's event structure")                                            \
	X(PACKED_DEV_WRAP, TEST, 0, "packed/dev-wrap",                                             \
	  "the wrap counter in the device's event structure")                                      \
	X(PACKED_DEV_DESC, BUG, 0, "packed/dev-desc",                                              \
	  "asks for kicks at a descriptor without EVENT_IDX")                                      \
	X(PACKED_DEV_RESERVED, BUG, 0, "packed/dev-reserved",                                      \
	  "sets reserved bits in its event structure")                                             \
	X(PACKED_DEV_WIDE, BUG, 0, "packed/dev-wide", "writes 8 bytes as its event structure") \
	X(PACKED_DEV_READ, BUG, 0, "packed/dev-read",                                              \
	  "reads its own event structure and goes by it")                                          \
	X(PACKED_KICK_EMPTY, BUG, 0, "packed/kick-empty",                                          \
	  "takes a kick without a buffer for a violation")                                         \
	X(PACKED_KICK_STORM, BUG, 0, "packed/kick-storm", "keeps a list of kicks that overflows") \
	X(PACKED_READ_AHEAD, BUG, 0, "packed/read-ahead",                                          \
	  "reads beyond the end of a readable piece")                                              \
	X(PACKED_READ_WRITABLE, BUG, 0, "packed/read-writable", "reads writable pieces") \
	X(PACKED_TABLE_AHEAD, BUG, 0, "packed/table-ahead", "reads beyond the end of a table") \
	X(PACKED_RING_AHEAD, BUG, 0, "packed/ring-ahead", "reads beyond the end of the ring")
/* clang-format on */

#endif
