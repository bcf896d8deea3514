/* SPDX-License-Identifier: BSD-2-Clause */
#include <vop/mem_counted.h>

_Thread_local struct vop_mem_counted_state vop_mem_counted_state;

void vop_mem_counted_set_remote(const void *base, size_t size)
{
	vop_mem_counted_state.base = (uintptr_t)base;
	vop_mem_counted_state.size = size;
}

struct vop_mem_counts vop_mem_counted_take(void)
{
	struct vop_mem_counts n = vop_mem_counted_state.n;

	vop_mem_counted_state.n = (struct vop_mem_counts){0};
	return n;
}
