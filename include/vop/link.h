/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link: what joins two nodes. One of the two seams of the project.
 *
 * A link implementation is one file (vop/link_shm.c; later link_pci.c, link_stream.c). What every
 * link has: ordered control messages and copies by bus address. What a link may have is told by its
 * capabilities: mapped windows, doorbells with a number, a DMA engine, a memory class. Code above a
 * link asks the capabilities and never the kind of the link.
 *
 * Threads: all calls on one link come from one thread (the node's control thread), with two
 * exceptions that any thread may make at any time while the link is up: vop_doorbell_ring() on a
 * doorbell obtained from the link, and loads and stores through a mapped window.
 *
 * Errors: negative errno. -EPIPE: the peer is gone (died or closed). -EPROTO: the peer broke the
 * protocol; the link is then down as if the peer had died. Neither ever blocks or kills the caller.
 */
#ifndef VOP_LINK_H
#define VOP_LINK_H

#include <vop/base.h>

enum vop_node_id {
	VOP_HOST = 0,	  /* root complex */
	VOP_ENDPOINT = 1, /* card, SoC, DPU */
};

/* Memory class of the peer's window as seen from this node; see mem.h. */
enum vop_mem_class {
	VOP_MEM_COHERENT = 0,
	VOP_MEM_DEVICE = 1,
	VOP_MEM_DELAYED = 2,
};

/*
 * Control message: small, ordered after every earlier store of the sender through the link
 * (VOP-5). A NUDGE tells only where to look: a link may merge equal ones and let one that waits
 * stay behind later messages, but it never loses one, and it never lets one overtake a DOORBELL.
 */
enum vop_msg_type {
	VOP_MSG_NUDGE = 1, /* look at creator/slot: slot word, role block or acknowledgement
			      changed; arg and arg2 are 0 */
	VOP_MSG_DOORBELL =
		2, /* sender listens on doorbell `arg`; a link may attach what ringing needs */
	VOP_MSG_RING = 3,     /* doorbell `arg` rung, on links whose doorbells are messages */
	VOP_MSG_BYE = 4,      /* orderly end; the sender will close */
	VOP_MSG_UNLISTEN = 5, /* sender no longer listens on doorbell `arg` */
};

struct vop_msg {
	uint16_t type;	  /* enum vop_msg_type */
	uint8_t creator;  /* enum vop_node_id */
	uint8_t reserved; /* 0 */
	uint16_t slot;
	uint16_t reserved2; /* 0 */
	uint32_t arg;
	uint32_t arg2;
};

struct vop_window_info {
	uint64_t base; /* bus address of the first byte */
	uint64_t size; /* bytes */
	uint8_t *map;  /* where this process sees it, or NULL when the link cannot map */
	bool huge;     /* backed by huge pages */
};

struct vop_link_caps {
	enum vop_mem_class mem_class;
	bool maps;	     /* the peer's window is mapped at peer.map */
	bool dma;	     /* the link has an engine of its own */
	uint32_t doorbells;  /* how many this node may listen on; 0: only VOP_MSG_RING */
	uint32_t copy_align; /* copy_to/copy_from: alignment of address and length, bytes; 1 on shm
			      */
	uint32_t copy_max;   /* longest single copy, bytes */
};

struct vop_link;
struct vop_doorbell;

struct vop_link_ops {
	/*
	 * Send one message; never blocks: -EAGAIN when the peer does not drain its messages. The
	 * shm link keeps what does not fit and sends it from later send() and recv() calls
	 * (event_fd asks for one), so it never says -EAGAIN. DOORBELL and UNLISTEN are the link's
	 * own to send. -EINVAL: not a message of this link.
	 */
	int (*send)(struct vop_link *l, const struct vop_msg *m);
	/* Take one message; -EAGAIN when there is none. Call it until then whenever event_fd is
	 * readable. */
	int (*recv)(struct vop_link *l, struct vop_msg *m);
	/* A descriptor that polls readable while recv() has something to say (message or loss of
	 * the peer). */
	int (*event_fd)(struct vop_link *l);
	/* Copy to / from the peer's window by bus address. -EFAULT outside of it, -EINVAL on
	 * alignment. */
	int (*copy_to)(struct vop_link *l, uint64_t bus, const void *src, size_t len);
	int (*copy_from)(struct vop_link *l, void *dst, uint64_t bus, size_t len);
	/*
	 * Listen on doorbell n of this node: fill *db (receive side) and tell the peer
	 * (VOP_MSG_DOORBELL). *db is the caller's, lives until db_close(). -EINVAL: n is not below
	 * caps.doorbells; -EEXIST: listening on n already; -EMFILE, -ENFILE, -ENOMEM.
	 */
	int (*db_listen)(struct vop_link *l, uint32_t n, struct vop_doorbell *db);
	/*
	 * Connect to doorbell n of the peer (send side). -ENOENT until the peer listens on it. The
	 * descriptor stays the link's; it stays valid until db_close() of every connection to n,
	 * also when the peer stops listening: ringing then says -EPIPE.
	 */
	int (*db_connect)(struct vop_link *l, uint32_t n, struct vop_doorbell *db);
	void (*db_close)(struct vop_link *l, struct vop_doorbell *db);
	/* Break the link, free everything, unmap the windows. No other thread may touch them any
	 * more. */
	void (*close)(struct vop_link *l);
};

struct vop_link {
	const struct vop_link_ops *ops;
	struct vop_link_caps caps;
	enum vop_node_id self;
	struct vop_window_info own;  /* this node's window */
	struct vop_window_info peer; /* the other node's window */
};

#endif
