/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target: an implementation under test that plays the device, whichever way it is reached. The
 * other seam of the project, in two layers.
 *
 * Primitives: one call per operation the specification knows, no sequencing, no policy; what a
 * caller says is passed on as it is, nonsense included. Conformance uses these. Session
 * (session.h): the legal initialisation once, on top. bench uses it and then holds per-queue
 * handles with inlined rings, so that no indirect call stands in the hot path.
 *
 * Threads: everything here on one control thread; queues of a session on their worker.
 * Errors: negative errno; -ENOTSUP with a word in caps.missing for what this way of reaching a
 * device cannot do; -EPIPE: the target is gone.
 */
#ifndef TARGET_H
#define TARGET_H

#include "vop/node.h"

struct target;

/* What a target cannot do: bits; a check skips with the text. X(symbol, bit, text) */
#define TARGET_LACKS(X)                                                                            \
	X(CONFIG_GENERATION, 0, "no configuration generation on this transport")                   \
	X(CONFIG_WRITE, 1, "config space cannot be written")                                       \
	X(QUEUE_RESET, 2, "queues cannot be reset one by one")                                     \
	X(STATUS, 3, "no device status on this transport")                                         \
	X(FEATURES_HIGH, 4, "no feature bits above 63")                                            \
	X(PLACEMENT, 5, "rings and buffers lie in the driver's memory only")                       \
	X(POLL, 6, "the device cannot be asked to poll")                                           \
	X(RESPAWN, 7, "the device cannot be started again")                                        \
	X(CTRL_QUEUE, 8, "the control queue is the front-end's on this transport")                 \
	X(CONFIG, 9, "no configuration space on this transport")
enum target_lack {
#define TARGET_LACK_ENUM(sym, bit, text) TARGET_LACKS_##sym = 1u << (bit),
	TARGET_LACKS(TARGET_LACK_ENUM)
#undef TARGET_LACK_ENUM
};

struct target_caps {
	uint32_t missing; /* enum target_lack */
	enum vop_mem_class mem_class;
	/* ring parts are named by another address than buffers (vhost-user) */
	bool split_address_spaces;
};

struct target_config {
	const char *uri;    /* "vop:PATH", "vhost-user:PATH" */
	uint16_t device_id; /* VIRTIO device wanted: 1 net; 0: whichever is there first (not on
			       vhost-user, which does not tell) */
	int timeout_ms;	    /* for every wait; negative: for ever */
	int request_ms;	    /* for waits once the device is reached; 0: as timeout_ms */
	/* vop: only */
	enum vop_node_id self; /* which node we are */
	bool create;	       /* we create the device (the target plays it all the same) */
	uint16_t queues_max, queue_size_max; /* of the device we create */
	/* memory at the driver that the device can reach, bytes; 0: some */
	uint64_t window_size;
	bool no_huge;
	/* vhost-user: only: ask the back-end to poll its rings (no kick descriptor) */
	bool device_polls;
};

struct target_ops {
	const char *scheme; /* "vop" */
	const char *help;
	/* Reach the device; 0 and *out, or negative errno and *err. */
	int (*open)(const struct target_config *cfg, struct target **out, struct vop_error *err);
	void (*close)(struct target *t);

	int (*get_features)(struct target *t, uint64_t f[2]);
	int (*set_features)(struct target *t, const uint64_t f[2]);
	int (*get_status)(struct target *t, uint8_t *status);
	int (*set_status)(struct target *t,
			  uint8_t status); /* 0 resets; returns when the device has answered */
	int (*config_read)(struct target *t, uint32_t off, void *dst, uint32_t len,
			   uint32_t *generation);
	int (*config_write)(struct target *t, uint32_t off, const void *src, uint32_t len);
	int (*queue_count)(struct target *t, unsigned *n);
	int (*queue_size_max)(struct target *t, unsigned q, uint16_t *size); /* 0: does not exist */
	/* Raw: cfg as it is (vop/node.h); fills doorbells. */
	int (*queue_setup)(struct target *t, struct vop_queue_config *cfg, enum vop_notify notify);
	int (*queue_reset)(struct target *t, unsigned q);
	bool (*placement_ok)(struct target *t, unsigned ring_placement, unsigned payload_placement);
	/*
	 * Memory the device can reach; where: at us, or at the device. Zeroed. Freed by reset or
	 * close.
	 */
	void *(*alloc)(struct target *t, enum vop_where where, size_t size, size_t align,
		       uint64_t *bus);
	const struct vop_regions *(*regions)(struct target *t);
	/* Let control work happen (config changes, loss of the peer): 0 or -EPIPE. Never blocks. */
	int (*service)(struct target *t);
	int (*event_fd)(struct target *t);
	/* Events since the last call: config changed, needs reset. */
	uint32_t (*events)(struct target *t);
	/* Violations the device counted on a queue, where it tells. */
	int (*violations)(struct target *t, unsigned q, uint32_t *count, uint32_t *why);
	/*
	 * Called on the control thread right before the memory of the target goes away under a
	 * session (peer lost, device removed): workers must be off it on return. At most once in
	 * the life of a target; not because of close. It may come from within any call on any
	 * target of the same link, also inside session_open(); calls on the target answer -EPIPE by
	 * then, and fn does not close it. NULL: none.
	 */
	void (*on_lost)(struct target *t, void (*fn)(void *ctx), void *ctx);
	/* Why the target is gone, in words; NULL while it is there. Valid until close. */
	const char *(*lost_reason)(struct target *t);
};

#define TARGET_EVENT_CONFIG	 1u
#define TARGET_EVENT_NEEDS_RESET 2u

struct target {
	const struct target_ops *ops;
	struct target_caps caps;
	uint16_t device_id; /* as asked for; names feature bits in messages */
	/* Bits the other side offers and get_features() does not show: not the device's. */
	uint64_t withheld[2];
};

/* By URI: picks the scheme. 0; -EINVAL with *err: unknown scheme or malformed; else as open. */
int target_open(const struct target_config *cfg, struct target **out, struct vop_error *err);
void target_close(struct target *t);
/* The table of schemes, ended by NULL; for `list targets`. */
const struct target_ops *const *target_schemes(void);
/* Text of one bit of caps.missing (a mask); NULL beyond. */
const char *target_lack_text(uint32_t bit);
/*
 * Put one line into *err (which may be NULL) and return code: for `return target_error(err,
 * -EINVAL, ...)`.
 */
int target_error(struct vop_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
