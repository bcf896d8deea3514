/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 5.11 File system device: data. It goes through a file that is removed as soon as it is open, so
 * that nothing is left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "conformance/fs_req.h"
#include "conformance/lane.h"
#include "conformance/sections.h"

#define UNIQUE	 0x5eed00000000ull /* far from the lane's */
#define FILE_LEN FUSE_DATA_MAX
#define FILENAME "vop-bench conformance"

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

	fuse_session(c);
	b = fuse_call(c, &create, 0);
	error = fuse_judge(c, b, &body);
	if (error == -EROFS || error == -EACCES || error == -EPERM)
		conf_skip(c, "no file can be made in the root (error %d)", -error);
	fuse_expect(c, b, 0);
	cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&entry, sizeof(entry));
	cbuf_read(b, FS_OUT_HEADER + sizeof(entry), (uint8_t *)&open, sizeof(open));
	unlink.unique = UNIQUE + 102;
	fuse_expect(c, fuse_call(c, &unlink, 0), 0);
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

	fuse_expect(c, fuse_call(c, &a, 0), 0);
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
	b = fuse_call(c, &a, pieces);
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
	struct cbuf *b = fuse_call(c, &a, pieces);
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
	fuse_expect(c, fuse_call(c, &a, 0), 0);
	CONF_EXPECT(c, fuse_judge(c, fuse_call(c, &read, 0), &body) != 0,
		    "a file opened in one session can be read in the next one");
	fuse_getattr_root(c, UNIQUE + 2);
}

#define DEV "device-types/fs/description.tex:"
#define FS  .device = FS_ID
static const struct conf_check checks[] = {
	{"fs/session/files-end", "what was open in one session is not known in the next",
	 "text:" DEV "176", CONF_TEXT, CONF_CONFORMANCE, CONF_BOTH, FS, .run = new_session},
	{"fs/data/read-write", "FUSE_WRITE keeps what FUSE_READ brings", "5.11.6.4.1:dev:3",
	 CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, FS, .run = reads_and_writes},
	{"fs/data/cut", "data may be cut anywhere", "5.11.6.4.1:dev:3 2.7.4.1:dev:1", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, FS, .run = data_cuts},
	{"fs/data/end", "FUSE_READ ends where the file ends", "5.11.6.4.1:dev:3", CONF_MUST,
	 CONF_CONFORMANCE, CONF_BOTH, FS, .run = end_of_file},
	{"fs/data/short-in-pieces", "a short answer stays in its pieces, however small they are",
	 "5.11.6.4.1:dev:3 2.7.4.1:dev:1", CONF_MUST, CONF_CONFORMANCE, CONF_BOTH, FS,
	 .run = short_in_pieces},
};
CONF_SECTION_SINCE(conf_section_fs_data, "5.11", "File system device: data", checks, "1.2");
