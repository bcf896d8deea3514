/* SPDX-License-Identifier: BSD-2-Clause */
/* A comparison as people and machines read it. Used by `compare` and by `run --against`. */
#ifndef BENCH_COMPARE_PRINT_H
#define BENCH_COMPARE_PRINT_H

#include "bench/compare.h"

struct compare_output {
	const char *json, *junit;	 /* files; NULL: none; "-": standard output, and no table */
	const char *old_name, *new_name; /* what the two sides are called */
	size_t deals;			 /* also say what is said of equals, from so many deals */
	uint64_t seed;
	double slower; /* and of equals of which one was made slower by this part */
	bool all;      /* the rows of which nothing is to be said, too */
};

/*
 * Load both sides, compare, print to standard output, write what was asked for. A cmd_status:
 * CMD_FAILED when the gate is broken, CMD_COULD_NOT (one line said why) when a file is no good or
 * nothing on both sides is alike.
 */
int compare_files(const char *const *old, size_t olds, const char *const *now, size_t nows,
		  const struct compare_options *o, const struct compare_output *out);

/* Can its files be written, as far as can be told beforehand? 0, or CMD_COULD_NOT after a line. */
int compare_check_places(const struct compare_output *out);

/* The comparison as JSON, schema "vop-bench-compare/1"; new reference, NULL without memory. */
json_t *compare_json(const struct comparison *c, const struct compare_options *o,
		     const struct compare_output *out, const struct runs *old,
		     const struct runs *now);

#endif
