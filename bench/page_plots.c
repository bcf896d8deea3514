/* SPDX-License-Identifier: BSD-2-Clause */
/* Pictures in the page: those the data of a workload can give, drawn into the text itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"
#include "bench/plot.h"

/* The distribution as a CDF says nothing the percentiles do not say better. */
#define LEFT_OUT (1u << PLOT_CDF)
/* Long, and looked at only when a figure is in doubt. */
#define FOLDED (1u << PLOT_ROUNDS)

/* Why the first failed, without the program's name and the end of the line. */
static void keep_reason(struct page_plots *p, const char *said)
{
	static const char name[] = "vop-bench: ";

	if (p->missing++)
		return;
	if (strncmp(said, name, sizeof(name) - 1) == 0)
		said += sizeof(name) - 1;
	snprintf(p->reason, sizeof(p->reason), "%.*s", (int)strcspn(said, "\n"), said);
	if (!*p->reason)
		snprintf(p->reason, sizeof(p->reason), "memory ran out");
}

/* What a picture is drawn of. */
struct subject {
	const struct runs *runs; /* NULL: the comparison */
	const struct comparison *comparison;
	enum plot_kind kind;
};

void page_plots_missing(struct page_plots *p, struct html *h)
{
	if (!*p->reason || p->said)
		return;
	p->said = true;
	html_open_class(h, "p", "flag note");
	html_put(h, "strong", NULL, p->off ? "No plots." : "A plot is missing.");
	html_textf(h, " %s", p->reason);
	html_close(h);
}

static void draw(struct page_plots *p, const struct subject *s, struct html *h)
{
	struct plot_look look = {.format = PLOT_INLINE, .title = ""};
	char id[32], *bytes = NULL, *said = NULL;
	size_t n = 0, said_n;
	FILE *err = open_memstream(&said, &said_n);
	int e = -ENOMEM;

	snprintf(id, sizeof(id), "plot%u", ++p->drawn);
	look.id = id;
	if (err) {
		e = s->runs ? plot_runs(s->runs, s->kind, &look, &bytes, &n, err)
			    : plot_comparison(s->comparison, &look, &bytes, &n, err);
		fclose(err);
	}
	if (e == 0)
		html_figure(h, bytes, n, "%s", plot_kind_text(s->kind));
	else if (e != -ENODATA)
		keep_reason(p, said ? said : "");
	/* Without gnuplot, or with one that hangs, the next would fare no better. */
	p->off |= e == -ENOENT || e == -ETIMEDOUT;
	free(bytes);
	free(said);
}

/* The files of a workload as a set of their own. */
static int subset(const struct page_view *v, const struct page_section *s, struct runs *out)
{
	memset(out, 0, sizeof(*out));
	out->file = calloc(v->files ? v->files : 1, sizeof(*out->file));
	if (!out->file)
		return -ENOMEM;
	for (size_t i = 0; i < v->files; i++)
		if (strcmp(v->file[i].f->workload, s->workload) == 0)
			out->file[out->n++] = *v->file[i].f;
	return 0;
}

static void draw_kinds(struct page_plots *p, const struct runs *set, uint32_t kinds, struct html *h)
{
	if (!kinds || p->off)
		return;
	html_open_class(h, "div", "plots");
	for (unsigned k = 0; k < PLOT_KIND_COUNT && !p->off; k++)
		if (kinds >> k & 1)
			draw(p, &(struct subject){.runs = set, .kind = (enum plot_kind)k}, h);
	html_close(h);
}

void page_plots_section(const struct page_view *v, struct page_plots *p,
			const struct page_section *s, struct html *h)
{
	struct runs set;
	uint32_t kinds;

	if (p->off || v->pooled)
		return;
	if (subset(v, s, &set)) {
		h->error = h->error ? h->error : -ENOMEM;
		return;
	}
	kinds = plot_kinds_of(&set) & ~LEFT_OUT;
	draw_kinds(p, &set, kinds & ~FOLDED, h);
	if (kinds & FOLDED && !p->off) {
		html_open(h, "details");
		html_put(h, "summary", NULL, "Every round, over time");
		draw_kinds(p, &set, kinds & FOLDED, h);
		html_close(h);
	}
	free(set.file);
}

void page_plots_comparison(const struct page_view *v, struct page_plots *p, struct html *h)
{
	if (!p->off && v->page->comparison->rows)
		draw(p, &(struct subject){.comparison = v->page->comparison, .kind = PLOT_COMPARE},
		     h);
}
