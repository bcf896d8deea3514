/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Once through everything a file system must do before its speed is of interest: names, sizes,
 * data, and the errors that POSIX and FUSE give for what cannot be done.
 */
#ifndef BENCH_FS_TOUR_H
#define BENCH_FS_TOUR_H

#include "bench/fs_tree.h"

/*
 * In the directory of t, which must be empty of "tour*" names and is so afterwards. 0, or the
 * connection's failure (-EBADMSG with words for an answer that is not the expected one). *checked:
 * how many answers were.
 */
int fs_tour(struct fs_conn *c, struct fs_tree *t, unsigned *checked);

#endif
