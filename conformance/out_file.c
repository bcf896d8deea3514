/* SPDX-License-Identifier: BSD-2-Clause */
/* JUnit XML and JSON. */
#include <stdlib.h>
#include <string.h>

#include "conformance/out.h"
#include "report/json.h"
#include "report/junit.h"

/* Verdicts with the gate's word, in the order of the checks. */
static enum gate_word judged(struct gate *g, const struct suite_verdict *v, const char **reason)
{
	*reason = NULL;
	if (!g)
		return conf_outcome_bad(v->outcome) ? GATE_UNEXPECTED : GATE_FINE;
	return gate_judge(g, v, reason);
}

static void junit_instance(struct junit *j, const struct suite_instance *i, bool expected,
			   const char *reason)
{
	const struct conf_result *r = &i->result;
	char name[256], where[64], *text = NULL;

	snprintf(name, sizeof(name), "%s (%s)", i->check->id, out_where(i, where, sizeof(where)));
	junit_case(j, i->section->title, name, r->seconds);
	if (r->outcome == CONF_SKIP)
		junit_skipped(j, r->text);
	if (r->outcome == CONF_WARN)
		junit_output(j, r->text);
	if (!conf_outcome_bad(r->outcome))
		return;
	if (asprintf(&text, "%s%s%sjudges: %s\nexpected: %s\nfound: %s\n%s",
		     expected ? "expected to fail: " : "", expected ? reason : "",
		     expected ? "\n" : "", i->check->clauses, i->check->what, r->text,
		     r->notes ? r->notes : "") < 0)
		text = NULL;
	if (expected)
		junit_output(j, text ? text : r->text);
	else if (r->outcome == CONF_ERROR)
		junit_error(j, conf_outcome_word(r->outcome), r->text, text ? text : "");
	else
		junit_failure(j, conf_outcome_word(r->outcome), r->text, text ? text : "");
	free(text);
}

static const struct suite_verdict *verdict_of(const struct suite_verdict *v, size_t n,
					      const struct conf_check *c)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].check == c)
			return &v[i];
	return NULL;
}

/* A check that passes although it is listed fails its case, so that CI shows it. */
static void junit_surprises(struct junit *j, struct gate *g)
{
	unsigned at = 0, line;
	const char *id;

	while (g && (id = gate_surprise(g, &at, &line)) != NULL) {
		junit_case(j, "gate", id, 0);
		junit_failure(j, "surprise", "passes although the gate says that it fails", "");
	}
}

int out_junit(const struct suite *su, struct gate *g, const char *path)
{
	const struct conf_section *s = NULL;
	struct suite_verdict *v;
	struct junit *j = junit_new("conformance");
	size_t n, i;
	int e;

	v = suite_verdicts(su, &n);
	if (!v || !j) {
		free(v);
		junit_free(j);
		return -ENOMEM;
	}
	for (i = 0; i < su->n; i++) {
		const struct suite_instance *x = &su->v[i];
		const char *reason;
		enum gate_word w = judged(g, verdict_of(v, n, x->check), &reason);
		char title[128];

		if (x->section != s) {
			s = x->section;
			snprintf(title, sizeof(title), "%s %s", s->number, s->title);
			junit_suite(j, title);
		}
		junit_instance(j, x, w == GATE_EXPECTED, reason);
	}
	junit_surprises(j, g);
	e = junit_write_file(j, path);
	junit_free(j);
	free(v);
	return e;
}

static const char *gate_name(enum gate_word w)
{
	static const char *const words[] = {
		[GATE_FINE] = "fine",
		[GATE_EXPECTED] = "expected failure",
		[GATE_UNEXPECTED] = "failure",
		[GATE_EXPIRED] = "expired",
		[GATE_SURPRISE] = "unexpected pass",
	};

	return words[w];
}

static json_t *instance_json(const struct suite_instance *i)
{
	const struct conf_result *r = &i->result;
	json_t *o = json_object();

	json_put_text(o, "lane", i->lane->name);
	json_put_text(o, "ring", suite_form(i));
	json_put_text(o, "outcome", conf_outcome_word(r->outcome));
	json_put_number(o, "seconds", r->seconds);
	if (r->text[0])
		json_put_text(o, "text", r->text);
	if (r->notes)
		json_put_text(o, "log", r->notes);
	return o;
}

static json_t *verdict_json(const struct suite *su, const struct suite_verdict *v, struct gate *g)
{
	json_t *o = json_object(), *a, *runs;
	const char *reason, *at = NULL;
	size_t i, len;
	enum gate_word w = judged(g, v, &reason);

	json_put_text(o, "id", v->check->id);
	json_put_text(o, "section", v->section->number);
	json_put_text(o, "what", v->check->what);
	json_put_text(o, "level", out_level(v->check));
	json_put_text(o, "kind", out_kind(v->check));
	a = json_put_array(o, "clauses");
	while (clause_words(v->check->clauses, &at, &len))
		json_array_append_new(a, json_stringn(at, len));
	json_put_text(o, "outcome", conf_outcome_word(v->outcome));
	if (g) {
		json_put_text(o, "gate", gate_name(w));
		if (reason)
			json_put_text(o, "gate_reason", reason);
	}
	runs = json_put_array(o, "runs");
	for (i = 0; i < su->n; i++)
		if (su->v[i].check == v->check)
			json_array_append_new(runs, instance_json(&su->v[i]));
	return o;
}

json_t *out_json(const struct suite *su, struct gate *g, const char *target, uint64_t seed)
{
	static const char *const versions[] = {"1.0", "1.1", "1.2", "1.3", "1.4"};
	json_t *doc = json_object(), *a;
	struct suite_verdict *v;
	size_t n, i;

	v = suite_verdicts(su, &n);
	if (!doc || !v) {
		json_decref(doc);
		free(v);
		return NULL;
	}
	json_put_text(doc, "schema", "vop-bench-conformance/1");
	json_put_text(doc, "target", target);
	json_put_text(doc, "spec_version", versions[(su->opt.version - 10) % 5]);
	json_put_int(doc, "seed", (int64_t)seed);
	json_put_int(doc, "starts", su->restarts);
	a = json_put_array(doc, "checks");
	for (i = 0; i < n; i++)
		json_array_append_new(a, verdict_json(su, &v[i], g));
	free(v);
	return doc;
}
