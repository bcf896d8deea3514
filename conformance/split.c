/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.7 Split virtqueues. */
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

static void head_range(struct conf *c)
{
	struct cring *r;

	conf_start(c, 0);
	conf_serve(c, 2);
	r = conf_ring(c);
	cmem_put16(c, &r->avail->ring[r->avail_idx % r->size], r->size);
	cmem_put16(c, &r->avail->idx, (uint16_t)(r->avail_idx + 1));
	cring_kick_always(r);
	conf_settle(c);
	cmem_verify(c, "after a head beyond the table");
	conf_expect_idle(c);
}

static const struct conf_check checks[] = {
	{"split/serves", "buffers come back in turn", "2.7.5.1:dev:1", CONF_MUST, CONF_CONFORMANCE,
	 CONF_SPLIT, .run = serves},
	{"split/batch", "buffers come back in batches", "2.7.5.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_SPLIT, .run = batch},
	{"split/head-range", "a head beyond the table harms nobody", "text:split-ring.tex:1",
	 CONF_TEXT, CONF_ROBUSTNESS, CONF_SPLIT, .run = head_range},
};
CONF_SECTION(conf_section_split, "2.7", "Split virtqueues", checks);
