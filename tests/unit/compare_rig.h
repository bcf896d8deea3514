/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs made up here, for tests of comparisons: files, passes, rounds with noise around a level. */
#ifndef TESTS_COMPARE_RIG_H
#define TESTS_COMPARE_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "bench/compare.h"

enum { RESULTS = 8, FILES = 12, PASSES = 16, PER_PASS = 4, ROUNDS = PASSES * PER_PASS };

/* One side: a few files of one result each, that a test then bends. */
struct side {
	struct runs runs;
	struct run_file file[FILES];
	struct run_result result[FILES][RESULTS];
	struct run_round round[FILES][RESULTS][ROUNDS];
	struct run_param param[FILES][RESULTS][3]; /* two in use, one to add */
	json_t *run[FILES];
};

struct both {
	struct side old, now;
	uint64_t seed;
};

static inline double noise(uint64_t *s)
{
	*s = *s * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(*s >> 11) / 9007199254740992.0 - 0.5;
}

/* passes of one file; values around `level`, `spread` wide, each file off by up to `luck`. */
static inline void side_make(struct both *b, struct side *s, size_t files, unsigned passes,
			     double level, double spread, double luck)
{
	memset(s, 0, sizeof(*s));
	s->runs = (struct runs){.n = files, .file = s->file};
	for (size_t f = 0; f < files; f++) {
		double off = 1 + luck * 2 * noise(&b->seed);

		s->run[f] = json_object();
		s->file[f] = (struct run_file){.path = "file",
					       .label = "file",
					       .workload = "net",
					       .cpu_model = "one CPU",
					       .run = s->run[f],
					       .results = 1,
					       .result = s->result[f]};
		for (size_t r = 0; r < RESULTS; r++) {
			unsigned n = passes * PER_PASS;

			s->param[f][r][0] = (struct run_param){"size", "64", true, 64};
			s->param[f][r][1] = (struct run_param){"ring", "packed", false, 0};
			s->result[f][r] = (struct run_result){.name = "net.tx",
							      .metric = "rate",
							      .unit = "frame/s",
							      .more_is_better = true,
							      .regime = "near",
							      .params = 2,
							      .param = s->param[f][r],
							      .rounds = n,
							      .round = s->round[f][r]};
			for (unsigned i = 0; i < n; i++)
				s->round[f][r][i] = (struct run_round){
					.value = level * off * (1 + spread * 2 * noise(&b->seed)),
					.rtt_before_ns = 130,
					.rtt_after_ns = 130,
					.pass = i / PER_PASS,
					.number = i % PER_PASS};
		}
	}
}

static inline void side_free(struct side *s)
{
	for (size_t f = 0; f < FILES; f++)
		json_decref(s->run[f]);
}

static inline struct both *both_new(void)
{
	struct both *b = calloc(1, sizeof(*b));

	b->seed = 4711;
	return b;
}

static inline void both_free(struct both *b)
{
	side_free(&b->old);
	side_free(&b->now);
	free(b);
}

/* Taken in turn: file f of both sides belong together. */
static inline void in_turn(struct both *b)
{
	for (size_t f = 0; f < b->old.runs.n; f++) {
		char id[24];

		snprintf(id, sizeof(id), "%zu", f);
		json_object_set_new(b->old.run[f], "turns", json_pack("{s:s}", "id", id));
		json_object_set_new(b->now.run[f], "turns", json_pack("{s:s}", "id", id));
	}
}

static inline struct comparison compared(struct both *b, const struct compare_options *o)
{
	struct comparison c;

	CU_ASSERT_EQUAL_FATAL(compare_runs(&b->old.runs, &b->now.runs, o, &c), 0);
	return c;
}

static inline enum compare_verdict verdict(struct both *b, const struct compare_options *o)
{
	struct comparison c = compared(b, o);
	enum compare_verdict v;

	CU_ASSERT_EQUAL_FATAL(c.rows, 1);
	v = c.row[0].verdict;
	CU_ASSERT_EQUAL(c.verdicts[v], 1);
	CU_ASSERT(c.row[0].low <= c.row[0].ratio && c.row[0].ratio <= c.row[0].high);
	compare_free(&c);
	return v;
}

static inline void expect_refusal(struct both *b, const struct compare_options *o,
				  const char *words)
{
	struct comparison c = compared(b, o);
	bool found = false;

	CU_ASSERT_EQUAL(c.rows, 0);
	for (size_t i = 0; i < c.refusals; i++)
		found |= strstr(c.refusal[i].reason, words) != NULL;
	CU_ASSERT(found);
	if (!found)
		for (size_t i = 0; i < c.refusals; i++)
			printf("[%s] ", c.refusal[i].reason);
	compare_free(&c);
}

static inline void give_second(struct side *s, const char *name, const char *metric)
{
	for (size_t f = 0; f < s->runs.n; f++) {
		s->file[f].results = 2;
		s->result[f][1].name = name;
		s->result[f][1].metric = metric;
	}
}

#endif
