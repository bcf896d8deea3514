/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/ref/ref.h"
#include "conformance/selfcheck.h"
#include "report/json.h"
#include "report/table.h"

#define THREADS_MAX  64u
#define VARIANTS_MAX 8u
#define SLOW_ON	     2 /* device type: block */

/* What the checks made of one mutant, or of the sound devices. */
struct row {
	struct ref_mutant m;
	char name[64], what[160];
	uint8_t *failed; /* by check: some run of it did */
	unsigned ran, passed, errors;
	unsigned checks; /* that failed it */
};

/* A run against a sound device, and the fault points it passed. */
struct trace {
	const struct conf_check *check;
	const struct lane *lane;
	bool packed;
	enum conf_outcome outcome;
	uint8_t *hit;
};

/* All runs against one of them, in order. */
struct traces {
	struct trace *v;
	size_t n;
	uint8_t made[REF_POINT_COUNT]; /* passed when the device was made: matters in every run */
};

struct work {
	struct traces trace[REF_DEVICE_MAX + 1][VARIANTS_MAX];
	const struct clauses *k;
	const struct selfcheck_options *o;
	const struct conf_check **check; /* all that are selected */
	unsigned checks;
	struct row *row;
	unsigned rows, next; /* next: taken by the threads */
	bool failed;	     /* no memory */
	pthread_mutex_t lock;
};

/* --- running --- */

static unsigned index_of(const struct work *w, const struct conf_check *c)
{
	unsigned i;

	for (i = 0; w->check[i] != c; i++)
		;
	return i;
}

static void note_run(const struct work *w, struct row *r, const struct suite_instance *i)
{
	enum conf_outcome o = i->result.outcome;

	if (o == CONF_SKIP)
		return;
	r->ran++;
	if (o == CONF_ERROR) {
		r->errors++;
	} else if (i->result.violated) {
		unsigned at = index_of(w, i->check);

		r->checks += !r->failed[at];
		r->failed[at] = 1;
	} else {
		r->passed++;
	}
}

/* One suite_run() of a row. */
struct pass {
	struct work *w;
	struct row *row;
	struct sut *sut;
	struct traces *t;
	size_t at; /* in t */
	bool tracing;
};

static bool same(const struct trace *t, const struct suite_instance *i)
{
	return t->check == i->check && t->lane == i->lane && t->packed == i->packed;
}

/* The sound device did not come by the fault in this run: neither does the mutant. */
static bool known(void *ctx, const struct suite_instance *i, enum conf_outcome *o)
{
	struct pass *p = ctx;
	size_t at = p->at;

	if (p->tracing || p->t->made[p->row->m.point])
		return false;
	/* Both lists are in the same order; this one may lack some. */
	while (at < p->t->n && !same(&p->t->v[at], i))
		at++;
	if (at == p->t->n)
		return false;
	p->at = at + 1;
	*o = p->t->v[at].outcome;
	return !p->t->v[at].hit[p->row->m.point];
}

static void trace_run(void *ctx, const struct suite_instance *i)
{
	struct pass *p = ctx;
	struct trace *v;

	if (!p->tracing || p->w->failed)
		return;
	v = realloc(p->t->v, (p->t->n + 1) * sizeof(*v));
	if (v) {
		p->t->v = v;
		v[p->t->n] = (struct trace){i->check, i->lane, i->packed, i->result.outcome,
					    calloc(1, REF_POINT_COUNT)};
	}
	if (!v || !v[p->t->n].hit) {
		p->w->failed = true;
		return;
	}
	ref_hits(p->sut, v[p->t->n++].hit);
}

static int run_device(struct work *w, struct row *r, uint16_t device, unsigned variant,
		      struct suite_options opt)
{
	struct suite su = {.clauses = w->k, .opt = opt};
	struct pass p = {.w = w,
			 .row = r,
			 .sut = ref_new(device, variant, &r->m),
			 .t = &w->trace[device][variant],
			 .tracing = r->m.op == REF_SOUND};
	struct suite_watch watch = {.ctx = &p, .known = known, .after = trace_run};
	struct vop_error err;
	size_t i;
	int e;

	if (p.sut && p.tracing)
		ref_hits(p.sut, p.t->made);
	e = p.sut ? suite_run(&su, p.sut, &watch, &err) : -ENOMEM;
	for (i = 0; !e && i < su.n; i++)
		note_run(w, r, &su.v[i]);
	suite_fini(&su);
	sut_free(p.sut);
	return e;
}

/*
 * Checks of a device type run on all its variants. Those that hold for every device run on the
 * first variant of the type the fault belongs to; for a fault of none, on a net device, whose two
 * lanes read and write, and on the others only while it is not caught. The few that count to 65536
 * need a fault of the rings, and the quickest of the devices.
 */
static int run_row(struct work *w, struct row *r)
{
	bool sound = r->m.op == REF_SOUND;
	uint16_t own = sound ? 0 : ref_mutant_device(&r->m), device;
	struct suite_options opt = w->o->suite;
	unsigned variant;
	int e = 0;

	for (device = 1; device <= REF_DEVICE_MAX; device++) {
		if (own && own != device)
			continue;
		for (variant = 0; variant < VARIANTS_MAX && variant < ref_variants(device) && !e;
		     variant++) {
			opt.no_common = variant > 0 || !(sound || own || device == 1 || !r->checks);
			opt.no_slow = !sound;
			e = run_device(w, r, device, variant, opt);
		}
	}
	if (!e && !sound && !own) {
		opt.no_common = opt.no_slow = false;
		opt.only_slow = true;
		e = run_device(w, r, SLOW_ON, 0, opt);
	}
	return e;
}

static struct row *take(struct work *w)
{
	struct row *r = NULL;

	pthread_mutex_lock(&w->lock);
	if (w->next < w->rows && !w->failed)
		r = &w->row[w->next++];
	if (r && w->o->progress) {
		fprintf(w->o->progress, "\r\033[K%u of %u  %s", w->next, w->rows, r->name);
		fflush(w->o->progress);
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}

static void *worker(void *arg)
{
	struct work *w = arg;
	struct row *r;

	while ((r = take(w)) != NULL)
		if (run_row(w, r)) {
			pthread_mutex_lock(&w->lock);
			w->failed = true;
			pthread_mutex_unlock(&w->lock);
		}
	return NULL;
}

/* The sound one first, alone: its traces serve the others. */
static void run_rows(struct work *w)
{
	unsigned n = VOP_MIN(VOP_MAX(w->o->threads, 1u), THREADS_MAX), i, started = 0;
	pthread_t t[THREADS_MAX];

	w->failed = run_row(w, take(w)) != 0;
	for (i = 1; i < n; i++)
		if (pthread_create(&t[started], NULL, worker, w) == 0)
			started++;
	worker(w);
	for (i = 0; i < started; i++)
		pthread_join(t[i], NULL);
	if (w->o->progress)
		fputs("\r\033[K", w->o->progress);
}

/* --- what is run --- */

static bool list_checks(struct work *w)
{
	const struct conf_section *const *s;
	unsigned i, all = 0;

	for (s = conf_sections; *s; s++)
		all += (*s)->n;
	w->check = calloc(all + 1, sizeof(struct conf_check *));
	for (s = conf_sections; w->check && *s; s++)
		for (i = 0; i < (*s)->n; i++)
			if (suite_takes(&w->o->suite, w->k, *s, &(*s)->checks[i]))
				w->check[w->checks++] = &(*s)->checks[i];
	return w->check != NULL;
}

static bool add_row(struct work *w, struct ref_mutant m)
{
	struct row *v = realloc(w->row, (w->rows + 1) * sizeof(*v));

	if (!v)
		return false;
	w->row = v;
	v = &w->row[w->rows];
	*v = (struct row){.m = m, .name = "sound"};
	if (m.op != REF_SOUND) {
		ref_mutant_name(&m, v->name, sizeof(v->name));
		ref_mutant_what(&m, v->what, sizeof(v->what));
		if (w->o->mutants && fnmatch(w->o->mutants, v->name, 0))
			return true;
	}
	v->failed = calloc(w->checks + 1, 1);
	w->rows++;
	return v->failed != NULL;
}

/* Row 0 is the sound one. */
static bool list_rows(struct work *w)
{
	struct ref_mutant m;
	unsigned i;
	bool ok = add_row(w, (struct ref_mutant){0, REF_SOUND});

	for (i = 0; ok && ref_mutant_at(i, &m); i++)
		ok = add_row(w, m);
	return ok;
}

/* --- what came out --- */

static bool serves(const struct row *r)
{
	return 2 * r->passed > r->ran;
}

static void print_mutant(const struct work *w, const struct row *r, FILE *out)
{
	unsigned i, n = 0;

	fprintf(out, "%-36s %3u %%  %4u  ", r->name, r->ran ? 100 * r->passed / r->ran : 0,
		r->checks);
	for (i = 0; i < w->checks && n < 3; i++)
		if (r->failed[i])
			fprintf(out, "%s%s", n++ ? ", " : "", w->check[i]->id);
	fprintf(out, "%s\n", r->checks > n ? ", ..." : "");
}

static unsigned failed_by(const struct work *w, unsigned check, const struct row **first)
{
	unsigned i, n = 0;

	for (i = 1; i < w->rows; i++) {
		if (!w->row[i].failed[check] || !serves(&w->row[i]))
			continue;
		if (n++ == 0)
			*first = &w->row[i];
	}
	return n;
}

static void print_matrix(const struct work *w, FILE *out)
{
	unsigned i;

	fprintf(out, "%-36s %5s  %4s  %s\n", "mutant", "pass", "fail", "failed, for one, by");
	for (i = 1; i < w->rows; i++)
		print_mutant(w, &w->row[i], out);
	fprintf(out, "\n%-44s %7s  %s\n", "check", "mutants", "failed, for one, by");
	for (i = 0; i < w->checks; i++) {
		const struct row *first = NULL;
		unsigned n = failed_by(w, i, &first);

		fprintf(out, "%-44s %7u  %s\n", w->check[i]->id, n, first ? first->name : "-");
	}
	fputc('\n', out);
}

static void problem(FILE *out, bool colour, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void problem(FILE *out, bool colour, const char *fmt, ...)
{
	va_list ap;

	fputs(table_style_begin(TABLE_BAD, colour), out);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fprintf(out, "%s\n", table_style_end(TABLE_BAD, colour));
}

static void sum_up(const struct work *w, FILE *out, bool colour, struct selfcheck_result *r)
{
	unsigned i;

	for (i = 0; i < w->checks; i++)
		if (w->row[0].failed[i]) {
			r->accused++;
			problem(out, colour, "%s fails the sound reference device",
				w->check[i]->id);
		}
	for (i = 0; i < w->rows; i++) {
		const struct row *m = &w->row[i];

		r->errors += m->errors;
		if (m->errors)
			problem(out, colour, "%s: %u runs the harness could not do", m->name,
				m->errors);
		if (i == 0)
			continue;
		r->mutants++;
		r->serving += serves(m);
		r->caught += m->checks != 0;
		if (!m->checks)
			problem(out, colour, "no check fails the mutant %s (%s)", m->name, m->what);
	}
	/* A selection of mutants leaves most checks without one. */
	for (i = 0; i < w->checks && !w->o->mutants; i++) {
		const struct row *first = NULL;

		/* The reference devices do not speak that protocol. */
		if (w->check[i]->vhost_user || failed_by(w, i, &first))
			continue;
		r->toothless++;
		problem(out, colour, "no mutant fails the check %s", w->check[i]->id);
	}
	r->checks = w->checks;
	fprintf(out,
		"%u checks, %u mutants: %u caught, %u of them still pass most checks; the sound "
		"reference devices: %u runs, %u failed\n",
		r->checks, r->mutants, r->caught, r->serving, w->row[0].ran, r->accused);
}

static json_t *matrix_json(const struct work *w)
{
	json_t *doc = json_object(), *rows;
	unsigned i, j;

	json_put_text(doc, "schema", "vop-bench-selfcheck/1");
	rows = json_put_array(doc, "mutants");
	for (i = 1; i < w->rows; i++) {
		const struct row *r = &w->row[i];
		json_t *o = json_object(), *a;

		json_put_text(o, "name", r->name);
		json_put_text(o, "what", r->what);
		json_put_int(o, "runs", r->ran);
		json_put_int(o, "passed", r->passed);
		a = json_put_array(o, "failed_by");
		for (j = 0; j < w->checks; j++)
			if (r->failed[j])
				json_array_append_new(a, json_text(w->check[j]->id));
		json_array_append_new(rows, o);
	}
	return doc;
}

static void free_traces(struct work *w)
{
	unsigned d, v;
	size_t i;

	for (d = 0; d <= REF_DEVICE_MAX; d++)
		for (v = 0; v < VARIANTS_MAX; v++) {
			for (i = 0; i < w->trace[d][v].n; i++)
				free(w->trace[d][v].v[i].hit);
			free(w->trace[d][v].v);
		}
}

int selfcheck(const struct clauses *k, const struct selfcheck_options *o, FILE *out, bool colour,
	      struct selfcheck_result *r)
{
	struct work w = {.k = k, .o = o, .lock = PTHREAD_MUTEX_INITIALIZER};
	unsigned i;
	int e = 0;

	memset(r, 0, sizeof(*r));
	if (!list_checks(&w) || !list_rows(&w))
		e = -ENOMEM;
	if (!e) {
		run_rows(&w);
		e = w.failed ? -ENOMEM : 0;
	}
	if (!e) {
		if (o->matrix)
			print_matrix(&w, out);
		sum_up(&w, out, colour, r);
		r->json = matrix_json(&w);
	}
	for (i = 0; i < w.rows; i++)
		free(w.row[i].failed);
	free_traces(&w);
	free(w.row);
	free((void *)w.check);
	return e;
}
