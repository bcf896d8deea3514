/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that vanishes under an access ends a device, not the process.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "vop/fault.h"

#define LEN ((size_t)1 << 20)

static volatile uint8_t *map_unsealed(int *fd)
{
	void *p;

	*fd = memfd_create("test", MFD_CLOEXEC);
	CU_ASSERT_FATAL(*fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(*fd, LEN), 0);
	p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	CU_ASSERT_FATAL(p != MAP_FAILED);
	return p;
}

static void unmap(volatile uint8_t *p, int fd)
{
	munmap((void *)(uintptr_t)p, LEN);
	close(fd);
}

static void truncated_under_us(void)
{
	struct vop_fault_guard g;
	struct sigaction before, after;
	int fd;
	volatile uint8_t *p = map_unsealed(&fd);

	sigaction(SIGBUS, NULL, &before);
	CU_ASSERT_EQUAL(vop_fault_guard_add(&g, (void *)(uintptr_t)p, LEN), 0);
	p[10] = 1;
	p[LEN - 1] = 2;
	CU_ASSERT_FALSE(vop_fault_broken(&g));
	CU_ASSERT_EQUAL(ftruncate(fd, 4096), 0);
	CU_ASSERT_EQUAL(p[10], 1);
	CU_ASSERT_FALSE(vop_fault_broken(&g));
	CU_ASSERT_EQUAL(p[LEN - 1], 0);
	CU_ASSERT_TRUE(vop_fault_broken(&g));
	p[LEN - 1] = 3;
	CU_ASSERT_EQUAL(p[LEN - 1], 3);
	CU_ASSERT_EQUAL(p[10], 0); /* all of it, so that nothing is half old */
	vop_fault_guard_remove(&g);
	vop_fault_guard_remove(&g);
	CU_ASSERT_TRUE(vop_fault_broken(&g));
	sigaction(SIGBUS, NULL, &after);
	CU_ASSERT_EQUAL(before.sa_handler, after.sa_handler);
	unmap(p, fd);
}

struct toucher {
	volatile uint8_t *p;
	pthread_barrier_t *together;
};

static void *touch(void *arg)
{
	struct toucher *t = arg;

	pthread_barrier_wait(t->together);
	for (size_t i = 0; i < LEN; i += 4096)
		__atomic_store_n(&t->p[i], 1, __ATOMIC_RELAXED);
	return NULL;
}

static void several_threads_at_once(void)
{
	pthread_barrier_t together;
	struct vop_fault_guard g;
	struct toucher who;
	pthread_t t[4];
	int fd;

	pthread_barrier_init(&together, NULL, 4);
	for (unsigned round = 0; round < 20; round++) {
		volatile uint8_t *p = map_unsealed(&fd);

		who = (struct toucher){.p = p, .together = &together};
		CU_ASSERT_EQUAL(vop_fault_guard_add(&g, (void *)(uintptr_t)p, LEN), 0);
		CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
		for (unsigned i = 0; i < 4; i++)
			pthread_create(&t[i], NULL, touch, &who);
		for (unsigned i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
		CU_ASSERT_TRUE(vop_fault_broken(&g));
		vop_fault_guard_remove(&g);
		unmap(p, fd);
	}
	pthread_barrier_destroy(&together);
}

/* The program's own handler, for faults that are not ours. */
static volatile sig_atomic_t others;

static void own_handler(int sig, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)4095;

	(void)sig;
	(void)context;
	others = others + 1;
	if (info->si_code > 0)
		mmap((void *)page, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void faults_elsewhere(void)
{
	struct sigaction sa = {.sa_sigaction = own_handler, .sa_flags = SA_SIGINFO}, old, now;
	struct vop_fault_guard g;
	int fd, other_fd;
	volatile uint8_t *p = map_unsealed(&fd), *other = map_unsealed(&other_fd);

	others = 0;
	sigaction(SIGBUS, &sa, &old);
	CU_ASSERT_EQUAL(vop_fault_guard_add(&g, (void *)(uintptr_t)p, LEN), 0);
	CU_ASSERT_EQUAL(ftruncate(other_fd, 0), 0);
	other[0] = 1;
	CU_ASSERT_EQUAL(others, 1);
	CU_ASSERT_FALSE(vop_fault_broken(&g));
	/* Sent, not caused: no address, not ours. */
	raise(SIGBUS);
	CU_ASSERT_EQUAL(others, 2);
	CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
	p[0] = 1;
	CU_ASSERT_EQUAL(others, 2);
	CU_ASSERT_TRUE(vop_fault_broken(&g));
	vop_fault_guard_remove(&g);
	sigaction(SIGBUS, NULL, &now);
	CU_ASSERT_PTR_EQUAL((void *)(uintptr_t)now.sa_sigaction, (void *)(uintptr_t)own_handler);
	sigaction(SIGBUS, &old, NULL);
	unmap(p, fd);
	unmap(other, other_fd);
}

/* New memory would not cure it: the access would be repeated for ever. */
static void misaligned(void)
{
	struct sigaction sa = {.sa_sigaction = own_handler, .sa_flags = SA_SIGINFO}, old;
	struct vop_fault_guard g;
	siginfo_t si = {.si_signo = SIGBUS};
	int fd;
	volatile uint8_t *p = map_unsealed(&fd);

	si.si_code = BUS_ADRALN;
	si.si_addr = (void *)(uintptr_t)p;
	others = 0;
	sigaction(SIGBUS, &sa, &old);
	CU_ASSERT_EQUAL(vop_fault_guard_add(&g, (void *)(uintptr_t)p, LEN), 0);
	CU_ASSERT_EQUAL(syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGBUS, &si),
			0);
	CU_ASSERT_EQUAL(others, 1);
	CU_ASSERT_FALSE(vop_fault_broken(&g));
	vop_fault_guard_remove(&g);
	sigaction(SIGBUS, &old, NULL);
	unmap(p, fd);
}

static void limits(void)
{
	static struct vop_fault_guard g[VOP_FAULT_RANGES + 1];
	int fd;
	volatile uint8_t *p = map_unsealed(&fd);
	uint8_t *at = (uint8_t *)(uintptr_t)p;

	CU_ASSERT_EQUAL(vop_fault_guard_add(&g[0], at + 1, LEN), -EINVAL);
	CU_ASSERT_EQUAL(vop_fault_guard_add(&g[0], at, 100), -EINVAL);
	CU_ASSERT_EQUAL(vop_fault_guard_add(&g[0], at, 0), -EINVAL);
	vop_fault_guard_remove(&g[0]);
	for (unsigned i = 0; i < VOP_FAULT_RANGES; i++)
		CU_ASSERT_EQUAL(vop_fault_guard_add(&g[i], at, LEN), 0);
	CU_ASSERT_EQUAL(vop_fault_guard_add(&g[VOP_FAULT_RANGES], at, LEN), -ENOSPC);
	for (unsigned i = 0; i <= VOP_FAULT_RANGES; i++)
		vop_fault_guard_remove(&g[i]);
	unmap(p, fd);
}

/* The emulator of s390x hands a wrong address to SIGBUS handlers: nobody could find the range. */
#if defined(VOP_CROSS) && defined(__s390x__)
#define ADDRESS_IS_TOLD false
#else
#define ADDRESS_IS_TOLD true
#endif

/* QEMU 7.2 ends itself over a misaligned access of an emulated program (an assertion of its own).
 */
#ifdef VOP_CROSS
#define MISALIGNED_IS_TOLD false
#else
#define MISALIGNED_IS_TOLD true
#endif

int suite_fault(void)
{
	CU_pSuite s = CU_add_suite("fault", NULL, NULL);

	if (!s || !CU_add_test(s, "limits", limits))
		return CU_get_error();
	if (ADDRESS_IS_TOLD &&
	    (!CU_add_test(s, "truncated under us", truncated_under_us) ||
	     !CU_add_test(s, "several threads at once", several_threads_at_once) ||
	     !CU_add_test(s, "faults elsewhere", faults_elsewhere)))
		return CU_get_error();
	if (MISALIGNED_IS_TOLD && !CU_add_test(s, "misaligned", misaligned))
		return CU_get_error();
	return 0;
}
