/* SPDX-License-Identifier: BSD-2-Clause */
#include "conformance/lane.h"
#include "conformance/steps.h"

struct cbuf *steps_bad_buffer(struct conf *c)
{
	struct cbuf *b = conf_probe(c, 0);

	cbuf_seg(b, 0)->bus = STEP_NOWHERE;
	return b;
}

void steps_break_ring(struct conf *c)
{
	conf_submit(c, steps_bad_buffer(c));
	conf_settle(c);
}

enum steps_state steps_state(struct conf *c)
{
	struct cbuf *b;

	if (conf_wait_needs_reset(c))
		return STEPS_NEEDS_RESET;
	b = conf_probe(c, 0);
	conf_submit(c, b);
	if (cring_wait_maybe(conf_ring(c), b))
		return STEPS_SERVES;
	return conf_status(c) & VOP_STATUS_NEEDS_RESET ? STEPS_NEEDS_RESET : STEPS_SILENT;
}

bool steps_offer_features(struct conf *c, const uint64_t f[2])
{
	conf_reset(c);
	conf_set_status(c, STEP_ACK);
	conf_set_status(c, STEP_DRIVER);
	if (conf_try_features(c, f) || conf_try_status(c, STEP_FEATURES_OK))
		return false;
	return conf_status(c) & VOP_STATUS_FEATURES_OK;
}

struct cbuf *steps_push(struct conf *c)
{
	struct cring *r = conf_ring(c);
	struct cbuf *b = conf_probe(c, 0);

	cring_add(r, b);
	cring_publish(r);
	cring_kick_always(r);
	return b;
}

void steps_close(struct conf *c, const struct cbuf *b)
{
	unsigned i;

	for (i = 0; i < b->n; i++)
		if (b->seg[i].write)
			cmem_close(c, b->seg[i].p, b->seg[i].len);
}

void steps_close_ring(struct conf *c, const struct cring *r)
{
	if (r->packed) {
		cmem_close(c, r->pdesc, 16 * (size_t)r->size);
		cmem_close(c, r->device_event, 4);
	} else {
		cmem_close(c, r->used, vop_split_used_size(r->size));
	}
}

void steps_take_all(struct cring *r)
{
	while (r->outstanding && cring_take(r))
		;
}

void steps_expect_unused(struct conf *c, struct cring *r, const char *when)
{
	CONF_EXPECT(c, !cring_take(r), "%s a buffer was used", when);
	cmem_verify(c, when);
	CONF_EXPECT(c, !cring_called(r), "%s a used buffer notification came", when);
}

void steps_place(struct cring *r, void *desc, uint64_t desc_bus, void *driver, uint64_t driver_bus,
		 void *device, uint64_t device_bus)
{
	r->cfg.desc_bus = desc_bus;
	r->cfg.driver_bus = driver_bus;
	r->cfg.device_bus = device_bus;
	if (r->packed) {
		r->pdesc = desc;
		r->driver_event = driver;
		r->device_event = device;
		cmem_open(r->c, device, 4);
	} else {
		r->desc = desc;
		r->avail = driver;
		r->used = device;
		cmem_open(r->c, device, vop_split_used_size(r->size));
	}
}

unsigned steps_least(struct conf *c)
{
	return conf_lane(c)->reads && conf_lane(c)->writes ? 2 : 1;
}

void steps_serve(struct conf *c, unsigned n)
{
	unsigned pieces = VOP_MIN(conf_lane(c)->pieces, (unsigned)conf_ring(c)->size);

	while (n--) {
		struct cbuf *b = conf_probe(c, pieces);

		conf_submit(c, b);
		conf_finish(c, b);
	}
}

uint32_t steps_config(struct conf *c, uint8_t *dst, uint32_t max)
{
	uint32_t n;
	uint8_t byte;

	for (n = 0; n < max && conf_try_config_read(c, n, &byte, 1, NULL) == 0; n++)
		if (dst)
			dst[n] = byte;
	return n;
}
