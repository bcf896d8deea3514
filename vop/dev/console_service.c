/* SPDX-License-Identifier: BSD-2-Clause */
/* The console device as a stand-alone node serves it (vop/service_type.h). */
#include <stdio.h>

#include "vop/dev/console.h"
#include "vop/service_type.h"

enum { BACKEND_NULL, BACKEND_ECHO };
static const char *const backends[] = {"null", "echo", NULL};

/* The order of the keys. */
enum { BACKEND, PORTS, COLS, ROWS };

static const struct vop_service_key keys[] = {
	[BACKEND] = {.name = "backend",
		     .kind = VOP_KEY_WORD,
		     .words = backends,
		     .def = BACKEND_ECHO,
		     .help = "what becomes of bytes: dropped, sent back"},
	[PORTS] = {.name = "ports",
		   .kind = VOP_KEY_NUMBER,
		   .min = 1,
		   .max = VOP_CONSOLE_PORTS_MAX,
		   .def = 1,
		   .value = "N",
		   .help = "ports"},
	[COLS] = {.name = "cols",
		  .kind = VOP_KEY_NUMBER,
		  .min = 1,
		  .max = 65535,
		  .def = 80,
		  .value = "N",
		  .help = "width of the console, characters"},
	[ROWS] = {.name = "rows",
		  .kind = VOP_KEY_NUMBER,
		  .min = 1,
		  .max = 65535,
		  .def = 25,
		  .value = "N",
		  .help = "height of the console, characters"},
	{.name = NULL},
};

static const struct vop_service_feature features[] = {
	{VOP_CONSOLE_F_SIZE, "SIZE"},
	{VOP_CONSOLE_F_MULTIPORT, "MULTIPORT"},
	{VOP_CONSOLE_F_EMERG_WRITE, "EMERG_WRITE"},
	{0, NULL},
};

static const struct vop_service_counter counters[] = {
	{"transmit", "bytes", true},
	{"receive", "bytes", true},
	{"waited for buffers", "times", false},
	{"emergency", "characters", false},
	{NULL, NULL, false},
};

static uint16_t con_queues(const struct vop_service_device *as)
{
	return (uint16_t)VOP_CONSOLE_QUEUES(as->v[PORTS].number);
}

static void *con_open(const struct vop_service_open *o, struct vop_error *err)
{
	const union vop_service_value *v = o->as->v;
	/* As many as the slot was made for; the queues say it. */
	unsigned ports = VOP_MIN(o->info->queues_max / 2u, VOP_CONSOLE_PORTS_MAX + 1);
	struct vop_console_config c = {
		.cols = (uint16_t)v[COLS].number,
		.rows = (uint16_t)v[ROWS].number,
		.tag = "vop",
		.queue_size_max = o->info->queue_size_max,
		.pool_size = o->pool_size,
		.notify = o->as->notify,
		.poller = o->poller,
	};
	struct vop_console *con;
	int r;

	/* A slot without room for control queues. */
	if (ports < 2)
		c.features_off[0] = 1ull << VOP_CONSOLE_F_MULTIPORT;
	c.ports = c.ports_max = VOP_MAX(ports, 2u) - 1;
	r = v[BACKEND].number == BACKEND_NULL ? vop_console_backend_null(&c.backend)
					      : vop_console_backend_echo(&c.backend, c.ports_max);
	if (r) {
		snprintf(err->text, sizeof(err->text), "no memory for the backend");
		return NULL;
	}
	con = vop_console_open(o->device, &c, err);
	if (!con)
		c.backend.free(c.backend.ctx);
	return con;
}

static void con_close(void *dev)
{
	vop_console_close(dev);
}

static void con_attend(void *dev)
{
	vop_console_attend(dev);
}

static void con_stats(const void *dev, struct vop_service_stats *out)
{
	struct vop_console_stats st;

	vop_console_get_stats(dev, &st);
	*out = (struct vop_service_stats){
		.count = {st.tx_bytes, st.rx_bytes, st.rx_no_buffer, st.emergency},
		.violations = st.violations,
		.last_violation = st.last_violation,
	};
}

const struct vop_service_type vop_service_console = {
	.device_id = VOP_CONSOLE_ID,
	.name = "console",
	.keys = keys,
	.counters = counters,
	.features = features,
	.queues = con_queues,
	.open = con_open,
	.close = con_close,
	.attend = con_attend,
	.stats = con_stats,
};
