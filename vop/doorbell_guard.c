/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guard of foreign eventfds: frees a ring that blocks because the peer filled the shared
 * counter and cleared its non-blocking flag after we looked.
 *
 * Each doorbell has a turn counter, odd while its thread is inside write(). A thread of the guard
 * ticks while there are rings; a turn that is odd and the same at two ticks belongs to a write that
 * has been in the kernel for at least one tick. Reading the counter makes room. A peer that refills
 * at once races with our writer for that room, so the guard goes on reading until the turn moves.
 * In that the guard may take the writer's own add with it; the writer is told and rings once more.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include "vop/doorbell_guard.h"

#define TICK_NS 25000000L
/* Reads for one stuck ring in one tick: bounds the work a refilling peer can cause. */
#define READS_A_TICK 4096

struct vop_doorbell_watch {
	uint32_t turn;	  /* atomic; written by the ringing thread; odd: inside write() */
	uint32_t emptied; /* atomic; written by the guard: the last turn it read the counter in */
	uint32_t seen;	  /* the guard's: turn at the last tick */
	int fd;
	struct vop_doorbell_guard *guard;
	LIST_ENTRY(vop_doorbell_watch) entry;
};

struct vop_doorbell_guard {
	pthread_t thread;
	pthread_mutex_t lock; /* the list, stop, and sleeping on `wake` */
	pthread_cond_t wake;
	LIST_HEAD(, vop_doorbell_watch) list;
	uint64_t freed;	 /* atomic */
	uint32_t asleep; /* atomic; 1: a ring has to wake the guard */
	bool stop;
};

static void wake_guard(struct vop_doorbell_guard *g)
{
	pthread_mutex_lock(&g->lock);
	__atomic_store_n(&g->asleep, 0, __ATOMIC_RELAXED);
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

void vop_doorbell_watch_enter(struct vop_doorbell_watch *w)
{
	if (!w)
		return;
	/*
	 * Store turn, then load asleep; the guard stores asleep, then loads the turns. All four are
	 * sequentially consistent, so either we see it asleep or it sees our turn.
	 */
	__atomic_store_n(&w->turn, w->turn + 1, __ATOMIC_SEQ_CST);
	if (vop_unlikely(__atomic_load_n(&w->guard->asleep, __ATOMIC_SEQ_CST)))
		wake_guard(w->guard);
}

bool vop_doorbell_watch_leave(struct vop_doorbell_watch *w)
{
	uint32_t turn;

	if (!w)
		return false;
	turn = w->turn;
	/*
	 * Store turn, then load emptied; the guard stores emptied, then loads turn. So if the guard
	 * still took us to be inside, we see here that it did.
	 */
	__atomic_store_n(&w->turn, turn + 1, __ATOMIC_SEQ_CST);
	if (vop_likely(__atomic_load_n(&w->emptied, __ATOMIC_SEQ_CST) != turn))
		return false;
	/* It holds the lock while it reads: afterwards it has seen that we are out. */
	pthread_mutex_lock(&w->guard->lock);
	pthread_mutex_unlock(&w->guard->lock);
	return true;
}

static uint32_t turn_of(const struct vop_doorbell_watch *w)
{
	return __atomic_load_n(&w->turn, __ATOMIC_SEQ_CST);
}

static bool is_full(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 0;
}

/*
 * w's ring was inside write() for a whole tick: make room until it comes out. Only a full counter
 * is read: a writer that was merely not scheduled needs no help, and its receiver no surprise.
 */
static void free_stuck(struct vop_doorbell_guard *g, struct vop_doorbell_watch *w, uint32_t turn)
{
	struct vop_doorbell db = {.kind = VOP_DB_EVENTFD, .fd = w->fd};

	for (unsigned i = 0; i < READS_A_TICK && turn_of(w) == turn; i++) {
		if (is_full(w->fd)) {
			if (w->emptied != turn)
				__atomic_add_fetch(&g->freed, 1, __ATOMIC_RELAXED);
			__atomic_store_n(&w->emptied, turn, __ATOMIC_SEQ_CST);
			if (turn_of(w) != turn)
				break;
			vop_doorbell_drain(&db);
		}
		sched_yield();
	}
}

/* One tick; true when some ring was under way or came by since the last one. */
static bool look_round(struct vop_doorbell_guard *g)
{
	struct vop_doorbell_watch *w;
	bool busy = false;

	LIST_FOREACH(w, &g->list, entry)
	{
		uint32_t turn = turn_of(w);

		if ((turn & 1) && turn == w->seen)
			free_stuck(g, w, turn);
		busy |= (turn & 1) || turn != w->seen;
		w->seen = turn;
	}
	return busy;
}

static bool any_inside(struct vop_doorbell_guard *g)
{
	struct vop_doorbell_watch *w;

	LIST_FOREACH(w, &g->list, entry)
	if (turn_of(w) & 1)
		return true;
	return false;
}

static void sleep_until_ring(struct vop_doorbell_guard *g)
{
	__atomic_store_n(&g->asleep, 1, __ATOMIC_SEQ_CST);
	if (any_inside(g)) {
		__atomic_store_n(&g->asleep, 0, __ATOMIC_RELAXED);
		return;
	}
	while (__atomic_load_n(&g->asleep, __ATOMIC_RELAXED) && !g->stop)
		pthread_cond_wait(&g->wake, &g->lock);
}

static void sleep_one_tick(struct vop_doorbell_guard *g)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	while (!g->stop && pthread_cond_timedwait(&g->wake, &g->lock, &until) == 0)
		;
}

static void *guard_main(void *arg)
{
	struct vop_doorbell_guard *g = arg;

	pthread_mutex_lock(&g->lock);
	while (!g->stop) {
		if (!look_round(g))
			sleep_until_ring(g);
		sleep_one_tick(g);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

static int start_thread(struct vop_doorbell_guard *g)
{
	sigset_t all, old;
	int err;

	/* Signals are the program's affair: none is delivered to this thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&g->thread, NULL, guard_main, g);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

int vop_doorbell_guard_start(struct vop_doorbell_guard **out)
{
	struct vop_doorbell_guard *g = calloc(1, sizeof(*g));
	pthread_condattr_t attr;
	int err;

	*out = NULL;
	if (!g)
		return -ENOMEM;
	LIST_INIT(&g->list);
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->wake, &attr);
	pthread_condattr_destroy(&attr);
	err = start_thread(g);
	if (err) {
		pthread_cond_destroy(&g->wake);
		pthread_mutex_destroy(&g->lock);
		free(g);
		return err;
	}
	*out = g;
	return 0;
}

void vop_doorbell_guard_stop(struct vop_doorbell_guard *g)
{
	struct vop_doorbell_watch *w;

	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	g->stop = true;
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	while ((w = LIST_FIRST(&g->list))) {
		LIST_REMOVE(w, entry);
		free(w);
	}
	pthread_cond_destroy(&g->wake);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

uint64_t vop_doorbell_guard_freed(const struct vop_doorbell_guard *g)
{
	return __atomic_load_n(&g->freed, __ATOMIC_RELAXED);
}

int vop_doorbell_from_eventfd(struct vop_doorbell *db, int fd, struct vop_doorbell_guard *guard)
{
	struct vop_doorbell_watch *w = NULL;

	*db = VOP_DOORBELL_INIT;
	if (guard) {
		w = calloc(1, sizeof(*w));
		if (!w)
			return -ENOMEM;
		w->fd = fd;
		w->guard = guard;
		pthread_mutex_lock(&guard->lock);
		LIST_INSERT_HEAD(&guard->list, w, entry);
		pthread_mutex_unlock(&guard->lock);
	}
	db->kind = VOP_DB_EVENTFD;
	db->fd = fd;
	db->watch = w;
	return 0;
}

void vop_doorbell_release(struct vop_doorbell *db)
{
	struct vop_doorbell_watch *w = db->watch;

	if (w) {
		pthread_mutex_lock(&w->guard->lock);
		LIST_REMOVE(w, entry);
		pthread_mutex_unlock(&w->guard->lock);
		free(w);
	}
	*db = VOP_DOORBELL_INIT;
}
