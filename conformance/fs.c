/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 5.11 File system device: queues, configuration, the session, requests in any cut, high priority.
 * Of what FUSE says only what the transport needs is asked for: header, length, error, number.
 * fs_data.c holds what goes through files, fs_robust.c drivers that break rules.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "conformance/fs_req.h"
#include "conformance/lane.h"
#include "conformance/sections.h"

#define UNIQUE 0x5eed00000000ull /* far from the lane's */

/* --- queues and configuration --- */

static void queues(struct conf *c)
{
	unsigned n = conf_queue_count(c);

	CONF_EXPECT(c, n >= 2, "%u queues: a high priority queue and one for requests are needed",
		    n);
	CONF_EXPECT(c, conf_queue_size_max(c, FS_HIPRIO) && conf_queue_size_max(c, FS_REQUESTS),
		    "queue 0 or 1 does not exist");
}

static void request_queues(struct conf *c)
{
	uint32_t n = 0;
	unsigned there;

	conf_negotiate(c);
	conf_config(c, FS_TAG, &n, sizeof(n));
	n = le32toh(n);
	CONF_EXPECT(c, n >= 1, "num_request_queues is 0");
	there = conf_queue_count(c);
	CONF_EXPECT(c, FS_REQUESTS + (uint64_t)n <= there,
		    "num_request_queues is %u, and there are %u queues, the high priority one "
		    "included",
		    n, there);
}

/* Well-formed as far as its bytes tell (RFC 3629): lead bytes and as many that follow. */
static bool utf8(const uint8_t *p, uint32_t n)
{
	uint32_t i = 0, more;

	while (i < n) {
		uint8_t b = p[i++];

		more = b < 0x80		       ? 0
		       : b >= 0xc2 && b < 0xe0 ? 1
		       : (b & 0xf0) == 0xe0    ? 2
		       : b >= 0xf0 && b < 0xf5 ? 3
					       : 4;
		if (more == 4 || more > n - i)
			return false;
		for (; more; more--)
			if ((p[i++] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static void tag(struct conf *c)
{
	uint8_t t[FS_TAG];
	uint32_t n = 0, i;

	conf_negotiate(c);
	conf_config(c, 0, t, sizeof(t));
	while (n < FS_TAG && t[n])
		n++;
	CONF_EXPECT(c, n, "the tag is empty");
	CONF_EXPECT(c, utf8(t, n), "the tag is no UTF-8");
	for (i = n; i < FS_TAG; i++)
		CONF_EXPECT(c, t[i] == 0, "byte %u of the tag is 0x%02x, behind its end at %u", i,
			    t[i], n);
}

/* --- the session --- */

static void begins(struct conf *c)
{
	struct fuse_init_in in;
	struct fuse_init_out out;
	struct fuse_ask a = fuse_ask_init(&in);
	struct cbuf *b;

	conf_start(c, 0);
	a.unique = UNIQUE;
	b = fuse_call(c, &a, 0);
	fuse_expect(c, b, 0);
	cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&out, sizeof(out));
	CONF_EXPECT(c, out.major == 7, "version %u.%u is answered, not 7", out.major, out.minor);
	CONF_EXPECT(c, out.max_write >= 4096, "max_write is %u", out.max_write);
}

/* FUSE_INIT ends the session there is, and begins another one. */
static void begins_again(struct conf *c)
{
	struct fuse_init_in in;
	struct fuse_ask a = fuse_ask_init(&in);
	unsigned i;

	fuse_session(c);
	for (i = 0; i < 4; i++) {
		fuse_getattr_root(c, UNIQUE + 2);
		a.unique = UNIQUE + 4 + 2 * i;
		fuse_expect(c, fuse_call(c, &a, 0), 0);
	}
	fuse_getattr_root(c, UNIQUE + 2);
}

static uint32_t swap32(uint32_t v)
{
	return __builtin_bswap32(v);
}

/* A session in the byte order that this machine does not have. Only words are looked at that a
 * device of the wrong order cannot get right by chance. */
static void other_order(struct conf *c)
{
	struct fuse_init_in in = {.major = swap32(7), .minor = swap32(31)};
	uint32_t arg = offsetof(struct fuse_init_in, flags2);
	struct fuse_in_header h = {
		.len = swap32(FS_IN_HEADER + arg),
		.opcode = swap32(FUSE_INIT),
		.unique = __builtin_bswap64(UNIQUE),
	};
	struct fuse_out_header out;
	struct fuse_init_out init;
	struct cbuf *b = cbuf_new(c);

	conf_start(c, 0);
	cbuf_out(c, b, &h, sizeof(h));
	cbuf_out(c, b, &in, arg);
	cbuf_in(c, b, FS_OUT_HEADER + fuse_answer_len(FUSE_INIT));
	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	CONF_EXPECT(c, b->used_len >= FS_OUT_HEADER || b->batched,
		    "FUSE_INIT in the other byte order is answered with %u bytes", b->used_len);
	cbuf_read(b, 0, (uint8_t *)&out, sizeof(out));
	CONF_EXPECT(c, out.error == 0 && swap32(out.len) == b->in_len,
		    "FUSE_INIT in the other byte order is answered with error %d (%d in that "
		    "order) and length %u (%u)",
		    out.error, (int)swap32((uint32_t)out.error), out.len, swap32(out.len));
	cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&init, sizeof(init));
	CONF_EXPECT(c, swap32(init.major) == 7 && out.unique == h.unique,
		    "FUSE_INIT in the other byte order is answered with version %u",
		    swap32(init.major));
}

/* --- requests --- */

static void answers(struct conf *c)
{
	fuse_session(c);
	conf_serve(c, 60);
}

static void cuts(struct conf *c)
{
	unsigned n;

	fuse_session(c);
	for (n = 2; n <= 40; n++) {
		struct cbuf *b = conf_probe(c, n);

		conf_submit(c, b);
		conf_finish(c, b);
	}
}

/* One byte each. */
static void bytes(struct conf *c)
{
	struct fuse_ask a = fuse_ask_lookup(FUSE_ROOT_ID, "vop-bench, nobody");
	uint8_t out[128];
	struct cbuf *b;
	uint32_t len, i;
	uint32_t body;

	conf_start(c, VOP_MIN((uint16_t)256, conf_queue_size_max(c, FS_REQUESTS)));
	conf_serve(c, 1);
	a.unique = UNIQUE;
	len = fuse_put(c, out, sizeof(out), &a);
	if (conf_ring(c)->size < len + a.in_len)
		conf_skip(c, "the queue is too small");
	b = cbuf_new(c);
	for (i = 0; i < len; i++)
		cbuf_out(c, b, out + i, 1);
	for (i = 0; i < a.in_len; i++)
		cbuf_in(c, b, 1);
	cring_submit(conf_ring(c), b);
	cring_wait(conf_ring(c), b);
	CONF_EXPECT(c, fuse_judge(c, b, &body) == -ENOENT || body == fuse_answer_len(FUSE_LOOKUP),
		    "FUSE_LOOKUP in pieces of one byte is not understood");
}

static void batch(struct conf *c)
{
	struct cbuf *b[16];
	unsigned i, turn;

	fuse_session(c);
	for (turn = 0; turn < 6; turn++) {
		for (i = 0; i < 16; i++) {
			b[i] = conf_probe(c, 1 + i % 4);
			cring_add(conf_ring(c), b[i]);
			if (conf_ring(c)->room < 8)
				break;
		}
		cring_publish(conf_ring(c));
		cring_kick(conf_ring(c));
		cring_wait_all(conf_ring(c));
		for (unsigned k = 0; k < i; k++)
			conf_finish(c, b[k]);
	}
}

static void no_such_name(struct conf *c)
{
	struct fuse_ask a = fuse_ask_lookup(FUSE_ROOT_ID, "vop-bench, nobody");
	struct fuse_entry_out entry;
	struct cbuf *b;
	uint32_t body;
	int error;

	fuse_session(c);
	a.unique = UNIQUE;
	b = fuse_call(c, &a, 0);
	error = fuse_judge(c, b, &body);
	if (error == 0 && body == sizeof(entry)) {
		cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&entry, sizeof(entry));
		error = entry.nodeid ? 0 : -ENOENT;
	}
	CONF_EXPECT(c, error == -ENOENT,
		    "a name that is not there is answered with error %d, not %d", -error, ENOENT);
}

/* FUSE grows: a request that is not known is refused, and the driver goes on without it. */
static void unknown(struct conf *c)
{
	struct fuse_ask a = {.opcode = 4000,
			     .node = FUSE_ROOT_ID,
			     .unique = UNIQUE,
			     .in_len = FS_OUT_HEADER + 64};
	uint32_t body;
	int error;

	fuse_session(c);
	error = fuse_judge(c, fuse_call(c, &a, 0), &body);
	CONF_EXPECT(c, error == -ENOSYS, "a request that does not exist is answered with error %d",
		    -error);
	fuse_getattr_root(c, UNIQUE + 2);
}

/* --- high priority --- */

static struct cring *hiprio_session(struct conf *c)
{
	struct cring *r;

	conf_prepare(c, 32);
	/* The lane has it set up; its ring is the first thing in its state. */
	r = *(struct cring **)conf_lane_state(c);
	conf_driver_ok(c);
	conf_serve(c, 1);
	return r;
}

static struct cbuf *forget(struct conf *c, uint32_t opcode, uint64_t unique)
{
	struct fuse_forget_in one = {.nlookup = 1};
	struct {
		struct fuse_batch_forget_in head;
		struct fuse_forget_one item[2];
	} many = {.head = {.count = 2}, .item = {{900, 1}, {901, 2}}};
	struct fuse_interrupt_in interrupt = {.unique = UNIQUE - 2};
	struct fuse_ask a = {.opcode = opcode, .node = 900, .unique = unique};
	uint8_t out[FS_IN_HEADER + sizeof(many)];
	struct cbuf *b = cbuf_new(c);

	a.arg = opcode == FUSE_FORGET	      ? (const void *)&one
		: opcode == FUSE_BATCH_FORGET ? (const void *)&many
					      : (const void *)&interrupt;
	a.arg_len = opcode == FUSE_FORGET	  ? sizeof(one)
		    : opcode == FUSE_BATCH_FORGET ? sizeof(many)
						  : sizeof(interrupt);
	cbuf_out(c, b, out, fuse_put(c, out, sizeof(out), &a));
	/* An interrupt may be answered: the request it is for is not known (yet). */
	if (opcode == FUSE_INTERRUPT)
		cbuf_in(c, b, FS_OUT_HEADER);
	return b;
}

static void no_answer(struct conf *c, uint32_t opcode)
{
	struct cring *r = hiprio_session(c);
	unsigned i;

	for (i = 0; i < 20; i++) {
		struct cbuf *b = forget(c, opcode, UNIQUE + 2 * i);

		cring_submit(r, b);
		cring_wait(r, b);
		CONF_EXPECT(c, b->used_len == 0 || opcode == FUSE_INTERRUPT,
			    "a request without an answer was used with length %u", b->used_len);
	}
	conf_serve(c, 3);
}

static void forgets(struct conf *c)
{
	no_answer(c, FUSE_FORGET);
}

static void forgets_many(struct conf *c)
{
	no_answer(c, FUSE_BATCH_FORGET);
}

static void interrupts(struct conf *c)
{
	no_answer(c, FUSE_INTERRUPT);
}

/*
 * The request queue is full, and the device has not been told: it need not look there. The high
 * priority queue goes on all the same.
 */
static void not_paused(struct conf *c)
{
	struct cring *r = hiprio_session(c), *requests = conf_ring(c);
	struct cbuf *b;
	unsigned i;

	while (requests->room >= 4)
		cring_add(requests, conf_probe(c, 2));
	cring_publish(requests);
	for (i = 0; i < 8; i++) {
		b = forget(c, FUSE_FORGET, UNIQUE + 2 * i);
		cring_submit(r, b);
		cring_wait(r, b);
	}
	cring_kick_always(requests);
	cring_wait_all(requests);
	conf_serve(c, 3);
}

#define DEV "device-types/fs/description.tex:"
#define FS  .device = FS_ID
static const struct conf_check checks[] = {
	{"fs/queues", "there are a high priority queue and a queue for requests", "text:" DEV "28",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_ANY, FS, .run = queues},
	{"fs/config/request-queues", "num_request_queues is 1 or more, and they are there",
	 "5.11.4.2:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_ANY, FS, .lacks = TARGET_LACKS_CONFIG,
	 .run = request_queues},
	{"fs/config/tag", "the tag is UTF-8 padded with NUL bytes", "text:" DEV "55", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_ANY, FS, .lacks = TARGET_LACKS_CONFIG, .run = tag},
	{"fs/session/begins", "FUSE_INIT begins a session", "text:" DEV "92", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, FS, .run = begins},
	{"fs/session/again", "another FUSE_INIT ends the session and begins a new one",
	 "text:" DEV "176", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS, .run = begins_again},
	{"fs/session/other-order", "the byte order of a session is the driver's choice",
	 "text:" DEV "125 text:" DEV "172", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS,
	 .run = other_order},
	{"fs/request/answers", "an answer has its request's number and the length it says",
	 "text:" DEV "128", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS, .run = answers},
	{"fs/request/cut", "a request may be cut anywhere", "text:" DEV "128 2.7.4.1:dev:1",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, FS, .run = cuts},
	{"fs/request/bytes", "a request may be in pieces of one byte",
	 "text:" DEV "128 2.7.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_SPLIT, FS,
	 .run = bytes},
	{"fs/request/batch", "many requests at once are answered each", "text:" DEV "118",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS, .run = batch},
	{"fs/request/no-such-name", "a name that is not there is ENOENT", "text:" DEV "152",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS, .run = no_such_name},
	{"fs/request/unknown", "a request that does not exist is ENOSYS", "text:" DEV "169",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS, .run = unknown},
	{"fs/hiprio/forget", "FUSE_FORGET is taken, and not answered", "text:" DEV "183", CONF_TEXT,
	 CONF_CONFORMANCE, CONF_BOTH, FS, .run = forgets},
	{"fs/hiprio/batch-forget", "FUSE_BATCH_FORGET is taken, and not answered",
	 "text:" DEV "183", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS, .run = forgets_many},
	{"fs/hiprio/interrupt", "FUSE_INTERRUPT of what is not known is taken", "text:" DEV "183",
	 CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS, .run = interrupts},
	{"fs/hiprio/not-paused", "a full request queue does not stop the high priority queue",
	 "5.11.6.2.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, FS, .run = not_paused},
};
CONF_SECTION_SINCE(conf_section_fs, "5.11", "File system device", checks, "1.2");
