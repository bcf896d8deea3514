/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocol vhost-user itself, a correct front-end (QEMU, docs/interop/vhost-user.rst; cited by
 * the titles of its sections). What the driver's side does anyway is not repeated here: every other
 * check over vhost-user negotiates, hands over memory and starts rings. vhost_user_ring.c holds
 * what concerns one ring.
 */
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"
#include "conformance/vu.h"

/* --- features --- */

static void stable(struct conf *c)
{
	uint64_t f, protocol, agreed, was[2], now;
	unsigned i;

	vu_terms(c, &f, &protocol, &agreed);
	was[0] = f;
	was[1] = protocol;
	for (i = 0; i < 3; i++) {
		if (i == 1)
			conf_start(c, 0);
		if (i == 2)
			conf_serve(c, 2);
		now = vu_number(c, VOP_VU_GET_FEATURES);
		CONF_EXPECT(c, now == was[0], "GET_FEATURES answered %#llx, and now %#llx",
			    (unsigned long long)was[0], (unsigned long long)now);
		if (!(f >> VOP_VU_F_PROTOCOL_FEATURES & 1))
			continue;
		now = vu_number(c, VOP_VU_GET_PROTOCOL_FEATURES);
		CONF_EXPECT(c, now == was[1], "GET_PROTOCOL_FEATURES answered %#llx, and now %#llx",
			    (unsigned long long)was[1], (unsigned long long)now);
	}
	conf_serve(c, 2);
}

/* What needs a channel or an acknowledgement is not offered without it. */
static void dependent(struct conf *c)
{
	uint64_t f, p, agreed;

	vu_terms(c, &f, &p, &agreed);
	if (!(f >> VOP_VU_F_PROTOCOL_FEATURES & 1))
		conf_skip(c, "the back-end has no protocol features");
	CONF_EXPECT(c,
		    !(p >> VOP_VU_PF_INBAND_NOTIFICATIONS & 1) ||
			    (p >> VOP_VU_PF_BACKEND_REQ & 1 && p >> VOP_VU_PF_REPLY_ACK & 1),
		    "INBAND_NOTIFICATIONS is offered without BACKEND_REQ and REPLY_ACK");
	CONF_EXPECT(c, !(p >> VOP_VU_PF_BACKEND_SEND_FD & 1) || p >> VOP_VU_PF_BACKEND_REQ & 1,
		    "BACKEND_SEND_FD is offered without BACKEND_REQ");
}

/* --- REPLY_ACK --- */

static void acknowledged(struct conf *c)
{
	unsigned q = conf_lane(c)->queue, i;
	struct vop_vu_msg m[] = {
		vu_msg_state(VOP_VU_SET_VRING_NUM, q, 8),
		vu_msg_state(VOP_VU_SET_VRING_BASE, q, conf_packed(c) ? 0x80008000u : 0),
		vu_msg_state(VOP_VU_SET_VRING_ENABLE, q, 0),
		vu_msg_u64(VOP_VU_SET_VRING_CALL, q | VOP_VU_RING_NOFD),
		vu_msg_u64(VOP_VU_SET_VRING_ERR, q | VOP_VU_RING_NOFD),
	};

	vu_need(c, VOP_VU_PF_REPLY_ACK);
	conf_negotiate(c);
	for (i = 0; i < VOP_ARRAY_SIZE(m); i++) {
		struct vop_vu_msg a;

		m[i].h.flags |= VOP_VU_NEED_REPLY;
		vu_call(c, &m[i], &a);
		CONF_EXPECT(c, a.h.size == 8,
			    "the answer to %s with need_reply has %u bytes, not 8",
			    vop_vu_name(m[i].h.request, VOP_VU_FROM_FRONT), a.h.size);
		CONF_EXPECT(c, a.u64 == 0, "a legal %s was answered with %llu",
			    vop_vu_name(m[i].h.request, VOP_VU_FROM_FRONT),
			    (unsigned long long)a.u64);
	}
	conf_serve_again(c);
}

/* No answer where none was asked for: the next one would be taken for another's. */
static void unasked(struct conf *c)
{
	unsigned q = conf_lane(c)->queue;
	struct vop_vu_msg m = vu_msg_state(VOP_VU_SET_VRING_NUM, q, 8);
	struct vop_vu_msg e = vu_msg_state(VOP_VU_SET_VRING_ENABLE, q, 0);
	unsigned i;

	conf_negotiate(c);
	for (i = 0; i < 3; i++) {
		vu_call(c, &m, NULL);
		if (conf_has_offer(c, VOP_F_VERSION_1) && i == 1)
			vu_call(c, &e, NULL);
		vu_number(c, VOP_VU_GET_FEATURES);
	}
	conf_serve_again(c);
}

static void refused(struct conf *c)
{
	uint64_t f, p, agreed, odd = 0;
	struct vop_vu_msg m, a;
	unsigned bit;

	vu_need(c, VOP_VU_PF_REPLY_ACK);
	vu_terms(c, &f, &p, &agreed);
	for (bit = 63; bit > 33 && !odd; bit--)
		odd = f >> bit & 1 ? 0 : 1ull << bit;
	m = vu_msg_u64(VOP_VU_SET_FEATURES, f | odd);
	m.h.flags |= VOP_VU_NEED_REPLY;
	vu_call(c, &m, &a);
	/* The protocol leaves it open what becomes of such a bit; who is told of success relies on
	 * it. */
	if (a.u64 == 0)
		conf_warn(c,
			  "SET_FEATURES with %#llx, which was not offered, was answered with 0: "
			  "success",
			  (unsigned long long)odd);
}

/* --- memory --- */

static void table_again(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		conf_negotiate(c);
		vu_give_memory(c, 0);
		conf_start_on(c, 0);
		conf_serve(c, 4);
	}
}

/* Another one: who keeps the first finds nothing where the buffer is. */
static void table_other(struct conf *c)
{
	uint64_t further;
	struct cbuf *b;
	uint32_t i;

	conf_negotiate(c);
	further = vu_give_memory_twice(c);
	conf_start_on(c, 0);
	conf_serve(c, 2);
	b = conf_probe(c, 0);
	for (i = 0; i < b->n; i++)
		cbuf_seg(b, i)->bus += further;
	conf_submit(c, b);
	conf_finish(c, b);
	conf_serve(c, 2);
}

/* Adjacent for the guest, far apart for the front-end. */
static void crossing(struct conf *c)
{
	const uint64_t first = 1u << 20;
	struct vop_vu_region whole;
	struct cbuf *b;
	uint64_t bus;
	uint8_t *p;
	uint32_t i, n;

	if (!conf_lane(c)->reads)
		conf_skip(c, "this lane sends nothing");
	conf_negotiate(c);
	whole = vu_give_memory(c, first);
	conf_start_on(c, 0);
	conf_serve(c, 2);
	p = cmem_alloc(c, 2 * first, 4096, &bus, "memory across two regions");
	if (bus >= whole.guest + first || bus + 2 * first <= whole.guest + first)
		conf_error(c, "the memory does not lie across the edge");
	b = conf_probe(c, 2);
	for (i = 0; i < b->n; i++) {
		struct cseg *s = cbuf_seg(b, i);

		if (s->write || s->len < 2)
			continue;
		n = s->len / 2;
		cmem_put(c, p + (whole.guest + first - bus) - n, s->p, s->len);
		s->p = p + (whole.guest + first - bus) - n;
		s->bus = whole.guest + first - n;
		break;
	}
	if (i == b->n)
		conf_skip(c, "no piece of a request of this lane can be cut in two");
	conf_submit(c, b);
	conf_finish(c, b);
	conf_serve(c, 2);
}

static void slots(struct conf *c)
{
	uint64_t n;

	vu_need(c, VOP_VU_PF_CONFIGURE_MEM_SLOTS);
	n = vu_number(c, VOP_VU_GET_MAX_MEM_SLOTS);
	CONF_EXPECT(c, n >= 1, "GET_MAX_MEM_SLOTS answered %llu", (unsigned long long)n);
	conf_serve_again(c);
}

/* A region more, and less, while the device runs. */
static void slot_added(struct conf *c)
{
	struct vop_vu_msg m;
	unsigned i;

	vu_need(c, VOP_VU_PF_CONFIGURE_MEM_SLOTS);
	if (vu_number(c, VOP_VU_GET_MAX_MEM_SLOTS) < 2)
		conf_skip(c, "the back-end has one memory slot");
	conf_start(c, 0);
	for (i = 0; i < 4; i++) {
		conf_serve(c, 2);
		m = vu_spare_region(c, VOP_VU_ADD_MEM_REG);
		vu_do(c, &m);
		conf_serve(c, 2);
		m = vu_spare_region(c, VOP_VU_REM_MEM_REG);
		vu_do(c, &m);
	}
	conf_serve(c, 4);
}

/* --- configuration, status, reset, queues, in flight --- */

static void config_offset(struct conf *c)
{
	uint8_t whole[64];
	uint32_t size, i;

	vu_need(c, VOP_VU_PF_CONFIG);
	size = steps_config(c, whole, sizeof(whole));
	if (size < 2)
		conf_skip(c, "the configuration space is too small");
	for (i = 1; i < size; i += 3) {
		uint32_t len = VOP_MIN(size - i, 4u);
		struct vop_vu_msg m = {.h = {.request = VOP_VU_GET_CONFIG,
					     .flags = VOP_VU_VERSION,
					     .size = 12 + len},
				       .config = {.offset = i, .size = len}},
				  a;

		vu_call(c, &m, &a);
		CONF_EXPECT(c, a.h.size >= 12 + len && a.config.size == len,
			    "GET_CONFIG of %u bytes at %u was answered with %u bytes", len, i,
			    a.h.size ? a.config.size : 0);
		CONF_EXPECT(c, memcmp(a.config.data, whole + i, len) == 0,
			    "GET_CONFIG of %u bytes at %u answers other bytes than are there when "
			    "all is read from 0",
			    len, i);
	}
}

static void status_kept(struct conf *c)
{
	static const uint8_t step[] = {STEP_ACK, STEP_DRIVER, STEP_FEATURES_OK, 0};
	unsigned i;

	vu_need(c, VOP_VU_PF_STATUS);
	for (i = 0; i < VOP_ARRAY_SIZE(step); i++) {
		struct vop_vu_msg m = vu_msg_u64(VOP_VU_SET_STATUS, step[i]);
		uint64_t s;

		if (step[i] == STEP_FEATURES_OK) {
			conf_negotiate(c);
		} else {
			vu_do(c, &m);
		}
		s = vu_number(c, VOP_VU_GET_STATUS);
		CONF_EXPECT(c, s == step[i], "the status was set to %#x, and GET_STATUS says %#llx",
			    step[i], (unsigned long long)s);
	}
}

static void device_reset(struct conf *c)
{
	struct vop_vu_msg m = {
		.h = {.request = VOP_VU_RESET_DEVICE, .flags = VOP_VU_VERSION, .size = 0}};
	struct cring *r;
	struct cbuf *b;

	vu_need(c, VOP_VU_PF_RESET_DEVICE);
	conf_start(c, 0);
	r = conf_ring(c);
	conf_serve(c, 3);
	b = conf_probe(c, 0);
	vu_do(c, &m);
	cring_called(r);
	cring_add(r, b);
	cring_publish(r);
	steps_close_ring(c, r);
	steps_close(c, b);
	cring_kick_always(r);
	conf_settle(c);
	steps_expect_unused(c, r, "after RESET_DEVICE");
}

static void queue_num(struct conf *c)
{
	uint64_t n, least = conf_target(c)->device_id == 1 ? 1 : conf_lane(c)->queue + 1u;

	vu_need(c, VOP_VU_PF_MQ);
	n = vu_number(c, VOP_VU_GET_QUEUE_NUM);
	CONF_EXPECT(c, n >= least && n <= 0x8000, "GET_QUEUE_NUM answered %llu",
		    (unsigned long long)n);
	conf_start(c, 0);
	CONF_EXPECT(c, vu_number(c, VOP_VU_GET_QUEUE_NUM) == n, "GET_QUEUE_NUM changed its mind");
	conf_serve(c, 1);
}

static void inflight(struct conf *c)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_GET_INFLIGHT_FD,
				     .flags = VOP_VU_VERSION,
				     .size = 20},
			       .inflight = {.num_queues = 1, .queue_size = 128}},
			  a;
	unsigned fds;
	off_t size = 0;

	vu_need(c, VOP_VU_PF_INFLIGHT_SHMFD);
	conf_negotiate(c);
	vu_call(c, &m, &a);
	fds = a.fds;
	if (fds)
		size = lseek(a.fd[0], 0, SEEK_END);
	vop_vu_close_fds(&a);
	CONF_EXPECT(c, a.inflight.mmap_size > 0 && fds == 1,
		    "GET_INFLIGHT_FD answered with %llu bytes and %u descriptors",
		    (unsigned long long)a.inflight.mmap_size, fds);
	CONF_EXPECT(c, size >= 0 && (uint64_t)size >= a.inflight.mmap_size + a.inflight.mmap_offset,
		    "the file behind GET_INFLIGHT_FD has %lld bytes, fewer than the answer says",
		    (long long)size);
	conf_serve_again(c);
}

static void reconnected(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		conf_start(c, 0);
		conf_serve(c, 2);
		conf_reconnect(c);
	}
	conf_start(c, 0);
	conf_serve(c, 2);
}

static const struct conf_check checks[] = {
	{"vhost-user/features/stable", "features are the same at any time",
	 RST("front-end-message-types"), CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, VU, .run = stable},
	{"vhost-user/features/dependent", "no protocol feature is offered without what it needs",
	 RST("in-band-notifications"), CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, VU, .run = dependent},
	{"vhost-user/reply-ack/legal", "a legal request with need_reply is answered with 0",
	 RST("reply-ack"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .lane = CONF_FIRST_LANE, VU,
	 .run = acknowledged},
	{"vhost-user/reply-ack/unasked", "a request without need_reply is not answered",
	 RST("communication"), CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, VU, .run = unasked},
	{"vhost-user/reply-ack/refused", "features that were not offered are refused",
	 RST("reply-ack"), CONF_TEXT, CONF_ROBUSTNESS, CONF_ANY, VU, .run = refused},
	{"vhost-user/memory/table-again", "a memory table may be sent again",
	 RST("front-end-message-types"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH,
	 .lane = CONF_FIRST_LANE, VU, .run = table_again},
	{"vhost-user/memory/table-other", "a memory table takes the place of the one before",
	 RST("front-end-message-types"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU,
	 .run = table_other},
	{"vhost-user/memory/crossing", "a buffer may lie across two adjacent regions",
	 RST("memory-regions-description"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU,
	 .run = crossing},
	{"vhost-user/memory/slots", "there is a memory slot at least",
	 RST("front-end-message-types"), CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, VU, .run = slots},
	{"vhost-user/memory/slot-added", "regions come and go while the device runs",
	 RST("front-end-message-types"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH,
	 .lane = CONF_FIRST_LANE, VU, .run = slot_added},
	{"vhost-user/config/offset", "GET_CONFIG begins at the offset it was given",
	 RST("virtio-device-config-space"), CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, VU,
	 .run = config_offset},
	{"vhost-user/status/kept", "GET_STATUS answers what SET_STATUS said",
	 RST("front-end-message-types"), CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, VU,
	 .run = status_kept},
	{"vhost-user/reset-device", "rings rest after RESET_DEVICE", RST("front-end-message-types"),
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU, .run = device_reset},
	{"vhost-user/queue-num", "GET_QUEUE_NUM answers a number that makes sense",
	 RST("multiple-queue-support"), CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, VU,
	 .run = queue_num},
	{"vhost-user/inflight", "GET_INFLIGHT_FD answers with a file as large as it says",
	 RST("inflight-i-o-tracking"), CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, VU, .run = inflight},
	{"vhost-user/reconnect", "a front-end that goes may come again", RST("communication"),
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, .lane = CONF_FIRST_LANE, VU, .run = reconnected},
};
CONF_SECTION(conf_section_vhost_user, "vhost-user", "The protocol vhost-user", checks);
