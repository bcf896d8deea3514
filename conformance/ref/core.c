/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference device as a target: status (VIRTIO 1.4, 2.1), features (2.2), reset (2.4),
 * configuration (2.5), queues (2.6), one call of the target's after another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conformance/ref/internal.h"

#define MEM_SIZE ((size_t)16 << 20)
#define MEM_BUS	 0x10000000ull
#define RUNS_MAX 1000u

/* Variants of a device stand in the order in which they are run. */
/* clang-format off */
const struct ref_type *const ref_types[] = {
	&ref_net,	&ref_blk_plain, &ref_blk_ro, &ref_blk_zoned, &ref_blk_zoned_small,
	&ref_blk_aware, &ref_console,	&ref_rng,    &ref_fs, NULL,
};
/* clang-format on */

struct ref_sut {
	struct sut base;
	struct target t;
	struct ref r;
};

static struct ref *ref_of(struct target *t)
{
	return &((struct ref_sut *)(void *)((char *)t - offsetof(struct ref_sut, t)))->r;
}

bool ref_has(const struct ref *r, unsigned bit)
{
	return vop_feature_has(r->features, bit);
}

/* Dead, or stuck: what every call of the target's answers first. */
static int absent(const struct ref *r)
{
	return r->dead ? -EPIPE : r->stuck ? -ETIMEDOUT : 0;
}

/* --- status and features: life.c --- */

static int set_status(struct target *t, uint8_t want)
{
	struct ref *r = ref_of(t);

	return absent(r) ? absent(r) : ref_status_set(r, want);
}

static int get_status(struct target *t, uint8_t *status)
{
	struct ref *r = ref_of(t);

	*status = ref_status_get(r);
	return absent(r);
}

static int get_features(struct target *t, uint64_t f[2])
{
	struct ref *r = ref_of(t);

	ref_features_get(r, f);
	return absent(r);
}

static int set_features(struct target *t, const uint64_t f[2])
{
	struct ref *r = ref_of(t);

	return absent(r) ? absent(r) : ref_features_set(r, f);
}

/* --- configuration --- */

static bool in_config(const struct ref *r, uint32_t off, uint32_t len)
{
	return len && off <= r->type->config_size && len <= r->type->config_size - off;
}

static int config_read(struct target *t, uint32_t off, void *dst, uint32_t len, uint32_t *gen)
{
	struct ref *r = ref_of(t);
	uint32_t at = (uint32_t)ref_value(r, REF_CONFIG_READ, off);

	if (absent(r))
		return absent(r);
	if (!in_config(r, off, len))
		return -EINVAL;
	memcpy(dst, r->config + at % (sizeof(r->config) - len), len);
	*gen = r->generation;
	return 0;
}

static bool may_write(struct ref *r, uint32_t off, uint32_t len)
{
	return (r->status & VOP_STATUS_FEATURES_OK) ||
	       (r->type->config_early && r->type->config_early(r, off, len));
}

static int config_write(struct target *t, uint32_t off, const void *src, uint32_t len)
{
	struct ref *r = ref_of(t);

	if (absent(r))
		return absent(r);
	if (ref_test(r, REF_CONFIG_SUSPENDED, r->status & VOP_STATUS_SUSPEND))
		return -EPERM;
	if (ref_test(r, REF_CONFIG_EARLY, !may_write(r, off, len)))
		return -EPERM;
	if (!in_config(r, off, len))
		return -EINVAL;
	return r->type->config_write ? r->type->config_write(r, off, src, len) : -EOPNOTSUPP;
}

void ref_config_set(struct ref *r, uint32_t off, const void *src, uint32_t len)
{
	memcpy(r->config + off, src, len);
	if (ref_bug(r, REF_BLIND_GENERATION_BIT))
		r->generation ^= 1;
	else if (ref_step(r, REF_CONFIG_GENERATION))
		r->generation++;
	if (r->status & VOP_STATUS_DRIVER_OK)
		r->events |= TARGET_EVENT_CONFIG;
}

/* --- queues --- */

static bool exists(const struct ref *r, unsigned q)
{
	return q < r->type->queues;
}

static int queue_count(struct target *t, unsigned *n)
{
	*n = ref_of(t)->type->queues;
	return absent(ref_of(t));
}

static int queue_size_max(struct target *t, unsigned q, uint16_t *size)
{
	struct ref *r = ref_of(t);

	*size = exists(r, q) ? (uint16_t)ref_value(r, REF_QUEUE_SIZE_MAX, r->type->queue_size_max)
			     : 0;
	if (q + 1 == r->type->queues && ref_bug(r, REF_QUEUE_BEYOND))
		*size = 0xffff;
	return absent(r);
}

/* 2.7, 2.8: lengths and alignments of the parts; all of them the driver's memory. */
static bool parts(struct ref *r, struct vop_queue_config *c)
{
	uint64_t desc = 16ull * c->size, drv = c->packed ? 4 : vop_split_avail_size(c->size);
	uint64_t dev = c->packed ? 4 : vop_split_used_size(c->size);

	c->desc = ref_at(r, c->desc_bus, desc);
	c->driver = ref_at(r, c->driver_bus, drv);
	c->device = ref_at(r, c->device_bus, dev);
	if (!c->desc || !c->driver || !c->device)
		return false;
	if (ref_test(r, REF_QUEUE_DESC_ALIGN, c->desc_bus % 16) ||
	    ref_test(r, REF_QUEUE_DRIVER_ALIGN, c->driver_bus % (c->packed ? 4 : 2)) ||
	    ref_test(r, REF_QUEUE_DEVICE_ALIGN, c->device_bus % 4))
		return false;
	/* A mutant that takes it does as if it were aligned: we read no misaligned words. */
	c->desc = r->mem + ((c->desc_bus - r->bus) & ~15ull);
	c->driver = r->mem + ((c->driver_bus - r->bus) & (c->packed ? ~3ull : ~1ull));
	c->device = r->mem + ((c->device_bus - r->bus) & ~3ull);
	return true;
}

static int queue_setup(struct target *t, struct vop_queue_config *cfg, enum vop_notify notify)
{
	struct ref *r = ref_of(t);
	struct vop_queue_config c = *cfg;
	struct ref_queue *q;
	bool again, wrap;

	(void)notify;
	if (absent(r))
		return absent(r);
	if (!exists(r, c.index) || (r->type->queue_exists && !r->type->queue_exists(r, c.index)))
		return -EINVAL;
	q = &r->q[c.index];
	again = q->was_reset;
	if (ref_test(r, REF_QUEUE_EARLY, !(r->status & VOP_STATUS_FEATURES_OK)) ||
	    ref_test(r, REF_QUEUE_LATE, (r->status & VOP_STATUS_DRIVER_OK) && !again) ||
	    ref_test(r, REF_QUEUE_SUSPENDED, r->status & VOP_STATUS_SUSPEND) ||
	    ref_test(r, REF_QUEUE_TWICE, q->enabled) ||
	    ref_test(r, REF_QUEUE_NEEDS_RESET, r->needs_reset))
		return -EPERM;
	if (c.size == 0 || ref_test(r, REF_QUEUE_TOO_LARGE, c.size > r->type->queue_size_max) ||
	    ref_test(r, REF_QUEUE_POWER, !c.packed && (c.size & (c.size - 1))) ||
	    c.packed != ref_has(r, VOP_F_RING_PACKED))
		return -EINVAL;
	if (c.ring_placement != VOP_RING_DRIVER || c.payload_placement != VOP_PAYLOAD_PULL)
		return -EOPNOTSUPP;
	if (!parts(r, &c))
		return -EINVAL;
	if (again && ref_bug(r, REF_QUEUE_OLD_SIZE))
		c.size = q->cfg.size;
	if (again && ref_bug(r, REF_QUEUE_OLD_PLACE)) {
		c.desc = q->cfg.desc;
		c.driver = q->cfg.driver;
		c.device = q->cfg.device;
	}
	wrap = q->used_wrap;
	if (!again || ref_step(r, REF_QUEUE_RESET_INDEX))
		ref_start_index(q);
	if (again && ref_bug(r, REF_BLIND_RESET_WRAP))
		q->used_wrap = wrap;
	if (!again || !ref_bug(r, REF_BLIND_EVENT_PLACE))
		q->event_at = c.size;
	q->cfg = c;
	q->enabled = true;
	q->was_reset = q->broken = false;
	/* It may have been filled before DRIVER_OK. */
	q->awake = false;
	/* A driver that sets up a queue takes no notification of the one before. */
	vop_doorbell_drain(&q->call);
	cfg->desc = c.desc;
	cfg->driver = c.driver;
	cfg->device = c.device;
	cfg->kick = &q->kick;
	cfg->call = &q->call;
	return 0;
}

static int queue_reset(struct target *t, unsigned index)
{
	struct ref *r = ref_of(t);
	unsigned i;

	if (absent(r))
		return absent(r);
	if (ref_test(r, REF_QUEUE_RESET_FEATURE, !ref_has(r, VOP_F_RING_RESET)))
		return -EOPNOTSUPP;
	if (!exists(r, index))
		return -EINVAL;
	if (ref_test(r, REF_QUEUE_RESET_STATE, !r->q[index].enabled || r->needs_reset) ||
	    (r->status & VOP_STATUS_SUSPEND))
		return -EPERM;
	if (!ref_step(r, REF_QUEUE_RESET_STOP))
		return 0;
	ref_stop_queue(&r->q[index]);
	if (!ref_bug(r, REF_BLIND_RESET_HELD))
		ref_drop_held(&r->q[index]);
	r->q[index].was_reset = true;
	if (ref_bug(r, REF_QUEUE_RESET_OTHERS))
		for (i = 0; i < r->type->queues; i++)
			r->q[i].enabled = false;
	return 0;
}

/* --- the rest of the target --- */

static bool placement_ok(struct target *t, unsigned ring, unsigned payload)
{
	return ring == VOP_RING_DRIVER && payload == VOP_PAYLOAD_PULL &&
	       !ref_bug(ref_of(t), REF_NO_PLACEMENT);
}

static void *alloc(struct target *t, enum vop_where where, size_t size, size_t align, uint64_t *bus)
{
	struct ref *r = ref_of(t);
	size_t at = vop_align_up(r->top, VOP_MAX(align, (size_t)64));

	if (where != VOP_AT_DRIVER || at > r->size || size > r->size - at)
		return NULL;
	r->top = at + size;
	*bus = r->bus + at;
	return memset(r->mem + at, 0, size);
}

static const struct vop_regions *regions(struct target *t)
{
	return &ref_of(t)->regions;
}

static int service(struct target *t)
{
	return ref_of(t)->dead ? -EPIPE : 0;
}

static int event_fd(struct target *t)
{
	(void)t;
	return -1;
}

static uint32_t events(struct target *t)
{
	struct ref *r = ref_of(t);
	uint32_t e = r->events;

	r->events = 0;
	return e;
}

static int violations(struct target *t, unsigned q, uint32_t *count, uint32_t *why)
{
	struct ref *r = ref_of(t);

	/* It counts, and keeps no reason. */
	*count = exists(r, q) ? r->q[q].violations : 0;
	*why = 0;
	return absent(r);
}

static void on_lost(struct target *t, void (*fn)(void *ctx), void *ctx)
{
	(void)t;
	(void)fn;
	(void)ctx;
}

static const char *lost_reason(struct target *t)
{
	return ref_of(t)->dead ? "the reference device died, as this mutant does" : NULL;
}

static void no_close(struct target *t)
{
	(void)t;
}

static const struct target_ops target_ref_ops = {
	.scheme = "ref",
	.close = no_close,
	.get_features = get_features,
	.set_features = set_features,
	.get_status = get_status,
	.set_status = set_status,
	.config_read = config_read,
	.config_write = config_write,
	.queue_count = queue_count,
	.queue_size_max = queue_size_max,
	.queue_setup = queue_setup,
	.queue_reset = queue_reset,
	.placement_ok = placement_ok,
	.alloc = alloc,
	.regions = regions,
	.service = service,
	.event_fd = event_fd,
	.events = events,
	.violations = violations,
	.on_lost = on_lost,
	.lost_reason = lost_reason,
};

/* --- the system under test --- */

static struct ref_sut *of(struct sut *s)
{
	return (struct ref_sut *)(void *)s;
}

static void run(struct sut *s)
{
	struct ref *r = &of(s)->r;
	unsigned turns, i;
	bool any, waits = false;

	for (i = 0; i < r->type->queues; i++)
		if ((r->q[i].was_reset && ref_bug(r, REF_QUEUE_RESET_CALLS)) ||
		    (r->q[i].enabled && (r->status & VOP_STATUS_SUSPEND) &&
		     ref_bug(r, REF_SUSPEND_CALLS)))
			vop_doorbell_ring(&r->q[i].call);
	if (r->status == 0 && ref_bug(r, REF_RESET_EVENT))
		r->events |= TARGET_EVENT_CONFIG;
	for (turns = 0; turns < RUNS_MAX && !r->dead && !r->stuck; turns++) {
		any = false;
		for (i = 0; i < r->type->queues; i++)
			any |= ref_queue_run(&r->q[i]);
		if (r->type->work && !r->needs_reset && ref_running(r))
			any |= r->type->work(r);
		if (!any)
			break;
	}
	/* A device that always has something to do has a CPU of its own for it. */
	for (i = 0; i < r->type->queues; i++)
		waits |= r->q[i].waits;
	if (turns == RUNS_MAX || waits || (r->needs_reset && ref_bug(r, REF_SPINS)))
		r->burnt += 1000000000u;
}

static bool cpu(struct sut *s, uint64_t *ns)
{
	*ns = of(s)->r.burnt;
	return true;
}

static const char *fate(struct sut *s)
{
	return lost_reason(&of(s)->t);
}

static int start(struct sut *s, struct vop_error *err)
{
	struct ref_sut *p = of(s);
	struct ref *r = &p->r;

	(void)err;
	r->dead = r->stuck = false;
	ref_reset(r);
	r->status = 0;
	r->needs_reset = false;
	p->base.target = &p->t;
	return 0;
}

static void stop(struct sut *s)
{
	(void)s;
}

static void free_it(struct sut *s)
{
	struct ref *r = &of(s)->r;
	unsigned i, j;

	for (i = 0; i < REF_QUEUES; i++) {
		struct ref_queue *q = &r->q[i];

		for (j = 0; q->held && j < REF_HELD; j++)
			free(q->held[j].seg);
		free(q->held);
		free(q->done);
		free(q->chain.seg);
		if (q->kick_fd > 0)
			close(q->kick_fd);
		if (q->call_fd > 0)
			close(q->call_fd);
	}
	if (r->mem)
		munmap(r->mem, r->size);
	free(r->state);
	free(of(s));
}

static const struct sut_ops sut_ref_ops = {
	.start = start,
	.stop = stop,
	.run = run,
	.cpu = cpu,
	.fate = fate,
	.free = free_it,
};

static bool make_queue(struct ref *r, unsigned i)
{
	struct ref_queue *q = &r->q[i];

	q->r = r;
	q->index = (uint16_t)i;
	q->held = calloc(REF_HELD, sizeof(*q->held));
	q->done = calloc(REF_HELD, sizeof(*q->done));
	q->kick_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	q->call_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	/* Both ends are ours. */
	return q->held && q->done && q->kick_fd >= 0 && q->call_fd >= 0 &&
	       vop_doorbell_from_eventfd(&q->kick, q->kick_fd, NULL) == 0 &&
	       vop_doorbell_from_eventfd(&q->call, q->call_fd, NULL) == 0;
}

static bool make(struct ref *r)
{
	static const uint8_t bits[] = {VOP_F_INDIRECT_DESC,   VOP_F_EVENT_IDX,	 VOP_F_VERSION_1,
				       VOP_F_ACCESS_PLATFORM, VOP_F_RING_PACKED, VOP_F_IN_ORDER,
				       VOP_F_RING_RESET,      VOP_F_SUSPEND};
	bool ok = true;
	unsigned i;

	r->size = MEM_SIZE;
	r->bus = MEM_BUS;
	r->mem = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r->mem == MAP_FAILED) {
		r->mem = NULL;
		return false;
	}
	vop_regions_add(&r->regions, r->bus, r->size, r->mem);
	memcpy(r->offered, r->type->features, sizeof(r->offered));
	for (i = 0; i < VOP_ARRAY_SIZE(bits); i++)
		vop_feature_set(r->offered, bits[i]);
	r->state = calloc(1, r->type->state + 1);
	for (i = 0; i < r->type->queues; i++)
		ok &= make_queue(r, i);
	if (!ok || !r->state)
		return false;
	if (r->type->start)
		r->type->start(r);
	return true;
}

void ref_hits(struct sut *s, uint8_t *hit)
{
	struct ref *r = &of(s)->r;

	memcpy(hit, r->passed, sizeof(r->passed));
	memset(r->passed, 0, sizeof(r->passed));
}

unsigned ref_variants(uint16_t device)
{
	unsigned i, n = 0;

	for (i = 0; ref_types[i]; i++)
		n += ref_types[i]->device == device;
	return n;
}

struct sut *ref_new(uint16_t device, unsigned variant, const struct ref_mutant *m)
{
	struct ref_sut *p = calloc(1, sizeof(*p));
	const struct ref_type *const *type;

	for (type = ref_types; *type && ((*type)->device != device || variant--); type++)
		;
	if (!p || !*type) {
		free(p);
		return NULL;
	}
	p->base.ops = &sut_ref_ops;
	p->base.device = device;
	p->base.can_restart = true;
	snprintf(p->base.name, sizeof(p->base.name), "the reference device '%s'", (*type)->name);
	p->t = (struct target){
		.ops = &target_ref_ops,
		.caps = {.missing = TARGET_LACKS_PLACEMENT | TARGET_LACKS_POLL},
		.device_id = device,
	};
	p->r.type = *type;
	if (m)
		p->r.mutant = *m;
	if (!make(&p->r)) {
		free_it(&p->base);
		return NULL;
	}
	return &p->base;
}
