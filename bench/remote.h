/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to the peer's window during a job, in the instrumented build (memory class `counted`);
 * nothing in any other. Worker thread.
 */
#ifndef BENCH_REMOTE_H
#define BENCH_REMOTE_H

#include <vop/mem.h>
#include "bench/shared.h"
#include "vop/node.h"

#define REMOTE_COUNTED (VOP_MEM == VOP_MEM_CLASS_COUNTED)

static inline void remote_begin(struct vop_node *n)
{
#if REMOTE_COUNTED
	const struct vop_window_info *w = n ? &vop_node_link(n)->peer : NULL;

	vop_mem_counted_set_remote(w ? w->map : NULL, w ? w->size : 0);
	vop_mem_counted_take();
#else
	(void)n;
#endif
}

/* frames: all that this side moved in the job, warm-up and drain included. */
static inline void remote_end(struct job_result *r, uint64_t frames)
{
#if REMOTE_COUNTED
	struct vop_mem_counts c = vop_mem_counted_take();

	r->remote_reads = c.reads;
	r->remote_writes = c.writes;
	r->remote_read_bytes = c.read_bytes;
	r->remote_write_bytes = c.write_bytes;
#endif
	r->frames_all = frames;
}

#endif
