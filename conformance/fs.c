/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 5.11 File system device: queues, configuration, the session, requests in any cut, high priority.
 * Of what FUSE says only what the transport needs is asked for: header, length, error, number. Data
 * goes through a file that is removed as soon as it is open. fs_robust.c holds drivers that break
 * rules.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "conformance/fs_req.h"
#include "conformance/lane.h"
#include "conformance/sections.h"

#define UNIQUE	 0x5eed00000000ull /* far from the lane's */
#define FILE_LEN 9000u
#define FILENAME "vop-bench conformance"

/* Hand a request over on a ring, cut into pieces (0: head and answer), and wait for it. */
static struct cbuf *call_on(struct conf *c, struct cring *r, struct fuse_ask *a, unsigned pieces)
{
	uint32_t room = FS_IN_HEADER + 512 + a->data_len, len;
	uint64_t bus;
	uint8_t *out = cmem_alloc(c, room, 64, &bus, "a request");
	uint8_t plain[FS_IN_HEADER + 512 + FILE_LEN];
	struct cbuf *b;

	len = fuse_put(c, plain, sizeof(plain), a);
	cmem_put(c, out, plain, len);
	b = cbuf_cut(c, plain, len, a->in_len, pieces ? pieces : 1 + !!a->in_len);
	cring_submit(r, b);
	cring_wait(r, b);
	return b;
}

static struct cbuf *call(struct conf *c, struct fuse_ask *a, unsigned pieces)
{
	return call_on(c, conf_ring(c), a, pieces);
}

/* Until a session runs, and the lane's requests are answered. */
static void session(struct conf *c)
{
	conf_start(c, 64);
	conf_serve(c, 1);
}

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
	b = call(c, &a, 0);
	fuse_expect(c, b, 0);
	cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&out, sizeof(out));
	CONF_EXPECT(c, out.major == 7, "version %u.%u is answered, not 7", out.major, out.minor);
	CONF_EXPECT(c, out.max_write >= 4096, "max_write is %u", out.max_write);
}

static void getattr_root(struct conf *c)
{
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);

	a.unique = UNIQUE + 2;
	fuse_expect(c, call(c, &a, 0), 0);
}

/* FUSE_INIT ends the session there is, and begins another one. */
static void begins_again(struct conf *c)
{
	struct fuse_init_in in;
	struct fuse_ask a = fuse_ask_init(&in);
	unsigned i;

	session(c);
	for (i = 0; i < 4; i++) {
		getattr_root(c);
		a.unique = UNIQUE + 4 + 2 * i;
		fuse_expect(c, call(c, &a, 0), 0);
	}
	getattr_root(c);
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
	session(c);
	conf_serve(c, 60);
}

static void cuts(struct conf *c)
{
	unsigned n;

	session(c);
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

	session(c);
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

	session(c);
	a.unique = UNIQUE;
	b = call(c, &a, 0);
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

	session(c);
	error = fuse_judge(c, call(c, &a, 0), &body);
	CONF_EXPECT(c, error == -ENOSYS, "a request that does not exist is answered with error %d",
		    -error);
	getattr_root(c);
}

/* --- data --- */

struct file {
	uint64_t node, fh;
};

/* A new file that has no name any more. */
static struct file open_file(struct conf *c)
{
	struct fuse_create_in in = {.flags = O_RDWR | O_CREAT, .mode = S_IFREG | 0600};
	struct fuse_ask unlink = {.opcode = FUSE_UNLINK,
				  .node = FUSE_ROOT_ID,
				  .name = FILENAME,
				  .in_len = FS_OUT_HEADER};
	struct fuse_ask create = {.opcode = FUSE_CREATE,
				  .node = FUSE_ROOT_ID,
				  .unique = UNIQUE + 100,
				  .arg = &in,
				  .arg_len = sizeof(in),
				  .name = FILENAME,
				  .in_len = FS_OUT_HEADER + fuse_answer_len(FUSE_CREATE)};
	struct fuse_entry_out entry;
	struct fuse_open_out open;
	struct cbuf *b;
	uint32_t body;
	int error;

	session(c);
	b = call(c, &create, 0);
	error = fuse_judge(c, b, &body);
	if (error == -EROFS || error == -EACCES || error == -EPERM)
		conf_skip(c, "no file can be made in the root (error %d)", -error);
	fuse_expect(c, b, 0);
	cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&entry, sizeof(entry));
	cbuf_read(b, FS_OUT_HEADER + sizeof(entry), (uint8_t *)&open, sizeof(open));
	unlink.unique = UNIQUE + 102;
	fuse_expect(c, call(c, &unlink, 0), 0);
	return (struct file){entry.nodeid, open.fh};
}

static void close_file(struct conf *c, const struct file *f)
{
	struct fuse_release_in in = {.fh = f->fh, .flags = O_RDWR};
	struct fuse_ask a = {.opcode = FUSE_RELEASE,
			     .node = f->node,
			     .unique = UNIQUE + 104,
			     .arg = &in,
			     .arg_len = sizeof(in),
			     .in_len = FS_OUT_HEADER};

	fuse_expect(c, call(c, &a, 0), 0);
}

static uint8_t pattern(uint64_t off, unsigned turn)
{
	return (uint8_t)(off * 7 + (off >> 8) * 13 + turn * 59 + 1);
}

static void write_file(struct conf *c, const struct file *f, uint64_t off, uint32_t len,
		       unsigned turn, unsigned pieces)
{
	struct fuse_write_in in = {.fh = f->fh, .offset = off, .size = len};
	uint8_t data[FILE_LEN];
	struct fuse_ask a = {.opcode = FUSE_WRITE,
			     .node = f->node,
			     .unique = UNIQUE + 200 + 2 * turn,
			     .arg = &in,
			     .arg_len = sizeof(in),
			     .data = data,
			     .data_len = len,
			     .in_len = FS_OUT_HEADER + fuse_answer_len(FUSE_WRITE)};
	struct fuse_write_out out;
	struct cbuf *b;

	for (uint32_t i = 0; i < len; i++)
		data[i] = pattern(off + i, turn);
	b = call(c, &a, pieces);
	fuse_expect(c, b, 0);
	cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&out, sizeof(out));
	CONF_EXPECT(c, out.size == len, "FUSE_WRITE of %u bytes: %u written", len, out.size);
}

/* want: bytes that must come. b: a buffer made for it, or NULL. */
static void read_file(struct conf *c, const struct file *f, uint64_t off, uint32_t len,
		      uint32_t want, unsigned turn, unsigned pieces)
{
	struct fuse_read_in in = {.fh = f->fh, .offset = off, .size = len};
	struct fuse_ask a = {.opcode = FUSE_READ,
			     .node = f->node,
			     .unique = UNIQUE + 1000 + 2 * turn,
			     .arg = &in,
			     .arg_len = sizeof(in),
			     .in_len = FS_OUT_HEADER + len};
	uint8_t data[FILE_LEN];
	uint32_t body, i;
	struct cbuf *b = call(c, &a, pieces);
	int error = fuse_judge(c, b, &body);

	CONF_EXPECT(c, error == 0, "FUSE_READ is answered with error %d", -error);
	CONF_EXPECT(c, body == want, "FUSE_READ of %u bytes at %llu of a file brings %u, not %u",
		    len, (unsigned long long)off, body, want);
	cbuf_read(b, FS_OUT_HEADER, data, body);
	for (i = 0; i < body; i++)
		CONF_EXPECT(c, data[i] == pattern(off + i, turn),
			    "byte %llu of the file reads 0x%02x; 0x%02x was written",
			    (unsigned long long)off + i, data[i], pattern(off + i, turn));
}

static void reads_and_writes(struct conf *c)
{
	struct file f = open_file(c);
	unsigned turn;

	for (turn = 0; turn < 6; turn++) {
		write_file(c, &f, 0, FILE_LEN, turn, 0);
		read_file(c, &f, 0, FILE_LEN, FILE_LEN, turn, 0);
		read_file(c, &f, 1000 + turn, 500, 500, turn, 0);
	}
	close_file(c, &f);
}

static void data_cuts(struct conf *c)
{
	struct file f = open_file(c);
	unsigned n;

	for (n = 2; n < 24; n++) {
		write_file(c, &f, 0, FILE_LEN - n, n, n);
		read_file(c, &f, n, FILE_LEN - 3 * n, FILE_LEN - 3 * n, n, n);
	}
	close_file(c, &f);
}

static void end_of_file(struct conf *c)
{
	struct file f = open_file(c);
	unsigned i;

	write_file(c, &f, 0, 5000, 1, 0);
	for (i = 0; i < 4; i++) {
		read_file(c, &f, 4000, 3000 + i, 1000, 1, 0);
		read_file(c, &f, 4999, 100 + i, 1, 1, 0);
		read_file(c, &f, 5000 + i, 100, 0, 1, 0);
	}
	close_file(c, &f);
}

/* A short answer whose header lies in pieces of its own, of 1, 2, 3 and more bytes. */
static void short_in_pieces(struct conf *c)
{
	struct file f = open_file(c);
	uint32_t first, i;

	write_file(c, &f, 0, 600, 2, 0);
	for (first = 1; first <= FS_OUT_HEADER; first++) {
		struct fuse_read_in in = {.fh = f.fh, .offset = 100, .size = 2000};
		struct fuse_ask a = {.opcode = FUSE_READ,
				     .node = f.node,
				     .unique = UNIQUE + 2000 + 2 * first,
				     .arg = &in,
				     .arg_len = sizeof(in)};
		uint8_t out[FS_IN_HEADER + 64], data[500];
		uint32_t len = fuse_put(c, out, sizeof(out), &a), body;
		struct cbuf *b = cbuf_new(c);

		cbuf_out(c, b, out, len);
		cbuf_in(c, b, first);
		cbuf_in(c, b, FS_OUT_HEADER);
		cbuf_in(c, b, 2000 - first);
		cring_submit(conf_ring(c), b);
		cring_wait(conf_ring(c), b);
		cmem_verify(c, "after a short answer");
		CONF_EXPECT(c, fuse_judge(c, b, &body) == 0 && body == 500,
			    "FUSE_READ of 2000 bytes, 500 before the end of a file: %u bytes came",
			    body);
		cbuf_read(b, FS_OUT_HEADER, data, body);
		for (i = 0; i < body; i++)
			CONF_EXPECT(c, data[i] == pattern(100 + i, 2), "byte %u is wrong", i);
	}
	close_file(c, &f);
}

/* What was open in one session is not known in the next. */
static void new_session(struct conf *c)
{
	struct file f = open_file(c);
	struct fuse_init_in init;
	struct fuse_ask a = fuse_ask_init(&init);
	struct fuse_read_in in = {.fh = f.fh, .size = 100};
	struct fuse_ask read = {.opcode = FUSE_READ,
				.node = f.node,
				.unique = UNIQUE + 6,
				.arg = &in,
				.arg_len = sizeof(in),
				.in_len = FS_OUT_HEADER + 100};
	uint32_t body;

	write_file(c, &f, 0, 100, 1, 0);
	a.unique = UNIQUE + 4;
	fuse_expect(c, call(c, &a, 0), 0);
	CONF_EXPECT(c, fuse_judge(c, call(c, &read, 0), &body) != 0,
		    "a file opened in one session can be read in the next one");
	getattr_root(c);
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
	{"fs/session/files-end", "what was open in one session is not known in the next",
	 "text:" DEV "176", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS, .run = new_session},
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
	{"fs/data/read-write", "FUSE_WRITE keeps what FUSE_READ brings", "5.11.6.4.1:dev:3",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, FS, .run = reads_and_writes},
	{"fs/data/cut", "data may be cut anywhere", "5.11.6.4.1:dev:3 2.7.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, FS, .run = data_cuts},
	{"fs/data/end", "FUSE_READ ends where the file ends", "5.11.6.4.1:dev:3", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, FS, .run = end_of_file},
	{"fs/data/short-in-pieces", "a short answer stays in its pieces, however small they are",
	 "5.11.6.4.1:dev:3 2.7.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, FS,
	 .run = short_in_pieces},
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
