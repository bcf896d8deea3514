/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front-end's memory: mapped from its descriptors, found by its own addresses (ring parts) and
 * by the driver's (buffers). Files of others cannot be sealed, so each mapping is guarded: where
 * the file was cut, zero pages appear and the connection ends.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "vop/front/vhost_user_internal.h"

static void free_region(struct vu_region *r)
{
	if (!r)
		return;
	if (r->base) {
		vop_fault_guard_remove(&r->guard);
		munmap(r->base, r->len);
	}
	free(r);
}

/* Mappings of huge pages begin and end with them. */
static uint64_t unit_of(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC)
		return (uint64_t)fs.f_bsize;
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static int check_file(struct vop_vu_front *f, const struct vop_vu_region *r, int fd,
		      struct stat *st)
{
	if (fstat(fd, st))
		return vop_front_refuse(f, -errno, "%s", strerror(errno));
	if (S_ISCHR(st->st_mode))
		return 0; /* memory of a device has no size to ask for */
	if (!S_ISREG(st->st_mode))
		return vop_front_refuse(f, -EINVAL, "its descriptor is no memory");
	if (r->offset > (uint64_t)st->st_size || r->size > (uint64_t)st->st_size - r->offset)
		return vop_front_refuse(f, -EINVAL, "0x%llx bytes at 0x%llx of a file of 0x%llx",
					(unsigned long long)r->size, (unsigned long long)r->offset,
					(unsigned long long)st->st_size);
	return 0;
}

static int check_numbers(struct vop_vu_front *f, const struct vop_vu_region *r)
{
	uint64_t end = UINT64_MAX - (r->size - 1);

	if (r->size == 0)
		return vop_front_refuse(f, -EINVAL, "it is empty");
	if (r->guest > end || r->user > end || r->offset > INT64_MAX - (1ll << 32) ||
	    r->size > INT64_MAX - (1ll << 32) - r->offset)
		return vop_front_refuse(f, -EINVAL, "0x%llx bytes at 0x%llx wrap around",
					(unsigned long long)r->size,
					(unsigned long long)VOP_MAX(r->guest, r->user));
	if (r->offset % (uint64_t)sysconf(_SC_PAGESIZE))
		return vop_front_refuse(f, -EINVAL, "its offset, 0x%llx, is no multiple of a page",
					(unsigned long long)r->offset);
	return 0;
}

static int map_region(struct vop_vu_front *f, const struct vop_vu_region *is, int fd,
		      struct vu_region **out)
{
	struct vu_region *r;
	uint64_t unit, from;
	struct stat st;
	int err = check_numbers(f, is);

	if (!err)
		err = check_file(f, is, fd, &st);
	if (err)
		return err;
	r = calloc(1, sizeof(*r));
	if (!r)
		return vop_front_refuse(f, -ENOMEM, "out of memory");
	unit = unit_of(fd);
	from = is->offset - is->offset % unit;
	r->is = *is;
	r->times = 1;
	r->dev = st.st_dev;
	r->ino = st.st_ino;
	r->len = vop_align_up(is->offset - from + is->size, unit);
	r->base = mmap(NULL, r->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
		       (off_t)from);
	if (r->base == MAP_FAILED) {
		err = vop_front_refuse(f, -errno, "cannot map it: %s", strerror(errno));
		r->base = NULL;
	} else if ((err = vop_fault_guard_add(&r->guard, r->base, r->len)) != 0) {
		vop_front_refuse(f, err, "cannot guard it: %s", strerror(-err));
	}
	if (err) {
		free_region(r);
		return err;
	}
	vop_fault_guard_wake(&r->guard, f->fault_fd);
	r->at = (uint8_t *)r->base + (is->offset - from);
	*out = r;
	return 0;
}

/* Into both tables, or none. */
static int enter(struct vop_vu_front *f, struct vu_memory *m, struct vu_region *r)
{
	int err;

	if (m->n == VOP_VU_SLOTS)
		return vop_front_refuse(f, -ENOSPC, "more than %u regions", VOP_VU_SLOTS);
	err = vop_regions_add(&m->user, r->is.user, r->is.size, r->at);
	if (!err) {
		err = vop_regions_add(&m->guest, r->is.guest, r->is.size, r->at);
		if (err)
			vop_regions_del(&m->user, r->is.user);
	}
	if (err)
		return vop_front_refuse(f, err, "it overlaps another");
	m->region[m->n++] = r;
	return 0;
}

static void clear(struct vu_memory *m)
{
	unsigned i;

	for (i = 0; i < m->n; i++)
		free_region(m->region[i]);
	m->n = m->user.n = m->guest.n = 0;
}

/* Which region, in front of what is wrong with it. */
static int name_region(struct vop_vu_front *f, unsigned i, int err)
{
	char what[sizeof(f->why)];

	memcpy(what, f->why, sizeof(what));
	return vop_front_refuse(f, err, "region %u: %.160s", i, what);
}

int vop_front_mem_set(struct vop_vu_front *f, const struct vop_vu_region *r, const int *fd,
		      unsigned n)
{
	struct vu_memory *fresh = calloc(1, sizeof(*fresh));
	struct vu_region *one;
	int err = 0;
	unsigned i;

	if (!fresh)
		return vop_front_refuse(f, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		one = NULL;
		err = map_region(f, &r[i], fd[i], &one);
		if (!err)
			err = enter(f, fresh, one);
		if (!err)
			continue;
		free_region(one);
		break;
	}
	if (err) {
		name_region(f, i, err);
		clear(fresh);
		free(fresh);
		return err;
	}
	/* Guards know where they stand, so regions move by pointer. */
	vop_front_rings_stop(f);
	clear(&f->mem);
	f->mem = *fresh;
	free(fresh);
	vop_front_rings_retry(f);
	return 0;
}

/* Which region has these numbers; NULL: none. */
static struct vu_region **find(struct vu_memory *m, const struct vop_vu_region *is)
{
	unsigned i;

	for (i = 0; i < m->n; i++) {
		const struct vop_vu_region *r = &m->region[i]->is;

		if (r->guest == is->guest && r->user == is->user && r->size == is->size)
			return &m->region[i];
	}
	return NULL;
}

/*
 * QEMU 7.2 keeps the table once for each queue pair of a net device, and so adds and removes every
 * region as often: what is added again just as it was is there until it was removed as many times.
 */
int vop_front_mem_add(struct vop_vu_front *f, const struct vop_vu_region *is, int fd)
{
	struct vu_region *r, **again = find(&f->mem, is);
	int err = map_region(f, is, fd, &r);

	if (err)
		return err;
	if (again && (*again)->is.offset == is->offset && (*again)->dev == r->dev &&
	    (*again)->ino == r->ino && (*again)->times < UINT_MAX) {
		(*again)->times++;
		free_region(r);
		return 0;
	}
	vop_poller_pause(f->cfg.poller);
	err = enter(f, &f->mem, r);
	vop_poller_resume(f->cfg.poller);
	if (err)
		free_region(r);
	else
		vop_front_rings_retry(f);
	return err;
}

int vop_front_mem_remove(struct vop_vu_front *f, const struct vop_vu_region *is)
{
	struct vu_memory *m = &f->mem;
	struct vu_region **slot = find(m, is);

	if (!slot)
		return vop_front_refuse(f, -ENOENT, "no such region");
	if (--(*slot)->times)
		return 0;
	vop_front_rings_stop(f);
	vop_regions_del(&m->user, is->user);
	vop_regions_del(&m->guest, is->guest);
	free_region(*slot);
	*slot = m->region[--m->n];
	return 0;
}

void vop_front_mem_clear(struct vop_vu_front *f)
{
	clear(&f->mem);
}

bool vop_front_mem_broken(const struct vop_vu_front *f)
{
	eventfd_t v;
	unsigned i;

	/* Also what was replaced or removed meanwhile: nobody else takes the word out. */
	if (eventfd_read(f->fault_fd, &v) == 0)
		return true;
	for (i = 0; i < f->mem.n; i++)
		if (vop_fault_broken(&f->mem.region[i]->guard))
			return true;
	return false;
}
