/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Life of a node: its own header, the peer's header, messages, service, loss of the peer, close.
 * Slots and devices are in slots.c, the words of the pages in page.c.
 *
 * service() may be entered again from a callback (a vop_drv_*() call waits by servicing), so
 * nothing here keeps a pointer or a snapshot across a callback: the sets `look` and `nudge` are
 * bitmaps that are tested and cleared one bit at a time.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/timerfd.h>

#include "vop/node_internal.h"

#define MESSAGES_PER_SERVICE 256u  /* a flood of nudges costs that much per call, no more */
#define OPEN_TIMEOUT_MS	     10000 /* the hello was exchanged already: the header follows at once */
#define RESEND_MS	     2	   /* the peer does not drain its messages: try again */
#define POLL_SLICE_MS	     100   /* wait() looks at its condition at least that often */

void vop_node_fail(struct vop_node *n, int err, const char *reason)
{
	if (n->fail)
		return;
	/* Users know two ways for a link to end (link.h); what else a link says is its loss. */
	n->fail = err == -EPROTO ? -EPROTO : -EPIPE;
	snprintf(n->reason, sizeof(n->reason), "%s", reason);
}

/* --- the own page --- */

static void write_own_header(struct vop_node *n)
{
	struct vop_page_header h = {
		.version_major = htole16(VOP_VERSION_MAJOR),
		.version_minor = htole16(VOP_VERSION_MINOR),
		.node = htole32(n->self),
		.header_size = htole32(sizeof(h)),
		.window_base = htole64(n->link->own.base),
		.window_size = htole64(n->link->own.size),
		.slots = htole32(VOP_SLOTS),
		.slot_offset = htole32(VOP_SLOT_OFFSET),
		.ack_offset = htole32(VOP_ACK_OFFSET),
		.role_offset = htole32(VOP_ROLE_OFFSET),
		.role_stride = htole32(VOP_ROLE_STRIDE),
	};
	uint32_t session = 0;

	while (session == 0)
		if (getrandom(&session, sizeof(session), 0) != (ssize_t)sizeof(session))
			session = (uint32_t)vop_now_ms() ^ (uint32_t)getpid();
	h.session = htole32(session);
	vop_own_put32(n, 0, 0);
	/* Nobody reads behind the header before the magic is there. */
	memset(n->link->own.map + sizeof(h), 0, VOP_PAGE_SIZE - sizeof(h));
	vop_own_put(n, 4, (const uint8_t *)&h + 4, sizeof(h) - 4);
	/* Store-release of the magic pairs with the load-acquire in read_peer_header(): who sees
	 * the magic sees the header and cleared tables (VOP-12). */
	vop_own_put32_rel(n, 0, VOP_PAGE_MAGIC);
}

/* --- the peer's page --- */

/* Say why the peer's header is no good, or NULL; fills n->page. */
static const char *check_header(struct vop_node *n, const struct vop_page_header *h)
{
	uint64_t size = n->link->peer.size;
	uint32_t hs = le32toh(h->header_size), stride = le32toh(h->role_stride);
	uint64_t slot = le32toh(h->slot_offset), ack = le32toh(h->ack_offset);
	uint64_t role = le32toh(h->role_offset);

	if (le16toh(h->version_major) != VOP_VERSION_MAJOR)
		return "the peer speaks another major version of the protocol";
	if (le32toh(h->node) != (uint32_t)n->peer)
		return "both nodes play the same role, or the peer's role is unknown";
	if (hs < sizeof(*h) || hs > VOP_SLOT_OFFSET || hs % 4)
		return "peer's header has an impossible size";
	if (le64toh(h->window_base) != n->link->peer.base ||
	    le64toh(h->window_size) != n->link->peer.size)
		return "the peer's header and the link disagree about its window";
	if (le32toh(h->slots) != VOP_SLOTS)
		return "the peer's slot table has another size";
	if (h->session == 0)
		return "the peer's session number is 0";
	if (stride < VOP_MAX(sizeof(struct vop_device_block), sizeof(struct vop_driver_block)) ||
	    stride % VOP_CACHELINE || stride > VOP_PAGE_SIZE)
		return "the peer's role blocks have an impossible size";
	/* Sums of 32-bit values in 64 bits: nothing here can overflow. */
	if (slot % VOP_CACHELINE || slot < hs ||
	    slot + VOP_SLOTS * sizeof(struct vop_slot) > size || ack % VOP_CACHELINE || ack < hs ||
	    ack + sizeof(struct vop_ack_table) > size || role % VOP_CACHELINE || role < hs ||
	    role + 2ull * VOP_SLOTS * stride > size)
		return "a table of the peer's page lies outside of its window";
	n->page = (struct vop_peer_page){
		.slot = slot,
		.ack = ack,
		.role = role,
		.stride = stride,
		.session = le32toh(h->session),
	};
	return NULL;
}

/* -EAGAIN until the peer has written its header. */
static int read_peer_header(struct vop_node *n)
{
	struct vop_page_header h;
	const char *why;
	uint32_t magic;
	int r;

	r = vop_peer_get32_acq(n, 0, &magic);
	if (r)
		return r;
	if (magic == 0)
		return -EAGAIN;
	if (magic != VOP_PAGE_MAGIC) {
		vop_node_fail(n, -EPROTO, "wrong magic at the start of the peer's window");
		return -EPROTO;
	}
	r = vop_peer_get(n, 0, &h, sizeof(h));
	if (r)
		return r;
	why = check_header(n, &h);
	if (!why)
		return 0;
	vop_node_fail(n, -EPROTO, why);
	return -EPROTO;
}

/* --- nudges and doorbells --- */

static void flush_nudges(struct vop_node *n)
{
	unsigned c, s;

	for (c = 0; c < 2; c++)
		for (s = 0; s < VOP_SLOTS && n->nudge[c]; s++) {
			struct vop_msg m = {
				.type = VOP_MSG_NUDGE, .creator = (uint8_t)c, .slot = (uint16_t)s};
			int r;

			if (n->fail || !(n->nudge[c] >> s & 1))
				continue;
			r = n->link->ops->send(n->link, &m);
			if (r == -EAGAIN)
				return; /* the peer drains later: service() tries again */
			if (r)
				vop_node_fail(n, r, "the peer is gone");
			n->nudge[c] &= ~(1ull << s);
		}
}

/* Make the node's descriptor readable when work is left that no message announces. */
static void arm_timer(struct vop_node *n)
{
	struct itimerspec t = {0};

	if (n->fail || n->more || n->look[0] || n->look[1])
		t.it_value.tv_nsec = 1;
	else if (n->nudge[0] || n->nudge[1])
		t.it_value.tv_nsec = RESEND_MS * 1000000l;
	else
		return;
	timerfd_settime(n->timer, 0, &t, NULL);
	n->armed = true;
}

static void disarm_timer(struct vop_node *n)
{
	const struct itimerspec off = {0};

	if (!n->armed)
		return;
	timerfd_settime(n->timer, 0, &off, NULL); /* forgets expirations that nobody read, too */
	n->armed = false;
}

void vop_node_nudge(struct vop_node *n, unsigned creator, unsigned slot)
{
	if (n->state == VOP_NODE_DOWN || n->fail)
		return;
	n->nudge[creator] |= 1ull << slot;
	flush_nudges(n);
	if (n->fail || n->nudge[0] || n->nudge[1])
		arm_timer(n);
}

void vop_node_look_later(struct vop_device *d)
{
	if (d->gone)
		return;
	d->node->look[d->info.creator] |= 1ull << d->info.slot;
	arm_timer(d->node);
}

int vop_node_db_listen(struct vop_node *n, struct vop_doorbell *db, uint32_t *num)
{
	uint32_t i, max = VOP_MIN(n->link->caps.doorbells, VOP_DOORBELLS_MAX);
	int r;

	for (i = 0; i < max; i++)
		if (!(n->db_used[i / 64] >> (i % 64) & 1))
			break;
	if (i == max)
		return -ENOSPC;
	r = n->link->ops->db_listen(n->link, i, db);
	if (r)
		return r;
	n->db_used[i / 64] |= 1ull << (i % 64);
	*num = i;
	return 0;
}

void vop_node_db_unlisten(struct vop_node *n, struct vop_doorbell *db, uint32_t *num)
{
	if (*num == VOP_DB_NUM_NONE)
		return;
	n->link->ops->db_close(n->link, db);
	*db = VOP_DOORBELL_INIT;
	n->db_used[*num / 64] &= ~(1ull << (*num % 64));
	*num = VOP_DB_NUM_NONE;
}

/* --- service --- */

static void go_down(struct vop_node *n)
{
	unsigned c, s;

	n->state = VOP_NODE_DOWN;
	for (c = 0; c < 2; c++)
		for (s = 0; s < VOP_SLOTS; s++) {
			struct vop_device *d = n->dev[c][s];

			if (!d || d->leaving)
				continue; /* being removed further up on the stack */
			/* No memory is given back: nobody knows what the peer still does. */
			vop_node_remove_device(d, false);
			vop_node_bury(n, d);
		}
	n->look[0] = n->look[1] = n->nudge[0] = n->nudge[1] = 0;
	if (n->events.link_down)
		n->events.link_down(n->ctx, n, n->reason);
}

static void take_messages(struct vop_node *n)
{
	struct vop_msg m;
	unsigned i;

	n->more = false;
	for (i = 0; i < MESSAGES_PER_SERVICE && !n->fail; i++) {
		int r = n->link->ops->recv(n->link, &m);

		if (r == -EAGAIN)
			return;
		if (r) {
			vop_node_fail(n, r,
				      r == -EPROTO ? "the peer broke the protocol of the link"
						   : "the peer is gone");
			return;
		}
		switch (m.type) {
		case VOP_MSG_NUDGE:
			if (m.creator < 2 && m.slot < VOP_SLOTS)
				n->look[m.creator] |= 1ull << m.slot;
			else
				n->nonsense++;
			break;
		case VOP_MSG_BYE:
			vop_node_fail(n, -EPIPE, "the peer closed the link");
			break;
		case VOP_MSG_DOORBELL: /* the link keeps the books of these three */
		case VOP_MSG_UNLISTEN:
		case VOP_MSG_RING:
			break;
		default:
			n->nonsense++;
		}
	}
	n->more = true;
}

static void come_up(struct vop_node *n)
{
	if (read_peer_header(n))
		return;
	n->state = VOP_NODE_UP;
	n->look[n->peer] = ~0ull; /* slots that were live before we looked */
	if (n->events.link_up)
		n->events.link_up(n->ctx, n);
}

static void look_at(struct vop_node *n, unsigned c, unsigned s)
{
	struct vop_device *d;

	if (c == (unsigned)n->self)
		vop_own_slot_look(n, s);
	else
		vop_peer_slot_look(n, s);
	d = n->dev[c][s];
	if (!d || d->leaving || n->fail || n->state != VOP_NODE_UP)
		return;
	if (d->info.device == n->self)
		vop_srv_look(d);
	else
		vop_drv_look(d);
}

int vop_node_service(struct vop_node *n)
{
	unsigned c, s;

	vop_node_empty_graves(n);
	if (n->state == VOP_NODE_DOWN)
		return n->fail;
	n->pins++; /* callbacks below hold devices */
	disarm_timer(n);
	take_messages(n);
	if (n->state == VOP_NODE_OPENING && !n->fail)
		come_up(n);
	for (c = 0; c < 2; c++)
		for (s = 0; s < VOP_SLOTS; s++) {
			if (n->fail || n->state != VOP_NODE_UP)
				break;
			if (!(n->look[c] >> s & 1))
				continue;
			n->look[c] &= ~(1ull << s);
			look_at(n, c, s);
		}
	if (n->state == VOP_NODE_UP && !n->fail)
		flush_nudges(n);
	if (n->fail && n->state != VOP_NODE_DOWN)
		go_down(n);
	arm_timer(n);
	n->pins--;
	return n->state == VOP_NODE_DOWN ? n->fail : 0;
}

int vop_node_wait(struct vop_node *n, bool (*cond)(void *arg), void *arg, int timeout_ms)
{
	int64_t end = vop_now_ms() + VOP_MAX(timeout_ms, 0);
	struct pollfd p = {.fd = n->epfd, .events = POLLIN};

	for (;;) {
		int64_t left;
		int r = vop_node_service(n);

		if (r)
			return r;
		if (cond(arg))
			return 0;
		if (n->fail)
			continue;
		left = end - vop_now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		poll(&p, 1, (int)VOP_MIN(left, (int64_t)POLL_SLICE_MS));
	}
}

/* --- open and close --- */

__attribute__((format(printf, 2, 3))) static void say(struct vop_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

static const char *check_link(const struct vop_link *l)
{
	const struct vop_link_caps *c = &l->caps;

	if (!l->own.map)
		return "the link does not map this node's own window";
	if (l->own.size < VOP_PAGE_SIZE || l->peer.size < VOP_PAGE_SIZE)
		return "a window is smaller than the device page";
	if (l->own.base > UINT64_MAX - l->own.size || l->peer.base > UINT64_MAX - l->peer.size)
		return "a window wraps around the address space";
	if (c->maps && !l->peer.map)
		return "the link says that it maps the peer's window and does not";
	if (!c->maps && (c->copy_align > VOP_CACHELINE || (c->copy_align & (c->copy_align - 1)) ||
			 c->copy_max < VOP_CACHELINE))
		return "the link's copies are too coarse or too short for the device page";
	return NULL;
}

static int open_descriptors(struct vop_node *n)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int fd = n->link->ops->event_fd(n->link);

	n->epfd = epoll_create1(EPOLL_CLOEXEC);
	n->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (fd < 0 || n->epfd < 0 || n->timer < 0 ||
	    epoll_ctl(n->epfd, EPOLL_CTL_ADD, n->timer, &ev) ||
	    epoll_ctl(n->epfd, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	return 0;
}

static void free_node(struct vop_node *n)
{
	n->pins = 0;
	vop_node_empty_graves(n);
	for (unsigned s = 0; s < VOP_SLOTS; s++)
		if (n->own[s].dying)
			vop_node_free_device(n->own[s].dying);
	if (n->epfd >= 0)
		close(n->epfd);
	if (n->timer >= 0)
		close(n->timer);
	n->link->ops->close(n->link);
	vop_heap_fini(&n->heap);
	free(n);
}

struct vop_node *vop_node_start(struct vop_link *link, const struct vop_node_config *cfg,
				struct vop_error *err)
{
	struct vop_node *n = calloc(1, sizeof(*n));
	const char *why = check_link(link);
	uint64_t room = why ? 0 : link->own.size - VOP_PAGE_SIZE;

	if (!n) {
		say(err, "out of memory");
		link->ops->close(link);
		return NULL;
	}
	n->link = link;
	n->self = cfg->self;
	n->peer = cfg->self == VOP_HOST ? VOP_ENDPOINT : VOP_HOST;
	n->events = *cfg->events;
	n->ctx = cfg->ctx;
	n->epfd = n->timer = -1;
	if (!why && link->self != cfg->self)
		why = "node and link disagree about which node this is";
	if (!why && vop_heap_init(&n->heap, link->own.base + VOP_PAGE_SIZE, room))
		why = "out of memory";
	/* Buffers and rings never lie in a device page. */
	if (!why && room)
		vop_regions_add(&n->regions, n->heap.base, room, link->own.map + VOP_PAGE_SIZE);
	if (!why && link->caps.maps && link->peer.size > VOP_PAGE_SIZE &&
	    vop_regions_add(&n->regions, link->peer.base + VOP_PAGE_SIZE,
			    link->peer.size - VOP_PAGE_SIZE, link->peer.map + VOP_PAGE_SIZE))
		why = "the windows of the nodes overlap";
	if (!why && open_descriptors(n))
		why = "no descriptors left";
	if (why) {
		say(err, "%s", why);
		free_node(n);
		return NULL;
	}
	write_own_header(n);
	vop_node_nudge(n, n->self, 0);
	return n;
}

static bool is_up(void *arg)
{
	return ((struct vop_node *)arg)->state == VOP_NODE_UP;
}

struct vop_node *vop_node_open(struct vop_link *link, const struct vop_node_config *cfg,
			       struct vop_error *err)
{
	struct vop_node *n = vop_node_start(link, cfg, err);
	int r;

	if (!n)
		return NULL;
	r = vop_node_wait(n, is_up, n, OPEN_TIMEOUT_MS);
	if (!r)
		return n;
	say(err, "%s",
	    r == -ETIMEDOUT ? "the peer did not write its device page in time" : n->reason);
	free_node(n);
	return NULL;
}

void vop_node_close(struct vop_node *n)
{
	struct vop_msg bye = {.type = VOP_MSG_BYE};
	unsigned c, s;

	for (c = 0; c < 2; c++)
		for (s = 0; s < VOP_SLOTS; s++) {
			struct vop_device *d = n->dev[c][s];

			if (!d)
				continue;
			vop_node_remove_device(d, false);
			vop_node_bury(n, d);
		}
	if (!n->fail)
		n->link->ops->send(n->link, &bye); /* best effort: the loss says it too */
	n->state = VOP_NODE_DOWN;
	free_node(n);
}

/* --- small answers --- */

int vop_node_fd(const struct vop_node *n)
{
	return n->epfd;
}

struct vop_link *vop_node_link(struct vop_node *n)
{
	return n->link;
}

const struct vop_regions *vop_node_regions(const struct vop_node *n)
{
	return &n->regions;
}

uint64_t vop_node_nonsense(const struct vop_node *n)
{
	return n->nonsense;
}

void vop_device_info(const struct vop_device *d, struct vop_device_info *out)
{
	*out = d->info;
}

struct vop_node *vop_device_node(const struct vop_device *d)
{
	return d->node;
}

void vop_device_set_private(struct vop_device *d, void *p)
{
	d->priv = p;
}

void *vop_device_private(const struct vop_device *d)
{
	return d->priv;
}
