/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FUSE requests by hand, for the lane of a file system device and the checks of 5.11: VIRTIO 1.4,
 * 5.11.6.1, and <linux/fuse.h>. In this machine's byte order unless a request says otherwise.
 */
#ifndef CONFORMANCE_FS_REQ_H
#define CONFORMANCE_FS_REQ_H

#include <linux/fuse.h>
#include "conformance/ring.h"

#define FS_ID	      26
#define FS_HIPRIO     0u
#define FS_REQUESTS   1u
#define FS_TAG	      36u
#define FS_IN_HEADER  ((uint32_t)sizeof(struct fuse_in_header))
#define FS_OUT_HEADER ((uint32_t)sizeof(struct fuse_out_header))

struct fuse_ask {
	uint32_t opcode;
	uint64_t node, unique;
	const void *arg; /* the fixed part; NULL: none */
	uint32_t arg_len;
	const char *name; /* with its NUL; NULL: none */
	const void *data; /* behind it all; NULL: none */
	uint32_t data_len;
	uint32_t in_len; /* bytes the device may write */
};

/* The device-readable part into out (room bytes). Returns its length. Ends the check when it does
 * not fit. */
uint32_t fuse_put(struct conf *c, uint8_t *out, uint32_t room, const struct fuse_ask *a);
/* Bytes of the fixed part of an answer: 0 for opcodes that have none. */
uint32_t fuse_answer_len(uint32_t opcode);
/* The readable bytes of a buffer. */
void fuse_asked(const struct cbuf *b, uint32_t from, void *dst, uint32_t len);

/* The usual ones; a->unique is the caller's to set. */
struct fuse_ask fuse_ask_init(struct fuse_init_in *arg);
struct fuse_ask fuse_ask_getattr(struct fuse_getattr_in *arg, uint64_t node);
struct fuse_ask fuse_ask_lookup(uint64_t dir, const char *name);
struct fuse_ask fuse_ask_statfs(void);

/*
 * Judge an answer that came back: its header, the length and the unique number against the request
 * in the buffer. Returns the error (0 or negative); *body: bytes behind the header.
 */
int fuse_judge(struct conf *c, const struct cbuf *b, uint32_t *body);
/* As fuse_judge(), and it is this error, with a body of the length this opcode has. */
void fuse_expect(struct conf *c, const struct cbuf *b, int error);

/* Data that fuse_call() carries at most, bytes. */
#define FUSE_DATA_MAX 9000u
/* Until a session runs, and the lane's requests are answered. */
void fuse_session(struct conf *c);
/* Hand a request over on a ring, cut into pieces (0: head and answer), and wait for it. */
struct cbuf *fuse_call_on(struct conf *c, struct cring *r, struct fuse_ask *a, unsigned pieces);
/* As fuse_call_on(), on the lane's ring. */
struct cbuf *fuse_call(struct conf *c, struct fuse_ask *a, unsigned pieces);
/* The root directory answers GETATTR, under this number: the session is alive. */
void fuse_getattr_root(struct conf *c, uint64_t unique);

#endif
