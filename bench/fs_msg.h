/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FUSE messages as virtio-fs carries them (VIRTIO 1.4, 5.11.6.1; <linux/fuse.h>): a request is put
 * together, an answer is judged. Both are in the byte order of this machine: the device learns it
 * from FUSE_INIT.
 *
 * Pure functions over private memory, no state.
 */
#ifndef BENCH_FS_MSG_H
#define BENCH_FS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/fuse.h>

/* The version we speak: what it has suffices, and daemons of 2019 and later take it. */
#define FS_MAJOR 7u
#define FS_MINOR 31u

#define FS_NAME_MAX 255u
/* Largest head of a request: header, fixed part, two names. */
#define FS_ASK_MAX 1024u
/* Largest head of an answer: header and fixed part (FUSE_CREATE). */
#define FS_ANSWER_MAX (sizeof(struct fuse_out_header) + 256u)

/* A request without what follows in a buffer of its own (the data of FUSE_WRITE). */
struct fs_ask {
	uint32_t opcode; /* enum fuse_opcode */
	uint64_t node;
	uint32_t uid, gid, pid; /* on whose behalf */
	const void *arg;	/* the fixed part; NULL: none */
	uint32_t arg_len;
	const char *name, *name2; /* NULL: none; sent with their NUL */
	uint32_t data_len;	  /* bytes that follow in another buffer */
};

/*
 * Put a request's head into buf. Returns its length, or 0: it does not fit. The header's length
 * counts data_len too.
 */
uint32_t fs_msg_ask(void *buf, uint32_t size, uint64_t unique, const struct fs_ask *a);

/*
 * Bytes of the fixed part that an answer to this opcode has when there was no error: exact. An
 * answer of FUSE_READ, FUSE_READDIR and the like has none, only data.
 */
uint32_t fs_msg_fixed(uint32_t opcode);
/* Does data follow instead of a fixed part? At most as many bytes as were asked for. */
bool fs_msg_has_data(uint32_t opcode);
/* Is there an answer at all? FORGET has none: its buffer comes back with nothing in it. */
bool fs_msg_answered(uint32_t opcode);
/* "FUSE_LOOKUP" without its prefix, for people; never NULL. */
const char *fs_msg_name(uint32_t opcode);

/* What can be wrong with an answer: X(symbol, words) */
#define FS_FAULTS(X)                                                                               \
	X(NONE, "nothing")                                                                         \
	X(SHORT, "it is shorter than its header")                                                  \
	X(USED, "its header says more bytes than the device says it wrote")                        \
	X(UNIQUE, "it answers another request")                                                    \
	X(ERROR, "its error is no negative error number")                                          \
	X(ERROR_BODY, "it carries an error and something more")                                    \
	X(LENGTH, "its length is not that of this request's answer")                               \
	X(DATA, "it carries more data than was asked for")                                         \
	X(UNASKED, "the request has no answer, and one came")                                      \
	X(TWICE, "a request was answered that was not outstanding")

enum fs_fault {
#define FS_FAULT_ENUM(sym, words) FS_FAULT_##sym,
	FS_FAULTS(FS_FAULT_ENUM)
#undef FS_FAULT_ENUM
};
const char *fs_fault_text(enum fs_fault f);

/*
 * Judge an answer. h: its first bytes as they were copied out of the buffer; used: bytes the device
 * says it wrote; data_max: bytes of data that were asked for. *error gets 0 or the negative error
 * number, *data how many bytes of data there are; both only with FS_FAULT_NONE.
 */
enum fs_fault fs_msg_judge(const struct fuse_out_header *h, uint32_t used, uint32_t opcode,
			   uint64_t unique, uint32_t data_max, int *error, uint32_t *data);

/*
 * Walk the records of FUSE_READDIR: start with *at = 0. True and one record, whose name is not
 * terminated; false at the end (*at == len), or at a record that does not fit (*at < len).
 */
struct fs_dirent {
	uint64_t ino, off;
	uint32_t type;
	const char *name;
	uint32_t name_len;
};
bool fs_msg_dirent(const uint8_t *data, uint32_t len, uint32_t *at, struct fs_dirent *out);

#endif
