/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every round, in a row for each figure, coloured by regime, disturbed ones hollow; and below what
 * the bare round trip was meanwhile: whether a figure moved, or the ground under it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot_kinds.h"
#include "report/table.h"

#define POINTS_MAX 250u /* of a row, of each look; times two */
#define ROWS_MAX   8u
#define LOOKS_MAX  (2 * (REGIMES + 2)) /* regimes, disturbed or not; and some unknown ones */

/* A round and what it belongs to. */
struct dot {
	const struct run_round *d;
	const struct run_result *r;
	const struct run_file *file;
	double x;
	size_t order;
	bool hollow;
};

struct row {
	size_t n;
	struct dot *dot;
};

struct rounds {
	struct plot_page *page;
	struct pick pick;
	struct row row[ROWS_MAX];
	bool timed;   /* x is the time, not the number */
	bool marked;  /* some round does not count */
	bool thinned; /* of several rounds the extremes are drawn */
	bool ordered; /* without times: the order of the rounds is known */
	double hi;    /* of x */
};

/* The figures a run is about: one for each thing measured. */
static bool is_main(const struct run_result *r, const void *context)
{
	static const char *const metrics[] = {"rate",	   "ndr",	"ring_rate",
					      "ring_rtt",  "line_rate", "line_rtt",
					      "copy_rate", "wake_rtt",	NULL};

	(void)context;
	if (r->rounds == 0)
		return false;
	if (!plot_is_flood(r))
		return strcmp(r->metric, "latency_p50") == 0;
	for (unsigned i = 0; metrics[i]; i++)
		if (strcmp(r->metric, metrics[i]) == 0)
			return true;
	return false;
}

static bool is_any(const struct run_result *r, const void *context)
{
	(void)context;
	return r->rounds > 0;
}

bool plot_rounds_has(const struct runs *r)
{
	for (size_t f = 0; f < r->n; f++)
		for (size_t i = 0; i < r->file[f].results; i++)
			if (is_any(&r->file[f].result[i], NULL))
				return true;
	return false;
}

static int choose(struct plot_pool *pool, const struct runs *runs, struct pick *k)
{
	struct pick_how how = {.wanted = is_main, .most = ROWS_MAX};
	int err = pick_results(pool, runs, &how, k);

	if (!err && k->n == 0) {
		how.wanted = is_any;
		err = pick_results(pool, runs, &how, k);
	}
	return err ? err : k->n ? 0 : -ENODATA;
}

/* --- rounds in order --- */

static int by_time(const void *pa, const void *pb)
{
	const struct dot *a = pa, *b = pb;

	if (a->d->at_s != b->d->at_s && a->d->at_s >= 0 && b->d->at_s >= 0)
		return a->d->at_s < b->d->at_s ? -1 : 1;
	if (a->d->pass != b->d->pass)
		return a->d->pass < b->d->pass ? -1 : 1;
	if (a->d->number != b->d->number)
		return a->d->number < b->d->number ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static bool alike(const struct dot *a, const struct dot *b)
{
	return a->hollow == b->hollow && strcmp(a->r->regime, b->r->regime) == 0;
}

static int by_place(const void *pa, const void *pb)
{
	const struct dot *a = pa, *b = pb;

	return a->x < b->x ? -1 : a->x > b->x;
}

/*
 * More rounds than there is room for points: of so many in a row the highest and the lowest of each
 * look are enough to see what all of them do.
 */
static void thin_out(struct rounds *s, struct row *row)
{
	size_t each = row->n / POINTS_MAX + 1, kept = 0;

	if (each == 1)
		return;
	s->thinned = true;
	for (size_t i = 0; i < row->n; i += each) {
		size_t end = i + each < row->n ? i + each : row->n, first = kept;

		for (size_t k = i; k < end; k++) {
			size_t low = first, high = first;
			struct dot d = row->dot[k];

			/* What is kept of a look: its lowest, then its highest. */
			while (low < kept && !alike(&row->dot[low], &d))
				low++;
			for (high = low + 1; high < kept && !alike(&row->dot[high], &d);)
				high++;
			if (low >= kept || high >= kept) {
				row->dot[kept++] = d;
				if (low < kept - 1 && d.d->value < row->dot[low].d->value) {
					row->dot[kept - 1] = row->dot[low];
					row->dot[low] = d;
				}
			} else if (d.d->value < row->dot[low].d->value) {
				row->dot[low] = d;
			} else if (d.d->value > row->dot[high].d->value) {
				row->dot[high] = d;
			}
		}
	}
	row->n = kept;
	qsort(row->dot, row->n, sizeof(*row->dot), by_place);
}

static int make_row(struct rounds *s, const struct pick_group *g, struct row *row)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += g->item[i].r->rounds;
	row->dot = plot_pool_get(&s->page->pool, n, sizeof(*row->dot));
	if (!row->dot)
		return -ENOMEM;
	for (size_t i = 0; i < g->n; i++) {
		const struct run_result *r = g->item[i].r;

		for (size_t k = 0; k < r->rounds; k++) {
			row->dot[row->n] = (struct dot){.d = &r->round[k],
							.r = r,
							.file = g->item[i].file,
							.order = row->n,
							.hollow = r->round[k].marks != 0};
			s->timed &= r->round[k].at_s >= 0;
			s->marked |= r->round[k].marks != 0;
			s->ordered &=
				i == 0 || r->round[k].number > 0 || r->round[k].pass > 0 || k == 0;
			row->n++;
		}
	}
	qsort(row->dot, row->n, sizeof(*row->dot), by_time);
	for (size_t i = 0; i < row->n; i++)
		row->dot[i].x = (double)(i + 1);
	thin_out(s, row);
	return 0;
}

static int make_rows(struct rounds *s)
{
	s->timed = s->ordered = true;
	for (size_t g = 0; g < s->pick.n; g++)
		if (make_row(s, &s->pick.group[g], &s->row[g]))
			return -ENOMEM;
	for (size_t g = 0; g < s->pick.n; g++) {
		for (size_t i = 0; i < s->row[g].n; i++) {
			struct dot *d = &s->row[g].dot[i];

			if (s->timed)
				d->x = d->d->at_s;
			s->hi = fmax(s->hi, d->x);
		}
	}
	return 0;
}

/* --- drawing --- */

static struct plot_stroke stroke_of(const struct dot *d)
{
	struct plot_stroke s = plot_regime_stroke(d->r->regime);

	s.hollow = d->hollow;
	return s;
}

typedef void (*put_dot)(FILE *out, const struct dot *d);

static void put_value(FILE *out, const struct dot *d)
{
	fprintf(out, "%.9g %.9g\n", d->x, d->d->value);
}

/* The probes before and after: where they lie together, and how far apart they are. */
static void put_probe(FILE *out, const struct dot *d)
{
	double a = d->d->rtt_before_ns, b = d->d->rtt_after_ns;

	a = a > 0 ? a : b;
	b = b > 0 ? b : a;
	if (a > 0)
		fprintf(out, "%.9g %.9g\n", d->x, sqrt(a * b));
}

static void put_drift(FILE *out, const struct dot *d)
{
	double a = d->d->rtt_before_ns, b = d->d->rtt_after_ns;

	if (a > 0 && b > 0)
		fprintf(out, "%.9g %.9g\n%.9g %.9g\n\n", d->x, a, d->x, b);
}

/* Looks of the rounds of rows [from, to): one of each. */
static unsigned find_looks(const struct rounds *s, size_t from, size_t to,
			   const struct dot *look[LOOKS_MAX])
{
	unsigned n = 0;

	for (size_t g = from; g < to; g++) {
		for (size_t i = 0; i < s->row[g].n; i++) {
			unsigned k = 0;

			while (k < n && !alike(look[k], &s->row[g].dot[i]))
				k++;
			if (k == n && n < LOOKS_MAX)
				look[n++] = &s->row[g].dot[i];
		}
	}
	return n;
}

/* An element of what `put` writes for the rounds that look like this one; its style is to follow.
 */
static FILE *draw_look(struct rounds *s, struct plot_panel *q, size_t from, size_t to,
		       const struct dot *look, put_dot put)
{
	unsigned block = plot_data_begin(s->page);
	FILE *out;

	for (size_t g = from; g < to; g++)
		for (size_t i = 0; i < s->row[g].n; i++)
			if (alike(look, &s->row[g].dot[i]))
				put(s->page->data, &s->row[g].dot[i]);
	/* Never empty: gnuplot would not take it. */
	fputs("NaN NaN\n", s->page->data);
	plot_data_end(s->page);
	out = plot_element(q);
	fprintf(out, "$d%u using 1:2 with ", block);
	return out;
}

static void draw_dots(struct rounds *s, struct plot_panel *q, size_t from, size_t to, put_dot put,
		      double size)
{
	const struct dot *look[LOOKS_MAX];
	unsigned n = find_looks(s, from, to, look);

	for (unsigned k = 0; k < n; k++) {
		struct plot_stroke stroke = stroke_of(look[k]);
		FILE *out = draw_look(s, q, from, to, look[k], put);

		fputs("points lw 1.2", out);
		plot_put_points(out, &stroke, size);
		fputs(" notitle", out);
	}
}

/* Not error bars: gnuplot parts those from what is behind, and tears the bars of others. */
static void draw_drifts(struct rounds *s, struct plot_panel *q)
{
	const struct dot *look[LOOKS_MAX];
	unsigned n = find_looks(s, 0, s->pick.n, look);

	for (unsigned k = 0; k < n; k++) {
		struct plot_stroke stroke = stroke_of(look[k]);
		FILE *out = draw_look(s, q, 0, s->pick.n, look[k], put_drift);

		fputs("lines", out);
		stroke.dash = 0;
		plot_put_line(out, &stroke, 1);
		fputs(" notitle", out);
	}
}

static void x_axis(const struct rounds *s, struct plot_axis *x, bool bare)
{
	plot_axis_from_zero(x, s->hi, 8, 1);
	x->hi = s->hi * 1.02;
	if (!s->timed) {
		x->lo = 0.5;
		x->hi = s->hi + 0.5;
		/* No half rounds, and none before the first. */
		for (unsigned i = 0; i < x->ticks; i++)
			if (x->tick[i].at < 1 || x->tick[i].at != floor(x->tick[i].at))
				x->tick[i--] = x->tick[--x->ticks];
	}
	x->bare = bare;
}

static double row_median(const struct row *row)
{
	const struct run_result *most = row->dot[0].r;

	for (size_t i = 1; i < row->n; i++)
		if (row->dot[i].r->s.n > most->s.n)
			most = row->dot[i].r;
	return most->s.median;
}

static void draw_row(struct rounds *s, size_t g, double height)
{
	const struct row *row = &s->row[g];
	const struct run_result *r = row->dot[0].r;
	struct plot_panel *q = plot_panel(s->page, height);
	char tick[HUMAN_MAX];
	double hi = 0, mid = row_median(row);
	unsigned block;
	FILE *out;

	if (!q)
		return;
	for (size_t i = 0; i < row->n; i++)
		hi = fmax(hi, row->dot[i].d->value);
	x_axis(s, &q->x, true);
	plot_axis_from_zero(&q->y, hi > 0 ? hi : 1, 2, 1);
	q->y.hi = q->y.hi * 1.06;
	/* Zero, and the median: what the others are held against. */
	q->y.ticks = 0;
	plot_axis_add(&q->y, 0, mid > 0.35 * hi || !(mid > 0) ? "0" : " ");
	if (mid > 0)
		plot_axis_add(&q->y, mid, human_value(tick, sizeof(tick), mid, r->unit));
	q->above = s->pick.group[g].label;
	block = plot_data_begin(s->page);
	for (size_t i = 0; i < row->n; i++)
		put_value(s->page->data, &row->dot[i]);
	plot_data_end(s->page);
	out = plot_element(q);
	fprintf(out, "$d%u using 1:2 with lines lc rgb '#%06x' lw 0.7 dt solid notitle", block,
		PLOT_MUTED);
	draw_dots(s, q, g, g + 1, put_value, row->n > 200 ? 0.4 : 0.65);
}

static void draw_ground(struct rounds *s)
{
	struct plot_panel *q;
	double lo = INFINITY, hi = 0;
	size_t n = 0;

	for (size_t g = 0; g < s->pick.n; g++) {
		for (size_t i = 0; i < s->row[g].n; i++) {
			const struct run_round *d = s->row[g].dot[i].d;

			n++;
			if (d->rtt_before_ns > 0)
				lo = fmin(lo, d->rtt_before_ns);
			if (d->rtt_after_ns > 0)
				lo = fmin(lo, d->rtt_after_ns);
			hi = fmax(hi, fmax(d->rtt_before_ns, d->rtt_after_ns));
		}
	}
	if (!(hi > 0)) {
		s->page->panel[s->page->panels - 1].x.bare = false;
		s->page->panel[s->page->panels - 1].below =
			s->timed ? "seconds since the run began" : "round";
		return;
	}
	q = plot_panel(s->page, 110);
	if (!q)
		return;
	x_axis(s, &q->x, false);
	q->below = s->timed ? "seconds since the run began" : "round";
	q->above = "a bare cache line there and back, before to after the round";
	plot_axis_log(&q->y, fmin(lo, 100), fmax(hi, 400), 5, plot_tick_ns);
	/* The bounds of the regimes, where they lie in the picture. */
	for (unsigned k = 0; k + 1 < REGIMES; k++) {
		double bound = regime_bins[k].below_ns;

		if (!isfinite(bound) || bound <= q->y.lo || bound >= q->y.hi)
			continue;
		fprintf(q->set,
			"set arrow from graph 0, first %.9g to graph 1, first %.9g nohead lc rgb "
			"'#%06x' lw 1 dt (5,3)\n",
			bound, bound, PLOT_MUTED);
	}
	draw_drifts(s, q);
	draw_dots(s, q, 0, s->pick.n, put_probe, n > 200 ? 0.3 : 0.5);
}

static void legend(struct rounds *s)
{
	for (unsigned k = 0; k < REGIMES; k++) {
		bool seen = false;

		for (size_t g = 0; g < s->pick.n; g++)
			for (size_t i = 0; i < s->row[g].n; i++)
				seen |= !strcmp(s->row[g].dot[i].r->regime, regime_bins[k].name);
		if (seen)
			plot_legend(s->page,
				    k == REGIME_NONE ? "one CPU, no regime" : regime_bins[k].name,
				    plot_regime_stroke(regime_bins[k].name));
	}
	if (s->marked)
		plot_legend(s->page, "hollow: disturbed, does not count",
			    (struct plot_stroke){.colour = PLOT_FG,
						 .point = PLOT_CIRCLE,
						 .hollow = true,
						 .dash = PLOT_NO_LINE});
}

/* "rate, " when all rows are of that metric; where they are not, each row says its own. */
static const char *one_metric(struct rounds *s)
{
	const char *metric = s->row[0].dot[0].r->metric;

	for (size_t g = 1; g < s->pick.n; g++)
		if (strcmp(s->row[g].dot[0].r->metric, metric))
			return "";
	return plot_pool_text(&s->page->pool, "%s, ", metric);
}

int plot_rounds(struct plot_page *p, const struct runs *r)
{
	struct rounds s = {.page = p};
	int err = choose(&p->pool, r, &s.pick);

	if (!err)
		err = make_rows(&s);
	if (err)
		return err;
	plot_head(p, &s.pick,
		  plot_pool_text(&p->pool, "%severy round%s", one_metric(&s),
				 s.timed ? " over time" : ""));
	for (size_t g = 0; g < s.pick.n; g++)
		draw_row(&s, g, s.pick.n == 1 ? 220 : s.pick.n <= 3 ? 90 : 52);
	draw_ground(&s);
	legend(&s);
	plot_note(p, "the number at the side and its line: median of the rounds that count");
	if (s.thinned)
		plot_note(p, "of neighbouring rounds the highest and the lowest are drawn");
	if (!s.timed && !s.ordered)
		plot_note(p, "the files do not say when: rounds of one regime after another");
	return p->pool.out ? -ENOMEM : 0;
}
