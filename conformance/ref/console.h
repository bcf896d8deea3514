/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of the reference console device. */
#ifndef CONFORMANCE_REF_CONSOLE_H
#define CONFORMANCE_REF_CONSOLE_H

#include "conformance/ref/internal.h"

#define CON_F_SIZE	0
#define CON_F_MULTIPORT 1
#define CON_F_EMERG	2
#define CON_PORTS	3u
#define CON_STORE	65536u /* bytes that wait in a port */
#define CON_MESSAGES	256u
#define CON_MSG_MAX	24u

struct con_port {
	bool added, ready, open, was_closed;
	uint32_t at; /* bytes of the oldest transmit buffer that were taken */
	uint32_t first, n;
	uint8_t bytes[CON_STORE];
};

struct con_message {
	uint32_t len;
	uint8_t bytes[CON_MSG_MAX];
};

struct con {
	struct con_port port[CON_PORTS];
	bool told; /* DEVICE_READY was heard */
	/* Messages for the driver: a circle. */
	unsigned first, n;
	struct con_message message[CON_MESSAGES];
	/* Mutants: */
	bool deaf, spins;
	unsigned row, emergencies, heard;
};

/* A control message came from the driver. True: the buffer is done with. */
bool ref_con_hear(struct ref *r, struct ref_queue *q, struct ref_chain *c);
/* Send messages that wait; whether one was. */
bool ref_con_tell(struct ref *r);
/* Is the port the driver's? Without control queues port 0 is. */
bool ref_con_open(struct ref *r, unsigned port);

#endif
