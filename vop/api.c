/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <vop/vop.h>: the node and its devices.
 *
 * A struct vop_dev is made in the node's callback and announced from vop_service(), where the
 * callee may wait; its removal is announced in the node's callback, because nobody may use it after
 * that.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "vop/api_internal.h"
#include "vop/link_shm.h"

#define EVENTS 64

_Static_assert((int)VOP_ROLE_HOST == (int)VOP_HOST && (int)VOP_ROLE_ENDPOINT == (int)VOP_ENDPOINT,
	       "roles are the nodes of the protocol");

uint32_t vop_api_version(void)
{
	return VOP_API_VERSION;
}

/* --- what vop_fd() tells of --- */

void api_poke(struct vop *v)
{
	eventfd_write(v->poke, 1);
}

static int watch_fd(struct vop *v, int fd, struct api_bell *b)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = b};

	return epoll_ctl(v->epfd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

int api_watch(struct vop *v, struct api_bell *b, struct vop_doorbell *db)
{
	int r;

	*b = (struct api_bell){0};
	if (!db || db->kind == VOP_DB_NONE)
		return 0;
	r = watch_fd(v, db->fd, b);
	if (!r)
		b->db = db;
	return r;
}

void api_unwatch(struct vop *v, struct api_bell *b)
{
	if (b->db)
		epoll_ctl(v->epfd, EPOLL_CTL_DEL, b->db->fd, NULL);
	*b = (struct api_bell){0};
}

/* Drained first, looked at after: a ring that comes later is in the set again. Frees nothing, so
 * every pointer of the set is good. */
static void take_rings(struct vop *v)
{
	struct epoll_event ev[EVENTS];
	int i, n = epoll_wait(v->epfd, ev, EVENTS, 0);
	eventfd_t count;

	eventfd_read(v->poke, &count);
	for (i = 0; i < n; i++) {
		struct api_bell *b = ev[i].data.ptr;

		if (!b)
			continue;
		vop_doorbell_drain(b->db);
		b->rang = true;
	}
}

/* --- the node's callbacks --- */

static void on_added(void *ctx, struct vop_node *n, struct vop_device *device)
{
	struct vop *v = ctx;
	struct vop_dev *d = calloc(1, sizeof(*d)), **at = &v->devs;

	(void)n;
	if (!d)
		return; /* nobody serves or drives it */
	d->v = v;
	d->d = device;
	vop_device_info(device, &d->info);
	vop_device_set_private(device, d);
	while (*at)
		at = &(*at)->next;
	*at = d;
	api_poke(v);
}

static void on_removed(void *ctx, struct vop_node *n, struct vop_device *device)
{
	struct vop *v = ctx;
	struct vop_dev *d = vop_device_private(device);

	(void)n;
	if (!d)
		return;
	d->gone = true;
	if (d->announced && v->removed)
		v->removed(v->ctx, d);
	api_driver_drop(d);
	api_poke(v);
}

static void on_changed(void *ctx, struct vop_node *n, struct vop_device *device)
{
	struct vop_dev *d = vop_device_private(device);

	(void)n;
	if (!d)
		return;
	d->changed = true;
	api_poke(ctx);
}

static void on_down(void *ctx, struct vop_node *n, const char *reason)
{
	struct vop *v = ctx;

	(void)n;
	snprintf(v->why, sizeof(v->why), "%s", reason);
}

static const struct vop_node_events events = {
	.link_down = on_down,
	.device_added = on_added,
	.device_removed = on_removed,
	.config_changed = on_changed,
};

/* --- open and close --- */

static void free_dev(struct vop_dev *d)
{
	free(d->q);
	free(d->sq);
	free(d);
}

static void destroy(struct vop *v)
{
	while (v->devs) {
		struct vop_dev *d = v->devs;

		v->devs = d->next;
		free_dev(d);
	}
	if (v->epfd >= 0)
		close(v->epfd);
	if (v->poke >= 0)
		close(v->poke);
	free(v);
}

static int join(struct vop *v, const struct vop_shm_config *shm, struct vop_error *err)
{
	struct vop_node_config cfg = {.self = shm->self, .events = &events, .ctx = v};
	struct vop_link *link;
	int r = -EPROTO;

	v->epfd = epoll_create1(EPOLL_CLOEXEC);
	v->poke = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (v->epfd < 0 || v->poke < 0)
		return -errno;
	link = vop_link_shm_open(shm, err, &r);
	if (!link)
		return r;
	v->n = vop_node_open(link, &cfg, err);
	if (!v->n)
		return -EPROTO;
	r = watch_fd(v, vop_node_fd(v->n), NULL);
	return r ? r : watch_fd(v, v->poke, NULL);
}

int vop_open(struct vop **out, const char *path, enum vop_role role, size_t window, int timeout_ms,
	     char *why, size_t size)
{
	struct vop_shm_config shm = {
		.path = path,
		.self = (enum vop_node_id)role,
		.window_size = window,
		.timeout_ms = timeout_ms,
		.cancel_fd = -1,
	};
	struct vop_error err = {""};
	struct vop *v;
	int r = -EINVAL;

	*out = NULL;
	v = calloc(1, sizeof(*v));
	if (!v) {
		r = -ENOMEM;
	} else {
		v->epfd = v->poke = -1;
		if (path && (role == VOP_ROLE_HOST || role == VOP_ROLE_ENDPOINT))
			r = join(v, &shm, &err);
	}
	if (!r) {
		*out = v;
		return 0;
	}
	if (why && size)
		snprintf(why, size, "%s", err.text[0] ? err.text : strerror(-r));
	if (v && v->n)
		vop_node_close(v->n);
	if (v)
		destroy(v);
	return r;
}

void vop_close(struct vop *v)
{
	if (!v)
		return;
	vop_node_close(v->n);
	destroy(v);
}

int vop_fd(const struct vop *v)
{
	return v->epfd;
}

const char *vop_why(const struct vop *v)
{
	return v->why;
}

/* --- service --- */

/* What was announced as removed before this service: nobody may hold it any more. */
static void bury(struct vop *v)
{
	struct vop_dev **at = &v->devs;

	while (*at) {
		struct vop_dev *d = *at;

		if (!d->gone) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		free_dev(d);
	}
}

/* Callees may wait, and so add to the list and end devices of it; none is freed meanwhile. */
static void announce(struct vop *v)
{
	struct vop_dev *d;

	for (d = v->devs; d; d = d->next) {
		if (!d->gone && !d->announced) {
			d->announced = true;
			if (v->added)
				v->added(v->ctx, d);
		}
		if (!d->gone && d->changed) {
			d->changed = false;
			if (v->changed)
				v->changed(v->ctx, d);
		}
	}
}

int vop_service(struct vop *v)
{
	struct vop_dev *d;
	int r;

	if (v->serving)
		return -EBUSY;
	v->serving = true;
	bury(v);
	take_rings(v);
	r = vop_node_service(v->n);
	announce(v);
	for (d = v->devs; d; d = d->next)
		api_device_run(d);
	v->serving = false;
	return r;
}

int vop_wait(struct vop *v, int timeout_ms)
{
	struct pollfd p = {.fd = v->epfd, .events = POLLIN};
	int n, r;

	if (v->serving)
		return -EBUSY;
	n = poll(&p, 1, timeout_ms);
	r = vop_service(v);
	return r ? r : n > 0;
}

/* --- devices --- */

void vop_on_devices(struct vop *v, void (*added)(void *ctx, struct vop_dev *d),
		    void (*removed)(void *ctx, struct vop_dev *d),
		    void (*changed)(void *ctx, struct vop_dev *d), void *ctx)
{
	v->added = added;
	v->removed = removed;
	v->changed = changed;
	v->ctx = ctx;
}

int vop_create(struct vop *v, unsigned device_id, enum vop_role device, unsigned queues,
	       unsigned queue_size, const char *name)
{
	struct vop_device_create c = {
		.device_id = (uint16_t)device_id,
		.device = (enum vop_node_id)device,
		.queues_max = (uint16_t)queues,
		.queue_size_max = (uint16_t)queue_size,
		.name = name,
	};
	int r;

	if (device_id > UINT16_MAX || queues > UINT16_MAX || queue_size > UINT16_MAX)
		return -EINVAL;
	r = vop_node_create(v->n, &c);
	return r < 0 ? r : 0;
}

int vop_destroy(struct vop_dev *d, int timeout_ms)
{
	if (d->gone)
		return -ENODEV;
	if (!vop_dev_created_here(d))
		return -EPERM;
	return vop_node_destroy(d->v->n, d->info.slot, timeout_ms);
}

struct vop_dev *vop_dev_next(struct vop *v, const struct vop_dev *d)
{
	struct vop_dev *next = d ? d->next : v->devs;

	while (next && (next->gone || !next->announced))
		next = next->next;
	return next;
}

unsigned vop_dev_id(const struct vop_dev *d)
{
	return d->info.device_id;
}

const char *vop_dev_name(const struct vop_dev *d)
{
	return d->info.name;
}

bool vop_dev_is_ours(const struct vop_dev *d)
{
	return d->info.device == vop_node_link(d->v->n)->self;
}

bool vop_dev_created_here(const struct vop_dev *d)
{
	return d->info.creator == vop_node_link(d->v->n)->self;
}

struct vop *vop_dev_vop(const struct vop_dev *d)
{
	return d->v;
}

void vop_dev_set_private(struct vop_dev *d, void *p)
{
	d->priv = p;
}

void *vop_dev_private(const struct vop_dev *d)
{
	return d->priv;
}

unsigned vop_dev_status(struct vop_dev *d)
{
	if (d->gone)
		return 0;
	return vop_dev_is_ours(d) ? vop_device_status(d->d) : vop_drv_get_status(d->d);
}

int vop_dev_features(struct vop_dev *d, uint64_t negotiated[2])
{
	const uint64_t *f = d->features;

	negotiated[0] = negotiated[1] = 0;
	if (d->gone)
		return -ENODEV;
	if (vop_dev_is_ours(d)) {
		if (!d->running)
			return -ENOTCONN;
		f = vop_device_features(d->d);
	} else if (!d->started) {
		return -ENOTCONN;
	}
	negotiated[0] = f[0];
	negotiated[1] = f[1];
	return 0;
}
