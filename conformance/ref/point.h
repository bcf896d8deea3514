/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault points: X(symbol, kind, device, "name", "what happens there").
 *
 * VALUE: a number passes, a mutant changes it. STEP: something is done, a mutant leaves it out.
 * TEST: something is decided, a mutant decides always one way. BUG: nothing in a sound device; the
 * text says what the mutant does. device: VIRTIO id it belongs to, 0 all.
 *
 * A list per file of the reference device, so that a point is added beside the code it is in.
 */
#ifndef CONFORMANCE_REF_POINT_H
#define CONFORMANCE_REF_POINT_H

#include "conformance/ref/points_blind.h"
#include "conformance/ref/points_blind2.h"
#include "conformance/ref/points_blk.h"
#include "conformance/ref/points_blk_zoned.h"
#include "conformance/ref/points_console.h"
#include "conformance/ref/points_core.h"
#include "conformance/ref/points_fs.h"
#include "conformance/ref/points_net.h"
#include "conformance/ref/points_net_ctrl.h"
#include "conformance/ref/points_net_offload.h"
#include "conformance/ref/points_packed.h"
#include "conformance/ref/points_rng.h"
#include "conformance/ref/points_split.h"

/* clang-format off */
#define REF_POINTS(X)                                                                              \
	REF_POINTS_CORE(X)                                                                         \
	REF_POINTS_SPLIT(X)                                                                        \
	REF_POINTS_PACKED(X)                                                                       \
	REF_POINTS_NET(X)                                                                          \
	REF_POINTS_NET_CTRL(X)                                                                     \
	REF_POINTS_NET_OFFLOAD(X)                                                                  \
	REF_POINTS_BLK(X)                                                                          \
	REF_POINTS_BLK_ZONED(X)                                                                    \
	REF_POINTS_CONSOLE(X)                                                                      \
	REF_POINTS_RNG(X)                                                                          \
	REF_POINTS_FS(X)                                                                           \
	REF_POINTS_BLIND(X)                                                                        \
	REF_POINTS_BLIND2(X)
/* clang-format on */

enum ref_kind { REF_KIND_VALUE, REF_KIND_STEP, REF_KIND_TEST, REF_KIND_BUG };

enum ref_point {
#define REF_POINT_ENUM(sym, kind, device, name, what) REF_##sym,
	REF_POINTS(REF_POINT_ENUM)
#undef REF_POINT_ENUM
		REF_POINT_COUNT
};

#endif
