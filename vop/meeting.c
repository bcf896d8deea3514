/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name at which two nodes meet. Looking at it and changing it is one step for the nodes of a
 * directory, since each holds flock() on that directory meanwhile; nothing slow happens inside, and
 * nothing else is left in the file system.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "vop/meeting.h"

#define LOCK_RETRY_MS	 5
#define LOCK_PATIENCE_MS 10000 /* for "wait for ever": a lock is never held that long */
#define BACKLOG		 8

int64_t vop_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int vop_wait_fd(int fd, short events, int64_t deadline, int cancel_fd)
{
	struct pollfd p[2] = {{.fd = fd, .events = events}, {.fd = cancel_fd, .events = POLLIN}};

	for (;;) {
		int64_t left = deadline < 0 ? -1 : VOP_MAX(deadline - vop_now_ms(), 0);
		int n = poll(p, 2, (int)VOP_MIN(left, 1000000));

		if (n > 0 && p[1].revents)
			return -ECANCELED;
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (deadline >= 0 && vop_now_ms() >= deadline)
			return -ETIMEDOUT;
	}
}

int vop_meeting_open(struct vop_rdv *r, const char *path)
{
	char dir[sizeof(r->path)];
	char *slash;

	if (strlen(path) >= sizeof(r->path))
		return -ENAMETOOLONG;
	strcpy(r->path, path);
	strcpy(dir, path);
	slash = strrchr(dir, '/');
	r->name = slash ? r->path + (slash - dir) + 1 : r->path;
	if (!*r->name)
		return -EINVAL;
	if (slash == dir)
		slash[1] = 0;
	else if (slash)
		*slash = 0;
	r->dir_fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->dir_fd < 0 ? -errno : 0;
}

static int lock(struct vop_rdv *r, int64_t deadline, int cancel_fd)
{
	int64_t until = vop_now_ms() + LOCK_PATIENCE_MS;

	if (deadline >= 0)
		until = VOP_MIN(until, deadline);
	while (flock(r->dir_fd, LOCK_EX | LOCK_NB)) {
		int err;

		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (vop_now_ms() >= until)
			return -ETIMEDOUT;
		err = vop_wait_fd(-1, 0, vop_now_ms() + LOCK_RETRY_MS, cancel_fd);
		if (err != -ETIMEDOUT)
			return err;
	}
	return 0;
}

static void unlock(struct vop_rdv *r)
{
	flock(r->dir_fd, LOCK_UN);
}

static void address(const struct vop_rdv *r, struct sockaddr_un *a)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	/* sun_path need not end with a NUL; ours always does (path is at most 107 bytes). */
	memcpy(a->sun_path, r->path, VOP_MIN(sizeof(a->sun_path), sizeof(r->path)));
}

/* A connected socket, or negative errno. */
static int try_connect(const struct vop_rdv *r)
{
	struct sockaddr_un a;
	int s, err;

	address(r, &a);
	s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return -errno;
	if (!connect(s, (struct sockaddr *)&a, sizeof(a)))
		return s;
	err = -errno;
	close(s);
	return err;
}

/* Nobody listens behind the name: remove it if it is a socket. */
static int remove_stale(const struct vop_rdv *r)
{
	struct stat st;

	if (fstatat(r->dir_fd, r->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	/* connect() refuses a plain file with the same words: not ours to remove. */
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	return unlinkat(r->dir_fd, r->name, 0) && errno != ENOENT ? -errno : 0;
}

static int try_listen(struct vop_rdv *r)
{
	struct sockaddr_un a;
	struct stat st;
	int s, err;

	address(r, &a);
	s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return -errno;
	if (bind(s, (struct sockaddr *)&a, sizeof(a))) {
		err = -errno;
		close(s);
		return err;
	}
	if (listen(s, BACKLOG) || fstatat(r->dir_fd, r->name, &st, AT_SYMLINK_NOFOLLOW)) {
		err = -errno;
		unlinkat(r->dir_fd, r->name, 0);
		close(s);
		return err;
	}
	r->listen_fd = s;
	r->dev = st.st_dev;
	r->ino = st.st_ino;
	return 0;
}

static int enter_locked(struct vop_rdv *r)
{
	int s = try_connect(r);
	int err;

	if (s >= 0) {
		r->sock = s;
		return 0;
	}
	if (s == -ECONNREFUSED) {
		err = remove_stale(r);
		if (err)
			return err;
	} else if (s != -ENOENT) {
		return s; /* -EAGAIN: so many wait at the listener that we could not queue */
	}
	return try_listen(r);
}

int vop_meeting_enter(struct vop_rdv *r, int64_t deadline, int cancel_fd)
{
	int err = lock(r, deadline, cancel_fd);

	if (err)
		return err;
	err = enter_locked(r);
	unlock(r);
	return err;
}

bool vop_meeting_is_ours(const struct vop_rdv *r)
{
	struct stat st;

	return !fstatat(r->dir_fd, r->name, &st, AT_SYMLINK_NOFOLLOW) && st.st_dev == r->dev &&
	       st.st_ino == r->ino;
}

void vop_meeting_remove(struct vop_rdv *r, bool stale)
{
	int s;

	if (lock(r, vop_now_ms() + 1000, -1))
		return;
	if (r->listen_fd >= 0) {
		if (vop_meeting_is_ours(r))
			unlinkat(r->dir_fd, r->name, 0);
	} else if (stale) {
		s = try_connect(r);
		if (s >= 0)
			close(s);
		else if (s == -ECONNREFUSED)
			remove_stale(r);
	}
	unlock(r);
}
