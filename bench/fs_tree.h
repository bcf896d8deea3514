/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scratch directory of a run: a fresh name in the root of the device's file system, everything
 * the run touches inside of it, and what the files in it are known to hold.
 *
 * One thread. Errors as in fs_ops.h; what the device refuses is put in words with fs_conn_fail(),
 * -EBADMSG: a run needs all of it.
 */
#ifndef BENCH_FS_TREE_H
#define BENCH_FS_TREE_H

#include "bench/fs_data.h"
#include "bench/fs_ops.h"

#define FS_FILES_MAX 64u
#define FS_TREE_NAME 40u

struct fs_file {
	char name[16];
	struct fs_node node;
	uint64_t fh;
	bool open;
};

struct fs_tree {
	char name[FS_TREE_NAME]; /* of the directory; "" none was made */
	struct fs_node dir;
	uint64_t seed;
	unsigned files;
	struct fs_file file[FS_FILES_MAX];
	/* Data, in blocks of one size at a time. */
	uint64_t span; /* bytes of each file */
	uint32_t block;
	uint64_t blocks;      /* of all files, one file after the other */
	uint32_t *generation; /* of each block */
	uint8_t *busy;	      /* a request to it is out */
};

/* "vop-bench-" and 12 digits nobody had. */
void fs_tree_name(char name[FS_TREE_NAME]);
/* Make the directory. */
int fs_tree_make(struct fs_tree *t, struct fs_conn *c);
/* Make and open the files, empty. */
int fs_tree_files(struct fs_tree *t, struct fs_conn *c, unsigned files);
/* From now on files are blocks of this size; nothing is known of what they hold. -ENOMEM. */
int fs_tree_blocks(struct fs_tree *t, uint64_t span, uint32_t block);
/* Close all files, forget them, find and open them anew; sizes are compared. */
int fs_tree_reopen(struct fs_tree *t, struct fs_conn *c);
/* The directory holds the files and nothing else. */
int fs_tree_list(struct fs_tree *t, struct fs_conn *c);
/* Remove everything, over whatever session c is now: names are looked up. 0 or negative errno. */
int fs_tree_remove(struct fs_tree *t, struct fs_conn *c);
/* Private memory. */
void fs_tree_free(struct fs_tree *t);

/* Where block b lies. */
struct fs_stamp fs_tree_stamp(const struct fs_tree *t, uint64_t b, unsigned *file, uint64_t *off);

#endif
