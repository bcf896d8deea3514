/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suite judged: every check against the sound reference devices and against every mutant. A
 * check that no mutant can fail says nothing; a mutant that no check fails is a hole; a sound
 * device that fails is a false accusation.
 *
 * Threads: as many as asked for, inside the call.
 */
#ifndef CONFORMANCE_SELFCHECK_H
#define CONFORMANCE_SELFCHECK_H

#include <jansson.h>
#include <stdio.h>

#include "conformance/suite.h"

struct selfcheck_options {
	struct suite_options suite;
	const char *mutants; /* a glob on their names; NULL: all */
	unsigned threads;
	bool matrix;	/* print a line for every mutant and every check */
	FILE *progress; /* a terminal, or NULL */
};

struct selfcheck_result {
	unsigned checks, mutants, caught, serving; /* serving: they still pass most checks */
	unsigned toothless;			   /* checks that no mutant failed */
	unsigned accused;			   /* runs that a sound device failed */
	unsigned errors;			   /* runs the harness could not do */
	json_t *json;				   /* the whole matrix, or NULL; the caller's */
};

/* 0 with *r, printed to out; -ENOMEM. */
int selfcheck(const struct clauses *k, const struct selfcheck_options *o, FILE *out, bool colour,
	      struct selfcheck_result *r);

#endif
