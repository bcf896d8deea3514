/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/enough.h"
#include "bench/rank.h"
#include "bench/stats.h"

enum { CASES_MAX = 512, PAIRS_MAX = 512 };

#define CONFIDENCE 0.99 /* as comparisons have it */

struct pairs {
	size_t n;
	double log[PAIRS_MAX]; /* ascending */
};

struct one {
	uint32_t which;
	unsigned rounds;
	bool done;
	struct pairs *regime[REGIMES];
};

struct enough {
	double width;
	unsigned least;
	size_t n;
	struct one one[CASES_MAX];
};

struct enough *enough_new(double width, unsigned least)
{
	struct enough *e = calloc(1, sizeof(*e));

	if (e) {
		e->width = width;
		e->least = least;
	}
	return e;
}

void enough_free(struct enough *e)
{
	for (size_t i = 0; e && i < e->n; i++)
		for (unsigned g = 0; g < REGIMES; g++)
			free(e->one[i].regime[g]);
	free(e);
}

static struct one *find(struct enough *e, uint32_t which)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->one[i].which == which)
			return &e->one[i];
	if (e->n == CASES_MAX)
		return NULL;
	e->one[e->n] = (struct one){.which = which};
	return &e->one[e->n++];
}

static bool narrow(const struct enough *e, const struct pairs *p)
{
	struct rank_interval i;

	return p->n >= e->least && rank_centre(p->log, p->n, CONFIDENCE, &i) == 0 &&
	       (i.high - i.low) / 2 <= log1p(e->width);
}

static void insert(struct pairs *p, double v)
{
	size_t i = p->n++;

	for (; i > 0 && p->log[i - 1] > v; i--)
		p->log[i] = p->log[i - 1];
	p->log[i] = v;
}

void enough_add(struct enough *e, uint32_t which, double ratio, double rtt_ns)
{
	struct one *o = find(e, which);
	struct pairs **p = o ? &o->regime[regime_of(rtt_ns)] : NULL;

	if (!p || !(ratio > 0) || !isfinite(ratio))
		return;
	if (!*p)
		*p = calloc(1, sizeof(**p));
	if (!*p || (*p)->n == PAIRS_MAX)
		return;
	insert(*p, log(ratio));
	/* One regime will do: which one the machine is in nobody chooses. */
	o->done |= narrow(e, *p);
}

unsigned enough_count(struct enough *e, uint32_t which)
{
	struct one *o = find(e, which);

	return o ? o->rounds++ : 0;
}

bool enough_of(const struct enough *e, uint32_t which)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->one[i].which == which)
			return e->one[i].done;
	return false;
}

void enough_sum(const struct enough *e, unsigned *cases, unsigned *done)
{
	*cases = (unsigned)e->n;
	*done = 0;
	for (size_t i = 0; i < e->n; i++)
		*done += e->one[i].done;
}
