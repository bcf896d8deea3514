/* SPDX-License-Identifier: BSD-2-Clause */
/* Which checks are taken, and the tables of statements behind them. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "conformance/suite.h"

static struct clauses *k;

static const struct conf_check sample[] = {
	{.id = "split/one", .clauses = "2.7.5.1:dev:1", .rings = CONF_SPLIT},
	{.id = "packed/one",
	 .clauses = "text:packed-ring.tex:10",
	 .level = CONF_TEXT,
	 .kind = CONF_ROBUSTNESS,
	 .rings = CONF_PACKED},
	{.id = "net/one",
	 .clauses = "5.1.9.1:dev:1",
	 .level = CONF_SHOULD,
	 .rings = CONF_BOTH,
	 .device = 1},
	{.id = "reset/queue", .clauses = "2.6.1.1.1:dev:1", .rings = CONF_BOTH, .since = "1.2"},
};
static const struct conf_section section = {"2.7", "sample", sample, 4, NULL};

static bool taken(struct suite_options o, unsigned i)
{
	if (!o.version)
		o.version = 14;
	return suite_takes(&o, k, &section, &sample[i]);
}

static void test_only(void)
{
	k = clauses_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	CU_ASSERT(taken((struct suite_options){0}, 0));
	CU_ASSERT(taken((struct suite_options){.only = {"split/*"}, .n_only = 1}, 0));
	CU_ASSERT(!taken((struct suite_options){.only = {"split/*"}, .n_only = 1}, 1));
	CU_ASSERT(taken((struct suite_options){.only = {"2"}, .n_only = 1}, 1));
	CU_ASSERT(taken((struct suite_options){.only = {"2.7"}, .n_only = 1}, 1));
	/* Not a section whose number only begins like it. */
	CU_ASSERT(!taken((struct suite_options){.only = {"2.70"}, .n_only = 1}, 0));
	CU_ASSERT(!taken((struct suite_options){.only = {"7"}, .n_only = 1}, 0));
	/* A statement, and a section deeper than the file's. */
	CU_ASSERT(taken((struct suite_options){.only = {"2.7.5.1:dev:1"}, .n_only = 1}, 0));
	CU_ASSERT(!taken((struct suite_options){.only = {"2.7.5.1:dev:10"}, .n_only = 1}, 0));
	CU_ASSERT(taken((struct suite_options){.only = {"2.7.5"}, .n_only = 1}, 0));
	CU_ASSERT(!taken((struct suite_options){.only = {"2.7.5"}, .n_only = 1}, 1));
	CU_ASSERT(taken((struct suite_options){.only = {"x", "split/one"}, .n_only = 2}, 0));
	clauses_free(k);
}

static unsigned profile(const char *word)
{
	unsigned i;

	for (i = 0; suite_profiles[i] && strcmp(suite_profiles[i], word) != 0; i++)
		;
	return i;
}

static bool in(const char *word, unsigned i)
{
	return taken((struct suite_options){.profile = {profile(word)}, .n_profiles = 1}, i);
}

static void test_profiles(void)
{
	unsigned i;

	k = clauses_new();
	CU_ASSERT(in("net", 0) && in("net", 2));
	CU_ASSERT(in("blk", 0) && !in("blk", 2));
	CU_ASSERT(in("core", 0) && !in("core", 2));
	CU_ASSERT(in("must", 0) && !in("must", 1) && !in("must", 2));
	CU_ASSERT(in("robustness", 1) && !in("robustness", 0));
	CU_ASSERT(in("conformance", 0) && !in("conformance", 1));
	/* All of them must agree. */
	CU_ASSERT(!taken((struct suite_options){.profile = {profile("must"), profile("robustness")},
						.n_profiles = 2},
			 0));
	for (i = 0; suite_profiles[i]; i++)
		CU_ASSERT_PTR_NOT_NULL(suite_profile_help[i]);
	clauses_free(k);
}

static void test_versions(void)
{
	k = clauses_new();
	CU_ASSERT_EQUAL(spec_version("1.0"), 10);
	CU_ASSERT_EQUAL(spec_version("1.4"), 14);
	CU_ASSERT_EQUAL(spec_version("1.5"), 0);
	CU_ASSERT_EQUAL(spec_version("1.40"), 0);
	CU_ASSERT_EQUAL(spec_version(""), 0);
	CU_ASSERT(taken((struct suite_options){.version = 10}, 0));
	CU_ASSERT(!taken((struct suite_options){.version = 10}, 1)); /* packed: 1.1 */
	CU_ASSERT(taken((struct suite_options){.version = 11}, 1));
	CU_ASSERT(!taken((struct suite_options){.version = 11}, 3));
	CU_ASSERT(taken((struct suite_options){.version = 12}, 3));
	clauses_free(k);
}

static void test_tables(void)
{
	const struct clause *c;
	size_t i, device = 0;

	k = clauses_new();
	CU_ASSERT_EQUAL(k->n, 1595);
	c = clauses_find(k, "2.1.2:dev:1", 11);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_STRING_EQUAL(c->section, "2.1.2");
	CU_ASSERT_STRING_EQUAL(c->level, "MUST NOT");
	CU_ASSERT_STRING_EQUAL(c->file, "content.tex");
	CU_ASSERT_EQUAL(c->vop, CLAUSE_OBSERVABLE);
	CU_ASSERT_STRING_EQUAL(c->family, "core");
	CU_ASSERT(clause_is_must(c));
	CU_ASSERT_PTR_NULL(clauses_find(k, "2.1.2:dev:", 10));
	for (i = 0; i < k->n; i++)
		device += k->v[i].vop != CLAUSE_NO_ROW;
	CU_ASSERT_EQUAL(device, 394);
	clauses_free(k);
}

static void test_words(void)
{
	const char *at = NULL, *list = "a  text:b.tex:1 ";
	size_t len;

	CU_ASSERT(clause_words(list, &at, &len) && len == 1 && at[0] == 'a');
	CU_ASSERT(clause_words(list, &at, &len) && len == 12 && at[0] == 't');
	CU_ASSERT(!clause_words(list, &at, &len));
	at = NULL;
	CU_ASSERT(!clause_words("", &at, &len));
}

/* What a check cites exists, its id is its own and reads like one, and it can be run somewhere. */
static void test_all_checks(void)
{
	const struct conf_section *const *s, *const *s2;
	unsigned i, j, n = 0;

	k = clauses_new();
	for (s = conf_sections; *s; s++)
		for (i = 0; i < (*s)->n; i++) {
			const struct conf_check *c = &(*s)->checks[i];
			const char *at = NULL;
			size_t len;
			unsigned words = 0, same = 0, lanes = 0;
			const struct lane *const *l;

			n++;
			CU_ASSERT_PTR_NOT_NULL(strchr(c->id, '/'));
			CU_ASSERT(c->what && c->what[0] && c->run);
			while (clause_words(c->clauses, &at, &len)) {
				words++;
				if (strncmp(at, "text:", 5) != 0 && strncmp(at, "VOP-", 4) != 0 &&
				    !clauses_find(k, at, len)) {
					printf("%s cites %.*s, which there is not\n", c->id,
					       (int)len, at);
					CU_ASSERT(false);
				}
			}
			CU_ASSERT(words > 0);
			for (s2 = conf_sections; *s2; s2++)
				for (j = 0; j < (*s2)->n; j++)
					same += strcmp((*s2)->checks[j].id, c->id) == 0;
			CU_ASSERT_EQUAL(same, 1);
			for (l = conf_lanes; *l; l++)
				lanes += conf_applies(c, *l, true, false) ||
					 conf_applies(c, *l, true, true);
			CU_ASSERT(lanes > 0);
		}
	CU_ASSERT(n > 0);
	clauses_free(k);
}

int suite_conf_select(void);
int suite_conf_select(void)
{
	CU_pSuite s = CU_add_suite("selection of checks", NULL, NULL);

	if (!s || !CU_add_test(s, "by id, section and statement", test_only) ||
	    !CU_add_test(s, "by profile", test_profiles) ||
	    !CU_add_test(s, "by version of the specification", test_versions) ||
	    !CU_add_test(s, "the tables of statements", test_tables) ||
	    !CU_add_test(s, "lists of statements", test_words) ||
	    !CU_add_test(s, "every check there is", test_all_checks))
		return CU_get_error();
	return 0;
}
