/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gnuplot's SVG made fit to be shown: see enum plot_format in plot.h.
 *
 * Only what a drawing consists of is let through, element by element and attribute by attribute:
 * what a program that calls itself gnuplot may put out, ends up as shapes and text.
 */
#ifndef BENCH_PLOT_SVG_H
#define BENCH_PLOT_SVG_H

#include <stdbool.h>
#include <stddef.h>

struct plot_svg_look {
	bool inlined;	   /* for HTML; else a file of its own */
	const char *id;	   /* begins every id; NULL: made from what is drawn */
	const char *title; /* what it is, for those who do not see it; NULL: nothing */
	const char *about; /* the same at length; NULL: nothing */
	double width, height;
};

/* 0, and *out is to be freed; -EINVAL: in is no SVG; -ENOMEM. */
int plot_svg_make(const char *in, size_t n, const struct plot_svg_look *look, char **out,
		  size_t *out_n);

#endif
