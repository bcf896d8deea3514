/* SPDX-License-Identifier: BSD-2-Clause */
/* Two nodes in one thread; node_pair.h says what for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/node_pair.h"

/* --- the device type --- */

static int fake_features_ok(void *dev, const uint64_t *features)
{
	struct fake *f = dev;

	memcpy(f->features, features, sizeof(f->features));
	return f->features_ok_answer;
}

static int fake_queue_start(void *dev, const struct vop_queue_config *cfg)
{
	struct fake *f = dev;

	if (f->start_answer)
		return f->start_answer;
	CU_ASSERT_FALSE(f->running[cfg->index]);
	f->running[cfg->index] = true;
	f->cfg[cfg->index] = *cfg;
	f->starts++;
	return 0;
}

static void fake_queue_stop(void *dev, unsigned q)
{
	struct fake *f = dev;

	CU_ASSERT_TRUE(f->running[q]);
	f->running[q] = false;
	f->stops++;
}

static int fake_driver_ok(void *dev)
{
	struct fake *f = dev;

	f->driver_oks++;
	return f->driver_ok_answer;
}

static bool any_running(const struct fake *f)
{
	for (unsigned q = 0; q < VOP_QUEUES_MAX; q++)
		if (f->running[q])
			return true;
	return false;
}

static void fake_reset(void *dev)
{
	struct fake *f = dev;

	f->stopped_before_reset = !any_running(f);
	f->resets++;
}

static int fake_config_write(void *dev, uint32_t offset, const void *data, uint32_t len)
{
	struct fake *f = dev;

	if (f->write_answer)
		return f->write_answer;
	memcpy(f->written, data, len);
	f->written_at = offset;
	f->written_len = len;
	f->writes++;
	return 0;
}

const struct vop_dev_ops fake_ops = {
	.device_id = 4,
	.type = "fake",
	.features_ok = fake_features_ok,
	.queue_start = fake_queue_start,
	.queue_stop = fake_queue_stop,
	.driver_ok = fake_driver_ok,
	.reset = fake_reset,
	.config_write = fake_config_write,
};

/* --- events --- */

static void on_up(void *ctx, struct vop_node *n)
{
	struct side *s = ctx;

	(void)n;
	s->ups++;
}

static void on_down(void *ctx, struct vop_node *n, const char *reason)
{
	struct side *s = ctx;

	(void)n;
	s->downs++;
	CU_ASSERT_EQUAL(s->added, s->removed); /* every device was removed before */
	snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

static void on_added(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct side *s = ctx;
	struct vop_device_info info;

	(void)n;
	s->added++;
	s->d = d;
	vop_device_info(d, &info);
	if (info.device == s->id && !s->no_serve)
		s->served = vop_device_serve(d, &s->offer);
	if (s->on_added)
		s->on_added(s, d);
}

static void on_removed(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct side *s = ctx;

	(void)n;
	s->removed++;
	s->running_at_removal = any_running(&s->fake);
	if (s->on_removed)
		s->on_removed(s, d);
	if (s->d == d)
		s->d = NULL;
}

static void on_changed(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct side *s = ctx;

	(void)n;
	s->changed++;
	if (s->on_changed)
		s->on_changed(s, d);
}

static const struct vop_node_events events = {
	.link_up = on_up,
	.link_down = on_down,
	.device_added = on_added,
	.device_removed = on_removed,
	.config_changed = on_changed,
};

/* --- the world --- */

/* What node `arg` does while the other one waits. */
static void run_side(void *arg)
{
	struct side *s = arg;
	int i;

	if (!s->n)
		return;
	if (s->on_run) {
		void (*run)(struct side * s) = s->on_run;

		s->on_run = NULL;
		run(s);
	}
	for (i = 0; i < 8; i++) {
		vop_node_service(s->n);
		if (!vop_link_pair_pending(s->w->pair, s->id))
			break;
	}
}

void world_join(struct world *w, const struct vop_link_pair_config *cfg)
{
	unsigned i;

	memset(w, 0, sizeof(*w));
	w->pair = vop_link_pair_new(cfg);
	for (i = 0; i < 2; i++) {
		struct side *s = &w->s[i];

		s->w = w;
		s->id = (enum vop_node_id)i;
		s->offer = (struct vop_device_offer){
			.ops = &fake_ops,
			.dev = &s->fake,
			.features = {0x5, 1ull << 63},
			.queues = 3,
			.queue_size_max = 256,
			.config_size = 60,
			.pool_size = 64 << 10,
			.notify = VOP_NOTIFY_EVENT,
		};
		for (unsigned b = 0; b < 60; b++)
			s->offer.config[b] = (uint8_t)(b + 1);
		if (cfg && cfg->doorbells == 0)
			s->offer.notify = VOP_NOTIFY_POLL;
	}
	vop_link_pair_on_idle(w->pair, VOP_HOST, run_side, &w->s[VOP_ENDPOINT]);
	vop_link_pair_on_idle(w->pair, VOP_ENDPOINT, run_side, &w->s[VOP_HOST]);
}

void world_start(struct world *w, enum vop_node_id id)
{
	struct side *s = &w->s[id];
	struct vop_node_config c = {.self = id, .events = &events, .ctx = s};
	struct vop_error err = {{0}};

	s->n = vop_node_start(vop_link_pair_end(w->pair, id), &c, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->n);
}

void world_pump(struct world *w)
{
	int i;

	for (i = 0; i < 64; i++) {
		if (w->s[0].n)
			vop_node_service(w->s[0].n);
		if (w->s[1].n)
			vop_node_service(w->s[1].n);
		if (!vop_link_pair_pending(w->pair, VOP_HOST) &&
		    !vop_link_pair_pending(w->pair, VOP_ENDPOINT) && i >= 4)
			return;
	}
}

void world_open(struct world *w, const struct vop_link_pair_config *cfg)
{
	world_join(w, cfg);
	world_start(w, VOP_HOST);
	world_start(w, VOP_ENDPOINT);
	world_pump(w);
	CU_ASSERT_EQUAL_FATAL(w->s[0].ups, 1);
	CU_ASSERT_EQUAL_FATAL(w->s[1].ups, 1);
}

void world_close(struct world *w)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct vop_node *n = w->s[i].n;

		w->s[i].n = NULL;
		if (n)
			vop_node_close(n);
	}
	vop_link_pair_free(w->pair);
}

void world_add(struct world *w, enum vop_node_id creator, enum vop_node_id device,
	       struct device_pair *out)
{
	struct vop_device_create c = {
		.device_id = 4,
		.device = device,
		.queues_max = 8,
		.queue_size_max = 1024,
		.name = "fake0",
	};

	out->creator = &w->s[creator];
	out->device = &w->s[device];
	out->driver = &w->s[!device];
	out->slot = vop_node_create(out->creator->n, &c);
	CU_ASSERT_FATAL(out->slot >= 0);
	world_pump(w);
	out->dev = out->device->d;
	out->drv = out->driver->d;
	CU_ASSERT_PTR_NOT_NULL_FATAL(out->dev);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out->drv);
}

int drv_status(struct vop_device *drv, uint8_t status, uint8_t *got)
{
	return vop_drv_set_status(drv, status, got, WAIT_MS);
}

int drv_negotiate(struct vop_device *drv, uint64_t want0)
{
	uint64_t offered[2], want[2];
	uint8_t got = 0xff;
	int r;

	r = vop_drv_wait_ready(drv, WAIT_MS);
	if (!r)
		r = drv_status(drv, 0, &got);
	if (!r)
		r = drv_status(drv, VOP_STATUS_ACKNOWLEDGE, &got);
	if (!r)
		r = drv_status(drv, VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER, &got);
	if (!r)
		r = vop_drv_offered(drv, offered);
	if (r)
		return r;
	want[0] = want0 & offered[0];
	want[1] = offered[1];
	r = vop_drv_set_features(drv, want, WAIT_MS);
	if (!r)
		r = drv_status(drv,
			       VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_FEATURES_OK,
			       &got);
	if (!r && !(got & VOP_STATUS_FEATURES_OK))
		r = -EOPNOTSUPP;
	return r;
}

int drv_queue(struct vop_device *drv, unsigned q, uint16_t size, bool packed, unsigned placement,
	      enum vop_notify notify, struct vop_queue_config *cfg)
{
	enum vop_where most = placement == VOP_RING_DRIVER ? VOP_AT_DRIVER : VOP_AT_DEVICE;
	enum vop_where used = placement == VOP_RING_DEVICE ? VOP_AT_DEVICE : VOP_AT_DRIVER;

	*cfg = (struct vop_queue_config){
		.index = (uint16_t)q,
		.size = size,
		.packed = packed,
		.ring_placement = (uint8_t)placement,
	};
	if (!vop_drv_alloc(drv, most, 16u * size, 64, &cfg->desc_bus) ||
	    !vop_drv_alloc(drv, most, packed ? 4 : 6u + 2u * size, 64, &cfg->driver_bus) ||
	    !vop_drv_alloc(drv, used, packed ? 4 : 6u + 8u * size, 64, &cfg->device_bus))
		return -ENOMEM;
	return vop_drv_queue_setup(drv, cfg, notify, WAIT_MS);
}
