/* SPDX-License-Identifier: BSD-2-Clause */
/* Results made up for pictures: no files, no JSON. One thread; a rig at a time. */
#ifndef UNIT_PLOT_RIG_H
#define UNIT_PLOT_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/runs.h"

enum { RIG_FILES = 40, RIG_RESULTS = 64, RIG_PARAMS = 6, RIG_ROUNDS = 6 };

struct rig {
	struct runs runs;
	struct run_file file[RIG_FILES];
	struct run_result result[RIG_FILES][RIG_RESULTS];
	struct run_param param[RIG_FILES][RIG_RESULTS][RIG_PARAMS];
	struct run_round round[RIG_FILES][RIG_RESULTS][RIG_ROUNDS];
	char text[RIG_FILES][RIG_RESULTS][RIG_PARAMS][64];
};

static inline struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->runs.file = r->file;
	return r;
}

static inline void rig_file(struct rig *r, const char *label)
{
	struct run_file *f = &r->file[r->runs.n];

	*f = (struct run_file){.path = label,
			       .label = label,
			       .workload = "net",
			       .target = "vop:",
			       .started = "2024-05-06T07:08:09Z",
			       .revision = "0123abc",
			       .cpu_model = "One CPU",
			       .kernel = "",
			       .command_line = "",
			       .result = r->result[r->runs.n]};
	r->runs.n++;
}

static inline void rig_param(struct rig *r, const char *key, const char *text);

/* A result of the last file: the median, with rounds around it. */
static inline struct run_result *rig_result(struct rig *r, const char *name, const char *metric,
					    const char *regime, double median)
{
	size_t f = r->runs.n - 1, i = r->file[f].results++;
	struct run_result *s = &r->result[f][i];

	*s = (struct run_result){.name = name,
				 .metric = metric,
				 .unit = strcmp(metric, "goodput") == 0	      ? "bit/s"
					 : strncmp(metric, "latency", 7) == 0 ? "ns"
									      : "frame/s",
				 .more_is_better = true,
				 .regime = regime,
				 .param = r->param[f][i],
				 .verified = true,
				 .rounds = RIG_ROUNDS,
				 .round = r->round[f][i]};
	s->s = (struct stats){.n = RIG_ROUNDS,
			      .median = median,
			      .min = 0.8 * median,
			      .max = 1.2 * median,
			      .q1 = 0.9 * median,
			      .q3 = 1.1 * median};
	for (unsigned k = 0; k < RIG_ROUNDS; k++)
		r->round[f][i][k] = (struct run_round){
			.value = median, .rtt_before_ns = 120, .rtt_after_ns = 130, .at_s = -1};
	return s;
}

/* A parameter of the last result; a number where it reads as one. */
static inline void rig_param(struct rig *r, const char *key, const char *text)
{
	size_t f = r->runs.n - 1, i = r->file[f].results - 1;
	struct run_result *s = &r->result[f][i];
	char *copy = r->text[f][i][s->params], *end;
	double v;

	snprintf(copy, sizeof(r->text[f][i][0]), "%s", text);
	v = strtod(copy, &end);
	r->param[f][i][s->params] = (struct run_param){
		.key = key, .text = copy, .is_number = *end == '\0', .number = v};
	s->params++;
}

/* One figure of a size: rate and goodput, with a limit. */
static inline void rig_rate(struct rig *r, const char *name, const char *regime, const char *size,
			    const char *ring, double rate)
{
	struct run_result *s = rig_result(r, name, "rate", regime, rate);

	s->limit_name = "line_rate";
	s->limit = 2 * rate;
	rig_param(r, "size", size);
	rig_param(r, "ring", ring);
	rig_result(r, name, "goodput", regime, rate * 8 * atof(size));
	rig_param(r, "size", size);
	rig_param(r, "ring", ring);
}

#endif
