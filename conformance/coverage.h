/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which statements are judged, which could be, which cannot: observability.tsv against the checks.
 * Threads: any.
 */
#ifndef CONFORMANCE_COVERAGE_H
#define CONFORMANCE_COVERAGE_H

#include <jansson.h>
#include <stdio.h>

#include "conformance/suite.h"

/*
 * Print it: two ratios for each group of sections (what can be seen over the VOP's transport of
 * all statements; what is judged of that), then, with `all`, each statement. With su (NULL: none)
 * also what was judged on the target of that run. 0, or -ENOMEM.
 */
int coverage_print(const struct clauses *k, const struct suite_options *o, const struct suite *su,
		   bool all, FILE *out, bool colour);
/* The same as JSON; NULL without memory. */
json_t *coverage_json(const struct clauses *k, const struct suite_options *o,
		      const struct suite *su);

#endif
