/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of split.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_SPLIT_H
#define CONFORMANCE_REF_POINTS_SPLIT_H

/* clang-format off */
#define REF_POINTS_SPLIT(X)                                                                        \
	X(SPLIT_AVAIL_AT, VALUE, 0, "split/avail-at", "where the next available entry is read")    \
	X(SPLIT_AVAIL_JUMP, TEST, 0, "split/avail-jump",                                           \
	  "an available index that jumped is a violation")                                         \
	X(SPLIT_HEAD, VALUE, 0, "split/head", "the head of the chain")                             \
	X(SPLIT_HEAD_RANGE, TEST, 0, "split/head-range", "a head beyond the table is a violation") \
	X(SPLIT_NEXT, VALUE, 0, "split/next", "the next descriptor of a chain")                    \
	X(SPLIT_NEXT_FLAG, TEST, 0, "split/next-flag", "a chain goes on where NEXT is set")        \
	X(SPLIT_NEXT_RANGE, TEST, 0, "split/next-range", "a next beyond the table is a violation") \
	X(SPLIT_LOOP, TEST, 0, "split/loop", "a chain longer than the queue is a violation")       \
	X(SPLIT_WRITE_FLAG, TEST, 0, "split/write-flag", "a piece is writable where WRITE is set") \
	X(SPLIT_LEN, VALUE, 0, "split/len", "the length of a piece")                               \
	X(SPLIT_ADDR, VALUE, 0, "split/addr", "the address of a piece")                            \
	X(SPLIT_ORDER, TEST, 0, "split/order",                                                     \
	  "a readable piece behind a writable one is a violation")                                 \
	X(SPLIT_INDIRECT, TEST, 0, "split/indirect", "an indirect table is followed")              \
	X(SPLIT_INDIRECT_FEATURE, TEST, 0, "split/indirect-feature",                               \
	  "a table without the feature is a violation")                                            \
	X(SPLIT_INDIRECT_LEN, TEST, 0, "split/indirect-len",                                       \
	  "a table of a wrong length is a violation")                                              \
	X(SPLIT_INDIRECT_NEST, TEST, 0, "split/indirect-nested",                                   \
	  "a table in a table is a violation")                                                     \
	X(SPLIT_USED_AT, VALUE, 0, "split/used-at", "where the next used element goes")            \
	X(SPLIT_USED_ID, VALUE, 0, "split/used-id", "the id of a used element")                    \
	X(SPLIT_USED_LEN, VALUE, 0, "split/used-len", "the length of a used element")              \
	X(SPLIT_USED_ELEM, STEP, 0, "split/used-elem", "the used element is written")              \
	X(SPLIT_USED_IDX, VALUE, 0, "split/used-idx", "the used index")                            \
	X(SPLIT_EVENT, TEST, 0, "split/event-needed", "the event index was crossed")               \
	X(SPLIT_NO_INTERRUPT, TEST, 0, "split/no-interrupt", "the driver's flag was set")          \
	X(SPLIT_AVAIL_EVENT, VALUE, 0, "split/avail-event", "the available event index")           \
	X(SPLIT_NO_NOTIFY, VALUE, 0, "split/no-notify", "the flags of the used ring")              \
	X(SPLIT_WRITES_DESC, BUG, 0, "split/writes-desc", "clears the descriptor it used")         \
	X(SPLIT_WRITES_AVAIL, BUG, 0, "split/writes-avail", "writes into the available ring")
/* clang-format on */

#endif
