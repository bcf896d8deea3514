/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of split.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_SPLIT_H
#define CONFORMANCE_REF_POINTS_SPLIT_H

/* clang-format off */
#define REF_POINTS_SPLIT(X)                                                                        \
	X(SPLIT_AVAIL_AT, VALUE, 0, "split/avail-at", "where the next available entry is read")    \
	X(SPLIT_AVAIL_GREATER, BUG, 0, "split/avail-greater",                                      \
	  "takes buffers only while the available index is greater than its own")                  \
	X(SPLIT_EAGER, BUG, 0, "split/eager",                                                      \
	  "takes entries that the available index does not cover yet")                             \
	X(SPLIT_JUMP_OVERRUN, BUG, 0, "split/jump-overrun",                                        \
	  "dies when the available index jumps")                                                   \
	X(SPLIT_SIZE_128, BUG, 0, "split/size-128",                                                \
	  "takes rings of more than 128 entries for rings of 128")                                 \
	X(SPLIT_HEAD, VALUE, 0, "split/head", "the head of the chain")                             \
	X(SPLIT_HEAD_RANGE, TEST, 0, "split/head-range",                                           \
	  "a head beyond the table is a violation")                                                \
	X(SPLIT_NEXT, VALUE, 0, "split/next", "the next descriptor of a chain")                    \
	X(SPLIT_NEXT_FLAG, TEST, 0, "split/next-flag", "a chain goes on where NEXT is set")        \
	X(SPLIT_NEXT_ALONE, BUG, 0, "split/next-alone",                                            \
	  "goes on where next is not 0, whatever NEXT says")                                       \
	X(SPLIT_NEXT_RANGE, TEST, 0, "split/next-range",                                           \
	  "a next beyond the table is a violation")                                                \
	X(SPLIT_LOOP, TEST, 0, "split/loop", "a chain longer than the queue is a violation")       \
	X(SPLIT_WRITE_FLAG, TEST, 0, "split/write-flag",                                           \
	  "a piece is writable where WRITE is set")                                                \
	X(SPLIT_RESERVED, BUG, 0, "split/reserved-flags",                                          \
	  "dies of reserved flags of a descriptor")                                                \
	X(SPLIT_LEN, VALUE, 0, "split/len", "the length of a piece")                               \
	X(SPLIT_EMPTY, BUG, 0, "split/empty-piece", "dies of a piece of no bytes")                 \
	X(SPLIT_ADDR, VALUE, 0, "split/addr", "the address of a piece")                            \
	X(SPLIT_ADDR_RANGE, TEST, 0, "split/addr-range",                                           \
	  "a piece outside the driver's memory is a violation")                                    \
	X(SPLIT_ADDR_START, BUG, 0, "split/addr-start", "looks only where a piece starts")         \
	X(SPLIT_ADDR_WRAPS, BUG, 0, "split/addr-wraps",                                            \
	  "computes the end of a piece without minding that it wraps")                             \
	X(SPLIT_READS_WRITABLE, BUG, 0, "split/reads-writable", "reads writable pieces")           \
	X(SPLIT_ORDER, TEST, 0, "split/order",                                                     \
	  "a readable piece behind a writable one is a violation")                                 \
	X(SPLIT_INDIRECT, TEST, 0, "split/indirect", "an indirect table is followed")              \
	X(SPLIT_INDIRECT_FEATURE, STEP, 0, "split/indirect-feature",                               \
	  "a table is followed when the feature was negotiated")                                   \
	X(SPLIT_INDIRECT_LEN, TEST, 0, "split/indirect-len",                                       \
	  "a table of a wrong length is a violation")                                              \
	X(SPLIT_INDIRECT_RANGE, TEST, 0, "split/indirect-range",                                   \
	  "a table outside the driver's memory is a violation")                                    \
	X(SPLIT_INDIRECT_NEST, TEST, 0, "split/indirect-nested",                                   \
	  "a table in a table is a violation")                                                     \
	X(SPLIT_INDIRECT_NEXT, TEST, 0, "split/indirect-next",                                     \
	  "a next beyond an indirect table is a violation")                                        \
	X(SPLIT_INDIRECT_WRITE, BUG, 0, "split/indirect-write",                                    \
	  "refuses a table that is marked WRITE")                                                  \
	X(SPLIT_INDIRECT_ALONE, BUG, 0, "split/indirect-alone",                                    \
	  "refuses a table behind direct descriptors")                                             \
	X(SPLIT_INDIRECT_ROW, BUG, 0, "split/indirect-row",                                        \
	  "takes the entries of a table as they stand, whatever next says")                        \
	X(SPLIT_USED_AT, VALUE, 0, "split/used-at", "where the next used element goes")            \
	X(SPLIT_USED_ID, VALUE, 0, "split/used-id", "the id of a used element")                    \
	X(SPLIT_ID_LAST, BUG, 0, "split/id-last",                                                  \
	  "the id is that of the last descriptor of the chain")                                    \
	X(SPLIT_USED_LEN, VALUE, 0, "split/used-len", "the length of a used element")              \
	X(SPLIT_LEN_READABLE, BUG, 0, "split/len-readable",                                        \
	  "the length counts what was read as well")                                               \
	X(SPLIT_LEN_ROOM, BUG, 0, "split/len-room", "the length is the room there was")            \
	X(SPLIT_USED_ELEM, STEP, 0, "split/used-elem", "the used element is written")              \
	X(SPLIT_ELEM_LATE, BUG, 0, "split/elem-late",                                              \
	  "the used element is written when the next one is due")                                  \
	X(SPLIT_USED_IDX, VALUE, 0, "split/used-idx", "the used index")                            \
	X(SPLIT_USED_15, BUG, 0, "split/used-15-bits", "the used index goes from 32767 to 0")      \
	X(SPLIT_BATCH_SLOT, BUG, 0, "split/batch-slot",                                            \
	  "the element of a batch lies where its last buffer's would")                             \
	X(SPLIT_BATCH_FIRST, BUG, 0, "split/batch-first",                                          \
	  "the element of a batch names its first buffer")                                         \
	X(SPLIT_BATCH_ONE, BUG, 0, "split/batch-one", "the used index moves by one for a batch")   \
	X(SPLIT_EVENT, TEST, 0, "split/event-needed", "the event index was crossed")               \
	X(SPLIT_EVENT_PLAIN, BUG, 0, "split/event-plain",                                          \
	  "compares the event index as if it did not wrap")                                        \
	X(SPLIT_EVENT_LAST, BUG, 0, "split/event-last",                                            \
	  "compares the event index with the last buffer only")                                    \
	X(SPLIT_EVENT_SIGNED, BUG, 0, "split/event-signed",                                        \
	  "takes every event index behind for crossed")                                            \
	X(SPLIT_EVENT_ONE_LATE, BUG, 0, "split/event-late",                                        \
	  "calls one buffer after the event index")                                                \
	X(SPLIT_EVENT_UNASKED, BUG, 0, "split/event-unasked",                                      \
	  "heeds the event index without EVENT_IDX")                                               \
	X(SPLIT_EVENT_AND_FLAG, BUG, 0, "split/event-and-flag",                                    \
	  "heeds the driver's flag with EVENT_IDX")                                                \
	X(SPLIT_NO_INTERRUPT, TEST, 0, "split/no-interrupt", "the driver's flag was set")          \
	X(SPLIT_AVAIL_EVENT, VALUE, 0, "split/avail-event", "the available event index")           \
	X(SPLIT_FLAGS_ON, BUG, 0, "split/flags-on", "never asks for kicks again")                  \
	X(SPLIT_FLAGS_OTHER, BUG, 0, "split/flags-other",                                          \
	  "sets a reserved bit in the flags of the used ring")                                     \
	X(SPLIT_FLAGS_EVENT, BUG, 0, "split/flags-event",                                          \
	  "sets the flags of the used ring with EVENT_IDX")                                        \
	X(SPLIT_WRITES_DESC, BUG, 0, "split/writes-desc", "clears the descriptor it used")         \
	X(SPLIT_WRITES_AVAIL, BUG, 0, "split/writes-avail", "writes into the available ring")
/* clang-format on */

#endif
