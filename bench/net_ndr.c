/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The no-drop rate, searched as RFC 2544 (26.1) does: the highest offered rate at which no frame
 * finds the ring full. Frames have a due time and are dropped when there is no room for them then,
 * as on a wire.
 */
#include <errno.h>
#include <stdlib.h>

#include "bench/net_run.h"

#define NDR_STEPS 9u /* halvings of the interval: a part in 500 of the flood rate */

/* One trial: offered rate, frames dropped. */
static int trial(struct net_run *n, uint32_t size, double rate, struct measured *m)
{
	struct job work = net_run_job(n, NET_TX, size);
	int e;

	work.rate = (uint64_t)rate;
	work.drop = rate > 0;
	e = measure_round(&n->c, &work, SIDE_DEVICE, NULL, m, &n->err);
	if (e == 0) {
		m->round.value = result_rate(&m->result[SIDE_DEVICE]);
		round_judge(&m->round);
	}
	return e;
}

static int search(struct net_run *n, uint32_t size, struct measured *best)
{
	struct measured m;
	double low = 0, high;
	int e = trial(n, size, 0, &m);

	if (e)
		return e;
	high = m.round.value * 1.1;
	*best = m;
	best->round.value = 0;
	for (unsigned i = 0; i < NDR_STEPS && !e; i++) {
		double rate = (low + high) / 2;

		e = trial(n, size, rate, &m);
		if (e)
			return e;
		/* Offered but not even produced in time counts as dropped too: within half a
		 * percent. */
		if (m.result[SIDE_DRIVER].dropped == 0 && m.round.value >= rate * 0.995) {
			low = rate;
			*best = m;
		} else {
			high = rate;
		}
	}
	return e;
}

int net_run_ndr(struct net_run *n, uint32_t size)
{
	struct net_case *k = net_run_case(n, NET_TX, size);
	int e = 0;

	if (k == NULL)
		return -ENOMEM;
	k->ndr = 1;
	for (uint64_t i = 0; i < n->o.rounds && !e; i++) {
		struct measured *m = &k->m[k->rounds];

		progress_update(&n->progress, n->done, n->total,
				"no-drop rate at %u B: search %u of %u", size, k->rounds + 1,
				k->room);
		e = search(n, size, m);
		if (e)
			break;
		/* The slices moved with the struct. */
		m->round.slices = m->slices;
		net_case_count(n, k, (unsigned)i);
		n->done += n->p.dirs;
	}
	return e;
}
