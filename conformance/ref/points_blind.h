/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points all over the reference device, chosen by one who did not know the checks; see
 * point.h. */
#ifndef CONFORMANCE_REF_POINTS_BLIND_H
#define CONFORMANCE_REF_POINTS_BLIND_H

/* clang-format off */
#define REF_POINTS_BLIND(X) \
	X(BLIND_NEIGHBOURS, BUG, 0, "blind/neighbours",                                            \
	  "takes a piece that adjoins the one before it for more of it, of either way") \
	X(BLIND_ID_HALF, BUG, 0, "blind/split-id-half",                                            \
	  "writes the lower half of the id of a used element only")                                \
	X(BLIND_FULL_EMPTY, BUG, 0, "blind/split-full-is-empty",                                   \
	  "takes an available ring with every entry in use for an empty one")                      \
	X(BLIND_EVENT_PLACE, BUG, 0, "blind/split-event-place",                                    \
	  "after a queue reset the event indexes stay where they were with the old size")          \
	X(BLIND_INDIRECT_ID, BUG, 0, "blind/split-indirect-id",                                    \
	  "a table behind direct descriptors gives the buffer its id")                             \
	X(BLIND_INDIRECT_PAGE, BUG, 0, "blind/indirect-page",                                      \
	  "what goes beyond a page of an indirect table is read from the start of the page")       \
	X(BLIND_GROUP, BUG, 0, "blind/packed-group",                                               \
	  "takes four descriptors at once by the first of them, and heeds no NEXT of the others")  \
	X(BLIND_RESET_WRAP, BUG, 0, "blind/packed-reset-wrap",                                     \
	  "a queue reset leaves the used wrap counter as it is")                                   \
	X(BLIND_TOP_ID, BUG, 0, "blind/packed-top-id", "refuses the highest buffer id there is") \
	X(BLIND_ARM_END, BUG, 0, "blind/packed-arm-end",                                           \
	  "asks for a kick at the first slot with the wrap counter of the lap before")             \
	X(BLIND_EVENT_CACHED, BUG, 0, "blind/event-cached",                                        \
	  "looks only when it is kicked whether the driver wants to be called")                    \
	X(BLIND_FLUSH_LAST, BUG, 2, "blind/in-order-flush",                                        \
	  "a flush is used after what came with it, with IN_ORDER too")                            \
	X(BLIND_GENERATION_BIT, BUG, 1, "blind/generation-bit",                                    \
	  "the configuration generation has one bit")                                              \
	X(BLIND_RESET_HELD, BUG, 0, "blind/queue-reset-held",                                      \
	  "keeps the buffers it holds over a queue reset")                                         \
	X(BLIND_RESUME_USED, BUG, 0, "blind/resume-used",                                          \
	  "resumes as if all that was available had been used")                                    \
	X(BLIND_MRG_HEADER, BUG, 1, "blind/net-merge-header",                                      \
	  "forgets the header when it counts the buffers for a frame")                             \
	X(BLIND_ODD_SUM, BUG, 1, "blind/net-odd-sum",                                              \
	  "leaves the last byte of an odd number out of a checksum")                               \
	X(BLIND_ERROR_STATUS, BUG, 2, "blind/blk-error-status",                                    \
	  "the status of a request that fails stands where its data would begin")                  \
	X(BLIND_DISCARD_ROUNDS, BUG, 2, "blind/blk-discard-rounds",                                \
	  "rounds a discard out to physical blocks")                                               \
	X(BLIND_PIECES_SAME, BUG, 4, "blind/rng-pieces-same",                                      \
	  "gives every piece of a buffer the same bytes")
/* clang-format on */

#endif
