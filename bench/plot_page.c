/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot_page.h"

#define USUAL_WIDTH	 640u
#define LINE_MAX_COLUMNS 400u /* some lines; what is longer is no text to be read */

/* --- strokes --- */

/*
 * After Okabe and Ito, told apart by people who see fewer colours; orange, sky blue and yellow
 * taken darker or left out, so that all of them stand out (3 to 1) from white and from near black.
 */
static const uint32_t colours[PLOT_SERIES_MAX] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
						  0xc08400, PLOT_FG,  0x2f95d2, 0x7f7f7f};
static const enum plot_point points[PLOT_SERIES_MAX] = {PLOT_CIRCLE,  PLOT_SQUARE,  PLOT_UP,
							PLOT_DIAMOND, PLOT_DOWN,    PLOT_CIRCLE,
							PLOT_SQUARE,  PLOT_PENTAGON};
static const char *const dashes[PLOT_DASHES + 1] = {"solid", "(10,4)",	   "(10,3,2,3)",
						    "(5,3)", "(12,3,5,3)", "(2,4)"};

struct plot_stroke plot_series_stroke(unsigned i, const char *regime)
{
	static const unsigned dash[PLOT_SERIES_MAX] = {0, 1, 2, 3, 4, 0, 1, 2};
	struct plot_stroke s = {.colour = colours[i % PLOT_SERIES_MAX],
				.point = points[i % PLOT_SERIES_MAX],
				.dash = dash[i % PLOT_SERIES_MAX]};

	/* Two series of one colour differ in the ground they were measured on, and in nothing else:
	 * then that is what the dash tells. */
	if (regime) {
		s.hollow = strcmp(regime, "near") != 0;
		s.dash = !s.hollow ? 0 : strcmp(regime, "far") == 0 ? 1 : 3;
	} else if (i >= 5) {
		s.hollow = true; /* the shapes begin anew */
	}
	return s;
}

struct plot_stroke plot_regime_stroke(const char *regime)
{
	struct plot_stroke s = {.colour = colours[0], .point = PLOT_CIRCLE, .dash = PLOT_NO_LINE};

	if (strcmp(regime, "mid") == 0) {
		s.colour = colours[4];
		s.point = PLOT_DIAMOND;
	} else if (strcmp(regime, "far") == 0) {
		s.colour = colours[1];
		s.point = PLOT_UP;
	} else if (strcmp(regime, "near") != 0) {
		s.colour = colours[7];
		s.point = PLOT_SQUARE;
	}
	return s;
}

void plot_put_line(FILE *out, const struct plot_stroke *s, double width)
{
	unsigned dash = s->dash <= PLOT_DASHES ? s->dash : 0;

	fprintf(out, " lc rgb '#%06x' lw %g dt %s", s->colour, width, dashes[dash]);
}

void plot_put_points(FILE *out, const struct plot_stroke *s, double size)
{
	/* gnuplot's numbers, the same in all the terminals used here: filled, hollow. Triangles and
	 * diamonds look smaller than squares of their width. */
	static const struct {
		unsigned filled, hollow;
		double scale;
	} shape[PLOT_POINTS] = {[PLOT_CIRCLE] = {7, 6, 1},   [PLOT_SQUARE] = {5, 4, 0.9},
				[PLOT_UP] = {9, 8, 1.1},     [PLOT_DIAMOND] = {13, 12, 1.15},
				[PLOT_DOWN] = {11, 10, 1.1}, [PLOT_PENTAGON] = {15, 14, 1.05}};
	enum plot_point p = s->point < PLOT_POINTS ? s->point : PLOT_NO_POINT;

	fprintf(out, " pt %u ps %g lc rgb '#%06x'", s->hollow ? shape[p].hollow : shape[p].filled,
		size * shape[p].scale, s->colour);
}

/* --- building --- */

int plot_page_init(struct plot_page *p, unsigned width)
{
	memset(p, 0, sizeof(*p));
	p->width = width ? width : USUAL_WIDTH;
	p->data = open_memstream(&p->data_text, &p->data_size);
	return p->data ? 0 : -ENOMEM;
}

void plot_page_free(struct plot_page *p)
{
	for (unsigned i = 0; i < p->panels; i++) {
		struct plot_panel *q = &p->panel[i];

		if (q->set)
			fclose(q->set);
		if (q->plot)
			fclose(q->plot);
		free(q->set_text);
		free(q->plot_text);
	}
	if (p->data)
		fclose(p->data);
	free(p->data_text);
	plot_pool_free(&p->pool);
}

void plot_sub(struct plot_page *p, const char *text)
{
	if (text && *text && p->subs < PAGE_LINES)
		p->sub[p->subs++] = plot_shorten(&p->pool, text, LINE_MAX_COLUMNS);
}

void plot_note(struct plot_page *p, const char *text)
{
	if (text && *text && p->notes < PAGE_LINES)
		p->note[p->notes++] = plot_shorten(&p->pool, text, LINE_MAX_COLUMNS);
}

void plot_legend(struct plot_page *p, const char *text, struct plot_stroke stroke)
{
	if (text && *text && p->entries < PAGE_LEGEND)
		p->legend[p->entries++] = (struct plot_legend_entry){
			plot_shorten(&p->pool, text, LINE_MAX_COLUMNS), stroke};
}

struct plot_panel *plot_panel(struct plot_page *p, double height)
{
	struct plot_panel *q;

	if (p->panels == PAGE_PANELS)
		return NULL;
	q = &p->panel[p->panels];
	q->height = height;
	q->set = open_memstream(&q->set_text, &q->set_size);
	q->plot = open_memstream(&q->plot_text, &q->plot_size);
	p->panels++;
	if (q->set && q->plot)
		return q;
	p->pool.out = true;
	return NULL;
}

unsigned plot_data_begin(struct plot_page *p)
{
	fprintf(p->data, "$d%u << EOD\n", p->blocks);
	return p->blocks++;
}

void plot_data_end(struct plot_page *p)
{
	fputs("EOD\n", p->data);
}

FILE *plot_element(struct plot_panel *panel)
{
	fputs(panel->elements++ ? ", \\\n " : "plot ", panel->plot);
	return panel->plot;
}
