/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/fs_ops.h"

#define PAGE	  4096u
#define DIR_READ  4096u /* bytes of a directory in one request */
#define DIR_READS 4096u /* answers until it is taken for one without an end */

/* One request with a slot of its own; the answer's fixed part into out. */
static int ask(struct fs_conn *c, unsigned lane, struct fs_ask *a, void *out, size_t size)
{
	struct fs_slot *s = fs_slot_get(c);
	int e;

	if (!s)
		return fs_conn_fail(c, -ENOSPC, "%s: all slots are in use", fs_msg_name(a->opcode));
	e = fs_conn_call(c, s, lane, a, 0);
	if (!e) {
		e = s->error;
		if (!e && out)
			memcpy(out, s->body, size);
	}
	fs_slot_put(c, s);
	return e;
}

/* --- session --- */

int fs_init(struct fs_conn *c, uint32_t data_max, struct fs_terms *t)
{
	struct fuse_init_in in = {
		.major = FS_MAJOR,
		.minor = FS_MINOR,
		.max_readahead = data_max,
		.flags = FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES,
	};
	struct fs_ask a = {
		.opcode = FUSE_INIT,
		.arg = &in,
		/* What came behind it with 7.36 is announced by a flag, and not sent without. */
		.arg_len = offsetof(struct fuse_init_in, flags2),
	};
	struct fuse_init_out out;
	int e = ask(c, FS_LANE, &a, &out, sizeof(out));

	if (e)
		return e;
	*t = (struct fs_terms){
		.major = out.major,
		.minor = out.minor,
		.flags = out.flags,
		.max_write = out.max_write,
		.max_pages = out.flags & FUSE_MAX_PAGES ? out.max_pages : 0,
		.time_gran = out.time_gran,
	};
	if (out.major != FS_MAJOR)
		return fs_conn_fail(c, -EBADMSG, "INIT: the device speaks FUSE %u.%u, not %u",
				    out.major, out.minor, FS_MAJOR);
	if (out.minor < 23)
		return fs_conn_fail(c, -EBADMSG,
				    "INIT: the device speaks FUSE %u.%u; virtio-fs began with 7.31",
				    out.major, out.minor);
	if (out.max_write < PAGE)
		return fs_conn_fail(c, -EBADMSG, "INIT: max_write is %u, less than a page",
				    out.max_write);
	return 0;
}

int fs_destroy(struct fs_conn *c)
{
	struct fs_ask a = {.opcode = FUSE_DESTROY};

	return ask(c, FS_LANE, &a, NULL, 0);
}

/* --- nodes --- */

static int entry(struct fs_conn *c, struct fs_ask *a, uint32_t type, struct fs_node *n)
{
	struct fuse_entry_out out;
	int e = ask(c, FS_LANE, a, &out, sizeof(out));

	*n = (struct fs_node){0};
	if (e)
		return e;
	/* Number 0: there is no such name, and that may be remembered (FUSE's negative entry). */
	if (out.nodeid == 0 && a->opcode == FUSE_LOOKUP)
		return -ENOENT;
	if (out.nodeid == 0 || (type && (out.attr.mode & S_IFMT) != type))
		return fs_conn_fail(c, -EBADMSG, "%s of %s: node %llu with mode 0%o",
				    fs_msg_name(a->opcode), a->name, (unsigned long long)out.nodeid,
				    out.attr.mode);
	*n = (struct fs_node){.id = out.nodeid, .lookups = 1, .attr = out.attr};
	return 0;
}

int fs_lookup(struct fs_conn *c, uint64_t dir, const char *name, struct fs_node *n)
{
	struct fs_ask a = {.opcode = FUSE_LOOKUP, .node = dir, .name = name};

	return entry(c, &a, 0, n);
}

struct fs_ask fs_ask_forget(struct fuse_forget_in *arg, uint64_t node, uint64_t lookups)
{
	*arg = (struct fuse_forget_in){.nlookup = lookups};
	return (struct fs_ask){
		.opcode = FUSE_FORGET, .node = node, .arg = arg, .arg_len = sizeof(*arg)};
}

int fs_forget(struct fs_conn *c, struct fs_node *n)
{
	struct fuse_forget_in in;
	struct fs_ask a = fs_ask_forget(&in, n->id, n->lookups);

	if (n->lookups == 0)
		return 0;
	n->lookups = 0;
	return ask(c, FS_HIPRIO, &a, NULL, 0);
}

struct fs_ask fs_ask_getattr(struct fuse_getattr_in *arg, uint64_t node)
{
	*arg = (struct fuse_getattr_in){0};
	return (struct fs_ask){
		.opcode = FUSE_GETATTR, .node = node, .arg = arg, .arg_len = sizeof(*arg)};
}

int fs_getattr(struct fs_conn *c, uint64_t node, struct fuse_attr *attr)
{
	struct fuse_getattr_in in;
	struct fs_ask a = fs_ask_getattr(&in, node);
	struct fuse_attr_out out;
	int e = ask(c, FS_LANE, &a, &out, sizeof(out));

	if (!e)
		*attr = out.attr;
	return e;
}

int fs_truncate(struct fs_conn *c, uint64_t node, uint64_t size, struct fuse_attr *attr)
{
	struct fuse_setattr_in in = {.valid = FATTR_SIZE, .size = size};
	struct fs_ask a = {.opcode = FUSE_SETATTR, .node = node, .arg = &in, .arg_len = sizeof(in)};
	struct fuse_attr_out out;
	int e = ask(c, FS_LANE, &a, &out, sizeof(out));

	if (!e && out.attr.size != size)
		return fs_conn_fail(c, -EBADMSG, "SETATTR: size %llu asked for, %llu answered",
				    (unsigned long long)size, (unsigned long long)out.attr.size);
	if (!e)
		*attr = out.attr;
	return e;
}

int fs_mkdir(struct fs_conn *c, uint64_t dir, const char *name, uint32_t mode, struct fs_node *n)
{
	struct fuse_mkdir_in in = {.mode = mode};
	struct fs_ask a = {
		.opcode = FUSE_MKDIR, .node = dir, .arg = &in, .arg_len = sizeof(in), .name = name};

	return entry(c, &a, S_IFDIR, n);
}

struct fs_ask fs_ask_create(struct fuse_create_in *arg, uint64_t dir, const char *name,
			    uint32_t mode)
{
	*arg = (struct fuse_create_in){.flags = O_RDWR | O_CREAT | O_EXCL, .mode = S_IFREG | mode};
	return (struct fs_ask){.opcode = FUSE_CREATE,
			       .node = dir,
			       .arg = arg,
			       .arg_len = sizeof(*arg),
			       .name = name};
}

int fs_create(struct fs_conn *c, uint64_t dir, const char *name, uint32_t mode, struct fs_node *n,
	      uint64_t *fh)
{
	struct fuse_create_in in;
	struct fs_ask a = fs_ask_create(&in, dir, name, mode);
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out;
	int e = ask(c, FS_LANE, &a, &out, sizeof(out));

	*n = (struct fs_node){0};
	if (e)
		return e;
	if (out.entry.nodeid == 0 || !S_ISREG(out.entry.attr.mode) || out.entry.attr.size)
		return fs_conn_fail(c, -EBADMSG, "CREATE of %s: node %llu, mode 0%o, %llu bytes",
				    name, (unsigned long long)out.entry.nodeid, out.entry.attr.mode,
				    (unsigned long long)out.entry.attr.size);
	*n = (struct fs_node){.id = out.entry.nodeid, .lookups = 1, .attr = out.entry.attr};
	*fh = out.open.fh;
	return 0;
}

/* --- open files --- */

static int open_as(struct fs_conn *c, uint32_t opcode, uint64_t node, uint32_t flags, uint64_t *fh)
{
	struct fuse_open_in in = {.flags = flags};
	struct fs_ask a = {.opcode = opcode, .node = node, .arg = &in, .arg_len = sizeof(in)};
	struct fuse_open_out out;
	int e = ask(c, FS_LANE, &a, &out, sizeof(out));

	if (!e)
		*fh = out.fh;
	return e;
}

int fs_open(struct fs_conn *c, uint64_t node, uint32_t flags, uint64_t *fh)
{
	return open_as(c, FUSE_OPEN, node, flags, fh);
}

struct fs_ask fs_ask_write(struct fuse_write_in *arg, uint64_t node, uint64_t fh, uint64_t off,
			   uint32_t len)
{
	*arg = (struct fuse_write_in){.fh = fh, .offset = off, .size = len};
	return (struct fs_ask){.opcode = FUSE_WRITE,
			       .node = node,
			       .arg = arg,
			       .arg_len = sizeof(*arg),
			       .data_len = len};
}

int fs_write(struct fs_conn *c, struct fs_slot *s, uint64_t node, uint64_t fh, uint64_t off,
	     uint32_t len, uint32_t *done)
{
	struct fuse_write_in in;
	struct fs_ask a = fs_ask_write(&in, node, fh, off, len);
	struct fuse_write_out out;
	int e = fs_conn_call(c, s, FS_LANE, &a, 0);

	*done = 0;
	if (e || s->error)
		return e ? e : s->error;
	memcpy(&out, s->body, sizeof(out));
	if (out.size > len)
		return fs_conn_fail(c, -EBADMSG, "WRITE of %u bytes: %u written", len, out.size);
	*done = out.size;
	return 0;
}

struct fs_ask fs_ask_read(struct fuse_read_in *arg, uint64_t node, uint64_t fh, uint64_t off,
			  uint32_t len)
{
	*arg = (struct fuse_read_in){.fh = fh, .offset = off, .size = len};
	return (struct fs_ask){
		.opcode = FUSE_READ, .node = node, .arg = arg, .arg_len = sizeof(*arg)};
}

int fs_read(struct fs_conn *c, struct fs_slot *s, uint64_t node, uint64_t fh, uint64_t off,
	    uint32_t len, uint32_t *done)
{
	struct fuse_read_in in;
	struct fs_ask a = fs_ask_read(&in, node, fh, off, len);
	int e = fs_conn_call(c, s, FS_LANE, &a, len);

	*done = e || s->error ? 0 : s->got;
	return e ? e : s->error;
}

int fs_flush(struct fs_conn *c, uint64_t node, uint64_t fh)
{
	struct fuse_flush_in in = {.fh = fh};
	struct fs_ask a = {.opcode = FUSE_FLUSH, .node = node, .arg = &in, .arg_len = sizeof(in)};

	return ask(c, FS_LANE, &a, NULL, 0);
}

int fs_fsync(struct fs_conn *c, uint64_t node, uint64_t fh)
{
	struct fuse_fsync_in in = {.fh = fh};
	struct fs_ask a = {.opcode = FUSE_FSYNC, .node = node, .arg = &in, .arg_len = sizeof(in)};

	return ask(c, FS_LANE, &a, NULL, 0);
}

struct fs_ask fs_ask_release(struct fuse_release_in *arg, uint64_t node, uint64_t fh,
			     uint32_t flags)
{
	*arg = (struct fuse_release_in){.fh = fh, .flags = flags};
	return (struct fs_ask){
		.opcode = FUSE_RELEASE, .node = node, .arg = arg, .arg_len = sizeof(*arg)};
}

int fs_release(struct fs_conn *c, uint64_t node, uint64_t fh, uint32_t flags)
{
	struct fuse_release_in in;
	struct fs_ask a = fs_ask_release(&in, node, fh, flags);

	return ask(c, FS_LANE, &a, NULL, 0);
}

int fs_statfs(struct fs_conn *c, uint64_t node, struct fuse_kstatfs *st)
{
	struct fs_ask a = {.opcode = FUSE_STATFS, .node = node};
	struct fuse_statfs_out out;
	int e = ask(c, FS_LANE, &a, &out, sizeof(out));

	if (!e && (out.st.bsize == 0 || out.st.bfree > out.st.blocks || out.st.namelen == 0))
		return fs_conn_fail(
			c, -EBADMSG, "STATFS: %llu of %llu blocks free, of %u bytes, names of %u",
			(unsigned long long)out.st.bfree, (unsigned long long)out.st.blocks,
			out.st.bsize, out.st.namelen);
	if (!e)
		*st = out.st;
	return e;
}

/* --- names --- */

int fs_rename(struct fs_conn *c, uint64_t dir, const char *name, uint64_t to, const char *name2)
{
	struct fuse_rename_in in = {.newdir = to};
	struct fs_ask a = {.opcode = FUSE_RENAME,
			   .node = dir,
			   .arg = &in,
			   .arg_len = sizeof(in),
			   .name = name,
			   .name2 = name2};

	return ask(c, FS_LANE, &a, NULL, 0);
}

int fs_unlink(struct fs_conn *c, uint64_t dir, const char *name)
{
	struct fs_ask a = {.opcode = FUSE_UNLINK, .node = dir, .name = name};

	return ask(c, FS_LANE, &a, NULL, 0);
}

int fs_rmdir(struct fs_conn *c, uint64_t dir, const char *name)
{
	struct fs_ask a = {.opcode = FUSE_RMDIR, .node = dir, .name = name};

	return ask(c, FS_LANE, &a, NULL, 0);
}

/* --- directories --- */

int fs_opendir(struct fs_conn *c, uint64_t node, uint64_t *fh)
{
	return open_as(c, FUSE_OPENDIR, node, O_RDONLY | O_DIRECTORY, fh);
}

int fs_releasedir(struct fs_conn *c, uint64_t node, uint64_t fh)
{
	struct fuse_release_in in;
	struct fs_ask a = fs_ask_release(&in, node, fh, O_RDONLY | O_DIRECTORY);

	a.opcode = FUSE_RELEASEDIR;
	return ask(c, FS_LANE, &a, NULL, 0);
}

/* The records of one answer; *off: where the next request goes on. */
static int each(struct fs_conn *c, const uint8_t *data, uint32_t len, uint64_t *off,
		int (*fn)(void *ctx, const char *name), void *ctx)
{
	char name[FS_NAME_MAX + 1];
	struct fs_dirent d;
	uint32_t at = 0;
	int e;

	while (fs_msg_dirent(data, len, &at, &d)) {
		memcpy(name, d.name, d.name_len);
		name[d.name_len] = 0;
		if (d.off == *off)
			return fs_conn_fail(c, -EBADMSG,
					    "READDIR: %s has the same place as the one before",
					    name);
		*off = d.off;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		e = fn(ctx, name);
		if (e)
			return e;
	}
	if (at != len)
		return fs_conn_fail(c, -EBADMSG, "READDIR: a record does not fit, %u bytes left",
				    len - at);
	return 0;
}

int fs_readdir(struct fs_conn *c, uint64_t node, int (*fn)(void *ctx, const char *name), void *ctx)
{
	struct fs_slot *s = fs_slot_get(c);
	uint64_t fh = 0, off = 0;
	uint8_t data[DIR_READ];
	unsigned reads = 0;
	int e, r;

	if (!s)
		return fs_conn_fail(c, -ENOSPC, "READDIR: all slots are in use");
	e = fs_opendir(c, node, &fh);
	if (e) {
		fs_slot_put(c, s);
		return e;
	}
	do {
		struct fuse_read_in in;
		struct fs_ask a = fs_ask_read(&in, node, fh, off, DIR_READ);

		a.opcode = FUSE_READDIR;
		e = fs_conn_call(c, s, FS_LANE, &a, DIR_READ);
		e = e ? e : s->error;
		if (!e) {
			/* Private first: names are used after they were looked at. */
			memcpy(data, s->data, s->got);
			e = each(c, data, s->got, &off, fn, ctx);
		}
		if (!e && s->got && ++reads == DIR_READS)
			e = fs_conn_fail(c, -EBADMSG, "READDIR: no end after %u answers", reads);
	} while (!e && s->got);
	fs_slot_put(c, s);
	r = fs_releasedir(c, node, fh);
	return e ? e : r;
}
