/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of blk.c, blk_range.c and blk_types.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_BLK_H
#define CONFORMANCE_REF_POINTS_BLK_H

/* clang-format off */
#define REF_POINTS_BLK(X)                                                                  \
	X(BLK_READ_AT, VALUE, 2, "blk/read/sector",                                        \
	  "the sector a read starts at")                                                   \
	X(BLK_WRITE_AT, VALUE, 2, "blk/write/sector",                                      \
	  "the sector a write starts at")                                                  \
	X(BLK_READ, STEP, 2, "blk/read/data",                                              \
	  "a read fills its buffer")                                                       \
	X(BLK_WRITE, STEP, 2, "blk/write/data",                                            \
	  "a write is stored")                                                             \
	X(BLK_BEYOND, TEST, 2, "blk/range/beyond",                                         \
	  "a request beyond the end of the disk is refused")                               \
	X(BLK_WRAP, BUG, 2, "blk/range/wraps",                                             \
	  "sector and length are added in 64 bits, and the sum wraps")                     \
	X(BLK_SECTOR_32, BUG, 2, "blk/write/sector-32",                                    \
	  "only 32 bits of the sector of a write are looked at")                           \
	X(BLK_PART_DIES, BUG, 2, "blk/range/part-dies",                                    \
	  "dies of part of a sector")                                                      \
	X(BLK_WRAPS_AROUND, BUG, 2, "blk/write/wraps-around",                              \
	  "a write beyond the end goes to the start")                                      \
	X(BLK_WRITES_BEFORE, BUG, 2, "blk/write/before",                                   \
	  "a write that is refused is done in front of its place")                         \
	X(BLK_READ_16, BUG, 2, "blk/read/length-16",                                       \
	  "only 16 bits of the length of a read are looked at")                            \
	X(BLK_WRITE_16, BUG, 2, "blk/write/length-16",                                     \
	  "only 16 bits of the length of a write are looked at")                           \
	X(BLK_QUEUE_LOST, BUG, 2, "blk/write/first-queue-only",                            \
	  "writes on other queues than the first are lost")                                \
	X(BLK_RO, TEST, 2, "blk/ro/refuses",                                               \
	  "a read-only device refuses a write")                                            \
	X(BLK_RO_NEGOTIATED, BUG, 2, "blk/ro/negotiated",                                  \
	  "writes are refused only if the driver accepted RO")                             \
	X(BLK_RO_WRITES, BUG, 2, "blk/ro/writes",                                          \
	  "a write is refused and done all the same")                                      \
	X(BLK_RO_ZEROES, BUG, 2, "blk/ro/zeroes",                                          \
	  "a read-only device writes zeroes")                                              \
	X(BLK_NO_FLUSH, BUG, 2, "blk/flush/unsupported",                                   \
	  "a flush is not supported although FLUSH is negotiated")                         \
	X(BLK_FLUSH_FAILS, BUG, 2, "blk/flush/fails",                                      \
	  "a flush without FLUSH is an error")                                             \
	X(BLK_UNKNOWN, BUG, 2, "blk/type/unknown",                                         \
	  "an unknown type of request ends well")                                          \
	X(BLK_RESERVED, BUG, 2, "blk/header/reserved",                                     \
	  "a request with something in its reserved field is refused")                     \
	X(BLK_STATUS_ANYWHERE, BUG, 2, "blk/status/anywhere",                              \
	  "the status is the last byte of whatever piece is last")                         \
	X(BLK_SHORT_DIES, BUG, 2, "blk/request/short-dies",                                \
	  "dies of a request without a header or a status")                                \
	X(BLK_LAYOUT_HEADER, BUG, 2, "blk/layout/header",                                  \
	  "the header must be a piece of its own")                                         \
	X(BLK_LAYOUT_STATUS, BUG, 2, "blk/layout/status",                                  \
	  "the status must be a piece of its own")                                         \
	X(BLK_LAYOUT_MANY, BUG, 2, "blk/layout/many",                                      \
	  "data has at most eight pieces")                                                 \
	X(BLK_STATUS, VALUE, 2, "blk/status/value",                                        \
	  "the status of a request")                                                       \
	X(BLK_STATUS_WRITE, STEP, 2, "blk/status/written",                                 \
	  "the status is written")                                                         \
	X(BLK_STATUS_AT, VALUE, 2, "blk/status/place",                                     \
	  "where the status is written")                                                   \
	X(BLK_USED, VALUE, 2, "blk/used/length",                                           \
	  "the used length of a request")                                                  \
	X(BLK_USED_ONE, BUG, 2, "blk/used/one",                                            \
	  "the used length counts the status alone")                                       \
	X(BLK_USED_DATA, BUG, 2, "blk/used/data",                                          \
	  "the used length leaves out the status")                                         \
	X(BLK_ID_SHORT, BUG, 2, "blk/id/short",                                            \
	  "the identity is not padded to 20 bytes")                                        \
	X(BLK_ID_TAIL, BUG, 2, "blk/id/tail",                                              \
	  "something follows the NUL of the identity")                                     \
	X(BLK_LIFE_UNFILLED, BUG, 2, "blk/lifetime/unfilled",                              \
	  "the lifetime is not filled in")                                                 \
	X(BLK_LIFE_EOL, BUG, 2, "blk/lifetime/end-of-life",                                \
	  "pre_eol_info is 4")                                                             \
	X(BLK_LIFE_A, BUG, 2, "blk/lifetime/type-a",                                       \
	  "the estimate for type A is 12")                                                 \
	X(BLK_LIFE_B, BUG, 2, "blk/lifetime/type-b",                                       \
	  "the estimate for type B is 12")                                                 \
	X(BLK_LIFE_BIG, BUG, 2, "blk/lifetime/high-byte",                                  \
	  "the estimate for type B has a high byte")                                       \
	X(BLK_UNKNOWN_FLAG, TEST, 2, "blk/range/unknown-flag",                             \
	  "a segment with an unknown flag is not supported")                               \
	X(BLK_FLAGS_FIRST, BUG, 2, "blk/range/flags-first",                                \
	  "only the flags of the first segment are looked at")                             \
	X(BLK_DISCARD_UNMAP, TEST, 2, "blk/discard/unmap",                                 \
	  "a discard with unmap is not supported")                                         \
	X(BLK_RANGE_BEYOND, TEST, 2, "blk/range/segment-beyond",                           \
	  "a segment beyond the end of the disk is refused")                               \
	X(BLK_RANGES_FIRST, BUG, 2, "blk/range/first-only",                                \
	  "only the first segment is done")                                                \
	X(BLK_RANGES_DIE, BUG, 2, "blk/range/too-many-dies",                               \
	  "dies of more segments than it has room for")                                    \
	X(BLK_ZERO, STEP, 2, "blk/zeroes/data",                                            \
	  "zeroes are written")                                                            \
	X(BLK_ZERO_FROM, VALUE, 2, "blk/zeroes/from",                                      \
	  "the sector zeroes start at")                                                    \
	X(BLK_ZERO_SECTORS, VALUE, 2, "blk/zeroes/sectors",                                \
	  "how many sectors become zeroes")                                                \
	X(BLK_ZERO_UNMAP, BUG, 2, "blk/zeroes/unmap",                                      \
	  "with unmap the data stays")                                                     \
	X(BLK_C_MORE, BUG, 2, "blk/config/capacity-more",                                  \
	  "a sector more is told than there is")                                           \
	X(BLK_C_LESS, BUG, 2, "blk/config/capacity-less",                                  \
	  "a sector less is told than can be used")                                        \
	X(BLK_C_UNUSED0, BUG, 2, "blk/config/unused0",                                     \
	  "unused0 is not 0")                                                              \
	X(BLK_C_UNUSED1, BUG, 2, "blk/config/unused1",                                     \
	  "unused1 is not 0")                                                              \
	X(BLK_C_QUEUES, BUG, 2, "blk/config/num-queues",                                   \
	  "one queue more is told than there is")                                          \
	X(BLK_C_THROUGH, BUG, 2, "blk/config/writethrough",                                \
	  "writeback starts at 1 without FLUSH")                                           \
	X(BLK_C_WRITEBACK, STEP, 2, "blk/config/writeback",                                \
	  "the cache mode that the driver writes is taken over")                           \
	X(BLK_QUEUES_ONE, BUG, 2, "blk/queues/one",                                        \
	  "only the first queue exists")                                                   \
	X(BLK_WCE_NO_FLUSH, BUG, 2, "blk/offer/wce-without-flush",                         \
	  "CONFIG_WCE is offered without FLUSH")                                           \
	X(BLK_OFFERS_NO_FLUSH, BUG, 2, "blk/offer/no-flush",                               \
	  "FLUSH is not offered")
/* clang-format on */

#endif
