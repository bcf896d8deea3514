/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device page: the table at the start of a node's window in which it publishes the devices it
 * creates and answers for the roles it plays. Byte layout only; docs/vop.md is the specification
 * (VOP-n), vop/node.c the code.
 *
 * The one rule behind the layout: every word has one writer, every cache line too, and a node
 * writes control words only into its *own* window; the other node reads them there. So each window
 * holds
 *
 *   header        who I am, how large, where the tables are; written once, before the link is
 *                 announced
 *   slot table    the devices I created (64): the creator's words
 *   ack table     what I have seen of the peer's slots (64): acknowledgements of hot-add and
 *                 hot-remove
 *   role table    per device of the link, by creator and slot (2 x 64): a *device block* when I am
 *                 the device, a *driver block* when I am the driver
 *   memory        rings, buffers, pools: from VOP_PAGE_SIZE on
 *
 * A request (status, features, queue set-up, reset, config write) is a mailbox: the driver fills
 * its block, then store-releases req_seq; the device load-acquires it, copies what it needs, acts,
 * fills its block, store-releases ack_seq = that number. The driver does not touch its block again
 * until it has read-acquired the answer. Words are copied once into private memory and checked
 * there; nobody reads back what he published.
 *
 * All words are little-endian. Reserved words are written 0 and ignored.
 */
#ifndef VOP_PAGE_H
#define VOP_PAGE_H

#include <vop/base.h>

#define VOP_PAGE_MAGIC	     0x31504f56u /* "VOP1" as bytes */
#define VOP_VERSION_MAJOR    1		 /* another major: the nodes refuse one another */
#define VOP_VERSION_MINOR    0		 /* another minor: the lower one rules */
#define VOP_SLOTS	     64		 /* devices one node can create */
#define VOP_QUEUES_MAX	     33		 /* queues of one device: 16 pairs and a control queue */
#define VOP_CONFIG_MAX	     256	 /* bytes of device configuration space */
#define VOP_NAME_MAX	     32		 /* device name with its terminating NUL */
#define VOP_CONFIG_WRITE_MAX 64		 /* bytes of one config write request */

/* State of a slot, low byte of vop_slot.state; the upper 24 bits are the slot's generation. */
enum vop_slot_state {
	VOP_SLOT_FREE = 0,
	VOP_SLOT_LIVE = 1,     /* published: everything else in the slot is valid and constant */
	VOP_SLOT_REMOVING = 2, /* being withdrawn: role holders reset, drain and acknowledge */
};
#define VOP_SLOT_WORD(gen, state) (((uint32_t)(gen) << 8) | (uint32_t)(state))
#define VOP_SLOT_GEN(word)	  ((word) >> 8)
#define VOP_SLOT_STATE(word)	  ((word)&0xffu)

struct vop_page_header {
	vop_le32 magic;
	vop_le16 version_major;
	vop_le16 version_minor;
	vop_le32 node;	      /* enum vop_node_id */
	vop_le32 header_size; /* sizeof(struct vop_page_header) */
	vop_le64 window_base; /* bus address of this header */
	vop_le64 window_size;
	vop_le32 slots; /* VOP_SLOTS */
	vop_le32 slot_offset;
	vop_le32 ack_offset;
	vop_le32 role_offset;
	vop_le32 role_stride;
	vop_le32 session; /* random, not 0: another value means another life of that node */
	vop_le64 reserved;
} VOP_ALIGNED;

struct vop_slot {
	vop_le32 state;	    /* VOP_SLOT_WORD; written last, store-release */
	vop_le16 device_id; /* VIRTIO device id (VIRTIO 1.4, chapter 5): 1 net, 2 block, ... */
	uint8_t device;	    /* enum vop_node_id that plays the device */
	uint8_t driver;	    /* the one that plays the driver; never the same */
	vop_le16 queues_max;
	vop_le16 queue_size_max;
	vop_le32 vendor;
	uint8_t reserved[16];
	char name[VOP_NAME_MAX]; /* NUL-terminated, for people */
} VOP_ALIGNED;

struct vop_ack_table {
	vop_le32 seen[VOP_SLOTS]; /* the slot word of the peer that this node has acted upon */
} VOP_ALIGNED;

/* Requests of the driver (vop_driver_block.op). */
enum vop_req_op {
	VOP_REQ_STATUS = 1,   /* status := driver_status; 0 is reset */
	VOP_REQ_FEATURES = 2, /* features[] := accepted */
	VOP_REQ_QUEUE_SETUP =
		3, /* queue[`queue`] is filled; the device checks it and enables the queue */
	VOP_REQ_QUEUE_RESET = 4,  /* VIRTIO 1.4, 2.6.1 */
	VOP_REQ_CONFIG_WRITE = 5, /* cfg_offset, cfg_len, cfg_data */
};

/* Answer of the device (vop_device_block.result). */
enum vop_req_result {
	VOP_RES_OK = 0,
	VOP_RES_INVALID = 1,	 /* a value out of range: size, address, placement, length */
	VOP_RES_STATE = 2,	 /* not allowed in the present status */
	VOP_RES_UNSUPPORTED = 3, /* operation or feature not known */
	VOP_RES_NOMEM = 4,
};

/* Where the ring lies (protocol: placement). */
enum vop_ring_placement {
	VOP_RING_DRIVER = 0, /* all parts in the driver's window */
	VOP_RING_DEVICE = 1, /* all parts in the device's window */
	VOP_RING_POSTED =
		2, /* split only: descriptors and available at the device, used at the driver */
};

/* How payload moves. */
enum vop_payload_placement {
	VOP_PAYLOAD_PULL = 0, /* buffers in the driver's window: the device reads (transmit) and
				 writes (receive) */
	VOP_PAYLOAD_PUSH = 1, /* device-readable buffers in the device's window: the driver copies
				 them there */
};

struct vop_driver_queue {
	vop_le64 desc;		/* bus address: descriptor table / descriptor ring */
	vop_le64 driver;	/* available ring / driver event suppression */
	vop_le64 device;	/* used ring / device event suppression */
	vop_le32 call_doorbell; /* doorbell of the driver's node, or VOP_DB_NUM_NONE: the driver
				   polls */
	vop_le16 size;
	uint8_t ring_placement;
	uint8_t payload_placement;
	uint8_t reserved[28];
} VOP_ALIGNED;

/* Written by the driver's node only. */
struct vop_driver_block {
	/* line 0: the mailbox */
	vop_le32 req_seq;  /* store-release after everything below; starts at 0, never 0 again */
	vop_le32 slot_gen; /* generation of the slot this block talks about */
	vop_le16 op;	   /* enum vop_req_op */
	vop_le16 queue;
	uint8_t driver_status; /* VIRTIO device status the driver wants, or has (FAILED included) */
	uint8_t reserved[3];
	vop_le32 cfg_offset;
	vop_le32 cfg_len;
	uint8_t pad0[40];
	/* line 1 */
	vop_le64 features[2]; /* accepted, 128 bits */
	uint8_t pad1[48];
	/* line 2 */
	uint8_t cfg_data[VOP_CONFIG_WRITE_MAX];
	struct vop_driver_queue queue_cfg[VOP_QUEUES_MAX];
} VOP_ALIGNED;

/* What the device says of one queue. */
struct vop_device_queue {
	vop_le32 kick_doorbell; /* doorbell of the device's node, or VOP_DB_NUM_NONE: the device
				   polls; valid after set-up */
	vop_le16 size_max;	/* 0: this queue does not exist */
	vop_le16 violations;	/* how many were counted on this queue, saturating */
	vop_le32 violation;	/* the last reason, enum vop_violation */
	vop_le32 reserved;
};

/* Written by the device's node only. */
struct vop_device_block {
	/* line 0: answers */
	vop_le32 ack_seq; /* store-release after the rest of the answer */
	vop_le32 slot_gen;
	vop_le32 result;       /* enum vop_req_result of ack_seq */
	uint8_t device_status; /* status the device accepted at ack_seq */
	uint8_t reserved[3];
	uint8_t pad0[48];
	/* line 1: things the device says unasked */
	vop_le32 needs_reset;	/* 1: DEVICE_NEEDS_RESET (VIRTIO 1.4, 2.1.2); cleared by reset */
	vop_le32 config_gen;	/* configuration generation: even = stable, odd = being changed */
	vop_le32 config_events; /* counts configuration change notifications */
	uint8_t pad1[52];
	/* line 2: the offer, constant while the slot is live */
	vop_le64 features[2]; /* offered, 128 bits */
	vop_le64 pool_base;   /* bus address of memory in the device's window lent to the driver
				 (placements) */
	vop_le64 pool_size;
	vop_le32 ring_placements;    /* bit n: enum vop_ring_placement n is accepted */
	vop_le32 payload_placements; /* bit n: enum vop_payload_placement n */
	vop_le32 config_size;	     /* bytes, at most VOP_CONFIG_MAX */
	vop_le16 queues;	     /* how many there are */
	vop_le16 reserved2;
	vop_le32 ready; /* slot generation << 8 | 1 once line 2 and below are valid; store-release,
			   last */
	uint8_t pad2[12];
	uint8_t config[VOP_CONFIG_MAX];
	struct vop_device_queue queue[VOP_QUEUES_MAX];
} VOP_ALIGNED;

#define VOP_ROLE_STRIDE 4096u
#define VOP_SLOT_OFFSET 4096u
#define VOP_ACK_OFFSET	(VOP_SLOT_OFFSET + VOP_SLOTS * (uint32_t)sizeof(struct vop_slot))
#define VOP_ROLE_OFFSET 16384u
/* Role block of (creator, slot) starts at VOP_ROLE_OFFSET + (creator * VOP_SLOTS + slot) *
 * VOP_ROLE_STRIDE. */
#define VOP_PAGE_SIZE                                                                              \
	(VOP_ROLE_OFFSET + 2u * VOP_SLOTS * VOP_ROLE_STRIDE) /* bytes before free memory */

_Static_assert(sizeof(struct vop_page_header) == 64, "layout");
_Static_assert(sizeof(struct vop_slot) == 64, "layout");
_Static_assert(sizeof(struct vop_driver_queue) == 64, "layout");
_Static_assert(sizeof(struct vop_driver_block) == 192 + 64 * VOP_QUEUES_MAX, "layout");
_Static_assert(sizeof(struct vop_driver_block) <= VOP_ROLE_STRIDE, "layout");
_Static_assert(sizeof(struct vop_device_block) <= VOP_ROLE_STRIDE, "layout");
_Static_assert(VOP_ACK_OFFSET + sizeof(struct vop_ack_table) <= VOP_ROLE_OFFSET, "layout");

#endif
