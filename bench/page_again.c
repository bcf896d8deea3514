/* SPDX-License-Identifier: BSD-2-Clause */
/* How to get the same again, and which files this was made from. */
#include <ctype.h>
#include <string.h>

#include "bench/page_part.h"
#include "bench/result.h"

enum { COMMANDS_SHOWN = 12, FILES_SHOWN = 2000 };

/* The name of a commit, to be handed to git; anything else a file may say is shown, not run. */
static const char *commit_of(const char *revision, char *buf, size_t size)
{
	const char *s = revision, *g;
	size_t n;

	/* "v1.2-3-gd5f4be0": the commit is behind the g. */
	g = strstr(revision, "-g");
	if (g)
		s = g + 2;
	n = strspn(s, "0123456789abcdef");
	if (n < 7 || n > 40 || s[n] != '\0')
		return NULL;
	snprintf(buf, size, "%s", s);
	return buf;
}

static bool same_command(const struct run_file *a, const struct run_file *b)
{
	return strcmp(a->command_line, b->command_line) == 0 &&
	       strcmp(a->revision, b->revision) == 0;
}

static bool is_first(const struct page_view *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_command(v->file[k].f, v->file[i].f))
			return false;
	return true;
}

static void put_command(const struct run_file *f, struct html *h)
{
	char commit[64];

	html_open(h, "pre");
	html_open(h, "code");
	if (commit_of(f->revision, commit, sizeof(commit)))
		html_textf(h, "git checkout %s\n", commit);
	html_textf(h, "./%s", f->command_line);
	html_close(h);
	html_close(h);
	if (!commit_of(f->revision, commit, sizeof(commit)))
		html_put(h, "p", "dim", "Revision: %s.", *f->revision ? f->revision : "not known");
}

void page_again(const struct page_view *v, struct html *h)
{
	size_t shown = 0, further = 0;

	html_put(h, "p", NULL,
		 v->files == 1 ? "In a checkout of vop-bench, on the machine described above:"
			       : "In a checkout of vop-bench, on the machines described above:");
	for (size_t i = 0; i < v->files; i++) {
		/* Where each file has a command of its own, not all are held against all. */
		if (shown == COMMANDS_SHOWN) {
			further++;
			continue;
		}
		if (!is_first(v, i))
			continue;
		put_command(v->file[i].f, h);
		shown++;
	}
	if (further)
		html_put(h, "p", "dim", "%zu more files name their commands themselves.", further);
	if (v->page->command_line) {
		html_put(h, "p", NULL, "This page, from the files named below:");
		html_open(h, "pre");
		html_put(h, "code", NULL, "%s", v->page->command_line);
		html_close(h);
	}
}

/* --- files --- */

static void put_file(const struct page_view *v, const struct page_file *f, struct html *h)
{
	char date[PAGE_TEXT];

	html_row(h, NULL);
	html_head_cell(h, "%s", f->f->path);
	html_cell(h, NULL, "%s", f->f->label);
	if (v->page->now)
		html_cell(h, NULL, "%s", page_side(v, f));
	html_cell(h, NULL, "%s", f->f->workload);
	html_cell(h, NULL, "%s", f->f->target);
	html_cell(h, NULL, "%s", page_date(f->f->started, date, sizeof(date)));
	html_cell(h, NULL, "%s", f->f->revision);
	if (v->machines > 1)
		html_cell(h, NULL, "%u", f->machine + 1);
}

static void put_table(const struct page_view *v, struct html *h)
{
	size_t shown = v->files < FILES_SHOWN ? v->files : FILES_SHOWN;
	struct page_columns c = {0};

	c.column[c.n++] = (struct html_column){.title = "file"};
	c.column[c.n++] = (struct html_column){.title = "called here"};
	if (v->page->now)
		c.column[c.n++] = (struct html_column){.title = "side"};
	c.column[c.n++] = (struct html_column){.title = "workload"};
	c.column[c.n++] = (struct html_column){.title = "target"};
	c.column[c.n++] = (struct html_column){.title = "started"};
	c.column[c.n++] = (struct html_column){.title = "revision"};
	if (v->machines > 1)
		c.column[c.n++] = (struct html_column){.title = "machine", .number = true};
	html_table(h, "Files this page was made from", c.column, c.n);
	for (size_t i = 0; i < shown; i++)
		put_file(v, &v->file[i], h);
	html_table_end(h);
	if (shown < v->files)
		html_put(h, "p", NULL, "%zu more files are not listed.", v->files - shown);
}

void page_files(const struct page_view *v, struct html *h)
{
	if (!v->pooled) {
		put_table(v, h);
		return;
	}
	html_open_class(h, "details", "index");
	html_put(h, "summary", NULL, "All %zu files", v->files);
	put_table(v, h);
	html_close(h);
}
