/* SPDX-License-Identifier: BSD-2-Clause */
/* Results made up here, and the page that is written of them. */
#ifndef UNIT_PAGE_RIG_H
#define UNIT_PAGE_RIG_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "bench/page.h"

enum { RIG_FILES = 12, RIG_RESULTS = 12, RIG_ROUNDS = 4 };

struct page_rig {
	struct runs runs;
	struct run_file file[RIG_FILES];
	struct run_result result[RIG_FILES][RIG_RESULTS];
	struct run_round round[RIG_FILES][RIG_RESULTS][RIG_ROUNDS];
	struct run_param param[RIG_FILES][RIG_RESULTS][3];
	char label[RIG_FILES][16];
	char *html; /* of the last page */
	char *said; /* what went to its err */
};

static const char rig_run[] =
	"{\"workload\":\"net\",\"duration_s\":2,\"configuration\":{\"size\":[64,1518],"
	"\"features\":[],\"duration_ns\":100000000,\"quiet\":false},"
	"\"environment\":{\"kernel\":\"Linux 6.1\",\"cpu_model\":\"a CPU\",\"cpus_online\":2,"
	"\"virtualised\":false,\"smt\":0,\"memory\":8589934592,\"huge_pages_total\":64,\"cpus\":["
	"{\"cpu\":0,\"core\":0,\"package\":0,\"governor\":\"performance\"},"
	"{\"cpu\":1,\"core\":1,\"package\":0,\"governor\":null}]},"
	"\"features_negotiated\":[\"event_idx\",\"mac\"]}";

/* One more file, of a quiet machine without anything to be said against it. */
static inline struct run_file *rig_file(struct page_rig *g)
{
	size_t i = g->runs.n++;
	struct run_file *f = &g->file[i];

	g->runs.file = g->file;
	snprintf(g->label[i], sizeof(g->label[i]), "run%zu", i + 1);
	*f = (struct run_file){
		.path = g->label[i],
		.label = g->label[i],
		.workload = "net",
		.target = "vop:",
		.started = "2024-05-06T07:08:09Z",
		.revision = "0123abc",
		.cpu_model = "a CPU",
		.kernel = "Linux 6.1",
		.command_line = "vop-bench run net --size 64",
		.duration_s = 2,
		.run = json_loads(rig_run, 0, NULL),
		.result = g->result[i],
	};
	return f;
}

/* One more result of the file added last, of undisturbed rounds near by. */
static inline struct run_result *rig_result(struct page_rig *g, const char *name,
					    const char *metric, const char *size, double median)
{
	size_t i = g->runs.n - 1, k = g->file[i].results++;
	struct run_result *r = &g->result[i][k];
	double values[RIG_ROUNDS];

	g->param[i][k][0] = (struct run_param){"size", size, true, strtod(size, NULL)};
	g->param[i][k][1] = (struct run_param){"ring", "packed", false, 0};
	g->param[i][k][2] = (struct run_param){"features", "mac, packed", false, 0};
	for (unsigned d = 0; d < RIG_ROUNDS; d++) {
		values[d] = median * (0.97 + 0.02 * d);
		g->round[i][k][d] = (struct run_round){.value = values[d],
						       .rtt_before_ns = 130,
						       .rtt_after_ns = 130,
						       .duration_s = 0.1,
						       .number = d};
	}
	*r = (struct run_result){
		.name = name,
		.metric = metric,
		.unit = strncmp(metric, "rate", 4) == 0	     ? "frame/s"
			: strncmp(metric, "goodput", 7) == 0 ? "bit/s"
							     : "ns",
		.more_is_better = metric[0] == 'r' || metric[0] == 'g',
		.regime = "near",
		.params = 3,
		.param = g->param[i][k],
		.verified = true,
		.rounds = RIG_ROUNDS,
		.round = g->round[i][k],
	};
	CU_ASSERT_EQUAL(stats_of(values, RIG_ROUNDS, &r->s), 0);
	return r;
}

static inline void rig_limit(struct run_result *r, const char *name, double limit)
{
	r->limit_name = name;
	r->limit = limit;
	r->limit_ratio = r->s.median / limit;
}

/* A file as most are: a rate and a latency, in two sizes. */
static inline void rig_usual(struct page_rig *g)
{
	rig_file(g);
	rig_limit(rig_result(g, "net.tx", "rate", "64", 40e6), "line_rate", 100e6);
	rig_result(g, "net.tx", "goodput", "64", 20e9);
	rig_result(g, "net.tx", "cpu_per_frame_driver", "64", 25);
	rig_limit(rig_result(g, "net.tx", "rate", "1518", 10e6), "line_rate", 20e6);
	rig_limit(rig_result(g, "net.latency", "latency_p50", "64", 250), "line_rtt", 125);
	rig_result(g, "net.latency", "latency_p99", "64", 500);
}

static inline struct page_rig *rig_new(void)
{
	return calloc(1, sizeof(struct page_rig));
}

static inline void rig_drop(struct page_rig *g)
{
	free(g->html);
	free(g->said);
	g->html = g->said = NULL;
}

static inline void rig_free(struct page_rig *g)
{
	rig_drop(g);
	for (size_t i = 0; i < g->runs.n; i++)
		json_decref(g->file[i].run);
	free(g);
}

/* Write the page; its text is g->html until the next one. */
static inline const char *rig_write(struct page_rig *g, const struct page *p)
{
	size_t n;
	FILE *out, *err;

	rig_drop(g);
	out = open_memstream(&g->html, &n);
	err = open_memstream(&g->said, &n);
	if (!out || !err)
		abort();
	CU_ASSERT_EQUAL(page_write(p, out, err), 0);
	fclose(out);
	fclose(err);
	return g->html;
}

static inline const char *rig_page(struct page_rig *g)
{
	return rig_write(g, &(struct page){.old = &g->runs});
}

/* How often a text is there. */
static inline unsigned rig_count(const char *html, const char *text)
{
	unsigned n = 0;

	for (; (html = strstr(html, text)); html += strlen(text))
		n++;
	return n;
}

/* Is it there? Says what is missing when not. */
static inline bool rig_has(const char *html, const char *text)
{
	bool has = strstr(html, text) != NULL;

	if (!has)
		printf("\n    the page lacks '%s'\n", text);
	return has;
}

/* Part of the page, from a heading's id to the next section; a copy in a buffer of its own. */
static inline const char *rig_section(const char *html, const char *id)
{
	static char part[1 << 20];
	char mark[64];
	const char *begin, *end;

	snprintf(mark, sizeof(mark), "<h2 id=\"%s\">", id);
	begin = strstr(html, mark);
	if (!begin)
		return "";
	end = strstr(begin, "</section>");
	if (!end)
		end = begin + strlen(begin);
	snprintf(part, sizeof(part), "%.*s", (int)(end - begin), begin);
	return part;
}

#endif
