/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Axes: a range and the places on it that carry a number a person would choose.
 *
 * Pure but for the axis itself.
 */
#ifndef BENCH_PLOT_AXIS_H
#define BENCH_PLOT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#define AXIS_TICKS_MAX 64u
#define AXIS_TEXT_MAX  24u

struct plot_tick {
	double at;
	char text[AXIS_TEXT_MAX]; /* "": a mark without a number */
};

struct plot_axis {
	bool log;
	bool bare; /* ticks without numbers: the panel below has them */
	double lo, hi;
	unsigned ticks;
	struct plot_tick tick[AXIS_TICKS_MAX]; /* ascending where made here */
};

/* Turns a value into a tick's text: human_si() and the like, with its unit or without. */
typedef void (*plot_tick_text)(char *buf, size_t size, double v);
void plot_tick_si(char *buf, size_t size, double v);	/* 1.5 M */
void plot_tick_ns(char *buf, size_t size, double v);	/* 1.5 us */
void plot_tick_plain(char *buf, size_t size, double v); /* 1518 */

/*
 * From zero to somewhat above hi, with up to `most` numbers. scale divides what is printed: 1e9 and
 * the title says Gbit/s.
 */
void plot_axis_from_zero(struct plot_axis *a, double hi, unsigned most, double scale);
/* Logarithmic around lo..hi (both above 0), with up to `most` numbers. */
void plot_axis_log(struct plot_axis *a, double lo, double hi, unsigned most, plot_tick_text text);
/*
 * Ticks at values v[0..n), ascending; those nearer than `apart` (share of the axis) to the one
 * before get no number, but the last always does. The range encloses them with a margin.
 */
void plot_axis_at(struct plot_axis *a, const double *v, size_t n, bool log, double apart);
/* One more tick; ignored when full. */
void plot_axis_add(struct plot_axis *a, double at, const char *text);

/* Place of a value on the axis, 0 to 1 (beyond: outside). */
double plot_axis_place(const struct plot_axis *a, double v);
/* The value at a place. */
double plot_axis_value(const struct plot_axis *a, double place);

#endif
