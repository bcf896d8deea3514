/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A FUSE session's requests over virtqueues (VIRTIO 1.4, 5.11): slots with buffers the device can
 * reach, what is outstanding, and the books. Knows rings and doorbells; knows no target and no
 * files.
 *
 * Every request has a unique number of its own, and its answer is judged as soon as it comes back.
 * The first thing that goes wrong is kept in words (fs_conn_failed()), and from then on every call
 * returns its error: -EBADMSG an answer that is wrong, -EPROTO a broken ring or a device that wants
 * a reset, -ETIMEDOUT, -EPIPE the device is gone, -ENOSPC more requests than the ring holds. What
 * the device says of a request (-ENOENT and so on) is no such failure: slot->error.
 *
 * Threads: one.
 */
#ifndef BENCH_FS_CONN_H
#define BENCH_FS_CONN_H

#include <vop/doorbell.h>
#include <vop/vq.h>
#include "bench/fs_msg.h"
#include "vop/node.h"

#define FS_HIPRIO      0u /* the lane of FORGET */
#define FS_LANE	       1u /* the first for requests */
#define FS_LANES_MAX   65u
#define FS_ANSWER_HEAD 512u /* room of an answer in a slot */

struct fs_slot {
	/* buffers; data is data_max bytes long */
	uint8_t *ask, *answer, *data;
	uint64_t ask_bus, answer_bus, data_bus;
	uint32_t index;

	/* the request that is out, or was */
	uint64_t unique;
	uint32_t opcode;
	uint32_t data_max; /* bytes of data it may bring */
	unsigned lane;
	bool out;
	uint64_t sent_ns;

	/* its answer */
	int error;			   /* 0 or the device's negative errno */
	uint32_t got;			   /* bytes in data */
	uint8_t body[FS_ANSWER_HEAD - 16]; /* the fixed part, out of the device's reach */

	void *owner; /* the caller's */
	uint32_t step;
	uint64_t mark;
};

struct fs_books {
	uint64_t asked;		/* requests that have an answer */
	uint64_t answered;	/* answers that were judged and good, errors included */
	uint64_t errors;	/* answers that carried an error */
	uint64_t forgotten;	/* FORGET: sent, and their buffers are back */
	uint64_t read, written; /* bytes of data in good answers */
};

struct fs_lane {
	struct vop_drvq *vq;
	struct vop_doorbell *kick, *call; /* call may be NULL: polled */
};

struct fs_conn_config {
	unsigned lanes; /* hiprio and request queues */
	struct fs_lane lane[FS_LANES_MAX];
	unsigned slots;
	uint32_t data_max; /* bytes of data in a request, at most */
	enum vop_notify notify;
	uint64_t spin_ns;    /* adaptive: before sleeping */
	uint64_t timeout_ns; /* nothing comes back for so long: stuck */
	/* Memory the device can reach, zeroed; stays when the connection is freed. */
	void *(*alloc)(void *ctx, size_t size, size_t align, uint64_t *bus);
	/* Looks after the device: 0; -EPIPE gone, -EPROTO it wants a reset, with words in *why. */
	int (*service)(void *ctx, const char **why);
	void *ctx;
};

struct fs_conn;

/* Bytes of device-reachable memory a connection takes. */
uint64_t fs_conn_bytes(unsigned slots, uint32_t data_max);
/* NULL with *err: no memory. Only private memory is freed by fs_conn_free(). */
struct fs_conn *fs_conn_new(const struct fs_conn_config *cfg, struct vop_error *err);
void fs_conn_free(struct fs_conn *c);

/* 0, or the error of the first failure. */
int fs_conn_failed(const struct fs_conn *c);
/* In words; "" while there is none. */
const char *fs_conn_words(const struct fs_conn *c);
/* Note a failure of the caller's own finding: returns the first failure's error. */
int fs_conn_fail(struct fs_conn *c, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const struct fs_books *fs_conn_books(const struct fs_conn *c);
/* Requests that are out. */
unsigned fs_conn_flying(const struct fs_conn *c);
unsigned fs_conn_request_lanes(const struct fs_conn *c);
uint32_t fs_conn_data_max(const struct fs_conn *c);
/* Whose requests these are; ours at first. */
void fs_conn_as(struct fs_conn *c, uint32_t uid, uint32_t gid);

/* A free slot, or NULL. It is the caller's until fs_slot_put(). */
struct fs_slot *fs_slot_get(struct fs_conn *c);
void fs_slot_put(struct fs_conn *c, struct fs_slot *s);

/*
 * Send what a says (uid, gid, pid and the unique number are put in here) with the slot's first
 * a->data_len bytes of data behind it; up to data_max bytes of data may come back into slot->data.
 * The device sees it after fs_conn_push(). 0 or the failure.
 */
int fs_conn_send(struct fs_conn *c, struct fs_slot *s, unsigned lane, struct fs_ask *a,
		 uint32_t data_max);
/* Make all that was sent available, and kick who asked for it. */
int fs_conn_push(struct fs_conn *c);
/*
 * Answers that are there, up to max: judged, and the slots are the caller's again. Returns how
 * many, or the failure. fs_conn_wait() comes back with one at least.
 */
int fs_conn_poll(struct fs_conn *c, struct fs_slot **done, unsigned max);
int fs_conn_wait(struct fs_conn *c, struct fs_slot **done, unsigned max);

/*
 * One request and its answer, alone on the connection (nothing else may be out). 0 or the failure;
 * s->error is the device's.
 */
int fs_conn_call(struct fs_conn *c, struct fs_slot *s, unsigned lane, struct fs_ask *a,
		 uint32_t data_max);

#endif
