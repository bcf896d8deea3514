/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A picture as a page: title, panels one below the other, a legend under them, notes; and the
 * gnuplot script that draws it.
 *
 * What a kind puts into its panels is gnuplot's language; where things stand, letters, colours and
 * strokes are the page's business. All text goes through plot_quote(), whoever wrote it.
 *
 * One thread per page. Texts handed in must outlive the page: take them from its pool.
 */
#ifndef BENCH_PLOT_PAGE_H
#define BENCH_PLOT_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/plot.h"
#include "bench/plot_axis.h"
#include "bench/plot_pool.h"

#define PAGE_PANELS 10u
#define PAGE_LEGEND 16u
#define PAGE_LINES  8u

/* --- strokes --- */

/*
 * Text and axes. No colour anybody would choose, so that it can be told apart in gnuplot's output
 * and become the colour of the text around the picture there.
 */
#define PLOT_FG	   0x010203u
#define PLOT_MUTED 0x7f7f7fu
#define PLOT_GRID  0xb07f7f7fu /* with its alpha: 0 opaque, ff not to be seen */

enum plot_point {
	PLOT_NO_POINT,
	PLOT_CIRCLE,
	PLOT_SQUARE,
	PLOT_UP,
	PLOT_DIAMOND,
	PLOT_DOWN,
	PLOT_PENTAGON,
	PLOT_POINTS
};

/* How something is drawn: as a line, as points, or both. */
struct plot_stroke {
	uint32_t colour;
	enum plot_point point;
	bool hollow;
	unsigned dash; /* index of a pattern; 0: solid; see PLOT_NO_LINE, PLOT_DOTTED */
};
#define PLOT_DASHES  5u
#define PLOT_DOTTED  5u /* kept for limits and bounds */
#define PLOT_NO_LINE 99u

/*
 * The stroke of series i (0 to 7). Told apart by colour, by point and by dash. regime: NULL, or
 * the name of the regime where several are drawn: "near" is filled and solid, others are hollow
 * and dashed.
 */
#define PLOT_SERIES_MAX 8u
struct plot_stroke plot_series_stroke(unsigned i, const char *regime);
/* The stroke of a round of a regime. */
struct plot_stroke plot_regime_stroke(const char *regime);

/*
 * Clauses of a plot command, each with a leading blank: " lc rgb '#0072b2' lw 2 dt solid",
 * " pt 7 ps 0.8 lc rgb '#0072b2'". Written to out.
 */
void plot_put_line(FILE *out, const struct plot_stroke *s, double width);
void plot_put_points(FILE *out, const struct plot_stroke *s, double size);

/* --- pages --- */

struct plot_panel {
	const char *above; /* what its y axis shows, written above it; NULL: nothing */
	const char *below; /* what its x axis shows; NULL: nothing */
	double height;	   /* of the area between the axes, units */
	struct plot_axis x, y;
	bool no_y;  /* no y axis: rows with names */
	FILE *set;  /* commands before the plot command: set label, set object */
	FILE *plot; /* the plot command's elements, from plot_element() on */
	unsigned elements;
	char *set_text, *plot_text; /* private */
	size_t set_size, plot_size;
};

struct plot_legend_entry {
	const char *text;
	struct plot_stroke stroke;
};

struct plot_page {
	struct plot_pool pool;
	const char *title;	     /* NULL or "": none */
	const char *about;	     /* what kind of picture it is, for who does not see it */
	const char *sub[PAGE_LINES]; /* below the title; long ones are broken into lines */
	unsigned subs;
	const char *note[PAGE_LINES]; /* small, at the foot */
	unsigned notes;
	struct plot_panel panel[PAGE_PANELS];
	unsigned panels;
	struct plot_legend_entry legend[PAGE_LEGEND];
	unsigned entries;
	double width;	    /* units */
	double left, right; /* margins: room for names at the sides; 0: as the ticks need */
	FILE *data;	    /* blocks of numbers: from plot_data_begin() on */
	unsigned blocks;
	char *data_text; /* private */
	size_t data_size;
};

/* 0; -ENOMEM. width 0: the usual one. */
int plot_page_init(struct plot_page *p, unsigned width);
void plot_page_free(struct plot_page *p);

/* Ignored when there is no more room, which no kind runs into by itself. text NULL or "": ignored.
 */
void plot_sub(struct plot_page *p, const char *text);
void plot_note(struct plot_page *p, const char *text);
void plot_legend(struct plot_page *p, const char *text, struct plot_stroke stroke);
/* The next panel; never NULL as long as PAGE_PANELS is minded. */
struct plot_panel *plot_panel(struct plot_page *p, double height);

/*
 * A block of numbers: between begin and end the caller writes lines to p->data. begin returns its
 * number: $d3 is block 3.
 */
unsigned plot_data_begin(struct plot_page *p);
void plot_data_end(struct plot_page *p);
/* Begin the next element of a panel's plot command; returns the stream the rest goes to. */
FILE *plot_element(struct plot_panel *panel);

/* Write text as a string constant of gnuplot; at most `most` columns of it, then "...". */
void plot_quote(FILE *out, const char *text, unsigned most);
/* Width of a text in units, letters being `size` high: an estimate on the wide side. */
double plot_text_width(const char *text, double size);
/* Text that is no wider than that, its middle left out where it must be; from the pool. */
const char *plot_fit(struct plot_pool *pool, const char *text, double size, double width);
/* Text that takes no more than `most` columns, its middle left out; from the pool. */
const char *plot_shorten(struct plot_pool *pool, const char *text, unsigned most);

/*
 * The script that draws the page, to be freed by the caller; *height: of the page, units. 0;
 * -ENOMEM.
 */
int plot_script(struct plot_page *p, enum plot_format format, char **script, size_t *size,
		double *height);

#endif
