/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The backend tap: frames of the driver go out of a TAP interface of this machine, and what the
 * machine sends into that comes to the driver. A queue pair is a queue of the interface; pairs that
 * are not in use are detached, so that the system steers no frames there.
 *
 * The system copies what is transmitted straight out of shared memory, once. What it has for the
 * driver is read into private memory first, since a frame's length is known only when it was read.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#include "vop/dev/net_internal.h"

#define FRAME_ROOM 65553u /* the largest MTU, Ethernet header, VLAN tag */
#define TAP_BYTES  ((size_t)4 * FRAME_ROOM)

/* Frames of one pair that were read: len[head..tail) wait, bytes[out..in) are theirs. */
struct tap_pair {
	int fd;
	bool attached;
	unsigned head, tail;
	size_t out, in;
	uint32_t len[VOP_NET_BATCH];
	uint8_t bytes[TAP_BYTES];
};

struct tap {
	unsigned pairs;
	struct iovec iov[VOP_CORE_PIECES];
	struct tap_pair *pair[VOP_NET_PAIRS_MAX];
};

/* --- frames --- */

static unsigned tap_tx(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct tap *t = ctx;
	unsigned i, k;

	for (i = 0; i < n; i++) {
		/* More pieces than a system call takes, or bytes than a frame has: dropped. */
		if (f[i].len > FRAME_ROOM || f[i].niov > VOP_CORE_PIECES)
			continue;
		for (k = 0; k < f[i].niov; k++)
			t->iov[k] = (struct iovec){f[i].iov[k].ptr, f[i].iov[k].len};
		/* A full queue of the system's passes; an interface that is down, or a frame it
		 * does not like, does not. */
		if (writev(t->pair[pair]->fd, t->iov, (int)f[i].niov) < 0 && errno == EAGAIN)
			break;
	}
	return i;
}

static unsigned tap_lengths(void *ctx, unsigned pair, uint32_t *len, unsigned max)
{
	struct tap_pair *p = ((struct tap *)ctx)->pair[pair];
	unsigned n;

	if (p->head == p->tail) {
		p->head = p->tail = 0;
		p->in = p->out = 0;
	}
	while (p->tail < VOP_NET_BATCH && p->tail - p->head < max &&
	       p->in + FRAME_ROOM <= TAP_BYTES) {
		ssize_t got = read(p->fd, p->bytes + p->in, FRAME_ROOM);

		if (got <= 0)
			break;
		p->len[p->tail++] = (uint32_t)got;
		p->in += (size_t)got;
	}
	n = VOP_MIN(p->tail - p->head, max);
	if (n)
		memcpy(len, p->len + p->head, n * sizeof(*len));
	return n;
}

static void tap_fill(void *ctx, unsigned pair, const struct vop_net_frame *f, unsigned n)
{
	struct tap_pair *p = ((struct tap *)ctx)->pair[pair];
	unsigned i, k;

	for (i = 0; i < n; i++) {
		const uint8_t *from = p->bytes + p->out;
		uint32_t left = f[i].len, l;

		for (k = 0; left && k < f[i].niov; k++, left -= l, from += l) {
			l = VOP_MIN(left, f[i].iov[k].len);
			VOP_MEM_COPY_TO(f[i].iov[k].ptr, from, l);
		}
		p->out += p->len[p->head++];
	}
}

/* --- control --- */

static int tap_fd(void *ctx, unsigned pair)
{
	return ((struct tap *)ctx)->pair[pair]->fd;
}

static void forget(struct tap_pair *p)
{
	p->head = p->tail = 0;
	p->in = p->out = 0;
}

/* A queue that is detached keeps nothing, and is sent nothing. Of a single queue there is no
 * detaching: what comes meanwhile waits and is then old, so it is thrown away. */
static void tap_use(void *ctx, unsigned pair, bool on)
{
	struct tap *t = ctx;
	struct tap_pair *p = t->pair[pair];
	struct ifreq r = {.ifr_flags = (short)(on ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE)};

	forget(p);
	if (t->pairs > 1 && on != p->attached && ioctl(p->fd, TUNSETQUEUE, &r) == 0)
		p->attached = on;
	if (t->pairs == 1 && on)
		for (unsigned i = 0; i < 65536 && read(p->fd, p->bytes, FRAME_ROOM) > 0; i++)
			;
}

static void tap_reset(void *ctx)
{
	struct tap *t = ctx;
	unsigned i;

	for (i = 0; i < t->pairs; i++)
		forget(t->pair[i]);
}

static void tap_free(void *ctx)
{
	struct tap *t = ctx;
	unsigned i;

	for (i = 0; i < t->pairs; i++) {
		if (t->pair[i] && t->pair[i]->fd >= 0)
			close(t->pair[i]->fd);
		free(t->pair[i]);
	}
	free(t);
}

/* One queue of the interface; the first makes it and tells its name, if that was a pattern. */
static int open_queue(char name[IFNAMSIZ], bool several)
{
	struct ifreq r = {.ifr_flags =
				  (short)(IFF_TAP | IFF_NO_PI | (several ? IFF_MULTI_QUEUE : 0))};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	memcpy(r.ifr_name, name, IFNAMSIZ);
	if (ioctl(fd, TUNSETIFF, &r) == 0) {
		memcpy(name, r.ifr_name, IFNAMSIZ);
		return fd;
	}
	err = -errno;
	close(fd);
	return err;
}

int vop_net_backend_tap(struct vop_net_backend *b, const char *ifname, unsigned pairs,
			struct vop_error *err)
{
	char name[IFNAMSIZ] = "vop%d";
	struct tap *t;
	unsigned i;
	int r = 0;

	if (pairs < 1 || pairs > VOP_NET_PAIRS_MAX || (ifname && strlen(ifname) >= sizeof(name))) {
		vop_core_error(err, "interface '%s' has a name of more than %u characters",
			       ifname ? ifname : name, IFNAMSIZ - 1);
		return -EINVAL;
	}
	if (ifname)
		strcpy(name, ifname);
	t = calloc(1, sizeof(*t));
	for (i = 0; t && i < pairs; i++) {
		t->pair[i] = malloc(sizeof(*t->pair[i]));
		if (!t->pair[i])
			break;
		t->pairs = i + 1;
		forget(t->pair[i]);
		t->pair[i]->attached = true;
		t->pair[i]->fd = r = open_queue(name, pairs > 1);
		if (r < 0)
			break;
	}
	if (!t || t->pairs < pairs || r < 0) {
		r = r < 0 ? r : -ENOMEM;
		vop_core_error(err, "cannot use TAP interface %s: %s%s", name, strerror(-r),
			       r == -EINVAL ? " (is it there already as another kind, or with "
					      "one queue?)"
					    : "");
		if (t)
			tap_free(t);
		return r;
	}
	*b = (struct vop_net_backend){
		.name = "tap",
		.ctx = t,
		.tx = tap_tx,
		.rx_lengths = tap_lengths,
		.rx_fill = tap_fill,
		.rx_fd = tap_fd,
		.use = tap_use,
		.reset = tap_reset,
		.free = tap_free,
	};
	/* Nobody uses any before the device says so. */
	for (i = 0; i < pairs; i++)
		tap_use(t, i, false);
	return 0;
}
