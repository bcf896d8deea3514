/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SIGBUS guard; fault.h tells what for.
 *
 * The table is the project's one piece of global mutable state: a signal handler is given an
 * address and nothing else, and the disposition it hangs on belongs to the whole process.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vop/fault.h"

static struct {
	pthread_mutex_t lock; /* for everything but `range`, which the handler reads without it */
	struct sigaction old;
	unsigned used;
	unsigned inside; /* atomic; handlers that may be looking at a record */
	/* Published with a release store, and read by the handler, which sees a whole record. */
	struct vop_fault_guard *range[VOP_FAULT_RANGES];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct vop_fault_guard *find(const void *addr)
{
	for (unsigned i = 0; i < VOP_FAULT_RANGES; i++) {
		struct vop_fault_guard *g = __atomic_load_n(&table.range[i], __ATOMIC_SEQ_CST);

		if (g && (uintptr_t)addr - (uintptr_t)g->base < g->len)
			return g;
	}
	return NULL;
}

/* Not ours: do what would have been done without us. */
static void pass_on(int sig, siginfo_t *info, void *context)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};

	if (table.old.sa_flags & SA_SIGINFO) {
		table.old.sa_sigaction(sig, info, context);
	} else if (table.old.sa_handler != SIG_DFL && table.old.sa_handler != SIG_IGN) {
		table.old.sa_handler(sig);
	} else if (info->si_code > 0) {
		/* The access is repeated on return and ends the process as it should. */
		sigaction(SIGBUS, &dfl, NULL);
	} else if (table.old.sa_handler == SIG_DFL) {
		/* Sent by kill(): nothing repeats it, so send it again. */
		sigaction(SIGBUS, &dfl, NULL);
		raise(SIGBUS);
	}
}

/*
 * Zero pages in place of the whole range. Straight to the kernel where that is simple: a sanitizer
 * puts code of its own before mmap(), and takes this one for a write to all of the range.
 */
static bool map_zeros(const struct vop_fault_guard *g)
{
	int prot = PROT_READ | PROT_WRITE;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;

#if defined(__x86_64__) || defined(__aarch64__)
	return syscall(SYS_mmap, g->base, g->len, prot, flags, -1, 0) != -1;
#else
	return mmap(g->base, g->len, prot, flags, -1, 0) != MAP_FAILED;
#endif
}

static void wake(const struct vop_fault_guard *g)
{
	static const uint64_t one = 1;
	int fd = __atomic_load_n(&g->wake, __ATOMIC_SEQ_CST);

	/* A counter that is full is readable as well. */
	if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
		return;
}

/* The first fault of a range. */
static bool vanish(const struct vop_fault_guard *g)
{
	if (!map_zeros(g))
		return false;
	wake(g);
	return true;
}

/* Async-signal-safe: atomics, mmap(), write(), sigaction(), raise(). */
static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	int saved = errno;
	/* A signal that was sent has no address (si_code <= 0), and a misaligned access is our own
	 * fault: other memory does not cure it, it would be repeated for ever. */
	struct vop_fault_guard *g;
	bool ours;

	/* Before the table is read: vop_fault_guard_remove() waits for us. */
	__atomic_add_fetch(&table.inside, 1, __ATOMIC_SEQ_CST);
	g = info->si_code > 0 && info->si_code != BUS_ADRALN ? find(info->si_addr) : NULL;
	/*
	 * The whole range at once: later accesses then neither fault nor mix old bytes with zeros.
	 * A second thread that faulted meanwhile only repeats its access.
	 */
	ours = g && (__atomic_exchange_n(&g->broken, 1, __ATOMIC_SEQ_CST) || vanish(g));
	__atomic_sub_fetch(&table.inside, 1, __ATOMIC_SEQ_CST);
	if (!ours)
		pass_on(sig, info, context);
	errno = saved;
}

static int install(void)
{
	struct sigaction sa = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigemptyset(&sa.sa_mask);
	return sigaction(SIGBUS, &sa, &table.old) ? -errno : 0;
}

static void uninstall(void)
{
	struct sigaction now;

	if (!sigaction(SIGBUS, NULL, &now) && (now.sa_flags & SA_SIGINFO) &&
	    now.sa_sigaction == on_sigbus)
		sigaction(SIGBUS, &table.old, NULL);
}

int vop_fault_guard_add(struct vop_fault_guard *g, void *base, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	int err = 0;
	int slot = -1;

	memset(g, 0, sizeof(*g));
	g->wake = -1;
	if (!len || ((uintptr_t)base | len) & (page - 1))
		return -EINVAL;
	pthread_mutex_lock(&table.lock);
	for (int i = 0; i < VOP_FAULT_RANGES && slot < 0; i++)
		if (!table.range[i])
			slot = i;
	if (slot < 0)
		err = -ENOSPC;
	else if (!table.used)
		err = install();
	if (!err) {
		g->base = base;
		g->len = len;
		g->slot = slot;
		__atomic_store_n(&table.range[slot], g, __ATOMIC_RELEASE);
		table.used++;
	}
	pthread_mutex_unlock(&table.lock);
	return err;
}

void vop_fault_guard_wake(struct vop_fault_guard *g, int fd)
{
	/* Store wake, load broken; the handler stores broken, loads wake: one of them sees it. */
	__atomic_store_n(&g->wake, fd, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&g->broken, __ATOMIC_SEQ_CST))
		wake(g);
}

void vop_fault_guard_remove(struct vop_fault_guard *g)
{
	if (!g->len)
		return;
	pthread_mutex_lock(&table.lock);
	__atomic_store_n(&table.range[g->slot], NULL, __ATOMIC_SEQ_CST);
	/* A thread that faulted in another range may have found this record and read it still: it
	 * is the caller's to free afterwards. */
	while (__atomic_load_n(&table.inside, __ATOMIC_SEQ_CST))
		sched_yield();
	if (!--table.used)
		uninstall();
	pthread_mutex_unlock(&table.lock);
	g->len = 0;
}
