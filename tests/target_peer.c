/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/target_peer.h"
#include "vop/link_shm.h"
#include "vop/vq_open.h"

#define BATCH 8u

/* --- the device type --- */

static int features_ok(void *dev, const uint64_t *features)
{
	struct peer_device *pd = dev;

	(void)features;
	pd->p->leaving = pd->p->cfg.leave_at_features_ok;
	return pd->p->cfg.features_ok_answer;
}

static int queue_start(void *dev, const struct vop_queue_config *cfg)
{
	struct peer_device *pd = dev;
	struct peer_queue *q = &pd->q[cfg->index];
	int r = pd->p->cfg.queue_start_answer;

	if (r)
		return r;
	q->cfg = *cfg;
	pd->q_size[cfg->index] = cfg->size;
	r = vop_devq_open(
		&q->vq, cfg,
		vop_ring_features(vop_device_features(pd->d), cfg->call->kind == VOP_DB_NONE));
	q->running = r == 0;
	return r;
}

static void queue_stop(void *dev, unsigned q)
{
	((struct peer_device *)dev)->q[q].running = false;
}

static int driver_ok(void *dev)
{
	struct peer_device *pd = dev;

	pd->go = pd->p->cfg.driver_ok_answer == 0;
	return pd->p->cfg.driver_ok_answer;
}

static void reset(void *dev)
{
	struct peer_device *pd = dev;

	pd->go = false;
	pd->status_at_reset = vop_device_status(pd->d);
	pd->failed += (pd->status_at_reset & VOP_STATUS_FAILED) != 0;
	pd->resets++;
}

static int config_write(void *dev, uint32_t offset, const void *data, uint32_t len)
{
	(void)dev;
	(void)data;
	(void)len;
	return offset >= 8 ? 0 : -EINVAL; /* the first eight bytes are read-only */
}

static const struct vop_dev_ops ops = {
	.device_id = 1,
	.type = "echo",
	.features_ok = features_ok,
	.queue_start = queue_start,
	.queue_stop = queue_stop,
	.driver_ok = driver_ok,
	.reset = reset,
	.config_write = config_write,
};

/* Give back what is there; ring when the driver asked for it. */
static void turn(struct peer_queue *q)
{
	struct vop_elem elem[BATCH];
	struct vop_iov iov[4 * BATCH];
	struct vop_batch b = {.iov_max = 4 * BATCH, .elem = elem, .iov = iov};
	uint32_t len[BATCH];
	unsigned i, k, n;

	vop_doorbell_drain(q->cfg.kick);
	n = vop_devq_pop(&q->vq, q->cfg.regions, &b, BATCH);
	for (i = 0; i < n; i++) {
		for (k = 0; k < elem[i].nin; k++) {
			struct vop_iov *v = &iov[elem[i].first + elem[i].nout + k];

			memset(v->ptr, PEER_FILL, v->len);
		}
		len[i] = elem[i].in_len;
	}
	vop_devq_push(&q->vq, elem, len, n);
	if (vop_devq_publish(&q->vq))
		vop_doorbell_ring(q->cfg.call);
	vop_devq_arm(&q->vq);
}

/* --- the node --- */

static void device_added(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct peer *p = ctx;
	struct peer_device *pd;
	struct vop_device_offer offer = p->cfg.offer;
	struct vop_device_info i;

	(void)n;
	vop_device_info(d, &i);
	if (i.device != p->cfg.self || p->devices == PEER_DEVICES_MAX)
		return;
	pd = &p->dev[p->devices++];
	*pd = (struct peer_device){.p = p, .d = d};
	vop_device_set_private(d, pd);
	offer.ops = &ops;
	offer.dev = pd;
	if (!p->cfg.no_serve)
		vop_device_serve(d, &offer);
}

static void device_removed(void *ctx, struct vop_node *n, struct vop_device *d)
{
	struct peer_device *pd = vop_device_private(d);

	(void)ctx;
	(void)n;
	if (pd)
		pd->d = NULL;
}

static void link_down(void *ctx, struct vop_node *n, const char *reason)
{
	(void)n;
	(void)reason;
	((struct peer *)ctx)->links_down++;
}

static const struct vop_node_events events = {
	.device_added = device_added,
	.device_removed = device_removed,
	.link_down = link_down,
};

static int open_node(struct peer *p)
{
	struct vop_shm_config shm = {
		.path = p->cfg.path,
		.self = p->cfg.self,
		.window_size = p->cfg.window_size ? p->cfg.window_size : 4ull << 20,
		.no_huge = true,
		.timeout_ms = PEER_WAIT_MS,
		.cancel_fd = p->event_fd,
	};
	struct vop_node_config node = {.self = p->cfg.self, .events = &events, .ctx = p};
	struct vop_device_create c = {
		.device_id = p->cfg.create_id,
		.device = p->cfg.create_as_driver ? !p->cfg.self : p->cfg.self,
		.queues_max = p->cfg.offer.queues,
		.queue_size_max = p->cfg.offer.queue_size_max,
	};
	struct vop_link *link;
	unsigned i;
	int r;

	link = vop_link_shm_open(&shm, &p->err, &r);
	if (!link)
		return r;
	p->n = vop_node_open(link, &node, &p->err);
	if (!p->n)
		return -EPROTO;
	for (i = 0; i < p->cfg.create; i++)
		vop_node_create(p->n, &c);
	return 0;
}

static void answer_call(struct peer *p)
{
	eventfd_t count;

	eventfd_read(p->event_fd, &count);
	pthread_mutex_lock(&p->lock);
	if (p->called) {
		p->call(p, p->call_arg);
		p->called = false;
		pthread_cond_signal(&p->answered);
	}
	pthread_mutex_unlock(&p->lock);
}

static void run(struct peer *p)
{
	unsigned i, q;

	while (!atomic_load(&p->stop) && !p->leaving) {
		struct pollfd fd[2] = {
			{.fd = vop_node_fd(p->n), .events = POLLIN},
			{.fd = p->event_fd, .events = POLLIN},
		};

		poll(fd, 2, 1); /* the queues are looked at in between */
		if (fd[1].revents)
			answer_call(p);
		if (vop_node_service(p->n))
			return;
		for (i = 0; i < p->devices; i++)
			for (q = 0; p->dev[i].go && q < VOP_QUEUES_MAX; q++)
				if (p->dev[i].q[q].running)
					turn(&p->dev[i].q[q]);
	}
}

static void *peer_main(void *arg)
{
	struct peer *p = arg;

	if (open_node(p) == 0) {
		run(p);
		vop_node_close(p->n);
	}
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	pthread_cond_signal(&p->answered);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int peer_start(struct peer *p, const struct peer_config *cfg)
{
	memset(p, 0, sizeof(*p));
	p->cfg = *cfg;
	p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->event_fd < 0)
		return -errno;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->answered, NULL);
	return -pthread_create(&p->thread, NULL, peer_main, p);
}

bool peer_call(struct peer *p, void (*fn)(struct peer *p, void *arg), void *arg)
{
	bool done;

	pthread_mutex_lock(&p->lock);
	p->call = fn;
	p->call_arg = arg;
	p->called = true;
	eventfd_write(p->event_fd, 1);
	while (p->called && !p->ended)
		pthread_cond_wait(&p->answered, &p->lock);
	done = !p->called;
	p->called = false;
	pthread_mutex_unlock(&p->lock);
	return done;
}

void peer_stop(struct peer *p)
{
	atomic_store(&p->stop, true);
	eventfd_write(p->event_fd, 1);
	pthread_join(p->thread, NULL);
	close(p->event_fd);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->answered);
}
