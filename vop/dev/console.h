/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console device (VIRTIO 1.4, 5.3): ports of bytes both ways, the control queues that tell of
 * them, console size, emergency write. What happens with the bytes is a backend's affair.
 *
 * Threads: open, close and struct vop_dev_ops on the control thread, and whatever else is not said
 * to be the poller's; bytes on the poller.
 */
#ifndef VOP_DEV_CONSOLE_H
#define VOP_DEV_CONSOLE_H

#include "vop/node.h"
#include "vop/poller.h"

#define VOP_CONSOLE_ID	      3
#define VOP_CONSOLE_PORTS_MAX 15u /* with their control queues: as many as a device can have */
#define VOP_CONSOLE_TAG_MAX   32u /* bytes of the name of a port, its NUL included */

enum vop_console_feature {
	VOP_CONSOLE_F_SIZE = 0,
	VOP_CONSOLE_F_MULTIPORT = 1,
	VOP_CONSOLE_F_EMERG_WRITE = 2,
};

/*
 * A backend. Calls on the poller, for port `port`, unless it is said otherwise. Bytes from and for
 * the driver lie in shared memory: they are read or written once, and may change under us.
 */
struct vop_console_backend {
	const char *name;
	void *ctx;
	/* tx() refuses bytes only until some of the same port are taken by rx_take(): nobody need
	 * ask again before. */
	bool loops;
	/* Bytes from the driver. Take the first k of them and return k; the rest is offered again.
	 */
	uint32_t (*tx)(void *ctx, unsigned port, const uint8_t *from, uint32_t len);
	/* How many bytes wait for the driver; at most that many are asked for. NULL: never any. */
	uint32_t (*rx_pending)(void *ctx, unsigned port);
	void (*rx_take)(void *ctx, unsigned port, uint8_t *to, uint32_t len);
	/* A character that must come out whatever state the device is in; NULL: it is only counted.
	 * Control thread, poller paused. */
	void (*emergency)(void *ctx, uint8_t c);
	/* Forget the bytes of a port: the device was reset or the port removed. May be NULL.
	 * Control thread, poller paused. */
	void (*reset)(void *ctx, unsigned port);
	void (*free)(void *ctx); /* may be NULL */
};

struct vop_console_config {
	uint16_t cols, rows; /* size of the console, port 0 */
	unsigned ports;	     /* that exist from the start, 1..ports_max */
	unsigned ports_max;  /* max_nr_ports, 1..VOP_CONSOLE_PORTS_MAX */
	/* Port n is named "TAG.n" (UTF-8; at most VOP_CONSOLE_TAG_MAX - 4 bytes); NULL: ports have
	 * no names. */
	const char *tag;
	uint16_t queue_size_max;
	uint64_t features_off[2]; /* features not to offer (console and ring features) */
	uint64_t pool_size;	  /* bytes, for placement at the device */
	enum vop_notify notify;
	struct vop_console_backend backend; /* freed by vop_console_close */
	struct vop_poller *poller;
};

struct vop_console;

struct vop_console_stats {
	uint64_t tx_bytes, rx_bytes; /* of all ports; from and to the driver */
	uint64_t rx_no_buffer;	     /* bytes were there, no buffer */
	uint64_t emergency;	     /* characters of emergency writes */
	uint64_t ignored;	     /* control messages that say nothing to us */
	uint64_t violations;
	uint32_t last_violation;
};

/* Queues of a device with so many ports at most, control queues included (5.3.2). */
#define VOP_CONSOLE_QUEUES(ports_max) (2u * (ports_max) + 2u)

/* Serve d as a console device. NULL with *err; the backend then stays the caller's. */
struct vop_console *vop_console_open(struct vop_device *d, const struct vop_console_config *cfg,
				     struct vop_error *err);
/* In device_removed(), or after it: its queues are stopped then. NULL does nothing. */
void vop_console_close(struct vop_console *c);
/* The poller asked for attention: turn violations into NEEDS_RESET. */
void vop_console_attend(struct vop_console *c);
/*
 * The console has another size now: config space with change notification, and a message when there
 * are control queues (5.3.6). -EINVAL: SIZE is not offered. Errors as vop_device_config_set().
 */
int vop_console_resize(struct vop_console *c, uint16_t cols, uint16_t rows);
/*
 * Plug a port in or pull it out; a driver with control queues is told. What waits in a port that is
 * pulled out is lost. -EINVAL: number beyond ports_max; -EEXIST, -ENOENT.
 */
int vop_console_add_port(struct vop_console *c, unsigned port);
int vop_console_remove_port(struct vop_console *c, unsigned port);
/* Counters as of now; any thread, each word atomic by itself. */
void vop_console_get_stats(const struct vop_console *c, struct vop_console_stats *out);

/* Backends of the product. 0 or -ENOMEM / -EINVAL; *b is filled. */
/* Sink: copies what the driver sends and drops it. */
int vop_console_backend_null(struct vop_console_backend *b);
/*
 * Echo: what the driver sends on a port comes back on that port, in order; up to 64 KiB wait. An
 * emergency character is output of port 0 like any other and comes back there.
 */
int vop_console_backend_echo(struct vop_console_backend *b, unsigned ports);

#endif
