/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "bench/fs_msg.h"

/* Linux has none beyond (include/linux/err.h). */
#define ERRNO_MAX 4095

struct kind {
	uint32_t opcode;
	const char *name;
	uint32_t fixed; /* bytes */
	bool data;
};

static const struct kind kinds[] = {
	{FUSE_INIT, "INIT", sizeof(struct fuse_init_out), false},
	{FUSE_LOOKUP, "LOOKUP", sizeof(struct fuse_entry_out), false},
	{FUSE_GETATTR, "GETATTR", sizeof(struct fuse_attr_out), false},
	{FUSE_SETATTR, "SETATTR", sizeof(struct fuse_attr_out), false},
	{FUSE_MKDIR, "MKDIR", sizeof(struct fuse_entry_out), false},
	{FUSE_CREATE, "CREATE", sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out),
	 false},
	{FUSE_OPEN, "OPEN", sizeof(struct fuse_open_out), false},
	{FUSE_OPENDIR, "OPENDIR", sizeof(struct fuse_open_out), false},
	{FUSE_WRITE, "WRITE", sizeof(struct fuse_write_out), false},
	{FUSE_READ, "READ", 0, true},
	{FUSE_READDIR, "READDIR", 0, true},
	{FUSE_STATFS, "STATFS", sizeof(struct fuse_statfs_out), false},
	{FUSE_FLUSH, "FLUSH", 0, false},
	{FUSE_FSYNC, "FSYNC", 0, false},
	{FUSE_FSYNCDIR, "FSYNCDIR", 0, false},
	{FUSE_RELEASE, "RELEASE", 0, false},
	{FUSE_RELEASEDIR, "RELEASEDIR", 0, false},
	{FUSE_RENAME, "RENAME", 0, false},
	{FUSE_UNLINK, "UNLINK", 0, false},
	{FUSE_RMDIR, "RMDIR", 0, false},
	{FUSE_DESTROY, "DESTROY", 0, false},
	{FUSE_FORGET, "FORGET", 0, false},
	{FUSE_BATCH_FORGET, "BATCH_FORGET", 0, false},
};

static const struct kind *kind_of(uint32_t opcode)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].opcode == opcode)
			return &kinds[i];
	return NULL;
}

uint32_t fs_msg_fixed(uint32_t opcode)
{
	const struct kind *k = kind_of(opcode);

	return k ? k->fixed : 0;
}

bool fs_msg_has_data(uint32_t opcode)
{
	const struct kind *k = kind_of(opcode);

	return k && k->data;
}

bool fs_msg_answered(uint32_t opcode)
{
	return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET;
}

const char *fs_msg_name(uint32_t opcode)
{
	const struct kind *k = kind_of(opcode);

	return k ? k->name : "a request";
}

const char *fs_fault_text(enum fs_fault f)
{
	static const char *const texts[] = {
#define FS_FAULT_TEXT(sym, words) words,
		FS_FAULTS(FS_FAULT_TEXT)
#undef FS_FAULT_TEXT
	};

	return (unsigned)f < sizeof(texts) / sizeof(texts[0]) ? texts[f] : "it is wrong";
}

static bool put(uint8_t *buf, uint32_t size, uint32_t *at, const void *src, size_t len)
{
	if (len > size - *at)
		return false;
	memcpy(buf + *at, src, len);
	*at += (uint32_t)len;
	return true;
}

uint32_t fs_msg_ask(void *buf, uint32_t size, uint64_t unique, const struct fs_ask *a)
{
	struct fuse_in_header h = {
		.opcode = a->opcode,
		.unique = unique,
		.nodeid = a->node,
		.uid = a->uid,
		.gid = a->gid,
		.pid = a->pid,
	};
	uint32_t at = sizeof(h);

	if (size < sizeof(h))
		return 0;
	if (a->arg && !put(buf, size, &at, a->arg, a->arg_len))
		return 0;
	if (a->name && !put(buf, size, &at, a->name, strlen(a->name) + 1))
		return 0;
	if (a->name2 && !put(buf, size, &at, a->name2, strlen(a->name2) + 1))
		return 0;
	if (a->data_len > UINT32_MAX - at)
		return 0;
	h.len = at + a->data_len;
	memcpy(buf, &h, sizeof(h));
	return at;
}

enum fs_fault fs_msg_judge(const struct fuse_out_header *h, uint32_t used, uint32_t opcode,
			   uint64_t unique, uint32_t data_max, int *error, uint32_t *data)
{
	uint32_t body;

	*error = 0;
	*data = 0;
	if (!fs_msg_answered(opcode))
		return used ? FS_FAULT_UNASKED : FS_FAULT_NONE;
	if (used < sizeof(*h) || h->len < sizeof(*h))
		return FS_FAULT_SHORT;
	if (h->len > used)
		return FS_FAULT_USED;
	if (h->unique != unique)
		return FS_FAULT_UNIQUE;
	if (h->error > 0 || h->error < -ERRNO_MAX)
		return FS_FAULT_ERROR;
	body = h->len - (uint32_t)sizeof(*h);
	if (h->error) {
		*error = h->error;
		return body ? FS_FAULT_ERROR_BODY : FS_FAULT_NONE;
	}
	if (fs_msg_has_data(opcode)) {
		*data = body;
		return body > data_max ? FS_FAULT_DATA : FS_FAULT_NONE;
	}
	return body == fs_msg_fixed(opcode) ? FS_FAULT_NONE : FS_FAULT_LENGTH;
}

bool fs_msg_dirent(const uint8_t *data, uint32_t len, uint32_t *at, struct fs_dirent *out)
{
	struct fuse_dirent d;
	uint32_t left = len - *at;

	if (left < FUSE_NAME_OFFSET)
		return false;
	memcpy(&d, data + *at, FUSE_NAME_OFFSET);
	if (d.namelen == 0 || d.namelen > FS_NAME_MAX || FUSE_NAME_OFFSET + d.namelen > left)
		return false;
	*out = (struct fs_dirent){
		.ino = d.ino,
		.off = d.off,
		.type = d.type,
		.name = (const char *)data + *at + FUSE_NAME_OFFSET,
		.name_len = d.namelen,
	};
	/* The last one need not be padded. */
	*at += (uint32_t)FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + d.namelen);
	if (*at > len)
		*at = len;
	return true;
}
