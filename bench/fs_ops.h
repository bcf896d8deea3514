/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of a file system, one request each, waited for. What is alone on the connection:
 * setting up, taking down, checking. The loads send without waiting (fs_load.c).
 *
 * Each returns 0, or a negative errno: the device's own answer (-ENOENT, -EEXIST ...), or the
 * failure of the connection when fs_conn_failed() is not 0. Answers whose length and number are
 * right but whose content cannot be (an inode without a number, more bytes written than given) fail
 * the connection.
 */
#ifndef BENCH_FS_OPS_H
#define BENCH_FS_OPS_H

#include "bench/fs_conn.h"

/* What FUSE_INIT agreed on. */
struct fs_terms {
	uint32_t major, minor;
	uint32_t flags;
	uint32_t max_write; /* bytes */
	uint32_t max_pages; /* of a request; 0: the device does not say */
	uint32_t time_gran;
};
/* VIRTIO 1.4, 5.11.5. data_max: most bytes one of our requests will have. */
int fs_init(struct fs_conn *c, uint32_t data_max, struct fs_terms *t);
int fs_destroy(struct fs_conn *c);

/* A node and how often the device counted a look-up of it: given back by fs_forget(). */
struct fs_node {
	uint64_t id;
	uint64_t lookups;
	struct fuse_attr attr;
};

int fs_lookup(struct fs_conn *c, uint64_t dir, const char *name, struct fs_node *n);
/* On the high-priority queue (5.11.6.2). */
int fs_forget(struct fs_conn *c, struct fs_node *n);
int fs_getattr(struct fs_conn *c, uint64_t node, struct fuse_attr *a);
int fs_truncate(struct fs_conn *c, uint64_t node, uint64_t size, struct fuse_attr *a);
int fs_mkdir(struct fs_conn *c, uint64_t dir, const char *name, uint32_t mode, struct fs_node *n);
int fs_create(struct fs_conn *c, uint64_t dir, const char *name, uint32_t mode, struct fs_node *n,
	      uint64_t *fh);
int fs_open(struct fs_conn *c, uint64_t node, uint32_t flags, uint64_t *fh);
/* Of the slot's data: s is the caller's. *done: bytes. */
int fs_write(struct fs_conn *c, struct fs_slot *s, uint64_t node, uint64_t fh, uint64_t off,
	     uint32_t len, uint32_t *done);
int fs_read(struct fs_conn *c, struct fs_slot *s, uint64_t node, uint64_t fh, uint64_t off,
	    uint32_t len, uint32_t *done);
int fs_flush(struct fs_conn *c, uint64_t node, uint64_t fh);
int fs_fsync(struct fs_conn *c, uint64_t node, uint64_t fh);
int fs_release(struct fs_conn *c, uint64_t node, uint64_t fh, uint32_t flags);
int fs_statfs(struct fs_conn *c, uint64_t node, struct fuse_kstatfs *st);
int fs_rename(struct fs_conn *c, uint64_t dir, const char *name, uint64_t to, const char *name2);
int fs_unlink(struct fs_conn *c, uint64_t dir, const char *name);
int fs_rmdir(struct fs_conn *c, uint64_t dir, const char *name);
int fs_opendir(struct fs_conn *c, uint64_t node, uint64_t *fh);
int fs_releasedir(struct fs_conn *c, uint64_t node, uint64_t fh);
/*
 * The whole directory, fn once a name that is neither "." nor "..": stops when fn returns not 0,
 * and returns that.
 */
int fs_readdir(struct fs_conn *c, uint64_t node, int (*fn)(void *ctx, const char *name), void *ctx);

/* Request parts that loads build too. Each lives as long as *arg. */
struct fs_ask fs_ask_write(struct fuse_write_in *arg, uint64_t node, uint64_t fh, uint64_t off,
			   uint32_t len);
struct fs_ask fs_ask_read(struct fuse_read_in *arg, uint64_t node, uint64_t fh, uint64_t off,
			  uint32_t len);
struct fs_ask fs_ask_create(struct fuse_create_in *arg, uint64_t dir, const char *name,
			    uint32_t mode);
struct fs_ask fs_ask_release(struct fuse_release_in *arg, uint64_t node, uint64_t fh,
			     uint32_t flags);
struct fs_ask fs_ask_getattr(struct fuse_getattr_in *arg, uint64_t node);
struct fs_ask fs_ask_forget(struct fuse_forget_in *arg, uint64_t node, uint64_t lookups);

#endif
