/* SPDX-License-Identifier: BSD-2-Clause */
/* Where it ran and with what: environments, options and other facts of the runs, folded. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"
#include "bench/stats.h"

enum { MACHINES_SHOWN = 12, CONFIGURATIONS_SHOWN = 8, NESTED = 3 };

#define DASH "\xe2\x80\x93"

/* --- a JSON value as text --- */

/* Is the value of this key a number of bytes? */
static bool is_bytes(const char *key)
{
	static const char *const bytes[] = {"memory",	       "memory_available", "huge_page_size",
					    "resident_driver", "resident_device",  NULL};

	for (const char *const *b = bytes; *b; b++)
		if (strcmp(key, *b) == 0)
			return true;
	return false;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

static void put_number(struct html *h, const char *key, double v, unsigned depth)
{
	char buf[HUMAN_MAX];

	/* The size of a cache; that of frames, further up, is read better as it is. */
	if (is_bytes(key) || (depth > 1 && strcmp(key, "size") == 0))
		html_text(h, page_value(v, "B", buf, sizeof(buf)));
	else if (ends_with(key, "_ns"))
		html_text(h, page_value(v, "ns", buf, sizeof(buf)));
	else if (fabs(v) < 1e15 && v == floor(v))
		html_textf(h, "%.0f", v);
	else
		html_textf(h, "%g", v);
}

static void put_value(struct html *h, const char *key, json_t *v, unsigned depth)
{
	const char *k;
	json_t *o;
	size_t i;
	bool any = false;

	if (depth > NESTED) {
		html_text(h, "...");
		return;
	}
	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_OBJECT:
		json_object_foreach(v, k, o)
		{
			html_textf(h, "%s%s ", any ? ", " : "", k);
			put_value(h, k, o, depth + 1);
			any = true;
		}
		break;
	case JSON_ARRAY:
		json_array_foreach(v, i, o)
		{
			/* CPUs, caches: a line each. */
			if (any && json_is_object(o)) {
				html_open(h, "br");
				html_close(h);
			} else if (any) {
				html_text(h, ", ");
			}
			put_value(h, key, o, depth + 1);
			any = true;
		}
		break;
	case JSON_STRING:
		html_text(h, json_string_value(v));
		any = true;
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		put_number(h, key, json_number_value(v), depth);
		any = true;
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		html_text(h, json_is_true(v) ? "yes" : "no");
		any = true;
		break;
	default:
		break;
	}
	if (!any)
		html_text(h, DASH);
}

/* --- machines --- */

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

const char *page_machine_text(const struct page_machine *m, char *buf, size_t size)
{
	const struct run_file *f = m->first->f;
	const json_t *env = json_object_get(f->run, "environment"),
		     *v = json_object_get(env, "virtualised");
	const char *who = text_of(env, "hypervisor");
	json_int_t cpus = json_integer_value(json_object_get(env, "cpus_online"));
	size_t n = 0;

	n += (size_t)snprintf(buf, size, "%s",
			      *f->cpu_model ? f->cpu_model : "a CPU that does not say its name");
	if (cpus > 0 && n < size)
		n += (size_t)snprintf(buf + n, size - n, ", %lld CPU%s", (long long)cpus,
				      cpus == 1 ? "" : "s");
	if (json_is_true(v) && n < size)
		n += (size_t)snprintf(buf + n, size - n, ", a virtual machine%s%s",
				      *who ? " under " : "", who);
	else if (json_is_false(v) && n < size)
		n += (size_t)snprintf(buf + n, size - n, ", not virtualised");
	if (n < size)
		snprintf(buf + n, size - n, ", %s", *f->kernel ? f->kernel : "an unknown kernel");
	return buf;
}

/* One object as rows "key, value"; a nested list of its own takes a row each. */
static void put_facts(struct html *h, json_t *o)
{
	char title[PAGE_TEXT];
	const char *key, *k;
	json_t *v, *w;

	json_object_foreach(o, key, v)
	{
		if (json_is_object(v) && json_object_size(v) > 0) {
			json_object_foreach(v, k, w)
			{
				html_row(h, NULL);
				html_head_cell(h, "%s: %s", key, k);
				html_cell_open(h, NULL);
				put_value(h, k, w, 1);
				html_close(h);
			}
			continue;
		}
		html_row(h, NULL);
		html_head_cell(h, "%s", page_param_title(key, title, sizeof(title)));
		html_cell_open(h, NULL);
		put_value(h, key, v, 0);
		html_close(h);
	}
}

static void put_machine(const struct page_view *v, size_t i, struct html *h)
{
	static const struct html_column columns[] = {{"fact", NULL, false}, {"value", NULL, false}};
	const struct page_machine *m = &v->machine[i];
	char text[PAGE_TEXT * 3], count[PAGE_TEXT];

	page_machine_text(m, text, sizeof(text));
	html_open(h, "details");
	html_open(h, "summary");
	if (v->machines > 1)
		html_textf(h, "Machine %zu: ", i + 1);
	html_text(h, text);
	if (v->files > 1)
		html_textf(h, " (%s)", page_count(m->files, "file", "files", count, sizeof(count)));
	html_close(h);
	html_table(h, "Facts of the machine", columns, 2);
	put_facts(h, json_object_get(m->first->f->run, "environment"));
	html_table_end(h);
	if (m->files > 1)
		html_put(h, "p", "dim",
			 "What changes from run to run, such as free memory, is that of %s.",
			 m->first->f->label);
	html_close(h);
}

void page_environment(const struct page_view *v, struct html *h)
{
	for (size_t i = 0; i < v->machines && i < MACHINES_SHOWN; i++)
		put_machine(v, i, h);
	if (v->machines > MACHINES_SHOWN)
		html_put(h, "p", NULL, "%zu more machines are not shown here.",
			 v->machines - MACHINES_SHOWN);
}

/* --- options and facts of the runs --- */

/* Where results go and how much is said about it changes no figure. */
static bool is_idle_option(const char *key)
{
	static const char *const idle[] = {"json", "no-save", "quiet", NULL};

	for (const char *const *o = idle; *o; o++)
		if (strcmp(key, *o) == 0)
			return true;
	return false;
}

static json_t *configuration(const struct page_file *f)
{
	return json_object_get(f->f->run, "configuration");
}

static bool equal(const json_t *a, const json_t *b)
{
	return a == b || json_equal(a, b);
}

static bool same_options(const struct page_file *a, const struct page_file *b)
{
	json_t *x = configuration(a), *y = configuration(b), *v;
	const char *key;

	json_object_foreach(x, key, v) if (!is_idle_option(key) &&
					   !equal(v, json_object_get(y, key))) return false;
	json_object_foreach(y, key,
			    v) if (!is_idle_option(key) && !json_object_get(x, key)) return false;
	return true;
}

/* Different things of one kind, side by side: a column each. */
struct variants {
	const struct page_file *first[CONFIGURATIONS_SHOWN];
	size_t files[CONFIGURATIONS_SHOWN], n, further;
};

static void find_configurations(const struct page_view *v, const char *workload, struct variants *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < v->files; i++) {
		size_t k = 0;

		if (strcmp(v->file[i].f->workload, workload) != 0)
			continue;
		while (k < c->n && !same_options(c->first[k], &v->file[i]))
			k++;
		if (k < c->n) {
			c->files[k]++;
		} else if (c->n < CONFIGURATIONS_SHOWN) {
			c->first[c->n] = &v->file[i];
			c->files[c->n++] = 1;
		} else {
			c->further++;
		}
	}
}

static void variant_columns(const struct page_view *v, const struct variants *c,
			    struct html_column *columns, char titles[][PAGE_TEXT])
{
	columns[0] = (struct html_column){.title = "option"};
	for (size_t k = 0; k < c->n; k++) {
		const char *side = page_side(v, c->first[k]);

		if (c->n == 1)
			snprintf(titles[k], PAGE_TEXT, "value");
		else if (c->files[k] == 1)
			snprintf(titles[k], PAGE_TEXT, "%s%s%s", side, *side ? ": " : "",
				 c->first[k]->f->label);
		else
			snprintf(titles[k], PAGE_TEXT, "%s%s%s and %zu more", side,
				 *side ? ": " : "", c->first[k]->f->label, c->files[k] - 1);
		columns[k + 1] = (struct html_column){.title = titles[k]};
	}
}

/* A row over all variants; where they differ it is said, not only shown. */
static void put_option(const struct variants *c, const char *key, struct html *h)
{
	char title[PAGE_TEXT];
	bool differs = false;

	for (size_t k = 1; k < c->n; k++)
		differs |= !equal(json_object_get(configuration(c->first[0]), key),
				  json_object_get(configuration(c->first[k]), key));
	snprintf(title, sizeof(title), "%s", key);
	if (ends_with(title, "_ns"))
		title[strlen(title) - 3] = '\0';
	html_row(h, differs ? "differs" : NULL);
	html_head_cell(h, differs ? "--%s (differs)" : "--%s", title);
	for (size_t k = 0; k < c->n; k++) {
		html_cell_open(h, NULL);
		put_value(h, key, json_object_get(configuration(c->first[k]), key), 0);
		html_close(h);
	}
}

static void put_options(const struct page_view *v, const struct page_section *s, struct html *h)
{
	char title[CONFIGURATIONS_SHOWN][PAGE_TEXT];
	struct html_column columns[CONFIGURATIONS_SHOWN + 1];
	struct variants c;
	const char *key;
	json_t *value;

	find_configurations(v, s->workload, &c);
	if (c.n == 0 || json_object_size(configuration(c.first[0])) == 0)
		return;
	variant_columns(v, &c, columns, title);
	html_open(h, "details");
	html_put(h, "summary", NULL, "Options of run %s, defaults included", s->workload);
	html_table(h, "Options in force", columns, (unsigned)c.n + 1);
	json_object_foreach(configuration(c.first[0]), key, value)
	{
		put_option(&c, key, h);
	}
	for (size_t k = 1; k < c.n; k++)
		json_object_foreach(configuration(c.first[k]), key, value)
		{
			bool shown = false;

			for (size_t j = 0; j < k; j++)
				shown |= json_object_get(configuration(c.first[j]), key) != NULL;
			if (!shown)
				put_option(&c, key, h);
		}
	html_table_end(h);
	if (c.further)
		html_put(h, "p", NULL, "%zu more files ran with other options again.", c.further);
	html_close(h);
}

/* What a run says of itself beside its environment and options. */
static bool is_told_elsewhere(const char *key)
{
	static const char *const told[] = {"workload",	    "target",	   "command_line",
					   "configuration", "environment", NULL};

	for (const char *const *t = told; *t; t++)
		if (strcmp(key, *t) == 0)
			return true;
	return false;
}

static void put_run_facts(const struct page_view *v, struct html *h)
{
	static const struct html_column columns[] = {{"fact", NULL, false}, {"value", NULL, false}};
	char title[PAGE_TEXT];
	const char *key;
	json_t *value;

	if (v->pooled)
		return;
	for (size_t i = 0; i < v->files; i++) {
		const struct run_file *f = v->file[i].f;
		const char *side = page_side(v, &v->file[i]);

		html_open(h, "details");
		html_put(h, "summary", NULL, "What the run says of itself%s%s%s%s",
			 v->files > 1 ? ": " : "", side, *side ? ": " : "",
			 v->files > 1 ? f->label : "");
		html_table(h, "Facts of the run", columns, 2);
		json_object_foreach(f->run, key, value)
		{
			if (is_told_elsewhere(key))
				continue;
			html_row(h, NULL);
			html_head_cell(h, "%s", page_param_title(key, title, sizeof(title)));
			html_cell_open(h, NULL);
			put_value(h, key, value, 0);
			html_close(h);
		}
		html_table_end(h);
		html_close(h);
	}
}

void page_options(const struct page_view *v, struct html *h)
{
	for (size_t i = 0; i < v->sections; i++)
		put_options(v, &v->section[i], h);
	put_run_facts(v, h);
}
