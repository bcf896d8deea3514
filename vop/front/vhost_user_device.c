/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device behind a vhost-user connection: what its type calls (device_front.h), features, status
 * and configuration space. vhost-user tells less than a driver does: without the protocol feature
 * STATUS nobody says DRIVER_OK or reset. A driver is ready when its first queue starts, and new
 * when what it accepts differs or a queue begins where it never stood.
 */
#include <string.h>
#include <unistd.h>

#include "vop/front/vhost_user_internal.h"

static struct vop_vu_front *front_of(struct vop_device *d)
{
	return (struct vop_vu_front *)(void *)d;
}

static const struct vop_vu_front *front_of_const(const struct vop_device *d)
{
	return (const struct vop_vu_front *)(const void *)d;
}

/* --- for the device type --- */

static bool offer_ok(const struct vop_device_offer *o)
{
	return o->ops && o->ops->queue_start && o->ops->queue_stop && o->queues <= VOP_QUEUES_MAX &&
	       o->config_size <= VOP_CONFIG_MAX && o->notify <= VOP_NOTIFY_ADAPTIVE;
}

static int serve(struct vop_device *d, const struct vop_device_offer *offer)
{
	struct vop_vu_front *f = front_of(d);

	if (f->served)
		return -EBUSY;
	if (!offer_ok(offer))
		return -EINVAL;
	f->offer = *offer;
	f->offered = vop_front_offered(f);
	f->served = true;
	return 0;
}

/* Tell the driver that the configuration changed, or NEEDS_RESET was set (VIRTIO 1.4, 2.1.2). */
static void notify_config(struct vop_vu_front *f)
{
	struct vop_vu_msg m = {
		.h = {.request = VOP_VU_BACKEND_CONFIG_CHANGE, .flags = VOP_VU_VERSION}};

	if (!f->running || f->backend_req < 0 || !vu_has_protocol(f, VOP_VU_PF_CONFIG))
		return;
	/* Who does not read is not told: waiting would stop everything else. */
	if (vop_vu_send(f->backend_req, &m, 0) == 0)
		return;
	vop_front_say(f, VOP_SERVICE_REFUSED,
		      "the front-end takes no requests of ours: not told of changes any more");
	close(f->backend_req);
	f->backend_req = -1;
}

static bool range_ok(const struct vop_vu_front *f, uint32_t offset, uint32_t len)
{
	return len > 0 && len <= f->offer.config_size && offset <= f->offer.config_size - len;
}

static int config_set(struct vop_device *d, uint32_t offset, const void *data, uint32_t len)
{
	struct vop_vu_front *f = front_of(d);

	if (!f->served)
		return -ENODEV;
	if (!range_ok(f, offset, len))
		return -EINVAL;
	memcpy(f->offer.config + offset, data, len);
	notify_config(f);
	return 0;
}

static void violation(struct vop_device *d, unsigned q, uint32_t why)
{
	struct vop_vu_front *f = front_of(d);

	(void)why; /* the type counts it, and vop_service_watch_look() tells */
	if (!f->served || q >= f->offer.queues)
		return;
	vop_front_ring_violation(f, q);
	f->needs_reset = true;
	notify_config(f);
}

static uint8_t status_of(const struct vop_device *d)
{
	return vop_front_status(front_of_const(d));
}

static const uint64_t *features_of(const struct vop_device *d)
{
	return front_of_const(d)->accepted;
}

const struct vop_device_front vop_vu_device_front = {
	.serve = serve,
	.config_set = config_set,
	.violation = violation,
	.status = status_of,
	.features = features_of,
	.enables_queues = true,
};

/* --- features --- */

uint64_t vop_front_offered(const struct vop_vu_front *f)
{
	static const uint8_t bits[] = {VOP_F_INDIRECT_DESC, VOP_F_EVENT_IDX, VOP_F_VERSION_1,
				       VOP_F_RING_PACKED, VOP_F_IN_ORDER};
	uint64_t all[2] = {f->offer.features[0] & ~VOP_F_TRANSPORT_MASK, 0};
	unsigned i;

	for (i = 0; i < sizeof(bits); i++)
		vop_feature_set(all, bits[i]);
	return all[0] & ~f->offer.features_off[0];
}

/* What the driver accepted, without what front-end and back-end agree on between themselves. */
static int check_features(struct vop_vu_front *f)
{
	const struct vop_dev_ops *ops = f->offer.ops;

	if (!f->features_set)
		return vop_front_refuse(f, -EPERM, "no features were set yet");
	if (!vop_feature_has(f->accepted, VOP_F_VERSION_1))
		return vop_front_refuse(f, -EOPNOTSUPP,
					"the driver is a legacy one: it did not accept VERSION_1");
	if (ops->features_ok && ops->features_ok(f->offer.dev, f->accepted))
		return vop_front_refuse(f, -EOPNOTSUPP, "features 0x%llx do not go together",
					(unsigned long long)f->accepted[0]);
	f->negotiated = true;
	return 0;
}

int vop_front_set_features(struct vop_vu_front *f, uint64_t features)
{
	const uint64_t pf = 1ull << VOP_VU_F_PROTOCOL_FEATURES;
	uint64_t beyond = features & ~f->offered & ~pf;

	if (beyond)
		return vop_front_refuse(f, -EOPNOTSUPP, "features 0x%llx were not offered",
					(unsigned long long)beyond);
	/* The same again while it runs is how front-ends begin to go on after a pause. */
	if (f->negotiated && f->accepted[0] != (features & ~pf))
		vop_front_device_reset(f);
	f->accepted[0] = features & ~pf;
	f->features = features;
	f->features_set = true;
	return 0;
}

/* --- life --- */

int vop_front_device_run(struct vop_vu_front *f)
{
	const struct vop_dev_ops *ops = f->offer.ops;
	int r = 0;

	if (f->running)
		return 0;
	if (!f->negotiated)
		r = check_features(f);
	if (r)
		return r;
	/* Set before the call, since a violation may be met at once. */
	f->running = true;
	if (ops->driver_ok)
		r = ops->driver_ok(f->offer.dev);
	if (!r)
		return 0;
	f->running = false;
	return vop_front_refuse(f, r, "the device cannot start: %s", strerror(-r));
}

void vop_front_device_reset(struct vop_vu_front *f)
{
	unsigned q;

	vop_front_rings_stop(f);
	for (q = 0; q < f->offer.queues; q++) {
		struct vu_ring *r = &f->ring[q];

		r->ran = r->broken = r->exact = false;
	}
	if (f->served && f->offer.ops->reset)
		f->offer.ops->reset(f->offer.dev);
	f->negotiated = f->running = f->needs_reset = false;
	f->status = 0;
}

uint8_t vop_front_status(const struct vop_vu_front *f)
{
	uint8_t s = f->status;

	if (f->running)
		s |= VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_FEATURES_OK |
		     VOP_STATUS_DRIVER_OK;
	return (uint8_t)(s | (f->needs_reset ? VOP_STATUS_NEEDS_RESET : 0));
}

/* VIRTIO 1.4, 2.1 */
int vop_front_set_status(struct vop_vu_front *f, uint64_t status)
{
	const uint8_t known = VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_DRIVER_OK |
			      VOP_STATUS_FEATURES_OK | VOP_STATUS_FAILED;
	uint8_t want = (uint8_t)status & known;
	int r = 0;

	/* QEMU 7.2 tells FEATURES_OK of every device, and the rest of net devices alone. */
	if (want & (VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER))
		f->status_used = true;
	if (status == 0) {
		vop_front_device_reset(f);
		/* They are set up again, all of them (2.4). */
		vop_front_rings_unkick(f);
		return 0;
	}
	if (f->status & ~want)
		return vop_front_refuse(f, -EPERM, "status 0x%llx takes back bits of 0x%x",
					(unsigned long long)status, f->status);
	/* It is refused by leaving FEATURES_OK out (2.2.2). Front-ends that tell the status when
	 * all is set up leave it out themselves. */
	if ((want & VOP_STATUS_FEATURES_OK) && !f->negotiated)
		r = check_features(f);
	if (r) {
		want &= (uint8_t) ~(VOP_STATUS_FEATURES_OK | VOP_STATUS_DRIVER_OK);
		vop_front_say(f, VOP_SERVICE_REFUSED, "features are refused: %s", f->why);
	}
	f->status |= want;
	return 0;
}

/* --- configuration space --- */

int vop_front_get_config(struct vop_vu_front *f, struct vop_vu_msg *m)
{
	uint32_t offset = m->config.offset, size = m->config.size;
	uint8_t all[VOP_VU_CONFIG_MAX] = {0};

	if (size > VOP_VU_CONFIG_MAX || offset > VOP_VU_CONFIG_MAX - size)
		return vop_front_refuse(f, -EINVAL, "configuration bytes %u to %llu are not there",
					offset, (unsigned long long)offset + size);
	/* Front-ends ask for all fields there are, whatever features are offered. */
	memcpy(all, f->offer.config, f->offer.config_size);
	memcpy(m->config.data, all + offset, size);
	m->h.size = (uint32_t)offsetof(struct vop_vu_config, data) + size;
	return 0;
}

int vop_front_set_config(struct vop_vu_front *f, const struct vop_vu_msg *m)
{
	const struct vop_dev_ops *ops = f->offer.ops;
	uint32_t offset = m->config.offset, size = m->config.size;
	bool early = ops->config_early && range_ok(f, offset, size) &&
		     ops->config_early(f->offer.dev, offset, size);
	int r = -EINVAL;

	if (f->features_set && !f->negotiated && !early)
		r = check_features(f);
	if (!f->negotiated && !early)
		return r == -EINVAL ? vop_front_refuse(f, -EPERM, "no features were set yet") : r;
	r = -EINVAL;
	if (range_ok(f, offset, size) && ops->config_write)
		r = ops->config_write(f->offer.dev, offset, m->config.data, size);
	if (r < 0)
		return vop_front_refuse(
			f, r, "configuration bytes %u to %llu are not the driver's to write",
			offset, (unsigned long long)offset + size);
	if (r != VOP_CONFIG_TAKEN)
		memcpy(f->offer.config + offset, m->config.data, size);
	return 0;
}
