/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a target's URI to a FUSE connection: reach or start the device, open the session of queues
 * (VIRTIO 1.4, 5.11.2: queue 0 is hiprio, then come the request queues), make the buffers.
 *
 * One thread.
 */
#ifndef BENCH_FS_LINK_H
#define BENCH_FS_LINK_H

#include "bench/fs_conn.h"
#include "conformance/sut.h"
#include "target/session.h"

#define FS_DEVICE_ID 26u

struct fs_link_config {
	const char *uri;     /* of the target; with spawn NULL: a socket of ours */
	const char *spawn;   /* command that starts it; NULL: it is there */
	unsigned queues;     /* for requests */
	uint16_t queue_size; /* 0: the device's largest */
	bool packed;
	bool no_indirect;
	unsigned slots; /* requests that are out at once */
	uint32_t data_max;
	enum vop_notify notify;
	uint64_t spin_ns;
	int timeout_ms;
};

struct fs_link {
	struct sut *sut;
	struct session *s; /* NULL: not open */
	struct fs_conn *conn;
	uint16_t queue_size;
	unsigned queues_there; /* the device's queues for requests */
	char words[200];
};

/*
 * 0; negative errno with *err, nothing left behind: -EREMOTEIO the device is there and cannot do
 * what is asked.
 */
int fs_link_open(struct fs_link *l, const struct fs_link_config *cfg, struct vop_error *err);
void fs_link_close(struct fs_link *l);
/* A new session and connection with the same device, when it is still there. As fs_link_open(). */
int fs_link_again(struct fs_link *l, const struct fs_link_config *cfg, struct vop_error *err);
/* Why the device is gone, where somebody knows; "" otherwise. */
const char *fs_link_fate(struct fs_link *l);

#endif
