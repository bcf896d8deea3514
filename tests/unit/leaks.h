/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process holds: descriptors, mappings, threads. For tests that nothing is left behind. */
#ifndef TESTS_UNIT_LEAKS_H
#define TESTS_UNIT_LEAKS_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>

struct leaks {
	unsigned fds, windows, threads;
};

static inline unsigned leaks_entries(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);
	unsigned n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

/* Mappings that name `what`; those of the allocator and of sanitizers come and go. */
static inline unsigned leaks_maps(const char *what)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	unsigned n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, what) != NULL;
	if (f)
		fclose(f);
	return n;
}

static inline struct leaks leaks_now(void)
{
	return (struct leaks){
		.fds = leaks_entries("/proc/self/fd"),
		.windows = leaks_maps("memfd:"),
		.threads = leaks_entries("/proc/self/task"),
	};
}

#endif
