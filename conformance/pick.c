/* SPDX-License-Identifier: BSD-2-Clause */
/* Which checks are run. */
#include <fnmatch.h>
#include <string.h>

#include "conformance/suite.h"

enum {
	PROFILE_CORE,
	PROFILE_NET,
	PROFILE_BLK,
	PROFILE_CONSOLE,
	PROFILE_RNG,
	PROFILE_FS,
	PROFILE_MUST,
	PROFILE_CONFORMANCE,
	PROFILE_ROBUSTNESS
};

const char *const suite_profiles[] = {"core", "net",  "blk",	     "console",	   "rng",
				      "fs",   "must", "conformance", "robustness", NULL};
const char *const suite_profile_help[] = {
	"what holds for every device: chapters 2, 3 and 6",
	"a net device: that, and 5.1",
	"a block device: that, and 5.2",
	"a console: that, and 5.3",
	"an entropy source: that, and 5.4",
	"a file system device: that, and 5.11",
	"only what the specification says with MUST or SHALL",
	"only correct drivers",
	"only drivers that break rules",
};

static bool in_profile(const struct conf_check *c, unsigned p)
{
	static const uint16_t device[] = {[PROFILE_NET] = 1,
					  [PROFILE_BLK] = 2,
					  [PROFILE_CONSOLE] = 3,
					  [PROFILE_RNG] = 4,
					  [PROFILE_FS] = 26};

	switch (p) {
	case PROFILE_CORE:
		return c->device == 0;
	case PROFILE_MUST:
		return c->level == CONF_MUST;
	case PROFILE_CONFORMANCE:
		return c->kind == CONF_CONFORMANCE;
	case PROFILE_ROBUSTNESS:
		return c->kind == CONF_ROBUSTNESS;
	default:
		return c->device == 0 || c->device == device[p];
	}
}

/* A section's own number, or one it lies in: "2.7" is in "2". */
static bool section_is(const char *number, const char *word)
{
	size_t n = strlen(word);

	return strncmp(number, word, n) == 0 && (number[n] == 0 || number[n] == '.');
}

static bool names(const struct conf_section *s, const struct conf_check *c, const char *word)
{
	const char *at = NULL;
	size_t len;

	if (fnmatch(word, c->id, 0) == 0 || section_is(s->number, word))
		return true;
	/* A clause, or all of a section deeper than the file: "2.7.5". */
	while (clause_words(c->clauses, &at, &len)) {
		size_t n = strlen(word);

		if (len >= n && strncmp(at, word, n) == 0 &&
		    (len == n || at[n] == '.' || at[n] == ':'))
			return true;
	}
	return false;
}

/* The version that has everything the check needs, whatever the age of its statements. */
static unsigned needs_version(const struct conf_section *s, const struct conf_check *c)
{
	static const struct {
		uint8_t bit, version;
	} came[] = {
		{VOP_F_RING_PACKED, 11},       {VOP_F_IN_ORDER, 11},
		{VOP_F_ORDER_PLATFORM, 11},    {VOP_F_SR_IOV, 11},
		{VOP_F_RING_RESET, 12},	       {VOP_F_NOTIFICATION_DATA, 11},
		{VOP_F_NOTIF_CONFIG_DATA, 12}, {VOP_F_SUSPEND, 14},
		{VOP_F_ADMIN_VQ, 13},
	};
	unsigned version = c->rings == CONF_PACKED ? 11 : 10, i, j;

	if (s->since)
		version = VOP_MAX(version, spec_version(s->since));
	for (i = 0; i < CONF_NEEDS_MAX && c->needs[i]; i++)
		for (j = 0; j < VOP_ARRAY_SIZE(came); j++)
			if (c->needs[i] == CONF_F(came[j].bit))
				version = VOP_MAX(version, (unsigned)came[j].version);
	return version;
}

/* Held against a specification of 1.`version`: some statement it judges is that old. */
static bool since(const struct clauses *k, const struct conf_section *s, const struct conf_check *c,
		  unsigned version)
{
	const char *at = NULL;
	bool known = false;
	size_t len;

	if (c->since)
		return spec_version(c->since) <= version;
	if (version < needs_version(s, c))
		return false;
	while (clause_words(c->clauses, &at, &len)) {
		const struct clause *one = clauses_find(k, at, len);

		if (!one)
			continue;
		known = true;
		if (spec_version(one->since) <= version)
			return true;
	}
	return !known;
}

bool suite_takes(const struct suite_options *o, const struct clauses *k,
		 const struct conf_section *s, const struct conf_check *c)
{
	bool any = o->n_only == 0;
	unsigned i;

	for (i = 0; i < o->n_only && !any; i++)
		any = names(s, c, o->only[i]);
	for (i = 0; i < o->n_profiles && any; i++)
		any = in_profile(c, o->profile[i]);
	return any && since(k, s, c, o->version);
}

const char *suite_unmatched(const struct suite_options *o, const struct clauses *k)
{
	const struct conf_section *const *s;
	unsigned i, j;

	(void)k;
	for (i = 0; i < o->n_only; i++) {
		bool found = false;

		for (s = conf_sections; *s && !found; s++)
			for (j = 0; j < (*s)->n && !found; j++)
				found = names(*s, &(*s)->checks[j], o->only[i]);
		if (!found)
			return o->only[i];
	}
	return NULL;
}
