/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copy engine: one thread behind a ring with one producer. <vop/dma.h> tells what for, and why
 * what it copied may be published after poll or drain said so.
 *
 * The ring needs no index for free places: a place is written again only after its job was polled,
 * and a job is polled only after the engine has finished it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <vop/dma.h>

/* Jobs between two flushes: a completion does not wait for the whole ring. */
#define FLUSH_BATCH 16
/* Looks at the other side before sleeping on it, where that takes no clock. */
#define SPINS 200

struct vop_dma_engine {
	pthread_t thread;
	struct vop_dma *d;
	uint64_t spin_ns;
	void (*flush)(void *ctx);
	void *ctx;
};

/* --- sleeping on a word of struct vop_dma --- */

static void sleep_while_set(uint32_t *word)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
}

static void clear_and_wake(uint32_t *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* --- the engine --- */

static void publish(struct vop_dma *d, uint32_t finished)
{
	/*
	 * Release: pairs with the acquire in vop_dma_poll() and drain. Sequentially consistent with
	 * the look at caller_sleeps: either drain sees this count or we see that it sleeps.
	 */
	__atomic_store_n(&d->finished, finished, __ATOMIC_SEQ_CST);
	if (vop_unlikely(__atomic_load_n(&d->caller_sleeps, __ATOMIC_SEQ_CST)))
		clear_and_wake(&d->caller_sleeps);
}

static uint32_t copy_some(const struct vop_dma_engine *e, uint32_t from, uint32_t to)
{
	struct vop_dma *d = e->d;
	uint32_t end = from + VOP_MIN(to - from, (uint32_t)FLUSH_BATCH);

	while (from != end) {
		const struct vop_dma_job *j = &d->ring[from++ & d->mask];

		vop_copy(j->dst, j->src, j->len);
		if (!e->flush)
			publish(d, from);
	}
	if (e->flush) {
		e->flush(e->ctx);
		publish(d, from);
	}
	return from;
}

static bool work_to_do(const struct vop_dma *d, uint32_t finished, int order)
{
	return __atomic_load_n(&d->tail, order) != finished || __atomic_load_n(&d->stop, order);
}

static void wait_for_work(const struct vop_dma_engine *e, uint32_t finished)
{
	struct vop_dma *d = e->d;
	uint64_t until = e->spin_ns ? now_ns() + e->spin_ns : 0;

	while (until && now_ns() < until) {
		for (unsigned i = 0; i < SPINS; i++) {
			if (work_to_do(d, finished, __ATOMIC_RELAXED))
				return;
			vop_relax();
		}
	}
	/* Store, then look again, both sequentially consistent: see vop_dma_submit(). */
	__atomic_store_n(&d->engine_sleeps, 1, __ATOMIC_SEQ_CST);
	if (work_to_do(d, finished, __ATOMIC_SEQ_CST))
		__atomic_store_n(&d->engine_sleeps, 0, __ATOMIC_RELAXED);
	else
		sleep_while_set(&d->engine_sleeps);
}

static void *engine_main(void *arg)
{
	const struct vop_dma_engine *e = arg;
	struct vop_dma *d = e->d;
	uint32_t finished = 0;

	for (;;) {
		/* Acquire: the jobs below tail are written. */
		uint32_t tail = __atomic_load_n(&d->tail, __ATOMIC_ACQUIRE);

		if (tail != finished)
			finished = copy_some(e, finished, tail);
		else if (__atomic_load_n(&d->stop, __ATOMIC_ACQUIRE))
			return NULL;
		else
			wait_for_work(e, finished);
	}
}

/* --- the caller --- */

void vop_dma_wake_engine(struct vop_dma *d)
{
	clear_and_wake(&d->engine_sleeps);
}

static bool all_finished(const struct vop_dma *d, int order)
{
	return __atomic_load_n(&d->finished, order) == d->given;
}

void vop_dma_drain(struct vop_dma *d)
{
	for (unsigned i = 0; i < SPINS; i++) {
		if (all_finished(d, __ATOMIC_ACQUIRE))
			return;
		vop_relax();
	}
	while (!all_finished(d, __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&d->caller_sleeps, 1, __ATOMIC_SEQ_CST);
		if (all_finished(d, __ATOMIC_SEQ_CST))
			__atomic_store_n(&d->caller_sleeps, 0, __ATOMIC_RELAXED);
		else
			sleep_while_set(&d->caller_sleeps);
	}
}

static int start_engine(struct vop_dma *d, const struct vop_dma_config *cfg)
{
	struct vop_dma_engine *e = calloc(1, sizeof(*e));
	sigset_t all, old;
	pthread_attr_t attr;
	cpu_set_t cpus;
	int err = 0;

	if (!e)
		return -ENOMEM;
	*e = (struct vop_dma_engine){.d = d,
				     .spin_ns = (uint64_t)cfg->spin_us * 1000,
				     .flush = cfg->flush,
				     .ctx = cfg->ctx};
	pthread_attr_init(&attr);
	if (cfg->cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)cfg->cpu, &cpus);
		err = pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	/* Signals are the program's affair; faults of this thread itself still reach it. */
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (!err)
		err = pthread_create(&e->thread, &attr, engine_main, e);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (err)
		free(e);
	else
		d->engine = e;
	return -err;
}

int vop_dma_open(struct vop_dma *d, const struct vop_dma_config *cfg)
{
	int err = 0;

	memset(d, 0, sizeof(*d));
	if (!cfg->entries || cfg->entries > VOP_DMA_ENTRIES_MAX ||
	    (cfg->entries & (cfg->entries - 1)) || cfg->cpu >= CPU_SETSIZE)
		return -EINVAL;
	d->mask = cfg->entries - 1;
	d->threshold = cfg->threshold;
	d->done = calloc(cfg->entries, sizeof(*d->done));
	if (!d->done)
		err = -ENOMEM;
	if (!err && cfg->threshold != VOP_DMA_CPU_ONLY) {
		d->ring = calloc(cfg->entries, sizeof(*d->ring));
		err = d->ring ? start_engine(d, cfg) : -ENOMEM;
	}
	if (err) {
		free(d->done);
		free(d->ring);
		memset(d, 0, sizeof(*d));
	}
	return err;
}

void vop_dma_close(struct vop_dma *d)
{
	if (d->engine) {
		/* The engine finishes what is in the ring before it looks at stop. */
		__atomic_store_n(&d->stop, 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&d->engine_sleeps, __ATOMIC_SEQ_CST))
			vop_dma_wake_engine(d);
		pthread_join(d->engine->thread, NULL);
		free(d->engine);
	}
	free(d->done);
	free(d->ring);
	memset(d, 0, sizeof(*d));
}
