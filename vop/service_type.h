/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stand-alone node (service.h) knows about a device type: the keys that describe a device of
 * it, how it is opened and closed, the words for what it says. A new type is one file in vop/dev/
 * that holds a struct vop_service_type named vop_service_NAME, and one line in the list below.
 *
 * Threads: everything here on the control thread. Tables are constant and live for ever.
 */
#ifndef VOP_SERVICE_TYPE_H
#define VOP_SERVICE_TYPE_H

#include "vop/node.h"
#include "vop/poller.h"

/* Every type a node can serve: X(name). The first is what a node creates that is told nothing. */
#define VOP_SERVICE_TYPES(X) X(net) X(blk) X(rng) X(console)

#define VOP_SERVICE_KEYS_MAX	 16u /* of one type, beside those every device has */
#define VOP_SERVICE_COUNTERS_MAX 8u
#define VOP_SERVICE_QUEUE_SIZE	 1024u

enum vop_service_key_kind {
	VOP_KEY_NUMBER, /* digits */
	VOP_KEY_SIZE,	/* bytes; K, M, G are powers of 1024 */
	VOP_KEY_WORD,	/* one of .words; the value is its index */
	VOP_KEY_TEXT,	/* any text without a comma */
};

/* One KEY=VALUE of a type. A table of them ends with a key without a name. */
struct vop_service_key {
	const char *name;
	enum vop_service_key_kind kind;
	uint64_t min, max; /* of NUMBER and SIZE */
	/* Default of all but TEXT, whose default is NULL. Below min: no value, .help says what that
	 * means. */
	uint64_t def;
	const char *const *words;
	const char *value; /* placeholder in a help text; NULL: the words */
	const char *help;  /* a few words; a default that is no value is among them */
};

union vop_service_value {
	uint64_t number; /* NUMBER, SIZE, index of a WORD */
	const char *text;
};

struct vop_service_type;

/* A device: how it is created, and how it is served when this node plays it. */
struct vop_service_device {
	const struct vop_service_type *type;
	enum vop_node_id device; /* who plays it */
	enum vop_notify notify;
	uint16_t queue_size;
	const char *name; /* NULL: the type and the slot number */
	/* One for each of the type's keys, in their order. Texts are the caller's. */
	union vop_service_value v[VOP_SERVICE_KEYS_MAX];
};

/* What a device is opened with; valid during the call only, but for device and poller. */
struct vop_service_open {
	struct vop_device *device;
	const struct vop_device_info *info; /* queues and their size are at most what it says */
	const struct vop_service_device *as;
	uint64_t pool_size; /* for placement at the device; asked again with less if it fails */
	struct vop_poller *poller;
};

/* A number that a device counts. Two words around it, as in "transmit 17 frames". */
struct vop_service_counter {
	const char *before, *after;
	bool rate; /* also per second */
};

struct vop_service_feature {
	unsigned bit; /* of the device type (VIRTIO 1.4, 2.2) */
	const char *name;
};

struct vop_service_stats {
	uint64_t count[VOP_SERVICE_COUNTERS_MAX]; /* one for each of the type's counters */
	uint64_t violations;
	uint32_t last_violation; /* enum vop_violation */
};

struct vop_service_type {
	uint16_t device_id; /* VIRTIO 1.4, chapter 5 */
	const char *name;   /* as people write it */
	const struct vop_service_key *keys;
	const struct vop_service_counter *counters; /* ended by one without words */
	const struct vop_service_feature *features; /* ended by one without a name */
	/*
	 * Is a device with these values possible? What a single key cannot tell. -EINVAL with *err;
	 * NULL: always.
	 */
	int (*check)(const struct vop_service_device *as, struct vop_error *err);
	/* Queues to create a device with. */
	uint16_t (*queues)(const struct vop_service_device *as);
	/* Serve a device; NULL with *err, and nothing is left behind then. */
	void *(*open)(const struct vop_service_open *o, struct vop_error *err);
	/* In device_removed(): the queues are stopped. */
	void (*close)(void *dev);
	/* The poller asked for attention: turn violations into NEEDS_RESET. */
	void (*attend)(void *dev);
	void (*stats)(const void *dev, struct vop_service_stats *out);
};

/* Types in the order of the list, ended by NULL. */
extern const struct vop_service_type *const vop_service_types[];

#define VOP_SERVICE_DECLARE(name) extern const struct vop_service_type vop_service_##name;
VOP_SERVICE_TYPES(VOP_SERVICE_DECLARE)
#undef VOP_SERVICE_DECLARE

/* NULL: there is none. */
const struct vop_service_type *vop_service_type_named(const char *name);
const struct vop_service_type *vop_service_type_of(uint16_t device_id);
/* Index of a key among the type's, or -ENOENT. */
int vop_service_key_index(const struct vop_service_type *t, const char *name);
/* A device of the type as its table has it, played by `device`, notifications adaptive. */
struct vop_service_device vop_service_default(const struct vop_service_type *t,
					      enum vop_node_id device);

#endif
