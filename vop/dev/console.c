/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console device's control side (VIRTIO 1.4, 5.3): the offer, life of the queues, emergency
 * write, ports that come and go. Whatever the poller also uses changes only while it is paused.
 */
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
#define EMERG_WR offsetof(struct con_config_space, emerg_wr)
_Static_assert(VOP_CONSOLE_QUEUES(VOP_CONSOLE_PORTS_MAX) <= VOP_QUEUES_MAX,
	       "as many ports as queues allow");

/* --- queues --- */

/* Port of a queue that is no control queue. */
static struct con_port *port_of(struct vop_console *c, unsigned index)
{
	return c->port[index < 4 ? 0 : index / 2 - 1];
}

/* The queue with this number; NULL: it does not exist with what was negotiated (5.3.2). */
static struct vop_core_queue *queue_of(void *dev, unsigned index)
{
	struct vop_console *c = dev;

	if (index >= 2 && (!c->multiport || index >= VOP_CONSOLE_QUEUES(c->ports_max)))
		return NULL;
	if (index == 2 || index == 3)
		return index == 2 ? &c->ctrl_rx : &c->ctrl_tx;
	return index % 2 ? &port_of(c, index)->tx : &port_of(c, index)->rx;
}

/* Forget the buffers in hand. The control queue from the driver keeps none. */
static void forget(void *dev, unsigned index)
{
	struct vop_console *c = dev;

	if (index == 2)
		c->ctrl_held = c->ctrl_starving = false;
	else if (index != 3 && index % 2)
		port_of(c, index)->held = false;
	else if (index != 3)
		port_of(c, index)->starving = false;
}

static int update(void *dev, unsigned index)
{
	struct vop_console *c = dev;
	struct con_port *p = port_of(c, index);
	bool ctrl = index == 2 || index == 3;
	struct vop_core_queue *tx = ctrl ? &c->ctrl_tx : &p->tx, *rx = ctrl ? &c->ctrl_rx : &p->rx;
	struct vop_poller_job job = {
		.poll = ctrl ? vop_console_ctrl_poll : vop_console_port_poll,
		.arm = ctrl ? vop_console_ctrl_arm : vop_console_port_arm,
		.disarm = ctrl ? vop_console_ctrl_disarm : vop_console_port_disarm,
		.ctx = ctrl ? (void *)c : p,
		.doorbell = vop_core_kick(tx),
		.doorbell2 = vop_core_kick(rx),
		.notify = vop_core_notify(c->notify, tx, rx),
	};

	return vop_core_job(c->core.poller, &job, tx->live || rx->live,
			    ctrl ? &c->ctrl_job : &p->job);
}

static int con_queue_start(void *dev, const struct vop_queue_config *cfg)
{
	struct vop_console *c = dev;

	return vop_core_queue_start(&c->core, cfg);
}

static void con_queue_stop(void *dev, unsigned index)
{
	struct vop_console *c = dev;

	vop_core_queue_stop(&c->core, index);
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

	return vop_core_driver_ok(&c->core);
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
	vop_poller_pause(c->core.poller);
	vop_core_reset(&c->core);
	forget_driver(c);
	for (i = 0; i < c->ports_max && c->backend.reset; i++)
		c->backend.reset(c->backend.ctx, i);
	vop_poller_resume(c->core.poller);
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
	vop_poller_pause(c->core.poller);
	vop_core_count(&c->emergency, 1);
	if (c->backend.emergency) {
		c->backend.emergency(c->backend.ctx, ch);
		/* An echo comes back on the port. */
		vop_poller_wake(c->core.poller, vop_console_port_poll, c->port[0]);
	}
	vop_poller_resume(c->core.poller);
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
	vop_core_attend(&c->core);
}

/* --- ports and size --- */

/* Change what the driver is to be told, between pause and resume. */
static void tell(struct vop_console *c)
{
	vop_poller_wake(c->core.poller, vop_console_ctrl_poll, c);
}

int vop_console_resize(struct vop_console *c, uint16_t cols, uint16_t rows)
{
	vop_le16 size[2] = {htole16(cols), htole16(rows)};

	if (!c->has_size)
		return -EINVAL;
	vop_poller_pause(c->core.poller);
	c->cols = cols;
	c->rows = rows;
	/* A port that is not ready yet is told when it is. */
	if (c->port[0]->ready) {
		c->port[0]->owed |= CON_OWED_RESIZE;
		tell(c);
	}
	vop_poller_resume(c->core.poller);
	return vop_device_config_set(c->core.d, 0, size, sizeof(size));
}

int vop_console_add_port(struct vop_console *c, unsigned port)
{
	if (port >= c->ports_max)
		return -EINVAL;
	if (c->port[port]->present)
		return -EEXIST;
	vop_poller_pause(c->core.poller);
	c->port[port]->present = true;
	/* A driver that has yet to hear that the port was pulled out hears of this after that. */
	if (c->ready) {
		c->port[port]->owed |= CON_OWED_ADD;
		tell(c);
	}
	vop_poller_resume(c->core.poller);
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
	vop_poller_pause(c->core.poller);
	p->present = false;
	/* Of a port that was never announced there is nothing to say (5.3.6.2.1). */
	p->owed = p->added ? CON_OWED_REMOVE : 0;
	if (c->multiport && c->backend.reset)
		c->backend.reset(c->backend.ctx, port);
	tell(c);
	/* Buffers that wait for the backend come back now. */
	vop_poller_wake(c->core.poller, vop_console_port_poll, p);
	vop_poller_resume(c->core.poller);
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

static bool config_ok(const struct vop_console_config *cfg, struct vop_error *err)
{
	if (cfg->ports_max < 1 || cfg->ports_max > VOP_CONSOLE_PORTS_MAX)
		vop_core_error(err, "a console device has 1 to %u ports, not %u",
			       VOP_CONSOLE_PORTS_MAX, cfg->ports_max);
	else if (cfg->ports < 1 || cfg->ports > cfg->ports_max)
		vop_core_error(err, "%u ports from the start are not 1 to %u", cfg->ports,
			       cfg->ports_max);
	else if (cfg->tag && strlen(cfg->tag) > VOP_CONSOLE_TAG_MAX - 4)
		vop_core_error(err, "tag '%s' is longer than %u bytes", cfg->tag,
			       VOP_CONSOLE_TAG_MAX - 4);
	else if (cfg->queue_size_max < 1 || cfg->queue_size_max > VOP_QUEUE_SIZE_MAX)
		vop_core_error(err, "queue size %u is not 1 to %u", cfg->queue_size_max,
			       VOP_QUEUE_SIZE_MAX);
	else if (!cfg->backend.tx || !cfg->poller ||
		 (cfg->backend.rx_pending && !cfg->backend.rx_take))
		vop_core_error(err, "a console device needs a poller and a complete backend");
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

static struct con_port *create_port(struct vop_console *c, unsigned index)
{
	struct con_port *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->con = c;
	p->index = index;
	return p;
}

static struct vop_console *create(struct vop_device *d, const struct vop_console_config *cfg)
{
	struct vop_console *c = calloc(1, sizeof(*c));
	unsigned i;

	if (!c)
		return NULL;
	c->core = (struct vop_core){
		.d = d,
		.poller = cfg->poller,
		.dev = c,
		.queues_max = VOP_CONSOLE_QUEUES(cfg->ports_max),
		.queue = queue_of,
		.forget = forget,
		.update = update,
	};
	c->notify = cfg->notify;
	c->backend = cfg->backend;
	c->ports_max = cfg->ports_max;
	c->cols = cfg->cols;
	c->rows = cfg->rows;
	if (cfg->tag)
		snprintf(c->tag, sizeof(c->tag), "%s", cfg->tag);
	for (i = 0; i < c->ports_max; i++) {
		c->port[i] = create_port(c, i);
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
		vop_core_error(err, "out of memory");
		return NULL;
	}
	o = make_offer(c, cfg);
	if (vop_core_offer(&c->core, &o, "console device", err) == 0)
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

void vop_console_get_stats(const struct vop_console *c, struct vop_console_stats *out)
{
	unsigned i;

	*out = (struct vop_console_stats){
		.emergency = vop_core_load(&c->emergency),
		.ignored = vop_core_load(&c->ignored),
		.violations = vop_core_load(&c->core.violations),
		.last_violation = __atomic_load_n(&c->core.last_violation, __ATOMIC_RELAXED),
	};
	for (i = 0; i < c->ports_max; i++) {
		const struct con_count *n = &c->port[i]->count;

		out->tx_bytes += vop_core_load(&n->tx_bytes);
		out->rx_bytes += vop_core_load(&n->rx_bytes);
		out->rx_no_buffer += vop_core_load(&n->starved);
	}
}
