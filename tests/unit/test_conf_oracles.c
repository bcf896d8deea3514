/* SPDX-License-Identifier: BSD-2-Clause */
/* The oracles around every check: each is shown something it must see, and something it must not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "conformance/ref/ref.h"
#include "conformance/ring.h"
#include "conformance/run.h"

static struct conf_result judge(const struct conf_check *k, const struct ref_mutant *m, bool packed)
{
	struct conf_runner_config cfg = {.seed = 1, .patience_ms = 100};
	struct sut *s = ref_new(1, 0, m);
	struct conf_runner *r = conf_runner_new(s, &cfg);
	struct conf_result out = {0};
	struct vop_error err;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(conf_run(r, k, conf_lanes[0], packed, &out, &err), 0);
	CU_ASSERT((out.notes != NULL) == (out.outcome != CONF_PASS && out.outcome != CONF_SKIP));
	free(out.notes);
	conf_runner_free(r);
	sut_free(s);
	return out;
}

static void expect(void (*run)(struct conf *c), enum conf_outcome want, const char *word)
{
	const struct conf_check k = {"test/x",	       "x",	  "2.7.5.1:dev:1", CONF_MUST,
				     CONF_CONFORMANCE, CONF_BOTH, .run = run};
	struct conf_result r = judge(&k, NULL, false);

	CU_ASSERT_EQUAL(r.outcome, want);
	if (!strstr(r.text, word)) {
		printf("'%s' lacks '%s'\n", r.text, word);
		CU_ASSERT(false);
	}
}

/* Behind the back of the shadow: as a device that writes where it may not. */
static void scribble(void *p, size_t at)
{
	((volatile uint8_t *)p)[at] ^= 0x40;
}

static void canary_behind(struct conf *c)
{
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, 100, 16, &bus, "a piece");

	scribble(p, 100);
}

static void canary_before(struct conf *c)
{
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, 100, 16, &bus, "a piece");

	scribble(p, (size_t)-1);
}

static void closed(struct conf *c)
{
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, 100, 16, &bus, "a piece");

	scribble(p, 50);
}

static void open_range(struct conf *c)
{
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, 100, 16, &bus, "a piece");

	cmem_open(c, p + 10, 10);
	scribble(p, 10);
	scribble(p, 19);
	cmem_verify(c, "open");
	cmem_close(c, p + 10, 10);
	cmem_verify(c, "closed as it is");
}

static void beside_open(struct conf *c)
{
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, 100, 16, &bus, "a piece");

	cmem_open(c, p + 10, 10);
	scribble(p, 20);
}

static void closed_again(struct conf *c)
{
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, 100, 16, &bus, "a piece");

	cmem_open(c, p, 100);
	cmem_close(c, p, 100);
	scribble(p, 99);
}

static void frozen(struct conf *c)
{
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, 100, 16, &bus, "a piece");

	cmem_open(c, p, 100);
	scribble(p, 3);
	cmem_freeze(c);
	cmem_verify(c, "at once");
	scribble(p, 3);
}

static void second_chunk(struct conf *c)
{
	uint64_t bus;
	uint8_t *a = cmem_alloc(c, 200000, 16, &bus, "a large piece");
	uint8_t *b = cmem_alloc(c, 200000, 16, &bus, "another");

	(void)b;
	scribble(a, 199999);
}

static void own_writes(struct conf *c)
{
	uint64_t bus;
	uint8_t *p = cmem_alloc(c, 100, 16, &bus, "a piece");

	cmem_put(c, p, "abc", 3);
	cmem_put16(c, p + 4, 0x1234);
	cmem_put32(c, p + 8, 0x12345678);
	cmem_put64(c, p + 16, 0x123456789abcdef0ull);
	cmem_fill(c, p + 30, 7, 70);
	CU_ASSERT(p[4] == 0x34 && p[8] == 0x78 && p[16] == 0xf0 && p[99] == 7);
}

static void pages(struct conf *c)
{
	uint64_t bus;
	uint8_t *p = cmem_untouched(c, 4, &bus);

	CU_ASSERT_EQUAL(cmem_touched(c, p, 4), 0);
	CU_ASSERT_EQUAL(((volatile uint8_t *)p)[2 * 4096 + 5], 0);
	CU_ASSERT_EQUAL(cmem_touched(c, p, 4), 1);
}

static void skips(struct conf *c)
{
	conf_skip(c, "no reason");
}

static void warns(struct conf *c)
{
	conf_warn(c, "a little");
	conf_warn(c, "and more");
}

static void fails_after_warning(struct conf *c)
{
	conf_warn(c, "a little");
	conf_fail(c, "a lot");
}

static void test_memory(void)
{
	expect(canary_behind, CONF_FAIL, "byte 100 from the start of a piece");
	expect(canary_before, CONF_FAIL, "written");
	expect(closed, CONF_FAIL, "byte 50 from the start of a piece");
	expect(open_range, CONF_PASS, "");
	expect(beside_open, CONF_FAIL, "byte 20");
	expect(closed_again, CONF_FAIL, "byte 99");
	expect(frozen, CONF_FAIL, "byte 3");
	expect(second_chunk, CONF_FAIL, "a large piece");
	expect(own_writes, CONF_PASS, "");
	expect(pages, CONF_PASS, "");
}

static void test_outcomes(void)
{
	expect(skips, CONF_SKIP, "no reason");
	expect(warns, CONF_WARN, "a little");
	expect(fails_after_warning, CONF_FAIL, "a lot");
}

/* --- rings, in every way a device can be wrong about them --- */

static void serve(struct conf *c)
{
	conf_start(c, 8);
	conf_serve(c, 40);
}

static void mutant(const char *name, bool packed, enum conf_outcome want, const char *word)
{
	const struct conf_check k = {"test/serve",     "x",	  "2.7.5.1:dev:1", CONF_MUST,
				     CONF_CONFORMANCE, CONF_BOTH, .run = serve};
	struct conf_result r;
	struct ref_mutant m;

	CU_ASSERT_FATAL(ref_mutant_find(name, &m));
	r = judge(&k, &m, packed);
	if (r.outcome != want || !strstr(r.text, word)) {
		printf("%s: %s: '%s' lacks '%s'\n", name, conf_outcome_word(r.outcome), r.text,
		       word);
		CU_ASSERT(false);
	}
}

static void test_rings(void)
{
	mutant("split/used-id:plus", false, CONF_FAIL, "not outstanding");
	mutant("split/used-len:plus", false, CONF_FAIL, "its writable part has");
	mutant("split/used-idx:plus", false, CONF_FAIL, "the used index went");
	mutant("split/writes-desc:bug", false, CONF_FAIL, "the descriptor table");
	mutant("split/writes-avail:bug", false, CONF_FAIL, "the available ring");
	mutant("packed/used-id:plus", true, CONF_FAIL, "not outstanding");
	mutant("packed/used-flags:skip", true, CONF_FAIL, "never came back");
	mutant("notify/call:skip", false, CONF_FAIL, "and none came");
	mutant("notify/call:skip", true, CONF_FAIL, "and none came");
	mutant("memory/writes-readable:bug", true, CONF_FAIL, "a readable buffer");
	mutant("memory/stray-write:bug", false, CONF_FAIL, "written");
}

static void break_rule(struct conf *c)
{
	struct cring *r;

	conf_start(c, 8);
	r = conf_ring(c);
	cmem_put16(c, &r->avail->ring[0], 8);
	cmem_put16(c, &r->avail->idx, 1);
	cring_kick_always(r);
	conf_settle(c);
	conf_expect_idle(c);
}

static void after_violation(const char *name, enum conf_outcome want, const char *word)
{
	const struct conf_check k = {"test/break",    "x",	  "2.7.5.1:dev:1",  CONF_MUST,
				     CONF_ROBUSTNESS, CONF_SPLIT, .run = break_rule};
	struct conf_result r;
	struct ref_mutant m;

	CU_ASSERT_FATAL(ref_mutant_find(name, &m));
	r = judge(&k, &m, false);
	CU_ASSERT_EQUAL(r.outcome, want);
	if (!strstr(r.text, word)) {
		printf("%s: '%s' lacks '%s'\n", name, r.text, word);
		CU_ASSERT(false);
	}
}

static void test_life(void)
{
	after_violation("cpu/spins-when-broken:bug", CONF_FAIL, "used its CPU");
	after_violation("life/dies-when-broken:bug", CONF_CRASH, "went away");
	after_violation("life/stuck-when-broken:bug", CONF_HANG, "did not answer");
	after_violation("reset/needs-reset:skip", CONF_FAIL, "status");
}

/* A device that died is started again for the next check. */
static void test_restart(void)
{
	const struct conf_check bad = {"test/break",	"x",	    "2.7.5.1:dev:1",  CONF_MUST,
				       CONF_ROBUSTNESS, CONF_SPLIT, .run = break_rule};
	const struct conf_check good = {"test/serve",	  "x",	     "2.7.5.1:dev:1", CONF_MUST,
					CONF_CONFORMANCE, CONF_BOTH, .run = serve};
	struct conf_runner_config cfg = {.seed = 1, .patience_ms = 100};
	struct conf_result out;
	struct conf_runner *r;
	struct ref_mutant m;
	struct vop_error err;
	struct sut *s;

	CU_ASSERT_FATAL(ref_mutant_find("life/dies-when-broken:bug", &m));
	s = ref_new(1, 0, &m);
	r = conf_runner_new(s, &cfg);
	CU_ASSERT_EQUAL(conf_run(r, &bad, conf_lanes[0], false, &out, &err), 0);
	CU_ASSERT_EQUAL(out.outcome, CONF_CRASH);
	free(out.notes);
	CU_ASSERT_EQUAL(conf_run(r, &good, conf_lanes[0], false, &out, &err), 0);
	CU_ASSERT_EQUAL(out.outcome, CONF_PASS);
	CU_ASSERT(out.restarted);
	conf_runner_free(r);
	sut_free(s);
}

int suite_conf_oracles(void);
int suite_conf_oracles(void)
{
	CU_pSuite s = CU_add_suite("oracles of conformance", NULL, NULL);

	if (!s || !CU_add_test(s, "memory", test_memory) ||
	    !CU_add_test(s, "outcomes", test_outcomes) || !CU_add_test(s, "rings", test_rings) ||
	    !CU_add_test(s, "life", test_life) || !CU_add_test(s, "restart", test_restart))
		return CU_get_error();
	return 0;
}
