/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two links joined inside one process: for tests whose nodes are two threads, or are both driven
 * from one.
 *
 * Windows are memfds that each end maps for itself, so a test can take the peer's window away under
 * one end (vop_link_pair_break) and any later touch of it is a crash, not a silent success.
 * Messages are ordered and bounded; doorbells are socket pairs and become known to the other end
 * only when it takes the DOORBELL message, as on a real link.
 *
 * Threads: each end belongs to one thread, as link.h says; the two may differ. The functions below
 * may be called from either.
 */
#ifndef TESTS_LINK_PAIR_H
#define TESTS_LINK_PAIR_H

#include <vop/link.h>

struct vop_link_pair;

struct vop_link_pair_config {
	uint64_t window_size;	      /* bytes of each window; 0: 4 MiB */
	bool no_map;		      /* the ends see one another's window by copies only */
	enum vop_mem_class mem_class; /* what caps say; the memory is ordinary */
	uint32_t doorbells;	      /* per node; 0: none */
	uint32_t copy_align;	      /* with no_map; 0: 1 */
	unsigned queue;		      /* messages before send() says -EAGAIN; 0: 4096 */
};

/* Filled with defaults when cfg is NULL (64 doorbells). Aborts when the machine gives no memory. */
struct vop_link_pair *vop_link_pair_new(const struct vop_link_pair_config *cfg);
/* The end of a node; a node that is opened on it closes it. */
struct vop_link *vop_link_pair_end(struct vop_link_pair *p, enum vop_node_id id);
/*
 * The node `dead` dies: its end says nothing more, the other's calls answer -EPIPE from now on,
 * and the survivor's mapping of the dead node's window is revoked when `revoke` is set.
 */
void vop_link_pair_break(struct vop_link_pair *p, enum vop_node_id dead, bool revoke);
/*
 * Both nodes in one thread: `idle` runs whenever `id` finds no message, and may drive the other
 * node. It is not entered recursively.
 */
void vop_link_pair_on_idle(struct vop_link_pair *p, enum vop_node_id id, void (*idle)(void *arg),
			   void *arg);
/* Put a message into the queue of node `to` as if the other had sent it: for hostile peers. */
int vop_link_pair_inject(struct vop_link_pair *p, enum vop_node_id to, const struct vop_msg *m);
/* Messages that lie in the queue of a node. */
unsigned vop_link_pair_pending(struct vop_link_pair *p, enum vop_node_id to);
/* After both ends were closed; an end that no node took over is closed here. */
void vop_link_pair_free(struct vop_link_pair *p);

#endif
