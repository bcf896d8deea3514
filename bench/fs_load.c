/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/clock.h"
#include "bench/fs_load.h"

#define BATCH 32

const char *const fs_pattern_words[FS_PATTERNS_N + 1] = {
#define FS_PATTERN_WORD(sym, word, data, writes, text) word,
	FS_PATTERNS(FS_PATTERN_WORD)
#undef FS_PATTERN_WORD
		NULL,
};

bool fs_pattern_data(enum fs_pattern p)
{
	static const bool data[] = {
#define FS_PATTERN_DATA(sym, word, data, writes, text) data,
		FS_PATTERNS(FS_PATTERN_DATA)
#undef FS_PATTERN_DATA
	};

	return p >= FS_PATTERNS_N || data[p];
}

bool fs_pattern_writes(enum fs_pattern p)
{
	static const bool writes[] = {
#define FS_PATTERN_WRITES(sym, word, data, writes, text) writes,
		FS_PATTERNS(FS_PATTERN_WRITES)
#undef FS_PATTERN_WRITES
	};

	return p == FS_FILL || (p < FS_PATTERNS_N && writes[p]);
}

enum churn { C_CREATE, C_LOOKUP, C_GETATTR, C_RELEASE, C_UNLINK, C_VAIN, C_FORGET };

struct actor {
	struct fs_slot *slot;
	unsigned lane;
	unsigned step; /* of a request that takes several */
	unsigned file; /* of the tree */
	uint64_t block;
	uint64_t node, fh; /* OPEN, CHURN */
	char name[32];
};

struct load {
	struct fs_conn *c;
	struct fs_tree *t;
	const struct fs_job *j;
	struct fs_job_result *r;
	struct actor *actor;
	unsigned actors;
	bool ending; /* begin nothing new */
	uint64_t next, random, names;
	/* the window */
	bool open, closed;
	uint64_t begun_ns, opened_ns, slice_ns, slice_requests;
};

/* xorshift64*: the order of blocks, not the data. */
static uint64_t roll(struct load *l)
{
	l->random ^= l->random >> 12;
	l->random ^= l->random << 25;
	l->random ^= l->random >> 27;
	return l->random * 0x2545f4914f6cdd1dull;
}

/* --- one request of an actor --- */

static int send_data(struct load *l, struct actor *a, bool writes)
{
	union {
		struct fuse_write_in write;
		struct fuse_read_in read;
	} in;
	struct fs_tree *t = l->t;
	struct fs_stamp s;
	struct fs_ask ask;
	uint64_t off;

	t->busy[a->block] = 1;
	if (writes)
		t->generation[a->block]++;
	s = fs_tree_stamp(t, a->block, &a->file, &off);
	if (!writes) {
		ask = fs_ask_read(&in.read, t->file[a->file].node.id, t->file[a->file].fh, off,
				  t->block);
		return fs_conn_send(l->c, a->slot, a->lane, &ask, t->block);
	}
	fs_data_fill(a->slot->data, t->block, &s, off);
	ask = fs_ask_write(&in.write, t->file[a->file].node.id, t->file[a->file].fh, off, t->block);
	return fs_conn_send(l->c, a->slot, a->lane, &ask, 0);
}

static int send_open(struct load *l, struct actor *a)
{
	const struct fs_file *f = &l->t->file[a->file];
	struct fuse_open_in open = {.flags = O_RDONLY};
	struct fuse_release_in release;
	struct fs_ask ask = {
		.opcode = FUSE_OPEN, .node = f->node.id, .arg = &open, .arg_len = sizeof(open)};

	if (a->step)
		ask = fs_ask_release(&release, f->node.id, a->fh, O_RDONLY);
	return fs_conn_send(l->c, a->slot, a->lane, &ask, 0);
}

static int send_churn(struct load *l, struct actor *a)
{
	uint64_t dir = l->t->dir.id;
	union {
		struct fuse_create_in create;
		struct fuse_getattr_in getattr;
		struct fuse_release_in release;
		struct fuse_forget_in forget;
	} in;
	struct fs_ask ask = {.node = dir, .name = a->name};
	unsigned lane = a->lane;

	switch (a->step) {
	case C_CREATE:
		snprintf(a->name, sizeof(a->name), "churn%llu", (unsigned long long)l->names++);
		ask = fs_ask_create(&in.create, dir, a->name, 0600);
		break;
	case C_LOOKUP:
	case C_VAIN:
		ask.opcode = FUSE_LOOKUP;
		break;
	case C_GETATTR:
		ask = fs_ask_getattr(&in.getattr, a->node);
		break;
	case C_RELEASE:
		ask = fs_ask_release(&in.release, a->node, a->fh, O_RDWR);
		break;
	case C_UNLINK:
		ask.opcode = FUSE_UNLINK;
		break;
	default: /* made known by CREATE and by LOOKUP */
		ask = fs_ask_forget(&in.forget, a->node, 2);
		lane = FS_HIPRIO;
	}
	return fs_conn_send(l->c, a->slot, lane, &ask, 0);
}

static int send_next(struct load *l, struct actor *a)
{
	struct fuse_getattr_in in;
	struct fs_ask ask;

	switch (l->j->pattern) {
	case FS_GETATTR:
		ask = fs_ask_getattr(&in, l->t->file[a->file].node.id);
		return fs_conn_send(l->c, a->slot, a->lane, &ask, 0);
	case FS_LOOKUP:
		ask = (struct fs_ask){.opcode = FUSE_LOOKUP,
				      .node = l->t->dir.id,
				      .name = l->t->file[a->file].name};
		return fs_conn_send(l->c, a->slot, a->lane, &ask, 0);
	case FS_OPEN:
		return send_open(l, a);
	case FS_CHURN:
		return send_churn(l, a);
	default:
		return send_data(l, a, fs_pattern_writes(l->j->pattern));
	}
}

/* --- its answer --- */

static int wrong(struct load *l, const struct actor *a, const char *what)
{
	const struct fs_slot *s = a->slot;

	return fs_conn_fail(l->c, -EBADMSG, "%s of %s: %s%s%s", fs_msg_name(s->opcode),
			    l->j->pattern == FS_CHURN ? a->name : l->t->file[a->file].name, what,
			    s->error ? ": " : "", s->error ? strerror(-s->error) : "");
}

static int check_data(struct load *l, struct actor *a)
{
	struct fs_tree *t = l->t;
	struct fuse_write_out out;
	struct fs_stamp s;
	uint64_t off;
	uint32_t at;

	t->busy[a->block] = 0;
	if (a->slot->error)
		return wrong(l, a, "refused");
	if (a->slot->opcode == FUSE_WRITE) {
		memcpy(&out, a->slot->body, sizeof(out));
		return out.size == t->block ? 0 : wrong(l, a, "not all was written");
	}
	if (a->slot->got != t->block)
		return wrong(l, a, "not all was read");
	s = fs_tree_stamp(t, a->block, &a->file, &off);
	at = fs_data_check(a->slot->data, t->block, &s, off);
	if (at == t->block)
		return 0;
	return fs_conn_fail(l->c, -EBADMSG,
			    "%s: byte %llu is not what was written last (%u-byte block, write "
			    "number %u of it)",
			    t->file[a->file].name, (unsigned long long)(off + at), t->block,
			    s.generation);
}

static int check_attr(struct load *l, struct actor *a, const struct fuse_attr *attr, uint64_t size)
{
	return S_ISREG(attr->mode) && attr->size == size
		       ? 0
		       : wrong(l, a, "it is not the file that was made");
}

static int check_entry(struct load *l, struct actor *a, uint64_t node, uint64_t size)
{
	struct fuse_entry_out out;

	if (a->slot->error)
		return wrong(l, a, "refused");
	memcpy(&out, a->slot->body, sizeof(out));
	return out.nodeid == node ? check_attr(l, a, &out.attr, size)
				  : wrong(l, a, "its node has changed");
}

static int check_getattr(struct load *l, struct actor *a, uint64_t size)
{
	struct fuse_attr_out out;

	if (a->slot->error)
		return wrong(l, a, "refused");
	memcpy(&out, a->slot->body, sizeof(out));
	return check_attr(l, a, &out.attr, size);
}

/* The name that was just removed: an error, or an entry without a node. */
static int check_vain(struct load *l, struct actor *a)
{
	struct fuse_entry_out out;

	memcpy(&out, a->slot->body, sizeof(out));
	if (a->slot->error == -ENOENT || (a->slot->error == 0 && out.nodeid == 0))
		return 0;
	return wrong(l, a, "it was removed, and is no ENOENT");
}

static int check_churn(struct load *l, struct actor *a)
{
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out;

	switch (a->step) {
	case C_CREATE:
		if (a->slot->error)
			return wrong(l, a, "refused");
		memcpy(&out, a->slot->body, sizeof(out));
		a->node = out.entry.nodeid;
		a->fh = out.open.fh;
		return a->node ? check_attr(l, a, &out.entry.attr, 0) : wrong(l, a, "no node");
	case C_LOOKUP:
		return check_entry(l, a, a->node, 0);
	case C_GETATTR:
		return check_getattr(l, a, 0);
	case C_VAIN:
		return check_vain(l, a);
	default:
		return a->slot->error ? wrong(l, a, "refused") : 0;
	}
}

static int check(struct load *l, struct actor *a)
{
	struct fs_file *f = &l->t->file[a->file];
	struct fuse_open_out out;
	int e;

	switch (l->j->pattern) {
	case FS_GETATTR:
		return check_getattr(l, a, f->node.attr.size);
	case FS_LOOKUP:
		e = check_entry(l, a, f->node.id, f->node.attr.size);
		f->node.lookups += e == 0;
		return e;
	case FS_OPEN:
		memcpy(&out, a->slot->body, sizeof(out));
		if (a->step == 0)
			a->fh = out.fh;
		return a->slot->error ? wrong(l, a, "refused") : 0;
	case FS_CHURN:
		return check_churn(l, a);
	default:
		return check_data(l, a);
	}
}

/* --- what an actor does next --- */

static unsigned steps_of(enum fs_pattern p)
{
	return p == FS_CHURN ? C_FORGET + 1 : p == FS_OPEN ? 2 : 1;
}

/* Next block; false: there is none any more. */
static bool pick_block(struct load *l, struct actor *a)
{
	uint64_t n = l->t->blocks, b;
	enum fs_pattern p = l->j->pattern;

	if (p == FS_FILL || p == FS_CHECK) {
		a->block = l->next++;
		return a->block < n;
	}
	b = p == FS_RANDREAD || p == FS_RANDWRITE ? roll(l) % n : l->next++ % n;
	/* Two requests to one block would leave open what it holds. There are more blocks than
	 * actors. */
	while (l->t->busy[b])
		b = (b + 1) % n;
	if (p == FS_SEQREAD || p == FS_SEQWRITE)
		l->next = b + 1;
	a->block = b;
	return true;
}

/* True: a request was sent. */
static bool go_on(struct load *l, struct actor *a)
{
	a->step++;
	if (a->step >= steps_of(l->j->pattern)) {
		a->step = 0;
		if (l->ending)
			return false;
		if (fs_pattern_data(l->j->pattern)) {
			if (!pick_block(l, a))
				return false;
		} else {
			a->file = (unsigned)(l->next++ % l->t->files);
		}
	}
	return send_next(l, a) == 0;
}

/* --- the window --- */

static void window(struct load *l, uint64_t now)
{
	struct fs_job_result *r = l->r;
	uint64_t slice = l->j->run_ns / 10;

	if (!l->open) {
		if (now - l->begun_ns < l->j->warm_ns)
			return;
		l->open = true;
		l->opened_ns = l->slice_ns = now;
		return;
	}
	if (slice && now - l->slice_ns >= slice && r->slices < FS_SLICES) {
		r->slice[r->slices++] = (double)(r->requests - l->slice_requests) * 1e9 /
					(double)(now - l->slice_ns);
		l->slice_ns = now;
		l->slice_requests = r->requests;
	}
	if (now - l->opened_ns >= l->j->run_ns) {
		r->window_ns = now - l->opened_ns;
		l->closed = l->ending = true;
	}
}

static int answer(struct load *l, struct fs_slot *s, uint64_t now)
{
	struct actor *a = s->owner;

	if (l->open && !l->closed && fs_msg_answered(s->opcode)) {
		l->r->requests++;
		if (fs_pattern_data(l->j->pattern))
			l->r->bytes += l->t->block;
		hist_record(&l->r->latency, now - s->sent_ns);
	}
	return check(l, a);
}

static int turn(struct load *l)
{
	struct fs_slot *done[BATCH];
	int n = fs_conn_wait(l->c, done, BATCH), e = 0;
	bool timed = l->j->pattern < FS_PATTERNS_N;
	uint64_t now = clock_ns();

	if (n < 0)
		return n;
	for (int i = 0; i < n && !e; i++)
		e = answer(l, done[i], now);
	if (timed && !l->closed)
		window(l, now);
	if (l->j->stop && l->j->stop())
		l->ending = true;
	for (int i = 0; i < n && !e; i++)
		go_on(l, done[i]->owner);
	return e ? e : fs_conn_push(l->c);
}

static int begin(struct load *l)
{
	for (unsigned i = 0; i < l->actors; i++) {
		struct actor *a = &l->actor[i];

		a->slot = fs_slot_get(l->c);
		if (!a->slot)
			return fs_conn_fail(l->c, -EINVAL, "too few slots for this depth");
		a->slot->owner = a;
		a->lane = FS_LANE + i % fs_conn_request_lanes(l->c);
		a->step = steps_of(l->j->pattern) - 1;
		go_on(l, a);
	}
	return fs_conn_push(l->c);
}

int fs_load_run(struct fs_conn *c, struct fs_tree *t, const struct fs_job *j,
		struct fs_job_result *r)
{
	struct load l = {.c = c, .t = t, .j = j, .r = r, .random = j->random * 2 + 1};
	bool data = fs_pattern_data(j->pattern);
	int e;

	*r = (struct fs_job_result){0};
	hist_init(&r->latency);
	l.actors = j->depth * fs_conn_request_lanes(c);
	if (data)
		l.actors = (unsigned)VOP_MIN(l.actors, t->blocks);
	if (l.actors == 0)
		return -EINVAL;
	l.actor = calloc(l.actors, sizeof(*l.actor));
	if (!l.actor)
		return -ENOMEM;
	l.begun_ns = clock_ns();
	e = begin(&l);
	while (!e && fs_conn_flying(c))
		e = turn(&l);
	for (unsigned i = 0; i < l.actors; i++)
		if (l.actor[i].slot)
			fs_slot_put(c, l.actor[i].slot);
	free(l.actor);
	if (data && e)
		memset(t->busy, 0, t->blocks);
	if (!e && j->stop && j->stop())
		return -EINTR;
	return e ? e : fs_conn_failed(c);
}
