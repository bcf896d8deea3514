/* SPDX-License-Identifier: BSD-2-Clause */
/* The Test Anything Protocol: a line a run of a check, a block of YAML behind what failed. */
#include <string.h>

#include "conformance/out.h"

/* A YAML string in double quotes. */
static void quoted(FILE *to, const char *s)
{
	fputc('"', to);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', to);
		if (*s == '\n')
			fputs("\\n", to);
		else
			fputc((unsigned char)*s < ' ' ? ' ' : *s, to);
	}
	fputc('"', to);
}

static void pair(FILE *to, const char *key, const char *value)
{
	fprintf(to, "  %s: ", key);
	quoted(to, value);
	fputc('\n', to);
}

static void on_device(void *ctx, const struct sut *s, size_t instances)
{
	struct out *o = ctx;

	(void)instances;
	if (o->number == 0)
		fputs("TAP version 13\n", o->to);
	fprintf(o->to, "# %s, device type %u, seed %llu\n", s->name, s->device,
		(unsigned long long)o->seed);
}

static void on_section(void *ctx, const struct conf_section *s)
{
	struct out *o = ctx;

	fprintf(o->to, "# %s %s\n", s->number, s->title);
}

static void on_after(void *ctx, const struct suite_instance *i)
{
	struct out *o = ctx;
	const struct conf_result *r = &i->result;
	bool bad = conf_outcome_bad(r->outcome);
	const char *reason = o->gate ? gate_expects(o->gate, i->check) : NULL;
	char where[64];

	fprintf(o->to, "%s %zu - %s (%s)", bad ? "not ok" : "ok", ++o->number, i->check->id,
		out_where(i, where, sizeof(where)));
	if (r->outcome == CONF_SKIP)
		fprintf(o->to, " # SKIP %s", r->text);
	else if (reason) /* expected to fail: no failure when it does */
		fprintf(o->to, " # TODO %s", reason);
	fputc('\n', o->to);
	if (bad || r->outcome == CONF_WARN) {
		fputs("  ---\n", o->to);
		pair(o->to, "outcome", conf_outcome_word(r->outcome));
		pair(o->to, "level", out_level(i->check));
		pair(o->to, "kind", out_kind(i->check));
		pair(o->to, "judges", i->check->clauses);
		pair(o->to, "expected", i->check->what);
		pair(o->to, "found", r->text);
		if (r->notes)
			pair(o->to, "log", r->notes);
		fputs("  ...\n", o->to);
	}
	fflush(o->to);
}

void out_tap_watch(struct out *o, struct suite_watch *w)
{
	*w = (struct suite_watch){
		.ctx = o, .device = on_device, .section = on_section, .after = on_after};
}

void out_tap_end(struct out *o)
{
	fprintf(o->to, "1..%zu\n", o->number);
}
