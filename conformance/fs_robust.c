/* SPDX-License-Identifier: BSD-2-Clause */
/* 5.11 File system device: drivers that break rules. */
#include <errno.h>
#include <string.h>

#include "conformance/fs_req.h"
#include "conformance/lane.h"
#include "conformance/sections.h"

#define UNIQUE 0xbad00000000ull

/* Hand it over whatever the device thinks of it, and see that nobody is harmed. */
static void hand_over(struct conf *c, struct cring *r, struct cbuf *b)
{
	cring_add(r, b);
	cring_publish(r);
	cring_kick_always(r);
	conf_settle(c);
	cmem_verify(c, "after a request that no driver may make");
	conf_expect_idle(c);
}

/* A request with so many of its bytes, and room for so many. */
static struct cbuf *part(struct conf *c, struct fuse_ask *a, uint32_t bytes, uint32_t room)
{
	uint8_t out[512];
	uint32_t len;
	struct cbuf *b = cbuf_new(c);

	a->unique = UNIQUE;
	len = fuse_put(c, out, sizeof(out), a);
	if (VOP_MIN(bytes, len))
		cbuf_out(c, b, out, VOP_MIN(bytes, len));
	if (room)
		cbuf_in(c, b, room);
	return b;
}

static void short_header(struct conf *c)
{
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);

	fuse_session(c);
	hand_over(c, conf_ring(c), part(c, &a, FS_IN_HEADER - 1, a.in_len));
	hand_over(c, conf_ring(c), part(c, &a, 4, a.in_len));
}

static void no_request(struct conf *c)
{
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);

	fuse_session(c);
	hand_over(c, conf_ring(c), part(c, &a, 0, a.in_len));
}

/* The header is there, what it announces is not. */
static void cut_off(struct conf *c)
{
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);

	fuse_session(c);
	hand_over(c, conf_ring(c), part(c, &a, FS_IN_HEADER, a.in_len));
	hand_over(c, conf_ring(c), part(c, &a, FS_IN_HEADER + 3, a.in_len));
}

static void no_room(struct conf *c)
{
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);

	fuse_session(c);
	hand_over(c, conf_ring(c), part(c, &a, 512, FS_OUT_HEADER - 1));
	hand_over(c, conf_ring(c), part(c, &a, 512, 1));
	hand_over(c, conf_ring(c), part(c, &a, 512, 0));
}

static void small_room(struct conf *c)
{
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);

	fuse_session(c);
	hand_over(c, conf_ring(c), part(c, &a, 512, FS_OUT_HEADER));
	hand_over(c, conf_ring(c), part(c, &a, 512, a.in_len - 1));
}

/* The header says another length than the pieces have. */
static void wrong_length(struct conf *c)
{
	static const uint32_t says[] = {0, FS_IN_HEADER - 1, FS_IN_HEADER + 4096, UINT32_MAX};
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);
	uint8_t out[512];
	unsigned i;

	fuse_session(c);
	for (i = 0; i < VOP_ARRAY_SIZE(says); i++) {
		struct cbuf *b = cbuf_new(c);
		uint32_t len;

		a.unique = UNIQUE;
		len = fuse_put(c, out, sizeof(out), &a);
		memcpy(out, &says[i], sizeof(says[i]));
		cbuf_out(c, b, out, len);
		cbuf_in(c, b, a.in_len);
		hand_over(c, conf_ring(c), b);
	}
}

static void endless_name(struct conf *c)
{
	struct fuse_ask a = fuse_ask_lookup(FUSE_ROOT_ID, "a name without an end");
	uint8_t out[256];
	struct cbuf *b = cbuf_new(c);
	uint32_t len;

	fuse_session(c);
	a.unique = UNIQUE;
	len = fuse_put(c, out, sizeof(out), &a) - 1;
	memcpy(out, &len, sizeof(len));
	cbuf_out(c, b, out, len);
	cbuf_in(c, b, a.in_len);
	hand_over(c, conf_ring(c), b);
}

static void no_such_node(struct conf *c)
{
	static const uint64_t nodes[] = {0, 12345, UINT64_MAX};
	struct fuse_getattr_in in;
	unsigned i;

	fuse_session(c);
	for (i = 0; i < VOP_ARRAY_SIZE(nodes); i++) {
		struct fuse_ask a = fuse_ask_getattr(&in, nodes[i]);

		hand_over(c, conf_ring(c), part(c, &a, 512, a.in_len));
	}
}

static void before_init(struct conf *c)
{
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);

	conf_start(c, 0);
	hand_over(c, conf_ring(c), part(c, &a, 512, a.in_len));
	conf_serve(c, 3);
}

/* 5.11.6.2.2: normal requests do not belong there. */
static void wrong_queue(struct conf *c)
{
	struct fuse_getattr_in in;
	struct fuse_ask a = fuse_ask_getattr(&in, FUSE_ROOT_ID);

	fuse_session(c);
	hand_over(c, *(struct cring **)conf_lane_state(c), part(c, &a, 512, a.in_len));
	conf_serve(c, 3);
}

#define DEV "device-types/fs/description.tex:"
#define FS  .device = FS_ID
#define ROW(id, what, line, fn)                                                                    \
	{                                                                                          \
		id, what, "text:" DEV line, CONF_TEXT, CONF_ROBUSTNESS, CONF_BOTH, FS, .run = fn   \
	}
static const struct conf_check checks[] = {
	ROW("fs/robust/short-header", "a request shorter than its header harms nobody", "128",
	    short_header),
	ROW("fs/robust/no-request", "an answer without a request harms nobody", "128", no_request),
	ROW("fs/robust/cut-off", "a request without its fixed part harms nobody", "128", cut_off),
	ROW("fs/robust/no-room", "no room for the header of an answer harms nobody", "128",
	    no_room),
	ROW("fs/robust/small-room", "no room for all of an answer harms nobody", "128", small_room),
	ROW("fs/robust/wrong-length", "a request that says another length harms nobody", "128",
	    wrong_length),
	ROW("fs/robust/endless-name", "a name without an end harms nobody", "128", endless_name),
	ROW("fs/robust/no-such-node", "a node that is not known harms nobody", "128", no_such_node),
	ROW("fs/robust/before-init", "a request before FUSE_INIT harms nobody", "92", before_init),
	ROW("fs/robust/wrong-queue", "a normal request on the high priority queue harms nobody",
	    "197", wrong_queue),
};
CONF_SECTION_SINCE(conf_section_fs_robust, "5.11", "File system device: robustness", checks, "1.2");
