/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Distributions of round trips. Over the percentile, on an axis that stretches the tail: each step
 * to the right is one more nine. And cumulative, for the body.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot_kinds.h"

#define FINE 0.006 /* share of the picture a point must lie from the last one to be drawn */

struct curves {
	struct plot_page *page;
	struct pick pick;
	bool cdf;
	double lo, hi;	       /* ns drawn */
	double most;	       /* values of the largest distribution */
	double beyond;	       /* CDF: share that lies right of the picture */
	double limit[REGIMES]; /* the bare round trip, by regime; 0: none */
};

static bool has_hist(const struct run_result *r, const void *context)
{
	(void)context;
	return r->hist.count > 0 && r->hist.steps > 0;
}

static int choose(struct plot_pool *pool, const struct runs *runs, struct pick *k)
{
	struct pick_how how = {.wanted = has_hist, .by_regime = true, .most = PLOT_SERIES_MAX};
	int err = pick_results(pool, runs, &how, k);

	return err ? err : k->n ? 0 : -ENODATA;
}

bool plot_latency_has(const struct runs *r)
{
	for (size_t f = 0; f < r->n; f++)
		for (size_t i = 0; i < r->file[f].results; i++)
			if (has_hist(&r->file[f].result[i], NULL))
				return true;
	return false;
}

/* --- one distribution of each group: pooled files are merged --- */

struct dist {
	double count;
	size_t n;
	struct run_step *step; /* ascending */
};

static int by_ns(const void *pa, const void *pb)
{
	const struct run_step *a = pa, *b = pb;

	return a->ns < b->ns ? -1 : a->ns > b->ns;
}

static int dist_of(struct plot_pool *pool, const struct pick_group *g, struct dist *d)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += g->item[i].r->hist.steps;
	*d = (struct dist){.step = plot_pool_get(pool, n, sizeof(*d->step))};
	if (!d->step)
		return -ENOMEM;
	for (size_t i = 0; i < g->n; i++) {
		const struct run_hist *h = &g->item[i].r->hist;

		memcpy(d->step + d->n, h->step, h->steps * sizeof(*d->step));
		d->n += h->steps;
	}
	if (g->n > 1)
		qsort(d->step, d->n, sizeof(*d->step), by_ns);
	for (size_t i = 0; i < d->n; i++) {
		d->step[i].ns = fmax(d->step[i].ns, 1);
		d->count += (double)d->step[i].count;
	}
	return 0;
}

/* The value at or below which a share q of all lies. */
static double quantile(const struct dist *d, double q)
{
	double seen = 0;

	for (size_t i = 0; i < d->n; i++) {
		seen += (double)d->step[i].count;
		if (seen >= q * d->count)
			return d->step[i].ns;
	}
	return d->step[d->n - 1].ns;
}

/* --- drawing --- */

/* 1 / (1 - q): a ten for each nine. */
static double nines(double seen, double count)
{
	return seen < count ? fmin(count / (count - seen), count) : count;
}

/* A point of the curve, with the corner before it where that is to be seen. */
struct pen {
	const struct curves *c;
	const struct plot_panel *q;
	double x, y; /* places of the last point */
	double vx, vy;
};

static void pen_to(struct pen *pen, double vx, double vy)
{
	FILE *out = pen->c->page->data;
	double x = plot_axis_place(&pen->q->x, vx), y = plot_axis_place(&pen->q->y, vy);

	/* A percentile's value holds from the one before; a share from its own value on. */
	if (x - pen->x > FINE && fabs(y - pen->y) > FINE)
		fprintf(out, "%.6g %.6g\n", pen->c->cdf ? vx : pen->vx, pen->c->cdf ? pen->vy : vy);
	fprintf(out, "%.6g %.6g\n", vx, vy);
	*pen = (struct pen){pen->c, pen->q, x, y, vx, vy};
}

/*
 * The curve, thinned out to what can be seen. Not drawn `with steps`: those are strokes of their
 * own, each of which begins its pattern of dashes anew.
 */
static void put_curve(struct curves *c, const struct plot_panel *q, const struct dist *d)
{
	struct pen pen = {.c = c, .q = q, .x = 2, .y = 2};
	double seen = 0;

	pen_to(&pen, c->cdf ? d->step[0].ns : 1, c->cdf ? 0 : d->step[0].ns);
	for (size_t i = 0; i < d->n; i++) {
		double ns = d->step[i].ns, share, x, y;

		if (c->cdf && ns > c->hi) {
			pen_to(&pen, c->hi, 100 * seen / d->count);
			return;
		}
		seen += (double)d->step[i].count;
		share = 100 * seen / d->count;
		x = plot_axis_place(&q->x, c->cdf ? ns : nines(seen, d->count));
		y = plot_axis_place(&q->y, c->cdf ? share : ns);
		if (i + 1 == d->n || x - pen.x + (y - pen.y) >= FINE)
			pen_to(&pen, c->cdf ? ns : nines(seen, d->count), c->cdf ? share : ns);
	}
	if (c->cdf)
		pen_to(&pen, c->hi, 100);
}

/* Where a curve bears its shape, so that it can be told without its colour. */
static void put_marks(struct curves *c, const struct dist *d, unsigned base)
{
	FILE *out = c->page->data;

	if (c->cdf) {
		/* Not all at one height: curves run into one another. */
		for (double q = 0.12 + 0.03 * (base % 4); q < 0.98; q += 0.25)
			fprintf(out, "%.9g %.9g\n", quantile(d, q), 100 * q);
		return;
	}
	for (double x = 2; x <= d->count; x = x < 10 ? 10 : x * 10)
		fprintf(out, "%.9g %.9g\n", x, quantile(d, 1 - 1 / x));
	if (d->count < 2)
		fprintf(out, "1 %.9g\n", d->step[0].ns);
}

static void draw(struct curves *c, struct plot_panel *q, const struct pick_group *g,
		 const struct dist *d)
{
	struct plot_stroke stroke = plot_series_stroke(g->base, g->regime);
	unsigned block = plot_data_begin(c->page);
	FILE *out;

	put_curve(c, q, d);
	plot_data_end(c->page);
	out = plot_element(q);
	fprintf(out, "$d%u using 1:2 with lines", block);
	plot_put_line(out, &stroke, 1.8);
	fputs(" notitle", out);
	block = plot_data_begin(c->page);
	put_marks(c, d, g->base);
	plot_data_end(c->page);
	out = plot_element(q);
	fprintf(out, "$d%u using 1:2 with points", block);
	plot_put_points(out, &stroke, 0.8);
	fputs(" notitle", out);
	plot_legend(c->page, g->label, stroke);
}

/* What is in the picture: everything, or, cumulative, all but the last hundredth. */
static void look_around(struct curves *c, const struct dist *d)
{
	c->lo = INFINITY;
	for (size_t g = 0; g < c->pick.n; g++) {
		c->lo = fmin(c->lo, c->cdf ? quantile(&d[g], 0.0005) : d[g].step[0].ns);
		c->hi = fmax(c->hi,
			     c->cdf ? 1.3 * quantile(&d[g], 0.99) : d[g].step[d[g].n - 1].ns);
		c->most = fmax(c->most, d[g].count);
		for (size_t i = 0; i < c->pick.group[g].n; i++) {
			const struct run_result *r = c->pick.group[g].item[i].r;
			enum regime k = 0;

			while (k < REGIMES - 1 && strcmp(r->regime, regime_bins[k].name))
				k++;
			if (r->limit > 0)
				c->limit[k] = r->limit;
		}
	}
	/* Below a nanosecond nothing is told apart; it has a place all the same. */
	c->lo = fmax(c->lo, 1);
	c->hi = fmax(c->hi, c->lo * 1.01);
	/* The bare round trip is shown where that does not squeeze the rest. */
	for (unsigned k = 0; k < REGIMES; k++) {
		if (c->limit[k] < c->lo / 20)
			c->limit[k] = 0;
		else
			c->lo = fmin(c->lo, c->limit[k]);
	}
}

static void percentile_axis(struct plot_axis *x, double most)
{
	static const struct {
		double at;
		const char *text;
	} tick[] = {{1, " "},	       {2, "50"},	  {10, "90"},	   {100, "99"},
		    {1e3, "99.9"},     {1e4, "99.99"},	  {1e5, "99.999"}, {1e6, "99.9999"},
		    {1e7, "99.99999"}, {1e8, "99.999999"}};

	*x = (struct plot_axis){.log = true, .lo = 1, .hi = fmax(most, 10) * 1.2};
	for (size_t i = 0; i < sizeof(tick) / sizeof(tick[0]) && tick[i].at < x->hi; i++)
		plot_axis_add(x, tick[i].at, tick[i].text);
}

static void draw_limits(struct curves *c, struct plot_panel *q)
{
	struct plot_stroke stroke = {.colour = PLOT_FG, .dash = PLOT_DOTTED};
	bool any = false;

	for (unsigned k = 0; k < REGIMES; k++) {
		unsigned block;
		FILE *out;

		if (!(c->limit[k] > 0))
			continue;
		any = true;
		block = plot_data_begin(c->page);
		if (c->cdf)
			fprintf(c->page->data, "%.9g 0\n%.9g 100\n", c->limit[k], c->limit[k]);
		else
			fprintf(c->page->data, "%.9g %.9g\n%.9g %.9g\n", q->x.lo, c->limit[k],
				q->x.hi, c->limit[k]);
		plot_data_end(c->page);
		out = plot_element(q);
		fprintf(out, "$d%u using 1:2 with lines", block);
		plot_put_line(out, &stroke, 1.7);
		fputs(" notitle", out);
	}
	if (any)
		plot_legend(c->page, "bare round trip of a cache line", stroke);
}

static int draw_all(struct curves *c)
{
	struct dist *d = plot_pool_get(&c->page->pool, c->pick.n, sizeof(*d));
	struct plot_panel *q = plot_panel(c->page, 330);

	if (!d || !q)
		return -ENOMEM;
	for (size_t g = 0; g < c->pick.n; g++)
		if (dist_of(&c->page->pool, &c->pick.group[g], &d[g]))
			return -ENOMEM;
	look_around(c, d);
	if (c->cdf) {
		plot_axis_log(&q->x, c->lo, c->hi, 8, plot_tick_ns);
		plot_axis_from_zero(&q->y, 100, 5, 1);
		q->y.hi = 102;
		q->above = "round trips that took no longer, %";
		q->below = "round trip";
	} else {
		percentile_axis(&q->x, c->most);
		plot_axis_log(&q->y, c->lo, c->hi, 8, plot_tick_ns);
		q->above = "round trip";
		q->below = "percentile, %";
	}
	for (size_t g = 0; g < c->pick.n; g++)
		draw(c, q, &c->pick.group[g], &d[g]);
	draw_limits(c, q);
	return 0;
}

int plot_latency(struct plot_page *p, const struct runs *r, enum plot_kind kind)
{
	struct curves c = {.page = p, .cdf = kind == PLOT_CDF};
	int err = choose(&p->pool, r, &c.pick);

	if (err)
		return err;
	plot_head(p, &c.pick, c.cdf ? "distribution of latency" : "latency by percentile");
	err = draw_all(&c);
	if (c.cdf)
		plot_note(p, "the longest of them lie beyond: see --kind latency");
	return err ? err : p->pool.out ? -ENOMEM : 0;
}
