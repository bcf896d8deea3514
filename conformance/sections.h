/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections, one file each: one line here for a new file. */
#ifndef CONFORMANCE_SECTIONS_H
#define CONFORMANCE_SECTIONS_H

#include "conformance/conf.h"

/* clang-format off */
#define CONF_SECTIONS(X)                                                                           \
	X(conf_section_status)                                                                     \
	X(conf_section_features)                                                                   \
	X(conf_section_notify)                                                                     \
	X(conf_section_reset)                                                                      \
	X(conf_section_config)                                                                     \
	X(conf_section_queues)                                                                     \
	X(conf_section_queue_reset)                                                                \
	X(conf_section_split)                                                                      \
	X(conf_section_split_frame)                                                                \
	X(conf_section_split_indirect)                                                             \
	X(conf_section_split_event)                                                                \
	X(conf_section_split_order)                                                                \
	X(conf_section_split_robust)                                                               \
	X(conf_section_split_wild)                                                                 \
	X(conf_section_packed)                                                                     \
	X(conf_section_packed_list)                                                                \
	X(conf_section_packed_indirect)                                                            \
	X(conf_section_packed_event)                                                               \
	X(conf_section_packed_order)                                                               \
	X(conf_section_packed_robust)                                                              \
	X(conf_section_packed_chaos)                                                               \
	X(conf_section_init)                                                                       \
	X(conf_section_suspend)                                                                    \
	X(conf_section_net)                                                                        \
	X(conf_section_net_tx)                                                                     \
	X(conf_section_net_rx)                                                                     \
	X(conf_section_net_offload)                                                                \
	X(conf_section_net_ctrl)                                                                   \
	X(conf_section_net_filter)                                                                 \
	X(conf_section_blk)                                                                        \
	X(conf_section_blk_config)                                                                 \
	X(conf_section_blk_ask)                                                                    \
	X(conf_section_blk_segment)                                                                \
	X(conf_section_blk_robust)                                                                 \
	X(conf_section_blk_zoned)                                                                  \
	X(conf_section_blk_zone_write)                                                             \
	X(conf_section_blk_zone_state)                                                             \
	X(conf_section_console)                                                                    \
	X(conf_section_console_multiport)                                                          \
	X(conf_section_rng)                                                                        \
	X(conf_section_fs)                                                                         \
	X(conf_section_fs_data)                                                                    \
	X(conf_section_fs_robust)                                                                  \
	X(conf_section_reserved)                                                                   \
	X(conf_section_vop)                                                                        \
	X(conf_section_vhost_user)                                                                 \
	X(conf_section_vhost_user_ring)                                                            \
	X(conf_section_vhost_user_robust)                                                          \
	X(conf_section_random)
/* clang-format on */

#define CONF_SECTION_DECLARE(sym) extern const struct conf_section sym;
CONF_SECTIONS(CONF_SECTION_DECLARE)
#undef CONF_SECTION_DECLARE

/* In the order of the specification, ended by NULL. */
extern const struct conf_section *const conf_sections[];

#endif
