/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A window of the shm link: memory of one process that the other maps too. Own windows are memfds
 * sealed against every change of size; a peer's window is mapped only when it is sealed so.
 * Both are guarded against SIGBUS (fault.h), since seals do not stop a peer from punching holes
 * into huge pages whose pool then runs dry.
 */
#ifndef VOP_WINDOW_H
#define VOP_WINDOW_H

#include <vop/link.h>

#include "vop/fault.h"

#define VOP_WINDOW_ALIGN ((uint64_t)2 << 20) /* sizes are multiples: one huge page */
#define VOP_WINDOW_MAX	 ((uint64_t)1 << 40)

/* Bus address of node n's window on the shm link; room for VOP_WINDOW_MAX each. */
#define VOP_WINDOW_BASE(n) ((n) == VOP_HOST ? 0x0000010000000000ull : 0x0000020000000000ull)

struct vop_window {
	int fd; /* -1: none */
	uint8_t *map;
	uint64_t size;
	bool huge;
	struct vop_fault_guard fault;
};

#define VOP_WINDOW_INIT ((struct vop_window){.fd = -1})

/*
 * Make a window of `size` bytes (a multiple of VOP_WINDOW_ALIGN), all zero. Untouched plain pages
 * cost nothing; huge pages are used when all of it fits into the free ones. The structure must not
 * move afterwards. -EINVAL, -ENOMEM, or errno of memfd_create(), ftruncate(), mmap().
 */
int vop_window_create(struct vop_window *w, uint64_t size, bool no_huge);
/*
 * Take over the peer's window: fd is consumed in any case. *why gets words (static) when it is
 * refused: -EPROTO not a sealed memfd of exactly `size` bytes, -ENOMEM no room to map it.
 */
int vop_window_adopt(struct vop_window *w, int fd, uint64_t size, const char **why);
/* Unmap and close; no thread uses it any more. An empty window may be destroyed. */
void vop_window_destroy(struct vop_window *w);

#endif
