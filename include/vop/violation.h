/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a peer was found to break the protocol. Counted per queue; the numbers cross the link
 * (vop_device_queue.violation).
 */
#ifndef VOP_VIOLATION_H
#define VOP_VIOLATION_H

#include <vop/base.h>

/* X(symbol, number, words for people) */
#define VOP_VIOLATIONS(X)                                                                          \
	X(NONE, 0, "none")                                                                         \
	X(AVAIL_JUMP, 1, "available index jumped by more than the queue size")                     \
	X(DESC_RANGE, 2, "descriptor index beyond the queue size")                                 \
	X(CHAIN_LOOP, 3, "descriptor chain longer than the queue size, or a loop")                 \
	X(CHAIN_ORDER, 4, "device-readable descriptor after a device-writable one")                \
	X(ADDR, 5, "buffer address outside every region")                                          \
	X(INDIRECT_FLAG, 6, "INDIRECT without the feature, nested, or with NEXT")                  \
	X(INDIRECT_LEN, 7, "indirect table empty or not a multiple of 16 bytes")                   \
	X(USED_JUMP, 8, "used index jumped beyond what is outstanding")                            \
	X(USED_ID, 9, "used id is not outstanding")                                                \
	X(USED_LEN, 10, "used length beyond the device-writable part of the buffer")               \
	X(BUFFER_ID, 11, "buffer id beyond the queue size")                                        \
	X(EVENT_OFFSET, 12, "event offset beyond the queue size, or reserved flags")               \
	X(TOO_LONG, 13, "chain has more pieces than this device takes")                            \
	X(NET_HEADER, 14, "buffer too short for the net header")                                   \
	X(CTRL, 15, "control queue request malformed")                                             \
	X(WINDOW_GONE, 16, "memory of the peer vanished under an access")                          \
	X(DESC_FLAGS, 17, "descriptor flags of a list disagree with its first descriptor")         \
	X(NEXT_LINK, 18, "chain does not follow ring order although IN_ORDER was negotiated")      \
	X(ZERO_LEN, 19, "descriptor of length 0")                                                  \
	X(BLK_REQUEST, 20, "block request without a whole header or room for its status")          \
	X(DIRECTION, 21, "readable buffer where the device only writes, or the other way round")

enum vop_violation {
#define VOP_VIOLATION_ENUM(sym, num, words) VOP_V_##sym = num,
	VOP_VIOLATIONS(VOP_VIOLATION_ENUM)
#undef VOP_VIOLATION_ENUM
};

/* Words for a violation; never NULL. */
static inline const char *vop_violation_str(uint32_t v)
{
	switch (v) {
#define VOP_VIOLATION_CASE(sym, num, words)                                                        \
	case num:                                                                                  \
		return words;
		VOP_VIOLATIONS(VOP_VIOLATION_CASE)
#undef VOP_VIOLATION_CASE
	default:
		return "unknown";
	}
}

#endif
