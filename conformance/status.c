/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.1 Device status field. */
#include "conformance/conf.h"
#include "conformance/ring.h"
#include "conformance/sections.h"

#define ACK    VOP_STATUS_ACKNOWLEDGE
#define DRIVER VOP_STATUS_DRIVER

static void initial_zero(struct conf *c)
{
	uint8_t s;

	conf_reset(c);
	s = conf_status(c);
	CONF_EXPECT(c, s == 0, "the status after a reset is %#x, not 0", s);
}

static void bits_accumulate(struct conf *c)
{
	conf_reset(c);
	conf_set_status(c, ACK);
	conf_set_status(c, ACK | DRIVER);
}

/* Whatever the driver hands over, the device waits for DRIVER_OK. */
static void idle_before_driver_ok(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;

	conf_prepare(c, 0);
	r = conf_ring(c);
	b = conf_probe(c, 0);
	cring_add(r, b);
	cring_publish(r);
	cring_kick_always(r);
	conf_settle(c);
	CONF_EXPECT(c, !cring_take(r), "a buffer was used before DRIVER_OK");
	cmem_verify(c, "before DRIVER_OK");
	CONF_EXPECT(c, !cring_called(r), "a notification came before DRIVER_OK");
}

static const struct conf_check checks[] = {
	{"status/initial-zero", "the status is 0 after a reset", "2.1.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, .run = initial_zero},
	{"status/bits-accumulate", "bits that the driver sets stay set", "2.1.2:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_ANY, .run = bits_accumulate},
	{"status/idle-before-driver-ok", "no buffer is used before DRIVER_OK", "2.1.2:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, .run = idle_before_driver_ok},
};
CONF_SECTION(conf_section_status, "2.1", "Device status field", checks);
