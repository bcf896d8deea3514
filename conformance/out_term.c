/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "conformance/out.h"
#include "report/table.h"

const char *out_level(const struct conf_check *c)
{
	static const char *const words[] = {
		[CONF_MUST] = "MUST", [CONF_SHOULD] = "SHOULD", [CONF_TEXT] = "text"};

	return words[c->level];
}

const char *out_kind(const struct conf_check *c)
{
	return c->kind == CONF_ROBUSTNESS ? "robustness" : "conformance";
}

const char *out_where(const struct suite_instance *i, char *buf, size_t size)
{
	const char *form = suite_form(i);

	snprintf(buf, size, "%s%s%s", i->lane->name, form[0] ? ", " : "", form);
	return buf;
}

static enum table_style style_of(enum conf_outcome o)
{
	return conf_outcome_bad(o) ? TABLE_BAD
	       : o == CONF_WARN	   ? TABLE_WARN
	       : o == CONF_SKIP	   ? TABLE_DIM
				   : TABLE_GOOD;
}

static void word(const struct out *o, enum table_style s, const char *text)
{
	fprintf(o->to, "%s%s%s", table_style_begin(s, o->colour), text,
		table_style_end(s, o->colour));
}

static void clear_progress(struct out *o)
{
	if (o->shown && o->progress)
		fputs("\r\033[K", o->progress);
	o->shown = false;
}

/* --- while it runs --- */

static void on_device(void *ctx, const struct sut *s, size_t instances)
{
	static const char *const names[] = {"", "net device", "block device", "console",
					    "entropy source"};
	struct out *o = ctx;
	const char *name = s->device < VOP_ARRAY_SIZE(names) ? names[s->device]
			   : s->device == 26		     ? "file system device"
							     : "device";

	if (!o->quiet)
		fprintf(o->to, "%s, %s: %zu runs of checks, seed %llu\n", name, s->name, instances,
			(unsigned long long)o->seed);
}

static void on_before(void *ctx, const struct suite_instance *i, size_t number, size_t total)
{
	struct out *o = ctx;
	char where[64];

	if (!o->progress)
		return;
	fprintf(o->progress, "\r\033[K%zu of %zu  %s (%s)", number + 1, total, i->check->id,
		out_where(i, where, sizeof(where)));
	fflush(o->progress);
	o->shown = true;
}

static void indented(const struct out *o, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		fprintf(o->to, "        %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

/* Everything there is to say about an instance that did not pass. */
static void tell(const struct out *o, const struct suite_instance *i)
{
	const struct conf_check *c = i->check;
	char where[64];

	fputs("  ", o->to);
	word(o, style_of(i->result.outcome), conf_outcome_word(i->result.outcome));
	fprintf(o->to, " %s (%s)  %s, %s\n", c->id, out_where(i, where, sizeof(where)),
		out_level(c), out_kind(c));
	fprintf(o->to, "      judges    %s\n", c->clauses);
	fprintf(o->to, "      expected  %s\n", c->what);
	fprintf(o->to, "      found     %s\n", i->result.text);
	if (i->result.notes && i->result.notes[0]) {
		fputs("      sent, and what came back:\n", o->to);
		indented(o, i->result.notes);
	}
	if (o->again)
		fprintf(o->to, "      again     %s --only '%s'\n", o->again, c->id);
}

static void on_after(void *ctx, const struct suite_instance *i)
{
	struct out *o = ctx;
	char where[64];

	clear_progress(o);
	if (!o->verbose)
		return;
	fputs("  ", o->to);
	word(o, style_of(i->result.outcome), conf_outcome_word(i->result.outcome));
	fprintf(o->to, " %s (%s) %.1f ms%s%s\n", i->check->id, out_where(i, where, sizeof(where)),
		i->result.seconds * 1e3, i->result.text[0] ? ": " : "", i->result.text);
	fflush(o->to);
}

static void count_word(const struct out *o, unsigned n, const char *text, enum table_style s,
		       bool *any)
{
	char buf[64];

	if (!n)
		return;
	snprintf(buf, sizeof(buf), "%u %s", n, text);
	fputs(*any ? ", " : "", o->to);
	word(o, s, buf);
	*any = true;
}

static void counts(const struct out *o, const unsigned n[CONF_ERROR + 1])
{
	bool any = false;

	count_word(o, n[CONF_FAIL], "failed", TABLE_BAD, &any);
	count_word(o, n[CONF_HANG], "hung", TABLE_BAD, &any);
	count_word(o, n[CONF_CRASH], "crashed", TABLE_BAD, &any);
	count_word(o, n[CONF_ERROR], "could not be run", TABLE_BAD, &any);
	count_word(o, n[CONF_WARN], "warned", TABLE_WARN, &any);
	count_word(o, n[CONF_PASS], "passed", TABLE_GOOD, &any);
	count_word(o, n[CONF_SKIP], "skipped", TABLE_DIM, &any);
	fputc('\n', o->to);
}

/* Once in full for each check, the other places of the same check in a line. */
static void tell_all(const struct out *o, const struct suite_instance *v, size_t n)
{
	char where[64];
	size_t i, j;

	for (i = 0; i < n; i++) {
		enum conf_outcome x = v[i].result.outcome;
		bool first = true;

		if (x == CONF_PASS || x == CONF_SKIP || (o->quiet && !conf_outcome_bad(x)))
			continue;
		for (j = 0; j < i; j++)
			first &= v[j].check != v[i].check || v[j].result.outcome != x;
		/* Said once for all that could not be run for want of a device. */
		if (!v[i].ran && i && !v[i - 1].ran)
			continue;
		if (first)
			tell(o, &v[i]);
		else
			fprintf(o->to, "      and on    %s: %s\n",
				out_where(&v[i], where, sizeof(where)), v[i].result.text);
	}
}

static void on_section_end(void *ctx, const struct conf_section *s,
			   const struct suite_instance *first, size_t n)
{
	struct out *o = ctx;
	unsigned count[CONF_ERROR + 1] = {0};
	bool bad = false;
	size_t i;

	for (i = 0; i < n; i++) {
		count[first[i].result.outcome]++;
		bad |= conf_outcome_bad(first[i].result.outcome);
	}
	if (o->quiet && !bad)
		return;
	fprintf(o->to, "%-7s %-44s ", s->number, s->title);
	counts(o, count);
	tell_all(o, first, n);
	fflush(o->to);
}

void out_term_watch(struct out *o, struct suite_watch *w)
{
	*w = (struct suite_watch){
		.ctx = o,
		.device = on_device,
		.before = on_before,
		.after = on_after,
		.section_end = on_section_end,
	};
}

/* --- at the end --- */

/* Reasons of skips, each with how many checks it keeps from being run anywhere. */
static void skips(const struct out *o, const struct suite_verdict *v, size_t n)
{
	size_t i, j;
	bool any = false;

	for (i = 0; i < n; i++) {
		unsigned same = 1;
		bool first = true;

		if (v[i].outcome != CONF_SKIP)
			continue;
		for (j = 0; j < n; j++) {
			if (j == i || v[j].outcome != CONF_SKIP ||
			    strcmp(v[j].worst->result.text, v[i].worst->result.text) != 0)
				continue;
			same++;
			first &= j > i;
		}
		if (!first)
			continue;
		if (!any)
			fputs("skipped:\n", o->to);
		any = true;
		fprintf(o->to, "  %3u  %s\n", same, v[i].worst->result.text);
	}
}

static void gate_line(const struct out *o, enum gate_word g, const struct suite_verdict *v,
		      const char *reason, struct out_gate *n)
{
	switch (g) {
	case GATE_EXPECTED:
		n->expected++;
		if (!o->quiet)
			fprintf(o->to, "gate: %s fails, as expected: %s\n", v->check->id, reason);
		break;
	case GATE_UNEXPECTED:
		n->unexpected++;
		fprintf(o->to, "gate: %s fails, and nothing says that it may\n", v->check->id);
		break;
	case GATE_EXPIRED:
		n->expired++;
		fprintf(o->to, "gate: %s fails, and its entry has expired\n", v->check->id);
		break;
	default:
		break;
	}
}

static void gate_words(const struct out *o, struct gate *g, const struct suite_verdict *v, size_t n,
		       struct out_gate *total)
{
	const char *id, *reason;
	unsigned at = 0, line;
	size_t i;

	for (i = 0; i < n; i++) {
		enum gate_word w = gate_judge(g, &v[i], &reason);

		gate_line(o, w, &v[i], reason, total);
	}
	while ((id = gate_surprise(g, &at, &line)) != NULL) {
		total->surprises++;
		fprintf(o->to, "gate: %s passes although line %u says that it fails: take it out\n",
			id, line);
	}
}

int out_term_end(struct out *o, const struct suite *su, struct gate *g, struct out_gate *n,
		 double seconds)
{
	unsigned count[CONF_ERROR + 1] = {0};
	struct suite_verdict *v;
	size_t checks, i;

	clear_progress(o);
	v = suite_verdicts(su, &checks);
	if (!v)
		return -ENOMEM;
	for (i = 0; i < checks; i++)
		count[v[i].outcome]++;
	if (!o->quiet)
		skips(o, v, checks);
	if (g)
		gate_words(o, g, v, checks, n);
	fprintf(o->to, "%zu checks in %zu runs, %.1f s", checks, su->n, seconds);
	if (su->restarts > 1)
		fprintf(o->to, ", the device was started %u times", su->restarts);
	fputs(": ", o->to);
	counts(o, count);
	free(v);
	return 0;
}
