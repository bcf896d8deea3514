/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk in anonymous memory: pages come when they are written, and go when they are discarded. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vop/dev/blk.h"

struct memory {
	uint8_t *base;
	uint64_t size; /* as mapped: whole pages */
	uint64_t page;
};

static int memory_read(void *ctx, uint64_t offset, struct vop_core_walk *to, uint64_t len)
{
	const struct memory *m = ctx;

	return vop_core_copy_in(to, m->base + offset, len) == len ? 0 : -EIO;
}

static int memory_write(void *ctx, uint64_t offset, struct vop_core_walk *from, uint64_t len)
{
	const struct memory *m = ctx;

	return vop_core_copy_out(from, m->base + offset, len) == len ? 0 : -EIO;
}

/* Give the whole pages of a range back: they read as zeroes then. The others' part stays. */
static int give_back(const struct memory *m, uint64_t offset, uint64_t len)
{
	uint64_t from = vop_align_up(offset, m->page), to = (offset + len) & ~(m->page - 1);

	if (from >= to)
		return 0;
	return madvise(m->base + from, to - from, MADV_DONTNEED) ? -errno : 0;
}

static int memory_discard(void *ctx, uint64_t offset, uint64_t len)
{
	return give_back(ctx, offset, len);
}

static int memory_zero(void *ctx, uint64_t offset, uint64_t len, bool unmap)
{
	const struct memory *m = ctx;
	uint64_t from = vop_align_up(offset, m->page), to = (offset + len) & ~(m->page - 1);

	if (!unmap || from >= to) {
		memset(m->base + offset, 0, len);
		return 0;
	}
	memset(m->base + offset, 0, from - offset);
	memset(m->base + to, 0, offset + len - to);
	return give_back(m, offset, len);
}

static int memory_erase(void *ctx, uint64_t offset, uint64_t len)
{
	const struct memory *m = ctx;

	/* Where they lie: who is given the page next, or reads the machine's memory, finds nothing.
	 */
	explicit_bzero(m->base + offset, len);
	return give_back(m, offset, len);
}

static void memory_free(void *ctx)
{
	struct memory *m = ctx;

	munmap(m->base, m->size);
	free(m);
}

int vop_blk_backend_memory(struct vop_blk_backend *b, uint64_t size, struct vop_error *err)
{
	long page = sysconf(_SC_PAGESIZE);
	struct memory *m = calloc(1, sizeof(*m));
	int r;

	if (!m) {
		vop_core_error(err, "out of memory");
		return -ENOMEM;
	}
	m->page = page > 0 ? (uint64_t)page : 4096;
	m->size = vop_align_up(size, m->page);
	m->base = mmap(NULL, m->size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->base == MAP_FAILED) {
		r = -errno;
		vop_core_error(err, "no memory for a disk of %llu bytes: %s",
			       (unsigned long long)size, strerror(-r));
		free(m);
		return r;
	}
	*b = (struct vop_blk_backend){
		.name = "memory",
		.ctx = m,
		.size = size,
		.read = memory_read,
		.write = memory_write,
		.discard = memory_discard,
		.zero = memory_zero,
		.zero_unmaps = true,
		.erase = memory_erase,
		.align = (uint32_t)m->page,
		.free = memory_free,
	};
	return 0;
}
