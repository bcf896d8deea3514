/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file written whole or not at all: into a temporary one beside it, synced, then renamed over it.
 *
 * One thread per place.
 */
#ifndef REPORT_PLACE_H
#define REPORT_PLACE_H

#include <stdbool.h>
#include <stdio.h>

struct place {
	FILE *out; /* write here */
	char *path, *temporary;
	bool exclusive, direct;
};

/*
 * Begin. path "-" is standard output; what is there and no regular file (a terminal, a pipe) is
 * written into. exclusive: a path that exists is left alone, -EEXIST. 0 or a negative errno, and
 * then nothing is there.
 */
int place_open(struct place *p, const char *path, bool exclusive);
/* All is written: put it in place. 0; a negative errno after removing everything. */
int place_commit(struct place *p);
/*
 * Could it be written, as far as can be told beforehand? 0 or a negative errno. Asked before long
 * work; makes nothing.
 */
int place_check(const char *path);
/* It is not to be. Harmless after a commit or a failed open. */
void place_abort(struct place *p);

#endif
