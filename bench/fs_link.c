/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/fs_link.h"

#define SPARE	 2u /* slots for what is asked alone, beside one that is held */
#define SEGMENTS 4u /* of our largest request: head, data in, answer, data out */

static void *alloc(void *ctx, size_t size, size_t align, uint64_t *bus)
{
	struct fs_link *l = ctx;

	return l->sut->target->ops->alloc(l->sut->target, VOP_AT_DRIVER, size, align, bus);
}

static int service(void *ctx, const char **why)
{
	struct fs_link *l = ctx;
	struct target *t = l->sut->target;

	if (t->ops->service(t)) {
		const char *lost = t->ops->lost_reason ? t->ops->lost_reason(t) : NULL;
		const char *fate = fs_link_fate(l);

		snprintf(l->words, sizeof(l->words), "the device is gone: %.79s%s%.79s",
			 lost ? lost : "the connection ended",
			 fate[0] ? "; what was started: " : "", fate);
		*why = l->words;
		return -EPIPE;
	}
	if (t->ops->events(t) & TARGET_EVENT_NEEDS_RESET) {
		*why = "the device says that it needs a reset";
		return -EPROTO;
	}
	return 0;
}

const char *fs_link_fate(struct fs_link *l)
{
	const char *f = l->sut && l->sut->ops->fate ? l->sut->ops->fate(l->sut) : NULL;

	return f ? f : "";
}

static int open_session(struct fs_link *l, const struct fs_link_config *cfg, struct vop_error *err)
{
	struct session_config *sc = calloc(1, sizeof(*sc));
	struct target *t = l->sut->target;
	unsigned count = 0;
	int e;

	l->s = calloc(1, sizeof(*l->s));
	if (!sc || !l->s) {
		free(sc);
		return -ENOMEM;
	}
	e = t->ops->queue_count(t, &count);
	l->queues_there = count > FS_LANE ? count - FS_LANE : 0;
	if (!e && l->queues_there < cfg->queues)
		e = target_error(err, -EREMOTEIO,
				 "the device has %u request queue%s, not %u; try fewer --queues",
				 l->queues_there, l->queues_there == 1 ? "" : "s", cfg->queues);
	sc->queues = FS_LANE + cfg->queues;
	sc->indirect_max = SEGMENTS;
	vop_feature_set(sc->want, VOP_F_EVENT_IDX);
	if (!cfg->no_indirect)
		vop_feature_set(sc->want, VOP_F_INDIRECT_DESC);
	if (cfg->packed) {
		vop_feature_set(sc->want, VOP_F_RING_PACKED);
		vop_feature_set(sc->need, VOP_F_RING_PACKED);
	}
	for (unsigned q = 0; q < sc->queues; q++) {
		sc->queue_use[q] = true;
		sc->size[q] = cfg->queue_size;
		sc->notify[q] = cfg->notify;
	}
	e = e ? e : session_open(l->s, t, sc, err);
	free(sc);
	if (e) {
		free(l->s);
		l->s = NULL;
		return e;
	}
	l->queue_size = l->s->q[FS_LANE].cfg.size;
	return 0;
}

static int open_conn(struct fs_link *l, const struct fs_link_config *cfg, struct vop_error *err)
{
	struct fs_conn_config cc = {
		.lanes = FS_LANE + cfg->queues,
		.slots = cfg->slots + SPARE,
		.data_max = cfg->data_max,
		.notify = cfg->notify,
		.spin_ns = cfg->spin_ns,
		.timeout_ns = (uint64_t)cfg->timeout_ms * 1000000u,
		.alloc = alloc,
		.service = service,
		.ctx = l,
	};
	bool indirect = vop_feature_has(l->s->features, VOP_F_INDIRECT_DESC);

	/* All that may be out has room in any one ring. */
	if ((uint64_t)cfg->slots * (indirect ? 1 : SEGMENTS) > l->queue_size)
		return target_error(err, -EREMOTEIO,
				    "%u requests do not fit a queue of %u%s; try a smaller --depth",
				    cfg->slots, l->queue_size,
				    indirect ? "" : " without indirect descriptors");
	for (unsigned i = 0; i < cc.lanes; i++)
		cc.lane[i] = (struct fs_lane){
			.vq = &l->s->q[i].vq,
			.kick = l->s->q[i].cfg.kick,
			.call = cfg->notify == VOP_NOTIFY_POLL ? NULL : l->s->q[i].cfg.call,
		};
	l->conn = fs_conn_new(&cc, err);
	return l->conn ? 0 : -ENOMEM;
}

int fs_link_open(struct fs_link *l, const struct fs_link_config *cfg, struct vop_error *err)
{
	struct sut_spawn_config sc = {
		.command = cfg->spawn,
		/* As with other workloads: no path, the command serves at $VOP_SOCKET. */
		.uri = cfg->spawn && cfg->uri && strcmp(cfg->uri, "vhost-user:") == 0 ? NULL
										      : cfg->uri,
		.scheme = "vhost-user",
		.device = FS_DEVICE_ID,
		.timeout_ms = cfg->timeout_ms,
		.window_size = fs_conn_bytes(cfg->slots + SPARE, cfg->data_max) + (16u << 20),
	};
	int e;

	*l = (struct fs_link){.sut = sut_spawn(&sc)};
	if (!l->sut)
		return target_error(err, -ENOMEM, "out of memory");
	e = sut_start(l->sut, err);
	e = e ? e : open_session(l, cfg, err);
	e = e ? e : open_conn(l, cfg, err);
	if (e)
		fs_link_close(l);
	return e;
}

static void end_session(struct fs_link *l)
{
	fs_conn_free(l->conn);
	l->conn = NULL;
	if (l->s)
		session_close(l->s);
	free(l->s);
	l->s = NULL;
}

int fs_link_again(struct fs_link *l, const struct fs_link_config *cfg, struct vop_error *err)
{
	int e;

	end_session(l);
	e = open_session(l, cfg, err);
	e = e ? e : open_conn(l, cfg, err);
	if (e)
		fs_link_close(l);
	return e;
}

void fs_link_close(struct fs_link *l)
{
	end_session(l);
	if (l->sut)
		sut_free(l->sut);
	l->sut = NULL;
}
