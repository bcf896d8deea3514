/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of net.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_NET_H
#define CONFORMANCE_REF_POINTS_NET_H

/* clang-format off */
#define REF_POINTS_NET(X)                                                                          \
	X(NET_CONFIG_MAC, BUG, 1, "net/config-mac", "reports a group address as mac")              \
	X(NET_CONFIG_STATUS, BUG, 1, "net/config-status",                                          \
	  "sets a bit of status that is not defined")                                              \
	X(NET_CONFIG_PAIRS, BUG, 1, "net/config-pairs", "reports no queue pairs at all")           \
	X(NET_CONFIG_MTU, BUG, 1, "net/config-mtu", "reports an mtu of 67")                        \
	X(NET_CONFIG_MTU_LOW, BUG, 1, "net/config-mtu-low", "reports an mtu of 1000")              \
	X(NET_CONFIG_MTU_MOVES, BUG, 1, "net/config-mtu-moves",                                    \
	  "takes a byte off mtu with every frame")                                                 \
	X(NET_CONFIG_SPEED, BUG, 1, "net/config-speed",                                            \
	  "reports a speed that is neither one nor unknown")                                       \
	X(NET_CONFIG_SPEED_MOVES, BUG, 1, "net/config-speed-moves",                                \
	  "changes the speed while the link is up")                                                \
	X(NET_CONFIG_DUPLEX, BUG, 1, "net/config-duplex",                                          \
	  "reports a duplex state that does not exist")                                            \
	X(NET_CONFIG_WRITABLE, BUG, 1, "net/config-writable",                                      \
	  "lets the driver write configuration space")                                             \
	X(NET_OFFERS_TSO_ALONE, BUG, 1, "net/offers-tso-alone",                                    \
	  "offers segmentation without checksums")                                                 \
	X(NET_OFFERS_NO_CTRL, BUG, 1, "net/offers-no-ctrl",                                        \
	  "offers what needs a control queue, and none")                                           \
	X(NET_OFFERS_HASH, BUG, 1, "net/offers-hash",                                              \
	  "offers hash reports without a control queue")                                           \
	X(NET_STEER_FIRST, BUG, 1, "net/steer-first", "returns everything to the first pair")      \
	X(NET_STEER_SPREAD, BUG, 1, "net/steer-spread",                                            \
	  "uses all pairs though nobody asked for them")                                           \
	X(NET_STEER_AGAIN, STEP, 1, "net/steer-again",                                             \
	  "another queue is taken for one that is being reset")                                    \
	X(NET_QUEUE_IS_RESET, TEST, 1, "net/queue-is-reset", "a receive queue is being reset")     \
	X(NET_PAIRS_KEPT, BUG, 1, "net/pairs-kept",                                                \
	  "hands on frames for pairs that are not in use")                                         \
	X(NET_OVER_MTU, TEST, 1, "net/over-mtu", "a frame is longer than the mtu allows")          \
	X(NET_HDR_LEN, VALUE, 1, "net/header-length", "the length of the header that is skipped")  \
	X(NET_SHORT_HDR, BUG, 1, "net/short-header",                                               \
	  "dies of a buffer that is shorter than the header")                                      \
	X(NET_HUGE, BUG, 1, "net/huge", "dies of a frame longer than any")                         \
	X(NET_TX_NUM_BUFFERS, BUG, 1, "net/tx-num-buffers",                                        \
	  "loses transmitted frames with num_buffers")                                             \
	X(NET_ECHO, STEP, 1, "net/echo", "a frame is sent back")                                   \
	X(NET_HDR_SPLIT, BUG, 1, "net/header-split",                                               \
	  "loses frames whose header lies in two pieces")                                          \
	X(NET_HDR_ALONE, BUG, 1, "net/header-alone",                                               \
	  "loses frames whose header has a piece of its own")                                      \
	X(NET_HDR_JOINT, BUG, 1, "net/header-joint",                                               \
	  "loses frames whose header shares a piece with the frame")                               \
	X(NET_PIECES, BUG, 1, "net/pieces", "loses frames of more than eight pieces")              \
	X(NET_RX_EARLY, BUG, 1, "net/rx-early", "uses receive buffers before there is a frame")    \
	X(NET_RX_NUM_BUFFERS, VALUE, 1, "net/num-buffers", "num_buffers of a received frame")      \
	X(NET_RX_LEN, VALUE, 1, "net/rx-length", "the length of a received frame")                 \
	X(NET_RX_FITS, TEST, 1, "net/rx-fits", "a frame is too long for the buffer")               \
	X(NET_FLAG_RSC, BUG, 1, "net/flag-rsc", "sets RSC_INFO in received headers of IPv6")       \
	X(NET_FLAG_TUNNEL, BUG, 1, "net/flag-tunnel",                                              \
	  "sets UDP_TUNNEL_CSUM in received headers of IPv6")                                      \
	X(NET_FLAG_SECURITY, BUG, 1, "net/flag-security",                                          \
	  "sets SECURITY in received headers of IPv6")                                             \
	X(NET_FLAG_SECURITY_ERR, BUG, 1, "net/flag-security-err",                                  \
	  "sets SECURITY_ERR in received headers of IPv6")                                         \
	X(NET_GSO_TUNNEL_BIT, BUG, 1, "net/gso-tunnel-bit",                                        \
	  "sets a tunnel bit in received headers of IPv6")                                         \
	X(NET_GSO_NO_CSUM, BUG, 1, "net/gso-no-csum",                                              \
	  "leaves NEEDS_CSUM out of headers with a segment type")                                  \
	X(NET_MRG, TEST, 1, "net/mergeable", "a frame may take several buffers")                   \
	X(NET_MRG_ROOM, VALUE, 1, "net/merge-room",                                                \
	  "how much of a buffer that is not the last is filled")                                   \
	X(NET_MRG_APART, BUG, 1, "net/merge-apart",                                                \
	  "hands over one buffer of a frame and keeps the others")                                 \
	X(NET_HDR_EACH, BUG, 1, "net/header-each",                                                 \
	  "puts a header in front of every buffer of a frame")
/* clang-format on */

#endif
