/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that can vanish under an access: a mapping of somebody else's file that could not be
 * sealed against shrinking, or huge pages whose pool ran dry. The kernel answers such an access
 * with SIGBUS, which would end the process. A guarded range is replaced by zero pages instead and
 * marked broken, so that the device that uses it ends (violation WINDOW_GONE), not the process.
 *
 * Threads: add and remove from any thread; vop_fault_broken() anywhere, it is one relaxed load.
 */
#ifndef VOP_FAULT_H
#define VOP_FAULT_H

#include <vop/base.h>

#define VOP_FAULT_RANGES 256 /* in one process */

/* Caller's memory; stays where it is while guarded. */
struct vop_fault_guard {
	void *base;
	size_t len;
	uint32_t broken; /* atomic; set by the signal handler, never cleared */
	int slot;
	int wake; /* atomic; eventfd or -1 */
};

/*
 * Guard [base, base + len), whole pages of one mapping. The first range installs a handler for
 * SIGBUS; faults elsewhere go to the handler that was there before. -EINVAL not whole pages,
 * -ENOSPC too many ranges, or errno of sigaction().
 */
int vop_fault_guard_add(struct vop_fault_guard *g, void *base, size_t len);
/*
 * Write to fd, an eventfd of this process alone that does not block, when the range vanishes, so
 * that somebody who sleeps hears of it; -1: to none any more.
 */
void vop_fault_guard_wake(struct vop_fault_guard *g, int fd);
/*
 * No thread touches the range any more; call before munmap(). The last one puts the previous
 * handler back, unless somebody has installed another since. A guard that is all zero, or was
 * removed, may be removed.
 */
void vop_fault_guard_remove(struct vop_fault_guard *g);

/* Has the range vanished? What was read from it since may be zeros. */
VOP_INLINE bool vop_fault_broken(const struct vop_fault_guard *g)
{
	return vop_unlikely(__atomic_load_n(&g->broken, __ATOMIC_RELAXED) != 0);
}

#endif
