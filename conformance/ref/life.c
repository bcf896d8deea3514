/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of the reference device: status (VIRTIO 1.4, 2.1), features (2.2), reset (2.4),
 * suspend (3.4). It keeps docs/vop.md's statements about them too. */
#include <string.h>

#include "conformance/bits.h"
#include "conformance/ref/internal.h"

/* --- queues end --- */

void ref_stop_queue(struct ref_queue *q)
{
	if (q->enabled && ref_bug(q->r, REF_RESET_LATE))
		ref_store(q->r, (uint8_t *)q->cfg.device + 2, "\xee", 1);
	q->enabled = q->broken = q->was_reset = q->awake = false;
	q->n_done = 0;
	vop_doorbell_drain(&q->kick);
}

void ref_drop_held(struct ref_queue *q)
{
	unsigned i;

	for (i = 0; i < q->n_held; i++)
		q->held[i].n = 0;
	q->n_held = 0;
}

void ref_start_index(struct ref_queue *q)
{
	q->avail = q->used = q->signalled = 0;
	q->since = q->since_buffers = q->since_last = 0;
	q->event_head = q->waits = q->turned = false;
	q->group = 0;
	q->table_bus = 0;
	q->chain.ndesc = 0;
	q->avail_wrap = q->used_wrap = true;
}

/* --- reset --- */

void ref_reset(struct ref *r)
{
	unsigned i;

	if (ref_step(r, REF_RESET_QUEUES))
		for (i = 0; i < r->type->queues; i++) {
			ref_stop_queue(&r->q[i]);
			ref_drop_held(&r->q[i]);
		}
	if (ref_step(r, REF_RESET_FEATURES))
		memset(r->driver_features, 0, sizeof(r->driver_features));
	memset(r->features, 0, sizeof(r->features));
	if (ref_step(r, REF_RESET_NEEDS))
		r->needs_reset = false;
	if (ref_step(r, REF_RESET_TYPE) && r->type->reset)
		r->type->reset(r);
	if (ref_step(r, REF_RESET_STATUS))
		r->status = 0;
	r->resets++;
	r->events = 0;
	r->top = 0;
}

/* --- features --- */

static bool requirements_kept(const struct ref *r)
{
	const struct bits_rule *rule;
	unsigned i;

	for (i = 0; (rule = bits_rule(i)) != NULL; i++)
		if (rule->device == r->type->device && !bits_rule_kept(rule, r->driver_features))
			return false;
	return true;
}

static bool accepted(const struct ref *r, unsigned bit)
{
	return vop_feature_has(r->driver_features, bit);
}

/* What a device might not take though it should. */
static bool picky(struct ref *r)
{
	if (ref_bug(r, REF_FEATURES_SMALL) && !accepted(r, VOP_F_INDIRECT_DESC) &&
	    !accepted(r, VOP_F_EVENT_IDX))
		return true;
	if (ref_bug(r, REF_FEATURES_LARGE) &&
	    memcmp(r->driver_features, r->offered, sizeof(r->offered)) == 0)
		return true;
	if (ref_bug(r, REF_FEATURES_PAIR) && accepted(r, VOP_F_IN_ORDER) &&
	    !accepted(r, VOP_F_RING_RESET))
		return true;
	return ref_bug(r, REF_FEATURES_AGAIN) && r->negotiations > 2 && r->negotiations % 4 == 0;
}

static bool acceptable(struct ref *r)
{
	bool subset = vop_feature_subset(r->driver_features, r->offered);

	r->negotiations++;
	if (!subset && !(r->driver_features[0] & ~r->offered[0]))
		subset = ref_bug(r, REF_BLIND2_FEATURES_UPPER);
	if (!ref_test(r, REF_FEATURES_SUBSET, subset))
		return false;
	if (!ref_test(r, REF_FEATURES_VERSION, accepted(r, VOP_F_VERSION_1)) &&
	    !ref_bug(r, REF_OFFER_NO_VERSION))
		return false;
	if (!ref_test(r, REF_FEATURES_ACCESS, accepted(r, VOP_F_ACCESS_PLATFORM)) &&
	    !ref_bug(r, REF_OFFER_NO_ACCESS))
		return false;
	if (!ref_test(r, REF_FEATURES_REQUIRES, requirements_kept(r)))
		return false;
	if (picky(r))
		return false;
	memcpy(r->features, r->driver_features, sizeof(r->features));
	return !r->type->features_ok || r->type->features_ok(r);
}

void ref_features_get(struct ref *r, uint64_t f[2])
{
	memcpy(f, r->offered, sizeof(r->offered));
	if (ref_bug(r, REF_OFFER_RESERVED))
		vop_feature_set(f, 47);
	if (ref_bug(r, REF_OFFER_SR_IOV))
		vop_feature_set(f, VOP_F_SR_IOV);
	if (ref_bug(r, REF_OFFER_ORPHAN) && r->type->device == 1) {
		vop_feature_set(f, 61);
		vop_feature_clear(f, 11);
		vop_feature_clear(f, 12);
	}
	if (ref_bug(r, REF_OFFER_NO_VERSION))
		vop_feature_clear(f, VOP_F_VERSION_1);
	if (ref_bug(r, REF_OFFER_NO_ACCESS))
		vop_feature_clear(f, VOP_F_ACCESS_PLATFORM);
	if (ref_bug(r, REF_OFFER_CHANGES) && (r->status & VOP_STATUS_DRIVER_OK))
		vop_feature_clear(f, VOP_F_INDIRECT_DESC);
}

int ref_features_set(struct ref *r, const uint64_t f[2])
{
	if (ref_test(r, REF_FEATURES_FROZEN, r->status & VOP_STATUS_FEATURES_OK))
		return -EPERM;
	if (ref_bug(r, REF_FEATURES_ADD)) {
		r->driver_features[0] |= f[0];
		r->driver_features[1] |= f[1];
	} else {
		memcpy(r->driver_features, f, sizeof(r->driver_features));
	}
	return 0;
}

/* --- suspend --- */

/* Whatever was taken is used and called for by now: all work is done within ref_queue_run(). */
static void suspend(struct ref *r)
{
	static const uint8_t changed = 0x5c;

	if (!ref_step(r, REF_SUSPEND_STATUS))
		return;
	r->status ^= VOP_STATUS_SUSPEND | VOP_STATUS_DRIVER_OK;
	if (ref_bug(r, REF_SUSPEND_EVENT))
		r->events |= TARGET_EVENT_CONFIG;
	if (ref_bug(r, REF_SUSPEND_CONFIG))
		r->config[0] ^= changed;
}

static int resume(struct ref *r)
{
	unsigned i;

	if (r->needs_reset)
		return -EPERM;
	if (!ref_step(r, REF_RESUME_STATUS))
		return 0;
	r->status ^= VOP_STATUS_SUSPEND | VOP_STATUS_DRIVER_OK;
	for (i = 0; i < r->type->queues; i++) {
		struct ref_queue *q = &r->q[i];

		/* What came meanwhile, or had come and was not looked at. */
		if (ref_step(r, REF_RESUME_LOOK))
			q->awake = q->enabled;
		else
			vop_doorbell_drain(&q->kick);
		if (ref_bug(r, REF_RESUME_INDEX))
			ref_start_index(q);
		if (ref_bug(r, REF_BLIND_RESUME_USED)) {
			q->used = q->avail;
			q->used_wrap = q->avail_wrap;
		}
		if (!(q->avail_wrap && q->used_wrap) && ref_bug(r, REF_BLIND2_RESUME_WRAP))
			q->avail_wrap = q->used_wrap = true;
		if (ref_bug(r, REF_RESUME_LOSES)) {
			q->n_held = 0;
			q->enabled &= i % 2 != 0;
		}
	}
	return 0;
}

static int set_suspended(struct ref *r, uint8_t want)
{
	if (r->status & ~want & ~VOP_STATUS_SUSPEND)
		return -EPERM;
	r->status |= want & VOP_STATUS_FAILED;
	return want & VOP_STATUS_DRIVER_OK ? resume(r) : 0;
}

/* --- status --- */

#define KNOWN                                                                                      \
	(VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_FEATURES_OK |                     \
	 VOP_STATUS_DRIVER_OK | VOP_STATUS_FAILED)

static int driver_ok(struct ref *r, uint8_t before)
{
	unsigned i;

	if (ref_test(r, REF_DRIVER_OK_ORDER, !(before & VOP_STATUS_FEATURES_OK)))
		return -EPERM;
	if (ref_test(r, REF_DRIVER_OK_FAILED, r->needs_reset || (r->status & VOP_STATUS_FAILED)))
		return -EPERM;
	r->status |= VOP_STATUS_DRIVER_OK;
	for (i = 0; i < r->type->queues; i++)
		if (ref_bug(r, REF_DRIVER_OK_INDEX) && r->q[i].enabled && r->resets % 2)
			r->q[i].avail++;
	return 0;
}

int ref_status_set(struct ref *r, uint8_t want)
{
	uint8_t before = r->status, fresh;
	bool stop;
	int e = 0;

	if (want == 0) {
		ref_reset(r);
		return 0;
	}
	if (r->needs_reset && ref_bug(r, REF_BLIND2_NEEDS_RESET_ACK))
		r->needs_reset = false;
	stop = (want & VOP_STATUS_SUSPEND) &&
	       ref_test(r, REF_SUSPEND_FEATURE, ref_has(r, VOP_F_SUSPEND)) &&
	       ref_test(r, REF_SUSPEND_EARLY, before & VOP_STATUS_DRIVER_OK);
	if (!ref_bug(r, REF_STATUS_UNKNOWN))
		want &= KNOWN;
	if (before & VOP_STATUS_SUSPEND)
		return set_suspended(r, want);
	fresh = want & (uint8_t)~before;
	if (ref_test(r, REF_STATUS_KEEP, before & ~want))
		return -EPERM;
	r->status = want & (uint8_t) ~(fresh & (VOP_STATUS_FEATURES_OK | VOP_STATUS_DRIVER_OK));
	if (fresh & VOP_STATUS_FEATURES_OK) {
		if (acceptable(r)) {
			r->status |= VOP_STATUS_FEATURES_OK;
		} else {
			memset(r->features, 0, sizeof(r->features));
			e = -EOPNOTSUPP;
		}
	}
	if (fresh & VOP_STATUS_DRIVER_OK)
		e = driver_ok(r, before) ? -EPERM : e;
	if (stop && r->needs_reset)
		return -EPERM;
	if (stop)
		suspend(r);
	if (!fresh && (want & VOP_STATUS_DRIVER_OK) && ref_bug(r, REF_STATUS_AGAIN))
		ref_start_index(&r->q[0]);
	return e;
}

uint8_t ref_status_get(struct ref *r)
{
	return (uint8_t)ref_value(r, REF_STATUS_READ,
				  r->status | (r->needs_reset ? VOP_STATUS_NEEDS_RESET : 0));
}

/* --- violations --- */

void ref_violation(struct ref *r, struct ref_queue *q, const char *why)
{
	(void)why;
	q->broken = true;
	if (ref_step(r, REF_VIOLATION_COUNTS))
		q->violations++;
	if (ref_bug(r, REF_SPINS))
		r->burnt += 1000000000u;
	if (ref_bug(r, REF_DIES))
		r->dead = true;
	if (ref_bug(r, REF_STUCK))
		r->stuck = true;
	if (ref_step(r, REF_VIOLATION_NEEDS_RESET))
		r->needs_reset = true;
	if (ref_step(r, REF_VIOLATION_NOTIFY) && (r->status & VOP_STATUS_DRIVER_OK))
		r->events |= TARGET_EVENT_NEEDS_RESET | TARGET_EVENT_CONFIG;
}
