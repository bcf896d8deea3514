/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "bench/fs_tree.h"

#define TRIES 8

void fs_tree_name(char name[FS_TREE_NAME])
{
	uint64_t r = 0;

	/* Never short for so few bytes. */
	if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
		r = (uint64_t)(uintptr_t)name;
	snprintf(name, FS_TREE_NAME, "vop-bench-%012llx",
		 (unsigned long long)(r & 0xffffffffffffull));
}

/* What the device refused, and a run cannot do without. */
static int refused(struct fs_conn *c, const char *what, const char *name, int e)
{
	if (!e || fs_conn_failed(c))
		return e;
	return fs_conn_fail(c, -EBADMSG, "%s %s: %s", what, name, strerror(-e));
}

int fs_tree_make(struct fs_tree *t, struct fs_conn *c)
{
	int e = -EEXIST;

	for (int i = 0; i < TRIES && e == -EEXIST; i++) {
		fs_tree_name(t->name);
		e = fs_mkdir(c, FUSE_ROOT_ID, t->name, 0700, &t->dir);
	}
	if (e)
		t->name[0] = 0;
	return refused(c, "the directory for the run cannot be made:", "MKDIR", e);
}

int fs_tree_files(struct fs_tree *t, struct fs_conn *c, unsigned files)
{
	int e = 0;

	for (unsigned i = 0; i < files && !e; i++) {
		struct fs_file *f = &t->file[i];

		snprintf(f->name, sizeof(f->name), "file%u", i);
		e = fs_create(c, t->dir.id, f->name, 0600, &f->node, &f->fh);
		f->open = !e;
		if (!e)
			t->files = i + 1;
		e = refused(c, "CREATE", f->name, e);
	}
	return e;
}

int fs_tree_blocks(struct fs_tree *t, uint64_t span, uint32_t block)
{
	free(t->generation);
	free(t->busy);
	t->block = block;
	t->span = span / block * block;
	t->blocks = t->files * (t->span / block);
	t->generation = calloc(t->blocks ? t->blocks : 1, sizeof(*t->generation));
	t->busy = calloc(t->blocks ? t->blocks : 1, sizeof(*t->busy));
	return t->generation && t->busy ? 0 : -ENOMEM;
}

struct fs_stamp fs_tree_stamp(const struct fs_tree *t, uint64_t b, unsigned *file, uint64_t *off)
{
	uint64_t per = t->span / t->block;

	*file = (unsigned)(b / per);
	*off = b % per * t->block;
	return (struct fs_stamp){.seed = t->seed, .file = *file, .generation = t->generation[b]};
}

static int close_file(struct fs_conn *c, struct fs_file *f)
{
	int e;

	if (!f->open)
		return 0;
	f->open = false;
	e = fs_flush(c, f->node.id, f->fh);
	/* A file system without it says so once (FUSE: then none are sent). */
	if (e == -ENOSYS)
		e = 0;
	e = e ? e : fs_release(c, f->node.id, f->fh, O_RDWR);
	return refused(c, "closing", f->name, e);
}

int fs_tree_reopen(struct fs_tree *t, struct fs_conn *c)
{
	int e = 0;

	for (unsigned i = 0; i < t->files && !e; i++) {
		e = close_file(c, &t->file[i]);
		e = e ? e : fs_forget(c, &t->file[i].node);
	}
	for (unsigned i = 0; i < t->files && !e; i++) {
		struct fs_file *f = &t->file[i];

		e = refused(c, "LOOKUP", f->name, fs_lookup(c, t->dir.id, f->name, &f->node));
		if (!e && (!S_ISREG(f->node.attr.mode) || f->node.attr.size != t->span))
			e = fs_conn_fail(c, -EBADMSG,
					 "LOOKUP of %s after it was written: mode 0%o, %llu bytes "
					 "instead of %llu",
					 f->name, f->node.attr.mode,
					 (unsigned long long)f->node.attr.size,
					 (unsigned long long)t->span);
		e = e ? e : refused(c, "OPEN", f->name, fs_open(c, f->node.id, O_RDWR, &f->fh));
		f->open = !e;
	}
	return e;
}

struct listed {
	const struct fs_tree *t;
	struct fs_conn *c;
	bool seen[FS_FILES_MAX];
};

static int one_listed(void *ctx, const char *name)
{
	struct listed *l = ctx;

	for (unsigned i = 0; i < l->t->files; i++) {
		if (strcmp(name, l->t->file[i].name))
			continue;
		if (l->seen[i])
			return fs_conn_fail(l->c, -EBADMSG, "READDIR: %s is there twice", name);
		l->seen[i] = true;
		return 0;
	}
	return fs_conn_fail(l->c, -EBADMSG, "READDIR: %s is there, and nobody made it", name);
}

int fs_tree_list(struct fs_tree *t, struct fs_conn *c)
{
	struct listed l = {.t = t, .c = c};
	int e = refused(c, "READDIR of", t->name, fs_readdir(c, t->dir.id, one_listed, &l));

	for (unsigned i = 0; i < t->files && !e; i++)
		if (!l.seen[i])
			e = fs_conn_fail(c, -EBADMSG, "READDIR: %s is not there", t->file[i].name);
	return e;
}

/* Names are gathered first: a directory that shrinks while it is read may skip some. */
#define REMOVE_AT_ONCE 64u
#define REMOVE_ROUNDS  256u /* no run leaves so many names behind */
struct names {
	char name[REMOVE_AT_ONCE][FS_NAME_MAX + 1];
	unsigned n;
};

static int gather(void *ctx, const char *name)
{
	struct names *n = ctx;

	if (n->n == REMOVE_AT_ONCE)
		return 1;
	snprintf(n->name[n->n++], sizeof(n->name[0]), "%s", name);
	return 0;
}

/*
 * As drivers do: a name is looked up before it is removed. There are daemons (QEMU's) that refuse
 * to remove what they were not asked about.
 */
static int remove_name(struct fs_conn *c, uint64_t dir, const char *name)
{
	struct fs_node n;
	int e = fs_lookup(c, dir, name, &n);

	if (e)
		return e;
	e = S_ISDIR(n.attr.mode) ? fs_rmdir(c, dir, name) : fs_unlink(c, dir, name);
	return e ? e : fs_forget(c, &n);
}

static int empty(struct fs_conn *c, uint64_t dir)
{
	struct names *n = malloc(sizeof(*n));
	unsigned rounds = 0;
	int e;

	if (!n)
		return -ENOMEM;
	do {
		n->n = 0;
		e = fs_readdir(c, dir, gather, n);
		e = e > 0 ? 0 : e;
		for (unsigned i = 0; i < n->n && !e; i++)
			e = remove_name(c, dir, n->name[i]);
		if (!e && n->n && ++rounds == REMOVE_ROUNDS)
			e = fs_conn_fail(c, -EBADMSG, "READDIR: names that were removed stay");
	} while (!e && n->n);
	free(n);
	return e;
}

int fs_tree_remove(struct fs_tree *t, struct fs_conn *c)
{
	struct fs_node dir;
	int e;

	if (!t->name[0])
		return 0;
	for (unsigned i = 0; i < t->files; i++) {
		e = close_file(c, &t->file[i]);
		e = e ? e : fs_forget(c, &t->file[i].node);
		if (e)
			return e;
	}
	t->files = 0;
	e = fs_lookup(c, FUSE_ROOT_ID, t->name, &dir);
	e = e ? e : empty(c, dir.id);
	e = e ? e : fs_rmdir(c, FUSE_ROOT_ID, t->name);
	if (e)
		return e;
	t->name[0] = 0;
	dir.lookups += t->dir.lookups;
	t->dir.lookups = 0;
	return fs_forget(c, &dir);
}

void fs_tree_free(struct fs_tree *t)
{
	free(t->generation);
	free(t->busy);
	t->generation = NULL;
	t->busy = NULL;
}
