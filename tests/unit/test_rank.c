/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "bench/rank.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A generator of our own: the same values everywhere. */
static double noise(uint64_t *s)
{
	*s = *s * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(*s >> 11) / 9007199254740992.0;
}

/* Skewed, with a long tail: nothing here may depend on a bell. */
static double skewed(uint64_t *s)
{
	double u = noise(s);

	return -log(1 - u * 0.999);
}

/* Every arrangement of two small samples, counted by hand: the published tables. */
static void test_small_samples(void)
{
	const double x[] = {1, 2, 3, 4, 5}, y[] = {6, 7, 8, 9, 10};
	struct rank_interval i;
	double p;

	CU_ASSERT_EQUAL(rank_shift_p(x, 5, y, 5, 0, &p), 0);
	CU_ASSERT_DOUBLE_EQUAL(p, 2.0 / 252, 1e-12);
	CU_ASSERT_EQUAL(rank_shift(x, 5, y, 5, 0.99, &i), 0);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2.0 / 252, 1e-12);
	CU_ASSERT(i.low == 1 && i.high == 9 && fabs(i.estimate - 5) < 1e-9);
	/* 95 % with 5 and 5: two differences are left out at each end (critical value 2). */
	CU_ASSERT_EQUAL(rank_shift(x, 5, y, 5, 0.95, &i), 0);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2 * 4.0 / 252, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(i.low, 2, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(i.high, 8, 1e-9);
}

static void test_small_differences(void)
{
	const double d[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct rank_interval i;
	double p;

	CU_ASSERT_EQUAL(rank_centre_p(d, 8, 0, &p), 0);
	CU_ASSERT_DOUBLE_EQUAL(p, 2.0 / 256, 1e-12);
	CU_ASSERT_EQUAL(rank_centre(d, 8, 0.99, &i), 0);
	CU_ASSERT(i.low == 1 && i.high == 8 && fabs(i.estimate - 4.5) < 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2.0 / 256, 1e-12);
	/* Seven do not suffice for 99 %: it says what it has. */
	CU_ASSERT_EQUAL(rank_centre(d, 7, 0.99, &i), 0);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2.0 / 128, 1e-12);
	CU_ASSERT(i.low == 1 && i.high == 7);
	/* 95 % of eight: critical value 3, so the fourth of the means 1, 1.5, 2, 2, ... */
	CU_ASSERT_EQUAL(rank_centre(d, 8, 0.95, &i), 0);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - 2 * 5.0 / 256, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(i.low, 2, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(i.high, 7, 1e-9);
}

static void test_p_follows_the_hypothesis(void)
{
	const double d[] = {4, 5, 5, 6, 6, 7, 7, 8, 8, 9};
	double p0, p6, p_far;

	rank_centre_p(d, 10, 0, &p0);
	rank_centre_p(d, 10, 6.5, &p6);
	rank_centre_p(d, 10, 20, &p_far);
	CU_ASSERT_DOUBLE_EQUAL(p0, 2.0 / 1024, 1e-12);
	CU_ASSERT(p6 > 0.9);
	CU_ASSERT_DOUBLE_EQUAL(p_far, p0, 1e-12);
}

static void test_ties_and_one(void)
{
	const double same[] = {3, 3, 3, 3, 3, 3, 3, 3}, one[] = {2};
	struct rank_interval i;
	double p;

	CU_ASSERT_EQUAL(rank_shift(same, 8, same, 8, 0.99, &i), 0);
	CU_ASSERT(i.low == 0 && i.high == 0 && i.estimate == 0);
	rank_shift_p(same, 8, same, 8, 0, &p);
	CU_ASSERT(p > 0.9);
	CU_ASSERT_EQUAL(rank_centre(one, 1, 0.99, &i), 0);
	CU_ASSERT(i.low == 2 && i.high == 2 && i.confidence < 0.5);
	CU_ASSERT_EQUAL(rank_shift(one, 1, same, 8, 0.99, &i), 0);
	CU_ASSERT(i.low == 1 && i.high == 1);
}

/* The counted and the approximated distribution must meet where one gives way to the other. */
static void test_approximation_meets_exact(void)
{
	double x[31], y[31];
	struct rank_interval exact, beyond;
	double p_exact, p_beyond;
	uint64_t s = 7;

	for (unsigned i = 0; i < 31; i++) {
		x[i] = noise(&s);
		y[i] = noise(&s) + 0.25;
	}
	qsort(x, 31, sizeof(*x), by_value);
	qsort(y, 31, sizeof(*y), by_value);
	rank_shift(x, 30, y, 30, 0.99, &exact);
	rank_shift(x, 31, y, 31, 0.99, &beyond);
	CU_ASSERT_DOUBLE_EQUAL(exact.high - exact.low, beyond.high - beyond.low, 0.05);
	rank_shift_p(x, 30, y, 30, 0, &p_exact);
	rank_shift_p(x, 31, y, 31, 0, &p_beyond);
	CU_ASSERT(p_exact > 0 && p_beyond > 0 && p_exact < 50 * p_beyond &&
		  p_beyond < 50 * p_exact);
}

/* --- against brute force --- */

static double choose_tail(const unsigned *count, unsigned total, unsigned most)
{
	unsigned sum = 0;

	for (unsigned u = 0; u <= most; u++)
		sum += count[u];
	return (double)sum / total;
}

static double both_ways(const unsigned *count, unsigned total, unsigned u, unsigned max)
{
	return fmin(1, 2 * choose_tail(count, total, u < max - u ? u : max - u));
}

/* Where the interval ends: as many values are outside as stay below the tail. */
static unsigned outside(const unsigned *count, unsigned total, unsigned max, double tail,
			double *confidence)
{
	unsigned c = 0;

	while (c < max && choose_tail(count, total, c) <= tail)
		c++;
	*confidence = 1 - 2 * choose_tail(count, total, c ? c - 1 : 0);
	return c ? c - 1 : 0;
}

static void split(unsigned set, unsigned n, double *in, double *out)
{
	for (unsigned i = 0, a = 0, b = 0; i < n; i++)
		if (set >> i & 1)
			in[a++] = i;
		else
			out[b++] = i;
}

/* How many of y are above one of x, over all pairs. */
static unsigned wins(const double *x, unsigned m, const double *y, unsigned n)
{
	unsigned u = 0;

	for (unsigned i = 0; i < m; i++)
		for (unsigned k = 0; k < n; k++)
			u += y[k] > x[i];
	return u;
}

static void check_shift(const double *x, unsigned m, const double *y, unsigned n,
			const unsigned *count, unsigned total, double confidence)
{
	double d[64], real, p;
	unsigned u = wins(x, m, y, n), c;
	struct rank_interval i;

	for (unsigned a = 0; a < m; a++)
		for (unsigned b = 0; b < n; b++)
			d[a * n + b] = y[b] - x[a];
	qsort(d, m * n, sizeof(*d), by_value);
	rank_shift_p(x, m, y, n, 0, &p);
	CU_ASSERT_DOUBLE_EQUAL(p, both_ways(count, total, u, m * n), 1e-12);
	rank_shift(x, m, y, n, confidence, &i);
	c = outside(count, total, m * n, (1 - confidence) / 2, &real);
	CU_ASSERT_DOUBLE_EQUAL(i.confidence, real, 1e-12);
	CU_ASSERT_EQUAL(i.low, d[c]);
	CU_ASSERT_EQUAL(i.high, d[m * n - 1 - c]);
	CU_ASSERT_DOUBLE_EQUAL(i.estimate, (d[(m * n - 1) / 2] + d[m * n / 2]) / 2, 1e-12);
}

/* All arrangements there are of small samples. */
static void test_every_arrangement(void)
{
	for (unsigned m = 1; m <= 6; m++) {
		for (unsigned n = 1; m + n <= 9 || (m == 6 && n <= 6); n++) {
			unsigned count[64] = {0}, total = 0;
			double x[8], y[8];

			for (unsigned set = 0; set < 1u << (m + n); set++) {
				if ((unsigned)__builtin_popcount(set) != m)
					continue;
				split(set, m + n, x, y);
				count[wins(x, m, y, n)]++;
				total++;
			}
			for (unsigned set = 0; set < 1u << (m + n); set++) {
				if ((unsigned)__builtin_popcount(set) != m)
					continue;
				split(set, m + n, x, y);
				check_shift(x, m, y, n, count, total, 0.95);
				check_shift(x, m, y, n, count, total, 0.8);
			}
		}
	}
}

/* All signs there are of a few differences. */
static void test_every_sign(void)
{
	for (unsigned n = 1; n <= 9; n++) {
		unsigned count[64] = {0}, max = n * (n + 1) / 2;

		for (unsigned set = 0; set < 1u << n; set++) {
			unsigned t = 0;

			for (unsigned i = 0; i < n; i++)
				t += set >> i & 1 ? i + 1 : 0;
			count[t]++;
		}
		for (unsigned set = 0; set < 1u << n; set++) {
			double d[9], mean[64], real, p;
			unsigned t = 0, k = 0, c;
			struct rank_interval in;

			for (unsigned i = 0; i < n; i++) {
				/* No two means of these are alike. */
				d[i] = (set >> i & 1 ? 1 : -1) * (1 + i + 0.01 * i * i);
				t += set >> i & 1 ? i + 1 : 0;
			}
			qsort(d, n, sizeof(*d), by_value);
			for (unsigned a = 0; a < n; a++)
				for (unsigned b = a; b < n; b++)
					mean[k++] = (d[a] + d[b]) / 2;
			qsort(mean, k, sizeof(*mean), by_value);
			rank_centre_p(d, n, 0, &p);
			CU_ASSERT_DOUBLE_EQUAL(p, both_ways(count, 1u << n, t, max), 1e-12);
			rank_centre(d, n, 0.95, &in);
			c = outside(count, 1u << n, max, 0.025, &real);
			CU_ASSERT_DOUBLE_EQUAL(in.confidence, real, 1e-12);
			CU_ASSERT_EQUAL(in.low, mean[c]);
			CU_ASSERT_EQUAL(in.high, mean[max - 1 - c]);
			CU_ASSERT_DOUBLE_EQUAL(in.estimate,
					       (mean[(max - 1) / 2] + mean[max / 2]) / 2, 1e-12);
		}
	}
}

/* --- beyond what is counted out --- */

/* Both tails of a normal sum at u, with half a step added. */
static double normal_both(double u, double mean, double sd)
{
	return fmin(1, erfc((mean - u - 0.5) / sd / sqrt(2)));
}

/* Chance of at most u wins among m and n, by the recursion of Mann and Whitney, on counts. */
static double *wins_distribution(unsigned m, unsigned n)
{
	unsigned max = m * n;
	double *f = calloc((size_t)(max + 1) * (m + 1), sizeof(*f)), sum = 0, total = 0;

	/* f[i][u]: ways to choose i of the ranks seen so far with u wins (ranks one by one). */
	f[0] = 1;
	for (unsigned rank = 0; rank < m + n; rank++)
		for (unsigned i = rank + 1 < m ? rank + 1 : m; i > 0; i--)
			for (unsigned u = max + 1; u-- > 0;) {
				/* The i-th of the first sample at this rank has rank - (i - 1)
				 * of the second below it. */
				unsigned below = rank - (i - 1);

				if (below <= n && u >= below)
					f[i * (max + 1) + u] += f[(i - 1) * (max + 1) + u - below];
			}
	for (unsigned u = 0; u <= max; u++)
		total += f[m * (max + 1) + u];
	for (unsigned u = 0; u <= max; u++) {
		sum += f[m * (max + 1) + u] / total;
		f[u] = sum;
	}
	return f;
}

static double *signs_distribution(unsigned n)
{
	unsigned max = n * (n + 1) / 2;
	double *f = calloc(max + 1, sizeof(*f)), sum = 0;

	f[0] = pow(0.5, n);
	for (unsigned i = 1; i <= n; i++)
		for (unsigned t = max; t >= i; t--)
			f[t] += f[t - i];
	for (unsigned t = 0; t <= max; t++) {
		sum += f[t];
		f[t] = sum;
	}
	return f;
}

static void test_large_samples(void)
{
	enum { M = 33, N = 28 };
	double *exact = wins_distribution(M, N), x[M], y[N], p;
	double mean = M * N / 2.0, sd = sqrt(M * N * (M + N + 1) / 12.0);
	struct rank_interval i;

	for (unsigned shift = 0; shift < N; shift++) {
		unsigned u;

		/* As many below as the shift says: every u is met now and then. */
		for (unsigned k = 0; k < M; k++)
			x[k] = k;
		for (unsigned k = 0; k < N; k++)
			y[k] = k * (M / (double)N) - shift + 0.26;
		u = wins(x, M, y, N);
		u = u < M * N - u ? u : M * N - u;
		rank_shift_p(x, M, y, N, 0, &p);
		CU_ASSERT_DOUBLE_EQUAL(p, normal_both(u, mean, sd), 1e-12);
		/* To the safe side, and not far. */
		if (exact[u] > 0.002)
			CU_ASSERT(p > 0.99 * fmin(1, 2 * exact[u]) && p < 1.2 * 2 * exact[u]);
	}
	for (unsigned k = 1; k < 10; k++) {
		double want = 1 - 0.01 * k;
		unsigned c = 0, seen = 0;

		for (unsigned a = 0; a < N; a++)
			y[a] = a * M * 1.0 + 0.5;
		rank_shift(x, M, y, N, want, &i);
		while (exact[c] <= (1 - want) / 2)
			c++;
		/* x are whole numbers apart, y more than all of them: each difference is its own.
		 */
		for (unsigned a = 0; a < M; a++)
			for (unsigned b = 0; b < N; b++)
				seen += y[b] - x[a] < i.low;
		CU_ASSERT(seen + 4 >= c && seen <= c);
		CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - normal_both(seen, mean, sd), 1e-9);
		CU_ASSERT(i.confidence >= want && 1 - normal_both(seen + 1, mean, sd) < want);
	}
	free(exact);
}

static void test_large_differences(void)
{
	enum { N = 64, MAX = N * (N + 1) / 2 };
	double *exact = signs_distribution(N), d[N], p;
	double mean = MAX / 2.0, sd = sqrt(MAX * (2 * N + 1) / 12.0);
	struct rank_interval i;

	for (unsigned minus = 0; minus < N / 2; minus++) {
		unsigned t = 0;

		for (unsigned k = 0; k < N; k++) {
			bool is = k % 2 == 0 && k / 2 < minus;

			d[k] = (is ? -1 : 1) * (double)(k + 1);
			t += is ? k + 1 : 0;
		}
		t = t < MAX - t ? t : MAX - t;
		qsort(d, N, sizeof(*d), by_value);
		rank_centre_p(d, N, 0, &p);
		CU_ASSERT_DOUBLE_EQUAL(p, normal_both(t, mean, sd), 1e-12);
		if (exact[t] > 0.002)
			CU_ASSERT(p > 0.99 * fmin(1, 2 * exact[t]) && p < 1.2 * 2 * exact[t]);
	}
	for (unsigned k = 1; k < 10; k++) {
		double want = 1 - 0.01 * k;
		unsigned c = 0, seen = 0;

		/* No two means are alike. */
		for (unsigned a = 0; a < N; a++)
			d[a] = a + 0.001 * a * a + 1e-6 * a * a * a;
		rank_centre(d, N, want, &i);
		while (exact[c] <= (1 - want) / 2)
			c++;
		for (unsigned a = 0; a < N; a++)
			for (unsigned b = a; b < N; b++)
				seen += (d[a] + d[b]) / 2 < i.low;
		CU_ASSERT(seen + 5 >= c && seen <= c);
		CU_ASSERT_DOUBLE_EQUAL(i.confidence, 1 - normal_both(seen, mean, sd), 1e-9);
		CU_ASSERT(i.confidence >= want && 1 - normal_both(seen + 1, mean, sd) < want);
	}
	free(exact);
}

/* Values that are alike speak for no side; what is left of them speaks for chance. */
static void test_ties_do_not_help(void)
{
	const double seven[] = {1, 2, 3, 4, 5, 6, 7}, eight[] = {0, 1, 2, 3, 4, 5, 6, 7};
	const double x[] = {1, 2, 3, 4, 5}, y[] = {5, 6, 7, 8, 9}, z[] = {5.5, 6, 7, 8, 9};
	double p7, p8, py, pz;

	rank_centre_p(seven, 7, 0, &p7);
	rank_centre_p(eight, 8, 0, &p8);
	CU_ASSERT(p8 >= p7 - 1e-12);
	rank_shift_p(x, 5, y, 5, 0, &py);
	rank_shift_p(x, 5, z, 5, 0, &pz);
	CU_ASSERT(py > pz);
}

/* What is found by halving is a value that there is, to the last bit. */
static void test_large_and_tied(void)
{
	static const unsigned sizes[][2] = {{30, 30}, {31, 31}, {70, 9}, {1, 200}, {65, 65}};
	uint64_t s = 5;

	for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		unsigned m = sizes[k][0], n = sizes[k][1], n_at = 0, outer = 0;
		double x[256], y[256], *d = malloc(sizeof(*d) * m * n);
		struct rank_interval i;
		bool low = false, high = false;

		for (unsigned a = 0; a < m; a++)
			x[a] = floor(noise(&s) * 20) / 8;
		for (unsigned b = 0; b < n; b++)
			y[b] = floor(noise(&s) * 20) / 8 - 3;
		qsort(x, m, sizeof(*x), by_value);
		qsort(y, n, sizeof(*y), by_value);
		rank_shift(x, m, y, n, 0.9, &i);
		for (unsigned a = 0; a < m; a++)
			for (unsigned b = 0; b < n; b++)
				d[n_at++] = y[b] - x[a];
		qsort(d, n_at, sizeof(*d), by_value);
		for (unsigned a = 0; a < n_at; a++) {
			low |= d[a] == i.low;
			high |= d[a] == i.high;
			outer += d[a] < i.low;
		}
		CU_ASSERT(low && high && i.low <= i.high);
		/* About a twentieth of all arrangements lies below; of the pairs, more. */
		CU_ASSERT(outer < n_at / 2);
		free(d);
	}
}

/* What the interval promises: with equals, it misses the truth at most so often. */
static void coverage(unsigned m, unsigned n, double factor_allowed)
{
	enum { TRIALS = 4000 };
	double x[80], y[80];
	unsigned missed = 0, rejected = 0;
	uint64_t s = 12345 + m * 1000 + n;

	for (unsigned t = 0; t < TRIALS; t++) {
		struct rank_interval i;
		double p;

		for (unsigned k = 0; k < m; k++)
			x[k] = skewed(&s);
		for (unsigned k = 0; k < n; k++)
			y[k] = skewed(&s) + 0.5;
		qsort(x, m, sizeof(*x), by_value);
		qsort(y, n, sizeof(*y), by_value);
		rank_shift(x, m, y, n, 0.95, &i);
		missed += i.low > 0.5 || i.high < 0.5;
		rank_shift_p(x, m, y, n, 0.5, &p);
		rejected += p <= 0.05;
	}
	CU_ASSERT(missed <= TRIALS * 0.05 * factor_allowed);
	CU_ASSERT(rejected <= TRIALS * 0.05 * factor_allowed);
	/* And is not wide for nothing. */
	CU_ASSERT(missed >= TRIALS * 0.05 / 3);
	CU_ASSERT(rejected >= TRIALS * 0.05 / 3);
}

static void test_coverage(void)
{
	coverage(8, 8, 1.25);
	coverage(5, 20, 1.25);
	coverage(40, 40, 1.25);
}

static void centre_coverage(unsigned n)
{
	enum { TRIALS = 4000 };
	double d[80];
	unsigned missed = 0, rejected = 0;
	uint64_t s = 99 + n;

	for (unsigned t = 0; t < TRIALS; t++) {
		struct rank_interval i;
		double p;

		/* Differences of equals are symmetric, whatever the equals look like. */
		for (unsigned k = 0; k < n; k++)
			d[k] = skewed(&s) - skewed(&s);
		qsort(d, n, sizeof(*d), by_value);
		rank_centre(d, n, 0.95, &i);
		missed += i.low > 0 || i.high < 0;
		rank_centre_p(d, n, 0, &p);
		rejected += p <= 0.05;
	}
	CU_ASSERT(missed <= TRIALS * 0.05 * 1.25 && missed >= TRIALS * 0.05 / 3);
	CU_ASSERT(rejected <= TRIALS * 0.05 * 1.25 && rejected >= TRIALS * 0.05 / 3);
}

static void test_centre_coverage(void)
{
	centre_coverage(8);
	centre_coverage(32);
	centre_coverage(70);
}

static void test_many_at_once(void)
{
	double p[] = {0.04, 0.001, 0.03, 0.5}, alone[] = {0.02}, equal[] = {0.002, 0.002, 0.002};

	CU_ASSERT_EQUAL(rank_adjust(p, 4), 0);
	CU_ASSERT_DOUBLE_EQUAL(p[1], 0.004, 1e-12);
	/* 0.03 * 4 / 2 = 0.06, but no more than the next one's 0.04 * 4 / 3. */
	CU_ASSERT_DOUBLE_EQUAL(p[2], 0.04 * 4 / 3, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(p[0], 0.04 * 4 / 3, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(p[3], 0.5, 1e-12);
	rank_adjust(alone, 1);
	CU_ASSERT_EQUAL(alone[0], 0.02);
	/* What all say together needs no more of each. */
	rank_adjust(equal, 3);
	CU_ASSERT_DOUBLE_EQUAL(equal[0], 0.002, 1e-12);
	CU_ASSERT_EQUAL(rank_adjust(NULL, 0), 0);
}

int suite_rank(void)
{
	CU_pSuite s = CU_add_suite("rank statistics", NULL, NULL);

	if (!s || !CU_add_test(s, "two small samples, counted out", test_small_samples) ||
	    !CU_add_test(s, "a few differences, counted out", test_small_differences) ||
	    !CU_add_test(s, "the chance follows the hypothesis", test_p_follows_the_hypothesis) ||
	    !CU_add_test(s, "ties, and samples of one", test_ties_and_one) ||
	    !CU_add_test(s, "approximation meets the exact", test_approximation_meets_exact) ||
	    !CU_add_test(s, "every arrangement of small samples", test_every_arrangement) ||
	    !CU_add_test(s, "every sign of a few differences", test_every_sign) ||
	    !CU_add_test(s, "large samples, counted out", test_large_samples) ||
	    !CU_add_test(s, "many differences, counted out", test_large_differences) ||
	    !CU_add_test(s, "ties do not help", test_ties_do_not_help) ||
	    !CU_add_test(s, "many values, and alike ones", test_large_and_tied) ||
	    !CU_add_test(s, "intervals of a shift keep their promise", test_coverage) ||
	    !CU_add_test(s, "intervals of a centre keep their promise", test_centre_coverage) ||
	    !CU_add_test(s, "many tests at once", test_many_at_once))
		return CU_get_error();
	return 0;
}
