/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of options: from text to the target and back. Used by opt.c only; apart from it, since the
 * command line and the values change for different reasons.
 */
#ifndef BENCH_OPT_VALUE_H
#define BENCH_OPT_VALUE_H

#include "bench/opt.h"

#define OPT_WHY_MAX 512u

/*
 * Parse text into o->to. 0; -EINVAL with why = the rest of a sentence that begins with the quoted
 * value: "is out of range (1 to 64)".
 */
int opt_value_parse(const struct opt *o, const char *text, char why[OPT_WHY_MAX]);

/* The placeholder of the help: o->value, or the usual one of its kind; "" for a flag. */
const char *opt_value_name(const struct opt *o);

/* Is there anything that is not allowed, beyond what no machine word holds? */
bool opt_value_bounded(const struct opt *o);

/* What is allowed, in words: "1 to 64", "split | packed"; "" when everything is. */
void opt_value_allowed(const struct opt *o, char *buf, size_t size);

#endif
