/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/place.h"

/* Directory of path, "." when it names none; NULL without memory. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Without it the rename itself may be lost with the power. Not every file system can. */
static void sync_directory(const char *path)
{
	char *dir = directory_of(path);
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(dir);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Give up the names; what they stand for is settled. */
static void forget(struct place *p)
{
	free(p->path);
	free(p->temporary);
	memset(p, 0, sizeof(*p));
}

/* A stream over fd, which it owns, also on failure. */
static int take(struct place *p, int fd)
{
	int err;

	if (fd < 0)
		return -errno;
	p->out = fdopen(fd, "w");
	if (p->out)
		return 0;
	err = -errno;
	close(fd);
	return err;
}

/* A temporary file beside p->path. */
static int open_beside(struct place *p)
{
	char *dir = directory_of(p->path);
	mode_t mask;
	int fd, err;

	if (!dir || asprintf(&p->temporary, "%s/.vop-bench-XXXXXX", dir) < 0) {
		p->temporary = NULL;
		free(dir);
		return -ENOMEM;
	}
	free(dir);
	fd = mkostemp(p->temporary, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		free(p->temporary);
		p->temporary = NULL;
		return err;
	}
	/* mkostemp makes it private; a result is read by others as any file of the user. */
	mask = umask(0);
	umask(mask);
	if (fchmod(fd, 0666 & ~mask)) {
		err = -errno;
		close(fd);
		return err;
	}
	return take(p, fd);
}

/* p->path is there and no directory: write into it, or replace what it stands for. */
static int open_over(struct place *p, const struct stat *st)
{
	char *real;

	if (!S_ISREG(st->st_mode)) {
		/* A terminal, a pipe, /dev/null: to be written into, never to be replaced. */
		p->direct = true;
		return take(p, open(p->path, O_WRONLY | O_CLOEXEC));
	}
	/* Replace what a symbolic link points to, not the link. */
	real = realpath(p->path, NULL);
	if (!real)
		return -errno;
	free(p->path);
	p->path = real;
	return open_beside(p);
}

int place_check(const char *path)
{
	char *real, *dir;
	struct stat st;
	int err;

	if (strcmp(path, "-") == 0)
		return 0;
	if (!*path)
		return -ENOENT;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		if (S_ISDIR(st.st_mode))
			return -EISDIR;
		return access(path, W_OK) ? -errno : 0;
	}
	/* A file is made anew beside its name, or beside what a link of that name points to. */
	real = realpath(path, NULL);
	dir = directory_of(real ? real : path);
	err = !dir ? -ENOMEM : access(dir, W_OK | X_OK) ? -errno : 0;
	free(dir);
	free(real);
	return err;
}

int place_open(struct place *p, const char *path, bool exclusive)
{
	struct stat st;
	int err;

	memset(p, 0, sizeof(*p));
	p->exclusive = exclusive;
	if (strcmp(path, "-") == 0) {
		p->out = stdout;
		p->direct = true;
		return 0;
	}
	if (!*path)
		return -ENOENT;
	p->path = strdup(path);
	if (!p->path)
		return -ENOMEM;
	if (exclusive && lstat(path, &st) == 0)
		err = -EEXIST;
	else if (stat(path, &st))
		err = open_beside(p);
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else
		err = open_over(p, &st);
	if (err)
		place_abort(p);
	return err;
}

/*
 * Why an earlier write failed. The stream knows only that one did, and what it could not write is
 * gone; whatever stopped it stops one more byte, too.
 */
static int why_failed(FILE *out)
{
	return write(fileno(out), "\n", 1) < 0 ? -errno : -EIO;
}

/* See everything reach the disk: an error may show only at the last step. */
static int finish(struct place *p)
{
	int err = 0;

	if (ferror(p->out))
		err = why_failed(p->out);
	else if (fflush(p->out) || (!p->direct && fsync(fileno(p->out))))
		err = -errno;
	if (p->out == stdout) {
		/* Told here; the program must not end with the same complaint once more. */
		clearerr(stdout);
		return err;
	}
	/* Some file systems report a full disk only here. */
	if (fclose(p->out) && !err)
		err = -errno;
	p->out = NULL;
	return err;
}

static int put_in_place(const struct place *p)
{
	if (!p->exclusive)
		return rename(p->temporary, p->path) ? -errno : 0;
	if (renameat2(AT_FDCWD, p->temporary, AT_FDCWD, p->path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* The file system cannot; link() fails when the name exists, too. */
	if (link(p->temporary, p->path))
		return -errno;
	unlink(p->temporary);
	return 0;
}

int place_commit(struct place *p)
{
	int err = finish(p);

	if (!err && p->temporary)
		err = put_in_place(p);
	if (err) {
		place_abort(p);
		return err;
	}
	if (p->temporary)
		sync_directory(p->path);
	forget(p);
	return 0;
}

void place_abort(struct place *p)
{
	if (p->out && p->out != stdout)
		fclose(p->out);
	if (p->temporary)
		unlink(p->temporary);
	forget(p);
}
