/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rendezvous of the shm link: two processes find one another at a path, compare what they are and
 * exchange their windows. Whoever comes first listens, the other connects:
 *
 *   connecter                      listener
 *   HELLO + window descriptor  ->
 *                              <-  HELLO + window descriptor
 *   READY                      ->
 *
 * Either answers REFUSE with a reason instead and hangs up. After READY the same socket carries the
 * link's messages. The bytes are little-endian; struct vop_hello is one message.
 */
#ifndef VOP_RENDEZVOUS_H
#define VOP_RENDEZVOUS_H

#include <sys/socket.h>
#include <sys/types.h>

#include "vop/link_shm.h"
#include "vop/window.h"

#define VOP_HELLO_MAGIC 0x4c504f56u /* "VOPL" as bytes */

enum vop_hello_kind {
	VOP_HELLO = 1,
	VOP_HELLO_READY = 2,
	VOP_HELLO_REFUSE = 3,
};

enum vop_refusal {
	VOP_REFUSE_BUSY = 1,	/* two nodes are joined here */
	VOP_REFUSE_ROLE = 2,	/* the other node plays the same role */
	VOP_REFUSE_VERSION = 3, /* magic or major version differ */
	VOP_REFUSE_WINDOW = 4,	/* window unsealed, of another size, at an impossible address */
	VOP_REFUSE_GARBAGE = 5, /* not a HELLO at all */
};

struct vop_hello {
	vop_le32 magic;
	vop_le16 kind;	 /* enum vop_hello_kind */
	vop_le16 reason; /* enum vop_refusal when REFUSE */
	vop_le16 major;
	vop_le16 minor;
	vop_le32 role; /* enum vop_node_id */
	vop_le64 window_base;
	vop_le64 window_size;
	vop_le32 pid;	    /* for messages to people only */
	vop_le32 doorbells; /* how many doorbells of the peer the sender can connect */
};
_Static_assert(sizeof(struct vop_hello) == 40, "HELLO is 40 bytes");

/* What the other node said, checked, in this machine's byte order. */
struct vop_peer {
	uint64_t window_base;
	uint32_t pid;
	uint32_t doorbells;
};

/* One node's end of a rendezvous. */
struct vop_rdv {
	int sock;      /* joined to the peer; -1 before */
	int listen_fd; /* kept while joined so that a third node can be told; -1: we connected */
	int dir_fd;    /* directory of the path */
	dev_t dev;     /* which inode our name is, when listening */
	ino_t ino;
	char path[108];
	const char *name; /* last component of path */
};

/*
 * Meet the other node. `own` is this node's window, `doorbells` what goes into HELLO; on success
 * *peer_window is mapped and *peer filled. Waits as cfg says, never longer in a single step. Errors
 * as vop_link_shm_open(), with words in err; nothing is left behind then.
 */
int vop_rdv_join(struct vop_rdv *r, const struct vop_shm_config *cfg, const struct vop_window *own,
		 uint32_t doorbells, struct vop_window *peer_window, struct vop_peer *peer,
		 struct vop_error *err);
/* Room for control data: as many descriptors as one message can carry. What does not fit the kernel
 * closes by itself, in our thread, and that may take as long as the sender likes. */
#define VOP_RDV_CONTROL CMSG_SPACE(253 * sizeof(int))
/* The first descriptor that came with a message, or -1; all others are closed: nobody asked for
 * them. The caller owns it. Closing it does not block, whatever it is a socket of. */
int vop_rdv_take_fd(struct msghdr *mh);
/*
 * While joined: take one waiting connection, tell it that two nodes are here, hang up. 0 when there
 * was none, 1 when there was, negative errno when the listening socket is of no more use.
 */
int vop_rdv_turn_away(struct vop_rdv *r);
/*
 * Leave: hang up and remove the name when it is ours, or when its owner is gone (peer_lost).
 * Waits at most one second for another process at the same path.
 */
void vop_rdv_leave(struct vop_rdv *r, bool peer_lost);

#endif
