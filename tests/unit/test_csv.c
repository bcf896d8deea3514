/* SPDX-License-Identifier: BSD-2-Clause */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "bench/csv.h"
#include "runs_sample.h"
#include "scratch.h"

/* What is written of r; the caller's. */
static char *written(const struct runs *r)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		abort();
	CU_ASSERT_EQUAL(csv_write(r, f), 0);
	fclose(f);
	return text;
}

static bool is(const struct runs *r, const char *expected)
{
	char *text = written(r);
	bool same = strcmp(text, expected) == 0;

	if (!same)
		printf("\n%s", text);
	free(text);
	return same;
}

#define BEFORE "file,started,revision,workload,target,name,metric,unit,regime,"
#define BEHIND                                                                                     \
	"pass,number,at_s,value,limit,rtt_before_ns,rtt_after_ns,duration_s,steal_s,migrations,"   \
	"involuntary_switches,marked,counts\r\n"

static void test_sample(void)
{
	static const char *const path[] = {"a.json"};
	struct scratch dir;
	struct runs r;
	FILE *f;

	scratch_enter(&dir);
	f = fopen("a.json", "w");
	CU_ASSERT_FATAL(f && fputs(runs_sample, f) > 0 && fclose(f) == 0);
	CU_ASSERT_EQUAL_FATAL(runs_load(&r, path, 1, stderr), 0);
	CU_ASSERT(is(&r, BEFORE
		     "size,ring,share," BEHIND
		     "a.json,2024-05-06T07:08:09Z,0123abc,net,vop:,net.tx,rate,frame/s,near,"
		     "64,packed,0.5,1,4,0.25,10,30,120,130,0.1,0,0,3,,1\r\n"
		     "a.json,2024-05-06T07:08:09Z,0123abc,net,vop:,net.tx,rate,frame/s,near,"
		     "64,packed,0.5,0,1,,99,30,120,240,0.1,0,0,0,"
		     "regime_changed rtt_drift other,0\r\n"
		     "a.json,2024-05-06T07:08:09Z,0123abc,net,vop:,net.tx,rate,frame/s,near,"
		     "64,packed,0.5,0,2,,20,50,,130,0.1,0.0005,0,0,,1\r\n"
		     "a.json,2024-05-06T07:08:09Z,0123abc,net,vop:,net.latency,latency_p50,ns,"
		     "far,64,packed,0.5,0,0,,150,,500,520,,0,2,0,migrated,1\r\n"));
	runs_free(&r);
	scratch_leave(&dir);
}

/* Runs with different parameters, and texts of every kind. */
static void test_fields(void)
{
	static const struct run_param one[] = {{"size", "64", true, 64}},
				      two[] = {{"limit", "a,b", false, 0},
					       {"size", "say \"x\"", false, 0},
					       {"a,b", " =1+1\n", false, 0}};
	static const struct run_round round = {
		.value = 1234567890123.5, .at_s = -1, .steal_s = 1e-9};
	static const struct run_result result[] = {{.name = "n",
						    .metric = "m",
						    .unit = "",
						    .regime = "far",
						    .params = 1,
						    .param = one,
						    .rounds = 1,
						    .round = &round},
						   {.name = "n",
						    .metric = "m",
						    .unit = "u",
						    .regime = "far",
						    .params = 3,
						    .param = two,
						    .rounds = 1,
						    .round = &round}};
	struct run_file file = {.path = "a b.json",
				.workload = "net",
				.target = "",
				.started = "",
				.revision = "",
				.results = 2,
				.result = result};
	struct runs r = {.n = 1, .file = &file};
	static const char expected[] =
		BEFORE "size,param_limit,\"a,b\"," BEHIND
		       "a b.json,,,net,,n,m,,far,64,,,0,0,,1.23456789012e+12,,,,,1e-09,0,0,,1\r\n"
		       "a b.json,,,net,,n,m,u,far,\"say \"\"x\"\"\",\"a,b\",\" =1+1\n\","
		       "0,0,,1.23456789012e+12,,,,,1e-09,0,0,,1\r\n";

	CU_ASSERT(is(&r, expected));
	/* Where such a language is installed. */
	setlocale(LC_ALL, "de_DE.UTF-8");
	CU_ASSERT(is(&r, expected));
	setlocale(LC_ALL, "C");
	r.n = 0;
	CU_ASSERT(is(&r, BEFORE BEHIND));
}

int suite_csv(void)
{
	CU_pSuite s = CU_add_suite("csv", NULL, NULL);

	if (!s || !CU_add_test(s, "a run", test_sample) ||
	    !CU_add_test(s, "fields of every kind", test_fields))
		return CU_get_error();
	return 0;
}
