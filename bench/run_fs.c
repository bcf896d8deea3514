/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench run fs */
#include <stdio.h>
#include <string.h>
#include "bench/cmd.h"
#include "bench/fs_link.h"
#include "bench/fs_ops.h"
int run_fs(int argc, char **argv)
{
	struct fs_link l;
	struct vop_error err = {""};
	struct fs_terms t;
	struct fs_link_config cfg = {
		.uri = argc > 1 ? argv[1] : NULL,
		.spawn = argc > 2 ? argv[2] : NULL,
		.queues = 1,
		.slots = 64,
		.data_max = 1u << 17,
		.notify = VOP_NOTIFY_POLL,
		.timeout_ms = 5000,
	};
	int e;

	if (cfg.spawn)
		cfg.uri = NULL;
	e = fs_link_open(&l, &cfg, &err);
	if (e)
		return cmd_could_not("%s", err.text);
	e = fs_init(l.conn, cfg.data_max, &t);
	if (e)
		fprintf(stderr, "vop-bench: %s %s\n", strerror(-e), fs_conn_words(l.conn));
	else
		printf("FUSE %u.%u, max_write %u, max_pages %u, flags 0x%x\n", t.major, t.minor,
		       t.max_write, t.max_pages, t.flags);
	if (!e)
		e = fs_destroy(l.conn);
	fs_link_close(&l);
	return e ? CMD_FAILED : CMD_DONE;
}
