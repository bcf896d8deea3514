/* SPDX-License-Identifier: BSD-2-Clause */
#include "conformance/lane.h"
#include "conformance/sections.h"

const struct conf_section *const conf_sections[] = {
#define CONF_SECTION_ROW(sym) &sym,
	CONF_SECTIONS(CONF_SECTION_ROW)
#undef CONF_SECTION_ROW
		NULL,
};

/* clang-format off */
const struct lane *const conf_lanes[] = {
	&conf_lane_net_tx,
	&conf_lane_net_rx,
	&conf_lane_blk,
	&conf_lane_console_tx,
	&conf_lane_console_rx,
	&conf_lane_rng,
	&conf_lane_fs,
	NULL,
};
/* clang-format on */
