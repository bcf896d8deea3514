/* SPDX-License-Identifier: BSD-2-Clause */
/* Words and numbers as a reader wants them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/page_part.h"
#include "bench/result.h"

struct word {
	const char *word, *text;
};

static const char *look_up(const struct word *w, const char *word, const char *otherwise)
{
	for (; w->word; w++)
		if (strcmp(w->word, word) == 0)
			return w->text;
	return otherwise;
}

const char *page_name_text(const char *name)
{
	static const struct word names[] = {
		{"net.tx", "transmit"},
		{"net.rx", "receive"},
		{"net.both", "both ways at once"},
		{"net.latency", "round trip"},
		{"limit.rtt", "cache line there and back"},
		{"limit.tx", "line rate, transmit"},
		{"limit.rx", "line rate, receive"},
		{"limit.both", "line rate, both ways"},
		{"limit.copy", "memory copy"},
		{"limit.wake", "wake-up there and back"},
		{NULL, NULL},
	};

	return look_up(names, name, name);
}

const char *page_workload_text(const char *workload)
{
	static const struct word workloads[] = {
#define WORKLOAD_WORD(word, text) {#word, text},
		BENCH_WORKLOADS(WORKLOAD_WORD)
#undef WORKLOAD_WORD
			{NULL, NULL},
	};

	return look_up(workloads, workload, "");
}

const char *page_metric_text(const char *metric)
{
	for (unsigned m = 0; m < METRIC_COUNT; m++)
		if (strcmp(metric, result_metric_word((enum result_metric)m)) == 0)
			return result_metric_text((enum result_metric)m);
	return metric;
}

const char *page_limit_text(const char *limit_name)
{
	static const struct word limits[] = {
		{"line_rate", "the same bytes from one producer to one consumer, no protocol"},
		{"line_rtt", "a bare cache line there and back between the two CPUs"},
		{"device_ceiling", "the device's own pace, emptying rings that were filled before"},
		{NULL, NULL},
	};

	return look_up(limits, limit_name, page_metric_text(limit_name));
}

/* The unit stays on the line of its number. */
#define NBSP "\xc2\xa0"

const char *page_value(double v, const char *unit, char *buf, size_t size)
{
	char text[HUMAN_MAX], *space;

	human_value(text, sizeof(text), v, unit);
	space = strchr(text, ' ');
	if (!space) {
		snprintf(buf, size, "%s", text);
		return buf;
	}
	*space++ = '\0';
	snprintf(buf, size, "%s" NBSP "%s", text, strcmp(space, "us") == 0 ? "\xc2\xb5s" : space);
	return buf;
}

/* Where the number ends and the unit begins. */
static size_t number_length(const char *text)
{
	return strcspn(text, "\xc2/");
}

const char *page_range(double low, double high, const char *unit, char *buf, size_t size)
{
	char a[PAGE_TEXT], b[PAGE_TEXT];
	size_t n;

	page_value(low, unit, a, sizeof(a));
	page_value(high, unit, b, sizeof(b));
	n = number_length(a);
	/* One unit is enough where both have the same. */
	if (strcmp(a + n, b + number_length(b)) == 0)
		a[n] = '\0';
	snprintf(buf, size, "%s \xe2\x80\x93 %s", a, b);
	return buf;
}

const char *page_date(const char *started, char *buf, size_t size)
{
	static const char *const month[] = {"January",	 "February", "March",	 "April",
					    "May",	 "June",     "July",	 "August",
					    "September", "October",  "November", "December"};
	int y, mo, d, h, mi, s, end = 0;

	if (sscanf(started, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &y, &mo, &d, &h, &mi, &s, &end) == 6 &&
	    end > 0 && started[end] == '\0' && mo >= 1 && mo <= 12)
		snprintf(buf, size, "%d %s %d, %02d:%02d UTC", d, month[mo - 1], y, h, mi);
	else
		snprintf(buf, size, "%s", *started ? started : "unknown");
	return buf;
}

const char *page_share(const struct run_result *r, double ratio, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!(ratio > 0))
		return buf;
	if (!r->more_is_better)
		snprintf(buf, size, "%.*f" NBSP "\xc3\x97",
			 ratio < 9.995	 ? 2
			 : ratio < 99.95 ? 1
					 : 0,
			 ratio);
	else if (ratio < 0.0095)
		snprintf(buf, size, "%.2g" NBSP "%%", ratio * 100);
	else
		snprintf(buf, size, "%.0f" NBSP "%%", ratio * 100);
	return buf;
}

const char *page_count(size_t n, const char *one, const char *many, char *buf, size_t size)
{
	snprintf(buf, size, "%zu %s", n, n == 1 ? one : many);
	return buf;
}

const char *page_side(const struct page_view *v, const struct page_file *f)
{
	return !v->page->now ? "" : f->side ? "new" : "old";
}

const char *page_figure_text(const struct page_view *v, const struct page_row *r,
			     const struct page_figure *f, char *buf, size_t size)
{
	const char *size_text = run_param_text(f->first, "size"), *side = page_side(v, r->file);
	char where[PAGE_TEXT * 2] = "";

	if (v->pooled && f->files > 1)
		snprintf(where, sizeof(where), " (%s%s%u files)", side, *side ? ", " : "",
			 f->files);
	else if (v->files > 1)
		snprintf(where, sizeof(where), " (%s%s%s)", side, *side ? ", " : "",
			 r->file->f->label);
	snprintf(buf, size, "%s %s%s%s%s, %s%s", f->first->name, f->first->metric,
		 size_text ? " " : "", size_text ? size_text : "", size_text ? " B" : "",
		 f->first->regime, where);
	return buf;
}
