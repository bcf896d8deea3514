/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/plot_axis.h"
#include "report/table.h"

void plot_tick_si(char *buf, size_t size, double v)
{
	human_si(buf, size, v, "");
}

void plot_tick_ns(char *buf, size_t size, double v)
{
	human_ns(buf, size, v);
}

void plot_tick_plain(char *buf, size_t size, double v)
{
	snprintf(buf, size, "%.10g", v);
}

void plot_axis_add(struct plot_axis *a, double at, const char *text)
{
	struct plot_tick *t = &a->tick[a->ticks];

	if (a->ticks == AXIS_TICKS_MAX)
		return;
	t->at = at;
	snprintf(t->text, sizeof(t->text), "%s", text);
	a->ticks++;
}

static void add(struct plot_axis *a, double at, plot_tick_text text)
{
	char buf[AXIS_TEXT_MAX];

	text(buf, sizeof(buf), at);
	plot_axis_add(a, at, buf);
}

double plot_axis_place(const struct plot_axis *a, double v)
{
	if (a->log)
		return log(v / a->lo) / log(a->hi / a->lo);
	return (v - a->lo) / (a->hi - a->lo);
}

double plot_axis_value(const struct plot_axis *a, double place)
{
	if (a->log)
		return a->lo * pow(a->hi / a->lo, place);
	return a->lo + place * (a->hi - a->lo);
}

/* What no file of ours holds is kept from overflowing, which gnuplot would not take. */
static double sane(double v, double otherwise)
{
	return v > 0 ? fmin(fmax(v, 1e-60), 1e60) : otherwise;
}

/* 1, 2, 2.5 or 5 times a power of ten, so that range holds no more than `most` of it. */
static double nice_step(double range, unsigned most)
{
	static const double steps[] = {1, 2, 2.5, 5, 10};
	double raw = range / (most > 0 ? most : 1), power = pow(10, floor(log10(raw)));

	for (unsigned i = 0; i < 5; i++)
		if (steps[i] * power >= raw * (1 - 1e-9))
			return steps[i] * power;
	return 10 * power;
}

void plot_axis_from_zero(struct plot_axis *a, double hi, unsigned most, double scale)
{
	char buf[AXIS_TEXT_MAX];
	double step;

	*a = (struct plot_axis){.lo = 0};
	hi = sane(hi, 1);
	step = nice_step(hi, most);
	a->hi = hi * 1.06;
	for (unsigned i = 0; i * step <= a->hi && i < AXIS_TICKS_MAX; i++) {
		snprintf(buf, sizeof(buf), "%.6g", i * step / scale);
		plot_axis_add(a, i * step, buf);
	}
}

/* Ticks at the given multiples of every `every`-th power of ten; how many carry a number. */
static unsigned decades(struct plot_axis *a, const double *multiples, unsigned n, int every,
			plot_tick_text text)
{
	int first = (int)floor(log10(a->lo)), last = (int)ceil(log10(a->hi));
	unsigned named = 0;

	a->ticks = 0;
	for (int d = first; d <= last; d++) {
		for (unsigned i = 0; i < n; i++) {
			double at = multiples[i] * pow(10, d);

			if (at < a->lo * (1 - 1e-9) || at > a->hi * (1 + 1e-9))
				continue;
			if (((d % every) + every) % every == 0) {
				add(a, at, text);
				named++;
			} else {
				plot_axis_add(a, at, "");
			}
		}
	}
	return named;
}

void plot_axis_log(struct plot_axis *a, double lo, double hi, unsigned most, plot_tick_text text)
{
	static const double dense[] = {1, 1.5, 2, 3, 4, 5, 6, 8}, fives[] = {1, 2, 5},
			    threes[] = {1, 3};
	unsigned named;

	*a = (struct plot_axis){.log = true};
	lo = sane(lo, 1);
	hi = fmax(sane(hi, lo), lo * 1.0001);
	a->lo = lo / pow(hi / lo, 0.05);
	a->hi = hi * pow(hi / lo, 0.05);
	/* At least a fifth more than the value where all are about the same. */
	if (a->hi / a->lo < 1.2) {
		a->lo /= 1.1;
		a->hi *= 1.1;
	}
	if (decades(a, dense, 8, 1, text) <= most && a->ticks >= 2)
		return;
	if (a->ticks >= 2) {
		if (decades(a, fives, 3, 1, text) <= most && a->ticks >= 2)
			return;
		if (decades(a, threes, 2, 1, text) <= most && a->ticks >= 2)
			return;
		for (int every = 1; every < 30; every++) {
			named = decades(a, fives, 1, every, text);
			if (named >= 2 && named <= most)
				return;
		}
	}
	/* Less than half a decade: steps of one size. */
	a->ticks = 0;
	for (double step = nice_step(a->hi - a->lo, most), v = ceil(a->lo / step) * step;
	     v <= a->hi && a->ticks < AXIS_TICKS_MAX; v += step)
		add(a, v, text);
}

void plot_axis_at(struct plot_axis *a, const double *v, size_t n, bool log, double apart)
{
	double margin = 0.035, last, place, before = -1;
	char buf[AXIS_TEXT_MAX];

	*a = (struct plot_axis){.log = log, .lo = v[0], .hi = v[n - 1]};
	if (a->lo == a->hi) {
		a->lo = log ? a->lo / 2 : a->lo - 1;
		a->hi = log ? a->hi * 2 : a->hi + 1;
	}
	place = plot_axis_value(a, -margin);
	a->hi = plot_axis_value(a, 1 + margin);
	a->lo = place;
	last = plot_axis_place(a, v[n - 1]);
	/* More than fit: every so many-th, and the last. */
	for (size_t i = 0; i < n; i++) {
		if (n > AXIS_TICKS_MAX && i + 1 < n && i % (n / (AXIS_TICKS_MAX / 2)))
			continue;
		place = plot_axis_place(a, v[i]);
		plot_tick_plain(buf, sizeof(buf), v[i]);
		if (i + 1 < n && (place - before < apart || last - place < apart) && i > 0)
			buf[0] = '\0';
		else
			before = place;
		plot_axis_add(a, v[i], buf);
	}
}
