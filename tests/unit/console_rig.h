/* SPDX-License-Identifier: BSD-2-Clause */
/* A console device in the rig of devices, and a driver's side of its control queues. */
#ifndef TESTS_UNIT_CONSOLE_RIG_H
#define TESTS_UNIT_CONSOLE_RIG_H

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/dev_rig.h"
#include "vop/dev/console.h"

#define RING_ALL (F(VOP_F_INDIRECT_DESC) | F(VOP_F_EVENT_IDX))

/* VIRTIO 1.4, 5.3.6.2 */
enum {
	CON_DEVICE_READY = 0,
	CON_DEVICE_ADD = 1,
	CON_DEVICE_REMOVE = 2,
	CON_PORT_READY = 3,
	CON_CONSOLE_PORT = 4,
	CON_RESIZE = 5,
	CON_PORT_OPEN = 6,
	CON_PORT_NAME = 7,
};

struct console_options {
	unsigned ports;
	unsigned ports_max; /* 0: as ports */
	const char *tag;
	uint64_t off;
	bool null; /* backend; else echo */
	const struct vop_console_backend *own;
};

static void console_attend(void *type)
{
	vop_console_attend(type);
}

static void console_close(void *type)
{
	vop_console_close(type);
}

static inline void open_console(struct dev_rig *r, const struct dev_rig_config *base,
				const struct console_options *o)
{
	struct dev_rig_config c = *base;
	struct vop_console_config n = {
		.cols = 120,
		.rows = 40,
		.ports = o->ports,
		.ports_max = o->ports_max ? o->ports_max : o->ports,
		.tag = o->tag,
		.queue_size_max = 256,
		.features_off = {o->off, 0},
		.pool_size = 1 << 20,
		.notify = base->notify,
	};
	struct vop_error err = {{0}};

	c.device_id = VOP_CONSOLE_ID;
	c.queues = (uint16_t)VOP_CONSOLE_QUEUES(n.ports_max);
	dev_rig_open(r, &c);
	n.poller = r->poller;
	if (o->own)
		n.backend = *o->own;
	else
		CU_ASSERT_EQUAL_FATAL(o->null ? vop_console_backend_null(&n.backend)
					      : vop_console_backend_echo(&n.backend, n.ports_max),
				      0);
	r->type = vop_console_open(r->dev, &n, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->type);
	r->attend = console_attend;
	r->close = console_close;
	world_pump(&r->w);
}

/* Send a message and wait until the device has taken it. */
static inline void control_send(struct dev_rig *r, uint32_t id, uint16_t event, uint16_t value)
{
	uint8_t m[8] = {(uint8_t)id,	     (uint8_t)(id >> 8),   (uint8_t)(id >> 16),
			(uint8_t)(id >> 24), (uint8_t)event,	   (uint8_t)(event >> 8),
			(uint8_t)value,	     (uint8_t)(value >> 8)};
	struct vop_done d = {0};

	memcpy(dev_rig_buf(r, 3, 0), m, 8);
	dev_rig_give(r, 3, 0, 8, false);
	CU_ASSERT_TRUE_FATAL(dev_rig_get(r, 3, &d));
	CU_ASSERT_EQUAL(d.len, 0);
}

/* Buffers for messages, all but one of what the queue has. */
static inline void control_give(struct dev_rig *r)
{
	for (unsigned i = 0; i + 1 < DEV_RIG_BUFFERS; i++)
		dev_rig_give(r, 2, i, 64, true);
}

/* The next message is this one, `more` behind its head; its buffer is given again. */
static inline bool control_is(struct dev_rig *r, uint32_t id, uint16_t event, uint16_t value,
			      const void *more, uint32_t len)
{
	const uint8_t want[8] = {(uint8_t)id, 0, 0, 0, (uint8_t)event, 0, (uint8_t)value, 0};
	struct vop_done d = {0};
	const uint8_t *p;
	bool ok;

	if (!dev_rig_get(r, 2, &d))
		return false;
	p = dev_rig_buf(r, 2, d.cookie);
	ok = d.len == 8 + len && memcmp(p, want, 8) == 0 &&
	     (len == 0 || memcmp(p + 8, more, len) == 0);
	dev_rig_give(r, 2, d.cookie, 64, true);
	return ok;
}

#endif
