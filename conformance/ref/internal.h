/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of the reference device: core.c (status, features, configuration, queues and
 * the target's calls), split.c and packed.c (rings), one file per device type.
 */
#ifndef CONFORMANCE_REF_INTERNAL_H
#define CONFORMANCE_REF_INTERNAL_H

#include <vop/features.h>
#include <vop/vring.h>
#include "conformance/ref/ref.h"

#define REF_QUEUES 16u
#define REF_SEGS   2048u
#define REF_HELD   1024u

struct ref;
struct ref_queue;

struct ref_seg {
	uint8_t *p;
	uint32_t len;
	bool write;
};

/* A buffer as the device took it from the ring. */
struct ref_chain {
	struct ref_seg *seg;
	unsigned n, cap;
	uint16_t id, ndesc;
	uint32_t in_len, out_len;
	uint32_t used; /* bytes written, once it is done */
	bool slow;     /* a mutant: finishes after those that came with it */
	/* Packed: where it starts. */
	uint16_t slot;
	bool slot_wrap;
};

struct ref_queue {
	struct ref *r;
	uint16_t index;
	struct vop_queue_config cfg;
	bool enabled, broken, was_reset;
	struct vop_doorbell kick, call;
	int kick_fd, call_fd;
	uint32_t violations;
	bool awake; /* there may be something: kicked, or not looked at since it was set up */
	/* Split: free-running; packed: slots and counters. */
	uint16_t avail, used;
	bool avail_wrap, used_wrap;
	uint16_t signalled;		    /* split: used index up to which the driver was told */
	uint32_t since;			    /* packed: slots used since the driver was told */
	uint32_t since_buffers, since_last; /* buffers; slots of the last of them */
	bool event_head;      /* one was used where the driver's event offset points */
	bool waits;	      /* a mutant: spins until the ring changes */
	uint16_t used_before; /* packed: slot of the used descriptor before this one */
	bool turned;	      /* packed: the last descriptor taken was the ring's last */
	unsigned group;	      /* packed, a mutant: descriptors taken by their first one */
	/* Split: the entry at which the event indexes are. */
	uint16_t event_at;
	/* A mutant: the driver's flags and event index (split) or event structure (packed) as they
	 * were when the queue was kicked. */
	uint32_t kicked_flags, kicked_event;
	/* The indirect table taken last: where it lay, and its first entry. */
	uint64_t table_bus;
	uint8_t table_first[16];
	/* Split: the used element a mutant has not written yet. */
	struct vop_split_used_elem late;
	uint16_t late_at;
	/* Done and not published: with IN_ORDER a batch. */
	struct ref_chain *done;
	unsigned n_done;
	struct ref_chain chain; /* scratch of pop */
	/* Taken and kept by the device type until it can be used, oldest first. */
	struct ref_chain *held;
	unsigned n_held;
};

/* A device type. Calls in the order of the specification's steps. */
struct ref_type {
	const char *name; /* of the variant */
	uint16_t device;
	const void *form; /* the type's: what makes the variant */
	uint64_t features[2];
	unsigned queues;
	uint16_t queue_size_max;
	uint32_t config_size;
	size_t state;		      /* bytes of r->state, zeroed by start */
	void (*start)(struct ref *r); /* once: fill r->config */
	void (*reset)(struct ref *r);
	/* false: this combination is refused. */
	bool (*features_ok)(struct ref *r);
	/* A buffer was taken from q. true: done, c->used says how many bytes were written; false:
	 * the type has kept it (ref_hold). NULL pointers never. Violations: ref_violation(). */
	bool (*request)(struct ref *r, struct ref_queue *q, struct ref_chain *c);
	/* May be NULL: something else that can be done now. Returns whether something was. */
	bool (*work)(struct ref *r);
	/* 0, -EINVAL read-only. NULL: all of it is. */
	int (*config_write)(struct ref *r, uint32_t off, const void *src, uint32_t len);
	bool (*queue_exists)(struct ref *r, unsigned q); /* NULL: all */
	/* May the driver write there before FEATURES_OK? NULL: nowhere. */
	bool (*config_early)(const struct ref *r, uint32_t off, uint32_t len);
	/* Bit per queue: without IN_ORDER buffers that are done together are published in any
	 * order, as a sound device may, so that no check relies on one. */
	uint32_t any_order;
};

struct ref {
	const struct ref_type *type;
	struct ref_mutant mutant;
	uint64_t stale[REF_POINT_COUNT];
	uint32_t times[REF_POINT_COUNT];
	uint8_t passed[REF_POINT_COUNT]; /* since ref_hits() */
	/* Memory of the driver. */
	uint8_t *mem;
	uint64_t bus;
	size_t size, top;
	struct vop_regions regions;
	/* Life. */
	uint8_t status;
	bool needs_reset;
	uint64_t offered[2], driver_features[2], features[2];
	uint8_t config[512];
	uint32_t generation;
	uint32_t events;
	struct ref_queue q[REF_QUEUES];
	uint64_t chance; /* for any_order */
	uint64_t burnt;	 /* pretended CPU time, ns */
	bool dead, stuck;
	unsigned resets, negotiations;
	void *state;
};

/* life.c */
void ref_reset(struct ref *r);
int ref_status_set(struct ref *r, uint8_t want);
uint8_t ref_status_get(struct ref *r);
void ref_features_get(struct ref *r, uint64_t f[2]);
int ref_features_set(struct ref *r, const uint64_t f[2]);
void ref_stop_queue(struct ref_queue *q);
void ref_drop_held(struct ref_queue *q);
void ref_start_index(struct ref_queue *q);

/*
 * Fault points. Inline: a device passes thousands of them in a check, and a self-check runs
 * hundreds of devices.
 */
static inline bool ref_hit(struct ref *r, enum ref_point p)
{
	r->passed[p] = 1;
	return r->mutant.point == p && r->mutant.op != REF_SOUND;
}

/* What the mutant makes of a number; before: what it was the last time. */
uint64_t ref_changed(const struct ref *r, uint64_t v, uint64_t before);

static inline uint64_t ref_value(struct ref *r, enum ref_point p, uint64_t v)
{
	uint64_t before = r->stale[p];

	r->stale[p] = v;
	return ref_hit(r, p) ? ref_changed(r, v, before) : v;
}

static inline bool ref_step(struct ref *r, enum ref_point p)
{
	if (!ref_hit(r, p))
		return true;
	/* Now and then, in no rhythm: the Thue-Morse sequence. */
	return r->mutant.op == REF_FORGET && !__builtin_parity(r->times[p]++);
}

static inline bool ref_test(struct ref *r, enum ref_point p, bool cond)
{
	return ref_hit(r, p) ? r->mutant.op == REF_ALWAYS : cond;
}

static inline bool ref_bug(struct ref *r, enum ref_point p)
{
	return ref_hit(r, p);
}

bool ref_has(const struct ref *r, unsigned bit);
/* Memory by bus address: NULL when not all of it is the driver's. */
uint8_t *ref_at(struct ref *r, uint64_t bus, uint64_t len);
/* Write inside the driver's memory, cut off at its end: a mutant may be wild, we are not. */
void ref_store(struct ref *r, void *dst, const void *src, size_t len);
/* The driver broke a rule on q: NEEDS_RESET, notification, the queue stops (protocol.md). */
void ref_violation(struct ref *r, struct ref_queue *q, const char *why);
/* Configuration changed: generation, notification. */
void ref_config_set(struct ref *r, uint32_t off, const void *src, uint32_t len);

/* Buffers. */
void ref_gather(const struct ref_chain *c, uint32_t from, void *dst, uint32_t len);
/* Bytes that fitted. */
uint32_t ref_scatter(struct ref *r, const struct ref_chain *c, uint32_t from, const void *src,
		     uint32_t len);
/* Keep a copy of c until ref_release(); c may be a held one's copy afterwards. */
void ref_hold(struct ref_queue *q, const struct ref_chain *c);
/* The oldest held buffer is done with `used` bytes. */
void ref_release(struct ref_queue *q, uint32_t used);
bool ref_add_seg(struct ref_chain *c, uint8_t *p, uint32_t len, bool write);
/* One more piece of q->chain. False: it has too many. */
bool ref_add_piece(struct ref_queue *q, uint8_t *p, uint32_t len, bool write);
/* The first entry of the indirect table at bus was read: a mutant keeps the one it had there. */
void ref_table_first(struct ref_queue *q, uint64_t bus, void *entry);
/* Take buffers that are there, as the type does them; publish, arm. Whether anything happened. */
bool ref_queue_run(struct ref_queue *q);
/* DRIVER_OK is set, and the device is not suspended. */
bool ref_running(struct ref *r);
/* Publish what is done and tell the driver if it wants to know. */
void ref_publish(struct ref_queue *q);
void ref_call(struct ref_queue *q);

/* Formats. pop: 1 a buffer in q->chain, 0 nothing, -1 a violation was raised. */
int ref_split_pop(struct ref_queue *q);
void ref_split_push(struct ref_queue *q, const struct ref_chain *batch, unsigned n);
bool ref_split_call_wanted(struct ref_queue *q);
void ref_split_arm(struct ref_queue *q, bool on);
bool ref_split_pending(struct ref_queue *q);
int ref_packed_pop(struct ref_queue *q);
void ref_packed_push(struct ref_queue *q, const struct ref_chain *batch, unsigned n);
bool ref_packed_call_wanted(struct ref_queue *q);
void ref_packed_arm(struct ref_queue *q, bool on);
bool ref_packed_pending(struct ref_queue *q);

/* Types, ended by NULL. */
extern const struct ref_type *const ref_types[];
extern const struct ref_type ref_net;
extern const struct ref_type ref_blk_plain, ref_blk_ro, ref_blk_zoned, ref_blk_zoned_small,
	ref_blk_aware;
extern const struct ref_type ref_console;
extern const struct ref_type ref_rng;
extern const struct ref_type ref_fs;

#endif
