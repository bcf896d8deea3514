/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gnuplot.h"
#include "bench/plot_kinds.h"
#include "bench/plot_svg.h"

static const struct {
	const char *word, *text;
} kinds[] = {
#define PLOT_KIND_WORDS(sym, word, text) {word, text},
	PLOT_KINDS(PLOT_KIND_WORDS)
#undef PLOT_KIND_WORDS
};

const char *plot_kind_word(enum plot_kind kind)
{
	return kinds[kind < PLOT_KIND_COUNT ? kind : 0].word;
}

const char *plot_kind_text(enum plot_kind kind)
{
	return kinds[kind < PLOT_KIND_COUNT ? kind : 0].text;
}

uint32_t plot_kinds_of(const struct runs *r)
{
	uint32_t has = 0;

	for (unsigned k = PLOT_SIZE; k <= PLOT_QUEUE_SIZE; k++)
		if (plot_over_has(r, (enum plot_kind)k))
			has |= UINT32_C(1) << k;
	if (plot_latency_has(r))
		has |= UINT32_C(1) << PLOT_LATENCY | UINT32_C(1) << PLOT_CDF;
	if (plot_rounds_has(r))
		has |= UINT32_C(1) << PLOT_ROUNDS;
	return has;
}

/* --- what every kind says --- */

void plot_head(struct plot_page *p, const struct pick *k, const char *what)
{
	if (!p->title)
		p->title =
			*k->workload ? plot_pool_text(&p->pool, "%s: %s", k->workload, what) : what;
	plot_sub(p, k->common);
	plot_sub(p, k->where);
	if (k->pooled)
		plot_sub(p, plot_pool_text(&p->pool,
					   "%zu files pooled: medians of their medians, bars over "
					   "all their quartiles",
					   k->pooled));
	if (k->dropped)
		plot_sub(p, plot_pool_text(&p->pool, "and %zu more, not drawn", k->dropped));
}

/* --- pages to bytes --- */

/* What a reader who does not see the picture is told. */
static const char *describe(struct plot_page *p)
{
	const char *text = p->about ? p->about : "";

	for (unsigned i = 0; i < p->subs; i++)
		text = plot_pool_text(&p->pool, "%s%s%s", text, *text ? "; " : "", p->sub[i]);
	for (unsigned i = 0; i < p->entries; i++)
		text = plot_pool_text(&p->pool, "%s%s%s", text,
				      i ? ", " : ". Shown: ", p->legend[i].text);
	/* Names of files are any bytes. */
	return plot_shorten(&p->pool, text, UINT_MAX);
}

/* Of the kind asked for, from its beginning to its end. */
static bool is_what_it_should(const char *bytes, size_t n, enum plot_format format)
{
	if (format == PLOT_PNG)
		return n > 16 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0 &&
		       memcmp(bytes + n - 8, "IEND", 4) == 0;
	return n > 16 && memcmp(bytes, "%PDF-", 5) == 0 && memmem(bytes + n - 8, 8, "%%EOF", 5);
}

static int to_svg(struct plot_page *p, const struct plot_look *look, double height, char **bytes,
		  size_t *n)
{
	struct plot_svg_look svg = {.inlined = look->format == PLOT_INLINE,
				    .id = look->id,
				    .title = p->title && *p->title ? p->title : p->about,
				    .about = describe(p),
				    .width = p->width,
				    .height = height};
	char *raw = *bytes;
	int err = plot_svg_make(raw, *n, &svg, bytes, n);

	free(raw);
	if (err)
		*bytes = NULL;
	return err;
}

static int no_memory(FILE *err)
{
	fprintf(err, "vop-bench: no memory for the picture\n");
	return -ENOMEM;
}

static int render(struct plot_page *p, const struct plot_look *look, char **bytes, size_t *n,
		  FILE *err)
{
	char *script;
	size_t size;
	double height;
	int e = plot_script(p, look->format, &script, &size, &height);

	if (e)
		return no_memory(err);
	e = gnuplot_run(script, size, look->timeout_s, bytes, n, err);
	free(script);
	if (e)
		return e;
	if (look->format == PLOT_INLINE || look->format == PLOT_SVG)
		e = to_svg(p, look, height, bytes, n);
	else if (!is_what_it_should(*bytes, *n, look->format))
		e = -EINVAL;
	if (!e)
		return 0;
	free(*bytes);
	*bytes = NULL;
	*n = 0;
	if (e == -ENOMEM)
		return no_memory(err);
	fprintf(err, "vop-bench: what gnuplot gave is no picture of the kind asked for; "
		     "is the gnuplot in PATH the one of the package gnuplot-nox?\n");
	return -EIO;
}

/* A page for a kind; NULL: no memory. */
static struct plot_page *begin(const struct plot_look *look, enum plot_kind kind)
{
	struct plot_page *p = malloc(sizeof(*p));

	if (!p || plot_page_init(p, look->width)) {
		free(p);
		return NULL;
	}
	p->title = look->title;
	p->about = plot_kind_text(kind);
	return p;
}

static void end(struct plot_page *p)
{
	plot_page_free(p);
	free(p);
}

static int no_data(const struct runs *r, enum plot_kind kind, FILE *err)
{
	uint32_t has = plot_kinds_of(r);
	const char *comma = "";

	fprintf(err, "vop-bench: nothing for a picture of kind '%s' is in the result%s; ",
		plot_kind_word(kind), r->n == 1 ? "" : "s");
	fputs(has ? "there is: " : "there is none of any kind", err);
	for (unsigned k = 0; k < PLOT_KIND_COUNT; k++) {
		if (!(has >> k & 1))
			continue;
		fprintf(err, "%s%s", comma, plot_kind_word((enum plot_kind)k));
		comma = ", ";
	}
	fputc('\n', err);
	return -ENODATA;
}

static int fill(struct plot_page *p, const struct runs *r, enum plot_kind kind)
{
	if (kind <= PLOT_QUEUE_SIZE)
		return plot_over(p, r, kind);
	if (kind == PLOT_LATENCY || kind == PLOT_CDF)
		return plot_latency(p, r, kind);
	return kind == PLOT_ROUNDS ? plot_rounds(p, r) : -ENODATA;
}

int plot_runs(const struct runs *r, enum plot_kind kind, const struct plot_look *look, char **bytes,
	      size_t *n, FILE *err)
{
	static const struct plot_look plain = {0};
	struct plot_page *p;
	int e;

	*bytes = NULL;
	*n = 0;
	look = look ? look : &plain;
	p = begin(look, kind);
	e = p ? fill(p, r, kind) : -ENOMEM;
	if (e == -ENODATA)
		no_data(r, kind, err);
	else if (e)
		no_memory(err);
	else
		e = render(p, look, bytes, n, err);
	if (p)
		end(p);
	return e;
}

int plot_comparison(const struct comparison *c, const struct plot_look *look, char **bytes,
		    size_t *n, FILE *err)
{
	static const struct plot_look plain = {0};
	struct plot_page *p;
	int e;

	*bytes = NULL;
	*n = 0;
	look = look ? look : &plain;
	p = begin(look, PLOT_COMPARE);
	e = p ? plot_ratios(p, c) : -ENOMEM;
	if (e == -ENODATA)
		fprintf(err, "vop-bench: the two sides have nothing in common that can be "
			     "compared: `vop-bench compare` says why\n");
	else if (e)
		no_memory(err);
	else
		e = render(p, look, bytes, n, err);
	if (p)
		end(p);
	return e;
}
