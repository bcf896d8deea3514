/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot_pick.h"

#define KEYS_MAX  64u /* parameters; a figure of ours has about ten */
#define NAMES_MAX 64u

struct key {
	const char *name, *value; /* of the first that had it */
	size_t seen;
	bool varies;
	bool soft; /* follows from others as a rule: tells apart only what nothing else does */
};

struct work {
	struct plot_pool *pool;
	const struct pick_how *how;
	struct pick_item *item;
	size_t items, files;
	struct key key[KEYS_MAX];
	unsigned keys;
	const char *name[NAMES_MAX];
	unsigned names;
	bool names_vary, metrics_vary, regimes_vary;
	bool by_soft, by_file;
};

/* --- words --- */

const char *pick_short_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot[1] ? dot + 1 : name;
}

bool pick_says_name(const struct run_result *r)
{
	const char *name = pick_short_name(r->name);

	return strncmp(r->metric, name, strlen(name)) == 0;
}

const char *pick_param_words(struct plot_pool *pool, const char *key, const char *text)
{
	static const struct {
		const char *key, *before, *one, *many;
	} words[] = {
		{"size", "", " B", " B"},
		{"ring", "", "", ""},
		{"notify", "", "", ""},
		{"queues", "", " queue pair", " queue pairs"},
		{"devices", "", " device", " devices"},
		{"queue_size", "queue size ", "", ""},
		{"placement", "rings at ", "", ""},
		{"copies", "copies: ", "", ""},
		{"features", "features ", "", ""},
	};

	if (!text || !*text)
		return "";
	if (strcmp(key, "depth") == 0 && strcmp(text, "0") == 0)
		return "full depth";
	if (strcmp(key, "in_order") == 0)
		return strcmp(text, "1") == 0 ? "in order" : "not in order";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].key, key) == 0)
			return plot_pool_text(pool, "%s%s%s", words[i].before, text,
					      strcmp(text, "1") == 0 ? words[i].one
								     : words[i].many);
	return plot_pool_text(pool, "%s %s", key, text);
}

/* a, or "a, b" when both say something. */
static const char *join(struct plot_pool *pool, const char *a, const char *b)
{
	if (!*a || !*b)
		return *a ? a : b;
	return plot_pool_text(pool, "%s, %s", a, b);
}

/* --- what there is --- */

static double x_of(const struct pick_how *how, const struct run_result *r)
{
	if (how->x_of)
		return how->x_of(r);
	return how->x ? run_param_number(r, how->x) : 0;
}

static int collect(struct work *w, const struct runs *runs)
{
	size_t most = 0, last_file = SIZE_MAX;

	for (size_t f = 0; f < runs->n; f++)
		most += runs->file[f].results;
	w->item = plot_pool_get(w->pool, most ? most : 1, sizeof(*w->item));
	if (!w->item)
		return -ENOMEM;
	for (size_t f = 0; f < runs->n; f++) {
		for (size_t i = 0; i < runs->file[f].results; i++) {
			const struct run_result *r = &runs->file[f].result[i];
			double x = x_of(w->how, r);

			if (!isfinite(x) || !w->how->wanted(r, w->how->context))
				continue;
			w->files += f != last_file;
			last_file = f;
			w->item[w->items] = (struct pick_item){
				.file = &runs->file[f], .r = r, .x = x, .order = w->items};
			w->items++;
		}
	}
	return 0;
}

static void note_param(struct work *w, const struct run_param *p)
{
	unsigned k = 0;

	if (w->how->x && strcmp(p->key, w->how->x) == 0)
		return;
	while (k < w->keys && strcmp(w->key[k].name, p->key))
		k++;
	if (k == KEYS_MAX)
		return;
	if (k == w->keys) {
		w->key[k] = (struct key){.name = p->key, .value = p->text};
		w->key[k].soft = !strcmp(p->key, "features") || !strcmp(p->key, "copies");
		w->keys++;
	}
	w->key[k].seen++;
	w->key[k].varies |= strcmp(w->key[k].value, p->text) != 0;
}

static unsigned name_index(struct work *w, const char *name)
{
	unsigned i = 0;

	while (i < w->names && strcmp(w->name[i], name))
		i++;
	if (i == w->names && i < NAMES_MAX)
		w->name[w->names++] = name;
	return i;
}

/* What differs among the items for which it says so; drop NULL: all. */
static void look_around(struct work *w, const bool *drop)
{
	const struct run_result *first = NULL;
	size_t seen = 0;

	w->keys = w->names = 0;
	w->names_vary = w->metrics_vary = w->regimes_vary = false;
	for (size_t i = 0; i < w->items; i++) {
		const struct run_result *r = w->item[i].r;

		if (drop && drop[i])
			continue;
		first = first ? first : r;
		seen++;
		name_index(w, r->name);
		w->names_vary |= strcmp(r->name, first->name) != 0;
		w->metrics_vary |= strcmp(r->metric, first->metric) != 0;
		w->regimes_vary |= strcmp(r->regime, first->regime) != 0;
		for (size_t k = 0; k < r->params; k++)
			note_param(w, &r->param[k]);
	}
	for (unsigned k = 0; k < w->keys; k++)
		w->key[k].varies |= w->key[k].seen < seen;
}

/* --- telling groups apart --- */

static bool tells(const struct work *w, unsigned k)
{
	return w->key[k].varies && (w->by_soft || !w->key[k].soft);
}

/* What is equal for all of a base. \x1f: a separator no name has a reason to hold. */
static const char *base_key(const struct work *w, const struct pick_item *it)
{
	const char *key = plot_pool_text(w->pool, "%s\x1f%s", it->r->name, it->r->metric);

	for (unsigned k = 0; k < w->keys; k++) {
		const char *text = tells(w, k) ? run_param_text(it->r, w->key[k].name) : NULL;

		if (tells(w, k))
			key = plot_pool_text(w->pool, "%s\x1f%s", key, text ? text : "\x1e");
	}
	if (w->by_file)
		key = plot_pool_text(w->pool, "%s\x1f%s", key, it->file->path);
	return key;
}

static int by_key(const void *pa, const void *pb)
{
	const struct pick_item *a = pa, *b = pb;
	int c = strcmp(a->key, b->key);

	if (c)
		return c;
	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void sort_items(struct work *w)
{
	for (size_t i = 0; i < w->items; i++)
		w->item[i].key = base_key(w, &w->item[i]);
	qsort(w->item, w->items, sizeof(*w->item), by_key);
}

struct clashes {
	bool in_file, across; /* one place, two figures: of one file, of two */
	size_t longest;	      /* places of the base that has most of them */
};

static struct clashes find_clashes(const struct work *w)
{
	struct clashes c = {.longest = w->items > 0};
	size_t places = 1;

	for (size_t i = 1; i < w->items; i++) {
		const struct pick_item *a = &w->item[i - 1], *b = &w->item[i];

		if (strcmp(a->key, b->key)) {
			places = 1;
			continue;
		}
		if (a->x != b->x)
			places++;
		else if (a->file != b->file)
			c.across = true;
		else if (strcmp(a->r->regime, b->r->regime) == 0)
			c.in_file = true;
		c.longest = places > c.longest ? places : c.longest;
	}
	return c;
}

/* Find the coarsest way to tell groups apart that leaves no two figures at one place. */
static size_t settle(struct work *w)
{
	struct clashes c, joined;

	sort_items(w);
	joined = find_clashes(w);
	if (joined.in_file) {
		w->by_soft = true;
		sort_items(w);
		joined = find_clashes(w);
	}
	if (!joined.across)
		return 0;
	if (w->files <= w->how->most) {
		w->by_file = true;
		sort_items(w);
		c = find_clashes(w);
		/* A line for each file would be a single point: what was varied spans the files. */
		if (!w->how->x || c.longest > 1 || joined.longest == 1)
			return 0;
		w->by_file = false;
		sort_items(w);
	}
	return w->files;
}

/* --- groups --- */

struct draft {
	size_t first, n;   /* items */
	size_t base_order; /* order of the base's first item */
	size_t order;	   /* of its own first item */
	size_t rounds;	   /* that counted */
	unsigned name, regime;
	bool minor; /* another regime of the base has more rounds */
	bool kept;
};

static unsigned regime_rank(const char *regime)
{
	unsigned i = 0;

	while (i < REGIMES && strcmp(regime_bins[i].name, regime))
		i++;
	return i;
}

static int by_regime(const void *pa, const void *pb)
{
	const struct pick_item *a = pa, *b = pb;
	unsigned ra = regime_rank(a->r->regime), rb = regime_rank(b->r->regime);
	int c = ra == rb ? strcmp(a->r->regime, b->r->regime) : ra < rb ? -1 : 1;

	return c ? c : by_key(pa, pb);
}

/* Items [from, to) are of one base: one draft, or one for each regime. */
static void draft_base(struct work *w, size_t from, size_t to, struct draft *d, size_t *n)
{
	size_t first = *n, base_order = SIZE_MAX, most = 0;

	if (w->how->by_regime)
		qsort(w->item + from, to - from, sizeof(*w->item), by_regime);
	for (size_t i = from; i < to; i++) {
		const struct pick_item *it = &w->item[i];

		if (i == from ||
		    (w->how->by_regime && strcmp(it->r->regime, w->item[i - 1].r->regime) != 0))
			d[(*n)++] = (struct draft){.first = i,
						   .order = SIZE_MAX,
						   .name = name_index(w, it->r->name),
						   .regime = regime_rank(it->r->regime)};
		d[*n - 1].n++;
		d[*n - 1].rounds += it->r->s.n;
		d[*n - 1].order = it->order < d[*n - 1].order ? it->order : d[*n - 1].order;
		base_order = it->order < base_order ? it->order : base_order;
	}
	for (size_t i = first; i < *n; i++)
		most = d[i].rounds > most ? d[i].rounds : most;
	for (size_t i = first; i < *n; i++) {
		d[i].base_order = base_order;
		d[i].minor = d[i].rounds < most;
	}
}

static int by_importance(const void *pa, const void *pb)
{
	const struct draft *a = pa, *b = pb;

	if (a->minor != b->minor)
		return a->minor ? 1 : -1;
	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	if (a->base_order != b->base_order)
		return a->base_order < b->base_order ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int by_appearance(const void *pa, const void *pb)
{
	const struct draft *a = pa, *b = pb;

	if (a->kept != b->kept)
		return a->kept ? -1 : 1;
	if (a->base_order != b->base_order)
		return a->base_order < b->base_order ? -1 : 1;
	if (a->regime != b->regime)
		return a->regime < b->regime ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Short names are enough unless two of them are the same. */
static const char *name_words(const struct work *w, const char *name)
{
	const char *shortest = pick_short_name(name);

	for (unsigned i = 0; i < w->names; i++)
		if (strcmp(w->name[i], name) && !strcmp(pick_short_name(w->name[i]), shortest))
			return name;
	return shortest;
}

static const char *label_of(const struct work *w, const struct pick_item *it, const char *regime)
{
	const char *label = "";

	if (w->by_file)
		label = plot_pool_text(w->pool, "%s", it->file->label);
	if (w->names_vary && !(w->metrics_vary && pick_says_name(it->r)))
		label = join(w->pool, label, name_words(w, it->r->name));
	if (w->metrics_vary)
		label = join(w->pool, label, it->r->metric);
	for (unsigned k = 0; k < w->keys; k++)
		if (tells(w, k))
			label = join(w->pool, label,
				     pick_param_words(w->pool, w->key[k].name,
						      run_param_text(it->r, w->key[k].name)));
	if (regime)
		label = join(w->pool, label, regime);
	return *label ? label : name_words(w, it->r->name);
}

static int make_groups(struct work *w, struct pick *out)
{
	struct draft *d = plot_pool_get(w->pool, w->items, sizeof(*d));
	size_t n = 0, kept;
	bool several = false, *drop = plot_pool_get(w->pool, w->items, sizeof(*drop));

	if (!d || !drop)
		return -ENOMEM;
	for (size_t i = 0, from = 0; i < w->items; i++) {
		if (i + 1 < w->items && strcmp(w->item[i].key, w->item[i + 1].key) == 0)
			continue;
		draft_base(w, from, i + 1, d, &n);
		from = i + 1;
	}
	qsort(d, n, sizeof(*d), by_importance);
	kept = n < w->how->most ? n : w->how->most;
	for (size_t i = 0; i < kept; i++)
		d[i].kept = true;
	qsort(d, n, sizeof(*d), by_appearance);
	out->n = kept;
	out->dropped = n - kept;
	out->group = plot_pool_get(w->pool, kept ? kept : 1, sizeof(*out->group));
	if (!out->group)
		return -ENOMEM;
	/* Names tell apart what is drawn, not what was left out. */
	for (size_t i = kept; i < n; i++)
		for (size_t k = 0; k < d[i].n; k++)
			drop[d[i].first + k] = true;
	look_around(w, drop);
	for (size_t i = 1; i < kept; i++)
		several |= d[i].regime != d[0].regime;
	for (size_t i = 0; i < kept; i++) {
		struct pick_group *g = &out->group[i];

		g->item = &w->item[d[i].first];
		g->n = d[i].n;
		if (i == 0 || d[i].base_order != d[i - 1].base_order)
			out->bases++;
		g->base = out->bases - 1;
		if (w->how->by_regime && several)
			g->regime = g->item[0].r->regime;
		g->label = label_of(w, &g->item[0], g->regime);
	}
	return 0;
}

/* --- what is common --- */

static void say_common(const struct work *w, const struct runs *runs, struct pick *out)
{
	const char *text = "", *cpu = NULL, *day = NULL, *revision = NULL, *workload = NULL;
	bool cpus = false, days = false, revisions = false, workloads = false;

	for (unsigned k = 0; k < w->keys; k++)
		if (!w->key[k].varies && !w->key[k].soft)
			text = join(w->pool, text,
				    pick_param_words(w->pool, w->key[k].name, w->key[k].value));
	if (w->items && !w->regimes_vary)
		text = join(w->pool, text,
			    plot_pool_text(w->pool, "regime %s", w->item[0].r->regime));
	out->common = text;
	for (size_t f = 0; f < runs->n; f++) {
		const struct run_file *file = &runs->file[f];

		cpus |= cpu && strcmp(cpu, file->cpu_model);
		days |= day && strncmp(day, file->started, 10);
		revisions |= revision && strcmp(revision, file->revision);
		workloads |= workload && strcmp(workload, file->workload);
		cpu = file->cpu_model;
		day = file->started;
		revision = file->revision;
		workload = file->workload;
	}
	text = cpu && !cpus ? cpu : "";
	if (day && !days)
		text = join(w->pool, text, plot_pool_text(w->pool, "%.10s", day));
	if (revision && *revision && !revisions)
		text = join(w->pool, text, plot_pool_text(w->pool, "revision %.12s", revision));
	out->where = text;
	out->workload = workload && !workloads ? workload : "";
}

int pick_results(struct plot_pool *pool, const struct runs *runs, const struct pick_how *how,
		 struct pick *out)
{
	struct work *w = plot_pool_get(pool, 1, sizeof(*w));
	int err;

	*out = (struct pick){.common = "", .where = "", .workload = ""};
	if (!w)
		return -ENOMEM;
	w->pool = pool;
	w->how = how;
	err = collect(w, runs);
	if (err)
		return err;
	look_around(w, NULL);
	out->pooled = settle(w);
	err = make_groups(w, out);
	say_common(w, runs, out);
	return err ? err : pool->out ? -ENOMEM : 0;
}
