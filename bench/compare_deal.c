/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/compare_deal.h"
#include "bench/compare_row.h"

/* One pass of one file, as recorded. */
struct block {
	size_t file; /* in the heap */
	uint32_t pass;
};

struct deal {
	const struct runs *side[2];
	const struct run_file **heap; /* all files of both sides */
	size_t files;
	uint32_t *passes; /* of each file */
	size_t **
		like; /* like[a * files + b][i]: result of b that is like result i of a; SIZE_MAX */
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

static bool like(const struct run_result *a, const struct run_result *b)
{
	if (strcmp(a->name, b->name) || strcmp(a->metric, b->metric) ||
	    strcmp(a->regime, b->regime))
		return false;
	for (size_t i = 0; i < a->params; i++) {
		const char *v = run_param_text(b, a->param[i].key);

		if (!v || strcmp(v, a->param[i].text))
			return false;
	}
	return true;
}

static uint32_t passes_of(const struct run_file *f)
{
	uint32_t n = 1;

	for (size_t i = 0; i < f->results; i++)
		for (size_t k = 0; k < f->result[i].rounds; k++)
			if (f->result[i].round[k].pass >= n)
				n = f->result[i].round[k].pass + 1;
	return n;
}

static int find_likes(struct deal *d)
{
	d->like = calloc(d->files * d->files, sizeof(*d->like));
	if (!d->like)
		return -ENOMEM;
	for (size_t a = 0; a < d->files; a++) {
		for (size_t b = 0; b < d->files; b++) {
			const struct run_file *x = d->heap[a], *y = d->heap[b];
			size_t *m = malloc((x->results ? x->results : 1) * sizeof(*m));

			if (!m)
				return -ENOMEM;
			d->like[a * d->files + b] = m;
			for (size_t i = 0; i < x->results; i++) {
				m[i] = SIZE_MAX;
				for (size_t k = 0; k < y->results && m[i] == SIZE_MAX; k++)
					if (like(&x->result[i], &y->result[k]))
						m[i] = k;
			}
		}
	}
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

	d->files = d->side[0]->n + d->side[1]->n;
	d->heap = calloc(d->files, sizeof(*d->heap));
	d->passes = calloc(d->files, sizeof(*d->passes));
	if (!d->heap || !d->passes)
		return -ENOMEM;
	for (size_t s = 0; s < 2; s++)
		for (size_t f = 0; f < d->side[s]->n; f++)
			d->heap[n++] = &d->side[s]->file[f];
	for (size_t f = 0; f < d->files; f++) {
		d->passes[f] = passes_of(d->heap[f]);
		d->blocks += d->passes[f];
		d->old_blocks += f < d->side[0]->n ? d->passes[f] : 0;
	}
	d->paired = all_paired(d->side[0], d->side[1]);
	d->block = calloc(d->blocks, sizeof(*d->block));
	return d->block ? find_likes(d) : -ENOMEM;
}

static void shuffle(struct deal *d)
{
	size_t n = 0;

	for (size_t f = 0; f < d->files; f++)
		for (uint32_t p = 0; p < d->passes[f]; p++)
			d->block[n++] = (struct block){f, p};
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
		uint32_t both = d->passes[f] < d->passes[g] ? d->passes[f] : d->passes[g];

		for (uint32_t p = 0; p < d->passes[f] || p < d->passes[g]; p++) {
			uint32_t from = (uint32_t)draw(d, both);
			bool turned = draw(d, 2);

			if (p < d->passes[f])
				d->block[at++] = (struct block){turned ? g : f, from};
			if (p < d->passes[g])
				d->block[other++] = (struct block){turned ? f : g, from};
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

/* Rounds of one pass, behind those already there. */
static size_t copy_pass(const struct run_result *from, uint32_t pass, uint32_t as, double scale,
			struct run_round *to)
{
	size_t n = 0;

	for (size_t i = 0; i < from->rounds; i++) {
		if (from->round[i].pass != pass)
			continue;
		to[n] = from->round[i];
		to[n].pass = as;
		to[n].value *= scale;
		n++;
	}
	return n;
}

static size_t most_in_pass(const struct run_result *r, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < r->rounds; i++) {
		n = i && r->round[i].pass == r->round[i - 1].pass ? n + 1 : 1;
		most = n > most ? n : most;
	}
	return most;
}

/* Slots of one side from `slot` on; the files of the heap from `first` on are their pattern. */
static int hand_make(const struct deal *d, size_t first, size_t files, size_t slot, double slower,
		     struct hand *h)
{
	size_t results = 0, rounds = 0, r = 0, at = 0, longest = 0;

	for (size_t f = 0; f < d->files; f++)
		for (size_t i = 0; i < d->heap[f]->results; i++)
			longest = most_in_pass(&d->heap[f]->result[i], longest);
	for (size_t f = first; f < first + files; f++) {
		results += d->heap[f]->results;
		/* A pass drawn over and over may be the longest there is. */
		rounds += d->heap[f]->results * d->passes[f] * longest;
	}
	*h = (struct hand){.runs = {.n = files},
			   .file = calloc(files, sizeof(*h->file)),
			   .result = calloc(results ? results : 1, sizeof(*h->result)),
			   .round = malloc((rounds ? rounds : 1) * sizeof(*h->round))};
	h->runs.file = h->file;
	if (!h->file || !h->result || !h->round)
		return -ENOMEM;
	for (size_t f = first; f < first + files; f++) {
		struct run_file *to = &h->file[f - first];

		*to = *d->heap[f];
		to->result = &h->result[r];
		for (size_t i = 0; i < to->results; i++) {
			struct run_result *w = &h->result[r++];
			double worse = d->heap[f]->result[i].more_is_better ? 1 - slower
									    : 1 / (1 - slower);

			*w = d->heap[f]->result[i];
			w->round = &h->round[at];
			w->rounds = 0;
			for (uint32_t p = 0; p < d->passes[f]; p++) {
				const struct block *b = &d->block[slot + p];
				size_t like = d->like[f * d->files + b->file][i];

				if (like != SIZE_MAX)
					w->rounds +=
						copy_pass(&d->heap[b->file]->result[like], b->pass,
							  p, worse, &h->round[at + w->rounds]);
			}
			at += w->rounds;
		}
		slot += d->passes[f];
	}
	return 0;
}

static int deal_once(struct deal *d, const struct compare_options *o, double slower,
		     struct deal_counts *out)
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
	e = e ? e : compare_runs(&old.runs, &now.runs, o, &c);
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
	struct deal d = {.side = {old, now}, .seed = seed};
	int e = gather(&d);

	*out = (struct deal_counts){0};
	for (size_t i = 0; i < deals && !e; i++)
		e = deal_once(&d, o, slower, out);
	for (size_t i = 0; d.like && i < d.files * d.files; i++)
		free(d.like[i]);
	free(d.like);
	free(d.block);
	free(d.passes);
	free(d.heap);
	return e;
}
