/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate is Dekker's: the closer stores `closed` and then loads `inside`, the poller stores
 * `inside` and then loads `closed`. All four are sequentially consistent, so there is one order of
 * them and the later of the two stores precedes both loads that follow it: either the closer sees
 * the poller inside and waits for it, or the poller sees the gate closed and steps back. Neither
 * both miss nor, since only the poller steps back, do both wait for ever.
 *
 * What they protect is handed over by the same words. The poller's store of inside = 0 (release)
 * pairs with the closer's load (acquire): whatever the poller did is over. The closer's decrement
 * of `closed` (release) pairs with the load in enter (acquire): what was changed is seen. The
 * relaxed load in pass() needs no pairing: while the poller is inside nothing is changed, and a
 * value that is a little old only delays the closer.
 */
#include <limits.h>
#include <unistd.h>
#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "vop/gate.h"

/* Sleep while *word is v; returns at any time, the caller looks again. */
static void sleep_while(_Atomic uint32_t *word, uint32_t v)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, v, NULL, NULL, 0);
}

static void wake_all(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

int vop_gate_init(struct vop_gate *g)
{
	atomic_init(&g->closed, 0);
	atomic_init(&g->inside, 0);
	/* A semaphore: every closer adds one and takes one, in whatever order closers overlap. */
	g->wake = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
	return g->wake < 0 ? -errno : 0;
}

void vop_gate_destroy(struct vop_gate *g)
{
	if (g->wake >= 0)
		close(g->wake);
	g->wake = -1;
}

void vop_gate_close(struct vop_gate *g)
{
	atomic_fetch_add(&g->closed, 1);
	eventfd_write(g->wake, 1);
	while (atomic_load(&g->inside))
		sleep_while(&g->inside, 1);
}

void vop_gate_open(struct vop_gate *g)
{
	eventfd_t v;

	eventfd_read(g->wake, &v);
	if (atomic_fetch_sub(&g->closed, 1) == 1)
		wake_all(&g->closed);
}

void vop_gate_enter(struct vop_gate *g)
{
	uint32_t closed;

	for (;;) {
		atomic_store(&g->inside, 1);
		closed = atomic_load(&g->closed);
		if (!closed)
			return;
		atomic_store(&g->inside, 0);
		wake_all(&g->inside);
		while ((closed = atomic_load(&g->closed)) != 0)
			sleep_while(&g->closed, closed);
	}
}

void vop_gate_leave(struct vop_gate *g)
{
	atomic_store(&g->inside, 0);
	/* The same pair of store and load: a closer that saw us inside is seen here. */
	if (atomic_load(&g->closed))
		wake_all(&g->inside);
}

void vop_gate_wait(struct vop_gate *g)
{
	vop_gate_leave(g);
	vop_gate_enter(g);
}
