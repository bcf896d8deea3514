/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of result files, read by several threads; what one file says is read by runs_file.c. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/runs_file.h"

#define THREADS	 8u
#define FILE_MAX ((size_t)64 << 20) /* a run of hours stays far below */

/* What is known of one file while the set is read. */
struct item {
	int code;
	dev_t dev;
	ino_t ino;
	bool plain; /* dev and ino say which file it is */
	char *run;  /* the "run" object as text, in the worker's arena */
	size_t run_n;
	struct runs_fault why;
};

struct load {
	const char *const *path;
	size_t n;
	struct run_file *file;
	struct item *item;
	atomic_size_t next; /* to be read */
	atomic_size_t bad;  /* the first bad one so far; n: none */
};

struct worker {
	struct load *load;
	struct arena arena;
	char *buf; /* bytes of the file at hand */
	size_t room;
	pthread_t thread;
	bool runs;
};

/* Behind struct runs. */
struct own {
	struct arena arena; /* paths and labels */
	unsigned arenas;
	struct arena of[THREADS]; /* a worker's each */
};

/* --- one file --- */

static bool make_room(struct worker *w, size_t want)
{
	char *more;

	if (w->room >= want)
		return true;
	more = realloc(w->buf, want);
	if (!more)
		return false;
	w->buf = more;
	w->room = want;
	return true;
}

/* All bytes of fd, *n of them. */
static int read_all(struct worker *w, int fd, size_t size, size_t *n, struct runs_fault *why)
{
	ssize_t got = 1;

	for (*n = 0; got; *n += (size_t)got) {
		if (*n > FILE_MAX)
			return runs_refuse(why, -EFBIG,
					   "is larger than any result file; name one that "
					   "'vop-bench run' wrote");
		/* One more than there is: the end shows at once. */
		if (!make_room(w, *n < size ? size + 1 : *n * 2 + (64 << 10)))
			return runs_refuse(why, -ENOMEM, "out of memory; read fewer files at once");
		do
			got = read(fd, w->buf + *n, w->room - *n);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return runs_refuse(why, -errno, "cannot be read: %m");
	}
	return 0;
}

static int read_file(struct worker *w, const char *path, struct item *it, size_t *n)
{
	struct stat st;
	size_t size;
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return runs_refuse(&it->why, -errno, "cannot be read: %m%s",
				   errno == ENOENT ? "; name files that 'vop-bench run' wrote"
						   : "");
	if (fstat(fd, &st)) {
		err = runs_refuse(&it->why, -errno, "cannot be read: %m");
	} else if (S_ISDIR(st.st_mode)) {
		err = runs_refuse(&it->why, -EISDIR, "is a directory; name the files in it");
	} else {
		it->plain = S_ISREG(st.st_mode);
		it->dev = st.st_dev;
		it->ino = st.st_ino;
		size = it->plain && (uint64_t)st.st_size < FILE_MAX ? (size_t)st.st_size : 0;
		err = read_all(w, fd, size, n, &it->why);
	}
	close(fd);
	return err;
}

/*
 * Keep the "run" object as text until all files are read: living on amid the ruins of each
 * document, such objects would tear the heap to pieces, and every file would take longer than the
 * one before.
 */
static int set_aside(struct worker *w, struct run_file *f, struct item *it)
{
	const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(17);

	it->run_n = json_dumpb(f->run, NULL, 0, flags);
	it->run = arena_alloc(&w->arena, it->run_n, 1);
	if (it->run)
		json_dumpb(f->run, it->run, it->run_n, flags);
	json_decref(f->run);
	f->run = NULL;
	return it->run ? 0
		       : runs_refuse(&it->why, -ENOMEM, "out of memory; read fewer files at once");
}

static void load_one(struct worker *w, size_t i)
{
	struct load *l = w->load;
	struct item *it = &l->item[i];
	size_t n = 0, bad;

	it->code = read_file(w, l->path[i], it, &n);
	if (!it->code)
		it->code = runs_parse(w->buf, n, &w->arena, &l->file[i], &it->why);
	if (!it->code)
		it->code = set_aside(w, &l->file[i], it);
	if (!it->code)
		return;
	bad = atomic_load(&l->bad);
	while (i < bad && !atomic_compare_exchange_weak(&l->bad, &bad, i))
		;
}

/* Files are taken in order, so those before a bad one are read by somebody, whoever is faster. */
static void *work(void *arg)
{
	struct worker *w = arg;
	struct load *l = w->load;
	size_t i;

	while ((i = atomic_fetch_add(&l->next, 1)) < l->n && i < atomic_load(&l->bad))
		load_one(w, i);
	free(w->buf);
	return NULL;
}

/* --- the set --- */

static unsigned threads_for(size_t files)
{
	cpu_set_t set;
	unsigned n = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = (unsigned)CPU_COUNT(&set);
	if (n > THREADS)
		n = THREADS;
	return files && files < n ? (unsigned)files : n;
}

/* Read them all. The calling thread is one of the workers, so that it goes on without others. */
static void load_all(struct load *l, struct own *own)
{
	struct worker w[THREADS];
	unsigned i, n = threads_for(l->n);

	memset(w, 0, sizeof(w));
	/* jansson does it at the first object, but then two threads may do it at once. */
	json_object_seed(0);
	for (i = 0; i < n; i++) {
		w[i].load = l;
		w[i].runs = i && pthread_create(&w[i].thread, NULL, work, &w[i]) == 0;
	}
	work(&w[0]);
	for (i = 0; i < n; i++) {
		if (w[i].runs)
			pthread_join(w[i].thread, NULL);
		own->of[i] = w[i].arena;
	}
	own->arenas = n;
}

/* Bring the "run" objects back. */
static int take_back(struct load *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		l->file[i].run = json_loadb(l->item[i].run, l->item[i].run_n, 0, NULL);
		if (!l->file[i].run)
			return -ENOMEM;
	}
	return 0;
}

/* Indices of files, so that equal ones stand together, the first named first. */
static int by_file(const void *a, const void *b, void *arg)
{
	const struct load *l = arg;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	const struct item *x = &l->item[i], *y = &l->item[j];
	int cmp;

	if (x->plain != y->plain)
		return x->plain ? -1 : 1;
	if (x->plain && x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->plain && x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	cmp = x->plain ? 0 : strcmp(l->path[i], l->path[j]);
	return cmp ? cmp : (i > j) - (i < j);
}

static bool same_file(const struct load *l, size_t i, size_t j)
{
	const struct item *x = &l->item[i], *y = &l->item[j];

	if (x->plain && y->plain)
		return x->dev == y->dev && x->ino == y->ino;
	return strcmp(l->path[i], l->path[j]) == 0;
}

/* A file that is named twice would count twice: it is bad where it is named again. */
static int refuse_twins(struct load *l)
{
	size_t *order = calloc(l->n + 1, sizeof(*order));
	size_t i, first = 0;

	if (!order)
		return -ENOMEM;
	for (i = 0; i < l->n; i++)
		order[i] = i;
	qsort_r(order, l->n, sizeof(*order), by_file, l);
	for (i = 1; i < l->n; i++) {
		struct item *it = &l->item[order[i]];

		if (!same_file(l, order[i], order[first])) {
			first = i;
			continue;
		}
		if (order[i] >= l->bad)
			continue;
		it->code =
			runs_refuse(&it->why, -EINVAL, "is the same file as %.300s; name it once",
				    l->path[order[first]]);
		l->bad = order[i];
	}
	free(order);
	return 0;
}

/* --- names --- */

/* The last `parts` parts of a path; the whole of it when there are no more. */
static const char *tail_of(const char *path, unsigned parts)
{
	const char *s = path + strlen(path);

	for (; s > path; s--)
		if (s[-1] == '/' && --parts == 0)
			break;
	return s;
}

/* What a file is called with so many parts of its path; with all of them, as it was named. */
static const char *label_of(struct own *own, const char *path, unsigned parts)
{
	const char *tail = tail_of(path, parts);
	bool whole = parts > 1 && tail_of(path, parts - 1) == path;
	size_t n = strlen(tail);

	if (!whole && n > 5 && tail[n - 6] != '/' && strcmp(tail + n - 5, ".json") == 0)
		n -= 5;
	return arena_text(&own->arena, tail, n);
}

static int by_label(const void *a, const void *b, void *arg)
{
	const struct runs *r = arg;

	return strcmp(r->file[*(const size_t *)a].label, r->file[*(const size_t *)b].label);
}

/* Lengthen the labels of those that share one; true when there were any. Texts are kept once. */
static bool part_twins(struct runs *r, struct own *own, size_t *order, unsigned *parts)
{
	bool any = false, again, twin = false;
	size_t i;

	qsort_r(order, r->n, sizeof(*order), by_label, r);
	for (i = 0; i < r->n; i++, twin = again) {
		struct run_file *f = &r->file[order[i]];

		again = i + 1 < r->n && f->label == r->file[order[i + 1]].label;
		if (again || twin)
			parts[order[i]]++;
		any |= again;
	}
	for (i = 0; i < r->n; i++) {
		r->file[i].label = label_of(own, r->file[i].path, parts[i]);
		if (!r->file[i].label)
			return false;
	}
	return any;
}

/* Paths differ, so with enough parts the labels do. */
static int name_files(struct runs *r, struct own *own)
{
	size_t *order = calloc(r->n + 1, sizeof(*order));
	unsigned *parts = calloc(r->n + 1, sizeof(*parts));
	int err = order && parts ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < r->n && !err; i++) {
		order[i] = i;
		parts[i] = 1;
		r->file[i].label = label_of(own, r->file[i].path, 1);
		err = r->file[i].label ? 0 : -ENOMEM;
	}
	while (!err && part_twins(r, own, order, parts))
		;
	for (i = 0; i < r->n && !err; i++)
		err = r->file[i].label ? 0 : -ENOMEM;
	free(order);
	free(parts);
	return err;
}

/* --- the interface --- */

int runs_load(struct runs *r, const char *const *paths, size_t n, FILE *err)
{
	struct load l = {.path = paths, .n = n, .bad = n};
	struct own *own = calloc(1, sizeof(*own));
	struct runs_fault why;
	int code = -ENOMEM;
	size_t i;

	r->n = n;
	r->own = own;
	r->file = l.file = calloc(n + 1, sizeof(*l.file));
	l.item = calloc(n + 1, sizeof(*l.item));
	if (own && l.file && l.item) {
		load_all(&l, own);
		code = refuse_twins(&l);
		for (i = 0; i < n && !code; i++) {
			l.file[i].path = arena_text(&own->arena, paths[i], strlen(paths[i]));
			code = l.file[i].path ? 0 : -ENOMEM;
		}
		if (!code && l.bad < n)
			code = l.item[l.bad].code;
		else if (!code)
			code = take_back(&l);
		if (!code)
			code = name_files(r, own);
	}
	if (code && l.bad < n && l.item) {
		runs_refuse(&why, code, "%.300s", paths[l.bad]);
		fprintf(err, "vop-bench: %s: %s\n", why.text, l.item[l.bad].why.text);
	} else if (code) {
		fprintf(err, "vop-bench: out of memory; read fewer files at once\n");
	}
	free(l.item);
	if (code)
		runs_free(r);
	return code;
}

void runs_free(struct runs *r)
{
	struct own *own = r->own;
	size_t i;
	unsigned a;

	for (i = 0; r->file && i < r->n; i++)
		json_decref(r->file[i].run);
	for (a = 0; own && a < own->arenas; a++)
		arena_free(&own->of[a]);
	if (own)
		arena_free(&own->arena);
	free(own);
	free(r->file);
	memset(r, 0, sizeof(*r));
}

static const struct run_param *find_param(const struct run_result *r, const char *key)
{
	size_t i;

	for (i = 0; i < r->params; i++)
		if (strcmp(r->param[i].key, key) == 0)
			return &r->param[i];
	return NULL;
}

const char *run_param_text(const struct run_result *r, const char *key)
{
	const struct run_param *p = find_param(r, key);

	return p ? p->text : NULL;
}

double run_param_number(const struct run_result *r, const char *key)
{
	const struct run_param *p = find_param(r, key);

	return p && p->is_number ? p->number : NAN;
}

bool run_round_counts(const struct run_result *r, const struct run_round *d)
{
	return d->marks == 0 || r->disturbed;
}
