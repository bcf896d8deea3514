/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of console.c and console_ctl.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_CONSOLE_H
#define CONFORMANCE_REF_POINTS_CONSOLE_H

/* clang-format off */
#define REF_POINTS_CONSOLE(X) \
	X(CON_RX_LEN, VALUE, 3, "console/rx-length", "the bytes a receive buffer is said to hold") \
	X(CON_TAKE, STEP, 3, "console/take", "transmitted bytes are taken") \
	X(CON_TAKE_FROM, BUG, 3, "console/skips-first", "skips the first byte of a long buffer") \
	X(CON_TX_LEN, BUG, 3, "console/tx-length", "counts transmitted bytes as written ones") \
	X(CON_FIRST_PIECE, BUG, 3, "console/first-piece",                                          \
	  "reads the first piece of a buffer only")                                                \
	X(CON_RX_PIECE, BUG, 3, "console/rx-piece",                                                \
	  "fills the first piece, counts what was there for all")                                  \
	X(CON_RX_OVERFLOW, BUG, 3, "console/rx-overflow",                                          \
	  "writes all bytes that wait to where the buffer begins")                                 \
	X(CON_SWAP, BUG, 3, "console/swap", "swaps the halves of a large buffer") \
	X(CON_7_BITS, BUG, 3, "console/seven-bits", "clears the highest bit of bytes") \
	X(CON_NEWLINE, BUG, 3, "console/newline", "puts a carriage return before each newline") \
	X(CON_NUL, BUG, 3, "console/nul", "ends the bytes of a buffer at the first 0") \
	X(CON_EOT, BUG, 3, "console/eot", "drops the byte 4, as a terminal would") \
	X(CON_WRAP, BUG, 3, "console/wrap", "loses a byte at the end of its store") \
	X(CON_FULL, BUG, 3, "console/full", "drops what its store has no room for") \
	X(CON_TINY, BUG, 3, "console/tiny",                                                        \
	  "loses all but one byte of what goes into a small buffer")                               \
	X(CON_BIG, BUG, 3, "console/big", "drops what lies beyond 4096 bytes of a buffer") \
	X(CON_EARLY, BUG, 3, "console/early", "drops bytes that no receive buffer waits for") \
	X(CON_OLD_BYTES, BUG, 3, "console/old-bytes", "keeps bytes over a reset") \
	X(CON_EMPTY_STUCK, BUG, 3, "console/empty-stuck",                                          \
	  "never goes on behind an empty transmit buffer, resets or not") \
	X(CON_EMPTY_SPINS, BUG, 3, "console/empty-spins",                                          \
	  "turns forever at a receive buffer without room")                                        \
	X(CON_TX_WRITES, BUG, 3, "console/tx-writes",                                              \
	  "dies of writable pieces in the transmit queue")                                         \
	X(CON_RX_READABLE, BUG, 3, "console/rx-readable",                                          \
	  "fills readable pieces in the receive queue")                                            \
	X(CON_IDLE, BUG, 3, "console/idle", "burns its CPU while bytes wait for buffers") \
	X(CON_FLOOD, BUG, 3, "console/flood",                                                      \
	  "loses transmit buffers beyond the 16th that wait at once")                              \
	X(CON_EMERG, STEP, 3, "console/emergency", "a write to emerg_wr is allowed") \
	X(CON_EMERG_EARLY, BUG, 3, "console/emergency-early", "refuses emerg_wr before DRIVER_OK") \
	X(CON_EMERG_FRESH, BUG, 3, "console/emergency-fresh",                                      \
	  "refuses emerg_wr while its status is 0")                                                \
	X(CON_EMERG_FEATURE, BUG, 3, "console/emergency-feature",                                  \
	  "refuses emerg_wr without the negotiated feature")                                       \
	X(CON_EMERG_BROKEN, BUG, 3, "console/emergency-broken",                                    \
	  "refuses emerg_wr while a reset is needed")                                              \
	X(CON_EMERG_TWICE, BUG, 3, "console/emergency-twice",                                      \
	  "refuses emerg_wr the second time in a row")                                             \
	X(CON_EMERG_WIDE, BUG, 3, "console/emergency-wide", "refuses values beyond a byte") \
	X(CON_EMERG_ZERO, BUG, 3, "console/emergency-zero", "refuses the value 0") \
	X(CON_EMERG_SIZE, BUG, 3, "console/emergency-size",                                        \
	  "changes the console size with emerg_wr")                                                \
	X(CON_EMERG_QUEUE, BUG, 3, "console/emergency-queue",                                      \
	  "stops its queues at an emergency write")                                                \
	X(CON_EMERG_FLOOD, BUG, 3, "console/emergency-flood", "dies of many emergency writes") \
	X(CON_MAX_ZERO, BUG, 3, "console/max-ports", "says it has no ports at most") \
	X(CON_QUEUES, BUG, 3, "console/queues", "has no queues for its last port") \
	X(CON_CROSSED, BUG, 3, "console/crossed", "sends bytes of port 1 to port 2") \
	X(CON_PORT_LATE, BUG, 3, "console/port-late", "serves port 0 alone") \
	X(CON_CLOSED, BUG, 3, "console/closed", "sends bytes to a port the driver has not opened") \
	X(CON_CLOSE, BUG, 3, "console/close", "does not notice that the driver closed a port") \
	X(CON_REOPEN, BUG, 3, "console/reopen", "a closed port stays closed") \
	X(CTL_UNASKED, BUG, 3, "control/unasked", "announces a port before the driver is ready") \
	X(CTL_READY_FAIL, BUG, 3, "control/ready-failed",                                          \
	  "takes a driver that failed for one that is ready")                                      \
	X(CTL_AGAIN, BUG, 3, "control/ready-again",                                                \
	  "announces its ports each time the driver is ready")                                     \
	X(CTL_RESET, BUG, 3, "control/reset", "takes ports for announced after a reset") \
	X(CTL_BEYOND, BUG, 3, "control/add-beyond", "announces a port beyond max_nr_ports") \
	X(CTL_REMOVE_UNKNOWN, BUG, 3, "control/remove-unknown",                                    \
	  "removes a port it does not know when asked about it")                                   \
	X(CTL_REMOVE_TWICE, BUG, 3, "control/remove-twice",                                        \
	  "removes a port each time the driver says it failed")                                    \
	X(CTL_REMOVE_WRONG, BUG, 3, "control/remove-beyond",                                       \
	  "removes the last port instead, which is none")                                          \
	X(CTL_REMOVE_FIRST, BUG, 3, "control/remove-first",                                        \
	  "removes ports before it adds them, to be sure")                                         \
	X(CTL_TELLS_EARLY, BUG, 3, "control/tells-early", "names ports before it announces them") \
	X(CTL_ID, VALUE, 3, "control/id", "the port of a message") \
	X(CTL_EVENT, VALUE, 3, "control/event", "the event of a message") \
	X(CTL_LEN, VALUE, 3, "control/length", "the length of a message") \
	X(CTL_COLS, VALUE, 3, "control/resize-cols", "the columns in a message about the size") \
	X(CTL_ROWS_COLS, BUG, 3, "control/rows-cols", "sends rows before columns") \
	X(CTL_OPEN_VALUE, BUG, 3, "control/open-value", "opens a port with the value 0xff") \
	X(CTL_NAME_NUL, BUG, 3, "control/name-nul", "ends names with NUL") \
	X(CTL_NAME_LATIN, BUG, 3, "control/name-latin", "sends names in another code than UTF-8") \
	X(CTL_NAMES_SAME, BUG, 3, "control/wrong-endian", "sends the number of a port big-endian") \
	X(CTL_TX_LEN, BUG, 3, "control/tx-length", "counts bytes of control messages as written") \
	X(CTL_ONE_PIECE, BUG, 3, "control/one-piece",                                              \
	  "reads the first piece of a control message only")                                       \
	X(CTL_RX_ONE_PIECE, BUG, 3, "control/rx-one-piece",                                        \
	  "writes a message to the first piece of a buffer")                                       \
	X(CTL_ONE, BUG, 3, "control/one-a-kick", "loses control messages that come together") \
	X(CTL_SHORT, BUG, 3, "control/short-dies", "dies of a control message cut short") \
	X(CTL_SHORT_STUCK, BUG, 3, "control/short-stuck",                                          \
	  "listens no more after a short message, resets or not") \
	X(CTL_SMALL, BUG, 3, "control/small-buffer",                                               \
	  "writes beyond a buffer too small for a message")                                        \
	X(CTL_NO_BUFFERS, BUG, 3, "control/no-buffers",                                            \
	  "burns its CPU while messages wait for buffers")                                         \
	X(CTL_EVENTS, BUG, 3, "control/unknown-event", "dies of an event it does not know") \
	X(CTL_DEVICE_EVENTS, BUG, 3, "control/device-event", "believes a driver that adds a port") \
	X(CTL_PORT_RANGE, BUG, 3, "control/unknown-port", "dies of a port that is none") \
	X(CTL_PORT_ALIAS, BUG, 3, "control/port-8-bits", "keeps the number of a port in 8 bits") \
	X(CTL_READABLE, BUG, 3, "control/rx-readable", "writes messages into readable pieces") \
	X(CTL_WRITABLE, BUG, 3, "control/tx-writable",                                             \
	  "spins at writable pieces of a control message")                                         \
	X(CTL_FLOOD, BUG, 3, "control/flood", "dies of many messages in a row") \
	X(CTL_FLOOD_OPEN, BUG, 3, "control/flood-open", "dies of answers that nobody takes")
/* clang-format on */

#endif
