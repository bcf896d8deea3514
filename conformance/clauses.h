/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The statements of VIRTIO 1.4 and what of them can be seen: clauses.tsv and observability.tsv,
 * compiled into the program. Read once; constant afterwards.
 *
 * Threads: any number may read. Strings live as long as the table.
 */
#ifndef CONFORMANCE_CLAUSES_H
#define CONFORMANCE_CLAUSES_H

#include <stdbool.h>
#include <stddef.h>

enum clause_seen { CLAUSE_OBSERVABLE, CLAUSE_INTERNAL, CLAUSE_NOT_OFFERED, CLAUSE_NO_ROW };

struct clause {
	const char *id;	     /* "2.7.5.1:dev:1" */
	const char *section; /* "2.7.5.1" */
	const char *role, *level, *since, *title, *file;
	unsigned line;
	enum clause_seen vop, vhost_user;
	const char *needs, *family, *reason; /* "" without a row in observability.tsv */
};

struct clauses {
	struct clause *v;
	size_t n;
	char *text[2];
};

/* NULL: no memory. */
struct clauses *clauses_new(void);
void clauses_free(struct clauses *c);
/* NULL: there is no such statement. */
const struct clause *clauses_find(const struct clauses *c, const char *id, size_t len);
/* MUST, MUST NOT, SHALL and the like. */
bool clause_is_must(const struct clause *k);

/* "1.0" to "1.4" as 10 to 14; 0: none of them. */
unsigned spec_version(const char *word);

/*
 * Each statement a check names, one after another: a list of words, some of them "text:..." or
 * "VOP-n". false at the end. *at is NULL at first.
 */
bool clause_words(const char *list, const char **at, size_t *len);

#endif
