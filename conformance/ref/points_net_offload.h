/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of net_offload.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_NET_OFFLOAD_H
#define CONFORMANCE_REF_POINTS_NET_OFFLOAD_H

/* clang-format off */
#define REF_POINTS_NET_OFFLOAD(X)                                                                  \
	X(NET_UNKNOWN_FLAGS, BUG, 1, "net/unknown-flags",                                          \
	  "loses frames with flags it does not know")                                              \
	X(NET_CSUM_RANGE, BUG, 1, "net/csum-range", "stores a checksum wherever the header says")  \
	X(NET_GSO_SIZE_ZERO, BUG, 1, "net/gso-size-zero",                                          \
	  "never ends to cut a frame into segments of 0 bytes")                                    \
	X(NET_HDR_LEN_TRUSTED, BUG, 1, "net/hdr-len-trusted",                                      \
	  "relies on hdr_len of transmitted frames")                                               \
	X(NET_SEG_IP, STEP, 1, "net/segment-ip", "the IP header of a segment is made for it")      \
	X(NET_SEG_SEQ, STEP, 1, "net/segment-seq",                                                 \
	  "the sequence number of a segment is made for it")                                       \
	X(NET_SEG_FIN, STEP, 1, "net/segment-fin", "FIN is left to the last segment")              \
	X(NET_SEG_SUM, STEP, 1, "net/segment-sum", "the checksum of a segment is made for it")     \
	X(NET_SEG_SIZE, BUG, 1, "net/segment-size",                                                \
	  "makes segments one byte longer than gso_size")                                          \
	X(NET_SEG_REST, BUG, 1, "net/segment-rest", "loses the last, short segment")               \
	X(NET_TUNNEL_WHOLE, BUG, 1, "net/tunnel-whole",                                            \
	  "hands over frames in a tunnel without cutting them")                                    \
	X(NET_ECN_UNASKED, BUG, 1, "net/ecn-unasked",                                              \
	  "hands over large frames with ECN to drivers without GUEST_ECN")                         \
	X(NET_TSO4_UNASKED, BUG, 1, "net/tso4-unasked",                                            \
	  "hands over TCPV4 frames without GUEST_TSO4")                                            \
	X(NET_TSO6_UNASKED, BUG, 1, "net/tso6-unasked",                                            \
	  "hands over TCPV6 frames without GUEST_TSO6")                                            \
	X(NET_UFO_UNASKED, BUG, 1, "net/ufo-unasked", "hands over UDP frames without GUEST_UFO")   \
	X(NET_USO_UNASKED, BUG, 1, "net/uso-unasked",                                              \
	  "hands over UDP_L4 frames without GUEST_USO4 and 6")                                     \
	X(NET_GSO_SIZE, VALUE, 1, "net/gso-size", "gso_size of a received frame")                  \
	X(NET_RX_HDR_LEN, BUG, 1, "net/rx-hdr-len",                                                \
	  "reports an hdr_len that covers the Ethernet header only")                               \
	X(NET_ECN_LOST, BUG, 1, "net/ecn-lost", "leaves the ECN bit out of a received header")     \
	X(NET_RSC, STEP, 1, "net/rsc-info",                                                        \
	  "RSC_INFO is set in received TCP frames with a segment type")                            \
	X(NET_CSUM_ASKED, TEST, 1, "net/csum-asked", "a checksum was left to be done")             \
	X(NET_PARTIAL_UNASKED, BUG, 1, "net/partial-unasked",                                      \
	  "hands over partial checksums without GUEST_CSUM")                                       \
	X(NET_CSUM_START, VALUE, 1, "net/csum-start", "csum_start of a received frame")            \
	X(NET_CSUM_OFFSET, VALUE, 1, "net/csum-offset", "csum_offset of a received frame")         \
	X(NET_PARTIAL_DONE, BUG, 1, "net/partial-done",                                            \
	  "completes the checksum and asks for it all the same")                                   \
	X(NET_CSUM_DONE, STEP, 1, "net/csum-done", "a checksum that was left to be done is done")  \
	X(NET_NOT_VALIDATED, BUG, 1, "net/not-validated", "calls every checksum valid")            \
	X(NET_CSUM_MENDED, BUG, 1, "net/csum-mended", "mends checksums that nobody left to it")    \
	X(NET_CSUM_TAKEN, BUG, 1, "net/csum-taken",                                                \
	  "asks for NEEDS_CSUM of frames whose checksum it did not check")
/* clang-format on */

#endif
