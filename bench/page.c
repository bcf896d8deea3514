/* SPDX-License-Identifier: BSD-2-Clause */
/* The page as a whole: its title, its sections in their order, its end. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bench/env.h"
#include "bench/page_part.h"
#include "bench/result.h"

static const char *title_of(const struct page_view *v, char *buf, size_t size)
{
	size_t n = 0;

	if (v->page->title)
		return v->page->title;
	n += (size_t)snprintf(buf, size, "vop-bench: ");
	for (size_t s = 0; s < v->sections && n < size; s++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", s ? ", " : "",
				      v->section[s].workload);
	if (n < size && v->page->comparison)
		n += (size_t)snprintf(buf + n, size - n, ", new against old");
	if (n < size && v->files && strlen(v->file[0].f->started) >= 10)
		snprintf(buf + n, size - n, ", %.10s", v->file[0].f->started);
	return buf;
}

static void begin_section(struct html *h, const char *id, const char *title)
{
	html_open(h, "section");
	html_attr(h, "aria-labelledby", "%s", id);
	html_heading(h, 2, id, "%s", title);
}

static void put_link(struct html *h, const char *id, const char *text)
{
	html_open(h, "a");
	html_attr(h, "href", "#%s", id);
	html_text(h, text);
	html_close(h);
}

/* The id of a workload's section: its number, since its name may be anything. */
static const char *section_id(size_t i, char *buf, size_t size)
{
	snprintf(buf, size, "results%zu", i + 1);
	return buf;
}

static void put_navigation(const struct page_view *v, struct html *h)
{
	char id[32], text[PAGE_TEXT];

	html_open(h, "nav");
	html_attr(h, "aria-label", "Contents");
	if (v->page->comparison)
		put_link(h, "comparison", "New against old");
	put_link(h, "warnings", "Warnings");
	for (size_t i = 0; i < v->sections; i++) {
		snprintf(text, sizeof(text), "Results of %s", v->section[i].workload);
		put_link(h, section_id(i, id, sizeof(id)), text);
	}
	put_link(h, "environment", "Environment");
	put_link(h, "again", "Run it again");
	put_link(h, "files", "Files");
	html_close(h);
}

static void put_comparison(const struct page_view *v, struct page_plots *p, struct html *h)
{
	begin_section(h, "comparison", "New against old");
	page_comparison(v, h);
	page_plots_comparison(v, p, h);
	page_plots_missing(p, h);
	html_close(h);
}

static void put_results(const struct page_view *v, struct page_plots *p, struct html *h)
{
	char id[32], title[PAGE_TEXT];
	const char *text;

	for (size_t i = 0; i < v->sections; i++) {
		const struct page_section *s = &v->section[i];

		snprintf(title, sizeof(title), "Results of %s", s->workload);
		begin_section(h, section_id(i, id, sizeof(id)), title);
		text = page_workload_text(s->workload);
		if (*text)
			html_put(h, "p", "dim", "%c%s.", toupper((unsigned char)*text), text + 1);
		if (v->page->comparison)
			page_glance(v, s, h);
		page_plots_section(v, p, s, h);
		page_plots_missing(p, h);
		page_tables(v, s, h);
		html_close(h);
	}
	if (v->pooled)
		html_put(h, "p", "dim",
			 "More than %u files: every row is the median over the files' medians, the "
			 "middle half is that of the files, and nothing is drawn of single files.",
			 PAGE_APART_MAX);
}

static void put_foot(struct html *h)
{
	html_open(h, "footer");
	html_textf(h, "Made by vop-bench, revision %s, from result files of schema %s.",
		   env_git_revision(), RESULT_SCHEMA);
	html_close(h);
}

static void put_page(const struct page_view *v, const struct page_warnings *w, struct page_plots *p,
		     FILE *out, struct html *h)
{
	char title[PAGE_TEXT * 2];

	html_begin(h, out, "en", title_of(v, title, sizeof(title)), page_style);
	html_open(h, "header");
	html_put(h, "h1", NULL, "%s", title_of(v, title, sizeof(title)));
	put_navigation(v, h);
	html_close(h);
	html_open(h, "main");
	begin_section(h, "summary", "Summary");
	page_summary(v, w, h);
	html_close(h);
	if (v->page->comparison)
		put_comparison(v, p, h);
	begin_section(h, "warnings", "Warnings");
	page_warnings_put(w, h);
	html_close(h);
	put_results(v, p, h);
	begin_section(h, "environment", "Environment and options");
	page_environment(v, h);
	page_options(v, h);
	html_close(h);
	begin_section(h, "again", "Run it again");
	page_again(v, h);
	html_close(h);
	begin_section(h, "files", "Files");
	page_files(v, h);
	html_close(h);
	html_close(h);
	put_foot(h);
}

int page_write(const struct page *page, FILE *out, FILE *err)
{
	struct page_plots plots = {.off = !page->plots};
	struct page_warnings w = {0};
	struct page_view v;
	struct html h;
	int e = page_view_fill(&v, page);

	e = e ? e : page_warnings_of(&v, &w);
	if (!e) {
		put_page(&v, &w, &plots, out, &h);
		e = html_finish(&h);
	}
	if (!e && *plots.reason)
		fprintf(err, "vop-bench: the report %s: %s\n",
			plots.off ? "has no plots" : "lacks a plot", plots.reason);
	page_warnings_free(&w);
	page_view_free(&v);
	return e;
}
