/* SPDX-License-Identifier: BSD-2-Clause */
/* The backends of the product: null reads what the driver sends and drops it, echo sends it back.
 * Memory of the driver is read exactly once. */
#include <stdlib.h>
#include <string.h>

#include "vop/dev/console_internal.h"

/* --- null --- */

#define SCRATCH 4096u

static uint32_t null_tx(void *ctx, unsigned port, const uint8_t *from, uint32_t len)
{
	uint8_t *scratch = ctx;
	uint32_t at, l;

	(void)port;
	for (at = 0; at < len; at += l) {
		l = VOP_MIN(len - at, SCRATCH);
		VOP_MEM_COPY_FROM(scratch, from + at, l);
	}
	/* The copies are the point, though nobody reads them: bytes that were not read have not
	 * arrived. */
	__asm__ volatile("" : : "r"(scratch) : "memory");
	return len;
}

int vop_console_backend_null(struct vop_console_backend *b)
{
	void *scratch = malloc(SCRATCH);

	if (!scratch)
		return -ENOMEM;
	*b = (struct vop_console_backend){
		.name = "null", .ctx = scratch, .tx = null_tx, .free = free};
	return 0;
}

/* --- echo --- */

#define ECHO_BYTES 65536u /* a power of two */

/* Counts that wrap; bytes [out, in) wait at their place modulo the size. */
struct echo_port {
	uint32_t out, in;
	uint8_t bytes[ECHO_BYTES];
};

static uint32_t echo_tx(void *ctx, unsigned port, const uint8_t *from, uint32_t len)
{
	struct echo_port *p = (struct echo_port *)ctx + port;
	uint32_t room = ECHO_BYTES - (p->in - p->out), at = p->in % ECHO_BYTES, first;

	len = VOP_MIN(len, room);
	first = VOP_MIN(len, ECHO_BYTES - at);
	VOP_MEM_COPY_FROM(p->bytes + at, from, first);
	VOP_MEM_COPY_FROM(p->bytes, from + first, len - first);
	p->in += len;
	return len;
}

static uint32_t echo_pending(void *ctx, unsigned port)
{
	const struct echo_port *p = (struct echo_port *)ctx + port;

	return p->in - p->out;
}

static void echo_take(void *ctx, unsigned port, uint8_t *to, uint32_t len)
{
	struct echo_port *p = (struct echo_port *)ctx + port;
	uint32_t at = p->out % ECHO_BYTES, first = VOP_MIN(len, ECHO_BYTES - at);

	VOP_MEM_COPY_TO(to, p->bytes + at, first);
	VOP_MEM_COPY_TO(to + first, p->bytes, len - first);
	p->out += len;
}

static void echo_emergency(void *ctx, uint8_t c)
{
	struct echo_port *p = ctx;

	if (p->in - p->out < ECHO_BYTES)
		p->bytes[p->in++ % ECHO_BYTES] = c;
}

static void echo_reset(void *ctx, unsigned port)
{
	struct echo_port *p = (struct echo_port *)ctx + port;

	p->in = p->out = 0;
}

int vop_console_backend_echo(struct vop_console_backend *b, unsigned ports)
{
	struct echo_port *p;

	if (ports < 1 || ports > VOP_CONSOLE_PORTS_MAX)
		return -EINVAL;
	p = calloc(ports, sizeof(*p));
	if (!p)
		return -ENOMEM;
	*b = (struct vop_console_backend){
		.name = "echo",
		.ctx = p,
		.loops = true,
		.tx = echo_tx,
		.rx_pending = echo_pending,
		.rx_take = echo_take,
		.emergency = echo_emergency,
		.reset = echo_reset,
		.free = free,
	};
	return 0;
}
