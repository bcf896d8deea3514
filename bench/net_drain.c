/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's own pace: rings are filled while the device sees nothing of it, then everything is
 * published at once, and only the emptying is timed. What the driver does between two frames is not
 * in it, so a driver that keeps up holds the device back by nothing: no sustained rate of the same
 * frames, buffers and rings should be far from this one.
 */
#include <errno.h>
#include <stdlib.h>

#include "bench/net_lane.h"
#include "bench/net_loops.h"

#define GIVE_UP_NS 3000000000ull
/* While a full ring is drained it is looked at so often, since each look takes a line away from the
 * device; at the end without a pause, since then the moment counts. */
#define LOOKS 16u
/* Drains kept of a job; there are more only of rings that are drained in microseconds. */
#define DRAINS 4096u

static uint32_t out(const struct net_load *L)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < L->lanes; i++)
		n += L->lane[i].tx_n - lane_free(&L->lane[i]);
	return n;
}

/* Take back what there is; what an echo sends is not wanted. Returns what is still out. */
static uint32_t look(struct net_load *L)
{
	for (unsigned i = 0; i < L->lanes; i++) {
		struct net_lane *l = &L->lane[i];

		while (lane_reclaim(l))
			;
		lane_discard(l);
	}
	return out(L);
}

/* Fill every ring, then let the device see them. */
static void fill(struct net_load *L, unsigned batch)
{
	for (unsigned i = 0; i < L->lanes; i++) {
		struct net_lane *l = &L->lane[i];

		while (lane_free(l)) {
			unsigned n = VOP_MIN(batch, lane_free(l));

			lane_put(L, l, n, L->cfg.size);
			L->sent += n;
		}
	}
	for (unsigned i = 0; i < L->lanes; i++)
		lane_publish(L, &L->lane[i]);
}

static int why_hopeless(const struct net_load *L)
{
	return net_load_broken(L) ? -EPROTO : atomic_load(&L->sh->abort) ? -ECANCELED : -ETIMEDOUT;
}

static bool hopeless(const struct net_load *L, uint64_t since)
{
	return net_load_broken(L) || atomic_load(&L->sh->abort) || clock_ns() - since > GIVE_UP_NS;
}

/*
 * From the moment the first frames are seen to be back to the moment the last are: what it takes
 * the device to notice is not counted, and each end is seen as late as the other. 0, or the frames
 * a nanosecond of this drain. *ns: how long the last one took, and then this one.
 */
static int drain(struct net_load *L, struct worker *w, double *ns, double *pace)
{
	uint64_t begun = clock_ns(), first, now;
	uint32_t all = out(L), rest = all, counted, turn = 0;

	*pace = 0;
	while ((rest = look(L)) == all)
		if ((++turn & 255) == 0 && hopeless(L, begun))
			return why_hopeless(L);
	first = now = clock_ns();
	counted = rest;
	while (rest) {
		uint64_t next = now + (uint64_t)(*ns / LOOKS);

		while (rest > all / LOOKS && clock_ns() < next)
			worker_relax(w);
		rest = look(L);
		now = clock_ns();
		if ((++turn & 255) == 0 && hopeless(L, begun))
			return why_hopeless(L);
	}
	*ns = (double)(now - first);
	/* Most of it was there at the first look: a fast device gives much back in one go. Then the
	 * time it took to notice is counted too. */
	if (counted >= all / 2 && now > first)
		*pace = counted / *ns;
	else if (now > begun)
		*pace = all / (double)(now - begun);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Frames a nanosecond: the middle one, since a drain during which somebody else had the CPU says
 * nothing. */
static double middle(double *pace, unsigned n)
{
	if (n == 0)
		return 0;
	qsort(pace, n, sizeof(*pace), by_size);
	return pace[n / 2];
}

int net_loop_drain(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r)
{
	unsigned batch = VOP_MIN(j->batch ? j->batch : L->cfg.batch, LANE_BATCH), n[2] = {0};
	double(*pace)[DRAINS] = malloc(2 * sizeof(*pace)), ns[2] = {0}, best = 0;
	unsigned kinds = lane_streams(&L->lane[0], L->cfg.size) ? 2 : 1;
	uint64_t begun = clock_ns(), now = begun;
	int e = pace ? 0 : -ENOMEM;

	/* Frames out of the driver's cache, then out of memory, in turn: the better counts. */
	for (unsigned turn = 0; !e && now < begun + j->warm_ns + j->run_ns; turn++) {
		unsigned k = turn % kinds;

		L->stream = k;
		fill(L, batch);
		e = drain(L, w, &ns[k], &pace[k][n[k]]);
		/* The first ones are to learn how long it takes. */
		n[k] += !e && pace[k][n[k]] > 0 && now >= begun + j->warm_ns && n[k] < DRAINS - 1;
		if (atomic_load_explicit(&L->sh->abort, memory_order_relaxed))
			break;
		now = clock_ns();
	}
	L->stream = false;
	for (unsigned k = 0; !e && k < kinds; k++)
		best = VOP_MAX(best, middle(pace[k], n[k]));
	if (best > 0) {
		r->frames = 1000000000;
		r->window_ns = (uint64_t)((double)r->frames / best);
	}
	r->copies_x100 = 100;
	net_loop_flag(L);
	free(pace);
	return e;
}
