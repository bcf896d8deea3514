/* SPDX-License-Identifier: BSD-2-Clause */
/* Device suspend (VIRTIO 1.4, 3.4; docs/vop.md, VOP-48, 49 and 55). */
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/dev_rig.h"
#include "tests/node_pair.h"
#include "vop/dev/rng.h"

#define RUNS                                                                                       \
	(VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_FEATURES_OK | VOP_STATUS_DRIVER_OK)
#define SUSPEND	  VOP_STATUS_SUSPEND
#define SUSPENDED ((RUNS & ~VOP_STATUS_DRIVER_OK) | SUSPEND)
#define BUFFER	  64u

/* --- the node, with callbacks that write down what happens --- */

struct log {
	unsigned suspends, resumes;
	int suspend_answer, resume_answer;
};

static int log_suspend(void *ctx)
{
	struct log *l = ctx;

	l->suspends++;
	return l->suspend_answer;
}

static int log_resume(void *ctx)
{
	struct log *l = ctx;

	l->resumes++;
	return l->resume_answer;
}

static uint8_t set(struct device_pair *p, uint8_t status, int want)
{
	CU_ASSERT_EQUAL(vop_drv_set_status(p->drv, status, NULL, WAIT_MS), want);
	return vop_drv_get_status(p->drv);
}

/* The endpoint plays the device, at DRIVER_OK. */
static void open_running(struct world *w, struct device_pair *p, struct log *l, uint64_t more)
{
	struct vop_device_offer *o;

	*l = (struct log){0};
	world_open(w, NULL);
	o = &w->s[VOP_ENDPOINT].offer;
	o->suspend = log_suspend;
	o->resume = log_resume;
	o->suspend_ctx = l;
	world_add(w, VOP_HOST, VOP_ENDPOINT, p);
	CU_ASSERT_EQUAL_FATAL(vop_drv_wait_ready(p->drv, WAIT_MS), 0);
	CU_ASSERT_EQUAL_FATAL(drv_negotiate(p->drv, FULL_FEATURES | more), 0);
	CU_ASSERT_EQUAL(set(p, RUNS, 0), RUNS);
}

static void test_offered(void)
{
	struct device_pair p;
	struct world w;
	struct log l;
	uint64_t f[2];

	open_running(&w, &p, &l, 0);
	CU_ASSERT_EQUAL(vop_drv_offered(p.drv, f), 0);
	CU_ASSERT_TRUE(vop_feature_has(f, VOP_F_SUSPEND));
	/* Not negotiated: ignored. */
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, 0), RUNS);
	CU_ASSERT_EQUAL(l.suspends, 0);
	world_close(&w);
}

static void test_status(void)
{
	const uint8_t early = RUNS & ~VOP_STATUS_DRIVER_OK;
	struct device_pair p;
	struct world w;
	struct log l;

	open_running(&w, &p, &l, F(VOP_F_SUSPEND));
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, 0), SUSPENDED);
	CU_ASSERT_EQUAL(l.suspends, 1);
	CU_ASSERT_EQUAL(set(&p, SUSPENDED, 0), SUSPENDED);
	CU_ASSERT_EQUAL(set(&p, early, 0), SUSPENDED);
	CU_ASSERT_EQUAL(set(&p, VOP_STATUS_DRIVER_OK, -EPERM), SUSPENDED);
	CU_ASSERT_EQUAL(l.resumes, 0);
	CU_ASSERT_EQUAL(set(&p, SUSPENDED | VOP_STATUS_DRIVER_OK, 0), RUNS);
	CU_ASSERT_EQUAL(l.resumes, 1);
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, 0), SUSPENDED);
	CU_ASSERT_EQUAL(set(&p, RUNS, 0), RUNS);
	CU_ASSERT_EQUAL(l.resumes, 2);
	/* A reset ends it; before DRIVER_OK, and in the request that sets it, the bit is nothing.
	 */
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, 0), SUSPENDED);
	CU_ASSERT_EQUAL(set(&p, 0, 0), 0);
	CU_ASSERT_EQUAL_FATAL(drv_negotiate(p.drv, FULL_FEATURES | F(VOP_F_SUSPEND)), 0);
	CU_ASSERT_EQUAL(set(&p, early | SUSPEND, 0), early);
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, 0), RUNS);
	CU_ASSERT_EQUAL(l.suspends, 3);
	CU_ASSERT_EQUAL(l.resumes, 2);
	world_close(&w);
}

static void test_failures(void)
{
	struct device_pair p;
	struct world w;
	struct log l;

	open_running(&w, &p, &l, F(VOP_F_SUSPEND));
	l.suspend_answer = -EPERM;
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, -EPERM), RUNS | VOP_STATUS_NEEDS_RESET);
	world_pump(&w);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].changed, 1);
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, -EPERM), RUNS | VOP_STATUS_NEEDS_RESET);
	CU_ASSERT_EQUAL(l.suspends, 1);
	world_close(&w);

	open_running(&w, &p, &l, F(VOP_F_SUSPEND));
	l.resume_answer = -ENOMEM;
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, 0), SUSPENDED);
	CU_ASSERT_EQUAL(set(&p, RUNS, -ENOMEM), SUSPENDED | VOP_STATUS_NEEDS_RESET);
	CU_ASSERT_EQUAL(set(&p, RUNS, -EPERM), SUSPENDED | VOP_STATUS_NEEDS_RESET);
	CU_ASSERT_EQUAL(l.resumes, 1);
	CU_ASSERT_EQUAL(set(&p, 0, 0), 0);
	world_close(&w);
}

static uint8_t config_byte(struct device_pair *p, uint32_t *gen)
{
	uint8_t v = 0;

	CU_ASSERT_EQUAL(vop_drv_config_read(p->drv, 1, &v, 1, gen), 0);
	return v;
}

/* What changes meanwhile is shown and told when it runs again; without a change nothing is. */
static void test_config(void)
{
	struct device_pair p;
	struct world w;
	struct log l;
	uint32_t before, after;
	unsigned told;
	uint8_t was, v;

	open_running(&w, &p, &l, F(VOP_F_SUSPEND));
	was = config_byte(&p, &before);
	v = (uint8_t)~was;
	told = w.s[VOP_HOST].changed;
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, 0), SUSPENDED);
	CU_ASSERT_EQUAL(vop_drv_config_write(p.drv, 1, &v, 1, WAIT_MS), -EPERM);
	CU_ASSERT_EQUAL(set(&p, RUNS, 0), RUNS);
	world_pump(&w);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].changed, told);
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, 0), SUSPENDED);
	CU_ASSERT_EQUAL(vop_device_config_set(p.dev, 1, &v, 1), 0);
	world_pump(&w);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].changed, told);
	CU_ASSERT_EQUAL(config_byte(&p, &after), was);
	CU_ASSERT_EQUAL(after, before);
	CU_ASSERT_EQUAL(set(&p, RUNS, 0), RUNS);
	world_pump(&w);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].changed, told + 1);
	CU_ASSERT_EQUAL(config_byte(&p, &after), v);
	CU_ASSERT_NOT_EQUAL(after, before);
	/* A reset shows it too, and tells nobody. */
	CU_ASSERT_EQUAL(set(&p, RUNS | SUSPEND, 0), SUSPENDED);
	CU_ASSERT_EQUAL(vop_device_config_set(p.dev, 1, &was, 1), 0);
	CU_ASSERT_EQUAL(set(&p, 0, 0), 0);
	world_pump(&w);
	CU_ASSERT_EQUAL(config_byte(&p, NULL), was);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].changed, told + 1);
	world_close(&w);
}

/* --- a device type: what core.c does --- */

static void attend(void *type)
{
	vop_rng_attend(type);
}

static void close_rng(void *type)
{
	vop_rng_close(type);
}

static void open_rng(struct dev_rig *r, const struct dev_rig_config *base)
{
	struct dev_rig_config c = *base;
	struct vop_rng_config n = {
		.queue_size_max = 256, .pool_size = 1 << 20, .notify = base->notify};
	struct vop_error err = {{0}};

	c.device_id = VOP_RNG_ID;
	c.queues = 1;
	c.buffer = BUFFER;
	c.want = F(VOP_F_EVENT_IDX) | F(VOP_F_SUSPEND);
	dev_rig_open(r, &c);
	n.poller = r->poller;
	r->type = vop_rng_open(r->dev, &n, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->type);
	r->attend = attend;
	r->close = close_rng;
	world_pump(&r->w);
	dev_rig_start(r);
}

static void status(struct dev_rig *r, uint8_t s, uint8_t want)
{
	CU_ASSERT_EQUAL(vop_drv_set_status(r->drv, s, NULL, WAIT_MS), 0);
	CU_ASSERT_EQUAL(vop_drv_get_status(r->drv), want);
}

/* Buffers before, meanwhile and after; the ring goes on where it was, over its end. */
static void rings(const struct dev_rig_config *c)
{
	struct dev_rig r;
	struct vop_done done;
	unsigned turn;

	open_rng(&r, c);
	for (turn = 0; turn < 12; turn++) {
		dev_rig_give(&r, 0, 0, BUFFER, true);
		dev_rig_kick(&r, 0);
		CU_ASSERT_TRUE(dev_rig_get(&r, 0, &done));
		status(&r, RUNS | SUSPEND, SUSPENDED);
		dev_rig_give(&r, 0, 1, BUFFER, true);
		dev_rig_give(&r, 0, 2, BUFFER, true);
		if (turn % 2)
			dev_rig_kick(&r, 0);
		CU_ASSERT_TRUE(dev_rig_none(&r, 0));
		status(&r, RUNS, RUNS);
		CU_ASSERT_TRUE(dev_rig_get(&r, 0, &done));
		CU_ASSERT_EQUAL(done.len, BUFFER);
		CU_ASSERT_TRUE(dev_rig_get(&r, 0, &done));
		CU_ASSERT_TRUE(dev_rig_none(&r, 0));
	}
	status(&r, RUNS | SUSPEND, SUSPENDED);
	dev_rig_stop(&r);
	dev_rig_start(&r);
	dev_rig_give(&r, 0, 0, BUFFER, true);
	dev_rig_kick(&r, 0);
	CU_ASSERT_TRUE(dev_rig_get(&r, 0, &done));
	dev_rig_stop(&r);
	dev_rig_close(&r);
}

static void test_rings(void)
{
	struct dev_rig_config c = {.size = 4};

	rings(&c);
	c.packed = true;
	rings(&c);
	c.notify = VOP_NOTIFY_EVENT;
	rings(&c);
}

/* A violation nobody had told of yet comes to light: it is not suspended, and says why. */
static void test_violation(void)
{
	struct dev_rig_config c = {.notify = VOP_NOTIFY_POLL};
	struct dev_rig r;
	unsigned i;

	open_rng(&r, &c);
	/* A readable buffer alone is nothing an entropy device can use. */
	dev_rig_give(&r, 0, 0, BUFFER, false);
	vop_poller_enter(r.poller);
	for (i = 0; i < 4; i++)
		vop_poller_turn(r.poller, 0);
	vop_poller_leave(r.poller);
	CU_ASSERT_EQUAL(vop_drv_get_status(r.drv), RUNS);
	CU_ASSERT_EQUAL(vop_drv_set_status(r.drv, RUNS | SUSPEND, NULL, WAIT_MS), -EPERM);
	CU_ASSERT_EQUAL(vop_drv_get_status(r.drv), RUNS | VOP_STATUS_NEEDS_RESET);
	dev_rig_stop(&r);
	dev_rig_close(&r);
}

int suite_suspend(void)
{
	CU_pSuite s = CU_add_suite("suspend", NULL, NULL);

	if (!s || !CU_add_test(s, "offered, and ignored unless accepted", test_offered) ||
	    !CU_add_test(s, "the status", test_status) ||
	    !CU_add_test(s, "failures need a reset", test_failures) ||
	    !CU_add_test(s, "configuration changes wait", test_config) ||
	    !CU_add_test(s, "rings go on", test_rings) ||
	    !CU_add_test(s, "a violation comes first", test_violation))
		return CU_get_error();
	return 0;
}
