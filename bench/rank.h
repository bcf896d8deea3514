/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rank statistics: intervals and probabilities that assume no distribution of the values.
 *
 * Two samples: Mann-Whitney's test and the interval that goes with it (Hodges and Lehmann) for the
 * shift between them. One sample of differences: Wilcoxon's signed ranks and the interval that goes
 * with them. Exact for small samples, normal approximation of the *ranks'* sum beyond.
 *
 * Pure functions; no state. All sizes are at least 1.
 */
#ifndef BENCH_RANK_H
#define BENCH_RANK_H

#include <stddef.h>

struct rank_interval {
	double low, estimate, high;
	double confidence; /* what the interval truly has: less than asked for when n is too small
			      for more */
};

/*
 * Shift of y against x. x and y sorted ascending. 0 or -ENOMEM.
 */
int rank_shift(const double *x, size_t m, const double *y, size_t n, double confidence,
	       struct rank_interval *out);
/* Chance, both ways, of a shift at least so far from `from` when `from` is the true one. */
int rank_shift_p(const double *x, size_t m, const double *y, size_t n, double from, double *p);

/* Centre of d, sorted ascending. 0 or -ENOMEM. */
int rank_centre(const double *d, size_t n, double confidence, struct rank_interval *out);
/* Chance, both ways, of a centre at least so far from `from` when `from` is the true one. */
int rank_centre_p(const double *d, size_t n, double from, double *p);

/*
 * Benjamini and Hochberg: p[i] becomes the smallest rate of false discoveries at which row i counts
 * as found among all n. 0 or -ENOMEM.
 */
int rank_adjust(double *p, size_t n);

#endif
