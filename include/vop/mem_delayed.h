/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory class `delayed`: a test link with posted writes, in one process. Included by <vop/mem.h>
 * when VOP_MEM is VOP_MEM_CLASS_DELAYED.
 *
 * Two nodes, each with a window of its own. What a node stores into the other's window waits in a
 * queue of the storing node and arrives, in order,
 *  - when that node loads from the other's window: a read does not overtake posted writes;
 *  - when the other node loads from this node's window: the completion does not overtake them
 *    either (same path, no relaxed ordering);
 *  - when that node flushes before it rings (VOP_MEM_FLUSH);
 *  - when vop_delayed_pump() delivers it, which is how time passes;
 *  - when the queue is full: the oldest goes.
 * A fence does not move it. Accesses of a node to its own window, and of anybody to other memory,
 * are direct.
 *
 * Threads: any; a thread says once which node it acts for. One lock for a link: not for measuring.
 */
#ifndef VOP_MEM_DELAYED_H
#define VOP_MEM_DELAYED_H

#include <pthread.h>
#include <vop/base.h>

#define VOP_DELAYED_QUEUE 256u

struct vop_delayed_store {
	void *to;
	uint64_t value;
	unsigned size; /* 1, 2, 4 or 8 bytes */
};

struct vop_delayed_node {
	uint8_t *window;
	size_t window_size;
	unsigned first, n; /* stores on their way to the other node's window */
	struct vop_delayed_store queue[VOP_DELAYED_QUEUE];
};

struct vop_delayed_link {
	pthread_mutex_t lock;
	bool read_back; /* false: VOP_MEM_READ_BACK is a fence only, as if nobody knew the rule */
	/* Called before each access of a thread that entered, unlocked: where a test switches
	 * between the nodes. NULL: nothing. */
	void (*step)(void *arg);
	void *step_arg;
	struct vop_delayed_node node[2];
};

/* Set up; memory of link and windows stays the caller's. read_back true, no step. */
void vop_delayed_init(struct vop_delayed_link *l, void *window0, size_t size0, void *window1,
		      size_t size1);
void vop_delayed_fini(struct vop_delayed_link *l);
/* The calling thread acts for node 0 or 1 of l from now on; NULL: for none, all accesses direct. */
void vop_delayed_enter(struct vop_delayed_link *l, unsigned node);
/* Deliver up to max of the stores that node posted. Returns how many. */
unsigned vop_delayed_pump(struct vop_delayed_link *l, unsigned node, unsigned max);

/* Behind the macros. */
uint64_t vop_delayed_load(const volatile void *from, unsigned size);
void vop_delayed_store(volatile void *to, unsigned size, uint64_t value);
void vop_delayed_read_back(const volatile void *word);
void vop_delayed_copy_to(void *dst, const void *src, size_t len);
void vop_delayed_copy_from(void *dst, const void *src, size_t len);
void vop_delayed_flush(void);

#define VOP_MEM_WIDE			 1
#define VOP_MEM_LD(p)			 vop_delayed_load((p), sizeof(*(p)))
#define VOP_MEM_ST(p, v)		 vop_delayed_store((p), sizeof(*(p)), (v))
#define VOP_MEM_LD_ACQ(p)		 vop_delayed_load((p), sizeof(*(p)))
#define VOP_MEM_ST_REL(p, v)		 vop_delayed_store((p), sizeof(*(p)), (v))
#define VOP_MEM_FULL()			 __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define VOP_MEM_READ_BACK(word)		 vop_delayed_read_back(word)
#define VOP_MEM_COPY_TO(dst, src, len)	 vop_delayed_copy_to((dst), (src), (len))
#define VOP_MEM_COPY_FROM(dst, src, len) vop_delayed_copy_from((dst), (src), (len))
#define VOP_MEM_FLUSH()			 vop_delayed_flush()

#endif
