/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conformance/internal.h"
#include "conformance/vu.h"

#define APART (1ull << 40) /* added to a user address: nobody's, and not touched */
#define SPARE ((size_t)2 << 20)

struct vop_vu_msg vu_msg_u64(uint32_t request, uint64_t v)
{
	return (struct vop_vu_msg){
		.h = {.request = request, .flags = VOP_VU_VERSION, .size = sizeof(v)}, .u64 = v};
}

struct vop_vu_msg vu_msg_state(uint32_t request, uint32_t index, uint32_t num)
{
	return (struct vop_vu_msg){.h = {.request = request,
					 .flags = VOP_VU_VERSION,
					 .size = sizeof(struct vop_vu_vring_state)},
				   .state = {.index = index, .num = num}};
}

void vu_terms(struct conf *c, uint64_t *features, uint64_t *protocol, uint64_t *agreed)
{
	conf_said(c, target_vhost_user_features(c->t, features, protocol, agreed),
		  "its features were read");
}

void vu_need(struct conf *c, enum vop_vu_protocol_feature f)
{
	uint64_t features, protocol, agreed;

	vu_terms(c, &features, &protocol, &agreed);
	if (!(agreed >> f & 1))
		conf_skip(c, "the back-end does not offer protocol feature %u", f);
}

void vu_need_protocol(struct conf *c)
{
	uint64_t features, protocol, agreed;

	vu_terms(c, &features, &protocol, &agreed);
	if (!(features >> VOP_VU_F_PROTOCOL_FEATURES & 1))
		conf_skip(c, "the back-end has no protocol features");
}

static const char *name_of(const struct vop_vu_msg *m)
{
	const char *s = vop_vu_name(m->h.request, VOP_VU_FROM_FRONT);

	return s ? s : "an unknown request";
}

void vu_call(struct conf *c, const struct vop_vu_msg *m, struct vop_vu_msg *answer)
{
	int r = target_vhost_user_call(c->t, m, answer);

	conf_note(c, "%s sent, %u bytes%s%s", name_of(m), m->h.size, r ? ": " : "",
		  r ? strerror(-r) : "");
	if (conf_said(c, r, name_of(m)))
		conf_error(c, "%s cannot be sent: %s", name_of(m), strerror(-r));
}

uint64_t vu_number(struct conf *c, uint32_t request)
{
	struct vop_vu_msg m = {.h = {.request = request, .flags = VOP_VU_VERSION}}, a;

	vu_call(c, &m, &a);
	CONF_EXPECT(c, a.h.size == 8, "the answer to %s has %u bytes, not 8", name_of(&m),
		    a.h.size);
	return a.u64;
}

void vu_do(struct conf *c, const struct vop_vu_msg *m)
{
	uint64_t features, protocol, agreed;
	struct vop_vu_msg mine = *m, a;

	vu_terms(c, &features, &protocol, &agreed);
	if (!(agreed >> VOP_VU_PF_REPLY_ACK & 1)) {
		vu_call(c, m, NULL);
		vu_number(c, VOP_VU_GET_FEATURES);
		return;
	}
	mine.h.flags |= VOP_VU_NEED_REPLY;
	vu_call(c, &mine, &a);
	CONF_EXPECT(c, a.u64 == 0, "a legal %s was refused with %llu", name_of(m),
		    (unsigned long long)a.u64);
}

uint32_t vu_stop(struct conf *c, unsigned q)
{
	struct vop_vu_msg m = vu_msg_state(VOP_VU_GET_VRING_BASE, q, 0), a;

	vu_call(c, &m, &a);
	CONF_EXPECT(c, a.state.index == q, "GET_VRING_BASE of ring %u was answered for ring %u", q,
		    a.state.index);
	return a.state.num;
}

int vu_keep_fd(struct conf *c, int fd)
{
	if (c->kept_fds == VOP_ARRAY_SIZE(c->kept_fd)) {
		close(fd);
		conf_error(c, "a check may keep %zu descriptors", VOP_ARRAY_SIZE(c->kept_fd));
	}
	c->kept_fd[c->kept_fds++] = fd;
	return fd;
}

/* Send a table of n regions of the target's memory, which is one file. */
static void give(struct conf *c, const struct vop_vu_region *r, unsigned n, int fd)
{
	struct vop_vu_msg m = {.h = {.request = VOP_VU_SET_MEM_TABLE, .flags = VOP_VU_VERSION}};
	unsigned i;

	for (i = 0; i < n; i++) {
		m.mem.region[i] = r[i];
		m.fd[i] = fd;
	}
	m.mem.n = m.fds = n;
	m.h.size = (uint32_t)(offsetof(struct vop_vu_mem_table, region) + n * sizeof(*r));
	vu_do(c, &m);
}

struct vop_vu_region vu_give_memory(struct conf *c, uint64_t first)
{
	struct vop_vu_region r, part[2];
	int fd;

	conf_renew(c);
	conf_said(c, target_vhost_user_memory(c->t, &r, &fd), "its memory was asked for");
	part[0] = r;
	if (first) {
		part[0].size = first;
		part[1] = (struct vop_vu_region){.guest = r.guest + first,
						 .size = r.size - first,
						 .user = r.user + first + APART,
						 .offset = r.offset + first};
	}
	give(c, part, first ? 2 : 1, fd);
	return r;
}

uint64_t vu_give_memory_twice(struct conf *c)
{
	struct vop_vu_region r[2];
	int fd;

	conf_renew(c);
	conf_said(c, target_vhost_user_memory(c->t, &r[0], &fd), "its memory was asked for");
	r[1] = r[0];
	r[1].guest += APART;
	r[1].user += APART;
	give(c, r, 2, fd);
	return APART;
}

struct vop_vu_msg vu_spare_region(struct conf *c, uint32_t request)
{
	struct vop_vu_msg m = {.h = {.request = request,
				     .flags = VOP_VU_VERSION,
				     .size = sizeof(struct vop_vu_single_region)},
			       .one = {.region = {.guest = APART, .size = SPARE, .user = APART}}};
	int fd;

	if (request != VOP_VU_ADD_MEM_REG)
		return m;
	fd = memfd_create("spare", MFD_CLOEXEC);
	if (fd < 0)
		conf_error(c, "no memory to share");
	vu_keep_fd(c, fd);
	if (ftruncate(fd, (off_t)SPARE))
		conf_error(c, "no memory to share");
	m.fd[0] = fd;
	m.fds = 1;
	return m;
}
