/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which results of a set belong to one line of a picture, and what it is called.
 *
 * Results of one group agree in name, metric and parameters. What differs among the groups makes
 * their names, what is common to all is said once. Where several files hold the same figure, a
 * group is of one file and bears its label; where there are more such files than lines can be told
 * apart, they are pooled.
 *
 * Pure; memory comes from the pool given.
 */
#ifndef BENCH_PLOT_PICK_H
#define BENCH_PLOT_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/plot_pool.h"
#include "bench/runs.h"

struct pick_item {
	const struct run_file *file;
	const struct run_result *r;
	double x;
	size_t order;	 /* of appearance */
	const char *key; /* private */
};

struct pick_group {
	const char *label;  /* "tx, split, far" */
	const char *regime; /* NULL: told apart by regime there are not several */
	unsigned base; /* groups of equal base differ in regime only; from 0, in order of appearance
			*/
	size_t n;
	struct pick_item *item; /* ascending x; file and order decide between equals */
};

struct pick {
	size_t n;
	struct pick_group *group;
	unsigned bases;
	size_t dropped;	      /* groups left out, being more than `most` bases */
	size_t pooled;	      /* files that were pooled; 0: none */
	const char *common;   /* "packed, 1 queue pair, batch 32": what all share; "" */
	const char *where;    /* CPU, day, revision, as far as all files agree; "" */
	const char *workload; /* "net" when all names begin with it; "" */
};

struct pick_how {
	/* Is it to be drawn at all? */
	bool (*wanted)(const struct run_result *r, const void *context);
	const void *context;
	const char *x;				    /* parameter along the x axis; NULL */
	double (*x_of)(const struct run_result *r); /* NULL: that parameter's number */
	bool by_regime;				    /* regimes are groups of their own */
	unsigned most;				    /* bases kept */
};

/* 0, also with no group at all; -ENOMEM. */
int pick_results(struct plot_pool *pool, const struct runs *runs, const struct pick_how *how,
		 struct pick *out);

/* "tx" of "net.tx". */
const char *pick_short_name(const char *name);
/* "latency_p50" says by itself that it is one of net.latency. */
bool pick_says_name(const struct run_result *r);
/* A parameter in words: "64 B", "2 queue pairs", "packed"; "" when it says nothing. */
const char *pick_param_words(struct plot_pool *pool, const char *key, const char *text);

#endif
