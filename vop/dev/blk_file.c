/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk in a file. Payload passes through private memory on its way: the driver's memory may be a
 * window that only our own copies can reach, and it is read exactly once.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vop/dev/blk.h"

#define BOUNCE	   (256u << 10)
#define BLOCK_HINT 4096u

struct file {
	int fd;
	bool punches; /* holes */
	/*
	 * A write-back failed. The kernel tells of that once per open file; what is lost stays
	 * lost, so no later flush may say that all is well.
	 */
	bool lost;
	uint8_t *bounce;
};

/* All of it, in spite of signals. A file that became shorter is an error of its own. */
static int read_all(int fd, uint8_t *to, uint64_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pread(fd, to, len, (off_t)offset);

		if (n == 0)
			return -EIO;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		to += n;
		len -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static int write_all(int fd, const uint8_t *from, uint64_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, from, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		from += n;
		len -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static int file_read(void *ctx, uint64_t offset, struct vop_core_walk *to, uint64_t len)
{
	const struct file *f = ctx;

	while (len) {
		uint64_t l = VOP_MIN(len, BOUNCE);
		int r = read_all(f->fd, f->bounce, l, offset);

		if (r)
			return r;
		if (vop_core_copy_in(to, f->bounce, l) != l)
			return -EIO;
		len -= l;
		offset += l;
	}
	return 0;
}

static int file_write(void *ctx, uint64_t offset, struct vop_core_walk *from, uint64_t len)
{
	const struct file *f = ctx;

	while (len) {
		uint64_t l = VOP_MIN(len, BOUNCE);
		int r;

		if (vop_core_copy_out(from, f->bounce, l) != l)
			return -EIO;
		r = write_all(f->fd, f->bounce, l, offset);
		if (r)
			return r;
		len -= l;
		offset += l;
	}
	return 0;
}

static int file_flush(void *ctx)
{
	struct file *f = ctx;

	while (!f->lost && fdatasync(f->fd))
		f->lost = errno != EINTR;
	return f->lost ? -EIO : 0;
}

/* In spite of signals. 0 or a negative errno. */
static int allocate(const struct file *f, int mode, uint64_t offset, uint64_t len)
{
	while (fallocate(f->fd, mode, (off_t)offset, (off_t)len))
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int punch(const struct file *f, uint64_t offset, uint64_t len)
{
	return allocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, len);
}

static int file_discard(void *ctx, uint64_t offset, uint64_t len)
{
	return punch(ctx, offset, len);
}

static int write_zeroes(const struct file *f, uint64_t offset, uint64_t len)
{
	memset(f->bounce, 0, VOP_MIN(len, BOUNCE));
	while (len) {
		uint64_t l = VOP_MIN(len, BOUNCE);
		int r = write_all(f->fd, f->bounce, l, offset);

		if (r)
			return r;
		len -= l;
		offset += l;
	}
	return 0;
}

static int file_zero(void *ctx, uint64_t offset, uint64_t len, bool unmap)
{
	const struct file *f = ctx;

	if (unmap && f->punches && punch(f, offset, len) == 0)
		return 0;
	if (allocate(f, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, len) == 0)
		return 0;
	return write_zeroes(f, offset, len);
}

static void file_free(void *ctx)
{
	struct file *f = ctx;

	close(f->fd);
	free(f->bounce);
	free(f);
}

/* --- opening --- */

static int no(struct vop_error *err, const char *path, int r)
{
	vop_core_error(err, "%s: %s", path, strerror(-r));
	return r;
}

/* Its size; a file that is empty gets the one that is wanted. */
static int settle_size(int fd, const char *path, uint64_t want, bool read_only, uint64_t *size,
		       struct vop_error *err)
{
	off_t end = lseek(fd, 0, SEEK_END);
	struct stat st;

	if (end < 0 || fstat(fd, &st))
		return no(err, path, -errno);
	*size = (uint64_t)end;
	if (*size == 0 && want && !read_only && S_ISREG(st.st_mode)) {
		if (ftruncate(fd, (off_t)want))
			return no(err, path, -errno);
		*size = want;
	}
	if (*size == 0) {
		vop_core_error(err, "%s is empty, and no size was given", path);
		return -EINVAL;
	}
	if (want && *size != want) {
		vop_core_error(err, "%s has %llu bytes, not %llu", path, (unsigned long long)*size,
			       (unsigned long long)want);
		return -EINVAL;
	}
	return 0;
}

static int open_file(const char *path, uint64_t want, bool read_only, struct vop_error *err)
{
	int flags = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK;
	struct stat st;
	int fd, r = 0;

	fd = open(path, flags | (want && !read_only ? O_CREAT : 0), 0600);
	if (fd < 0)
		return no(err, path, -errno);
	if (fstat(fd, &st)) {
		r = no(err, path, -errno);
	} else if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		vop_core_error(err, "%s is neither a file nor a block device", path);
		r = -EINVAL;
	} else if (flock(fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB)) {
		r = -errno;
		vop_core_error(err, "%s is in use: %s", path, strerror(-r));
	}
	if (!r)
		return fd;
	close(fd);
	return r;
}

int vop_blk_backend_file(struct vop_blk_backend *b, const char *path, uint64_t size, bool read_only,
			 struct vop_error *err)
{
	struct file *f = calloc(1, sizeof(*f));
	uint64_t has = 0;
	int r;

	if (f)
		f->bounce = aligned_alloc(4096, BOUNCE);
	if (!f || !f->bounce) {
		free(f);
		vop_core_error(err, "out of memory");
		return -ENOMEM;
	}
	r = f->fd = open_file(path, size, read_only, err);
	if (r >= 0) {
		r = settle_size(f->fd, path, size, read_only, &has, err);
		if (r)
			close(f->fd);
	}
	if (r) {
		free(f->bounce);
		free(f);
		return r;
	}
	/* Behind the end there is nothing to lose; a file system that cannot says so all the same.
	 */
	f->punches = !read_only && punch(f, has, BLOCK_HINT) == 0;
	*b = (struct vop_blk_backend){
		.name = "file",
		.ctx = f,
		.size = has,
		.read = file_read,
		.write = file_write,
		.flush = file_flush,
		.discard = f->punches ? file_discard : NULL,
		.zero = file_zero,
		.zero_unmaps = f->punches,
		.align = BLOCK_HINT,
		.free = file_free,
	};
	return 0;
}
