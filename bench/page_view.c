/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of the data before a word is written: files, machines, rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"

/* Facts of the environment that make two runs those of different machines. */
static const char *const machine_facts[] = {"cpu_model",   "arch",	 "kernel",	"os",
					    "virtualised", "hypervisor", "cpus_online", "smt",
					    "cpus",	   "caches",	 NULL};

static const json_t *environment(const struct run_file *f)
{
	return json_object_get(f->run, "environment");
}

const char *const *page_machine_facts(void)
{
	return machine_facts;
}

bool page_machine_fact_differs(const struct page_machine *a, const struct page_machine *b,
			       const char *fact)
{
	const json_t *x = json_object_get(environment(a->first->f), fact),
		     *y = json_object_get(environment(b->first->f), fact);

	return x != y && !json_equal(x, y);
}

static bool is_machine(const struct run_file *a, const struct run_file *b)
{
	for (const char *const *fact = machine_facts; *fact; fact++) {
		const json_t *x = json_object_get(environment(a), *fact),
			     *y = json_object_get(environment(b), *fact);

		if (x != y && !json_equal(x, y))
			return false;
	}
	return true;
}

/* Which machine every file is from. Most files are from the one the file before was from. */
static int find_machines(struct page_view *v)
{
	v->machine = calloc(v->files ? v->files : 1, sizeof(*v->machine));
	if (!v->machine)
		return -ENOMEM;
	for (size_t i = 0; i < v->files; i++) {
		size_t m = v->machines;

		while (m > 0 && !is_machine(v->machine[m - 1].first->f, v->file[i].f))
			m--;
		if (m == 0) {
			m = ++v->machines;
			v->machine[m - 1].first = &v->file[i];
		}
		v->machine[m - 1].files++;
		v->file[i].machine = (unsigned)(m - 1);
	}
	return 0;
}

static void add_files(struct page_view *v, const struct runs *r, unsigned side)
{
	for (size_t i = 0; r && i < r->n; i++)
		v->file[v->files++] = (struct page_file){.f = &r->file[i], .side = side};
}

int page_view_fill(struct page_view *v, const struct page *p)
{
	size_t n = p->old->n + (p->now ? p->now->n : 0);
	int e;

	memset(v, 0, sizeof(*v));
	v->page = p;
	v->pooled = n > PAGE_APART_MAX;
	v->file = calloc(n ? n : 1, sizeof(*v->file));
	if (!v->file)
		return -ENOMEM;
	add_files(v, p->old, 0);
	add_files(v, p->now, 1);
	e = find_machines(v);
	return e ? e : page_rows_fill(v);
}

void page_view_free(struct page_view *v)
{
	page_rows_free(v);
	free(v->machine);
	free(v->file);
}
