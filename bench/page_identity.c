/* SPDX-License-Identifier: BSD-2-Clause */
/* The columns that tell rows apart: run, machine, target, and the parameters that vary. */
#include <string.h>

#include "bench/page_part.h"

int page_identity_of(const struct page_view *v, const struct page_section *s,
		     struct page_identity *id)
{
	const struct page_row *rows = &v->row[s->begin];

	memset(id, 0, sizeof(*id));
	id->view = v;
	for (size_t i = 0; i < s->end - s->begin; i++) {
		id->side |= rows[i].file->side != rows[0].file->side;
		id->run |= !v->pooled && rows[i].file != rows[0].file;
		id->machine |= v->pooled && rows[i].file->machine != rows[0].file->machine;
		id->target |= strcmp(rows[i].file->f->target, rows[0].file->f->target) != 0;
	}
	return page_params_of(rows, s->end - s->begin, &id->params);
}

void page_identity_free(struct page_identity *id)
{
	page_params_free(&id->params);
}

static bool is_size(const struct page_params *p, unsigned i)
{
	return strcmp(p->param[i].key, "size") == 0;
}

bool page_identity_has_size(const struct page_identity *id)
{
	for (unsigned i = 0; i < id->params.n; i++)
		if (is_size(&id->params, i))
			return !id->params.param[i].same;
	return false;
}

static void add(struct page_columns *c, const char *title, const char *unit, bool number)
{
	if (c->n < PAGE_COLUMNS_MAX)
		c->column[c->n++] =
			(struct html_column){.title = title, .unit = unit, .number = number};
}

void page_identity_columns(struct page_identity *id, bool size, struct page_columns *c)
{
	const struct page_params *p = &id->params;

	if (size && page_identity_has_size(id))
		add(c, "size", "B", true);
	if (id->side)
		add(c, "side", NULL, false);
	if (id->run)
		add(c, "run", NULL, false);
	if (id->machine)
		add(c, "machine", NULL, true);
	if (id->target)
		add(c, "target", NULL, false);
	for (unsigned i = 0; i < p->n; i++)
		if (!p->param[i].same && !is_size(p, i))
			add(c,
			    page_param_title(p->param[i].key, id->title[i], sizeof(id->title[i])),
			    NULL, p->param[i].number);
}

/* The first cell of a row is its head. */
static void put(struct html *h, bool *first, const char *text)
{
	if (*first)
		html_head_cell(h, "%s", text);
	else
		html_cell(h, NULL, "%s", text);
	*first = false;
}

void page_identity_cells(const struct page_identity *id, bool size, const struct page_row *r,
			 bool first, struct html *h)
{
	const struct page_params *p = &id->params;
	char buf[PAGE_TEXT];
	const char *text;

	if (size && page_identity_has_size(id)) {
		text = run_param_text(r->first, "size");
		put(h, &first, text ? text : "");
	}
	if (id->side)
		put(h, &first, page_side(id->view, r->file));
	if (id->run)
		put(h, &first, r->file->f->label);
	if (id->machine) {
		snprintf(buf, sizeof(buf), "%u", r->file->machine + 1);
		put(h, &first, buf);
	}
	if (id->target)
		put(h, &first, r->file->f->target);
	for (unsigned i = 0; i < p->n; i++)
		if (!p->param[i].same && !is_size(p, i))
			put(h, &first, page_param_text(p, i, r->first, buf, sizeof(buf)));
}

void page_identity_shared(const struct page_identity *id, struct html *h)
{
	const struct page_params *p = &id->params;
	char title[PAGE_TEXT];
	bool any = false;

	for (unsigned i = 0; i < p->n; i++) {
		if (!p->param[i].same || !*p->param[i].same)
			continue;
		if (!any)
			html_open_class(h, "dl", "facts");
		any = true;
		html_open(h, "div");
		html_put(h, "dt", NULL, "%s",
			 page_param_title(p->param[i].key, title, sizeof(title)));
		html_put(h, "dd", NULL, "%s", p->param[i].same);
		html_close(h);
	}
	if (any)
		html_close(h);
}
