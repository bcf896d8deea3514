/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers out of their minds against the entropy and the console device: rings, buffers and control
 * messages of random bytes, at random moments. Sanitizers watch; after a reset each device serves
 * as if nothing had been.
 */
#include "tests/unit/console_rig.h"
#include "vop/dev/rng.h"

#define ROUNDS 300u

static uint32_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return (uint32_t)(*s >> 16);
}

/* A descriptor that is good, nearly good or nonsense: noise in either byte order. */
static void scribble_desc(struct dev_rig *r, unsigned q, uint64_t *s)
{
	const struct vop_queue_config *c = &r->q[q].cfg;
	struct vop_split_desc *d = (struct vop_split_desc *)c->desc + next(s) % c->size;
	uint64_t addr = dev_rig_bus(r, q, next(s) % 4) + 8 * (next(s) % 8);
	uint16_t flags = q % 2 ? 0 : VOP_DESC_F_WRITE;

	/* Good as a rule: what is wrong at the first look goes no deeper. */
	if (next(s) % 8 == 0)
		flags = (uint16_t)(next(s) % 8);
	if (next(s) % 8 == 0)
		addr = r->q[q].bus + next(s) % (4 * r->cfg.buffer);
	if (next(s) % 32 == 0)
		addr = (uint64_t)next(s) << 32 | next(s);
	if (c->packed) /* any wrap counter; the word behind is the length and id */
		flags |= (uint16_t)((next(s) & 1 ? 1u << 7 : 0) | (next(s) & 1 ? 1u << 15 : 0));
	d->addr = htole64(addr);
	d->len = htole32(next(s) % 16 ? next(s) % 5000 : next(s));
	if (c->packed) {
		d->flags = htole16((uint16_t)(next(s) % c->size));
		d->next = htole16(flags);
	} else {
		d->flags = htole16(flags);
		d->next = htole16((uint16_t)(next(s) % (c->size + 1u)));
	}
}

/* The driver's own area: event word, or the available ring with an index that moves on. */
static void scribble_driver(struct dev_rig *r, unsigned q, uint64_t *s)
{
	const struct vop_queue_config *c = &r->q[q].cfg;
	uint16_t *w = c->driver;

	if (c->packed) {
		w[0] = htole16((uint16_t)next(s));
		w[1] = htole16((uint16_t)(next(s) % 4));
		return;
	}
	for (unsigned i = 0; i < c->size; i++)
		w[2 + i] = htole16((uint16_t)(next(s) % (c->size + (next(s) % 16 == 0))));
	/* As a rule not further than there are entries, or the first look ends it all. */
	w[1] = htole16((uint16_t)(le16toh(w[1]) + next(s) % (next(s) % 16 ? 4 : 0xffff)));
}

static void scribble_buffer(struct dev_rig *r, unsigned q, uint64_t *s)
{
	uint8_t *p = dev_rig_buf(r, q, next(s) % 4);

	/* Small numbers, as a message for control would be. */
	for (unsigned i = 0; i < 64; i++)
		p[i] = (uint8_t)(i % 8 == 0 || i % 8 == 4 ? next(s) % 8
				 : i % 8 == 6		  ? next(s) % 2
							  : 0);
}

static void rampage(struct dev_rig *r, uint64_t *s)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned q = next(s) % DEV_RIG_QUEUES;

		while (!r->q[q].open)
			q = (q + 1) % DEV_RIG_QUEUES;
		scribble_buffer(r, q, s);
		for (unsigned k = next(s) % 12; k; k--)
			scribble_desc(r, q, s);
		scribble_driver(r, q, s);
		vop_doorbell_ring(r->q[q].cfg.kick);
		dev_rig_turn(r);
		if (next(s) % 16 == 0)
			vop_drv_config_write(r->drv, next(s) % 14, "abcd", 1 + next(s) % 4,
					     WAIT_MS);
		if (vop_drv_get_status(r->drv) & VOP_STATUS_NEEDS_RESET) {
			dev_rig_stop(r);
			dev_rig_start(r);
		}
	}
	dev_rig_stop(r);
}

static struct dev_rig_config config_of(unsigned seed)
{
	return (struct dev_rig_config){
		.packed = seed & 1,
		.thread = seed & 2,
		.notify = seed & 2 ? VOP_NOTIFY_EVENT : VOP_NOTIFY_POLL,
		.want = F(VOP_CONSOLE_F_MULTIPORT) | (seed & 4 ? RING_ALL : 0) |
			(seed & 8 ? F(VOP_F_IN_ORDER) : 0),
	};
}

static void test_console(void)
{
	for (unsigned seed = 0; seed < 32; seed++) {
		struct dev_rig_config c = config_of(seed);
		uint64_t s = seed + 1;
		struct vop_done d;
		struct dev_rig r;

		c.queues_open = 0xff;
		open_console(&r, &c, &(struct console_options){.ports = 3, .tag = "x"});
		dev_rig_start(&r);
		rampage(&r, &s);
		dev_rig_start(&r);
		control_give(&r);
		control_send(&r, 0, CON_DEVICE_READY, 1);
		for (uint32_t p = 0; p < 3; p++)
			CU_ASSERT_TRUE(control_is(&r, p, CON_DEVICE_ADD, 0, NULL, 0));
		control_send(&r, 1, CON_PORT_OPEN, 1);
		dev_rig_give(&r, 4, 0, 100, true);
		dev_rig_give(&r, 5, 0, 7, false);
		CU_ASSERT_TRUE(dev_rig_get(&r, 4, &d) && d.len == 7);
		dev_rig_close(&r);
	}
}

static void attend(void *type)
{
	vop_rng_attend(type);
}

static void close_rng(void *type)
{
	vop_rng_close(type);
}

static void test_rng(void)
{
	for (unsigned seed = 0; seed < 32; seed++) {
		struct dev_rig_config c = config_of(seed);
		struct vop_rng_config n = {
			.queue_size_max = 256, .pool_size = 1 << 20, .notify = c.notify};
		uint64_t s = seed + 1;
		struct vop_done d;
		struct dev_rig r;

		c.device_id = VOP_RNG_ID;
		c.queues = 1;
		c.queues_open = 1;
		dev_rig_open(&r, &c);
		n.poller = r.poller;
		r.type = vop_rng_open(r.dev, &n, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(r.type);
		r.attend = attend;
		r.close = close_rng;
		world_pump(&r.w);
		dev_rig_start(&r);
		rampage(&r, &s);
		dev_rig_start(&r);
		dev_rig_give(&r, 0, 0, 100, true);
		CU_ASSERT_TRUE(dev_rig_get(&r, 0, &d) && d.len == 100);
		dev_rig_close(&r);
	}
}

int suite_dev_hostile(void)
{
	CU_pSuite s = CU_add_suite("dev_hostile", NULL, NULL);

	if (!s || !CU_add_test(s, "entropy", test_rng) || !CU_add_test(s, "console", test_console))
		return CU_get_error();
	return 0;
}
