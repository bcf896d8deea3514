/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/fs_tour.h"

#define FILE_SIZE 10000u /* no multiple of anything */
#define CUT	  6001u

struct tour {
	struct fs_conn *c;
	struct fs_tree *t;
	struct fs_slot *s;
	struct fs_stamp stamp;
	unsigned checked;
};

/* The answer was this one (0 or an error). */
static int expect(struct tour *u, const char *what, int got, int want)
{
	if (fs_conn_failed(u->c))
		return fs_conn_failed(u->c);
	u->checked++;
	if (got == want)
		return 0;
	return fs_conn_fail(u->c, -EBADMSG, "%s: answered %s, not %s", what,
			    got ? strerror(-got) : "success", want ? strerror(-want) : "success");
}

static int expect_refusal(struct tour *u, const char *what, int got)
{
	return got ? expect(u, what, got, got) : expect(u, what, got, -ENOENT);
}

static int expect_size(struct tour *u, const char *what, uint64_t node, uint64_t want)
{
	struct fuse_attr a = {0};
	int e = expect(u, what, fs_getattr(u->c, node, &a), 0);

	if (!e && a.size != want)
		e = fs_conn_fail(u->c, -EBADMSG, "%s: %llu bytes, not %llu", what,
				 (unsigned long long)a.size, (unsigned long long)want);
	return e;
}

/* Read len bytes at off: `there` of them must come, as they were written, or zero. */
static int expect_data(struct tour *u, uint64_t node, uint64_t fh, uint64_t off, uint32_t len,
		       uint32_t there, bool zero)
{
	uint32_t got = 0, at = 0;
	int e = expect(u, "READ", fs_read(u->c, u->s, node, fh, off, len, &got), 0);

	if (e)
		return e;
	if (got != there)
		return fs_conn_fail(u->c, -EBADMSG, "READ of %u bytes at %llu: %u came, not %u",
				    len, (unsigned long long)off, got, there);
	if (!zero)
		at = fs_data_check(u->s->data, there, &u->stamp, off);
	else
		while (at < there && u->s->data[at] == 0)
			at++;
	return at == there ? 0
			   : fs_conn_fail(u->c, -EBADMSG, "READ: byte %llu is not what it must be",
					  (unsigned long long)(off + at));
}

static int errors(struct tour *u)
{
	uint64_t dir = u->t->dir.id, fh = 0;
	struct fs_node n, file, sub;
	int e = expect(u, "LOOKUP of a name that is not there", fs_lookup(u->c, dir, "tour", &n),
		       -ENOENT);

	/* Which error is left open: drivers look a name up before they remove it, and a daemon that
	 * keeps its own books of names (QEMU's) has another one than POSIX. */
	e = e ? e : expect_refusal(u, "UNLINK of it", fs_unlink(u->c, dir, "tour"));
	e = e ? e : expect_refusal(u, "RMDIR of it", fs_rmdir(u->c, dir, "tour"));
	e = e ? e : expect(u, "MKDIR", fs_mkdir(u->c, dir, "tourdir", 0700, &sub), 0);
	e = e ? e
	      : expect(u, "MKDIR of a name that is there", fs_mkdir(u->c, dir, "tourdir", 0700, &n),
		       -EEXIST);
	e = e ? e : expect(u, "CREATE", fs_create(u->c, sub.id, "tour", 0600, &file, &fh), 0);
	e = e ? e
	      : expect(u, "CREATE (O_EXCL) of a name that is there",
		       fs_create(u->c, sub.id, "tour", 0600, &n, &(uint64_t){0}), -EEXIST);
	e = e ? e
	      : expect(u, "RMDIR of a directory that is not empty", fs_rmdir(u->c, dir, "tourdir"),
		       -ENOTEMPTY);
	e = e ? e : expect(u, "RMDIR of a file", fs_rmdir(u->c, sub.id, "tour"), -ENOTDIR);
	e = e ? e : expect(u, "LOOKUP in a file", fs_lookup(u->c, file.id, "tour", &n), -ENOTDIR);
	e = e ? e : expect(u, "UNLINK of a directory", fs_unlink(u->c, dir, "tourdir"), -EISDIR);
	e = e ? e : expect(u, "RELEASE", fs_release(u->c, file.id, fh, O_RDWR), 0);
	e = e ? e : expect(u, "UNLINK", fs_unlink(u->c, sub.id, "tour"), 0);
	e = e ? e
	      : expect(u, "LOOKUP of what was removed", fs_lookup(u->c, sub.id, "tour", &n),
		       -ENOENT);
	e = e ? e : expect(u, "RMDIR", fs_rmdir(u->c, dir, "tourdir"), 0);
	e = e ? e : expect(u, "FORGET", fs_forget(u->c, &file), 0);
	return e ? e : expect(u, "FORGET", fs_forget(u->c, &sub), 0);
}

/* Written, cut short, made longer: what is behind the cut is zero. */
static int contents(struct tour *u, uint64_t node, uint64_t fh)
{
	struct fuse_attr a;
	uint32_t done = 0;
	int e;

	fs_data_fill(u->s->data, FILE_SIZE, &u->stamp, 0);
	e = expect(u, "WRITE", fs_write(u->c, u->s, node, fh, 0, FILE_SIZE, &done), 0);
	if (!e && done != FILE_SIZE)
		e = fs_conn_fail(u->c, -EBADMSG, "WRITE of %u bytes: %u written", FILE_SIZE, done);
	e = e ? e : expect_size(u, "GETATTR after WRITE", node, FILE_SIZE);
	e = e ? e : expect_data(u, node, fh, 0, FILE_SIZE, FILE_SIZE, false);
	e = e ? e : expect_data(u, node, fh, 4096, FILE_SIZE, FILE_SIZE - 4096, false);
	e = e ? e : expect_data(u, node, fh, FILE_SIZE, 4096, 0, false);
	e = e ? e : expect(u, "SETATTR of a smaller size", fs_truncate(u->c, node, CUT, &a), 0);
	e = e ? e : expect_data(u, node, fh, 0, FILE_SIZE, CUT, false);
	e = e ? e
	      : expect(u, "SETATTR of a larger size", fs_truncate(u->c, node, FILE_SIZE, &a), 0);
	e = e ? e : expect_data(u, node, fh, 0, CUT, CUT, false);
	e = e ? e : expect_data(u, node, fh, CUT, FILE_SIZE, FILE_SIZE - CUT, true);
	e = e ? e : expect(u, "FSYNC", fs_fsync(u->c, node, fh), 0);
	return e ? e : expect(u, "FLUSH", fs_flush(u->c, node, fh), 0);
}

static int file(struct tour *u)
{
	uint64_t dir = u->t->dir.id, fh = 0;
	struct fs_node n, again, gone;
	int e = expect(u, "CREATE", fs_create(u->c, dir, "tour", 0640, &n, &fh), 0);

	if (!e && (n.attr.mode & 0777) != 0640)
		e = fs_conn_fail(u->c, -EBADMSG, "CREATE: mode 0%o asked for, 0%o answered", 0640,
				 n.attr.mode & 0777);
	e = e ? e : contents(u, n.id, fh);
	e = e ? e : expect(u, "RELEASE", fs_release(u->c, n.id, fh, O_RDWR), 0);
	e = e ? e : expect(u, "RENAME", fs_rename(u->c, dir, "tour", dir, "tour2"), 0);
	e = e ? e
	      : expect(u, "LOOKUP of the old name", fs_lookup(u->c, dir, "tour", &gone), -ENOENT);
	e = e ? e : expect(u, "LOOKUP of the new name", fs_lookup(u->c, dir, "tour2", &again), 0);
	if (!e && again.id != n.id)
		e = fs_conn_fail(u->c, -EBADMSG, "RENAME: another node has the name");
	e = e ? e : expect(u, "OPEN", fs_open(u->c, n.id, O_RDONLY, &fh), 0);
	e = e ? e : expect_data(u, n.id, fh, 0, CUT, CUT, false);
	e = e ? e : expect(u, "RELEASE", fs_release(u->c, n.id, fh, O_RDONLY), 0);
	e = e ? e : expect(u, "UNLINK", fs_unlink(u->c, dir, "tour2"), 0);
	n.lookups++;
	return e ? e : expect(u, "FORGET", fs_forget(u->c, &n), 0);
}

int fs_tour(struct fs_conn *c, struct fs_tree *t, unsigned *checked)
{
	struct tour u = {.c = c,
			 .t = t,
			 .s = fs_slot_get(c),
			 .stamp = {.seed = t->seed, .file = UINT32_MAX}};
	struct fuse_kstatfs st;
	int e;

	if (!u.s || fs_conn_data_max(c) < FILE_SIZE)
		return fs_conn_fail(c, -EINVAL, "no slot for the tour");
	e = expect(&u, "STATFS", fs_statfs(c, FUSE_ROOT_ID, &st), 0);
	e = e ? e : errors(&u);
	e = e ? e : file(&u);
	fs_slot_put(c, u.s);
	*checked = u.checked;
	return e;
}
