/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node against a peer that is no node: the test itself writes the peer's page, into the node's
 * own page, and puts messages into its queue.
 */
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include <vop/violation.h>
#include "tests/node_pair.h"
#include "vop/node_internal.h"

#ifdef VOP_CROSS
#define ROUNDS 3000u
#else
#define ROUNDS 60000u
#endif

/* Host: a node. Endpoint: raw memory. */
static uint8_t *evil_page(struct world *w)
{
	return vop_link_pair_end(w->pair, VOP_ENDPOINT)->own.map;
}

static void put32(struct world *w, uint64_t off, uint32_t v)
{
	vop_le32 *p = (vop_le32 *)(void *)(evil_page(w) + off);

	__atomic_store_n(p, htole32(v), __ATOMIC_RELEASE);
}

static uint32_t host32(struct world *w, uint64_t off)
{
	const struct vop_link *l = vop_link_pair_end(w->pair, VOP_HOST);

	return le32toh(__atomic_load_n((vop_le32 *)(void *)(l->own.map + off), __ATOMIC_ACQUIRE));
}

static void nudge(struct world *w, unsigned creator, unsigned slot)
{
	struct vop_msg m = {
		.type = VOP_MSG_NUDGE, .creator = (uint8_t)creator, .slot = (uint16_t)slot};

	vop_link_pair_inject(w->pair, VOP_HOST, &m);
}

static struct vop_page_header good_header(struct world *w)
{
	const struct vop_link *l = vop_link_pair_end(w->pair, VOP_ENDPOINT);

	return (struct vop_page_header){
		.magic = htole32(VOP_PAGE_MAGIC),
		.version_major = htole16(VOP_VERSION_MAJOR),
		.node = htole32(VOP_ENDPOINT),
		.header_size = htole32(sizeof(struct vop_page_header)),
		.window_base = htole64(l->own.base),
		.window_size = htole64(l->own.size),
		.slots = htole32(VOP_SLOTS),
		.slot_offset = htole32(VOP_SLOT_OFFSET),
		.ack_offset = htole32(VOP_ACK_OFFSET),
		.role_offset = htole32(VOP_ROLE_OFFSET),
		.role_stride = htole32(VOP_ROLE_STRIDE),
		.session = htole32(4711),
	};
}

static void open_host(struct world *w)
{
	struct vop_page_header h;

	world_join(w, NULL);
	world_start(w, VOP_HOST);
	h = good_header(w);
	memcpy(evil_page(w), &h, sizeof(h));
	CU_ASSERT_EQUAL(vop_node_service(w->s[VOP_HOST].n), 0);
	CU_ASSERT_EQUAL_FATAL(w->s[VOP_HOST].ups, 1);
}

/* --- the header --- */

static int verdict(const struct vop_page_header *h, const char **why)
{
	static char text[160];
	struct world w;
	int r;

	world_join(&w, NULL);
	world_start(&w, VOP_HOST);
	CU_ASSERT_EQUAL(vop_node_service(w.s[VOP_HOST].n), 0); /* no header yet */
	memcpy(evil_page(&w), h, sizeof(*h));
	r = vop_node_service(w.s[VOP_HOST].n);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].ups, r == 0);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].downs, r != 0);
	memcpy(text, w.s[VOP_HOST].reason, sizeof(text));
	*why = text;
	world_close(&w);
	return r;
}

static void test_header(void)
{
	struct vop_page_header good, h;
	const char *why;
	struct world w;

	world_join(&w, NULL);
	good = good_header(&w);
	world_close(&w);
	CU_ASSERT_EQUAL(verdict(&good, &why), 0);
	h = good;
	h.version_minor = htole16(77);
	CU_ASSERT_EQUAL(verdict(&h, &why), 0);
#define REFUSED(field, value, words)                                                               \
	do {                                                                                       \
		h = good;                                                                          \
		h.field = (value);                                                                 \
		CU_ASSERT_EQUAL(verdict(&h, &why), -EPROTO);                                       \
		CU_ASSERT_PTR_NOT_NULL(strstr(why, words));                                        \
	} while (0)
	REFUSED(magic, htole32(0x12345678), "magic");
	REFUSED(version_major, htole16(2), "major version");
	REFUSED(version_major, 0, "major version");
	REFUSED(node, htole32(VOP_HOST), "same role");
	REFUSED(node, htole32(7), "role");
	REFUSED(header_size, htole32(32), "header");
	REFUSED(header_size, htole32(UINT32_MAX), "header");
	REFUSED(window_base, htole64(0), "disagree");
	REFUSED(window_size, htole64(UINT64_MAX), "disagree");
	REFUSED(slots, htole32(65), "slot table");
	REFUSED(session, 0, "session");
	REFUSED(slot_offset, 0, "table");
	REFUSED(slot_offset, htole32(UINT32_MAX & ~63u), "table");
	REFUSED(slot_offset, htole32(VOP_SLOT_OFFSET + 4), "table");
	REFUSED(ack_offset, htole32((4u << 20) - 64), "table");
	REFUSED(role_offset, htole32(4u << 20), "table");
	REFUSED(role_stride, htole32(64), "role blocks");
	REFUSED(role_stride, htole32(4096 + 32), "role blocks");
	REFUSED(role_stride, htole32(UINT32_MAX & ~63u), "role blocks");
#undef REFUSED
}

/* --- slots --- */

static void put_slot(struct world *w, unsigned s, unsigned device, unsigned driver)
{
	struct vop_slot slot = {
		.device_id = htole16(4),
		.device = (uint8_t)device,
		.driver = (uint8_t)driver,
		.queues_max = htole16(3),
		.queue_size_max = htole16(256),
	};

	memset(slot.name, 0x1b, sizeof(slot.name)); /* no end, and escapes */
	memcpy(evil_page(w) + VOP_SLOT_OFFSET + s * sizeof(slot) + 4, (uint8_t *)&slot + 4,
	       sizeof(slot) - 4);
}

static void slot_word(struct world *w, unsigned s, uint32_t gen, uint32_t state)
{
	put32(w, VOP_SLOT_OFFSET + s * sizeof(struct vop_slot), VOP_SLOT_WORD(gen, state));
	nudge(w, VOP_ENDPOINT, s);
	CU_ASSERT_EQUAL(vop_node_service(w->s[VOP_HOST].n), 0);
}

static void test_slot_life_cycle(void)
{
	static const struct {
		uint32_t from_gen, from_state, to_gen, to_state;
	} bad[] = {
		{0, VOP_SLOT_FREE, 5, VOP_SLOT_LIVE},
		{0, VOP_SLOT_FREE, 0, 3},
		{0, VOP_SLOT_LIVE, 1, VOP_SLOT_LIVE},
		{0, VOP_SLOT_LIVE, 0, VOP_SLOT_FREE},
		{0, VOP_SLOT_LIVE, 1, VOP_SLOT_FREE},
		{0, VOP_SLOT_LIVE, 1, VOP_SLOT_REMOVING},
		{0, VOP_SLOT_LIVE, 0, 0xff},
		{0, VOP_SLOT_REMOVING, 0, VOP_SLOT_LIVE},
		{0, VOP_SLOT_REMOVING, 0, VOP_SLOT_FREE},
		{0, VOP_SLOT_REMOVING, 2, VOP_SLOT_LIVE},
	};
	struct side *h;
	struct world w;
	unsigned i;

	open_host(&w);
	h = &w.s[VOP_HOST];
	for (i = 0; i < VOP_ARRAY_SIZE(bad); i++) {
		unsigned added = h->added;
		uint64_t seen = vop_node_nonsense(h->n);

		put_slot(&w, i, VOP_HOST, VOP_ENDPOINT);
		slot_word(&w, i, 0, bad[i].from_state);
		CU_ASSERT_EQUAL(h->added - added, bad[i].from_state == VOP_SLOT_LIVE);
		CU_ASSERT_EQUAL(vop_node_nonsense(h->n), seen);
		slot_word(&w, i, bad[i].to_gen, bad[i].to_state);
		CU_ASSERT_EQUAL(vop_node_nonsense(h->n), seen + 1);
		CU_ASSERT_EQUAL(h->added, h->removed);
		/* Ignored from now on. */
		slot_word(&w, i, 0, VOP_SLOT_LIVE);
		slot_word(&w, i, 1, VOP_SLOT_LIVE);
		CU_ASSERT_EQUAL(h->added, h->removed);
		CU_ASSERT_EQUAL(vop_node_nonsense(h->n), seen + 1);
	}
	world_close(&w);
}

static void test_slot_missed_states(void)
{
	struct vop_device_info info;
	struct side *h;
	struct world w;
	unsigned i;

	open_host(&w);
	h = &w.s[VOP_HOST];
	put_slot(&w, 0, VOP_HOST, VOP_ENDPOINT);
	slot_word(&w, 0, 0, VOP_SLOT_LIVE);
	CU_ASSERT_EQUAL(h->added, 1);
	CU_ASSERT_EQUAL(host32(&w, VOP_ACK_OFFSET), VOP_SLOT_WORD(0, VOP_SLOT_LIVE));
	vop_device_info(h->d, &info);
	CU_ASSERT_EQUAL(strlen(info.name), VOP_NAME_MAX - 1);
	for (i = 0; i < VOP_NAME_MAX - 1; i++)
		CU_ASSERT_EQUAL(info.name[i], '?');
	slot_word(&w, 0, 0, VOP_SLOT_REMOVING);
	CU_ASSERT_EQUAL(host32(&w, VOP_ACK_OFFSET), VOP_SLOT_WORD(0, VOP_SLOT_REMOVING));
	slot_word(&w, 0, 1, VOP_SLOT_LIVE); /* FREE was not seen: legal */
	CU_ASSERT_EQUAL(h->added, 2);
	slot_word(&w, 0, 1, VOP_SLOT_REMOVING);
	slot_word(&w, 0, 2, VOP_SLOT_REMOVING); /* LIVE was not seen: legal */
	CU_ASSERT_EQUAL(h->added, 2);
	CU_ASSERT_EQUAL(h->removed, 2);
	CU_ASSERT_EQUAL(host32(&w, VOP_ACK_OFFSET), VOP_SLOT_WORD(2, VOP_SLOT_REMOVING));
	CU_ASSERT_EQUAL(vop_node_nonsense(h->n), 0);
	world_close(&w);
}

static void test_nonsense_device(void)
{
	static const uint8_t roles[][2] = {{0, 0}, {1, 1}, {0, 2}, {255, 0}};
	struct side *h;
	struct world w;
	unsigned i;

	open_host(&w);
	h = &w.s[VOP_HOST];
	for (i = 0; i < VOP_ARRAY_SIZE(roles); i++) {
		put_slot(&w, i, roles[i][0], roles[i][1]);
		slot_word(&w, i, 0, VOP_SLOT_LIVE);
		CU_ASSERT_EQUAL(vop_node_nonsense(h->n), i + 1);
		CU_ASSERT_EQUAL(host32(&w, VOP_ACK_OFFSET + 4 * i), 0);
		slot_word(&w, i, 0, VOP_SLOT_REMOVING); /* but it can be taken back */
		CU_ASSERT_EQUAL(host32(&w, VOP_ACK_OFFSET + 4 * i),
				VOP_SLOT_WORD(0, VOP_SLOT_REMOVING));
	}
	CU_ASSERT_EQUAL(h->added, 0);
	world_close(&w);
}

/* An acknowledgement of anything but REMOVING, of this generation, frees nothing. */
static void test_false_acknowledgement(void)
{
	struct vop_device_create c = {
		.device_id = 4, .device = VOP_HOST, .queues_max = 1, .queue_size_max = 8};
	static const uint32_t lies[] = {0, VOP_SLOT_WORD(0, VOP_SLOT_LIVE),
					VOP_SLOT_WORD(1, VOP_SLOT_REMOVING), UINT32_MAX};
	struct world w;
	unsigned i;

	open_host(&w);
	w.s[VOP_HOST].offer.queues = 1;
	w.s[VOP_HOST].offer.queue_size_max = 8;
	CU_ASSERT_EQUAL(vop_node_create(w.s[VOP_HOST].n, &c), 0);
	CU_ASSERT_EQUAL(vop_node_destroy(w.s[VOP_HOST].n, 0, 0), -ETIMEDOUT);
	for (i = 0; i < VOP_ARRAY_SIZE(lies); i++) {
		put32(&w, VOP_ACK_OFFSET, lies[i]);
		nudge(&w, VOP_HOST, 0);
		vop_node_service(w.s[VOP_HOST].n);
		CU_ASSERT_EQUAL(host32(&w, VOP_SLOT_OFFSET), VOP_SLOT_WORD(0, VOP_SLOT_REMOVING));
	}
	put32(&w, VOP_ACK_OFFSET, VOP_SLOT_WORD(0, VOP_SLOT_REMOVING));
	nudge(&w, VOP_HOST, 0);
	vop_node_service(w.s[VOP_HOST].n);
	CU_ASSERT_EQUAL(host32(&w, VOP_SLOT_OFFSET), VOP_SLOT_WORD(1, VOP_SLOT_FREE));
	world_close(&w);
}

/* --- requests and answers --- */

/* Role block of (endpoint, 0). */
#define ROLE (VOP_ROLE_OFFSET + VOP_SLOTS * (uint64_t)VOP_ROLE_STRIDE)

static uint32_t request(struct world *w, uint32_t seq, uint32_t gen, unsigned op, unsigned q,
			unsigned status)
{
	put32(w, ROLE + 4, gen);
	put32(w, ROLE + 8, op | q << 16);
	put32(w, ROLE + 12, status);
	put32(w, ROLE, seq);
	nudge(w, VOP_ENDPOINT, 0);
	CU_ASSERT_EQUAL(vop_node_service(w->s[VOP_HOST].n), 0);
	return host32(w, ROLE) == seq ? host32(w, ROLE + 8) : UINT32_MAX;
}

static void test_requests(void)
{
	const struct vop_link *l;
	struct vop_msg db = {.type = VOP_MSG_DOORBELL, .arg = 5};
	struct vop_doorbell bell;
	struct vop_driver_queue q;
	struct world w;

	open_host(&w);
	l = vop_link_pair_end(w.pair, VOP_ENDPOINT);
	put_slot(&w, 0, VOP_HOST, VOP_ENDPOINT);
	slot_word(&w, 0, 0, VOP_SLOT_LIVE);
	CU_ASSERT_EQUAL(request(&w, 1, 9, VOP_REQ_STATUS, 0, 0), UINT32_MAX); /* generation */
	CU_ASSERT_EQUAL(request(&w, 7, 0, VOP_REQ_STATUS, 0, 0), VOP_RES_OK); /* any new number */
	CU_ASSERT_EQUAL(request(&w, 8, 0, 99, 0, 0), VOP_RES_UNSUPPORTED);
	CU_ASSERT_EQUAL(request(&w, 9, 0, 0xffff, 0xffff, 0xff), VOP_RES_UNSUPPORTED);
	CU_ASSERT_EQUAL(request(&w, 10, 0, VOP_REQ_STATUS, 0, 3), VOP_RES_OK);
	put32(&w, ROLE + 64 + 4, 3);
	CU_ASSERT_EQUAL(request(&w, 11, 0, VOP_REQ_FEATURES, 0, 3), VOP_RES_OK);
	CU_ASSERT_EQUAL(request(&w, 12, 0, VOP_REQ_STATUS, 0, 11), VOP_RES_OK);
	CU_ASSERT_EQUAL(request(&w, 13, 0, VOP_REQ_QUEUE_SETUP, 0, 11), VOP_RES_INVALID);
	CU_ASSERT_EQUAL(request(&w, 14, 0, VOP_REQ_QUEUE_SETUP, 32, 11), VOP_RES_INVALID);
	CU_ASSERT_EQUAL(request(&w, 15, 0, VOP_REQ_QUEUE_SETUP, 40000, 11), VOP_RES_INVALID);
	/* A doorbell that was not announced: no answer until it is, and no queue. */
	q = (struct vop_driver_queue){
		.desc = htole64(l->own.base + VOP_PAGE_SIZE),
		.driver = htole64(l->own.base + VOP_PAGE_SIZE + 4096),
		.device = htole64(l->own.base + VOP_PAGE_SIZE + 8192),
		.call_doorbell = htole32(5),
		.size = htole16(8),
	};
	memcpy(evil_page(&w) + ROLE + 192, &q, sizeof(q));
	CU_ASSERT_EQUAL(request(&w, 16, 0, VOP_REQ_QUEUE_SETUP, 0, 11), UINT32_MAX);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].fake.starts, 0);
	CU_ASSERT_EQUAL(vop_link_pair_end(w.pair, VOP_ENDPOINT)
				->ops->db_listen(vop_link_pair_end(w.pair, VOP_ENDPOINT), 5, &bell),
			0);
	CU_ASSERT_EQUAL(vop_link_pair_inject(w.pair, VOP_HOST, &db), 0);
	CU_ASSERT_EQUAL(request(&w, 16, 0, VOP_REQ_QUEUE_SETUP, 0, 11), VOP_RES_OK);
	CU_ASSERT_EQUAL(w.s[VOP_HOST].fake.starts, 1);
	vop_link_pair_end(w.pair, VOP_ENDPOINT)
		->ops->db_close(vop_link_pair_end(w.pair, VOP_ENDPOINT), &bell);
	world_close(&w);
}

/* The driver half against a lying device. */
static void test_answers(void)
{
	struct side *h;
	struct world w;
	uint64_t role = VOP_ROLE_OFFSET + VOP_SLOTS * (uint64_t)VOP_ROLE_STRIDE;
	struct vop_device_block b = {0};
	uint8_t byte;
	uint64_t lie;

	open_host(&w);
	h = &w.s[VOP_HOST];
	put_slot(&w, 0, VOP_ENDPOINT, VOP_HOST);
	slot_word(&w, 0, 0, VOP_SLOT_LIVE);
	b.ready = htole32(VOP_SLOT_WORD(0, 1));
	/* Offers that make no sense. */
	for (lie = 0; lie < 6; lie++) {
		struct vop_device_block bad = b;
		const struct vop_link *l = vop_link_pair_end(w.pair, VOP_ENDPOINT);

		bad.config_size = htole32(lie == 0 ? VOP_CONFIG_MAX + 1 : 0);
		bad.queues = htole16(lie == 1 ? 4 : 1);
		bad.queue[0].size_max = htole16(lie == 2 ? 257 : 16);
		bad.pool_size = htole64(lie == 3 ? UINT64_MAX : lie > 3 ? 4096 : 0);
		bad.pool_base = htole64(lie == 4 ? l->own.base : lie == 5 ? UINT64_MAX - 63 : 0);
		memcpy(evil_page(&w) + role, &bad, sizeof(bad));
		CU_ASSERT_EQUAL(vop_drv_wait_ready(h->d, WAIT_MS), -EPROTO);
		CU_ASSERT_EQUAL(vop_drv_queue_count(h->d), 0);
	}
	b.config_size = htole32(8);
	memcpy(evil_page(&w) + role, &b, sizeof(b));
	CU_ASSERT_EQUAL(vop_drv_wait_ready(h->d, WAIT_MS), 0);
	CU_ASSERT_PTR_NULL(vop_drv_alloc(h->d, VOP_AT_DEVICE, 64, 64, &lie));
	/* A generation that never becomes even: bounded. */
	put32(&w, role + offsetof(struct vop_device_block, config_gen), 1);
	CU_ASSERT_EQUAL(vop_drv_config_read(h->d, 0, &byte, 1, NULL), -EAGAIN);
	/* An unknown result, then a reset that says that it was none. */
	put32(&w, role + 8, 77);
	put32(&w, role, 1);
	CU_ASSERT_EQUAL(vop_drv_set_status(h->d, 1, NULL, WAIT_MS), -EPROTO);
	put32(&w, role + 8, 0);
	put32(&w, role + 12, 4);
	put32(&w, role, 2);
	CU_ASSERT_EQUAL(vop_drv_set_status(h->d, 0, NULL, WAIT_MS), -EPROTO);
	/* Another generation in the block: no answer of this device. */
	put32(&w, role + 4, 1);
	put32(&w, role, 3);
	CU_ASSERT_EQUAL(vop_drv_set_status(h->d, 1, NULL, 0), -ETIMEDOUT);
	CU_ASSERT_EQUAL(vop_node_service(h->n), 0);
	world_close(&w);
}

/* --- floods --- */

static void test_flood(void)
{
	struct side *h;
	struct world w;
	unsigned i, left;

	open_host(&w);
	h = &w.s[VOP_HOST];
	put_slot(&w, 0, VOP_ENDPOINT, VOP_HOST);
	slot_word(&w, 0, 0, VOP_SLOT_LIVE);
	for (i = 0; i < 4000; i++)
		nudge(&w, VOP_ENDPOINT, 0);
	put32(&w, ROLE + offsetof(struct vop_device_block, config_events), 1);
	left = vop_link_pair_pending(w.pair, VOP_HOST);
	CU_ASSERT_EQUAL(vop_node_service(h->n), 0);
	/* A bounded share of the flood, one call-back, and the rest stays announced. */
	CU_ASSERT_EQUAL(h->changed, 1);
	CU_ASSERT_TRUE(vop_link_pair_pending(w.pair, VOP_HOST) >= left - 256);
	CU_ASSERT_TRUE(vop_link_pair_pending(w.pair, VOP_HOST) > 0);
	for (i = 0; i < 20; i++)
		vop_node_service(h->n);
	CU_ASSERT_EQUAL(vop_link_pair_pending(w.pair, VOP_HOST), 0);
	CU_ASSERT_EQUAL(h->changed, 1);
	world_close(&w);
}

/* --- scribbling --- */

static uint64_t rnd(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static uint32_t evil_value(uint64_t *s)
{
	static const uint32_t nice[] = {0,     1,     2,      3,	  0xff,	       0x100,
					0x101, 0x102, 0x201,  UINT32_MAX, 0x80000000u, 0x10000,
					11,    15,    0x4200, 32768};
	uint64_t r = rnd(s);

	return r & 1 ? nice[(r >> 8) % VOP_ARRAY_SIZE(nice)] : (uint32_t)(r >> 16);
}

/* Where a word hurts: tables and the first blocks more often than the rest of the page. */
static uint64_t evil_offset(uint64_t *s)
{
	uint64_t r = rnd(s), slot = (r >> 8) % 4, creator = (r >> 16) & 1;
	uint64_t block = VOP_ROLE_OFFSET + (creator * VOP_SLOTS + slot) * VOP_ROLE_STRIDE;

	switch (r & 7) {
	case 0:
		return (r >> 20) % VOP_PAGE_SIZE & ~3ull;
	case 1:
		return VOP_SLOT_OFFSET + slot * 64 + ((r >> 20) % 64 & ~3ull);
	case 2:
		return VOP_SLOT_OFFSET + slot * 64;
	case 3:
		return VOP_ACK_OFFSET + slot * 4;
	case 4:
		return block + ((r >> 20) % 16 & ~3ull);
	case 5:
		return block + ((r >> 20) % 192 & ~3ull);
	default:
		return block + ((r >> 20) % 2304 & ~3ull);
	}
}

static void do_something(struct world *w, uint64_t *s)
{
	struct side *h = &w->s[VOP_HOST];
	struct vop_device_create c = {.device_id = 4,
				      .device = (enum vop_node_id)(rnd(s) & 1),
				      .queues_max = 3,
				      .queue_size_max = 256};
	struct vop_queue_config q = {.index = (uint16_t)(rnd(s) % 4), .size = 8};
	uint8_t buf[64];
	uint64_t bus;

	switch (rnd(s) % 10) {
	case 0:
		vop_node_create(h->n, &c);
		return;
	case 1:
		vop_node_destroy(h->n, rnd(s) % 4, 0);
		return;
	default:
		break;
	}
	if (!h->d)
		return;
	switch (rnd(s) % 9) {
	case 0:
		vop_drv_set_status(h->d, (uint8_t)rnd(s), buf, 0);
		break;
	case 1:
		vop_drv_wait_ready(h->d, 0);
		break;
	case 2:
		vop_drv_config_read(h->d, rnd(s) % 64, buf, rnd(s) % 64, NULL);
		break;
	case 3:
		vop_drv_config_write(h->d, rnd(s) % 64, buf, rnd(s) % 64, 0);
		break;
	case 4:
		vop_drv_queue_setup(h->d, &q, (enum vop_notify)(rnd(s) & 1), 0);
		break;
	case 5:
		vop_drv_alloc(h->d, rnd(s) & 1 ? VOP_AT_DRIVER : VOP_AT_DEVICE, rnd(s) % 5000, 64,
			      &bus);
		break;
	case 6:
		vop_device_violation(h->d, rnd(s) % 4, VOP_V_ADDR);
		break;
	case 7:
		vop_device_config_set(h->d, rnd(s) % 64, buf, rnd(s) % 64);
		break;
	default:
		vop_drv_queue_reset(h->d, rnd(s) % 4, 0);
	}
}

/* A request that gets further than noise would: right generation, new number, mostly legal. */
static void plausible_request(struct world *w, uint64_t *s)
{
	static const uint8_t status[] = {0, 3, 11, 15};
	unsigned op = 1 + rnd(s) % 5;
	const struct vop_link *l = vop_link_pair_end(w->pair, VOP_ENDPOINT);
	unsigned creator = rnd(s) & 1, slot = rnd(s) % 4, q = rnd(s) % 3;
	const struct vop_device *d = w->s[VOP_HOST].n->dev[creator][slot];
	uint64_t role = VOP_ROLE_OFFSET + (creator * VOP_SLOTS + slot) * (uint64_t)VOP_ROLE_STRIDE;
	struct vop_driver_queue c = {
		.desc = htole64(l->own.base + VOP_PAGE_SIZE),
		.driver = htole64(l->own.base + VOP_PAGE_SIZE + 8192),
		.device = htole64(l->own.base + VOP_PAGE_SIZE + 16384),
		.call_doorbell = htole32(VOP_DB_NUM_NONE),
		.size = htole16(64),
	};

	if (!d || !d->srv)
		return;
	if (d->srv->status & VOP_STATUS_FEATURES_OK && rnd(s) % 4)
		op = VOP_REQ_QUEUE_SETUP;
	memcpy(evil_page(w) + role + 192 + q * sizeof(c), &c, sizeof(c));
	put32(w, role + 64, 0);
	put32(w, role + 68, 3 | 1u << (VOP_F_RING_RESET - 32));
	put32(w, role + 72, 0);
	put32(w, role + 76, 0);
	put32(w, role + 4, d->info.gen);
	put32(w, role + 8, op | q << 16);
	put32(w, role + 12, status[rnd(s) % 4]);
	put32(w, role, d->srv->handled + 1);
	nudge(w, creator, slot);
}

/*
 * Random words in the peer's page and in ours, random messages, and between them what a program
 * does with its node: everything survives, and the link stays up, since no word of a page takes it
 * down.
 */
static void test_scribble(void)
{
	uint64_t s = 0x9e3779b97f4a7c15ull;
	const struct vop_link *l;
	struct side *h;
	struct world w;
	unsigned i, j;

	open_host(&w);
	h = &w.s[VOP_HOST];
	l = vop_link_pair_end(w.pair, VOP_HOST);
	memset(h->fake.written, 0, sizeof(h->fake.written));
	for (i = 0; i < ROUNDS; i++) {
		struct vop_msg m;

		for (j = rnd(&s) % 8; j; j--)
			put32(&w, evil_offset(&s), evil_value(&s));
		for (j = rnd(&s) % 4; j; j--) { /* the peer can reach our window, too */
			uint64_t off = evil_offset(&s);

			*(volatile uint32_t *)(void *)(l->own.map + off) = evil_value(&s);
		}
		if (rnd(&s) % 4 == 0) { /* steps that get deeper than noise would */
			unsigned slot = rnd(&s) % 4;
			const struct vop_peer_slot *seen = &h->n->seen[slot];

			put_slot(&w, slot, rnd(&s) & 1, rnd(&s) & 1);
			put32(&w, VOP_SLOT_OFFSET + slot * 64,
			      VOP_SLOT_STATE(seen->word) == VOP_SLOT_REMOVING
				      ? ((seen->word & ~0xffu) + 0x101)
				      : seen->word + 1);
			put32(&w, VOP_ACK_OFFSET + slot * 4, h->n->own[slot].word);
			if (rnd(&s) % 16 == 0)
				h->n->seen[slot].poisoned = false; /* or all would be lost soon */
		}
		plausible_request(&w, &s);
		for (j = rnd(&s) % 4; j; j--) {
			uint64_t r = rnd(&s);

			m = (struct vop_msg){.type = r % 16 ? 1 : (uint16_t)(2 + (r >> 4) % 2),
					     .creator = (uint8_t)((r >> 8) % 3),
					     .slot = (uint16_t)((r >> 12) % 5),
					     .arg = (uint32_t)(r >> 32) % 70};
			vop_link_pair_inject(w.pair, VOP_HOST, &m);
		}
		do_something(&w, &s);
		if (vop_node_service(h->n))
			break;
		/* The peer "takes" its messages: they are of no use to it. */
		while (vop_link_pair_pending(w.pair, VOP_ENDPOINT) &&
		       !vop_link_pair_end(w.pair, VOP_ENDPOINT)
				->ops->recv(vop_link_pair_end(w.pair, VOP_ENDPOINT), &m))
			;
	}
	CU_ASSERT_EQUAL(i, ROUNDS);
	CU_ASSERT_EQUAL(h->downs, 0);
	/* The noise reached something; how much differs between compilers, which choose the order
	 * of random draws. */
	CU_ASSERT_TRUE(h->added > ROUNDS / 1200);
	CU_ASSERT_TRUE(vop_node_nonsense(h->n) > ROUNDS / 1200);
	CU_ASSERT_TRUE(h->fake.resets > ROUNDS / 1200);
	CU_ASSERT_TRUE(h->fake.starts > ROUNDS / 6000);
	world_close(&w);
	CU_ASSERT_EQUAL(h->added, h->removed);
	CU_ASSERT_EQUAL(h->fake.starts, h->fake.stops);
}

int suite_page_hostile(void)
{
	CU_pSuite s = CU_add_suite("page_hostile", NULL, NULL);

	if (!s)
		return (int)CU_get_error();
	CU_add_test(s, "header", test_header);
	CU_add_test(s, "slot life cycle broken", test_slot_life_cycle);
	CU_add_test(s, "slot states missed", test_slot_missed_states);
	CU_add_test(s, "nonsense devices", test_nonsense_device);
	CU_add_test(s, "false acknowledgement", test_false_acknowledgement);
	CU_add_test(s, "requests of a hostile driver", test_requests);
	CU_add_test(s, "answers of a hostile device", test_answers);
	CU_add_test(s, "flood", test_flood);
	CU_add_test(s, "scribble", test_scribble);
	return (int)CU_get_error();
}
