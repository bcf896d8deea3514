/* SPDX-License-Identifier: BSD-2-Clause */
/* One round of `run fs`: the job between two probes of the round trip, with its limit around it. */
#ifndef BENCH_FS_ROUND_H
#define BENCH_FS_ROUND_H

#include "bench/fs_run.h"

/*
 * 0; MEASURE_SKIPPED; -EINTR; else the failure: of the connection when fs_conn_failed(), otherwise
 * with n->err.
 */
int fs_round(struct fs_run *n, struct fs_case *k, unsigned number);

#endif
