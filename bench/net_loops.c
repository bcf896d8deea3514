/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's loops. Each runs until its window closes, then drains: what was sent must come back,
 * so that the books can be balanced. Flags of a job, on lines of their own: tail[SIDE_DRIVER] = 1:
 * the driver has drained and its totals are final; tail[SIDE_DEVICE] = 1: the device makes no more
 * frames and its totals are final.
 */
#include <errno.h>
#include <stdlib.h>

#include "bench/net_lane.h"
#include "bench/net_loops.h"

#define DRAIN_NS 3000000000ull

static int why_stuck(const struct net_load *L)
{
	return net_load_broken(L) ? -EPROTO : atomic_load(&L->sh->abort) ? -ECANCELED : -ETIMEDOUT;
}

/* Is anything of a lane wrong or gone? */
static bool stuck(struct net_load *L, uint64_t since)
{
	return net_load_broken(L) || atomic_load(&L->sh->abort) || clock_ns() - since > DRAIN_NS;
}

void net_loop_wait(struct net_load *L, struct worker *w, uint64_t *idle_since, bool for_tx,
		   int64_t timeout_us)
{
	struct vop_doorbell *db[2 * 64];
	unsigned n = 0, i;
	bool pending = false;

	if (L->cfg.notify == VOP_NOTIFY_POLL || L->lanes > 64) {
		worker_relax(w);
		return;
	}
	if (L->cfg.notify == VOP_NOTIFY_ADAPTIVE) {
		uint64_t now = clock_ns();

		if (*idle_since == 0)
			*idle_since = now;
		if (now - *idle_since < L->cfg.spin_ns) {
			worker_relax(w);
			return;
		}
	}
	for (i = 0; i < L->lanes; i++) {
		pending |= vop_drvq_arm(&L->lane[i].rx->vq);
		db[n++] = L->lane[i].rx->cfg.call;
		if (for_tx) {
			pending |= vop_drvq_arm(&L->lane[i].tx->vq);
			db[n++] = L->lane[i].tx->cfg.call;
		}
	}
	if (!pending)
		vop_doorbell_wait(db, n, timeout_us);
	for (i = 0; i < n; i++)
		vop_doorbell_drain(db[i]);
	for (i = 0; i < L->lanes; i++) {
		vop_drvq_disarm(&L->lane[i].rx->vq);
		if (for_tx)
			vop_drvq_disarm(&L->lane[i].tx->vq);
	}
}

void net_loop_flag(struct net_load *L)
{
	for (unsigned i = 0; i < L->lanes; i++) {
		struct net_lane *l = &L->lane[i];

		atomic_store_explicit(&l->count_tx->completed, l->tx_done, memory_order_relaxed);
		atomic_store_explicit(&l->count_tx->sent, l->tx_seq, memory_order_relaxed);
	}
	atomic_store_explicit(&L->sh->tail[SIDE_DRIVER].v, 1, memory_order_release);
}

/* Take everything back that is still out. -ETIMEDOUT when the device does not give it. */
static int drain_tx(struct net_load *L, struct worker *w, uint64_t *waiting)
{
	uint64_t since = clock_ns();
	unsigned turn = 0;

	for (unsigned i = 0; i < L->lanes; i++) {
		struct net_lane *l = &L->lane[i];

		while (lane_free(l) < l->tx_n) {
			if (lane_reclaim(l))
				continue;
			/* An echo takes no more before it could give back. */
			if (L->foreign)
				lane_discard(l);
			if ((++turn & 255) == 0 && stuck(L, since))
				return why_stuck(L);
			net_loop_wait(L, w, waiting, true, 2000);
		}
	}
	return 0;
}

/*
 * Frames that come back carry the numbers they were sent with, not the device's: other books while
 * a job echoes. Nothing is in flight when these are called.
 */
static void echo_books(struct net_load *L, struct verify *saved)
{
	for (unsigned i = 0; i < L->lanes; i++) {
		struct net_lane *l = &L->lane[i];

		saved[i] = l->v;
		l->v = (struct verify){.expected = l->tx_seq,
				       .since = l->tx_seq,
				       .count = &L->sh->lane[2][i],
				       .sent = &l->tx_seq};
	}
}

static void source_books(struct net_load *L, const struct verify *saved)
{
	for (unsigned i = 0; i < L->lanes; i++)
		L->lane[i].v = saved[i];
}

/* Take every frame the device says it made. */
static int drain_rx(struct net_load *L, struct worker *w)
{
	uint64_t since = clock_ns(), waiting = 0;
	unsigned turn = 0;

	for (;;) {
		/* The flag comes after final totals; read it first, then they are final too. */
		bool final = atomic_load_explicit(&L->sh->tail[SIDE_DEVICE].v,
						  memory_order_acquire),
		     even = true;
		unsigned n = 0;

		for (unsigned i = 0; i < L->lanes; i++) {
			struct net_lane *l = &L->lane[i];

			n += lane_receive(L, l, L->cfg.size, L->cfg.mergeable);
			even &= l->v.delivered + l->v.altered >=
				atomic_load_explicit(&l->v.count->sent, memory_order_acquire);
		}
		L->received += n;
		if (final && even && n == 0)
			return 0;
		if ((++turn & 255) == 0 && stuck(L, since))
			return why_stuck(L);
		if (n == 0)
			net_loop_wait(L, w, &waiting, false, 2000);
	}
}

/* Take back every frame that was sent to an echo. */
static int drain_echo(struct net_load *L, struct worker *w)
{
	uint64_t since = clock_ns(), waiting = 0;
	unsigned turn = 0;

	for (;;) {
		bool even = true;
		unsigned n = 0;

		for (unsigned i = 0; i < L->lanes; i++) {
			struct net_lane *l = &L->lane[i];

			n += lane_receive(L, l, L->cfg.size, L->cfg.mergeable);
			lane_reclaim(l);
			even &= l->v.expected >= l->tx_seq;
		}
		L->received += n;
		if (even)
			return 0;
		if ((++turn & 255) == 0 && stuck(L, since))
			return why_stuck(L);
		if (n == 0)
			net_loop_wait(L, w, &waiting, false, 2000);
	}
}

/* Offered load: how many frames are due and not sent yet. */
struct pace {
	uint64_t begin;
	double per_ns;
	uint64_t sent;
};

static void pace_begin(struct pace *p, const struct job *j)
{
	*p = (struct pace){.begin = clock_ns(), .per_ns = (double)j->rate / 1e9};
}

static uint64_t pace_due(const struct pace *p)
{
	uint64_t due = (uint64_t)((double)(clock_ns() - p->begin) * p->per_ns);

	return due > p->sent ? due - p->sent : 0;
}

static unsigned batch_of(const struct net_load *L, const struct job *j)
{
	unsigned batch = j->batch ? j->batch : L->cfg.batch;

	/* Half of what may be in flight at most, so that both sides have something to do; large
	 * frames less. */
	batch = VOP_MIN(batch, VOP_MAX(L->lane[0].tx_n / (L->cfg.size <= 2048 ? 2 : 4), 1u));
	return VOP_MIN(batch, LANE_BATCH);
}

/* Send what is due on lane i; with j->drop what finds no room is dropped, as on a wire. */
static unsigned turn_paced(struct net_load *L, struct net_lane *l, const struct job *j,
			   struct job_result *r, struct pace *p, unsigned batch)
{
	uint64_t due = pace_due(p);
	unsigned n = (unsigned)VOP_MIN(due, batch);

	if (n == 0)
		return 0;
	if (lane_free(l) < n)
		lane_reclaim(l);
	if (lane_free(l) < n && j->drop) {
		unsigned room = lane_free(l);

		r->dropped += n - room;
		p->sent += n - room;
		n = room;
	}
	n = VOP_MIN(n, lane_free(l));
	if (n)
		lane_send(L, l, n, L->cfg.size);
	p->sent += n;
	return n;
}

int net_loop_tx(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	unsigned batch = batch_of(L, j);
	uint64_t waiting = 0;
	struct pace p;
	int e;

	if (L->foreign && j->rate == 0)
		net_loop_choose(L, w, batch);
	window_begin(w, j, L->foreign, L->sent, L->sent * L->cfg.size);
	if (j->rate) {
		uint32_t turn = 0;

		pace_begin(&p, j);
		do {
			unsigned n = 0;

			for (unsigned i = 0; i < L->lanes; i++)
				n += turn_paced(L, &L->lane[i], j, r, &p, batch);
			L->sent += n;
			if (!n)
				worker_relax(w);
		} while ((++turn & 7) || window_more(w, r, L->sent, L->sent * L->cfg.size));
	} else {
		net_loop_flood(L, w, r, batch);
	}
	r->copies_x100 = 100;
	e = drain_tx(L, w, &waiting);
	net_loop_flag(L);
	return e;
}

int net_loop_rx(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	uint32_t size = L->cfg.size, turn = 0;
	bool merge = L->cfg.mergeable;
	uint64_t waiting = 0;
	int e;

	window_begin(w, j, true, 0, 0);
	do {
		unsigned n = 0;

		for (unsigned i = 0; i < L->lanes; i++)
			n += size == 64 && !merge ? lane_receive(L, &L->lane[i], 64, false)
						  : lane_receive(L, &L->lane[i], size, merge);
		L->received += n;
		if (n)
			waiting = 0;
		else
			net_loop_wait(L, w, &waiting, false, 2000);
	} while ((++turn & 7) || window_more(w, r, L->received, L->received * size));
	r->copies_x100 = 100;
	e = L->foreign ? 0 : drain_rx(L, w);
	net_loop_flag(L);
	return e;
}

int net_loop_both(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	uint32_t size = L->cfg.size, turn = 0;
	unsigned batch = batch_of(L, j);
	uint64_t waiting = 0;
	bool echoed = L->foreign;
	struct verify *saved = echoed ? calloc(L->lanes, sizeof(*saved)) : NULL;
	int e;

	if (echoed && saved == NULL)
		return -ENOMEM;
	if (echoed) {
		echo_books(L, saved);
		batch = VOP_MIN(batch, VOP_MAX(lane_echo_room(&L->lane[0], size), 1u));
	}
	window_begin(w, j, true, 0, 0);
	do {
		unsigned n = 0, got = 0;

		for (unsigned i = 0; i < L->lanes; i++) {
			if (!echoed || lane_echo_room(&L->lane[i], size) >= batch)
				n += lane_turn(L, &L->lane[i], size, batch);
			got += lane_receive(L, &L->lane[i], size, L->cfg.mergeable);
		}
		L->sent += n;
		L->received += got;
		if (n + got)
			waiting = 0;
		else
			net_loop_wait(L, w, &waiting, true, 2000);
	} while ((++turn & 7) || window_more(w, r, L->received, L->received * size));
	r->copies_x100 = 200;
	/* An echo first: drain_tx() throws away what a foreign target still sends. */
	e = echoed ? drain_echo(L, w) : drain_tx(L, w, &waiting);
	if (e == 0)
		e = echoed ? drain_tx(L, w, &waiting) : drain_rx(L, w);
	if (echoed)
		source_books(L, saved);
	free(saved);
	net_loop_flag(L);
	return e;
}

/*
 * Round trips on lane 0. Closed loop: `depth` frames in flight (job.slots, at least 1), time from
 * before the copy in to after the copy out. With a rate: open loop, time from the *intended* send,
 * so that a stall is not omitted.
 */
#define ECHO_RING 4096u

int net_loop_echo(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	struct net_lane *l = &L->lane[0];
	uint32_t size = L->cfg.size,
		 depth = VOP_MIN(VOP_MAX(j->slots, 1u), VOP_MIN(l->tx_n, ECHO_RING)), turn = 0;
	uint64_t base = l->tx_seq, seen = base, waiting = 0, got = 0;
	struct verify *saved = calloc(L->lanes, sizeof(*saved));
	uint64_t *stamp = calloc(ECHO_RING, sizeof(*stamp));
	uint32_t *sample = NULL;
	size_t samples = 0, max = 8u << 20;
	struct clock_scale scale;
	struct pace p;
	int e = 0;

	/* Raw ticks are kept and turned into nanoseconds at the end, when the scale is known. */
	sample = malloc(max * sizeof(*sample));
	if (stamp == NULL || sample == NULL || saved == NULL) {
		free(saved);
		free(stamp);
		free(sample);
		net_loop_flag(L);
		return -ENOMEM;
	}
	hist_init(&L->sh->latency);
	echo_books(L, saved);
	clock_scale_begin(&scale);
	pace_begin(&p, j);
	window_begin(w, j, true, 0, 0);
	do {
		uint64_t now;
		unsigned n;

		if (lane_free(l) < l->tx_n)
			lane_reclaim(l);
		if (j->rate) {
			if (pace_due(&p) && lane_free(l) && l->tx_seq - base - got < ECHO_RING &&
			    lane_echo_room(l, size)) {
				/* Intended moment of this frame, in ticks of the clock in use:
				 * nanoseconds. */
				stamp[l->tx_seq % ECHO_RING] =
					p.begin + (uint64_t)((double)(p.sent + 1) / p.per_ns);
				lane_send(L, l, 1, size);
				p.sent++;
			}
		} else if (l->tx_seq - base - got < depth && lane_free(l) &&
			   lane_echo_room(l, size)) {
			stamp[l->tx_seq % ECHO_RING] = clock_ticks();
			lane_send(L, l, 1, size);
		}
		n = lane_receive(L, l, size, L->cfg.mergeable);
		if (n) {
			now = j->rate ? clock_ns() : clock_ticks();
			for (; seen < l->v.expected; seen++) {
				uint64_t d = now - stamp[seen % ECHO_RING];

				if (w->opened && samples < max)
					sample[samples++] =
						d > UINT32_MAX ? UINT32_MAX : (uint32_t)d;
			}
			got += n;
			waiting = 0;
			L->received += n;
		} else {
			net_loop_wait(L, w, &waiting, false, 2000);
		}
		if (L->cfg.notify != VOP_NOTIFY_POLL)
			turn |= 63; /* a turn may have slept: look at the window at once */
	} while ((++turn & 63) || window_more(w, r, L->received, L->received * size));
	clock_scale_end(&scale);
	e = drain_echo(L, w);
	for (size_t i = 0; i < samples; i++)
		hist_record(&L->sh->latency,
			    j->rate ? sample[i]
				    : (uint64_t)((double)sample[i] * scale.ns_per_tick + 0.5));
	r->copies_x100 = 200;
	if (e == 0)
		e = drain_tx(L, w, &waiting);
	source_books(L, saved);
	net_loop_flag(L);
	free(saved);
	free(stamp);
	free(sample);
	return e;
}

/* Nothing to do, as an idle guest has nothing to do: what does waiting cost? */
int net_loop_idle(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	uint64_t waiting = 0;

	window_begin(w, j, true, 0, 0);
	do {
		net_loop_wait(L, w, &waiting, false, 100000);
	} while (window_more(w, r, 0, 0));
	net_loop_flag(L);
	return 0;
}
