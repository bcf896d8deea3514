/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a run is told with: on a terminal, as TAP (the Test Anything Protocol, version 13), as JUnit
 * XML, as JSON. All of them say the same of each check.
 *
 * Threads: one.
 */
#ifndef CONFORMANCE_OUT_H
#define CONFORMANCE_OUT_H

#include <jansson.h>
#include <stdio.h>

#include "conformance/gate.h"
#include "conformance/suite.h"

struct out {
	FILE *to;
	bool colour;
	bool verbose;	   /* every instance, also what passed */
	bool quiet;	   /* only what failed, and the total */
	FILE *progress;	   /* a terminal to show progress on, or NULL */
	const char *again; /* the command line that runs this again, without --only */
	uint64_t seed;
	const struct gate *gate; /* or NULL */
	/* private */
	size_t number;
	bool shown;
};

/* Filled to be handed to suite_run(); o must live as long. */
void out_term_watch(struct out *o, struct suite_watch *w);
void out_tap_watch(struct out *o, struct suite_watch *w);

/* What the gate made of the whole run. */
struct out_gate {
	unsigned unexpected, expired, surprises, expected;
};
/* Totals, skips with reasons, the gate's words. g and *n may be NULL. */
int out_term_end(struct out *o, const struct suite *su, struct gate *g, struct out_gate *n,
		 double seconds);
void out_tap_end(struct out *o);

/* A case for each instance; expected failures pass with a word of it. 0 or negative errno. */
int out_junit(const struct suite *su, struct gate *g, const char *path);
/* The whole run. NULL: no memory. */
json_t *out_json(const struct suite *su, struct gate *g, const char *target, uint64_t seed);

/* "MUST", "SHOULD", "text"; "conformance", "robustness". */
const char *out_level(const struct conf_check *c);
const char *out_kind(const struct conf_check *c);
/* "net/tx, packed", or only the lane. */
const char *out_where(const struct suite_instance *i, char *buf, size_t size);

#endif
