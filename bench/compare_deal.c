/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare_deal.h"
#include "bench/compare_row.h"

/* One pass of one file, as recorded. */
struct block {
	size_t file;   /* in the heap */
	uint32_t pass; /* as it is called there */
};

/* A file, and what is where in it. */
struct heap_file {
	const struct run_file *file;
	uint32_t *pass;	  /* that it has, ascending: any numbers, a file is not believed */
	uint32_t *common; /* those its partner in turn has as well */
	size_t passes, commons;
	size_t *result_case; /* of each result */
	size_t *case_result; /* of each case; SIZE_MAX: it has none */
};

struct deal {
	const struct runs *side[2];
	const struct compare_options *o;
	struct heap_file *heap; /* all files of both sides */
	size_t files;
	const struct run_result **like; /* one result of each case */
	size_t cases;
	struct block *block; /* slots: first those of the old side, file by file, then the new */
	size_t blocks, old_blocks;
	bool paired;
	uint64_t seed;
};

static uint64_t draw(struct deal *d, uint64_t below)
{
	d->seed = d->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (d->seed >> 33) % below;
}

/* --- what there is --- */

static bool ignored(const struct deal *d, const char *key)
{
	for (size_t i = 0; d->o->ignore && d->o->ignore[i]; i++)
		if (strcmp(d->o->ignore[i], key) == 0)
			return true;
	return false;
}

static bool has_all(const struct deal *d, const struct run_result *a, const struct run_result *b)
{
	for (size_t i = 0; i < a->params; i++) {
		const char *v = run_param_text(b, a->param[i].key);

		if (!ignored(d, a->param[i].key) && (!v || strcmp(v, a->param[i].text)))
			return false;
	}
	return true;
}

static bool like(const struct deal *d, const struct run_result *a, const struct run_result *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->metric, b->metric) &&
	       !strcmp(a->regime, b->regime) && has_all(d, a, b) && has_all(d, b, a);
}

static int case_of(struct deal *d, const struct run_result *r, size_t *at)
{
	const struct run_result **more;

	for (*at = 0; *at < d->cases; (*at)++)
		if (like(d, d->like[*at], r))
			return 0;
	more = realloc(d->like, (d->cases + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	d->like = more;
	d->like[d->cases++] = r;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Which passes has it, and which case is each of its results? */
static int look_at(struct deal *d, struct heap_file *h)
{
	size_t rounds = 0, n = 0;

	for (size_t i = 0; i < h->file->results; i++)
		rounds += h->file->result[i].rounds;
	h->pass = calloc(rounds + 1, sizeof(*h->pass));
	h->result_case = calloc(h->file->results + 1, sizeof(*h->result_case));
	if (!h->pass || !h->result_case)
		return -ENOMEM;
	for (size_t i = 0; i < h->file->results; i++) {
		const struct run_result *r = &h->file->result[i];
		int e = case_of(d, r, &h->result_case[i]);

		if (e)
			return e;
		for (size_t k = 0; k < r->rounds; k++)
			h->pass[n++] = r->round[k].pass;
	}
	qsort(h->pass, n, sizeof(*h->pass), by_number);
	/* A file without rounds has one pass with nothing in it. */
	h->passes = 1;
	for (size_t i = 1; i < n; i++)
		if (h->pass[i] != h->pass[h->passes - 1])
			h->pass[h->passes++] = h->pass[i];
	return 0;
}

static int find_results(struct deal *d, struct heap_file *h)
{
	h->case_result = malloc((d->cases + 1) * sizeof(*h->case_result));
	if (!h->case_result)
		return -ENOMEM;
	for (size_t k = 0; k < d->cases; k++)
		h->case_result[k] = SIZE_MAX;
	for (size_t i = h->file->results; i-- > 0;)
		h->case_result[h->result_case[i]] = i;
	return 0;
}

static int find_common(struct heap_file *x, const struct heap_file *y)
{
	x->common = malloc((x->passes + 1) * sizeof(*x->common));
	if (!x->common)
		return -ENOMEM;
	for (size_t i = 0; i < x->passes; i++)
		if (bsearch(&x->pass[i], y->pass, y->passes, sizeof(*y->pass), by_number))
			x->common[x->commons++] = x->pass[i];
	return 0;
}

/* In turn: file i of one side with file i of the other. */
static bool all_paired(const struct runs *old, const struct runs *now)
{
	for (size_t i = 0; i < old->n; i++)
		if (i >= now->n || !compare_turns_id(&old->file[i])[0] ||
		    strcmp(compare_turns_id(&old->file[i]), compare_turns_id(&now->file[i])))
			return false;
	return old->n == now->n;
}

static int gather(struct deal *d)
{
	size_t n = 0;
	int e = 0;

	d->files = d->side[0]->n + d->side[1]->n;
	d->heap = calloc(d->files, sizeof(*d->heap));
	if (!d->heap)
		return -ENOMEM;
	for (size_t s = 0; s < 2; s++)
		for (size_t f = 0; f < d->side[s]->n; f++)
			d->heap[n++].file = &d->side[s]->file[f];
	for (size_t f = 0; f < d->files && !e; f++) {
		e = look_at(d, &d->heap[f]);
		d->blocks += d->heap[f].passes;
		d->old_blocks += f < d->side[0]->n ? d->heap[f].passes : 0;
	}
	for (size_t f = 0; f < d->files && !e; f++)
		e = find_results(d, &d->heap[f]);
	d->paired = all_paired(d->side[0], d->side[1]);
	for (size_t f = 0; d->paired && f < d->side[0]->n && !e; f++)
		e = find_common(&d->heap[f], &d->heap[d->side[0]->n + f]);
	d->block = calloc(d->blocks + 1, sizeof(*d->block));
	return d->block ? e : -ENOMEM;
}

static void deal_free(struct deal *d)
{
	for (size_t f = 0; d->heap && f < d->files; f++) {
		free(d->heap[f].pass);
		free(d->heap[f].common);
		free(d->heap[f].result_case);
		free(d->heap[f].case_result);
	}
	free(d->heap);
	free(d->like);
	free(d->block);
}

/* --- dealing --- */

static void shuffle(struct deal *d)
{
	size_t n = 0;

	for (size_t f = 0; f < d->files; f++)
		for (size_t p = 0; p < d->heap[f].passes; p++)
			d->block[n++] = (struct block){f, d->heap[f].pass[p]};
	for (size_t i = d->blocks; i > 1; i--) {
		size_t k = draw(d, i);
		struct block t = d->block[i - 1];

		d->block[i - 1] = d->block[k];
		d->block[k] = t;
	}
}

static void flip(struct deal *d)
{
	size_t at = 0, other = d->old_blocks;

	for (size_t f = 0; f < d->side[0]->n; f++) {
		size_t g = d->side[0]->n + f;
		const struct heap_file *x = &d->heap[f], *y = &d->heap[g];

		for (size_t p = 0; p < x->passes || p < y->passes; p++) {
			uint32_t pass = x->commons ? x->common[draw(d, x->commons)] : x->pass[0];
			bool turned = draw(d, 2);

			if (p < x->passes)
				d->block[at++] = (struct block){turned ? g : f, pass};
			if (p < y->passes)
				d->block[other++] = (struct block){turned ? f : g, pass};
		}
	}
}

/* --- what was dealt, as runs --- */

struct hand {
	struct runs runs;
	struct run_file *file;
	struct run_result *result;
	struct run_round *round;
};

static void hand_free(struct hand *h)
{
	free(h->file);
	free(h->result);
	free(h->round);
}

/* Rounds of one pass behind those there are, to[0..n); to NULL: only count. */
static size_t copy_pass(const struct run_result *from, uint32_t pass, size_t as, double scale,
			struct run_round *to, size_t n)
{
	for (size_t i = 0; i < from->rounds; i++) {
		if (from->round[i].pass != pass)
			continue;
		if (to) {
			to[n] = from->round[i];
			to[n].pass = (uint32_t)as;
			to[n].value *= scale;
		}
		n++;
	}
	return n;
}

/* Rounds of result i of file f as dealt into the slots from `slot` on. */
static size_t copy_result(const struct deal *d, size_t f, size_t i, size_t slot, double scale,
			  struct run_round *to)
{
	size_t n = 0;

	for (size_t p = 0; p < d->heap[f].passes; p++) {
		const struct block *b = &d->block[slot + p];
		const struct heap_file *from = &d->heap[b->file];
		size_t at = from->case_result[d->heap[f].result_case[i]];

		if (at != SIZE_MAX)
			n = copy_pass(&from->file->result[at], b->pass, p, scale, to, n);
	}
	return n;
}

/* A regime's marked rounds count where it has no others. */
static bool only_marked(const struct run_result *r)
{
	for (size_t i = 0; i < r->rounds; i++)
		if (r->round[i].marks == 0)
			return false;
	return true;
}

/* Slots of one side from `slot` on; the files of the heap from `first` on are their pattern. */
static int hand_make(const struct deal *d, size_t first, size_t files, size_t slot, double slower,
		     struct hand *h)
{
	size_t results = 0, rounds = 0, r = 0, at = 0;

	for (size_t f = first, s = slot; f < first + files; s += d->heap[f++].passes) {
		results += d->heap[f].file->results;
		for (size_t i = 0; i < d->heap[f].file->results; i++)
			rounds += copy_result(d, f, i, s, 1, NULL);
	}
	*h = (struct hand){.runs = {.n = files},
			   .file = calloc(files + 1, sizeof(*h->file)),
			   .result = calloc(results + 1, sizeof(*h->result)),
			   .round = malloc((rounds + 1) * sizeof(*h->round))};
	h->runs.file = h->file;
	if (!h->file || !h->result || !h->round)
		return -ENOMEM;
	for (size_t f = first; f < first + files; slot += d->heap[f++].passes) {
		struct run_file *to = &h->file[f - first];

		*to = *d->heap[f].file;
		to->result = &h->result[r];
		for (size_t i = 0; i < to->results; i++) {
			struct run_result *w = &h->result[r++];

			*w = d->heap[f].file->result[i];
			w->round = &h->round[at];
			w->rounds = copy_result(d, f, i, slot,
						w->more_is_better ? 1 - slower : 1 / (1 - slower),
						&h->round[at]);
			w->disturbed = only_marked(w);
			at += w->rounds;
		}
	}
	return 0;
}

static int deal_once(struct deal *d, double slower, struct deal_counts *out)
{
	struct comparison c;
	struct hand old = {0}, now = {0};
	int e;

	if (d->paired)
		flip(d);
	else
		shuffle(d);
	e = hand_make(d, 0, d->side[0]->n, 0, 0, &old);
	e = e ? e : hand_make(d, d->side[0]->n, d->side[1]->n, d->old_blocks, slower, &now);
	e = e ? e : compare_runs(&old.runs, &now.runs, d->o, &c);
	if (!e) {
		for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
			out->verdicts[v] += c.verdicts[v];
		out->deals++;
		out->false_deals += c.verdicts[COMPARE_BETTER] + c.verdicts[COMPARE_WORSE] > 0;
		compare_free(&c);
	}
	hand_free(&old);
	hand_free(&now);
	return e;
}

int compare_deal(const struct runs *old, const struct runs *now, const struct compare_options *o,
		 size_t deals, uint64_t seed, double slower, struct deal_counts *out)
{
	struct deal d = {.side = {old, now}, .o = o, .seed = seed};
	int e = gather(&d);

	*out = (struct deal_counts){0};
	for (size_t i = 0; i < deals && !e; i++)
		e = deal_once(&d, slower, out);
	deal_free(&d);
	return e;
}
