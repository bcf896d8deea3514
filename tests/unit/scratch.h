/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of its own for a test that writes files; entered, and removed with what is in it. */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scratch {
	char home[4096], place[64];
};

static inline void scratch_enter(struct scratch *s)
{
	snprintf(s->place, sizeof(s->place), "/tmp/vop-test-XXXXXX");
	if (!getcwd(s->home, sizeof(s->home)) || !mkdtemp(s->place) || chdir(s->place))
		abort();
}

/* Entries of a directory, hidden ones too: a forgotten temporary file counts. */
static inline int scratch_files(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	while (d && (e = readdir(d)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	if (d)
		closedir(d);
	return n;
}

/* Remove a directory and the files in it. */
static inline void scratch_clear(const char *dir)
{
	char path[512];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static inline void scratch_leave(struct scratch *s)
{
	if (chdir(s->home))
		abort();
	scratch_clear(s->place);
}

#endif
