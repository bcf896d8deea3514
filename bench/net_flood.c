/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit as fast as it goes. How the driver best does its part depends on the ground: where the
 * two processors are near, buffers stay in the caches; where they are far, fetching a line back
 * costs more than all the rest of a frame. A device of somebody else's is not to be held back by
 * that, so several ways are tried right before each round.
 */
#include "bench/net_lane.h"
#include "bench/net_loops.h"

#define TRIAL_NS   1500000u
#define TRIAL_SKIP 300000u /* what is in flight is still the way's before */

struct way {
	bool stream, patient, whole;
};

/* The first is how our own device is fed. */
static const struct way ways[] = {
	{0},
	{.patient = true},
	{.patient = true, .stream = true},
	{.patient = true, .whole = true},
	{.patient = true, .whole = true, .stream = true},
};
#define WAYS VOP_ARRAY_SIZE(ways)

/* The flood: one size known to the compiler where it matters. Turns until the eighth. */
VOP_INLINE void flood_turns(struct net_load *L, struct worker *w, uint32_t size, unsigned batch,
			    uint64_t *waiting)
{
	for (unsigned turn = 0; turn < 8; turn++) {
		unsigned n = 0;

		for (unsigned i = 0; i < L->lanes; i++)
			n += lane_turn(L, &L->lane[i], size, batch);
		if (vop_unlikely(L->foreign))
			for (unsigned i = 0; i < L->lanes; i++)
				lane_discard(&L->lane[i]);
		L->sent += n;
		if (n)
			*waiting = 0;
		else
			net_loop_wait(L, w, waiting, true, 2000);
	}
}

VOP_INLINE void flood(struct net_load *L, struct worker *w, struct job_result *r, uint32_t size,
		      unsigned batch)
{
	uint64_t waiting = 0;

	do {
		flood_turns(L, w, size, batch, &waiting);
	} while (window_more(w, r, L->sent, L->sent * size));
}

void net_loop_flood(struct net_load *L, struct worker *w, struct job_result *r, unsigned batch)
{
	if (L->cfg.size == 64)
		flood(L, w, r, 64, batch);
	else
		flood(L, w, r, L->cfg.size, batch);
}

static uint64_t taken(const struct net_load *L)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < L->lanes; i++)
		n += L->lane[i].tx_done;
	return n;
}

static void take_way(struct net_load *L, const struct way *k)
{
	L->stream = k->stream;
	L->patient = k->patient;
	L->whole = k->whole;
	for (unsigned i = 0; i < L->lanes; i++)
		L->lane[i].waits = false;
}

void net_loop_plain(struct net_load *L)
{
	take_way(L, &ways[0]);
}

/* Frames a nanosecond that the device took, over the time from TRIAL_SKIP on. */
static double try_way(struct net_load *L, struct worker *w, unsigned batch)
{
	uint64_t begun = clock_ns(), from = 0, since = 0, now, waiting = 0;

	do {
		if (L->cfg.size == 64)
			flood_turns(L, w, 64, batch, &waiting);
		else
			flood_turns(L, w, L->cfg.size, batch, &waiting);
		now = clock_ns();
		if (!since && now - begun >= TRIAL_SKIP) {
			since = now;
			from = taken(L);
		}
	} while ((!since || now - since < TRIAL_NS - TRIAL_SKIP) && !atomic_load(&L->sh->abort));
	return since && now > since ? (double)(taken(L) - from) / (double)(now - since) : 0;
}

void net_loop_choose(struct net_load *L, struct worker *w, unsigned batch)
{
	double best[WAYS] = {0};
	unsigned top = 0;

	if (L->cfg.notify != VOP_NOTIFY_POLL)
		return;
	/* Twice over, so that a way is not judged by one moment. */
	for (unsigned i = 0; i < 2 * WAYS; i++) {
		const struct way *k = &ways[i % WAYS];
		double pace;

		if (k->stream && !lane_streams(&L->lane[0], L->cfg.size))
			continue;
		take_way(L, k);
		pace = try_way(L, w, batch);
		best[i % WAYS] = VOP_MAX(best[i % WAYS], pace);
	}
	for (unsigned i = 1; i < WAYS; i++)
		if (best[i] > best[top])
			top = i;
	take_way(L, &ways[top]);
}
