/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One life of the service is one life of the link: a new window, a new node, devices created anew,
 * so that a peer that was killed and came back finds everything reset. The poller outlives them;
 * its jobs are gone with the devices.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vop/link_shm.h"
#include "vop/meeting.h"
#include "vop/service.h"
#include "vop/service_watch.h"

#define OPEN_TIMEOUT_MS 10000
#define SERVED_MAX	(2 * VOP_SLOTS)
#define SPIN_NS		50000u /* adaptive queues */
#define RETRY_MS	100    /* after a link that broke while it came up */
/* Lent to drivers: so much if the window has it, else half of it, and so on. */
#define POOL_MIN ((uint64_t)128 << 10)

struct served {
	struct vop_service_watch w; /* w.dev NULL: this entry is free */
};

struct service {
	const struct vop_service_config *cfg;
	struct vop_poller *poller;
	struct vop_node *node;
	bool up, created;
	bool waiting; /* the failure to meet the peer is one of patience */
	int64_t next_stats, opened;
	struct served served[SERVED_MAX];
	unsigned next_create; /* which of cfg->create the device being created is */
	bool creating;
	struct vop_error *err;
};

__attribute__((format(printf, 3, 4))) static void
say(const struct service *s, enum vop_service_event event, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (!s->cfg->say)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->cfg->say(s->cfg->ctx, event, text);
}

static const char *node_name(unsigned id)
{
	return id == VOP_HOST ? "host" : "endpoint";
}

/* --- devices --- */

/* How devices of the peer of that type are served; NULL: by default. */
static const struct vop_service_device *spec_of(const struct service *s,
						const struct vop_service_type *t)
{
	unsigned i;

	for (i = 0; i < s->cfg->serves; i++)
		if (s->cfg->serve[i].type == t)
			return &s->cfg->serve[i];
	return NULL;
}

/* Leaves e->w.dev NULL when it cannot be done; *err says why. */
static void serve(struct service *s, struct served *e, struct vop_device *d,
		  const struct vop_device_info *info, struct vop_error *err)
{
	const struct vop_service_type *t = vop_service_type_of(info->device_id);
	struct vop_service_device plain;
	void *dev;
	struct vop_service_open o = {
		.device = d,
		.info = info,
		.pool_size = s->cfg->window_size / 8,
		.poller = s->poller,
	};

	if (!t) {
		snprintf(err->text, sizeof(err->text), "device type %u is not known",
			 info->device_id);
		return;
	}
	o.as = s->creating ? &s->cfg->create[s->next_create] : spec_of(s, t);
	if (!o.as) {
		plain = vop_service_default(t, s->cfg->self);
		o.as = &plain;
	}
	for (;;) {
		dev = t->open(&o, err);
		if (dev || o.pool_size == 0)
			break;
		o.pool_size = o.pool_size > POOL_MIN ? o.pool_size / 2 : 0;
	}
	vop_service_watch_start(&e->w, d, t, dev);
}

static struct served *free_entry(struct service *s)
{
	unsigned i;

	for (i = 0; i < SERVED_MAX; i++)
		if (!s->served[i].w.dev)
			return &s->served[i];
	return NULL; /* never: there are as many as slots */
}

static void on_added(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct service *s = ctx;
	struct vop_error why = {{0}};
	struct vop_device_info info;
	struct served *e = free_entry(s);

	(void)n;
	vop_device_info(d, &info);
	say(s, VOP_SERVICE_DEVICE, "device %u %s: created by %s, device %s, driver %s", info.slot,
	    info.name, node_name(info.creator), node_name(info.device), node_name(info.driver));
	if (info.device != s->cfg->self || !e)
		return;
	serve(s, e, d, &info, &why);
	if (!e->w.dev)
		say(s, VOP_SERVICE_REFUSED, "device %u %s is not served: %s", info.slot, info.name,
		    why.text);
}

static void on_removed(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct service *s = ctx;
	struct vop_device_info info;
	unsigned i;

	(void)n;
	vop_device_info(d, &info);
	for (i = 0; i < SERVED_MAX; i++)
		if (s->served[i].w.dev && s->served[i].w.d == d) {
			s->served[i].w.type->close(s->served[i].w.dev);
			s->served[i].w.dev = NULL;
		}
	if (s->up)
		say(s, VOP_SERVICE_GONE, "device %u %s: removed", info.slot, info.name);
}

static void on_up(void *ctx, struct vop_node *n)
{
	struct service *s = ctx;
	const struct vop_link *l = vop_node_link(n);

	s->up = true;
	say(s, VOP_SERVICE_UP, "link up: peer %s, window %llu MiB%s, its window %llu MiB%s",
	    node_name(!s->cfg->self), (unsigned long long)(l->own.size >> 20),
	    l->own.huge ? " in huge pages" : "", (unsigned long long)(l->peer.size >> 20),
	    l->peer.huge ? " in huge pages" : "");
}

static void on_down(void *ctx, struct vop_node *n, const char *reason)
{
	struct service *s = ctx;

	(void)n;
	if (s->err)
		snprintf(s->err->text, sizeof(s->err->text), "%s", reason);
}

static const struct vop_node_events events = {
	.link_up = on_up,
	.link_down = on_down,
	.device_added = on_added,
	.device_removed = on_removed,
};

static int create_devices(struct service *s)
{
	unsigned i;
	int r;

	for (i = 0; i < s->cfg->creates; i++) {
		const struct vop_service_device *spec = &s->cfg->create[i];
		struct vop_device_create c = {
			.device_id = spec->type->device_id,
			.device = spec->device,
			.queues_max = spec->type->queues(spec),
			.queue_size_max = spec->queue_size,
			.name = spec->name,
		};

		s->next_create = i;
		s->creating = true;
		r = vop_node_create(s->node, &c);
		s->creating = false;
		if (r < 0) {
			snprintf(s->err->text, sizeof(s->err->text),
				 "cannot create device %u of %u: %s", i + 1, s->cfg->creates,
				 r == -ENOSPC ? "all 64 slots are taken" : strerror(-r));
			return r;
		}
	}
	return 0;
}

/* --- what drivers do --- */

/* "device 3 eth7" */
static const char *who_is(const struct served *e, char *buf, size_t size)
{
	struct vop_device_info info;

	vop_device_info(e->w.d, &info);
	snprintf(buf, size, "device %u %s", info.slot, info.name);
	return buf;
}

/* Requests are taken one by one, so no change of status is missed. */
static void look_at(struct service *s, struct served *e)
{
	char who[80];

	vop_service_watch_look(&e->w, who_is(e, who, sizeof(who)), s->cfg->say, s->cfg->ctx);
}

static void report_stats(struct service *s)
{
	char who[80], text[400];
	unsigned i;

	for (i = 0; i < SERVED_MAX; i++) {
		struct served *e = &s->served[i];

		if (!e->w.dev)
			continue;
		vop_service_watch_report(&e->w, who_is(e, who, sizeof(who)), s->cfg->stats_ms, text,
					 sizeof(text));
		s->cfg->stats(s->cfg->ctx, text);
	}
}

/* Attend to violations, then tell what changed. */
static void look_round(struct service *s, bool attention)
{
	unsigned i;

	if (attention)
		vop_poller_attention_clear(s->poller);
	for (i = 0; i < SERVED_MAX; i++) {
		if (!s->served[i].w.dev)
			continue;
		if (attention)
			s->served[i].w.type->attend(s->served[i].w.dev);
		look_at(s, &s->served[i]);
	}
}

/* --- one life of the link --- */

#define CANCELLED 1

static int sleep_until_event(struct service *s)
{
	struct pollfd p[3] = {
		{.fd = vop_node_fd(s->node), .events = POLLIN},
		{.fd = vop_poller_attention_fd(s->poller), .events = POLLIN},
		{.fd = s->cfg->cancel_fd, .events = POLLIN},
	};
	int timeout = -1;

	if (!s->up)
		timeout = (int)VOP_MAX(s->opened + OPEN_TIMEOUT_MS - vop_now_ms(), 0);
	else if (s->cfg->stats)
		timeout = (int)VOP_MAX(s->next_stats - vop_now_ms(), 0);
	if (poll(p, 3, timeout) > 0 && p[2].revents)
		return CANCELLED;
	look_round(s, p[1].revents != 0);
	return 0;
}

/* CANCELLED, or negative errno: the link went down, or devices could not be created. */
static int live(struct service *s)
{
	s->opened = vop_now_ms();
	s->next_stats = s->opened + s->cfg->stats_ms;
	for (;;) {
		int r = vop_node_service(s->node);

		if (r)
			return r;
		if (s->up && !s->created) {
			s->created = true;
			r = create_devices(s);
			if (r)
				return r; /* -EPIPE: the peer has left already */
		}
		look_round(s, false);
		if (!s->up && vop_now_ms() - s->opened >= OPEN_TIMEOUT_MS) {
			snprintf(s->err->text, sizeof(s->err->text),
				 "the peer did not write its device page in time");
			return -ETIMEDOUT;
		}
		r = sleep_until_event(s);
		if (r)
			return r;
		if (s->cfg->stats && s->up && vop_now_ms() >= s->next_stats) {
			s->next_stats += s->cfg->stats_ms;
			report_stats(s);
		}
	}
}

/* Open the link, live, close it. As live(); -ETIMEDOUT and others also when there was no link. */
static int one_life(struct service *s, int timeout_ms)
{
	struct vop_shm_config shm = {
		.path = s->cfg->path,
		.self = s->cfg->self,
		.window_size = s->cfg->window_size,
		.no_huge = s->cfg->no_huge,
		.timeout_ms = timeout_ms,
		.cancel_fd = s->cfg->cancel_fd,
	};
	struct vop_node_config nc = {.self = s->cfg->self, .events = &events, .ctx = s};
	struct vop_link *link;
	int r = 0;

	s->up = s->created = false;
	link = vop_link_shm_open(&shm, s->err, &r);
	if (!link)
		return r == -ECANCELED ? CANCELLED : r;
	s->node = vop_node_start(link, &nc, s->err);
	if (!s->node)
		return -EPROTO;
	r = live(s);
	if (r < 0 && s->up && (r == -EPIPE || r == -EPROTO))
		say(s, VOP_SERVICE_DOWN, "link down: %s", s->err->text);
	vop_node_close(s->node);
	s->node = NULL;
	return r;
}

/* Between two lives: 0, or CANCELLED. */
static int rest(const struct service *s)
{
	struct pollfd p = {.fd = s->cfg->cancel_fd, .events = POLLIN};

	return poll(&p, 1, RETRY_MS) > 0 ? CANCELLED : 0;
}

static int live_again(struct service *s)
{
	const struct vop_service_config *cfg = s->cfg;
	int r = one_life(s, cfg->timeout_ms);

	while ((r == -EPIPE || r == -EPROTO) && s->up) {
		int64_t end = vop_now_ms() + cfg->reconnect_ms;

		if (cfg->reconnect_ms == 0)
			return r;
		say(s, VOP_SERVICE_WAITING, "peer gone, waiting for it to come back");
		do {
			int64_t left = cfg->reconnect_ms < 0 ? -1 : VOP_MAX(end - vop_now_ms(), 0);

			if (rest(s))
				return CANCELLED;
			r = one_life(s, (int)left);
			/* A link that broke before it was up: the peer died on the way. */
		} while (r == -EPIPE && !s->up);
	}
	return r;
}

int vop_service_run(const struct vop_service_config *cfg, struct vop_error *err)
{
	struct vop_poller_config pc = {
		.cpu = cfg->poller_cpu,
		.spin_ns = SPIN_NS,
		.yield = cfg->yield,
		.own_thread = true,
	};
	struct service *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		snprintf(err->text, sizeof(err->text), "out of memory");
		return -ENOMEM;
	}
	s->cfg = cfg;
	s->err = err;
	s->poller = vop_poller_new(&pc);
	if (!s->poller) {
		snprintf(err->text, sizeof(err->text), "cannot start the polling thread%s",
			 cfg->poller_cpu >= 0 ? " on that CPU" : "");
		free(s);
		return -EAGAIN;
	}
	r = live_again(s);
	vop_poller_free(s->poller);
	free(s);
	return r == CANCELLED ? 0 : r;
}
