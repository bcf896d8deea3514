/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealed memfd windows; window.h tells what for.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vop/window.h"

#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21u << 26)
#endif

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define WINDOW_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static long read_number(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%ld", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

/* Huge pages that are free and promised to nobody. */
static uint64_t huge_pages_free(void)
{
	long n = read_number("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") -
		 read_number("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages");

	return n > 0 ? (uint64_t)n : 0;
}

static int make_file(uint64_t size, bool huge)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd, err;

	fd = memfd_create("vop-window", flags | (huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0));
	if (fd < 0)
		return -errno;
	/* Huge pages are taken now: found missing at the first touch they would mean SIGBUS. */
	if (ftruncate(fd, (off_t)size) || (huge && fallocate(fd, 0, 0, (off_t)size)) ||
	    fcntl(fd, F_ADD_SEALS, WINDOW_SEALS)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int map_file(struct vop_window *w, int fd, uint64_t size)
{
	void *map;
	int err;

	/* MAP_NORESERVE: a window is sparse, only what is touched counts. */
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	err = vop_fault_guard_add(&w->fault, map, size);
	if (err) {
		munmap(map, size);
		return err;
	}
	w->fd = fd;
	w->map = map;
	w->size = size;
	return 0;
}

static int create(struct vop_window *w, uint64_t size, bool huge)
{
	int fd = make_file(size, huge);
	int err;

	if (fd < 0)
		return fd;
	err = map_file(w, fd, size);
	if (err)
		close(fd);
	else
		w->huge = huge;
	return err;
}

int vop_window_create(struct vop_window *w, uint64_t size, bool no_huge)
{
	*w = VOP_WINDOW_INIT;
	if (!size || size % VOP_WINDOW_ALIGN || size > VOP_WINDOW_MAX)
		return -EINVAL;
	if (!no_huge && size / VOP_WINDOW_ALIGN <= huge_pages_free() && !create(w, size, true))
		return 0;
	return create(w, size, false);
}

/* NULL when fd is what a window must be, else what is wrong with it. */
static const char *check(int fd, uint64_t size, struct stat *st)
{
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0)
		return "the window is not a memfd";
	if ((seals & WINDOW_SEALS) != WINDOW_SEALS)
		return "the window is not sealed against changes of its size";
	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return "the window is sealed against writing";
	if (fstat(fd, st))
		return "the window cannot be examined";
	if ((uint64_t)st->st_size != size)
		return "the window has another size than announced";
	return NULL;
}

int vop_window_adopt(struct vop_window *w, int fd, uint64_t size, const char **why)
{
	struct stat st;
	int err;

	*w = VOP_WINDOW_INIT;
	*why = !size || size % VOP_WINDOW_ALIGN || size > VOP_WINDOW_MAX
		       ? "the window's size is not a multiple of 2 MiB below 1 TiB"
		       : check(fd, size, &st);
	if (*why) {
		close(fd);
		return -EPROTO;
	}
	/* Seals cannot be taken back, so what was checked stays true. */
	err = map_file(w, fd, size);
	if (err) {
		*why = "the window cannot be mapped";
		close(fd);
		return err == -EACCES || err == -EPERM ? -EPROTO : err;
	}
	w->huge = (uint64_t)st.st_blksize >= VOP_WINDOW_ALIGN;
	return 0;
}

void vop_window_destroy(struct vop_window *w)
{
	vop_fault_guard_remove(&w->fault);
	if (w->map)
		munmap(w->map, w->size);
	if (w->fd >= 0)
		close(w->fd);
	*w = VOP_WINDOW_INIT;
}
