/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A gate: which checks are known to fail, and why. A line an entry:
 *
 *	ID [until YYYY-MM-DD] [sometimes] REASON...
 *
 * ID is that of a check, or a glob of several; a line that begins with '#' is a comment. Everything
 * else must pass. A check that fails without an entry counts, and so does an entry whose checks all
 * pass: a list that is not kept up is worth nothing. An entry that has expired is none; one with
 * `sometimes` may pass, too: what depends on how the device was scheduled.
 *
 * Threads: any; no state but the object's.
 */
#ifndef CONFORMANCE_GATE_H
#define CONFORMANCE_GATE_H

#include "conformance/suite.h"

struct gate;

enum gate_word {
	GATE_FINE,	 /* passed, and nobody said otherwise; or skipped */
	GATE_EXPECTED,	 /* failed, as it says */
	GATE_UNEXPECTED, /* failed, and no entry says so */
	GATE_EXPIRED,	 /* failed, and its entry is too old */
	GATE_SURPRISE,	 /* passed, and an entry says it fails */
};

/*
 * Read the file; today as YYYYMMDD. NULL with one line in *err: not there, a line that is none, a
 * glob that matches no check.
 */
struct gate *gate_read(const char *path, unsigned today, struct vop_error *err);
void gate_free(struct gate *g);
/* What to make of a check's verdict; *reason (may be NULL) is the entry's, or NULL. */
enum gate_word gate_judge(struct gate *g, const struct suite_verdict *v, const char **reason);
/* Why the check is expected to fail; NULL: it is not. */
const char *gate_expects(const struct gate *g, const struct conf_check *c);
/*
 * After all verdicts were judged: entries of which something ran and nothing failed, one by one.
 * NULL after the last. *line: where it stands.
 */
const char *gate_surprise(const struct gate *g, unsigned *i, unsigned *line);

#endif
