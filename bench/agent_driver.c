/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's agent of net: targets, sessions, lanes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/agent_role.h"
#include "bench/net_ctrl.h"
#include "bench/net_load.h"
#include "bench/remote.h"
#include "target/vhost_user.h"
#include "target/vop.h"
#include "vop/dev/net.h"

struct driver_state {
	struct agent *a;
	struct target *t[NET_LOAD_DEVICES];
	unsigned targets;
	struct session *s[NET_LOAD_DEVICES];
	unsigned sessions;
	struct net_load *load;
	_Atomic bool lost; /* read by the worker */
};

/* Memory is about to go: no worker may be on it. */
static void on_lost(void *ctx)
{
	struct driver_state *d = ctx;

	d->lost = true;
	agent_quiet(d->a);
}

static void driver_end(struct agent *a)
{
	struct driver_state *d = a->state;

	if (d == NULL)
		return;
	net_load_free(d->load);
	d->load = NULL;
	for (unsigned i = 0; i < d->sessions; i++) {
		session_close(d->s[i]);
		free(d->s[i]);
	}
	d->sessions = 0;
}

static void driver_close(struct agent *a)
{
	struct driver_state *d = a->state;

	if (d == NULL)
		return;
	driver_end(a);
	while (d->targets)
		target_close(d->t[--d->targets]);
	d->lost = false;
}

static int driver_open(struct agent *a, struct vop_error *err)
{
	struct agent_open *o = &a->open;
	struct target_config cfg = {
		.uri = o->uri,
		.device_id = VOP_NET_ID,
		.timeout_ms = o->timeout_ms,
		.self = o->self,
		.create = o->creates,
		.queues_max = (uint16_t)(2 * o->pairs + 1),
		.queue_size_max = o->queue_size_max,
		.window_size = o->window,
		.no_huge = o->no_huge,
		.device_polls = o->device_polls,
	};
	struct driver_state *d = a->state;
	int e;

	if (d == NULL) {
		d = calloc(1, sizeof(*d));
		if (d == NULL)
			return -ENOMEM;
		d->a = a;
		a->state = d;
	}
	driver_close(a);
	e = target_open(&cfg, &d->t[0], err);
	if (e)
		return e;
	d->targets = 1;
	d->t[0]->ops->on_lost(d->t[0], on_lost, d);
	while (d->targets < o->devices) {
		e = target_vop_share(d->t[0], d->targets, &d->t[d->targets], err);
		if (e) {
			driver_close(a);
			return e;
		}
		d->t[d->targets]->ops->on_lost(d->t[d->targets], on_lost, d);
		d->targets++;
	}
	return 0;
}

/* Which of a device's queues are used: all pairs, and the control queue when there are several
 * (ctrl, 0: pairs are enabled by setting them up). */
static void choose_queues(const struct agent_session *c, struct session_config *sc, unsigned ctrl)
{
	sc->queues = 2u * c->pairs;
	for (unsigned q = 0; q < sc->queues; q++) {
		sc->queue_use[q] = true;
		sc->size[q] = c->queue_size;
		sc->notify[q] = c->notify;
	}
	if (c->pairs > 1 && ctrl) {
		sc->queues = ctrl + 1;
		sc->queue_use[ctrl] = true;
		sc->notify[ctrl] = VOP_NOTIFY_POLL;
	}
}

static int open_one(struct driver_state *d, unsigned i, struct vop_error *err)
{
	const struct agent_session *c = &d->a->session;
	struct session_config *sc = calloc(1, sizeof(*sc));
	struct target *t = d->t[i];
	bool has_ctrl = !(t->caps.missing & TARGET_LACKS_CTRL_QUEUE);
	uint16_t max_pairs = 1;
	unsigned count = 0;
	int e;

	d->s[i] = calloc(1, sizeof(*d->s[i]));
	if (sc == NULL || d->s[i] == NULL) {
		free(sc);
		free(d->s[i]);
		return -ENOMEM;
	}
	*sc = (struct session_config){
		.want = {c->want[0], c->want[1]},
		.need = {c->need[0], c->need[1]},
		.ring_placement = c->ring_placement,
		.payload_placement = c->payload_placement,
		.indirect_max = c->indirect_max,
	};
	/* The control queue comes after the device's last pair (VIRTIO 1.4, 5.1.2); vhost-user has
	 * none. */
	if (!has_ctrl) {
		vop_feature_clear(sc->want, VOP_NET_F_CTRL_VQ);
		vop_feature_clear(sc->need, VOP_NET_F_CTRL_VQ);
	}
	if (c->pairs > 1 && t->ops->queue_count(t, &count) == 0 && count >= 2)
		max_pairs = (uint16_t)((count - has_ctrl) / 2);
	/* Known before the device is asked: one that says yes all the same must not have us use
	 * queues that were never set up. */
	if (c->pairs > max_pairs) {
		snprintf(err->text, sizeof(err->text),
			 "the device has %u queue pairs, not %u; try fewer --queues", max_pairs,
			 c->pairs);
		free(sc);
		free(d->s[i]);
		return -EREMOTEIO;
	}
	choose_queues(c, sc, has_ctrl ? 2u * max_pairs : 0);
	e = session_open(d->s[i], t, sc, err);
	free(sc);
	if (e) {
		free(d->s[i]);
		return e;
	}
	d->sessions = i + 1;
	if (c->pairs > 1 && has_ctrl)
		e = net_ctrl_set_pairs(d->s[i], 2u * max_pairs, c->pairs, d->a->open.timeout_ms,
				       err);
	return e;
}

/* Who it is that was measured, as far as the transport tells. */
static void describe_device(const struct session *s, struct agent_answer *ans)
{
	unsigned queues = 0;
	uint16_t size = 0;

	ans->offered[0] = s->offered[0];
	ans->offered[1] = s->offered[1];
	if (s->t->ops->queue_count(s->t, &queues) == 0)
		ans->queues = queues;
	if (queues && s->t->ops->queue_size_max(s->t, 0, &size) == 0)
		ans->queue_size_max = size;
}

static int driver_session(struct agent *a, struct agent_answer *ans, struct vop_error *err)
{
	struct driver_state *d = a->state;
	const struct agent_session *c = &a->session;
	struct net_load_config lc = {
		.size = c->size,
		.stride = c->stride,
		.depth = c->depth,
		.batch = c->batch,
		.pairs = c->pairs,
		.small_rx = c->small_rx,
		.kept = c->kept,
		.any = c->any,
		.numbered = c->numbered,
		.notify = c->notify,
		.spin_ns = c->spin_ns,
	};

	if (d == NULL || d->targets == 0)
		return -ENOTCONN;
	driver_end(a);
	for (unsigned i = 0; i < d->targets; i++) {
		int e = open_one(d, i, err);

		if (e) {
			driver_end(a);
			return e;
		}
	}
	lc.mergeable = vop_feature_has(d->s[0]->features, VOP_NET_F_MRG_RXBUF);
	d->load = net_load_new(a->sh, d->s, d->sessions, &lc, err);
	if (d->load == NULL) {
		driver_end(a);
		return -ENOMEM;
	}
	ans->features[0] = d->s[0]->features[0];
	ans->features[1] = d->s[0]->features[1];
	describe_device(d->s[0], ans);
	return 0;
}

static void driver_stats(struct agent *a, struct agent_answer *ans)
{
	struct driver_state *d = a->state;
	struct vop_node *n;

	if (d == NULL)
		return;
	if (d->load && net_load_broken(d->load)) {
		ans->violations++;
		snprintf(ans->text, sizeof(ans->text), "%s",
			 vop_violation_str(net_load_broken(d->load)));
	}
	n = d->targets ? target_vop_node(d->t[0]) : NULL;
	if (n && !d->lost)
		ans->huge = vop_node_link(n)->own.huge;
}

static void driver_fds(struct agent *a, struct pollfd p[2])
{
	struct driver_state *d = a->state;

	if (d && d->targets && !d->lost)
		p[0] = (struct pollfd){.fd = d->t[0]->ops->event_fd(d->t[0]), .events = POLLIN};
}

static void driver_service(struct agent *a)
{
	struct driver_state *d = a->state;

	if (d->t[0]->ops->service(d->t[0]) || d->lost) {
		const char *why = d->t[0]->ops->lost_reason(d->t[0]);

		d->lost = true;
		agent_lost(why ? why : "the device's node is gone");
	}
}

/* CPU time of the process behind a target, where it can be known. */
struct peer_time {
	clockid_t clock;
	bool known;
	uint64_t cpu_ns, ns;
};

static uint64_t peer_cpu_ns(struct peer_time *p)
{
	struct timespec t = {0};

	p->known = p->known && clock_gettime(p->clock, &t) == 0;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void peer_begin(struct peer_time *p, struct target *t)
{
	pid_t pid;

	*p = (struct peer_time){0};
	p->known = target_vhost_user_pid(t, &pid) == 0 && clock_getcpuclockid(pid, &p->clock) == 0;
	p->ns = clock_ns();
	p->cpu_ns = peer_cpu_ns(p);
}

/* For the window: what it had of the whole job, evenly. */
static void peer_end(struct peer_time *p, struct job_result *r)
{
	uint64_t cpu = peer_cpu_ns(p) - p->cpu_ns, ns = clock_ns() - p->ns;

	if (p->known && ns)
		r->peer_cpu_ns = (uint64_t)((double)cpu / (double)ns * (double)r->window_ns);
}

static int driver_traffic(struct worker *w, const struct job *j, struct job_result *r)
{
	struct driver_state *d = ((struct agent *)w->load)->state;
	struct peer_time p;
	int e;

	/*
	 * Doorbells of a device that is gone are gone too. on_lost() sets the flag and then looks
	 * at the plan; the worker saw the plan before it looks at the flag. Both sequentially
	 * consistent: either we see the flag, or on_lost() sees a plan it has to wait for.
	 */
	if (d == NULL || d->load == NULL || d->lost)
		return -ENOTCONN;
	remote_begin(target_vop_node(d->t[0]));
	peer_begin(&p, d->t[0]);
	e = net_load_run(d->load, w, j, r);
	peer_end(&p, r);
	remote_end(r, net_load_moved(d->load));
	return e;
}

const struct agent_role agent_net_driver = {
	.open = driver_open,
	.session = driver_session,
	.end = driver_end,
	.close = driver_close,
	.stats = driver_stats,
	.fds = driver_fds,
	.service = driver_service,
	.traffic = driver_traffic,
};
