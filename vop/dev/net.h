/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The net device (VIRTIO 1.4, 5.1): 12-byte header, MAC, status, MTU, multiqueue with its control
 * queue, mergeable receive buffers. What happens with frames is a backend's affair: null, source
 * and echo are in net_backend.c, tap in net_tap.c, others can be given by the caller.
 *
 * Threads: open, close and struct vop_dev_ops on the control thread; frames on the poller.
 */
#ifndef VOP_DEV_NET_H
#define VOP_DEV_NET_H

#include <vop/plain.h>
#include "vop/node.h"
#include "vop/poller.h"

#define VOP_NET_ID	  1
#define VOP_NET_HDR	  12u /* struct virtio_net_hdr with num_buffers (5.1.6) */
#define VOP_NET_BATCH	  64u /* buffers taken in one turn of one queue, at most */
#define VOP_NET_PAIRS_MAX 16u

enum vop_net_feature {
	VOP_NET_F_MTU = 3,
	VOP_NET_F_MAC = 5,
	VOP_NET_F_MRG_RXBUF = 15,
	VOP_NET_F_STATUS = 16,
	VOP_NET_F_CTRL_VQ = 17,
	VOP_NET_F_MQ = 22,
};

/* A frame in shared memory: its pieces without the virtio header. The pieces are checked; the bytes
 * may change under us. */
struct vop_net_frame {
	const struct vop_iov *iov;
	uint32_t niov;
	uint32_t len; /* bytes, all pieces together (receive: how many the backend is to write) */
};

/*
 * A backend. All calls on the poller, for queue pair `pair`; several pairs may share one backend
 * object.
 */
struct vop_net_backend {
	const char *name;
	void *ctx;
	/*
	 * Frames from the driver. Take the first k of them (read everything needed out of shared
	 * memory) and return k; the rest is offered again in a later turn.
	 */
	unsigned (*tx)(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n);
	/* As tx, for frames of one piece each, which most are; NULL: tx gets them all. */
	unsigned (*tx_plain)(void *ctx, unsigned pair, const struct vop_plain *f, unsigned n);
	/* Frames for the driver: lengths of the next ones, at most max; returns how many there are
	 * now. NULL: never any. */
	unsigned (*rx_lengths)(void *ctx, unsigned pair, uint32_t *len, unsigned max);
	/*
	 * Write the first n of them into f[i], all of f[i].len bytes, and forget them. A frame the
	 * driver has no room for is dropped: its f[i] has no pieces and length 0.
	 */
	void (*rx_fill)(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n);
	/* As rx_fill, into frames of one piece each; f[i].len is room, len[i] what is to be
	 * written. NULL: rx_fill fills them all. */
	void (*rx_fill_plain)(void *ctx, unsigned pair, const struct vop_plain *f,
			      const uint32_t *len, unsigned n);
	/*
	 * Descriptor that becomes readable when there are frames for the driver;
	 * rx_lengths() reads it until nothing is left. NULL: whoever sends frames to the
	 * driver wakes the poller itself, or there are always some. Control thread.
	 */
	int (*rx_fd)(void *ctx, unsigned pair);
	/* The driver begins or ceases to use the pair; none is in use at first. While the poller is
	 * paused, or on it. May be NULL. */
	void (*use)(void *ctx, unsigned pair, bool on);
	/* The device was reset: forget frames in flight, start over. May be NULL. On the control
	 * thread while the poller is paused. */
	void (*reset)(void *ctx);
	void (*free)(void *ctx); /* may be NULL */
};

struct vop_net_config {
	uint8_t mac[6];
	uint16_t mtu;	/* 68..65535 */
	uint16_t pairs; /* queue pairs, 1..VOP_NET_PAIRS_MAX */
	uint16_t queue_size_max;
	uint64_t features_off[2]; /* features not to offer (bits of ours: net and ring features) */
	uint64_t pool_size;	  /* for placement at the device */
	enum vop_notify notify;
	struct vop_net_backend backend; /* freed by vop_net_close */
	struct vop_poller *poller;
};

struct vop_net;

struct vop_net_stats {
	uint64_t tx_frames, tx_bytes, rx_frames, rx_bytes;
	uint64_t rx_no_buffer; /* a frame was there, too few buffers */
	uint64_t violations;
	uint32_t last_violation;
};

/* Serve d as a net device. NULL with *err; the backend then stays the caller's. */
struct vop_net *vop_net_open(struct vop_device *d, const struct vop_net_config *cfg,
			     struct vop_error *err);
/* In device_removed(), or after it: its queues are stopped then. */
void vop_net_close(struct vop_net *n);
/* The poller asked for attention: turn violations into NEEDS_RESET. Control thread. */
void vop_net_attend(struct vop_net *n);
/* Link status bit of config space, with change notification. Control thread. */
int vop_net_set_link(struct vop_net *n, bool up);
/* Counters as of now; any thread, each word atomic by itself. */
void vop_net_get_stats(const struct vop_net *n, struct vop_net_stats *out);

/* Backends of the product. 0 or -ENOMEM / -EINVAL; *b is filled. */
/* Sink: copies every frame out and drops it. */
int vop_net_backend_null(struct vop_net_backend *b);
/* Source: numbered frames of `size` bytes without end: 14 bytes of Ethernet header (ethertype
 * 0x88b5), two bytes 0, 64-bit number, zeroes. */
int vop_net_backend_source(struct vop_net_backend *b, uint32_t size);
/* Echo: what the driver sent on pair p comes back on pair p, copied out and in, in order. */
int vop_net_backend_echo(struct vop_net_backend *b, unsigned pairs);
/* TAP: a network interface of this machine, made or taken over; NULL: a new one, vop0 or the next.
 * Negative errno with *err. */
int vop_net_backend_tap(struct vop_net_backend *b, const char *ifname, unsigned pairs,
			struct vop_error *err);

#endif
