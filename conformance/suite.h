/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run of many checks against one or several devices: which, in which order, what came out.
 *
 * An instance is a check on one lane in one ring format. A check's outcome is the worst of its
 * instances.
 *
 * Threads: one. Errors: negative errno.
 */
#ifndef CONFORMANCE_SUITE_H
#define CONFORMANCE_SUITE_H

#include "conformance/clauses.h"
#include "conformance/run.h"
#include "conformance/sections.h"

#define SUITE_WORDS 32u

struct suite_options {
	/* Globs on ids, numbers of sections ("2.8"), ids of clauses; none: all. */
	const char *only[SUITE_WORDS];
	unsigned n_only;
	/* suite_profiles; all of them must agree. */
	unsigned profile[SUITE_WORDS];
	unsigned n_profiles;
	unsigned rings;	  /* CONF_SPLIT, CONF_PACKED or both */
	unsigned version; /* spec_version() */
	/* Leave out checks that hold for every device (true: a further variant of one that was
	 * held to them), or those of the device's own type. */
	bool no_common, no_own;
	bool no_slow, only_slow;
	struct conf_runner_config runner;
};

struct suite_instance {
	const struct conf_section *section;
	const struct conf_check *check;
	const struct lane *lane;
	bool packed;
	struct conf_result result;
	bool done; /* it has an outcome */
	bool ran;  /* and that by being run */
};

struct suite {
	const struct clauses *clauses;
	struct suite_options opt;
	struct suite_instance *v;
	size_t n, cap;
	unsigned restarts;
	bool dead; /* a device could not be started again */
};

/* What a run tells while it goes on. Each may be NULL. */
struct suite_watch {
	void *ctx;
	/* true: its outcome is known, *o, and it is not run. */
	bool (*known)(void *ctx, const struct suite_instance *i, enum conf_outcome *o);
	void (*device)(void *ctx, const struct sut *s, size_t instances);
	void (*section)(void *ctx, const struct conf_section *s);
	void (*before)(void *ctx, const struct suite_instance *i, size_t number, size_t total);
	void (*after)(void *ctx, const struct suite_instance *i);
	void (*section_end)(void *ctx, const struct conf_section *s,
			    const struct suite_instance *first, size_t n);
};

/* Words of --profile, ended by NULL, and what they mean. */
extern const char *const suite_profiles[];
extern const char *const suite_profile_help[];

/* Does the selection take this check? */
bool suite_takes(const struct suite_options *o, const struct clauses *k,
		 const struct conf_section *s, const struct conf_check *c);
/* Every word of --only must match something: the first that does not, or NULL. */
const char *suite_unmatched(const struct suite_options *o, const struct clauses *k);

/*
 * Run everything that is selected against s. 0: done, whatever came out; a negative errno with
 * *err: the device never came up, or there is no memory. A device that cannot be started again
 * later is an outcome: the rest is "error".
 */
int suite_run(struct suite *su, struct sut *s, const struct suite_watch *w, struct vop_error *err);
void suite_fini(struct suite *su);

/* The worst outcome of a check's instances; CONF_SKIP: none was run, or all were skipped. */
struct suite_verdict {
	const struct conf_section *section;
	const struct conf_check *check;
	enum conf_outcome outcome;
	const struct suite_instance *worst;
	unsigned instances, bad;
};
/* Verdicts of all checks that had an instance, in order; *n of them. NULL: no memory. Freed by
 * free(). */
struct suite_verdict *suite_verdicts(const struct suite *su, size_t *n);

/* "packed" or "split"; "" for a check that minds no format. */
const char *suite_form(const struct suite_instance *i);

#endif
