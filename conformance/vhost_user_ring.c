/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocol vhost-user itself, rings: stopped and started again, enabled, called, set up in any
 * order (QEMU, docs/interop/vhost-user.rst; cited by the titles of its sections).
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

/* The index of the next buffer the device looks at, as the driver knows it. */
static void expect_base(struct conf *c, struct cring *r, uint32_t base)
{
	if (!r->packed) {
		CONF_EXPECT(c, base == r->avail_idx,
			    "GET_VRING_BASE answered %u; %u buffers were made available and used",
			    base, r->avail_idx);
		return;
	}
	/* The upper half, where the used side stands, is left out by some: not judged. */
	CONF_EXPECT(c, (base & 0x7fff) == r->next && (base >> 15 & 1) == r->wrap,
		    "GET_VRING_BASE answered index %u, wrap counter %u; the driver is at %u, %u",
		    base & 0x7fff, base >> 15 & 1, r->next, r->wrap);
}

static void base(struct conf *c)
{
	unsigned n;

	for (n = 0; n < 40; n += 13) {
		conf_start(c, 16);
		conf_serve(c, n);
		expect_base(c, conf_ring(c), vu_stop(c, conf_ring(c)->index));
	}
}

static void stopped(struct conf *c)
{
	struct cbuf *b[3];
	struct cring *r;
	unsigned i;

	conf_start(c, 0);
	r = conf_ring(c);
	conf_serve(c, 3);
	for (i = 0; i < VOP_ARRAY_SIZE(b); i++)
		b[i] = conf_probe(c, 0);
	vu_stop(c, r->index);
	cring_called(r);
	steps_close_ring(c, r);
	for (i = 0; i < VOP_ARRAY_SIZE(b); i++) {
		cring_add(r, b[i]);
		cring_publish(r);
		steps_close_ring(c, r);
		steps_close(c, b[i]);
		cring_kick_always(r);
		conf_settle(c);
	}
	steps_expect_unused(c, r, "after GET_VRING_BASE");
}

static uint32_t both_halves(const struct cring *r, uint32_t at)
{
	return r->packed ? (at & 0xffff) | (at & 0xffff) << 16 : at;
}

/* A front-end that migrates, or pauses its guest, does this. */
static void resumed(struct conf *c)
{
	struct cring *r;
	unsigned i;
	int e;

	conf_start(c, 8);
	r = conf_ring(c);
	for (i = 0; i < 12; i++) {
		uint32_t at;

		conf_serve(c, 1 + i % 5);
		at = vu_stop(c, r->index);
		e = target_vhost_user_again(conf_target(c), r->index, both_halves(r, at));
		CONF_EXPECT(c, e == 0,
			    "a ring that was stopped at %#x is not started there again: %s", at,
			    strerror(-e));
		/* Once more there and back: one that answers first and starts then is ready too. */
		vu_number(c, VOP_VU_GET_FEATURES);
		cring_called(r);
	}
	conf_serve(c, 12);
}

/* Buffers published while it is stopped are served once it runs. */
static void resumed_with_work(struct conf *c)
{
	struct cring *r;
	struct cbuf *b;
	uint32_t at;
	unsigned i;

	conf_start(c, 8);
	r = conf_ring(c);
	for (i = 0; i < 6; i++) {
		conf_serve(c, 2);
		at = vu_stop(c, r->index);
		b = conf_probe(c, 0);
		cring_add(r, b);
		cring_publish(r);
		if (target_vhost_user_again(conf_target(c), r->index, both_halves(r, at)))
			conf_fail(c, "a ring that was stopped at %#x is not started again", at);
		vu_number(c, VOP_VU_GET_FEATURES);
		cring_called(r);
		cring_kick_always(r);
		if (conf_lane(c)->trigger)
			conf_lane(c)->trigger(c, b);
		conf_finish(c, b);
	}
}

static void enable(struct conf *c, unsigned q, uint32_t on)
{
	struct vop_vu_msg m = vu_msg_state(VOP_VU_SET_VRING_ENABLE, q, on);

	vu_do(c, &m);
}

/* A ring that has served and is disabled now. */
static struct cring *disabled(struct conf *c)
{
	struct cring *r;

	vu_need_protocol(c);
	conf_start(c, 0);
	r = conf_ring(c);
	conf_serve(c, 3);
	enable(c, r->index, 0);
	return r;
}

/* Receive: "must not supply any new RX packets". */
static void disabled_rx(struct conf *c)
{
	struct cring *r = disabled(c);
	struct cbuf *b;

	cring_called(r);
	b = conf_probe(c, 0);
	conf_submit(c, b);
	conf_settle(c);
	CONF_EXPECT(c, !cring_take(r), "a disabled receive ring was supplied with a frame");
	enable(c, r->index, 1);
	/* That frame may be lost, or come: other ones must. */
	conf_settle(c);
}

/* Transmit: "must process and discard any TX packets". */
static void disabled_tx(struct conf *c)
{
	struct cring *r = disabled(c);
	struct cbuf *b;

	r->may_be_quiet = true;
	b = conf_probe(c, 0);
	cring_add(r, b);
	cring_publish(r);
	cring_kick_always(r);
	CONF_EXPECT(c, cring_wait_maybe(r, b),
		    "a frame in a transmit ring that is started and disabled is not used: it must "
		    "be processed and discarded");
}

static void enabled_again(struct conf *c)
{
	unsigned i, q = conf_lane(c)->queue;

	vu_need_protocol(c);
	conf_start(c, 0);
	for (i = 0; i < 8; i++) {
		conf_serve(c, 2);
		enable(c, q, 0);
		enable(c, q, 1);
		enable(c, q, 1);
	}
	conf_serve(c, 4);
}

/* --- call descriptors --- */

static bool rang(struct conf *c, void *arg)
{
	uint64_t n;

	(void)c;
	return read(*(int *)arg, &n, sizeof(n)) == (ssize_t)sizeof(n);
}

/* A front-end changes it when the guest masks an interrupt. */
static void call_replaced(struct conf *c)
{
	struct vop_vu_msg m = vu_msg_u64(VOP_VU_SET_VRING_CALL, conf_lane(c)->queue);
	struct cring *r;
	struct cbuf *b;
	bool came;
	int fd;

	conf_start(c, 0);
	r = conf_ring(c);
	conf_serve(c, 3);
	fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0)
		conf_error(c, "no eventfd");
	m.fd[0] = vu_keep_fd(c, fd);
	m.fds = 1;
	vu_do(c, &m);
	while (rang(c, &fd))
		; /* it may be written when it is set */
	r->may_be_quiet = true;
	cring_called(r);
	b = conf_probe(c, 0);
	conf_submit(c, b);
	conf_finish(c, b);
	came = conf_wait(c, rang, &fd);
	CONF_EXPECT(c, came,
		    "a buffer was used after the call descriptor was replaced, and the "
		    "new one was not written");
	CONF_EXPECT(c, !cring_called(r), "the call descriptor that was replaced was written");
}

/* Bit 8: the front-end polls. */
static void call_none(struct conf *c)
{
	struct vop_vu_msg m =
		vu_msg_u64(VOP_VU_SET_VRING_CALL, conf_lane(c)->queue | VOP_VU_RING_NOFD);
	unsigned i;

	conf_start(c, 0);
	conf_serve(c, 3);
	vu_do(c, &m);
	for (i = 0; i < 5; i++) {
		struct cbuf *b = conf_probe(c, 0);

		conf_ring(c)->may_be_quiet = true;
		conf_submit(c, b);
		conf_finish(c, b);
	}
}

/* --- order of the set-up --- */

static void order(struct conf *c)
{
	unsigned q = conf_lane(c)->queue, turn;

	vu_need_protocol(c);
	for (turn = 0; turn < 3; turn++) {
		struct vop_vu_msg call = vu_msg_u64(VOP_VU_SET_VRING_CALL, q | VOP_VU_RING_NOFD);

		conf_negotiate(c);
		/* Enabled before it is described; asked about before it was ever started. */
		if (turn == 1)
			enable(c, q, 1);
		if (turn == 2)
			vu_do(c, &call);
		conf_start_on(c, 0);
		conf_serve(c, 4);
	}
}

static const struct conf_check checks[] = {
	{"vhost-user/base/answer", "GET_VRING_BASE tells where the ring stands",
	 RST("vring-state-description"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU, .run = base},
	{"vhost-user/base/stops", "a ring rests once GET_VRING_BASE is answered",
	 RST("ring-states"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU, .run = stopped},
	{"vhost-user/base/resumes", "a ring started at the base it gave goes on without loss",
	 RST("ring-states"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU, .run = resumed},
	{"vhost-user/base/resumes-with-work", "what came while it was stopped is served afterwards",
	 RST("ring-states"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU, .run = resumed_with_work},
	{"vhost-user/enable/rx-rests", "a disabled receive ring is supplied with nothing",
	 RST("ring-states"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, 1, "net/rx", VU,
	 .run = disabled_rx},
	{"vhost-user/enable/tx-discards", "frames in a disabled transmit ring are discarded",
	 RST("ring-states"), CONF_SHOULD, CONF_CONFORMANCE, CONF_BOTH, 1, "net/tx", VU,
	 .run = disabled_tx},
	{"vhost-user/enable/again", "a ring that is disabled and enabled goes on",
	 RST("ring-states"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU, .run = enabled_again},
	{"vhost-user/call/replaced", "calls come on the descriptor that was set last",
	 RST("ring-states"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU, .run = call_replaced},
	{"vhost-user/call/none", "a ring without a call descriptor is served",
	 RST("front-end-message-types"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU,
	 .run = call_none},
	{"vhost-user/setup/order", "rings are set up in the orders front-ends use",
	 RST("ring-states"), CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, VU, .run = order},
};
CONF_SECTION(conf_section_vhost_user_ring, "vhost-user", "The protocol vhost-user: rings", checks);
