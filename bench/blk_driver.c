/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's agent of blk: one target, its session, the requests on it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vop/features.h>
#include "bench/agent_role.h"
#include "bench/blk_load.h"
#include "bench/remote.h"
#include "conformance/sut.h"
#include "target/vop.h"

struct blk_driver {
	struct agent *a;
	struct sut *sut; /* a target that we started; NULL: it is there already */
	struct target *t;
	struct session *s; /* NULL: none open */
	struct blk_load *load;
	_Atomic bool lost, needs_reset; /* read by the worker */
};

/* Memory is about to go: no worker may be on it. */
static void on_lost(void *ctx)
{
	struct blk_driver *d = ctx;

	d->lost = true;
	agent_quiet(d->a);
}

static void driver_end(struct agent *a)
{
	struct blk_driver *d = a->state;

	if (d == NULL)
		return;
	blk_load_free(d->load);
	d->load = NULL;
	if (d->s)
		session_close(d->s);
	free(d->s);
	d->s = NULL;
}

static void driver_close(struct agent *a)
{
	struct blk_driver *d = a->state;

	if (d == NULL)
		return;
	driver_end(a);
	if (d->sut)
		sut_free(d->sut);
	else if (d->t)
		target_close(d->t);
	d->sut = NULL;
	d->t = NULL;
	d->lost = d->needs_reset = false;
}

/* A target that is a command. */
static int start_target(struct blk_driver *d, struct vop_error *err)
{
	const struct agent_open *o = &d->a->open;
	const char *rest = strchr(o->uri, ':') + 1;
	char scheme[32];
	struct sut_spawn_config cfg = {
		.command = o->spawn,
		.uri = *rest ? o->uri : NULL,
		.scheme = scheme,
		.device = VOP_BLK_ID,
		.timeout_ms = o->timeout_ms,
		.window_size = o->window,
	};
	int e;

	snprintf(scheme, sizeof(scheme), "%.*s", (int)(rest - 1 - o->uri), o->uri);
	d->sut = sut_spawn(&cfg);
	e = d->sut ? sut_start(d->sut, err) : -ENOMEM;
	if (e == 0)
		d->t = d->sut->target;
	return e;
}

static int driver_open(struct agent *a, struct vop_error *err)
{
	struct agent_open *o = &a->open;
	struct target_config cfg = {
		.uri = o->uri,
		.device_id = VOP_BLK_ID,
		.timeout_ms = o->timeout_ms,
		.self = o->self,
		.create = o->creates,
		.queues_max = o->pairs,
		.queue_size_max = o->queue_size_max,
		.window_size = o->window,
		.no_huge = o->no_huge,
	};
	struct blk_driver *d = a->state;
	int e;

	if (d == NULL) {
		d = calloc(1, sizeof(*d));
		if (d == NULL)
			return -ENOMEM;
		d->a = a;
		a->state = d;
	}
	driver_close(a);
	e = o->spawn[0] ? start_target(d, err) : target_open(&cfg, &d->t, err);
	if (e) {
		driver_close(a);
		return e;
	}
	if (d->t->ops->on_lost)
		d->t->ops->on_lost(d->t, on_lost, d);
	return 0;
}

/* What the device says of its disk and of the requests it takes (VIRTIO 1.4, 5.2.4). */
struct told {
	uint64_t capacity; /* sectors */
	uint32_t size_max, seg_max, block_size;
	uint16_t queues;
	bool read_only;
};

/* Bytes of the configuration up to the last field that is looked at. */
static uint32_t space_size(const uint64_t f[2])
{
	return vop_feature_has(f, VOP_BLK_F_MQ)		? 36
	       : vop_feature_has(f, VOP_BLK_F_BLK_SIZE) ? 24
	       : vop_feature_has(f, VOP_BLK_F_SEG_MAX)	? 16
	       : vop_feature_has(f, VOP_BLK_F_SIZE_MAX) ? 12
							: 8;
}

_Static_assert(offsetof(struct vop_blk_space, num_queues) == 34, "layout");

/* All fields at once, from the first on: as the drivers of this world do, and there are vhost-user
 * back-ends that take every offset for 0. */
static int ask_device(struct target *t, struct told *d, struct vop_error *err)
{
	struct vop_blk_space c = {0};
	uint64_t f[2] = {0};
	uint32_t generation;
	int e = t->ops->get_features(t, f);

	e = e ? e : t->ops->config_read(t, 0, &c, space_size(f), &generation);
	if (e)
		return snprintf(err->text, sizeof(err->text),
				"the device does not tell what disk it has: %s", strerror(-e)),
		       e;
	*d = (struct told){
		.capacity = le64toh(c.capacity),
		.block_size = BLK_SECTOR,
		.queues = 1,
		.read_only = vop_feature_has(f, VOP_BLK_F_RO),
	};
	if (vop_feature_has(f, VOP_BLK_F_SIZE_MAX))
		d->size_max = le32toh(c.size_max);
	if (vop_feature_has(f, VOP_BLK_F_SEG_MAX))
		d->seg_max = le32toh(c.seg_max);
	if (vop_feature_has(f, VOP_BLK_F_BLK_SIZE))
		d->block_size = le32toh(c.blk_size);
	if (vop_feature_has(f, VOP_BLK_F_MQ))
		d->queues = le16toh(c.num_queues);
	return 0;
}

#define REFUSE(err, ...) (snprintf((err)->text, sizeof((err)->text), __VA_ARGS__), -EREMOTEIO)

/* Can this device do what is asked of it? Fills in what is left to it. */
static int fit(const struct agent_session *c, const struct told *d, struct blk_load_config *lc,
	       struct vop_error *err)
{
	uint64_t bytes =
		d->capacity > UINT64_MAX / BLK_SECTOR ? UINT64_MAX : d->capacity * BLK_SECTOR;

	if (c->pairs > d->queues)
		return REFUSE(err, "the device has %u request queue%s, not %u; try fewer --queues",
			      d->queues, d->queues == 1 ? "" : "s", c->pairs);
	if (d->block_size < BLK_SECTOR || d->block_size % BLK_SECTOR)
		return REFUSE(err, "the device says its blocks have %u bytes, which cannot be",
			      d->block_size);
	if (c->size_unit % d->block_size)
		return REFUSE(err,
			      "the device has blocks of %u bytes: each --size must be a multiple",
			      d->block_size);
	lc->segment = 0;
	if (d->size_max && d->size_max < c->size)
		lc->segment = d->size_max & ~(BLK_SECTOR - 1);
	if (d->size_max && d->size_max < BLK_SECTOR)
		return REFUSE(err,
			      "the device takes segments of at most %u bytes, less than a sector",
			      d->size_max);
	lc->segments = lc->segment ? (c->size + lc->segment - 1) / lc->segment : 1;
	if (lc->segments > BLK_SEGMENTS_MAX || (d->seg_max && lc->segments > d->seg_max))
		return REFUSE(err,
			      "the device takes no request of %u bytes: at most %u segments of %u; "
			      "try a smaller --size",
			      c->size, d->seg_max ? d->seg_max : BLK_SEGMENTS_MAX, lc->segment);
	lc->span = VOP_MIN(c->span, bytes) / c->size * c->size;
	if (lc->span < 2ull * c->depth * c->pairs * c->size)
		return REFUSE(
			err,
			"%llu bytes of disk are too few for %u requests of %u bytes in flight on "
			"%u queue%s: twice as many blocks are needed; try a larger --span or a "
			"smaller --depth or --size",
			(unsigned long long)lc->span, c->depth, c->size, c->pairs,
			c->pairs == 1 ? "" : "s");
	return 0;
}

static int open_session(struct blk_driver *d, const struct blk_load_config *lc,
			struct vop_error *err)
{
	const struct agent_session *c = &d->a->session;
	struct session_config *sc = calloc(1, sizeof(*sc));
	uint16_t max = 0, size = c->queue_size;
	int e;

	d->s = calloc(1, sizeof(*d->s));
	if (sc == NULL || d->s == NULL) {
		free(sc);
		return -ENOMEM;
	}
	*sc = (struct session_config){
		.want = {c->want[0], c->want[1]},
		.need = {c->need[0], c->need[1]},
		.queues = c->pairs,
		.indirect_max = lc->segments + 2,
	};
	/* Asked for by nobody: as many as the device has, when it has fewer. */
	if (c->queue_size_default && d->t->ops->queue_size_max(d->t, 0, &max) == 0 && max)
		size = max < size ? 0 : size;
	for (unsigned q = 0; q < sc->queues; q++) {
		sc->queue_use[q] = true;
		sc->size[q] = size;
		sc->notify[q] = c->notify;
	}
	e = session_open(d->s, d->t, sc, err);
	free(sc);
	if (e) {
		free(d->s);
		d->s = NULL;
	}
	return e;
}

/* All that may be in flight must have room in the ring at once. */
static int check_room(const struct session *s, const struct blk_load_config *lc,
		      struct vop_error *err)
{
	bool indirect = vop_feature_has(s->features, VOP_F_INDIRECT_DESC);
	uint32_t each = blk_load_descriptors(lc->size_max, lc->segment, indirect);

	for (unsigned q = 0; q < lc->queues; q++)
		if ((uint64_t)each * lc->depth_max > s->q[q].cfg.size)
			return REFUSE(
				err,
				"%u requests of %u descriptor%s do not fit the queue's %u; try "
				"a smaller --depth or a larger --queue-size%s",
				lc->depth_max, each, each == 1 ? "" : "s", s->q[q].cfg.size,
				indirect ? "" : " (or a device with indirect_desc)");
	return 0;
}

static enum blk_verify verify_of(const struct agent_session *c, const struct told *d)
{
	if (c->verify == BLK_VERIFY_NONE)
		return BLK_VERIFY_NONE;
	return d->read_only || !c->may_write ? BLK_VERIFY_STABLE : BLK_VERIFY_FULL;
}

static int driver_session(struct agent *a, struct agent_answer *ans, struct vop_error *err)
{
	struct blk_driver *d = a->state;
	const struct agent_session *c = &a->session;
	struct told told = {0};
	struct blk_load_config lc = {
		.queues = c->pairs,
		.size_max = c->size,
		.depth_max = c->depth,
		.seed = c->seed,
		.mix = c->mix,
		.notify = c->notify,
		.spin_ns = c->spin_ns,
		.stall_ns = (uint64_t)a->open.timeout_ms * 1000000u,
	};
	int e;

	if (d == NULL || d->t == NULL)
		return -ENOTCONN;
	driver_end(a);
	d->needs_reset = false;
	lc.needs_reset = &d->needs_reset;
	e = ask_device(d->t, &told, err);
	lc.verify = verify_of(c, &told);
	e = e ? e : fit(c, &told, &lc, err);
	e = e ? e : open_session(d, &lc, err);
	if (!e) {
		e = check_room(d->s, &lc, err);
		d->load = e ? NULL : blk_load_new(a->sh, d->s, &lc, err);
		e = e ? e : d->load ? 0 : -ENOMEM;
	}
	if (e) {
		driver_end(a);
		return e;
	}
	ans->features[0] = d->s->features[0];
	ans->features[1] = d->s->features[1];
	ans->offered[0] = d->s->offered[0];
	ans->offered[1] = d->s->offered[1];
	ans->queues = told.queues;
	ans->queue_size_max = d->s->q[0].cfg.size;
	ans->disk = (struct agent_disk){
		.capacity = told.capacity * BLK_SECTOR,
		.span = lc.span,
		.block_size = told.block_size,
		.read_only = told.read_only,
		.flush = vop_feature_has(d->s->features, VOP_BLK_F_FLUSH),
		.verify = lc.verify,
		.segments = lc.segments,
		.queue_size = d->s->q[0].cfg.size,
	};
	return 0;
}

static void driver_stats(struct agent *a, struct agent_answer *ans)
{
	struct blk_driver *d = a->state;
	struct vop_node *n;

	if (d == NULL)
		return;
	if (d->load && blk_load_broken(d->load)) {
		ans->violations++;
		snprintf(ans->text, sizeof(ans->text), "%s",
			 vop_violation_str(blk_load_broken(d->load)));
	} else if (d->needs_reset) {
		snprintf(ans->text, sizeof(ans->text), "the device says it needs a reset");
	} else if (d->lost && d->t && d->t->ops->lost_reason && d->t->ops->lost_reason(d->t)) {
		const char *fate = d->sut && d->sut->ops->fate ? d->sut->ops->fate(d->sut) : NULL;

		snprintf(ans->text, sizeof(ans->text), "%.120s%s%.120s",
			 d->t->ops->lost_reason(d->t),
			 fate ? ", the device that was started was " : "", fate ? fate : "");
	}
	n = d->t && !d->lost ? target_vop_node(d->t) : NULL;
	if (n)
		ans->huge = vop_node_link(n)->own.huge;
}

static void driver_fds(struct agent *a, struct pollfd p[2])
{
	struct blk_driver *d = a->state;

	if (d && d->t && !d->lost)
		p[0] = (struct pollfd){.fd = d->t->ops->event_fd(d->t), .events = POLLIN};
}

static void driver_service(struct agent *a)
{
	struct blk_driver *d = a->state;

	if (d->t->ops->service(d->t) || d->lost) {
		if (!d->lost)
			on_lost(d);
		agent_lost("the device is gone");
		return;
	}
	if (d->t->ops->events(d->t) & TARGET_EVENT_NEEDS_RESET)
		d->needs_reset = true;
}

static int driver_traffic(struct worker *w, const struct job *j, struct job_result *r)
{
	struct blk_driver *d = ((struct agent *)w->load)->state;
	uint64_t before = 0, after = 0;
	int e;

	/* As in the driver's agent of net: either we see the flag, or on_lost() sees the plan. */
	if (d == NULL || d->load == NULL || d->lost)
		return -ENOTCONN;
	remote_begin(target_vop_node(d->t));
	if (d->sut && d->sut->ops->cpu)
		d->sut->ops->cpu(d->sut, &before);
	e = blk_load_run(d->load, w, j, r);
	if (d->sut && d->sut->ops->cpu && d->sut->ops->cpu(d->sut, &after))
		r->other_cpu_ns = after - before;
	remote_end(r, r->frames_all);
	return e;
}

const struct agent_role agent_blk_driver = {
	.open = driver_open,
	.session = driver_session,
	.end = driver_end,
	.close = driver_close,
	.stats = driver_stats,
	.fds = driver_fds,
	.service = driver_service,
	.traffic = driver_traffic,
};
