/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of net.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_NET_H
#define CONFORMANCE_REF_POINTS_NET_H

/* clang-format off */
#define REF_POINTS_NET(X)                                                                          \
	X(NET_HDR_LEN, VALUE, 1, "net/header-length", "the length of the header that is skipped") \
	X(NET_RX_LEN, VALUE, 1, "net/rx-length", "the length of a received frame")                \
	X(NET_RX_NUM_BUFFERS, VALUE, 1, "net/num-buffers", "num_buffers of a received frame")     \
	X(NET_ECHO, STEP, 1, "net/echo", "a frame is sent back")                                  \
	X(NET_SHORT_HDR, TEST, 1, "net/short-header",                                              \
	  "a buffer too short for the header is a violation")
/* clang-format on */

#endif
