/* SPDX-License-Identifier: BSD-2-Clause */
/* Results as rows of tables: figures of one case side by side, and with many files summed up. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page_part.h"
#include "bench/result.h"

/* --- which row a result belongs to --- */

static enum page_metric metric_of(const char *word)
{
	static const enum result_metric known[PAGE_OTHER] = {
		[PAGE_P50] = METRIC_LATENCY_P50,       [PAGE_RATE] = METRIC_RATE,
		[PAGE_GOODPUT] = METRIC_GOODPUT,       [PAGE_CPU_DRIVER] = METRIC_CPU_DRIVER,
		[PAGE_CPU_DEVICE] = METRIC_CPU_DEVICE, [PAGE_P90] = METRIC_LATENCY_P90,
		[PAGE_P99] = METRIC_LATENCY_P99,       [PAGE_P999] = METRIC_LATENCY_P999,
		[PAGE_MAX] = METRIC_LATENCY_MAX,
	};

	for (unsigned m = 0; m < PAGE_OTHER; m++)
		if (strcmp(word, result_metric_word(known[m])) == 0)
			return (enum page_metric)m;
	return PAGE_OTHER;
}

/* Rows by key, while they are gathered. */
struct index {
	size_t *slot; /* row + 1; 0: free */
	size_t mask, used;
	char **key; /* of each row */
	size_t room;
	char *text; /* the key being looked up */
	size_t text_room;
};

/* Append words to the key, each with an end no word contains. */
static int key_add(struct index *x, size_t *n, const char *word)
{
	size_t len = strlen(word) + 1;

	if (*n + len > x->text_room) {
		size_t room = (*n + len) * 2;
		char *text = realloc(x->text, room);

		if (!text)
			return -ENOMEM;
		x->text = text;
		x->text_room = room;
	}
	memcpy(x->text + *n, word, len);
	x->text[*n + len - 1] = '\x1f';
	*n += len;
	return 0;
}

static int key_of(struct index *x, const struct page_view *v, const struct page_file *f,
		  const struct run_result *r)
{
	char where[64];
	size_t n = 0;
	int e;

	snprintf(where, sizeof(where), "%u,%u,%zu", f->side, f->machine,
		 v->pooled ? (size_t)0 : (size_t)(f - v->file));
	e = key_add(x, &n, where);
	e = e ? e : key_add(x, &n, v->pooled ? f->f->target : "");
	e = e ? e : key_add(x, &n, f->f->workload);
	e = e ? e : key_add(x, &n, r->name);
	e = e ? e : key_add(x, &n, r->regime);
	if (metric_of(r->metric) == PAGE_OTHER) {
		e = e ? e : key_add(x, &n, r->metric);
		e = e ? e : key_add(x, &n, r->unit);
	}
	for (size_t i = 0; i < r->params && !e; i++) {
		e = key_add(x, &n, r->param[i].key);
		e = e ? e : key_add(x, &n, r->param[i].text);
	}
	if (!e)
		x->text[n - 1] = '\0';
	return e;
}

static size_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return (size_t)(h ^ h >> 29);
}

static int grow(struct index *x)
{
	size_t mask = x->mask ? x->mask * 2 + 1 : 1023;
	size_t *slot = calloc(mask + 1, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (size_t i = 0; i < x->used; i++) {
		size_t at = hash(x->key[i]) & mask;

		while (slot[at])
			at = (at + 1) & mask;
		slot[at] = i + 1;
	}
	free(x->slot);
	x->slot = slot;
	x->mask = mask;
	return 0;
}

/* The row of x->text, made when it is new (zeroed, then). NULL: no memory. */
static struct page_row *row_of(struct index *x, struct page_view *v)
{
	size_t at;

	if (x->used * 2 >= x->mask && grow(x))
		return NULL;
	for (at = hash(x->text) & x->mask; x->slot[at]; at = (at + 1) & x->mask)
		if (strcmp(x->key[x->slot[at] - 1], x->text) == 0)
			return &v->row[x->slot[at] - 1];
	if (v->rows == x->room) {
		size_t room = x->room ? x->room * 2 : 256;
		struct page_row *row = realloc(v->row, room * sizeof(*row));
		char **key;

		if (!row)
			return NULL;
		v->row = row;
		key = realloc(x->key, room * sizeof(*key));
		if (!key)
			return NULL;
		x->key = key;
		x->room = room;
	}
	x->key[v->rows] = strdup(x->text);
	if (!x->key[v->rows])
		return NULL;
	memset(&v->row[v->rows], 0, sizeof(v->row[0]));
	x->slot[at] = v->rows + 1;
	x->used = ++v->rows;
	return &v->row[v->rows - 1];
}

static void index_free(struct index *x)
{
	for (size_t i = 0; i < x->used; i++)
		free(x->key[i]);
	free(x->key);
	free(x->slot);
	free(x->text);
}

/* --- figures --- */

static void count(struct page_figure *f, const struct run_result *r)
{
	if (!f->limit_name)
		f->limit_name = r->limit_name;
	f->rounds += r->rounds;
	f->marked += r->marked;
	f->disturbed += r->disturbed;
	f->unverified += !r->verified;
	f->exceeded += r->limit_exceeded;
	f->no_limit += r->limit_name && !(r->limit > 0);
	for (size_t i = 0; i < r->rounds; i++) {
		for (unsigned bit = 0; bit < ROUND_MARK_BITS; bit++)
			f->marks[bit] += r->round[i].marks >> bit & 1;
		f->marks[ROUND_MARK_BITS] += r->round[i].marks >> ROUND_MARK_BITS != 0;
	}
}

static int append(double **to, size_t n, size_t room, double v)
{
	if (!*to || n == room / 2) {
		double *more = realloc(*to, room * sizeof(**to));

		if (!more)
			return -ENOMEM;
		*to = more;
	}
	(*to)[n] = v;
	return 0;
}

/* One more file's result in a figure that sums up many. */
static int pool(struct page_figure *f, const struct run_result *r)
{
	if (f->files == f->room)
		f->room = f->room ? f->room * 2 : 8;
	if (append(&f->medians, f->files, f->room, r->s.median) ||
	    append(&f->limits, f->files, f->room, r->limit) ||
	    append(&f->ratios, f->files, f->room, r->limit_ratio))
		return -ENOMEM;
	f->files++;
	return 0;
}

static int add_figure(const struct page_view *v, struct page_row *row, enum page_metric m,
		      const struct run_result *r)
{
	struct page_figure *f = row->figure[m];

	if (!f) {
		f = row->figure[m] = calloc(1, sizeof(*f));
		if (!f)
			return -ENOMEM;
		f->first = r;
		f->s = r->s;
		f->limit = r->limit;
		f->ratio = r->limit_ratio;
	}
	count(f, r);
	if (v->pooled)
		return pool(f, r);
	f->files++;
	return 0;
}

/* Median of those that are there; 0: none. */
static int median_of(double *v, size_t n, double *out)
{
	struct stats s;
	size_t kept = 0;
	int e;

	for (size_t i = 0; i < n; i++)
		if (v[i] > 0)
			v[kept++] = v[i];
	e = stats_of(v, kept, &s);
	*out = kept ? s.median : 0;
	return e;
}

static int sum_up(struct page_figure *f)
{
	int e = stats_of(f->medians, f->files, &f->s);

	e = e ? e : median_of(f->limits, f->files, &f->limit);
	return e ? e : median_of(f->ratios, f->files, &f->ratio);
}

/* --- order --- */

static enum page_metric main_of(const struct page_row *row)
{
	unsigned m = PAGE_P50;

	while (!row->figure[m])
		m++;
	return (enum page_metric)m;
}

static unsigned regime_order(const char *name)
{
	unsigned i = 0;

	while (i < REGIMES && strcmp(name, regime_name((enum regime)i)))
		i++;
	return i;
}

static bool is_alike(const struct page_row *a, const struct page_row *b)
{
	return a->section == b->section && a->main == b->main &&
	       strcmp(a->first->name, b->first->name) == 0 &&
	       (a->main != PAGE_OTHER ||
		strcmp(page_main(a)->first->metric, page_main(b)->first->metric) == 0);
}

/* Sections and tables in the order they first appear; lists of single figures after tables. */
static int place_rows(struct page_view *v)
{
	for (size_t i = 0; i < v->rows; i++) {
		struct page_row *row = &v->row[i];
		unsigned s = 0;

		while (s < v->sections &&
		       strcmp(v->section[s].workload, row->file->f->workload) != 0)
			s++;
		if (s == v->sections) {
			struct page_section *more =
				realloc(v->section, (s + 1) * sizeof(*v->section));

			if (!more)
				return -ENOMEM;
			v->section = more;
			v->section[s] = (struct page_section){.workload = row->file->f->workload};
			v->sections++;
		}
		row->section = s;
		row->main = main_of(row);
		row->regime = regime_order(row->first->regime);
		row->order = (unsigned)i;
		for (size_t k = i; k-- > 0;)
			if (is_alike(&v->row[k], row)) {
				row->order = v->row[k].order;
				break;
			}
		row->table = page_has_table(row) ? row->order : PAGE_LIST;
	}
	for (size_t i = 0; i < v->files; i++)
		for (size_t s = 0; s < v->sections; s++)
			v->section[s].files +=
				strcmp(v->section[s].workload, v->file[i].f->workload) == 0;
	return 0;
}

static int compare_numbers(double a, double b)
{
	return (a > b) - (a < b);
}

/* Parameter by parameter, the size first: what a reader looks along. */
static int compare_params(const struct run_result *a, const struct run_result *b)
{
	double x = run_param_number(a, "size"), y = run_param_number(b, "size");
	int d = compare_numbers(isfinite(x) ? x : -1, isfinite(y) ? y : -1);

	for (size_t i = 0; i < a->params && i < b->params && !d; i++) {
		const struct run_param *p = &a->param[i], *q = &b->param[i];

		d = strcmp(p->key, q->key);
		if (!d && p->is_number && q->is_number)
			d = compare_numbers(p->number, q->number);
		else if (!d)
			d = strcmp(p->text, q->text);
	}
	return d ? d : compare_numbers((double)a->params, (double)b->params);
}

/* Where a row is from: a file, or with many files what those summed up have in common. */
static int compare_sources(const struct page_row *a, const struct page_row *b)
{
	if (a->file->side != b->file->side)
		return a->file->side < b->file->side ? -1 : 1;
	if (!a->pooled && a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->file->machine != b->file->machine)
		return a->file->machine < b->file->machine ? -1 : 1;
	return strcmp(a->file->f->target, b->file->f->target);
}

static int compare_rows(const void *left, const void *right)
{
	const struct page_row *a = left, *b = right;
	int d;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	/* A list holds different things: those alike together. */
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	d = compare_params(a->first, b->first);
	if (d)
		return d;
	d = compare_sources(a, b);
	if (d)
		return d;
	if (a->regime != b->regime)
		return a->regime < b->regime ? -1 : 1;
	return strcmp(a->first->regime, b->first->regime);
}

bool page_same_line(const struct page_row *a, const struct page_row *b)
{
	if (a->section != b->section || a->table != b->table || a->order != b->order ||
	    a->first->params != b->first->params || compare_sources(a, b))
		return false;
	for (size_t i = 0; i < a->first->params; i++) {
		const struct run_param *p = &a->first->param[i], *q = &b->first->param[i];

		if (strcmp(p->key, q->key) != 0)
			return false;
		if (strcmp(p->key, "size") != 0 && strcmp(p->text, q->text) != 0)
			return false;
	}
	return true;
}

/* Of two regimes of a case the one with more undisturbed rounds says more. */
static bool says_more(const struct page_row *a, const struct page_row *b)
{
	const struct page_figure *f = page_main(a), *g = page_main(b);

	if (f->rounds - f->marked != g->rounds - g->marked)
		return f->rounds - f->marked > g->rounds - g->marked;
	return f->rounds > g->rounds;
}

/* Regimes of one case stand together now. */
static void find_best(struct page_view *v)
{
	for (size_t i = 0, end; i < v->rows; i = end) {
		size_t best = i;

		for (end = i + 1; end < v->rows && page_same_line(&v->row[i], &v->row[end]) &&
				  compare_params(v->row[i].first, v->row[end].first) == 0;
		     end++)
			if (says_more(&v->row[end], &v->row[best]))
				best = end;
		v->row[best].best = true;
	}
}

static void count_rows(struct page_view *v)
{
	for (size_t i = 0; i < v->rows; i++) {
		const struct page_figure *f = page_main(&v->row[i]);
		struct page_section *s = &v->section[v->row[i].section];

		v->rounds += f->rounds;
		v->marked += f->marked;
		for (unsigned bit = 0; bit <= ROUND_MARK_BITS; bit++)
			v->marks[bit] += f->marks[bit];
		v->by_regime[v->row[i].regime] += f->rounds;
		if (s->begin == s->end)
			s->begin = s->end = i;
		s->end++;
	}
}

int page_rows_fill(struct page_view *v)
{
	struct index x = {0};
	int e = 0;

	for (size_t i = 0; i < v->files && !e; i++) {
		const struct page_file *f = &v->file[i];

		for (size_t k = 0; k < f->f->results && !e; k++) {
			const struct run_result *r = &f->f->result[k];
			struct page_row *row;

			e = key_of(&x, v, f, r);
			row = e ? NULL : row_of(&x, v);
			e = row ? e : -ENOMEM;
			if (e)
				break;
			if (!row->first) {
				row->first = r;
				row->file = f;
				row->pooled = v->pooled;
			}
			e = add_figure(v, row, metric_of(r->metric), r);
		}
	}
	index_free(&x);
	for (size_t i = 0; i < v->rows && !e; i++)
		for (unsigned m = 0; m < PAGE_METRICS && v->pooled && !e; m++)
			if (v->row[i].figure[m])
				e = sum_up(v->row[i].figure[m]);
	e = e ? e : place_rows(v);
	if (e)
		return e;
	if (v->rows)
		qsort(v->row, v->rows, sizeof(*v->row), compare_rows);
	count_rows(v);
	find_best(v);
	return 0;
}

void page_rows_free(struct page_view *v)
{
	for (size_t i = 0; i < v->rows; i++)
		for (unsigned m = 0; m < PAGE_METRICS; m++) {
			struct page_figure *f = v->row[i].figure[m];

			if (!f)
				continue;
			free(f->medians);
			free(f->limits);
			free(f->ratios);
			free(f);
		}
	free(v->row);
	free(v->section);
}
