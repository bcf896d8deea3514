/* SPDX-License-Identifier: BSD-2-Clause */
/* More fault points all over the reference device, chosen by another one who did not know the
 * checks; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_BLIND2_H
#define CONFORMANCE_REF_POINTS_BLIND2_H

/* clang-format off */
#define REF_POINTS_BLIND2(X)                                                                       \
	X(BLIND2_FULL_CHAIN, BUG, 0, "blind2/split-full-chain",                                    \
	  "refuses a chain of as many descriptors as the queue has")                               \
	X(BLIND2_BACKWARDS, BUG, 0, "blind2/split-backwards",                                      \
	  "takes a next below its own descriptor for a loop")                                      \
	X(BLIND2_USED_FULL, BUG, 0, "blind2/packed-used-full",                                     \
	  "a list as long as the ring leaves the used wrap counter as it is")                      \
	X(BLIND2_ID_ACROSS, BUG, 0, "blind2/packed-id-across",                                     \
	  "takes the id of a list that goes across the end from the ring's last slot")             \
	X(BLIND2_AVAIL_EVENT_SLOT, BUG, 0, "blind2/split-avail-event-slot",                        \
	  "asks for a kick at a slot of the ring instead of at an index")                          \
	X(BLIND2_ARM_HEAD, BUG, 0, "blind2/packed-arm-head",                                       \
	  "asks for a kick at the slot behind the head of the last list")                          \
	X(BLIND2_EVENT_WHOLE, BUG, 0, "blind2/event-whole-queue",                                  \
	  "takes as many used as the queue has for none when it compares event indexes")           \
	X(BLIND2_TABLE_CACHED, BUG, 0, "blind2/indirect-cached",                                   \
	  "keeps the first entry of a table where the one before lay as well")                     \
	X(BLIND2_TABLE_ALIGNED, BUG, 0, "blind2/indirect-aligned",                                 \
	  "takes the lower four bits of a table's address for 0")                                  \
	X(BLIND2_ID_COUNTED, BUG, 0, "blind2/in-order-id-counted",                                 \
	  "counts from the first buffer of a batch to the id of the last one")                     \
	X(BLIND2_FEATURES_UPPER, BUG, 0, "blind2/features-upper",                                  \
	  "accepts features from 64 on that it did not offer")                                     \
	X(BLIND2_RESUME_WRAP, BUG, 0, "blind2/resume-wrap",                                        \
	  "keeps its slots while suspended, and not its wrap counters")                            \
	X(BLIND2_NEEDS_RESET_ACK, BUG, 0, "blind2/needs-reset-acknowledged",                       \
	  "a write of status clears NEEDS_RESET")                                                  \
	X(BLIND2_VLAN_PRIORITY, BUG, 1, "blind2/net-vlan-priority",                                \
	  "filters by all of a tag, and loses frames with a priority")                             \
	X(BLIND2_MERGE_EXACT, BUG, 1, "blind2/net-merge-exact",                                    \
	  "uses one buffer more for a frame that fills its buffers exactly")                       \
	X(BLIND2_RANGE_SUM, BUG, 2, "blind2/blk-range-sum",                                        \
	  "refuses segments that are too long for one only together")                              \
	X(BLIND2_SEG_MAX, BUG, 2, "blind2/blk-seg-max",                                            \
	  "counts header and status among the pieces of which seg_max speaks")                     \
	X(BLIND2_ODD_PIECES, BUG, 2, "blind2/blk-odd-pieces",                                      \
	  "fails reads and writes with a piece that is not of whole sectors")                      \
	X(BLIND2_BEGINS_AGAIN, BUG, 3, "blind2/console-begins-again",                              \
	  "a transmit buffer that waited for room is taken from its start again")
/* clang-format on */

#endif
