/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver of a console device, for the lanes and the checks of 5.3: control queues, and ports
 * whose bytes come back. Control messages are kept account of, not judged: a check asks what it is
 * about.
 *
 * VIRTIO 1.4: 5.3.4 configuration, 5.3.6 operation.
 */
#ifndef CONFORMANCE_CON_H
#define CONFORMANCE_CON_H

#include "conformance/conf.h"
#include "conformance/ring.h"

#define CON_ID	       3
#define CON_SIZE       0 /* VIRTIO_CONSOLE_F_* */
#define CON_MULTIPORT  1
#define CON_EMERG      2
#define CON_COLS       0u /* offsets into configuration space */
#define CON_ROWS       2u
#define CON_MAX_PORTS  4u
#define CON_EMERG_WR   8u
#define CON_MSG	       8u /* bytes of a control message without what follows it */
#define CON_CTL_RXQ    2
#define CON_CTL_TXQ    3
#define CON_CTL_BUFS   16u
#define CON_CTL_BYTES  128u
#define CON_PORTS      32u /* that are kept account of */
#define CON_NAME_BYTES 64u

enum con_event {
	CON_DEVICE_READY,
	CON_DEVICE_ADD,
	CON_DEVICE_REMOVE,
	CON_PORT_READY,
	CON_CONSOLE_PORT,
	CON_RESIZE,
	CON_PORT_OPEN,
	CON_PORT_NAME,
};

/* A message of the device's. */
struct con_msg {
	uint32_t id;
	uint16_t event, value;
	uint32_t len; /* all of it */
	uint8_t more[CON_CTL_BYTES - CON_MSG];
};

/* What the device said of a port so far. */
struct con_said {
	bool added, console, open, named, resized;
	uint16_t cols, rows;
	uint8_t name[CON_NAME_BYTES];
	uint32_t name_len;
	unsigned adds, removes;
};

/* Something the device must not say: how often it did, and the port of the first time. */
struct con_fault {
	unsigned n;
	uint32_t id;
};

struct con_ctl {
	struct conf *c;
	struct cring *rx, *tx;
	uint32_t max_ports;
	unsigned messages;
	struct con_said port[CON_PORTS];
	bool mute; /* nothing is answered */
	/* Faults; of ports beyond CON_PORTS only those that need no account. */
	struct con_fault added_twice, added_beyond, removed_unknown, about_unknown;
	struct con_fault odd_event, odd_length, odd_value;
};

/* The control queues' rings, after MULTIPORT was accepted; ctl is zeroed. */
void con_ctl_open(struct conf *c, struct con_ctl *ctl);
/* After DRIVER_OK: receive buffers. */
void con_ctl_fill(struct con_ctl *ctl);
/* A message to the device, cut into pieces; waits for the buffer. */
void con_ctl_send(struct con_ctl *ctl, uint32_t id, unsigned event, unsigned value);
void con_ctl_send_raw(struct con_ctl *ctl, const void *bytes, uint32_t len, unsigned pieces);
/* The next message: waits, false when none comes. One that came back without 8 bytes is passed
 * over. */
bool con_ctl_next(struct con_ctl *ctl, struct con_msg *m);
/* Take what there is after the device had time to say it. */
void con_ctl_settle(struct con_ctl *ctl);
/* Take messages until done(ctl, arg): false when that is over and it did not come to it. Answers
 * what has to be answered. */
bool con_ctl_until(struct con_ctl *ctl, bool (*done)(const struct con_ctl *ctl, uint32_t arg),
		   uint32_t arg);
/* Wait until the device has added that port. Fails the check if it does not. */
void con_ctl_added(struct con_ctl *ctl, uint32_t id);
/* The usual way to open port `id`: READY, OPEN. It must have been added and have its queues. */
void con_ctl_port(struct con_ctl *ctl, uint32_t id);

/* Bytes of a port: a stream that depends on `key` and the place in it. */
struct con_io {
	struct conf *c;
	unsigned port;
	struct cring *rx, *tx;
	uint32_t rx_len; /* of a receive buffer */
	unsigned rx_pieces;
	uint64_t key, sent, got;
	unsigned buffers; /* receive buffers that came back */
};

/* Rings of a port's queues, without buffers. */
void con_io_open(struct conf *c, struct con_io *io, unsigned port, uint16_t size);
/* n more receive buffers. */
void con_io_fill(struct con_io *io, unsigned n);
/* The next n bytes of the stream, as one buffer; not waited for. */
struct cbuf *con_io_send(struct con_io *io, uint32_t n, unsigned pieces);
/* Wait until everything that was sent has come back; buffers are refilled. Byte by byte. */
void con_io_all_back(struct con_io *io);
/* Take what is there; does not wait. */
void con_io_take(struct con_io *io);

/* A whole device: features of the check, port 0 (and more with MULTIPORT) open, buffers there. */
struct con {
	struct con_ctl ctl;
	struct con_io io[4];
	unsigned ports;
};
void con_open(struct conf *c, struct con *k, unsigned ports);
/* max_nr_ports as the device says it. */
uint32_t con_max_ports(struct conf *c);
/* Queues of a port (5.3.2). */
unsigned con_rxq(unsigned port);
unsigned con_txq(unsigned port);

#endif
