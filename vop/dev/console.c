/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console device's control side (VIRTIO 1.4, 5.3): the offer, life of the queues, emergency
 * write, ports that come and go. Whatever the poller also uses changes only while it is paused.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vop/features.h>
#include "vop/dev/console_internal.h"

/* VIRTIO 1.4, 5.3.4 */
struct con_config_space {
	vop_le16 cols;
	vop_le16 rows;
	vop_le32 max_nr_ports;
	vop_le32 emerg_wr;
};
_Static_assert(sizeof(struct con_config_space) == 12, "layout");
#define EMERG_WR   offsetof(struct con_config_space, emerg_wr)
#define QUEUES_MAX VOP_CONSOLE_QUEUES(VOP_CONSOLE_PORTS_MAX)
_Static_assert(QUEUES_MAX <= VOP_QUEUES_MAX, "as many ports as queues allow");

/* --- queues --- */

/* The queue with this number and its job; NULL: it does not exist with what was negotiated (5.3.2).
 */
static struct vop_dev_queue *queue_of(struct vop_console *c, unsigned index,
				      struct vop_dev_job **job)
{
	struct con_port *p = c->port[0];

	if (index >= 2 && (!c->multiport || index >= VOP_CONSOLE_QUEUES(c->ports_max)))
		return NULL;
	if (index == 2 || index == 3) {
		*job = &c->ctrl;
		return index == 2 ? &c->ctrl_rx : &c->ctrl_tx;
	}
	if (index >= 4)
		p = c->port[index / 2 - 1];
	*job = &p->job;
	return index % 2 ? &p->tx : &p->rx;
}

/* What is kept of a queue's buffers; it is not live. */
static void forget(struct vop_console *c, unsigned index)
{
	struct con_port *p = c->port[index < 4 ? 0 : index / 2 - 1];

	if (index == 2) {
		c->ctrl_held = c->ctrl_starving = false;
	} else if (index % 2) {
		/* Not of control: that keeps nothing. */
		if (index != 3)
			p->held = false;
	} else {
		p->starving = false;
	}
}

static int con_queue_start(void *dev, const struct vop_queue_config *cfg)
{
	struct vop_console *c = dev;
	struct vop_dev_job *job;
	struct vop_dev_queue *q = queue_of(c, cfg->index, &job);

	if (!q)
		return -EINVAL;
	forget(c, cfg->index);
	return vop_dev_queue_start(&c->c, job, q, cfg);
}

static void con_queue_stop(void *dev, unsigned index)
{
	struct vop_console *c = dev;
	struct vop_dev_job *job;
	struct vop_dev_queue *q = queue_of(c, index, &job);

	if (q)
		vop_dev_queue_stop(&c->c, job, q);
}

/* --- life of the device --- */

static int con_features_ok(void *dev, const uint64_t *f)
{
	struct vop_console *c = dev;

	c->multiport = vop_feature_has(f, VOP_CONSOLE_F_MULTIPORT);
	return 0;
}

static int con_driver_ok(void *dev)
{
	struct vop_console *c = dev;
	unsigned i;
	int r = 0;

	c->c.running = true;
	for (i = 0; i < QUEUES_MAX && !r; i++) {
		struct vop_dev_job *job;
		struct vop_dev_queue *q = queue_of(c, i, &job);

		if (q)
			r = vop_dev_queue_live(&c->c, job, q);
	}
	return r;
}

/* Ports that were plugged in or pulled out stay so; the driver knows of none again. */
static void forget_driver(struct vop_console *c)
{
	unsigned i;

	c->multiport = c->ready = false;
	for (i = 0; i < c->ports_max; i++) {
		struct con_port *p = c->port[i];

		p->added = p->ready = p->open = false;
		p->owed = 0;
	}
}

static void con_reset(void *dev)
{
	struct vop_console *c = dev;
	unsigned i;

	/* Every queue was stopped: no job of ours runs. The backend may serve other devices. */
	vop_poller_pause(c->c.poller);
	c->c.running = false;
	forget_driver(c);
	for (i = 0; i < c->ports_max && c->backend.reset; i++)
		c->backend.reset(c->backend.ctx, i);
	vop_poller_resume(c->c.poller);
}

/* --- configuration space --- */

/* All of it is read-only but emerg_wr, which may be written at any time (5.3.5.1). */
static bool con_config_early(void *dev, uint32_t offset, uint32_t len)
{
	const struct vop_console *c = dev;

	return c->has_emergency && offset == EMERG_WR && len <= sizeof(vop_le32);
}

static int con_config_write(void *dev, uint32_t offset, const void *data, uint32_t len)
{
	struct vop_console *c = dev;
	uint8_t ch;

	if (!con_config_early(dev, offset, len))
		return -EINVAL;
	memcpy(&ch, data, 1); /* the lower byte of a little-endian word */
	vop_poller_pause(c->c.poller);
	con_count(&c->emergency, 1);
	if (c->backend.emergency) {
		c->backend.emergency(c->backend.ctx, ch);
		/* An echo comes back on the port. */
		vop_poller_wake(c->c.poller, vop_console_port_poll, c->port[0]);
	}
	vop_poller_resume(c->c.poller);
	return VOP_CONFIG_TAKEN;
}

static const struct vop_dev_ops con_ops = {
	.device_id = VOP_CONSOLE_ID,
	.type = "console",
	.features_ok = con_features_ok,
	.queue_start = con_queue_start,
	.queue_stop = con_queue_stop,
	.driver_ok = con_driver_ok,
	.reset = con_reset,
	.config_write = con_config_write,
	.config_early = con_config_early,
};

void vop_console_attend(struct vop_console *c)
{
	unsigned i;

	for (i = 0; i < QUEUES_MAX; i++) {
		struct vop_dev_job *job;
		struct vop_dev_queue *q = queue_of(c, i, &job);

		if (q)
			vop_dev_queue_attend(&c->c, q, i);
	}
}

/* --- ports and size --- */

/* Change what the driver is to be told, between pause and resume. */
static void tell(struct vop_console *c)
{
	vop_poller_wake(c->c.poller, vop_console_ctrl_poll, c);
}

int vop_console_resize(struct vop_console *c, uint16_t cols, uint16_t rows)
{
	vop_le16 size[2] = {htole16(cols), htole16(rows)};

	if (!c->has_size)
		return -EINVAL;
	vop_poller_pause(c->c.poller);
	c->cols = cols;
	c->rows = rows;
	/* A port that is not ready yet is told when it is. */
	if (c->port[0]->ready) {
		c->port[0]->owed |= CON_OWED_RESIZE;
		tell(c);
	}
	vop_poller_resume(c->c.poller);
	return vop_device_config_set(c->c.d, 0, size, sizeof(size));
}

int vop_console_add_port(struct vop_console *c, unsigned port)
{
	if (port >= c->ports_max)
		return -EINVAL;
	if (c->port[port]->present)
		return -EEXIST;
	vop_poller_pause(c->c.poller);
	c->port[port]->present = true;
	/* A driver that has yet to hear that the port was pulled out hears of this after that. */
	if (c->ready && !c->port[port]->added) {
		c->port[port]->owed |= CON_OWED_ADD;
		tell(c);
	}
	vop_poller_resume(c->c.poller);
	return 0;
}

int vop_console_remove_port(struct vop_console *c, unsigned port)
{
	struct con_port *p;

	if (port >= c->ports_max)
		return -EINVAL;
	p = c->port[port];
	if (!p->present)
		return -ENOENT;
	vop_poller_pause(c->c.poller);
	p->present = false;
	/* Of a port that was never announced there is nothing to say (5.3.6.2.1). */
	p->owed = p->added ? CON_OWED_REMOVE : 0;
	if (c->multiport && c->backend.reset)
		c->backend.reset(c->backend.ctx, port);
	tell(c);
	/* Buffers that wait for the backend come back now. */
	vop_poller_wake(c->c.poller, vop_console_port_poll, p);
	vop_poller_resume(c->c.poller);
	return 0;
}

/* --- the offer --- */

static uint32_t config_size(uint64_t f)
{
	if (f >> VOP_CONSOLE_F_EMERG_WRITE & 1)
		return sizeof(struct con_config_space);
	if (f >> VOP_CONSOLE_F_MULTIPORT & 1)
		return EMERG_WR;
	if (f >> VOP_CONSOLE_F_SIZE & 1)
		return offsetof(struct con_config_space, max_nr_ports);
	return 0;
}

static struct vop_device_offer make_offer(struct vop_console *c,
					  const struct vop_console_config *cfg)
{
	uint64_t f = (1ull << VOP_CONSOLE_F_SIZE | 1ull << VOP_CONSOLE_F_MULTIPORT |
		      1ull << VOP_CONSOLE_F_EMERG_WRITE) &
		     ~cfg->features_off[0];
	bool multiport = f >> VOP_CONSOLE_F_MULTIPORT & 1;
	struct vop_device_offer o = {
		.ops = &con_ops,
		.dev = c,
		.features = {f, 0},
		.features_off = {cfg->features_off[0], cfg->features_off[1]},
		.queues = (uint16_t)(multiport ? VOP_CONSOLE_QUEUES(c->ports_max) : 2),
		.queue_size_max = cfg->queue_size_max,
		.config_size = config_size(f),
		.pool_size = cfg->pool_size,
		.notify = cfg->notify,
	};
	struct con_config_space s = {0};

	c->has_size = f >> VOP_CONSOLE_F_SIZE & 1;
	c->has_emergency = f >> VOP_CONSOLE_F_EMERG_WRITE & 1;
	/* Fields of features that are not offered are 0. */
	if (c->has_size) {
		s.cols = htole16(cfg->cols);
		s.rows = htole16(cfg->rows);
	}
	if (multiport)
		s.max_nr_ports = htole32(c->ports_max);
	memcpy(o.config, &s, o.config_size);
	return o;
}

__attribute__((format(printf, 2, 3))) static void say(struct vop_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

static bool config_ok(const struct vop_console_config *cfg, struct vop_error *err)
{
	if (cfg->ports_max < 1 || cfg->ports_max > VOP_CONSOLE_PORTS_MAX)
		say(err, "a console device has 1 to %u ports, not %u", VOP_CONSOLE_PORTS_MAX,
		    cfg->ports_max);
	else if (cfg->ports < 1 || cfg->ports > cfg->ports_max)
		say(err, "%u ports from the start are not 1 to %u", cfg->ports, cfg->ports_max);
	else if (cfg->tag && strlen(cfg->tag) > VOP_CONSOLE_TAG_MAX - 4)
		say(err, "tag '%s' is longer than %u bytes", cfg->tag, VOP_CONSOLE_TAG_MAX - 4);
	else if (!cfg->backend.tx || !cfg->poller ||
		 (cfg->backend.rx_pending && !cfg->backend.rx_take))
		say(err, "a console device needs a poller and a complete backend");
	else
		return true;
	return false;
}

static void destroy(struct vop_console *c)
{
	unsigned i;

	for (i = 0; i < VOP_CONSOLE_PORTS_MAX; i++)
		free(c->port[i]);
	free(c);
}

static struct con_port *create_port(struct vop_console *c, unsigned index, enum vop_notify notify)
{
	struct con_port *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->con = c;
	p->index = index;
	p->job = (struct vop_dev_job){
		.job = {.poll = vop_console_port_poll,
			.arm = vop_console_port_arm,
			.disarm = vop_console_port_disarm,
			.ctx = p,
			.notify = notify},
		.q = {&p->tx, &p->rx},
	};
	return p;
}

static struct vop_console *create(struct vop_device *d, const struct vop_console_config *cfg)
{
	struct vop_console *c = calloc(1, sizeof(*c));
	unsigned i;

	if (!c)
		return NULL;
	c->c = (struct vop_dev_control){.d = d, .poller = cfg->poller};
	c->backend = cfg->backend;
	c->ports_max = cfg->ports_max;
	c->cols = cfg->cols;
	c->rows = cfg->rows;
	if (cfg->tag)
		snprintf(c->tag, sizeof(c->tag), "%s", cfg->tag);
	c->ctrl = (struct vop_dev_job){
		.job = {.poll = vop_console_ctrl_poll,
			.arm = vop_console_ctrl_arm,
			.disarm = vop_console_ctrl_disarm,
			.ctx = c,
			.notify = cfg->notify},
		.q = {&c->ctrl_tx, &c->ctrl_rx},
	};
	for (i = 0; i < c->ports_max; i++) {
		c->port[i] = create_port(c, i, cfg->notify);
		if (!c->port[i]) {
			destroy(c);
			return NULL;
		}
		c->port[i]->present = i < cfg->ports;
	}
	return c;
}

struct vop_console *vop_console_open(struct vop_device *d, const struct vop_console_config *cfg,
				     struct vop_error *err)
{
	struct vop_device_offer o;
	struct vop_console *c;

	if (!config_ok(cfg, err))
		return NULL;
	c = create(d, cfg);
	if (!c) {
		say(err, "out of memory");
		return NULL;
	}
	o = make_offer(c, cfg);
	if (vop_dev_serve(d, &o, err) == 0)
		return c;
	destroy(c);
	return NULL;
}

void vop_console_close(struct vop_console *c)
{
	if (!c)
		return;
	if (c->backend.free)
		c->backend.free(c->backend.ctx);
	destroy(c);
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

void vop_console_get_stats(const struct vop_console *c, struct vop_console_stats *out)
{
	unsigned i;

	*out = (struct vop_console_stats){
		.emergency = load(&c->emergency),
		.ignored = load(&c->ignored),
		.violations = load(&c->c.violations),
		.last_violation = __atomic_load_n(&c->c.last_violation, __ATOMIC_RELAXED),
	};
	for (i = 0; i < c->ports_max; i++) {
		const struct con_count *n = &c->port[i]->count;

		out->tx_bytes += load(&n->tx_bytes);
		out->rx_bytes += load(&n->rx_bytes);
		out->rx_no_buffer += load(&n->starved);
	}
}
