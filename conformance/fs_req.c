/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "conformance/fs_req.h"
#include "conformance/lane.h"

#define ERRNO_MAX 4095 /* of Linux */

uint32_t fuse_answer_len(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_INIT:
		return sizeof(struct fuse_init_out);
	case FUSE_LOOKUP:
		return sizeof(struct fuse_entry_out);
	case FUSE_GETATTR:
		return sizeof(struct fuse_attr_out);
	case FUSE_STATFS:
		return sizeof(struct fuse_statfs_out);
	case FUSE_CREATE:
		return sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out);
	case FUSE_WRITE:
		return sizeof(struct fuse_write_out);
	default:
		return 0;
	}
}

uint32_t fuse_put(struct conf *c, uint8_t *out, uint32_t room, const struct fuse_ask *a)
{
	uint32_t name = a->name ? (uint32_t)strlen(a->name) + 1 : 0, at = FS_IN_HEADER;
	struct fuse_in_header h = {
		.len = FS_IN_HEADER + a->arg_len + name + a->data_len,
		.opcode = a->opcode,
		.unique = a->unique,
		.nodeid = a->node,
		.pid = 1,
	};

	if (h.len > room)
		conf_error(c, "a request of %u bytes does not fit", h.len);
	memcpy(out, &h, sizeof(h));
	if (a->arg_len)
		memcpy(out + at, a->arg, a->arg_len);
	at += a->arg_len;
	if (name)
		memcpy(out + at, a->name, name);
	at += name;
	if (a->data_len)
		memcpy(out + at, a->data, a->data_len);
	return h.len;
}

void fuse_asked(const struct cbuf *b, uint32_t from, void *dst, uint32_t len)
{
	uint8_t *to = dst;

	for (unsigned i = 0; i < b->n && len; i++) {
		const struct cseg *s = &b->seg[i];
		uint32_t take;

		if (s->write)
			break;
		if (from >= s->len) {
			from -= s->len;
			continue;
		}
		take = VOP_MIN(len, s->len - from);
		memcpy(to, s->p + from, take);
		to += take;
		len -= take;
		from = 0;
	}
}

struct fuse_ask fuse_ask_init(struct fuse_init_in *arg)
{
	*arg = (struct fuse_init_in){.major = 7, .minor = 31, .max_readahead = 65536};
	return (struct fuse_ask){
		.opcode = FUSE_INIT,
		.arg = arg,
		.arg_len = offsetof(struct fuse_init_in, flags2),
		.in_len = FS_OUT_HEADER + fuse_answer_len(FUSE_INIT),
	};
}

struct fuse_ask fuse_ask_getattr(struct fuse_getattr_in *arg, uint64_t node)
{
	*arg = (struct fuse_getattr_in){0};
	return (struct fuse_ask){
		.opcode = FUSE_GETATTR,
		.node = node,
		.arg = arg,
		.arg_len = sizeof(*arg),
		.in_len = FS_OUT_HEADER + fuse_answer_len(FUSE_GETATTR),
	};
}

struct fuse_ask fuse_ask_lookup(uint64_t dir, const char *name)
{
	return (struct fuse_ask){
		.opcode = FUSE_LOOKUP,
		.node = dir,
		.name = name,
		.in_len = FS_OUT_HEADER + fuse_answer_len(FUSE_LOOKUP),
	};
}

struct fuse_ask fuse_ask_statfs(void)
{
	return (struct fuse_ask){
		.opcode = FUSE_STATFS,
		.node = FUSE_ROOT_ID,
		.in_len = FS_OUT_HEADER + fuse_answer_len(FUSE_STATFS),
	};
}

int fuse_judge(struct conf *c, const struct cbuf *b, uint32_t *body)
{
	struct fuse_in_header in;
	struct fuse_out_header h;

	fuse_asked(b, 0, &in, sizeof(in));
	CONF_EXPECT(c, b->used_len >= FS_OUT_HEADER || b->batched,
		    "the answer to opcode %u has %u bytes, less than its header", in.opcode,
		    b->used_len);
	cbuf_read(b, 0, (uint8_t *)&h, sizeof(h));
	CONF_EXPECT(c, h.unique == in.unique,
		    "the answer to opcode %u, unique %llu, says that it answers %llu", in.opcode,
		    (unsigned long long)in.unique, (unsigned long long)h.unique);
	CONF_EXPECT(c, h.error <= 0 && h.error >= -ERRNO_MAX,
		    "the answer to opcode %u has the error %d, no negative error number", in.opcode,
		    h.error);
	CONF_EXPECT(c, h.len >= FS_OUT_HEADER && h.len <= b->in_len,
		    "the answer to opcode %u says that it has %u bytes of %u", in.opcode, h.len,
		    b->in_len);
	CONF_EXPECT(c, h.len == b->used_len || b->batched,
		    "the answer to opcode %u says that it has %u bytes, and was used with length "
		    "%u",
		    in.opcode, h.len, b->used_len);
	CONF_EXPECT(c, h.error == 0 || h.len == FS_OUT_HEADER,
		    "the answer to opcode %u is error %d, and has %u bytes behind its header",
		    in.opcode, h.error, h.len - FS_OUT_HEADER);
	*body = h.len - FS_OUT_HEADER;
	return h.error;
}

void fuse_expect(struct conf *c, const struct cbuf *b, int error)
{
	struct fuse_in_header in;
	uint32_t body;
	int got = fuse_judge(c, b, &body);

	fuse_asked(b, 0, &in, sizeof(in));
	CONF_EXPECT(c, got == error, "opcode %u for node %llu: error %d, not %d", in.opcode,
		    (unsigned long long)in.nodeid, -got, -error);
	CONF_EXPECT(c, got || body == fuse_answer_len(in.opcode),
		    "the answer to opcode %u has %u bytes behind its header, not %u", in.opcode,
		    body, fuse_answer_len(in.opcode));
}

void fuse_session(struct conf *c)
{
	conf_start(c, 64);
	conf_serve(c, 1);
}

struct cbuf *fuse_call_on(struct conf *c, struct cring *r, struct fuse_ask *a, unsigned pieces)
{
	uint32_t room = FS_IN_HEADER + 512 + a->data_len, len;
	uint64_t bus;
	uint8_t *out = cmem_alloc(c, room, 64, &bus, "a request");
	uint8_t plain[FS_IN_HEADER + 512 + FUSE_DATA_MAX];
	struct cbuf *b;

	len = fuse_put(c, plain, sizeof(plain), a);
	cmem_put(c, out, plain, len);
	b = cbuf_cut(c, plain, len, a->in_len, pieces ? pieces : 1 + !!a->in_len);
	cring_submit(r, b);
	cring_wait(r, b);
	return b;
}

struct cbuf *fuse_call(struct conf *c, struct fuse_ask *a, unsigned pieces)
{
	return fuse_call_on(c, conf_ring(c), a, pieces);
}

void fuse_getattr_root(struct conf *c, uint64_t unique)
{
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);

	a.unique = unique;
	fuse_expect(c, fuse_call(c, &a, 0), 0);
}
