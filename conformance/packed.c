/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.8 Packed virtqueues. */
#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"

static void serves(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 40);
}

static void batch(struct conf *c)
{
	struct cbuf *b[8];
	unsigned i, turn;

	conf_start(c, 32);
	for (turn = 0; turn < 6; turn++) {
		for (i = 0; i < 8; i++) {
			b[i] = conf_probe(c, 1 + i % 4);
			cring_add(conf_ring(c), b[i]);
			if (conf_lane(c)->trigger)
				conf_lane(c)->trigger(c, b[i]);
		}
		cring_publish(conf_ring(c));
		cring_kick(conf_ring(c));
		cring_wait_all(conf_ring(c));
		for (i = 0; i < 8; i++)
			conf_finish(c, b[i]);
	}
}

static const struct conf_check checks[] = {
	{"packed/serves", "buffers come back in turn", "2.8.12:dev:1", CONF_MUST, CONF_CONFORMANCE,
	 CONF_PACKED, .run = serves},
	{"packed/batch", "buffers come back in batches", "2.8.12:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_PACKED, .run = batch},
};
CONF_SECTION(conf_section_packed, "2.8", "Packed virtqueues", checks);
