/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The net device's hot path: frames between the rings and the backend (VIRTIO 1.4, 5.1.6.2 and
 * 5.1.6.4). One turn takes a batch from the transmit ring, gives it to the backend, then asks the
 * backend for frames and fills receive buffers; so an echo is answered in the turn that saw it.
 *
 * Everything per frame is inline; the backend is called once a batch.
 */
#include <string.h>

#include "vop/dev/net_internal.h"

/* Loops with many live values get a frame of their own: inlined into one function they spill. */
#define NET_APART static __attribute__((noinline))

/*
 * How many buffers to take at a time, after one of len bytes: large ones few, so that the driver
 * has the first back while the last is copied.
 */
#define BATCH_BYTES (128u << 10)
VOP_INLINE unsigned batch_after(uint32_t len)
{
	return vop_likely(len <= BATCH_BYTES / VOP_NET_BATCH) ? VOP_NET_BATCH
							      : VOP_MAX(BATCH_BYTES / len, 1u);
}

/*
 * Take len bytes off the front of pieces that hold more or just as many. src: copy them from there
 * first; NULL: only skip.
 */
static void take_front(struct vop_iov **v, uint32_t *n, const uint8_t *src, uint32_t len)
{
	while (len) {
		uint32_t l = VOP_MIN(len, (*v)->len);

		if (src) {
			VOP_MEM_COPY_TO((*v)->ptr, src, l);
			src += l;
		}
		len -= l;
		if (l == (*v)->len) {
			(*v)++;
			(*n)--;
		} else {
			(*v)->ptr += l;
			(*v)->len -= l;
		}
	}
}

/* --- transmit --- */

/* A frame whose header shares its piece with nothing, or with part of itself. False: violation. */
static bool strip_chain(struct vop_net *n, struct net_tx *t, const struct vop_elem *e,
			struct vop_net_frame *f)
{
	struct vop_iov *v = &t->iov[e->first];
	uint32_t niov = e->nout;
	uint64_t len = vop_core_total(v, niov);

	if (len < VOP_NET_HDR) {
		vop_core_violate(&n->core, &t->q, VOP_V_NET_HEADER);
		return false;
	}
	if (len > UINT32_MAX) {
		vop_core_violate(&n->core, &t->q, VOP_V_TOO_LONG);
		return false;
	}
	take_front(&v, &niov, NULL, VOP_NET_HDR);
	*f = (struct vop_net_frame){.iov = v, .niov = niov, .len = (uint32_t)len - VOP_NET_HDR};
	return true;
}

/* Pop a batch and strip the headers. How many frames there are. */
NET_APART unsigned tx_take(struct vop_net *n, struct net_tx *t)
{
	struct vop_batch b = {.elem = t->elem, .iov = t->iov, .iov_max = VOP_CORE_PIECES};
	unsigned i, got = vop_devq_pop(&t->q.vq, t->q.cfg->regions, &b, VOP_NET_BATCH);
	uint64_t bytes = 0;

	t->from = t->n = 0;
	if (vop_unlikely(vop_devq_broken(&t->q.vq))) {
		vop_core_violate(&n->core, &t->q, vop_devq_broken(&t->q.vq));
		return 0;
	}
	for (i = 0; i < got; i++) {
		const struct vop_elem *e = &t->elem[i];
		struct vop_net_frame *f = &t->frame[i];
		struct vop_iov *v = &t->iov[e->first];

		/* The header's fields ask for nothing that was negotiated: not looked at. */
		if (vop_likely(e->nout == 1 && v->len >= VOP_NET_HDR)) {
			uint32_t len = v->len - VOP_NET_HDR;

			v->ptr += VOP_NET_HDR;
			v->len = len;
			*f = (struct vop_net_frame){.iov = v, .niov = 1, .len = len};
		} else if (!strip_chain(n, t, e, f)) {
			return 0;
		}
		bytes += f->len;
	}
	t->bytes = bytes;
	t->n = got;
	return got;
}

/* Plain frames the backend did not take, as the long way holds them. */
static VOP_NOINLINE void tx_keep(struct net_tx *t, unsigned from, unsigned to)
{
	t->from = 0;
	t->n = to - from;
	t->bytes = 0;
	for (unsigned i = 0; i < t->n; i++) {
		const struct vop_plain *v = &t->plain[from + i];

		t->elem[i] = (struct vop_elem){.id = v->id, .ndesc = 1, .first = i, .nout = 1};
		t->iov[i] = (struct vop_iov){.ptr = v->ptr, .len = v->len};
		t->frame[i] = (struct vop_net_frame){.iov = &t->iov[i], .niov = 1, .len = v->len};
		t->bytes += v->len;
	}
}

static VOP_NOINLINE uint64_t bytes_of(const struct vop_net_frame *f, unsigned n)
{
	uint64_t sum = 0;

	while (n--)
		sum += (f++)->len;
	return sum;
}

/*
 * The short way: frames of one piece, straight from the ring to the backend. What the backend does
 * not take is kept the long way.
 */
VOP_INLINE unsigned tx_plain(struct vop_net *n, struct net_tx *t, unsigned pair)
{
	unsigned took, got = vop_devq_pop_plain(&t->q.vq, t->q.cfg->regions, t->plain,
						batch_after(t->plain[0].len), false, VOP_NET_HDR);
	uint64_t bytes = 0;

	if (!got)
		return 0;
	took = n->backend.tx_plain(n->backend.ctx, pair, t->plain, got);
	for (unsigned i = 0; i < took; i++)
		bytes += t->plain[i].len;
	vop_devq_push_read(&t->q.vq, t->plain, took);
	vop_core_publish(&t->q);
	vop_core_count(&t->count.frames, took);
	vop_core_count(&t->count.bytes, bytes);
	if (vop_unlikely(took < got))
		tx_keep(t, took, got);
	return got;
}

VOP_INLINE unsigned tx_turn(struct vop_net *n, struct net_tx *t, unsigned pair)
{
	unsigned held, took;

	if (vop_likely(t->from == t->n && n->backend.tx_plain)) {
		took = tx_plain(n, t, pair);
		/* Nothing plain: empty, as a rule; else the long way finds out what it is. */
		if (took || (!vop_devq_pending(&t->q.vq) && !vop_devq_broken(&t->q.vq)))
			return took;
	}

	if (vop_likely(t->from == t->n) && !tx_take(n, t))
		return 0;
	held = t->n - t->from;
	took = n->backend.tx(n->backend.ctx, pair, t->frame + t->from, held);
	if (!took)
		return 0;
	vop_devq_push(&t->q.vq, t->elem + t->from, NULL, took);
	vop_core_publish(&t->q);
	vop_core_count(&t->count.frames, took);
	vop_core_count(&t->count.bytes,
		       vop_likely(took == t->n) ? t->bytes : bytes_of(t->frame + t->from, took));
	t->from += took;
	return took;
}

/* --- receive --- */

/* Move held buffers to the front of their arrays; normally there are none. */
static VOP_NOINLINE void rx_compact(struct net_rx *r)
{
	unsigned held = r->n - r->from, base = r->elem[r->from].first, i;

	memmove(r->elem, r->elem + r->from, held * sizeof(r->elem[0]));
	memmove(r->iov, r->iov + base, (r->niov - base) * sizeof(r->iov[0]));
	for (i = 0; i < held; i++)
		r->elem[i].first -= base;
	r->niov -= base;
	r->from = 0;
	r->n = held;
}

/* Buffers behind held ones: their pieces are counted from the start of iov. */
static VOP_NOINLINE void rx_append(struct net_rx *r, unsigned got)
{
	unsigned i;

	for (i = r->n; i < r->n + got; i++)
		r->elem[i].first += r->niov;
}

/* Only writable pieces, all contiguous: readable ones in a receive buffer mean nothing to us. */
static void rx_close_gaps(struct net_rx *r, unsigned first, unsigned to)
{
	unsigned i, w = r->elem[first].first;

	for (i = first; i < to; i++) {
		struct vop_elem *e = &r->elem[i];

		memmove(&r->iov[w], &r->iov[e->first + e->nout], e->nin * sizeof(r->iov[0]));
		e->first = w;
		e->nout = 0;
		w += e->nin;
	}
}

/* Hold `want` buffers if the driver has given as many. False: violation. */
NET_APART bool rx_hold(struct vop_net *n, struct net_rx *r, unsigned want)
{
	struct vop_batch b;
	unsigned got, i;

	if (r->n - r->from >= want)
		return true;
	if (vop_likely(r->from == r->n))
		r->from = r->n = r->niov = 0;
	else
		rx_compact(r);
	/* The longest legal chain must fit, or a good one would look bad. */
	if (vop_unlikely(r->niov > VOP_CORE_PIECES))
		return true;
	b = (struct vop_batch){
		.elem = r->elem + r->n, .iov = r->iov + r->niov, .iov_max = VOP_CORE_PIECES};
	got = vop_devq_pop(&r->q.vq, r->q.cfg->regions, &b, VOP_MIN(want, NET_HELD) - r->n);
	if (vop_unlikely(vop_devq_broken(&r->q.vq))) {
		vop_core_violate(&n->core, &r->q, vop_devq_broken(&r->q.vq));
		return false;
	}
	if (vop_unlikely(r->niov) && got)
		rx_append(r, got);
	for (i = r->n; i < r->n + got; i++) {
		/* Each holds a header at least (5.1.6.3.1). */
		if (vop_unlikely(r->elem[i].in_len < VOP_NET_HDR)) {
			vop_core_violate(&n->core, &r->q, VOP_V_NET_HEADER);
			return false;
		}
		if (vop_unlikely(r->elem[i].nout))
			rx_close_gaps(r, i, r->n + got);
	}
	if (!got)
		return true;
	r->n += got;
	/* Not all that was popped: readable pieces are left out, and what comes next follows
	 * closely, since a frame's pieces are counted over its buffers. */
	r->niov = r->elem[r->n - 1].first + r->elem[r->n - 1].nin;
	return true;
}

/* The header of a frame that spans `buffers` buffers, and the frame behind it. */
VOP_INLINE void rx_head(struct vop_iov *v, uint32_t niov, uint16_t buffers, uint32_t len,
			struct vop_net_frame *f)
{
	/* Flags, gso_type and all the rest 0: nothing was negotiated that would fill them. */
	vop_le16 hdr[VOP_NET_HDR / 2] = {[5] = htole16(buffers)};

	if (vop_likely(v->len >= VOP_NET_HDR && (niov == 1 || v->len > VOP_NET_HDR))) {
		VOP_MEM_COPY_TO(v->ptr, hdr, VOP_NET_HDR);
		v->ptr += VOP_NET_HDR;
		v->len -= VOP_NET_HDR;
	} else {
		take_front(&v, &niov, (const uint8_t *)hdr, VOP_NET_HDR);
	}
	*f = (struct vop_net_frame){.iov = v, .niov = niov, .len = len};
}

/* What a batch of frames and buffers came to. */
struct rx_done {
	unsigned frames;  /* of the backend's, dropped ones included */
	unsigned buffers; /* used */
	unsigned dropped; /* frames that fit into no buffer */
	uint64_t bytes;
};

/* Without MRG_RXBUF: a buffer per frame; a frame that does not fit, or is longer than the driver
 * may receive, is dropped, the buffer stays. */
VOP_INLINE struct rx_done rx_plain(struct net_rx *r, unsigned frames, uint32_t max)
{
	struct rx_done d = {0};
	unsigned held = r->n - r->from;

	for (; d.frames < frames && d.buffers < held; d.frames++) {
		struct vop_elem *e = &r->elem[r->from + d.buffers];
		uint32_t len = r->len[d.frames];

		if (vop_unlikely(len > VOP_MIN(e->in_len - VOP_NET_HDR, max))) {
			r->frame[d.frames] = (struct vop_net_frame){0};
			d.dropped++;
			continue;
		}
		rx_head(&r->iov[e->first], e->nin, 1, len, &r->frame[d.frames]);
		r->used[d.buffers++] = len + VOP_NET_HDR;
		d.bytes += len;
	}
	return d;
}

/* How many of the held buffers from `at` on take need bytes; 0: more than there are. */
VOP_INLINE unsigned rx_span(const struct net_rx *r, unsigned at, uint64_t need)
{
	uint64_t room = 0;
	unsigned i;

	for (i = at; i < r->n; i++) {
		room += r->elem[i].in_len;
		if (room >= need)
			return i + 1 - at;
	}
	return 0;
}

/* The frame can never be received: it needs more buffers than there can be. */
static VOP_NOINLINE bool rx_hopeless(const struct net_rx *r, unsigned at)
{
	uint32_t ndesc = 0;
	unsigned i;

	/* Earlier frames are about to use some of those that are held: come again. */
	if (at != r->from || at == r->n)
		return false;
	for (i = at; i < r->n; i++)
		ndesc += r->elem[i].ndesc;
	return r->n - at == NET_HELD || r->niov - r->elem[at].first > VOP_CORE_PIECES ||
	       ndesc >= r->q.cfg->size;
}

/* With MRG_RXBUF: each frame in as many buffers as it needs, all but its last full (5.1.6.4.1). */
VOP_INLINE struct rx_done rx_merge(struct net_rx *r, unsigned frames, uint32_t max)
{
	struct rx_done d = {0};

	r->least = 0;
	for (; d.frames < frames; d.frames++) {
		unsigned at = r->from + d.buffers, pieces = 0, span, i;
		uint32_t len = r->len[d.frames], left = len + VOP_NET_HDR;

		span = vop_likely(len <= max) ? rx_span(r, at, left) : 0;
		if (vop_unlikely(span == 0)) {
			if (len <= max && !rx_hopeless(r, at)) {
				r->least = r->n - at + 1;
				break;
			}
			r->frame[d.frames] = (struct vop_net_frame){0};
			d.dropped++;
			continue;
		}
		for (i = 0; i < span; i++) {
			const struct vop_elem *e = &r->elem[at + i];
			uint32_t l = VOP_MIN(left, e->in_len);

			r->used[d.buffers++] = l;
			left -= l;
			pieces += e->nin;
		}
		r->buf_len = r->elem[at].in_len;
		rx_head(&r->iov[r->elem[at].first], pieces, (uint16_t)span, len,
			&r->frame[d.frames]);
		d.bytes += len;
	}
	return d;
}

/* How many buffers the frames will take, guessed from what buffers held lately. */
VOP_INLINE unsigned rx_guess(const struct net_rx *r, unsigned frames)
{
	unsigned i, n = frames;

	for (i = 0; i < frames; i++)
		if (vop_unlikely(r->len[i] + VOP_NET_HDR > r->buf_len))
			n += (r->len[i] + VOP_NET_HDR - 1) / r->buf_len;
	return VOP_MIN(VOP_MAX(n, r->least), NET_HELD);
}

/* Plain buffers that were taken and not used, as the long way holds them: with their headers' room.
 */
static VOP_NOINLINE void rx_keep(struct net_rx *r, unsigned from, unsigned to)
{
	r->from = 0;
	r->n = r->niov = to - from;
	for (unsigned i = 0; i < r->n; i++) {
		const struct vop_plain *v = &r->plain[from + i];
		uint32_t len = v->len + VOP_NET_HDR;

		r->elem[i] = (struct vop_elem){
			.in_len = len, .id = v->id, .ndesc = 1, .first = i, .nin = 1};
		r->iov[i] = (struct vop_iov){.ptr = v->ptr - VOP_NET_HDR, .len = len};
	}
}

/*
 * The short way: a plain buffer for each frame. A frame that does not fit ends it: what was taken
 * and not used is kept the long way, which knows what to do. Frames done.
 */
VOP_INLINE unsigned rx_short(struct vop_net *n, struct net_rx *r, unsigned pair, unsigned frames)
{
	/* Nothing was negotiated that would fill more of the header than num_buffers. */
	static const uint8_t hdr[VOP_NET_HDR] = {[10] = 1};
	unsigned i, got = vop_devq_pop_plain(&r->q.vq, r->q.cfg->regions, r->plain, frames, true,
					     VOP_NET_HDR);
	uint32_t max = n->frame_max;
	uint64_t bytes = 0;

	for (i = 0; i < got && vop_likely(r->len[i] <= VOP_MIN(r->plain[i].len, max)); i++) {
		VOP_MEM_COPY_TO(r->plain[i].ptr - VOP_NET_HDR, hdr, VOP_NET_HDR);
		r->used[i] = r->len[i] + VOP_NET_HDR;
		bytes += r->len[i];
	}
	if (vop_unlikely(i < got))
		rx_keep(r, i, got);
	if (!i)
		return 0;
	n->backend.rx_fill_plain(n->backend.ctx, pair, r->plain, r->len, i);
	vop_devq_push_written(&r->q.vq, r->plain, r->used, i);
	vop_core_publish(&r->q);
	vop_core_count(&r->count.frames, i);
	vop_core_count(&r->count.bytes, bytes);
	return i;
}

NET_APART unsigned rx_turn(struct vop_net *n, struct net_rx *r, unsigned pair)
{
	unsigned frames =
		n->backend.rx_lengths(n->backend.ctx, pair, r->len, batch_after(r->len[0]));
	struct rx_done d;

	if (!frames) {
		r->starving = false;
		return 0;
	}
	if (vop_likely(r->from == r->n && !n->mergeable && n->backend.rx_fill_plain)) {
		unsigned done = rx_short(n, r, pair, frames);

		if (done) {
			r->starving = done < frames;
			return done;
		}
	}
	if (!rx_hold(n, r, n->mergeable ? rx_guess(r, frames) : frames))
		return 0;
	d = n->mergeable ? rx_merge(r, frames, n->frame_max) : rx_plain(r, frames, n->frame_max);
	r->starving = d.frames < frames;
	if (r->starving || d.dropped)
		vop_core_count(&r->count.starved, 1);
	if (!d.frames)
		return 0;
	n->backend.rx_fill(n->backend.ctx, pair, r->frame, d.frames);
	vop_devq_push(&r->q.vq, r->elem + r->from, r->used, d.buffers);
	vop_core_publish(&r->q);
	r->from += d.buffers;
	vop_core_count(&r->count.frames, d.frames - d.dropped);
	vop_core_count(&r->count.bytes, d.bytes);
	return d.frames;
}

/* The driver has no receive queue that takes the pair's frames: they are dropped. */
static VOP_NOINLINE void rx_discard(struct vop_net *n, struct net_rx *r, unsigned pair)
{
	unsigned frames = n->backend.rx_lengths(n->backend.ctx, pair, r->len, VOP_NET_BATCH);

	r->starving = false;
	if (!frames)
		return;
	memset(r->frame, 0, frames * sizeof(r->frame[0]));
	n->backend.rx_fill(n->backend.ctx, pair, r->frame, frames);
	vop_core_count(&r->count.starved, 1);
}

/* A receive queue that is running, of another pair in use; NULL: there is none. */
static struct net_rx *rx_other(struct vop_net *n, unsigned pair)
{
	unsigned i;

	for (i = 1; i < n->active; i++) {
		struct net_rx *r = &n->pair[(pair + i) % n->active]->rx;

		if (r->q.live)
			return r;
	}
	return NULL;
}

/*
 * The pair has no receive queue, it is being reset: its frames go to another one, as far as that
 * has buffers at once, and are dropped otherwise (5.1.9.5.6.2). All pairs are served by one poller.
 */
static VOP_NOINLINE unsigned rx_elsewhere(struct vop_net *n, struct net_pair *p)
{
	struct net_rx *r = rx_other(n, p->index);
	unsigned done = 0;

	if (r) {
		/* It is the other pair's: do its own frames wait? */
		bool starving = r->starving;

		done = rx_turn(n, r, p->index);
		r->starving = starving;
	}
	if (!done)
		rx_discard(n, &p->rx, p->index);
	return done;
}

/* --- a pair --- */

unsigned vop_net_pair_poll(void *ctx)
{
	struct net_pair *p = ctx;
	struct vop_net *n = p->net;
	unsigned done = 0;

	if (vop_unlikely(p->index >= n->active))
		return 0;
	if (vop_likely(p->tx.q.live))
		done = tx_turn(n, &p->tx, p->index);
	if (n->backend.rx_lengths) {
		if (vop_likely(p->rx.q.live))
			done += rx_turn(n, &p->rx, p->index);
		else
			done += rx_elsewhere(n, p);
	}
	if (!done) {
		vop_core_retry_ring(&p->tx.q);
		vop_core_retry_ring(&p->rx.q);
	}
	return done;
}

bool vop_net_pair_arm(void *ctx)
{
	struct net_pair *p = ctx;
	struct net_tx *t = &p->tx;
	struct net_rx *r = &p->rx;
	bool work = false;

	if (p->index >= p->net->active)
		return false;
	if (r->q.live) {
		work = r->q.ring_owed;
		if (r->starving)
			work |= vop_devq_arm(&r->q.vq);
	}
	if (t->q.live) {
		work |= t->q.ring_owed;
		/* Frames the backend did not take: it takes them when receive buffers come; if it
		 * does not wait for those, it must be asked again. */
		if (t->from != t->n)
			work |= !(r->q.live && r->starving);
		else
			work |= vop_devq_arm(&t->q.vq);
	}
	return work;
}

void vop_net_pair_disarm(void *ctx)
{
	struct net_pair *p = ctx;

	if (p->index >= p->net->active)
		return;
	if (p->rx.q.live)
		vop_devq_disarm(&p->rx.q.vq);
	if (p->tx.q.live)
		vop_devq_disarm(&p->tx.q.vq);
}
