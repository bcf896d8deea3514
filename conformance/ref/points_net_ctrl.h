/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of net_ctrl.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_NET_CTRL_H
#define CONFORMANCE_REF_POINTS_NET_CTRL_H

/* clang-format off */
#define REF_POINTS_NET_CTRL(X)                                                                     \
	X(NET_CTRL_ACK, VALUE, 1, "net/ctrl-ack", "the answer to a control request")               \
	X(NET_CTRL_ANSWER, STEP, 1, "net/ctrl-answer", "a control request is answered")            \
	X(NET_CTRL_PIECES, BUG, 1, "net/ctrl-pieces",                                              \
	  "loses control requests whose class has a piece of its own")                             \
	X(NET_CTRL_SHORT_DIES, BUG, 1, "net/ctrl-short",                                           \
	  "dies of a control request without a command")                                           \
	X(NET_CTRL_NO_ACK_DIES, BUG, 1, "net/ctrl-no-ack",                                         \
	  "dies of a control request without room for the answer")                                 \
	X(NET_NO_EXTRA, BUG, 1, "net/ctrl-no-extra",                                               \
	  "offers CTRL_RX_EXTRA and does not know its commands")                                   \
	X(NET_MODE_SET, STEP, 1, "net/rx-mode", "a receive mode is set")                           \
	X(NET_MAC_ENTRIES, BUG, 1, "net/mac-entries",                                              \
	  "believes the number of entries of a table that is cut short")                           \
	X(NET_MAC_ADD, STEP, 1, "net/mac-add", "an address goes into the filter")                  \
	X(NET_MAC_CLEAR, STEP, 1, "net/mac-clear", "a new table takes the place of the old one")   \
	X(NET_MAC_CONFIG, STEP, 1, "net/mac-config",                                               \
	  "a new address is seen in configuration space")                                          \
	X(NET_VLAN_ID, VALUE, 1, "net/vlan-id", "the number of a VLAN to add or remove")           \
	X(NET_VLAN_DEL, STEP, 1, "net/vlan-del", "a VLAN is removed")                              \
	X(NET_ANNOUNCE_CLEAR, STEP, 1, "net/announce-clear",                                       \
	  "ANNOUNCE is cleared when it is acknowledged")                                           \
	X(NET_PAIRS_RANGE, BUG, 1, "net/pairs-range",                                              \
	  "dies of a number of pairs it does not have")                                            \
	X(NET_PAIRS_SET, VALUE, 1, "net/pairs-set", "the number of pairs in use")                  \
	X(NET_OFFLOADS_MAY, TEST, 1, "net/offloads-may",                                           \
	  "offloads that were not negotiated are refused")                                         \
	X(NET_OFFLOADS_SET, STEP, 1, "net/offloads-set", "offloads are changed")                   \
	X(NET_RESET_MODES, STEP, 1, "net/reset-modes", "a reset forgets the receive modes")        \
	X(NET_RESET_MACS, STEP, 1, "net/reset-macs", "a reset empties the address filter")         \
	X(NET_RESET_VLANS, STEP, 1, "net/reset-vlans", "a reset empties the VLAN filter")          \
	X(NET_VLAN_FILTER, TEST, 1, "net/vlan-filter", "tagged frames are filtered")               \
	X(NET_VLAN_MATCH, TEST, 1, "net/vlan-match", "the tag is in the VLAN filter")              \
	X(NET_PROMISC, TEST, 1, "net/promisc", "the device is promiscuous")                        \
	X(NET_ALLMULTI, TEST, 1, "net/allmulti", "all multicast frames are wanted")                \
	X(NET_ALLUNI, TEST, 1, "net/alluni", "all unicast frames are wanted")                      \
	X(NET_NOMULTI, TEST, 1, "net/nomulti", "no multicast frames are wanted")                   \
	X(NET_NOUNI, TEST, 1, "net/nouni", "no unicast frames are wanted")                         \
	X(NET_NOBCAST, TEST, 1, "net/nobcast", "no broadcast frames are wanted")                   \
	X(NET_BROADCAST_IS_MULTI, BUG, 1, "net/broadcast-is-multi",                                \
	  "takes broadcast frames for multicast ones")                                             \
	X(NET_ALLMULTI_FIRST, BUG, 1, "net/allmulti-first", "lets ALLMULTI go before NOMULTI")     \
	X(NET_ALLUNI_FIRST, BUG, 1, "net/alluni-first", "lets ALLUNI go before NOUNI")             \
	X(NET_MAC_MATCH, TEST, 1, "net/mac-match", "a frame is addressed to the device")
/* clang-format on */

#endif
