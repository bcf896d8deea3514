/* SPDX-License-Identifier: BSD-2-Clause */
/* The device's agent: the VOP's own node and poller, and on them what the workload has served
 * (struct served_ops). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/agent_role.h"
#include "bench/remote.h"
#include "vop/link_shm.h"
#include "vop/poller.h"

#define SERVED_MAX 64u

struct served {
	struct vop_device *d;
	void *dev;
};

struct device_state {
	struct agent *a;
	struct vop_node *node;
	struct vop_poller *poller;
	struct served dev[SERVED_MAX];
	unsigned devices;
	uint64_t violations;
	struct vop_error err;
};

static void device_added(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct device_state *s = ctx;
	struct agent_open *o = &s->a->open;
	struct served *v = &s->dev[s->devices];
	struct vop_device_info info;

	(void)n;
	vop_device_info(d, &info);
	if ((uint8_t)info.device != o->self || s->devices >= SERVED_MAX)
		return;
	v->dev = s->a->served->open(s->a, d, s->devices, s->poller, &s->err);
	if (v->dev == NULL)
		return;
	/* The worker goes through dev[] in its turns. */
	vop_poller_pause(s->poller);
	v->d = d;
	s->devices++;
	vop_poller_resume(s->poller);
}

static void device_removed(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct device_state *s = ctx;

	(void)n;
	/* A driver may take its device away, or die, while the worker sums up what its backend
	 * counted: between two turns the worker is at the gate. */
	vop_poller_pause(s->poller);
	for (unsigned i = 0; i < s->devices; i++) {
		if (s->dev[i].d != d)
			continue;
		s->a->served->close(s->dev[i].dev);
		s->dev[i] = s->dev[--s->devices];
		break;
	}
	vop_poller_resume(s->poller);
}

static void link_down(void *ctx, struct vop_node *n, const char *reason)
{
	(void)ctx;
	(void)n;
	agent_lost(reason);
}

static const struct vop_node_events events = {
	.device_added = device_added,
	.device_removed = device_removed,
	.link_down = link_down,
};

static void device_close(struct agent *a)
{
	struct device_state *s = a->state;

	if (s == NULL)
		return;
	/* The worker's idle turn looks at state: take it away first. */
	if (s->poller)
		vop_poller_pause(s->poller);
	if (s->node)
		vop_node_close(s->node);
	s->node = NULL;
	if (s->poller)
		vop_poller_resume(s->poller);
}

static int device_open(struct agent *a, struct vop_error *err)
{
	struct agent_open *o = &a->open;
	struct vop_shm_config shm = {
		.path = strchr(o->uri, ':') + 1,
		.self = o->self,
		.window_size = o->window,
		.no_huge = o->no_huge,
		.timeout_ms = o->timeout_ms,
		.cancel_fd = -1,
	};
	struct vop_node_config nc = {.self = o->self, .events = &events};
	struct device_state *s = a->state;
	struct vop_link *link;
	int e = 0;

	if (s == NULL) {
		struct vop_poller_config pc = {.cpu = -1,
					       .spin_ns = o->spin_ns,
					       .yield = a->sh->yield,
					       .own_thread = false};

		s = calloc(1, sizeof(*s));
		if (s == NULL)
			return -ENOMEM;
		s->a = a;
		s->poller = vop_poller_new(&pc);
		if (s->poller == NULL) {
			free(s);
			return -ENOMEM;
		}
		a->state = s;
	}
	if (s->node)
		device_close(a);
	link = vop_link_shm_open(&shm, err, &e);
	if (link == NULL)
		return e;
	nc.ctx = s;
	s->node = vop_node_open(link, &nc, err);
	if (s->node == NULL)
		return -EPROTO;
	for (unsigned i = 0; o->creates && i < o->devices; i++) {
		struct vop_device_create c = {
			.device_id = a->served->device_id,
			.device = o->self,
			.queues_max = a->served->queues_max(o),
			.queue_size_max = o->queue_size_max,
		};

		e = vop_node_create(s->node, &c);
		if (e < 0) {
			snprintf(err->text, sizeof(err->text), "cannot create device %u: %s", i,
				 strerror(-e));
			return e;
		}
	}
	return 0;
}

static int device_session(struct agent *a, struct agent_answer *ans, struct vop_error *err)
{
	struct device_state *s = a->state;

	if (s == NULL || s->devices < a->open.devices) {
		snprintf(err->text, sizeof(err->text), "%s",
			 s && s->err.text[0] ? s->err.text : "not all devices are served");
		return -ENODEV;
	}
	(void)ans;
	return 0;
}

static void device_end(struct agent *a)
{
	(void)a;
}

static void device_stats(struct agent *a, struct agent_answer *ans)
{
	struct device_state *s = a->state;

	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->devices; i++)
		a->served->stats(s->dev[i].dev, ans);
	if (s->node)
		ans->huge = vop_node_link(s->node)->own.huge;
}

static void device_fds(struct agent *a, struct pollfd p[2])
{
	struct device_state *s = a->state;

	if (s == NULL || s->node == NULL)
		return;
	p[0] = (struct pollfd){.fd = vop_node_fd(s->node), .events = POLLIN};
	p[1] = (struct pollfd){.fd = vop_poller_attention_fd(s->poller), .events = POLLIN};
}

static void device_service(struct agent *a)
{
	struct device_state *s = a->state;

	vop_poller_attention_clear(s->poller);
	for (unsigned i = 0; i < s->devices; i++)
		a->served->attend(s->dev[i].dev);
	if (vop_node_service(s->node)) {
		/* link_down() has told the coordinator; all devices are gone. */
		atomic_store(&a->sh->abort, 1);
		vop_node_close(s->node);
		s->node = NULL;
	}
}

static uint64_t counted(struct device_state *s, const struct job *j)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < s->devices; i++)
		n += s->a->served->counted(s->dev[i].dev, j);
	return n;
}

static uint64_t moved(struct device_state *s)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < s->devices; i++)
		n += s->a->served->moved(s->dev[i].dev);
	return n;
}

static bool even(struct device_state *s, const struct job *j)
{
	for (unsigned i = 0; i < s->devices; i++)
		if (!s->a->served->even(s->dev[i].dev, j))
			return false;
	return true;
}

static int device_traffic(struct worker *w, const struct job *j, struct job_result *r)
{
	struct agent *a = w->load;
	struct device_state *s = a->state;
	struct shared *sh = w->sh;
	bool keeper = a->served->keeps(j) && sh->sides == SIDES;
	/* A turn may sleep: with a doorbell look at the window after each one. */
	unsigned turns = a->open.notify == VOP_NOTIFY_POLL ? 32 : 1;
	int64_t nap_us = j->kind == JOB_IDLE ? 100000 : 2000;
	uint64_t since, n, first;

	if (s == NULL || s->devices == 0)
		return -ENODEV;
	vop_poller_enter(s->poller);
	for (unsigned i = 0; i < s->devices; i++)
		a->served->begin(s->dev[i].dev, j);
	vop_poller_look(s->poller); /* a source may have frames now */
	n = counted(s, j);
	first = moved(s);
	remote_begin(s->node);
	window_begin(w, j, keeper, n, n * j->bytes);
	do {
		for (unsigned i = 0; i < turns; i++)
			vop_poller_turn(s->poller, nap_us);
		n = counted(s, j);
	} while (window_more(w, r, n, n * j->bytes));
	for (unsigned i = 0; i < s->devices; i++)
		a->served->end(s->dev[i].dev);
	/* Pairs with the acquire in drain_rx: totals first. */
	atomic_store_explicit(&sh->tail[SIDE_DEVICE].v, 1, memory_order_release);
	since = clock_ns();
	while (!atomic_load(&sh->abort) && clock_ns() - since < 4000000000ull) {
		vop_poller_turn(s->poller, 1000);
		if (atomic_load_explicit(&sh->tail[SIDE_DRIVER].v, memory_order_acquire) &&
		    even(s, j))
			break;
	}
	remote_end(r, moved(s) - first);
	vop_poller_leave(s->poller);
	r->copies_x100 = a->served->copies(j);
	return atomic_load(&sh->abort) ? -ECANCELED : 0;
}

/* Between jobs the control queue of a device must be served all the same. */
static bool device_idle(struct worker *w)
{
	struct agent *a = w->load;
	struct device_state *s =
		__atomic_load_n((struct device_state **)&a->state, __ATOMIC_ACQUIRE);
	unsigned done;

	if (s == NULL || s->devices == 0)
		return false;
	vop_poller_enter(s->poller);
	done = vop_poller_turn(s->poller, 500);
	vop_poller_leave(s->poller);
	if (!done)
		usleep(200);
	return true;
}

const struct agent_role agent_device = {
	.open = device_open,
	.session = device_session,
	.end = device_end,
	.close = device_close,
	.stats = device_stats,
	.fds = device_fds,
	.service = device_service,
	.traffic = device_traffic,
	.idle = device_idle,
};
