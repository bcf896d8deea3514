/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "bench/rank.h"

/*
 * Up to here the distribution of the rank sum is counted out; beyond, the normal approximation with
 * continuity correction takes a chance of one in a hundred for a tenth more than it is.
 */
#define EXACT_PAIRS 900u /* m * n of two samples */
#define EXACT_ONE   60u	 /* n of one */

/* --- distributions of the rank sums --- */

static double normal_tail(double z)
{
	return 0.5 * erfc(z / sqrt(2));
}

/* z with normal_tail(z) == p, by halving. */
static double normal_quantile(double p)
{
	double low = 0, high = 40;

	for (int i = 0; i < 80; i++) {
		double mid = (low + high) / 2;

		if (normal_tail(mid) > p)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/*
 * Cumulated probabilities of U (two samples), out[0 .. m * n]. Each arrangement of m and n values
 * is as likely: f(u; m, n) = f(u - n; m - 1, n) + f(u; m, n - 1), in probabilities.
 */
static double *shift_distribution(size_t m, size_t n)
{
	size_t max = m * n, row = max + 1;
	double *f = calloc((m + 1) * row, sizeof(*f));
	double sum = 0;

	if (!f)
		return NULL;
	/* f[i * row + u] for the present number j of the second sample. */
	for (size_t i = 0; i <= m; i++)
		f[i * row] = 1;
	for (size_t j = 1; j <= n; j++) {
		for (size_t i = 1; i <= m; i++) {
			double *own = &f[i * row], *fewer = &f[(i - 1) * row];
			double take = (double)i / (double)(i + j);

			/* The largest of all is one of the first sample (which then beats all j)
			 * or not. */
			for (size_t u = i * j + 1; u-- > 0;) {
				double without = u <= i * (j - 1) ? own[u] : 0;
				double with = u >= j ? fewer[u - j] : 0;

				own[u] = (1 - take) * without + take * with;
			}
		}
	}
	for (size_t u = 0; u <= max; u++) {
		sum += f[m * row + u];
		f[u] = sum;
	}
	return f;
}

/* Cumulated probabilities of the signed-rank sum, out[0 .. n (n + 1) / 2]. */
static double *centre_distribution(size_t n)
{
	size_t max = n * (n + 1) / 2;
	double *f = calloc(max + 1, sizeof(*f));
	double sum = 0;

	if (!f)
		return NULL;
	f[0] = 1;
	for (size_t i = 1; i <= n; i++)
		for (size_t t = i * (i + 1) / 2 + 1; t-- > 0;)
			f[t] = f[t] / 2 + (t >= i ? f[t - i] / 2 : 0);
	for (size_t t = 0; t <= max; t++) {
		sum += f[t];
		f[t] = sum;
	}
	return f;
}

/* A rank sum between 0 and max, symmetric about its middle. */
struct ranks {
	double *cumulated; /* NULL: approximated */
	double max, mean, sd;
};

static int shift_ranks(size_t m, size_t n, struct ranks *r)
{
	double a = (double)m, b = (double)n;

	*r = (struct ranks){.max = a * b, .mean = a * b / 2, .sd = sqrt(a * b * (a + b + 1) / 12)};
	if (m * n > EXACT_PAIRS)
		return 0;
	r->cumulated = shift_distribution(m, n);
	return r->cumulated ? 0 : -ENOMEM;
}

static int centre_ranks(size_t n, struct ranks *r)
{
	double a = (double)n;

	*r = (struct ranks){.max = a * (a + 1) / 2,
			    .mean = a * (a + 1) / 4,
			    .sd = sqrt(a * (a + 1) * (2 * a + 1) / 24)};
	if (n > EXACT_ONE)
		return 0;
	r->cumulated = centre_distribution(n);
	return r->cumulated ? 0 : -ENOMEM;
}

/* Chance of a sum of at most t. */
static double at_most(const struct ranks *r, double t)
{
	if (t < 0)
		return 0;
	if (t >= r->max)
		return 1;
	if (r->cumulated)
		return r->cumulated[(size_t)t];
	return normal_tail((r->mean - t - 0.5) / r->sd);
}

/*
 * How many of the ordered differences lie below the interval (as many lie above), for at most
 * (1 - confidence) / 2 in each tail; *real is what the interval then has. When even 0 below is too
 * many, the whole range is taken.
 */
static double below(const struct ranks *r, double confidence, double *real)
{
	double tail = (1 - confidence) / 2, t;

	if (r->cumulated) {
		for (t = 0; t < r->max && at_most(r, t) <= tail;)
			t++;
	} else {
		t = floor(r->mean - 0.5 - normal_quantile(tail) * r->sd) + 1;
		t = fmax(t, 0);
	}
	/* Sums of at most t - 1 are outside. */
	*real = 1 - 2 * at_most(r, fmax(t - 1, 0));
	return fmax(t - 1, 0);
}

/* Chance, both ways, of a smaller side of at most t. */
static double both_tails(const struct ranks *r, double t)
{
	return fmin(2 * at_most(r, t), 1);
}

/* --- ordered differences, without making them all --- */

/* How many y[j] - x[i] are at most t? */
static double shifts_at_most(const double *x, size_t m, const double *y, size_t n, double t)
{
	double count = 0;
	size_t j = 0;

	for (size_t i = 0; i < m; i++) {
		while (j < n && y[j] - x[i] <= t)
			j++;
		count += (double)j;
	}
	return count;
}

/* How many (d[i] + d[j]) / 2, i <= j, are at most t? */
static double means_at_most(const double *d, size_t n, double t)
{
	double count = 0;
	size_t j = n;

	for (size_t i = 0; i < n; i++) {
		while (j > 0 && (d[i] + d[j - 1]) / 2 > t)
			j--;
		if (j > i)
			count += (double)(j - i);
	}
	return count;
}

struct ordered {
	const double *x, *y; /* y NULL: means of x */
	size_t m, n;
	double min, max;
};

static double count_at_most(const struct ordered *o, double t)
{
	return o->y ? shifts_at_most(o->x, o->m, o->y, o->n, t) : means_at_most(o->x, o->m, t);
}

/* The k-th smallest, from 0, by halving: the last bit of a double is reached in about 60 steps. */
static double kth(const struct ordered *o, double k)
{
	double low = o->min, high = o->max;

	if (count_at_most(o, low) > k)
		return low;
	for (int i = 0; i < 200; i++) {
		double mid = low + (high - low) / 2;

		if (mid <= low || mid >= high)
			break;
		if (count_at_most(o, mid) > k)
			high = mid;
		else
			low = mid;
	}
	return high;
}

static int interval(const struct ordered *o, struct ranks *r, double confidence,
		    struct rank_interval *out)
{
	double total = r->max, k = below(r, confidence, &out->confidence);

	out->low = kth(o, k);
	out->high = kth(o, total - 1 - k);
	out->estimate = (kth(o, floor((total - 1) / 2)) + kth(o, ceil((total - 1) / 2))) / 2;
	free(r->cumulated);
	return 0;
}

int rank_shift(const double *x, size_t m, const double *y, size_t n, double confidence,
	       struct rank_interval *out)
{
	struct ordered o = {
		.x = x, .y = y, .m = m, .n = n, .min = y[0] - x[m - 1], .max = y[n - 1] - x[0]};
	struct ranks r;
	int e = shift_ranks(m, n, &r);

	return e ? e : interval(&o, &r, confidence, out);
}

int rank_centre(const double *d, size_t n, double confidence, struct rank_interval *out)
{
	struct ordered o = {.x = d, .m = n, .min = d[0], .max = d[n - 1]};
	struct ranks r;
	int e = centre_ranks(n, &r);

	return e ? e : interval(&o, &r, confidence, out);
}

/* The smaller count of the two sides; what lies on `from` itself speaks for neither: half each. */
static double sum_beside(double at_most_from, double below_from, double total)
{
	double ties = at_most_from - below_from;
	double low = below_from + ties / 2;

	/* A half left over speaks for chance. */
	return ceil(fmin(low, total - low));
}

int rank_shift_p(const double *x, size_t m, const double *y, size_t n, double from, double *p)
{
	struct ranks r;
	int e = shift_ranks(m, n, &r);

	if (e)
		return e;
	*p = both_tails(&r,
			sum_beside(shifts_at_most(x, m, y, n, from),
				   shifts_at_most(x, m, y, n, nextafter(from, -INFINITY)), r.max));
	free(r.cumulated);
	return 0;
}

int rank_centre_p(const double *d, size_t n, double from, double *p)
{
	struct ranks r;
	int e = centre_ranks(n, &r);

	if (e)
		return e;
	*p = both_tails(&r, sum_beside(means_at_most(d, n, from),
				       means_at_most(d, n, nextafter(from, -INFINITY)), r.max));
	free(r.cumulated);
	return 0;
}

/* --- many at once --- */

struct ranked {
	double p;
	size_t i;
};

static int by_p(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->p, y = ((const struct ranked *)b)->p;

	return (x > y) - (x < y);
}

int rank_adjust(double *p, size_t n)
{
	struct ranked *r = malloc((n ? n : 1) * sizeof(*r));
	double least = 1;

	if (!r)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		r[i] = (struct ranked){p[i], i};
	qsort(r, n, sizeof(*r), by_p);
	for (size_t k = n; k-- > 0;) {
		least = fmin(least, r[k].p * (double)n / (double)(k + 1));
		p[r[k].i] = least;
	}
	free(r);
	return 0;
}
