/* SPDX-License-Identifier: BSD-2-Clause */
/* A rate over a parameter that varies: frame size, queues, depth and so on; with the limit. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot_kinds.h"

#define NEAR  64u /* results away from a rate its goodput is looked for: it stands beside it */
#define APART 3.0 /* units between points of one place, so that bars do not hide one another */

struct point {
	double x, y, low, high, limit;
	double goodput, goodput_low, goodput_high;
};

/* The points of a group. */
struct line {
	size_t n;
	struct point *point;
};

struct over {
	struct plot_page *page;
	struct pick pick;
	struct line *line;
	double *x; /* every place there is, ascending */
	size_t places;
	bool log_x, goodput, limits;
	unsigned first; /* stroke of the first line */
};

/* A parameter that may lie along the x axis. */
struct along {
	const char *key, *title, *over;
	double (*of)(const struct run_result *r);
};

/* A depth of 0 stands for the whole queue. */
static double depth_of(const struct run_result *r)
{
	double depth = run_param_number(r, "depth");

	return depth == 0 ? run_param_number(r, "queue_size") : depth;
}

static const struct along *along(enum plot_kind kind)
{
	static const struct along known[] = {
		[PLOT_SIZE] = {"size", "frame size, bytes", "the frame size", NULL},
		[PLOT_QUEUES] = {"queues", "queue pairs", "the number of queue pairs", NULL},
		[PLOT_DEVICES] = {"devices", "devices", "the number of devices", NULL},
		[PLOT_DEPTH] = {"depth", "buffers in flight per queue", "the depth", depth_of},
		[PLOT_BATCH] = {"batch", "buffers made available at a time", "the batch", NULL},
		[PLOT_QUEUE_SIZE] = {"queue_size", "queue size, descriptors", "the queue size",
				     NULL},
	};

	return &known[kind];
}

/* What may be drawn together, the most wanted first. */
struct family {
	const char *metrics[3], *title, *unit;
};

enum { LINES = 2, COPIES, FAMILIES };

static const struct family families[] = {
	{{"rate", "ndr", NULL}, "rate", "frame/s"},
	{{"ring_rate", NULL}, "rate of the bare ring", "buffer/s"},
	[LINES] = {{"line_rate", NULL}, "line rate without a protocol", "frame/s"},
	[COPIES] = {{"copy_rate", NULL}, "memory copies", "B/s"},
};

bool plot_is_flood(const struct run_result *r)
{
	return strcmp(pick_short_name(r->name), "latency") != 0;
}

static bool of_family(const struct run_result *r, const void *context)
{
	const struct family *f = context;

	for (unsigned i = 0; f->metrics[i]; i++)
		if (strcmp(r->metric, f->metrics[i]) == 0)
			return plot_is_flood(r) && r->s.n > 0;
	return false;
}

/* --- what is there --- */

/* Two places at least, wherever they are; cheap. */
static bool may_vary(const struct runs *runs, const struct along *a, const struct family *f)
{
	double first = NAN;

	for (size_t k = 0; k < runs->n; k++) {
		for (size_t i = 0; i < runs->file[k].results; i++) {
			const struct run_result *r = &runs->file[k].result[i];
			double x = of_family(r, f)
					   ? (a->of ? a->of(r) : run_param_number(r, a->key))
					   : NAN;

			if (isfinite(x) && isfinite(first) && x != first)
				return true;
			if (isfinite(x))
				first = x;
		}
	}
	return false;
}

/* A line of two places at least? */
static bool varies(const struct pick *k)
{
	for (size_t g = 0; g < k->n; g++)
		if (k->group[g].item[0].x != k->group[g].item[k->group[g].n - 1].x)
			return true;
	return false;
}

/* The first of the families that has something: 0; -ENODATA; -ENOMEM. */
static int choose(struct plot_pool *pool, const struct runs *runs, const struct along *a,
		  unsigned from, struct pick *k, const struct family **family)
{
	struct pick_how how = {.wanted = of_family,
			       .x = a->key,
			       .x_of = a->of,
			       .by_regime = true,
			       .most = PLOT_SERIES_MAX};
	int err;

	for (unsigned f = from; f < FAMILIES; f++) {
		how.context = &families[f];
		if (!may_vary(runs, a, &families[f]))
			continue;
		err = pick_results(pool, runs, &how, k);
		if (err)
			return err;
		*family = &families[f];
		if (varies(k))
			return 0;
	}
	return -ENODATA;
}

bool plot_over_has(const struct runs *r, enum plot_kind kind)
{
	struct plot_pool pool = {0};
	const struct family *f;
	struct pick k;
	bool has = choose(&pool, r, along(kind), 0, &k, &f) == 0;

	plot_pool_free(&pool);
	return has;
}

/* --- points --- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The goodput of the same rounds; NULL: the file has none. */
static const struct run_result *goodput_of(const struct pick_item *it)
{
	size_t at = (size_t)(it->r - it->file->result);
	size_t from = at > NEAR ? at - NEAR : 0;
	size_t to = it->file->results - at > NEAR ? at + NEAR : it->file->results;

	for (size_t i = from; i < to; i++) {
		const struct run_result *r = &it->file->result[i];
		size_t k = 0;

		if (strcmp(r->metric, "goodput") || strcmp(r->name, it->r->name) ||
		    strcmp(r->regime, it->r->regime) || r->params != it->r->params ||
		    strcmp(it->r->metric, "rate"))
			continue;
		while (k < r->params && strcmp(r->param[k].text, it->r->param[k].text) == 0)
			k++;
		if (k == r->params && r->s.n > 0)
			return r;
	}
	return NULL;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n == 0 ? 0 : n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Items [0, n) share a place: usually one; of pooled files several, of which the medians are. */
static int make_point(struct plot_pool *pool, const struct pick_item *it, size_t n, struct point *p)
{
	double *v = plot_pool_get(pool, 3 * n, sizeof(*v)), *limit = v + n, *good = v + 2 * n;
	size_t limits = 0, goods = 0;

	if (!v)
		return -ENOMEM;
	*p = (struct point){.x = it->x, .low = INFINITY, .goodput_low = INFINITY};
	for (size_t i = 0; i < n; i++) {
		const struct run_result *g = goodput_of(&it[i]);

		v[i] = it[i].r->s.median;
		p->low = fmin(p->low, it[i].r->s.q1);
		p->high = fmax(p->high, it[i].r->s.q3);
		if (it[i].r->limit > 0)
			limit[limits++] = it[i].r->limit;
		if (!g)
			continue;
		good[goods++] = g->s.median;
		p->goodput_low = fmin(p->goodput_low, g->s.q1);
		p->goodput_high = fmax(p->goodput_high, g->s.q3);
	}
	p->y = median(v, n);
	p->limit = median(limit, limits);
	p->goodput = median(good, goods);
	return 0;
}

static int make_line(struct over *o, const struct pick_group *g, struct line *line)
{
	line->point = plot_pool_get(&o->page->pool, g->n, sizeof(*line->point));
	if (!line->point)
		return -ENOMEM;
	for (size_t i = 0, from = 0; i < g->n; i++) {
		struct point *p = &line->point[line->n];

		if (i + 1 < g->n && g->item[i + 1].x == g->item[from].x)
			continue;
		if (make_point(&o->page->pool, &g->item[from], i + 1 - from, p))
			return -ENOMEM;
		o->goodput |= p->goodput > 0;
		o->limits |= p->limit > 0;
		o->x[o->places++] = p->x;
		line->n++;
		from = i + 1;
	}
	return 0;
}

static int make_lines(struct over *o)
{
	size_t most = 0, n = 0;

	for (size_t g = 0; g < o->pick.n; g++)
		most += o->pick.group[g].n;
	o->line = plot_pool_get(&o->page->pool, o->pick.n, sizeof(*o->line));
	o->x = plot_pool_get(&o->page->pool, most, sizeof(*o->x));
	if (!o->line || !o->x)
		return -ENOMEM;
	for (size_t g = 0; g < o->pick.n; g++)
		if (make_line(o, &o->pick.group[g], &o->line[g]))
			return -ENOMEM;
	qsort(o->x, o->places, sizeof(*o->x), by_value);
	for (size_t i = 0; i < o->places; i++)
		if (n == 0 || o->x[n - 1] != o->x[i])
			o->x[n++] = o->x[i];
	o->places = n;
	/* Powers of two, frame sizes: places that multiply, not add. */
	o->log_x = o->x[0] > 0 && n > 1 && o->x[n - 1] / o->x[0] >= 4;
	return 0;
}

/* --- drawing --- */

static double y_of(const struct point *p, bool goodput)
{
	return goodput ? p->goodput : p->y;
}

/* A quartile of nothing at all has no place on a logarithmic axis. */
static double low_of(const struct point *p, bool goodput)
{
	double low = goodput ? p->goodput_low : p->low;

	return low > 0 ? low : y_of(p, goodput);
}

/* The bound of goodput is that of the rate, with the bits of a frame. */
static double limit_of(const struct point *p, bool goodput)
{
	return !goodput ? p->limit : p->y > 0 ? p->limit * p->goodput / p->y : 0;
}

static void y_axis(struct over *o, struct plot_panel *q, bool goodput, const char *what,
		   const char *unit)
{
	double lo = INFINITY, hi = 0, scale = 1;
	const char *prefix = "";

	for (size_t g = 0; g < o->pick.n; g++) {
		for (size_t i = 0; i < o->line[g].n; i++) {
			const struct point *p = &o->line[g].point[i];
			double limit = limit_of(p, goodput);

			if (y_of(p, goodput) > 0)
				lo = fmin(lo, low_of(p, goodput));
			hi = fmax(hi, goodput ? p->goodput_high : p->high);
			hi = fmax(hi, limit);
			lo = limit > 0 ? fmin(lo, limit) : lo;
		}
	}
	if (lo > 0 && hi / lo > 25) {
		plot_axis_log(&q->y, lo, hi, 7, plot_tick_si);
	} else {
		for (const char *s = "kMGTP"; *s && hi / scale >= 1000; s++) {
			static const char *const prefixes[] = {"k", "M", "G", "T", "P"};

			prefix = prefixes[strchr("kMGTP", *s) - "kMGTP"];
			scale *= 1000;
		}
		plot_axis_from_zero(&q->y, hi, 6, scale);
	}
	q->above = plot_pool_text(&o->page->pool, "%s, %s%s%s", what, prefix,
				  *prefix && strchr(unit, '/') - unit > 3 ? " " : "", unit);
}

/* x of a point, moved aside a little so that lines at one place can be told apart. */
static double aside(const struct over *o, const struct plot_panel *q, double x, unsigned base)
{
	double step = APART / o->page->width, nearest = 1;

	for (size_t i = 1; i < o->places; i++)
		nearest = fmin(nearest, plot_axis_place(&q->x, o->x[i]) -
						plot_axis_place(&q->x, o->x[i - 1]));
	step = fmin(step, nearest / (o->pick.bases + 2));
	return plot_axis_value(&q->x, plot_axis_place(&q->x, x) +
					      step * (base - (o->pick.bases - 1) / 2.0));
}

static void draw_limit(struct over *o, struct plot_panel *q, const struct pick_group *g,
		       const struct line *line, bool goodput, struct plot_stroke stroke)
{
	size_t n = 0;
	unsigned block;
	FILE *out;

	for (size_t i = 0; i < line->n; i++)
		n += limit_of(&line->point[i], goodput) > 0;
	if (n == 0)
		return;
	block = plot_data_begin(o->page);
	for (size_t i = 0; i < line->n; i++) {
		double limit = limit_of(&line->point[i], goodput);
		double x = aside(o, q, line->point[i].x, g->base);
		double place = plot_axis_place(&q->x, x);

		/* A single one is a dash of its own. */
		if (limit > 0 && n == 1)
			fprintf(o->page->data, "%.9g %.9g\n%.9g %.9g\n",
				plot_axis_value(&q->x, place - 0.015), limit,
				plot_axis_value(&q->x, place + 0.015), limit);
		else if (limit > 0)
			fprintf(o->page->data, "%.9g %.9g\n", x, limit);
		else
			fputc('\n', o->page->data);
	}
	plot_data_end(o->page);
	stroke.dash = PLOT_DOTTED;
	out = plot_element(q);
	fprintf(out, "$d%u using 1:2 with lines", block);
	plot_put_line(out, &stroke, 1.7);
	fputs(" notitle", out);
}

static void draw_line(struct over *o, struct plot_panel *q, const struct pick_group *g,
		      const struct line *line, bool goodput, struct plot_stroke stroke)
{
	unsigned block = plot_data_begin(o->page);
	FILE *out;

	for (size_t i = 0; i < line->n; i++) {
		const struct point *p = &line->point[i];

		if (y_of(p, goodput) > 0)
			fprintf(o->page->data, "%.9g %.9g %.9g %.9g\n", aside(o, q, p->x, g->base),
				y_of(p, goodput), low_of(p, goodput),
				goodput ? p->goodput_high : p->high);
	}
	/* Never empty: gnuplot would not take it. */
	if (line->n == 0)
		fputs("NaN NaN NaN NaN\n", o->page->data);
	plot_data_end(o->page);
	out = plot_element(q);
	fprintf(out, "$d%u using 1:2 with lines", block);
	plot_put_line(out, &stroke, 2);
	fputs(" notitle", out);
	out = plot_element(q);
	fprintf(out, "$d%u using 1:2:3:4 with yerrorbars lw 1.2", block);
	plot_put_points(out, &stroke, 0.8);
	fputs(" notitle", out);
}

static struct plot_stroke stroke_of(const struct over *o, size_t g)
{
	return plot_series_stroke(o->first + o->pick.group[g].base, o->pick.group[g].regime);
}

static void draw_panel(struct over *o, double height, bool goodput, const char *what,
		       const char *unit, const char *below)
{
	struct plot_panel *q = plot_panel(o->page, height);
	double widest = 0;

	if (!q)
		return;
	for (size_t i = 0; i < o->places; i++) {
		char text[AXIS_TEXT_MAX];

		plot_tick_plain(text, sizeof(text), o->x[i]);
		widest = fmax(widest, plot_text_width(text, 15) + 10);
	}
	plot_axis_at(&q->x, o->x, o->places, o->log_x, widest / (o->page->width - 100));
	q->x.bare = below == NULL;
	q->below = below;
	y_axis(o, q, goodput, what, unit);
	for (size_t g = 0; g < o->pick.n; g++)
		draw_limit(o, q, &o->pick.group[g], &o->line[g], goodput, stroke_of(o, g));
	for (size_t g = 0; g < o->pick.n; g++)
		draw_line(o, q, &o->pick.group[g], &o->line[g], goodput, stroke_of(o, g));
}

/* What the rates are called: that of a search for the no-drop rate is none of a flood. */
static const char *title_of(const struct over *o, const struct family *f)
{
	for (size_t g = 0; g < o->pick.n; g++)
		if (strcmp(o->pick.group[g].item[0].r->metric, "ndr"))
			return f->title;
	return "no-drop rate";
}

static void put_legend(struct over *o)
{
	for (size_t g = 0; g < o->pick.n; g++)
		plot_legend(o->page, o->pick.group[g].label, stroke_of(o, g));
}

/* Copies of memory have their own unit, and so their own panel. */
static int draw_copies(struct over *first, const struct runs *r, const struct along *a)
{
	struct over o = {.page = first->page, .first = first->pick.bases};
	const struct family *f;
	int err = choose(&o.page->pool, r, a, COPIES, &o.pick, &f);

	if (err == -ENODATA || first->pick.bases == PLOT_SERIES_MAX)
		return 0;
	if (!err)
		err = make_lines(&o);
	if (err)
		return err;
	o.page->panel[0].below = NULL;
	o.page->panel[0].height = 210;
	draw_panel(&o, 150, false, f->title, f->unit, a->title);
	put_legend(&o);
	return 0;
}

int plot_over(struct plot_page *p, const struct runs *r, enum plot_kind kind)
{
	const struct along *a = along(kind);
	const struct family *f = NULL;
	struct over o = {.page = p};
	const char *title;
	bool two;
	int err;

	err = choose(&p->pool, r, a, 0, &o.pick, &f);
	if (!err)
		err = make_lines(&o);
	if (err)
		return err;
	two = kind == PLOT_SIZE && o.goodput;
	title = title_of(&o, f);
	plot_head(p, &o.pick,
		  plot_pool_text(&p->pool, "%s%s over %s", title, two ? " and goodput" : "",
				 a->over));
	draw_panel(&o, two ? 190 : 280, false, title, f->unit, two ? NULL : a->title);
	if (two)
		draw_panel(&o, 190, true, "goodput", "bit/s", a->title);
	put_legend(&o);
	if (f == &families[LINES])
		err = draw_copies(&o, r, a);
	if (o.limits)
		plot_legend(p, "limit",
			    (struct plot_stroke){.colour = PLOT_FG, .dash = PLOT_DOTTED});
	plot_note(p, o.limits ? "points: medians; bars: quartiles; dotted: the limit of the line "
				"of its colour"
			      : "points: medians; bars: quartiles of the rounds");
	return err ? err : p->pool.out ? -ENOMEM : 0;
}
