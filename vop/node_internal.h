/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files behind vop/node.h share (it lists them).
 *
 * Private memory only: nothing in these structures is reachable for the peer, and nothing that was
 * published is ever read back from the own page, because the peer may be able to write there.
 */
#ifndef VOP_NODE_INTERNAL_H
#define VOP_NODE_INTERNAL_H

#include <vop/features.h>
#include "vop/alloc.h"
#include "vop/device_front.h"
#include "vop/node.h"

/* --- devices --- */

struct vop_srv_queue {
	struct vop_queue_config cfg;
	struct vop_doorbell kick, call;
	uint32_t kick_num; /* VOP_DB_NUM_NONE when nothing is listened on */
	bool call_on;	   /* call was connected */
	bool enabled;	   /* set up by the driver, not reset since */
	bool running;	   /* ops->queue_start succeeded, ops->queue_stop still owed */
	bool was_reset;	   /* may be set up again although DRIVER_OK is set (2.6.1) */
	uint16_t violations;
	uint32_t why;
};

/* The device role of one device, from vop_device_serve() on. */
struct vop_server {
	struct vop_device_offer offer; /* offer.config is the live configuration space */
	uint64_t offered[2], accepted[2];
	uint8_t status;
	bool needs_reset;
	bool busy; /* a callback of the offer is running for a request */
	/* Config bytes [from, to) changed while the device was suspended: not published yet. */
	uint32_t held_from, held_to;
	uint32_t handled; /* req_seq answered last */
	uint32_t config_gen, config_events;
	uint64_t pool;		    /* bus address, size is offer.pool_size */
	struct vop_regions regions; /* what buffers may name: driver's window, pool */
	struct vop_srv_queue q[VOP_QUEUES_MAX];
};

/* Two call doorbells: a queue that is set up again while it is live keeps its own until the device
 * has accepted the new one. */
struct vop_drv_queue {
	struct vop_doorbell kick, call[2];
	uint32_t call_num[2];
	unsigned cur;
	bool live, kick_on;
};

struct vop_drv_mem {
	enum vop_where where;
	uint64_t bus, size;
};

/* The driver role of one device. */
struct vop_driver {
	uint32_t seq;	    /* req_seq written last */
	bool outstanding;   /* not answered yet */
	bool busy;	    /* a primitive is waiting further up on the stack */
	uint16_t op, queue; /* of the request seq */
	uint8_t wanted;	    /* driver_status as written last */
	uint8_t status;	    /* device_status as answered last */
	bool ready;	    /* the offer below was copied and checked */
	uint64_t offered[2];
	uint64_t pool_base, pool_size;
	uint32_t ring_placements, payload_placements;
	uint32_t config_size;
	uint16_t queues;
	uint16_t size_max[VOP_QUEUES_MAX];
	uint32_t events_seen;
	bool needs_seen;
	struct vop_heap pool;
	struct vop_drv_mem *mem;
	unsigned n_mem, cap_mem;
	struct vop_drv_queue q[VOP_QUEUES_MAX];
};

struct vop_device {
	struct vop_device_head head;
	struct vop_node *node;
	struct vop_device_info info;
	void *priv;
	bool leaving; /* removal has begun */
	bool gone;    /* every call answers -ENODEV */
	struct vop_device *next_grave;
	struct vop_server *srv;
	struct vop_driver *drv;
};

/* --- the node --- */

enum vop_node_state {
	VOP_NODE_OPENING, /* own header written, the peer's not seen yet */
	VOP_NODE_UP,
	VOP_NODE_DOWN,
};

struct vop_own_slot {
	uint32_t word;		  /* as published */
	struct vop_device *dying; /* its memory waits for the acknowledgement of REMOVING */
};

struct vop_peer_slot {
	uint32_t word; /* the last one that made sense */
	bool poisoned; /* the peer broke the life cycle: ignored until the link goes down */
};

/* Where the peer's tables are, checked once. */
struct vop_peer_page {
	uint64_t slot, ack, role;
	uint32_t stride;
	uint32_t session;
};

#define VOP_DOORBELLS_MAX 1024u

struct vop_node {
	struct vop_link *link;
	enum vop_node_id self, peer;
	struct vop_node_events events;
	void *ctx;
	enum vop_node_state state;
	int fail; /* negative errno once the link is known to be lost; state follows in service() */
	char reason[160];
	int epfd, timer;
	bool armed; /* timer is */
	bool more;  /* messages were left for the next service() */
	struct vop_regions regions;
	struct vop_heap heap;
	struct vop_peer_page page;
	struct vop_own_slot own[VOP_SLOTS];
	struct vop_peer_slot seen[VOP_SLOTS];
	struct vop_device *dev[2][VOP_SLOTS];
	uint64_t look[2];  /* by creator: slots to look at */
	uint64_t nudge[2]; /* by creator: nudges that still have to be sent */
	uint64_t db_used[VOP_DOORBELLS_MAX / 64];
	unsigned pins; /* calls on the stack that hold a struct vop_device */
	struct vop_device *graves;
	unsigned n_graves;
	uint64_t nonsense;
};

/* Offsets of fields in the role blocks. */
#define DEV(field) offsetof(struct vop_device_block, field)
#define DRV(field) offsetof(struct vop_driver_block, field)

/*
 * Words of the pages. Offsets count from the start of a window and are multiples of 4; so are
 * lengths. Every access is one aligned 32-bit access (what every memory class can do, and single by
 * construction); structures are already little-endian, the 32-bit forms convert.
 */
void vop_own_put(struct vop_node *n, uint64_t off, const void *src, size_t len);
void vop_own_put32(struct vop_node *n, uint64_t off, uint32_t v);
/* After every earlier store of this thread; pairs with vop_peer_get32_acq() at the peer. */
void vop_own_put32_rel(struct vop_node *n, uint64_t off, uint32_t v);
/* As vop_own_put(), every word a store-release (configuration space, see VOP-58). */
void vop_own_put_rel(struct vop_node *n, uint64_t off, const void *src, size_t len);
/* Copy out of the peer's page: 0, or the link's error, which is also remembered in n->fail. */
int vop_peer_get(struct vop_node *n, uint64_t off, void *dst, size_t len);
int vop_peer_get32_acq(struct vop_node *n, uint64_t off, uint32_t *v);
/* As vop_peer_get(), every word a load-acquire. */
int vop_peer_get_acq(struct vop_node *n, uint64_t off, void *dst, size_t len);

/* Offset of the own / the peer's role block of d. */
uint64_t vop_own_role(const struct vop_device *d);
uint64_t vop_peer_role(const struct vop_device *d);

/* Look at (creator, slot) of d in the next service(), without a message. */
void vop_node_look_later(struct vop_device *d);
/* Tell the peer to look at it. Sent now or, when the peer does not drain its messages, later. */
void vop_node_nudge(struct vop_node *n, unsigned creator, unsigned slot);
/* The link is lost; service() does the rest. */
void vop_node_fail(struct vop_node *n, int err, const char *reason);

/* Listen on a free doorbell number. 0, -ENOSPC, or the link's error. */
int vop_node_db_listen(struct vop_node *n, struct vop_doorbell *db, uint32_t *num);
void vop_node_db_unlisten(struct vop_node *n, struct vop_doorbell *db, uint32_t *num);

/* Milliseconds of the monotonic clock; in meeting.c. */
int64_t vop_now_ms(void);

/* --- slots.c --- */
void vop_own_slot_look(struct vop_node *n, unsigned s);
void vop_peer_slot_look(struct vop_node *n, unsigned s);
/*
 * On return nobody on this node uses the device. `usable`: the driver's primitives still work in
 * the callback (the creator says good-bye before the peer knows). The caller buries it.
 */
void vop_node_remove_device(struct vop_device *d, bool usable);
void vop_node_free_device(struct vop_device *d);
/* Callers higher up on the stack may still hold the pointer: freed when none can. */
void vop_node_bury(struct vop_node *n, struct vop_device *d);
void vop_node_empty_graves(struct vop_node *n);

/* --- device.c, device_queue.c --- */
/* The peer may have put a request into its driver block: take at most one. */
void vop_srv_look(struct vop_device *d);
/* Stop every queue and close the doorbells. Touches no window. */
void vop_srv_quiesce(struct vop_device *d);
/* Give the pool back to the window; only when the driver cannot write there any more. */
void vop_srv_release_memory(struct vop_device *d);
/* Set NEEDS_RESET, and tell the driver if DRIVER_OK is set (VIRTIO 1.4, 2.1.2). */
void vop_srv_needs_reset(struct vop_device *d);
/* The count moves, the driver is nudged (VIRTIO 1.4, 2.3 and 2.5). */
void vop_srv_notify_config(struct vop_device *d);
/* Requests about a queue: 0, a negative errno to answer with, or VOP_SRV_NOT_YET: no answer now,
 * look again at the next nudge. */
#define VOP_SRV_NOT_YET 1
int vop_srv_queue_setup(struct vop_device *d, unsigned q);
int vop_srv_queue_reset(struct vop_device *d, unsigned q);
/* As of a reset: stopped, and nothing remembered but the violations. */
void vop_srv_queue_clear(struct vop_device *d, unsigned q);
/* Write what the device says of a queue: its kick doorbell, size, violations. */
void vop_srv_queue_publish(struct vop_device *d, unsigned q);
/* As vop_device_violation(). */
void vop_srv_violation(struct vop_device *d, unsigned q, uint32_t why);

/* --- driver.c, driver_queue.c --- */
int vop_drv_attach(struct vop_device *d);
/* Look at what the device says unasked. */
void vop_drv_look(struct vop_device *d);
void vop_drv_close_doorbells(struct vop_device *d);
/* Give back what vop_drv_alloc() handed out; only when the device cannot use it any more. */
void vop_drv_release_memory(struct vop_device *d);
void vop_drv_detach(struct vop_device *d);
/* 0 when the device is there and its offer was taken; does not wait: -EAGAIN. */
int vop_drv_need_offer(struct vop_device *d);
/*
 * One request: begin (the device is pinned and the mailbox is ours; 0 and *deadline, or an error
 * and nothing to end), fill the block, post (waits for the answer), end (returns r).
 */
int vop_drv_begin(struct vop_device *d, int timeout_ms, int64_t *deadline);
int vop_drv_post(struct vop_device *d, const struct vop_driver_block *line0, int64_t deadline);
int vop_drv_end(struct vop_device *d, int r);
struct vop_driver_block vop_drv_line0(const struct vop_device *d, enum vop_req_op op,
				      unsigned queue);
/* The device has acknowledged the reset of a queue: its doorbells go. */
void vop_drv_queue_closed(struct vop_device *d, unsigned q);

#endif
