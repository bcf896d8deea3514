/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections, one file each: one line here for a new file. */
#ifndef CONFORMANCE_SECTIONS_H
#define CONFORMANCE_SECTIONS_H

#include "conformance/conf.h"

/* clang-format off */
#define CONF_SECTIONS(X)                                                                           \
	X(conf_section_status)                                                                     \
	X(conf_section_split)                                                                      \
	X(conf_section_packed)                                                                     \
	X(conf_section_console)                                                                    \
	X(conf_section_console_multiport)                                                          \
	X(conf_section_rng)

/* clang-format on */

#define CONF_SECTION_DECLARE(sym) extern const struct conf_section sym;
CONF_SECTIONS(CONF_SECTION_DECLARE)
#undef CONF_SECTION_DECLARE

/* In the order of the specification, ended by NULL. */
extern const struct conf_section *const conf_sections[];

#endif
