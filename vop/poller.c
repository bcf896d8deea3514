/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs are in one of two states. An active job is polled every turn. A parked job has asked for its
 * doorbell and costs nothing until that rings: its doorbells are in one epoll set, so a wake-up
 * costs as much as there are doorbells that rang, however many jobs sleep.
 *
 * A job is parked when a poll found nothing (adaptive: for long enough) and arm() saw nothing
 * either; arm() is what makes this safe: it asks for the doorbell first and looks at the ring last.
 * It becomes active when its doorbell rings: drained first, looked at after.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "vop/poller.h"

#define WAKE_MAX 64 /* doorbells taken in one wake-up; the rest in the next turn */
/* While others keep the thread awake: look for doorbells of parked jobs every so many turns. */
#define LOOK_TURNS 64u
/*
 * A job that found so much will find more: the next batch is being put into the same cache lines
 * now, and each look takes them away from the one who does it. So for a while looks are further
 * apart. What comes one by one is looked for without a break.
 */
#define BULK	     16u
#define SPACED_LOOKS 32u
#define SPACED_RELAX 8u

struct job {
	struct vop_poller_job job;
	uint64_t idle_since; /* ns; 0: found work last time. Adaptive jobs only. */
	unsigned at;	     /* index in active[], or PARKED */
	struct job *next;    /* all jobs */
};

#define PARKED UINT32_MAX

struct vop_poller {
	struct vop_gate gate;
	struct vop_poller_config cfg;
	struct job **active; /* room for njobs */
	unsigned nactive, njobs, room;
	unsigned turns;
	unsigned spaced; /* so many more looks that find nothing are followed by a pause */
	struct job *jobs;
	int epfd, attention;
	pthread_t thread;
	_Atomic bool stop;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- active and parked --- */

static void activate(struct vop_poller *p, struct job *j)
{
	if (j->at != PARKED)
		return;
	j->at = p->nactive;
	j->idle_since = 0;
	p->active[p->nactive++] = j;
}

static void deactivate(struct vop_poller *p, struct job *j)
{
	struct job *last;

	if (j->at == PARKED)
		return;
	last = p->active[--p->nactive];
	p->active[j->at] = last;
	last->at = j->at;
	j->at = PARKED;
}

/* A poll found nothing: may the job sleep? True when it was parked. */
static bool park(struct vop_poller *p, struct job *j)
{
	if (j->job.notify == VOP_NOTIFY_ADAPTIVE) {
		uint64_t now = now_ns();

		if (j->idle_since == 0)
			j->idle_since = now;
		if (now - j->idle_since < p->cfg.spin_ns)
			return false;
	}
	if (j->job.arm(j->job.ctx))
		return false;
	deactivate(p, j);
	return true;
}

/* How much was found, by all and by the one that found most. */
static unsigned poll_active(struct vop_poller *p, unsigned *most)
{
	unsigned i = 0, done = 0;

	*most = 0;

	while (i < p->nactive) {
		struct job *j = p->active[i];
		unsigned n = j->job.poll(j->job.ctx);

		done += n;
		*most = VOP_MAX(*most, n);
		if (j->job.notify != VOP_NOTIFY_POLL) {
			if (n)
				j->idle_since = 0;
			else if (park(p, j))
				continue; /* another job took its place */
		}
		i++;
	}
	return done;
}

/* --- doorbells --- */

static void drain(struct vop_doorbell *db)
{
	if (db)
		vop_doorbell_drain(db);
}

/* Wait for doorbells of parked jobs or for the gate; timeout_us < 0: for ever. */
static void wait_doorbells(struct vop_poller *p, int64_t timeout_us)
{
	struct epoll_event ev[WAKE_MAX];
	int i, n;

	/* epoll_wait() counts milliseconds; what is finer is slept in ppoll(). */
	if (timeout_us > 0) {
		struct pollfd fd = {.fd = p->epfd, .events = POLLIN};
		struct timespec t = {.tv_sec = timeout_us / 1000000,
				     .tv_nsec = timeout_us % 1000000 * 1000};

		if (ppoll(&fd, 1, &t, NULL) <= 0)
			return;
	}
	n = epoll_wait(p->epfd, ev, WAKE_MAX, timeout_us < 0 ? -1 : 0);
	for (i = 0; i < n; i++) {
		struct job *j = ev[i].data.ptr;

		if (!j)
			continue; /* the gate: the next turn waits there */
		/* Drained before the ring is looked at: a ring after this wakes again. An active
		 * job may be named too: a doorbell that came late. */
		drain(j->job.doorbell);
		drain(j->job.doorbell2);
		if (j->at == PARKED && j->job.disarm)
			j->job.disarm(j->job.ctx);
		activate(p, j);
	}
}

unsigned vop_poller_turn(struct vop_poller *p, int64_t timeout_us)
{
	unsigned done, most;

	vop_gate_pass(&p->gate);
	done = poll_active(p, &most);
	if (p->nactive == 0) {
		/* vop_poller_free() sets the flag behind a closed gate, which ends this sleep and
		 * was passed in this turn; so it is seen before there is another. */
		if (!atomic_load_explicit(&p->stop, memory_order_relaxed))
			wait_doorbells(p, timeout_us);
		return done;
	}
	if (p->nactive < p->njobs && ++p->turns % LOOK_TURNS == 0)
		wait_doorbells(p, 0);
	if (done) {
		p->spaced = most >= BULK ? SPACED_LOOKS : 0;
		return done;
	}
	if (p->cfg.yield) {
		sched_yield();
		return 0;
	}
	vop_relax();
	if (p->spaced) {
		p->spaced--;
		for (unsigned i = 1; i < SPACED_RELAX; i++)
			vop_relax();
	}
	return 0;
}

void vop_poller_enter(struct vop_poller *p)
{
	vop_gate_enter(&p->gate);
}

void vop_poller_leave(struct vop_poller *p)
{
	vop_gate_leave(&p->gate);
}

void vop_poller_look(struct vop_poller *p)
{
	for (struct job *j = p->jobs; j; j = j->next) {
		if (j->at == PARKED && j->job.disarm)
			j->job.disarm(j->job.ctx);
		activate(p, j);
	}
}

/* --- the thread --- */

static void *run(void *arg)
{
	struct vop_poller *p = arg;
	sigset_t set;

	/* A doorbell that is somebody's pipe may have no reader any more. */
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);

	vop_poller_enter(p);
	while (!atomic_load_explicit(&p->stop, memory_order_relaxed))
		vop_poller_turn(p, -1);
	vop_poller_leave(p);
	return NULL;
}

static int start_thread(struct vop_poller *p)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int r;

	if (pthread_attr_init(&attr))
		return -ENOMEM;
	r = 0;
	if (p->cfg.cpu >= 0) {
		CPU_ZERO(&set);
		if (p->cfg.cpu < CPU_SETSIZE)
			CPU_SET(p->cfg.cpu, &set);
		r = pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	}
	if (!r)
		r = pthread_create(&p->thread, &attr, run, p);
	pthread_attr_destroy(&attr);
	return -r;
}

/* --- control thread --- */

static int watch(struct vop_poller *p, int fd, uint32_t events, struct job *j)
{
	struct epoll_event ev = {.events = events, .data.ptr = j};

	return epoll_ctl(p->epfd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static void destroy(struct vop_poller *p)
{
	if (p->epfd >= 0)
		close(p->epfd);
	if (p->attention >= 0)
		close(p->attention);
	vop_gate_destroy(&p->gate);
	free(p->active);
	free(p);
}

struct vop_poller *vop_poller_new(const struct vop_poller_config *cfg)
{
	struct vop_poller *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->cfg = *cfg;
	p->epfd = epoll_create1(EPOLL_CLOEXEC);
	p->attention = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (vop_gate_init(&p->gate) || p->epfd < 0 || p->attention < 0 ||
	    watch(p, vop_gate_fd(&p->gate), EPOLLIN, NULL) ||
	    (cfg->own_thread && start_thread(p))) {
		destroy(p);
		return NULL;
	}
	return p;
}

void vop_poller_free(struct vop_poller *p)
{
	if (!p)
		return;
	if (p->cfg.own_thread) {
		/* Out of its sleep, then past the gate, where it sees the flag. */
		vop_gate_close(&p->gate);
		atomic_store(&p->stop, true);
		vop_gate_open(&p->gate);
		pthread_join(p->thread, NULL);
	}
	while (p->jobs) {
		struct job *j = p->jobs;

		p->jobs = j->next;
		free(j);
	}
	destroy(p);
}

static bool rings(const struct vop_doorbell *db)
{
	return db && db->kind != VOP_DB_NONE;
}

static void forget_fd(struct vop_poller *p, int fd)
{
	epoll_ctl(p->epfd, EPOLL_CTL_DEL, fd, NULL);
}

static void forget(struct vop_poller *p, const struct vop_poller_job *j)
{
	if (rings(j->doorbell))
		forget_fd(p, j->doorbell->fd);
	if (rings(j->doorbell2))
		forget_fd(p, j->doorbell2->fd);
	if (j->has_fd)
		forget_fd(p, j->fd);
}

static int listen_to(struct vop_poller *p, struct job *j)
{
	const struct vop_doorbell *a = j->job.doorbell, *b = j->job.doorbell2;
	int r = rings(a) ? watch(p, a->fd, EPOLLIN, j) : 0;

	if (!r && rings(b))
		r = watch(p, b->fd, EPOLLIN, j);
	/* Its poll() may leave something there while it waits for something else: once is
	 * enough. */
	if (!r && j->job.has_fd)
		r = watch(p, j->job.fd, EPOLLIN | EPOLLET, j);
	if (r)
		forget(p, &j->job);
	return r;
}

static int grow(struct vop_poller *p)
{
	unsigned room = p->room ? 2 * p->room : 8;
	struct job **a;

	if (p->njobs < p->room)
		return 0;
	a = realloc(p->active, room * sizeof(struct job *));
	if (!a)
		return -ENOMEM;
	p->active = a;
	p->room = room;
	return 0;
}

int vop_poller_add(struct vop_poller *p, const struct vop_poller_job *job)
{
	struct job *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return -ENOMEM;
	j->job = *job;
	j->at = PARKED;
	/* Nothing to be woken by: polled. */
	if (!job->arm || (!rings(job->doorbell) && !rings(job->doorbell2)))
		j->job.notify = VOP_NOTIFY_POLL;
	vop_poller_pause(p);
	r = grow(p);
	if (!r && j->job.notify != VOP_NOTIFY_POLL)
		r = listen_to(p, j);
	if (!r) {
		j->next = p->jobs;
		p->jobs = j;
		p->njobs++;
		activate(p, j);
	}
	vop_poller_resume(p);
	if (r)
		free(j);
	return r;
}

static struct job **find(struct vop_poller *p, unsigned (*poll_fn)(void *ctx), void *ctx)
{
	struct job **at = &p->jobs;

	while (*at && ((*at)->job.poll != poll_fn || (*at)->job.ctx != ctx))
		at = &(*at)->next;
	return at;
}

void vop_poller_remove(struct vop_poller *p, unsigned (*poll_fn)(void *ctx), void *ctx)
{
	struct job **at, *j;

	vop_poller_pause(p);
	at = find(p, poll_fn, ctx);
	j = *at;
	if (j) {
		*at = j->next;
		deactivate(p, j);
		p->njobs--;
		if (j->job.notify != VOP_NOTIFY_POLL)
			forget(p, &j->job);
		free(j);
	}
	vop_poller_resume(p);
}

void vop_poller_pause(struct vop_poller *p)
{
	vop_gate_close(&p->gate);
}

void vop_poller_resume(struct vop_poller *p)
{
	vop_gate_open(&p->gate);
}

/* --- poller --- */

void vop_poller_wake(struct vop_poller *p, unsigned (*poll_fn)(void *ctx), void *ctx)
{
	struct job *j = *find(p, poll_fn, ctx);

	if (j)
		activate(p, j);
}

void vop_poller_attention(struct vop_poller *p)
{
	eventfd_write(p->attention, 1);
}

int vop_poller_attention_fd(const struct vop_poller *p)
{
	return p->attention;
}

void vop_poller_attention_clear(struct vop_poller *p)
{
	eventfd_t v;

	eventfd_read(p->attention, &v);
}
