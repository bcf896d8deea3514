/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/blk_load.h"

#define BATCH	  64u
#define HEAD	  128u /* header on the first line, status on the second: one writer each */
#define STATUS	  64u
#define NO_END	  UINT64_MAX
#define UNWRITTEN 0xff /* no status of the specification's */

struct blk_lane {
	struct session_queue *q;
	uint8_t *head, *data;
	uint64_t head_bus, data_bus;
	uint32_t stride, depth;
	struct blk_slot *slot;
	/* First in, first out, so that with IN_ORDER a slot stays with its descriptor. */
	uint32_t *free;
	uint32_t free_head, free_tail;
};

struct blk_load {
	struct shared *sh;
	struct session *s;
	struct blk_load_config cfg;
	struct blk_books books;
	struct blk_lane *lane;
	uint32_t free_mask;
	uint8_t *busy; /* by block of the present job: a request to it is out */

	/* of the present job */
	uint64_t blocks, cursor, random;
	uint64_t left;	     /* requests still to submit; NO_END */
	uint64_t came;	     /* requests that came back */
	uint64_t read_below; /* of 2^32: reads; others are writes */
	uint32_t bytes, sectors, segment, segments;
	bool at_random, flush;
	/* with a rate */
	uint64_t begun, sent;
	double interval; /* ns; 0: as fast as it goes */
};

static uint32_t data_stride(uint32_t bytes)
{
	/* Devices that pass buffers on to a disk like them aligned as its blocks are. */
	return (uint32_t)vop_align_up(bytes, bytes >= 4096 ? 4096 : BLK_SECTOR);
}

uint64_t blk_load_bytes(uint32_t size_max, uint32_t depth_max)
{
	return (uint64_t)depth_max * (data_stride(size_max) + HEAD) + 8192;
}

uint32_t blk_load_descriptors(uint32_t size, uint32_t segment, bool indirect)
{
	return indirect ? 1 : 2 + (segment ? (size + segment - 1) / segment : 1);
}

uint32_t blk_load_broken(const struct blk_load *L)
{
	for (unsigned i = 0; i < L->cfg.queues; i++)
		if (vop_drvq_broken(&L->lane[i].q->vq))
			return vop_drvq_broken(&L->lane[i].q->vq);
	return 0;
}

static int lane_open(struct blk_load *L, unsigned i)
{
	const struct blk_load_config *c = &L->cfg;
	const struct target_ops *o = L->s->t->ops;
	struct blk_lane *l = &L->lane[i];

	l->q = &L->s->q[i];
	l->head = o->alloc(L->s->t, VOP_AT_DRIVER, (size_t)c->depth_max * HEAD, 4096, &l->head_bus);
	l->data = o->alloc(L->s->t, VOP_AT_DRIVER, (size_t)c->depth_max * data_stride(c->size_max),
			   4096, &l->data_bus);
	l->slot = calloc(c->depth_max, sizeof(*l->slot));
	l->free = calloc(L->free_mask + 1, sizeof(*l->free));
	return l->head && l->data && l->slot && l->free ? 0 : -ENOMEM;
}

struct blk_load *blk_load_new(struct shared *sh, struct session *s,
			      const struct blk_load_config *cfg, struct vop_error *err)
{
	struct blk_load *L = calloc(1, sizeof(*L));
	uint32_t cap = 1;
	int e;

	if (L == NULL)
		goto fail;
	L->sh = sh;
	L->s = s;
	L->cfg = *cfg;
	L->random = cfg->seed;
	while (cap < cfg->depth_max)
		cap *= 2;
	L->free_mask = cap - 1;
	L->lane = calloc(cfg->queues, sizeof(*L->lane));
	L->busy = calloc(cfg->span / BLK_SECTOR, 1);
	e = L->lane && L->busy ? blk_books_open(&L->books, &sh->blk, cfg->verify,
						cfg->span / BLK_SECTOR, cfg->seed)
			       : -ENOMEM;
	for (unsigned i = 0; i < cfg->queues && !e; i++)
		e = lane_open(L, i);
	if (!e)
		return L;
fail:
	snprintf(err->text, sizeof(err->text),
		 "no memory for %u requests of %u bytes in flight on %u queues and the books of "
		 "%llu bytes of disk; try a smaller --depth, --size or --span",
		 cfg->depth_max, cfg->size_max, cfg->queues, (unsigned long long)cfg->span);
	blk_load_free(L);
	return NULL;
}

void blk_load_free(struct blk_load *L)
{
	if (L == NULL)
		return;
	for (unsigned i = 0; L->lane && i < L->cfg.queues; i++) {
		free(L->lane[i].slot);
		free(L->lane[i].free);
	}
	free(L->lane);
	free(L->busy);
	blk_books_close(&L->books);
	free(L);
}

/* SplitMix64: every state once, from the seed on. */
VOP_INLINE uint64_t next_random(struct blk_load *L)
{
	uint64_t z = L->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Choose the next block that no request is out for. False: none now. */
VOP_INLINE bool next_block(struct blk_load *L, uint64_t *block)
{
	uint64_t b = L->cursor;

	if (L->at_random) {
		b = (uint64_t)((unsigned __int128)next_random(L) * L->blocks >> 64);
		/* There are twice as many as may be out: this ends. */
		while (L->busy[b])
			b = b + 1 == L->blocks ? 0 : b + 1;
	} else {
		if (L->busy[b])
			return false;
		L->cursor = b + 1 == L->blocks ? 0 : b + 1;
	}
	L->busy[b] = 1;
	*block = b;
	return true;
}

VOP_INLINE uint8_t next_type(struct blk_load *L)
{
	if (L->read_below == 0)
		return VOP_BLK_T_OUT;
	if (L->read_below > UINT32_MAX)
		return VOP_BLK_T_IN;
	return (uint32_t)next_random(L) < L->read_below ? VOP_BLK_T_IN : VOP_BLK_T_OUT;
}

/* Put one request into the ring; its slot's time is the caller's. */
VOP_INLINE bool lane_add(struct blk_load *L, struct blk_lane *l, uint32_t at)
{
	struct vop_buf buf[BLK_SEGMENTS_MAX + 2];
	struct vop_blk_header h = {0};
	uint8_t *head = l->head + (size_t)at * HEAD;
	uint64_t head_bus = l->head_bus + (uint64_t)at * HEAD,
		 data_bus = l->data_bus + (uint64_t)at * l->stride;
	unsigned n = 1;
	uint64_t block;
	uint8_t type = VOP_BLK_T_FLUSH;

	if (L->flush) {
		blk_begin(&L->books, &l->slot[at], type, 0, 0, NULL);
	} else {
		if (!next_block(L, &block))
			return false;
		type = next_type(L);
		h.sector = htole64(block * L->sectors);
		blk_begin(&L->books, &l->slot[at], type, block * L->sectors, L->bytes,
			  l->data + (size_t)at * l->stride);
		for (uint32_t off = 0; off < L->bytes; off += L->segment)
			buf[n++] = (struct vop_buf){data_bus + off,
						    VOP_MIN(L->segment, L->bytes - off)};
	}
	h.type = htole32(type);
	VOP_MEM_COPY_TO(head, &h, sizeof(h));
	VOP_MEM_ST(head + STATUS, UNWRITTEN);
	buf[0] = (struct vop_buf){head_bus, sizeof(h)};
	buf[n++] = (struct vop_buf){head_bus + STATUS, 1};
	/* There is room: the depth was held against the ring's size, and broken rings are seen. */
	vop_drvq_add_chain(&l->q->vq, buf, type == VOP_BLK_T_OUT ? n - 1 : 1,
			   type == VOP_BLK_T_OUT ? 1 : n - 1, at);
	return true;
}

/* How many requests are due. */
VOP_INLINE uint64_t due(const struct blk_load *L)
{
	uint64_t n;

	if (L->interval <= 0)
		return L->left;
	n = (uint64_t)((double)(clock_ns() - L->begun) / L->interval) + 1;
	return n > L->sent ? VOP_MIN(n - L->sent, L->left) : 0;
}

VOP_INLINE unsigned lane_submit(struct blk_load *L, struct blk_lane *l, unsigned batch)
{
	uint32_t idle = l->free_tail - l->free_head, head = l->free_head;
	uint32_t most = VOP_MIN(idle, batch), n;
	uint64_t now;

	most = (uint32_t)VOP_MIN(most, due(L));
	for (n = 0; n < most; n++)
		if (!lane_add(L, l, l->free[(head + n) & L->free_mask]))
			break;
	if (n == 0)
		return 0;
	now = clock_ns();
	for (uint32_t i = 0; i < n; i++)
		l->slot[l->free[(head + i) & L->free_mask]].t =
			L->interval <= 0
				? now
				: L->begun + (uint64_t)((double)(L->sent + i) * L->interval);
	l->free_head = head + n;
	L->sent += n;
	if (L->left != NO_END)
		L->left -= n;
	/* Before they can come back: what is out is known even if we die now. */
	blk_publish(&L->books);
	if (vop_drvq_publish(&l->q->vq))
		vop_doorbell_ring(l->q->cfg.kick);
	return n;
}

VOP_INLINE unsigned lane_take(struct blk_load *L, struct blk_lane *l, struct hist *hist)
{
	struct vop_done done[BATCH];
	unsigned n = vop_drvq_get(&l->q->vq, done, BATCH);
	uint64_t now;

	if (n == 0)
		return 0;
	now = clock_ns();
	for (unsigned i = 0; i < n; i++) {
		uint32_t at = done[i].cookie;
		struct blk_slot *s = at < l->depth ? &l->slot[at] : NULL;
		uint8_t status = s ? VOP_MEM_LD(l->head + (size_t)at * HEAD + STATUS) : UNWRITTEN;

		if (!blk_end(&L->books, s, done[i].len, status, l->data + (size_t)at * l->stride))
			continue;
		if (hist)
			hist_record(hist, now > s->t ? now - s->t : 0);
		if (!L->flush)
			L->busy[s->sector / L->sectors] = 0;
		l->free[l->free_tail++ & L->free_mask] = at;
	}
	blk_publish(&L->books);
	L->came += n;
	return n;
}

/* Nothing to do: wait as the notification mode says. */
static void idle(struct blk_load *L, struct worker *w, uint64_t *since)
{
	struct vop_doorbell *db[VOP_BLK_QUEUES_MAX];
	bool pending = false;
	unsigned n = L->cfg.queues, i;

	if (vop_unlikely(L->cfg.work != NULL)) {
		L->cfg.work(L->cfg.work_ctx);
		return;
	}
	if (L->cfg.notify == VOP_NOTIFY_POLL) {
		worker_relax(w);
		return;
	}
	if (L->cfg.notify == VOP_NOTIFY_ADAPTIVE) {
		uint64_t now = clock_ns();

		if (*since == 0)
			*since = now;
		if (now - *since < L->cfg.spin_ns) {
			worker_relax(w);
			return;
		}
	}
	for (i = 0; i < n; i++) {
		pending |= vop_drvq_arm(&L->lane[i].q->vq);
		db[i] = L->lane[i].q->cfg.call;
	}
	/* Short: with a rate the next request may be due, and a window may end. */
	if (!pending)
		vop_doorbell_wait(db, n, L->interval > 0 ? 50 : 2000);
	for (i = 0; i < n; i++) {
		vop_doorbell_drain(db[i]);
		vop_drvq_disarm(&L->lane[i].q->vq);
	}
}

/* Why waiting is of no use; 0 when it may be. */
static int stuck(const struct blk_load *L, uint64_t since)
{
	if (atomic_load(&L->sh->abort))
		return -ECANCELED;
	if (blk_load_broken(L) || (L->cfg.needs_reset && atomic_load(L->cfg.needs_reset)))
		return -EPROTO;
	return blk_outstanding(&L->books) && clock_ns() - since > L->cfg.stall_ns ? -ETIMEDOUT : 0;
}

static int job_begin(struct blk_load *L, const struct job *j)
{
	bool once = j->kind != JOB_BLK, fill = j->kind == JOB_BLK_FILL;
	uint32_t pattern = !once					    ? j->pattern
			   : fill && L->books.map.verify == BLK_VERIFY_FULL ? BLK_WRITE
									    : BLK_READ;

	if (j->bytes == 0 || j->bytes % BLK_SECTOR || j->bytes > L->cfg.size_max || j->slots == 0 ||
	    j->slots > L->cfg.depth_max || blk_outstanding(&L->books))
		return -EINVAL;
	L->flush = pattern == BLK_FLUSH;
	L->bytes = j->bytes;
	L->sectors = L->bytes / BLK_SECTOR;
	L->segment = L->cfg.segment ? L->cfg.segment : L->bytes;
	L->blocks = L->cfg.span / L->bytes;
	L->cursor = 0;
	L->at_random = pattern == BLK_RANDREAD || pattern == BLK_RANDWRITE || pattern == BLK_RANDRW;
	L->read_below = pattern == BLK_READ || pattern == BLK_RANDREAD ? 1ull << 32
			: pattern == BLK_RANDRW ? ((uint64_t)L->cfg.mix << 32) / 100
						: 0;
	L->left = once ? L->blocks : NO_END;
	if (!once && L->blocks < 2ull * j->slots * L->cfg.queues)
		return -EINVAL;
	L->came = L->sent = 0;
	L->interval = j->rate ? 1e9 / (double)j->rate : 0;
	for (unsigned i = 0; i < L->cfg.queues; i++) {
		struct blk_lane *l = &L->lane[i];

		l->depth = j->slots;
		l->stride = data_stride(L->bytes);
		l->free_head = 0;
		l->free_tail = j->slots;
		for (uint32_t k = 0; k < j->slots; k++)
			l->free[k] = k;
	}
	return 0;
}

/* Wait for all that is out. */
static int drain(struct blk_load *L, struct worker *w)
{
	uint64_t since = clock_ns(), waiting = 0;
	int e = 0;

	while (blk_outstanding(&L->books) && !e) {
		unsigned n = 0;

		for (unsigned i = 0; i < L->cfg.queues; i++)
			n += lane_take(L, &L->lane[i], NULL);
		if (n) {
			since = clock_ns();
			waiting = 0;
			continue;
		}
		e = stuck(L, since);
		idle(L, w, &waiting);
	}
	return e;
}

static int requests(struct blk_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	unsigned batch = VOP_MIN(j->batch ? j->batch : 32, BATCH), turn = 0, lonely = 0;
	bool once = j->kind != JOB_BLK, more = true;
	uint64_t waiting = 0, last;
	int e = job_begin(L, j), late;

	if (e)
		return e;
	hist_init(&L->sh->latency);
	last = L->begun = clock_ns();
	if (!once)
		window_begin(w, j, true, 0, 0);
	do {
		struct hist *hist = !once && w->opened ? &L->sh->latency : NULL;
		unsigned n = 0;

		for (unsigned i = 0; i < L->cfg.queues; i++) {
			n += lane_take(L, &L->lane[i], hist);
			n += lane_submit(L, &L->lane[i], batch);
		}
		if (n) {
			lonely = 0;
			waiting = 0;
		} else {
			if (lonely++ == 0)
				last = clock_ns();
			if ((lonely & 63) == 0)
				e = stuck(L, last);
			idle(L, w, &waiting);
		}
		if (vop_unlikely(blk_any_wrong(&L->books)))
			e = -EBADMSG;
		if (once)
			more = L->left > 0;
		else if ((++turn & 7) == 0 || L->cfg.notify != VOP_NOTIFY_POLL)
			more = window_more(w, r, L->came, L->came * L->bytes);
	} while (more && !e);
	/* Whatever ended it ends it for the device's side, too. */
	atomic_store_explicit(&L->sh->window.v, WINDOW_CLOSED, memory_order_release);
	late = e && e != -EBADMSG ? 0 : drain(L, w);
	blk_publish(&L->books);
	atomic_store_explicit(&L->sh->tail[SIDE_DRIVER].v, 1, memory_order_release);
	if (e == 0)
		e = late;
	r->frames_all = L->came;
	return e			    ? e
	       : blk_any_wrong(&L->books)   ? -EBADMSG
	       : atomic_load(&L->sh->abort) ? -ECANCELED
					    : 0;
}

/* Queues set up, nothing in them. */
static int idle_job(struct blk_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	uint64_t waiting = 0;

	window_begin(w, j, true, 0, 0);
	do {
		idle(L, w, &waiting);
	} while (window_more(w, r, 0, 0));
	atomic_store_explicit(&L->sh->tail[SIDE_DRIVER].v, 1, memory_order_release);
	return 0;
}

int blk_load_run(struct blk_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	switch (j->kind) {
	case JOB_BLK:
	case JOB_BLK_FILL:
	case JOB_BLK_CHECK:
		return requests(L, w, j, r);
	case JOB_IDLE:
		return idle_job(L, w, j, r);
	default:
		return -EINVAL;
	}
}
