/* SPDX-License-Identifier: BSD-2-Clause */
/* <vop/vop.h>: the driver's side of a device. Rings lie in the driver's window. */
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <vop/features.h>
#include "vop/api_internal.h"
#include "vop/node_internal.h"

#define FAIL_MS 1000 /* for the reset of a device that broke the rules */
#define PAIR	128u /* parts of a ring start at pairs of lines: processors fetch them in pairs */
#define PAGE	4096u

/* Transport features that the ring halves here know; tables for indirect ones are not made, but a
 * driver need not use what it accepted (VIRTIO 1.4, 2.7.5.3). */
#define RING_FEATURES                                                                              \
	(1ull << VOP_F_INDIRECT_DESC | 1ull << VOP_F_EVENT_IDX | 1ull << VOP_F_RING_PACKED |       \
	 1ull << VOP_F_IN_ORDER | 1ull << VOP_F_RING_RESET)

static int patience(int timeout_ms)
{
	return timeout_ms < 0 ? INT_MAX : timeout_ms;
}

static int drivable(const struct vop_dev *d)
{
	if (d->gone)
		return -ENODEV;
	return vop_dev_is_ours(d) ? -EPERM : 0;
}

/* --- start and stop --- */

static void close_queues(struct vop_dev *d)
{
	unsigned i;

	for (i = 0; i < d->nq; i++) {
		api_unwatch(d->v, &d->q[i].call);
		if (d->q[i].open)
			vop_drvq_close(&d->q[i].vq);
		d->q[i].open = false;
	}
	d->started = false;
}

void api_driver_drop(struct vop_dev *d)
{
	close_queues(d);
}

int vop_dev_stop(struct vop_dev *d, int timeout_ms)
{
	int r = drivable(d);

	if (r || !d->started)
		return r;
	close_queues(d);
	return vop_drv_set_status(d->d, 0, NULL, patience(timeout_ms));
}

static int add_status(struct vop_dev *d, uint8_t *status, uint8_t bit, int ms)
{
	uint8_t accepted = 0;
	int r;

	*status |= bit;
	r = vop_drv_set_status(d->d, *status, &accepted, ms);
	if (r == -EOPNOTSUPP && bit == VOP_STATUS_FEATURES_OK)
		return -ENOTSUP;
	if (r)
		return r;
	return accepted & bit ? 0 : -ENOTSUP;
}

/* VIRTIO 1.4, 3.1.1, steps 1 to 6. */
static int negotiate(struct vop_dev *d, const uint64_t want[2], uint8_t *status, int ms)
{
	uint64_t offered[2];
	int r = vop_drv_wait_ready(d->d, ms);

	if (!r)
		r = vop_drv_offered(d->d, offered);
	if (!r)
		r = vop_drv_set_status(d->d, 0, NULL, ms);
	if (!r)
		r = add_status(d, status, VOP_STATUS_ACKNOWLEDGE, ms);
	if (!r)
		r = add_status(d, status, VOP_STATUS_DRIVER, ms);
	if (r)
		return r;
	d->features[0] = want[0] & (~VOP_F_TRANSPORT_MASK | RING_FEATURES);
	d->features[1] = want[1];
	vop_feature_set(d->features, VOP_F_VERSION_1);
	vop_feature_set(d->features, VOP_F_ACCESS_PLATFORM);
	vop_feature_set(d->features, VOP_F_ORDER_PLATFORM);
	d->features[0] &= offered[0];
	d->features[1] &= offered[1];
	r = vop_drv_set_features(d->d, d->features, ms);
	return r ? r : add_status(d, status, VOP_STATUS_FEATURES_OK, ms);
}

/* One piece for all three parts, freed by the next reset. */
static int alloc_ring(struct vop_dev *d, struct vop_queue_config *c)
{
	size_t desc = vop_align_up(vop_split_desc_size(c->size), PAIR);
	size_t driver =
		vop_align_up(c->packed ? sizeof(vop_le32) : vop_split_avail_size(c->size), PAIR);
	size_t device = c->packed ? sizeof(vop_le32) : vop_split_used_size(c->size);
	uint64_t bus;

	if (!vop_drv_alloc(d->d, VOP_AT_DRIVER, desc + driver + device, PAGE, &bus))
		return -ENOMEM;
	c->desc_bus = bus;
	c->driver_bus = bus + desc;
	c->device_bus = bus + desc + driver;
	return 0;
}

static int choose_size(unsigned asked, uint16_t max, bool packed, uint16_t *size)
{
	if (max == 0 || asked > max || (asked && !packed && (asked & (asked - 1))))
		return -EINVAL;
	if (!asked)
		for (asked = max; !packed && (asked & (asked - 1));)
			asked &= asked - 1;
	*size = (uint16_t)asked;
	return 0;
}

static int open_queue(struct vop_dev *d, unsigned index, unsigned size, int ms)
{
	struct vop_queue *q = &d->q[index];
	struct vop_queue_config *c = &q->cfg;
	bool polls;
	int r;

	*c = (struct vop_queue_config){
		.index = (uint16_t)index,
		.packed = vop_feature_has(d->features, VOP_F_RING_PACKED),
		.ring_placement = VOP_RING_DRIVER,
		.payload_placement = VOP_PAYLOAD_PULL,
	};
	r = choose_size(size, vop_drv_queue_size_max(d->d, index), c->packed, &c->size);
	if (!r)
		r = alloc_ring(d, c);
	if (!r)
		r = vop_drv_queue_setup(d->d, c, VOP_NOTIFY_EVENT, ms);
	if (r)
		return r;
	polls = c->kick->kind == VOP_DB_NONE;
	r = vop_drvq_open(&q->vq, c, vop_ring_features(d->features, polls), NULL, 0, 0);
	if (r)
		return r;
	q->open = true;
	return api_watch(d->v, &q->call, c->call);
}

static int start(struct vop_dev *d, const uint64_t want[2], unsigned size, int ms)
{
	uint8_t status = 0;
	unsigned i;
	int r = negotiate(d, want, &status, ms);

	if (!r && d->nq > vop_drv_queue_count(d->d))
		r = -EINVAL;
	for (i = 0; i < d->nq && !r; i++)
		r = open_queue(d, i, size, ms);
	if (!r)
		r = add_status(d, &status, VOP_STATUS_DRIVER_OK, ms);
	if (!r) {
		d->started = true;
		return 0;
	}
	close_queues(d);
	/* FAILED says that the driver gave up (2.1); the reset gives the rings' memory back. */
	if (!d->gone && !vop_drv_set_status(d->d, status | VOP_STATUS_FAILED, NULL, ms))
		vop_drv_set_status(d->d, 0, NULL, ms);
	return d->gone ? -ENODEV : r;
}

int vop_dev_offered(struct vop_dev *d, uint64_t features[2], int timeout_ms)
{
	int r = drivable(d);

	if (!r)
		r = vop_drv_wait_ready(d->d, patience(timeout_ms));
	return r ? r : vop_drv_offered(d->d, features);
}

int vop_dev_start(struct vop_dev *d, const uint64_t want[2], unsigned queues, unsigned size,
		  int timeout_ms)
{
	struct vop_queue *q;
	unsigned i;
	int r = drivable(d);

	if (r)
		return r;
	if (d->started)
		return -EBUSY;
	if (queues > VOP_QUEUES_MAX || size > VOP_QUEUE_SIZE_MAX)
		return -EINVAL;
	q = calloc(VOP_MAX(queues, 1u), sizeof(*q));
	if (!q)
		return -ENOMEM;
	for (i = 0; i < queues; i++)
		q[i].dev = d;
	free(d->q);
	d->q = q;
	d->nq = queues;
	return start(d, want, size, patience(timeout_ms));
}

int vop_dev_config_read(struct vop_dev *d, uint32_t offset, void *dst, uint32_t len)
{
	int r = drivable(d);

	return r ? r : vop_drv_config_read(d->d, offset, dst, len, NULL);
}

int vop_dev_config_write(struct vop_dev *d, uint32_t offset, const void *src, uint32_t len,
			 int timeout_ms)
{
	int r = drivable(d);

	return r ? r : vop_drv_config_write(d->d, offset, src, len, patience(timeout_ms));
}

/* --- memory --- */

void *vop_alloc(struct vop *v, size_t size)
{
	uint64_t bus;

	return vop_node_alloc(v->n, size, PAIR, &bus);
}

void vop_free(struct vop *v, void *p, size_t size)
{
	const struct vop_window_info *w = &vop_node_link(v->n)->own;

	if (p)
		vop_node_free(v->n, w->base + (uint64_t)((uint8_t *)p - w->map), size);
}

/* Bus address of a segment; false: not memory of the window behind the device page. */
static bool bus_of(const struct vop_window_info *w, const struct iovec *s, struct vop_buf *out)
{
	uintptr_t off = (uintptr_t)s->iov_base - (uintptr_t)w->map;

	if (off < VOP_PAGE_SIZE || off >= w->size || s->iov_len > w->size - off ||
	    s->iov_len > UINT32_MAX)
		return false;
	*out = (struct vop_buf){.addr = w->base + off, .len = (uint32_t)s->iov_len};
	return true;
}

/* --- queues --- */

struct vop_queue *vop_dev_queue(struct vop_dev *d, unsigned index)
{
	return !d->gone && d->started && index < d->nq ? &d->q[index] : NULL;
}

static int usable(const struct vop_queue *q)
{
	if (q->dev->gone)
		return -ENODEV;
	return q->open ? 0 : -ENOTCONN;
}

int vop_queue_add(struct vop_queue *q, const struct iovec *segments, unsigned out, unsigned in,
		  uint32_t cookie)
{
	struct vop_buf b[VOP_SEGMENTS_MAX];
	unsigned i;
	int r = usable(q);

	if (r)
		return r;
	if (out > VOP_SEGMENTS_MAX || in > VOP_SEGMENTS_MAX - out || out + in > q->cfg.size)
		return -EINVAL;
	for (i = 0; i < out + in; i++)
		if (!bus_of(&vop_node_link(q->dev->v->n)->own, &segments[i], &b[i]))
			return -EFAULT;
	r = vop_drvq_add_chain(&q->vq, b, out, in, cookie);
	return r == -EIO ? -EPROTO : r;
}

int vop_queue_publish(struct vop_queue *q)
{
	int r = usable(q);

	if (r)
		return r;
	if (!vop_drvq_publish(&q->vq))
		return 0;
	VOP_MEM_FLUSH();
	r = vop_doorbell_ring(q->cfg.kick);
	return r == -EPIPE ? 0 : r; /* a peer that is gone is told of by vop_service() */
}

/* A driver's answer to a violation: FAILED, reset (VOP-81). */
static int fail(struct vop_dev *d)
{
	uint8_t status = vop_drv_get_status(d->d) & (uint8_t)~VOP_STATUS_NEEDS_RESET;

	close_queues(d);
	if (!vop_drv_set_status(d->d, status | VOP_STATUS_FAILED, NULL, FAIL_MS))
		vop_drv_set_status(d->d, 0, NULL, FAIL_MS);
	return -EPROTO;
}

int vop_queue_get(struct vop_queue *q, uint32_t *cookie, uint32_t *written, unsigned max)
{
	struct vop_done done[64];
	unsigned total = 0;
	int r = usable(q);

	if (r)
		return r;
	while (total < max) {
		unsigned want = VOP_MIN(max - total, (unsigned)VOP_ARRAY_SIZE(done));
		unsigned i, n = vop_drvq_get(&q->vq, done, want);

		for (i = 0; i < n; i++) {
			if (cookie)
				cookie[total + i] = done[i].cookie;
			if (written)
				written[total + i] = done[i].len;
		}
		total += n;
		if (n < want)
			break;
	}
	/* What came before the violation is good; the next call tells of it. */
	if (total == 0 && vop_drvq_broken(&q->vq))
		return fail(q->dev);
	return (int)total;
}

int vop_queue_arm(struct vop_queue *q)
{
	int r = usable(q);

	if (r)
		return r;
	/* A broken queue has something to say, too. */
	return vop_drvq_arm(&q->vq) || vop_drvq_broken(&q->vq);
}

int vop_queue_wait(struct vop_queue *q, int timeout_ms)
{
	struct vop *v = q->dev->v;
	int64_t end = vop_now_ms() + patience(timeout_ms);

	for (;;) {
		int64_t left = end - vop_now_ms();
		int r = v->serving ? -EBUSY : vop_queue_arm(q);

		if (r || left <= 0)
			return r;
		r = vop_wait(v, (int)left);
		if (r < 0)
			return r;
	}
}
