/* SPDX-License-Identifier: BSD-2-Clause */
/* From a page to the script that draws it: where things stand. The interface is in plot_page.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot_page.h"

/* Heights in units; letters first. */
enum {
	TITLE = 18,
	TEXT = 15,
	SMALL = 13,
	EDGE = 10,	  /* around everything */
	TITLE_LINE = 28,  /* a line of title */
	SUB_LINE = 18,	  /* a line below it, a note */
	ABOVE_LINE = 30,  /* what a y axis shows */
	TICK_LINE = 22,	  /* numbers of an x axis */
	BELOW_LINE = 20,  /* what an x axis shows */
	LEGEND_LINE = 22, /* a row of the legend */
	GAP = 10,
	SAMPLE = 34, /* a stroke in the legend */
	POINT = 14,  /* one without a line */
	COLUMNS = 200,
	LINES = 24, /* of text above and below, each */
};

struct legend {
	unsigned columns, rows;
	double sample;	       /* width of a stroke */
	double x[PAGE_LEGEND]; /* of each column */
};

/* A text in lines: as many words each as fit. */
struct lines {
	unsigned n;
	const char *line[LINES];
};

/* --- measuring --- */

static void break_lines(struct plot_pool *pool, const char *text, double width, struct lines *l)
{
	while (*text && l->n < LINES) {
		size_t end = 0, last = 0;

		for (;;) {
			size_t word = end + strspn(text + end, " ");

			word += strcspn(text + word, " ");
			if (last && plot_text_width(plot_pool_text(pool, "%.*s", (int)word, text),
						    SMALL) > width)
				break;
			last = end = word;
			if (!text[end])
				break;
		}
		l->line[l->n++] =
			plot_fit(pool, plot_pool_text(pool, "%.*s", (int)last, text), SMALL, width);
		text += last;
		text += strspn(text, " ");
	}
}

/* As many columns as fit side by side; entries go from left to right, then down. */
/* Place l->columns columns; their width altogether. */
static double place_columns(const struct plot_page *p, struct legend *l)
{
	double x = EDGE;

	for (unsigned c = 0; c < l->columns; c++) {
		double widest = 0;

		for (unsigned i = c; i < p->entries; i += l->columns) {
			double w = plot_text_width(p->legend[i].text, TEXT);

			widest = w > widest ? w : widest;
		}
		l->x[c] = x;
		x += l->sample + 8 + widest + 20;
	}
	return x - 20 + EDGE;
}

static void lay_legend(struct plot_page *p, struct legend *l)
{
	*l = (struct legend){.columns = p->entries, .sample = POINT};
	for (unsigned i = 0; i < p->entries; i++)
		if (p->legend[i].stroke.dash != PLOT_NO_LINE)
			l->sample = SAMPLE;
	for (unsigned i = 0; i < p->entries; i++)
		p->legend[i].text = plot_fit(&p->pool, p->legend[i].text, TEXT,
					     p->width - 2 * EDGE - l->sample - 8);
	while (l->columns > 1 && place_columns(p, l) > p->width)
		l->columns--;
	if (l->columns == 0)
		return;
	/* No row with a single last one where the others can make room. */
	l->rows = (p->entries + l->columns - 1) / l->columns;
	l->columns = (p->entries + l->rows - 1) / l->rows;
	place_columns(p, l);
}

/* Room left of the axes: as the widest number of any of them needs. */
static double left_margin(const struct plot_page *p)
{
	double widest = 0;

	if (p->left > 0)
		return p->left;
	for (unsigned i = 0; i < p->panels; i++) {
		const struct plot_axis *y = &p->panel[i].y;

		for (unsigned t = 0; t < y->ticks; t++) {
			double w = plot_text_width(y->tick[t].text, TEXT);

			widest = w > widest ? w : widest;
		}
	}
	return EDGE + widest + 14;
}

/* Room right of the axes: for half of a number at their very end. */
static double right_margin(const struct plot_page *p, double left)
{
	double right = 16, width = p->width - left - right;

	if (p->right > 0)
		return p->right;
	for (unsigned i = 0; i < p->panels; i++) {
		const struct plot_axis *x = &p->panel[i].x;

		for (unsigned t = 0; t < x->ticks && !x->bare; t++) {
			double over = plot_text_width(x->tick[t].text, TEXT) / 2 -
				      (1 - plot_axis_place(x, x->tick[t].at)) * width;

			right = over + 4 > right ? over + 4 : right;
		}
	}
	return right;
}

static double panel_height(const struct plot_panel *q)
{
	return (q->above ? ABOVE_LINE : 6) + q->height + (q->x.bare ? 8 : TICK_LINE) +
	       (q->below ? BELOW_LINE : 0);
}

/* --- writing --- */

static const char *family(enum plot_format format)
{
	return format == PLOT_PNG || format == PLOT_PDF ? "Sans" : "sans-serif";
}

static void put_terminal(FILE *out, const struct plot_page *p, enum plot_format format,
			 double height)
{
	fputs("set encoding utf8\n", out);
	/* The factors give letters, strokes and points the size they have in SVG, where a unit is a
	 * unit. */
	if (format == PLOT_PNG)
		fprintf(out,
			"set terminal pngcairo noenhanced size %.0f,%.0f font 'Sans,%d' "
			"fontscale 1.5 linewidth 2 pointscale 2.6 background rgb 'white'\n",
			2 * p->width, 2 * height, TEXT);
	else if (format == PLOT_PDF)
		fprintf(out,
			"set terminal pdfcairo noenhanced size %gin,%gin font 'Sans,%d' "
			"fontscale 0.75 linewidth 2 pointscale 0.65 background rgb 'white'\n",
			p->width / 96, height / 96, TEXT);
	else
		fprintf(out,
			"set terminal svg noenhanced size %.0f,%.0f font 'sans-serif,%d' "
			"linewidth 1 butt\n",
			p->width, height, TEXT);
}

static void put_text(FILE *out, const struct plot_page *p, enum plot_format format, double height,
		     double x, double y, int size, bool bold, const char *text)
{
	fputs("set label ", out);
	plot_quote(out, text, COLUMNS);
	fprintf(out,
		" at screen %.6f, screen %.6f left font '%s%s,%d' textcolor rgb '#%06x' "
		"noenhanced\n",
		x / p->width, 1 - y / height, family(format), bold ? ":Bold" : "", size, PLOT_FG);
}

static void put_legend(FILE *out, const struct plot_page *p, enum plot_format format, double height,
		       const struct legend *l, double y)
{
	for (unsigned i = 0; i < p->entries; i++) {
		const struct plot_legend_entry *e = &p->legend[i];
		double x = l->x[i % l->columns], at = y + LEGEND_LINE * (i / l->columns + 0.5);

		if (e->stroke.dash != PLOT_NO_LINE) {
			fprintf(out,
				"set arrow from screen %.6f, screen %.6f to screen %.6f, screen "
				"%.6f nohead",
				x / p->width, 1 - at / height, (x + l->sample) / p->width,
				1 - at / height);
			plot_put_line(out, &e->stroke, e->stroke.dash == PLOT_DOTTED ? 1.7 : 2);
			fputc('\n', out);
		}
		if (e->stroke.point != PLOT_NO_POINT) {
			fprintf(out, "set label '' at screen %.6f, screen %.6f point",
				(x + l->sample / 2) / p->width, 1 - at / height);
			plot_put_points(out, &e->stroke, 0.9);
			fputc('\n', out);
		}
		put_text(out, p, format, height, x + l->sample + 8, at, TEXT, false, e->text);
	}
}

static void put_axis(FILE *out, char which, const struct plot_axis *a)
{
	if (a->log)
		fprintf(out, "set logscale %c 10\n", which);
	else
		fprintf(out, "unset logscale %c\n", which);
	fprintf(out, "set %crange [%.12g:%.12g]\nset %ctics (", which, a->lo, a->hi, which);
	for (unsigned i = 0; i < a->ticks; i++) {
		const struct plot_tick *t = &a->tick[i];

		fprintf(out, "%s'", i ? ", " : "");
		/* Numbers and units of ours, but a format to gnuplot. */
		for (const char *c = a->bare ? "" : t->text; *c; c++)
			fputs(*c == '%' ? "%%" : (char[]){*c, 0}, out);
		fprintf(out, "' %.12g %d", t->at, t->text[0] == 0);
	}
	fputs(")\n", out);
}

static void put_panel(FILE *out, const struct plot_page *p, enum plot_format format, double height,
		      const struct plot_panel *q, double y)
{
	double top = y + (q->above ? ABOVE_LINE : 6), bottom = top + q->height;
	double below = bottom + TICK_LINE + BELOW_LINE / 2.0;

	if (q->above)
		put_text(out, p, format, height, EDGE, y + ABOVE_LINE / 2.0 - 4, TEXT, false,
			 q->above);
	fprintf(out,
		"set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
		"set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
		p->left / p->width, 1 - p->right / p->width, 1 - top / height, 1 - bottom / height);
	fprintf(out, "set border %d lc rgb '#%06x'\n", q->no_y ? 1 : 3, PLOT_FG);
	put_axis(out, 'x', &q->x);
	if (q->no_y)
		fprintf(out, "unset logscale y\nset yrange [%.12g:%.12g]\nunset ytics\n", q->y.lo,
			q->y.hi);
	else
		put_axis(out, 'y', &q->y);
	if (q->below) {
		double middle = (p->left + p->width - p->right) / 2;

		put_text(out, p, format, height, middle - plot_text_width(q->below, TEXT) / 2.2,
			 below, TEXT, false, q->below);
	}
	fputs(q->set_text ? q->set_text : "", out);
	fputs(q->elements ? q->plot_text : "plot NaN notitle", out);
	fputs("\nunset label\nunset arrow\nunset object\n", out);
}

static void put_script(FILE *out, const struct plot_page *p, enum plot_format format,
		       const struct lines *sub, const struct lines *note,
		       const struct legend *legend, double height)
{
	double y = EDGE;

	put_terminal(out, p, format, height);
	fputs(p->data_text ? p->data_text : "", out);
	fprintf(out,
		"set multiplot\nunset key\nset tics nomirror out scale 0.5 textcolor rgb '#%06x'\n"
		"set xtics offset 0,%g\n"
		"set grid xtics ytics lt 1 lw 1 lc rgb '#%08x'\nset errorbars small\n",
		PLOT_FG,
		format == PLOT_PDF   ? 0.0
		: format == PLOT_PNG ? 0.3
				     : 0.55,
		PLOT_GRID);
	if (p->title && *p->title) {
		put_text(out, p, format, height, EDGE, y + TITLE_LINE / 2.0, TITLE, true, p->title);
		y += TITLE_LINE;
	}
	for (unsigned i = 0; i < sub->n; i++, y += SUB_LINE)
		put_text(out, p, format, height, EDGE, y + SUB_LINE / 2.0, SMALL, false,
			 sub->line[i]);
	y += GAP;
	/* Labels are drawn with the panel that comes next, and then dropped: the legend, which is
	 * below the last one, as well. */
	for (unsigned i = 0; i < p->panels; i++) {
		if (i + 1 == p->panels) {
			double foot = y + panel_height(&p->panel[i]) + GAP;

			put_legend(out, p, format, height, legend, foot);
			foot += LEGEND_LINE * legend->rows + (legend->rows && note->n ? 4 : 0);
			for (unsigned k = 0; k < note->n; k++, foot += SUB_LINE)
				put_text(out, p, format, height, EDGE, foot + SUB_LINE / 2.0, SMALL,
					 false, note->line[k]);
		}
		put_panel(out, p, format, height, &p->panel[i], y);
		y += panel_height(&p->panel[i]) + GAP;
	}
	fputs("unset multiplot\n", out);
}

static int flush_all(struct plot_page *p)
{
	bool bad = fflush(p->data) || ferror(p->data);

	for (unsigned i = 0; i < p->panels; i++) {
		struct plot_panel *q = &p->panel[i];

		bad |= !q->set || fflush(q->set) || ferror(q->set);
		bad |= !q->plot || fflush(q->plot) || ferror(q->plot);
	}
	return bad || p->pool.out ? -ENOMEM : 0;
}

int plot_script(struct plot_page *p, enum plot_format format, char **script, size_t *size,
		double *height)
{
	struct lines sub = {0}, note = {0};
	struct legend legend;
	FILE *out;
	int err;

	*script = NULL;
	p->left = left_margin(p);
	p->right = right_margin(p, p->left);
	if (p->title)
		p->title = plot_fit(&p->pool, p->title, TITLE * 1.05, p->width - 2 * EDGE);
	for (unsigned i = 0; i < p->subs; i++)
		break_lines(&p->pool, p->sub[i], p->width - 2 * EDGE, &sub);
	for (unsigned i = 0; i < p->notes; i++)
		break_lines(&p->pool, p->note[i], p->width - 2 * EDGE, &note);
	lay_legend(p, &legend);
	*height = 2 * EDGE + (p->title && *p->title ? TITLE_LINE : 0) + SUB_LINE * sub.n + GAP +
		  LEGEND_LINE * legend.rows + (legend.rows && note.n ? 4 : 0) + SUB_LINE * note.n;
	for (unsigned i = 0; i < p->panels; i++)
		*height += panel_height(&p->panel[i]) + GAP;
	err = flush_all(p);
	out = err ? NULL : open_memstream(script, size);
	if (!out)
		return -ENOMEM;
	put_script(out, p, format, &sub, &note, &legend, *height);
	err = ferror(out);
	if (fclose(out) || err) {
		free(*script);
		*script = NULL;
		return -ENOMEM;
	}
	return 0;
}
