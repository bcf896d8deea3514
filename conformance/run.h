/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner: one check on one lane in one ring format, with everything around it: the device is
 * reset before and after, all memory is looked at, a device that died or hangs is started again.
 *
 * Threads: one. It borrows the system under test.
 */
#ifndef CONFORMANCE_RUN_H
#define CONFORMANCE_RUN_H

#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/sut.h"

struct conf_runner_config {
	uint64_t seed;
	uint64_t patience_ms; /* how long silence is waited out; stretched on a busy machine */
};

struct conf_result {
	enum conf_outcome outcome;
	char text[512]; /* why, in one line; "" when it passed */
	char *notes;	/* lines, what was sent and what came back; NULL when it passed */
	double seconds;
	bool restarted; /* the device had to be started again */
	bool dropped;	/* it dropped the connection, and was reached again */
	bool violated;	/* a statement was not kept; how much that counts is the outcome's affair */
};

struct conf_runner;

/* NULL: no memory. */
struct conf_runner *conf_runner_new(struct sut *s, const struct conf_runner_config *cfg);
void conf_runner_free(struct conf_runner *r);

/* Does the check apply to this lane in this format? With `first`, the lane is its device's first.
 */
bool conf_applies(const struct conf_check *k, const struct lane *l, bool first, bool packed);

/*
 * Run it. 0 with *out (notes are the caller's to free); negative errno with *err: the device cannot
 * be started any more, nothing was run.
 */
int conf_run(struct conf_runner *r, const struct conf_check *k, const struct lane *l, bool packed,
	     struct conf_result *out, struct vop_error *err);

/* "pass", "fail" ... */
const char *conf_outcome_word(enum conf_outcome o);
/* Does it count against the device? */
bool conf_outcome_bad(enum conf_outcome o);

#endif
