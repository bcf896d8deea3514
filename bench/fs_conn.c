/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/fs_conn.h"

#define ASK_ROOM   FS_ASK_MAX
#define HEAD_ROOM  (ASK_ROOM + FS_ANSWER_HEAD)
#define DATA_ALIGN 4096u
#define BATCH	   32u
#define LOOK_NS	   1000000u /* how often the device is looked after while nothing comes */

struct fs_conn {
	struct fs_conn_config cfg;
	struct fs_slot *slot;
	uint32_t *free;
	unsigned free_n, flying;
	uint64_t unique; /* given out last */
	uint32_t uid, gid;
	bool staged[FS_LANES_MAX]; /* added, not published */
	struct fs_books books;
	int failed;
	char words[256];
};

static uint64_t data_stride(uint32_t data_max)
{
	return (data_max + (uint64_t)DATA_ALIGN - 1) & ~(uint64_t)(DATA_ALIGN - 1);
}

uint64_t fs_conn_bytes(unsigned slots, uint32_t data_max)
{
	return slots * (data_stride(data_max) + HEAD_ROOM) + 2 * DATA_ALIGN;
}

struct fs_conn *fs_conn_new(const struct fs_conn_config *cfg, struct vop_error *err)
{
	uint64_t head_bus = 0, data_bus = 0, stride = data_stride(cfg->data_max);
	struct fs_conn *c = calloc(1, sizeof(*c));
	uint8_t *head, *data;

	if (!c)
		goto no_memory;
	c->cfg = *cfg;
	c->uid = geteuid();
	c->gid = getegid();
	c->slot = calloc(cfg->slots, sizeof(*c->slot));
	c->free = calloc(cfg->slots, sizeof(*c->free));
	if (!c->slot || !c->free)
		goto no_memory;
	head = cfg->alloc(cfg->ctx, (size_t)cfg->slots * HEAD_ROOM, DATA_ALIGN, &head_bus);
	data = cfg->alloc(cfg->ctx, (size_t)(cfg->slots * stride), DATA_ALIGN, &data_bus);
	if (!head || !data) {
		fs_conn_free(c);
		snprintf(err->text, sizeof(err->text),
			 "no room for %u requests of %u bytes in the memory of the driver; try a "
			 "smaller --depth or --size",
			 cfg->slots, cfg->data_max);
		return NULL;
	}
	for (unsigned i = 0; i < cfg->slots; i++) {
		struct fs_slot *s = &c->slot[i];

		s->index = i;
		s->ask = head + (size_t)i * HEAD_ROOM;
		s->ask_bus = head_bus + (uint64_t)i * HEAD_ROOM;
		s->answer = s->ask + ASK_ROOM;
		s->answer_bus = s->ask_bus + ASK_ROOM;
		s->data = data + i * stride;
		s->data_bus = data_bus + i * stride;
		/* The lowest first: a run with few requests stays on few pages. */
		c->free[i] = cfg->slots - 1 - i;
	}
	c->free_n = cfg->slots;
	return c;
no_memory:
	fs_conn_free(c);
	snprintf(err->text, sizeof(err->text), "out of memory");
	return NULL;
}

void fs_conn_free(struct fs_conn *c)
{
	if (!c)
		return;
	free(c->slot);
	free(c->free);
	free(c);
}

int fs_conn_failed(const struct fs_conn *c)
{
	return c->failed;
}

const char *fs_conn_words(const struct fs_conn *c)
{
	return c->words;
}

int fs_conn_fail(struct fs_conn *c, int error, const char *fmt, ...)
{
	va_list ap;

	if (c->failed)
		return c->failed;
	c->failed = error;
	va_start(ap, fmt);
	vsnprintf(c->words, sizeof(c->words), fmt, ap);
	va_end(ap);
	/* Names come from the device, and this goes to a terminal. */
	for (char *p = c->words; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return error;
}

const struct fs_books *fs_conn_books(const struct fs_conn *c)
{
	return &c->books;
}

unsigned fs_conn_flying(const struct fs_conn *c)
{
	return c->flying;
}

unsigned fs_conn_request_lanes(const struct fs_conn *c)
{
	return c->cfg.lanes - FS_LANE;
}

uint32_t fs_conn_data_max(const struct fs_conn *c)
{
	return c->cfg.data_max;
}

void fs_conn_as(struct fs_conn *c, uint32_t uid, uint32_t gid)
{
	c->uid = uid;
	c->gid = gid;
}

struct fs_slot *fs_slot_get(struct fs_conn *c)
{
	return c->free_n ? &c->slot[c->free[--c->free_n]] : NULL;
}

void fs_slot_put(struct fs_conn *c, struct fs_slot *s)
{
	c->free[c->free_n++] = s->index;
}

int fs_conn_send(struct fs_conn *c, struct fs_slot *s, unsigned lane, struct fs_ask *a,
		 uint32_t data_max)
{
	struct vop_buf b[4];
	unsigned nout = 0, nin = 0;
	uint32_t len;
	int e;

	if (c->failed)
		return c->failed;
	a->uid = c->uid;
	a->gid = c->gid;
	a->pid = (uint32_t)getpid();
	/* Even numbers, as drivers use: an odd one names an interrupt. */
	c->unique += 2;
	len = fs_msg_ask(s->ask, ASK_ROOM, c->unique, a);
	if (len == 0 || a->data_len > c->cfg.data_max || data_max > c->cfg.data_max)
		return fs_conn_fail(c, -EINVAL, "%s: the request does not fit its buffers",
				    fs_msg_name(a->opcode));
	b[nout++] = (struct vop_buf){s->ask_bus, len};
	if (a->data_len)
		b[nout++] = (struct vop_buf){s->data_bus, a->data_len};
	if (fs_msg_answered(a->opcode))
		b[nout + nin++] =
			(struct vop_buf){s->answer_bus, (uint32_t)sizeof(struct fuse_out_header) +
								fs_msg_fixed(a->opcode)};
	if (data_max)
		b[nout + nin++] = (struct vop_buf){s->data_bus, data_max};
	/* An answer that the device only says it wrote is not the one of before. */
	memset(s->answer, 0xa5, sizeof(struct fuse_out_header));
	s->unique = c->unique;
	s->opcode = a->opcode;
	s->data_max = data_max;
	s->lane = lane;
	e = vop_drvq_add_chain(c->cfg.lane[lane].vq, b, nout, nin, s->index);
	if (e)
		return fs_conn_fail(c, e == -ENOSPC ? -ENOSPC : -EPROTO,
				    "%s: queue %u does not take the request: %s",
				    fs_msg_name(a->opcode), lane, strerror(-e));
	s->out = true;
	s->sent_ns = clock_ns();
	c->staged[lane] = true;
	c->flying++;
	if (fs_msg_answered(a->opcode))
		c->books.asked++;
	return 0;
}

int fs_conn_push(struct fs_conn *c)
{
	for (unsigned i = 0; i < c->cfg.lanes; i++) {
		const struct fs_lane *l = &c->cfg.lane[i];

		if (!c->staged[i])
			continue;
		c->staged[i] = false;
		if (vop_drvq_publish(l->vq) && l->kick)
			vop_doorbell_ring(l->kick);
	}
	return c->failed;
}

/* The answer of one slot: copied out first, then looked at. */
static int settle(struct fs_conn *c, struct fs_slot *s, uint32_t used)
{
	struct fuse_out_header h;
	enum fs_fault f;

	if (!s->out)
		return fs_conn_fail(c, -EBADMSG, "%s, unique %llu: %s", fs_msg_name(s->opcode),
				    (unsigned long long)s->unique, fs_fault_text(FS_FAULT_TWICE));
	s->out = false;
	c->flying--;
	memcpy(&h, s->answer, sizeof(h));
	f = fs_msg_judge(&h, used, s->opcode, s->unique, s->data_max, &s->error, &s->got);
	if (f != FS_FAULT_NONE)
		return fs_conn_fail(c, -EBADMSG,
				    "the answer to %s, unique %llu: %s (%u bytes used; length %u, "
				    "error %d, unique %llu)",
				    fs_msg_name(s->opcode), (unsigned long long)s->unique,
				    fs_fault_text(f), used, h.len, h.error,
				    (unsigned long long)h.unique);
	if (!fs_msg_answered(s->opcode)) {
		c->books.forgotten++;
		return 0;
	}
	memcpy(s->body, s->answer + sizeof(h), fs_msg_fixed(s->opcode));
	c->books.answered++;
	c->books.errors += s->error != 0;
	c->books.read += s->got;
	if (s->opcode == FUSE_WRITE && s->error == 0) {
		struct fuse_write_out out;

		memcpy(&out, s->body, sizeof(out));
		c->books.written += out.size;
	}
	return 0;
}

int fs_conn_poll(struct fs_conn *c, struct fs_slot **done, unsigned max)
{
	struct vop_done d[BATCH];
	unsigned n = 0;

	for (unsigned i = 0; i < c->cfg.lanes && n < max; i++) {
		struct vop_drvq *vq = c->cfg.lane[i].vq;
		unsigned got = vop_drvq_get(vq, d, VOP_MIN(max - n, BATCH));

		for (unsigned k = 0; k < got; k++) {
			struct fs_slot *s = &c->slot[d[k].cookie];

			if (settle(c, s, d[k].len))
				return c->failed;
			done[n++] = s;
		}
		if (vop_drvq_broken(vq))
			return fs_conn_fail(c, -EPROTO, "queue %u is broken: %s", i,
					    vop_violation_str(vop_drvq_broken(vq)));
	}
	return c->failed ? c->failed : (int)n;
}

/* Sleep until a call, a millisecond at most: the device is looked after in between. */
static void nap(struct fs_conn *c)
{
	struct vop_doorbell *db[FS_LANES_MAX] = {NULL};
	bool pending = false;
	unsigned n = 0;

	for (unsigned i = 0; i < c->cfg.lanes; i++) {
		const struct fs_lane *l = &c->cfg.lane[i];

		if (!l->call || !vop_drvq_outstanding(l->vq))
			continue;
		pending |= vop_drvq_arm(l->vq);
		db[n++] = l->call;
	}
	if (!pending)
		vop_doorbell_wait(db, n, LOOK_NS / 1000);
	for (unsigned i = 0; i < n; i++)
		vop_doorbell_drain(db[i]);
	for (unsigned i = 0; i < c->cfg.lanes; i++)
		if (c->cfg.lane[i].call)
			vop_drvq_disarm(c->cfg.lane[i].vq);
}

static int look_after(struct fs_conn *c)
{
	const char *why = "the device is gone";
	int e = c->cfg.service ? c->cfg.service(c->cfg.ctx, &why) : 0;

	return e ? fs_conn_fail(c, e, "%s", why) : 0;
}

int fs_conn_wait(struct fs_conn *c, struct fs_slot **done, unsigned max)
{
	uint64_t since = clock_ns(), looked = since, now;
	unsigned spins = 0;
	int n;

	if (c->flying == 0)
		return fs_conn_fail(c, -EINVAL, "waiting for an answer to nothing");
	for (;;) {
		n = fs_conn_poll(c, done, max);
		if (n)
			return n;
		if (c->cfg.notify == VOP_NOTIFY_POLL ||
		    (c->cfg.notify == VOP_NOTIFY_ADAPTIVE && clock_ns() - since < c->cfg.spin_ns)) {
			vop_relax();
			if (++spins % 64)
				continue;
		} else {
			nap(c);
		}
		now = clock_ns();
		if (now - looked < LOOK_NS)
			continue;
		looked = now;
		if (look_after(c))
			return c->failed;
		if (now - since > c->cfg.timeout_ns)
			return fs_conn_fail(c, -ETIMEDOUT,
					    "the device does not answer: %u requests are out for "
					    "more than %llu ms",
					    c->flying,
					    (unsigned long long)(c->cfg.timeout_ns / 1000000u));
	}
}

int fs_conn_call(struct fs_conn *c, struct fs_slot *s, unsigned lane, struct fs_ask *a,
		 uint32_t data_max)
{
	struct fs_slot *done[1] = {NULL};
	int e = fs_conn_send(c, s, lane, a, data_max);

	if (!e)
		e = fs_conn_push(c);
	if (!e)
		e = fs_conn_wait(c, done, 1);
	if (e < 0)
		return e;
	return done[0] == s ? 0
			    : fs_conn_fail(c, -EBADMSG, "%s: another request came back",
					   fs_msg_name(a->opcode));
}
