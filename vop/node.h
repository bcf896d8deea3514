/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node: one end of a link. It keeps its own device page, watches the peer's, and hands devices to
 * the code that plays their roles. Knows links only through <vop/link.h> and device types only
 * through struct vop_dev_ops.
 *
 * Threads: a node belongs to one control thread; every call here and every callback happens on it.
 * Pollers (poller.h) run elsewhere and are paused by the role code before rings or windows go away.
 *
 * Callbacks may call vop_drv_*() and so enter the node again: device_removed() and link_down() can
 * therefore come while another callback waits in such a call. A struct vop_device stays readable
 * (calls answer -ENODEV) until the next vop_node_service() or vop_node_wait() that is not called
 * from within a callback or a vop_drv_*() call.
 *
 * Files behind this header: vop/node.c (life of the node: headers, messages, peer loss),
 * vop/slots.c (hot-add, hot-remove), vop/page.c (words of the pages), vop/device.c and
 * vop/device_queue.c (the device role's answers to requests), vop/driver.c and vop/driver_queue.c
 * (the driver role's requests), vop/alloc.c (memory of the own window).
 */
#ifndef VOP_NODE_H
#define VOP_NODE_H

#include <vop/link.h>
#include <vop/page.h>
#include <vop/place.h>
#include <vop/region.h>
#include <vop/doorbell.h>

struct vop_node;
struct vop_device;

/* How a queue's notifications are taken at this end. */
enum vop_notify {
	VOP_NOTIFY_POLL = 0,	 /* the ring is polled; no doorbell exists */
	VOP_NOTIFY_EVENT = 1,	 /* sleep on the doorbell whenever the ring is empty */
	VOP_NOTIFY_ADAPTIVE = 2, /* spin for a while, then sleep */
};

/* A queue as the driver set it up and the device checked it: everything translated, nothing shared
 * any more. */
struct vop_queue_config {
	uint16_t index;
	uint16_t size;
	bool packed;
	uint8_t ring_placement;	   /* enum vop_ring_placement */
	uint8_t payload_placement; /* enum vop_payload_placement */
	uint64_t desc_bus, driver_bus, device_bus;
	void *desc, *driver, *device;	   /* this node's view; NULL never */
	const struct vop_regions *regions; /* what buffers may name; valid until queue_stop */
	struct vop_doorbell *kick; /* driver to device; device side waits, driver side rings; kind
				      NONE when polled */
	struct vop_doorbell *call; /* device to driver */
	const volatile void *read_back; /* a word of the peer's window, for VOP_MEM_READ_BACK */
	/* A queue that goes on where it was: from there, and the ring is not a new one. */
	bool resumes;
	struct vop_devq_place place;
	/* Device role: where the type says at queue_stop where the queue stands, if it was open by
	 * then; NULL: nobody asks. */
	struct vop_devq_place *left;
};

#define VOP_CONFIG_TAKEN 1 /* of config_write() */

/*
 * A device type: what vop/dev/NAME.c gives. Callbacks run on the control thread. They return 0 or a
 * negative errno, which the node turns into enum vop_req_result.
 */
struct vop_dev_ops {
	uint16_t device_id; /* VIRTIO device id */
	const char *type;   /* "net" */
	/* Accepted features were fixed (FEATURES_OK): -EINVAL refuses the combination. features[2].
	 */
	int (*features_ok)(void *dev, const uint64_t *features);
	/* A queue may start: cfg stays valid until queue_stop returns. Called before DRIVER_OK too;
	 * do not touch the ring before driver_ok. */
	int (*queue_start)(void *dev, const struct vop_queue_config *cfg);
	/* Stop using the queue: on return no thread touches ring or buffers, DMA is drained. Also
	 * for reset, removal, loss of the peer. */
	void (*queue_stop)(void *dev, unsigned q);
	/* DRIVER_OK was set. */
	int (*driver_ok)(void *dev);
	/* Reset is complete after this returns; every queue was stopped before. */
	void (*reset)(void *dev);
	/* The driver wrote config space. 0: the bytes are to be found there; VOP_CONFIG_TAKEN: they
	 * went elsewhere and the space stays as it is. -EINVAL: read-only field. */
	int (*config_write)(void *dev, uint32_t offset, const void *data, uint32_t len);
	/* May the driver write this range before FEATURES_OK, too? The range lies in the space.
	 * NULL: nothing (3.1.1, step 4; a console's emergency write is why this exists). */
	bool (*config_early)(void *dev, uint32_t offset, uint32_t len);
};

/* What a node offers as a device; copied. */
struct vop_device_offer {
	const struct vop_dev_ops *ops;
	void *dev;	      /* handed to every callback */
	uint64_t features[2]; /* device type's features; the node adds VERSION_1, ACCESS_PLATFORM
				 and ring features */
	uint64_t features_off[2]; /* bits not to offer although the node would add them */
	uint16_t queues;
	uint16_t queue_size_max; /* for every queue */
	uint32_t config_size;
	uint8_t config[VOP_CONFIG_MAX];
	uint64_t pool_size; /* bytes of own window lent for device placement; 0: driver placement
			       only */
	enum vop_notify notify; /* how kicks are taken */
	/*
	 * Device suspend (VIRTIO 1.4, 3.4); the node offers SUSPEND when both are there. On the
	 * control thread. suspend(): on return no thread touches a ring or a buffer, nobody is
	 * called, and where each queue was is remembered; what was taken and begun is used.
	 * resume(): everything goes on from there. Between the two come queue_stop, reset and
	 * resume, nothing else. A negative errno: the device needs a reset.
	 */
	int (*suspend)(void *ctx);
	int (*resume)(void *ctx);
	void *suspend_ctx;
};

struct vop_device_create {
	uint16_t device_id;
	enum vop_node_id device; /* who plays the device; the other node plays the driver */
	uint16_t queues_max;
	uint16_t queue_size_max;
	const char *name; /* copied; NULL: type and slot number */
};

struct vop_node_events {
	/* The peer is there, its page was checked; devices follow. */
	void (*link_up)(void *ctx, struct vop_node *n);
	/* The link went down (reason: words). Every device was removed before. */
	void (*link_down)(void *ctx, struct vop_node *n, const char *reason);
	/*
	 * A device of the link appeared, created by either node. When this node plays the device,
	 * the callee calls vop_device_serve() now or later; when it plays the driver, the
	 * vop_drv_*() calls work from now on.
	 */
	void (*device_added)(void *ctx, struct vop_node *n, struct vop_device *d);
	/* It goes away: on return nobody uses it. Queues of the device role were stopped already
	 * through vop_dev_ops. */
	void (*device_removed)(void *ctx, struct vop_node *n, struct vop_device *d);
	/* Driver role: the device's configuration changed, or it set NEEDS_RESET. */
	void (*config_changed)(void *ctx, struct vop_node *n, struct vop_device *d);
};

struct vop_node_config {
	enum vop_node_id self;
	const struct vop_node_events *events;
	void *ctx;
};

/* Why opening failed, for one line on standard error. */
struct vop_error {
	char text[256];
};

/*
 * Take over an open link: write the own page, wait for the peer's header. The link belongs to the
 * node afterwards, also when this fails. NULL with *err: magic or version mismatch, two nodes of
 * one role, window too small.
 */
struct vop_node *vop_node_open(struct vop_link *link, const struct vop_node_config *cfg,
			       struct vop_error *err);
/*
 * As vop_node_open(), without waiting: link_up() comes from a later vop_node_service(), or that
 * returns -EPROTO / -EPIPE when the peer's page is no good. For event loops and for two nodes in
 * one thread.
 */
struct vop_node *vop_node_start(struct vop_link *link, const struct vop_node_config *cfg,
				struct vop_error *err);
/*
 * Orderly end: devices removed (device_removed() is called, link_down() is not), peer told, link
 * closed. Not from a callback.
 */
void vop_node_close(struct vop_node *n);
/* Things of the peer's page that made no sense and were ignored, since the node was opened. */
uint64_t vop_node_nonsense(const struct vop_node *n);
/* Descriptor to poll; readable: call vop_node_service(). */
int vop_node_fd(const struct vop_node *n);
/*
 * Do what there is to do: messages, slot changes, requests. 0, or -EPIPE / -EPROTO when the link
 * went down (link_down was called; only vop_node_close() is allowed after). Never blocks.
 */
int vop_node_service(struct vop_node *n);
/* service() until cond(arg) is true: 0; -ETIMEDOUT after timeout_ms; -EPIPE, -EPROTO. */
int vop_node_wait(struct vop_node *n, bool (*cond)(void *arg), void *arg, int timeout_ms);

struct vop_link *vop_node_link(struct vop_node *n);
/* Both windows, for buffers and rings. Constant while the link is up. */
const struct vop_regions *vop_node_regions(const struct vop_node *n);

/*
 * Memory of the own window, cache-line aligned at least, zeroed; align a power of two. Returns the
 * offset's mapping, bus address in *bus; NULL when there is none. Freed with vop_node_free (size as
 * allocated).
 */
void *vop_node_alloc(struct vop_node *n, size_t size, size_t align, uint64_t *bus);
void vop_node_free(struct vop_node *n, uint64_t bus, size_t size);

/* --- creator
 * ------------------------------------------------------------
 */
/* Publish a device: slot number, or -ENOSPC, -EINVAL. device_added() is called for this node before
 * it returns. */
int vop_node_create(struct vop_node *n, const struct vop_device_create *c);
/*
 * Withdraw it: the peer resets and acknowledges, then the slot is free. -ENOENT; -ETIMEDOUT when
 * the peer did not acknowledge in timeout_ms (the slot and the memory of the device stay unusable
 * until it does, or the link goes down).
 */
int vop_node_destroy(struct vop_node *n, unsigned slot, int timeout_ms);

/* --- any role
 * ------------------------------------------------------------
 */
struct vop_device_info {
	enum vop_node_id creator, device, driver;
	unsigned slot;
	uint32_t gen;
	uint16_t device_id;
	uint16_t queues_max, queue_size_max;
	char name[VOP_NAME_MAX];
};
void vop_device_info(const struct vop_device *d, struct vop_device_info *out);
struct vop_node *vop_device_node(const struct vop_device *d);
/* A place for the role code's own pointer. */
void vop_device_set_private(struct vop_device *d, void *p);
void *vop_device_private(const struct vop_device *d);

/* --- device role
 * ------------------------------------------------------------
 */
/* Offer: config, features, queues become visible to the driver. -EBUSY if offered already, -ENOSPC
 * no memory for the pool, -EINVAL. */
int vop_device_serve(struct vop_device *d, const struct vop_device_offer *offer);
/* Change config space; the driver gets a configuration change notification when it set DRIVER_OK.
 * Of a device that is suspended the driver sees nothing before it is resumed or reset. */
int vop_device_config_set(struct vop_device *d, uint32_t offset, const void *data, uint32_t len);
/*
 * From the control thread: a poller met a violation on queue q. Sets NEEDS_RESET, notifies when
 * DRIVER_OK, stops the queue, counts.
 */
void vop_device_violation(struct vop_device *d, unsigned q, uint32_t why);
/* What the driver did so far: status byte as accepted, negotiated features. */
uint8_t vop_device_status(const struct vop_device *d);
const uint64_t *vop_device_features(const struct vop_device *d);
/*
 * Does the transport say of each queue by itself whether it is in use (vhost-user:
 * SET_VRING_ENABLE)? Then a control queue has no say in it, and need not be there.
 */
bool vop_device_enables_queues(const struct vop_device *d);

/* --- driver role: primitives, one per operation of the specification; each waits for the device's
 * answer ------------------ */
/*
 * All: 0; -ETIMEDOUT; -EPIPE, -EPROTO link down; -EINVAL / -EPERM / -EOPNOTSUPP / -ENOMEM as the
 * device answered; -EPROTO also when the answer or the offer makes no sense (the link stays up);
 * -ENODEV removed; -EBUSY from a callback inside of another request's wait; -EPERM when this node
 * plays the device; -EAGAIN not offered yet (calls without a time-out).
 * A request that timed out stays in the mailbox: the next one waits for its answer first.
 */

/* Wait until the device side serves it. */
int vop_drv_wait_ready(struct vop_device *d, int timeout_ms);
int vop_drv_offered(struct vop_device *d, uint64_t features[2]);
/* Status the device accepted in its last answer, NEEDS_RESET included (VIRTIO 1.4, 2.1). Never the
 * driver's own write. */
uint8_t vop_drv_get_status(struct vop_device *d);
/* Write status; 0 resets. On return *accepted (may be NULL) is what the device made of it. */
int vop_drv_set_status(struct vop_device *d, uint8_t status, uint8_t *accepted, int timeout_ms);
int vop_drv_set_features(struct vop_device *d, const uint64_t features[2], int timeout_ms);
int vop_drv_config_read(struct vop_device *d, uint32_t offset, void *dst, uint32_t len,
			uint32_t *generation);
int vop_drv_config_write(struct vop_device *d, uint32_t offset, const void *src, uint32_t len,
			 int timeout_ms);
/* 0 when the queue does not exist. */
uint16_t vop_drv_queue_size_max(struct vop_device *d, unsigned q);
unsigned vop_drv_queue_count(struct vop_device *d);
bool vop_drv_ring_placement_ok(struct vop_device *d, unsigned placement);
bool vop_drv_payload_placement_ok(struct vop_device *d, unsigned placement);
/* Memory for rings and buffers: in the driver's own window, or from the pool the device lent. NULL
 * when there is none. Freed on reset of the device. */
enum vop_where { VOP_AT_DRIVER, VOP_AT_DEVICE };
void *vop_drv_alloc(struct vop_device *d, enum vop_where where, size_t size, size_t align,
		    uint64_t *bus);
/*
 * Raw set-up: hand over what cfg says (addresses, size, placements), untouched: conformance may say
 * nonsense. notify: how calls are taken. On success cfg->kick and cfg->call are filled.
 */
int vop_drv_queue_setup(struct vop_device *d, struct vop_queue_config *cfg, enum vop_notify notify,
			int timeout_ms);
int vop_drv_queue_reset(struct vop_device *d, unsigned q, int timeout_ms);
/* Violations the device counted on a queue and the last reason. */
void vop_drv_queue_violations(struct vop_device *d, unsigned q, uint32_t *count, uint32_t *why);

#endif
