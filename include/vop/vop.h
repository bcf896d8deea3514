/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stable API of the library: everything opaque, everything compiled, nothing inline. For
 * programs that want to play a virtio device or a driver over a VOP link and not be rebuilt when
 * rings, nodes or links change inside. (Our own programs use the headers beside this one; those
 * promise nothing from one revision to the next.)
 *
 * A `struct vop` is one node on one link: open it, let it work with vop_service() whenever vop_fd()
 * is readable (or with vop_wait()), close it. Devices of the link appear and go, whoever created
 * them; this node plays the device or the driver of each. Devices: vop_dev_serve() and a function
 * that is handed batches of buffers. Drivers: vop_dev_start(), then queues.
 *
 * Threads: a struct vop and all that was reached through it belong to one thread at a time.
 * Different ones do not share anything.
 *
 * Callbacks come from vop_service(), vop_wait(), vop_queue_wait(), vop_create(), vop_destroy(),
 * vop_dev_start(), vop_dev_stop() and vop_close(). A callback must not call vop_service(),
 * vop_wait(), vop_queue_wait() (all three answer -EBUSY) or vop_close().
 *
 * Lifetimes: a struct vop_dev and its queues stay readable, and calls on them answer -ENODEV,
 * until the first vop_service() or vop_wait() that begins after the removal was announced.
 *
 * Errors: negative errno. -EPIPE: the link is down, -EPROTO: it is down because the peer broke the
 * protocol (only vop_close() is of use then, vop_why() says what happened); -ENODEV: the device was
 * removed; -ETIMEDOUT. Time-outs are milliseconds, negative ones wait for ever.
 */
#ifndef VOP_VOP_H
#define VOP_VOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Version of this header: major << 16 | minor. Programs built for a minor version run with a
 * library of the same major and the same or a later minor one.
 */
#define VOP_API_VERSION 0x00010000u
/* Version of the library that was linked. Any thread. */
uint32_t vop_api_version(void);

struct vop;
struct vop_dev;
struct vop_queue;
struct vop_bufs;

/* Which end of the link; one of each. */
enum vop_role {
	VOP_ROLE_HOST = 0,
	VOP_ROLE_ENDPOINT = 1,
};

/* --- a node on a link --- */

/*
 * Join the shared-memory link at a UNIX socket path; whichever node comes first waits for the
 * other, timeout_ms at most. window: bytes of memory this node shares with the other; rings and
 * buffers of its drivers come out of it. 0 with *out; on failure one line in why (size bytes, may
 * be NULL): -EADDRINUSE two nodes are joined already, -EEXIST the other one has the same role,
 * -EPROTO another version or not a VOP at all, -ETIMEDOUT, -EINVAL, -ENOMEM ...
 */
int vop_open(struct vop **out, const char *path, enum vop_role role, size_t window, int timeout_ms,
	     char *why, size_t size);
/* Orderly end; removals are announced before it returns. NULL is no error. */
void vop_close(struct vop *v);
/* Readable when vop_service() has something to do. Constant until vop_close(), which closes it. */
int vop_fd(const struct vop *v);
/* Do what there is to do, never sleep. 0, -EPIPE, -EPROTO. */
int vop_service(struct vop *v);
/* Sleep until there is something to do, then do it. 1; 0 after timeout_ms; -EPIPE, -EPROTO. */
int vop_wait(struct vop *v, int timeout_ms);
/* Why the link is down, in words; "" while it is up. Valid until vop_close(). */
const char *vop_why(const struct vop *v);

/*
 * Told of devices; each function may be NULL. Devices that are there already are announced by the
 * next vop_service(). Before `added` a device is not found by vop_dev_next(). `removed`: on return
 * nobody on this node uses the device. `changed`, for drivers: the device's configuration space
 * changed, or it needs a reset (vop_dev_status()).
 */
void vop_on_devices(struct vop *v, void (*added)(void *ctx, struct vop_dev *d),
		    void (*removed)(void *ctx, struct vop_dev *d),
		    void (*changed)(void *ctx, struct vop_dev *d), void *ctx);

/*
 * Create a device of a VIRTIO device type on the link; device: the node that will play it. 0: it is
 * announced like any other. -ENOSPC: no slot; -EINVAL: more than 33 queues or 32,768 entries;
 * -EPIPE.
 */
int vop_create(struct vop *v, unsigned device_id, enum vop_role device, unsigned queues,
	       unsigned queue_size, const char *name);
/* Withdraw a device that this node created. -EPERM: the other one did. -ETIMEDOUT: the peer did not
 * let go. */
int vop_destroy(struct vop_dev *d, int timeout_ms);

/* --- devices of the link --- */

/* The device after d, the first one for NULL; NULL at the end. */
struct vop_dev *vop_dev_next(struct vop *v, const struct vop_dev *d);
unsigned vop_dev_id(const struct vop_dev *d);	   /* VIRTIO device type: 1 net ... */
const char *vop_dev_name(const struct vop_dev *d); /* as its creator named it */
bool vop_dev_is_ours(const struct vop_dev *d);	   /* this node plays the device; else the driver */
bool vop_dev_created_here(const struct vop_dev *d);
struct vop *vop_dev_vop(const struct vop_dev *d);
/* A place for the caller's own pointer. */
void vop_dev_set_private(struct vop_dev *d, void *p);
void *vop_dev_private(const struct vop_dev *d);
/*
 * Bits of the device status as the device accepted them (VIRTIO 1.4, 2.1), and negotiated
 * features (128 bits, bit n in word n / 64).
 */
unsigned vop_dev_status(struct vop_dev *d);
int vop_dev_features(struct vop_dev *d, uint64_t negotiated[2]);

/* --- driver --- */

/* What the device offers; waits until it is served. */
int vop_dev_offered(struct vop_dev *d, uint64_t features[2], int timeout_ms);
/*
 * Initialise the device (VIRTIO 1.4, 3.1.1) with those of `want` that it offers, and queues 0 to
 * queues - 1 of `size` entries, or as many as it has (0). VERSION_1 and what the link needs are
 * added; transport features the library cannot drive are not asked for. -EBUSY: started already;
 * -ENOTSUP: it refused the features; -EINVAL: it has fewer queues, or a size is impossible;
 * -ENOMEM: the window is full. On failure the device was reset.
 */
int vop_dev_start(struct vop_dev *d, const uint64_t want[2], unsigned queues, unsigned size,
		  int timeout_ms);
/* Reset the device: buffers still in its queues are the caller's again. 0 also when it was not
 * started. */
int vop_dev_stop(struct vop_dev *d, int timeout_ms);
/* Configuration space; one consistent version of it is read. */
int vop_dev_config_read(struct vop_dev *d, uint32_t offset, void *dst, uint32_t len);
int vop_dev_config_write(struct vop_dev *d, uint32_t offset, const void *src, uint32_t len,
			 int timeout_ms);

/* Memory that devices on the other node can reach, zeroed. NULL: the window is full. */
void *vop_alloc(struct vop *v, size_t size);
void vop_free(struct vop *v, void *p, size_t size);

/* A queue of a started device; NULL: it has no such queue. */
struct vop_queue *vop_dev_queue(struct vop_dev *d, unsigned index);

#define VOP_SEGMENTS_MAX 64u
/*
 * Add a buffer: `out` segments for the device to read, then `in` segments for it to write, all of
 * them memory of vop_alloc(). cookie comes back with it. 0; -ENOSPC: no room, get some back first;
 * -EFAULT: not memory of vop_alloc(); -EINVAL: no segment or more than VOP_SEGMENTS_MAX or the
 * queue's size.
 */
int vop_queue_add(struct vop_queue *q, const struct iovec *segments, unsigned out, unsigned in,
		  uint32_t cookie);
/* Make everything added so far available, and kick the device if it wants to be. */
int vop_queue_publish(struct vop_queue *q);
/*
 * Take up to max buffers back: their cookies, and the bytes the device wrote into each (either
 * may be NULL). How many; -EPROTO: the device broke the rules of the queue: it was reset, FAILED
 * set, and has to be started anew.
 */
int vop_queue_get(struct vop_queue *q, uint32_t *cookie, uint32_t *written, unsigned max);
/* Ask that vop_fd() tells of the next used buffer. 1: there is one now; 0. */
int vop_queue_arm(struct vop_queue *q);
/* Sleep until there is a buffer to get, serving everything else meanwhile. 1; 0 after timeout_ms.
 * */
int vop_queue_wait(struct vop_queue *q, int timeout_ms);

/* --- device --- */

/*
 * A batch of buffers of one queue, in the order they were made available. Take the first n of
 * them and return n: they go back to the driver with what vop_bufs_used() said. The others wait
 * for vop_dev_run().
 */
typedef unsigned vop_serve_fn(void *ctx, struct vop_dev *d, unsigned queue, struct vop_bufs *b);

/*
 * Serve a device that is ours: features of its type (the library adds those of the transport), its
 * queues, its configuration space (copied; read-only for the driver). -EBUSY: served already;
 * -EINVAL: more than the creator allowed; -EPERM: not ours.
 */
int vop_dev_serve(struct vop_dev *d, const uint64_t features[2], unsigned queues,
		  unsigned queue_size_max, const void *config, uint32_t config_size,
		  vop_serve_fn *fn, void *ctx);
/* Hand out a queue's buffers although no new ones came: there is something to put into them now. */
int vop_dev_run(struct vop_dev *d, unsigned queue);
/* Change configuration space; a started driver is told. */
int vop_dev_config_set(struct vop_dev *d, uint32_t offset, const void *data, uint32_t len);

/* Inside of a vop_serve_fn only; i counts from 0 to vop_bufs_count() - 1. */
unsigned vop_bufs_count(const struct vop_bufs *b);
size_t vop_bufs_out_size(const struct vop_bufs *b, unsigned i); /* bytes the device may read */
size_t vop_bufs_in_size(const struct vop_bufs *b, unsigned i);	/* bytes it may write */
/* Copy at most len bytes from / to the buffer, starting at offset; how many were there. */
size_t vop_bufs_read(const struct vop_bufs *b, unsigned i, size_t offset, void *dst, size_t len);
size_t vop_bufs_write(struct vop_bufs *b, unsigned i, size_t offset, const void *src, size_t len);
/* So many bytes of buffer i were written, from its start; 0 when this is not called. */
void vop_bufs_used(struct vop_bufs *b, unsigned i, size_t written);

#ifdef __cplusplus
}
#endif

#endif
