/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file system device (VIRTIO 1.4, 5.11) without notification queue and DAX window: a root
 * directory with a few small files, in memory. FUSE requests in the byte order of the driver.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <linux/fuse.h>

#include "conformance/ref/internal.h"

#define FS_ID	   26
#define HIPRIO	   0u
#define REQUESTS   1u
#define TAG	   36u /* bytes of the tag */
#define FILES	   4u
#define FILE_BYTES 16384u
#define FIRST_NODE 2u /* of a file */
#define ASK_MAX	   (sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in) + FILE_BYTES)
#define BODY_MAX   FILE_BYTES
#define NAME_BYTES 64u

struct file {
	bool used, named, open; /* used: one of the other two */
	char name[NAME_BYTES];
	uint32_t size;
	uint8_t data[FILE_BYTES];
};

struct fs {
	bool running, other_order; /* a session; its byte order is not ours */
	struct file file[FILES];
	/* The request in hand. */
	uint8_t ask[ASK_MAX];
	uint32_t ask_len;
	uint8_t body[BODY_MAX];
};

/* --- words in the driver's order --- */

static uint32_t get32(const struct fs *f, const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return f->other_order ? __builtin_bswap32(v) : v;
}

static uint64_t get64(const struct fs *f, const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return f->other_order ? __builtin_bswap64(v) : v;
}

static void put32(const struct fs *f, void *p, uint32_t v)
{
	v = f->other_order ? __builtin_bswap32(v) : v;
	memcpy(p, &v, sizeof(v));
}

static void put64(const struct fs *f, void *p, uint64_t v)
{
	v = f->other_order ? __builtin_bswap64(v) : v;
	memcpy(p, &v, sizeof(v));
}

#define GET32(f, type, field)                                                                      \
	get32(f, (f)->ask + sizeof(struct fuse_in_header) + offsetof(type, field))
#define GET64(f, type, field)                                                                      \
	get64(f, (f)->ask + sizeof(struct fuse_in_header) + offsetof(type, field))

/* --- answers --- */

/* An answer of a negative errno, or of `len` bytes of f->body. Returns how many bytes it has. */
static uint32_t answer(struct ref *r, const struct ref_chain *c, int error, uint32_t len)
{
	struct fs *f = r->state;
	uint8_t h[sizeof(struct fuse_out_header)];
	uint32_t n = sizeof(h) + len;

	if (c->in_len < sizeof(h) && !ref_bug(r, REF_FS_NO_ROOM))
		return 0;
	if (c->in_len < n) {
		if (ref_bug(r, REF_FS_SMALL_ROOM))
			r->dead = true;
		error = -EIO;
		n = sizeof(h);
		len = 0;
	}
	if (error && ref_bug(r, REF_FS_ERROR_BODY) && c->in_len >= sizeof(h) + 8)
		n += 8;
	put32(f, h, (uint32_t)ref_value(r, REF_FS_OUT_LEN, n));
	put32(f, h + 4, (uint32_t)(ref_bug(r, REF_FS_POSITIVE) ? -error : error));
	put64(f, h + 8, ref_value(r, REF_FS_UNIQUE, get64(f, f->ask + 8)));
	ref_scatter(r, c, 0, h, sizeof(h));
	if (len && ref_step(r, REF_FS_BODY))
		ref_scatter(r, c, sizeof(h), f->body, len);
	/* The mutant of no-room writes on where nothing is. */
	if (c->in_len < sizeof(h) && c->n && c->seg[c->n - 1].write)
		ref_store(r, c->seg[c->n - 1].p, h, sizeof(h));
	return n;
}

static void put_attr(const struct fs *f, uint8_t *p, uint64_t node)
{
	const struct file *file = node >= FIRST_NODE ? &f->file[node - FIRST_NODE] : NULL;

	memset(p, 0, sizeof(struct fuse_attr));
	put64(f, p + offsetof(struct fuse_attr, ino), node);
	put64(f, p + offsetof(struct fuse_attr, size), file ? file->size : 4096);
	put32(f, p + offsetof(struct fuse_attr, mode), file ? S_IFREG | 0600 : S_IFDIR | 0755);
	put32(f, p + offsetof(struct fuse_attr, nlink), file ? file->named : 2);
	put32(f, p + offsetof(struct fuse_attr, blksize), 4096);
}

static void put_entry(struct fs *f, uint64_t node)
{
	memset(f->body, 0, sizeof(struct fuse_entry_out));
	put64(f, f->body + offsetof(struct fuse_entry_out, nodeid), node);
	put_attr(f, f->body + offsetof(struct fuse_entry_out, attr), node);
}

/* --- requests --- */

static bool known(const struct fs *f, uint64_t node)
{
	return node == FUSE_ROOT_ID ||
	       (node >= FIRST_NODE && node - FIRST_NODE < FILES && f->file[node - FIRST_NODE].used);
}

/* The name that stands `at` bytes into the request; NULL: it has no end, or is too long. */
static const char *name_at(struct ref *r, size_t at)
{
	struct fs *f = r->state;
	const char *name = (const char *)f->ask + at;

	if (at >= f->ask_len || !memchr(name, 0, f->ask_len - at)) {
		if (ref_bug(r, REF_FS_NAME))
			r->dead = true;
		return NULL;
	}
	return strlen(name) && strlen(name) < NAME_BYTES ? name : NULL;
}

static struct file *find(struct fs *f, const char *name)
{
	unsigned i;

	for (i = 0; i < FILES; i++)
		if (f->file[i].named && strcmp(f->file[i].name, name) == 0)
			return &f->file[i];
	return NULL;
}

static int do_init(struct ref *r, uint32_t *len)
{
	struct fs *f = r->state;
	unsigned i;

	if (f->running && ref_bug(r, REF_FS_REINIT))
		return -EIO;
	/* A new session knows nothing of the one before (5.11.6.1). */
	for (i = 0; i < FILES; i++)
		if (!f->file[i].named && !ref_bug(r, REF_FS_KEEPS_FILES))
			f->file[i].used = f->file[i].open = false;
	f->running = true;
	memset(f->body, 0, sizeof(struct fuse_init_out));
	put32(f, f->body + offsetof(struct fuse_init_out, major),
	      (uint32_t)ref_value(r, REF_FS_MAJOR, 7));
	put32(f, f->body + offsetof(struct fuse_init_out, minor), 31);
	put32(f, f->body + offsetof(struct fuse_init_out, max_write), FILE_BYTES);
	put32(f, f->body + offsetof(struct fuse_init_out, time_gran), 1);
	*len = sizeof(struct fuse_init_out);
	return 0;
}

static int do_lookup(struct ref *r, uint64_t node, uint32_t *len)
{
	struct fs *f = r->state;
	const char *name = name_at(r, sizeof(struct fuse_in_header));
	const struct file *file;

	if (node != FUSE_ROOT_ID)
		return -ENOTDIR;
	if (!name)
		return -EINVAL;
	file = find(f, name);
	if (!file)
		return ref_bug(r, REF_FS_ERRNO) ? -EIO : -ENOENT;
	put_entry(f, FIRST_NODE + (uint64_t)(file - f->file));
	*len = sizeof(struct fuse_entry_out);
	return 0;
}

static int do_create(struct ref *r, uint64_t node, uint32_t *len)
{
	struct fs *f = r->state;
	const char *name =
		name_at(r, sizeof(struct fuse_in_header) + sizeof(struct fuse_create_in));
	uint64_t i;

	if (node != FUSE_ROOT_ID || !name)
		return -EINVAL;
	if (find(f, name))
		return -EEXIST;
	for (i = 0; i < FILES && f->file[i].used; i++)
		;
	if (i == FILES)
		return -ENOSPC;
	f->file[i] = (struct file){.used = true, .named = true, .open = true};
	memcpy(f->file[i].name, name, strlen(name));
	put_entry(f, FIRST_NODE + i);
	memset(f->body + sizeof(struct fuse_entry_out), 0, sizeof(struct fuse_open_out));
	put64(f, f->body + sizeof(struct fuse_entry_out), i);
	*len = sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out);
	return 0;
}

static int do_unlink(struct ref *r, uint64_t node)
{
	struct fs *f = r->state;
	const char *name = name_at(r, sizeof(struct fuse_in_header));
	struct file *file = name ? find(f, name) : NULL;

	if (node != FUSE_ROOT_ID || !name)
		return -EINVAL;
	if (!file)
		return -ENOENT;
	file->named = false;
	file->used = file->open;
	return 0;
}

static int do_write(struct ref *r, uint64_t node, uint32_t *len)
{
	struct fs *f = r->state;
	uint32_t head = sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in), size;
	struct file *file;
	uint64_t off;

	if (node < FIRST_NODE || f->ask_len < head)
		return -EINVAL;
	off = GET64(f, struct fuse_write_in, offset);
	size = GET32(f, struct fuse_write_in, size);
	if (size > f->ask_len - head)
		return -EINVAL;
	if (off > FILE_BYTES || size > FILE_BYTES - off)
		return -EFBIG;
	file = &f->file[node - FIRST_NODE];
	if (ref_step(r, REF_FS_WRITE))
		memcpy(file->data + off, f->ask + head, size);
	file->size = VOP_MAX(file->size, (uint32_t)off + size);
	memset(f->body, 0, sizeof(struct fuse_write_out));
	put32(f, f->body, (uint32_t)ref_value(r, REF_FS_WRITE_SIZE, size));
	*len = sizeof(struct fuse_write_out);
	return 0;
}

static int do_read(struct ref *r, uint64_t node, uint32_t *len)
{
	struct fs *f = r->state;
	const struct file *file;
	uint64_t off, end;
	uint32_t size;

	if (node < FIRST_NODE)
		return -EISDIR;
	if (f->ask_len < sizeof(struct fuse_in_header) + sizeof(struct fuse_read_in))
		return -EINVAL;
	file = &f->file[node - FIRST_NODE];
	off = ref_value(r, REF_FS_READ_AT, GET64(f, struct fuse_read_in, offset));
	size = (uint32_t)ref_value(r, REF_FS_READ_SIZE, GET32(f, struct fuse_read_in, size));
	end = ref_bug(r, REF_FS_EOF) ? FILE_BYTES : file->size;
	if (off >= end)
		return 0;
	*len = (uint32_t)VOP_MIN((uint64_t)size, end - off);
	memcpy(f->body, file->data + off, *len);
	return 0;
}

static int do_plain(struct ref *r, uint32_t opcode, uint64_t node, uint32_t *len)
{
	struct fs *f = r->state;

	switch (opcode) {
	case FUSE_GETATTR:
		memset(f->body, 0, sizeof(struct fuse_attr_out));
		put_attr(f, f->body + offsetof(struct fuse_attr_out, attr), node);
		*len = sizeof(struct fuse_attr_out);
		return 0;
	case FUSE_STATFS:
		memset(f->body, 0, sizeof(struct fuse_statfs_out));
		put64(f, f->body + offsetof(struct fuse_kstatfs, blocks), FILES * 4);
		put32(f, f->body + offsetof(struct fuse_kstatfs, bsize), 4096);
		put32(f, f->body + offsetof(struct fuse_kstatfs, namelen), NAME_BYTES - 1);
		*len = sizeof(struct fuse_statfs_out);
		return 0;
	case FUSE_RELEASE:
		if (node >= FIRST_NODE) {
			f->file[node - FIRST_NODE].open = false;
			f->file[node - FIRST_NODE].used = f->file[node - FIRST_NODE].named;
		}
		return 0;
	default:
		return -ENOSYS;
	}
}

static int serve(struct ref *r, uint32_t opcode, uint64_t node, uint32_t *len)
{
	struct fs *f = r->state;

	if (opcode == FUSE_INIT)
		return do_init(r, len);
	if (!f->running) {
		if (ref_bug(r, REF_FS_EARLY))
			r->dead = true;
		return -EIO;
	}
	if (!known(f, node) && opcode != FUSE_DESTROY) {
		if (ref_bug(r, REF_FS_NODE))
			r->dead = true;
		return -ENOENT;
	}
	switch (opcode) {
	case FUSE_LOOKUP:
		return do_lookup(r, node, len);
	case FUSE_CREATE:
		return do_create(r, node, len);
	case FUSE_UNLINK:
		return do_unlink(r, node);
	case FUSE_WRITE:
		return do_write(r, node, len);
	case FUSE_READ:
		return do_read(r, node, len);
	case FUSE_DESTROY:
		f->running = false;
		return 0;
	default:
		return do_plain(r, opcode, node, len);
	}
}

/* What has no answer: FORGET and BATCH_FORGET, and INTERRUPT of what is not there any more. */
static bool unanswered(uint32_t opcode)
{
	return opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET || opcode == FUSE_INTERRUPT;
}

static bool other_pending(struct ref *r)
{
	struct ref_queue *q = &r->q[REQUESTS];

	if (!q->enabled)
		return false;
	return q->cfg.packed ? ref_packed_pending(q) : ref_split_pending(q);
}

/* Mutants only: is this buffer lost? */
static bool lose(struct ref *r, struct ref_queue *q, uint32_t opcode)
{
	if (opcode == FUSE_INTERRUPT && ref_bug(r, REF_FS_INTERRUPT_DIES))
		r->dead = true;
	if (q->index == HIPRIO && !unanswered(opcode) && ref_bug(r, REF_FS_WRONG_QUEUE))
		r->dead = true;
	return (opcode == FUSE_FORGET && ref_bug(r, REF_FS_FORGET_KEPT)) ||
	       (opcode == FUSE_BATCH_FORGET && ref_bug(r, REF_FS_BATCH_KEPT)) ||
	       (q->index == HIPRIO && ref_bug(r, REF_FS_HIPRIO_WAITS) && other_pending(r));
}

/* Where the request's length was believed from pieces (a mutant). */
static bool in_usual_pieces(const struct ref_chain *c)
{
	return c->n && !c->seg[0].write && c->seg[0].len >= sizeof(struct fuse_in_header);
}

/* A mutant: the length of a short answer is put right afterwards, in one piece. */
static void patch_length(struct ref *r, const struct ref_chain *c, uint32_t n)
{
	uint8_t v[4];
	unsigned i;

	for (i = 0; i < c->n && !c->seg[i].write; i++)
		;
	put32(r->state, v, n);
	if (i < c->n && n < c->in_len)
		ref_store(r, c->seg[i].p, v, sizeof(v));
}

/* FUSE_INIT says which order its session has: its opcode is a small number in one of them. */
static void learn_order(struct ref *r)
{
	struct fs *f = r->state;
	uint32_t opcode;

	memcpy(&opcode, f->ask + 4, sizeof(opcode));
	if (opcode == FUSE_INIT)
		f->other_order = false;
	else if (__builtin_bswap32(opcode) == FUSE_INIT && !ref_bug(r, REF_FS_ENDIAN))
		f->other_order = true;
}

static bool request(struct ref *r, struct ref_queue *q, struct ref_chain *c)
{
	struct fs *f = r->state;
	uint32_t len = 0, opcode, said, n;
	int error;

	c->used = 0;
	/* Nothing that could be answered. */
	if (c->out_len < sizeof(struct fuse_in_header)) {
		if (ref_bug(r, REF_FS_SHORT_DIES))
			r->dead = true;
		return true;
	}
	f->ask_len = (uint32_t)VOP_MIN((size_t)c->out_len, sizeof(f->ask));
	ref_gather(c, 0, f->ask, f->ask_len);
	learn_order(r);
	said = get32(f, f->ask);
	opcode = get32(f, f->ask + 4);
	if (lose(r, q, opcode))
		return false;
	if (unanswered(opcode)) {
		if (ref_bug(r, REF_FS_FORGET_ANSWERED) && opcode == FUSE_FORGET)
			c->used = sizeof(struct fuse_out_header);
		return true;
	}
	if (said > c->out_len && ref_bug(r, REF_FS_LONG))
		r->dead = true;
	if (said < sizeof(struct fuse_in_header) || said > c->out_len ||
	    (!in_usual_pieces(c) && ref_bug(r, REF_FS_FIRST_PIECE)))
		error = -EINVAL;
	else
		error = serve(r, opcode, get64(f, f->ask + 16), &len);
	if (error == -ENOSYS && ref_bug(r, REF_FS_UNKNOWN))
		return true;
	n = answer(r, c, error, error ? 0 : len);
	if (ref_bug(r, REF_FS_LENGTH_PATCH))
		patch_length(r, c, n);
	c->used = (uint32_t)ref_value(r, REF_FS_USED, n);
	return true;
}

static void start(struct ref *r)
{
	static const char tag[] = "reference";
	uint32_t queues = htole32(ref_bug(r, REF_FS_NO_QUEUES)	   ? 0
				  : ref_bug(r, REF_FS_MORE_QUEUES) ? 2
								   : 1);

	memcpy(r->config, tag, sizeof(tag) - 1);
	if (ref_bug(r, REF_FS_TAG))
		r->config[TAG - 1] = '!';
	if (ref_bug(r, REF_FS_TAG_EMPTY))
		r->config[0] = 0;
	if (ref_bug(r, REF_FS_TAG_UTF8))
		r->config[3] = 0xc3;
	memcpy(r->config + TAG, &queues, sizeof(queues));
}

/* The session ends with the device's life; named files stay. */
static void reset(struct ref *r)
{
	struct fs *f = r->state;
	unsigned i;

	f->running = f->other_order = false;
	for (i = 0; i < FILES; i++)
		if (!f->file[i].named)
			f->file[i].used = f->file[i].open = false;
}

const struct ref_type ref_fs = {
	.name = "fs",
	.device = FS_ID,
	.queues = 2,
	.queue_size_max = 256,
	.config_size = TAG + 4,
	.state = sizeof(struct fs),
	.start = start,
	.reset = reset,
	.request = request,
	.any_order = 1u << REQUESTS,
};
