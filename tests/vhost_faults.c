/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests/vhost_back.c can do wrong. Sound oddities (no .fails) are what other back-ends do. */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/vhost_back.h"

#define PF(f) (1ull << VOP_VU_PF_##f)

static bool after_features(const struct relay *r)
{
	return r->features_set;
}

/* --- features --- */

static bool bit_more(struct relay *r, struct vop_vu_msg *a)
{
	if (after_features(r))
		a->u64 ^= 1ull << 24;
	return false;
}

static bool no_mq_any_more(struct relay *r, struct vop_vu_msg *a)
{
	if (after_features(r))
		a->u64 &= ~PF(MQ);
	return false;
}

static bool no_bit_30(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->u64 &= ~(1ull << VOP_VU_F_PROTOCOL_FEATURES);
	return false;
}

static bool in_band_alone(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->u64 = (a->u64 | PF(INBAND_NOTIFICATIONS)) & ~PF(BACKEND_REQ);
	return false;
}

static bool send_fd_alone(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->u64 = (a->u64 | PF(BACKEND_SEND_FD)) & ~PF(BACKEND_REQ);
	return false;
}

static bool no_reply_ack(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->u64 &= ~PF(REPLY_ACK);
	return false;
}

static bool no_status(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->u64 &= ~PF(STATUS);
	return false;
}

static bool no_slots(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->u64 &= ~PF(CONFIGURE_MEM_SLOTS);
	return false;
}

static void forget_bit_63(struct relay *r, struct vop_vu_msg *m)
{
	(void)r;
	m->u64 &= ~(1ull << 63);
}

/* --- answers --- */

static bool longer(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->h.size = 16;
	return false;
}

static bool zero(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->u64 = 0;
	return false;
}

static bool always_15(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->u64 = 15;
	return false;
}

static bool one_more_later(struct relay *r, struct vop_vu_msg *a)
{
	a->u64 += after_features(r);
	return false;
}

static bool base_plus(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->state.num++;
	return false;
}

static bool base_zero(struct relay *r, struct vop_vu_msg *a)
{
	a->state.num = r->packed ? 0x80008000u : 0;
	return false;
}

static bool base_other_lap(struct relay *r, struct vop_vu_msg *a)
{
	a->state.num ^= r->packed ? 0x80008000u : 0;
	return false;
}

static bool base_other_ring(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->state.index++;
	return false;
}

static bool base_lower_half(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->state.num &= 0xffff;
	return false;
}

static bool config_shorter(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	if (a->config.offset)
		a->config.size--;
	return false;
}

static bool config_refused(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	if (a->config.offset)
		a->h.size = 0;
	return false;
}

/* --- requests --- */

static const struct relay_ring *ring_of(const struct relay *r, const struct vop_vu_msg *m)
{
	return &r->ring[m->u64 % RELAY_RINGS];
}

static bool no_fd(const struct relay *r, const struct vop_vu_msg *m)
{
	(void)r;
	return m->u64 & VOP_VU_RING_NOFD;
}

static bool kicked(const struct relay *r, const struct vop_vu_msg *m)
{
	return ring_of(r, m)->kicked;
}

static bool not_sized(const struct relay *r, const struct vop_vu_msg *m)
{
	return !ring_of(r, m)->sized;
}

static bool ran(const struct relay *r, const struct vop_vu_msg *m)
{
	return ring_of(r, m)->ran;
}

static bool off(const struct relay *r, const struct vop_vu_msg *m)
{
	(void)r;
	return m->state.num == 0;
}

static bool on_again(const struct relay *r, const struct vop_vu_msg *m)
{
	return m->state.num == 1 && ring_of(r, m)->disabled;
}

static bool on_twice(const struct relay *r, const struct vop_vu_msg *m)
{
	return m->state.num == 1 && ring_of(r, m)->enabled;
}

static bool is_zero(const struct relay *r, const struct vop_vu_msg *m)
{
	(void)r;
	return m->u64 == 0;
}

static bool has_memory(const struct relay *r, const struct vop_vu_msg *m)
{
	(void)m;
	return r->regions > 0;
}

static bool two_regions(const struct relay *r, const struct vop_vu_msg *m)
{
	(void)r;
	return m->mem.n == 2;
}

static void fresh_base(struct relay *r, struct vop_vu_msg *m)
{
	m->state.num = r->packed ? 0x80008000u : 0;
}

static void next_base(struct relay *r, struct vop_vu_msg *m)
{
	m->state.num += r->packed ? 0x10001 : 1;
}

static void further_on(struct relay *r, struct vop_vu_msg *m)
{
	(void)r;
	m->mem.region[0].offset += 4096;
	m->mem.region[0].size -= 4096;
}

static void second_further_on(struct relay *r, struct vop_vu_msg *m)
{
	(void)r;
	m->mem.region[1].offset += 4096;
	m->mem.region[1].size -= 4096;
}

static void first_region(struct relay *r, struct vop_vu_msg *m)
{
	m->one.region = r->region[0];
}

static void from_zero(struct relay *r, struct vop_vu_msg *m)
{
	(void)r;
	m->config.offset = 0;
}

/* --- books of what is in flight --- */

static bool with_books(struct relay *r, struct vop_vu_msg *a)
{
	(void)r;
	a->u64 |= PF(INFLIGHT_SHMFD);
	return false;
}

static bool give_books(struct relay *r, struct vop_vu_msg *m, uint64_t size, off_t file, bool fd)
{
	if (m->h.request != VOP_VU_GET_INFLIGHT_FD && m->h.request != VOP_VU_SET_INFLIGHT_FD)
		return false;
	if (m->h.request == VOP_VU_SET_INFLIGHT_FD) {
		struct vop_vu_msg a = {.h = {.request = m->h.request, .size = 8}};

		if (m->h.flags & VOP_VU_NEED_REPLY)
			relay_answer(r, &a);
		return true;
	}
	m->inflight.mmap_size = size;
	m->inflight.mmap_offset = 0;
	m->h.size = sizeof(m->inflight);
	if (fd) {
		m->fd[0] = memfd_create("books", MFD_CLOEXEC);
		m->fds = m->fd[0] >= 0 && ftruncate(m->fd[0], file) == 0;
	}
	relay_answer(r, m);
	return true;
}

static bool sound_books(struct relay *r, struct vop_vu_msg *m)
{
	return give_books(r, m, 8192, 8192, true);
}

static bool short_books(struct relay *r, struct vop_vu_msg *m)
{
	return give_books(r, m, 8192, 4096, true);
}

static bool lost_books(struct relay *r, struct vop_vu_msg *m)
{
	return give_books(r, m, 8192, 0, false);
}

static bool empty_books(struct relay *r, struct vop_vu_msg *m)
{
	return give_books(r, m, 0, 4096, true);
}

/* --- what one may die of --- */

static bool unknown(const struct relay *r, const struct vop_vu_msg *m)
{
	(void)r;
	return !vop_vu_name(m->h.request, VOP_VU_FROM_FRONT);
}

static bool beyond(const struct relay *r, const struct vop_vu_msg *m)
{
	(void)r;
	switch (m->h.request) {
	case VOP_VU_SET_VRING_KICK:
	case VOP_VU_SET_VRING_CALL:
	case VOP_VU_SET_VRING_ERR:
		return (m->u64 & VOP_VU_RING_MASK) >= 64;
	case VOP_VU_SET_VRING_NUM:
	case VOP_VU_SET_VRING_ADDR:
	case VOP_VU_SET_VRING_BASE:
	case VOP_VU_GET_VRING_BASE:
	case VOP_VU_SET_VRING_ENABLE:
		return m->state.index >= 64;
	default:
		return false;
	}
}

/* Bytes from there to the end of the region it is in; 0: it is in none. */
static uint64_t room_at(const struct relay *r, uint64_t user)
{
	unsigned i;

	for (i = 0; i < r->regions; i++)
		if (user - r->region[i].user < r->region[i].size)
			return r->region[i].size - (user - r->region[i].user);
	return 0;
}

static bool nowhere(const struct relay *r, const struct vop_vu_msg *m)
{
	return !room_at(r, m->addr.descriptor) || !room_at(r, m->addr.used) ||
	       !room_at(r, m->addr.available);
}

static bool at_the_edge(const struct relay *r, const struct vop_vu_msg *m)
{
	return !nowhere(r, m) &&
	       (room_at(r, m->addr.descriptor) < 64 || room_at(r, m->addr.used) < 64 ||
		room_at(r, m->addr.available) < 64);
}

static bool odd_size(const struct relay *r, const struct vop_vu_msg *m)
{
	(void)r;
	return m->state.num == 0 || m->state.num > 0x8000 || m->state.num & (m->state.num - 1);
}

static bool no_regions(const struct relay *r, const struct vop_vu_msg *m)
{
	(void)r;
	return m->mem.n == 0;
}

static bool short_file(const struct relay *r, const struct vop_vu_msg *m)
{
	struct stat st;

	(void)r;
	return m->mem.n && fstat(m->fd[0], &st) == 0 &&
	       (uint64_t)st.st_size < m->mem.region[0].offset + m->mem.region[0].size;
}

/* --- the list --- */

#define VU	       "vhost-user/"
#define ROBUST	       VU "robust/"
#define DIES(n, check) .name = n, .fails = ROBUST check, .act = DIE

const struct fault faults[] = {
	{.name = "none"},

	/* Sound. */
	{.name = "no-bit-30", .request = VOP_VU_GET_FEATURES, .answer = no_bit_30},
	{.name = "no-reply-ack", .request = VOP_VU_GET_PROTOCOL_FEATURES, .answer = no_reply_ack},
	{.name = "no-status", .request = VOP_VU_GET_PROTOCOL_FEATURES, .answer = no_status},
	{.name = "no-slots", .request = VOP_VU_GET_PROTOCOL_FEATURES, .answer = no_slots},
	{.name = "base-lower-half", .request = VOP_VU_GET_VRING_BASE, .answer = base_lower_half},
	{.name = "unknown-ends", .act = HANG_UP, .when = unknown},
	{.name = "books",
	 .request = VOP_VU_GET_PROTOCOL_FEATURES,
	 .answer = with_books,
	 .books = sound_books},

	{.name = "features-change",
	 .fails = VU "features/stable",
	 .request = VOP_VU_GET_FEATURES,
	 .answer = bit_more},
	{.name = "protocol-changes",
	 .fails = VU "features/stable",
	 .request = VOP_VU_GET_PROTOCOL_FEATURES,
	 .answer = no_mq_any_more},
	{.name = "in-band-alone",
	 .fails = VU "features/dependent",
	 .request = VOP_VU_GET_PROTOCOL_FEATURES,
	 .answer = in_band_alone},
	{.name = "send-fd-alone",
	 .fails = VU "features/dependent",
	 .request = VOP_VU_GET_PROTOCOL_FEATURES,
	 .answer = send_fd_alone},
	{.name = "any-feature",
	 .fails = VU "reply-ack/refused",
	 .request = VOP_VU_SET_FEATURES,
	 .act = SPOIL,
	 .spoil = forget_bit_63},

	{.name = "ack-refuses",
	 .fails = VU "reply-ack/legal",
	 .request = VOP_VU_SET_VRING_ERR,
	 .act = REFUSE,
	 .when = no_fd},
	{.name = "ack-missing",
	 .fails = VU "reply-ack/legal",
	 .request = VOP_VU_SET_VRING_ERR,
	 .act = SILENT,
	 .when = no_fd},
	{.name = "ack-long",
	 .fails = VU "reply-ack/legal",
	 .request = VOP_VU_SET_VRING_NUM,
	 .answer = longer},
	{.name = "ack-unasked",
	 .fails = VU "reply-ack/unasked",
	 .request = VOP_VU_SET_VRING_NUM,
	 .act = ANSWER_UNASKED},

	{.name = "base-plus",
	 .fails = VU "base/answer " VU "base/resumes",
	 .request = VOP_VU_GET_VRING_BASE,
	 .answer = base_plus},
	{.name = "base-zero",
	 .fails = VU "base/answer",
	 .request = VOP_VU_GET_VRING_BASE,
	 .answer = base_zero},
	{.name = "base-other-lap",
	 .fails = VU "base/answer",
	 .request = VOP_VU_GET_VRING_BASE,
	 .answer = base_other_lap},
	{.name = "base-other-ring",
	 .fails = VU "base/answer",
	 .request = VOP_VU_GET_VRING_BASE,
	 .answer = base_other_ring},
	{.name = "never-stops",
	 .fails = VU "base/stops",
	 .request = VOP_VU_GET_VRING_BASE,
	 .act = SWALLOW},
	{.name = "base-ignored",
	 .fails = VU "base/resumes " VU "base/resumes-with-work",
	 .request = VOP_VU_SET_VRING_BASE,
	 .act = SPOIL,
	 .when = ran,
	 .spoil = fresh_base},
	{.name = "resumes-behind",
	 .fails = VU "base/resumes-with-work",
	 .request = VOP_VU_SET_VRING_BASE,
	 .act = SPOIL,
	 .when = ran,
	 .spoil = next_base},

	{.name = "disable-ignored",
	 .fails = VU "enable/rx-rests",
	 .request = VOP_VU_SET_VRING_ENABLE,
	 .act = SWALLOW,
	 .when = off},
	{.name = "disable-stops",
	 .fails = VU "enable/tx-discards",
	 .request = VOP_VU_SET_VRING_ENABLE,
	 .act = STOP_RING,
	 .when = off},
	{.name = "enabled-once",
	 .fails = VU "enable/again",
	 .request = VOP_VU_SET_VRING_ENABLE,
	 .act = SWALLOW,
	 .when = on_again},
	{.name = "enabled-twice",
	 .fails = VU "enable/again",
	 .request = VOP_VU_SET_VRING_ENABLE,
	 .act = REFUSE,
	 .when = on_twice},

	{.name = "call-kept",
	 .fails = VU "call/replaced",
	 .request = VOP_VU_SET_VRING_CALL,
	 .act = SWALLOW,
	 .when = kicked},
	{.name = "call-needed",
	 .fails = VU "call/none",
	 .request = VOP_VU_SET_VRING_CALL,
	 .act = STOP_RING,
	 .when = no_fd},
	{.name = "enable-early",
	 .fails = VU "setup/order",
	 .request = VOP_VU_SET_VRING_ENABLE,
	 .act = REFUSE,
	 .when = not_sized},
	{.name = "call-early",
	 .fails = VU "setup/order",
	 .request = VOP_VU_SET_VRING_CALL,
	 .act = REFUSE,
	 .when = not_sized},

	{.name = "table-once",
	 .fails = VU "memory/table-again",
	 .request = VOP_VU_SET_MEM_TABLE,
	 .act = REFUSE,
	 .when = has_memory},
	{.name = "table-kept",
	 .fails = VU "memory/table-other",
	 .request = VOP_VU_SET_MEM_TABLE,
	 .act = SWALLOW,
	 .when = has_memory},
	{.name = "table-shifted",
	 .fails = VU "memory/table-again",
	 .request = VOP_VU_SET_MEM_TABLE,
	 .act = SPOIL,
	 .when = has_memory,
	 .spoil = further_on},
	{.name = "second-region-shifted",
	 .fails = VU "memory/crossing",
	 .request = VOP_VU_SET_MEM_TABLE,
	 .act = SPOIL,
	 .when = two_regions,
	 .spoil = second_further_on},
	{.name = "zero-slots",
	 .fails = VU "memory/slots",
	 .request = VOP_VU_GET_MAX_MEM_SLOTS,
	 .answer = zero},
	{.name = "slot-refused",
	 .fails = VU "memory/slot-added",
	 .request = VOP_VU_ADD_MEM_REG,
	 .act = REFUSE,
	 .when = has_memory},
	{.name = "slot-stays",
	 .fails = VU "memory/slot-added",
	 .request = VOP_VU_REM_MEM_REG,
	 .act = SWALLOW},
	{.name = "other-slot-goes",
	 .fails = VU "memory/slot-added",
	 .request = VOP_VU_REM_MEM_REG,
	 .act = SPOIL,
	 .spoil = first_region},

	{.name = "config-from-zero",
	 .fails = VU "config/offset",
	 .request = VOP_VU_GET_CONFIG,
	 .act = SPOIL,
	 .spoil = from_zero},
	{.name = "config-short",
	 .fails = VU "config/offset",
	 .request = VOP_VU_GET_CONFIG,
	 .answer = config_shorter},
	{.name = "config-refused",
	 .fails = VU "config/offset",
	 .request = VOP_VU_GET_CONFIG,
	 .answer = config_refused},
	{.name = "status-constant",
	 .fails = VU "status/kept",
	 .request = VOP_VU_GET_STATUS,
	 .answer = always_15},
	{.name = "status-zero-lost",
	 .fails = VU "status/kept",
	 .request = VOP_VU_SET_STATUS,
	 .act = SWALLOW,
	 .when = is_zero},
	{.name = "reset-lost",
	 .fails = VU "reset-device",
	 .request = VOP_VU_RESET_DEVICE,
	 .act = SWALLOW},
	{.name = "no-queues",
	 .fails = VU "queue-num",
	 .request = VOP_VU_GET_QUEUE_NUM,
	 .answer = zero},
	{.name = "queues-change",
	 .fails = VU "queue-num",
	 .request = VOP_VU_GET_QUEUE_NUM,
	 .answer = one_more_later},
	{.name = "books-short",
	 .fails = VU "inflight",
	 .request = VOP_VU_GET_PROTOCOL_FEATURES,
	 .answer = with_books,
	 .books = short_books},
	{.name = "books-lost",
	 .fails = VU "inflight",
	 .request = VOP_VU_GET_PROTOCOL_FEATURES,
	 .answer = with_books,
	 .books = lost_books},
	{.name = "books-empty",
	 .fails = VU "inflight",
	 .request = VOP_VU_GET_PROTOCOL_FEATURES,
	 .answer = with_books,
	 .books = empty_books},
	{.name = "one-connection", .fails = VU "reconnect", .connections = 1},
	{.name = "six-connections", .fails = ROBUST "storm", .connections = 6},
	{.name = "deaf-after-six", .fails = ROBUST "storm", .connections = 6, .sticks = true},

	{DIES("dies-unknown", "unknown"), .when = unknown},
	{.name = "dies-truncated",
	 .fails = ROBUST "truncated",
	 .dies_of = "shorter than its message needs"},
	{.name = "dies-oversized", .fails = ROBUST "oversized", .dies_of = "longer than any"},
	{.name = "dies-half", .fails = ROBUST "half", .dies_of = "breaks off"},
	{.name = "dies-version", .fails = ROBUST "versions", .dies_of = "another version"},
	{.name = "dies-reply", .fails = ROBUST "versions", .dies_of = "answer to nothing"},
	{.name = "dies-with-descriptors",
	 .fails = ROBUST "descriptors",
	 .dies_of = "descriptors that do not belong"},
	{.name = "dies-without-descriptor",
	 .fails = ROBUST "descriptors",
	 .dies_of = "without the descriptor"},
	{DIES("dies-beyond", "index"), .when = beyond},
	{DIES("dies-nowhere", "addresses"), .request = VOP_VU_SET_VRING_ADDR, .when = nowhere},
	{DIES("dies-at-the-edge", "over-the-end"), .request = VOP_VU_SET_VRING_ADDR,
	 .when = at_the_edge},
	{DIES("dies-odd-size", "sizes"), .request = VOP_VU_SET_VRING_NUM, .when = odd_size},
	{DIES("dies-kick-first", "kick-first"), .request = VOP_VU_SET_VRING_KICK,
	 .when = not_sized},
	{DIES("dies-no-regions", "tables"), .request = VOP_VU_SET_MEM_TABLE, .when = no_regions},
	{.name = "dies-many-regions", .fails = ROBUST "tables", .dies_of = "more than 8 regions"},
	{DIES("dies-short-file", "tables"), .request = VOP_VU_SET_MEM_TABLE, .when = short_file},
	{.name = "sticks-at-nonsense",
	 .fails = ROBUST "truncated " ROBUST "half",
	 .dies_of = "",
	 .sticks = true},
	{.name = "dies-left", .fails = ROBUST "closing", .dies_left = true},
	{DIES("dies-iotlb", "random"), .request = VOP_VU_IOTLB_MSG},
	{.name = NULL},
};
