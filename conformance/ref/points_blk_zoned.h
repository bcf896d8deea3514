/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of blk_zoned.c and of what is zoned in blk_types.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_BLK_ZONED_H
#define CONFORMANCE_REF_POINTS_BLK_ZONED_H

/* clang-format off */
#define REF_POINTS_BLK_ZONED(X)                                                            \
	X(ZONE_NEGOTIATED, TEST, 2, "zone/negotiated",                                     \
	  "zone requests are known with ZONED only")                                       \
	X(ZONE_C_SECTORS, BUG, 2, "zone/config/sectors",                                   \
	  "zone_sectors is not the size of a zone")                                        \
	X(ZONE_C_APPEND_MORE, BUG, 2, "zone/config/append-more",                           \
	  "max_append_sectors is more than an append may have")                            \
	X(ZONE_C_APPEND_LESS, BUG, 2, "zone/config/append-less",                           \
	  "max_append_sectors is less than an append may have")                            \
	X(ZONE_C_APPEND_HUGE, BUG, 2, "zone/config/append-huge",                           \
	  "max_append_sectors is as large as it can be")                                   \
	X(ZONE_C_MODEL, BUG, 2, "zone/config/model",                                       \
	  "the other model is told")                                                       \
	X(ZONE_C_MODEL_NONE, BUG, 2, "zone/config/model-none",                             \
	  "no model is told, and zones are written in order")                              \
	X(ZONE_C_UNUSED, BUG, 2, "zone/config/unused2",                                    \
	  "unused2 is not 0")                                                              \
	X(ZONE_C_ERASE, BUG, 2, "zone/config/erase-alignment",                             \
	  "the alignment of secure erase is half a zone")                                  \
	X(ZONE_C_KEEP, BUG, 2, "zone/config/keep",                                         \
	  "the zoned fields stay without ZONED")                                           \
	X(ZONE_C_WRITABLE, BUG, 2, "zone/config/writable",                                 \
	  "the zoned fields can be written")                                               \
	X(ZONE_HM_NEEDS, TEST, 2, "zone/features/host-managed",                            \
	  "a host-managed device refuses a driver without ZONED")                          \
	X(ZONE_REPORT_CAP, VALUE, 2, "zone/report/capacity",                               \
	  "the capacity of a zone in the report")                                          \
	X(ZONE_REPORT_START, VALUE, 2, "zone/report/start",                                \
	  "the start of a zone in the report")                                             \
	X(ZONE_REPORT_WP, VALUE, 2, "zone/report/wp",                                      \
	  "the write pointer of a zone in the report")                                     \
	X(ZONE_REPORT_TYPE, VALUE, 2, "zone/report/type",                                  \
	  "the type of a zone in the report")                                              \
	X(ZONE_REPORT_STATE, VALUE, 2, "zone/report/state",                                \
	  "the state of a zone in the report")                                             \
	X(ZONE_REPORT_COUNT, VALUE, 2, "zone/report/count",                                \
	  "the number of zones in a report")                                               \
	X(ZONE_REPORT_TOTAL, BUG, 2, "zone/report/total",                                  \
	  "a report counts all zones there are")                                           \
	X(ZONE_REPORT_ALL, BUG, 2, "zone/report/from-zero",                                \
	  "a report starts at the first zone whatever was asked")                          \
	X(ZONE_OPENS, STEP, 2, "zone/open/state",                                          \
	  "an open or a write changes the state")                                          \
	X(ZONE_OPEN_STATE, TEST, 2, "zone/open/full",                                      \
	  "a full zone cannot be opened")                                                  \
	X(ZONE_OPEN_MAX, VALUE, 2, "zone/open/max",                                        \
	  "how many zones can be open")                                                    \
	X(ZONE_OPEN_LIMIT, TEST, 2, "zone/open/limit",                                     \
	  "no more zones are opened than can be")                                          \
	X(ZONE_OPEN_INVALID, BUG, 2, "zone/open/invalid",                                  \
	  "too many open zones are called an invalid command")                             \
	X(ZONE_REFUSED_CLOSES, BUG, 2, "zone/open/refused-closes",                         \
	  "a zone that cannot be opened becomes closed")                                   \
	X(ZONE_ACTIVE_MAX, VALUE, 2, "zone/active/max",                                    \
	  "how many zones can be active")                                                  \
	X(ZONE_ACTIVE_LIMIT, TEST, 2, "zone/active/limit",                                 \
	  "no more zones become active than can be")                                       \
	X(ZONE_CLOSES, STEP, 2, "zone/close/state",                                        \
	  "a close changes the state")                                                     \
	X(ZONE_CLOSE_STATE, TEST, 2, "zone/close/not-open",                                \
	  "a zone that is neither open nor closed cannot be closed")                       \
	X(ZONE_CLOSE_EMPTY, TEST, 2, "zone/close/empty",                                   \
	  "an open zone without data becomes empty")                                       \
	X(ZONE_FINISHES, STEP, 2, "zone/finish/state",                                     \
	  "a finish changes the state")                                                    \
	X(ZONE_FINISH_CHANGES, BUG, 2, "zone/finish/refused-changes",                      \
	  "a finish that is refused makes the zone full")                                  \
	X(ZONE_RESET_STATE, STEP, 2, "zone/reset/state",                                   \
	  "a reset makes the zone empty")                                                  \
	X(ZONE_RESET_WP, STEP, 2, "zone/reset/wp",                                         \
	  "a reset moves the write pointer to the start")                                  \
	X(ZONE_RESET_DATA, STEP, 2, "zone/reset/data",                                     \
	  "what was in the zone is gone after a reset")                                    \
	X(ZONE_ALL_FIRST, BUG, 2, "zone/reset-all/first",                                  \
	  "only the first zone is reset")                                                  \
	X(ZONE_ALL_NOT_CLOSED, BUG, 2, "zone/reset-all/closed",                            \
	  "closed zones are not reset")                                                    \
	X(ZONE_ALL_NOT_OPEN, BUG, 2, "zone/reset-all/open",                                \
	  "zones opened explicitly are not reset")                                         \
	X(ZONE_ALL_NOT_FULL, BUG, 2, "zone/reset-all/full",                                \
	  "full zones are not reset")                                                      \
	X(ZONE_ERASE, STEP, 2, "zone/erase/resets",                                        \
	  "a secure erase resets the zones")                                               \
	X(ZONE_MANAGE_START, TEST, 2, "zone/manage/start",                                 \
	  "a sector that is not the start of a zone is refused")                           \
	X(ZONE_MANAGE_CONV, BUG, 2, "zone/manage/conventional",                            \
	  "zone requests on a conventional zone end well")                                 \
	X(ZONE_MANAGE_DEAD, BUG, 2, "zone/manage/dead",                                    \
	  "requests on a zone that is read-only or offline end well")                      \
	X(ZONE_REVIVES, BUG, 2, "zone/manage/revives",                                     \
	  "a reset revives a zone that is offline")                                        \
	X(ZONE_WRITE_READ_ONLY, TEST, 2, "zone/write/read-only",                           \
	  "a write into a read-only zone is refused")                                      \
	X(ZONE_OFFLINE_WRITE, TEST, 2, "zone/write/offline",                               \
	  "a write into an offline zone is refused")                                       \
	X(ZONE_OFFLINE_READ, TEST, 2, "zone/read/offline",                                 \
	  "a read from an offline zone is refused")                                        \
	X(ZONE_CROSS_READ, TEST, 2, "zone/read/crosses",                                   \
	  "a read across the end of a zone is refused")                                    \
	X(ZONE_CROSS_WRITE, TEST, 2, "zone/write/crosses",                                 \
	  "a write across the end of a zone is refused")                                   \
	X(ZONE_CROSS_CUTS, BUG, 2, "zone/write/crosses-goes-on",                           \
	  "a write across the end of a zone runs into the next one")                       \
	X(ZONE_AT_WP, TEST, 2, "zone/write/at-wp",                                         \
	  "a write beside the write pointer is refused")                                   \
	X(ZONE_WP_INVALID, BUG, 2, "zone/write/wp-invalid",                                \
	  "a write beside the write pointer is called an invalid command")                 \
	X(ZONE_CAPACITY, TEST, 2, "zone/write/capacity",                                   \
	  "a write beyond the capacity of the zone is refused")                            \
	X(ZONE_GRANULARITY, TEST, 2, "zone/write/granularity",                             \
	  "a write that ends within a granule is refused")                                 \
	X(ZONE_WP_MOVES, VALUE, 2, "zone/write/wp-moves",                                  \
	  "how far a write moves the write pointer")                                       \
	X(ZONE_FILLS, TEST, 2, "zone/write/fills",                                         \
	  "a zone whose capacity is written is full")                                      \
	X(ZONE_APPEND_SWR, TEST, 2, "zone/append/swr",                                     \
	  "an append to another zone than SWR is refused")                                 \
	X(ZONE_APPEND_NONE, STEP, 2, "zone/append/none",                                   \
	  "an append is not supported when max_append_sectors is 0")                       \
	X(ZONE_APPEND_START, TEST, 2, "zone/append/start",                                 \
	  "an append whose sector is not the start of a zone is refused")                  \
	X(ZONE_APPEND_MAX, TEST, 2, "zone/append/max",                                     \
	  "an append beyond max_append_sectors is refused")                                \
	X(ZONE_APPEND_DATA, STEP, 2, "zone/append/data",                                   \
	  "appended data is stored")                                                       \
	X(ZONE_APPEND_SECTOR, VALUE, 2, "zone/append/sector",                              \
	  "where appended data went")
/* clang-format on */

#endif
