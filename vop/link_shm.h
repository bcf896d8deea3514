/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shm link: two processes, one UNIX socket path, sealed memfd windows, socket-pair doorbells.
 *
 * Rendezvous: whoever comes first binds and listens at `path`, the other connects; a third is
 * refused while two are joined. A stale socket file (its owner was killed) is noticed and replaced.
 * Creating the name is guarded by flock() on the directory, so nothing else is left behind. The
 * listener removes the name when it closes; when the listener was killed, the survivor does.
 */
#ifndef VOP_LINK_SHM_H
#define VOP_LINK_SHM_H

#include <vop/link.h>
#include "node.h"

struct vop_shm_config {
	const char *path; /* UNIX socket path, at most 107 bytes; relative is fine */
	enum vop_node_id self;
	uint64_t window_size; /* own window, bytes; rounded up to 2 MiB */
	bool no_huge;	      /* do not try huge pages */
	int timeout_ms;	      /* wait for the other node that long; < 0: for ever */
	int cancel_fd;	      /* >= 0: give up with -ECANCELED when it becomes readable */
};

/*
 * Open the link and wait for the peer. NULL with *err set and *error_code (negative errno):
 * -EADDRINUSE two joined already, -EEXIST the other node plays the same role, -EPROTO magic or
 * version mismatch or unsealed window, -ETIMEDOUT, -ECANCELED, -ENAMETOOLONG, -EACCES ...
 */
struct vop_link *vop_link_shm_open(const struct vop_shm_config *cfg, struct vop_error *err,
				   int *error_code);

#endif
