/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/suite.h"

const char *suite_form(const struct suite_instance *i)
{
	return i->check->rings == CONF_ANY ? "" : i->packed ? "packed" : "split";
}

static int add(struct suite *su, const struct conf_section *s, const struct conf_check *c,
	       const struct lane *l, bool packed)
{
	if (su->n == su->cap) {
		size_t cap = su->cap ? 2 * su->cap : 512;
		struct suite_instance *v = realloc(su->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		su->v = v;
		su->cap = cap;
	}
	su->v[su->n++] =
		(struct suite_instance){.section = s, .check = c, .lane = l, .packed = packed};
	return 0;
}

static int plan_check(struct suite *su, const struct conf_section *s, const struct conf_check *c,
		      uint16_t device)
{
	const struct lane *const *l;
	bool first = true;
	unsigned packed;
	int e = 0;

	for (l = conf_lanes; *l && !e; l++) {
		if ((*l)->device != device)
			continue;
		for (packed = 0; packed < 2 && !e; packed++)
			if (conf_applies(c, *l, first, packed) &&
			    (c->rings == CONF_ANY ||
			     su->opt.rings & (packed ? CONF_PACKED : CONF_SPLIT)))
				e = add(su, s, c, *l, packed);
		first = false;
	}
	return e;
}

static int plan(struct suite *su, uint16_t device)
{
	const struct conf_section *const *s;
	unsigned i;
	int e = 0;

	for (s = conf_sections; *s; s++)
		for (i = 0; i < (*s)->n && !e; i++) {
			const struct conf_check *c = &(*s)->checks[i];

			if (c->device ? su->opt.no_own : su->opt.no_common)
				continue;
			if (c->slow ? su->opt.no_slow : su->opt.only_slow)
				continue;
			if (suite_takes(&su->opt, su->clauses, *s, c))
				e = plan_check(su, *s, c, device);
		}
	return e;
}

static void one(struct suite *su, struct conf_runner *r, struct suite_instance *i,
		struct vop_error *err)
{
	int e = su->dead ? -EPIPE : conf_run(r, i->check, i->lane, i->packed, &i->result, err);

	if (e) {
		su->dead = true;
		i->result = (struct conf_result){.outcome = CONF_ERROR};
		snprintf(i->result.text, sizeof(i->result.text),
			 "not run: the device cannot be started again: %.300s", err->text);
	}
	su->restarts += i->result.restarted;
	i->done = true;
	i->ran = !e;
}

static void run_all(struct suite *su, struct conf_runner *r, size_t from,
		    const struct suite_watch *w, struct vop_error *err)
{
	size_t begin = from, i;

	for (i = from; i < su->n; i++) {
		struct suite_instance *v = &su->v[i];
		bool last = i + 1 == su->n || su->v[i + 1].section != v->section;

		if (w->section && (i == from || su->v[i - 1].section != v->section)) {
			begin = i;
			w->section(w->ctx, v->section);
		}
		if (w->before)
			w->before(w->ctx, v, i - from, su->n - from);
		if (w->known && w->known(w->ctx, v, &v->result.outcome))
			v->done = v->ran = true;
		else
			one(su, r, v, err);
		if (w->after)
			w->after(w->ctx, v);
		if (w->section_end && last) {
			w->section_end(w->ctx, v->section, &su->v[begin], i + 1 - begin);
			begin = i + 1;
		}
	}
}

int suite_run(struct suite *su, struct sut *s, const struct suite_watch *w, struct vop_error *err)
{
	struct conf_runner *r = conf_runner_new(s, &su->opt.runner);
	size_t from = su->n;
	int e = r ? plan(su, s->device) : -ENOMEM;

	if (e) {
		snprintf(err->text, sizeof(err->text), "out of memory");
		conf_runner_free(r);
		return e;
	}
	su->dead = false;
	e = sut_start(s, err);
	if (!e) {
		if (w->device)
			w->device(w->ctx, s, su->n - from);
		run_all(su, r, from, w, err);
	} else {
		su->n = from;
	}
	conf_runner_free(r);
	return e;
}

void suite_fini(struct suite *su)
{
	size_t i;

	for (i = 0; i < su->n; i++)
		free(su->v[i].result.notes);
	free(su->v);
	su->v = NULL;
	su->n = su->cap = 0;
}

/* How bad, so that the worst is told; a check that passed on one lane is not "skipped". */
static unsigned rank(enum conf_outcome o)
{
	static const unsigned ranks[] = {
		[CONF_SKIP] = 0, [CONF_PASS] = 1, [CONF_WARN] = 2,  [CONF_ERROR] = 3,
		[CONF_FAIL] = 4, [CONF_HANG] = 5, [CONF_CRASH] = 6,
	};

	return ranks[o];
}

struct suite_verdict *suite_verdicts(const struct suite *su, size_t *n)
{
	struct suite_verdict *v = calloc(su->n + 1, sizeof(*v));
	const struct conf_section *const *s;
	size_t i;
	unsigned k;

	*n = 0;
	for (s = conf_sections; v && *s; s++)
		for (k = 0; k < (*s)->n; k++) {
			struct suite_verdict one = {.section = *s, .check = &(*s)->checks[k]};

			for (i = 0; i < su->n; i++) {
				const struct suite_instance *x = &su->v[i];

				if (x->check != one.check)
					continue;
				one.instances++;
				one.bad += conf_outcome_bad(x->result.outcome);
				if (!one.worst || rank(x->result.outcome) > rank(one.outcome)) {
					one.worst = x;
					one.outcome = x->result.outcome;
				}
			}
			if (one.instances)
				v[(*n)++] = one;
		}
	return v;
}
