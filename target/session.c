/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The legal initialisation, VIRTIO 1.4, 3.1.1, steps 1 to 8 in their order, each believed only once
 * the device has answered it. Where the rings lie is in session_rings.c.
 */
#include <stdio.h>
#include <string.h>

#include <vop/mem.h>
#include "target/feature_names.h"
#include "target/session.h"
#include "target/session_rings.h"
#include "vop/vq_open.h"

static int add_status(struct session *s, uint8_t bits, const char *name, struct vop_error *err)
{
	uint8_t accepted = 0;
	int r;

	s->status |= bits;
	r = s->t->ops->set_status(s->t, s->status);
	if (!r)
		r = s->t->ops->get_status(s->t, &accepted);
	if (r)
		return target_error(err, r, "the device did not take status %s: %s", name,
				    strerror(-r));
	if (accepted & VOP_STATUS_NEEDS_RESET)
		return target_error(err, -EPROTO, "the device wants a reset instead of status %s",
				    name);
	if ((accepted & s->status) != s->status)
		return target_error(err, -EPROTO, "the device left status %s out of its answer",
				    name);
	return 0;
}

/* Step 1 (VIRTIO 1.4, 2.4): the driver goes on only when status reads 0. */
static int start_from_reset(struct session *s, struct vop_error *err)
{
	uint8_t status = 0;
	int r = s->t->ops->set_status(s->t, 0);

	if (!r)
		r = s->t->ops->get_status(s->t, &status);
	if (!r && status)
		return target_error(err, -EPROTO, "status is 0x%02x after a reset", status);
	return r ? target_error(err, r, "the device cannot be reset: %s", strerror(-r)) : 0;
}

/* Steps 4 to 6 (VIRTIO 1.4, 2.2 and 3.1.1). */
static int negotiate(struct session *s, const struct session_config *cfg, struct vop_error *err)
{
	uint64_t need[2] = {cfg->need[0], cfg->need[1]}, missing[2], want[2];
	char names[160];
	uint8_t accepted = 0;
	unsigned i;
	int r = s->t->ops->get_features(s->t, s->offered);

	if (r)
		return target_error(err, r, "the device does not tell its features: %s",
				    strerror(-r));
	/* Not for choice: the rings are those of VIRTIO 1, in the platform's addresses; what
	 * ORDER_PLATFORM asks for is what the accessors do anyway (vop/mem.h). */
	vop_feature_set(need, VOP_F_VERSION_1);
	for (i = 0; i < 2; i++) {
		missing[i] = need[i] & ~s->offered[i];
		want[i] = cfg->want[i] | need[i];
	}
	vop_feature_set(want, VOP_F_ACCESS_PLATFORM);
	vop_feature_set(want, VOP_F_ORDER_PLATFORM);
	if (missing[0] | missing[1])
		return target_error(err, -ENOTSUP, "the device does not offer: %s",
				    feature_text(s->t->device_id, missing, names, sizeof(names)));
	for (i = 0; i < 2; i++)
		s->features[i] = want[i] & s->offered[i];
	r = s->t->ops->set_features(s->t, s->features);
	if (r)
		return target_error(err, r, "the device did not take the features: %s",
				    strerror(-r));
	s->status |= VOP_STATUS_FEATURES_OK;
	r = s->t->ops->set_status(s->t, s->status);
	if (r && r != -ENOTSUP && r != -EINVAL)
		return target_error(err, r, "the device did not take status FEATURES_OK: %s",
				    strerror(-r));
	/* Step 6: what counts is whether it still stands. */
	r = s->t->ops->get_status(s->t, &accepted);
	if (r)
		return target_error(err, r, "the device does not tell its status: %s",
				    strerror(-r));
	if (!(accepted & VOP_STATUS_FEATURES_OK))
		return target_error(
			err, -ENOTSUP, "the device refused these features: %s",
			feature_text(s->t->device_id, s->features, names, sizeof(names)));
	return 0;
}

static uint16_t power_of_two_below(uint16_t n)
{
	while (n & (n - 1))
		n &= (uint16_t)(n - 1);
	return n;
}

/* VIRTIO 1.4, 2.7 (split: a power of two) and 2.8 (packed: any), at most 32768. */
static int choose_size(struct session *s, unsigned q, uint16_t asked, bool packed, uint16_t *size,
		       struct vop_error *err)
{
	uint16_t max = 0;
	int r = s->t->ops->queue_size_max(s->t, q, &max);

	if (r)
		return target_error(err, r, "queue %u: its size cannot be read: %s", q,
				    strerror(-r));
	if (max == 0)
		return target_error(err, -EINVAL, "the device has no queue %u", q);
	if (max > VOP_QUEUE_SIZE_MAX)
		return target_error(err, -EPROTO, "queue %u: the device offers %u entries", q, max);
	if (asked > max)
		return target_error(err, -EINVAL,
				    "queue %u: %u entries asked for, the device has at most %u", q,
				    asked, max);
	if (asked && !packed && (asked & (asked - 1)))
		return target_error(err, -EINVAL,
				    "queue %u: a split ring has a power of two entries, not %u", q,
				    asked);
	*size = asked ? asked : packed ? max : power_of_two_below(max);
	return 0;
}

static int open_queue(struct session *s, const struct session_config *cfg, unsigned q,
		      struct session_stagger *stagger, struct vop_error *err)
{
	struct session_queue *sq = &s->q[q];
	struct vop_queue_config *c = &sq->cfg;
	struct session_tables ind;
	bool polls;
	int r;

	*c = (struct vop_queue_config){
		.index = (uint16_t)q,
		.packed = vop_feature_has(s->features, VOP_F_RING_PACKED),
		.ring_placement = (uint8_t)cfg->ring_placement,
		.payload_placement = (uint8_t)cfg->payload_placement,
	};
	sq->notify = cfg->notify[q];
	r = choose_size(s, q, cfg->size[q], c->packed, &c->size, err);
	if (r)
		return r;
	r = session_rings_alloc(s->t, c, stagger, err);
	if (r)
		return r;
	r = session_tables_alloc(
		s->t, c, vop_feature_has(s->features, VOP_F_INDIRECT_DESC) ? cfg->indirect_max : 0,
		&ind, err);
	if (r)
		return r;
	r = s->t->ops->queue_setup(s->t, c, sq->notify);
	if (r)
		return target_error(err, r, "queue %u: the device refused its set-up: %s", q,
				    strerror(-r));
	/* No kick doorbell: the device polls, now and until the next set-up. */
	polls = !c->kick || c->kick->kind == VOP_DB_NONE;
	r = vop_drvq_open(&sq->vq, c, vop_ring_features(s->features, polls), ind.at, ind.bus,
			  ind.max);
	if (r)
		return target_error(err, r, "queue %u: %s", q, strerror(-r));
	sq->open = true;
	if (sq->notify == VOP_NOTIFY_POLL)
		vop_drvq_disarm(&sq->vq);
	return 0;
}

static int check_queues(struct session *s, const struct session_config *cfg, struct vop_error *err)
{
	unsigned n = 0;
	int r = s->t->ops->queue_count(s->t, &n);

	if (r)
		return target_error(err, r, "the device does not tell its queues: %s",
				    strerror(-r));
	if (cfg->queues > n)
		return target_error(err, -EINVAL, "%u queues asked for, the device has %u",
				    cfg->queues, n);
	if (vop_feature_has(s->features, VOP_F_RING_PACKED) &&
	    cfg->ring_placement == VOP_RING_POSTED)
		return target_error(err, -ENOTSUP,
				    "a packed ring cannot be placed 'posted': both sides write "
				    "its descriptors");
	if (!s->t->ops->placement_ok(s->t, cfg->ring_placement, cfg->payload_placement))
		return target_error(err, -ENOTSUP,
				    "the device does not take ring placement %s with payload %s",
				    session_ring_word(cfg->ring_placement),
				    cfg->payload_placement == VOP_PAYLOAD_PUSH ? "push" : "pull");
	return 0;
}

static int initialise(struct session *s, const struct session_config *cfg, struct vop_error *err)
{
	struct session_stagger stagger = {0};
	unsigned q;
	int r;

	r = start_from_reset(s, err);
	if (!r)
		r = add_status(s, VOP_STATUS_ACKNOWLEDGE, "ACKNOWLEDGE", err);
	if (!r)
		r = add_status(s, VOP_STATUS_DRIVER, "DRIVER", err);
	if (!r)
		r = negotiate(s, cfg, err);
	if (!r)
		r = check_queues(s, cfg, err);
	for (q = 0; !r && q < cfg->queues; q++)
		if (cfg->queue_use[q])
			r = open_queue(s, cfg, q, &stagger, err);
	return r ? r : add_status(s, VOP_STATUS_DRIVER_OK, "DRIVER_OK", err);
}

int session_open(struct session *s, struct target *t, const struct session_config *cfg,
		 struct vop_error *err)
{
	const char *lost;
	int r;

	memset(s, 0, sizeof(*s));
	s->t = t;
	s->queues = cfg->queues;
	if (cfg->queues > VOP_QUEUES_MAX) {
		s->queues = 0;
		return target_error(err, -EINVAL, "%u queues asked for, at most %u exist",
				    cfg->queues, VOP_QUEUES_MAX);
	}
	/* The ring code of this build has one memory class; a PCI window takes less than that. */
	if (t->caps.mem_class == VOP_MEM_DEVICE && VOP_MEM != VOP_MEM_CLASS_DEVICE)
		return target_error(err, -ENOTSUP,
				    "the target's memory is a device's, and this program was built "
				    "for coherent memory");
	r = initialise(s, cfg, err);
	if (!r)
		return 0;
	lost = t->ops->lost_reason ? t->ops->lost_reason(t) : NULL;
	if (lost)
		r = target_error(err, -EPIPE, "the target is gone: %s", lost);
	session_fail(s);
	return r;
}

/* Private memory only; what the rings were in may be gone. */
static void close_queues(struct session *s)
{
	unsigned q;

	for (q = 0; q < s->queues; q++) {
		if (s->q[q].open)
			vop_drvq_close(&s->q[q].vq);
		s->q[q].open = false;
		s->q[q].cfg.kick = s->q[q].cfg.call = NULL;
	}
}

void session_close(struct session *s)
{
	close_queues(s);
	/* A device that answers no more keeps its memory; the target's loss or end settles it. */
	if (s->t)
		s->t->ops->set_status(s->t, 0);
	s->status = 0;
	s->t = NULL;
}

void session_fail(struct session *s)
{
	/* VIRTIO 1.4, 2.1.1: FAILED is added to what stands, and says that the driver gave up. */
	if (s->t)
		s->t->ops->set_status(s->t, s->status | VOP_STATUS_FAILED);
	session_close(s);
}
