/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings of a vhost-user connection. A ring is started when its size and addresses are there, a kick
 * was given (or the word that there is none), and it is enabled; it then runs until GET_VRING_BASE,
 * and where it stands is told. A change of a ring that runs stops it and starts it again where it
 * stood, so nothing changes under the poller.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <vop/vring.h>
#include "vop/front/vhost_user_internal.h"

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- descriptors --- */

static bool is_eventfd(int fd)
{
	static const char name[] = "anon_inode:[eventfd]";
	char path[40], what[sizeof(name)];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, what, sizeof(what));
	return n == (ssize_t)sizeof(name) - 1 && memcmp(what, name, sizeof(name) - 1) == 0;
}

/* The same pipe with flags of our own: the front-end cannot make it block. -1: not to be had, as
 * when nobody reads it. Its own flags are no substitute: they are the front-end's to change. */
static int own_pipe(int fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

bool vop_front_is_unix_socket(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

/* Only what can neither block us for ever nor be always ready: eventfds; to write into also pipes
 * and UNIX sockets (front-ends without eventfds). *fd is replaced or left. */
static int check_fd(struct vop_vu_front *f, int *fd, bool to_write)
{
	struct stat st;

	if (fstat(*fd, &st))
		return vop_front_refuse(f, -errno, "%s", strerror(errno));
	if (to_write && vop_front_is_unix_socket(*fd))
		return 0;
	if (to_write && S_ISFIFO(st.st_mode)) {
		int own = own_pipe(*fd);

		if (own < 0)
			return vop_front_refuse(f, -errno, "its pipe cannot be opened: %s",
						strerror(errno));
		close(*fd);
		*fd = own;
		return 0;
	}
	if (is_eventfd(*fd))
		return 0;
	return vop_front_refuse(f, -EINVAL, "its descriptor is no eventfd%s",
				to_write ? ", no pipe and no UNIX socket" : "");
}

/* A pipe nobody reads any more is the front-end's loss, not ours. */
static void ring_quietly(struct vop_doorbell *db)
{
	const struct timespec now = {0};
	sigset_t pipe, old, pending;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	vop_doorbell_ring(db);
	if (!sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* The doorbell behind a descriptor that we write into. */
static int open_call(struct vop_vu_front *f, struct vop_doorbell *db, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)) {
		*db = VOP_DOORBELL_INIT;
		db->kind = VOP_DB_STREAM;
		db->fd = fd;
		return 0;
	}
	return vop_doorbell_from_eventfd(db, fd, f->guard);
}

static void ring_error(struct vop_vu_front *f, struct vu_ring *r)
{
	struct vop_doorbell db;

	if (r->err_fd < 0 || open_call(f, &db, r->err_fd))
		return;
	ring_quietly(&db);
	vop_doorbell_release(&db);
}

/* --- where a ring stands --- */

static struct vop_devq_place place_of(const struct vu_ring *r, const struct vop_split_used *used,
				      const struct vop_packed_desc *desc, bool packed)
{
	struct vop_devq_place p = vop_devq_fresh(packed);
	uint16_t avail = (uint16_t)r->base, behind = (uint16_t)(r->base >> 16);

	if (!packed) {
		/* The used index is the device's own word: it is where we, or another before us,
		 * left it. */
		p.used = le16toh(VOP_MEM_LD(&used->idx));
		p.avail = r->have_base ? avail : 0;
		return p;
	}
	if (!r->have_base)
		return p;
	/* Where we stopped it needs no reading between the lines, unless its memory is new. */
	if (r->exact && (r->base || VOP_MEM_LD(&desc[0].flags)))
		return (struct vop_devq_place){r->left.used, r->left.used};
	/*
	 * Front-ends that know split rings only say 0, which here is the start of an even lap. It
	 * is that if somebody used the first descriptor in the odd lap before.
	 */
	if (r->base == 0 && !(le16toh(VOP_MEM_LD(&desc[0].flags)) & VOP_DESC_F_USED))
		return p;
	/* Those who do not know the upper half leave it 0. Otherwise what lies between the two was
	 * taken and not used by whoever was here before: it is taken again. */
	p.used = behind ? behind : avail;
	p.avail = p.used;
	return p;
}

static uint32_t base_of(struct vop_devq_place p, bool packed)
{
	return packed ? (uint32_t)p.avail | (uint32_t)p.used << 16 : p.avail;
}

/* --- starting and stopping --- */

static void close_doorbells(struct vu_ring *r)
{
	vop_doorbell_release(&r->kick);
	vop_doorbell_release(&r->call);
}

static int open_doorbells(struct vop_vu_front *f, struct vu_ring *r)
{
	int err = 0;

	if (r->kick_fd >= 0)
		err = vop_doorbell_from_eventfd(&r->kick, r->kick_fd, NULL);
	if (!err && r->call_fd >= 0)
		err = open_call(f, &r->call, r->call_fd);
	if (err)
		close_doorbells(r);
	return err;
}

static void stop(struct vop_vu_front *f, unsigned q)
{
	struct vu_ring *r = &f->ring[q];

	if (!r->running)
		return;
	r->running = false;
	r->left = r->cfg.place;
	f->offer.ops->queue_stop(f->offer.dev, q);
	close_doorbells(r);
	r->base = base_of(r->left, r->cfg.packed);
	r->have_base = r->exact = true;
}

void vop_front_rings_stop(struct vop_vu_front *f)
{
	unsigned q;

	for (q = 0; q < f->offer.queues; q++)
		stop(f, q);
}

/* Ring parts by the front-end's addresses, each in one region (VIRTIO 1.4, 2.7 and 2.8). */
static int find_parts(struct vop_vu_front *f, unsigned q, struct vop_queue_config *c)
{
	const struct vop_vu_vring_addr *a = &f->ring[q].addr;
	uint64_t driver_len = c->packed ? 4 : vop_split_avail_size(c->size);
	uint64_t device_len = c->packed ? 4 : vop_split_used_size(c->size);

	c->desc_bus = a->descriptor;
	c->driver_bus = a->available;
	c->device_bus = a->used;
	c->desc = vop_xlate_whole(&f->mem.user, a->descriptor, vop_split_desc_size(c->size));
	c->driver = vop_xlate_whole(&f->mem.user, a->available, driver_len);
	c->device = vop_xlate_whole(&f->mem.user, a->used, device_len);
	if (!c->desc || !c->driver || !c->device)
		return vop_front_refuse(f, -EINVAL,
					"ring %u does not lie in memory that was announced", q);
	if (((uintptr_t)c->desc | a->descriptor) % 16 ||
	    ((uintptr_t)c->driver | a->available) % (c->packed ? 4 : 2) ||
	    ((uintptr_t)c->device | a->used) % 4)
		return vop_front_refuse(f, -EINVAL, "ring %u is not aligned", q);
	return 0;
}

static int check_size(struct vop_vu_front *f, unsigned q)
{
	uint32_t n = f->ring[q].size;

	if (!vu_packed(f) && (n & (n - 1)))
		return vop_front_refuse(f, -EINVAL, "ring %u has %u entries, no power of two", q,
					n);
	return 0;
}

static int start(struct vop_vu_front *f, unsigned q)
{
	struct vu_ring *r = &f->ring[q];
	struct vop_queue_config *c = &r->cfg;
	int err = vop_front_device_run(f);

	if (err)
		return err;
	*c = (struct vop_queue_config){
		.index = (uint16_t)q,
		.size = (uint16_t)r->size,
		.packed = vu_packed(f),
		.ring_placement = VOP_RING_DRIVER,
		.payload_placement = VOP_PAYLOAD_PULL,
		.regions = &f->mem.guest,
		.kick = &r->kick,
		.call = &r->call,
		.resumes = true,
		.left = &r->left,
	};
	err = check_size(f, q);
	if (!err)
		err = find_parts(f, q, c);
	if (err)
		return err;
	c->read_back = c->desc;
	c->place = place_of(r, c->device, c->desc, c->packed);
	if (open_doorbells(f, r))
		return vop_front_refuse(f, -ENOMEM, "out of memory");
	err = f->offer.ops->queue_start(f->offer.dev, c);
	if (err) {
		close_doorbells(r);
		return vop_front_refuse(f, err, "ring %u cannot start: %s", q,
					err == -EINVAL
						? "the device has no such queue with these features"
						: strerror(-err));
	}
	r->running = true;
	/* Between then and now a call may have gone to a descriptor that is no more. */
	if (r->ran && r->call_fd >= 0)
		ring_quietly(&r->call);
	r->ran = true;
	return 0;
}

static bool may_start(const struct vop_vu_front *f, const struct vu_ring *r)
{
	bool enabled = r->enabled || !(f->features >> VOP_VU_F_PROTOCOL_FEATURES & 1);
	/* Who tells the driver's status says when it is ready; who does not is taken at its
	 * kick. */
	bool ready = !f->status_used || (f->status & VOP_STATUS_DRIVER_OK);

	return !r->running && !r->broken && !r->refused && r->size && r->have_addr && r->kicked &&
	       enabled && ready;
}

void vop_front_rings_unkick(struct vop_vu_front *f)
{
	unsigned q;

	for (q = 0; q < f->offer.queues; q++)
		f->ring[q].kicked = false;
}

void vop_front_rings_retry(struct vop_vu_front *f)
{
	unsigned q;

	for (q = 0; q < f->offer.queues; q++)
		f->ring[q].refused = false;
}

int vop_front_rings_settle(struct vop_vu_front *f)
{
	int first = 0;
	char why[sizeof(f->why)];
	unsigned q;

	for (q = 0; q < f->offer.queues; q++) {
		int err = may_start(f, &f->ring[q]) ? start(f, q) : 0;

		if (!err)
			continue;
		/* Not again before it is kicked off again, or there is other memory. */
		f->ring[q].refused = true;
		if (!first) {
			first = err;
			memcpy(why, f->why, sizeof(why));
		}
	}
	if (first)
		memcpy(f->why, why, sizeof(why));
	return first;
}

void vop_front_rings_init(struct vop_vu_front *f)
{
	unsigned q;

	for (q = 0; q < VOP_QUEUES_MAX; q++)
		f->ring[q] = (struct vu_ring){
			.kick_fd = -1,
			.call_fd = -1,
			.err_fd = -1,
			.kick = VOP_DOORBELL_INIT,
			.call = VOP_DOORBELL_INIT,
		};
}

void vop_front_rings_clear(struct vop_vu_front *f)
{
	unsigned q;

	for (q = 0; q < VOP_QUEUES_MAX; q++) {
		close_fd(&f->ring[q].kick_fd);
		close_fd(&f->ring[q].call_fd);
		close_fd(&f->ring[q].err_fd);
	}
	vop_front_rings_init(f);
}

void vop_front_rings_reset(struct vop_vu_front *f)
{
	unsigned q;

	for (q = 0; q < f->offer.queues; q++) {
		struct vu_ring *r = &f->ring[q];
		int call_fd = r->call_fd, err_fd = r->err_fd;

		close_fd(&r->kick_fd);
		*r = (struct vu_ring){
			.kick_fd = -1,
			.call_fd = call_fd,
			.err_fd = err_fd,
			.kick = VOP_DOORBELL_INIT,
			.call = VOP_DOORBELL_INIT,
		};
	}
}

void vop_front_ring_violation(struct vop_vu_front *f, unsigned q)
{
	struct vu_ring *r = &f->ring[q];

	stop(f, q);
	r->broken = true;
	ring_error(f, r);
}

/* --- requests --- */

/* NULL: there is none with this number. */
static struct vu_ring *ring_of(struct vop_vu_front *f, uint32_t q)
{
	if (q < f->offer.queues)
		return &f->ring[q];
	vop_front_refuse(f, -EINVAL, "there is no ring %u, only %u of them", q, f->offer.queues);
	return NULL;
}

static int is_running(struct vop_vu_front *f, uint32_t q)
{
	return vop_front_refuse(f, -EBUSY, "ring %u is running", q);
}

int vop_front_ring_num(struct vop_vu_front *f, const struct vop_vu_vring_state *s)
{
	struct vu_ring *r = ring_of(f, s->index);

	if (!r)
		return -EINVAL;
	if (s->num == 0 || s->num > f->size_max)
		return vop_front_refuse(f, -EINVAL, "ring %u with %u entries, not 1 to %u",
					s->index, s->num, f->size_max);
	if (r->running && r->size != s->num)
		return is_running(f, s->index);
	r->size = s->num;
	return f->features_set ? check_size(f, s->index) : 0;
}

int vop_front_ring_base(struct vop_vu_front *f, const struct vop_vu_vring_state *s)
{
	struct vu_ring *r = ring_of(f, s->index);
	bool fresh;

	if (!r)
		return -EINVAL;
	if (r->running)
		return is_running(f, s->index);
	if (!vu_packed(f) && s->num > UINT16_MAX)
		return vop_front_refuse(f, -EINVAL, "ring %u of the split format at 0x%x", s->index,
					s->num);
	/* A ring that begins anew where another one stood elsewhere: so does its driver. */
	fresh = vu_packed(f) ? s->num == 0x8000 || s->num == 0x80008000u : s->num == 0;
	if (f->running && r->ran && fresh && s->num != r->base)
		vop_front_device_reset(f);
	/* What we told ourselves is more than the number says. */
	r->exact = r->exact && s->num == r->base;
	r->base = s->num;
	r->have_base = true;
	return 0;
}

int vop_front_ring_get_base(struct vop_vu_front *f, struct vop_vu_vring_state *s)
{
	struct vu_ring *r = ring_of(f, s->index);
	unsigned q;

	if (!r)
		return -EINVAL;
	stop(f, s->index);
	close_fd(&r->kick_fd);
	r->kicked = r->broken = r->refused = false;
	for (q = 0; q < f->offer.queues && !f->ring[q].broken; q++)
		;
	if (q == f->offer.queues)
		f->needs_reset = false;
	s->num = r->have_base ? r->base : base_of(vop_devq_fresh(vu_packed(f)), vu_packed(f));
	return 0;
}

int vop_front_ring_addr(struct vop_vu_front *f, const struct vop_vu_vring_addr *a)
{
	struct vu_ring *r = ring_of(f, a->index);

	if (!r)
		return -EINVAL;
	if (a->flags)
		return vop_front_refuse(f, -EOPNOTSUPP, "ring %u with flags 0x%x; there are none",
					a->index, a->flags);
	stop(f, a->index);
	r->addr = *a;
	r->have_addr = true;
	return 0;
}

int vop_front_ring_enable(struct vop_vu_front *f, const struct vop_vu_vring_state *s)
{
	struct vu_ring *r = ring_of(f, s->index);

	if (!r)
		return -EINVAL;
	if (s->num > 1)
		return vop_front_refuse(f, -EINVAL, "ring %u enabled %u times", s->index, s->num);
	r->refused = false;
	if (!(f->features >> VOP_VU_F_PROTOCOL_FEATURES & 1)) {
		r->enabled = s->num;
		return 0;
	}
	if (r->enabled == (s->num != 0))
		return 0;
	/* Disabled it keeps still: Linux's virtio_uml frees the memory of a ring that it has
	 * disabled, so nothing of it may be touched, not even to discard frames. */
	stop(f, s->index);
	r->enabled = s->num;
	return 0;
}

int vop_front_ring_fd(struct vop_vu_front *f, struct vop_vu_msg *m)
{
	struct vu_ring *r = ring_of(f, (uint32_t)(m->u64 & VOP_VU_RING_MASK));
	bool kick = m->h.request == VOP_VU_SET_VRING_KICK;
	unsigned q = (unsigned)(m->u64 & VOP_VU_RING_MASK);
	int fd, *to, err;

	if (!r)
		return -EINVAL;
	fd = vop_vu_take_fd(m, 0);
	err = fd >= 0 ? check_fd(f, &fd, !kick) : 0;
	if (err) {
		close_fd(&fd);
		return err;
	}
	to = &r->err_fd;
	if (kick) {
		stop(f, q);
		r->kicked = true;
		r->refused = false;
		to = &r->kick_fd;
	} else if (m->h.request == VOP_VU_SET_VRING_CALL) {
		stop(f, q);
		to = &r->call_fd;
	}
	close_fd(to);
	*to = fd;
	return 0;
}
