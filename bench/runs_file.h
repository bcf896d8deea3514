/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One result file from its bytes: what is behind bench/runs.h, and what a fuzzer feeds.
 *
 *   runs_file.c    bytes into JSON, the "run" object
 *   runs_skim.c    the same document, shorter
 *   runs_result.c  the "results"
 *   runs_check.c   does a result agree with itself?
 *   runs_member.c  members of objects by type, and what is said when one is wrong
 *
 * One thread per arena; json_object_seed() must have been called before several begin. Functions
 * that return int: 0; -EINVAL or -ENOMEM after filling *why.
 */
#ifndef BENCH_RUNS_FILE_H
#define BENCH_RUNS_FILE_H

#include "bench/arena.h"
#include "bench/runs.h"

/* Why a file is not taken: place, what, what to do. One line, without the file's name. */
struct runs_fault {
	char text[512];
};

/*
 * Bytes of a file into *f: all but path and label. f->run is a reference of the caller's, the rest
 * lives in a. On failure *f is zeroed.
 */
int runs_parse(const char *buf, size_t n, struct arena *a, struct run_file *f,
	       struct runs_fault *why);

/* Fill *why; returns code. Whatever was formatted becomes one printable line. */
int runs_refuse(struct runs_fault *why, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- between the parts --- */

#define RUNS_NONE SIZE_MAX

struct runs_reader {
	struct arena *a;
	struct runs_fault *why;
	bool skimmed; /* the document is what runs_skim() made of the file */
	/* Where it stands, for messages. */
	struct {
		size_t result, round; /* RUNS_NONE: in none */
		const char *in;	      /* before the member's name: "run.environment."; "" */
	} at;
	/* The file's own regimes; a later program may have others. */
	unsigned bins;
	struct {
		const char *name;
		double below_ns; /* INFINITY: no bound */
	} bin[16];
};

/*
 * runs_skim.c: a document that says the same, but within its results blanks are left out, "slices"
 * are null, the "values" of distributions are texts, "[[87,3],[88,1]]", and "params" that equal
 * those of the result before are true. out: RUNS_SKIM_ROOM(n) bytes. Returns how many it took; 0:
 * it cannot be done. What is no JSON does not become any, and what is JSON stays so.
 */

#define RUNS_SKIM_ROOM(n) ((n) + (n) / 4 + 16)
size_t runs_skim(const char *in, size_t n, char *out);

/* runs_result.c: all of doc's results. */
int runs_results(struct runs_reader *rd, const json_t *doc, struct run_file *f);

/* runs_check.c */
int runs_check(struct runs_reader *rd, const struct run_result *r);
/* The distribution o as read into *h. */
int runs_check_hist(const struct runs_reader *rd, const json_t *o, const struct run_hist *h);

/* "PLACE.member WHAT; ..."; member "": the place itself. Returns -EINVAL. */
int runs_wrong(const struct runs_reader *rd, const char *member, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int runs_no_memory(const struct runs_reader *rd);

/* May a member be null or absent? Then *out stays as it is (pointers become NULL). */
enum runs_need { RUNS_MUST, RUNS_MAY };

int runs_number(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
		double *out);
/* A number of something that cannot be negative. */
int runs_amount(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
		double *out);
/* A whole number. */
int runs_count(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
	       uint64_t *out);
int runs_unsigned(const struct runs_reader *rd, const json_t *o, const char *key,
		  enum runs_need need, unsigned *out);
int runs_flag(const struct runs_reader *rd, const json_t *o, const char *key, bool *out);
int runs_text(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
	      const char **out);
int runs_array(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
	       const json_t **out);
int runs_object(const struct runs_reader *rd, const json_t *o, const char *key, enum runs_need need,
		const json_t **out);
/*
 * A text kept once: equal texts, equal pointers. It will be shown on terminals and in tables, so
 * control characters become '?'. NULL without memory.
 */
const char *runs_keep(const struct runs_reader *rd, const char *text, size_t n);

#endif
