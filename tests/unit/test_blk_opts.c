/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of `run blk`: what does not go together is refused in one line; what does becomes the
 * plan it says. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include <vop/features.h>
#include "bench/blk_run.h"

struct asked {
	struct blk_opts o;
	struct opt table[OPT_MAX];
	struct opt_args args;
	struct blk_plan p;
	struct vop_error err;
	char says[512];
};

/* Parse a command line and make the plan: 0, 1 the parser refused, 2 the plan did. */
static int ask(struct asked *a, const char *line)
{
	char words[256], *argv[32] = {(char *)"run blk"}, *save = NULL;
	FILE *err;
	int argc = 1, e;

	memset(a, 0, sizeof(*a));
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	err = fmemopen(a->says, sizeof(a->says), "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(err);
	blk_opts_table(&a->o, a->table);
	e = opt_parse(a->table, 0, argc, argv, &a->args, err);
	fclose(err);
	if (e)
		return 1;
	if (blk_plan_make(&a->o, a->table, &a->args, &a->p, &a->err) == 0)
		return 0;
	snprintf(a->says, sizeof(a->says), "%s", a->err.text);
	return 2;
}

static void refused(const char *line, int by, const char *word)
{
	struct asked a;
	int got = ask(&a, line);

	if (got != by || !strstr(a.says, word))
		printf("\n    %s: %d, %s\n", line, got, a.says);
	CU_ASSERT_EQUAL(got, by);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.says, word));
}

static void bad(void)
{
	refused("--pattern readd", 1, "--pattern");
	refused("--pattern write,write", 1, "twice");
	refused("--size 100", 1, "--size");
	refused("--size 4K,1000", 2, "1000");
	refused("--depth 0", 1, "--depth");
	refused("--queue-size 100", 2, "power of two");
	refused("--ring packed --depth 32768 --features flush", 2, "--depth");
	refused("--target /tmp/x", 2, "SCHEME:PATH");
	refused("--target vhost-user:/x --disk /tmp/y", 2, "--disk");
	refused("--target vop:/x --pattern write", 2, "--destroy");
	refused("--spawn true --pattern read,randrw", 2, "--destroy");
	refused("--mix 100", 1, "--mix");
}

static bool has(const struct blk_plan *p, enum blk_pattern w)
{
	for (unsigned i = 0; i < p->patterns; i++)
		if (p->pattern[i] == w)
			return true;
	return false;
}

static void patterns(void)
{
	struct asked a;

	CU_ASSERT_EQUAL(ask(&a, ""), 0);
	CU_ASSERT_EQUAL(a.p.patterns, BLK_PATTERNS);
	CU_ASSERT_TRUE(a.p.may_write && !a.p.foreign && a.p.defaults);
	/* What may not be written is not written by default either. */
	CU_ASSERT_EQUAL(ask(&a, "--target vop:/x"), 0);
	CU_ASSERT_TRUE(a.p.foreign && !a.p.may_write);
	CU_ASSERT_EQUAL(a.p.patterns, 3);
	CU_ASSERT_TRUE(has(&a.p, BLK_READ) && has(&a.p, BLK_RANDREAD) && has(&a.p, BLK_FLUSH));
	CU_ASSERT_EQUAL(ask(&a, "--spawn true --target vhost-user:"), 0);
	CU_ASSERT_TRUE(a.p.foreign && !a.p.may_write);
	CU_ASSERT_EQUAL(ask(&a, "--target vop:/x --destroy"), 0);
	CU_ASSERT_TRUE(a.p.may_write);
	CU_ASSERT_EQUAL(a.p.patterns, BLK_PATTERNS);
	CU_ASSERT_EQUAL(ask(&a, "--pattern write,flush"), 0);
	CU_ASSERT_EQUAL(a.p.patterns, 2);
	CU_ASSERT_FALSE(a.p.defaults);
}

static void sizes(void)
{
	struct asked a;

	CU_ASSERT_EQUAL(ask(&a, "--size 512,4K,6K --depth 3,300"), 0);
	CU_ASSERT_EQUAL(a.p.size_max, 6144);
	CU_ASSERT_EQUAL(a.p.size_unit, 512);
	CU_ASSERT_EQUAL(a.p.depth_max, 300);
	CU_ASSERT_EQUAL(a.p.queue_size, 512);
	CU_ASSERT_EQUAL(ask(&a, "--size 12K,8K --depth 4"), 0);
	CU_ASSERT_EQUAL(a.p.size_unit, 4096);
	CU_ASSERT_EQUAL(a.p.queue_size, 256);
	/* Three descriptors for each request when there are no tables. */
	CU_ASSERT_EQUAL(ask(&a, "--depth 128 --features -indirect_desc"), 0);
	CU_ASSERT_EQUAL(a.p.queue_size, 512);
	CU_ASSERT_EQUAL(ask(&a, "--queue-size 100 --ring packed"), 0);
	CU_ASSERT_EQUAL(a.p.queue_size, 100);
}

static void features(void)
{
	struct asked a;

	CU_ASSERT_EQUAL(ask(&a, ""), 0);
	CU_ASSERT_TRUE(vop_feature_has(a.p.want, VOP_BLK_F_FLUSH));
	CU_ASSERT_TRUE(vop_feature_has(a.p.want, VOP_F_EVENT_IDX));
	CU_ASSERT_EQUAL(a.p.need[0] | a.p.need[1], 0);
	CU_ASSERT_EQUAL(ask(&a, "--ring packed --queues 2 --features -event_idx"), 0);
	CU_ASSERT_TRUE(vop_feature_has(a.p.need, VOP_F_RING_PACKED));
	CU_ASSERT_TRUE(vop_feature_has(a.p.need, VOP_BLK_F_MQ));
	CU_ASSERT_FALSE(vop_feature_has(a.p.want, VOP_F_EVENT_IDX));
	CU_ASSERT_EQUAL(ask(&a, "--features in_order"), 0);
	CU_ASSERT_EQUAL(a.p.want[0], 1ull << VOP_F_IN_ORDER);
}

int suite_blk_opts(void)
{
	CU_pSuite s = CU_add_suite("blk_opts", NULL, NULL);

	if (!s || !CU_add_test(s, "refused", bad) || !CU_add_test(s, "patterns", patterns) ||
	    !CU_add_test(s, "sizes", sizes) || !CU_add_test(s, "features", features))
		return CU_get_error();
	return 0;
}
