/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A front-end that breaks the protocol vhost-user. A back-end may refuse, ignore, or close the
 * connection (Communication: "may also close the connection"); it must not die, and it serves the
 * next one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/ring.h"
#include "conformance/sections.h"
#include "conformance/steps.h"
#include "conformance/vu.h"

/* Send m whatever it is, see that the back-end went past it, and have a connection afterwards. */
static void harmless(struct conf *c, const struct vop_vu_msg *m)
{
	struct vop_vu_msg ask = {.h = {.request = VOP_VU_GET_FEATURES, .flags = VOP_VU_VERSION}}, a;
	int r = target_vhost_user_call(conf_target(c), m, NULL);

	conf_note(c, "request %u, %u bytes, %u descriptors%s%s", m->h.request, m->h.size, m->fds,
		  r ? ": " : "", r ? strerror(-r) : "");
	if (!r)
		r = target_vhost_user_call(conf_target(c), &ask, &a);
	/* It waits for the rest of what it thinks is a message: so does a sound one. */
	if (r)
		conf_reconnect(c);
}

static void unknown(struct conf *c)
{
	static const uint32_t odd[] = {0, 41, 99, 0x7fffffff, 0xffffffff};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(odd); i++) {
		struct vop_vu_msg m = vu_msg_u64(odd[i], 7);

		harmless(c, &m);
	}
}

static void truncated(struct conf *c)
{
	static const uint32_t requests[] = {
		VOP_VU_SET_FEATURES,	 VOP_VU_SET_MEM_TABLE,
		VOP_VU_SET_VRING_NUM,	 VOP_VU_SET_VRING_ADDR,
		VOP_VU_SET_VRING_BASE,	 VOP_VU_GET_VRING_BASE,
		VOP_VU_SET_VRING_KICK,	 VOP_VU_SET_PROTOCOL_FEATURES,
		VOP_VU_SET_VRING_ENABLE, VOP_VU_GET_CONFIG,
		VOP_VU_SET_CONFIG,
	};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(requests); i++) {
		struct vop_vu_msg m = {
			.h = {.request = requests[i], .flags = VOP_VU_VERSION, .size = 4}};

		harmless(c, &m);
	}
}

static void oversized(struct conf *c)
{
	static const uint32_t sizes[] = {VOP_VU_PAYLOAD + 1, 4096, 0x7fffffff, 0xffffffff};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(sizes); i++) {
		struct vop_vu_header h = {
			.request = VOP_VU_SET_FEATURES, .flags = VOP_VU_VERSION, .size = sizes[i]};
		uint8_t bytes[4096] = {0};

		target_vhost_user_bytes(conf_target(c), &h, sizeof(h));
		target_vhost_user_bytes(conf_target(c), bytes, sizeof(bytes));
		conf_reconnect(c);
	}
}

static void half_a_message(struct conf *c)
{
	unsigned n;

	for (n = 1; n < 20; n += 3) {
		struct vop_vu_msg m = vu_msg_u64(VOP_VU_SET_FEATURES, 0);

		/* The payload follows the header after four bytes of padding: none is sent here. */
		target_vhost_user_bytes(conf_target(c), &m.h, VOP_MIN(n, 12u));
		conf_reconnect(c);
	}
}

static void versions(struct conf *c)
{
	static const uint32_t flags[] = {0, 2, 3, VOP_VU_VERSION | VOP_VU_REPLY, 0xfffffff5};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(flags); i++) {
		struct vop_vu_msg m = vu_msg_state(VOP_VU_SET_VRING_NUM, 0, 8);

		m.h.flags = flags[i];
		target_vhost_user_call(conf_target(c), &m, NULL);
		conf_reconnect(c);
	}
}

static int an_eventfd(struct conf *c)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		conf_error(c, "no eventfd");
	return vu_keep_fd(c, fd);
}

static void descriptors(struct conf *c)
{
	static const uint32_t requests[] = {VOP_VU_GET_FEATURES,   VOP_VU_SET_OWNER,
					    VOP_VU_SET_VRING_NUM,  VOP_VU_SET_VRING_ADDR,
					    VOP_VU_SET_VRING_CALL, VOP_VU_SET_VRING_KICK,
					    VOP_VU_SET_VRING_ERR};
	unsigned i, n;

	for (i = 0; i < VOP_ARRAY_SIZE(requests); i++)
		for (n = 0; n <= VOP_VU_FDS; n += 4) {
			struct vop_vu_msg m = vu_msg_state(requests[i], 0, 0);
			unsigned j;

			m.h.size = requests[i] == VOP_VU_SET_VRING_ADDR ? 40
				   : requests[i] < VOP_VU_SET_MEM_TABLE ? 0
									: 8;
			for (j = 0; j < n; j++)
				m.fd[j] = j ? m.fd[0] : an_eventfd(c);
			m.fds = n;
			target_vhost_user_call(conf_target(c), &m, NULL);
			conf_reconnect(c);
		}
}

static void index_beyond(struct conf *c)
{
	static const uint32_t requests[] = {
		VOP_VU_SET_VRING_NUM,  VOP_VU_SET_VRING_BASE, VOP_VU_SET_VRING_ENABLE,
		VOP_VU_SET_VRING_ADDR, VOP_VU_GET_VRING_BASE, VOP_VU_SET_VRING_KICK,
		VOP_VU_SET_VRING_CALL, VOP_VU_SET_VRING_ERR,
	};
	static const uint32_t index[] = {0xff, 0x100, 0x8000, 0x7fffffff, 0xffffffff};
	unsigned i, j;

	for (i = 0; i < VOP_ARRAY_SIZE(requests); i++)
		for (j = 0; j < VOP_ARRAY_SIZE(index); j++) {
			struct vop_vu_msg m = vu_msg_state(requests[i], index[j], 8);

			if (requests[i] == VOP_VU_SET_VRING_ADDR)
				m.h.size = 40;
			/* Those have a mask: bits 0 to 7 are the index, 8 says that none comes. */
			if (requests[i] >= VOP_VU_SET_VRING_KICK &&
			    requests[i] <= VOP_VU_SET_VRING_ERR)
				m.u64 = (index[j] & 0xff) | VOP_VU_RING_NOFD;
			target_vhost_user_call(conf_target(c), &m, NULL);
			conf_reconnect(c);
		}
}

/* A ring that is described by nonsense, and started. */
static void start_odd(struct conf *c, struct vop_vu_msg *addr, uint32_t num)
{
	unsigned q = conf_lane(c)->queue;
	struct vop_vu_msg n = vu_msg_state(VOP_VU_SET_VRING_NUM, q, num);
	struct vop_vu_msg kick = vu_msg_u64(VOP_VU_SET_VRING_KICK, q);
	struct vop_vu_msg on = vu_msg_state(VOP_VU_SET_VRING_ENABLE, q, 1);
	uint64_t one = 1;
	ssize_t w;

	kick.fd[0] = an_eventfd(c);
	kick.fds = 1;
	w = write(kick.fd[0], &one, sizeof(one));
	(void)w;
	target_vhost_user_call(conf_target(c), &n, NULL);
	target_vhost_user_call(conf_target(c), addr, NULL);
	target_vhost_user_call(conf_target(c), &kick, NULL);
	harmless(c, &on);
	conf_settle(c);
	conf_reconnect(c);
}

static struct vop_vu_msg addr_msg(struct conf *c, uint64_t desc, uint64_t used, uint64_t avail)
{
	return (struct vop_vu_msg){.h = {.request = VOP_VU_SET_VRING_ADDR,
					 .flags = VOP_VU_VERSION,
					 .size = sizeof(struct vop_vu_vring_addr)},
				   .addr = {.index = conf_lane(c)->queue,
					    .descriptor = desc,
					    .used = used,
					    .available = avail}};
}

static void addresses(struct conf *c)
{
	static const uint64_t at[] = {0, 0x1000, 0x7fff000000000000ull, 0xfffffffffffff000ull};
	unsigned i, part;

	for (i = 0; i < VOP_ARRAY_SIZE(at); i++)
		for (part = 0; part < 4; part++) {
			struct vop_vu_region r;
			struct vop_vu_msg m;
			int fd;

			target_vhost_user_memory(conf_target(c), &r, &fd);
			m = addr_msg(c, part == 0 || part == 3 ? at[i] : r.user,
				     part == 1 || part == 3 ? at[i] : r.user + 8192,
				     part == 2 || part == 3 ? at[i] : r.user + 4096);
			conf_negotiate(c);
			start_odd(c, &m, 8);
		}
}

/* Rings that begin in the memory and end outside. */
static void over_the_end(struct conf *c)
{
	unsigned part;

	for (part = 0; part < 3; part++) {
		struct vop_vu_region r;
		struct vop_vu_msg m;
		uint64_t last;
		int fd;

		target_vhost_user_memory(conf_target(c), &r, &fd);
		last = r.user + r.size - 16;
		m = addr_msg(c, part == 0 ? last : r.user, part == 1 ? last : r.user + 8192,
			     part == 2 ? last : r.user + 16384);
		conf_negotiate(c);
		start_odd(c, &m, 256);
	}
}

static void sizes(struct conf *c)
{
	static const uint32_t num[] = {0, 3, 0x8001, 0x10000, 0xffffffff};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(num); i++) {
		struct vop_vu_region r;
		struct vop_vu_msg m;
		int fd;

		target_vhost_user_memory(conf_target(c), &r, &fd);
		m = addr_msg(c, r.user, r.user + ((uint64_t)4 << 20), r.user + ((uint64_t)2 << 20));
		conf_negotiate(c);
		start_odd(c, &m, num[i]);
	}
}

static void kick_first(struct conf *c)
{
	struct vop_vu_msg m = vu_msg_u64(VOP_VU_SET_VRING_KICK, conf_lane(c)->queue);

	/* No size and no addresses; then both, but nonsense. */
	m.fd[0] = an_eventfd(c);
	m.fds = 1;
	target_vhost_user_call(conf_target(c), &m, NULL);
	m = vu_msg_state(VOP_VU_SET_VRING_ENABLE, conf_lane(c)->queue, 1);
	harmless(c, &m);
	conf_reconnect(c);
	m = addr_msg(c, 0, 0, 0);
	start_odd(c, &m, 0);
	m = vu_msg_state(VOP_VU_SET_VRING_ENABLE, conf_lane(c)->queue, 1);
	harmless(c, &m);
	m = vu_msg_state(VOP_VU_GET_VRING_BASE, conf_lane(c)->queue, 0);
	target_vhost_user_call(conf_target(c), &m, NULL);
	conf_reconnect(c);
}

/* --- memory tables --- */

struct odd_table {
	uint32_t n, fds;
	struct vop_vu_region r[2];
	bool small; /* the file is shorter than the region says */
};

static void tables(struct conf *c)
{
	static const struct odd_table odd[] = {
		{0, 0, {{0}}, false},
		{9, 1, {{0}}, false},
		{0xffffffff, 1, {{0}}, false},
		{1, 0, {{0x1000, 0x100000, 0x1000, 0}}, false},
		{2, 1, {{0x1000, 0x1000, 0x1000, 0}, {0x2000, 0x1000, 0x2000, 0}}, false},
		/* overlap: in guest addresses, in user addresses */
		{2, 2, {{0, 0x200000, 1ull << 40, 0}, {0x1000, 0x200000, 2ull << 40, 0}}, false},
		{2,
		 2,
		 {{0, 0x200000, 1ull << 40, 0}, {1ull << 32, 0x200000, 1ull << 40, 0}},
		 false},
		/* size 0; around the end of addresses; an offset that is none */
		{1, 1, {{0, 0, 1ull << 40, 0}}, false},
		{1, 1, {{0xfffffffffffff000ull, 0x200000, 1ull << 40, 0}}, false},
		{1, 1, {{0, 0xfffffffffffff000ull, 1ull << 40, 0x2000}}, false},
		{1, 1, {{0, 0x100000, 1ull << 40, 0xfffffffffffff001ull}}, false},
		/* beyond the end of the file: whoever touches it is told by SIGBUS */
		{1, 1, {{0, 0x200000, 1ull << 40, 0}}, true},
	};
	unsigned i, j;

	for (i = 0; i < VOP_ARRAY_SIZE(odd); i++) {
		struct vop_vu_msg m = {.h = {.request = VOP_VU_SET_MEM_TABLE,
					     .flags = VOP_VU_VERSION,
					     .size = 8 + 32 * VOP_MIN(odd[i].n, 8u)}};

		m.mem.n = odd[i].n;
		m.fds = odd[i].fds;
		for (j = 0; j < m.fds; j++) {
			m.fd[j] = vu_keep_fd(c, memfd_create("odd", MFD_CLOEXEC));
			if (ftruncate(m.fd[j], odd[i].small ? 4096 : 4 << 20))
				conf_error(c, "no memory to share");
		}
		memcpy(m.mem.region, odd[i].r, sizeof(odd[i].r));
		target_vhost_user_call(conf_target(c), &m, NULL);
		if (odd[i].small) {
			struct vop_vu_msg a =
				addr_msg(c, (1ull << 40) + 0x100000, (1ull << 40) + 0x110000,
					 (1ull << 40) + 0x108000);

			start_odd(c, &a, 8);
		}
		conf_reconnect(c);
	}
}

/* --- going away --- */

static void closing(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 8; i++) {
		unsigned j;

		conf_start(c, 0);
		conf_serve(c, i % 3);
		for (j = 0; j < 3; j++)
			steps_push(c);
		/* Asking for the rings first, as who goes in good order does, or not. */
		if (i % 2 == 0)
			target_vhost_user_hang_up(conf_target(c));
		conf_reconnect(c);
	}
}

static void storm(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 10; i++)
		conf_reconnect(c);
}

static void random_messages(struct conf *c)
{
	unsigned i;

	for (i = 0; i < 60; i++) {
		struct vop_vu_msg m = {.h = {.request = 1 + conf_below(c, 42),
					     .flags = VOP_VU_VERSION,
					     .size = conf_below(c, 64)}};
		unsigned j;

		for (j = 0; j < m.h.size; j++)
			m.bytes[j] = (uint8_t)(conf_below(c, 3) ? 0 : conf_random(c));
		target_vhost_user_call(conf_target(c), &m, NULL);
		if (i % 6 == 5)
			conf_reconnect(c);
	}
	conf_reconnect(c);
}

#define ROW(id, what, fn)                                                                          \
	{                                                                                          \
		id, what, "text:vhost-user.rst:communication", CONF_TEXT, CONF_ROBUSTNESS,         \
			CONF_ANY, .vhost_user = true, .run = fn                                    \
	}

static const struct conf_check checks[] = {
	ROW("vhost-user/robust/unknown", "requests nobody knows harm nobody", unknown),
	ROW("vhost-user/robust/truncated", "messages that are too short harm nobody", truncated),
	ROW("vhost-user/robust/oversized", "messages that are too long harm nobody", oversized),
	ROW("vhost-user/robust/half", "a message that breaks off harms nobody", half_a_message),
	ROW("vhost-user/robust/versions", "odd flags of a header harm nobody", versions),
	ROW("vhost-user/robust/descriptors", "too many or too few descriptors harm nobody",
	    descriptors),
	ROW("vhost-user/robust/index", "rings that do not exist harm nobody", index_beyond),
	ROW("vhost-user/robust/addresses", "rings where no memory is harm nobody", addresses),
	ROW("vhost-user/robust/over-the-end", "rings that reach beyond memory harm nobody",
	    over_the_end),
	ROW("vhost-user/robust/sizes", "ring sizes that cannot be harm nobody", sizes),
	ROW("vhost-user/robust/kick-first", "a ring that is started before all else harms nobody",
	    kick_first),
	ROW("vhost-user/robust/tables", "memory tables that cannot be harm nobody", tables),
	ROW("vhost-user/robust/closing", "a front-end that goes in the middle harms nobody",
	    closing),
	ROW("vhost-user/robust/storm", "connections in a row harm nobody", storm),
	ROW("vhost-user/robust/random", "messages at random harm nobody", random_messages),
};
CONF_SECTION(conf_section_vhost_user_robust, "vhost-user",
	     "The protocol vhost-user: front-ends that break the rules", checks);
