/* SPDX-License-Identifier: BSD-2-Clause */
/* Two links joined inside one process; link_pair.h says what for. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <vop/doorbell.h>

#include "tests/link_pair.h"

#define DOORBELLS_MAX 1024u

struct end {
	struct vop_link link; /* first: a struct vop_link * is one of these */
	struct vop_link_pair *pair;
	int efd;  /* readable: this end has messages, or the peer is gone */
	bool lit; /* it is */
	struct vop_msg *queue;
	unsigned head, count;
	int *ring_fd;	 /* by doorbell of this node: what the peer rings, -1: not listening */
	int *recv_fd;	 /* its other half, the caller's */
	bool *announced; /* by doorbell of this node: the peer took the DOORBELL message */
	bool gone;	 /* died or closed */
	bool closed;
	void (*idle)(void *arg);
	void *idle_arg;
};

struct vop_link_pair {
	pthread_mutex_t lock;
	struct vop_link_pair_config cfg;
	struct end end[2];
	bool idling;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static struct end *end_of(struct vop_link *l)
{
	return (struct end *)l;
}

static struct end *other(struct end *e)
{
	return &e->pair->end[e->link.self == VOP_HOST ? VOP_ENDPOINT : VOP_HOST];
}

static void wake(struct end *e)
{
	const uint64_t one = 1;

	if (e->lit)
		return;
	e->lit = true;
	must(write(e->efd, &one, sizeof(one)) == sizeof(one), "eventfd");
}

/* Level-triggered as link.h wants it: called with the lock held. */
static void settle(struct end *e)
{
	uint64_t v;

	if (e->count || other(e)->gone || !e->lit)
		return;
	e->lit = false;
	must(read(e->efd, &v, sizeof(v)) == sizeof(v), "eventfd");
}

static int push(struct end *to, const struct vop_msg *m)
{
	struct vop_link_pair *p = to->pair;

	if (to->count == p->cfg.queue)
		return -EAGAIN;
	to->queue[(to->head + to->count++) % p->cfg.queue] = *m;
	wake(to);
	return 0;
}

static int pair_send(struct vop_link *l, const struct vop_msg *m)
{
	struct end *e = end_of(l);
	int r;

	pthread_mutex_lock(&e->pair->lock);
	r = other(e)->gone || e->gone ? -EPIPE : push(other(e), m);
	pthread_mutex_unlock(&e->pair->lock);
	return r;
}

static int pop(struct end *e, struct vop_msg *m)
{
	int r = -EAGAIN;

	pthread_mutex_lock(&e->pair->lock);
	if (e->gone) {
		r = -EPIPE;
	} else if (e->count) {
		*m = e->queue[e->head];
		e->head = (e->head + 1) % e->pair->cfg.queue;
		e->count--;
		if (m->type == VOP_MSG_DOORBELL && m->arg < DOORBELLS_MAX)
			other(e)->announced[m->arg] = true;
		r = 0;
	} else if (other(e)->gone) {
		r = -EPIPE;
	}
	settle(e);
	pthread_mutex_unlock(&e->pair->lock);
	return r;
}

static int pair_recv(struct vop_link *l, struct vop_msg *m)
{
	struct end *e = end_of(l);
	int r = pop(e, m);

	if (r != -EAGAIN || !e->idle || e->pair->idling)
		return r;
	e->pair->idling = true;
	e->idle(e->idle_arg);
	e->pair->idling = false;
	return pop(e, m);
}

static int pair_event_fd(struct vop_link *l)
{
	return end_of(l)->efd;
}

static uint8_t *by_bus(struct vop_link *l, uint64_t bus, size_t len, int *err)
{
	const struct vop_window_info *w = &l->peer;
	uint32_t mask = l->caps.copy_align - 1;
	struct end *e = end_of(l);

	*err = 0;
	if (other(e)->gone || e->gone)
		*err = -EPIPE;
	else if ((bus & mask) || (len & mask) || len > l->caps.copy_max)
		*err = -EINVAL;
	else if (bus < w->base || len > w->size || bus - w->base > w->size - len)
		*err = -EFAULT;
	/* Both ends live in this process: the owner's mapping is as good as a wire. */
	return *err ? NULL : other(e)->link.own.map + (bus - w->base);
}

static int pair_copy_to(struct vop_link *l, uint64_t bus, const void *src, size_t len)
{
	const uint8_t *s = src;
	uint8_t *d;
	size_t i;
	int r;

	d = by_bus(l, bus, len, &r);
	for (i = 0; !r && i < len; i++)
		__atomic_store_n(&d[i], s[i], __ATOMIC_RELEASE);
	return r;
}

static int pair_copy_from(struct vop_link *l, void *dst, uint64_t bus, size_t len)
{
	const uint8_t *s;
	uint8_t *d = dst;
	size_t i;
	int r;

	s = by_bus(l, bus, len, &r);
	for (i = 0; !r && i < len; i++)
		d[i] = __atomic_load_n(&s[i], __ATOMIC_ACQUIRE);
	return r;
}

static int pair_db_listen(struct vop_link *l, uint32_t n, struct vop_doorbell *db)
{
	const struct vop_msg m = {.type = VOP_MSG_DOORBELL, .arg = n};
	struct end *e = end_of(l);
	int sv[2], r;

	if (n >= l->caps.doorbells)
		return -EINVAL;
	pthread_mutex_lock(&e->pair->lock);
	if (e->ring_fd[n] >= 0) {
		r = -EEXIST;
	} else if (e->gone || other(e)->gone) {
		r = -EPIPE;
	} else {
		r = push(other(e), &m);
	}
	if (!r) {
		must(!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv),
		     "socketpair");
		*db = VOP_DOORBELL_INIT;
		db->kind = VOP_DB_SOCKET;
		db->fd = sv[0];
		db->number = n;
		e->ring_fd[n] = sv[1];
		e->recv_fd[n] = sv[0];
		e->announced[n] = false;
	}
	pthread_mutex_unlock(&e->pair->lock);
	return r;
}

static int pair_db_connect(struct vop_link *l, uint32_t n, struct vop_doorbell *db)
{
	struct end *e = end_of(l), *o = other(e);
	int r = -ENOENT;

	pthread_mutex_lock(&e->pair->lock);
	if (n < o->link.caps.doorbells && o->ring_fd[n] >= 0 && o->announced[n]) {
		*db = VOP_DOORBELL_INIT;
		db->kind = VOP_DB_SOCKET;
		db->fd = dup(o->ring_fd[n]);
		db->number = n;
		must(db->fd >= 0, "dup");
		r = 0;
	}
	pthread_mutex_unlock(&e->pair->lock);
	return r;
}

static void pair_db_close(struct vop_link *l, struct vop_doorbell *db)
{
	struct end *e = end_of(l);
	uint32_t n;

	if (db->kind == VOP_DB_NONE)
		return;
	pthread_mutex_lock(&e->pair->lock);
	n = db->number;
	if (n < l->caps.doorbells && e->ring_fd[n] >= 0 && db->fd == e->recv_fd[n]) {
		close(e->ring_fd[n]);
		e->ring_fd[n] = -1;
	}
	pthread_mutex_unlock(&e->pair->lock);
	close(db->fd);
	*db = VOP_DOORBELL_INIT;
}

/* The other end learns of it by its next call. Lock held. */
static void end_gone(struct end *e)
{
	if (e->gone)
		return;
	e->gone = true;
	wake(other(e));
}

static void pair_close(struct vop_link *l)
{
	struct end *e = end_of(l);

	pthread_mutex_lock(&e->pair->lock);
	end_gone(e);
	e->closed = true;
	pthread_mutex_unlock(&e->pair->lock);
	munmap(l->own.map, l->own.size);
	if (l->peer.map)
		munmap(l->peer.map, l->peer.size);
	l->own.map = l->peer.map = NULL;
}

static const struct vop_link_ops pair_ops = {
	.send = pair_send,
	.recv = pair_recv,
	.event_fd = pair_event_fd,
	.copy_to = pair_copy_to,
	.copy_from = pair_copy_from,
	.db_listen = pair_db_listen,
	.db_connect = pair_db_connect,
	.db_close = pair_db_close,
	.close = pair_close,
};

static uint8_t *map_window(int fd, uint64_t size)
{
	void *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	must(m != MAP_FAILED, "mmap");
	return m;
}

static void make_end(struct vop_link_pair *p, enum vop_node_id id, const int fd[2])
{
	const struct vop_link_pair_config *c = &p->cfg;
	enum vop_node_id peer = id == VOP_HOST ? VOP_ENDPOINT : VOP_HOST;
	struct end *e = &p->end[id];
	unsigned i;

	e->pair = p;
	e->efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e->queue = calloc(c->queue, sizeof(*e->queue));
	e->ring_fd = malloc(DOORBELLS_MAX * sizeof(*e->ring_fd));
	e->recv_fd = malloc(DOORBELLS_MAX * sizeof(*e->recv_fd));
	e->announced = calloc(DOORBELLS_MAX, sizeof(*e->announced));
	must(e->efd >= 0 && e->queue && e->ring_fd && e->recv_fd && e->announced, "link pair");
	for (i = 0; i < DOORBELLS_MAX; i++)
		e->ring_fd[i] = e->recv_fd[i] = -1;
	e->link = (struct vop_link){
		.ops = &pair_ops,
		.caps = {.mem_class = c->mem_class,
			 .maps = !c->no_map,
			 .doorbells = VOP_MIN(c->doorbells, DOORBELLS_MAX),
			 .copy_align = c->copy_align,
			 .copy_max = 1u << 20},
		.self = id,
		.own = {.base = (uint64_t)(id + 1) << 40, .size = c->window_size},
		.peer = {.base = (uint64_t)(peer + 1) << 40, .size = c->window_size},
	};
	e->link.own.map = map_window(fd[id], c->window_size);
	if (!c->no_map)
		e->link.peer.map = map_window(fd[peer], c->window_size);
}

struct vop_link_pair *vop_link_pair_new(const struct vop_link_pair_config *cfg)
{
	struct vop_link_pair *p = calloc(1, sizeof(*p));
	int fd[2], i;

	must(p, "link pair");
	if (cfg)
		p->cfg = *cfg;
	else
		p->cfg.doorbells = 64;
	if (!p->cfg.window_size)
		p->cfg.window_size = 4u << 20;
	if (!p->cfg.copy_align)
		p->cfg.copy_align = 1;
	if (!p->cfg.queue)
		p->cfg.queue = 4096;
	pthread_mutex_init(&p->lock, NULL);
	for (i = 0; i < 2; i++) {
		fd[i] = memfd_create("vop-link-pair", MFD_CLOEXEC);
		must(fd[i] >= 0 && !ftruncate(fd[i], (off_t)p->cfg.window_size), "memfd");
	}
	make_end(p, VOP_HOST, fd);
	make_end(p, VOP_ENDPOINT, fd);
	close(fd[0]);
	close(fd[1]);
	return p;
}

struct vop_link *vop_link_pair_end(struct vop_link_pair *p, enum vop_node_id id)
{
	return &p->end[id].link;
}

void vop_link_pair_break(struct vop_link_pair *p, enum vop_node_id dead, bool revoke)
{
	struct end *e = &p->end[dead], *survivor = other(e);

	pthread_mutex_lock(&p->lock);
	end_gone(e);
	if (revoke && survivor->link.peer.map)
		must(!mprotect(survivor->link.peer.map, survivor->link.peer.size, PROT_NONE),
		     "mprotect");
	pthread_mutex_unlock(&p->lock);
}

void vop_link_pair_on_idle(struct vop_link_pair *p, enum vop_node_id id, void (*idle)(void *arg),
			   void *arg)
{
	p->end[id].idle = idle;
	p->end[id].idle_arg = arg;
}

int vop_link_pair_inject(struct vop_link_pair *p, enum vop_node_id to, const struct vop_msg *m)
{
	int r;

	pthread_mutex_lock(&p->lock);
	r = push(&p->end[to], m);
	pthread_mutex_unlock(&p->lock);
	return r;
}

unsigned vop_link_pair_pending(struct vop_link_pair *p, enum vop_node_id to)
{
	unsigned n;

	pthread_mutex_lock(&p->lock);
	n = p->end[to].count;
	pthread_mutex_unlock(&p->lock);
	return n;
}

void vop_link_pair_free(struct vop_link_pair *p)
{
	unsigned i, n;

	for (i = 0; i < 2; i++) {
		struct end *e = &p->end[i];

		if (!e->closed)
			pair_close(&e->link);
	}
	for (i = 0; i < 2; i++) {
		struct end *e = &p->end[i];

		for (n = 0; n < DOORBELLS_MAX; n++)
			if (e->ring_fd[n] >= 0)
				close(e->ring_fd[n]);
		close(e->efd);
		free(e->queue);
		free(e->ring_fd);
		free(e->recv_fd);
		free(e->announced);
	}
	pthread_mutex_destroy(&p->lock);
	free(p);
}
