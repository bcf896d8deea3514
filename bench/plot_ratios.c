/* SPDX-License-Identifier: BSD-2-Clause */
/* A comparison: for each row the ratio of the medians and its interval, about the line at 1. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot_kinds.h"

#define ROWS_MAX   36u
#define ROW_HEIGHT 22.0
#define SMALL	   13.0
#define LABEL_MAX  46u /* columns */
#define WIDEST	   8.0 /* ratios beyond are drawn at the edge */

struct ratios {
	struct plot_page *page;
	const struct comparison *c;
	const struct compare_row **row; /* those drawn */
	size_t n;
	bool names, metrics, regimes; /* differ among them */
	double lo, hi;
	struct plot_axis x;
};

static struct plot_stroke stroke_of(enum compare_verdict v)
{
	switch (v) {
	case COMPARE_BETTER:
		return (struct plot_stroke){0x0072b2, PLOT_CIRCLE, false, PLOT_NO_LINE};
	case COMPARE_WORSE:
		return (struct plot_stroke){0xd55e00, PLOT_DOWN, false, PLOT_NO_LINE};
	case COMPARE_SAME:
		return (struct plot_stroke){PLOT_MUTED, PLOT_SQUARE, false, PLOT_NO_LINE};
	default:
		return (struct plot_stroke){PLOT_FG, PLOT_DIAMOND, true, PLOT_NO_LINE};
	}
}

/* --- which rows --- */

static unsigned weight(const struct compare_row *r)
{
	return r->gate_broken		       ? 0
	       : r->verdict == COMPARE_WORSE   ? 1
	       : r->verdict == COMPARE_BETTER  ? 2
	       : r->verdict == COMPARE_UNKNOWN ? 3
					       : 4;
}

static double distance(const struct compare_row *r)
{
	return r->ratio > 0 && isfinite(r->ratio) ? fabs(log(r->ratio)) : 0;
}

static int by_weight(const void *pa, const void *pb)
{
	const struct compare_row *a = *(const struct compare_row *const *)pa,
				 *b = *(const struct compare_row *const *)pb;

	if (weight(a) != weight(b))
		return weight(a) < weight(b) ? -1 : 1;
	if (distance(a) != distance(b))
		return distance(a) > distance(b) ? -1 : 1;
	return a < b ? -1 : a > b;
}

static int by_place(const void *pa, const void *pb)
{
	const struct compare_row *a = *(const struct compare_row *const *)pa,
				 *b = *(const struct compare_row *const *)pb;

	return a < b ? -1 : a > b;
}

static int choose(struct ratios *s)
{
	size_t n = 0;

	s->row = plot_pool_get(&s->page->pool, s->c->rows ? s->c->rows : 1, sizeof(*s->row));
	if (!s->row)
		return -ENOMEM;
	for (size_t i = 0; i < s->c->rows; i++)
		s->row[n++] = &s->c->row[i];
	qsort(s->row, n, sizeof(*s->row), by_weight);
	s->n = n < ROWS_MAX ? n : ROWS_MAX;
	qsort(s->row, s->n, sizeof(*s->row), by_place);
	for (size_t i = 1; i < s->n; i++) {
		const struct run_result *a = s->row[0]->now, *b = s->row[i]->now;

		s->names |= strcmp(a->name, b->name) != 0;
		s->metrics |= strcmp(a->metric, b->metric) != 0;
		s->regimes |= strcmp(a->regime, b->regime) != 0;
	}
	return n ? 0 : -ENODATA;
}

/* --- drawing --- */

static const char *label_of(const struct ratios *s, const struct compare_row *r)
{
	struct plot_pool *pool = &s->page->pool;
	const char *label = "";

	if ((s->names || !(s->metrics || r->params[0])) && !pick_says_name(r->now))
		label = pick_short_name(r->now->name);
	if (s->metrics)
		label = plot_pool_text(pool, "%s%s%s", label, *label ? " " : "", r->now->metric);
	if (r->params[0])
		label = plot_pool_text(pool, "%s%s%s", label, *label ? ", " : "", r->params);
	if (s->regimes)
		label = plot_pool_text(pool, "%s%s%s", label, *label ? ", " : "", r->now->regime);
	return plot_shorten(pool, label, LABEL_MAX);
}

static double within(const struct ratios *s, double v, double otherwise)
{
	if (isnan(v) || !(v > 0))
		return otherwise;
	return fmin(fmax(v, s->x.lo), s->x.hi);
}

static void x_axis(struct ratios *s)
{
	static const double steps[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2};
	double lo = 0.93, hi = 1.07, step = 0, last = 0;
	char text[AXIS_TEXT_MAX];

	for (size_t i = 0; i < s->n; i++) {
		const struct compare_row *r = s->row[i];
		const double v[] = {r->ratio, r->low, r->high, 1 - r->margin, 1 + r->margin};

		for (unsigned k = 0; k < 5; k++) {
			if (!(v[k] > 0) || !isfinite(v[k]))
				continue;
			lo = fmin(lo, fmax(v[k], 1 / WIDEST));
			hi = fmax(hi, fmin(v[k], WIDEST));
		}
	}
	s->x = (struct plot_axis){.log = true, .lo = lo / 1.02, .hi = hi * 1.02};
	/* Steps of one size, the smallest that leave room for numbers; 1 is one of them. */
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]) && step == 0; i++)
		if ((hi - lo) / steps[i] <= 9)
			step = steps[i];
	for (int i = (int)floor(s->x.lo / step); i * step <= s->x.hi; i++) {
		double at = i * step;

		if (at < s->x.lo || !(at > 0))
			continue;
		snprintf(text, sizeof(text), "%.4g", at);
		/* On the right they come closer; 1 is never left out. */
		if (last > 0 && fabs(at - 1) > 1e-9 &&
		    plot_axis_place(&s->x, at) - plot_axis_place(&s->x, last) < 0.08)
			text[0] = '\0';
		else
			last = at;
		plot_axis_add(&s->x, at, text);
	}
	if (lo < 0.5)
		for (double at = 0.5; at >= s->x.lo; at /= 2) {
			snprintf(text, sizeof(text), "%.3g", at);
			plot_axis_add(&s->x, at, text);
		}
}

/* As `vop-bench compare` says it. */
static const char *change(struct plot_pool *pool, const struct compare_row *r)
{
	const char *mark = r->gate_broken ? " !" : "";

	if (r->ratio >= 3 || r->ratio < 0.34)
		return plot_pool_text(pool, "x %.2f%s", r->ratio, mark);
	return plot_pool_text(pool, "%+.1f %%%s", 100 * (r->ratio - 1), mark);
}

static void put_row(struct ratios *s, struct plot_panel *q, const struct compare_row *r, size_t y)
{
	fputs("set label ", q->set);
	plot_quote(q->set, label_of(s, r), LABEL_MAX);
	fprintf(q->set,
		" at screen %.6f, first %zu left font ',%g' textcolor rgb '#%06x' noenhanced\n",
		10 / s->page->width, y, SMALL, PLOT_FG);
	if (r->ratio > 0 && isfinite(r->ratio)) {
		const char *text = change(&s->page->pool, r);

		fputs("set label ", q->set);
		plot_quote(q->set, text, LABEL_MAX);
		fprintf(q->set,
			" at screen %.6f, first %zu right font ',%g' textcolor rgb '#%06x' "
			"noenhanced\n",
			1 - 10 / s->page->width, y, SMALL, PLOT_FG);
	}
	fprintf(q->set,
		"set object rectangle from first %.9g, first %.9g to first %.9g, first %.9g behind "
		"fillcolor rgb '#%08x' fillstyle solid noborder\n",
		within(s, 1 - r->margin, s->x.lo), (double)y - 0.5,
		within(s, 1 + r->margin, s->x.hi), (double)y + 0.5, 0xd0000000u | PLOT_MUTED);
}

static void draw_verdict(struct ratios *s, struct plot_panel *q, enum compare_verdict v,
			 bool more_is_better)
{
	struct plot_stroke stroke = stroke_of(v);
	unsigned block;
	size_t y = 0, n = 0;
	FILE *out;

	block = plot_data_begin(s->page);
	for (size_t i = 0; i < s->n; i++) {
		const struct compare_row *r = s->row[i];

		if (r->now->more_is_better != more_is_better)
			continue;
		y++;
		if (r->verdict != v || !(r->ratio > 0))
			continue;
		n++;
		fprintf(s->page->data, "%.9g %zu %.9g %.9g\n", within(s, r->ratio, 1), y,
			within(s, r->low, s->x.lo), within(s, r->high, s->x.hi));
	}
	fputs("NaN NaN NaN NaN\n", s->page->data);
	plot_data_end(s->page);
	if (n == 0)
		return;
	out = plot_element(q);
	fprintf(out, "$d%u using 1:2:3:4 with xerrorbars lw 1.6", block);
	plot_put_points(out, &stroke, 0.85);
	fputs(" notitle", out);
}

static void draw_panel(struct ratios *s, bool more_is_better)
{
	struct plot_panel *q;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->row[i]->now->more_is_better == more_is_better;
	if (n == 0)
		return;
	q = plot_panel(s->page, (double)n * ROW_HEIGHT);
	if (!q)
		return;
	q->x = s->x;
	q->no_y = true;
	q->y.lo = (double)n + 0.5;
	q->y.hi = 0.5;
	q->above = more_is_better ? "more is better: right of 1" : "less is better: left of 1";
	q->below = "new / old";
	n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->row[i]->now->more_is_better == more_is_better)
			put_row(s, q, s->row[i], ++n);
	fprintf(q->set,
		"set arrow from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#%06x' lw 1.5 "
		"dt solid\n",
		PLOT_FG);
	for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
		draw_verdict(s, q, (enum compare_verdict)v, more_is_better);
}

static void say_what(struct ratios *s)
{
	struct plot_pool *pool = &s->page->pool;
	const struct run_result *first = s->row[0]->now;
	double confidence = 1;
	size_t refused = 0;
	bool broken = false;

	if (!s->page->title)
		s->page->title = "new against old, ratio of medians";
	plot_sub(s->page,
		 plot_pool_text(pool, "%s%s%s%s%s%s", s->names ? "" : first->name,
				s->names || s->metrics ? "" : " ", s->metrics ? "" : first->metric,
				!s->regimes && !(s->names && s->metrics) ? ", " : "",
				s->regimes ? "" : "regime ", s->regimes ? "" : first->regime));
	plot_sub(s->page, s->c->shared);
	if (s->c->rows > s->n)
		plot_sub(s->page, plot_pool_text(pool, "%zu of %zu rows, those that say most", s->n,
						 s->c->rows));
	for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
		if (s->c->verdicts[v])
			plot_legend(s->page,
				    plot_pool_text(pool, "%zu %s", s->c->verdicts[v],
						   compare_verdict_word((enum compare_verdict)v)),
				    stroke_of((enum compare_verdict)v));
	for (size_t i = 0; i < s->n; i++) {
		confidence = fmin(confidence, s->row[i]->confidence);
		broken |= s->row[i]->gate_broken;
	}
	plot_note(s->page, plot_pool_text(pool,
					  "bars: intervals of %.4g %% or a little more; shaded: "
					  "too small to matter%s",
					  100 * confidence, broken ? "; !: breaks the gate" : ""));
	for (size_t i = 0; i < s->c->refusals; i++)
		refused += s->c->refusal[i].count ? s->c->refusal[i].count : 1;
	if (refused)
		plot_note(s->page, plot_pool_text(pool,
						  "%zu more were not compared: `vop-bench "
						  "compare` says why",
						  refused));
	if (s->c->ignored[0])
		plot_note(s->page, plot_pool_text(pool, "let pass: %s", s->c->ignored));
}

int plot_ratios(struct plot_page *p, const struct comparison *c)
{
	struct ratios s = {.page = p, .c = c};
	double widest = 0;
	int err = choose(&s);

	if (err)
		return err;
	for (size_t i = 0; i < s.n; i++)
		widest = fmax(widest, plot_text_width(label_of(&s, s.row[i]), SMALL));
	p->left = 10 + widest + 14;
	p->right = 84;
	x_axis(&s);
	say_what(&s);
	draw_panel(&s, true);
	draw_panel(&s, false);
	if (p->panels == 2)
		p->panel[0].below = NULL;
	return p->pool.out ? -ENOMEM : 0;
}
