/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lane of a file system device: its first request queue. A session begins with FUSE_INIT on any
 * request queue (VIRTIO 1.4, 5.11.5), and a later one begins it anew (5.11.6.1): so that is what is
 * asked until one has been answered, and the attributes of the root, the state of the file system
 * and a name that is not there from then on. Nothing is changed.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "conformance/fs_req.h"
#include "conformance/lane.h"

/* Nobody has that. */
#define NO_NAME "vop-bench, no such name"

struct fs_state {
	struct cring *hiprio;
	bool running;	    /* FUSE_INIT was answered in this life of the device */
	unsigned beginning; /* FUSE_INIT is under way so often */
};
_Static_assert(sizeof(struct fs_state) <= LANE_STATE, "fits");

static void prepare(struct conf *c)
{
	struct fs_state *s = conf_lane_state(c);

	*s = (struct fs_state){
		.hiprio = cring_open(c, FS_HIPRIO,
				     VOP_MIN((uint16_t)16, conf_queue_size_max(c, FS_HIPRIO))),
	};
}

static void request(struct conf *c, uint64_t i, uint8_t *out, uint32_t *out_len, uint32_t *in_len)
{
	struct fs_state *s = conf_lane_state(c);
	union {
		struct fuse_init_in init;
		struct fuse_getattr_in getattr;
	} in;
	struct fuse_ask a;

	if (!s->running || s->beginning) {
		a = fuse_ask_init(&in.init);
		s->beginning++;
	} else if (i % 3 == 0) {
		a = fuse_ask_getattr(&in.getattr, FUSE_ROOT_ID);
	} else if (i % 3 == 1) {
		a = fuse_ask_statfs();
	} else {
		a = fuse_ask_lookup(FUSE_ROOT_ID, NO_NAME);
	}
	a.unique = 2 * (i + 1);
	*out_len = fuse_put(c, out, LANE_OUT_MAX, &a);
	*in_len = a.in_len;
}

static void verify_init(struct conf *c, struct fs_state *s, const struct cbuf *b)
{
	struct fuse_init_out out;

	fuse_expect(c, b, 0);
	cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&out, sizeof(out));
	CONF_EXPECT(c, out.major == 7, "FUSE_INIT is answered with version %u.%u, not 7", out.major,
		    out.minor);
	s->running = true;
	s->beginning -= s->beginning > 0;
}

static void verify(struct conf *c, struct cbuf *b)
{
	struct fs_state *s = conf_lane_state(c);
	struct fuse_statfs_out statfs;
	struct fuse_attr_out attr;
	struct fuse_entry_out entry;
	struct fuse_in_header in;
	uint32_t body;

	fuse_asked(b, 0, &in, sizeof(in));
	switch (in.opcode) {
	case FUSE_INIT:
		verify_init(c, s, b);
		break;
	case FUSE_GETATTR:
		fuse_expect(c, b, 0);
		cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&attr, sizeof(attr));
		CONF_EXPECT(c, S_ISDIR(attr.attr.mode), "the root has mode 0%o: no directory",
			    attr.attr.mode);
		break;
	case FUSE_STATFS:
		fuse_expect(c, b, 0);
		cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&statfs, sizeof(statfs));
		CONF_EXPECT(c, statfs.st.bsize && statfs.st.bfree <= statfs.st.blocks,
			    "FUSE_STATFS: blocks of %u bytes, %llu of %llu free", statfs.st.bsize,
			    (unsigned long long)statfs.st.bfree,
			    (unsigned long long)statfs.st.blocks);
		break;
	default:
		if (fuse_judge(c, b, &body) == -ENOENT)
			break;
		/* No such name, and that may be remembered. */
		fuse_expect(c, b, 0);
		cbuf_read(b, FS_OUT_HEADER, (uint8_t *)&entry, sizeof(entry));
		CONF_EXPECT(c, entry.nodeid == 0, "the name '%s' is there", NO_NAME);
	}
}

const struct lane conf_lane_fs = {
	.name = "fs",
	.device = FS_ID,
	.queue = FS_REQUESTS,
	.writes = true,
	.reads = true,
	.prepare = prepare,
	.request = request,
	.verify = verify,
	.pieces = 3,
};
