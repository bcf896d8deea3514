/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of the block device (VIRTIO 1.4, 5.2.6) as checks make them: one at a time with
 * blk_do(), or as a buffer to be handed over together with others.
 */
#ifndef CONFORMANCE_BLK_REQ_H
#define CONFORMANCE_BLK_REQ_H

#include "conformance/blk_spec.h"
#include "conformance/conf.h"
#include "conformance/ring.h"

#define BLK_NO_ANSWER 0x100 /* instead of a status: the request did not come back, or not whole */

void blk_header(uint8_t *out, uint32_t type, uint64_t sector);
/* Bytes that depend on a number, never 0 and never what a buffer holds before it is written. */
void blk_pattern(uint8_t *to, uint32_t len, uint64_t seed);
/* Fails the check when they are others; sector is for the message. */
void blk_compare(struct conf *c, const uint8_t *got, uint32_t len, uint64_t seed, uint64_t sector);
/* Bytes of the readable pieces. */
void blk_out_bytes(const struct cbuf *b, uint32_t from, void *dst, uint32_t len);

/* A request: header, out_len bytes of data, in_len bytes to be written, status. pieces 0: each of
 * them one; otherwise cut at random into so many. */
struct cbuf *blk_make(struct conf *c, uint32_t type, uint64_t sector, const void *out,
		      uint32_t out_len, uint32_t in_len, unsigned pieces);
/* The status of a request that came back; checked: one that there is, and the used length. */
unsigned blk_status(struct conf *c, const struct cbuf *b);
/* Hand it over, wait; the status. in takes its in_len bytes, may be NULL. */
unsigned blk_do(struct conf *c, uint32_t type, uint64_t sector, const void *out, uint32_t out_len,
		void *in, uint32_t in_len);
/* As blk_do(), for what a driver may not ask: no answer is an answer, BLK_NO_ANSWER. */
unsigned blk_dare(struct conf *c, uint32_t type, uint64_t sector, const void *out, uint32_t out_len,
		  void *in, uint32_t in_len);
/* Hand over whatever this is; its status, or BLK_NO_ANSWER. */
unsigned blk_dare_buffer(struct conf *c, struct cbuf *b);
/* Fails the check unless the status is `want`; what is for the message. */
void blk_want(struct conf *c, unsigned status, unsigned want, const char *what);

/* n sectors of the pattern, and whether they hold it. Both must end well. */
void blk_write(struct conf *c, uint64_t sector, uint32_t n, uint64_t seed);
void blk_holds(struct conf *c, uint64_t sector, uint32_t n, uint64_t seed);
/* The sectors read as zeroes. */
void blk_zeroes(struct conf *c, uint64_t sector, uint32_t n);
/* One segment of discard and the like. */
void blk_segment(uint8_t *p, uint64_t sector, uint32_t n, uint32_t flags);
unsigned blk_ranges(struct conf *c, uint32_t type, const uint8_t *segments, unsigned n);

/* Fields of the configuration. */
uint64_t blk_config(struct conf *c, unsigned at, unsigned bytes);
uint64_t blk_capacity(struct conf *c);

/*
 * conf_start(), and sectors 0 to n - 1 can be read and written as on any disk: skips where they
 * cannot, on a read-only device or one whose first zone is written in order.
 */
void blk_start(struct conf *c, uint16_t size, uint32_t n);

#endif
