/* SPDX-License-Identifier: BSD-2-Clause */
/* Warnings about machines and about what a run was asked for and did not get. */
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"

static json_t *environment(const struct run_file *f)
{
	return json_object_get(f->run, "environment");
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* "machine 2" or, of a few files, the file: whom a line is about. */
static const char *whom(const struct page_view *v, const struct page_machine *m, char *buf,
			size_t size)
{
	if (v->machines == 1)
		snprintf(buf, size, "%s", "");
	else
		snprintf(buf, size, "machine %zu: ", (size_t)(m - v->machine) + 1);
	return buf;
}

/* --- machines --- */

static void doubt_difference(const struct page_view *v, struct page_warnings *w)
{
	char title[PAGE_TEXT], text[PAGE_TEXT * 3];

	if (v->machines < 2)
		return;
	page_warn(w, PAGE_WARNING, "The files come from %zu machines, or from one that changed",
		  v->machines);
	page_warn_text(w, "Figures of different machines say nothing about the software.");
	for (size_t i = 0; i < v->machines; i++)
		page_warn_line(w, "machine %zu (%s%s): %s", i + 1, v->machine[i].first->f->label,
			       v->machine[i].files > 1 ? " and others" : "",
			       page_machine_text(&v->machine[i], text, sizeof(text)));
	for (const char *const *fact = page_machine_facts(); *fact; fact++)
		for (size_t i = 1; i < v->machines; i++)
			if (page_machine_fact_differs(&v->machine[0], &v->machine[i], *fact)) {
				page_warn_line(w, "they differ in: %s",
					       page_param_title(*fact, title, sizeof(title)));
				break;
			}
}

/* Two of the CPUs in use are threads of one core. */
static bool share_core(const json_t *cpus, char *buf, size_t size)
{
	for (size_t i = 0; i < json_array_size(cpus); i++)
		for (size_t k = i + 1; k < json_array_size(cpus); k++) {
			const json_t *a = json_array_get(cpus, i), *b = json_array_get(cpus, k);
			const json_t *x = json_object_get(a, "core"),
				     *y = json_object_get(b, "core");

			if (!json_is_integer(x) || !json_is_integer(y) ||
			    json_integer_value(x) != json_integer_value(y) ||
			    json_integer_value(json_object_get(a, "package")) !=
				    json_integer_value(json_object_get(b, "package")))
				continue;
			snprintf(buf, size, "CPUs %lld and %lld",
				 (long long)json_integer_value(json_object_get(a, "cpu")),
				 (long long)json_integer_value(json_object_get(b, "cpu")));
			return true;
		}
	return false;
}

static void doubt_threads(const struct page_view *v, struct page_warnings *w)
{
	char cpus[PAGE_TEXT], who[PAGE_TEXT];
	bool begun = false;

	for (size_t i = 0; i < v->machines; i++) {
		const struct page_machine *m = &v->machine[i];

		if (!share_core(json_object_get(environment(m->first->f), "cpus"), cpus,
				sizeof(cpus)))
			continue;
		if (!begun) {
			page_warn(w, PAGE_WARNING, "Both sides ran on threads of one core");
			page_warn_text(w, "They share its caches and its execution units; CPUs of "
					  "different cores (--cpus) give other figures.");
		}
		begun = true;
		page_warn_line(w, "%s%s", whom(v, m, who, sizeof(who)), cpus);
	}
}

/* The siblings of CPUs in use were free for others: "0,4" with only 0 in use. */
static void doubt_siblings(const struct page_view *v, struct page_warnings *w)
{
	char who[PAGE_TEXT], cpus[PAGE_TEXT];
	bool begun = false;

	for (size_t i = 0; i < v->machines; i++) {
		const json_t *env = environment(v->machine[i].first->f);

		if (json_integer_value(json_object_get(env, "smt")) != 1 ||
		    share_core(json_object_get(env, "cpus"), cpus, sizeof(cpus)))
			continue;
		if (!begun) {
			page_warn(w, PAGE_NOTE, "Threads share cores (SMT)");
			page_warn_text(w, "Whatever runs on the other thread of a core in use "
					  "slows it down, and leaves no mark.");
		}
		begun = true;
		page_warn_line(w, "%s%s", whom(v, &v->machine[i], who, sizeof(who)),
			       v->machine[i].first->f->cpu_model);
	}
}

static void doubt_governor(const struct page_view *v, struct page_warnings *w)
{
	char who[PAGE_TEXT];
	bool begun = false;

	for (size_t i = 0; i < v->machines; i++) {
		const struct page_machine *m = &v->machine[i];
		const json_t *cpus = json_object_get(environment(m->first->f), "cpus"), *cpu;
		size_t k;

		json_array_foreach(cpus, k, cpu)
		{
			const char *governor = text_of(cpu, "governor");

			if (!*governor || strcmp(governor, "performance") == 0)
				continue;
			if (!begun) {
				page_warn(w, PAGE_WARNING,
					  "The CPUs' frequency was not held (governor)");
				page_warn_text(w, "Set the governor to 'performance'.");
			}
			begun = true;
			page_warn_line(w, "%sCPU %lld: %s", whom(v, m, who, sizeof(who)),
				       (long long)json_integer_value(json_object_get(cpu, "cpu")),
				       governor);
		}
	}
}

/* Only where frames were moved: the other workloads touch too little memory. */
static void doubt_pages(const struct page_view *v, struct page_warnings *w)
{
	size_t without = 0, net = 0;

	for (size_t i = 0; i < v->files; i++) {
		const struct run_file *f = v->file[i].f;
		const json_t *total = json_object_get(environment(f), "huge_pages_total");
		const json_t *off =
			json_object_get(json_object_get(f->run, "configuration"), "no-huge");

		if (strcmp(f->workload, "net") != 0)
			continue;
		net++;
		without += json_is_true(off) ||
			   (json_is_integer(total) && json_integer_value(total) == 0);
	}
	if (!without)
		return;
	if (without == net)
		page_warn(w, PAGE_NOTE, "No huge pages");
	else
		page_warn(w, PAGE_NOTE, "No huge pages in %zu of %zu runs", without, net);
	page_warn_text(w, "Buffers lay in small pages, and the larger the frames, the more that "
			  "costs. 'sysctl vm.nr_hugepages=64' as root gives some.");
}

void page_doubt_machines(const struct page_view *v, struct page_warnings *w)
{
	doubt_difference(v, w);
	doubt_threads(v, w);
	doubt_siblings(v, w);
	doubt_governor(v, w);
	doubt_pages(v, w);
}

/* --- what was asked for --- */

static bool has_word(const json_t *list, const char *word)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) if (json_is_string(v) &&
					   strcmp(json_string_value(v), word) == 0) return true;
	return false;
}

/* Asked by name and not got, or asked away and got. */
static void doubt_features(const struct page_view *v, struct page_warnings *w)
{
	bool begun = false;

	for (size_t i = 0; i < v->files; i++) {
		const struct run_file *f = v->file[i].f;
		const json_t *got = json_object_get(f->run, "features_negotiated"), *word;
		const json_t *asked =
			json_object_get(json_object_get(f->run, "configuration"), "features");
		size_t k;

		if (!json_is_array(got))
			continue;
		json_array_foreach(asked, k, word)
		{
			const char *s = json_string_value(word);
			bool away = s && *s == '-';

			s = s ? s + (*s == '-' || *s == '+') : "";
			if (!*s || has_word(got, s) != away)
				continue;
			if (!begun) {
				page_warn(w, PAGE_WARNING, "Features are not what was asked for");
				page_warn_text(w, "Driver and device agreed on something else, so "
						  "the figures are those of another "
						  "configuration.");
			}
			begun = true;
			page_warn_line(w, "%s: %s was %s", f->label, s,
				       away ? "refused, and negotiated all the same"
					    : "asked for, and not negotiated");
		}
	}
}

static void doubt_revisions(const struct page_view *v, struct page_warnings *w)
{
	bool dirty = false, differ = false;
	size_t first = 0;

	for (size_t i = 0; i < v->files; i++) {
		const char *rev = v->file[i].f->revision;

		/* Old against new differ on purpose. */
		if (v->file[i].side != v->file[first].side)
			first = i;
		dirty |= strstr(rev, "-dirty") != NULL || !*rev || strcmp(rev, "unknown") == 0;
		differ |= strcmp(rev, v->file[first].f->revision) != 0;
	}
	if (differ) {
		page_warn(w, PAGE_NOTE, "The files come from different revisions of vop-bench");
		page_warn_text(w, "Part of a difference between them may be its own.");
	}
	if (dirty) {
		page_warn(w, PAGE_NOTE,
			  "A run was made by a program whose source is not in any "
			  "revision");
		page_warn_text(w, "It was built from changes not committed, or outside of a "
				  "checkout: nobody can build the same again for certain.");
	}
}

void page_doubt_runs(const struct page_view *v, struct page_warnings *w)
{
	doubt_features(v, w);
	doubt_revisions(v, w);
}
