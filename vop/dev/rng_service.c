/* SPDX-License-Identifier: BSD-2-Clause */
/* The entropy device as a stand-alone node serves it (vop/service_type.h). */
#include "vop/dev/rng.h"
#include "vop/service_type.h"

static const struct vop_service_key keys[] = {{.name = NULL}};

static const struct vop_service_feature features[] = {{0, NULL}};

static const struct vop_service_counter counters[] = {
	{"fill", "buffers", true},
	{"with", "bytes", true},
	{"had nothing", "times", false},
	{NULL, NULL, false},
};

static uint16_t rng_queues(const struct vop_service_device *as)
{
	(void)as;
	return VOP_RNG_QUEUES;
}

static void *rng_open(const struct vop_service_open *o, struct vop_error *err)
{
	struct vop_rng_config c = {
		.queue_size_max = o->info->queue_size_max,
		.pool_size = o->pool_size,
		.notify = o->as->notify,
		.poller = o->poller,
	};

	return vop_rng_open(o->device, &c, err);
}

static void rng_close(void *dev)
{
	vop_rng_close(dev);
}

static void rng_attend(void *dev)
{
	vop_rng_attend(dev);
}

static void rng_stats(const void *dev, struct vop_service_stats *out)
{
	struct vop_rng_stats st;

	vop_rng_get_stats(dev, &st);
	*out = (struct vop_service_stats){
		.count = {st.buffers, st.bytes, st.dry},
		.violations = st.violations,
		.last_violation = st.last_violation,
	};
}

const struct vop_service_type vop_service_rng = {
	.device_id = VOP_RNG_ID,
	.name = "rng",
	.keys = keys,
	.counters = counters,
	.features = features,
	.queues = rng_queues,
	.open = rng_open,
	.close = rng_close,
	.attend = rng_attend,
	.stats = rng_stats,
};
